/* Tests of the encoding of payloads. Expected bytes are from the RLP of the Yellow Paper, appendix
 * B, by hand. */
#include "batch/payload.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

static bytes tx_a = {(const uint8_t *)"\x02\xc0", 2};
static bytes tx_b = {(const uint8_t *)"\x7f", 1};
static bytes txs[2];
static struct payload_block blocks[2];

static struct payload sample(void) {
    txs[0] = tx_a;
    txs[1] = tx_b;
    blocks[0] = (struct payload_block){.timestamp = 5, .txs = txs, .tx_count = 2};
    memset(blocks[0].fee_recipient.b, 0xfe, 20);
    blocks[1] = (struct payload_block){.timestamp = 5};
    return (struct payload){blocks, 2};
}

static const uint8_t SAMPLE[] = {
    0xf4, 0xdb, 0x05, 0x94, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe,
    0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xc4, 0x82, 0x02, 0xc0,
    0x7f, 0xd7, 0x05, 0x94, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0,
};

static void a_payload_encodes_and_decodes(void **state) {
    (void)state;
    struct payload payload = sample();
    struct payload decoded;
    bytes encoded;
    assert_int_equal(payload_encode(&encoded, &arena, &payload), ERR_OK);
    assert_true(bytes_equal(encoded, bytes_of(SAMPLE, sizeof(SAMPLE))));
    assert_int_equal(payload_decode(&decoded, &arena, encoded), ERR_OK);
    assert_int_equal(decoded.block_count, 2);
    assert_int_equal(decoded.blocks[0].timestamp, 5);
    assert_true(address_equal(&decoded.blocks[0].fee_recipient, &blocks[0].fee_recipient));
    assert_int_equal(decoded.blocks[0].tx_count, 2);
    assert_true(bytes_equal(decoded.blocks[0].txs[0], tx_a));
    assert_true(bytes_equal(decoded.blocks[0].txs[1], tx_b));
    assert_int_equal(decoded.blocks[1].tx_count, 0);
}

static enum err decode(const char *data, size_t size) {
    struct payload decoded;
    return payload_decode(&decoded, &arena, bytes_of(data, size));
}

static void what_is_no_payload_is_refused(void **state) {
    (void)state;
    struct payload payload = sample();
    struct payload decoded;
    bytes encoded;
    assert_int_equal(decode("", 0), ERR_INPUT);
    assert_int_equal(decode("\xc0", 1), ERR_INPUT); /* no block */
    assert_int_equal(decode("\x80", 1), ERR_INPUT);
    assert_int_equal(decode("\xc1\xc0", 2), ERR_INPUT);
    for (size_t size = 0; size < sizeof(SAMPLE); size++)
        assert_int_equal(payload_decode(&decoded, &arena, bytes_of(SAMPLE, size)), ERR_INPUT);
    uint8_t longer[sizeof(SAMPLE) + 1] = {0};
    memcpy(longer, SAMPLE, sizeof(SAMPLE));
    assert_int_equal(payload_decode(&decoded, &arena, bytes_of(longer, sizeof(longer))), ERR_INPUT);
    /* Time goes back. */
    blocks[1].timestamp = 4;
    assert_int_equal(payload_encode(&encoded, &arena, &payload), ERR_OK);
    assert_int_equal(payload_decode(&decoded, &arena, encoded), ERR_INPUT);
    blocks[1].timestamp = 6;
    assert_int_equal(payload_encode(&encoded, &arena, &payload), ERR_OK);
    assert_int_equal(payload_decode(&decoded, &arena, encoded), ERR_OK);
}

/* One payload has one encoding. */
static void flipped_bits_are_refused_or_other_payloads(void **state) {
    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof(SAMPLE); bit++) {
        struct arena_mark mark = arena_mark(&arena);
        uint8_t copy[sizeof(SAMPLE)];
        memcpy(copy, SAMPLE, sizeof(SAMPLE));
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct payload decoded;
        bytes again;
        enum err err = payload_decode(&decoded, &arena, bytes_of(copy, sizeof(copy)));
        assert_true(err == ERR_OK || err == ERR_INPUT);
        if (err == ERR_OK) {
            assert_int_equal(payload_encode(&again, &arena, &decoded), ERR_OK);
            assert_true(bytes_equal(again, bytes_of(copy, sizeof(copy))));
        }
        arena_release(&arena, mark);
    }
}

/* A list of ever so many blocks is refused before room is made for them. */
static void too_many_blocks_are_refused(void **state) {
    (void)state;
    size_t count = PAYLOAD_BLOCKS_MAX + 1;
    struct arena_mark mark = arena_mark(&arena);
    struct payload_block *many = arena_alloc_zero(&arena, count * sizeof(*many));
    assert_non_null(many);
    bytes encoded;
    struct payload payload = {many, count};
    struct payload decoded;
    assert_int_equal(payload_encode(&encoded, &arena, &payload), ERR_OK);
    assert_int_equal(payload_decode(&decoded, &arena, encoded), ERR_INPUT);
    payload.block_count--;
    assert_int_equal(payload_encode(&encoded, &arena, &payload), ERR_OK);
    assert_int_equal(payload_decode(&decoded, &arena, encoded), ERR_OK);
    assert_int_equal(decoded.block_count, PAYLOAD_BLOCKS_MAX);
    arena_release(&arena, mark);
}

static void little_memory_gives_err_memory(void **state) {
    (void)state;
    static uint8_t region[8192];
    struct payload payload = sample();
    enum err err = ERR_MEMORY;
    for (size_t size = 64; err == ERR_MEMORY; size += 16) {
        struct arena small;
        assert_true(size <= sizeof(region));
        arena_open_region(&small, region, size);
        bytes encoded;
        struct payload decoded;
        err = payload_encode(&encoded, &small, &payload);
        if (err == ERR_OK) err = payload_decode(&decoded, &small, encoded);
        assert_true(err == ERR_OK || err == ERR_MEMORY);
    }
    assert_int_equal(err, ERR_OK);
}

static int open_arena(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 28);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_encodes_and_decodes),
        cmocka_unit_test(what_is_no_payload_is_refused),
        cmocka_unit_test(flipped_bits_are_refused_or_other_payloads),
        cmocka_unit_test(too_many_blocks_are_refused),
        cmocka_unit_test(little_memory_gives_err_memory),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
