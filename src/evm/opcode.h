/* evm/opcode.h: the opcodes by name, from the table (opcodes.def). */
#ifndef EVM_OPCODE_H
#define EVM_OPCODE_H

enum opcode {
#define OPCODE(value, NAME, pops_, pushes_, gas_, since, source) OP_##NAME = (value),
#include "evm/opcodes.def"
#undef OPCODE
};

#endif
