/* Runs: a batch in parts that need one another no more, and what each of them needs instead
 * (docs/batch-files.md). */
#include "world/test_input.h"
#include "world/test_network.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;
static struct arena scratch;
static struct arena_mark begun_mark;
static struct network begun; /* after L1's first block */
static struct network net;   /* the test's own */
static struct world_result built;
static bytes input; /* without a surplus */
static bytes runs;  /* what the runs need besides */
static struct verify_result truth;

static const struct verify_options STRICT;

/* The input as anybody makes it who has the rollups' states. */
static void make_input(const struct world_options *options) {
    struct test_input parts;
    struct source *sources[NETWORK_ROLLUPS];
    struct source_several several;
    size_t offset;
    for (size_t i = 0; i < NETWORK_ROLLUPS; i++)
        sources[i] = options->rollups[i].base;
    source_several_open(&several, sources, NETWORK_ROLLUPS);
    test_input_open(&parts, &arena, built.input);
    const struct verify_claim claim = {
        .chain_id = NETWORK_CHAIN_ID,
        .hub = net.hub,
        .batch = &parts.batch,
        .contexts = parts.contexts,
        .witness = &parts.witness,
    };
    must(verify_record(&truth, &arena, &STRICT, &claim, &several.source));
    assert_int_equal(truth.verdict, VERIFY_OK);
    must(verify_make_input(&input, &offset, &arena, &claim));
    must(verify_input(&truth, &arena, &STRICT, input));
    assert_string_equal(verify_verdict_name(truth.verdict), "OK");
}

static void build(const struct world_tx *txs, size_t tx_count) {
    struct world_options options = network_options(&net, txs, tx_count);
    struct verify_result result;
    assert_int_equal(world_build(&built, &options), ERR_OK);
    if (built.status != WORLD_OK) print_error("%s\n", built.reason);
    assert_int_equal(built.status, WORLD_OK);
    make_input(&options);
    must(verify_make_runs(&runs, &result, &arena, &scratch, &STRICT, input));
    assert_int_equal(result.verdict, VERIFY_OK);
}

/* A call of L1's user to the COUNTER of a rollup. */
static struct world_tx call(uint64_t nth, uint64_t rollup_id) {
    bytes data = word_of(&net, 1 + nth);
    return network_tx(
        &net, nth, RELAY, 0, relayed(&net, network_proxy(&net, rollup_id, COUNTER), 0, data)
    );
}

/* Three calls of rollup 1 and two of rollup 2. */
static void build_five_calls(void) {
    struct world_tx txs[5];
    const uint64_t rollups[5] = {1, 2, 1, 2, 1};
    for (uint64_t i = 0; i < 5; i++)
        txs[i] = call(i, rollups[i]);
    build(txs, 5);
}

/* Runs are dealt out to jobs, the last first. *run_count may be NULL. */
static struct verify_result
verify_in_runs(size_t *run_count, bytes files_input, bytes files_runs, size_t job_count) {
    struct verify_files *files;
    struct verify_result result;
    struct verify_job *jobs[8];
    assert_true(job_count <= 8);
    must(verify_open(&files, &result, &arena, &STRICT, files_input, files_runs));
    if (result.verdict != VERIFY_OK) return result;
    must(verify_split(files));
    for (size_t i = 0; i < job_count; i++) {
        jobs[i] = verify_job_open(&arena, files);
        assert_non_null(jobs[i]);
    }
    size_t entry_count = 0;
    for (size_t i = verify_run_count(files); i-- > 0;) {
        arena_reset(&scratch);
        must(verify_job_run(jobs[i % job_count], &scratch, i));
        entry_count += verify_run_size(files, i);
    }
    assert_int_equal(entry_count, verify_batch(files)->entry_count);
    must(verify_conclude(&result, files, &arena, jobs, job_count));
    if (run_count != NULL) *run_count = verify_run_count(files);
    return result;
}

static void assert_true_in_runs(bytes files_runs, size_t expected_run_count) {
    for (size_t jobs = 1; jobs <= 8; jobs++) {
        size_t run_count;
        struct verify_result result = verify_in_runs(&run_count, input, files_runs, jobs);
        assert_string_equal(verify_verdict_name(result.verdict), "OK");
        assert_memory_equal(result.output.b, truth.output.b, 32);
        assert_int_equal(run_count, expected_run_count);
    }
}

/* --- tests ------------------------------------------------------------------------------------ */

static void calls_one_after_the_other_are_runs(void **state) {
    (void)state;
    build_five_calls();
    assert_int_equal(built.batch.entry_count, 2 + 5); /* each rollup's L2TX */
    assert_true_in_runs(BYTES_EMPTY, 2);
    assert_true_in_runs(runs, 2 + 5);
}

/* Rollup 1 calls rollup 2 within its call, so that they go together; what comes after does not. */
static void a_call_between_rollups_joins_them(void **state) {
    (void)state;
    bytes to_2 = relayed(&net, rollup_proxy(2, COUNTER), 0, word_of(&net, 7));
    struct world_tx txs[2] = {
        network_tx(&net, 0, RELAY, 0, relayed(&net, network_proxy(&net, 1, RELAY), 0, to_2)),
        call(1, 2),
    };
    build(txs, 2);
    assert_true_in_runs(BYTES_EMPTY, 1);
    assert_true_in_runs(runs, 4);
}

/* A suspended rollup: its answer, its revert and what goes on after it belong to one run. */
static void what_a_revert_names_goes_with_it(void **state) {
    (void)state;
    bytes frame = relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 5));
    bytes data = pair(&net, THROW, frame, rollup_proxy(0, COUNTER), word_of(&net, 1));
    bytes tx = rollup_tx(&net, 1, 0, PAIR, 0, data);
    net.rollups[0].slot_txs = &tx;
    net.rollups[0].slot_tx_count = 1;
    struct world_tx after = call(0, 1);
    build(&after, 1);
    size_t continues = 0;
    for (size_t i = 0; i < built.batch.entry_count; i++)
        continues += built.batch.entries[i].input.kind == ACTION_REVERT_CONTINUE;
    assert_int_equal(continues, 1);
    assert_true_in_runs(BYTES_EMPTY, 1);
    assert_true_in_runs(runs, 2); /* the transaction, and the call from L1 after it */
}

static void one_run_needs_nothing_besides(void **state) {
    (void)state;
    bytes tx = rollup_tx(&net, 1, 0, COUNTER, 0, word_of(&net, 1));
    net.rollups[0].slot_txs = &tx;
    net.rollups[0].slot_tx_count = 1;
    build(NULL, 0);
    assert_int_equal(runs.size, 0);
    assert_true_in_runs(BYTES_EMPTY, 1);
}

static bytes write_runs(const struct witness *witness) {
    uint8_t *out = arena_alloc(&arena, witness_size(witness));
    assert_non_null(out);
    witness_write(out, witness);
    return bytes_of(out, witness_size(witness));
}

static void open_runs(struct witness *witness) {
    enum words_fault fault;
    must(witness_decode(witness, &fault, &arena, runs));
}

static void assert_refused(const struct witness *further, enum verify_verdict verdict) {
    struct verify_result result = verify_in_runs(NULL, input, write_runs(further), 3);
    assert_string_equal(verify_verdict_name(result.verdict), verify_verdict_name(verdict));
}

static void all_that_runs_need_is_needed(void **state) {
    (void)state;
    struct witness w;
    build_five_calls();
    open_runs(&w);
    assert_int_equal(w.head_count, 5);
    assert_int_equal(w.header_count, 0);
    const size_t node_count = w.node_count;
    assert_true(node_count > 5);
    for (size_t i = 0; i < node_count; i++) {
        open_runs(&w);
        memmove(&w.nodes[i], &w.nodes[i + 1], (--w.node_count - i) * sizeof(bytes));
        assert_refused(&w, VERIFY_WITNESS_INCOMPLETE);
    }
    /* Without its head, a run is joined to the one before, and does not read what was there for
     * it. */
    for (size_t i = 0; i < 5; i++) {
        open_runs(&w);
        memmove(&w.heads[i], &w.heads[i + 1], (--w.head_count - i) * sizeof(*w.heads));
        assert_refused(&w, VERIFY_WITNESS_SURPLUS);
    }
}

static void what_runs_do_not_need_is_refused(void **state) {
    (void)state;
    struct witness w;
    struct test_input parts;
    build_five_calls();
    test_input_open(&parts, &arena, input);
    bytes more[64];
    open_runs(&w);
    assert_true(w.node_count < 64);
    memcpy(more, w.nodes, w.node_count * sizeof(bytes));
    more[w.node_count] = bytes_of("node", 4);
    w.nodes = more;
    w.node_count++;
    must(witness_sort(&w, &arena));
    assert_refused(&w, VERIFY_WITNESS_SURPLUS);
    /* The witness itself, whose heads no entry leads to. */
    assert_refused(&parts.witness, VERIFY_WITNESS_SURPLUS);
    /* An open block that is not that of its head. */
    open_runs(&w);
    w.heads[0].open_block = parts.witness.heads[0].open_block;
    assert_refused(&w, VERIFY_OPEN_BLOCK);
}

/* The first entry that is not true, whole and in runs. */
static void the_same_entry_is_refused(void **state) {
    (void)state;
    build_five_calls();
    for (size_t i = 0; i < built.batch.entry_count; i++) {
        struct test_input parts;
        struct verify_result whole;
        test_input_open(&parts, &arena, input);
        parts.batch.entries[i].out.gas++;
        if (i + 2 < built.batch.entry_count) parts.batch.entries[i + 2].out.gas++;
        bytes changed = test_input_make(&parts, &arena);
        must(verify_input(&whole, &arena, &STRICT, changed));
        struct verify_result in_runs = verify_in_runs(NULL, changed, runs, 2);
        assert_int_equal(whole.verdict, VERIFY_ENTRY_OUT);
        assert_int_equal(whole.entry_index, i);
        assert_int_equal(in_runs.verdict, VERIFY_ENTRY_OUT);
        assert_int_equal(in_runs.entry_index, i);
    }
}

static int open_network(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 32);
    arena_open(&scratch, (size_t)1 << 32);
    network_open(&begun, &arena);
    begun_mark = arena_mark(&arena);
    return 0;
}

static int begin(void **state) {
    (void)state;
    arena_release(&arena, begun_mark);
    net = begun;
    return 0;
}

static int close_arenas(void **state) {
    (void)state;
    arena_close(&scratch);
    arena_close(&arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(calls_one_after_the_other_are_runs),
        TEST(a_call_between_rollups_joins_them),
        TEST(what_a_revert_names_goes_with_it),
        TEST(one_run_needs_nothing_besides),
        TEST(all_that_runs_need_is_needed),
        TEST(what_runs_do_not_need_is_refused),
        TEST(the_same_entry_is_refused),
    };
    return cmocka_run_group_tests(tests, open_network, close_arenas);
}
