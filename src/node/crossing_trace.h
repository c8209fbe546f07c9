/* node/crossing_trace.h: lockstep_traceTransaction: a block is run again with all its chains, and
 * the frames of one transaction are written as docs/trace.md says. */
#ifndef NODE_CROSSING_TRACE_H
#define NODE_CROSSING_TRACE_H

#include "rpc/backend.h"

struct node_chain;

/* Writes null if the chain has no such transaction. */
enum rpc_status crossing_trace(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const hash32 *hash
);

#endif
