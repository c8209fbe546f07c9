#include "proof/attestation.h"

#include "crypto/secp256k1.h"

struct signature {
    address signer;
    uint8_t bytes[ATTESTATION_SIGNATURE_SIZE];
};

static enum err
sign_one(struct signature *signature, const hash32 *digest, const hash32 *private_key) {
    u256 r;
    u256 s;
    unsigned y_parity;
    enum err err = secp256k1_address_of(&signature->signer, private_key);
    if (err == ERR_OK) err = secp256k1_sign(&r, &s, &y_parity, digest, private_key);
    if (err != ERR_OK) return err;
    u256_store_be(signature->bytes, &r);
    u256_store_be(signature->bytes + 32, &s);
    signature->bytes[64] = (uint8_t)(27 + y_parity);
    return ERR_OK;
}

enum err attestation_sign(
    bytes *data,
    struct arena *arena,
    const hash32 *digest,
    const hash32 *private_keys,
    size_t key_count
) {
    if (key_count > ATTESTATION_KEYS_MAX) return ERR_INPUT;
    struct signature signatures[ATTESTATION_KEYS_MAX];
    for (size_t i = 0; i < key_count; i++) {
        struct signature signature;
        enum err err = sign_one(&signature, digest, &private_keys[i]);
        if (err != ERR_OK) return err;
        size_t at = i;
        for (; at > 0; at--) {
            int order = memcmp(signatures[at - 1].signer.b, signature.signer.b, 20);
            if (order == 0) return ERR_INPUT;
            if (order < 0) break;
            signatures[at] = signatures[at - 1];
        }
        signatures[at] = signature;
    }
    uint8_t *out = arena_alloc_array(arena, key_count, ATTESTATION_SIGNATURE_SIZE);
    if (out == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < key_count; i++)
        memcpy(
            out + i * ATTESTATION_SIGNATURE_SIZE, signatures[i].bytes, ATTESTATION_SIGNATURE_SIZE
        );
    *data = bytes_of(out, key_count * ATTESTATION_SIGNATURE_SIZE);
    return ERR_OK;
}
