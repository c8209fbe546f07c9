/* state/trie.h: Merkle Patricia Trie (Yellow Paper, appendix D) over a source.
 *
 *       struct trie_pool ── arena, source, free nodes
 *         │ many tries
 *       struct trie ── root ─┬─ branch ─┬─ leaf        decoded, changed here ("dirty")
 *                            │          └─ (hash)      not needed yet, still in the source
 *                            └─ extension ── branch
 *
 * Nodes are read from the source when a key leads through them, decoded once, and kept: a trie that
 * stays open over blocks reads and decodes only what no block before has touched. What a trie drops
 * goes back to its pool and is used again, so a pool grows with the number of nodes held, not with
 * the number of changes; a caller bounds it by looking at arena->used_size between commits, and
 * when it is too large resets the arena and opens pool and tries again at their roots.
 *
 * Changes gather until trie_commit, which encodes and hashes each dirty node exactly once, from the
 * deepest level up, the nodes of a level together (keccak256_many), and puts it in a source_memory.
 *
 * Keys are used as given: where Ethereum hashes them ("secure" tries) the caller does. Values are
 * non-empty byte strings. A put or delete that fails has changed nothing, so that after ERR_MISSING
 * the caller may supply the node and ask again.
 *
 * Nodes that an encoder would not have written are refused with ERR_CORRUPT. That a node hashes to
 * its name is the source's promise (state/source.h). Nothing recurses: depth is bounded by the key,
 * as each branch or extension takes at least one nibble. */
#ifndef STATE_TRIE_H
#define STATE_TRIE_H

#include "state/account.h"
#include "state/source.h"

#define TRIE_KEY_SIZE_MAX    32
#define TRIE_KEY_NIBBLES_MAX 64
#define TRIE_VALUE_SIZE_MAX  (1u << 30)
#define TRIE_DEPTH_MAX       (TRIE_KEY_NIBBLES_MAX + 1) /* nodes on a path */

struct trie_node;

struct trie_pool {
    struct arena *arena;
    struct source *source;
    struct trie_node *free_nodes[3]; /* by kind */
    struct trie_node **queue;        /* trie_commit's list of dirty nodes, kept for the next */
    size_t queue_capacity;
    uint8_t *buffer; /* trie_commit's room for an encoding, kept for the next */
    size_t buffer_capacity;
    hash32 wanted;      /* after ERR_MISSING: the node the source lacks; */
    bool wants_sibling; /* no key led to it, trie_delete must know it to collapse a branch: */
    uint8_t wanted_path[TRIE_KEY_SIZE_MAX]; /* then where it stands, */
    unsigned wanted_nibbles;                /* so many nibbles */
    uint64_t loaded_count;                  /* nodes read and decoded since trie_pool_open */
    uint64_t hashed_count;                  /* nodes hashed by trie_commit since trie_pool_open */
};

struct trie {
    struct trie_pool *pool;
    struct trie_node *root; /* NULL: empty, or not read yet */
    hash32 root_hash;       /* of the last commit; where root is NULL, of what stands there */
};

/* arena and source must outlive the pool; nothing needs closing. */
void trie_pool_open(struct trie_pool *pool, struct arena *arena, struct source *source);

/* trie_open makes a trie at a root; EMPTY_TRIE_ROOT is the empty one. Nothing is read yet. */
void trie_open(struct trie *trie, struct trie_pool *pool, const hash32 *root);

/* trie_move gives the trie's nodes back to its pool, changes since the last commit with them, and
 * goes to another root. */
void trie_move(struct trie *trie, const hash32 *root);

/* trie_get finds the value stored under key.
 *
 * Out:     value  borrowed from the trie until its next put, delete or drop; empty if absent.
 * Returns: ERR_OK       value is set; absence is a result, not an error.
 *          ERR_MISSING  the source lacks pool->wanted.
 *          ERR_CORRUPT  a node is not one; ERR_IO; ERR_MEMORY. value is untouched. */
MUST_USE enum err trie_get(struct trie *trie, bytes *value, bytes key);

/* trie_put stores a copy of value (not empty, CHECKed; not borrowed from the pool) under key (at
 * most TRIE_KEY_SIZE_MAX bytes, CHECKed). Storing what is there already makes nothing dirty. Errors
 * as trie_get's. */
MUST_USE enum err trie_put(struct trie *trie, bytes key, bytes value);

/* trie_delete removes key if it is there. A branch left with one child is collapsed into it, for
 * which the child must be read even though no key led there: so ERR_MISSING may name a sibling.
 * A batch that puts first and deletes last reads the fewest of them. Errors as trie_get's. */
MUST_USE enum err trie_delete(struct trie *trie, bytes key);

/* trie_commit hashes what is dirty, puts every new node in sink (may be NULL: only the root is
 * wanted), and gives the root. Nodes shorter than 32 bytes live inside their parents and are not
 * put. The trie goes on at the new root. ERR_MEMORY: the changes are still there, not committed. */
MUST_USE enum err trie_commit(struct trie *trie, hash32 *root, struct source_memory *sink);

/* As trie_commit for count tries of one pool, hashed together; tries and roots run in parallel. */
MUST_USE enum err trie_commit_many(
    struct trie *const *tries, hash32 *roots, size_t count, struct source_memory *sink
);

/* A walk over all entries in ascending order of keys. Nodes it had to read go back to the pool when
 * it leaves them, so a walk over a large trie takes little memory. The trie must not change
 * meanwhile. Ends by itself or by trie_iterator_close. */
struct trie_iterator {
    struct trie *trie;
    unsigned depth; /* steps in use */
    struct trie_iterator_step {
        struct trie_node **place; /* where the pointer to the node is */
        struct trie_node *before; /* what was there before this walk read the node */
        uint8_t next;             /* of a branch: 0 its own value, 1 + i child i, 17 done */
        uint8_t position;         /* nibbles of the key before the node */
        bool is_read;             /* by this walk, which gives it back */
        bool is_bounded;          /* all nibbles so far are start's */
    } steps[TRIE_DEPTH_MAX];
    uint8_t key[TRIE_KEY_SIZE_MAX];
    _Alignas(8) uint8_t start[TRIE_KEY_SIZE_MAX]; /* as all paths (state/node.h) */
    unsigned start_nibbles;
    bool is_begun;
};

/* The walk begins at the first key ≥ start (empty: at the first). */
void trie_iterator_open(struct trie_iterator *iterator, struct trie *trie, bytes start);

/* The next entry: key and value are borrowed until the next call; *found is false at the end.
 * After an error the walk is over. ERR_CORRUPT too for a key that is not whole bytes. */
MUST_USE enum err
trie_iterator_next(struct trie_iterator *iterator, bool *found, bytes *key, bytes *value);
void trie_iterator_close(struct trie_iterator *iterator);

/* trie_root_of gives the root of the trie whose keys are the RLP of 0, 1, … count - 1 and whose
 * values are items: a block's transactions, receipts or withdrawals. ERR_MEMORY. Uses scratch, and
 * leaves it as it was. */
MUST_USE enum err
trie_root_of(hash32 *root, const bytes *items, size_t count, struct arena *scratch);

#endif
