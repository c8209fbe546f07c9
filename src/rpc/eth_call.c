/* eth_call, eth_estimateGas, eth_createAccessList: runs that change nothing. */
#include "rpc/call_arguments.h"
#include "rpc/methods.h"
#include "rpc/revert_reason.h"
#include "rpc/view.h"

static enum rpc_status fail_result(struct rpc_call *call, const struct rpc_call_result *result) {
    if (!result->has_reverted)
        return rpc_fail(&call->request, RPC_SERVER_ERROR, "%s", result->halt_text);
    const char *message =
        revert_reason_message(call->request.arena, result->output, result->revert_text);
    if (message == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    return rpc_fail_data(&call->request, RPC_EXECUTION_REVERTED, result->output, "%s", message);
}

/* --- the methods ------------------------------------------------------------------------------ */

/* transaction, block, state overrides, block overrides. */
static enum rpc_status read_simulation(struct rpc_call *call, struct rpc_simulation *out) {
    *out = (struct rpc_simulation){0};
    enum rpc_status status = argument_call(call, &out->arguments, 0);
    if (status == RPC_OK) status = argument_block_id(call, &out->block, 1);
    if (status == RPC_OK) status = argument_state_overrides(call, out, 2);
    if (status == RPC_OK) status = argument_block_overrides(call, out, 3);
    return status;
}

static enum rpc_status no_such_block(struct rpc_call *call) {
    return rpc_fail(&call->request, RPC_SERVER_ERROR, "header not found");
}

enum rpc_status eth_call(struct rpc_call *call) {
    struct rpc_simulation simulation;
    struct rpc_call_result result = {0};
    bool is_found = false;
    enum rpc_status status = read_simulation(call, &simulation);
    if (status == RPC_OK)
        status = call->chain->operations->call(
            call->chain, &call->request, &is_found, &result, &simulation
        );
    if (status != RPC_OK) return status;
    if (!is_found) return no_such_block(call);
    if (!result.has_succeeded) return fail_result(call, &result);
    json_data(call->out, result.output);
    return RPC_OK;
}

enum rpc_status eth_estimateGas(struct rpc_call *call) {
    struct rpc_simulation simulation;
    struct rpc_call_result result = {0};
    uint64_t gas = 0;
    bool is_found = false;
    enum rpc_status status = read_simulation(call, &simulation);
    if (status == RPC_OK)
        status = call->chain->operations->estimate_gas(
            call->chain, &call->request, &is_found, &result, &gas, &simulation
        );
    if (status != RPC_OK) return status;
    if (!is_found) return no_such_block(call);
    if (!result.has_succeeded) return fail_result(call, &result);
    json_quantity_u64(call->out, gas);
    return RPC_OK;
}

enum rpc_status eth_createAccessList(struct rpc_call *call) {
    struct rpc_simulation simulation;
    struct rpc_call_result result = {0};
    bool is_found = false;
    enum rpc_status status = read_simulation(call, &simulation);
    if (status == RPC_OK)
        status = call->chain->operations->create_access_list(
            call->chain, &call->request, &is_found, &result, &simulation
        );
    if (status != RPC_OK) return status;
    if (!is_found) return no_such_block(call);
    json_object_begin(call->out);
    json_key(call->out, "accessList");
    view_access_list(call->out, result.access_list, result.access_list_count);
    if (!result.has_succeeded)
        json_member_cstring(
            call->out, "error", result.has_reverted ? "execution reverted" : result.halt_text
        );
    json_member_quantity_u64(call->out, "gasUsed", result.gas_used);
    json_object_end(call->out);
    return RPC_OK;
}
