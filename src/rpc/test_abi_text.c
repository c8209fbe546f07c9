#include "core/err.h"
#include "core/hex.h"
#include "rpc/abi_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define DATA_SIZE_MAX 1024

static bytes from_hex(uint8_t data[DATA_SIZE_MAX], const char *hex) {
    size_t size = strlen(hex) / 2;
    assert_true(size <= DATA_SIZE_MAX);
    assert_int_equal(hex_decode_exact(data, size, hex, 2 * size), ERR_OK);
    return bytes_of(data, size);
}

static void assert_values(
    const char *signature, enum abi_part part, const char *hex, bool is_full, const char *expected
) {
    uint8_t data[DATA_SIZE_MAX];
    char *text = NULL;
    size_t size = 0;
    const struct abi_style style = {.is_full = is_full};
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    bool is_decoded = abi_print_values(out, signature, part, from_hex(data, hex), &style);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected == NULL ? "" : expected);
    assert_int_equal(is_decoded, expected != NULL);
    free(text);
}

#define WORD_0    "0000000000000000000000000000000000000000000000000000000000000000"
#define WORD_1    "0000000000000000000000000000000000000000000000000000000000000001"
#define WORD_2A   "000000000000000000000000000000000000000000000000000000000000002a"
#define WORD_20   "0000000000000000000000000000000000000000000000000000000000000020"
#define WORD_40   "0000000000000000000000000000000000000000000000000000000000000040"
#define WORD_02   "0000000000000000000000000000000000000000000000000000000000000002"
#define WORD_MAX  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define WORD_ADDR "000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define WORD_NO   "6e6f000000000000000000000000000000000000000000000000000000000000"

/* Producer: cast 1.7.1 (npm @foundry-rs/cast), `cast sig`. */
static void test_selectors(void **state) {
    (void)state;
    static const struct {
        const char *signature;
        const char *selector;
    } rows[] = {
        {"transfer(address,uint256)", "a9059cbb"},
        {"transfer(address to, uint256 amount)(bool)", "a9059cbb"},
        {"Error(string)", "08c379a0"},
        {"Error(string why)", "08c379a0"},
        {"Panic(uint256)", "4e487b71"},
        {"f()", "26121ff0"},
        {"f( )", "26121ff0"},
        {"a((uint64,bytes)[],(bool,address))", "ecd9996d"},
        {"a((uint64 id, bytes data)[] list, (bool x, address y) z)", "ecd9996d"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t selector[4];
        uint8_t expected[4];
        assert_int_equal(hex_decode_exact(expected, 4, rows[i].selector, 8), ERR_OK);
        assert_true(abi_selector(selector, rows[i].signature));
        assert_memory_equal(selector, expected, 4);
    }
    static const char *const bad[] = {
        "", "f", "(uint256)", "f(", "f(uint256", "f)", "f(a;b)", "f()x", "f()()x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t selector[4];
        assert_false(abi_selector(selector, bad[i]));
    }
    char long_signature[ABI_SIGNATURE_SIZE_MAX + 3];
    memset(long_signature, 'f', sizeof long_signature);
    memcpy(long_signature + sizeof long_signature - 3, "()", 3);
    uint8_t selector[4];
    assert_false(abi_selector(selector, long_signature));
}

static void test_values(void **state) {
    (void)state;
    assert_values("f()", ABI_INPUTS, "", false, "");
    assert_values("f(uint256)", ABI_INPUTS, WORD_2A, false, "42");
    assert_values("f(uint n)", ABI_INPUTS, WORD_2A, false, "n: 42");
    assert_values("f(int256,int8)", ABI_INPUTS, WORD_MAX WORD_2A, false, "-1, 42");
    assert_values(
        "f(int256)",
        ABI_INPUTS,
        "8000000000000000000000000000000000000000000000000000000000000000",
        false,
        "-57896044618658097711785492504343953926634992332820282019728792003956564819968"
    );
    assert_values("f(bool a, bool b)", ABI_INPUTS, WORD_0 WORD_1, false, "a: false, b: true");
    assert_values("f(address)", ABI_INPUTS, WORD_ADDR, false, "0xf39fd6e5…2266");
    assert_values(
        "f(address)", ABI_INPUTS, WORD_ADDR, true, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    );
    assert_values("f(bytes2)", ABI_INPUTS, WORD_NO, false, "0x6e6f");
    assert_values("f(string)", ABI_INPUTS, WORD_20 WORD_02 WORD_NO, false, "\"no\"");
    assert_values("f(bytes memory b)", ABI_INPUTS, WORD_20 WORD_02 WORD_NO, false, "b: 0x6e6f");
    assert_values(
        "f(uint256,string)(uint256,string)",
        ABI_RESULTS,
        WORD_2A WORD_40 WORD_02 WORD_NO,
        false,
        "42, \"no\""
    );
    assert_values("f(uint256)()", ABI_RESULTS, "", false, "");
    assert_values("f(uint256[] list)", ABI_INPUTS, WORD_20 WORD_0, false, "list: []");
    assert_values(
        "f(uint8[],bool)", ABI_INPUTS, WORD_40 WORD_1 WORD_02 WORD_2A WORD_1, false, "[42, 1], true"
    );
    assert_values(
        "f(bytes1[])",
        ABI_INPUTS,
        WORD_20 "0000000000000000000000000000000000000000000000000000000000000009" WORD_0 WORD_0
            WORD_0 WORD_0 WORD_0 WORD_0 WORD_0 WORD_0 WORD_0,
        false,
        "[0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, … 9 in all]"
    );
    /* More data than the types need is not refused: Solidity ignores it too. */
    assert_values("f(uint256)", ABI_INPUTS, WORD_2A WORD_2A, false, "42");
}

static void test_what_is_not_decoded(void **state) {
    (void)state;
    assert_values("f(uint256)", ABI_RESULTS, WORD_2A, false, NULL); /* no results in it */
    assert_values("f(uint256)", ABI_INPUTS, "", false, NULL);
    assert_values("f(uint256)", ABI_INPUTS, "2a", false, NULL);
    assert_values("f(uint256,uint256)", ABI_INPUTS, WORD_2A, false, NULL);
    assert_values("f(uint8)", ABI_INPUTS, WORD_MAX, false, NULL);
    assert_values("f(int8)", ABI_INPUTS, WORD_ADDR, false, NULL);
    assert_values("f(bool)", ABI_INPUTS, WORD_2A, false, NULL);
    assert_values("f(address)", ABI_INPUTS, WORD_MAX, false, NULL);
    assert_values("f(bytes1)", ABI_INPUTS, WORD_NO, false, NULL);
    assert_values("f(string)", ABI_INPUTS, WORD_MAX WORD_02 WORD_NO, false, NULL);
    assert_values("f(string)", ABI_INPUTS, WORD_20 WORD_MAX WORD_NO, false, NULL);
    assert_values("f(string)", ABI_INPUTS, WORD_20 WORD_40 WORD_NO, false, NULL);   /* too short */
    assert_values("f(uint256[])", ABI_INPUTS, WORD_20 WORD_02 WORD_1, false, NULL); /* too short */
    assert_values("f(uint256[])", ABI_INPUTS, WORD_20 WORD_MAX WORD_1, false, NULL);
    assert_values("f(uint256[])", ABI_INPUTS, WORD_MAX WORD_1 WORD_1, false, NULL);
    assert_values("f(bool[])", ABI_INPUTS, WORD_20 WORD_1 WORD_02, false, NULL);
    static const char *const types[] = {
        "f(uint256[][])",
        "f(string[])",
        "f(bytes[])",
        "f(uint256[2])",
        "f([])",
        "f((uint256))",
        "f(uint7)",
        "f(uint264)",
        "f(bytes33)",
        "f(bytes0)",
        "f(uint0)",
        "f(word)",
        "f(uint256,)",
        "f(,)",
        "f( , )",
        "f(addressx)",
        "f(uint9999999999)",
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_values(types[i], ABI_INPUTS, WORD_2A WORD_2A, false, NULL);
    assert_values(
        "f(bool,bool,bool,bool,bool,bool,bool,bool,bool,bool,bool,bool,bool,bool,bool,bool,bool)",
        ABI_INPUTS,
        WORD_0,
        false,
        NULL
    );
}

static void test_text_of_strangers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"plain", "plain"},
        {"a\nb\tc\x1b[31m\x7f", "a?b?c?[31m?"},
        {"sm\xc3\xb6rg\xc3\xa5s \xe2\x86\x92 \xf0\x9f\x98\x80",
         "sm\xc3\xb6rg\xc3\xa5s \xe2\x86\x92 \xf0\x9f\x98\x80"},
        {"\xc2\x9b", "??"},           /* CSI as a C1 control character */
        {"\xc0\xaf", "??"},           /* over-long */
        {"\xed\xa0\x80", "???"},      /* a surrogate */
        {"\xf4\x90\x80\x80", "????"}, /* above U+10FFFF */
        {"a\xe2\x80\xae"
         "b",
         "a???b"},               /* right-to-left override */
        {"\xe2\x81\xa6", "???"}, /* isolate */
        {"\xe2\x86", "??"},      /* cut */
        {"\xff", "?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        abi_print_text(out, bytes_of(rows[i].text, strlen(rows[i].text)));
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, rows[i].expected);
        free(text);
    }
}

static void test_ether(void **state) {
    (void)state;
    static const struct {
        const char *wei;
        const char *expected;
    } rows[] = {
        {"0", "0 ETH"},
        {"1", "1 wei"},
        {"999999999999", "999999999999 wei"},
        {"1000000000000", "0.000001 ETH"},
        {"1500000000000000001", "1.500000000000000001 ETH"},
        {"10000000000000000000000", "10000 ETH"},
        {"115792089237316195423570985008687907853269984665640564039457584007913129639935",
         "115792089237316195423570985008687907853269984665640564039457.584007913129639935 ETH"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = NULL;
        size_t size = 0;
        u256 wei;
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        assert_int_equal(u256_from_decimal(&wei, rows[i].wei, strlen(rows[i].wei)), 0);
        abi_print_ether(out, &wei);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, rows[i].expected);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_what_is_not_decoded),
        cmocka_unit_test(test_text_of_strangers),
        cmocka_unit_test(test_ether),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
