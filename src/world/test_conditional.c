/* Conditional transactions (type 0x4c) in a rollup's blocks: what holds in the world that builds
 * them holds for verify and for who follows L1 (network_advance asks the latter). */
#include "world/test_input.h"
#include "world/test_message.h"

/* A transaction of the user's to the counter, valid in the rollup's next block and never else, if a
 * message is imported. */
static struct tx conditional(const hash32 *message_slots, size_t count) {
    const uint64_t next = net.rollups[0].open.header.number + 1;
    return (struct tx){
        .type = TX_CONDITIONAL,
        .is_protected = true,
        .chain_id = NETWORK_CHAIN_ID + 1,
        .nonce = network_account(&net, 1, net.user).nonce,
        .max_fee_per_gas = u256_from_u64(10000000000),
        .max_priority_fee_per_gas = u256_from_u64(1000),
        .gas_limit = NETWORK_TX_GAS,
        .to = COUNTER,
        .data = word_of(&net, 7),
        .first_block = next,
        .last_block = next,
        .message_slots = message_slots,
        .message_slot_count = count,
    };
}

static bytes sign(struct tx *tx) {
    bytes encoded;
    must(tx_sign(tx, &arena, &USER_KEY));
    must(tx_encode(&encoded, &arena, tx));
    return encoded;
}

/* Builds the next block of L1, in which the message is sent and imported if so, with the
 * transaction in the rollup's slot block. */
static void build_with(struct tx *tx, bool imports) {
    static hash32 slot; /* outlives this call, as the network's next block may import it again */
    static bytes encoded;
    encoded = sign(tx);
    slot = slot_of(&MESSAGE);
    const struct world_tx sends = network_tx(&net, 0, MESSAGES_PREDEPLOY, 0, broadcast(&MESSAGE));
    const size_t count = imports ? 1 : 0;
    import(1, &slot, count);
    net.rollups[0].slot_txs = &encoded;
    net.rollups[0].slot_tx_count = 1;
    build_after(&sends, count, count);
}

static void assert_invalid(struct tx *tx, bool imports, enum tx_verdict verdict) {
    build_with(tx, imports);
    assert_int_equal(result.status, WORLD_BATCH_REVERTED);
    assert_int_equal(result.missing.verdict, STEP_TX_INVALID);
    assert_string_equal(
        tx_verdict_name((enum tx_verdict)result.missing.verdict_tx), tx_verdict_name(verdict)
    );
    assert_int_equal(result.missing.verdict_tx_index, 0);
}

/* --- building --------------------------------------------------------------------------------- */

static void it_is_in_the_slot_block_that_imports_its_message(void **state) {
    (void)state;
    hash32 slot = slot_of(&MESSAGE);
    struct tx tx = conditional(&slot, 1);
    build_with(&tx, true);
    assert_int_equal(result.status, WORLD_OK);
    network_advance(&net, &result);
    assert_true(is_received(1, &MESSAGE));
    assert_int_equal(network_word(&net, 1, COUNTER), 7);
    /* Behind the anchor's transaction and the import's. */
    const struct open_block *open = &net.rollups[0].open;
    assert_int_equal(open->header.number, tx.first_block);
    struct receipt receipt;
    assert_int_equal(open->newest->index, 2);
    assert_int_equal(receipt_decode(&receipt, &arena, open->newest->receipt), ERR_OK);
    assert_int_equal(receipt.type, TX_CONDITIONAL);
    assert_true(receipt.is_success);
}

static void without_its_message_it_is_invalid(void **state) {
    (void)state;
    hash32 slots[2] = {slot_of(&MESSAGE), slot_of(&OTHER_MESSAGE)};
    struct tx tx = conditional(slots, 1);
    assert_invalid(&tx, false, TX_MESSAGE_MISSING);
    assert_int_equal(begin(NULL), 0);
    tx = conditional(slots, 2); /* one of two */
    assert_invalid(&tx, true, TX_MESSAGE_MISSING);
}

static void outside_its_blocks_it_is_invalid(void **state) {
    (void)state;
    struct tx tx = conditional(NULL, 0);
    tx.first_block++;
    tx.last_block++;
    assert_invalid(&tx, false, TX_TOO_EARLY);
    assert_int_equal(begin(NULL), 0);
    tx = conditional(NULL, 0);
    tx.first_block--;
    tx.last_block--;
    assert_invalid(&tx, false, TX_TOO_LATE);
}

/* A message that an earlier block has imported is imported. */
static void its_message_may_be_there_already(void **state) {
    (void)state;
    hash32 slot = slot_of(&MESSAGE);
    struct tx first = conditional(&slot, 1);
    build_with(&first, true);
    network_advance(&net, &result);
    struct tx second = conditional(&slot, 1);
    build_with(&second, false);
    assert_int_equal(result.status, WORLD_OK);
    network_advance(&net, &result);
    assert_int_equal(network_word(&net, 1, COUNTER), 14);
}

/* The fee recipient's earnings per gas in the first, second, third and fourth block. */
static void its_priority_fee_decays(void **state) {
    (void)state;
    static const uint64_t left[] = {1000, 600, 200, 0};
    const uint64_t first = net.rollups[0].open.header.number + 1;
    for (uint64_t i = 0; i < 4; i++) {
        struct tx tx = conditional(NULL, 0);
        tx.first_block = first;
        tx.last_block = UINT64_MAX;
        tx.priority_fee_decay = u256_from_u64(400);
        u256 user_before = network_account(&net, 1, net.user).balance;
        build_with(&tx, false);
        assert_int_equal(result.status, WORLD_OK);
        network_advance(&net, &result);
        const struct open_block *open = &net.rollups[0].open;
        assert_int_equal(open->header.number, first + i);
        uint64_t price = u256_to_u64_saturating(&open->header.base_fee_per_gas) + left[i];
        const struct gathered_tx *newest = open->newest;
        uint64_t gas = newest->cumulative_gas_used - newest->before->cumulative_gas_used;
        u256 user_after = network_account(&net, 1, net.user).balance;
        u256 paid = u256_sub(&user_before, &user_after);
        assert_int_equal(u256_to_u64_saturating(&paid), gas * price);
    }
}

/* --- verifying -------------------------------------------------------------------------------- */

static void
assert_verdict(struct test_input *mine, enum verify_verdict verdict, enum step_verdict step) {
    const struct verify_options strict = {0};
    struct verify_result got;
    assert_int_equal(verify_input(&got, &arena, &strict, test_input_make(mine, &arena)), ERR_OK);
    assert_string_equal(verify_verdict_name(got.verdict), verify_verdict_name(verdict));
    if (verdict == VERIFY_ENTRY_NO_FACT)
        assert_string_equal(step_verdict_name(got.step), step_verdict_name(step));
}

/* The batch as it was built, with another transaction in its place. */
static void put(struct test_input *mine, struct tx *tx) {
    struct payload payload;
    bytes encoded;
    test_input_open(mine, &arena, result.input);
    struct update *update = &mine->batch.updates[0];
    assert_int_equal(payload_decode(&payload, &arena, update->payload), ERR_OK);
    payload.blocks[0].txs[0] = sign(tx);
    assert_int_equal(payload_encode(&encoded, &arena, &payload), ERR_OK);
    update->payload = encoded;
    struct action *input = &mine->batch.entries[0].input;
    hash32 hash = keccak256(encoded);
    input->data = join(&net, hash32_bytes(&hash), bytes_slice(input->data, 32, SIZE_MAX));
}

static void verify_refuses_one_outside_its_conditions(void **state) {
    (void)state;
    hash32 slot = slot_of(&MESSAGE);
    hash32 other_slot = slot_of(&OTHER_MESSAGE);
    struct test_input mine;
    struct tx tx = conditional(&slot, 1);
    const struct tx good = tx;
    build_with(&tx, true);
    assert_int_equal(result.status, WORLD_OK);
    put(&mine, &tx);
    assert_verdict(&mine, VERIFY_OK, STEP_OK);
    tx.first_block++;
    tx.last_block++;
    put(&mine, &tx);
    assert_verdict(&mine, VERIFY_ENTRY_NO_FACT, STEP_TX_INVALID);
    tx.first_block -= 2;
    tx.last_block -= 2;
    put(&mine, &tx);
    assert_verdict(&mine, VERIFY_ENTRY_NO_FACT, STEP_TX_INVALID);
    tx = good;
    tx.message_slots = &other_slot;
    put(&mine, &tx);
    assert_verdict(&mine, VERIFY_ENTRY_NO_FACT, STEP_TX_INVALID);
    /* What a proposer would like: the better terms without the conditions, by the same key. Valid,
     * but another transaction, which another state comes of. */
    tx = good;
    tx.type = TX_DYNAMIC_FEE;
    put(&mine, &tx);
    assert_verdict(&mine, VERIFY_ENTRY_TRANSITIONS, STEP_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_is_in_the_slot_block_that_imports_its_message),
        TEST(without_its_message_it_is_invalid),
        TEST(outside_its_blocks_it_is_invalid),
        TEST(its_message_may_be_there_already),
        TEST(its_priority_fee_decays),
        TEST(verify_refuses_one_outside_its_conditions),
    };
    return cmocka_run_group_tests(tests, open_group, close_group);
}
