#include "core/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_data(void **state) {
    (void)state;
    struct arena arena;
    arena_open(&arena, 1 << 16);
    uint8_t all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    char text[512];
    hex_encode(text, bytes_of(all, 256));
    assert_memory_equal(text, "000102", 6);
    assert_memory_equal(text + 506, "fdfeff", 6);
    bytes back;
    assert_int_equal(hex_decode(&back, &arena, text, 512), ERR_OK);
    assert_int_equal(back.size, 256);
    assert_memory_equal(back.data, all, 256);
    assert_int_equal(hex_decode(&back, &arena, "0xAbCd", 6), ERR_OK);
    assert_int_equal(back.size, 2);
    assert_memory_equal(back.data, "\xab\xcd", 2);
    assert_int_equal(hex_decode(&back, &arena, "0x", 2), ERR_OK);
    assert_int_equal(back.size, 0);
    assert_int_equal(hex_decode(&back, &arena, "", 0), ERR_OK);

    back = BYTES_EMPTY;
    const char *bad[] = {"0", "0x0", "0x0g", "0x-1", "xx", "0x00 1", "0x0x00", "0x\xff\xff", "abc"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(hex_decode(&back, &arena, bad[i], strlen(bad[i])), ERR_INPUT);
        assert_null(back.data);
    }
    struct arena empty;
    arena_open(&empty, 0);
    assert_int_equal(hex_decode(&back, &empty, "0x00", 4), ERR_MEMORY);
    arena_close(&empty);
    arena_close(&arena);
}

static void test_exact(void **state) {
    (void)state;
    uint8_t out[3] = {9, 9, 9};
    assert_int_equal(hex_decode_exact(out, 3, "0x0102", 6), ERR_INPUT);
    assert_int_equal(hex_decode_exact(out, 3, "01020304", 8), ERR_INPUT);
    assert_int_equal(hex_decode_exact(out, 3, "01020", 5), ERR_INPUT);
    assert_int_equal(hex_decode_exact(out, 3, "01020z", 6), ERR_INPUT);
    assert_memory_equal(out, "\x09\x09\x09", 3);
    assert_int_equal(hex_decode_exact(out, 3, "0X0aFF03", 8), ERR_OK);
    assert_memory_equal(out, "\x0a\xff\x03", 3);
    assert_int_equal(hex_decode_exact(out, 0, "0x", 2), ERR_OK);
    /* Every byte that is not a digit is refused. */
    for (int c = 0; c < 256; c++) {
        char text[2] = {'0', (char)c};
        bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        assert_int_equal(hex_decode_exact(out, 1, text, 2), is_digit ? ERR_OK : ERR_INPUT);
    }
}

static void test_quantity(void **state) {
    (void)state;
    u256 v = U256_ZERO;
    char text[HEX_QUANTITY_SIZE_MAX];
    const struct {
        const char *text;
        u256 value;
    } good[] = {
        {"0x0", {{0, 0, 0, 0}}},
        {"0x1", {{1, 0, 0, 0}}},
        {"0xff", {{255, 0, 0, 0}}},
        {"0x10000000000000000", {{0, 1, 0, 0}}},
        {"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}}},
        {"0x123456789abcdef0fedcba98765432100011223344556677f000000000000001",
         {{0xf000000000000001, 0x0011223344556677, 0xfedcba9876543210, 0x123456789abcdef0}}},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t size = strlen(good[i].text);
        assert_int_equal(hex_decode_quantity(&v, good[i].text, size, false), ERR_OK);
        assert_true(u256_equal(&v, &good[i].value));
        assert_int_equal(hex_encode_quantity(text, &v), size);
        assert_memory_equal(text, good[i].text, size);
    }
    v = U256_ONE;
    const char *bad[] = {
        "",
        "0",
        "0x",
        "1",
        "0x01",
        "0x00",
        "0xg",
        "0x-1",
        "0x ",
        "0x10000000000000000000000000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(hex_decode_quantity(&v, bad[i], strlen(bad[i]), false), ERR_INPUT);
    }
    assert_true(u256_equal(&v, &U256_ONE));
    assert_int_equal(hex_decode_quantity(&v, "0x0010", 6, true), ERR_OK);
    assert_int_equal(v.w[0], 16);
    assert_int_equal(hex_decode_quantity(&v, "0x", 2, true), ERR_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_quantity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
