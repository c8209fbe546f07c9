/* eth_call, eth_estimateGas, eth_createAccessList: runs that change nothing. */
#include "rpc/call_arguments.h"
#include "rpc/methods.h"
#include "rpc/revert_reason.h"
#include "rpc/view.h"

#include <stdio.h>

/* --- why a call reverted ---------------------------------------------------------------------- */

static enum rpc_status fail_reverted(struct rpc_call *call, const struct rpc_call_result *result) {
    bytes output = result->output;
    bytes text;
    u256 code;
    if (revert_reason_error(&text, output))
        return rpc_fail_data(
            &call->request,
            RPC_EXECUTION_REVERTED,
            output,
            "execution reverted: %.*s",
            text.size > 512 ? 512 : (int)text.size,
            (const char *)text.data
        );
    if (result->revert_text != NULL)
        return rpc_fail_data(
            &call->request,
            RPC_EXECUTION_REVERTED,
            output,
            "execution reverted: %s",
            result->revert_text
        );
    if (!revert_reason_panic(&code, output))
        return rpc_fail_data(&call->request, RPC_EXECUTION_REVERTED, output, "execution reverted");
    const char *known = revert_reason_panic_text(&code);
    if (known != NULL)
        return rpc_fail_data(
            &call->request, RPC_EXECUTION_REVERTED, output, "execution reverted: %s", known
        );
    char digits[U256_DECIMAL_SIZE_MAX];
    (void)u256_to_decimal(digits, &code);
    return rpc_fail_data(
        &call->request,
        RPC_EXECUTION_REVERTED,
        output,
        "execution reverted: unknown panic code %s",
        digits
    );
}

static enum rpc_status fail_result(struct rpc_call *call, const struct rpc_call_result *result) {
    if (result->has_reverted) return fail_reverted(call, result);
    return rpc_fail(&call->request, RPC_SERVER_ERROR, "%s", result->halt_text);
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
