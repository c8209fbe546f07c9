/* cli/guest_id_command.h: `lockstep guest-id`: which program attesters vouch for. */
#ifndef CLI_GUEST_ID_COMMAND_H
#define CLI_GUEST_ID_COMMAND_H

/* As main; argv[0] is the command's name. Returns 0, or 2 if the arguments are wrong. */
int guest_id_command(int argc, char **argv);

#endif
