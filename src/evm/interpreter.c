/* The interpreter's loop: threaded code over a program (program.h). What lives in the loop is what
 * only needs the stack, and memory that is there already; instructions.c has the rest.
 *
 * gas, sp, ip and the rest are the frame's, held in locals while the loop runs; the frame has
 * them whenever anything outside of the loop does. Limbs are copied one by one: a copy by wider
 * loads would have to wait until the limbs just written have reached the cache. The Makefile gives
 * this file options of its own. */
#include "core/check.h"
#include "evm/evm_private.h"
#include "evm/journal_private.h"

/* Labels as values. */
#pragma GCC diagnostic ignored "-Wpedantic"

static inline void set_u64(u256 *word, uint64_t value) {
    word->w[0] = value;
    word->w[1] = 0;
    word->w[2] = 0;
    word->w[3] = 0;
}

static inline void copy_word(u256 *to, const u256 *from) {
    uint64_t w0 = from->w[0];
    uint64_t w1 = from->w[1];
    uint64_t w2 = from->w[2];
    uint64_t w3 = from->w[3];
    to->w[0] = w0;
    to->w[1] = w1;
    to->w[2] = w2;
    to->w[3] = w3;
}

static inline void set_address(u256 *word, const address *who) {
    word->w[0] = load_be64(who->b + 12);
    word->w[1] = load_be64(who->b + 4);
    word->w[2] = load_be64(who->b) >> 32;
    word->w[3] = 0;
}

/* Whether 32 bytes at this offset are in memory of this size. */
static inline bool is_within(const u256 *offset, size_t memory_size) {
    return (offset->w[1] | offset->w[2] | offset->w[3] | offset->w[0] >> 62) == 0 &&
           offset->w[0] + 32 <= memory_size;
}

static void load_calldata(u256 *word, bytes calldata) {
    uint8_t b[32] = {0};
    if (u256_fits_u64(word)) {
        bytes part = bytes_slice(calldata, (size_t)word->w[0], 32);
        if (part.size > 0) memcpy(b, part.data, part.size);
    }
    *word = u256_load_be(b);
}

static unsigned shift_of(const u256 *bits) {
    return u256_fits_u64(bits) && bits->w[0] < 256 ? (unsigned)bits->w[0] : 256;
}

static void byte_op(const u256 *index, u256 *word) {
    uint64_t i = index->w[0];
    uint64_t byte = 0;
    if (u256_fits_u64(index) && i < 32) byte = word->w[3 - i / 8] >> (56 - i % 8 * 8) & 0xff;
    set_u64(word, byte);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void report_step_end(struct evm *evm, uint64_t gas, enum evm_outcome outcome) {
    const struct evm_tracer *t = evm->config->tracer;
    if (!evm->step_reported) return;
    evm->step_reported = false;
    if (t->on_step_end != NULL) t->on_step_end(t->context, evm->step_gas - gas, outcome);
}

static void report_step(
    struct evm *evm, const struct evm_frame *f, const struct instruction *step, const u256 *sp
) {
    const struct evm_tracer *t = evm->config->tracer;
    const u256 *base = evm->stack + f->stack_base;
    struct evm_step report = {
        .depth = f->message.depth,
        .pc = step->arg,
        .opcode = step->a,
        .gas = f->gas,
        .refund = evm->journal->refund,
        .stack = base,
        .stack_count = (uint32_t)(sp - base),
        .memory = bytes_of(evm->memory + f->memory_base, f->memory_size),
        .return_data = bytes_of(evm->return_data, evm->return_data_size),
        .message = &f->message,
        .journal = evm->journal,
    };
    report_step_end(evm, f->gas, EVM_SUCCESS);
    evm->step_reported = true;
    evm->unpaid = 0;
    evm->step_gas = f->gas;
    t->on_step(t->context, &report);
}

/* Keeps what there is to say of an instruction that failed. */
static void note_stop(
    struct evm *evm, const struct evm_frame *f, const struct instruction *ip, const u256 *sp
) {
    const struct program *program = f->program;
    uint32_t pc = program->pcs[ip - program->instructions];
    evm->has_stop = true;
    evm->stop = (struct evm_stop){
        .opcode = pc < program->code.size ? program->code.data[pc] : 0,
        .stack_count = f->stack_count,
        .gas = f->gas,
    };
    for (uint32_t i = 0; i < 3 && i < f->stack_count; i++)
        evm->stop.top[i] = sp[-1 - (int)i];
}

/* --- going on carefully ----------------------------------------------------------------------- */

/* What is charged ahead for the rest of the block, from this instruction on. */
static uint64_t gas_ahead(const struct program *program, const struct instruction *ip) {
    uint32_t at = (uint32_t)(ip - program->instructions);
    uint32_t end = at;
    while (end < program->count && program->instructions[end].op != PROGRAM_BLOCK &&
           program->instructions[end].op != PROGRAM_UNDEFINED &&
           program->instructions[end].op != PROGRAM_GOTO)
        end++;
    size_t end_pc = end < program->count ? program->pcs[end] : program->code.size;
    uint64_t gas = 0;
    for (size_t pc = program->pcs[at]; pc < end_pc && pc < program->code.size; pc++) {
        uint8_t op = program->code.data[pc];
        gas += opcode_info(program->fork, op).gas;
        if (op >= OP_PUSH1 && op <= OP_PUSH32) pc += (size_t)op - OP_PUSH0;
    }
    return gas;
}

/* Makes the frame go on in the careful program, at the instruction where it stands. */
static enum evm_status go_on_carefully(struct evm *evm, struct evm_frame *f) {
    struct program *careful;
    const struct program *fast = f->program;
    uint64_t ahead = f->ip->op == PROGRAM_BLOCK ? 0 : gas_ahead(fast, f->ip);
    enum err err = evm_find_program(
        evm, f, &careful, fast->has_hash ? &fast->code_hash : NULL, fast->code, true
    );
    if (err != ERR_OK) return EVM_NO_MEMORY;
    uint32_t pc = fast->pcs[f->ip - fast->instructions];
    f->gas += ahead;
    f->ip = program_enter(careful, pc);
    f->program = careful;
    return EVM_DONE;
}

/* A block's checks, one by one, in the order of the Yellow Paper's Z (9.4.2). */
static enum evm_outcome
block_outcome(const struct instruction *block, size_t stack_count, uint64_t gas) {
    if (stack_count < block->a) return EVM_STACK_UNDERFLOW;
    if (stack_count + block->b > EVM_STACK_MAX) return EVM_STACK_OVERFLOW;
    CHECK(gas < block->arg);
    return EVM_OUT_OF_GAS;
}

/* --- the loop --------------------------------------------------------------------------------- */

#define DISPATCH()            \
    do {                      \
        goto *labels[ip->op]; \
    } while (0)
#define NEXT()      \
    do {            \
        ip++;       \
        DISPATCH(); \
    } while (0)

/* Two operands, of which the lower one's place takes the result. */
#define BINARY(name, statement) \
    do_##name : {               \
        u256 *a = sp - 1;       \
        u256 *b = sp - 2;       \
        statement;              \
        sp--;                   \
        NEXT();                 \
    }

/* The same of a function that returns: its result, too, is copied limb by limb. */
#define COMPUTE(name, expression) BINARY(name, const u256 r = (expression); copy_word(b, &r))

#define COMPARE(name, condition)          \
    do_##name : {                         \
        const u256 *a = sp - 1;           \
        u256 *b = sp - 2;                 \
        uint64_t is_true = (condition);   \
        set_u64(b, is_true);              \
        sp--;                             \
        NEXT();                           \
    }                                     \
    do_JUMP_IF_##name : {                 \
        const u256 *a = sp - 1;           \
        const u256 *b = sp - 2;           \
        bool jumps = (condition) ^ ip->b; \
        sp -= 2;                          \
        if (!jumps) NEXT();               \
        goto jump_to;                     \
    }

/* An instruction of instructions.c that takes and leaves so many items. */
#define CALL_OUT(name, pops, pushes)                         \
    do {                                                     \
        f->gas = gas;                                        \
        result = evm_op_##name(evm, f, (uint8_t)ip->op, sp); \
        if (result != OP_NEXT) goto stopped;                 \
        gas = f->gas;                                        \
        memory_size = f->memory_size;                        \
        memory = evm->memory + f->memory_base;               \
        sp += (pushes) - (pops);                             \
        NEXT();                                              \
    } while (0)

/* Makes memory for size bytes at *at before the instruction goes on. */
#define EXPAND(size, at)                              \
    do {                                              \
        f->gas = gas;                                 \
        result = evm_op_expand(evm, f, (size), (at)); \
        if (result != OP_NEXT) goto stopped;          \
        gas = f->gas;                                 \
        memory_size = f->memory_size;                 \
        memory = evm->memory + f->memory_base;        \
    } while (0)

/* A jump has been made. */
#define JUMPED()                                                    \
    do {                                                            \
        if (__builtin_expect(--evm->jumps_left == 0, 0)) goto look; \
        DISPATCH();                                                 \
    } while (0)

#define FAIL(name)               \
    do {                         \
        f->outcome = EVM_##name; \
        goto failed;             \
    } while (0)

enum evm_status evm_interpret(struct evm *evm) {
    static const void *const labels[PROGRAM_INSTRUCTION_COUNT] = {
    /* Opcodes that are not here are never in a program: see program.c's translate. */
#define PROGRAM_LABEL(name) [PROGRAM_##name] = &&do_##name,
        /* cppcheck-suppress assignBoolToPointer ; it does not know labels as values */
        PROGRAM_INSTRUCTIONS(PROGRAM_LABEL)
#undef PROGRAM_LABEL
            [OP_STOP] = &&do_STOP,
        [OP_ADD] = &&do_ADD,
        [OP_MUL] = &&do_MUL,
        [OP_SUB] = &&do_SUB,
        [OP_DIV] = &&do_DIV,
        [OP_SDIV] = &&do_SDIV,
        [OP_MOD] = &&do_MOD,
        [OP_SMOD] = &&do_SMOD,
        [OP_ADDMOD] = &&do_ADDMOD,
        [OP_MULMOD] = &&do_MULMOD,
        [OP_EXP] = &&do_EXP,
        [OP_SIGNEXTEND] = &&do_SIGNEXTEND,
        [OP_LT] = &&do_LT,
        [OP_GT] = &&do_GT,
        [OP_SLT] = &&do_SLT,
        [OP_SGT] = &&do_SGT,
        [OP_EQ] = &&do_EQ,
        [OP_ISZERO] = &&do_ISZERO,
        [OP_AND] = &&do_AND,
        [OP_OR] = &&do_OR,
        [OP_XOR] = &&do_XOR,
        [OP_NOT] = &&do_NOT,
        [OP_BYTE] = &&do_BYTE,
        [OP_SHL] = &&do_SHL,
        [OP_SHR] = &&do_SHR,
        [OP_SAR] = &&do_SAR,
        [OP_CLZ] = &&do_CLZ,
        [OP_KECCAK256] = &&do_KECCAK256,
        [OP_ADDRESS] = &&do_ADDRESS,
        [OP_CALLER] = &&do_CALLER,
        [OP_CALLVALUE] = &&do_CALLVALUE,
        [OP_CALLDATALOAD] = &&do_CALLDATALOAD,
        [OP_CALLDATASIZE] = &&do_CALLDATASIZE,
        [OP_CODESIZE] = &&do_CODESIZE,
        [OP_RETURNDATASIZE] = &&do_RETURNDATASIZE,
        [OP_BLOCKHASH] = &&do_BLOCKHASH,
        [OP_SELFBALANCE] = &&do_SELFBALANCE,
        [OP_BLOBHASH] = &&do_BLOBHASH,
        [OP_POP] = &&do_POP,
        [OP_MLOAD] = &&do_MLOAD,
        [OP_MSTORE] = &&do_MSTORE,
        [OP_MSTORE8] = &&do_MSTORE8,
        [OP_SLOAD] = &&do_SLOAD,
        [OP_SSTORE] = &&do_SSTORE,
        [OP_JUMP] = &&do_JUMP,
        [OP_JUMPI] = &&do_JUMPI,
        [OP_MSIZE] = &&do_MSIZE,
        [OP_GAS] = &&do_GAS,
        [OP_TLOAD] = &&do_TLOAD,
        [OP_TSTORE] = &&do_TSTORE,
        [OP_EXTCODECOPY] = &&do_EXTCODECOPY,
        [OP_INVALID] = &&do_INVALID,
        [OP_SELFDESTRUCT] = &&do_SELFDESTRUCT,
        [OP_BALANCE] = &&do_ACCOUNT,
        [OP_EXTCODESIZE] = &&do_ACCOUNT,
        [OP_EXTCODEHASH] = &&do_ACCOUNT,
        [OP_CALLDATACOPY] = &&do_COPY,
        [OP_CODECOPY] = &&do_COPY,
        [OP_RETURNDATACOPY] = &&do_COPY,
        [OP_MCOPY] = &&do_COPY,
        [OP_ORIGIN] = &&do_ENVIRONMENT,
        [OP_GASPRICE] = &&do_ENVIRONMENT,
        [OP_COINBASE] = &&do_ENVIRONMENT,
        [OP_TIMESTAMP] = &&do_ENVIRONMENT,
        [OP_NUMBER] = &&do_ENVIRONMENT,
        [OP_PREVRANDAO] = &&do_ENVIRONMENT,
        [OP_GASLIMIT] = &&do_ENVIRONMENT,
        [OP_CHAINID] = &&do_ENVIRONMENT,
        [OP_BASEFEE] = &&do_ENVIRONMENT,
        [OP_BLOBBASEFEE] = &&do_ENVIRONMENT,
        [OP_LOG0] = &&do_LOG,
        [OP_LOG1] = &&do_LOG,
        [OP_LOG2] = &&do_LOG,
        [OP_LOG3] = &&do_LOG,
        [OP_LOG4] = &&do_LOG,
        [OP_CREATE] = &&do_CREATE,
        [OP_CREATE2] = &&do_CREATE,
        [OP_CALL] = &&do_CALL,
        [OP_CALLCODE] = &&do_CALL,
        [OP_DELEGATECALL] = &&do_CALL,
        [OP_STATICCALL] = &&do_CALL,
        [OP_RETURN] = &&do_END,
        [OP_REVERT] = &&do_END,
    };
    struct evm_frame *f = evm->frame;
    u256 *base = evm->stack + f->stack_base;
    u256 *sp = base + f->stack_count;
    const struct instruction *ip = f->ip;
    uint64_t gas = f->gas;
    uint8_t *memory = evm->memory + f->memory_base;
    size_t memory_size = f->memory_size;
    enum op_result result = OP_NEXT;
    DISPATCH();

do_BLOCK : {
    size_t count = (size_t)(sp - base);
    if (gas < ip->arg || count < ip->a || count + ip->b > EVM_STACK_MAX) {
        if (f->program->is_careful) {
            f->outcome = block_outcome(ip, count, gas);
            /* What did not even get to its own price has that. */
            evm->step_gas += ip->arg;
            goto failed;
        }
        goto careful;
    }
    gas -= ip->arg;
    NEXT();
}
do_STEP:
    if (evm_traces_steps(evm)) {
        f->gas = gas;
        report_step(evm, f, ip, sp);
    }
    NEXT();
do_UNDEFINED:
    FAIL(UNDEFINED_OPCODE);
do_INVALID:
    FAIL(INVALID_OPCODE);

    /* --- the stack */
do_PUSH_SMALL:
    set_u64(sp++, ip->arg);
    NEXT();
do_PUSH_CONSTANT:
    copy_word(sp++, &f->program->constants[ip->arg]);
    NEXT();
do_DUP:
    copy_word(sp, sp - 1 - ip->a);
    sp++;
    NEXT();
do_DUP_DUP:
    copy_word(sp, sp - 1 - ip->a);
    sp++;
    copy_word(sp, sp - 1 - ip->b);
    sp++;
    NEXT();
do_PUSH_SMALL_DUP:
    set_u64(sp++, ip->arg);
    copy_word(sp, sp - 1 - ip->a);
    sp++;
    NEXT();
do_SWAP : {
    u256 *top = sp - 1;
    u256 *other = top - ip->a;
    for (int i = 0; i < 4; i++) {
        uint64_t limb = top->w[i];
        top->w[i] = other->w[i];
        other->w[i] = limb;
    }
    NEXT();
}
do_SWAP_POP:
    sp--;
    copy_word(sp - ip->a, sp);
    NEXT();
do_POP:
    sp--;
    NEXT();
do_POP_POP:
    sp -= 2;
    NEXT();

    /* --- arithmetic */
    BINARY(ADD, (void)u256_add_carry(b, a, b))
    BINARY(SUB, (void)u256_sub_borrow(b, a, b))
    BINARY(SUB_SWAPPED, (void)u256_sub_borrow(b, b, a))
    BINARY(MUL, u256_mul_to(b, a, b))
    COMPUTE(DIV, u256_div(a, b))
    COMPUTE(SDIV, u256_sdiv(a, b))
    COMPUTE(MOD, u256_mod(a, b))
    COMPUTE(SMOD, u256_smod(a, b))
    COMPUTE(SIGNEXTEND, u256_signextend(a, b))
    BINARY(AND, for (int i = 0; i < 4; i++) b->w[i] &= a->w[i])
    BINARY(OR, for (int i = 0; i < 4; i++) b->w[i] |= a->w[i])
    BINARY(XOR, for (int i = 0; i < 4; i++) b->w[i] ^= a->w[i])
    BINARY(BYTE, byte_op(a, b))
    COMPUTE(SHL, u256_shl(b, shift_of(a)))
    COMPUTE(SHR, u256_shr(b, shift_of(a)))
    COMPUTE(SAR, u256_sar(b, shift_of(a)))
    COMPARE(LT, u256_less(a, b))
    COMPARE(GT, u256_less(b, a))
    COMPARE(SLT, u256_signed_less(a, b))
    COMPARE(SGT, u256_signed_less(b, a))
    COMPARE(EQ, u256_equal(a, b))
do_ADDMOD : {
    const u256 r = u256_addmod(&sp[-1], &sp[-2], &sp[-3]);
    sp -= 2;
    copy_word(&sp[-1], &r);
    NEXT();
}
do_MULMOD:
    u256_mulmod_again(&sp[-3], &sp[-1], &sp[-2], &sp[-3], &evm->modulus);
    sp -= 2;
    NEXT();
do_ISZERO : {
    uint64_t is_zero = u256_is_zero(&sp[-1]);
    set_u64(&sp[-1], is_zero);
    NEXT();
}
do_NOT:
    for (int i = 0; i < 4; i++)
        sp[-1].w[i] = ~sp[-1].w[i];
    NEXT();
do_CLZ : {
    unsigned size = u256_bit_size(&sp[-1]);
    set_u64(&sp[-1], 256 - size);
    NEXT();
}
do_EXP:
    CALL_OUT(exp, 2, 1);

    /* --- with a constant, or with a copy of an item below */
do_ADD_SMALL : {
    const u256 small = {{ip->arg, 0, 0, 0}};
    (void)u256_add_carry(&sp[-1], &sp[-1], &small);
    NEXT();
}
do_SUB_SMALL : {
    const u256 small = {{ip->arg, 0, 0, 0}};
    (void)u256_sub_borrow(&sp[-1], &small, &sp[-1]);
    NEXT();
}
do_MUL_SMALL : {
    uint128 carry = 0;
    for (int i = 0; i < 4; i++) {
        carry += (uint128)sp[-1].w[i] * ip->arg;
        sp[-1].w[i] = (uint64_t)carry;
        carry >>= 64;
    }
    NEXT();
}
do_EQ_SMALL : {
    uint64_t is_equal = u256_fits_u64(&sp[-1]) && sp[-1].w[0] == ip->arg;
    set_u64(&sp[-1], is_equal);
    NEXT();
}
do_AND_SMALL:
    set_u64(&sp[-1], sp[-1].w[0] & ip->arg);
    NEXT();
do_AND_CONSTANT : {
    const u256 *mask = &f->program->constants[ip->arg];
    for (int i = 0; i < 4; i++)
        sp[-1].w[i] &= mask->w[i];
    NEXT();
}
do_SHL_SMALL : {
    const u256 r = u256_shl(&sp[-1], ip->arg);
    copy_word(&sp[-1], &r);
    NEXT();
}
do_SHR_SMALL : {
    const u256 r = u256_shr(&sp[-1], ip->arg);
    copy_word(&sp[-1], &r);
    NEXT();
}
do_ADD_DUP:
    (void)u256_add_carry(&sp[-1], &sp[-1], &sp[-1 - ip->a]);
    NEXT();

    /* --- memory */
do_MLOAD : {
    u256 *a = sp - 1;
    if (!is_within(a, memory_size)) EXPAND(32, a);
    const uint8_t *from = memory + a->w[0];
    *a = u256_load_be(from);
    NEXT();
}
do_MLOAD_SMALL : {
    u256 at = {{ip->arg, 0, 0, 0}};
    if (!is_within(&at, memory_size)) EXPAND(32, &at);
    *sp++ = u256_load_be(memory + ip->arg);
    NEXT();
}
do_MLOAD_DUP : {
    const u256 *at = sp - 1 - ip->a;
    if (!is_within(at, memory_size)) EXPAND(32, at);
    *sp++ = u256_load_be(memory + at->w[0]);
    NEXT();
}
do_MSTORE : {
    const u256 *a = sp - 1;
    if (!is_within(a, memory_size)) EXPAND(32, a);
    u256_store_be(memory + a->w[0], sp - 2);
    sp -= 2;
    NEXT();
}
do_MSTORE_SMALL : {
    u256 at = {{ip->arg, 0, 0, 0}};
    if (!is_within(&at, memory_size)) EXPAND(32, &at);
    u256_store_be(memory + ip->arg, sp - 1);
    sp--;
    NEXT();
}
do_MSTORE8 : {
    const u256 *a = sp - 1;
    if (!u256_fits_u64(a) || a->w[0] >= memory_size) EXPAND(1, a);
    memory[a->w[0]] = (uint8_t)sp[-2].w[0];
    sp -= 2;
    NEXT();
}
do_MSIZE:
    set_u64(sp++, memory_size);
    NEXT();

    /* --- jumps */
do_JUMP : {
    const u256 *to = --sp;
    struct program *program = f->program;
    if (!u256_fits_u64(to) || to->w[0] >= program->code.size) goto bad_jump;
    uint32_t position = program->positions[to->w[0]];
    if ((position & PROGRAM_JUMPDEST) == 0) goto bad_jump;
    ip = position != PROGRAM_JUMPDEST ? program->instructions + (position - PROGRAM_JUMPDEST - 1)
                                      : program_enter(program, (uint32_t)to->w[0]);
    JUMPED();
}
do_JUMPI:
    if (u256_is_zero(&sp[-2])) {
        sp -= 2;
        NEXT();
    } else {
        const u256 *to = sp - 1;
        struct program *program = f->program;
        if (!u256_fits_u64(to) || to->w[0] >= program->code.size) goto bad_jump;
        uint32_t position = program->positions[to->w[0]];
        if ((position & PROGRAM_JUMPDEST) == 0) goto bad_jump;
        sp -= 2;
        ip = position != PROGRAM_JUMPDEST
                 ? program->instructions + (position - PROGRAM_JUMPDEST - 1)
                 : program_enter(program, (uint32_t)to->w[0]);
        JUMPED();
    }
do_ENTER:
    ip = program_link(f->program, ip);
    DISPATCH();
do_GOTO:
    ip += (int32_t)ip->arg;
    DISPATCH();
do_JUMP_IF : {
    bool jumps = !u256_is_zero(--sp) ^ ip->b;
    if (!jumps) NEXT();
}
do_JUMP_TO:
jump_to:
    if (ip->arg == 0) goto bad_jump;
    ip += (int32_t)ip->arg;
    JUMPED();
bad_jump:
    FAIL(BAD_JUMP);

    /* --- environment */
do_ADDRESS:
    set_address(sp++, &f->message.recipient);
    NEXT();
do_CALLER:
    set_address(sp++, &f->message.sender);
    NEXT();
do_CALLVALUE:
    copy_word(sp++, &f->message.value);
    NEXT();
do_CALLDATALOAD : {
    u256 *a = sp - 1;
    if (is_within(a, f->calldata.size))
        *a = u256_load_be(f->calldata.data + a->w[0]);
    else
        load_calldata(a, f->calldata);
    NEXT();
}
do_CALLDATASIZE:
    set_u64(sp++, f->calldata.size);
    NEXT();
do_CODESIZE:
    set_u64(sp++, f->program->code.size);
    NEXT();
do_RETURNDATASIZE:
    set_u64(sp++, evm->return_data_size);
    NEXT();
do_GAS:
    set_u64(sp++, gas);
    NEXT();
do_ENVIRONMENT:
    CALL_OUT(environment, 0, 1);
do_BLOCKHASH:
    CALL_OUT(blockhash, 1, 1);
do_BLOBHASH:
    CALL_OUT(blobhash, 1, 1);

    /* --- state */
do_KECCAK256:
    CALL_OUT(keccak256, 2, 1);
do_ACCOUNT:
    CALL_OUT(account, 1, 1);
do_EXTCODECOPY:
    CALL_OUT(account, 4, 0);
do_SELFBALANCE:
    CALL_OUT(selfbalance, 0, 1);
do_COPY:
    CALL_OUT(copy, 3, 0);
do_SLOAD:
    CALL_OUT(sload, 1, 1);
do_SSTORE:
    CALL_OUT(sstore, 2, 0);
do_TLOAD:
    CALL_OUT(transient, 1, 1);
do_TSTORE:
    CALL_OUT(transient, 2, 0);
do_LOG:
    CALL_OUT(log, 2 + ip->op - OP_LOG0, 0);

    /* --- calls and ends: these leave the loop */
do_CREATE:
    f->stack_count = (uint32_t)(sp - base);
    CALL_OUT(create, 0, 0);
do_CALL:
    f->stack_count = (uint32_t)(sp - base);
    CALL_OUT(call, 0, 0);
do_END:
    CALL_OUT(end, 0, 0);
do_SELFDESTRUCT:
    CALL_OUT(selfdestruct, 0, 0);
do_STOP:
    f->output_size = 0;
    f->outcome = EVM_SUCCESS;
    f->gas = gas;
    result = OP_ENDED;

stopped:
    f->ip = ip;
    switch (result) {
    case OP_CALLED: {
        bool creates = ip->op == OP_CREATE || ip->op == OP_CREATE2;
        report_step_end(evm, creates ? f->gas + evm->begin.gas : f->gas, EVM_SUCCESS);
        f->ip++;
        evm->pending = NEXT_ENTER;
        return EVM_DONE;
    }
    case OP_ENDED:
        report_step_end(evm, f->gas, EVM_SUCCESS);
        f->stack_count = (uint32_t)(sp - base);
        evm->pending = NEXT_EXIT;
        return EVM_DONE;
    case OP_NEED:
        f->stack_count = (uint32_t)(sp - base);
        f->gas = gas;
        f->memory_size = memory_size;
        return evm->status;
    case OP_NEXT:
    case OP_FAIL:
        break;
    }
    if (f->outcome == EVM_OUT_OF_GAS && !f->program->is_careful) goto careful;
    gas = f->gas;

failed:
    f->gas = gas;
    evm->step_gas += f->outcome == EVM_OUT_OF_GAS ? evm->unpaid : 0;
    report_step_end(evm, gas, f->outcome);
    f->stack_count = (uint32_t)(sp - base);
    note_stop(evm, f, ip, sp);
    f->output_size = 0;
    evm->pending = NEXT_EXIT;
    return EVM_DONE;

look:
    f->ip = ip;
    f->gas = gas;
    f->memory_size = memory_size;
    f->stack_count = (uint32_t)(sp - base);
    evm->jumps_left = EVM_WATCH_JUMPS;
    return evm_look(evm);

careful:
    f->ip = ip;
    f->gas = gas;
    f->memory_size = memory_size;
    f->stack_count = (uint32_t)(sp - base);
    return go_on_carefully(evm, f);
}
