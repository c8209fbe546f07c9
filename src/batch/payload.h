/* batch/payload.h: the rollup blocks that an update carries (protocol.md section 6, "Blocks"):
 * transactions and block attributes, no results. The last block is the slot block.
 *
 *   payload = rlp([block, …])      at least one block
 *   block   = [timestamp, feeRecipient, [transaction, …]]      transaction: EIP-2718 bytes
 *
 * What a block has besides (number, parent, base fee, gas limit, prevRandao) follows from the state
 * of the rollup and the anchor. */
#ifndef BATCH_PAYLOAD_H
#define BATCH_PAYLOAD_H

#include "core/arena.h"

struct payload_block {
    uint64_t timestamp; /* seconds; never below that of the block before, equal is allowed */
    address fee_recipient;
    bytes *txs;
    size_t tx_count;
};

struct payload {
    struct payload_block *blocks;
    size_t block_count;
};

/* Limits on what one payload may carry; far above what fits into a parent transaction. */
#define PAYLOAD_BLOCKS_MAX 65536
#define PAYLOAD_TXS_MAX    1048576

/* ERR_MEMORY. */
MUST_USE enum err
payload_encode(bytes *encoded, struct arena *arena, const struct payload *payload);

/* Arrays lie in arena, transactions are views into encoded. ERR_INPUT: not canonical RLP of that
 * shape, no block at all, timestamps that go back, or over the limits; ERR_MEMORY. */
MUST_USE enum err payload_decode(struct payload *payload, struct arena *arena, bytes encoded);

#endif
