#include "node/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct node_options options = {
    .accounts_count = 3,
    .mnemonic = "test test test test test test test test test test test junk",
};

/* The first account of this mnemonic: anvil 1.7.1. */
static const address first = {{0xf3, 0x9f, 0xd6, 0xe5, 0x1a, 0xad, 0x88, 0xf6, 0xf4, 0xce,
                               0x6a, 0xb8, 0x82, 0x72, 0x79, 0xcf, 0xff, 0xb9, 0x22, 0x66}};

static void finds_development_accounts_only(void **state) {
    (void)state;
    struct node_keys keys;
    assert_int_equal(keys_open(&keys, &options), ERR_OK);
    assert_int_equal(keys.account_count, 3);
    const struct hd_key *found = keys_find(&keys, &first);
    assert_ptr_equal(found, &keys.accounts[0]);
    assert_true(address_equal(&keys.addresses[0], &first));
    assert_null(keys_find(&keys, &keys.builder.address));
    assert_null(keys_find(&keys, &keys.attester.address));
    keys_close(&keys);
    keys_close(&keys);
}

static void draws_other_keys_each_time(void **state) {
    (void)state;
    struct node_keys a;
    struct node_keys b;
    assert_int_equal(keys_open(&a, &options), ERR_OK);
    assert_int_equal(keys_open(&b, &options), ERR_OK);
    assert_false(address_equal(&a.builder.address, &b.builder.address));
    assert_false(address_equal(&a.attester.address, &b.attester.address));
    assert_false(address_equal(&a.attester.address, &a.builder.address));
    assert_true(address_equal(&a.addresses[2], &b.addresses[2]));
    keys_close(&a);
    keys_close(&b);
}

static void takes_only_keys(void **state) {
    (void)state;
    struct hd_key key = {0};
    hash32 zero = {{0}};
    hash32 one = {{[31] = 1}};
    assert_int_equal(keys_set(&key, hash32_bytes(&zero)), ERR_INPUT);
    assert_int_equal(keys_set(&key, bytes_of(one.b, 31)), ERR_INPUT);
    assert_int_equal(keys_set(&key, hash32_bytes(&one)), ERR_OK);
    /* The address of private key 1: ethereum/tests, KeyStoreTests; well known. */
    assert_int_equal(key.address.b[0], 0x7e);
    assert_int_equal(key.address.b[19], 0xdf);
}

static void may_have_no_accounts(void **state) {
    (void)state;
    struct node_keys keys;
    struct node_options none = options;
    none.accounts_count = 0;
    assert_int_equal(keys_open(&keys, &none), ERR_OK);
    assert_null(keys_find(&keys, &first));
    keys_close(&keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_development_accounts_only),
        cmocka_unit_test(draws_other_keys_each_time),
        cmocka_unit_test(takes_only_keys),
        cmocka_unit_test(may_have_no_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
