/* core/arena_private.h: where arenas that grow take their chunks from. */
#ifndef CORE_ARENA_PRIVATE_H
#define CORE_ARENA_PRIVATE_H

#include <stddef.h>

#if __STDC_HOSTED__
/* take returns 16-byte aligned memory or NULL; give takes it back. */
void *arena_source_take(size_t size);
void arena_source_give(void *chunk, size_t size);
#else
/* The guest has fixed regions only. */
static inline void *arena_source_take(size_t size) {
    (void)size;
    return NULL;
}
static inline void arena_source_give(void *chunk, size_t size) {
    (void)chunk;
    (void)size;
}
#endif

#endif
