/* chain/pool.h (hosted): transactions that wait for a block.
 *
 * Per sender in order of nonces: those without a gap from the account's nonce are pending, the rest
 * queued. A transaction replaces one with the same nonce if both its fees are at least 10 % higher,
 * of a blob transaction all three 100 %. Pending ones are taken best tip first. Queued ones go when
 * their sender has not been heard of for POOL_QUEUED_LIFETIME_S.
 *
 * A conditional transaction (tx.h) is held until a block can take it, and so are those of its
 * sender behind it; after its last block it goes. It counts with the priority fee that is left of
 * it in the next block, also where it replaces another or is replaced.
 *
 * When the pool is full, by number or by bytes, the worst last transaction of another sender makes
 * room, so that nobody's nonces get a gap. Worst are those that no block could take now: behind a
 * gap, below the base fee, before their first block or (which is not asked then) without a message
 * they need; then those of senders with more than POOL_SENDER_RESERVED; then the
 * rest; among equals the lowest tip, then the sender with the most. What is not better than the
 * worst is refused. So a flood, however well paid, leaves everybody else a few places, and memory
 * stays below the limit. Every operation is O(log n) in senders and transactions, but for those
 * that go over all of them. */
#ifndef CHAIN_POOL_H
#define CHAIN_POOL_H

#include "chain/tx.h"
#include "core/arena.h"

#define POOL_TX_MAX                 65536u
#define POOL_SIZE_MAX               ((size_t)192 << 20) /* bytes of memory of all transactions */
#define POOL_SENDER_TX_MAX          32768u              /* pending and queued of one sender */
#define POOL_CONDITIONAL_MAX        4096u               /* each may be looked up for each block */
#define POOL_SENDER_CONDITIONAL_MAX 64u
#define POOL_SENDER_BLOB_MAX        16u     /* with blobs; geth's blob pool has as many */
#define POOL_SENDER_RESERVED        16u     /* geth's AccountSlots */
#define POOL_TX_SIZE_MAX            131072u /* bytes of one encoding */
#define POOL_PRICE_BUMP             10u     /* percent */
#define POOL_BLOB_PRICE_BUMP        100u
#define POOL_QUEUED_LIFETIME_S      10800u /* three hours, as geth's */

/* X(name, text in the words of geth where it has some) */
#define POOL_VERDICT_LIST(X)                                          \
    X(OK, "ok")                                                       \
    X(INVALID, "invalid transaction") /* tx_verdict says why */       \
    X(KNOWN, "already known")                                         \
    X(REPLACEMENT, "replacement transaction underpriced")             \
    X(UNDERPRICED, "transaction underpriced")                         \
    X(SIZE, "oversized data")                                         \
    X(FUNDS, "insufficient funds for gas * price + value")            \
    X(SENDER_FULL, "account limit exceeded")                          \
    X(SENDER_BLOBS, "account limit exceeded")                         \
    X(SENDER_CONDITIONAL, "account limit exceeded")                   \
    X(CONDITIONAL_FULL, "txpool is full of conditional transactions") \
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
    bytes network;    /* of a blob transaction: with its blobs, if they were given; else empty */
    uint64_t arrival; /* counts up; earlier first among equals */
};

/* What the pool must know of a sender's account, at the newest block. */
struct pool_account {
    uint64_t nonce;
    u256 balance;
};

/* A transaction that asks to be let in; everything is borrowed. */
struct pool_offer {
    const struct tx *tx; /* decoded from encoding */
    bytes encoding;
    bytes network; /* with blobs, as it travels (chain/blobs.h); may be empty */
    address sender;
    struct pool_account account;
    const struct fork_rules *rules; /* of the next block */
    uint64_t block_gas_limit;
    u256 base_fee_per_gas;
    uint64_t block_number; /* of the next block */
};

/* A block that is to be filled. */
struct pool_block {
    u256 base_fee_per_gas;
    uint64_t number;
    /* Whether a message that conditional transactions need is imported before their turn comes;
     * NULL: none is. */
    bool (*is_imported)(void *context, const hash32 *message_slot);
    void *context;
};

/* pool_tx_cost is the most a transaction can cost its sender, gas, blobs and value; all bits set if
 * that does not fit. */
u256 pool_tx_cost(const struct tx *tx);

/* NULL: no memory. */
struct pool *pool_open(void);
void pool_close(struct pool *pool);

/* pool_add checks and takes a transaction; everything is copied.
 *
 * Out:     tx_verdict  set with POOL_INVALID.
 *          hash        of the transaction, whatever the verdict.
 * Returns: ERR_OK also when the verdict is a refusal; ERR_MEMORY, and the pool is as it was but for
 *          what the account's nonce has passed. */
MUST_USE enum err pool_add(
    struct pool *pool,
    enum pool_verdict *verdict,
    enum tx_verdict *tx_verdict,
    hash32 *hash,
    const struct pool_offer *offer
);

const struct pool_tx *pool_get(const struct pool *pool, const hash32 *hash);

/* Drops a transaction (it was found invalid); those of the sender behind it become queued. */
void pool_remove(struct pool *pool, const hash32 *hash);

/* The sender's account has moved: drops what its nonce has passed, and tells pending from
 * queued. */
void pool_advance(struct pool *pool, const address *sender, const struct pool_account *account);

/* pool_expire tells the pool the time, in seconds of any clock that only goes forward (not 0), and
 * drops what has been queued too long. Goes over all senders. */
void pool_expire(struct pool *pool, uint64_t now_s);

/* pool_pass drops the conditional transactions that the block with this number, the next one, comes
 * too late for; visit is told of each before it goes, and must not change the pool. */
typedef void pool_visit(void *context, const struct pool_tx *tx, bool is_pending);
void pool_pass(struct pool *pool, uint64_t block_number, pool_visit *visit, void *context);

/* Whether the transaction, without a gap in nonces, waits for the conditions of itself or of one
 * before it. */
bool pool_is_held(const struct pool *pool, const hash32 *hash, const struct pool_block *block);

/* Conditional transactions in the pool, held or not; and going over them, in any order. */
size_t pool_conditional_count(const struct pool *pool);
void pool_visit_conditional(const struct pool *pool, pool_visit *visit, void *context);

/* The first nonce that neither the chain nor the sender's pending transactions use. */
uint64_t pool_next_nonce(const struct pool *pool, const address *sender, uint64_t account_nonce);

/* The most that the sender's pending transactions can cost together. */
u256 pool_sender_cost(const struct pool *pool, const address *sender);

/* Going over the pending transactions that are not held, best effective tip first, each sender's in
 * order of nonces. The pool must not change meanwhile. NULL: no memory. */
struct pool_iterator;
struct pool_iterator *pool_iterate(const struct pool *pool, const struct pool_block *block);
const struct pool_tx *pool_iterator_next(struct pool_iterator *it);
/* Skips all further transactions of the sender just seen (this one did not fit or was invalid). */
void pool_iterator_skip_sender(struct pool_iterator *it);
void pool_iterator_close(struct pool_iterator *it);

size_t pool_pending_count(const struct pool *pool);
size_t pool_queued_count(const struct pool *pool);

/* Bytes of memory that the transactions take. */
size_t pool_size(const struct pool *pool);

/* All transactions of the pool by sender and nonce, for txpool_content. */
void pool_visit_all(const struct pool *pool, pool_visit *visit, void *context);
/* Those of one sender. */
void pool_visit_sender(
    const struct pool *pool, const address *sender, pool_visit *visit, void *context
);

#endif
