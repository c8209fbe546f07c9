/* The EVM rollup's step: L2TX, calls from other chains, and their answers. */
#include "rollup/evm_rollup_private.h"

#include "core/check.h"
#include "crypto/keccak.h"
#include "rollup/precompile.h"
#include "rollup/predeploys.h"
#include "rollup/proxy.h"

static enum err
run_machine(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step);

static enum err open_evm(struct rollup *base, const struct rollup_options *options) {
    struct evm_rollup *rollup = (struct evm_rollup *)base;
    forks_development(&rollup->schedule, options->chain_id, FORK_OSAKA);
    rollup->schedule.names_senders = options->names_senders;
    rollup->schedule.has_conditional = true;
    /* Its own: what a witness needs has passed through the overlay once. */
    rollup->codes = options->codes != NULL ? options->codes : evm_code_cache_open(options->arena);
    return rollup->codes == NULL ? ERR_MEMORY : ERR_OK;
}

static enum err
copy_run(struct rollup *rollup, struct rollup_machine *machine, const struct block_run *block) {
    const struct evm_run *was = (const struct evm_run *)block;
    struct evm_run *run = evm_run_of(machine);
    struct journal *journal = &run->block.journal;
    enum err err = execution_copy(&run->execution, rollup->arena, &was->execution, journal);
    if (err != ERR_OK) return err;
    run->context.hashes.context = &run->block.state;
    run->execution.state = &run->block.state;
    run->execution.block = &run->context;
    if (run->execution.tx == &was->block.tx) run->execution.tx = &run->block.tx;
    return ERR_OK;
}

/* --- what comes in ---------------------------------------------------------------------------- */

/* The contracts whose calls come out of the machine. */
static void set_foreign(const struct rollup *rollup, struct execution_options *options) {
    const struct rollup_host *host = rollup->host;
    options->foreign = host == NULL ? ROLLUP_FOREIGN : host->contracts;
    options->foreign_count = host == NULL ? ROLLUP_FOREIGN_COUNT : host->contract_count;
    options->warm = ROLLUP_WARM;
    options->warm_count = ROLLUP_WARM_COUNT;
}

/* A call while the rollup is idle is a transaction of its own, of type 0x7e. */
static enum err begin_call_transaction(
    struct rollup *rollup, struct rollup_machine *machine, const struct action *in, bytes data
) {
    struct evm_run *run = evm_run_of(machine);
    u256 no_mint = U256_ZERO;
    address source;
    enum err err =
        evm_run_prepare_source(rollup, run, &source, in->source_rollup_id, &in->source, &no_mint);
    if (err == ERR_OK) err = block_run_make_call_tx(rollup, machine, in, &source, data);
    if (err != ERR_OK) return err;
    struct execution_message message = {
        .caller = source,
        .origin = source,
        .is_static = in->is_static,
        .target = in->target,
        .value = in->value_wei,
        .mint = in->value_wei,
        .gas = in->gas,
        .input = data,
    };
    struct execution_options options = {.tracer = rollup->tracer, .watch = rollup->watch};
    set_foreign(rollup, &options);
    err = evm_run_enter_transaction(rollup, run, &options);
    if (err != ERR_OK) return err;
    evm_run_tell(rollup, run, ROLLUP_TX_BEGINS);
    execution_begin_message(&run->execution, &message, &options);
    run->is_executing = true;
    return ERR_OK;
}

/* A call while a transaction waits is an inner frame of that transaction. */
static enum err begin_inner_call(
    struct rollup *rollup, struct rollup_machine *machine, const struct action *in, bytes data
) {
    struct evm_run *run = evm_run_of(machine);
    struct evm_message pending;
    CHECK(evm_pending_call(&run->execution.evm, &pending));
    address source;
    enum err err = evm_run_prepare_source(
        rollup, run, &source, in->source_rollup_id, &in->source, &in->value_wei
    );
    if (err != ERR_OK) return err;
    struct evm_message message = {
        .kind = in->is_static ? EVM_STATICCALL : EVM_CALL,
        .is_static = in->is_static,
        .depth = pending.depth + 1,
        .gas = in->gas,
        .recipient = in->target,
        .sender = source,
        .code_address = in->target,
        .input = data,
        .value = in->value_wei,
    };
    /* When this call fails, or was static, the count of frames is what it was: those that come then
     * must not have the numbers of those that it has entered (docs/decisions/011). */
    struct evm *evm = &run->execution.evm;
    const uint64_t first = (uint64_t)rollup->now.line << 32;
    if (evm->frame_count < first) evm->frame_count = first;
    evm_call_inside(evm, &message);
    return ERR_OK;
}

/* The L2Hub obeys its own proxies only (protocol.md section 6), and nobody calls in its name or the
 * system's: neither ever calls another chain for itself, so neither can be where a call that comes
 * back began. */
static bool is_of_the_system(const struct rollup *rollup, const struct action *in) {
    if (address_equal(&in->target, &L2HUB_PREDEPLOY)) return true;
    return in->source_rollup_id == rollup->rollup_id &&
           (address_equal(&in->source, &L2HUB_PREDEPLOY) ||
            address_equal(&in->source, &SYSTEM_ADDRESS));
}

/* A call that comes in while this rollup waits is an inner frame, and there are only so many. What
 * other chains have open is theirs to count: a head has to follow from what was said alone. */
static bool is_too_deep(const struct rollup_machine *at) {
    struct evm_message pending;
    if (at->is_idle) return false;
    CHECK(evm_pending_call(&evm_run_of(at)->execution.evm, &pending));
    return pending.depth >= EVM_DEPTH_MAX;
}

static enum err deliver_call(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *at,
    const struct action *in,
    uint64_t from
) {
    /* Under a static call nothing but static calls come in. */
    bool is_write_protected = !at->is_idle && at->open_call.is_static && !in->is_static;
    if (is_write_protected || is_of_the_system(rollup, in) || is_too_deep(at)) {
        return block_run_refuse_call(rollup, step, at, in, from, BYTES_EMPTY);
    }
    if (rollup->has_own_token && !u256_is_zero(&in->value_wei)) {
        step->verdict = STEP_NATIVE_TOKEN;
        return ERR_OK;
    }
    if (u256_bit_size(&in->value_wei) > CALL_VALUE_BITS_MAX) {
        step->verdict = STEP_TOO_MUCH_ETHER;
        return ERR_OK;
    }
    if (open_block_gas_left(&at->open) < in->gas) {
        step->verdict = STEP_BLOCK_GAS;
        return ERR_OK;
    }
    bytes data;
    enum err err = arena_copy(rollup->arena, &data, in->data);
    if (err != ERR_OK) return err;
    struct rollup_machine *machine;
    bool was_idle = at->is_idle;
    if (was_idle) {
        err = block_run_leave_idle(rollup, &machine, at);
    } else {
        at->is_frozen = true;
        machine = at;
        err = block_run_thaw(rollup, &machine);
        if (err == ERR_OK) err = evm_run_enter_entry(rollup, evm_run_of(machine));
    }
    if (err == ERR_OK) err = block_run_push_in_call(rollup, machine, at, in, from);
    if (err == ERR_OK)
        err = was_idle ? begin_call_transaction(rollup, machine, in, data)
                       : begin_inner_call(rollup, machine, in, data);
    return err == ERR_OK ? run_machine(rollup, machine, step) : err;
}

static enum err deliver_result(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *at,
    const struct action *in
) {
    const struct out_call *call = at->run->out_call;
    uint64_t cost = in->gas + XCALL_GAS_PER_BYTE * in->data.size;
    /* An XCALL that runs out of gas after the other chain has acted fails, and so does the L2Hub's
     * frame around it, which undoes what it did. */
    bool can_pay = in->gas <= call->gas_available && cost <= call->gas_available;
    struct rollup_machine *machine = at;
    enum err err = block_run_thaw(rollup, &machine);
    if (err == ERR_OK) err = evm_run_enter_entry(rollup, evm_run_of(machine));
    if (err != ERR_OK) return err;
    struct evm_run *run = evm_run_of(machine);
    if (in->failed) err = evm_rollup_move_xcall_value(run, &call->action, false);
    if (err != ERR_OK) return err;
    run->block.out_call = call->outer;
    run->last_result_failed = in->failed;
    machine->open_call = (struct action){0};
    err = evm_give_call(
        &run->execution.evm,
        !in->failed && can_pay,
        can_pay ? call->gas_available - cost : 0,
        can_pay ? in->data : BYTES_EMPTY
    );
    return err == ERR_OK ? run_machine(rollup, machine, step) : err;
}

/* --- what goes out ---------------------------------------------------------------------------- */

/* Ends the innermost call that came in. */
static enum err
answer_call(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step) {
    const struct evm_result *result = &evm_run_of(machine)->execution.evm.result;
    bool failed = result->outcome != EVM_SUCCESS;
    return block_run_answer_call(rollup, machine, step, failed, result->gas_left, result->output);
}

static bool is_scratch(const struct rollup *rollup, const struct evm_run *run) {
    return rollup->scratch != NULL && run->execution.tx == rollup->scratch->tx;
}

/* The outermost message of a transaction has ended. */
static enum err finish_transaction(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step
) {
    struct evm_run *run = evm_run_of(machine);
    const struct execution_result *result = &run->execution.result;
    run->is_executing = false;
    if (is_scratch(rollup, run)) {
        *rollup->scratch->result = *result;
        *rollup->scratch->verdict = TX_OK;
        run->block.scratch_done = true;
        return ERR_OK;
    }
    if (run->block.in_call == NULL) {
        run->block.tx_index++;
        evm_run_tell(rollup, run, ROLLUP_TX_ENDED);
        return block_run_gather(
            rollup, machine, result->is_success, result->gas_used, result->logs, result->log_count
        );
    }
    enum err err = answer_call(rollup, machine, step);
    if (err != ERR_OK || step->next != machine) return err;
    evm_run_tell(rollup, run, ROLLUP_TX_ENDED);
    err = block_run_gather(rollup, machine, true, step->out.gas, result->logs, result->log_count);
    return err == ERR_OK ? block_run_close(rollup, machine) : err;
}

static enum err begin_tx(
    struct rollup *rollup,
    struct rollup_machine *machine,
    const struct tx *tx,
    const address *sender,
    struct execution_options options
) {
    struct evm_run *run = evm_run_of(machine);
    options.base_fee_to_coinbase = true;
    options.gas_available = open_block_gas_left(&machine->open);
    options.tracer = rollup->tracer;
    options.watch = rollup->watch;
    set_foreign(rollup, &options);
    enum err err = evm_run_enter_transaction(rollup, run, &options);
    if (err != ERR_OK) return err;
    evm_run_tell(rollup, run, ROLLUP_TX_BEGINS);
    execution_begin_tx(&run->execution, tx, sender, &options);
    run->is_executing = true;
    return ERR_OK;
}

/* Begins the next transaction of the payload. */
static enum err next_transaction(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
) {
    struct evm_run *run = evm_run_of(machine);
    const struct payload_block *block = &run->block.payload.blocks[run->block.block_index];
    struct execution_options options = {0};
    if (run->block.tx_index == block->tx_count) {
        const struct rollup_scratch *scratch = rollup->scratch;
        if (scratch != NULL && !run->block.scratch_done && block_run_is_slot_block(&run->block)) {
            return begin_tx(rollup, machine, scratch->tx, &scratch->sender, scratch->options);
        }
        return block_run_finish_block(rollup, machine, step, is_over);
    }
    enum err err = block_run_read_tx(rollup, machine, step, &run->context.rules);
    if (err == ERR_OK && step->verdict == STEP_OK)
        err = block_run_check_messages(&run->block, step);
    if (err != ERR_OK || block_run_skip_forced(&run->block, step) || step->verdict != STEP_OK)
        return err;
    return begin_tx(rollup, machine, &run->block.tx, &run->block.sender, options);
}

/* The machine is at a call that comes out of it. */
static enum err handle_call(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
) {
    struct evm_run *run = evm_run_of(machine);
    const struct rollup_host *host = rollup->host;
    if (address_equal(&run->execution.evm.request.call.code_address, &XCALL_ADDRESS))
        return evm_rollup_handle_xcall(rollup, machine, step, is_over);
    if (precompile_is_called(&run->execution.evm.request.call)) {
        enum parent_refusal refusal;
        enum err err = precompile_answer(&rollup->parent, &refusal, &run->execution);
        if (err == ERR_OK) step->verdict = precompile_verdict(refusal);
        return err;
    }
    CHECK(host != NULL);
    /* What this chain's own Hub asks for is not posted yet: forced ones come before the batch. */
    if (block_run_is_forced(&run->block)) {
        evm_decline_call(&run->execution.evm);
        return ERR_OK;
    }
    bytes encoded = is_scratch(rollup, run) ? BYTES_EMPTY : run->block.tx_encoded;
    return host->answer(host->context, &step->verdict, &run->execution, encoded);
}

/* Runs the machine until something leaves it or a verdict is reached. */
static enum err
run_machine(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step) {
    enum err err = ERR_OK;
    bool is_over = false;
    while (err == ERR_OK && !is_over && step->verdict == STEP_OK) {
        struct evm_run *run = evm_run_of(machine);
        if (!run->is_executing) {
            err = next_transaction(rollup, machine, step, &is_over);
            continue;
        }
        enum execution_status status = execution_run(&run->execution);
        err = evm_run_note_replays(rollup, run);
        if (err != ERR_OK) return err;
        switch (status) {
        case EXECUTION_DONE:
            is_over = run->block.in_call != NULL;
            err = finish_transaction(rollup, machine, step);
            break;
        case EXECUTION_INSIDE_DONE:
            is_over = true;
            err = answer_call(rollup, machine, step);
            break;
        case EXECUTION_CALL:
            err = handle_call(rollup, machine, step, &is_over);
            break;
        case EXECUTION_REVERTING:
            err = evm_run_revert_frame(rollup, machine, step, &is_over);
            break;
        case EXECUTION_INVALID:
            if (is_scratch(rollup, run)) {
                *rollup->scratch->verdict = run->execution.verdict;
                run->block.scratch_done = true;
                run->is_executing = false;
                break;
            }
            step->verdict = STEP_TX_INVALID;
            step->verdict_tx = (int)run->execution.verdict;
            run->is_executing = false;
            (void)block_run_skip_forced(&run->block, step);
            break;
        case EXECUTION_FAILED:
            err = run->execution.err;
            break;
        }
    }
    if (step->verdict != STEP_OK && machine->run != NULL)
        step->verdict_tx_index = (uint32_t)machine->run->tx_index;
    return err;
}

static const struct block_run_kind BLOCKS = {
    .run_size = sizeof(struct evm_run),
    .open = evm_run_open,
    .begin_block = evm_run_begin_block,
    .copy = copy_run,
    .run = run_machine,
    .call = deliver_call,
    .result = deliver_result,
};

const struct rollup_type EVM_ROLLUP_TYPE = {
    .kind = ROLLUP_EVM,
    .name = "evm",
    .size = sizeof(struct evm_rollup),
    .open = open_evm,
    .step = block_run_step,
    .go_on = block_run_go_on,
    .thaw = block_run_thaw,
    .parent_called = block_run_parent_called,
    .build_block = block_run_build_block,
    .blocks = &BLOCKS,
};
