#include "node/forced.h"

#include "batch/abi.h"
#include "node/hub_view.h"
#include "node/network.h"

#define FORCED_EVENT "TransactionForced(uint64,uint256,uint256,bytes)"

enum err forced_count(uint64_t *length, uint64_t *taken, struct node *node) {
    *length = 0;
    *taken = 0;
    for (size_t i = 1; i < node->chain_count; i++) {
        struct hub_queue queue;
        struct node_chain *parent = node_parent(&node->chains[i]);
        const address *hub = &node_contracts(parent)->hub;
        enum err err = hub_view_queue(&queue, &parent->state, hub, node->chains[i].rollup_id);
        if (err != ERR_OK) return err;
        *length += queue.length;
        *taken += queue.taken;
    }
    return ERR_OK;
}

/* Whether the log is the event of that place in that rollup's queue. */
static bool
is_event_of(const struct log *log, const address *hub, uint64_t rollup_id, uint64_t index) {
    if (!address_equal(&log->address, hub) || log->topic_count != 3) return false;
    const hash32 topic = abi_signature_hash(FORCED_EVENT);
    if (!hash32_equal(&log->topics[0], &topic)) return false;
    const u256 rollup = u256_from_u64(rollup_id);
    const u256 place = u256_from_u64(index);
    const u256 named[2] = {u256_load_be(log->topics[1].b), u256_load_be(log->topics[2].b)};
    return u256_equal(&named[0], &rollup) && u256_equal(&named[1], &place);
}

static enum err find_in_block(
    bytes *tx,
    bool *is_found,
    struct arena *arena,
    const struct node_chain *chain,
    uint64_t number,
    uint64_t index
) {
    struct node_chain *parent = node_parent(chain);
    const address *hub = &node_contracts(parent)->hub;
    const struct chain_block *stored;
    enum err err = node_chain_read_block(parent, &stored, arena, number);
    if (err != ERR_OK) return err == ERR_MISSING ? ERR_OK : err;
    for (size_t i = 0; i < stored->block.tx_count; i++) {
        const struct receipt *receipt = &stored->receipts[i];
        for (size_t j = 0; j < receipt->log_count; j++) {
            bytes found;
            if (!is_event_of(&receipt->logs[j], hub, chain->rollup_id, index)) continue;
            if (abi_read_bytes(&found, receipt->logs[j].data, 1) != ERR_OK) return ERR_CORRUPT;
            *is_found = true;
            return arena_copy(arena, tx, found);
        }
    }
    return ERR_OK;
}

enum err forced_choose(
    struct world_rollup *rollup,
    struct arena *arena,
    struct node_chain *chain,
    struct state *parent_state
) {
    struct hub_queue queue;
    const address *hub = &node_contracts(node_parent(chain))->hub;
    enum err err = hub_view_queue(&queue, parent_state, hub, chain->rollup_id);
    if (err != ERR_OK || queue.length == queue.taken) return err;
    bytes *txs = arena_alloc_array(arena, FORCED_MAX, sizeof(*txs));
    if (txs == NULL) return ERR_MEMORY;
    while (rollup->forced_count < FORCED_MAX) {
        const uint64_t index = queue.taken + rollup->forced_count;
        struct hub_forced kept;
        bool is_found = false;
        if (index == queue.length) break;
        err = hub_view_forced(&kept, parent_state, hub, chain->rollup_id, index);
        if (err != ERR_OK) return err;
        bytes *tx = &txs[rollup->forced_count];
        err = find_in_block(tx, &is_found, arena, chain, kept.queued, index);
        if (err != ERR_OK || !is_found) return err;
        rollup->forced_txs = txs;
        rollup->forced_count++;
        rollup->forced_hash = kept.hash;
    }
    return ERR_OK;
}
