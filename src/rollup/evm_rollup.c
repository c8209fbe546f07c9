/* The EVM rollup's step: L2TX, calls from other chains, and their answers. */
#include "rollup/evm_rollup_private.h"

#include "core/check.h"
#include "crypto/keccak.h"
#include "rollup/predeploys.h"
#include "rollup/proxy.h"

/* No ether of any chain comes near 2^128 wei. Who verifies a batch that somebody else made cannot
 * know that the Hub has seen the ether come in, and balances must not overflow. */
#define CALL_VALUE_BITS_MAX 128

static enum err
run_machine(struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step);

static enum err open_evm(struct rollup *base, const struct rollup_options *options) {
    struct evm_rollup *rollup = evm_rollup_of(base);
    forks_development(&rollup->schedule, options->chain_id, FORK_OSAKA);
    rollup->schedule.names_senders = options->names_senders;
    /* Its own: what a witness needs has passed through the overlay once. */
    rollup->codes = options->codes != NULL ? options->codes : evm_code_cache_open(options->arena);
    return rollup->codes == NULL ? ERR_MEMORY : ERR_OK;
}

address evm_rollup_proxy_of(uint64_t rollup_id, const address *target) {
    address proxy;
    proxy_address(&proxy, &L2HUB_PREDEPLOY, rollup_id, target);
    return proxy;
}

static struct evm_machine *new_machine(struct evm_rollup *rollup, const struct evm_machine *from) {
    struct evm_machine *machine = arena_alloc_zero(rollup->base.arena, sizeof(*machine));
    if (machine == NULL) return NULL;
    if (from != NULL) {
        machine->root = from->root;
        machine->base.open = from->base.open;
        machine->base.sealed = from->base.sealed;
    }
    return machine;
}

static enum err
evm_stand(struct rollup *base, struct rollup_machine **machine, const hash32 *head) {
    struct evm_machine *new = new_machine(evm_rollup_of(base), NULL);
    if (new == NULL) return ERR_MEMORY;
    new->root = *head;
    *machine = &new->base;
    return ERR_OK;
}

/* A machine that may be changed: the one given, or a copy if it is frozen. */
static enum err
thaw(struct evm_rollup *rollup, struct evm_machine **machine, struct evm_machine *from) {
    struct arena *arena = rollup->base.arena;
    if (!from->base.is_frozen) {
        *machine = from;
        return ERR_OK;
    }
    struct evm_machine *copy = new_machine(rollup, from);
    if (copy == NULL) return ERR_MEMORY;
    if (from->base.is_idle) {
        copy->base.head = from->base.head;
        copy->base.is_idle = true;
        *machine = copy;
        return ERR_OK;
    }
    struct block_run *run = arena_alloc(arena, sizeof(*run));
    if (run == NULL) return ERR_MEMORY;
    *run = *from->run;
    /* What a state has decoded belongs to it alone; the copy reads anew. */
    enum err err = state_open(&run->state, arena, &rollup->base.overlay->source, &from->root);
    if (err == ERR_OK) err = journal_copy(&run->journal, arena, &from->run->journal);
    if (err == ERR_OK)
        err = execution_copy(&run->execution, arena, &from->run->execution, &run->journal);
    if (err != ERR_OK) return err;
    run->context.hashes.context = &run->state;
    run->execution.state = &run->state;
    run->execution.block = &run->context;
    if (run->execution.tx == &from->run->tx) run->execution.tx = &run->tx;
    copy->base.open_call = from->base.open_call;
    copy->run = run;
    *machine = copy;
    return ERR_OK;
}

/* --- what comes in ---------------------------------------------------------------------------- */

static enum err open_run(struct evm_rollup *rollup, struct evm_machine *machine) {
    machine->run = arena_alloc_zero(rollup->base.arena, sizeof(*machine->run));
    if (machine->run == NULL) return ERR_MEMORY;
    struct block_run *run = machine->run;
    enum err err = block_run_open(rollup, machine);
    u256 value;
    if (err == ERR_OK) err = block_run_read_system(run, &value, SYSTEM_BLOCK_GAS_LIMIT);
    if (err != ERR_OK) return err;
    run->gas_limit = u256_to_u64_saturating(&value);
    err = block_run_read_system(run, &value, SYSTEM_MAX_CALL_GAS);
    if (err == ERR_OK) run->max_call_gas = u256_to_u64_saturating(&value);
    return err;
}

/* The five words of an L2TX; a verdict unless their preimages are at hand and they fit together. */
static enum err read_l2tx(
    struct evm_rollup *rollup, struct block_run *run, enum step_verdict *verdict, bytes data
) {
    hash32 payload_hash;
    hash32 anchor_hash;
    hash32 messages_hash;
    hash32 forced_hash;
    uint64_t timestamp = 0;
    enum err err = data.size == 5 * ABI_WORD ? ERR_OK : ERR_INPUT;
    if (err == ERR_OK) err = abi_read_hash(&payload_hash, data, 0);
    if (err == ERR_OK) err = abi_read_hash(&anchor_hash, data, 1);
    if (err == ERR_OK) err = abi_read_hash(&messages_hash, data, 2);
    if (err == ERR_OK) err = abi_read_hash(&forced_hash, data, 3);
    if (err == ERR_OK) err = abi_read_u64(&timestamp, data, 4);
    if (err == ERR_INPUT) {
        *verdict = STEP_NOT_DEFINED;
        return ERR_OK;
    }
    *verdict = STEP_PAYLOAD_UNKNOWN;
    for (size_t i = 0; i < rollup->base.update_count && run->update == NULL; i++) {
        const struct rollup_update *update = &rollup->base.updates[i];
        if (!hash32_equal(&update->payload_hash, &payload_hash)) continue;
        *verdict = STEP_ANCHOR_UNKNOWN;
        if (hash32_equal(&update->anchor_hash, &anchor_hash)) run->update = update;
    }
    if (run->update == NULL) return ERR_OK;
    err = payload_decode(&run->payload, rollup->base.arena, run->update->payload);
    if (err == ERR_INPUT) {
        *verdict = STEP_PAYLOAD_MALFORMED;
        return ERR_OK;
    }
    if (err != ERR_OK) return err;
    run->has_slot_block = true;
    *verdict = STEP_OK;
    if (!hash32_is_zero(&messages_hash)) *verdict = STEP_MESSAGES;
    if (!hash32_is_zero(&forced_hash)) *verdict = STEP_FORCED;
    uint64_t last = run->payload.blocks[run->payload.block_count - 1].timestamp;
    if (last != timestamp || last < run->update->anchor.timestamp) *verdict = STEP_TIMESTAMP;
    return ERR_OK;
}

static enum err deliver_l2tx(
    struct evm_rollup *rollup,
    struct rollup_step *step,
    struct evm_machine *at,
    const struct action *in
) {
    if (!at->base.is_idle) {
        step->verdict = STEP_NOT_IDLE;
        return ERR_OK;
    }
    struct evm_machine *machine = new_machine(rollup, at);
    if (machine == NULL) return ERR_MEMORY;
    enum err err = open_run(rollup, machine);
    if (err == ERR_OK) err = read_l2tx(rollup, machine->run, &step->verdict, in->data);
    if (err == ERR_OK && step->verdict == STEP_OK)
        err = block_run_next_block(rollup, machine, step);
    if (err != ERR_OK || step->verdict != STEP_OK) return err;
    return run_machine(rollup, machine, step);
}

/* Puts the call on the machine's list. */
static enum err push_in_call(
    struct evm_rollup *rollup,
    struct evm_machine *machine,
    struct evm_machine *before,
    const struct action *in,
    uint64_t from
) {
    struct in_call *call = arena_alloc(rollup->base.arena, sizeof(*call));
    if (call == NULL) return ERR_MEMORY;
    *call = (struct in_call){
        .outer = machine->run->in_call,
        .before = &before->base,
        .from = from,
        .value_wei = in->value_wei,
        .gas = in->gas,
        .is_static = in->is_static,
    };
    before->base.is_frozen = true;
    machine->run->in_call = call;
    return ERR_OK;
}

/* What ends without having run: the call fails, and the machine is as before. */
static void refuse_call(
    struct evm_rollup *rollup,
    struct rollup_step *step,
    struct evm_machine *before,
    const struct action *in,
    uint64_t from
) {
    step->next = &before->base;
    step->receiver = from;
    step->call_value_wei = in->value_wei;
    step->out =
        (struct action){.kind = ACTION_RESULT, .rollup_id = rollup->base.rollup_id, .failed = true};
}

/* A call while the rollup is idle is a transaction of its own, of type 0x7e. */
static enum err begin_call_transaction(
    struct evm_rollup *rollup, struct evm_machine *machine, const struct action *in, bytes data
) {
    struct arena *arena = rollup->base.arena;
    struct block_run *run = machine->run;
    u256 no_mint = U256_ZERO;
    address source;
    enum err err =
        block_run_prepare_source(rollup, run, &source, in->source_rollup_id, &in->source, &no_mint);
    if (err != ERR_OK) return err;
    /* The step counter makes the source hash, and so the transaction's hash, unique. */
    u256 counter;
    err = block_run_read_system(run, &counter, SYSTEM_STEP_COUNTER);
    if (err != ERR_OK) return err;
    uint8_t unique[64];
    memcpy(unique, machine->root.b, 32);
    u256_store_be(unique + 32, &counter);
    run->tx = (struct tx){
        .type = TX_DEPOSIT,
        .source_hash = keccak256(bytes_of(unique, sizeof(unique))),
        .from = source,
        .to = in->target,
        .mint = in->value_wei,
        .value = in->value_wei,
        .gas_limit = in->gas,
        .data = data,
    };
    err = tx_encode(&run->tx_encoded, arena, &run->tx);
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
    struct execution_options options = {
        .tracer = rollup->base.tracer,
        .watch = rollup->base.watch,
        .foreign = &XCALL_ADDRESS,
        .foreign_count = 1};
    err = block_run_enter_transaction(rollup, run, &options);
    if (err != ERR_OK) return err;
    block_run_tell(rollup, run, ROLLUP_TX_BEGINS);
    execution_begin_message(&run->execution, &message, &options);
    run->is_executing = true;
    return ERR_OK;
}

/* A call while a transaction waits is an inner frame of that transaction. */
static enum err begin_inner_call(
    struct evm_rollup *rollup, struct evm_machine *machine, const struct action *in, bytes data
) {
    struct block_run *run = machine->run;
    struct evm_message pending;
    CHECK(evm_pending_call(&run->execution.evm, &pending));
    address source;
    enum err err = block_run_prepare_source(
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
    const uint64_t first = (uint64_t)rollup->base.now.line << 32;
    if (evm->frame_count < first) evm->frame_count = first;
    evm_call_inside(evm, &message);
    return ERR_OK;
}

/* The L2Hub obeys its own proxies only (protocol.md section 6), and nobody calls in its name or the
 * system's: neither ever calls another chain for itself, so neither can be where a call that comes
 * back began. */
static bool is_of_the_system(const struct evm_rollup *rollup, const struct action *in) {
    if (address_equal(&in->target, &L2HUB_PREDEPLOY)) return true;
    return in->source_rollup_id == rollup->base.rollup_id &&
           (address_equal(&in->source, &L2HUB_PREDEPLOY) ||
            address_equal(&in->source, &SYSTEM_ADDRESS));
}

/* A call that comes in while this rollup waits is an inner frame, and there are only so many. What
 * other chains have open is theirs to count: a head has to follow from what was said alone. */
static bool is_too_deep(const struct evm_machine *at) {
    struct evm_message pending;
    if (at->base.is_idle) return false;
    CHECK(evm_pending_call(&at->run->execution.evm, &pending));
    return pending.depth >= EVM_DEPTH_MAX;
}

static enum err deliver_call(
    struct evm_rollup *rollup,
    struct rollup_step *step,
    struct evm_machine *at,
    const struct action *in,
    uint64_t from
) {
    /* Under a static call nothing but static calls come in. */
    bool is_write_protected = !at->base.is_idle && at->base.open_call.is_static && !in->is_static;
    if (is_write_protected || is_of_the_system(rollup, in) || is_too_deep(at)) {
        refuse_call(rollup, step, at, in, from);
        return ERR_OK;
    }
    if (rollup->base.has_own_token && !u256_is_zero(&in->value_wei)) {
        step->verdict = STEP_NATIVE_TOKEN;
        return ERR_OK;
    }
    if (u256_bit_size(&in->value_wei) > CALL_VALUE_BITS_MAX) {
        step->verdict = STEP_TOO_MUCH_ETHER;
        return ERR_OK;
    }
    if (open_block_gas_left(&at->base.open) < in->gas) {
        step->verdict = STEP_BLOCK_GAS;
        return ERR_OK;
    }
    bytes data;
    enum err err = arena_copy(rollup->base.arena, &data, in->data);
    if (err != ERR_OK) return err;
    struct evm_machine *machine;
    bool was_idle = at->base.is_idle;
    if (was_idle) {
        machine = new_machine(rollup, at);
        if (machine == NULL) return ERR_MEMORY;
        err = open_run(rollup, machine);
    } else {
        at->base.is_frozen = true;
        err = thaw(rollup, &machine, at);
        if (err == ERR_OK) err = block_run_enter_entry(rollup, machine->run);
    }
    if (err == ERR_OK) err = push_in_call(rollup, machine, at, in, from);
    if (err == ERR_OK)
        err = was_idle ? begin_call_transaction(rollup, machine, in, data)
                       : begin_inner_call(rollup, machine, in, data);
    return err == ERR_OK ? run_machine(rollup, machine, step) : err;
}

static enum err deliver_result(
    struct evm_rollup *rollup,
    struct rollup_step *step,
    struct evm_machine *at,
    const struct action *in
) {
    const struct out_call *call = at->base.is_idle ? NULL : at->run->out_call;
    if (call == NULL || call->action.rollup_id != in->source_rollup_id) {
        step->verdict = STEP_NOT_DEFINED;
        return ERR_OK;
    }
    uint64_t cost = in->gas + XCALL_GAS_PER_BYTE * in->data.size;
    /* An XCALL that runs out of gas after the other chain has acted fails, and so does the L2Hub's
     * frame around it, which undoes what it did. */
    bool can_pay = in->gas <= call->gas_available && cost <= call->gas_available;
    struct evm_machine *machine;
    enum err err = thaw(rollup, &machine, at);
    if (err == ERR_OK) err = block_run_enter_entry(rollup, machine->run);
    if (err != ERR_OK) return err;
    struct block_run *run = machine->run;
    if (in->failed) err = evm_rollup_move_xcall_value(run, &call->action, false);
    if (err != ERR_OK) return err;
    run->out_call = call->outer;
    run->last_result_failed = in->failed;
    machine->base.open_call = (struct action){0};
    err = evm_give_call(
        &run->execution.evm,
        !in->failed && can_pay,
        can_pay ? call->gas_available - cost : 0,
        can_pay ? in->data : BYTES_EMPTY
    );
    return err == ERR_OK ? run_machine(rollup, machine, step) : err;
}

static enum err deliver(
    struct evm_rollup *rollup,
    struct rollup_step *step,
    struct evm_machine *machine,
    const struct action *in,
    uint64_t from
) {
    switch (in->kind) {
    case ACTION_L2TX:
        return deliver_l2tx(rollup, step, machine, in);
    case ACTION_CALL:
        return deliver_call(rollup, step, machine, in, from);
    case ACTION_RESULT:
        return deliver_result(rollup, step, machine, in);
    case ACTION_REVERT:
    case ACTION_REVERT_CONTINUE:
        break;
    }
    step->verdict = STEP_NOT_DEFINED;
    return ERR_OK;
}

/* A rollup's genesis may say anything: a balance that would pass 256 bits, a fork that is not
 * built. That leads nowhere. */
static enum err verdict_of(struct rollup_step *step, enum err err) {
    if (err != ERR_LIMIT && err != ERR_UNSUPPORTED) return err;
    step->verdict = err == ERR_LIMIT ? STEP_TOO_MUCH_ETHER : STEP_UNSUPPORTED;
    return ERR_OK;
}

static enum err evm_step(
    struct rollup *base,
    struct rollup_step *step,
    struct rollup_machine *at,
    const struct action *in,
    uint64_t from
) {
    step->verdict = STEP_OK;
    enum err err = deliver(evm_rollup_of(base), step, (struct evm_machine *)at, in, from);
    return verdict_of(step, err);
}

static enum err
evm_go_on(struct rollup *base, struct rollup_step *step, struct rollup_machine *at) {
    struct evm_rollup *rollup = evm_rollup_of(base);
    return verdict_of(step, run_machine(rollup, (struct evm_machine *)at, step));
}

static enum err evm_thaw(struct rollup *base, struct rollup_machine **machine) {
    struct evm_machine *thawed;
    enum err err = thaw(evm_rollup_of(base), &thawed, (struct evm_machine *)*machine);
    if (err == ERR_OK) *machine = &thawed->base;
    return err;
}

static enum err evm_parent_called(struct rollup *base, struct rollup_machine *machine) {
    struct block_run *run = ((struct evm_machine *)machine)->run;
    CHECK(run->out_call != NULL);
    return block_run_mark_parent_call(evm_rollup_of(base), run, run->out_call->frame);
}

/* --- what goes out ---------------------------------------------------------------------------- */

/* Ends the innermost call that came in. */
static enum err answer_call(
    struct evm_rollup *rollup,
    struct evm_machine *machine,
    struct rollup_step *step,
    const struct evm_result *result
) {
    struct block_run *run = machine->run;
    const struct in_call *call = run->in_call;
    bool failed = result->outcome != EVM_SUCCESS;
    step->receiver = call->from;
    step->call_value_wei = call->value_wei;
    step->out = (struct action){
        .kind = ACTION_RESULT,
        .rollup_id = rollup->base.rollup_id,
        .gas = call->gas - result->gas_left,
        .failed = failed,
    };
    enum err err = arena_copy(rollup->base.arena, &step->out.data, result->output);
    if (err != ERR_OK) return err;
    if (failed || call->is_static) {
        step->next = call->before;
        return ERR_OK;
    }
    run->in_call = call->outer;
    step->next = &machine->base;
    if (run->out_call != NULL) {
        machine->base.open_call = run->out_call->action;
        return ERR_OK;
    }
    return ERR_OK;
}

static bool is_scratch(const struct evm_rollup *rollup, const struct block_run *run) {
    return rollup->base.scratch != NULL && run->execution.tx == rollup->base.scratch->tx;
}

/* The outermost message of a transaction has ended. */
static enum err finish_transaction(
    struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step
) {
    struct block_run *run = machine->run;
    const struct execution_result *result = &run->execution.result;
    run->is_executing = false;
    if (is_scratch(rollup, run)) {
        *rollup->base.scratch->result = *result;
        *rollup->base.scratch->verdict = TX_OK;
        run->scratch_done = true;
        return ERR_OK;
    }
    if (run->in_call == NULL) {
        run->tx_index++;
        return block_run_gather(
            rollup, machine, result->is_success, result->gas_used, result->logs, result->log_count
        );
    }
    enum err err = answer_call(rollup, machine, step, &run->execution.evm.result);
    if (err != ERR_OK || step->next != &machine->base) return err;
    err = block_run_gather(rollup, machine, true, step->out.gas, result->logs, result->log_count);
    return err == ERR_OK ? block_run_close(rollup, machine) : err;
}

/* All transactions of the block have run: the next block begins, or the L2TX ends. */
static enum err finish_block(
    struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step, bool *is_over
) {
    struct block_run *run = machine->run;
    if (block_run_is_slot_block(run)) {
        *is_over = true;
        step->next = &machine->base;
        step->out = (struct action){.kind = ACTION_RESULT, .rollup_id = rollup->base.rollup_id};
        return block_run_close(rollup, machine);
    }
    enum err err = block_run_commit(rollup, machine);
    if (err != ERR_OK) return err;
    run->block_index++;
    *is_over = run->block_index == run->payload.block_count;
    return *is_over ? ERR_OK : block_run_next_block(rollup, machine, step);
}

static enum err begin_tx(
    struct evm_rollup *rollup,
    struct evm_machine *machine,
    const struct tx *tx,
    const address *sender,
    struct execution_options options
) {
    struct block_run *run = machine->run;
    options.base_fee_to_coinbase = true;
    options.gas_available = open_block_gas_left(&machine->base.open);
    options.tracer = rollup->base.tracer;
    options.watch = rollup->base.watch;
    options.foreign = &XCALL_ADDRESS;
    options.foreign_count = 1;
    enum err err = block_run_enter_transaction(rollup, run, &options);
    if (err != ERR_OK) return err;
    block_run_tell(rollup, run, ROLLUP_TX_BEGINS);
    execution_begin_tx(&run->execution, tx, sender, &options);
    run->is_executing = true;
    return ERR_OK;
}

/* Begins the next transaction of the payload. */
static enum err next_transaction(
    struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step, bool *is_over
) {
    struct block_run *run = machine->run;
    const struct payload_block *block = &run->payload.blocks[run->block_index];
    struct execution_options options = {0};
    if (run->tx_index == block->tx_count) {
        const struct rollup_scratch *scratch = rollup->base.scratch;
        if (scratch != NULL && !run->scratch_done && block_run_is_slot_block(run)) {
            return begin_tx(rollup, machine, scratch->tx, &scratch->sender, scratch->options);
        }
        return finish_block(rollup, machine, step, is_over);
    }
    enum tx_verdict verdict;
    run->tx_encoded = block->txs[run->tx_index];
    enum err err = tx_decode(&run->tx, &verdict, rollup->base.arena, run->tx_encoded);
    if (err == ERR_OK && verdict == TX_OK && run->tx.type == TX_DEPOSIT)
        verdict = TX_DEPOSIT_NOT_ALLOWED;
    if (err == ERR_OK && verdict == TX_OK)
        err = tx_sender(&run->sender, &verdict, rollup->base.arena, &run->tx, &run->context.rules);
    if (err != ERR_OK) return err;
    if (verdict != TX_OK) {
        step->verdict = STEP_TX_INVALID;
        step->verdict_tx = (int)verdict;
        return ERR_OK;
    }
    return begin_tx(rollup, machine, &run->tx, &run->sender, options);
}

/* Runs the machine until something leaves it or a verdict is reached. */
static enum err
run_machine(struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step) {
    enum err err = ERR_OK;
    bool is_over = false;
    while (err == ERR_OK && !is_over && step->verdict == STEP_OK) {
        struct block_run *run = machine->run;
        if (!run->is_executing) {
            err = next_transaction(rollup, machine, step, &is_over);
            continue;
        }
        enum execution_status status = execution_run(&run->execution);
        err = block_run_note_replays(rollup, run);
        if (err != ERR_OK) return err;
        switch (status) {
        case EXECUTION_DONE:
            is_over = run->in_call != NULL;
            err = finish_transaction(rollup, machine, step);
            break;
        case EXECUTION_INSIDE_DONE:
            is_over = true;
            err = answer_call(rollup, machine, step, &run->execution.evm.result);
            break;
        case EXECUTION_CALL:
            err = evm_rollup_handle_xcall(rollup, machine, step, &is_over);
            break;
        case EXECUTION_REVERTING:
            err = block_run_revert_frame(rollup, machine, step, &is_over);
            break;
        case EXECUTION_INVALID:
            if (is_scratch(rollup, run)) {
                *rollup->base.scratch->verdict = run->execution.verdict;
                run->scratch_done = true;
                run->is_executing = false;
                break;
            }
            step->verdict = STEP_TX_INVALID;
            step->verdict_tx = (int)run->execution.verdict;
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

static enum err evm_build_block(
    struct rollup *base,
    struct sealed_block *sealed,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash,
    const struct payload_block *block
) {
    struct evm_rollup *rollup = evm_rollup_of(base);
    struct evm_machine *machine = new_machine(rollup, NULL);
    if (machine == NULL) return ERR_MEMORY;
    machine->root = parent->state_root;
    machine->base.open.header = *parent;
    enum err err = verdict_of(step, open_run(rollup, machine));
    if (err != ERR_OK || step->verdict != STEP_OK) return err;
    struct payload_block *blocks = arena_alloc(rollup->base.arena, sizeof(*blocks));
    if (blocks == NULL) return ERR_MEMORY;
    *blocks = *block;
    machine->run->payload = (struct payload){blocks, 1};
    err = block_run_begin_block(rollup, machine, step, parent, parent_hash);
    if (err == ERR_OK && step->verdict == STEP_OK) err = run_machine(rollup, machine, step);
    err = verdict_of(step, err);
    if (err != ERR_OK || step->verdict != STEP_OK) return err;
    return open_block_seal(sealed, rollup->base.arena, &machine->base.open, &machine->root);
}

const struct rollup_type EVM_ROLLUP_TYPE = {
    .name = "evm",
    .size = sizeof(struct evm_rollup),
    .open = open_evm,
    .stand = evm_stand,
    .step = evm_step,
    .go_on = evm_go_on,
    .thaw = evm_thaw,
    .parent_called = evm_parent_called,
    .build_block = evm_build_block,
};
