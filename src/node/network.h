/* node/network.h: the parts of a running network and how they know each other. Everything runs on
 * the loop's thread. */
#ifndef NODE_NETWORK_H
#define NODE_NETWORK_H

#include "node/bundles.h"
#include "node/chain.h"
#include "node/deploy.h"
#include "node/fail.h"
#include "node/keys.h"
#include "node/log.h"
#include "node/miner.h"
#include "node/snapshot.h"
#include "rpc/server.h"

#include <uv.h>

#define NODE_BUILD_SIZE_MAX ((size_t)2 << 30) /* memory of building one block */
#define NODE_PATH_SIZE      4096

/* What is counted of the network since the start, for metrics. */
struct node_stats {
    uint64_t batch_count;           /* posted on L1 */
    uint64_t entry_count;           /* in them */
    struct metrics_histogram proof; /* time to check a batch and vouch for it */
    uint64_t build_peak;            /* bytes of the arena of building */
};

struct node {
    const struct node_options *options;
    struct node_keys keys;
    struct node_log log;
    struct node_chain chains[NODE_CHAINS_MAX]; /* as options->chains */
    size_t chain_count;
    struct forked *forked;                   /* what L1 is a fork of; NULL: nothing */
    int lock;                                /* file that locks --datadir; -1: none */
    struct deploy_contracts contracts;       /* on L1 */
    struct deploy_contracts contracts_below; /* on each rollup that is a parent: in one place */
    bool is_given; /* L1 began with somebody's genesis, without contracts (node/import.h) */
    struct arena build_arena; /* of the block being built; reset before each */
    struct miner miner;

    uv_loop_t loop;
    struct rpc_server *server;
    const char *origins[2]; /* whose pages may read answers; the second is NULL */
    const char *hosts[2];   /* that requests may name; the second is NULL */
    bool is_stopping;
    unsigned attesters_down; /* of KOfN, a bit each (lockstep_setAttester) */
    bool auto_batch;         /* lockstep_setAutoBatch */
    struct snapshots snapshots;
    struct bundles bundles; /* for blocks of L1 */
    bool is_returning;      /* a reorganisation is not settled yet (node/reorg.h) */
    int64_t time_offset;    /* seconds that the network's time is ahead of the clock's */
    uint8_t instance[32];   /* random: names this run of the network (anvil_metadata) */
    struct node_stats stats;
    int exit_status;
};

static inline struct node_chain *node_l1(struct node *node) {
    return &node->chains[0];
}

/* A chain's number: 0 is L1. */
static inline size_t node_place(const struct node_chain *chain) {
    return (size_t)(chain - chain->node->chains);
}

/* How many rollups L1 has. */
static inline size_t node_rollup_count(const struct node *node) {
    return node->chain_count - 1 - (size_t)node->options->below_count;
}

/* A chain's first rollup, and how many it has: those of one parent stand in a row. *first is 1 or
 * more. */
static inline size_t node_rollups_of(const struct node *node, size_t *first, size_t parent) {
    size_t count = 0;
    *first = 1;
    for (size_t i = node->chain_count; i-- > 1;) {
        if (node->options->chains[i].parent != parent) continue;
        *first = i;
        count++;
    }
    return count;
}

/* Whose rollup a chain is; it is not L1. */
static inline struct node_chain *node_parent(const struct node_chain *chain) {
    return &chain->node->chains[chain->node->options->chains[node_place(chain)].parent];
}

/* The contracts on this chain, if it is a parent. */
static inline const struct deploy_contracts *node_contracts(const struct node_chain *chain) {
    return node_place(chain) == 0 ? &chain->node->contracts : &chain->node->contracts_below;
}

/* Whether a chain has a Hub. */
static inline bool node_is_parent(const struct node_chain *chain) {
    size_t first;
    return node_place(chain) == 0 || node_rollups_of(chain->node, &first, node_place(chain)) > 0;
}

/* Whether the rollups' operator takes no transactions of this sender (--rollup-refuse). */
static inline bool node_refuses(const struct node *node, const address *sender) {
    const struct node_senders *refused = &node->options->refused;
    for (size_t i = 0; i < refused->count; i++)
        if (address_equal(&refused->accounts[i], sender)) return true;
    return false;
}

/* The network's time: one for all chains, because what a rollup's block may be is bound to L1's. */
uint64_t node_time(const struct node *node);

/* The least timestamp that the chain's next block may have, and the one that it has. */
uint64_t node_earliest_timestamp(const struct node_chain *chain);
uint64_t node_next_timestamp(const struct node_chain *chain);

u256 node_next_base_fee(const struct node_chain *chain);

/* node_wishes_done says that the chain has made a block: what was set for it alone is over, and
 * time goes on from its timestamp if that was set. */
void node_wishes_done(struct node_chain *chain);

/* node_stop ends the network in good order: answers in flight are finished, then the loop ends and
 * the process returns exit_status. reason (may be NULL) is printed. Calling it again does
 * nothing. */
void node_stop(struct node *node, int exit_status, const char *reason);

#endif
