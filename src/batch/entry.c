#include "batch/entry.h"

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

enum err entry_is_derived(bool *is_derived, struct arena *arena, const struct entry *entry) {
    static const hash32 no_trace = {{0}};
    hash32 input;
    hash32 out;
    *is_derived = false;
    if (entry->out.kind != ACTION_CALL || entry->trace_count != 0 || entry->transition_count == 0)
        return ERR_OK;
    enum err err = action_hash(&input, arena, &entry->input);
    if (err == ERR_OK) err = action_hash(&out, arena, &entry->out);
    if (err != ERR_OK) return err;
    const struct transition *first = &entry->transitions[0];
    hash32 head = entry_suspended_head(&first->pre, &input, &no_trace, &out);
    *is_derived = hash32_equal(&head, &first->post);
    return ERR_OK;
}

bool entry_is_own(const struct entry *entry) {
    const struct action *input = &entry->input;
    return input->kind == ACTION_CALL && address_equal(&entry->out.source, &input->target) &&
           entry->out.source_rollup_id == input->rollup_id;
}

/* Of a record's header, and of another transition's first word: contracts/src/types/Record.sol. */
#define RECORD_DERIVED       (1 << 9)
#define RECORD_OWN           (1 << 8)
#define RECORD_SAME          (1 << 7)
#define RECORD_IDLE          (1 << 6)
#define RECORD_HAS_DELTA     (1 << 5)
#define RECORD_HAS_VALUE     (1 << 4)
#define RECORD_FLAG          (1 << 3)
#define RECORD_SCOPE         (1 << 2)
#define RECORD_OTHERS_SHIFT  12
#define RECORD_PADDING_SHIFT 20
#define RECORD_WORDS_SHIFT   28
#define OTHER_HAS_DELTA      (1 << 2)
#define OTHER_SAME           (1 << 1)
#define OTHER_IDLE           (1 << 0)

/* The data of an out-action in whole words, without the bytes of its last word that are no data;
 * how many these are. */
static uint64_t write_data(struct abi_writer *w, bytes data) {
    static const uint8_t zeros[ABI_WORD] = {0};
    size_t padding = (ABI_WORD - data.size % ABI_WORD) % ABI_WORD;
    abi_write_raw(w, data);
    abi_write_raw(w, bytes_of(zeros, padding));
    return padding;
}

/* What a CALL has in front of its data, and that; flags and padding of the header. */
static uint64_t write_call(struct abi_writer *w, const struct entry *entry) {
    const struct action *out = &entry->out;
    uint8_t word[ABI_WORD] = {0};
    bytes selector = bytes_slice(out->data, 0, ABI_SELECTOR);
    bytes rest = bytes_slice(out->data, ABI_SELECTOR, SIZE_MAX);
    uint64_t header = out->is_static ? RECORD_FLAG : 0;
    if (selector.size > 0) memcpy(word, selector.data, selector.size);
    store_be64(word + 4, out->gas);
    memcpy(word + 12, out->target.b, 20);
    abi_write_raw(w, bytes_of(word, sizeof(word)));
    if (entry_is_own(entry)) {
        header |= RECORD_OWN;
    } else {
        memset(word, 0, 4);
        store_be64(word + 4, out->source_rollup_id);
        memcpy(word + 12, out->source.b, 20);
        abi_write_raw(w, bytes_of(word, sizeof(word)));
    }
    if (!u256_is_zero(&out->value_wei)) {
        header |= RECORD_HAS_VALUE;
        abi_write_u256(w, &out->value_wei);
    }
    uint64_t padding = ABI_SELECTOR - selector.size;
    padding += write_data(w, rest);
    return header | padding << RECORD_PADDING_SHIFT;
}

static void write_other(struct abi_writer *w, const struct transition *t) {
    bool is_same = hash32_equal(&t->pre, &t->post);
    bool has_delta = !u256_is_zero(&t->ether_delta_wei);
    u256 word = {{t->rollup_id, 0, 0, 0}};
    if (has_delta) word.w[1] |= OTHER_HAS_DELTA;
    if (is_same) word.w[1] |= OTHER_SAME;
    if (t->idle) word.w[1] |= OTHER_IDLE;
    abi_write_u256(w, &word);
    abi_write_hash(w, &t->pre);
    if (!is_same) abi_write_hash(w, &t->post);
    if (has_delta) abi_write_u256(w, &t->ether_delta_wei);
}

/* All but the key, the header as it is at first. */
static void write_record(
    struct abi_writer *w,
    size_t *header_at,
    uint64_t *header,
    const struct entry *e,
    bool is_derived
) {
    uint64_t flags = (uint64_t)e->out.kind | (e->scope ? RECORD_SCOPE : 0);
    *header_at = w->size;
    abi_write_u64(w, 0);
    if (e->transition_count > 0) {
        const struct transition *first = &e->transitions[0];
        if (first->idle) flags |= RECORD_IDLE;
        if (is_derived)
            flags |= RECORD_DERIVED;
        else if (hash32_equal(&first->pre, &first->post))
            flags |= RECORD_SAME;
        else
            abi_write_hash(w, &first->post);
        if (!u256_is_zero(&first->ether_delta_wei)) {
            flags |= RECORD_HAS_DELTA;
            abi_write_u256(w, &first->ether_delta_wei);
        }
        flags |= (uint64_t)(e->transition_count - 1) << RECORD_OTHERS_SHIFT;
    }
    for (size_t i = 1; i < e->transition_count; i++)
        write_other(w, &e->transitions[i]);
    if (e->out.kind == ACTION_CALL) {
        flags |= write_call(w, e);
    } else {
        if (e->out.failed) flags |= RECORD_FLAG;
        if (e->out.kind == ACTION_REVERT) abi_write_u64(w, e->out.rollup_id);
        flags |= write_data(w, e->out.data) << RECORD_PADDING_SHIFT;
    }
    uint64_t words = (w->size - *header_at) / ABI_WORD;
    *header = flags | words << RECORD_WORDS_SHIFT;
}

enum err entry_record(bytes *record, struct arena *arena, const struct entry *entry) {
    static const hash32 no_head = {{0}};
    hash32 input;
    bool is_derived;
    enum err err = action_hash(&input, arena, &entry->input);
    if (err == ERR_OK) err = entry_is_derived(&is_derived, arena, entry);
    if (err != ERR_OK) return err;
    uint8_t key[3 * ABI_WORD] = {0};
    const hash32 *pre = entry->transition_count > 0 ? &entry->transitions[0].pre : &no_head;
    store_be64(key + 24, entry->input.rollup_id);
    memcpy(key + ABI_WORD, pre->b, 32);
    memcpy(key + 2 * ABI_WORD, input.b, 32);
    hash32 hash = keccak256(bytes_of(key, sizeof(key)));
    struct abi_writer w;
    size_t header_at;
    uint64_t header;
    abi_writer_open(&w, arena);
    abi_write_hash(&w, &hash);
    write_record(&w, &header_at, &header, entry, is_derived);
    if (!w.failed) store_be64(w.data + header_at + 24, header);
    return abi_finish(&w, record);
}

enum err entry_hash(hash32 *hash, struct arena *arena, const struct entry *entry) {
    struct arena_mark mark = arena_mark(arena);
    bytes record;
    enum err err = entry_record(&record, arena, entry);
    if (err == ERR_OK) *hash = keccak256(record);
    arena_release(arena, mark);
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
