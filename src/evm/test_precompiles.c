/* The vectors of go-ethereum, EIP-2537 and EIP-7951 as calls of the precompiles: what they return,
 * what they cost to the unit of gas, and what they refuse. */
#include "core/test_fixture.h"
#include "evm/evm_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define GAS_OF_THE_VECTOR 0

struct suite {
    const char *file; /* below "precompiles/" */
    uint16_t precompile;
    enum fork fork;
    uint64_t gas; /* of every vector, where what the file says was changed later */
    int count;
};

/* Prices changed over time: each file is run under a fork that has its prices. */
static const struct suite SUITES[] = {
    {"geth/precompiles/ecRecover", 0x01, FORK_FRONTIER, GAS_OF_THE_VECTOR, 5},
    {"geth/precompiles/ecRecover", 0x01, FORK_OSAKA, GAS_OF_THE_VECTOR, 5},
    {"geth/precompiles/modexp", 0x05, FORK_BYZANTIUM, GAS_OF_THE_VECTOR, 17},
    {"geth/precompiles/modexp", 0x05, FORK_ISTANBUL, GAS_OF_THE_VECTOR, 17},
    {"geth/precompiles/modexp_eip2565", 0x05, FORK_BERLIN, GAS_OF_THE_VECTOR, 47},
    {"geth/precompiles/modexp_eip2565", 0x05, FORK_PRAGUE, GAS_OF_THE_VECTOR, 47},
    {"geth/precompiles/modexp_eip7883", 0x05, FORK_OSAKA, GAS_OF_THE_VECTOR, 45},
    {"geth/precompiles/bn256Add", 0x06, FORK_BYZANTIUM, 500, 16},
    {"geth/precompiles/bn256Add", 0x06, FORK_ISTANBUL, GAS_OF_THE_VECTOR, 16},
    {"geth/precompiles/bn256ScalarMul", 0x07, FORK_BYZANTIUM, 40000, 19},
    {"geth/precompiles/bn256ScalarMul", 0x07, FORK_ISTANBUL, GAS_OF_THE_VECTOR, 19},
    {"geth/precompiles/bn256Pairing", 0x08, FORK_ISTANBUL, GAS_OF_THE_VECTOR, 14},
    {"geth/precompiles/blake2F", 0x09, FORK_ISTANBUL, GAS_OF_THE_VECTOR, 5},
    {"geth/precompiles/fail-blake2f", 0x09, FORK_ISTANBUL, GAS_OF_THE_VECTOR, 4},
    {"geth/precompiles/pointEvaluation", 0x0a, FORK_CANCUN, GAS_OF_THE_VECTOR, 1},
    {"geth/precompiles/blsG1Add", 0x0b, FORK_PRAGUE, GAS_OF_THE_VECTOR, 112},
    {"geth/precompiles/fail-blsG1Add", 0x0b, FORK_PRAGUE, GAS_OF_THE_VECTOR, 6},
    {"geth/precompiles/blsG1Mul", 0x0c, FORK_PRAGUE, GAS_OF_THE_VECTOR, 11},
    {"geth/precompiles/fail-blsG1Mul", 0x0c, FORK_PRAGUE, GAS_OF_THE_VECTOR, 7},
    {"geth/precompiles/blsG1MultiExp", 0x0c, FORK_PRAGUE, GAS_OF_THE_VECTOR, 154},
    {"geth/precompiles/fail-blsG1MultiExp", 0x0c, FORK_PRAGUE, GAS_OF_THE_VECTOR, 7},
    {"geth/precompiles/blsG2Add", 0x0d, FORK_PRAGUE, GAS_OF_THE_VECTOR, 112},
    {"geth/precompiles/fail-blsG2Add", 0x0d, FORK_PRAGUE, GAS_OF_THE_VECTOR, 6},
    {"geth/precompiles/blsG2Mul", 0x0e, FORK_PRAGUE, GAS_OF_THE_VECTOR, 11},
    {"geth/precompiles/fail-blsG2Mul", 0x0e, FORK_PRAGUE, GAS_OF_THE_VECTOR, 7},
    {"geth/precompiles/blsG2MultiExp", 0x0e, FORK_PRAGUE, GAS_OF_THE_VECTOR, 153},
    {"geth/precompiles/fail-blsG2MultiExp", 0x0e, FORK_PRAGUE, GAS_OF_THE_VECTOR, 7},
    {"geth/precompiles/blsPairing", 0x0f, FORK_PRAGUE, GAS_OF_THE_VECTOR, 106},
    {"geth/precompiles/fail-blsPairing", 0x0f, FORK_PRAGUE, GAS_OF_THE_VECTOR, 9},
    {"geth/precompiles/blsMapG1", 0x10, FORK_PRAGUE, GAS_OF_THE_VECTOR, 105},
    {"geth/precompiles/fail-blsMapG1", 0x10, FORK_PRAGUE, GAS_OF_THE_VECTOR, 5},
    {"geth/precompiles/blsMapG2", 0x11, FORK_PRAGUE, GAS_OF_THE_VECTOR, 105},
    {"geth/precompiles/fail-blsMapG2", 0x11, FORK_PRAGUE, GAS_OF_THE_VECTOR, 5},
    {"geth/precompiles/p256Verify", 0x100, FORK_OSAKA, GAS_OF_THE_VECTOR, 782},
    {"eip-2537/add_G1_bls", 0x0b, FORK_PRAGUE, GAS_OF_THE_VECTOR, 9},
    {"eip-2537/fail-add_G1_bls", 0x0b, FORK_PRAGUE, GAS_OF_THE_VECTOR, 7},
    {"eip-2537/msm_G1_bls", 0x0c, FORK_PRAGUE, GAS_OF_THE_VECTOR, 163},
    {"eip-2537/fail-msm_G1_bls", 0x0c, FORK_PRAGUE, GAS_OF_THE_VECTOR, 8},
    {"eip-2537/mul_G1_bls", 0x0c, FORK_PRAGUE, GAS_OF_THE_VECTOR, 11},
    {"eip-2537/fail-mul_G1_bls", 0x0c, FORK_PRAGUE, GAS_OF_THE_VECTOR, 8},
    {"eip-2537/add_G2_bls", 0x0d, FORK_PRAGUE, GAS_OF_THE_VECTOR, 9},
    {"eip-2537/fail-add_G2_bls", 0x0d, FORK_PRAGUE, GAS_OF_THE_VECTOR, 7},
    {"eip-2537/fail-msm_G2_bls", 0x0e, FORK_PRAGUE, GAS_OF_THE_VECTOR, 8},
    {"eip-2537/mul_G2_bls", 0x0e, FORK_PRAGUE, GAS_OF_THE_VECTOR, 11},
    {"eip-2537/fail-mul_G2_bls", 0x0e, FORK_PRAGUE, GAS_OF_THE_VECTOR, 8},
    {"eip-2537/pairing_check_bls", 0x0f, FORK_PRAGUE, GAS_OF_THE_VECTOR, 15},
    {"eip-2537/fail-pairing_check_bls", 0x0f, FORK_PRAGUE, GAS_OF_THE_VECTOR, 25},
    {"eip-2537/map_fp_to_G1_bls", 0x10, FORK_PRAGUE, GAS_OF_THE_VECTOR, 5},
    {"eip-2537/fail-map_fp_to_G1_bls", 0x10, FORK_PRAGUE, GAS_OF_THE_VECTOR, 5},
    {"eip-2537/map_fp2_to_G2_bls", 0x11, FORK_PRAGUE, GAS_OF_THE_VECTOR, 5},
    {"eip-2537/fail-map_fp2_to_G2_bls", 0x11, FORK_PRAGUE, GAS_OF_THE_VECTOR, 5},
    /* The vectors have half of the price that the EIP came to. */
    {"eip-7951/test-vectors", 0x100, FORK_OSAKA, 6900, 781},
};

static struct arena arena;

static address precompile(uint16_t number) {
    return (address){.b = {[18] = (uint8_t)(number >> 8), [19] = (uint8_t)number}};
}

static struct evm_precompile_result run(const struct suite *suite, bytes input, uint64_t gas) {
    struct evm_precompile_result result;
    address who = precompile(suite->precompile);
    assert_true(evm_is_precompile(suite->fork, &who));
    assert_int_equal(evm_precompile_run(&result, &arena, suite->fork, &who, input, gas), ERR_OK);
    assert_false(result.is_unsupported);
    return result;
}

static void check_vector(const struct suite *suite, const cJSON *vector) {
    bytes input = fixture_bytes(&arena, vector, "Input");
    if (cJSON_GetObjectItem(vector, "ExpectedError") != NULL) {
        assert_false(run(suite, input, UINT64_MAX).is_success);
        return;
    }
    bytes expected = fixture_bytes(&arena, vector, "Expected");
    uint64_t gas = (uint64_t)cJSON_GetObjectItem(vector, "Gas")->valuedouble;
    if (suite->gas != GAS_OF_THE_VECTOR) gas = suite->gas;
    struct evm_precompile_result result = run(suite, input, gas);
    if (!result.is_success || result.gas_left != 0)
        fail_msg("%s, %s: gas", suite->file, fixture_text(vector, "Name"));
    if (!bytes_equal(result.output, expected))
        fail_msg("%s, %s: output", suite->file, fixture_text(vector, "Name"));
    if (gas > 0) {
        result = run(suite, input, gas - 1);
        assert_false(result.is_success);
        assert_true(result.is_out_of_gas);
    }
    assert_int_equal(run(suite, input, gas + 12345).gas_left, 12345);
}

static void vectors_give_their_output_for_their_gas(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof SUITES / sizeof SUITES[0]; i++) {
        char name[128];
        snprintf(name, sizeof name, "precompiles/%s.json", SUITES[i].file);
        cJSON *json = fixture_open(name);
        if (json == NULL) skip();
        assert_int_equal(cJSON_GetArraySize(json), SUITES[i].count);
        const cJSON *vector;
        cJSON_ArrayForEach(vector, json) {
            check_vector(&SUITES[i], vector);
            arena_reset(&arena);
        }
        cJSON_Delete(json);
    }
}

/* Each appears with its fork and is there ever after. */
static void precompiles_come_with_their_forks(void **state) {
    (void)state;
    static const struct {
        uint16_t first;
        uint16_t last;
        enum fork since;
    } TABLE[] = {
        {0x01, 0x04, FORK_FRONTIER},
        {0x05, 0x08, FORK_BYZANTIUM}, /* EIP-198, EIP-196, EIP-197 */
        {0x09, 0x09, FORK_ISTANBUL},  /* EIP-152 */
        {0x0a, 0x0a, FORK_CANCUN},    /* EIP-4844 */
        {0x0b, 0x11, FORK_PRAGUE},    /* EIP-2537 */
        {0x100, 0x100, FORK_OSAKA},   /* EIP-7951 */
    };
    for (uint16_t number = 0; number <= 0x201; number++) {
        enum fork since = FORK_COUNT;
        for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++)
            if (number >= TABLE[i].first && number <= TABLE[i].last) since = TABLE[i].since;
        address who = precompile(number);
        address far = who;
        far.b[0] = 1;
        for (int fork = 0; fork < FORK_COUNT; fork++) {
            assert_int_equal(evm_is_precompile((enum fork)fork, &who), fork >= (int)since);
            assert_false(evm_is_precompile((enum fork)fork, &far));
        }
    }
}

/* EIP-7823: numbers of more than 1,024 bytes are refused, and cost everything. */
static void modexp_has_bounds_since_osaka(void **state) {
    (void)state;
    static const struct suite PRAGUE = {.precompile = 0x05, .fork = FORK_PRAGUE};
    static const struct suite OSAKA = {.precompile = 0x05, .fork = FORK_OSAKA};
    for (int which = 0; which < 3; which++) {
        uint8_t sizes[96] = {[32 * 1 - 2] = 0, [32 * 3 - 1] = 1};
        sizes[32 * which + 30] = 4; /* 1,024 */
        sizes[32 * which + 31] = 0;
        bytes input = bytes_of(sizes, sizeof sizes);
        assert_true(run(&OSAKA, input, 1000000).is_success);
        sizes[32 * which + 31] = 1; /* 1,025 */
        assert_false(run(&OSAKA, input, 1000000).is_success);
        assert_true(run(&PRAGUE, input, 1000000).is_success);
    }
    arena_reset(&arena);
}

/* Sizes that no memory could hold, written into the header of an empty input. */
static void modexp_prices_any_size(void **state) {
    (void)state;
    for (int fork = FORK_BYZANTIUM; fork < FORK_COUNT; fork++) {
        struct suite suite = {.precompile = 0x05, .fork = (enum fork)fork};
        for (unsigned bits = 1; bits < 8; bits++) {
            uint8_t sizes[96] = {0};
            for (unsigned i = 0; i < 3; i++)
                if (bits >> i & 1) memset(sizes + 32 * i, 0xff, 32);
            struct evm_precompile_result result =
                run(&suite, bytes_of(sizes, sizeof sizes), 30000000);
            /* With neither base nor modulus the exponent counts only since EIP-7883. */
            assert_int_equal(result.is_success, bits == 2 && fork < FORK_OSAKA);
        }
    }
    arena_reset(&arena);
}

static int setup(void **state) {
    (void)state;
    arena_open(&arena, 256 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_give_their_output_for_their_gas),
        cmocka_unit_test(precompiles_come_with_their_forks),
        cmocka_unit_test(modexp_has_bounds_since_osaka),
        cmocka_unit_test(modexp_prices_any_size),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
