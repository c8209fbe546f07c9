#include "core/hex.h"
#include "crypto/keccak.h"
#include "crypto/secp256k1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static hash32 hash_of(const char *text) {
    hash32 h;
    assert_int_equal(hex_decode_exact(h.b, 32, text, strlen(text)), ERR_OK);
    return h;
}

/* The first account of the mnemonic "test test … junk", as anvil and hardhat print it. */
static void test_address_of(void **state) {
    (void)state;
    hash32 key = hash_of("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
    address got;
    address want;
    const char *text = "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    assert_int_equal(hex_decode_exact(want.b, 20, text, 40), ERR_OK);
    assert_int_equal(secp256k1_address_of(&got, &key), ERR_OK);
    assert_true(address_equal(&got, &want));
}

/* The example transaction of EIP-155. */
static void test_sign_eip155(void **state) {
    (void)state;
    hash32 key = hash_of("4646464646464646464646464646464646464646464646464646464646464646");
    hash32 digest = hash_of("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
    u256 r;
    u256 s;
    unsigned y_parity;
    assert_int_equal(secp256k1_sign(&r, &s, &y_parity, &digest, &key), ERR_OK);
    uint8_t bytes_of_r[32];
    uint8_t bytes_of_s[32];
    u256_store_be(bytes_of_r, &r);
    u256_store_be(bytes_of_s, &s);
    hash32 want_r = hash_of("28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276");
    hash32 want_s = hash_of("67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83");
    assert_memory_equal(bytes_of_r, want_r.b, 32);
    assert_memory_equal(bytes_of_s, want_s.b, 32);
    assert_int_equal(y_parity, 0);
}

static void test_round_trip(void **state) {
    (void)state;
    hash32 key = keccak256(bytes_of("key", 3));
    hash32 digest = keccak256(bytes_of("digest", 6));
    for (int i = 0; i < 200; i++) {
        address signer;
        address recovered;
        u256 r;
        u256 s;
        unsigned y_parity;
        assert_int_equal(secp256k1_address_of(&signer, &key), ERR_OK);
        assert_int_equal(secp256k1_sign(&r, &s, &y_parity, &digest, &key), ERR_OK);
        assert_true(u256_compare(&s, &SECP256K1_N_HALF) <= 0);
        assert_int_equal(secp256k1_recover_address(&recovered, &digest, &r, &s, y_parity), ERR_OK);
        assert_true(address_equal(&signer, &recovered));
        /* The high form of s with the other parity is the same signature. */
        u256 high = u256_sub(&SECP256K1_N, &s);
        assert_int_equal(
            secp256k1_recover_address(&recovered, &digest, &r, &high, !y_parity), ERR_OK
        );
        assert_true(address_equal(&signer, &recovered));
        /* The other parity alone is somebody else's. */
        enum err err = secp256k1_recover_address(&recovered, &digest, &r, &s, !y_parity);
        assert_true(err != ERR_OK || !address_equal(&signer, &recovered));
        key = keccak256(hash32_bytes(&key));
        digest = keccak256(hash32_bytes(&digest));
    }
}

static void test_refused(void **state) {
    (void)state;
    hash32 digest = keccak256(BYTES_EMPTY);
    uint8_t public_key[64] = {0x5a};
    u256 good = u256_from_u64(1);
    u256 below_n = u256_sub(&SECP256K1_N, &U256_ONE);
    const u256 bad[] = {U256_ZERO, SECP256K1_N, U256_MAX};
    for (unsigned parity = 0; parity < 2; parity++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            assert_int_equal(
                secp256k1_recover(public_key, &digest, &bad[i], &good, parity), ERR_INPUT
            );
            assert_int_equal(
                secp256k1_recover(public_key, &digest, &good, &bad[i], parity), ERR_INPUT
            );
        }
        /* x = 5 is on no point of the curve. */
        u256 five = u256_from_u64(5);
        assert_int_equal(secp256k1_recover(public_key, &digest, &five, &good, parity), ERR_INPUT);
    }
    assert_int_equal(secp256k1_recover(public_key, &digest, &good, &good, 2), ERR_INPUT);
    assert_int_equal(public_key[0], 0x5a);
    assert_int_equal(secp256k1_recover(public_key, &digest, &good, &below_n, 0), ERR_OK);

    u256 r = good;
    u256 s = good;
    unsigned y_parity = 9;
    address a;
    hash32 zero = {{0}};
    hash32 n;
    u256_store_be(n.b, &SECP256K1_N);
    assert_int_equal(secp256k1_sign(&r, &s, &y_parity, &digest, &zero), ERR_INPUT);
    assert_int_equal(secp256k1_sign(&r, &s, &y_parity, &digest, &n), ERR_INPUT);
    assert_int_equal(secp256k1_address_of(&a, &zero), ERR_INPUT);
    assert_int_equal(secp256k1_address_of(&a, &n), ERR_INPUT);
    assert_int_equal(y_parity, 9);
    u256 twice = u256_shl(&SECP256K1_N_HALF, 1);
    twice = u256_add(&twice, &U256_ONE);
    assert_true(u256_equal(&twice, &SECP256K1_N));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_of),
        cmocka_unit_test(test_sign_eip155),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
