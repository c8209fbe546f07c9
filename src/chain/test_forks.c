/* Tests of chain/forks.c. */
#include "chain/forks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static enum fork fork_of(const char *name, uint64_t number, uint64_t timestamp) {
    struct fork_schedule schedule;
    assert_int_equal(forks_preset(&schedule, name), ERR_OK);
    return forks_at(&schedule, number, timestamp).fork;
}

static void every_fork_is_a_preset(void **state) {
    (void)state;
    for (int f = 0; f < FORK_COUNT; f++)
        assert_int_equal(fork_of(forks_name((enum fork)f), 1, 1), f);
    assert_int_equal(fork_of("Merge", 1, 1), FORK_PARIS);
    assert_int_equal(fork_of("BPO2", 1, 1), FORK_OSAKA);
    assert_int_equal(fork_of("MuirGlacier", 1, 1), FORK_ISTANBUL);
}

static void transitions_happen_when_they_say(void **state) {
    (void)state;
    assert_int_equal(fork_of("BerlinToLondonAt5", 4, 1000), FORK_BERLIN);
    assert_int_equal(fork_of("BerlinToLondonAt5", 5, 1000), FORK_LONDON);
    assert_int_equal(fork_of("ByzantiumToConstantinopleFixAt5", 4, 0), FORK_BYZANTIUM);
    assert_int_equal(fork_of("ByzantiumToConstantinopleFixAt5", 5, 0), FORK_PETERSBURG);
    assert_int_equal(fork_of("CancunToPragueAtTime15k", 4, 14999), FORK_CANCUN);
    assert_int_equal(fork_of("CancunToPragueAtTime15k", 4, 15000), FORK_PRAGUE);
    struct fork_schedule schedule;
    assert_int_equal(forks_preset(&schedule, "ArrowGlacierToParisAtDiffC0000"), ERR_OK);
    u256 difficulty = u256_from_u64(0xbffff);
    assert_int_equal(forks_at_difficulty(&schedule, 9, 9, &difficulty).fork, FORK_LONDON);
    difficulty = u256_from_u64(0xc0000);
    assert_int_equal(forks_at_difficulty(&schedule, 9, 9, &difficulty).fork, FORK_PARIS);
    assert_int_equal(forks_preset(&schedule, "HomesteadToDaoAt5"), ERR_OK);
    assert_false(forks_at(&schedule, 4, 0).is_dao_extra_data);
    assert_true(forks_at(&schedule, 5, 0).is_dao_block);
    assert_true(forks_at(&schedule, 14, 0).is_dao_extra_data);
    assert_false(forks_at(&schedule, 15, 0).is_dao_extra_data);
    assert_int_equal(forks_preset(&schedule, "EIP150"), ERR_OK);
    assert_false(forks_at(&schedule, 0, 0).is_dao_block);
}

static void blob_parameters_change_with_time(void **state) {
    (void)state;
    struct fork_schedule schedule;
    assert_int_equal(forks_preset(&schedule, "BPO1ToBPO2AtTime15k"), ERR_OK);
    assert_int_equal(forks_at(&schedule, 1, 14999).blob.max, 15);
    assert_int_equal(forks_at(&schedule, 1, 15000).blob.max, 21);
    assert_int_equal(forks_preset(&schedule, "ShanghaiToCancunAtTime15k"), ERR_OK);
    assert_int_equal(forks_at(&schedule, 1, 14999).blob.max, 0);
    assert_int_equal(forks_at(&schedule, 1, 15000).blob.max, 6);
    struct blob_parameters own = {1, 2, 3};
    assert_int_equal(forks_set_blob(&schedule, 15000, own), ERR_OK);
    assert_int_equal(forks_at(&schedule, 1, 15000).blob.max, 2);
    enum err err = ERR_OK;
    uint64_t added = 0;
    for (uint64_t t = 20000; err == ERR_OK; t++) {
        err = forks_set_blob(&schedule, t, own);
        if (err == ERR_OK) added++;
    }
    assert_int_equal(err, ERR_LIMIT);
    assert_int_equal(added, BLOB_SCHEDULE_MAX - 1);
}

static void names_that_are_no_networks_are_refused(void **state) {
    (void)state;
    static const char *const names[] = {
        "",
        "Lond",
        "Londonx",
        "LondonTo",
        "LondonToBerlinAt5",
        "BerlinToLondonAt",
        "BerlinToLondonAtx",
        "BerlinToLondonAtTime15k",
        "CancunToPragueAt5",
        "CancunToPragueAtTime15",
        "CancunToPragueAtTime15kk",
        "LondonToParisAtDiff",
        "LondonToParisAtDiffX",
        "BerlinToLondonAt99999999999999999999999",
    };
    struct fork_schedule schedule;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(forks_preset(&schedule, names[i]), ERR_INPUT);
}

static void mainnet_forks_at_its_blocks(void **state) {
    (void)state;
    struct fork_schedule schedule;
    forks_mainnet(&schedule);
    assert_int_equal(forks_at(&schedule, 1149999, 0).fork, FORK_FRONTIER);
    assert_int_equal(forks_at(&schedule, 1150000, 0).fork, FORK_HOMESTEAD);
    assert_true(forks_at(&schedule, 1920000, 0).is_dao_block);
    assert_int_equal(forks_at(&schedule, 7280000, 0).fork, FORK_PETERSBURG);
    assert_int_equal(forks_at(&schedule, 9200000, 0).bomb_delay, 9000000);
    assert_int_equal(forks_at(&schedule, 15537393, 0).fork, FORK_LONDON);
    assert_int_equal(forks_at(&schedule, 15537394, 0).fork, FORK_PARIS);
    assert_int_equal(forks_at(&schedule, 17034870, 1681338455).fork, FORK_SHANGHAI);
    assert_int_equal(forks_at(&schedule, 25000000, 1764798551).fork, FORK_OSAKA);
    assert_int_equal(forks_at(&schedule, 25000000, 1764798551).blob.max, 9);
    assert_int_equal(forks_at(&schedule, 25000000, 1765290071).blob.max, 15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fork_is_a_preset),
        cmocka_unit_test(transitions_happen_when_they_say),
        cmocka_unit_test(blob_parameters_change_with_time),
        cmocka_unit_test(names_that_are_no_networks_are_refused),
        cmocka_unit_test(mainnet_forks_at_its_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
