#include "batch/action.h"

#include "crypto/keccak.h"

void action_write_tuple(struct abi_writer *w, const struct action *action) {
    size_t start = w->size;
    abi_write_u64(w, (uint64_t)action->kind);
    abi_write_u64(w, action->rollup_id);
    abi_write_address(w, &action->target);
    abi_write_u64(w, action->source_rollup_id);
    abi_write_address(w, &action->source);
    abi_write_u256(w, &action->value_wei);
    abi_write_u64(w, action->gas);
    abi_write_bool(w, action->is_static);
    abi_write_bool(w, action->failed);
    size_t data = abi_write_offset(w);
    abi_begin_tail(w, data, start);
    abi_write_bytes(w, action->data);
}

enum err action_encode(bytes *encoded, struct arena *arena, const struct action *action) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    size_t offset = abi_write_offset(&w);
    abi_begin_tail(&w, offset, 0);
    action_write_tuple(&w, action);
    return abi_finish(&w, encoded);
}

enum err action_hash(hash32 *hash, struct arena *arena, const struct action *action) {
    struct arena_mark mark = arena_mark(arena);
    bytes encoded;
    enum err err = action_encode(&encoded, arena, action);
    if (err == ERR_OK) *hash = keccak256(encoded);
    arena_release(arena, mark);
    return err;
}

enum err action_read_tuple(struct action *action, bytes tuple) {
    struct action a;
    uint64_t kind = 0;
    enum err err = abi_read_u64(&kind, tuple, 0);
    if (err == ERR_OK && kind > ACTION_REVERT_CONTINUE) err = ERR_INPUT;
    if (err == ERR_OK) err = abi_read_u64(&a.rollup_id, tuple, 1);
    if (err == ERR_OK) err = abi_read_address(&a.target, tuple, 2);
    if (err == ERR_OK) err = abi_read_u64(&a.source_rollup_id, tuple, 3);
    if (err == ERR_OK) err = abi_read_address(&a.source, tuple, 4);
    if (err == ERR_OK) err = abi_read_u256(&a.value_wei, tuple, 5);
    if (err == ERR_OK) err = abi_read_u64(&a.gas, tuple, 6);
    if (err == ERR_OK) err = abi_read_bool(&a.is_static, tuple, 7);
    if (err == ERR_OK) err = abi_read_bool(&a.failed, tuple, 8);
    if (err == ERR_OK) err = abi_read_bytes(&a.data, tuple, 9);
    if (err != ERR_OK) return err;
    a.kind = (enum action_kind)kind;
    *action = a;
    return ERR_OK;
}

enum err action_copy(struct action *copy, struct arena *arena, const struct action *action) {
    bytes data;
    enum err err = arena_copy(arena, &data, action->data);
    if (err != ERR_OK) return err;
    *copy = *action;
    copy->data = data;
    return ERR_OK;
}

bool action_equal(const struct action *a, const struct action *b) {
    return a->kind == b->kind && a->rollup_id == b->rollup_id &&
           address_equal(&a->target, &b->target) && a->source_rollup_id == b->source_rollup_id &&
           address_equal(&a->source, &b->source) && u256_equal(&a->value_wei, &b->value_wei) &&
           a->gas == b->gas && a->is_static == b->is_static && a->failed == b->failed &&
           bytes_equal(a->data, b->data);
}

const char *action_kind_name(enum action_kind kind) {
    switch (kind) {
    case ACTION_CALL:
        return "CALL";
    case ACTION_RESULT:
        return "RESULT";
    case ACTION_L2TX:
        return "L2TX";
    case ACTION_REVERT:
        return "REVERT";
    case ACTION_REVERT_CONTINUE:
        return "REVERT_CONTINUE";
    }
    return "?";
}
