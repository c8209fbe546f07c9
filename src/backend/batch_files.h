/* backend/batch_files.h: the files of a posted batch (docs/batch-files.md), made again from what
 * the node has: the rollups are followed through the block of their parent up to the batch, and a
 * verifier that reads their states says what it needed. */
#ifndef BACKEND_BATCH_FILES_H
#define BACKEND_BATCH_FILES_H

#include "rpc/backend.h"

struct node_chain;

/* Writes an array of { batch, witness, isImpersonated }, one for each batch of the transaction. */
enum rpc_status batch_files(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const hash32 *tx_hash
);

#endif
