/* node/crossing.h: the world (world/world.h) as the node uses it: blocks of L1 whose transactions
 * call across chains, calls that do, and traces of them. Here the chains' stores meet the world's
 * options. */
#ifndef NODE_CROSSING_H
#define NODE_CROSSING_H

#include "node/blocks.h"
#include "node/imports.h"
#include "node/prover.h"
#include "world/trace.h"
#include "world/world.h"

struct node;

/* What is built on a rollup that is a parent. */
struct crossing_below {
    struct prover prover;
    struct header parent;
    struct world_options options;
};

/* One use of a world. Everything lies in the arena. */
struct crossing {
    struct node *node;
    struct arena *arena;
    struct prover prover;
    struct block_attributes attributes;
    struct header parent;
    struct world_options options;
    struct world_rollup *rollups; /* by their chains' places, from 1 on: those of rollups last */
    struct crossing_below *below; /* by place, from 1 on: of rollups that are parents */
    struct world_result result;
    uint64_t due; /* rollups that are updated if they can be: for an anchor, or what is forced */
    size_t
        left_place; /* of the one of them that is tried to do without; the count of chains: all */
    struct source_lmdb *sources;
    char error[DATABASE_ERROR_SIZE]; /* why crossing_open failed, if it is more than the err says */
};

/* crossing_open gathers where all chains stand after the L1 block `parent`. With the newest block,
 * the rollups' unsafe blocks are pending. Before the Hub knows them there are no rollups.
 * ERR_CORRUPT: a rollup's head on L1 is no block of its
 * store. */
MUST_USE enum err crossing_open(
    struct crossing *crossing,
    struct node *node,
    struct arena *arena,
    const struct header *parent,
    const struct block_attributes *attributes
);

/* crossing_place_rollups gathers where the rollups of a chain stand after one of its blocks, with
 * nothing pending. Errors as crossing_open's. */
MUST_USE enum err crossing_place_rollups(
    struct world_rollup **rollups,
    size_t *count,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    struct node_chain *parent,
    const struct header *header
);

/* The headers of a chain, for who follows its rollups. The chain is borrowed. */
struct world_headers crossing_headers(struct node_chain *of);

/* crossing_view_parent lets rollups read this chain, their parent, and where it is a rollup what it
 * reads itself: sources, headers, rules and its code cache. Borrowed from the chain; the arena
 * stays as it is. */
void crossing_view_parent(struct parent *parent, struct node_chain *of);

/* crossing_settle has a rollup begin at its newest block, as if that were on its parent already:
 * for what is tried on a state of the caller's making. To be called before the world is built; the
 * Hub's head for the rollup is the caller's to change. ERR_MEMORY, ERR_CORRUPT, ERR_IO. */
MUST_USE enum err crossing_settle(struct crossing *crossing, size_t place);

/* What became of the rollup in this place; NULL: nothing. The result is WORLD_OK. */
const struct world_rollup_result *crossing_result(const struct crossing *crossing, size_t place);

/* The place of a rollup that the world names by its parent's id (0: L1) and its own there. */
size_t crossing_place(const struct node *node, uint64_t parent, uint64_t rollup_id);

/* crossing_trace_reads has a trace of all chains record what the rollup's reads run on its parent,
 * and on that one's parents. */
void crossing_trace_reads(
    struct parent *parent, struct world_trace *trace, const struct node_chain *rollup
);

/* Says what is the parent of what in a trace of all chains. */
MUST_USE enum err
crossing_open_trace(struct world_trace *trace, struct arena *arena, const struct node *node);

/* crossing_reason says why the world did not build what it was asked for, with what the Hub said if
 * it was the Hub. In the crossing's arena; ERR_MEMORY. */
MUST_USE enum err crossing_reason(const char **text, const struct crossing *crossing);

/* crossing_build_block builds the block that order describes, with these messages imported, appends
 * it and the rollups' blocks, and fills the fates in. Transactions of rollups that wait for the
 * parent go along. */
MUST_USE enum err crossing_build_block(
    struct node *node,
    struct block_tx_fate *fates,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_attributes *attributes,
    const struct block_order *order,
    const struct imports *imports
);

#endif
