/* JSON-RPC: envelopes, ids, batches, errors, arguments, and each method on the fake chain. */
#include "rpc/jsonrpc.h"
#include "rpc/methods.h"
#include "rpc/test_fake_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct fake_chain fake;
    struct rpc_endpoint endpoint;
    struct jsonrpc_exchange exchange;
    struct json_writer out;
    uint64_t now_ms;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    fake_open(&f->fake, 3);
    f->endpoint.chain = &f->fake.chain;
    jsonrpc_exchange_open(&f->exchange);
    json_writer_open(&f->out, SIZE_MAX / 2);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    filters_close(&f->endpoint.filters);
    jsonrpc_exchange_close(&f->exchange);
    json_writer_close(&f->out);
    free(f);
    return 0;
}

/* The answer, terminated; valid until the next one. */
static const char *ask_text(struct fixture *f, const char *text, size_t size) {
    json_writer_clear(&f->out);
    /* A copy at the end of its own memory: reading beyond it is seen by the sanitizer. */
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    enum jsonrpc_state state =
        jsonrpc_begin(&f->exchange, &f->endpoint, &f->out, f->now_ms, bytes_of(copy, size));
    free(copy);
    assert_int_equal(state, JSONRPC_DONE);
    assert_false(json_failed(&f->out));
    *json_reserve(&f->out, 1) = '\0';
    return f->out.data;
}

static const char *ask(struct fixture *f, const char *text) {
    return ask_text(f, text, strlen(text));
}

static void expect(struct fixture *f, const char *request, const char *answer) {
    const char *got = ask(f, request);
    if (strcmp(got, answer) != 0) fail_msg("%s\n got  %s\n want %s", request, got, answer);
}

/* A call of a method with id 1, and the text of its result or error. */
static void
expect_call(struct fixture *f, const char *method, const char *params, const char *part) {
    char request[4096];
    char answer[8192];
    (void)snprintf(
        request,
        sizeof(request),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
        method,
        params
    );
    (void)snprintf(answer, sizeof(answer), "{\"jsonrpc\":\"2.0\",\"id\":1,%s}", part);
    expect(f, request, answer);
}

static void
expect_result(struct fixture *f, const char *method, const char *params, const char *v) {
    char part[8100];
    (void)snprintf(part, sizeof(part), "\"result\":%s", v);
    expect_call(f, method, params, part);
}

static void expect_error(
    struct fixture *f, const char *method, const char *params, int code, const char *text
) {
    char part[2048];
    (void)snprintf(part, sizeof(part), "\"error\":{\"code\":%d,\"message\":\"%s\"}", code, text);
    expect_call(f, method, params, part);
}

/* --- envelopes (dialogues of go-ethereum's rpc/testdata) --------------------------------------- */

#define INVALID(id)                   \
    "{\"jsonrpc\":\"2.0\",\"id\":" id \
    ",\"error\":{\"code\":-32600,\"message\":\"invalid request\"}}"
#define CHAIN_ID(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":\"0x539\"}"
#define CALL(id)     "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"eth_chainId\"}"

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

/* --- arguments --------------------------------------------------------------------------------- */

#define WHO   "\"0x0000000000000000000000000000000000000033\""
#define HASH1 "\"0xcc00000000000000000000000000000000000000000000000000000000000001\""

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
        {"lockstep_setAutoBatch", "[1]", "invalid argument 0: not a boolean"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        expect_error(f, cases[i].method, cases[i].params, -32602, cases[i].text);
}

/* --- methods ----------------------------------------------------------------------------------- */

static void test_node_methods(void **state) {
    struct fixture *f = *state;
    expect_result(f, "web3_clientVersion", "[]", "\"Lockstep/test\"");
    /* keccak256("hello world"), the example of execution-apis */
    expect_result(
        f,
        "web3_sha3",
        "[\"0x68656c6c6f20776f726c64\"]",
        "\"0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad\""
    );
    expect_result(f, "net_version", "[]", "\"1337\"");
    expect_result(f, "net_listening", "[]", "true");
    expect_result(f, "net_peerCount", "[]", "\"0x0\"");
    expect_result(f, "eth_blockNumber", "[]", "\"0x3\"");
    expect_result(f, "eth_syncing", "[]", "false");
    expect_result(f, "eth_accounts", "[]", "[\"0x0000000000000000000000000000000000000011\"]");
    expect_result(f, "eth_coinbase", "[]", "\"0x0000000000000000000000000000000000000000\"");
    expect_result(
        f,
        "rpc_modules",
        "[]",
        "{\"anvil\":\"1.0\",\"debug\":\"1.0\",\"eth\":\"1.0\",\"evm\":\"1.0\",\"lockstep\":\"1.0\","
        "\"net\":\"1.0\",\"rpc\":\"1.0\",\"txpool\":\"1.0\",\"web3\":\"1.0\"}"
    );
}

static void test_state_methods(void **state) {
    struct fixture *f = *state;
    expect_result(f, "eth_getTransactionCount", "[" WHO "]", "\"0x3\"");
    expect_result(f, "eth_getTransactionCount", "[" WHO ",\"earliest\"]", "\"0x0\"");
    expect_result(f, "eth_getTransactionCount", "[" WHO ",\"0x2\"]", "\"0x2\"");
    expect_result(f, "eth_getTransactionCount", "[" WHO ",{\"blockNumber\":\"0x1\"}]", "\"0x1\"");
    expect_error(f, "eth_getBalance", "[" WHO ",\"0x4\"]", -32000, "header not found");
    expect_error(f, "eth_getBalance", "[" WHO "," HASH1 "]", -32000, "header not found");
    expect_result(f, "eth_getCode", "[" WHO ",\"latest\"]", "\"0x6000\"");
    expect_result(
        f, "eth_getCode", "[\"0x0000000000000000000000000000000000000001\",\"latest\"]", "\"0x\""
    );
    expect_result(
        f,
        "eth_getStorageAt",
        "[" WHO ",\"0x5\",\"latest\"]",
        "\"0x0000000000000000000000000000000000000000000000000000000000000005\""
    );
    expect_result(
        f,
        "eth_getStorageValues",
        "[{" WHO ":[\"0x1\",\"0x2\"]}]",
        "{" WHO ":[\"0x0000000000000000000000000000000000000000000000000000000000000001\","
        "\"0x0000000000000000000000000000000000000000000000000000000000000002\"]}"
    );
    expect_result(
        f,
        "eth_getProof",
        "[" WHO
        ",[\"0x5\",\"0x0000000000000000000000000000000000000000000000000000000000000006\"]]",
        "{\"address\":" WHO ",\"accountProof\":[\"0xc0\"],\"balance\":\"0x33\",\"codeHash\":"
        "\"0x0000000000000000000000000000000000000000000000000000000000000000\",\"nonce\":\"0x1\","
        "\"storageHash\":\"0x0000000000000000000000000000000000000000000000000000000000000000\","
        "\"storageProof\":[{\"key\":\"0x5\",\"value\":\"0x5\",\"proof\":[\"0xc0\",\"0xc180\"]},"
        "{\"key\":\"0x0000000000000000000000000000000000000000000000000000000000000006\","
        "\"value\":\"0x6\",\"proof\":[\"0xc0\",\"0xc180\"]}]}"
    );
}

static void test_fee_methods(void **state) {
    struct fixture *f = *state;
    expect_result(f, "eth_gasPrice", "[]", "\"0x9\"");
    expect_result(f, "eth_maxPriorityFeePerGas", "[]", "\"0x2\"");
    expect_result(f, "eth_baseFee", "[]", "\"0x7\"");
    expect_result(f, "eth_blobBaseFee", "[]", "\"0x1\"");
    expect_result(
        f,
        "eth_feeHistory",
        "[\"0x2\",\"latest\",[0,50.5,100]]",
        "{\"oldestBlock\":\"0x2\",\"reward\":[[\"0x2\",\"0x2\",\"0x2\"],[\"0x3\",\"0x3\",\"0x3\"]],"
        "\"baseFeePerGas\":[\"0x8\",\"0x8\",\"0x7\"],\"gasUsedRatio\":[0.0007,0.0007],"
        "\"baseFeePerBlobGas\":[\"0x1\",\"0x1\",\"0x1\"],\"blobGasUsedRatio\":[0,0]}"
    );
    expect_result(
        f,
        "eth_feeHistory",
        "[100,\"0x0\",[]]",
        "{\"oldestBlock\":\"0x0\",\"baseFeePerGas\":[\"0x8\",\"0x7\"],\"gasUsedRatio\":[0],"
        "\"baseFeePerBlobGas\":[\"0x1\",\"0x1\"],\"blobGasUsedRatio\":[0]}"
    );
    expect_error(
        f, "eth_feeHistory", "[1,\"latest\",[101]]", -32000, "invalid reward percentile: 101"
    );
    expect_error(
        f,
        "eth_feeHistory",
        "[1,\"latest\",[5,4]]",
        -32000,
        "invalid reward percentile: #1 is below the one before it"
    );
    expect_error(
        f,
        "eth_feeHistory",
        "[1,\"0x9\"]",
        -32000,
        "request beyond head block: the block is not there"
    );
}

/* abi.encode of Error("user error") and Panic(1): rpc-compat's call-revert-abi-*.io. */
#define REVERT_ERROR                                                                               \
    "08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000" \
    "00"                                                                                           \
    "00000000000000000000000000000000000000000a75736572206572726f72"
#define REVERT_PANIC "4e487b710000000000000000000000000000000000000000000000000000000000000001"

static void test_calls(void **state) {
    struct fixture *f = *state;
    expect_result(f, "eth_call", "[{\"input\":\"0x0102\"},\"latest\"]", "\"0x0102\"");
    expect_result(f, "eth_call", "[{\"data\":\"0x0102\",\"input\":null}]", "\"0x0102\"");
    expect_result(f, "eth_estimateGas", "[{}]", "\"0x5208\"");
    expect_error(f, "eth_call", "[{\"input\":\"0xfe\"}]", -32000, "invalid opcode: INVALID");
    expect_error(f, "eth_call", "[{},\"0x9\"]", -32000, "header not found");
    expect_call(
        f,
        "eth_call",
        "[{\"input\":\"0xfd\"}]",
        "\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x\"}"
    );
    expect_call(
        f,
        "eth_call",
        "[{\"input\":\"0xfd" REVERT_ERROR "\"}]",
        "\"error\":{\"code\":3,\"message\":\"execution reverted: user "
        "error\",\"data\":\"0x" REVERT_ERROR "\"}"
    );
    expect_call(
        f,
        "eth_estimateGas",
        "[{\"input\":\"0xfd" REVERT_PANIC "\"}]",
        "\"error\":{\"code\":3,\"message\":\"execution reverted: "
        "assert(false)\",\"data\":\"0x" REVERT_PANIC "\"}"
    );
    /* Offsets and sizes that lie: no reason is made up. */
    expect_call(
        f,
        "eth_call",
        "[{\"input\":"
        "\"0xfd08c379a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"}]",
        "\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":"
        "\"0x08c379a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"}"
    );
    expect_error(
        f,
        "eth_call",
        "[{\"gasPrice\":\"0x1\",\"maxFeePerGas\":\"0x1\"}]",
        -32000,
        "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"
    );
}

static void test_call_arguments(void **state) {
    struct fixture *f = *state;
    expect_result(
        f,
        "eth_call",
        "[{\"from\":" WHO ",\"to\":" WHO ",\"gas\":\"0x5\",\"maxFeePerGas\":\"0x6\","
        "\"maxPriorityFeePerGas\":\"0x7\",\"value\":\"0x8\",\"nonce\":\"0x9\",\"chainId\":"
        "\"0x539\","
        "\"type\":\"0x4\",\"accessList\":[{\"address\":" WHO ",\"storageKeys\":[" HASH1 "]}],"
        "\"authorizationList\":[{\"chainId\":\"0x1\",\"address\":" WHO ",\"nonce\":\"0x2\","
        "\"yParity\":\"0x1\",\"r\":\"0x3\",\"s\":\"0x4\"}],\"blobVersionedHashes\":[" HASH1 "],"
        "\"maxFeePerBlobGas\":\"0xa\",\"unknown\":{}},\"0x1\","
        "{" WHO ":{\"balance\":\"0xb\",\"nonce\":\"0xc\",\"code\":\"0x60\",\"stateDiff\":{" HASH1
        ":" HASH1 "}}},{\"number\":\"0xd\",\"time\":\"0xe\",\"baseFeePerGas\":\"0xf\"}]",
        "\"0x\""
    );
    const struct rpc_simulation *s = &f->fake.last_simulation;
    const struct rpc_call_arguments *a = &s->arguments;
    assert_true(a->has_from && a->has_to && a->has_gas && a->has_nonce && a->has_type);
    assert_true(a->has_max_fee_per_gas && a->has_max_priority_fee_per_gas && !a->has_gas_price);
    assert_int_equal(a->from.b[19], 0x33);
    assert_int_equal(a->gas, 5);
    assert_int_equal(a->max_fee_per_gas.w[0], 6);
    assert_int_equal(a->max_priority_fee_per_gas.w[0], 7);
    assert_int_equal(a->value.w[0], 8);
    assert_int_equal(a->nonce, 9);
    assert_int_equal(a->chain_id, 1337);
    assert_int_equal(a->type, 4);
    assert_int_equal(a->access_list_count, 1);
    assert_int_equal(a->authorization_count, 1);
    assert_int_equal(a->blob_hash_count, 1);
    assert_int_equal(a->max_fee_per_blob_gas.w[0], 10);
    assert_int_equal(s->block.kind, RPC_BLOCK_NUMBER);
    assert_int_equal(s->block.number, 1);
    assert_int_equal(s->account_count, 1);
    assert_true(s->overrides.has_number && s->overrides.has_time && s->overrides.has_base_fee);
    assert_false(s->overrides.has_gas_limit || s->overrides.has_prev_randao);
    assert_int_equal(s->overrides.number, 13);
}

static void test_sending(void **state) {
    struct fixture *f = *state;
    /* keccak256(0x01) */
    static const char hash[] =
        "\"0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2\"";
    char list[128];
    (void)snprintf(list, sizeof(list), "[%s]", hash);
    expect_result(f, "eth_sendRawTransaction", "[\"0x01\"]", hash);
    expect_error(
        f, "eth_sendRawTransaction", "[\"0x00\"]", -32000, "nonce too low: next nonce 5, tx nonce 4"
    );
    assert_non_null(strstr(
        ask(f,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getTransactionByHash\","
            "\"params\":[\"0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41"
            "dcffd2\"]}"),
        "\"blockHash\":null,\"blockNumber\":null"
    ));
    expect_result(f, "txpool_status", "[]", "{\"pending\":\"0x1\",\"queued\":\"0x0\"}");
    expect_result(f, "eth_getTransactionReceipt", list, "null");
    expect_result(f, "evm_mine", "[]", "\"0x0\"");
    assert_non_null(strstr(
        ask(f,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getTransactionReceipt\","
            "\"params\":[\"0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41"
            "dcffd2\"]}"),
        "\"blockNumber\":\"0x4\""
    ));
    expect_result(
        f,
        "eth_sendTransaction",
        "[{\"from\":\"0x0000000000000000000000000000000000000011\",\"data\":\"0x01\"}]",
        hash
    );
    expect_error(f, "eth_sendTransaction", "[{\"from\":" WHO "}]", -32000, "unknown account");
}

/* The numbers of the blocks of the logs in the last answer, as a text of digits. */
static void
expect_log_blocks(struct fixture *f, const char *method, const char *params, const char *n) {
    char request[1024];
    char got[64];
    size_t count = 0;
    (void)snprintf(
        request,
        sizeof(request),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
        method,
        params
    );
    const char *answer = ask(f, request);
    if (strstr(answer, "\"result\":[") == NULL) fail_msg("%s gives %s", request, answer);
    for (const char *at = answer; (at = strstr(at, "\"blockNumber\":\"0x")) != NULL;) {
        at += strlen("\"blockNumber\":\"0x");
        got[count++] = *at;
    }
    got[count] = '\0';
    if (strcmp(got, n) != 0) fail_msg("%s gives %s", request, answer);
}

static void test_logs(void **state) {
    struct fixture *f = *state;
    static const char topic_aa[] =
        "\"0x00000000000000000000000000000000000000000000000000000000000000aa\"";
    static const char topic_2[] =
        "\"0x0000000000000000000000000000000000000000000000000000000000000002\"";
    char params[512];
    expect_log_blocks(f, "eth_getLogs", "[{\"fromBlock\":\"earliest\"}]", "123");
    expect_log_blocks(f, "eth_getLogs", "[{}]", "3");
    expect_log_blocks(f, "eth_getLogs", "[{\"fromBlock\":\"0x1\",\"toBlock\":\"0x2\"}]", "12");
    expect_log_blocks(f, "eth_getLogs", "[{\"fromBlock\":\"0x0\",\"address\":" WHO "}]", "123");
    expect_log_blocks(f, "eth_getLogs", "[{\"fromBlock\":\"0x0\",\"address\":[]}]", "123");
    expect_log_blocks(
        f,
        "eth_getLogs",
        "[{\"fromBlock\":\"0x0\",\"address\":[\"0x0000000000000000000000000000000000000034\"]}]",
        ""
    );
    (void
    )snprintf(params, sizeof(params), "[{\"fromBlock\":\"0x0\",\"topics\":[null,%s]}]", topic_2);
    expect_log_blocks(f, "eth_getLogs", params, "2");
    (void)snprintf(params, sizeof(params), "[{\"fromBlock\":\"0x0\",\"topics\":[%s]}]", topic_2);
    expect_log_blocks(f, "eth_getLogs", params, "");
    (void)snprintf(
        params,
        sizeof(params),
        "[{\"fromBlock\":\"0x0\",\"topics\":[[%s,%s],[]]}]",
        topic_2,
        topic_aa
    );
    expect_log_blocks(f, "eth_getLogs", params, "123");
    (void)snprintf(
        params,
        sizeof(params),
        "[{\"fromBlock\":\"0x0\",\"topics\":[[%s],[null,%s]]}]",
        topic_aa,
        topic_2
    );
    expect_log_blocks(f, "eth_getLogs", params, "123");
    expect_log_blocks(
        f, "eth_getLogs", "[{\"fromBlock\":\"0x0\",\"topics\":[null,null,null]}]", ""
    );
    expect_error(
        f,
        "eth_getLogs",
        "[{\"fromBlock\":\"0x3\",\"toBlock\":\"0x2\"}]",
        -32602,
        "invalid block range params"
    );
    expect_error(
        f,
        "eth_getLogs",
        "[{\"fromBlock\":\"0x3\",\"toBlock\":\"0x4\"}]",
        -32602,
        "block range extends beyond current head block"
    );
    expect_error(f, "eth_getLogs", "[{\"blockHash\":" HASH1 "}]", -32000, "unknown block");
    expect_error(
        f,
        "eth_getLogs",
        "[{\"blockHash\":" HASH1 ",\"fromBlock\":\"0x1\"}]",
        -32602,
        "invalid argument 0: cannot specify both BlockHash and FromBlock/ToBlock, choose one or "
        "the "
        "other"
    );
}

static void test_filters(void **state) {
    struct fixture *f = *state;
    expect_result(f, "eth_newFilter", "[{\"address\":" WHO "}]", "\"0x1\"");
    expect_result(f, "eth_newBlockFilter", "[]", "\"0x2\"");
    expect_result(f, "eth_newPendingTransactionFilter", "[]", "\"0x3\"");
    expect_result(f, "eth_getFilterChanges", "[\"0x1\"]", "[]");
    expect_result(f, "eth_getFilterChanges", "[\"0x2\"]", "[]");
    expect_result(f, "anvil_mine", "[\"0x2\"]", "null");
    expect_log_blocks(f, "eth_getFilterChanges", "[\"0x1\"]", "45");
    expect_log_blocks(f, "eth_getFilterChanges", "[\"0x1\"]", "");
    expect_log_blocks(f, "eth_getFilterLogs", "[\"0x1\"]", "5");
    const char *blocks = ask(
        f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getFilterChanges\",\"params\":[\"0x2\"]}"
    );
    assert_int_equal(
        strlen(blocks), strlen("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[,]}") + 2 * 68
    );
    expect_result(
        f,
        "eth_getFilterChanges",
        "[\"0x3\"]",
        "[\"0xcc00000000000000000000000000000000000000000000000000000000000004\","
        "\"0xcc00000000000000000000000000000000000000000000000000000000000005\"]"
    );
    /* A pending transaction is reported once, also when it is mined later. */
    static const char hash[] =
        "[\"0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2\"]";
    (void)ask(
        f,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sendRawTransaction\",\"params\":[\"0x01\"]}"
    );
    expect_result(f, "eth_getFilterChanges", "[\"0x3\"]", hash);
    expect_result(f, "eth_getFilterChanges", "[\"0x3\"]", "[]");
    (void)ask(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"evm_mine\"}");
    expect_result(f, "eth_getFilterChanges", "[\"0x3\"]", "[]");
    expect_result(f, "eth_uninstallFilter", "[\"0x3\"]", "true");
    expect_result(f, "eth_uninstallFilter", "[\"0x3\"]", "false");
    expect_error(f, "eth_getFilterChanges", "[\"0x3\"]", -32000, "filter not found");
    expect_error(f, "eth_getFilterLogs", "[\"0x2\"]", -32000, "filter not found");
    /* The chain goes back: what replaces the vanished blocks is reported. */
    expect_log_blocks(f, "eth_getFilterChanges", "[\"0x1\"]", "6");
    f->fake.head = 4;
    expect_log_blocks(f, "eth_getFilterChanges", "[\"0x1\"]", "");
    fake_add_block(&f->fake);
    expect_log_blocks(f, "eth_getFilterChanges", "[\"0x1\"]", "5");
    /* Time. */
    f->now_ms += FILTER_TIMEOUT_MS + 1;
    expect_error(f, "eth_getFilterChanges", "[\"0x1\"]", -32000, "filter not found");
}

static void test_filter_limit(void **state) {
    struct fixture *f = *state;
    for (unsigned i = 0; i < FILTER_MAX; i++)
        assert_non_null(filters_add(&f->endpoint.filters, FILTER_BLOCKS, NULL, 0));
    expect_error(f, "eth_newBlockFilter", "[]", -32005, "too many filters");
    f->now_ms = FILTER_TIMEOUT_MS + 1;
    expect_result(f, "eth_newBlockFilter", "[]", "\"0x1001\"");
}

static void test_lockstep_methods(void **state) {
    struct fixture *f = *state;
    expect_result(f, "lockstep_setAutoBatch", "[true]", "null");
    assert_true(f->fake.auto_batch);
    expect_result(
        f, "lockstep_proxyOf", "[1," WHO "]", "\"0xee00000000000000000000000000000000000033\""
    );
    expect_error(f, "lockstep_proxyOf", "[\"0x2\"," WHO "]", -32000, "no rollup 2");
    expect_result(f, "lockstep_traceTransaction", "[" HASH1 "]", "{\"hash\":" HASH1 "}");
    assert_non_null(strstr(
        ask(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lockstep_networkInfo\"}"),
        "\"autoBatch\":true,\"parent\":{\"chainId\":\"0x539\",\"url\":null,\"contracts\":{\"hub\":"
    ));
    assert_non_null(strstr(
        ask(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lockstep_getRollups\"}"),
        "\"result\":[{\"rollupId\":\"0x1\",\"name\":\"rollup1\",\"kind\":\"evm\""
    ));
}

/* Type 0x7e as op-geth shows it: the fields viem's OP formatters read. */
static void test_deposits(void **state) {
    struct fixture *f = *state;
    struct tx *tx = &f->fake.txs[2];
    *tx = (struct tx){.type = TX_DEPOSIT, .gas_limit = 100, .is_create = true, .is_system = true};
    tx->source_hash.b[31] = 1;
    tx->from.b[19] = 0x11;
    tx->mint = u256_from_u64(5);
    tx->value = u256_from_u64(6);
    struct receipt *receipt = &f->fake.receipts[2];
    receipt->type = TX_DEPOSIT;
    receipt->has_deposit_nonce = true;
    receipt->deposit_nonce = 9;
    const char *block =
        ask(f,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\",\"params\":[\"0x2\","
            "true]}");
    static const char wanted[] =
        "\"gas\":\"0x64\",\"gasPrice\":\"0x0\",\"hash\":"
        "\"0xcc00000000000000000000000000000000000000000000000000000000000002\",\"input\":\"0x\","
        "\"nonce\":\"0x9\",\"to\":null,\"transactionIndex\":\"0x0\",\"value\":\"0x6\",\"type\":"
        "\"0x7e\",\"sourceHash\":"
        "\"0x0000000000000000000000000000000000000000000000000000000000000001\",\"mint\":\"0x5\","
        "\"isSystemTx\":true,\"v\":\"0x0\",\"r\":\"0x0\",\"s\":\"0x0\"}";
    assert_non_null(strstr(block, wanted));
    const char *transaction =
        ask(f,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getTransactionByHash\",\"params\":["
            "\"0xcc00000000000000000000000000000000000000000000000000000000000002\"]}");
    assert_non_null(strstr(transaction, wanted));
    const char *shown =
        ask(f,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getTransactionReceipt\",\"params\":["
            "\"0xcc00000000000000000000000000000000000000000000000000000000000002\"]}");
    assert_non_null(strstr(shown, "\"effectiveGasPrice\":\"0x0\","));
    assert_non_null(strstr(shown, "\"type\":\"0x7e\",\"depositNonce\":\"0x9\"}"));
    /* What 0x11 creates with these nonces: cast compute-address. */
    static const struct {
        uint64_t nonce;
        const char *created;
    } cases[] = {
        {0, "0x4c66c29c71b4e37ca83d63b77302c65969062320"},
        {9, "0x03360af8f394bcff3e0c707d92ebb9ef9462e9df"},
        {127, "0x69adfd5f030ad4395f8f5e2707ac2242648b8e7a"},
        {128, "0x33fbc01556767a35246c54127c296b072a009d54"},
        {300, "0xd28dc95c110d285bffd58ddc979d26c387ecb8c4"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        receipt->deposit_nonce = cases[i].nonce;
        shown = ask(
            f,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getTransactionReceipt\",\"params\":["
            "\"0xcc00000000000000000000000000000000000000000000000000000000000002\"]}"
        );
        assert_non_null(strstr(shown, cases[i].created));
    }
}

/* --- waiting ----------------------------------------------------------------------------------- */

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
        TEST(test_node_methods),
        TEST(test_state_methods),
        TEST(test_fee_methods),
        TEST(test_calls),
        TEST(test_call_arguments),
        TEST(test_sending),
        TEST(test_logs),
        TEST(test_filters),
        TEST(test_filter_limit),
        TEST(test_lockstep_methods),
        TEST(test_deposits),
        TEST(test_backend_waits),
        TEST(test_send_sync),
        TEST(test_answer_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
