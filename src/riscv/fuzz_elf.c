/* Any bytes: they are refused, or what they decode to can be loaded, looked up in and run. */
#include "core/check.h"
#include "riscv/machine.h"
#include "riscv/symbols.h"

#define STEPS 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct elf elf;
    if (elf_decode(&elf, bytes_of(data, size)) != ELF_OK) return 0;
    for (uint32_t i = 0; i < elf_symbol_count(&elf); i++)
        CHECK(strlen(elf_symbol_at(&elf, i).name) < size);
    struct arena arena;
    struct symbols symbols;
    struct machine machine;
    const struct machine_options options = {.accelerators = ACCELERATORS_ALL};
    arena_open(&arena, (size_t)1 << 30);
    CHECK(symbols_open(&symbols, &arena, &elf) == ERR_OK);
    CHECK(symbols_function_at(&symbols, elf.entry) < symbols.function_count);
    CHECK(machine_open(&machine, &elf, bytes_of(data, size), &options) == ERR_OK);
    machine_run(&machine, STEPS);
    CHECK(machine.steps <= STEPS);
    machine_close(&machine);
    arena_close(&arena);
    return 0;
}
