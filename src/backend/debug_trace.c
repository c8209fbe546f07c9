#include "backend/debug_trace.h"

#include "backend/backend.h"
#include "backend/crossing_trace.h"
#include "backend/simulation.h"
#include "chain/commit.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "node/crossing.h"
#include "rpc/tracer_frame.h"

#include <stdlib.h>

enum rpc_status debug_fail(struct rpc_request *request, enum err err) {
    if (err == ERR_TIMEOUT) return rpc_fail(request, RPC_SERVER_ERROR, "execution timeout");
    if (err == ERR_LIMIT || err == ERR_MEMORY)
        return rpc_fail(
            request,
            RPC_RESPONSE_TOO_LARGE,
            "the trace is too large: trace less (disableStack, disableStorage, limit) or a "
            "transaction alone"
        );
    return rpc_fail_err(request, err);
}

void debug_begin_time(const struct debug_job *job) {
    const struct tracer_options *options = job->options;
    uint64_t other = time_limit_of(job->chain->node->options->rpc_timeout_ms);
    time_limit_begin(job->limit, job->request, options->has_timeout ? options->timeout_us : other);
}

void debug_begin_item(const struct debug_job *job, struct json_writer *out, size_t index) {
    if (!job->is_whole) return;
    json_object_begin(out);
    json_member_hash(out, "txHash", &job->block->transactions[index].hash);
    json_key(out, "result");
}

void debug_end_item(const struct debug_job *job, struct json_writer *out) {
    if (job->is_whole) json_object_end(out);
}

/* --- trees over several chains ---------------------------------------------------------------- */

bool debug_shows_chains(const struct tracer_options *options) {
    return options->kind == TRACER_CALL && !options->only_top_call;
}

static bool is_on_one_chain(const struct world_frame *root) {
    for (const struct world_frame *f = root; f != NULL; f = world_frame_next(f, root, false))
        if (f->chain != root->chain) return false;
    return true;
}

/* Calls of the frame before something in it. */
static uint32_t calls_before(const struct world_frame *frame, uint64_t sequence) {
    uint32_t count = 0;
    for (const struct world_frame *f = frame->first; f != NULL && f->sequence < sequence;
         f = f->next)
        count++;
    return count;
}

static enum err
convert_logs(struct tracer_frame *frame, struct arena *arena, const struct world_frame *from) {
    for (const struct world_log *log = from->first_log; log != NULL; log = log->next) {
        struct tracer_log *made = arena_alloc_zero(arena, sizeof(*made));
        if (made == NULL) return ERR_MEMORY;
        made->address = log->log.address;
        made->topic_count = log->log.topic_count;
        memcpy(made->topics, log->log.topics, sizeof(made->topics));
        made->data = log->log.data;
        made->index = log->sequence; /* until they are numbered */
        made->position = calls_before(from, log->sequence);
        if (frame->last_log == NULL)
            frame->first_log = made;
        else
            frame->last_log->next = made;
        frame->last_log = made;
    }
    return ERR_OK;
}

static enum err convert(
    struct tracer_frame **out,
    struct arena *arena,
    const struct node *node,
    const struct world_frame *from,
    struct tracer_frame *parent
) {
    struct tracer_frame *frame;
    const struct evm_message *m = &from->message;
    if (from->is_selfdestruct)
        frame = tracer_frame_new_selfdestruct(arena, parent, &m->sender, &m->recipient, &m->value);
    else
        frame = tracer_frame_new(arena, parent, m);
    if (frame == NULL) return ERR_MEMORY;
    frame->has_chain_id = true;
    frame->chain_id = node->chains[from->chain].rpc.chain_id;
    *out = frame;
    if (from->is_selfdestruct) return ERR_OK;
    if (!from->is_open) {
        struct halt_step step;
        bool has_step = from->result.stop != NULL;
        /* The words are the same since Istanbul, and networks with rollups begin later. */
        if (has_step) step = halt_step_of_stop(from->result.stop, FORK_OSAKA);
        return tracer_frame_end(frame, arena, &from->result, has_step ? &step : NULL);
    }
    /* It waited for another chain when what it is part of was undone. */
    frame->outcome = EVM_FOREIGN_FAILURE;
    frame->error = "never ended";
    return ERR_OK;
}

static enum err
convert_all(struct tracer_frame **out, struct arena *arena, const struct debug_tree *tree) {
    struct tracer_frame *parent = NULL;
    const struct world_frame *frame = tree->root;
    for (;;) {
        struct tracer_frame *made;
        enum err err = convert(&made, arena, tree->chain->node, frame, parent);
        if (err == ERR_OK && tree->has_logs) err = convert_logs(made, arena, frame);
        if (err != ERR_OK) return err;
        if (parent == NULL) *out = made;
        if (frame->first != NULL) {
            frame = frame->first;
            parent = made;
            continue;
        }
        while (frame != tree->root && frame->next == NULL) {
            frame = frame->parent;
            CHECK(parent != NULL);
            parent = parent->parent;
        }
        if (frame == tree->root) return ERR_OK;
        frame = frame->next;
    }
}

static int by_sequence(const void *a, const void *b) {
    const struct tracer_log *const *left = a;
    const struct tracer_log *const *right = b;
    return (*left)->index < (*right)->index ? -1 : (*left)->index > (*right)->index;
}

/* Takes the logs out of what failed, and numbers those of the transaction's chain. */
static enum err
settle_logs(struct tracer_frame *root, struct arena *arena, const struct debug_tree *tree) {
    size_t count = 0;
    for (struct tracer_frame *f = root; f != NULL; f = tracer_frame_next(f, root)) {
        f->is_undone = f->error != NULL || (f->parent != NULL && f->parent->is_undone);
        if (f->is_undone) f->first_log = NULL;
        for (struct tracer_log *log = f->first_log; log != NULL; log = log->next)
            count++;
    }
    struct tracer_log **own = arena_alloc_array(arena, count + 1, sizeof(struct tracer_log *));
    if (own == NULL) return ERR_MEMORY;
    count = 0;
    for (struct tracer_frame *f = root; f != NULL; f = tracer_frame_next(f, root))
        for (struct tracer_log *log = f->first_log; log != NULL; log = log->next) {
            if (f->chain_id == root->chain_id)
                own[count++] = log;
            else
                log->index = TRACER_LOG_NO_INDEX;
        }
    qsort(own, count, sizeof(struct tracer_log *), by_sequence);
    for (size_t i = 0; i < count; i++)
        own[i]->index = tree->log_index + i;
    return ERR_OK;
}

enum err debug_write_tree(
    bool *is_written, struct json_writer *out, struct arena *arena, const struct debug_tree *tree
) {
    struct tracer_frame *root = NULL;
    *is_written = false;
    if (tree->root == NULL || is_on_one_chain(tree->root)) return ERR_OK;
    enum err err = convert_all(&root, arena, tree);
    if (err == ERR_OK) err = settle_logs(root, arena, tree);
    if (err != ERR_OK) return err;
    root->gas = tree->gas_limit;
    root->gas_used = tree->gas_used;
    tracer_frame_write(out, root, NULL);
    *is_written = true;
    return ERR_OK;
}

/* --- blocks of L1 ----------------------------------------------------------------------------- */

struct l1_run {
    const struct debug_job *job;
    struct block_builder builder;
    struct state state;
    struct source_memory overlay;
    struct crossing_replay replay; /* block is NULL: the block was not run with all chains */
};

/* A block with a batch begins with the builder's transaction. */
static bool has_batch(const struct debug_job *job) {
    const struct node *node = job->chain->node;
    return node->chain_count > 1 && job->block->block.tx_count > 1 &&
           address_equal(&job->block->transactions[0].sender, &node->keys.builder.address);
}

static enum err open_l1_run(struct l1_run *run) {
    const struct debug_job *job = run->job;
    struct node_chain *chain = job->chain;
    const struct header *header = &job->block->block.header;
    struct header parent;
    enum err err = node_chain_read_header(chain, &parent, NULL, header->number - 1);
    if (err != ERR_OK) return err;
    struct block_attributes attributes = crossing_attributes_of(header);
    /* A block that is there says by its difficulty on which side of the merge it is. */
    if (chain->schedule.has_terminal_total_difficulty)
        attributes.parent_total_difficulty =
            u256_is_zero(&header->difficulty) ? &U256_MAX : &U256_ZERO;
    struct source *source;
    hash32 root;
    err = node_chain_source_at(chain, &source, &root, job->arena, &parent);
    if (err != ERR_OK) return err;
    source_memory_open(&run->overlay, job->arena, source);
    err = state_open(&run->state, job->arena, &run->overlay.source, &root);
    if (err != ERR_OK) return err;
    return block_begin(
        &run->builder,
        job->arena,
        &run->state,
        &run->overlay,
        &chain->schedule,
        &parent,
        &attributes,
        node_chain_hashes(chain),
        NULL,
        chain->codes
    );
}

static uint64_t log_count(const struct block_builder *builder) {
    uint64_t count = 0;
    for (size_t i = 0; i < builder->tx_count; i++)
        count += builder->results[i].log_count;
    return count;
}

static enum err trace_l1_tx(struct l1_run *run, size_t index) {
    const struct debug_job *job = run->job;
    struct block_builder *builder = &run->builder;
    const struct rpc_transaction *transaction = &job->block->transactions[index];
    struct tracer tracer;
    const struct tracer_subject subject = {
        .tx = transaction->tx,
        .sender = transaction->sender,
        .block = &builder->context,
        .journal = &builder->journal,
        .state = &run->state,
        .log_index = log_count(builder),
        .has_place = true,
        .block_hash = job->block->hash,
        .tx_hash = transaction->hash,
        .tx_index = index,
    };
    tracer_open(&tracer, job->out, job->options);
    tracer_begin(&tracer, &subject);
    debug_begin_time(job);
    builder->options.tracer = &tracer.hooks;
    builder->options.watch = time_limit_watch(job->limit);
    enum err err = ERR_OK;
    switch (block_add(builder, transaction->tx, &transaction->sender)) {
    case EXECUTION_DONE:
        err = tracer_end(&tracer, &builder->results[builder->tx_count - 1]);
        break;
    case EXECUTION_FAILED:
        err = builder->err;
        break;
    case EXECUTION_INVALID:
    case EXECUTION_CALL:
    case EXECUTION_INSIDE_DONE:
    case EXECUTION_REVERTING:
        err = ERR_CORRUPT;
        break;
    }
    builder->options.tracer = NULL;
    builder->options.watch = NULL;
    tracer_close(&tracer);
    return err;
}

static enum err run_l1_tx(struct l1_run *run, size_t index) {
    struct block_builder *builder = &run->builder;
    const struct rpc_transaction *transaction = &run->job->block->transactions[index];
    switch (block_add(builder, transaction->tx, &transaction->sender)) {
    case EXECUTION_DONE:
        return ERR_OK;
    case EXECUTION_FAILED:
        return builder->err;
    case EXECUTION_INVALID:
    case EXECUTION_CALL:
    case EXECUTION_INSIDE_DONE:
    case EXECUTION_REVERTING:
        break;
    }
    return ERR_CORRUPT;
}

/* The transaction's tree over all chains, if it has one. */
static enum err write_l1_tree(struct l1_run *run, bool *is_written, size_t index) {
    const struct debug_job *job = run->job;
    *is_written = false;
    if (run->replay.block == NULL) return ERR_OK;
    const struct receipt *receipts = job->block->receipts;
    uint64_t before = index == 0 ? 0 : receipts[index - 1].cumulative_gas_used;
    const struct debug_tree tree = {
        .chain = job->chain,
        .root = crossing_replay_frame(&run->replay, index),
        .gas_limit = job->block->transactions[index].tx->gas_limit,
        .gas_used = receipts[index].cumulative_gas_used - before,
        .log_index = log_count(&run->builder),
        .has_logs = job->options->with_log,
    };
    return debug_write_tree(is_written, job->out, job->arena, &tree);
}

static void want_logs(void *context, struct world_trace *trace) {
    const struct l1_run *run = context;
    trace->wants_logs = run->job->options->with_log;
}

static enum err trace_l1_block(const struct debug_job *job) {
    struct l1_run *run = arena_alloc_zero(job->arena, sizeof(*run));
    if (run == NULL) return ERR_MEMORY;
    run->job = job;
    enum err err = open_l1_run(run);
    if (err == ERR_OK && debug_shows_chains(job->options) && has_batch(job)) {
        run->replay = (struct crossing_replay){
            .chain = job->chain,
            .arena = job->arena,
            .number = job->block->block.header.number,
            .on_open = want_logs,
            .context = run,
        };
        debug_begin_time(job);
        if (!job->is_whole) run->replay.watch = time_limit_watch(job->limit);
        err = crossing_replay(&run->replay);
        /* What the rollups were may be gone (anvil_setBalance changes their heads); what ran here
         * is not. */
        if (err == ERR_CORRUPT || err == ERR_MISSING) {
            run->replay.block = NULL;
            err = ERR_OK;
        }
    }
    size_t end = job->is_whole ? job->block->block.tx_count : job->index + 1;
    for (size_t i = 0; i < end && err == ERR_OK; i++) {
        bool is_written = false;
        bool is_wanted = debug_wants(job, i);
        if (is_wanted) {
            debug_begin_item(job, job->out, i);
            err = write_l1_tree(run, &is_written, i);
        }
        if (err == ERR_OK) err = is_wanted && !is_written ? trace_l1_tx(run, i) : run_l1_tx(run, i);
        if (is_wanted) debug_end_item(job, job->out);
        if (rpc_is_over(job->request)) return ERR_TIMEOUT;
    }
    return err;
}

/* --- blocks ----------------------------------------------------------------------------------- */

static enum rpc_status trace_block(struct debug_job *job) {
    if (job->block->block.header.number == 0)
        return rpc_fail(job->request, RPC_SERVER_ERROR, "genesis is not traceable");
    if (node_chain_is_forked(job->chain, job->block->block.header.number))
        return rpc_fail(
            job->request,
            RPC_UNSUPPORTED,
            "the block is not above the fork block, so this node has not run it: ask %s",
            forked_name(job->chain->forked)
        );
    if (rpc_leave(job->request)) return RPC_FAILED;
    struct arena arena;
    arena_open(&arena, NODE_BUILD_SIZE_MAX);
    job->arena = &arena;
    enum rpc_status status = RPC_OK;
    if (job->is_whole) json_array_begin(job->out);
    if (job->chain->rollup_id != 0) {
        status = debug_rollup(job);
    } else {
        enum err err = trace_l1_block(job);
        if (err != ERR_OK) status = debug_fail(job->request, err);
    }
    if (job->is_whole) json_array_end(job->out);
    job->arena = NULL;
    arena_close(&arena);
    return status;
}

static enum rpc_status trace_transaction(struct debug_job *job, const hash32 *hash) {
    struct forked_place place;
    bool is_found;
    enum err err = node_chain_find_transaction(job->chain, &is_found, &place, hash);
    if (err == ERR_OK && !is_found)
        return rpc_fail(job->request, RPC_SERVER_ERROR, "transaction not found");
    if (err == ERR_OK)
        err = node_chain_read_block(job->chain, &job->block, job->request->arena, place.number);
    if (err != ERR_OK) return rpc_fail_err(job->request, err);
    job->index = place.index;
    return trace_block(job);
}

static enum rpc_status no_such_block(struct rpc_request *request, const struct rpc_block_id *id) {
    if (id->kind == RPC_BLOCK_NUMBER)
        return rpc_fail(
            request, RPC_SERVER_ERROR, "block #%llu not found", (unsigned long long)id->number
        );
    if (id->kind != RPC_BLOCK_HASH) return rpc_fail(request, RPC_SERVER_ERROR, "block not found");
    char digits[65];
    for (size_t i = 0; i < 32; i++) {
        digits[2 * i] = "0123456789abcdef"[id->hash.b[i] >> 4];
        digits[2 * i + 1] = "0123456789abcdef"[id->hash.b[i] & 15];
    }
    digits[64] = 0;
    return rpc_fail(request, RPC_SERVER_ERROR, "block 0x%s not found", digits);
}

static enum rpc_status trace_stored_block(struct debug_job *job, const struct rpc_block_id *id) {
    bool is_found;
    uint64_t number;
    enum err err = node_chain_resolve(job->chain, &is_found, &number, id);
    if (err != ERR_OK) return rpc_fail_err(job->request, err);
    if (!is_found || id->kind == RPC_BLOCK_PENDING) return no_such_block(job->request, id);
    err = node_chain_read_block(job->chain, &job->block, job->request->arena, number);
    if (err != ERR_OK) return rpc_fail_err(job->request, err);
    job->is_whole = true;
    return trace_block(job);
}

/* A block that the chain does not have: with the senders that its signatures give. */
static enum err complete(struct debug_job *job, struct chain_block *made) {
    struct arena *arena = job->request->arena;
    const struct block *block = &made->block;
    const struct header *header = &block->header;
    struct fork_rules rules = forks_at_difficulty(
        &job->chain->schedule,
        header->number,
        header->timestamp,
        u256_is_zero(&header->difficulty) ? &U256_MAX : &U256_ZERO
    );
    struct rpc_transaction *transactions =
        arena_alloc_zero(arena, (block->tx_count + 1) * sizeof(*transactions));
    if (transactions == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < block->tx_count; i++) {
        enum tx_verdict verdict;
        enum err err = tx_sender(&transactions[i].sender, &verdict, arena, &block->txs[i], &rules);
        if (err != ERR_OK) return err;
        if (verdict != TX_OK) return ERR_INPUT;
        transactions[i].tx = &block->txs[i];
        transactions[i].encoded = block->tx_encodings[i];
        transactions[i].hash = keccak256(block->tx_encodings[i]);
    }
    made->transactions = transactions;
    return ERR_OK;
}

static enum rpc_status trace_raw_block(struct debug_job *job, bytes encoded) {
    struct chain_block *made = arena_alloc_zero(job->request->arena, sizeof(*made));
    enum block_verdict verdict;
    enum tx_verdict tx_verdict;
    size_t tx_index;
    enum err err = ERR_MEMORY;
    if (made != NULL)
        err = block_decode(
            &made->block, &verdict, &tx_verdict, &tx_index, job->request->arena, encoded
        );
    if (err != ERR_OK) return rpc_fail_err(job->request, err);
    if (verdict != BLOCK_OK)
        return rpc_fail(
            job->request,
            RPC_SERVER_ERROR,
            "could not decode block: %s",
            verdict == BLOCK_TRANSACTION ? tx_verdict_text(tx_verdict) : block_verdict_text(verdict)
        );
    made->hash = header_hash(&made->block.header);
    struct rpc_block_id id = {.kind = RPC_BLOCK_HASH, .hash = made->hash};
    bool is_found;
    uint64_t number;
    err = node_chain_resolve(job->chain, &is_found, &number, &id);
    if (err != ERR_OK) return rpc_fail_err(job->request, err);
    /* Before anything is asked of a parent: a first block has none. */
    if (is_found || made->block.header.number == 0 || job->chain->rollup_id != 0)
        return trace_stored_block(job, &id);
    id.hash = made->block.header.parent_hash;
    err = node_chain_resolve(job->chain, &is_found, &number, &id);
    if (err == ERR_OK && (!is_found || number + 1 != made->block.header.number))
        return no_such_block(job->request, &id);
    if (err == ERR_OK) err = complete(job, made);
    if (err == ERR_INPUT)
        return rpc_fail(job->request, RPC_SERVER_ERROR, "invalid transaction signature");
    if (err != ERR_OK) return rpc_fail_err(job->request, err);
    job->block = made;
    job->is_whole = true;
    return trace_block(job);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Writes what was run on several chains; nothing if it was on one. */
static enum rpc_status finish_tree(
    bool *is_written,
    const struct debug_job *job,
    const struct simulation *simulation,
    const struct simulation_run *run
) {
    const struct node_chain *chain = simulation->chain;
    const struct debug_tree tree = {
        .chain = chain,
        .root = world_trace_newest_tx(simulation->trace, node_place(chain)),
        .gas_limit = simulation->gas,
        .gas_used = run->result.gas_used,
        .has_logs = job->options->with_log,
    };
    *is_written = false;
    enum err err = simulation->trace->failed ? ERR_MEMORY : ERR_OK;
    if (err == ERR_OK) err = debug_write_tree(is_written, job->out, job->request->arena, &tree);
    return err == ERR_OK ? RPC_OK : debug_fail(job->request, err);
}

/* The state before the transaction at this index of the block that the call runs on top of; in
 * job's arena. */
static enum rpc_status
go_before(struct debug_job *job, struct simulation *simulation, uint64_t tx_index) {
    struct rpc_request *request = job->request;
    if (job->chain->rollup_id != 0)
        return rpc_fail(request, RPC_UNSUPPORTED, "txIndex is supported on L1 only");
    if (rpc_leave(request)) return RPC_FAILED;
    enum err err =
        node_chain_read_block(job->chain, &job->block, request->arena, simulation->header.number);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    size_t count = job->block->block.tx_count;
    if (simulation->header.number == 0 || tx_index > 0 || count > 0) {
        if (tx_index >= count)
            return rpc_fail(
                request,
                RPC_SERVER_ERROR,
                "transaction index %llu out of range for block #%llu",
                (unsigned long long)tx_index,
                (unsigned long long)simulation->header.number
            );
    }
    struct l1_run *run = arena_alloc_zero(job->arena, sizeof(*run));
    hash32 root;
    if (run == NULL) return debug_fail(request, ERR_MEMORY);
    run->job = job;
    err = open_l1_run(run);
    for (size_t i = 0; i < tx_index && err == ERR_OK; i++)
        err = run_l1_tx(run, i);
    if (err == ERR_OK)
        err = journal_commit(&root, &run->builder.journal, &run->state, &run->overlay, job->arena);
    if (err != ERR_OK) return debug_fail(request, err);
    simulation->state = &run->state;
    return RPC_OK;
}

/* Runs the call again, for the tree of what it has run on its own chain and read of the parent. */
static enum rpc_status
trace_reads(bool *is_written, struct debug_job *job, struct simulation *simulation) {
    struct world_trace *trace = simulation->trace;
    struct world_trace_chain *traced;
    struct simulation_run run;
    *is_written = false;
    enum err err = crossing_open_trace(trace, job->arena, job->chain->node);
    if (err != ERR_OK) return debug_fail(job->request, err);
    trace->wants_logs = job->options->with_log;
    traced = &trace->chains[node_place(job->chain)];
    traced->has_tx = true;
    simulation->traces_reads = true;
    enum rpc_status status = simulation_try(simulation, &run, simulation->gas, &traced->tracer);
    simulation->traces_reads = false;
    return status == RPC_OK ? finish_tree(is_written, job, simulation, &run) : status;
}

static enum rpc_status
run_call(struct debug_job *job, struct simulation *simulation, struct tracer *tracer) {
    struct simulation_run run;
    const char *text = "";
    enum rpc_status status = simulation_try(simulation, &run, simulation->gas, &tracer->hooks);
    if (status != RPC_OK) return status;
    if (run.verdict != TX_OK) {
        status = simulation_verdict(simulation, &text, run.verdict);
        if (status != RPC_OK) return status;
        return rpc_fail(job->request, RPC_SERVER_ERROR, "tracing failed: %s", text);
    }
    if (simulation->has_crossed && !debug_shows_chains(job->options))
        return rpc_fail(
            job->request, RPC_UNSUPPORTED, "of calls across chains, callTracer alone makes a trace"
        );
    bool is_written = false;
    if (simulation->has_crossed) {
        status = finish_tree(&is_written, job, simulation, &run);
        return status == RPC_OK && !is_written ? debug_fail(job->request, ERR_CORRUPT) : status;
    }
    if (simulation->has_read && debug_shows_chains(job->options)) {
        status = trace_reads(&is_written, job, simulation);
        if (status != RPC_OK || is_written) return status;
        /* What ran before has gone with the second run. */
        status = simulation_try(simulation, &run, simulation->gas, &tracer->hooks);
        if (status != RPC_OK) return status;
    }
    enum err err = tracer_end(tracer, &run.result);
    return err == ERR_OK ? RPC_OK : debug_fail(job->request, err);
}

static enum rpc_status trace_call(struct debug_job *job, const struct rpc_trace *call) {
    const struct rpc_simulation *description = call->simulation;
    struct simulation simulation;
    struct world_trace trace;
    struct tracer tracer;
    struct arena arena;
    bool is_found;
    enum rpc_status status =
        simulation_open(&simulation, job->chain, job->request, &is_found, description);
    if (status != RPC_OK) return status;
    if (!is_found) return no_such_block(job->request, &description->block);
    arena_open(&arena, NODE_BUILD_SIZE_MAX);
    job->arena = &arena;
    if (call->has_tx_index) status = go_before(job, &simulation, call->tx_index);
    if (status == RPC_OK) {
        tracer_open(&tracer, job->out, job->options);
        simulation.limit.is_trace = true;
        if (job->options->has_timeout)
            time_limit_begin(&simulation.limit, job->request, job->options->timeout_us);
        simulation.options.watch = time_limit_watch(&simulation.limit);
        simulation.tracer = &tracer;
        simulation.trace = &trace;
        status = run_call(job, &simulation, &tracer);
        tracer_close(&tracer);
    }
    job->arena = NULL;
    arena_close(&arena);
    simulation_close(&simulation);
    return status;
}

enum rpc_status debug_trace(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_trace *trace
) {
    struct time_limit limit = {.is_trace = true};
    struct debug_job job = {
        .chain = chain,
        .request = request,
        .out = out,
        .options = trace->options,
        .limit = &limit,
    };
    switch (trace->kind) {
    case RPC_TRACE_TRANSACTION:
        return trace_transaction(&job, &trace->hash);
    case RPC_TRACE_BLOCK:
        return trace_stored_block(&job, &trace->block);
    case RPC_TRACE_RAW_BLOCK:
        return trace_raw_block(&job, trace->encoded);
    case RPC_TRACE_CALL:
        return trace_call(&job, trace);
    }
    CHECK(false);
    return RPC_FAILED;
}
