/* rpc/halt.h: why a run ended without success, in geth's words.
 *
 * The machine's outcome does not say which instruction it was or how deep the stack; a run that
 * ended so is made once more under halt_tracer, which remembers the outermost frame's last step. */
#ifndef RPC_HALT_H
#define RPC_HALT_H

#include "evm/evm.h"

struct halt_step {
    bool is_set;
    uint8_t opcode;
    uint32_t stack_count;
};

/* Whether the text of this outcome needs the last step. */
bool halt_needs_step(enum evm_outcome outcome);

/* halt_tracer makes a tracer that writes the outermost frame's last step to *step. */
struct evm_tracer halt_tracer(struct halt_step *step);

#define HALT_TEXT_SIZE_MAX 96

/* halt_text writes the text, terminated; step may be NULL. The outcome is not EVM_SUCCESS
 * (CHECKed). */
void halt_text(
    char out[HALT_TEXT_SIZE_MAX], enum evm_outcome outcome, const struct halt_step *step
);

#endif
