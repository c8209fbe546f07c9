/* node/blocks.h: the making of single blocks: what goes in, and what became of it.
 *
 * The two functions here are where chains meet: everything else of the node knows one chain at a
 * time. Each builds a block, appends it to its chain and logs it. They read the pool and never
 * change it. */
#ifndef NODE_BLOCKS_H
#define NODE_BLOCKS_H

#include "node/chain.h"

struct node;
struct block_bundles;

enum block_fate {
    FATE_INCLUDED,
    FATE_DROPPED, /* can never get in as it is: reason says why */
    FATE_KEPT,    /* no room in this block */
    FATE_WAITS,   /* a rollup's transaction that needs the parent: it goes with its next block */
};

struct block_tx_fate {
    enum block_fate fate;
    int code;           /* FATE_DROPPED: as an RPC error */
    const char *reason; /* FATE_DROPPED; FATE_KEPT: may be NULL */
    bytes data;
    bool has_data;
    /* FATE_INCLUDED in a block of L1: how it ended; data is its output then. */
    enum evm_outcome outcome;
};

/* What a block is to hold. */
struct block_order {
    const struct pool_tx *const
        *txs; /* in this order; not valid any more once the block is appended */
    size_t tx_count;
    bool is_for_tx;     /* one transaction: no block without it */
    bool is_for_bundle; /* L1: no block without a bundle */
    /* L1: those that its transactions begin with; NULL: none (node/bundles.h). */
    struct block_bundles *bundles;
    bool has_timestamp;
    uint64_t timestamp;
    uint64_t must_move; /* a rollup whose unsafe blocks go along in any case; 0: none */
    /* Rollups that are updated for the sake of a newer anchor, if they can be; the builder of the
     * block fills it in (node/anchors.h). */
    uint64_t anchors_due;
    /* A rollup's transaction that goes along because it waits for the parent (as all that wait do);
     * somebody wants to know its fate. NULL: nobody. */
    const hash32 *waiting;
    struct block_tx_fate *waiting_fate;
};

/* node_l1_build_block makes one block of L1, with a batch for the rollups if there is something to
 * post.
 *
 * Bundles that wait for it go in front, whatever the order says of them.
 *
 * Out:     fates  order->tx_count of them; texts in arena.
 *          error  when not ERR_OK: what could not be done. The chains are as they were. */
MUST_USE enum err node_l1_build_block(
    struct node *node,
    struct block_tx_fate *fates,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_order *order
);

/* l1_fill_fate says what becomes of a transaction that the builder refused with this verdict. */
MUST_USE enum err l1_fill_fate(
    struct node_chain *chain,
    struct block_tx_fate *fate,
    struct arena *arena,
    const struct block_builder *builder,
    enum tx_verdict refusal,
    const struct pool_tx *tx
);

/* Says that a transaction is in a block of L1 that is being built, the index-th of it. */
void l1_note_included(
    struct block_tx_fate *fate, const struct block_builder *builder, size_t index
);

/* The lines of a block of L1 that was appended. */
void l1_log_results(struct node *node, const struct block_builder *builder);

/* How a transaction ended, as far as its receipt does not say. */
struct node_tx_outcome {
    bool is_known;
    enum evm_outcome outcome;
    bytes output;
};

/* The lines of a rollup's block that has become its head, and of its transactions. outcomes are
 * theirs; NULL: nobody knows. */
void node_rollup_log(
    struct node_chain *chain,
    struct arena *arena,
    const struct node_new_block *block,
    const struct node_tx_outcome *outcomes
);

/* node_rollup_build_block makes one unsafe block of a rollup. If none of the order's transactions
 * gets in there is no block; an order without transactions makes an empty one. */
MUST_USE enum err node_rollup_build_block(
    struct node_chain *chain,
    struct block_tx_fate *fates,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_order *order
);

#endif
