/* cli/guest_command.h: `lockstep guest`: guest programs run in our own machine (docs/riscv.md). */
#ifndef CLI_GUEST_COMMAND_H
#define CLI_GUEST_COMMAND_H

/* As main; argv[0] is the command's name. Returns 0 when the program has ended with status 0; 1 if
 * it has not or could not be run, 2 if the arguments are wrong. */
int guest_command(int argc, char **argv);

#endif
