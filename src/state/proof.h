/* state/proof.h: Merkle proofs of accounts and slots (EIP-1186), made and checked.
 *
 * A proof of a key is the list of nodes from the root towards it, as they are hashed; nodes shorter
 * than 32 bytes are inside their parents and not listed. The same list proves presence, or absence
 * when it ends where the key would have gone on. The empty trie proves absence with no nodes. */
#ifndef STATE_PROOF_H
#define STATE_PROOF_H

#include "state/account.h"
#include "state/source.h"

#define PROOF_NODES_MAX 65

struct proof {
    bytes nodes[PROOF_NODES_MAX]; /* root first; copies in the arena given to proof_make */
    size_t count;
    bytes value; /* what is stored, within the last node; empty if absent */
};

/* proof_make reads the path of key (already hashed where the trie is secure) from the source.
 * ERR_MISSING (*wanted, may be NULL, names the node), ERR_CORRUPT, ERR_IO, ERR_MEMORY. */
MUST_USE enum err proof_make(
    struct proof *proof,
    struct source *source,
    const hash32 *root,
    bytes key,
    struct arena *arena,
    hash32 *wanted
);

#define PROOF_VERDICT_LIST(X)                                                    \
    X(PRESENT, "the key is in the trie")                                         \
    X(ABSENT, "the key is not in the trie")                                      \
    X(WRONG_ROOT, "the first node does not hash to the root")                    \
    X(WRONG_HASH, "a node does not hash to the reference in the node before it") \
    X(MALFORMED, "a node is not the canonical encoding of a trie node")          \
    X(TOO_SHORT, "the path goes on after the last node")                         \
    X(TOO_LONG, "there are nodes after the end of the path")                     \
    X(WRONG_VALUE, "the value found is not of the expected kind")

enum proof_verdict {
#define PROOF_VERDICT_ENUM(name, text) PROOF_##name,
    PROOF_VERDICT_LIST(PROOF_VERDICT_ENUM)
#undef PROOF_VERDICT_ENUM
};

/* One sentence for a person; static storage. */
const char *proof_verdict_text(enum proof_verdict verdict);

/* proof_verify checks nodes against a root. PRESENT sets *value (borrowed from nodes), ABSENT makes
 * it empty; every other verdict refuses and leaves it. *bad_index (may be NULL) is then the index
 * of the node at fault. */
enum proof_verdict proof_verify(
    bytes *value, size_t *bad_index, const hash32 *root, bytes key, const bytes *nodes, size_t count
);

/* The same with hashed keys and decoded values. ABSENT gives account_none() or zero. */
enum proof_verdict proof_verify_account(
    struct account *account,
    const hash32 *state_root,
    const address *who,
    const bytes *nodes,
    size_t count
);
enum proof_verdict proof_verify_slot(
    u256 *value, const hash32 *storage_root, const u256 *key, const bytes *nodes, size_t count
);

#endif
