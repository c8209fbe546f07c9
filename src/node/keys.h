/* node/keys.h: the accounts this process can sign for: the development accounts, the builder that
 * posts batches, and the attester.
 *
 * Builder and attester are random and kept in the data directory if there is one: a well-known key
 * there would let anybody who reaches the L1 forge rollup states. */
#ifndef NODE_KEYS_H
#define NODE_KEYS_H

#include "node/hd_keys.h"
#include "node/options.h"

struct node_keys {
    struct hd_key *accounts; /* owned */
    address *addresses;      /* the same addresses on their own; owned */
    size_t account_count;
    struct hd_key builder;
    struct hd_key attester;
};

/* keys_open derives the development accounts and draws builder and attester.
 * ERR_INPUT (the mnemonic), ERR_MEMORY, ERR_IO (the system has no random numbers). */
MUST_USE enum err keys_open(struct node_keys *keys, const struct node_options *options);

/* Forgets the private keys and frees. Closing a closed (zeroed) one is allowed. */
void keys_close(struct node_keys *keys);

/* keys_set makes a key from 32 bytes. ERR_INPUT: they are none. */
MUST_USE enum err keys_set(struct hd_key *key, bytes private_key);

/* keys_attester derives the key of one of the attesters of KOfN (node/deploy.h) from the
 * attester's. ERR_INPUT: a chance of 2^-128. */
MUST_USE enum err keys_attester(const struct node_keys *keys, struct hd_key *key, unsigned index);

/* keys_find returns the key of a development account, or NULL. */
const struct hd_key *keys_find(const struct node_keys *keys, const address *who);

#endif
