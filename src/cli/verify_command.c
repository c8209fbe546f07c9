#include "cli/batch_command.h"
#include "cli/batch_folder.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/verify_jobs.h"
#include "core/hex.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>

#define ARENA_SIZE_MAX ((size_t)4 << 30)

struct verify_command_options {
    uint64_t jobs;
    bool is_impersonated;
    bool wants_help;
};

#define FIELD(name) offsetof(struct verify_command_options, name)

static const struct cli_option verify_options[] = {
    {.name = "jobs",
     .letter = 'j',
     .kind = CLI_NUMBER,
     .offset = FIELD(jobs),
     .min = 1,
     .max = VERIFY_JOBS_MAX,
     .value = "N",
     .fallback = "1",
     .help = "threads: each makes whole runs of the batch anew"},
    {.name = "impersonated",
     .kind = CLI_FLAG,
     .offset = FIELD(is_impersonated),
     .help = "take transactions that nobody signed, as only a development network does"},
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_help),
     .help = "print this text and stop"},
    {0},
};

static const struct cli_table verify_table = {
    .usage = "lockstep verify FOLDER|SHARE [OPTION]…",
    .options = verify_options,
    .words_max = 1,
    .words = "one folder, as lockstep batch export makes it, or one share of lockstep batch split",
};

static bool complain(const char *problem) {
    fprintf(stderr, "lockstep verify: %s\n", problem);
    return false;
}

static void print_hash(const char *label, const hash32 *hash) {
    char digits[65] = {0};
    hex_encode(digits, hash32_bytes(hash));
    printf("%-13s 0x%s\n", label, digits);
}

/* A refusal on one line: its name, what it means, where. */
static void print_refusal(const struct verify_result *result) {
    printf(
        "verdict       %s: %s",
        verify_verdict_name(result->verdict),
        verify_verdict_text(result->verdict)
    );
    if (result->fault != WORDS_NONE)
        printf(": %s, %s", words_fault_name(result->fault), words_fault_text(result->fault));
    if (result->verdict == VERIFY_ENTRY_NO_FACT)
        printf(": %s, %s", step_verdict_name(result->step), step_verdict_text(result->step));
    if (result->rollup_id != 0) printf("; rollup %" PRIu64, result->rollup_id);
    if (result->verdict >= VERIFY_ENTRY_NO_TRANSITION && result->verdict <= VERIFY_ENTRY_OUT)
        printf("; entry %zu", result->entry_index);
    printf("\n");
}

static void print_statement(const struct verify_result *result) {
    char hub[41] = {0};
    hex_encode(hub, address_bytes(&result->hub));
    printf("verdict       OK: %s\n", verify_verdict_text(result->verdict));
    print_hash("output", &result->output);
    print_hash("public input", &result->public_input);
    printf("parent        chain %" PRIu64 ", Hub 0x%s\n", result->chain_id, hub);
    printf("rollups      ");
    for (size_t i = 0; i < result->rollup_id_count; i++)
        printf(" %" PRIu64, result->rollup_ids[i]);
    printf("\n");
}

static void print_share(const struct verify_share *share) {
    printf(
        "share         runs %" PRIu64 " to %" PRIu64 " of %" PRIu64 ", from 0\n",
        share->first,
        share->first + share->count - 1,
        share->total
    );
    print_hash("split", &share->split);
}

static void print_sizes(
    const struct batch_folder *folder, const struct verify_outcome *outcome, uint64_t jobs
) {
    printf(
        "batch         %zu bytes: %zu updates, %zu entries\n",
        folder->batch.size,
        outcome->update_count,
        outcome->entry_count
    );
    printf(
        "witness       %zu bytes: %zu heads, %zu headers, %zu trie nodes, %zu codes\n",
        folder->witness.size,
        outcome->head_count,
        outcome->header_count,
        outcome->node_count,
        outcome->code_count
    );
    if (jobs > 1 && folder->runs.size > 0) printf("runs' witness %zu bytes\n", folder->runs.size);
    printf(
        "runs          %zu, the largest of %zu entries\n", outcome->run_count, outcome->largest_run
    );
}

static double now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* One file, about some of a batch's runs. */
static bool verify_share(const char *path, const struct verify_command_options *options) {
    struct arena arena;
    struct verify_result result;
    const char *problem;
    bytes input;
    const struct verify_options allowed = {
        .names_senders = options->is_impersonated, .takes_shares = true};
    arena_open(&arena, ARENA_SIZE_MAX);
    bool is_good = file_read(&input, &problem, &arena, path, 2 * BATCH_FOLDER_FILE_MAX);
    if (!is_good) {
        fprintf(stderr, "lockstep verify: %s: %s\n", path, problem);
    } else {
        const double start = now_ms();
        enum err err = verify_input(&result, &arena, &allowed, input);
        const double time = now_ms() - start;
        is_good = err == ERR_OK || complain(err_text(err));
        if (is_good && result.verdict == VERIFY_OK) {
            print_statement(&result);
            if (result.share.total > 0) print_share(&result.share);
            printf("time          %.1f ms\n", time);
        } else if (is_good) {
            print_refusal(&result);
            is_good = false;
        }
    }
    arena_close(&arena);
    return is_good;
}

static bool verify(const char *path, const struct verify_command_options *options) {
    struct arena arena;
    struct batch_folder folder;
    struct verify_outcome outcome;
    char why[BATCH_FOLDER_WHY_SIZE];
    const struct verify_options allowed = {.names_senders = options->is_impersonated};
    arena_open(&arena, ARENA_SIZE_MAX);
    bool is_good = batch_folder_read(&folder, why, &arena, path) || complain(why);
    bytes input = BYTES_EMPTY;
    if (is_good) {
        input = batch_folder_input(&folder, &arena);
        is_good = input.size > 0 || complain(err_text(ERR_MEMORY));
    }
    if (is_good) {
        const double start = now_ms();
        enum err err =
            verify_with_jobs(&outcome, &allowed, input, folder.runs, (size_t)options->jobs);
        const double time = now_ms() - start;
        is_good = err == ERR_OK || complain(err_text(err));
        if (is_good && outcome.result.verdict == VERIFY_OK) {
            print_statement(&outcome.result);
            print_sizes(&folder, &outcome, options->jobs);
            printf("time          %.1f ms with %" PRIu64 " jobs\n", time, options->jobs);
        } else if (is_good) {
            print_refusal(&outcome.result);
            is_good = false;
        }
    }
    arena_close(&arena);
    return is_good;
}

int verify_command(int argc, char **argv) {
    struct verify_command_options options;
    const char *words[1];
    int words_count;
    int status;
    static const char ABOUT[] =
        "Checks the files of a batch, or a share of one: makes each of its entries anew, without\n"
        "the network, and prints the 32 bytes that stand for what is true.";
    if (!cli_begin(
            &status,
            &verify_table,
            "lockstep verify",
            ABOUT,
            &options,
            words,
            &words_count,
            argc - 1,
            argv + 1
        ))
        return status;
    if (words_count == 0) {
        (void)complain("which batch? Say lockstep verify FOLDER");
        return 2;
    }
    struct stat file_status;
    const bool is_file = stat(words[0], &file_status) == 0 && !S_ISDIR(file_status.st_mode);
    return (is_file ? verify_share : verify)(words[0], &options) ? 0 : 1;
}
