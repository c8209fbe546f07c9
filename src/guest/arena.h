/* guest/arena.h: the guest's one arena, for functions that are not given any. */
#ifndef GUEST_ARENA_H
#define GUEST_ARENA_H

#include "core/arena.h"

/* Over all of the heap. Whoever takes memory here releases it before returning. */
extern struct arena guest_arena;

void guest_arena_open(void);

/* Ends the run with the output and status of statement_out_of_memory. */
__attribute__((noreturn)) void guest_out_of_memory(void);

/* guest_alloc gives memory from the arena or does not return: an operation that could not be done
 * must not look like one that failed. */
void *guest_alloc(size_t count, size_t item_size);

#endif
