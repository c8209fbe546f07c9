#include "evm/journal.h"

#include "crypto/keccak.h"
#include "evm/journal_private.h"

#define TABLE_CAPACITY_FIRST 64
#define ARRAY_CAPACITY_FIRST 16

/* keccak256(rlp("")): the root of an empty trie (Yellow Paper, appendix D). */
static const hash32 empty_storage_root = {{0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6,
                                           0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
                                           0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0,
                                           0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21}};

/* --- arrays and tables ------------------------------------------------------------------------ */

/* Pointers to arrays of any type are read and written through memcpy, so that no object is accessed
 * as another type than its own. */
static void *load_pointer(const void *pointer) {
    void *value;
    memcpy(&value, pointer, sizeof value);
    return value;
}

static void store_pointer(void *pointer, void *value) {
    memcpy(pointer, &value, sizeof value);
}

/* Makes room for one more item in *array. The old array stays in the arena: doubling bounds the
 * waste. */
static enum err reserve_one(
    struct arena *arena, void *array, uint32_t *capacity, uint32_t count, size_t item_size
) {
    if (count < *capacity) return ERR_OK;
    if (count >= UINT32_MAX / 2) return ERR_MEMORY;
    uint32_t larger = *capacity == 0 ? ARRAY_CAPACITY_FIRST : *capacity * 2;
    void *items = arena_alloc_array(arena, larger, item_size);
    if (items == NULL) return ERR_MEMORY;
    if (count > 0) memcpy(items, load_pointer(array), count * item_size);
    store_pointer(array, items);
    *capacity = larger;
    return ERR_OK;
}

#define RESERVE_ONE(journal, array, capacity, count) \
    reserve_one(                                     \
        (journal)->arena,                            \
        &(journal)->array,                           \
        &(journal)->capacity,                        \
        (journal)->count,                            \
        sizeof *(journal)->array                     \
    )

static void table_insert(uint32_t *table, uint32_t capacity, uint64_t hash, uint32_t index) {
    uint32_t at = (uint32_t)hash & (capacity - 1);
    while (table[at] != 0)
        at = (at + 1) & (capacity - 1);
    table[at] = index + 1;
}

static uint64_t account_hash(const struct journal *journal, uint32_t index) {
    return journal_hash_address(journal->seed, &journal_account_of(journal, index)->address);
}

static uint64_t slot_hash(const struct journal *journal, uint32_t index) {
    const struct journal_slot *slot = journal_slot_of(journal, index);
    return journal_hash_slot(journal->seed, slot->account_index, &slot->key);
}

static uint64_t transient_hash(const struct journal *journal, uint32_t index) {
    const struct journal_transient *transient = &journal->transients[index];
    return journal_hash_slot(journal->seed, transient->account_index, &transient->key);
}

/* Makes room for one more entry in a table that is to stay at most half full. */
static enum err table_reserve_one(
    struct journal *journal,
    uint32_t **table,
    uint32_t *capacity,
    uint32_t count,
    uint64_t (*hash)(const struct journal *, uint32_t)
) {
    if (count < *capacity / 2) return ERR_OK;
    if (*capacity > UINT32_MAX / 4) return ERR_MEMORY;
    uint32_t larger = *capacity == 0 ? TABLE_CAPACITY_FIRST : *capacity * 2;
    uint32_t *entries = arena_alloc_zero(journal->arena, (size_t)larger * sizeof *entries);
    if (entries == NULL) return ERR_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        table_insert(entries, larger, hash(journal, i), i);
    *table = entries;
    *capacity = larger;
    return ERR_OK;
}

/* Makes room for item number count in *blocks, an array of pointers to blocks. */
static enum err block_reserve_one(
    struct arena *arena, void *blocks, uint32_t *block_capacity, uint32_t count, size_t item_size
) {
    uint32_t block = count >> JOURNAL_BLOCK_SHIFT;
    if ((count & (JOURNAL_BLOCK_SIZE - 1)) != 0) return ERR_OK;
    enum err err = reserve_one(arena, blocks, block_capacity, block, sizeof(void *));
    if (err != ERR_OK) return err;
    void *items = arena_alloc_array(arena, JOURNAL_BLOCK_SIZE, item_size);
    if (items == NULL) return ERR_MEMORY;
    store_pointer((uint8_t *)load_pointer(blocks) + block * sizeof(void *), items);
    return ERR_OK;
}

/* --- opening and copying ---------------------------------------------------------------------- */

enum err journal_open(struct journal *journal, struct arena *arena) {
    struct journal opened = {.arena = arena, .transaction = 0};
    enum err err = table_reserve_one(
        &opened, &opened.account_table, &opened.account_table_capacity, 0, account_hash
    );
    if (err == ERR_OK) {
        err = table_reserve_one(
            &opened, &opened.slot_table, &opened.slot_table_capacity, 0, slot_hash
        );
    }
    if (err == ERR_OK) *journal = opened;
    return err;
}

static enum err
copy_array(struct arena *arena, void *array, uint32_t *capacity, uint32_t count, size_t item_size) {
    const void *from = load_pointer(array);
    store_pointer(array, NULL);
    *capacity = count;
    if (count == 0) return ERR_OK;
    void *items = arena_alloc_array(arena, count, item_size);
    if (items == NULL) return ERR_MEMORY;
    memcpy(items, from, count * item_size);
    store_pointer(array, items);
    return ERR_OK;
}

static enum err copy_blocks(
    struct arena *arena, void *blocks, uint32_t *block_capacity, uint32_t count, size_t item_size
) {
    uint32_t block_count = (count + JOURNAL_BLOCK_SIZE - 1) >> JOURNAL_BLOCK_SHIFT;
    enum err err = copy_array(arena, blocks, block_capacity, block_count, sizeof(void *));
    if (err != ERR_OK) return err;
    for (uint32_t i = 0; i < block_count; i++) {
        uint8_t *entry = (uint8_t *)load_pointer(blocks) + i * sizeof(void *);
        void *items = arena_alloc_array(arena, JOURNAL_BLOCK_SIZE, item_size);
        if (items == NULL) return ERR_MEMORY;
        uint32_t used = count - i * JOURNAL_BLOCK_SIZE;
        if (used > JOURNAL_BLOCK_SIZE) used = JOURNAL_BLOCK_SIZE;
        memcpy(items, load_pointer(entry), used * item_size);
        store_pointer(entry, items);
    }
    return ERR_OK;
}

static enum err copy_table(struct arena *arena, uint32_t **table, uint32_t capacity) {
    uint32_t same = 0;
    return copy_array(arena, table, &same, capacity, sizeof **table);
}

static enum err copy_logs(struct journal *to) {
    enum err err =
        copy_array(to->arena, &to->logs, &to->log_capacity, to->log_count, sizeof *to->logs);
    for (uint32_t i = 0; i < to->log_count && err == ERR_OK; i++)
        err = arena_copy(to->arena, &to->logs[i].data, to->logs[i].data);
    return err;
}

enum err journal_copy(struct journal *to, struct arena *arena, const struct journal *from) {
    *to = *from;
    to->arena = arena;
    enum err err = copy_blocks(
        arena,
        &to->account_blocks,
        &to->account_block_capacity,
        to->account_count,
        sizeof **to->account_blocks
    );
    if (err == ERR_OK)
        err = copy_blocks(
            arena,
            &to->slot_blocks,
            &to->slot_block_capacity,
            to->slot_count,
            sizeof **to->slot_blocks
        );
    if (err == ERR_OK) err = copy_table(arena, &to->account_table, to->account_table_capacity);
    if (err == ERR_OK) err = copy_table(arena, &to->slot_table, to->slot_table_capacity);
    if (err == ERR_OK) err = copy_table(arena, &to->transient_table, to->transient_table_capacity);
    if (err == ERR_OK) err = copy_logs(to);
#define COPY_ARRAY(array, capacity, count) \
    if (err == ERR_OK)                     \
    err = copy_array(arena, &to->array, &to->capacity, to->count, sizeof *to->array)
    COPY_ARRAY(transients, transient_capacity, transient_count);
    COPY_ARRAY(destroyed, destroyed_capacity, destroyed_count);
    COPY_ARRAY(touched, touched_capacity, touched_count);
    COPY_ARRAY(undo, undo_capacity, undo_count);
#undef COPY_ARRAY
    return err;
}

/* --- entries ---------------------------------------------------------------------------------- */

struct journal_account_data journal_absent_account(void) {
    return (struct journal_account_data
    ){.exists = false, .code_hash = KECCAK_EMPTY, .storage_root = empty_storage_root};
}

struct journal_account *journal_enter_account(struct journal *journal, const address *who) {
    struct journal_account *account = journal_lookup_account(journal, who);
    if (account != NULL) return account;
    uint32_t index = journal->account_count;
    enum err err = block_reserve_one(
        journal->arena,
        &journal->account_blocks,
        &journal->account_block_capacity,
        index,
        sizeof *account
    );
    if (err == ERR_OK)
        err = table_reserve_one(
            journal, &journal->account_table, &journal->account_table_capacity, index, account_hash
        );
    if (err != ERR_OK) return NULL;
    account = journal_account_of(journal, index);
    *account =
        (struct journal_account){.address = *who, .index = index, .first_slot = JOURNAL_NONE};
    journal->account_count++;
    table_insert(
        journal->account_table, journal->account_table_capacity, account_hash(journal, index), index
    );
    return account;
}

struct journal_slot *
journal_enter_slot(struct journal *journal, struct journal_account *account, const u256 *key) {
    struct journal_slot *slot = journal_lookup_slot(journal, account->index, key);
    if (slot != NULL) return slot;
    uint32_t index = journal->slot_count;
    enum err err = block_reserve_one(
        journal->arena, &journal->slot_blocks, &journal->slot_block_capacity, index, sizeof *slot
    );
    if (err == ERR_OK)
        err = table_reserve_one(
            journal, &journal->slot_table, &journal->slot_table_capacity, index, slot_hash
        );
    if (err != ERR_OK) return NULL;
    slot = journal_slot_of(journal, index);
    *slot = (struct journal_slot
    ){.key = *key, .account_index = account->index, .index = index, .next = account->first_slot};
    account->first_slot = index;
    journal->slot_count++;
    table_insert(
        journal->slot_table, journal->slot_table_capacity, slot_hash(journal, index), index
    );
    return slot;
}

enum err journal_give_account(
    struct journal *journal, const address *who, const struct journal_account_data *data
) {
    struct journal_account *account = journal_enter_account(journal, who);
    if (account == NULL) return ERR_MEMORY;
    if (account->is_loaded) return ERR_OK;
    account->is_loaded = true;
    account->given = *data;
    account->exists = data->exists;
    account->nonce = data->nonce;
    account->balance = data->balance;
    account->code_hash = data->code_hash;
    account->has_code = hash32_equal(&data->code_hash, &KECCAK_EMPTY);
    return ERR_OK;
}

enum err
journal_give_slot(struct journal *journal, const address *who, const u256 *key, const u256 *value) {
    struct journal_account *account = journal_find_account(journal, who);
    CHECK(account != NULL);
    struct journal_slot *slot = journal_enter_slot(journal, account, key);
    if (slot == NULL) return ERR_MEMORY;
    if (slot->is_loaded) return ERR_OK;
    slot->is_loaded = true;
    slot->value = journal_storage_is_known(account) ? U256_ZERO : *value;
    slot->given = slot->value;
    return ERR_OK;
}

void journal_give_code(struct journal *journal, const address *who, bytes code) {
    struct journal_account *account = journal_find_account(journal, who);
    CHECK(account != NULL);
    if (account->has_code) return;
    account->has_code = true;
    account->code = code;
}

struct journal_account *journal_find_account(const struct journal *journal, const address *who) {
    struct journal_account *account = journal_lookup_account(journal, who);
    return account != NULL && account->is_loaded ? account : NULL;
}

bool journal_storage_is_known(const struct journal_account *account) {
    return account->storage_wiped ||
           hash32_equal(&account->given.storage_root, &empty_storage_root);
}

struct journal_slot *journal_find_slot(
    struct journal *journal, const struct journal_account *account, const u256 *key, bool *is_memory
) {
    *is_memory = false;
    struct journal_slot *slot = journal_lookup_slot(journal, account->index, key);
    if (slot != NULL && slot->is_loaded) return slot;
    if (!journal_storage_is_known(account)) return NULL;
    slot = journal_enter_slot(journal, journal_account_of(journal, account->index), key);
    *is_memory = slot == NULL;
    if (slot != NULL) slot->is_loaded = true;
    return slot;
}

bool journal_account_is_empty(const struct journal_account *account) {
    return account->nonce == 0 && u256_is_zero(&account->balance) &&
           hash32_equal(&account->code_hash, &KECCAK_EMPTY);
}

bool journal_account_has_storage(
    const struct journal *journal, const struct journal_account *account
) {
    if (!journal_storage_is_known(account)) return true;
    for (const struct journal_slot *slot = journal_first_slot(journal, account); slot != NULL;
         slot = journal_next_slot(journal, slot))
        if (!u256_is_zero(&slot->value)) return true;
    return false;
}

u256 journal_slot_original(const struct journal *journal, const struct journal_slot *slot) {
    return slot->original_in == journal->transaction ? slot->original : slot->value;
}

/* --- undoing ---------------------------------------------------------------------------------- */

static struct journal_undo *
push_undo(struct journal *journal, enum journal_undo_kind kind, uint32_t index) {
    if (RESERVE_ONE(journal, undo, undo_capacity, undo_count) != ERR_OK) return NULL;
    struct journal_undo *undo = &journal->undo[journal->undo_count];
    undo->kind = kind;
    undo->index = index;
    /* Outside transactions the entry is written, for one code path, and forgotten at once. */
    if (journal->in_transaction) journal->undo_count++;
    return undo;
}

struct journal_snapshot journal_snapshot(const struct journal *journal) {
    return (struct journal_snapshot
    ){.undo_count = journal->undo_count,
      .log_count = journal->log_count,
      .refund = journal->refund};
}

/* EIP-716: the touch of the RIPEMD-160 precompile was not undone on mainnet, when it ran out of gas
 * in the transaction that removed its empty account; clients agreed to keep it that way. */
static bool touch_survives(const struct journal_account *account) {
    static const address ripemd160_precompile = {{[19] = 3}};
    return address_equal(&account->address, &ripemd160_precompile);
}

static void undo_one(struct journal *journal, const struct journal_undo *undo) {
    struct journal_account *account = NULL;
    if (undo->kind < UNDO_WARM_SLOT) account = journal_account_of(journal, undo->index);
    switch (undo->kind) {
    case UNDO_BALANCE:
        account->balance = undo->old.value;
        break;
    case UNDO_NONCE:
        account->nonce = undo->old.nonce;
        break;
    case UNDO_EXISTS:
        account->exists = undo->old.exists;
        break;
    case UNDO_CODE:
        account->code = undo->old.code;
        break;
    case UNDO_CODE_HASH:
        account->code_hash = undo->old.code_hash;
        break;
    case UNDO_TOUCHED:
        if (touch_survives(account)) break;
        account->touched_in = undo->old.stamp;
        if (journal->touched_count > 0 &&
            journal->touched[journal->touched_count - 1] == undo->index)
            journal->touched_count--;
        break;
    case UNDO_CREATED:
        account->created_in = undo->old.stamp;
        break;
    case UNDO_DESTROYED:
        account->destroyed_in = undo->old.stamp;
        journal->destroyed_count--;
        break;
    case UNDO_WARM_ACCOUNT:
        account->warm_in = undo->old.stamp;
        break;
    case UNDO_WARM_SLOT:
        journal_slot_of(journal, undo->index)->warm_in = undo->old.stamp;
        break;
    case UNDO_SLOT:
        journal_slot_of(journal, undo->index)->value = undo->old.value;
        break;
    case UNDO_TRANSIENT:
        journal->transients[undo->index].value = undo->old.value;
        break;
    }
}

void journal_revert(struct journal *journal, struct journal_snapshot snapshot) {
    CHECK(snapshot.undo_count <= journal->undo_count && snapshot.log_count <= journal->log_count);
    while (journal->undo_count > snapshot.undo_count)
        undo_one(journal, &journal->undo[--journal->undo_count]);
    journal->log_count = snapshot.log_count;
    journal->refund = snapshot.refund;
}

/* --- transactions ----------------------------------------------------------------------------- */

void journal_begin_transaction(struct journal *journal) {
    CHECK(!journal->in_transaction && journal->transaction < UINT32_MAX);
    journal->transaction++;
    journal->in_transaction = true;
    journal->undo_count = 0;
    journal->log_count = 0;
    journal->refund = 0;
    journal->touched_count = 0;
    journal->destroyed_count = 0;
    if (journal->transient_count > 0) {
        memset(
            journal->transient_table,
            0,
            (size_t)journal->transient_table_capacity * sizeof *journal->transient_table
        );
        journal->transient_count = 0;
    }
}

static void remove_account(struct journal *journal, struct journal_account *account) {
    if (journal_account_has_storage(journal, account)) account->storage_wiped = true;
    for (struct journal_slot *slot = journal_first_slot(journal, account); slot != NULL;
         slot = journal_next_slot(journal, slot)) {
        slot->value = U256_ZERO;
        if (!slot->is_loaded) slot->given = U256_ZERO;
    }
    account->exists = false;
    account->nonce = 0;
    account->balance = U256_ZERO;
    account->code_hash = KECCAK_EMPTY;
    account->code = BYTES_EMPTY;
    account->has_code = true;
}

void journal_end_transaction(struct journal *journal, enum fork fork) {
    CHECK(journal->in_transaction);
    for (uint32_t i = 0; i < journal->destroyed_count; i++)
        remove_account(journal, journal_account_of(journal, journal->destroyed[i]));
    for (uint32_t i = 0; evm_rules(fork)->empty_is_absent && i < journal->touched_count; i++) {
        struct journal_account *account = journal_account_of(journal, journal->touched[i]);
        if (account->touched_in == journal->transaction && account->exists &&
            journal_account_is_empty(account))
            remove_account(journal, account);
    }
    journal->in_transaction = false;
    journal->undo_count = 0;
}

/* --- changing --------------------------------------------------------------------------------- */

enum err
journal_set_balance(struct journal *journal, struct journal_account *account, const u256 *balance) {
    CHECK(account->is_loaded);
    struct journal_undo *undo = push_undo(journal, UNDO_BALANCE, account->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.value = account->balance;
    account->balance = *balance;
    return ERR_OK;
}

enum err
journal_add_balance(struct journal *journal, struct journal_account *account, const u256 *value) {
    u256 sum;
    if (u256_add_carry(&sum, &account->balance, value)) return ERR_LIMIT;
    return journal_set_balance(journal, account, &sum);
}

enum err
journal_sub_balance(struct journal *journal, struct journal_account *account, const u256 *value) {
    u256 difference;
    CHECK(!u256_sub_borrow(&difference, &account->balance, value));
    return journal_set_balance(journal, account, &difference);
}

enum err
journal_set_nonce(struct journal *journal, struct journal_account *account, uint64_t nonce) {
    CHECK(account->is_loaded);
    struct journal_undo *undo = push_undo(journal, UNDO_NONCE, account->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.nonce = account->nonce;
    account->nonce = nonce;
    return ERR_OK;
}

enum err journal_set_code(
    struct journal *journal, struct journal_account *account, bytes code, const hash32 *code_hash
) {
    CHECK(account->is_loaded);
    /* Only an account whose code is known can get it back. */
    CHECK(account->has_code);
    struct journal_undo *undo = push_undo(journal, UNDO_CODE, account->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.code = account->code;
    undo = push_undo(journal, UNDO_CODE_HASH, account->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.code_hash = account->code_hash;
    account->code = code;
    account->code_hash = *code_hash;
    return ERR_OK;
}

enum err journal_set_slot(struct journal *journal, struct journal_slot *slot, const u256 *value) {
    struct journal_undo *undo = push_undo(journal, UNDO_SLOT, slot->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.value = slot->value;
    if (slot->original_in != journal->transaction && journal->in_transaction) {
        slot->original = slot->value;
        slot->original_in = journal->transaction;
    }
    slot->value = *value;
    return ERR_OK;
}

static enum err set_exists(struct journal *journal, struct journal_account *account) {
    CHECK(account->is_loaded);
    if (account->exists) return ERR_OK;
    struct journal_undo *undo = push_undo(journal, UNDO_EXISTS, account->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.exists = false;
    account->exists = true;
    return ERR_OK;
}

enum err journal_touch(struct journal *journal, struct journal_account *account) {
    enum err err = set_exists(journal, account);
    if (err != ERR_OK || account->touched_in == journal->transaction) return err;
    err = RESERVE_ONE(journal, touched, touched_capacity, touched_count);
    if (err != ERR_OK) return err;
    struct journal_undo *undo = push_undo(journal, UNDO_TOUCHED, account->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.stamp = account->touched_in;
    account->touched_in = journal->transaction;
    journal->touched[journal->touched_count++] = account->index;
    return ERR_OK;
}

enum err journal_create(struct journal *journal, struct journal_account *account, uint64_t nonce) {
    enum err err = set_exists(journal, account);
    if (err == ERR_OK) err = journal_touch(journal, account);
    if (err == ERR_OK && account->nonce != nonce) err = journal_set_nonce(journal, account, nonce);
    if (err != ERR_OK) return err;
    struct journal_undo *undo = push_undo(journal, UNDO_CREATED, account->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.stamp = account->created_in;
    account->created_in = journal->transaction;
    return ERR_OK;
}

enum err journal_destroy(struct journal *journal, struct journal_account *account, bool *is_first) {
    *is_first = false;
    if (account->destroyed_in == journal->transaction) return ERR_OK;
    enum err err = RESERVE_ONE(journal, destroyed, destroyed_capacity, destroyed_count);
    if (err != ERR_OK) return err;
    struct journal_undo *undo = push_undo(journal, UNDO_DESTROYED, account->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.stamp = account->destroyed_in;
    account->destroyed_in = journal->transaction;
    journal->destroyed[journal->destroyed_count++] = account->index;
    *is_first = true;
    return ERR_OK;
}

bool journal_is_created(const struct journal *journal, const struct journal_account *account) {
    return account->created_in == journal->transaction;
}

bool journal_is_destroyed(const struct journal *journal, const struct journal_account *account) {
    return account->destroyed_in == journal->transaction;
}

enum err journal_warm_known_account(struct journal *journal, struct journal_account *account) {
    struct journal_undo *undo = push_undo(journal, UNDO_WARM_ACCOUNT, account->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.stamp = account->warm_in;
    account->warm_in = journal->transaction;
    return ERR_OK;
}

enum err journal_warm_known_slot(struct journal *journal, struct journal_slot *slot) {
    struct journal_undo *undo = push_undo(journal, UNDO_WARM_SLOT, slot->index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.stamp = slot->warm_in;
    slot->warm_in = journal->transaction;
    return ERR_OK;
}

enum err journal_warm_account(struct journal *journal, const address *who, bool *was_warm) {
    struct journal_account *account = journal_enter_account(journal, who);
    if (account == NULL) return ERR_MEMORY;
    bool is_warm = account->warm_in == journal->transaction;
    if (was_warm != NULL) *was_warm = is_warm;
    return is_warm ? ERR_OK : journal_warm_known_account(journal, account);
}

enum err
journal_warm_slot(struct journal *journal, const address *who, const u256 *key, bool *was_warm) {
    struct journal_account *account = journal_enter_account(journal, who);
    if (account == NULL) return ERR_MEMORY;
    struct journal_slot *slot = journal_enter_slot(journal, account, key);
    if (slot == NULL) return ERR_MEMORY;
    bool is_warm = slot->warm_in == journal->transaction;
    if (was_warm != NULL) *was_warm = is_warm;
    return is_warm ? ERR_OK : journal_warm_known_slot(journal, slot);
}

bool journal_account_is_warm(const struct journal *journal, const address *who) {
    const struct journal_account *account = journal_lookup_account(journal, who);
    return account != NULL && account->warm_in == journal->transaction;
}

bool journal_slot_is_warm(const struct journal *journal, const address *who, const u256 *key) {
    const struct journal_account *account = journal_lookup_account(journal, who);
    if (account == NULL) return false;
    const struct journal_slot *slot = journal_lookup_slot(journal, account->index, key);
    return slot != NULL && slot->warm_in == journal->transaction;
}

/* --- transient storage and logs --------------------------------------------------------------- */

static struct journal_transient *
find_transient(const struct journal *journal, uint32_t account_index, const u256 *key) {
    if (journal->transient_count == 0) return NULL;
    uint32_t mask = journal->transient_table_capacity - 1;
    uint32_t at = (uint32_t)journal_hash_slot(journal->seed, account_index, key) & mask;
    for (; journal->transient_table[at] != 0; at = (at + 1) & mask) {
        struct journal_transient *found = &journal->transients[journal->transient_table[at] - 1];
        if (found->account_index == account_index && u256_equal(&found->key, key)) return found;
    }
    return NULL;
}

u256 journal_transient_of(const struct journal *journal, uint32_t account_index, const u256 *key) {
    const struct journal_transient *transient = find_transient(journal, account_index, key);
    return transient == NULL ? U256_ZERO : transient->value;
}

enum err journal_set_transient_of(
    struct journal *journal, uint32_t account_index, const u256 *key, const u256 *value
) {
    struct journal_transient *transient = find_transient(journal, account_index, key);
    if (transient == NULL) {
        uint32_t index = journal->transient_count;
        enum err err = RESERVE_ONE(journal, transients, transient_capacity, transient_count);
        if (err == ERR_OK)
            err = table_reserve_one(
                journal,
                &journal->transient_table,
                &journal->transient_table_capacity,
                index,
                transient_hash
            );
        if (err != ERR_OK) return err;
        transient = &journal->transients[index];
        *transient = (struct journal_transient){.key = *key, .account_index = account_index};
        journal->transient_count++;
        table_insert(
            journal->transient_table,
            journal->transient_table_capacity,
            transient_hash(journal, index),
            index
        );
    }
    uint32_t index = (uint32_t)(transient - journal->transients);
    struct journal_undo *undo = push_undo(journal, UNDO_TRANSIENT, index);
    if (undo == NULL) return ERR_MEMORY;
    undo->old.value = transient->value;
    transient->value = *value;
    return ERR_OK;
}

u256 journal_transient(const struct journal *journal, const address *who, const u256 *key) {
    const struct journal_account *account = journal_lookup_account(journal, who);
    return account == NULL ? U256_ZERO : journal_transient_of(journal, account->index, key);
}

enum err journal_set_transient(
    struct journal *journal, const address *who, const u256 *key, const u256 *value
) {
    struct journal_account *account = journal_enter_account(journal, who);
    if (account == NULL) return ERR_MEMORY;
    return journal_set_transient_of(journal, account->index, key, value);
}

enum err journal_log(struct journal *journal, const struct journal_log *log) {
    enum err err = RESERVE_ONE(journal, logs, log_capacity, log_count);
    if (err != ERR_OK) return err;
    struct journal_log *added = &journal->logs[journal->log_count];
    *added = *log;
    err = arena_copy(journal->arena, &added->data, log->data);
    if (err == ERR_OK) journal->log_count++;
    return err;
}

/* --- what changed ----------------------------------------------------------------------------- */

struct journal_account *journal_account_at(const struct journal *journal, uint32_t index) {
    CHECK(index < journal->account_count);
    return journal_account_of(journal, index);
}

bool journal_account_changed(const struct journal_account *account) {
    const struct journal_account_data *given = &account->given;
    if (!account->is_loaded) return false;
    if (account->exists != given->exists) return true;
    if (!account->exists) return false;
    return account->storage_wiped || account->nonce != given->nonce ||
           !u256_equal(&account->balance, &given->balance) ||
           !hash32_equal(&account->code_hash, &given->code_hash);
}

struct journal_slot *
journal_first_slot(const struct journal *journal, const struct journal_account *account) {
    return account->first_slot == JOURNAL_NONE ? NULL
                                               : journal_slot_of(journal, account->first_slot);
}

struct journal_slot *
journal_next_slot(const struct journal *journal, const struct journal_slot *slot) {
    return slot->next == JOURNAL_NONE ? NULL : journal_slot_of(journal, slot->next);
}

bool journal_slot_changed(const struct journal_slot *slot) {
    return slot->is_loaded && !u256_equal(&slot->value, &slot->given);
}

void journal_keep(struct journal *journal, const hash32 *storage_roots) {
    CHECK(!journal->in_transaction);
    for (uint32_t i = 0; i < journal->account_count; i++) {
        struct journal_account *account = journal_account_of(journal, i);
        if (!account->is_loaded) continue;
        account->given.exists = account->exists;
        account->given.nonce = account->nonce;
        account->given.balance = account->balance;
        account->given.code_hash = account->code_hash;
        if (storage_roots != NULL) {
            account->given.storage_root = storage_roots[i];
            account->storage_wiped = false;
        } else if (account->storage_wiped) {
            account->given.storage_root = empty_storage_root;
            account->storage_wiped = false;
        }
    }
    for (uint32_t i = 0; i < journal->slot_count; i++) {
        struct journal_slot *slot = journal_slot_of(journal, i);
        slot->given = slot->value;
    }
}
