/* crypto/bn254.h: the pairing curve of EIP-196 and EIP-197 (there alt_bn128): y^2 = x^3 + 3 over
 * Fp.
 *
 * Points are encoded as those EIPs say: big-endian coordinates; G1 is x, y (64 bytes), G2 is
 * x.imaginary, x.real, y.imaginary, y.real (128 bytes); all zero is the point at infinity.
 * ERR_INPUT: a coordinate is >= p, a point is off the curve, or (G2) outside the subgroup. */
#ifndef CRYPTO_BN254_H
#define CRYPTO_BN254_H

#include "core/bytes.h"
#include "core/err.h"

#define BN254_G1_SIZE   64
#define BN254_G2_SIZE   128
#define BN254_PAIR_SIZE 192 /* a point of G1, then one of G2 */

MUST_USE enum err bn254_add(
    uint8_t out[BN254_G1_SIZE], const uint8_t a[BN254_G1_SIZE], const uint8_t b[BN254_G1_SIZE]
);

/* scalar is 32 bytes, big-endian, and need not be below the group order. */
MUST_USE enum err
bn254_mul(uint8_t out[BN254_G1_SIZE], const uint8_t point[BN254_G1_SIZE], const uint8_t scalar[32]);

/* Sets *is_one to whether the product of the pairings of all pairs is one (true for no pairs).
 * ERR_INPUT too if pairs.size is not a multiple of BN254_PAIR_SIZE. */
MUST_USE enum err bn254_pairing_check(bool *is_one, bytes pairs);

#endif
