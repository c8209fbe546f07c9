/* Tests of chain/genesis.c. */
#include "chain/genesis.h"

#include "chain/block.h"
#include "core/rlp.h"
#include "crypto/keccak.h"

#include "chain/test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;
static struct source_memory memory;
static struct state state;

static int setup(void **unused) {
    (void)unused;
    arena_open(&arena, 256 << 20);
    source_memory_open(&memory, &arena, NULL);
    return state_open(&state, &arena, &memory.source, &EMPTY_TRIE_ROOT) != ERR_OK;
}

static int teardown(void **unused) {
    (void)unused;
    arena_close(&arena);
    return 0;
}

static enum err read_genesis(struct genesis *genesis, const char **reason, const char *text) {
    return genesis_from_json(genesis, reason, &arena, text, strlen(text));
}

static char *file_text(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *text = arena_alloc(&arena, *size + 1);
    assert_int_equal(fread(text, 1, *size, file), *size);
    text[*size] = '\0';
    fclose(file);
    return text;
}

/* The genesis files of two test chains, whose first blocks name the hash (hive's chain generator
 * and go-ethereum's cmd/devp2p/internal/ethtest). */
static void hive_genesis_has_the_hash_its_chain_names(void **unused) {
    (void)unused;
    static const char *const folders[] = {"rpc-compat/chain", "geth-vectors/ethtest-chain"};
    if (fixture_path("") == NULL) skip();
    for (size_t i = 0; i < 2; i++) {
        char name[256];
        size_t size;
        struct genesis genesis;
        const char *reason = "";
        snprintf(name, sizeof name, "%s/genesis.json", folders[i]);
        char *text = file_text(fixture_path(name), &size);
        enum err err = genesis_from_json(&genesis, &reason, &arena, text, size);
        if (err != ERR_OK) print_error("%s\n", reason);
        assert_int_equal(err, ERR_OK);
        assert_int_equal(state_open(&state, &arena, &memory.source, &EMPTY_TRIE_ROOT), ERR_OK);
        assert_int_equal(genesis_commit(&genesis, &state, &memory, &arena), ERR_OK);
        hash32 hash = header_hash(&genesis.header);
        snprintf(name, sizeof name, "%s/chain.rlp", folders[i]);
        char *chain = file_text(fixture_path(name), &size);
        struct rlp blocks = rlp_open(bytes_of(chain, size));
        bytes encoding;
        bool is_list;
        struct block block;
        enum block_verdict verdict;
        enum tx_verdict tx_verdict;
        size_t tx_index;
        assert_int_equal(rlp_read_item(&blocks, &encoding, &is_list), ERR_OK);
        assert_int_equal(
            block_decode(&block, &verdict, &tx_verdict, &tx_index, &arena, encoding), ERR_OK
        );
        assert_int_equal(verdict, BLOCK_OK);
        assert_true(hash32_equal(&block.header.parent_hash, &hash));
    }
}

static void schedules_are_read(void **unused) {
    (void)unused;
    static const char text[] =
        "{\"config\":{\"chainId\":7,\"homesteadBlock\":0,\"eip150Block\":0,\"eip155Block\":0,"
        "\"eip158Block\":0,\"byzantiumBlock\":0,\"constantinopleBlock\":0,\"petersburgBlock\":0,"
        "\"istanbulBlock\":0,\"berlinBlock\":0,\"londonBlock\":5,"
        "\"terminalTotalDifficulty\":58750000000000000000000,\"shanghaiTime\":1000,"
        "\"cancunTime\":2000,\"blobSchedule\":{\"cancun\":{\"target\":1,\"max\":2,"
        "\"baseFeeUpdateFraction\":99}}},\"difficulty\":\"0x1\",\"gasLimit\":\"0x1000000\","
        "\"alloc\":{\"0000000000000000000000000000000000000001\":{\"balance\":\"10\"}}}";
    struct genesis genesis;
    const char *reason;
    assert_int_equal(read_genesis(&genesis, &reason, text), ERR_OK);
    assert_int_equal(genesis.schedule.chain_id, 7);
    char digits[U256_DECIMAL_SIZE_MAX];
    u256_to_decimal(digits, &genesis.schedule.terminal_total_difficulty);
    assert_string_equal(digits, "58750000000000000000000");
    u256 zero = U256_ZERO;
    u256 enough = genesis.schedule.terminal_total_difficulty;
    assert_int_equal(forks_at_difficulty(&genesis.schedule, 4, 0, &zero).fork, FORK_BERLIN);
    assert_int_equal(forks_at_difficulty(&genesis.schedule, 5, 0, &zero).fork, FORK_LONDON);
    assert_int_equal(forks_at_difficulty(&genesis.schedule, 6, 9, &enough).fork, FORK_PARIS);
    assert_int_equal(forks_at_difficulty(&genesis.schedule, 6, 2000, &enough).fork, FORK_CANCUN);
    assert_int_equal(forks_at_difficulty(&genesis.schedule, 6, 2000, &enough).blob.max, 2);
    assert_int_equal(genesis.header.fields, HEADER_FRONTIER);
    assert_int_equal(genesis.accounts[0].balance.w[0], 10);
}

static void malformed_files_are_refused_with_a_reason(void **unused) {
    (void)unused;
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"config\":{\"chainId\":-1}}",
        "{\"config\":{\"chainId\":\"x\"}}",
        "{\"config\":{\"londonBlock\":{}}}",
        "{\"config\":{\"cancunTime\":0,\"blobSchedule\":{\"cancun\":{\"target\":7}}}}",
        "{\"config\":{},\"gasLimit\":\"0x10000000000000000\"}",
        "{\"config\":{},\"mixHash\":"
        "\"0x00112233445566778899aabbccddeeff00112233445566778899aabbccdd"
        "eeff00\"}",
        "{\"config\":{},\"extraData\":"
        "\"0x00112233445566778899aabbccddeeff00112233445566778899aabbcc"
        "ddeeff00\"}",
        "{\"config\":{},\"alloc\":{\"0x01\":{\"balance\":\"1\"}}}",
        "{\"config\":{},\"alloc\":{\"0000000000000000000000000000000000000001\":{\"balance\":\"q\"}"
        "}}",
        "{\"config\":{},\"alloc\":{\"0000000000000000000000000000000000000001\":{\"code\":\"0x1\"}}"
        "}",
        "{\"config\":{},\"alloc\":{\"0000000000000000000000000000000000000001\":"
        "{\"storage\":{\"0x1\":5}}}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct genesis genesis;
        const char *reason = NULL;
        assert_int_equal(read_genesis(&genesis, &reason, texts[i]), ERR_INPUT);
        assert_non_null(reason);
    }
}

static void an_account_twice_is_refused(void **unused) {
    (void)unused;
    struct fork_schedule schedule;
    struct genesis genesis;
    struct genesis_account accounts[2] = {{.nonce = 1}, {.nonce = 2}};
    forks_development(&schedule, 1, FORK_OSAKA);
    genesis_from_accounts(&genesis, &schedule, accounts, 2, 30000000, 1);
    assert_int_equal(genesis_commit(&genesis, &state, &memory, &arena), ERR_INPUT);
    accounts[1].address.b[0] = 1;
    assert_int_equal(genesis_commit(&genesis, &state, &memory, &arena), ERR_OK);
}

static void a_development_genesis_has_the_system_contracts(void **unused) {
    (void)unused;
    struct genesis_account accounts[GENESIS_SYSTEM_ACCOUNT_MAX];
    size_t count;
    assert_int_equal(genesis_system_accounts(accounts, &count, &arena, FORK_SHANGHAI), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(genesis_system_accounts(accounts, &count, &arena, FORK_CANCUN), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(genesis_system_accounts(accounts, &count, &arena, FORK_OSAKA), ERR_OK);
    assert_int_equal(count, 4);
    /* Sizes of the runtime codes in the EIPs (4788, 2935, 7002, 7251). */
    static const size_t sizes[] = {97, 83, 504, 414};
    for (size_t i = 0; i < count; i++)
        assert_int_equal(accounts[i].code.size, sizes[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hive_genesis_has_the_hash_its_chain_names, setup, teardown),
        cmocka_unit_test_setup_teardown(schedules_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(malformed_files_are_refused_with_a_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(an_account_twice_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_development_genesis_has_the_system_contracts, setup, teardown
        ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
