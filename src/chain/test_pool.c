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

static int setup(void **state) {
    (void)state;
    struct fork_schedule schedule;
    forks_development(&schedule, 1, FORK_PRAGUE);
    rules = forks_at(&schedule, 1, 1);
    arena_open(&arena, 256 << 20);
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
    struct pool_account account = {account_nonce, u256_from_u64(1000000000000000000)};
    address from = sender_of(sender);
    enum pool_verdict verdict;
    bytes encoding;
    assert_int_equal(tx_encode(&encoding, &arena, tx), ERR_OK);
    struct tx decoded;
    enum tx_verdict decoding;
    assert_int_equal(tx_decode(&decoded, &decoding, &arena, encoding), ERR_OK);
    assert_int_equal(decoding, TX_OK);
    assert_int_equal(
        pool_add(
            pool,
            &verdict,
            &last_tx_verdict,
            &last_hash,
            encoding,
            &rules,
            GAS_LIMIT,
            &account,
            &from,
            &decoded
        ),
        ERR_OK
    );
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
    assert_int_equal(add(1, 0, 109, 1100), POOL_UNDERPRICED);
    assert_int_equal(add(1, 0, 110, 1099), POOL_UNDERPRICED);
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
    u256 base_fee = u256_from_u64(80);
    struct pool_iterator *it = pool_iterate(pool, &base_fee);
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
    it = pool_iterate(pool, &base_fee);
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

static void limits_hold(void **state) {
    (void)state;
    for (uint64_t nonce = 0; nonce < POOL_SENDER_TX_MAX; nonce++)
        assert_int_equal(add(1, nonce, 5, 10), POOL_OK);
    assert_int_equal(add(1, POOL_SENDER_TX_MAX, 5, 10), POOL_SENDER_FULL);
    unsigned sender = 2;
    while (pool_pending_count(pool) < POOL_TX_MAX)
        assert_int_equal(add(sender++, 0, 3, 10), POOL_OK);
    assert_int_equal(add(sender, 0, 3, 10), POOL_FULL);
    hash32 dropped = last_hash;
    assert_null(pool_get(pool, &dropped));
    assert_int_equal(add(sender, 0, 4, 10), POOL_OK); /* one that pays 3 makes room */
    assert_int_equal(pool_pending_count(pool), POOL_TX_MAX);
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
        cmocka_unit_test_setup_teardown(limits_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_are_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(it_behaves_as_a_model_does, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
