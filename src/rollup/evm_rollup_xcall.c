/* The XCALL precompile of the EVM rollup: how a call leaves for another chain (protocol.md section
 * 6). */
#include "rollup/evm_rollup_private.h"

#include "rollup/predeploys.h"

enum err
evm_rollup_move_xcall_value(struct evm_run *run, const struct action *call, bool goes_out) {
    if (u256_is_zero(&call->value_wei)) return ERR_OK;
    struct journal_account *hub;
    enum err err = block_run_load_account(&run->block, &hub, &L2HUB_PREDEPLOY);
    if (err != ERR_OK) return err;
    return goes_out ? journal_sub_balance(&run->block.journal, hub, &call->value_wei)
                    : journal_add_balance(&run->block.journal, hub, &call->value_wei);
}

enum err evm_rollup_handle_xcall(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    bool *is_suspended
) {
    struct evm_run *run = evm_run_of(machine);
    const struct evm_message *call = &run->execution.evm.request.call;
    struct arena *arena = rollup->arena;
    *is_suspended = false;
    struct action action = {
        .kind = ACTION_CALL,
        .source_rollup_id = rollup->rollup_id,
        .value_wei = call->value,
        .is_static = call->is_static,
    };
    uint64_t cost = XCALL_GAS + XCALL_GAS_PER_BYTE * call->input.size;
    bool is_call = call->kind == EVM_CALL || call->kind == EVM_STATICCALL;
    if (rollup->has_own_token && !u256_is_zero(&call->value)) is_call = false;
    enum err err = abi_read_u64(&action.rollup_id, call->input, 0);
    if (err == ERR_OK) err = abi_read_address(&action.target, call->input, 1);
    if (err == ERR_OK) err = abi_read_address(&action.source, call->input, 2);
    if (!is_call || err != ERR_OK || !address_equal(&call->sender, &L2HUB_PREDEPLOY) ||
        action.rollup_id == rollup->rollup_id || call->gas < cost)
        return evm_give_call(&run->execution.evm, false, 0, BYTES_EMPTY);
    if (block_run_is_forced(&run->block)) {
        bytes reason;
        struct abi_writer w;
        abi_writer_open(&w, arena);
        abi_write_selector(&w, XCALL_FORCED_ERROR);
        err = abi_finish(&w, &reason);
        return err == ERR_OK ? evm_give_call(&run->execution.evm, false, call->gas - cost, reason)
                             : err;
    }
    if (!block_run_is_slot_block(&run->block)) {
        step->verdict = STEP_XCALL_OUTSIDE_SLOT_BLOCK;
        return ERR_OK;
    }
    struct out_call *out = arena_alloc(arena, sizeof(*out));
    if (out == NULL) return ERR_MEMORY;
    bytes data = bytes_slice(call->input, 3 * ABI_WORD, SIZE_MAX);
    err = arena_copy(arena, &action.data, data);
    if (err != ERR_OK) return err;
    uint64_t available = call->gas - cost;
    action.gas = available < run->block.max_call_gas ? available : run->block.max_call_gas;
    err = evm_rollup_move_xcall_value(run, &action, true);
    if (err != ERR_OK) return err;
    const uint64_t frame = run->execution.evm.request.frame.sequence;
    *out = (struct out_call){run->block.out_call, action, available, run->block.in_call, frame};
    run->block.out_call = out;
    if (action.rollup_id != 0) {
        err = block_run_mark_rollup_call(rollup, &run->block, frame);
        if (err != ERR_OK) return err;
    }
    machine->open_call = action;
    step->next = machine;
    step->out = action;
    *is_suspended = true;
    return ERR_OK;
}
