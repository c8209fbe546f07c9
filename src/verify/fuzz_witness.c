/* Whatever decodes as a witness file, a batch file, a share file or an open block encodes to the
 * same bytes; and verify_input comes to a verdict on anything. */
#include "core/check.h"
#include "verify/verify.h"

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

static void decode_witness(struct arena *arena, bytes encoded) {
    struct witness witness;
    enum words_fault fault = WORDS_NONE;
    enum err err = witness_decode(&witness, &fault, arena, encoded);
    CHECK(err == ERR_OK || err == ERR_MEMORY || (err == ERR_INPUT && fault != WORDS_NONE));
    if (err != ERR_OK) return;
    CHECK(witness_size(&witness) == encoded.size);
    uint8_t *again = arena_alloc(arena, encoded.size);
    CHECK(again != NULL);
    witness_write(again, &witness);
    CHECK(memcmp(again, encoded.data, encoded.size) == 0);
    for (size_t i = 0; i < witness.head_count && i < 4; i++)
        decode_open_block(arena, witness.heads[i].open_block);
}

static void decode_batch_file(struct arena *arena, bytes encoded) {
    struct batch_file file;
    bytes rest;
    enum words_fault fault = WORDS_NONE;
    enum err err = batch_file_decode(&file, &fault, &rest, arena, encoded);
    CHECK(err == ERR_OK || err == ERR_MEMORY || (err == ERR_INPUT && fault != WORDS_NONE));
    if (err != ERR_OK) return;
    CHECK(batch_file_size(&file) + rest.size == encoded.size);
    uint8_t *again = arena_alloc(arena, encoded.size);
    CHECK(again != NULL);
    batch_file_write(again, &file);
    CHECK(memcmp(again, encoded.data, encoded.size - rest.size) == 0);
}

static void decode_share(struct arena *arena, bytes encoded) {
    struct share share;
    bytes rest;
    enum words_fault fault = WORDS_NONE;
    enum err err = share_decode(&share, &fault, &rest, arena, encoded);
    CHECK(err == ERR_OK || err == ERR_MEMORY || (err == ERR_INPUT && fault != WORDS_NONE));
    if (err != ERR_OK) return;
    CHECK(share_is_next(encoded));
    CHECK(share_size(&share) + rest.size == encoded.size);
    CHECK(share.count > 0 && share.count <= share.total);
    CHECK(share.first < share.total && share.first + share.count <= share.total);
    uint8_t *again = arena_alloc(arena, encoded.size);
    CHECK(again != NULL);
    share_write(again, &share);
    CHECK(memcmp(again, encoded.data, encoded.size - rest.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, (size_t)1 << 26);
    const bytes input = bytes_of(data, size);
    decode_witness(&arena, input);
    decode_batch_file(&arena, input);
    decode_share(&arena, input);
    decode_open_block(&arena, input);
    struct verify_result result;
    const struct verify_options strict = {.takes_shares = true};
    enum err err = verify_input(&result, &arena, &strict, input);
    CHECK(err == ERR_OK || err == ERR_MEMORY);
    arena_close(&arena);
    return 0;
}
