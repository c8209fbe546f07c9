/* Fuzzes receipt_decode: whatever decodes must encode to the same bytes. */
#include "chain/receipt.h"

#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, 16 << 20);
    struct receipt receipt;
    if (receipt_decode(&receipt, &arena, bytes_of(data, size)) == ERR_OK) {
        bytes encoding;
        CHECK(receipt_encode(&encoding, &arena, &receipt) == ERR_OK);
        CHECK(bytes_equal(encoding, bytes_of(data, size)));
    }
    arena_close(&arena);
    return 0;
}
