/* Tests of chain/receipt.c. */
#include "chain/receipt.h"

#include "core/hex.h"
#include "crypto/keccak.h"
#include "state/account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_open(&arena, 16 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static const struct log LOGS[] = {
    {
        .address = {{0x11}},
        .topics = {{{1}}, {{2}}},
        .topic_count = 2,
        .data = {(const uint8_t *)"data", 4},
    },
    {.address = {{0x22}}},
};

static struct receipt example(enum tx_type type, size_t log_count) {
    struct receipt receipt = {
        .type = type,
        .is_success = true,
        .cumulative_gas_used = 123456,
        .logs = LOGS,
        .log_count = log_count,
    };
    bloom_add_logs(&receipt.bloom, LOGS, log_count);
    return receipt;
}

/* Encodes, decodes, encodes again; the two must be equal. */
static bytes round_trip(const struct receipt *receipt, struct receipt *decoded) {
    bytes encoding;
    bytes again;
    assert_int_equal(receipt_encode(&encoding, &arena, receipt), ERR_OK);
    assert_int_equal(receipt_decode(decoded, &arena, encoding), ERR_OK);
    assert_int_equal(receipt_encode(&again, &arena, decoded), ERR_OK);
    assert_true(bytes_equal(encoding, again));
    return encoding;
}

static void receipts_survive_a_round_trip(void **state) {
    (void)state;
    static const enum tx_type types[] = {
        TX_LEGACY,
        TX_ACCESS_LIST,
        TX_DYNAMIC_FEE,
        TX_BLOB,
        TX_SET_CODE,
        TX_CONDITIONAL,
        TX_DEPOSIT};
    struct receipt decoded;
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        for (size_t count = 0; count <= 2; count++) {
            struct receipt receipt = example(types[t], count);
            round_trip(&receipt, &decoded);
            assert_int_equal(decoded.type, types[t]);
            assert_int_equal(decoded.log_count, count);
            assert_true(decoded.is_success);
            receipt.is_success = false;
            round_trip(&receipt, &decoded);
            assert_false(decoded.is_success);
        }
    }
    struct receipt receipt = example(TX_LEGACY, 1);
    receipt.has_root = true;
    receipt.root.b[5] = 7;
    round_trip(&receipt, &decoded);
    assert_true(decoded.has_root);
    assert_true(hash32_equal(&receipt.root, &decoded.root));
    receipt = example(TX_DEPOSIT, 1);
    receipt.has_deposit_nonce = true;
    receipt.deposit_nonce = 77;
    round_trip(&receipt, &decoded);
    assert_int_equal(decoded.deposit_nonce, 77);
}

static void no_cut_or_changed_receipt_decodes_to_something_else(void **state) {
    (void)state;
    struct receipt receipt = example(TX_DYNAMIC_FEE, 2);
    struct receipt decoded;
    bytes encoding = round_trip(&receipt, &decoded);
    for (size_t size = 0; size < encoding.size; size++)
        assert_int_equal(
            receipt_decode(&decoded, &arena, bytes_of(encoding.data, size)), ERR_INPUT
        );
    receipt.bloom.b[17] ^= 1; /* the bloom must follow from the logs */
    bytes wrong;
    assert_int_equal(receipt_encode(&wrong, &arena, &receipt), ERR_OK);
    assert_int_equal(receipt_decode(&decoded, &arena, wrong), ERR_INPUT);
    receipt = example(TX_LEGACY, 0);
    receipt.has_deposit_nonce = true; /* only deposits have one */
    assert_int_equal(receipt_encode(&wrong, &arena, &receipt), ERR_OK);
    assert_int_equal(receipt_decode(&decoded, &arena, wrong), ERR_INPUT);
}

/* The bits that keccak256("testtest") sets: go-ethereum's bloom9_test.go inserts and looks up such
 * strings; the bit numbers here are computed from the definition. */
static void a_bloom_holds_what_was_added(void **state) {
    (void)state;
    static const char *const in[] = {"testtest", "test", "hallo", "other"};
    static const char *const out[] = {"tes", "lo"};
    struct bloom bloom = {{0}};
    for (size_t i = 0; i < 4; i++)
        bloom_add(&bloom, bytes_of(in[i], strlen(in[i])));
    for (size_t i = 0; i < 4; i++)
        assert_true(bloom_may_contain(&bloom, bytes_of(in[i], strlen(in[i]))));
    for (size_t i = 0; i < 2; i++)
        assert_false(bloom_may_contain(&bloom, bytes_of(out[i], strlen(out[i]))));
    hash32 hash = keccak256(bytes_of("test", 4));
    for (size_t i = 0; i < 6; i += 2) {
        unsigned bit = ((unsigned)hash.b[i] << 8 | hash.b[i + 1]) % 2048;
        assert_true((bloom.b[255 - bit / 8] >> bit % 8 & 1) == 1);
    }
}

static hash32 hash_of(const char *text) {
    hash32 hash;
    assert_int_equal(hex_decode_exact(hash.b, 32, text, strlen(text)), ERR_OK);
    return hash;
}

static void roots_of_empty_lists(void **state) {
    (void)state;
    hash32 root;
    assert_int_equal(receipts_root(&root, &arena, NULL, 0), ERR_OK);
    assert_true(hash32_equal(&root, &EMPTY_TRIE_ROOT));
    assert_int_equal(withdrawals_root(&root, &arena, NULL, 0), ERR_OK);
    assert_true(hash32_equal(&root, &EMPTY_TRIE_ROOT));
    /* SHA-256 of nothing (FIPS 180-4): EIP-7685's hash of no requests. */
    hash32 expected = hash_of("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    root = requests_hash(NULL, 0);
    assert_true(hash32_equal(&root, &expected));
    bytes type_only = bytes_of("\x00", 1); /* a type without requests does not count */
    root = requests_hash(&type_only, 1);
    assert_true(hash32_equal(&root, &expected));
    bytes deposit = bytes_of("\x00\x01", 2);
    root = requests_hash(&deposit, 1);
    assert_false(hash32_equal(&root, &expected));
}

static void logs_hash_of_no_logs(void **state) {
    (void)state;
    hash32 hash;
    assert_int_equal(logs_hash(&hash, &arena, NULL, 0), ERR_OK);
    hash32 expected = keccak256(bytes_of("\xc0", 1));
    assert_true(hash32_equal(&hash, &expected));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(receipts_survive_a_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(
            no_cut_or_changed_receipt_decodes_to_something_else, setup, teardown
        ),
        cmocka_unit_test(a_bloom_holds_what_was_added),
        cmocka_unit_test_setup_teardown(roots_of_empty_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(logs_hash_of_no_logs, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
