/* Portable point evaluation: of the ceremony's setup it needs one point of G2. */
#include "crypto/kzg.h"

#include "core/u256.h"
#include "crypto/sha256.h"

#include <blst.h>

enum { SCALAR_BITS = 255 };

/* [tau] of G2 compressed: the second of the points of G2 in the mainnet ceremony's output
 * (c-kzg's trusted_setup.txt; EIP-4844, KZG_SETUP_G2_MONOMIAL[1]). */
static const uint8_t TAU_G2[96] = {
    0xb5, 0xbf, 0xd7, 0xdd, 0x8c, 0xde, 0xb1, 0x28, 0x84, 0x3b, 0xc2, 0x87, 0x23, 0x0a, 0xf3, 0x89,
    0x26, 0x18, 0x70, 0x75, 0xcb, 0xfb, 0xef, 0xa8, 0x10, 0x09, 0xa2, 0xce, 0x61, 0x5a, 0xc5, 0x3d,
    0x29, 0x14, 0xe5, 0x87, 0x0c, 0xb4, 0x52, 0xd2, 0xaf, 0xaa, 0xab, 0x24, 0xf3, 0x49, 0x9f, 0x72,
    0x18, 0x5c, 0xbf, 0xee, 0x53, 0x49, 0x27, 0x14, 0x73, 0x44, 0x29, 0xb7, 0xb3, 0x86, 0x08, 0xe2,
    0x39, 0x26, 0xc9, 0x11, 0xcc, 0xec, 0xea, 0xc9, 0xa3, 0x68, 0x51, 0x47, 0x7b, 0xa4, 0xc6, 0x0b,
    0x08, 0x70, 0x41, 0xde, 0x62, 0x10, 0x00, 0xed, 0xc9, 0x8e, 0xda, 0xda, 0x20, 0xc1, 0xde, 0xf2,
};

hash32 kzg_versioned_hash(const uint8_t commitment[KZG_COMMITMENT_SIZE]) {
    hash32 hash = sha256(bytes_of(commitment, KZG_COMMITMENT_SIZE));
    hash.b[0] = 1; /* VERSIONED_HASH_VERSION_KZG */
    return hash;
}

/* A point of the subgroup, infinity included. */
static bool read_point(blst_p1_affine *out, const uint8_t compressed[48]) {
    return blst_p1_uncompress(out, compressed) == BLST_SUCCESS &&
           (blst_p1_affine_is_inf(out) || blst_p1_affine_in_g1(out));
}

/* Below the order of the group. */
static bool read_scalar(blst_scalar *out, const hash32 *number) {
    static const u256 order = {
        {0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48}};
    u256 value = u256_load_be(number->b);
    memcpy(out->b, value.w, sizeof(value.w)); /* little-endian, as blst has scalars */
    return u256_less(&value, &order);
}

/* e(commitment - [y] G1, G2) = e(proof, [tau - z] G2), as the product of two pairings. */
enum err kzg_verify_proof_portable(
    bool *is_valid,
    const uint8_t commitment[KZG_COMMITMENT_SIZE],
    const hash32 *z,
    const hash32 *y,
    const uint8_t proof[KZG_PROOF_SIZE]
) {
    blst_p1_affine g1[2];
    blst_p2_affine g2[2];
    blst_scalar z_scalar;
    blst_scalar y_scalar;
    if (!read_point(&g1[0], commitment) || !read_point(&g1[1], proof)) return ERR_INPUT;
    if (!read_scalar(&z_scalar, z) || !read_scalar(&y_scalar, y)) return ERR_INPUT;

    blst_p1 p;
    blst_p1_mult(&p, blst_p1_generator(), y_scalar.b, SCALAR_BITS);
    blst_p1_cneg(&p, true);
    blst_p1_add_or_double_affine(&p, &p, &g1[0]);
    blst_p1_to_affine(&g1[0], &p);
    /* The other side is multiplied with its inverse: -G2. */
    blst_p2 q = *blst_p2_generator();
    blst_p2_cneg(&q, true);
    blst_p2_to_affine(&g2[0], &q);

    blst_p2_affine tau;
    if (blst_p2_uncompress(&tau, TAU_G2) != BLST_SUCCESS) return ERR_INPUT; /* it is one */
    blst_p2_mult(&q, blst_p2_generator(), z_scalar.b, SCALAR_BITS);
    blst_p2_cneg(&q, true);
    blst_p2_add_or_double_affine(&q, &q, &tau);
    blst_p2_to_affine(&g2[1], &q);

    blst_fp12 product = *blst_fp12_one();
    for (size_t i = 0; i < 2; i++) {
        blst_fp12 factor;
        if (blst_p1_affine_is_inf(&g1[i]) || blst_p2_affine_is_inf(&g2[i])) continue;
        blst_miller_loop(&factor, &g2[i], &g1[i]);
        blst_fp12_mul(&product, &product, &factor);
    }
    blst_final_exp(&product, &product);
    *is_valid = blst_fp12_is_one(&product);
    return ERR_OK;
}
