/* Tests of the encodings and hashes of actions, entries and batches. Expected hashes were made from
 * the same values with viem 2.54.6 (encodeAbiParameters, encodeFunctionData, keccak256) and, where
 * something is packed, by its twin in JavaScript, tests/contracts/lib/packed.mjs. */
#include "batch/batch.h"

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
static struct transition chained[6];
static struct entry entries[8];
static struct update updates[1];
static uint8_t l2tx_data[160];
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
    /* In a chain: each begins where the one before it led. */
    hash32 at = fill_hash(2);
    struct action calls_on = {
        .kind = ACTION_CALL,
        .target = fill_address(0xa7),
        .source_rollup_id = 1,
        .source = fill_address(0xb1),
        .gas = 123456,
        .data = {CALLDATA, 3},
    };
    struct action answer = {
        .kind = ACTION_RESULT, .rollup_id = 1, .gas = 53248, .failed = true, .data = {SEVEN, 5}};
    struct action undone = {.kind = ACTION_REVERT, .rollup_id = 1, .data = {SEVEN, 32}};
    struct action goes_on = {
        .kind = ACTION_REVERT_CONTINUE, .rollup_id = 1, .data = {l2tx_data, 64}};
    struct action done = {.kind = ACTION_RESULT, .rollup_id = 1};
    struct action l2tx = {.kind = ACTION_L2TX, .rollup_id = 1, .data = {l2tx_data, 160}};
    struct action foreign = call_action();
    foreign.source_rollup_id = 77;
    foreign.is_static = true;
    const struct {
        struct action input;
        struct action out;
    } steps[6] = {
        {l2tx, done},
        {call_action(), calls_on}, /* own, derived */
        {answer, calls_on},        /* derived */
        {answer, undone},
        {goes_on, done},
        {foreign, done},
    };
    for (size_t i = 0; i < 6; i++) {
        struct entry *e = &entries[2 + i];
        chained[i] = (struct transition){1, at, fill_hash((uint8_t)(0x10 + i)), i == 0, {{0}}};
        *e = (struct entry){
            .input = steps[i].input,
            .transitions = &chained[i],
            .transition_count = 1,
            .out = steps[i].out,
        };
        if (e->out.kind == ACTION_CALL) {
            static const hash32 no_trace = {{0}};
            hash32 input;
            hash32 out;
            assert_int_equal(action_hash(&input, &arena, &e->input), ERR_OK);
            assert_int_equal(action_hash(&out, &arena, &e->out), ERR_OK);
            chained[i].post = entry_suspended_head(&at, &input, &no_trace, &out);
        }
        at = chained[i].post;
    }
    chained[5].post = chained[5].pre;
    chained[5].ether_delta_wei = FIVE_ETHER;
    slots[0] = fill_hash(0xaa);
    updates[0] = (struct update){
        .rollup_id = 1,
        .payload = {(const uint8_t *)"\xc0\xff\xee", 3},
        .anchor_number = 7,
        .message_slots = slots,
        .message_slot_count = 1,
        .timestamp = 1700000000,
    };
    struct update_context context = {.anchor_hash = fill_hash(0xab)};
    struct action of_update;
    assert_int_equal(update_action(&of_update, &arena, &updates[0], &context), ERR_OK);
    memcpy(l2tx_data, of_update.data.data, sizeof(l2tx_data));
    return (struct batch){updates, 1, entries, 8};
}

static void hashes_match_javascript(void **state) {
    (void)state;
    struct batch batch = sample();
    hash32 hash;
    assert_int_equal(action_hash(&hash, &arena, &entries[0].input), ERR_OK);
    assert_hash(&hash, "114f91056dfe440a0259a746b213c39da0a0e29b150b47eb7a34f2cfb7b233f1");
    assert_int_equal(entry_trace_hash(&hash, &arena, trace, 2), ERR_OK);
    assert_hash(&hash, "0b08a3adb7a30d6833cbf978c4a8cd4459ba3deea0f059c0e23e8607041614e3");
    static const char *const ENTRY_HASHES[8] = {
        "043600996f4dcd6496087dcdd9288f752ebf73dfe719587d89caa9bd9d6f461c",
        "e8626fb8aba7a33ad87b087503d8cf948abf3ed7ca9b7931677d06fc9794ba2e",
        "06ea65038c4a8ba2c6409bd9f2560911319f824329208e56295bfcce7e5d67e9",
        "067f605bd82362baac7ee5b0dfee1f605173b080eb48416d8392b52ebb054dbd",
        "d5246675b318e644870b443c73dfd1cffcd691e2329f4733d22f1f39fe6ebe04",
        "3aa95d20d93d02cbc807a6fb1949df85c323f32a17c156951a8f35f85eb65498",
        "9b618065673d1b30dff3244f1bda497a6c164356cdb79c7abdefa811ba98aeda",
        "542efeb94e6dca9753d53f5b40f8ea23f369f925f2d5f7671b7d803dee554f32",
    };
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(entry_hash(&hash, &arena, &entries[i]), ERR_OK);
        assert_hash(&hash, ENTRY_HASHES[i]);
    }
    bytes encoded;
    bytes packed;
    assert_int_equal(batch_encode(&packed, &arena, &batch), ERR_OK);
    hash = keccak256(packed);
    assert_hash(&hash, "c5ede53a9990494f7938760e51a165a9cba1b912b449c081eff5d120e7d5938f");

    uint64_t ids[2] = {1, 2};
    struct batch_proof proof = {fill_address(0xdd), ids, 2, {(const uint8_t *)"\x12\x34", 2}};
    assert_int_equal(batch_post_calldata(&encoded, &arena, &batch, &proof, 1, false), ERR_OK);
    hash = keccak256(encoded);
    assert_hash(&hash, "537c4dd230bce151698815e37e75a60f0567ab4427f271eb42a427a93b7167b3");

    struct update_context context = {.anchor_hash = fill_hash(0xab)};
    struct action l2tx;
    assert_int_equal(update_action(&l2tx, &arena, &updates[0], &context), ERR_OK);
    assert_int_equal(action_hash(&hash, &arena, &l2tx), ERR_OK);
    assert_hash(&hash, "8d7a83bd2ace96fd8a8a0d6ab0fb6d2b49b8bc6c5788de4d16ce9a0fc9dd9090");
    hash32 public_input;
    address hub = fill_address(0x0b);
    assert_int_equal(
        batch_public_input(&public_input, &arena, packed, &context, 1, 31337, &hub), ERR_OK
    );
    assert_hash(&public_input, "608e6bf3af3b58101f4452528cb7e30ddeed50feef418eda2a04db73420f8145");
    hash32 vkey = fill_hash(0xee);
    assert_int_equal(
        batch_statement_digest(&hash, &arena, &proof.system, &vkey, ids, 2, &public_input), ERR_OK
    );
    assert_hash(&hash, "0983aa94c5ff0be8b342ff3791f9e5edd617fe0d56b0d1ea328f241ab93c43fb");
}

static void batch_decodes_to_itself(void **state) {
    (void)state;
    struct batch batch = sample();
    struct batch decoded;
    bytes encoded;
    bytes again;
    assert_int_equal(batch_encode(&encoded, &arena, &batch), ERR_OK);
    assert_int_equal(batch_decode(&decoded, &arena, encoded), ERR_OK);
    assert_int_equal(decoded.entry_count, 8);
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
    static uint8_t region[131072];
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
        cmocka_unit_test(hashes_match_javascript),
        cmocka_unit_test(batch_decodes_to_itself),
        cmocka_unit_test(mutated_batches_are_other_batches),
        cmocka_unit_test(encoding_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
