/* evm/evm_private.h: frames, and what the machine's files share. */
#ifndef EVM_EVM_PRIVATE_H
#define EVM_EVM_PRIVATE_H

#include "evm/evm.h"

/* A code with its jump destinations: bit i is set if a JUMPDEST that is no PUSH's data is at i. */
struct evm_code {
    bytes code;
    const uint8_t *jumpdests;
};

/* What evm_run does next (evm->pending). */
enum evm_next {
    NEXT_IDLE,
    NEXT_ENTER,      /* the message in evm->begin */
    NEXT_LOOP,       /* the innermost frame's instructions */
    NEXT_EXIT,       /* the innermost frame has ended: frame->outcome, output */
    NEXT_AFTER_CALL, /* a call without frame has ended: hand its result to the caller */
    NEXT_WAIT_CALL,  /* a foreign call is pending */
};

/* Bytes that a frame's place keeps from call to call and from frame to frame: the arena gives
 * nothing back, and a call may cost 100 gas with any amount of data. */
struct evm_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

/* Copies data, which is not the buffer's own, into it. ERR_MEMORY. */
MUST_USE enum err evm_buffer_set(struct evm *evm, struct evm_buffer *buffer, bytes data);

struct evm_frame {
    struct evm_frame *below; /* the caller's, or the next free one */
    struct evm_message message;
    struct evm_code code;
    uint64_t sequence;
    uint64_t gas;
    size_t pc;
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
    struct evm_buffer input; /* of that call */
    size_t return_offset;    /* where in its memory the answer goes */
    size_t return_size;
    const struct evm_fail_rule *rule; /* ends at once, as this says */
    struct evm_buffer return_data;    /* that it sees; RETURNDATASIZE and so on */
};

struct evm_fail_rule {
    struct evm_fail_rule *next;
    uint64_t sequence;
    enum evm_outcome outcome;
    uint64_t gas_left;
    bytes output;
};

/* Runs the innermost frame until it ends, calls, or needs something: EVM_DONE then means that
 * evm->pending says what is next. */
enum evm_status evm_interpret(struct evm *evm);

/* The journal's entry of an account; EVM_DONE, EVM_NEED_ACCOUNT or EVM_NO_MEMORY. */
enum evm_status
evm_load_account(struct evm *evm, struct journal_account **account, const address *who);
enum evm_status evm_load_code(struct evm *evm, struct journal_account *account);

/* The jump destinations of a code, from the cache or made anew. */
MUST_USE enum err
evm_analyse(struct evm *evm, struct evm_code *out, const hash32 *code_hash, bytes code);

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
