#include "rollup/open_block.h"

#include "core/rlp.h"
#include "crypto/keccak.h"
#include "state/account.h"

enum err
open_block_begin(struct open_block *block, struct arena *arena, const struct header *header) {
    struct arena_mark mark = arena_mark(arena);
    bytes encoded;
    enum err err = header_encode(&encoded, arena, header);
    if (err == ERR_OK)
        *block = (struct open_block){.header = *header, .commitment = keccak256(encoded)};
    arena_release(arena, mark);
    return err;
}

hash32 open_block_commitment(const struct open_block *block) {
    return block->newest == NULL ? block->commitment : block->newest->commitment;
}

uint32_t open_block_tx_count(const struct open_block *block) {
    return block->newest == NULL ? 0 : block->newest->index + 1;
}

uint64_t open_block_gas_used(const struct open_block *block) {
    return block->newest == NULL ? 0 : block->newest->cumulative_gas_used;
}

uint64_t open_block_gas_left(const struct open_block *block) {
    uint64_t used = open_block_gas_used(block);
    return used < block->header.gas_limit ? block->header.gas_limit - used : 0;
}

enum err open_block_gather(
    struct open_block *block,
    struct arena *arena,
    bytes tx,
    bytes receipt,
    uint64_t cumulative_gas_used
) {
    struct gathered_tx *gathered = arena_alloc(arena, sizeof(*gathered));
    if (gathered == NULL) return ERR_MEMORY;
    uint8_t chained[96];
    hash32 commitment = open_block_commitment(block);
    hash32 tx_hash = keccak256(tx);
    hash32 receipt_hash = keccak256(receipt);
    memcpy(chained, commitment.b, 32);
    memcpy(chained + 32, tx_hash.b, 32);
    memcpy(chained + 64, receipt_hash.b, 32);
    *gathered = (struct gathered_tx){
        .before = block->newest,
        .tx = tx,
        .receipt = receipt,
        .index = open_block_tx_count(block),
        .cumulative_gas_used = cumulative_gas_used,
        .commitment = keccak256(bytes_of(chained, sizeof(chained))),
    };
    block->newest = gathered;
    return ERR_OK;
}

/* The two lists in order, from the chain that runs backwards. */
static enum err
lists_of(bytes **txs, bytes **receipts, struct arena *arena, const struct open_block *block) {
    size_t count = open_block_tx_count(block);
    bytes *t = arena_alloc_array(arena, count, sizeof(bytes));
    bytes *r = arena_alloc_array(arena, count, sizeof(bytes));
    if (t == NULL || r == NULL) return ERR_MEMORY;
    for (const struct gathered_tx *g = block->newest; g != NULL; g = g->before) {
        t[g->index] = g->tx;
        r[g->index] = g->receipt;
    }
    *txs = t;
    *receipts = r;
    return ERR_OK;
}

enum err open_block_seal(
    struct sealed_block *sealed,
    struct arena *arena,
    const struct open_block *block,
    const hash32 *state_root
) {
    struct sealed_block s = {.header = block->header, .tx_count = open_block_tx_count(block)};
    bytes *txs;
    bytes *receipts;
    enum err err = lists_of(&txs, &receipts, arena, block);
    if (err != ERR_OK) return err;
    for (size_t i = 0; i < s.tx_count && err == ERR_OK; i++) {
        struct receipt receipt;
        err = receipt_decode(&receipt, arena, receipts[i]);
        if (err == ERR_INPUT) err = ERR_CORRUPT;
        if (err == ERR_OK) bloom_merge(&s.header.logs_bloom, &receipt.bloom);
    }
    if (err == ERR_OK) err = ordered_root(&s.header.transactions_root, arena, txs, s.tx_count);
    if (err == ERR_OK) err = ordered_root(&s.header.receipts_root, arena, receipts, s.tx_count);
    if (err != ERR_OK) return err;
    s.header.gas_used = open_block_gas_used(block);
    s.header.state_root = *state_root;
    s.hash = header_hash(&s.header);
    s.txs = txs;
    s.receipts = receipts;
    *sealed = s;
    return ERR_OK;
}

enum err open_block_reopen(
    struct open_block *block,
    struct arena *arena,
    const struct header *sealed,
    const bytes *txs,
    const bytes *receipts,
    size_t tx_count
) {
    struct header header = *sealed;
    struct open_block b;
    header.state_root = (hash32){{0}};
    header.transactions_root = EMPTY_TRIE_ROOT;
    header.receipts_root = EMPTY_TRIE_ROOT;
    header.logs_bloom = (struct bloom){{0}};
    header.gas_used = 0;
    enum err err = open_block_begin(&b, arena, &header);
    for (size_t i = 0; i < tx_count && err == ERR_OK; i++) {
        struct receipt receipt;
        err = txs[i].size == 0 ? ERR_CORRUPT : receipt_decode(&receipt, arena, receipts[i]);
        if (err == ERR_INPUT) err = ERR_CORRUPT;
        if (err == ERR_OK)
            err = open_block_gather(&b, arena, txs[i], receipts[i], receipt.cumulative_gas_used);
    }
    if (err == ERR_OK) *block = b;
    return err;
}

enum err open_block_encode(bytes *encoded, struct arena *arena, const struct open_block *block) {
    bytes header;
    bytes *txs;
    bytes *receipts;
    enum err err = header_encode(&header, arena, &block->header);
    if (err == ERR_OK) err = lists_of(&txs, &receipts, arena, block);
    if (err != ERR_OK) return err;
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    rlp_write_raw(&w, header);
    for (int list = 0; list < 2; list++) {
        rlp_list_begin(&w);
        for (size_t i = 0; i < open_block_tx_count(block); i++)
            rlp_write_string(&w, list == 0 ? txs[i] : receipts[i]);
        rlp_list_end(&w);
    }
    rlp_list_end(&w);
    return rlp_finish(&w, encoded);
}

enum err open_block_decode(struct open_block *block, struct arena *arena, bytes encoded) {
    struct rlp outer = rlp_open(encoded);
    struct rlp fields;
    struct rlp txs;
    struct rlp receipts;
    bytes header_bytes = BYTES_EMPTY;
    bool is_list;
    struct header header;
    enum err err = rlp_read_list(&outer, &fields);
    if (err == ERR_OK) err = rlp_read_item(&fields, &header_bytes, &is_list);
    if (err == ERR_OK) err = rlp_read_list(&fields, &txs);
    if (err == ERR_OK) err = rlp_read_list(&fields, &receipts);
    if (err == ERR_OK && (!rlp_done(&outer) || !rlp_done(&fields))) err = ERR_INPUT;
    if (err == ERR_OK && header_decode(&header, header_bytes) != BLOCK_OK) err = ERR_INPUT;
    if (err != ERR_OK) return err;
    struct open_block b;
    err = open_block_begin(&b, arena, &header);
    while (err == ERR_OK && !rlp_done(&txs)) {
        bytes tx;
        bytes encoded_receipt;
        struct receipt receipt;
        err = rlp_read_string(&txs, &tx);
        if (err == ERR_OK && tx.size == 0) err = ERR_INPUT;
        if (err == ERR_OK) err = rlp_read_string(&receipts, &encoded_receipt);
        if (err == ERR_OK) err = receipt_decode(&receipt, arena, encoded_receipt);
        if (err == ERR_OK)
            err = open_block_gather(&b, arena, tx, encoded_receipt, receipt.cumulative_gas_used);
    }
    if (err == ERR_OK && !rlp_done(&receipts)) err = ERR_INPUT;
    if (err == ERR_OK) *block = b;
    return err;
}
