/* chain/pool.c: see pool.h. */
#include "chain/pool.h"

#include "core/check.h"
#include "crypto/keccak.h"

#include <stdlib.h>
#include <string.h>

#define BUCKET_COUNT 32768u /* twice POOL_TX_MAX, a power of two */

/* One allocation holds the entry, the encoding and the decoded lists. */
struct entry {
    struct pool_tx tx; /* first: pool_get gives this out */
    struct entry *next_in_bucket;
    struct sender *sender;
};

struct sender {
    address address;
    uint64_t nonce;         /* of the account, at the newest block we heard of */
    struct entry **entries; /* ascending nonces */
    uint32_t count;
    uint32_t capacity;
    uint32_t pending_count; /* leading entries whose nonces follow the account's without a gap */
    struct sender *next_in_bucket;
    struct sender *previous;
    struct sender *next;
};

struct pool {
    struct entry *by_hash[BUCKET_COUNT];
    struct sender *by_address[BUCKET_COUNT];
    struct sender *first;
    struct sender *last;
    size_t count;
    size_t pending_count;
    uint64_t arrivals;
};

static const char *const VERDICT_TEXTS[] = {
#define VERDICT_TEXT(name, text) text,
    POOL_VERDICT_LIST(VERDICT_TEXT)
#undef VERDICT_TEXT
};

const char *pool_verdict_text(enum pool_verdict verdict) {
    return VERDICT_TEXTS[verdict];
}

struct pool *pool_open(void) {
    return calloc(1, sizeof(struct pool));
}

/* --- tables ----------------------------------------------------------------------------------- */

/* Hashes and addresses are uniform already; addresses ground to collide would only slow one bucket
 * of the attacker's own node. */
static size_t bucket_of(const uint8_t *key) {
    return load_be64(key) & (BUCKET_COUNT - 1);
}

static struct entry **entry_place(const struct pool *pool, const hash32 *hash) {
    struct entry *const *place = &pool->by_hash[bucket_of(hash->b)];
    while (*place != NULL && !hash32_equal(&(*place)->tx.hash, hash))
        place = &(*place)->next_in_bucket;
    struct entry **writable;
    memcpy(&writable, &place, sizeof writable); /* the caller decides whether it changes the pool */
    return writable;
}

static struct sender **sender_place(const struct pool *pool, const address *of) {
    struct sender *const *place = &pool->by_address[bucket_of(of->b)];
    while (*place != NULL && !address_equal(&(*place)->address, of))
        place = &(*place)->next_in_bucket;
    struct sender **writable;
    memcpy(&writable, &place, sizeof writable);
    return writable;
}

static struct sender *sender_open(struct pool *pool, const address *of) {
    struct sender **place = sender_place(pool, of);
    if (*place != NULL) return *place;
    struct sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL) return NULL;
    sender->address = *of;
    sender->previous = pool->last;
    if (pool->last != NULL) pool->last->next = sender;
    if (pool->first == NULL) pool->first = sender;
    pool->last = sender;
    *place = sender;
    return sender;
}

static void sender_close_if_empty(struct pool *pool, struct sender *sender) {
    if (sender->count > 0) return;
    struct sender **place = sender_place(pool, &sender->address);
    CHECK(*place == sender);
    *place = sender->next_in_bucket;
    if (sender->previous != NULL) sender->previous->next = sender->next;
    if (sender->next != NULL) sender->next->previous = sender->previous;
    if (pool->first == sender) pool->first = sender->next;
    if (pool->last == sender) pool->last = sender->previous;
    free(sender->entries);
    free(sender);
}

/* Index of the first entry with this nonce or a higher one. */
static uint32_t find_nonce(const struct sender *sender, uint64_t nonce) {
    uint32_t low = 0;
    uint32_t high = sender->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sender->entries[middle]->tx.tx.nonce < nonce) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void recount_pending(struct pool *pool, struct sender *sender) {
    pool->pending_count -= sender->pending_count;
    uint32_t pending = 0;
    while (pending < sender->count &&
           sender->entries[pending]->tx.tx.nonce == sender->nonce + pending)
        pending++;
    sender->pending_count = pending;
    pool->pending_count += pending;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* Room for the decoded lists: each array with its alignment and what a checked build adds. */
static size_t lists_size(const struct tx *tx) {
    size_t size = 256 + tx->access_count * sizeof(struct tx_access) +
                  tx->blob_count * sizeof(hash32) +
                  tx->authorization_count * sizeof(struct tx_authorization);
    for (size_t i = 0; i < tx->access_count; i++)
        size += 64 + tx->access_list[i].key_count * sizeof(hash32);
    return size;
}

static enum err entry_open(
    struct entry **opened,
    bytes encoding,
    const hash32 *hash,
    const address *sender,
    const struct tx *tx
) {
    size_t size = lists_size(tx);
    struct entry *entry = malloc(sizeof *entry + encoding.size + size);
    if (entry == NULL) return ERR_MEMORY;
    uint8_t *copy = (uint8_t *)(entry + 1);
    memcpy(copy, encoding.data, encoding.size);
    struct arena lists;
    arena_open_region(&lists, copy + encoding.size, size);
    *entry = (struct entry
    ){.tx = {.hash = *hash, .sender = *sender, .encoding = bytes_of(copy, encoding.size)}};
    enum tx_verdict verdict;
    enum err err = tx_decode(&entry->tx.tx, &verdict, &lists, entry->tx.encoding);
    CHECK(err == ERR_OK && verdict == TX_OK); /* tx was decoded from these bytes */
    *opened = entry;
    return ERR_OK;
}

/* Takes the entry out of all tables and frees it; the sender is left, maybe empty. */
static void entry_close(struct pool *pool, struct entry *entry) {
    struct sender *sender = entry->sender;
    struct entry **place = entry_place(pool, &entry->tx.hash);
    CHECK(*place == entry);
    *place = entry->next_in_bucket;
    uint32_t i = find_nonce(sender, entry->tx.tx.nonce);
    CHECK(sender->entries[i] == entry);
    memmove(
        &sender->entries[i],
        &sender->entries[i + 1],
        (sender->count - i - 1) * sizeof(struct entry *)
    );
    sender->count--;
    pool->count--;
    free(entry);
    recount_pending(pool, sender);
}

void pool_close(struct pool *pool) {
    if (pool == NULL) return;
    while (pool->first != NULL) {
        struct sender *sender = pool->first;
        while (sender->count > 0)
            entry_close(pool, sender->entries[sender->count - 1]);
        sender_close_if_empty(pool, sender);
    }
    free(pool);
}

/* --- adding ----------------------------------------------------------------------------------- */

/* What the block and the sender's account must allow, apart from nonces that may still come. */
static enum tx_verdict check(
    const struct tx *tx,
    const struct fork_rules *rules,
    uint64_t block_gas_limit,
    const struct pool_account *account
) {
    if (tx->type == TX_DEPOSIT) return TX_DEPOSIT_NOT_ALLOWED;
    enum tx_verdict verdict = tx_check(tx, rules);
    if (verdict != TX_OK) return verdict;
    if (tx->gas_limit > block_gas_limit) return TX_GAS_ALLOWANCE;
    if (tx->nonce < account->nonce) return TX_NONCE_LOW;
    u256 gas = u256_from_u64(tx->gas_limit);
    u256 blob_gas = u256_from_u64((uint64_t)tx->blob_count * BLOB_GAS_PER_BLOB);
    u256 cost;
    u256 blob_cost;
    if (!u256_mul_checked(&cost, &gas, &tx->max_fee_per_gas) ||
        !u256_mul_checked(&blob_cost, &blob_gas, &tx->max_fee_per_blob_gas) ||
        u256_add_carry(&cost, &cost, &blob_cost) || u256_add_carry(&cost, &cost, &tx->value))
        return TX_FUNDS;
    return u256_less(&account->balance, &cost) ? TX_FUNDS : TX_OK;
}

/* Whether a is at least POOL_PRICE_BUMP percent above b. */
static bool is_bumped(const u256 *a, const u256 *b) {
    u256 hundred = u256_from_u64(100);
    u256 factor = u256_from_u64(100 + POOL_PRICE_BUMP);
    u256 left;
    u256 right;
    if (!u256_mul_checked(&right, b, &factor)) return false;
    return !u256_mul_checked(&left, a, &hundred) || !u256_less(&left, &right);
}

static bool may_replace(const struct tx *newer, const struct tx *older) {
    return is_bumped(&newer->max_fee_per_gas, &older->max_fee_per_gas) &&
           is_bumped(&newer->max_priority_fee_per_gas, &older->max_priority_fee_per_gas) &&
           (newer->type != TX_BLOB ||
            is_bumped(&newer->max_fee_per_blob_gas, &older->max_fee_per_blob_gas));
}

/* The last transaction of another sender that pays the least tip, if it pays less than tx. */
static struct entry *
find_victim(const struct pool *pool, const address *sender, const struct tx *tx) {
    struct entry *victim = NULL;
    const u256 *least = &tx->max_priority_fee_per_gas;
    for (const struct sender *s = pool->first; s != NULL; s = s->next) {
        if (s->count == 0 || address_equal(&s->address, sender)) continue;
        struct entry *last = s->entries[s->count - 1];
        if (!u256_less(&last->tx.tx.max_priority_fee_per_gas, least)) continue;
        victim = last;
        least = &last->tx.tx.max_priority_fee_per_gas;
    }
    return victim;
}

static enum err reserve(struct sender *sender) {
    if (sender->count < sender->capacity) return ERR_OK;
    uint32_t capacity = sender->capacity == 0 ? 4 : 2 * sender->capacity;
    struct entry **entries = realloc(sender->entries, capacity * sizeof(struct entry *));
    if (entries == NULL) return ERR_MEMORY;
    sender->entries = entries;
    sender->capacity = capacity;
    return ERR_OK;
}

static void insert(struct pool *pool, struct sender *sender, struct entry *entry) {
    uint32_t i = find_nonce(sender, entry->tx.tx.nonce);
    memmove(
        &sender->entries[i + 1], &sender->entries[i], (sender->count - i) * sizeof(struct entry *)
    );
    sender->entries[i] = entry;
    sender->count++;
    entry->sender = sender;
    entry->tx.arrival = pool->arrivals++;
    struct entry **place = entry_place(pool, &entry->tx.hash);
    entry->next_in_bucket = *place;
    *place = entry;
    pool->count++;
    recount_pending(pool, sender);
}

/* Whether there is a place for the transaction, and whom it takes it from. */
static enum pool_verdict find_place(
    const struct pool *pool,
    struct entry **leaving,
    const struct sender *sender,
    const struct tx *tx
) {
    *leaving = NULL;
    uint32_t i = find_nonce(sender, tx->nonce);
    if (i < sender->count && sender->entries[i]->tx.tx.nonce == tx->nonce) {
        *leaving = sender->entries[i];
        return may_replace(tx, &(*leaving)->tx.tx) ? POOL_OK : POOL_UNDERPRICED;
    }
    if (sender->count >= POOL_SENDER_TX_MAX) return POOL_SENDER_FULL;
    if (pool->count < POOL_TX_MAX) return POOL_OK;
    *leaving = find_victim(pool, &sender->address, tx);
    return *leaving != NULL ? POOL_OK : POOL_FULL;
}

enum err pool_add(
    struct pool *pool,
    enum pool_verdict *verdict,
    enum tx_verdict *tx_verdict,
    hash32 *hash,
    bytes encoding,
    const struct fork_rules *rules,
    uint64_t block_gas_limit,
    const struct pool_account *account,
    const address *sender_address,
    const struct tx *tx
) {
    *verdict = POOL_OK;
    *hash = keccak256(encoding);
    if (encoding.size > POOL_TX_SIZE_MAX) *verdict = POOL_SIZE;
    if (*verdict == POOL_OK && *entry_place(pool, hash) != NULL) *verdict = POOL_KNOWN;
    if (*verdict != POOL_OK) return ERR_OK;
    *tx_verdict = check(tx, rules, block_gas_limit, account);
    if (*tx_verdict != TX_OK) {
        *verdict = POOL_INVALID;
        return ERR_OK;
    }
    struct sender *sender = sender_open(pool, sender_address);
    if (sender == NULL) return ERR_MEMORY;
    pool_advance(pool, sender_address, account);
    /* The advance may have emptied and closed it. */
    sender = sender_open(pool, sender_address);
    if (sender == NULL) return ERR_MEMORY;
    sender->nonce = account->nonce;
    struct entry *leaving;
    struct entry *entry = NULL;
    enum err err = ERR_OK;
    *verdict = find_place(pool, &leaving, sender, tx);
    if (*verdict != POOL_OK) goto out;
    err = reserve(sender);
    if (err == ERR_OK) err = entry_open(&entry, encoding, hash, sender_address, tx);
    if (err != ERR_OK) goto out;
    if (leaving != NULL) {
        struct sender *loser = leaving->sender;
        entry_close(pool, leaving);
        if (loser != sender) sender_close_if_empty(pool, loser);
    }
    insert(pool, sender, entry);
out:
    sender_close_if_empty(pool, sender);
    return err;
}

/* --- reading and removing --------------------------------------------------------------------- */

const struct pool_tx *pool_get(const struct pool *pool, const hash32 *hash) {
    const struct entry *entry = *entry_place(pool, hash);
    return entry != NULL ? &entry->tx : NULL;
}

void pool_remove(struct pool *pool, const hash32 *hash) {
    struct entry *entry = *entry_place(pool, hash);
    if (entry == NULL) return;
    struct sender *sender = entry->sender;
    entry_close(pool, entry);
    sender_close_if_empty(pool, sender);
}

void pool_advance(
    struct pool *pool, const address *sender_address, const struct pool_account *account
) {
    struct sender *sender = *sender_place(pool, sender_address);
    if (sender == NULL) return;
    /* Closing an entry takes it out of the list, which the analyzer does not follow.
     * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    while (sender->count > 0 && sender->entries[0]->tx.tx.nonce < account->nonce)
        entry_close(pool, sender->entries[0]);
    sender->nonce = account->nonce;
    recount_pending(pool, sender);
    sender_close_if_empty(pool, sender);
}

uint64_t
pool_next_nonce(const struct pool *pool, const address *sender_address, uint64_t account_nonce) {
    const struct sender *sender = *sender_place(pool, sender_address);
    if (sender == NULL) return account_nonce;
    uint64_t nonce = account_nonce;
    for (uint32_t i = find_nonce(sender, nonce); i < sender->count; i++) {
        if (sender->entries[i]->tx.tx.nonce != nonce) break;
        nonce++;
    }
    return nonce;
}

size_t pool_pending_count(const struct pool *pool) {
    return pool->pending_count;
}

size_t pool_queued_count(const struct pool *pool) {
    return pool->count - pool->pending_count;
}

void pool_visit_all(const struct pool *pool, pool_visit *visit, void *context) {
    for (const struct sender *s = pool->first; s != NULL; s = s->next) {
        for (uint32_t i = 0; i < s->count; i++)
            visit(context, &s->entries[i]->tx, i < s->pending_count);
    }
}

/* --- best first ------------------------------------------------------------------------------- */

/* A sender and how far the iterator is with it. */
struct cursor {
    const struct sender *sender;
    uint32_t next;
    u256 tip; /* of the next transaction */
};

/* A binary heap: heap[0] is the best. The cursor just given out stays there until the next call. */
struct pool_iterator {
    u256 base_fee_per_gas;
    size_t count;
    bool is_first_given; /* heap[0]'s next transaction was given out already */
    struct cursor heap[];
};

static bool is_better(const struct cursor *a, const struct cursor *b) {
    int order = u256_compare(&a->tip, &b->tip);
    if (order != 0) return order > 0;
    return a->sender->entries[a->next]->tx.arrival < b->sender->entries[b->next]->tx.arrival;
}

/* Sets the tip of the cursor's next transaction; false if there is none that pays the base fee. */
static bool cursor_load(struct cursor *cursor, const u256 *base_fee) {
    if (cursor->next >= cursor->sender->pending_count) return false;
    const struct tx *tx = &cursor->sender->entries[cursor->next]->tx.tx;
    if (u256_less(&tx->max_fee_per_gas, base_fee)) return false;
    u256 room = u256_sub(&tx->max_fee_per_gas, base_fee);
    cursor->tip =
        u256_less(&room, &tx->max_priority_fee_per_gas) ? room : tx->max_priority_fee_per_gas;
    return true;
}

static void sift_down(struct pool_iterator *it, size_t i) {
    for (;;) {
        size_t best = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < it->count; child++) {
            if (is_better(&it->heap[child], &it->heap[best])) best = child;
        }
        if (best == i) return;
        struct cursor moved = it->heap[i];
        it->heap[i] = it->heap[best];
        it->heap[best] = moved;
        i = best;
    }
}

struct pool_iterator *pool_iterate(const struct pool *pool, const u256 *base_fee_per_gas) {
    size_t sender_count = 0;
    for (const struct sender *s = pool->first; s != NULL; s = s->next)
        sender_count++;
    struct pool_iterator *it = malloc(sizeof *it + sender_count * sizeof(struct cursor));
    if (it == NULL) return NULL;
    *it = (struct pool_iterator){.base_fee_per_gas = *base_fee_per_gas};
    for (const struct sender *s = pool->first; s != NULL; s = s->next) {
        struct cursor cursor = {.sender = s};
        if (cursor_load(&cursor, base_fee_per_gas)) it->heap[it->count++] = cursor;
    }
    for (size_t i = it->count / 2; i-- > 0;)
        sift_down(it, i);
    return it;
}

static void drop_first(struct pool_iterator *it) {
    it->heap[0] = it->heap[--it->count];
    sift_down(it, 0);
}

const struct pool_tx *pool_iterator_next(struct pool_iterator *it) {
    if (it->is_first_given) {
        it->is_first_given = false;
        it->heap[0].next++;
        if (cursor_load(&it->heap[0], &it->base_fee_per_gas)) {
            sift_down(it, 0);
        } else {
            drop_first(it);
        }
    }
    if (it->count == 0) return NULL;
    it->is_first_given = true;
    return &it->heap[0].sender->entries[it->heap[0].next]->tx;
}

void pool_iterator_skip_sender(struct pool_iterator *it) {
    CHECK(it->is_first_given);
    it->is_first_given = false;
    drop_first(it);
}

void pool_iterator_close(struct pool_iterator *it) {
    free(it);
}
