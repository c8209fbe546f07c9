/* rollup/block_run.h: the inside of a machine that is not idle, as far as it is the same for every
 * kind of rollup: a block being executed on a journal over the state, the calls that came in and
 * went out and are not answered, and what a frame that fails has to undo elsewhere. For the kinds
 * themselves; who holds rollups has rollup/rollup.h.
 *
 * A kind puts its own behind struct block_run (machine->run), says the rest in a struct
 * block_run_kind, and has the functions of its struct rollup_type from here. */
#ifndef ROLLUP_BLOCK_RUN_H
#define ROLLUP_BLOCK_RUN_H

#include "evm/journal.h"
#include "rollup/rollup.h"
#include "state/state.h"

/* No ether of any chain comes near 2^128 wei. Who verifies a batch that somebody else made cannot
 * know that the Hub has seen the ether come in, and balances must not overflow. */
#define CALL_VALUE_BITS_MAX 128

/* Gas given to the system transaction that writes the anchor. */
#define ANCHOR_TX_GAS 1000000u

/* Gas given to the one that imports messages, and for each of them: it writes a slot and an
 * event. */
#define IMPORT_TX_GAS             100000u
#define IMPORT_TX_GAS_PER_MESSAGE 50000u

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
    uint64_t gas_available;        /* of what made it, from which the answer's gas is taken */
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

struct block_run {
    struct journal journal;
    struct state state;

    /* The transaction being executed. */
    struct tx tx;
    address sender;
    bytes tx_encoded;

    /* An L2TX: where in its payload we are. */
    const struct rollup_update *update;
    bool has_slot_block; /* the payload's last block is the slot block */
    hash32 forced_hash;  /* System.forced after the slot block, if it has forced transactions */
    bool scratch_done;
    struct payload payload;
    size_t block_index;
    size_t tx_index;

    uint64_t gas_limit;    /* System.blockGasLimit */
    uint64_t max_call_gas; /* System.maxCallGas */
    const struct in_call *in_call;
    const struct out_call *out_call;
    const struct call_mark *marks;     /* of the transaction, the newest first */
    const struct derived_entry *entry; /* that the machine went on in last */
    uint32_t tx_number; /* of the transaction in that entry: 0 if it ran already, else from 1 */
};

/* --- machines and blocks ---------------------------------------------------------------------- */

/* Where the stand-in of (rollup_id, target) lies on every rollup: the L2Hub's proxy of it. */
address block_run_proxy_of(uint64_t rollup_id, const address *target);

/* Loads an account into the run's journal. */
MUST_USE enum err
block_run_load_account(struct block_run *run, struct journal_account **account, const address *who);

/* The run's state at the machine's root, and an empty journal. From one block to the next the state
 * goes on where the one before was committed, with what it has read. */
MUST_USE enum err block_run_open_state(struct rollup *rollup, struct rollup_machine *machine);

/* Loads a slot of an account into the run's journal. */
MUST_USE enum err block_run_load_slot(
    struct block_run *run, struct journal_slot **slot, const address *who, const u256 *key
);

/* Reads and writes a slot of the System predeploy, outside of any transaction. */
MUST_USE enum err block_run_read_system(struct block_run *run, u256 *value, uint64_t slot);
MUST_USE enum err block_run_write_system(struct block_run *run, uint64_t slot, const u256 *value);

static inline bool block_run_is_slot_block(const struct block_run *run) {
    return run->payload.block_count == 0 ||
           (run->has_slot_block && run->block_index + 1 == run->payload.block_count);
}

/* Whether the payload's transaction at run->tx_index, which runs or comes next, is a forced one:
 * it calls no other chain, and where it is invalid it is skipped. */
static inline bool block_run_is_forced(const struct block_run *run) {
    return run->update != NULL && block_run_is_slot_block(run) &&
           run->tx_index < run->update->forced;
}

/* What a slot block writes of its update into the System predeploy. */
MUST_USE enum err block_run_begin_slot(struct block_run *run);

/* Makes run->tx the payload's transaction at run->tx_index, and finds who sent it;
 * STEP_TX_INVALID if it is none. A forced one must be signed whatever the rules say, and what asks
 * for more gas than FORCED_TX_GAS is none; STEP_FORCED_GAS if the block has less left. */
MUST_USE enum err block_run_read_tx(
    struct rollup *rollup,
    const struct rollup_machine *machine,
    struct rollup_step *step,
    const struct fork_rules *rules
);

/* Whether all messages that run->tx asks for are marked in the MessageService, as it stands now;
 * STEP_TX_INVALID with TX_MESSAGE_MISSING if not. */
MUST_USE enum err block_run_check_messages(struct block_run *run, struct rollup_step *step);

/* Passes over the payload's transaction at run->tx_index if it is a forced one that step says is
 * invalid: then true, and the verdict is STEP_OK again. */
bool block_run_skip_forced(struct block_run *run, struct rollup_step *step);

/* Makes run->tx the system transaction that begins a slot block: Anchor.setAnchor. */
MUST_USE enum err block_run_make_anchor_tx(struct rollup *rollup, struct block_run *run);

/* Makes run->tx the one behind it, where the update imports messages of the parent:
 * MessageService.importMessages. */
MUST_USE enum err block_run_make_import_tx(
    struct rollup *rollup, const struct rollup_machine *machine, struct block_run *run
);

/* Makes run->tx the transaction, of type 0x7e, that a call is which comes in at an idle head. */
MUST_USE enum err block_run_make_call_tx(
    struct rollup *rollup,
    struct rollup_machine *machine,
    const struct action *in,
    const address *source,
    bytes data
);

/* Files the transaction that has just ended (run->tx, run->tx_encoded) in the open block. */
MUST_USE enum err block_run_gather(
    struct rollup *rollup,
    struct rollup_machine *machine,
    bool is_success,
    uint64_t gas_used,
    const struct log *logs,
    size_t log_count
);

/* Raises the step counter, commits to the open block, commits the state: the machine is idle. */
MUST_USE enum err block_run_close(struct rollup *rollup, struct rollup_machine *machine);

/* All transactions of the block have run: the payload's next one begins, or *is_over, the L2TX
 * has its RESULT. */
MUST_USE enum err block_run_finish_block(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
);

/* --- kinds ------------------------------------------------------------------------------------ */

/* What is each kind's own. */
struct block_run_kind {
    size_t
        run_size; /* of what begins with struct block_run; zeros when a machine stops being idle */
    /* Opens journal, state and what else transactions run on, at machine->root for machine->open,
     * its block. */
    enum err (*open)(struct rollup *rollup, struct rollup_machine *machine);
    /* What the system writes into a block that has begun. */
    enum err (*begin_block
    )(struct rollup *rollup,
      struct rollup_machine *machine,
      struct rollup_step *step,
      const hash32 *parent_hash);
    /* Of a machine that is a copy of the one that was, byte by byte, with a state and a journal of
     * its own: makes the rest its own. */
    enum err (*copy
    )(struct rollup *rollup, struct rollup_machine *machine, const struct block_run *was);
    /* Runs the machine until something leaves it or a verdict is reached. */
    enum err (*run
    )(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step);
    /* Delivers a CALL; the RESULT of the innermost call that went out. */
    enum err (*call
    )(struct rollup *rollup,
      struct rollup_step *step,
      struct rollup_machine *at,
      const struct action *in,
      uint64_t from);
    enum err (*result
    )(struct rollup *rollup,
      struct rollup_step *step,
      struct rollup_machine *at,
      const struct action *in);
};

/* A machine that is about to go on from an idle one: journal and state are open. NULL in *machine
 * and ERR_MEMORY if there is none. */
MUST_USE enum err block_run_leave_idle(
    struct rollup *rollup, struct rollup_machine **machine, const struct rollup_machine *idle
);

/* Functions of struct rollup_type. */
MUST_USE enum err block_run_step(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *at,
    const struct action *in,
    uint64_t from
);
MUST_USE enum err
block_run_go_on(struct rollup *rollup, struct rollup_step *step, struct rollup_machine *at);
MUST_USE enum err block_run_thaw(struct rollup *rollup, struct rollup_machine **machine);
MUST_USE enum err block_run_build_block(
    struct rollup *rollup,
    struct sealed_block *sealed,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash,
    const struct payload_block *block
);

/* --- calls that come in ----------------------------------------------------------------------- */

/* Puts the call on the machine's list. */
MUST_USE enum err block_run_push_in_call(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_machine *before,
    const struct action *in,
    uint64_t from
);

/* Ends the innermost call that came in. A failed or static one returns to where it began. */
MUST_USE enum err block_run_answer_call(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    bool failed,
    uint64_t gas_left,
    bytes output
);

/* What ends without having run: the call fails with that data, and the machine is as before. */
MUST_USE enum err block_run_refuse_call(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *before,
    const struct action *in,
    uint64_t from,
    bytes reason
);

/* --- calls that frames have made, and frames that fail ---------------------------------------- */

/* To be called when a machine goes on: whether that is in another entry than before. And when a
 * transaction begins. What is to fail then is among rollup->now.replays, under run->tx_number. */
bool block_run_enter_entry(const struct rollup *rollup, struct block_run *run);
void block_run_enter_transaction(struct rollup *rollup, struct block_run *run);

/* Files a call of this frame to another rollup; to the parent, or that it waited while the parent
 * was called. */
MUST_USE enum err
block_run_mark_rollup_call(struct rollup *rollup, struct block_run *run, uint64_t frame);
MUST_USE enum err
block_run_mark_parent_call(struct rollup *rollup, struct block_run *run, uint64_t frame);

/* rollup_type.parent_called of every kind. */
MUST_USE enum err block_run_parent_called(struct rollup *rollup, struct rollup_machine *machine);

/* A frame that called other chains is about to fail. *is_over: a REVERT leaves, or lines of the
 * trace are undone; else there is nothing to undo elsewhere, and the frame just fails. how is
 * the failure; its output is copied. */
MUST_USE enum err block_run_revert_frame(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    bool *is_over,
    uint64_t frame,
    const struct evm_result *how
);

#endif
