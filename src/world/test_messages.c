/* Messages of L1 that a rollup's update imports in the block in which they are sent. */
#include "world/test_message.h"

static void a_message_is_there_in_the_block_it_is_sent_in(void **state) {
    (void)state;
    struct world_tx txs[2] = {
        network_tx(&net, 0, MESSAGES_PREDEPLOY, 0, broadcast(&MESSAGE)),
        network_tx(
            &net, 1, RELAY, 0, relayed(&net, network_proxy(&net, 1, COUNTER), 0, word_of(&net, 5))
        ),
    };
    hash32 slots[1] = {slot_of(&MESSAGE)};
    import(1, slots, 1);
    build_after(txs, 2, 1);
    assert_int_equal(result.status, WORLD_OK);
    /* The message, the batch, the rest. */
    assert_int_equal(result.txs[0].index, 0);
    assert_int_equal(result.txs[1].index, 2);
    for (size_t i = 0; i < 3; i++)
        assert_true(result.block->receipts[i].is_success);
    assert_int_equal(result.batch.updates[0].message_slot_count, 1);
    network_advance(&net, &result);
    assert_true(is_received(1, &MESSAGE));
    assert_false(is_received(2, &MESSAGE));
    assert_false(is_received(1, &OTHER_MESSAGE));
    assert_int_equal(network_word(&net, 1, COUNTER), 5);
}

static void messages_of_earlier_blocks_can_be_imported_too(void **state) {
    (void)state;
    struct world_tx txs[2] = {
        network_tx(&net, 0, MESSAGES_PREDEPLOY, 0, broadcast(&MESSAGE)),
        network_tx(&net, 1, MESSAGES_PREDEPLOY, 0, broadcast(&OTHER_MESSAGE)),
    };
    build_after(txs, 2, 0);
    assert_int_equal(result.status, WORLD_OK);
    assert_false(result.has_batch);
    network_advance(&net, &result);
    hash32 slots[2] = {slot_of(&OTHER_MESSAGE), slot_of(&MESSAGE)};
    import(1, slots, 2);
    import(2, slots, 1);
    build_after(NULL, 0, 0);
    assert_int_equal(result.status, WORLD_OK);
    network_advance(&net, &result);
    assert_true(is_received(1, &MESSAGE));
    assert_true(is_received(1, &OTHER_MESSAGE));
    assert_false(is_received(2, &MESSAGE));
    assert_true(is_received(2, &OTHER_MESSAGE));
}

static void a_message_that_was_not_sent_is_refused(void **state) {
    (void)state;
    /* It is sent behind the batch. */
    struct world_tx tx = network_tx(&net, 0, MESSAGES_PREDEPLOY, 0, broadcast(&MESSAGE));
    hash32 slots[1] = {slot_of(&MESSAGE)};
    import(1, slots, 1);
    build_after(&tx, 1, 0);
    assert_int_equal(result.status, WORLD_BATCH_REVERTED);
    bytes expected =
        join(&net, selector_of(&net, "MessageNotSent(bytes32)"), hash32_bytes(&slots[0]));
    assert_true(bytes_equal(result.batch_output, expected));
}

/* One says on L1 what one likes, but importing is the system's. */
static void nobody_else_imports(void **state) {
    (void)state;
    hash32 slot = slot_of(&MESSAGE);
    bytes list = join(&net, word_of(&net, 32), join(&net, word_of(&net, 1), hash32_bytes(&slot)));
    bytes call = join(&net, selector_of(&net, "importMessages(bytes32[])"), list);
    bytes tx = rollup_tx(&net, 1, 0, MESSAGES_PREDEPLOY, 0, call);
    net.rollups[0].slot_txs = &tx;
    net.rollups[0].slot_tx_count = 1;
    build_after(NULL, 0, 0);
    assert_int_equal(result.status, WORLD_OK);
    network_advance(&net, &result);
    assert_false(is_received(1, &MESSAGE));
}

static void more_than_a_block_holds_are_refused(void **state) {
    (void)state;
    const size_t count = NETWORK_GAS_LIMIT / 50000 + 1;
    hash32 *slots = arena_alloc_zero(&arena, count * sizeof(*slots));
    assert_non_null(slots);
    import(1, slots, count);
    build_after(NULL, 0, 0);
    assert_int_equal(result.status, WORLD_BATCH_REVERTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_there_in_the_block_it_is_sent_in),
        TEST(messages_of_earlier_blocks_can_be_imported_too),
        TEST(a_message_that_was_not_sent_is_refused),
        TEST(nobody_else_imports),
        TEST(more_than_a_block_holds_are_refused),
    };
    return cmocka_run_group_tests(tests, open_group, close_group);
}
