#include "evm/program.h"

#include "core/check.h"

#define From(fork_, before, after) (fork >= FORK_##fork_ ? (after) : (before))

struct opcode_info opcode_info(enum fork fork, uint8_t opcode) {
    switch (opcode) {
#define OPCODE(value, NAME, pops_, pushes_, gas_, since, source) \
    case value:                                                  \
        return (struct opcode_info){                             \
            .gas = (uint16_t)(gas_),                             \
            .pops = (pops_),                                     \
            .pushes = (pushes_),                                 \
            .is_defined = fork >= FORK_##since,                  \
        };
#include "evm/opcodes.def"
#undef OPCODE
    default:
        return (struct opcode_info){0};
    }
}

/* A block needs and grows by what fits a byte, and its price by far an int64_t. */
enum { STACK_MAX = 255, BLOCK_GAS_MAX = 1 << 30 };

struct translation {
    struct program *program;
    struct instruction *instructions;
    uint32_t *pcs;
    u256 *constants;
    uint32_t count;
    uint32_t constant_count;
    uint32_t pc; /* of the opcode that is being translated */

    /* The open block. */
    uint32_t block; /* its BLOCK's position */
    bool is_open;
    uint32_t gas;
    int32_t depth; /* of the stack, beside that at the block's start */
    int32_t need;
    int32_t growth;
};

static bool is_push(uint8_t op) {
    return op >= OP_PUSH0 && op <= OP_PUSH32;
}

/* After these the next instruction begins a new block: where the exact gas is seen, and where
 * execution can come from or go elsewhere. */
static bool ends_block(uint8_t op) {
    switch (op) {
    case OP_STOP:
    case OP_JUMP:
    case OP_JUMPI:
    case OP_GAS:
    case OP_SSTORE:
    case OP_CREATE:
    case OP_CREATE2:
    case OP_CALL:
    case OP_CALLCODE:
    case OP_DELEGATECALL:
    case OP_STATICCALL:
    case OP_RETURN:
    case OP_REVERT:
    case OP_INVALID:
    case OP_SELFDESTRUCT:
        return true;
    default:
        return false;
    }
}

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
static bool count_in(struct translation *t, const struct opcode_info *info) {
    int32_t need = (int32_t)info->pops - t->depth;
    int32_t depth = t->depth - (int32_t)info->pops + (int32_t)info->pushes;
    if (need < t->need) need = t->need;
    int32_t growth = depth > t->growth ? depth : t->growth;
    if (need > STACK_MAX || growth > STACK_MAX || t->gas > BLOCK_GAS_MAX) return false;
    t->need = need;
    t->growth = growth;
    t->depth = depth;
    t->gas += info->gas;
    return true;
}

/* The nth instruction before the end if it belongs to the open block and is this one, else NULL. */
static struct instruction *last(const struct translation *t, uint32_t n, unsigned op) {
    if (t->program->is_careful || t->count < t->block + 1 + n) return NULL;
    struct instruction *i = &t->instructions[t->count - n];
    return i->op == op ? i : NULL;
}

static void emit_push(struct translation *t, bytes immediate, size_t size) {
    uint8_t word[32] = {0};
    if (immediate.size > 0) memcpy(word + 32 - size, immediate.data, immediate.size);
    u256 value = u256_load_be(word);
    if (u256_fits_u64(&value) && value.w[0] <= UINT32_MAX) {
        (void)emit(t, PROGRAM_PUSH_SMALL, (uint32_t)value.w[0]);
        return;
    }
    uint32_t n = t->constant_count;
    if (n == 0 || !u256_equal(&t->constants[n - 1], &value))
        t->constants[t->constant_count++] = value;
    (void)emit(t, PROGRAM_PUSH_CONSTANT, t->constant_count - 1);
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
    if (is_push(op)) {
        size_t size = (size_t)op - OP_PUSH0;
        emit_push(t, bytes_slice(code, (size_t)t->pc + 1, size), size);
    } else if (op == OP_JUMPDEST || fuse(t, op)) {
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

static void resolve_jumps(struct translation *t, const uint32_t *positions) {
    for (uint32_t at = 0; at < t->count; at++) {
        struct instruction *i = &t->instructions[at];
        if (i->op < PROGRAM_JUMP_TO || i->op > PROGRAM_JUMP_IF_EQ) continue;
        uint32_t to = i->arg;
        bool is_valid = to < t->program->code.size && (positions[to] & PROGRAM_JUMPDEST) != 0;
        i->arg = is_valid ? (positions[to] & ~PROGRAM_JUMPDEST) - at : 0;
    }
}

/* How many instructions and constants there are at most. */
static void
measure(bytes code, enum fork fork, bool is_careful, size_t *instructions, size_t *constants) {
    size_t count = 4;
    size_t wide = 0;
    for (size_t pc = 0; pc < code.size; pc++) {
        uint8_t op = code.data[pc];
        count++;
        if (is_careful) count += 2;
        if (op == OP_JUMPDEST || ends_block(op) || !opcode_info(fork, op).is_defined) count++;
        if (!is_push(op)) continue;
        pc += (size_t)op - OP_PUSH0;
        if (op > OP_PUSH4) wide++;
    }
    /* And blocks that end because they are full: no opcode needs more than 17 items. */
    *instructions = count + count / 8;
    *constants = wide + 1;
}

size_t program_size_max(bytes code, enum fork fork, bool is_careful) {
    size_t instructions;
    size_t constants;
    measure(code, fork, is_careful, &instructions, &constants);
    return sizeof(struct program) + (code.size + 1) * sizeof(uint32_t) +
           instructions * (sizeof(struct instruction) + sizeof(uint32_t)) +
           constants * sizeof(u256) + 5 * ARENA_ALLOCATION_EXTRA;
}

enum err program_make(
    struct program **program, struct arena *arena, bytes code, enum fork fork, bool is_careful
) {
    size_t instruction_max;
    size_t constant_max;
    measure(code, fork, is_careful, &instruction_max, &constant_max);
    if (instruction_max >= PROGRAM_JUMPDEST) return ERR_MEMORY;
    struct program *p = arena_alloc_zero(arena, sizeof(*p));
    uint32_t *positions = arena_alloc_array(arena, code.size + 1, sizeof(*positions));
    struct translation t = {
        .program = p,
        .instructions = arena_alloc_array(arena, instruction_max, sizeof(struct instruction)),
        .pcs = arena_alloc_array(arena, instruction_max, sizeof(uint32_t)),
        .constants = arena_alloc_array(arena, constant_max, sizeof(u256)),
    };
    if (p == NULL || positions == NULL || t.instructions == NULL || t.pcs == NULL ||
        t.constants == NULL)
        return ERR_MEMORY;
    *p = (struct program){.code = code, .fork = fork, .is_careful = is_careful};
    for (size_t pc = 0; pc <= code.size; pc++) {
        /* Past its end a code goes on with STOPs. */
        uint8_t op = pc < code.size ? code.data[pc] : OP_STOP;
        struct opcode_info info = opcode_info(fork, op);
        t.pc = (uint32_t)pc;
        if (is_careful || op == OP_JUMPDEST || !info.is_defined) close_block(&t);
        positions[pc] = t.count | (op == OP_JUMPDEST ? PROGRAM_JUMPDEST : 0);
        /* Where there is no code there is no step, though a STOP ends it. */
        if (is_careful && code.size > 0) emit(&t, PROGRAM_STEP, (uint32_t)pc)->a = op;
        if (!info.is_defined) {
            emit(&t, PROGRAM_UNDEFINED, 0)->a = op;
            continue;
        }
        if (!t.is_open) open_block(&t);
        if (!count_in(&t, &info)) {
            close_block(&t);
            positions[pc] = t.count;
            open_block(&t);
            CHECK(count_in(&t, &info));
        }
        translate(&t, op);
        if (ends_block(op)) close_block(&t);
        if (!is_push(op)) continue;
        for (size_t skip = (size_t)op - OP_PUSH0; skip > 0 && pc + 1 < code.size; skip--)
            positions[++pc] = t.count;
    }
    close_block(&t);
    CHECK(t.count <= instruction_max && t.constant_count <= constant_max);
    resolve_jumps(&t, positions);
    p->count = t.count;
    p->constant_count = t.constant_count;
    p->instructions = t.instructions;
    p->pcs = t.pcs;
    p->positions = positions;
    p->constants = t.constants;
    *program = p;
    return ERR_OK;
}

enum err program_copy(struct program **to, struct arena *arena, const struct program *from) {
    struct program *p = arena_alloc(arena, sizeof(*p));
    struct instruction *instructions =
        arena_alloc_array(arena, from->count, sizeof(struct instruction));
    uint32_t *pcs = arena_alloc_array(arena, from->count, sizeof(uint32_t));
    uint32_t *positions = arena_alloc_array(arena, from->code.size + 1, sizeof(uint32_t));
    u256 *constants = arena_alloc_array(arena, (size_t)from->constant_count + 1, sizeof(u256));
    if (p == NULL || instructions == NULL || pcs == NULL || positions == NULL || constants == NULL)
        return ERR_MEMORY;
    *p = *from;
    p->next = NULL;
    memcpy(instructions, from->instructions, from->count * sizeof(struct instruction));
    memcpy(pcs, from->pcs, from->count * sizeof(uint32_t));
    memcpy(positions, from->positions, (from->code.size + 1) * sizeof(uint32_t));
    memcpy(constants, from->constants, from->constant_count * sizeof(u256));
    p->instructions = instructions;
    p->pcs = pcs;
    p->positions = positions;
    p->constants = constants;
    *to = p;
    return ERR_OK;
}
