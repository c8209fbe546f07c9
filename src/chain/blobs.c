/* chain/blobs.c: see blobs.h. */
#include "chain/blobs.h"

#include "core/rlp.h"
#include "crypto/kzg.h"

/* A list of count strings of one size, laid one after another in the arena. */
static enum err read_strings(
    const uint8_t **strings,
    size_t *count,
    enum tx_verdict *verdict,
    struct arena *arena,
    struct rlp *fields,
    size_t string_size
) {
    struct rlp list;
    if (rlp_read_list(fields, &list) != ERR_OK) {
        *verdict = TX_SIDECAR_FORMAT;
        return ERR_OK;
    }
    /* What is there bounds what is asked for: each string has a prefix of at least one byte. */
    size_t most = list.rest.size / (string_size + 1);
    uint8_t *data = arena_alloc_array(arena, most, string_size);
    if (data == NULL) return ERR_MEMORY;
    size_t read = 0;
    while (!rlp_done(&list)) {
        if (read == most || rlp_read_fixed(&list, data + read * string_size, string_size)) {
            *verdict = TX_SIDECAR_FORMAT;
            return ERR_OK;
        }
        read++;
    }
    *strings = data;
    *count = read;
    return ERR_OK;
}

/* 0x03 and the transaction's list: what the transaction is in a block. */
static enum err block_form(bytes *encoding, struct arena *arena, bytes list) {
    uint8_t *data = arena_alloc(arena, 1 + list.size);
    if (data == NULL) return ERR_MEMORY;
    data[0] = TX_BLOB;
    memcpy(data + 1, list.data, list.size);
    *encoding = bytes_of(data, 1 + list.size);
    return ERR_OK;
}

static enum err read_sidecar(
    struct blob_sidecar *sidecar, enum tx_verdict *verdict, struct arena *arena, struct rlp *fields
) {
    uint64_t version;
    struct rlp rest = *fields;
    if (rlp_read_u64(&rest, &version) == ERR_OK) { /* version 0 has a list in its place */
        *fields = rest;
        sidecar->version = 1;
        if (version != 1) {
            *verdict = TX_SIDECAR_VERSION;
            return ERR_OK;
        }
    }
    size_t commitment_count = 0;
    enum err err =
        read_strings(&sidecar->blobs, &sidecar->count, verdict, arena, fields, KZG_BLOB_SIZE);
    if (err != ERR_OK || *verdict != TX_OK) return err;
    err = read_strings(
        &sidecar->commitments, &commitment_count, verdict, arena, fields, KZG_COMMITMENT_SIZE
    );
    if (err != ERR_OK || *verdict != TX_OK) return err;
    err = read_strings(
        &sidecar->proofs, &sidecar->proof_count, verdict, arena, fields, KZG_PROOF_SIZE
    );
    if (err != ERR_OK || *verdict != TX_OK) return err;
    size_t proofs_each = sidecar->version == 0 ? 1 : KZG_CELLS_PER_BLOB;
    bool is_whole =
        commitment_count == sidecar->count && sidecar->proof_count == sidecar->count * proofs_each;
    if (!rlp_done(fields)) {
        *verdict = TX_SIDECAR_FORMAT;
    } else if (!is_whole) {
        *verdict = TX_SIDECAR_COUNT;
    }
    return ERR_OK;
}

enum err blob_tx_decode(
    struct tx *tx,
    struct blob_sidecar *sidecar,
    enum tx_verdict *verdict,
    struct arena *arena,
    bytes encoding
) {
    struct tx decoded;
    struct blob_sidecar read = {.version = 0};
    *verdict = TX_OK;
    if (encoding.size == 0 || encoding.data[0] != TX_BLOB) {
        *verdict = TX_TYPE_UNKNOWN;
        return ERR_OK;
    }
    struct rlp outer = rlp_open(bytes_slice(encoding, 1, encoding.size - 1));
    struct rlp fields;
    bytes list;
    bool is_list;
    if (rlp_read_list(&outer, &fields) != ERR_OK || !rlp_done(&outer) ||
        rlp_read_item(&fields, &list, &is_list) != ERR_OK) {
        *verdict = TX_RLP_HEADER;
        return ERR_OK;
    }
    if (!is_list) {
        enum err err = tx_decode(&decoded, verdict, arena, encoding);
        if (err == ERR_OK && *verdict == TX_OK) *verdict = TX_SIDECAR_MISSING;
        return err;
    }
    enum err err = block_form(&read.tx_encoding, arena, list);
    if (err == ERR_OK) err = tx_decode(&decoded, verdict, arena, read.tx_encoding);
    if (err == ERR_OK && *verdict == TX_OK) err = read_sidecar(&read, verdict, arena, &fields);
    if (err == ERR_OK && *verdict == TX_OK && read.count != decoded.blob_count)
        *verdict = TX_SIDECAR_COUNT;
    if (err == ERR_OK && *verdict == TX_OK) {
        *tx = decoded;
        *sidecar = read;
    }
    return err;
}

static void write_strings(struct rlp_writer *w, const uint8_t *data, size_t count, size_t size) {
    rlp_list_begin(w);
    for (size_t i = 0; i < count; i++)
        rlp_write_string(w, bytes_of(data + i * size, size));
    rlp_list_end(w);
}

enum err blob_tx_encode(
    bytes *encoding, struct arena *arena, const struct tx *tx, const struct blob_sidecar *sidecar
) {
    static const uint8_t type = TX_BLOB;
    bytes inner;
    enum err err = tx_encode(&inner, arena, tx);
    if (err != ERR_OK) return err;
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    rlp_write_raw(&w, bytes_of(&type, 1));
    rlp_list_begin(&w);
    rlp_write_raw(&w, bytes_slice(inner, 1, inner.size - 1));
    if (sidecar->version != 0) rlp_write_u64(&w, sidecar->version);
    write_strings(&w, sidecar->blobs, sidecar->count, KZG_BLOB_SIZE);
    write_strings(&w, sidecar->commitments, sidecar->count, KZG_COMMITMENT_SIZE);
    write_strings(&w, sidecar->proofs, sidecar->proof_count, KZG_PROOF_SIZE);
    rlp_list_end(&w);
    return rlp_finish(&w, encoding);
}

enum err blob_sidecar_check(
    enum tx_verdict *verdict,
    const struct tx *tx,
    const struct blob_sidecar *sidecar,
    enum fork fork
) {
    *verdict = TX_OK;
    if (sidecar->version != (fork >= FORK_OSAKA ? 1 : 0)) {
        *verdict = TX_SIDECAR_VERSION;
        return ERR_OK;
    }
    if (sidecar->count != tx->blob_count) {
        *verdict = TX_SIDECAR_COUNT;
        return ERR_OK;
    }
    for (size_t i = 0; i < sidecar->count; i++) {
        hash32 hash = kzg_versioned_hash(sidecar->commitments + i * KZG_COMMITMENT_SIZE);
        if (!hash32_equal(&hash, &tx->blob_versioned_hashes[i])) {
            *verdict = TX_SIDECAR_HASH;
            return ERR_OK;
        }
    }
    bool is_valid = false;
    enum err err =
        sidecar->version == 0
            ? kzg_verify_blob_proofs(
                  &is_valid, sidecar->blobs, sidecar->commitments, sidecar->proofs, sidecar->count
              )
            : kzg_verify_blob_cell_proofs(
                  &is_valid, sidecar->blobs, sidecar->commitments, sidecar->proofs, sidecar->count
              );
    /* An encoding that is no point or no field element is a bad proof too. */
    if (err == ERR_INPUT) err = ERR_OK;
    if (err == ERR_OK && !is_valid) *verdict = TX_SIDECAR_PROOF;
    return err;
}
