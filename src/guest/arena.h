/* guest/arena.h: the guest's one arena, for functions that are not given any. */
#ifndef GUEST_ARENA_H
#define GUEST_ARENA_H

#include "core/arena.h"

/* Over all of the heap; opened by main. Whoever takes memory here releases it before returning. */
extern struct arena guest_arena;

/* guest_alloc gives memory from it. When there is none left the run ends with STATEMENT_MEMORY: an
 * operation that could not be done must not look like one that failed. */
void *guest_alloc(size_t count, size_t item_size);

#endif
