/* The names of crypto/, as the guest has them: by the zkVM's accelerators. Where encodings differ
 * they are changed here; the rest of the program knows nothing of it. */
#include "core/check.h"
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
#include "guest/arena.h"
#include "guest/zkvm_accelerators.h"

static enum err err_of(zkvm_status status) {
    return status == ZKVM_EOK ? ERR_OK : ERR_INPUT;
}

/* The standard wants pointers to be valid, also to no bytes at all. */
static const uint8_t *data_of(bytes data) {
    static const uint8_t nothing;
    return data.size > 0 ? data.data : &nothing;
}

/* --- hashes -------------------------------------------------------------------------------- */

_Static_assert(sizeof(hash32) == sizeof(zkvm_keccak256_hash), "a hash is 32 bytes");

hash32 keccak256(bytes data) {
    zkvm_keccak256_hash out;
    CHECK(zkvm_keccak256(data_of(data), data.size, &out) == ZKVM_EOK);
    hash32 hash;
    memcpy(hash.b, out.data, sizeof(hash.b));
    return hash;
}

void keccak_permute(uint64_t state[25]) {
    CHECK(zkvm_keccak_f(state) == ZKVM_EOK);
}

hash32 sha256(bytes data) {
    zkvm_sha256_hash out;
    CHECK(zkvm_sha256(data_of(data), data.size, &out) == ZKVM_EOK);
    hash32 hash;
    memcpy(hash.b, out.data, sizeof(hash.b));
    return hash;
}

void ripemd160(uint8_t digest[20], bytes data) {
    zkvm_ripemd160_hash out;
    CHECK(zkvm_ripemd160(data_of(data), data.size, &out) == ZKVM_EOK);
    memcpy(digest, out.data + 12, 20);
}

void blake2f(
    uint64_t h[8], const uint64_t m[16], const uint64_t t[2], bool is_final, uint32_t rounds
) {
    zkvm_blake2f_state state;
    zkvm_blake2f_message message;
    zkvm_blake2f_offset offset;
    memcpy(state.data, h, sizeof(state.data));
    memcpy(message.data, m, sizeof(message.data));
    memcpy(offset.data, t, sizeof(offset.data));
    CHECK(zkvm_blake2f(rounds, &state, &message, &offset, is_final) == ZKVM_EOK);
    memcpy(h, state.data, sizeof(state.data));
}

/* --- numbers and signatures ---------------------------------------------------------------- */

enum err modexp(uint8_t *out, struct arena *arena, bytes base, bytes exponent, bytes modulus) {
    (void)arena;
    if (modulus.size == 0) return ERR_OK;
    zkvm_status status = zkvm_modexp(
        data_of(base), base.size, data_of(exponent), exponent.size, modulus.data, modulus.size, out
    );
    CHECK(status == ZKVM_EOK);
    return ERR_OK;
}

enum err secp256k1_recover(
    uint8_t public_key[64], const hash32 *digest, const u256 *r, const u256 *s, unsigned y_parity
) {
    if (y_parity > 1) return ERR_INPUT;
    zkvm_secp256k1_hash message;
    zkvm_secp256k1_signature signature;
    zkvm_secp256k1_pubkey key;
    memcpy(message.data, digest->b, sizeof(message.data));
    u256_store_be(signature.data, r);
    u256_store_be(signature.data + 32, s);
    if (zkvm_secp256k1_ecrecover(&message, &signature, (uint8_t)y_parity, &key) != ZKVM_EOK)
        return ERR_INPUT;
    memcpy(public_key, key.data, sizeof(key.data));
    return ERR_OK;
}

bool p256_verify(const hash32 *digest, const u256 *r, const u256 *s, const u256 *x, const u256 *y) {
    zkvm_secp256r1_hash message;
    zkvm_secp256r1_signature signature;
    zkvm_secp256r1_pubkey key;
    memcpy(message.data, digest->b, sizeof(message.data));
    u256_store_be(signature.data, r);
    u256_store_be(signature.data + 32, s);
    u256_store_be(key.data, x);
    u256_store_be(key.data + 32, y);
    bool is_valid = false;
    zkvm_status status = zkvm_secp256r1_verify(&message, &signature, &key, &is_valid);
    return status == ZKVM_EOK && is_valid;
}

/* --- BN254: the standard's encodings are the precompiles' ---------------------------------- */

enum err bn254_add(
    uint8_t out[BN254_G1_SIZE], const uint8_t a[BN254_G1_SIZE], const uint8_t b[BN254_G1_SIZE]
) {
    zkvm_bn254_g1_point p, q, sum;
    memcpy(p.data, a, sizeof(p.data));
    memcpy(q.data, b, sizeof(q.data));
    if (zkvm_bn254_g1_add(&p, &q, &sum) != ZKVM_EOK) return ERR_INPUT;
    memcpy(out, sum.data, sizeof(sum.data));
    return ERR_OK;
}

enum err bn254_mul(
    uint8_t out[BN254_G1_SIZE], const uint8_t point[BN254_G1_SIZE], const uint8_t scalar[32]
) {
    zkvm_bn254_g1_point p, product;
    zkvm_bn254_scalar k;
    memcpy(p.data, point, sizeof(p.data));
    memcpy(k.data, scalar, sizeof(k.data));
    if (zkvm_bn254_g1_mul(&p, &k, &product) != ZKVM_EOK) return ERR_INPUT;
    memcpy(out, product.data, sizeof(product.data));
    return ERR_OK;
}

enum err bn254_pairing_check(bool *is_one, bytes pairs) {
    _Static_assert(sizeof(zkvm_bn254_pairing_pair) == BN254_PAIR_SIZE, "no padding");
    if (pairs.size % BN254_PAIR_SIZE != 0) return ERR_INPUT;
    struct arena_mark mark = arena_mark(&guest_arena);
    size_t count = pairs.size / BN254_PAIR_SIZE;
    zkvm_bn254_pairing_pair *copy = guest_alloc(count, sizeof(*copy));
    if (count > 0) memcpy(copy, pairs.data, pairs.size);
    zkvm_status status = zkvm_bn254_pairing(copy, count, is_one);
    arena_release(&guest_arena, mark);
    return err_of(status);
}

/* --- BLS12-381: EIP-2537 has sixteen zeros before each element of Fp ----------------------- */

enum { FP_PAD = BLS12_381_FP_SIZE - 48 };

/* Elements without their zeros; false if those are none. */
static bool read_elements(uint8_t *out, const uint8_t *in, size_t count) {
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++, in += BLS12_381_FP_SIZE, out += 48) {
        for (size_t j = 0; j < FP_PAD; j++)
            any |= in[j];
        memcpy(out, in + FP_PAD, 48);
    }
    return any == 0;
}

static void write_elements(uint8_t *out, const uint8_t *in, size_t count) {
    for (size_t i = 0; i < count; i++, in += 48, out += BLS12_381_FP_SIZE) {
        memset(out, 0, FP_PAD);
        memcpy(out + FP_PAD, in, 48);
    }
}

enum err bls12_381_g1_add(
    uint8_t out[BLS12_381_G1_SIZE],
    const uint8_t a[BLS12_381_G1_SIZE],
    const uint8_t b[BLS12_381_G1_SIZE]
) {
    zkvm_bls12_381_g1_point p, q, sum;
    if (!read_elements(p.data, a, 2) || !read_elements(q.data, b, 2)) return ERR_INPUT;
    if (zkvm_bls12_g1_add(&p, &q, &sum) != ZKVM_EOK) return ERR_INPUT;
    write_elements(out, sum.data, 2);
    return ERR_OK;
}

enum err bls12_381_g2_add(
    uint8_t out[BLS12_381_G2_SIZE],
    const uint8_t a[BLS12_381_G2_SIZE],
    const uint8_t b[BLS12_381_G2_SIZE]
) {
    zkvm_bls12_381_g2_point p, q, sum;
    if (!read_elements(p.data, a, 4) || !read_elements(q.data, b, 4)) return ERR_INPUT;
    if (zkvm_bls12_g2_add(&p, &q, &sum) != ZKVM_EOK) return ERR_INPUT;
    write_elements(out, sum.data, 4);
    return ERR_OK;
}

enum err bls12_381_g1_msm(uint8_t out[BLS12_381_G1_SIZE], struct arena *arena, bytes terms) {
    (void)arena;
    if (terms.size == 0 || terms.size % BLS12_381_G1_TERM_SIZE != 0) return ERR_INPUT;
    struct arena_mark mark = arena_mark(&guest_arena);
    size_t count = terms.size / BLS12_381_G1_TERM_SIZE;
    zkvm_bls12_381_g1_msm_pair *pairs = guest_alloc(count, sizeof(*pairs));
    zkvm_bls12_381_g1_point sum;
    bool is_ok = true;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *term = terms.data + i * BLS12_381_G1_TERM_SIZE;
        is_ok = read_elements(pairs[i].point.data, term, 2) && is_ok;
        memcpy(pairs[i].scalar.data, term + BLS12_381_G1_SIZE, 32);
    }
    is_ok = is_ok && zkvm_bls12_g1_msm(pairs, count, &sum) == ZKVM_EOK;
    if (is_ok) write_elements(out, sum.data, 2);
    arena_release(&guest_arena, mark);
    return is_ok ? ERR_OK : ERR_INPUT;
}

enum err bls12_381_g2_msm(uint8_t out[BLS12_381_G2_SIZE], struct arena *arena, bytes terms) {
    (void)arena;
    if (terms.size == 0 || terms.size % BLS12_381_G2_TERM_SIZE != 0) return ERR_INPUT;
    struct arena_mark mark = arena_mark(&guest_arena);
    size_t count = terms.size / BLS12_381_G2_TERM_SIZE;
    zkvm_bls12_381_g2_msm_pair *pairs = guest_alloc(count, sizeof(*pairs));
    zkvm_bls12_381_g2_point sum;
    bool is_ok = true;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *term = terms.data + i * BLS12_381_G2_TERM_SIZE;
        is_ok = read_elements(pairs[i].point.data, term, 4) && is_ok;
        memcpy(pairs[i].scalar.data, term + BLS12_381_G2_SIZE, 32);
    }
    is_ok = is_ok && zkvm_bls12_g2_msm(pairs, count, &sum) == ZKVM_EOK;
    if (is_ok) write_elements(out, sum.data, 4);
    arena_release(&guest_arena, mark);
    return is_ok ? ERR_OK : ERR_INPUT;
}

enum err bls12_381_pairing_check(bool *is_one, bytes pairs) {
    if (pairs.size == 0 || pairs.size % BLS12_381_PAIR_SIZE != 0) return ERR_INPUT;
    struct arena_mark mark = arena_mark(&guest_arena);
    size_t count = pairs.size / BLS12_381_PAIR_SIZE;
    zkvm_bls12_381_pairing_pair *list = guest_alloc(count, sizeof(*list));
    bool is_ok = true;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *pair = pairs.data + i * BLS12_381_PAIR_SIZE;
        is_ok = read_elements(list[i].g1.data, pair, 2) && is_ok;
        is_ok = read_elements(list[i].g2.data, pair + BLS12_381_G1_SIZE, 4) && is_ok;
    }
    is_ok = is_ok && zkvm_bls12_pairing(list, count, is_one) == ZKVM_EOK;
    arena_release(&guest_arena, mark);
    return is_ok ? ERR_OK : ERR_INPUT;
}

enum err
bls12_381_map_fp_to_g1(uint8_t out[BLS12_381_G1_SIZE], const uint8_t element[BLS12_381_FP_SIZE]) {
    zkvm_bls12_381_fp u;
    zkvm_bls12_381_g1_point point;
    if (!read_elements(u.data, element, 1)) return ERR_INPUT;
    if (zkvm_bls12_map_fp_to_g1(&u, &point) != ZKVM_EOK) return ERR_INPUT;
    write_elements(out, point.data, 2);
    return ERR_OK;
}

enum err bls12_381_map_fp2_to_g2(
    uint8_t out[BLS12_381_G2_SIZE], const uint8_t element[2 * BLS12_381_FP_SIZE]
) {
    zkvm_bls12_381_fp2 u;
    zkvm_bls12_381_g2_point point;
    if (!read_elements(u.data, element, 2)) return ERR_INPUT;
    if (zkvm_bls12_map_fp2_to_g2(&u, &point) != ZKVM_EOK) return ERR_INPUT;
    write_elements(out, point.data, 4);
    return ERR_OK;
}

enum err kzg_verify_proof(
    bool *is_valid,
    const uint8_t commitment[KZG_COMMITMENT_SIZE],
    const hash32 *z,
    const hash32 *y,
    const uint8_t proof[KZG_PROOF_SIZE]
) {
    zkvm_kzg_commitment c;
    zkvm_kzg_proof p;
    zkvm_kzg_field_element point, value;
    memcpy(c.data, commitment, sizeof(c.data));
    memcpy(p.data, proof, sizeof(p.data));
    memcpy(point.data, z->b, sizeof(point.data));
    memcpy(value.data, y->b, sizeof(value.data));
    return err_of(zkvm_kzg_point_eval(&c, &point, &value, &p, is_valid));
}
