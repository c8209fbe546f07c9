#include "batch/batch.h"

#include "crypto/keccak.h"

static const char POST[] = "postBatch(bytes,(address,uint64[],bytes)[])";
static const char POST_TRANSIENT[] = "postBatchTransient(bytes,(address,uint64[],bytes)[])";

bool batch_is_post(bytes calldata) {
    return abi_has_selector(calldata, POST) || abi_has_selector(calldata, POST_TRANSIENT);
}

bool batch_is_transient(bytes calldata) {
    return abi_has_selector(calldata, POST_TRANSIENT);
}

enum err batch_decode_calldata(struct batch *batch, struct arena *arena, bytes calldata) {
    bytes encoded;
    if (!batch_is_post(calldata)) return ERR_INPUT;
    enum err err = abi_read_bytes(&encoded, bytes_slice(calldata, ABI_SELECTOR, SIZE_MAX), 0);
    return err == ERR_OK ? batch_decode(batch, arena, encoded) : err;
}

static void write_proof(struct abi_writer *w, const struct batch_proof *proof) {
    size_t start = w->size;
    abi_write_address(w, &proof->system);
    size_t ids = abi_write_offset(w);
    size_t data = abi_write_offset(w);
    abi_begin_tail(w, ids, start);
    abi_write_u64(w, proof->rollup_id_count);
    for (size_t i = 0; i < proof->rollup_id_count; i++)
        abi_write_u64(w, proof->rollup_ids[i]);
    abi_begin_tail(w, data, start);
    abi_write_bytes(w, proof->data);
}

enum err batch_post_calldata(
    bytes *calldata,
    struct arena *arena,
    const struct batch *batch,
    const struct batch_proof *proofs,
    size_t proof_count,
    bool is_transient
) {
    struct abi_writer w;
    bytes encoded;
    enum err err = batch_encode(&encoded, arena, batch);
    if (err != ERR_OK) return err;
    abi_writer_open(&w, arena);
    abi_write_selector(&w, is_transient ? POST_TRANSIENT : POST);
    size_t start = w.size;
    size_t batch_offset = abi_write_offset(&w);
    size_t proofs_offset = abi_write_offset(&w);
    abi_begin_tail(&w, batch_offset, start);
    abi_write_bytes(&w, encoded);
    abi_begin_tail(&w, proofs_offset, start);
    abi_write_u64(&w, proof_count);
    size_t first = w.size;
    for (size_t i = 0; i < proof_count; i++)
        (void)abi_write_offset(&w);
    for (size_t i = 0; i < proof_count; i++) {
        abi_begin_tail(&w, first + i * ABI_WORD, first);
        write_proof(&w, &proofs[i]);
    }
    return abi_finish(&w, calldata);
}

hash32 update_messages_hash(const struct update *update) {
    if (update->message_slot_count == 0) return (hash32){{0}};
    return keccak256(bytes_of(update->message_slots, 32 * update->message_slot_count));
}

hash32 update_forced_hash(const hash32 *before, bytes tx) {
    const hash32 hash = keccak256(tx);
    return keccak256_two(hash32_bytes(before), hash32_bytes(&hash));
}

enum err update_action(
    struct action *action,
    struct arena *arena,
    const struct update *update,
    const struct update_context *context
) {
    hash32 payload_hash = keccak256(update->payload);
    hash32 messages_hash = update_messages_hash(update);
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_hash(&w, &payload_hash);
    abi_write_hash(&w, &context->anchor_hash);
    abi_write_hash(&w, &messages_hash);
    abi_write_hash(&w, &context->forced_hash);
    abi_write_u64(&w, update->timestamp);
    struct action a = {.kind = ACTION_L2TX, .rollup_id = update->rollup_id};
    enum err err = abi_finish(&w, &a.data);
    if (err == ERR_OK) *action = a;
    return err;
}

enum err batch_public_input(
    hash32 *public_input,
    struct arena *arena,
    bytes encoded,
    const struct update_context *contexts,
    size_t context_count,
    uint64_t chain_id,
    const address *hub
) {
    struct arena_mark mark = arena_mark(arena);
    hash32 batch_hash = keccak256(encoded);
    struct abi_writer w;
    bytes words;
    abi_writer_open(&w, arena);
    for (size_t i = 0; i < context_count; i++) {
        abi_write_hash(&w, &contexts[i].anchor_hash);
        abi_write_hash(&w, &contexts[i].forced_hash);
    }
    enum err err = abi_finish(&w, &words);
    if (err == ERR_OK) {
        hash32 contexts_hash = keccak256(words);
        abi_writer_open(&w, arena);
        abi_write_u64(&w, chain_id);
        abi_write_address(&w, hub);
        abi_write_hash(&w, &batch_hash);
        abi_write_hash(&w, &contexts_hash);
        err = abi_finish(&w, &words);
    }
    if (err == ERR_OK) *public_input = keccak256(words);
    arena_release(arena, mark);
    return err;
}

enum err batch_statement_digest(
    hash32 *digest,
    struct arena *arena,
    const address *system,
    const hash32 *vkey,
    const uint64_t *rollup_ids,
    size_t rollup_id_count,
    const hash32 *public_input
) {
    struct arena_mark mark = arena_mark(arena);
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_address(&w, system);
    abi_write_hash(&w, vkey);
    size_t ids = abi_write_offset(&w);
    abi_write_hash(&w, public_input);
    abi_begin_tail(&w, ids, 0);
    abi_write_u64(&w, rollup_id_count);
    for (size_t i = 0; i < rollup_id_count; i++)
        abi_write_u64(&w, rollup_ids[i]);
    bytes encoded;
    enum err err = abi_finish(&w, &encoded);
    if (err == ERR_OK) *digest = keccak256(encoded);
    arena_release(arena, mark);
    return err;
}
