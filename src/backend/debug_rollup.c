/* Blocks of rollups under a tracer. A slot block is run with all its chains, and may be suspended,
 * copied, and begun again in the middle: a trace that was begun again replaces what it had. */
#include "backend/crossing_trace.h"
#include "backend/debug_trace.h"
#include "node/network.h"

struct rollup_run {
    const struct debug_job *job;
    struct crossing_replay replay;
    struct world_trace *trace;
    struct evm_tracer world; /* the trace's own */
    struct tracer tracer;
    struct json_writer pieces; /* the traces, in the order they ended */
    size_t *starts;            /* of each transaction's piece, and its end; both 0: none */
    size_t *ends;
    size_t current; /* the transaction being run, if is_tracing */
    bool is_tracing;
    bool is_open; /* the tracer */
    enum err err;
};

/* What a REVERT_CONTINUE repeats has been heard already. */
static bool is_heard(const struct rollup_run *run) {
    return run->is_tracing && !run->trace->is_muted;
}

/* --- both tracers get what there is to see ---------------------------------------------------- */

static void on_enter(void *context, const struct evm_message *message) {
    struct rollup_run *run = context;
    run->world.on_enter(run->world.context, message);
    if (is_heard(run)) run->tracer.hooks.on_enter(&run->tracer, message);
}

static void on_exit(void *context, const struct evm_result *result) {
    struct rollup_run *run = context;
    run->world.on_exit(run->world.context, result);
    if (is_heard(run)) run->tracer.hooks.on_exit(&run->tracer, result);
}

static void on_selfdestruct(
    void *context, const address *contract, const address *beneficiary, const u256 *balance
) {
    struct rollup_run *run = context;
    run->world.on_selfdestruct(run->world.context, contract, beneficiary, balance);
    if (is_heard(run))
        run->tracer.hooks.on_selfdestruct(&run->tracer, contract, beneficiary, balance);
}

static void on_log(void *context, const struct journal_log *log) {
    struct rollup_run *run = context;
    run->world.on_log(run->world.context, log);
    if (is_heard(run)) run->tracer.hooks.on_log(&run->tracer, log);
}

static void on_step(void *context, const struct evm_step *step) {
    struct rollup_run *run = context;
    if (is_heard(run)) run->tracer.hooks.on_step(&run->tracer, step);
}

static void on_step_end(void *context, uint64_t gas_cost, enum evm_outcome outcome) {
    struct rollup_run *run = context;
    if (is_heard(run)) run->tracer.hooks.on_step_end(&run->tracer, gas_cost, outcome);
}

static void on_replayed(void *context, const struct evm_frame_failure *failure) {
    struct rollup_run *run = context;
    run->world.on_replayed(run->world.context, failure);
}

/* --- transactions come and go ----------------------------------------------------------------- */

static bool find(const struct rollup_run *run, size_t *index, bytes encoded) {
    const struct chain_block *block = run->job->block;
    for (size_t i = 0; i < block->block.tx_count; i++) {
        if (!bytes_equal(block->transactions[i].encoded, encoded)) continue;
        *index = i;
        return debug_wants(run->job, i);
    }
    return false;
}

static void close_tracer(struct rollup_run *run) {
    if (run->is_open) tracer_close(&run->tracer);
    run->is_open = false;
    run->is_tracing = false;
}

static uint64_t logs_before(const struct chain_block *block, size_t index) {
    uint64_t count = 0;
    for (size_t i = 0; i < index; i++)
        count += block->receipts[i].log_count;
    return count;
}

static void begin(struct rollup_run *run, size_t index, const struct execution *x) {
    const struct chain_block *block = run->job->block;
    const struct rpc_transaction *transaction = &block->transactions[index];
    const struct tracer_subject subject = {
        .tx = transaction->tx,
        .sender = transaction->sender,
        .block = x->block,
        .journal = x->journal,
        .state = x->state,
        .log_index = logs_before(block, index),
        .has_place = true,
        .block_hash = block->hash,
        .tx_hash = transaction->hash,
        .tx_index = index,
    };
    run->current = index;
    run->starts[index] = run->pieces.size;
    run->pieces.needs_comma = false;
    tracer_open(&run->tracer, &run->pieces, run->job->options);
    run->is_open = true;
    debug_begin_time(run->job);
    tracer_begin(&run->tracer, &subject);
    run->is_tracing = true;
}

static void end(struct rollup_run *run, const struct execution *x) {
    const struct receipt *receipts = run->job->block->receipts;
    size_t index = run->current;
    uint64_t before = index == 0 ? 0 : receipts[index - 1].cumulative_gas_used;
    struct execution_result result = x->result;
    result.gas_used = receipts[index].cumulative_gas_used - before;
    run->tracer.subject.journal = x->journal;
    run->tracer.subject.state = x->state;
    enum err err = tracer_end(&run->tracer, &result);
    if (err != ERR_OK) run->err = err;
    run->ends[index] = run->pieces.size;
    close_tracer(run);
}

static void on_tx(void *context, const struct rollup_tx_news *news) {
    struct rollup_run *run = context;
    size_t index;
    if (news->moment == ROLLUP_TX_BEGINS) {
        close_tracer(run);
        if (news->execution != NULL && find(run, &index, news->encoded))
            begin(run, index, news->execution);
    } else if (run->is_tracing) {
        end(run, news->execution);
    }
}

static void on_open(void *context, struct world_trace *trace) {
    struct rollup_run *run = context;
    struct world_trace_chain *chain = &trace->chains[node_place(run->job->chain)];
    struct tracer probe;
    trace->wants_logs = run->job->options->with_log;
    chain->on_tx = on_tx;
    chain->on_tx_context = run;
    run->trace = trace;
    run->world = chain->tracer;
    tracer_open(&probe, &run->pieces, run->job->options);
    bool wants_steps = probe.hooks.on_step != NULL;
    tracer_close(&probe);
    chain->tracer = (struct evm_tracer){
        .context = run,
        .on_enter = on_enter,
        .on_exit = on_exit,
        .on_selfdestruct = on_selfdestruct,
        .on_log = on_log,
        .on_replayed = on_replayed,
        .on_step = wants_steps ? on_step : NULL,
        .on_step_end = wants_steps ? on_step_end : NULL,
    };
}

/* --- the answer ------------------------------------------------------------------------------- */

static enum err write_tx(struct rollup_run *run, size_t index) {
    const struct debug_job *job = run->job;
    const struct receipt *receipts = job->block->receipts;
    bool is_written = false;
    debug_begin_item(job, job->out, index);
    if (debug_shows_chains(job->options)) {
        uint64_t before = index == 0 ? 0 : receipts[index - 1].cumulative_gas_used;
        const struct debug_tree tree = {
            .chain = job->chain,
            .root = crossing_replay_frame(&run->replay, index),
            .gas_limit = job->block->transactions[index].tx->gas_limit,
            .gas_used = receipts[index].cumulative_gas_used - before,
            .log_index = logs_before(job->block, index),
            .has_logs = job->options->with_log,
        };
        enum err err = debug_write_tree(&is_written, job->out, job->arena, &tree);
        if (err != ERR_OK) return err;
    }
    if (!is_written) {
        if (run->ends[index] == 0) return ERR_CORRUPT;
        const char *piece = run->pieces.data + run->starts[index];
        json_raw(job->out, bytes_of(piece, run->ends[index] - run->starts[index]));
    }
    debug_end_item(job, job->out);
    return ERR_OK;
}

static enum err trace(struct rollup_run *run) {
    const struct debug_job *job = run->job;
    size_t count = job->block->block.tx_count;
    run->starts = arena_alloc_zero(job->arena, (count + 1) * sizeof(*run->starts));
    run->ends = arena_alloc_zero(job->arena, (count + 1) * sizeof(*run->ends));
    if (run->starts == NULL || run->ends == NULL) return ERR_MEMORY;
    run->replay = (struct crossing_replay){
        .chain = job->chain,
        .arena = job->arena,
        .number = job->block->block.header.number,
        .on_open = on_open,
        .context = run,
    };
    debug_begin_time(job);
    run->replay.watch = time_limit_watch(job->limit);
    enum err err = crossing_replay(&run->replay);
    close_tracer(run);
    if (err == ERR_OK) err = run->err;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        if (debug_wants(job, i)) err = write_tx(run, i);
    return err;
}

enum rpc_status debug_rollup(const struct debug_job *job) {
    struct rollup_run *run = arena_alloc_zero(job->arena, sizeof(*run));
    if (run == NULL) return debug_fail(job->request, ERR_MEMORY);
    run->job = job;
    json_writer_open(&run->pieces, job->out->size_max - job->out->size);
    enum err err = trace(run);
    json_writer_close(&run->pieces);
    return err == ERR_OK ? RPC_OK : debug_fail(job->request, err);
}
