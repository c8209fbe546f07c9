#include "node/crossing_private.h"

#include "core/check.h"
#include "crypto/keccak.h"
#include "node/anchors.h"
#include "node/bundles.h"
#include "node/forced.h"
#include "node/network.h"
#include "node/verdict.h"
#include "node/waiting.h"
#include "state/state.h"

#include <stdio.h>

/* --- where the chains stand ------------------------------------------------------------------- */

/* A stored block in the form that the rollup's own code has it. */
static enum err encode_receipts(
    bytes **encoded, struct arena *arena, const struct receipt *receipts, size_t count
) {
    bytes *list = arena_alloc_array(arena, count, sizeof(*list));
    if (list == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        enum err err = receipt_encode(&list[i], arena, &receipts[i]);
        if (err != ERR_OK) return err;
    }
    *encoded = list;
    return ERR_OK;
}

static enum err
reopen_block(struct open_block *open, struct arena *arena, const struct chain_block *stored) {
    size_t count = stored->block.tx_count;
    bytes *txs = arena_alloc_array(arena, count, sizeof(*txs));
    bytes *receipts;
    if (txs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        enum err err = arena_copy(arena, &txs[i], stored->transactions[i].encoded);
        if (err != ERR_OK) return err;
    }
    enum err err = encode_receipts(&receipts, arena, stored->receipts, count);
    if (err != ERR_OK) return err;
    return open_block_reopen(open, arena, &stored->block.header, txs, receipts, count);
}

/* The rollup's block at which the Hub has it: the newest with the head as its state root. */
static enum err
find_slot_block(uint64_t *number, struct node_chain *chain, const hash32 *head, char *error) {
    struct header header;
    bool is_found;
    enum err err = node_chain_find_root(chain, &is_found, &header, head);
    if (err != ERR_OK) return err;
    if (is_found) {
        *number = header.number;
        return ERR_OK;
    }
    (void)snprintf(
        error,
        DATABASE_ERROR_SIZE,
        "%s: the head that L1 has for it is no block of its store",
        chain->rpc.name
    );
    return ERR_CORRUPT;
}

static enum err add_pending(
    struct world_rollup *rollup, struct arena *arena, struct node_chain *chain, uint64_t slot_number
) {
    size_t count = (size_t)(chain->head.number - slot_number);
    struct payload_block *pending = arena_alloc_array(arena, count, sizeof(*pending));
    if (pending == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct chain_block *stored;
        enum err err = node_chain_read_block(chain, &stored, arena, slot_number + 1 + i);
        if (err != ERR_OK) return err;
        size_t tx_count = stored->block.tx_count;
        bytes *txs = arena_alloc_array(arena, tx_count, sizeof(*txs));
        if (txs == NULL) return ERR_MEMORY;
        for (size_t j = 0; j < tx_count; j++) {
            err = arena_copy(arena, &txs[j], stored->transactions[j].encoded);
            if (err != ERR_OK) return err;
        }
        pending[i] = (struct payload_block){
            .timestamp = stored->block.header.timestamp,
            .fee_recipient = stored->block.header.coinbase,
            .txs = txs,
            .tx_count = tx_count,
        };
    }
    rollup->pending = pending;
    rollup->pending_count = count;
    return ERR_OK;
}

/* Where a rollup stands by what its parent's Hub says in a state of that chain; *stored is the
 * block of its own that it is, NULL if the Hub does not know it yet, or is not there: the parent's
 * first blocks are made before. */
static enum err find_rollup(
    struct world_rollup *rollup,
    const struct chain_block **stored,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    struct node_chain *chain,
    struct state *parent_state
) {
    const struct node *node = chain->node;
    const struct deploy_contracts *contracts = node_contracts(node_parent(chain));
    u256 slot = world_head_slot(chain->rollup_id);
    u256 head;
    enum err err = state_get_slot(parent_state, &contracts->hub, &slot, &head);
    if (err != ERR_OK) return err;
    *rollup = (struct world_rollup){
        .type = chain->type,
        .rollup_id = chain->rollup_id,
        .chain_id = chain->rpc.chain_id,
        .base = &chain->fresh.source,
        .proof_system =
            *deploy_proof_system(contracts, node->options->chains[node_place(chain)].proof),
    };
    u256_store_be(rollup->head.b, &head);
    uint64_t number;
    *stored = NULL;
    if (u256_is_zero(&head)) return ERR_OK;
    err = find_slot_block(&number, chain, &rollup->head, error);
    if (err == ERR_OK) err = node_chain_read_block(chain, stored, arena, number);
    return err == ERR_OK ? reopen_block(&rollup->open, arena, *stored) : err;
}

enum err crossing_place_rollups(
    struct world_rollup **rollups,
    size_t *count,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    struct node_chain *parent,
    const struct header *header
) {
    struct node *node = parent->node;
    struct state *state;
    size_t first;
    *count = node_rollups_of(node, &first, node_place(parent));
    *rollups = arena_alloc_array(arena, *count, sizeof(**rollups));
    if (*rollups == NULL) return ERR_MEMORY;
    enum err err = node_chain_state_at(parent, &state, arena, header);
    for (size_t i = 0; i < *count && err == ERR_OK; i++) {
        const struct chain_block *stored;
        struct node_chain *chain = &node->chains[first + i];
        err = find_rollup(&(*rollups)[i], &stored, error, arena, chain, state);
        if (err == ERR_OK && stored == NULL) err = ERR_MISSING;
    }
    return err;
}

/* *is_there is false for one that its parent does not know yet. */
static enum err
place_rollup(struct crossing *crossing, bool *is_there, struct state *parent_state, size_t place) {
    struct node *node = crossing->node;
    struct node_chain *chain = &node->chains[place];
    struct world_rollup *rollup = &crossing->rollups[place - 1];
    struct arena *arena = crossing->arena;
    const struct chain_block *stored;
    enum err err = find_rollup(rollup, &stored, crossing->error, arena, chain, parent_state);
    *is_there = err == ERR_OK && stored != NULL;
    if (!*is_there) return err;
    err = forced_choose(rollup, arena, chain, parent_state);
    if (err == ERR_OK && crossing->parent.number == node_l1(node)->head.number)
        err = add_pending(rollup, arena, chain, stored->block.header.number);
    if (err != ERR_OK || !node_is_parent(chain)) return err;
    crossing->below[place - 1].parent =
        rollup->pending_count > 0 ? chain->head : stored->block.header;
    return ERR_OK;
}

static struct prover prover_of(struct node *node, const struct node_chain *parent, size_t first) {
    return (struct prover){
        .parent_chain_id = parent->rpc.chain_id,
        .contracts = node_contracts(parent),
        .keys = &node->keys,
        .options = node->options,
        .first_place = first,
        .attesters_down = node->attesters_down,
        .duration = &node->stats.proof,
        .parent_schedule = &parent->schedule,
        .names_senders = parent->schedule.names_senders,
    };
}

static enum err get_header(void *context, struct arena *arena, bytes *encoded, uint64_t number);

/* The rollups of a rollup that has been placed, where they stand in the block that its slot block
 * follows. */
static enum err place_below(struct crossing *crossing, size_t place) {
    struct node *node = crossing->node;
    struct node_chain *chain = &node->chains[place];
    struct crossing_below *below = &crossing->below[place - 1];
    struct state *state;
    bytes encoded;
    size_t first;
    const size_t count = node_rollups_of(node, &first, place);
    enum err err = node_chain_state_at(chain, &state, crossing->arena, &below->parent);
    if (err == ERR_OK) err = header_encode(&encoded, crossing->arena, &below->parent);
    bool is_there = true;
    for (size_t i = 0; i < count && err == ERR_OK && is_there; i++)
        err = place_rollup(crossing, &is_there, state, first + i);
    if (err != ERR_OK || !is_there) return err;
    below->prover = prover_of(node, chain, first);
    below->options = (struct world_options){
        .schedule = &chain->schedule,
        .parent = &below->parent,
        .parent_encoded = encoded,
        .headers = {.context = chain, .get = get_header},
        .hub = node_contracts(chain)->hub,
        .prover = {.context = &below->prover, .prove = prover_prove},
        .builder_key = node->keys.builder.private_key,
        .builder = node->keys.builder.address,
        .rollups = &crossing->rollups[first - 1],
        .rollup_count = count,
    };
    crossing->rollups[place - 1].below = &below->options;
    return ERR_OK;
}

enum err crossing_settle(struct crossing *crossing, size_t place) {
    struct world_rollup *rollup = &crossing->rollups[place - 1];
    struct node_chain *chain = &crossing->node->chains[place];
    const struct chain_block *newest;
    enum err err = node_chain_read_block(chain, &newest, crossing->arena, chain->head.number);
    if (err == ERR_OK) err = reopen_block(&rollup->open, crossing->arena, newest);
    if (err != ERR_OK) return err;
    rollup->head = chain->head.state_root;
    rollup->pending_count = 0;
    return ERR_OK;
}

static enum err get_header(void *context, struct arena *arena, bytes *encoded, uint64_t number) {
    struct header header;
    *encoded = BYTES_EMPTY;
    enum err err = node_chain_read_header(context, &header, NULL, number);
    if (err == ERR_MISSING) return ERR_OK;
    return err == ERR_OK ? header_encode(encoded, arena, &header) : err;
}

/* Of the chain, or of one that it is a rollup of. */
static enum err get_parent_header(
    void *context, struct arena *arena, bytes *encoded, uint64_t number, const hash32 *hash
) {
    struct node_chain *of = context;
    for (;;) {
        enum err err = get_header(of, arena, encoded, number);
        if (err != ERR_OK) return err;
        const hash32 found = keccak256(*encoded);
        if (hash32_equal(&found, hash)) return ERR_OK;
        if (of->rollup_id == 0) return ERR_MISSING;
        of = node_parent(of);
    }
}

struct world_headers crossing_headers(struct node_chain *of) {
    return (struct world_headers){.context = of, .get = get_header};
}

void crossing_view_parent(struct parent *parent, struct node_chain *of) {
    parent->source = &of->fresh.source;
    if (of->rollup_id != 0) parent->above_source = &node_parent(of)->fresh.source;
    parent->headers = (struct parent_headers){.context = of, .get = get_parent_header};
    parent->schedule = &of->schedule;
    parent->codes = of->codes;
}

enum err crossing_open(
    struct crossing *crossing,
    struct node *node,
    struct arena *arena,
    const struct header *parent,
    const struct block_attributes *attributes
) {
    struct node_chain *l1 = node_l1(node);
    *crossing = (struct crossing){
        .node = node,
        .arena = arena,
        .attributes = *attributes,
        .parent = *parent,
        .prover = prover_of(node, l1, 1),
    };
    const size_t count = node_rollup_count(node);
    const size_t all = node->chain_count - 1;
    crossing->rollups = arena_alloc_zero(arena, all * sizeof(*crossing->rollups));
    crossing->below = arena_alloc_zero(arena, count * sizeof(*crossing->below));
    struct state *state;
    bytes parent_encoded;
    if (crossing->rollups == NULL || crossing->below == NULL) return ERR_MEMORY;
    enum err err = node_chain_state_at(l1, &state, arena, parent);
    if (err == ERR_OK) err = header_encode(&parent_encoded, arena, parent);
    size_t there_count = 0;
    for (size_t place = 1; place <= count && err == ERR_OK; place++) {
        bool is_there;
        err = place_rollup(crossing, &is_there, state, place);
        if (err != ERR_OK || !is_there) break;
        there_count = place;
        if (node_is_parent(&node->chains[place])) err = place_below(crossing, place);
    }
    crossing->options = (struct world_options){
        .arena = arena,
        .parent_base = &l1->fresh.source,
        .schedule = &l1->schedule,
        .parent = &crossing->parent,
        .parent_encoded = parent_encoded,
        .attributes = &crossing->attributes,
        .hashes = node_chain_hashes(l1),
        .headers = {.context = l1, .get = get_header},
        .codes = l1->codes,
        .hub = node->contracts.hub,
        .prover = {.context = &crossing->prover, .prove = prover_prove},
        .builder_key = node->keys.builder.private_key,
        .builder = node->keys.builder.address,
        .rollups = crossing->rollups,
        .rollup_count = there_count,
        .no_batch = !node->auto_batch,
    };
    return err;
}

size_t crossing_place(const struct node *node, uint64_t parent, uint64_t rollup_id) {
    size_t first;
    const size_t count = node_rollups_of(node, &first, (size_t)parent);
    return rollup_id == 0 || rollup_id > count ? (size_t)parent : first + (size_t)rollup_id - 1;
}

const struct world_rollup_result *crossing_result(const struct crossing *crossing, size_t place) {
    const struct node_chain *chain = &crossing->node->chains[place];
    const struct world_result *result = &crossing->result;
    const size_t parent = node_place(node_parent(chain));
    if (parent != 0) result = result->rollups[parent - 1].below;
    return result == NULL ? NULL : &result->rollups[chain->rollup_id - 1];
}

void crossing_trace_reads(
    struct parent *parent, struct world_trace *trace, const struct node_chain *rollup
) {
    for (size_t level = 0; rollup->rollup_id != 0 && level < PARENT_LEVELS_MAX; level++) {
        rollup = node_parent(rollup);
        parent->tracers[level] = &trace->chains[node_place(rollup)].reader;
    }
}

enum err
crossing_open_trace(struct world_trace *trace, struct arena *arena, const struct node *node) {
    enum err err = world_trace_open(trace, arena, &node->contracts.hub, node->chain_count - 1);
    for (size_t i = 1 + node_rollup_count(node); i < node->chain_count && err == ERR_OK; i++) {
        const size_t parent = node->options->chains[i].parent;
        world_trace_set_parent(trace, i, parent, &node->contracts_below.hub);
    }
    return err;
}

/* --- transactions of rollups that go along ---------------------------------------------------- */

/* What a slot block has no gas left for. False: that is not what is wrong, or it holds nothing
 * else. */
static bool defer_rest(const struct crossing *crossing, struct waiting *waiting) {
    const struct world_result *result = &crossing->result;
    const struct fact *missing = &result->missing;
    const bool is_gas =
        missing->verdict == STEP_TX_INVALID && missing->verdict_tx == (int)TX_GAS_ALLOWANCE;
    if (!is_gas || result->reason_rollup == 0) return false;
    const size_t place =
        crossing_place(crossing->node, result->reason_parent, result->reason_rollup);
    const size_t index = result->missing_slot_tx;
    if (index == 0 || index >= waiting[place - 1].count) return false;
    waiting_defer(&waiting[place - 1], index);
    return true;
}

/* Of what waits, that of the rollup at this place, or (is_below) of its rollups; 0: of any. False:
 * nothing does. */
static bool drop_one_of(
    const struct crossing *crossing,
    struct waiting *waiting,
    size_t place,
    bool is_below,
    const char *reason,
    const struct block_order *order
) {
    struct node *node = crossing->node;
    for (size_t i = 0; i + 1 < node->chain_count; i++) {
        struct waiting *w = &waiting[i];
        struct node_chain *chain = &node->chains[1 + i];
        const size_t of = is_below ? node_place(node_parent(chain)) : 1 + i;
        if (w->count == 0 || (of != place && place != 0)) continue;
        size_t index = crossing->result.missing_slot_tx;
        if (index >= w->count) index = w->count - 1;
        waiting_drop(w, chain, index, reason, order);
        return true;
    }
    return false;
}

/* The batch failed: the transaction that was running when it did leaves the pool. False if there is
 * none to blame. */
static bool drop_culprit(
    const struct crossing *crossing,
    struct waiting *waiting,
    const char *reason,
    const struct block_order *order
) {
    const struct world_result *result = &crossing->result;
    const size_t blamed =
        crossing_place(crossing->node, result->reason_parent, result->reason_rollup);
    /* A Hub that refuses a batch does so for what is in it of its rollups. */
    const bool is_hub = result->reason_rollup == 0;
    return (is_hub && drop_one_of(crossing, waiting, blamed, true, reason, order)) ||
           drop_one_of(crossing, waiting, blamed, false, reason, order);
}

/* --- what came of it -------------------------------------------------------------------------- */

/* The blocks that the L2TX went through must be those that this node has shown. */
static enum err
check_sealed(struct node_chain *chain, const struct world_rollup_result *result, char *error) {
    const struct sealed_block *sealed = result->sealed;
    if (sealed == NULL || hash32_equal(&sealed->hash, &chain->head_hash)) return ERR_OK;
    (void)snprintf(
        error,
        DATABASE_ERROR_SIZE,
        "%s: block %llu comes out otherwise on L1 than it was shown",
        chain->rpc.name,
        (unsigned long long)sealed->header.number
    );
    return ERR_CORRUPT;
}

static enum err append_slot_block(
    struct node_chain *chain,
    char *error,
    struct arena *arena,
    const struct world_rollup_result *result
) {
    struct sealed_block sealed;
    enum err err = check_sealed(chain, result, error);
    if (err == ERR_OK) err = open_block_seal(&sealed, arena, result->open, &result->head);
    if (err != ERR_OK) return err;
    size_t count = sealed.tx_count;
    hash32 *hashes = arena_alloc_array(arena, count, sizeof(*hashes));
    address *senders = arena_alloc_array(arena, count, sizeof(*senders));
    struct receipt *receipts = arena_alloc_array(arena, count, sizeof(*receipts));
    if (hashes == NULL || senders == NULL || receipts == NULL) return ERR_MEMORY;
    struct fork_rules rules =
        forks_at(&chain->schedule, sealed.header.number, sealed.header.timestamp);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct tx tx;
        enum tx_verdict verdict = TX_OK;
        hashes[i] = keccak256(sealed.txs[i]);
        err = receipt_decode(&receipts[i], arena, sealed.receipts[i]);
        if (err == ERR_OK) err = tx_decode(&tx, &verdict, arena, sealed.txs[i]);
        if (err == ERR_OK && verdict == TX_OK)
            err = tx_sender(&senders[i], &verdict, arena, &tx, &rules);
        if (err == ERR_OK && verdict != TX_OK) err = ERR_CORRUPT;
    }
    struct node_new_block block = {
        .header = &sealed.header,
        .tx_encodings = sealed.txs,
        .tx_hashes = hashes,
        .senders = senders,
        .receipts = receipts,
        .tx_count = count,
        .memory = result->overlay,
        .is_safe = true,
    };
    if (err == ERR_OK) err = node_chain_append(chain, error, arena, &block);
    if (err == ERR_OK) node_rollup_log(chain, arena, &block, NULL);
    return err;
}

static enum err append_parent_block(struct crossing *crossing, char *error) {
    const struct block_builder *builder = crossing->result.block;
    CHECK(builder != NULL);
    struct node_new_block block = {
        .header = &builder->header,
        .tx_encodings = builder->tx_encodings,
        .tx_hashes = builder->tx_hashes,
        .senders = builder->senders,
        .receipts = builder->receipts,
        .tx_count = builder->tx_count,
        .memory = crossing->result.overlay,
        .is_safe = true,
    };
    return node_chain_append(node_l1(crossing->node), error, crossing->arena, &block);
}

/* Of the transactions that were in the block at last; of the others it is known. */
static enum err fill_fates(
    struct crossing *crossing, struct block_tx_fate *fates, const struct block_order *order
) {
    const struct block_builder *builder = crossing->result.block;
    CHECK(builder != NULL && crossing->result.txs != NULL);
    for (size_t i = 0; i < crossing->options.tx_count; i++) {
        const struct world_tx_result *result = &crossing->result.txs[i];
        if (result->is_included) {
            l1_note_included(&fates[i], builder, result->index);
            continue;
        }
        enum err err = l1_fill_fate(
            node_l1(crossing->node),
            &fates[i],
            crossing->arena,
            builder,
            result->verdict,
            order->txs[i]
        );
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

/* Rollups first, those of rollups before them: when the process ends between two appends, the
 * parent does not know of the rollup's block yet, and the rollup's is just one that was not
 * posted. */
static enum err commit(
    struct crossing *crossing,
    struct block_tx_fate *fates,
    char *error,
    const struct waiting *waiting,
    const struct block_order *order
) {
    struct node *node = crossing->node;
    CHECK(crossing->result.rollups != NULL);
    enum err err = fill_fates(crossing, fates, order);
    if (err != ERR_OK || !bundles_are_whole(node, crossing->arena, order, fates)) return err;
    for (size_t i = node->chain_count - 1; i > 0 && err == ERR_OK; i--) {
        const struct world_rollup_result *result = crossing_result(crossing, i);
        node->chains[i].waiting_count = waiting[i - 1].deferred;
        if (result == NULL || !result->is_updated) continue;
        err = append_slot_block(&node->chains[i], error, crossing->arena, result);
        if (err == ERR_OK) node_wishes_done(&node->chains[i]);
    }
    if (err == ERR_OK) err = append_parent_block(crossing, error);
    if (err == ERR_OK && crossing->result.has_batch) {
        node->stats.batch_count++;
        node->stats.entry_count += crossing->result.batch.entry_count;
    }
    if (err == ERR_OK) l1_log_results(node, crossing->result.block);
    return err;
}

/* The batch takes more gas than there is: a part of what fills it most waits for the next block.
 * False: there is only one transaction, or none. */
static bool
defer_part(struct crossing *crossing, struct waiting *waiting, const struct block_order *order) {
    size_t *tx_count = &crossing->options.tx_count;
    struct waiting *most = NULL;
    for (size_t i = 0; i + 1 < crossing->node->chain_count; i++)
        if (most == NULL || waiting[i].count > most->count) most = &waiting[i];
    const size_t end = bundles_end(order); /* bundles are whole or not in */
    const size_t own = *tx_count > end ? *tx_count - end : 0;
    if (own > 1 && !order->is_for_tx && (most == NULL || own >= most->count)) {
        *tx_count -= own - own * 3 / 4;
        return true;
    }
    if (most == NULL || most->count < 2) return false;
    waiting_defer(most, most->count * 3 / 4);
    return true;
}

/* Has the rollups move that are to, but for the one in this place, which only its anchor's age
 * would move; the count of chains: none for that. */
static void move_but(struct crossing *crossing, size_t place, const struct block_order *order) {
    const size_t count = crossing->node->chain_count;
    crossing->left_place = place;
    for (size_t i = 1; i < count; i++) {
        const bool is_due = (crossing->due & anchors_bit(i)) != 0;
        const bool is_tried = is_due && place < count && i != place;
        crossing->rollups[i - 1].must_move = order->must_move == i || is_tried;
    }
}

/* The rollups that nothing in the block asks to be updated, and that are. */
static void move_due(struct crossing *crossing, const struct block_order *order) {
    crossing->due = order->anchors_due;
    for (size_t i = 1; i < crossing->node->chain_count; i++)
        if (crossing->rollups[i - 1].forced_count > 0) crossing->due |= anchors_bit(i);
    move_but(crossing, 0, order);
}

/* The block is tried without one of the rollups that are updated for the sake of their anchor or of
 * what is forced, then without another, and at last without all of them: what is wrong with one
 * must not hold up L1. False: that has been tried. */
static bool
leave_due(struct crossing *crossing, const char *reason, const struct block_order *order) {
    struct node *node = crossing->node;
    size_t place = crossing->left_place + 1;
    if (crossing->due == 0 || place > node->chain_count) return false;
    while (place < node->chain_count && (crossing->due & anchors_bit(place)) == 0)
        place++;
    if (crossing->left_place == 0)
        log_error(
            &node->log,
            node_l1(node)->rpc.name,
            "not every rollup that is due is updated: %s",
            reason
        );
    move_but(crossing, place, order);
    return true;
}

/* The block could not be built as it was: with less in it, it may. False: with nothing less. */
static bool lessen(
    struct crossing *crossing,
    struct block_tx_fate *fates,
    struct waiting *waiting,
    const char *reason,
    const struct block_order *order
) {
    const struct world_result *result = &crossing->result;
    size_t *tx_count = &crossing->options.tx_count;
    if (result->status == WORLD_BOTH_WAYS) {
        const struct node *node = crossing->node;
        const size_t place = crossing_place(node, result->reason_parent, result->reason_rollup);
        struct waiting *w = &waiting[place - 1];
        w->deferred += w->count;
        w->count = 0;
        return w->deferred > 0;
    }
    if (leave_due(crossing, reason, order)) return true;
    if (result->is_too_large && defer_part(crossing, waiting, order)) return true;
    if (defer_rest(crossing, waiting)) return true;
    if (drop_culprit(crossing, waiting, reason, order)) return true;
    const size_t end = bundles_end(order);
    if (*tx_count <= end || order->is_for_tx) return false;
    /* Which of L1's is at fault shows when it is alone; the others are for the next block. */
    if (*tx_count == end + 1)
        fates[end] = (struct block_tx_fate
        ){.fate = FATE_DROPPED, .code = RPC_SERVER_ERROR, .reason = reason};
    *tx_count = end + (*tx_count - end) / 2;
    return true;
}

/* What rollups of rollups were to import may be more than there is gas for; and when the batch is
 * somebody else's, nobody imports what he has not. It can be proven. False: there was nothing. */
static bool
forget_imports(const struct crossing *crossing, const struct imports *imports, bool only_below) {
    bool is_any = false;
    for (size_t i = 0; i + 1 < crossing->node->chain_count && imports->lists != NULL; i++) {
        const struct node_chain *chain = &crossing->node->chains[1 + i];
        const bool is_below = node_place(node_parent(chain)) != 0;
        if ((only_below && !is_below) || imports->lists[i].count == 0) continue;
        imports->lists[i].count = 0;
        is_any = true;
    }
    return is_any;
}

/* A transaction that brings a batch along has a block to itself, or with its bundle, as the batch
 * is about the heads after the block before. False: it has, or there is none. */
static bool set_apart(
    struct crossing *crossing,
    struct waiting *waiting,
    const struct imports *imports,
    const struct block_order *order
) {
    const struct world_tx_result *txs = crossing->result.txs;
    size_t *tx_count = &crossing->options.tx_count;
    size_t index = 0;
    CHECK(txs != NULL);
    while (index < *tx_count && !txs[index].has_brought)
        index++;
    if (index == *tx_count) return false;
    size_t first;
    size_t end;
    bundles_unit(order, index, &first, &end);
    size_t keep = first == 0 ? end : first;
    bool is_less = keep < *tx_count;
    *tx_count = keep;
    for (size_t i = 0; i + 1 < crossing->node->chain_count && first == 0; i++) {
        struct waiting *w = &waiting[i];
        if (w->count == 0) continue;
        w->deferred += w->count;
        w->count = 0;
        is_less = true;
    }
    if (first > 0) return is_less;
    /* What is forced, imported or due for its anchor waits, too, or is in that batch. */
    const size_t chain_count = crossing->node->chain_count;
    is_less |= forget_imports(crossing, imports, false);
    crossing->left_place = chain_count;
    for (size_t i = 1; i < chain_count; i++) {
        struct world_rollup *rollup = &crossing->rollups[i - 1];
        const bool is_wished = order->must_move == i;
        is_less |= rollup->must_move && !is_wished;
        rollup->must_move = is_wished;
    }
    return is_less;
}

/* Messages of transactions that this block has no room for are not there to be imported; they can
 * be proven later, as all that are left out. Those of rollups to their own rollups are there. */
static void
import_messages(struct crossing *crossing, struct waiting *waiting, const struct imports *imports) {
    const bool is_room = imports->before_count <= crossing->options.tx_count;
    const bool is_any = is_room && imports->before_count > 0;
    crossing->options.before_count = is_any ? imports->before_count : 0;
    for (size_t i = 0; i + 1 < crossing->node->chain_count && imports->lists != NULL; i++) {
        struct world_rollup *rollup = &crossing->rollups[i];
        rollup->message_slots = imports->lists[i].slots;
        struct node_chain *chain = &crossing->node->chains[1 + i];
        const bool is_there = is_any || node_place(node_parent(chain)) != 0;
        rollup->message_slot_count = is_there ? imports->lists[i].count : 0;
        rollup->must_move |= rollup->message_slot_count > 0;
        if (!is_there) waiting_without_imports(&waiting[i], chain);
    }
}

/* A rollup's messages have left no room for what is forced: they can be proven. False: it is not
 * that, or there are none. */
static bool make_room(const struct crossing *crossing, const struct imports *imports) {
    const struct world_result *result = &crossing->result;
    if (result->missing.verdict != STEP_FORCED_GAS || imports->lists == NULL) return false;
    const size_t place =
        crossing_place(crossing->node, result->reason_parent, result->reason_rollup);
    const bool is_any = place > 0 && imports->lists[place - 1].count > 0;
    if (is_any) imports->lists[place - 1].count = 0;
    return is_any;
}

enum err crossing_build_block(
    struct node *node,
    struct block_tx_fate *fates,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_attributes *attributes,
    const struct block_order *order,
    const struct imports *imports
) {
    struct crossing *crossing = arena_alloc(arena, sizeof(*crossing));
    struct waiting *waiting = arena_alloc_array(arena, node->chain_count, sizeof(*waiting));
    struct world_tx *txs = arena_alloc_array(arena, order->tx_count, sizeof(*txs));
    if (crossing == NULL || waiting == NULL || txs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < order->tx_count; i++)
        txs[i] = (struct world_tx){
            .tx = &order->txs[i]->tx,
            .encoded = order->txs[i]->encoding,
            .sender = order->txs[i]->sender,
        };
    enum err err = crossing_open(crossing, node, arena, &node_l1(node)->head, attributes);
    if (err != ERR_OK && crossing->error[0] != 0)
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", crossing->error);
    for (size_t i = 0; i + 1 < node->chain_count && err == ERR_OK; i++)
        err = waiting_collect(
            &waiting[i],
            arena,
            &node->chains[1 + i],
            imports->lists == NULL ? NULL : &imports->lists[i]
        );
    if (err == ERR_OK) move_due(crossing, order);
    crossing->options.txs = txs;
    crossing->options.tx_count = order->tx_count;
    for (size_t i = 0; i < order->tx_count; i++)
        fates[i] = (struct block_tx_fate){.fate = FATE_KEPT};
    while (err == ERR_OK) {
        import_messages(crossing, waiting, imports);
        for (size_t i = 0; i + 1 < node->chain_count; i++) {
            crossing->rollups[i].slot_txs = waiting[i].encodings;
            crossing->rollups[i].slot_tx_count = waiting[i].count;
        }
        err = world_build(&crossing->result, &crossing->options);
        if (err != ERR_OK) return err;
        if (set_apart(crossing, waiting, imports, order)) continue;
        const struct node_chain *behind = NULL;
        if (crossing->result.status == WORLD_OK) {
            if (crossing_set_apart_below(crossing, waiting, imports)) continue;
            behind = crossing_left_behind(crossing);
            if (behind == NULL) return commit(crossing, fates, error, waiting, order);
        }
        const char *reason;
        if (behind != NULL)
            reason = crossing_say_left_behind(arena, behind);
        else
            err = crossing_reason(&reason, crossing);
        if (err != ERR_OK) return err;
        if (behind != NULL && crossing_defer_bringer(waiting, behind, reason, order)) continue;
        if (make_room(crossing, imports)) continue;
        if (lessen(crossing, fates, waiting, reason, order)) continue;
        if (forget_imports(crossing, imports, true)) continue;
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", reason);
        return ERR_INPUT;
    }
    return err;
}
