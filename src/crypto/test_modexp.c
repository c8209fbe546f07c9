/* The portable version against GMP, over all sizes up to four limbs and some long ones. */
#include "core/hex.h"
#include "crypto/modexp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint32_t random_state = 1;

static uint32_t random_u32(void) {
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 3;
}

/* Runs of zero and one bits are frequent. */
static bytes random_number(uint8_t *out, size_t size) {
    for (size_t i = 0; i < size; i++) {
        uint32_t v = random_u32();
        out[i] = v % 4 == 0 ? 0 : v % 4 == 1 ? 0xff : (uint8_t)(v >> 8);
    }
    return bytes_of(out, size);
}

static struct arena arena;

static void compare(bytes base, bytes exponent, bytes modulus) {
    uint8_t got[1100];
    uint8_t want[1100];
    memset(got, 0x5a, sizeof got);
    memset(want, 0x5a, sizeof want);
    assert_int_equal(modexp(want, &arena, base, exponent, modulus), ERR_OK);
    assert_int_equal(modexp_portable(got, &arena, base, exponent, modulus), ERR_OK);
    assert_memory_equal(got, want, sizeof got);
    assert_int_equal(arena_mark(&arena).next == NULL, true);
}

static void test_sizes(void **state) {
    (void)state;
    uint8_t b[80], e[80], m[80];
    for (size_t modulus_size = 0; modulus_size <= 34; modulus_size++) {
        for (int i = 0; i < 300; i++) {
            bytes modulus = random_number(m, modulus_size);
            /* Moduli that are powers of two, odd, and everything between. */
            size_t zeros = random_u32() % (modulus_size + 1);
            if (i % 3 == 0) memset(m + modulus_size - zeros, 0, zeros);
            if (i % 3 == 1 && modulus_size > 0) m[modulus_size - 1] |= 1;
            if (i % 24 == 0 && zeros < modulus_size) {
                memset(m, 0, modulus_size);
                m[modulus_size - 1 - zeros] = (uint8_t)(1 << (random_u32() % 8));
            }
            compare(
                random_number(b, random_u32() % 70), random_number(e, random_u32() % 40), modulus
            );
        }
    }
}

static void test_small_exhaustive(void **state) {
    (void)state;
    for (unsigned m = 0; m < 40; m++) {
        for (unsigned b = 0; b < 20; b++) {
            for (unsigned e = 0; e < 20; e++) {
                uint8_t bb = (uint8_t)b, eb = (uint8_t)e, mb = (uint8_t)m;
                compare(bytes_of(&bb, 1), bytes_of(&eb, 1), bytes_of(&mb, 1));
            }
        }
    }
}

static void test_long(void **state) {
    (void)state;
    static uint8_t b[1100], e[1100], m[1100];
    for (size_t size = 100; size <= 1024; size += 231) {
        for (int k = 0; k < 3; k++) {
            bytes modulus = random_number(m, size);
            if (k == 1) memset(m + size / 2, 0, size - size / 2);
            compare(random_number(b, 1024), random_number(e, 30), modulus);
        }
    }
}

static void test_memory(void **state) {
    (void)state;
    uint8_t b[64], e[64], m[64], out[64];
    bytes base = random_number(b, 64);
    bytes exponent = random_number(e, 64);
    bytes modulus = random_number(m, 64);
    m[63] = 0x40;
    bool has_succeeded = false;
    for (size_t limit = 0; limit < 6000; limit += 16) {
        struct arena small;
        arena_open(&small, limit);
        memset(out, 0x77, sizeof out);
        enum err err = modexp_portable(out, &small, base, exponent, modulus);
        assert_true(err == ERR_OK || (err == ERR_MEMORY && out[0] == 0x77 && !has_succeeded));
        if (err == ERR_OK) has_succeeded = true;
        arena_close(&small);
    }
    assert_true(has_succeeded);
}

int main(void) {
    arena_open(&arena, 16 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_exhaustive),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}
