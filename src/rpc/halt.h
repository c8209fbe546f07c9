/* rpc/halt.h: why a run ended without success, in geth's words.
 *
 * The machine's outcome does not say which instruction it was or how deep the stack; a run that
 * ended so is made once more under halt_tracer, which remembers the outermost frame's last step. */
#ifndef RPC_HALT_H
#define RPC_HALT_H

#include "evm/evm.h"

/* The last step before it. What is known beyond opcode and stack makes the text more exact. */
struct halt_step {
    bool is_set;
    bool is_full; /* gas, fork and top are set */
    uint8_t opcode;
    uint32_t stack_count;
    uint64_t gas;
    enum fork fork;
    u256 top[3]; /* the topmost items first; zero where there are none */
};

/* halt_step_of keeps of a step what the text of a failure needs. */
struct halt_step halt_step_of(const struct evm_step *step, enum fork fork);

/* The same of what the machine says of the frame that failed. */
struct halt_step halt_step_of_stop(const struct evm_stop *stop, enum fork fork);

/* Whether the text of this outcome needs the last step. */
bool halt_needs_step(enum evm_outcome outcome);

/* halt_tracer makes a tracer that writes the outermost frame's last step to *step. */
struct evm_tracer halt_tracer(struct halt_step *step);

/* The name of an opcode as tracers write it; NULL: there is no such instruction under any fork. */
const char *halt_opcode_name(uint8_t opcode);

#define HALT_TEXT_SIZE_MAX 96

/* halt_text writes the text, terminated; step may be NULL. The outcome is not EVM_SUCCESS
 * (CHECKed). */
void halt_text(
    char out[HALT_TEXT_SIZE_MAX], enum evm_outcome outcome, const struct halt_step *step
);

#endif
