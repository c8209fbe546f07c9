/* lockstep_traceTransaction: what a transaction did, by running its block again (docs/trace.md). */
#include "node/backend.h"
#include "node/replay.h"
#include "node/trace_frames.h"

static void write_head(
    struct json_writer *out,
    const struct node_chain *chain,
    const struct chain_block *block,
    size_t index
) {
    const struct receipt *receipt = &block->receipts[index];
    uint64_t gas_before = index == 0 ? 0 : block->receipts[index - 1].cumulative_gas_used;
    json_member_hash(out, "hash", &block->transactions[index].hash);
    json_member_quantity_u64(out, "chainId", chain->rpc.chain_id);
    json_member_cstring(out, "chain", chain->rpc.name);
    json_member_quantity_u64(out, "blockNumber", block->block.header.number);
    json_member_quantity_u64(out, "status", receipt->is_success);
    json_member_quantity_u64(out, "gasUsed", receipt->cumulative_gas_used - gas_before);
}

enum rpc_status backend_trace_transaction(
    struct rpc_chain *rpc, struct rpc_request *request, struct json_writer *out, const hash32 *hash
) {
    struct node_chain *chain = backend_chain(rpc);
    const struct chain_block *block;
    uint64_t number;
    uint32_t index;
    enum err err = store_find_transaction(&chain->snapshot, hash, &number, &index);
    if (err == ERR_MISSING) {
        json_null(out);
        return RPC_OK;
    }
    if (err == ERR_OK) err = node_chain_read_block(chain, &block, request->arena, number);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (number == 0) return rpc_fail(request, RPC_SERVER_ERROR, "genesis is not traceable");

    json_object_begin(out);
    write_head(out, chain, block, index);
    json_key(out, "frame");
    err = replay_transaction(chain, out, block, index);
    json_object_end(out);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}
