/* The machine, fast: threaded code over instructions decoded once. It does what machine_step does,
 * for everything that can be done without leaving the loop; the rest it leaves to machine_step, one
 * instruction at a time. The Makefile gives this file options of its own. */
#include "core/check.h"
#include "riscv/arithmetic.h"
#include "riscv/machine_private.h"

/* Labels as values. */
#pragma GCC diagnostic ignored "-Wpedantic"

#define CODE_SIZE ((intptr_t)sizeof(struct machine_code))

/* --- decoding --------------------------------------------------------------------------------- */

/* Whether the interpreter can do it; immediates are made what the interpreter wants. */
static bool prepare(
    const struct machine *machine, struct machine_code *code, enum instruction_op op, uint64_t at
) {
    uint64_t pc = machine->code_start + 4 * at;
    bool is_watched = machine->options.watcher != NULL;
    int64_t value = code->immediate;
    switch (instruction_kind(op)) {
    case KIND_ARITHMETIC:
        /* AUIPC: the sum, from the beginning of the memory. */
        if (op == OP_AUIPC) value += (int64_t)(pc - MACHINE_RAM_BASE);
        break;
    case KIND_MULTIPLY:
    case KIND_DIVIDE:
    case KIND_LOAD:
    case KIND_STORE:
        break;
    case KIND_JUMP:
        if (op == OP_JALR) return !is_watched;
        if (is_watched) return false;
        break;
    case KIND_BRANCH:
        break;
    case KIND_SYSTEM:
        return op == OP_FENCE;
    }
    if (op == OP_JAL || instruction_kind(op) == KIND_BRANCH) {
        uint64_t target = pc + (uint64_t)value;
        if (target % 4 != 0 || target - machine->code_start >= machine->code_size) return false;
        value *= CODE_SIZE / 4;
    }
    if (value != (int32_t)value) return false;
    code->immediate = (int32_t)value;
    return true;
}

void machine_decode_code(struct machine *machine) {
    uint64_t count = machine->code_size / 4;
    for (uint64_t i = 0; i < count; i++) {
        struct machine_code *code = &machine->code[i];
        struct instruction instruction = instruction_decode(machine_code_word(machine, i));
        code->rd = instruction.rd != 0 ? instruction.rd : MACHINE_REGISTERS;
        code->rs1 = instruction.rs1;
        code->rs2 = instruction.rs2;
        code->immediate = instruction.immediate;
        code->label = (uint8_t)instruction.op;
        if (!prepare(machine, code, instruction.op, i)) code->label = CODE_SLOW;
    }
    machine->code[count].label = CODE_SLOW;
}

/* --- running ---------------------------------------------------------------------------------- */

/* Whether an access of 1 << bits bytes at offset lies within size and is aligned: misalignment
 * turns into a large number. */
static inline bool is_plain(uint64_t offset, unsigned bits, uint64_t size) {
    return (offset >> bits | offset << ((64 - bits) & 63)) < size >> bits;
}

#define LOG2(type) ((unsigned)__builtin_ctz(sizeof(type)))

/* Runs on until the machine has halted or at least so many steps are done in all; it goes past that
 * by no more than the instructions up to the next jump. */
static void run_fast(struct machine *machine, uint64_t steps) {
    static const void *const labels[OP_COUNT] = {
#define REGISTER(name, kind, value)  [OP_##name] = &&do_##name,
#define IMMEDIATE(name, kind, value) [OP_##name] = &&do_##name,
#define BRANCH(name, condition)      [OP_##name] = &&do_##name,
#define LOAD(name, type)             [OP_##name] = &&do_##name,
#define STORE(name, type)            [OP_##name] = &&do_##name,
#define OTHER(name, kind)            [OP_##name] = &&do_##name,
#include "riscv/instructions.def"
    };
    uint64_t *const x = machine->x;
    struct machine_code *const code = machine->code;
    uint8_t *const memory = machine->memory;
    uint8_t *const loaded = machine->loaded;
    const uint64_t writable_start = machine->writable_start;
    const uint64_t writable_size = MACHINE_INPUT_BASE - writable_start;
    uint8_t *const writable = memory + (writable_start - MACHINE_RAM_BASE);
    uint8_t *const stored =
        machine->stored + (writable_start - MACHINE_RAM_BASE) / MACHINE_PAGE_SIZE;
    const uint64_t end = steps * (uint64_t)CODE_SIZE;
    struct machine_code *ip = code + (machine->pc - machine->code_start) / 4;
    /* The steps done are what ip is above bias. So only jumps must count, by moving bias along. */
    uintptr_t bias = (uintptr_t)ip - machine->steps * (uint64_t)CODE_SIZE;

#define GO()                     \
    do {                         \
        goto *labels[ip->label]; \
    } while (0)
#define NEXT() \
    do {       \
        ip++;  \
        GO();  \
    } while (0)
#define JUMP(bytes)                                                        \
    do {                                                                   \
        intptr_t distance = (bytes);                                       \
        ip->taken++;                                                       \
        ip = (struct machine_code *)((uintptr_t)ip + (uintptr_t)distance); \
        bias += (uintptr_t)(distance - CODE_SIZE);                         \
        if ((uintptr_t)ip - bias >= end) goto leave;                       \
        GO();                                                              \
    } while (0)

    GO();

#define REGISTER(name, kind, value)    \
    do_##name : {                      \
        const uint64_t a = x[ip->rs1]; \
        const uint64_t b = x[ip->rs2]; \
        x[ip->rd] = (value);           \
        NEXT();                        \
    }
#define IMMEDIATE(name, kind, value)                         \
    do_##name : {                                            \
        const uint64_t a = x[ip->rs1];                       \
        const uint64_t b = (uint64_t)(int64_t)ip->immediate; \
        x[ip->rd] = (value);                                 \
        NEXT();                                              \
    }
#define BRANCH(name, condition)             \
    do_##name : {                           \
        const uint64_t a = x[ip->rs1];      \
        const uint64_t b = x[ip->rs2];      \
        if (condition) JUMP(ip->immediate); \
        NEXT();                             \
    }
#define LOAD(name, type)                                                                          \
    do_##name : {                                                                                 \
        const uint64_t offset = x[ip->rs1] + (uint64_t)(int64_t)ip->immediate - MACHINE_RAM_BASE; \
        type value;                                                                               \
        if (!is_plain(offset, LOG2(type), MACHINE_MEMORY_SIZE)) goto do_slow;                     \
        memcpy(&value, memory + offset, sizeof value);                                            \
        loaded[offset / MACHINE_PAGE_SIZE] = 1;                                                   \
        x[ip->rd] = (uint64_t)value;                                                              \
        NEXT();                                                                                   \
    }
#define STORE(name, type)                                                                       \
    do_##name : {                                                                               \
        const uint64_t offset = x[ip->rs1] + (uint64_t)(int64_t)ip->immediate - writable_start; \
        const type value = (type)x[ip->rs2];                                                    \
        if (!is_plain(offset, LOG2(type), writable_size)) goto do_slow;                         \
        memcpy(writable + offset, &value, sizeof value);                                        \
        stored[offset / MACHINE_PAGE_SIZE] = 1;                                                 \
        NEXT();                                                                                 \
    }
#include "riscv/instructions.def"

do_LUI:
    x[ip->rd] = (uint64_t)(int64_t)ip->immediate;
    NEXT();

do_AUIPC:
    x[ip->rd] = MACHINE_RAM_BASE + (uint64_t)(int64_t)ip->immediate;
    NEXT();

do_JAL:
    x[ip->rd] = machine->code_start + (uint64_t)(ip - code) * 4 + 4;
    JUMP(ip->immediate);

do_JALR : {
    const uint64_t target = (x[ip->rs1] + (uint64_t)(int64_t)ip->immediate) & ~UINT64_C(1);
    const uint64_t offset = target - machine->code_start;
    if (!is_plain(offset, 2, machine->code_size)) goto do_slow;
    x[ip->rd] = machine->code_start + (uint64_t)(ip - code) * 4 + 4;
    machine->entered[offset / 4]++;
    JUMP((intptr_t)code + (intptr_t)(offset / 4) * CODE_SIZE - (intptr_t)ip);
}

do_FENCE:
    NEXT();

do_ECALL:
do_EBREAK:
do_ILLEGAL:
do_slow:
    machine->pc = machine->code_start + (uint64_t)(ip - code) * 4;
    machine->steps = ((uintptr_t)ip - bias) / (uint64_t)CODE_SIZE;
    machine_step(machine);
    if (machine->status != MACHINE_RUNNING || machine->steps >= steps) return;
    ip = code + (machine->pc - machine->code_start) / 4;
    bias = (uintptr_t)ip - machine->steps * (uint64_t)CODE_SIZE;
    GO();

leave:
    machine->pc = machine->code_start + (uint64_t)(ip - code) * 4;
    machine->steps = ((uintptr_t)ip - bias) / (uint64_t)CODE_SIZE;
#undef GO
#undef NEXT
#undef JUMP
}

/* Steps beyond this are not counted; no run gets there. */
#define STEPS_MAX (UINT64_C(1) << 58)

void machine_run(struct machine *machine, uint64_t steps) {
    uint64_t end = steps > STEPS_MAX - machine->steps ? STEPS_MAX : machine->steps + steps;
    uint64_t straight_max = machine->code_size / 4;
    if (machine->status == MACHINE_RUNNING && end > straight_max &&
        machine->steps < end - straight_max)
        run_fast(machine, end - straight_max);
    while (machine->status == MACHINE_RUNNING && machine->steps < end)
        machine_step(machine);
}
