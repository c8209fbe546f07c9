/* node/crossing.h: the world (world/world.h) as the node uses it: blocks of L1 whose transactions
 * call across chains, calls that do, and traces of them. Here the chains' stores meet the world's
 * options. */
#ifndef NODE_CROSSING_H
#define NODE_CROSSING_H

#include "node/blocks.h"
#include "node/prover.h"
#include "world/trace.h"
#include "world/world.h"

struct node;

/* One use of a world. Everything lies in the arena. */
struct crossing {
    struct node *node;
    struct arena *arena;
    struct prover prover;
    struct block_attributes attributes;
    struct header parent;
    struct world_options options;
    struct world_rollup *rollups;
    struct world_result result;
    struct source_lmdb *sources;
    char error[DATABASE_ERROR_SIZE]; /* why crossing_open failed, if it is more than the err says */
};

/* crossing_open gathers where all chains stand after the L1 block `parent`. With the newest block,
 * the rollups' unsafe blocks are pending. ERR_CORRUPT: a rollup's head on L1 is no block of its
 * store. */
MUST_USE enum err crossing_open(
    struct crossing *crossing,
    struct node *node,
    struct arena *arena,
    const struct header *parent,
    const struct block_attributes *attributes
);

/* crossing_settle has a rollup begin at its newest block, as if that were on L1 already: for what
 * is tried on a state of the caller's making. To be called before the world is built; the Hub's
 * head for the rollup is the caller's to change. ERR_MEMORY, ERR_CORRUPT, ERR_IO. */
MUST_USE enum err crossing_settle(struct crossing *crossing, size_t rollup_index);

/* crossing_reason says why the world did not build what it was asked for, with what the Hub said if
 * it was the Hub. In the crossing's arena; ERR_MEMORY. */
MUST_USE enum err crossing_reason(const char **text, const struct crossing *crossing);

/* crossing_build_block builds the block that order describes, appends it and the rollups' blocks,
 * and fills the fates in. Transactions of rollups that wait for the parent go along. */
MUST_USE enum err crossing_build_block(
    struct node *node,
    struct block_tx_fate *fates,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_attributes *attributes,
    const struct block_order *order
);

#endif
