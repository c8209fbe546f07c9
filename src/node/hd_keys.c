#include "node/hd_keys.h"

#include "core/check.h"
#include "crypto/secp256k1.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <secp256k1.h>

#define SEED_SIZE   64   /* BIP-39 */
#define SEED_ROUNDS 2048 /* BIP-39 */
#define HARDENED    UINT32_C(0x80000000)

/* BIP-44: purpose 44', coin 60' (Ethereum, SLIP-44), account 0', external chain 0. */
static const uint32_t account_path[] = {HARDENED | 44, HARDENED | 60, HARDENED | 0, 0};

/* An extended private key of BIP-32. */
struct extended_key {
    hash32 key;
    uint8_t chain_code[32];
};

static enum err hmac_sha512(uint8_t out[64], bytes key, bytes data) {
    CHECK(key.size <= 64 && data.size <= 64);
    unsigned size = 64;
    if (HMAC(EVP_sha512(), key.data, (int)key.size, data.data, data.size, out, &size) == NULL)
        return ERR_MEMORY;
    return ERR_OK;
}

const char *hd_mnemonic_problem(const char *mnemonic) {
    size_t size = strlen(mnemonic);
    if (size > HD_MNEMONIC_SIZE_MAX) return "the phrase is too long";
    unsigned words_count = 1;
    char before = ' ';
    for (size_t i = 0; i < size; i++) {
        char c = mnemonic[i];
        if (c == ' ' && before == ' ') return "words must be separated by single spaces";
        if (c != ' ' && (c < 'a' || c > 'z')) return "words must be of the letters a to z";
        words_count += c == ' ';
        before = c;
    }
    if (before == ' ') return "words must be separated by single spaces";
    if (words_count < 12 || words_count > 24 || words_count % 3 != 0)
        return "a phrase has 12, 15, 18, 21 or 24 words";
    return NULL;
}

/* BIP-32, master key generation, from the seed of BIP-39 with an empty passphrase. */
static enum err
master_key(struct extended_key *master, const secp256k1_context *context, const char *mnemonic) {
    static const char salt[] = "mnemonic";
    static const char hmac_key[] = "Bitcoin seed";
    uint8_t seed[SEED_SIZE];
    uint8_t digest[64];
    if (PKCS5_PBKDF2_HMAC(
            mnemonic,
            (int)strlen(mnemonic),
            (const unsigned char *)salt,
            sizeof salt - 1,
            SEED_ROUNDS,
            EVP_sha512(),
            SEED_SIZE,
            seed
        ) != 1)
        return ERR_MEMORY;
    enum err err =
        hmac_sha512(digest, bytes_of(hmac_key, sizeof hmac_key - 1), bytes_of(seed, sizeof seed));
    if (err != ERR_OK) return err;
    if (!secp256k1_ec_seckey_verify(context, digest)) return ERR_INPUT;
    memcpy(master->key.b, digest, 32);
    memcpy(master->chain_code, digest + 32, 32);
    return ERR_OK;
}

/* The compressed public key of key, which is valid. */
static void
public_key_of(uint8_t out[33], const secp256k1_context *context, const hash32 *private_key) {
    secp256k1_pubkey public_key;
    size_t size = 33;
    CHECK(secp256k1_ec_pubkey_create(context, &public_key, private_key->b));
    CHECK(secp256k1_ec_pubkey_serialize(context, out, &size, &public_key, SECP256K1_EC_COMPRESSED));
}

/* BIP-32, CKDpriv. public_key is the parent's, compressed; NULL if index is hardened. */
static enum err child_key(
    struct extended_key *child,
    const secp256k1_context *context,
    const struct extended_key *parent,
    const uint8_t *public_key,
    uint32_t index
) {
    uint8_t data[37] = {0};
    uint8_t digest[64];
    if (index & HARDENED)
        memcpy(data + 1, parent->key.b, 32);
    else
        memcpy(data, public_key, 33);
    for (unsigned i = 0; i < 4; i++)
        data[33 + i] = (uint8_t)(index >> (24 - 8 * i));
    enum err err = hmac_sha512(digest, bytes_of(parent->chain_code, 32), bytes_of(data, 37));
    if (err != ERR_OK) return err;
    struct extended_key result = {.key = parent->key};
    if (!secp256k1_ec_seckey_tweak_add(context, result.key.b, digest)) return ERR_INPUT;
    memcpy(result.chain_code, digest + 32, 32);
    *child = result;
    return ERR_OK;
}

enum err hd_keys_derive(struct hd_key *keys, size_t count, const char *mnemonic) {
    if (hd_mnemonic_problem(mnemonic) != NULL || count > HARDENED) return ERR_INPUT;
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    if (context == NULL) return ERR_MEMORY;
    struct extended_key account;
    uint8_t public_key[33];
    enum err err = master_key(&account, context, mnemonic);
    for (size_t i = 0; err == ERR_OK && i < sizeof account_path / sizeof account_path[0]; i++) {
        public_key_of(public_key, context, &account.key);
        err = child_key(&account, context, &account, public_key, account_path[i]);
    }
    if (err == ERR_OK) public_key_of(public_key, context, &account.key);
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        struct extended_key key;
        err = child_key(&key, context, &account, public_key, (uint32_t)i);
        if (err != ERR_OK) break;
        keys[i].private_key = key.key;
        err = secp256k1_address_of(&keys[i].address, &key.key);
    }
    secp256k1_context_destroy(context);
    return err;
}
