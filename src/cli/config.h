/* cli/config.h: a network described by a file (--config FILE).
 *
 *     slot-time = 2000                  ; options of the command line, without their dashes
 *     fund = 0x00000000000000000000000000000000000a11ce 100
 *
 *     [l1]                              ; of one chain: rows of network_chain_table
 *     chain-id = 1337
 *
 *     [rollup payments]                 ; one for each rollup, in order
 *     chain-id = 42101
 *
 * The format is INI as libinih reads it: comments begin with ";" (or with "#" at the beginning of a
 * line), an indented line goes on with the key above it. What is no option, section or value is
 * refused with file, line, and the nearest known name.
 *
 * Limits: CONFIG_SIZE_MAX; lines of CONFIG_LINE_MAX bytes; NODE_ROLLUPS_MAX rollups. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "cli/network_options.h"

#define CONFIG_SIZE_MAX (1u << 20)
#define CONFIG_LINE_MAX 197 /* libinih's buffer of 200 holds no longer ones */

/* config_read reads the file options->config. options are as cli_parse left them, given is set.
 *
 * Returns: false  error->text says what is wrong, and where. */
bool config_read(struct network_options *options, struct arena *arena, struct cli_error *error);

/* config_read_text does the same with a text; errors call it options->config. */
bool config_read_text(
    struct network_options *options, struct arena *arena, struct cli_error *error, bytes text
);

#endif
