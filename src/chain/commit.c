/* chain/commit.c: see commit.h. */
#include "chain/commit.h"

#include "core/check.h"
#include "state/state.h"

/* Whether the slot is to be written: see journal_slot_changed. */
static bool slot_counts(const struct journal_account *account, const struct journal_slot *slot) {
    if (!slot->is_loaded) return false;
    if (account->storage_wiped) return !u256_is_zero(&slot->value);
    return journal_slot_changed(slot);
}

static size_t count_slots(const struct journal *journal, const struct journal_account *account) {
    size_t count = 0;
    const struct journal_slot *slot = journal_first_slot(journal, account);
    for (; slot != NULL; slot = journal_next_slot(journal, slot))
        count += slot_counts(account, slot);
    return count;
}

/* ERR_OK also when nothing changed; *is_changed tells. */
static enum err change_of(
    struct state_change *change,
    bool *is_changed,
    const struct journal *journal,
    const struct journal_account *account,
    struct arena *scratch
) {
    size_t slot_count = account->exists ? count_slots(journal, account) : 0;
    *is_changed = slot_count > 0 || journal_account_changed(account);
    if (!*is_changed) return ERR_OK;
    bool is_new_code = !hash32_equal(&account->code_hash, &account->given.code_hash);
    *change = (struct state_change){
        .address = account->address,
        .exists = account->exists,
        .storage_wiped = account->storage_wiped,
        .nonce = account->nonce,
        .balance = account->balance,
        .code_hash = account->code_hash,
        .code = is_new_code ? account->code : BYTES_EMPTY,
    };
    if (slot_count == 0) return ERR_OK;
    struct state_slot *slots = arena_alloc_array(scratch, slot_count, sizeof *slots);
    if (slots == NULL) return ERR_MEMORY;
    size_t filled = 0;
    const struct journal_slot *slot = journal_first_slot(journal, account);
    for (; slot != NULL; slot = journal_next_slot(journal, slot)) {
        if (slot_counts(account, slot))
            slots[filled++] = (struct state_slot){slot->key, slot->value};
    }
    CHECK(filled == slot_count);
    change->slots = slots;
    change->slot_count = slot_count;
    return ERR_OK;
}

enum err journal_commit(
    hash32 *root,
    struct journal *journal,
    struct state *state,
    struct source_memory *sink,
    struct arena *scratch
) {
    struct arena_mark mark = arena_mark(scratch);
    uint32_t account_count = journal_account_count(journal);
    enum err err = ERR_OK;
    size_t count = 0;
    struct state_change *changes = arena_alloc_array(scratch, account_count, sizeof *changes);
    if (changes == NULL) {
        err = ERR_MEMORY;
        goto out;
    }
    for (uint32_t i = 0; i < account_count; i++) {
        const struct journal_account *account = journal_account_at(journal, i);
        if (!account->is_loaded) continue;
        bool is_changed;
        err = change_of(&changes[count], &is_changed, journal, account, scratch);
        if (err != ERR_OK) goto out;
        count += is_changed;
    }
    err = state_apply(state, root, sink, changes, count);
    /* The storage roots given to the journal are older than the state now. That is harmless: slots
     * the journal has not seen are read from the new state, or known to be zero as before. */
    if (err == ERR_OK) journal_keep(journal, NULL);
out:
    /* In a shared arena the state's new nodes lie above the mark. */
    if (scratch != state->arena && scratch != sink->arena) arena_release(scratch, mark);
    return err;
}
