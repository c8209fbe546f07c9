/* The accelerators of secp256k1 by libsecp256k1's portable C, from the npm package secp256k1. */
#include "core/check.h"
#include "core/mem.h"
#include "guest/portable.h"

#include <secp256k1.h>
#include <secp256k1_preallocated.h>
#include <secp256k1_recovery.h>

/* Multiples of the generator for verifying, made when first needed: this many bytes with
 * ECMULT_WINDOW_SIZE as the Makefile sets it. */
enum { CONTEXT_SIZE = 8192 };

static const secp256k1_context *context(void) {
    static _Alignas(16) uint8_t memory[CONTEXT_SIZE];
    static const secp256k1_context *made;
    if (made == NULL) {
        CHECK(secp256k1_context_preallocated_size(SECP256K1_CONTEXT_VERIFY) <= sizeof(memory));
        made = secp256k1_context_preallocated_create(memory, SECP256K1_CONTEXT_VERIFY);
    }
    return made;
}

zkvm_status portable_secp256k1_verify(
    const zkvm_secp256k1_hash *msg,
    const zkvm_secp256k1_signature *sig,
    const zkvm_secp256k1_pubkey *pubkey,
    bool *verified
) {
    uint8_t encoded[65] = {4}; /* SEC 1, section 2.3.3: uncompressed */
    memcpy(encoded + 1, pubkey->data, 64);
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature signature;
    if (!secp256k1_ec_pubkey_parse(context(), &key, encoded, sizeof(encoded))) return ZKVM_EFAIL;
    if (!secp256k1_ecdsa_signature_parse_compact(context(), &signature, sig->data))
        return ZKVM_EFAIL;
    /* The library wants the lower s. */
    (void)secp256k1_ecdsa_signature_normalize(context(), &signature, &signature);
    *verified = secp256k1_ecdsa_verify(context(), &signature, msg->data, &key) == 1;
    return ZKVM_EOK;
}
PORTABLE_ACCELERATOR(secp256k1_verify);

zkvm_status portable_secp256k1_ecrecover(
    const zkvm_secp256k1_hash *msg,
    const zkvm_secp256k1_signature *sig,
    uint8_t recid,
    zkvm_secp256k1_pubkey *output
) {
    if (recid > 3) return ZKVM_EFAIL;
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_pubkey key;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(
            context(), &signature, sig->data, recid
        ))
        return ZKVM_EFAIL;
    if (!secp256k1_ecdsa_recover(context(), &key, &signature, msg->data)) return ZKVM_EFAIL;
    uint8_t encoded[65];
    size_t size = sizeof(encoded);
    CHECK(
        secp256k1_ec_pubkey_serialize(context(), encoded, &size, &key, SECP256K1_EC_UNCOMPRESSED) ==
        1
    );
    memcpy(output->data, encoded + 1, 64);
    return ZKVM_EOK;
}
PORTABLE_ACCELERATOR(secp256k1_ecrecover);
