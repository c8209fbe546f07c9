/* rollup/evm_rollup_private.h: the inside of a machine of the EVM rollup. */
#ifndef ROLLUP_EVM_ROLLUP_PRIVATE_H
#define ROLLUP_EVM_ROLLUP_PRIVATE_H

#include "rollup/block_run.h"
#include "rollup/evm_rollup.h"

/* A failure to repeat in the transaction that runs. */
struct evm_replay {
    struct evm_frame_failure failure;
    struct rollup_replay *replay;
};

/* A block being executed. */
struct evm_run {
    struct block_run block; /* first */
    struct block_context context;
    struct execution execution;
    bool is_executing;
    bool last_result_failed; /* the newest answer to an out-call was a failure */
};

struct evm_rollup {
    struct rollup base;            /* first */
    struct fork_schedule schedule; /* chain id and the like; the fork is the state's */
    struct evm_code_cache *codes;
};

static inline const struct evm_rollup *evm_rollup_of(const struct rollup *rollup) {
    return (const struct evm_rollup *)rollup;
}

static inline struct evm_run *evm_run_of(const struct rollup_machine *machine) {
    return (struct evm_run *)machine->run;
}

/* Tells whoever watches the rollup's transactions of the one that runs. */
static inline void
evm_run_tell(const struct rollup *rollup, const struct evm_run *run, enum rollup_tx_moment moment) {
    if (rollup->on_tx == NULL) return;
    const struct rollup_tx_news news = {
        .moment = moment,
        .encoded = run->block.tx_encoded,
        .outcome = run->execution.result.outcome,
        .output = run->execution.result.output,
        .execution = &run->execution,
    };
    rollup->on_tx(rollup->on_tx_context, &news);
}

/* --- evm_rollup_block.c: blocks and what the system writes into them -------------------------- */

/* Opens the journal and context for the machine's open block on the state at machine->root. */
MUST_USE enum err evm_run_open(struct rollup *rollup, struct rollup_machine *machine);

/* Who makes a call here that comes from source on the chain rollup_id: its proxy, whose code is put
 * in place; or source itself, if that is this rollup. Mints value to it. */
MUST_USE enum err evm_run_prepare_source(
    struct rollup *rollup,
    struct evm_run *run,
    address *caller,
    uint64_t rollup_id,
    const address *source,
    const u256 *mint_wei
);

/* What the system writes into a block: EIP-2935; in the slot block the anchor and messages. */
MUST_USE enum err evm_run_begin_block(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    const hash32 *parent_hash
);

/* --- evm_rollup_revert.c ---------------------------------------------------------------------- */

/* To be called when a machine goes on, and when a transaction begins: what is to fail in it comes
 * from the entry being derived. */
MUST_USE enum err evm_run_enter_entry(struct rollup *rollup, struct evm_run *run);
MUST_USE enum err evm_run_enter_transaction(
    struct rollup *rollup, struct evm_run *run, struct execution_options *options
);

/* Takes note of the frames that have failed as they were told to. */
MUST_USE enum err evm_run_note_replays(struct rollup *rollup, struct evm_run *run);

/* The machine is at a frame that called other chains and is about to fail: block_run_revert_frame,
 * where that is for the frame to say. */
MUST_USE enum err evm_run_revert_frame(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
);

/* --- evm_rollup_xcall.c ----------------------------------------------------------------------- */

/* The L2Hub holds what an XCALL carries: it loses it when the call goes out, and has it back when
 * the call fails. */
MUST_USE enum err
evm_rollup_move_xcall_value(struct evm_run *run, const struct action *call, bool goes_out);

/* An XCALL that the machine is at: it is suspended and a CALL leaves. *is_suspended is false if the
 * precompile refused at once and the machine goes on, or with a verdict. */
MUST_USE enum err evm_rollup_handle_xcall(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    bool *is_suspended
);

#endif
