/* The twin of every operation is GMP; operands are drawn so that carries, equal top limbs and short
 * numbers are frequent. */
#include "core/u256.h"

#include <gmp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t random_state;

static uint64_t random_u64(void) {
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random_state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int setup(void **state) {
    (void)state;
    const char *seed = getenv("LOCKSTEP_SEED");
    random_state = seed != NULL ? strtoull(seed, NULL, 0) : 1;
    print_message("LOCKSTEP_SEED=%llu\n", (unsigned long long)random_state);
    return 0;
}

static uint64_t random_limb(void) {
    uint64_t v = random_u64();
    switch (random_u64() % 8) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return UINT64_C(1) << (v % 64);
    case 3:
        return v % 4;
    case 4:
        return UINT64_MAX - v % 4;
    default:
        return v;
    }
}

static u256 random_u256(void) {
    u256 r = {{random_limb(), random_limb(), random_limb(), random_limb()}};
    for (uint64_t i = 4 - random_u64() % 5; i < 4; i++)
        r.w[i] = 0;
    return r;
}

static void to_mpz(mpz_t out, const u256 *a) {
    mpz_import(out, 4, -1, 8, 0, 0, a->w);
}

static mpz_t two_256;
static mpz_t x, y, z, m;

static u256 from_mpz(const mpz_t in) {
    mpz_t reduced;
    mpz_init(reduced);
    mpz_mod(reduced, in, two_256);
    u256 r = U256_ZERO;
    size_t count;
    mpz_export(r.w, &count, -1, 8, 0, 0, reduced);
    mpz_clear(reduced);
    return r;
}

static void to_mpz_signed(mpz_t out, const u256 *a) {
    to_mpz(out, a);
    if (a->w[3] >> 63) mpz_sub(out, out, two_256);
}

static void assert_same(u256 got, const mpz_t want) {
    u256 w = from_mpz(want);
    assert_memory_equal(got.w, w.w, sizeof w.w);
}

enum { ROUNDS = 100000 };

static void test_add_sub_compare(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        u256 a = random_u256();
        u256 b = i % 5 == 0 ? a : random_u256();
        to_mpz(x, &a);
        to_mpz(y, &b);
        u256 r;
        bool carry = u256_add_carry(&r, &a, &b);
        mpz_add(z, x, y);
        assert_same(r, z);
        assert_int_equal(carry, mpz_cmp(z, two_256) >= 0);
        bool borrow = u256_sub_borrow(&r, &a, &b);
        mpz_sub(z, x, y);
        assert_same(r, z);
        int order = mpz_cmp(x, y);
        order = (order > 0) - (order < 0);
        assert_int_equal(borrow, order < 0);
        assert_int_equal(u256_less(&a, &b), order < 0);
        assert_int_equal(u256_compare(&a, &b), order);
        assert_int_equal(u256_equal(&a, &b), order == 0);
        to_mpz_signed(x, &a);
        to_mpz_signed(y, &b);
        assert_int_equal(u256_signed_less(&a, &b), mpz_cmp(x, y) < 0);

        /* Outputs may alias inputs. */
        u256 alias = a;
        (void)u256_add_carry(&alias, &alias, &b);
        (void)u256_sub_borrow(&alias, &alias, &b);
        assert_true(u256_equal(&alias, &a));
        alias = b;
        (void)u256_sub_borrow(&alias, &a, &alias);
        (void)u256_add_carry(&alias, &b, &alias);
        assert_true(u256_equal(&alias, &a));
    }
}

static void test_limb_steps(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t a = random_limb();
        uint64_t b = random_limb();
        unsigned char c = (unsigned char)(i & 1);
        unsigned long long r1;
        unsigned long long r2;
        unsigned char c1 = U256_ADD_LIMB(c, a, b, &r1);
        unsigned char c2 = u256_add_limb(c, a, b, &r2);
        assert_true(r1 == r2 && c1 == c2);
        c1 = U256_SUB_LIMB(c, a, b, &r1);
        c2 = u256_sub_limb(c, a, b, &r2);
        assert_true(r1 == r2 && c1 == c2);
    }
}

static void test_mul(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        u256 a = random_u256();
        u256 b = random_u256();
        to_mpz(x, &a);
        to_mpz(y, &b);
        mpz_mul(z, x, y);
        assert_same(u256_mul(&a, &b), z);
        uint64_t full[8];
        u256_mul_full(full, &a, &b);
        mpz_import(m, 8, -1, 8, 0, 0, full);
        assert_int_equal(mpz_cmp(m, z), 0);
        u256 checked = {{7, 7, 7, 7}};
        bool fits = u256_mul_checked(&checked, &a, &b);
        assert_int_equal(fits, mpz_cmp(z, two_256) < 0);
        if (fits) {
            assert_same(checked, z);
        } else {
            assert_int_equal(checked.w[3], 7);
        }
        u256 alias = a;
        u256_mul_to(&alias, &alias, &b);
        assert_same(alias, z);
    }
}

/* Divisors whose top limbs equal the numerator's bring out the rare corrections of algorithm D. */
static u256 random_divisor(const u256 *a) {
    u256 b = random_u256();
    switch (random_u64() % 4) {
    case 0:
        b = u256_shr(a, (unsigned)(random_u64() % 200));
        b.w[0] += random_u64() % 3 - 1;
        break;
    case 1:
        b.w[3] = a->w[3];
        b.w[2] = a->w[2];
        break;
    case 2:
        if (random_u64() % 4 == 0) b = u256_shl(&U256_ONE, (unsigned)(random_u64() % 256));
        break;
    default:
        break;
    }
    return b;
}

static void test_div(void **state) {
    (void)state;
    for (int i = 0; i < 4 * ROUNDS; i++) {
        u256 a = random_u256();
        u256 b = random_divisor(&a);
        u256 zero = U256_ZERO;
        if (u256_is_zero(&b)) {
            assert_true(u256_is_zero(&b));
            u256 r = u256_div(&a, &b);
            assert_true(u256_equal(&r, &zero));
            r = u256_mod(&a, &b);
            assert_true(u256_equal(&r, &zero));
            r = u256_sdiv(&a, &b);
            assert_true(u256_equal(&r, &zero));
            r = u256_smod(&a, &b);
            assert_true(u256_equal(&r, &zero));
            continue;
        }
        to_mpz(x, &a);
        to_mpz(y, &b);
        mpz_tdiv_qr(z, m, x, y);
        assert_same(u256_div(&a, &b), z);
        assert_same(u256_mod(&a, &b), m);
        u256 quotient = a;
        u256 remainder = b;
        u256_div_mod(&quotient, &remainder, &quotient, &remainder);
        assert_same(quotient, z);
        assert_same(remainder, m);
        to_mpz_signed(x, &a);
        to_mpz_signed(y, &b);
        mpz_tdiv_qr(z, m, x, y);
        assert_same(u256_sdiv(&a, &b), z);
        assert_same(u256_smod(&a, &b), m);
    }
    /* -2^255 / -1 */
    u256 least = {{0, 0, 0, UINT64_C(1) << 63}};
    u256 minus_one = U256_MAX;
    u256 r = u256_sdiv(&least, &minus_one);
    assert_true(u256_equal(&r, &least));
}

static void test_addmod_mulmod(void **state) {
    (void)state;
    for (int i = 0; i < 4 * ROUNDS; i++) {
        u256 a = random_u256();
        u256 b = random_u256();
        u256 n = random_divisor(&a);
        if (i % 3 == 0 && !u256_is_zero(&n)) {
            a = u256_mod(&a, &n);
            b = u256_mod(&b, &n);
        }
        u256 sum = u256_addmod(&a, &b, &n);
        u256 product = u256_mulmod(&a, &b, &n);
        if (u256_is_zero(&n)) {
            assert_true(u256_is_zero(&sum) && u256_is_zero(&product));
            continue;
        }
        to_mpz(x, &a);
        to_mpz(y, &b);
        to_mpz(m, &n);
        mpz_add(z, x, y);
        mpz_mod(z, z, m);
        assert_same(sum, z);
        mpz_mul(z, x, y);
        mpz_mod(z, z, m);
        assert_same(product, z);
    }
}

static void test_mulmod_again(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS / 4; i++) {
        struct u256_modulus known = {.is_ready = false};
        u256 a = random_u256();
        u256 n = random_divisor(&a);
        if (i % 7 == 0) n = u256_shl(&U256_ONE, (unsigned)(random_u64() % 256));
        if (i % 7 == 1) n = u256_sub(&U256_ZERO, &n);
        for (int k = 0; k < 12; k++) {
            u256 b = random_u256();
            if (k > 8 && !u256_is_zero(&n)) {
                /* The greatest remainders. */
                a = u256_sub(&n, &U256_ONE);
                b = k == 9 ? a : U256_MAX;
            }
            if (k == 7) n.w[0] ^= 1;
            u256 want = u256_mulmod(&a, &b, &n);
            u256 got;
            u256_mulmod_again(&got, &a, &b, &n, &known);
            assert_true(u256_equal(&got, &want));
            a = b;
        }
    }
}

/* Exhausts the digit corrections: products q * d + r near digit boundaries. */
static void test_div_by_construction(void **state) {
    (void)state;
    for (int i = 0; i < 4 * ROUNDS; i++) {
        u256 d = random_u256();
        u256 q = random_u256();
        if (u256_is_zero(&d)) continue;
        uint64_t product[8];
        u256_mul_full(product, &q, &d);
        mpz_import(x, 8, -1, 8, 0, 0, product);
        /* (q * d - 1) mod d, through mulmod's long numerator: (q mod 2^256) * d + (d - 1) */
        u256 r = u256_mulmod(&q, &d, &d);
        assert_true(u256_is_zero(&r));
        u256 limit = u256_div(&U256_MAX, &d);
        q = u256_compare(&q, &limit) > 0 ? limit : q;
        u256 a = u256_mul(&q, &d);
        u256 got = u256_div(&a, &d);
        assert_true(u256_equal(&got, &q));
        if (!u256_is_zero(&q)) {
            a = u256_sub(&a, &U256_ONE);
            got = u256_div(&a, &d);
            u256 less = u256_sub(&q, &U256_ONE);
            assert_true(u256_equal(&got, &less));
        }
    }
}

static void test_exp(void **state) {
    (void)state;
    for (int i = 0; i < 2000; i++) {
        u256 a = random_u256();
        u256 e = random_u256();
        if (i % 2 == 0) a = u256_shl(&U256_ONE, (unsigned)(random_u64() % 256));
        if (i % 3 == 0) e = u256_from_u64(random_u64() % 300);
        to_mpz(x, &a);
        to_mpz(y, &e);
        mpz_powm(z, x, y, two_256);
        assert_same(u256_exp(&a, &e), z);
    }
    u256 one = u256_exp(&U256_ZERO, &U256_ZERO);
    assert_true(u256_equal(&one, &U256_ONE));
}

static void test_shifts(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        u256 a = random_u256();
        unsigned bits = (unsigned)(random_u64() % 300);
        if (i % 16 == 0) bits = (unsigned)random_u64();
        to_mpz(x, &a);
        mp_bitcnt_t count = bits > 300 ? 300 : bits;
        mpz_mul_2exp(z, x, count);
        assert_same(u256_shl(&a, bits), z);
        mpz_fdiv_q_2exp(z, x, count);
        assert_same(u256_shr(&a, bits), z);
        to_mpz_signed(x, &a);
        mpz_fdiv_q_2exp(z, x, count);
        assert_same(u256_sar(&a, bits), z);
    }
}

static void test_signextend(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        u256 a = random_u256();
        u256 k = u256_from_u64(random_u64() % 34);
        if (i % 16 == 0) k = random_u256();
        u256 want = a;
        if (u256_fits_u64(&k) && k.w[0] < 31) {
            uint8_t b[32];
            u256_store_be(b, &a);
            uint8_t fill = b[31 - k.w[0]] >> 7 ? 0xff : 0;
            memset(b, fill, 31 - k.w[0]);
            want = u256_load_be(b);
        }
        u256 got = u256_signextend(&k, &a);
        assert_true(u256_equal(&got, &want));
    }
}

static void test_sizes_and_bytes(void **state) {
    (void)state;
    assert_int_equal(u256_bit_size(&U256_ZERO), 0);
    assert_int_equal(u256_byte_size(&U256_ZERO), 0);
    assert_int_equal(u256_bit_size(&U256_MAX), 256);
    for (int i = 0; i < ROUNDS; i++) {
        u256 a = random_u256();
        to_mpz(x, &a);
        unsigned bits = u256_is_zero(&a) ? 0 : (unsigned)mpz_sizeinbase(x, 2);
        assert_int_equal(u256_bit_size(&a), bits);
        assert_int_equal(u256_byte_size(&a), (bits + 7) / 8);
        uint8_t b[32];
        u256_store_be(b, &a);
        u256 back = u256_load_be(b);
        assert_true(u256_equal(&a, &back));
        unsigned size = u256_byte_size(&a);
        back = u256_load_be_short(bytes_of(b + 32 - size, size));
        assert_true(u256_equal(&a, &back));
    }
}

static void test_decimal(void **state) {
    (void)state;
    char text[U256_DECIMAL_SIZE_MAX];
    char want[100];
    for (int i = 0; i < 20000; i++) {
        u256 a = random_u256();
        to_mpz(x, &a);
        mpz_get_str(want, 10, x);
        size_t size = u256_to_decimal(text, &a);
        assert_string_equal(text, want);
        assert_int_equal(size, strlen(want));
        u256 back;
        assert_int_equal(u256_from_decimal(&back, text, size), 0);
        assert_true(u256_equal(&a, &back));
    }
    u256 untouched = U256_ONE;
    /* 2^256 */
    const char *over =
        "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    assert_int_not_equal(u256_from_decimal(&untouched, over, strlen(over)), 0);
    assert_int_not_equal(u256_from_decimal(&untouched, "", 0), 0);
    assert_int_not_equal(u256_from_decimal(&untouched, "12a", 3), 0);
    assert_int_not_equal(u256_from_decimal(&untouched, "-1", 2), 0);
    assert_int_not_equal(u256_from_decimal(&untouched, " 1", 2), 0);
    assert_true(u256_equal(&untouched, &U256_ONE));
}

int main(void) {
    mpz_inits(x, y, z, m, two_256, NULL);
    mpz_ui_pow_ui(two_256, 2, 256);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_sub_compare),
        cmocka_unit_test(test_limb_steps),
        cmocka_unit_test(test_mul),
        cmocka_unit_test(test_div),
        cmocka_unit_test(test_addmod_mulmod),
        cmocka_unit_test(test_mulmod_again),
        cmocka_unit_test(test_div_by_construction),
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_shifts),
        cmocka_unit_test(test_signextend),
        cmocka_unit_test(test_sizes_and_bytes),
        cmocka_unit_test(test_decimal),
    };
    int failed = cmocka_run_group_tests(tests, setup, NULL);
    mpz_clears(x, y, z, m, two_256, NULL);
    return failed;
}
