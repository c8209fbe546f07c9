/* node/sidecar.h: blob transactions as they are sent: with their blobs, commitments and proofs beside
 * them (EIP-4844, "Networking"; EIP-7594 with cell proofs). The chain has only the transaction; the
 * blobs are checked and then given up, since nobody asks a development network for them. */
#ifndef NODE_SIDECAR_H
#define NODE_SIDECAR_H

#include "chain/tx.h"
#include "core/arena.h"

/* X(name, text) */
#define SIDECAR_VERDICT_LIST(X)                                                    \
    X(OK, "ok")                                                                    \
    X(MALFORMED, "rlp: malformed blob transaction sidecar")                        \
    X(VERSION, "unexpected blob sidecar version")                                  \
    X(COUNT, "number of blobs, commitments and proofs does not match blob hashes") \
    X(HASH, "a commitment does not match its blob hash")                           \
    X(PROOF, "invalid blob proof")

enum sidecar_verdict {
#define SIDECAR_VERDICT_ENUM(name, text) SIDECAR_##name,
    SIDECAR_VERDICT_LIST(SIDECAR_VERDICT_ENUM)
#undef SIDECAR_VERDICT_ENUM
};

const char *sidecar_verdict_text(enum sidecar_verdict verdict);

/* sidecar_is_present: the first item of the list is a list itself, which no bare transaction has. */
bool sidecar_is_present(bytes encoded);

/* sidecar_strip gives the transaction without what is beside it.
 *
 * Out:     bare     its encoding as blocks have it, in arena.
 *          rest     what sidecar_check looks at; borrowed from encoded.
 * Returns: ERR_INPUT: malformed. ERR_MEMORY. */
MUST_USE enum err sidecar_strip(bytes *bare, bytes *rest, struct arena *arena, bytes encoded);

/* sidecar_check compares blobs, commitments and proofs with the transaction's hashes.
 * has_cell_proofs: from Osaka on (EIP-7594). ERR_MEMORY, ERR_UNSUPPORTED. */
MUST_USE enum err sidecar_check(
    enum sidecar_verdict *verdict,
    struct arena *arena,
    const struct tx *tx,
    bytes rest,
    bool has_cell_proofs
);

#endif
