/* crypto/blake2f.h: the compression function F of BLAKE2b (RFC 7693, section 3.2) with a chosen
 * number of rounds, as EIP-152 wants it. */
#ifndef CRYPTO_BLAKE2F_H
#define CRYPTO_BLAKE2F_H

#include <stdbool.h>
#include <stdint.h>

/* h is read and overwritten; t is the byte counter, low word first. */
void blake2f(
    uint64_t h[8], const uint64_t m[16], const uint64_t t[2], bool is_final, uint32_t rounds
);

/* The same in portable C: what the guest runs, and the twin that tests compare with. */
void blake2f_portable(
    uint64_t h[8], const uint64_t m[16], const uint64_t t[2], bool is_final, uint32_t rounds
);

#endif
