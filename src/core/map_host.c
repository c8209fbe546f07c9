#include "core/check.h"
#include "core/map_private.h"

#include <stdatomic.h>
#include <sys/random.h>

uint64_t map_seed(void) {
    static _Atomic uint64_t seed;
    uint64_t value = atomic_load_explicit(&seed, memory_order_relaxed);
    if (value != 0) return value;
    uint64_t drawn;
    CHECK(getrandom(&drawn, sizeof drawn, 0) == (ssize_t)sizeof drawn);
    drawn |= 1; /* 0 stands for "not drawn" */
    /* Of several threads that come first, one wins and all use its value. */
    return atomic_compare_exchange_strong(&seed, &value, drawn) ? drawn : value;
}
