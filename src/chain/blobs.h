/* chain/blobs.h: blob transactions as they travel, with their blobs (EIP-4844, EIP-7594).
 *
 *      version 0: 0x03 ‖ rlp([tx, blobs, commitments, proofs])           one proof a blob
 *      version 1: 0x03 ‖ rlp([tx, 1, blobs, commitments, cell_proofs])   128 proofs a blob, from
 *      Osaka
 *
 * In a block there is only 0x03 ‖ tx, and that is what the hash is over. */
#ifndef CHAIN_BLOBS_H
#define CHAIN_BLOBS_H

#include "chain/tx.h"

struct blob_sidecar {
    uint8_t version;
    size_t count;         /* of blobs, and of commitments */
    size_t proof_count;   /* count, or 128 times count */
    const uint8_t *blobs; /* one after another, as all three; in the arena */
    const uint8_t *commitments;
    const uint8_t *proofs;
    bytes tx_encoding; /* the transaction as it goes into a block */
};

/* blob_tx_decode reads the network form. It checks sizes and numbers, but no proof.
 *
 * Out:     tx, sidecar  views borrow from encoding, the rest lies in the arena.
 *          verdict      TX_OK, why the bytes are no transaction, or TX_SIDECAR_*; also
 *                       TX_SIDECAR_MISSING for a blob transaction in the form of a block.
 * Returns: ERR_OK also when the verdict is a refusal; ERR_MEMORY. */
MUST_USE enum err blob_tx_decode(
    struct tx *tx,
    struct blob_sidecar *sidecar,
    enum tx_verdict *verdict,
    struct arena *arena,
    bytes encoding
);

MUST_USE enum err blob_tx_encode(
    bytes *encoding, struct arena *arena, const struct tx *tx, const struct blob_sidecar *sidecar
);

/* Whether the version is the fork's, the commitments are those the transaction names, and the
 * proofs hold. */
MUST_USE enum err blob_sidecar_check(
    enum tx_verdict *verdict,
    const struct tx *tx,
    const struct blob_sidecar *sidecar,
    enum fork fork
);

#endif
