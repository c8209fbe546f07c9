#include "conformance/state_machine.h"

#include "core/check.h"
#include "riscv/machine.h"
#include "verify/statement.h"

#include <stdio.h>
#include <stdlib.h>

#define ELF_SIZE_MAX ((size_t)16 << 20)
#define CYCLES_MAX   (UINT64_C(1) << 40)
#define OUTPUT_SIZE  (8 + 32 + 32) /* src/guest/statetest.c */

/* A process runs many cases with one program. */
static const struct elf *load(const char *path) {
    static struct elf elf;
    static uint8_t *contents;
    if (contents != NULL) return &elf;
    FILE *file = fopen(path, "rb");
    contents = malloc(ELF_SIZE_MAX);
    if (file == NULL || contents == NULL) {
        fprintf(stderr, "lockstep statetest: %s cannot be read\n", path);
        exit(2);
    }
    size_t size = fread(contents, 1, ELF_SIZE_MAX, file);
    (void)fclose(file);
    enum elf_verdict verdict = elf_decode(&elf, bytes_of(contents, size));
    if (verdict == ELF_OK) return &elf;
    fprintf(stderr, "lockstep statetest: %s: %s\n", path, elf_verdict_text(verdict));
    exit(2);
}

void state_machine_run(
    char *reason,
    size_t reason_size,
    struct arena *arena,
    const char *elf,
    const struct state_case *c,
    const struct state_case_result *expected,
    bool may_be_too_large
) {
    const struct machine_options options = {.accelerators = ACCELERATORS_ALL};
    struct machine machine;
    bytes input;
    CHECK(state_case_encode(&input, arena, c) == ERR_OK);
    CHECK(machine_open(&machine, load(elf), input, &options) == ERR_OK);
    machine_run(&machine, CYCLES_MAX);
    bytes output = machine_output(&machine);
    const bool is_exited = machine.status == MACHINE_EXITED;
    const bool is_too_large = is_exited && machine.exit_status == STATEMENT_MEMORY;
    const char *what = NULL;
    if (machine.status == MACHINE_TRAPPED)
        what = machine_trap_text(machine.trap);
    else if (is_too_large)
        what = may_be_too_large ? NULL : "out of memory";
    else if (!is_exited || machine.exit_status != 0)
        what = "it did not end well";
    else if (output.size != OUTPUT_SIZE || load_le64(output.data) != (uint64_t)expected->verdict)
        what = "another verdict";
    else if (memcmp(output.data + 8, expected->root.b, 32) != 0)
        what = "another root";
    else if (memcmp(output.data + 40, expected->logs.b, 32) != 0)
        what = "other logs";
    if (what != NULL) (void)snprintf(reason, reason_size, "in the machine: %s", what);
    machine_close(&machine);
}
