/* node/waiting.h: transactions of rollups that wait: for a block of the parent, because they call
 * it, or for what conditional ones ask for (chain/tx.h). */
#ifndef NODE_WAITING_H
#define NODE_WAITING_H

#include "node/imports.h"
#include "node/network.h"

/* What goes into the slot block of one rollup. */
struct waiting {
    const struct pool_tx **txs;
    bytes *encodings;
    size_t count;
    size_t deferred; /* to the next block */
};

/* waiting_collect gathers what a rollup's slot block is to hold: if anything waits for the parent,
 * all that can be in it; else what waits for the messages that it imports, and these alone. In
 * arena; transactions are the pool's. imports may be NULL. ERR_MEMORY. */
MUST_USE enum err waiting_collect(
    struct waiting *waiting,
    struct arena *arena,
    struct node_chain *chain,
    const struct import_list *imports
);

/* waiting_defer leaves those from an index on for later blocks. One that has waited for what this
 * block imports is like any other then, and need not go with a block of the parent. */
void waiting_defer(struct waiting *waiting, size_t index);

/* waiting_take_out takes out one of them. */
void waiting_take_out(struct waiting *waiting, size_t index);

/* The same, and it leaves the pool; who waits for it is told why. */
void waiting_drop(
    struct waiting *waiting,
    struct node_chain *chain,
    size_t index,
    const char *reason,
    const struct block_order *order
);

/* The messages are not imported after all: what needs them is taken out, with what is behind it of
 * the same senders. It stays in the pool. */
void waiting_without_imports(struct waiting *waiting, struct node_chain *chain);

/* The chain's next block, as its pool asks about it, with what is imported by now. Borrowed from
 * chain. */
struct pool_block waiting_next_block(struct node_chain *chain);

/* What the chain's next block earns at least, in wei, by importing a message: the priority fees of
 * what waits for this one alone, as they stand then, for the gas that it uses in any case. */
u256 waiting_earnings(struct node_chain *chain, const hash32 *message_slot);

/* The chain has a new block: what that comes too late for leaves the pool, and is logged. */
void waiting_drop_late(struct node_chain *chain);

#endif
