/* node/hd_keys.h: the keys of development accounts from a mnemonic phrase, as wallets and other
 * development networks derive them: BIP-39 seed, BIP-32 keys, BIP-44 path m/44'/60'/0'/0/index.
 *
 * The phrase must have 12, 15, 18, 21 or 24 words of a–z with single spaces, so BIP-39's Unicode
 * normalisation has nothing to do. Whether the words are in BIP-39's list and its checksum holds is
 * not checked: any phrase gives a seed, and these keys guard nothing but play money. */
#ifndef NODE_HD_KEYS_H
#define NODE_HD_KEYS_H

#include "core/bytes.h"
#include "core/err.h"

#define HD_MNEMONIC_SIZE_MAX 256

struct hd_key {
    hash32 private_key;
    address address;
};

/* hd_mnemonic_problem returns what is wrong with the phrase as a static sentence, or NULL. */
const char *hd_mnemonic_problem(const char *mnemonic);

/* hd_keys_derive makes the keys of indexes 0 … count - 1.
 *
 * Returns: ERR_INPUT   the phrase is refused (hd_mnemonic_problem), or an index has no key
 *                      (a chance of 2^-127).
 *          ERR_MEMORY  OpenSSL or libsecp256k1 could not allocate. */
MUST_USE enum err hd_keys_derive(struct hd_key *keys, size_t count, const char *mnemonic);

#endif
