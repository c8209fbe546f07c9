/* A guest that does one small thing, linked with all that the real guest is made of: for what
 * things cost in it, and for comparing accelerators with the portable code behind them.
 *
 * The input is the kernel's number (8 bytes), then its operands, which lie at multiples of 8; the
 * output what the kernel leaves. The exit status is that of an accelerator: 0, or 1 if it
 * failed. */
#include "core/check.h"
#include "core/u256.h"
#include "crypto/keccak.h"
#include "guest/arena.h"
#include "guest/zkvm_accelerators.h"
#include "guest/zkvm_io.h"

/* Each takes operands of size bytes at in, and returns whether it failed. */
typedef int kernel(uint8_t *out, const uint8_t *in, size_t size);

#define DEFINE(name) \
    static int name##_kernel(uint8_t *out, const uint8_t *in, __attribute__((unused)) size_t size)

/* Operands of 32 and other sizes, one after another. */
#define WORD(i)          ((const u256 *)(const void *)(in + 32 * (i)))
#define AT(type, offset) ((const type *)(const void *)(in + (offset)))
#define RESULT           ((u256 *)(void *)out)
#define TO(type)         ((type *)(void *)out)

/* NOLINTNEXTLINE(readability-non-const-parameter): a kernel like all others */
DEFINE(nothing) {
    (void)out;
    (void)in;
    return 0;
}

__attribute__((noinline, noclone)) static void called(u256 *out, const u256 *a, const u256 *b) {
    __asm__ volatile("" : : "r"(out), "r"(a), "r"(b));
}

/* What the call itself costs of functions that are not inline. */
DEFINE(call) {
    called(RESULT, WORD(0), WORD(1));
    return 0;
}

DEFINE(u256_add) {
    (void)u256_add_carry(RESULT, WORD(0), WORD(1));
    return 0;
}

DEFINE(u256_sub) {
    (void)u256_sub_borrow(RESULT, WORD(0), WORD(1));
    return 0;
}

DEFINE(u256_less) {
    *out = u256_less(WORD(0), WORD(1));
    return 0;
}

DEFINE(u256_shl) {
    *RESULT = u256_shl(WORD(0), (unsigned)WORD(1)->w[0]);
    return 0;
}

DEFINE(u256_load_be) {
    *RESULT = u256_load_be(in);
    return 0;
}

DEFINE(u256_mul) {
    u256_mul_to(RESULT, WORD(0), WORD(1));
    return 0;
}

DEFINE(u256_div) {
    *RESULT = u256_div(WORD(0), WORD(1));
    return 0;
}

DEFINE(u256_addmod) {
    *RESULT = u256_addmod(WORD(0), WORD(1), WORD(2));
    return 0;
}

DEFINE(u256_mulmod) {
    *RESULT = u256_mulmod(WORD(0), WORD(1), WORD(2));
    return 0;
}

DEFINE(u256_exp) {
    *RESULT = u256_exp(WORD(0), WORD(1));
    return 0;
}

/* Of each of the words. */
DEFINE(trailing_zeros) {
    for (size_t i = 0; i < size / 8; i++)
        out[i] = (uint8_t)__builtin_ctzll(*AT(uint64_t, 8 * i));
    return 0;
}

DEFINE(leading_zeros) {
    for (size_t i = 0; i < size / 8; i++)
        out[i] = (uint8_t)__builtin_clzll(*AT(uint64_t, 8 * i));
    return 0;
}

/* In three bytes: how far into the result, how far into the operand behind them, how much. */
DEFINE(copy) {
    memcpy(out + in[0], in + 8 + in[1], in[2]);
    return 0;
}

DEFINE(fill) {
    memset(out + in[0], 0xa5, in[2]);
    return 0;
}

/* Whether the functions on memory do what they are to at any alignment and distance, and nothing
 * besides. */
enum { PLACE = 128, MARGIN = 16, MOVE_MAX = 80 };

static uint8_t pattern(size_t i) {
    return (uint8_t)(i * 7 + 1);
}

static bool is_right(const uint8_t *place, size_t to, size_t size, size_t from, bool is_fill) {
    for (size_t i = 0; i < PLACE; i++) {
        const bool is_in = i >= to && i < to + size;
        const uint8_t wanted = !is_in ? pattern(i) : is_fill ? 0xa5 : pattern(i - to + from);
        if (place[i] != wanted) return false;
    }
    return true;
}

static bool is_comparison_right(uint8_t *a, size_t to, size_t from, size_t size) {
    static _Alignas(8) uint8_t b[PLACE];
    for (size_t i = 0; i < size; i++)
        b[from + i] = a[to + i];
    if (memcmp(a + to, b + from, size) != 0) return false;
    for (size_t i = 0; i < size; i++) {
        const uint8_t before = b[from + i];
        b[from + i] ^= 0x80;
        const int order = memcmp(a + to, b + from, size);
        if ((order < 0) != (before < b[from + i]) || order == 0) return false;
        b[from + i] = before;
    }
    return true;
}

DEFINE(memory) {
    static _Alignas(8) uint8_t place[PLACE];
    static _Alignas(8) uint8_t other[PLACE];
    (void)in;
    for (size_t i = 0; i < PLACE; i++)
        other[i] = pattern(i);
    for (size_t to = MARGIN; to < MARGIN + 8; to++) {
        for (size_t from = 0; from < 2 * MARGIN + 8; from++) {
            for (size_t length = 0; length <= MOVE_MAX; length++) {
                memcpy(place, other, PLACE);
                memmove(place + to, place + from, length);
                if (!is_right(place, to, length, from, false)) return 1;
                if (from >= 8) continue;
                memcpy(place, other, PLACE);
                memcpy(place + to, other + from, length);
                if (!is_right(place, to, length, from, false)) return 1;
                memset(place + to, 0xa5, length);
                if (!is_right(place, to, length, from, true)) return 1;
                if (length <= 40 && !is_comparison_right(other, to, from, length)) return 1;
            }
        }
    }
    *out = 1;
    return 0;
}

DEFINE(keccak_permute) {
    (void)in;
    keccak_permute((uint64_t *)(void *)out);
    return 0;
}

DEFINE(keccak256) {
    return zkvm_keccak256(in, size, TO(zkvm_keccak256_hash)) != ZKVM_EOK;
}

DEFINE(sha256) {
    return zkvm_sha256(in, size, TO(zkvm_sha256_hash)) != ZKVM_EOK;
}

DEFINE(ripemd160) {
    return zkvm_ripemd160(in, size, TO(zkvm_ripemd160_hash)) != ZKVM_EOK;
}

/* State, message, offset. */
DEFINE(blake2f) {
    memcpy(out, in, 64);
    zkvm_status status = zkvm_blake2f(
        12, TO(zkvm_blake2f_state), AT(zkvm_blake2f_message, 64), AT(zkvm_blake2f_offset, 192), 1
    );
    return status != ZKVM_EOK;
}

/* Base, exponent and modulus of 32 bytes each. */
DEFINE(modexp) {
    return zkvm_modexp(in, 32, in + 32, 32, in + 64, 32, out) != ZKVM_EOK;
}

/* Digest, signature, parity. */
DEFINE(secp256k1_ecrecover) {
    const zkvm_secp256k1_hash *digest = AT(zkvm_secp256k1_hash, 0);
    const zkvm_secp256k1_signature *signature = AT(zkvm_secp256k1_signature, 32);
    return zkvm_secp256k1_ecrecover(digest, signature, in[96], TO(zkvm_secp256k1_pubkey)) !=
           ZKVM_EOK;
}

/* Digest, signature, key. */
DEFINE(secp256k1_verify) {
    const zkvm_secp256k1_hash *digest = AT(zkvm_secp256k1_hash, 0);
    const zkvm_secp256k1_signature *signature = AT(zkvm_secp256k1_signature, 32);
    return zkvm_secp256k1_verify(digest, signature, AT(zkvm_secp256k1_pubkey, 96), TO(bool)) !=
           ZKVM_EOK;
}

DEFINE(secp256r1_verify) {
    const zkvm_secp256r1_hash *digest = AT(zkvm_secp256r1_hash, 0);
    const zkvm_secp256r1_signature *signature = AT(zkvm_secp256r1_signature, 32);
    return zkvm_secp256r1_verify(digest, signature, AT(zkvm_secp256r1_pubkey, 96), TO(bool)) !=
           ZKVM_EOK;
}

DEFINE(bn254_g1_add) {
    const zkvm_bn254_g1_point *points = AT(zkvm_bn254_g1_point, 0);
    return zkvm_bn254_g1_add(&points[0], &points[1], TO(zkvm_bn254_g1_point)) != ZKVM_EOK;
}

DEFINE(bn254_g1_mul) {
    const zkvm_bn254_scalar *scalar = AT(zkvm_bn254_scalar, 64);
    return zkvm_bn254_g1_mul(AT(zkvm_bn254_g1_point, 0), scalar, TO(zkvm_bn254_g1_point)) !=
           ZKVM_EOK;
}

DEFINE(bn254_pairing) {
    const zkvm_bn254_pairing_pair *pairs = AT(zkvm_bn254_pairing_pair, 0);
    return zkvm_bn254_pairing(pairs, size / sizeof(*pairs), TO(bool)) != ZKVM_EOK;
}

/* Commitment, z, y, proof. */
DEFINE(kzg_point_eval) {
    zkvm_status status = zkvm_kzg_point_eval(
        AT(zkvm_kzg_commitment, 0),
        AT(zkvm_kzg_field_element, 48),
        AT(zkvm_kzg_field_element, 80),
        AT(zkvm_kzg_proof, 112),
        TO(bool)
    );
    return status != ZKVM_EOK;
}

DEFINE(bls12_g1_add) {
    const zkvm_bls12_381_g1_point *points = AT(zkvm_bls12_381_g1_point, 0);
    return zkvm_bls12_g1_add(&points[0], &points[1], TO(zkvm_bls12_381_g1_point)) != ZKVM_EOK;
}

DEFINE(bls12_g1_msm) {
    const zkvm_bls12_381_g1_msm_pair *pairs = AT(zkvm_bls12_381_g1_msm_pair, 0);
    size_t count = size / sizeof(*pairs);
    return zkvm_bls12_g1_msm(pairs, count, TO(zkvm_bls12_381_g1_point)) != ZKVM_EOK;
}

DEFINE(bls12_g2_add) {
    const zkvm_bls12_381_g2_point *points = AT(zkvm_bls12_381_g2_point, 0);
    return zkvm_bls12_g2_add(&points[0], &points[1], TO(zkvm_bls12_381_g2_point)) != ZKVM_EOK;
}

DEFINE(bls12_g2_msm) {
    const zkvm_bls12_381_g2_msm_pair *pairs = AT(zkvm_bls12_381_g2_msm_pair, 0);
    size_t count = size / sizeof(*pairs);
    return zkvm_bls12_g2_msm(pairs, count, TO(zkvm_bls12_381_g2_point)) != ZKVM_EOK;
}

DEFINE(bls12_pairing) {
    const zkvm_bls12_381_pairing_pair *pairs = AT(zkvm_bls12_381_pairing_pair, 0);
    return zkvm_bls12_pairing(pairs, size / sizeof(*pairs), TO(bool)) != ZKVM_EOK;
}

DEFINE(bls12_map_fp_to_g1) {
    return zkvm_bls12_map_fp_to_g1(AT(zkvm_bls12_381_fp, 0), TO(zkvm_bls12_381_g1_point)) !=
           ZKVM_EOK;
}

DEFINE(bls12_map_fp2_to_g2) {
    return zkvm_bls12_map_fp2_to_g2(AT(zkvm_bls12_381_fp2, 0), TO(zkvm_bls12_381_g2_point)) !=
           ZKVM_EOK;
}

int main(void) {
    static kernel *const kernels[] = {
#define KERNEL(name, size) name##_kernel,
#include "kernels.def"
#undef KERNEL
    };
    static const uint16_t sizes[] = {
#define KERNEL(name, size) size,
#include "kernels.def"
#undef KERNEL
    };
    static _Alignas(8) uint8_t out[256];
    const uint8_t *input;
    size_t size;
    uint64_t number;
    guest_arena_open();
    read_input(&input, &size);
    CHECK(size >= 8);
    memcpy(&number, input, 8);
    CHECK(number < sizeof(kernels) / sizeof(kernels[0]));
    int status = kernels[number](out, input + 8, size - 8);
    write_output(out, sizes[number]);
    return status;
}
