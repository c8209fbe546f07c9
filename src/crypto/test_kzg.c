/* The reference tests of c-kzg-4844 (from consensus-specs), the point evaluation vector of
 * go-ethereum, and a round trip through the sidecars of EIP-4844 and EIP-7594. */
#include "core/test_fixture.h"
#include "crypto/kzg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena arena;

/* The input called name, of exactly size bytes; NULL if it has another size, which the
 * specification refuses and our types cannot express. */
static const uint8_t *sized(const cJSON *item, size_t size) {
    assert_true(cJSON_IsString(item));
    bytes b = fixture_hex(&arena, item->valuestring);
    return b.size == size ? b.data : NULL;
}

static const uint8_t *input_of(const cJSON *file, const char *name, size_t size) {
    const cJSON *item = cJSON_GetObjectItem(cJSON_GetObjectItem(file, "input"), name);
    return sized(item, size);
}

/* A list of inputs, one after another; NULL if one has a wrong size. */
static uint8_t *list_of(const cJSON *file, const char *name, size_t size, size_t *count) {
    const cJSON *list = cJSON_GetObjectItem(cJSON_GetObjectItem(file, "input"), name);
    *count = (size_t)cJSON_GetArraySize(list);
    uint8_t *all = arena_alloc(&arena, *count * size);
    assert_non_null(all);
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        const uint8_t *one = sized(item, size);
        if (one == NULL) return NULL;
        memcpy(all + size * i++, one, size);
    }
    return all;
}

static void assert_verdict(const cJSON *file, enum err err, bool is_valid) {
    const cJSON *output = cJSON_GetObjectItem(file, "output");
    const char *name = fixture_text(file, "file");
    if (cJSON_IsNull(output)) {
        if (err != ERR_INPUT) fail_msg("%s: accepted", name);
    } else {
        if (err != ERR_OK) fail_msg("%s: refused", name);
        if (is_valid != cJSON_IsTrue(output)) fail_msg("%s: wrong verdict", name);
    }
}

static void assert_output(const cJSON *file, enum err err, const cJSON *want, bytes got) {
    const char *name = fixture_text(file, "file");
    if (want == NULL || cJSON_IsNull(want)) {
        if (err != ERR_INPUT) fail_msg("%s: accepted", name);
        return;
    }
    if (err != ERR_OK) fail_msg("%s: refused", name);
    if (!bytes_equal(fixture_hex(&arena, want->valuestring), got)) fail_msg("%s: differs", name);
}

static void check_verify_proof(const cJSON *file) {
    arena_reset(&arena);
    const uint8_t *commitment = input_of(file, "commitment", KZG_COMMITMENT_SIZE);
    const uint8_t *z = input_of(file, "z", 32);
    const uint8_t *y = input_of(file, "y", 32);
    const uint8_t *proof = input_of(file, "proof", KZG_PROOF_SIZE);
    bool is_valid = false;
    enum err err = ERR_INPUT;
    if (commitment != NULL && z != NULL && y != NULL && proof != NULL) {
        hash32 z_hash;
        hash32 y_hash;
        memcpy(z_hash.b, z, 32);
        memcpy(y_hash.b, y, 32);
        err = kzg_verify_proof(&is_valid, commitment, &z_hash, &y_hash, proof);
        bool is_valid_portable = false;
        assert_int_equal(
            kzg_verify_proof_portable(&is_valid_portable, commitment, &z_hash, &y_hash, proof), err
        );
        assert_int_equal(is_valid_portable, is_valid);
    }
    assert_verdict(file, err, is_valid);
}

static void check_blob_to_commitment(const cJSON *file) {
    arena_reset(&arena);
    const uint8_t *blob = input_of(file, "blob", KZG_BLOB_SIZE);
    uint8_t out[KZG_COMMITMENT_SIZE];
    enum err err = blob == NULL ? ERR_INPUT : kzg_blob_to_commitment(out, blob);
    assert_output(file, err, cJSON_GetObjectItem(file, "output"), bytes_of(out, sizeof out));
}

static void check_compute_proof(const cJSON *file) {
    arena_reset(&arena);
    const uint8_t *blob = input_of(file, "blob", KZG_BLOB_SIZE);
    const uint8_t *z = input_of(file, "z", 32);
    uint8_t proof[KZG_PROOF_SIZE];
    hash32 y;
    enum err err = ERR_INPUT;
    if (blob != NULL && z != NULL) {
        hash32 z_hash;
        memcpy(z_hash.b, z, 32);
        err = kzg_compute_proof(proof, &y, blob, &z_hash);
    }
    const cJSON *output = cJSON_GetObjectItem(file, "output");
    assert_output(file, err, cJSON_GetArrayItem(output, 0), bytes_of(proof, sizeof proof));
    assert_output(file, err, cJSON_GetArrayItem(output, 1), hash32_bytes(&y));
}

static void check_compute_blob_proof(const cJSON *file) {
    arena_reset(&arena);
    const uint8_t *blob = input_of(file, "blob", KZG_BLOB_SIZE);
    const uint8_t *commitment = input_of(file, "commitment", KZG_COMMITMENT_SIZE);
    uint8_t proof[KZG_PROOF_SIZE];
    enum err err = ERR_INPUT;
    if (blob != NULL && commitment != NULL) err = kzg_compute_blob_proof(proof, blob, commitment);
    assert_output(file, err, cJSON_GetObjectItem(file, "output"), bytes_of(proof, sizeof proof));
}

static void check_verify_blob_proof(const cJSON *file) {
    arena_reset(&arena);
    const uint8_t *blob = input_of(file, "blob", KZG_BLOB_SIZE);
    const uint8_t *commitment = input_of(file, "commitment", KZG_COMMITMENT_SIZE);
    const uint8_t *proof = input_of(file, "proof", KZG_PROOF_SIZE);
    bool is_valid = false;
    enum err err = ERR_INPUT;
    if (blob != NULL && commitment != NULL && proof != NULL) {
        err = kzg_verify_blob_proofs(&is_valid, blob, commitment, proof, 1);
    }
    assert_verdict(file, err, is_valid);
}

static void check_verify_blob_proof_batch(const cJSON *file) {
    arena_reset(&arena);
    size_t counts[3];
    const uint8_t *blobs = list_of(file, "blobs", KZG_BLOB_SIZE, &counts[0]);
    const uint8_t *commitments = list_of(file, "commitments", KZG_COMMITMENT_SIZE, &counts[1]);
    const uint8_t *proofs = list_of(file, "proofs", KZG_PROOF_SIZE, &counts[2]);
    bool is_valid = false;
    enum err err = ERR_INPUT;
    if (blobs != NULL && commitments != NULL && proofs != NULL && counts[0] == counts[1] &&
        counts[0] == counts[2]) {
        err = kzg_verify_blob_proofs(&is_valid, blobs, commitments, proofs, counts[0]);
    }
    assert_verdict(file, err, is_valid);
}

static void check_verify_cell_proofs(const cJSON *file) {
    arena_reset(&arena);
    size_t counts[4];
    const uint8_t *commitments = list_of(file, "commitments", KZG_COMMITMENT_SIZE, &counts[0]);
    const uint8_t *cells = list_of(file, "cells", KZG_CELL_SIZE, &counts[1]);
    const uint8_t *proofs = list_of(file, "proofs", KZG_PROOF_SIZE, &counts[2]);
    const cJSON *list = cJSON_GetObjectItem(cJSON_GetObjectItem(file, "input"), "cell_indices");
    counts[3] = (size_t)cJSON_GetArraySize(list);
    uint64_t *indices = arena_alloc_array(&arena, counts[3], sizeof *indices);
    assert_non_null(indices);
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list) indices[i++] = (uint64_t)item->valuedouble;
    bool is_valid = false;
    enum err err = ERR_INPUT;
    if (commitments != NULL && cells != NULL && proofs != NULL && counts[0] == counts[1] &&
        counts[0] == counts[2] && counts[0] == counts[3]) {
        err = kzg_verify_cell_proofs(&is_valid, commitments, indices, cells, proofs, counts[0]);
    }
    assert_verdict(file, err, is_valid);
}

static void check_folder(const char *name, int count, void (*check)(const cJSON *file)) {
    char folder[200];
    snprintf(folder, sizeof folder, "precompiles/kzg/%s", name);
    int seen = fixture_for_each_file(folder, check);
    if (seen < 0) skip();
    assert_int_equal(seen, count);
}

static void test_verify_proof(void **state) {
    (void)state;
    check_folder("verify_kzg_proof", 122, check_verify_proof);
}

static void test_blob_to_commitment(void **state) {
    (void)state;
    check_folder("blob_to_kzg_commitment", 11, check_blob_to_commitment);
}

static void test_compute_proof(void **state) {
    (void)state;
    check_folder("compute_kzg_proof", 52, check_compute_proof);
}

static void test_compute_blob_proof(void **state) {
    (void)state;
    check_folder("compute_blob_kzg_proof", 15, check_compute_blob_proof);
}

static void test_verify_blob_proof(void **state) {
    (void)state;
    check_folder("verify_blob_kzg_proof", 29, check_verify_blob_proof);
}

static void test_verify_blob_proof_batch(void **state) {
    (void)state;
    check_folder("verify_blob_kzg_proof_batch", 9, check_verify_blob_proof_batch);
}

static void test_verify_cell_proofs(void **state) {
    (void)state;
    check_folder("verify_cell_kzg_proof_batch", 32, check_verify_cell_proofs);
}

/* EIP-4844's precompile: versioned hash, z, y, commitment, proof. */
static void test_point_evaluation(void **state) {
    (void)state;
    cJSON *json = fixture_open("precompiles/geth/precompiles/pointEvaluation.json");
    if (json == NULL) skip();
    arena_reset(&arena);
    bytes input = fixture_bytes(&arena, cJSON_GetArrayItem(json, 0), "Input");
    assert_int_equal(input.size, 192);
    hash32 z;
    hash32 y;
    memcpy(z.b, input.data + 32, 32);
    memcpy(y.b, input.data + 64, 32);
    hash32 versioned_hash = kzg_versioned_hash(input.data + 96);
    assert_memory_equal(versioned_hash.b, input.data, 32);
    bool is_valid = false;
    assert_int_equal(
        kzg_verify_proof(&is_valid, input.data + 96, &z, &y, input.data + 144), ERR_OK
    );
    assert_true(is_valid);
    y.b[31] ^= 1;
    assert_int_equal(
        kzg_verify_proof(&is_valid, input.data + 96, &z, &y, input.data + 144), ERR_OK
    );
    assert_false(is_valid);
    cJSON_Delete(json);
}

static void test_sidecars(void **state) {
    (void)state;
    enum { COUNT = 2 };
    static uint8_t blobs[COUNT * KZG_BLOB_SIZE];
    static uint8_t cells[COUNT * KZG_CELLS_PER_BLOB * KZG_CELL_SIZE];
    static uint8_t cell_proofs[COUNT * KZG_CELLS_PER_BLOB * KZG_PROOF_SIZE];
    uint8_t commitments[COUNT * KZG_COMMITMENT_SIZE];
    uint8_t proofs[COUNT * KZG_PROOF_SIZE];
    uint32_t v = 5;
    for (size_t i = 0; i < sizeof blobs; i++) {
        v = v * 1664525 + 1013904223;
        blobs[i] = i % 32 == 0 ? 0 : (uint8_t)(v >> 24); /* elements stay below the order */
    }
    for (size_t i = 0; i < COUNT; i++) {
        const uint8_t *blob = blobs + i * KZG_BLOB_SIZE;
        uint8_t *commitment = commitments + i * KZG_COMMITMENT_SIZE;
        assert_int_equal(kzg_blob_to_commitment(commitment, blob), ERR_OK);
        assert_int_equal(
            kzg_compute_blob_proof(proofs + i * KZG_PROOF_SIZE, blob, commitment), ERR_OK
        );
        assert_int_equal(
            kzg_compute_cells_and_proofs(
                cells + i * KZG_CELLS_PER_BLOB * KZG_CELL_SIZE,
                cell_proofs + i * KZG_CELLS_PER_BLOB * KZG_PROOF_SIZE,
                blob
            ),
            ERR_OK
        );
        /* The first half of the cells is the blob itself. */
        assert_memory_equal(cells + i * KZG_CELLS_PER_BLOB * KZG_CELL_SIZE, blob, KZG_BLOB_SIZE);
    }
    bool is_valid = false;
    assert_int_equal(kzg_verify_blob_proofs(&is_valid, blobs, commitments, proofs, COUNT), ERR_OK);
    assert_true(is_valid);
    is_valid = false;
    assert_int_equal(
        kzg_verify_blob_cell_proofs(&is_valid, blobs, commitments, cell_proofs, COUNT), ERR_OK
    );
    assert_true(is_valid);

    blobs[KZG_BLOB_SIZE + 1] ^= 1;
    assert_int_equal(kzg_verify_blob_proofs(&is_valid, blobs, commitments, proofs, COUNT), ERR_OK);
    assert_false(is_valid);
    is_valid = true;
    assert_int_equal(
        kzg_verify_blob_cell_proofs(&is_valid, blobs, commitments, cell_proofs, COUNT), ERR_OK
    );
    assert_false(is_valid);
    blobs[0] = 0xff; /* no field element */
    assert_int_equal(
        kzg_verify_blob_cell_proofs(&is_valid, blobs, commitments, cell_proofs, COUNT), ERR_INPUT
    );
    is_valid = false;
    assert_int_equal(kzg_verify_blob_cell_proofs(&is_valid, NULL, NULL, NULL, 0), ERR_OK);
    assert_true(is_valid);
}

int main(void) {
    arena_open(&arena, 256 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_proof),
        cmocka_unit_test(test_blob_to_commitment),
        cmocka_unit_test(test_compute_proof),
        cmocka_unit_test(test_compute_blob_proof),
        cmocka_unit_test(test_verify_blob_proof),
        cmocka_unit_test(test_verify_blob_proof_batch),
        cmocka_unit_test(test_verify_cell_proofs),
        cmocka_unit_test(test_point_evaluation),
        cmocka_unit_test(test_sidecars),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}
