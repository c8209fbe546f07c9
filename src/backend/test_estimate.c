#include "backend/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A transaction that needs `needed` gas to succeed and then reports these figures. */
struct fake {
    uint64_t needed;
    uint64_t used;
    uint64_t max;
    unsigned runs;
    uint64_t stops_at; /* this much gas cannot be tried */
};

static bool attempt(void *context, uint64_t gas, struct estimate_run *out) {
    struct fake *fake = context;
    fake->runs++;
    if (fake->stops_at != 0 && gas == fake->stops_at) return false;
    *out = (struct estimate_run
    ){.has_succeeded = gas >= fake->needed, .gas_used = fake->used, .gas_max = fake->max};
    return true;
}

static void transfers_are_21000(void **state) {
    (void)state;
    struct fake fake = {.needed = 21000, .used = 21000, .max = 21000};
    uint64_t gas = 0;
    assert_int_equal(estimate_gas(&gas, 30000000, true, attempt, &fake), ESTIMATE_OK);
    assert_int_equal(gas, 21000);
    assert_int_equal(fake.runs, 1);
    /* One that costs more after all (an access list) is searched for. */
    fake = (struct fake){.needed = 23400, .used = 23400, .max = 23400};
    assert_int_equal(estimate_gas(&gas, 30000000, true, attempt, &fake), ESTIMATE_OK);
    assert_true(gas >= 23400 && gas < 23400 * 102 / 100);
}

/* Producer of the numbers: go-ethereum's gasestimator.Estimate, by hand: bounds 99,999 and
 * (100,000 + 2,300) · 64 / 63 = 103,923; then 101,961 and 100,980 succeed, and 981 / 100,980 is
 * below 0.015. */
static void follows_geth(void **state) {
    (void)state;
    struct fake fake = {.needed = 100000, .used = 100000, .max = 100000};
    uint64_t gas = 0;
    assert_int_equal(estimate_gas(&gas, 30000000, false, attempt, &fake), ESTIMATE_OK);
    assert_int_equal(gas, 100980);
    assert_int_equal(fake.runs, 4);
}

/* It succeeds only with far more gas than it uses (EIP-150 in nested calls, gas checks). */
static void climbs_when_needed(void **state) {
    (void)state;
    for (uint64_t needed = 21000; needed < 16000000; needed = needed * 3 / 2) {
        struct fake fake = {.needed = needed, .used = 21000, .max = 21000};
        uint64_t gas = 0;
        assert_int_equal(estimate_gas(&gas, 16777216, false, attempt, &fake), ESTIMATE_OK);
        assert_true(gas >= needed);
        assert_true((gas - needed) * 1000 <= gas * 15);
        assert_true(fake.runs < 40);
    }
}

static void refuses_what_fails(void **state) {
    (void)state;
    struct fake fake = {.needed = UINT64_MAX};
    uint64_t gas = 7;
    assert_int_equal(estimate_gas(&gas, 30000000, true, attempt, &fake), ESTIMATE_FAILED);
    assert_int_equal(gas, 7);
    assert_int_equal(fake.runs, 2);
    fake = (struct fake){.needed = 50000, .used = 40000, .max = 40000, .stops_at = 30000000};
    assert_int_equal(estimate_gas(&gas, 30000000, false, attempt, &fake), ESTIMATE_STOPPED);
    fake.stops_at = (40000 + 2300) * 64 / 63;
    assert_int_equal(estimate_gas(&gas, 30000000, false, attempt, &fake), ESTIMATE_STOPPED);
    /* Nothing is affordable. */
    fake = (struct fake){.needed = 21000};
    assert_int_equal(estimate_gas(&gas, 0, true, attempt, &fake), ESTIMATE_FAILED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transfers_are_21000),
        cmocka_unit_test(follows_geth),
        cmocka_unit_test(climbs_when_needed),
        cmocka_unit_test(refuses_what_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
