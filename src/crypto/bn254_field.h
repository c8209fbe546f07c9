/* crypto/bn254_field.h: arithmetic modulo the prime p of BN254 (EIP-196), and in its quadratic
 * extension Fp2 = Fp[u] / (u^2 + 1).
 *
 * Numbers are in Montgomery form with R = 2^256 (P. Montgomery, 1985) and below p, so that each has one
 * representation. p is a little under 2^254: twice p fits into four limbs with room, and products may
 * be added up some before they are reduced ("lazy reduction", Aranha et al. 2011): a wide number may be
 * reduced as long as it is below p * R, which is 5.29 p^2. */
#ifndef CRYPTO_BN254_FIELD_H
#define CRYPTO_BN254_FIELD_H

#include "core/u256.h"

#define FIELD_INLINE static inline __attribute__((always_inline))

typedef struct {
    uint64_t w[4];
} fp;

typedef struct {
    uint64_t w[8];
} fp_wide;

typedef struct {
    fp c[2]; /* c[0] + c[1] u */
} fp2;

#define FP_P0            UINT64_C(0x3c208c16d87cfd47)
#define FP_P1            UINT64_C(0x97816a916871ca8d)
#define FP_P2            UINT64_C(0xb85045b68181585d)
#define FP_P3            UINT64_C(0x30644e72e131a029)
#define FP_MINUS_INVERSE UINT64_C(0x87d20782e4866389) /* -1/p mod 2^64 */

static const fp FP_ZERO = {{0, 0, 0, 0}};
/* R mod p, that is one */
static const fp FP_ONE = {
    {0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c, 0x0e0a77c19a07df2f}};

FIELD_INLINE bool fp_is_zero(const fp *a) {
    return (a->w[0] | a->w[1] | a->w[2] | a->w[3]) == 0;
}

FIELD_INLINE bool fp_equal(const fp *a, const fp *b) {
    return ((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1]) | (a->w[2] ^ b->w[2]) | (a->w[3] ^ b->w[3])
           ) == 0;
}

/* out = a - p if that is not negative, else a; a < 2p. */
FIELD_INLINE void fp_reduce_once(fp *out, const fp *a) {
    unsigned long long d0, d1, d2, d3;
    unsigned char borrow = U256_SUB_LIMB(0, a->w[0], FP_P0, &d0);
    borrow = U256_SUB_LIMB(borrow, a->w[1], FP_P1, &d1);
    borrow = U256_SUB_LIMB(borrow, a->w[2], FP_P2, &d2);
    borrow = U256_SUB_LIMB(borrow, a->w[3], FP_P3, &d3);
    out->w[0] = borrow ? a->w[0] : d0;
    out->w[1] = borrow ? a->w[1] : d1;
    out->w[2] = borrow ? a->w[2] : d2;
    out->w[3] = borrow ? a->w[3] : d3;
}

/* out = a + b below 2p, not reduced: only to be multiplied. */
FIELD_INLINE void fp_add_lazy(fp *out, const fp *a, const fp *b) {
    unsigned long long s0, s1, s2, s3;
    unsigned char carry = U256_ADD_LIMB(0, a->w[0], b->w[0], &s0);
    carry = U256_ADD_LIMB(carry, a->w[1], b->w[1], &s1);
    carry = U256_ADD_LIMB(carry, a->w[2], b->w[2], &s2);
    (void)U256_ADD_LIMB(carry, a->w[3], b->w[3], &s3);
    out->w[0] = s0;
    out->w[1] = s1;
    out->w[2] = s2;
    out->w[3] = s3;
}

FIELD_INLINE void fp_add(fp *out, const fp *a, const fp *b) {
    fp sum;
    fp_add_lazy(&sum, a, b);
    fp_reduce_once(out, &sum);
}

FIELD_INLINE void fp_double(fp *out, const fp *a) {
    fp_add(out, a, a);
}

FIELD_INLINE void fp_sub(fp *out, const fp *a, const fp *b) {
    unsigned long long d0, d1, d2, d3;
    unsigned char borrow = U256_SUB_LIMB(0, a->w[0], b->w[0], &d0);
    borrow = U256_SUB_LIMB(borrow, a->w[1], b->w[1], &d1);
    borrow = U256_SUB_LIMB(borrow, a->w[2], b->w[2], &d2);
    borrow = U256_SUB_LIMB(borrow, a->w[3], b->w[3], &d3);
    uint64_t mask = 0 - (uint64_t)borrow;
    unsigned char carry = U256_ADD_LIMB(0, d0, FP_P0 & mask, &d0);
    carry = U256_ADD_LIMB(carry, d1, FP_P1 & mask, &d1);
    carry = U256_ADD_LIMB(carry, d2, FP_P2 & mask, &d2);
    (void)U256_ADD_LIMB(carry, d3, FP_P3 & mask, &d3);
    out->w[0] = d0;
    out->w[1] = d1;
    out->w[2] = d2;
    out->w[3] = d3;
}

FIELD_INLINE void fp_negate(fp *out, const fp *a) {
    fp_sub(out, &FP_ZERO, a);
}

/* out = a / 2: a or a + p, whichever is even, shifted. */
FIELD_INLINE void fp_halve(fp *out, const fp *a) {
    static const fp p = {{FP_P0, FP_P1, FP_P2, FP_P3}};
    uint64_t mask = 0 - (a->w[0] & 1);
    fp addend = {{p.w[0] & mask, p.w[1] & mask, p.w[2] & mask, p.w[3] & mask}};
    fp sum;
    fp_add_lazy(&sum, a, &addend);
    out->w[0] = sum.w[0] >> 1 | sum.w[1] << 63;
    out->w[1] = sum.w[1] >> 1 | sum.w[2] << 63;
    out->w[2] = sum.w[2] >> 1 | sum.w[3] << 63;
    out->w[3] = sum.w[3] >> 1;
}

/* --- products ------------------------------------------------------------------------------------*/

/* low and high limbs of a * b + c + d */
FIELD_INLINE uint64_t fp_mac(uint64_t *high, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    uint128 v = (uint128)a * b + c + d;
    *high = (uint64_t)(v >> 64);
    return (uint64_t)v;
}

/* out = a * b / R mod p for a, b below 2p. One limb of b at a time, each followed by a step of the
 * reduction; the sums stay below 2^256, so there is no limb for carries. */
FIELD_INLINE void fp_mul(fp *out, const fp *a, const fp *b) {
    uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0;
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        uint64_t carry, reduce, ignored;
        uint64_t limb = b->w[i];
        t0 = fp_mac(&carry, a->w[0], limb, t0, 0);
        uint64_t q = t0 * FP_MINUS_INVERSE;
        ignored = fp_mac(&reduce, q, FP_P0, t0, 0);
        (void)ignored;
        t1 = fp_mac(&carry, a->w[1], limb, t1, carry);
        t0 = fp_mac(&reduce, q, FP_P1, t1, reduce);
        t2 = fp_mac(&carry, a->w[2], limb, t2, carry);
        t1 = fp_mac(&reduce, q, FP_P2, t2, reduce);
        t3 = fp_mac(&carry, a->w[3], limb, t3, carry);
        t2 = fp_mac(&reduce, q, FP_P3, t3, reduce);
        t3 = carry + reduce;
    }
    fp sum = {{t0, t1, t2, t3}};
    fp_reduce_once(out, &sum);
}

FIELD_INLINE void fp_square(fp *out, const fp *a) {
    fp_mul(out, a, a);
}

/* out = a * b, for a, b below 2p. */
FIELD_INLINE void fp_mul_wide(fp_wide *out, const fp *a, const fp *b) {
    uint64_t r[8] = {0};
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        uint64_t carry = 0;
#pragma GCC unroll 4
        for (unsigned j = 0; j < 4; j++) {
            r[i + j] = fp_mac(&carry, a->w[j], b->w[i], r[i + j], carry);
        }
        r[i + 4] = carry;
    }
    memcpy(out->w, r, sizeof r);
}

/* out = a / R mod p for a below p * R. */
FIELD_INLINE void fp_reduce_wide(fp *out, const fp_wide *a) {
    uint64_t r[8];
    memcpy(r, a->w, sizeof r);
    uint64_t top = 0;
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        uint64_t carry;
        uint64_t q = r[i] * FP_MINUS_INVERSE;
        (void)fp_mac(&carry, q, FP_P0, r[i], 0);
        r[i + 1] = fp_mac(&carry, q, FP_P1, r[i + 1], carry);
        r[i + 2] = fp_mac(&carry, q, FP_P2, r[i + 2], carry);
        r[i + 3] = fp_mac(&carry, q, FP_P3, r[i + 3], carry);
        unsigned long long limb;
        unsigned char c = U256_ADD_LIMB(0, r[i + 4], carry, &limb);
        unsigned char c2 = U256_ADD_LIMB(0, limb, top, &limb);
        r[i + 4] = limb;
        top = (uint64_t)c + c2;
    }
    fp sum = {{r[4], r[5], r[6], r[7]}};
    fp_reduce_once(out, &sum);
}

/* out = a - b, for a >= b. */
FIELD_INLINE void fp_sub_wide(fp_wide *out, const fp_wide *a, const fp_wide *b) {
    unsigned char borrow = 0;
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; i++) {
        unsigned long long limb;
        borrow = U256_SUB_LIMB(borrow, a->w[i], b->w[i], &limb);
        out->w[i] = limb;
    }
}

/* out = a - b modulo p * R, for a and b below it. */
FIELD_INLINE void fp_sub_wide_mod(fp_wide *out, const fp_wide *a, const fp_wide *b) {
    unsigned char borrow = 0;
    unsigned long long limb;
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; i++) {
        borrow = U256_SUB_LIMB(borrow, a->w[i], b->w[i], &limb);
        out->w[i] = limb;
    }
    uint64_t mask = 0 - (uint64_t)borrow;
    unsigned char carry = U256_ADD_LIMB(0, out->w[4], FP_P0 & mask, &limb);
    out->w[4] = limb;
    carry = U256_ADD_LIMB(carry, out->w[5], FP_P1 & mask, &limb);
    out->w[5] = limb;
    carry = U256_ADD_LIMB(carry, out->w[6], FP_P2 & mask, &limb);
    out->w[6] = limb;
    (void)U256_ADD_LIMB(carry, out->w[7], FP_P3 & mask, &limb);
    out->w[7] = limb;
}

/* out = 9 a + b, for b <= p: the sum, below 10 p, less the number of p's in it. */
FIELD_INLINE void fp_mul9_add(fp *out, const fp *a, const fp *b) {
    uint64_t t[5];
    uint64_t carry;
    t[0] = fp_mac(&carry, a->w[0], 9, b->w[0], 0);
    t[1] = fp_mac(&carry, a->w[1], 9, b->w[1], carry);
    t[2] = fp_mac(&carry, a->w[2], 9, b->w[2], carry);
    t[3] = fp_mac(&carry, a->w[3], 9, b->w[3], carry);
    t[4] = carry;
    /* The top bits from 2^252 on, over p / 2^252 = 3.0245 rounded up to 256 / 84: the quotient or one
     * less. */
    uint64_t top = t[4] << 4 | t[3] >> 60;
    uint64_t q = top * 84 >> 8;
    uint64_t high;
    uint64_t borrow_in;
    fp rest;
    uint64_t low = fp_mac(&high, q, FP_P0, 0, 0);
    unsigned long long limb;
    unsigned char borrow = U256_SUB_LIMB(0, t[0], low, &limb);
    rest.w[0] = limb;
    low = fp_mac(&borrow_in, q, FP_P1, high, 0);
    borrow = U256_SUB_LIMB(borrow, t[1], low, &limb);
    rest.w[1] = limb;
    low = fp_mac(&high, q, FP_P2, borrow_in, 0);
    borrow = U256_SUB_LIMB(borrow, t[2], low, &limb);
    rest.w[2] = limb;
    low = q * FP_P3 + high;
    (void)U256_SUB_LIMB(borrow, t[3], low, &limb);
    rest.w[3] = limb;
    fp_reduce_once(out, &rest);
}

/* 1 / a; 0 for 0. Takes time that depends on a. */
void fp_inverse(fp *out, const fp *a);

/* From and to 32 big-endian bytes. fp_load returns false for numbers from p on. */
bool fp_load(fp *out, const uint8_t in[32]);
void fp_store(uint8_t out[32], const fp *a);

/* --- Fp2 -----------------------------------------------------------------------------------------*/

FIELD_INLINE bool fp2_is_zero(const fp2 *a) {
    return fp_is_zero(&a->c[0]) && fp_is_zero(&a->c[1]);
}

FIELD_INLINE bool fp2_equal(const fp2 *a, const fp2 *b) {
    return fp_equal(&a->c[0], &b->c[0]) && fp_equal(&a->c[1], &b->c[1]);
}

FIELD_INLINE void fp2_add(fp2 *out, const fp2 *a, const fp2 *b) {
    fp_add(&out->c[0], &a->c[0], &b->c[0]);
    fp_add(&out->c[1], &a->c[1], &b->c[1]);
}

FIELD_INLINE void fp2_sub(fp2 *out, const fp2 *a, const fp2 *b) {
    fp_sub(&out->c[0], &a->c[0], &b->c[0]);
    fp_sub(&out->c[1], &a->c[1], &b->c[1]);
}

FIELD_INLINE void fp2_double(fp2 *out, const fp2 *a) {
    fp2_add(out, a, a);
}

FIELD_INLINE void fp2_negate(fp2 *out, const fp2 *a) {
    fp_negate(&out->c[0], &a->c[0]);
    fp_negate(&out->c[1], &a->c[1]);
}

FIELD_INLINE void fp2_conjugate(fp2 *out, const fp2 *a) {
    out->c[0] = a->c[0];
    fp_negate(&out->c[1], &a->c[1]);
}

FIELD_INLINE void fp2_halve(fp2 *out, const fp2 *a) {
    fp_halve(&out->c[0], &a->c[0]);
    fp_halve(&out->c[1], &a->c[1]);
}

/* out = a * b for b in Fp */
FIELD_INLINE void fp2_mul_fp(fp2 *out, const fp2 *a, const fp *b) {
    fp_mul(&out->c[0], &a->c[0], b);
    fp_mul(&out->c[1], &a->c[1], b);
}

/* out = (9 + u) a, the non-residue that the tower above is built with */
FIELD_INLINE void fp2_mul_xi(fp2 *out, const fp2 *a) {
    fp minus_c1;
    fp_negate(&minus_c1, &a->c[1]);
    fp c0 = a->c[0];
    fp_mul9_add(&out->c[0], &c0, &minus_c1);
    fp_mul9_add(&out->c[1], &a->c[1], &c0);
}

void fp2_mul(fp2 *out, const fp2 *a, const fp2 *b);
void fp2_square(fp2 *out, const fp2 *a);
void fp2_inverse(fp2 *out, const fp2 *a);

#endif
