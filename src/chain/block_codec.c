/* chain/block_codec.c: blocks as bytes. */
#include "chain/block.h"

#include "core/rlp.h"
#include "crypto/keccak.h"

/* Items of a list; false if it does not parse to its end. */
static bool count_items(struct rlp list, size_t *count) {
    *count = 0;
    while (!rlp_done(&list)) {
        bytes item;
        bool is_list;
        if (rlp_read_item(&list, &item, &is_list) != ERR_OK) return false;
        ++*count;
    }
    return true;
}

/* What decoding has come to: a failed operation, or a refusal. */
struct decoding {
    struct block *block;
    struct arena *arena;
    enum err err;
    enum block_verdict verdict;
    enum tx_verdict tx_verdict;
    size_t tx_index;
};

static bool refuse(struct decoding *d, enum block_verdict verdict) {
    d->verdict = verdict;
    return false;
}

static bool no_memory(struct decoding *d) {
    d->err = ERR_MEMORY;
    return false;
}

/* In a block a typed transaction is a string, one of type 0 a list (EIP-2718). */
static bool decode_txs(struct decoding *d, struct rlp list) {
    size_t count;
    if (!count_items(list, &count)) return refuse(d, BLOCK_RLP);
    struct tx *txs = arena_alloc_array(d->arena, count, sizeof *txs);
    bytes *encodings = arena_alloc_array(d->arena, count, sizeof *encodings);
    if (txs == NULL || encodings == NULL) return no_memory(d);
    for (size_t i = 0; i < count; i++) {
        bytes item;
        bool is_list;
        struct rlp before = list;
        if (rlp_read_item(&list, &item, &is_list) != ERR_OK) return refuse(d, BLOCK_RLP);
        if (!is_list) {
            if (rlp_read_string(&before, &item) != ERR_OK) return refuse(d, BLOCK_RLP);
            /* A list inside a string would be a second way to write type 0. */
            if (item.size > 0 && item.data[0] >= 0x80) return refuse(d, BLOCK_RLP);
        }
        d->err = tx_decode(&txs[i], &d->tx_verdict, d->arena, item);
        if (d->err != ERR_OK) return false;
        d->tx_index = i;
        if (d->tx_verdict != TX_OK) return refuse(d, BLOCK_TRANSACTION);
        encodings[i] = item;
    }
    d->block->txs = txs;
    d->block->tx_encodings = encodings;
    d->block->tx_count = count;
    return true;
}

static bool decode_ommers(struct decoding *d, struct rlp list) {
    size_t count;
    if (!count_items(list, &count)) return refuse(d, BLOCK_RLP);
    struct header *ommers = arena_alloc_array(d->arena, count, sizeof *ommers);
    if (ommers == NULL) return no_memory(d);
    for (size_t i = 0; i < count; i++) {
        bytes item;
        bool is_list;
        if (rlp_read_item(&list, &item, &is_list) != ERR_OK) return refuse(d, BLOCK_RLP);
        enum block_verdict verdict = header_decode(&ommers[i], item);
        if (verdict != BLOCK_OK) return refuse(d, verdict);
    }
    d->block->ommers = ommers;
    d->block->ommer_count = count;
    return true;
}

static bool decode_withdrawals(struct decoding *d, struct rlp list) {
    size_t count;
    if (!count_items(list, &count)) return refuse(d, BLOCK_RLP);
    struct withdrawal *withdrawals = arena_alloc_array(d->arena, count, sizeof *withdrawals);
    if (withdrawals == NULL) return no_memory(d);
    for (size_t i = 0; i < count; i++) {
        struct rlp fields;
        struct withdrawal *w = &withdrawals[i];
        if (rlp_read_list(&list, &fields) != ERR_OK || rlp_read_u64(&fields, &w->index) != ERR_OK ||
            rlp_read_u64(&fields, &w->validator_index) != ERR_OK ||
            rlp_read_fixed(&fields, w->address.b, 20) != ERR_OK ||
            rlp_read_u64(&fields, &w->amount_gwei) != ERR_OK || !rlp_done(&fields))
            return refuse(d, BLOCK_RLP);
    }
    d->block->withdrawals = withdrawals;
    d->block->withdrawal_count = count;
    return true;
}

static bool decode(struct decoding *d, bytes encoding) {
    struct rlp outer = rlp_open(encoding);
    struct rlp fields;
    struct rlp txs;
    struct rlp ommers;
    bytes header;
    bool is_list;
    if (rlp_read_list(&outer, &fields) != ERR_OK || !rlp_done(&outer) ||
        rlp_read_item(&fields, &header, &is_list) != ERR_OK || !is_list)
        return refuse(d, BLOCK_RLP);
    enum block_verdict verdict = header_decode(&d->block->header, header);
    if (verdict != BLOCK_OK) return refuse(d, verdict);
    if (rlp_read_list(&fields, &txs) != ERR_OK || rlp_read_list(&fields, &ommers) != ERR_OK)
        return refuse(d, BLOCK_RLP);
    if (!decode_txs(d, txs) || !decode_ommers(d, ommers)) return false;
    bool has_withdrawals = !rlp_done(&fields);
    if (has_withdrawals) {
        struct rlp withdrawals;
        if (rlp_read_list(&fields, &withdrawals) != ERR_OK) return refuse(d, BLOCK_RLP);
        if (!rlp_done(&fields)) return refuse(d, BLOCK_RLP);
        if (!decode_withdrawals(d, withdrawals)) return false;
    }
    if (d->block->header.fields >= HEADER_WITHDRAWALS && !has_withdrawals)
        return refuse(d, BLOCK_WITHDRAWALS_MISSING);
    if (d->block->header.fields < HEADER_WITHDRAWALS && has_withdrawals)
        return refuse(d, BLOCK_WITHDRAWALS_UNEXPECTED);
    return true;
}

enum err block_decode(
    struct block *block,
    enum block_verdict *verdict,
    enum tx_verdict *tx_verdict,
    size_t *tx_index,
    struct arena *arena,
    bytes encoding
) {
    struct block decoded = {.tx_count = 0};
    struct decoding d = {.block = &decoded, .arena = arena};
    bool is_ok = decode(&d, encoding);
    if (d.err != ERR_OK) return d.err;
    if (is_ok) *block = decoded;
    *verdict = d.verdict;
    *tx_verdict = d.tx_verdict;
    *tx_index = d.tx_index;
    return ERR_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static enum err write_headers(
    struct rlp_writer *w, struct arena *arena, const struct header *headers, size_t count
) {
    rlp_list_begin(w);
    for (size_t i = 0; i < count; i++) {
        bytes encoding;
        enum err err = header_encode(&encoding, arena, &headers[i]);
        if (err != ERR_OK) return err;
        rlp_write_raw(w, encoding);
    }
    rlp_list_end(w);
    return ERR_OK;
}

enum err block_encode(bytes *encoding, struct arena *arena, const struct block *block) {
    struct rlp_writer w;
    bytes item;
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    enum err err = header_encode(&item, arena, &block->header);
    if (err != ERR_OK) return err;
    rlp_write_raw(&w, item);
    rlp_list_begin(&w);
    for (size_t i = 0; i < block->tx_count; i++) {
        /* EIP-2718: a legacy transaction is a list, a typed one begins with its type. */
        bytes tx = block->tx_encodings[i];
        if (tx.size > 0 && tx.data[0] >= 0xc0) {
            rlp_write_raw(&w, tx);
        } else {
            rlp_write_string(&w, tx);
        }
    }
    rlp_list_end(&w);
    err = write_headers(&w, arena, block->ommers, block->ommer_count);
    if (err != ERR_OK) return err;
    if (block->header.fields >= HEADER_WITHDRAWALS) {
        rlp_list_begin(&w);
        for (size_t i = 0; i < block->withdrawal_count; i++) {
            err = withdrawal_encode(&item, arena, &block->withdrawals[i]);
            if (err != ERR_OK) return err;
            rlp_write_raw(&w, item);
        }
        rlp_list_end(&w);
    }
    rlp_list_end(&w);
    return rlp_finish(&w, encoding);
}

enum err ommers_hash(hash32 *hash, struct arena *arena, const struct header *ommers, size_t count) {
    struct arena_mark mark = arena_mark(arena);
    struct rlp_writer w;
    bytes encoding;
    rlp_writer_open(&w, arena);
    enum err err = write_headers(&w, arena, ommers, count);
    if (err == ERR_OK) err = rlp_finish(&w, &encoding);
    if (err == ERR_OK) *hash = keccak256(encoding);
    arena_release(arena, mark);
    return err;
}
