/* node/replay.h: a block that is there, run again up to one of its transactions, to see what that one
 * did. Nothing changes. */
#ifndef NODE_REPLAY_H
#define NODE_REPLAY_H

#include "node/chain.h"

/* replay_transaction writes the outermost frame of the transaction as one JSON value (docs/trace.md).
 * ERR_CORRUPT: the block does not come out as it is stored. */
MUST_USE enum err replay_transaction(
    struct node_chain *chain,
    struct json_writer *writer,
    const struct chain_block *block,
    size_t index
);

#endif
