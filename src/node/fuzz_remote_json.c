/* What a remote node says, any JSON: read as everything that can be asked for. What is read is
 * whole: a block's transactions encode and decode to themselves, a receipt likewise. The same text
 * gives the same twice. */
#include "core/check.h"
#include "node/remote_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_SIZE = 64 << 20 };

static void check_block(const struct remote_block *read, struct arena *arena) {
    const struct block *block = &read->block;
    CHECK(block->header.extra_data_size <= HEADER_EXTRA_DATA_SIZE_MAX);
    if (read->senders == NULL) return;
    for (size_t i = 0; i < block->tx_count; i++) {
        struct tx tx;
        enum tx_verdict verdict;
        bytes again;
        enum err err = tx_decode(&tx, &verdict, arena, block->tx_encodings[i]);
        CHECK(err == ERR_OK || err == ERR_MEMORY);
        if (err != ERR_OK || verdict != TX_OK) continue;
        if (tx_encode(&again, arena, &tx) == ERR_OK)
            CHECK(bytes_equal(again, block->tx_encodings[i]));
    }
}

static void check_receipt(const struct receipt *read, struct arena *arena) {
    struct receipt again;
    bytes encoded;
    if (receipt_encode(&encoded, arena, read) != ERR_OK) return;
    enum err err = receipt_decode(&again, arena, encoded);
    CHECK(err == ERR_OK || err == ERR_MEMORY);
    if (err == ERR_OK) CHECK(again.log_count == read->log_count);
}

static void read_all(const struct json *json, enum err results[6]) {
    struct arena arena;
    const char *problems[6] = {NULL};
    struct remote_block block;
    struct receipt receipt;
    struct remote_proof proof;
    const struct rpc_log *logs;
    size_t count;
    u256 number;
    bytes found;
    arena_open(&arena, ARENA_SIZE);
    results[0] = remote_read_block(&block, &problems[0], &arena, json, 0);
    results[1] = remote_read_receipt(&receipt, &problems[1], &arena, json, 0);
    results[2] = remote_read_proof(&proof, &problems[2], &arena, json, 0);
    results[3] = remote_read_logs(&logs, &count, &problems[3], &arena, json, 0);
    results[4] = remote_read_number(&number, &problems[4], json, 1);
    results[5] = remote_read_data(&found, &problems[5], &arena, json, 1);
    for (size_t i = 0; i < 6; i++)
        CHECK((results[i] == ERR_INPUT) == (problems[i] != NULL) || results[i] == ERR_MEMORY);
    if (results[0] == ERR_OK) check_block(&block, &arena);
    if (results[1] == ERR_OK) check_receipt(&receipt, &arena);
    if (results[2] == ERR_OK) CHECK(proof.node_count <= PROOF_NODES_MAX);
    for (size_t i = 0; results[3] == ERR_OK && i < count; i++)
        CHECK(logs[i].log.topic_count <= LOG_TOPIC_MAX);
    arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json json;
    enum err results[2][6];
    json_open(&json);
    if (json_parse(&json, (const char *)data, size) == ERR_OK && json.count > 1) {
        for (size_t i = 0; i < 2; i++)
            read_all(&json, results[i]);
        CHECK(memcmp(results[0], results[1], sizeof results[0]) == 0);
    }
    json_close(&json);
    return 0;
}
