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
    json_member_cstring(w, "parent", rollup->parent);
    json_member_quantity_u64(w, "parentChainId", rollup->parent_chain_id);
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

/* The name of a chain, which begins with a letter; empty: it is none. */
static bytes argument_name(struct rpc_call *call, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0 || json_kind(call->json, token) != JSON_STRING) return BYTES_EMPTY;
    bytes text = json_text(call->json, token);
    bool is_name = text.size > 0 && text.data[0] >= 'a' && text.data[0] <= 'z';
    return is_name ? text : BYTES_EMPTY;
}

/* [rollupId or name, target] → where the target's proxy is on this chain. */
enum rpc_status lockstep_proxyOf(struct rpc_call *call) {
    struct rpc_proxy_query query = {.chain_name = argument_name(call, 0)};
    address proxy;
    enum rpc_status status =
        query.chain_name.size > 0 ? RPC_OK : argument_number(call, &query.rollup_id, 0);
    if (status == RPC_OK) status = argument_address(call, &query.target, 1);
    if (status == RPC_OK)
        status = call->chain->operations->proxy_of(call->chain, &call->request, &proxy, &query);
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

/* []: an update of this rollup, now. Answers the number of the parent block that it then knows. */
enum rpc_status lockstep_anchor(struct rpc_call *call) {
    uint64_t number = 0;
    enum rpc_status status = call->chain->operations->anchor(call->chain, &call->request, &number);
    if (status == RPC_OK) json_quantity_u64(call->out, number);
    return status;
}

/* [index, bool]: whether that attester of KOfN answers; answers null. */
enum rpc_status lockstep_setAttester(struct rpc_call *call) {
    uint64_t index = 0;
    bool is_up = false;
    enum rpc_status status = argument_optional_number(call, &index, 0);
    if (status == RPC_OK && argument_token(call, 0) == 0) status = argument_missing(call, 0);
    if (status == RPC_OK && argument_token(call, 1) == 0) status = argument_missing(call, 1);
    if (status == RPC_OK) status = argument_optional_bool(call, &is_up, 1);
    if (status == RPC_OK)
        status = call->chain->operations->set_attester(call->chain, &call->request, index, is_up);
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

enum rpc_status lockstep_getBatchFiles(struct rpc_call *call) {
    hash32 hash;
    enum rpc_status status = argument_hash(call, &hash, 0);
    if (status == RPC_OK)
        status =
            call->chain->operations->batch_files(call->chain, &call->request, call->out, &hash);
    return status;
}

/* [message, publisher, rollupId]: without a rollup, for the parent. */
enum rpc_status lockstep_getMessageProof(struct rpc_call *call) {
    struct rpc_message_query query = {0};
    enum rpc_status status = argument_hash(call, &query.message, 0);
    if (status == RPC_OK) status = argument_address(call, &query.publisher, 1);
    if (status == RPC_OK) status = argument_optional_number(call, &query.rollup_id, 2);
    if (status == RPC_OK)
        status =
            call->chain->operations->message_proof(call->chain, &call->request, call->out, &query);
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

/* A value of a bundle's call, if it is there. */
static const char *
read_member(struct rpc_call *call, struct rpc_bundle_call *out, const char *key, uint32_t token) {
    const struct json *json = call->json;
    if (strcmp(key, "to") == 0 || strcmp(key, "target") == 0)
        return value_address(&out->target, json, token);
    if (strcmp(key, "rollupId") == 0) return value_number(&out->rollup_id, json, token);
    if (strcmp(key, "value") == 0) return value_quantity(&out->value, json, token);
    return value_data(&out->data, call->request.arena, json, token);
}

/* {to, value, data}, or {rollupId, target, value, data}. */
static enum rpc_status
read_bundle_call(struct rpc_call *call, struct rpc_bundle_call *out, uint32_t object) {
    static const char *const KEYS[] = {"to", "target", "rollupId", "value", "data"};
    bool is_there[5] = {false};
    *out = (struct rpc_bundle_call){0};
    if (json_kind(call->json, object) != JSON_OBJECT)
        return argument_fail(call, 1, NULL, "a call is not an object");
    for (size_t i = 0; i < 5; i++) {
        uint32_t token = json_member(call->json, object, KEYS[i]);
        is_there[i] = token != 0 && json_kind(call->json, token) != JSON_NULL;
        const char *problem = is_there[i] ? read_member(call, out, KEYS[i], token) : NULL;
        if (problem != NULL) return argument_fail(call, 1, KEYS[i], problem);
    }
    if (is_there[0] == is_there[1] || is_there[1] != is_there[2])
        return argument_fail(
            call, 1, NULL, "a call has either \"to\", or \"rollupId\" and \"target\""
        );
    out->has_rollup = is_there[2];
    return RPC_OK;
}

static enum rpc_status read_bundle_calls(struct rpc_call *call, struct rpc_bundle *out) {
    uint32_t list = argument_token(call, 1);
    if (list == 0) return argument_missing(call, 1);
    if (json_kind(call->json, list) != JSON_ARRAY)
        return argument_fail(call, 1, NULL, "not an array");
    size_t count = call->json->tokens[list].count;
    struct rpc_bundle_call *calls = arena_alloc_array(call->request.arena, count, sizeof(*calls));
    if (calls == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    uint32_t at = list + 1;
    for (size_t i = 0; i < count; i++, at = call->json->tokens[at].next) {
        enum rpc_status status = read_bundle_call(call, &calls[i], at);
        if (status != RPC_OK) return status;
    }
    out->calls = calls;
    out->call_count = count;
    return RPC_OK;
}

/* [transaction, calls]: the transaction without its data, which is what this is for. */
enum rpc_status lockstep_prepareBundle(struct rpc_call *call) {
    struct rpc_bundle bundle = {.simulation.block = {.kind = RPC_BLOCK_LATEST}};
    enum rpc_status status = argument_call(call, &bundle.simulation.arguments, 0);
    if (status == RPC_OK) status = read_bundle_calls(call, &bundle);
    if (status == RPC_OK)
        status = call->chain->operations->prepare_bundle(
            call->chain, &call->request, call->out, &bundle
        );
    return status;
}
