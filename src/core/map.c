#include "core/map.h"

#include "core/check.h"
#include "core/map_private.h"
#include "core/u256.h"

enum { TABLE_CAPACITY_MIN = 16, BLOCKS_CAPACITY_MIN = 8, SIZE_LIMIT = 4096 };

void map_open(struct map *map, struct arena *arena, size_t key_size, size_t value_size) {
    CHECK(key_size > 0 && key_size <= SIZE_LIMIT && value_size <= SIZE_LIMIT);
    *map = (struct map){
        .arena = arena,
        .key_size = (uint16_t)key_size,
        .value_size = (uint16_t)value_size,
        .seed = map_seed(),
    };
}

static uint64_t fold(uint64_t a, uint64_t b) {
    uint128 product = (uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* 8 and 4 bytes of a key. In the guest most keys lie at multiples of 8, where one load has them. */
static inline uint64_t word_at(const uint8_t *p) {
    uint64_t word;
    if (!__STDC_HOSTED__ && (uintptr_t)p % 8 == 0)
        memcpy(&word, __builtin_assume_aligned(p, 8), 8);
    else
        memcpy(&word, p, 8);
    return word;
}

static inline uint64_t half_at(const uint8_t *p) {
    uint32_t half;
    if (!__STDC_HOSTED__ && (uintptr_t)p % 4 == 0)
        memcpy(&half, __builtin_assume_aligned(p, 4), 4);
    else
        memcpy(&half, p, 4);
    return half;
}

/* A multiply-and-fold hash over words of the key. Both factors hold a secret, so nobody outside can
 * choose words that make a factor zero or two keys meet. */
static uint64_t hash_key(const struct map *map, const uint8_t *key) {
    uint64_t secret = map->seed * UINT64_C(0xd6e8feb86659fd93) + UINT64_C(0xa0761d6478bd642f);
    uint64_t hash = map->seed;
    size_t size = map->key_size;
    uint64_t first;
    uint64_t second;
    while (size > 16) {
        hash = fold(word_at(key) ^ hash, word_at(key + 8) ^ secret);
        key += 16;
        size -= 16;
    }
    /* The last 1 to 16 bytes, by loads of fixed size that may overlap. */
    if (size >= 8) {
        first = word_at(key);
        second = word_at(key + size - 8);
    } else if (size >= 4) {
        first = half_at(key);
        second = half_at(key + size - 4);
    } else {
        first = (uint64_t)key[0] << 16 | (uint64_t)key[size / 2] << 8 | key[size - 1];
        second = 0;
    }
    hash = fold(first ^ hash, second ^ secret);
    return fold(hash ^ secret, map->seed ^ UINT64_C(0xe7037ed1a0b428db));
}

static size_t round_up_8(size_t size) {
    return (size + 7) & ~(size_t)7;
}

static size_t entry_size(const struct map *map) {
    return round_up_8(map->key_size) + round_up_8(map->value_size);
}

static uint8_t *entry_at(const struct map *map, uint32_t index) {
    return map->blocks[index / MAP_BLOCK_ENTRIES] + index % MAP_BLOCK_ENTRIES * entry_size(map);
}

static uint8_t *value_of(const struct map *map, uint8_t *entry) {
    return entry + round_up_8(map->key_size);
}

/* A slot of the table holds the high half of the hash above index + 1; where probing begins comes
 * from the same half, so that a table can be doubled without looking at the keys. */
static uint32_t slot_start(const struct map *map, uint64_t slot_or_hash) {
    return (uint32_t)(slot_or_hash >> 32) & (map->capacity - 1);
}

/* Finds the entry of key; else returns NULL and the free table place where it would go. */
static uint8_t *find(const struct map *map, const void *key, uint64_t hash, uint32_t *place) {
    uint32_t at = slot_start(map, hash);
    for (;; at = (at + 1) & (map->capacity - 1)) {
        uint64_t slot = map->table[at];
        if (slot == 0) break;
        if ((slot ^ hash) >> 32 != 0) continue;
        uint8_t *entry = entry_at(map, (uint32_t)slot - 1);
        if (memcmp(entry, key, map->key_size) == 0) return entry;
    }
    *place = at;
    return NULL;
}

void *map_get(const struct map *map, const void *key) {
    if (map->count == 0) return NULL;
    uint32_t place;
    uint8_t *entry = find(map, key, hash_key(map, key), &place);
    return entry == NULL ? NULL : value_of(map, entry);
}

/* Makes room in the table for one more entry. */
static bool grow_table(struct map *map) {
    if (map->count < map->capacity / 2) return true;
    uint32_t capacity = map->capacity == 0 ? TABLE_CAPACITY_MIN : map->capacity * 2;
    uint64_t *table = arena_alloc_array(map->arena, capacity, sizeof *table);
    if (table == NULL) return false;
    memset(table, 0, capacity * sizeof *table);
    uint64_t *old = map->table;
    uint32_t old_capacity = map->capacity;
    map->table = table;
    map->capacity = capacity;
    for (uint32_t i = 0; i < old_capacity; i++) {
        if (old[i] == 0) continue;
        uint32_t at = slot_start(map, old[i]);
        while (table[at] != 0)
            at = (at + 1) & (capacity - 1);
        table[at] = old[i];
    }
    return true;
}

/* Makes room in the blocks for one more entry. */
static bool grow_blocks(struct map *map) {
    if (map->count % MAP_BLOCK_ENTRIES != 0) return true;
    uint32_t block_count = map->count / MAP_BLOCK_ENTRIES;
    if (block_count == map->block_capacity) {
        uint32_t capacity = block_count == 0 ? BLOCKS_CAPACITY_MIN : block_count * 2;
        uint8_t **blocks = arena_alloc_array(map->arena, capacity, sizeof *blocks);
        if (blocks == NULL) return false;
        if (block_count > 0) memcpy(blocks, map->blocks, block_count * sizeof *blocks);
        map->blocks = blocks;
        map->block_capacity = capacity;
    }
    uint8_t *block = arena_alloc_array(map->arena, MAP_BLOCK_ENTRIES, entry_size(map));
    if (block == NULL) return false;
    map->blocks[block_count] = block;
    return true;
}

void *map_put(struct map *map, const void *key, bool *is_new) {
    uint64_t hash = hash_key(map, key);
    uint32_t place = 0;
    uint8_t *entry = NULL;
    if (map->count > 0) entry = find(map, key, hash, &place);
    if (is_new != NULL) *is_new = entry == NULL;
    if (entry != NULL) return value_of(map, entry);

    uint32_t capacity = map->capacity;
    if (map->count == MAP_COUNT_MAX || !grow_table(map) || !grow_blocks(map)) return NULL;
    if (map->capacity != capacity) {
        /* The table is new and key is not in it: this finds the free place. */
        entry = find(map, key, hash, &place);
        CHECK(entry == NULL);
    }
    entry = entry_at(map, map->count);
    memcpy(entry, key, map->key_size);
    memset(value_of(map, entry), 0, round_up_8(map->value_size));
    map->count++;
    map->table[place] = (hash & ~(uint64_t)UINT32_MAX) | map->count;
    return value_of(map, entry);
}

const void *map_key_at(const struct map *map, uint32_t index) {
    CHECK(index < map->count);
    return entry_at(map, index);
}

void *map_value_at(const struct map *map, uint32_t index) {
    CHECK(index < map->count);
    return value_of(map, entry_at(map, index));
}

enum err map_copy(struct map *to, struct arena *arena, const struct map *from) {
    *to = *from;
    to->arena = arena;
    if (from->capacity == 0) return ERR_OK;
    to->table = arena_alloc_array(arena, from->capacity, sizeof *to->table);
    to->blocks = arena_alloc_array(arena, from->block_capacity, sizeof *to->blocks);
    if (to->table == NULL || to->blocks == NULL) return ERR_MEMORY;
    memcpy(to->table, from->table, from->capacity * sizeof *to->table);
    for (uint32_t first = 0; first < from->count; first += MAP_BLOCK_ENTRIES) {
        uint32_t used = from->count - first;
        if (used > MAP_BLOCK_ENTRIES) used = MAP_BLOCK_ENTRIES;
        uint8_t *block = arena_alloc_array(arena, MAP_BLOCK_ENTRIES, entry_size(from));
        if (block == NULL) return ERR_MEMORY;
        memcpy(block, from->blocks[first / MAP_BLOCK_ENTRIES], used * entry_size(from));
        to->blocks[first / MAP_BLOCK_ENTRIES] = block;
    }
    return ERR_OK;
}
