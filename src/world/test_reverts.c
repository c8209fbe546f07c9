/* Frames of a rollup that revert after calls (protocol.md section 4): which entries come of them,
 * and that no others are true. The shapes are those of the design's worked examples. */
#include "world/test_group.h"
#include "world/test_input.h"

#include <stdio.h>
#include <stdlib.h>

/* --- what the tests say ----------------------------------------------------------------------- */

/* The user's transaction on rollup 1, in its slot block. */
static void build_from_rollup(address to, uint64_t wei, bytes data) {
    static bytes tx;
    tx = rollup_tx(&net, 1, 0, to, wei, data);
    net.rollups[0].slot_txs = &tx;
    net.rollups[0].slot_tx_count = 1;
    build(NULL, 0);
}

/* The block becomes the chain's newest, and the Hub's heads are the rollups'. */
static void advance(void) {
    network_advance(&net, &result);
    for (uint64_t id = 1; id <= NETWORK_ROLLUPS; id++) {
        hash32 head = network_hub_head(&net, id);
        assert_memory_equal(head.b, net.rollups[id - 1].head.b, 32);
    }
}

/* An entry as "input rollup>out", with ◇ for its scope: "L2TX 1>CALL", "RESULT 1>REVERT". */
static const char *shape_of(const struct entry *entry) {
    char *text = arena_alloc(&arena, 64);
    assert_non_null(text);
    (void)snprintf(
        text,
        64,
        "%s %u>%s%s",
        action_kind_name(entry->input.kind),
        (unsigned)entry->input.rollup_id,
        action_kind_name(entry->out.kind),
        entry->scope ? " scope" : ""
    );
    return text;
}

static void assert_shapes(const char *const *shapes, size_t count) {
    for (size_t i = 0; i < count && i < result.batch.entry_count; i++)
        assert_string_equal(shape_of(&result.batch.entries[i]), shapes[i]);
    assert_int_equal(result.batch.entry_count, count);
}
#define ASSERT_SHAPES(...)                                         \
    do {                                                           \
        const char *const shapes[] = {__VA_ARGS__};                \
        assert_shapes(shapes, sizeof(shapes) / sizeof(shapes[0])); \
    } while (0)

static const struct transition *move(size_t entry, uint64_t rollup_id) {
    const struct transition *t = entry_transition_of(&result.batch.entries[entry], rollup_id);
    assert_non_null(t);
    return t;
}

static void assert_head(const hash32 *a, const hash32 *b) {
    assert_memory_equal(a->b, b->b, 32);
}

/* A call of a COUNTER through a proxy, as something to do. */
static bytes one(void) {
    return word_of(&net, 1);
}

/* --- one rollup ------------------------------------------------------------------------------- */

/* try { THROW: L1.x } catch; L1.y */
static void a_frame_is_undone_and_the_transaction_goes_on(void **state) {
    (void)state;
    bytes frame = relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 5));
    build_from_rollup(PAIR, 0, pair(&net, THROW, frame, rollup_proxy(0, COUNTER), one()));
    ASSERT_SHAPES(
        "L2TX 1>CALL scope", "RESULT 1>REVERT", "REVERT_CONTINUE 1>CALL", "RESULT 1>RESULT"
    );
    assert_head(&move(1, 1)->pre, &move(0, 1)->post);
    assert_memory_equal(result.batch.entries[1].out.data.data, move(0, 1)->pre.b, 32);
    assert_head(&move(2, 1)->pre, &move(0, 1)->pre);
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 1);
}

static void frames_revert_twice_in_a_row(void **state) {
    (void)state;
    bytes frame = relayed(&net, rollup_proxy(0, COUNTER), 0, one());
    build_from_rollup(PAIR, 0, pair(&net, THROW, frame, THROW, frame));
    ASSERT_SHAPES(
        "L2TX 1>CALL scope",
        "RESULT 1>REVERT",
        "REVERT_CONTINUE 1>CALL scope",
        "RESULT 1>REVERT",
        "REVERT_CONTINUE 1>RESULT"
    );
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 0);
}

/* An XCALL that cannot pay for the answer fails after L1 has acted: L1's part is undone. With each
 * gas limit, both chains have counted or neither has; and one of them is such a case. */
static void a_call_that_cannot_pay_for_its_answer_is_undone(void **state) {
    (void)state;
    bool was_undone = false;
    for (uint64_t gas = 60000; gas < 200000; gas += 200) {
        arena_release(&arena, begun_mark);
        net = begun;
        bytes data = relayed(&net, rollup_proxy(0, COUNTER), 0, one());
        struct tx *tx = arena_alloc(&arena, sizeof(*tx));
        assert_non_null(tx);
        *tx = *network_sign(&net, NETWORK_CHAIN_ID + 1, &USER_KEY, 0, RELAY, 0, data);
        tx->gas_limit = gas;
        assert_int_equal(tx_sign(tx, &arena, &USER_KEY), ERR_OK);
        bytes encoded;
        assert_int_equal(tx_encode(&encoded, &arena, tx), ERR_OK);
        net.rollups[0].slot_txs = &encoded;
        net.rollups[0].slot_tx_count = 1;
        build(NULL, 0);
        for (size_t i = 0; i < result.batch.entry_count; i++)
            was_undone |= result.batch.entries[i].out.kind == ACTION_REVERT;
        advance();
        assert_int_equal(network_word(&net, 0, COUNTER), network_word(&net, 1, RELAY));
    }
    assert_true(was_undone);
}

/* Example 6: THROW { THROW { L1.x } }; L1.y. The outer frame's first call is the undone one. */
static void frames_one_in_the_other(void **state) {
    (void)state;
    bytes inner = relayed(&net, rollup_proxy(0, COUNTER), 0, one());
    bytes outer = relayed(&net, THROW, 0, inner);
    build_from_rollup(PAIR, 0, pair(&net, THROW, outer, rollup_proxy(0, COUNTER), one()));
    ASSERT_SHAPES(
        "L2TX 1>CALL scope",
        "RESULT 1>REVERT",
        "REVERT_CONTINUE 1>REVERT scope",
        "REVERT_CONTINUE 1>CALL",
        "RESULT 1>RESULT"
    );
    for (size_t i = 0; i < 4; i += i == 0 ? 2 : 1)
        assert_head(&move(i, 1)->pre, &move(0, 1)->pre);
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 1);
}

/* Example 6, the second: THROW { PAIR { L1.w, THROW { L1.x } } }: scopes at two heads. */
static void frames_with_calls_of_their_own(void **state) {
    (void)state;
    bytes inner = relayed(&net, rollup_proxy(0, COUNTER), 0, one());
    bytes list = pair(&net, rollup_proxy(0, CELL), one(), THROW, inner);
    build_from_rollup(THROW, 0, relayed(&net, PAIR, 0, list));
    ASSERT_SHAPES(
        "L2TX 1>CALL scope",
        "RESULT 1>CALL scope",
        "RESULT 1>REVERT",
        "REVERT_CONTINUE 1>REVERT",
        "REVERT_CONTINUE 1>RESULT"
    );
    assert_memory_equal(result.batch.entries[2].out.data.data, move(1, 1)->pre.b, 32);
    assert_memory_equal(result.batch.entries[3].out.data.data, move(0, 1)->pre.b, 32);
    assert_head(&move(4, 1)->pre, &move(0, 1)->pre);
    advance();
    assert_int_equal(network_word(&net, 0, CELL), 0);
    assert_int_equal(network_word(&net, 0, COUNTER), 0);
}

/* --- several rollups -------------------------------------------------------------------------- */

/* Example 5: the frame called rollup 2, then L1 with ether. */
static void what_it_did_on_another_rollup_is_undone(void **state) {
    (void)state;
    bytes list =
        pair(&net, rollup_proxy(2, COUNTER), word_of(&net, 3), rollup_proxy(0, COUNTER), one());
    bytes frame = relayed(&net, PAIR, 0, list);
    build_from_rollup(PAIR, 0, pair(&net, THROW, frame, rollup_proxy(0, COUNTER), one()));
    ASSERT_SHAPES(
        "L2TX 2>RESULT",
        "L2TX 1>CALL scope",
        "RESULT 1>REVERT",
        "REVERT_CONTINUE 1>CALL",
        "RESULT 1>RESULT"
    );
    assert_int_equal(result.batch.entries[1].transition_count, 2);
    assert_int_equal(result.batch.entries[1].trace_count, 2);
    assert_int_equal(result.batch.entries[3].transition_count, 1);
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 1);
    assert_int_equal(network_word(&net, 2, COUNTER), 0);
}

/* Example 5a: L1 ▸ rollup 1 ▸ rollup 2, where the frame is. */
static void the_frame_is_on_another_rollup_than_the_input(void **state) {
    (void)state;
    bytes frame = relayed(&net, rollup_proxy(0, COUNTER), 0, one());
    bytes g = relayed(&net, THROW, 0, frame);
    bytes f = relayed(&net, rollup_proxy(2, TRY), 0, g);
    bytes to_1 = relayed(&net, network_proxy(&net, 1, RELAY), 5, f);
    struct world_tx tx = network_tx(&net, 0, RELAY, 5, to_1);
    build(&tx, 1);
    ASSERT_SHAPES(
        "L2TX 1>RESULT",
        "L2TX 2>RESULT",
        "CALL 1>CALL scope",
        "RESULT 2>REVERT",
        "REVERT_CONTINUE 1>RESULT"
    );
    assert_int_equal(result.batch.entries[3].out.rollup_id, 2);
    assert_memory_equal(result.batch.entries[3].out.data.data, move(2, 2)->pre.b, 32);
    assert_int_equal(result.batch.entries[4].trace_count, 2);
    u256 five = u256_from_u64(5);
    assert_true(u256_equal(&move(4, 1)->ether_delta_wei, &five));
    assert_true(result.block->receipts[result.txs[0].index].is_success);
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 0);
}

/* A frame that called rollups only: a line of the trace takes them back. */
static void calls_of_rollups_alone_are_undone_within_the_entry(void **state) {
    (void)state;
    bytes frame = relayed(&net, rollup_proxy(2, COUNTER), 0, word_of(&net, 3));
    build_from_rollup(PAIR, 0, pair(&net, THROW, frame, rollup_proxy(2, COUNTER), one()));
    ASSERT_SHAPES("L2TX 2>RESULT", "L2TX 1>RESULT");
    const struct entry *entry = &result.batch.entries[1];
    assert_int_equal(entry->trace_count, 5);
    assert_int_equal(entry->trace[2].kind, ACTION_REVERT);
    assert_int_equal(entry->trace[2].rollup_id, 1);
    assert_true(bytes_equal(entry->trace[2].data, word_of(&net, 0)));
    advance();
    assert_int_equal(network_word(&net, 2, COUNTER), 1);
}

/* --- what is refused -------------------------------------------------------------------------- */

static struct test_input mine; /* a copy, to be changed */
static struct verify_result got;

static void assert_refused(enum verify_verdict verdict, enum step_verdict step, size_t entry) {
    const struct verify_options lax = {.allows_surplus = true};
    bytes input = test_input_make(&mine, &arena);
    assert_int_equal(verify_input(&got, &arena, &lax, input), ERR_OK);
    assert_string_equal(verify_verdict_name(got.verdict), verify_verdict_name(verdict));
    assert_int_equal(got.entry_index, entry);
    if (verdict == VERIFY_ENTRY_NO_FACT)
        assert_string_equal(step_verdict_name(got.step), step_verdict_name(step));
    test_input_open(&mine, &arena, result.input);
}

/* 2.TRY: 1.RELAY: 1.REVERTER, in vain; then try { THROW: L1.x } catch; L1.y. The frame to fail is
 * not one of those that the call back has entered. */
static void a_frame_after_a_failed_call_back_is_known(void **state) {
    (void)state;
    bytes back = relayed(&net, rollup_proxy(1, RELAY), 0, relayed(&net, REVERTER, 0, BYTES_EMPTY));
    bytes frame = relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 5));
    bytes then = pair(&net, THROW, frame, rollup_proxy(0, COUNTER), one());
    build_from_rollup(PAIR, 0, pair(&net, rollup_proxy(2, TRY), back, PAIR, then));
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 1);
    const u256 word = network_slot(&net, 2, TRY, U256_ZERO);
    assert_int_equal(word.w[3] >> 32, 0xdeadbeef);
}

static void a_continuation_of_what_was_not_reverted_is_refused(void **state) {
    (void)state;
    bytes frame = relayed(&net, rollup_proxy(0, COUNTER), 0, one());
    build_from_rollup(PAIR, 0, pair(&net, THROW, frame, rollup_proxy(0, COUNTER), one()));
    test_input_open(&mine, &arena, result.input);
    const enum { CALLS, REVERTS, CONTINUES, ENDS } at = CONTINUES;
    struct entry *entry = &mine.batch.entries[at];

    entry->input.data = flipped(&net, entry->input.data, 0); /* another input than the one undone */
    assert_refused(VERIFY_ENTRY_NO_FACT, STEP_NOT_DEFINED, at);
    entry = &mine.batch.entries[at];
    entry->input.data = flipped(&net, entry->input.data, 63); /* a head that is not known */
    assert_refused(VERIFY_ENTRY_NO_FACT, STEP_NOT_DEFINED, at);
    entry = &mine.batch.entries[at]; /* a head that is known, but not after a REVERT */
    entry->input.data = join(
        &net,
        bytes_slice(entry->input.data, 0, 32),
        hash32_bytes(&mine.batch.entries[CALLS].transitions[0].post)
    );
    assert_refused(VERIFY_ENTRY_NO_FACT, STEP_NOT_DEFINED, at);
    entry = &mine.batch.entries[at];
    entry->input.data = bytes_slice(entry->input.data, 0, 63);
    assert_refused(VERIFY_ENTRY_NO_FACT, STEP_NOT_DEFINED, at);
    entry = &mine.batch.entries[at]; /* at another head than the undone input's */
    entry->transitions[0].pre = mine.batch.entries[CALLS].transitions[0].post;
    assert_refused(VERIFY_ENTRY_NO_FACT, STEP_NOT_DEFINED, at);
    entry = &mine.batch.entries[at]; /* nothing is defined after a REVERT */
    entry->transitions[0].pre = mine.batch.entries[REVERTS].transitions[0].post;
    entry->input = mine.batch.entries[ENDS].input;
    assert_refused(VERIFY_ENTRY_NO_FACT, STEP_NOT_DEFINED, at);

    entry = &mine.batch.entries[REVERTS];
    entry->out.data = flipped(&net, entry->out.data, 31); /* undo more, or less */
    assert_refused(VERIFY_ENTRY_OUT, STEP_OK, REVERTS);
    mine.batch.entries[REVERTS] = mine.batch.entries[CONTINUES]; /* the REVERT is not shown */
    assert_refused(VERIFY_ENTRY_NO_FACT, STEP_NOT_DEFINED, REVERTS);
}

/* What was said up to the frame that reverted has to be said again: a rollup that answers otherwise
 * at another head is not the one that was asked. */
static void a_continuation_with_other_answers_is_refused(void **state) {
    (void)state;
    bytes adds_five = rollup_tx(&net, 2, 0, COUNTER, 0, word_of(&net, 5));
    net.rollups[1].slot_txs = &adds_five;
    net.rollups[1].slot_tx_count = 1;
    bytes frame = relayed(&net, rollup_proxy(0, COUNTER), 0, one());
    build_from_rollup(PAIR, 0, pair(&net, rollup_proxy(2, COUNTER), one(), THROW, frame));
    test_input_open(&mine, &arena, result.input);
    ASSERT_SHAPES(
        "L2TX 2>RESULT", "L2TX 1>CALL scope", "RESULT 1>REVERT", "REVERT_CONTINUE 1>RESULT"
    );
    assert_int_equal(mine.batch.entries[3].transition_count, 2);
    /* Rollup 2 as it was before its L2TX: it would say 1, not 6. */
    mine.batch.entries[3].transitions[1].pre = mine.batch.entries[0].transitions[0].pre;
    assert_refused(VERIFY_ENTRY_NO_FACT, STEP_NOT_DEFINED, 3);
    advance();
    assert_int_equal(network_word(&net, 2, COUNTER), 6);
}

/* A suspended head says nothing of where other rollups stood: one REVERT undoes two entries that
 * differ in that alone. L1 ▸ 1 ▸ 2 ▸ L1, where 2's frame reverts, twice, with a step of 1
 * between. */
static void one_revert_undoes_entries_from_several_heads(void **state) {
    (void)state;
    bytes frame = relayed(&net, rollup_proxy(0, COUNTER), 0, one());
    bytes in_2 = relayed(&net, THROW, 0, frame);
    bytes in_1 = relayed(&net, rollup_proxy(2, TRY), 0, in_2);
    bytes to_1 = relayed(&net, network_proxy(&net, 1, TRY), 0, in_1);
    struct world_tx txs[3];
    txs[0] = network_tx(&net, 0, RELAY, 0, to_1);
    txs[1] = network_tx(&net, 1, network_proxy(&net, 1, COUNTER), 0, one());
    txs[2] = network_tx(&net, 2, RELAY, 0, to_1);
    build(txs, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(result.block->receipts[result.txs[i].index].is_success);
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 0);
    assert_int_equal(network_word(&net, 1, COUNTER), 1);
}

/* --- running ---------------------------------------------------------------------------------- */

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_frame_is_undone_and_the_transaction_goes_on),
        TEST(frames_revert_twice_in_a_row),
        TEST(a_call_that_cannot_pay_for_its_answer_is_undone),
        TEST(frames_one_in_the_other),
        TEST(frames_with_calls_of_their_own),
        TEST(what_it_did_on_another_rollup_is_undone),
        TEST(the_frame_is_on_another_rollup_than_the_input),
        TEST(calls_of_rollups_alone_are_undone_within_the_entry),
        TEST(a_frame_after_a_failed_call_back_is_known),
        TEST(a_continuation_of_what_was_not_reverted_is_refused),
        TEST(a_continuation_with_other_answers_is_refused),
        TEST(one_revert_undoes_entries_from_several_heads),
    };
    return cmocka_run_group_tests(tests, open_group, close_group);
}
