/* evm/journal_private.h: the journal's tables, and the lookups that instructions do inline. */
#ifndef EVM_JOURNAL_PRIVATE_H
#define EVM_JOURNAL_PRIVATE_H

#include "core/check.h"
#include "evm/journal.h"

/* Accounts and slots lie in blocks, so that they never move; tables hold index + 1, 0 is free, and
 * are at most half full. */
#define JOURNAL_BLOCK_SHIFT 6
#define JOURNAL_BLOCK_SIZE  (1u << JOURNAL_BLOCK_SHIFT)

enum journal_undo_kind {
    UNDO_BALANCE,
    UNDO_NONCE,
    UNDO_EXISTS,
    UNDO_CODE,
    UNDO_CODE_HASH,
    UNDO_TOUCHED,
    UNDO_CREATED,
    UNDO_DESTROYED,
    UNDO_WARM_ACCOUNT,
    UNDO_WARM_SLOT,
    UNDO_SLOT,
    UNDO_TRANSIENT,
};

struct journal_undo {
    enum journal_undo_kind kind;
    uint32_t index; /* of the account, slot or transient value */
    union {
        u256 value;
        uint64_t nonce;
        hash32 code_hash;
        bytes code;
        uint32_t stamp;
        bool exists;
    } old;
};

struct journal_transient {
    u256 key;
    u256 value;
    uint32_t account_index;
};

/* Folded 128-bit products, as in the wyhash family: fast, and with a secret seed not to be aimed
 * at. */
static inline uint64_t journal_mix(uint64_t a, uint64_t b) {
    uint128 product = (uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t journal_hash_address(uint64_t seed, const address *who) {
    uint64_t low;
    uint64_t middle;
    uint32_t high;
    memcpy(&low, who->b, 8);
    memcpy(&middle, who->b + 8, 8);
    memcpy(&high, who->b + 16, 4);
    uint64_t h = journal_mix(low ^ seed ^ 0x9e3779b97f4a7c15u, middle ^ 0xd1b54a32d192ed03u);
    return journal_mix(h ^ high, 0x8bb84b93962eacc9u ^ seed);
}

static inline uint64_t journal_hash_slot(uint64_t seed, uint32_t account_index, const u256 *key) {
    uint64_t a =
        journal_mix(key->w[0] ^ seed ^ 0x9e3779b97f4a7c15u, key->w[1] ^ 0xd1b54a32d192ed03u);
    uint64_t b =
        journal_mix(key->w[2] ^ 0x4b33a62ed433d4a3u, key->w[3] ^ seed ^ 0x8bb84b93962eacc9u);
    return journal_mix(a ^ account_index, b ^ 0xa0761d6478bd642fu);
}

static inline struct journal_account *
journal_account_of(const struct journal *journal, uint32_t index) {
    return &journal->account_blocks[index >> JOURNAL_BLOCK_SHIFT][index & (JOURNAL_BLOCK_SIZE - 1)];
}

static inline struct journal_slot *journal_slot_of(const struct journal *journal, uint32_t index) {
    return &journal->slot_blocks[index >> JOURNAL_BLOCK_SHIFT][index & (JOURNAL_BLOCK_SIZE - 1)];
}

/* The entry, loaded or not, or NULL. */
static inline struct journal_account *
journal_lookup_account(const struct journal *journal, const address *who) {
    uint32_t mask = journal->account_table_capacity - 1;
    uint32_t at = (uint32_t)journal_hash_address(journal->seed, who) & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t entry = journal->account_table[at];
        if (entry == 0) return NULL;
        struct journal_account *account = journal_account_of(journal, entry - 1);
        if (address_equal(&account->address, who)) return account;
    }
}

static inline struct journal_slot *
journal_lookup_slot(const struct journal *journal, uint32_t account_index, const u256 *key) {
    uint32_t mask = journal->slot_table_capacity - 1;
    uint32_t at = (uint32_t)journal_hash_slot(journal->seed, account_index, key) & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t entry = journal->slot_table[at];
        if (entry == 0) return NULL;
        struct journal_slot *slot = journal_slot_of(journal, entry - 1);
        if (slot->account_index == account_index && u256_equal(&slot->key, key)) return slot;
    }
}

/* The entry, made if it is not there; NULL: no memory. */
struct journal_account *journal_enter_account(struct journal *journal, const address *who);
struct journal_slot *
journal_enter_slot(struct journal *journal, struct journal_account *account, const u256 *key);

/* Marks as warm, to be undone. ERR_MEMORY. */
MUST_USE enum err
journal_warm_known_account(struct journal *journal, struct journal_account *account);
MUST_USE enum err journal_warm_known_slot(struct journal *journal, struct journal_slot *slot);

/* An account's slots that were not given are zero. */
bool journal_storage_is_known(const struct journal_account *account);

u256 journal_transient_of(const struct journal *journal, uint32_t account_index, const u256 *key);
MUST_USE enum err journal_set_transient_of(
    struct journal *journal, uint32_t account_index, const u256 *key, const u256 *value
);

#endif
