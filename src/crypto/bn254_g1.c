#include "crypto/bn254_pairing.h"

/* x = X / Z^2, y = Y / Z^3; infinity has Z = 0. */
struct jacobian {
    fp x, y, z;
};

static void fp_triple(fp *out, const fp *a) {
    fp t;
    fp_double(&t, a);
    fp_add(out, &t, a);
}

bool bn254_g1_on_curve(const bn254_g1 *a) {
    static const fp three = {
        {0x7a17caa950ad28d7, 0x1f6ac17ae15521b9, 0x334bea4e696bd284, 0x2a1f6744ce179d8e}};
    fp left, right;
    fp_square(&left, &a->y);
    fp_square(&right, &a->x);
    fp_mul(&right, &right, &a->x);
    fp_add(&right, &right, &three);
    return fp_equal(&left, &right);
}

/* The third point of the line with that slope through a and the point with that x, mirrored. */
static void third_point(bn254_g1 *out, const bn254_g1 *a, const fp *other_x, const fp *slope) {
    fp x, y;
    fp_square(&x, slope);
    fp_sub(&x, &x, &a->x);
    fp_sub(&x, &x, other_x);
    fp_sub(&y, &a->x, &x);
    fp_mul(&y, &y, slope);
    fp_sub(&out->y, &y, &a->y);
    out->x = x;
    out->is_infinity = false;
}

void bn254_g1_add(bn254_g1 *out, const bn254_g1 *a, const bn254_g1 *b) {
    if (a->is_infinity) {
        *out = *b;
        return;
    }
    if (b->is_infinity) {
        *out = *a;
        return;
    }
    fp slope, t;
    if (fp_equal(&a->x, &b->x)) {
        /* No point has y = 0: the order of the group is odd. */
        if (!fp_equal(&a->y, &b->y)) {
            *out = (bn254_g1){.is_infinity = true};
            return;
        }
        fp_double(&t, &a->y);
        fp_inverse(&t, &t);
        fp_square(&slope, &a->x);
        fp_triple(&slope, &slope);
    } else {
        fp_sub(&t, &b->x, &a->x);
        fp_inverse(&t, &t);
        fp_sub(&slope, &b->y, &a->y);
    }
    fp_mul(&slope, &slope, &t);
    third_point(out, a, &b->x, &slope);
}

/* --- multiplication ------------------------------------------------------------------------ */

/* dbl-2009-l of the Explicit-Formulas Database */
static void double_point(struct jacobian *out, const struct jacobian *p) {
    fp a, b, c, d, e, f, t;
    fp_square(&a, &p->x);
    fp_square(&b, &p->y);
    fp_square(&c, &b);
    fp_add(&d, &p->x, &b);
    fp_square(&d, &d);
    fp_sub(&d, &d, &a);
    fp_sub(&d, &d, &c);
    fp_double(&d, &d);
    fp_triple(&e, &a);
    fp_square(&f, &e);
    fp_mul(&t, &p->y, &p->z);
    fp_double(&out->z, &t);
    fp_sub(&t, &f, &d);
    fp_sub(&out->x, &t, &d);
    fp_sub(&d, &d, &out->x);
    fp_mul(&d, &d, &e);
    fp_double(&c, &c);
    fp_double(&c, &c);
    fp_double(&c, &c);
    fp_sub(&out->y, &d, &c);
}

/* madd-2007-bl: p + (x, y), with the cases that it leaves out. */
static void add_affine(struct jacobian *out, const struct jacobian *p, const fp *x, const fp *y) {
    if (fp_is_zero(&p->z)) {
        *out = (struct jacobian){*x, *y, FP_ONE};
        return;
    }
    fp zz, u, s, h, hh, i, j, r, v, t;
    fp_square(&zz, &p->z);
    fp_mul(&u, x, &zz);
    fp_mul(&s, y, &p->z);
    fp_mul(&s, &s, &zz);
    fp_sub(&h, &u, &p->x);
    fp_sub(&r, &s, &p->y);
    if (fp_is_zero(&h)) {
        if (fp_is_zero(&r)) {
            double_point(out, p);
        } else {
            *out = (struct jacobian){FP_ONE, FP_ONE, FP_ZERO};
        }
        return;
    }
    fp_double(&r, &r);
    fp_square(&hh, &h);
    fp_double(&i, &hh);
    fp_double(&i, &i);
    fp_mul(&j, &h, &i);
    fp_mul(&v, &p->x, &i);
    fp_add(&t, &p->z, &h);
    fp_square(&t, &t);
    fp_sub(&t, &t, &zz);
    fp_sub(&out->z, &t, &hh);
    fp_mul(&t, &p->y, &j);
    fp_double(&t, &t);
    fp_square(&u, &r);
    fp_sub(&u, &u, &j);
    fp_sub(&u, &u, &v);
    fp_sub(&out->x, &u, &v);
    fp_sub(&v, &v, &out->x);
    fp_mul(&v, &v, &r);
    fp_sub(&out->y, &v, &t);
}

static void to_affine(bn254_g1 *out, const struct jacobian *p) {
    if (fp_is_zero(&p->z)) {
        *out = (bn254_g1){.is_infinity = true};
        return;
    }
    fp inverse, square;
    fp_inverse(&inverse, &p->z);
    fp_square(&square, &inverse);
    fp_mul(&out->x, &p->x, &square);
    fp_mul(&square, &square, &inverse);
    fp_mul(&out->y, &p->y, &square);
    out->is_infinity = false;
}

/* The scalar is split, k = k1 + k2 lambda modulo r with halves below 2^127 in size, because lambda
 * (x, y) = (beta x, y) costs nothing (R. Gallant, R. Lambert, S. Vanstone 2001). The lattice of
 * pairs (a, b) with a + b lambda = 0 has the short basis (A1, -B1), (A2, B2). */
struct half {
    uint64_t w[2];
    bool is_negative;
};

static struct half half_of(const u256 *difference) {
    u256 zero = U256_ZERO;
    bool is_negative = u256_is_negative(difference);
    u256 size = is_negative ? u256_sub(&zero, difference) : *difference;
    return (struct half){{size.w[0], size.w[1]}, is_negative};
}

static void split_scalar(struct half *k1, struct half *k2, const u256 *scalar) {
    /* Computed with Python's integers from lambda = 36 x^3 + 18 x^2 + 6 x + 1 by the extended
     * Euclidean algorithm. G1 and G2 are floor(2^256 B2 / r) and floor(2^256 B1 / r). */
    static const u256 order = {
        {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};
    static const u256 a1 = {{0x8211bbeb7d4f1128, 0x6f4d8248eeb859fc, 0, 0}};
    static const u256 b1 = {{0x89d3256894d213e3, 0, 0, 0}}; /* A2 is the same */
    static const u256 b2 = {{0x0be4e1541221250b, 0x6f4d8248eeb859fd, 0, 0}};
    static const u256 g1 = {{0x5398fd0300ff6565, 0x4ccef014a773d2d2, 2, 0}};
    static const u256 g2 = {{0xd91d232ec7e0b3d7, 2, 0, 0}};
    u256 k = u256_mod(scalar, &order);
    uint64_t product[8];
    u256_mul_full(product, &k, &g1);
    u256 c1 = {{product[4], product[5], product[6], product[7]}};
    u256_mul_full(product, &k, &g2);
    u256 c2 = {{product[4], product[5], product[6], product[7]}};
    u256 t = u256_mul(&c1, &a1);
    u256 first = u256_sub(&k, &t);
    t = u256_mul(&c2, &b1);
    first = u256_sub(&first, &t);
    u256 second = u256_mul(&c1, &b1);
    t = u256_mul(&c2, &b2);
    second = u256_sub(&second, &t);
    *k1 = half_of(&first);
    *k2 = half_of(&second);
}

enum { WINDOW = 5, TABLE_SIZE = 1 << (WINDOW - 2), DIGITS = 129 };

/* Digits that are zero or odd and below 2^(WINDOW - 1) in size, at most one in WINDOW not zero. */
static unsigned make_digits(int8_t digits[DIGITS], const struct half *k) {
    uint128 rest = (uint128)k->w[1] << 64 | k->w[0];
    unsigned count = 0;
    while (rest != 0) {
        int digit = 0;
        if (rest & 1) {
            digit = (int)(rest & ((1 << WINDOW) - 1));
            if (digit >= 1 << (WINDOW - 1)) digit -= 1 << WINDOW;
            if (digit < 0) {
                rest += (unsigned)-digit;
            } else {
                rest -= (unsigned)digit;
            }
        }
        digits[count++] = (int8_t)(k->is_negative ? -digit : digit);
        rest >>= 1;
    }
    return count;
}

/* table[i] = (2 i + 1) a, affine: one inversion for all, by Montgomery's trick. */
static void make_table(bn254_g1 table[TABLE_SIZE], const bn254_g1 *a) {
    struct jacobian odd[TABLE_SIZE];
    fp prefix[TABLE_SIZE];
    bn254_g1 twice;
    struct jacobian doubled = {a->x, a->y, FP_ONE};
    odd[0] = doubled;
    double_point(&doubled, &doubled);
    to_affine(&twice, &doubled);
    prefix[0] = FP_ONE;
    for (unsigned i = 1; i < TABLE_SIZE; i++) {
        add_affine(&odd[i], &odd[i - 1], &twice.x, &twice.y);
        fp_mul(&prefix[i], &prefix[i - 1], &odd[i].z);
    }
    fp inverse;
    fp_inverse(&inverse, &prefix[TABLE_SIZE - 1]);
    for (unsigned i = TABLE_SIZE - 1; i > 0; i--) {
        fp z, square;
        fp_mul(&z, &inverse, &prefix[i - 1]);
        fp_mul(&inverse, &inverse, &odd[i].z);
        fp_square(&square, &z);
        fp_mul(&table[i].x, &odd[i].x, &square);
        fp_mul(&square, &square, &z);
        fp_mul(&table[i].y, &odd[i].y, &square);
        table[i].is_infinity = false;
    }
    table[0] = *a;
}

static void add_digit(struct jacobian *sum, const bn254_g1 *table, const fp *table_x, int digit) {
    unsigned index = (unsigned)(digit < 0 ? -digit : digit) / 2;
    fp y = table[index].y;
    if (digit < 0) fp_negate(&y, &y);
    add_affine(sum, sum, &table_x[index], &y);
}

void bn254_g1_mul(bn254_g1 *out, const bn254_g1 *a, const u256 *scalar) {
    static const fp beta = {
        {0x3350c88e13e80b9c, 0x7dce557cdb5e56b9, 0x6001b4b8b615564a, 0x2682e617020217e0}};
    struct half k1;
    struct half k2;
    split_scalar(&k1, &k2, scalar);
    bool is_zero = (k1.w[0] | k1.w[1] | k2.w[0] | k2.w[1]) == 0;
    if (a->is_infinity || is_zero) {
        *out = (bn254_g1){.is_infinity = true};
        return;
    }
    int8_t digits1[DIGITS];
    int8_t digits2[DIGITS];
    unsigned count1 = make_digits(digits1, &k1);
    unsigned count2 = make_digits(digits2, &k2);
    bn254_g1 table[TABLE_SIZE];
    fp x1[TABLE_SIZE];
    fp x2[TABLE_SIZE];
    make_table(table, a);
    for (unsigned i = 0; i < TABLE_SIZE; i++) {
        x1[i] = table[i].x;
        fp_mul(&x2[i], &table[i].x, &beta);
    }
    struct jacobian sum = {FP_ONE, FP_ONE, FP_ZERO};
    for (unsigned i = count1 > count2 ? count1 : count2; i-- > 0;) {
        double_point(&sum, &sum);
        if (i < count1 && digits1[i] != 0) add_digit(&sum, table, x1, digits1[i]);
        if (i < count2 && digits2[i] != 0) add_digit(&sum, table, x2, digits2[i]);
    }
    to_affine(out, &sum);
}
