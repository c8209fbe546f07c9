/* node/trace_frames.h: the frames of an execution as JSON (docs/trace.md), written while it runs.
 *
 * A frame's object is begun when it is entered and ended when it is left; what it calls stands in
 * between. So nothing is kept but one bit a level, however much data the frames carry. */
#ifndef NODE_TRACE_FRAMES_H
#define NODE_TRACE_FRAMES_H

#include "evm/evm.h"
#include "rpc/json_writer.h"

#define TRACE_FRAMES_DEPTH_MAX (2 * EVM_DEPTH_MAX)

struct trace_frames {
    struct json_writer *out;
    const char *chain;
    uint64_t chain_id;
    uint64_t skip; /* outermost frames to pass over before the one wanted */
    bool is_wanted;
    bool is_done;
    uint32_t depth; /* frames open now */
    bool has_calls[TRACE_FRAMES_DEPTH_MAX];
    enum evm_kind kinds[TRACE_FRAMES_DEPTH_MAX];
    uint64_t gas[TRACE_FRAMES_DEPTH_MAX];
};

/* trace_frames_open prepares for the outermost frame number `skip` of what runs next. */
void trace_frames_open(
    struct trace_frames *frames,
    struct json_writer *out,
    const char *chain,
    uint64_t chain_id,
    uint64_t skip
);

/* The tracer writes exactly one value to out, if the frame comes. */
struct evm_tracer trace_frames_tracer(struct trace_frames *frames);

#endif
