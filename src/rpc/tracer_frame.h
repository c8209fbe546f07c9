/* rpc/tracer_frame.h: the calls of a transaction as a tree, as callTracer and its kin show them. */
#ifndef RPC_TRACER_FRAME_H
#define RPC_TRACER_FRAME_H

#include "core/arena.h"
#include "evm/evm.h"
#include "rpc/halt.h"
#include "rpc/json_writer.h"

#define TRACER_LOG_NO_INDEX UINT64_MAX

struct tracer_log {
    struct tracer_log *next;
    address address;
    uint32_t topic_count;
    hash32 topics[JOURNAL_TOPICS_MAX];
    bytes data;
    uint64_t index;    /* in the block, or TRACER_LOG_NO_INDEX */
    uint32_t position; /* calls of its frame before it */
};

struct tracer_frame {
    struct tracer_frame *parent;
    struct tracer_frame *first; /* call, in order */
    struct tracer_frame *last;
    struct tracer_frame *next;
    uint32_t call_count;
    uint32_t depth; /* of its message */
    uint8_t opcode; /* CALL, …, CREATE2, SELFDESTRUCT */
    bool has_to;
    bool has_value;
    bool is_undone; /* it or a frame above it failed; set when all is over */
    address from;
    address to;
    u256 value;
    uint64_t gas;
    uint64_t gas_used;
    bytes input;
    bytes output;
    enum evm_outcome outcome;
    const char *error; /* NULL: none */
    struct tracer_log *first_log;
    struct tracer_log *last_log;

    /* Of a call across chains. */
    bool has_chain_id;
    uint64_t chain_id;
    const char *chain_name; /* may be NULL */

    void *extra; /* its tracer's own */
};

/* "CALL", … "SELFDESTRUCT". */
const char *tracer_frame_type(const struct tracer_frame *frame);

/* tracer_frame_new makes the frame of a message below parent (may be NULL) and appends it there.
 * NULL: no memory. */
struct tracer_frame *tracer_frame_new(
    struct arena *arena, struct tracer_frame *parent, const struct evm_message *message
);

struct tracer_frame *tracer_frame_new_selfdestruct(
    struct arena *arena,
    struct tracer_frame *parent,
    const address *contract,
    const address *beneficiary,
    const u256 *balance
);

/* tracer_frame_end fills in how it ended. step is the newest of its frame, or NULL. ERR_MEMORY. */
MUST_USE enum err tracer_frame_end(
    struct tracer_frame *frame,
    struct arena *arena,
    const struct evm_result *result,
    const struct halt_step *step
);

/* The next frame in preorder below root, or NULL. */
struct tracer_frame *
tracer_frame_next(const struct tracer_frame *frame, const struct tracer_frame *root);

/* tracer_frame_walk writes each frame of the tree as an object with what members writes, and the
 * frames below it as "calls". */
typedef void
tracer_frame_members(void *context, struct json_writer *out, const struct tracer_frame *frame);
void tracer_frame_walk(
    struct json_writer *out,
    const struct tracer_frame *root,
    tracer_frame_members *members,
    void *context
);

/* tracer_frame_write writes the tree as callTracer does; with chain ids where they are set. more
 * (may be NULL) adds members to a frame. */
typedef void tracer_frame_writer(struct json_writer *out, const struct tracer_frame *frame);
void tracer_frame_write(
    struct json_writer *out, const struct tracer_frame *root, tracer_frame_writer *more
);

/* The revert's text, if its data has one of Solidity's forms. It lies in output or in panic. */
bool tracer_frame_revert_reason(bytes *text, char panic[128], bytes output);

#endif
