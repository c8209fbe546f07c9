/* Batches that transactions bring along: posted by somebody else than the builder, mostly for the
 * rest of their own transaction (postBatchTransient).
 *
 * Their entries are in the Hub's table, so the world answers nothing for them. But it runs the
 * rollups through them, so that it knows the heads that they lead to, and with them the blocks. */
#include "core/check.h"
#include "crypto/keccak.h"
#include "world/world_private.h"

enum err world_key_of(
    struct fact_key *key,
    struct arena *arena,
    uint64_t rollup_id,
    const hash32 *head,
    const struct action *action
) {
    memset(key, 0, sizeof(*key));
    key->rollup_id = rollup_id;
    key->head = *head;
    return action_hash(&key->action_hash, arena, action);
}

static bool
has_update(const struct rollup *rollup, const struct update *update, const hash32 *anchor_hash) {
    const hash32 payload_hash = keccak256(update->payload);
    const hash32 messages_hash = update_messages_hash(update);
    for (size_t i = 0; i < rollup->update_count; i++)
        if (hash32_equal(&rollup->updates[i].payload_hash, &payload_hash) &&
            hash32_equal(&rollup->updates[i].anchor_hash, anchor_hash) &&
            hash32_equal(&rollup->updates[i].messages_hash, &messages_hash) &&
            rollup->updates[i].forced == update->forced)
            return true;
    return false;
}

enum err world_find_header(
    bytes *encoded, const struct world_options *options, struct arena *arena, uint64_t number
) {
    *encoded = BYTES_EMPTY;
    if (number == options->parent->number) {
        *encoded = options->parent_encoded;
        return ERR_OK;
    }
    /* A replay of a rollup's slot block begins before the blocks that its payload carries. */
    bool is_ahead = number > options->parent->number && !options->is_replay;
    if (is_ahead || options->headers.get == NULL) return ERR_OK;
    return options->headers.get(options->headers.context, arena, encoded, number);
}

static enum err note_update(struct world *world, const struct update *update) {
    int index = world_find_rollup(world, update->rollup_id);
    bytes anchor;
    if (index < 0) return ERR_OK;
    struct rollup *rollup = world->rollups[index];
    enum err err = world_find_header(&anchor, world->options, world->arena, update->anchor_number);
    if (err != ERR_OK || anchor.size == 0) return err;
    hash32 anchor_hash = keccak256(anchor);
    if (has_update(rollup, update, &anchor_hash)) return ERR_OK;
    err = rollup_add_update(rollup, update, anchor);
    /* With too many it stays unknown, and its L2TX has no fact. */
    return err == ERR_LIMIT ? ERR_OK : err;
}

enum err world_note_batch(struct world *world, bytes calldata) {
    struct batch batch;
    bytes kept;
    if (world->is_own_batch || !batch_is_post(calldata)) return ERR_OK;
    enum err err = arena_copy(world->arena, &kept, calldata);
    if (err == ERR_OK) err = batch_decode_calldata(&batch, world->arena, kept);
    if (err == ERR_INPUT) return ERR_OK; /* the Hub cannot read it either */
    if (err != ERR_OK) return err;
    world->has_brought = true;
    for (size_t i = 0; i < batch.update_count && err == ERR_OK; i++)
        err = note_update(world, &batch.updates[i]);
    for (size_t i = 0; i < batch.entry_count && err == ERR_OK; i++) {
        const struct entry *entry = &batch.entries[i];
        struct fact_key key;
        if (entry->transition_count == 0) continue;
        err = world_entry_key(&key, world, entry);
        if (err == ERR_OK && map_put(&world->brought, &key, NULL) == NULL) err = ERR_MEMORY;
    }
    return err;
}

bool world_is_brought(const struct world *world, const struct fact_key *key) {
    return !world->is_own_batch && map_get(&world->brought, key) != NULL;
}

void world_note_moved(struct world *world, uint64_t rollup_id) {
    int index = world_find_rollup(world, rollup_id);
    CHECK(index >= 0);
    world->brought_moves |= (uint64_t)1 << index;
}
