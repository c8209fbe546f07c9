/* backend/crossing_trace.h: lockstep_traceTransaction: a block is run again with all its chains,
 * and the frames of one transaction are written as docs/trace.md says. */
#ifndef BACKEND_CROSSING_TRACE_H
#define BACKEND_CROSSING_TRACE_H

#include "chain/block.h"
#include "rpc/backend.h"
#include "world/trace.h"

struct chain_block;
struct node_chain;

/* A block run again, with all the chains it had to do with. */
struct crossing_replay {
    struct node_chain *chain;
    struct arena *arena; /* for everything */
    uint64_t number;     /* of the block */
    /* Before anything runs; may be NULL. The trace's tracers may be changed. */
    void (*on_open)(void *context, struct world_trace *trace);
    void *context;
    const struct evm_watch *watch; /* may be NULL; then ERR_TIMEOUT can be the end of it */

    /* After it. */
    const struct chain_block *block;
    struct world_trace trace;
};

/* ERR_CORRUPT: it does not come out as it is stored. */
MUST_USE enum err crossing_replay(struct crossing_replay *replay);

/* The outermost frame of a transaction of the block; NULL if it did not run. */
struct world_frame *crossing_replay_frame(const struct crossing_replay *replay, size_t index);

/* What the maker of a block with this header chose. */
struct block_attributes crossing_attributes_of(const struct header *header);

/* Writes null if the chain has no such transaction. */
enum rpc_status crossing_trace(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const hash32 *hash
);

#endif
