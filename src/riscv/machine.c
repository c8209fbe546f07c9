#include "riscv/machine_private.h"

#include "core/check.h"
#include "riscv/arithmetic.h"

#include <stdlib.h>
#include <sys/mman.h>

/* --- opening ---------------------------------------------------------------------------------- */

/* Zero bytes that cost nothing until they are touched; NULL if there are none. */
static void *map_zero(size_t size) {
    void *p = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0
    );
    return p == MAP_FAILED ? NULL : p;
}

static size_t code_bytes(const struct machine *machine) {
    return (machine->code_size / 4 + 1) * sizeof(*machine->code);
}

/* Puts bytes where the program or its input is to lie. */
static void fill(struct machine *machine, uint64_t at, const void *data, size_t size) {
    if (size == 0) return;
    size_t offset = (size_t)(at - MACHINE_RAM_BASE);
    size_t last = (offset + size - 1) / MACHINE_PAGE_SIZE;
    memcpy(machine->memory + offset, data, size);
    for (size_t page = offset / MACHINE_PAGE_SIZE; page <= last; page++)
        machine->filled[page] = 1;
}

static void load(struct machine *machine, const struct elf *elf, bytes input) {
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        fill(machine, segment->address, segment->contents.data, segment->contents.size);
    }
    uint64_t size = input.size;
    fill(machine, MACHINE_INPUT_BASE, &size, sizeof size); /* the hosts are little-endian too */
    fill(machine, MACHINE_INPUT_BASE + MACHINE_INPUT_START, input.data, input.size);
}

enum err machine_open(
    struct machine *machine,
    const struct elf *elf,
    bytes input,
    const struct machine_options *options
) {
    if (input.size > MACHINE_INPUT_MAX) return ERR_LIMIT;
    const struct elf_segment *code = &elf->segments[elf->code];
    *machine = (struct machine){
        .pc = elf->entry,
        .code_start = code->address,
        .code_size = code->size,
        .writable_start = elf->writable_start,
        .options = *options,
    };
    machine->memory = map_zero(MACHINE_MEMORY_SIZE);
    machine->loaded = calloc(MACHINE_PAGE_COUNT, 1);
    machine->stored = calloc(MACHINE_PAGE_COUNT, 1);
    machine->filled = calloc(MACHINE_PAGE_COUNT, 1);
    machine->code = map_zero(code_bytes(machine));
    machine->entered = calloc(machine->code_size / 4 + 1, sizeof(*machine->entered));
    if (machine->memory == NULL || machine->loaded == NULL || machine->stored == NULL ||
        machine->filled == NULL || machine->code == NULL || machine->entered == NULL) {
        machine_close(machine);
        return ERR_MEMORY;
    }
    load(machine, elf, input);
    machine_decode_code(machine);
    machine->entered[(machine->pc - machine->code_start) / 4] = 1;
    return ERR_OK;
}

void machine_close(struct machine *machine) {
    if (machine->memory != NULL) (void)munmap(machine->memory, MACHINE_MEMORY_SIZE);
    if (machine->code != NULL) (void)munmap(machine->code, code_bytes(machine));
    free(machine->loaded);
    free(machine->stored);
    free(machine->filled);
    free(machine->entered);
    *machine = (struct machine){.status = MACHINE_TRAPPED};
}

/* --- memory ----------------------------------------------------------------------------------- */

const uint8_t *machine_readable(const struct machine *machine, uint64_t at, uint64_t size) {
    uint64_t offset = at - MACHINE_RAM_BASE;
    if (offset > MACHINE_MEMORY_SIZE || size > MACHINE_MEMORY_SIZE - offset) return NULL;
    return machine->memory + offset;
}

uint8_t *machine_writable(const struct machine *machine, uint64_t at, uint64_t size) {
    uint64_t room = MACHINE_INPUT_BASE - machine->writable_start;
    uint64_t offset = at - machine->writable_start;
    if (offset > room || size > room - offset) return NULL;
    return machine->memory + (at - MACHINE_RAM_BASE);
}

/* Marks the one or two pages that an access is on. */
static void mark(const struct machine *machine, uint8_t *marks, uint64_t at, size_t size) {
    uint64_t offset = at - MACHINE_RAM_BASE;
    (void)machine;
    marks[offset / MACHINE_PAGE_SIZE] = 1;
    marks[(offset + size - 1) / MACHINE_PAGE_SIZE] = 1;
}

/* false after a trap. */
static bool load_bytes(struct machine *machine, void *value, uint64_t at, size_t size) {
    const uint8_t *from = machine_readable(machine, at, size);
    if (from == NULL) {
        machine_trap(machine, MACHINE_TRAP_LOAD, at);
        return false;
    }
    memcpy(value, from, size);
    mark(machine, machine->loaded, at, size);
    if (at % size != 0) machine->misaligned_count++;
    return true;
}

static bool store_bytes(struct machine *machine, uint64_t at, uint64_t value, size_t size) {
    uint8_t *to = machine_writable(machine, at, size);
    if (to == NULL) {
        machine_trap(machine, MACHINE_TRAP_STORE, at);
        return false;
    }
    memcpy(to, &value, size);
    mark(machine, machine->stored, at, size);
    if (at % size != 0) machine->misaligned_count++;
    return true;
}

/* --- a step ----------------------------------------------------------------------------------- */

void machine_trap(struct machine *machine, enum machine_trap trap, uint64_t at) {
    machine->status = MACHINE_TRAPPED;
    machine->trap = trap;
    machine->trap_address = at;
}

/* Whether a jump may go there; else traps. */
static bool check_target(struct machine *machine, uint64_t target) {
    if (target % 4 != 0) {
        machine_trap(machine, MACHINE_TRAP_JUMP_MISALIGNED, target);
        return false;
    }
    if (target - machine->code_start >= machine->code_size) {
        machine_trap(machine, MACHINE_TRAP_JUMP_OUTSIDE, target);
        return false;
    }
    return true;
}

static void count_jump(struct machine *machine, const struct instruction *i, uint64_t target) {
    machine->code[(machine->pc - machine->code_start) / 4].taken++;
    if (i->op == OP_JALR) machine->entered[(target - machine->code_start) / 4]++;
}

static void set_register(struct machine *machine, unsigned rd, uint64_t value) {
    if (rd != 0) machine->x[rd] = value;
}

/* Does all but move on: *next is the address of the instruction to follow, and may be changed.
 * Returns: false  it trapped, and nothing has happened. */
static bool execute(struct machine *machine, const struct instruction *i, uint64_t *next) {
    const uint64_t a = machine->x[i->rs1];
    const uint64_t rs2 = machine->x[i->rs2];
    const uint64_t immediate = (uint64_t)(int64_t)i->immediate;
    bool is_taken = false;
    uint64_t target = 0;
    switch (i->op) {
#define REGISTER(name, kind, value)            \
    case OP_##name: {                          \
        const uint64_t b = rs2;                \
        set_register(machine, i->rd, (value)); \
        break;                                 \
    }
#define IMMEDIATE(name, kind, value)           \
    case OP_##name: {                          \
        const uint64_t b = immediate;          \
        set_register(machine, i->rd, (value)); \
        break;                                 \
    }
#define BRANCH(name, condition)           \
    case OP_##name: {                     \
        const uint64_t b = rs2;           \
        is_taken = (condition);           \
        target = machine->pc + immediate; \
        break;                            \
    }
#define LOAD(name, type)                                                             \
    case OP_##name: {                                                                \
        type value;                                                                  \
        if (!load_bytes(machine, &value, a + immediate, sizeof value)) return false; \
        set_register(machine, i->rd, (uint64_t)value);                               \
        break;                                                                       \
    }
#define STORE(name, type)                                                          \
    case OP_##name:                                                                \
        if (!store_bytes(machine, a + immediate, rs2, sizeof(type))) return false; \
        break;
#include "riscv/instructions.def"
    case OP_LUI:
        set_register(machine, i->rd, immediate);
        break;
    case OP_AUIPC:
        set_register(machine, i->rd, machine->pc + immediate);
        break;
    case OP_JAL:
        is_taken = true;
        target = machine->pc + immediate;
        break;
    case OP_JALR:
        is_taken = true;
        target = (a + immediate) & ~UINT64_C(1);
        break;
    case OP_FENCE:
        break;
    case OP_ECALL:
        return machine_call(machine);
    case OP_EBREAK:
        machine_trap(machine, MACHINE_TRAP_BREAKPOINT, machine->pc);
        return false;
    case OP_ILLEGAL:
        machine_trap(machine, MACHINE_TRAP_ILLEGAL, machine->pc);
        return false;
    }
    if (!is_taken) return true;
    if (!check_target(machine, target)) return false;
    if (i->op == OP_JAL || i->op == OP_JALR) set_register(machine, i->rd, machine->pc + 4);
    count_jump(machine, i, target);
    *next = target;
    return true;
}

void machine_step(struct machine *machine) {
    if (machine->status != MACHINE_RUNNING) return;
    uint64_t from = machine->pc;
    if (from - machine->code_start >= machine->code_size) {
        machine_trap(machine, MACHINE_TRAP_FETCH, from);
        return;
    }
    uint32_t word = machine_code_word(machine, (from - machine->code_start) / 4);
    struct instruction i = instruction_decode(word);
    uint64_t next = from + 4;
    if (!execute(machine, &i, &next)) return;
    machine->pc = next;
    machine->steps++;
    const struct machine_watcher *watcher = machine->options.watcher;
    if (watcher != NULL && (i.op == OP_JAL || i.op == OP_JALR))
        watcher->jump(watcher->context, machine->steps, &i, from, next);
}

/* --- what a run was --------------------------------------------------------------------------- */

bytes machine_output(const struct machine *machine) {
    return bytes_of(machine->output, machine->output_size);
}

uint32_t machine_code_word(const struct machine *machine, uint64_t index) {
    uint32_t word;
    memcpy(
        &word, machine->memory + (machine->code_start - MACHINE_RAM_BASE) + index * 4, sizeof word
    );
    return word;
}

/* An instruction runs as often as the one before it did not jump, and as often as it was jumped to.
 * The machine stands before the next one, which has been reached once more than it has run. */
void machine_count_instructions(const struct machine *machine, uint64_t *counts) {
    uint64_t count = machine->code_size / 4;
    memcpy(counts, machine->entered, count * sizeof *counts);
    for (uint64_t i = 0; i < count; i++) {
        struct instruction instruction = instruction_decode(machine_code_word(machine, i));
        uint64_t taken = machine->code[i].taken;
        if (taken == 0 || instruction.op == OP_JALR) continue;
        counts[i + (uint64_t)(int64_t)(instruction.immediate / 4)] += taken;
    }
    uint64_t at = (machine->pc - machine->code_start) / 4;
    if (at < count) counts[at]--;
    for (uint64_t i = 1; i < count; i++)
        counts[i] += counts[i - 1] - machine->code[i - 1].taken;
}

struct machine_pages machine_count_pages(const struct machine *machine) {
    struct machine_pages pages = {0};
    for (size_t i = 0; i < MACHINE_PAGE_COUNT; i++) {
        pages.loaded += machine->loaded[i];
        pages.stored += machine->stored[i];
        pages.touched += machine->loaded[i] | machine->stored[i];
    }
    return pages;
}

const char *machine_trap_text(enum machine_trap trap) {
    switch (trap) {
#define TRAP_TEXT(name, text) \
    case MACHINE_TRAP_##name: \
        return text;
        MACHINE_TRAPS(TRAP_TEXT)
#undef TRAP_TEXT
    }
    return "unknown";
}
