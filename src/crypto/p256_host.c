/* The hosted build's P-256: OpenSSL's curve arithmetic, which has assembly for this curve. ECDSA's
 * few lines are ours: OpenSSL's own entry points want encoded keys and signatures, and cost
 * more. */
#include "core/check.h"
#include "crypto/p256.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <pthread.h>

static EC_GROUP *group_once;

static void make_group(void) {
    group_once = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    CHECK(group_once != NULL);
}

/* One group for all threads, only read; it lives as long as the process. */
static const EC_GROUP *group(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, make_group) == 0);
    return group_once;
}

static BIGNUM *number(BN_CTX *context, const u256 *value) {
    uint8_t digits[32];
    u256_store_be(digits, value);
    BIGNUM *n = BN_CTX_get(context);
    CHECK(n != NULL && BN_bin2bn(digits, sizeof digits, n) != NULL);
    return n;
}

/* FIPS 186-5, section 6.4.2. A function of OpenSSL that fails here is out of memory, but for
 * EC_POINT_set_affine_coordinates, which refuses what is not on the curve. */
static bool verify(
    BN_CTX *context,
    EC_POINT *key,
    EC_POINT *sum,
    const u256 *e,
    const u256 *r,
    const u256 *s,
    const u256 *x,
    const u256 *y
) {
    const EC_GROUP *curve = group();
    const BIGNUM *n = EC_GROUP_get0_order(curve);
    BIGNUM *r_number = number(context, r);
    BIGNUM *s_number = number(context, s);
    if (BN_is_zero(r_number) || BN_cmp(r_number, n) >= 0) return false;
    if (BN_is_zero(s_number) || BN_cmp(s_number, n) >= 0) return false;
    BIGNUM *x_number = number(context, x);
    BIGNUM *y_number = number(context, y);
    if (EC_POINT_set_affine_coordinates(curve, key, x_number, y_number, context) != 1) return false;

    BIGNUM *inverse = BN_CTX_get(context);
    CHECK(inverse != NULL && BN_mod_inverse(inverse, s_number, n, context) != NULL);
    BIGNUM *u1 = number(context, e);
    CHECK(BN_mod_mul(u1, u1, inverse, n, context) == 1);
    BIGNUM *u2 = inverse;
    CHECK(BN_mod_mul(u2, r_number, inverse, n, context) == 1);
    CHECK(EC_POINT_mul(curve, sum, u1, key, u2, context) == 1);
    if (EC_POINT_is_at_infinity(curve, sum)) return false;
    BIGNUM *sum_x = x_number;
    CHECK(EC_POINT_get_affine_coordinates(curve, sum, sum_x, NULL, context) == 1);
    CHECK(BN_nnmod(sum_x, sum_x, n, context) == 1);
    return BN_cmp(sum_x, r_number) == 0;
}

bool p256_verify(const hash32 *digest, const u256 *r, const u256 *s, const u256 *x, const u256 *y) {
    /* OpenSSL takes coordinates modulo p; the EIP refuses what is not below it. */
    static const u256 p = {{UINT64_MAX, 0x00000000ffffffff, 0, 0xffffffff00000001}};
    if (!u256_less(x, &p) || !u256_less(y, &p)) return false;
    BN_CTX *context = BN_CTX_new();
    EC_POINT *key = EC_POINT_new(group());
    EC_POINT *sum = EC_POINT_new(group());
    CHECK(context != NULL && key != NULL && sum != NULL);
    BN_CTX_start(context);
    u256 e = u256_load_be(digest->b);
    bool is_valid = verify(context, key, sum, &e, r, s, x, y);
    BN_CTX_end(context);
    EC_POINT_free(sum);
    EC_POINT_free(key);
    BN_CTX_free(context);
    return is_valid;
}
