#include "node/bundles.h"

#include "core/hex.h"
#include "crypto/keccak.h"
#include "node/network.h"
#include "rpc/revert.h"

#include <inttypes.h>
#include <stdlib.h>

hash32 bundle_hash(const struct pool_tx *txs, size_t count) {
    struct keccak hash;
    keccak_init(&hash);
    for (size_t i = 0; i < count; i++)
        keccak_update(&hash, hash32_bytes(&txs[i].hash));
    return keccak_final(&hash);
}

/* --- those that wait -------------------------------------------------------------------------- */

static enum err copy_tx(struct pool_tx *copy, struct arena *arena, const struct pool_tx *tx) {
    enum tx_verdict verdict = TX_OK;
    *copy = *tx;
    enum err err = arena_copy(arena, &copy->encoding, tx->encoding);
    if (err == ERR_OK) err = arena_copy(arena, &copy->network, tx->network);
    if (err == ERR_OK) err = tx_decode(&copy->tx, &verdict, arena, copy->encoding);
    return err == ERR_OK && verdict != TX_OK ? ERR_INPUT : err;
}

static enum err copy_offer(struct bundle *bundle, const struct bundle_offer *offer) {
    struct arena *arena = &bundle->arena;
    struct pool_tx *txs = arena_alloc_array(arena, offer->tx_count, sizeof(*txs));
    bool *may_revert = arena_alloc_array(arena, offer->tx_count, sizeof(*may_revert));
    if (txs == NULL || may_revert == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < offer->tx_count; i++) {
        enum err err = copy_tx(&txs[i], arena, &offer->txs[i]);
        if (err != ERR_OK) return err;
        may_revert[i] = offer->may_revert[i];
    }
    bundle->offer = *offer;
    bundle->offer.txs = txs;
    bundle->offer.may_revert = may_revert;
    return ERR_OK;
}

static void forget(struct bundle *bundle) {
    arena_close(&bundle->arena);
    free(bundle);
}

enum err bundles_add(struct bundles *bundles, hash32 *hash, const struct bundle_offer *offer) {
    *hash = bundle_hash(offer->txs, offer->tx_count);
    if (bundles_find(bundles, hash, offer->number) != NULL) return ERR_OK;
    size_t size = 0;
    for (size_t i = 0; i < offer->tx_count; i++)
        size += offer->txs[i].encoding.size + offer->txs[i].network.size;
    const bool is_full = bundles->count == BUNDLES_MAX || size > BUNDLES_SIZE_MAX - bundles->size;
    if (is_full) return ERR_LIMIT;
    if (bundles->fates == NULL) bundles->fates = calloc(BUNDLES_KEPT, sizeof(*bundles->fates));
    struct bundle *bundle = calloc(1, sizeof(*bundle));
    if (bundle == NULL || bundles->fates == NULL) {
        free(bundle);
        return ERR_MEMORY;
    }
    arena_open(&bundle->arena, 8 * BUNDLES_SIZE_MAX);
    enum err err = copy_offer(bundle, offer);
    if (err != ERR_OK) {
        forget(bundle);
        return err;
    }
    bundle->hash = *hash;
    bundle->size = size;
    if (bundles->last == NULL)
        bundles->first = bundle;
    else
        bundles->last->next = bundle;
    bundles->last = bundle;
    bundles->count++;
    bundles->size += size;
    return ERR_OK;
}

const struct bundle *
bundles_find(const struct bundles *bundles, const hash32 *hash, uint64_t number) {
    for (const struct bundle *b = bundles->first; b != NULL; b = b->next)
        if (b->offer.number == number && hash32_equal(&b->hash, hash)) return b;
    return NULL;
}

void bundles_close(struct bundles *bundles) {
    for (struct bundle *b = bundles->first; b != NULL;) {
        struct bundle *next = b->next;
        forget(b);
        b = next;
    }
    free(bundles->fates);
    *bundles = (struct bundles){0};
}

/* --- fates ------------------------------------------------------------------------------------ */

const struct bundle_fate *bundles_fate_at(const struct bundles *bundles, size_t index) {
    if (index >= bundles->fate_count) return NULL;
    const size_t at = bundles->fate_first + bundles->fate_count - 1 - index;
    return &bundles->fates[at % BUNDLES_KEPT];
}

const struct bundle_fate *
bundles_fate(const struct bundles *bundles, const hash32 *hash, uint64_t number) {
    const struct bundle_fate *fate;
    for (size_t i = 0; (fate = bundles_fate_at(bundles, i)) != NULL; i++)
        if (fate->number == number && hash32_equal(&fate->hash, hash)) return fate;
    return NULL;
}

/* The bundle waits no more. */
static struct bundle_fate *end_wait(struct bundles *bundles, const struct bundle *ended) {
    struct bundle *before = NULL;
    struct bundle *bundle = bundles->first;
    for (; bundle != ended; bundle = bundle->next)
        before = bundle;
    if (before == NULL)
        bundles->first = bundle->next;
    else
        before->next = bundle->next;
    if (bundles->last == bundle) bundles->last = before;
    bundles->count--;
    bundles->size -= bundle->size;
    if (bundles->fate_count == BUNDLES_KEPT) {
        bundles->fate_first = (bundles->fate_first + 1) % BUNDLES_KEPT;
        bundles->fate_count--;
    }
    const size_t at = bundles->fate_first + bundles->fate_count++;
    struct bundle_fate *fate = &bundles->fates[at % BUNDLES_KEPT];
    *fate = (struct bundle_fate){.hash = bundle->hash, .number = bundle->offer.number};
    forget(bundle);
    return fate;
}

static void drop(struct node *node, const struct bundle *bundle, const char *reason) {
    struct bundle_fate *fate = end_wait(&node->bundles, bundle);
    (void)snprintf(fate->reason, sizeof(fate->reason), "%s", reason);
    char hash[65] = "";
    hex_encode(hash, hash32_bytes(&fate->hash));
    log_message(&node->log, node_l1(node)->rpc.name, "bundle 0x%s dropped: %s", hash, reason);
}

void bundles_drop_all(struct node *node, const char *reason) {
    while (node->bundles.first != NULL)
        drop(node, node->bundles.first, reason);
}

void bundles_drop_failed(struct node *node, const struct block_bundles *chosen) {
    drop(node, chosen->list[chosen->failed], chosen->reason);
}

void bundles_include(struct node *node, const struct block_bundles *chosen) {
    for (size_t i = 0; i < chosen->count; i++) {
        struct bundle_fate *fate = end_wait(&node->bundles, chosen->list[i]);
        fate->is_included = true;
        fate->block_hash = node_l1(node)->head_hash;
    }
}

/* --- in a block ------------------------------------------------------------------------------- */

/* Why a bundle cannot be in a block; empty: it may. */
static void refuse(
    char reason[BUNDLE_REASON_SIZE],
    const struct bundle *bundle,
    const struct block_bundles *chosen,
    uint64_t number,
    uint64_t timestamp
) {
    const struct bundle_offer *offer = &bundle->offer;
    reason[0] = 0;
    if (offer->number < number)
        (void)snprintf(
            reason, BUNDLE_REASON_SIZE, "block %" PRIu64 " was made without it", offer->number
        );
    else if (timestamp < offer->min_timestamp || timestamp > offer->max_timestamp)
        (void)snprintf(
            reason,
            BUNDLE_REASON_SIZE,
            "its block has timestamp %" PRIu64 ", which is %s %" PRIu64,
            timestamp,
            timestamp < offer->min_timestamp ? "below minTimestamp" : "above maxTimestamp",
            timestamp < offer->min_timestamp ? offer->min_timestamp : offer->max_timestamp
        );
    else if (chosen->count == BUNDLES_BLOCK_MAX)
        (void)snprintf(
            reason, BUNDLE_REASON_SIZE, "its block has %u bundles already", BUNDLES_BLOCK_MAX
        );
}

void bundles_choose(struct block_bundles *chosen, struct node *node, uint64_t timestamp) {
    const uint64_t number = node_l1(node)->head.number + 1;
    *chosen = (struct block_bundles){0};
    size_t end = 0;
    for (const struct bundle *b = node->bundles.first; b != NULL;) {
        const struct bundle *next = b->next;
        char reason[BUNDLE_REASON_SIZE] = "";
        if (b->offer.number <= number) refuse(reason, b, chosen, number, timestamp);
        if (reason[0] != 0) {
            drop(node, b, reason);
        } else if (b->offer.number == number) {
            end += b->offer.tx_count;
            chosen->ends[chosen->count] = end;
            chosen->list[chosen->count++] = b;
        }
        b = next;
    }
    chosen->failed = chosen->count;
}

/* Where a transaction is among the first; end: not there. */
static size_t find_tx(const struct pool_tx *const *txs, size_t end, const struct pool_tx *tx) {
    size_t i = 0;
    while (i < end && !hash32_equal(&txs[i]->hash, &tx->hash))
        i++;
    return i;
}

enum err bundles_place(
    struct block_order *out,
    struct block_tx_fate **fates,
    size_t **places,
    struct arena *arena,
    struct block_bundles *chosen,
    const struct block_order *order
) {
    const size_t end = chosen->count == 0 ? 0 : chosen->ends[chosen->count - 1];
    const size_t most = end + order->tx_count;
    const struct pool_tx **txs = arena_alloc_array(arena, most, sizeof(const struct pool_tx *));
    *fates = arena_alloc_array(arena, most, sizeof(**fates));
    *places = arena_alloc_array(arena, order->tx_count, sizeof(**places));
    if (txs == NULL || *fates == NULL || *places == NULL) return ERR_MEMORY;
    size_t count = 0;
    for (size_t i = 0; i < chosen->count; i++)
        for (size_t j = 0; j < chosen->list[i]->offer.tx_count; j++)
            txs[count++] = &chosen->list[i]->offer.txs[j];
    for (size_t i = 0; i < order->tx_count; i++) {
        const size_t at = find_tx(txs, end, order->txs[i]);
        (*places)[i] = at < end ? at : count;
        if (at == end) txs[count++] = order->txs[i];
    }
    for (size_t i = 0; i < count; i++)
        (*fates)[i] = (struct block_tx_fate){.fate = FATE_KEPT};
    *out = *order;
    out->txs = txs;
    out->tx_count = count;
    out->is_for_tx = order->is_for_tx && end == 0; /* there is a block without it, too */
    out->bundles = chosen;
    return ERR_OK;
}

void bundles_unit(const struct block_order *order, size_t index, size_t *first, size_t *end) {
    const struct block_bundles *bundles = order->bundles;
    size_t i = 0;
    *first = index;
    *end = index + 1;
    if (index >= bundles_end(order)) return;
    while (bundles->ends[i] <= index)
        i++;
    *first = i == 0 ? 0 : bundles->ends[i - 1];
    *end = bundles->ends[i];
}

/* Why a bundle is not in: its transaction at this index. NULL: no memory. */
static const char *say_failed(
    const struct node *node,
    struct arena *arena,
    const struct pool_tx *tx,
    size_t index,
    const struct block_tx_fate *fate
) {
    const char *why = fate->reason;
    char *text = arena_alloc(arena, BUNDLE_REASON_SIZE);
    char hash[65] = "";
    if (text == NULL) return NULL;
    if (fate->fate == FATE_INCLUDED && fate->outcome == EVM_REVERT) {
        if (revert_text(&why, arena, &node->log.names, fate->data) != ERR_OK) return NULL;
    } else if (fate->fate == FATE_INCLUDED) {
        why = evm_outcome_text(fate->outcome);
    } else if (why == NULL) {
        why = "another transaction of its block posts a batch and has the block to itself";
    }
    hex_encode(hash, hash32_bytes(&tx->hash));
    (void)snprintf(text, BUNDLE_REASON_SIZE, "transaction %zu (0x%s): %s", index, hash, why);
    return text;
}

bool bundles_are_whole(
    const struct node *node,
    struct arena *arena,
    const struct block_order *order,
    const struct block_tx_fate *fates
) {
    struct block_bundles *bundles = order->bundles;
    size_t at = 0;
    for (size_t i = 0; bundles != NULL && i < bundles->count; i++) {
        const struct bundle_offer *offer = &bundles->list[i]->offer;
        for (size_t j = 0; j < offer->tx_count; j++, at++) {
            const struct block_tx_fate *fate = &fates[at];
            const bool has_failed = fate->outcome != EVM_SUCCESS && !offer->may_revert[j];
            if (fate->fate == FATE_INCLUDED && !has_failed) continue;
            bundles->failed = i;
            bundles->reason = say_failed(node, arena, &offer->txs[j], j, fate);
            if (bundles->reason == NULL) bundles->reason = err_text(ERR_MEMORY);
            return false;
        }
    }
    return true;
}
