/* cli/relay_command.h: `lockstep relay`. */
#ifndef CLI_RELAY_COMMAND_H
#define CLI_RELAY_COMMAND_H

/* argv[0] is "relay". Returns the exit status: 1 the network cannot be asked, 2 usage. */
int relay_command(int argc, char **argv);

#endif
