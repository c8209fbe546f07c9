/* A rollup that is a parent itself: calls over three levels, L1, rollup 1 (L2) and its own (L3). */
#include "world/test_below.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEST(name) cmocka_unit_test_setup(name, begin)

static struct arena arena;
static struct network begun;
static struct network net; /* the test's own */
static struct world_result result;

static int begin(void **state) {
    (void)state;
    net = begun; /* nothing is released: what the network reads through keeps what it has read */
    return 0;
}

static void build(const struct world_tx *txs, size_t tx_count) {
    below_build(&net, &result, txs, tx_count);
    if (result.status != WORLD_OK) print_error("%s\n", result.reason);
    assert_int_equal(result.status, WORLD_OK);
}

static bool succeeded(size_t tx) {
    assert_true(result.txs[tx].is_included);
    return result.block->results[result.txs[tx].index].is_success;
}

static bytes output(size_t tx) {
    return result.block->results[result.txs[tx].index].output;
}

/* What L1's relay is told so that the L2's relay makes this call. */
static bytes by_l2(address target, uint64_t wei, bytes data) {
    return relayed(&net, network_proxy(&net, 1, RELAY), wei, relayed(&net, target, wei, data));
}

/* L1 ▸ L2 ▸ L3, and the answer comes back. */
static void an_l1_transaction_reaches_the_l3(void **state) {
    (void)state;
    struct world_tx tx =
        network_tx(&net, 0, RELAY, 0, by_l2(l2_proxy(&net, COUNTER), 0, word_of(&net, 7)));
    build(&tx, 1);
    assert_true(succeeded(0));
    assert_int_equal(output(0).data[31], 7);
    assert_int_equal(network_word(&net, NETWORK_L3, COUNTER), 7);
    assert_int_equal(network_word(&net, 1, RELAY), 7);
    assert_int_equal(network_word(&net, 0, RELAY), 7);
}

/* Its proxy on the L3 of what stands on L2 for a contract of L1. */
static address l1_from_l3(address target) {
    return rollup_proxy(0, rollup_proxy(0, target));
}

/* The user's transaction on the L3 makes this call. */
static void build_from_l3(address to, uint64_t wei, bytes data) {
    static bytes encoded;
    uint64_t nonce = network_account(&net, NETWORK_L3, net.user).nonce;
    const struct tx *tx =
        network_sign(&net, NETWORK_CHAIN_ID + NETWORK_L3, &USER_KEY, nonce, to, wei, data);
    must(tx_encode(&encoded, net.arena, tx));
    net.l3.slot_txs = &encoded;
    net.l3.slot_tx_count = 1;
    build(NULL, 0);
}

static void build_from_l2(address to, uint64_t wei, bytes data) {
    static bytes encoded;
    encoded = rollup_tx(&net, 1, 0, to, wei, data);
    net.rollups[0].slot_txs = &encoded;
    net.rollups[0].slot_tx_count = 1;
    build(NULL, 0);
}

static uint64_t word_at(size_t chain, address who) {
    return network_word(&net, chain, who);
}

static uint64_t wei_at(size_t chain, address who) {
    struct account account = network_account(&net, chain, who);
    return u256_to_u64_saturating(&account.balance);
}

/* L2 ▸ L3. */
static void an_l2_transaction_reaches_the_l3(void **state) {
    (void)state;
    build_from_l2(RELAY, 0, relayed(&net, l2_proxy(&net, COUNTER), 0, word_of(&net, 5)));
    assert_int_equal(word_at(NETWORK_L3, COUNTER), 5);
    assert_int_equal(word_at(1, RELAY), 5);
}

/* L3 ▸ L2 ▸ L1: the rollup suspends in the middle of the batch that its block begins with. */
static void an_l3_transaction_reaches_l1(void **state) {
    (void)state;
    build_from_l3(RELAY, 0, relayed(&net, l1_from_l3(COUNTER), 0, word_of(&net, 9)));
    assert_int_equal(word_at(0, COUNTER), 9);
    assert_int_equal(word_at(NETWORK_L3, RELAY), 9);
}

static void an_l3_transaction_reaches_l2(void **state) {
    (void)state;
    build_from_l3(RELAY, 0, relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 9)));
    assert_int_equal(word_at(1, COUNTER), 9);
    assert_int_equal(word_at(NETWORK_L3, RELAY), 9);
}

/* L1 ▸ L2 ▸ L3 ▸ L2 ▸ L1: every level is asked again while it waits. */
static void a_call_goes_down_and_comes_back_up(void **state) {
    (void)state;
    bytes data = relayed(&net, l1_from_l3(COUNTER), 0, word_of(&net, 3));
    struct world_tx tx = network_tx(&net, 0, RELAY, 0, by_l2(l2_proxy(&net, RELAY), 0, data));
    build(&tx, 1);
    assert_true(succeeded(0));
    assert_int_equal(word_at(0, COUNTER), 3);
    assert_int_equal(word_at(0, RELAY), 3);
    assert_int_equal(word_at(1, RELAY), 3);
    assert_int_equal(word_at(NETWORK_L3, RELAY), 3);
}

/* Ether goes through all levels and stays at the bottom, or comes back if the call fails there. */
static void ether_goes_through_the_levels(void **state) {
    (void)state;
    struct world_tx tx =
        network_tx(&net, 0, RELAY, 1000, by_l2(l2_proxy(&net, COUNTER), 1000, word_of(&net, 1)));
    const u256 l2_before = network_hub_balance(&net, 1);
    build(&tx, 1);
    assert_true(succeeded(0));
    assert_int_equal(wei_at(NETWORK_L3, COUNTER), 1000);
    u256 l2_after = network_hub_balance(&net, 1);
    l2_after = u256_sub(&l2_after, &l2_before);
    assert_int_equal(u256_to_u64_saturating(&l2_after), 1000);

    tx = network_tx(&net, 0, RELAY, 1000, by_l2(l2_proxy(&net, REVERTER), 1000, BYTES_EMPTY));
    build(&tx, 1);
    assert_false(succeeded(0));
    assert_int_equal(wei_at(NETWORK_L3, REVERTER), 0);
    assert_int_equal(wei_at(1, RELAY), 0);

    build_from_l3(RELAY, 500, relayed(&net, l1_from_l3(COUNTER), 500, word_of(&net, 1)));
    assert_int_equal(wei_at(0, COUNTER), 500);
}

/* The L3's failure comes up with its data; who catches it goes on. */
static void a_failure_comes_up(void **state) {
    (void)state;
    struct world_tx tx =
        network_tx(&net, 0, RELAY, 0, by_l2(l2_proxy(&net, REVERTER), 0, BYTES_EMPTY));
    build(&tx, 1);
    assert_false(succeeded(0));
    assert_int_equal(output(0).size, 4);
    assert_int_equal(output(0).data[0], 0xde);

    bytes data = relayed(&net, l2_proxy(&net, REVERTER), 0, BYTES_EMPTY);
    tx = network_tx(&net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, TRY), 0, data));
    build(&tx, 1);
    assert_true(succeeded(0));
    assert_int_equal(output(0).data[0], 0xde);
}

/* A frame of the L2 that has called the L3 fails, and with it what the L3 did. */
static void an_l2_frame_undoes_what_the_l3_did(void **state) {
    (void)state;
    bytes data = relayed(&net, l2_proxy(&net, COUNTER), 0, word_of(&net, 1));
    bytes thrown = relayed(&net, THROW, 0, data);
    struct world_tx tx =
        network_tx(&net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, TRY), 0, thrown));
    build(&tx, 1);
    assert_true(succeeded(0));
    assert_int_equal(word_at(NETWORK_L3, COUNTER), 0);
    data = relayed(&net, l2_proxy(&net, COUNTER), 0, word_of(&net, 2));
    build_from_l2(RELAY, 0, data);
    assert_int_equal(word_at(NETWORK_L3, COUNTER), 2);
}

/* A frame of the L3 that has called L1 by way of the L2 fails: all three go back to before it. */
static void an_l3_frame_undoes_what_l1_did(void **state) {
    (void)state;
    bytes data = relayed(&net, l1_from_l3(COUNTER), 0, word_of(&net, 4));
    build_from_l3(TRY, 0, relayed(&net, THROW, 0, data));
    assert_int_equal(word_at(0, COUNTER), 0);
    assert_int_equal(word_at(NETWORK_L3, THROW), 0);
    assert_int_equal(word_at(NETWORK_L3, TRY), 4);
    build_from_l3(RELAY, 0, data);
    assert_int_equal(word_at(0, COUNTER), 4);
}

/* The same from above: L1 ▸ L2 ▸ L3 ▸ L2 ▸ L1, and the L3 throws it away. */
static void an_l3_frame_within_a_call_undoes_what_l1_did(void **state) {
    (void)state;
    bytes data = relayed(&net, l1_from_l3(COUNTER), 0, word_of(&net, 4));
    data = relayed(&net, THROW, 0, data);
    struct world_tx tx = network_tx(&net, 0, RELAY, 0, by_l2(l2_proxy(&net, TRY), 0, data));
    build(&tx, 1);
    assert_true(succeeded(0));
    assert_int_equal(word_at(0, COUNTER), 0);
    assert_int_equal(word_at(NETWORK_L3, TRY), 4);
}

/* Static calls, from the top to the bottom and from the bottom to the top. */
static void static_calls_cross_the_levels(void **state) {
    (void)state;
    build_from_l3(CELL, 0, word_of(&net, 21));
    bytes data = viewed(&net, l2_proxy(&net, CELL), BYTES_EMPTY);
    data = viewed(&net, network_proxy(&net, 1, VIEW), data);
    struct world_tx tx = network_tx(&net, 0, VIEW, 0, data);
    build(&tx, 1);
    assert_true(succeeded(0));
    assert_int_equal(output(0).data[31], 21);

    tx = network_tx(&net, 0, CELL, 0, word_of(&net, 22));
    build(&tx, 1);
    data = viewed(&net, l1_from_l3(CELL), BYTES_EMPTY);
    build_from_l3(RELAY, 0, relayed(&net, VIEW, 0, data));
    assert_int_equal(word_at(NETWORK_L3, RELAY), 22);
}

/* Two transactions of L1 in one block, and one of each rollup: each sees what came before. */
static void transactions_of_one_block_see_one_another(void **state) {
    (void)state;
    struct world_tx txs[2];
    bytes data = by_l2(l2_proxy(&net, COUNTER), 0, word_of(&net, 10));
    txs[0] = network_tx(&net, 0, RELAY, 0, data);
    txs[1] = network_tx(&net, 1, RELAY, 0, data);
    bytes own[2];
    own[0] = rollup_tx(
        &net, 1, 0, RELAY, 0, relayed(&net, l2_proxy(&net, COUNTER), 0, word_of(&net, 100))
    );
    net.rollups[0].slot_txs = own;
    net.rollups[0].slot_tx_count = 1;
    uint64_t nonce = network_account(&net, NETWORK_L3, net.user).nonce;
    const struct tx *tx = network_sign(
        &net, NETWORK_CHAIN_ID + NETWORK_L3, &USER_KEY, nonce, COUNTER, 0, word_of(&net, 1000)
    );
    must(tx_encode(&own[1], net.arena, tx));
    net.l3.slot_txs = own + 1;
    net.l3.slot_tx_count = 1;
    build(txs, 2);
    assert_int_equal(word_at(NETWORK_L3, COUNTER), 1120);
    assert_int_equal(word_at(1, RELAY), 1120);
    assert_int_equal(word_at(0, RELAY), 1120);
}

/* A transaction of the L3 that cannot be: the batch is refused, and it is said whose it was. */
static void a_transaction_that_cannot_be_is_named(void **state) {
    (void)state;
    bytes encoded;
    const struct tx *tx = network_sign(
        &net, NETWORK_CHAIN_ID + NETWORK_L3, &USER_KEY, 77, COUNTER, 0, word_of(&net, 1)
    );
    must(tx_encode(&encoded, net.arena, tx));
    net.l3.slot_txs = &encoded;
    net.l3.slot_tx_count = 1;
    below_build(&net, &result, NULL, 0);
    assert_int_equal(result.status, WORLD_BATCH_REVERTED);
    assert_int_equal(result.reason_parent, 1);
    assert_int_equal(result.reason_rollup, L3_ID);
    assert_int_equal(result.missing.verdict, STEP_TX_INVALID);
    assert_int_equal(result.missing.verdict_tx, TX_NONCE_HIGH);
}

int main(void) {
    arena_open(&arena, (size_t)4 << 30);
    below_open(&begun, &arena);
    const struct CMUnitTest tests[] = {
        TEST(an_l1_transaction_reaches_the_l3),
        TEST(an_l2_transaction_reaches_the_l3),
        TEST(an_l3_transaction_reaches_l2),
        TEST(an_l3_transaction_reaches_l1),
        TEST(a_call_goes_down_and_comes_back_up),
        TEST(ether_goes_through_the_levels),
        TEST(a_failure_comes_up),
        TEST(an_l2_frame_undoes_what_the_l3_did),
        TEST(an_l3_frame_undoes_what_l1_did),
        TEST(an_l3_frame_within_a_call_undoes_what_l1_did),
        TEST(static_calls_cross_the_levels),
        TEST(transactions_of_one_block_see_one_another),
        TEST(a_transaction_that_cannot_be_is_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}
