#include "node/anchors.h"

#include "node/hub_view.h"
#include "node/network.h"

_Static_assert(NODE_ROLLUPS_MAX <= 64, "a set of rollups is one word");

static enum err is_due(bool *due, const struct node_chain *rollup, uint64_t every) {
    struct hub_view view;
    enum err err = node_hub_view(&view, rollup);
    if (err != ERR_OK) return err;
    *due = node_parent(rollup)->head.number + 1 - view.anchor_number > every;
    return ERR_OK;
}

enum err anchors_find_due(uint64_t *places, struct node *node) {
    const uint64_t every = node->options->anchor_every_blocks;
    uint64_t found = 0;
    for (size_t i = 1; i < node->chain_count && every != 0 && node->auto_batch; i++) {
        bool due = false;
        /* A ledger reads nothing of its parent. */
        if (node->options->chains[i].type != NODE_ROLLUP_EVM) continue;
        enum err err = is_due(&due, &node->chains[i], every);
        if (err != ERR_OK) return err;
        if (due) found |= anchors_bit(i);
    }
    *places = found;
    return ERR_OK;
}
