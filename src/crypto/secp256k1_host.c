/* The hosted build's ECDSA: libsecp256k1. */
#include "core/check.h"
#include "crypto/secp256k1.h"

#include <pthread.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <sys/random.h>

static secp256k1_context *context_once;

static void make_context(void) {
    context_once = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    CHECK(context_once != NULL);
    /* Blinds the scalars of signing against side channels. */
    uint8_t seed[32];
    CHECK(getrandom(seed, sizeof seed, 0) == (ssize_t)sizeof seed);
    CHECK(secp256k1_context_randomize(context_once, seed) == 1);
}

/* One context for all threads: after it is made it is only read. It lives as long as the
 * process. */
static const secp256k1_context *context(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, make_context) == 0);
    return context_once;
}

static void write_public_key(uint8_t public_key[64], const secp256k1_pubkey *key) {
    uint8_t out[65];
    size_t size = sizeof out;
    CHECK(
        secp256k1_ec_pubkey_serialize(context(), out, &size, key, SECP256K1_EC_UNCOMPRESSED) == 1
    );
    memcpy(public_key, out + 1, 64);
}

enum err secp256k1_recover(
    uint8_t public_key[64], const hash32 *digest, const u256 *r, const u256 *s, unsigned y_parity
) {
    if (y_parity > 1) return ERR_INPUT;
    uint8_t compact[64];
    u256_store_be(compact, r);
    u256_store_be(compact + 32, s);
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_pubkey key;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(
            context(), &signature, compact, (int)y_parity
        )) {
        return ERR_INPUT;
    }
    if (!secp256k1_ecdsa_recover(context(), &key, &signature, digest->b)) return ERR_INPUT;
    write_public_key(public_key, &key);
    return ERR_OK;
}

bool secp256k1_verify(
    const hash32 *digest, const u256 *r, const u256 *s, const uint8_t public_key[64]
) {
    uint8_t encoded[65] = {4};
    uint8_t compact[64];
    secp256k1_ecdsa_signature signature;
    secp256k1_pubkey key;
    memcpy(encoded + 1, public_key, 64);
    u256_store_be(compact, r);
    u256_store_be(compact + 32, s);
    if (!secp256k1_ec_pubkey_parse(context(), &key, encoded, sizeof encoded)) return false;
    if (!secp256k1_ecdsa_signature_parse_compact(context(), &signature, compact)) return false;
    (void)secp256k1_ecdsa_signature_normalize(context(), &signature, &signature);
    return secp256k1_ecdsa_verify(context(), &signature, digest->b, &key) == 1;
}

enum err secp256k1_sign(
    u256 *r, u256 *s, unsigned *y_parity, const hash32 *digest, const hash32 *private_key
) {
    if (!secp256k1_ec_seckey_verify(context(), private_key->b)) return ERR_INPUT;
    secp256k1_ecdsa_recoverable_signature signature;
    CHECK(
        secp256k1_ecdsa_sign_recoverable(
            context(), &signature, digest->b, private_key->b, NULL, NULL
        ) == 1
    );
    uint8_t compact[64];
    int recovery_id;
    CHECK(
        secp256k1_ecdsa_recoverable_signature_serialize_compact(
            context(), compact, &recovery_id, &signature
        ) == 1
    );
    /* 2 and 3 would mean R.x >= n, which happens once in 2^127 signatures. */
    CHECK(recovery_id < 2);
    *r = u256_load_be(compact);
    *s = u256_load_be(compact + 32);
    *y_parity = (unsigned)recovery_id;
    return ERR_OK;
}

enum err secp256k1_public_key(uint8_t public_key[64], const hash32 *private_key) {
    secp256k1_pubkey key;
    if (!secp256k1_ec_pubkey_create(context(), &key, private_key->b)) return ERR_INPUT;
    write_public_key(public_key, &key);
    return ERR_OK;
}
