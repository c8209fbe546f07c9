/* lockstep_*: what only this node knows: its rollups, proxies, and calls that cross chains. */
#include "rpc/call_arguments.h"
#include "rpc/methods.h"

static enum rpc_status read_info(struct rpc_call *call, const struct rpc_network_info **info) {
    return call->chain->operations->network_info(call->chain, &call->request, info);
}

static void
write_contracts(struct json_writer *w, const struct rpc_named_address *contracts, size_t count) {
    json_key(w, "contracts");
    json_object_begin(w);
    for (size_t i = 0; i < count; i++) {
        json_key_text(w, contracts[i].name, strlen(contracts[i].name));
        json_address(w, &contracts[i].value);
    }
    json_object_end(w);
}

static void write_text_or_null(struct json_writer *w, const char *text) {
    if (text == NULL)
        json_null(w);
    else
        json_cstring(w, text);
}

static void write_rollup(struct json_writer *w, const struct rpc_rollup_info *rollup) {
    json_object_begin(w);
    json_member_quantity_u64(w, "rollupId", rollup->rollup_id);
    json_member_cstring(w, "name", rollup->name);
    json_member_cstring(w, "kind", rollup->kind);
    json_member_quantity_u64(w, "chainId", rollup->chain_id);
    json_key(w, "url");
    write_text_or_null(w, rollup->url);
    json_member_hash(w, "head", &rollup->head);
    json_member_bool(w, "hasOwnToken", rollup->has_own_token);
    json_member_quantity(w, "hubBalance", &rollup->hub_balance);
    json_member_cstring(w, "proofSystem", rollup->proof_system);
    json_member_cstring(w, "trust", rollup->trust);
    json_member_quantity_u64(w, "latestNumber", rollup->latest_number);
    json_member_quantity_u64(w, "safeNumber", rollup->safe_number);
    write_contracts(w, rollup->contracts, rollup->contract_count);
    json_object_end(w);
}

static void write_rollups(struct json_writer *w, const struct rpc_network_info *info) {
    json_array_begin(w);
    for (size_t i = 0; i < info->rollup_count; i++)
        write_rollup(w, &info->rollups[i]);
    json_array_end(w);
}

enum rpc_status lockstep_getRollups(struct rpc_call *call) {
    const struct rpc_network_info *info = NULL;
    enum rpc_status status = read_info(call, &info);
    if (status == RPC_OK) write_rollups(call->out, info);
    return status;
}

enum rpc_status lockstep_networkInfo(struct rpc_call *call) {
    const struct rpc_network_info *info = NULL;
    struct json_writer *w = call->out;
    enum rpc_status status = read_info(call, &info);
    if (status != RPC_OK) return status;
    json_object_begin(w);
    json_member_cstring(w, "version", info->version);
    json_member_quantity_u64(w, "rollupId", info->rollup_id);
    json_member_bool(w, "autoBatch", info->auto_batch);
    json_key(w, "parent");
    json_object_begin(w);
    json_member_quantity_u64(w, "chainId", info->parent_chain_id);
    json_key(w, "url");
    write_text_or_null(w, info->parent_url);
    write_contracts(w, info->contracts, info->contract_count);
    json_object_end(w);
    json_key(w, "rollups");
    write_rollups(w, info);
    json_object_end(w);
    return RPC_OK;
}

/* [rollupId, target] → where the target's proxy is on this chain. */
enum rpc_status lockstep_proxyOf(struct rpc_call *call) {
    uint64_t rollup_id;
    address target;
    address proxy;
    enum rpc_status status = argument_number(call, &rollup_id, 0);
    if (status == RPC_OK) status = argument_address(call, &target, 1);
    if (status == RPC_OK)
        status = call->chain->operations->proxy_of(
            call->chain, &call->request, &proxy, rollup_id, &target
        );
    if (status == RPC_OK) json_address(call->out, &proxy);
    return status;
}

/* [bool]: whether a block of the parent gets the batch of its rollups by itself; answers null. */
enum rpc_status lockstep_setAutoBatch(struct rpc_call *call) {
    bool is_on = false;
    if (argument_token(call, 0) == 0) return argument_missing(call, 0);
    enum rpc_status status = argument_optional_bool(call, &is_on, 0);
    if (status == RPC_OK)
        status = call->chain->operations->set_auto_batch(call->chain, &call->request, is_on);
    if (status == RPC_OK) json_null(call->out);
    return status;
}

enum rpc_status lockstep_traceTransaction(struct rpc_call *call) {
    hash32 hash;
    enum rpc_status status = argument_hash(call, &hash, 0);
    if (status == RPC_OK)
        status = call->chain->operations->trace_transaction(
            call->chain, &call->request, call->out, &hash
        );
    return status;
}

/* A block of the parent; the hash of a transaction stands for its block. */
static enum rpc_status read_place(struct rpc_call *call, struct rpc_block_id *out) {
    if (argument_token(call, 0) == 0) return argument_missing(call, 0);
    return argument_block_id(call, out, 0);
}

enum rpc_status lockstep_getBatch(struct rpc_call *call) {
    struct rpc_block_id where;
    enum rpc_status status = read_place(call, &where);
    if (status == RPC_OK)
        status =
            call->chain->operations->posted_batches(call->chain, &call->request, call->out, &where);
    return status;
}

enum rpc_status lockstep_getExecutionTable(struct rpc_call *call) {
    struct rpc_block_id where;
    enum rpc_status status = read_place(call, &where);
    if (status == RPC_OK)
        status =
            call->chain->operations->posted_entries(call->chain, &call->request, call->out, &where);
    return status;
}

/* [transaction]: what eth_sendTransaction would do with it, without sending it. */
enum rpc_status lockstep_simulate(struct rpc_call *call) {
    struct rpc_simulation simulation = {.block = {.kind = RPC_BLOCK_LATEST}};
    enum rpc_status status = argument_call(call, &simulation.arguments, 0);
    if (status == RPC_OK)
        status =
            call->chain->operations->foresee(call->chain, &call->request, call->out, &simulation);
    return status;
}
