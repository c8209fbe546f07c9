#include "state/source.h"

#include "crypto/keccak.h"

static enum err items_find(const struct source_items *items, const hash32 *hash, bytes *data) {
    const bytes *found = map_get(&items->map, hash);
    if (found == NULL) return ERR_MISSING;
    *data = *found;
    return ERR_OK;
}

static void items_open(struct source_items *items, struct arena *arena) {
    map_open(&items->map, arena, sizeof(hash32), sizeof(bytes));
}

/* Adds data, or a copy of it in copy_in, under hash unless there is something. */
static enum err
items_add(struct source_items *items, const hash32 *hash, bytes data, struct arena *copy_in) {
    struct arena_mark mark = {0};
    bool is_new;
    if (copy_in != NULL) {
        mark = arena_mark(copy_in);
        enum err err = arena_copy(copy_in, &data, data);
        if (err != ERR_OK) return err;
    }
    bytes *value = map_put(&items->map, hash, &is_new);
    if (value == NULL) return ERR_MEMORY;
    if (is_new)
        *value = data;
    else if (copy_in != NULL)
        arena_release(copy_in, mark); /* map_put took nothing for what it had */
    return ERR_OK;
}

static bytes items_at(const struct source_items *items, uint32_t index) {
    const bytes *value = map_value_at(&items->map, index);
    return *value;
}

/* --- memory --- */

static enum err memory_node(struct source *source, const hash32 *hash, bytes *encoded) {
    struct source_memory *memory = (struct source_memory *)source;
    enum err err = items_find(&memory->nodes, hash, encoded);
    if (err == ERR_MISSING && memory->base != NULL) return source_node(memory->base, hash, encoded);
    return err;
}

static enum err memory_code(struct source *source, const hash32 *code_hash, bytes *code) {
    struct source_memory *memory = (struct source_memory *)source;
    enum err err = items_find(&memory->codes, code_hash, code);
    if (err == ERR_MISSING && memory->base != NULL)
        return source_code(memory->base, code_hash, code);
    return err;
}

void source_memory_open(struct source_memory *memory, struct arena *arena, struct source *base) {
    *memory = (struct source_memory){
        .source = {memory_node, memory_code, base != NULL ? base->origin : NULL},
        .base = base,
        .arena = arena,
    };
    items_open(&memory->nodes, arena);
    items_open(&memory->codes, arena);
}

enum err source_memory_put_node(struct source_memory *memory, const hash32 *hash, bytes encoded) {
    return items_add(&memory->nodes, hash, encoded, memory->arena);
}

enum err source_memory_put_code(struct source_memory *memory, const hash32 *code_hash, bytes code) {
    return items_add(&memory->codes, code_hash, code, memory->arena);
}

uint32_t source_memory_node_count(const struct source_memory *memory) {
    return memory->nodes.map.count;
}

uint32_t source_memory_code_count(const struct source_memory *memory) {
    return memory->codes.map.count;
}

void source_memory_node_at(
    const struct source_memory *memory, uint32_t index, hash32 *hash, bytes *encoded
) {
    memcpy(hash, map_key_at(&memory->nodes.map, index), sizeof *hash);
    *encoded = items_at(&memory->nodes, index);
}

void source_memory_code_at(
    const struct source_memory *memory, uint32_t index, hash32 *code_hash, bytes *code
) {
    memcpy(code_hash, map_key_at(&memory->codes.map, index), sizeof *code_hash);
    *code = items_at(&memory->codes, index);
}

/* --- recorder --- */

/* The answer comes from the record when it is there: equal bytes, and no second read of the
 * base. */
static enum err recorder_node(struct source *source, const hash32 *hash, bytes *encoded) {
    struct source_recorder *recorder = (struct source_recorder *)source;
    if (items_find(&recorder->nodes, hash, encoded) == ERR_OK) return ERR_OK;
    bytes read;
    enum err err = source_node(recorder->base, hash, &read);
    if (err == ERR_OK) err = items_add(&recorder->nodes, hash, read, recorder->arena);
    if (err == ERR_OK) err = items_find(&recorder->nodes, hash, encoded);
    return err;
}

static enum err recorder_code(struct source *source, const hash32 *code_hash, bytes *code) {
    struct source_recorder *recorder = (struct source_recorder *)source;
    if (items_find(&recorder->codes, code_hash, code) == ERR_OK) return ERR_OK;
    bytes read;
    enum err err = source_code(recorder->base, code_hash, &read);
    if (err == ERR_OK) err = items_add(&recorder->codes, code_hash, read, recorder->arena);
    if (err == ERR_OK) err = items_find(&recorder->codes, code_hash, code);
    return err;
}

void source_recorder_open(
    struct source_recorder *recorder, struct arena *arena, struct source *base
) {
    *recorder = (struct source_recorder){
        .source = {recorder_node, recorder_code, base->origin},
        .base = base,
        .arena = arena,
    };
    items_open(&recorder->nodes, arena);
    items_open(&recorder->codes, arena);
}

uint32_t source_recorder_node_count(const struct source_recorder *recorder) {
    return recorder->nodes.map.count;
}

uint32_t source_recorder_code_count(const struct source_recorder *recorder) {
    return recorder->codes.map.count;
}

bytes source_recorder_node_at(const struct source_recorder *recorder, uint32_t index) {
    return items_at(&recorder->nodes, index);
}

bytes source_recorder_code_at(const struct source_recorder *recorder, uint32_t index) {
    return items_at(&recorder->codes, index);
}

/* --- witness --- */

static enum err witness_node(struct source *source, const hash32 *hash, bytes *encoded) {
    return items_find(&((struct source_witness *)source)->nodes, hash, encoded);
}

static enum err witness_code(struct source *source, const hash32 *code_hash, bytes *code) {
    return items_find(&((struct source_witness *)source)->codes, code_hash, code);
}

void source_witness_open(struct source_witness *witness, struct arena *arena) {
    *witness =
        (struct source_witness){.source = {witness_node, witness_code, NULL}, .arena = arena};
    items_open(&witness->nodes, arena);
    items_open(&witness->codes, arena);
}

static enum err add_hashed(struct source_items *items, const bytes *data, size_t count) {
    enum { BATCH = 32 };
    hash32 hashes[BATCH];
    while (count > 0) {
        size_t batch = count < BATCH ? count : BATCH;
        keccak256_many(hashes, data, batch);
        for (size_t i = 0; i < batch; i++) {
            enum err err = items_add(items, &hashes[i], data[i], NULL);
            if (err != ERR_OK) return err;
        }
        data += batch;
        count -= batch;
    }
    return ERR_OK;
}

enum err
source_witness_add_nodes(struct source_witness *witness, const bytes *nodes, size_t count) {
    return add_hashed(&witness->nodes, nodes, count);
}

enum err
source_witness_add_codes(struct source_witness *witness, const bytes *codes, size_t count) {
    return add_hashed(&witness->codes, codes, count);
}

/* --- list --- */

enum err
hashed_list_open(struct hashed_list *list, struct arena *arena, const bytes *items, size_t count) {
    hash32 *hashes = arena_alloc_array(arena, count, sizeof(*hashes));
    bool *is_read = arena_alloc_zero(arena, count * sizeof(*is_read));
    if (hashes == NULL || is_read == NULL) return ERR_MEMORY;
    keccak256_many(hashes, items, count);
    for (size_t i = 1; i < count; i++)
        if (memcmp(hashes[i - 1].b, hashes[i].b, sizeof(hash32)) >= 0) return ERR_INPUT;
    *list = (struct hashed_list){items, hashes, is_read, count, 0};
    return ERR_OK;
}

enum err
hashed_list_share(struct hashed_list *list, struct arena *arena, const struct hashed_list *from) {
    bool *is_read = arena_alloc_zero(arena, from->count * sizeof(*is_read));
    if (is_read == NULL) return ERR_MEMORY;
    *list = (struct hashed_list){from->items, from->hashes, is_read, from->count, 0};
    return ERR_OK;
}

/* By halving; the first eight bytes decide nearly always. */
enum err hashed_list_find(struct hashed_list *list, const hash32 *hash, bytes *item) {
    const uint64_t wanted = load_be64(hash->b);
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const uint64_t there = load_be64(list->hashes[middle].b);
        if (there == wanted) {
            const int order = memcmp(list->hashes[middle].b, hash->b, sizeof(*hash));
            if (order == 0) {
                list->read_count += !list->is_read[middle];
                list->is_read[middle] = true;
                *item = list->items[middle];
                return ERR_OK;
            }
            if (order < 0)
                low = middle + 1;
            else
                high = middle;
        } else if (there < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return ERR_MISSING;
}

static enum err list_node(struct source *source, const hash32 *hash, bytes *encoded) {
    struct source_list *list = (struct source_list *)source;
    enum err err = hashed_list_find(&list->nodes, hash, encoded);
    return err == ERR_OK || list->base == NULL ? err : source_node(list->base, hash, encoded);
}

static enum err list_code(struct source *source, const hash32 *code_hash, bytes *code) {
    struct source_list *list = (struct source_list *)source;
    enum err err = hashed_list_find(&list->codes, code_hash, code);
    return err == ERR_OK || list->base == NULL ? err : source_code(list->base, code_hash, code);
}

void source_list_open(
    struct source_list *list,
    struct source *base,
    const struct hashed_list *nodes,
    const struct hashed_list *codes
) {
    *list = (struct source_list){{list_node, list_code, NULL}, base, *nodes, *codes};
}

/* --- several --- */

static enum err several_node(struct source *source, const hash32 *hash, bytes *encoded) {
    const struct source_several *several = (struct source_several *)source;
    enum err err = ERR_MISSING;
    for (size_t i = 0; i < several->count && err == ERR_MISSING; i++)
        err = source_node(several->sources[i], hash, encoded);
    return err;
}

static enum err several_code(struct source *source, const hash32 *code_hash, bytes *code) {
    const struct source_several *several = (struct source_several *)source;
    enum err err = ERR_MISSING;
    for (size_t i = 0; i < several->count && err == ERR_MISSING; i++)
        err = source_code(several->sources[i], code_hash, code);
    return err;
}

void source_several_open(
    struct source_several *several, struct source *const *sources, size_t count
) {
    *several = (struct source_several){{several_node, several_code, NULL}, sources, count};
}
