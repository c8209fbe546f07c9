#include "core/hex.h"
#include "rpc/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const address who = {{0xaa, [19] = 0x01}};
#define WHO "0xaa00000000000000000000000000000000000001"

static enum err add(struct names *names, const char **problem, const char *json) {
    return names_add(names, problem, bytes_of(json, strlen(json)));
}

static void test_built_in_errors(void **state) {
    (void)state;
    struct names names;
    assert_int_equal(names_open(&names), ERR_OK);
    /* Producer: cast 1.7.1, `cast sig`. */
    static const uint8_t error_string[4] = {0x08, 0xc3, 0x79, 0xa0};
    static const uint8_t entry_not_found[4] = {0xe2, 0xfc, 0xf0, 0x64};
    static const uint8_t unknown[4] = {1, 2, 3, 4};
    assert_string_equal(names_error(&names, error_string), "Error(string)");
    assert_string_equal(
        names_error(&names, entry_not_found),
        "EntryNotFound(uint64 rollupId, bytes32 head, bytes32 actionHash)"
    );
    assert_null(names_error(&names, unknown));
    assert_null(names_function(&names, error_string));
    assert_null(names_address(&names, 1, &who));
    names_close(&names);
}

static void test_a_file(void **state) {
    (void)state;
    struct names names;
    const char *problem = NULL;
    assert_int_equal(names_open(&names), ERR_OK);
    assert_int_equal(
        add(&names,
            &problem,
            "{\"" WHO "\": \"Ev\\u0065rywhere\", \"42101:" WHO "\": \"Here\","
            " \"functions\": [\"transfer(address to,uint256)(bool)\"], \"errors\": [\"No(uint8)\"]}"
        ),
        ERR_OK
    );
    assert_string_equal(names_address(&names, 1, &who), "Everywhere");
    assert_string_equal(names_address(&names, 42101, &who), "Here");
    static const uint8_t transfer[4] = {0xa9, 0x05, 0x9c, 0xbb};
    assert_string_equal(names_function(&names, transfer), "transfer(address to,uint256)(bool)");
    /* What comes later goes before. */
    assert_int_equal(add(&names, &problem, "{\"42101:" WHO "\": \"There\"}"), ERR_OK);
    assert_string_equal(names_address(&names, 42101, &who), "There");
    assert_int_equal(add(&names, &problem, " { } "), ERR_OK);
    names_close(&names);
}

static void test_what_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "{",
        "{} {}",
        "{\"0xaa\": \"short\"}",
        "{\"" WHO "\": 1}",
        "{\"" WHO "00\": \"long\"}",
        "{\":" WHO "\": \"no chain\"}",
        "{\"x:" WHO "\": \"chain\"}",
        "{\"18446744073709551616:" WHO "\": \"big chain\"}",
        "{\"functions\": {}}",
        "{\"functions\": [1]}",
        "{\"functions\": [\"transfer\"]}",
        "{\"errors\": [\"E(\"]}",
        "{\"names\": []}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct names names;
        const char *problem = NULL;
        assert_int_equal(names_open(&names), ERR_OK);
        assert_int_equal(add(&names, &problem, texts[i]), ERR_INPUT);
        assert_non_null(problem);
        names_close(&names);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in_errors),
        cmocka_unit_test(test_a_file),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
