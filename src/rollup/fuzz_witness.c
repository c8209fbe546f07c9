/* Whatever decodes as a witness, or as an open block, encodes to the same bytes. */
#include "core/check.h"
#include "rollup/open_block.h"
#include "rollup/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_open_block(struct arena *arena, bytes encoded) {
    struct open_block open;
    bytes again;
    enum err err = open_block_decode(&open, arena, encoded);
    CHECK(err == ERR_OK || err == ERR_INPUT || err == ERR_MEMORY);
    if (err != ERR_OK) return;
    CHECK(open_block_encode(&again, arena, &open) == ERR_OK);
    CHECK(bytes_equal(again, encoded));
    CHECK(open_block_gas_left(&open) <= open.header.gas_limit);
    struct sealed_block sealed;
    CHECK(open_block_seal(&sealed, arena, &open, &open.header.state_root) == ERR_OK);
    CHECK(sealed.tx_count == open_block_tx_count(&open));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, (size_t)1 << 26);
    struct witness witness;
    bytes again;
    if (witness_decode(&witness, &arena, bytes_of(data, size)) == ERR_OK) {
        CHECK(witness_encode(&again, &arena, &witness) == ERR_OK);
        CHECK(bytes_equal(again, bytes_of(data, size)));
        for (size_t i = 0; i < witness.head_count && i < 4; i++)
            decode_open_block(&arena, witness.heads[i].open_block);
    }
    decode_open_block(&arena, bytes_of(data, size));
    arena_close(&arena);
    return 0;
}
