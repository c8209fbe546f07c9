/* The accelerators by the portable code of crypto/. */
#include "crypto/portable.h"
#include "core/check.h"
#include "crypto/blake2f.h"
#include "crypto/keccak.h"
#include "crypto/kzg.h"
#include "crypto/modexp.h"
#include "crypto/p256.h"
#include "crypto/sha256.h"
#include "guest/arena.h"
#include "guest/portable.h"

static zkvm_status status_of(enum err err) {
    CHECK(err == ERR_OK || err == ERR_INPUT);
    return err == ERR_OK ? ZKVM_EOK : ZKVM_EFAIL;
}

/* --- hashes -------------------------------------------------------------------------------- */

/* Not among the machine's own: a sponge around the permutation. */
__attribute__((weak)) zkvm_status
zkvm_keccak256(const uint8_t *data, size_t len, zkvm_keccak256_hash *output) {
    hash32 hash = keccak256_portable(bytes_of(data, len));
    memcpy(output->data, hash.b, sizeof(hash.b));
    return ZKVM_EOK;
}

zkvm_status portable_keccak_f(uint64_t *state) {
    keccak_permute_portable(state);
    return ZKVM_EOK;
}
PORTABLE_ACCELERATOR(keccak_f);

zkvm_status portable_sha256(const uint8_t *data, size_t len, zkvm_sha256_hash *output) {
    hash32 hash = sha256_portable(bytes_of(data, len));
    memcpy(output->data, hash.b, sizeof(hash.b));
    return ZKVM_EOK;
}
PORTABLE_ACCELERATOR(sha256);

zkvm_status portable_ripemd160(const uint8_t *data, size_t len, zkvm_ripemd160_hash *output) {
    memset(output->data, 0, 12);
    ripemd160_portable(output->data + 12, bytes_of(data, len));
    return ZKVM_EOK;
}
PORTABLE_ACCELERATOR(ripemd160);

zkvm_status portable_blake2f(
    uint32_t rounds,
    zkvm_blake2f_state *h,
    const zkvm_blake2f_message *m,
    const zkvm_blake2f_offset *t,
    uint8_t f
) {
    if (f > 1) return ZKVM_EFAIL;
    uint64_t state[8], message[16], offset[2]; /* little-endian, as the machine */
    memcpy(state, h->data, sizeof(state));
    memcpy(message, m->data, sizeof(message));
    memcpy(offset, t->data, sizeof(offset));
    blake2f_portable(state, message, offset, f == 1, rounds);
    memcpy(h->data, state, sizeof(state));
    return ZKVM_EOK;
}
PORTABLE_ACCELERATOR(blake2f);

/* --- numbers and signatures ---------------------------------------------------------------- */

zkvm_status portable_modexp(
    const uint8_t *base,
    size_t base_len,
    const uint8_t *exp,
    size_t exp_len,
    const uint8_t *modulus,
    size_t mod_len,
    uint8_t *output
) {
    enum err err = modexp_portable(
        output,
        &guest_arena,
        bytes_of(base, base_len),
        bytes_of(exp, exp_len),
        bytes_of(modulus, mod_len)
    );
    if (err == ERR_MEMORY) guest_out_of_memory();
    return status_of(err);
}
PORTABLE_ACCELERATOR(modexp);

zkvm_status portable_secp256r1_verify(
    const zkvm_secp256r1_hash *msg,
    const zkvm_secp256r1_signature *sig,
    const zkvm_secp256r1_pubkey *pubkey,
    bool *verified
) {
    hash32 digest;
    memcpy(digest.b, msg->data, sizeof(digest.b));
    u256 r = u256_load_be(sig->data);
    u256 s = u256_load_be(sig->data + 32);
    u256 x = u256_load_be(pubkey->data);
    u256 y = u256_load_be(pubkey->data + 32);
    *verified = p256_verify_portable(&digest, &r, &s, &x, &y);
    return ZKVM_EOK;
}
PORTABLE_ACCELERATOR(secp256r1_verify);

/* --- BN254 --------------------------------------------------------------------------------- */

zkvm_status portable_bn254_g1_add(
    const zkvm_bn254_g1_point *p1, const zkvm_bn254_g1_point *p2, zkvm_bn254_g1_point *result
) {
    return status_of(bn254_add_portable(result->data, p1->data, p2->data));
}
PORTABLE_ACCELERATOR(bn254_g1_add);

zkvm_status portable_bn254_g1_mul(
    const zkvm_bn254_g1_point *point, const zkvm_bn254_scalar *scalar, zkvm_bn254_g1_point *result
) {
    return status_of(bn254_mul_portable(result->data, point->data, scalar->data));
}
PORTABLE_ACCELERATOR(bn254_g1_mul);

zkvm_status
portable_bn254_pairing(const zkvm_bn254_pairing_pair *pairs, size_t num_pairs, bool *verified) {
    return status_of(
        bn254_pairing_check_portable(verified, bytes_of(pairs, num_pairs * sizeof(*pairs)))
    );
}
PORTABLE_ACCELERATOR(bn254_pairing);

/* --- BLS12-381: crypto/ has EIP-2537's encodings, with sixteen zeros before each element --- */

enum { FP_PAD = BLS12_381_FP_SIZE - 48 };

static void pad(uint8_t *out, const uint8_t *in, size_t count) {
    for (size_t i = 0; i < count; i++, in += 48, out += BLS12_381_FP_SIZE) {
        memset(out, 0, FP_PAD);
        memcpy(out + FP_PAD, in, 48);
    }
}

static zkvm_status unpad(uint8_t *out, const uint8_t *in, size_t count, enum err err) {
    for (size_t i = 0; i < count && err == ERR_OK; i++, in += BLS12_381_FP_SIZE, out += 48)
        memcpy(out, in + FP_PAD, 48);
    return status_of(err);
}

zkvm_status portable_bls12_g1_add(
    const zkvm_bls12_381_g1_point *p1,
    const zkvm_bls12_381_g1_point *p2,
    zkvm_bls12_381_g1_point *result
) {
    uint8_t a[BLS12_381_G1_SIZE], b[BLS12_381_G1_SIZE], sum[BLS12_381_G1_SIZE];
    pad(a, p1->data, 2);
    pad(b, p2->data, 2);
    enum err err = bls12_381_g1_add_portable(sum, a, b);
    return unpad(result->data, sum, 2, err);
}
PORTABLE_ACCELERATOR(bls12_g1_add);

zkvm_status portable_bls12_g2_add(
    const zkvm_bls12_381_g2_point *p1,
    const zkvm_bls12_381_g2_point *p2,
    zkvm_bls12_381_g2_point *result
) {
    uint8_t a[BLS12_381_G2_SIZE], b[BLS12_381_G2_SIZE], sum[BLS12_381_G2_SIZE];
    pad(a, p1->data, 4);
    pad(b, p2->data, 4);
    enum err err = bls12_381_g2_add_portable(sum, a, b);
    return unpad(result->data, sum, 4, err);
}
PORTABLE_ACCELERATOR(bls12_g2_add);

zkvm_status portable_bls12_g1_msm(
    const zkvm_bls12_381_g1_msm_pair *pairs, size_t num_pairs, zkvm_bls12_381_g1_point *result
) {
    struct arena_mark mark = arena_mark(&guest_arena);
    uint8_t *terms = guest_alloc(num_pairs, BLS12_381_G1_TERM_SIZE);
    for (size_t i = 0; i < num_pairs; i++) {
        uint8_t *term = terms + i * BLS12_381_G1_TERM_SIZE;
        pad(term, pairs[i].point.data, 2);
        memcpy(term + BLS12_381_G1_SIZE, pairs[i].scalar.data, 32);
    }
    uint8_t sum[BLS12_381_G1_SIZE];
    bytes all = bytes_of(terms, num_pairs * BLS12_381_G1_TERM_SIZE);
    enum err err = bls12_381_g1_msm_portable(sum, &guest_arena, all);
    if (err == ERR_MEMORY) guest_out_of_memory();
    arena_release(&guest_arena, mark);
    return unpad(result->data, sum, 2, err);
}
PORTABLE_ACCELERATOR(bls12_g1_msm);

zkvm_status portable_bls12_g2_msm(
    const zkvm_bls12_381_g2_msm_pair *pairs, size_t num_pairs, zkvm_bls12_381_g2_point *result
) {
    struct arena_mark mark = arena_mark(&guest_arena);
    uint8_t *terms = guest_alloc(num_pairs, BLS12_381_G2_TERM_SIZE);
    for (size_t i = 0; i < num_pairs; i++) {
        uint8_t *term = terms + i * BLS12_381_G2_TERM_SIZE;
        pad(term, pairs[i].point.data, 4);
        memcpy(term + BLS12_381_G2_SIZE, pairs[i].scalar.data, 32);
    }
    uint8_t sum[BLS12_381_G2_SIZE];
    bytes all = bytes_of(terms, num_pairs * BLS12_381_G2_TERM_SIZE);
    enum err err = bls12_381_g2_msm_portable(sum, &guest_arena, all);
    if (err == ERR_MEMORY) guest_out_of_memory();
    arena_release(&guest_arena, mark);
    return unpad(result->data, sum, 4, err);
}
PORTABLE_ACCELERATOR(bls12_g2_msm);

zkvm_status
portable_bls12_pairing(const zkvm_bls12_381_pairing_pair *pairs, size_t num_pairs, bool *verified) {
    struct arena_mark mark = arena_mark(&guest_arena);
    uint8_t *list = guest_alloc(num_pairs, BLS12_381_PAIR_SIZE);
    for (size_t i = 0; i < num_pairs; i++) {
        uint8_t *pair = list + i * BLS12_381_PAIR_SIZE;
        pad(pair, pairs[i].g1.data, 2);
        pad(pair + BLS12_381_G1_SIZE, pairs[i].g2.data, 4);
    }
    bytes all = bytes_of(list, num_pairs * BLS12_381_PAIR_SIZE);
    enum err err = bls12_381_pairing_check_portable(verified, all);
    arena_release(&guest_arena, mark);
    return status_of(err);
}
PORTABLE_ACCELERATOR(bls12_pairing);

zkvm_status portable_bls12_map_fp_to_g1(
    const zkvm_bls12_381_fp *field_element, zkvm_bls12_381_g1_point *result
) {
    uint8_t element[BLS12_381_FP_SIZE], point[BLS12_381_G1_SIZE];
    pad(element, field_element->data, 1);
    enum err err = bls12_381_map_fp_to_g1_portable(point, element);
    return unpad(result->data, point, 2, err);
}
PORTABLE_ACCELERATOR(bls12_map_fp_to_g1);

zkvm_status portable_bls12_map_fp2_to_g2(
    const zkvm_bls12_381_fp2 *field_element, zkvm_bls12_381_g2_point *result
) {
    uint8_t element[2 * BLS12_381_FP_SIZE], point[BLS12_381_G2_SIZE];
    pad(element, field_element->data, 2);
    enum err err = bls12_381_map_fp2_to_g2_portable(point, element);
    return unpad(result->data, point, 4, err);
}
PORTABLE_ACCELERATOR(bls12_map_fp2_to_g2);

zkvm_status portable_kzg_point_eval(
    const zkvm_kzg_commitment *commitment,
    const zkvm_kzg_field_element *z,
    const zkvm_kzg_field_element *y,
    const zkvm_kzg_proof *proof,
    bool *verified
) {
    hash32 point, value;
    memcpy(point.b, z->data, sizeof(point.b));
    memcpy(value.b, y->data, sizeof(value.b));
    return status_of(
        kzg_verify_proof_portable(verified, commitment->data, &point, &value, proof->data)
    );
}
PORTABLE_ACCELERATOR(kzg_point_eval);
