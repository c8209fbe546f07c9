#include "core/arena.h"

#include "core/arena_private.h"
#include "core/check.h"

/* Under AddressSanitizer the free part of every chunk is poisoned and allocations are set apart by
 * a red zone, so that overruns and use after release are found as with malloc. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, size)   ASAN_POISON_MEMORY_REGION(p, size)
#define UNPOISON(p, size) ASAN_UNPOISON_MEMORY_REGION(p, size)
enum { RED_ZONE = 16 };
#else
#define POISON(p, size)   ((void)(p))
#define UNPOISON(p, size) ((void)(p))
enum { RED_ZONE = 0 };
#endif

enum { ALIGNMENT = 16, CHUNK_SIZE_MIN = 4096, CHUNK_SIZE_MAX = 1 << 20 };

/* The head of a chunk; its payload follows, up to size. */
struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* bytes taken from the source, this head included */
};

_Static_assert(ALIGNMENT + RED_ZONE <= ARENA_ALLOCATION_EXTRA, "as the header says");
_Static_assert(sizeof(struct arena_chunk) % ALIGNMENT == 0, "payloads must be aligned");

static uint8_t *payload(struct arena_chunk *chunk) {
    return (uint8_t *)(chunk + 1);
}
static uint8_t *chunk_end(struct arena_chunk *chunk) {
    return (uint8_t *)chunk + chunk->size;
}

/* The bytes that an allocation of size takes from its chunk; 0 if that overflows. */
static size_t footprint(size_t size) {
    if (size > SIZE_MAX - 2 * ALIGNMENT) return 0;
    if (size == 0) size = 1;
    return ((size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1)) + RED_ZONE;
}

void arena_open_region(struct arena *arena, void *region, size_t size) {
    uint8_t *start = region;
    size_t skip = (size_t)(-(uintptr_t)start) & (ALIGNMENT - 1);
    if (skip > size) skip = size;
    *arena = (struct arena){
        .next = start + skip,
        .end = start + size,
        .size_max = size,
        .used_size = size,
        .is_region = true,
        .start = start + skip,
    };
    POISON(arena->next, size - skip);
}

static void give_chunk(struct arena *arena, struct arena_chunk *chunk) {
    arena->used_size -= chunk->size;
    UNPOISON(chunk, chunk->size);
    arena_source_give(chunk, chunk->size);
}

static void give_spare(struct arena *arena) {
    if (arena->spare != NULL) give_chunk(arena, arena->spare);
    arena->spare = NULL;
}

void arena_close(struct arena *arena) {
    if (arena->is_region) {
        UNPOISON(arena->start, (size_t)(arena->end - arena->start));
    } else {
        arena_release(arena, (struct arena_mark){NULL, NULL});
        give_spare(arena);
    }
    *arena = (struct arena){.size_max = arena->size_max};
}

/* Makes chunk, new or spare, the newest. */
static void push_chunk(struct arena *arena, struct arena_chunk *chunk) {
    chunk->older = arena->chunk;
    arena->chunk = chunk;
    arena->next = payload(chunk);
    arena->end = chunk_end(chunk);
}

/* Makes room for need bytes: from the spare chunk, or from the source, doubling what the arena has
 * so that the number of chunks stays logarithmic until chunks have their greatest size. */
static bool grow(struct arena *arena, size_t need) {
    if (arena->is_region) return false;
    if (arena->spare != NULL) {
        struct arena_chunk *spare = arena->spare;
        if (spare->size - sizeof *spare >= need) {
            arena->spare = NULL;
            push_chunk(arena, spare);
            return true;
        }
        give_spare(arena);
    }
    size_t room = arena->size_max - arena->used_size;
    if (need > room || room - need < sizeof(struct arena_chunk)) return false;
    size_t size = arena->used_size;
    if (size < CHUNK_SIZE_MIN) size = CHUNK_SIZE_MIN;
    if (size > CHUNK_SIZE_MAX) size = CHUNK_SIZE_MAX;
    if (size > room) size = room;
    if (size < need + sizeof(struct arena_chunk)) size = need + sizeof(struct arena_chunk);
    struct arena_chunk *chunk = arena_source_take(size);
    if (chunk == NULL) return false;
    chunk->size = size;
    arena->used_size += size;
    push_chunk(arena, chunk);
    POISON(payload(chunk), size - sizeof *chunk);
    return true;
}

void *arena_alloc(struct arena *arena, size_t size) {
    size_t need = footprint(size);
    if (need == 0) return NULL;
    if (need > (size_t)(arena->end - arena->next) && !grow(arena, need)) return NULL;
    void *p = arena->next;
    arena->next += need;
    UNPOISON(p, size);
    return p;
}

void *arena_alloc_zero(struct arena *arena, size_t size) {
    void *p = arena_alloc(arena, size);
    if (p != NULL) memset(p, 0, size);
    return p;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t item_size) {
    size_t size;
    if (__builtin_mul_overflow(count, item_size, &size)) return NULL;
    return arena_alloc(arena, size);
}

bool arena_extend(struct arena *arena, void *p, size_t old_size, size_t size) {
    size_t old_need = footprint(old_size);
    size_t need = footprint(size);
    uint8_t *start = p;
    if (need == 0 || size < old_size || start + old_need != arena->next) return false;
    if (need > (size_t)(arena->end - start)) return false;
    arena->next = start + need;
    UNPOISON(p, size);
    return true;
}

enum err arena_copy(struct arena *arena, bytes *copy, bytes b) {
    if (b.size == 0) {
        *copy = BYTES_EMPTY;
        return ERR_OK;
    }
    uint8_t *p = arena_alloc(arena, b.size);
    if (p == NULL) return ERR_MEMORY;
    memcpy(p, b.data, b.size);
    *copy = (bytes){p, b.size};
    return ERR_OK;
}

struct arena_mark arena_mark(const struct arena *arena) {
    return (struct arena_mark){arena->chunk, arena->next};
}

void arena_release(struct arena *arena, struct arena_mark mark) {
    /* The largest chunk let go is kept as the spare: code that marks and releases in a loop at the
     * edge of a chunk must not go to the source each time. */
    while (arena->chunk != mark.chunk) {
        struct arena_chunk *chunk = arena->chunk;
        CHECK(chunk != NULL); /* the mark is of another arena, or was released already */
        arena->chunk = chunk->older;
        if (arena->spare == NULL || arena->spare->size < chunk->size) {
            give_spare(arena);
            POISON(payload(chunk), chunk->size - sizeof *chunk);
            arena->spare = chunk;
        } else {
            give_chunk(arena, chunk);
        }
    }
    if (!arena->is_region) arena->end = mark.chunk != NULL ? chunk_end(mark.chunk) : NULL;
    arena->next = mark.next;
    POISON(arena->next, (size_t)(arena->end - arena->next));
}

void arena_reset(struct arena *arena) {
    arena_release(arena, (struct arena_mark){NULL, arena->is_region ? arena->start : NULL});
}
