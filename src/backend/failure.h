/* backend/failure.h: why a call across chains failed: which contract on which chain, and whether
 * the contract itself refused or the call never got there.
 *
 * A contract can revert with any data, that of the Hub's errors too; so it is not the data that
 * tells, but the frame in which the error arose. */
#ifndef BACKEND_FAILURE_H
#define BACKEND_FAILURE_H

#include "node/network.h"
#include "rollup/fact.h"
#include "rpc/json_writer.h"
#include "world/trace.h"

enum failure_kind {
    FAILURE_NO_ENTRY,  /* the table has no entry for the call: it did not run on the other chain */
    FAILURE_HUB,       /* the Hub or the L2Hub refused it for another reason */
    FAILURE_REVERTED,  /* the contract reverted */
    FAILURE_HALTED,    /* the contract ran out of gas, or did what there is no way to do */
    FAILURE_REFUSED,   /* the transaction cannot even begin: nonce, funds, fees */
    FAILURE_NOT_BUILT, /* no block can be made with it */
};

struct failure {
    enum failure_kind kind;
    size_t chain; /* index in node->chains; of the contract, if there is one */
    bool has_contract;
    address contract; /* whose error it is; FAILURE_NO_ENTRY: the one that was called */
    const char *reason;
    bytes data; /* revert data */
};

/* failure_of_frame finds where the error of a failed frame arose. missing: the last call that had
 * no fact, or NULL. The reason lies in arena. ERR_MEMORY. */
MUST_USE enum err failure_of_frame(
    struct failure *failure,
    struct arena *arena,
    const struct node *node,
    const struct world_frame *root,
    const struct fact *missing
);

/* failure_of_missing: the block could not be made because a rollup has no such step. The contract
 * is the one that was called, if it was a call. parent: on which rollup's Hub; 0: on L1's. */
void failure_of_missing(
    struct failure *failure, const struct node *node, uint64_t parent, const struct fact *missing
);

void failure_write(struct json_writer *out, const struct node *node, const struct failure *failure);

#endif
