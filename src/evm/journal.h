/* evm/journal.h: the accounts and slots that a block's transactions have seen, with their current
 * values, and everything a transaction can undo.
 *
 * The journal is a cache over some state that it does not know: whoever drives the machine gives
 * accounts and slots as they are asked for, and they stay for the life of the journal (a block, an
 * eth_call), over all transactions. What a transaction starts and ends with (warm sets, original
 * values, logs, refund, transient storage, created and destroyed sets) is kept by stamps of the
 * transaction's number, so that beginning one costs nothing.
 *
 * Invariants
 *   - An account that is not loaded has no values; setters CHECK that it is.
 *   - Every change between journal_begin_transaction and journal_end_transaction can be undone by
 *     journal_revert to a snapshot of the same transaction; snapshots are reverted last first.
 *   - Accounts and slots keep their address for the life of the arena.
 *   - Iteration is in the order things were first seen, and so the same in every run.
 *
 * Limits: 2^32 - 2 accounts and slots. Nothing is freed singly: undone logs' data stays in the
 * arena until it is reset. */
#ifndef EVM_JOURNAL_H
#define EVM_JOURNAL_H

#include "core/arena.h"
#include "core/u256.h"
#include "evm/fork.h"

#define JOURNAL_NONE UINT32_MAX

/* The fields of an account as the state has them. An absent account has exists == false and all
 * other fields as an empty one: journal_absent_account(). */
struct journal_account_data {
    bool exists;
    uint64_t nonce;
    u256 balance;
    hash32 code_hash;
    hash32 storage_root;
};

struct journal_account {
    /* Read freely; change with the setters only. */
    address address;
    bool is_loaded;
    bool exists;        /* is in the state now; it may be empty */
    bool has_code;      /* code is set: the bytes are known. Always so for an empty code */
    bool storage_wiped; /* by its destruction, since journal_open: all older slots are zero */
    uint64_t nonce;
    u256 balance;
    hash32 code_hash;
    bytes code; /* borrowed from whoever gave it */

    /* As given; what the change list compares with. storage_root never changes here. */
    struct journal_account_data given;

    /* Private: positions, and numbers of transactions. */
    uint32_t index;
    uint32_t first_slot;
    uint32_t warm_in;
    uint32_t touched_in;
    uint32_t created_in;
    uint32_t destroyed_in;
};

struct journal_slot {
    u256 key;
    u256 value; /* now */
    u256 given; /* as given, or zero if the storage was wiped before it was seen */

    /* Private. */
    u256 original;        /* at the start of transaction original_in */
    uint32_t original_in; /* another transaction: value is the original */
    uint32_t warm_in;
    uint32_t account_index;
    uint32_t index;
    uint32_t next; /* older slot of the same account */
    bool is_loaded;
};

#define JOURNAL_TOPICS_MAX 4

struct journal_log {
    address address;
    uint32_t topic_count;
    hash32 topics[JOURNAL_TOPICS_MAX];
    bytes data; /* in the journal's arena */
};

struct journal_undo;
struct journal_transient;

struct journal {
    struct arena *arena;
    uint64_t seed;        /* of the hash tables. A host may set a secret one after journal_open */
    uint32_t transaction; /* number of the current or last transaction, from 1 */
    bool in_transaction;

    /* Logs of the current or last transaction, in order. The array is reused by the next
     * transaction; the data stays as long as the arena. */
    struct journal_log *logs;
    uint32_t log_count;
    uint32_t log_capacity;

    int64_t refund; /* of the current or last transaction */

    /* Private. */
    struct journal_account **account_blocks;
    uint32_t account_count;
    uint32_t account_block_capacity;
    uint32_t *account_table;
    uint32_t account_table_capacity;
    struct journal_slot **slot_blocks;
    uint32_t slot_count;
    uint32_t slot_block_capacity;
    uint32_t *slot_table;
    uint32_t slot_table_capacity;
    struct journal_transient *transients;
    uint32_t transient_count;
    uint32_t transient_capacity;
    uint32_t *transient_table;
    uint32_t transient_table_capacity;
    uint32_t *destroyed; /* indices of accounts that a SELFDESTRUCT hit in this transaction */
    uint32_t destroyed_count;
    uint32_t destroyed_capacity;
    uint32_t *touched;
    uint32_t touched_count;
    uint32_t touched_capacity;
    struct journal_undo *undo;
    uint32_t undo_count;
    uint32_t undo_capacity;
};

struct journal_snapshot {
    uint32_t undo_count;
    uint32_t log_count;
    int64_t refund;
};

/* journal_open makes an empty journal in the arena, which must outlive it. ERR_MEMORY. */
MUST_USE enum err journal_open(struct journal *journal, struct arena *arena);

/* journal_copy makes *to equal to *from, in another arena. Code bytes are shared, all else is
 * copied; the cost is what the journal holds, not what it ever held. On ERR_MEMORY *to is
 * unusable. */
MUST_USE enum err journal_copy(struct journal *to, struct arena *arena, const struct journal *from);

/* --- transactions ---------------------------------------------------------------------------- */

/* From here changes can be undone; refund, logs, warm sets and transient storage are empty. */
void journal_begin_transaction(struct journal *journal);

/* journal_end_transaction settles: destroyed accounts go (which fork decides at SELFDESTRUCT, not
 * here), then the touched empty ones (EIP-161), and the values become the next transaction's
 * originals. Logs and refund stay readable until the next begin. */
void journal_end_transaction(struct journal *journal, enum fork fork);

struct journal_snapshot journal_snapshot(const struct journal *journal);
void journal_revert(struct journal *journal, struct journal_snapshot snapshot);

/* --- giving ----------------------------------------------------------------------------------- */

struct journal_account_data journal_absent_account(void);

/* journal_give_account enters what the state has for this address. Giving a loaded account again
 * changes nothing. ERR_MEMORY. */
MUST_USE enum err journal_give_account(
    struct journal *journal, const address *who, const struct journal_account_data *data
);

/* The account must be loaded (CHECKed). A loaded slot is left as it is. ERR_MEMORY. */
MUST_USE enum err
journal_give_slot(struct journal *journal, const address *who, const u256 *key, const u256 *value);

/* The code of a loaded account, whose code_hash the giver has checked. It must outlive the journal
 * and its copies. */
void journal_give_code(struct journal *journal, const address *who, bytes code);

/* --- finding ---------------------------------------------------------------------------------- */

/* NULL if it is not loaded. Valid as long as the arena. */
struct journal_account *journal_find_account(const struct journal *journal, const address *who);

/* NULL if it is not known: then the state must be asked for it. A slot of an account whose storage
 * is empty or wiped is always known; it is entered as zero (and NULL means ERR_MEMORY:
 * is_memory). */
struct journal_slot *journal_find_slot(
    struct journal *journal, const struct journal_account *account, const u256 *key, bool *is_memory
);

/* EIP-161: no nonce, no balance, no code; true for an absent account too. */
bool journal_account_is_empty(const struct journal_account *account);

/* Whether the account's storage may hold a value other than zero (EIP-7610). */
bool journal_account_has_storage(
    const struct journal *journal, const struct journal_account *account
);

/* Value of the slot at the start of the transaction. */
u256 journal_slot_original(const struct journal *journal, const struct journal_slot *slot);

/* --- changing; all can be undone, all return ERR_MEMORY when the arena is full ---------------- */

MUST_USE enum err
journal_set_balance(struct journal *journal, struct journal_account *account, const u256 *balance);
/* Neither touches the account. Taking more than there is is CHECKed; ERR_LIMIT: a balance would
 * pass 256 bits. No chain has that much ether, but a state that somebody made up can. */
MUST_USE enum err
journal_add_balance(struct journal *journal, struct journal_account *account, const u256 *value);
MUST_USE enum err
journal_sub_balance(struct journal *journal, struct journal_account *account, const u256 *value);
MUST_USE enum err
journal_set_nonce(struct journal *journal, struct journal_account *account, uint64_t nonce);
/* code must outlive the journal and its copies. */
MUST_USE enum err journal_set_code(
    struct journal *journal, struct journal_account *account, bytes code, const hash32 *code_hash
);
MUST_USE enum err
journal_set_slot(struct journal *journal, struct journal_slot *slot, const u256 *value);

/* journal_touch marks the account as touched and makes it exist: an absent account becomes an empty
 * one, which journal_end_transaction removes again where EIP-161 holds. The touch of 0x03 survives
 * reverts, as it did on mainnet in block 2,675,119 (EIP-716). */
MUST_USE enum err journal_touch(struct journal *journal, struct journal_account *account);

/* A new contract: exists, is marked as created in this transaction (EIP-6780), and has this
 * nonce. */
MUST_USE enum err
journal_create(struct journal *journal, struct journal_account *account, uint64_t nonce);

/* The account goes when the transaction ends. *is_first: it was not marked before. */
MUST_USE enum err
journal_destroy(struct journal *journal, struct journal_account *account, bool *is_first);

bool journal_is_created(const struct journal *journal, const struct journal_account *account);
bool journal_is_destroyed(const struct journal *journal, const struct journal_account *account);

/* Warm sets (EIP-2929). Accounts and slots need not be loaded. *was_warm may be NULL. */
MUST_USE enum err journal_warm_account(struct journal *journal, const address *who, bool *was_warm);
MUST_USE enum err
journal_warm_slot(struct journal *journal, const address *who, const u256 *key, bool *was_warm);
bool journal_account_is_warm(const struct journal *journal, const address *who);
bool journal_slot_is_warm(const struct journal *journal, const address *who, const u256 *key);

/* Transient storage (EIP-1153). */
u256 journal_transient(const struct journal *journal, const address *who, const u256 *key);
MUST_USE enum err journal_set_transient(
    struct journal *journal, const address *who, const u256 *key, const u256 *value
);

/* journal_log appends a log; data is copied. */
MUST_USE enum err journal_log(struct journal *journal, const struct journal_log *log);

/* --- what changed since journal_open ---------------------------------------------------------- */

static inline uint32_t journal_account_count(const struct journal *journal) {
    return journal->account_count;
}

/* In the order they were first seen; some may not be loaded (only warmed). */
struct journal_account *journal_account_at(const struct journal *journal, uint32_t index);

/* Whether exists, nonce, balance or code differ from what was given, or the storage was wiped.
 * Changed slots are not looked at. */
bool journal_account_changed(const struct journal_account *account);

/* Slots of an account, newest first; NULL at the end. Skip those that are not loaded. */
struct journal_slot *
journal_first_slot(const struct journal *journal, const struct journal_account *account);
struct journal_slot *
journal_next_slot(const struct journal *journal, const struct journal_slot *slot);

/* With a wiped storage, the slots to write are those with a value that is not zero; otherwise those
 * that this says are changed. */
bool journal_slot_changed(const struct journal_slot *slot);

/* journal_keep makes the current values the given ones, for a journal that goes on after its
 * changes were committed. storage_roots: one for each account, in order of index; NULL keeps the
 * old ones, which is right only if no account with changed slots will be asked for slots it has not
 * seen. */
void journal_keep(struct journal *journal, const hash32 *storage_roots);

#endif
