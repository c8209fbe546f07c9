/* chain/commit.h: from the journal's changes to the state's root. */
#ifndef CHAIN_COMMIT_H
#define CHAIN_COMMIT_H

#include "core/arena.h"
#include "evm/journal.h"

struct state;

/* journal_commit applies everything that has changed since the journal was opened to the state, which
 * still is what the journal was filled from. Afterwards the state is the new one and the journal
 * still holds its values; it must be opened anew before it is committed again.
 * Working memory comes from scratch and is released. ERR_MEMORY, and what the state says. */
MUST_USE enum err
journal_commit(hash32 *root, struct journal *journal, struct state *state, struct arena *scratch);

#endif
