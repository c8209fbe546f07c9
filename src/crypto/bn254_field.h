/* crypto/bn254_field.h: arithmetic modulo the prime p of BN254 (EIP-196), and in its quadratic
 * extension Fp2 = Fp[u] / (u^2 + 1).
 *
 * Numbers are in Montgomery form with R = 2^256 (P. Montgomery, 1985) and below p, so that each has
 * one representation. p is a little under 2^254: twice p fits into four limbs with room, and
 * products may be added up some before they are reduced ("lazy reduction", Aranha et al. 2011): a
 * wide number may be reduced as long as it is below p * R, which is 5.29 p^2. */
#ifndef CRYPTO_BN254_FIELD_H
#define CRYPTO_BN254_FIELD_H

#include "core/u256.h"

/* The guest must be small, and one carry flag's worth of scheduling is nothing to it. */
#if __STDC_HOSTED__
#define FIELD_INLINE static inline __attribute__((always_inline))
#else
#define FIELD_INLINE static inline
#endif

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

/* --- products ------------------------------------------------------------------------------ */

/* (t4, t3, t2, t1, t0) += (a3, a2, a1, a0) * b, where the carry out of t4 is known to be zero.
 * First all low halves are added, then all high halves: two chains of add with carry, which
 * compilers keep in the flag; a carry in the middle of each product costs a fifth more. */
#define FP_ADD_ROW(t0, t1, t2, t3, t4, a0, a1, a2, a3, b)                     \
    do {                                                                      \
        const uint128 row0 = (uint128)(a0) * (b), row1 = (uint128)(a1) * (b); \
        const uint128 row2 = (uint128)(a2) * (b), row3 = (uint128)(a3) * (b); \
        unsigned char row_c = U256_ADD_LIMB(0, t0, (uint64_t)row0, &(t0));    \
        row_c = U256_ADD_LIMB(row_c, t1, (uint64_t)row1, &(t1));              \
        row_c = U256_ADD_LIMB(row_c, t2, (uint64_t)row2, &(t2));              \
        row_c = U256_ADD_LIMB(row_c, t3, (uint64_t)row3, &(t3));              \
        (void)U256_ADD_LIMB(row_c, t4, 0, &(t4));                             \
        row_c = U256_ADD_LIMB(0, t1, (uint64_t)(row0 >> 64), &(t1));          \
        row_c = U256_ADD_LIMB(row_c, t2, (uint64_t)(row1 >> 64), &(t2));      \
        row_c = U256_ADD_LIMB(row_c, t3, (uint64_t)(row2 >> 64), &(t3));      \
        (void)U256_ADD_LIMB(row_c, t4, (uint64_t)(row3 >> 64), &(t4));        \
    } while (0)

/* out = a * b / R mod p for a, b below 2p. One limb of b at a time, each followed by a step of the
 * reduction, which makes t0 zero. */
FIELD_INLINE void fp_mul(fp *out, const fp *a, const fp *b) {
    unsigned long long t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4;
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        t4 = 0;
        FP_ADD_ROW(t0, t1, t2, t3, t4, a->w[0], a->w[1], a->w[2], a->w[3], b->w[i]);
        uint64_t q = t0 * FP_MINUS_INVERSE;
        FP_ADD_ROW(t0, t1, t2, t3, t4, FP_P0, FP_P1, FP_P2, FP_P3, q);
        t0 = t1;
        t1 = t2;
        t2 = t3;
        t3 = t4;
    }
    fp sum = {{t0, t1, t2, t3}};
    fp_reduce_once(out, &sum);
}

FIELD_INLINE void fp_square(fp *out, const fp *a) {
    fp_mul(out, a, a);
}

/* out = a * b, for a, b below 2p. */
FIELD_INLINE void fp_mul_wide(fp_wide *out, const fp *a, const fp *b) {
    unsigned long long t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4;
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        t4 = 0;
        FP_ADD_ROW(t0, t1, t2, t3, t4, a->w[0], a->w[1], a->w[2], a->w[3], b->w[i]);
        out->w[i] = t0;
        t0 = t1;
        t1 = t2;
        t2 = t3;
        t3 = t4;
    }
    out->w[4] = t0;
    out->w[5] = t1;
    out->w[6] = t2;
    out->w[7] = t3;
}

/* out = a / R mod p for a below p * R. */
FIELD_INLINE void fp_reduce_wide(fp *out, const fp_wide *a) {
    unsigned long long t0 = a->w[0], t1 = a->w[1], t2 = a->w[2], t3 = a->w[3], t4;
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        t4 = 0;
        uint64_t q = t0 * FP_MINUS_INVERSE;
        FP_ADD_ROW(t0, t1, t2, t3, t4, FP_P0, FP_P1, FP_P2, FP_P3, q);
        t0 = t1;
        t1 = t2;
        t2 = t3;
        t3 = t4;
    }
    /* The low half is now a multiple of p over R, at most p; with the high half, below 2p. */
    fp low = {{t0, t1, t2, t3}};
    fp high = {{a->w[4], a->w[5], a->w[6], a->w[7]}};
    fp_add_lazy(&low, &low, &high);
    fp_reduce_once(out, &low);
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

/* The low four limbs of k p. */
static const uint64_t FP_MULTIPLES[10][4] = {
    {0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000},
    {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029},
    {0x7841182db0f9fa8e, 0x2f02d522d0e3951a, 0x70a08b6d0302b0bb, 0x60c89ce5c2634053},
    {0xb461a4448976f7d5, 0xc6843fb439555fa7, 0x28f0d12384840918, 0x912ceb58a394e07d},
    {0xf082305b61f3f51c, 0x5e05aa45a1c72a34, 0xe14116da06056176, 0xc19139cb84c680a6},
    {0x2ca2bc723a70f263, 0xf58714d70a38f4c2, 0x99915c908786b9d3, 0xf1f5883e65f820d0},
    {0x68c3488912edefaa, 0x8d087f6872aabf4f, 0x51e1a24709081231, 0x2259d6b14729c0fa},
    {0xa4e3d49feb6aecf1, 0x2489e9f9db1c89dc, 0x0a31e7fd8a896a8f, 0x52be2524285b6124},
    {0xe10460b6c3e7ea38, 0xbc0b548b438e5469, 0xc2822db40c0ac2ec, 0x83227397098d014d},
    {0x1d24eccd9c64e77f, 0x538cbf1cac001ef7, 0x7ad2736a8d8c1b4a, 0xb386c209eabea177},
};

/* out = 9 a + b, for b <= p: the sum, below 10 p, less the number of p's in it. */
FIELD_INLINE void fp_mul9_add(fp *out, const fp *a, const fp *b) {
    unsigned long long t0 = a->w[0] << 3;
    unsigned long long t1 = a->w[1] << 3 | a->w[0] >> 61;
    unsigned long long t2 = a->w[2] << 3 | a->w[1] >> 61;
    unsigned long long t3 = a->w[3] << 3 | a->w[2] >> 61;
    unsigned long long t4 = a->w[3] >> 61;
    unsigned char carry = U256_ADD_LIMB(0, t0, a->w[0], &t0);
    carry = U256_ADD_LIMB(carry, t1, a->w[1], &t1);
    carry = U256_ADD_LIMB(carry, t2, a->w[2], &t2);
    carry = U256_ADD_LIMB(carry, t3, a->w[3], &t3);
    (void)U256_ADD_LIMB(carry, t4, 0, &t4);
    carry = U256_ADD_LIMB(0, t0, b->w[0], &t0);
    carry = U256_ADD_LIMB(carry, t1, b->w[1], &t1);
    carry = U256_ADD_LIMB(carry, t2, b->w[2], &t2);
    carry = U256_ADD_LIMB(carry, t3, b->w[3], &t3);
    (void)U256_ADD_LIMB(carry, t4, 0, &t4);
    /* The bits from 2^252 on, over p / 2^252 = 3.0245 rounded up to 256 / 84, are the quotient or
     * one less. */
    const uint64_t *multiple = FP_MULTIPLES[(t4 << 4 | t3 >> 60) * 84 >> 8];
    unsigned char borrow = U256_SUB_LIMB(0, t0, multiple[0], &t0);
    borrow = U256_SUB_LIMB(borrow, t1, multiple[1], &t1);
    borrow = U256_SUB_LIMB(borrow, t2, multiple[2], &t2);
    (void)U256_SUB_LIMB(borrow, t3, multiple[3], &t3);
    fp rest = {{t0, t1, t2, t3}};
    fp_reduce_once(out, &rest);
}

/* 1 / a; 0 for 0. Takes time that depends on a. */
void fp_inverse(fp *out, const fp *a);

/* From and to 32 big-endian bytes. fp_load returns false for numbers from p on. */
bool fp_load(fp *out, const uint8_t in[32]);
void fp_store(uint8_t out[32], const fp *a);

/* --- Fp2 ----------------------------------------------------------------------------------- */

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
