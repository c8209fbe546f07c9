/* Who follows a block of L1 comes to the rollups' heads, or says what is wrong with it. That it
 * does come to them, each block of this module's other tests shows (network_advance). */
#include "world/test_input.h"
#include "world/test_network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;
static struct arena_mark built_mark;
static struct network net;
static struct world_result built;

/* A test's own: the block's logs as one list, and its transactions. */
#define LOGS_MAX 64
static struct follow_options options;
static struct receipt receipt;
static struct log logs[LOGS_MAX];
static struct tx batch_tx;

/* A transaction on rollup 1 that calls L1; L1 calls rollup 1, which calls rollup 2. */
static int build_block(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 32);
    network_open(&net, &arena);
    bytes slot_tx = rollup_tx(
        &net, 1, 0, RELAY, 0, relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 1))
    );
    net.rollups[0].slot_txs = &slot_tx;
    net.rollups[0].slot_tx_count = 1;
    bytes to_2 = relayed(&net, rollup_proxy(2, COUNTER), 0, word_of(&net, 2));
    struct world_tx tx = network_tx(&net, 0, network_proxy(&net, 1, RELAY), 0, to_2);
    struct world_options world = network_options(&net, &tx, 1);
    if (world_build(&built, &world) != ERR_OK || built.status != WORLD_OK) return 1;
    built_mark = arena_mark(&arena);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

/* The block as built; all logs are given to its first transaction, the batch. */
static int begin(void **state) {
    (void)state;
    arena_release(&arena, built_mark);
    options = network_follow_options(&net, &built);
    receipt = built.block->receipts[0];
    receipt.log_count = 0;
    for (size_t i = 0; i < options.tx_count; i++)
        for (size_t j = 0; j < built.block->receipts[i].log_count; j++)
            logs[receipt.log_count++] = built.block->receipts[i].logs[j];
    receipt.logs = logs;
    batch_tx = built.block->txs[0];
    options.txs = &batch_tx;
    options.receipts = &receipt;
    options.tx_count = 1;
    return 0;
}

static void assert_verdict(enum follow_verdict verdict) {
    struct follow_result result;
    assert_int_equal(follow_block(&result, &options), ERR_OK);
    assert_string_equal(follow_verdict_text(result.verdict), follow_verdict_text(verdict));
}

static bool is_consumption(const struct log *log) {
    const char *signature = "EntryConsumed(uint64,bytes32)";
    const hash32 topic = keccak256(bytes_of(signature, strlen(signature)));
    return hash32_equal(&log->topics[0], &topic);
}

/* Where the index-th EntryConsumed is. */
static size_t consumption(size_t index) {
    for (size_t i = 0; i < receipt.log_count; i++)
        if (is_consumption(&logs[i]) && index-- == 0) return i;
    fail_msg("no such event");
    return 0;
}

static void the_block_as_built_is_followed(void **state) {
    (void)state;
    assert_verdict(FOLLOW_OK);
    assert_null(network_follow(&net, &built));
}

static void the_batch_may_be_in_the_event(void **state) {
    (void)state;
    struct test_input parts;
    for (size_t i = 0; i < receipt.log_count; i++) {
        if (is_consumption(&logs[i]) || logs[i].topic_count != 2) continue;
        bytes head = join(&net, bytes_slice(logs[i].data, 0, 32), word_of(&net, 64));
        test_input_open(&parts, &arena, built.input);
        bytes batch = parts.file.batch;
        bytes tail = join(&net, word_of(&net, batch.size), batch);
        logs[i].data = join(&net, head, tail);
        batch_tx.data = BYTES_EMPTY;
        assert_verdict(FOLLOW_OK);
        return;
    }
    fail_msg("no BatchPosted");
}

static void a_batch_that_cannot_be_read_is_refused(void **state) {
    (void)state;
    batch_tx.data = bytes_slice(batch_tx.data, 0, batch_tx.data.size / 2);
    assert_verdict(FOLLOW_BATCH_MALFORMED);
    batch_tx.data = BYTES_EMPTY;
    assert_verdict(FOLLOW_BATCH_MALFORMED);
}

static void an_entry_that_is_not_true_is_refused(void **state) {
    (void)state;
    struct test_input parts;
    test_input_open(&parts, &arena, built.input);
    parts.batch.entries[1].transitions[0].post.b[0] ^= 1;
    assert_int_equal(
        batch_post_calldata(&batch_tx.data, &arena, &parts.batch, NULL, 0, false), ERR_OK
    );
    assert_verdict(FOLLOW_ENTRY_UNTRUE);
}

static void facts_left_out_or_turned_round_are_refused(void **state) {
    size_t first = consumption(0);
    memmove(&logs[first], &logs[first + 1], (--receipt.log_count - first) * sizeof(*logs));
    assert_verdict(FOLLOW_FACT_ELSEWHERE);

    assert_int_equal(begin(state), 0);
    const struct log log = logs[consumption(0)];
    logs[consumption(0)] = logs[consumption(1)];
    logs[consumption(1)] = log;
    assert_verdict(FOLLOW_FACT_ELSEWHERE);

    assert_int_equal(begin(state), 0);
    logs[consumption(0)].data = flipped(&net, log.data, 31);
    assert_verdict(FOLLOW_FACT_UNKNOWN);
}

/* The block ends after a call has left rollup 1 and before its answer. */
static void a_rollup_left_in_a_call_is_refused(void **state) {
    (void)state;
    size_t last = LOGS_MAX;
    for (size_t i = 0; i < built.batch.entry_count && last == LOGS_MAX; i++) {
        const struct entry *entry = &built.batch.entries[i];
        if (entry->input.kind != ACTION_L2TX || entry->out.kind != ACTION_CALL) continue;
        hash32 hash;
        assert_int_equal(entry_hash(&hash, &arena, entry), ERR_OK);
        for (size_t j = 0; j < receipt.log_count; j++)
            if (is_consumption(&logs[j]) && bytes_equal(logs[j].data, hash32_bytes(&hash)))
                last = j;
    }
    assert_int_not_equal(last, LOGS_MAX);
    receipt.log_count = last + 1;
    assert_verdict(FOLLOW_NOT_IDLE);
}

static enum err no_header(void *context, struct arena *a, bytes *encoded, uint64_t number) {
    (void)context;
    (void)a;
    (void)number;
    *encoded = BYTES_EMPTY;
    return ERR_OK;
}

static void other_beginnings_are_refused(void **state) {
    options.headers.get = no_header;
    assert_verdict(FOLLOW_ANCHOR_UNKNOWN);

    assert_int_equal(begin(state), 0);
    options.rollup_count = 1; /* rollup 1 calls rollup 2, which is not followed */
    assert_verdict(FOLLOW_ENTRY_UNTRUE);

    assert_int_equal(begin(state), 0);
    struct world_rollup rollups[NETWORK_ROLLUPS];
    memcpy(rollups, net.rollups, sizeof(rollups));
    rollups[0].open.commitment.b[0] ^= 1;
    options.rollups = rollups;
    assert_verdict(FOLLOW_FACT_ELSEWHERE);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_block_as_built_is_followed),
        TEST(the_batch_may_be_in_the_event),
        TEST(a_batch_that_cannot_be_read_is_refused),
        TEST(an_entry_that_is_not_true_is_refused),
        TEST(facts_left_out_or_turned_round_are_refused),
        TEST(a_rollup_left_in_a_call_is_refused),
        TEST(other_beginnings_are_refused),
    };
    return cmocka_run_group_tests(tests, build_block, close_arena);
}
