/* node/forked_private.h: shared by forked.c and forked_blocks.c. */
#ifndef NODE_FORKED_PRIVATE_H
#define NODE_FORKED_PRIVATE_H

#include "node/forked.h"

#include <pthread.h>

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

    pthread_mutex_t mutex; /* for all that follows */
    bool has_departed;     /* a tombstone was left, and nobody has been told */
    bool told_departed;
    struct arena arena;
    struct source_memory cache; /* nodes and codes, checked */
    struct map code_owners;     /* code hash to address */
    struct map accounts;        /* unproven: struct forked_account_key to struct forked_account */
    struct map slots;           /* unproven: struct forked_slot_key to u256 */
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

#endif
