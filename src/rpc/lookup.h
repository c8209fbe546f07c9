/* rpc/lookup.h: blocks and transactions found by a method's arguments. Absence is not a failure:
 * the block is then NULL, and the method answers null. */
#ifndef RPC_LOOKUP_H
#define RPC_LOOKUP_H

#include "rpc/arguments.h"

enum rpc_status lookup_block(
    struct rpc_call *call,
    const struct rpc_block **block,
    const struct rpc_block_id *id,
    unsigned with
);

/* By the hash in argument 0. */
enum rpc_status
lookup_block_by_hash(struct rpc_call *call, const struct rpc_block **block, unsigned with);

/* By the number or tag in argument 0. */
enum rpc_status
lookup_block_by_number(struct rpc_call *call, const struct rpc_block **block, unsigned with);

/* By anything that names a block, in argument 0 (required). */
enum rpc_status
lookup_block_by_id(struct rpc_call *call, const struct rpc_block **block, unsigned with);

/* A transaction by hash. In a block: block is set (read with what is asked for) and index. In the
 * pool: pending is set. Neither: no such transaction. */
struct lookup_transaction {
    const struct rpc_block *block;
    size_t index;
    struct rpc_transaction pending;
    bool is_pending;
};
enum rpc_status lookup_transaction(
    struct rpc_call *call, struct lookup_transaction *out, const hash32 *hash, unsigned with
);

#endif
