/* Bundles: what waits, what becomes of it, and how it stands in an order of L1. */
#include "node/bundles.h"

#include "crypto/keccak.h"
#include "node/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define BUNDLE_MAX 8

static struct node node;
static struct arena arena;
static struct pool_tx txs[64];
static const bool NONE[BUNDLE_MAX];

static int setup(void **state) {
    (void)state;
    memset(&node, 0, sizeof(node));
    arena_open(&arena, (size_t)64 << 20);
    node.chains[0].head.number = 9;
    const hash32 key = {{[31] = 1}};
    for (size_t i = 0; i < sizeof(txs) / sizeof(*txs); i++) {
        struct pool_tx *tx = &txs[i];
        *tx = (struct pool_tx){.tx = {.type = TX_LEGACY, .nonce = i, .gas_limit = 21000}};
        assert_int_equal(tx_sign(&tx->tx, &arena, &key), ERR_OK);
        assert_int_equal(tx_encode(&tx->encoding, &arena, &tx->tx), ERR_OK);
        tx->hash = keccak256(tx->encoding);
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    bundles_close(&node.bundles);
    arena_close(&arena);
    return 0;
}

/* The transactions from first on, for this block. */
static hash32 add(size_t first, size_t count, uint64_t number) {
    const struct bundle_offer offer = {
        .txs = &txs[first],
        .may_revert = NONE,
        .tx_count = count,
        .number = number,
        .max_timestamp = UINT64_MAX,
    };
    hash32 hash;
    assert_int_equal(bundles_add(&node.bundles, &hash, &offer), ERR_OK);
    return hash;
}

/* What is borrowed may go once it was added. */
static void a_bundle_is_copied(void **state) {
    (void)state;
    const hash32 hash = add(0, 2, 10);
    const hash32 first = txs[0].hash;
    bytes kept;
    assert_int_equal(arena_copy(&arena, &kept, txs[1].encoding), ERR_OK);
    memset(txs, 0, sizeof(txs));
    const struct bundle *bundle = bundles_find(&node.bundles, &hash, 10);
    assert_non_null(bundle);
    assert_true(hash32_equal(&bundle->offer.txs[0].hash, &first));
    assert_true(bytes_equal(bundle->offer.txs[1].encoding, kept));
    assert_int_equal(bundle->offer.txs[1].tx.nonce, 1);
    assert_null(bundles_find(&node.bundles, &hash, 11));
}

static void the_same_for_the_same_block_is_there_once(void **state) {
    (void)state;
    const hash32 hash = add(0, 2, 10);
    const hash32 again = add(0, 2, 10);
    const hash32 later = add(0, 2, 11);
    const hash32 other = add(1, 2, 10);
    assert_true(hash32_equal(&hash, &again) && hash32_equal(&hash, &later));
    assert_false(hash32_equal(&hash, &other));
    assert_int_equal(node.bundles.count, 3);
}

/* Sizes add up, and come back. */
static void there_is_a_limit(void **state) {
    (void)state;
    struct pool_tx large = txs[0];
    large.network.size = BUNDLES_SIZE_MAX - large.encoding.size;
    large.network.data = calloc(1, large.network.size);
    assert_non_null(large.network.data);
    struct bundle_offer offer = {
        .txs = &large, .may_revert = NONE, .tx_count = 1, .number = 10, .max_timestamp = 1};
    hash32 hash;
    add(1, 1, 10);
    assert_int_equal(bundles_add(&node.bundles, &hash, &offer), ERR_LIMIT);
    bundles_drop_all(&node, "away");
    assert_int_equal(node.bundles.size, 0);
    assert_int_equal(bundles_add(&node.bundles, &hash, &offer), ERR_OK);
    offer.txs = &txs[1];
    assert_int_equal(bundles_add(&node.bundles, &hash, &offer), ERR_LIMIT);
    free((void *)(uintptr_t)large.network.data);
}

static void those_for_the_next_block_are_chosen(void **state) {
    (void)state;
    struct block_bundles chosen;
    const hash32 past = add(0, 1, 9);
    const hash32 first = add(1, 2, 10);
    const hash32 later = add(3, 1, 11);
    const hash32 second = add(4, 3, 10);
    bundles_choose(&chosen, &node, 100);
    assert_int_equal(chosen.count, 2);
    assert_int_equal(chosen.failed, 2);
    assert_true(hash32_equal(&chosen.list[0]->hash, &first));
    assert_true(hash32_equal(&chosen.list[1]->hash, &second));
    assert_int_equal(chosen.ends[0], 2);
    assert_int_equal(chosen.ends[1], 5);
    const struct bundle_fate *fate = bundles_fate(&node.bundles, &past, 9);
    assert_non_null(fate);
    assert_false(fate->is_included);
    assert_string_equal(fate->reason, "block 9 was made without it");
    assert_non_null(bundles_find(&node.bundles, &later, 11));
    bundles_include(&node, &chosen);
    fate = bundles_fate(&node.bundles, &second, 10);
    assert_true(fate != NULL && fate->is_included);
    assert_int_equal(node.bundles.count, 1);
}

/* A ring: the oldest goes. */
static void so_many_fates_are_remembered(void **state) {
    (void)state;
    hash32 hash = {{0}};
    for (uint64_t number = 0; number < BUNDLES_KEPT + 3; number++) {
        hash = add(0, 1, number);
        bundles_drop_all(&node, "away");
    }
    assert_int_equal(node.bundles.fate_count, BUNDLES_KEPT);
    assert_null(bundles_fate(&node.bundles, &hash, 2));
    assert_non_null(bundles_fate(&node.bundles, &hash, 3));
    assert_int_equal(bundles_fate_at(&node.bundles, 0)->number, BUNDLES_KEPT + 2);
    assert_int_equal(bundles_fate_at(&node.bundles, BUNDLES_KEPT - 1)->number, 3);
    assert_null(bundles_fate_at(&node.bundles, BUNDLES_KEPT));
}

/* The bundles {1, 2} and {4} in front of 0, 2, 3. */
static void they_stand_in_front(void **state) {
    (void)state;
    const struct pool_tx *own[] = {&txs[0], &txs[2], &txs[3]};
    const struct block_order order = {.txs = own, .tx_count = 3, .is_for_tx = true};
    struct block_bundles chosen;
    struct block_order whole;
    struct block_tx_fate *fates;
    size_t *places;
    add(1, 2, 10);
    add(4, 1, 10);
    bundles_choose(&chosen, &node, 100);
    assert_int_equal(bundles_place(&whole, &fates, &places, &arena, &chosen, &order), ERR_OK);
    static const uint64_t NONCES[] = {1, 2, 4, 0, 3};
    assert_int_equal(whole.tx_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(whole.txs[i]->tx.nonce, NONCES[i]);
    assert_int_equal(places[0], 3);
    assert_int_equal(places[1], 1);
    assert_int_equal(places[2], 4);
    assert_false(whole.is_for_tx);
    assert_int_equal(bundles_end(&whole), 3);
    static const size_t UNITS[][2] = {{0, 2}, {0, 2}, {2, 3}, {3, 4}, {4, 5}};
    for (size_t i = 0; i < 5; i++) {
        size_t first;
        size_t end;
        bundles_unit(&whole, i, &first, &end);
        assert_int_equal(first, UNITS[i][0]);
        assert_int_equal(end, UNITS[i][1]);
    }
    /* Nothing known yet; all in; one that halted; one that nobody has room for. */
    assert_false(bundles_are_whole(&node, &arena, &whole, fates));
    assert_int_equal(chosen.failed, 0);
    for (size_t i = 0; i < 5; i++)
        fates[i] = (struct block_tx_fate){.fate = FATE_INCLUDED, .outcome = EVM_SUCCESS};
    assert_true(bundles_are_whole(&node, &arena, &whole, fates));
    fates[3].fate = FATE_DROPPED;
    assert_true(bundles_are_whole(&node, &arena, &whole, fates));
    fates[2].outcome = EVM_OUT_OF_GAS;
    assert_false(bundles_are_whole(&node, &arena, &whole, fates));
    assert_int_equal(chosen.failed, 1);
    assert_non_null(strstr(chosen.reason, "transaction 0 (0x"));
    assert_non_null(strstr(chosen.reason, "): out of gas"));
    fates[1] = (struct block_tx_fate){.fate = FATE_KEPT, .reason = "gas limit reached"};
    assert_false(bundles_are_whole(&node, &arena, &whole, fates));
    assert_int_equal(chosen.failed, 0);
    assert_non_null(strstr(chosen.reason, "transaction 1 (0x"));
    assert_non_null(strstr(chosen.reason, "): gas limit reached"));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_bundle_is_copied),
        TEST(the_same_for_the_same_block_is_there_once),
        TEST(there_is_a_limit),
        TEST(those_for_the_next_block_are_chosen),
        TEST(so_many_fates_are_remembered),
        TEST(they_stand_in_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
