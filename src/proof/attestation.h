/* proof/attestation.h: k-of-n secp256k1 signatures over a statement's digest, as the contract
 * Attestation checks them (protocol.md section 8). Whoever signs must have run the check itself
 * (verify/verify.h): a signature says nothing else. */
#ifndef PROOF_ATTESTATION_H
#define PROOF_ATTESTATION_H

#include "core/arena.h"

#define ATTESTATION_SIGNATURE_SIZE 65 /* r, s, v = 27 or 28 */
#define ATTESTATION_KEYS_MAX       64

/* attestation_sign signs the digest with each key and writes the signatures ascending by signer, as
 * the contract wants them.
 *
 * Out:     data   in arena.
 * Returns: ERR_INPUT  a key is no private key, two are the same, or there are too many;
 *          ERR_MEMORY. */
MUST_USE enum err attestation_sign(
    bytes *data,
    struct arena *arena,
    const hash32 *digest,
    const hash32 *private_keys,
    size_t key_count
);

#endif
