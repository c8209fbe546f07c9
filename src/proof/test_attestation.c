#include "proof/attestation.h"

#include "core/u256.h"
#include "crypto/secp256k1.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static hash32 key(uint8_t last) {
    hash32 k = {{0}};
    k.b[31] = last;
    return k;
}

static void signatures_recover_and_ascend(void **state) {
    (void)state;
    struct arena arena;
    arena_open(&arena, 1 << 20);
    hash32 digest = key(77);
    hash32 keys[5] = {key(1), key(2), key(3), key(4), key(5)};
    bytes data;
    assert_int_equal(attestation_sign(&data, &arena, &digest, keys, 5), ERR_OK);
    assert_int_equal(data.size, 5 * ATTESTATION_SIGNATURE_SIZE);
    address last = {{0}};
    for (size_t i = 0; i < 5; i++) {
        const uint8_t *signature = data.data + i * ATTESTATION_SIGNATURE_SIZE;
        u256 r = u256_load_be(signature);
        u256 s = u256_load_be(signature + 32);
        address signer;
        assert_int_equal(
            secp256k1_recover_address(&signer, &digest, &r, &s, signature[64] - 27u), ERR_OK
        );
        assert_true(memcmp(last.b, signer.b, 20) < 0);
        last = signer;
    }
    arena_close(&arena);
}

static void bad_keys_are_refused(void **state) {
    (void)state;
    struct arena arena;
    arena_open(&arena, 1 << 20);
    hash32 digest = key(77);
    hash32 twice[2] = {key(9), key(9)};
    hash32 zero[1] = {key(0)};
    bytes data;
    assert_int_equal(attestation_sign(&data, &arena, &digest, twice, 2), ERR_INPUT);
    assert_int_equal(attestation_sign(&data, &arena, &digest, zero, 1), ERR_INPUT);
    arena_close(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_recover_and_ascend),
        cmocka_unit_test(bad_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
