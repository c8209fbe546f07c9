/* node/amend.h: changing a chain's newest state from outside: anvil_setBalance and its kin
 * (docs/decisions/007-development-state.md).
 *
 * The newest block gets the state root of the changed state, and so another hash; its number,
 * transactions and receipts stay. For a rollup, whose head the Hub on L1 has: its unsafe blocks are
 * posted first, so that its newest block is the one at the head; then block and head move together,
 * and the Hub is lent the ether that has come out of nothing. */
#ifndef NODE_AMEND_H
#define NODE_AMEND_H

#include "node/network.h"

/* What to change of one account; the rest stays. */
struct amendment {
    address who;
    bool has_balance, has_nonce, has_code, has_slot;
    u256 balance;
    uint64_t nonce;
    bytes code;
    u256 key;
    u256 value;
};

/* amend changes accounts one after the other. Must not run in the middle of a request.
 * error is set when it fails: ERR_INPUT (what is asked for cannot be), and what the stores say. */
MUST_USE enum err amend(
    struct node_chain *chain,
    char error[NODE_ERROR_SIZE],
    const struct amendment *amendments,
    size_t count
);

/* amend_follow gives what the amendments kept have made of a head. */
MUST_USE enum err amend_follow(struct node_chain *rollup, hash32 *head);

/* amend_recover finishes what a crash has interrupted: the rollup was amended, the Hub does not
 * know. Gives in *head the head that the Hub has then. */
MUST_USE enum err
amend_recover(struct node_chain *rollup, char error[NODE_ERROR_SIZE], hash32 *head);

#endif
