/* Tests of what the runners stand on: words, numbers, and that a failing case makes a failing
 * run. */
#include "conformance/conformance.h"
#include "conformance/exception.h"
#include "conformance/fixture.h"
#include "conformance/runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void words_are_matched_whole(void **state) {
    (void)state;
    assert_true(exception_allows_tx("TransactionException.NONCE_IS_MAX", TX_NONCE_MAX));
    assert_true(exception_allows_tx(
        "TransactionException.TYPE_3_TX_PRE_FORK|TransactionException.TYPE_3_TX_ZERO_BLOBS",
        TX_NO_BLOBS
    ));
    assert_false(exception_allows_tx("TransactionException.NONCE_IS_MAX", TX_NONCE_LOW));
    assert_false(exception_allows_tx("TransactionException.NONCE_IS_MAXIMAL", TX_NONCE_MAX));
    assert_false(exception_allows_tx("NONCE_IS_MAX", TX_NONCE_MAX));
    assert_false(exception_allows_tx("", TX_NONCE_MAX));
    assert_true(exception_allows_tx("TR_NoFunds", TX_FUNDS));
    assert_false(exception_allows_tx("TR_NoFunds", TX_NONCE_LOW));
    assert_true(exception_allows_block("InvalidNumber", BLOCK_NUMBER, TX_OK));
    assert_true(exception_allows_block("TR_NoFunds", BLOCK_TRANSACTION, TX_FUNDS));
    assert_false(exception_allows_block("TR_NoFunds", BLOCK_STATE_ROOT, TX_FUNDS));
    assert_true(
        exception_allows_block("BlockException.INCORRECT_BLOB_GAS_USED", BLOCK_BLOB_GAS_USED, TX_OK)
    );
}

static void numbers_may_have_leading_zeros(void **state) {
    (void)state;
    u256 number;
    assert_true(fixture_text_number(&number, "0x00"));
    assert_true(u256_is_zero(&number));
    assert_true(fixture_text_number(&number, "0x"));
    assert_true(fixture_text_number(
        &number,
        "0x0000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000ff"
    ));
    assert_int_equal(number.w[0], 255);
    assert_false(fixture_text_number(
        &number, "0x10000000000000000000000000000000000000000000000000000000000000000"
    ));
    assert_false(fixture_text_number(&number, NULL));
    assert_false(fixture_text_number(&number, "12"));
    assert_false(fixture_text_number(&number, "0x:bigint 0x10"));
}

/* --- the runner ------------------------------------------------------------------------------- */

static char folder[] = "/tmp/lockstep-conformance-XXXXXX";

static void write_file(const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int setup(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int teardown(void **state) {
    (void)state;
    static const char *const names[] = {"good.json", "bad.json", "dies.json", "other.txt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

/* Passes what is called good, fails what is called bad, and dies of the rest. */
static void
judge_by_name(const char *path, const struct runner_options *options, struct runner *runner) {
    (void)options;
    if (!runner_claim(runner)) return;
    if (strstr(path, "good") != NULL) {
        runner_count(runner, "good", true);
        runner_count(runner, "better", true);
    } else if (strstr(path, "bad") != NULL) {
        runner_count(runner, "bad", false);
    } else {
        _exit(9);
    }
}

static int run(const char *jobs) {
    char command[] = "statetest";
    char option[] = "--jobs";
    char count[8];
    snprintf(count, sizeof count, "%s", jobs);
    char *arguments[] = {command, option, count, folder};
    return runner_main(4, arguments, judge_by_name);
}

static void a_failure_is_a_failed_run(void **state) {
    (void)state;
    assert_int_equal(run("2"), 2); /* no file yet */
    write_file("other.txt", "not a fixture");
    assert_int_equal(run("2"), 2);
    write_file("good.json", "{}");
    assert_int_equal(run("2"), 0);
    assert_int_equal(run("1"), 0);
    write_file("bad.json", "{}");
    assert_int_equal(run("2"), 1);
    assert_int_equal(run("1"), 1);
}

static void a_death_is_a_failed_run(void **state) {
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s/bad.json", folder);
    assert_int_equal(unlink(path), 0);
    write_file("dies.json", "{}");
    assert_int_equal(run("2"), 1);
}

static void unreadable_files_fail(void **state) {
    (void)state;
    char command[] = "statetest";
    char path[256];
    char *arguments[] = {command, path};
    snprintf(path, sizeof path, "%s/bad.json", folder);
    write_file("bad.json", "{\"x\":");
    assert_int_equal(conformance_statetest(2, arguments), 1);
    assert_int_equal(conformance_blocktest(2, arguments), 1);
    assert_int_equal(conformance_vmtest(2, arguments), 1);
    write_file("bad.json", "{}"); /* nothing ran: not a success */
    assert_int_equal(conformance_statetest(2, arguments), 1);
    snprintf(path, sizeof path, "%s/missing.json", folder);
    assert_int_equal(conformance_statetest(2, arguments), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_matched_whole),
        cmocka_unit_test(numbers_may_have_leading_zeros),
        cmocka_unit_test(a_failure_is_a_failed_run),
        cmocka_unit_test(a_death_is_a_failed_run),
        cmocka_unit_test(unreadable_files_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
