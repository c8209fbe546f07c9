#include "node/waiting.h"

#include "node/verdict.h"
#include "rollup/predeploys.h"
#include "state/state.h"

/* --- conditions ------------------------------------------------------------------------------- */

/* A failure to read it is as good as no mark: the block's execution will say. */
static bool is_marked(void *context, const hash32 *message_slot) {
    struct node_chain *chain = context;
    const u256 mark = rollup_import_mark(message_slot);
    u256 value;
    enum err err = state_get_slot(&chain->state, &MESSAGES_PREDEPLOY, &mark, &value);
    return err == ERR_OK && !u256_is_zero(&value);
}

struct pool_block waiting_next_block(struct node_chain *chain) {
    return (struct pool_block){
        .base_fee_per_gas = node_next_base_fee(chain),
        .number = chain->head.number + 1,
        .is_imported = is_marked,
        .context = chain,
    };
}

static void on_late(void *context, const struct pool_tx *tx, bool is_in_order) {
    struct node_chain *chain = context;
    char text[VERDICT_TEXT_SIZE_MAX];
    (void)is_in_order;
    const struct verdict_facts facts = {.tx = &tx->tx, .block_number = chain->head.number + 1};
    (void)verdict_text(text, TX_TOO_LATE, &facts);
    chain->stats.dropped_count++;
    log_dropped(&chain->node->log, chain->rpc.name, &tx->hash, text);
}

void waiting_drop_late(struct node_chain *chain) {
    if (chain->pool != NULL) pool_pass(chain->pool, chain->head.number + 1, on_late, chain);
}

/* --- slot blocks ------------------------------------------------------------------------------ */

struct importing {
    struct node_chain *chain;
    const struct import_list *imports;
};

static bool is_imported(void *context, const hash32 *message_slot) {
    const struct importing *importing = context;
    for (size_t i = 0; i < importing->imports->count; i++)
        if (hash32_equal(&importing->imports->slots[i], message_slot)) return true;
    return is_marked(importing->chain, message_slot);
}

static bool needs_imports(struct node_chain *chain, const struct tx *tx) {
    for (size_t i = 0; i < tx->message_slot_count; i++)
        if (!is_marked(chain, &tx->message_slots[i])) return true;
    return false;
}

enum err waiting_collect(
    struct waiting *waiting,
    struct arena *arena,
    struct node_chain *chain,
    const struct import_list *imports
) {
    *waiting = (struct waiting){0};
    const bool imports_any =
        imports != NULL && imports->count > 0 && pool_conditional_count(chain->pool) > 0;
    const bool waits = chain->waiting_count > 0;
    if (!waits && !imports_any) return ERR_OK;
    size_t most = pool_pending_count(chain->pool);
    waiting->txs = arena_alloc_array(arena, most, sizeof(const struct pool_tx *));
    waiting->encodings = arena_alloc_array(arena, most, sizeof(*waiting->encodings));
    if (waiting->txs == NULL || waiting->encodings == NULL) return ERR_MEMORY;
    struct importing importing = {.chain = chain, .imports = imports};
    struct pool_block block = waiting_next_block(chain);
    block.base_fee_per_gas = header_next_base_fee(&chain->head);
    if (imports_any) {
        block.is_imported = is_imported;
        block.context = &importing;
    }
    struct pool_iterator *it = pool_iterate(chain->pool, &block);
    if (it == NULL) return ERR_MEMORY;
    const struct pool_tx *tx;
    while (waiting->count < most && (tx = pool_iterator_next(it)) != NULL) {
        if (!waits && !needs_imports(chain, &tx->tx)) {
            pool_iterator_skip_sender(it);
            continue;
        }
        waiting->txs[waiting->count] = tx;
        waiting->encodings[waiting->count++] = tx->encoding;
    }
    pool_iterator_close(it);
    return ERR_OK;
}

void waiting_defer(struct waiting *waiting, size_t index) {
    for (size_t i = index; i < waiting->count; i++)
        waiting->deferred += waiting->txs[i]->tx.type != TX_CONDITIONAL;
    waiting->count = index;
}

void waiting_take_out(struct waiting *waiting, size_t index) {
    for (size_t i = index + 1; i < waiting->count; i++) {
        waiting->txs[i - 1] = waiting->txs[i];
        waiting->encodings[i - 1] = waiting->encodings[i];
    }
    waiting->count--;
}

void waiting_drop(
    struct waiting *waiting,
    struct node_chain *chain,
    size_t index,
    const char *reason,
    const struct block_order *order
) {
    const hash32 hash = waiting->txs[index]->hash;
    if (order->waiting != NULL && hash32_equal(order->waiting, &hash))
        *order->waiting_fate = (struct block_tx_fate
        ){.fate = FATE_DROPPED, .code = RPC_SERVER_ERROR, .reason = reason};
    chain->stats.dropped_count++;
    log_dropped(&chain->node->log, chain->rpc.name, &hash, reason);
    pool_remove(chain->pool, &hash);
    waiting_take_out(waiting, index);
}

void waiting_without_imports(struct waiting *waiting, struct node_chain *chain) {
    for (size_t i = 0; i < waiting->count; i++) {
        if (!needs_imports(chain, &waiting->txs[i]->tx)) continue;
        const address sender = waiting->txs[i]->sender;
        for (size_t j = waiting->count; j-- > i;)
            if (address_equal(&waiting->txs[j]->sender, &sender)) waiting_take_out(waiting, j);
        i--;
    }
}

/* --- what importing earns --------------------------------------------------------------------- */

struct earnings {
    struct node_chain *chain;
    const hash32 *message_slot;
    struct pool_block block;
    enum fork fork;
    u256 wei;
};

static u256 add_saturating(const u256 *a, const u256 *b) {
    u256 sum;
    return u256_add_carry(&sum, a, b) ? U256_MAX : sum;
}

static void add_earnings(void *context, const struct pool_tx *tx, bool is_in_order) {
    struct earnings *earnings = context;
    u256 tip;
    u256 wei;
    bool names_it = false;
    for (size_t i = 0; i < tx->tx.message_slot_count; i++)
        names_it |= hash32_equal(&tx->tx.message_slots[i], earnings->message_slot);
    if (!names_it || !is_in_order) return;
    if (pool_is_held(earnings->chain->pool, &tx->hash, &earnings->block)) return;
    const struct pool_block *block = &earnings->block;
    if (!tx_tip_at(&tip, &tx->tx, &block->base_fee_per_gas, block->number)) return;
    const uint64_t intrinsic = tx_intrinsic_gas(&tx->tx, earnings->fork);
    const uint64_t floor = tx_floor_gas(&tx->tx, earnings->fork);
    const u256 gas = u256_from_u64(intrinsic > floor ? intrinsic : floor);
    if (!u256_mul_checked(&wei, &gas, &tip)) wei = U256_MAX;
    earnings->wei = add_saturating(&earnings->wei, &wei);
}

u256 waiting_earnings(struct node_chain *chain, const hash32 *message_slot) {
    hash32 slot = *message_slot;
    const struct import_list one = {.slots = &slot, .count = 1};
    struct importing importing = {.chain = chain, .imports = &one};
    struct earnings earnings = {
        .chain = chain,
        .message_slot = message_slot,
        .block = waiting_next_block(chain),
        .fork = forks_at(&chain->schedule, chain->head.number + 1, chain->head.timestamp).fork,
    };
    earnings.block.is_imported = is_imported;
    earnings.block.context = &importing;
    /* What is marked already earns nothing more by being imported again. */
    if (!is_marked(chain, message_slot))
        pool_visit_conditional(chain->pool, add_earnings, &earnings);
    return earnings.wei;
}
