/* Frames of any bytes, cut in two ways: the same events with the same payloads must come of
 * both. */
#include "core/check.h"
#include "rpc/websocket.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    unsigned event_count;
    uint64_t hash;
};

static void count(struct outcome *outcome, uint64_t value) {
    outcome->hash = (outcome->hash ^ value) * 0x100000001b3u;
}

static struct outcome run(const uint8_t *data, size_t size, size_t piece) {
    struct outcome outcome = {.hash = 0xcbf29ce484222325u};
    struct websocket ws = {0};
    bool has_ended = false;
    for (size_t at = 0; at < size;) {
        size_t part = size - at < piece ? size - at : piece;
        uint8_t *copy = malloc(part);
        CHECK(copy != NULL);
        memcpy(copy, data + at, part);
        for (size_t done = 0; done < part;) {
            size_t taken = part - done;
            enum websocket_event event = websocket_feed(&ws, copy + done, &taken);
            CHECK(taken <= part - done);
            done += taken;
            CHECK(event != WEBSOCKET_NEED_MORE || done == part);
            if (event == WEBSOCKET_NEED_MORE) continue;
            CHECK(!has_ended);
            has_ended = event == WEBSOCKET_CLOSED || event == WEBSOCKET_REFUSED;
            CHECK(ws.payload.size <= WEBSOCKET_MESSAGE_SIZE_MAX);
            outcome.event_count++;
            count(&outcome, (uint64_t)event);
            if (has_ended) count(&outcome, ws.code);
            for (size_t i = 0; i < ws.payload.size; i++)
                count(&outcome, ws.payload.data[i]);
        }
        free(copy);
        at += part;
    }
    websocket_close(&ws);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    struct outcome whole = run(data + 1, size - 1, SIZE_MAX);
    struct outcome pieces = run(data + 1, size - 1, 1u + data[0] % 32);
    CHECK(whole.event_count == pieces.event_count);
    CHECK(whole.hash == pieces.hash);
    return 0;
}
