#include "evm/program.h"

#include "core/check.h"

/* Base prices changed with a few forks only; a table for each of these times. */
#define From(fork_, before, after)                             (FORK_OF_TABLE >= FORK_##fork_ ? (after) : (before))
#define OPCODE(value, NAME, pops, pushes, gas_, since, source) [value] = (gas_),
static const uint16_t GAS_OF_FRONTIER[256] = {
#define FORK_OF_TABLE FORK_FRONTIER
#include "evm/opcodes.def"
#undef FORK_OF_TABLE
};
static const uint16_t GAS_OF_TANGERINE_WHISTLE[256] = {
#define FORK_OF_TABLE FORK_TANGERINE_WHISTLE
#include "evm/opcodes.def"
#undef FORK_OF_TABLE
};
static const uint16_t GAS_OF_ISTANBUL[256] = {
#define FORK_OF_TABLE FORK_ISTANBUL
#include "evm/opcodes.def"
#undef FORK_OF_TABLE
};
static const uint16_t GAS_OF_BERLIN[256] = {
#define FORK_OF_TABLE FORK_BERLIN
#include "evm/opcodes.def"
#undef FORK_OF_TABLE
};
#undef OPCODE
#undef From

/* What an opcode is to the translation. */
enum {
    IS_DEFINED = 1, /* by some fork */
    IS_PUSH = 2,
    /* After these the next instruction begins a new block: where the exact gas is seen, and where
     * execution can come from or go elsewhere. */
    ENDS_BLOCK = 4,
    ENDS_REGION = 8, /* execution does not go on behind it */
    IS_JUMP = 16,
    IS_WIDE = 32,  /* a PUSH of more than PUSH_SMALL's four bytes */
    CAN_FUSE = 64, /* with what stands before it */
};

struct opcode_row {
    uint8_t pops;
    uint8_t pushes;
    uint8_t since; /* enum fork */
    uint8_t is;
};

#define IS_ONE_OF_6(op, a, b, c, d, e, f) \
    ((op) == (a) || (op) == (b) || (op) == (c) || (op) == (d) || (op) == (e) || (op) == (f))
#define KIND_OF(op)                                                                        \
    (IS_DEFINED | ((op) >= OP_PUSH0 && (op) <= OP_PUSH32 ? IS_PUSH : 0) |                  \
     ((op) > OP_PUSH4 && (op) <= OP_PUSH32 ? IS_WIDE : 0) |                                \
     ((op) == OP_JUMP || (op) == OP_JUMPI ? IS_JUMP : 0) |                                 \
     (IS_ONE_OF_6(op, OP_STOP, OP_JUMP, OP_RETURN, OP_REVERT, OP_INVALID, OP_SELFDESTRUCT) \
          ? ENDS_BLOCK | ENDS_REGION                                                       \
          : 0) |                                                                           \
     (IS_ONE_OF_6(                                                                         \
          op, OP_CREATE, OP_CREATE2, OP_CALL, OP_CALLCODE, OP_DELEGATECALL, OP_STATICCALL  \
      ) || (op) == OP_JUMPI ||                                                             \
              (op) == OP_GAS || (op) == OP_SSTORE                                          \
          ? ENDS_BLOCK                                                                     \
          : 0) |                                                                           \
     (IS_ONE_OF_6(op, OP_JUMP, OP_JUMPI, OP_ADD, OP_SUB, OP_MUL, OP_EQ) ||                 \
              IS_ONE_OF_6(op, OP_AND, OP_SHL, OP_SHR, OP_MLOAD, OP_MSTORE, OP_POP) ||      \
              ((op) >= OP_DUP1 && (op) <= OP_DUP16)                                        \
          ? CAN_FUSE                                                                       \
          : 0))

static const struct opcode_row ROWS[256] = {
#define OPCODE(value, NAME, pops, pushes, gas_, since, source) \
    [value] = {(pops), (pushes), FORK_##since, KIND_OF(value)},
#include "evm/opcodes.def"
#undef OPCODE
};

static const uint16_t *gas_table(enum fork fork) {
    if (fork >= FORK_BERLIN) return GAS_OF_BERLIN;
    if (fork >= FORK_ISTANBUL) return GAS_OF_ISTANBUL;
    return fork >= FORK_TANGERINE_WHISTLE ? GAS_OF_TANGERINE_WHISTLE : GAS_OF_FRONTIER;
}

static bool is_defined(enum fork fork, uint8_t op) {
    return (ROWS[op].is & IS_DEFINED) != 0 && fork >= (enum fork)ROWS[op].since;
}

struct opcode_info opcode_info(enum fork fork, uint8_t opcode) {
    return (struct opcode_info){
        .gas = gas_table(fork)[opcode],
        .pops = ROWS[opcode].pops,
        .pushes = ROWS[opcode].pushes,
        .is_defined = is_defined(fork, opcode),
    };
}

/* A block needs and grows by what fits a byte, and its price by far an int64_t. */
enum { STACK_MAX = 255, BLOCK_GAS_MAX = 1 << 30 };

struct translation {
    struct program *program;
    struct instruction *instructions;
    uint32_t *pcs;
    const uint16_t *gas_of;
    uint32_t count;
    uint32_t pc; /* of the opcode that is being translated */

    /* The open block. */
    uint32_t block; /* its BLOCK's position */
    bool is_open;
    uint32_t gas;
    int32_t depth; /* of the stack, beside that at the block's start */
    int32_t need;
    int32_t growth;
};

static void close_block(struct translation *t) {
    if (!t->is_open) return;
    t->instructions[t->block] = (struct instruction){
        .op = PROGRAM_BLOCK,
        .a = (uint8_t)t->need,
        .b = (uint8_t)t->growth,
        .arg = t->gas,
    };
    t->is_open = false;
}

static struct instruction *emit(struct translation *t, unsigned op, uint32_t arg) {
    struct instruction *i = &t->instructions[t->count];
    t->pcs[t->count++] = t->pc;
    *i = (struct instruction){.op = (uint16_t)op, .arg = arg};
    return i;
}

static void open_block(struct translation *t) {
    t->block = t->count;
    t->is_open = true;
    t->gas = 0;
    t->depth = 0;
    t->need = 0;
    t->growth = 0;
    (void)emit(t, PROGRAM_BLOCK, 0);
}

/* Counts an opcode in; false if the open block has no place for it. */
static bool count_in(struct translation *t, uint8_t op) {
    const struct opcode_row *row = &ROWS[op];
    int32_t need = (int32_t)row->pops - t->depth;
    int32_t depth = t->depth - (int32_t)row->pops + (int32_t)row->pushes;
    if (need < t->need) need = t->need;
    int32_t growth = depth > t->growth ? depth : t->growth;
    if (need > STACK_MAX || growth > STACK_MAX || t->gas > BLOCK_GAS_MAX) return false;
    t->need = need;
    t->growth = growth;
    t->depth = depth;
    t->gas += t->gas_of[op];
    return true;
}

/* The nth instruction before the end if it belongs to the open block and is this one, else NULL. */
static struct instruction *last(const struct translation *t, uint32_t n, unsigned op) {
    if (t->program->is_careful || t->count < t->block + 1 + n) return NULL;
    struct instruction *i = &t->instructions[t->count - n];
    return i->op == op ? i : NULL;
}

static void emit_push(struct translation *t, bytes immediate, size_t size) {
    if (size <= 4) {
        uint32_t small = 0;
        for (size_t i = 0; i < size; i++)
            small = small << 8 | (i < immediate.size ? immediate.data[i] : 0);
        (void)emit(t, PROGRAM_PUSH_SMALL, small);
        return;
    }
    uint8_t word[32] = {0};
    if (immediate.size > 0) memcpy(word + 32 - size, immediate.data, immediate.size);
    u256 value = u256_load_be(word);
    if (u256_fits_u64(&value) && value.w[0] <= UINT32_MAX) {
        (void)emit(t, PROGRAM_PUSH_SMALL, (uint32_t)value.w[0]);
        return;
    }
    struct program *p = t->program;
    uint32_t n = p->constant_count;
    if (n == 0 || !u256_equal(&p->constants[n - 1], &value))
        p->constants[p->constant_count++] = value;
    (void)emit(t, PROGRAM_PUSH_CONSTANT, p->constant_count - 1);
}

/* A jump to a constant; arg is the destination's pc until all are known (resolve_jumps). */
static bool fuse_jump(struct translation *t, uint8_t op) {
    struct instruction *push = last(t, 1, PROGRAM_PUSH_SMALL);
    if (push == NULL) return false;
    uint32_t to = push->arg;
    t->count--;
    uint32_t pc = t->pc;
    t->pc = t->pcs[t->count];
    if (op == OP_JUMP) {
        (void)emit(t, PROGRAM_JUMP_TO, to);
        t->pc = pc;
        return true;
    }
    uint8_t is_zero = 0;
    while (last(t, 1, OP_ISZERO) != NULL) {
        is_zero ^= 1;
        t->pc = t->pcs[--t->count];
    }
    static const struct {
        uint8_t opcode;
        uint16_t jump;
    } COMPARISONS[] = {
        {OP_LT, PROGRAM_JUMP_IF_LT},
        {OP_GT, PROGRAM_JUMP_IF_GT},
        {OP_SLT, PROGRAM_JUMP_IF_SLT},
        {OP_SGT, PROGRAM_JUMP_IF_SGT},
        {OP_EQ, PROGRAM_JUMP_IF_EQ},
    };
    unsigned jump = PROGRAM_JUMP_IF;
    for (size_t i = 0; i < sizeof(COMPARISONS) / sizeof(COMPARISONS[0]); i++) {
        if (last(t, 1, COMPARISONS[i].opcode) == NULL) continue;
        t->pc = t->pcs[--t->count];
        jump = COMPARISONS[i].jump;
        break;
    }
    emit(t, jump, to)->b = is_zero;
    t->pc = pc;
    return true;
}

/* PUSH and an operation on what was pushed. */
static bool fuse_push(struct translation *t, uint8_t op) {
    struct instruction *small = last(t, 1, PROGRAM_PUSH_SMALL);
    struct instruction *constant = last(t, 1, PROGRAM_PUSH_CONSTANT);
    unsigned fused = 0;
    if (constant != NULL && op == OP_AND) {
        constant->op = PROGRAM_AND_CONSTANT;
        return true;
    }
    if (small == NULL) return false;
    switch (op) {
    case OP_ADD:
        fused = PROGRAM_ADD_SMALL;
        break;
    case OP_SUB:
        fused = PROGRAM_SUB_SMALL;
        break;
    case OP_MUL:
        fused = PROGRAM_MUL_SMALL;
        break;
    case OP_EQ:
        fused = PROGRAM_EQ_SMALL;
        break;
    case OP_AND:
        fused = PROGRAM_AND_SMALL;
        break;
    case OP_SHL:
        fused = PROGRAM_SHL_SMALL;
        break;
    case OP_SHR:
        fused = PROGRAM_SHR_SMALL;
        break;
    case OP_MLOAD:
        fused = PROGRAM_MLOAD_SMALL;
        break;
    case OP_MSTORE:
        fused = PROGRAM_MSTORE_SMALL;
        break;
    default:
        return false;
    }
    small->op = (uint16_t)fused;
    return true;
}

static bool fuse(struct translation *t, uint8_t op) {
    struct instruction *i;
    if (op == OP_JUMP || op == OP_JUMPI) return fuse_jump(t, op);
    if (fuse_push(t, op)) return true;
    switch (op) {
    case OP_POP:
        i = last(t, 1, PROGRAM_SWAP);
        if (i != NULL) {
            i->op = PROGRAM_SWAP_POP;
            return true;
        }
        i = last(t, 1, OP_POP);
        if (i != NULL) {
            i->op = PROGRAM_POP_POP;
            return true;
        }
        return false;
    case OP_SUB:
        i = last(t, 1, PROGRAM_SWAP);
        if (i == NULL || i->a != 1) return false;
        i->op = PROGRAM_SUB_SWAPPED;
        return true;
    case OP_ADD:
        i = last(t, 1, PROGRAM_DUP);
        if (i == NULL) return false;
        i->op = PROGRAM_ADD_DUP;
        return true;
    case OP_MLOAD:
        i = last(t, 1, PROGRAM_DUP);
        if (i == NULL) return false;
        i->op = PROGRAM_MLOAD_DUP;
        return true;
    default:
        break;
    }
    if (op >= OP_DUP1 && op <= OP_DUP16) {
        i = last(t, 1, PROGRAM_DUP);
        if (i != NULL) {
            i->op = PROGRAM_DUP_DUP;
            i->b = (uint8_t)(op - OP_DUP1);
            return true;
        }
        i = last(t, 1, PROGRAM_PUSH_SMALL);
        if (i != NULL) {
            i->op = PROGRAM_PUSH_SMALL_DUP;
            i->a = (uint8_t)(op - OP_DUP1);
            return true;
        }
    }
    return false;
}

static void translate(struct translation *t, uint8_t op) {
    bytes code = t->program->code;
    if ((ROWS[op].is & IS_PUSH) != 0) {
        size_t size = (size_t)op - OP_PUSH0;
        emit_push(t, bytes_slice(code, (size_t)t->pc + 1, size), size);
    } else if (op == OP_JUMPDEST || ((ROWS[op].is & CAN_FUSE) != 0 && fuse(t, op))) {
        return;
    } else if (op >= OP_DUP1 && op <= OP_DUP16) {
        emit(t, PROGRAM_DUP, 0)->a = (uint8_t)(op - OP_DUP1);
    } else if (op >= OP_SWAP1 && op <= OP_SWAP16) {
        emit(t, PROGRAM_SWAP, 0)->a = (uint8_t)(op - OP_SWAP1 + 1);
    } else if (op == OP_PC) {
        (void)emit(t, PROGRAM_PUSH_SMALL, t->pc);
    } else {
        (void)emit(t, op, 0);
    }
}

/* Jumps of the region that begins at this place get their destinations. */
static void resolve_jumps(struct translation *t, uint32_t start) {
    const struct program *p = t->program;
    const uint32_t end = t->count;
    for (uint32_t at = start; at < end; at++) {
        struct instruction *i = &t->instructions[at];
        if (i->op < PROGRAM_JUMP_TO || i->op > PROGRAM_JUMP_IF_EQ) continue;
        uint32_t to = i->arg;
        uint32_t position = to < p->code.size ? p->positions[to] : 0;
        i->arg = 0;
        if ((position & PROGRAM_JUMPDEST) == 0) continue;
        position &= ~PROGRAM_JUMPDEST;
        if (position == 0) {
            t->pc = to;
            position = t->count + 1;
            (void)emit(t, PROGRAM_ENTER, to);
            (void)emit(t, PROGRAM_UNDEFINED, at);
        }
        i->arg = position - 1 - at;
    }
}

/* Translates from pc on to where execution cannot go on, or where it has been translated. */
static void translate_region(struct program *p, size_t pc) {
    struct translation t = {
        .program = p,
        .instructions = p->instructions,
        .pcs = p->pcs,
        .gas_of = gas_table(p->fork),
        .count = p->count,
    };
    const bool is_careful = p->is_careful;
    const uint32_t start = t.count;
    for (;; pc++) {
        /* Past its end a code goes on with STOPs. */
        uint8_t op = pc < p->code.size ? p->code.data[pc] : OP_STOP;
        uint32_t *position = &p->positions[pc];
        t.pc = (uint32_t)pc;
        bool is_undefined = !is_defined(p->fork, op);
        if (is_careful || op == OP_JUMPDEST || is_undefined) close_block(&t);
        if (!t.is_open && (*position & ~PROGRAM_JUMPDEST) != 0) {
            (void)emit(&t, PROGRAM_GOTO, (*position & ~PROGRAM_JUMPDEST) - 1 - t.count);
            break;
        }
        *position = (*position & PROGRAM_JUMPDEST) | (t.count + 1);
        /* Where there is no code there is no step, though a STOP ends it. */
        if (is_careful && p->code.size > 0) emit(&t, PROGRAM_STEP, (uint32_t)pc)->a = op;
        if (is_undefined) {
            emit(&t, PROGRAM_UNDEFINED, 0)->a = op;
            break;
        }
        if (!t.is_open) open_block(&t);
        if (!count_in(&t, op)) {
            close_block(&t);
            *position = t.count + 1;
            open_block(&t);
            CHECK(count_in(&t, op));
        }
        translate(&t, op);
        unsigned is = ROWS[op].is;
        if ((is & ENDS_BLOCK) != 0) close_block(&t);
        if ((is & ENDS_REGION) != 0) {
            t.pc++;
            (void)emit(&t, PROGRAM_UNDEFINED, 0); /* the last block's end, never reached */
            break;
        }
        if ((is & IS_PUSH) != 0) {
            pc += (size_t)op - OP_PUSH0;
            if (pc >= p->code.size) pc = p->code.size - 1; /* cut short */
        }
    }
    resolve_jumps(&t, start);
    CHECK(t.count <= p->capacity && p->constant_count <= p->constant_capacity);
    p->count = t.count;
}

const struct instruction *program_enter(struct program *program, uint32_t pc) {
    uint32_t position = program->positions[pc] & ~PROGRAM_JUMPDEST;
    if (position == 0) {
        translate_region(program, pc);
        position = program->positions[pc] & ~PROGRAM_JUMPDEST;
    }
    return &program->instructions[position - 1];
}

const struct instruction *program_link(struct program *program, const struct instruction *enter) {
    const struct instruction *to = program_enter(program, enter->arg);
    uint32_t position = (uint32_t)(to - program->instructions);
    uint32_t jump = enter[1].arg;
    uint32_t at = (uint32_t)(enter - program->instructions);
    program->instructions[jump].arg = position - jump;
    program->instructions[at] = (struct instruction){.op = PROGRAM_GOTO, .arg = position - at};
    return to;
}

/* How many instructions and constants there are at most, wherever execution enters. Marks the
 * destinations of jumps in positions, which are zero, if that is not NULL. */
static void
measure(bytes code, bool is_careful, size_t *instructions, size_t *constants, uint32_t *positions) {
    size_t count = 8;
    size_t wide = 1;
    const size_t per_opcode = is_careful ? 5 : 1;
    for (size_t pc = 0; pc < code.size; pc++) {
        uint8_t op = code.data[pc];
        unsigned is = ROWS[op].is;
        count += per_opcode;
        if ((is & IS_PUSH) != 0) {
            pc += (size_t)op - OP_PUSH0;
            wide += (is & IS_WIDE) != 0;
        } else if (op == OP_JUMPDEST) {
            count += 3; /* a block, and the ends of regions before it and behind it */
            if (positions != NULL) positions[pc] = PROGRAM_JUMPDEST;
        } else if ((is & (ENDS_BLOCK | IS_DEFINED)) != IS_DEFINED) {
            count += 4; /* a block behind it, the end of a region, an ENTER of two */
        }
    }
    /* And blocks that end because they are full: no opcode needs more than 17 items. */
    *instructions = count + count / 8;
    *constants = wide;
}

size_t program_size_max(bytes code, bool is_careful) {
    size_t instructions;
    size_t constants;
    measure(code, is_careful, &instructions, &constants, NULL);
    return sizeof(struct program) + (code.size + 1) * sizeof(uint32_t) +
           instructions * (sizeof(struct instruction) + sizeof(uint32_t)) +
           constants * sizeof(u256) + 5 * ARENA_ALLOCATION_EXTRA;
}

/* Room for so many, without positions. NULL: ERR_MEMORY. */
static struct program *new_program(struct arena *arena, size_t instructions, size_t constants) {
    struct program *p = arena_alloc_zero(arena, sizeof(*p));
    if (p == NULL) return NULL;
    p->instructions = arena_alloc_array(arena, instructions, sizeof(struct instruction));
    p->pcs = arena_alloc_array(arena, instructions, sizeof(uint32_t));
    p->constants = arena_alloc_array(arena, constants, sizeof(u256));
    p->capacity = (uint32_t)instructions;
    p->constant_capacity = (uint32_t)constants;
    return p->instructions != NULL && p->pcs != NULL && p->constants != NULL ? p : NULL;
}

enum err program_make(
    struct program **program, struct arena *arena, bytes code, enum fork fork, bool is_careful
) {
    size_t instructions;
    size_t constants;
    if (code.size >= PROGRAM_JUMPDEST / 16) return ERR_MEMORY;
    uint32_t *positions = arena_alloc_array(arena, code.size + 1, sizeof(*positions));
    if (positions == NULL) return ERR_MEMORY;
    memset(positions, 0, (code.size + 1) * sizeof(*positions));
    measure(code, is_careful, &instructions, &constants, positions);
    struct program *p = new_program(arena, instructions, constants);
    if (p == NULL) return ERR_MEMORY;
    p->positions = positions;
    p->code = code;
    p->fork = fork;
    p->is_careful = is_careful;
    (void)program_enter(p, 0);
    *program = p;
    return ERR_OK;
}

enum err program_copy(struct program **to, struct arena *arena, const struct program *from) {
    struct program *p = new_program(arena, from->capacity, from->constant_capacity);
    size_t size = (from->code.size + 1) * sizeof(uint32_t);
    uint32_t *positions = arena_alloc(arena, size);
    if (p == NULL || positions == NULL) return ERR_MEMORY;
    memcpy(p->instructions, from->instructions, from->count * sizeof(struct instruction));
    memcpy(p->pcs, from->pcs, from->count * sizeof(uint32_t));
    memcpy(p->constants, from->constants, from->constant_count * sizeof(u256));
    memcpy(positions, from->positions, size);
    p->code = from->code;
    p->fork = from->fork;
    p->is_careful = from->is_careful;
    p->is_kept = from->is_kept;
    p->has_hash = from->has_hash;
    p->code_hash = from->code_hash;
    p->count = from->count;
    p->constant_count = from->constant_count;
    p->positions = positions;
    *to = p;
    return ERR_OK;
}
