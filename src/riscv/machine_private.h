/* riscv/machine_private.h: what the step, the interpreter and the calls share. */
#ifndef RISCV_MACHINE_PRIVATE_H
#define RISCV_MACHINE_PRIVATE_H

#include "riscv/machine.h"

/* An instruction as the interpreter has it. */
struct machine_code {
    uint8_t label; /* what the interpreter does: an enum instruction_op */
    uint8_t rd;    /* MACHINE_REGISTERS for x0 */
    uint8_t rs1;
    uint8_t rs2;
    int32_t immediate; /* of jumps: bytes of struct machine_code to the target */
    uint64_t taken;    /* jumps: how often taken */
};

/* Left to machine_step, as what is illegal is: calls, bad jumps, and what is watched. */
#define CODE_SLOW OP_ILLEGAL

void machine_decode_code(struct machine *machine);

void machine_trap(struct machine *machine, enum machine_trap trap, uint64_t at);

/* Where [at, at + size) lies in the host's memory, or NULL if it is not all readable,
 * writable. size may be 0 anywhere in there. */
const uint8_t *machine_readable(const struct machine *machine, uint64_t at, uint64_t size);
uint8_t *machine_writable(const struct machine *machine, uint64_t at, uint64_t size);

/* machine_call does what the registers of an ECALL ask for; the machine has not advanced yet.
 * Returns: false  it trapped. */
bool machine_call(struct machine *machine);

#endif
