/* chain/store.h: blocks, receipts, indexes and settings of one chain, on disk (hosted).
 *
 * The store is a way to use a struct database (state/database.h), whose one write transaction per
 * block takes the new nodes and codes, the block, its receipts, its indexes and the heads together.
 * It holds RLP and does not look into it.
 *
 * Only the canonical chain is stored: numbers are contiguous, from the first block written (the
 * genesis, or where a fork begins) to the head. A reorg truncates and appends in one transaction.
 * Nodes and codes are never removed: any root that was ever written can be read.
 *
 * Every function takes the transaction to work in. Views are borrowed until a read transaction ends
 * or is renewed, or a write transaction writes again. Errors: ERR_MISSING where nothing is there,
 * ERR_IO, ERR_LIMIT, ERR_CORRUPT, with the text in transaction->error. */
#ifndef CHAIN_STORE_H
#define CHAIN_STORE_H

#include "state/database.h"
#include "state/source.h"

struct store_block {
    uint64_t number;
    hash32 hash;
    bytes block;    /* RLP of header and body */
    bytes receipts; /* RLP of the list of receipts, in whatever form chain/receipt.h gives it */
    const hash32 *transaction_hashes;
    size_t transaction_count;
};

/* store_append adds the block after the head and makes it the head. CHECKed: its number follows the
 * head's, or the store is empty. */
MUST_USE enum err
store_append(struct database_transaction *transaction, const struct store_block *block);

/* store_commit_block is the whole write of a block: one transaction with nodes and codes (memory
 * may be NULL), store_append, and commit. error is set when it fails, and nothing is then
 * written. */
MUST_USE enum err store_commit_block(
    struct database *database,
    const struct source_memory *memory,
    const struct store_block *block,
    char error[DATABASE_ERROR_SIZE]
);

/* store_replace_head gives the head block another header: its bytes and hash change, transactions
 * and receipts do not. It can be found by its former hashes (the newest STORE_FORMER_HASHES_MAX)
 * for as long as it is there. */
#define STORE_FORMER_HASHES_MAX 64
MUST_USE enum err
store_replace_head(struct database_transaction *transaction, const hash32 *hash, bytes block);

/* store_truncate removes the blocks above number with all their indexes and makes number the head;
 * safe and finalized move down with it. ERR_MISSING if there is no such block. */
MUST_USE enum err store_truncate(struct database_transaction *transaction, uint64_t number);

enum store_head { STORE_HEAD, STORE_SAFE, STORE_FINALIZED };

/* Number and hash (each may be NULL) of a head; ERR_MISSING before it was ever set. */
MUST_USE enum err store_get_head(
    struct database_transaction *transaction, enum store_head head, uint64_t *number, hash32 *hash
);

/* Safe and finalized, to a block that is there (else ERR_MISSING). The head is moved by append and
 * truncate only (CHECKed). */
MUST_USE enum err
store_set_head(struct database_transaction *transaction, enum store_head head, uint64_t number);

MUST_USE enum err
store_get_block(struct database_transaction *transaction, uint64_t number, bytes *block);
MUST_USE enum err
store_get_receipts(struct database_transaction *transaction, uint64_t number, bytes *receipts);
MUST_USE enum err
store_get_hash(struct database_transaction *transaction, uint64_t number, hash32 *hash);
MUST_USE enum err
store_get_number(struct database_transaction *transaction, const hash32 *hash, uint64_t *number);

/* All hashes of a block's transactions, in order; NULL and 0 if it has none. */
MUST_USE enum err store_get_transaction_hashes(
    struct database_transaction *transaction, uint64_t number, const hash32 **hashes, size_t *count
);

/* Where a transaction was included. */
MUST_USE enum err store_find_transaction(
    struct database_transaction *transaction, const hash32 *hash, uint64_t *number, uint32_t *index
);

/* Settings: the genesis description, keys, anything small and named. Names have 1 to 64 characters
 * and do not begin with '.', which is the store's own. An empty value removes. */
#define STORE_NAME_SIZE_MAX 64
MUST_USE enum err
store_get_meta(struct database_transaction *transaction, const char *name, bytes *value);
MUST_USE enum err
store_put_meta(struct database_transaction *transaction, const char *name, bytes value);

#endif
