/* A ledger among the rollups of a world: built, proven, executed on L1, and followed from there.
 * What is claimed of its steps and is not so is refused. */
#define NETWORK_LEDGER 2u
#include "verify/claim.h"
#include "world/test_network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;
static struct network net;
static struct world_result result;

static int open_network(void **state) {
    (void)state;
    const struct network_resident residents[] = {
        {0, test_contract(RELAY, RELAY_CODE, sizeof(RELAY_CODE))},
        {1, test_contract(RELAY, RELAY_CODE, sizeof(RELAY_CODE))},
        {0, test_contract(COUNTER, COUNTER_CODE, sizeof(COUNTER_CODE))},
        {1, test_contract(COUNTER, COUNTER_CODE, sizeof(COUNTER_CODE))},
        {NETWORK_LEDGER, {.address = LEDGER_ADDRESS}},
    };
    arena_open(&arena, (size_t)1 << 32);
    network_name(&net, &arena);
    network_open_with(&net, residents, sizeof(residents) / sizeof(*residents));
    return 0;
}

static int close_network(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

/* Builds the block, has the Hub take it, and follows it from L1's data alone. */
static void build(const struct world_tx *txs, size_t count) {
    struct world_options options = network_options(&net, txs, count);
    must(world_build(&result, &options));
    assert_string_equal(result.reason, "");
    assert_int_equal(result.status, WORLD_OK);
}

static void advance(void) {
    network_advance(&net, &result);
    hash32 head = network_hub_head(&net, NETWORK_LEDGER);
    assert_memory_equal(head.b, net.rollups[NETWORK_LEDGER - 1].head.b, 32);
}

static bytes operation(const char *signature, address who, uint64_t amount) {
    bytes arguments = join(&net, address_word(&net, who), word_of(&net, amount));
    return join(&net, selector_of(&net, signature), arguments);
}

static bytes outward(uint64_t chain, address target, bytes data) {
    bytes head = join(&net, word_of(&net, chain), address_word(&net, target));
    head = join(&net, head, join(&net, word_of(&net, 96), word_of(&net, data.size)));
    return join(&net, selector_of(&net, "call(uint64,address,bytes)"), join(&net, head, data));
}

static uint64_t tokens(address who) {
    u256 balance = network_account(&net, NETWORK_LEDGER, who).balance;
    return u256_to_u64_saturating(&balance);
}

static void put_in_slot(bytes *tx) {
    net.rollups[NETWORK_LEDGER - 1].slot_txs = tx;
    net.rollups[NETWORK_LEDGER - 1].slot_tx_count = 1;
}

static void contracts_of_l1_and_a_rollup_call_it(void **state) {
    (void)state;
    address proxy = network_proxy(&net, NETWORK_LEDGER, LEDGER_ADDRESS);
    bytes mint = operation("mint(address,uint256)", COUNTER, 5);
    struct world_tx txs[2] = {network_tx(&net, 0, proxy, 0, mint)};
    /* By way of rollup 1, whose contract is not the owner: it approves. */
    bytes approve = operation("approve(address,uint256)", COUNTER, 7);
    bytes relay = relayed(&net, rollup_proxy(NETWORK_LEDGER, LEDGER_ADDRESS), 0, approve);
    txs[1] = network_tx(&net, 1, network_proxy(&net, 1, RELAY), 0, relay);
    build(txs, 2);
    for (size_t i = 0; i < 3; i++)
        assert_true(result.block->receipts[i].is_success);
    advance();
    assert_int_equal(tokens(COUNTER), 5);
    const address account = rollup_proxy(1, RELAY);
    u256 slot = ledger_allowance_slot(&account, &COUNTER);
    u256 allowed = network_slot(&net, NETWORK_LEDGER, LEDGER_ADDRESS, slot);
    assert_int_equal(u256_to_u64_saturating(&allowed), 7);
}

static void its_transactions_call_l1_and_a_rollup(void **state) {
    (void)state;
    for (uint64_t chain = 0; chain < 2; chain++) {
        bytes call = outward(chain, COUNTER, word_of(&net, 5 + chain));
        bytes tx = rollup_tx(&net, NETWORK_LEDGER, 0, LEDGER_ADDRESS, 0, call);
        put_in_slot(&tx);
        build(NULL, 0);
        advance();
        assert_int_equal(network_word(&net, chain, COUNTER), 5 + chain);
    }
    assert_int_equal(network_account(&net, NETWORK_LEDGER, net.user).nonce, 2);
}

static void value_does_not_get_in(void **state) {
    (void)state;
    address proxy = network_proxy(&net, NETWORK_LEDGER, LEDGER_ADDRESS);
    bytes mint = operation("mint(address,uint256)", COUNTER, 5);
    struct world_tx tx = network_tx(&net, 0, proxy, 1, mint);
    build(&tx, 1);
    assert_true(result.txs[0].had_missing_entry);
    assert_int_equal(result.txs[0].missing.verdict, STEP_NATIVE_TOKEN);
    assert_int_equal(result.txs[0].missing.verdict_rollup, NETWORK_LEDGER);
    advance();
    assert_int_equal(tokens(COUNTER), 0);
}

static void messages_are_not_imported(void **state) {
    (void)state;
    const hash32 message = {{[31] = 7}};
    bytes say = join(&net, selector_of(&net, "broadcastMessage(bytes32)"), hash32_bytes(&message));
    struct world_tx tx = network_tx(&net, 0, MESSAGES_PREDEPLOY, 0, say);
    build(&tx, 1);
    advance();
    hash32 slot = keccak256_two(hash32_bytes(&message), address_word(&net, net.user));
    struct world_rollup *rollup = &net.rollups[NETWORK_LEDGER - 1];
    rollup->message_slots = &slot;
    rollup->message_slot_count = 1;
    rollup->must_move = true;
    /* L1 has the message; it is the ledger that has no step. */
    const struct world_options options = network_options(&net, NULL, 0);
    must(world_build(&result, &options));
    assert_int_equal(result.status, WORLD_BATCH_REVERTED);
    assert_int_equal(result.missing.verdict, STEP_NO_MESSAGES);
    assert_int_equal(result.missing.verdict_rollup, NETWORK_LEDGER);
    rollup->message_slot_count = 0;
    build(NULL, 0);
    advance();
}

/* The entries of the block that was built, as another follower would check them. */
static enum verify_verdict check(const struct entry *entry) {
    const struct world_rollup *r = &net.rollups[NETWORK_LEDGER - 1];
    struct source_memory overlay;
    enum step_verdict step;
    struct claim_result claim;
    source_memory_open(&overlay, &arena, r->base);
    const struct rollup_options options = {
        .arena = &arena, .rollup_id = r->rollup_id, .chain_id = r->chain_id, .overlay = &overlay};
    struct rollup *rollup = rollup_open(r->type, &options);
    assert_non_null(rollup);
    must(rollup_add_head(rollup, &step, &r->head, &r->open));
    assert_int_equal(step, STEP_OK);
    must(claim_check(&claim, &arena, &rollup, 1, entry));
    return claim.verdict;
}

static void what_is_not_so_is_refused(void **state) {
    (void)state;
    address proxy = network_proxy(&net, NETWORK_LEDGER, LEDGER_ADDRESS);
    struct world_tx tx =
        network_tx(&net, 0, proxy, 0, operation("mint(address,uint256)", COUNTER, 5));
    build(&tx, 1);
    advance();
    /* The next call, at the head that the ledger has now. */
    tx = network_tx(&net, 0, proxy, 0, operation("mint(address,uint256)", COUNTER, 6));
    net.rollups[NETWORK_LEDGER - 1].must_move = false;
    build(&tx, 1);
    struct entry *call = NULL;
    for (size_t i = 0; i < result.batch.entry_count; i++)
        if (result.batch.entries[i].input.kind == ACTION_CALL) call = &result.batch.entries[i];
    CHECK(call != NULL);
    /* It begins where the slot block's L2TX ends; take it to where this check begins. */
    struct transition transition = call->transitions[0];
    struct entry changed = *call;
    transition.pre = net.rollups[NETWORK_LEDGER - 1].head;
    changed.transitions = &transition;
    assert_int_equal(check(&changed), VERIFY_ENTRY_TRANSITIONS);
    /* Where it would lead from there is found by asking: a lie in each of the rest. */
    changed.input.is_static = true;
    changed.out.failed = true;
    changed.out.data = selector_of(&net, "WriteInStaticCall()");
    transition.post = transition.pre;
    transition.idle = true;
    changed.out.gas = LEDGER_OPERATION_GAS;
    assert_int_equal(check(&changed), VERIFY_OK);
    changed.out.gas++;
    assert_int_equal(check(&changed), VERIFY_ENTRY_OUT);
    changed.out.gas--;
    transition.ether_delta_wei = U256_ONE;
    assert_int_equal(check(&changed), VERIFY_ENTRY_ETHER);
    transition.ether_delta_wei = U256_ZERO;
    changed.input.value_wei = U256_ONE;
    assert_int_equal(check(&changed), VERIFY_ENTRY_NO_FACT);
    changed.input.value_wei = U256_ZERO;
    transition.post.b[0] ^= 1;
    assert_int_equal(check(&changed), VERIFY_ENTRY_TRANSITIONS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            contracts_of_l1_and_a_rollup_call_it, open_network, close_network
        ),
        cmocka_unit_test_setup_teardown(
            its_transactions_call_l1_and_a_rollup, open_network, close_network
        ),
        cmocka_unit_test_setup_teardown(value_does_not_get_in, open_network, close_network),
        cmocka_unit_test_setup_teardown(messages_are_not_imported, open_network, close_network),
        cmocka_unit_test_setup_teardown(what_is_not_so_is_refused, open_network, close_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
