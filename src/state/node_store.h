/* state/node_store.h: trie nodes by hash in a database (hosted).
 *
 * Hashes are random, so a table in their order is written all over: once it is larger than what is
 * written together, each node costs a page of its own, and a chain slows down as it grows. So nodes
 * are appended, in segments, and only small sorted indexes are ever written again:
 *
 *   nodes      segment number (4 bytes) → nodes as they came: hash, size (4 bytes), encoding
 *   node_runs  level (1 byte), number (4 bytes) → entries in order, then keccak256 of them;
 *              an entry is 8 bytes of the hash, segment number (4), offset there (4)
 *
 * All numbers are big-endian. What is written together is a run of level 0; NODE_RUN_FANOUT runs of
 * a level are merged into one of the next. A node is looked for in every run: there are a few
 * dozen, seven a level. Nothing is ever removed. */
#ifndef STATE_NODE_STORE_H
#define STATE_NODE_STORE_H

#include "state/database.h"

#define NODE_SEGMENT_SIZE \
    ((size_t)1 << 20) /* about: a segment ends with the node that exceeds it */
#define NODE_RUN_FANOUT     8u
#define NODE_MERGE_MAX      1048576u /* entries; larger runs are merged only if there are */
#define NODE_LARGE_RUNS_MAX 64u      /* so many of a level */
#define NODE_RUNS_MAX       512u

struct node_run {
    uint64_t name; /* level and number: never used for another run */
    bytes entries; /* borrowed from the snapshot */
    bool is_verified;
};

/* The runs of a snapshot, as they were last read. Zeroed: none were. */
struct node_runs {
    uint64_t snapshot; /* 0: unknown */
    size_t count;
    struct node_run runs[NODE_RUNS_MAX];
};

struct node_store_item {
    hash32 hash;
    bytes encoding;
};

/* node_store_add appends nodes. One that is there already is there twice then, which does no harm.
 * Errors as database_put's; ERR_MEMORY. */
MUST_USE enum err node_store_add(
    struct database_transaction *transaction, const struct node_store_item *items, size_t count
);

/* node_store_get finds a node; runs is kept by the caller for the next call.
 *
 * In:      is_checked   hash what is read.
 * Out:     encoding     borrowed as database_get's.
 * Returns: ERR_MISSING  there is none; with is_checked, the indexes are whole, too.
 *          ERR_CORRUPT  something is damaged; transaction->error says what. */
MUST_USE enum err node_store_get(
    struct database_transaction *transaction,
    struct node_runs *runs,
    bytes *encoding,
    const hash32 *hash,
    bool is_checked
);

/* node_store_visit calls visit with hash and encoding of every node, as database_visit does. */
MUST_USE enum err
node_store_visit(struct database_transaction *transaction, database_visitor *visit, void *context);

/* node_store_clear removes all nodes. */
MUST_USE enum err node_store_clear(struct database_transaction *transaction);

#endif
