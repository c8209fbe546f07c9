#include "rpc/halt.h"

#include "core/check.h"

#include <stdio.h>
#include <string.h>

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

const char *halt_opcode_name(uint8_t opcode) {
    /* Everyone's tracers call 0x44 by its first name. */
    return opcode == 0x44 ? "DIFFICULTY" : opcode_rows[opcode].name;
}

struct halt_step halt_step_of(const struct evm_step *step, enum fork fork) {
    struct halt_step kept = {
        .is_set = true,
        .is_full = true,
        .opcode = step->opcode,
        .stack_count = step->stack_count,
        .gas = step->gas,
        .fork = fork,
    };
    for (uint32_t i = 0; i < 3 && i < step->stack_count; i++)
        kept.top[i] = step->stack[step->stack_count - 1 - i];
    return kept;
}

struct halt_step halt_step_of_stop(const struct evm_stop *stop, enum fork fork) {
    struct halt_step kept = {
        .is_set = true,
        .is_full = true,
        .opcode = stop->opcode,
        .stack_count = stop->stack_count,
        .gas = stop->gas,
        .fork = fork,
    };
    memcpy(kept.top, stop->top, sizeof(kept.top));
    return kept;
}

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

/* Texts that need more than the opcode. */
static bool full_text(char *out, enum evm_outcome outcome, const struct halt_step *step) {
    if (step == NULL || !step->is_full) return false;
    const struct evm_rules *rules = evm_rules(step->fork);
    bool is_sentry = outcome == EVM_OUT_OF_GAS && step->opcode == 0x55 && step->gas <= 2300 &&
                     step->fork >= FORK_ISTANBUL && step->stack_count >= 2;
    if (is_sentry)
        (void)snprintf(out, HALT_TEXT_SIZE_MAX, "out of gas: not enough gas for reentrancy sentry");
    else if (outcome == EVM_CODE_SIZE && step->opcode == 0xf3)
        (void)snprintf(
            out,
            HALT_TEXT_SIZE_MAX,
            "max code size exceeded: code size %llu limit %llu",
            (unsigned long long)u256_to_u64_saturating(&step->top[1]),
            (unsigned long long)rules->code_size_max
        );
    else if (outcome == EVM_INITCODE_SIZE)
        (void)snprintf(
            out,
            HALT_TEXT_SIZE_MAX,
            "max initcode size exceeded: code size %llu limit %llu",
            (unsigned long long)u256_to_u64_saturating(&step->top[2]),
            (unsigned long long)rules->initcode_size_max
        );
    else
        return false;
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
    if (!step_text(out, outcome, step) && !full_text(out, outcome, step))
        (void)snprintf(out, HALT_TEXT_SIZE_MAX, "%s", geth_text(outcome));
}
