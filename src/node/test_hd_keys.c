#include "core/hex.h"
#include "node/hd_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char known[] = "test test test test test test test test test test test junk";

static void assert_hex(const uint8_t *data, size_t size, const char *expected) {
    char text[65] = {0};
    assert_true(size <= 32);
    hex_encode(text, bytes_of(data, size));
    assert_string_equal(text, expected);
}

/* Producer: anvil 1.7.1 (npm @foundry-rs/anvil), what it prints when it starts. */
static void test_the_keys_that_tools_expect(void **state) {
    (void)state;
    struct hd_key keys[10];
    assert_int_equal(hd_keys_derive(keys, 10, known), ERR_OK);
    assert_hex(keys[0].address.b, 20, "f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    assert_hex(
        keys[0].private_key.b,
        32,
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    );
    assert_hex(keys[1].address.b, 20, "70997970c51812dc3a010c7d01b50e0d17dc79c8");
    assert_hex(
        keys[1].private_key.b,
        32,
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
    );
    assert_hex(keys[9].address.b, 20, "a0ee7a142d267c1f36714e4a8f75612f20a79720");
    assert_hex(
        keys[9].private_key.b,
        32,
        "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"
    );
}

/* Producer: viem 2.54.6, mnemonicToAccount(phrase, {addressIndex}). */
static void test_other_phrases(void **state) {
    (void)state;
    static const char of_24[] =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        "abandon art";
    struct hd_key keys[3];
    assert_int_equal(hd_keys_derive(keys, 3, of_24), ERR_OK);
    assert_hex(keys[0].address.b, 20, "f278cf59f82edcf871d630f28ecc8056f25c1cdb");
    assert_hex(keys[2].address.b, 20, "60af1c6a5d03f9f1b1b74931499bc99e72ff8da9");
}

static void test_no_keys_asked_for(void **state) {
    (void)state;
    assert_int_equal(hd_keys_derive(NULL, 0, known), ERR_OK);
}

static void test_what_is_refused(void **state) {
    (void)state;
    static const char *const phrases[] = {
        "",
        " ",
        "test",
        "test test test test test test test test test test test",             /* 11 words */
        "test test test test test test test test test test test junk junk",   /* 13 words */
        " test test test test test test test test test test test junk",       /* blank in front */
        "test test test test test test test test test test test junk ",       /* behind */
        "test  test test test test test test test test test test junk",       /* two blanks */
        "Test test test test test test test test test test test junk",        /* capital */
        "test test test test test test test test test test test j\xc3\xbcnk", /* not ASCII */
        "test test test test test test test test test test test\tjunk",
    };
    struct hd_key key = {0};
    struct hd_key untouched = {0};
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        assert_non_null(hd_mnemonic_problem(phrases[i]));
        assert_int_equal(hd_keys_derive(&key, 1, phrases[i]), ERR_INPUT);
        assert_memory_equal(&key, &untouched, sizeof key);
    }
    char long_phrase[HD_MNEMONIC_SIZE_MAX + 2];
    memset(long_phrase, 'a', sizeof long_phrase - 1);
    long_phrase[sizeof long_phrase - 1] = 0;
    assert_non_null(hd_mnemonic_problem(long_phrase));
    assert_null(hd_mnemonic_problem(known));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_keys_that_tools_expect),
        cmocka_unit_test(test_other_phrases),
        cmocka_unit_test(test_no_keys_asked_for),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
