/* node/forked_private.h: shared by forked.c, forked_proofs.c, forked_values.c, forked_blocks.c. */
#ifndef NODE_FORKED_PRIVATE_H
#define NODE_FORKED_PRIVATE_H

#include "node/forked.h"

#include <pthread.h>

struct forked_account_key {
    uint64_t number;
    address who;
    uint8_t zero[4];
};

struct forked_account {
    struct account account;
    bool exists;
};

struct forked_slot_key {
    u256 key;
    uint64_t number;
    address who;
    uint8_t zero[4];
};

struct forked_header {
    struct header header;
    hash32 hash;
    size_t tx_count;
};

struct forked {
    struct remote *remote;
    char *url;
    uint64_t number;
    uint64_t chain_id;
    struct header header;
    hash32 hash;
    bool is_proven;
    bool is_trusted;
    char unproven_reason[FORKED_REASON_SIZE];

    pthread_mutex_t mutex; /* for what follows; nobody waits for the remote with it */
    bool has_departed;     /* a tombstone was left, and nobody has been told */
    bool told_departed;
    struct arena arena;
    struct source_memory cache; /* nodes and codes, checked */
    struct map code_owners;     /* code hash to address */
    struct map accounts;        /* unproven: struct forked_account_key to struct forked_account */
    struct map slots;           /* unproven: struct forked_slot_key to u256 */
    struct map headers;         /* number to struct forked_header */
    uint64_t last_header; /* number of the last one fetched, in the order they were asked for */
    struct map last_keys; /* address to the last slot asked for together with others */

    pthread_mutex_t ancestors_mutex;        /* held while they are fetched; for what follows */
    hash32 ancestors[FORKED_ANCESTORS_MAX]; /* [i] is the hash of block number - 1 - i */
    size_t ancestor_count;
};

/* One call; the answer's token of its result, 0 for null. */
MUST_USE enum err forked_ask(
    struct forked *fork,
    struct remote_answer *answer,
    uint32_t *token,
    const char *method,
    const char *params
);

/* Says that a method's result is malformed; err as remote_read_… gave it. */
enum err
forked_malformed(struct forked *fork, enum err err, const char *method, const char *problem);

/* Reads a block's header and checks that it hashes to its name and has its number. */
MUST_USE enum err forked_take_block(
    struct forked *fork,
    struct remote_block *out,
    struct arena *arena,
    const struct remote_answer *answer,
    uint32_t token,
    const char *method
);

/* --- helpers ---------------------------------------------------------------------------------- */

#define FORKED_PARAMS_SIZE  256
#define FORKED_ADDRESS_TEXT 43 /* 0x, 40 digits, end */
#define FORKED_WORD_TEXT    67

void forked_write_address(char out[FORKED_ADDRESS_TEXT], const address *who);
void forked_write_word(char out[FORKED_WORD_TEXT], const u256 *value);

MUST_USE enum err forked_lock(struct forked *fork);
void forked_unlock(struct forked *fork);

/* Makes a sentence of an ERR_MEMORY of the cache. */
enum err forked_cache_full(struct forked *fork, enum err err);

/* How many slots to ask for from this one on, at most FORKED_KEYS_MAX; and the further ones. */
size_t forked_key_count(struct forked *fork, const address *who, const u256 *key);
u256 forked_key_after(const u256 *key, size_t index);

/* What is being asked for, for the texts. */
struct forked_subject {
    const struct forked_source *source;
    const address *who;
    const u256 *key; /* NULL: the account */
};

MUST_USE enum err
forked_check_code(const struct forked_subject *subject, const hash32 *expected, bytes code);
MUST_USE enum err forked_keep_code(struct forked *fork, const hash32 *hash, bytes code);

/* --- the functions of the origin (state/source.h) --------------------------------------------- */

struct forked_source *forked_source_of(struct source_origin *origin);

enum err forked_prove(struct source_origin *origin, const address *who, const u256 *key);
enum err forked_prove_path(
    struct source_origin *origin, const address *who, const uint8_t *path, unsigned nibbles
);
enum err forked_unproven_account(
    struct source_origin *origin, struct account *account, bool *exists, const address *who
);
enum err forked_unproven_slot(
    struct source_origin *origin, u256 *value, const address *who, const u256 *slot
);

#endif
