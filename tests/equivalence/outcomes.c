#include "outcomes.h"

#include "riscv/machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define EXITED     1
#define TRAPPED    2
#define FILE_MAX   ((size_t)1 << 30)
#define CYCLES_MAX (UINT64_C(1) << 36)

static _Noreturn void give_up(const char *path, const char *problem) {
    fprintf(stderr, "equivalence: %s: %s\n", path, problem);
    exit(1);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_all(FILE *file, const void *data, size_t size) {
    if (fwrite(data, 1, size, file) != size) give_up("a list", "cannot be written");
}

static void write_word(FILE *file, uint64_t value) {
    uint8_t word[8];
    store_le64(word, value);
    write_all(file, word, sizeof(word));
}

static void write_string(FILE *file, bytes data) {
    static const uint8_t zeros[8];
    write_word(file, data.size);
    if (data.size > 0) write_all(file, data.data, data.size);
    write_all(file, zeros, (8 - data.size % 8) % 8);
}

static void write_outcome(FILE *file, uint64_t how, uint64_t status, bytes output) {
    write_word(file, how);
    write_word(file, status);
    write_string(file, output);
}

static FILE *open_in(const char *folder, const char *name) {
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) give_up(path, "cannot be written");
    return file;
}

void outcome_lists_open(struct outcome_lists *lists, const char *folder) {
    *lists = (struct outcome_lists){
        .inputs = open_in(folder, "inputs"),
        .outcomes = open_in(folder, "outcomes"),
        .names = open_in(folder, "names"),
    };
    write_word(lists->inputs, 0); /* how many: at the end */
}

void outcome_lists_add(
    struct outcome_lists *lists,
    const char *name,
    bytes input,
    const struct statement_output *output
) {
    write_string(lists->inputs, input);
    write_outcome(lists->outcomes, EXITED, output->status, bytes_of(output->data, output->size));
    if (fprintf(lists->names, "%s\n", name) < 0) give_up(name, "cannot be written");
    lists->count++;
}

void outcome_lists_close(struct outcome_lists *lists) {
    rewind(lists->inputs);
    write_word(lists->inputs, lists->count);
    if (fclose(lists->inputs) != 0 || fclose(lists->outcomes) != 0 || fclose(lists->names) != 0)
        give_up("a list", "cannot be written");
}

/* --- other machines --------------------------------------------------------------------------- */

static bytes read_file(struct arena *arena, const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) give_up(path, "cannot be read");
    const long size = ftell(file);
    rewind(file);
    uint8_t *data = size < 0 ? NULL : arena_alloc(arena, (size_t)size);
    if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size || fclose(file) != 0)
        give_up(path, "cannot be read");
    return bytes_of(data, (size_t)size);
}

static void run_in_machine(FILE *outcomes, const struct elf *elf, bytes input) {
    struct machine machine;
    const struct machine_options options = {.accelerators = ACCELERATORS_ALL};
    if (machine_open(&machine, elf, input, &options) != ERR_OK) give_up("machine", "no memory");
    machine_run(&machine, CYCLES_MAX);
    if (machine.status == MACHINE_RUNNING) give_up("machine", "the program does not end");
    const bool has_exited = machine.status == MACHINE_EXITED;
    write_outcome(
        outcomes,
        has_exited ? EXITED : TRAPPED,
        has_exited ? machine.exit_status : 0,
        machine_output(&machine)
    );
    machine_close(&machine);
}

static void run_here(FILE *outcomes, struct arena *scratch, bytes input) {
    struct statement_output output;
    arena_reset(scratch);
    /* On its own, so that a sanitizer sees who reads behind its end. */
    uint8_t *copy = malloc(input.size > 0 ? input.size : 1);
    if (copy == NULL) give_up("input", "no memory");
    if (input.size > 0) memcpy(copy, input.data, input.size);
    statement_check(&output, scratch, bytes_of(copy, input.size));
    write_outcome(outcomes, EXITED, output.status, bytes_of(output.data, output.size));
    free(copy);
}

int outcomes_main(int argc, char **argv) {
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: equivalence --outcomes INPUTS OUTCOMES [ELF]\n");
        return 1;
    }
    struct arena arena;
    struct arena scratch;
    struct elf elf;
    arena_open(&arena, 2 * FILE_MAX);
    arena_open(&scratch, (size_t)1 << 32);
    if (argc == 5) {
        const enum elf_verdict verdict = elf_decode(&elf, read_file(&arena, argv[4]));
        if (verdict != ELF_OK) give_up(argv[4], elf_verdict_text(verdict));
    }
    bytes list = read_file(&arena, argv[2]);
    FILE *outcomes = fopen(argv[3], "wb");
    if (outcomes == NULL) give_up(argv[3], "cannot be written");
    if (list.size < 8) give_up(argv[2], "is no list");
    const uint64_t count = load_le64(list.data);
    list = bytes_slice(list, 8, SIZE_MAX);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t size = list.size < 8 ? UINT64_MAX : load_le64(list.data);
        if (size > list.size) give_up(argv[2], "is no list");
        const bytes input = bytes_slice(list, 8, (size_t)size);
        list = bytes_slice(list, 8 + ((size_t)size + 7) / 8 * 8, SIZE_MAX);
        if (argc == 5)
            run_in_machine(outcomes, &elf, input);
        else
            run_here(outcomes, &scratch, input);
    }
    if (fclose(outcomes) != 0) give_up(argv[3], "cannot be written");
    arena_close(&scratch);
    arena_close(&arena);
    printf("%" PRIu64 " passed, 0 failed\n", count);
    return 0;
}
