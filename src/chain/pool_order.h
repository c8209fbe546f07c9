/* chain/pool_order.h: what pool.c (who is in it) and pool_order.c (who goes first, who must
 * leave) share. */
#ifndef CHAIN_POOL_ORDER_H
#define CHAIN_POOL_ORDER_H

#include "chain/pool.h"

/* One allocation holds the entry, the encoding and the decoded lists. */
struct entry {
    struct pool_tx tx; /* first: pool_get gives this out */
    struct entry *next_in_bucket;
    struct sender *sender;
    u256 cost;                /* the most that it can take from the sender */
    size_t size;              /* of the allocation */
    size_t conditional_index; /* in pool->conditional, of a conditional one */
};

/* How good what a sender would have to give up is: lower leaves first. */
enum standing {
    STANDING_IDLE, /* no block could take it now */
    STANDING_MANY, /* its sender has more than POOL_SENDER_RESERVED */
    STANDING_FEW,
};

struct rank {
    enum standing standing;
    u256 tip;
    uint32_t count; /* of the sender's transactions */
};

struct sender {
    address address;
    uint64_t nonce;         /* of the account, at the newest block we heard of */
    struct entry **entries; /* malloc; from first on count of them, ascending nonces */
    uint32_t first;
    uint32_t count;
    uint32_t capacity;
    uint32_t pending_count; /* leading entries whose nonces follow the account's without a gap */
    uint32_t blob_count;
    uint32_t conditional_count;
    uint32_t leaving_count; /* entries taken out that may come back (pool.c, make_room) */
    u256 pending_cost;
    uint64_t active_s; /* pool->now_s when it was last heard of */
    struct sender *next_in_bucket;
    size_t index;     /* in pool->senders */
    struct rank rank; /* of its last entry, while the pool is ranked */
};

#define POOL_BUCKET_COUNT 131072u /* twice POOL_TX_MAX, a power of two */

struct pool {
    struct entry *by_hash[POOL_BUCKET_COUNT];
    struct sender *by_address[POOL_BUCKET_COUNT];
    /* In any order; while the pool is ranked a binary heap, the worst first. */
    struct sender **senders;
    size_t sender_count;
    size_t sender_capacity;
    bool is_ranked;
    u256 ranked_base_fee;
    uint64_t ranked_number;
    struct entry *conditional[POOL_CONDITIONAL_MAX]; /* in any order */
    size_t conditional_count;
    uint64_t number; /* of the next block, when we last heard of it */
    size_t count;
    size_t pending_count;
    size_t size;
    uint64_t arrivals;
    uint64_t now_s;
};

static inline struct entry *entry_at(const struct sender *sender, uint32_t i) {
    return sender->entries[sender->first + i];
}

/* The rank of a transaction: what it would pay in that block, and whether it could. */
struct rank pool_rank_of(
    const struct tx *tx,
    const u256 *base_fee,
    uint64_t number,
    bool is_pending,
    uint32_t sender_count
);

/* Whether the block can take it, as far as its conditions go. */
bool pool_conditions_hold(const struct tx *tx, const struct pool_block *block);

/* Whether a must leave before b. */
bool pool_is_worse(const struct rank *a, const struct rank *b);

/* pool_place_sender adds a sender to pool->senders. ERR_MEMORY. */
MUST_USE enum err pool_place_sender(struct pool *pool, struct sender *sender);
void pool_displace_sender(struct pool *pool, struct sender *sender);

/* The sender's transactions have changed. */
void pool_rank_sender(struct pool *pool, struct sender *sender);

/* The sender with the worst last entry, other than `except`; NULL if there is none. */
struct sender *
pool_worst_sender(struct pool *pool, const struct sender *except, const u256 *base_fee);

#endif
