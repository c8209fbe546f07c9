/* eth_call, eth_estimateGas, eth_createAccessList: runs that change nothing. */
#include "rpc/call_arguments.h"
#include "rpc/methods.h"
#include "rpc/view.h"

#include <stdio.h>

/* --- why a call reverted ---------------------------------------------------------------------- */

/* Solidity's Panic(uint256) codes, in geth's words. */
static const char *panic_text(uint64_t code) {
    switch (code) {
    case 0x00:
        return "generic panic";
    case 0x01:
        return "assert(false)";
    case 0x11:
        return "arithmetic underflow or overflow";
    case 0x12:
        return "division or modulo by zero";
    case 0x21:
        return "enum overflow";
    case 0x22:
        return "invalid encoded storage byte array accessed";
    case 0x31:
        return "out-of-bounds array access; popping on an empty array";
    case 0x32:
        return "out-of-bounds access of an array or bytesN";
    case 0x41:
        return "out of memory";
    case 0x51:
        return "uninitialized function";
    default:
        return NULL;
    }
}

/* The text in abi.encodeWithSignature("Error(string)", text); false if it is something else. */
static bool error_text(bytes *text, bytes output) {
    static const uint8_t selector[4] = {0x08, 0xc3, 0x79, 0xa0};
    if (output.size < 4 + 64 || memcmp(output.data, selector, 4) != 0) return false;
    u256 offset = u256_load_be(output.data + 4);
    if (!u256_fits_u64(&offset) || offset.w[0] > output.size - 4 - 32) return false;
    size_t start = 4 + (size_t)offset.w[0];
    u256 size = u256_load_be(output.data + start);
    if (!u256_fits_u64(&size) || size.w[0] > output.size - start - 32) return false;
    *text = bytes_of(output.data + start + 32, (size_t)size.w[0]);
    return true;
}

static bool panic_code(u256 *code, bytes output) {
    static const uint8_t selector[4] = {0x4e, 0x48, 0x7b, 0x71};
    if (output.size != 4 + 32 || memcmp(output.data, selector, 4) != 0) return false;
    *code = u256_load_be(output.data + 4);
    return true;
}

static enum rpc_status fail_reverted(struct rpc_call *call, const struct rpc_call_result *result) {
    bytes output = result->output;
    bytes text;
    u256 code;
    if (error_text(&text, output))
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
    if (!panic_code(&code, output))
        return rpc_fail_data(&call->request, RPC_EXECUTION_REVERTED, output, "execution reverted");
    const char *known = u256_fits_u64(&code) ? panic_text(code.w[0]) : NULL;
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
