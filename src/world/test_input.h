/* world/test_input.h: what the prover checks, taken apart and put together again: for tests that
 * change something in between. */
#ifndef WORLD_TEST_INPUT_H
#define WORLD_TEST_INPUT_H

#include "core/check.h"
#include "crypto/keccak.h"
#include "verify/verify.h"

struct test_input {
    struct batch_file file;
    struct batch batch;
    struct update_context contexts[16];
    struct witness witness;
};

/* Lists lie in memory. */
static inline void test_input_open(struct test_input *parts, struct arena *memory, bytes input) {
    enum words_fault fault;
    bytes rest;
    CHECK(batch_file_decode(&parts->file, &fault, &rest, memory, input) == ERR_OK);
    CHECK(batch_decode(&parts->batch, memory, parts->file.batch) == ERR_OK);
    CHECK(witness_decode(&parts->witness, &fault, memory, rest) == ERR_OK);
    CHECK(parts->file.update_count <= sizeof(parts->contexts) / sizeof(parts->contexts[0]));
    for (size_t i = 0; i < parts->file.update_count; i++)
        parts->contexts[i] = parts->file.contexts[i];
}

/* Files with a statement that is that of the parts as they are now, made to the file's Hub. */
static inline bytes test_input_make(struct test_input *parts, struct arena *memory) {
    bytes input;
    size_t offset;
    const struct verify_claim claim = {
        .chain_id = parts->file.chain_id,
        .hub = parts->file.hub,
        .batch = &parts->batch,
        .contexts = parts->contexts,
        .witness = &parts->witness,
    };
    CHECK(verify_make_input(&input, &offset, memory, &claim) == ERR_OK);
    return input;
}

/* The verdict on a batch with this witness and nothing besides; its schedule is the parent's. */
static inline enum verify_verdict test_input_verify(
    struct arena *memory,
    bytes input,
    const struct witness *witness,
    const struct fork_schedule *schedule
) {
    const struct verify_options strict = {.schedule = schedule};
    struct verify_result verified;
    struct test_input mine;
    test_input_open(&mine, memory, input);
    mine.witness = *witness;
    CHECK(verify_input(&verified, memory, &strict, test_input_make(&mine, memory)) == ERR_OK);
    return verified.verdict;
}

/* All but the index-th, in memory of their own. */
static inline bytes *
test_input_without(struct arena *memory, const bytes *items, size_t *count, size_t index) {
    bytes *less = arena_alloc_array(memory, *count, sizeof(bytes));
    CHECK(less != NULL);
    memcpy(less, items, *count * sizeof(bytes));
    less[index] = less[--*count];
    return less;
}

/* Whether the batch is refused for lack of it without any node or code of this witness. */
static inline bool test_input_needs_all(
    struct arena *memory, bytes input, const struct witness *w, const struct fork_schedule *schedule
) {
    bool needs = true;
    for (size_t i = 0; i < w->node_count + w->code_count; i++) {
        struct witness less = *w;
        if (i < w->node_count)
            less.nodes = test_input_without(memory, w->nodes, &less.node_count, i);
        else
            less.codes = test_input_without(memory, w->codes, &less.code_count, i - w->node_count);
        needs =
            needs && test_input_verify(memory, input, &less, schedule) == VERIFY_WITNESS_INCOMPLETE;
    }
    return needs;
}

#endif
