#include "node/replay.h"

#include "node/trace_frames.h"
#include "rollup/evm_rollup.h"

#define REPLAY_SIZE_MAX ((size_t)2 << 30)

struct replay {
    struct node_chain *chain;
    const struct chain_block *block;
    size_t index;
    struct header parent;
    struct arena *arena;
    struct source_memory overlay; /* above the chain's source */
    struct trace_frames frames;
    struct evm_tracer tracer;
};

/* L1: the transactions before it without a tracer, then it. */
static enum err replay_l1(struct replay *r) {
    const struct header *header = &r->block->block.header;
    struct block_attributes attributes = {
        .timestamp = header->timestamp,
        .gas_limit = header->gas_limit,
        .coinbase = header->coinbase,
        .prev_randao = header->mix_hash,
        .parent_beacon_block_root = header->parent_beacon_block_root,
    };
    struct state *state = arena_alloc_zero(r->arena, sizeof(*state));
    struct block_builder *builder = arena_alloc_zero(r->arena, sizeof(*builder));
    if (state == NULL || builder == NULL) return ERR_MEMORY;
    enum err err = state_open(state, r->arena, &r->overlay.source, &r->parent.state_root);
    if (err == ERR_OK)
        err = block_begin(
            builder,
            r->arena,
            state,
            &r->overlay,
            &r->chain->schedule,
            &r->parent,
            &attributes,
            node_chain_hashes(r->chain),
            NULL,
            r->chain->codes
        );
    for (size_t i = 0; i <= r->index && err == ERR_OK; i++) {
        const struct rpc_transaction *transaction = &r->block->transactions[i];
        if (i == r->index) builder->options.tracer = &r->tracer;
        block_add_begin(builder, transaction->tx, transaction->encoded, &transaction->sender);
        enum execution_status status = block_add_run(builder);
        if (status == EXECUTION_FAILED)
            err = builder->err;
        else if (status != EXECUTION_DONE)
            err = ERR_CORRUPT;
    }
    return err;
}

/* A rollup's block is made in one go; the tracer passes over the transactions before. */
static enum err replay_rollup(struct replay *r) {
    const struct header *header = &r->block->block.header;
    size_t count = r->block->block.tx_count;
    struct evm_rollup *rollup = arena_alloc_zero(r->arena, sizeof(*rollup));
    bytes *txs = arena_alloc_array(r->arena, count, sizeof(*txs));
    if (rollup == NULL || txs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        txs[i] = r->block->transactions[i].encoded;
    evm_rollup_open(rollup, r->arena, r->chain->rollup_id, r->chain->rpc.chain_id, &r->overlay);
    rollup->codes = r->chain->codes;
    rollup->tracer = &r->tracer;
    struct payload_block block = {
        .timestamp = header->timestamp,
        .fee_recipient = header->coinbase,
        .txs = txs,
        .tx_count = count,
    };
    struct sealed_block sealed;
    struct rollup_step step;
    enum err err =
        evm_rollup_build_block(rollup, &sealed, &step, &r->parent, &header->parent_hash, &block);
    return err == ERR_OK && step.verdict != STEP_OK ? ERR_CORRUPT : err;
}

enum err replay_transaction(
    struct node_chain *chain,
    struct json_writer *writer,
    const struct chain_block *block,
    size_t index
) {
    struct arena arena;
    arena_open(&arena, REPLAY_SIZE_MAX);
    struct replay *r = arena_alloc_zero(&arena, sizeof(*r));
    enum err err = r == NULL ? ERR_MEMORY : ERR_OK;
    if (err != ERR_OK) goto out;
    r->chain = chain;
    r->block = block;
    r->index = index;
    r->arena = &arena;
    err = node_chain_read_header(chain, &r->parent, NULL, block->block.header.number - 1);
    if (err != ERR_OK) goto out;
    source_memory_open(&r->overlay, &arena, &chain->source.source);
    uint64_t skip = chain->rollup_id == 0 ? 0 : index;
    trace_frames_open(&r->frames, writer, chain->rpc.name, chain->rpc.chain_id, skip);
    r->tracer = trace_frames_tracer(&r->frames);
    err = chain->rollup_id == 0 ? replay_l1(r) : replay_rollup(r);
    if (err == ERR_OK && !r->frames.is_done) err = ERR_CORRUPT;
out:
    arena_close(&arena);
    return err;
}
