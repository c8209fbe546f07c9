/* Nanoseconds for an instruction of the machine: run fast, watched by the profiler, and step by
 * step. The program is a loop over loads, stores, arithmetic and multiplication with a call in it,
 * a third of it jumps and branches that are taken. */
#include "core/bench_host.h"
#include "riscv/test_program.h"

#define STEPS 1000000

static struct machine machine;

static void open_machine(const struct machine_watcher *watcher) {
    static uint8_t file[TEST_ELF_SIZE_MAX];
    const uint32_t code[] = {
        LD(A1, T0, 0),
        ADD(A0, A0, A1),
        encode_r(0x33, 0, 1, A2, A0, A1), /* mul */
        encode_r(0x33, 4, 0, A3, A2, A0), /* xor */
        SD(A3, T0, 8),
        JAL(RA, 16),
        ADDI(T1, T1, 1),
        BNE(T1, ZERO, -28),
        EBREAK,
        SLLI(A4, A3, 3),
        JALR(ZERO, RA, 0),
    };
    struct elf elf;
    const struct machine_options options = {.watcher = watcher};
    size_t size = test_elf(file, code, sizeof code);
    CHECK(elf_decode(&elf, bytes_of(file, size)) == ELF_OK);
    CHECK(machine_open(&machine, &elf, BYTES_EMPTY, &options) == ERR_OK);
    machine.x[T0] = DATA_START;
}

static void run_fast(void) {
    machine_run(&machine, STEPS);
}

static void run_by_steps(void) {
    for (int i = 0; i < STEPS; i++)
        machine_step(&machine);
}

static void
ignore(void *context, uint64_t steps, const struct instruction *i, uint64_t from, uint64_t to) {
    (void)context;
    (void)steps;
    (void)i;
    (void)from;
    (void)to;
}

int main(void) {
    const struct machine_watcher watcher = {.jump = ignore};
    open_machine(NULL);
    bench_row("riscv/instruction/run", STEPS, run_fast);
    bench_row("riscv/instruction/step", STEPS, run_by_steps);
    machine_close(&machine);
    open_machine(&watcher);
    bench_row("riscv/instruction/watched", STEPS, run_fast);
    CHECK(machine.status == MACHINE_RUNNING);
    machine_close(&machine);
    return 0;
}
