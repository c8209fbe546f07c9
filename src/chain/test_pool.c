/* Tests of chain/pool.c. */
#include "chain/pool.h"

#include "core/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define GAS_LIMIT 30000000

static struct arena arena;
static struct pool *pool;
static struct fork_rules rules;
static u256 balance;
static u256 base_fee;
static uint64_t next_block;

static int setup(void **state) {
    (void)state;
    struct fork_schedule schedule;
    forks_development(&schedule, 1, FORK_PRAGUE);
    rules = forks_at(&schedule, 1, 1);
    arena_open(&arena, 256 << 20);
    balance = u256_from_u64(1000000000000000000);
    rules.has_conditional = true;
    base_fee = U256_ZERO;
    next_block = 1;
    pool = pool_open();
    return pool == NULL;
}

static int teardown(void **state) {
    (void)state;
    pool_close(pool);
    arena_close(&arena);
    return 0;
}

static address sender_of(unsigned number) {
    address sender = {{0}};
    store_be64(sender.b, number);
    return sender;
}

/* The pool takes the sender on trust, so the signature may be anything. */
static struct tx tx_of(unsigned sender, uint64_t nonce, uint64_t tip, uint64_t fee) {
    return (struct tx){
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = 1,
        .nonce = nonce,
        .max_priority_fee_per_gas = u256_from_u64(tip),
        .max_fee_per_gas = u256_from_u64(fee),
        .gas_limit = 21000,
        .r = u256_from_u64(1 + sender),
        .s = U256_ONE,
    };
}

static enum tx_verdict last_tx_verdict;
static hash32 last_hash;

static enum pool_verdict add_tx(unsigned sender, const struct tx *tx, uint64_t account_nonce) {
    enum pool_verdict verdict;
    bytes encoding;
    assert_int_equal(tx_encode(&encoding, &arena, tx), ERR_OK);
    struct tx decoded;
    enum tx_verdict decoding;
    assert_int_equal(tx_decode(&decoded, &decoding, &arena, encoding), ERR_OK);
    assert_int_equal(decoding, TX_OK);
    const struct pool_offer offer = {
        .tx = &decoded,
        .encoding = encoding,
        .sender = sender_of(sender),
        .account = {account_nonce, balance},
        .rules = &rules,
        .block_gas_limit = GAS_LIMIT,
        .base_fee_per_gas = base_fee,
        .block_number = next_block,
    };
    assert_int_equal(pool_add(pool, &verdict, &last_tx_verdict, &last_hash, &offer), ERR_OK);
    return verdict;
}

static enum pool_verdict add(unsigned sender, uint64_t nonce, uint64_t tip, uint64_t fee) {
    struct tx tx = tx_of(sender, nonce, tip, fee);
    return add_tx(sender, &tx, 0);
}

static void nonces_without_a_gap_are_pending(void **state) {
    (void)state;
    address sender = sender_of(1);
    assert_int_equal(add(1, 0, 1, 10), POOL_OK);
    assert_int_equal(add(1, 2, 1, 10), POOL_OK);
    assert_int_equal(pool_pending_count(pool), 1);
    assert_int_equal(pool_queued_count(pool), 1);
    assert_int_equal(pool_next_nonce(pool, &sender, 0), 1);
    assert_int_equal(add(1, 1, 1, 10), POOL_OK);
    hash32 middle = last_hash;
    assert_int_equal(pool_pending_count(pool), 3);
    assert_int_equal(pool_next_nonce(pool, &sender, 0), 3);
    pool_remove(pool, &middle);
    assert_int_equal(pool_pending_count(pool), 1);
    assert_int_equal(pool_queued_count(pool), 1);
    assert_null(pool_get(pool, &middle));
    struct pool_account account = {2, U256_ZERO};
    pool_advance(pool, &sender, &account);
    assert_int_equal(pool_pending_count(pool), 1);
    assert_int_equal(pool_queued_count(pool), 0);
    account.nonce = 3;
    pool_advance(pool, &sender, &account);
    assert_int_equal(pool_pending_count(pool), 0);
    assert_int_equal(pool_next_nonce(pool, &sender, 3), 3);
}

static void a_replacement_pays_a_tenth_more(void **state) {
    (void)state;
    assert_int_equal(add(1, 0, 100, 1000), POOL_OK);
    hash32 first = last_hash;
    assert_int_equal(add(1, 0, 100, 1000), POOL_KNOWN);
    assert_int_equal(add(1, 0, 109, 1100), POOL_REPLACEMENT);
    assert_int_equal(add(1, 0, 110, 1099), POOL_REPLACEMENT);
    assert_int_equal(add(1, 0, 110, 1100), POOL_OK);
    assert_null(pool_get(pool, &first));
    const struct pool_tx *tx = pool_get(pool, &last_hash);
    assert_non_null(tx);
    assert_int_equal(tx->tx.max_fee_per_gas.w[0], 1100);
    assert_int_equal(pool_pending_count(pool), 1);
}

static void the_best_tip_comes_first_in_order_of_nonces(void **state) {
    (void)state;
    assert_int_equal(add(1, 0, 5, 100), POOL_OK);
    assert_int_equal(add(1, 1, 50, 100), POOL_OK);
    assert_int_equal(add(2, 0, 10, 100), POOL_OK);
    assert_int_equal(add(2, 1, 1, 100), POOL_OK);
    assert_int_equal(add(3, 0, 10, 100), POOL_OK);
    assert_int_equal(add(4, 0, 90, 85), POOL_INVALID); /* tip above the cap */
    assert_int_equal(last_tx_verdict, TX_TIP_ABOVE_FEE_CAP);
    assert_int_equal(add(4, 0, 40, 85), POOL_OK); /* 5 is left above a base fee of 80 */
    assert_int_equal(add(5, 0, 40, 79), POOL_OK); /* does not pay the base fee */
    static const struct {
        unsigned sender;
        uint64_t nonce;
    } order[] = {{2, 0}, {3, 0}, {1, 0}, {1, 1}, {4, 0}, {2, 1}};
    base_fee = u256_from_u64(80);
    const struct pool_block block = {.base_fee_per_gas = base_fee};
    struct pool_iterator *it = pool_iterate(pool, &block);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const struct pool_tx *tx = pool_iterator_next(it);
        address sender = sender_of(order[i].sender);
        assert_non_null(tx);
        assert_true(address_equal(&tx->sender, &sender));
        assert_int_equal(tx->tx.nonce, order[i].nonce);
    }
    assert_null(pool_iterator_next(it));
    assert_null(pool_iterator_next(it));
    pool_iterator_close(it);
    it = pool_iterate(pool, &block);
    size_t count = 0;
    for (const struct pool_tx *tx = pool_iterator_next(it); tx != NULL;
         tx = pool_iterator_next(it)) {
        count++;
        pool_iterator_skip_sender(it);
    }
    assert_int_equal(count, 4);
    pool_iterator_close(it);
}

static void what_cannot_be_in_a_block_is_refused(void **state) {
    (void)state;
    struct tx tx = tx_of(1, 0, 1, 1000000000000000000);
    assert_int_equal(add_tx(1, &tx, 0), POOL_INVALID);
    assert_int_equal(last_tx_verdict, TX_FUNDS);
    tx = tx_of(1, 4, 1, 1);
    assert_int_equal(add_tx(1, &tx, 5), POOL_INVALID);
    assert_int_equal(last_tx_verdict, TX_NONCE_LOW);
    tx = tx_of(1, 5, 1, 1);
    tx.gas_limit = GAS_LIMIT + 1;
    assert_int_equal(add_tx(1, &tx, 5), POOL_INVALID);
    assert_int_equal(last_tx_verdict, TX_GAS_ALLOWANCE);
    tx = tx_of(1, 5, 1, 1);
    tx.gas_limit = 20999;
    assert_int_equal(add_tx(1, &tx, 5), POOL_INVALID);
    assert_int_equal(last_tx_verdict, TX_INTRINSIC_GAS);
    tx = tx_of(1, 5, 1, 1);
    uint8_t *data = arena_alloc_zero(&arena, POOL_TX_SIZE_MAX);
    tx.data = bytes_of(data, POOL_TX_SIZE_MAX);
    tx.gas_limit = GAS_LIMIT;
    assert_int_equal(add_tx(1, &tx, 5), POOL_SIZE);
    assert_int_equal(pool_pending_count(pool), 0);
}

static void fees_are_compared_as_geth_does(void **state) {
    (void)state;
    assert_int_equal(add(1, 0, 0, 15), POOL_OK);
    assert_int_equal(add(1, 0, 0, 30), POOL_REPLACEMENT); /* the tip must rise too */
    assert_int_equal(add(1, 0, 1, 15), POOL_REPLACEMENT);
    assert_int_equal(add(1, 0, 1, 16), POOL_OK); /* 16.5 rounded down */
    assert_int_equal(add(1, 0, 2, 17), POOL_OK);
    assert_int_equal(pool_pending_count(pool), 1);
}

static struct tx blob_tx_of(unsigned sender, uint64_t nonce, uint64_t fee, uint64_t blob_fee) {
    static const hash32 blobs[1] = {{{1}}};
    struct tx tx = tx_of(sender, nonce, fee, fee);
    tx.type = TX_BLOB;
    tx.blob_versioned_hashes = blobs;
    tx.blob_count = 1;
    tx.max_fee_per_blob_gas = u256_from_u64(blob_fee);
    return tx;
}

static void blobs_are_replaced_at_twice_the_fees(void **state) {
    (void)state;
    static const struct {
        uint64_t fee;
        uint64_t blob_fee;
        enum pool_verdict verdict;
    } offers[] = {
        {10, 10, POOL_OK},
        {19, 20, POOL_REPLACEMENT},
        {20, 19, POOL_REPLACEMENT},
        {20, 20, POOL_OK},
    };
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        struct tx tx = blob_tx_of(1, 0, offers[i].fee, offers[i].blob_fee);
        assert_int_equal(add_tx(1, &tx, 0), offers[i].verdict);
    }
    assert_int_equal(add(1, 0, 39, 39), POOL_REPLACEMENT);
    assert_int_equal(add(1, 0, 40, 40), POOL_OK); /* one without blobs may take its place */
    struct tx tx = blob_tx_of(1, 0, 79, 1);
    assert_int_equal(add_tx(1, &tx, 0), POOL_REPLACEMENT);
    for (unsigned n = 0; n < POOL_SENDER_BLOB_MAX; n++) {
        tx = blob_tx_of(2, n, 10, 10);
        assert_int_equal(add_tx(2, &tx, 0), POOL_OK);
    }
    tx = blob_tx_of(2, POOL_SENDER_BLOB_MAX, 10, 10);
    assert_int_equal(add_tx(2, &tx, 0), POOL_SENDER_BLOBS);
    assert_int_equal(add(2, POOL_SENDER_BLOB_MAX, 10, 10), POOL_OK);
    tx = blob_tx_of(2, 3, 20, 20);
    assert_int_equal(add_tx(2, &tx, 0), POOL_OK); /* a replacement adds none */
}

static void pending_ones_together_must_be_paid_for(void **state) {
    (void)state;
    address sender = sender_of(1);
    balance = u256_from_u64(21000 * 25);
    assert_int_equal(add(1, 0, 1, 10), POOL_OK);
    assert_int_equal(add(1, 1, 1, 10), POOL_OK);
    assert_int_equal(add(1, 2, 1, 6), POOL_FUNDS);
    assert_int_equal(add(1, 2, 1, 5), POOL_OK);
    assert_int_equal(pool_sender_cost(pool, &sender).w[0], 21000 * 25);
    assert_int_equal(add(1, 0, 2, 12), POOL_FUNDS);
    pool_remove(pool, &last_hash); /* it is not in there */
    assert_int_equal(pool_pending_count(pool), 3);
    struct pool_account account = {1, balance};
    pool_advance(pool, &sender, &account);
    assert_int_equal(pool_sender_cost(pool, &sender).w[0], 21000 * 15);
    account.nonce = 0; /* taken back: a gap */
    pool_advance(pool, &sender, &account);
    assert_int_equal(pool_sender_cost(pool, &sender).w[0], 0);
    assert_int_equal(pool_queued_count(pool), 2);
    assert_int_equal(add(1, 0, 1, 25), POOL_OK);
    assert_int_equal(pool_pending_count(pool), 3);
}

static void queued_ones_have_a_lifetime(void **state) {
    (void)state;
    assert_int_equal(add(1, 0, 1, 10), POOL_OK);
    pool_expire(pool, 1000005);
    assert_int_equal(add(1, 2, 1, 10), POOL_OK);
    assert_int_equal(add(2, 1, 1, 10), POOL_OK);
    pool_expire(pool, 1000006);
    assert_int_equal(add(3, 1, 1, 10), POOL_OK);
    pool_expire(pool, 1000005 + POOL_QUEUED_LIFETIME_S);
    assert_int_equal(pool_queued_count(pool), 3);
    pool_expire(pool, 1000006 + POOL_QUEUED_LIFETIME_S);
    assert_int_equal(pool_queued_count(pool), 1);
    assert_int_equal(pool_pending_count(pool), 1); /* for those nobody waits too long */
    pool_expire(pool, 1000007 + POOL_QUEUED_LIFETIME_S);
    assert_int_equal(pool_queued_count(pool), 0);
    assert_int_equal(pool_pending_count(pool), 1);
}

/* Fills the pool with a sender's transactions and those of others, count of each. */
static void fill(unsigned sender_count, uint64_t each, uint64_t tip) {
    for (unsigned sender = 0; sender < sender_count; sender++)
        for (uint64_t nonce = 0; nonce < each; nonce++) {
            assert_int_equal(add(1000 + sender, nonce, tip, 1000), POOL_OK);
            arena_reset(&arena);
        }
}

static void a_full_pool_takes_what_pays_more(void **state) {
    (void)state;
    for (uint64_t nonce = 0; nonce < POOL_SENDER_TX_MAX; nonce++) {
        assert_int_equal(add(1, nonce, 5, 1000), POOL_OK);
        arena_reset(&arena);
    }
    assert_int_equal(add(1, POOL_SENDER_TX_MAX, 5, 1000), POOL_SENDER_FULL);
    fill(POOL_TX_MAX / 2 / 1024, 1024, 3);
    assert_int_equal(pool_pending_count(pool), POOL_TX_MAX);
    /* A sender with few gets in; its seventeenth must pay more than others' worst. */
    for (uint64_t nonce = 0; nonce < POOL_SENDER_RESERVED; nonce++)
        assert_int_equal(add(2, nonce, 1, 1000), POOL_OK);
    assert_int_equal(add(2, POOL_SENDER_RESERVED, 3, 1000), POOL_UNDERPRICED);
    assert_null(pool_get(pool, &last_hash));
    assert_int_equal(add(2, POOL_SENDER_RESERVED, 4, 1000), POOL_OK);
    /* Behind a gap, or below the base fee, nothing takes anybody's place. */
    assert_int_equal(add(3, 1, 900, 1000), POOL_FULL);
    base_fee = u256_from_u64(950);
    assert_int_equal(add(3, 0, 900, 949), POOL_FULL);
    /* Those that no block could take leave first, whatever they promise. */
    assert_int_equal(pool_queued_count(pool), 0);
    assert_int_equal(add(2, 0, 100, 1100), POOL_OK); /* replacing needs no place */
    assert_int_equal(pool_pending_count(pool), POOL_TX_MAX);
    /* The worst has left from its sender's end: no gaps. */
    uint64_t all = 0;
    for (unsigned sender = 1000; sender < 1000 + POOL_TX_MAX / 2 / 1024; sender++) {
        address of = sender_of(sender);
        all += pool_next_nonce(pool, &of, 0);
    }
    assert_int_equal(all, POOL_TX_MAX / 2 - POOL_SENDER_RESERVED - 1);
}

static void queued_ones_leave_a_full_pool_first(void **state) {
    (void)state;
    assert_int_equal(add(1, 7, 900, 1000), POOL_OK);
    assert_int_equal(add(2, 0, 900, 940), POOL_OK); /* below the base fee to come */
    fill(POOL_TX_MAX / 16 - 1, 16, 3);
    for (unsigned i = 0; i < 14; i++)
        assert_int_equal(add(3, i, 3, 1000), POOL_OK);
    base_fee = u256_from_u64(950);
    assert_int_equal(pool_queued_count(pool), 1);
    assert_int_equal(add(4, 0, 1, 951), POOL_OK);
    assert_int_equal(add(5, 0, 1, 951), POOL_OK);
    assert_int_equal(pool_queued_count(pool), 0);
    address poor = sender_of(2);
    assert_int_equal(pool_next_nonce(pool, &poor, 0), 0);
    assert_int_equal(add(6, 0, 1, 951), POOL_UNDERPRICED);
    assert_int_equal(add(6, 0, 2, 952), POOL_OK); /* in place of one that pays 1 */
    assert_int_equal(pool_pending_count(pool), POOL_TX_MAX);
}

static struct tx large_tx_of(unsigned sender, uint64_t tip, size_t data_size) {
    static const uint8_t data[120000];
    struct tx tx = tx_of(sender, 0, tip, 100);
    tx.data = bytes_of(data, data_size);
    tx.gas_limit = 3000000;
    return tx;
}

/* Fills the pool by bytes: a few senders' pay 4, all others' 5. Returns the first free sender. */
static unsigned fill_with_large(unsigned cheap_count, size_t data_size) {
    unsigned sender = 0;
    while (pool_size(pool) + data_size + 2000 <= POOL_SIZE_MAX) {
        struct tx tx = large_tx_of(sender, sender < cheap_count ? 4 : 5, data_size);
        assert_int_equal(add_tx(sender++, &tx, 0), POOL_OK);
        arena_reset(&arena);
    }
    return sender;
}

static void memory_is_limited(void **state) {
    (void)state;
    unsigned sender = fill_with_large(5, 100000);
    size_t count = pool_pending_count(pool);
    for (unsigned i = 0; i < 5; i++) {
        struct tx tx = large_tx_of(sender, 5, 100000);
        assert_int_equal(add_tx(sender++, &tx, 0), POOL_OK); /* in the place of one that pays 4 */
        assert_int_equal(pool_pending_count(pool), count);
        assert_true(pool_size(pool) <= POOL_SIZE_MAX);
    }
    struct tx tx = large_tx_of(sender, 5, 100000);
    assert_int_equal(add_tx(sender, &tx, 0), POOL_UNDERPRICED);
    for (unsigned i = 0; i < 5; i++) {
        address of = sender_of(i);
        assert_int_equal(pool_next_nonce(pool, &of, 0), 0);
    }
    tx = large_tx_of(sender, 6, 100000);
    assert_int_equal(add_tx(sender, &tx, 0), POOL_OK);
    assert_int_equal(pool_pending_count(pool), count);
}

/* Who has left for one that is then refused comes back. */
static void who_left_in_vain_comes_back(void **state) {
    (void)state;
    unsigned sender = fill_with_large(5, 10000);
    size_t size = pool_size(pool);
    size_t count = pool_pending_count(pool);
    struct tx tx = large_tx_of(sender, 5, 120000); /* needs the places of eleven */
    assert_int_equal(add_tx(sender, &tx, 0), POOL_UNDERPRICED);
    assert_int_equal(pool_size(pool), size);
    assert_int_equal(pool_pending_count(pool), count);
    for (unsigned i = 0; i < 5; i++) {
        address of = sender_of(i);
        assert_int_equal(pool_next_nonce(pool, &of, 0), 1);
    }
    tx = large_tx_of(sender, 6, 120000);
    assert_int_equal(add_tx(sender, &tx, 0), POOL_OK);
    assert_true(pool_size(pool) <= POOL_SIZE_MAX);
    assert_true(pool_pending_count(pool) < count - 5);
}

/* A flood from ever new senders moves nobody who pays as much, and takes no memory. */
static void a_flood_of_cheap_ones_is_bounded(void **state) {
    (void)state;
    for (unsigned sender = 0; sender < 3 * POOL_TX_MAX; sender++) {
        enum pool_verdict verdict = add(sender, 0, 1 + sender / POOL_TX_MAX % 2, 10);
        bool is_better = sender / POOL_TX_MAX == 1;
        assert_int_equal(verdict, sender < POOL_TX_MAX || is_better ? POOL_OK : POOL_UNDERPRICED);
        arena_reset(&arena);
    }
    assert_int_equal(pool_pending_count(pool), POOL_TX_MAX);
    for (unsigned sender = POOL_TX_MAX; sender < 2 * POOL_TX_MAX; sender++) {
        address of = sender_of(sender);
        assert_int_equal(pool_next_nonce(pool, &of, 0), 1);
    }
    const struct pool_block free_block = {0};
    struct pool_iterator *it = pool_iterate(pool, &free_block);
    const struct pool_tx *first = pool_iterator_next(it);
    assert_int_equal(first->tx.max_priority_fee_per_gas.w[0], 2);
    pool_iterator_close(it);
}

static void costs_do_not_wrap(void **state) {
    (void)state;
    const u256 most = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    struct tx tx = tx_of(1, 3, 9, 7);
    tx.value = u256_from_u64(1000);
    u256 cost = pool_tx_cost(&tx);
    assert_int_equal(cost.w[0], 21000 * 7 + 1000);
    tx.blob_count = 2;
    tx.max_fee_per_blob_gas = u256_from_u64(3);
    cost = pool_tx_cost(&tx);
    assert_int_equal(cost.w[0], 21000 * 7 + 1000 + 2 * 131072 * 3);
    tx.value = most;
    cost = pool_tx_cost(&tx);
    assert_true(u256_equal(&cost, &most));
    tx.value = U256_ZERO;
    tx.max_fee_per_gas = most;
    cost = pool_tx_cost(&tx);
    assert_true(u256_equal(&cost, &most));
}

static void lists_are_copied(void **state) {
    (void)state;
    hash32 keys[3] = {{{1}}, {{2}}, {{3}}};
    struct tx_access access[2] = {{.keys = keys, .key_count = 3}, {.keys = keys, .key_count = 1}};
    struct tx tx = tx_of(1, 0, 1, 10);
    tx.access_list = access;
    tx.access_count = 2;
    tx.gas_limit = 100000;
    assert_int_equal(add_tx(1, &tx, 0), POOL_OK);
    memset(keys, 0xff, sizeof keys);
    arena_reset(&arena);
    const struct pool_tx *found = pool_get(pool, &last_hash);
    assert_int_equal(found->tx.access_count, 2);
    assert_int_equal(found->tx.access_list[0].keys[2].b[0], 3);
    bytes again;
    assert_int_equal(tx_encode(&again, &arena, &found->tx), ERR_OK);
    assert_true(bytes_equal(again, found->encoding));
}

/* --- conditional transactions ----------------------------------------------------------------- */

static const hash32 SLOT = {{[0] = 0x51}};

static struct tx conditional(unsigned sender, uint64_t nonce, uint64_t first, uint64_t last) {
    struct tx tx = tx_of(sender, nonce, 100, 1000);
    tx.type = TX_CONDITIONAL;
    tx.gas_limit = 100000;
    tx.first_block = first;
    tx.last_block = last;
    return tx;
}

static enum pool_verdict add_conditional(const struct tx *tx) {
    return add_tx((unsigned)tx->r.w[0] - 1, tx, 0);
}

static bool has_slot(void *context, const hash32 *message_slot) {
    return hash32_equal(message_slot, context);
}

/* The senders of what goes into that block, in order, as digits. */
static uint64_t order_in(uint64_t number, bool is_imported) {
    static hash32 slot;
    slot = SLOT;
    const struct pool_block block = {
        .number = number,
        .is_imported = is_imported ? has_slot : NULL,
        .context = &slot,
    };
    struct pool_iterator *it = pool_iterate(pool, &block);
    assert_non_null(it);
    uint64_t order = 0;
    for (const struct pool_tx *tx = pool_iterator_next(it); tx != NULL;
         tx = pool_iterator_next(it)) {
        assert_false(pool_is_held(pool, &tx->hash, &block));
        order = 10 * order + tx->tx.r.w[0] - 1;
    }
    pool_iterator_close(it);
    return order;
}

static void one_before_its_block_is_held(void **state) {
    (void)state;
    struct tx tx = conditional(1, 0, 5, 6);
    assert_int_equal(add_conditional(&tx), POOL_OK);
    assert_int_equal(add(1, 1, 900, 1000), POOL_OK); /* behind it */
    hash32 behind = last_hash;
    assert_int_equal(add(2, 0, 1, 1000), POOL_OK);
    hash32 other = last_hash;
    assert_int_equal(pool_conditional_count(pool), 1);
    assert_int_equal(pool_pending_count(pool), 3); /* its sender's next nonce is 2 */
    assert_int_equal(order_in(4, false), 2);
    assert_int_equal(order_in(5, false), 112);
    assert_int_equal(order_in(6, false), 112);
    assert_int_equal(order_in(7, false), 2);
    const struct pool_block early = {.number = 4};
    assert_true(pool_is_held(pool, &behind, &early));
    assert_false(pool_is_held(pool, &other, &early));
    assert_false(pool_is_held(pool, &SLOT, &early)); /* no transaction */
}

static void one_without_its_message_is_held(void **state) {
    (void)state;
    hash32 slots[2] = {SLOT, {{7}}};
    struct tx tx = conditional(1, 0, 0, UINT64_MAX);
    tx.message_slots = slots;
    tx.message_slot_count = 1;
    assert_int_equal(add_conditional(&tx), POOL_OK);
    tx = conditional(2, 0, 0, UINT64_MAX);
    tx.message_slots = slots;
    tx.message_slot_count = 2;
    assert_int_equal(add_conditional(&tx), POOL_OK);
    memset(slots, 0xff, sizeof slots); /* the pool has a copy */
    assert_int_equal(order_in(1, false), 0);
    assert_int_equal(order_in(1, true), 1);
}

struct passed {
    unsigned count;
    unsigned pending_count;
    uint64_t last_block;
};

static void note_passed(void *context, const struct pool_tx *tx, bool is_pending) {
    struct passed *passed = context;
    passed->count++;
    passed->pending_count += is_pending;
    passed->last_block = tx->tx.last_block;
}

static void one_behind_its_last_block_goes(void **state) {
    (void)state;
    struct passed passed = {0};
    struct tx txs[] = {
        conditional(1, 0, 0, 5),
        conditional(2, 0, 3, 9),
        conditional(3, 4, 0, 5), /* queued */
        conditional(4, 0, 0, 4),
    };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(add_conditional(&txs[i]), POOL_OK);
    assert_int_equal(add(1, 1, 1, 1000), POOL_OK);
    pool_pass(pool, 4, note_passed, &passed);
    assert_int_equal(passed.count, 0);
    pool_pass(pool, 5, note_passed, &passed);
    assert_int_equal(passed.count, 1);
    assert_int_equal(passed.last_block, 4);
    pool_pass(pool, 6, note_passed, &passed);
    assert_int_equal(passed.count, 3);
    assert_int_equal(passed.pending_count, 2);
    assert_int_equal(pool_conditional_count(pool), 1);
    assert_int_equal(pool_queued_count(pool), 1); /* what was behind the first */
    assert_int_equal(order_in(6, false), 2);
    /* What comes when it is too late is refused. */
    next_block = 6;
    assert_int_equal(add_conditional(&txs[0]), POOL_INVALID);
    assert_int_equal(last_tx_verdict, TX_TOO_LATE);
    next_block = 5;
    assert_int_equal(add_conditional(&txs[0]), POOL_OK);
    assert_int_equal(pool_queued_count(pool), 0);
    /* Only where the rules have them. */
    rules.has_conditional = false;
    assert_int_equal(add_conditional(&txs[3]), POOL_INVALID);
    assert_int_equal(last_tx_verdict, TX_CONDITIONAL_NOT_ALLOWED);
}

/* Tips of 100 less 30 a block from block 2 on, against one of 50. */
static void the_fee_that_is_left_decides_on_the_order(void **state) {
    (void)state;
    struct tx tx = conditional(1, 0, 2, UINT64_MAX);
    tx.priority_fee_decay = u256_from_u64(30);
    assert_int_equal(add_conditional(&tx), POOL_OK);
    assert_int_equal(add(2, 0, 50, 1000), POOL_OK);
    assert_int_equal(order_in(2, false), 12);
    assert_int_equal(order_in(3, false), 12); /* 70 */
    assert_int_equal(order_in(4, false), 21); /* 40 */
    assert_int_equal(order_in(900, false), 21);
    /* And on replacing: in block 4 it takes 44, and a higher cap. */
    next_block = 3;
    assert_int_equal(add(1, 0, 76, 1100), POOL_REPLACEMENT);
    next_block = 4;
    assert_int_equal(add(1, 0, 43, 1100), POOL_REPLACEMENT);
    assert_int_equal(add(1, 0, 44, 1099), POOL_REPLACEMENT);
    assert_int_equal(add(1, 0, 44, 1100), POOL_OK);
    assert_int_equal(pool_conditional_count(pool), 0);
    /* What has decayed already replaces nothing. */
    tx = conditional(2, 0, 0, UINT64_MAX);
    tx.max_fee_per_gas = u256_from_u64(2000);
    tx.max_priority_fee_per_gas = u256_from_u64(200);
    tx.priority_fee_decay = u256_from_u64(40);
    assert_int_equal(add_conditional(&tx), POOL_REPLACEMENT);
    next_block = 3;
    assert_int_equal(add_conditional(&tx), POOL_OK);
    assert_int_equal(pool_conditional_count(pool), 1);
}

static void conditional_ones_are_limited(void **state) {
    (void)state;
    for (unsigned i = 0; i < POOL_CONDITIONAL_MAX; i++) {
        struct tx tx = conditional(i / POOL_SENDER_CONDITIONAL_MAX, 0, 9, 9);
        tx.nonce = i % POOL_SENDER_CONDITIONAL_MAX;
        assert_int_equal(add_conditional(&tx), POOL_OK);
    }
    const unsigned next = POOL_CONDITIONAL_MAX / POOL_SENDER_CONDITIONAL_MAX;
    struct tx tx = conditional(0, POOL_SENDER_CONDITIONAL_MAX, 9, 9);
    assert_int_equal(add_conditional(&tx), POOL_SENDER_CONDITIONAL);
    tx = conditional(next, 0, 9, 9);
    assert_int_equal(add_conditional(&tx), POOL_CONDITIONAL_FULL);
    assert_int_equal(add(next, 0, 1, 10), POOL_OK); /* others have their own places */
    assert_int_equal(add_conditional(&tx), POOL_CONDITIONAL_FULL);
    tx = conditional(0, 0, 9, 9); /* replacing takes no place */
    tx.max_fee_per_gas = u256_from_u64(1100);
    tx.max_priority_fee_per_gas = u256_from_u64(110);
    assert_int_equal(add_conditional(&tx), POOL_OK);
    struct passed passed = {0};
    pool_pass(pool, 10, note_passed, &passed);
    assert_int_equal(passed.count, POOL_CONDITIONAL_MAX);
    assert_int_equal(pool_conditional_count(pool), 0);
    assert_int_equal(pool_pending_count(pool), 1);
}

/* Those that no block could take leave a full pool first, whatever they promise. */
static void held_ones_leave_a_full_pool_first(void **state) {
    (void)state;
    struct tx tx = conditional(1, 0, 9, 9);
    tx.max_priority_fee_per_gas = u256_from_u64(1000);
    assert_int_equal(add_conditional(&tx), POOL_OK);
    fill(POOL_TX_MAX / 16 - 1, 16, 3);
    for (unsigned i = 0; i < 15; i++)
        assert_int_equal(add(3, i, 3, 1000), POOL_OK);
    tx = conditional(2, 0, 9, 9); /* it takes nobody's place */
    assert_int_equal(add_conditional(&tx), POOL_FULL);
    assert_int_equal(add(4, 0, 1, 1000), POOL_OK);
    assert_int_equal(pool_conditional_count(pool), 0);
    assert_int_equal(add(5, 0, 1, 1000), POOL_UNDERPRICED);
    /* In its block it is like any other. */
    next_block = 9;
    assert_int_equal(add_conditional(&tx), POOL_OK);
    assert_int_equal(pool_conditional_count(pool), 1);
}

/* Random operations against a plain model: per sender a set of nonces. */
static void it_behaves_as_a_model_does(void **state) {
    (void)state;
    enum { SENDERS = 5, NONCES = 12 };
    static bool has[SENDERS][NONCES];
    static hash32 hashes[SENDERS][NONCES];
    uint64_t base[SENDERS] = {0};
    memset(has, 0, sizeof has);
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (unsigned step = 0; step < 20000; step++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        unsigned s = (unsigned)(seed >> 33) % SENDERS;
        unsigned n = (unsigned)(seed >> 40) % NONCES;
        address sender = sender_of(s);
        switch ((seed >> 50) % 4) {
        case 0:
        case 1: {
            struct tx tx = tx_of(s, n, 1, 10);
            enum pool_verdict verdict = add_tx(s, &tx, base[s]);
            assert_int_equal(
                verdict, has[s][n] ? POOL_KNOWN : (n < base[s] ? POOL_INVALID : POOL_OK)
            );
            if (verdict == POOL_OK) {
                has[s][n] = true;
                hashes[s][n] = last_hash;
            }
            break;
        }
        case 2:
            if (has[s][n]) pool_remove(pool, &hashes[s][n]);
            has[s][n] = false;
            break;
        default: {
            base[s] = (base[s] + n) % NONCES; /* a reorg may take it back */
            struct pool_account account = {base[s], U256_ZERO};
            pool_advance(pool, &sender, &account);
            for (unsigned k = 0; k < base[s]; k++)
                has[s][k] = false;
        }
        }
        size_t pending = 0;
        size_t all = 0;
        for (unsigned i = 0; i < SENDERS; i++) {
            uint64_t next = base[i];
            while (next < NONCES && has[i][next])
                next++;
            for (unsigned k = 0; k < NONCES; k++)
                all += has[i][k];
            pending += next - base[i];
            address of = sender_of(i);
            assert_int_equal(pool_next_nonce(pool, &of, base[i]), next);
        }
        assert_int_equal(pool_pending_count(pool), pending);
        assert_int_equal(pool_queued_count(pool), all - pending);
        arena_reset(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nonces_without_a_gap_are_pending, setup, teardown),
        cmocka_unit_test_setup_teardown(a_replacement_pays_a_tenth_more, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_best_tip_comes_first_in_order_of_nonces, setup, teardown
        ),
        cmocka_unit_test_setup_teardown(what_cannot_be_in_a_block_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(fees_are_compared_as_geth_does, setup, teardown),
        cmocka_unit_test_setup_teardown(blobs_are_replaced_at_twice_the_fees, setup, teardown),
        cmocka_unit_test_setup_teardown(pending_ones_together_must_be_paid_for, setup, teardown),
        cmocka_unit_test_setup_teardown(queued_ones_have_a_lifetime, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_pool_takes_what_pays_more, setup, teardown),
        cmocka_unit_test_setup_teardown(queued_ones_leave_a_full_pool_first, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_limited, setup, teardown),
        cmocka_unit_test_setup_teardown(who_left_in_vain_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flood_of_cheap_ones_is_bounded, setup, teardown),
        cmocka_unit_test(costs_do_not_wrap),
        cmocka_unit_test_setup_teardown(lists_are_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(one_before_its_block_is_held, setup, teardown),
        cmocka_unit_test_setup_teardown(one_without_its_message_is_held, setup, teardown),
        cmocka_unit_test_setup_teardown(one_behind_its_last_block_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(the_fee_that_is_left_decides_on_the_order, setup, teardown),
        cmocka_unit_test_setup_teardown(conditional_ones_are_limited, setup, teardown),
        cmocka_unit_test_setup_teardown(held_ones_leave_a_full_pool_first, setup, teardown),
        cmocka_unit_test_setup_teardown(it_behaves_as_a_model_does, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
