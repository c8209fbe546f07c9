/* cli/check_command.h: `lockstep check`: whether a data directory holds what it should. */
#ifndef CLI_CHECK_COMMAND_H
#define CLI_CHECK_COMMAND_H

/* As main; argv[0] is the command's name. Returns 0 when all is well, 1 if something is wrong or
 * cannot be read, 2 if the arguments are wrong. */
int check_command(int argc, char **argv);

#endif
