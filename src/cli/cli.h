/* cli/cli.h: the command line: what `lockstep` accepts, as tables, and the reading of it.
 *
 * An option is one row: name, kind, limits, default, unit, help. Reading, the defaults, --help and
 * the errors all come from the rows, so that they cannot disagree. Forms accepted: "--name value",
 * "--name=value", "-p value" for rows with a letter, "--name" alone for flags; "--" ends options.
 * Texts are borrowed from argv and the table; nothing is allocated. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "node/options.h"

#include <stdio.h>

enum cli_kind {
    CLI_FLAG,   /* bool */
    CLI_NUMBER, /* uint64_t, min ≤ value ≤ max; decimal, or hexadecimal after 0x; "_" may group */
    CLI_ETHER, /* u256 in wei, from a decimal number of ether with up to 18 decimals */
    CLI_TEXT,  /* const char *, not empty */
};

struct cli_option {
    const char *name; /* without the dashes */
    char letter;      /* 0 if it has none */
    enum cli_kind kind;
    size_t offset;        /* of the field in the options struct */
    uint64_t min;         /* CLI_NUMBER */
    uint64_t max;         /* CLI_NUMBER */
    const char *value;    /* what help calls the value, such as "MS"; NULL for flags */
    const char *fallback; /* the default, read like a given value; NULL: false, 0 or NULL */
    const char *help;     /* one sentence; help adds the default */
};

/* The options of one command: rows ended by one without a name, and how many further words
 * (transaction hashes, paths) it takes. Whether there are enough of them the command says itself,
 * after it has looked for --help. */
struct cli_table {
    const char *usage; /* "lockstep trace HASH [OPTION]…" */
    const struct cli_option *options;
    int words_max;
    const char *words; /* what the words are, for the errors: "one transaction hash" */
};

#define CLI_ERROR_SIZE_MAX 512
struct cli_error {
    char text[CLI_ERROR_SIZE_MAX]; /* one or two sentences, no line end */
};

extern const struct cli_table cli_run_table; /* fills struct node_options */

/* cli_parse sets the defaults and then what argv (argc words, without the program's name) says.
 *
 * Out:     options  the struct the table's offsets are for.
 *          words    the words that are no options, in order, at most table->words_max.
 *          words_count
 * Returns: false  error->text says what is wrong and what is accepted; options must not be used. */
bool cli_parse(
    const struct cli_table *table,
    void *options,
    const char **words,
    int *words_count,
    struct cli_error *error,
    int argc,
    char *const *argv
);

/* cli_check_run looks at what no row alone can say: chain ids that collide, a mnemonic that is
 * none; and turns allow_origin "none" into NULL. Returns as cli_parse. */
bool cli_check_run(struct node_options *options, struct cli_error *error);

/* cli_print_options writes one paragraph an option: names, value, help, default. */
void cli_print_options(FILE *out, const struct cli_table *table);

/* cli_nearest returns the name most like text (edit distance), or NULL if none is near. names is
 * count strings. */
const char *cli_nearest(const char *text, const char *const *names, size_t count);

#endif
