/* riscv/abi.h: what a program and the machine agree on (docs/riscv.md). Constants only: C, assembly
 * and linker scripts include it, in the emulator as in the guest.
 *
 *   0x80000000  MACHINE_RAM_BASE    the program, its data and stack; zero where the ELF says
 *                                   nothing
 *   0x86000000  MACHINE_INPUT_BASE  the input, read-only: its size (8 bytes, little-endian),
 *                                   then the input itself
 *   0x88000000  MACHINE_MEMORY_END  128 MiB above the beginning; there is nothing else
 *
 * The machine begins at the ELF's entry with all registers zero. It has no devices and no
 * privileged instructions. What a program can ask of it is an ecall with the number in a7,
 * arguments in a0 to a5, the answer in a0; other registers keep their values. */
#ifndef RISCV_ABI_H
#define RISCV_ABI_H

#define MACHINE_RAM_BASE    0x80000000
#define MACHINE_INPUT_BASE  0x86000000
#define MACHINE_MEMORY_END  0x88000000
#define MACHINE_INPUT_START 8 /* offset of the input behind MACHINE_INPUT_BASE */
#define MACHINE_PAGE_SIZE   4096

/* The two calls that every machine has. Their numbers and arguments are those of Linux's write and
 * exit, so that a user-mode emulator for Linux runs the same ELF.
 *   write  a0 = MACHINE_STREAM_OUTPUT, a1 = address, a2 = size: appends to the output; answers
 *          size. Other streams are answered with MACHINE_ERROR_STREAM and change nothing.
 *   exit   a0 = status: the machine halts. Only 0 is success. */
#define MACHINE_CALL_WRITE    64
#define MACHINE_CALL_EXIT     93
#define MACHINE_STREAM_OUTPUT 1
#define MACHINE_OUTPUT_MAX    4096 /* bytes in all; more is a trap */
#define MACHINE_ERROR_STREAM  (-9)

/* Accelerators have the numbers from here on, in the order of riscv/accelerators.def. Arguments are
 * those of the zkVM standards' zkvm_accelerators.h; the answer is 0 (ZKVM_EOK), -1 (ZKVM_EFAIL),
 * or, of any number the machine does not have, MACHINE_ERROR_ABSENT: then the program does the work
 * itself. */
#define MACHINE_CALL_ACCELERATOR 0x1000
#define MACHINE_ERROR_ABSENT     (-38)

#endif
