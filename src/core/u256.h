/* core/u256.h: 256-bit unsigned integers, the EVM's word (Yellow Paper 9.4.1). Arithmetic is modulo
 * 2^256; division by zero gives zero, as the EVM wants it. Limbs are little-endian: w[0] is lowest.
 * What a loop uses often is inline here; division and exponentiation are in u256.c. */
#ifndef CORE_U256_H
#define CORE_U256_H

#include "core/bytes.h"

typedef struct {
    uint64_t w[4];
} u256;

__extension__ typedef unsigned __int128 uint128;

#define U256_ZERO ((u256){{0, 0, 0, 0}})
#define U256_ONE  ((u256){{1, 0, 0, 0}})
#define U256_MAX  ((u256){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}})

static inline u256 u256_from_u64(uint64_t v) {
    return (u256){{v, 0, 0, 0}};
}

static inline bool u256_is_zero(const u256 *a) {
    return (a->w[0] | a->w[1] | a->w[2] | a->w[3]) == 0;
}

static inline bool u256_fits_u64(const u256 *a) {
    return (a->w[1] | a->w[2] | a->w[3]) == 0;
}

/* The value, or UINT64_MAX if it does not fit. */
static inline uint64_t u256_to_u64_saturating(const u256 *a) {
    return u256_fits_u64(a) ? a->w[0] : UINT64_MAX;
}

static inline bool u256_equal(const u256 *a, const u256 *b) {
    return ((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1]) | (a->w[2] ^ b->w[2]) | (a->w[3] ^ b->w[3])
           ) == 0;
}

/* One limb of a sum or difference with carry in and out. Compilers make chains of add and adc only
 * from these builtins, and only when each limb is stored before the next is computed: collected
 * first and stored together, gcc packs limbs into vector registers at several times the cost. For
 * the same reason hot loops should prefer the forms that write through a pointer to those that
 * return. */
#if defined(__x86_64__) && defined(__clang__)
#define U256_ADD_LIMB(carry, a, b, out) __builtin_ia32_addcarryx_u64(carry, a, b, out)
#define U256_SUB_LIMB(carry, a, b, out) __builtin_ia32_subborrow_u64(carry, a, b, out)
#elif defined(__x86_64__)
#define U256_ADD_LIMB(carry, a, b, out) __builtin_ia32_addcarryx_u64(carry, a, b, out)
#define U256_SUB_LIMB(carry, a, b, out) __builtin_ia32_sbb_u64(carry, a, b, out)
#else
#define U256_ADD_LIMB(carry, a, b, out) u256_add_limb(carry, a, b, out)
#define U256_SUB_LIMB(carry, a, b, out) u256_sub_limb(carry, a, b, out)
#endif

static inline unsigned char
u256_add_limb(unsigned char carry, uint64_t a, uint64_t b, unsigned long long *out) {
    uint64_t sum = a + b;
    uint64_t with_carry = sum + carry;
    *out = with_carry;
    return (unsigned char)((sum < a) | (with_carry < sum));
}

static inline unsigned char
u256_sub_limb(unsigned char borrow, uint64_t a, uint64_t b, unsigned long long *out) {
    uint64_t difference = a - b;
    *out = difference - borrow;
    return (unsigned char)((a < b) | (difference < borrow));
}

/* *out = a + b; returns the carry. out may be a or b, here and below. */
static inline bool u256_add_carry(u256 *out, const u256 *a, const u256 *b) {
    unsigned long long limb;
    unsigned char carry = U256_ADD_LIMB(0, a->w[0], b->w[0], &limb);
    out->w[0] = limb;
    carry = U256_ADD_LIMB(carry, a->w[1], b->w[1], &limb);
    out->w[1] = limb;
    carry = U256_ADD_LIMB(carry, a->w[2], b->w[2], &limb);
    out->w[2] = limb;
    carry = U256_ADD_LIMB(carry, a->w[3], b->w[3], &limb);
    out->w[3] = limb;
    return carry;
}

/* *out = a - b; returns the borrow, that is a < b. */
static inline bool u256_sub_borrow(u256 *out, const u256 *a, const u256 *b) {
    unsigned long long limb;
    unsigned char borrow = U256_SUB_LIMB(0, a->w[0], b->w[0], &limb);
    out->w[0] = limb;
    borrow = U256_SUB_LIMB(borrow, a->w[1], b->w[1], &limb);
    out->w[1] = limb;
    borrow = U256_SUB_LIMB(borrow, a->w[2], b->w[2], &limb);
    out->w[2] = limb;
    borrow = U256_SUB_LIMB(borrow, a->w[3], b->w[3], &limb);
    out->w[3] = limb;
    return borrow;
}

static inline u256 u256_add(const u256 *a, const u256 *b) {
    u256 r;
    (void)u256_add_carry(&r, a, b);
    return r;
}

static inline u256 u256_sub(const u256 *a, const u256 *b) {
    u256 r;
    (void)u256_sub_borrow(&r, a, b);
    return r;
}

static inline bool u256_less(const u256 *a, const u256 *b) {
    unsigned long long limb;
    unsigned char borrow = U256_SUB_LIMB(0, a->w[0], b->w[0], &limb);
    borrow = U256_SUB_LIMB(borrow, a->w[1], b->w[1], &limb);
    borrow = U256_SUB_LIMB(borrow, a->w[2], b->w[2], &limb);
    return U256_SUB_LIMB(borrow, a->w[3], b->w[3], &limb);
}

static inline bool u256_is_negative(const u256 *a) {
    return a->w[3] >> 63 != 0;
}

/* Two's complement comparison: flipping the sign bits makes it the unsigned one. */
static inline bool u256_signed_less(const u256 *a, const u256 *b) {
    const uint64_t sign = UINT64_C(1) << 63;
    unsigned long long limb;
    unsigned char borrow = U256_SUB_LIMB(0, a->w[0], b->w[0], &limb);
    borrow = U256_SUB_LIMB(borrow, a->w[1], b->w[1], &limb);
    borrow = U256_SUB_LIMB(borrow, a->w[2], b->w[2], &limb);
    return U256_SUB_LIMB(borrow, a->w[3] ^ sign, b->w[3] ^ sign, &limb);
}

/* -1, 0 or 1. */
static inline int u256_compare(const u256 *a, const u256 *b) {
    return u256_less(a, b) ? -1 : !u256_equal(a, b);
}

/* Big-endian, 32 bytes. */
static inline u256 u256_load_be(const uint8_t b[32]) {
    return (u256){{load_be64(b + 24), load_be64(b + 16), load_be64(b + 8), load_be64(b)}};
}

static inline void u256_store_be(uint8_t b[32], const u256 *a) {
    store_be64(b, a->w[3]);
    store_be64(b + 8, a->w[2]);
    store_be64(b + 16, a->w[1]);
    store_be64(b + 24, a->w[0]);
}

/* From up to 32 big-endian bytes (CHECKed). */
u256 u256_load_be_short(bytes b);

/* Number of significant bits and bytes (0 for 0). */
static inline unsigned u256_bit_size(const u256 *a) {
    for (unsigned i = 4; i > 0; i--) {
        if (a->w[i - 1] != 0) return 64 * i - (unsigned)__builtin_clzll(a->w[i - 1]);
    }
    return 0;
}

static inline unsigned u256_byte_size(const u256 *a) {
    return (u256_bit_size(a) + 7) / 8;
}

/* Shifts by bits; all bits go (sar: become the sign) from 256 on. Free of branches but that one:
 * limbs move by an unaligned look into a padded copy. */
static inline u256 u256_shl(const u256 *a, unsigned bits) {
    if (bits > 255) return U256_ZERO;
    const uint64_t padded[8] = {0, 0, 0, 0, a->w[0], a->w[1], a->w[2], a->w[3]};
    const uint64_t *from = padded + 4 - bits / 64;
    unsigned s = bits % 64;
    return (u256){{
        from[0] << s | (from[-1] >> 1) >> (63 - s),
        from[1] << s | (from[0] >> 1) >> (63 - s),
        from[2] << s | (from[1] >> 1) >> (63 - s),
        from[3] << s | (from[2] >> 1) >> (63 - s),
    }};
}

static inline u256 u256_shift_right(const u256 *a, unsigned bits, uint64_t fill) {
    if (bits > 255) return (u256){{fill, fill, fill, fill}};
    const uint64_t padded[8] = {a->w[0], a->w[1], a->w[2], a->w[3], fill, fill, fill, fill};
    const uint64_t *from = padded + bits / 64;
    unsigned s = bits % 64;
    return (u256){{
        from[0] >> s | (from[1] << 1) << (63 - s),
        from[1] >> s | (from[2] << 1) << (63 - s),
        from[2] >> s | (from[3] << 1) << (63 - s),
        from[3] >> s | (from[4] << 1) << (63 - s),
    }};
}

static inline u256 u256_shr(const u256 *a, unsigned bits) {
    return u256_shift_right(a, bits, 0);
}

static inline u256 u256_sar(const u256 *a, unsigned bits) {
    return u256_shift_right(a, bits, u256_is_negative(a) ? UINT64_MAX : 0);
}

/* *out = a * b; out may be a or b. */
void u256_mul_to(u256 *out, const u256 *a, const u256 *b);

static inline u256 u256_mul(const u256 *a, const u256 *b) {
    u256 r;
    u256_mul_to(&r, a, b);
    return r;
}

/* The whole product, low limb first. */
void u256_mul_full(uint64_t out[8], const u256 *a, const u256 *b);

/* The product; returns false on overflow (for fees and balances). */
bool u256_mul_checked(u256 *out, const u256 *a, const u256 *b);

/* Quotient and remainder at once; both 0 for a divisor of 0. Either may be NULL. */
void u256_div_mod(u256 *quotient, u256 *remainder, const u256 *a, const u256 *divisor);

u256 u256_div(const u256 *a, const u256 *b);
u256 u256_mod(const u256 *a, const u256 *b);
u256 u256_sdiv(const u256 *a, const u256 *b);
u256 u256_smod(const u256 *a, const u256 *b);
u256 u256_addmod(const u256 *a, const u256 *b, const u256 *modulus);
u256 u256_mulmod(const u256 *a, const u256 *b, const u256 *modulus);

/* A modulus that is used again and again, with its reciprocal; all zero: none yet. */
struct u256_modulus {
    u256 value;
    uint64_t reciprocal[5]; /* floor(2^512 / value) */
    bool is_ready;
};

/* u256_mulmod_again is u256_mulmod for callers that mostly multiply by one modulus, such as a
 * program that does arithmetic on a curve: from the third time in a row with the same one it takes
 * a third of the time. known remembers; the result never depends on it. */
void u256_mulmod_again(
    u256 *out, const u256 *a, const u256 *b, const u256 *modulus, struct u256_modulus *known
);

u256 u256_exp(const u256 *base, const u256 *exponent);
/* The sign of byte number byte_index (0 is the lowest) spread over all bytes above it. */
u256 u256_signextend(const u256 *byte_index, const u256 *a);

/* u256_to_decimal writes the decimal digits and a terminating zero; returns the length. */
#define U256_DECIMAL_SIZE_MAX 79
size_t u256_to_decimal(char out[U256_DECIMAL_SIZE_MAX], const u256 *a);

/* u256_from_decimal reads digits only. ERR_INPUT when empty, not a digit, or over 2^256 - 1.
 * Declared with int to keep err.h out of this header's users' way: 0 is success. */
int u256_from_decimal(u256 *out, const char *text, size_t size);

#endif
