/* node/imports.h: which messages of L1's transactions the rollups import in the block in which they
 * are sent (protocol.md section 7), and which of a rollup's blocks its own rollups do: the
 * proposer's choice. */
#ifndef NODE_IMPORTS_H
#define NODE_IMPORTS_H

#include "chain/block.h"
#include "node/options.h"

struct node;

/* Of a block that is being built. */
struct imports {
    /* So many of the block's transactions go before the batch: up to the last that sends one. */
    size_t before_count;
    /* By the rollup's place less 1; NULL: nothing is imported. */
    struct import_list {
        hash32 *slots;
        size_t count;
    } * lists;
};

/* imports_choose looks for messages in the block's transactions as they have run. order_index says
 * for each of them which of the order's it is; NULL: the same. All in arena. ERR_MEMORY. */
MUST_USE enum err imports_choose(
    struct imports *imports,
    struct arena *arena,
    struct node *node,
    const struct node_import_policy *policy,
    const struct block_builder *block,
    const size_t *order_index
);

/* imports_choose_below adds what rollups of rollups import: what was said on their parents in
 * blocks that they have not heard of, those not posted yet and the newest that is, whose batch came
 * before what else is in it. *is_any is false if there is nothing. All in arena. ERR_MEMORY,
 * ERR_CORRUPT, ERR_IO. */
MUST_USE enum err imports_choose_below(
    struct imports *imports,
    bool *is_any,
    struct arena *arena,
    struct node *node,
    const struct node_import_policy *policy
);

#endif
