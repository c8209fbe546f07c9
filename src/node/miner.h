/* node/miner.h: decides when blocks are made, and tells those who wait for one.
 *
 * With automine (the default) each transaction that is accepted becomes a job, and each job a block
 * of its own, in the order of arrival over all chains. With a slot time, or an interval set later,
 * a chain's blocks come by the clock and take whatever is pending; the other chains' transactions
 * are still executed at once.
 *
 * Jobs are done when the loop has nothing to read, a few milliseconds at a time, so that a batch of
 * 20,000 transactions neither blocks other clients nor is looked through more than once. A request
 * that has sent a transaction waits (RPC_WAIT) until its block is there: whoever has the hash can
 * have the receipt, and if the transaction is dropped the sender gets the exact reason. With a data
 * directory nobody is told of a block before it is on disk; the blocks of a turn go there
 * together. */
#ifndef NODE_MINER_H
#define NODE_MINER_H

#include "rpc/backend.h"

#include <uv.h>

struct node;
struct node_chain;
struct miner_clock;

#define MINER_SLICE_US     4000   /* of work between two looks at the sockets */
#define MINER_JOBS_MAX     131072 /* waiting; a further transaction is refused */
#define MINER_REFILL_TURNS 64 /* blocks between two looks for transactions whose gap has closed */
#define MINER_MINE_MAX     1000000 /* blocks of one request */
#define MINER_EXPIRY_MS    60000   /* between two looks for transactions queued too long */

/* A request that waits for the miner; lies in its arena. */
struct miner_wait {
    struct rpc_request *request;
    struct miner_wait *next; /* that is over and not told yet */
    bool is_over;
    int code; /* 0: all went well; else of the error */
    const char *message;
    bytes data;
    bool has_data;
};

/* Work that must not happen in the middle of a request: it changes what requests look at. Its
 * error is the request's (rpc_fail). RPC_WAIT: it is done again after all that is queued now. */
typedef enum rpc_status
miner_work(struct node_chain *chain, struct rpc_request *request, void *context);

struct miner_job {
    struct node_chain *chain;
    struct miner_wait *wait; /* NULL: nobody waits */
    miner_work *work;        /* NULL: a block */
    void *context;
    bool is_mine;   /* blocks asked for; else … */
    bool is_bundle; /* … the bundle `hash` for this block; else the transaction `hash` */
    hash32 hash;
    uint64_t bundle_number;
    struct rpc_mine_options mine;
};

struct miner {
    struct node *node;
    struct miner_job *jobs; /* a ring; owned */
    size_t capacity;        /* a power of two */
    size_t first;
    size_t count;
    unsigned turns;                /* since the last refill */
    struct miner_wait *over_first; /* waits that are over, in order */
    struct miner_wait *over_last;
    uv_idle_t idle;             /* active while there are jobs */
    uv_timer_t expiry;          /* of what is queued in the pools */
    struct miner_clock *clocks; /* of each chain; owned */
    uint64_t forced_length;     /* of all queues of forced transactions when a block was made … */
    uint64_t forced_taken;      /* … and how many of them were in batches */
};

/* miner_open starts the clock if there is one. ERR_MEMORY, ERR_IO. */
MUST_USE enum err miner_open(struct miner *miner, struct node *node, uint64_t slot_time_ms);

/* miner_stop does no more jobs: those who wait are told that the node is stopping. Then the handles
 * close. */
void miner_stop(struct miner *miner);
void miner_close(struct miner *miner);

/* miner_wait_transaction gives the transaction (which is in the pool) its turn. If its block comes
 * at once, *wait is set and the caller answers RPC_WAIT; else *wait is NULL and there is nothing to
 * wait for. ERR_LIMIT: too many jobs; ERR_MEMORY. */
MUST_USE enum err miner_wait_transaction(
    struct miner *miner,
    struct miner_wait **wait,
    struct rpc_request *request,
    struct node_chain *chain,
    const hash32 *hash
);

/* miner_wait_blocks asks for blocks, empty ones if need be. */
MUST_USE enum err miner_wait_blocks(
    struct miner *miner,
    struct miner_wait **wait,
    struct rpc_request *request,
    struct node_chain *chain,
    const struct rpc_mine_options *options
);

/* miner_wait_bundle gives a bundle that waits its turn (node/bundles.h), on L1. If its block is not
 * the next one, or does not come at once, *wait is NULL. Errors as above. */
MUST_USE enum err miner_wait_bundle(
    struct miner *miner,
    struct miner_wait **wait,
    struct rpc_request *request,
    const hash32 *hash,
    uint64_t number
);

/* miner_wait_work has work done in its turn; context must live as long as the request. */
MUST_USE enum err miner_wait_work(
    struct miner *miner,
    struct miner_wait **wait,
    struct rpc_request *request,
    struct node_chain *chain,
    miner_work *work,
    void *context
);

/* miner_queue_transaction gives the transaction (which is in the pool) its turn, if the chain mines
 * by itself; nobody waits for it. ERR_LIMIT, ERR_MEMORY. */
MUST_USE enum err
miner_queue_transaction(struct miner *miner, struct node_chain *chain, const hash32 *hash);

/* miner_drain does all jobs at once: before the loop runs. */
void miner_drain(struct miner *miner);

/* miner_build makes a block of these transactions, which are in the pool, in this order, at once:
 * for work in its turn.
 *
 * Out:     refusal  why one of them is not in it, until the next block is built; NULL: all are.
 *          error    when not ERR_OK: there is no block. */
MUST_USE enum err miner_build(
    struct miner *miner,
    struct node_chain *chain,
    const char **refusal,
    char *error,
    const hash32 *hashes,
    size_t count
);

/* miner_set_interval has a block of the chain made every so many milliseconds; 0: none by itself.
 * Whether a transaction has one made besides is chain->automine. */
void miner_set_interval(struct miner *miner, struct node_chain *chain, uint64_t interval_ms);

/* miner_refill gives transactions that became pending without a job their turn. */
void miner_refill(struct miner *miner);

/* miner_result turns a wait that is over into the operation's status. */
enum rpc_status miner_result(const struct miner_wait *wait);

#endif
