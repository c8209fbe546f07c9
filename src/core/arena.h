/* core/arena.h: bump allocation. Working data of a transaction, block or request lives in an arena
 * and goes with it; nothing is freed singly.
 *
 * An arena takes pages from a source: the C heap (hosted) or one fixed region (guest). It has a
 * limit: past it, or when the source is dry, arena_alloc returns NULL and the caller returns
 * ERR_MEMORY. Allocations are 16-byte aligned and NOT zeroed unless arena_alloc_zero is used. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/bytes.h"
#include "core/err.h"

struct arena_chunk;

struct arena {
    uint8_t *next;             /* first free byte of the newest chunk */
    uint8_t *end;              /* its end */
    struct arena_chunk *chunk; /* newest chunk; chunks form a list to the oldest */
    struct arena_chunk *spare; /* an empty chunk kept for the next growth, or NULL */
    uint8_t *start;            /* of a fixed region */
    size_t used_size;          /* bytes taken from the source, the spare chunk included */
    size_t size_max;           /* limit on used_size */
    bool is_region;            /* a fixed region: never grows, nothing to free */
};

struct arena_mark {
    struct arena_chunk *chunk;
    uint8_t *next;
};

/* arena_open makes an empty arena over the C heap (hosted only). It allocates nothing yet. */
void arena_open(struct arena *arena, size_t size_max);

/* What an allocation takes beside its size, at most: alignment, and a red zone under
 * AddressSanitizer. For regions that must suffice. */
#define ARENA_ALLOCATION_EXTRA 32

/* arena_open_region makes an arena over memory that the caller owns and keeps. */
void arena_open_region(struct arena *arena, void *region, size_t size);

/* arena_close gives all memory back; every pointer into the arena dies. The arena may be opened
 * again. Closing a closed (zeroed) arena is allowed. */
void arena_close(struct arena *arena);

/* arena_reset forgets all allocations and keeps the largest chunk for reuse. */
void arena_reset(struct arena *arena);

/* arena_mark and arena_release: everything allocated after the mark is forgotten. */
struct arena_mark arena_mark(const struct arena *arena);
void arena_release(struct arena *arena, struct arena_mark mark);

/* Return NULL when the limit is reached. size 0 gives a valid pointer that must not be read. */
MUST_USE void *arena_alloc(struct arena *arena, size_t size);
MUST_USE void *arena_alloc_zero(struct arena *arena, size_t size);

/* As arena_alloc for count items of item_size; NULL too when the product overflows. */
MUST_USE void *arena_alloc_array(struct arena *arena, size_t count, size_t item_size);

/* arena_extend grows an allocation in place, and says whether it could: only the newest allocation
 * can, as far as its chunk has room. p and old_size are as allocated or last extended; the new
 * bytes are not zeroed. */
MUST_USE bool arena_extend(struct arena *arena, void *p, size_t old_size, size_t size);

/* arena_copy copies b into the arena. On ERR_MEMORY *copy is untouched. */
MUST_USE enum err arena_copy(struct arena *arena, bytes *copy, bytes b);

#endif
