#include "backend/overrides.h"

#include "crypto/keccak.h"
#include "rpc/view.h"

/* --- precompiles ------------------------------------------------------------------------------ */

static bool
is_overridden(const struct rpc_account_override *accounts, size_t count, const address *who) {
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(accounts[middle].account.b, who->b, sizeof(who->b));
        if (order == 0) return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static enum rpc_status refuse(struct rpc_request *request, const address *who, const char *why) {
    char text[42];
    view_checksum_address(text, who);
    return rpc_fail(request, RPC_SERVER_ERROR, "account %.42s %s", text, why);
}

enum rpc_status overrides_precompiles(
    struct rpc_request *request,
    const struct evm_precompile_override **list,
    size_t *list_count,
    enum fork fork,
    const struct rpc_account_override *accounts,
    size_t count
) {
    /* An account makes two entries at most. */
    struct evm_precompile_override *made =
        arena_alloc_array(request->arena, 2 * count, sizeof(*made));
    size_t made_count = 0;
    if (made == NULL) return rpc_fail_err(request, ERR_MEMORY);
    for (size_t i = 0; i < count; i++) {
        const struct rpc_account_override *account = &accounts[i];
        const address *target = &account->precompile_target;
        address precompile;
        bool is_precompile =
            evm_precompile_at(fork, made, made_count, &account->account, &precompile);
        if (account->has_precompile_target) {
            if (!is_precompile) return refuse(request, &account->account, "is not a precompile");
            if (is_overridden(accounts, count, target))
                return refuse(request, target, "is already overridden");
            made[made_count++] = (struct evm_precompile_override){*target, precompile};
        }
        if (is_precompile)
            made[made_count++] = (struct evm_precompile_override){.address = account->account};
    }
    *list = made;
    *list_count = made_count;
    return RPC_OK;
}

/* --- the state -------------------------------------------------------------------------------- */

/* What an override makes of an account; *is_change is false if it makes nothing. */
static enum err change_of(
    struct state_change *out,
    bool *is_change,
    struct state *state,
    struct arena *arena,
    const struct rpc_account_override *with
) {
    struct account account;
    bool exists;
    *is_change = with->has_nonce || with->has_balance || with->has_code || with->has_state ||
                 with->slot_count > 0;
    if (!*is_change) return ERR_OK;
    enum err err = state_get_account(state, &with->account, &account, &exists);
    if (err != ERR_OK) return err;
    struct state_slot *slots = arena_alloc_array(arena, with->slot_count, sizeof(*slots));
    if (slots == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < with->slot_count; i++)
        slots[i] = (struct state_slot
        ){.key = u256_load_be(with->slots[i].key.b), .value = u256_load_be(with->slots[i].value.b)};
    *out = (struct state_change){
        .address = with->account,
        .exists = true,
        .storage_wiped = with->has_state,
        .nonce = with->has_nonce ? with->nonce : account.nonce,
        .balance = with->has_balance ? with->balance : account.balance,
        .code_hash = with->has_code ? keccak256(with->code) : account.code_hash,
        .code = with->has_code ? with->code : BYTES_EMPTY,
        .slots = slots,
        .slot_count = with->slot_count,
    };
    return ERR_OK;
}

enum err overrides_apply(
    struct state *state,
    struct source_memory *sink,
    struct arena *arena,
    const struct rpc_account_override *accounts,
    size_t count
) {
    struct state_change *changes = arena_alloc_array(arena, count, sizeof(*changes));
    size_t change_count = 0;
    if (changes == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        bool is_change;
        enum err err = change_of(&changes[change_count], &is_change, state, arena, &accounts[i]);
        if (err != ERR_OK) return err;
        change_count += is_change;
    }
    hash32 root;
    return change_count == 0 ? ERR_OK : state_apply(state, &root, sink, changes, change_count);
}
