#include "batch/payload.h"

#include "core/rlp.h"

enum err payload_encode(bytes *encoded, struct arena *arena, const struct payload *payload) {
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    for (size_t i = 0; i < payload->block_count; i++) {
        const struct payload_block *block = &payload->blocks[i];
        rlp_list_begin(&w);
        rlp_write_u64(&w, block->timestamp);
        rlp_write_string(&w, address_bytes(&block->fee_recipient));
        rlp_list_begin(&w);
        for (size_t j = 0; j < block->tx_count; j++)
            rlp_write_string(&w, block->txs[j]);
        rlp_list_end(&w);
        rlp_list_end(&w);
    }
    rlp_list_end(&w);
    return rlp_finish(&w, encoded);
}

/* Counts the items left at the cursor without moving it. */
static enum err count_items(size_t *count, struct rlp items, size_t count_max) {
    size_t n = 0;
    while (!rlp_done(&items)) {
        bytes item;
        bool is_list;
        enum err err = rlp_read_item(&items, &item, &is_list);
        if (err != ERR_OK) return err;
        if (++n > count_max) return ERR_INPUT;
    }
    *count = n;
    return ERR_OK;
}

static enum err decode_block(struct payload_block *block, struct arena *arena, struct rlp *blocks) {
    struct rlp fields;
    struct rlp txs;
    enum err err = rlp_read_list(blocks, &fields);
    if (err == ERR_OK) err = rlp_read_u64(&fields, &block->timestamp);
    if (err == ERR_OK) err = rlp_read_fixed(&fields, block->fee_recipient.b, 20);
    if (err == ERR_OK) err = rlp_read_list(&fields, &txs);
    if (err == ERR_OK && !rlp_done(&fields)) err = ERR_INPUT;
    if (err == ERR_OK) err = count_items(&block->tx_count, txs, PAYLOAD_TXS_MAX);
    if (err != ERR_OK) return err;
    block->txs = arena_alloc_array(arena, block->tx_count, sizeof(bytes));
    if (block->txs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < block->tx_count && err == ERR_OK; i++)
        err = rlp_read_string(&txs, &block->txs[i]);
    return err;
}

enum err payload_decode(struct payload *payload, struct arena *arena, bytes encoded) {
    struct rlp outer = rlp_open(encoded);
    struct rlp blocks;
    struct payload p = {0};
    enum err err = rlp_read_list(&outer, &blocks);
    if (err == ERR_OK && !rlp_done(&outer)) err = ERR_INPUT;
    if (err == ERR_OK) err = count_items(&p.block_count, blocks, PAYLOAD_BLOCKS_MAX);
    if (err == ERR_OK && p.block_count == 0) err = ERR_INPUT;
    if (err != ERR_OK) return err;
    p.blocks = arena_alloc_array(arena, p.block_count, sizeof(*p.blocks));
    if (p.blocks == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < p.block_count && err == ERR_OK; i++) {
        err = decode_block(&p.blocks[i], arena, &blocks);
        if (err == ERR_OK && i > 0 && p.blocks[i].timestamp < p.blocks[i - 1].timestamp)
            err = ERR_INPUT;
    }
    if (err == ERR_OK) *payload = p;
    return err;
}
