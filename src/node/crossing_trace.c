#include "node/crossing_trace.h"

#include "node/crossing.h"
#include "node/network.h"
#include "node/trace_json.h"
#include "rollup/predeploys.h"

/* A transaction to be traced and where it is. */
struct tracing {
    struct node_chain *chain;
    struct arena *arena;
    const hash32 *hash;
    uint64_t number;
    uint32_t index;
    const struct chain_block *block;
    struct world_trace trace;
    struct world_frame *frame;
};

/* The transactions of an L1 block, run again as they are. */
static enum err replay_l1(struct tracing *tracing, uint64_t number) {
    struct node *node = tracing->chain->node;
    struct node_chain *l1 = node_l1(node);
    struct arena *arena = tracing->arena;
    const struct chain_block *block;
    struct header parent;
    struct crossing *crossing = arena_alloc(arena, sizeof(*crossing));
    if (crossing == NULL) return ERR_MEMORY;
    enum err err = node_chain_read_header(l1, &parent, NULL, number - 1);
    if (err == ERR_OK) err = node_chain_read_block(l1, &block, arena, number);
    if (err != ERR_OK) return err;
    const struct header *header = &block->block.header;
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
    struct world_tx *txs = arena_alloc_array(arena, block->block.tx_count, sizeof(*txs));
    if (txs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < block->block.tx_count; i++)
        txs[i] = (struct world_tx){
            .tx = block->transactions[i].tx,
            .encoded = block->transactions[i].encoded,
            .sender = block->transactions[i].sender,
        };
    err = crossing_open(crossing, node, arena, &parent, &attributes);
    if (err == ERR_OK)
        err = world_trace_open(&tracing->trace, arena, &node->contracts.hub, node->chain_count - 1);
    if (err != ERR_OK) return err;
    crossing->options.txs = txs;
    crossing->options.tx_count = block->block.tx_count;
    crossing->options.is_replay = true;
    crossing->options.trace = &tracing->trace;
    return world_build(&crossing->result, &crossing->options);
}

/* A rollup block that is not a slot block: no other chain had to do with it. */
static enum err replay_rollup(struct tracing *tracing) {
    struct node_chain *chain = tracing->chain;
    struct arena *arena = tracing->arena;
    const struct chain_block *block = tracing->block;
    struct evm_rollup *rollup = arena_alloc_zero(arena, sizeof(*rollup));
    struct source_memory *overlay = arena_alloc_zero(arena, sizeof(*overlay));
    bytes *txs = arena_alloc_array(arena, block->block.tx_count, sizeof(*txs));
    struct header parent;
    if (rollup == NULL || overlay == NULL || txs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < block->block.tx_count; i++)
        txs[i] = block->transactions[i].encoded;
    enum err err = node_chain_read_header(chain, &parent, NULL, tracing->number - 1);
    if (err == ERR_OK)
        err = world_trace_open(
            &tracing->trace, arena, &chain->node->contracts.hub, chain->node->chain_count - 1
        );
    if (err != ERR_OK) return err;
    source_memory_open(overlay, arena, &chain->fresh.source);
    evm_rollup_open(rollup, arena, chain->rollup_id, chain->rpc.chain_id, overlay);
    rollup->schedule.names_senders = chain->schedule.names_senders;
    rollup->tracer = &tracing->trace.chains[chain->rollup_id].tracer;
    rollup->on_tx = world_trace_tx;
    rollup->on_tx_context = &tracing->trace.chains[chain->rollup_id];
    struct payload_block payload = {
        .timestamp = block->block.header.timestamp,
        .fee_recipient = block->block.header.coinbase,
        .txs = txs,
        .tx_count = block->block.tx_count,
    };
    struct sealed_block sealed;
    struct rollup_step step;
    hash32 parent_hash = header_hash(&parent);
    err = evm_rollup_build_block(rollup, &sealed, &step, &parent, &parent_hash, &payload);
    if (err == ERR_OK && step.verdict != STEP_OK) err = ERR_CORRUPT;
    return err;
}

/* A slot block begins with the system's transaction that names the parent block before the one in
 * which it was built. */
static bool is_slot_block(const struct chain_block *block, uint64_t *parent_number) {
    if (block->block.tx_count == 0) return false;
    const struct tx *tx = block->transactions[0].tx;
    if (tx->type != TX_DEPOSIT || !tx->is_system || !address_equal(&tx->to, &ANCHOR_PREDEPLOY))
        return false;
    uint64_t anchor;
    if (abi_read_u64(&anchor, bytes_slice(tx->data, 4, SIZE_MAX), 0) != ERR_OK) return false;
    *parent_number = anchor + 1;
    return true;
}

static enum err replay(struct tracing *tracing) {
    struct node_chain *chain = tracing->chain;
    uint64_t parent_number = tracing->number;
    enum err err = node_chain_read_block(chain, &tracing->block, tracing->arena, tracing->number);
    if (err != ERR_OK) return err;
    bool is_on_l1 = chain->rollup_id == 0 || is_slot_block(tracing->block, &parent_number);
    err = is_on_l1 ? replay_l1(tracing, parent_number) : replay_rollup(tracing);
    if (err != ERR_OK) return err;
    if (tracing->trace.failed) return ERR_MEMORY;
    if (chain->rollup_id != 0) {
        tracing->frame = world_trace_find_tx(&tracing->trace, chain->rollup_id, tracing->hash);
    } else {
        /* Roots are newest first. */
        size_t after = tracing->block->block.tx_count - 1 - tracing->index;
        tracing->frame = tracing->trace.roots;
        for (size_t i = 0; i < after && tracing->frame != NULL; i++)
            tracing->frame = tracing->frame->next;
    }
    return tracing->frame == NULL ? ERR_CORRUPT : ERR_OK;
}

static void write_result(struct tracing *tracing, struct json_writer *out) {
    const struct node_chain *chain = tracing->chain;
    const struct receipt *receipts = tracing->block->receipts;
    const struct receipt *receipt = &receipts[tracing->index];
    uint64_t before = tracing->index == 0 ? 0 : receipts[tracing->index - 1].cumulative_gas_used;
    json_object_begin(out);
    json_member_hash(out, "hash", tracing->hash);
    json_member_quantity_u64(out, "chainId", chain->rpc.chain_id);
    json_member_cstring(out, "chain", chain->rpc.name);
    json_member_quantity_u64(out, "blockNumber", tracing->number);
    json_member_quantity_u64(out, "status", receipt->is_success ? 1 : 0);
    json_member_quantity_u64(out, "gasUsed", receipt->cumulative_gas_used - before);
    json_key(out, "frame");
    trace_json_frame(out, chain->node, tracing->frame);
    json_object_end(out);
}

enum rpc_status crossing_trace(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const hash32 *hash
) {
    struct tracing tracing = {.chain = chain, .hash = hash};
    enum err err =
        store_find_transaction(node_chain_store(chain), hash, &tracing.number, &tracing.index);
    if (err == ERR_MISSING) {
        json_null(out);
        return RPC_OK;
    }
    if (err != ERR_OK) return rpc_fail_err(request, err);
    struct arena arena;
    arena_open(&arena, NODE_BUILD_SIZE_MAX);
    tracing.arena = &arena;
    err = replay(&tracing);
    if (err == ERR_OK) write_result(&tracing, out);
    arena_close(&arena);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}
