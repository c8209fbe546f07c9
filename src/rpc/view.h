/* rpc/view.h: blocks, transactions, receipts and logs as execution-apis writes them; type 0x7e as
 * op-geth does (sourceHash, mint, isSystemTx, depositNonce), which viem's and others' formatters
 * know. */
#ifndef RPC_VIEW_H
#define RPC_VIEW_H

#include "rpc/backend.h"

/* view_header writes a block without transactions, uncles and size. */
void view_header(struct json_writer *w, const struct rpc_block *block);

/* A block with its transactions whole or as hashes. The block was read with transactions; with
 * receipts too if has_deposits (the nonce of a deposit stands in its receipt). */
void view_block(struct json_writer *w, const struct rpc_block *block, bool with_transactions);

/* The same without the braces, for whoever has more to say of the block. */
void view_block_members(
    struct json_writer *w, const struct rpc_block *block, bool with_transactions
);

/* The key "withdrawals" and their list. */
void view_withdrawals(struct json_writer *w, const struct rpc_block *block);

/* Whether any of the block's transactions is of type 0x7e. */
bool view_has_deposits(const struct rpc_block *block);

/* A transaction in a block; block NULL: one in the pool. */
void view_transaction(
    struct json_writer *w,
    const struct rpc_transaction *transaction,
    const struct rpc_block *block,
    size_t index
);

/* A transaction that is nowhere: only what it says itself. */
void view_bare_transaction(struct json_writer *w, const struct rpc_transaction *transaction);

/* view_receipt writes receipt number index of a block that was read with transactions and receipts.
 * first_log is the number of logs before it in the block. */
void view_receipt(
    struct json_writer *w, const struct rpc_block *block, size_t index, size_t first_log
);

/* The logs in a block before the receipt number index. */
size_t view_logs_before(const struct rpc_block *block, size_t index);

/* A log that is nowhere. */
void view_bare_log(struct json_writer *w, const struct log *log);

void view_placed_log(struct json_writer *w, const struct rpc_log *placed);

/* A log of the transaction number index of a block that was read with transactions. */
void view_log(
    struct json_writer *w,
    const struct log *log,
    const struct rpc_block *block,
    size_t index,
    size_t log_index
);

/* An array of {address, storageKeys}. */
void view_access_list(struct json_writer *w, const struct tx_access *list, size_t count);

/* EIP-55: out gets 42 characters, "0x" first, no terminator. */
void view_checksum_address(char out[42], const address *a);

#endif
