/* Fuzzes block_decode: whatever decodes must encode to the same bytes. */
#include "chain/block.h"

#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, 16 << 20);
    struct block block;
    enum block_verdict verdict;
    enum tx_verdict tx_verdict;
    size_t tx_index;
    bytes encoding = bytes_of(data, size);
    if (block_decode(&block, &verdict, &tx_verdict, &tx_index, &arena, encoding) == ERR_OK &&
        verdict == BLOCK_OK) {
        bytes again;
        hash32 hash;
        CHECK(block_encode(&again, &arena, &block) == ERR_OK);
        CHECK(bytes_equal(encoding, again));
        CHECK(ommers_hash(&hash, &arena, block.ommers, block.ommer_count) == ERR_OK);
    }
    arena_close(&arena);
    return 0;
}
