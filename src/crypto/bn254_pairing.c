#include "crypto/bn254_pairing.h"

/* 3 / xi and 9 / xi, computed with Python's integers */
static const fp2 TWIST_B = {
    {{{0x3bf938e377b802a8, 0x020b1b273633535d, 0x26b7edf049755260, 0x2514c6324384a86d}},
     {{0x38e7ecccd1dcff67, 0x65f0b37d93ce0d3e, 0xd749d0dd22ac00aa, 0x0141b9ce4a688d4d}}}};
static const fp2 TWIST_3B = {
    {{{0x3baa927cb62e0d6a, 0xd71e7c52d1b664fd, 0x03873e63d95d4664, 0x0e75b5b1082ab8f4}},
     {{0xaab7c6667596fe35, 0x31d21a78bb6a27ba, 0x85dd7297680401ff, 0x03c52d6adf39a7e9}}}};

/* The parameter of the curve, x = 4965661367192848881, as signed digits of a window of four bits,
 * the lowest first; and 6 x + 2, the length of the Miller loop, in non-adjacent form. */
static const int X_DIGITS[] = {
    1, 0, 0, 0, -1, 0, 0, 0, 0, 5,  0, 0, 0, 0,  0, 0, -7, 0,  0, 0, 7,
    0, 0, 0, 0, 5,  0, 0, 0, 0, 1,  0, 0, 0, -3, 0, 0, 0,  -5, 0, 0, 0,
    5, 0, 0, 0, 0,  3, 0, 0, 0, -3, 0, 0, 0, 0,  5, 0, 0,  0,  0, 0, 1,
};
static const int LOOP_DIGITS[] = {
    0,  0, 0, 1,  0, 1, 0, -1, 0,  0, -1, 0,  0, 0,  1, 0, 0, -1, 0, -1, 0, 0,
    0,  1, 0, -1, 0, 0, 0, 0,  -1, 0, 0,  1,  0, -1, 0, 0, 1, 0,  0, 0,  0, 0,
    -1, 0, 0, -1, 0, 1, 0, -1, 0,  0, 0,  -1, 0, -1, 0, 0, 0, 1,  0, -1, 0, 1,
};

enum {
    X_COUNT = sizeof X_DIGITS / sizeof *X_DIGITS,
    LOOP_COUNT = sizeof LOOP_DIGITS / sizeof *LOOP_DIGITS,
};

bool bn254_g2_on_curve(const bn254_g2 *a) {
    fp2 left, right;
    fp2_square(&left, &a->y);
    fp2_square(&right, &a->x);
    fp2_mul(&right, &right, &a->x);
    fp2_add(&right, &right, &TWIST_B);
    return fp2_equal(&left, &right);
}

/* The p-power Frobenius of the untwisted point, back on the twist. */
static void psi(fp2 *x, fp2 *y, const fp2 *from_x, const fp2 *from_y) {
    fp2_conjugate(x, from_x);
    fp2_mul(x, x, &BN254_FROBENIUS[0][2]);
    fp2_conjugate(y, from_y);
    fp2_mul(y, y, &BN254_FROBENIUS[0][3]);
}

/* --- homogeneous coordinates on the twist: x = X / Z, y = Y / Z
 * ----------------------------------- */

struct homogeneous {
    fp2 x, y, z;
};

/* t = 2 t; gives the tangent at t, up to a factor that the final power removes, without the
 * coordinates of P: constant is to be multiplied by P.y, linear by P.x. Formulas of C. Costello, T.
 * Lange and M. Naehrig, "Faster pairing computations on curves with high-degree twists" (2010). */
static void double_step(struct homogeneous *t, struct fp12_line *line) {
    fp2 a, b, c, e, f, g, h, i, j, s;
    fp2_mul(&a, &t->x, &t->y);
    fp2_halve(&a, &a);
    fp2_square(&b, &t->y);
    fp2_square(&c, &t->z);
    fp2_mul(&e, &c, &TWIST_3B);
    fp2_double(&f, &e);
    fp2_add(&f, &f, &e);
    fp2_add(&g, &b, &f);
    fp2_halve(&g, &g);
    fp2_add(&h, &t->y, &t->z);
    fp2_square(&h, &h);
    fp2_add(&s, &b, &c);
    fp2_sub(&h, &h, &s);
    fp2_sub(&i, &e, &b);
    fp2_square(&j, &t->x);
    fp2_square(&s, &e);
    fp2_sub(&f, &b, &f);
    fp2_mul(&t->x, &a, &f);
    fp2_square(&g, &g);
    fp2_double(&a, &s);
    fp2_add(&a, &a, &s);
    fp2_sub(&t->y, &g, &a);
    fp2_mul(&t->z, &b, &h);
    fp2_negate(&line->constant, &h);
    fp2_double(&line->linear, &j);
    fp2_add(&line->linear, &line->linear, &j);
    line->cubic = i;
}

/* t = t + (x, y), which is neither t nor -t; gives the line through both, as double_step does. */
static void add_step(struct homogeneous *t, const fp2 *x, const fp2 *y, struct fp12_line *line) {
    fp2 o, l, c, d, e, f, g, h, s;
    fp2_mul(&o, y, &t->z);
    fp2_sub(&o, &t->y, &o);
    fp2_mul(&l, x, &t->z);
    fp2_sub(&l, &t->x, &l);
    fp2_square(&c, &o);
    fp2_square(&d, &l);
    fp2_mul(&e, &l, &d);
    fp2_mul(&f, &t->z, &c);
    fp2_mul(&g, &t->x, &d);
    fp2_double(&h, &g);
    fp2_add(&s, &e, &f);
    fp2_sub(&h, &s, &h);
    fp2_mul(&t->x, &l, &h);
    fp2_sub(&g, &g, &h);
    fp2_mul(&g, &g, &o);
    fp2_mul(&s, &e, &t->y);
    fp2_sub(&t->y, &g, &s);
    fp2_mul(&t->z, &t->z, &e);
    fp2_mul(&s, &l, y);
    fp2_mul(&g, &o, x);
    line->constant = l;
    fp2_negate(&line->linear, &o);
    fp2_sub(&line->cubic, &g, &s);
}

/* --- the subgroup -------------------------------------------------------------------------- */

/* Complete addition for curves y^2 = x^3 + b: J. Renes, C. Costello, L. Batina, "Complete addition
 * formulas for prime order elliptic curves" (2016), algorithm 7. Points that are tested for
 * membership may have any order, which is odd; that suffices for completeness. */
static void
add_complete(struct homogeneous *out, const struct homogeneous *p, const struct homogeneous *q) {
    fp2 t0, t1, t2, t3, t4, x3, y3, z3, s;
    fp2_mul(&t0, &p->x, &q->x);
    fp2_mul(&t1, &p->y, &q->y);
    fp2_mul(&t2, &p->z, &q->z);
    fp2_add(&t3, &p->x, &p->y);
    fp2_add(&t4, &q->x, &q->y);
    fp2_mul(&t3, &t3, &t4);
    fp2_add(&t4, &t0, &t1);
    fp2_sub(&t3, &t3, &t4);
    fp2_add(&t4, &p->y, &p->z);
    fp2_add(&s, &q->y, &q->z);
    fp2_mul(&t4, &t4, &s);
    fp2_add(&s, &t1, &t2);
    fp2_sub(&t4, &t4, &s);
    fp2_add(&x3, &p->x, &p->z);
    fp2_add(&y3, &q->x, &q->z);
    fp2_mul(&x3, &x3, &y3);
    fp2_add(&y3, &t0, &t2);
    fp2_sub(&y3, &x3, &y3);
    fp2_double(&x3, &t0);
    fp2_add(&t0, &x3, &t0);
    fp2_mul(&t2, &t2, &TWIST_3B);
    fp2_add(&z3, &t1, &t2);
    fp2_sub(&t1, &t1, &t2);
    fp2_mul(&y3, &y3, &TWIST_3B);
    fp2_mul(&x3, &t4, &y3);
    fp2_mul(&t2, &t3, &t1);
    fp2_sub(&out->x, &t2, &x3);
    fp2_mul(&y3, &y3, &t0);
    fp2_mul(&t1, &t1, &z3);
    fp2_add(&out->y, &t1, &y3);
    fp2_mul(&t0, &t0, &t3);
    fp2_mul(&z3, &z3, &t4);
    fp2_add(&out->z, &z3, &t0);
}

static void negate_point(struct homogeneous *out, const struct homogeneous *p) {
    *out = *p;
    fp2_negate(&out->y, &p->y);
}

static void psi_point(struct homogeneous *out, const struct homogeneous *p) {
    psi(&out->x, &out->y, &p->x, &p->y);
    fp2_conjugate(&out->z, &p->z);
}

/* A. El Housni, A. Guillevic, T. Piellard, "Cofactor clearing and subgroup membership testing on
 * pairing-friendly curves" (2022), for this curve: a point Q is of order r exactly if
 *   (x + 1) Q + psi(x Q) + psi^2(x Q) = psi^3(2 x Q). */
bool bn254_g2_in_subgroup(const bn254_g2 *a) {
    struct homogeneous odd[4]; /* a, 3 a, 5 a, 7 a */
    struct homogeneous twice;
    odd[0] = (struct homogeneous){a->x, a->y, {{FP_ONE, FP_ZERO}}};
    add_complete(&twice, &odd[0], &odd[0]);
    for (unsigned i = 1; i < 4; i++)
        add_complete(&odd[i], &odd[i - 1], &twice);

    unsigned i = X_COUNT - 1;
    struct homogeneous xq = odd[0]; /* the top digit is one */
    struct fp12_line ignored;
    while (i-- > 0) {
        double_step(&xq, &ignored);
        int digit = X_DIGITS[i];
        if (digit > 0) add_complete(&xq, &xq, &odd[digit / 2]);
        if (digit < 0) {
            struct homogeneous minus;
            negate_point(&minus, &odd[-digit / 2]);
            add_complete(&xq, &xq, &minus);
        }
    }
    struct homogeneous left, right, image;
    add_complete(&left, &xq, &odd[0]);
    psi_point(&image, &xq);
    add_complete(&left, &left, &image);
    psi_point(&image, &image);
    add_complete(&left, &left, &image);
    psi_point(&image, &image);
    add_complete(&right, &image, &image);

    /* Equality of quotients; infinity, 0 : 1 : 0, is equal to itself only. */
    fp2 s, t;
    if (fp2_is_zero(&left.z) || fp2_is_zero(&right.z)) {
        return fp2_is_zero(&left.z) && fp2_is_zero(&right.z);
    }
    fp2_mul(&s, &left.x, &right.z);
    fp2_mul(&t, &right.x, &left.z);
    if (!fp2_equal(&s, &t)) return false;
    fp2_mul(&s, &left.y, &right.z);
    fp2_mul(&t, &right.y, &left.z);
    return fp2_equal(&s, &t);
}

/* --- the Miller loop ----------------------------------------------------------------------- */

static void multiply_line(fp12 *f, struct fp12_line *line, const bn254_g1 *p) {
    fp2_mul_fp(&line->constant, &line->constant, &p->y);
    fp2_mul_fp(&line->linear, &line->linear, &p->x);
    fp12_mul_line(f, f, line);
}

/* F. Vercauteren, "Optimal pairings" (2010): f_{6x+2,Q}(P) and the lines through (6x+2) Q, psi(Q)
 * and -psi^2(Q). */
void bn254_miller_loop(fp12 *out, const bn254_g1 *p, const bn254_g2 *q, size_t count) {
    struct homogeneous t[BN254_BATCH_MAX];
    fp2 minus_y[BN254_BATCH_MAX];
    struct fp12_line line;
    fp12 f;
    fp12_one(&f);
    for (size_t k = 0; k < count; k++) {
        t[k] = (struct homogeneous){q[k].x, q[k].y, {{FP_ONE, FP_ZERO}}};
        fp2_negate(&minus_y[k], &q[k].y);
    }
    for (unsigned i = LOOP_COUNT - 1; i-- > 0;) {
        if (i != LOOP_COUNT - 2) fp12_square(&f, &f);
        int digit = LOOP_DIGITS[i];
        for (size_t k = 0; k < count; k++) {
            double_step(&t[k], &line);
            multiply_line(&f, &line, &p[k]);
            if (digit == 0) continue;
            add_step(&t[k], &q[k].x, digit > 0 ? &q[k].y : &minus_y[k], &line);
            multiply_line(&f, &line, &p[k]);
        }
    }
    for (size_t k = 0; k < count; k++) {
        fp2 x, y;
        psi(&x, &y, &q[k].x, &q[k].y);
        add_step(&t[k], &x, &y, &line);
        multiply_line(&f, &line, &p[k]);
        psi(&x, &y, &x, &y);
        fp2_negate(&y, &y);
        add_step(&t[k], &x, &y, &line);
        multiply_line(&f, &line, &p[k]);
    }
    *out = f;
}

/* --- the final exponentiation -------------------------------------------------------------- */

/* out = a^x for a in the cyclotomic subgroup, where the inverse is the conjugate */
static void power_x(fp12 *out, const fp12 *a) {
    fp12 odd[4]; /* a, a^3, a^5, a^7 */
    fp12 square, r;
    odd[0] = *a;
    fp12_square_cyclotomic(&square, a);
    for (unsigned i = 1; i < 4; i++)
        fp12_mul(&odd[i], &odd[i - 1], &square);
    unsigned i = X_COUNT - 1;
    r = odd[0]; /* the top digit is one */
    while (i-- > 0) {
        fp12_square_cyclotomic(&r, &r);
        int digit = X_DIGITS[i];
        if (digit > 0) fp12_mul(&r, &r, &odd[digit / 2]);
        if (digit < 0) {
            fp12 inverse;
            fp12_conjugate(&inverse, &odd[-digit / 2]);
            fp12_mul(&r, &r, &inverse);
        }
    }
    *out = r;
}

/* The power (p^12 - 1) / r times 2 x (6 x^2 + 3 x + 1): L. Fuentes-Castañeda, E. Knapp,
 * F. Rodríguez-Henríquez, "Faster hashing to G2" (2011), section 5. */
void bn254_final_power(fp12 *out, const fp12 *f) {
    fp12 a, b, t, g, x2, x6, xx6, xx12;
    /* The easy part, (p^6 - 1) (p^2 + 1): then in the cyclotomic subgroup. */
    fp12_inverse(&t, f);
    fp12_conjugate(&g, f);
    fp12_mul(&g, &g, &t);
    fp12_frobenius(&t, &g, 2);
    fp12_mul(&g, &g, &t);

    power_x(&t, &g);
    fp12_square_cyclotomic(&x2, &t); /* g^(2x) */
    fp12_square_cyclotomic(&t, &x2);
    fp12_mul(&x6, &t, &x2); /* g^(6x) */
    power_x(&xx6, &x6);     /* g^(6x^2) */
    fp12_square_cyclotomic(&xx12, &xx6);
    power_x(&t, &xx12); /* g^(12x^3) */
    fp12_mul(&a, &t, &xx6);
    fp12_mul(&a, &a, &x6); /* a = g^(12x^3 + 6x^2 + 6x) */
    fp12_conjugate(&t, &x2);
    fp12_mul(&b, &a, &t); /* b = g^(12x^3 + 6x^2 + 4x) */

    /* a g^(6x^2) g · b^p · a^(p^2) · (b / g)^(p^3) */
    fp12_mul(&x6, &a, &xx6);
    fp12_mul(&x6, &x6, &g);
    fp12_frobenius(&t, &b, 1);
    fp12_mul(&x6, &x6, &t);
    fp12_frobenius(&t, &a, 2);
    fp12_mul(&x6, &x6, &t);
    fp12_conjugate(&t, &g);
    fp12_mul(&t, &t, &b);
    fp12_frobenius(&t, &t, 3);
    fp12_mul(out, &x6, &t);
}

bool bn254_is_one_after_final(const fp12 *f) {
    fp12 power;
    bn254_final_power(&power, f);
    return fp12_is_one(&power);
}
