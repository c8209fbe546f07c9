/* state/source.h: where trie nodes and codes come from, by hash.
 *
 * A source answers two questions: which node has this hash, which code has this hash. Kinds:
 *   source_memory    nodes put by this program, in an arena, above an optional base;
 *   source_recorder  any source, noting what was read from it: the witness;
 *   source_witness   nodes and codes and nothing else, in any order: stateless execution;
 *   source_list      the same in the one order that they may have, noting what was read;
 *   source_several   the first of several that has it;
 *   source_lmdb      a snapshot of a database (state/source_lmdb.h, hosted).
 * They stack: memory over recorder over lmdb records what a block needs of the state before it, and
 * not what it made itself.
 *
 * What a source hands out hashes to what it was asked for: sources that take data from outside
 * (witness, a disk, a remote node) check that, so that tries need not.
 *
 * A source is used by one thread at a time. A flat store of the newest state (address or slot to
 * value in one lookup) would be a further pair of functions here that sources may leave NULL. */
#ifndef STATE_SOURCE_H
#define STATE_SOURCE_H

#include "core/arena.h"
#include "core/map.h"
#include "state/account.h"

/* Somebody who does not have the nodes but can be asked about accounts and slots by name: a remote
 * chain that this one forked from. Where a source has an origin, what is deleted may stay in the
 * tries as a tombstone (state/state.h). Every function may return ERR_REMOTE. */
struct source_origin {
    /* Puts all nodes of the path to an account, and to one of its slots (NULL: none), where the
     * source finds them. NULL: this origin has no proofs; account and slot are then set. */
    enum err (*prove)(struct source_origin *origin, const address *who, const u256 *key);
    /* Puts the node that stands at this path (nibbles, two a byte) of the account trie, or of the
     * storage trie of who, where the source finds it. ERR_UNSUPPORTED: it cannot be had. */
    enum err (*prove_path
    )(struct source_origin *origin, const address *who, const uint8_t *path, unsigned nibbles);
    /* What this source's tries do not have, from the origin. *exists as state_get_account's. */
    enum err (*account
    )(struct source_origin *origin, struct account *account, bool *exists, const address *who);
    enum err (*slot
    )(struct source_origin *origin, u256 *value, const address *who, const u256 *key);
    /* Says whose code has this hash, so that it can be asked for. */
    enum err (*name_code
    )(struct source_origin *origin, const hash32 *code_hash, const address *who);
};

/* The first member of every kind. */
struct source {
    enum err (*node)(struct source *source, const hash32 *hash, bytes *encoded);
    enum err (*code)(struct source *source, const hash32 *code_hash, bytes *code);
    struct source_origin *origin; /* NULL: what it does not have is nowhere */
};

/* source_node and source_code find a node's encoding or a contract's code.
 *
 * Out:     borrowed from the source: memory, recorder and witness keep it as long as their arena
 *          (or the caller's list) lives, lmdb until its snapshot is ended or renewed.
 * Returns: ERR_OK
 *          ERR_MISSING  the source does not have it
 *          ERR_CORRUPT  what it has does not hash to the name
 *          ERR_IO       the disk or network failed
 *          ERR_MEMORY   (recorder) no room to note it */
MUST_USE static inline enum err
source_node(struct source *source, const hash32 *hash, bytes *encoded) {
    return source->node(source, hash, encoded);
}

MUST_USE static inline enum err
source_code(struct source *source, const hash32 *code_hash, bytes *code) {
    return source->code(source, code_hash, code);
}

/* A set of byte strings under their hashes, in the order in which they were added. */
struct source_items {
    struct map map; /* hash32 to bytes */
};

/* --- memory --- */

struct source_memory {
    struct source source;
    struct source *base; /* NULL: none */
    struct arena *arena;
    struct source_items nodes;
    struct source_items codes;
};

/* arena and base must outlive the source. To empty it, reset the arena and open it again. */
void source_memory_open(struct source_memory *memory, struct arena *arena, struct source *base);

/* Each copies into the arena, unless this source (not its base) has it. hash must be the hash of
 * the data. ERR_MEMORY leaves the source as it was. */
MUST_USE enum err
source_memory_put_node(struct source_memory *memory, const hash32 *hash, bytes encoded);
MUST_USE enum err
source_memory_put_code(struct source_memory *memory, const hash32 *code_hash, bytes code);

/* What was put, without repetition, in order: what a caller writes to disk after a block. */
uint32_t source_memory_node_count(const struct source_memory *memory);
uint32_t source_memory_code_count(const struct source_memory *memory);
void source_memory_node_at(
    const struct source_memory *memory, uint32_t index, hash32 *hash, bytes *encoded
);
void source_memory_code_at(
    const struct source_memory *memory, uint32_t index, hash32 *code_hash, bytes *code
);

/* --- recorder --- */

struct source_recorder {
    struct source source;
    struct source *base;
    struct arena *arena;
    struct source_items nodes;
    struct source_items codes;
};

/* A recorder sees only what is read through it: a trie or state that is to be recorded must be
 * opened on it afresh, for one opened before has nodes decoded already. */
void source_recorder_open(
    struct source_recorder *recorder, struct arena *arena, struct source *base
);

/* What was read, each item once, in order of first reading; copies, which live as long as the
 * arena. */
uint32_t source_recorder_node_count(const struct source_recorder *recorder);
uint32_t source_recorder_code_count(const struct source_recorder *recorder);
bytes source_recorder_node_at(const struct source_recorder *recorder, uint32_t index);
bytes source_recorder_code_at(const struct source_recorder *recorder, uint32_t index);

/* --- witness --- */

struct source_witness {
    struct source source;
    struct arena *arena;
    struct source_items nodes;
    struct source_items codes;
};

void source_witness_open(struct source_witness *witness, struct arena *arena);

/* Each hashes every item and files it under its own hash, so nothing in a witness is believed;
 * order and repetition do not matter. The data is borrowed and must outlive the witness.
 * ERR_MEMORY: some may have been added. */
MUST_USE enum err
source_witness_add_nodes(struct source_witness *witness, const bytes *nodes, size_t count);
MUST_USE enum err
source_witness_add_codes(struct source_witness *witness, const bytes *codes, size_t count);

/* --- list --- */

/* Byte strings in ascending order of their keccak256, each once. */
struct hashed_list {
    const bytes *items;
    const hash32 *hashes;
    bool *is_read; /* by hashed_list_find */
    size_t count;
    size_t read_count; /* how many of is_read are set */
};

/* hashed_list_open hashes every item; items are borrowed, what it makes of them lies in arena.
 * ERR_INPUT: not in that order, or one twice; ERR_MEMORY. */
MUST_USE enum err
hashed_list_open(struct hashed_list *list, struct arena *arena, const bytes *items, size_t count);

/* hashed_list_share makes a list of the same items whose notes are its own, so that several threads
 * can read them. The first one must outlive it. ERR_MEMORY. */
MUST_USE enum err
hashed_list_share(struct hashed_list *list, struct arena *arena, const struct hashed_list *from);

/* The item with this hash, borrowed. ERR_MISSING. */
MUST_USE enum err hashed_list_find(struct hashed_list *list, const hash32 *hash, bytes *item);

struct source_list {
    struct source source;
    struct source *base; /* is asked for what the lists lack; NULL: nobody is */
    struct hashed_list nodes;
    struct hashed_list codes;
};

/* A source of these two, which the caller has opened; it takes them over. */
void source_list_open(
    struct source_list *list,
    struct source *base,
    const struct hashed_list *nodes,
    const struct hashed_list *codes
);

/* --- several --- */

/* Sources that are asked one after the other until one has it. */
struct source_several {
    struct source source;
    struct source *const *sources; /* borrowed */
    size_t count;
};

void source_several_open(
    struct source_several *several, struct source *const *sources, size_t count
);

#endif
