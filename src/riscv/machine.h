/* riscv/machine.h: the machine that guest programs run in: RV64IM over 128 MiB of memory
 * (docs/riscv.md, riscv/abi.h).
 *
 * machine_step is the machine: it runs one instruction from what stands in memory. machine_run does
 * the same many times, over code decoded once, and must never be told apart from it by anything but
 * the clock. Both are functions of the machine alone: no time, no randomness, no host.
 *
 * Counting costs next to nothing: at each jump that is taken the code remembers how often it was,
 * and from that follows how often every instruction ran (machine_count_instructions). */
#ifndef RISCV_MACHINE_H
#define RISCV_MACHINE_H

#include "riscv/abi.h"
#include "riscv/elf.h"
#include "riscv/instruction.h"

#include "core/err.h"

enum accelerator {
#define ACCELERATOR(name) ACCELERATOR_##name,
#include "riscv/accelerators.def"
#undef ACCELERATOR
};
#define ACCELERATOR_COUNT (ACCELERATOR_secp256r1_verify + 1)
#define ACCELERATORS_ALL  ((UINT32_C(1) << ACCELERATOR_COUNT) - 1)

enum machine_status {
    MACHINE_RUNNING,
    MACHINE_EXITED,
    MACHINE_TRAPPED,
};

#define MACHINE_TRAPS(X)                                                                \
    X(NONE, "none")                                                                     \
    X(ILLEGAL, "the instruction is none of RV64IM")                                     \
    X(BREAKPOINT, "the program gave up (ebreak)")                                       \
    X(JUMP_MISALIGNED, "a jump to an at that is no multiple of 4")                      \
    X(JUMP_OUTSIDE, "a jump out of the code")                                           \
    X(FETCH, "the code ends here")                                                      \
    X(LOAD, "a load from outside of the memory")                                        \
    X(STORE, "a store to code, to constants, to the input or outside of the memory")    \
    X(CALL_LOAD, "a call is to read outside of the memory")                             \
    X(CALL_STORE, "a call is to write code, constants, input or outside of the memory") \
    X(CALL_ALIGNMENT, "a call got a pointer to a struct that is no multiple of 8")      \
    X(CALL_SIZE, "a call is to work on more than the machine's memory holds")           \
    X(OUTPUT, "more than 4096 bytes of output")

enum machine_trap {
#define TRAP_ENUM(name, text) MACHINE_TRAP_##name,
    MACHINE_TRAPS(TRAP_ENUM)
#undef TRAP_ENUM
};

#define MACHINE_MEMORY_SIZE ((uint64_t)MACHINE_MEMORY_END - MACHINE_RAM_BASE)
#define MACHINE_PAGE_COUNT  (MACHINE_MEMORY_SIZE / MACHINE_PAGE_SIZE)
#define MACHINE_INPUT_MAX   (MACHINE_MEMORY_END - MACHINE_INPUT_BASE - MACHINE_INPUT_START)

/* What is told of jumps and calls of the machine; steps are those done, the jump included. */
struct machine_watcher {
    void *context;
    /* A JAL or JALR that was taken, from its address to another. */
    void (*jump
    )(void *context, uint64_t steps, const struct instruction *, uint64_t from, uint64_t to);
};

struct machine_options {
    uint32_t accelerators;                 /* a bit for each: 1 << ACCELERATOR_x */
    const struct machine_watcher *watcher; /* may be NULL; must outlive the machine */
};

#define MACHINE_REGISTERS 32

/* Read what is here freely; only the functions below write it. */
struct machine {
    /* --- the state: with the memory, all that the next step depends on --- */
    uint64_t x[MACHINE_REGISTERS + 1]; /* x[0] is 0; the last takes what is written to x0 */
    uint64_t pc;
    uint64_t steps; /* instructions done */
    enum machine_status status;
    enum machine_trap trap; /* of MACHINE_TRAPPED */
    uint64_t trap_address;  /* what was accessed or jumped to */
    uint64_t exit_status;   /* of MACHINE_EXITED */
    uint32_t output_size;
    uint8_t output[MACHINE_OUTPUT_MAX];

    /* --- constants of a run --- */
    uint64_t code_start;
    uint64_t code_size;
    uint64_t writable_start;
    struct machine_options options;

    uint8_t *memory; /* MACHINE_MEMORY_SIZE bytes, from MACHINE_RAM_BASE */
    uint8_t *filled; /* a byte for each page: not 0 if the program or its input lies on it */

    /* --- counters: they say what happened and decide nothing --- */
    uint64_t misaligned_count;
    uint64_t accelerator_calls[ACCELERATOR_COUNT];
    uint64_t absent_calls; /* answered with MACHINE_ERROR_ABSENT */
    uint8_t *loaded;       /* a byte for each page: not 0 if something was loaded from it */
    uint8_t *stored;

    struct machine_code *code; /* one for each instruction, and one behind */
    uint64_t *entered;         /* how often a JALR came here */
};

/* machine_open loads a program and gives it an input (borrowed only during the call). On success
 * the machine must be closed.
 * Returns: ERR_LIMIT   the input is larger than MACHINE_INPUT_MAX.
 *          ERR_MEMORY  the host has not enough memory. */
MUST_USE enum err machine_open(
    struct machine *machine,
    const struct elf *elf,
    bytes input,
    const struct machine_options *options
);
void machine_close(struct machine *machine);

/* machine_step runs one instruction, if the machine is running. A trap is no step. */
void machine_step(struct machine *machine);

/* machine_run runs until the machine has halted or so many steps more are done. */
void machine_run(struct machine *machine, uint64_t steps);

/* --- what a run was --------------------------------------------------------------------------- */

/* The output so far; valid until the machine runs or is closed. */
bytes machine_output(const struct machine *machine);

/* counts[i] is how often the instruction at code_start + 4 i has run; code_size / 4 counts. */
void machine_count_instructions(const struct machine *machine, uint64_t *counts);

/* The word of code at code_start + 4 index. */
uint32_t machine_code_word(const struct machine *machine, uint64_t index);

struct machine_pages {
    uint32_t loaded; /* pages that were loaded from */
    uint32_t stored;
    uint32_t touched; /* either */
};
struct machine_pages machine_count_pages(const struct machine *machine);

const char *machine_trap_text(enum machine_trap trap); /* static storage */
const char *accelerator_name(enum accelerator accelerator);

#endif
