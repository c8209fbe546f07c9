/* Portable modular powers.
 *
 * The modulus is split into an odd part and a power of two, n = odd * 2^k. Modulo the odd part the
 * power is taken in Montgomery form (P. Montgomery, 1985), modulo 2^k by cut-off multiplication,
 * and the two meet by the Chinese remainder theorem. Nothing divides: numbers get into Montgomery
 * form by doubling and multiplying. */
#include "crypto/modexp.h"

#include "core/check.h"
#include "core/u256.h"

/* Limbs are 64 bits, the lowest first; the count is passed along. */

static uint64_t low64(uint128 v) {
    return (uint64_t)v;
}
static uint64_t high64(uint128 v) {
    return (uint64_t)(v >> 64);
}

/* Limb number index of a big-endian number. */
static uint64_t limb_of(bytes number, size_t index) {
    uint64_t limb = 0;
    for (size_t i = 0; i < 8; i++) {
        size_t place = 8 * index + i;
        if (place >= number.size) break;
        limb |= (uint64_t)number.data[number.size - 1 - place] << (8 * i);
    }
    return limb;
}

static bytes strip_zeros(bytes number) {
    while (number.size > 0 && number.data[0] == 0)
        number = bytes_slice(number, 1, number.size);
    return number;
}

static size_t limbs_for(size_t byte_count) {
    return (byte_count + 7) / 8;
}

static bool is_at_least(const uint64_t *a, const uint64_t *b, size_t count) {
    for (size_t i = count; i-- > 0;) {
        if (a[i] != b[i]) return a[i] > b[i];
    }
    return true;
}

static void subtract(uint64_t *a, const uint64_t *b, size_t count) {
    unsigned char borrow = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned long long limb;
        borrow = U256_SUB_LIMB(borrow, a[i], b[i], &limb);
        a[i] = limb;
    }
}

/* a = 2a mod n, for a < n. */
static void double_mod(uint64_t *a, const uint64_t *n, size_t count) {
    uint64_t carry = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t next = a[i] >> 63;
        a[i] = a[i] << 1 | carry;
        carry = next;
    }
    if (carry != 0 || is_at_least(a, n, count)) subtract(a, n, count);
}

/* The inverse of odd a modulo 2^64 by Newton's iteration; a is its own inverse modulo 8. */
static uint64_t inverse64(uint64_t a) {
    uint64_t x = a;
    for (unsigned bits = 3; bits < 64; bits *= 2)
        x *= 2 - a * x;
    return x;
}

struct montgomery {
    const uint64_t *n;
    size_t count;
    uint64_t minus_inverse; /* -1/n mod 2^64 */
    uint64_t *work;         /* count + 2 limbs */
};

/* out = a * b / R mod n with R = 2^(64 count); a < n and b < R. out may be a or b. */
static void
montgomery_mul(const struct montgomery *mont, uint64_t *out, const uint64_t *a, const uint64_t *b) {
    size_t count = mont->count;
    const uint64_t *n = mont->n;
    uint64_t *t = mont->work;
    memset(t, 0, (count + 2) * sizeof *t);
    for (size_t i = 0; i < count; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; j < count; j++) {
            uint128 p = (uint128)a[j] * b[i] + t[j] + carry;
            t[j] = low64(p);
            carry = high64(p);
        }
        uint128 top = (uint128)t[count] + carry;
        t[count] = low64(top);
        t[count + 1] = high64(top);
        uint64_t q = t[0] * mont->minus_inverse;
        carry = high64((uint128)q * n[0] + t[0]);
        for (size_t j = 1; j < count; j++) {
            uint128 p = (uint128)q * n[j] + t[j] + carry;
            t[j - 1] = low64(p);
            carry = high64(p);
        }
        top = (uint128)t[count] + carry;
        t[count - 1] = low64(top);
        t[count] = t[count + 1] + high64(top);
    }
    if (t[count] != 0 || is_at_least(t, n, count)) subtract(t, n, count);
    memcpy(out, t, count * sizeof *out);
}

/* out = a * b mod 2^(64 count). out must be neither. */
static void mul_low(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t count) {
    memset(out, 0, count * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; i + j < count; j++) {
            uint128 p = (uint128)a[i] * b[j] + out[i + j] + carry;
            out[i + j] = low64(p);
            carry = high64(p);
        }
    }
}

/* What both kinds of powers share: multiplication in place of *a by b. */
struct ring {
    const struct montgomery *mont; /* NULL: modulo 2^(64 count) */
    size_t count;
    uint64_t *work; /* count limbs, for the latter */
};

static void ring_mul(const struct ring *ring, uint64_t *a, const uint64_t *b) {
    if (ring->mont != NULL) {
        montgomery_mul(ring->mont, a, a, b);
    } else {
        mul_low(ring->work, a, b, ring->count);
        memcpy(a, ring->work, ring->count * sizeof *a);
    }
}

static unsigned exponent_bits(bytes exponent, size_t first, unsigned count) {
    unsigned value = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t bit = first + i;
        unsigned digit = exponent.data[exponent.size - 1 - bit / 8] >> (bit % 8) & 1;
        value |= digit << i;
    }
    return value;
}

enum { WINDOW = 4 };

/* power = base^exponent, by windows of four bits; power enters as one. exponent has no leading
 * zeros. table has room for 2^WINDOW numbers. */
static void ring_power(
    const struct ring *ring, uint64_t *power, const uint64_t *base, bytes exponent, uint64_t *table
) {
    size_t count = ring->count;
    size_t bit_count = 8 * exponent.size;
    /* Short exponents, as 3 and 65537, do not earn back a table. */
    unsigned window = exponent.size <= 4 ? 1 : WINDOW;
    memcpy(table, power, count * sizeof *table);
    for (size_t i = 1; i < (size_t)1 << window; i++) {
        memcpy(table + i * count, table + (i - 1) * count, count * sizeof *table);
        ring_mul(ring, table + i * count, base);
    }
    bool is_one = true;
    for (size_t at = bit_count; at > 0; at -= window) {
        for (unsigned i = 0; i < window && !is_one; i++)
            ring_mul(ring, power, power);
        unsigned digit = exponent_bits(exponent, at - window, window);
        if (digit == 0) continue;
        ring_mul(ring, power, table + digit * count);
        is_one = false;
    }
}

/* Sets result = base^exponent mod n for odd n > 1. */
static enum err power_odd(
    uint64_t *result,
    struct arena *arena,
    bytes base,
    bytes exponent,
    const uint64_t *n,
    size_t count
) {
    uint64_t *one = arena_alloc_array(arena, count, sizeof *one);
    uint64_t *r_squared = arena_alloc_array(arena, count, sizeof *r_squared);
    uint64_t *b = arena_alloc_array(arena, count, sizeof *b);
    uint64_t *chunk = arena_alloc_array(arena, count, sizeof *chunk);
    uint64_t *work = arena_alloc_array(arena, count + 2, sizeof *work);
    uint64_t *table = arena_alloc_array(arena, count << WINDOW, sizeof *table);
    if (one == NULL || r_squared == NULL || b == NULL || chunk == NULL || work == NULL ||
        table == NULL) {
        return ERR_MEMORY;
    }
    VERIFY(count > 0 && n[count - 1] != 0);
    size_t size = count * sizeof *n;
    struct montgomery mont = {n, count, 0 - inverse64(n[0]), work};

    /* one = R mod n: begin with the greatest power of two not above n and double it up to R. */
    unsigned zeros = (unsigned)__builtin_clzll(n[count - 1]);
    memset(one, 0, size);
    one[count - 1] = UINT64_C(1) << (63 - zeros);
    if (is_at_least(one, n, count)) subtract(one, n, count); /* n = 1 is excluded, so never equal */
    for (unsigned i = 0; i <= zeros; i++)
        double_mod(one, n, count);

    /* r_squared = R * R mod n, which is R in Montgomery form: 2^(64 count) by squaring 2. */
    size_t exponent_of_two = 64 * count;
    memcpy(r_squared, one, size);
    for (unsigned i = 64 - (unsigned)__builtin_clzll(exponent_of_two); i-- > 0;) {
        montgomery_mul(&mont, r_squared, r_squared, r_squared);
        if (exponent_of_two >> i & 1) double_mod(r_squared, n, count);
    }

    /* b = base * R mod n, by Horner's rule over pieces of count limbs. A product with r_squared
     * multiplies by R. */
    memset(b, 0, size);
    base = strip_zeros(base);
    size_t piece_count = (limbs_for(base.size) + count - 1) / count;
    for (size_t piece = piece_count; piece-- > 0;) {
        montgomery_mul(&mont, b, b, r_squared);
        for (size_t i = 0; i < count; i++)
            chunk[i] = limb_of(base, piece * count + i);
        montgomery_mul(&mont, chunk, r_squared, chunk);
        /* b = b + chunk mod n */
        unsigned char carry = 0;
        for (size_t i = 0; i < count; i++) {
            unsigned long long limb;
            carry = U256_ADD_LIMB(carry, b[i], chunk[i], &limb);
            b[i] = limb;
        }
        if (carry != 0 || is_at_least(b, n, count)) subtract(b, n, count);
    }

    memcpy(result, one, size);
    struct ring ring = {&mont, count, NULL};
    ring_power(&ring, result, b, exponent, table);
    /* Out of Montgomery form: multiply by plain one. */
    memset(chunk, 0, size);
    chunk[0] = 1;
    montgomery_mul(&mont, result, result, chunk);
    return ERR_OK;
}

/* Sets result = base^exponent mod 2^(64 count). */
static enum err power_of_two_modulus(
    uint64_t *result, struct arena *arena, bytes base, bytes exponent, size_t count
) {
    uint64_t *b = arena_alloc_array(arena, count, sizeof *b);
    uint64_t *work = arena_alloc_array(arena, count, sizeof *work);
    uint64_t *table = arena_alloc_array(arena, count << WINDOW, sizeof *table);
    if (b == NULL || work == NULL || table == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        b[i] = limb_of(base, i);
    memset(result, 0, count * sizeof *result);
    result[0] = 1;
    struct ring ring = {NULL, count, work};
    ring_power(&ring, result, b, exponent, table);
    return ERR_OK;
}

/* a >>= bits */
static void shift_right(uint64_t *a, size_t count, size_t bits) {
    size_t limbs = bits / 64;
    unsigned s = bits % 64;
    for (size_t i = 0; i < count; i++) {
        uint64_t low = i + limbs < count ? a[i + limbs] : 0;
        uint64_t high = i + limbs + 1 < count ? a[i + limbs + 1] : 0;
        a[i] = low >> s | (high << 1) << (63 - s);
    }
}

/* x = 1 / odd mod 2^(64 count), doubling the good limbs in each step. t and u are room. */
static void
inverse_power_of_two(uint64_t *x, const uint64_t *odd, size_t count, uint64_t *t, uint64_t *u) {
    memset(x, 0, count * sizeof *x);
    x[0] = inverse64(odd[0]);
    for (size_t good = 1; good < count;) {
        good = 2 * good < count ? 2 * good : count;
        /* x = x * (2 - odd * x) */
        mul_low(t, odd, x, good);
        unsigned char borrow = 0;
        for (size_t i = 0; i < good; i++) {
            unsigned long long limb;
            borrow = U256_SUB_LIMB(borrow, i == 0 ? 2 : 0, t[i], &limb);
            t[i] = limb;
        }
        mul_low(u, x, t, good);
        memcpy(x, u, good * sizeof *x);
    }
}

static void write_number(uint8_t *out, size_t size, const uint64_t *a, size_t count) {
    for (size_t i = 0; i < size; i++) {
        uint64_t limb = i / 8 < count ? a[i / 8] : 0;
        out[size - 1 - i] = (uint8_t)(limb >> (8 * (i % 8)));
    }
}

/* result = x_odd + odd * ((x_two - x_odd) / odd mod 2^k): the number below odd * 2^k that is x_odd
 * modulo odd and x_two modulo 2^k. x_odd has count limbs, zeros on top; the others have
 * two_count. */
static enum err combine(
    uint64_t *result,
    struct arena *arena,
    const uint64_t *x_odd,
    const uint64_t *odd,
    size_t count,
    uint64_t *x_two,
    size_t two_count,
    size_t k
) {
    uint64_t *inverse = arena_alloc_array(arena, two_count, sizeof *inverse);
    uint64_t *t = arena_alloc_array(arena, two_count, sizeof *t);
    uint64_t *u = arena_alloc_array(arena, two_count, sizeof *u);
    if (inverse == NULL || t == NULL || u == NULL) return ERR_MEMORY;
    inverse_power_of_two(inverse, odd, two_count, t, u);
    subtract(x_two, x_odd, two_count);
    mul_low(t, x_two, inverse, two_count);
    if (k % 64 != 0) t[two_count - 1] &= (UINT64_C(1) << (k % 64)) - 1;
    memcpy(result, x_odd, count * sizeof *result);
    for (size_t i = 0; i < two_count; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; i + j < count; j++) {
            uint128 p = (uint128)t[i] * odd[j] + result[i + j] + carry;
            result[i + j] = low64(p);
            carry = high64(p);
        }
    }
    return ERR_OK;
}

static enum err power(
    uint8_t *out, size_t out_size, struct arena *arena, bytes base, bytes exponent, bytes modulus
) {
    /* modulus has no leading zeros and is above 1; exponent has no leading zeros. */
    size_t count = limbs_for(modulus.size);
    uint64_t *odd = arena_alloc_array(arena, count, sizeof *odd);
    uint64_t *x_odd = arena_alloc_array(arena, count, sizeof *x_odd);
    if (odd == NULL || x_odd == NULL) return ERR_MEMORY;
    size_t k = 0;
    for (size_t i = 0; i < count; i++)
        odd[i] = limb_of(modulus, i);
    while (odd[k / 64] == 0)
        k += 64;
    k += (size_t)__builtin_ctzll(odd[k / 64]);
    shift_right(odd, count, k);
    size_t odd_count = count;
    while (odd[odd_count - 1] == 0)
        odd_count--;

    memset(x_odd, 0, count * sizeof *x_odd);
    if (odd_count > 1 || odd[0] > 1) {
        enum err err = power_odd(x_odd, arena, base, exponent, odd, odd_count);
        if (err != ERR_OK) return err;
    }
    if (k == 0) {
        write_number(out, out_size, x_odd, count);
        return ERR_OK;
    }
    size_t two_count = (k + 63) / 64;
    uint64_t *x_two = arena_alloc_array(arena, two_count, sizeof *x_two);
    uint64_t *result = arena_alloc_array(arena, count, sizeof *result);
    if (x_two == NULL || result == NULL) return ERR_MEMORY;
    enum err err = power_of_two_modulus(x_two, arena, base, exponent, two_count);
    if (err == ERR_OK) {
        err = combine(result, arena, x_odd, odd, count, x_two, two_count, k);
    }
    if (err == ERR_OK) write_number(out, out_size, result, count);
    return err;
}

enum err
modexp_portable(uint8_t *out, struct arena *arena, bytes base, bytes exponent, bytes modulus) {
    bytes n = strip_zeros(modulus);
    if (n.size == 0 || (n.size == 1 && n.data[0] == 1)) {
        if (modulus.size > 0) memset(out, 0, modulus.size);
        return ERR_OK;
    }
    struct arena_mark mark = arena_mark(arena);
    enum err err = power(out, modulus.size, arena, base, strip_zeros(exponent), n);
    arena_release(arena, mark);
    return err;
}
