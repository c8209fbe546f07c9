/* Frames of the ledger: from the first operation to the last, or to the call that leaves. */
#include "rollup/ledger_private.h"

#include "core/check.h"
#include "rollup/evm_rollup.h"
#include "rollup/predeploys.h"

static void fail(struct ledger_frame *frame, enum evm_outcome outcome, bytes output) {
    frame->has_failed = true;
    frame->result = (struct evm_result){
        .outcome = outcome,
        .gas_left = outcome == EVM_REVERT ? frame->gas_left : 0,
        .output = output,
    };
}

static enum err fail_with(struct ledger_frame *frame, struct arena *arena, const char *signature) {
    bytes data;
    enum err err = ledger_error(&data, arena, signature);
    if (err == ERR_OK) fail(frame, EVM_REVERT, data);
    return err;
}

/* False: out of gas, and the frame has failed. */
static bool charge(struct ledger_frame *frame, uint64_t gas) {
    if (frame->gas_left < gas) {
        fail(frame, EVM_OUT_OF_GAS, BYTES_EMPTY);
        return false;
    }
    frame->gas_left -= gas;
    return true;
}

/* --- entering --------------------------------------------------------------------------------- */

static void tell_enter(
    const struct rollup *rollup, const struct ledger_frame *frame, const u256 *value, bytes data
) {
    const struct evm_tracer *tracer = rollup->tracer;
    if (tracer == NULL || tracer->on_enter == NULL) return;
    const struct evm_message message = {
        .kind = frame->is_static ? EVM_STATICCALL : EVM_CALL,
        .is_static = frame->is_static,
        .depth = frame->depth,
        .gas = frame->gas,
        .recipient = frame->target,
        .sender = frame->account,
        .code_address = frame->target,
        .input = data,
        .value = *value,
    };
    tracer->on_enter(tracer->context, &message);
}

static void tell_exit(const struct rollup *rollup, const struct evm_result *result) {
    const struct evm_tracer *tracer = rollup->tracer;
    if (tracer != NULL && tracer->on_exit != NULL) tracer->on_exit(tracer->context, result);
}

/* What a REVERT_CONTINUE has fail at once (protocol.md section 4). */
static enum err
repeat_failure(struct rollup *rollup, struct ledger_run *run, struct ledger_frame *frame) {
    for (struct rollup_replay *r = rollup->now.replays; r != NULL; r = r->next) {
        if (r->revert->tx != run->block.tx_number || r->revert->frame != frame->number) continue;
        frame->has_failed = true;
        frame->result = r->revert->result;
        if (frame->result.gas_left > frame->gas) frame->result.gas_left = frame->gas;
        r->has_failed = true;
        r->line = rollup->now.line;
        const struct evm_tracer *tracer = rollup->tracer;
        const struct evm_frame_failure failure = {
            .outcome = frame->result.outcome, .ends_replay = r->is_newest};
        if (tracer != NULL && tracer->on_replayed != NULL)
            tracer->on_replayed(tracer->context, &failure);
        return block_run_mark_parent_call(rollup, &run->block, frame->number);
    }
    return ERR_OK;
}

static enum err read_operations(
    struct rollup *rollup, struct ledger_frame *frame, const struct ledger_entering *entering
) {
    struct arena *arena = rollup->arena;
    bool is_malformed;
    bytes data;
    enum err err;
    if (address_equal(&entering->target, &LEDGER_ADDRESS)) {
        if (!u256_is_zero(&entering->value)) return fail_with(frame, arena, "NoValueHere()");
        err = ledger_read_operations(frame, &is_malformed, arena, entering->data);
        return err == ERR_OK && is_malformed ? fail_with(frame, arena, "MalformedArguments()")
                                             : err;
    }
    frame->is_native = !entering->is_in_call && entering->data.size == 0;
    if (frame->is_native) return ERR_OK;
    err = ledger_error_of(&data, arena, "NothingThere(address)", &entering->target);
    if (err == ERR_OK) fail(frame, EVM_REVERT, data);
    return err;
}

enum err ledger_enter(
    struct rollup *rollup, struct ledger_run *run, const struct ledger_entering *entering
) {
    struct ledger_frame *frame = arena_alloc(rollup->arena, sizeof(*frame));
    if (frame == NULL) return ERR_MEMORY;
    /* When a call that comes back fails, or was static, the count of frames is what it was: those
     * that come then must not have the numbers of those that it has entered
     * (docs/decisions/011). */
    const uint64_t first = (uint64_t)rollup->now.line << 32;
    if (run->frame != NULL && run->frame_count < first) run->frame_count = first;
    *frame = (struct ledger_frame){
        .outer = run->frame,
        .number = run->frame_count++,
        .depth = run->frame == NULL ? 0 : run->frame->depth + 1,
        .is_in_call = entering->is_in_call,
        .answers_parent = entering->answers_parent,
        .is_static = entering->is_static,
        .account = entering->account,
        .speaks_as = entering->is_own ? entering->account : LEDGER_ADDRESS,
        .target = entering->target,
        .gas = entering->gas,
        .gas_left = entering->gas,
    };
    run->frame = frame;
    tell_enter(rollup, frame, &entering->value, entering->data);
    enum err err = repeat_failure(rollup, run, frame);
    if (err == ERR_OK && !frame->has_failed) err = read_operations(rollup, frame, entering);
    if (err == ERR_OK && frame->is_list && !frame->has_failed)
        (void)charge(frame, LEDGER_OPERATION_GAS);
    return err;
}

/* --- running ---------------------------------------------------------------------------------- */

static enum err add_output(struct rollup *rollup, struct ledger_frame *frame, bytes data) {
    struct ledger_output *output = arena_alloc(rollup->arena, sizeof(*output));
    if (output == NULL) return ERR_MEMORY;
    *output = (struct ledger_output){frame->outputs, data};
    frame->outputs = output;
    frame->next++;
    return ERR_OK;
}

/* How a trace knows the call of another chain: as an XCALL. */
static void tell_call(
    const struct rollup *rollup, const struct ledger_frame *frame, const struct action *call
) {
    const struct evm_tracer *tracer = rollup->tracer;
    if (tracer == NULL || tracer->on_enter == NULL) return;
    const struct evm_message message = {
        .kind = call->is_static ? EVM_STATICCALL : EVM_CALL,
        .is_static = call->is_static,
        .depth = frame->depth + 1,
        .gas = call->gas,
        .recipient = XCALL_ADDRESS,
        .sender = LEDGER_ADDRESS,
        .code_address = XCALL_ADDRESS,
        .input = call->data,
    };
    tracer->on_enter(tracer->context, &message);
}

static enum err suspend(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    const struct ledger_result *result
) {
    struct ledger_run *run = ledger_run_of(machine);
    struct ledger_frame *frame = run->frame;
    if (!block_run_is_slot_block(&run->block)) {
        step->verdict = STEP_XCALL_OUTSIDE_SLOT_BLOCK;
        return ERR_OK;
    }
    struct out_call *out = arena_alloc(rollup->arena, sizeof(*out));
    if (out == NULL) return ERR_MEMORY;
    *out = (struct out_call){
        .outer = run->block.out_call,
        .action = result->call,
        .gas_available = frame->gas_left,
        .in_call = run->block.in_call,
        .frame = frame->number,
    };
    const uint64_t gas_max = run->block.max_call_gas;
    out->action.gas = frame->gas_left < gas_max ? frame->gas_left : gas_max;
    run->block.out_call = out;
    frame->waits_as_try = result->is_try;
    if (out->action.rollup_id != 0) {
        enum err err = block_run_mark_rollup_call(rollup, &run->block, frame->number);
        if (err != ERR_OK) return err;
    }
    machine->open_call = out->action;
    step->next = machine;
    step->out = out->action;
    tell_call(rollup, frame, &out->action);
    return ERR_OK;
}

/* A forced transaction calls no other chain: as if the call had failed there. */
static enum err refuse_call(struct rollup *rollup, struct ledger_frame *frame, bool is_try) {
    struct action answer = {.kind = ACTION_RESULT, .failed = true};
    bytes data;
    enum err err = ledger_error(&answer.data, rollup->arena, XCALL_FORCED_ERROR);
    if (err == ERR_OK && !is_try) fail(frame, EVM_REVERT, answer.data);
    if (err != ERR_OK || !is_try) return err;
    err = ledger_encode_answer(&data, rollup->arena, true, &answer);
    return err == ERR_OK ? add_output(rollup, frame, data) : err;
}

/* One operation. *is_over: a call leaves, or there is a verdict. */
static enum err run_operation(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
) {
    struct ledger_run *run = ledger_run_of(machine);
    struct ledger_frame *frame = run->frame;
    struct ledger_result result;
    if (!charge(frame, LEDGER_OPERATION_GAS)) return ERR_OK;
    enum err err = ledger_perform(rollup, run, frame, &result, frame->operations[frame->next]);
    if (err != ERR_OK) return err;
    switch (result.status) {
    case LEDGER_DONE:
        return add_output(rollup, frame, result.output);
    case LEDGER_FAILS:
        fail(frame, EVM_REVERT, result.output);
        return ERR_OK;
    case LEDGER_CALLS:
        break;
    }
    if (!charge(frame, XCALL_GAS + XCALL_GAS_PER_BYTE * result.call.data.size)) return ERR_OK;
    if (block_run_is_forced(&run->block)) return refuse_call(rollup, frame, result.is_try);
    *is_over = true;
    return suspend(rollup, machine, step, &result);
}

/* The value of a transaction. */
static enum err move_value(struct rollup *rollup, struct ledger_run *run) {
    struct ledger_frame *frame = run->frame;
    struct ledger_result result = {.status = LEDGER_DONE};
    const struct tx *tx = run->is_scratch ? rollup->scratch->tx : &run->block.tx;
    enum err err = ledger_move(rollup, run, &result, &frame->account, &frame->target, &tx->value);
    if (err == ERR_OK && result.status != LEDGER_DONE) fail(frame, EVM_REVERT, result.output);
    return err;
}

static enum err succeed(struct rollup *rollup, struct ledger_frame *frame) {
    bytes output = BYTES_EMPTY;
    enum err err = ERR_OK;
    if (frame->is_list)
        err = ledger_encode_outputs(&output, rollup->arena, frame->outputs);
    else if (frame->outputs != NULL)
        output = frame->outputs->data;
    frame->result =
        (struct evm_result){.outcome = EVM_SUCCESS, .gas_left = frame->gas_left, .output = output};
    return err;
}

enum err ledger_run_frame(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
) {
    struct ledger_run *run = ledger_run_of(machine);
    struct ledger_frame *frame = run->frame;
    while (!frame->has_failed && frame->next < frame->operation_count) {
        enum err err = run_operation(rollup, machine, step, is_over);
        if (err != ERR_OK || *is_over) return err;
    }
    enum err err = ERR_OK;
    if (!frame->has_failed && frame->is_native) err = move_value(rollup, run);
    if (err == ERR_OK && !frame->has_failed) err = succeed(rollup, frame);
    /* A call that failed has left nothing, and the failed RESULT of a call from the parent undoes
     * everything by itself. */
    if (err == ERR_OK && frame->has_failed && frame->may_undo && !frame->answers_parent) {
        frame->may_undo = false;
        err = block_run_revert_frame(rollup, machine, step, is_over, frame->number, &frame->result);
    }
    if (err == ERR_OK && !*is_over) tell_exit(rollup, &frame->result);
    return err;
}

enum err ledger_take_answer(
    struct rollup *rollup,
    struct ledger_run *run,
    const struct out_call *call,
    const struct action *in
) {
    struct ledger_frame *frame = run->frame;
    const uint64_t cost = in->gas + XCALL_GAS_PER_BYTE * in->data.size;
    const struct evm_result told = {
        .outcome = in->failed ? EVM_REVERT : EVM_SUCCESS, .gas_left = 0, .output = in->data};
    tell_exit(rollup, &told);
    if (!in->failed && !call->action.is_static) frame->may_undo = true;
    frame->gas_left = call->gas_available;
    if (in->gas > frame->gas_left || !charge(frame, cost)) {
        fail(frame, EVM_OUT_OF_GAS, BYTES_EMPTY);
        return ERR_OK;
    }
    bytes data;
    if (in->failed && !frame->waits_as_try) {
        enum err err = arena_copy(rollup->arena, &data, in->data);
        if (err == ERR_OK) fail(frame, EVM_REVERT, data);
        return err;
    }
    enum err err = ledger_encode_answer(&data, rollup->arena, frame->waits_as_try, in);
    return err == ERR_OK ? add_output(rollup, frame, data) : err;
}
