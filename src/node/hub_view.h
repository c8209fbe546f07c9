/* node/hub_view.h: what the Hub says of a rollup, read from its storage (contracts/src/interfaces/
 * IHub.sol, struct Rollup; a test compares with Hub.rollup). */
#ifndef NODE_HUB_VIEW_H
#define NODE_HUB_VIEW_H

#include "state/state.h"

struct hub_view {
    hash32 head;
    uint64_t anchor_number; /* of its last update; 0 before the first */
    u256 balance_wei;
    bool has_own_token;
};

/* Errors as state_get_slot's. */
MUST_USE enum err
hub_view_read(struct hub_view *out, struct state *state, const address *hub, uint64_t rollup_id);

/* A rollup's head as Hub.isRoot takes it: also when it has moved on, until its chain of roots has
 * taken another (ROOT_CHAINS batches later). */
struct hub_root {
    hash32 root;
    uint64_t index; /* that it has or will have */
    hash32 before;
};
MUST_USE enum err hub_view_newest_root(
    struct hub_root *out, struct state *state, const address *hub, uint64_t rollup_id
);

struct node_chain;

/* How many transactions of a rollup were forced, and how many of them are in batches. */
struct hub_queue {
    uint64_t length;
    uint64_t taken;
};
MUST_USE enum err
hub_view_queue(struct hub_queue *out, struct state *state, const address *hub, uint64_t rollup_id);

/* One that was. */
struct hub_forced {
    hash32 hash;     /* of all up to it: update_forced_hash */
    uint64_t queued; /* block of this chain in which it was forced */
};
MUST_USE enum err hub_view_forced(
    struct hub_forced *out,
    struct state *state,
    const address *hub,
    uint64_t rollup_id,
    uint64_t index
);

/* node_hub_view reads what the newest block of its parent has for a rollup. */
MUST_USE enum err node_hub_view(struct hub_view *out, const struct node_chain *rollup);

/* hub_view_move gives the slots to write so that the Hub has another head for a rollup, the one
 * before recorded as one of its roots, and so much more ether of it. slots has room for
 * HUB_VIEW_CHANGES_MAX. */
#define HUB_VIEW_CHANGES_MAX 4
MUST_USE enum err hub_view_move(
    struct state_slot *slots,
    size_t *count,
    struct state *state,
    const address *hub,
    uint64_t rollup_id,
    const hash32 *head,
    const u256 *more_wei
);

#endif
