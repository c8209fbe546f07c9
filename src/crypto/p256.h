/* crypto/p256.h: ECDSA verification over secp256r1, alias P-256 (FIPS 186-5, EIP-7951). */
#ifndef CRYPTO_P256_H
#define CRYPTO_P256_H

#include "core/bytes.h"
#include "core/u256.h"

/* p256_verify tells whether (r, s) is a signature of digest under the key (x, y). False too when r
 * or s is 0 or >= n, or the key is not a point of the curve other than infinity. High s counts. */
bool p256_verify(const hash32 *digest, const u256 *r, const u256 *s, const u256 *x, const u256 *y);

/* The same in portable C: what the guest runs, and the twin that tests compare with. */
bool p256_verify_portable(
    const hash32 *digest, const u256 *r, const u256 *s, const u256 *x, const u256 *y
);

#endif
