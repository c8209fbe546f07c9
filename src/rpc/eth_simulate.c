/* eth_simulateV1: blocks with calls, on top of a block. */
#include "rpc/call_arguments.h"
#include "rpc/methods.h"
#include "rpc/revert_reason.h"
#include "rpc/simulate.h"
#include "rpc/view.h"

/* --- reading ---------------------------------------------------------------------------------- */

static uint32_t member(const struct json *json, uint32_t object, const char *key) {
    uint32_t token = json_member(json, object, key);
    return token != 0 && json_kind(json, token) == JSON_NULL ? 0 : token;
}

/* A member that must be of this kind if it is there. */
static enum rpc_status find(
    struct rpc_call *call, uint32_t *token, uint32_t object, enum json_kind kind, const char *key
) {
    *token = member(call->json, object, key);
    if (*token == 0 || json_kind(call->json, *token) == kind) return RPC_OK;
    return argument_fail(call, 0, key, kind == JSON_ARRAY ? "not an array" : "not an object");
}

static enum rpc_status
read_flag(struct rpc_call *call, bool *out, uint32_t object, const char *key) {
    uint32_t token = member(call->json, object, key);
    if (token == 0) return RPC_OK;
    const char *problem = value_bool(out, call->json, token);
    return problem == NULL ? RPC_OK : argument_fail(call, 0, key, problem);
}

static enum rpc_status
read_calls(struct rpc_call *call, struct rpc_simulate_block *out, uint32_t token) {
    const struct json *json = call->json;
    size_t count = json->tokens[token].count;
    struct rpc_call_arguments *calls =
        arena_alloc_array(call->request.arena, count, sizeof(*calls));
    if (calls == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    uint32_t at = token + 1;
    for (size_t i = 0; i < count; i++, at = json->tokens[at].next) {
        enum rpc_status status = call_arguments_read(call, &calls[i], at, 0);
        if (status != RPC_OK) return status;
    }
    out->calls = calls;
    out->call_count = count;
    return RPC_OK;
}

static enum rpc_status
read_block(struct rpc_call *call, struct rpc_simulate_block *out, uint32_t token) {
    uint32_t overrides;
    uint32_t accounts;
    uint32_t calls;
    *out = (struct rpc_simulate_block){0};
    if (json_kind(call->json, token) != JSON_OBJECT)
        return argument_fail(call, 0, "blockStateCalls", "not an object");
    enum rpc_status status = find(call, &overrides, token, JSON_OBJECT, "blockOverrides");
    if (status == RPC_OK) status = find(call, &accounts, token, JSON_OBJECT, "stateOverrides");
    if (status == RPC_OK) status = find(call, &calls, token, JSON_ARRAY, "calls");
    if (status != RPC_OK) return status;
    if (overrides != 0) status = block_overrides_read(call, &out->overrides, overrides, 0);
    if (status == RPC_OK && accounts != 0)
        status = state_overrides_read(call, &out->accounts, &out->account_count, accounts, 0);
    if (status == RPC_OK && calls != 0) status = read_calls(call, out, calls);
    return status;
}

static enum rpc_status check_counts(struct rpc_call *call, const struct rpc_simulate *simulate) {
    size_t total = 0;
    for (size_t i = 0; i < simulate->block_count; i++) {
        size_t count = simulate->blocks[i].call_count;
        total += count;
        if (count > SIMULATE_BLOCK_CALLS_MAX)
            return rpc_fail(
                &call->request,
                RPC_SIMULATE_TOO_MUCH,
                "too many calls in block: %zu > %u",
                count,
                SIMULATE_BLOCK_CALLS_MAX
            );
        if (total > SIMULATE_CALLS_MAX)
            return rpc_fail(
                &call->request,
                RPC_SIMULATE_TOO_MUCH,
                "too many calls: %zu > %u",
                total,
                SIMULATE_CALLS_MAX
            );
    }
    return RPC_OK;
}

static enum rpc_status
read_blocks(struct rpc_call *call, struct rpc_simulate *out, uint32_t options) {
    const struct json *json = call->json;
    uint32_t list;
    enum rpc_status status = find(call, &list, options, JSON_ARRAY, "blockStateCalls");
    if (status != RPC_OK) return status;
    size_t count = list == 0 ? 0 : json->tokens[list].count;
    if (count == 0) return rpc_fail(&call->request, RPC_INVALID_PARAMS, "empty input");
    if (count > SIMULATE_BLOCKS_MAX)
        return rpc_fail(&call->request, RPC_SIMULATE_TOO_MUCH, "too many blocks");
    struct rpc_simulate_block *blocks =
        arena_alloc_array(call->request.arena, count, sizeof(*blocks));
    if (blocks == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    uint32_t at = list + 1;
    for (size_t i = 0; i < count && status == RPC_OK; i++, at = json->tokens[at].next)
        status = read_block(call, &blocks[i], at);
    out->blocks = blocks;
    out->block_count = count;
    return status == RPC_OK ? check_counts(call, out) : status;
}

static enum rpc_status
read_simulate(struct rpc_call *call, struct rpc_simulate *out, bool *wants_transactions) {
    uint32_t options = argument_token(call, 0);
    *out = (struct rpc_simulate){0};
    *wants_transactions = false;
    if (options == 0) return argument_missing(call, 0);
    if (json_kind(call->json, options) != JSON_OBJECT)
        return argument_fail(call, 0, NULL, "not an object");
    enum rpc_status status = argument_block_id(call, &out->block, 1);
    if (status == RPC_OK) status = read_flag(call, &out->has_transfers, options, "traceTransfers");
    if (status == RPC_OK) status = read_flag(call, &out->is_validated, options, "validation");
    if (status == RPC_OK)
        status = read_flag(call, wants_transactions, options, "returnFullTransactions");
    return status == RPC_OK ? read_blocks(call, out, options) : status;
}

/* --- writing ---------------------------------------------------------------------------------- */

static enum rpc_status write_error(struct rpc_call *call, const struct rpc_call_result *result) {
    struct json_writer *w = call->out;
    const char *message = result->halt_text;
    if (result->has_reverted) {
        message = revert_reason_message(call->request.arena, result->output, result->revert_text);
        if (message == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    }
    json_key(w, "error");
    json_object_begin(w);
    json_member_cstring(w, "message", message);
    json_key(w, "code");
    json_integer(w, result->has_reverted ? RPC_EXECUTION_REVERTED : RPC_SIMULATE_EXECUTION_ERROR);
    if (result->has_reverted) json_member_data(w, "data", result->output);
    json_object_end(w);
    return RPC_OK;
}

static enum rpc_status
write_call(struct rpc_call *call, const struct rpc_simulated_block *block, size_t index) {
    struct json_writer *w = call->out;
    const struct rpc_simulated_call *made = &block->calls[index];
    enum rpc_status status = RPC_OK;
    json_object_begin(w);
    json_member_data(
        w, "returnData", made->result.has_succeeded ? made->result.output : BYTES_EMPTY
    );
    json_key(w, "logs");
    json_array_begin(w);
    for (size_t i = 0; i < made->log_count; i++)
        view_log(w, &made->logs[i].log, &block->block, index, made->logs[i].index);
    json_array_end(w);
    json_member_quantity_u64(w, "gasUsed", made->result.gas_used);
    json_member_quantity_u64(w, "maxUsedGas", made->gas_max);
    json_member_quantity_u64(w, "status", made->result.has_succeeded);
    if (!made->result.has_succeeded) status = write_error(call, &made->result);
    json_object_end(w);
    return status;
}

static enum rpc_status write_block(
    struct rpc_call *call, const struct rpc_simulated_block *block, bool with_transactions
) {
    enum rpc_status status = RPC_OK;
    json_object_begin(call->out);
    view_block_members(call->out, &block->block, with_transactions);
    json_key(call->out, "calls");
    json_array_begin(call->out);
    for (size_t i = 0; i < block->block.transaction_count && status == RPC_OK; i++)
        status = write_call(call, block, i);
    json_array_end(call->out);
    json_object_end(call->out);
    return status;
}

enum rpc_status eth_simulateV1(struct rpc_call *call) {
    struct rpc_simulate simulate;
    bool wants_transactions;
    enum rpc_status status = read_simulate(call, &simulate, &wants_transactions);
    if (status != RPC_OK) return status;
    const struct rpc_simulated_block *blocks = NULL;
    size_t count = 0;
    bool is_found = false;
    status = call->chain->operations->simulate(
        call->chain, &call->request, &is_found, &blocks, &count, &simulate
    );
    if (status != RPC_OK) return status;
    if (!is_found) return rpc_fail(&call->request, RPC_SERVER_ERROR, "header not found");
    json_array_begin(call->out);
    for (size_t i = 0; i < count && status == RPC_OK; i++)
        status = write_block(call, &blocks[i], wants_transactions);
    json_array_end(call->out);
    return status;
}
