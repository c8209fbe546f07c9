/* debug_trace…: a transaction, a block or a call run once more under a tracer. */
#include "rpc/debug.h"

#include "rpc/call_arguments.h"
#include "rpc/methods.h"

/* The tracer and its options, in the argument at this position; the struct logger if left out. */
static enum rpc_status
read_options(struct rpc_call *call, struct tracer_options *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    const char *problem;
    bool is_tracer;
    *out = (struct tracer_options){.kind = TRACER_STRUCT};
    if (token == 0) return RPC_OK;
    if (json_kind(call->json, token) != JSON_OBJECT)
        return argument_fail(call, index, NULL, "not an object");
    enum err err =
        tracer_options_read(out, &problem, &is_tracer, call->request.arena, call->json, token);
    if (err == ERR_OK) return RPC_OK;
    if (err != ERR_INPUT) return rpc_fail_err(&call->request, err);
    if (is_tracer) return rpc_fail(&call->request, RPC_SERVER_ERROR, "%s", problem);
    return argument_fail(call, index, NULL, problem);
}

static enum rpc_status run(struct rpc_call *call, const struct rpc_trace *trace) {
    return call->chain->operations->debug_trace(call->chain, &call->request, call->out, trace);
}

enum rpc_status debug_traceTransaction(struct rpc_call *call) {
    struct tracer_options options;
    struct rpc_trace trace = {.kind = RPC_TRACE_TRANSACTION, .options = &options};
    enum rpc_status status = argument_hash(call, &trace.hash, 0);
    if (status == RPC_OK) status = read_options(call, &options, 1);
    return status == RPC_OK ? run(call, &trace) : status;
}

enum rpc_status debug_traceBlockByNumber(struct rpc_call *call) {
    struct tracer_options options;
    struct rpc_trace trace = {.kind = RPC_TRACE_BLOCK, .options = &options};
    enum rpc_status status = argument_block_number(call, &trace.block, 0);
    if (status == RPC_OK) status = read_options(call, &options, 1);
    return status == RPC_OK ? run(call, &trace) : status;
}

enum rpc_status debug_traceBlockByHash(struct rpc_call *call) {
    struct tracer_options options;
    struct rpc_trace trace = {
        .kind = RPC_TRACE_BLOCK, .options = &options, .block = {.kind = RPC_BLOCK_HASH}};
    enum rpc_status status = argument_hash(call, &trace.block.hash, 0);
    if (status == RPC_OK) status = read_options(call, &options, 1);
    return status == RPC_OK ? run(call, &trace) : status;
}

enum rpc_status debug_traceBlock(struct rpc_call *call) {
    struct tracer_options options;
    struct rpc_trace trace = {.kind = RPC_TRACE_RAW_BLOCK, .options = &options};
    enum rpc_status status = argument_data(call, &trace.encoded, 0);
    if (status == RPC_OK) status = read_options(call, &options, 1);
    return status == RPC_OK ? run(call, &trace) : status;
}

/* A member of the options, or 0. */
static uint32_t member(const struct rpc_call *call, uint32_t index, const char *key) {
    uint32_t object = argument_token(call, index);
    uint32_t token = object == 0 ? 0 : json_member(call->json, object, key);
    return token != 0 && json_kind(call->json, token) == JSON_NULL ? 0 : token;
}

enum rpc_status debug_traceCall(struct rpc_call *call) {
    struct tracer_options options;
    struct rpc_simulation simulation = {0};
    struct rpc_trace trace = {
        .kind = RPC_TRACE_CALL, .options = &options, .simulation = &simulation};
    enum rpc_status status = argument_call(call, &simulation.arguments, 0);
    if (status == RPC_OK) status = argument_block_id(call, &simulation.block, 1);
    if (status == RPC_OK) status = read_options(call, &options, 2);
    if (status != RPC_OK) return status;
    if (simulation.block.kind == RPC_BLOCK_PENDING)
        return rpc_fail(
            &call->request, RPC_SERVER_ERROR, "tracing on top of pending is not supported"
        );
    uint32_t tx_index = member(call, 2, "txIndex");
    trace.has_tx_index = tx_index != 0;
    if (tx_index != 0) {
        const char *problem = value_quantity_u64(&trace.tx_index, call->json, tx_index);
        if (problem != NULL) return argument_fail(call, 2, "txIndex", problem);
    }
    status = call_state_overrides(call, &simulation, 2, member(call, 2, "stateOverrides"));
    if (status == RPC_OK)
        status = call_block_overrides(call, &simulation, 2, member(call, 2, "blockOverrides"));
    return status == RPC_OK ? run(call, &trace) : status;
}
