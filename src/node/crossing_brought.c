/* Batches that transactions bring along: what they may leave out. */
#include "node/crossing_private.h"

#include "core/check.h"
#include "node/network.h"

#include <stdio.h>

const struct node_chain *crossing_left_behind(const struct crossing *crossing) {
    const struct world_result *result = &crossing->result;
    CHECK(result->txs != NULL && result->rollups != NULL);
    uint64_t moves = 0;
    for (size_t i = 0; i < crossing->options.tx_count; i++)
        moves |= result->txs[i].brought_moves;
    for (size_t i = 0; i < node_rollup_count(crossing->node); i++) {
        const struct node_chain *chain = &crossing->node->chains[1 + i];
        const struct sealed_block *sealed = result->rollups[i].sealed;
        bool is_behind = sealed != NULL && !hash32_equal(&sealed->hash, &chain->head_hash);
        if ((moves >> i & 1) != 0 && result->rollups[i].is_updated && is_behind) return chain;
    }
    /* Of a rollup that is a parent: the builder's own batch has all. */
    for (size_t i = 1 + node_rollup_count(crossing->node); i < crossing->node->chain_count; i++) {
        const struct node_chain *chain = &crossing->node->chains[i];
        const struct world_rollup_result *of = crossing_result(crossing, i);
        if (of == NULL || !of->is_updated || of->sealed == NULL) continue;
        if (!hash32_equal(&of->sealed->hash, &chain->head_hash)) return chain;
    }
    return NULL;
}

bool crossing_defer_bringer(
    struct waiting *waiting,
    const struct node_chain *behind,
    const char *reason,
    const struct block_order *order
) {
    struct node_chain *parent = node_parent(behind);
    if (parent->rollup_id == 0) return false;
    struct waiting *w = &waiting[node_place(parent) - 1];
    if (w->count == 0) return false;
    if (w->count == 1)
        waiting_drop(w, parent, 0, reason, order);
    else
        waiting_defer(w, w->count / 2);
    return true;
}

const char *crossing_say_left_behind(struct arena *arena, const struct node_chain *chain) {
    static const char FALLBACK[] = "the batch leaves out blocks that its rollup has made since";
    char *text = arena_alloc(arena, 160);
    if (text == NULL) return FALLBACK;
    (void)snprintf(
        text,
        160,
        "the batch that the transaction posts leaves out blocks that %s has made since: prepare "
        "the "
        "bundle again",
        chain->rpc.name
    );
    return text;
}

/* Takes out what moves a rollup of a rollup by itself. */
static bool hold_back(
    struct crossing *crossing, struct waiting *waiting, const struct imports *imports, size_t place
) {
    struct import_list *list = imports->lists == NULL ? NULL : &imports->lists[place - 1];
    const bool imports_any = list != NULL && list->count > 0;
    const bool waits = waiting[place - 1].count > 0;
    if (waits) waiting_defer(&waiting[place - 1], 0);
    if (!imports_any) return waits;
    list->count = 0;
    crossing->rollups[place - 1].must_move = false;
    return true;
}

bool crossing_set_apart_below(
    struct crossing *crossing, struct waiting *waiting, const struct imports *imports
) {
    const struct world_result *result = &crossing->result;
    bool is_less = false;
    CHECK(result->rollups != NULL);
    for (size_t place = 1; place <= node_rollup_count(crossing->node); place++) {
        const struct world_result *below = result->rollups[place - 1].below;
        if (below == NULL || !below->has_brought || !below->has_batch) continue;
        size_t first;
        const size_t count = node_rollups_of(crossing->node, &first, place);
        for (size_t i = 0; i < count; i++)
            is_less |= hold_back(crossing, waiting, imports, first + i);
    }
    return is_less;
}
