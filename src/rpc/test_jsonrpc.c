/* JSON-RPC: envelopes, ids, batches, errors, arguments, waiting. */
#include "rpc/test_ask.h"

/* --- envelopes (dialogues of go-ethereum's rpc/testdata) -------------------------------------- */

static void test_ids(void **state) {
    struct fixture *f = *state;
    static const char *const ids[] = {
        "1",
        "0",
        "-1",
        "1.50",
        "1e3",
        "123456789012345678901234567890",
        "\"\"",
        "\"foo\"",
        "\"a\\n\\u0041\\\"\"",
        "null",
        "true",
        "\"\xc3\xa9\"",
    };
    for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
        char request[256];
        char answer[256];
        (void)snprintf(
            request,
            sizeof(request),
            "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"eth_chainId\"}",
            ids[i]
        );
        (void)snprintf(
            answer, sizeof(answer), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":\"0x539\"}", ids[i]
        );
        expect(f, request, answer);
    }
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"eth_chainId\"}", INVALID("null"));
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"eth_chainId\"}", INVALID("null"));
}

static void test_notifications(void **state) {
    struct fixture *f = *state;
    expect(f, "{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}", "");
    expect(f, "{\"jsonrpc\":\"2.0\",\"method\":\"no_such\"}", "");
    expect(f, "{\"jsonrpc\":\"2.0\",\"method\":\"evm_mine\",\"params\":[]}", "");
    assert_int_equal(f->fake.head, 4);
    expect(f, "[{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}]", "");
    expect(
        f, "[{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}," CALL("7") "]", "[" CHAIN_ID("7") "]"
    );
}

static void test_invalid_requests(void **state) {
    struct fixture *f = *state;
    expect(f, "1", INVALID("null"));
    expect(f, "null", INVALID("null"));
    expect(f, "\"x\"", INVALID("null"));
    expect(f, "{}", INVALID("null"));
    expect(f, "{\"id\":1}", INVALID("1"));
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":1}", INVALID("1"));
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", INVALID("1"));
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", INVALID("1"));
    expect(f, "{\"jsonrpc\":\"2.1\",\"id\":1,\"method\":\"eth_chainId\"}", INVALID("1"));
    expect(f, "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"eth_chainId\"}", INVALID("1"));
    expect(f, "{\"id\":1,\"method\":\"eth_chainId\"}", INVALID("1"));
    expect(f, "{\"method\":\"eth_chainId\"}", INVALID("null"));
    expect(
        f,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":{\"a\":1}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"non-array args\"}}"
    );
    expect(
        f,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":null}",
        CHAIN_ID("1")
    );
    /* Escapes in names and values count for what they stand for. */
    expect(
        f,
        "{\"json\\u0072pc\":\"2\\u002e0\",\"id\":1,\"method\":\"eth_chain\\u0049d\"}",
        CHAIN_ID("1")
    );
    /* Of members that are there twice the last one counts. */
    expect(
        f,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"x\",\"method\":\"eth_chainId\"}",
        CHAIN_ID("2")
    );
}

static void test_malformed(void **state) {
    struct fixture *f = *state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "{\"a\":}",
        "[1,",
        "'f",
        "{\"id\":1]",
        "\x80",
        "[{}",
        "{\"jsonrpc\":\"2.0\" \"id\":1}",
        "nulL"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        static const char start[] = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,"
                                    "\"message\":\"parse error: ";
        const char *got = ask(f, texts[i]);
        if (strncmp(got, start, sizeof(start) - 1) != 0) fail_msg("%s gives %s", texts[i], got);
    }
    char deep[200];
    memset(deep, '[', sizeof(deep));
    assert_non_null(strstr(ask_text(f, deep, sizeof(deep)), "\"code\":-32600,"));
    assert_non_null(strstr(f->out.data, "nested too deeply at byte 64"));
}

static void test_batches(void **state) {
    struct fixture *f = *state;
    expect(
        f,
        "[]",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"empty batch\"}}"
    );
    expect(f, "[1]", "[" INVALID("null") "]");
    expect(f, "[1,[2],3]", "[" INVALID("null") "," INVALID("null") "," INVALID("null") "]");
    expect(
        f,
        "[" CALL("1"
        ) ",55,{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"unknown_method\"},{\"foo\":\"bar\"}]",
        "[" CHAIN_ID("1") "," INVALID("null"
        ) ",{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32601,\"message\":\"the method "
          "unknown_method does not exist/is not available\"}}," INVALID("null") "]"
    );
    expect(
        f, " [ " CALL("\"a\"") " , " CALL("2") " ] ", "[" CHAIN_ID("\"a\"") "," CHAIN_ID("2") "]"
    );
}

static void test_long_batches(void **state) {
    struct fixture *f = *state;
    size_t size = 0;
    char *text = malloc(JSONRPC_BATCH_MAX * 64 + 256);
    assert_non_null(text);
    text[size++] = '[';
    for (unsigned i = 0; i < JSONRPC_BATCH_MAX; i++) {
        static const char call[] = CALL("5") ",";
        memcpy(text + size, call, sizeof(call) - 1);
        size += sizeof(call) - 1;
    }
    text[size - 1] = ']';
    const char *got = ask_text(f, text, size);
    size_t answers = 0;
    for (const char *at = got; (at = strstr(at, "\"result\":\"0x539\"")) != NULL; at++)
        answers++;
    assert_int_equal(answers, JSONRPC_BATCH_MAX);
    /* One more, the first of them a notification: its answer goes to the first id. */
    static const char more[] = "{\"jsonrpc\":\"2.0\",\"method\":\"x\"},";
    memmove(text + sizeof(more), text + 1, size - 1);
    memcpy(text + 1, more, sizeof(more) - 1);
    assert_string_equal(
        ask_text(f, text, size + sizeof(more) - 1),
        "[{\"jsonrpc\":\"2.0\",\"id\":5,\"error\":{\"code\":-32600,\"message\":\"batch too "
        "large\"}}]"
    );
    free(text);
}

static void test_method_names(void **state) {
    struct fixture *f = *state;
    char name[2000];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    char part[400];
    (void)snprintf(
        part,
        sizeof(part),
        "\"error\":{\"code\":-32601,\"message\":\"the method %.100s does not exist/is not "
        "available\"}",
        name
    );
    expect_call(f, name, "[]", part);
    expect_error(
        f, "a\\\"b\\u0000", "[]", -32601, "the method a\\\"b does not exist/is not available"
    );
    /* An operation that the backend does not have. */
    expect_error(
        f,
        "eth_createAccessList",
        "[]",
        -32601,
        "the method eth_createAccessList does not exist/is not available"
    );
    size_t count;
    const struct rpc_method *table = method_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) assert_true(strcmp(table[i - 1].name, table[i].name) < 0);
        assert_ptr_equal(method_find(bytes_of(table[i].name, strlen(table[i].name))), &table[i]);
        assert_null(method_find(bytes_of(table[i].name, strlen(table[i].name) - 1)));
    }
    assert_null(method_find(bytes_of("zzz", 3)));
}

/* --- arguments -------------------------------------------------------------------------------- */

static void test_argument_counts(void **state) {
    struct fixture *f = *state;
    expect_error(f, "eth_getBalance", "[]", -32602, "missing value for required argument 0");
    expect_error(f, "eth_getBalance", "[null]", -32602, "missing value for required argument 0");
    expect_error(
        f, "eth_getStorageAt", "[" WHO "]", -32602, "missing value for required argument 1"
    );
    expect_error(f, "eth_chainId", "[1]", -32602, "too many arguments, want at most 0");
    expect_error(
        f, "eth_getBalance", "[" WHO ",\"latest\",1]", -32602, "too many arguments, want at most 2"
    );
    expect_result(f, "eth_getBalance", "[" WHO ",null]", "\"0x33\"");
}

static void test_wrong_arguments(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *method;
        const char *params;
        const char *text;
    } cases[] = {
        {"eth_getBalance", "[1]", "invalid argument 0: not a string"},
        {"eth_getBalance", "[\"\"]", "invalid argument 0: empty hex string"},
        {"eth_getBalance", "[\"33\"]", "invalid argument 0: hex string without 0x prefix"},
        {"eth_getBalance", "[\"0x333\"]", "invalid argument 0: hex string of odd length"},
        {"eth_getBalance",
         "[\"0x33\"]",
         "invalid argument 0: hex string has the wrong length, want 40 digits"},
        {"eth_getBalance",
         "[\"0x00000000000000000000000000000000000000zz\"]",
         "invalid argument 0: invalid hex string"},
        {"eth_getBalance", "[[]]", "invalid argument 0: not a string"},
        {"eth_getBalance",
         "[" WHO ",\"newest\"]",
         "invalid argument 1: hex string without 0x prefix"},
        {"eth_getBalance",
         "[" WHO ",\"0x01\"]",
         "invalid argument 1: hex number with leading zero digits"},
        {"eth_getBalance", "[" WHO ",\"0x\"]", "invalid argument 1: hex string \\\"0x\\\""},
        {"eth_getBalance",
         "[" WHO ",\"0x10000000000000000\"]",
         "invalid argument 1: hex number > 64 bits"},
        {"eth_getBalance",
         "[" WHO ",\"0x8000000000000000\"]",
         "invalid argument 1: block number larger than int64"},
        {"eth_getBalance", "[" WHO ",5]", "invalid argument 1: not a string"},
        {"eth_getBalance", "[" WHO ",{}]", "invalid argument 1: neither blockHash nor blockNumber"},
        {"eth_getBalance",
         "[" WHO ",{\"blockNumber\":\"0x1\",\"blockHash\":" HASH1 "}]",
         "invalid argument 1: cannot specify both blockHash and blockNumber, choose one or the "
         "other"},
        {"eth_getBalance",
         "[" WHO ",{\"blockHash\":" HASH1 ",\"requireCanonical\":1}]",
         "invalid argument 1: not a boolean"},
        {"eth_getStorageAt", "[" WHO ",\"0xasdf\"]", "invalid hex in storage key: \\\"0xasdf\\\""},
        {"eth_getStorageAt", "[" WHO ",1]", "storage key is not a string: 1"},
        {"eth_getBlockByNumber", "[" HASH1 "]", "invalid argument 0: hex number > 64 bits"},
        {"eth_getBlockByNumber", "[\"latest\",\"true\"]", "invalid argument 1: not a boolean"},
        {"eth_getTransactionByHash",
         "[\"0x12\"]",
         "invalid argument 0: hex string has the wrong length, want 64 digits"},
        {"eth_sendRawTransaction", "[\"0x1\"]", "invalid argument 0: hex string of odd length"},
        {"eth_sendRawTransaction", "[{}]", "invalid argument 0: not a string"},
        {"eth_call", "[\"x\"]", "invalid argument 0: not an object"},
        {"eth_call", "[{\"to\":1}]", "invalid argument 0: to: not a string"},
        {"eth_call",
         "[{\"gas\":\"0x1ffffffffffffffff\"}]",
         "invalid argument 0: gas: hex number > 64 bits"},
        {"eth_call",
         "[{\"data\":\"0x01\",\"input\":\"0x02\"}]",
         "invalid argument 0: input: both \\\"data\\\" and \\\"input\\\" are set and not equal"},
        {"eth_call", "[{\"accessList\":{}}]", "invalid argument 0: accessList: not an array"},
        {"eth_call", "[{\"accessList\":[1]}]", "invalid argument 0: accessList: missing"},
        {"eth_call",
         "[{\"accessList\":[{\"address\":" WHO ",\"storageKeys\":[1]}]}]",
         "invalid argument 0: accessList: not a string"},
        {"eth_call",
         "[{\"authorizationList\":[{}]}]",
         "invalid argument 0: authorizationList: chainId, address or nonce is missing"},
        {"eth_call", "[{},\"latest\",[]]", "invalid argument 2: not an object"},
        {"eth_call",
         "[{},\"latest\",{\"x\":{}}]",
         "invalid argument 2: account: hex string without 0x prefix"},
        {"eth_call",
         "[{},\"latest\",{" WHO ":{\"state\":{},\"stateDiff\":{}}}]",
         "invalid argument 2: state: both 'state' and 'stateDiff' are set"},
        {"eth_call",
         "[{},\"latest\",{" WHO ":{\"state\":[]}}]",
         "invalid argument 2: state: not an object"},
        {"eth_call", "[{},\"latest\",null,1]", "invalid argument 3: not an object"},
        {"eth_getLogs", "[1]", "invalid argument 0: not an object"},
        {"eth_getLogs", "[{\"topics\":[1]}]", "invalid argument 0: topics: not a string"},
        {"eth_getLogs",
         "[{\"topics\":[[],[],[],[],[]]}]",
         "invalid argument 0: topics: more than four positions"},
        {"eth_getLogs",
         "[{\"address\":[\"0x\"]}]",
         "invalid argument 0: address: hex string has the wrong length, want 40 digits"},
        {"eth_getLogs", "[{\"fromBlock\":1}]", "invalid argument 0: fromBlock: not a string"},
        {"eth_getProof", "[" WHO ",{}]", "invalid argument 1: not an array"},
        {"eth_feeHistory", "[\"0x1\",\"latest\",[\"a\"]]", "invalid argument 2: not a number"},
        {"eth_feeHistory", "[\"x\",\"latest\"]", "invalid argument 0: not a number"},
        {"eth_sendTransaction", "[{}]", "invalid argument 0: from: missing"},
        {"lockstep_setAttester", "[0,1]", "invalid argument 1: not a boolean"},
        {"lockstep_setAttester", "[{},true]", "invalid argument 0: not a number"},
        {"lockstep_setAttester", "[null,true]", "missing value for required argument 0"},
        {"lockstep_setAutoBatch", "[1]", "invalid argument 0: not a boolean"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        expect_error(f, cases[i].method, cases[i].params, -32602, cases[i].text);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static enum jsonrpc_state begin(struct fixture *f, const char *text) {
    char copy[1024];
    size_t size = strlen(text);
    memcpy(copy, text, size);
    json_writer_clear(&f->out);
    enum jsonrpc_state state =
        jsonrpc_begin(&f->exchange, &f->endpoint, &f->out, f->now_ms, bytes_of(copy, size));
    memset(copy, 'x', sizeof(copy)); /* whoever waits has a copy of its own */
    return state;
}

static void expect_out(struct fixture *f, const char *text) {
    *json_reserve(&f->out, 1) = '\0';
    assert_string_equal(f->out.data, text);
}

static void test_backend_waits(void **state) {
    struct fixture *f = *state;
    f->fake.must_wait = true;
    assert_int_equal(
        begin(
            f,
            "[" CALL("1") ",{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"eth_call\",\"params\":"
                          "[{\"input\":\"0x0102\"}]}," CALL("3") "]"
        ),
        JSONRPC_WAITING
    );
    assert_ptr_equal(f->fake.waiting, &f->exchange.call.request);
    assert_int_equal(jsonrpc_resume(&f->exchange, f->now_ms), JSONRPC_WAITING);
    f->fake.must_wait = false;
    assert_int_equal(jsonrpc_resume(&f->exchange, f->now_ms), JSONRPC_DONE);
    expect_out(
        f,
        "[" CHAIN_ID("1") ",{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"0x0102\"}," CHAIN_ID("3") "]"
    );
}

static void test_send_sync(void **state) {
    struct fixture *f = *state;
    static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":\"s\",\"method\":"
                                  "\"eth_sendRawTransactionSync\",\"params\":[\"0x01\",5000]}";
    assert_int_equal(begin(f, request), JSONRPC_WAITING);
    assert_int_equal(f->fake.pool.pending_count, 1);
    fake_add_block(&f->fake); /* without it */
    assert_int_equal(jsonrpc_resume(&f->exchange, 100), JSONRPC_WAITING);
    assert_int_equal(f->fake.pool.pending_count, 1);
    struct rpc_mine_options one = {.block_count = 1};
    assert_int_equal(fake_mine(&f->fake.chain, &f->exchange.call.request, &one), RPC_OK);
    assert_int_equal(jsonrpc_resume(&f->exchange, 200), JSONRPC_DONE);
    *json_reserve(&f->out, 1) = '\0';
    assert_non_null(strstr(f->out.data, "\"id\":\"s\",\"result\":{\"blockHash\":"));
    /* Too late (EIP-7966: code 4, and the hash). */
    f->now_ms = 1000;
    assert_int_equal(begin(f, request), JSONRPC_WAITING);
    assert_int_equal(jsonrpc_resume(&f->exchange, 6000), JSONRPC_WAITING);
    assert_int_equal(jsonrpc_resume(&f->exchange, 6001), JSONRPC_DONE);
    expect_out(
        f,
        "{\"jsonrpc\":\"2.0\",\"id\":\"s\",\"error\":{\"code\":4,\"message\":\"the transaction was "
        "added "
        "to the pool but is not in a block yet\",\"data\":"
        "\"0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2\"}}"
    );
    /* Refused at once. */
    assert_int_equal(
        begin(
            f,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sendRawTransactionSync\",\"params\":"
            "[\"0x00\"]}"
        ),
        JSONRPC_DONE
    );
}

static void test_answer_limit(void **state) {
    struct fixture *f = *state;
    /* 40 MB of zeros echoed: their hexadecimal digits do not fit into one answer of 64 MiB. */
    size_t digits = 80u << 20;
    static const char start[] =
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":[{\"input\":\"0x";
    static const char end[] = "\"}]}," CALL("2") "]";
    char *text = malloc(digits + sizeof(start) + sizeof(end));
    assert_non_null(text);
    size_t size = sizeof(start) - 1;
    memcpy(text, start, size);
    memset(text + size, '0', digits);
    size += digits;
    memcpy(text + size, end, sizeof(end) - 1);
    size += sizeof(end) - 1;
    assert_string_equal(
        ask_text(f, text, size),
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32003,\"message\":\"response too "
        "large\"}}," CHAIN_ID("2") "]"
    );
    free(text);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_ids),
        TEST(test_notifications),
        TEST(test_invalid_requests),
        TEST(test_malformed),
        TEST(test_batches),
        TEST(test_long_batches),
        TEST(test_method_names),
        TEST(test_argument_counts),
        TEST(test_wrong_arguments),
        TEST(test_backend_waits),
        TEST(test_send_sync),
        TEST(test_answer_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
