/* node/crossing_private.h: what the files of node/crossing.h share. */
#ifndef NODE_CROSSING_PRIVATE_H
#define NODE_CROSSING_PRIVATE_H

#include "node/crossing.h"
#include "node/waiting.h"

/* A rollup whose newest blocks are not in the batch that a transaction brings along; NULL if there
 * is none. The result is WORLD_OK. */
const struct node_chain *crossing_left_behind(const struct crossing *crossing);

/* Why such a block is not built; in the arena. */
const char *crossing_say_left_behind(struct arena *arena, const struct node_chain *chain);

/* Which transaction of its parent leaves a rollup of a rollup behind shows when it is alone: the
 * others wait, and it leaves the pool. False: it is none of those that wait. */
bool crossing_defer_bringer(
    struct waiting *waiting,
    const struct node_chain *behind,
    const char *reason,
    const struct block_order *order
);

/* A batch that a transaction of a rollup brings along is about the heads of its rollups before that
 * block: what moves these besides waits for the next one, and messages for them are left to be
 * proven. False: nothing does. The result is WORLD_OK. */
bool crossing_set_apart_below(
    struct crossing *crossing, struct waiting *waiting, const struct imports *imports
);

#endif
