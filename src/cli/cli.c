#include "cli/cli.h"

#include "core/check.h"
#include "node/hd_keys.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>

#define FIELD(name)      offsetof(struct node_options, name)
#define CHAIN_ID_MAX     ((uint64_t)9007199254740991) /* 2^53 - 1, what wallets keep in a double */
#define SLOT_TIME_MAX_MS 3600000
#define GAS_LIMIT_MIN    5000                /* Yellow Paper, section 4.4.3 */
#define GAS_LIMIT_MAX    (UINT64_C(1) << 53) /* what clients written in JavaScript can count */
#define BASE_FEE_MAX_WEI (UINT64_C(1) << 62)
#define ETHER_DIGITS_MAX 40
#define NAME_SIZE_MAX    32

static const struct cli_option run_options[] = {
    {.name = "host",
     .kind = CLI_TEXT,
     .offset = FIELD(host),
     .value = "ADDRESS",
     .fallback = "127.0.0.1",
     .help =
         "IP address to listen on; 0.0.0.0 lets other machines in, and gives them the accounts"},
    {.name = "port",
     .letter = 'p',
     .kind = CLI_NUMBER,
     .offset = FIELD(port),
     .max = 65535 - NODE_ROLLUPS_MAX,
     .value = "PORT",
     .fallback = "8545",
     .help = "port of L1; the rollups take the following ones. 0 picks free ports"},
    {.name = "rollups",
     .letter = 'r',
     .kind = CLI_NUMBER,
     .offset = FIELD(rollups_count),
     .max = NODE_ROLLUPS_MAX,
     .value = "COUNT",
     .fallback = "2",
     .help = "number of EVM rollups"},
    {.name = "chain-id",
     .kind = CLI_NUMBER,
     .offset = FIELD(chain_id),
     .min = 1,
     .max = CHAIN_ID_MAX,
     .value = "ID",
     .fallback = "31337",
     .help = "chain id of L1"},
    {.name = "rollup-chain-id",
     .kind = CLI_NUMBER,
     .offset = FIELD(rollup_chain_id),
     .min = 1,
     .max = CHAIN_ID_MAX,
     .value = "ID",
     .fallback = "42101",
     .help = "chain id of rollup 1; the others take the following ones"},
    {.name = "slot-time",
     .letter = 't',
     .kind = CLI_NUMBER,
     .offset = FIELD(slot_time_ms),
     .max = SLOT_TIME_MAX_MS,
     .value = "MS",
     .fallback = "0",
     .help = "milliseconds between L1 blocks; 0 makes a block as soon as there is a transaction"},
    {.name = "datadir",
     .kind = CLI_TEXT,
     .offset = FIELD(datadir),
     .value = "FOLDER",
     .help = "folder to keep the chains in, made if missing; without it nothing is kept"},
    {.name = "accounts",
     .letter = 'a',
     .kind = CLI_NUMBER,
     .offset = FIELD(accounts_count),
     .max = NODE_ACCOUNTS_MAX,
     .value = "COUNT",
     .fallback = "10",
     .help = "number of funded development accounts"},
    {.name = "balance",
     .kind = CLI_ETHER,
     .offset = FIELD(balance_wei),
     .value = "ETH",
     .fallback = "10000",
     .help = "ether that each of them has, on each chain"},
    {.name = "mnemonic",
     .letter = 'm',
     .kind = CLI_TEXT,
     .offset = FIELD(mnemonic),
     .value = "WORDS",
     .fallback = "test test test test test test test test test test test junk",
     .help = "phrase that their keys come from, by the path m/44'/60'/0'/0/index"},
    {.name = "gas-limit",
     .kind = CLI_NUMBER,
     .offset = FIELD(gas_limit),
     .min = GAS_LIMIT_MIN,
     .max = GAS_LIMIT_MAX,
     .value = "GAS",
     .fallback = "60000000",
     .help = "gas limit of every block on every chain"},
    {.name = "base-fee",
     .kind = CLI_NUMBER,
     .offset = FIELD(base_fee_wei),
     .max = BASE_FEE_MAX_WEI,
     .value = "WEI",
     .fallback = "1000000000",
     .help = "base fee per gas of the first block, in wei"},
    {.name = "l1-genesis",
     .kind = CLI_TEXT,
     .offset = FIELD(l1_genesis),
     .value = "FILE",
     .help = "begin L1 with the genesis in this file, a genesis.json as geth takes it; needs "
             "--rollups 0"},
    {.name = "l1-import",
     .kind = CLI_TEXT,
     .offset = FIELD(l1_import),
     .value = "FILE",
     .help = "check and append the blocks in this file to L1: RLP, one after another, as geth "
             "exports them"},
    {.name = "allow-origin",
     .kind = CLI_TEXT,
     .offset = FIELD(allow_origin),
     .value = "ORIGIN",
     .fallback = "*",
     .help = "web pages that may call, as the CORS header Access-Control-Allow-Origin names them; "
             "\"none\" sends no header"},
    {.name = "allow-host",
     .kind = CLI_TEXT,
     .offset = FIELD(allow_host),
     .value = "NAME",
     .help =
         "name of this machine that requests may come by (HTTP's Host) besides localhost and IP "
         "addresses; \"*\" is any, and the default with a --host that is not of this machine "
         "alone"},
    {.name = "rpc-gas-cap",
     .kind = CLI_NUMBER,
     .offset = FIELD(rpc_gas_cap),
     .max = GAS_LIMIT_MAX,
     .value = "GAS",
     .fallback = "50000000",
     .help = "most gas that eth_call, eth_estimateGas and their kin run with; 0 sets no limit"},
    {.name = "rpc-timeout",
     .kind = CLI_NUMBER,
     .offset = FIELD(rpc_timeout_ms),
     .max = SLOT_TIME_MAX_MS,
     .value = "MS",
     .fallback = "5000",
     .help = "milliseconds that one of them, or a trace that names no timeout of its own, may run; "
             "0 sets no limit"},
    {.name = "info-file",
     .kind = CLI_TEXT,
     .offset = FIELD(info_file),
     .value = "FILE",
     .help = "once the network answers, write its endpoints, chain ids, contracts and accounts "
             "there, as JSON"},
    {.name = "silent",
     .letter = 's',
     .kind = CLI_FLAG,
     .offset = FIELD(is_silent),
     .help = "print nothing but errors"},
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_help),
     .help = "print this text and stop"},
    {.name = "version",
     .letter = 'V',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_version),
     .help = "print the version and stop"},
    {0},
};

const struct cli_table cli_run_table = {
    .usage = "lockstep [run] [OPTION]…",
    .options = run_options,
    .words_max = 0,
    .words = "no arguments but options",
};

/* --- errors ----------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static bool
fail(struct cli_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

/* Levenshtein's distance, row by row; names longer than NAME_SIZE_MAX are near nothing. */
static size_t edit_distance(const char *a, const char *b) {
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > NAME_SIZE_MAX || b_size > NAME_SIZE_MAX) return SIZE_MAX;
    size_t row[NAME_SIZE_MAX + 1];
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b_size];
}

const char *cli_nearest(const char *text, const char *const *names, size_t count) {
    const char *nearest = NULL;
    /* Near is at most half of what was typed being wrong. */
    size_t best = strlen(text) / 2 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(text, names[i]);
        if (distance >= best) continue;
        best = distance;
        nearest = names[i];
    }
    return nearest;
}

static bool fail_unknown(struct cli_error *error, const struct cli_table *table, const char *name) {
    const char *names[64];
    size_t count = 0;
    for (const struct cli_option *option = table->options; option->name != NULL; option++) {
        CHECK(count < sizeof names / sizeof names[0]);
        names[count++] = option->name;
    }
    const char *nearest = cli_nearest(name, names, count);
    if (nearest == NULL) return fail(error, "unknown option --%.60s; --help lists them", name);
    return fail(error, "unknown option --%.60s; did you mean --%s?", name, nearest);
}

/* --- values ----------------------------------------------------------------------------------- */

/* Decimal, or hexadecimal after 0x, with "_" between digits. */
static bool read_number(uint64_t *value, const char *text) {
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    uint64_t result = 0;
    bool after_digit = false;
    for (; *text != 0; text++) {
        if (*text == '_' && after_digit) {
            after_digit = false;
            continue;
        }
        unsigned digit;
        if (*text >= '0' && *text <= '9')
            digit = (unsigned)(*text - '0');
        else if (base == 16 && isxdigit((unsigned char)*text))
            digit = (unsigned)(tolower((unsigned char)*text) - 'a') + 10;
        else
            return false;
        if (__builtin_mul_overflow(result, (uint64_t)base, &result)) return false;
        if (__builtin_add_overflow(result, (uint64_t)digit, &result)) return false;
        after_digit = true;
    }
    *value = result;
    return after_digit;
}

/* "12", "0.5", "1_000.25": to wei. More than 18 decimals, or more than 2^128 wei, are refused: the
 * sum over all accounts must stay a balance. */
static bool read_ether(u256 *wei, const char *text) {
    char digits[ETHER_DIGITS_MAX + 1];
    size_t size = 0;
    size_t decimals = 0;
    bool after_point = false;
    bool after_digit = false;
    for (; *text != 0; text++) {
        if (*text == '_' && after_digit) {
            after_digit = false;
            continue;
        }
        if (*text == '.' && after_digit && !after_point) {
            after_point = true;
            after_digit = false;
            continue;
        }
        if (*text < '0' || *text > '9' || size == ETHER_DIGITS_MAX) return false;
        digits[size++] = *text;
        decimals += after_point;
        after_digit = true;
    }
    if (!after_digit || decimals > 18) return false;
    for (; decimals < 18; decimals++) {
        if (size == ETHER_DIGITS_MAX) return false;
        digits[size++] = '0';
    }
    u256 result;
    if (u256_from_decimal(&result, digits, size) != 0 || result.w[2] != 0 || result.w[3] != 0)
        return false;
    *wei = result;
    return true;
}

static bool set_value(
    const struct cli_option *option, void *options, struct cli_error *error, const char *text
) {
    void *field = (char *)options + option->offset;
    uint64_t number;
    u256 wei;
    switch (option->kind) {
    case CLI_FLAG:
        break;
    case CLI_NUMBER:
        if (!read_number(&number, text) || number < option->min || number > option->max)
            return fail(
                error,
                "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%.60s\"",
                option->name,
                option->min,
                option->max,
                text
            );
        *(uint64_t *)field = number;
        return true;
    case CLI_ETHER:
        if (!read_ether(&wei, text))
            return fail(
                error,
                "--%s takes an amount of ether such as 10000 or 0.5 (at most 18 decimals, at most "
                "2^128 wei), not \"%.60s\"",
                option->name,
                text
            );
        *(u256 *)field = wei;
        return true;
    case CLI_TEXT:
        if (text[0] == 0)
            return fail(error, "--%s takes %s; it may not be empty", option->name, option->value);
        *(const char **)field = text;
        return true;
    }
    CHECK(false); /* a flag has no value */
    return false;
}

/* --- reading ---------------------------------------------------------------------------------- */

static const struct cli_option *
find_name(const struct cli_table *table, const char *name, size_t size) {
    for (const struct cli_option *option = table->options; option->name != NULL; option++)
        if (strlen(option->name) == size && memcmp(option->name, name, size) == 0) return option;
    return NULL;
}

static const struct cli_option *find_letter(const struct cli_table *table, char letter) {
    for (const struct cli_option *option = table->options; option->name != NULL; option++)
        if (option->letter != 0 && option->letter == letter) return option;
    return NULL;
}

static void set_defaults(const struct cli_table *table, void *options) {
    for (const struct cli_option *option = table->options; option->name != NULL; option++) {
        struct cli_error error = {0};
        void *field = (char *)options + option->offset;
        if (option->fallback != NULL) {
            CHECK(set_value(option, options, &error, option->fallback));
            continue;
        }
        switch (option->kind) {
        case CLI_FLAG:
            *(bool *)field = false;
            break;
        case CLI_NUMBER:
            *(uint64_t *)field = 0;
            break;
        case CLI_ETHER:
            *(u256 *)field = U256_ZERO;
            break;
        case CLI_TEXT:
            *(const char **)field = NULL;
            break;
        }
    }
}

/* One option at argv[0]; *used is how many words of argv it took. */
static bool parse_option(
    const struct cli_table *table,
    void *options,
    int *used,
    struct cli_error *error,
    int argc,
    char *const *argv
) {
    const char *word = argv[0];
    const struct cli_option *option;
    const char *value = NULL;
    *used = 1;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        size_t size = equals != NULL ? (size_t)(equals - word) - 2 : strlen(word) - 2;
        option = find_name(table, word + 2, size);
        if (equals != NULL) value = equals + 1;
        if (option == NULL) {
            char name[64];
            (void)snprintf(name, sizeof name, "%.*s", size < 60 ? (int)size : 60, word + 2);
            return fail_unknown(error, table, name);
        }
    } else {
        option = find_letter(table, word[1]);
        if (option == NULL || word[2] != 0)
            return fail(error, "unknown option %.60s; --help lists them", word);
    }
    if (option->kind == CLI_FLAG) {
        if (value != NULL) return fail(error, "--%s takes no value", option->name);
        *(bool *)((char *)options + option->offset) = true;
        return true;
    }
    if (value == NULL) {
        if (argc < 2) return fail(error, "--%s needs a value: %s", option->name, option->value);
        value = argv[1];
        *used = 2;
    }
    return set_value(option, options, error, value);
}

bool cli_parse(
    const struct cli_table *table,
    void *options,
    const char **words,
    int *words_count,
    struct cli_error *error,
    int argc,
    char *const *argv
) {
    set_defaults(table, options);
    int count = 0;
    bool options_ended = false;
    for (int i = 0; i < argc;) {
        const char *word = argv[i];
        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = true;
            i++;
        } else if (!options_ended && word[0] == '-' && word[1] != 0) {
            int used;
            if (!parse_option(table, options, &used, error, argc - i, argv + i)) return false;
            i += used;
        } else {
            if (count == table->words_max)
                return fail(error, "\"%.60s\" is too much: %s expected", word, table->words);
            words[count++] = word;
            i++;
        }
    }
    *words_count = count;
    return true;
}

bool cli_check_run(struct node_options *options, struct cli_error *error) {
    uint64_t first = options->rollup_chain_id;
    if (options->chain_id >= first && options->chain_id - first < options->rollups_count)
        return fail(
            error,
            "--chain-id %" PRIu64 " is also the chain id of rollup %" PRIu64
            "; choose another, or another --rollup-chain-id",
            options->chain_id,
            options->chain_id - first + 1
        );
    const char *problem = hd_mnemonic_problem(options->mnemonic);
    if (problem != NULL) return fail(error, "--mnemonic: %s", problem);
    if (options->l1_genesis != NULL && options->rollups_count != 0)
        return fail(
            error,
            "--l1-genesis needs --rollups 0: the rollups' contracts cannot be part of a given "
            "genesis"
        );
    if (options->l1_import != NULL && options->l1_genesis == NULL && options->datadir == NULL)
        return fail(error, "--l1-import needs --l1-genesis, the file that the blocks begin from");
    if (options->allow_origin != NULL && strcmp(options->allow_origin, "none") == 0)
        options->allow_origin = NULL;
    return true;
}

/* --- help ------------------------------------------------------------------------------------- */

void cli_print_options(FILE *out, const struct cli_table *table) {
    for (const struct cli_option *option = table->options; option->name != NULL; option++) {
        char letter[5] = "    ";
        if (option->letter != 0) (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
        fprintf(out, "  %s--%s", letter, option->name);
        if (option->value != NULL) fprintf(out, " %s", option->value);
        fprintf(out, "\n        %s", option->help);
        if (option->fallback != NULL)
            fprintf(out, " [default: %s]", option->fallback);
        else if (option->kind != CLI_FLAG)
            fprintf(out, " [default: none]");
        fputc('\n', out);
    }
}
