/* The ledger's step: L2TX, calls from other chains, and their answers. */
#include "rollup/ledger_private.h"

#include "core/check.h"
#include "rollup/predeploys.h"

static enum err open_ledger(struct rollup *rollup, const struct rollup_options *options) {
    struct fork_schedule schedule;
    forks_development(&schedule, options->chain_id, FORK_OSAKA);
    schedule.names_senders = options->names_senders;
    ((struct ledger *)rollup)->rules = forks_at(&schedule, 0, 0);
    return ERR_OK;
}

static enum err
copy_frame(struct rollup *rollup, struct ledger_run *run, const struct ledger_frame *from) {
    run->frame = NULL;
    if (from == NULL) return ERR_OK;
    struct ledger_frame *frame = arena_alloc(rollup->arena, sizeof(*frame));
    if (frame == NULL) return ERR_MEMORY;
    *frame = *from;
    run->frame = frame;
    return ERR_OK;
}

static enum err
copy_run(struct rollup *rollup, struct rollup_machine *machine, const struct block_run *was) {
    return copy_frame(rollup, ledger_run_of(machine), ((const struct ledger_run *)was)->frame);
}

static void tell(
    const struct rollup *rollup,
    const struct ledger_run *run,
    enum rollup_tx_moment moment,
    const struct evm_result *result
) {
    if (rollup->on_tx == NULL || run->is_scratch) return;
    struct rollup_tx_news news = {.moment = moment, .encoded = run->block.tx_encoded};
    if (result != NULL) news.outcome = result->outcome;
    if (result != NULL) news.output = result->output;
    rollup->on_tx(rollup->on_tx_context, &news);
}

/* --- blocks ----------------------------------------------------------------------------------- */

/* The slot block's first transaction: what the ledger keeps of the anchor is that the next is not
 * older. */
static enum err
write_anchor(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step) {
    struct ledger_run *run = ledger_run_of(machine);
    const struct header *anchor = &run->block.update->anchor;
    const u256 key = u256_from_u64(LEDGER_ANCHOR);
    const u256 number = u256_from_u64(anchor->number);
    struct journal_slot *slot;
    enum err err = block_run_load_slot(&run->block, &slot, &LEDGER_ADDRESS, &key);
    if (err != ERR_OK) return err;
    /* Nothing here could ask for a message. */
    if (run->block.update->message_slot_count > 0) {
        step->verdict = STEP_NO_MESSAGES;
        return ERR_OK;
    }
    if (u256_less(&number, &slot->value)) {
        step->verdict = STEP_ANCHOR_REFUSED;
        return ERR_OK;
    }
    err = journal_set_slot(&run->block.journal, slot, &number);
    if (err == ERR_OK) err = block_run_begin_slot(&run->block);
    if (err == ERR_OK) err = block_run_make_anchor_tx(rollup, &run->block);
    if (err != ERR_OK) return err;
    tell(rollup, run, ROLLUP_TX_BEGINS, NULL);
    tell(rollup, run, ROLLUP_TX_ENDED, NULL);
    return block_run_gather(rollup, machine, true, 0, NULL, 0);
}

static enum err begin_block(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    const hash32 *parent_hash
) {
    (void)parent_hash;
    return block_run_is_slot_block(machine->run) ? write_anchor(rollup, machine, step) : ERR_OK;
}

/* --- transactions ----------------------------------------------------------------------------- */

/* What a transaction must be to be in a block. */
static enum tx_verdict check_tx(
    const struct rollup *rollup,
    const struct rollup_machine *machine,
    const struct tx *tx,
    const struct journal_account *sender,
    const struct execution_options *options
) {
    const u256 *base_fee = &machine->open.header.base_fee_per_gas;
    const u256 gas = u256_from_u64(tx->gas_limit);
    u256 cost;
    if (tx->type != TX_LEGACY && tx->type != TX_ACCESS_LIST && tx->type != TX_DYNAMIC_FEE)
        return TX_TYPE_UNKNOWN;
    struct tx checked = *tx;
    if (options->skip_nonce) checked.nonce = 0;
    if (options->skip_gas_cap && checked.gas_limit > TX_GAS_LIMIT_MAX)
        checked.gas_limit = TX_GAS_LIMIT_MAX;
    enum tx_verdict verdict = tx_check(&checked, &ledger_of(rollup)->rules);
    if (verdict != TX_OK) return verdict;
    if (tx->gas_limit > open_block_gas_left(&machine->open)) return TX_GAS_ALLOWANCE;
    if (!options->skip_fees && u256_less(&tx->max_fee_per_gas, base_fee)) return TX_FEE_CAP;
    if (!options->skip_nonce && tx->nonce < sender->nonce) return TX_NONCE_LOW;
    if (!options->skip_nonce && tx->nonce > sender->nonce) return TX_NONCE_HIGH;
    if (options->skip_balance) return TX_OK;
    if (!u256_mul_checked(&cost, &gas, &tx->max_fee_per_gas) ||
        u256_add_carry(&cost, &cost, &tx->value))
        return TX_FEE_OVERFLOW;
    return u256_less(&sender->balance, &cost) ? TX_FUNDS : TX_OK;
}

/* EIP-1559: what a unit of gas costs. */
static u256 gas_price(const struct tx *tx, const u256 *base_fee) {
    if (u256_less(&tx->max_fee_per_gas, base_fee)) return tx->max_fee_per_gas; /* skip_fees */
    const u256 room = u256_sub(&tx->max_fee_per_gas, base_fee);
    const u256 *tip = &tx->max_priority_fee_per_gas;
    return u256_add(base_fee, u256_less(tip, &room) ? tip : &room);
}

/* Gas is paid ahead; with skip_balance what is missing for it and the value is lent. */
static enum err
pay_ahead(struct ledger_run *run, struct journal_account *sender, const struct tx *tx, bool lends) {
    struct journal *journal = &run->block.journal;
    const u256 gas = u256_from_u64(tx->gas_limit);
    const u256 payment = u256_mul(&gas, &run->gas_price_wei);
    u256 needed;
    if (u256_add_carry(&needed, &payment, &tx->value)) needed = U256_MAX;
    enum err err = journal_touch(journal, sender);
    if (err == ERR_OK && lends && u256_less(&sender->balance, &needed))
        err = journal_set_balance(journal, sender, &needed);
    if (err == ERR_OK) err = journal_sub_balance(journal, sender, &payment);
    return err == ERR_OK ? journal_set_nonce(journal, sender, sender->nonce + 1) : err;
}

static enum err begin_tx(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    const struct tx *tx,
    const address *who,
    const struct execution_options *options
) {
    struct ledger_run *run = ledger_run_of(machine);
    struct journal_account *sender;
    enum err err = block_run_load_account(&run->block, &sender, who);
    if (err != ERR_OK) return err;
    enum tx_verdict verdict = check_tx(rollup, machine, tx, sender, options);
    if (verdict != TX_OK && run->is_scratch) {
        *rollup->scratch->verdict = verdict;
        run->block.scratch_done = true;
        return ERR_OK;
    }
    if (verdict != TX_OK) {
        step->verdict = STEP_TX_INVALID;
        step->verdict_tx = (int)verdict;
        return ERR_OK;
    }
    run->gas_price_wei = gas_price(tx, &machine->open.header.base_fee_per_gas);
    run->frame_count = 0;
    block_run_enter_transaction(rollup, &run->block);
    journal_begin_transaction(&run->block.journal);
    tell(rollup, run, ROLLUP_TX_BEGINS, NULL);
    err = pay_ahead(run, sender, tx, options->skip_balance);
    if (err != ERR_OK) return err;
    run->snapshot = journal_snapshot(&run->block.journal);
    const struct ledger_entering entering = {
        .is_own = true,
        .account = *who,
        .target = tx->to,
        .value = tx->value,
        .gas = tx->gas_limit - tx_intrinsic_gas(tx, FORK_OSAKA),
        .data = tx->data,
    };
    return ledger_enter(rollup, run, &entering);
}

/* Begins the next transaction of the payload, or ends the block. */
static enum err next_transaction(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
) {
    static const struct execution_options PLAIN = {0};
    struct block_run *run = machine->run;
    const struct rollup_scratch *scratch = rollup->scratch;
    bool is_last = run->tx_index == run->payload.blocks[run->block_index].tx_count;
    if (is_last && scratch != NULL && !run->scratch_done && block_run_is_slot_block(run)) {
        ledger_run_of(machine)->is_scratch = true;
        return begin_tx(rollup, machine, step, scratch->tx, &scratch->sender, &scratch->options);
    }
    if (is_last) return block_run_finish_block(rollup, machine, step, is_over);
    enum err err = block_run_read_tx(rollup, machine, step, &ledger_of(rollup)->rules);
    if (err == ERR_OK && step->verdict == STEP_OK)
        err = begin_tx(rollup, machine, step, &run->tx, &run->sender, &PLAIN);
    if (err == ERR_OK) (void)block_run_skip_forced(run, step);
    return err;
}

static enum err pay(struct ledger_run *run, const address *who, uint64_t gas) {
    struct journal_account *account;
    const u256 units = u256_from_u64(gas);
    const u256 amount = u256_mul(&units, &run->gas_price_wei);
    enum err err = block_run_load_account(&run->block, &account, who);
    if (err == ERR_OK) err = journal_touch(&run->block.journal, account);
    return err == ERR_OK ? journal_add_balance(&run->block.journal, account, &amount) : err;
}

/* The logs of the journal's transaction, which ends. */
static enum err end_transaction(
    struct rollup *rollup, struct ledger_run *run, const struct log **logs, size_t *count
) {
    struct journal *journal = &run->block.journal;
    journal_end_transaction(journal, FORK_OSAKA);
    *count = journal->log_count;
    struct log *copies = arena_alloc_array(rollup->arena, *count, sizeof(*copies));
    if (copies == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < *count; i++) {
        const struct journal_log *log = &journal->logs[i];
        copies[i] = (struct log
        ){.address = log->address, .topic_count = log->topic_count, .data = log->data};
        memcpy(copies[i].topics, log->topics, sizeof(copies[i].topics));
    }
    *logs = copies;
    return ERR_OK;
}

static enum err finish_transaction(struct rollup *rollup, struct rollup_machine *machine) {
    struct ledger_run *run = ledger_run_of(machine);
    const struct tx *tx = run->is_scratch ? rollup->scratch->tx : &run->block.tx;
    const struct evm_result *result = &run->frame->result;
    const bool is_success = result->outcome == EVM_SUCCESS;
    const uint64_t floor = tx_floor_gas(tx, FORK_OSAKA);
    const uint64_t gas_max = tx->gas_limit - result->gas_left;
    const uint64_t gas_used = gas_max < floor ? floor : gas_max;
    const struct log *logs;
    size_t log_count;
    if (!is_success) journal_revert(&run->block.journal, run->snapshot);
    enum err err = pay(run, &run->frame->account, tx->gas_limit - gas_used);
    if (err == ERR_OK) err = pay(run, &machine->open.header.coinbase, gas_used);
    if (err == ERR_OK) err = end_transaction(rollup, run, &logs, &log_count);
    if (err != ERR_OK) return err;
    run->frame = NULL;
    if (!run->is_scratch) {
        run->block.tx_index++;
        tell(rollup, run, ROLLUP_TX_ENDED, result);
        return block_run_gather(rollup, machine, is_success, gas_used, logs, log_count);
    }
    run->block.scratch_done = true;
    *rollup->scratch->verdict = TX_OK;
    *rollup->scratch->result = (struct execution_result){
        .is_success = is_success,
        .outcome = result->outcome,
        .gas_used = gas_used,
        .gas_max = gas_max,
        .output = result->output,
        .logs = logs,
        .log_count = log_count,
        .effective_gas_price = run->gas_price_wei,
    };
    return ERR_OK;
}

/* The innermost frame is that of a call that came in. */
static enum err
finish_call(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step) {
    struct ledger_run *run = ledger_run_of(machine);
    const struct ledger_frame *frame = run->frame;
    const struct evm_result *result = &frame->result;
    enum err err = block_run_answer_call(
        rollup, machine, step, result->outcome != EVM_SUCCESS, result->gas_left, result->output
    );
    if (err != ERR_OK || step->next != machine) return err;
    /* Whoever waits there may be in a frozen machine, too. */
    if (frame->outer != NULL) return copy_frame(rollup, run, frame->outer);
    const struct log *logs;
    size_t log_count;
    run->frame = NULL;
    err = end_transaction(rollup, run, &logs, &log_count);
    if (err != ERR_OK) return err;
    tell(rollup, run, ROLLUP_TX_ENDED, result);
    err = block_run_gather(rollup, machine, true, step->out.gas, logs, log_count);
    return err == ERR_OK ? block_run_close(rollup, machine) : err;
}

/* Runs the machine until something leaves it or a verdict is reached. */
static enum err
run_machine(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step) {
    enum err err = ERR_OK;
    bool is_over = false;
    while (err == ERR_OK && !is_over && step->verdict == STEP_OK) {
        const struct ledger_frame *frame = ledger_run_of(machine)->frame;
        if (frame == NULL) {
            err = next_transaction(rollup, machine, step, &is_over);
            continue;
        }
        err = ledger_run_frame(rollup, machine, step, &is_over);
        if (err != ERR_OK || is_over) break;
        is_over = frame->is_in_call;
        err = is_over ? finish_call(rollup, machine, step) : finish_transaction(rollup, machine);
    }
    if (step->verdict != STEP_OK && machine->run != NULL)
        step->verdict_tx_index = (uint32_t)machine->run->tx_index;
    return err;
}

/* --- what comes in ---------------------------------------------------------------------------- */

static enum err refuse(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *at,
    const struct action *in,
    uint64_t from,
    const char *error
) {
    bytes reason;
    enum err err = ledger_error(&reason, rollup->arena, error);
    return err == ERR_OK ? block_run_refuse_call(rollup, step, at, in, from, reason) : err;
}

/* A call while the ledger is idle is a transaction of its own, of type 0x7e. */
static enum err begin_call_transaction(
    struct rollup *rollup,
    struct rollup_machine *machine,
    const struct action *in,
    const address *account,
    bytes data
) {
    struct ledger_run *run = ledger_run_of(machine);
    enum err err = block_run_make_call_tx(rollup, machine, in, account, data);
    if (err != ERR_OK) return err;
    block_run_enter_transaction(rollup, &run->block);
    journal_begin_transaction(&run->block.journal);
    tell(rollup, run, ROLLUP_TX_BEGINS, NULL);
    return ERR_OK;
}

static enum err deliver_call(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *at,
    const struct action *in,
    uint64_t from
) {
    const bool was_idle = at->is_idle;
    /* Under a static call nothing but static calls come in. */
    if (!was_idle && at->open_call.is_static && !in->is_static)
        return refuse(rollup, step, at, in, from, "WriteInStaticCall()");
    if (!was_idle && ledger_run_of(at)->frame->depth + 1 >= LEDGER_DEPTH_MAX)
        return refuse(rollup, step, at, in, from, "TooDeep()");
    if (!u256_is_zero(&in->value_wei)) {
        step->verdict = STEP_NATIVE_TOKEN;
        return ERR_OK;
    }
    if (open_block_gas_left(&at->open) < in->gas) {
        step->verdict = STEP_BLOCK_GAS;
        return ERR_OK;
    }
    bytes data;
    struct rollup_machine *machine = at;
    enum err err = arena_copy(rollup->arena, &data, in->data);
    if (err == ERR_OK && was_idle) {
        err = block_run_leave_idle(rollup, &machine, at);
    } else if (err == ERR_OK) {
        at->is_frozen = true;
        err = block_run_thaw(rollup, &machine);
        if (err == ERR_OK) (void)block_run_enter_entry(rollup, machine->run);
    }
    const bool is_own = in->source_rollup_id == rollup->rollup_id;
    const struct ledger_entering entering = {
        .is_in_call = true,
        .answers_parent = from == 0,
        .is_static = in->is_static,
        .is_own = is_own,
        .account = is_own ? in->source : block_run_proxy_of(in->source_rollup_id, &in->source),
        .target = in->target,
        .gas = in->gas,
        .data = data,
    };
    if (err == ERR_OK) err = block_run_push_in_call(rollup, machine, at, in, from);
    if (err == ERR_OK && was_idle)
        err = begin_call_transaction(rollup, machine, in, &entering.account, data);
    if (err == ERR_OK) err = ledger_enter(rollup, ledger_run_of(machine), &entering);
    return err == ERR_OK ? run_machine(rollup, machine, step) : err;
}

static enum err deliver_result(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *at,
    const struct action *in
) {
    const struct out_call *call = at->run->out_call;
    struct rollup_machine *machine = at;
    enum err err = block_run_thaw(rollup, &machine);
    if (err != ERR_OK) return err;
    struct ledger_run *run = ledger_run_of(machine);
    (void)block_run_enter_entry(rollup, &run->block);
    run->block.out_call = call->outer;
    machine->open_call = (struct action){0};
    err = ledger_take_answer(rollup, run, call, in);
    return err == ERR_OK ? run_machine(rollup, machine, step) : err;
}

static const struct block_run_kind BLOCKS = {
    .run_size = sizeof(struct ledger_run),
    .open = block_run_open_state,
    .begin_block = begin_block,
    .copy = copy_run,
    .run = run_machine,
    .call = deliver_call,
    .result = deliver_result,
};

const struct rollup_type LEDGER_ROLLUP_TYPE = {
    .kind = ROLLUP_LEDGER,
    .name = "ledger",
    .size = sizeof(struct ledger),
    .open = open_ledger,
    .step = block_run_step,
    .go_on = block_run_go_on,
    .thaw = block_run_thaw,
    .parent_called = block_run_parent_called,
    .build_block = block_run_build_block,
    .blocks = &BLOCKS,
};
