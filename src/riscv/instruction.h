/* riscv/instruction.h: a word of code, taken apart.
 *
 * The instruction set is riscv/instructions.def; encodings are chapter 24 of the manual. What is
 * reserved or belongs to other extensions is ILLEGAL; of FENCE all fields but funct3 are ignored,
 * as the manual asks of simple machines. */
#ifndef RISCV_INSTRUCTION_H
#define RISCV_INSTRUCTION_H

#include <stdint.h>

enum instruction_op {
#define REGISTER(name, kind, value)  OP_##name,
#define IMMEDIATE(name, kind, value) OP_##name,
#define BRANCH(name, condition)      OP_##name,
#define LOAD(name, type)             OP_##name,
#define STORE(name, type)            OP_##name,
#define OTHER(name, kind)            OP_##name,
#include "riscv/instructions.def"
};
#define OP_COUNT (OP_ILLEGAL + 1)

/* What instructions do, for counting; names are for people. */
#define INSTRUCTION_KINDS(X)    \
    X(ARITHMETIC, "arithmetic") \
    X(MULTIPLY, "multiply")     \
    X(DIVIDE, "divide")         \
    X(LOAD, "load")             \
    X(STORE, "store")           \
    X(BRANCH, "branch")         \
    X(JUMP, "jump")             \
    X(SYSTEM, "call")

enum instruction_kind {
#define KIND_ENUM(name, text) KIND_##name,
    INSTRUCTION_KINDS(KIND_ENUM)
#undef KIND_ENUM
};
#define KIND_COUNT (KIND_SYSTEM + 1)

struct instruction {
    enum instruction_op op;
    uint8_t rd;
    uint8_t rs1;
    uint8_t rs2;
    int32_t immediate; /* LUI, AUIPC: what is added, low 12 bits zero; shifts: the amount */
};

/* Fields that the form of the instruction does not have are 0. */
struct instruction instruction_decode(uint32_t word);

enum instruction_kind instruction_kind(enum instruction_op op);
const char *instruction_name(enum instruction_op op); /* "ADDI"; static storage */
const char *instruction_kind_name(enum instruction_kind kind);

#endif
