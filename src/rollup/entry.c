#include "rollup/entry.h"

#include "crypto/keccak.h"

static void write_actions(struct abi_writer *w, const struct action *actions, size_t count) {
    abi_write_u64(w, count);
    size_t start = w->size;
    for (size_t i = 0; i < count; i++)
        (void)abi_write_offset(w);
    for (size_t i = 0; i < count; i++) {
        abi_begin_tail(w, start + i * ABI_WORD, start);
        action_write_tuple(w, &actions[i]);
    }
}

void entry_write_tuple(struct abi_writer *w, const struct entry *entry) {
    size_t start = w->size;
    size_t input = abi_write_offset(w);
    size_t transitions = abi_write_offset(w);
    size_t trace = abi_write_offset(w);
    size_t out = abi_write_offset(w);
    abi_write_bool(w, entry->scope);
    abi_begin_tail(w, input, start);
    action_write_tuple(w, &entry->input);
    abi_begin_tail(w, transitions, start);
    abi_write_u64(w, entry->transition_count);
    for (size_t i = 0; i < entry->transition_count; i++) {
        const struct transition *t = &entry->transitions[i];
        abi_write_u64(w, t->rollup_id);
        abi_write_hash(w, &t->pre);
        abi_write_hash(w, &t->post);
        abi_write_bool(w, t->idle);
        abi_write_u256(w, &t->ether_delta_wei);
    }
    abi_begin_tail(w, trace, start);
    write_actions(w, entry->trace, entry->trace_count);
    abi_begin_tail(w, out, start);
    action_write_tuple(w, &entry->out);
}

enum err entry_encode(bytes *encoded, struct arena *arena, const struct entry *entry) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    size_t offset = abi_write_offset(&w);
    abi_begin_tail(&w, offset, 0);
    entry_write_tuple(&w, entry);
    return abi_finish(&w, encoded);
}

enum err entry_hash(hash32 *hash, struct arena *arena, const struct entry *entry) {
    struct arena_mark mark = arena_mark(arena);
    bytes encoded;
    enum err err = entry_encode(&encoded, arena, entry);
    if (err == ERR_OK) *hash = keccak256(encoded);
    arena_release(arena, mark);
    return err;
}

static enum err
read_transitions(struct transition **transitions, size_t *count, struct arena *arena, bytes tuple) {
    bytes elements;
    size_t n;
    enum err err = abi_read_array(&n, &elements, tuple, 1);
    if (err != ERR_OK) return err;
    if (n > elements.size / (5 * ABI_WORD)) return ERR_INPUT;
    struct transition *list = arena_alloc_array(arena, n, sizeof(*list));
    if (list == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        struct transition *t = &list[i];
        err = abi_read_u64(&t->rollup_id, elements, 5 * i);
        if (err == ERR_OK) err = abi_read_hash(&t->pre, elements, 5 * i + 1);
        if (err == ERR_OK) err = abi_read_hash(&t->post, elements, 5 * i + 2);
        if (err == ERR_OK) err = abi_read_bool(&t->idle, elements, 5 * i + 3);
        if (err == ERR_OK) err = abi_read_u256(&t->ether_delta_wei, elements, 5 * i + 4);
    }
    if (err != ERR_OK) return err;
    *transitions = list;
    *count = n;
    return ERR_OK;
}

enum err entry_read_tuple(struct entry *entry, struct arena *arena, bytes tuple) {
    struct entry e = {0};
    bytes tail;
    bytes elements;
    enum err err = abi_read_tail(&tail, tuple, 0);
    if (err == ERR_OK) err = action_read_tuple(&e.input, tail);
    if (err == ERR_OK) err = read_transitions(&e.transitions, &e.transition_count, arena, tuple);
    if (err == ERR_OK) err = abi_read_array(&e.trace_count, &elements, tuple, 2);
    if (err != ERR_OK) return err;
    e.trace = arena_alloc_array(arena, e.trace_count, sizeof(*e.trace));
    if (e.trace == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < e.trace_count && err == ERR_OK; i++) {
        err = abi_read_tail(&tail, elements, i);
        if (err == ERR_OK) err = action_read_tuple(&e.trace[i], tail);
    }
    if (err == ERR_OK) err = abi_read_tail(&tail, tuple, 3);
    if (err == ERR_OK) err = action_read_tuple(&e.out, tail);
    if (err == ERR_OK) err = abi_read_bool(&e.scope, tuple, 4);
    if (err == ERR_OK) *entry = e;
    return err;
}

enum err entry_copy(struct entry *copy, struct arena *arena, const struct entry *entry) {
    struct entry e = *entry;
    e.transitions = arena_alloc_array(arena, e.transition_count, sizeof(*e.transitions));
    e.trace = arena_alloc_array(arena, e.trace_count, sizeof(*e.trace));
    if (e.transitions == NULL || e.trace == NULL) return ERR_MEMORY;
    if (e.transition_count > 0)
        memcpy(e.transitions, entry->transitions, e.transition_count * sizeof(*e.transitions));
    enum err err = action_copy(&e.input, arena, &entry->input);
    for (size_t i = 0; i < e.trace_count && err == ERR_OK; i++)
        err = action_copy(&e.trace[i], arena, &entry->trace[i]);
    if (err == ERR_OK) err = action_copy(&e.out, arena, &entry->out);
    if (err == ERR_OK) *copy = e;
    return err;
}

enum err
entry_trace_hash(hash32 *hash, struct arena *arena, const struct action *trace, size_t count) {
    if (count == 0) {
        *hash = (hash32){{0}};
        return ERR_OK;
    }
    struct arena_mark mark = arena_mark(arena);
    struct abi_writer w;
    abi_writer_open(&w, arena);
    size_t offset = abi_write_offset(&w);
    abi_begin_tail(&w, offset, 0);
    write_actions(&w, trace, count);
    bytes encoded;
    enum err err = abi_finish(&w, &encoded);
    if (err == ERR_OK) *hash = keccak256(encoded);
    arena_release(arena, mark);
    return err;
}

hash32 entry_suspended_head(
    const hash32 *head, const hash32 *input_hash, const hash32 *trace_hash, const hash32 *out_hash
) {
    uint8_t encoded[4 * ABI_WORD];
    memcpy(encoded, head->b, 32);
    memcpy(encoded + 32, input_hash->b, 32);
    memcpy(encoded + 64, trace_hash->b, 32);
    memcpy(encoded + 96, out_hash->b, 32);
    return keccak256(bytes_of(encoded, sizeof(encoded)));
}

const struct transition *entry_transition_of(const struct entry *entry, uint64_t rollup_id) {
    for (size_t i = 0; i < entry->transition_count; i++)
        if (entry->transitions[i].rollup_id == rollup_id) return &entry->transitions[i];
    return NULL;
}
