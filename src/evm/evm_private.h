/* evm/evm_private.h: frames, and what the machine's files share. */
#ifndef EVM_EVM_PRIVATE_H
#define EVM_EVM_PRIVATE_H

#include "evm/evm.h"
#include "evm/program.h"

/* What evm_run does next (evm->pending). */
enum evm_next {
    NEXT_IDLE,
    NEXT_ENTER,      /* the message in evm->begin */
    NEXT_LOOP,       /* the innermost frame's instructions */
    NEXT_EXIT,       /* the innermost frame has ended: frame->outcome, output */
    NEXT_AFTER_CALL, /* a call without frame has ended: hand its result to the caller */
    NEXT_WAIT_CALL,  /* a foreign call is pending */
};

/* The program of the init code that ran last in a frame's place, and the memory it is in: the arena
 * gives nothing back, and creations come in loops. */
struct evm_init_program {
    uint8_t *memory;
    size_t capacity;
    struct program *program; /* NULL: none yet. Its code is a copy here, too */
};

struct evm_frame {
    struct evm_frame *below; /* the caller's, or the next free one */
    struct evm_message message;
    struct evm_init_program inits[2]; /* stay with the place; [1] is the careful one */
    struct program *program;
    const struct instruction *ip; /* the next one */
    bytes calldata;               /* the message's input, but for creations nothing */
    struct journal_account *self; /* the recipient, once it is known */
    uint64_t sequence;
    uint64_t gas;
    size_t stack_base; /* words */
    uint32_t stack_count;
    size_t memory_base;
    size_t memory_size;
    struct journal_snapshot snapshot;
    bool is_outermost;   /* of evm_begin or evm_call_inside */
    bool called_foreign; /* it, or something below it */
    bool has_reported;   /* EVM_REVERTING was said for its end */
    bool is_waiting;     /* a foreign call it made is pending */
    enum evm_outcome outcome;
    size_t output_offset; /* of what it returns, in its memory */
    size_t output_size;
    struct evm_message call; /* the call it is making */
    size_t return_offset;    /* where in its memory the answer goes */
    size_t return_size;
    struct evm_frame_failure *failure; /* ends at once, as this says */
};

/* Runs the innermost frame until it ends, calls, or needs something: EVM_DONE then means that
 * evm->pending says what is next. */
enum evm_status evm_interpret(struct evm *evm);

/* EVM_STOPPED if the machine's watch has it stop, else EVM_DONE. */
enum evm_status evm_look(const struct evm *evm);

/* The journal's entry of an account; EVM_DONE, EVM_NEED_ACCOUNT or EVM_NO_MEMORY. */
enum evm_status
evm_load_account(struct evm *evm, struct journal_account **account, const address *who);
enum evm_status evm_load_code(struct evm *evm, struct journal_account *account);

/* The code's program, from a cache or made anew. code_hash is NULL for init code, whose program
 * stays in the frame's place until another one is made there. */
MUST_USE enum err evm_find_program(
    struct evm *evm,
    struct evm_frame *frame,
    struct program **program,
    const hash32 *code_hash,
    bytes code,
    bool is_careful
);

/* Whether a tracer wants to see each step. */
static inline bool evm_traces_steps(const struct evm *evm) {
    return evm->config->tracer != NULL && evm->config->tracer->on_step != NULL;
}

/* What an instruction came to. */
enum op_result {
    OP_NEXT,
    OP_FAIL,   /* frame->outcome says how */
    OP_ENDED,  /* the frame has */
    OP_NEED,   /* evm->status says what */
    OP_CALLED, /* evm->begin is to be entered */
};

/* instructions.c: see there. top is past the uppermost operand; the result goes where the lowest
 * one was. Gas is charged to the frame's. */
#define EVM_INSTRUCTION(name) \
    enum op_result evm_op_##name(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top)
EVM_INSTRUCTION(exp);
EVM_INSTRUCTION(keccak256);
EVM_INSTRUCTION(environment);
EVM_INSTRUCTION(account);
EVM_INSTRUCTION(selfbalance);
EVM_INSTRUCTION(copy);
EVM_INSTRUCTION(blockhash);
EVM_INSTRUCTION(blobhash);
EVM_INSTRUCTION(sload);
EVM_INSTRUCTION(sstore);
EVM_INSTRUCTION(transient);
EVM_INSTRUCTION(log);
EVM_INSTRUCTION(create);
EVM_INSTRUCTION(call);
EVM_INSTRUCTION(end);
EVM_INSTRUCTION(selfdestruct);

/* Makes and charges for the memory [at, at + size). */
enum op_result evm_op_expand(struct evm *evm, struct evm_frame *f, uint64_t size, const u256 *at);

/* precompiles.c: whether it is one; and running it. */
struct evm_precompile_result {
    bool is_success;
    bool is_out_of_gas;
    uint64_t gas_left;
    bytes output;
    bool is_unsupported;
};
MUST_USE enum err evm_precompile_run(
    struct evm_precompile_result *result,
    struct arena *arena,
    enum fork fork,
    const address *who,
    bytes input,
    uint64_t gas
);

#endif
