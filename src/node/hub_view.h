/* node/hub_view.h: what the Hub says of a rollup, read from its storage (contracts/src/interfaces/
 * IHub.sol, struct Rollup; a test compares with Hub.rollup). */
#ifndef NODE_HUB_VIEW_H
#define NODE_HUB_VIEW_H

#include "state/state.h"

struct hub_view {
    hash32 head;
    u256 balance_wei;
    bool is_idle;
    bool has_own_token;
};

/* Errors as state_get_slot's. */
MUST_USE enum err
hub_view_read(struct hub_view *out, struct state *state, const address *hub, uint64_t rollup_id);

#endif
