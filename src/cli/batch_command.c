#include "cli/batch_command.h"

#include "cli/ask.h"
#include "cli/batch_folder.h"
#include "cli/batch_split.h"
#include "cli/cli.h"
#include "core/hex.h"

#include <inttypes.h>

#define ARENA_SIZE_MAX   ((size_t)16 << 30)
#define REQUEST_SIZE_MAX 256

struct batch_options {
    const char *rpc;
    uint64_t nth;
    uint64_t shares;
    bool is_impersonated;
    bool wants_help;
};

#define FIELD(name) offsetof(struct batch_options, name)

static const struct cli_option batch_options[] = {
    {.name = "rpc",
     .letter = 'r',
     .kind = CLI_TEXT,
     .offset = FIELD(rpc),
     .value = "URL",
     .fallback = "http://127.0.0.1:8545",
     .help = "export: endpoint of the chain that the batch was posted on"},
    {.name = "nth",
     .letter = 'n',
     .kind = CLI_NUMBER,
     .offset = FIELD(nth),
     .max = 64,
     .value = "N",
     .fallback = "0",
     .help = "export: which one, from 1, of a transaction that has posted several; 0: its only "
             "one"},
    {.name = "shares",
     .letter = 's',
     .kind = CLI_NUMBER,
     .offset = FIELD(shares),
     .max = 1u << 20,
     .value = "N",
     .fallback = "0",
     .help = "split: among how many to share the runs; 0: each run is one"},
    {.name = "impersonated",
     .kind = CLI_FLAG,
     .offset = FIELD(is_impersonated),
     .help = "split: take transactions that nobody signed, as only a development network does"},
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_help),
     .help = "print this text and stop"},
    {0},
};

static const struct cli_table batch_table = {
    .usage = "lockstep batch export TX FOLDER | split FOLDER SHARES [OPTION]…",
    .options = batch_options,
    .words_max = 3,
    .words = "the word export, a transaction hash and a folder, or split and two folders",
};

static bool complain(const char *problem) {
    fprintf(stderr, "lockstep batch: %s\n", problem);
    return false;
}

/* --- the node's answer ------------------------------------------------------------------------ */

static bool read_data(
    bytes *data, struct arena *arena, const struct json *json, uint32_t object, const char *name
) {
    const uint32_t token = json_member(json, object, name);
    if (token == 0 || json_kind(json, token) != JSON_STRING) return false;
    const bytes text = json_text(json, token);
    return hex_decode(data, arena, (const char *)text.data, text.size) == ERR_OK;
}

/* The one that was asked for. 0 after a complaint. */
static uint32_t choose(const struct answer *answer, uint64_t nth) {
    const struct json *json = &answer->json;
    if (answer->result == 0 || json_kind(json, answer->result) != JSON_ARRAY) {
        (void)complain("the node's answer is no list of batches");
        return 0;
    }
    const uint32_t count = json->tokens[answer->result].count;
    if (nth > count || (nth == 0 && count != 1)) {
        fprintf(
            stderr,
            "lockstep batch: the transaction has posted %" PRIu32
            " batches: say which with --nth\n",
            count
        );
        return 0;
    }
    uint32_t token = answer->result + 1;
    for (uint64_t i = 1; i < nth; i++)
        token = json->tokens[token].next;
    return token;
}

/* --- the folder ------------------------------------------------------------------------------- */

/* Checks what the node says before anything is written, and adds what runs need. */
static bool add_runs(struct batch_folder *folder, struct arena *arena, bool is_impersonated) {
    const struct verify_options options = {.names_senders = is_impersonated};
    const bytes input = batch_folder_input(folder, arena);
    if (input.size == 0) return complain(err_text(ERR_MEMORY));
    return batch_make_runs(&folder->runs, arena, &options, input);
}

static bool write_folder(const struct answer *answer, uint32_t token, const char *path) {
    struct arena arena;
    struct batch_folder folder = {0};
    char why[BATCH_FOLDER_WHY_SIZE];
    const struct json *json = &answer->json;
    arena_open(&arena, ARENA_SIZE_MAX);
    const uint32_t impersonated = json_member(json, token, "isImpersonated");
    const bool is_impersonated = impersonated != 0 && json_kind(json, impersonated) == JSON_TRUE;
    bool is_good = json_kind(json, token) == JSON_OBJECT &&
                   read_data(&folder.batch, &arena, json, token, "batch") &&
                   read_data(&folder.witness, &arena, json, token, "witness");
    if (!is_good)
        (void)complain("the node's answer has no files");
    else
        is_good = add_runs(&folder, &arena, is_impersonated);
    if (is_good) {
        is_good = batch_folder_write(&folder, why, path);
        if (!is_good) (void)complain(why);
    }
    if (is_good) {
        printf("%s/batch    %zu bytes\n", path, folder.batch.size);
        printf("%s/witness  %zu bytes\n", path, folder.witness.size);
        if (folder.runs.size > 0) printf("%s/runs     %zu bytes\n", path, folder.runs.size);
        if (is_impersonated)
            printf("It has transactions that nobody signed: verify it with --impersonated\n");
    }
    arena_close(&arena);
    return is_good;
}

static bool export(const char *hash, const char *path, const struct batch_options *options) {
    char request[REQUEST_SIZE_MAX];
    struct answer answer;
    CURL *curl = curl_easy_init();
    (void)snprintf(
        request,
        sizeof(request),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lockstep_getBatchFiles\",\"params\":[\"%s\"]}",
        hash
    );
    answer_open(&answer, "lockstep batch");
    bool is_good = curl != NULL || complain(err_text(ERR_MEMORY));
    is_good = is_good && ask(curl, &answer, options->rpc, request);
    const uint32_t token = is_good ? choose(&answer, options->nth) : 0;
    is_good = token != 0 && write_folder(&answer, token, path);
    answer_close(&answer);
    curl_easy_cleanup(curl);
    return is_good;
}

int batch_command(int argc, char **argv) {
    struct batch_options options;
    const char *words[3];
    int words_count;
    int status;
    static const char ABOUT[] =
        "Writes the files of a batch that a transaction has posted: what lockstep verify, or\n"
        "anybody, can check without the network. Or splits them into shares, which can each be\n"
        "checked, and proven, without the others.";
    if (!cli_begin(
            &status,
            &batch_table,
            "lockstep batch",
            ABOUT,
            &options,
            words,
            &words_count,
            argc - 1,
            argv + 1
        ))
        return status;
    const bool is_split = words_count > 0 && strcmp(words[0], "split") == 0;
    if (words_count == 0 || (!is_split && strcmp(words[0], "export") != 0)) {
        (void)complain("what shall be done? There is: lockstep batch export TX FOLDER, and "
                       "lockstep batch split FOLDER SHARES");
        return 2;
    }
    if (is_split && words_count < 3) {
        (void)complain("from which folder into which? Say lockstep batch split FOLDER SHARES");
        return 2;
    }
    if (is_split) {
        const struct verify_options allowed = {.names_senders = options.is_impersonated};
        return batch_split(words[1], words[2], options.shares, &allowed) ? 0 : 1;
    }
    hash32 hash;
    if (words_count < 2 || strlen(words[1]) != 66 ||
        hex_decode_exact(hash.b, 32, words[1], strlen(words[1])) != ERR_OK) {
        (void)complain("a transaction hash is expected: 0x and 64 digits");
        return 2;
    }
    if (words_count < 3) {
        (void)complain("into which folder? Say lockstep batch export TX FOLDER");
        return 2;
    }
    return export(words[1], words[2], &options) ? 0 : 1;
}
