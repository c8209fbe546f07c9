#include "backend/batch_json.h"

#include "core/hex.h"

void batch_json_action(struct json_writer *out, const struct action *action) {
    json_object_begin(out);
    json_member_cstring(out, "kind", action_kind_name(action->kind));
    json_member_quantity_u64(out, "rollupId", action->rollup_id);
    json_member_address(out, "target", &action->target);
    json_member_quantity_u64(out, "sourceRollupId", action->source_rollup_id);
    json_member_address(out, "source", &action->source);
    json_member_quantity(out, "value", &action->value_wei);
    json_member_quantity_u64(out, "gas", action->gas);
    json_member_bool(out, "isStatic", action->is_static);
    json_member_bool(out, "failed", action->failed);
    json_member_data(out, "data", action->data);
    json_object_end(out);
}

/* A signed quantity: "-0x5". */
static void write_delta(struct json_writer *out, const u256 *delta) {
    char text[3 + HEX_QUANTITY_SIZE_MAX] = "\"-";
    uint8_t word[32];
    u256_store_be(word, delta);
    if ((word[0] & 0x80) == 0) {
        json_quantity(out, delta);
        return;
    }
    u256 amount = u256_sub(&U256_ZERO, delta);
    size_t size = 2 + hex_encode_quantity(text + 2, &amount);
    text[size++] = '"';
    json_raw(out, bytes_of(text, size));
}

static void write_transitions(struct json_writer *out, const struct entry *entry) {
    json_key(out, "transitions");
    json_array_begin(out);
    for (size_t i = 0; i < entry->transition_count; i++) {
        const struct transition *t = &entry->transitions[i];
        json_object_begin(out);
        json_member_quantity_u64(out, "rollupId", t->rollup_id);
        json_member_hash(out, "pre", &t->pre);
        json_member_hash(out, "post", &t->post);
        json_member_bool(out, "idle", t->idle);
        json_key(out, "etherDelta");
        write_delta(out, &t->ether_delta_wei);
        json_object_end(out);
    }
    json_array_end(out);
}

enum err
batch_json_entry_members(struct json_writer *out, struct arena *arena, const struct entry *entry) {
    hash32 hash;
    enum err err = entry_hash(&hash, arena, entry);
    if (err != ERR_OK) return err;
    json_member_hash(out, "entryHash", &hash);
    json_key(out, "input");
    batch_json_action(out, &entry->input);
    write_transitions(out, entry);
    json_key(out, "trace");
    json_array_begin(out);
    for (size_t i = 0; i < entry->trace_count; i++)
        batch_json_action(out, &entry->trace[i]);
    json_array_end(out);
    json_key(out, "out");
    batch_json_action(out, &entry->out);
    json_member_bool(out, "scope", entry->scope);
    return ERR_OK;
}

enum err batch_json_entry(struct json_writer *out, struct arena *arena, const struct entry *entry) {
    json_object_begin(out);
    enum err err = batch_json_entry_members(out, arena, entry);
    json_object_end(out);
    return err;
}

static void write_update(struct json_writer *out, const struct update *update) {
    json_object_begin(out);
    json_member_quantity_u64(out, "rollupId", update->rollup_id);
    json_member_data(out, "payload", update->payload);
    json_member_quantity_u64(out, "anchorNumber", update->anchor_number);
    json_key(out, "messageSlots");
    json_array_begin(out);
    for (size_t i = 0; i < update->message_slot_count; i++)
        json_hash(out, &update->message_slots[i]);
    json_array_end(out);
    json_member_quantity_u64(out, "forced", update->forced);
    json_member_quantity_u64(out, "timestamp", update->timestamp);
    json_object_end(out);
}

enum err
batch_json_members(struct json_writer *out, struct arena *arena, const struct batch *batch) {
    enum err err = ERR_OK;
    json_key(out, "updates");
    json_array_begin(out);
    for (size_t i = 0; i < batch->update_count; i++)
        write_update(out, &batch->updates[i]);
    json_array_end(out);
    json_key(out, "entries");
    json_array_begin(out);
    for (size_t i = 0; i < batch->entry_count && err == ERR_OK; i++)
        err = batch_json_entry(out, arena, &batch->entries[i]);
    json_array_end(out);
    return err;
}
