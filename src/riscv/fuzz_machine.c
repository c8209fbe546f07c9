/* Any code: what is run fast is what is run step by step. The first bytes are registers and how
 * many steps to run at a time. */
#include "riscv/test_program.h"

#define REGISTERS_SIZE 64
#define SLICES         4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void start(struct machine *machine, const struct elf *elf, const uint8_t *data) {
    static const uint64_t places[4] = {
        CODE_START, DATA_START, DATA_START + DATA_SIZE - 4, MACHINE_MEMORY_END - 8};
    const struct machine_options options = {.accelerators = ACCELERATORS_ALL};
    CHECK(machine_open(machine, elf, bytes_of("input", 5), &options) == ERR_OK);
    for (unsigned i = 1; i < MACHINE_REGISTERS; i++)
        machine->x[i] =
            places[i % 4] + data[2 * i] + (i % 5 == 0 ? (uint64_t)data[2 * i + 1] << 56 : 0);
}

static void check_same(const struct machine *a, const struct machine *b) {
    CHECK(memcmp(a->x, b->x, MACHINE_REGISTERS * sizeof *a->x) == 0);
    CHECK(a->pc == b->pc && a->steps == b->steps && a->status == b->status && a->trap == b->trap);
    CHECK(a->trap_address == b->trap_address && a->exit_status == b->exit_status);
    CHECK(bytes_equal(machine_output(a), machine_output(b)));
    CHECK(a->misaligned_count == b->misaligned_count && a->absent_calls == b->absent_calls);
    CHECK(memcmp(a->loaded, b->loaded, MACHINE_PAGE_COUNT) == 0);
    CHECK(memcmp(a->stored, b->stored, MACHINE_PAGE_COUNT) == 0);
    for (size_t i = 0; i < MACHINE_PAGE_COUNT; i++) {
        size_t at = i * MACHINE_PAGE_SIZE;
        if (a->stored[i]) CHECK(memcmp(a->memory + at, b->memory + at, MACHINE_PAGE_SIZE) == 0);
    }
}

static void check_counts(const struct machine *machine, const uint64_t *executed) {
    uint64_t counts[TEST_ELF_SIZE_MAX / 4 / 64];
    machine_count_instructions(machine, counts);
    CHECK(memcmp(counts, executed, machine->code_size / 4 * sizeof *counts) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t file[TEST_ELF_SIZE_MAX];
    static uint64_t executed[TEST_ELF_SIZE_MAX / 4 / 64];
    struct machine fast;
    struct machine slow;
    struct elf elf;
    if (size < REGISTERS_SIZE + 4 || size > TEST_ELF_SIZE_MAX / 64) return 0;
    size_t code_size = (size - REGISTERS_SIZE) / 4 * 4;
    bytes program = bytes_of(file, test_elf(file, data + REGISTERS_SIZE, code_size));
    CHECK(elf_decode(&elf, program) == ELF_OK);
    start(&fast, &elf, data);
    start(&slow, &elf, data);
    memset(executed, 0, code_size / 4 * sizeof *executed);
    for (int slice = 0; slice < SLICES; slice++) {
        unsigned count = data[slice] * (slice % 2 ? 1u : 40u);
        machine_run(&fast, count);
        for (unsigned i = 0; i < count; i++) {
            uint64_t index = (slow.pc - CODE_START) / 4;
            uint64_t before = slow.steps;
            machine_step(&slow);
            if (slow.steps != before) executed[index]++;
        }
        check_same(&fast, &slow);
        check_counts(&fast, executed);
        check_counts(&slow, executed);
    }
    machine_close(&fast);
    machine_close(&slow);
    return 0;
}
