/* cli/cli.h: the command line: what `lockstep` accepts, as tables, and the reading of it.
 *
 * An option is one row: name, kind, limits, default, unit, help. Reading, the defaults, --help, the
 * errors and what a file may say (cli/config.h) all come from the rows, so that they cannot
 * disagree. Forms accepted: "--name value",
 * "--name=value", "-p value" for rows with a letter, "--name" alone for flags; "--" ends options.
 * Texts are borrowed from argv and the table; nothing is allocated. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "core/u256.h"

#include <stdio.h>

enum cli_kind {
    CLI_FLAG,   /* bool */
    CLI_NUMBER, /* uint64_t, min ≤ value ≤ max; decimal, or hexadecimal after 0x; "_" may group */
    CLI_ETHER,  /* u256 in wei, from a decimal number of ether with up to 18 decimals */
    CLI_TEXT,   /* const char *, not empty */
    CLI_CHOICE, /* unsigned: the index of one of the row's choices */
    CLI_EACH,   /* may be given several times: the row's add takes each */
};

#define CLI_ERROR_SIZE_MAX 512
struct cli_error {
    char text[CLI_ERROR_SIZE_MAX]; /* one or two sentences, no line end */
};

struct cli_option {
    const char *name; /* without the dashes */
    char letter;      /* 0 if it has none */
    enum cli_kind kind;
    size_t offset;              /* of the field in the options struct */
    uint64_t min;               /* CLI_NUMBER */
    uint64_t max;               /* CLI_NUMBER */
    const char *value;          /* what help calls the value, such as "MS"; NULL for flags */
    const char *fallback;       /* the default, read like a given value; NULL: false, 0 or NULL */
    const char *help;           /* one sentence; help adds the default */
    const char *const *choices; /* CLI_CHOICE, ended by NULL */
    /* CLI_EACH: takes text into the field; shown is the option's name for the error. */
    bool (*add)(void *field, struct cli_error *error, const char *shown, const char *text);
    const char *group;   /* help puts this heading before the row; NULL: none */
    bool is_of_commands; /* no setting: a file cannot say it */
};

#define CLI_OPTIONS_MAX 64 /* rows of a table */

/* The options of one command: rows ended by one without a name, and how many further words
 * (transaction hashes, paths) it takes. Whether there are enough of them the command says itself,
 * after it has looked for --help. */
struct cli_table {
    const char *usage; /* "lockstep trace HASH [OPTION]…" */
    const struct cli_option *options;
    int words_max;
    const char *words; /* what the words are, for the errors: "one transaction hash" */
};

/* cli_parse sets the defaults and then what argv (argc words, without the program's name) says.
 *
 * Out:     options  the struct the table's offsets are for.
 *          words    the words that are no options, in order, at most table->words_max.
 *          words_count
 *          given    a bit for each row that argv names (cli_option_bit); may be NULL.
 * Returns: false  error->text says what is wrong and what is accepted; options must not be used. */
bool cli_parse(
    const struct cli_table *table,
    void *options,
    const char **words,
    int *words_count,
    uint64_t *given,
    struct cli_error *error,
    int argc,
    char *const *argv
);

/* cli_print_options writes one paragraph an option: names, value, help, default; in lines of at
 * most CLI_HELP_WIDTH columns. */
#define CLI_HELP_WIDTH 80
void cli_print_options(FILE *out, const struct cli_table *table);

/* --- for other readers of the same rows ------------------------------------------------------- */

void cli_set_defaults(const struct cli_table *table, void *options);

/* cli_set reads text as the option's value; a flag takes yes or no. shown is what errors call the
 * option. Returns as cli_parse; on failure the field is untouched. */
bool cli_set(
    const struct cli_option *option,
    void *options,
    struct cli_error *error,
    const char *shown,
    const char *text
);

/* The row of this name (size bytes), or NULL. */
const struct cli_option *cli_find(const struct cli_table *table, const char *name, size_t size);

/* The row's bit in sets of rows. */
uint64_t cli_option_bit(const struct cli_table *table, const struct cli_option *option);

/* cli_fail writes the error and returns false. */
__attribute__((format(printf, 2, 3))) bool
cli_fail(struct cli_error *error, const char *format, ...);

/* An amount of ether, "12", "0.5", "1_000.25", in wei. More than 18 decimals, or more than 2^128
 * wei, are refused: the sum over all accounts must stay a balance. */
bool cli_read_ether(u256 *wei, const char *text);

/* The option most like text, or NULL. */
const char *cli_nearest_option(const struct cli_table *table, const char *text);

/* cli_begin reads the line of a command whose only options are those of the table, of which one is
 * the flag "help". name: as the user types it, "lockstep trace"; about: a paragraph for its help.
 *
 * Returns: false  the command is over, and *status is what it ends with: 2 after the error, on
 *                 stderr; 0 after its help. */
bool cli_begin(
    int *status,
    const struct cli_table *table,
    const char *name,
    const char *about,
    void *options,
    const char **words,
    int *words_count,
    int argc,
    char *const *argv
);

/* cli_nearest returns the name most like text (edit distance), or NULL if none is near. names is
 * count strings. */
const char *cli_nearest(const char *text, const char *const *names, size_t count);

#endif
