/* chain/commit.h: from the journal's changes to the state's root. */
#ifndef CHAIN_COMMIT_H
#define CHAIN_COMMIT_H

#include "core/arena.h"
#include "evm/journal.h"

struct state;
struct source_memory;

/* journal_commit applies what has changed since the journal was opened (or last committed) to the
 * state, which then is the new one; the journal goes on from there.
 *
 * Out:     root   the new state root.
 *          sink   gets the new nodes and codes (state_apply).
 * In:      scratch  working memory, released before return; if it is the arena of the state or of
 *          the
 *                   sink, it stays until that is reset.
 * Returns: ERR_MEMORY, and what state_apply says; state and journal are then as they were. */
MUST_USE enum err journal_commit(
    hash32 *root,
    struct journal *journal,
    struct state *state,
    struct source_memory *sink,
    struct arena *scratch
);

#endif
