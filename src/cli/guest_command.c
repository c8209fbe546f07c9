#include "cli/guest_command.h"

#include "cli/cli.h"
#include "cli/file.h"
#include "cli/guest_report.h"
#include "proof/guest.h"
#include "verify/statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_SIZE_MAX  ((size_t)256 << 20)
#define ARENA_SIZE_MAX ((size_t)4 << 30)

struct guest_options {
    const char *batch;
    const char *witness;
    const char *share;
    const char *elf;
    const char *input;
    uint64_t cycles_max;
    bool is_profile;
    bool is_without_accelerators;
    bool wants_help;
};

#define FIELD(name) offsetof(struct guest_options, name)

static const struct cli_option guest_options[] = {
    {.name = "batch",
     .letter = 'b',
     .kind = CLI_TEXT,
     .offset = FIELD(batch),
     .value = "FILE",
     .help = "run: a batch, as lockstep batch export writes it"},
    {.name = "witness",
     .letter = 'w',
     .kind = CLI_TEXT,
     .offset = FIELD(witness),
     .value = "FILE",
     .help = "run: its witness"},
    {.name = "share",
     .letter = 's',
     .kind = CLI_TEXT,
     .offset = FIELD(share),
     .value = "FILE",
     .help = "run: instead of both, a share of a batch, as lockstep batch split writes it"},
    {.name = "elf",
     .letter = 'e',
     .kind = CLI_TEXT,
     .offset = FIELD(elf),
     .value = "FILE",
     .help = "run: another guest program than this Lockstep's own"},
    {.name = "input",
     .letter = 'i',
     .kind = CLI_TEXT,
     .offset = FIELD(input),
     .value = "FILE",
     .help = "exec: the program's input; without it there is none"},
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
    .usage = "lockstep guest run --batch FILE --witness FILE [OPTION]… | guest run --share FILE "
             "[OPTION]… | guest exec ELF [OPTION]…",
    .options = guest_options,
    .words_max = 2,
    .words = "the word run, or exec and the path of an ELF file",
};

static bool fail(const char *path, const char *problem) {
    fprintf(stderr, "lockstep guest: %s: %s\n", path, problem);
    return false;
}

/* The whole file, in the arena; false after a message. */
static bool read(bytes *contents, struct arena *arena, const char *path) {
    const char *problem;
    return file_read(contents, &problem, arena, path, FILE_SIZE_MAX) || fail(path, problem);
}

/* --- running ---------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* false after a message. */
static bool read_elf(struct elf *elf, struct arena *arena, const char *path) {
    bytes file = guest_elf();
    if (path != NULL && !read(&file, arena, path)) return false;
    enum elf_verdict verdict = elf_decode(elf, file);
    return verdict == ELF_OK || fail(path != NULL ? path : "guest", elf_verdict_text(verdict));
}

/* A batch with its witness behind it, which is what guests read. */
static bool
read_batch(bytes *input, struct arena *arena, const char *batch_path, const char *witness_path) {
    bytes batch;
    bytes witness;
    if (!read(&batch, arena, batch_path) || !read(&witness, arena, witness_path)) return false;
    uint8_t *both = arena_alloc(arena, batch.size + witness.size);
    if (both == NULL) return fail(witness_path, err_text(ERR_MEMORY));
    memcpy(both, batch.data, batch.size);
    memcpy(both + batch.size, witness.data, witness.size);
    *input = bytes_of(both, batch.size + witness.size);
    return true;
}

/* Of our guest: what its refusal says (verify/statement.h). */
static void print_refusal(const struct machine *machine) {
    bytes output = machine_output(machine);
    if (machine->status != MACHINE_EXITED || output.size != STATEMENT_REFUSAL_SIZE) return;
    uint64_t verdict = load_le64(output.data + 8);
    if (machine->exit_status == STATEMENT_MEMORY)
        printf("\nrefused     %s\n", err_text(ERR_MEMORY));
    else if (machine->exit_status == STATEMENT_REFUSED && verdict <= UINT8_MAX)
        printf(
            "\nrefused     %s: %s\n",
            verify_verdict_name((enum verify_verdict)verdict),
            verify_verdict_text((enum verify_verdict)verdict)
        );
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
    if (err == ERR_OK && (options->batch != NULL || options->share != NULL))
        print_refusal(&machine);
    bool is_good = machine.status == MACHINE_EXITED && machine.exit_status == 0;
    machine_close(&machine);
    return err != ERR_OK || is_good ? err : ERR_INPUT;
}

/* elf: NULL for our own guest. */
static int execute(const char *elf_path, const struct guest_options *options) {
    struct arena arena;
    struct elf elf;
    bytes input = BYTES_EMPTY;
    const char *input_path = options->batch != NULL   ? options->batch
                             : options->share != NULL ? options->share
                                                      : options->input;
    arena_open(&arena, ARENA_SIZE_MAX);
    bool is_good = read_elf(&elf, &arena, elf_path);
    if (is_good && options->batch != NULL)
        is_good = read_batch(&input, &arena, options->batch, options->witness);
    else if (is_good && input_path != NULL)
        is_good = read(&input, &arena, input_path);
    if (is_good && input.size > MACHINE_INPUT_MAX)
        is_good = fail(input_path, "the machine has room for an input of 32 MiB, and it is larger");
    if (is_good) {
        enum err err = run(&arena, &elf, input, options);
        if (err != ERR_OK && err != ERR_INPUT) (void)fail("running", err_text(err));
        is_good = err == ERR_OK;
    }
    if (fflush(stdout) != 0) is_good = fail("output", strerror(errno));
    arena_close(&arena);
    return is_good ? 0 : 1;
}

static int refuse(const char *problem) {
    fprintf(stderr, "lockstep guest: %s\n", problem);
    return 2;
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
    bool is_run = words_count == 1 && strcmp(words[0], "run") == 0;
    bool is_exec = words_count == 2 && strcmp(words[0], "exec") == 0;
    if (!is_run && !is_exec)
        return refuse("say what to do: run --batch FILE --witness FILE, or exec ELF");
    const bool has_batch = options.batch != NULL || options.witness != NULL;
    if (is_run && has_batch == (options.share != NULL))
        return refuse("run needs --batch FILE and --witness FILE, or --share FILE");
    if (is_run && has_batch && (options.batch == NULL || options.witness == NULL))
        return refuse("run needs --batch FILE and --witness FILE");
    if (is_run && options.input != NULL)
        return refuse("--input is for exec; run has --batch and --witness, or --share");
    if (is_exec && (has_batch || options.share != NULL || options.elf != NULL))
        return refuse("--batch, --witness, --share and --elf are for run; exec has --input");
    return execute(is_run ? options.elf : words[1], &options);
}
