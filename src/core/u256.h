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
#define U256_MAX                                                                                   \
    ((u256){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}})

static inline u256 u256_from_u64(uint64_t v) { return (u256){{v, 0, 0, 0}}; }

static inline bool u256_is_zero(const u256 *a) {
    return (a->w[0] | a->w[1] | a->w[2] | a->w[3]) == 0;
}

static inline bool u256_fits_u64(const u256 *a) { return (a->w[1] | a->w[2] | a->w[3]) == 0; }

/* The value, or UINT64_MAX if it does not fit. */
static inline uint64_t u256_to_u64_saturating(const u256 *a) {
    return u256_fits_u64(a) ? a->w[0] : UINT64_MAX;
}

static inline bool u256_equal(const u256 *a, const u256 *b) {
    return ((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1]) | (a->w[2] ^ b->w[2]) |
            (a->w[3] ^ b->w[3])) == 0;
}

/* *out = a + b; returns the carry. out may alias a or b, here and below. */
static inline bool u256_add_carry(u256 *out, const u256 *a, const u256 *b) {
    unsigned long long c0;
    unsigned long long c1;
    uint64_t carry = 0;
    for (int i = 0; i < 4; i++) {
        c0 = a->w[i] + carry;
        carry = c0 < carry;
        c1 = c0 + b->w[i];
        carry |= c1 < c0;
        out->w[i] = c1;
    }
    return carry != 0;
}

/* *out = a - b; returns the borrow, that is a < b. */
static inline bool u256_sub_borrow(u256 *out, const u256 *a, const u256 *b) {
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t d0 = a->w[i] - borrow;
        uint64_t b0 = a->w[i] < borrow;
        uint64_t d1 = d0 - b->w[i];
        borrow = b0 | (d0 < b->w[i]);
        out->w[i] = d1;
    }
    return borrow != 0;
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
    u256 r;
    return u256_sub_borrow(&r, a, b);
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

/* Number of significant bytes (0 for 0) and bits. */
unsigned u256_byte_size(const u256 *a);
unsigned u256_bit_size(const u256 *a);

u256 u256_mul(const u256 *a, const u256 *b);
void u256_mul_full(uint64_t out[8], const u256 *a, const u256 *b);

/* The product; returns false on overflow (for fees and balances). */
bool u256_mul_checked(u256 *out, const u256 *a, const u256 *b);

u256 u256_div(const u256 *a, const u256 *b);
u256 u256_mod(const u256 *a, const u256 *b);
u256 u256_sdiv(const u256 *a, const u256 *b);
u256 u256_smod(const u256 *a, const u256 *b);
u256 u256_addmod(const u256 *a, const u256 *b, const u256 *modulus);
u256 u256_mulmod(const u256 *a, const u256 *b, const u256 *modulus);
u256 u256_exp(const u256 *base, const u256 *exponent);
u256 u256_signextend(const u256 *byte_index, const u256 *a);
bool u256_signed_less(const u256 *a, const u256 *b);
u256 u256_shl(const u256 *a, unsigned bits);
u256 u256_shr(const u256 *a, unsigned bits);
u256 u256_sar(const u256 *a, unsigned bits);

/* u256_to_decimal writes the decimal digits and a terminating zero; returns the length. */
#define U256_DECIMAL_SIZE_MAX 79
size_t u256_to_decimal(char out[U256_DECIMAL_SIZE_MAX], const u256 *a);

/* u256_from_decimal reads digits only. ERR_INPUT when empty, not a digit, or over 2^256 - 1.
 * Declared with int to keep err.h out of this header's users' way: 0 is success. */
int u256_from_decimal(u256 *out, const char *text, size_t size);

#endif
