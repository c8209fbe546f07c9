/* cli/evm_command.h: `lockstep evm run`: bytecode run once or many times, without a chain. */
#ifndef CLI_EVM_COMMAND_H
#define CLI_EVM_COMMAND_H

/* As main; argv[0] is the command's name. Returns 0 when the code has run, whatever became of it; 1
 * if it could not be, 2 if the arguments are wrong. */
int evm_command(int argc, char **argv);

#endif
