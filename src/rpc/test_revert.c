#include "rpc/revert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct names names;

static void expect(const char *hex, const char *text) {
    uint8_t data[256];
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        data[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    char *out = NULL;
    size_t out_size = 0;
    FILE *file = open_memstream(&out, &out_size);
    assert_non_null(file);
    revert_print(file, &names, (bytes){data, size});
    (void)fclose(file);
    assert_string_equal(out, text);
    free(out);
}

#define WORD_0  "0000000000000000000000000000000000000000000000000000000000000000"
#define WORD_1  "0000000000000000000000000000000000000000000000000000000000000001"
#define WORD_20 "0000000000000000000000000000000000000000000000000000000000000020"
#define WORD_11 "0000000000000000000000000000000000000000000000000000000000000011"

/* Selectors and encodings: viem 2.54, encodeErrorResult. */
static void decodes_what_it_knows(void **state) {
    (void)state;
    expect(
        "08c379a0" WORD_20 "0000000000000000000000000000000000000000000000000000000000000004"
        "6e6f706500000000000000000000000000000000000000000000000000000000",
        "nope"
    );
    expect("4e487b71" WORD_11, "panic: arithmetic underflow or overflow");
    expect("4e487b71" WORD_0, "panic 0x0");
    expect("1e5a1f4e", "0x1e5a1f4e");
}

static void survives_anything(void **state) {
    (void)state;
    expect("", "no reason given");
    expect("08c3", "no reason given");
    /* An offset, and a length, outside the data. */
    expect("08c379a0" WORD_1, "Error(0x00000000…0001)");
    /* Text that would move the cursor. */
    expect(
        "08c379a0" WORD_20 "0000000000000000000000000000000000000000000000000000000000000004"
        "1b5b324a00000000000000000000000000000000000000000000000000000000",
        "?[2J"
    );
}

static int open_names(void **state) {
    (void)state;
    return names_open(&names) == ERR_OK ? 0 : -1;
}

static int close_names(void **state) {
    (void)state;
    names_close(&names);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_what_it_knows),
        cmocka_unit_test(survives_anything),
    };
    return cmocka_run_group_tests(tests, open_names, close_names);
}
