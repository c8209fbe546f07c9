/* crypto/bls12_381.h: the operations of EIP-2537 on BLS12-381.
 *
 * Encodings are the EIP's: an element of Fp is 64 bytes, big-endian, the first 16 zero; G1 is x, y;
 * an element of Fp2 is real part, imaginary part; all zero is the point at infinity. ERR_INPUT: a
 * size is wrong, an element is not canonical, a point is off the curve, or (multiplication and
 * pairing) outside the subgroup. Addition does not ask for the subgroup. */
#ifndef CRYPTO_BLS12_381_H
#define CRYPTO_BLS12_381_H

#include "core/arena.h"

#define BLS12_381_FP_SIZE      64
#define BLS12_381_G1_SIZE      128
#define BLS12_381_G2_SIZE      256
#define BLS12_381_G1_TERM_SIZE 160 /* point, then 32-byte scalar */
#define BLS12_381_G2_TERM_SIZE 288
#define BLS12_381_PAIR_SIZE    384 /* G1 point, then G2 point */

MUST_USE enum err bls12_381_g1_add(
    uint8_t out[BLS12_381_G1_SIZE],
    const uint8_t a[BLS12_381_G1_SIZE],
    const uint8_t b[BLS12_381_G1_SIZE]
);
MUST_USE enum err bls12_381_g2_add(
    uint8_t out[BLS12_381_G2_SIZE],
    const uint8_t a[BLS12_381_G2_SIZE],
    const uint8_t b[BLS12_381_G2_SIZE]
);

/* The sum of scalar times point over all terms; at least one term. Working memory from the arena,
 * released before return; ERR_MEMORY. */
MUST_USE enum err
bls12_381_g1_msm(uint8_t out[BLS12_381_G1_SIZE], struct arena *arena, bytes terms);
MUST_USE enum err
bls12_381_g2_msm(uint8_t out[BLS12_381_G2_SIZE], struct arena *arena, bytes terms);

/* Sets *is_one to whether the product of the pairings of all pairs is one; at least one pair. */
MUST_USE enum err bls12_381_pairing_check(bool *is_one, bytes pairs);

MUST_USE enum err
bls12_381_map_fp_to_g1(uint8_t out[BLS12_381_G1_SIZE], const uint8_t element[BLS12_381_FP_SIZE]);
MUST_USE enum err bls12_381_map_fp2_to_g2(
    uint8_t out[BLS12_381_G2_SIZE], const uint8_t element[2 * BLS12_381_FP_SIZE]
);

#endif
