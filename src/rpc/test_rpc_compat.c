/* Blocks, transactions and receipts against the dialogues of execution-apis (fixture rpc-compat):
 * the 54 blocks of its chain, decoded, behind the backend's interface. Nothing is executed here:
 * state is absent, and receipts are made from the fields of the expected answers from which the
 * others follow. The node's own tests run all dialogues against the whole. */
#include "chain/block.h"
#include "chain/genesis.h"
#include "core/hex.h"
#include "core/rlp.h"
#include "crypto/keccak.h"
#include "rpc/jsonrpc.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define BLOCKS_MAX 64

struct compat {
    struct rpc_chain chain; /* first */
    struct arena arena;
    struct genesis genesis;
    struct rpc_block blocks[BLOCKS_MAX];
    size_t count;
    struct rpc_endpoint endpoint;
    struct jsonrpc_exchange exchange;
    struct json_writer out;
    const char *root;
};

/* --- the backend ------------------------------------------------------------------------------ */

static enum rpc_status compat_block(
    struct rpc_chain *chain,
    struct rpc_request *request,
    const struct rpc_block **block,
    const struct rpc_block_id *id,
    unsigned with
) {
    struct compat *c = (struct compat *)chain;
    (void)request;
    (void)with;
    uint64_t n = c->count - 1;
    switch (id->kind) {
    case RPC_BLOCK_NUMBER:
        n = id->number;
        break;
    case RPC_BLOCK_EARLIEST:
        n = 0;
        break;
    case RPC_BLOCK_HASH:
        for (n = 0; n < c->count && !hash32_equal(&c->blocks[n].hash, &id->hash);)
            n++;
        break;
    case RPC_BLOCK_LATEST:
    case RPC_BLOCK_PENDING:
    case RPC_BLOCK_SAFE:
    case RPC_BLOCK_FINALIZED:
        break;
    }
    *block = n < c->count ? &c->blocks[n] : NULL;
    return RPC_OK;
}

static uint64_t compat_head_number(struct rpc_chain *chain) {
    return ((struct compat *)chain)->count - 1;
}

static enum rpc_status compat_find_transaction(
    struct rpc_chain *chain,
    struct rpc_request *request,
    struct rpc_transaction_place *place,
    const hash32 *hash
) {
    struct compat *c = (struct compat *)chain;
    (void)request;
    for (size_t n = 0; n < c->count; n++)
        for (size_t i = 0; i < c->blocks[n].transaction_count; i++)
            if (hash32_equal(&c->blocks[n].transactions[i].hash, hash))
                *place = (struct rpc_transaction_place){
                    .is_found = true,
                    .block_hash = c->blocks[n].hash,
                    .index = i,
                };
    return RPC_OK;
}

static enum rpc_status compat_slot(
    struct rpc_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    u256 *value,
    const struct rpc_block_id *id,
    const address *who,
    const hash32 *key
) {
    (void)chain, (void)id, (void)who, (void)key;
    *is_found = false;
    *value = U256_ZERO;
    return rpc_fail(request, RPC_INTERNAL_ERROR, "there is no state here");
}

static const struct rpc_chain_operations compat_operations = {
    .head_number = compat_head_number,
    .block = compat_block,
    .find_transaction = compat_find_transaction,
    .slot = compat_slot,
};

/* --- the chain -------------------------------------------------------------------------------- */

static bytes read_file(struct compat *c, const char *name) {
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/rpc-compat/%s", c->root, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("cannot open %s", path);
    (void)fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = arena_alloc(&c->arena, size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, size, file), size);
    data[size] = '\0';
    (void)fclose(file);
    return bytes_of(data, size);
}

static void set_fees(struct compat *c, struct rpc_block *block) {
    const struct header *header = block->header;
    struct fork_rules rules = forks_at_difficulty(
        &c->genesis.schedule,
        header->number,
        header->timestamp,
        u256_is_zero(&header->difficulty) ? &U256_MAX : &U256_ZERO
    );
    block->next_base_fee = header_next_base_fee(header);
    if (header->fields < HEADER_BLOB_GAS) return;
    block->blob_base_fee = blob_base_fee(header->excess_blob_gas, &rules.blob);
    block->next_blob_base_fee =
        blob_base_fee(header_next_excess_blob_gas(header, &rules), &rules.blob);
    block->blob_gas_max = (uint64_t)rules.blob.max * BLOB_GAS_PER_BLOB;
}

static void add_block(struct compat *c, bytes encoding) {
    struct block *block = arena_alloc_zero(&c->arena, sizeof(*block));
    assert_non_null(block);
    enum block_verdict verdict;
    enum tx_verdict tx_verdict;
    size_t tx_index;
    assert_int_equal(
        block_decode(block, &verdict, &tx_verdict, &tx_index, &c->arena, encoding), ERR_OK
    );
    assert_int_equal(verdict, BLOCK_OK);
    struct rpc_transaction *transactions =
        arena_alloc_zero(&c->arena, block->tx_count * sizeof(*transactions));
    assert_non_null(transactions);
    struct fork_rules rules = forks_at_difficulty(
        &c->genesis.schedule,
        block->header.number,
        block->header.timestamp,
        u256_is_zero(&block->header.difficulty) ? &U256_MAX : &U256_ZERO
    );
    for (size_t i = 0; i < block->tx_count; i++) {
        transactions[i].tx = &block->txs[i];
        transactions[i].encoded = block->tx_encodings[i];
        transactions[i].hash = keccak256(block->tx_encodings[i]);
        assert_int_equal(
            tx_sender(&transactions[i].sender, &tx_verdict, &c->arena, &block->txs[i], &rules),
            ERR_OK
        );
        assert_int_equal(tx_verdict, TX_OK);
    }
    struct rpc_block *to = &c->blocks[c->count++];
    *to = (struct rpc_block){
        .header = &block->header,
        .hash = header_hash(&block->header),
        .transaction_count = block->tx_count,
        .transactions = transactions,
        .size = encoding.size,
        .uncles = block->ommers,
        .uncle_count = block->ommer_count,
        .withdrawals = block->withdrawals,
        .withdrawal_count = block->withdrawal_count,
    };
    set_fees(c, to);
}

/* No state is built here: the genesis block's root is that of get-genesis.io. */
static void add_genesis(struct compat *c) {
    bytes text = read_file(c, "chain/genesis.json");
    const char *reason = "";
    assert_int_equal(
        genesis_from_json(&c->genesis, &reason, &c->arena, (const char *)text.data, text.size),
        ERR_OK
    );
    uint8_t root[32];
    static const char hex[] = "dc43f460541a253c0f64b6943ef83fa3bd601699a255622f088d46f7fde359fc";
    assert_int_equal(hex_decode_exact(root, 32, hex, 64), ERR_OK);
    memcpy(c->genesis.header.state_root.b, root, 32);
    struct block block = {.header = c->genesis.header};
    bytes encoding;
    assert_int_equal(block_encode(&encoding, &c->arena, &block), ERR_OK);
    add_block(c, encoding);
}

static int setup(void **state) {
    struct compat *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    *state = c;
    c->root = getenv("LOCKSTEP_FIXTURES_DIR");
    if (c->root == NULL) return 0;
    arena_open(&c->arena, 1 << 28);
    c->chain = (struct rpc_chain){
        .operations = &compat_operations,
        .name = "compat",
        .client_version = "Lockstep/test",
        .chain_id = 3503995874084926,
    };
    c->endpoint.chain = &c->chain;
    jsonrpc_exchange_open(&c->exchange);
    json_writer_open(&c->out, SIZE_MAX / 2);
    add_genesis(c);
    struct rlp chain = rlp_open(read_file(c, "chain/chain.rlp"));
    while (!rlp_done(&chain)) {
        bytes item;
        bool is_list;
        assert_int_equal(rlp_read_item(&chain, &item, &is_list), ERR_OK);
        add_block(c, item);
    }
    return 0;
}

static int teardown(void **state) {
    struct compat *c = *state;
    jsonrpc_exchange_close(&c->exchange);
    json_writer_close(&c->out);
    arena_close(&c->arena);
    free(c);
    return 0;
}

/* --- receipts from expected answers ----------------------------------------------------------- */

static const char *text_of(const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    assert_non_null(text);
    return text;
}

static uint64_t number_of(const cJSON *object, const char *name) {
    return strtoull(text_of(object, name), NULL, 16);
}

static void read_log(struct compat *c, struct log *log, const cJSON *json) {
    const char *where = text_of(json, "address");
    const char *data = text_of(json, "data");
    assert_int_equal(hex_decode_exact(log->address.b, 20, where, strlen(where)), ERR_OK);
    assert_int_equal(hex_decode(&log->data, &c->arena, data, strlen(data)), ERR_OK);
    const cJSON *topic;
    cJSON_ArrayForEach(topic, cJSON_GetObjectItem(json, "topics")) {
        const char *text = cJSON_GetStringValue(topic);
        assert_int_equal(
            hex_decode_exact(log->topics[log->topic_count++].b, 32, text, strlen(text)), ERR_OK
        );
    }
}

/* Sets the receipt that this answer shows, and of the one before it what it follows from. */
static void take_receipt(struct compat *c, const cJSON *json) {
    struct rpc_block *block = &c->blocks[number_of(json, "blockNumber")];
    size_t index = number_of(json, "transactionIndex");
    if (block->receipts == NULL)
        block->receipts =
            arena_alloc_zero(&c->arena, block->transaction_count * sizeof(struct receipt));
    assert_non_null(block->receipts);
    union {
        const struct receipt *is_const;
        struct receipt *is_not;
    } receipts = {block->receipts};
    struct receipt *receipt = &receipts.is_not[index];
    const cJSON *logs = cJSON_GetObjectItem(json, "logs");
    size_t count = (size_t)cJSON_GetArraySize(logs);
    struct log *list = arena_alloc_zero(&c->arena, count * sizeof(*list));
    assert_non_null(list);
    for (size_t i = 0; i < count; i++)
        read_log(c, &list[i], cJSON_GetArrayItem(logs, (int)i));
    *receipt = (struct receipt){
        .type = block->transactions[index].tx->type,
        .cumulative_gas_used = number_of(json, "cumulativeGasUsed"),
        .logs = list,
        .log_count = count,
    };
    bloom_add_logs(&receipt->bloom, list, count);
    const char *root = cJSON_GetStringValue(cJSON_GetObjectItem(json, "root"));
    receipt->has_root = root != NULL;
    if (root != NULL)
        assert_int_equal(hex_decode_exact(receipt->root.b, 32, root, strlen(root)), ERR_OK);
    else
        receipt->is_success = number_of(json, "status") == 1;
    if (index == 0) return;
    struct receipt *before = &receipts.is_not[index - 1];
    before->cumulative_gas_used = receipt->cumulative_gas_used - number_of(json, "gasUsed");
    if (before->log_count == 0 && count > 0)
        before->log_count = number_of(cJSON_GetArrayItem(logs, 0), "logIndex") -
                            (index == 1 ? 0 : before[-1].log_count);
}

static void take_receipts(struct compat *c, const cJSON *expected) {
    const cJSON *result = cJSON_GetObjectItem(expected, "result");
    if (cJSON_IsObject(result)) take_receipt(c, result);
    const cJSON *one;
    if (cJSON_IsArray(result)) {
        cJSON_ArrayForEach(one, result) take_receipt(c, one);
    }
}

/* --- dialogues -------------------------------------------------------------------------------- */

/* Messages are texts for people, and ours are our own: of an error only the code counts. */
static bool is_as_expected(const cJSON *got, const cJSON *expected) {
    const cJSON *error = cJSON_GetObjectItem(expected, "error");
    if (error == NULL) return cJSON_Compare(got, expected, true);
    const cJSON *code = cJSON_GetObjectItem(cJSON_GetObjectItem(got, "error"), "code");
    return cJSON_Compare(code, cJSON_GetObjectItem(error, "code"), true);
}

static void run_pair(struct compat *c, const char *name, char *request, char *answer) {
    cJSON *expected = cJSON_Parse(answer);
    assert_non_null(expected);
    if (strstr(name, "Receipt") != NULL && strstr(name, "Raw") == NULL) take_receipts(c, expected);
    json_writer_clear(&c->out);
    bytes text = bytes_of(request, strlen(request));
    assert_int_equal(jsonrpc_begin(&c->exchange, &c->endpoint, &c->out, 0, text), JSONRPC_DONE);
    cJSON *got = cJSON_ParseWithLength(c->out.data, c->out.size);
    if (got == NULL || !is_as_expected(got, expected))
        fail_msg("%s\n got  %.*s\n want %s", name, (int)c->out.size, c->out.data, answer);
    cJSON_Delete(expected);
    cJSON_Delete(got);
}

static void run_file(struct compat *c, const char *name) {
    bytes file = read_file(c, name);
    char *text = arena_alloc(&c->arena, file.size + 1);
    assert_non_null(text);
    memcpy(text, file.data, file.size + 1);
    char *request = NULL;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "// speconly", 11) == 0) return;
        if (strncmp(line, ">> ", 3) == 0) request = line + 3;
        if (strncmp(line, "<< ", 3) == 0 && request != NULL) run_pair(c, name, request, line + 3);
    }
}

static void test_dialogues(void **state) {
    struct compat *c = *state;
    if (c->root == NULL) skip();
    static const char *const methods[] = {
        "debug_getRawBlock",
        "debug_getRawHeader",
        "debug_getRawTransaction",
        "eth_baseFee",
        "eth_blobBaseFee",
        "eth_blockNumber",
        "eth_chainId",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_getBlockReceipts",
        "eth_getBlockTransactionCountByHash",
        "eth_getBlockTransactionCountByNumber",
        "eth_getTransactionByBlockHashAndIndex",
        "eth_getTransactionByBlockNumberAndIndex",
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
        "eth_syncing",
        "net_version",
    };
    unsigned count = 0;
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        char path[4096];
        (void)snprintf(path, sizeof(path), "%s/rpc-compat/tests/%s", c->root, methods[i]);
        DIR *folder = opendir(path);
        assert_non_null(folder);
        for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
            if (strstr(entry->d_name, ".io") == NULL) continue;
            (void)snprintf(path, sizeof(path), "tests/%s/%.200s", methods[i], entry->d_name);
            run_file(c, path);
            count++;
        }
        (void)closedir(folder);
    }
    assert_true(count >= 40);
}

/* Wrong arguments, of methods whose right ones need a state. */
static void test_refusals(void **state) {
    struct compat *c = *state;
    if (c->root == NULL) skip();
    run_file(c, "tests/eth_getStorageAt/get-storage-invalid-key.io");
    run_file(c, "tests/eth_getLogs/filter-error-future-block-range.io");
    run_file(c, "tests/eth_getLogs/filter-error-invalid-blockHash-and-range.io");
    run_file(c, "tests/eth_getLogs/filter-error-reversed-block-range.io");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dialogues, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
