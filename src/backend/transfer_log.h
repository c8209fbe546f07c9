/* backend/transfer_log.h: a tracer that gathers a transaction's logs as they arise, those of frames
 * that fail undone, and on demand one for each movement of ether, in the form of a token's transfer
 * from the address of ERC-7528, in its place among the others. */
#ifndef BACKEND_TRANSFER_LOG_H
#define BACKEND_TRANSFER_LOG_H

#include "evm/evm.h"
#include "rpc/halt.h"
#include "rpc/simulate.h"

struct transfer_log {
    struct arena *arena;
    bool has_transfers;
    bool has_failed; /* no memory: the logs are not whole */
    uint64_t index;  /* of the next log in the block; undone ones keep theirs */

    struct rpc_simulated_log *logs; /* of the current transaction, in the arena */
    size_t count;
    size_t capacity;
    size_t starts[EVM_DEPTH_MAX + 2]; /* of the open frames */
    size_t depth;

    struct halt_step step; /* with steps: the outermost frame's last */
    struct evm_tracer halt;
};

/* transfer_log_open begins a block. with_steps: steps are traced too, which is slower, for
 * halt_text. */
void transfer_log_open(
    struct transfer_log *log, struct arena *arena, bool has_transfers, bool with_steps
);

/* The callbacks; valid as long as the log stays where it is. */
struct evm_tracer transfer_log_tracer(struct transfer_log *log);

/* transfer_log_begin begins a transaction; what was gathered before stays with whoever has it. */
void transfer_log_begin(struct transfer_log *log);

#endif
