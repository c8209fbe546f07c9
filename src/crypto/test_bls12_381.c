/* The vectors of EIP-2537 and of go-ethereum, good and bad, and laws that tie the operations
 * together: Pippenger's sums against sums of single multiplications, pairings against scalars. */
#include "core/test_fixture.h"
#include "crypto/bls12_381.h"
#include "crypto/keccak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena arena;

/* Runs an operation as its precompile would: out has room for the greatest result. */
typedef enum err operation(uint8_t *out, size_t *out_size, bytes input);

static enum err g1_add(uint8_t *out, size_t *out_size, bytes input) {
    *out_size = BLS12_381_G1_SIZE;
    if (input.size != 2 * BLS12_381_G1_SIZE) return ERR_INPUT;
    return bls12_381_g1_add(out, input.data, input.data + BLS12_381_G1_SIZE);
}

static enum err g2_add(uint8_t *out, size_t *out_size, bytes input) {
    *out_size = BLS12_381_G2_SIZE;
    if (input.size != 2 * BLS12_381_G2_SIZE) return ERR_INPUT;
    return bls12_381_g2_add(out, input.data, input.data + BLS12_381_G2_SIZE);
}

static enum err g1_msm(uint8_t *out, size_t *out_size, bytes input) {
    *out_size = BLS12_381_G1_SIZE;
    return bls12_381_g1_msm(out, &arena, input);
}

static enum err g2_msm(uint8_t *out, size_t *out_size, bytes input) {
    *out_size = BLS12_381_G2_SIZE;
    return bls12_381_g2_msm(out, &arena, input);
}

/* The old MUL precompiles were MSM with exactly one term. */
static enum err g1_mul(uint8_t *out, size_t *out_size, bytes input) {
    *out_size = BLS12_381_G1_SIZE;
    if (input.size != BLS12_381_G1_TERM_SIZE) return ERR_INPUT;
    return bls12_381_g1_msm(out, &arena, input);
}

static enum err g2_mul(uint8_t *out, size_t *out_size, bytes input) {
    *out_size = BLS12_381_G2_SIZE;
    if (input.size != BLS12_381_G2_TERM_SIZE) return ERR_INPUT;
    return bls12_381_g2_msm(out, &arena, input);
}

static enum err pairing(uint8_t *out, size_t *out_size, bytes input) {
    *out_size = 32;
    bool is_one;
    enum err err = bls12_381_pairing_check(&is_one, input);
    if (err != ERR_OK) return err;
    memset(out, 0, 32);
    out[31] = is_one;
    return ERR_OK;
}

static enum err map_g1(uint8_t *out, size_t *out_size, bytes input) {
    *out_size = BLS12_381_G1_SIZE;
    if (input.size != BLS12_381_FP_SIZE) return ERR_INPUT;
    return bls12_381_map_fp_to_g1(out, input.data);
}

static enum err map_g2(uint8_t *out, size_t *out_size, bytes input) {
    *out_size = BLS12_381_G2_SIZE;
    if (input.size != 2 * BLS12_381_FP_SIZE) return ERR_INPUT;
    return bls12_381_map_fp2_to_g2(out, input.data);
}

static void check_file(const char *folder, const char *file, int count, operation *run) {
    char path[200];
    snprintf(path, sizeof path, "precompiles/%s/%s.json", folder, file);
    cJSON *json = fixture_open(path);
    if (json == NULL) skip();
    int seen = 0;
    const cJSON *test;
    cJSON_ArrayForEach(test, json) {
        arena_reset(&arena);
        const char *name = fixture_text(test, "Name");
        bytes input = fixture_bytes(&arena, test, "Input");
        uint8_t out[BLS12_381_G2_SIZE];
        size_t out_size;
        memset(out, 0x5a, sizeof out);
        enum err err = run(out, &out_size, input);
        if (cJSON_HasObjectItem(test, "ExpectedError")) {
            if (err != ERR_INPUT) fail_msg("%s: accepted", name);
            assert_int_equal(out[0], 0x5a);
        } else {
            if (err != ERR_OK) fail_msg("%s: refused", name);
            bytes want = fixture_bytes(&arena, test, "Expected");
            if (!bytes_equal(want, bytes_of(out, out_size))) fail_msg("%s: wrong result", name);
        }
        seen++;
    }
    cJSON_Delete(json);
    assert_int_equal(seen, count);
}

static void test_geth(void **state) {
    (void)state;
    check_file("geth/precompiles", "blsG1Add", 112, g1_add);
    check_file("geth/precompiles", "blsG1Mul", 11, g1_mul);
    check_file("geth/precompiles", "blsG1MultiExp", 154, g1_msm);
    check_file("geth/precompiles", "blsG2Add", 112, g2_add);
    check_file("geth/precompiles", "blsG2Mul", 11, g2_mul);
    check_file("geth/precompiles", "blsG2MultiExp", 153, g2_msm);
    check_file("geth/precompiles", "blsMapG1", 105, map_g1);
    check_file("geth/precompiles", "blsMapG2", 105, map_g2);
    check_file("geth/precompiles", "blsPairing", 106, pairing);
    check_file("geth/precompiles", "fail-blsG1Add", 6, g1_add);
    check_file("geth/precompiles", "fail-blsG1Mul", 7, g1_mul);
    check_file("geth/precompiles", "fail-blsG1MultiExp", 7, g1_msm);
    check_file("geth/precompiles", "fail-blsG2Add", 6, g2_add);
    check_file("geth/precompiles", "fail-blsG2Mul", 7, g2_mul);
    check_file("geth/precompiles", "fail-blsG2MultiExp", 7, g2_msm);
    check_file("geth/precompiles", "fail-blsMapG1", 5, map_g1);
    check_file("geth/precompiles", "fail-blsMapG2", 5, map_g2);
    check_file("geth/precompiles", "fail-blsPairing", 9, pairing);
}

static void test_eip2537(void **state) {
    (void)state;
    check_file("eip-2537", "add_G1_bls", 9, g1_add);
    check_file("eip-2537", "add_G2_bls", 9, g2_add);
    check_file("eip-2537", "mul_G1_bls", 11, g1_mul);
    check_file("eip-2537", "mul_G2_bls", 11, g2_mul);
    check_file("eip-2537", "msm_G1_bls", 163, g1_msm);
    check_file("eip-2537", "pairing_check_bls", 15, pairing);
    check_file("eip-2537", "map_fp_to_G1_bls", 5, map_g1);
    check_file("eip-2537", "map_fp2_to_G2_bls", 5, map_g2);
    check_file("eip-2537", "fail-add_G1_bls", 7, g1_add);
    check_file("eip-2537", "fail-add_G2_bls", 7, g2_add);
    check_file("eip-2537", "fail-mul_G1_bls", 8, g1_mul);
    check_file("eip-2537", "fail-mul_G2_bls", 8, g2_mul);
    check_file("eip-2537", "fail-msm_G1_bls", 8, g1_msm);
    check_file("eip-2537", "fail-msm_G2_bls", 8, g2_msm);
    check_file("eip-2537", "fail-pairing_check_bls", 25, pairing);
    check_file("eip-2537", "fail-map_fp_to_G1_bls", 5, map_g1);
    check_file("eip-2537", "fail-map_fp2_to_G2_bls", 5, map_g2);
}

enum { TERMS_MAX = 40 };

/* Points: a few different ones, repeated, negated and infinity, so that sums meet doublings and
 * cancellations. Scalars: random, small, and around the order. */
static void make_terms(uint8_t *terms, size_t count, size_t point_size, uint32_t seed) {
    size_t term_size = point_size + 32;
    for (size_t i = 0; i < count; i++) {
        uint8_t label[8];
        store_be64(label, seed + i % 5);
        hash32 hash = keccak256(bytes_of(label, 8));
        uint8_t element[128] = {0};
        memcpy(element + 32, hash.b, 32);
        uint8_t *term = terms + i * term_size;
        if (i % 11 == 7) {
            memset(term, 0, point_size);
        } else if (point_size == BLS12_381_G1_SIZE) {
            assert_int_equal(bls12_381_map_fp_to_g1(term, element), ERR_OK);
        } else {
            assert_int_equal(bls12_381_map_fp2_to_g2(term, element), ERR_OK);
        }
        store_be64(label, seed + 1000 + i);
        hash = keccak256(bytes_of(label, 8));
        memcpy(term + point_size, hash.b, 32);
        if (i % 4 == 1) memset(term + point_size, 0, 31);
        if (i % 9 == 2) memset(term + point_size, 0, 32);
        if (i % 9 == 3) memset(term + point_size, 0xff, 32);
        if (i % 3 == 0 && i > 5) memcpy(term + point_size, term - 5 * term_size + point_size, 32);
    }
}

static void test_msm_against_single_terms(void **state) {
    (void)state;
    static uint8_t terms[TERMS_MAX * BLS12_381_G2_TERM_SIZE];
    for (size_t count = 1; count <= TERMS_MAX; count += count < 12 ? 1 : 7) {
        uint8_t sum[BLS12_381_G2_SIZE] = {0};
        uint8_t product[BLS12_381_G2_SIZE];
        uint8_t got[BLS12_381_G2_SIZE];

        make_terms(terms, count, BLS12_381_G1_SIZE, (uint32_t)count);
        for (size_t i = 0; i < count; i++) {
            bytes term = bytes_of(terms + i * BLS12_381_G1_TERM_SIZE, BLS12_381_G1_TERM_SIZE);
            assert_int_equal(bls12_381_g1_msm(product, &arena, term), ERR_OK);
            assert_int_equal(bls12_381_g1_add(sum, sum, product), ERR_OK);
        }
        bytes all = bytes_of(terms, count * BLS12_381_G1_TERM_SIZE);
        assert_int_equal(bls12_381_g1_msm(got, &arena, all), ERR_OK);
        assert_memory_equal(got, sum, BLS12_381_G1_SIZE);

        memset(sum, 0, sizeof sum);
        make_terms(terms, count, BLS12_381_G2_SIZE, (uint32_t)count);
        for (size_t i = 0; i < count; i++) {
            bytes term = bytes_of(terms + i * BLS12_381_G2_TERM_SIZE, BLS12_381_G2_TERM_SIZE);
            assert_int_equal(bls12_381_g2_msm(product, &arena, term), ERR_OK);
            assert_int_equal(bls12_381_g2_add(sum, sum, product), ERR_OK);
        }
        all = bytes_of(terms, count * BLS12_381_G2_TERM_SIZE);
        assert_int_equal(bls12_381_g2_msm(got, &arena, all), ERR_OK);
        assert_memory_equal(got, sum, BLS12_381_G2_SIZE);
    }
}

/* The product over i of e(a_i P, Q) is one exactly when the a_i sum to zero. */
static void test_pairing_bilinear(void **state) {
    (void)state;
    enum { PAIRS_MAX = 18 };
    static uint8_t pairs[PAIRS_MAX * BLS12_381_PAIR_SIZE];
    uint8_t element[128] = {0};
    element[127] = 9;
    uint8_t g2[BLS12_381_G2_SIZE];
    assert_int_equal(bls12_381_map_fp2_to_g2(g2, element), ERR_OK);
    uint8_t term[BLS12_381_G1_TERM_SIZE];
    const u256 order = {
        {0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48}};
    for (size_t count = 2; count <= PAIRS_MAX; count++) {
        u256 total = U256_ZERO;
        for (size_t i = 0; i < count; i++) {
            u256 scalar = u256_from_u64(1000 + 77 * i);
            total = u256_add(&total, &scalar);
            if (i + 1 == count) {
                total = u256_sub(&total, &scalar);
                scalar = u256_sub(&order, &total);
            }
            assert_int_equal(bls12_381_map_fp_to_g1(term, element + 64), ERR_OK);
            u256_store_be(term + BLS12_381_G1_SIZE, &scalar);
            uint8_t *pair = pairs + i * BLS12_381_PAIR_SIZE;
            bytes one_term = bytes_of(term, sizeof term);
            assert_int_equal(bls12_381_g1_msm(pair, &arena, one_term), ERR_OK);
            memcpy(pair + BLS12_381_G1_SIZE, g2, sizeof g2);
        }
        bool is_one = false;
        bytes all = bytes_of(pairs, count * BLS12_381_PAIR_SIZE);
        assert_int_equal(bls12_381_pairing_check(&is_one, all), ERR_OK);
        assert_true(is_one);
        all.size -= BLS12_381_PAIR_SIZE;
        assert_int_equal(bls12_381_pairing_check(&is_one, all), ERR_OK);
        assert_false(is_one);
    }
}

static void test_memory(void **state) {
    (void)state;
    static uint8_t terms[TERMS_MAX * BLS12_381_G1_TERM_SIZE];
    make_terms(terms, TERMS_MAX, BLS12_381_G1_SIZE, 3);
    struct arena small;
    arena_open(&small, 2000);
    uint8_t out[BLS12_381_G1_SIZE] = {0x5a};
    assert_int_equal(bls12_381_g1_msm(out, &small, bytes_of(terms, sizeof terms)), ERR_MEMORY);
    assert_int_equal(out[0], 0x5a);
    arena_close(&small);
}

int main(void) {
    arena_open(&arena, 64 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_geth),
        cmocka_unit_test(test_eip2537),
        cmocka_unit_test(test_msm_against_single_terms),
        cmocka_unit_test(test_pairing_bilinear),
        cmocka_unit_test(test_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}
