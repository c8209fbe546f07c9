/* chain/receipt.c: see receipt.h. */
#include "chain/receipt.h"

#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"
#include "crypto/sha256.h"
#include "state/trie.h"

/* --- blooms ----------------------------------------------------------------------------------- */

/* The three bits are the low 11 bits of the first three byte pairs of the hash (Yellow Paper
 * 4.3.1); bit 0 is the last byte's lowest. */
static void bloom_bits(unsigned bits[3], bytes item) {
    hash32 hash = keccak256(item);
    for (unsigned i = 0; i < 3; i++)
        bits[i] = ((unsigned)hash.b[2 * i] << 8 | hash.b[2 * i + 1]) & 2047;
}

void bloom_add(struct bloom *bloom, bytes item) {
    unsigned bits[3];
    bloom_bits(bits, item);
    for (unsigned i = 0; i < 3; i++)
        bloom->b[255 - bits[i] / 8] |= (uint8_t)(1u << bits[i] % 8);
}

void bloom_add_logs(struct bloom *bloom, const struct log *logs, size_t log_count) {
    for (size_t i = 0; i < log_count; i++) {
        bloom_add(bloom, address_bytes(&logs[i].address));
        for (uint32_t t = 0; t < logs[i].topic_count; t++)
            bloom_add(bloom, hash32_bytes(&logs[i].topics[t]));
    }
}

void bloom_merge(struct bloom *bloom, const struct bloom *other) {
    for (size_t i = 0; i < sizeof bloom->b; i++)
        bloom->b[i] |= other->b[i];
}

bool bloom_may_contain(const struct bloom *bloom, bytes item) {
    unsigned bits[3];
    bloom_bits(bits, item);
    for (unsigned i = 0; i < 3; i++) {
        if ((bloom->b[255 - bits[i] / 8] >> bits[i] % 8 & 1) == 0) return false;
    }
    return true;
}

/* --- receipts --------------------------------------------------------------------------------- */

static void write_logs(struct rlp_writer *w, const struct log *logs, size_t log_count) {
    rlp_list_begin(w);
    for (size_t i = 0; i < log_count; i++) {
        rlp_list_begin(w);
        rlp_write_string(w, address_bytes(&logs[i].address));
        rlp_list_begin(w);
        for (uint32_t t = 0; t < logs[i].topic_count; t++)
            rlp_write_string(w, hash32_bytes(&logs[i].topics[t]));
        rlp_list_end(w);
        rlp_write_string(w, logs[i].data);
        rlp_list_end(w);
    }
    rlp_list_end(w);
}

enum err receipt_encode(bytes *encoding, struct arena *arena, const struct receipt *receipt) {
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    if (receipt->type != TX_LEGACY) {
        uint8_t type = (uint8_t)receipt->type;
        rlp_write_raw(&w, bytes_of(&type, 1));
    }
    rlp_list_begin(&w);
    if (receipt->has_root) {
        rlp_write_string(&w, hash32_bytes(&receipt->root));
    } else {
        rlp_write_u64(&w, receipt->is_success ? 1 : 0);
    }
    rlp_write_u64(&w, receipt->cumulative_gas_used);
    rlp_write_string(&w, bytes_of(receipt->bloom.b, sizeof receipt->bloom.b));
    write_logs(&w, receipt->logs, receipt->log_count);
    if (receipt->has_deposit_nonce) rlp_write_u64(&w, receipt->deposit_nonce);
    rlp_list_end(&w);
    return rlp_finish(&w, encoding);
}

enum err logs_hash(hash32 *hash, struct arena *arena, const struct log *logs, size_t log_count) {
    struct arena_mark mark = arena_mark(arena);
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    write_logs(&w, logs, log_count);
    bytes encoding;
    enum err err = rlp_finish(&w, &encoding);
    if (err == ERR_OK) *hash = keccak256(encoding);
    arena_release(arena, mark);
    return err;
}

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

static enum err read_log(struct rlp *logs, struct log *log) {
    struct rlp fields;
    struct rlp topics;
    size_t topic_count;
    if (rlp_read_list(logs, &fields) != ERR_OK) return ERR_INPUT;
    if (rlp_read_fixed(&fields, log->address.b, 20) != ERR_OK) return ERR_INPUT;
    if (rlp_read_list(&fields, &topics) != ERR_OK) return ERR_INPUT;
    if (!count_items(topics, &topic_count) || topic_count > LOG_TOPIC_MAX) return ERR_INPUT;
    log->topic_count = (uint32_t)topic_count;
    for (size_t t = 0; t < topic_count; t++) {
        if (rlp_read_fixed(&topics, log->topics[t].b, 32) != ERR_OK) return ERR_INPUT;
    }
    if (rlp_read_string(&fields, &log->data) != ERR_OK) return ERR_INPUT;
    return rlp_done(&fields) ? ERR_OK : ERR_INPUT;
}

static enum err read_logs(struct rlp *fields, struct receipt *receipt, struct arena *arena) {
    struct rlp list;
    size_t count;
    if (rlp_read_list(fields, &list) != ERR_OK || !count_items(list, &count)) return ERR_INPUT;
    struct log *logs = arena_alloc_array(arena, count, sizeof *logs);
    if (logs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        enum err err = read_log(&list, &logs[i]);
        if (err != ERR_OK) return err;
    }
    receipt->logs = logs;
    receipt->log_count = count;
    return ERR_OK;
}

/* Status or root, by the size of the string. */
static enum err read_status(struct rlp *fields, struct receipt *receipt) {
    bytes status;
    if (rlp_read_string(fields, &status) != ERR_OK) return ERR_INPUT;
    if (status.size == 32) {
        receipt->has_root = true;
        memcpy(receipt->root.b, status.data, 32);
        return ERR_OK;
    }
    if (status.size > 1 || (status.size == 1 && status.data[0] != 1)) return ERR_INPUT;
    receipt->is_success = status.size == 1;
    return ERR_OK;
}

enum err receipt_decode(struct receipt *receipt, struct arena *arena, bytes encoding) {
    struct receipt decoded = {.type = TX_LEGACY};
    if (encoding.size == 0) return ERR_INPUT;
    if (encoding.data[0] < 0x80) {
        uint8_t type = encoding.data[0];
        if (!tx_type_is_known(type)) return ERR_INPUT;
        decoded.type = (enum tx_type)type;
        encoding = bytes_slice(encoding, 1, encoding.size - 1);
    }
    struct rlp outer = rlp_open(encoding);
    struct rlp fields;
    if (rlp_read_list(&outer, &fields) != ERR_OK || !rlp_done(&outer)) return ERR_INPUT;
    enum err err = read_status(&fields, &decoded);
    if (err != ERR_OK) return err;
    if (rlp_read_u64(&fields, &decoded.cumulative_gas_used) != ERR_OK) return ERR_INPUT;
    if (rlp_read_fixed(&fields, decoded.bloom.b, sizeof decoded.bloom.b) != ERR_OK)
        return ERR_INPUT;
    err = read_logs(&fields, &decoded, arena);
    if (err != ERR_OK) return err;
    if (!rlp_done(&fields)) {
        if (decoded.type != TX_DEPOSIT) return ERR_INPUT;
        decoded.has_deposit_nonce = true;
        if (rlp_read_u64(&fields, &decoded.deposit_nonce) != ERR_OK) return ERR_INPUT;
    }
    if (!rlp_done(&fields)) return ERR_INPUT;
    struct bloom bloom = {{0}};
    bloom_add_logs(&bloom, decoded.logs, decoded.log_count);
    if (memcmp(bloom.b, decoded.bloom.b, sizeof bloom.b) != 0) return ERR_INPUT;
    *receipt = decoded;
    return ERR_OK;
}

/* --- roots ------------------------------------------------------------------------------------ */

enum err ordered_root(hash32 *root, struct arena *arena, const bytes *encodings, size_t count) {
    return trie_root_of(root, encodings, count, arena);
}

enum err
receipts_root(hash32 *root, struct arena *arena, const struct receipt *receipts, size_t count) {
    struct arena_mark mark = arena_mark(arena);
    enum err err = ERR_OK;
    bytes *encodings = arena_alloc_array(arena, count, sizeof *encodings);
    if (encodings == NULL) err = ERR_MEMORY;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = receipt_encode(&encodings[i], arena, &receipts[i]);
    if (err == ERR_OK) err = trie_root_of(root, encodings, count, arena);
    arena_release(arena, mark);
    return err;
}

enum err
withdrawal_encode(bytes *encoding, struct arena *arena, const struct withdrawal *withdrawal) {
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    rlp_write_u64(&w, withdrawal->index);
    rlp_write_u64(&w, withdrawal->validator_index);
    rlp_write_string(&w, address_bytes(&withdrawal->address));
    rlp_write_u64(&w, withdrawal->amount_gwei);
    rlp_list_end(&w);
    return rlp_finish(&w, encoding);
}

enum err withdrawals_root(
    hash32 *root, struct arena *arena, const struct withdrawal *withdrawals, size_t count
) {
    struct arena_mark mark = arena_mark(arena);
    enum err err = ERR_OK;
    bytes *encodings = arena_alloc_array(arena, count, sizeof *encodings);
    if (encodings == NULL) err = ERR_MEMORY;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = withdrawal_encode(&encodings[i], arena, &withdrawals[i]);
    if (err == ERR_OK) err = trie_root_of(root, encodings, count, arena);
    arena_release(arena, mark);
    return err;
}

hash32 requests_hash(const bytes *requests, size_t count) {
    uint8_t hashes[REQUEST_TYPE_MAX * 32];
    size_t used = 0;
    CHECK(count <= REQUEST_TYPE_MAX);
    for (size_t i = 0; i < count; i++) {
        if (requests[i].size <= 1) continue; /* a type byte alone: no requests of that type */
        hash32 hash = sha256(requests[i]);
        memcpy(hashes + 32 * used++, hash.b, 32);
    }
    return sha256(bytes_of(hashes, 32 * used));
}
