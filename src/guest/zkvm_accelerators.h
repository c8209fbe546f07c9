/* guest/zkvm_accelerators.h: what a zkVM does for a guest faster than instructions could: the C
 * interface of the zkVM standards (github.com/eth-act/zkvm-standards, c-interface-accelerators,
 * of May 2026), under its names and with its sizes, so that any zkVM's own can be linked in.
 *
 * guest/portable.h has each of them in portable C. A function that is not defined
 * (a point off the curve, no such key) or refused returns ZKVM_EFAIL and leaves its output as it
 * was. Numbers are big-endian; a point is its affine coordinates, all zero the point at infinity;
 * elements of Fp2 are c0, c1 as the EIPs order them for BLS12-381, imaginary first for BN254. */
#ifndef GUEST_ZKVM_ACCELERATORS_H
#define GUEST_ZKVM_ACCELERATORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { ZKVM_EOK = 0, ZKVM_EFAIL = -1 } zkvm_status;

#define ZKVM_BYTES(size)                \
    typedef struct {                    \
        _Alignas(8) uint8_t data[size]; \
    } zkvm_bytes_##size

ZKVM_BYTES(16);
ZKVM_BYTES(32);
ZKVM_BYTES(48);
ZKVM_BYTES(64);
ZKVM_BYTES(96);
ZKVM_BYTES(128);
ZKVM_BYTES(192);

typedef zkvm_bytes_32 zkvm_keccak256_hash;
typedef zkvm_bytes_32 zkvm_sha256_hash;
typedef zkvm_bytes_32 zkvm_ripemd160_hash; /* twelve zeros, then the hash */

typedef zkvm_bytes_32 zkvm_secp256k1_hash;
typedef zkvm_bytes_64 zkvm_secp256k1_signature; /* r, s */
typedef zkvm_bytes_64 zkvm_secp256k1_pubkey;    /* x, y */

typedef zkvm_bytes_32 zkvm_secp256r1_hash;
typedef zkvm_bytes_64 zkvm_secp256r1_signature;
typedef zkvm_bytes_64 zkvm_secp256r1_pubkey;

typedef zkvm_bytes_64 zkvm_bn254_g1_point;
typedef zkvm_bytes_128 zkvm_bn254_g2_point;
typedef zkvm_bytes_32 zkvm_bn254_scalar;
typedef struct {
    zkvm_bn254_g1_point g1;
    zkvm_bn254_g2_point g2;
} zkvm_bn254_pairing_pair;

typedef zkvm_bytes_48 zkvm_bls12_381_fp;
typedef zkvm_bytes_96 zkvm_bls12_381_fp2;
typedef zkvm_bytes_96 zkvm_bls12_381_g1_point;
typedef zkvm_bytes_192 zkvm_bls12_381_g2_point;
typedef zkvm_bytes_32 zkvm_bls12_381_scalar;
typedef struct {
    zkvm_bls12_381_g1_point point;
    zkvm_bls12_381_scalar scalar;
} zkvm_bls12_381_g1_msm_pair;
typedef struct {
    zkvm_bls12_381_g2_point point;
    zkvm_bls12_381_scalar scalar;
} zkvm_bls12_381_g2_msm_pair;
typedef struct {
    zkvm_bls12_381_g1_point g1;
    zkvm_bls12_381_g2_point g2;
} zkvm_bls12_381_pairing_pair;

typedef zkvm_bytes_64 zkvm_blake2f_state; /* words are little-endian, as in EIP-152 */
typedef zkvm_bytes_128 zkvm_blake2f_message;
typedef zkvm_bytes_16 zkvm_blake2f_offset;

typedef zkvm_bytes_48 zkvm_kzg_commitment;
typedef zkvm_bytes_48 zkvm_kzg_proof;
typedef zkvm_bytes_32 zkvm_kzg_field_element;

zkvm_status zkvm_keccak256(const uint8_t *data, size_t len, zkvm_keccak256_hash *output);

/* Not of the standard: Keccak-f[1600] on 25 lanes, aligned to 8, in place. What zkvm_keccak256 is
 * built on where a machine has only this. */
zkvm_status zkvm_keccak_f(uint64_t *state);

zkvm_status zkvm_secp256k1_verify(
    const zkvm_secp256k1_hash *msg,
    const zkvm_secp256k1_signature *sig,
    const zkvm_secp256k1_pubkey *pubkey,
    bool *verified
);
zkvm_status zkvm_secp256k1_ecrecover(
    const zkvm_secp256k1_hash *msg,
    const zkvm_secp256k1_signature *sig,
    uint8_t recid,
    zkvm_secp256k1_pubkey *output
);

zkvm_status zkvm_sha256(const uint8_t *data, size_t len, zkvm_sha256_hash *output);
zkvm_status zkvm_ripemd160(const uint8_t *data, size_t len, zkvm_ripemd160_hash *output);

/* output has mod_len bytes. */
zkvm_status zkvm_modexp(
    const uint8_t *base,
    size_t base_len,
    const uint8_t *exp,
    size_t exp_len,
    const uint8_t *modulus,
    size_t mod_len,
    uint8_t *output
);

zkvm_status zkvm_bn254_g1_add(
    const zkvm_bn254_g1_point *p1, const zkvm_bn254_g1_point *p2, zkvm_bn254_g1_point *result
);
zkvm_status zkvm_bn254_g1_mul(
    const zkvm_bn254_g1_point *point, const zkvm_bn254_scalar *scalar, zkvm_bn254_g1_point *result
);
zkvm_status
zkvm_bn254_pairing(const zkvm_bn254_pairing_pair *pairs, size_t num_pairs, bool *verified);

/* The standard says of rounds "big-endian" and gives it the type of a number; here it is the
 * number. f is 0 or 1. */
zkvm_status zkvm_blake2f(
    uint32_t rounds,
    zkvm_blake2f_state *h,
    const zkvm_blake2f_message *m,
    const zkvm_blake2f_offset *t,
    uint8_t f
);

zkvm_status zkvm_kzg_point_eval(
    const zkvm_kzg_commitment *commitment,
    const zkvm_kzg_field_element *z,
    const zkvm_kzg_field_element *y,
    const zkvm_kzg_proof *proof,
    bool *verified
);

zkvm_status zkvm_bls12_g1_add(
    const zkvm_bls12_381_g1_point *p1,
    const zkvm_bls12_381_g1_point *p2,
    zkvm_bls12_381_g1_point *result
);
zkvm_status zkvm_bls12_g1_msm(
    const zkvm_bls12_381_g1_msm_pair *pairs, size_t num_pairs, zkvm_bls12_381_g1_point *result
);
zkvm_status zkvm_bls12_g2_add(
    const zkvm_bls12_381_g2_point *p1,
    const zkvm_bls12_381_g2_point *p2,
    zkvm_bls12_381_g2_point *result
);
zkvm_status zkvm_bls12_g2_msm(
    const zkvm_bls12_381_g2_msm_pair *pairs, size_t num_pairs, zkvm_bls12_381_g2_point *result
);
zkvm_status
zkvm_bls12_pairing(const zkvm_bls12_381_pairing_pair *pairs, size_t num_pairs, bool *verified);
zkvm_status
zkvm_bls12_map_fp_to_g1(const zkvm_bls12_381_fp *field_element, zkvm_bls12_381_g1_point *result);
zkvm_status
zkvm_bls12_map_fp2_to_g2(const zkvm_bls12_381_fp2 *field_element, zkvm_bls12_381_g2_point *result);

zkvm_status zkvm_secp256r1_verify(
    const zkvm_secp256r1_hash *msg,
    const zkvm_secp256r1_signature *sig,
    const zkvm_secp256r1_pubkey *pubkey,
    bool *verified
);

#endif
