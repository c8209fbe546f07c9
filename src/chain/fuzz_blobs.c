/* Fuzzes blob_tx_decode: whatever decodes must encode to the same bytes. */
#include "chain/blobs.h"

#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, 64 << 20);
    struct tx tx;
    struct blob_sidecar sidecar;
    enum tx_verdict verdict;
    bytes encoding = bytes_of(data, size);
    if (blob_tx_decode(&tx, &sidecar, &verdict, &arena, encoding) == ERR_OK && verdict == TX_OK) {
        bytes again;
        CHECK(blob_tx_encode(&again, &arena, &tx, &sidecar) == ERR_OK);
        CHECK(bytes_equal(encoding, again));
    }
    arena_close(&arena);
    return 0;
}
