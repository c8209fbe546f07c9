/* backend/debug_trace.h: debug_trace…: a block's transactions or a call, run once more under a
 * tracer (rpc/tracer.h).
 *
 * A block of L1 is run alone: the Hub finds the entries of calls across chains in its storage, as
 * when it was built. Only callTracer, which shows the frames on the other chains too, has the block
 * run with all its chains where it has a batch. A rollup's slot block always is. */
#ifndef BACKEND_DEBUG_TRACE_H
#define BACKEND_DEBUG_TRACE_H

#include "backend/time_limit.h"
#include "rpc/debug.h"
#include "world/trace.h"

struct node_chain;

enum rpc_status debug_trace(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_trace *trace
);

/* --- within the node -------------------------------------------------------------------------- */

/* Which transactions of a block, and where their traces go. */
struct debug_job {
    struct node_chain *chain;
    struct rpc_request *request;
    struct arena *arena; /* working memory */
    struct json_writer *out;
    const struct tracer_options *options;
    const struct chain_block *block;
    bool is_whole;
    size_t index;             /* not is_whole: of the one */
    struct time_limit *limit; /* of one transaction */
};

/* The time of a transaction begins. */
void debug_begin_time(const struct debug_job *job);

/* Whether the transaction at this index is wanted. */
static inline bool debug_wants(const struct debug_job *job, size_t index) {
    return job->is_whole || job->index == index;
}

/* Writes what stands around one trace of a whole block. */
void debug_begin_item(const struct debug_job *job, struct json_writer *out, size_t index);
void debug_end_item(const struct debug_job *job, struct json_writer *out);

/* The failure of a trace as the request's error. */
enum rpc_status debug_fail(struct rpc_request *request, enum err err);

/* debug_rollup traces transactions of a rollup's block (debug_rollup.c). */
enum rpc_status debug_rollup(const struct debug_job *job);

/* Whether a tracer shows the frames on other chains. */
bool debug_shows_chains(const struct tracer_options *options);

/* A transaction's tree over several chains, and what its receipt says. */
struct debug_tree {
    const struct node_chain *chain; /* the transaction's */
    const struct world_frame *root; /* may be NULL: there is none */
    uint64_t gas_limit;
    uint64_t gas_used;
    uint64_t log_index; /* of its first log in the block */
    bool has_logs;      /* are wanted, and recorded */
};

/* debug_write_tree writes it as callTracer does. *is_written is false, and nothing is written, if
 * the transaction has to do with one chain only. ERR_MEMORY. */
MUST_USE enum err debug_write_tree(
    bool *is_written, struct json_writer *out, struct arena *arena, const struct debug_tree *tree
);

#endif
