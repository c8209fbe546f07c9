/* cli/trace_command.h: `lockstep trace HASH`: asks a node for the trace of a transaction and
 * prints it as a tree. */
#ifndef CLI_TRACE_COMMAND_H
#define CLI_TRACE_COMMAND_H

#include "cli/cli.h"

extern const struct cli_table trace_table; /* the options of the command */

/* trace_command takes its arguments as main does, argv[0] being the command's name. A transaction
 * that the endpoint's chain does not know is looked for on the other chains of its network.
 * Returns the exit status: 0; 1 there is no trace, and stderr says why; 2 wrong usage. */
int trace_command(int argc, char **argv);

#endif
