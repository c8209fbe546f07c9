/* node/snapshot.h: evm_snapshot and evm_revert: the whole network at one moment: every chain's
 * newest block and state, the pools, the time, and what was set for the blocks to come. */
#ifndef NODE_SNAPSHOT_H
#define NODE_SNAPSHOT_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct snapshot;

#define SNAPSHOT_MAX 4096 /* a further one takes the place of the oldest */

/* Zeroed: none. */
struct snapshots {
    struct snapshot **items; /* in order of their ids; owned */
    size_t count;
    size_t capacity;
    uint64_t last_id;
};

void snapshots_close(struct snapshots *snapshots);

/* snapshot_take returns the id, from 0 on. ERR_MEMORY, and as the stores. */
MUST_USE enum err snapshot_take(uint64_t *id, struct node *node);

/* snapshot_revert goes back to a snapshot and forgets it and the later ones. *is_found: there is
 * one with that id. Must not run in the middle of a request. Errors as rewind_to's. */
MUST_USE enum err snapshot_revert(struct node *node, bool *is_found, char *error, uint64_t id);

/* snapshots_forget forgets what lies above the chains' heads: they went back in another way. */
void snapshots_forget(struct node *node);

#endif
