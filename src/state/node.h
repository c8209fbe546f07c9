/* state/node.h: the encoding of trie nodes (Yellow Paper, appendix D), private to state/.
 *
 *   leaf       [path, value]      path: hex prefix with flag 2 or 3
 *   extension  [path, child]      path: hex prefix with flag 0 or 1, at least one nibble
 *   branch     [child × 16, value]
 *
 * A child is a reference: an item of 33 bytes that holds a hash, or the child's own encoding where
 * that is shorter than 32 bytes; in a branch also the empty string, for no child. In memory a
 * reference is kept as the RLP item it is, so that it is copied and never translated.
 *
 * Paths lie in 32 bytes at the position they have in the key: nibble i of a path that starts at
 * nibble 5 is nibble 5 + i of the 32 bytes. So a path is cut or lengthened by moving its bounds.
 * They begin at a multiple of NODE_PATH_ALIGN, so that they are compared by words. */
#ifndef STATE_NODE_H
#define STATE_NODE_H

#include "core/bytes.h"
#include "core/err.h"

#define NODE_NIBBLES_MAX 64 /* of a key */
#define NODE_PATH_ALIGN  8
#define NODE_REF_SIZE    33 /* of a reference by hash, and the most a reference takes */
#define NODE_INLINE_MAX  31 /* the longest encoding that lives in its parent */
#define NODE_CHILDREN    16

enum node_kind { NODE_LEAF, NODE_EXTENSION, NODE_BRANCH };

/* A node as it stands in its encoding, from which all views are borrowed. */
struct node_view {
    enum node_kind kind;
    const uint8_t *path; /* hex prefix; leaf and extension */
    unsigned path_size;  /* nibbles */
    bytes value;         /* leaf; branch (empty if none) */
    bytes child;         /* extension: reference */
    bytes children;      /* branch: the 16 references one after the other */
    uint16_t mask;       /* branch: bit i is set if child i is there */
};

/* ERR_CORRUPT for everything that no trie has. References to inlined children are checked for their
 * size only; their content is when they are decoded themselves. */
MUST_USE enum err node_decode(struct node_view *view, bytes encoded);

/* The reference of child index among a branch's 16, which node_decode has accepted. */
bytes node_child(const uint8_t *children, unsigned index);

/* What a key meets at a node: view lies at nibble *depth of key, which has key_nibbles. */
enum node_step { NODE_FOUND, NODE_ABSENT, NODE_GO_ON, NODE_TOO_DEEP };

/* FOUND: *next is the value. GO_ON: *next is the child's reference, *depth where it lies. TOO_DEEP:
 * the node's path is longer than any key. */
enum node_step node_follow(
    bytes *next,
    unsigned *depth,
    const struct node_view *view,
    const uint8_t *key,
    unsigned key_nibbles
);

static inline unsigned node_nibble(const uint8_t *nibbles, unsigned index) {
    unsigned byte = nibbles[index / 2];
    return index % 2 != 0 ? byte & 15 : byte >> 4;
}

static inline void node_set_nibble(uint8_t *nibbles, unsigned index, unsigned nibble) {
    uint8_t *byte = &nibbles[index / 2];
    *byte = (uint8_t)(index % 2 != 0 ? (*byte & 0xf0) | nibble : (*byte & 0x0f) | nibble << 4);
}

/* Copies the nibbles [start, end) to the same positions of another path. */
void node_copy_path(uint8_t *to, const uint8_t *from, unsigned start, unsigned end);

/* Puts the path of a view at [start, start + path_size), which must fit. */
void node_place_path(uint8_t *to, unsigned start, const struct node_view *view);

/* The first position in [start, end) where a and b, both of 32 bytes, differ; end if none. */
unsigned node_match_path(const uint8_t *a, const uint8_t *b, unsigned start, unsigned end);

/* Sizes and writers. The size of a leaf is at most NODE_PATH_SIZE_MAX + 18 + value_size. */
#define NODE_PATH_SIZE_MAX      34 /* hex prefix of 64 nibbles, as RLP */
#define NODE_EXTENSION_SIZE_MAX (2 + NODE_PATH_SIZE_MAX + NODE_REF_SIZE)
#define NODE_BRANCH_SIZE_MAX    (3 + NODE_CHILDREN * NODE_REF_SIZE + 1) /* without a value */

size_t node_leaf_size(unsigned start, unsigned end, bytes value);
size_t
node_write_leaf(uint8_t *out, const uint8_t *path, unsigned start, unsigned end, bytes value);
size_t
node_write_extension(uint8_t *out, const uint8_t *path, unsigned start, unsigned end, bytes child);
size_t node_branch_size(size_t children_size, bytes value);
size_t node_write_branch(uint8_t *out, bytes children, bytes value);

#endif
