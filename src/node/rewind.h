/* node/rewind.h: taking the whole network back: evm_revert, anvil_reset, anvil_rollback.
 *
 * Each chain keeps its blocks up to a number; the last one kept gets the header that it had (its
 * state may have been amended since, node/amend.h). Clients' filters are told what is removed. With
 * a data directory the intention is written first, so that a crash in the middle leaves no chain
 * ahead of the others: rewind_recover goes on with it. */
#ifndef NODE_REWIND_H
#define NODE_REWIND_H

#include "chain/header.h"
#include "core/arena.h"
#include "core/err.h"
#include "state/database.h"

struct node;

/* Where one chain stands, or is to stand. */
struct rewind_point {
    struct header header; /* of the newest block */
    uint64_t safe_number; /* a rollup's newest block that is on L1 */
};

/* rewind_capture describes all chains as they are; points has node->chain_count of them. Errors as
 * the store's. */
MUST_USE enum err rewind_capture(struct rewind_point *points, struct node *node);

/* rewind_to takes every chain back to its point, none of which is above its head. Must not run in
 * the middle of a request. On error the network must stop: some chains may be at their points. */
MUST_USE enum err
rewind_to(struct node *node, char error[DATABASE_ERROR_SIZE], const struct rewind_point *points);

/* rewind_by says where the network stands when a chain's newest `depth` blocks are gone. Rollups go
 * back with L1; a rollup alone no further than L1 knows it. keeps_unsafe: rollups that no removed
 * block had anything of stay where they are. ERR_INPUT: it cannot be. */
struct node_chain;
MUST_USE enum err rewind_by(
    struct rewind_point *points,
    struct node_chain *chain,
    char error[DATABASE_ERROR_SIZE],
    uint64_t depth,
    bool keeps_unsafe
);

/* rewind_recover finishes what a crash has interrupted. */
MUST_USE enum err rewind_recover(struct node *node, char error[DATABASE_ERROR_SIZE]);

/* The point that the network began with (anvil_reset): kept in L1's store by rewind_mark_start.
 * rewind_start gives ERR_MISSING if none is known. */
MUST_USE enum err rewind_mark_start(struct node *node, char error[DATABASE_ERROR_SIZE]);
MUST_USE enum err rewind_start(struct rewind_point *points, struct node *node);

#endif
