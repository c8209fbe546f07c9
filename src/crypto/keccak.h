/* crypto/keccak.h: Keccak-256 with Ethereum's padding byte 0x01 (Yellow Paper, section 3), which is
 * not the later NIST SHA3-256.
 *
 * On x86-64 the hosted build chooses the permutation by what the CPU has; the freestanding build is
 * plain C. Results are the same everywhere. */
#ifndef CRYPTO_KECCAK_H
#define CRYPTO_KECCAK_H

#include "core/bytes.h"

#define KECCAK_RATE 136 /* bytes absorbed per permutation */

/* keccak256 of no bytes: the code hash of an account without code. */
extern const hash32 KECCAK_EMPTY;

hash32 keccak256(bytes data);

/* The hash of a followed by b. */
hash32 keccak256_two(bytes a, bytes b);

/* keccak256_x4 hashes four independent inputs at once, where the CPU can: about the price of one
 * and a half when they have the same number of blocks. The inputs may have any sizes. */
void keccak256_x4(hash32 out[4], const bytes in[4]);

/* As keccak256 of each of count inputs; in as few permutations as possible. */
void keccak256_many(hash32 *out, const bytes *in, size_t count);

/* Hashing piece by piece: keccak_init, any number of keccak_update, keccak_final once. The struct
 * holds no pointers and may be copied to fork a hash. */
struct keccak {
    uint64_t state[25];
    unsigned fill; /* bytes absorbed since the last permutation, below KECCAK_RATE */
};

void keccak_init(struct keccak *keccak);
void keccak_update(struct keccak *keccak, bytes data);
hash32 keccak_final(struct keccak *keccak);

/* Keccak-f[1600] on 25 lanes, lane x + 5y (FIPS 202, section 3). */
void keccak_permute(uint64_t state[25]);

/* keccak_permute in portable C: the twin that tests compare with. */
void keccak_permute_portable(uint64_t state[25]);

#endif
