/* cli/batch_command.h: `lockstep batch export`: the files of a posted batch, and `lockstep verify`:
 * checking them (docs/batch-files.md). */
#ifndef CLI_BATCH_COMMAND_H
#define CLI_BATCH_COMMAND_H

/* Both take their arguments as main does, argv[0] being the command's name. Exit status: 0; 1 there
 * are no such files, or they are refused, and stderr says why; 2 wrong usage. */
int batch_command(int argc, char **argv);
int verify_command(int argc, char **argv);

#endif
