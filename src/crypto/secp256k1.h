/* crypto/secp256k1.h: ECDSA over secp256k1 (SEC 2) as Ethereum uses it: signatures that carry the
 * parity of R's y coordinate, so that the signer's key can be recovered (Yellow Paper, appendix F).
 *
 * High s is accepted here; EIP-2 forbids it in transactions, the ecrecover precompile does not, so
 * that check is the caller's. The case R.x >= n (Yellow Paper v = 29, 30) does not exist here. */
#ifndef CRYPTO_SECP256K1_H
#define CRYPTO_SECP256K1_H

#include "core/bytes.h"
#include "core/err.h"
#include "core/u256.h"

/* The order n of the group, and n / 2: the greatest s that EIP-2 allows. */
extern const u256 SECP256K1_N;
extern const u256 SECP256K1_N_HALF;

/* secp256k1_recover finds the key that signed digest.
 *
 * Out:     public_key  x and y, big-endian, without SEC 1's leading 0x04.
 * Returns: ERR_INPUT    r or s is 0 or >= n, y_parity > 1, or no such key exists. */
MUST_USE enum err secp256k1_recover(
    uint8_t public_key[64], const hash32 *digest, const u256 *r, const u256 *s, unsigned y_parity
);

/* The address of that key: the last 20 bytes of the keccak256 of public_key. */
MUST_USE enum err secp256k1_recover_address(
    address *out, const hash32 *digest, const u256 *r, const u256 *s, unsigned y_parity
);

/* The address of an uncompressed public key. */
address secp256k1_address_of_public_key(const uint8_t public_key[64]);

/* Whether (r, s) is a signature of digest under the key, x and y. False too when r or s is 0 or
 * >= n, or the key is no point of the curve. */
bool secp256k1_verify(
    const hash32 *digest, const u256 *r, const u256 *s, const uint8_t public_key[64]
);

/* secp256k1_sign signs with the nonce of RFC 6979 and gives the low s.
 * ERR_INPUT if the private key is 0 or >= n. */
MUST_USE enum err secp256k1_sign(
    u256 *r, u256 *s, unsigned *y_parity, const hash32 *digest, const hash32 *private_key
);

/* The public key and address of a private key. ERR_INPUT if the key is 0 or >= n. */
MUST_USE enum err secp256k1_public_key(uint8_t public_key[64], const hash32 *private_key);
MUST_USE enum err secp256k1_address_of(address *out, const hash32 *private_key);

#endif
