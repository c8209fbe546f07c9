/* chain/ethash.h: checking the proof of work of blocks before Paris (Yellow Paper appendix J), with
 * the cache alone ("light"): about a millisecond a block, once the epoch's cache of 16 MiB and more
 * is made, which takes about a second. */
#ifndef CHAIN_ETHASH_H
#define CHAIN_ETHASH_H

#include "chain/header.h"

#define ETHASH_EPOCH_LENGTH 30000u
#define ETHASH_EPOCH_MAX    2048u /* later than any block that was mined */

struct ethash {
    struct arena *arena;
    uint64_t epoch; /* of the cache; meaningless without one */
    uint64_t (*cache)[8];
    uint32_t cache_count;   /* items of 64 bytes */
    uint32_t dataset_count; /* items of 64 bytes */
};

/* The arena is the object's own: a new epoch resets it. */
void ethash_open(struct ethash *ethash, struct arena *arena);

/* ethash_check sets *is_valid to whether nonce and mix hash prove the header's difficulty.
 * ERR_MEMORY; ERR_LIMIT: an epoch above ETHASH_EPOCH_MAX. */
MUST_USE enum err ethash_check(struct ethash *ethash, bool *is_valid, const struct header *header);

#endif
