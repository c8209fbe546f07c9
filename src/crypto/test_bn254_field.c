/* Field arithmetic against GMP, on numbers with runs of ones and zeros and at both ends of the
 * range. */
#include "crypto/bn254_field.h"

#include <gmp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 50000 };

static mpz_t p, x, y, z, t, u;
static uint64_t random_state = 1;

static uint64_t random_u64(void) {
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t v = random_state;
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
    return v ^ v >> 31;
}

/* The plain number; as a Montgomery form any number below p stands for some element. */
static fp random_fp(void) {
    fp a;
    for (int i = 0; i < 4; i++) {
        uint64_t kind = random_u64() % 6;
        a.w[i] = kind == 0 ? 0 : kind == 1 ? UINT64_MAX : random_u64();
    }
    mpz_import(t, 4, -1, 8, 0, 0, a.w);
    if (random_u64() % 8 == 0) mpz_sub_ui(t, p, 1 + random_u64() % 3);
    mpz_mod(t, t, p);
    a = FP_ZERO;
    mpz_export(a.w, NULL, -1, 8, 0, 0, t);
    return a;
}

static void import_fp(mpz_t out, const fp *a) {
    mpz_import(out, 4, -1, 8, 0, 0, a->w);
}

static void assert_fp(const fp *got, const mpz_t want) {
    mpz_mod(t, want, p);
    fp w = FP_ZERO;
    mpz_export(w.w, NULL, -1, 8, 0, 0, t);
    assert_memory_equal(got->w, w.w, sizeof w.w);
}

/* want / R */
static void assert_reduced(const fp *got, const mpz_t want) {
    mpz_set_ui(u, 1);
    mpz_mul_2exp(u, u, 256);
    assert_int_not_equal(mpz_invert(u, u, p), 0);
    mpz_mul(u, u, want);
    assert_fp(got, u);
}

static void test_linear(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        fp a = random_fp();
        fp b = random_fp();
        fp r;
        import_fp(x, &a);
        import_fp(y, &b);
        fp_add(&r, &a, &b);
        mpz_add(z, x, y);
        assert_fp(&r, z);
        fp_sub(&r, &a, &b);
        mpz_sub(z, x, y);
        assert_fp(&r, z);
        fp_negate(&r, &a);
        mpz_neg(z, x);
        assert_fp(&r, z);
        fp_halve(&r, &a);
        fp_double(&r, &r);
        assert_fp(&r, x);
        fp_mul9_add(&r, &a, &b);
        mpz_mul_ui(z, x, 9);
        mpz_add(z, z, y);
        assert_fp(&r, z);
    }
}

static void test_mul(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        fp a = random_fp();
        fp b = random_fp();
        fp r;
        import_fp(x, &a);
        import_fp(y, &b);
        mpz_mul(z, x, y);
        fp_mul(&r, &a, &b);
        assert_reduced(&r, z);
        fp_wide wide;
        fp_mul_wide(&wide, &a, &b);
        mpz_import(t, 8, -1, 8, 0, 0, wide.w);
        assert_int_equal(mpz_cmp(t, z), 0);
        fp_reduce_wide(&r, &wide);
        assert_reduced(&r, z);
        /* Factors up to 2p. */
        fp_add_lazy(&a, &a, &b);
        fp_add_lazy(&b, &b, &b);
        import_fp(x, &a);
        import_fp(y, &b);
        mpz_mul(z, x, y);
        fp_mul(&r, &a, &b);
        assert_reduced(&r, z);
        /* The greatest wide numbers that may be reduced: p * R - small. */
        wide = (fp_wide){{0, 0, 0, 0, FP_P0, FP_P1, FP_P2, FP_P3}};
        fp_wide small = {{1 + (uint64_t)i}};
        fp_sub_wide(&wide, &wide, &small);
        mpz_import(z, 8, -1, 8, 0, 0, wide.w);
        fp_reduce_wide(&r, &wide);
        assert_reduced(&r, z);
    }
}

static void test_inverse(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        fp a = random_fp();
        if (i < 200) a = (fp){{(uint64_t)i, 0, 0, 0}};
        if (i >= 200 && i < 456) {
            a = FP_ZERO;
            a.w[(i - 200) / 64] = UINT64_C(1) << (i % 64);
            import_fp(t, &a);
            if (mpz_cmp(t, p) >= 0) continue;
        }
        fp inverse;
        fp_inverse(&inverse, &a);
        fp product;
        fp_mul(&product, &inverse, &a);
        if (fp_is_zero(&a)) {
            assert_true(fp_is_zero(&inverse));
        } else {
            assert_true(fp_equal(&product, &FP_ONE));
            import_fp(t, &inverse);
            assert_true(mpz_cmp(t, p) < 0);
        }
    }
}

static void test_load_store(void **state) {
    (void)state;
    uint8_t in[32];
    uint8_t out[32];
    fp a = FP_ONE;
    for (int i = 0; i < 1000; i++) {
        fp plain = random_fp();
        u256 value = {{plain.w[0], plain.w[1], plain.w[2], plain.w[3]}};
        u256_store_be(in, &value);
        assert_true(fp_load(&a, in));
        fp_store(out, &a);
        assert_memory_equal(in, out, 32);
    }
    u256 value = {{FP_P0, FP_P1, FP_P2, FP_P3}};
    u256_store_be(in, &value);
    assert_false(fp_load(&a, in));
    memset(in, 0xff, 32);
    assert_false(fp_load(&a, in));
    memset(in, 0, 32);
    in[31] = 1;
    assert_true(fp_load(&a, in));
    assert_true(fp_equal(&a, &FP_ONE));
}

static void test_fp2(void **state) {
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        fp2 a = {{random_fp(), random_fp()}};
        fp2 b = {{random_fp(), random_fp()}};
        fp2 got;
        fp2_mul(&got, &a, &b);
        fp v0, v1, want;
        fp_mul(&v0, &a.c[0], &b.c[0]);
        fp_mul(&v1, &a.c[1], &b.c[1]);
        fp_sub(&want, &v0, &v1);
        assert_memory_equal(&want, &got.c[0], sizeof want);
        fp_mul(&v0, &a.c[0], &b.c[1]);
        fp_mul(&v1, &a.c[1], &b.c[0]);
        fp_add(&want, &v0, &v1);
        assert_memory_equal(&want, &got.c[1], sizeof want);

        fp2 square;
        fp2_mul(&got, &a, &a);
        fp2_square(&square, &a);
        assert_memory_equal(&got, &square, sizeof got);
        fp2 alias = a;
        fp2_mul(&alias, &alias, &alias);
        assert_memory_equal(&alias, &square, sizeof got);

        /* (9 + u) by multiplication */
        fp2 xi = {{FP_ONE, FP_ONE}};
        for (int k = 0; k < 8; k++)
            fp_add(&xi.c[0], &xi.c[0], &FP_ONE);
        fp2_mul(&got, &a, &xi);
        fp2_mul_xi(&square, &a);
        assert_memory_equal(&got, &square, sizeof got);

        if (fp2_is_zero(&a)) continue;
        fp2 inverse;
        fp2_inverse(&inverse, &a);
        fp2_mul(&got, &inverse, &a);
        assert_true(fp_equal(&got.c[0], &FP_ONE) && fp_is_zero(&got.c[1]));
    }
}

int main(void) {
    mpz_inits(p, x, y, z, t, u, NULL);
    const uint64_t limbs[4] = {FP_P0, FP_P1, FP_P2, FP_P3};
    mpz_import(p, 4, -1, 8, 0, 0, limbs);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_mul),
        cmocka_unit_test(test_inverse),
        cmocka_unit_test(test_load_store),
        cmocka_unit_test(test_fp2),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mpz_clears(p, x, y, z, t, u, NULL);
    return failed;
}
