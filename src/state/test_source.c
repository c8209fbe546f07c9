#include "crypto/keccak.h"
#include "state/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bytes item(unsigned i) {
    static uint8_t items[64][3];
    items[i][0] = (uint8_t)i;
    return bytes_of(items[i], 1 + i % 3);
}

static hash32 name(unsigned i) {
    return keccak256(item(i));
}

static void put(struct source_memory *memory, unsigned i) {
    hash32 hash = name(i);
    assert_int_equal(source_memory_put_node(memory, &hash, item(i)), ERR_OK);
}

static void assert_node(struct source *source, unsigned i, enum err expected) {
    hash32 hash = name(i);
    bytes out = BYTES_EMPTY;
    assert_int_equal(source_node(source, &hash, &out), expected);
    assert_true(bytes_equal(out, expected == ERR_OK ? item(i) : BYTES_EMPTY));
}

static void test_memory(void **unused) {
    (void)unused;
    struct arena arena;
    struct source_memory base;
    struct source_memory memory;
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&base, &arena, NULL);
    source_memory_open(&memory, &arena, &base.source);
    put(&base, 1);
    put(&memory, 3);
    put(&memory, 2);
    put(&memory, 3);
    put(&memory, 1); /* the base has it; this source does not */
    assert_node(&memory.source, 1, ERR_OK);
    assert_node(&memory.source, 2, ERR_OK);
    assert_node(&base.source, 2, ERR_MISSING);
    assert_node(&memory.source, 4, ERR_MISSING);
    static const unsigned order[] = {3, 2, 1};
    assert_int_equal(source_memory_node_count(&memory), 3);
    for (uint32_t i = 0; i < 3; i++) {
        hash32 hash;
        hash32 expected = name(order[i]);
        bytes data;
        source_memory_node_at(&memory, i, &hash, &data);
        assert_memory_equal(hash.b, expected.b, 32);
        assert_true(bytes_equal(data, item(order[i])));
        assert_ptr_not_equal(data.data, item(order[i]).data); /* a copy */
    }
    /* Codes are a list of their own. */
    hash32 hash = name(5);
    bytes out;
    assert_int_equal(source_memory_put_code(&memory, &hash, item(5)), ERR_OK);
    assert_int_equal(source_memory_code_count(&memory), 1);
    assert_int_equal(source_code(&memory.source, &hash, &out), ERR_OK);
    assert_int_equal(source_node(&memory.source, &hash, &out), ERR_MISSING);
    source_memory_code_at(&memory, 0, &hash, &out);
    assert_true(bytes_equal(out, item(5)));
    arena_close(&arena);
}

static void test_recorder(void **unused) {
    (void)unused;
    struct arena arena;
    struct arena base_arena;
    struct source_memory base;
    struct source_recorder recorder;
    arena_open(&arena, SIZE_MAX);
    arena_open(&base_arena, SIZE_MAX);
    source_memory_open(&base, &base_arena, NULL);
    source_recorder_open(&recorder, &arena, &base.source);
    for (unsigned i = 0; i < 8; i++)
        put(&base, i);
    hash32 hash = name(40);
    assert_int_equal(source_memory_put_code(&base, &hash, item(40)), ERR_OK);
    static const unsigned reads[] = {5, 2, 5, 7, 2, 0};
    static const unsigned order[] = {5, 2, 7, 0};
    for (size_t i = 0; i < 6; i++)
        assert_node(&recorder.source, reads[i], ERR_OK);
    assert_node(&recorder.source, 9, ERR_MISSING); /* not part of a witness */
    bytes code;
    assert_int_equal(source_code(&recorder.source, &hash, &code), ERR_OK);
    arena_close(&base_arena); /* the record is a copy */
    assert_int_equal(source_recorder_node_count(&recorder), 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_true(bytes_equal(source_recorder_node_at(&recorder, i), item(order[i])));
    assert_int_equal(source_recorder_code_count(&recorder), 1);
    assert_true(bytes_equal(source_recorder_code_at(&recorder, 0), item(40)));
    arena_close(&arena);
}

static void test_witness(void **unused) {
    (void)unused;
    enum { COUNT = 64 };
    struct arena arena;
    struct source_witness witness;
    bytes items[COUNT];
    arena_open(&arena, SIZE_MAX);
    source_witness_open(&witness, &arena);
    for (unsigned i = 0; i < COUNT; i++)
        items[i] = item(i);
    assert_int_equal(source_witness_add_nodes(&witness, NULL, 0), ERR_OK);
    assert_int_equal(source_witness_add_nodes(&witness, items, 50), ERR_OK);
    assert_int_equal(source_witness_add_nodes(&witness, items + 40, 20), ERR_OK); /* some again */
    for (unsigned i = 0; i < COUNT; i++)
        assert_node(&witness.source, i, i < 60 ? ERR_OK : ERR_MISSING);
    hash32 hash = name(3);
    bytes out;
    assert_int_equal(source_code(&witness.source, &hash, &out), ERR_MISSING);
    assert_int_equal(source_witness_add_codes(&witness, items, 5), ERR_OK);
    assert_int_equal(source_code(&witness.source, &hash, &out), ERR_OK);
    arena_close(&arena);
}

/* Some of many items, in ascending order of their hashes: the lists of a witness file. */
static void test_list(void **unused) {
    (void)unused;
    enum { COUNT = 32 };
    struct arena arena;
    bytes items[COUNT];
    unsigned numbers[COUNT];
    size_t count = 0;
    arena_open(&arena, SIZE_MAX);
    for (unsigned i = 0; i < 2 * COUNT; i += 2) {
        size_t at = count++;
        hash32 hash = name(i);
        for (; at > 0; at--) {
            hash32 before = name(numbers[at - 1]);
            if (memcmp(before.b, hash.b, 32) < 0) break;
            numbers[at] = numbers[at - 1];
        }
        numbers[at] = i;
    }
    for (size_t i = 0; i < count; i++)
        items[i] = item(numbers[i]);
    struct hashed_list nodes;
    struct hashed_list codes;
    struct hashed_list shared;
    struct source_list list;
    assert_int_equal(hashed_list_open(&nodes, &arena, items, COUNT), ERR_OK);
    assert_int_equal(hashed_list_open(&codes, &arena, NULL, 0), ERR_OK);
    assert_int_equal(hashed_list_share(&shared, &arena, &nodes), ERR_OK);
    source_list_open(&list, NULL, &nodes, &codes);
    for (unsigned i = 0; i < 2 * COUNT; i++) {
        assert_node(&list.source, i, i % 2 == 0 ? ERR_OK : ERR_MISSING);
        assert_node(&list.source, i, i % 2 == 0 ? ERR_OK : ERR_MISSING);
        assert_int_equal(list.nodes.read_count, i / 2 + 1);
    }
    assert_int_equal(shared.read_count, 0);
    bytes out;
    hash32 hash = name(2);
    assert_int_equal(source_code(&list.source, &hash, &out), ERR_MISSING);
    assert_int_equal(hashed_list_find(&shared, &hash, &out), ERR_OK);
    assert_int_equal(shared.read_count, 1);
    /* Any other order, or one twice. */
    for (size_t i = 1; i < COUNT; i++) {
        bytes swapped = items[i];
        items[i] = items[i - 1];
        assert_int_equal(hashed_list_open(&nodes, &arena, items, COUNT), ERR_INPUT);
        items[i - 1] = swapped;
        assert_int_equal(hashed_list_open(&nodes, &arena, items, COUNT), ERR_INPUT);
        items[i - 1] = items[i];
        items[i] = swapped;
    }
    arena_close(&arena);
}

/* No room: every put says so and leaves the source as it was. */
static void test_no_memory(void **unused) {
    (void)unused;
    static _Alignas(16) uint8_t region[1 << 14];
    for (size_t size = 0; size < 6000; size += 16) {
        struct arena arena;
        struct source_memory memory;
        struct source_recorder recorder;
        arena_open_region(&arena, region, size);
        source_memory_open(&memory, &arena, NULL);
        uint32_t count = 0;
        for (unsigned i = 0; i < 40; i++) {
            hash32 hash = name(i);
            enum err err = source_memory_put_node(&memory, &hash, item(i));
            assert_true(err == ERR_OK || err == ERR_MEMORY);
            count += err == ERR_OK;
            assert_int_equal(source_memory_node_count(&memory), count);
            assert_node(&memory.source, i, err == ERR_OK ? ERR_OK : ERR_MISSING);
        }
        struct arena full;
        arena_open_region(&full, region + 8192, 0);
        source_recorder_open(&recorder, &full, &memory.source);
        if (count > 0) assert_node(&recorder.source, 0, ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_recorder),
        cmocka_unit_test(test_witness),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
