/* state/trie_private.h: decoded nodes, shared by trie.c, trie_commit.c and trie_iterator.c. */
#ifndef STATE_TRIE_PRIVATE_H
#define STATE_TRIE_PRIVATE_H

#include "state/node.h"
#include "state/trie.h"

enum trie_kind {
    TRIE_SHORT,  /* struct trie_short: leaf or extension */
    TRIE_BRANCH, /* struct trie_branch */
    TRIE_STUB    /* struct trie_node alone: a reference to a node that has not been read */
};

/* What every node begins with. A node is clean (it has a reference, and so has everything below it)
 * or dirty (it and everything above it wait for a commit). */
struct trie_node {
    uint8_t kind; /* enum trie_kind */
    bool is_dirty;
    uint8_t start;              /* the nibbles of the key in its path: [start, end); */
    uint8_t end;                /* of a branch start = end = its depth */
    uint8_t padding[2];         /* so that the hash in ref, behind its first byte, is aligned */
    uint8_t ref_size;           /* of a clean node */
    uint8_t ref[NODE_REF_SIZE]; /* how its parent names it: an RLP item (state/node.h) */
    uint32_t size;              /* of data in use */
    uint32_t capacity;
    uint8_t *data; /* leaf: the value. branch: its 16 references as of the last commit */
    struct trie_node *next_free;
};

struct trie_short {
    struct trie_node node;
    struct trie_node *child; /* NULL: this is a leaf */
    _Alignas(NODE_PATH_ALIGN) uint8_t path[TRIE_KEY_SIZE_MAX];
};

/* Bit i of known says that child i's reference in node.data is right: that the child is clean, and
 * in the place it had at the last commit. Its node need not be looked at then, read or not; where
 * children[i] is NULL it was not read. With neither bit nor pointer there is no child. */
struct trie_branch {
    struct trie_node node;
    struct trie_node *children[NODE_CHILDREN];
    uint16_t known;
    uint32_t value_size; /* 0: no value */
    uint32_t value_capacity;
    uint8_t *value;
};

static inline struct trie_short *trie_as_short(struct trie_node *node) {
    return (struct trie_short *)node;
}

static inline struct trie_branch *trie_as_branch(struct trie_node *node) {
    return (struct trie_branch *)node;
}

static inline bytes trie_ref(const struct trie_node *node) {
    return bytes_of(node->ref, node->ref_size);
}

static inline bytes trie_leaf_value(const struct trie_node *node) {
    return bytes_of(node->data, node->size);
}

static inline bytes trie_branch_value(const struct trie_branch *branch) {
    return bytes_of(branch->value, branch->value_size);
}

static inline bool trie_has_child(const struct trie_branch *branch, unsigned index) {
    return branch->children[index] != NULL || (branch->known >> index & 1) != 0;
}

static inline void trie_make_dirty(struct trie_node *node) {
    node->is_dirty = true;
    node->ref_size = 0;
}

/* A new node of a kind with room for size bytes of data; NULL: ERR_MEMORY. Everything else in it is
 * zero. */
struct trie_node *trie_node_new(struct trie_pool *pool, enum trie_kind kind, size_t size);

/* Gives one node back; not what is below it. */
void trie_node_free(struct trie_pool *pool, struct trie_node *node);

/* Makes room for size bytes in a buffer of the pool's arena; its content is lost if it moves. It
 * begins as far behind a word as the references of a large branch lie in its encoding: they are
 * copied there and back. */
MUST_USE enum err
trie_reserve(struct trie_pool *pool, uint8_t **data, uint32_t *capacity, size_t size);

enum trie_parent { TRIE_NO_PARENT, TRIE_UNDER_EXTENSION, TRIE_UNDER_BRANCH };

/* trie_read reads and decodes the node that ref names, at nibble depth of its key. */
MUST_USE enum err trie_read(
    struct trie_pool *pool,
    struct trie_node **node,
    bytes ref,
    unsigned depth,
    enum trie_parent parent
);

/* trie_read_root makes root a node if it is one that was not read; NULL stays for the empty
 * trie. */
MUST_USE enum err trie_read_root(struct trie *trie);

/* Makes *place, child of an extension or child index of a branch, a node if it was not read.
 * A branch's child must be there. */
MUST_USE enum err trie_read_extension_child(struct trie_pool *pool, struct trie_short *extension);
MUST_USE enum err
trie_read_branch_child(struct trie_pool *pool, struct trie_branch *branch, unsigned index);

#endif
