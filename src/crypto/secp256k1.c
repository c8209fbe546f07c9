#include "crypto/secp256k1.h"

#include "crypto/keccak.h"

const u256 SECP256K1_N = {
    {0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe, 0xffffffffffffffff}};

const u256 SECP256K1_N_HALF = {
    {0xdfe92f46681b20a0, 0x5d576e7357a4501d, 0xffffffffffffffff, 0x7fffffffffffffff}};

address secp256k1_address_of_public_key(const uint8_t public_key[64]) {
    hash32 hash = keccak256(bytes_of(public_key, 64));
    address out;
    memcpy(out.b, hash.b + 12, sizeof out.b);
    return out;
}

enum err secp256k1_recover_address(
    address *out, const hash32 *digest, const u256 *r, const u256 *s, unsigned y_parity
) {
    uint8_t public_key[64];
    enum err err = secp256k1_recover(public_key, digest, r, s, y_parity);
    if (err == ERR_OK) *out = secp256k1_address_of_public_key(public_key);
    return err;
}

enum err secp256k1_address_of(address *out, const hash32 *private_key) {
    uint8_t public_key[64];
    enum err err = secp256k1_public_key(public_key, private_key);
    if (err == ERR_OK) *out = secp256k1_address_of_public_key(public_key);
    return err;
}
