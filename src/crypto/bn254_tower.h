/* crypto/bn254_tower.h: the field Fp12 in which pairings of BN254 take their values, as the tower
 *   Fp6  = Fp2[v] / (v^3 - xi),  xi = 9 + u
 *   Fp12 = Fp6[w] / (w^2 - v)
 * so that w^6 = xi. An element is also the sum of g_i w^i over i = 0 to 5 with g_i in Fp2. */
#ifndef CRYPTO_BN254_TOWER_H
#define CRYPTO_BN254_TOWER_H

#include "crypto/bn254_field.h"

typedef struct {
    fp2 c[3]; /* c[0] + c[1] v + c[2] v^2 */
} fp6;

typedef struct {
    fp6 c[2]; /* c[0] + c[1] w */
} fp12;

/* A value that is 1 but for three coefficients: constant + w (linear + cubic w^2). Lines have
 * it. */
struct fp12_line {
    fp2 constant; /* times 1 */
    fp2 linear;   /* times w */
    fp2 cubic;    /* times w^3 */
};

void fp6_mul(fp6 *out, const fp6 *a, const fp6 *b);
void fp6_inverse(fp6 *out, const fp6 *a);

void fp12_one(fp12 *out);
bool fp12_is_one(const fp12 *a);
void fp12_mul(fp12 *out, const fp12 *a, const fp12 *b);
void fp12_square(fp12 *out, const fp12 *a);
void fp12_mul_line(fp12 *out, const fp12 *a, const struct fp12_line *line);
void fp12_inverse(fp12 *out, const fp12 *a);

/* The power p^6: w becomes -w. For elements of norm one (all below) this is the inverse. */
void fp12_conjugate(fp12 *out, const fp12 *a);

/* The power p^n, n from 1 to 3. */
void fp12_frobenius(fp12 *out, const fp12 *a, unsigned n);

/* The square of an element of the cyclotomic subgroup (of order p^4 - p^2 + 1). */
void fp12_square_cyclotomic(fp12 *out, const fp12 *a);

/* Coefficients of the powers p^n on the tower: (w^i)^(p^n) = bn254_frobenius[n - 1][i] w^i. */
extern const fp2 BN254_FROBENIUS[3][6];

#endif
