#include "node/sidecar.h"

#include "core/rlp.h"
#include "crypto/kzg.h"

#define CELL_SIDECAR_VERSION 1 /* EIP-7594: wrapper_version */

const char *sidecar_verdict_text(enum sidecar_verdict verdict) {
    static const char *const texts[] = {
#define SIDECAR_VERDICT_TEXT(name, text) text,
        SIDECAR_VERDICT_LIST(SIDECAR_VERDICT_TEXT)
#undef SIDECAR_VERDICT_TEXT
    };
    return texts[verdict];
}

/* The outer list's items; false if it is no typed list of type 3. */
static bool open_wrapper(struct rlp *items, bytes encoded) {
    if (encoded.size < 2 || encoded.data[0] != TX_BLOB) return false;
    struct rlp rlp = rlp_open(bytes_slice(encoded, 1, encoded.size));
    return rlp_read_list(&rlp, items) == ERR_OK && rlp_done(&rlp);
}

bool sidecar_is_present(bytes encoded) {
    struct rlp items;
    bytes item;
    bool is_list;
    return open_wrapper(&items, encoded) && rlp_read_item(&items, &item, &is_list) == ERR_OK &&
           is_list;
}

enum err sidecar_strip(bytes *bare, bytes *rest, struct arena *arena, bytes encoded) {
    struct rlp items;
    bytes body;
    bool is_list;
    if (!open_wrapper(&items, encoded)) return ERR_INPUT;
    if (rlp_read_item(&items, &body, &is_list) != ERR_OK || !is_list) return ERR_INPUT;
    uint8_t *copy = arena_alloc(arena, body.size + 1);
    if (copy == NULL) return ERR_MEMORY;
    copy[0] = TX_BLOB;
    memcpy(copy + 1, body.data, body.size);
    *bare = bytes_of(copy, body.size + 1);
    *rest = items.rest;
    return ERR_OK;
}

/* count strings of item_size bytes laid one after another into the arena. */
static enum err gather(
    const uint8_t **out,
    bool *fits,
    struct arena *arena,
    struct rlp *list,
    size_t count,
    size_t size
) {
    uint8_t *all = arena_alloc(arena, count * size);
    if (all == NULL) return ERR_MEMORY;
    *fits = true;
    for (size_t i = 0; i < count && *fits; i++)
        *fits = rlp_read_fixed(list, all + i * size, size) == ERR_OK;
    *fits = *fits && rlp_done(list);
    *out = all;
    return ERR_OK;
}

struct sidecar {
    const uint8_t *blobs;
    const uint8_t *commitments;
    const uint8_t *proofs;
};

static enum err read_sidecar(
    struct sidecar *sidecar,
    enum sidecar_verdict *verdict,
    struct arena *arena,
    bytes rest,
    size_t count,
    bool has_cell_proofs
) {
    struct rlp items = rlp_open(rest);
    struct rlp lists[3];
    uint64_t version;
    *verdict = SIDECAR_VERSION;
    if (has_cell_proofs &&
        (rlp_read_u64(&items, &version) != ERR_OK || version != CELL_SIDECAR_VERSION))
        return ERR_OK;
    *verdict = SIDECAR_MALFORMED;
    for (size_t i = 0; i < 3; i++)
        if (rlp_read_list(&items, &lists[i]) != ERR_OK) return ERR_OK;
    if (!rlp_done(&items)) return ERR_OK;
    *verdict = SIDECAR_COUNT;
    size_t proof_count = has_cell_proofs ? count * KZG_CELLS_PER_BLOB : count;
    bool fits;
    enum err err = gather(&sidecar->blobs, &fits, arena, &lists[0], count, KZG_BLOB_SIZE);
    if (err != ERR_OK || !fits) return err;
    err = gather(&sidecar->commitments, &fits, arena, &lists[1], count, KZG_COMMITMENT_SIZE);
    if (err != ERR_OK || !fits) return err;
    err = gather(&sidecar->proofs, &fits, arena, &lists[2], proof_count, KZG_PROOF_SIZE);
    if (err == ERR_OK && fits) *verdict = SIDECAR_OK;
    return err;
}

enum err sidecar_check(
    enum sidecar_verdict *verdict,
    struct arena *arena,
    const struct tx *tx,
    bytes rest,
    bool has_cell_proofs
) {
    struct sidecar sidecar = {0};
    size_t count = tx->blob_count;
    enum err err = read_sidecar(&sidecar, verdict, arena, rest, count, has_cell_proofs);
    if (err != ERR_OK || *verdict != SIDECAR_OK) return err;
    for (size_t i = 0; i < count; i++) {
        hash32 hash = kzg_versioned_hash(sidecar.commitments + i * KZG_COMMITMENT_SIZE);
        if (hash32_equal(&hash, &tx->blob_versioned_hashes[i])) continue;
        *verdict = SIDECAR_HASH;
        return ERR_OK;
    }
    bool is_valid = false;
    err = has_cell_proofs ? kzg_verify_blob_cell_proofs(
                                &is_valid, sidecar.blobs, sidecar.commitments, sidecar.proofs, count
                            )
                          : kzg_verify_blob_proofs(
                                &is_valid, sidecar.blobs, sidecar.commitments, sidecar.proofs, count
                            );
    if (err == ERR_INPUT) is_valid = false;
    if (err != ERR_OK && err != ERR_INPUT) return err;
    if (!is_valid) *verdict = SIDECAR_PROOF;
    return ERR_OK;
}
