/* node/forced.h: forced transactions (protocol.md section 5, decisions/024). What waits in a Hub's
 * queue follows from the parent's state and the events of its blocks, so that nothing is kept. */
#ifndef NODE_FORCED_H
#define NODE_FORCED_H

#include "state/state.h"
#include "world/world.h"

struct node;
struct node_chain;

/* Gas that a rollup's blocks must hold for it to take forced transactions: FORCED_MAX of them, and
 * what the system writes before; besides the gas of a batch of its own rollups, if it has any. */
#define FORCED_BLOCK_GAS_MIN 10000000u

/* forced_count tells how many transactions were forced, and how many of them are in batches:
 * of all queues together, so that who asks twice sees whether anything has changed. Errors of
 * reading state. */
MUST_USE enum err forced_count(uint64_t *length, uint64_t *taken, struct node *node);

/* forced_choose gives the rollup the next of its queue, at most FORCED_MAX, as the parent's state
 * has it; fewer if a block that has one is not there (a state that was loaded, say). Copies lie in
 * arena. Errors of reading state and blocks. */
MUST_USE enum err forced_choose(
    struct world_rollup *rollup,
    struct arena *arena,
    struct node_chain *chain,
    struct state *parent_state
);

#endif
