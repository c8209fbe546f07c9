#include "cli/guest_command.h"

#include "cli/cli.h"
#include "cli/file.h"
#include "cli/guest_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_SIZE_MAX  ((size_t)256 << 20)
#define ARENA_SIZE_MAX ((size_t)4 << 30)

struct guest_options {
    const char *input;
    uint64_t cycles_max;
    bool is_profile;
    bool is_without_accelerators;
    bool wants_help;
};

#define FIELD(name) offsetof(struct guest_options, name)

static const struct cli_option guest_options[] = {
    {.name = "input",
     .letter = 'i',
     .kind = CLI_TEXT,
     .offset = FIELD(input),
     .value = "FILE",
     .help = "the program's input; without it there is none"},
    {.name = "profile",
     .letter = 'p',
     .kind = CLI_FLAG,
     .offset = FIELD(is_profile),
     .help = "print the cycles of each function, and who calls whom"},
    {.name = "no-accelerators",
     .kind = CLI_FLAG,
     .offset = FIELD(is_without_accelerators),
     .help = "a machine without accelerators: the program does all work itself"},
    {.name = "max-cycles",
     .kind = CLI_NUMBER,
     .offset = FIELD(cycles_max),
     .min = 1,
     .max = UINT64_C(1) << 50,
     .value = "N",
     .fallback = "1_000_000_000_000",
     .help = "stop after so many"},
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_help),
     .help = "print this text and stop"},
    {0},
};

static const struct cli_table guest_table = {
    .usage = "lockstep guest exec ELF [OPTION]…",
    .options = guest_options,
    .words_max = 2,
    .words = "the word exec and the path of an ELF file",
};

static bool fail(const char *path, const char *problem) {
    fprintf(stderr, "lockstep guest: %s: %s\n", path, problem);
    return false;
}

/* --- running ---------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* false after a message. */
static bool read_elf(struct elf *elf, struct arena *arena, const char *path) {
    const char *problem;
    bytes file;
    if (!file_read(&file, &problem, arena, path, FILE_SIZE_MAX)) return fail(path, problem);
    enum elf_verdict verdict = elf_decode(elf, file);
    return verdict == ELF_OK || fail(path, elf_verdict_text(verdict));
}

/* ERR_INPUT: the program did not end well, which has been printed. */
static enum err
run(struct arena *arena, const struct elf *elf, bytes input, const struct guest_options *options) {
    struct symbols symbols;
    struct machine machine;
    struct profile *profile = NULL;
    struct machine_options machine_options = {0};
    if (!options->is_without_accelerators) machine_options.accelerators = ACCELERATORS_ALL;
    enum err err = symbols_open(&symbols, arena, elf);
    if (err == ERR_OK && options->is_profile) {
        profile = arena_alloc_zero(arena, sizeof *profile);
        err = profile == NULL ? ERR_MEMORY : profile_open(profile, arena, &symbols, elf->entry);
        if (err == ERR_OK) machine_options.watcher = &profile->watcher;
    }
    if (err == ERR_OK) err = machine_open(&machine, elf, input, &machine_options);
    if (err != ERR_OK) return err;
    double start = now();
    machine_run(&machine, options->cycles_max);
    double seconds = now() - start;
    if (profile != NULL) err = profile_finish(profile, machine.steps);
    if (err == ERR_OK) err = guest_report(arena, &machine, &symbols, profile, seconds);
    bool is_good = machine.status == MACHINE_EXITED && machine.exit_status == 0;
    machine_close(&machine);
    return err != ERR_OK || is_good ? err : ERR_INPUT;
}

static int exec(const char *path, const struct guest_options *options) {
    struct arena arena;
    struct elf elf;
    bytes input = BYTES_EMPTY;
    const char *problem;
    arena_open(&arena, ARENA_SIZE_MAX);
    bool is_good = read_elf(&elf, &arena, path);
    if (is_good && options->input != NULL &&
        !file_read(&input, &problem, &arena, options->input, FILE_SIZE_MAX))
        is_good = fail(options->input, problem);
    if (is_good && input.size > MACHINE_INPUT_MAX)
        is_good = fail(options->input, "it is larger than the machine's room for input, 32 MiB");
    if (is_good) {
        enum err err = run(&arena, &elf, input, options);
        if (err != ERR_OK && err != ERR_INPUT) (void)fail(path, err_text(err));
        is_good = err == ERR_OK;
    }
    if (fflush(stdout) != 0) is_good = fail("output", strerror(errno));
    arena_close(&arena);
    return is_good ? 0 : 1;
}

int guest_command(int argc, char **argv) {
    struct guest_options options;
    const char *words[2];
    int words_count;
    int status;
    static const char ABOUT[] = "Runs a RISC-V program in the machine that guests are proven in.";
    if (!cli_begin(
            &status,
            &guest_table,
            "lockstep guest",
            ABOUT,
            &options,
            words,
            &words_count,
            argc - 1,
            argv + 1
        ))
        return status;
    if (words_count != 2 || strcmp(words[0], "exec") != 0) {
        fprintf(stderr, "lockstep guest: say what to do: %s\n", guest_table.usage);
        return 2;
    }
    return exec(words[1], &options);
}
