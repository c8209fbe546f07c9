#include "rpc/halt.h"

#include "core/check.h"

#include <stdio.h>

struct opcode_row {
    const char *name;
    uint8_t pops;
};

/* The prices in opcodes.def are not used here. */
#define From(fork, before, after) 0
static const struct opcode_row opcode_rows[256] = {
#define OPCODE(value, name, pops, pushes, gas, since, source) [value] = {#name, pops},
#include "evm/opcodes.def"
#undef OPCODE
};
#undef From

bool halt_needs_step(enum evm_outcome outcome) {
    return outcome == EVM_STACK_UNDERFLOW || outcome == EVM_STACK_OVERFLOW ||
           outcome == EVM_UNDEFINED_OPCODE;
}

static void on_step(void *context, const struct evm_step *step) {
    struct halt_step *last = context;
    if (step->depth != 0) return;
    *last = (struct halt_step
    ){.is_set = true, .opcode = step->opcode, .stack_count = step->stack_count};
}

struct evm_tracer halt_tracer(struct halt_step *step) {
    *step = (struct halt_step){0};
    return (struct evm_tracer){.context = step, .on_step = on_step};
}

/* Texts with a figure in them; false if the step is not known. */
static bool step_text(char *out, enum evm_outcome outcome, const struct halt_step *step) {
    if (step == NULL || !step->is_set || !halt_needs_step(outcome)) return false;
    const struct opcode_row *row = &opcode_rows[step->opcode];
    unsigned count = step->stack_count;
    if (outcome == EVM_STACK_UNDERFLOW)
        (void)snprintf(
            out, HALT_TEXT_SIZE_MAX, "stack underflow (%u <=> %u)", count, (unsigned)row->pops
        );
    else if (outcome == EVM_STACK_OVERFLOW)
        (void
        )snprintf(out, HALT_TEXT_SIZE_MAX, "stack limit reached %u (%d)", count, EVM_STACK_MAX - 1);
    else if (row->name != NULL)
        (void)snprintf(out, HALT_TEXT_SIZE_MAX, "invalid opcode: %s", row->name);
    else
        (void
        )snprintf(out, HALT_TEXT_SIZE_MAX, "invalid opcode: opcode 0x%x not defined", step->opcode);
    return true;
}

/* Where geth's word differs from ours. */
static const char *geth_text(enum evm_outcome outcome) {
    switch (outcome) {
    case EVM_INVALID_OPCODE:
        return "invalid opcode: INVALID";
    case EVM_WRITE_PROTECTION:
        return "write protection";
    case EVM_INSUFFICIENT_BALANCE:
        return "insufficient balance for transfer";
    case EVM_DEPTH:
        return "max call depth exceeded";
    case EVM_NONCE_OVERFLOW:
        return "nonce uint64 overflow";
    case EVM_CODE_SIZE:
        return "max code size exceeded";
    case EVM_INITCODE_SIZE:
        return "max initcode size exceeded";
    case EVM_CODE_PREFIX:
        return "invalid code: must not begin with 0xef";
    case EVM_CODE_DEPOSIT:
        return "contract creation code storage out of gas";
    case EVM_SUCCESS:
    case EVM_REVERT:
    case EVM_OUT_OF_GAS:
    case EVM_STACK_UNDERFLOW:
    case EVM_STACK_OVERFLOW:
    case EVM_BAD_JUMP:
    case EVM_UNDEFINED_OPCODE:
    case EVM_RETURN_DATA_BOUNDS:
    case EVM_COLLISION:
    case EVM_PRECOMPILE_FAILURE:
    case EVM_FOREIGN_FAILURE:
        break;
    }
    return evm_outcome_text(outcome);
}

void halt_text(
    char out[HALT_TEXT_SIZE_MAX], enum evm_outcome outcome, const struct halt_step *step
) {
    CHECK(outcome != EVM_SUCCESS);
    if (!step_text(out, outcome, step))
        (void)snprintf(out, HALT_TEXT_SIZE_MAX, "%s", geth_text(outcome));
}
