#include "core/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct key {
    uint8_t b[20];
};

static struct key key_of(uint32_t n) {
    struct key k = {{0}};
    /* Keys that differ only at the end, as storage slots do. */
    k.b[16] = (uint8_t)(n >> 24);
    k.b[17] = (uint8_t)(n >> 16);
    k.b[18] = (uint8_t)(n >> 8);
    k.b[19] = (uint8_t)n;
    return k;
}

static void test_put_get_iterate(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    struct arena arena;
    arena_open(&arena, 64 << 20);
    struct map map;
    map_open(&map, &arena, sizeof(struct key), sizeof(uint64_t));
    uint64_t **values = calloc(COUNT, sizeof *values);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct key k = key_of(i * 7);
        assert_null(map_get(&map, &k));
        bool is_new = false;
        uint64_t *value = map_put(&map, &k, &is_new);
        assert_non_null(value);
        assert_true(is_new);
        assert_int_equal(*value, 0);
        assert_int_equal((uintptr_t)value % 8, 0);
        *value = i + 1;
        values[i] = value;
    }
    assert_int_equal(map.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct key k = key_of(i * 7);
        /* Values kept their addresses through all growth. */
        assert_ptr_equal(map_get(&map, &k), values[i]);
        assert_int_equal(*values[i], i + 1);
        bool is_new = true;
        assert_ptr_equal(map_put(&map, &k, &is_new), values[i]);
        assert_false(is_new);
        assert_memory_equal(map_key_at(&map, i), &k, sizeof k);
        assert_ptr_equal(map_value_at(&map, i), values[i]);
        k = key_of(i * 7 + 1);
        assert_null(map_get(&map, &k));
    }
    free(values);
    arena_close(&arena);
}

static void test_key_sizes(void **state) {
    (void)state;
    struct arena arena;
    arena_open(&arena, 64 << 20);
    for (size_t size = 1; size <= 70; size++) {
        struct map map;
        map_open(&map, &arena, size, 3);
        uint8_t key[70] = {0};
        /* Every single-byte change of the key is another key. */
        for (size_t i = 0; i < size; i++) {
            key[i] = 1;
            bool is_new = false;
            assert_non_null(map_put(&map, key, &is_new));
            assert_true(is_new);
            key[i] = 0;
        }
        assert_null(map_get(&map, key));
        assert_int_equal(map.count, size);
    }
    arena_close(&arena);
}

static void test_copy(void **state) {
    (void)state;
    struct arena arena;
    struct arena other;
    arena_open(&arena, 16 << 20);
    arena_open(&other, 16 << 20);
    struct map map;
    struct map copy;
    map_open(&map, &arena, sizeof(struct key), sizeof(uint32_t));
    assert_int_equal(map_copy(&copy, &other, &map), ERR_OK);
    assert_int_equal(copy.count, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        struct key k = key_of(i);
        uint32_t *value = map_put(&map, &k, NULL);
        assert_non_null(value);
        *value = i;
    }
    assert_int_equal(map_copy(&copy, &other, &map), ERR_OK);
    /* The two are apart. */
    for (uint32_t i = 0; i < 1500; i++) {
        struct key k = key_of(i);
        uint32_t *value = map_put(&copy, &k, NULL);
        assert_non_null(value);
        assert_int_equal(*value, i < 1000 ? i : 0);
        *value += 5;
    }
    assert_int_equal(map.count, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(*(uint32_t *)map_value_at(&map, i), i);
    arena_close(&arena);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(*(uint32_t *)map_value_at(&copy, i), i + 5);
    }
    arena_close(&other);
}

/* With every possible limit on memory the map either takes a key or stays as it was. */
static void test_memory_limits(void **state) {
    (void)state;
    for (size_t limit = 0; limit < 40000; limit += 48) {
        struct arena arena;
        arena_open(&arena, limit);
        struct map map;
        map_open(&map, &arena, sizeof(struct key), 40);
        uint32_t put = 0;
        for (uint32_t i = 0; i < 300; i++) {
            struct key k = key_of(i);
            uint32_t before = map.count;
            uint32_t *value = map_put(&map, &k, NULL);
            if (value == NULL) {
                assert_int_equal(map.count, before);
                assert_null(map_get(&map, &k));
                break;
            }
            *value = i;
            put++;
        }
        assert_int_equal(map.count, put);
        for (uint32_t i = 0; i < put; i++) {
            struct key k = key_of(i);
            uint32_t *value = map_get(&map, &k);
            assert_non_null(value);
            assert_int_equal(*value, i);
        }
        struct arena other;
        struct map copy;
        arena_open(&other, limit / 2);
        enum err err = map_copy(&copy, &other, &map);
        assert_true(err == ERR_OK || err == ERR_MEMORY);
        arena_close(&other);
        arena_close(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_get_iterate),
        cmocka_unit_test(test_key_sizes),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_memory_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
