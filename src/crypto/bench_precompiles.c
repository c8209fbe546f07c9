/* Nanoseconds for each operation behind a precompile. The inputs are ordinary: full-size scalars,
 * two pairs where there are pairs. */
#include "core/bench_host.h"
#include "core/check.h"
#include "core/hex.h"
#include "crypto/blake2f.h"
#include "crypto/bls12_381.h"
#include "crypto/bn254.h"
#include "crypto/keccak.h"
#include "crypto/kzg.h"
#include "crypto/modexp.h"
#include "crypto/p256.h"
#include "crypto/ripemd160.h"
#include "crypto/secp256k1.h"
#include "crypto/sha256.h"

static struct arena arena;
static hash32 digest;
static hash32 private_key;
static u256 r;
static u256 s;
static unsigned y_parity;
static uint8_t data[4096];

static void run_recover(void) {
    address signer;
    CHECK(secp256k1_recover_address(&signer, &digest, &r, &s, y_parity) == ERR_OK);
}

static void run_sign(void) {
    CHECK(secp256k1_sign(&r, &s, &y_parity, &digest, &private_key) == ERR_OK);
}

static void run_sha256(void) {
    digest = sha256(hash32_bytes(&digest));
}
static void run_sha256_portable(void) {
    digest = sha256_portable(hash32_bytes(&digest));
}
static void run_sha256_long(void) {
    digest = sha256(bytes_of(data, sizeof data));
}
static void run_ripemd160(void) {
    ripemd160(digest.b, hash32_bytes(&digest));
}

static void run_blake2f(void) {
    static uint64_t h[8];
    static uint64_t m[16];
    blake2f(h, m, (const uint64_t[2]){1, 0}, true, 1200);
}

static size_t modexp_size;
static bytes modexp_exponent;
static enum err (*modexp_function)(uint8_t *, struct arena *, bytes, bytes, bytes);

static void run_modexp(void) {
    uint8_t out[1024];
    bytes base = bytes_of(data, modexp_size);
    bytes modulus = bytes_of(data + 1024, modexp_size);
    CHECK(modexp_function(out, &arena, base, modexp_exponent, modulus) == ERR_OK);
}

/* EIP-7951's first vector that holds. */
static u256 p256_input[5];

static void run_p256(void) {
    hash32 hash;
    u256_store_be(hash.b, &p256_input[0]);
    CHECK(p256_verify(&hash, &p256_input[1], &p256_input[2], &p256_input[3], &p256_input[4]));
}

static uint8_t bn254_pairs[2 * BN254_PAIR_SIZE];
static uint8_t bn254_points[2][BN254_G1_SIZE];

static void run_bn254_add(void) {
    CHECK(bn254_add(bn254_points[1], bn254_points[0], bn254_points[1]) == ERR_OK);
}

static void run_bn254_mul(void) {
    CHECK(bn254_mul(bn254_points[1], bn254_points[0], digest.b) == ERR_OK);
}

static void run_bn254_pairing(void) {
    bool is_one;
    CHECK(bn254_pairing_check(&is_one, bytes_of(bn254_pairs, sizeof bn254_pairs)) == ERR_OK);
}

enum { MSM_TERMS = 64 };
static uint8_t g1_terms[MSM_TERMS * BLS12_381_G1_TERM_SIZE];
static uint8_t g2_terms[MSM_TERMS * BLS12_381_G2_TERM_SIZE];
static uint8_t bls_pairs[2 * BLS12_381_PAIR_SIZE];
static size_t msm_terms;

static void run_g1_add(void) {
    uint8_t out[BLS12_381_G1_SIZE];
    CHECK(bls12_381_g1_add(out, g1_terms, g1_terms + BLS12_381_G1_TERM_SIZE) == ERR_OK);
}

static void run_g1_msm(void) {
    uint8_t out[BLS12_381_G1_SIZE];
    bytes terms = bytes_of(g1_terms, msm_terms * BLS12_381_G1_TERM_SIZE);
    CHECK(bls12_381_g1_msm(out, &arena, terms) == ERR_OK);
}

static void run_g2_msm(void) {
    uint8_t out[BLS12_381_G2_SIZE];
    bytes terms = bytes_of(g2_terms, msm_terms * BLS12_381_G2_TERM_SIZE);
    CHECK(bls12_381_g2_msm(out, &arena, terms) == ERR_OK);
}

static void run_bls_pairing(void) {
    bool is_one;
    CHECK(bls12_381_pairing_check(&is_one, bytes_of(bls_pairs, sizeof bls_pairs)) == ERR_OK);
}

static void run_map_g1(void) {
    uint8_t out[BLS12_381_G1_SIZE];
    uint8_t element[64] = {[63] = 7};
    CHECK(bls12_381_map_fp_to_g1(out, element) == ERR_OK);
}

static uint8_t blob[KZG_BLOB_SIZE];
static uint8_t commitment[KZG_COMMITMENT_SIZE];
static uint8_t proof[KZG_PROOF_SIZE];
static hash32 z;
static hash32 y;

static void run_kzg_verify(void) {
    bool is_valid;
    CHECK(kzg_verify_proof(&is_valid, commitment, &z, &y, proof) == ERR_OK && is_valid);
}

static void run_kzg_commit(void) {
    CHECK(kzg_blob_to_commitment(commitment, blob) == ERR_OK);
}

static void prepare(void) {
    arena_open(&arena, 16 << 20);
    private_key = keccak256(bytes_of("bench", 5));
    digest = keccak256(BYTES_EMPTY);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 167 + 0x91);
    CHECK(secp256k1_sign(&r, &s, &y_parity, &digest, &private_key) == ERR_OK);
    const char *p256_text[5] = {
        "bb5a52f42f9c9261ed4361f59422a1e30036e7c32b270c8807a419feca605023",
        "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e18",
        "4cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9aa7c77a67f79e6fadd76",
        "2927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838",
        "c7787964eaac00e5921fb1498a60f4606766b3d9685001558d1a974e7341513e",
    };
    for (int i = 0; i < 5; i++) {
        hash32 word;
        CHECK(hex_decode_exact(word.b, 32, p256_text[i], 64) == ERR_OK);
        p256_input[i] = u256_load_be(word.b);
    }
    /* G1's generator and, twice, EIP-197's of G2. */
    bn254_points[0][31] = 1;
    bn254_points[0][63] = 2;
    CHECK(bn254_mul(bn254_points[1], bn254_points[0], digest.b) == ERR_OK);
    const char *g2_text = "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
                          "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
                          "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
                          "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";
    for (int i = 0; i < 2; i++) {
        memcpy(bn254_pairs + i * BN254_PAIR_SIZE, bn254_points[i], 64);
        CHECK(
            hex_decode_exact(bn254_pairs + i * BN254_PAIR_SIZE + 64, 128, g2_text, 256) == ERR_OK
        );
    }
    for (size_t i = 0; i < MSM_TERMS; i++) {
        uint8_t element[128] = {[63] = (uint8_t)(i + 1), [127] = 1};
        uint8_t *g1 = g1_terms + i * BLS12_381_G1_TERM_SIZE;
        uint8_t *g2 = g2_terms + i * BLS12_381_G2_TERM_SIZE;
        hash32 scalar = keccak256(bytes_of(element, sizeof element));
        CHECK(bls12_381_map_fp_to_g1(g1, element) == ERR_OK);
        CHECK(bls12_381_map_fp2_to_g2(g2, element) == ERR_OK);
        memcpy(g1 + BLS12_381_G1_SIZE, scalar.b, 32);
        memcpy(g2 + BLS12_381_G2_SIZE, scalar.b, 32);
        if (i < 2) {
            memcpy(bls_pairs + i * BLS12_381_PAIR_SIZE, g1, BLS12_381_G1_SIZE);
            memcpy(bls_pairs + i * BLS12_381_PAIR_SIZE + BLS12_381_G1_SIZE, g2, BLS12_381_G2_SIZE);
        }
    }
    for (size_t i = 0; i < sizeof blob; i++)
        blob[i] = i % 32 == 0 ? 0 : (uint8_t)(i * 31);
    z.b[31] = 5;
    CHECK(kzg_blob_to_commitment(commitment, blob) == ERR_OK);
    CHECK(kzg_compute_proof(proof, &y, blob, &z) == ERR_OK);
}

static void bench_modexp(const char *name, size_t size, size_t exponent_size) {
    char full[100];
    modexp_size = size;
    modexp_exponent = bytes_of(data + 2048, exponent_size);
    if (exponent_size == 3) modexp_exponent = bytes_of("\x01\x00\x01", 3);
    data[1024 + size - 1] |= 1;
    modexp_function = modexp;
    (void)snprintf(full, sizeof full, "crypto/%s/lockstep", name);
    bench_row(full, 1, run_modexp);
    modexp_function = modexp_portable;
    (void)snprintf(full, sizeof full, "crypto/%s/portable", name);
    bench_row(full, 1, run_modexp);
}

int main(void) {
    prepare();
    bench_row("crypto/secp256k1_recover/lockstep", 1, run_recover);
    bench_row("crypto/secp256k1_sign/lockstep", 1, run_sign);
    bench_row("crypto/p256_verify/lockstep", 1, run_p256);
    bench_row("crypto/sha256_32_bytes/lockstep", 1, run_sha256);
    bench_row("crypto/sha256_32_bytes/portable", 1, run_sha256_portable);
    bench_row("crypto/sha256_4096_bytes/lockstep", 1, run_sha256_long);
    bench_row("crypto/ripemd160_32_bytes/lockstep", 1, run_ripemd160);
    bench_row("crypto/blake2f_100_rounds/lockstep", 12, run_blake2f);
    bench_modexp("modexp_256_bytes_65537", 256, 3);
    bench_modexp("modexp_32_bytes", 32, 32);
    bench_modexp("modexp_256_bytes", 256, 256);
    bench_row("crypto/bn254_add/lockstep", 1, run_bn254_add);
    bench_row("crypto/bn254_mul/lockstep", 1, run_bn254_mul);
    bench_row("crypto/bn254_pairing_2/lockstep", 1, run_bn254_pairing);
    bench_row("crypto/bls12_381_g1_add/lockstep", 1, run_g1_add);
    for (msm_terms = 1; msm_terms <= MSM_TERMS; msm_terms *= 4) {
        char name[100];
        (void)snprintf(name, sizeof name, "crypto/bls12_381_g1_msm_%zu/lockstep", msm_terms);
        bench_row(name, 1, run_g1_msm);
        (void)snprintf(name, sizeof name, "crypto/bls12_381_g2_msm_%zu/lockstep", msm_terms);
        bench_row(name, 1, run_g2_msm);
    }
    bench_row("crypto/bls12_381_pairing_2/lockstep", 1, run_bls_pairing);
    bench_row("crypto/bls12_381_map_fp_to_g1/lockstep", 1, run_map_g1);
    bench_row("crypto/kzg_verify_proof/lockstep", 1, run_kzg_verify);
    bench_row("crypto/kzg_blob_to_commitment/lockstep", 1, run_kzg_commit);
    arena_close(&arena);
    return 0;
}
