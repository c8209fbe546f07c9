/* rollup/open_block.h: the slot block before it is sealed (protocol.md section 6, "Blocks").
 *
 * While a rollup is idle its slot block may still gather calls from the parent. What it has
 * gathered is committed in a slot of the System predeploy, so that the state root is the whole
 * truth:
 *
 *   c(0)   = keccak256(rlp(header with empty roots))
 *   c(n+1) = keccak256(c(n) ‖ keccak256(transaction) ‖ keccak256(receipt))
 *
 * Gathered transactions form a list from the newest to the oldest, which machines share: a machine
 * that goes on from an older head just keeps an older end of it. The sealed header's state root is
 * the rollup's head at that moment, this commitment included. */
#ifndef ROLLUP_OPEN_BLOCK_H
#define ROLLUP_OPEN_BLOCK_H

#include "chain/header.h"

struct gathered_tx {
    const struct gathered_tx *before; /* the one that was gathered before; NULL at the first */
    bytes tx;                         /* EIP-2718 */
    bytes receipt;                    /* consensus encoding */
    uint32_t index;                   /* in the block */
    uint64_t cumulative_gas_used;
    hash32 commitment; /* c(index + 1) */
};

struct open_block {
    struct header header; /* attributes; roots, bloom and gas used are of an empty block */
    hash32 commitment;    /* c(0) */
    const struct gathered_tx *newest; /* NULL if none */
};

/* open_block_begin computes c(0). The header's roots, bloom and gas used must be those of an empty
 * block and its state root zero. ERR_MEMORY. */
MUST_USE enum err
open_block_begin(struct open_block *block, struct arena *arena, const struct header *header);

/* open_block_gather appends; tx and receipt are not empty and must live as long as arena.
 * ERR_MEMORY. */
MUST_USE enum err open_block_gather(
    struct open_block *block,
    struct arena *arena,
    bytes tx,
    bytes receipt,
    uint64_t cumulative_gas_used
);

hash32 open_block_commitment(const struct open_block *block);
uint32_t open_block_tx_count(const struct open_block *block);
uint64_t open_block_gas_used(const struct open_block *block);
/* 0 if the system's own transactions have used more than the limit. */
uint64_t open_block_gas_left(const struct open_block *block);

/* A block as it is stored: header and encoded lists, in order. */
struct sealed_block {
    const struct sealed_block *before; /* the one sealed before it in the same step */
    struct header header;
    hash32 hash;
    const bytes *txs;
    const bytes *receipts;
    size_t tx_count;
};

/* open_block_seal computes the header that the block has if nothing more is gathered: roots, bloom,
 * gas used, and state_root. Lists lie in arena. ERR_MEMORY, ERR_CORRUPT (a receipt is none). */
MUST_USE enum err open_block_seal(
    struct sealed_block *sealed,
    struct arena *arena,
    const struct open_block *block,
    const hash32 *state_root
);

/* open_block_reopen makes the open block of which `sealed` came, from what a store keeps of it.
 * tx_count items each; they must live as long as arena. ERR_MEMORY, ERR_CORRUPT. */
MUST_USE enum err open_block_reopen(
    struct open_block *block,
    struct arena *arena,
    const struct header *sealed,
    const bytes *txs,
    const bytes *receipts,
    size_t tx_count
);

/* open_block_encode writes rlp([header, [tx, …], [receipt, …]]) for a witness or a store;
 * open_block_decode reads it and computes the commitments anew. What a transaction is it does not
 * ask, but none is empty. ERR_MEMORY, ERR_INPUT. */
MUST_USE enum err
open_block_encode(bytes *encoded, struct arena *arena, const struct open_block *block);
MUST_USE enum err open_block_decode(struct open_block *block, struct arena *arena, bytes encoded);

#endif
