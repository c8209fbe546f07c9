/* BLS12-381 by blst, in the npm package c-kzg: with its assembly in the node, without in the guest.
 * What EIP-2537 adds to it is here: its encodings and what must be refused. */
#include "crypto/bls12_381.h"
#include "core/check.h"
#include "core/u256.h"
#include "crypto/portable.h"

#include <blst.h>

enum { FP_PAD = 16, FP_DIGITS = 48, SCALAR_SIZE = 32, SCALAR_BITS = 255 };

/* Below this many terms one multiplication after another is faster than Pippenger's method. */
enum { PIPPENGER_MIN = 6 };

/* --- encodings ----------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *p, size_t size) {
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++)
        any |= p[i];
    return any == 0;
}

static bool read_fp(blst_fp *out, const uint8_t in[BLS12_381_FP_SIZE]) {
    /* The prime p (EIP-2537, "Curve parameters"). */
    static const uint8_t p[FP_DIGITS] = {
        0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6,
        0x43, 0x4b, 0xac, 0xd7, 0x64, 0x77, 0x4b, 0x84, 0xf3, 0x85, 0x12, 0xbf,
        0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24, 0x1e, 0xab, 0xff, 0xfe,
        0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xab,
    };
    if (!is_zero(in, FP_PAD) || memcmp(in + FP_PAD, p, FP_DIGITS) >= 0) return false;
    blst_fp_from_bendian(out, in + FP_PAD);
    return true;
}

static void write_fp(uint8_t out[BLS12_381_FP_SIZE], const blst_fp *in) {
    memset(out, 0, FP_PAD);
    blst_bendian_from_fp(out + FP_PAD, in);
}

static bool read_fp2(blst_fp2 *out, const uint8_t in[2 * BLS12_381_FP_SIZE]) {
    return read_fp(&out->fp[0], in) && read_fp(&out->fp[1], in + BLS12_381_FP_SIZE);
}

static void write_fp2(uint8_t out[2 * BLS12_381_FP_SIZE], const blst_fp2 *in) {
    write_fp(out, &in->fp[0]);
    write_fp(out + BLS12_381_FP_SIZE, &in->fp[1]);
}

/* All zero is the point at infinity, for the EIP as for blst's affine points. */
static bool read_g1(blst_p1_affine *out, const uint8_t in[BLS12_381_G1_SIZE]) {
    if (!read_fp(&out->x, in) || !read_fp(&out->y, in + BLS12_381_FP_SIZE)) return false;
    return blst_p1_affine_is_inf(out) || blst_p1_affine_on_curve(out);
}

static bool read_g1_in_subgroup(blst_p1_affine *out, const uint8_t in[BLS12_381_G1_SIZE]) {
    return read_g1(out, in) && (blst_p1_affine_is_inf(out) || blst_p1_affine_in_g1(out));
}

static void write_g1(uint8_t out[BLS12_381_G1_SIZE], const blst_p1 *in) {
    if (blst_p1_is_inf(in)) {
        memset(out, 0, BLS12_381_G1_SIZE);
        return;
    }
    blst_p1_affine affine;
    blst_p1_to_affine(&affine, in);
    write_fp(out, &affine.x);
    write_fp(out + BLS12_381_FP_SIZE, &affine.y);
}

static bool read_g2(blst_p2_affine *out, const uint8_t in[BLS12_381_G2_SIZE]) {
    if (!read_fp2(&out->x, in) || !read_fp2(&out->y, in + BLS12_381_G2_SIZE / 2)) return false;
    return blst_p2_affine_is_inf(out) || blst_p2_affine_on_curve(out);
}

static bool read_g2_in_subgroup(blst_p2_affine *out, const uint8_t in[BLS12_381_G2_SIZE]) {
    return read_g2(out, in) && (blst_p2_affine_is_inf(out) || blst_p2_affine_in_g2(out));
}

static void write_g2(uint8_t out[BLS12_381_G2_SIZE], const blst_p2 *in) {
    if (blst_p2_is_inf(in)) {
        memset(out, 0, BLS12_381_G2_SIZE);
        return;
    }
    blst_p2_affine affine;
    blst_p2_to_affine(&affine, in);
    write_fp2(out, &affine.x);
    write_fp2(out + BLS12_381_G2_SIZE / 2, &affine.y);
}

/* Scalars may be any 256 bits; the points they multiply are in the subgroup, so their residues do.
 * Returns false for zero, which adds nothing. */
static bool read_scalar(blst_scalar *out, const uint8_t in[SCALAR_SIZE]) {
    static const u256 order = {
        {0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48}};
    u256 scalar = u256_load_be(in);
    scalar = u256_mod(&scalar, &order);
    memcpy(out->b, scalar.w, SCALAR_SIZE); /* little-endian, as blst has scalars */
    return !u256_is_zero(&scalar);
}

/* --- operations ---------------------------------------------------------------------------- */

enum err PORTABLE(bls12_381_g1_add
)(uint8_t out[BLS12_381_G1_SIZE],
  const uint8_t a[BLS12_381_G1_SIZE],
  const uint8_t b[BLS12_381_G1_SIZE]) {
    blst_p1_affine x;
    blst_p1_affine y;
    if (!read_g1(&x, a) || !read_g1(&y, b)) return ERR_INPUT;
    blst_p1 sum;
    blst_p1_from_affine(&sum, &x);
    blst_p1_add_or_double_affine(&sum, &sum, &y);
    write_g1(out, &sum);
    return ERR_OK;
}

enum err PORTABLE(bls12_381_g2_add
)(uint8_t out[BLS12_381_G2_SIZE],
  const uint8_t a[BLS12_381_G2_SIZE],
  const uint8_t b[BLS12_381_G2_SIZE]) {
    blst_p2_affine x;
    blst_p2_affine y;
    if (!read_g2(&x, a) || !read_g2(&y, b)) return ERR_INPUT;
    blst_p2 sum;
    blst_p2_from_affine(&sum, &x);
    blst_p2_add_or_double_affine(&sum, &sum, &y);
    write_g2(out, &sum);
    return ERR_OK;
}

/* blst's Pippenger wants neither points at infinity nor less than two terms: terms that add nothing
 * are left out, and few ones are multiplied one by one. */
static enum err g1_sum(blst_p1 *sum, struct arena *arena, bytes terms) {
    size_t count = terms.size / BLS12_381_G1_TERM_SIZE;
    blst_p1_affine *points = arena_alloc_array(arena, count, sizeof *points);
    blst_scalar *scalars = arena_alloc_array(arena, count, sizeof *scalars);
    if (points == NULL || scalars == NULL) return ERR_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *term = terms.data + i * BLS12_381_G1_TERM_SIZE;
        if (!read_g1_in_subgroup(&points[n], term)) return ERR_INPUT;
        bool is_zero_scalar = !read_scalar(&scalars[n], term + BLS12_381_G1_SIZE);
        if (!is_zero_scalar && !blst_p1_affine_is_inf(&points[n])) n++;
    }
    if (n < PIPPENGER_MIN) {
        memset(sum, 0, sizeof *sum);
        for (size_t i = 0; i < n; i++) {
            blst_p1 product;
            blst_p1_from_affine(&product, &points[i]);
            blst_p1_mult(&product, &product, scalars[i].b, SCALAR_BITS);
            blst_p1_add_or_double(sum, sum, &product);
        }
        return ERR_OK;
    }
    limb_t *scratch = arena_alloc(arena, blst_p1s_mult_pippenger_scratch_sizeof(n));
    if (scratch == NULL) return ERR_MEMORY;
    const blst_p1_affine *point_array[2] = {points, NULL};
    const byte *scalar_array[2] = {scalars[0].b, NULL};
    blst_p1s_mult_pippenger(sum, point_array, n, scalar_array, SCALAR_BITS, scratch);
    return ERR_OK;
}

static enum err g2_sum(blst_p2 *sum, struct arena *arena, bytes terms) {
    size_t count = terms.size / BLS12_381_G2_TERM_SIZE;
    blst_p2_affine *points = arena_alloc_array(arena, count, sizeof *points);
    blst_scalar *scalars = arena_alloc_array(arena, count, sizeof *scalars);
    if (points == NULL || scalars == NULL) return ERR_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *term = terms.data + i * BLS12_381_G2_TERM_SIZE;
        if (!read_g2_in_subgroup(&points[n], term)) return ERR_INPUT;
        bool is_zero_scalar = !read_scalar(&scalars[n], term + BLS12_381_G2_SIZE);
        if (!is_zero_scalar && !blst_p2_affine_is_inf(&points[n])) n++;
    }
    if (n < PIPPENGER_MIN) {
        memset(sum, 0, sizeof *sum);
        for (size_t i = 0; i < n; i++) {
            blst_p2 product;
            blst_p2_from_affine(&product, &points[i]);
            blst_p2_mult(&product, &product, scalars[i].b, SCALAR_BITS);
            blst_p2_add_or_double(sum, sum, &product);
        }
        return ERR_OK;
    }
    limb_t *scratch = arena_alloc(arena, blst_p2s_mult_pippenger_scratch_sizeof(n));
    if (scratch == NULL) return ERR_MEMORY;
    const blst_p2_affine *point_array[2] = {points, NULL};
    const byte *scalar_array[2] = {scalars[0].b, NULL};
    blst_p2s_mult_pippenger(sum, point_array, n, scalar_array, SCALAR_BITS, scratch);
    return ERR_OK;
}

enum err PORTABLE(bls12_381_g1_msm
)(uint8_t out[BLS12_381_G1_SIZE], struct arena *arena, bytes terms) {
    if (terms.size == 0 || terms.size % BLS12_381_G1_TERM_SIZE != 0) return ERR_INPUT;
    struct arena_mark mark = arena_mark(arena);
    blst_p1 sum;
    enum err err = g1_sum(&sum, arena, terms);
    arena_release(arena, mark);
    if (err == ERR_OK) write_g1(out, &sum);
    return err;
}

enum err PORTABLE(bls12_381_g2_msm
)(uint8_t out[BLS12_381_G2_SIZE], struct arena *arena, bytes terms) {
    if (terms.size == 0 || terms.size % BLS12_381_G2_TERM_SIZE != 0) return ERR_INPUT;
    struct arena_mark mark = arena_mark(arena);
    blst_p2 sum;
    enum err err = g2_sum(&sum, arena, terms);
    arena_release(arena, mark);
    if (err == ERR_OK) write_g2(out, &sum);
    return err;
}

/* Pairs that share the squarings of one Miller loop; blst works through as many at once. */
enum { BATCH_MAX = 8 };

struct batch {
    blst_p1_affine g1[BATCH_MAX];
    blst_p2_affine g2[BATCH_MAX];
    size_t count;
};

static void multiply_batch(blst_fp12 *product, struct batch *batch) {
    if (batch->count == 0) return;
    const blst_p1_affine *g1[2] = {batch->g1, NULL};
    const blst_p2_affine *g2[2] = {batch->g2, NULL};
    blst_fp12 factor;
    blst_miller_loop_n(&factor, g2, g1, batch->count);
    blst_fp12_mul(product, product, &factor);
    batch->count = 0;
}

enum err PORTABLE(bls12_381_pairing_check)(bool *is_one, bytes pairs) {
    if (pairs.size == 0 || pairs.size % BLS12_381_PAIR_SIZE != 0) return ERR_INPUT;
    struct batch batch = {.count = 0};
    blst_fp12 product = *blst_fp12_one();
    for (; pairs.size > 0; pairs = bytes_slice(pairs, BLS12_381_PAIR_SIZE, pairs.size)) {
        blst_p1_affine *g1 = &batch.g1[batch.count];
        blst_p2_affine *g2 = &batch.g2[batch.count];
        if (!read_g1_in_subgroup(g1, pairs.data)) return ERR_INPUT;
        if (!read_g2_in_subgroup(g2, pairs.data + BLS12_381_G1_SIZE)) return ERR_INPUT;
        /* A pairing with infinity is one. */
        if (blst_p1_affine_is_inf(g1) || blst_p2_affine_is_inf(g2)) continue;
        if (++batch.count == BATCH_MAX) multiply_batch(&product, &batch);
    }
    multiply_batch(&product, &batch);
    blst_final_exp(&product, &product);
    *is_one = blst_fp12_is_one(&product);
    return ERR_OK;
}

enum err PORTABLE(bls12_381_map_fp_to_g1
)(uint8_t out[BLS12_381_G1_SIZE], const uint8_t element[BLS12_381_FP_SIZE]) {
    blst_fp u;
    if (!read_fp(&u, element)) return ERR_INPUT;
    blst_p1 point;
    blst_map_to_g1(&point, &u, NULL);
    write_g1(out, &point);
    return ERR_OK;
}

enum err PORTABLE(bls12_381_map_fp2_to_g2
)(uint8_t out[BLS12_381_G2_SIZE], const uint8_t element[2 * BLS12_381_FP_SIZE]) {
    blst_fp2 u;
    if (!read_fp2(&u, element)) return ERR_INPUT;
    blst_p2 point;
    blst_map_to_g2(&point, &u, NULL);
    write_g2(out, &point);
    return ERR_OK;
}
