/* eth_simulateV1, testing_buildBlockV1, eth_config and overrides, as far as they are protocol: what
 * is refused before a chain is asked, and how answers are written. What a chain makes of them,
 * tests/simulate.test.mjs says. */
#include "rpc/test_ask.h"

#define BEGIN(method) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":"

static void assert_contains(const char *answer, const char *part) {
    if (strstr(answer, part) == NULL) fail_msg("%s\n is not in %s", part, answer);
}

static void test_simulations_refused(void **state) {
    struct fixture *f = *state;
    static const char method[] = "eth_simulateV1";
    expect_error(f, method, "[]", -32602, "missing value for required argument 0");
    expect_error(f, method, "[1]", -32602, "invalid argument 0: not an object");
    expect_error(f, method, "[{}]", -32602, "empty input");
    expect_error(f, method, "[{\"blockStateCalls\":[]}]", -32602, "empty input");
    expect_error(
        f,
        method,
        "[{\"blockStateCalls\":[{\"calls\":[{\"to\":1}]}]}]",
        -32602,
        "invalid argument 0: to: not a string"
    );
    expect_error(
        f,
        method,
        "[{\"blockStateCalls\":[{\"stateOverrides\":{\"0x1\":{}}}]}]",
        -32602,
        "invalid argument 0: account: hex string of odd length"
    );
    expect_error(
        f,
        method,
        "[{\"blockStateCalls\":[{\"blockOverrides\":{\"beaconRoot\":\"0x1\"}}]}]",
        -32602,
        "invalid argument 0: beaconRoot: hex string of odd length"
    );
}

static void test_simulations(void **state) {
    struct fixture *f = *state;
    const char *answer =
        ask(f,
            BEGIN("eth_simulateV1") "[{\"blockStateCalls\":[{\"calls\":[{},{\"input\":\"0xab\"}],"
                                    "\"blockOverrides\":{\"withdrawals\":[{\"index\":\"0x5\","
                                    "\"amount\":\"0x6\"}]}}]}]}");
    assert_contains(
        answer,
        "\"calls\":[{\"returnData\":\"0x\",\"logs\":[],\"gasUsed\":\"0x0\",\"maxUsedGas\":\"0x0\","
        "\"status\":\"0x1\"},"
    );
    assert_contains(
        answer,
        "\"status\":\"0x0\",\"error\":{\"message\":\"execution reverted\",\"code\":3,"
        "\"data\":\"0xab\"}}]"
    );
    assert_contains(answer, "\"withdrawals\":[{\"index\":\"0x5\",\"validatorIndex\":\"0x0\",");
}

/* Of several overrides of one account, or one slot, the last holds; they come sorted. */
static void test_override_order(void **state) {
    struct fixture *f = *state;
    (void)ask(
        f,
        BEGIN("eth_call") "[{},\"latest\",{"
                          "\"0x0000000000000000000000000000000000000035\":{\"nonce\":\"0x1\"}," WHO
                          ":{\"nonce\":\"0x2\"}," WHO ":{\"balance\":\"0x3\",\"stateDiff\":{"
                          "\"0x2\":\"0x5\",\"0x1\":\"0x6\",\"0x02\":\"0x7\"}}}]}"
    );
    const struct rpc_simulation *last = &f->fake.last_simulation;
    assert_int_equal(last->account_count, 2);
    assert_int_equal(last->accounts[0].account.b[19], 0x33);
    assert_false(last->accounts[0].has_nonce);
    assert_true(last->accounts[0].has_balance);
    assert_int_equal(last->accounts[0].slot_count, 2);
    assert_int_equal(last->accounts[0].slots[0].key.b[31], 1);
    assert_int_equal(last->accounts[0].slots[1].value.b[31], 7);
    assert_int_equal(last->accounts[1].account.b[19], 0x35);
    assert_int_equal(last->accounts[1].nonce, 1);
}

static void test_built_blocks(void **state) {
    struct fixture *f = *state;
    static const char method[] = "testing_buildBlockV1";
    expect_error(f, method, "[]", -32602, "missing value for required argument 0");
    expect_error(f, method, "[" HASH1 ",{},[]]", -32602, "invalid argument 1: timestamp: missing");
    expect_error(f, method, "[" HASH1 ",[],[]]", -32602, "invalid argument 1: not an object");
    const char *answer =
        ask(f,
            BEGIN("testing_buildBlockV1") "[" HASH1 ",{\"timestamp\":\"0x1\",\"prevRandao\":" HASH1
                                          ",\"suggestedFeeRecipient\":" WHO
                                          ",\"withdrawals\":[]},[]]}");
    assert_contains(
        answer,
        "\"blobsBundle\":{\"commitments\":[],\"proofs\":[],\"blobs\":[]},"
        "\"executionRequests\":[\"0x0102\"],\"shouldOverrideBuilder\":false"
    );
}

static void test_config(void **state) {
    struct fixture *f = *state;
    const char *answer = ask(f, BEGIN("eth_config") "[]}");
    assert_contains(
        answer,
        "{\"current\":{\"activationTime\":0,\"blobSchedule\":{\"target\":6,\"max\":9,"
        "\"baseFeeUpdateFraction\":5007716},\"chainId\":\"0x539\",\"forkId\":\"0x"
    );
    assert_contains(answer, "\"next\":null,\"last\":null}");
    /* A fork to come is told of; it is the last one, too. */
    f->fake.schedule.activation[FORK_OSAKA] = 1000;
    answer = ask(f, BEGIN("eth_config") "[]}");
    const char *next = strstr(answer, "\"next\":{\"activationTime\":1000,");
    assert_non_null(next);
    assert_contains(next, "\"P256VERIFY\"");
    assert_contains(next, "\"last\":{\"activationTime\":1000,");
}

/* Mainnet, whose fork ids everybody knows. Producer: go-ethereum's tests of core/forkid. */
static void test_fork_id(void **state) {
    struct fixture *f = *state;
    static const uint8_t genesis[32] = {0xd4, 0xe5, 0x67, 0x40, 0xf8, 0x76, 0xae, 0xf8,
                                        0xc0, 0x10, 0xb8, 0x6a, 0x40, 0xd5, 0xf5, 0x67,
                                        0x45, 0xa1, 0x18, 0xd0, 0x90, 0x6a, 0x34, 0xe6,
                                        0x9a, 0xec, 0x8c, 0x0d, 0xb1, 0xcb, 0x8f, 0xa3};
    memcpy(f->fake.hashes[0].b, genesis, sizeof(genesis));
    forks_mainnet(&f->fake.schedule);
    f->fake.headers[3].timestamp = f->fake.schedule.activation[FORK_SHANGHAI];
    assert_contains(ask(f, BEGIN("eth_config") "[]}"), "\"forkId\":\"0xdce96c2d\"");
    f->fake.headers[3].timestamp = f->fake.schedule.activation[FORK_CANCUN];
    assert_contains(ask(f, BEGIN("eth_config") "[]}"), "\"forkId\":\"0x9f3d2254\"");
    f->fake.headers[3].timestamp = f->fake.schedule.activation[FORK_PRAGUE];
    assert_contains(ask(f, BEGIN("eth_config") "[]}"), "\"forkId\":\"0xc376cf8b\"");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_simulations_refused),
        TEST(test_simulations),
        TEST(test_override_order),
        TEST(test_built_blocks),
        TEST(test_config),
        TEST(test_fork_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
