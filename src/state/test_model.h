/* state/test_model.h: a Merkle Patricia Trie as a sorted list, for tests: the twin that state/trie
 * is compared with. It shares no code with it but RLP and keccak, keeps nothing between roots, and
 * is built from the bottom: at each depth, from the deepest, entries that agree on that many
 * nibbles become one branch. */
#ifndef STATE_TEST_MODEL_H
#define STATE_TEST_MODEL_H

#include "core/arena.h"
#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"

#include <stdlib.h>
#include <string.h>

enum { MODEL_NIBBLES_MAX = 64 };

struct model_entry {
    uint8_t key[32];
    size_t key_size;
    bytes value; /* in the arena of the model's user */
};

struct model {
    struct model_entry *entries; /* in ascending order of keys */
    size_t count;
    size_t capacity;
};

static inline int model_compare(const struct model_entry *e, bytes key) {
    size_t size = e->key_size < key.size ? e->key_size : key.size;
    int order = size != 0 ? memcmp(e->key, key.data, size) : 0;
    return order != 0 ? order : (e->key_size > key.size) - (e->key_size < key.size);
}

/* The first entry that is not below key. */
static inline size_t model_find(const struct model *model, bytes key) {
    size_t at = 0;
    while (at < model->count && model_compare(&model->entries[at], key) < 0)
        at++;
    return at;
}

static inline bytes model_get(const struct model *model, bytes key) {
    size_t at = model_find(model, key);
    bool is_there = at < model->count && model_compare(&model->entries[at], key) == 0;
    return is_there ? model->entries[at].value : BYTES_EMPTY;
}

/* An empty value deletes. */
static inline void model_put(struct model *model, bytes key, bytes value) {
    size_t at = model_find(model, key);
    bool is_there = at < model->count && model_compare(&model->entries[at], key) == 0;
    struct model_entry *entries = model->entries;
    if (value.size == 0) {
        if (!is_there) return;
        model->count--;
        memmove(entries + at, entries + at + 1, (model->count - at) * sizeof *entries);
        return;
    }
    if (!is_there) {
        if (model->count == model->capacity) {
            model->capacity = 2 * model->capacity + 16;
            entries = realloc(entries, model->capacity * sizeof *entries);
            CHECK(entries != NULL);
            model->entries = entries;
        }
        memmove(entries + at + 1, entries + at, (model->count - at) * sizeof *entries);
        model->count++;
        entries[at].key_size = key.size;
        if (key.size != 0) memcpy(entries[at].key, key.data, key.size);
    }
    entries[at].value = value;
}

static inline void model_close(struct model *model) {
    free(model->entries);
    *model = (struct model){0};
}

/* Part of a trie: everything below a path. */
struct model_part {
    uint8_t nibbles[MODEL_NIBBLES_MAX];
    unsigned size;
    bool is_branch;
    bytes content; /* the branch's encoding, or the leaf's value */
};

static inline bytes model_finish(struct rlp_writer *w) {
    bytes encoded = BYTES_EMPTY;
    enum err err = rlp_finish(w, &encoded);
    CHECK(err == ERR_OK);
    return encoded;
}

/* The encoding of a part that hangs at depth. */
static inline bytes
model_encode(struct arena *arena, const struct model_part *part, unsigned depth) {
    if (part->is_branch && part->size == depth) return part->content;
    uint8_t path[1 + MODEL_NIBBLES_MAX / 2] = {0};
    unsigned count = part->size - depth;
    unsigned flag = (part->is_branch ? 0 : 2) + count % 2;
    unsigned at = 2 - count % 2;
    path[0] = (uint8_t)(flag << 4);
    for (unsigned i = 0; i < count; i++, at++)
        path[at / 2] |= (uint8_t)(part->nibbles[depth + i] << (at % 2 != 0 ? 0 : 4));
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    rlp_write_string(&w, bytes_of(path, at / 2));
    if (!part->is_branch) {
        rlp_write_string(&w, part->content);
    } else if (part->content.size < 32) {
        rlp_write_raw(&w, part->content);
    } else {
        hash32 hash = keccak256(part->content);
        rlp_write_string(&w, hash32_bytes(&hash));
    }
    rlp_list_end(&w);
    return model_finish(&w);
}

/* The branch at depth over count parts that agree up to there. */
static inline void model_join(
    struct arena *arena,
    struct model_part *joined,
    const struct model_part *parts,
    size_t count,
    unsigned depth
) {
    struct rlp_writer w;
    bytes value = BYTES_EMPTY;
    bytes children[16] = {{0}};
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size == depth)
            value = parts[i].content;
        else
            children[parts[i].nibbles[depth]] = model_encode(arena, &parts[i], depth + 1);
    }
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    for (unsigned i = 0; i < 16; i++) {
        hash32 hash;
        if (children[i].size == 0) {
            rlp_write_string(&w, BYTES_EMPTY);
        } else if (children[i].size < 32) {
            rlp_write_raw(&w, children[i]);
        } else {
            hash = keccak256(children[i]);
            rlp_write_string(&w, hash32_bytes(&hash));
        }
    }
    rlp_write_string(&w, value);
    rlp_list_end(&w);
    struct model_part branch = parts[0];
    branch.size = depth;
    branch.is_branch = true;
    branch.content = model_finish(&w);
    *joined = branch;
}

static inline hash32 model_root(const struct model *model) {
    static const uint8_t empty[] = {0x80};
    struct arena arena;
    if (model->count == 0) return keccak256(bytes_of(empty, 1));
    arena_open(&arena, SIZE_MAX);
    size_t count = model->count;
    struct model_part *parts = calloc(count, sizeof *parts);
    CHECK(parts != NULL);
    for (size_t i = 0; i < count; i++) {
        const struct model_entry *e = &model->entries[i];
        parts[i].size = (unsigned)(2 * e->key_size);
        parts[i].content = e->value;
        for (unsigned n = 0; n < parts[i].size; n++)
            parts[i].nibbles[n] = e->key[n / 2] >> (n % 2 != 0 ? 0 : 4) & 15;
    }
    for (unsigned depth = MODEL_NIBBLES_MAX + 1; depth-- > 0;) {
        size_t out = 0;
        for (size_t i = 0; i < count;) {
            size_t end = i + 1;
            while (parts[i].size >= depth && end < count && parts[end].size >= depth &&
                   memcmp(parts[i].nibbles, parts[end].nibbles, depth) == 0)
                end++;
            struct model_part part = parts[i];
            if (end - i > 1) model_join(&arena, &part, parts + i, end - i, depth);
            parts[out++] = part;
            i = end;
        }
        count = out;
    }
    CHECK(count == 1);
    hash32 root = keccak256(model_encode(&arena, &parts[0], 0));
    free(parts);
    arena_close(&arena);
    return root;
}

/* xorshift64*: seeds are printed by tests that use it, and give the same run again. */
static inline uint64_t model_random(uint64_t *seed) {
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint64_t model_seed(void) {
    const char *text = getenv("LOCKSTEP_TEST_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : UINT64_C(0x10c5);
}

#endif
