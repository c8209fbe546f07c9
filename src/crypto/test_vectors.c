/* Published vectors: the precompile tests of go-ethereum and of EIP-7951, Wycheproof's ECDSA
 * suites, ethers.js' hashes and NIST's SHA-3 known answers (for the permutation). */
#include "core/test_fixture.h"
#include "crypto/blake2f.h"
#include "crypto/keccak.h"
#include "crypto/modexp.h"
#include "crypto/p256.h"
#include "crypto/ripemd160.h"
#include "crypto/secp256k1.h"
#include "crypto/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena arena;

/* Runs check on each member of a JSON array or object; the suite has count of them. */
static void for_each(const char *name, int count, void (*check)(const cJSON *test)) {
    cJSON *json = fixture_open(name);
    if (json == NULL) skip();
    int seen = 0;
    const cJSON *test;
    cJSON_ArrayForEach(test, json) {
        arena_reset(&arena);
        check(test);
        seen++;
    }
    cJSON_Delete(json);
    assert_int_equal(seen, count);
}

/* The part [offset, offset + size) of b with zeros where b has ended, as precompiles see input. */
static bytes padded(bytes b, size_t offset, size_t size) {
    uint8_t *out = arena_alloc_zero(&arena, size);
    assert_non_null(out);
    bytes part = bytes_slice(b, offset, size);
    if (part.size > 0) memcpy(out, part.data, part.size);
    return bytes_of(out, size);
}

static u256 word(bytes b, size_t offset) {
    return u256_load_be(padded(b, offset, 32).data);
}

static void assert_bytes(const cJSON *test, bytes got, bytes want) {
    if (!bytes_equal(got, want)) fail_msg("%s: wrong result", fixture_text(test, "Name"));
}

/* --- geth's precompile vectors ------------------------------------------------------------- */

static void check_ecrecover(const cJSON *test) {
    bytes input = fixture_bytes(&arena, test, "Input");
    hash32 digest;
    memcpy(digest.b, padded(input, 0, 32).data, 32);
    u256 v = word(input, 32);
    u256 r = word(input, 64);
    u256 s = word(input, 96);
    uint8_t out[32] = {0};
    address signer;
    bool is_good =
        u256_fits_u64(&v) && (v.w[0] == 27 || v.w[0] == 28) &&
        secp256k1_recover_address(&signer, &digest, &r, &s, (unsigned)v.w[0] - 27) == ERR_OK;
    if (is_good) memcpy(out + 12, signer.b, 20);
    assert_bytes(test, bytes_of(out, is_good ? 32 : 0), fixture_bytes(&arena, test, "Expected"));
}

static void test_ecrecover(void **state) {
    (void)state;
    for_each("precompiles/geth/precompiles/ecRecover.json", 5, check_ecrecover);
}

static void check_blake2f(const cJSON *test) {
    bytes input = fixture_bytes(&arena, test, "Input");
    assert_int_equal(input.size, 213);
    uint32_t rounds = (uint32_t)(load_be64(padded(input, 0, 8).data) >> 32);
    uint64_t h[8];
    uint64_t m[16];
    uint64_t t[2];
    memcpy(h, input.data + 4, 64);
    memcpy(m, input.data + 68, 128);
    memcpy(t, input.data + 196, 16);
    blake2f(h, m, t, input.data[212] == 1, rounds);
    assert_bytes(test, bytes_of(h, 64), fixture_bytes(&arena, test, "Expected"));
}

static void test_blake2f(void **state) {
    (void)state;
    for_each("precompiles/geth/precompiles/blake2F.json", 5, check_blake2f);
}

static void check_modexp(const cJSON *test) {
    bytes input = fixture_bytes(&arena, test, "Input");
    u256 sizes[3];
    for (size_t i = 0; i < 3; i++) {
        sizes[i] = word(input, 32 * i);
        assert_true(u256_fits_u64(&sizes[i]) && sizes[i].w[0] <= 100000);
    }
    bytes base = padded(input, 96, sizes[0].w[0]);
    bytes exponent = padded(input, 96 + base.size, sizes[1].w[0]);
    bytes modulus = padded(input, 96 + base.size + exponent.size, sizes[2].w[0]);
    bytes want = fixture_bytes(&arena, test, "Expected");
    uint8_t *out = arena_alloc(&arena, modulus.size);
    assert_non_null(out);
    assert_int_equal(modexp(out, &arena, base, exponent, modulus), ERR_OK);
    assert_bytes(test, bytes_of(out, modulus.size), want);
    memset(out, 0x5a, modulus.size);
    assert_int_equal(modexp_portable(out, &arena, base, exponent, modulus), ERR_OK);
    assert_bytes(test, bytes_of(out, modulus.size), want);
}

static void test_modexp(void **state) {
    (void)state;
    for_each("precompiles/geth/precompiles/modexp.json", 17, check_modexp);
    for_each("precompiles/geth/precompiles/modexp_eip2565.json", 47, check_modexp);
    for_each("precompiles/geth/precompiles/modexp_eip7883.json", 45, check_modexp);
}

static void check_p256(const cJSON *test) {
    bytes input = fixture_bytes(&arena, test, "Input");
    uint8_t out[32] = {0};
    bool is_valid = false;
    if (input.size == 160) {
        hash32 digest;
        memcpy(digest.b, input.data, 32);
        u256 r = word(input, 32);
        u256 s = word(input, 64);
        u256 x = word(input, 96);
        u256 y = word(input, 128);
        is_valid = p256_verify(&digest, &r, &s, &x, &y);
        assert_int_equal(is_valid, p256_verify_portable(&digest, &r, &s, &x, &y));
    }
    out[31] = 1;
    assert_bytes(test, bytes_of(out, is_valid ? 32 : 0), fixture_bytes(&arena, test, "Expected"));
}

static void test_p256(void **state) {
    (void)state;
    for_each("precompiles/geth/precompiles/p256Verify.json", 782, check_p256);
    for_each("precompiles/eip-7951/test-vectors.json", 781, check_p256);
}

/* --- Wycheproof ---------------------------------------------------------------------------- */

/* Reads a DER integer that is not negative and shortest; false otherwise. */
static bool read_der_integer(bytes *rest, bytes *digits) {
    if (rest->size < 3 || rest->data[0] != 2) return false;
    size_t size = rest->data[1];
    if (size == 0 || size > 33 || size > rest->size - 2) return false;
    *digits = bytes_slice(*rest, 2, size);
    *rest = bytes_slice(*rest, 2 + size, rest->size);
    if (digits->data[0] >= 0x80) return false;
    if (digits->data[0] == 0 && size > 1) {
        if (digits->data[1] < 0x80) return false;
        *digits = bytes_slice(*digits, 1, size);
    }
    return digits->size <= 32;
}

static bool read_der(bytes signature, u256 *r, u256 *s) {
    if (signature.size < 2 || signature.data[0] != 0x30) return false;
    if (signature.data[1] >= 0x80 || signature.data[1] != signature.size - 2) return false;
    bytes rest = bytes_slice(signature, 2, signature.size);
    bytes digits;
    if (!read_der_integer(&rest, &digits)) return false;
    *r = u256_load_be_short(digits);
    if (!read_der_integer(&rest, &digits)) return false;
    *s = u256_load_be_short(digits);
    return rest.size == 0;
}

static bool read_p1363(bytes signature, u256 *r, u256 *s) {
    if (signature.size != 64) return false;
    *r = u256_load_be(signature.data);
    *s = u256_load_be(signature.data + 32);
    return true;
}

/* ECDSA verification as a chain does it: recover the key and compare. This cannot verify signatures
 * where R.x >= n, which r < p - n makes possible; the suites have one or two each. */
static const u256 p_minus_n = {{0x402da1722fc9baee, 0x4551231950b75fc4, 1, 0}};
static int unrecoverable;

static bool
verify_by_recovery(const hash32 *digest, const u256 *r, const u256 *s, const uint8_t key[64]) {
    for (unsigned parity = 0; parity < 2; parity++) {
        uint8_t recovered[64];
        if (secp256k1_recover(recovered, digest, r, s, parity) != ERR_OK) continue;
        if (memcmp(recovered, key, 64) == 0) return true;
    }
    return false;
}

enum curve { CURVE_P256, CURVE_SECP256K1, CURVE_SECP256K1_LOW_S };

static int check_group(const cJSON *group, enum curve curve, bool (*read)(bytes, u256 *, u256 *)) {
    bytes key = fixture_bytes(&arena, cJSON_GetObjectItem(group, "publicKey"), "uncompressed");
    assert_int_equal(key.size, 65);
    int count = 0;
    const cJSON *test;
    cJSON_ArrayForEach(test, cJSON_GetObjectItem(group, "tests")) {
        count++;
        hash32 digest = sha256(fixture_bytes(&arena, test, "msg"));
        u256 r = U256_ZERO;
        u256 s = U256_ZERO;
        bool is_valid = read(fixture_bytes(&arena, test, "sig"), &r, &s);
        if (is_valid && curve == CURVE_P256) {
            u256 x = u256_load_be(key.data + 1);
            u256 y = u256_load_be(key.data + 33);
            is_valid = p256_verify(&digest, &r, &s, &x, &y);
            assert_int_equal(is_valid, p256_verify_portable(&digest, &r, &s, &x, &y));
        } else if (is_valid) {
            is_valid = verify_by_recovery(&digest, &r, &s, key.data + 1);
            if (curve == CURVE_SECP256K1_LOW_S && u256_compare(&s, &SECP256K1_N_HALF) > 0) {
                is_valid = false;
            }
        }
        const char *comment = fixture_text(test, "comment");
        bool expected = strcmp(fixture_text(test, "result"), "valid") == 0;
        if (expected && !is_valid && curve != CURVE_P256 && u256_less(&r, &p_minus_n)) {
            unrecoverable++;
            continue;
        }
        if (is_valid != expected) {
            fail_msg("tcId %d (%s)", cJSON_GetObjectItem(test, "tcId")->valueint, comment);
        }
    }
    return count;
}

static void
check_wycheproof(const char *name, enum curve curve, bool (*read)(bytes, u256 *, u256 *)) {
    char path[200];
    snprintf(path, sizeof path, "precompiles/wycheproof/%s.json", name);
    cJSON *json = fixture_open(path);
    if (json == NULL) skip();
    int count = 0;
    unrecoverable = 0;
    const cJSON *group;
    cJSON_ArrayForEach(group, cJSON_GetObjectItem(json, "testGroups")) {
        arena_reset(&arena);
        count += check_group(group, curve, read);
    }
    assert_int_equal(count, cJSON_GetObjectItem(json, "numberOfTests")->valueint);
    assert_true(count > 200 && unrecoverable <= 2);
    cJSON_Delete(json);
}

static void test_wycheproof(void **state) {
    (void)state;
    check_wycheproof("ecdsa_secp256r1_sha256_test", CURVE_P256, read_der);
    check_wycheproof("ecdsa_secp256r1_sha256_p1363_test", CURVE_P256, read_p1363);
    check_wycheproof("ecdsa_secp256k1_sha256_test", CURVE_SECP256K1, read_der);
    check_wycheproof("ecdsa_secp256k1_sha256_p1363_test", CURVE_SECP256K1, read_p1363);
    check_wycheproof("ecdsa_secp256k1_sha256_bitcoin_test", CURVE_SECP256K1_LOW_S, read_der);
}

/* --- hashes -------------------------------------------------------------------------------- */

static void check_hashes(const cJSON *test) {
    bytes data = fixture_bytes(&arena, test, "data");
    uint8_t digest[20];
    ripemd160(digest, data);
    bytes want = fixture_bytes(&arena, test, "ripemd160");
    assert_true(bytes_equal(want, bytes_of(digest, 20)));
    want = fixture_bytes(&arena, test, "sha256");
    hash32 hash = sha256(data);
    assert_true(bytes_equal(want, hash32_bytes(&hash)));
    hash = sha256_portable(data);
    assert_true(bytes_equal(want, hash32_bytes(&hash)));
    want = fixture_bytes(&arena, test, "keccak256");
    hash = keccak256(data);
    assert_true(bytes_equal(want, hash32_bytes(&hash)));
}

static void test_hashes(void **state) {
    (void)state;
    for_each("trie-rlp-tx/ethers/hashes.json", 257, check_hashes);
}

/* NIST's SHA3-256 differs from Keccak-256 by its padding byte 0x06 only. */
static void sha3_256(uint8_t out[32], bytes data) {
    uint64_t state[25] = {0};
    uint8_t block[KECCAK_RATE];
    for (;;) {
        bool is_last = data.size < KECCAK_RATE;
        bytes part = bytes_slice(data, 0, KECCAK_RATE);
        memset(block, 0, sizeof block);
        if (part.size > 0) memcpy(block, part.data, part.size);
        if (is_last) {
            block[part.size] = 0x06;
            block[KECCAK_RATE - 1] |= 0x80;
        }
        for (size_t i = 0; i < KECCAK_RATE; i++) {
            state[i / 8] ^= (uint64_t)block[i] << (8 * (i % 8));
        }
        keccak_permute(state);
        if (is_last) break;
        data = bytes_slice(data, KECCAK_RATE, data.size);
    }
    memcpy(out, state, 32);
}

static void test_nist(void **state) {
    (void)state;
    cJSON *json = fixture_open("trie-rlp-tx/geth/keccak-kats.json");
    if (json == NULL) skip();
    int count = 0;
    const cJSON *test;
    cJSON_ArrayForEach(test, cJSON_GetObjectItem(cJSON_GetObjectItem(json, "kats"), "SHA3-256")) {
        arena_reset(&arena);
        size_t bit_count = (size_t)cJSON_GetObjectItem(test, "length")->valueint;
        assert_int_equal(bit_count % 8, 0);
        bytes message = bytes_slice(fixture_bytes(&arena, test, "message"), 0, bit_count / 8);
        uint8_t digest[32];
        sha3_256(digest, message);
        assert_true(bytes_equal(fixture_bytes(&arena, test, "digest"), bytes_of(digest, 32)));
        count++;
    }
    assert_int_equal(count, 256);
    cJSON_Delete(json);
}

int main(void) {
    arena_open(&arena, 64 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ecrecover),
        cmocka_unit_test(test_blake2f),
        cmocka_unit_test(test_modexp),
        cmocka_unit_test(test_p256),
        cmocka_unit_test(test_wycheproof),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_nist),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}
