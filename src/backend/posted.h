/* backend/posted.h: the batches that a block of a parent has, and the execution table they filled:
 * the block is run again, which shows batches wherever they were posted (by the builder's
 * transaction, or in the middle of somebody's own) and which entries were used, static calls
 * included. */
#ifndef BACKEND_POSTED_H
#define BACKEND_POSTED_H

#include "rpc/backend.h"

struct node_chain;

/* Writes an array of batches, or null if there is no such block or transaction. */
enum rpc_status posted_batches(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_block_id *where
);

/* Writes an array of entries with their keys and who used them, or null. */
enum rpc_status posted_entries(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_block_id *where
);

#endif
