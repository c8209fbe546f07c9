/* Whatever decodes as a batch encodes to the same bytes. */
#include "batch/batch.h"

#include "batch/payload.h"
#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, (size_t)1 << 26);
    struct batch batch;
    bytes again;
    if (batch_decode(&batch, &arena, bytes_of(data, size)) == ERR_OK) {
        CHECK(batch_encode(&again, &arena, &batch) == ERR_OK);
        CHECK(bytes_equal(again, bytes_of(data, size)));
    }
    struct payload payload;
    if (payload_decode(&payload, &arena, bytes_of(data, size)) == ERR_OK) {
        CHECK(payload_encode(&again, &arena, &payload) == ERR_OK);
        CHECK(bytes_equal(again, bytes_of(data, size)));
    }
    arena_close(&arena);
    return 0;
}
