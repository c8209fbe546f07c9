/* Runs: a batch in parts that need one another no more, and what each of them needs instead; and
 * shares, which are some of them (docs/batch-files.md). */
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

/* What runs need besides is no part of the witness: for a batch there is one. Here it has as well a
 * head that an entry leads to, with the nodes that are read to look at that head. */
static void a_head_that_is_led_to_is_not_given(void **state) {
    (void)state;
    static const struct verify_options CONTENT = {.allows_surplus = true};
    struct witness w;
    struct test_input parts;
    struct verify_result result;
    build_five_calls();
    open_runs(&w);
    test_input_open(&parts, &arena, input);
    const struct witness own = parts.witness;
    bytes *nodes = arena_alloc_array(&arena, own.node_count + w.node_count, sizeof(*nodes));
    struct witness_head *heads = arena_alloc_array(&arena, own.head_count + 1, sizeof(*heads));
    CHECK(nodes != NULL && heads != NULL);
    memcpy(heads, own.heads, own.head_count * sizeof(*heads));
    heads[own.head_count] = w.heads[0];
    for (size_t left = w.node_count;; left--) {
        /* All but the one at this place, if it is not needed. */
        size_t count = 0;
        for (size_t i = 0; i < w.node_count; i++)
            if (i + 1 != left) nodes[count++] = w.nodes[i];
        memcpy(nodes + count, own.nodes, own.node_count * sizeof(*nodes));
        parts.witness = own;
        parts.witness.heads = heads;
        parts.witness.head_count++;
        parts.witness.nodes = nodes;
        parts.witness.node_count = own.node_count + count;
        must(witness_sort(&parts.witness, &arena));
        must(verify_input(&result, &arena, &CONTENT, test_input_make(&parts, &arena)));
        if (left == 0) break;
        if (result.verdict != VERIFY_OK) continue;
        memmove(&w.nodes[left - 1], &w.nodes[left], (w.node_count - left) * sizeof(bytes));
        w.node_count--;
    }
    /* Who builds a block may have read more on the way. */
    assert_string_equal(verify_verdict_name(result.verdict), "OK");
    assert_memory_equal(result.output.b, truth.output.b, 32);
    must(verify_input(&result, &arena, &STRICT, test_input_make(&parts, &arena)));
    assert_string_equal(verify_verdict_name(result.verdict), "WITNESS_SURPLUS");
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

/* --- shares ----------------------------------------------------------------------------------- */

static const struct verify_options TAKES_SHARES = {.takes_shares = true};

static bytes make_share(uint64_t first, uint64_t count) {
    bytes share;
    struct verify_result result;
    must(verify_make_share(&share, &result, &arena, &STRICT, input, runs, first, count));
    assert_string_equal(verify_verdict_name(result.verdict), "OK");
    return share;
}

static struct verify_result verify_share(bytes share) {
    struct verify_result result;
    must(verify_input(&result, &arena, &TAKES_SHARES, share));
    return result;
}

static void assert_share_refused(bytes share, enum verify_verdict verdict) {
    struct verify_result result = verify_share(share);
    assert_string_equal(verify_verdict_name(result.verdict), verify_verdict_name(verdict));
}

/* The parts of a share's input. */
struct parts {
    struct share share;
    bytes batch;
    struct witness witness;
};

static void open_share(struct parts *parts, bytes input_of_share) {
    enum words_fault fault;
    bytes rest;
    must(share_decode(&parts->share, &fault, &rest, &arena, input_of_share));
    parts->batch = bytes_slice(rest, 0, (size_t)load_le64(rest.data + 8));
    must(witness_decode(
        &parts->witness, &fault, &arena, bytes_slice(rest, parts->batch.size, SIZE_MAX)
    ));
}

static bytes put_together(struct parts *parts) {
    must(witness_sort(&parts->witness, &arena));
    const size_t before = share_size(&parts->share) + parts->batch.size;
    uint8_t *out = arena_alloc(&arena, before + witness_size(&parts->witness));
    assert_non_null(out);
    share_write(out, &parts->share);
    memcpy(out + share_size(&parts->share), parts->batch.data, parts->batch.size);
    witness_write(out + before, &parts->witness);
    return bytes_of(out, before + witness_size(&parts->witness));
}

/* Any shares into which the runs are dealt out: each states its runs of the same statement. */
static void shares_state_their_runs(void **state) {
    (void)state;
    build_five_calls();
    hash32 split = {{0}};
    for (uint64_t first = 0; first < 7; first++) {
        for (uint64_t count = 1; first + count <= 7; count++) {
            bytes share = make_share(first, count);
            struct verify_result result = verify_share(share);
            assert_string_equal(verify_verdict_name(result.verdict), "OK");
            assert_int_equal(result.share.first, first);
            assert_int_equal(result.share.count, count);
            assert_int_equal(result.share.total, 7);
            if (hash32_is_zero(&split)) split = result.share.split;
            assert_memory_equal(result.share.split.b, split.b, 32);
            assert_memory_equal(result.public_input.b, truth.public_input.b, 32);
            assert_int_equal(result.rollup_id_count, 2);
            hash32 output;
            must(verify_output(
                &output, &arena, truth.rollup_ids, 2, &truth.public_input, &result.share
            ));
            assert_memory_equal(result.output.b, output.b, 32);
            assert_memory_not_equal(result.output.b, truth.output.b, 32);
        }
    }
    /* Cut at fewer heads it is another split. */
    runs = BYTES_EMPTY;
    struct verify_result coarse = verify_share(make_share(1, 1));
    assert_int_equal(coarse.share.total, 2);
    assert_memory_not_equal(coarse.share.split.b, split.b, 32);
}

static void there_are_no_more_runs(void **state) {
    (void)state;
    bytes share;
    struct verify_result result;
    build_five_calls();
    const uint64_t wrong[][2] = {{0, 0}, {7, 1}, {0, 8}, {1, UINT64_MAX}, {UINT64_MAX, 1}};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(
            verify_make_share(
                &share, &result, &arena, &STRICT, input, runs, wrong[i][0], wrong[i][1]
            ),
            ERR_LIMIT
        );
}

/* Who wants a whole batch does not take a share of one. */
static void a_share_is_no_batch(void **state) {
    (void)state;
    struct verify_result result;
    build_five_calls();
    must(verify_input(&result, &arena, &STRICT, make_share(0, 7)));
    assert_int_equal(result.verdict, VERIFY_BATCH_FILE);
    assert_int_equal(result.fault, WORDS_MAGIC);
    result = verify_share(input);
    assert_int_equal(result.verdict, VERIFY_OK);
    assert_int_equal(result.share.total, 0);
}

static void a_share_is_of_its_batch(void **state) {
    (void)state;
    struct parts p;
    build_five_calls();
    bytes share = make_share(3, 1);
    assert_share_refused(bytes_slice(share, 0, 40), VERIFY_SHARE_FILE);
    open_share(&p, share);
    p.share.total = 8;
    assert_share_refused(put_together(&p), VERIFY_SHARE_RUNS);
    /* Another run of it needs other heads, and some need an anchor. */
    size_t anchored = 0;
    for (uint64_t first = 0; first < 7; first++) {
        if (first == 3) continue;
        open_share(&p, share);
        p.share.first = first;
        struct verify_result result = verify_share(put_together(&p));
        if (result.verdict == VERIFY_ANCHOR_MISSING)
            anchored++;
        else
            assert_int_equal(result.verdict, VERIFY_ENTRY_NO_FACT);
    }
    assert_int_equal(anchored, 2);
    open_share(&p, share);
    p.share.count = 2;
    assert_share_refused(put_together(&p), VERIFY_ENTRY_NO_FACT);
    /* With a head fewer, two runs are one; or a run has no beginning, which is its own affair: then
     * there is another split, whose shares this one is no help to. */
    const struct verify_result before = verify_share(share);
    size_t other_splits = 0;
    for (size_t i = 0; i < 7; i++) {
        open_share(&p, share);
        memmove(
            &p.share.heads[i],
            &p.share.heads[i + 1],
            (--p.share.head_count - i) * sizeof(*p.share.heads)
        );
        struct verify_result result = verify_share(put_together(&p));
        if (result.verdict == VERIFY_OK) {
            assert_memory_not_equal(result.share.split.b, before.share.split.b, 32);
            assert_memory_not_equal(result.output.b, before.output.b, 32);
            other_splits++;
        } else if (result.verdict != VERIFY_WITNESS_SURPLUS) {
            assert_int_equal(result.verdict, VERIFY_SHARE_RUNS);
        }
    }
    assert_int_equal(other_splits, 2); /* where the rollups began */
    /* At a head that there is not, no entry begins; and the share's own must be among them. */
    for (size_t i = 0; i < 7; i++) {
        open_share(&p, share);
        const bool is_own =
            hash32_equal(&p.share.heads[i].head, &p.witness.heads[0].head); /* it has one */
        assert_int_equal(p.witness.head_count, 1);
        p.share.heads[i].head.b[31] ^= 1; /* as they differ before, they are in order */
        assert_share_refused(put_together(&p), is_own ? VERIFY_WITNESS_SURPLUS : VERIFY_SHARE_HEAD);
    }
}

static void a_share_has_its_own_witness(void **state) {
    (void)state;
    struct parts p;
    struct parts other;
    build_five_calls();
    bytes share = make_share(3, 1);
    open_share(&p, share);
    assert_true(bytes_equal(put_together(&p), share));
    assert_int_equal(p.witness.head_count, 1);
    assert_int_equal(p.witness.header_count, 0); /* a call from L1 opens no update */
    const size_t node_count = p.witness.node_count;
    for (size_t i = 0; i < node_count; i++) {
        open_share(&p, share);
        memmove(
            &p.witness.nodes[i],
            &p.witness.nodes[i + 1],
            (--p.witness.node_count - i) * sizeof(bytes)
        );
        assert_share_refused(put_together(&p), VERIFY_WITNESS_INCOMPLETE);
    }
    /* Nor has it what another one needs. */
    open_share(&p, share);
    open_share(&other, make_share(0, 1));
    assert_int_equal(other.witness.header_count, 1); /* of its update's anchor */
    p.witness.headers = other.witness.headers;
    p.witness.header_count = 1;
    assert_share_refused(put_together(&p), VERIFY_WITNESS_SURPLUS);
    open_share(&p, share);
    struct witness_head heads[2] = {p.witness.heads[0], other.witness.heads[0]};
    p.witness.heads = heads;
    p.witness.head_count = 2;
    assert_share_refused(put_together(&p), VERIFY_WITNESS_SURPLUS);
    /* The first one without its anchor. */
    other.witness.header_count = 0;
    assert_share_refused(put_together(&other), VERIFY_ANCHOR_MISSING);
}

/* A share vouches for its own entries only; the one whose entry it is refuses. */
static void who_has_the_entry_refuses_it(void **state) {
    (void)state;
    build_five_calls();
    struct parts shares[7];
    for (uint64_t i = 0; i < 7; i++)
        open_share(&shares[i], make_share(i, 1));
    for (size_t entry = 0; entry < built.batch.entry_count; entry++) {
        struct test_input parts;
        test_input_open(&parts, &arena, input);
        parts.batch.entries[entry].out.gas++;
        bytes changed = test_input_make(&parts, &arena);
        size_t refused = 0;
        for (uint64_t i = 0; i < 7; i++) {
            shares[i].batch = bytes_slice(changed, 0, (size_t)load_le64(changed.data + 8));
            struct verify_result result = verify_share(put_together(&shares[i]));
            if (result.verdict == VERIFY_OK) continue;
            assert_int_equal(result.verdict, VERIFY_ENTRY_OUT);
            assert_int_equal(result.entry_index, entry);
            refused++;
        }
        assert_int_equal(refused, 1);
    }
}

/* A share covers what the batch's statement does, also what it has no head of itself. */
static void a_share_covers_the_whole_statement(void **state) {
    (void)state;
    struct test_input parts;
    struct parts p;
    build_five_calls();
    open_share(&p, make_share(6, 1));
    test_input_open(&parts, &arena, input);
    const uint64_t ids[] = {1, 2, 9};
    parts.file.rollup_ids = ids;
    parts.file.rollup_id_count = 3;
    uint8_t *out = arena_alloc(&arena, batch_file_size(&parts.file));
    assert_non_null(out);
    batch_file_write(out, &parts.file);
    p.batch = bytes_of(out, batch_file_size(&parts.file));
    assert_share_refused(put_together(&p), VERIFY_NOT_COVERED);
    parts.file.rollup_id_count = 1;
    batch_file_write(out, &parts.file);
    p.batch = bytes_of(out, batch_file_size(&parts.file));
    assert_share_refused(put_together(&p), VERIFY_OK);
}

static void little_memory_gives_err_memory(void **state) {
    (void)state;
    build_five_calls();
    bytes share = make_share(2, 2);
    enum err err = ERR_MEMORY;
    for (size_t size = 4096; err == ERR_MEMORY; size += size / 64) {
        struct arena small;
        struct verify_result result;
        arena_open(&small, size);
        err = verify_input(&result, &small, &TAKES_SHARES, share);
        if (err == ERR_OK) assert_int_equal(result.verdict, VERIFY_OK);
        arena_close(&small);
    }
    assert_int_equal(err, ERR_OK);
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
        TEST(a_head_that_is_led_to_is_not_given),
        TEST(the_same_entry_is_refused),
        TEST(shares_state_their_runs),
        TEST(there_are_no_more_runs),
        TEST(a_share_is_no_batch),
        TEST(a_share_is_of_its_batch),
        TEST(a_share_has_its_own_witness),
        TEST(who_has_the_entry_refuses_it),
        TEST(a_share_covers_the_whole_statement),
        TEST(little_memory_gives_err_memory),
    };
    return cmocka_run_group_tests(tests, open_network, close_arenas);
}
