/* evm/program.h: a code as the interpreter runs it.
 *
 * A code is translated once per fork into instructions of eight bytes: immediates are decoded,
 * jumps to constants resolved, frequent sequences fused, and every basic block begins with one
 * instruction that checks and charges for all that is known of it beforehand: base prices, and how
 * deep the stack must be and may grow.
 *
 * A block ends where the exact gas left is seen: at jumps, GAS, calls, creations and SSTORE. Inside
 * a block so much gas is charged ahead; since a block is only left before its end by failing, which
 * takes all gas, nobody sees that. What may differ is which of several failures comes first.
 * Therefore, when a block cannot be paid or the stack does not suffice, or an instruction cannot
 * pay its own part, the interpreter goes on in the code's careful program, where each instruction
 * is a block of its own, and fails there exactly as the Yellow Paper says. The careful program is
 * also the one that a tracer of steps sees.
 *
 * A program is translated as it is run: when it is made from the code's beginning, and from each
 * destination of a jump when one first goes there, each time up to where execution cannot go on.
 * Most of a contract is not run by most calls, and of an init code most is not even code. So a
 * program changes while it runs, and belongs to one thread. Instructions never move. */
#ifndef EVM_PROGRAM_H
#define EVM_PROGRAM_H

#include "core/arena.h"
#include "core/u256.h"
#include "evm/fork.h"
#include "evm/opcode.h"

/* Instructions that are no opcodes; their numbers follow those of the opcodes.
 *   BLOCK             charges arg gas; needs a items on the stack and lets it grow by b
 *   STEP              tells the tracer of the instruction at pc arg, whose opcode is a
 *   UNDEFINED         an opcode that the fork does not have, a
 *   PUSH_SMALL        pushes arg
 *   PUSH_CONSTANT     pushes constants[arg]
 *   DUP, SWAP         of the item a below the top (DUP1 is 0, SWAP1 is 1)
 *   SWAP_POP, ADD_DUP, MLOAD_DUP, PUSH_SMALL_DUP, SUB_SWAPPED: the two opcodes in one
 *   DUP_DUP           DUP of a, then of b
 *   GOTO              goes on at this instruction + arg: no jump of the code's
 *   ENTER             the destination at pc arg, which has not been translated; behind it stands
 *                     the position of the jump that leads here, in arg (program_link)
 *   JUMP_TO           goes to this instruction + arg; 0: a bad jump. So do the next ones, pushing
 *                     and popping no destination
 *   JUMP_IF           pops a condition; jumps if it is zero (b = 1) or not (b = 0)
 *   JUMP_IF_LT ...    pops two and compares; jumps if the comparison's result is not b
 *   ..._SMALL         the first operand is arg
 *   ..._CONSTANT      the first operand is constants[arg] */
#define PROGRAM_INSTRUCTIONS(X) \
    X(BLOCK)                    \
    X(STEP)                     \
    X(UNDEFINED)                \
    X(PUSH_SMALL)               \
    X(PUSH_CONSTANT)            \
    X(DUP)                      \
    X(SWAP)                     \
    X(SWAP_POP)                 \
    X(POP_POP)                  \
    X(DUP_DUP)                  \
    X(GOTO)                     \
    X(ENTER)                    \
    X(JUMP_TO)                  \
    X(JUMP_IF)                  \
    X(JUMP_IF_LT)               \
    X(JUMP_IF_GT)               \
    X(JUMP_IF_SLT)              \
    X(JUMP_IF_SGT)              \
    X(JUMP_IF_EQ)               \
    X(ADD_SMALL)                \
    X(SUB_SMALL)                \
    X(MUL_SMALL)                \
    X(EQ_SMALL)                 \
    X(AND_SMALL)                \
    X(AND_CONSTANT)             \
    X(SHL_SMALL)                \
    X(SHR_SMALL)                \
    X(MLOAD_SMALL)              \
    X(MSTORE_SMALL)             \
    X(SUB_SWAPPED)              \
    X(ADD_DUP)                  \
    X(MLOAD_DUP)                \
    X(PUSH_SMALL_DUP)

enum program_instruction {
    PROGRAM_OPCODES = 255,
#define PROGRAM_ENUM(name) PROGRAM_##name,
    PROGRAM_INSTRUCTIONS(PROGRAM_ENUM)
#undef PROGRAM_ENUM
        PROGRAM_INSTRUCTION_COUNT
};

struct instruction {
    uint16_t op;
    uint8_t a;
    uint8_t b;
    uint32_t arg;
};

/* In positions: a JUMPDEST that is no PUSH's data. The rest is 0 where nothing has been translated,
 * else the place of the instruction plus 1. */
#define PROGRAM_JUMPDEST (UINT32_C(1) << 31)

struct program {
    struct program *next; /* of the same code, in a cache */
    bytes code;
    enum fork fork;
    bool is_careful;
    bool is_kept;  /* in a cache, so that it outlives the machine's frames */
    bool has_hash; /* of the code */
    hash32 code_hash;
    uint32_t count; /* of what has been translated */
    uint32_t capacity;
    uint32_t constant_count;
    uint32_t constant_capacity;
    struct instruction *instructions;
    uint32_t *pcs;       /* of each instruction */
    uint32_t *positions; /* of each byte of the code, and of its end */
    u256 *constants;
};

/* What program_make takes from the arena at most, if the code is not absurdly large. */
size_t program_size_max(bytes code, bool is_careful);

/* program_make begins to translate code, which is borrowed. ERR_MEMORY. */
MUST_USE enum err program_make(
    struct program **program, struct arena *arena, bytes code, enum fork fork, bool is_careful
);

/* The instruction that begins at pc: the code's beginning, a JUMPDEST, or in a careful program any
 * opcode. It is translated if it has not been. */
const struct instruction *program_enter(struct program *program, uint32_t pc);

/* The instruction where an ENTER leads; the jump that led there goes there directly from now on. */
const struct instruction *program_link(struct program *program, const struct instruction *enter);

/* program_copy copies all but the code. ERR_MEMORY. */
MUST_USE enum err
program_copy(struct program **to, struct arena *arena, const struct program *from);

/* What the translation and the interpreter know of an opcode under a fork. */
struct opcode_info {
    uint16_t gas;
    uint8_t pops;
    uint8_t pushes;
    bool is_defined;
};
struct opcode_info opcode_info(enum fork fork, uint8_t opcode);

#endif
