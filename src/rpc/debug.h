/* rpc/debug.h: what debug_trace… asks of a chain. */
#ifndef RPC_DEBUG_H
#define RPC_DEBUG_H

#include "rpc/backend.h"
#include "rpc/tracer.h"

enum rpc_trace_kind {
    RPC_TRACE_TRANSACTION, /* the one with this hash: its trace */
    RPC_TRACE_BLOCK,       /* of the chain: [{txHash, result}, …] */
    RPC_TRACE_RAW_BLOCK,   /* decoded from RLP, on top of its parent: the same */
    RPC_TRACE_CALL,        /* a transaction that nobody sent */
};

struct rpc_trace {
    enum rpc_trace_kind kind;
    const struct tracer_options *options;
    hash32 hash;
    struct rpc_block_id block;
    bytes encoded;
    const struct rpc_simulation *simulation;
    bool has_tx_index; /* the call comes before the transaction at this index of its block */
    uint64_t tx_index;
};

#endif
