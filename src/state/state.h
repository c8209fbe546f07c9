/* state/state.h: the world state at a root: accounts, their storage, their code.
 *
 * One struct state keeps the account trie and every storage trie it has touched open, in one pool
 * (state/trie.h), and moves from root to root as blocks are applied. Reading an older or newer root
 * at the same time is another struct state over its own source and arena; they share nothing.
 *
 * Growth: see trie.h. Between blocks, when arena->used_size is too large, reset the arena and call
 * state_open again at the same root.
 *
 * Forks: a source's origin (state/source.h) is asked for what the tries do not have. With proofs
 * the tries are the remote's own, read as far as needed, and roots are exact; but a deletion may
 * need a node that nobody can name. Without proofs the tries hold what has changed since the fork,
 * and nothing else. What is deleted can in both cases be a tombstone, which reads as absent: a slot
 * whose value is zero, an account without anything (docs/decisions/010-forking.md).
 *
 * Values read here are those of the root, never of an execution in progress: that is the journal's
 * business. A flat cache of the newest state would sit behind state_get_account and state_get_slot,
 * and be told of changes by state_apply; nothing in this interface needs to change for it. */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "state/trie.h"

struct state {
    struct arena *arena;
    struct source *source;
    hash32 root;
    hash32 wanted; /* after ERR_MISSING: the node or code that the source lacks */
    struct trie_pool pool;
    struct trie accounts;
    struct map addresses; /* address to its hash and open storage trie */
    struct map keys;      /* slot key to its hash */
    uint8_t *scratch;     /* of state_apply, kept for the next */
    size_t scratch_size;
};

/* arena and source must outlive the state. Nothing is read or allocated yet. */
MUST_USE enum err
state_open(struct state *state, struct arena *arena, struct source *source, const hash32 *root);

/* state_move goes to another root of the same source; what is decoded is given up. */
MUST_USE enum err state_move(struct state *state, const hash32 *root);

/* The three reads. All may return ERR_MISSING (state->wanted is set), ERR_CORRUPT, ERR_IO,
 * ERR_MEMORY; outputs are then untouched.
 *
 * state_get_account: *account is account_none() where *exists is false.
 * state_get_slot: zero for what was never written, and where there is no account.
 * state_get_code: borrowed as source_code says; KECCAK_EMPTY gives no bytes and asks nobody. */
MUST_USE enum err
state_get_account(struct state *state, const address *who, struct account *account, bool *exists);
MUST_USE enum err
state_get_slot(struct state *state, const address *who, const u256 *key, u256 *value);
MUST_USE enum err state_get_code(struct state *state, const hash32 *code_hash, bytes *code);

struct state_slot {
    u256 key;
    u256 value; /* zero deletes */
};

/* What a block (or a transaction, or a genesis) made of one account: its new values, whole. */
struct state_change {
    address address;
    bool exists;        /* false: the account is removed with its storage; the rest is not read */
    bool storage_wiped; /* storage was cleared before slots were written */
    uint64_t nonce;
    u256 balance;
    hash32 code_hash;
    bytes code; /* put in the sink if it has any bytes; empty: the code is known or there is none */
    const struct state_slot *slots;
    size_t slot_count;
};

/* state_apply applies count changes, each address once and in it each slot once, in any order.
 *
 * Out:     root  the new state root; the state goes on there.
 *          sink  gets every new node and code, the state's source must find them there from now on:
 *                it is the state's source, or what the caller writes to the database below it.
 * Returns: ERR_MISSING, ERR_CORRUPT, ERR_IO, ERR_MEMORY: the state is at the root it was at, and
 *          sink may hold some nodes that nothing refers to. */
MUST_USE enum err state_apply(
    struct state *state,
    hash32 *root,
    struct source_memory *sink,
    const struct state_change *changes,
    size_t count
);

#endif
