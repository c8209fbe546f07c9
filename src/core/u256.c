#include "core/u256.h"

#include "core/check.h"

u256 u256_load_be_short(bytes b) {
    CHECK(b.size <= 32);
    uint8_t padded[32] = {0};
    if (b.size > 0) memcpy(padded + 32 - b.size, b.data, b.size);
    return u256_load_be(padded);
}

/* --- multiplication ----------------------------------------------------------------------*/

static uint64_t low64(uint128 v) {
    return (uint64_t)v;
}
static uint64_t high64(uint128 v) {
    return (uint64_t)(v >> 64);
}

/* a * b + c + d fits into 128 bits for any limbs. */
static uint128 mul_add_add(uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    return (uint128)a * b + c + d;
}

void u256_mul_to(u256 *out, const u256 *a, const u256 *b) {
    const uint64_t *x = a->w;
    const uint64_t *y = b->w;
    if ((x[1] | x[2] | x[3] | y[1] | y[2] | y[3]) == 0) {
        uint128 p = (uint128)x[0] * y[0];
        *out = (u256){{low64(p), high64(p), 0, 0}};
        return;
    }
    uint128 p = (uint128)x[0] * y[0];
    uint64_t r0 = low64(p);
    p = (uint128)x[0] * y[1] + high64(p);
    uint64_t r1 = low64(p);
    p = (uint128)x[0] * y[2] + high64(p);
    uint64_t r2 = low64(p);
    uint64_t r3 = x[0] * y[3] + high64(p);

    p = (uint128)x[1] * y[0] + r1;
    r1 = low64(p);
    p = mul_add_add(x[1], y[1], r2, high64(p));
    r2 = low64(p);
    r3 += x[1] * y[2] + high64(p);

    p = (uint128)x[2] * y[0] + r2;
    r2 = low64(p);
    r3 += x[2] * y[1] + high64(p);

    r3 += x[3] * y[0];
    out->w[0] = r0;
    out->w[1] = r1;
    out->w[2] = r2;
    out->w[3] = r3;
}

void u256_mul_full(uint64_t out[8], const u256 *a, const u256 *b) {
    uint64_t r[8] = {0};
    for (unsigned i = 0; i < 4; i++) {
        uint128 p = mul_add_add(a->w[i], b->w[0], r[i], 0);
        r[i] = low64(p);
        p = mul_add_add(a->w[i], b->w[1], r[i + 1], high64(p));
        r[i + 1] = low64(p);
        p = mul_add_add(a->w[i], b->w[2], r[i + 2], high64(p));
        r[i + 2] = low64(p);
        p = mul_add_add(a->w[i], b->w[3], r[i + 3], high64(p));
        r[i + 3] = low64(p);
        r[i + 4] = high64(p);
    }
    memcpy(out, r, sizeof r);
}

bool u256_mul_checked(u256 *out, const u256 *a, const u256 *b) {
    uint64_t product[8];
    u256_mul_full(product, a, b);
    if ((product[4] | product[5] | product[6] | product[7]) != 0) return false;
    memcpy(out->w, product, sizeof out->w);
    return true;
}

/* --- division ----------------------------------------------------------------------------------
 * Knuth's algorithm D (The Art of Computer Programming, volume 2, 4.3.1), where each digit of the
 * quotient is found by multiplying with a reciprocal of the divisor's top limbs: N. Möller and
 * T. Granlund, "Improved division by invariant integers" (2011); algorithm numbers are theirs. */

/* floor((2^19 - 3 * 2^8) / d9) for the divisor's top nine bits d9 = 256 + index. */
#define ROW(i)                                                                    \
    0x7fd00 / (i), 0x7fd00 / ((i) + 1), 0x7fd00 / ((i) + 2), 0x7fd00 / ((i) + 3), \
        0x7fd00 / ((i) + 4), 0x7fd00 / ((i) + 5), 0x7fd00 / ((i) + 6), 0x7fd00 / ((i) + 7)
#define ROWS(i) ROW(i), ROW((i) + 8), ROW((i) + 16), ROW((i) + 24)
static const uint16_t RECIPROCALS[256] = {
    ROWS(256), ROWS(288), ROWS(320), ROWS(352), ROWS(384), ROWS(416), ROWS(448), ROWS(480)};

/* floor((2^128 - 1) / d) - 2^64 for d >= 2^63 (algorithm 2). */
static uint64_t reciprocal_2by1(uint64_t d) {
    uint64_t d0 = d & 1;
    uint64_t d40 = (d >> 24) + 1;
    uint64_t d63 = (d >> 1) + d0;
    uint64_t v0 = RECIPROCALS[(d >> 55) - 256];
    uint64_t v1 = (v0 << 11) - (v0 * v0 * d40 >> 40) - 1;
    uint64_t v2 = (v1 << 13) + (v1 * ((UINT64_C(1) << 60) - v1 * d40) >> 47);
    uint64_t e = ((v2 >> 1) & (0 - d0)) - v2 * d63;
    uint64_t v3 = (v2 << 31) + (high64((uint128)v2 * e) >> 1);
    return v3 - high64((uint128)v3 * d + d) - d;
}

/* The reciprocal of a two-limb divisor (algorithm 6). */
static uint64_t reciprocal_3by2(uint64_t d1, uint64_t d0) {
    uint64_t v = reciprocal_2by1(d1);
    uint64_t p = d1 * v + d0;
    if (p < d0) {
        v--;
        if (p >= d1) {
            v--;
            p -= d1;
        }
        p -= d1;
    }
    uint128 t = (uint128)v * d0;
    p += high64(t);
    if (p < high64(t)) {
        v--;
        if (p > d1 || (p == d1 && low64(t) >= d0)) v--;
    }
    return v;
}

/* (u1, u0) / d for u1 < d (algorithm 4); *u1 becomes the remainder. */
static uint64_t div_2by1(uint64_t *u1, uint64_t u0, uint64_t d, uint64_t v) {
    uint128 q = (uint128)v * *u1;
    q += (uint128)(*u1 + 1) << 64 | u0;
    uint64_t q1 = high64(q);
    uint64_t r = u0 - q1 * d;
    if (r > low64(q)) {
        q1--;
        r += d;
    }
    if (__builtin_expect(r >= d, 0)) {
        q1++;
        r -= d;
    }
    *u1 = r;
    return q1;
}

/* (u2, u1, u0) / d for (u2, u1) < d (algorithm 5); *r is the remainder. */
static uint64_t div_3by2(uint128 *r, uint64_t u2, uint64_t u1, uint64_t u0, uint128 d, uint64_t v) {
    uint128 q = (uint128)v * u2;
    q += (uint128)u2 << 64 | u1;
    uint64_t q1 = high64(q);
    uint64_t r1 = u1 - q1 * high64(d);
    uint128 t = (uint128)low64(d) * q1;
    uint128 rest = ((uint128)r1 << 64 | u0) - t - d;
    /* As often as not the estimate is one too high: no branch, which would be mispredicted. */
    uint64_t too_high = 0 - (uint64_t)(high64(rest) >= low64(q));
    q1 += 1 + too_high;
    rest += (uint128)(high64(d) & too_high) << 64 | (low64(d) & too_high);
    if (__builtin_expect(rest >= d, 0)) {
        q1++;
        rest -= d;
    }
    *r = rest;
    return q1;
}

/* u[0..n-1] -= q * d[0..n-1]; returns what is still to be taken from u[n]. */
static inline __attribute__((always_inline)) uint64_t
sub_mul(uint64_t *u, const uint64_t *d, unsigned n, uint64_t q) {
    uint64_t carry = 0;
    unsigned char borrow = 0;
#pragma GCC unroll 4
    for (unsigned i = 0; i < n; i++) {
        uint128 p = (uint128)q * d[i] + carry;
        unsigned long long limb;
        borrow = U256_SUB_LIMB(borrow, u[i], low64(p), &limb);
        u[i] = limb;
        carry = high64(p);
    }
    return carry + borrow;
}

static void add_back(uint64_t *u, const uint64_t *d, unsigned n) {
    uint64_t carry = 0;
    for (unsigned i = 0; i < n; i++) {
        uint128 s = (uint128)u[i] + d[i] + carry;
        u[i] = low64(s);
        carry = high64(s);
    }
}

#define NUMERATOR_LIMBS_MAX 8

/* Divides u, normalised and with one limb on top, by d, normalised (top bit set) with n >= 3 limbs.
 * The remainder stays in the low n limbs of u; the count quotient digits go to q (may be NULL). */
static inline __attribute__((always_inline)) void
div_long(uint64_t *q, uint64_t *u, unsigned count, const uint64_t *d, unsigned n, uint64_t v) {
    uint128 top = (uint128)d[n - 1] << 64 | d[n - 2];
    for (unsigned j = count; j-- > 0;) {
        uint64_t *at = u + j;
        uint64_t digit;
        if (__builtin_expect(at[n] == d[n - 1] && at[n - 1] == d[n - 2], 0)) {
            /* The only case where the estimate would not fit. */
            digit = UINT64_MAX;
            if (sub_mul(at, d, n, digit) > at[n]) {
                digit--;
                add_back(at, d, n);
            }
        } else {
            uint128 rest;
            digit = div_3by2(&rest, at[n], at[n - 1], at[n - 2], top, v);
            /* The top two limbs are accounted for in rest; the lower ones remain. */
            uint64_t carry = sub_mul(at, d, n - 2, digit);
            bool borrow = rest < carry;
            rest -= carry;
            at[n - 2] = low64(rest);
            at[n - 1] = high64(rest);
            if (__builtin_expect(borrow, 0)) {
                digit--;
                add_back(at, d, n);
            }
        }
        if (q != NULL) q[j] = digit;
    }
}

/* Instances for each size, so that loops over limbs unroll. */
static void div_long_3(uint64_t *q, uint64_t *u, unsigned count, const uint64_t *d, uint64_t v) {
    div_long(q, u, count, d, 3, v);
}

static void div_long_4(uint64_t *q, uint64_t *u, unsigned count, const uint64_t *d, uint64_t v) {
    div_long(q, u, count, d, 4, v);
}

/* Divides the number a of limb_count <= 8 limbs by d != 0. quotient, of limb_count limbs, and
 * remainder may be NULL. */
static void div_limbs(
    uint64_t *quotient, u256 *remainder, const uint64_t *a, unsigned limb_count, const u256 *d
) {
    unsigned n = 4;
    while (d->w[n - 1] == 0)
        n--;
    unsigned m = limb_count;
    while (m > 0 && a[m - 1] == 0)
        m--;
    if (quotient != NULL) memset(quotient, 0, limb_count * sizeof *quotient);
    if (m < n) {
        if (remainder == NULL) return;
        *remainder = U256_ZERO;
        for (unsigned i = 0; i < m; i++)
            remainder->w[i] = a[i];
        return;
    }

    /* Shift both so that the divisor's top bit is set. */
    unsigned shift = (unsigned)__builtin_clzll(d->w[n - 1]);
    uint64_t divisor[4];
    uint64_t u[NUMERATOR_LIMBS_MAX + 1];
    for (unsigned i = n - 1; i > 0; i--) {
        divisor[i] = d->w[i] << shift | (d->w[i - 1] >> 1) >> (63 - shift);
    }
    divisor[0] = d->w[0] << shift;
    u[m] = (a[m - 1] >> 1) >> (63 - shift);
    for (unsigned i = m - 1; i > 0; i--)
        u[i] = a[i] << shift | (a[i - 1] >> 1) >> (63 - shift);
    u[0] = a[0] << shift;

    unsigned count = m - n + 1; /* digits of the quotient */
    if (n == 1) {
        uint64_t v = reciprocal_2by1(divisor[0]);
        uint64_t rest = u[m];
        for (unsigned j = m; j-- > 0;) {
            uint64_t digit = div_2by1(&rest, u[j], divisor[0], v);
            if (quotient != NULL) quotient[j] = digit;
        }
        u[0] = rest;
    } else if (n == 2) {
        uint64_t v = reciprocal_3by2(divisor[1], divisor[0]);
        uint128 both = (uint128)divisor[1] << 64 | divisor[0];
        uint128 rest = (uint128)u[m] << 64 | u[m - 1];
        for (unsigned j = count; j-- > 0;) {
            uint64_t digit = div_3by2(&rest, high64(rest), low64(rest), u[j], both, v);
            if (quotient != NULL) quotient[j] = digit;
        }
        u[0] = low64(rest);
        u[1] = high64(rest);
    } else {
        uint64_t v = reciprocal_3by2(divisor[n - 1], divisor[n - 2]);
        (n == 3 ? div_long_3 : div_long_4)(quotient, u, count, divisor, v);
    }
    if (remainder == NULL) return;
    *remainder = U256_ZERO;
    for (unsigned i = 0; i + 1 < n; i++) {
        remainder->w[i] = u[i] >> shift | (u[i + 1] << 1) << (63 - shift);
    }
    remainder->w[n - 1] = u[n - 1] >> shift;
}

/* Zero counts as one here. */
static bool is_power_of_two(const u256 *a) {
    u256 less = u256_sub(a, &U256_ONE);
    return ((a->w[0] & less.w[0]) | (a->w[1] & less.w[1]) | (a->w[2] & less.w[2]) |
            (a->w[3] & less.w[3])) == 0;
}

void u256_div_mod(u256 *quotient, u256 *remainder, const u256 *a, const u256 *divisor) {
    u256 q = U256_ZERO;
    u256 r = U256_ZERO;
    if (is_power_of_two(divisor)) {
        /* Programs from before the shift instructions shift by dividing. */
        if (!u256_is_zero(divisor)) {
            u256 mask = u256_sub(divisor, &U256_ONE);
            q = u256_shr(a, u256_bit_size(divisor) - 1);
            for (unsigned i = 0; i < 4; i++)
                r.w[i] = a->w[i] & mask.w[i];
        }
    } else if (u256_fits_u64(divisor) && u256_fits_u64(a)) {
        q.w[0] = a->w[0] / divisor->w[0];
        r.w[0] = a->w[0] % divisor->w[0];
    } else {
        div_limbs(q.w, &r, a->w, 4, divisor);
    }
    if (quotient != NULL) *quotient = q;
    if (remainder != NULL) *remainder = r;
}

u256 u256_div(const u256 *a, const u256 *b) {
    u256 q;
    u256_div_mod(&q, NULL, a, b);
    return q;
}

u256 u256_mod(const u256 *a, const u256 *b) {
    u256 r;
    u256_div_mod(NULL, &r, a, b);
    return r;
}

static u256 negate(const u256 *a) {
    u256 zero = U256_ZERO;
    return u256_sub(&zero, a);
}

static u256 magnitude(const u256 *a) {
    return u256_is_negative(a) ? negate(a) : *a;
}

/* -2^255 / -1 overflows and gives -2^255, as the Yellow Paper says, without a special case. */
u256 u256_sdiv(const u256 *a, const u256 *b) {
    u256 x = magnitude(a);
    u256 y = magnitude(b);
    u256 q = u256_div(&x, &y);
    return u256_is_negative(a) != u256_is_negative(b) ? negate(&q) : q;
}

/* The result has the sign of a. */
u256 u256_smod(const u256 *a, const u256 *b) {
    u256 x = magnitude(a);
    u256 y = magnitude(b);
    u256 r = u256_mod(&x, &y);
    return u256_is_negative(a) ? negate(&r) : r;
}

u256 u256_addmod(const u256 *a, const u256 *b, const u256 *modulus) {
    /* Mostly a and b are below the modulus already; then one subtraction does. */
    u256 sum;
    bool carry = u256_add_carry(&sum, a, b);
    if (u256_less(a, modulus) && u256_less(b, modulus)) {
        u256 reduced;
        bool borrow = u256_sub_borrow(&reduced, &sum, modulus);
        return carry || !borrow ? reduced : sum;
    }
    if (u256_is_zero(modulus)) return U256_ZERO;
    if (!carry) return u256_mod(&sum, modulus);
    uint64_t limbs[5] = {sum.w[0], sum.w[1], sum.w[2], sum.w[3], 1};
    u256 r;
    div_limbs(NULL, &r, limbs, 5, modulus);
    return r;
}

u256 u256_mulmod(const u256 *a, const u256 *b, const u256 *modulus) {
    if (u256_is_zero(modulus)) return U256_ZERO;
    uint64_t product[8];
    u256_mul_full(product, a, b);
    u256 r;
    div_limbs(NULL, &r, product, 8, modulus);
    return r;
}

/* --- reduction by a modulus used again -----------------------------------------------------------
 * P. Barrett's method (Handbook of Applied Cryptography, algorithm 14.42) with k = 4 limbs: the
 * quotient of x by m is close to the product of x / 2^192 and floor(2^512 / m), over 2^320. Leaving
 * out the product's lowest columns makes it at most one less (note 14.44), so that it is short by
 * three at most. */

enum { RECIPROCAL_LIMBS = 5 };

/* floor(2^512 / m); false if that takes more than five limbs. */
static bool make_reciprocal(uint64_t reciprocal[RECIPROCAL_LIMBS], const u256 *m) {
    if (m->w[3] == 0) return false;
    /* 2^512 - 1 divided by m is the same unless m is a power of two. */
    if (is_power_of_two(m)) return false;
    uint64_t ones[8];
    uint64_t quotient[8];
    memset(ones, 0xff, sizeof ones);
    div_limbs(quotient, NULL, ones, 8, m);
    memcpy(reciprocal, quotient, RECIPROCAL_LIMBS * sizeof *reciprocal);
    return true;
}

static u256
barrett_reduce(const uint64_t x[8], const u256 *modulus, const uint64_t mu[RECIPROCAL_LIMBS]) {
    const uint64_t *m = modulus->w;
    const uint64_t *high = x + 3;
    uint64_t t[2 * RECIPROCAL_LIMBS] = {0};
#pragma GCC unroll 5
    for (unsigned i = 0; i < RECIPROCAL_LIMBS; i++) {
        uint64_t carry = 0;
        unsigned first = i < 3 ? 3 - i : 0;
#pragma GCC unroll 5
        for (unsigned j = first; j < RECIPROCAL_LIMBS; j++) {
            uint128 p = mul_add_add(high[i], mu[j], t[i + j], carry);
            t[i + j] = low64(p);
            carry = high64(p);
        }
        t[i + RECIPROCAL_LIMBS] = carry;
    }
    const uint64_t *q = t + 5;
    /* x - q m modulo 2^320 is the remainder plus few times m. */
    uint64_t product[5] = {0};
#pragma GCC unroll 5
    for (unsigned i = 0; i < 5; i++) {
        uint64_t carry = 0;
        unsigned end = i == 0 ? 4 : 5 - i;
#pragma GCC unroll 4
        for (unsigned j = 0; j < end; j++) {
            uint128 p = mul_add_add(q[i], m[j], product[i + j], carry);
            product[i + j] = low64(p);
            carry = high64(p);
        }
        if (i == 0) product[4] = carry;
    }
    u256 r;
    unsigned long long limb;
    unsigned char borrow = 0;
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        borrow = U256_SUB_LIMB(borrow, x[i], product[i], &limb);
        r.w[i] = limb;
    }
    uint64_t top = x[4] - product[4] - borrow;
    while (top != 0 || !u256_less(&r, modulus))
        top -= u256_sub_borrow(&r, &r, modulus);
    return r;
}

void u256_mulmod_again(
    u256 *out, const u256 *a, const u256 *b, const u256 *modulus, struct u256_modulus *known
) {
    if (u256_equal(modulus, &known->value) && known->is_ready) {
        uint64_t product[8];
        u256_mul_full(product, a, b);
        *out = barrett_reduce(product, modulus, known->reciprocal);
        return;
    }
    if (u256_equal(modulus, &known->value)) {
        /* The second time: it will pay. */
        known->is_ready = make_reciprocal(known->reciprocal, modulus);
    } else {
        known->value = *modulus;
        known->is_ready = false;
    }
    *out = u256_mulmod(a, b, modulus);
}

/* --- the rest ----------------------------------------------------------------------------*/

u256 u256_exp(const u256 *base, const u256 *exponent) {
    if (u256_is_zero(exponent)) return U256_ONE;
    if (u256_is_zero(base)) return U256_ZERO;
    if (is_power_of_two(base)) {
        /* Compilers make masks with powers of 2 and 256. */
        if (!u256_fits_u64(exponent) || exponent->w[0] > 255) {
            return u256_equal(base, &U256_ONE) ? U256_ONE : U256_ZERO;
        }
        unsigned bits = (u256_bit_size(base) - 1) * (unsigned)exponent->w[0];
        return u256_shl(&U256_ONE, bits);
    }
    u256 result = *base;
    for (unsigned i = u256_bit_size(exponent) - 1; i-- > 0;) {
        u256_mul_to(&result, &result, &result);
        if (exponent->w[i / 64] >> (i % 64) & 1) u256_mul_to(&result, &result, base);
    }
    return result;
}

u256 u256_signextend(const u256 *byte_index, const u256 *a) {
    if (!u256_fits_u64(byte_index) || byte_index->w[0] > 30) return *a;
    u256 r = *a;
    unsigned limb = (unsigned)byte_index->w[0] / 8;
    unsigned unused = 56 - 8 * ((unsigned)byte_index->w[0] % 8);
    uint64_t raised = a->w[limb] << unused;
    uint64_t sign = raised >> 63 != 0 ? UINT64_MAX : 0;
    /* The sign over the bytes above, in this limb and in those that follow. */
    r.w[limb] = unused == 0 ? raised : raised >> unused | sign << (64 - unused);
    for (unsigned i = limb + 1; i < 4; i++)
        r.w[i] = sign;
    return r;
}

enum { DIGITS_PER_LIMB = 19 };
#define TEN_TO_19 UINT64_C(10000000000000000000)

size_t u256_to_decimal(char out[U256_DECIMAL_SIZE_MAX], const u256 *a) {
    char digits[5 * DIGITS_PER_LIMB];
    size_t count = 0;
    u256 rest = *a;
    const u256 ten_to_19 = {{TEN_TO_19, 0, 0, 0}};
    do {
        u256 part;
        u256_div_mod(&rest, &part, &rest, &ten_to_19);
        for (unsigned i = 0; i < DIGITS_PER_LIMB; i++) {
            digits[count++] = (char)('0' + part.w[0] % 10);
            part.w[0] /= 10;
        }
    } while (!u256_is_zero(&rest));
    while (count > 1 && digits[count - 1] == '0')
        count--;
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    out[count] = 0;
    return count;
}

int u256_from_decimal(u256 *out, const char *text, size_t size) {
    if (size == 0) return -1;
    u256 value = U256_ZERO;
    const u256 ten = {{10, 0, 0, 0}};
    for (size_t i = 0; i < size; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';
        if (digit > 9 || !u256_mul_checked(&value, &value, &ten)) return -1;
        u256 addend = u256_from_u64(digit);
        if (u256_add_carry(&value, &value, &addend)) return -1;
    }
    *out = value;
    return 0;
}
