/* Tests of chain/header.c. */
#include "chain/header.h"

#include "core/rlp.h"
#include "crypto/keccak.h"

#include "chain/test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_open(&arena, 256 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct fork_rules rules_of(enum fork fork) {
    struct fork_schedule schedule;
    forks_development(&schedule, 1, fork);
    return forks_at(&schedule, 1, 1);
}

static struct header example(enum header_fields fields) {
    struct header h = {
        .fields = fields,
        .ommers_hash = EMPTY_LIST_HASH,
        .number = 100,
        .gas_limit = 30000000,
        .gas_used = 1234567,
        .timestamp = 1700000000,
        .extra_data_size = 3,
        .extra_data = {1, 2, 3},
    };
    if (fields < HEADER_WITHDRAWALS) h.difficulty = u256_from_u64(0xfffffffffff);
    if (fields >= HEADER_BASE_FEE) h.base_fee_per_gas = u256_from_u64(1000000000);
    if (fields >= HEADER_WITHDRAWALS) h.withdrawals_root.b[0] = 1;
    if (fields >= HEADER_BLOB_GAS) h.blob_gas_used = BLOB_GAS_PER_BLOB;
    if (fields >= HEADER_REQUESTS_HASH) h.requests_hash.b[31] = 9;
    return h;
}

static void empty_list_hash_is_the_hash_of_an_empty_list(void **state) {
    (void)state;
    hash32 hash = keccak256(bytes_of("\xc0", 1));
    assert_true(hash32_equal(&hash, &EMPTY_LIST_HASH));
}

static void headers_of_every_age_survive_a_round_trip(void **state) {
    (void)state;
    for (int f = HEADER_FRONTIER; f <= HEADER_REQUESTS_HASH; f++) {
        struct header h = example((enum header_fields)f);
        bytes encoding;
        bytes again;
        assert_int_equal(header_encode(&encoding, &arena, &h), ERR_OK);
        struct header decoded;
        assert_int_equal(header_decode(&decoded, encoding), BLOCK_OK);
        assert_int_equal(decoded.fields, f);
        assert_int_equal(header_encode(&again, &arena, &decoded), ERR_OK);
        assert_true(bytes_equal(encoding, again));
        hash32 hash = header_hash(&h);
        hash32 expected = keccak256(encoding);
        assert_true(hash32_equal(&hash, &expected));
        for (size_t size = 0; size < encoding.size; size++)
            assert_int_not_equal(header_decode(&decoded, bytes_of(encoding.data, size)), BLOCK_OK);
    }
}

static void wide_fields_are_refused_by_name(void **state) {
    (void)state;
    struct header h = example(HEADER_BASE_FEE);
    bytes encoding;
    assert_int_equal(header_encode(&encoding, &arena, &h), ERR_OK);
    struct rlp outer = rlp_open(encoding);
    struct rlp fields;
    assert_int_equal(rlp_read_list(&outer, &fields), ERR_OK);
    for (size_t wide = 8; wide <= 12; wide++) { /* number … timestamp, extra data */
        struct rlp_writer w;
        rlp_writer_open(&w, &arena);
        rlp_list_begin(&w);
        struct rlp rest = fields;
        for (size_t i = 0; !rlp_done(&rest); i++) {
            bytes item;
            bool is_list;
            assert_int_equal(rlp_read_item(&rest, &item, &is_list), ERR_OK);
            static const uint8_t ones[33] = {1};
            if (i == wide) {
                rlp_write_string(&w, bytes_of(ones, wide == 12 ? 33 : 9));
            } else {
                rlp_write_raw(&w, item);
            }
        }
        rlp_list_end(&w);
        bytes wider;
        assert_int_equal(rlp_finish(&w, &wider), ERR_OK);
        struct header decoded;
        assert_int_equal(
            header_decode(&decoded, wider),
            wide == 12 ? BLOCK_EXTRA_DATA_SIZE : BLOCK_FIELD_OVERFLOW
        );
    }
}

/* --- fees ------------------------------------------------------------------------------------- */

static void base_fee_follows_gas_used(void **state) {
    (void)state;
    struct header parent = example(HEADER_BASE_FEE);
    parent.gas_limit = 20000000;
    static const struct {
        uint64_t gas_used;
        uint64_t expected;
    } cases[] = {
        /* The cases of go-ethereum's TestCalcBaseFee, at a base fee of 1 gwei. */
        {10000000, 1000000000},
        {9000000, 987500000},
        {11000000, 1012500000},
        {0, 875000000},
        {20000000, 1125000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parent.gas_used = cases[i].gas_used;
        u256 fee = header_next_base_fee(&parent);
        assert_int_equal(fee.w[0], cases[i].expected);
    }
    parent.base_fee_per_gas = u256_from_u64(7); /* a rise is 1 wei at least */
    parent.gas_used = 10000001;
    u256 fee = header_next_base_fee(&parent);
    assert_int_equal(fee.w[0], 8);
    parent = example(HEADER_FRONTIER);
    fee = header_next_base_fee(&parent);
    assert_int_equal(fee.w[0], 1000000000);
}

static void blob_base_fee_is_exponential(void **state) {
    (void)state;
    struct blob_parameters cancun = {3, 6, 3338477};
    static const struct {
        uint64_t excess;
        uint64_t expected;
    } cases[] = {
        /* go-ethereum, TestCalcBlobFee. */
        {0, 1},
        {2314057, 1},
        {2314058, 2},
        {10 * 1024 * 1024, 23},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        u256 fee = blob_base_fee(cases[i].excess, &cancun);
        assert_true(u256_fits_u64(&fee));
        assert_int_equal(fee.w[0], cases[i].expected);
    }
    u256 most = blob_base_fee(UINT64_MAX, &cancun);
    assert_true(u256_equal(&most, &U256_MAX));
}

static void excess_blob_gas_counts_above_the_target(void **state) {
    (void)state;
    struct fork_rules cancun = rules_of(FORK_CANCUN);
    struct header parent = example(HEADER_BLOB_GAS);
    parent.blob_gas_used = 3 * BLOB_GAS_PER_BLOB;
    parent.excess_blob_gas = 0;
    assert_int_equal(header_next_excess_blob_gas(&parent, &cancun), 0);
    parent.blob_gas_used = 4 * BLOB_GAS_PER_BLOB;
    assert_int_equal(header_next_excess_blob_gas(&parent, &cancun), BLOB_GAS_PER_BLOB);
    parent.blob_gas_used = 0;
    parent.excess_blob_gas = 3 * BLOB_GAS_PER_BLOB - 1;
    assert_int_equal(header_next_excess_blob_gas(&parent, &cancun), 0);
    parent = example(HEADER_WITHDRAWALS); /* the first block of Cancun */
    assert_int_equal(header_next_excess_blob_gas(&parent, &cancun), 0);
    /* EIP-7918: while execution gas is dear, excess grows with use above a third only. */
    struct fork_rules osaka = rules_of(FORK_OSAKA);
    parent = example(HEADER_REQUESTS_HASH);
    parent.base_fee_per_gas = u256_from_u64(17); /* 8192 * 17 > 131072 * 1 */
    parent.blob_gas_used = 9 * BLOB_GAS_PER_BLOB;
    parent.excess_blob_gas = 0;
    assert_int_equal(header_next_excess_blob_gas(&parent, &osaka), 3 * BLOB_GAS_PER_BLOB);
    parent.blob_gas_used = 6 * BLOB_GAS_PER_BLOB;
    assert_int_equal(header_next_excess_blob_gas(&parent, &osaka), 2 * BLOB_GAS_PER_BLOB);
    parent.base_fee_per_gas = u256_from_u64(16);
    assert_int_equal(header_next_excess_blob_gas(&parent, &osaka), 0);
}

/* --- validity --------------------------------------------------------------------------------- */

static struct header child_of(const struct header *parent, const struct fork_rules *rules) {
    struct header h = example(header_fields_of(rules->fork));
    h.number = parent->number + 1;
    h.timestamp = parent->timestamp + 12;
    h.gas_limit = parent->gas_limit;
    h.difficulty = header_difficulty(parent, h.timestamp, rules);
    h.base_fee_per_gas = header_next_base_fee(parent);
    h.excess_blob_gas = header_next_excess_blob_gas(parent, rules);
    return h;
}

static void a_bad_header_is_refused_by_name(void **state) {
    (void)state;
    struct fork_rules rules = rules_of(FORK_PRAGUE);
    struct header parent = example(HEADER_REQUESTS_HASH);
    struct header good = child_of(&parent, &rules);
    assert_int_equal(header_check(&good, &parent, &rules), BLOCK_OK);
    struct header bad = good;
    bad.number++;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_NUMBER);
    bad = good;
    bad.timestamp = parent.timestamp;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_TIMESTAMP);
    bad = good;
    bad.gas_limit += bad.gas_limit / 1024;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_GAS_LIMIT);
    bad.gas_limit--;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_OK);
    bad = good;
    bad.gas_used = bad.gas_limit + 1;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_GAS_USED_OVERFLOW);
    bad = good;
    bad.gas_limit = UINT64_MAX;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_GAS_LIMIT_MAX);
    bad = good;
    bad.base_fee_per_gas = u256_add(&bad.base_fee_per_gas, &U256_ONE);
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_BASE_FEE);
    bad = good;
    bad.difficulty = U256_ONE;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_MERGED);
    bad = good;
    bad.nonce[7] = 1;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_NONCE);
    bad = good;
    bad.ommers_hash.b[0] ^= 1;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_OMMERS_UNEXPECTED);
    bad = good;
    bad.excess_blob_gas += BLOB_GAS_PER_BLOB;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_EXCESS_BLOB_GAS);
    bad = good;
    bad.blob_gas_used = 10 * BLOB_GAS_PER_BLOB;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_BLOB_GAS_LIMIT);
    bad = good;
    bad.fields = HEADER_BLOB_GAS;
    assert_int_equal(header_check(&bad, &parent, &rules), BLOCK_FORMAT);
}

/* --- vectors ---------------------------------------------------------------------------------- */

struct tally {
    size_t passed;
    size_t failed;
};

/* Hexadecimal or, in one file, decimal digits. */
static u256 vector_number(const cJSON *test, const char *name) {
    const char *text = fixture_text(test, name);
    u256 value;
    if (text[0] == '0' && text[1] == 'x') return fixture_number(test, name);
    assert_int_equal(u256_from_decimal(&value, text, strlen(text)), 0);
    return value;
}

static void
run_difficulty(const cJSON *test, const struct fork_schedule *schedule, struct tally *tally) {
    struct header parent = example(HEADER_FRONTIER);
    uint64_t number = vector_number(test, "currentBlockNumber").w[0];
    uint64_t timestamp = vector_number(test, "currentTimestamp").w[0];
    parent.number = number - 1;
    parent.timestamp = vector_number(test, "parentTimestamp").w[0];
    parent.difficulty = vector_number(test, "parentDifficulty");
    /* A flag, or the hash itself; the oldest files say nothing: no ommers. */
    const char *ommers = fixture_text(test, "parentUncles");
    if (ommers != NULL && strlen(ommers) == 66)
        parent.ommers_hash = fixture_hash(test, "parentUncles");
    else if (ommers != NULL && strcmp(ommers, "0x00") != 0 && strcmp(ommers, "0x0") != 0)
        parent.ommers_hash.b[0] ^= 1;
    struct fork_rules rules = schedule->has_terminal_total_difficulty
                                  ? forks_at_difficulty(schedule, number, timestamp, &U256_ZERO)
                                  : forks_at(schedule, number, timestamp);
    u256 difficulty = header_difficulty(&parent, timestamp, &rules);
    u256 expected = vector_number(test, "currentDifficulty");
    if (u256_equal(&difficulty, &expected)) {
        tally->passed++;
    } else {
        tally->failed++;
        print_error("%s\n", test->string);
    }
}

static void run_difficulty_file(const char *path, void *context) {
    cJSON *json = fixture_json(path);
    const cJSON *network;
    cJSON_ArrayForEach(network, json->child) {
        struct fork_schedule schedule;
        if (strcmp(network->string, "_info") == 0) continue;
        assert_int_equal(forks_preset(&schedule, network->string), ERR_OK);
        const cJSON *test;
        cJSON_ArrayForEach(test, network) run_difficulty(test, &schedule, context);
    }
    cJSON_Delete(json);
}

/* The older files have one network each. */
static void basic_difficulty_tests_pass(void **state) {
    (void)state;
    struct fork_schedule homestead;
    struct fork_schedule mainnet;
    struct fork_schedule ropsten;
    assert_int_equal(forks_preset(&homestead, "Homestead"), ERR_OK);
    forks_mainnet(&mainnet);
    ropsten = homestead;
    ropsten.activation[FORK_BYZANTIUM] = 1700000;
    ropsten.activation[FORK_CONSTANTINOPLE] = 4230000;
    ropsten.bombs[0] = (struct bomb_activation){1700000, 3000000};
    ropsten.bombs[1] = (struct bomb_activation){4230000, 5000000};
    ropsten.bomb_count = 2;
    const struct {
        const char *file;
        const struct fork_schedule *schedule;
        size_t count;
    } files[] = {
        {"difficulty", &mainnet, 14},
        {"difficultyCustomHomestead", &homestead, 120},
        {"difficultyCustomMainNetwork", &mainnet, 360},
        {"difficultyMainNetwork", &mainnet, 2254},
        {"difficultyRopsten", &ropsten, 2254},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[128];
        struct tally tally = {0, 0};
        snprintf(name, sizeof name, "trie-rlp-tx/ethereum-tests/BasicTests/%s.json", files[i].file);
        const char *path = fixture_path(name);
        if (path == NULL) skip();
        cJSON *json = fixture_json(path);
        const cJSON *test;
        cJSON_ArrayForEach(test, json) run_difficulty(test, files[i].schedule, &tally);
        cJSON_Delete(json);
        print_message("%s: %zu passed, %zu failed\n", files[i].file, tally.passed, tally.failed);
        assert_int_equal(tally.failed, 0);
        assert_int_equal(tally.passed, files[i].count);
    }
}

static void ethereum_difficulty_tests_pass(void **state) {
    (void)state;
    const char *path = fixture_path("trie-rlp-tx/ethereum-tests/DifficultyTests");
    if (path == NULL) skip();
    struct tally tally = {0, 0};
    size_t file_count = fixture_visit(path, run_difficulty_file, &tally);
    print_message("%zu files: %zu passed, %zu failed\n", file_count, tally.passed, tally.failed);
    assert_int_equal(file_count, 17);
    assert_int_equal(tally.failed, 0);
}

static void run_genesis_headers(const char *path, void *context) {
    struct tally *tally = context;
    cJSON *json = fixture_json(path);
    const cJSON *test;
    cJSON_ArrayForEach(test, json) {
        const char *text = fixture_text(test, "genesisRLP");
        if (text == NULL) continue;
        struct arena_mark mark = arena_mark(&arena);
        struct rlp block;
        struct rlp outer = rlp_open(fixture_hex(&arena, text));
        bytes encoding;
        bytes again;
        bool is_list;
        struct header header;
        assert_int_equal(rlp_read_list(&outer, &block), ERR_OK);
        assert_int_equal(rlp_read_item(&block, &encoding, &is_list), ERR_OK);
        assert_int_equal(header_decode(&header, encoding), BLOCK_OK);
        assert_int_equal(header_encode(&again, &arena, &header), ERR_OK);
        assert_true(bytes_equal(encoding, again));
        hash32 hash = header_hash(&header);
        hash32 expected = fixture_hash(cJSON_GetObjectItem(test, "genesisBlockHeader"), "hash");
        assert_true(hash32_equal(&hash, &expected));
        tally->passed++;
        arena_release(&arena, mark);
    }
    cJSON_Delete(json);
}

static void genesis_headers_of_all_forks_hash_right(void **state) {
    (void)state;
    static const char *const folders[] = {
        "pre-berlin/BlockchainTests/ValidBlocks/bcStateTests",
        "blockchain-tests/ethereum-tests/ValidBlocks/bcStateTests",
        "blockchain-tests/eest-v5.4.0/prague/eip7685_general_purpose_el_requests",
        "blockchain-tests/eest-v5.4.0/osaka/eip7918_blob_reserve_price",
        "blockchain-tests/eest-v5.4.0/shanghai/eip4895_withdrawals",
    };
    struct tally tally = {0, 0};
    if (fixture_path("") == NULL) skip();
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        fixture_visit(fixture_path(folders[i]), run_genesis_headers, &tally);
    print_message("%zu genesis headers\n", tally.passed);
    assert_true(tally.passed > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_list_hash_is_the_hash_of_an_empty_list),
        cmocka_unit_test_setup_teardown(headers_of_every_age_survive_a_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(wide_fields_are_refused_by_name, setup, teardown),
        cmocka_unit_test(base_fee_follows_gas_used),
        cmocka_unit_test(blob_base_fee_is_exponential),
        cmocka_unit_test(excess_blob_gas_counts_above_the_target),
        cmocka_unit_test(a_bad_header_is_refused_by_name),
        cmocka_unit_test(ethereum_difficulty_tests_pass),
        cmocka_unit_test(basic_difficulty_tests_pass),
        cmocka_unit_test_setup_teardown(genesis_headers_of_all_forks_hash_right, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
