#include "rpc/lookup.h"

#include "rpc/view.h"

enum rpc_status lookup_block(
    struct rpc_call *call,
    const struct rpc_block **block,
    const struct rpc_block_id *id,
    unsigned with
) {
    *block = NULL;
    return call->chain->operations->block(call->chain, &call->request, block, id, with);
}

enum rpc_status
lookup_block_by_hash(struct rpc_call *call, const struct rpc_block **block, unsigned with) {
    struct rpc_block_id id = {.kind = RPC_BLOCK_HASH};
    enum rpc_status status = argument_hash(call, &id.hash, 0);
    return status == RPC_OK ? lookup_block(call, block, &id, with) : status;
}

enum rpc_status
lookup_block_by_number(struct rpc_call *call, const struct rpc_block **block, unsigned with) {
    struct rpc_block_id id;
    enum rpc_status status = argument_block_number(call, &id, 0);
    return status == RPC_OK ? lookup_block(call, block, &id, with) : status;
}

enum rpc_status
lookup_block_by_id(struct rpc_call *call, const struct rpc_block **block, unsigned with) {
    struct rpc_block_id id;
    if (argument_token(call, 0) == 0) return argument_missing(call, 0);
    enum rpc_status status = argument_block_id(call, &id, 0);
    return status == RPC_OK ? lookup_block(call, block, &id, with) : status;
}

enum rpc_status lookup_transaction(
    struct rpc_call *call, struct lookup_transaction *out, const hash32 *hash, unsigned with
) {
    struct rpc_transaction_place place = {0};
    *out = (struct lookup_transaction){0};
    enum rpc_status status =
        call->chain->operations->find_transaction(call->chain, &call->request, &place, hash);
    if (status != RPC_OK || !place.is_found) return status;
    if (place.is_pending) {
        out->is_pending = true;
        out->pending = place.transaction;
        return RPC_OK;
    }
    struct rpc_block_id id = {.kind = RPC_BLOCK_HASH, .hash = place.block_hash};
    status = lookup_block(call, &out->block, &id, with);
    if (status != RPC_OK) return status;
    if (out->block == NULL || place.index >= out->block->transaction_count)
        return rpc_fail_err(&call->request, ERR_CORRUPT);
    out->index = place.index;
    return RPC_OK;
}
