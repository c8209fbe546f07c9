/* Methods of development networks, under the names that anvil, Hardhat and ganache gave them. */
#include "rpc/arguments.h"
#include "rpc/methods.h"

#define MINE_BLOCKS_MAX 100000

static enum rpc_status mine(struct rpc_call *call, const struct rpc_mine_options *options) {
    if (options->block_count > MINE_BLOCKS_MAX)
        return rpc_fail(
            &call->request,
            RPC_LIMIT_EXCEEDED,
            "too many blocks at once (max %u)",
            (unsigned)MINE_BLOCKS_MAX
        );
    return call->chain->operations->mine(call->chain, &call->request, options);
}

/* [blocks, seconds between them]; answers null. */
enum rpc_status anvil_mine(struct rpc_call *call) {
    struct rpc_mine_options options = {.block_count = 1};
    enum rpc_status status = argument_optional_number(call, &options.block_count, 0);
    if (status == RPC_OK) status = argument_optional_number(call, &options.interval_seconds, 1);
    if (status == RPC_OK) status = mine(call, &options);
    if (status == RPC_OK) json_null(call->out);
    return status;
}

/* Nothing, a timestamp, or {timestamp, blocks}; answers "0x0". */
enum rpc_status evm_mine(struct rpc_call *call) {
    struct rpc_mine_options options = {.block_count = 1};
    const struct json *json = call->json;
    uint32_t timestamp = argument_token(call, 0);
    if (timestamp != 0 && json_kind(json, timestamp) == JSON_OBJECT) {
        uint32_t blocks = json_member(json, timestamp, "blocks");
        timestamp = json_member(json, timestamp, "timestamp");
        const char *problem = blocks == 0 ? NULL : value_number(&options.block_count, json, blocks);
        if (problem != NULL) return argument_fail(call, 0, "blocks", problem);
    }
    if (timestamp != 0 && json_kind(json, timestamp) != JSON_NULL) {
        options.has_timestamp = true;
        const char *problem = value_number(&options.timestamp, json, timestamp);
        if (problem != NULL) return argument_fail(call, 0, "timestamp", problem);
    }
    enum rpc_status status = mine(call, &options);
    if (status == RPC_OK) json_quantity_u64(call->out, 0);
    return status;
}
