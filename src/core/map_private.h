/* core/map_private.h: where maps take the seed of their hash function from. */
#ifndef CORE_MAP_PRIVATE_H
#define CORE_MAP_PRIVATE_H

#include <stdint.h>

#if __STDC_HOSTED__
/* The same value throughout the process, not known outside of it. */
uint64_t map_seed(void);
#else
/* A proof must come out the same each time; a guest that is attacked is only slow. */
static inline uint64_t map_seed(void) {
    return UINT64_C(0x9e3779b97f4a7c15);
}
#endif

#endif
