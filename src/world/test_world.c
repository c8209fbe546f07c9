/* Blocks of an L1 whose transactions call across chains, built and executed for real, with the real
 * contracts. What tampering with them leads to is in test_tamper.c and test_posting.c. */
#include "world/test_group.h"

/* --- what the tests say ----------------------------------------------------------------------- */

static void set_slot_txs(uint64_t rollup_id, const bytes *txs, size_t count) {
    net.rollups[rollup_id - 1].slot_txs = txs;
    net.rollups[rollup_id - 1].slot_tx_count = count;
}

static const struct execution_result *run_of(size_t tx) {
    assert_true(result.txs[tx].is_included);
    return &result.block->results[result.txs[tx].index];
}

static void assert_success(size_t tx) {
    assert_true(run_of(tx)->is_success);
    assert_true(result.block->receipts[result.txs[tx].index].is_success);
}

static void assert_returned(size_t tx, uint64_t word) {
    assert_success(tx);
    assert_true(bytes_equal(run_of(tx)->output, word_of(&net, word)));
}

static void assert_selector(bytes output, const char *signature) {
    assert_true(output.size >= 4);
    assert_true(bytes_equal(bytes_slice(output, 0, 4), selector_of(&net, signature)));
}

static void assert_wei(u256 value, uint64_t expected) {
    u256 e = u256_from_u64(expected);
    assert_true(u256_equal(&value, &e));
}

/* The receipt of a rollup's index-th transaction since its slot block began. */
static struct receipt rollup_receipt(uint64_t rollup_id, uint32_t index) {
    const struct gathered_tx *g = result.rollups[rollup_id - 1].open->newest;
    while (g != NULL && g->index != index)
        g = g->before;
    CHECK(g != NULL);
    struct receipt receipt;
    assert_int_equal(receipt_decode(&receipt, &arena, g->receipt), ERR_OK);
    return receipt;
}

/* Goes on to the block, and holds the Hub against the machines: heads, and that each rollup's ether
 * on the Hub is what is on the rollup. */
static void advance(void) {
    network_advance(&net, &result);
    for (uint64_t id = 1; id <= NETWORK_ROLLUPS; id++) {
        hash32 head = network_hub_head(&net, id);
        assert_memory_equal(head.b, net.rollups[id - 1].head.b, 32);
        assert_memory_equal(head.b, result.rollups[id - 1].head.b, 32);
    }
}

static struct entry *entry_of(enum action_kind kind, size_t index) {
    for (size_t i = 0; i < result.batch.entry_count; i++)
        if (result.batch.entries[i].input.kind == kind && index-- == 0)
            return &result.batch.entries[i];
    fail_msg("no such entry");
    return NULL;
}

/* --- L1 to a rollup --------------------------------------------------------------------------- */

static void a_call_from_l1_returns_in_its_transaction(void **state) {
    (void)state;
    struct world_tx tx = network_tx(
        &net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, COUNTER), 0, word_of(&net, 5))
    );
    build(&tx, 1);
    assert_returned(0, 5);
    /* The first pass finds that rollup 1 moves, the second what it does, the third is the block. */
    assert_int_equal(result.pass_count, 3);
    assert_int_equal(net.proof_count, 1);
    assert_true(result.has_batch);
    assert_int_equal(result.batch.update_count, 1);
    assert_int_equal(result.batch.entry_count, 2);
    assert_int_equal(entry_of(ACTION_L2TX, 0)->out.kind, ACTION_RESULT);
    const struct entry *call = entry_of(ACTION_CALL, 0);
    assert_int_equal(call->transition_count, 1);
    assert_true(call->transitions[0].idle);
    assert_true(bytes_equal(call->out.data, word_of(&net, 5)));
    assert_true(result.rollups[0].is_updated);
    assert_false(result.rollups[1].is_updated);
    assert_int_equal(result.block->tx_count, 2);
    assert_true(result.block->receipts[0].is_success);
    advance();
    assert_int_equal(network_word(&net, 1, COUNTER), 5);
    assert_int_equal(network_word(&net, 2, COUNTER), 0);
    assert_int_equal(network_word(&net, 0, RELAY), 5);
    /* The anchor's transaction, then the call's. */
    assert_true(rollup_receipt(1, 0).is_success);
    assert_int_equal(rollup_receipt(1, 1).type, TX_DEPOSIT);
    assert_true(rollup_receipt(1, 1).is_success);

    /* The next block stands on it. */
    build((struct world_tx[]){network_tx(&net, 0, RELAY, 0, tx.tx->data)}, 1);
    assert_returned(0, 10);
    advance();
    assert_int_equal(network_word(&net, 1, COUNTER), 10);
    assert_int_equal(network_account(&net, 0, net.user).nonce, 2);
}

static void several_calls_of_one_block_share_a_batch(void **state) {
    (void)state;
    struct world_tx txs[4];
    for (uint64_t i = 0; i < 4; i++)
        txs[i] = network_tx(
            &net,
            i,
            RELAY,
            0,
            relayed(&net, network_proxy(&net, 1 + i % 2, COUNTER), 0, word_of(&net, 1 + i))
        );
    build(txs, 4);
    assert_returned(0, 1);
    assert_returned(1, 2);
    assert_returned(2, 1 + 3);
    assert_returned(3, 2 + 4);
    assert_int_equal(result.batch.update_count, 2);
    assert_int_equal(result.batch.entry_count, 2 + 4);
    advance();
    assert_int_equal(network_word(&net, 1, COUNTER), 4);
    assert_int_equal(network_word(&net, 2, COUNTER), 6);
}

static void ether_moves_with_a_call_and_back(void **state) {
    (void)state;
    u256 before = network_hub_balance(&net, 1);
    struct world_tx tx = network_tx(
        &net, 0, RELAY, 700, relayed(&net, network_proxy(&net, 1, COUNTER), 700, word_of(&net, 1))
    );
    build(&tx, 1);
    assert_returned(0, 1);
    assert_wei(entry_of(ACTION_CALL, 0)->transitions[0].ether_delta_wei, 700);
    advance();
    assert_wei(network_account(&net, 1, COUNTER).balance, 700);
    u256 after = network_hub_balance(&net, 1);
    assert_wei(u256_sub(&after, &before), 700);

    /* From rollup 1 to L1, 300 of the user's. */
    bytes out = rollup_tx(
        &net, 1, 0, RELAY, 300, relayed(&net, rollup_proxy(0, COUNTER), 300, word_of(&net, 2))
    );
    set_slot_txs(1, &out, 1);
    build(NULL, 0);
    assert_int_equal(result.pass_count, 2); /* nothing to find out: the update is known */
    const struct entry *left = entry_of(ACTION_L2TX, 0);
    u256 lost = u256_sub(&U256_ZERO, &left->transitions[0].ether_delta_wei);
    assert_wei(lost, 300);
    advance();
    assert_wei(network_account(&net, 0, COUNTER).balance, 300);
    after = network_hub_balance(&net, 1);
    assert_wei(u256_sub(&after, &before), 400);
}

static void a_callee_that_reverts_is_heard_and_leaves_nothing(void **state) {
    (void)state;
    static const uint8_t ERROR[] = {0xde, 0xad, 0xbe, 0xef};
    bytes data = relayed(&net, network_proxy(&net, 1, REVERTER), 90, BYTES_EMPTY);
    struct world_tx txs[2] = {
        network_tx(&net, 0, RELAY, 90, data),
        network_tx(&net, 1, TRY, 90, data),
    };
    u256 before = network_hub_balance(&net, 1);
    build(txs, 2);
    assert_false(run_of(0)->is_success);
    assert_true(bytes_equal(run_of(0)->output, bytes_of(ERROR, 4)));
    assert_success(1);
    assert_true(bytes_equal(run_of(1)->output, bytes_of(ERROR, 4)));
    const struct entry *call = entry_of(ACTION_CALL, 0);
    assert_true(call->out.failed);
    assert_memory_equal(call->transitions[0].pre.b, call->transitions[0].post.b, 32);
    advance();
    assert_wei(network_account(&net, 0, TRY).balance, 90);
    u256 after = network_hub_balance(&net, 1);
    assert_true(u256_equal(&before, &after));
    assert_wei(network_account(&net, 1, REVERTER).balance, 0);
}

static void a_static_call_answers_and_moves_nothing(void **state) {
    (void)state;
    hash32 head = net.rollups[0].head;
    struct world_tx txs[2] = {
        network_tx(&net, 0, VIEW, 0, viewed(&net, network_proxy(&net, 1, READER), BYTES_EMPTY)),
        network_tx(
            &net, 1, VIEW, 0, viewed(&net, network_proxy(&net, 1, COUNTER), word_of(&net, 1))
        ),
    };
    build(txs, 2);
    assert_returned(0, 0);
    assert_false(run_of(1)->is_success); /* it would write */
    assert_int_equal(result.batch.update_count, 0);
    assert_true(entry_of(ACTION_CALL, 0)->input.is_static);
    advance();
    assert_memory_equal(net.rollups[0].head.b, head.b, 32);
}

/* --- from a rollup ---------------------------------------------------------------------------- */

/* Rollups 1 and 2 move together, then 2 alone. Who then looks at 2 through 1 sees where 2 is, not
 * where it was when 1 moved. */
static void a_static_call_across_rollups_sees_their_newest_heads(void **state) {
    (void)state;
    bytes write_2 = relayed(&net, rollup_proxy(2, CELL), 0, word_of(&net, 7));
    bytes look_2 = viewed(&net, rollup_proxy(2, CELL), BYTES_EMPTY);
    address proxy_2 = network_proxy(&net, 2, CELL);
    struct world_tx txs[4] = {
        network_tx(&net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, RELAY), 0, write_2)),
        network_tx(&net, 1, VIEW, 0, viewed(&net, network_proxy(&net, 1, VIEW), look_2)),
        network_tx(&net, 2, RELAY, 0, relayed(&net, proxy_2, 0, word_of(&net, 8))),
        network_tx(&net, 3, VIEW, 0, viewed(&net, network_proxy(&net, 1, VIEW), look_2)),
    };
    build(txs, 4);
    assert_success(0);
    assert_returned(1, 7);
    assert_success(2);
    assert_returned(3, 8);
    advance();
    assert_int_equal(network_word(&net, 2, CELL), 8);
}

/* Rollup 1 looks at 2, at L1, and at 2 again, in a pass before 2 moves and in one after: its own
 * heads on the way are the same in both. */
static void a_static_call_sees_where_the_others_stand_in_this_pass(void **state) {
    (void)state;
    bytes targets = address_word(&net, rollup_proxy(2, READER));
    targets = join(&net, targets, address_word(&net, rollup_proxy(0, READER)));
    targets = join(&net, targets, address_word(&net, rollup_proxy(2, READER)));
    address proxy_2 = network_proxy(&net, 2, RELAY);
    bytes move_2 = relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 8));
    struct world_tx txs[2] = {
        network_tx(&net, 0, VIEW, 0, viewed(&net, network_proxy(&net, 1, LOOKER), targets)),
        network_tx(&net, 1, RELAY, 0, relayed(&net, proxy_2, 0, move_2)),
    };
    build(txs, 2);
    assert_success(0);
    assert_success(1);
    advance();
    assert_int_equal(network_word(&net, 2, RELAY), 8);
}

static void a_rollup_transaction_calls_l1(void **state) {
    (void)state;
    bytes tx = rollup_tx(
        &net, 1, 0, RELAY, 0, relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 7))
    );
    set_slot_txs(1, &tx, 1);
    build(NULL, 0);
    assert_int_equal(result.pass_count, 2);
    assert_int_equal(result.batch.entry_count, 2);
    const struct entry *begin = entry_of(ACTION_L2TX, 0);
    assert_int_equal(begin->out.kind, ACTION_CALL);
    assert_false(begin->transitions[0].idle);
    assert_true(address_equal(&begin->out.source, &RELAY));
    const struct entry *end = entry_of(ACTION_RESULT, 0);
    assert_true(end->transitions[0].idle);
    assert_true(bytes_equal(end->input.data, word_of(&net, 7)));
    assert_true(rollup_receipt(1, 1).is_success);
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 7);
    assert_int_equal(network_word(&net, 1, RELAY), 7);
    /* The caller was seen as its proxy, which has been created for it. */
    assert_true(network_code(&net, 0, network_proxy(&net, 1, RELAY)).size > 0);
}

static void a_rollup_hears_l1_revert(void **state) {
    (void)state;
    bytes data = relayed(&net, rollup_proxy(0, REVERTER), 50, BYTES_EMPTY);
    bytes tx = rollup_tx(&net, 1, 0, TRY, 50, data);
    set_slot_txs(1, &tx, 1);
    build(NULL, 0);
    assert_true(entry_of(ACTION_RESULT, 0)->input.failed);
    assert_true(rollup_receipt(1, 1).is_success);
    advance();
    assert_wei(network_account(&net, 1, TRY).balance, 50);
    assert_wei(network_account(&net, 0, REVERTER).balance, 0);
    u256 word = network_slot(&net, 1, TRY, U256_ZERO);
    assert_int_equal(word.w[3] >> 32, 0xdeadbeef);
}

static void l1_to_rollup_to_l1_and_back(void **state) {
    (void)state;
    bytes inner = relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 9));
    struct world_tx tx =
        network_tx(&net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, RELAY), 0, inner));
    build(&tx, 1);
    assert_returned(0, 9);
    assert_int_equal(result.batch.entry_count, 3); /* L2TX, CALL, RESULT */
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 9);
    assert_int_equal(network_word(&net, 1, RELAY), 9);
    assert_int_equal(network_word(&net, 0, RELAY), 9);
}

/* L1 → rollup → L1 → the same rollup, which is suspended: an inner frame of its transaction. */
static void a_suspended_rollup_is_called_again(void **state) {
    (void)state;
    bytes innermost = relayed(&net, network_proxy(&net, 1, COUNTER), 0, word_of(&net, 4));
    bytes inner = relayed(&net, rollup_proxy(0, TRY), 0, innermost);
    struct world_tx tx =
        network_tx(&net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, RELAY), 0, inner));
    build(&tx, 1);
    assert_returned(0, 4);
    assert_int_equal(result.batch.entry_count, 4); /* L2TX, CALL, CALL, RESULT */
    assert_false(entry_of(ACTION_CALL, 1)->transitions[0].idle);
    advance();
    assert_int_equal(network_word(&net, 1, COUNTER), 4);
    assert_int_equal(network_word(&net, 0, TRY), 4);
    /* One transaction of the rollup, besides the anchor's. */
    assert_int_equal(open_block_tx_count(&net.rollups[0].open), 2);
}

/* Rollup 1 → L1 → rollup 2 → rollup 1, which is suspended: one entry moves both, and only rollup
 * 2 is still without an update. */
/* Rollup 1 → 2, which looks at 1, which looks at L1, which looks at 2, and that fails: 1 is again
 * where it was when it was looked at, in the middle of an entry, and then 2 has something to undo.
 * Each pass comes there with other gas. */
static void a_failed_look_ends_in_the_middle_of_an_entry(void **state) {
    (void)state;
    bytes from_l1 = viewed(&net, network_proxy(&net, 2, REVERTER), BYTES_EMPTY);
    bytes from_1 = viewed(&net, rollup_proxy(0, VIEW), from_l1);
    bytes from_2 = viewed(&net, rollup_proxy(1, VIEW), from_1);
    bytes tx = rollup_tx(&net, 1, 0, rollup_proxy(2, VIEW), 0, from_2);
    set_slot_txs(1, &tx, 1);
    build(NULL, 0);
    assert_false(rollup_receipt(1, 1).is_success);
    advance();
    assert_int_equal(open_block_tx_count(&net.rollups[1].open), 1); /* the anchor's alone */
}

/* Of two transactions of rollup 1 the first calls 2, and the second in vain: 2 is where the first
 * has left it, which is no head yet. */
static void a_failed_call_returns_to_where_the_same_entry_has_led(void **state) {
    (void)state;
    bytes txs[2] = {
        rollup_tx(
            &net, 1, 0, RELAY, 0, relayed(&net, rollup_proxy(2, COUNTER), 0, word_of(&net, 2))
        ),
        rollup_tx(&net, 1, 1, TRY, 0, relayed(&net, rollup_proxy(2, REVERTER), 0, BYTES_EMPTY)),
    };
    set_slot_txs(1, txs, 2);
    build(NULL, 0);
    assert_true(rollup_receipt(1, 1).is_success);
    assert_true(rollup_receipt(1, 2).is_success);
    advance();
    assert_int_equal(network_word(&net, 2, COUNTER), 2);
}

static void a_suspended_rollup_is_called_by_another(void **state) {
    (void)state;
    bytes last = relayed(&net, rollup_proxy(1, COUNTER), 0, word_of(&net, 3));
    bytes middle = relayed(&net, network_proxy(&net, 2, RELAY), 0, last);
    bytes tx = rollup_tx(&net, 1, 0, RELAY, 0, relayed(&net, rollup_proxy(0, RELAY), 0, middle));
    set_slot_txs(1, &tx, 1);
    build(NULL, 0);
    assert_int_equal(result.batch.update_count, 2);
    assert_int_equal(result.batch.updates[0].rollup_id, 2);
    advance();
    assert_int_equal(network_word(&net, 1, COUNTER), 3);
    assert_int_equal(network_word(&net, 0, RELAY), 3);
    assert_int_equal(network_word(&net, 2, RELAY), 3);
}

static void rollup_to_rollup_and_back(void **state) {
    (void)state;
    u256 first = network_hub_balance(&net, 1);
    u256 second = network_hub_balance(&net, 2);
    bytes tx = rollup_tx(
        &net, 1, 0, RELAY, 40, relayed(&net, rollup_proxy(2, COUNTER), 40, word_of(&net, 6))
    );
    set_slot_txs(1, &tx, 1);
    build(NULL, 0);
    /* Rollup 2 turned out to move: its update goes first. */
    assert_int_equal(result.batch.update_count, 2);
    assert_int_equal(result.batch.updates[0].rollup_id, 2);
    const struct entry *entry = entry_of(ACTION_L2TX, 1);
    assert_int_equal(entry->transition_count, 2);
    assert_int_equal(entry->trace_count, 2);
    assert_int_equal(entry->trace[0].kind, ACTION_CALL);
    assert_int_equal(entry->trace[0].rollup_id, 2);
    assert_int_equal(entry->trace[1].kind, ACTION_RESULT);
    assert_int_equal(entry->trace[1].source_rollup_id, 2);
    assert_wei(entry->transitions[1].ether_delta_wei, 40);
    advance();
    assert_int_equal(network_word(&net, 2, COUNTER), 6);
    assert_int_equal(network_word(&net, 1, RELAY), 6);
    assert_wei(network_account(&net, 2, COUNTER).balance, 40);
    u256 first_after = network_hub_balance(&net, 1);
    u256 second_after = network_hub_balance(&net, 2);
    assert_wei(u256_sub(&first, &first_after), 40);
    assert_wei(u256_sub(&second_after, &second), 40);
}

/* L1 → rollup 1 → rollup 2 → L1, and every result back. */
static void through_all_chains_and_back(void **state) {
    (void)state;
    bytes last = relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 3));
    bytes second = relayed(&net, rollup_proxy(2, RELAY), 0, last);
    struct world_tx tx =
        network_tx(&net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, RELAY), 0, second));
    build(&tx, 1);
    assert_returned(0, 3);
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 3);
    assert_int_equal(network_word(&net, 2, RELAY), 3);
    assert_int_equal(network_word(&net, 1, RELAY), 3);
}

/* A rollup calls, on L1, the proxy of a contract on another rollup: the Hub sees through the
 * caller's proxy, so the call's source is on a rollup; its result belongs to the parent all the
 * same. */
static void a_rollup_goes_through_a_parent_proxy(void **state) {
    (void)state;
    address proxy = network_proxy(&net, 1, COUNTER);
    bytes tx = rollup_tx(&net, 2, 0, L2HUB_PREDEPLOY, 0, create_proxy_call(&net, 0, proxy));
    set_slot_txs(2, &tx, 1);
    build(NULL, 0);
    advance();
    tx =
        rollup_tx(&net, 2, 0, RELAY, 0, relayed(&net, rollup_proxy(0, proxy), 0, word_of(&net, 8)));
    set_slot_txs(2, &tx, 1);
    build(NULL, 0);
    const struct entry *call = entry_of(ACTION_CALL, 0);
    assert_int_equal(call->input.source_rollup_id, 2);
    assert_int_equal(call->transition_count, 1);
    assert_int_equal(call->trace_count, 0);
    assert_true(rollup_receipt(2, 1).is_success);
    advance();
    assert_int_equal(network_word(&net, 1, COUNTER), 8);
    assert_int_equal(network_word(&net, 2, RELAY), 8);
}

/* The address that the test contract keeps in slot 0. */
static void assert_keeps(uint64_t chain, address contract, address expected) {
    u256 word = network_slot(&net, chain, contract, U256_ZERO);
    u256 e = u256_load_be_short(address_bytes(&expected));
    assert_true(u256_equal(&word, &e));
}

/* A rollup's contract calls, on L1, the proxy of a contract of its own rollup. It is called by that
 * contract itself, not by a proxy of it; and ether goes all the way round. */
static void a_call_that_comes_home_is_made_by_the_caller_itself(void **state) {
    (void)state;
    u256 before = network_hub_balance(&net, 1);
    address proxy = network_proxy(&net, 1, ASKER);
    bytes tx = rollup_tx(&net, 1, 0, L2HUB_PREDEPLOY, 0, create_proxy_call(&net, 0, proxy));
    set_slot_txs(1, &tx, 1);
    build(NULL, 0);
    advance();
    tx = rollup_tx(
        &net, 1, 0, RELAY, 30, relayed(&net, rollup_proxy(0, proxy), 30, word_of(&net, 8))
    );
    set_slot_txs(1, &tx, 1);
    build(NULL, 0);
    const struct entry *call = entry_of(ACTION_CALL, 0);
    assert_int_equal(call->input.rollup_id, 1);
    assert_int_equal(call->input.source_rollup_id, 1);
    assert_memory_equal(call->input.source.b, RELAY.b, 20);
    assert_true(rollup_receipt(1, 1).is_success);
    advance();
    assert_keeps(1, ASKER, RELAY);
    assert_wei(network_account(&net, 1, ASKER).balance, 30);
    assert_wei(network_account(&net, 1, RELAY).balance, 0);
    u256 after = network_hub_balance(&net, 1);
    assert_true(u256_equal(&before, &after));
    /* Nothing was put at the address of a proxy that must not be. */
    assert_int_equal(network_code(&net, 1, rollup_proxy(1, RELAY)).size, 0);
}

/* Ether was sent to where a proxy would be, before it was there. Hub.sweep brings it to whom the
 * proxy stands for, as a call of it by itself; where there is none it says so. */
static void ether_at_a_proxy_is_swept_to_its_owner(void **state) {
    (void)state;
    address nobody = {{0x0b, 0x0d}};
    const address owners[2] = {nobody, ASKER};
    u256 before = network_hub_balance(&net, 1);
    struct world_tx txs[3];
    address proxy = network_proxy(&net, 1, nobody);
    txs[0] = network_tx(&net, 0, proxy, 50, BYTES_EMPTY);
    assert_int_equal(network_code(&net, 0, proxy).size, 0);
    for (uint64_t i = 0; i < 2; i++) {
        bytes arguments = join(&net, word_of(&net, 1), address_word(&net, owners[i]));
        bytes sweep = join(&net, selector_of(&net, "sweep(uint64,address)"), arguments);
        txs[1 + i] = network_tx(&net, 1 + i, net.hub, 0, sweep);
    }
    build(txs, 3);
    assert_success(0);
    assert_success(1);
    assert_false(run_of(2)->is_success);
    assert_selector(run_of(2)->output, "NothingToSweep(uint64,address)");
    const struct action *call = &entry_of(ACTION_CALL, 0)->input;
    assert_int_equal(call->source_rollup_id, 1);
    assert_memory_equal(call->source.b, nobody.b, 20);
    assert_memory_equal(call->target.b, nobody.b, 20);
    advance();
    assert_wei(network_account(&net, 1, nobody).balance, 50);
    assert_int_equal(network_code(&net, 1, nobody).size, 0);
    assert_wei(network_account(&net, 0, proxy).balance, 0);
    u256 after = network_hub_balance(&net, 1);
    assert_wei(u256_sub(&after, &before), 50);
}

/* --- blocks that are not on L1 yet ------------------------------------------------------------ */

/* A rollup has blocks that nobody has posted: a call that only looks, or fails, comes after them
 * all the same. */
static void a_look_at_a_rollup_sees_its_newest_block(void **state) {
    (void)state;
    bytes write = rollup_tx(&net, 1, 0, CELL, 0, word_of(&net, 7));
    struct payload_block shown = {
        .timestamp = net.head.timestamp,
        .fee_recipient = net.builder,
        .txs = &write,
        .tx_count = 1,
    };
    net.rollups[0].pending = &shown;
    net.rollups[0].pending_count = 1;
    struct network here = net;
    struct world_tx tx =
        network_tx(&net, 0, VIEW, 0, viewed(&net, network_proxy(&net, 1, CELL), BYTES_EMPTY));
    build(&tx, 1);
    assert_returned(0, 7);
    assert_int_equal(result.batch.update_count, 1);
    advance();
    assert_int_equal(network_word(&net, 1, CELL), 7);

    /* By way of rollup 2, in whose own transaction it is. */
    net = here;
    bytes inner = viewed(&net, rollup_proxy(1, CELL), BYTES_EMPTY);
    bytes look = rollup_tx(&net, 2, 0, RELAY, 0, relayed(&net, VIEW, 0, inner));
    set_slot_txs(2, &look, 1);
    build(NULL, 0);
    assert_int_equal(result.batch.update_count, 2);
    assert_int_equal(result.batch.updates[0].rollup_id, 1);
    advance();
    assert_int_equal(network_word(&net, 2, RELAY), 7);

    /* A block of L1 that does not look leaves them where they are. */
    net = here;
    tx = network_tx(&net, 0, VIEW, 0, viewed(&net, network_proxy(&net, 2, CELL), BYTES_EMPTY));
    build(&tx, 1);
    assert_returned(0, 0);
    assert_int_equal(result.batch.update_count, 0);
}

/* --- what has no entry ------------------------------------------------------------------------ */

static void a_block_without_batch_gives_entry_not_found(void **state) {
    (void)state;
    struct world_tx tx = network_tx(
        &net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, COUNTER), 0, word_of(&net, 5))
    );
    struct world_options options = network_options(&net, &tx, 1);
    options.no_batch = true;
    assert_int_equal(world_build(&result, &options), ERR_OK);
    assert_int_equal(result.status, WORLD_OK);
    assert_false(result.has_batch);
    assert_false(run_of(0)->is_success);
    assert_false(result.block->receipts[0].is_success);
    assert_selector(run_of(0)->output, "EntryNotFound(uint64,bytes32,bytes32)");
    advance();
    assert_int_equal(network_word(&net, 1, COUNTER), 0);
}

static void an_unknown_rollup_gives_entry_not_found(void **state) {
    (void)state;
    /* The Hub has a rollup 3, the world does not. */
    struct world_tx tx = network_tx(
        &net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 3, COUNTER), 0, word_of(&net, 5))
    );
    build(&tx, 1);
    assert_false(run_of(0)->is_success);
    assert_selector(run_of(0)->output, "EntryNotFound(uint64,bytes32,bytes32)");
    assert_true(result.txs[0].had_missing_entry);
    assert_int_equal(result.txs[0].missing.verdict, STEP_ROLLUP_UNKNOWN);
    assert_int_equal(result.txs[0].missing.verdict_rollup, 3);
    advance();

    /* The same by way of rollup 1. */
    bytes inner = relayed(&net, rollup_proxy(3, COUNTER), 0, word_of(&net, 5));
    tx = network_tx(&net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, RELAY), 0, inner));
    build(&tx, 1);
    assert_false(run_of(0)->is_success);
    assert_selector(run_of(0)->output, "EntryNotFound(uint64,bytes32,bytes32)");
    assert_int_equal(result.txs[0].missing.verdict, STEP_ROLLUP_UNKNOWN);
    assert_int_equal(result.txs[0].missing.verdict_rollup, 3);
}

static void a_slot_transaction_without_fact_is_named(void **state) {
    (void)state;
    bytes txs[2] = {
        rollup_tx(&net, 1, 0, COUNTER, 0, word_of(&net, 1)),
        rollup_tx(&net, 1, 5, COUNTER, 0, word_of(&net, 1)),
    };
    set_slot_txs(1, txs, 2);
    struct world_options options = network_options(&net, NULL, 0);
    assert_int_equal(world_build(&result, &options), ERR_OK);
    assert_int_equal(result.status, WORLD_BATCH_REVERTED);
    assert_int_equal(result.reason_rollup, 1);
    assert_int_equal(result.missing.verdict, STEP_TX_INVALID);
    assert_int_equal(result.missing.verdict_tx, TX_NONCE_HIGH);
    assert_int_equal(result.missing.verdict_tx_index, 1);
    assert_selector(result.batch_output, "EntryNotFound(uint64,bytes32,bytes32)");
}

static enum err refuse(
    void *context,
    struct arena *a,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes input
) {
    (void)context, (void)a, (void)proofs, (void)input;
    *proof_count = 0;
    *reason = "not today";
    return ERR_INPUT;
}

static void a_prover_that_refuses_is_quoted(void **state) {
    (void)state;
    struct world_tx tx = network_tx(
        &net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, COUNTER), 0, word_of(&net, 5))
    );
    struct world_options options = network_options(&net, &tx, 1);
    options.prover.prove = refuse;
    assert_int_equal(world_build(&result, &options), ERR_OK);
    assert_int_equal(result.status, WORLD_PROOF_REFUSED);
    assert_string_equal(result.reason, "not today");
}

/* --- simulation ------------------------------------------------------------------------------- */

static void simulation_costs_what_the_real_thing_does(void **state) {
    (void)state;
    bytes data[4];
    bytes inner = relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 9));
    data[0] = relayed(&net, network_proxy(&net, 1, COUNTER), 3, word_of(&net, 5));
    data[1] = relayed(&net, network_proxy(&net, 1, RELAY), 0, inner);
    data[2] = relayed(&net, network_proxy(&net, 1, REVERTER), 3, BYTES_EMPTY);
    data[3] = relayed(&net, network_proxy(&net, 3, COUNTER), 0, word_of(&net, 5));
    for (size_t i = 0; i < 4; i++) {
        struct network before = net;
        struct world_tx tx = network_tx(&net, 0, TRY, 3, data[i]);
        struct world_options options = network_options(&net, &tx, 1);
        options.is_simulation = true;
        assert_int_equal(world_build(&result, &options), ERR_OK);
        assert_int_equal(result.status, WORLD_OK);
        assert_int_equal(net.proof_count, 0);
        struct execution_result simulated = *run_of(0);
        build(&tx, 1);
        assert_int_equal(run_of(0)->gas_used, simulated.gas_used);
        assert_int_equal(run_of(0)->gas_max, simulated.gas_max);
        assert_int_equal(run_of(0)->is_success, simulated.is_success);
        assert_true(bytes_equal(run_of(0)->output, simulated.output));
        net = before;
    }
}

/* --- the rollup's contracts in C and in the EVM ----------------------------------------------- */

static void proxies_are_where_and_what_the_c_code_says(void **state) {
    (void)state;
    /* On L1 the Hub has created them (network_open). */
    for (uint64_t id = 1; id <= 3; id++) {
        bytes code;
        assert_int_equal(proxy_runtime(&code, &arena, &net.hub, id, &COUNTER), ERR_OK);
        bytes deployed = network_code(&net, 0, network_proxy(&net, id, COUNTER));
        assert_true(deployed.size > 0 && bytes_equal(deployed, code));
        assert_true(proxy_is_runtime(deployed, &net.hub));
        assert_false(proxy_is_runtime(deployed, &L2HUB_PREDEPLOY));
    }
    /* On a rollup the L2Hub does. */
    address target = TEST_CONTRACT(0x77);
    bytes tx = rollup_tx(&net, 1, 0, L2HUB_PREDEPLOY, 0, create_proxy_call(&net, 2, target));
    set_slot_txs(1, &tx, 1);
    build(NULL, 0);
    assert_true(rollup_receipt(1, 1).is_success);
    advance();
    bytes code;
    assert_int_equal(proxy_runtime(&code, &arena, &L2HUB_PREDEPLOY, 2, &target), ERR_OK);
    bytes deployed = network_code(&net, 1, rollup_proxy(2, target));
    assert_true(deployed.size > 0 && bytes_equal(deployed, code));
    assert_true(proxy_is_runtime(deployed, &L2HUB_PREDEPLOY));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_call_from_l1_returns_in_its_transaction),
        TEST(several_calls_of_one_block_share_a_batch),
        TEST(ether_moves_with_a_call_and_back),
        TEST(a_callee_that_reverts_is_heard_and_leaves_nothing),
        TEST(a_static_call_answers_and_moves_nothing),
        TEST(a_static_call_across_rollups_sees_their_newest_heads),
        TEST(a_static_call_sees_where_the_others_stand_in_this_pass),
        TEST(a_rollup_transaction_calls_l1),
        TEST(a_rollup_hears_l1_revert),
        TEST(l1_to_rollup_to_l1_and_back),
        TEST(a_suspended_rollup_is_called_again),
        TEST(a_failed_look_ends_in_the_middle_of_an_entry),
        TEST(a_failed_call_returns_to_where_the_same_entry_has_led),
        TEST(a_suspended_rollup_is_called_by_another),
        TEST(rollup_to_rollup_and_back),
        TEST(through_all_chains_and_back),
        TEST(a_rollup_goes_through_a_parent_proxy),
        TEST(ether_at_a_proxy_is_swept_to_its_owner),
        TEST(a_look_at_a_rollup_sees_its_newest_block),
        TEST(a_call_that_comes_home_is_made_by_the_caller_itself),
        TEST(a_block_without_batch_gives_entry_not_found),
        TEST(an_unknown_rollup_gives_entry_not_found),
        TEST(a_slot_transaction_without_fact_is_named),
        TEST(a_prover_that_refuses_is_quoted),
        TEST(simulation_costs_what_the_real_thing_does),
        TEST(proxies_are_where_and_what_the_c_code_says),
    };
    return cmocka_run_group_tests(tests, open_group, close_group);
}
