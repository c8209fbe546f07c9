#include "crypto/bn254_field.h"

/* R^2 and R^3 mod p */
static const fp R_SQUARED = {
    {0xf32cfc5b538afa89, 0xb5e71911d44501fb, 0x47ab1eff0a417ff6, 0x06d89f71cab8351f}};
static const fp R_CUBED = {
    {0xb1cd6dafda1530df, 0x62f210e6a7283db6, 0xef7f0b0c0ada0afb, 0x20fd6e902d592544}};

bool fp_load(fp *out, const uint8_t in[32]) {
    static const u256 p = {{FP_P0, FP_P1, FP_P2, FP_P3}};
    u256 value = u256_load_be(in);
    if (!u256_less(&value, &p)) return false;
    fp plain = {{value.w[0], value.w[1], value.w[2], value.w[3]}};
    fp_mul(out, &plain, &R_SQUARED);
    return true;
}

void fp_store(uint8_t out[32], const fp *a) {
    static const fp plain_one = {{1, 0, 0, 0}};
    fp plain;
    fp_mul(&plain, a, &plain_one);
    u256 value = {{plain.w[0], plain.w[1], plain.w[2], plain.w[3]}};
    u256_store_be(out, &value);
}

/* Karatsuba with one reduction for each part of the result. */
void fp2_mul(fp2 *out, const fp2 *a, const fp2 *b) {
    fp_wide v0, v1, cross;
    fp sum_a, sum_b;
    fp_add_lazy(&sum_a, &a->c[0], &a->c[1]);
    fp_add_lazy(&sum_b, &b->c[0], &b->c[1]);
    fp_mul_wide(&cross, &sum_a, &sum_b);
    fp_mul_wide(&v0, &a->c[0], &b->c[0]);
    fp_mul_wide(&v1, &a->c[1], &b->c[1]);
    fp_sub_wide(&cross, &cross, &v0);
    fp_sub_wide(&cross, &cross, &v1);
    fp_sub_wide_mod(&v0, &v0, &v1);
    fp_reduce_wide(&out->c[1], &cross);
    fp_reduce_wide(&out->c[0], &v0);
}

/* (a0 + a1) (a0 - a1) + 2 a0 a1 u */
void fp2_square(fp2 *out, const fp2 *a) {
    fp sum, difference, twice;
    fp_add_lazy(&sum, &a->c[0], &a->c[1]);
    fp_sub(&difference, &a->c[0], &a->c[1]);
    fp_add_lazy(&twice, &a->c[0], &a->c[0]);
    fp_mul(&out->c[1], &twice, &a->c[1]);
    fp_mul(&out->c[0], &sum, &difference);
}

/* (a0 - a1 u) / (a0^2 + a1^2) */
void fp2_inverse(fp2 *out, const fp2 *a) {
    fp norm, t;
    fp_square(&norm, &a->c[0]);
    fp_square(&t, &a->c[1]);
    fp_add(&norm, &norm, &t);
    fp_inverse(&norm, &norm);
    fp_mul(&out->c[0], &a->c[0], &norm);
    fp_negate(&norm, &norm);
    fp_mul(&out->c[1], &a->c[1], &norm);
}

/* --- inversion -----------------------------------------------------------------------------------
 * D. J. Bernstein and B.-Y. Yang, "Fast constant-time gcd computation and modular inversion"
 * (2019): division steps on (f, g) = (p, a), of which 62 at a time depend on the low 62 bits only;
 * their combined effect is a 2x2 matrix, applied to the whole numbers and to the two factors d, e
 * that keep f = d a and g = e a modulo p (each times a power of two that the steps divide out).
 * This is the variant for public data, where runs of even g are skipped. */

enum { STEPS = 62, LIMBS = 5 };
#define LIMB_MASK (UINT64_MAX >> 2)

/* Five limbs of 62 bits, all but the top one in [0, 2^62); the top one carries the sign. */
typedef struct {
    int64_t v[LIMBS];
} signed62;

__extension__ typedef __int128 int128;

/* After the steps: f' = (u f + v g) / 2^62, g' = (q f + r g) / 2^62. */
struct matrix {
    int64_t u, v, q, r;
};

static const signed62 P_SIGNED62 = {
    {0x3c208c16d87cfd47, 0x1e05aa45a1c72a34, 0x05045b68181585d9, 0x19139cb84c680a6e, 0x30}};
#define P_INVERSE62 UINT64_C(0x382df87d1b799c77) /* 1/p mod 2^62 */

static signed62 to_signed62(const fp *a) {
    const uint64_t *w = a->w;
    return (signed62){{
        (int64_t)(w[0] & LIMB_MASK),
        (int64_t)((w[0] >> 62 | w[1] << 2) & LIMB_MASK),
        (int64_t)((w[1] >> 60 | w[2] << 4) & LIMB_MASK),
        (int64_t)((w[2] >> 58 | w[3] << 6) & LIMB_MASK),
        (int64_t)(w[3] >> 56),
    }};
}

/* For a in [0, p). */
static fp from_signed62(const signed62 *a) {
    const int64_t *v = a->v;
    return (fp){{
        (uint64_t)v[0] | (uint64_t)v[1] << 62,
        (uint64_t)v[1] >> 2 | (uint64_t)v[2] << 60,
        (uint64_t)v[2] >> 4 | (uint64_t)v[3] << 58,
        (uint64_t)v[3] >> 6 | (uint64_t)v[4] << 56,
    }};
}

/* 62 division steps. eta is minus the paper's delta. */
static int64_t division_steps(int64_t eta, uint64_t f, uint64_t g, struct matrix *t) {
    uint64_t u = 1, v = 0, q = 0, r = 1;
    int left = STEPS;
    for (;;) {
        /* Steps with even g halve g; the bit at left stops the count. */
        int zeros = __builtin_ctzll(g | UINT64_MAX << left);
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        eta -= zeros;
        left -= zeros;
        if (left == 0) break;
        uint64_t w;
        if (eta < 0) {
            /* Swap, and clear up to six low bits of g with a multiple of f. */
            uint64_t old;
            eta = -eta;
            old = f, f = g, g = 0 - old;
            old = u, u = q, q = 0 - old;
            old = v, v = r, r = 0 - old;
            int limit = eta + 1 > left ? left : (int)eta + 1;
            uint64_t mask = UINT64_MAX >> (64 - limit) & 63;
            w = f * g * (f * f - 2) & mask; /* -g/f modulo 2^6: f (2 - f^2) inverts f there */
        } else {
            /* Up to four bits. */
            int limit = eta + 1 > left ? left : (int)eta + 1;
            uint64_t mask = UINT64_MAX >> (64 - limit) & 15;
            w = f + (((f + 1) & 4) << 1); /* 1/f modulo 2^4 */
            w = (0 - w) * g & mask;
        }
        g += f * w;
        q += u * w;
        r += v * w;
    }
    *t = (struct matrix){(int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r};
    return eta;
}

/* (f, g) = t (f, g) / 2^62, on the lowest count limbs, the top one signed. */
static void apply_to_fg(signed62 *f, signed62 *g, const struct matrix *t, int count) {
    int128 cf = (int128)t->u * f->v[0] + (int128)t->v * g->v[0];
    int128 cg = (int128)t->q * f->v[0] + (int128)t->r * g->v[0];
    cf >>= 62; /* the low 62 bits are zero by construction */
    cg >>= 62;
    for (int i = 1; i < count; i++) {
        cf += (int128)t->u * f->v[i] + (int128)t->v * g->v[i];
        cg += (int128)t->q * f->v[i] + (int128)t->r * g->v[i];
        f->v[i - 1] = (int64_t)((uint64_t)cf & LIMB_MASK);
        g->v[i - 1] = (int64_t)((uint64_t)cg & LIMB_MASK);
        cf >>= 62;
        cg >>= 62;
    }
    f->v[count - 1] = (int64_t)cf;
    g->v[count - 1] = (int64_t)cg;
}

/* (d, e) = t (d, e) / 2^62 modulo p. Both stay in (-2p, p): multiples md, me of p are added that
 * make the low 62 bits zero. */
static void apply_to_de(signed62 *d, signed62 *e, const struct matrix *t) {
    const int64_t *p = P_SIGNED62.v;
    int64_t d_sign = d->v[LIMBS - 1] < 0 ? -1 : 0;
    int64_t e_sign = e->v[LIMBS - 1] < 0 ? -1 : 0;
    int64_t md = (t->u & d_sign) + (t->v & e_sign);
    int64_t me = (t->q & d_sign) + (t->r & e_sign);
    int128 cd = (int128)t->u * d->v[0] + (int128)t->v * e->v[0];
    int128 ce = (int128)t->q * d->v[0] + (int128)t->r * e->v[0];
    md -= (int64_t)((P_INVERSE62 * (uint64_t)cd + (uint64_t)md) & LIMB_MASK);
    me -= (int64_t)((P_INVERSE62 * (uint64_t)ce + (uint64_t)me) & LIMB_MASK);
    cd += (int128)p[0] * md;
    ce += (int128)p[0] * me;
    cd >>= 62;
    ce >>= 62;
    for (int i = 1; i < LIMBS; i++) {
        cd += (int128)t->u * d->v[i] + (int128)t->v * e->v[i] + (int128)p[i] * md;
        ce += (int128)t->q * d->v[i] + (int128)t->r * e->v[i] + (int128)p[i] * me;
        d->v[i - 1] = (int64_t)((uint64_t)cd & LIMB_MASK);
        e->v[i - 1] = (int64_t)((uint64_t)ce & LIMB_MASK);
        cd >>= 62;
        ce >>= 62;
    }
    d->v[LIMBS - 1] = (int64_t)cd;
    e->v[LIMBS - 1] = (int64_t)ce;
}

/* d += p if d is negative; limbs may be out of range in between. */
static void add_p_if_negative(signed62 *d) {
    int64_t mask = d->v[LIMBS - 1] < 0 ? -1 : 0;
    for (int i = 0; i < LIMBS; i++)
        d->v[i] += P_SIGNED62.v[i] & mask;
}

static void carry_limbs(signed62 *d) {
    for (int i = 0; i + 1 < LIMBS; i++) {
        d->v[i + 1] += d->v[i] >> 62;
        d->v[i] &= (int64_t)LIMB_MASK;
    }
}

void fp_inverse(fp *out, const fp *a) {
    signed62 d = {{0}};
    signed62 e = {{1}};
    signed62 f = P_SIGNED62;
    signed62 g = to_signed62(a);
    int count = LIMBS;
    int64_t eta = -1;
    for (;;) {
        struct matrix t;
        eta = division_steps(eta, (uint64_t)f.v[0], (uint64_t)g.v[0], &t);
        apply_to_de(&d, &e, &t);
        apply_to_fg(&f, &g, &t, count);
        int64_t any = 0;
        for (int i = 0; i < count; i++)
            any |= g.v[i];
        if (any == 0) break;
        /* Drop the top limb when both numbers fit without it: it is then 0 or -1 in each. */
        int64_t ft = f.v[count - 1];
        int64_t gt = g.v[count - 1];
        if (count > 1 && (ft == 0 || ft == -1) && (gt == 0 || gt == -1)) {
            f.v[count - 2] |= (int64_t)((uint64_t)ft << 62);
            g.v[count - 2] |= (int64_t)((uint64_t)gt << 62);
            count--;
        }
    }
    /* f is 1 or -1 (a = 0: p), and d = f / a. */
    bool is_negative = f.v[count - 1] < 0;
    add_p_if_negative(&d);
    if (is_negative) {
        for (int i = 0; i < LIMBS; i++)
            d.v[i] = -d.v[i];
    }
    carry_limbs(&d);
    add_p_if_negative(&d);
    carry_limbs(&d);
    fp inverse = from_signed62(&d);
    /* a was A R; this is 1 / (A R), and two more factors R make it 1 / A in Montgomery form. */
    fp_mul(out, &inverse, &R_CUBED);
}
