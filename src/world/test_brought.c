/* Batches that transactions bring along: made for a transaction, followed when it comes, and
 * believed no further than their proof goes. */
#include "world/test_network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;
static struct network net;
static struct world_result prepared; /* of the bundle that adds 5 to rollup 1's counter */

static int open_network(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 32);
    network_open(&net, &arena);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

/* PAIR is the Bundler here: it calls the Hub with the batch, and then the proxy. */
static bytes bundled(bytes post) {
    return pair(&net, net.hub, post, network_proxy(&net, 1, COUNTER), word_of(&net, 5));
}

static enum err make_tx(void *context, struct arena *used, struct tx *tx, bytes post) {
    (void)context;
    (void)used;
    *tx = *network_tx(&net, 0, PAIR, 0, bundled(post)).tx;
    return ERR_OK;
}

static void prepare(void) {
    const struct world_bundle bundle = {.sender = net.user, .make = make_tx};
    struct world_options options = network_options(&net, NULL, 0);
    options.bundle = &bundle;
    must(world_build(&prepared, &options));
    assert_int_equal(prepared.status, WORLD_OK);
}

/* A block with one transaction. */
static struct world_result send_to(address to, bytes data, bool is_simulation) {
    struct world_result result;
    struct world_tx tx = network_tx(&net, 0, to, 0, data);
    struct world_options options = network_options(&net, &tx, 1);
    options.is_simulation = is_simulation;
    must(world_build(&result, &options));
    assert_int_equal(result.status, WORLD_OK);
    assert_true(result.txs[0].is_included);
    return result;
}

static void assert_unmoved(const struct world_result *result) {
    for (size_t i = 0; i < NETWORK_ROLLUPS; i++) {
        assert_false(result->rollups[i].is_updated);
        assert_memory_equal(&result->rollups[i].head, &net.rollups[i].head, sizeof(hash32));
    }
}

static void a_bundle_runs_for_real_before_it_is_handed_out(void **state) {
    (void)state;
    prepare();
    assert_true(prepared.txs[0].is_included);
    assert_true(prepared.block->results[0].is_success);
    assert_int_equal(prepared.block->tx_count, 1);
    assert_true(prepared.bundle_post.size > 0);
    assert_true(batch_is_transient(prepared.bundle_post));
    assert_int_equal(prepared.batch.update_count, 1);
    assert_int_equal(prepared.batch.entry_count, 2);
    assert_true(net.proof_count > 0);
}

static void the_rollups_are_followed_through_it(void **state) {
    (void)state;
    prepare();
    struct world_result result = send_to(PAIR, bundled(prepared.bundle_post), false);
    assert_true(result.txs[0].has_brought);
    assert_false(result.has_batch);
    assert_int_equal(result.pass_count, 1);
    assert_int_equal(result.txs[0].brought_moves, 1);
    assert_true(result.rollups[0].is_updated);
    assert_false(result.rollups[1].is_updated);
    assert_memory_equal(&result.rollups[0].head, &prepared.rollups[0].head, sizeof(hash32));
    /* The last pass of preparing was this block. */
    assert_int_equal(result.block->results[0].gas_used, prepared.block->results[0].gas_used);
    network_advance(&net, &result);
    assert_int_equal(network_word(&net, 1, COUNTER), 5);
}

static void its_anchor_may_be_an_older_block(void **state) {
    (void)state;
    prepare();
    struct world_tx other = network_tx(&net, 0, READER, 0, BYTES_EMPTY);
    struct world_options options = network_options(&net, &other, 1);
    struct world_result between;
    must(world_build(&between, &options));
    assert_int_equal(between.status, WORLD_OK);
    /* The header of the block before is asked for: here it is not at hand, so its L2TX has no fact,
     * and the world does not claim to know where the rollup is. */
    network_advance(&net, &between);
    struct world_result result;
    struct world_tx tx = network_tx(&net, 0, PAIR, 0, bundled(prepared.bundle_post));
    options = network_options(&net, &tx, 1);
    options.headers.get = NULL;
    must(world_build(&result, &options));
    assert_int_equal(result.txs[0].brought_moves, 0);
    /* Where it is, the batch is as good as before. */
    options = network_options(&net, &tx, 1);
    must(world_build(&result, &options));
    assert_int_equal(result.txs[0].brought_moves, 1);
}

static void a_forged_proof_is_not_vouched_for(void **state) {
    (void)state;
    prepare();
    bytes forged;
    must(arena_copy(&arena, &forged, prepared.bundle_post));
    /* In the signature: the last 65 bytes before the padding. */
    uint8_t *byte = arena_alloc(&arena, forged.size);
    assert_non_null(byte);
    memcpy(byte, forged.data, forged.size);
    byte[forged.size - 64] ^= 1;
    for (int is_simulation = 0; is_simulation < 2; is_simulation++) {
        struct world_result result =
            send_to(net.hub, bytes_of(byte, forged.size), is_simulation != 0);
        assert_true(result.txs[0].has_brought);
        assert_int_equal(result.txs[0].brought_moves, 0);
        assert_false(result.block->results[0].is_success);
        assert_unmoved(&result);
        result = send_to(net.hub, prepared.bundle_post, is_simulation != 0);
        assert_int_equal(result.txs[0].brought_moves, 1);
        assert_true(result.block->results[0].is_success);
    }
}

static void what_is_no_batch_does_nothing(void **state) {
    (void)state;
    prepare();
    /* Cut short; with an offset that leads nowhere. */
    struct world_result result = send_to(net.hub, bytes_slice(prepared.bundle_post, 0, 100), false);
    assert_false(result.txs[0].has_brought);
    assert_unmoved(&result);
    uint8_t *broken = arena_alloc(&arena, prepared.bundle_post.size);
    assert_non_null(broken);
    memcpy(broken, prepared.bundle_post.data, prepared.bundle_post.size);
    memset(broken + 4, 0xff, 32);
    result = send_to(net.hub, bytes_of(broken, prepared.bundle_post.size), false);
    assert_false(result.txs[0].has_brought);
    assert_unmoved(&result);
}

static void nobody_else_gets_entries_after_it(void **state) {
    (void)state;
    prepare();
    struct world_tx txs[2] = {
        network_tx(&net, 0, PAIR, 0, bundled(prepared.bundle_post)),
        network_tx(&net, 1, network_proxy(&net, 1, COUNTER), 0, word_of(&net, 7)),
    };
    struct world_options options = network_options(&net, txs, 2);
    struct world_result result;
    must(world_build(&result, &options));
    /* The node gives it a block to itself; in one block the other call just has no entry. */
    assert_int_equal(result.status, WORLD_OK);
    assert_true(result.block->results[0].is_success);
    assert_false(result.block->results[1].is_success);
    assert_memory_equal(&result.rollups[0].head, &prepared.rollups[0].head, sizeof(hash32));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_network, close_arena)
    const struct CMUnitTest tests[] = {
        TEST(a_bundle_runs_for_real_before_it_is_handed_out),
        TEST(the_rollups_are_followed_through_it),
        TEST(its_anchor_may_be_an_older_block),
        TEST(a_forged_proof_is_not_vouched_for),
        TEST(what_is_no_batch_does_nothing),
        TEST(nobody_else_gets_entries_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
