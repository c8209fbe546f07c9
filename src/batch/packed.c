/* Batches as they are posted: packed. contracts/src/types/Packed.sol reads them on the parent. */
#include "batch/batch.h"

#include "core/map.h"
#include "crypto/keccak.h"

enum {
    KIND_MASK = 7,
    FLAG = 8, /* isStatic or failed; of an L2TX: of an update */
    HAS_VALUE = 16,
    IN_FOREIGN = 32,
    IN_SCOPE = 64,
    IN_TRACE = 128,
    OUT_OWN = 32,
    TRANSITION_IDLE = 1,
    TRANSITION_DELTA = 2,
    TRANSITION_NEGATIVE = 4,
    TRANSITION_DERIVED = 8,
};

#define DERIVED_HEAD 0x8000
#define L2TX_SIZE    160
#define COUNTS_SIZE  11

/* --- packing ------------------------------------------------------------------------------------
 * */

struct packer {
    struct abi_writer body;
    struct arena *arena;
    const struct batch *batch;
    hash32 *payload_hashes; /* of the updates */
    uint64_t rollups[BATCH_ROLLUPS_MAX];
    size_t rollup_count;
    struct map addresses; /* → index, 8 bytes; so the others */
    struct map heads;
    struct map derived; /* where two are equal the first */
    size_t derived_count;
    enum err err; /* the first that there was */
};

static void fail(struct packer *p, enum err err) {
    if (p->err == ERR_OK) p->err = err;
}

static void put_number(struct packer *p, uint64_t value, size_t size) {
    uint8_t word[8];
    store_be64(word, value);
    if (size < 8 && value >> 8 * size != 0) fail(p, ERR_LIMIT);
    abi_write_raw(&p->body, bytes_of(word + 8 - size, size));
}

static void put_data(struct packer *p, bytes data) {
    put_number(p, data.size, 3);
    abi_write_raw(&p->body, data);
}

/* Adds an id to the rollups, which ascend. */
static void name_rollup(struct packer *p, uint64_t id) {
    size_t at = 0;
    while (at < p->rollup_count && p->rollups[at] < id)
        at++;
    if (at < p->rollup_count && p->rollups[at] == id) return;
    if (id == 0) fail(p, ERR_INPUT);
    if (p->rollup_count == BATCH_ROLLUPS_MAX) {
        fail(p, ERR_LIMIT);
        return;
    }
    memmove(p->rollups + at + 1, p->rollups + at, (p->rollup_count - at) * sizeof(*p->rollups));
    p->rollups[at] = id;
    p->rollup_count++;
}

static void name_rollups(struct packer *p) {
    for (size_t i = 0; i < p->batch->update_count; i++)
        name_rollup(p, p->batch->updates[i].rollup_id);
    for (size_t i = 0; i < p->batch->entry_count; i++) {
        const struct entry *entry = &p->batch->entries[i];
        const struct action *out = &entry->out;
        for (size_t j = 0; j < entry->transition_count; j++)
            name_rollup(p, entry->transitions[j].rollup_id);
        name_rollup(p, out->kind == ACTION_CALL ? out->source_rollup_id : out->rollup_id);
        for (size_t j = 0; j < entry->trace_count; j++) {
            const struct action *line = &entry->trace[j];
            name_rollup(p, line->rollup_id);
            if (line->kind != ACTION_REVERT) name_rollup(p, line->source_rollup_id);
        }
    }
}

static void put_rollup(struct packer *p, uint64_t id) {
    size_t at = 0;
    while (at < p->rollup_count && p->rollups[at] < id)
        at++;
    if (at == p->rollup_count || p->rollups[at] != id) fail(p, ERR_INPUT);
    put_number(p, at, 1);
}

/* The index of an item in its list, where it may be new. */
static uint64_t index_in(struct packer *p, struct map *list, const void *item, size_t max) {
    bool is_new;
    uint64_t *index = map_put(list, item, &is_new);
    if (index == NULL) {
        fail(p, ERR_MEMORY);
        return 0;
    }
    if (is_new) *index = list->count - 1;
    if (*index >= max) fail(p, ERR_LIMIT);
    return *index;
}

static void put_address(struct packer *p, const address *a) {
    put_number(p, index_in(p, &p->addresses, a->b, BATCH_ADDRESSES_MAX), 2);
}

static void put_head(struct packer *p, const hash32 *head) {
    const uint64_t *derived = map_get(&p->derived, head);
    if (derived != NULL && map_get(&p->heads, head) == NULL)
        put_number(p, DERIVED_HEAD + *derived, 2);
    else
        put_number(p, index_in(p, &p->heads, head, BATCH_HEADS_MAX), 2);
}

static void note_derived(struct packer *p, const hash32 *head) {
    bool is_new;
    uint64_t *index = map_put(&p->derived, head, &is_new);
    if (index == NULL) {
        fail(p, ERR_MEMORY);
        return;
    }
    if (is_new) *index = p->derived_count;
    if (++p->derived_count > BATCH_HEADS_MAX) fail(p, ERR_LIMIT);
}

static void put_u256(struct packer *p, const u256 *value) {
    abi_write_u256(&p->body, value);
}

static void put_update(struct packer *p, const struct update *update) {
    put_rollup(p, update->rollup_id);
    put_number(p, update->anchor_number, 8);
    put_number(p, update->timestamp, 8);
    put_number(p, update->forced, 2);
    put_number(p, update->message_slot_count, 2);
    put_number(p, update->payload.size, 3);
    for (size_t i = 0; i < update->message_slot_count; i++)
        abi_write_hash(&p->body, &update->message_slots[i]);
    abi_write_raw(&p->body, update->payload);
}

/* The action with all in it that its kind has a use for: what is left out is zero in each. */
static struct action needed_of(const struct action *a, bool has_source_rollup) {
    struct action kept = {.kind = a->kind, .rollup_id = a->rollup_id, .data = a->data};
    if (has_source_rollup) kept.source_rollup_id = a->source_rollup_id;
    if (a->kind == ACTION_RESULT) kept.failed = a->failed;
    if (a->kind == ACTION_RESULT || a->kind == ACTION_CALL) kept.gas = a->gas;
    if (a->kind != ACTION_CALL) return kept;
    kept.target = a->target;
    kept.source = a->source;
    kept.value_wei = a->value_wei;
    kept.is_static = a->is_static;
    return kept;
}

static void check_action(struct packer *p, const struct action *a, bool has_source_rollup) {
    struct action kept = needed_of(a, has_source_rollup);
    if (!action_equal(&kept, a)) fail(p, ERR_INPUT);
}

static unsigned flags_of(const struct action *a) {
    return (unsigned)a->kind | (a->is_static || a->failed ? FLAG : 0) |
           (u256_is_zero(&a->value_wei) ? 0 : HAS_VALUE);
}

/* The update whose L2TX this is; update_count if there is none. */
static size_t update_of(const struct packer *p, const struct action *input) {
    const struct batch *batch = p->batch;
    size_t i = 0;
    if (input->kind != ACTION_L2TX || input->data.size != L2TX_SIZE) return batch->update_count;
    for (; i < batch->update_count; i++) {
        const struct update *update = &batch->updates[i];
        const uint8_t *data = input->data.data;
        hash32 messages_hash = update_messages_hash(update);
        u256 timestamp = u256_load_be(data + 128);
        u256 wanted = u256_from_u64(update->timestamp);
        if (update->rollup_id == input->rollup_id && u256_equal(&timestamp, &wanted) &&
            memcmp(data, p->payload_hashes[i].b, 32) == 0 &&
            memcmp(data + 64, messages_hash.b, 32) == 0)
            break;
    }
    return i;
}

/* The flags of an entry's input, and the input itself, which comes somewhat later. */
static unsigned input_flags(const struct packer *p, const struct action *input) {
    static const uint8_t zeros[32] = {0};
    unsigned flags = flags_of(input);
    if (input->kind == ACTION_CALL && input->source_rollup_id != 0) flags |= IN_FOREIGN;
    if (update_of(p, input) < p->batch->update_count) {
        flags |= FLAG;
        if (memcmp(input->data.data + 96, zeros, 32) != 0) flags |= HAS_VALUE;
    }
    return flags;
}

static void put_input(struct packer *p, const struct action *input, unsigned flags) {
    check_action(p, input, input->kind == ACTION_CALL);
    if (input->kind == ACTION_L2TX && (flags & FLAG) != 0) {
        put_number(p, update_of(p, input), 2);
        abi_write_raw(&p->body, bytes_slice(input->data, 32, 32));
        if ((flags & HAS_VALUE) != 0) abi_write_raw(&p->body, bytes_slice(input->data, 96, 32));
        return;
    }
    if (input->kind == ACTION_CALL) {
        put_address(p, &input->source);
        put_address(p, &input->target);
    }
    if (input->kind == ACTION_CALL || input->kind == ACTION_RESULT) put_number(p, input->gas, 8);
    if ((flags & IN_FOREIGN) != 0) put_number(p, input->source_rollup_id, 8);
    if ((flags & HAS_VALUE) != 0) put_u256(p, &input->value_wei);
    put_data(p, input->data);
}

static void
put_transition(struct packer *p, const struct transition *t, bool is_first, bool is_derived) {
    bool is_negative = u256_is_negative(&t->ether_delta_wei);
    u256 zero = U256_ZERO;
    u256 size = is_negative ? u256_sub(&zero, &t->ether_delta_wei) : t->ether_delta_wei;
    bool has_delta = !u256_is_zero(&size);
    put_number(
        p,
        (t->idle ? TRANSITION_IDLE : 0U) | (has_delta ? TRANSITION_DELTA : 0U) |
            (is_negative ? TRANSITION_NEGATIVE : 0U) | (is_derived ? TRANSITION_DERIVED : 0U),
        1
    );
    if (!is_first) put_rollup(p, t->rollup_id);
    put_head(p, &t->pre);
    if (!is_derived) put_head(p, &t->post);
    if (has_delta) put_u256(p, &size);
}

static void put_out(struct packer *p, const struct entry *entry) {
    const struct action *out = &entry->out;
    check_action(p, out, out->kind == ACTION_CALL);
    if (out->kind != ACTION_CALL) {
        if (out->kind != ACTION_RESULT && out->kind != ACTION_REVERT) fail(p, ERR_INPUT);
        put_rollup(p, out->rollup_id);
        if (out->kind == ACTION_RESULT) put_number(p, out->gas, 8);
        put_data(p, out->data);
        return;
    }
    if (out->rollup_id != 0) fail(p, ERR_INPUT);
    put_address(p, &out->target);
    put_number(p, out->gas, 8);
    if (!entry_is_own(entry)) {
        put_rollup(p, out->source_rollup_id);
        put_address(p, &out->source);
    }
    if (!u256_is_zero(&out->value_wei)) put_u256(p, &out->value_wei);
    put_data(p, out->data);
}

static void put_line(struct packer *p, const struct action *line) {
    bool has_source = line->kind != ACTION_REVERT;
    check_action(p, line, has_source);
    if (has_source && line->kind != ACTION_CALL && line->kind != ACTION_RESULT) fail(p, ERR_INPUT);
    put_number(p, flags_of(line), 1);
    put_rollup(p, line->rollup_id);
    if (has_source) put_rollup(p, line->source_rollup_id);
    if (line->kind == ACTION_CALL) {
        put_address(p, &line->source);
        put_address(p, &line->target);
    }
    if (has_source) put_number(p, line->gas, 8);
    if (!u256_is_zero(&line->value_wei)) put_u256(p, &line->value_wei);
    put_data(p, line->data);
}

static void put_trace(struct packer *p, const struct entry *entry) {
    if (entry->trace_count == 0) return;
    size_t at = p->body.size;
    put_number(p, 0, 4);
    put_number(p, entry->trace_count, 2);
    for (size_t i = 0; i < entry->trace_count; i++)
        put_line(p, &entry->trace[i]);
    size_t size = p->body.size - at - 4;
    if (size > UINT32_MAX)
        fail(p, ERR_LIMIT);
    else if (!p->body.failed)
        store_be32(p->body.data + at, (uint32_t)size);
}

static void put_entry(struct packer *p, const struct entry *entry) {
    bool is_derived = false;
    struct arena_mark mark = arena_mark(p->arena);
    enum err err = entry_is_derived(&is_derived, p->arena, entry);
    arena_release(p->arena, mark);
    if (err != ERR_OK) fail(p, err);
    const struct action *input = &entry->input;
    if (entry->transition_count == 0 || entry->transitions[0].rollup_id != input->rollup_id) {
        fail(p, ERR_INPUT);
        return;
    }
    unsigned in = input_flags(p, input);
    unsigned out = flags_of(&entry->out);
    if (entry->out.kind == ACTION_CALL && entry_is_own(entry)) out |= OUT_OWN;
    put_number(
        p, in | (entry->scope ? IN_SCOPE : 0U) | (entry->trace_count > 0 ? IN_TRACE : 0U), 1
    );
    put_number(p, out, 1);
    put_number(p, entry->transition_count, 1);
    put_rollup(p, input->rollup_id);
    put_input(p, input, in);
    for (size_t i = 0; i < entry->transition_count; i++)
        put_transition(p, &entry->transitions[i], i == 0, is_derived && i == 0);
    put_out(p, entry);
    put_trace(p, entry);
    if (is_derived) note_derived(p, &entry->transitions[0].post);
}

/* The lists go in front of what they were gathered from. */
static enum err join(struct packer *p, bytes *encoded) {
    bytes body;
    enum err err = abi_finish(&p->body, &body);
    if (err == ERR_OK) err = p->err;
    if (err != ERR_OK) return err;
    abi_writer_open(&p->body, p->arena);
    put_number(p, p->rollup_count, 1);
    put_number(p, p->addresses.count, 2);
    put_number(p, p->heads.count, 2);
    put_number(p, p->derived_count, 2);
    put_number(p, p->batch->update_count, 2);
    put_number(p, p->batch->entry_count, 2);
    for (size_t i = 0; i < p->rollup_count; i++)
        put_number(p, p->rollups[i], 8);
    for (uint32_t i = 0; i < p->addresses.count; i++)
        abi_write_raw(&p->body, bytes_of(map_key_at(&p->addresses, i), sizeof(address)));
    for (uint32_t i = 0; i < p->heads.count; i++)
        abi_write_raw(&p->body, bytes_of(map_key_at(&p->heads, i), sizeof(hash32)));
    abi_write_raw(&p->body, body);
    bytes joined;
    err = abi_finish(&p->body, &joined);
    if (err == ERR_OK) err = p->err;
    if (err == ERR_OK) *encoded = joined;
    return err;
}

enum err batch_encode(bytes *encoded, struct arena *arena, const struct batch *batch) {
    struct packer *p = arena_alloc_zero(arena, sizeof(*p));
    if (p == NULL) return ERR_MEMORY;
    p->arena = arena;
    p->batch = batch;
    p->payload_hashes = arena_alloc_array(arena, batch->update_count, sizeof(hash32));
    if (p->payload_hashes == NULL) return ERR_MEMORY;
    abi_writer_open(&p->body, arena);
    map_open(&p->addresses, arena, sizeof(address), 8);
    map_open(&p->heads, arena, sizeof(hash32), 8);
    map_open(&p->derived, arena, sizeof(hash32), 8);
    name_rollups(p);
    for (size_t i = 0; i < batch->update_count; i++) {
        p->payload_hashes[i] = keccak256(batch->updates[i].payload);
        put_update(p, &batch->updates[i]);
    }
    for (size_t i = 0; i < batch->entry_count && p->err == ERR_OK; i++)
        put_entry(p, &batch->entries[i]);
    return join(p, encoded);
}

/* --- unpacking ----------------------------------------------------------------------------------
 * */

struct unpacker {
    struct arena *arena;
    struct batch *batch;
    bytes in; /* what is left */
    bytes rollups;
    bytes addresses;
    bytes heads;
    hash32 *derived;
    size_t derived_count;
    size_t derived_max;
    enum err err; /* the first that there was */
};

static void refuse(struct unpacker *u, enum err err) {
    if (u->err == ERR_OK) u->err = err;
}

/* The next bytes; empty if there are not so many. */
static bytes take(struct unpacker *u, size_t size) {
    if (size > u->in.size) {
        refuse(u, ERR_INPUT);
        return BYTES_EMPTY;
    }
    bytes taken = bytes_slice(u->in, 0, size);
    u->in = bytes_slice(u->in, size, SIZE_MAX);
    return taken;
}

static uint64_t take_number(struct unpacker *u, size_t size) {
    bytes taken = take(u, size);
    uint64_t value = 0;
    for (size_t i = 0; i < taken.size; i++)
        value = value << 8 | taken.data[i];
    return value;
}

static u256 take_u256(struct unpacker *u) {
    bytes taken = take(u, 32);
    return taken.size == 32 ? u256_load_be(taken.data) : U256_ZERO;
}

static bytes take_data(struct unpacker *u) {
    return take(u, (size_t)take_number(u, 3));
}

/* An item of one of the lists; NULL if there is none of this index. */
static const uint8_t *item_at(struct unpacker *u, bytes list, uint64_t index, size_t size) {
    if (index < list.size / size) return list.data + index * size;
    refuse(u, ERR_INPUT);
    return NULL;
}

static uint64_t take_rollup(struct unpacker *u) {
    const uint8_t *item = item_at(u, u->rollups, take_number(u, 1), 8);
    return item == NULL ? 0 : load_be64(item);
}

static void take_address(struct unpacker *u, address *a) {
    const uint8_t *item = item_at(u, u->addresses, take_number(u, 2), sizeof(address));
    if (item != NULL) memcpy(a->b, item, sizeof(address));
}

static void take_head(struct unpacker *u, hash32 *head) {
    uint64_t index = take_number(u, 2);
    bytes derived = bytes_of(u->derived, u->derived_count * sizeof(hash32));
    const uint8_t *item = index < DERIVED_HEAD
                              ? item_at(u, u->heads, index, sizeof(hash32))
                              : item_at(u, derived, index - DERIVED_HEAD, sizeof(hash32));
    if (item != NULL) memcpy(head->b, item, sizeof(hash32));
}

static void take_update(struct unpacker *u, struct update *update) {
    *update = (struct update){.rollup_id = take_rollup(u)};
    update->anchor_number = take_number(u, 8);
    update->timestamp = take_number(u, 8);
    update->forced = (uint16_t)take_number(u, 2);
    update->message_slot_count = (size_t)take_number(u, 2);
    size_t payload_size = (size_t)take_number(u, 3);
    bytes slots = take(u, update->message_slot_count * sizeof(hash32));
    update->payload = take(u, payload_size);
    if (u->err != ERR_OK) return;
    update->message_slots = arena_alloc_array(u->arena, update->message_slot_count, sizeof(hash32));
    if (update->message_slots == NULL)
        refuse(u, ERR_MEMORY);
    else if (slots.size > 0)
        memcpy(update->message_slots, slots.data, slots.size);
}

static enum action_kind kind_of(struct unpacker *u, uint64_t flags) {
    if ((flags & KIND_MASK) <= ACTION_REVERT_CONTINUE) return (enum action_kind)(flags & KIND_MASK);
    refuse(u, ERR_INPUT);
    return ACTION_CALL;
}

/* The data of the L2TX of an update. */
static bytes take_l2tx(struct unpacker *u, bool is_forced) {
    uint64_t index = take_number(u, 2);
    bytes anchor_hash = take(u, 32);
    bytes forced_hash = is_forced ? take(u, 32) : BYTES_EMPTY;
    if (index >= u->batch->update_count) refuse(u, ERR_INPUT);
    if (u->err != ERR_OK) return BYTES_EMPTY;
    struct update_context context = {0};
    struct action action;
    memcpy(context.anchor_hash.b, anchor_hash.data, 32);
    if (is_forced) memcpy(context.forced_hash.b, forced_hash.data, 32);
    struct update *update = &u->batch->updates[index];
    if (update->has_context && memcmp(&update->context, &context, sizeof(context)) != 0)
        refuse(u, ERR_INPUT);
    update->has_context = true;
    update->context = context;
    enum err err = update_action(&action, u->arena, update, &context);
    if (err == ERR_OK) return action.data;
    refuse(u, err);
    return BYTES_EMPTY;
}

static void take_input(struct unpacker *u, struct action *input, uint64_t flags) {
    input->kind = kind_of(u, flags);
    if (input->kind == ACTION_L2TX && (flags & FLAG) != 0) {
        input->data = take_l2tx(u, (flags & HAS_VALUE) != 0);
        return;
    }
    input->is_static = input->kind == ACTION_CALL && (flags & FLAG) != 0;
    input->failed = input->kind == ACTION_RESULT && (flags & FLAG) != 0;
    if (input->kind == ACTION_CALL) {
        take_address(u, &input->source);
        take_address(u, &input->target);
    }
    if (input->kind == ACTION_CALL || input->kind == ACTION_RESULT) input->gas = take_number(u, 8);
    if ((flags & IN_FOREIGN) != 0) input->source_rollup_id = take_number(u, 8);
    if ((flags & HAS_VALUE) != 0) input->value_wei = take_u256(u);
    input->data = take_data(u);
}

static void
take_transition(struct unpacker *u, struct transition *t, bool is_first, bool *is_derived) {
    uint64_t flags = take_number(u, 1);
    t->idle = (flags & TRANSITION_IDLE) != 0;
    *is_derived = is_first && (flags & TRANSITION_DERIVED) != 0;
    if (!is_first) t->rollup_id = take_rollup(u);
    take_head(u, &t->pre);
    if (!*is_derived) take_head(u, &t->post);
    u256 zero = U256_ZERO;
    u256 size = (flags & TRANSITION_DELTA) != 0 ? take_u256(u) : zero;
    t->ether_delta_wei = (flags & TRANSITION_NEGATIVE) != 0 ? u256_sub(&zero, &size) : size;
}

static void take_out(struct unpacker *u, struct entry *entry, uint64_t flags) {
    struct action *out = &entry->out;
    out->kind = kind_of(u, flags);
    out->is_static = out->kind == ACTION_CALL && (flags & FLAG) != 0;
    out->failed = out->kind == ACTION_RESULT && (flags & FLAG) != 0;
    if (out->kind == ACTION_CALL)
        take_address(u, &out->target);
    else
        out->rollup_id = take_rollup(u);
    if (out->kind == ACTION_CALL || out->kind == ACTION_RESULT) out->gas = take_number(u, 8);
    if (out->kind == ACTION_CALL && (flags & OUT_OWN) != 0) {
        out->source = entry->input.target;
        out->source_rollup_id = entry->input.rollup_id;
    } else if (out->kind == ACTION_CALL) {
        out->source_rollup_id = take_rollup(u);
        take_address(u, &out->source);
    }
    if ((flags & HAS_VALUE) != 0) out->value_wei = take_u256(u);
    out->data = take_data(u);
}

static void take_line(struct unpacker *u, struct action *line) {
    uint64_t flags = take_number(u, 1);
    *line = (struct action){.kind = kind_of(u, flags)};
    line->is_static = line->kind == ACTION_CALL && (flags & FLAG) != 0;
    line->failed = line->kind == ACTION_RESULT && (flags & FLAG) != 0;
    line->rollup_id = take_rollup(u);
    if (line->kind != ACTION_REVERT) line->source_rollup_id = take_rollup(u);
    if (line->kind == ACTION_CALL) {
        take_address(u, &line->source);
        take_address(u, &line->target);
    }
    if (line->kind != ACTION_REVERT) line->gas = take_number(u, 8);
    if ((flags & HAS_VALUE) != 0) line->value_wei = take_u256(u);
    line->data = take_data(u);
}

static void take_trace(struct unpacker *u, struct entry *entry) {
    size_t size = (size_t)take_number(u, 4);
    size_t before = u->in.size;
    entry->trace_count = (size_t)take_number(u, 2);
    /* A line takes at least its flags, a rollup and the size of its data. */
    if (entry->trace_count > u->in.size / 5) refuse(u, ERR_INPUT);
    if (u->err != ERR_OK) return;
    entry->trace = arena_alloc_array(u->arena, entry->trace_count, sizeof(*entry->trace));
    if (entry->trace == NULL) {
        refuse(u, ERR_MEMORY);
        return;
    }
    for (size_t i = 0; i < entry->trace_count && u->err == ERR_OK; i++)
        take_line(u, &entry->trace[i]);
    if (before - u->in.size != size) refuse(u, ERR_INPUT);
}

/* The derived head that an entry leads to, for it and for those that come after. */
static void derive(struct unpacker *u, struct entry *entry) {
    static const hash32 no_trace = {{0}};
    struct arena_mark mark = arena_mark(u->arena);
    hash32 input;
    hash32 out;
    enum err err = action_hash(&input, u->arena, &entry->input);
    if (err == ERR_OK) err = action_hash(&out, u->arena, &entry->out);
    arena_release(u->arena, mark);
    if (err == ERR_OK && (u->derived_count == u->derived_max || entry->trace_count > 0 ||
                          entry->out.kind != ACTION_CALL))
        err = ERR_INPUT;
    if (err != ERR_OK) {
        refuse(u, err);
        return;
    }
    struct transition *first = &entry->transitions[0];
    first->post = entry_suspended_head(&first->pre, &input, &no_trace, &out);
    u->derived[u->derived_count++] = first->post;
}

static void take_entry(struct unpacker *u, struct entry *entry) {
    *entry = (struct entry){0};
    uint64_t in = take_number(u, 1);
    uint64_t out = take_number(u, 1);
    entry->transition_count = (size_t)take_number(u, 1);
    entry->input.rollup_id = take_rollup(u);
    entry->scope = (in & IN_SCOPE) != 0;
    take_input(u, &entry->input, in);
    entry->transitions =
        arena_alloc_array(u->arena, entry->transition_count, sizeof(*entry->transitions));
    if (entry->transitions == NULL) refuse(u, ERR_MEMORY);
    if (entry->transition_count == 0) refuse(u, ERR_INPUT);
    if (u->err != ERR_OK) return;
    bool is_derived = false;
    for (size_t i = 0; i < entry->transition_count; i++) {
        struct transition *t = &entry->transitions[i];
        bool is_other;
        *t = (struct transition){.rollup_id = entry->input.rollup_id};
        take_transition(u, t, i == 0, i == 0 ? &is_derived : &is_other);
    }
    take_out(u, entry, out);
    if ((in & IN_TRACE) != 0) take_trace(u, entry);
    if (is_derived && u->err == ERR_OK) derive(u, entry);
}

static void take_batch(struct unpacker *u) {
    struct batch *batch = u->batch;
    size_t rollups = (size_t)take_number(u, 1);
    size_t addresses = (size_t)take_number(u, 2);
    size_t heads = (size_t)take_number(u, 2);
    u->derived_max = (size_t)take_number(u, 2);
    batch->update_count = (size_t)take_number(u, 2);
    batch->entry_count = (size_t)take_number(u, 2);
    u->rollups = take(u, 8 * rollups);
    u->addresses = take(u, sizeof(address) * addresses);
    u->heads = take(u, sizeof(hash32) * heads);
    /* What each takes at least: nothing is allocated for what cannot be there. */
    if (batch->update_count > u->in.size / 24 || batch->entry_count > u->in.size / 12 ||
        u->derived_max > batch->entry_count)
        refuse(u, ERR_INPUT);
    if (u->err != ERR_OK) return;
    batch->updates = arena_alloc_array(u->arena, batch->update_count, sizeof(*batch->updates));
    batch->entries = arena_alloc_array(u->arena, batch->entry_count, sizeof(*batch->entries));
    u->derived = arena_alloc_array(u->arena, u->derived_max, sizeof(hash32));
    if (batch->updates == NULL || batch->entries == NULL || u->derived == NULL)
        refuse(u, ERR_MEMORY);
    for (size_t i = 0; i < batch->update_count && u->err == ERR_OK; i++)
        take_update(u, &batch->updates[i]);
    for (size_t i = 0; i < batch->entry_count && u->err == ERR_OK; i++)
        take_entry(u, &batch->entries[i]);
}

enum err batch_decode(struct batch *batch, struct arena *arena, bytes encoded) {
    struct batch decoded = {0};
    struct unpacker u = {.arena = arena, .batch = &decoded, .in = encoded};
    take_batch(&u);
    if (u.err != ERR_OK) return u.err;
    /* One batch has one encoding: what reads the same but is written otherwise is refused. */
    struct arena_mark mark = arena_mark(arena);
    bytes canonical;
    enum err err = batch_encode(&canonical, arena, &decoded);
    if (err == ERR_OK && !bytes_equal(canonical, encoded)) err = ERR_INPUT;
    arena_release(arena, mark);
    if (err == ERR_LIMIT) err = ERR_INPUT;
    if (err == ERR_OK) *batch = decoded;
    return err;
}
