/* rollup/evm_rollup_private.h: the inside of a machine of the EVM rollup. */
#ifndef ROLLUP_EVM_ROLLUP_PRIVATE_H
#define ROLLUP_EVM_ROLLUP_PRIVATE_H

#include "rollup/evm_rollup.h"
#include "rollup/payload.h"
#include "state/state.h"

/* A call that came in and is not answered; the list runs from the innermost outwards. */
struct in_call {
    const struct in_call *outer;
    struct rollup_machine *before; /* where a failed or static call returns to */
    uint64_t from;                 /* chain that the answer goes to, 0 the parent */
    u256 value_wei;
    uint64_t gas;
    bool is_static;
};

/* A call that went out and is not answered. */
struct out_call {
    const struct out_call *outer;
    struct action action;
    uint64_t gas_available;        /* of the XCALL frame after its entry cost */
    const struct in_call *in_call; /* innermost call in progress when it went out */
    uint64_t frame;                /* number of the frame that made it */
};

/* A call to another chain that the transaction has made. A frame's own and those made below it are
 * the ones since it was entered, and those of frames with its number or a higher one. */
struct call_mark {
    const struct call_mark *older;
    uint64_t frame;                    /* number of the frame that made it or waited for it */
    const struct derived_entry *entry; /* in which it was made */
    bool is_to_parent;                 /* by the frame or by whom it waited for */
    uint32_t line;                     /* else: its line in the entry's trace */
    uint32_t tx;                       /* which transaction of that entry, as run->tx_number */
    hash32 pre;                        /* this rollup's head before that entry */
};

/* A REVERT of this rollup. */
struct evm_revert {
    struct rollup_revert base;
    enum evm_outcome outcome;
    uint64_t gas_left;
    bytes output;
};

/* A failure to repeat in the transaction that runs. */
struct evm_replay {
    struct evm_frame_failure failure;
    struct rollup_replay *replay;
};

/* A block being executed. */
struct block_run {
    struct journal journal;
    struct state state;
    struct block_context context;
    struct execution execution;
    bool is_executing;

    /* The transaction being executed. */
    struct tx tx;
    address sender;
    bytes tx_encoded;

    /* An L2TX: where in its payload we are. */
    const struct rollup_update *update;
    bool has_slot_block; /* the payload's last block is the slot block */
    bool scratch_done;
    struct payload payload;
    size_t block_index;
    size_t tx_index;

    uint64_t gas_limit;    /* System.blockGasLimit */
    uint64_t max_call_gas; /* System.maxCallGas */
    const struct in_call *in_call;
    const struct out_call *out_call;
    bool last_result_failed;           /* the newest answer to an out-call was a failure */
    const struct call_mark *marks;     /* of the transaction, the newest first */
    const struct derived_entry *entry; /* that the machine went on in last */
    uint32_t tx_number; /* of the transaction in that entry: 0 if it ran already, else from 1 */
};

struct evm_machine {
    struct rollup_machine base;
    hash32 root;           /* what the block being executed began from; idle: the head */
    struct block_run *run; /* NULL while idle */
};

static inline struct evm_rollup *evm_rollup_of(struct rollup *rollup) {
    return (struct evm_rollup *)rollup;
}

/* Tells whoever watches the rollup's transactions of run->tx_encoded. */
static inline void block_run_tell(
    const struct evm_rollup *rollup, const struct block_run *run, enum rollup_tx_moment moment
) {
    if (rollup->base.on_tx == NULL) return;
    rollup->base.on_tx(rollup->base.on_tx_context, moment, run->tx_encoded, &run->execution);
}

/* --- evm_rollup_block.c: blocks and what the system writes into them -------------------------- */

/* Opens the journal and context for the machine's open block on the state at machine->root. */
MUST_USE enum err block_run_open(struct evm_rollup *rollup, struct evm_machine *machine);

/* Loads an account into the run's journal. */
MUST_USE enum err
block_run_load_account(struct block_run *run, struct journal_account **account, const address *who);

/* Reads and writes a slot of the System predeploy, outside of any transaction. */
MUST_USE enum err block_run_read_system(struct block_run *run, u256 *value, uint64_t slot);
MUST_USE enum err block_run_write_system(struct block_run *run, uint64_t slot, const u256 *value);

/* Who makes a call here that comes from source on the chain rollup_id: its proxy, whose code is put
 * in place; or source itself, if that is this rollup. Mints value to it. */
MUST_USE enum err block_run_prepare_source(
    struct evm_rollup *rollup,
    struct block_run *run,
    address *caller,
    uint64_t rollup_id,
    const address *source,
    const u256 *mint_wei
);

/* Files the transaction that has just ended (run->tx, run->tx_encoded) in the open block. */
MUST_USE enum err block_run_gather(
    struct evm_rollup *rollup,
    struct evm_machine *machine,
    bool is_success,
    uint64_t gas_used,
    const struct log *logs,
    size_t log_count
);

/* Commits the journal: the new state root. */
MUST_USE enum err block_run_commit(struct evm_rollup *rollup, struct evm_machine *machine);

/* Raises the step counter, commits to the open block, commits the state: the machine is idle. */
MUST_USE enum err block_run_close(struct evm_rollup *rollup, struct evm_machine *machine);

/* Opens a block on top of a sealed one: header, EIP-2935, and in the slot block the anchor. */
MUST_USE enum err block_run_begin_block(
    struct evm_rollup *rollup,
    struct evm_machine *machine,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash
);

/* Seals the machine's block and opens the next one of the payload. */
MUST_USE enum err block_run_next_block(
    struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step
);

static inline bool block_run_is_slot_block(const struct block_run *run) {
    return run->payload.block_count == 0 ||
           (run->has_slot_block && run->block_index + 1 == run->payload.block_count);
}

/* --- evm_rollup_revert.c ---------------------------------------------------------------------- */

/* To be called when a machine goes on, and when a transaction begins: what is to fail in it comes
 * from the entry being derived. */
MUST_USE enum err block_run_enter_entry(struct evm_rollup *rollup, struct block_run *run);
MUST_USE enum err block_run_enter_transaction(
    struct evm_rollup *rollup, struct block_run *run, struct execution_options *options
);

/* Files a call of this frame to another rollup; to the parent, or that it waited while the parent
 * was called. */
MUST_USE enum err
block_run_mark_rollup_call(struct evm_rollup *rollup, struct block_run *run, uint64_t frame);
MUST_USE enum err
block_run_mark_parent_call(struct evm_rollup *rollup, struct block_run *run, uint64_t frame);

/* Takes note of the frames that have failed as they were told to. */
MUST_USE enum err block_run_note_replays(struct evm_rollup *rollup, struct block_run *run);

/* A frame that called other chains is about to fail. *is_over: a REVERT leaves, or lines of the
 * trace are undone; else there is nothing to undo elsewhere, and the frame just fails. */
MUST_USE enum err block_run_revert_frame(
    struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step, bool *is_over
);

/* --- evm_rollup_xcall.c ----------------------------------------------------------------------- */

/* The L2Hub holds what an XCALL carries: it loses it when the call goes out, and has it back when
 * the call fails. */
MUST_USE enum err
evm_rollup_move_xcall_value(struct block_run *run, const struct action *call, bool goes_out);

/* An XCALL that the machine is at: it is suspended and a CALL leaves. *is_suspended is false if the
 * precompile refused at once and the machine goes on, or with a verdict. */
MUST_USE enum err evm_rollup_handle_xcall(
    struct evm_rollup *rollup,
    struct evm_machine *machine,
    struct rollup_step *step,
    bool *is_suspended
);

/* --- evm_rollup.c ----------------------------------------------------------------------------- */

/* Where the proxy of (rollup_id, target) lies on this rollup. */
address evm_rollup_proxy_of(uint64_t rollup_id, const address *target);

#endif
