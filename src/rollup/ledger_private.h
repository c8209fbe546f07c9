/* rollup/ledger_private.h: the inside of a ledger's machine. */
#ifndef ROLLUP_LEDGER_PRIVATE_H
#define ROLLUP_LEDGER_PRIVATE_H

#include "rollup/block_run.h"
#include "rollup/ledger.h"

/* What an operation returned, and those before it. */
struct ledger_output {
    const struct ledger_output *before;
    bytes data;
};

/* A transaction, or a call that came in, on its way through its operations. The frame of a call
 * that came in while another waits is in front of it. Only the innermost changes. */
struct ledger_frame {
    const struct ledger_frame *outer;
    uint64_t number; /* by order of entering, as struct rollup_revert has it */
    uint32_t depth;
    bool is_in_call; /* else a transaction of the payload, or a scratch */
    bool answers_parent;
    bool is_static;
    bool is_native; /* a transaction that moves value to an account */
    bool is_list;   /* an execute */
    bool may_undo;  /* a call that it made, and that could leave something, has succeeded */
    bool waits_as_try;
    bool has_failed;   /* how: result. What it did elsewhere has been undone, or there is nothing */
    address account;   /* who asks */
    address speaks_as; /* source of the calls that it makes */
    address target;
    uint64_t gas;
    uint64_t gas_left;
    const bytes *operations;
    size_t operation_count;
    size_t next;
    const struct ledger_output *outputs; /* newest first */
    struct evm_result result;            /* in the end */
};

struct ledger_run {
    struct block_run block;           /* first */
    struct ledger_frame *frame;       /* innermost; NULL between transactions */
    uint64_t frame_count;             /* entered by the transaction */
    struct journal_snapshot snapshot; /* of a transaction, once it is paid for */
    u256 gas_price_wei;
    bool is_scratch;
};

struct ledger {
    struct rollup base;      /* first */
    struct fork_rules rules; /* of transactions: encoding and signature */
};

static inline const struct ledger *ledger_of(const struct rollup *rollup) {
    return (const struct ledger *)rollup;
}

static inline struct ledger_run *ledger_run_of(const struct rollup_machine *machine) {
    return (struct ledger_run *)machine->run;
}

/* --- ledger_operation.c ----------------------------------------------------------------------- */

enum ledger_status { LEDGER_DONE, LEDGER_FAILS, LEDGER_CALLS };

/* What became of an operation. */
struct ledger_result {
    enum ledger_status status;
    bytes output;       /* DONE: what it returns; FAILS: revert data */
    struct action call; /* CALLS: target, rollup, data and isStatic of it */
    bool is_try;        /* CALLS: its failure is an answer */
};

/* Performs one operation for the frame; result's data lies in the rollup's arena, or in the
 * operation's. The journal has its effects, also of what fails in the middle. */
MUST_USE enum err ledger_perform(
    struct rollup *rollup,
    struct ledger_run *run,
    const struct ledger_frame *frame,
    struct ledger_result *result,
    bytes operation
);

/* Moves the native token between accounts; FAILS with ERC20InsufficientBalance, or
 * ERC20InvalidReceiver for an account that nobody can have. */
MUST_USE enum err ledger_move(
    struct rollup *rollup,
    struct ledger_run *run,
    struct ledger_result *result,
    const address *from,
    const address *to,
    const u256 *amount
);

/* The operations of calldata: those of an execute, or the one that it is. *is_malformed: an execute
 * whose list cannot be read, is too long, or holds an execute. */
MUST_USE enum err ledger_read_operations(
    struct ledger_frame *frame, bool *is_malformed, struct arena *arena, bytes data
);

/* What call, or tryCall, returns for an answer. */
MUST_USE enum err
ledger_encode_answer(bytes *output, struct arena *arena, bool is_try, const struct action *answer);

/* abi.encode(bytes[]) of what the operations of an execute returned. */
MUST_USE enum err
ledger_encode_outputs(bytes *output, struct arena *arena, const struct ledger_output *outputs);

/* Revert data of an error without arguments, or with one address. */
MUST_USE enum err ledger_error(bytes *data, struct arena *arena, const char *signature);
MUST_USE enum err
ledger_error_of(bytes *data, struct arena *arena, const char *signature, const address *about);

/* --- ledger_frame.c --------------------------------------------------------------------------- */

/* A frame that is about to run: a transaction's, or of a call that came in. */
struct ledger_entering {
    bool is_in_call;
    bool answers_parent;
    bool is_static;
    bool is_own; /* the caller's account is its own address */
    address account;
    address target;
    u256 value;
    uint64_t gas;
    bytes data;
};

/* Enters a frame: reads its operations. One that cannot run, or has to fail once more, has failed
 * already. */
MUST_USE enum err
ledger_enter(struct rollup *rollup, struct ledger_run *run, const struct ledger_entering *entering);

/* Runs the innermost frame until it ends (result) or a call leaves (*is_over: step says it). */
MUST_USE enum err ledger_run_frame(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
);

/* The answer to the call that the frame waits for. */
MUST_USE enum err ledger_take_answer(
    struct rollup *rollup,
    struct ledger_run *run,
    const struct out_call *call,
    const struct action *in
);

#endif
