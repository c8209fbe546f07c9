/* chain/pool_order.c: who must leave a full pool, and who goes first into a block. */
#include "chain/pool_order.h"

#include "core/check.h"

#include <stdlib.h>

/* --- worst first ------------------------------------------------------------------------------ */

struct rank pool_rank_of(
    const struct tx *tx,
    const u256 *base_fee,
    uint64_t number,
    bool is_pending,
    uint32_t sender_count
) {
    struct rank rank = {.standing = STANDING_IDLE, .count = sender_count};
    bool pays = tx_tip_at(&rank.tip, tx, base_fee, number);
    if (!pays) rank.tip = tx->max_fee_per_gas;
    bool may_be_held = tx->message_slot_count > 0 || tx_check_window(tx, number) != TX_OK;
    if (!pays || !is_pending || may_be_held) return rank;
    rank.standing = sender_count > POOL_SENDER_RESERVED ? STANDING_MANY : STANDING_FEW;
    return rank;
}

bool pool_is_worse(const struct rank *a, const struct rank *b) {
    if (a->standing != b->standing) return a->standing < b->standing;
    return u256_less(&a->tip, &b->tip);
}

static bool leaves_before(const struct sender *a, const struct sender *b) {
    if (pool_is_worse(&a->rank, &b->rank)) return true;
    return !pool_is_worse(&b->rank, &a->rank) && a->rank.count > b->rank.count;
}

static void set_rank(struct pool *pool, struct sender *sender) {
    /* Without a transaction it must not be the worst: it has nothing to give up. */
    sender->rank = (struct rank){.standing = STANDING_FEW, .tip = U256_MAX};
    if (sender->count == 0) return;
    const struct entry *last = entry_at(sender, sender->count - 1);
    bool is_pending = sender->pending_count == sender->count;
    sender->rank = pool_rank_of(
        &last->tx.tx, &pool->ranked_base_fee, pool->ranked_number, is_pending, sender->count
    );
}

static void put_sender(struct pool *pool, size_t index, struct sender *sender) {
    pool->senders[index] = sender;
    sender->index = index;
}

static void sink(struct pool *pool, size_t i) {
    struct sender *moved = pool->senders[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= pool->sender_count) break;
        if (child + 1 < pool->sender_count &&
            leaves_before(pool->senders[child + 1], pool->senders[child]))
            child++;
        if (!leaves_before(pool->senders[child], moved)) break;
        put_sender(pool, i, pool->senders[child]);
        i = child;
    }
    put_sender(pool, i, moved);
}

static void rise(struct pool *pool, size_t i) {
    struct sender *moved = pool->senders[i];
    while (i > 0 && leaves_before(moved, pool->senders[(i - 1) / 2])) {
        put_sender(pool, i, pool->senders[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put_sender(pool, i, moved);
}

static void settle(struct pool *pool, size_t i) {
    struct sender *moved = pool->senders[i];
    rise(pool, i);
    sink(pool, moved->index);
}

enum err pool_place_sender(struct pool *pool, struct sender *sender) {
    if (pool->sender_count == pool->sender_capacity) {
        size_t capacity = pool->sender_capacity == 0 ? 64 : 2 * pool->sender_capacity;
        struct sender **senders = realloc(pool->senders, capacity * sizeof(struct sender *));
        if (senders == NULL) return ERR_MEMORY;
        pool->senders = senders;
        pool->sender_capacity = capacity;
    }
    put_sender(pool, pool->sender_count++, sender);
    set_rank(pool, sender);
    return ERR_OK;
}

void pool_displace_sender(struct pool *pool, struct sender *sender) {
    size_t index = sender->index;
    CHECK(pool->senders[index] == sender);
    struct sender *last = pool->senders[--pool->sender_count];
    if (last == sender) return;
    put_sender(pool, index, last);
    if (pool->is_ranked) settle(pool, index);
}

void pool_rank_sender(struct pool *pool, struct sender *sender) {
    if (!pool->is_ranked) return;
    set_rank(pool, sender);
    settle(pool, sender->index);
}

/* Whether the ranks made at one base fee still serve at another: it moves by an eighth a block. */
static bool is_near(const u256 *a, const u256 *b) {
    const u256 *low = u256_less(a, b) ? a : b;
    const u256 *high = low == a ? b : a;
    u256 eighth = u256_shr(low, 3);
    u256 most = u256_add(low, &eighth);
    return !u256_less(&most, high);
}

/* A pool that is not full has no ranks: they are made when they are first needed. */
static void rank_all(struct pool *pool, const u256 *base_fee) {
    bool is_same_block = pool->conditional_count == 0 || pool->ranked_number == pool->number;
    if (pool->is_ranked && is_same_block && is_near(&pool->ranked_base_fee, base_fee)) return;
    pool->is_ranked = true;
    pool->ranked_base_fee = *base_fee;
    pool->ranked_number = pool->number;
    for (size_t i = 0; i < pool->sender_count; i++)
        set_rank(pool, pool->senders[i]);
    for (size_t i = pool->sender_count / 2; i-- > 0;)
        sink(pool, i);
}

struct sender *
pool_worst_sender(struct pool *pool, const struct sender *except, const u256 *base_fee) {
    rank_all(pool, base_fee);
    struct sender *worst = NULL;
    /* The worst but one is right below the worst. */
    size_t count = pool->sender_count > 0 && pool->senders[0] == except ? 3 : 1;
    for (size_t i = 0; i < count && i < pool->sender_count; i++) {
        struct sender *sender = pool->senders[i];
        if (sender == except || sender->count == 0) continue;
        if (worst == NULL || leaves_before(sender, worst)) worst = sender;
    }
    return worst;
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
    struct pool_block block;
    size_t count;
    bool is_first_given; /* heap[0]'s next transaction was given out already */
    struct cursor heap[];
};

static bool is_better(const struct cursor *a, const struct cursor *b) {
    int order = u256_compare(&a->tip, &b->tip);
    if (order != 0) return order > 0;
    return entry_at(a->sender, a->next)->tx.arrival < entry_at(b->sender, b->next)->tx.arrival;
}

bool pool_conditions_hold(const struct tx *tx, const struct pool_block *block) {
    if (tx_check_window(tx, block->number) != TX_OK) return false;
    for (size_t i = 0; i < tx->message_slot_count; i++) {
        if (block->is_imported == NULL) return false;
        if (!block->is_imported(block->context, &tx->message_slots[i])) return false;
    }
    return true;
}

/* Sets the tip of the cursor's next transaction; false if there is none that pays the base fee and
 * whose conditions hold. */
static bool cursor_load(struct cursor *cursor, const struct pool_block *block) {
    if (cursor->next >= cursor->sender->pending_count) return false;
    const struct tx *tx = &entry_at(cursor->sender, cursor->next)->tx.tx;
    return tx_tip_at(&cursor->tip, tx, &block->base_fee_per_gas, block->number) &&
           pool_conditions_hold(tx, block);
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

struct pool_iterator *pool_iterate(const struct pool *pool, const struct pool_block *block) {
    struct pool_iterator *it = malloc(sizeof *it + pool->sender_count * sizeof(struct cursor));
    if (it == NULL) return NULL;
    *it = (struct pool_iterator){.block = *block};
    for (size_t i = 0; i < pool->sender_count; i++) {
        struct cursor cursor = {.sender = pool->senders[i]};
        if (cursor_load(&cursor, block)) it->heap[it->count++] = cursor;
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
        if (cursor_load(&it->heap[0], &it->block)) {
            sift_down(it, 0);
        } else {
            drop_first(it);
        }
    }
    if (it->count == 0) return NULL;
    it->is_first_given = true;
    return &entry_at(it->heap[0].sender, it->heap[0].next)->tx;
}

void pool_iterator_skip_sender(struct pool_iterator *it) {
    CHECK(it->is_first_given);
    it->is_first_given = false;
    drop_first(it);
}

void pool_iterator_close(struct pool_iterator *it) {
    free(it);
}
