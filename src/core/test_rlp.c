#include "core/rlp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_open(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void assert_encoding(struct rlp_writer *w, const void *want, size_t size) {
    bytes got;
    assert_int_equal(rlp_finish(w, &got), ERR_OK);
    assert_int_equal(got.size, size);
    if (size > 0) assert_memory_equal(got.data, want, size);
}

/* The examples of the Ethereum wiki's page on RLP. */
static void test_write_examples(void **state) {
    (void)state;
    struct rlp_writer w;
    rlp_writer_open(&w, &arena);
    rlp_write_string(&w, bytes_of("dog", 3));
    assert_encoding(
        &w,
        "\x83"
        "dog",
        4
    );

    rlp_writer_open(&w, &arena);
    rlp_list_begin(&w);
    rlp_write_string(&w, bytes_of("cat", 3));
    rlp_write_string(&w, bytes_of("dog", 3));
    rlp_list_end(&w);
    assert_encoding(
        &w,
        "\xc8\x83"
        "cat\x83"
        "dog",
        9
    );

    rlp_writer_open(&w, &arena);
    rlp_write_string(&w, BYTES_EMPTY);
    assert_encoding(&w, "\x80", 1);
    rlp_writer_open(&w, &arena);
    rlp_list_begin(&w);
    rlp_list_end(&w);
    assert_encoding(&w, "\xc0", 1);
    rlp_writer_open(&w, &arena);
    rlp_write_u64(&w, 0);
    rlp_write_u64(&w, 15);
    rlp_write_u64(&w, 128);
    rlp_write_u64(&w, 1024);
    assert_encoding(&w, "\x80\x0f\x81\x80\x82\x04\x00", 7);

    /* The set theoretical representation of three. */
    rlp_writer_open(&w, &arena);
    rlp_list_begin(&w);
    rlp_list_begin(&w);
    rlp_list_end(&w);
    rlp_list_begin(&w);
    rlp_list_begin(&w);
    rlp_list_end(&w);
    rlp_list_end(&w);
    rlp_list_begin(&w);
    rlp_list_begin(&w);
    rlp_list_end(&w);
    rlp_list_begin(&w);
    rlp_list_begin(&w);
    rlp_list_end(&w);
    rlp_list_end(&w);
    rlp_list_end(&w);
    rlp_list_end(&w);
    assert_encoding(&w, "\xc7\xc0\xc1\xc0\xc3\xc0\xc1\xc0", 8);

    rlp_writer_open(&w, &arena);
    rlp_write_string(&w, bytes_of("Lorem ipsum dolor sit amet, consectetur adipisicing elit", 56));
    assert_encoding(&w, "\xb8\x38Lorem ipsum dolor sit amet, consectetur adipisicing elit", 58);
    rlp_writer_open(&w, &arena);
    assert_encoding(&w, "", 0);
}

static void test_round_trip_sizes(void **state) {
    (void)state;
    static uint8_t data[70000];
    memset(data, 0xaa, sizeof data);
    const size_t sizes[] = {0, 1, 2, 54, 55, 56, 57, 255, 256, 257, 65535, 65536, 65537};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct arena_mark mark = arena_mark(&arena);
        struct rlp_writer w;
        rlp_writer_open(&w, &arena);
        rlp_list_begin(&w);
        rlp_write_string(&w, bytes_of(data, sizes[i]));
        rlp_list_begin(&w);
        rlp_write_raw(&w, bytes_of(data, sizes[i])); /* not items; the outer shape only */
        rlp_list_end(&w);
        rlp_list_end(&w);
        bytes encoded;
        assert_int_equal(rlp_finish(&w, &encoded), ERR_OK);
        struct rlp rlp = rlp_open(encoded);
        struct rlp list;
        assert_int_equal(rlp_read_list(&rlp, &list), ERR_OK);
        assert_true(rlp_done(&rlp));
        bytes string;
        assert_int_equal(rlp_read_string(&list, &string), ERR_OK);
        assert_true(bytes_equal(string, bytes_of(data, sizes[i])));
        assert_int_equal(rlp_read_list(&list, &list), ERR_OK);
        assert_true(bytes_equal(list.rest, bytes_of(data, sizes[i])));
        arena_release(&arena, mark);
    }
}

static void test_integers(void **state) {
    (void)state;
    struct rlp_writer w;
    u256 values[257];
    rlp_writer_open(&w, &arena);
    for (unsigned i = 0; i <= 256; i++) {
        values[i] = i == 256 ? U256_MAX : u256_shl(&U256_ONE, i);
        rlp_write_u256(&w, &values[i]);
    }
    rlp_write_u64(&w, UINT64_MAX);
    bytes encoded;
    assert_int_equal(rlp_finish(&w, &encoded), ERR_OK);
    struct rlp rlp = rlp_open(encoded);
    for (unsigned i = 0; i <= 256; i++) {
        u256 v;
        uint64_t small;
        struct rlp again = rlp;
        assert_int_equal(rlp_read_u256(&rlp, &v), ERR_OK);
        assert_true(u256_equal(&v, &values[i]));
        enum err err = rlp_read_u64(&again, &small);
        assert_int_equal(err, i < 64 ? ERR_OK : ERR_INPUT);
        if (i < 64) assert_int_equal(small, values[i].w[0]);
    }
    uint64_t v = 0;
    assert_int_equal(rlp_read_u64(&rlp, &v), ERR_OK);
    assert_true(v == UINT64_MAX);
    assert_true(rlp_done(&rlp));
    assert_int_equal(rlp_read_u64(&rlp, &v), ERR_INPUT);
}

static void test_refused(void **state) {
    (void)state;
    const struct {
        const char *text;
        size_t size;
    } bad[] = {
        {"", 0},
        {"\x81\x7f", 2},                                  /* one small byte in long form */
        {"\x81\x00", 2},                                  /* the same */
        {"\x81", 1},                                      /* cut off */
        {"\x83\x01\x02", 3},                              /* cut off */
        {"\xb8\x37", 2},                                  /* size 55 in long form */
        {"\xb8", 1},                                      /* no size */
        {"\xb9\x00\x38", 3},                              /* leading zero of a size */
        {"\xb8\x38\x01", 3},                              /* cut off */
        {"\xbf\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10}, /* size 2^64 - 1 */
        {"\xc1", 1},                                      /* the same for lists */
        {"\xf8\x37", 2},
        {"\xf8", 1},
        {"\xf9\x00\x38", 3},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
        {"\xff\x80\x00\x00\x00\x00\x00\x00\x00\x01", 10},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rlp rlp = rlp_open(bytes_of(bad[i].text, bad[i].size));
        const struct rlp before = rlp;
        bytes b;
        bool is_list;
        struct rlp list;
        uint64_t small;
        u256 v;
        uint8_t fixed[1];
        assert_int_equal(rlp_read_item(&rlp, &b, &is_list), ERR_INPUT);
        assert_int_equal(rlp_read_string(&rlp, &b), ERR_INPUT);
        assert_int_equal(rlp_read_list(&rlp, &list), ERR_INPUT);
        assert_int_equal(rlp_read_u64(&rlp, &small), ERR_INPUT);
        assert_int_equal(rlp_read_u256(&rlp, &v), ERR_INPUT);
        assert_int_equal(rlp_read_fixed(&rlp, fixed, 1), ERR_INPUT);
        assert_ptr_equal(rlp.rest.data, before.rest.data);
        assert_int_equal(rlp.rest.size, before.rest.size);
    }
    /* Strings that are not canonical integers, and kinds mixed up. */
    const struct {
        const char *text;
        size_t size;
    } not_integers[] = {{"\x00", 1}, {"\x82\x00\x01", 3}, {"\xc0", 1}, {"\xc1\x01", 2}};
    for (size_t i = 0; i < sizeof not_integers / sizeof *not_integers; i++) {
        struct rlp rlp = rlp_open(bytes_of(not_integers[i].text, not_integers[i].size));
        uint64_t small = 77;
        u256 v = U256_ONE;
        assert_int_equal(rlp_read_u64(&rlp, &small), ERR_INPUT);
        assert_int_equal(rlp_read_u256(&rlp, &v), ERR_INPUT);
        assert_int_equal(small, 77);
        assert_int_equal(rlp.rest.size, not_integers[i].size);
    }
    struct rlp rlp = rlp_open(bytes_of(
        "\x83"
        "dog",
        4
    ));
    struct rlp list;
    uint8_t fixed[4] = {1, 1, 1, 1};
    assert_int_equal(rlp_read_list(&rlp, &list), ERR_INPUT);
    assert_int_equal(rlp_read_fixed(&rlp, fixed, 4), ERR_INPUT);
    assert_int_equal(rlp_read_fixed(&rlp, fixed, 2), ERR_INPUT);
    assert_int_equal(fixed[0], 1);
    assert_int_equal(rlp_read_fixed(&rlp, fixed, 3), ERR_OK);
    assert_memory_equal(fixed, "dog", 3);
}

/* All inputs of up to three bytes: what is accepted is exactly what the writer writes. */
static void test_exhaustive_short(void **state) {
    (void)state;
    for (uint32_t n = 0; n < (1u << 24) + (1u << 16) + (1u << 8); n++) {
        uint8_t b[3];
        size_t size;
        if (n < 1u << 8) {
            b[0] = (uint8_t)n;
            size = 1;
        } else if (n < (1u << 8) + (1u << 16)) {
            b[0] = (uint8_t)((n - 256) >> 8);
            b[1] = (uint8_t)(n - 256);
            size = 2;
        } else {
            uint32_t k = n - 256 - 65536;
            if (k >> 16 > 0x84 && k >> 16 < 0xc0) continue; /* longer strings: always cut off */
            b[0] = (uint8_t)(k >> 16);
            b[1] = (uint8_t)(k >> 8);
            b[2] = (uint8_t)k;
            size = 3;
        }
        struct rlp rlp = rlp_open(bytes_of(b, size));
        bytes string;
        if (rlp_read_string(&rlp, &string) != ERR_OK) continue;
        uint8_t region[128];
        struct arena small;
        arena_open_region(&small, region, sizeof region);
        struct rlp_writer w;
        rlp_writer_open(&w, &small);
        rlp_write_string(&w, string);
        bytes encoded;
        bool is_written = rlp_finish(&w, &encoded) == ERR_OK;
        bool is_same = is_written && bytes_equal(encoded, bytes_of(b, size - rlp.rest.size));
        arena_close(&small);
        if (!is_same) fail_msg("not canonical: %06x", n);
    }
}

static void test_memory(void **state) {
    (void)state;
    static uint8_t data[300];
    for (size_t limit = 0; limit < 2000; limit += 16) {
        struct arena small;
        arena_open(&small, limit);
        struct rlp_writer w;
        rlp_writer_open(&w, &small);
        rlp_list_begin(&w);
        for (int i = 0; i < 3; i++)
            rlp_write_string(&w, bytes_of(data, sizeof data));
        rlp_list_end(&w);
        bytes encoded = BYTES_EMPTY;
        enum err err = rlp_finish(&w, &encoded);
        assert_true(err == ERR_MEMORY || (err == ERR_OK && encoded.size == 912));
        if (limit < 912) assert_int_equal(err, ERR_MEMORY);
        arena_close(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_examples),
        cmocka_unit_test(test_round_trip_sizes),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_exhaustive_short),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
