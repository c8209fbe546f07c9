/* node/chain.h: one chain of the network as the node keeps it: its database, its newest state, its
 * pool, and the reading of its blocks.
 *
 * Blocks are appended by the miner only, between requests, so that what a request has been given
 * stays valid while it is answered. Appended blocks gather in one write transaction, through which
 * they can be read, until node_chain_sync commits it; their trie nodes wait in memory meanwhile. A
 * block costs a tenth that way of what a transaction of its own would. With a data directory nobody
 * is told of a block before it is synced.
 *
 * In the store, the receipts of a block are rlp([[receipt, …], senders]): consensus encodings as
 * strings, and the 20-byte senders one after the other, which spares recovering them at each
 * read. */
#ifndef NODE_CHAIN_H
#define NODE_CHAIN_H

#include "chain/block.h"
#include "chain/genesis.h"
#include "chain/pool.h"
#include "chain/store.h"
#include "node/forked.h"
#include "rollup/rollup.h"
#include "rpc/backend.h"
#include "rpc/metrics.h"
#include "state/source_lmdb.h"
#include "state/state.h"

struct node;

#define CHAIN_STATE_SIZE_MAX ((size_t)1 << 30)  /* of the newest state's decoded nodes */
#define CHAIN_STATE_SIZE     ((size_t)24 << 20) /* above it, they are given up between requests */
#define CHAIN_FRESH_SIZE_MAX ((size_t)1 << 30)
#define CHAIN_FRESH_SIZE     ((size_t)8 << 20) /* with more than that waiting, blocks are synced: */
#define CHAIN_UNSYNCED_MAX   1024              /* with more blocks, too; either takes some 50 ms; */
#define CHAIN_UNSYNCED_SIZE  ((size_t)8 << 20) /* and with more than that of bodies and receipts */
#define CHAIN_CODES_SIZE_MAX ((size_t)32 << 20)
#define CHAIN_CACHED_BLOCKS  16

/* A block as it is read: everything about it, in one arena. */
struct chain_block {
    struct block block;
    hash32 hash;
    size_t size; /* of its RLP */
    const struct rpc_transaction *transactions;
    const struct receipt *receipts;
};

struct chain_cached_block {
    struct chain_block block;
    struct arena arena;
    uint64_t used; /* chain->tick when it was last asked for */
    bool is_used;
};

/* What development methods have set for the blocks to come. has_…: for the next block only. */
struct chain_wishes {
    bool has_timestamp, has_base_fee, has_prev_randao;
    uint64_t timestamp;
    u256 base_fee;
    hash32 prev_randao;
    uint64_t timestamp_interval; /* between two blocks; 0: as the clock goes */
};

#define CHAIN_IMPERSONATED_MAX 1024

/* What is counted of a chain since the start, for metrics. Blocks that were taken back count. */
struct chain_stats {
    uint64_t block_count;
    uint64_t tx_count;
    uint64_t failed_count; /* of those */
    uint64_t gas_used;
    uint64_t dropped_count;         /* taken out of the pool without a block */
    struct metrics_histogram build; /* time to build a block and write it */
};

struct node_chain {
    struct rpc_chain rpc; /* first: rpc/ gives it back to the operations */
    struct node *node;
    uint64_t rollup_id;             /* on its parent's Hub; 0: L1 */
    const struct rollup_type *type; /* of a rollup; NULL: L1 */
    uint64_t gas_limit;
    struct fork_schedule schedule;

    struct database database;
    struct database_transaction snapshot; /* everything synced */
    struct source_lmdb source;            /* over the snapshot: nodes of synced blocks */
    struct forked *forked;                /* whose block this chain goes on from; NULL: none */
    struct forked_source forked_source;   /* over source: the state of that block */
    struct database_transaction write;    /* if unsynced_count > 0: blocks not synced yet */
    unsigned unsynced_count;
    size_t unsynced_size; /* of their bodies and receipts: the write transaction has it in memory */
    bool is_lost;         /* unsynced blocks could not be written: the network must stop */

    /* The newest block, and the state after it. fresh has the nodes of the blocks not synced;
     * builders put theirs there too. It is emptied when they are written. */
    struct header head;
    hash32 head_hash;
    struct arena fresh_arena;
    struct source_memory fresh; /* above source: all nodes */
    struct arena state_arena;
    struct state state; /* over fresh */

    struct arena code_arena;
    struct evm_code_cache *codes;
    struct pool *pool;
    bool automine;        /* a transaction gets its block at once */
    uint64_t interval_ms; /* a block comes so often; 0: none does by itself */
    struct chain_wishes wishes;
    address *impersonated; /* owned: who may send without a key */
    size_t impersonated_count;
    bool impersonates_all;
    size_t job_count;     /* transactions of this chain in the miner's list */
    size_t waiting_count; /* pending transactions that wait for a block of the parent */

    /* Blocks read lately. tick counts turns of the loop: what was handed out in this turn stays. */
    struct chain_cached_block cached[CHAIN_CACHED_BLOCKS];
    uint64_t tick;

    struct chain_stats stats;
    hash32 announced_hash; /* the newest block that clients were told of */
    char url[96];          /* of its endpoint, once it listens */
};

/* Whether the chain runs code: L1, or a rollup of that kind. */
static inline bool node_chain_is_evm(const struct node_chain *chain) {
    return chain->type == NULL || chain->type->kind == ROLLUP_EVM;
}

struct node_chain_options {
    const char *name; /* "l1", "rollup1"; static or as long as the chain */
    uint64_t rollup_id;
    const struct rollup_type *type; /* of a rollup; NULL: L1 */
    uint64_t chain_id;
    uint64_t gas_limit;
    const char *path;      /* of its database; NULL: temporary */
    bool must_exist;       /* a database that is not there is not made */
    struct forked *forked; /* the chain that this one goes on from, borrowed; NULL: none */
};

/* node_chain_open opens the chain's database; *is_new says that it holds no block yet, and
 * node_chain_begin must be called before anything else. chain is zeroed, but rpc and node may be
 * set.
 *
 * Out:     error  one sentence with path and cause, when not ERR_OK. The chain is then closed. */
MUST_USE enum err node_chain_open(
    struct node_chain *chain,
    bool *is_new,
    char error[DATABASE_ERROR_SIZE],
    const struct node_chain_options *options
);
void node_chain_close(struct node_chain *chain);

/* node_chain_open_sources makes what a chain is read through, over its snapshot, which need not be
 * begun yet: sources, caches, memory, and an empty pool. chain is zeroed, but for forked and what
 * has nothing to do with reading. On ERR_MEMORY, too, node_chain_close_sources gives all that back
 * and ends the snapshot. */
MUST_USE enum err node_chain_open_sources(struct node_chain *chain, bool is_checked);
void node_chain_close_sources(struct node_chain *chain);

/* node_chain_begin writes the genesis block. */
MUST_USE enum err node_chain_begin(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], struct genesis *genesis
);

/* node_chain_begin_forked writes the first block above the fork block instead: empty, but for the
 * accounts that genesis puts on top of the remote's state. */
MUST_USE enum err node_chain_begin_forked(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], struct genesis *genesis
);

/* Whether a block is one that the remote has made. */
static inline bool node_chain_is_forked(const struct node_chain *chain, uint64_t number) {
    return chain->forked != NULL && number <= forked_number(chain->forked);
}

/* A block to be appended: what a builder made. */
struct node_new_block {
    const struct header *header;
    const bytes *tx_encodings;
    const hash32 *tx_hashes;
    const address *senders;
    const struct receipt *receipts;
    size_t tx_count;
    const struct header *ommers;
    size_t ommer_count;
    const struct withdrawal *withdrawals;
    size_t withdrawal_count;
    const struct source_memory *memory; /* new nodes and codes; may be NULL */
    bool is_safe;                       /* the block is on L1 */
};

/* node_chain_append makes the block the head. The newest state is moved to its root, and the pool
 * told what its senders have left. What the store had handed out dies. Unless the block's nodes are
 * in chain->fresh it is synced at once.
 *
 * In:  scratch  working memory, released.
 * On error the chain is as it was, or is_lost. */
MUST_USE enum err node_chain_append(
    struct node_chain *chain,
    char error[DATABASE_ERROR_SIZE],
    struct arena *scratch,
    const struct node_new_block *block
);

/* node_chain_sync commits what was appended. On error the unsynced blocks are gone: is_lost. */
MUST_USE enum err node_chain_sync(struct node_chain *chain, char error[DATABASE_ERROR_SIZE]);

/* Whether a crash of the machine must not undo what somebody was told. */
static inline bool node_chain_is_durable(const struct node_chain *chain) {
    return !chain->database.is_temporary;
}

/* node_chain_store is the transaction to read blocks, receipts and indexes through. */
static inline struct database_transaction *node_chain_store(struct node_chain *chain) {
    return chain->unsynced_count > 0 ? &chain->write : &chain->snapshot;
}

/* node_chain_restate makes the state that chain->state stands at (over fresh) the one after the
 * newest block: the block gets another state root and so another hash, by which it can be found
 * besides its former ones. Development methods only. On error the chain is as it was, or is_lost.
 */
MUST_USE enum err node_chain_restate(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], struct arena *scratch
);

/* node_chain_put_header makes `header` that of the newest block, whose number and body it must
 * have. */
MUST_USE enum err node_chain_put_header(
    struct node_chain *chain,
    char error[DATABASE_ERROR_SIZE],
    struct arena *scratch,
    const struct header *header
);

/* node_chain_replace puts other contents into the chain's database, in one transaction that fill
 * writes, and goes on from the newest block found there. The pool is emptied. On error before the
 * commit the chain is as it was; after it, is_lost. */
typedef enum err node_chain_fill(void *context, struct database_transaction *write);
MUST_USE enum err node_chain_replace(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], node_chain_fill *fill, void *context
);

/* node_chain_truncate removes the blocks above number: unsafe rollup blocks that come out
 * otherwise. Their transactions are the caller's to keep. */
MUST_USE enum err
node_chain_truncate(struct node_chain *chain, char error[DATABASE_ERROR_SIZE], uint64_t number);

/* node_chain_set_safe says up to which block L1 knows the chain. */
MUST_USE enum err
node_chain_set_safe(struct node_chain *chain, char error[DATABASE_ERROR_SIZE], uint64_t number);

/* node_chain_put_meta writes a setting (chain/store.h) in a transaction of its own. An empty value
 * removes it. */
MUST_USE enum err node_chain_put_meta(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], const char *name, bytes value
);

/* node_chain_discard forgets what a builder has done to the newest state. */
MUST_USE enum err node_chain_discard(struct node_chain *chain);

/* node_chain_settle gives memory back between requests when there is too much of it. */
void node_chain_settle(struct node_chain *chain);

/* The hashes of the chain's blocks, for BLOCKHASH. */
struct block_hashes node_chain_hashes(struct node_chain *chain);

/* Which block of the store an id names. *is_found is false if there is none. RPC_BLOCK_PENDING
 * counts as the latest. Errors as the store's. */
MUST_USE enum err node_chain_resolve(
    struct node_chain *chain, bool *is_found, uint64_t *number, const struct rpc_block_id *id
);

/* node_chain_read_header reads a header (and counts the transactions; may be NULL). */
MUST_USE enum err node_chain_read_header(
    struct node_chain *chain, struct header *header, size_t *tx_count, uint64_t number
);

/* node_chain_find_root finds the newest block with a state root. */
MUST_USE enum err node_chain_find_root(
    struct node_chain *chain, bool *is_found, struct header *header, const hash32 *root
);

/* node_chain_read_block reads a whole block. It lies in the cache or in arena, and stays valid
 * until the loop's next turn at least. */
MUST_USE enum err node_chain_read_block(
    struct node_chain *chain, const struct chain_block **block, struct arena *arena, uint64_t number
);

/* node_chain_find_transaction says where a transaction is; *is_found is false if no block has
 * it. Errors as the store's. */
MUST_USE enum err node_chain_find_transaction(
    struct node_chain *chain, bool *is_found, struct forked_place *place, const hash32 *hash
);

/* node_chain_source_at gives what the state after a block is read from, and its root there. It
 * lies in arena, or lives as long as the chain. ERR_MEMORY. */
MUST_USE enum err node_chain_source_at(
    struct node_chain *chain,
    struct source **source,
    hash32 *root,
    struct arena *arena,
    const struct header *header
);
/* Blocks from this number on are read anew. */
void node_chain_forget_blocks(struct node_chain *chain, uint64_t first);

/* node_chain_state_at gives the state after a block: the newest one, or one opened in arena. */
MUST_USE enum err node_chain_state_at(
    struct node_chain *chain, struct state **state, struct arena *arena, const struct header *header
);

#endif
