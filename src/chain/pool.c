/* chain/pool.c: who is in the pool; see pool.h. */
#include "chain/pool_order.h"

#include "core/check.h"
#include "crypto/keccak.h"

#include <stdlib.h>
#include <string.h>

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
    return load_be64(key) & (POOL_BUCKET_COUNT - 1);
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
    if (pool_place_sender(pool, sender) != ERR_OK) {
        free(sender);
        return NULL;
    }
    *place = sender;
    return sender;
}

static void sender_close_if_empty(struct pool *pool, struct sender *sender) {
    if (sender->count > 0) return;
    struct sender **place = sender_place(pool, &sender->address);
    CHECK(*place == sender);
    *place = sender->next_in_bucket;
    pool_displace_sender(pool, sender);
    free(sender->entries);
    free(sender);
}

/* Index of the first entry with this nonce or a higher one. */
static uint32_t find_nonce(const struct sender *sender, uint64_t nonce) {
    uint32_t low = 0;
    uint32_t high = sender->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry_at(sender, middle)->tx.tx.nonce < nonce) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct entry *find_entry(const struct sender *sender, uint64_t nonce) {
    uint32_t i = find_nonce(sender, nonce);
    if (i == sender->count || entry_at(sender, i)->tx.tx.nonce != nonce) return NULL;
    return entry_at(sender, i);
}

/* --- pending and queued ----------------------------------------------------------------------- */

/* Costs are added modulo 2^256: what queued ones that become pending bring along is not limited by
 * the balance, and comes out right again when they leave. */
static void add_pending(struct pool *pool, struct sender *sender) {
    const struct entry *entry = entry_at(sender, sender->pending_count++);
    sender->pending_cost = u256_add(&sender->pending_cost, &entry->cost);
    pool->pending_count++;
}

static void drop_pending(struct pool *pool, struct sender *sender) {
    const struct entry *entry = entry_at(sender, --sender->pending_count);
    sender->pending_cost = u256_sub(&sender->pending_cost, &entry->cost);
    pool->pending_count--;
}

/* The leading entries without a gap are pending: entries have come, or gone, or the nonce moved. */
static void update_pending(struct pool *pool, struct sender *sender) {
    bool is_gap = sender->count > 0 && entry_at(sender, 0)->tx.tx.nonce != sender->nonce;
    while (is_gap && sender->pending_count > 0)
        drop_pending(pool, sender);
    while (sender->pending_count < sender->count &&
           entry_at(sender, sender->pending_count)->tx.tx.nonce ==
               sender->nonce + sender->pending_count)
        add_pending(pool, sender);
    pool_rank_sender(pool, sender);
}

/* --- entries ---------------------------------------------------------------------------------- */

/* Room for the decoded lists: each array with its alignment and what a checked build adds. */
static size_t lists_size(const struct tx *tx) {
    size_t size = 256 + tx->access_count * sizeof(struct tx_access) +
                  tx->blob_count * sizeof(hash32) + tx->message_slot_count * sizeof(hash32) +
                  tx->authorization_count * sizeof(struct tx_authorization);
    for (size_t i = 0; i < tx->access_count; i++)
        size += 64 + tx->access_list[i].key_count * sizeof(hash32);
    return size;
}

static enum err entry_open(
    struct pool *pool,
    struct entry **opened,
    const struct pool_offer *offer,
    const hash32 *hash,
    const u256 *cost
) {
    bytes encoding = offer->encoding;
    bytes network = offer->network;
    size_t lists = lists_size(offer->tx);
    size_t size = sizeof(struct entry) + encoding.size + network.size + lists;
    struct entry *entry = malloc(size);
    if (entry == NULL) return ERR_MEMORY;
    uint8_t *copy = (uint8_t *)(entry + 1);
    memcpy(copy, encoding.data, encoding.size);
    if (network.size > 0) memcpy(copy + encoding.size, network.data, network.size);
    struct arena arena;
    arena_open_region(&arena, copy + encoding.size + network.size, lists);
    *entry = (struct entry){
        .tx =
            {.hash = *hash,
             .sender = offer->sender,
             .encoding = bytes_of(copy, encoding.size),
             .network = bytes_of(copy + encoding.size, network.size),
             .arrival = pool->arrivals++},
        .cost = *cost,
        .size = size,
    };
    enum tx_verdict verdict;
    enum err err = tx_decode(&entry->tx.tx, &verdict, &arena, entry->tx.encoding);
    CHECK(err == ERR_OK && verdict == TX_OK); /* tx was decoded from these bytes */
    *opened = entry;
    return ERR_OK;
}

static bool is_blob(const struct entry *entry) {
    return entry->tx.tx.type == TX_BLOB;
}

static bool is_conditional(const struct entry *entry) {
    return entry->tx.tx.type == TX_CONDITIONAL;
}

/* There is room (check_sender); one that comes back had its place. */
static void list_conditional(struct pool *pool, struct entry *entry) {
    CHECK(pool->conditional_count < POOL_CONDITIONAL_MAX);
    entry->conditional_index = pool->conditional_count;
    pool->conditional[pool->conditional_count++] = entry;
    entry->sender->conditional_count++;
}

static void unlist_conditional(struct pool *pool, struct entry *entry) {
    struct entry *last = pool->conditional[--pool->conditional_count];
    last->conditional_index = entry->conditional_index;
    pool->conditional[last->conditional_index] = last;
    entry->sender->conditional_count--;
}

static void index_entry(struct pool *pool, struct sender *sender, struct entry *entry) {
    struct entry **place = entry_place(pool, &entry->tx.hash);
    entry->sender = sender;
    entry->next_in_bucket = *place;
    *place = entry;
    sender->blob_count += is_blob(entry);
    if (is_conditional(entry)) list_conditional(pool, entry);
    pool->size += entry->size;
}

static void unindex_entry(struct pool *pool, struct entry *entry) {
    struct entry **place = entry_place(pool, &entry->tx.hash);
    CHECK(*place == entry);
    *place = entry->next_in_bucket;
    entry->sender->blob_count -= is_blob(entry);
    if (is_conditional(entry)) unlist_conditional(pool, entry);
    pool->size -= entry->size;
}

/* Takes the entry out of all tables; it is the caller's, the sender is left, maybe empty. */
static void take_out(struct pool *pool, struct entry *entry) {
    struct sender *sender = entry->sender;
    uint32_t i = find_nonce(sender, entry->tx.tx.nonce);
    CHECK(entry_at(sender, i) == entry);
    while (sender->pending_count > i)
        drop_pending(pool, sender);
    struct entry **place = &sender->entries[sender->first + i];
    if (i == 0 && sender->count > 1)
        sender->first++;
    else
        memmove(place, place + 1, (sender->count - i - 1) * sizeof(struct entry *));
    sender->count--;
    pool->count--;
    unindex_entry(pool, entry);
    update_pending(pool, sender);
    /* Far from full again: nobody asks who is the worst. */
    if (pool->count < POOL_TX_MAX / 2 && pool->size < POOL_SIZE_MAX / 2) pool->is_ranked = false;
}

static void entry_close(struct pool *pool, struct entry *entry) {
    take_out(pool, entry);
    free(entry);
}

/* The first entry leaves because the account's nonce has passed it: those behind stay pending. */
static void close_first(struct pool *pool, struct sender *sender) {
    struct entry *entry = entry_at(sender, 0);
    if (sender->pending_count > 0) {
        sender->pending_count--;
        sender->pending_cost = u256_sub(&sender->pending_cost, &entry->cost);
        pool->pending_count--;
    }
    sender->first++;
    sender->count--;
    pool->count--;
    unindex_entry(pool, entry);
    free(entry);
}

void pool_close(struct pool *pool) {
    if (pool == NULL) return;
    pool->is_ranked = false;
    while (pool->sender_count > 0) {
        struct sender *sender = pool->senders[pool->sender_count - 1];
        while (sender->count > 0)
            close_first(pool, sender);
        sender_close_if_empty(pool, sender);
    }
    free(pool->senders);
    free(pool);
}

static enum err reserve(struct sender *sender) {
    if (sender->first + sender->count < sender->capacity) return ERR_OK;
    if (sender->first > sender->capacity / 2) {
        memmove(
            sender->entries, sender->entries + sender->first, sender->count * sizeof(struct entry *)
        );
        sender->first = 0;
        return ERR_OK;
    }
    uint32_t capacity = sender->capacity == 0 ? 4 : 2 * sender->capacity;
    struct entry **entries = realloc(sender->entries, capacity * sizeof(struct entry *));
    if (entries == NULL) return ERR_MEMORY;
    sender->entries = entries;
    sender->capacity = capacity;
    return ERR_OK;
}

/* There is room (reserve). */
static void insert(struct pool *pool, struct sender *sender, struct entry *entry) {
    uint32_t i = find_nonce(sender, entry->tx.tx.nonce);
    struct entry **place = &sender->entries[sender->first + i];
    memmove(place + 1, place, (sender->count - i) * sizeof(struct entry *));
    *place = entry;
    sender->count++;
    pool->count++;
    index_entry(pool, sender, entry);
    update_pending(pool, sender);
}

static void replace(struct pool *pool, struct entry *older, struct entry *newer) {
    struct sender *sender = older->sender;
    uint32_t i = find_nonce(sender, older->tx.tx.nonce);
    unindex_entry(pool, older);
    sender->entries[sender->first + i] = newer;
    index_entry(pool, sender, newer);
    if (i < sender->pending_count) {
        sender->pending_cost = u256_sub(&sender->pending_cost, &older->cost);
        sender->pending_cost = u256_add(&sender->pending_cost, &newer->cost);
    }
    free(older);
    pool_rank_sender(pool, sender);
}

/* --- adding ----------------------------------------------------------------------------------- */

u256 pool_tx_cost(const struct tx *tx) {
    u256 gas = u256_from_u64(tx->gas_limit);
    u256 blob_gas = u256_from_u64((uint64_t)tx->blob_count * BLOB_GAS_PER_BLOB);
    u256 cost;
    u256 blob_cost;
    bool fits = u256_mul_checked(&cost, &gas, &tx->max_fee_per_gas) &&
                u256_mul_checked(&blob_cost, &blob_gas, &tx->max_fee_per_blob_gas) &&
                !u256_add_carry(&cost, &cost, &blob_cost) &&
                !u256_add_carry(&cost, &cost, &tx->value);
    return fits ? cost : U256_MAX;
}

/* What the block and the sender's account must allow, apart from nonces that may still come. */
static enum tx_verdict check(u256 *cost, const struct pool_offer *offer) {
    const struct tx *tx = offer->tx;
    if (tx->type == TX_DEPOSIT) return TX_DEPOSIT_NOT_ALLOWED;
    enum tx_verdict verdict = tx_check(tx, offer->rules);
    if (verdict != TX_OK) return verdict;
    if (tx->gas_limit > offer->block_gas_limit) return TX_GAS_ALLOWANCE;
    if (tx->nonce < offer->account.nonce) return TX_NONCE_LOW;
    if (tx_check_window(tx, offer->block_number) == TX_TOO_LATE) return TX_TOO_LATE;
    *cost = pool_tx_cost(tx);
    return u256_less(&offer->account.balance, cost) ? TX_FUNDS : TX_OK;
}

/* Whether a is above b, and by so many percent, rounded down as geth does. */
static bool is_bumped(const u256 *a, const u256 *b, unsigned percent) {
    u256 hundred = u256_from_u64(100);
    u256 factor = u256_from_u64(100 + percent);
    u256 least;
    if (!u256_less(b, a) || !u256_mul_checked(&least, b, &factor)) return false;
    least = u256_div(&least, &hundred);
    return !u256_less(a, &least);
}

static bool may_replace(const struct tx *newer, const struct tx *older, uint64_t block_number) {
    const u256 new_tip = tx_priority_fee_at(newer, block_number);
    const u256 old_tip = tx_priority_fee_at(older, block_number);
    bool has_blobs = newer->type == TX_BLOB || older->type == TX_BLOB;
    unsigned bump = has_blobs ? POOL_BLOB_PRICE_BUMP : POOL_PRICE_BUMP;
    return is_bumped(&newer->max_fee_per_gas, &older->max_fee_per_gas, bump) &&
           is_bumped(&new_tip, &old_tip, bump) &&
           (newer->type != TX_BLOB || older->type != TX_BLOB ||
            is_bumped(&newer->max_fee_per_blob_gas, &older->max_fee_per_blob_gas, bump));
}

/* Whether the sender can pay it besides what it has pending. */
static bool can_pay(
    const struct sender *sender, const struct entry *replaced, const u256 *balance, const u256 *cost
) {
    u256 spent = sender->pending_cost;
    u256 all;
    bool counts = replaced != NULL && replaced->tx.tx.nonce - sender->nonce < sender->pending_count;
    if (counts) spent = u256_sub(&spent, &replaced->cost);
    return !u256_add_carry(&all, &spent, cost) && !u256_less(balance, &all);
}

/* What the sender's other transactions say. */
static enum pool_verdict check_sender(
    const struct pool *pool,
    const struct sender *sender,
    const struct entry *replaced,
    const struct pool_offer *offer,
    const u256 *cost
) {
    if (replaced != NULL && !may_replace(offer->tx, &replaced->tx.tx, offer->block_number))
        return POOL_REPLACEMENT;
    if (replaced == NULL && sender->count >= POOL_SENDER_TX_MAX) return POOL_SENDER_FULL;
    bool adds_blobs = offer->tx->type == TX_BLOB && (replaced == NULL || !is_blob(replaced));
    if (adds_blobs && sender->blob_count >= POOL_SENDER_BLOB_MAX) return POOL_SENDER_BLOBS;
    bool adds_conditional =
        offer->tx->type == TX_CONDITIONAL && (replaced == NULL || !is_conditional(replaced));
    if (adds_conditional && sender->conditional_count >= POOL_SENDER_CONDITIONAL_MAX)
        return POOL_SENDER_CONDITIONAL;
    if (adds_conditional && pool->conditional_count >= POOL_CONDITIONAL_MAX)
        return POOL_CONDITIONAL_FULL;
    return can_pay(sender, replaced, &offer->account.balance, cost) ? POOL_OK : POOL_FUNDS;
}

/* The entries that left go back, or are freed. */
static void restore(struct pool *pool, struct entry *leaving) {
    while (leaving != NULL) {
        struct entry *next = leaving->next_in_bucket;
        leaving->sender->leaving_count--;
        insert(pool, leaving->sender, leaving);
        leaving = next;
    }
}

static void dismiss(struct pool *pool, struct entry *leaving) {
    while (leaving != NULL) {
        struct entry *next = leaving->next_in_bucket;
        struct sender *sender = leaving->sender;
        if (--sender->leaving_count == 0) sender_close_if_empty(pool, sender);
        free(leaving);
        leaving = next;
    }
}

/* Makes room for an entry of the sender, if it is better than all that have to leave. */
static enum pool_verdict make_room(
    struct pool *pool,
    struct sender *sender,
    const struct entry *replaced,
    const struct entry *entry,
    const u256 *base_fee
) {
    size_t count = replaced == NULL ? 1 : 0;
    size_t freed = replaced == NULL ? 0 : replaced->size;
    struct entry *leaving = NULL;
    uint64_t nonce = sender->nonce + sender->pending_count;
    struct rank own = pool_rank_of(
        &entry->tx.tx,
        base_fee,
        pool->number,
        entry->tx.tx.nonce <= nonce,
        sender->count + (uint32_t)count
    );
    enum pool_verdict verdict = POOL_OK;
    while (pool->count + count > POOL_TX_MAX || pool->size + entry->size - freed > POOL_SIZE_MAX) {
        struct sender *worst = pool_worst_sender(pool, sender, base_fee);
        if (worst == NULL || !pool_is_worse(&worst->rank, &own)) {
            verdict = own.standing == STANDING_IDLE ? POOL_FULL : POOL_UNDERPRICED;
            break;
        }
        struct entry *victim = entry_at(worst, worst->count - 1);
        take_out(pool, victim);
        worst->leaving_count++;
        victim->next_in_bucket = leaving;
        leaving = victim;
    }
    if (verdict == POOL_OK)
        dismiss(pool, leaving);
    else
        restore(pool, leaving);
    return verdict;
}

static enum err admit(
    struct pool *pool,
    struct sender *sender,
    enum pool_verdict *verdict,
    const hash32 *hash,
    const struct pool_offer *offer,
    const u256 *cost
) {
    struct entry *entry;
    struct entry *replaced = find_entry(sender, offer->tx->nonce);
    *verdict = check_sender(pool, sender, replaced, offer, cost);
    if (*verdict != POOL_OK) return ERR_OK;
    enum err err = reserve(sender);
    if (err == ERR_OK) err = entry_open(pool, &entry, offer, hash, cost);
    if (err != ERR_OK) return err;
    *verdict = make_room(pool, sender, replaced, entry, &offer->base_fee_per_gas);
    if (*verdict != POOL_OK) {
        free(entry);
        return ERR_OK;
    }
    sender->active_s = pool->now_s;
    if (replaced != NULL)
        replace(pool, replaced, entry);
    else
        insert(pool, sender, entry);
    return ERR_OK;
}

enum err pool_add(
    struct pool *pool,
    enum pool_verdict *verdict,
    enum tx_verdict *tx_verdict,
    hash32 *hash,
    const struct pool_offer *offer
) {
    u256 cost;
    *verdict = POOL_OK;
    *hash = keccak256(offer->encoding);
    if (offer->encoding.size > POOL_TX_SIZE_MAX) *verdict = POOL_SIZE;
    if (*verdict == POOL_OK && *entry_place(pool, hash) != NULL) *verdict = POOL_KNOWN;
    if (*verdict != POOL_OK) return ERR_OK;
    *tx_verdict = check(&cost, offer);
    if (*tx_verdict != TX_OK) {
        *verdict = POOL_INVALID;
        return ERR_OK;
    }
    pool_advance(pool, &offer->sender, &offer->account);
    struct sender *sender = sender_open(pool, &offer->sender);
    if (sender == NULL) return ERR_MEMORY;
    sender->nonce = offer->account.nonce;
    pool->number = offer->block_number;
    enum err err = admit(pool, sender, verdict, hash, offer, &cost);
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
    while (sender->count > 0 && entry_at(sender, 0)->tx.tx.nonce < account->nonce)
        close_first(pool, sender);
    if (sender->nonce != account->nonce) sender->active_s = pool->now_s;
    sender->nonce = account->nonce;
    update_pending(pool, sender);
    sender_close_if_empty(pool, sender);
}

void pool_expire(struct pool *pool, uint64_t now_s) {
    bool is_first = pool->now_s == 0; /* what came before it has just been heard of */
    pool->now_s = now_s;
    for (size_t i = 0; is_first && i < pool->sender_count; i++)
        pool->senders[i]->active_s = now_s;
    for (size_t i = pool->sender_count; i-- > 0;) {
        struct sender *sender = pool->senders[i];
        if (now_s - sender->active_s <= POOL_QUEUED_LIFETIME_S) continue;
        /* Removing would move other senders about in a heap. */
        pool->is_ranked = false;
        while (sender->count > sender->pending_count)
            entry_close(pool, entry_at(sender, sender->count - 1));
        sender_close_if_empty(pool, sender);
    }
}

static bool is_entry_pending(const struct entry *entry) {
    return find_nonce(entry->sender, entry->tx.tx.nonce) < entry->sender->pending_count;
}

void pool_pass(struct pool *pool, uint64_t block_number, pool_visit *visit, void *context) {
    pool->number = block_number;
    for (size_t i = pool->conditional_count; i-- > 0;) {
        struct entry *entry = pool->conditional[i];
        struct sender *sender = entry->sender;
        if (tx_check_window(&entry->tx.tx, block_number) != TX_TOO_LATE) continue;
        visit(context, &entry->tx, is_entry_pending(entry));
        entry_close(pool, entry);
        sender_close_if_empty(pool, sender);
    }
}

bool pool_is_held(const struct pool *pool, const hash32 *hash, const struct pool_block *block) {
    const struct entry *entry = *entry_place(pool, hash);
    if (entry == NULL || entry->sender->conditional_count == 0) return false;
    const struct sender *sender = entry->sender;
    uint32_t place = find_nonce(sender, entry->tx.tx.nonce);
    for (uint32_t i = 0; i <= place && place < sender->pending_count; i++)
        if (!pool_conditions_hold(&entry_at(sender, i)->tx.tx, block)) return true;
    return false;
}

size_t pool_conditional_count(const struct pool *pool) {
    return pool->conditional_count;
}

void pool_visit_conditional(const struct pool *pool, pool_visit *visit, void *context) {
    for (size_t i = 0; i < pool->conditional_count; i++)
        visit(context, &pool->conditional[i]->tx, is_entry_pending(pool->conditional[i]));
}

uint64_t
pool_next_nonce(const struct pool *pool, const address *sender_address, uint64_t account_nonce) {
    const struct sender *sender = *sender_place(pool, sender_address);
    if (sender == NULL) return account_nonce;
    if (sender->nonce == account_nonce) return account_nonce + sender->pending_count;
    /* The account has moved and the pool not been told yet. */
    uint64_t nonce = account_nonce;
    for (uint32_t i = find_nonce(sender, nonce); i < sender->count; i++) {
        if (entry_at(sender, i)->tx.tx.nonce != nonce) break;
        nonce++;
    }
    return nonce;
}

u256 pool_sender_cost(const struct pool *pool, const address *sender_address) {
    const struct sender *sender = *sender_place(pool, sender_address);
    return sender == NULL ? U256_ZERO : sender->pending_cost;
}

size_t pool_pending_count(const struct pool *pool) {
    return pool->pending_count;
}

size_t pool_queued_count(const struct pool *pool) {
    return pool->count - pool->pending_count;
}

size_t pool_size(const struct pool *pool) {
    return pool->size;
}

static void visit_all_of(const struct sender *sender, pool_visit *visit, void *context) {
    for (uint32_t i = 0; i < sender->count; i++)
        visit(context, &entry_at(sender, i)->tx, i < sender->pending_count);
}

void pool_visit_all(const struct pool *pool, pool_visit *visit, void *context) {
    for (size_t i = 0; i < pool->sender_count; i++)
        visit_all_of(pool->senders[i], visit, context);
}

void pool_visit_sender(
    const struct pool *pool, const address *sender_address, pool_visit *visit, void *context
) {
    const struct sender *sender = *sender_place(pool, sender_address);
    if (sender != NULL) visit_all_of(sender, visit, context);
}
