/* node/clock.h: the wall clock, for the timestamps of blocks. */
#ifndef NODE_CLOCK_H
#define NODE_CLOCK_H

#include <stdint.h>

/* Seconds since 1970. */
uint64_t clock_seconds(void);

/* Microseconds of a clock that only goes forward. */
uint64_t clock_monotonic_us(void);

#endif
