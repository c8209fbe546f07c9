/* Tests of the ABI encodings and hashes of actions, entries and batches. Expected hashes were made
 * with viem 2.54.6 (encodeAbiParameters, encodeFunctionData, keccak256) from the same values. */
#include "rollup/batch.h"

#include "core/hex.h"
#include "crypto/keccak.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

static hash32 fill_hash(uint8_t byte) {
    hash32 h;
    memset(h.b, byte, 32);
    return h;
}

static address fill_address(uint8_t byte) {
    address a;
    memset(a.b, byte, 20);
    return a;
}

static void assert_hash(const hash32 *hash, const char *hex) {
    uint8_t expected[32];
    assert_int_equal(hex_decode_exact(expected, 32, hex, 64), ERR_OK);
    assert_memory_equal(hash->b, expected, 32);
}

static const u256 FIVE_ETHER = {{5000000000000000000u, 0, 0, 0}};
static const uint8_t CALLDATA[36] = {0x26, 0x12, 0x1f, 0xf0, [35] = 0x2a};
static const uint8_t SEVEN[32] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
                                  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};

static struct action call_action(void) {
    return (struct action){
        .kind = ACTION_CALL,
        .rollup_id = 1,
        .target = fill_address(0xb1),
        .source = fill_address(0xa0),
        .value_wei = FIVE_ETHER,
        .gas = 720896,
        .data = {CALLDATA, sizeof(CALLDATA)},
    };
}

static struct transition transitions[2];
static struct action trace[2];
static struct entry entries[2];
static struct update updates[1];
static hash32 slots[1];

static struct batch sample(void) {
    transitions[0] = (struct transition){1, fill_hash(1), fill_hash(2), true, FIVE_ETHER};
    transitions[1] = (struct transition){2, fill_hash(3), fill_hash(3), true, U256_MAX};
    trace[0] = (struct action){
        .kind = ACTION_CALL,
        .rollup_id = 2,
        .target = fill_address(0xc2),
        .source_rollup_id = 1,
        .source = fill_address(0xb1),
        .gas = 100000,
        .is_static = true,
    };
    trace[1] = (struct action){
        .kind = ACTION_RESULT,
        .rollup_id = 1,
        .source_rollup_id = 2,
        .gas = 1234,
        .failed = true,
        .data = {(const uint8_t *)"no", 2},
    };
    entries[0] = (struct entry){
        .input = call_action(),
        .transitions = transitions,
        .transition_count = 2,
        .trace = trace,
        .trace_count = 2,
        .out = {.kind = ACTION_RESULT, .rollup_id = 1, .gas = 40000, .data = {SEVEN, 32}},
        .scope = true,
    };
    entries[1] = entries[0];
    entries[1].trace_count = 0;
    entries[1].scope = false;
    slots[0] = fill_hash(0xaa);
    updates[0] = (struct update){
        .rollup_id = 1,
        .payload = {(const uint8_t *)"\xc0\xff\xee", 3},
        .anchor_number = 7,
        .message_slots = slots,
        .message_slot_count = 1,
        .timestamp = 1700000000,
    };
    return (struct batch){updates, 1, entries, 2};
}

static void hashes_match_viem(void **state) {
    (void)state;
    struct batch batch = sample();
    hash32 hash;
    assert_int_equal(action_hash(&hash, &arena, &entries[0].input), ERR_OK);
    assert_hash(&hash, "114f91056dfe440a0259a746b213c39da0a0e29b150b47eb7a34f2cfb7b233f1");
    assert_int_equal(entry_trace_hash(&hash, &arena, trace, 2), ERR_OK);
    assert_hash(&hash, "0b08a3adb7a30d6833cbf978c4a8cd4459ba3deea0f059c0e23e8607041614e3");
    assert_int_equal(entry_hash(&hash, &arena, &entries[0]), ERR_OK);
    assert_hash(&hash, "3b49dd6121c6835d2ad24f5645a9ccecfa318cba9a45dd222cd6330e3d7a9ad6");
    bytes encoded;
    assert_int_equal(batch_encode(&encoded, &arena, &batch), ERR_OK);
    hash = keccak256(encoded);
    assert_hash(&hash, "5845f02ca8d169014633839fb94b1be72d680e14ebc145709cb0e69a3a0a4661");

    uint64_t ids[2] = {1, 2};
    struct batch_proof proof = {fill_address(0xdd), ids, 2, {(const uint8_t *)"\x12\x34", 2}};
    assert_int_equal(batch_post_calldata(&encoded, &arena, &batch, &proof, 1, false), ERR_OK);
    hash = keccak256(encoded);
    assert_hash(&hash, "532fd70fe8080bdd3e9e36423442b2c408592cccd4edfc9ab3415153a78db2db");

    struct update_context context = {.anchor_hash = fill_hash(0xab)};
    struct action l2tx;
    assert_int_equal(update_action(&l2tx, &arena, &updates[0], &context), ERR_OK);
    assert_int_equal(action_hash(&hash, &arena, &l2tx), ERR_OK);
    assert_hash(&hash, "8d7a83bd2ace96fd8a8a0d6ab0fb6d2b49b8bc6c5788de4d16ce9a0fc9dd9090");
    hash32 public_input;
    address hub = fill_address(0x0b);
    assert_int_equal(
        batch_public_input(&public_input, &arena, &batch, &context, 31337, &hub), ERR_OK
    );
    assert_hash(&public_input, "529e43ff9652648eea0abf433cc890da680f2d4b1fbe73ebbb61bc86d9bc499c");
    hash32 vkey = fill_hash(0xee);
    assert_int_equal(
        batch_statement_digest(&hash, &arena, &proof.system, &vkey, ids, 2, &public_input), ERR_OK
    );
    assert_hash(&hash, "8858dfaa34eae89ef6aca5bd0dba44d48ee6eb70819ac2de32c8c5e79418993d");
}

static void batch_decodes_to_itself(void **state) {
    (void)state;
    struct batch batch = sample();
    struct batch decoded;
    bytes encoded;
    bytes again;
    assert_int_equal(batch_encode(&encoded, &arena, &batch), ERR_OK);
    assert_int_equal(batch_decode(&decoded, &arena, encoded), ERR_OK);
    assert_int_equal(decoded.entry_count, 2);
    assert_true(action_equal(&decoded.entries[0].trace[1], &trace[1]));
    assert_true(decoded.entries[0].scope);
    assert_int_equal(decoded.updates[0].anchor_number, 7);
    assert_int_equal(batch_encode(&again, &arena, &decoded), ERR_OK);
    assert_true(bytes_equal(encoded, again));
}

/* Whatever one flipped bit does to an encoding, it is refused or decodes to another batch: never to
 * the same one, and never to something that encodes differently. */
static void mutated_batches_are_other_batches(void **state) {
    (void)state;
    struct batch batch = sample();
    bytes encoded;
    assert_int_equal(batch_encode(&encoded, &arena, &batch), ERR_OK);
    uint8_t *copy = arena_alloc(&arena, encoded.size);
    assert_non_null(copy);
    for (size_t bit = 0; bit < 8 * encoded.size; bit++) {
        struct arena_mark mark = arena_mark(&arena);
        memcpy(copy, encoded.data, encoded.size);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct batch decoded;
        enum err err = batch_decode(&decoded, &arena, bytes_of(copy, encoded.size));
        assert_true(err == ERR_OK || err == ERR_INPUT);
        if (err == ERR_OK) {
            bytes again;
            assert_int_equal(batch_encode(&again, &arena, &decoded), ERR_OK);
            assert_false(bytes_equal(again, encoded));
        }
        arena_release(&arena, mark);
    }
    for (size_t size = 0; size < encoded.size; size++) {
        struct arena_mark mark = arena_mark(&arena);
        struct batch decoded;
        assert_int_equal(batch_decode(&decoded, &arena, bytes_of(encoded.data, size)), ERR_INPUT);
        arena_release(&arena, mark);
    }
}

/* Every allocation that fails gives ERR_MEMORY and nothing worse. */
static void encoding_survives_every_failed_allocation(void **state) {
    (void)state;
    struct batch batch = sample();
    static uint8_t region[65536];
    enum err err = ERR_MEMORY;
    for (size_t size = 512; err == ERR_MEMORY; size += 512) {
        struct arena small;
        assert_true(size <= sizeof(region));
        arena_open_region(&small, region, size);
        bytes encoded;
        struct batch decoded;
        err = batch_encode(&encoded, &small, &batch);
        if (err == ERR_OK) err = batch_decode(&decoded, &small, encoded);
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
        cmocka_unit_test(hashes_match_viem),
        cmocka_unit_test(batch_decodes_to_itself),
        cmocka_unit_test(mutated_batches_are_other_batches),
        cmocka_unit_test(encoding_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
