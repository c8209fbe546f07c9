#include "crypto/bn254_tower.h"

/* xi^(i (p^n - 1) / 6) for n = 1 to 3 and i = 0 to 5, computed with Python's integers. */
const fp2 BN254_FROBENIUS[3][6] = {
    {
        {{{{0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c, 0x0e0a77c19a07df2f}},
          {{0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000}}}},
        {{{{0xaf9ba69633144907, 0xca6b1d7387afb78a, 0x11bded5ef08a2087, 0x02f34d751a1f3a7c}},
          {{0xa222ae234c492d72, 0xd00f02a4565de15b, 0xdc2ff3a253dfc926, 0x10a75716b3899551}}}},
        {{{{0xb5773b104563ab30, 0x347f91c8a9aa6454, 0x7a007127242e0991, 0x1956bcd8118214ec}},
          {{0x6e849f1ea0aa4757, 0xaa1c7b6d89f89141, 0xb6e713cdfae0ca3a, 0x26694fbb4e82ebc3}}}},
        {{{{0xe4bbdd0c2936b629, 0xbb30f162e133bacb, 0x31a9d1b6f9645366, 0x253570bea500f8dd}},
          {{0xa1d77ce45ffe77c7, 0x07affd117826d1db, 0x6d16bd27bb7edc6b, 0x2c87200285defecc}}}},
        {{{{0x7361d77f843abe92, 0xa5bb2bd3273411fb, 0x9c941f314b3e2399, 0x15df9cddbb9fd3ec}},
          {{0x5dddfd154bd8c949, 0x62cb29a5a4445b60, 0x37bc870a0c7dd2b9, 0x24830a9d3171f0fd}}}},
        {{{{0xc970692f41690fe7, 0xe240342127694b0b, 0x32bee66b83c459e8, 0x12aabced0ab08841}},
          {{0x0d485d2340aebfa9, 0x05193418ab2fcc57, 0xd3b0a40b8a4910f5, 0x2f21ebb535d2925a}}}},
    },
    {
        {{{{0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c, 0x0e0a77c19a07df2f}},
          {{0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000}}}},
        {{{{0xca8d800500fa1bf2, 0xf0c5d61468b39769, 0x0e201271ad0d4418, 0x04290f65bad856e6}},
          {{0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000}}}},
        {{{{0x3350c88e13e80b9c, 0x7dce557cdb5e56b9, 0x6001b4b8b615564a, 0x2682e617020217e0}},
          {{0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000}}}},
        {{{{0x68c3488912edefaa, 0x8d087f6872aabf4f, 0x51e1a24709081231, 0x2259d6b14729c0fa}},
          {{0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000}}}},
        {{{{0x71930c11d782e155, 0xa6bb947cffbe3323, 0xaa303344d4741444, 0x2c3b3f0d26594943}},
          {{0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000}}}},
        {{{{0x08cfc388c494f1ab, 0x19b315148d1373d4, 0x584e90fdcb6c0213, 0x09e1685bdf2f8849}},
          {{0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000}}}},
    },
    {
        {{{{0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c, 0x0e0a77c19a07df2f}},
          {{0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000}}}},
        {{{{0x365316184e46d97d, 0x0af7129ed4c96d9f, 0x659da72fca1009b5, 0x08116d8983a20d23}},
          {{0xb1df4af7c39c1939, 0x3d9f02878a73bf7f, 0x9b2220928caf0ae0, 0x26684515eff054a6}}}},
        {{{{0xc9af22f716ad6bad, 0xb311782a4aa662b2, 0x19eeaf64e248c7f4, 0x20273e77e3439f82}},
          {{0xacc02860f7ce93ac, 0x3933d5817ba76b4c, 0x69e6188b446c8467, 0x0a46036d4417cc55}}}},
        {{{{0x5764af0aaf46471e, 0xdc50792e873e0fc1, 0x86a673ff881d04f6, 0x0b2eddb43c30a74c}},
          {{0x9a490f32787e8580, 0x8fd16d7ff04af8b1, 0x4b39888ec6027bf2, 0x03dd2e705b52a15d}}}},
        {{{{0x448a93a57b6762df, 0xbfd62df528fdeadf, 0xd858f5d00e9bd47a, 0x06b03d4d3476ec58}},
          {{0x2b19daf4bcc936d1, 0xa1a54e7a56f4299f, 0xb533eee05adeaef1, 0x170c812b84dda0b2}}}},
        {{{{0xe0bc4b2275cf559f, 0xc238b945c154e60f, 0x803982a5929a7d5e, 0x15ce052df7e4a37e}},
          {{0x2d28efbdbf3799a7, 0x9b097e3c1ad60773, 0x982d4113af4a535b, 0x24e18991e3056063}}}},
    },
};

/* --- Fp6 ----------------------------------------------------------------------------------- */

static void fp6_add(fp6 *out, const fp6 *a, const fp6 *b) {
    for (unsigned i = 0; i < 3; i++)
        fp2_add(&out->c[i], &a->c[i], &b->c[i]);
}

static void fp6_sub(fp6 *out, const fp6 *a, const fp6 *b) {
    for (unsigned i = 0; i < 3; i++)
        fp2_sub(&out->c[i], &a->c[i], &b->c[i]);
}

static void fp6_negate(fp6 *out, const fp6 *a) {
    for (unsigned i = 0; i < 3; i++)
        fp2_negate(&out->c[i], &a->c[i]);
}

/* out = v a */
static void fp6_mul_v(fp6 *out, const fp6 *a) {
    fp2 top = a->c[2];
    out->c[2] = a->c[1];
    out->c[1] = a->c[0];
    fp2_mul_xi(&out->c[0], &top);
}

/* (x0 + x1) (y0 + y1) - z0 - z1 */
static void cross(
    fp2 *out,
    const fp2 *x0,
    const fp2 *x1,
    const fp2 *y0,
    const fp2 *y1,
    const fp2 *z0,
    const fp2 *z1
) {
    fp2 x, y;
    fp2_add(&x, x0, x1);
    fp2_add(&y, y0, y1);
    fp2_mul(out, &x, &y);
    fp2_sub(out, out, z0);
    fp2_sub(out, out, z1);
}

/* Karatsuba: six products. */
void fp6_mul(fp6 *out, const fp6 *a, const fp6 *b) {
    fp2 v0, v1, v2, c0, c1, c2;
    fp2_mul(&v0, &a->c[0], &b->c[0]);
    fp2_mul(&v1, &a->c[1], &b->c[1]);
    fp2_mul(&v2, &a->c[2], &b->c[2]);
    cross(&c0, &a->c[1], &a->c[2], &b->c[1], &b->c[2], &v1, &v2);
    cross(&c1, &a->c[0], &a->c[1], &b->c[0], &b->c[1], &v0, &v1);
    cross(&c2, &a->c[0], &a->c[2], &b->c[0], &b->c[2], &v0, &v2);
    fp2_mul_xi(&c0, &c0);
    fp2_add(&out->c[0], &c0, &v0);
    fp2_mul_xi(&c0, &v2);
    fp2_add(&out->c[1], &c1, &c0);
    fp2_add(&out->c[2], &c2, &v1);
}

/* out = a (b0 + b1 v): five products */
static void fp6_mul_two(fp6 *out, const fp6 *a, const fp2 *b0, const fp2 *b1) {
    fp2 v0, v1, c0, c1, c2;
    fp2_mul(&v0, &a->c[0], b0);
    fp2_mul(&v1, &a->c[1], b1);
    cross(&c1, &a->c[0], &a->c[1], b0, b1, &v0, &v1);
    fp2_mul(&c0, &a->c[2], b1);
    fp2_mul(&c2, &a->c[2], b0);
    fp2_mul_xi(&c0, &c0);
    fp2_add(&out->c[0], &c0, &v0);
    out->c[1] = c1;
    fp2_add(&out->c[2], &c2, &v1);
}

/* The adjoint over the norm, which is in Fp2. */
void fp6_inverse(fp6 *out, const fp6 *a) {
    fp2 t0, t1, t2, norm, t;
    /* t0 = a0^2 - xi a1 a2, t1 = xi a2^2 - a0 a1, t2 = a1^2 - a0 a2 */
    fp2_square(&t0, &a->c[0]);
    fp2_mul(&t, &a->c[1], &a->c[2]);
    fp2_mul_xi(&t, &t);
    fp2_sub(&t0, &t0, &t);
    fp2_square(&t1, &a->c[2]);
    fp2_mul_xi(&t1, &t1);
    fp2_mul(&t, &a->c[0], &a->c[1]);
    fp2_sub(&t1, &t1, &t);
    fp2_square(&t2, &a->c[1]);
    fp2_mul(&t, &a->c[0], &a->c[2]);
    fp2_sub(&t2, &t2, &t);
    /* norm = a0 t0 + xi (a2 t1 + a1 t2) */
    fp2_mul(&norm, &a->c[2], &t1);
    fp2_mul(&t, &a->c[1], &t2);
    fp2_add(&norm, &norm, &t);
    fp2_mul_xi(&norm, &norm);
    fp2_mul(&t, &a->c[0], &t0);
    fp2_add(&norm, &norm, &t);
    fp2_inverse(&norm, &norm);
    fp2_mul(&out->c[0], &t0, &norm);
    fp2_mul(&out->c[1], &t1, &norm);
    fp2_mul(&out->c[2], &t2, &norm);
}

/* --- Fp12 ---------------------------------------------------------------------------------- */

void fp12_one(fp12 *out) {
    memset(out, 0, sizeof *out);
    out->c[0].c[0].c[0] = FP_ONE;
}

bool fp12_is_one(const fp12 *a) {
    fp12 one;
    fp12_one(&one);
    return memcmp(a, &one, sizeof one) == 0; /* each number has one form */
}

void fp12_mul(fp12 *out, const fp12 *a, const fp12 *b) {
    fp6 v0, v1, sum_a, sum_b, c1;
    fp6_mul(&v0, &a->c[0], &b->c[0]);
    fp6_mul(&v1, &a->c[1], &b->c[1]);
    fp6_add(&sum_a, &a->c[0], &a->c[1]);
    fp6_add(&sum_b, &b->c[0], &b->c[1]);
    fp6_mul(&c1, &sum_a, &sum_b);
    fp6_sub(&c1, &c1, &v0);
    fp6_sub(&out->c[1], &c1, &v1);
    fp6_mul_v(&v1, &v1);
    fp6_add(&out->c[0], &v0, &v1);
}

/* With t = a0 a1: (a0 + a1) (a0 + v a1) - t - v t, and 2 t */
void fp12_square(fp12 *out, const fp12 *a) {
    fp6 t, sum, other, c0;
    fp6_mul(&t, &a->c[0], &a->c[1]);
    fp6_add(&sum, &a->c[0], &a->c[1]);
    fp6_mul_v(&other, &a->c[1]);
    fp6_add(&other, &other, &a->c[0]);
    fp6_mul(&c0, &sum, &other);
    fp6_sub(&c0, &c0, &t);
    fp6_add(&out->c[1], &t, &t);
    fp6_mul_v(&t, &t);
    fp6_sub(&out->c[0], &c0, &t);
}

/* As fp12_mul with b0 = constant and b1 = linear + cubic v: thirteen products */
void fp12_mul_line(fp12 *out, const fp12 *a, const struct fp12_line *line) {
    fp6 v0, v1, sum, c1;
    fp2 both;
    for (unsigned i = 0; i < 3; i++)
        fp2_mul(&v0.c[i], &a->c[0].c[i], &line->constant);
    fp6_mul_two(&v1, &a->c[1], &line->linear, &line->cubic);
    fp6_add(&sum, &a->c[0], &a->c[1]);
    fp2_add(&both, &line->constant, &line->linear);
    fp6_mul_two(&c1, &sum, &both, &line->cubic);
    fp6_sub(&c1, &c1, &v0);
    fp6_sub(&out->c[1], &c1, &v1);
    fp6_mul_v(&v1, &v1);
    fp6_add(&out->c[0], &v0, &v1);
}

/* (a0 - a1 w) / (a0^2 - v a1^2) */
void fp12_inverse(fp12 *out, const fp12 *a) {
    fp6 norm, t;
    fp6_mul(&norm, &a->c[0], &a->c[0]);
    fp6_mul(&t, &a->c[1], &a->c[1]);
    fp6_mul_v(&t, &t);
    fp6_sub(&norm, &norm, &t);
    fp6_inverse(&norm, &norm);
    fp6_mul(&out->c[0], &a->c[0], &norm);
    fp6_negate(&norm, &norm);
    fp6_mul(&out->c[1], &a->c[1], &norm);
}

void fp12_conjugate(fp12 *out, const fp12 *a) {
    out->c[0] = a->c[0];
    fp6_negate(&out->c[1], &a->c[1]);
}

void fp12_frobenius(fp12 *out, const fp12 *a, unsigned n) {
    for (unsigned i = 0; i < 6; i++) {
        const fp2 *from = &a->c[i % 2].c[i / 2]; /* the coefficient of w^i */
        fp2 *to = &out->c[i % 2].c[i / 2];
        if (n == 2) {
            fp2_mul_fp(to, from, &BN254_FROBENIUS[1][i].c[0]); /* the power p^2 fixes Fp2 */
        } else {
            fp2 conjugate;
            fp2_conjugate(&conjugate, from);
            fp2_mul(to, &conjugate, &BN254_FROBENIUS[n - 1][i]);
        }
    }
}

/* The square of x + y s in Fp4 = Fp2[s] / (s^2 - xi): x^2 + xi y^2 and 2 x y */
static void fp4_square(fp2 *out_x, fp2 *out_y, const fp2 *x, const fp2 *y) {
    fp2 xx, yy, sum;
    fp2_square(&xx, x);
    fp2_square(&yy, y);
    fp2_add(&sum, x, y);
    fp2_square(&sum, &sum);
    fp2_sub(&sum, &sum, &xx);
    fp2_sub(out_y, &sum, &yy);
    fp2_mul_xi(&yy, &yy);
    fp2_add(out_x, &xx, &yy);
}

/* 3 t - 2 x and 3 t + 2 x */
static void three_minus_two(fp2 *out, const fp2 *t, const fp2 *x) {
    fp2 d;
    fp2_sub(&d, t, x);
    fp2_double(&d, &d);
    fp2_add(out, &d, t);
}

static void three_plus_two(fp2 *out, const fp2 *t, const fp2 *x) {
    fp2 s;
    fp2_add(&s, t, x);
    fp2_double(&s, &s);
    fp2_add(out, &s, t);
}

/* R. Granger and M. Scott, "Faster squaring in the cyclotomic subgroup of sixth degree extensions"
 * (2010): three squares in Fp4, whose elements pair the coefficients of w^i and w^(i + 3). */
void fp12_square_cyclotomic(fp12 *out, const fp12 *a) {
    const fp2 *g0 = &a->c[0].c[0], *g1 = &a->c[1].c[0], *g2 = &a->c[0].c[1];
    const fp2 *g3 = &a->c[1].c[1], *g4 = &a->c[0].c[2], *g5 = &a->c[1].c[2];
    fp2 x03, y03, x14, y14, x25, y25;
    fp4_square(&x03, &y03, g0, g3);
    fp4_square(&x14, &y14, g1, g4);
    fp4_square(&x25, &y25, g2, g5);
    fp12 r;
    three_minus_two(&r.c[0].c[0], &x03, g0);
    three_plus_two(&r.c[1].c[1], &y03, g3);
    three_minus_two(&r.c[0].c[1], &x14, g2);
    three_plus_two(&r.c[1].c[2], &y14, g5);
    fp2_mul_xi(&y25, &y25);
    three_plus_two(&r.c[1].c[0], &y25, g1);
    three_minus_two(&r.c[0].c[2], &x25, g4);
    *out = r;
}
