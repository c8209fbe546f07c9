/* core/map.h: a hash map from fixed-size keys to fixed-size values, in an arena.
 *
 * Open addressing, load at most 1/2, grown by doubling (the old table stays in the arena). Values
 * keep their address for the life of the arena: they lie in blocks of their own, so that pointers
 * into the map survive growth. No removal: users keep a "deleted" flag in the value if they need
 * one. Iteration is in order of insertion, which makes everything built on it deterministic. Values
 * are 8-byte aligned.
 *
 * Keys may come from an adversary (storage slots do), so hosted builds hash with a seed drawn once
 * per process; the order of iteration does not depend on it. */
#ifndef CORE_MAP_H
#define CORE_MAP_H

#include "core/arena.h"

struct map {
    struct arena *arena;
    uint64_t *table;   /* high half of the key's hash, then index + 1 of the entry; 0 is free */
    uint32_t capacity; /* of table, a power of two */
    uint32_t count;
    uint16_t key_size;
    uint16_t value_size;
    uint8_t **blocks; /* entry storage, MAP_BLOCK_ENTRIES entries each: key then value */
    uint32_t block_capacity;
    uint64_t seed;
};

#define MAP_BLOCK_ENTRIES 32
#define MAP_COUNT_MAX     (UINT32_C(1) << 30) /* map_put of one more returns NULL */

/* map_open makes an empty map; it allocates nothing yet. Sizes are at most 4096. */
void map_open(struct map *map, struct arena *arena, size_t key_size, size_t value_size);

/* The value under key, or NULL. Valid as long as the arena. */
void *map_get(const struct map *map, const void *key);

/* map_put finds or inserts key; a new value is zeroed and *is_new (may be NULL) is set.
 * Returns NULL when the arena is full; the map is then unchanged. */
MUST_USE void *map_put(struct map *map, const void *key, bool *is_new);

/* Entry number index (0 ≤ index < count) in order of insertion. */
const void *map_key_at(const struct map *map, uint32_t index);
void *map_value_at(const struct map *map, uint32_t index);

/* map_copy makes *to an equal map in another arena. On ERR_MEMORY *to is unusable. */
MUST_USE enum err map_copy(struct map *to, struct arena *arena, const struct map *from);

#endif
