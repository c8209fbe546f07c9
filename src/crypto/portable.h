/* crypto/portable.h: in the guest the names of this module go to the zkVM's accelerators
 * (src/guest/crypto.c). What is behind those is the portable code of this module, as x_portable.
 * A primitive that the node has from somewhere else defines x_portable in all builds and declares
 * it in its own header; one that the node has from the same code defines PORTABLE(x). */
#ifndef CRYPTO_PORTABLE_H
#define CRYPTO_PORTABLE_H

#if __STDC_HOSTED__
#define PORTABLE(name) name
#else
#define PORTABLE(name) name##_portable

#include "crypto/bls12_381.h"
#include "crypto/bn254.h"

hash32 keccak256_portable(bytes data);
void ripemd160_portable(uint8_t digest[20], bytes data);

MUST_USE enum err bn254_add_portable(
    uint8_t out[BN254_G1_SIZE], const uint8_t a[BN254_G1_SIZE], const uint8_t b[BN254_G1_SIZE]
);
MUST_USE enum err bn254_mul_portable(
    uint8_t out[BN254_G1_SIZE], const uint8_t point[BN254_G1_SIZE], const uint8_t scalar[32]
);
MUST_USE enum err bn254_pairing_check_portable(bool *is_one, bytes pairs);

MUST_USE enum err bls12_381_g1_add_portable(
    uint8_t out[BLS12_381_G1_SIZE],
    const uint8_t a[BLS12_381_G1_SIZE],
    const uint8_t b[BLS12_381_G1_SIZE]
);
MUST_USE enum err bls12_381_g2_add_portable(
    uint8_t out[BLS12_381_G2_SIZE],
    const uint8_t a[BLS12_381_G2_SIZE],
    const uint8_t b[BLS12_381_G2_SIZE]
);
MUST_USE enum err
bls12_381_g1_msm_portable(uint8_t out[BLS12_381_G1_SIZE], struct arena *arena, bytes terms);
MUST_USE enum err
bls12_381_g2_msm_portable(uint8_t out[BLS12_381_G2_SIZE], struct arena *arena, bytes terms);
MUST_USE enum err bls12_381_pairing_check_portable(bool *is_one, bytes pairs);
MUST_USE enum err bls12_381_map_fp_to_g1_portable(
    uint8_t out[BLS12_381_G1_SIZE], const uint8_t element[BLS12_381_FP_SIZE]
);
MUST_USE enum err bls12_381_map_fp2_to_g2_portable(
    uint8_t out[BLS12_381_G2_SIZE], const uint8_t element[2 * BLS12_381_FP_SIZE]
);
#endif

#endif
