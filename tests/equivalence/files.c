#include "files.h"

#include "outcomes.h"
#include "worlds.h"

#include "core/check.h"
#include "core/hex.h"
#include "crypto/keccak.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_SHOWN 10
#define ROLLUPS_MAX    16

struct checker {
    struct arena *arena;
    struct arena scratch; /* of one verification */
    uint64_t seed;
    uint64_t random;
    uint64_t flips;              /* of each batch */
    struct source *top_base;     /* the state of the graph's L1; */
    struct source *parent_base;  /* of the batch's parent */
    struct outcome_lists *lists; /* for other machines; NULL: for none */
    const char *suffix;          /* of a batch's name */
    size_t passed, failed;
    size_t newest_run_count; /* of the input that was verified last */
    size_t run_count, entry_count, share_count, flipped, left_out;
    uint64_t batch_size, witness_size, runs_size, share_size; /* sums */
};

/* A batch and what is true of it. */
struct files {
    bytes input;
    size_t witness_offset;
    bytes runs;
    struct verify_result truth;
};

static void must(enum err err) {
    if (err == ERR_OK) return;
    fprintf(stderr, "equivalence: %s\n", err_text(err));
    exit(1);
}

static bool complain(const struct checker *c, const char *what) {
    if (c->failed < FAILURES_SHOWN) printf("seed %" PRIu64 "%s: %s\n", c->seed, c->suffix, what);
    return false;
}

/* xorshift64*, Vigna 2016. */
static uint64_t random_below(struct checker *c, uint64_t bound) {
    c->random ^= c->random >> 12;
    c->random ^= c->random << 25;
    c->random ^= c->random >> 27;
    return (c->random * 0x2545f4914f6cdd1du) % bound;
}

/* --- verifying -------------------------------------------------------------------------------- */

static struct verify_result verify_whole(struct checker *c, bytes input) {
    const struct verify_options strict = {0};
    struct verify_result result;
    arena_reset(&c->scratch);
    must(verify_input(&result, &c->scratch, &strict, input));
    return result;
}

/* Each run alone. */
static struct verify_result verify_in_runs(struct checker *c, bytes input, bytes runs) {
    const struct verify_options strict = {0};
    struct arena_mark mark = arena_mark(c->arena);
    struct verify_result result;
    struct verify_files *files;
    must(verify_open(&files, &result, c->arena, &strict, input, runs));
    if (result.verdict == VERIFY_OK) {
        must(verify_split(files));
        struct verify_job *job = verify_job_open(c->arena, files);
        CHECK(job != NULL);
        /* From the last to the first: none needs another. */
        for (size_t i = verify_run_count(files); i-- > 0;) {
            arena_reset(&c->scratch);
            must(verify_job_run(job, &c->scratch, i));
        }
        must(verify_conclude(&result, files, c->arena, &job, 1));
        c->newest_run_count = verify_run_count(files);
    }
    arena_release(c->arena, mark);
    return result;
}

/* An entry that is not true may read what is at hand for one machine that goes through the whole
 * batch, and not for the entry's run alone; with other heads, there may be other runs than those
 * that the witness was made for. */
static bool is_same_refusal(const struct verify_result *whole, const struct verify_result *parts) {
    if (parts->verdict == VERIFY_WITNESS_INCOMPLETE) return true;
    if (whole->entry_index != parts->entry_index) return false;
    return whole->verdict == parts->verdict && whole->fault == parts->fault &&
           whole->step == parts->step && whole->rollup_id == parts->rollup_id;
}

static bool is_true(const struct files *files, const struct verify_result *result) {
    return result->verdict == VERIFY_OK && hash32_equal(&result->output, &files->truth.output);
}

/* --- the same files from elsewhere ------------------------------------------------------------ */

/* Headers that rollups read, out of a list; they go by their hashes. */
static enum err find_header(
    void *context, struct arena *arena, bytes *encoded, uint64_t number, const hash32 *hash
) {
    const struct witness *all = context;
    (void)arena;
    (void)number;
    for (size_t i = 0; i < all->header_count; i++) {
        const hash32 found = keccak256(all->headers[i]);
        if (!hash32_equal(&found, hash)) continue;
        *encoded = all->headers[i];
        return ERR_OK;
    }
    return ERR_MISSING;
}

/* The updates' anchors. */
static void
list_anchors(struct witness *witness, struct arena *arena, struct witness *all, bytes input) {
    struct batch_file file;
    enum words_fault fault;
    bytes rest;
    must(batch_file_decode(&file, &fault, &rest, arena, input));
    witness->headers = arena_alloc_array(arena, file.update_count, sizeof(bytes));
    CHECK(witness->headers != NULL);
    for (size_t i = 0; i < file.update_count; i++) {
        bytes *header = &witness->headers[witness->header_count++];
        must(find_header(all, arena, header, 0, &file.contexts[i].anchor_hash));
    }
}

/* What anybody says of the batch who has the states of the rollups and of their parents before it;
 * headers are those of the builder. */
static bytes make_from_state(
    struct checker *c, size_t *witness_offset, const struct world_options *options, bytes input
) {
    struct arena *arena = c->arena;
    const struct verify_options strict = {0};
    struct source *sources[ROLLUPS_MAX + 2];
    struct source_several several;
    struct batch_file file;
    struct batch batch;
    struct witness all;
    struct witness witness = {0};
    enum words_fault fault;
    bytes rest;
    bytes made;
    CHECK(options->rollup_count <= ROLLUPS_MAX);
    for (size_t i = 0; i < options->rollup_count; i++)
        sources[i] = options->rollups[i].base;
    sources[options->rollup_count] = c->parent_base;
    sources[options->rollup_count + 1] = c->top_base;
    source_several_open(&several, sources, options->rollup_count + 2);
    must(batch_file_decode(&file, &fault, &rest, arena, input));
    must(batch_decode(&batch, arena, file.batch));
    must(witness_decode(&all, &fault, arena, rest));
    must(verify_list_heads(&witness.heads, &witness.head_count, arena, &batch));
    for (size_t i = 0; i < witness.head_count; i++)
        for (size_t j = 0; j < options->rollup_count; j++)
            if (options->rollups[j].rollup_id == witness.heads[i].rollup_id)
                must(open_block_encode(
                    &witness.heads[i].open_block, arena, &options->rollups[j].open
                ));
    list_anchors(&witness, arena, &all, input);
    const struct parent_headers headers = {&all, find_header};
    const struct verify_claim claim = {
        .chain_id = options->schedule->chain_id,
        .hub = options->hub,
        .batch = &batch,
        .contexts = file.contexts,
        .witness = &witness,
        .parent_headers = &headers,
    };
    struct verify_result result;
    must(verify_record(&result, arena, &strict, &claim, &several.source));
    CHECK(result.verdict == VERIFY_OK);
    must(verify_make_input(&made, witness_offset, arena, &claim));
    return made;
}

/* What is left of the builder's witness when all is left out that a verifier does not read. */
static bytes make_from_builder(struct checker *c, bytes input) {
    struct arena *arena = c->arena;
    const struct verify_options strict = {0};
    struct batch_file file;
    struct batch batch;
    struct witness all;
    enum words_fault fault;
    bytes rest;
    bytes made;
    size_t offset;
    must(batch_file_decode(&file, &fault, &rest, arena, input));
    must(batch_decode(&batch, arena, file.batch));
    must(witness_decode(&all, &fault, arena, rest));
    struct hashed_list nodes;
    struct hashed_list codes;
    struct source_list list;
    must(hashed_list_open(&nodes, arena, all.nodes, all.node_count));
    must(hashed_list_open(&codes, arena, all.codes, all.code_count));
    source_list_open(&list, NULL, &nodes, &codes);
    struct witness witness = {0};
    list_anchors(&witness, arena, &all, input);
    const struct parent_headers headers = {&all, find_header};
    must(verify_list_heads(&witness.heads, &witness.head_count, arena, &batch));
    for (size_t i = 0; i < witness.head_count; i++)
        for (size_t j = 0; j < all.head_count; j++)
            if (all.heads[j].rollup_id == witness.heads[i].rollup_id)
                witness.heads[i].open_block = all.heads[j].open_block;
    const struct verify_claim claim = {
        .chain_id = file.chain_id,
        .hub = file.hub,
        .batch = &batch,
        .contexts = file.contexts,
        .witness = &witness,
        .parent_headers = &headers,
    };
    struct verify_result result;
    must(verify_record(&result, arena, &strict, &claim, &list.source));
    CHECK(result.verdict == VERIFY_OK);
    must(verify_make_input(&made, &offset, arena, &claim));
    return made;
}

/* --- what must be refused --------------------------------------------------------------------- */

static bool flip_bits(struct checker *c, const struct files *files) {
    const size_t sizes[] = {
        files->witness_offset, files->input.size - files->witness_offset, files->runs.size};
    uint8_t *input = arena_alloc(c->arena, files->input.size);
    uint8_t *runs = arena_alloc(c->arena, files->runs.size);
    CHECK(input != NULL && runs != NULL);
    memcpy(input, files->input.data, files->input.size);
    if (files->runs.size > 0) memcpy(runs, files->runs.data, files->runs.size);
    for (uint64_t i = 0; i < c->flips; i++) {
        const size_t where = (size_t)(i % (files->runs.size > 0 ? 3 : 2));
        uint8_t *data = where == 0 ? input : where == 1 ? input + files->witness_offset : runs;
        const uint64_t bit = random_below(c, 8 * sizes[where]);
        const bytes flipped = bytes_of(input, files->input.size);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const struct verify_result whole = verify_whole(c, flipped);
        const struct verify_result parts =
            verify_in_runs(c, flipped, bytes_of(runs, files->runs.size));
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        c->flipped++;
        const char *wrong = NULL;
        if (parts.verdict == VERIFY_OK || (where < 2 && whole.verdict == VERIFY_OK))
            wrong = "does not matter";
        else if (where < 2 && !is_same_refusal(&whole, &parts))
            wrong = "is refused in another way in runs";
        if (wrong == NULL) continue;
        char text[256];
        (void)snprintf(
            text,
            sizeof(text),
            "bit %" PRIu64 " of file %zu %s: %s %s (%zu), %s %s (%zu)",
            bit,
            where,
            wrong,
            verify_verdict_name(whole.verdict),
            step_verdict_name(whole.step),
            whole.entry_index,
            verify_verdict_name(parts.verdict),
            step_verdict_name(parts.step),
            parts.entry_index
        );
        return complain(c, text);
    }
    return true;
}

/* The witness without one of its items, whichever. */
static bool leave_out(struct checker *c, const struct files *files) {
    const bytes encoded = bytes_slice(files->input, files->witness_offset, SIZE_MAX);
    for (uint64_t i = 0; i < c->flips / 4; i++) {
        struct witness w;
        enum words_fault fault;
        must(witness_decode(&w, &fault, c->arena, encoded));
        size_t at =
            (size_t)random_below(c, w.head_count + w.header_count + w.node_count + w.code_count);
        bool expects_missing = true;
        if (at < w.head_count) {
            w.heads[at] = w.heads[--w.head_count];
            expects_missing = false; /* nobody knows the head then */
        } else if ((at -= w.head_count) < w.header_count) {
            w.headers[at] = w.headers[--w.header_count];
            expects_missing = false; /* ANCHOR_MISSING */
        } else if ((at -= w.header_count) < w.node_count) {
            w.nodes[at] = w.nodes[--w.node_count];
        } else {
            at -= w.node_count;
            w.codes[at] = w.codes[--w.code_count];
        }
        must(witness_sort(&w, c->arena));
        const size_t size = files->witness_offset + witness_size(&w);
        uint8_t *input = arena_alloc(c->arena, size);
        CHECK(input != NULL);
        memcpy(input, files->input.data, files->witness_offset);
        witness_write(input + files->witness_offset, &w);
        const struct verify_result result = verify_whole(c, bytes_of(input, size));
        c->left_out++;
        if (expects_missing
                ? result.verdict == VERIFY_WITNESS_INCOMPLETE
                : result.verdict == VERIFY_ENTRY_NO_FACT || result.verdict == VERIFY_ANCHOR_MISSING)
            continue;
        printf("item %" PRIu64 " of the witness: %s\n", i, verify_verdict_name(result.verdict));
        return complain(c, "an item of the witness is not needed");
    }
    return true;
}

/* --- for other machines ----------------------------------------------------------------------- */

/* An input, also with flipped bits, and what this one makes of it. */
static bool list_input(struct checker *c, const char *what, bytes given) {
    uint8_t *input = arena_alloc(c->arena, given.size);
    CHECK(input != NULL);
    memcpy(input, given.data, given.size);
    for (uint64_t i = 0; i <= c->flips; i++) {
        const uint64_t bit = random_below(c, 8 * given.size);
        const bytes changed = bytes_of(input, given.size);
        struct statement_output output;
        char name[64];
        (void)snprintf(name, sizeof(name), "%" PRIu64 "%s%s.%" PRIu64, c->seed, c->suffix, what, i);
        if (i > 0) input[bit / 8] ^= (uint8_t)(1 << bit % 8);
        arena_reset(&c->scratch);
        statement_check(&output, &c->scratch, changed);
        outcome_lists_add(c->lists, name, changed, &output);
        if (i > 0) input[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (output.status != (i == 0 ? STATEMENT_HOLDS : STATEMENT_REFUSED))
            return complain(c, "what is written has not the status that it should have");
    }
    return true;
}

/* --- shares ----------------------------------------------------------------------------------- */

static struct verify_result verify_share_input(struct checker *c, bytes input) {
    const struct verify_options options = {.takes_shares = true};
    struct verify_result result;
    arena_reset(&c->scratch);
    must(verify_input(&result, &c->scratch, &options, input));
    return result;
}

/* Whether a share says what it is to say: of the statement that the batch's own output stands for,
 * these runs. split: as of the others; the first of them says which. */
static bool is_true_share(
    struct checker *c,
    const struct files *files,
    const struct verify_result *result,
    hash32 *split,
    const struct verify_share *expected
) {
    const struct verify_result *truth = &files->truth;
    struct verify_share share = *expected;
    hash32 output;
    if (result->verdict != VERIFY_OK) return complain(c, verify_verdict_name(result->verdict));
    if (hash32_is_zero(split)) *split = result->share.split;
    share.split = *split;
    must(verify_output(
        &output,
        &c->scratch,
        truth->rollup_ids,
        truth->rollup_id_count,
        &truth->public_input,
        &share
    ));
    return hash32_equal(&output, &result->output) && !hash32_equal(&output, &truth->output) &&
           hash32_equal(&result->share.split, split) && result->share.first == share.first &&
           result->share.count == share.count && result->share.total == share.total;
}

static bool flip_share(struct checker *c, bytes share) {
    uint8_t *input = arena_alloc(c->arena, share.size);
    CHECK(input != NULL);
    memcpy(input, share.data, share.size);
    for (uint64_t i = 0; i < c->flips / 4; i++) {
        /* As often in what is the share's own. */
        const size_t size = i % 2 == 0 ? share.size : (size_t)load_le64(share.data + 8);
        const uint64_t bit = random_below(c, 8 * size);
        input[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const struct verify_result result = verify_share_input(c, bytes_of(input, share.size));
        input[bit / 8] ^= (uint8_t)(1 << bit % 8);
        c->flipped++;
        if (result.verdict == VERIFY_OK) return complain(c, "a bit of a share does not matter");
    }
    return true;
}

/* All of one split: each run alone, and all of them in one. One of them is looked at closely. */
static bool check_shares(struct checker *c, const struct files *files, bytes runs, uint64_t total) {
    const struct verify_options strict = {0};
    const uint64_t chosen = random_below(c, total);
    hash32 split = {{0}};
    for (uint64_t i = 0; i <= total; i++) {
        const struct arena_mark mark = arena_mark(c->arena);
        const struct verify_share expected = {
            .first = i % total, .count = i < total ? 1 : total, .total = total};
        struct verify_result result;
        bytes share;
        must(verify_make_share(
            &share, &result, c->arena, &strict, files->input, runs, expected.first, expected.count
        ));
        if (result.verdict != VERIFY_OK) return complain(c, "a share is refused as it is made");
        result = verify_share_input(c, share);
        if (!is_true_share(c, files, &result, &split, &expected))
            return complain(c, "a share states something else");
        if (verify_whole(c, share).fault != WORDS_MAGIC)
            return complain(c, "a share passes for a batch");
        c->share_count++;
        c->share_size += share.size;
        if (i == chosen && c->lists != NULL && !list_input(c, ".share", share)) return false;
        if (i == chosen && !flip_share(c, share)) return false;
        arena_release(c->arena, mark);
    }
    return true;
}

/* --- one batch -------------------------------------------------------------------------------- */

static bool check_files(
    struct checker *c, const struct world_options *options, const struct world_result *result
) {
    const struct verify_options strict = {0};
    const struct verify_options lax = {.allows_surplus = true};
    struct files files;
    struct verify_result built;
    struct verify_result made;
    arena_reset(&c->scratch);
    must(verify_input(&built, &c->scratch, &lax, result->input));
    if (built.verdict != VERIFY_OK) return complain(c, "the builder's input is refused");
    files.input = make_from_state(c, &files.witness_offset, options, result->input);
    if (!bytes_equal(files.input, make_from_builder(c, result->input)))
        return complain(c, "the witness is not the same from everybody");
    files.truth = verify_whole(c, files.input);
    if (files.truth.verdict != VERIFY_OK) return complain(c, "the canonical input is refused");
    if (!hash32_equal(&files.truth.output, &built.output))
        return complain(c, "the output is not what the builder's input gives");
    must(verify_make_runs(&files.runs, &made, c->arena, &c->scratch, &strict, files.input));
    if (made.verdict != VERIFY_OK) return complain(c, "runs are refused while they are made");
    const struct verify_result coarse = verify_in_runs(c, files.input, BYTES_EMPTY);
    const size_t coarse_count = c->newest_run_count;
    const struct verify_result fine = verify_in_runs(c, files.input, files.runs);
    if (!is_true(&files, &coarse) || !is_true(&files, &fine))
        return complain(c, "the output in runs is another");
    const size_t fine_count = c->newest_run_count;
    c->run_count += fine_count;
    c->entry_count += result->batch.entry_count;
    c->batch_size += files.witness_offset;
    c->witness_size += files.input.size - files.witness_offset;
    c->runs_size += files.runs.size;
    if (!check_shares(c, &files, files.runs, fine_count)) return false;
    if (files.runs.size > 0 && !check_shares(c, &files, BYTES_EMPTY, coarse_count)) return false;
    if (c->lists != NULL) return list_input(c, "", files.input);
    return flip_bits(c, &files) && leave_out(c, &files);
}

static void
count(struct checker *c, const struct world_options *options, const struct world_result *result) {
    if (!result->has_batch) return;
    if (check_files(c, options, result))
        c->passed++;
    else
        c->failed++;
}

static void on_built(
    void *context,
    const struct graph *graph,
    const struct world_options *options,
    const struct world_result *result
) {
    struct checker *c = context;
    struct arena_mark mark = arena_mark(c->arena);
    c->seed = graph->seed;
    c->random = graph->seed * 2 + 1;
    c->suffix = "";
    c->top_base = c->parent_base = options->parent_base;
    count(c, options, result);
    for (size_t i = 0; i < options->rollup_count; i++) {
        c->suffix = ".below";
        c->parent_base = options->rollups[i].base;
        if (result->rollups[i].below != NULL)
            count(c, options->rollups[i].below, result->rollups[i].below);
    }
    arena_release(c->arena, mark);
}

int files_main(int argc, char **argv) {
    if (argc < 6 || argc > 7) {
        fprintf(stderr, "usage: equivalence --files NODE_CODE_FILE GRAPHS SEED FLIPS [FOLDER]\n");
        return 1;
    }
    const uint64_t graphs = strtoull(argv[3], NULL, 10);
    const uint64_t seed = strtoull(argv[4], NULL, 10);
    static struct graph graph;
    struct arena worlds;
    struct arena arena;
    struct outcome_lists lists = {0};
    struct checker c = {
        .arena = &arena,
        .flips = strtoull(argv[5], NULL, 10),
        .lists = argc == 7 ? &lists : NULL,
    };
    if (argc == 7) outcome_lists_open(&lists, argv[6]);
    arena_open(&worlds, (size_t)1 << 32);
    arena_open(&arena, (size_t)1 << 32);
    arena_open(&c.scratch, (size_t)1 << 32);
    worlds_open(&worlds, worlds_read_code(&worlds, argv[2]));
    printf("%" PRIu64 " graphs, seeds from %" PRIu64 "\n", graphs, seed);
    for (uint64_t i = 0; i < graphs; i++) {
        struct run_report report;
        graph_generate(&graph, seed + i);
        worlds_build(&report, &graph, &c, on_built);
    }
    const size_t batches = c.passed + c.failed;
    printf(
        "%zu batches, %zu entries in %zu runs, %zu shares; %zu bits flipped, %zu items left out\n",
        batches,
        c.entry_count,
        c.run_count,
        c.share_count,
        c.flipped,
        c.left_out
    );
    if (batches > 0)
        printf(
            "on average: batch %" PRIu64 " bytes, witness %" PRIu64 ", for runs %" PRIu64
            ", a share %" PRIu64 "\n",
            c.batch_size / batches,
            c.witness_size / batches,
            c.runs_size / batches,
            c.share_size / c.share_count
        );
    if (argc == 7) outcome_lists_close(&lists);
    arena_close(&c.scratch);
    arena_close(&arena);
    arena_close(&worlds);
    printf("%zu passed, %zu failed\n", c.passed, c.failed);
    return c.failed == 0 && c.passed > 0 ? 0 : 1;
}
