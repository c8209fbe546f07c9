/* rollup/witness.h: what a batch needs of the state before it, so that it can be checked by whoever
 * has nothing else (protocol.md section 8).
 *
 *   witness = rlp([heads, anchors, nodes, codes])
 *   heads   = [[rollupId, head, openBlock], …]   every idle head that no entry of the batch leads
 *   to;
 *                                                openBlock as open_block_encode writes it
 *   anchors = [header, …]                        of each update, in order
 *   nodes   = [node, …], codes = [code, …]       trie nodes and contract codes, each once
 *
 * Nothing in a witness is believed: nodes and codes go by their own hashes, an open block must
 * match the commitment in the state, an anchor's hash goes into the public input. */
#ifndef ROLLUP_WITNESS_H
#define ROLLUP_WITNESS_H

#include "core/arena.h"

struct witness_head {
    uint64_t rollup_id;
    hash32 head;
    bytes open_block;
};

struct witness {
    struct witness_head *heads;
    size_t head_count;
    bytes *anchors;
    size_t anchor_count;
    bytes *nodes;
    size_t node_count;
    bytes *codes;
    size_t code_count;
};

#define WITNESS_ITEMS_MAX (1u << 22) /* of each list */

/* ERR_MEMORY. */
MUST_USE enum err
witness_encode(bytes *encoded, struct arena *arena, const struct witness *witness);

/* Lists lie in arena, items are views into encoded. ERR_INPUT, ERR_MEMORY. */
MUST_USE enum err witness_decode(struct witness *witness, struct arena *arena, bytes encoded);

#endif
