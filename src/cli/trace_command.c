#include "cli/trace_command.h"

#include "cli/ask.h"
#include "cli/trace_tree.h"
#include "core/hex.h"
#include "node/options.h"

#include <stdlib.h>
#include <unistd.h>

#define URL_SIZE_MAX     256
#define CHAINS_MAX       (NODE_ROLLUPS_MAX + 1)
#define REQUEST_SIZE_MAX 256

struct trace_options {
    const char *rpc;
    const char *names_file;
    bool is_full;
    bool is_plain;
    bool is_json;
    bool wants_help;
};

#define FIELD(name) offsetof(struct trace_options, name)

static const struct cli_option trace_options[] = {
    {.name = "rpc",
     .letter = 'r',
     .kind = CLI_TEXT,
     .offset = FIELD(rpc),
     .value = "URL",
     .fallback = "http://127.0.0.1:8545",
     .help = "endpoint of any chain of the network"},
    {.name = "names",
     .letter = 'n',
     .kind = CLI_TEXT,
     .offset = FIELD(names_file),
     .value = "FILE",
     .help = "JSON file that names addresses, functions and errors (docs/trace.md)"},
    {.name = "full",
     .letter = 'f',
     .kind = CLI_FLAG,
     .offset = FIELD(is_full),
     .help = "shorten nothing"},
    {.name = "plain",
     .kind = CLI_FLAG,
     .offset = FIELD(is_plain),
     .help = "no colours, as if the output were no terminal or NO_COLOR were set"},
    {.name = "json",
     .kind = CLI_FLAG,
     .offset = FIELD(is_json),
     .help = "print the node's answer as it is"},
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_help),
     .help = "print this text and stop"},
    {0},
};

const struct cli_table trace_table = {
    .usage = "lockstep trace HASH [OPTION]…",
    .options = trace_options,
    .words_max = 1,
    .words = "one transaction hash",
};

/* --- the chains of the network ---------------------------------------------------------------- */

struct chains {
    char urls[CHAINS_MAX][URL_SIZE_MAX];
    size_t count;
};

static void add_url(struct chains *chains, const struct json *json, uint32_t object) {
    uint32_t url = json_member(json, object, "url");
    if (url == 0 || json_kind(json, url) != JSON_STRING || chains->count == CHAINS_MAX) return;
    /* URLs have nothing to escape. */
    bytes text = json_text(json, url);
    if (json->tokens[url].has_escape || text.size == 0 || text.size >= URL_SIZE_MAX) return;
    memcpy(chains->urls[chains->count], text.data, text.size);
    chains->urls[chains->count][text.size] = 0;
    chains->count++;
}

/* The endpoints that lockstep_networkInfo names. */
static bool find_chains(CURL *curl, struct chains *chains, const char *url) {
    struct answer answer;
    answer_open(&answer, "trace");
    bool is_answered =
        ask(curl,
            &answer,
            url,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lockstep_networkInfo\",\"params\":[]}");
    chains->count = 0;
    if (is_answered && answer.result != 0) {
        const struct json *json = &answer.json;
        add_url(chains, json, json_member(json, answer.result, "parent"));
        uint32_t rollups = json_member(json, answer.result, "rollups");
        if (rollups != 0 && json_kind(json, rollups) == JSON_ARRAY) {
            uint32_t end = json->tokens[rollups].next;
            for (uint32_t i = rollups + 1; i < end; i = json->tokens[i].next)
                add_url(chains, json, i);
        }
    }
    answer_close(&answer);
    return is_answered;
}

/* Asks url, and then every other chain of its network. answer->result is 0 if none knows the
 * hash. */
static bool find_trace(CURL *curl, struct answer *answer, const char *url, const char *request) {
    if (!ask(curl, answer, url, request)) return false;
    if (answer->result != 0) return true;
    struct chains *chains = malloc(sizeof *chains);
    if (chains == NULL) {
        fprintf(stderr, "trace: %s\n", err_text(ERR_MEMORY));
        return false;
    }
    bool is_good = find_chains(curl, chains, url);
    for (size_t i = 0; is_good && answer->result == 0 && i < chains->count; i++)
        if (strcmp(chains->urls[i], url) != 0)
            is_good = ask(curl, answer, chains->urls[i], request);
    free(chains);
    return is_good;
}

/* --- the command ------------------------------------------------------------------------------ */

static bool read_names(struct names *names, const char *path) {
    FILE *file = fopen(path, "rb");
    char *text = malloc(NAMES_FILE_SIZE_MAX + 1);
    const char *problem = NULL;
    size_t size = 0;
    if (text == NULL)
        problem = err_text(ERR_MEMORY);
    else if (file == NULL)
        problem = "it cannot be opened";
    else {
        size = fread(text, 1, NAMES_FILE_SIZE_MAX + 1, file);
        if (ferror(file)) problem = "it cannot be read";
        if (size > NAMES_FILE_SIZE_MAX) problem = "it is larger than 4 MiB";
    }
    if (problem == NULL && names_add(names, &problem, bytes_of(text, size)) == ERR_MEMORY)
        problem = err_text(ERR_MEMORY);
    if (file != NULL) (void)fclose(file);
    free(text);
    if (problem != NULL) fprintf(stderr, "trace: %s: %s\n", path, problem);
    return problem == NULL;
}

static int print_answer(
    const struct answer *answer, const struct trace_options *options, const struct names *names
) {
    const struct json *json = &answer->json;
    if (options->is_json) {
        bytes text = json_source(json, answer->result);
        (void)fwrite(text.data, 1, text.size, stdout);
        fputc('\n', stdout);
        return 0;
    }
    struct trace_style style = {
        .has_colour = !options->is_plain && getenv("NO_COLOR") == NULL && isatty(STDOUT_FILENO),
        .is_full = options->is_full,
        .names = names,
    };
    enum err err = trace_tree_print(stdout, json, answer->result, &style);
    if (err == ERR_OK) return 0;
    if (err == ERR_INPUT)
        fprintf(stderr, "trace: the node's answer has no frame\n");
    else
        fprintf(stderr, "trace: not all of it: %s\n", err_text(err));
    return 1;
}

static int
run(const struct trace_options *options, const struct names *names, const char *hash_text) {
    char request[REQUEST_SIZE_MAX];
    int status = 1;
    struct answer answer;
    CURL *curl = curl_easy_init();
    answer_open(&answer, "trace");
    answer.json.depth_max = TRACE_JSON_DEPTH_MAX;
    (void)snprintf(
        request,
        sizeof request,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lockstep_traceTransaction\",\"params\":[\"%s\"]"
        "}",
        hash_text
    );
    if (curl == NULL)
        fprintf(stderr, "trace: %s\n", err_text(ERR_MEMORY));
    else if (find_trace(curl, &answer, options->rpc, request)) {
        if (answer.result == 0)
            fprintf(
                stderr,
                "trace: no chain of the network at %s has a transaction %s in a block\n",
                options->rpc,
                hash_text
            );
        else
            status = print_answer(&answer, options, names);
    }
    answer_close(&answer);
    curl_easy_cleanup(curl);
    return status;
}

int trace_command(int argc, char **argv) {
    struct trace_options options;
    const char *words[1];
    int words_count;
    int status;
    static const char ABOUT[] = "Prints the calls of a transaction across all chains as a tree.";
    if (!cli_begin(
            &status,
            &trace_table,
            "lockstep trace",
            ABOUT,
            &options,
            words,
            &words_count,
            argc - 1,
            argv + 1
        ))
        return status;
    hash32 hash;
    if (words_count == 0 || strlen(words[0]) != 66 ||
        hex_decode_exact(hash.b, 32, words[0], strlen(words[0])) != ERR_OK) {
        fprintf(stderr, "lockstep trace: a transaction hash is expected: 0x and 64 digits\n");
        return 2;
    }
    struct names names;
    if (names_open(&names) != ERR_OK) {
        fprintf(stderr, "trace: %s\n", err_text(ERR_MEMORY));
        return 1;
    }
    status = 1;
    if (options.names_file == NULL || read_names(&names, options.names_file))
        status = run(&options, &names, words[0]);
    names_close(&names);
    return status;
}
