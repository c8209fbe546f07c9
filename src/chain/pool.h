/* chain/pool.h (hosted): transactions that wait for a block.
 *
 * Per sender in order of nonces: those without a gap from the account's nonce are pending, the rest
 * queued. A transaction replaces one with the same nonce if both its fees are at least 10 % higher.
 * Pending ones are taken best tip first. When the pool is full, the worst-paying last transaction
 * of another sender makes room if the new one pays better, else the new one is refused. */
#ifndef CHAIN_POOL_H
#define CHAIN_POOL_H

#include "chain/tx.h"
#include "core/arena.h"

#define POOL_TX_MAX        16384u
#define POOL_SENDER_TX_MAX 1024u   /* pending and queued of one sender */
#define POOL_TX_SIZE_MAX   131072u /* bytes of one encoding */
#define POOL_PRICE_BUMP    10u     /* percent */

/* X(name, text in the words of geth where it has some) */
#define POOL_VERDICT_LIST(X)                                            \
    X(OK, "ok")                                                         \
    X(INVALID, "invalid transaction") /* tx_verdict says why */         \
    X(KNOWN, "already known")                                           \
    X(UNDERPRICED, "replacement transaction underpriced")               \
    X(SIZE, "oversized data")                                           \
    X(SENDER_FULL, "too many transactions of this account in the pool") \
    X(FULL, "txpool is full")

enum pool_verdict {
#define POOL_VERDICT_ENUM(name, text) POOL_##name,
    POOL_VERDICT_LIST(POOL_VERDICT_ENUM)
#undef POOL_VERDICT_ENUM
};

const char *pool_verdict_text(enum pool_verdict verdict);

struct pool;

/* One transaction in the pool; owned by the pool until it is removed. */
struct pool_tx {
    struct tx tx;
    hash32 hash;
    address sender;
    bytes encoding;
    uint64_t arrival; /* counts up; earlier first among equals */
};

/* What the pool must know of a sender's account, at the newest block. */
struct pool_account {
    uint64_t nonce;
    u256 balance;
};

/* NULL: no memory. */
struct pool *pool_open(void);
void pool_close(struct pool *pool);

/* pool_add checks and takes a transaction that was decoded from encoding; everything is copied.
 * tx_verdict is set with POOL_INVALID. ERR_MEMORY. */
MUST_USE enum err pool_add(
    struct pool *pool,
    enum pool_verdict *verdict,
    enum tx_verdict *tx_verdict,
    hash32 *hash,
    bytes encoding,
    const struct fork_rules *rules,
    uint64_t block_gas_limit,
    const struct pool_account *account,
    const address *sender,
    const struct tx *tx
);

const struct pool_tx *pool_get(const struct pool *pool, const hash32 *hash);

/* Drops a transaction (it was found invalid); those of the sender behind it become queued. */
void pool_remove(struct pool *pool, const hash32 *hash);

/* The sender's account has moved: drops what its nonce has passed, and tells pending from
 * queued. */
void pool_advance(struct pool *pool, const address *sender, const struct pool_account *account);

/* The first nonce that neither the chain nor the sender's pending transactions use. */
uint64_t pool_next_nonce(const struct pool *pool, const address *sender, uint64_t account_nonce);

/* Going over the pending transactions, best effective tip first, each sender's in order of nonces.
 * The pool must not change meanwhile. NULL: no memory. */
struct pool_iterator;
struct pool_iterator *pool_iterate(const struct pool *pool, const u256 *base_fee_per_gas);
const struct pool_tx *pool_iterator_next(struct pool_iterator *it);
/* Skips all further transactions of the sender just seen (this one did not fit or was invalid). */
void pool_iterator_skip_sender(struct pool_iterator *it);
void pool_iterator_close(struct pool_iterator *it);

size_t pool_pending_count(const struct pool *pool);
size_t pool_queued_count(const struct pool *pool);

/* All transactions of the pool by sender and nonce, for txpool_content. */
typedef void pool_visit(void *context, const struct pool_tx *tx, bool is_pending);
void pool_visit_all(const struct pool *pool, pool_visit *visit, void *context);

#endif
