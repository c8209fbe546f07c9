#include "crypto/bn254.h"

#include "crypto/bn254_pairing.h"
#include "crypto/portable.h"

static bool is_zero(const uint8_t *p, size_t size) {
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++)
        any |= p[i];
    return any == 0;
}

static bool read_g1(bn254_g1 *out, const uint8_t in[BN254_G1_SIZE]) {
    out->is_infinity = is_zero(in, BN254_G1_SIZE);
    if (out->is_infinity) return true;
    return fp_load(&out->x, in) && fp_load(&out->y, in + 32) && bn254_g1_on_curve(out);
}

static void write_g1(uint8_t out[BN254_G1_SIZE], const bn254_g1 *a) {
    if (a->is_infinity) {
        memset(out, 0, BN254_G1_SIZE);
        return;
    }
    fp_store(out, &a->x);
    fp_store(out + 32, &a->y);
}

static bool read_fp2(fp2 *out, const uint8_t in[64]) {
    return fp_load(&out->c[1], in) && fp_load(&out->c[0], in + 32);
}

static bool read_g2(bn254_g2 *out, const uint8_t in[BN254_G2_SIZE]) {
    out->is_infinity = is_zero(in, BN254_G2_SIZE);
    if (out->is_infinity) return true;
    return read_fp2(&out->x, in) && read_fp2(&out->y, in + 64) && bn254_g2_on_curve(out) &&
           bn254_g2_in_subgroup(out);
}

enum err PORTABLE(bn254_add
)(uint8_t out[BN254_G1_SIZE], const uint8_t a[BN254_G1_SIZE], const uint8_t b[BN254_G1_SIZE]) {
    bn254_g1 x, y;
    if (!read_g1(&x, a) || !read_g1(&y, b)) return ERR_INPUT;
    bn254_g1_add(&x, &x, &y);
    write_g1(out, &x);
    return ERR_OK;
}

enum err PORTABLE(bn254_mul
)(uint8_t out[BN254_G1_SIZE], const uint8_t point[BN254_G1_SIZE], const uint8_t scalar[32]) {
    bn254_g1 p;
    if (!read_g1(&p, point)) return ERR_INPUT;
    u256 k = u256_load_be(scalar);
    bn254_g1_mul(&p, &p, &k);
    write_g1(out, &p);
    return ERR_OK;
}

struct batch {
    bn254_g1 g1[BN254_BATCH_MAX];
    bn254_g2 g2[BN254_BATCH_MAX];
    size_t count;
};

static void multiply_batch(fp12 *product, struct batch *batch) {
    if (batch->count == 0) return;
    fp12 factor;
    bn254_miller_loop(&factor, batch->g1, batch->g2, batch->count);
    fp12_mul(product, product, &factor);
    batch->count = 0;
}

enum err PORTABLE(bn254_pairing_check)(bool *is_one, bytes pairs) {
    if (pairs.size % BN254_PAIR_SIZE != 0) return ERR_INPUT;
    struct batch batch;
    batch.count = 0;
    fp12 product;
    fp12_one(&product);
    for (; pairs.size > 0; pairs = bytes_slice(pairs, BN254_PAIR_SIZE, pairs.size)) {
        bn254_g1 *g1 = &batch.g1[batch.count];
        bn254_g2 *g2 = &batch.g2[batch.count];
        if (!read_g1(g1, pairs.data) || !read_g2(g2, pairs.data + BN254_G1_SIZE)) return ERR_INPUT;
        /* A pairing with infinity is one. */
        if (g1->is_infinity || g2->is_infinity) continue;
        if (++batch.count == BN254_BATCH_MAX) multiply_batch(&product, &batch);
    }
    multiply_batch(&product, &batch);
    *is_one = fp12_is_one(&product) || bn254_is_one_after_final(&product);
    return ERR_OK;
}
