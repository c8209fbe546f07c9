#include "cli/evm_command.h"

#include "chain/forks.h"
#include "cli/cli.h"
#include "cli/evm_steps.h"
#include "cli/evm_world.h"
#include "cli/file.h"
#include "core/hex.h"
#include "rpc/json_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_SIZE_MAX   ((size_t)64 << 20)
#define ARENA_SIZE_MAX  ((size_t)8 << 30)
#define REPEAT_MAX      100000u
#define ANSWER_SIZE_MAX ((size_t)1 << 30)

struct evm_options {
    const char *code;
    const char *input;
    const char *pre;
    const char *fork;
    uint64_t gas;
    uint64_t repeat;
    bool is_json;
    bool is_trace;
    bool wants_help;
};

#define FIELD(name) offsetof(struct evm_options, name)

static const struct cli_option evm_options[] = {
    {.name = "code",
     .letter = 'c',
     .kind = CLI_TEXT,
     .offset = FIELD(code),
     .value = "FILE",
     .help = "the contract's code, in hexadecimal"},
    {.name = "input",
     .letter = 'i',
     .kind = CLI_TEXT,
     .offset = FIELD(input),
     .value = "FILE",
     .help = "the calldata, in hexadecimal; without it there is none"},
    {.name = "pre",
     .kind = CLI_TEXT,
     .offset = FIELD(pre),
     .value = "FILE",
     .help = "other accounts: JSON, {to, sender, pre: {address: {balance, nonce, code, storage}}}"},
    {.name = "gas",
     .letter = 'g',
     .kind = CLI_NUMBER,
     .offset = FIELD(gas),
     .min = 0,
     .max = (uint64_t)1 << 60,
     .value = "N",
     .fallback = "10000000000",
     .help = "gas of the call; no intrinsic gas is taken of it"},
    {.name = "fork",
     .letter = 'f',
     .kind = CLI_TEXT,
     .offset = FIELD(fork),
     .value = "NAME",
     .fallback = "Osaka",
     .help = "whose rules hold: Frontier … Osaka"},
    {.name = "repeat",
     .letter = 'n',
     .kind = CLI_NUMBER,
     .offset = FIELD(repeat),
     .min = 1,
     .max = REPEAT_MAX,
     .value = "N",
     .fallback = "1",
     .help = "runs, of which the median time is shown"},
    {.name = "json",
     .kind = CLI_FLAG,
     .offset = FIELD(is_json),
     .help = "print the result as one JSON object"},
    {.name = "trace",
     .letter = 't',
     .kind = CLI_FLAG,
     .offset = FIELD(is_trace),
     .help = "print each step as a line of JSON (EIP-3155); the last line is the result"},
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_help),
     .help = "print this text and stop"},
    {0},
};

static const struct cli_table evm_table = {
    .usage = "lockstep evm run --code FILE [--input FILE] [OPTION]…",
    .options = evm_options,
    .words_max = 1,
    .words = "the word run",
};

/* --- files ------------------------------------------------------------------------------------ */

static bool fail(const char *path, const char *problem) {
    fprintf(stderr, "lockstep evm: %s: %s\n", path, problem);
    return false;
}

/* The text of a file, in the arena; false after a message. */
static bool read_text(bytes *text, struct arena *arena, const char *path) {
    const char *problem;
    return file_read(text, &problem, arena, path, FILE_SIZE_MAX) || fail(path, problem);
}

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool read_hex(bytes *out, struct arena *arena, const char *path) {
    bytes text;
    if (!read_text(&text, arena, path)) return false;
    while (text.size > 0 && is_space(text.data[text.size - 1]))
        text.size--;
    while (text.size > 0 && is_space(text.data[0]))
        text = bytes_slice(text, 1, SIZE_MAX);
    enum err err = hex_decode(out, arena, (const char *)text.data, text.size);
    if (err == ERR_OK) return true;
    return fail(path, err == ERR_INPUT ? "it is not hexadecimal" : "it is too large");
}

/* --- running ---------------------------------------------------------------------------------- */

struct evm_job {
    struct evm_world world;
    struct evm_config config;
    struct evm_message message;
    struct arena arena; /* of one run */
    struct evm evm;
    struct journal journal;
    uint64_t gas_used;
    uint64_t *times_ns; /* of each run */
    uint64_t time_ns;   /* their median */
    char text[HALT_TEXT_SIZE_MAX];
};

static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* As a transaction would find it: sender, recipient and coinbase are warm. */
static enum err prepare(struct evm_job *job) {
    arena_reset(&job->arena);
    enum err err = journal_open(&job->journal, &job->arena);
    if (err == ERR_OK) err = evm_open(&job->evm, &job->arena, &job->journal, &job->config);
    if (err != ERR_OK) return err;
    journal_begin_transaction(&job->journal);
    err = journal_warm_account(&job->journal, &job->world.sender, NULL);
    if (err == ERR_OK) err = journal_warm_account(&job->journal, &job->world.target, NULL);
    if (err == ERR_OK) err = journal_warm_account(&job->journal, &job->config.coinbase, NULL);
    if (err == ERR_OK) evm_begin(&job->evm, &job->message);
    return err;
}

static enum err run_once(struct evm_job *job, uint64_t *time_ns) {
    enum err err = prepare(job);
    uint64_t start = now_ns();
    if (err == ERR_OK) err = evm_world_run(&job->world, &job->evm);
    *time_ns = now_ns() - start;
    return err;
}

static int by_time(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static enum err run_all(struct evm_job *job, const struct evm_options *options) {
    enum err err = ERR_OK;
    for (uint64_t i = 0; i < options->repeat && err == ERR_OK; i++)
        err = run_once(job, &job->times_ns[i]);
    if (err != ERR_OK) return err;
    qsort(job->times_ns, options->repeat, sizeof(*job->times_ns), by_time);
    job->time_ns = job->times_ns[options->repeat / 2];
    job->gas_used = job->message.gas - job->evm.result.gas_left;
    enum evm_outcome outcome = job->evm.result.outcome;
    if (outcome == EVM_SUCCESS) return ERR_OK;
    struct halt_step step;
    const struct evm_stop *stop = job->evm.result.stop;
    if (stop != NULL) step = halt_step_of_stop(stop, job->config.fork);
    halt_text(job->text, outcome, stop != NULL ? &step : NULL);
    return ERR_OK;
}

/* --- printing --------------------------------------------------------------------------------- */

static const char *status_of(const struct evm_job *job) {
    return job->evm.result.outcome == EVM_SUCCESS ? "success" : job->text;
}

/* Million gas a second; 0 if nothing was measured. */
static double speed_of(const struct evm_job *job) {
    return job->time_ns == 0 ? 0 : (double)job->gas_used * 1000 / (double)job->time_ns;
}

static void print_text(const struct evm_job *job, const struct evm_options *options) {
    bytes output = job->evm.result.output;
    printf("status    %s\n", status_of(job));
    printf("gas used  %llu\n", (unsigned long long)job->gas_used);
    printf("output    0x");
    for (size_t i = 0; i < output.size; i++)
        printf("%02x", output.data[i]);
    printf("\ntime      %.3f ms", (double)job->time_ns / 1e6);
    if (options->repeat > 1) printf(" (median of %llu)", (unsigned long long)options->repeat);
    printf("\nspeed     %.1f Mgas/s\n", speed_of(job));
}

static void print_json(const struct evm_job *job, const struct evm_options *options) {
    struct json_writer w;
    json_writer_open(&w, ANSWER_SIZE_MAX);
    json_object_begin(&w);
    json_member_cstring(&w, "status", status_of(job));
    json_key(&w, "gasUsed");
    json_decimal(&w, job->gas_used);
    json_key(&w, "gasRefund");
    json_decimal(&w, job->journal.refund > 0 ? (uint64_t)job->journal.refund : 0);
    json_member_data(&w, "output", job->evm.result.output);
    json_key(&w, "timeNs");
    json_decimal(&w, job->time_ns);
    json_key(&w, "mgasPerSecond");
    char number[32];
    int size = snprintf(number, sizeof number, "%.3f", speed_of(job));
    json_raw(&w, bytes_of(number, (size_t)size));
    json_key(&w, "repeat");
    json_decimal(&w, options->repeat);
    json_member_cstring(&w, "fork", fork_name(job->config.fork));
    json_object_end(&w);
    (void)fwrite(w.data, 1, w.size, stdout);
    fputc('\n', stdout);
    json_writer_close(&w);
}

/* --- all together ----------------------------------------------------------------------------- */

static enum err run_and_print(struct evm_job *job, const struct evm_options *options) {
    if (!options->is_trace) {
        enum err err = run_all(job, options);
        if (err != ERR_OK) return err;
        if (options->is_json)
            print_json(job, options);
        else
            print_text(job, options);
        return ERR_OK;
    }
    struct evm_steps steps;
    struct evm_options once = *options;
    evm_steps_open(&steps, stdout, job->config.fork);
    struct evm_tracer tracer = evm_steps_tracer(&steps);
    once.repeat = 1;
    job->config.tracer = &tracer;
    enum err err = run_all(job, &once);
    if (err == ERR_OK) {
        bool is_good = job->evm.result.outcome == EVM_SUCCESS;
        evm_steps_finish(
            &steps, job->evm.result.output, job->gas_used, job->time_ns, is_good ? NULL : job->text
        );
    }
    evm_steps_close(&steps);
    return err;
}

/* false after a message. */
static bool read_job(
    struct evm_job *job, struct arena *arena, const struct evm_options *options, enum fork fork
) {
    bytes code;
    bytes input = BYTES_EMPTY;
    if (!read_hex(&code, arena, options->code)) return false;
    if (options->input != NULL && !read_hex(&input, arena, options->input)) return false;
    if (evm_world_open(&job->world, arena, code) != ERR_OK)
        return fail(options->code, err_text(ERR_MEMORY));
    if (options->pre != NULL) {
        bytes text;
        const char *problem = err_text(ERR_MEMORY);
        if (!read_text(&text, arena, options->pre)) return false;
        if (evm_world_read(&job->world, &problem, text) != ERR_OK)
            return fail(options->pre, problem);
    }
    job->times_ns = arena_alloc_array(arena, options->repeat, sizeof(*job->times_ns));
    if (job->times_ns == NULL) return fail(options->code, err_text(ERR_MEMORY));
    job->config = (struct evm_config){
        .fork = fork,
        .chain_id = 1,
        .number = 1,
        .timestamp = 1,
        .gas_limit = options->gas,
        .origin = job->world.sender,
        .code_cache = evm_code_cache_open(arena),
    };
    job->message = (struct evm_message){
        .kind = EVM_CALL,
        .gas = options->gas,
        .recipient = job->world.target,
        .code_address = job->world.target,
        .sender = job->world.sender,
        .input = input,
    };
    return true;
}

static int run(const struct evm_options *options) {
    struct fork_schedule schedule;
    if (forks_preset(&schedule, options->fork) != ERR_OK) {
        fprintf(
            stderr,
            "lockstep evm: there is no fork %.60s: Frontier, Homestead, EIP150, EIP158, "
            "Byzantium, Constantinople, ConstantinopleFix, Istanbul, Berlin, London, Merge, "
            "Shanghai, Cancun, Prague, Osaka\n",
            options->fork
        );
        return 2;
    }
    struct arena arena;
    struct evm_job *job = calloc(1, sizeof(*job));
    if (job == NULL) return 1;
    arena_open(&arena, ARENA_SIZE_MAX);
    arena_open(&job->arena, ARENA_SIZE_MAX);
    bool is_good = read_job(job, &arena, options, forks_at(&schedule, 1, 1).fork);
    enum err err = is_good ? run_and_print(job, options) : ERR_OK;
    if (err != ERR_OK) fprintf(stderr, "lockstep evm: %s\n", err_text(err));
    if (fflush(stdout) != 0 && is_good) {
        fprintf(stderr, "lockstep evm: %s\n", strerror(errno));
        err = ERR_IO;
    }
    arena_close(&job->arena);
    arena_close(&arena);
    free(job);
    return is_good && err == ERR_OK ? 0 : 1;
}

int evm_command(int argc, char **argv) {
    struct evm_options options;
    const char *words[1];
    int words_count;
    int status;
    static const char ABOUT[] = "Runs a contract's code once or many times, without a chain.";
    if (!cli_begin(
            &status,
            &evm_table,
            "lockstep evm",
            ABOUT,
            &options,
            words,
            &words_count,
            argc - 1,
            argv + 1
        ))
        return status;
    if (words_count == 0 || strcmp(words[0], "run") != 0) {
        fprintf(stderr, "lockstep evm: say what to do: %s\n", evm_table.usage);
        return 2;
    }
    if (options.code == NULL) {
        fprintf(stderr, "lockstep evm: --code FILE is missing\n");
        return 2;
    }
    return run(&options);
}
