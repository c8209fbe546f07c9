/* batch/witness.h: what a batch needs of the state before it, so that it can be checked by whoever
 * has nothing else (protocol.md section 8). docs/batch-files.md has the layout of the file.
 *
 * Nothing in a witness is believed: nodes, codes and headers go by their own hashes, an open block
 * must match the commitment in the state, an anchor's hash goes into the public input or is in the
 * state. */
#ifndef BATCH_WITNESS_H
#define BATCH_WITNESS_H

#include "batch/words.h"
#include "core/arena.h"

#define WITNESS_FILE_NAME    "lswitns"
#define WITNESS_FILE_VERSION 1

/* An idle head that an entry of the batch begins at. */
struct witness_head {
    uint64_t rollup_id;
    hash32 head;
    bytes open_block; /* what its kind of rollup keeps beside the root; as open_block_encode */
};

/* The order of heads in every file, as memcmp tells it: by rollup id, then by head. */
static inline int head_compare(uint64_t a_id, const hash32 *a, uint64_t b_id, const hash32 *b) {
    if (a_id != b_id) return a_id < b_id ? -1 : 1;
    return memcmp(a->b, b->b, sizeof(a->b));
}

struct witness {
    struct witness_head *heads; /* ascending by id, then by head */
    size_t head_count;
    bytes *headers; /* RLP of the parent's blocks: that updates are anchored at, or rollups read */
    size_t header_count;
    bytes
        *nodes; /* trie nodes, and contract codes, of the rollups and of what they have read of the
                   * parent; both, as headers, ascending by keccak256 */
    size_t node_count;
    bytes *codes;
    size_t code_count;
};

#define WITNESS_HEADS_MAX 4096
#define WITNESS_ITEMS_MAX (1u << 22) /* of each other list */

/* The file's size in bytes, and the file, into memory of that size. */
size_t witness_size(const struct witness *witness);
void witness_write(uint8_t *out, const struct witness *witness);

/* witness_sort puts every list into the order that it must have, and leaves out what is there
 * twice. ERR_MEMORY. */
MUST_USE enum err witness_sort(struct witness *witness, struct arena *arena);

/* witness_decode reads a file; lists lie in arena, items are views into encoded. The order of what
 * goes by its hash is not looked at: hashed_list_open does, which hashes it.
 * ERR_INPUT: *fault says why it is none; ERR_MEMORY. */
MUST_USE enum err witness_decode(
    struct witness *witness, enum words_fault *fault, struct arena *arena, bytes encoded
);

#endif
