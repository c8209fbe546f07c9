/* Tests of the encoding of witnesses. */
#include "rollup/witness.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

static struct witness_head heads[2];
static bytes anchors[1];
static bytes nodes[3];
static bytes codes[1];

static struct witness sample(void) {
    heads[0] = (struct witness_head){.rollup_id = 1, .open_block = {(const uint8_t *)"open", 4}};
    heads[1] = (struct witness_head){.rollup_id = UINT64_MAX};
    memset(heads[0].head.b, 0xaa, 32);
    anchors[0] = bytes_of("\xc1\x80", 2);
    nodes[0] = bytes_of("one", 3);
    nodes[1] = BYTES_EMPTY;
    nodes[2] = bytes_of("\x01", 1);
    codes[0] = bytes_of("\x60\x00", 2);
    return (struct witness){heads, 2, anchors, 1, nodes, 3, codes, 1};
}

static bytes encode(const struct witness *witness) {
    bytes encoded;
    assert_int_equal(witness_encode(&encoded, &arena, witness), ERR_OK);
    return encoded;
}

static void a_witness_decodes_to_itself(void **state) {
    (void)state;
    struct witness witness = sample();
    struct witness decoded;
    bytes encoded = encode(&witness);
    assert_int_equal(witness_decode(&decoded, &arena, encoded), ERR_OK);
    assert_int_equal(decoded.head_count, 2);
    assert_int_equal(decoded.heads[1].rollup_id, UINT64_MAX);
    assert_memory_equal(decoded.heads[0].head.b, heads[0].head.b, 32);
    assert_true(bytes_equal(decoded.heads[0].open_block, heads[0].open_block));
    assert_int_equal(decoded.anchor_count, 1);
    assert_true(bytes_equal(decoded.anchors[0], anchors[0]));
    assert_int_equal(decoded.node_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(bytes_equal(decoded.nodes[i], nodes[i]));
    assert_int_equal(decoded.code_count, 1);
    assert_true(bytes_equal(decoded.codes[0], codes[0]));
    assert_true(bytes_equal(encode(&decoded), encoded));
}

static void the_empty_witness_is_one(void **state) {
    (void)state;
    struct witness witness = {0};
    struct witness decoded;
    bytes encoded = encode(&witness);
    assert_true(bytes_equal(encoded, bytes_of("\xc4\xc0\xc0\xc0\xc0", 5)));
    assert_int_equal(witness_decode(&decoded, &arena, encoded), ERR_OK);
    assert_int_equal(decoded.head_count + decoded.node_count, 0);
}

static enum err decode(const char *data, size_t size) {
    struct witness decoded;
    return witness_decode(&decoded, &arena, bytes_of(data, size));
}

static void what_is_no_witness_is_refused(void **state) {
    (void)state;
    assert_int_equal(decode("", 0), ERR_INPUT);
    assert_int_equal(decode("\x80", 1), ERR_INPUT);
    assert_int_equal(decode("\xc0", 1), ERR_INPUT);
    assert_int_equal(decode("\xc3\xc0\xc0\xc0", 4), ERR_INPUT);         /* a list too few */
    assert_int_equal(decode("\xc5\xc0\xc0\xc0\xc0\xc0", 6), ERR_INPUT); /* one too many */
    assert_int_equal(decode("\xc4\xc0\xc0\xc0\xc0\x80", 6), ERR_INPUT); /* behind the end */
    assert_int_equal(decode("\xc5\xc0\xc0\xc1\xc0\xc0", 6), ERR_INPUT); /* a node that is a list */
    assert_int_equal(decode("\xc5\xc1\x80\xc0\xc0\xc0", 6), ERR_INPUT); /* a head that is none */
    assert_int_equal(decode("\xc5\xc1\xc0\xc0\xc0\xc0", 6), ERR_INPUT);
    struct witness witness = sample();
    bytes encoded = encode(&witness);
    for (size_t size = 0; size < encoded.size; size++)
        assert_int_equal(decode((const char *)encoded.data, size), ERR_INPUT);
}

static void flipped_bits_are_refused_or_other_witnesses(void **state) {
    (void)state;
    struct witness witness = sample();
    bytes encoded = encode(&witness);
    for (size_t bit = 0; bit < 8 * encoded.size; bit++) {
        struct arena_mark mark = arena_mark(&arena);
        uint8_t *copy = arena_alloc(&arena, encoded.size);
        assert_non_null(copy);
        memcpy(copy, encoded.data, encoded.size);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct witness decoded;
        enum err err = witness_decode(&decoded, &arena, bytes_of(copy, encoded.size));
        assert_true(err == ERR_OK || err == ERR_INPUT);
        if (err == ERR_OK) assert_true(bytes_equal(encode(&decoded), bytes_of(copy, encoded.size)));
        arena_release(&arena, mark);
    }
}

static void little_memory_gives_err_memory(void **state) {
    (void)state;
    static uint8_t region[8192];
    struct witness witness = sample();
    enum err err = ERR_MEMORY;
    for (size_t size = 64; err == ERR_MEMORY; size += 16) {
        struct arena small;
        assert_true(size <= sizeof(region));
        arena_open_region(&small, region, size);
        bytes encoded;
        struct witness decoded;
        err = witness_encode(&encoded, &small, &witness);
        if (err == ERR_OK) err = witness_decode(&decoded, &small, encoded);
        assert_true(err == ERR_OK || err == ERR_MEMORY);
    }
    assert_int_equal(err, ERR_OK);
}

static int open_arena(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 24);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_witness_decodes_to_itself),
        cmocka_unit_test(the_empty_witness_is_one),
        cmocka_unit_test(what_is_no_witness_is_refused),
        cmocka_unit_test(flipped_bits_are_refused_or_other_witnesses),
        cmocka_unit_test(little_memory_gives_err_memory),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
