/* crypto/blake2f_private.h: the constants of BLAKE2b (RFC 7693, sections 2.6 and 2.7). */
#ifndef CRYPTO_BLAKE2F_PRIVATE_H
#define CRYPTO_BLAKE2F_PRIVATE_H

#include "crypto/blake2f.h"

enum { BLAKE2F_SCHEDULES = 10 };

extern const uint64_t BLAKE2F_IV[8];
extern const uint8_t BLAKE2F_SIGMA[BLAKE2F_SCHEDULES][16];

/* The hosted build's versions. blake2f_choose takes one from now on, for tests and benchmarks, and
 * says whether the CPU can run it; the best is taken at start. */
enum blake2f_level { BLAKE2F_LEVEL_PORTABLE, BLAKE2F_LEVEL_AVX2, BLAKE2F_LEVEL_AVX512 };
bool blake2f_choose(enum blake2f_level level);

#endif
