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

#endif
