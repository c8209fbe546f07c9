/* SHA-256, RIPEMD-160 and BLAKE2b's F. Every length around block borders goes through both versions
 * of SHA-256; RIPEMD-160 has the vectors of its paper and a long one. */
#include "core/hex.h"
#include "crypto/blake2f_private.h"
#include "crypto/ripemd160.h"
#include "crypto/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_hex(const uint8_t *got, size_t size, const char *want) {
    uint8_t w[64];
    assert_int_equal(hex_decode_exact(w, size, want, strlen(want)), ERR_OK);
    assert_memory_equal(got, w, size);
}

static uint8_t data[1000];

static void fill_data(void) {
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 131 + 7);
}

/* FIPS 180-4's examples, as NIST publishes them. */
static void test_sha256(void **state) {
    (void)state;
    hash32 h = sha256(bytes_of("abc", 3));
    assert_hex(h.b, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    h = sha256(BYTES_EMPTY);
    assert_hex(h.b, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    fill_data();
    for (size_t size = 0; size <= 300; size++) {
        h = sha256(bytes_of(data, size));
        hash32 twin = sha256_portable(bytes_of(data, size));
        assert_memory_equal(h.b, twin.b, 32);
    }
}

/* The vectors of the RIPEMD-160 paper, appendix B. */
static void test_ripemd160(void **state) {
    (void)state;
    const struct {
        const char *text;
        const char *digest;
    } vectors[] = {
        {"", "9c1185a5c5e9fc54612808977ee8f548b2258d31"},
        {"a", "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe"},
        {"abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
        {"message digest", "5d0689ef49d2fae572b881b123a85ffa21595f36"},
        {"abcdefghijklmnopqrstuvwxyz", "f71c27109c692c1b56bbdceb5b9d2865b3708dbc"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "12a053384a9c0c88e405a06c27dcf49ada62eb2b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "b0e20b6e3116640286ed3a87a5713079b21f5189"},
        {"1234567890123456789012345678901234567890"
         "1234567890123456789012345678901234567890",
         "9b752e45573d4b39f4dbd3323cab82bf63326bfb"},
    };
    uint8_t digest[20];
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        ripemd160(digest, bytes_of(vectors[i].text, strlen(vectors[i].text)));
        assert_hex(digest, 20, vectors[i].digest);
    }
}

/* EIP-152, test vectors 4 to 7. */
static void test_blake2f(void **state) {
    (void)state;
    const struct {
        uint32_t rounds;
        bool is_final;
        const char *h;
    } vectors[] = {
        {0,
         true,
         "08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d282e6ad7f520e511f6c3e2b8"
         "c"
         "68059b9442be0454267ce079217e1319cde05b"},
        {12,
         true,
         "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4"
         "5"
         "33cc9518d38aa8dbf1925ab92386edd4009923"},
        {12,
         false,
         "75ab69d3190a562c51aef8d88f1c2775876944407270c42c9844252c26d2875298743e7f6d5ea2f2d3e8d2260"
         "3"
         "9cd31b4e426ac4f2d3d666a610c2116fde4735"},
        {1,
         true,
         "b63a380cb2897d521994a85234ee2c181b5f844d2c624c002677e9703449d2fba551b3a8333bcdf5f2f7e0899"
         "3"
         "d53923de3d64fcc68c034e717b9293fed7a421"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint64_t h[8];
        assert_int_equal(
            hex_decode_exact(
                (uint8_t *)h,
                64,
                "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
                "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b",
                128
            ),
            ERR_OK
        );
        uint64_t m[16] = {0};
        memcpy(m, "abc", 3);
        blake2f(h, m, (const uint64_t[2]){3, 0}, vectors[i].is_final, vectors[i].rounds);
        assert_hex((const uint8_t *)h, 64, vectors[i].h);
    }
}

#if defined(__x86_64__)
static void blake2f_is_the_same_with_vectors(void **state) {
    (void)state;
    uint64_t words[8 + 16 + 2];
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (uint32_t rounds = 0; rounds < 64; rounds++) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            words[i] = seed = seed * 6364136223846793005 + 1442695040888963407;
        uint64_t expected[8];
        memcpy(expected, words, sizeof expected);
        blake2f_portable(expected, words + 8, words + 24, rounds % 2 == 1, rounds);
        for (int level = BLAKE2F_LEVEL_AVX512; level >= BLAKE2F_LEVEL_PORTABLE; level--) {
            uint64_t h[8];
            if (!blake2f_choose((enum blake2f_level)level)) continue;
            memcpy(h, words, sizeof h);
            blake2f(h, words + 8, words + 24, rounds % 2 == 1, rounds);
            assert_memory_equal(h, expected, sizeof h);
        }
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_ripemd160),
        cmocka_unit_test(test_blake2f),
#if defined(__x86_64__)
        cmocka_unit_test(blake2f_is_the_same_with_vectors),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
