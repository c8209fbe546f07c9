/* node/kept_pool.h: transactions out of a pool, and later into one again: of snapshots, and of
 * blocks that are taken back. */
#ifndef NODE_KEPT_POOL_H
#define NODE_KEPT_POOL_H

#include "chain/pool.h"

struct node_chain;

/* Zeroed: none. */
struct kept_pool {
    uint8_t *data; /* sender, size of the encoding, encoding; one after the other; owned */
    size_t size;
    size_t capacity;
};

void kept_pool_close(struct kept_pool *kept);

/* kept_pool_add keeps one transaction, in the form in which it travels. ERR_MEMORY. */
MUST_USE enum err kept_pool_add(struct kept_pool *kept, const address *sender, bytes encoding);

/* kept_pool_copy keeps all that a pool has, by sender and nonce. ERR_MEMORY. */
MUST_USE enum err kept_pool_copy(struct kept_pool *kept, const struct pool *pool);

/* kept_pool_next reads the transaction at *at, from 0 on; false at the end. Borrowed from kept. */
bool kept_pool_next(const struct kept_pool *kept, size_t *at, address *sender, bytes *encoding);

/* kept_pool_empty takes everything out of a chain's pool. ERR_MEMORY. */
MUST_USE enum err kept_pool_empty(struct node_chain *chain);

/* kept_pool_renew tells pending from queued anew, after the chain went back. Errors as
 * kept_pool_restore's. */
MUST_USE enum err kept_pool_renew(struct node_chain *chain);

/* kept_pool_offer gives one transaction back to the chain's pool; the signature, or what stands for
 * it, is not looked at again.
 *
 * Out:     verdict  why the pool does not want it, if it does not (chain/pool.h).
 *          reason   the same as a sentence.
 * In:      arena    working memory.
 * Returns: ERR_MEMORY, ERR_CORRUPT, and the store's errors. */
MUST_USE enum err kept_pool_offer(
    struct node_chain *chain,
    enum pool_verdict *verdict,
    const char **reason,
    hash32 *hash,
    struct arena *arena,
    const address *sender,
    bytes encoding
);

/* kept_pool_restore offers all of them, with the build arena as working memory. What the pool does
 * not want is logged as dropped; of the rest each is called (may be NULL). Errors as
 * kept_pool_offer's. */
typedef enum err kept_pool_each(struct node_chain *chain, const hash32 *hash);
MUST_USE enum err
kept_pool_restore(const struct kept_pool *kept, struct node_chain *chain, kept_pool_each *each);

#endif
