/* Portable P-256. Points are projective and added by the complete formula of Renes, Costello and
 * Batina ("Complete addition formulas for prime order elliptic curves", 2016, algorithm 4), which
 * has no exceptions: the same one doubles, and infinity is a point like any other. */
#include "crypto/p256.h"

/* A modulus of four full limbs and what Montgomery multiplication wants of it (P. Montgomery,
 * 1985), R = 2^256. */
struct modulus {
    u256 m;
    u256 r_squared;         /* R^2 mod m */
    uint64_t minus_inverse; /* -1/m mod 2^64 */
};

/* FIPS 186-5 refers to SP 800-186, section 3.2.1.3: the field and the order of the group. */
static const struct modulus FIELD = {
    {{0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000, 0xffffffff00000001}},
    {{0x0000000000000003, 0xfffffffbffffffff, 0xfffffffffffffffe, 0x00000004fffffffd}},
    1};
static const struct modulus ORDER = {
    {{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000}},
    {{0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59, 0x66e12d94f3d95620}},
    0xccd1c8aaee00bc4f};

/* In Montgomery form: the curve is y^2 = x^3 - 3 x + B, and G its generator. */
static const u256 B = {
    {0xd89cdf6229c4bddf, 0xacf005cd78843090, 0xe5a220abf7212ed6, 0xdc30061d04874834}};
static const u256 G_X = {
    {0x79e730d418a9143c, 0x75ba95fc5fedb601, 0x79fb732b77622510, 0x18905f76a53755c6}};
static const u256 G_Y = {
    {0xddf25357ce95560a, 0x8b4ab8e4ba19e45c, 0xd2e88688dd21f325, 0x8571ff1825885d85}};
static const u256 FIELD_ONE = {
    {0x0000000000000001, 0xffffffff00000000, 0xffffffffffffffff, 0x00000000fffffffe}};

/* *out = (carry 2^256 + a) mod m, for a number below 2m. */
static void reduce_once(u256 *out, bool carry, const u256 *a, const struct modulus *m) {
    u256 difference;
    bool borrow = u256_sub_borrow(&difference, a, &m->m);
    *out = carry || !borrow ? difference : *a;
}

static void add(u256 *out, const u256 *a, const u256 *b, const struct modulus *m) {
    u256 sum;
    bool carry = u256_add_carry(&sum, a, b);
    reduce_once(out, carry, &sum, m);
}

static void sub(u256 *out, const u256 *a, const u256 *b, const struct modulus *m) {
    u256 difference;
    if (u256_sub_borrow(&difference, a, b)) difference = u256_add(&difference, &m->m);
    *out = difference;
}

/* *out = a b / R mod m. */
static void mul(u256 *out, const u256 *a, const u256 *b, const struct modulus *m) {
    uint64_t t[6] = {0};
    for (unsigned i = 0; i < 4; i++) {
        uint128 sum = 0;
        for (unsigned j = 0; j < 4; j++) {
            sum += (uint128)a->w[j] * b->w[i] + t[j];
            t[j] = (uint64_t)sum;
            sum >>= 64;
        }
        sum += t[4];
        t[4] = (uint64_t)sum;
        t[5] = (uint64_t)(sum >> 64);
        uint64_t q = t[0] * m->minus_inverse;
        sum = ((uint128)q * m->m.w[0] + t[0]) >> 64;
        for (unsigned j = 1; j < 4; j++) {
            sum += (uint128)q * m->m.w[j] + t[j];
            t[j - 1] = (uint64_t)sum;
            sum >>= 64;
        }
        sum += t[4];
        t[3] = (uint64_t)sum;
        t[4] = t[5] + (uint64_t)(sum >> 64);
    }
    u256 product = {{t[0], t[1], t[2], t[3]}};
    reduce_once(out, t[4] != 0, &product, m);
}

static void to_montgomery(u256 *out, const u256 *a, const struct modulus *m) {
    mul(out, a, &m->r_squared, m);
}

static void from_montgomery(u256 *out, const u256 *a, const struct modulus *m) {
    mul(out, a, &U256_ONE, m);
}

/* *out = 1/a, by Fermat; a and *out are in Montgomery form. */
static void invert(u256 *out, const u256 *a, const struct modulus *m) {
    const u256 two = {{2, 0, 0, 0}};
    u256 exponent = u256_sub(&m->m, &two);
    u256 power = *a; /* for the highest bit, which is set */
    for (unsigned bit = 255; bit-- > 0;) {
        mul(&power, &power, &power, m);
        if (exponent.w[bit / 64] >> bit % 64 & 1) mul(&power, &power, a, m);
    }
    *out = power;
}

struct point {
    u256 x, y, z; /* x/z, y/z; at infinity z is 0 */
};

/* *out = p + q; out may be one of them. */
static void add_points(struct point *out, const struct point *p, const struct point *q) {
    const struct modulus *m = &FIELD;
    u256 xx, yy, zz, xy, yz, xz, sum, t;
    mul(&xx, &p->x, &q->x, m);
    mul(&yy, &p->y, &q->y, m);
    mul(&zz, &p->z, &q->z, m);
    /* The mixed products: (a + b)(c + d) - ac - bd. */
    add(&sum, &p->x, &p->y, m);
    add(&t, &q->x, &q->y, m);
    mul(&xy, &sum, &t, m);
    add(&t, &xx, &yy, m);
    sub(&xy, &xy, &t, m);
    add(&sum, &p->y, &p->z, m);
    add(&t, &q->y, &q->z, m);
    mul(&yz, &sum, &t, m);
    add(&t, &yy, &zz, m);
    sub(&yz, &yz, &t, m);
    add(&sum, &p->x, &p->z, m);
    add(&t, &q->x, &q->z, m);
    mul(&xz, &sum, &t, m);
    add(&t, &xx, &zz, m);
    sub(&xz, &xz, &t, m);
    /* u = 3 (xz - B zz), v = 3 (B xz - 3 zz - xx), w = 3 (xx - zz) */
    u256 u, v, w, three_zz;
    mul(&t, &B, &zz, m);
    sub(&u, &xz, &t, m);
    add(&t, &u, &u, m);
    add(&u, &t, &u, m);
    add(&t, &zz, &zz, m);
    add(&three_zz, &t, &zz, m);
    mul(&v, &B, &xz, m);
    sub(&v, &v, &three_zz, m);
    sub(&v, &v, &xx, m);
    add(&t, &v, &v, m);
    add(&v, &t, &v, m);
    add(&t, &xx, &xx, m);
    add(&w, &t, &xx, m);
    sub(&w, &w, &three_zz, m);
    u256 below, above;
    sub(&below, &yy, &u, m);
    add(&above, &yy, &u, m);
    /* x = xy (yy + u) - yz v, y = (yy + u)(yy - u) + w v, z = yz (yy - u) + xy w */
    mul(&out->x, &xy, &above, m);
    mul(&t, &yz, &v, m);
    sub(&out->x, &out->x, &t, m);
    mul(&out->y, &above, &below, m);
    mul(&t, &w, &v, m);
    add(&out->y, &out->y, &t, m);
    mul(&out->z, &yz, &below, m);
    mul(&t, &xy, &w, m);
    add(&out->z, &out->z, &t, m);
}

static bool is_on_curve(const u256 *x, const u256 *y) {
    const struct modulus *m = &FIELD;
    u256 left, right, t;
    mul(&left, y, y, m);
    mul(&right, x, x, m);
    mul(&right, &right, x, m);
    add(&t, x, x, m);
    add(&t, &t, x, m);
    sub(&right, &right, &t, m);
    add(&right, &right, &B, m);
    return u256_equal(&left, &right);
}

/* *out = a G + b key, both at once: for each bit a doubling and at most one addition. */
static void
multiply_both(struct point *out, const u256 *a, const u256 *b, const struct point *key) {
    struct point addends[4] = {[1] = {G_X, G_Y, FIELD_ONE}, [2] = *key};
    add_points(&addends[3], &addends[1], &addends[2]);
    struct point sum = {.y = FIELD_ONE};
    for (unsigned bit = 256; bit-- > 0;) {
        add_points(&sum, &sum, &sum);
        unsigned which = (unsigned)(a->w[bit / 64] >> bit % 64 & 1) |
                         (unsigned)(b->w[bit / 64] >> bit % 64 & 1) << 1;
        if (which != 0) add_points(&sum, &sum, &addends[which]);
    }
    *out = sum;
}

/* FIPS 186-5, section 6.4.2. */
bool p256_verify_portable(
    const hash32 *digest, const u256 *r, const u256 *s, const u256 *x, const u256 *y
) {
    if (!u256_less(x, &FIELD.m) || !u256_less(y, &FIELD.m)) return false;
    if (u256_is_zero(r) || !u256_less(r, &ORDER.m)) return false;
    if (u256_is_zero(s) || !u256_less(s, &ORDER.m)) return false;
    struct point key = {.z = FIELD_ONE};
    to_montgomery(&key.x, x, &FIELD);
    to_montgomery(&key.y, y, &FIELD);
    if (!is_on_curve(&key.x, &key.y)) return false;

    u256 e = u256_load_be(digest->b);
    reduce_once(&e, false, &e, &ORDER);
    u256 inverse, a, b;
    to_montgomery(&inverse, s, &ORDER);
    invert(&inverse, &inverse, &ORDER);
    mul(&a, &e, &inverse, &ORDER); /* one factor in Montgomery form: the product is not */
    mul(&b, r, &inverse, &ORDER);
    struct point sum;
    multiply_both(&sum, &a, &b, &key);
    if (u256_is_zero(&sum.z)) return false;
    u256 sum_x;
    invert(&sum.z, &sum.z, &FIELD);
    mul(&sum_x, &sum.x, &sum.z, &FIELD);
    from_montgomery(&sum_x, &sum_x, &FIELD);
    reduce_once(&sum_x, false, &sum_x, &ORDER);
    return u256_equal(&sum_x, r);
}
