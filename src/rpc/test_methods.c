/* Each method, on the fake chain. */
#include "rpc/test_ask.h"

/* --- methods ---------------------------------------------------------------------------------- */

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
        "{\"anvil\":\"1.0\",\"debug\":\"1.0\",\"eth\":\"1.0\",\"evm\":\"1.0\",\"hardhat\":\"1.0\","
        "\"lockstep\":\"1.0\","
        "\"net\":\"1.0\",\"personal\":\"1.0\",\"rpc\":\"1.0\",\"testing\":\"1.0\","
        "\"txpool\":\"1.0\",\"web3\":\"1.0\"}"
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
        "\"yParity\":\"0x1\",\"r\":\"0x00000000000000000000000000000000000000000000000000000000000"
        "00003\",\"s\":\"0x4\"}],\"blobVersionedHashes\":[" HASH1 "],"
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
    expect_result(f, "lockstep_setAttester", "[\"0x2\",true]", "null");
    assert_int_equal(f->fake.last_attester, 2);
    assert_true(f->fake.attester_is_up);
    expect_error(f, "lockstep_anchor", "[]", -32000, "no batches");
    expect_result(f, "lockstep_setAutoBatch", "[true]", "null");
    expect_result(f, "lockstep_anchor", "[]", "\"0x3\"");
    assert_true(f->fake.auto_batch);
    expect_result(
        f, "lockstep_proxyOf", "[1," WHO "]", "\"0xee00000000000000000000000000000000000033\""
    );
    expect_result(
        f,
        "lockstep_proxyOf",
        "[\"l3-1\"," WHO "]",
        "\"0xdd00000000000000000000000000000000000033\""
    );
    expect_error(f, "lockstep_proxyOf", "[\"0x2\"," WHO "]", -32000, "no rollup 2");
    expect_result(f, "lockstep_traceTransaction", "[" HASH1 "]", "{\"hash\":" HASH1 "}");
    /* What this chain lacks does not exist. */
    expect_error(
        f,
        "lockstep_getBatch",
        "[\"latest\"]",
        -32601,
        "the method lockstep_getBatch does not exist/is not available"
    );
    expect_error(
        f,
        "lockstep_simulate",
        "[{}]",
        -32601,
        "the method lockstep_simulate does not exist/is not available"
    );
    assert_non_null(strstr(
        ask(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lockstep_networkInfo\"}"),
        "\"autoBatch\":true,\"parent\":{\"chainId\":\"0x539\",\"url\":null,\"contracts\":{\"hub\":"
    ));
    assert_non_null(strstr(
        ask(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lockstep_getRollups\"}"),
        "\"result\":[{\"rollupId\":\"0x1\",\"name\":\"rollup1\",\"parent\":\"l1\","
        "\"parentChainId\":\"0x539\",\"kind\":\"evm\""
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

static void test_bundles(void **state) {
    struct fixture *f = *state;
    static const char send[] = "eth_sendBundle";
    /* cast keccak 0x02, but for the first bytes, which the fake chain writes over. */
    expect_result(
        f,
        send,
        "[{\"txs\":[\"0x01\",\"0x02\"],\"blockNumber\":\"0x9\",\"minTimestamp\":5,"
        "\"maxTimestamp\":7,\"revertingTxHashes\":[" HASH1 "]}]",
        "{\"bundleHash\":"
        "\"0x02090507629b73fa3db9b34a245bdfa015c260c598b211bf05a1ecc4b3e3b4f2\"}"
    );
    expect_error(f, send, "[]", -32602, "missing value for required argument 0");
    expect_error(f, send, "[[]]", -32602, "invalid argument 0: not an object");
    expect_error(f, send, "[{}]", -32602, "no transactions");
    expect_error(
        f,
        send,
        "[{\"txs\":[],\"builders\":[]}]",
        -32602,
        "invalid argument 0: there is no member \\\"builders\\\""
    );
    expect_error(f, send, "[{\"txs\":{}}]", -32602, "invalid argument 0: txs: not an array");
    expect_error(f, send, "[{\"txs\":[1]}]", -32602, "invalid argument 0: txs: not a string");
    expect_error(
        f,
        send,
        "[{\"txs\":[\"0x\"],\"blockNumber\":{}}]",
        -32602,
        "invalid argument 0: blockNumber: not a number"
    );
    expect_error(
        f,
        send,
        "[{\"txs\":[\"0x\"],\"revertingTxHashes\":[\"0x01\"]}]",
        -32602,
        "invalid argument 0: revertingTxHashes: hex string has the wrong length, want 64 digits"
    );
    expect_result(
        f,
        "lockstep_getBundle",
        "[\"0x0300000000000000000000000000000000000000000000000000000000000000\"]",
        "[{\"blockNumber\":\"0x2\",\"status\":\"dropped\",\"reason\":\"too late\"},"
        "{\"blockNumber\":\"0x3\",\"status\":\"included\",\"reason\":null},"
        "{\"blockNumber\":\"0x4\",\"status\":\"waiting\",\"reason\":null}]"
    );
}

static void test_calling_bundles(void **state) {
    struct fixture *f = *state;
    static const char call[] = "eth_callBundle";
    expect_result(
        f,
        call,
        "[{\"txs\":[\"0x01\",\"0x02\"],\"blockNumber\":\"0x9\",\"timestamp\":5}]",
        "[\"0x2\",\"0x9\",\"0x5\",\"0x63\"]"
    );
    expect_result(
        f, call, "[{\"stateBlockNumber\":null,\"txs\":null}]", "[\"0x0\",\"0x0\",\"0x0\",\"0x63\"]"
    );
    expect_error(
        f,
        call,
        "[{\"txs\":[],\"stateBlockNumber\":\"now\"}]",
        -32602,
        "invalid argument 0: stateBlockNumber: hex string without 0x prefix"
    );
    expect_error(
        f,
        call,
        "[{\"txs\":[],\"minTimestamp\":1}]",
        -32602,
        "invalid argument 0: there is no member \\\"minTimestamp\\\""
    );
}

static void test_preparing_batches(void **state) {
    struct fixture *f = *state;
    static const char prepare[] = "lockstep_prepareBatch";
    expect_result(
        f,
        prepare,
        "[{\"from\":" WHO ",\"before\":[\"0x0102\"],\"rollups\":[{\"rollupId\":1},"
        "{\"rollupId\":\"0x2\",\"transactions\":[\"0x03\",\"0x0405\"]}]}]",
        "[" WHO ",\"0x2\",[[\"0x1\",\"0x0\"],[\"0x2\",\"0x3\"]]]"
    );
    expect_error(f, prepare, "[{}]", -32602, "invalid argument 0: from: missing");
    expect_error(
        f,
        prepare,
        "[{\"from\":" WHO ",\"rollups\":[7]}]",
        -32602,
        "invalid argument 0: not an object"
    );
    expect_error(
        f,
        prepare,
        "[{\"from\":" WHO ",\"rollups\":[{}]}]",
        -32602,
        "invalid argument 0: rollupId: missing"
    );
    expect_error(
        f,
        prepare,
        "[{\"from\":" WHO ",\"rollups\":[{\"rollupId\":1,\"txs\":[]}]}]",
        -32602,
        "invalid argument 0: there is no member \\\"txs\\\""
    );
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
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
        TEST(test_bundles),
        TEST(test_calling_bundles),
        TEST(test_preparing_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
