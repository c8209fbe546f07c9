#include "backend/crossing_trace.h"

#include "backend/trace_json.h"
#include "node/crossing.h"
#include "node/network.h"
#include "rollup/predeploys.h"

struct block_attributes crossing_attributes_of(const struct header *header) {
    struct block_attributes attributes = {
        .timestamp = header->timestamp,
        .gas_limit = header->gas_limit,
        .coinbase = header->coinbase,
        .prev_randao = header->mix_hash,
        .extra_data_size = header->extra_data_size,
        .parent_beacon_block_root = header->parent_beacon_block_root,
        .has_base_fee = true,
        .base_fee_per_gas = header->base_fee_per_gas,
    };
    memcpy(attributes.extra_data, header->extra_data, sizeof(attributes.extra_data));
    return attributes;
}

static enum err open_trace(struct crossing_replay *replay) {
    const struct node *node = replay->chain->node;
    enum err err = crossing_open_trace(&replay->trace, replay->arena, node);
    if (err == ERR_OK && replay->on_open != NULL) replay->on_open(replay->context, &replay->trace);
    return err;
}

/* The transactions of an L1 block, run again as they are. */
static enum err replay_l1(struct crossing_replay *replay, uint64_t number) {
    struct node *node = replay->chain->node;
    struct node_chain *l1 = node_l1(node);
    struct arena *arena = replay->arena;
    const struct chain_block *block;
    struct header parent;
    struct crossing *crossing = arena_alloc(arena, sizeof(*crossing));
    if (crossing == NULL) return ERR_MEMORY;
    enum err err = node_chain_read_header(l1, &parent, NULL, number - 1);
    if (err == ERR_OK) err = node_chain_read_block(l1, &block, arena, number);
    if (err != ERR_OK) return err;
    const struct header *header = &block->block.header;
    struct block_attributes attributes = crossing_attributes_of(header);
    struct world_tx *txs = arena_alloc_array(arena, block->block.tx_count, sizeof(*txs));
    if (txs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < block->block.tx_count; i++)
        txs[i] = (struct world_tx){
            .tx = block->transactions[i].tx,
            .encoded = block->transactions[i].encoded,
            .sender = block->transactions[i].sender,
        };
    err = crossing_open(crossing, node, arena, &parent, &attributes);
    if (err == ERR_OK) err = open_trace(replay);
    if (err != ERR_OK) return err;
    crossing->options.txs = txs;
    crossing->options.tx_count = block->block.tx_count;
    crossing->options.is_replay = true;
    crossing->options.tx_options.watch = replay->watch;
    crossing->options.no_batch = false; /* it is among the transactions */
    crossing->options.trace = &replay->trace;
    return world_build(&crossing->result, &crossing->options);
}

/* A rollup block that is not a slot block: no other chain had to do with it. */
static enum err replay_rollup(struct crossing_replay *replay) {
    struct node_chain *chain = replay->chain;
    struct arena *arena = replay->arena;
    const struct chain_block *block = replay->block;
    struct source_memory *overlay = arena_alloc_zero(arena, sizeof(*overlay));
    bytes *txs = arena_alloc_array(arena, block->block.tx_count, sizeof(*txs));
    struct header parent;
    if (overlay == NULL || txs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < block->block.tx_count; i++)
        txs[i] = block->transactions[i].encoded;
    enum err err = node_chain_read_header(chain, &parent, NULL, replay->number - 1);
    if (err == ERR_OK) err = open_trace(replay);
    if (err != ERR_OK) return err;
    source_memory_open(overlay, arena, &chain->fresh.source);
    const struct rollup_options options = {
        .arena = arena,
        .rollup_id = chain->rollup_id,
        .chain_id = chain->rpc.chain_id,
        .overlay = overlay,
        .names_senders = chain->schedule.names_senders,
    };
    struct rollup *rollup = rollup_open(chain->type, &options);
    if (rollup == NULL) return ERR_MEMORY;
    crossing_trace_reads(&rollup->parent, &replay->trace, chain);
    crossing_view_parent(&rollup->parent, node_parent(chain));
    rollup->parent.watch = replay->watch;
    struct world_trace_chain *traced = &replay->trace.chains[node_place(chain)];
    rollup->tracer = &traced->tracer;
    rollup->watch = replay->watch;
    rollup->on_tx = world_trace_tx;
    rollup->on_tx_context = traced;
    struct payload_block payload = {
        .timestamp = block->block.header.timestamp,
        .fee_recipient = block->block.header.coinbase,
        .txs = txs,
        .tx_count = block->block.tx_count,
    };
    struct sealed_block sealed;
    struct rollup_step step;
    hash32 parent_hash = header_hash(&parent);
    err = rollup_build_block(rollup, &sealed, &step, &parent, &parent_hash, &payload);
    if (err == ERR_OK && step.verdict != STEP_OK) err = ERR_CORRUPT;
    return err;
}

/* A slot block begins with the system's transaction that names a parent block before the one in
 * which it was built: mostly the one before, but a batch may have waited for its transaction. */
static bool is_slot_block(const struct chain_block *block, uint64_t *anchor) {
    if (block->block.tx_count == 0) return false;
    const struct tx *tx = block->transactions[0].tx;
    if (tx->type != TX_DEPOSIT || !tx->is_system || !address_equal(&tx->to, &ANCHOR_PREDEPLOY))
        return false;
    return abi_read_u64(anchor, bytes_slice(tx->data, 4, SIZE_MAX), 0) == ERR_OK;
}

/* A rollup's head as the Hub has it after a block of its parent. */
static enum err
head_at(struct node_chain *rollup, struct arena *arena, u256 *head, uint64_t number) {
    struct node_chain *parent = node_parent(rollup);
    const u256 slot = world_head_slot(rollup->rollup_id);
    struct header header;
    struct state *state;
    enum err err = node_chain_read_header(parent, &header, NULL, number);
    if (err == ERR_OK) err = node_chain_state_at(parent, &state, arena, &header);
    return err == ERR_OK ? state_get_slot(state, &node_contracts(parent)->hub, &slot, head) : err;
}

/* The block of the parent that a slot block was built with: the first after its anchor in which the
 * Hub's head for the rollup moves. */
static enum err
find_parent(struct node_chain *rollup, struct arena *arena, uint64_t *number, uint64_t anchor) {
    u256 before;
    u256 after;
    enum err err = head_at(rollup, arena, &before, anchor);
    for (*number = anchor + 1; err == ERR_OK; ++*number) {
        err = head_at(rollup, arena, &after, *number);
        if (err == ERR_OK && !u256_equal(&before, &after)) return ERR_OK;
    }
    return err == ERR_MISSING ? ERR_CORRUPT : err;
}

enum err crossing_replay(struct crossing_replay *replay) {
    struct node_chain *chain = replay->chain;
    uint64_t parent_number = replay->number;
    enum err err = node_chain_read_block(chain, &replay->block, replay->arena, replay->number);
    if (err != ERR_OK) return err;
    uint64_t anchor;
    struct node_chain *top = chain;
    const struct chain_block *block = replay->block;
    while (err == ERR_OK && top->rollup_id != 0 && is_slot_block(block, &anchor)) {
        err = find_parent(top, replay->arena, &parent_number, anchor);
        top = node_parent(top);
        if (err == ERR_OK) err = node_chain_read_block(top, &block, replay->arena, parent_number);
    }
    if (err != ERR_OK) return err;
    if (top != chain && top->rollup_id != 0) return ERR_CORRUPT;
    err = top->rollup_id == 0 ? replay_l1(replay, parent_number) : replay_rollup(replay);
    if (err != ERR_OK) return err;
    return replay->trace.failed ? ERR_MEMORY : ERR_OK;
}

struct world_frame *crossing_replay_frame(const struct crossing_replay *replay, size_t index) {
    const struct node_chain *chain = replay->chain;
    if (chain->rollup_id != 0) {
        const hash32 *hash = &replay->block->transactions[index].hash;
        return world_trace_find_tx(&replay->trace, node_place(chain), hash);
    }
    /* Roots are newest first. */
    struct world_frame *frame = replay->trace.roots;
    size_t after = replay->block->block.tx_count - 1 - index;
    for (size_t i = 0; i < after && frame != NULL; i++)
        frame = frame->next;
    return frame;
}

static void write_result(
    const struct crossing_replay *replay,
    struct world_frame *frame,
    uint32_t index,
    struct json_writer *out
) {
    const struct node_chain *chain = replay->chain;
    const struct receipt *receipts = replay->block->receipts;
    const struct receipt *receipt = &receipts[index];
    uint64_t before = index == 0 ? 0 : receipts[index - 1].cumulative_gas_used;
    json_object_begin(out);
    json_member_hash(out, "hash", &replay->block->transactions[index].hash);
    json_member_quantity_u64(out, "chainId", chain->rpc.chain_id);
    json_member_cstring(out, "chain", chain->rpc.name);
    json_member_quantity_u64(out, "blockNumber", replay->number);
    json_member_quantity_u64(out, "status", receipt->is_success ? 1 : 0);
    json_member_quantity_u64(out, "gasUsed", receipt->cumulative_gas_used - before);
    json_key(out, "frame");
    trace_json_frame(out, chain->node, frame);
    json_object_end(out);
}

enum rpc_status crossing_trace(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const hash32 *hash
) {
    struct crossing_replay replay = {.chain = chain};
    uint32_t index;
    enum err err = store_find_transaction(node_chain_store(chain), hash, &replay.number, &index);
    if (err == ERR_MISSING) {
        json_null(out);
        return RPC_OK;
    }
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (rpc_leave(request)) return RPC_FAILED;
    struct arena arena;
    arena_open(&arena, NODE_BUILD_SIZE_MAX);
    replay.arena = &arena;
    err = crossing_replay(&replay);
    struct world_frame *frame = err == ERR_OK ? crossing_replay_frame(&replay, index) : NULL;
    if (err == ERR_OK && frame == NULL) err = ERR_CORRUPT;
    if (err == ERR_OK) write_result(&replay, frame, index, out);
    arena_close(&arena);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}
