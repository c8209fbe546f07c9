#include "evm/program.h"

#include "core/check.h"

/* Base prices changed with a few forks only; a table for each of these times. */
#define From(fork_, before, after) (FORK_OF_TABLE >= FORK_##fork_ ? (after) : (before))

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

static inline struct instruction *emit(struct translation *t, unsigned op, uint32_t arg) {
    struct instruction *i = &t->instructions[t->count];
    t->pcs[t->count++] = t->pc;
    *i = (struct instruction){(uint16_t)op, 0, 0, arg};
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
static inline bool count_in(struct translation *t, uint8_t op) {
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

/* What PUSH_SMALL and this opcode are in one; 0: nothing. */
#define DUP_ROWS(X) \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
static const uint16_t FUSED_WITH_SMALL[256] = {
    [OP_ADD] = PROGRAM_ADD_SMALL,
    [OP_SUB] = PROGRAM_SUB_SMALL,
    [OP_MUL] = PROGRAM_MUL_SMALL,
    [OP_EQ] = PROGRAM_EQ_SMALL,
    [OP_AND] = PROGRAM_AND_SMALL,
    [OP_SHL] = PROGRAM_SHL_SMALL,
    [OP_SHR] = PROGRAM_SHR_SMALL,
    [OP_MLOAD] = PROGRAM_MLOAD_SMALL,
    [OP_MSTORE] = PROGRAM_MSTORE_SMALL,
#define DUP_ROW(n) [OP_DUP##n] = PROGRAM_PUSH_SMALL_DUP,
    DUP_ROWS(DUP_ROW)
#undef DUP_ROW
};

static bool is_dup(uint8_t op) {
    return op >= OP_DUP1 && op <= OP_DUP16;
}

/* What the instruction before and this opcode are in one; 0: nothing. */
static unsigned fused_with(const struct instruction *before, uint8_t op) {
    switch (before->op) {
    case PROGRAM_PUSH_SMALL:
        return FUSED_WITH_SMALL[op];
    case PROGRAM_PUSH_CONSTANT:
        return op == OP_AND ? PROGRAM_AND_CONSTANT : 0;
    case PROGRAM_DUP:
        if (op == OP_ADD) return PROGRAM_ADD_DUP;
        if (op == OP_MLOAD) return PROGRAM_MLOAD_DUP;
        return is_dup(op) ? PROGRAM_DUP_DUP : 0;
    case PROGRAM_SWAP:
        if (op == OP_POP) return PROGRAM_SWAP_POP;
        return op == OP_SUB && before->a == 1 ? PROGRAM_SUB_SWAPPED : 0;
    case OP_POP:
        return op == OP_POP ? PROGRAM_POP_POP : 0;
    default:
        return 0;
    }
}

static bool fuse(struct translation *t, uint8_t op) {
    if ((ROWS[op].is & IS_JUMP) != 0) return fuse_jump(t, op);
    if (t->program->is_careful || t->count < t->block + 2) return false;
    struct instruction *before = &t->instructions[t->count - 1];
    unsigned fused = fused_with(before, op);
    if (fused == 0) return false;
    before->op = (uint16_t)fused;
    if (fused == PROGRAM_PUSH_SMALL_DUP) before->a = (uint8_t)(op - OP_DUP1);
    if (fused == PROGRAM_DUP_DUP) before->b = (uint8_t)(op - OP_DUP1);
    return true;
}

static void translate(struct translation *t, uint8_t op) {
    bytes code = t->program->code;
    if ((ROWS[op].is & IS_PUSH) != 0) {
        size_t size = (size_t)op - OP_PUSH0;
        emit_push(t, bytes_slice(code, (size_t)t->pc + 1, size), size);
    } else if (op == OP_JUMPDEST || ((ROWS[op].is & CAN_FUSE) != 0 && fuse(t, op))) {
        return;
    } else if (is_dup(op)) {
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
        /* Where a block begins, and no elsewhere, somebody may ask for the place. */
        if (!t.is_open) *position = (*position & PROGRAM_JUMPDEST) | (t.count + 1);
        /* Where there is no code there is no step, though a STOP ends it. */
        if (is_careful && p->code.size > 0) emit(&t, PROGRAM_STEP, (uint32_t)pc)->a = op;
        if (is_undefined) {
            emit(&t, PROGRAM_UNDEFINED, 0)->a = op;
            break;
        }
        if (!t.is_open) open_block(&t);
        if (!count_in(&t, op)) {
            close_block(&t);
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

/* What an opcode adds to the sizes: in the low half instructions, above them constants, in the top
 * byte the bytes of its immediate, whose sum is not needed, or IS_DESTINATION.
 *
 * Instructions are the opcode itself, a block behind it, the end of a region (also by an undefined
 * opcode, so that these are counted with where a region begins), an ENTER of two. */
#define IS_DESTINATION 0x80
#define SIZE_ROW(is, op)                                                      \
    (((op) == OP_JUMPDEST      ? UINT64_C(5) | (uint64_t)IS_DESTINATION << 56 \
      : ((is)&ENDS_BLOCK) != 0 ? UINT64_C(5)                                  \
                               : UINT64_C(1)) |                               \
     (((is)&IS_WIDE) != 0 ? UINT64_C(1) << 32 : 0) |                          \
     (((is)&IS_PUSH) != 0 ? (uint64_t)(uint8_t)((op)-OP_PUSH0) << 56 : 0))

static const uint64_t SIZE_ROWS[256] = {
#define OPCODE(value, NAME, pops, pushes, gas_, since, source) \
    [value] = SIZE_ROW(KIND_OF(value), (value)),
#include "evm/opcodes.def"
#undef OPCODE
};

/* The sum over a code. Marks the destinations of jumps in positions, which are zero. */
static uint64_t sum_sizes(bytes code, uint32_t *positions) {
    uint64_t sum = 0;
    for (size_t pc = 0; pc < code.size; pc++) {
        uint64_t row = SIZE_ROWS[code.data[pc]];
        sum += row;
        if ((int64_t)row < 0)
            positions[pc] = PROGRAM_JUMPDEST;
        else
            pc += row >> 56;
    }
    return sum;
}

static uint64_t count_opcodes(bytes code) {
    uint64_t count = 0;
    for (size_t pc = 0; pc < code.size; pc++, count++)
        pc += SIZE_ROWS[code.data[pc]] >> 56 & ~(uint64_t)IS_DESTINATION;
    return count;
}

/* How many instructions and constants there are at most, wherever execution enters. */
static void
sizes_of(bytes code, bool is_careful, uint64_t sum, size_t *instructions, size_t *constants) {
    size_t count = 8 + (uint32_t)sum;
    if (is_careful) count += 5 * count_opcodes(code);
    /* And blocks that end because they are full: no opcode needs more than 17 items. */
    *instructions = count + count / 8;
    *constants = 1 + ((sum >> 32) & 0xffffff);
}

size_t program_size_max(bytes code, bool is_careful) {
    uint64_t sum = 0;
    for (size_t pc = 0; pc < code.size; pc++) {
        uint64_t row = SIZE_ROWS[code.data[pc]];
        sum += row;
        if ((int64_t)row >= 0) pc += row >> 56;
    }
    size_t instructions;
    size_t constants;
    sizes_of(code, is_careful, sum, &instructions, &constants);
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
    if (code.size >= PROGRAM_JUMPDEST / 32) return ERR_MEMORY;
    uint32_t *positions = arena_alloc_array(arena, code.size + 1, sizeof(*positions));
    if (positions == NULL) return ERR_MEMORY;
    memset(positions, 0, (code.size + 1) * sizeof(*positions));
    sizes_of(code, is_careful, sum_sizes(code, positions), &instructions, &constants);
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
