#include "rollup/batch.h"

#include "crypto/keccak.h"

static void write_hashes(struct abi_writer *w, const hash32 *hashes, size_t count) {
    abi_write_u64(w, count);
    for (size_t i = 0; i < count; i++)
        abi_write_hash(w, &hashes[i]);
}

static void write_update(struct abi_writer *w, const struct update *update) {
    size_t start = w->size;
    abi_write_u64(w, update->rollup_id);
    size_t payload = abi_write_offset(w);
    abi_write_u64(w, update->anchor_number);
    size_t slots = abi_write_offset(w);
    abi_write_u64(w, update->forced);
    abi_write_u64(w, update->timestamp);
    abi_begin_tail(w, payload, start);
    abi_write_bytes(w, update->payload);
    abi_begin_tail(w, slots, start);
    write_hashes(w, update->message_slots, update->message_slot_count);
}

static void write_batch(struct abi_writer *w, const struct batch *batch) {
    size_t start = w->size;
    size_t updates = abi_write_offset(w);
    size_t entries = abi_write_offset(w);
    abi_begin_tail(w, updates, start);
    abi_write_u64(w, batch->update_count);
    size_t first = w->size;
    for (size_t i = 0; i < batch->update_count; i++)
        (void)abi_write_offset(w);
    for (size_t i = 0; i < batch->update_count; i++) {
        abi_begin_tail(w, first + i * ABI_WORD, first);
        write_update(w, &batch->updates[i]);
    }
    abi_begin_tail(w, entries, start);
    abi_write_u64(w, batch->entry_count);
    first = w->size;
    for (size_t i = 0; i < batch->entry_count; i++)
        (void)abi_write_offset(w);
    for (size_t i = 0; i < batch->entry_count; i++) {
        abi_begin_tail(w, first + i * ABI_WORD, first);
        entry_write_tuple(w, &batch->entries[i]);
    }
}

enum err batch_encode(bytes *encoded, struct arena *arena, const struct batch *batch) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    size_t offset = abi_write_offset(&w);
    abi_begin_tail(&w, offset, 0);
    write_batch(&w, batch);
    return abi_finish(&w, encoded);
}

static enum err read_update(struct update *update, struct arena *arena, bytes tuple) {
    struct update u = {0};
    bytes slots;
    uint64_t forced = 0;
    enum err err = abi_read_u64(&u.rollup_id, tuple, 0);
    if (err == ERR_OK) err = abi_read_bytes(&u.payload, tuple, 1);
    if (err == ERR_OK) err = abi_read_u64(&u.anchor_number, tuple, 2);
    if (err == ERR_OK) err = abi_read_array(&u.message_slot_count, &slots, tuple, 3);
    if (err == ERR_OK) err = abi_read_u64(&forced, tuple, 4);
    if (err == ERR_OK && forced > UINT16_MAX) err = ERR_INPUT;
    if (err == ERR_OK) err = abi_read_u64(&u.timestamp, tuple, 5);
    if (err != ERR_OK) return err;
    u.forced = (uint16_t)forced;
    u.message_slots = arena_alloc_array(arena, u.message_slot_count, sizeof(hash32));
    if (u.message_slots == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < u.message_slot_count && err == ERR_OK; i++)
        err = abi_read_hash(&u.message_slots[i], slots, i);
    if (err == ERR_OK) *update = u;
    return err;
}

static enum err read_batch(struct batch *batch, struct arena *arena, bytes tuple) {
    struct batch b = {0};
    bytes updates;
    bytes entries;
    bytes tail;
    enum err err = abi_read_array(&b.update_count, &updates, tuple, 0);
    if (err == ERR_OK) err = abi_read_array(&b.entry_count, &entries, tuple, 1);
    if (err != ERR_OK) return err;
    b.updates = arena_alloc_array(arena, b.update_count, sizeof(*b.updates));
    b.entries = arena_alloc_array(arena, b.entry_count, sizeof(*b.entries));
    if (b.updates == NULL || b.entries == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < b.update_count && err == ERR_OK; i++) {
        err = abi_read_tail(&tail, updates, i);
        if (err == ERR_OK) err = read_update(&b.updates[i], arena, tail);
    }
    for (size_t i = 0; i < b.entry_count && err == ERR_OK; i++) {
        err = abi_read_tail(&tail, entries, i);
        if (err == ERR_OK) err = entry_read_tuple(&b.entries[i], arena, tail);
    }
    if (err == ERR_OK) *batch = b;
    return err;
}

enum err batch_decode(struct batch *batch, struct arena *arena, bytes encoded) {
    bytes tuple;
    struct batch decoded;
    enum err err = abi_read_tail(&tuple, encoded, 0);
    if (err == ERR_OK) err = read_batch(&decoded, arena, tuple);
    if (err != ERR_OK) return err;
    /* One batch has one encoding: what reads the same but is written otherwise is refused. */
    struct arena_mark mark = arena_mark(arena);
    bytes canonical;
    err = batch_encode(&canonical, arena, &decoded);
    if (err == ERR_OK && !bytes_equal(canonical, encoded)) err = ERR_INPUT;
    arena_release(arena, mark);
    if (err == ERR_OK) *batch = decoded;
    return err;
}

#define BATCH_SIGNATURE                                                                \
    "(((uint64,bytes,uint64,bytes32[],uint16,uint64)[],(" ACTION_SIGNATURE             \
    ",(uint64,bytes32,bytes32,bool,int256)[]," ACTION_SIGNATURE "[]," ACTION_SIGNATURE \
    ",bool)[]),(address,uint64[],bytes)[])"

static const char POST[] = "postBatch" BATCH_SIGNATURE;
static const char POST_TRANSIENT[] = "postBatchTransient" BATCH_SIGNATURE;

bool batch_is_post(bytes calldata) {
    return abi_has_selector(calldata, POST) || abi_has_selector(calldata, POST_TRANSIENT);
}

bool batch_is_transient(bytes calldata) {
    return abi_has_selector(calldata, POST_TRANSIENT);
}

enum err batch_decode_calldata(struct batch *batch, struct arena *arena, bytes calldata) {
    bytes tuple;
    if (!batch_is_post(calldata)) return ERR_INPUT;
    enum err err = abi_read_tail(&tuple, bytes_slice(calldata, 4, SIZE_MAX), 0);
    return err == ERR_OK ? read_batch(batch, arena, tuple) : err;
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
    abi_writer_open(&w, arena);
    abi_write_selector(&w, is_transient ? POST_TRANSIENT : POST);
    size_t start = w.size;
    size_t batch_offset = abi_write_offset(&w);
    size_t proofs_offset = abi_write_offset(&w);
    abi_begin_tail(&w, batch_offset, start);
    write_batch(&w, batch);
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

static enum err update_hash(
    hash32 *hash,
    struct arena *arena,
    const struct update *update,
    const struct update_context *context
) {
    hash32 payload_hash = keccak256(update->payload);
    hash32 messages_hash = update_messages_hash(update);
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_u64(&w, update->rollup_id);
    abi_write_hash(&w, &payload_hash);
    abi_write_u64(&w, update->anchor_number);
    abi_write_hash(&w, &context->anchor_hash);
    abi_write_hash(&w, &messages_hash);
    abi_write_hash(&w, &context->forced_hash);
    abi_write_u64(&w, update->timestamp);
    bytes encoded;
    enum err err = abi_finish(&w, &encoded);
    if (err == ERR_OK) *hash = keccak256(encoded);
    return err;
}

enum err batch_public_input(
    hash32 *public_input,
    struct arena *arena,
    const struct batch *batch,
    const struct update_context *contexts,
    uint64_t chain_id,
    const address *hub
) {
    struct arena_mark mark = arena_mark(arena);
    enum err err = ERR_OK;
    hash32 *updates = arena_alloc_array(arena, batch->update_count, sizeof(hash32));
    hash32 *entries = arena_alloc_array(arena, batch->entry_count, sizeof(hash32));
    if (updates == NULL || entries == NULL) err = ERR_MEMORY;
    for (size_t i = 0; i < batch->update_count && err == ERR_OK; i++)
        err = update_hash(&updates[i], arena, &batch->updates[i], &contexts[i]);
    for (size_t i = 0; i < batch->entry_count && err == ERR_OK; i++)
        err = entry_hash(&entries[i], arena, &batch->entries[i]);
    if (err == ERR_OK) {
        hash32 updates_hash = keccak256(bytes_of(updates, 32 * batch->update_count));
        hash32 entries_hash = keccak256(bytes_of(entries, 32 * batch->entry_count));
        struct abi_writer w;
        bytes encoded;
        abi_writer_open(&w, arena);
        abi_write_u64(&w, chain_id);
        abi_write_address(&w, hub);
        abi_write_hash(&w, &updates_hash);
        abi_write_hash(&w, &entries_hash);
        err = abi_finish(&w, &encoded);
        if (err == ERR_OK) *public_input = keccak256(encoded);
    }
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
