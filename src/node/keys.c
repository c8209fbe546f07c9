#include "node/keys.h"

#include "crypto/keccak.h"
#include "crypto/secp256k1.h"

#include <stdlib.h>
#include <sys/random.h>

enum err keys_set(struct hd_key *key, bytes private_key) {
    if (private_key.size != sizeof(hash32)) return ERR_INPUT;
    struct hd_key made;
    memcpy(made.private_key.b, private_key.data, sizeof(hash32));
    enum err err = secp256k1_address_of(&made.address, &made.private_key);
    if (err == ERR_OK) *key = made;
    return err;
}

static enum err draw(struct hd_key *key) {
    uint8_t random[sizeof(hash32)];
    enum err err;
    do { /* Not a key with a probability of 2^-128. */
        if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) return ERR_IO;
        err = keys_set(key, bytes_of(random, sizeof(random)));
    } while (err == ERR_INPUT);
    return err;
}

enum err keys_open(struct node_keys *keys, const struct node_options *options) {
    size_t count = (size_t)options->accounts_count;
    *keys = (struct node_keys){
        .accounts = calloc(count + 1, sizeof(*keys->accounts)),
        .addresses = calloc(count + 1, sizeof(*keys->addresses)),
        .account_count = count,
    };
    enum err err = ERR_MEMORY;
    if (keys->accounts == NULL || keys->addresses == NULL) goto out;
    err = hd_keys_derive(keys->accounts, count, options->mnemonic);
    if (err != ERR_OK) goto out;
    for (size_t i = 0; i < count; i++)
        keys->addresses[i] = keys->accounts[i].address;
    err = draw(&keys->builder);
    if (err == ERR_OK) err = draw(&keys->attester);
out:
    if (err != ERR_OK) keys_close(keys);
    return err;
}

void keys_close(struct node_keys *keys) {
    if (keys->accounts != NULL)
        explicit_bzero(keys->accounts, keys->account_count * sizeof(*keys->accounts));
    free(keys->accounts);
    free(keys->addresses);
    explicit_bzero(keys, sizeof(*keys));
}

enum err keys_attester(const struct node_keys *keys, struct hd_key *key, unsigned index) {
    static const char PURPOSE[] = "lockstep attester";
    uint8_t seed[sizeof(hash32) + sizeof(PURPOSE)];
    memcpy(seed, keys->attester.private_key.b, sizeof(hash32));
    memcpy(seed + sizeof(hash32), PURPOSE, sizeof(PURPOSE));
    seed[sizeof(seed) - 1] = (uint8_t)index; /* in the place of the terminator */
    hash32 derived = keccak256(bytes_of(seed, sizeof(seed)));
    enum err err = keys_set(key, hash32_bytes(&derived));
    explicit_bzero(seed, sizeof(seed));
    explicit_bzero(&derived, sizeof(derived));
    return err;
}

const struct hd_key *keys_find(const struct node_keys *keys, const address *who) {
    for (size_t i = 0; i < keys->account_count; i++)
        if (address_equal(&keys->addresses[i], who)) return &keys->accounts[i];
    return NULL;
}
