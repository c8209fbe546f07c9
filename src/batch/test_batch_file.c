/* Tests of batch files, witness files and share files: what is written is read again, and nothing
 * else is. */
#include "batch/batch_file.h"
#include "batch/share.h"
#include "batch/witness.h"
#include "crypto/keccak.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

/* --- samples ---------------------------------------------------------------------------------- */

static struct witness_head heads[3];
static bytes headers[1];
static bytes nodes[4];
static bytes codes[2];
static struct update_context contexts[2];
static const uint64_t ROLLUP_IDS[] = {1, UINT64_MAX};

static struct witness sample_witness(void) {
    heads[0] = (struct witness_head){.rollup_id = UINT64_MAX};
    heads[1] = (struct witness_head){.rollup_id = 1, .open_block = bytes_of("open", 4)};
    memset(heads[1].head.b, 0xaa, 32);
    heads[2] = (struct witness_head){.rollup_id = 1};
    headers[0] = bytes_of("\xc1\x80", 2);
    nodes[0] = bytes_of("one", 3);
    nodes[1] = BYTES_EMPTY;
    nodes[2] = bytes_of("exactly8", 8);
    nodes[3] = bytes_of("one", 3);
    codes[0] = bytes_of("\x60\x00", 2);
    codes[1] = bytes_of("\x60\x01", 2);
    struct witness witness = {heads, 3, headers, 1, nodes, 4, codes, 2};
    assert_int_equal(witness_sort(&witness, &arena), ERR_OK);
    return witness;
}

static struct batch_file sample_batch(void) {
    struct batch_file file = {
        .chain_id = 0x0102030405060708,
        .contexts = contexts,
        .update_count = 2,
        .rollup_ids = ROLLUP_IDS,
        .rollup_id_count = 2,
        .batch = bytes_of("whatever a batch is", 19),
    };
    memset(file.hub.b, 0xbb, sizeof(file.hub));
    memset(file.public_input.b, 0xcc, sizeof(file.public_input));
    memset(contexts[0].anchor_hash.b, 0xdd, 32);
    memset(contexts[1].forced_hash.b, 0xee, 32);
    return file;
}

static struct head_key share_heads[2];

static struct share sample_share(void) {
    share_heads[0] = (struct head_key){.rollup_id = 3};
    share_heads[1] = (struct head_key){.rollup_id = 3};
    memset(share_heads[1].head.b, 0xaa, 32);
    return (struct share
    ){.first = 2, .count = 3, .total = 5, .heads = share_heads, .head_count = 2};
}

static bytes write_share(const struct share *share) {
    uint8_t *out = arena_alloc(&arena, share_size(share));
    assert_non_null(out);
    share_write(out, share);
    return bytes_of(out, share_size(share));
}

static bytes write_witness(const struct witness *witness) {
    uint8_t *out = arena_alloc(&arena, witness_size(witness));
    assert_non_null(out);
    witness_write(out, witness);
    return bytes_of(out, witness_size(witness));
}

static bytes write_batch(const struct batch_file *file) {
    uint8_t *out = arena_alloc(&arena, batch_file_size(file));
    assert_non_null(out);
    batch_file_write(out, file);
    return bytes_of(out, batch_file_size(file));
}

/* Each says why the bytes are no such file, WORDS_NONE if they are; what they hold is written as it
 * was read. */
static enum words_fault read_witness(bytes encoded) {
    struct witness witness;
    enum words_fault fault = WORDS_NONE;
    enum err err = witness_decode(&witness, &fault, &arena, encoded);
    assert_int_equal(err, fault == WORDS_NONE ? ERR_OK : ERR_INPUT);
    if (err == ERR_OK) assert_true(bytes_equal(write_witness(&witness), encoded));
    return fault;
}

static enum words_fault read_batch(bytes encoded) {
    struct batch_file file;
    enum words_fault fault = WORDS_NONE;
    bytes rest;
    enum err err = batch_file_decode(&file, &fault, &rest, &arena, encoded);
    assert_int_equal(err, fault == WORDS_NONE ? ERR_OK : ERR_INPUT);
    if (err == ERR_OK)
        assert_true(
            bytes_equal(write_batch(&file), bytes_slice(encoded, 0, encoded.size - rest.size))
        );
    return fault;
}

static enum words_fault read_share(bytes encoded) {
    struct share share;
    enum words_fault fault = WORDS_NONE;
    bytes rest;
    enum err err = share_decode(&share, &fault, &rest, &arena, encoded);
    assert_int_equal(err, fault == WORDS_NONE ? ERR_OK : ERR_INPUT);
    if (err == ERR_OK)
        assert_true(
            bytes_equal(write_share(&share), bytes_slice(encoded, 0, encoded.size - rest.size))
        );
    return fault;
}

/* A copy with other bytes at an offset. */
static bytes with(bytes b, size_t offset, const char *data, size_t size) {
    uint8_t *copy = arena_alloc(&arena, b.size);
    assert_non_null(copy);
    memcpy(copy, b.data, b.size);
    assert_true(offset + size <= b.size);
    memcpy(copy + offset, data, size);
    return bytes_of(copy, b.size);
}

static bytes with_word(bytes b, size_t offset, uint64_t value) {
    uint8_t word[8];
    store_le64(word, value);
    return with(b, offset, (const char *)word, 8);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void a_batch_file_is_read_as_written(void **state) {
    (void)state;
    struct batch_file file = sample_batch();
    bytes encoded = write_batch(&file);
    assert_int_equal(encoded.size % 8, 0);
    uint8_t *input = arena_alloc(&arena, encoded.size + 5);
    assert_non_null(input);
    memcpy(input, encoded.data, encoded.size);
    memcpy(input + encoded.size, "behind", 5);
    struct batch_file got;
    enum words_fault fault;
    bytes rest;
    assert_int_equal(
        batch_file_decode(&got, &fault, &rest, &arena, bytes_of(input, encoded.size + 5)), ERR_OK
    );
    assert_true(bytes_equal(rest, bytes_of("behin", 5)));
    assert_int_equal(got.chain_id, file.chain_id);
    assert_memory_equal(got.hub.b, file.hub.b, 20);
    assert_memory_equal(got.public_input.b, file.public_input.b, 32);
    assert_int_equal(got.update_count, 2);
    assert_memory_equal(got.contexts, contexts, sizeof(contexts));
    assert_int_equal(got.rollup_id_count, 2);
    assert_memory_equal(got.rollup_ids, ROLLUP_IDS, sizeof(ROLLUP_IDS));
    assert_true(bytes_equal(got.batch, file.batch));
}

/* The layout of docs/batch-files.md: others read it, too. */
static void a_batch_file_lies_as_documented(void **state) {
    (void)state;
    struct batch_file file = sample_batch();
    bytes b = write_batch(&file);
    assert_memory_equal(b.data, "lsbatch\x01", 8);
    assert_int_equal(load_le64(b.data + 8), b.size);
    assert_int_equal(load_le64(b.data + 16), file.chain_id);
    assert_memory_equal(b.data + 24, file.hub.b, 20);
    assert_memory_equal(b.data + 48, file.public_input.b, 32);
    assert_int_equal(load_le64(b.data + 80), 2);
    assert_int_equal(load_le64(b.data + 88), 2);
    assert_memory_equal(b.data + 96, contexts, 128);
    assert_int_equal(load_le64(b.data + 224), 1);
    assert_int_equal(load_le64(b.data + 240), 19);
    assert_memory_equal(b.data + 248, "whatever a batch is\0\0\0\0", 24);
    assert_int_equal(b.size, 272);
}

static void a_witness_is_read_as_written(void **state) {
    (void)state;
    struct witness witness = sample_witness();
    struct witness got;
    enum words_fault fault;
    bytes encoded = write_witness(&witness);
    assert_int_equal(witness_decode(&got, &fault, &arena, encoded), ERR_OK);
    assert_int_equal(got.head_count, 3);
    /* In ascending order, whatever it was. */
    assert_int_equal(got.heads[0].rollup_id, 1);
    assert_int_equal(got.heads[0].head.b[0], 0);
    assert_int_equal(got.heads[1].head.b[0], 0xaa);
    assert_true(bytes_equal(got.heads[1].open_block, bytes_of("open", 4)));
    assert_int_equal(got.heads[2].rollup_id, UINT64_MAX);
    assert_int_equal(got.header_count, 1);
    assert_true(bytes_equal(got.headers[0], bytes_of("\xc1\x80", 2)));
    /* What was there twice is there once. */
    assert_int_equal(got.node_count, 3);
    for (size_t i = 1; i < 3; i++) {
        hash32 before = keccak256(got.nodes[i - 1]);
        hash32 hash = keccak256(got.nodes[i]);
        assert_true(memcmp(before.b, hash.b, 32) < 0);
    }
    assert_int_equal(got.code_count, 2);
}

static void a_witness_lies_as_documented(void **state) {
    (void)state;
    struct witness witness = sample_witness();
    bytes w = write_witness(&witness);
    assert_memory_equal(w.data, "lswitns\x01", 8);
    assert_int_equal(load_le64(w.data + 8), w.size);
    assert_int_equal(load_le64(w.data + 16), 3);
    assert_int_equal(load_le64(w.data + 24), 1);
    assert_int_equal(load_le64(w.data + 32), 3);
    assert_int_equal(load_le64(w.data + 40), 2);
    assert_int_equal(load_le64(w.data + 48), 1);  /* the first head's rollup */
    assert_int_equal(load_le64(w.data + 88), 0);  /* its open block's size */
    assert_int_equal(load_le64(w.data + 136), 4); /* the second's */
    assert_memory_equal(w.data + 144, "open\0\0\0\0", 8);
    assert_int_equal(load_le64(w.data + 200), 2); /* the header's size */
    assert_memory_equal(w.data + 208, "\xc1\x80\0\0\0\0\0", 8);
}

static void a_share_lies_as_documented(void **state) {
    (void)state;
    struct share share = sample_share();
    bytes s = write_share(&share);
    hash32 split;
    assert_memory_equal(s.data, "lsshare\x01", 8);
    assert_int_equal(load_le64(s.data + 8), s.size);
    assert_int_equal(load_le64(s.data + 16), 2);
    assert_int_equal(load_le64(s.data + 24), 3);
    assert_int_equal(load_le64(s.data + 32), 5);
    assert_int_equal(load_le64(s.data + 40), 2);
    assert_int_equal(load_le64(s.data + 48), 3);
    assert_int_equal(load_le64(s.data + 88), 3);
    assert_memory_equal(s.data + 96, share_heads[1].head.b, 32);
    assert_int_equal(s.size, 128);
    /* Its heads have a name, whichever of the runs it is about. */
    assert_int_equal(share_split(&split, &arena, &share), ERR_OK);
    hash32 expected = keccak256(bytes_slice(s, 48, SIZE_MAX));
    assert_memory_equal(split.b, expected.b, 32);
    assert_true(share_is_next(s));
    assert_false(share_is_next(bytes_slice(s, 0, 7)));
    assert_false(share_is_next(bytes_slice(s, 8, SIZE_MAX)));
}

static void a_share_is_of_runs_that_there_are(void **state) {
    (void)state;
    struct share share = sample_share();
    bytes s = write_share(&share);
    assert_int_equal(read_share(s), WORDS_NONE);
    assert_int_equal(read_share(with_word(s, 16, 0)), WORDS_NONE);
    assert_int_equal(read_share(with_word(s, 16, 3)), WORDS_COUNT);
    assert_int_equal(read_share(with_word(s, 16, UINT64_MAX)), WORDS_COUNT);
    assert_int_equal(read_share(with_word(s, 24, 0)), WORDS_COUNT);
    assert_int_equal(read_share(with_word(s, 24, 4)), WORDS_COUNT);
    assert_int_equal(read_share(with_word(s, 24, UINT64_MAX)), WORDS_COUNT);
    assert_int_equal(read_share(with_word(s, 32, 4)), WORDS_COUNT);
    assert_int_equal(read_share(with_word(s, 32, 0)), WORDS_COUNT);
    assert_int_equal(read_share(with_word(s, 40, 1)), WORDS_SIZE);
    assert_int_equal(read_share(with_word(s, 40, 3)), WORDS_COUNT);
    assert_int_equal(read_share(with_word(s, 40, SHARE_HEADS_MAX + 1)), WORDS_COUNT);
    assert_int_equal(read_share(with_word(s, 48, 4)), WORDS_ORDER);
    assert_int_equal(read_share(with(s, 96, (const char *)s.data + 56, 32)), WORDS_ORDER);
    assert_int_equal(read_share(with(s, 7, "\x02", 1)), WORDS_VERSION);
    for (size_t size = 0; size < s.size; size++)
        assert_int_equal(read_share(bytes_slice(s, 0, size)), WORDS_SIZE);
    for (size_t bit = 0; bit < 8 * s.size; bit++) {
        const char byte = (char)(s.data[bit / 8] ^ 1 << bit % 8);
        (void)read_share(with(s, bit / 8, &byte, 1));
    }
}

static void files_without_anything_are_files(void **state) {
    (void)state;
    struct witness witness = {0};
    struct batch_file file = {0};
    assert_int_equal(write_witness(&witness).size, 48);
    assert_int_equal(read_witness(write_witness(&witness)), WORDS_NONE);
    assert_int_equal(write_batch(&file).size, 104);
    assert_int_equal(read_batch(write_batch(&file)), WORDS_NONE);
}

static void each_fault_has_its_name(void **state) {
    (void)state;
    struct witness witness = sample_witness();
    struct batch_file file = sample_batch();
    bytes w = write_witness(&witness);
    bytes b = write_batch(&file);
    assert_int_equal(read_witness(b), WORDS_MAGIC);
    assert_int_equal(read_batch(w), WORDS_MAGIC);
    assert_int_equal(read_witness(with(w, 7, "\x02", 1)), WORDS_VERSION);
    assert_int_equal(read_batch(with(b, 7, "\x00", 1)), WORDS_VERSION);
    assert_int_equal(read_batch(BYTES_EMPTY), WORDS_SIZE);
    assert_int_equal(read_batch(with_word(b, 8, b.size + 8)), WORDS_SIZE);
    assert_int_equal(read_batch(with_word(b, 8, b.size - 8)), WORDS_SIZE);
    assert_int_equal(read_batch(with_word(b, 8, b.size - 1)), WORDS_SIZE);
    assert_int_equal(read_batch(with_word(b, 8, 8)), WORDS_SIZE);
    assert_int_equal(read_batch(with_word(b, 8, UINT64_MAX - 7)), WORDS_SIZE);
    assert_int_equal(read_batch(with_word(b, 240, 25)), WORDS_SIZE);
    assert_int_equal(read_batch(with_word(b, 240, 16)), WORDS_SIZE); /* a word is left */
    assert_int_equal(read_batch(with_word(b, 240, UINT64_MAX)), WORDS_SIZE);
    assert_int_equal(read_batch(with_word(b, 80, BATCH_FILE_UPDATES_MAX + 1)), WORDS_COUNT);
    assert_int_equal(read_batch(with_word(b, 80, 4)), WORDS_COUNT);
    assert_int_equal(read_batch(with_word(b, 88, UINT64_MAX)), WORDS_COUNT);
    assert_int_equal(read_witness(with_word(w, 16, WITNESS_HEADS_MAX + 1)), WORDS_COUNT);
    assert_int_equal(read_witness(with_word(w, 32, UINT64_MAX / 8)), WORDS_COUNT);
    assert_int_equal(read_batch(with(b, 44, "\x01", 1)), WORDS_PADDING); /* behind the Hub */
    assert_int_equal(read_batch(with(b, 271, "\x01", 1)), WORDS_PADDING);
    assert_int_equal(read_witness(with(w, 148, "\x01", 1)), WORDS_PADDING);
    assert_int_equal(read_batch(with_word(b, 224, UINT64_MAX)), WORDS_ORDER); /* twice the same */
    assert_int_equal(read_witness(with_word(w, 48, 2)), WORDS_ORDER);
    assert_int_equal(read_witness(with(w, 56, (const char *)w.data + 104, 32)), WORDS_ORDER);
}

static void files_that_are_cut_are_none(void **state) {
    (void)state;
    struct witness witness = sample_witness();
    struct batch_file file = sample_batch();
    bytes w = write_witness(&witness);
    bytes b = write_batch(&file);
    for (size_t size = 0; size < w.size; size++) {
        assert_int_equal(read_witness(bytes_slice(w, 0, size)), WORDS_SIZE);
        /* … even if they say that it is all. */
        if (size < 16) continue;
        bytes shorter = with_word(w, 8, size);
        assert_int_not_equal(read_witness(bytes_slice(shorter, 0, size)), WORDS_NONE);
    }
    for (size_t size = 0; size < b.size; size++) {
        assert_int_equal(read_batch(bytes_slice(b, 0, size)), WORDS_SIZE);
        if (size < 16) continue;
        bytes shorter = with_word(b, 8, size);
        assert_int_not_equal(read_batch(bytes_slice(shorter, 0, size)), WORDS_NONE);
    }
}

/* read_… compare what they read with the bytes it was read from. */
static void flipped_bits_are_refused_or_other_files(void **state) {
    (void)state;
    struct witness witness = sample_witness();
    struct batch_file file = sample_batch();
    bytes w = write_witness(&witness);
    bytes b = write_batch(&file);
    for (size_t bit = 0; bit < 8 * w.size; bit++) {
        const char byte = (char)(w.data[bit / 8] ^ 1 << bit % 8);
        (void)read_witness(with(w, bit / 8, &byte, 1));
    }
    for (size_t bit = 0; bit < 8 * b.size; bit++) {
        const char byte = (char)(b.data[bit / 8] ^ 1 << bit % 8);
        (void)read_batch(with(b, bit / 8, &byte, 1));
    }
}

static void little_memory_gives_err_memory(void **state) {
    (void)state;
    static _Alignas(16) uint8_t region[8192];
    struct witness witness = sample_witness();
    struct batch_file file = sample_batch();
    bytes w = write_witness(&witness);
    bytes b = write_batch(&file);
    struct share share = sample_share();
    bytes s = write_share(&share);
    hash32 split;
    enum err err = ERR_MEMORY;
    for (size_t size = 0; err == ERR_MEMORY; size += 16) {
        struct arena small;
        enum words_fault fault;
        bytes rest;
        assert_true(size <= sizeof(region));
        arena_open_region(&small, region, size);
        err = witness_decode(&witness, &fault, &small, w);
        if (err == ERR_OK) err = batch_file_decode(&file, &fault, &rest, &small, b);
        if (err == ERR_OK) err = share_decode(&share, &fault, &rest, &small, s);
        if (err == ERR_OK) err = share_split(&split, &small, &share);
        if (err == ERR_OK) err = witness_sort(&witness, &small);
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
        cmocka_unit_test(a_batch_file_is_read_as_written),
        cmocka_unit_test(a_batch_file_lies_as_documented),
        cmocka_unit_test(a_witness_is_read_as_written),
        cmocka_unit_test(a_witness_lies_as_documented),
        cmocka_unit_test(a_share_lies_as_documented),
        cmocka_unit_test(a_share_is_of_runs_that_there_are),
        cmocka_unit_test(files_without_anything_are_files),
        cmocka_unit_test(each_fault_has_its_name),
        cmocka_unit_test(files_that_are_cut_are_none),
        cmocka_unit_test(flipped_bits_are_refused_or_other_files),
        cmocka_unit_test(little_memory_gives_err_memory),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
