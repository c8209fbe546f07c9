/* node/audit.h: whether what is kept of a network is what it says it is: read and computed anew,
 * without changing anything (`lockstep check`).
 *
 * That the files are as they were written is known once they are open (state/database.h); here it
 * is whether the right things were written. Headers link, bodies and receipts have the roots that
 * the headers name, the indexes lead to every block and transaction and to nothing else, every node
 * and code of the newest state is there, and the Hub has the heads that the rollups have. */
#ifndef NODE_AUDIT_H
#define NODE_AUDIT_H

#include "node/network.h"

/* What a chain was found to have. */
struct audit {
    uint64_t block_count;
    uint64_t tx_count;
    uint64_t account_count; /* of the newest state */
    uint64_t slot_count;
    uint64_t code_count;
    uint64_t unsafe_count; /* a rollup's blocks above the one that L1 has */
    bool is_ahead;         /* it knows more than L1, as after a crash; the next start sees to it */
};

/* audit_chain looks at one chain; L1 must be open too. has_state is false of an L1 that is a fork
 * (node/forked_start.h): its state is the remote's, and neither it nor the Hub in it is looked at.
 * Returns ERR_CORRUPT, and the store's errors;
 * error then has a sentence with chain, block and what is wrong. */
MUST_USE enum err audit_chain(
    struct node_chain *chain, struct audit *audit, char error[NODE_ERROR_SIZE], bool has_state
);

#endif
