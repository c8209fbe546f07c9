/* Any text as a request: the answer is nothing or JSON. What the reader takes for JSON cJSON, its
 * twin, takes too; and the texts of errors are checked by the reader itself. */
#include "core/check.h"
#include "rpc/jsonrpc.h"
#include "rpc/test_fake_chain.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* cJSON refuses lone surrogates and has room for 63 characters of a number. */
static bool is_beyond_twin(const struct json *json) {
    for (uint32_t i = 0; i < json->count; i++) {
        const struct json_token *token = &json->tokens[i];
        if (token->kind == JSON_NUMBER && token->size > 60) return true;
        if (token->kind == JSON_STRING && token->has_escape) return true;
    }
    return false;
}

static void compare_with_twin(const uint8_t *data, size_t size) {
    struct json json;
    json_open(&json);
    if (json_parse(&json, (const char *)data, size) == ERR_OK) {
        CHECK(json.tokens[0].next == json.count);
        for (uint32_t i = 0; i < json.count; i++) {
            const struct json_token *token = &json.tokens[i];
            CHECK(token->next > i && token->next <= json.count);
            CHECK(token->offset <= size && token->size <= size - token->offset);
        }
        if (!is_beyond_twin(&json)) {
            cJSON *twin = cJSON_ParseWithLength((const char *)data, size);
            CHECK(twin != NULL);
            cJSON_Delete(twin);
        }
    } else {
        CHECK(json.problem != NULL && json.problem_offset <= size);
    }
    json_close(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    compare_with_twin(data, size);
    static struct fake_chain *fake;
    static struct jsonrpc_exchange exchange;
    static struct json_writer out;
    struct rpc_endpoint endpoint = {0};
    if (fake == NULL) {
        fake = malloc(sizeof(*fake));
        CHECK(fake != NULL);
        jsonrpc_exchange_open(&exchange);
        json_writer_open(&out, SIZE_MAX / 2);
    }
    fake_open(fake, 3);
    endpoint.chain = &fake->chain;
    json_writer_clear(&out);
    char *copy = malloc(size + 1);
    CHECK(copy != NULL);
    memcpy(copy, data, size);
    enum jsonrpc_state state = jsonrpc_begin(&exchange, &endpoint, &out, 0, bytes_of(copy, size));
    free(copy);
    /* Only eth_sendRawTransactionSync waits; its time is soon up. */
    while (state == JSONRPC_WAITING)
        state = jsonrpc_resume(&exchange, UINT64_MAX);
    CHECK(!json_failed(&out));
    if (out.size > 0) {
        struct json answer;
        json_open(&answer);
        CHECK(json_parse(&answer, out.data, out.size) == ERR_OK);
        json_close(&answer);
    }
    filters_close(&endpoint.filters);
    return 0;
}
