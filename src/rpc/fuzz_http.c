/* HTTP in any bytes, cut in two ways: the same requests with the same bodies must come of both, and
 * both are refused or neither is. (Which refusal comes first may depend on the cuts.) */
#include "core/check.h"
#include "rpc/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    unsigned request_count;
    uint64_t body_hash;
    bool is_refused;
};

static struct outcome run(const uint8_t *data, size_t size, size_t piece) {
    struct outcome outcome = {.body_hash = 0xcbf29ce484222325u};
    struct http_parser *parser = malloc(sizeof(*parser));
    CHECK(parser != NULL);
    http_parser_open(parser);
    for (size_t at = 0; at < size && !outcome.is_refused;) {
        size_t part = size - at < piece ? size - at : piece;
        uint8_t *copy = malloc(part);
        CHECK(copy != NULL);
        memcpy(copy, data + at, part);
        for (size_t done = 0; done < part && !outcome.is_refused;) {
            size_t taken = part - done;
            enum http_result result = http_feed(parser, copy + done, &taken);
            CHECK(taken <= part - done);
            done += taken;
            CHECK(result != HTTP_NEED_MORE || done == part);
            outcome.is_refused = result == HTTP_REFUSED;
            if (result != HTTP_REQUEST_COMPLETE) continue;
            const struct http_request *request = &parser->request;
            CHECK(strlen(request->host) < HTTP_VALUE_SIZE_MAX);
            CHECK(strpbrk(request->origin, "\r\n") == NULL);
            (void)http_host_is_allowed(request->host, NULL);
            outcome.request_count++;
            for (size_t i = 0; i < request->body.size; i++)
                outcome.body_hash = (outcome.body_hash ^ request->body.data[i]) * 0x100000001b3u;
            outcome.body_hash = (outcome.body_hash ^ 0x100) * 0x100000001b3u;
        }
        free(copy);
        at += part;
    }
    http_parser_close(parser);
    free(parser);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    struct outcome whole = run(data + 1, size - 1, SIZE_MAX);
    struct outcome pieces = run(data + 1, size - 1, 1u + data[0] % 32);
    CHECK(whole.request_count == pieces.request_count);
    CHECK(whole.body_hash == pieces.body_hash);
    CHECK(whole.is_refused == pieces.is_refused);
    return 0;
}
