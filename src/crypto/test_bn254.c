/* go-ethereum's vectors for EIP-196 and EIP-197, what must be refused, and the laws of groups and
 * pairings. */
#include "core/test_fixture.h"
#include "crypto/bn254.h"
#include "crypto/bn254_pairing.h"
#include "crypto/keccak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena arena;

/* r */
static const u256 ORDER = {
    {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};

static uint8_t g1_generator[64] = {[31] = 1, [63] = 2};
/* EIP-197's generator of G2 */
static uint8_t g2_generator[128];

static void read_generator(void) {
    const char *text = "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
                       "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
                       "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
                       "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";
    assert_int_equal(hex_decode_exact(g2_generator, 128, text, 256), ERR_OK);
}

static u256 random_scalar(uint32_t seed) {
    uint8_t label[8];
    store_be64(label, seed);
    hash32 hash = keccak256(bytes_of(label, 8));
    return u256_load_be(hash.b);
}

static void mul(uint8_t out[64], const uint8_t point[64], const u256 *scalar) {
    uint8_t k[32];
    u256_store_be(k, scalar);
    assert_int_equal(bn254_mul(out, point, k), ERR_OK);
}

/* --- vectors ------------------------------------------------------------------------------- */

enum operation { ADD, MUL, PAIRING };

static void check_file(const char *file, int count, enum operation operation) {
    char path[200];
    snprintf(path, sizeof path, "precompiles/geth/precompiles/%s.json", file);
    cJSON *json = fixture_open(path);
    if (json == NULL) skip();
    int seen = 0;
    const cJSON *test;
    cJSON_ArrayForEach(test, json) {
        arena_reset(&arena);
        const char *name = fixture_text(test, "Name");
        bytes input = fixture_bytes(&arena, test, "Input");
        bytes want = fixture_bytes(&arena, test, "Expected");
        uint8_t padded[128] = {0};
        size_t size = input.size < sizeof padded ? input.size : sizeof padded;
        if (size > 0) memcpy(padded, input.data, size);
        uint8_t out[64] = {0};
        bool is_one;
        switch (operation) {
        case ADD:
            assert_int_equal(bn254_add(out, padded, padded + 64), ERR_OK);
            break;
        case MUL:
            assert_int_equal(bn254_mul(out, padded, padded + 64), ERR_OK);
            break;
        case PAIRING:
            assert_int_equal(bn254_pairing_check(&is_one, input), ERR_OK);
            out[31] = is_one;
            break;
        }
        if (!bytes_equal(want, bytes_of(out, operation == PAIRING ? 32 : 64))) {
            fail_msg("%s: wrong result", name);
        }
        seen++;
    }
    assert_int_equal(seen, count);
    cJSON_Delete(json);
}

static void test_geth_add(void **state) {
    (void)state;
    check_file("bn256Add", 16, ADD);
}

static void test_geth_mul(void **state) {
    (void)state;
    check_file("bn256ScalarMul", 19, MUL);
}

static void test_geth_pairing(void **state) {
    (void)state;
    check_file("bn256Pairing", 14, PAIRING);
}

/* --- G1 ------------------------------------------------------------------------------------ */

static void test_small_multiples(void **state) {
    (void)state;
    uint8_t sum[64] = {0};
    for (uint64_t k = 0; k < 300; k++) {
        uint8_t product[64];
        u256 scalar = u256_from_u64(k);
        mul(product, g1_generator, &scalar);
        assert_memory_equal(product, sum, 64);
        scalar = u256_add(&scalar, &ORDER);
        mul(product, g1_generator, &scalar);
        assert_memory_equal(product, sum, 64);
        scalar = u256_from_u64(k);
        scalar = u256_sub(&ORDER, &scalar);
        mul(product, g1_generator, &scalar);
        assert_int_equal(bn254_add(product, product, sum), ERR_OK);
        static const uint8_t infinity[64];
        assert_memory_equal(product, infinity, 64);
        assert_int_equal(bn254_add(sum, sum, g1_generator), ERR_OK);
    }
}

static void test_distributive(void **state) {
    (void)state;
    uint8_t point[64];
    memcpy(point, g1_generator, 64);
    for (uint32_t i = 0; i < 500; i++) {
        u256 a = random_scalar(2 * i);
        u256 b = random_scalar(2 * i + 1);
        if (i % 5 == 1) a = u256_shl(&U256_ONE, i % 256);
        if (i % 5 == 2) a = u256_sub(&ORDER, &U256_ONE);
        if (i % 5 == 3) b = u256_shr(&b, i % 256);
        if (i % 50 == 4) a = U256_MAX;
        u256 a_reduced = u256_mod(&a, &ORDER);
        u256 sum = u256_addmod(&a, &b, &ORDER);
        u256 product = u256_mulmod(&a, &b, &ORDER);
        uint8_t pa[64], pb[64], got[64], want[64];
        mul(pa, point, &a);
        mul(want, point, &a_reduced);
        assert_memory_equal(pa, want, 64);
        mul(pb, point, &b);
        assert_int_equal(bn254_add(got, pa, pb), ERR_OK);
        mul(want, point, &sum);
        assert_memory_equal(got, want, 64);
        mul(got, pa, &b);
        mul(want, point, &product);
        assert_memory_equal(got, want, 64);
        memcpy(point, pa, 64);
        static const uint8_t infinity[64];
        if (memcmp(point, infinity, 64) == 0) memcpy(point, g1_generator, 64);
    }
}

static void test_refused(void **state) {
    (void)state;
    uint8_t out[64] = {0x5a};
    uint8_t bad[64];
    uint8_t scalar[32] = {0};
    /* off the curve; x + p; y + p; x = p and y = 0 */
    for (int kind = 0; kind < 4; kind++) {
        memcpy(bad, g1_generator, 64);
        const u256 p = {{FP_P0, FP_P1, FP_P2, FP_P3}};
        u256 value = u256_from_u64(1 + (kind == 2));
        value = u256_add(&p, &value);
        if (kind == 0) bad[63] = 3;
        if (kind == 1) u256_store_be(bad, &value);
        if (kind == 2) u256_store_be(bad + 32, &value);
        if (kind == 3) {
            memset(bad, 0, 64);
            u256_store_be(bad, &p);
        }
        assert_int_equal(bn254_add(out, bad, g1_generator), ERR_INPUT);
        assert_int_equal(bn254_add(out, g1_generator, bad), ERR_INPUT);
        assert_int_equal(bn254_mul(out, bad, scalar), ERR_INPUT);
        uint8_t pair[192] = {0};
        bool is_one = false;
        memcpy(pair, bad, 64);
        assert_int_equal(bn254_pairing_check(&is_one, bytes_of(pair, 192)), ERR_INPUT);
    }
    assert_int_equal(out[0], 0x5a);
    uint8_t pair[193] = {0};
    bool is_one = false;
    assert_int_equal(bn254_pairing_check(&is_one, bytes_of(pair, 191)), ERR_INPUT);
    assert_int_equal(bn254_pairing_check(&is_one, bytes_of(pair, 193)), ERR_INPUT);
    pair[191] = 1; /* G2: (0, 1) is off the twist */
    assert_int_equal(bn254_pairing_check(&is_one, bytes_of(pair, 192)), ERR_INPUT);
    assert_false(is_one);
}

/* --- the pairing --------------------------------------------------------------------------- */

static void random_fp12(fp12 *out, uint32_t seed) {
    fp *coefficients = (fp *)out;
    for (uint32_t i = 0; i < 12; i++) {
        u256 v = random_scalar(seed * 12 + i);
        v = u256_mod(&v, &ORDER);
        coefficients[i] = (fp){{v.w[0], v.w[1], v.w[2], v.w[3]}};
    }
}

static void assert_fp12(const fp12 *a, const fp12 *b) {
    assert_memory_equal(a, b, sizeof *a);
}

static void power(fp12 *out, const fp12 *a, const u256 *exponent) {
    fp12 r;
    fp12_one(&r);
    for (unsigned i = u256_bit_size(exponent); i-- > 0;) {
        fp12_mul(&r, &r, &r);
        if (exponent->w[i / 64] >> (i % 64) & 1) fp12_mul(&r, &r, a);
    }
    *out = r;
}

static void test_tower(void **state) {
    (void)state;
    const u256 p = {{FP_P0, FP_P1, FP_P2, FP_P3}};
    for (uint32_t i = 0; i < 20; i++) {
        fp12 a, b, c, s, t;
        random_fp12(&a, 3 * i);
        random_fp12(&b, 3 * i + 1);
        random_fp12(&c, 3 * i + 2);
        fp12_mul(&s, &a, &b);
        fp12_mul(&s, &s, &c);
        fp12_mul(&t, &b, &c);
        fp12_mul(&t, &a, &t);
        assert_fp12(&s, &t);
        fp12_square(&s, &a);
        fp12_mul(&t, &a, &a);
        assert_fp12(&s, &t);
        fp12_inverse(&s, &a);
        fp12_mul(&s, &s, &a);
        assert_true(fp12_is_one(&s));

        /* A line is an element with three coefficients. */
        struct fp12_line line = {b.c[0].c[0], b.c[1].c[0], b.c[1].c[1]};
        fp12 full = {0};
        full.c[0].c[0] = line.constant;
        full.c[1].c[0] = line.linear;
        full.c[1].c[1] = line.cubic;
        fp12_mul_line(&s, &a, &line);
        fp12_mul(&t, &a, &full);
        assert_fp12(&s, &t);

        /* Frobenius against powers. */
        power(&s, &a, &p);
        fp12_frobenius(&t, &a, 1);
        assert_fp12(&s, &t);
        power(&s, &s, &p);
        fp12_frobenius(&t, &a, 2);
        assert_fp12(&s, &t);
        power(&s, &s, &p);
        fp12_frobenius(&t, &a, 3);
        assert_fp12(&s, &t);
        fp12_frobenius(&t, &t, 3);
        fp12_conjugate(&s, &a);
        assert_fp12(&s, &t);

        /* Into the cyclotomic subgroup, and squares there. */
        fp12_inverse(&t, &a);
        fp12_mul(&s, &s, &t);
        fp12_frobenius(&t, &s, 2);
        fp12_mul(&s, &s, &t);
        fp12_mul(&t, &s, &s);
        fp12_square_cyclotomic(&s, &s);
        assert_fp12(&s, &t);
    }
}

static void load_g1(bn254_g1 *out, const uint8_t in[64]) {
    out->is_infinity = false;
    assert_true(fp_load(&out->x, in) && fp_load(&out->y, in + 32));
    assert_true(bn254_g1_on_curve(out));
}

static void load_g2(bn254_g2 *out, const uint8_t in[128]) {
    out->is_infinity = false;
    assert_true(fp_load(&out->x.c[1], in) && fp_load(&out->x.c[0], in + 32));
    assert_true(fp_load(&out->y.c[1], in + 64) && fp_load(&out->y.c[0], in + 96));
    assert_true(bn254_g2_on_curve(out) && bn254_g2_in_subgroup(out));
}

/* e(a P, Q) = e(P, Q)^a, of order r and not one. */
static void test_bilinear(void **state) {
    (void)state;
    bn254_g1 p;
    bn254_g2 q;
    fp12 base, got, want;
    load_g1(&p, g1_generator);
    load_g2(&q, g2_generator);
    bn254_miller_loop(&got, &p, &q, 1);
    bn254_final_power(&base, &got);
    assert_false(fp12_is_one(&base));
    power(&want, &base, &ORDER);
    assert_true(fp12_is_one(&want));
    for (uint32_t i = 0; i < 20; i++) {
        u256 a = random_scalar(i);
        bn254_g1 ap;
        bn254_g1_mul(&ap, &p, &a);
        bn254_miller_loop(&got, &ap, &q, 1);
        bn254_final_power(&got, &got);
        power(&want, &base, &a);
        assert_fp12(&got, &want);
    }
}

/* The product over i of e(a_i P, Q) is one exactly when the a_i sum to zero; infinities do not
 * count. */
static void test_check(void **state) {
    (void)state;
    enum { PAIRS_MAX = 20 };
    static uint8_t pairs[PAIRS_MAX * BN254_PAIR_SIZE];
    for (size_t count = 2; count <= PAIRS_MAX; count++) {
        u256 total = U256_ZERO;
        for (size_t i = 0; i < count; i++) {
            u256 scalar = random_scalar((uint32_t)(count * 100 + i));
            scalar = u256_mod(&scalar, &ORDER);
            if (i + 1 == count) scalar = u256_sub(&ORDER, &total);
            total = u256_addmod(&total, &scalar, &ORDER);
            uint8_t *pair = pairs + i * BN254_PAIR_SIZE;
            mul(pair, g1_generator, &scalar);
            memcpy(pair + 64, g2_generator, 128);
        }
        bool is_one = false;
        bytes all = bytes_of(pairs, count * BN254_PAIR_SIZE);
        assert_int_equal(bn254_pairing_check(&is_one, all), ERR_OK);
        assert_true(is_one);
        memset(pairs, 0, 64); /* the first point of G1 becomes infinity */
        assert_int_equal(bn254_pairing_check(&is_one, all), ERR_OK);
        assert_false(is_one);
        memset(pairs + BN254_PAIR_SIZE + 64, 0, 128);
        assert_int_equal(bn254_pairing_check(&is_one, all), ERR_OK);
        assert_int_equal(is_one, count == 2);
    }
    bool is_one = false;
    assert_int_equal(bn254_pairing_check(&is_one, BYTES_EMPTY), ERR_OK);
    assert_true(is_one);
}

/* Points of the twist outside of G2 are what most x give that have a y at all. Membership is
 * compared with r Q by plain doubling and adding in affine coordinates. p is 3 modulo 4. */
static bool fp_sqrt(fp *out, const fp *a) {
    /* a^((p + 1) / 4) */
    u256 exponent = {{FP_P0, FP_P1, FP_P2, FP_P3}};
    exponent = u256_add(&exponent, &U256_ONE);
    exponent = u256_shr(&exponent, 2);
    fp r = FP_ONE;
    for (unsigned i = u256_bit_size(&exponent); i-- > 0;) {
        fp_square(&r, &r);
        if (exponent.w[i / 64] >> (i % 64) & 1) fp_mul(&r, &r, a);
    }
    fp check;
    fp_square(&check, &r);
    bool is_root = fp_equal(&check, a);
    *out = r;
    return is_root;
}

static bool fp2_sqrt(fp2 *out, const fp2 *a) {
    /* With n^2 the norm of a: the square of the root's real part is (a0 + n) / 2 or (a0 - n) /
     * 2. */
    fp n, t, x;
    fp imaginary = a->c[1];
    fp_square(&n, &a->c[0]);
    fp_square(&t, &a->c[1]);
    fp_add(&n, &n, &t);
    if (!fp_sqrt(&n, &n)) return false;
    fp_add(&t, &a->c[0], &n);
    fp_halve(&t, &t);
    if (!fp_sqrt(&x, &t)) {
        fp_sub(&t, &a->c[0], &n);
        fp_halve(&t, &t);
        if (!fp_sqrt(&x, &t)) return false;
    }
    out->c[0] = x;
    fp_double(&x, &x);
    fp_inverse(&x, &x);
    fp_mul(&out->c[1], &imaginary, &x);
    return true;
}

static void g2_add(bn254_g2 *out, const bn254_g2 *a, const bn254_g2 *b) {
    if (a->is_infinity || b->is_infinity) {
        *out = a->is_infinity ? *b : *a;
        return;
    }
    fp2 slope, t, x, y;
    if (fp2_equal(&a->x, &b->x)) {
        if (!fp2_equal(&a->y, &b->y)) {
            *out = (bn254_g2){.is_infinity = true};
            return;
        }
        fp2_double(&t, &a->y);
        fp2_square(&slope, &a->x);
        fp2_double(&x, &slope);
        fp2_add(&slope, &slope, &x);
    } else {
        fp2_sub(&t, &b->x, &a->x);
        fp2_sub(&slope, &b->y, &a->y);
    }
    fp2_inverse(&t, &t);
    fp2_mul(&slope, &slope, &t);
    fp2_square(&x, &slope);
    fp2_sub(&x, &x, &a->x);
    fp2_sub(&x, &x, &b->x);
    fp2_sub(&y, &a->x, &x);
    fp2_mul(&y, &y, &slope);
    fp2_sub(&out->y, &y, &a->y);
    out->x = x;
    out->is_infinity = false;
}

static void g2_mul(bn254_g2 *out, const bn254_g2 *a, const uint64_t *scalar, unsigned limb_count) {
    bn254_g2 sum = {.is_infinity = true};
    for (unsigned i = 64 * limb_count; i-- > 0;) {
        g2_add(&sum, &sum, &sum);
        if (scalar[i / 64] >> (i % 64) & 1) g2_add(&sum, &sum, a);
    }
    *out = sum;
}

static void test_g2_subgroup(void **state) {
    (void)state;
    static const fp2 twist_b = {
        {{{0x3bf938e377b802a8, 0x020b1b273633535d, 0x26b7edf049755260, 0x2514c6324384a86d}},
         {{0x38e7ecccd1dcff67, 0x65f0b37d93ce0d3e, 0xd749d0dd22ac00aa, 0x0141b9ce4a688d4d}}}};
    /* The cofactor 2 p - r */
    const u256 p = {{FP_P0, FP_P1, FP_P2, FP_P3}};
    u256 cofactor = u256_add(&p, &p);
    cofactor = u256_sub(&cofactor, &ORDER);
    int outside = 0;
    for (uint32_t i = 0; outside < 12; i++) {
        u256 v0 = random_scalar(5000 + 2 * i);
        u256 v1 = random_scalar(5001 + 2 * i);
        v0 = u256_mod(&v0, &p);
        v1 = u256_mod(&v1, &p);
        bn254_g2 q = {.is_infinity = false};
        memcpy(q.x.c[0].w, v0.w, 32);
        memcpy(q.x.c[1].w, v1.w, 32);
        fp2_square(&q.y, &q.x);
        fp2_mul(&q.y, &q.y, &q.x);
        fp2_add(&q.y, &q.y, &twist_b);
        if (!fp2_sqrt(&q.y, &q.y)) continue;
        assert_true(bn254_g2_on_curve(&q));
        bn254_g2 rq, hq;
        g2_mul(&rq, &q, ORDER.w, 4);
        assert_false(rq.is_infinity);
        assert_false(bn254_g2_in_subgroup(&q));
        outside++;
        /* r Q has an order that divides the cofactor; h Q is in the subgroup. */
        assert_false(bn254_g2_in_subgroup(&rq));
        g2_mul(&hq, &q, cofactor.w, 4);
        assert_true(bn254_g2_in_subgroup(&hq));
        g2_add(&hq, &hq, &rq);
        assert_false(bn254_g2_in_subgroup(&hq));
        /* Small orders: the cofactor is 10069 * 5864401 * 1875725156269 * a prime. */
        const uint64_t small[3] = {10069, 5864401, 1875725156269};
        for (int k = 0; k < 3; k++) {
            u256 prime = u256_from_u64(small[k]);
            u256 rest = u256_div(&cofactor, &prime);
            bn254_g2 point;
            g2_mul(&point, &rq, rest.w, 4);
            if (point.is_infinity) continue;
            g2_mul(&hq, &point, &small[k], 1);
            assert_true(hq.is_infinity);
            assert_false(bn254_g2_in_subgroup(&point));
        }
    }
}

int main(void) {
    arena_open(&arena, 64 << 20);
    read_generator();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_geth_add),
        cmocka_unit_test(test_geth_mul),
        cmocka_unit_test(test_geth_pairing),
        cmocka_unit_test(test_small_multiples),
        cmocka_unit_test(test_distributive),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_tower),
        cmocka_unit_test(test_bilinear),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_g2_subgroup),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}
