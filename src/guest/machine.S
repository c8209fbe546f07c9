/* The guest's side of the machine (riscv/abi.h): its beginning, its calls, and its accelerators, each with
 * the portable function behind it for machines that lack it. */
#include "riscv/abi.h"

    .section .text.start, "ax", @progbits
    .globl _start
    .type _start, @function
_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    la      sp, guest_stack_end
    call    main

    /* void guest_exit(int status) */
    .globl guest_exit
    .type guest_exit, @function
guest_exit:
    li      a7, MACHINE_CALL_EXIT
    ecall
    ebreak

    .text
    /* void write_output(const uint8_t *output, size_t size) */
    .globl write_output
    .type write_output, @function
write_output:
    mv      a2, a1
    mv      a1, a0
    li      a0, MACHINE_STREAM_OUTPUT
    li      a7, MACHINE_CALL_WRITE
    ecall
    ret

    /* void read_input(const uint8_t **buf_ptr, size_t *buf_size) */
    .globl read_input
    .type read_input, @function
read_input:
    li      a2, MACHINE_INPUT_BASE
    ld      a3, 0(a2)
    addi    a2, a2, MACHINE_INPUT_START
    sd      a2, 0(a0)
    sd      a3, 0(a1)
    ret

    .set    number, MACHINE_CALL_ACCELERATOR
    .macro  accelerator name
    .section .text.zkvm_\name, "ax", @progbits
    .globl  zkvm_\name
    .type   zkvm_\name, @function
zkvm_\name:
    mv      t0, a0
    li      a7, number
    ecall
    li      t1, MACHINE_ERROR_ABSENT
    beq     a0, t1, 1f
    ret
1:  mv      a0, t0
    tail    portable_\name
    .size   zkvm_\name, . - zkvm_\name
    .set    number, number + 1
    .endm

#define ACCELERATOR(name) accelerator name
#include "riscv/accelerators.def"
