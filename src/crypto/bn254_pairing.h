/* crypto/bn254_pairing.h: the optimal ate pairing on BN254 and the groups it is defined on:
 * G1, all points of y^2 = x^3 + 3 over Fp, and G2, the points of order r of the twist
 * y^2 = x^3 + 3 / xi over Fp2. Coordinates are affine; a flag stands for infinity. */
#ifndef CRYPTO_BN254_PAIRING_H
#define CRYPTO_BN254_PAIRING_H

#include "crypto/bn254_tower.h"

typedef struct {
    fp x, y;
    bool is_infinity;
} bn254_g1;

typedef struct {
    fp2 x, y;
    bool is_infinity;
} bn254_g2;

bool bn254_g1_on_curve(const bn254_g1 *a);
void bn254_g1_add(bn254_g1 *out, const bn254_g1 *a, const bn254_g1 *b);
void bn254_g1_mul(bn254_g1 *out, const bn254_g1 *a, const u256 *scalar);

bool bn254_g2_on_curve(const bn254_g2 *a);

/* For points on the curve. */
bool bn254_g2_in_subgroup(const bn254_g2 *a);

#define BN254_BATCH_MAX 8

/* The product of the Miller functions of count <= BN254_BATCH_MAX pairs without infinities, which
 * share the squarings. */
void bn254_miller_loop(fp12 *out, const bn254_g1 *p, const bn254_g2 *q, size_t count);

/* Whether a power, coprime to r, of the final exponentiation of f is one; that is, whether the
 * product of pairings of which f is the product of Miller functions is one. */
bool bn254_is_one_after_final(const fp12 *f);

/* That power, for tests: a pairing too. */
void bn254_final_power(fp12 *out, const fp12 *f);

#endif
