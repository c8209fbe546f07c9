/* node/bundles.h: lists of L1's transactions that go into one block together, in their order and
 * next to one another, or not at all (eth_sendBundle).
 *
 * A bundle is for one block. It waits, in memory only and beside the pool, until that block is
 * made; then it is in, or it has been dropped for a reason that is remembered for a while. In the
 * block bundles come first, in the order in which they came here. */
#ifndef NODE_BUNDLES_H
#define NODE_BUNDLES_H

#include "chain/execution.h"
#include "chain/pool.h"
#include "node/blocks.h"

#define BUNDLES_MAX        256u               /* that wait */
#define BUNDLES_SIZE_MAX   ((size_t)32 << 20) /* bytes of their transactions */
#define BUNDLES_KEPT       1024u              /* whose fate is remembered; then the oldest goes */
#define BUNDLES_BLOCK_MAX  16u                /* in one block; a further one is dropped */
#define BUNDLE_TXS_MAX     32u
#define BUNDLE_AHEAD_MAX   1000u /* how many blocks after the newest one its block may be */
#define BUNDLE_REASON_SIZE 512u

struct node;

/* What is asked for. Borrowed. */
struct bundle_offer {
    const struct pool_tx *txs; /* as the pool would have them; arrival is not looked at */
    const bool *may_revert;    /* of each: without it a transaction that fails undoes the bundle */
    size_t tx_count;           /* 1 … BUNDLE_TXS_MAX */
    uint64_t number;           /* of its block */
    uint64_t min_timestamp;    /* that the block must have; 0: any … */
    uint64_t max_timestamp;    /* … UINT64_MAX: any */
};

/* One that waits; owned by the list. */
struct bundle {
    struct arena arena; /* has all of it but the struct */
    struct bundle *next;
    struct bundle_offer offer;
    hash32 hash;
    size_t size;
};

struct bundle_fate {
    hash32 hash;
    uint64_t number;
    bool is_included;
    hash32 block_hash;               /* is_included: when it was made */
    char reason[BUNDLE_REASON_SIZE]; /* else why not */
};

struct bundles {
    struct bundle *first; /* in order of arrival */
    struct bundle *last;
    size_t count;
    size_t size;
    struct bundle_fate *fates; /* a ring of BUNDLES_KEPT; NULL: none yet */
    size_t fate_first;
    size_t fate_count;
};

/* Bundles that a block begins with (struct block_order). */
struct block_bundles {
    const struct bundle *list[BUNDLES_BLOCK_MAX];
    size_t ends[BUNDLES_BLOCK_MAX]; /* of each in the order's transactions */
    size_t count;
    size_t failed; /* index of one that cannot be in; count: none known */
    const char *reason;
};

/* What names a bundle: the hash of its transactions' hashes, as elsewhere. */
hash32 bundle_hash(const struct pool_tx *txs, size_t count);

/* bundles_add copies an offer. The same transactions for the same block are there once. ERR_LIMIT:
 * too many wait, or too large ones; ERR_MEMORY. */
MUST_USE enum err
bundles_add(struct bundles *bundles, hash32 *hash, const struct bundle_offer *offer);
void bundles_close(struct bundles *bundles);

/* One that waits; or NULL. */
const struct bundle *
bundles_find(const struct bundles *bundles, const hash32 *hash, uint64_t number);

/* What became of one, the newest first; or NULL. */
const struct bundle_fate *
bundles_fate(const struct bundles *bundles, const hash32 *hash, uint64_t number);
/* By index, the newest is 0; NULL past the end. */
const struct bundle_fate *bundles_fate_at(const struct bundles *bundles, size_t index);

/* All that wait go, for this reason. */
void bundles_drop_all(struct node *node, const char *reason);

/* bundles_choose lists those for L1's next block, whose timestamp is given. Those that cannot be in
 * it, or whose block is there without them, are dropped. */
void bundles_choose(struct block_bundles *chosen, struct node *node, uint64_t timestamp);

/* bundles_place gives the order with the bundles in front, and room for its fates: all in arena.
 * What is in both is once in it, in the bundle; places says for each of the first order's
 * transactions where it is now. ERR_MEMORY. */
MUST_USE enum err bundles_place(
    struct block_order *out,
    struct block_tx_fate **fates,
    size_t **places,
    struct arena *arena,
    struct block_bundles *chosen,
    const struct block_order *order
);

/* How many of the order's transactions are of bundles. */
static inline size_t bundles_end(const struct block_order *order) {
    const struct block_bundles *bundles = order->bundles;
    return bundles == NULL || bundles->count == 0 ? 0 : bundles->ends[bundles->count - 1];
}

/* bundles_unit gives the range of what stays together with a transaction of the order. */
void bundles_unit(const struct block_order *order, size_t index, size_t *first, size_t *end);

/* bundles_are_whole looks for a bundle that is not in the block as it should be; sets failed and
 * reason. fates are all transactions'. False: there is one; or no memory for its reason. */
bool bundles_are_whole(
    const struct node *node,
    struct arena *arena,
    const struct block_order *order,
    const struct block_tx_fate *fates
);

/* The block was not built because of this one (chosen->failed). */
void bundles_drop_failed(struct node *node, const struct block_bundles *chosen);

/* They are in L1's newest block. */
void bundles_include(struct node *node, const struct block_bundles *chosen);

#endif
