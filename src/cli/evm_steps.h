/* cli/evm_steps.h: a machine's steps as lines of JSON, in the form of EIP-3155. */
#ifndef CLI_EVM_STEPS_H
#define CLI_EVM_STEPS_H

#include "evm/evm.h"
#include "rpc/halt.h"
#include "rpc/json_writer.h"

#include <stdio.h>

struct evm_steps {
    FILE *out;
    struct json_writer rest; /* of the line: what is known before the instruction's price */
    enum fork fork;
    struct halt_step last;
    uint32_t pc;
    const struct journal *journal;
};

void evm_steps_open(struct evm_steps *steps, FILE *out, enum fork fork);
void evm_steps_close(struct evm_steps *steps);

/* One line a step. */
struct evm_tracer evm_steps_tracer(struct evm_steps *steps);

/* The line that ends a trace. error: NULL if the run succeeded. */
void evm_steps_finish(
    struct evm_steps *steps, bytes output, uint64_t gas_used, uint64_t time_ns, const char *error
);

#endif
