#include "core/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_alloc(void **state) {
    (void)state;
    struct arena arena;
    arena_open(&arena, 8 << 20);
    uint8_t *pieces[300];
    for (size_t i = 0; i < 300; i++) {
        pieces[i] = arena_alloc(&arena, i * 11);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, i * 11);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t k = 0; k < i * 11; k++)
            assert_int_equal(pieces[i][k], i & 0xff);
    }
    uint8_t *zeroed = arena_alloc_zero(&arena, 5000);
    assert_non_null(zeroed);
    for (size_t k = 0; k < 5000; k++)
        assert_int_equal(zeroed[k], 0);
    arena_close(&arena);
    arena_close(&arena);
    struct arena none = {0};
    arena_close(&none);
}

static void test_limits(void **state) {
    (void)state;
    struct arena arena;
    arena_open(&arena, 100000);
    size_t got = 0;
    while (arena_alloc(&arena, 100) != NULL)
        got += 100;
    assert_true(got <= 100000 && got > 70000);
    assert_true(arena.used_size <= 100000);
    arena_reset(&arena);
    assert_null(arena_alloc(&arena, 100001));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 40));
    assert_null(arena_alloc_array(&arena, SIZE_MAX / 2, 3));
    /* A refusal harms nothing. */
    assert_non_null(arena_alloc(&arena, 50000));
    arena_close(&arena);
    arena_open(&arena, 0);
    assert_null(arena_alloc(&arena, 0));
    arena_close(&arena);
}

static void test_mark_release(void **state) {
    (void)state;
    struct arena arena;
    arena_open(&arena, 1 << 20);
    struct arena_mark empty = arena_mark(&arena);
    uint8_t *kept = arena_alloc(&arena, 64);
    assert_non_null(kept);
    memset(kept, 7, 64);
    struct arena_mark mark = arena_mark(&arena);
    uint8_t *first = NULL;
    size_t used_size = 0;
    for (int round = 0; round < 100; round++) {
        uint8_t *small = arena_alloc(&arena, 32);
        assert_non_null(small);
        if (round == 0) first = small;
        assert_ptr_equal(small, first);
        for (int i = 0; i < 50; i++)
            assert_non_null(arena_alloc(&arena, 3000));
        arena_release(&arena, mark);
        /* What the arena holds settles: it does not creep up to its limit. */
        if (round == 10) used_size = arena.used_size;
        if (round > 10) assert_int_equal(arena.used_size, used_size);
    }
    for (int i = 0; i < 64; i++)
        assert_int_equal(kept[i], 7);
    arena_release(&arena, empty);
    assert_non_null(arena_alloc(&arena, 1));
    arena_close(&arena);
    assert_int_equal(arena.used_size, 0);
}

static void test_region(void **state) {
    (void)state;
    static _Alignas(16) uint8_t memory[1000];
    for (size_t skew = 0; skew < 16; skew++) {
        struct arena arena;
        arena_open_region(&arena, memory + skew, 900);
        size_t count = 0;
        uint8_t *p;
        while ((p = arena_alloc(&arena, 16)) != NULL) {
            assert_int_equal((uintptr_t)p % 16, 0);
            assert_true(p >= memory + skew && p + 16 <= memory + skew + 900);
            memset(p, 1, 16);
            count++;
        }
        assert_true(count >= 27);
        arena_reset(&arena);
        size_t again = 0;
        while (arena_alloc(&arena, 16) != NULL)
            again++;
        assert_int_equal(again, count);
        arena_close(&arena);
    }
    struct arena tiny;
    arena_open_region(&tiny, memory + 1, 3);
    assert_null(arena_alloc(&tiny, 1));
    arena_close(&tiny);
}

static void test_extend(void **state) {
    (void)state;
    struct arena arena;
    arena_open(&arena, 1 << 20);
    uint8_t *a = arena_alloc(&arena, 10);
    assert_non_null(a);
    memset(a, 1, 10);
    assert_true(arena_extend(&arena, a, 10, 200));
    memset(a + 10, 2, 190);
    assert_int_equal(a[9], 1);
    uint8_t *b = arena_alloc(&arena, 10);
    assert_non_null(b);
    assert_true(b >= a + 200);
    assert_false(arena_extend(&arena, a, 200, 300)); /* no longer the newest */
    assert_false(arena_extend(&arena, b, 10, 1 << 19));
    assert_false(arena_extend(&arena, b, 10, SIZE_MAX));
    assert_true(arena_extend(&arena, b, 10, 11));
    arena_close(&arena);
}

static void test_copy(void **state) {
    (void)state;
    struct arena arena;
    arena_open(&arena, 4096);
    bytes copy = bytes_of("x", 1);
    assert_int_equal(arena_copy(&arena, &copy, BYTES_EMPTY), ERR_OK);
    assert_int_equal(copy.size, 0);
    assert_int_equal(arena_copy(&arena, &copy, bytes_of("hello", 5)), ERR_OK);
    assert_memory_equal(copy.data, "hello", 5);
    static const uint8_t big[5000];
    bytes before = copy;
    assert_int_equal(arena_copy(&arena, &copy, bytes_of(big, sizeof big)), ERR_MEMORY);
    assert_ptr_equal(copy.data, before.data);
    arena_close(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_mark_release),
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_extend),
        cmocka_unit_test(test_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
