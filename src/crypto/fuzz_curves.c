/* Fuzzes the decoding of curve points and the laws of the groups behind the precompiles: sums
 * commute, (k + 1) P = k P + P, and whatever comes in, nothing but ERR_INPUT happens to bad points.
 * The first byte chooses the operation. Random bytes are no points, so bytes also choose multiples
 * of known ones. */
#include "core/check.h"
#include "crypto/bls12_381.h"
#include "crypto/bn254.h"
#include "crypto/kzg.h"
#include "crypto/p256.h"
#include "crypto/secp256k1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t padded[4096];

static void fuzz_bn254(void) {
    uint8_t sum[64], mirrored[64], product[64], next[64];
    enum err err = bn254_add(sum, padded, padded + 64);
    CHECK(err == bn254_add(mirrored, padded + 64, padded));
    if (err != ERR_OK) return;
    CHECK(memcmp(sum, mirrored, 64) == 0);
    u256 k = u256_load_be(padded + 128);
    uint8_t digits[32];
    u256_store_be(digits, &k);
    CHECK(bn254_mul(product, sum, digits) == ERR_OK);
    if (u256_equal(&k, &U256_MAX)) return;
    k = u256_add(&k, &U256_ONE);
    u256_store_be(digits, &k);
    CHECK(bn254_mul(next, sum, digits) == ERR_OK);
    CHECK(bn254_add(product, product, sum) == ERR_OK);
    CHECK(memcmp(product, next, 64) == 0);
}

static void fuzz_bn254_multiple(void) {
    static const uint8_t generator[64] = {[31] = 1, [63] = 2};
    uint8_t a[64], b[64], sum[64], want[64], digits[32];
    CHECK(bn254_mul(a, generator, padded) == ERR_OK);
    CHECK(bn254_mul(b, a, padded + 32) == ERR_OK);
    CHECK(bn254_add(sum, a, b) == ERR_OK);
    static const u256 order = {
        {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};
    u256 j = u256_load_be(padded);
    u256 k = u256_load_be(padded + 32);
    k = u256_mulmod(&j, &k, &order);
    k = u256_addmod(&j, &k, &order);
    u256_store_be(digits, &k);
    CHECK(bn254_mul(want, generator, digits) == ERR_OK);
    CHECK(memcmp(sum, want, 64) == 0);
}

static void fuzz_bls12_381(struct arena *arena, size_t size) {
    uint8_t out[256];
    bool is_one;
    bytes input = bytes_of(padded, size);
    (void)!bls12_381_g1_add(out, padded, padded + 128);
    (void)!bls12_381_g2_add(out, padded, padded + 256);
    (void)!bls12_381_g1_msm(out, arena, input);
    (void)!bls12_381_g2_msm(out, arena, input);
    (void)!bls12_381_pairing_check(&is_one, input);
    if (bls12_381_map_fp_to_g1(out, padded) == ERR_OK) {
        uint8_t sum[128];
        CHECK(bls12_381_g1_add(sum, out, out) == ERR_OK);
    }
    if (bls12_381_map_fp2_to_g2(out, padded) == ERR_OK) {
        uint8_t sum[256];
        CHECK(bls12_381_g2_add(sum, out, out) == ERR_OK);
    }
}

static void fuzz_signatures(void) {
    hash32 digest, z, y;
    memcpy(digest.b, padded, 32);
    u256 r = u256_load_be(padded + 32);
    u256 s = u256_load_be(padded + 64);
    u256 px = u256_load_be(padded + 96);
    u256 py = u256_load_be(padded + 128);
    bool is_signed = p256_verify(&digest, &r, &s, &px, &py);
    CHECK(is_signed == p256_verify_portable(&digest, &r, &s, &px, &py));
    address signer, recovered;
    (void)!secp256k1_recover_address(&signer, &digest, &r, &s, padded[160] & 1);
    hash32 key;
    memcpy(key.b, padded + 96, 32);
    unsigned y_parity;
    if (secp256k1_sign(&r, &s, &y_parity, &digest, &key) == ERR_OK) {
        CHECK(secp256k1_address_of(&signer, &key) == ERR_OK);
        CHECK(secp256k1_recover_address(&recovered, &digest, &r, &s, y_parity) == ERR_OK);
        CHECK(address_equal(&signer, &recovered));
    }
    bool is_valid = false;
    bool is_valid_portable = false;
    memcpy(z.b, padded + 200, 32);
    memcpy(y.b, padded + 232, 32);
    enum err err = kzg_verify_proof(&is_valid, padded + 264, &z, &y, padded + 312);
    CHECK(kzg_verify_proof_portable(&is_valid_portable, padded + 264, &z, &y, padded + 312) == err);
    CHECK(is_valid == is_valid_portable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || size > sizeof padded) return 0;
    memset(padded, 0, sizeof padded);
    memcpy(padded, data + 1, size - 1);
    bool is_one;
    struct arena arena;
    arena_open(&arena, 16 << 20);
    switch (data[0] % 5) {
    case 0:
        fuzz_bn254();
        break;
    case 1:
        fuzz_bn254_multiple();
        break;
    case 2:
        (void)!bn254_pairing_check(&is_one, bytes_of(padded, size - 1));
        break;
    case 3:
        fuzz_bls12_381(&arena, size - 1);
        break;
    default:
        fuzz_signatures();
        break;
    }
    arena_close(&arena);
    return 0;
}
