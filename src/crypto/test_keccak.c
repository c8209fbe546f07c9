#include "crypto/keccak_private.h"

#include "core/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t data[2000];

static void fill_data(void) {
    uint32_t v = 1;
    for (size_t i = 0; i < sizeof data; i++) {
        v = v * 1664525 + 1013904223;
        data[i] = (uint8_t)(v >> 24);
    }
}

static void assert_hash(hash32 got, const char *want) {
    hash32 w;
    assert_int_equal(hex_decode_exact(w.b, 32, want, strlen(want)), ERR_OK);
    assert_memory_equal(got.b, w.b, 32);
}

static void test_vectors(void **state) {
    (void)state;
    assert_true(hash32_equal(&KECCAK_EMPTY, &(hash32){{0}}) == false);
    hash32 h = keccak256(BYTES_EMPTY);
    assert_memory_equal(h.b, KECCAK_EMPTY.b, 32);
    /* ethers.js 6, ethers.id(text). */
    assert_hash(
        keccak256(bytes_of("abc", 3)),
        "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    );
    assert_hash(
        keccak256(bytes_of("Transfer(address,address,uint256)", 33)),
        "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    );
}

/* The Keccak team's KeccakF-1600-IntermediateValues.txt: the permutation of the zero state. */
static void test_permutation(void **state) {
    (void)state;
    uint64_t lanes[25] = {0};
    keccak_permute(lanes);
    assert_true(lanes[0] == 0xf1258f7940e1dde7);
    assert_true(lanes[1] == 0x84d5ccf933c0478a);
    assert_true(lanes[24] == 0xeaf1ff7b5ceca249);
    uint64_t twin[25] = {0};
    for (int i = 0; i < 1000; i++) {
        keccak_permute_portable(twin);
        if (i > 0) keccak_permute(lanes);
        assert_memory_equal(lanes, twin, sizeof lanes);
    }
}

static void test_incremental(void **state) {
    (void)state;
    for (size_t size = 0; size <= 600; size++) {
        hash32 whole = keccak256(bytes_of(data, size));
        for (size_t cut = 0; cut <= size; cut += 1 + size / 9) {
            hash32 two = keccak256_two(bytes_of(data, cut), bytes_of(data + cut, size - cut));
            assert_memory_equal(two.b, whole.b, 32);
        }
        struct keccak keccak;
        keccak_init(&keccak);
        for (size_t i = 0, step = 1; i < size; i += step, step = step * 3 % 151 + 1) {
            keccak_update(&keccak, bytes_slice(bytes_of(data, size), i, step));
        }
        struct keccak fork = keccak;
        hash32 pieces = keccak_final(&keccak);
        assert_memory_equal(pieces.b, whole.b, 32);
        keccak_update(&fork, bytes_of("x", 1));
        hash32 longer = keccak_final(&fork);
        assert_memory_not_equal(longer.b, whole.b, 32);
    }
}

/* Any number of inputs of any sizes: block borders, ends far apart, more inputs than slots. */
static void test_many(void **state) {
    (void)state;
    enum { COUNT_MAX = 40 };
    uint32_t v = 7;
    for (int round = 0; round < 400; round++) {
        bytes in[COUNT_MAX];
        hash32 out[COUNT_MAX];
        size_t count = (size_t)round % (COUNT_MAX + 1);
        for (size_t i = 0; i < count; i++) {
            v = v * 1664525 + 1013904223;
            size_t size = (v >> 8) % (round % 3 == 0 ? 1500 : 280);
            if (round % 4 == 1) size = size / 136 * 136 + (v >> 28) % 3 - (size >= 136 ? 1 : 0);
            in[i] = bytes_of(data + (v >> 4) % 400, size);
        }
        keccak256_many(out, in, count);
        for (size_t i = 0; i < count; i++) {
            hash32 want = keccak256(in[i]);
            assert_memory_equal(out[i].b, want.b, 32);
        }
        if (count >= 4) {
            hash32 four[4];
            keccak256_x4(four, in);
            assert_memory_equal(four, out, sizeof four);
        }
    }
}

int main(void) {
    fill_data();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_permutation),
        cmocka_unit_test(test_incremental),
        cmocka_unit_test(test_many),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
#if KECCAK_HAS_DISPATCH
    for (int level = KECCAK_LEVEL_PORTABLE; level < KECCAK_LEVEL_AVX512; level++) {
        if (!keccak_choose((enum keccak_level)level)) continue;
        print_message("again with level %d\n", level);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
#endif
    return failed;
}
