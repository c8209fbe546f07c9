/* The hosted build's KZG: c-kzg-4844, in the npm package c-kzg.
 *
 * Loading the ceremony's output the usual way takes more than a second, most of it decompressing
 * points and transforming them for cell proofs. The build does that once (scripts/kzg_setup.c) and
 * the tables, as c-kzg has them in memory, are part of the program: nothing is loaded here. */
#include "core/check.h"
#include "crypto/kzg.h"
#include "crypto/kzg_setup_host.h"

#include <pthread.h>
#include <stdlib.h>

/* Lies in read-only memory; only KZGSettings, which c-kzg never writes through, wants it
 * mutable. */
extern struct kzg_setup kzg_setup;
extern const uint64_t kzg_setup_size;

static g1_t *columns[CELLS_PER_EXT_BLOB];
static const KZGSettings settings_once = {
    .roots_of_unity = kzg_setup.roots_of_unity,
    .brp_roots_of_unity = kzg_setup.brp_roots_of_unity,
    .reverse_roots_of_unity = kzg_setup.reverse_roots_of_unity,
    .g1_values_monomial = kzg_setup.g1_values_monomial,
    .g1_values_lagrange_brp = kzg_setup.g1_values_lagrange_brp,
    .g2_values_monomial = kzg_setup.g2_values_monomial,
    .x_ext_fft_columns = columns,
};

static void make_columns(void) {
    CHECK(kzg_setup_size == sizeof kzg_setup);
    for (size_t i = 0; i < CELLS_PER_EXT_BLOB; i++)
        columns[i] = kzg_setup.x_ext_fft_columns[i];
}

static const KZGSettings *settings(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, make_columns) == 0);
    return &settings_once;
}

static enum err err_of(C_KZG_RET result) {
    switch (result) {
    case C_KZG_OK:
        return ERR_OK;
    case C_KZG_BADARGS:
        return ERR_INPUT;
    case C_KZG_MALLOC:
        return ERR_MEMORY;
    case C_KZG_ERROR:
        break;
    }
    CHECK(result != C_KZG_ERROR); /* "Internal error - this should never occur." */
    return ERR_INPUT;
}

/* c-kzg's types are arrays of bytes in structs, so that plain bytes can be seen as any of them. */
static const Bytes32 *as_bytes32(const hash32 *p) {
    return (const Bytes32 *)p;
}
static const Bytes48 *as_bytes48(const uint8_t *p) {
    return (const Bytes48 *)p;
}
static const Blob *as_blob(const uint8_t *p) {
    return (const Blob *)p;
}
static const Cell *as_cell(const uint8_t *p) {
    return (const Cell *)p;
}

enum err kzg_verify_proof(
    bool *is_valid,
    const uint8_t commitment[KZG_COMMITMENT_SIZE],
    const hash32 *z,
    const hash32 *y,
    const uint8_t proof[KZG_PROOF_SIZE]
) {
    bool ok = false;
    enum err err = err_of(verify_kzg_proof(
        &ok, as_bytes48(commitment), as_bytes32(z), as_bytes32(y), as_bytes48(proof), settings()
    ));
    if (err == ERR_OK) *is_valid = ok;
    return err;
}

enum err kzg_blob_to_commitment(uint8_t commitment[KZG_COMMITMENT_SIZE], const uint8_t *blob) {
    KZGCommitment out;
    enum err err = err_of(blob_to_kzg_commitment(&out, as_blob(blob), settings()));
    if (err == ERR_OK) memcpy(commitment, out.bytes, KZG_COMMITMENT_SIZE);
    return err;
}

enum err
kzg_compute_proof(uint8_t proof[KZG_PROOF_SIZE], hash32 *y, const uint8_t *blob, const hash32 *z) {
    KZGProof out;
    Bytes32 value;
    enum err err =
        err_of(compute_kzg_proof(&out, &value, as_blob(blob), as_bytes32(z), settings()));
    if (err != ERR_OK) return err;
    memcpy(proof, out.bytes, KZG_PROOF_SIZE);
    memcpy(y->b, value.bytes, sizeof y->b);
    return ERR_OK;
}

enum err kzg_compute_blob_proof(
    uint8_t proof[KZG_PROOF_SIZE],
    const uint8_t *blob,
    const uint8_t commitment[KZG_COMMITMENT_SIZE]
) {
    KZGProof out;
    enum err err =
        err_of(compute_blob_kzg_proof(&out, as_blob(blob), as_bytes48(commitment), settings()));
    if (err == ERR_OK) memcpy(proof, out.bytes, KZG_PROOF_SIZE);
    return err;
}

enum err kzg_verify_blob_proofs(
    bool *is_valid,
    const uint8_t *blobs,
    const uint8_t *commitments,
    const uint8_t *proofs,
    size_t count
) {
    bool ok = false;
    enum err err = err_of(verify_blob_kzg_proof_batch(
        &ok, as_blob(blobs), as_bytes48(commitments), as_bytes48(proofs), count, settings()
    ));
    if (err == ERR_OK) *is_valid = ok;
    return err;
}

enum err kzg_compute_cells_and_proofs(uint8_t *cells, uint8_t *proofs, const uint8_t *blob) {
    return err_of(
        compute_cells_and_kzg_proofs((Cell *)cells, (KZGProof *)proofs, as_blob(blob), settings())
    );
}

enum err kzg_verify_cell_proofs(
    bool *is_valid,
    const uint8_t *commitments,
    const uint64_t *cell_indices,
    const uint8_t *cells,
    const uint8_t *proofs,
    size_t count
) {
    bool ok = false;
    enum err err = err_of(verify_cell_kzg_proof_batch(
        &ok,
        as_bytes48(commitments),
        cell_indices,
        as_cell(cells),
        as_bytes48(proofs),
        count,
        settings()
    ));
    if (err == ERR_OK) *is_valid = ok;
    return err;
}

enum err kzg_verify_blob_cell_proofs(
    bool *is_valid,
    const uint8_t *blobs,
    const uint8_t *commitments,
    const uint8_t *proofs,
    size_t count
) {
    size_t cell_count = count * KZG_CELLS_PER_BLOB;
    if (count == 0) {
        *is_valid = true;
        return ERR_OK;
    }
    enum err err = ERR_OK;
    uint8_t *cells = calloc(cell_count, KZG_CELL_SIZE);
    uint8_t *cell_commitments = calloc(cell_count, KZG_COMMITMENT_SIZE);
    uint64_t *indices = calloc(cell_count, sizeof *indices);
    if (cells == NULL || cell_commitments == NULL || indices == NULL) {
        err = ERR_MEMORY;
        goto out;
    }
    for (size_t i = 0; i < cell_count; i++) {
        size_t blob = i / KZG_CELLS_PER_BLOB;
        indices[i] = i % KZG_CELLS_PER_BLOB;
        memcpy(
            cell_commitments + i * KZG_COMMITMENT_SIZE,
            commitments + blob * KZG_COMMITMENT_SIZE,
            KZG_COMMITMENT_SIZE
        );
        if (indices[i] != 0) continue;
        err = kzg_compute_cells_and_proofs(
            cells + i * KZG_CELL_SIZE, NULL, blobs + blob * KZG_BLOB_SIZE
        );
        if (err != ERR_OK) goto out;
    }
    err = kzg_verify_cell_proofs(is_valid, cell_commitments, indices, cells, proofs, cell_count);
out:
    free(indices);
    free(cell_commitments);
    free(cells);
    return err;
}
