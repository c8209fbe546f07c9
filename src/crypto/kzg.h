/* crypto/kzg.h: KZG commitments to blobs (EIP-4844) and their cells (EIP-7594), with the mainnet
 * ceremony's setup, which is loaded on first use.
 *
 * ERR_INPUT: a commitment, proof or field element is not a valid encoding. A well-formed proof that
 * does not hold is no error: *is_valid is then false. */
#ifndef CRYPTO_KZG_H
#define CRYPTO_KZG_H

#include "core/bytes.h"
#include "core/err.h"

#define KZG_COMMITMENT_SIZE 48
#define KZG_PROOF_SIZE      48
#define KZG_BLOB_SIZE       131072
#define KZG_CELL_SIZE       2048
#define KZG_CELLS_PER_BLOB  128 /* of the extended blob */

/* That the polynomial behind commitment has value y at z: the point evaluation precompile. */
MUST_USE enum err kzg_verify_proof(
    bool *is_valid,
    const uint8_t commitment[KZG_COMMITMENT_SIZE],
    const hash32 *z,
    const hash32 *y,
    const uint8_t proof[KZG_PROOF_SIZE]
);

/* The same in portable C: what the guest runs, and the twin that tests compare with. */
MUST_USE enum err kzg_verify_proof_portable(
    bool *is_valid,
    const uint8_t commitment[KZG_COMMITMENT_SIZE],
    const hash32 *z,
    const hash32 *y,
    const uint8_t proof[KZG_PROOF_SIZE]
);

/* sha256 of the commitment with its first byte set to 1 (EIP-4844's versioned hash). */
hash32 kzg_versioned_hash(const uint8_t commitment[KZG_COMMITMENT_SIZE]);

/* Blob sidecars of EIP-4844. blob has KZG_BLOB_SIZE bytes. */
MUST_USE enum err
kzg_blob_to_commitment(uint8_t commitment[KZG_COMMITMENT_SIZE], const uint8_t *blob);
MUST_USE enum err
kzg_compute_proof(uint8_t proof[KZG_PROOF_SIZE], hash32 *y, const uint8_t *blob, const hash32 *z);
MUST_USE enum err kzg_compute_blob_proof(
    uint8_t proof[KZG_PROOF_SIZE],
    const uint8_t *blob,
    const uint8_t commitment[KZG_COMMITMENT_SIZE]
);
/* count blobs, commitments and proofs, each laid one after another. */
MUST_USE enum err kzg_verify_blob_proofs(
    bool *is_valid,
    const uint8_t *blobs,
    const uint8_t *commitments,
    const uint8_t *proofs,
    size_t count
);

/* Cell proofs of EIP-7594. compute writes KZG_CELLS_PER_BLOB cells (cells may be NULL) and proofs.
 * verify takes count cells: cell i is number cell_indices[i] of the blob of commitment i. */
MUST_USE enum err
kzg_compute_cells_and_proofs(uint8_t *cells, uint8_t *proofs, const uint8_t *blob);
MUST_USE enum err kzg_verify_cell_proofs(
    bool *is_valid,
    const uint8_t *commitments,
    const uint64_t *cell_indices,
    const uint8_t *cells,
    const uint8_t *proofs,
    size_t count
);

/* As above for whole sidecars: count blobs and commitments, KZG_CELLS_PER_BLOB proofs a blob. */
MUST_USE enum err kzg_verify_blob_cell_proofs(
    bool *is_valid,
    const uint8_t *blobs,
    const uint8_t *commitments,
    const uint8_t *proofs,
    size_t count
);

#endif
