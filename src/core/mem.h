/* core/mem.h: memcpy and its kin for guest-safe code.
 *
 * The guest has no <string.h>; its start code defines these four, as gcc asks of every freestanding
 * environment. Guest-safe modules include this header and never <string.h>. */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stddef.h>

#if __STDC_HOSTED__
#include <string.h>
#else
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
/* A freestanding compiler takes these for functions like any other; so it may know what they do,
 * and copies words by loads and stores. */
#define memcpy(to, from, size)  __builtin_memcpy(to, from, size)
#define memmove(to, from, size) __builtin_memmove(to, from, size)
#define memset(to, byte, size)  __builtin_memset(to, byte, size)
#define memcmp(a, b, size)      __builtin_memcmp(a, b, size)
#endif

#endif
