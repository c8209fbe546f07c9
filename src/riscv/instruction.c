#include "riscv/instruction.h"

/* Major opcodes (table 24.1), the low seven bits. */
enum major {
    MAJOR_LOAD = 0x03,
    MAJOR_MISC_MEM = 0x0f,
    MAJOR_OP_IMM = 0x13,
    MAJOR_AUIPC = 0x17,
    MAJOR_OP_IMM_32 = 0x1b,
    MAJOR_STORE = 0x23,
    MAJOR_OP = 0x33,
    MAJOR_LUI = 0x37,
    MAJOR_OP_32 = 0x3b,
    MAJOR_BRANCH = 0x63,
    MAJOR_JALR = 0x67,
    MAJOR_JAL = 0x6f,
    MAJOR_SYSTEM = 0x73,
};

#define WORD_ECALL  0x00000073u
#define WORD_EBREAK 0x00100073u

/* Rows of funct3; OP_ILLEGAL where nothing is. */
static const uint8_t LOADS[8] = {OP_LB, OP_LH, OP_LW, OP_LD, OP_LBU, OP_LHU, OP_LWU, OP_ILLEGAL};
static const uint8_t STORES[8] = {
    OP_SB, OP_SH, OP_SW, OP_SD, OP_ILLEGAL, OP_ILLEGAL, OP_ILLEGAL, OP_ILLEGAL};
static const uint8_t BRANCHES[8] = {
    OP_BEQ, OP_BNE, OP_ILLEGAL, OP_ILLEGAL, OP_BLT, OP_BGE, OP_BLTU, OP_BGEU};
static const uint8_t IMMEDIATES[8] = {
    OP_ADDI, OP_SLLI, OP_SLTI, OP_SLTIU, OP_XORI, OP_SRLI, OP_ORI, OP_ANDI};
/* Of funct7 0, 1 and 0x20. */
static const uint8_t REGISTERS[3][8] = {
    {OP_ADD, OP_SLL, OP_SLT, OP_SLTU, OP_XOR, OP_SRL, OP_OR, OP_AND},
    {OP_MUL, OP_MULH, OP_MULHSU, OP_MULHU, OP_DIV, OP_DIVU, OP_REM, OP_REMU},
    {OP_SUB, OP_ILLEGAL, OP_ILLEGAL, OP_ILLEGAL, OP_ILLEGAL, OP_SRA, OP_ILLEGAL, OP_ILLEGAL}};
static const uint8_t REGISTERS_32[3][8] = {
    {OP_ADDW, OP_SLLW, OP_ILLEGAL, OP_ILLEGAL, OP_ILLEGAL, OP_SRLW, OP_ILLEGAL, OP_ILLEGAL},
    {OP_MULW, OP_ILLEGAL, OP_ILLEGAL, OP_ILLEGAL, OP_DIVW, OP_DIVUW, OP_REMW, OP_REMUW},
    {OP_SUBW, OP_ILLEGAL, OP_ILLEGAL, OP_ILLEGAL, OP_ILLEGAL, OP_SRAW, OP_ILLEGAL, OP_ILLEGAL}};

static uint32_t field(uint32_t word, unsigned low, unsigned size) {
    return word >> low & ((1u << size) - 1);
}

/* The value whose highest bit is bit size - 1, extended by its sign. */
static int32_t sign_extend(uint32_t value, unsigned size) {
    return (int32_t)(value << (32 - size)) >> (32 - size);
}

static int32_t immediate_i(uint32_t word) {
    return (int32_t)word >> 20;
}

static int32_t immediate_s(uint32_t word) {
    return sign_extend(field(word, 25, 7) << 5 | field(word, 7, 5), 12);
}

static int32_t immediate_b(uint32_t word) {
    uint32_t v = field(word, 31, 1) << 12 | field(word, 7, 1) << 11 | field(word, 25, 6) << 5 |
                 field(word, 8, 4) << 1;
    return sign_extend(v, 13);
}

static int32_t immediate_j(uint32_t word) {
    uint32_t v = field(word, 31, 1) << 20 | field(word, 12, 8) << 12 | field(word, 20, 1) << 11 |
                 field(word, 21, 10) << 1;
    return sign_extend(v, 21);
}

static enum instruction_op registers_op(const uint8_t rows[3][8], uint32_t word) {
    unsigned funct3 = field(word, 12, 3);
    switch (field(word, 25, 7)) {
    case 0x00:
        return rows[0][funct3];
    case 0x01:
        return rows[1][funct3];
    case 0x20:
        return rows[2][funct3];
    default:
        return OP_ILLEGAL;
    }
}

/* Shifts by an immediate have bits above the amount that choose among them. */
static void decode_immediate(struct instruction *i, uint32_t word) {
    unsigned above = field(word, 26, 6);
    i->op = IMMEDIATES[field(word, 12, 3)];
    i->immediate = immediate_i(word);
    if (i->op != OP_SLLI && i->op != OP_SRLI) return;
    i->immediate = (int32_t)field(word, 20, 6);
    if (i->op == OP_SRLI && above == 0x10)
        i->op = OP_SRAI;
    else if (above != 0)
        i->op = OP_ILLEGAL;
}

static void decode_immediate_32(struct instruction *i, uint32_t word) {
    unsigned funct3 = field(word, 12, 3);
    unsigned above = field(word, 25, 7);
    i->op = OP_ILLEGAL;
    i->immediate = (int32_t)field(word, 20, 5);
    if (funct3 == 0) {
        i->op = OP_ADDIW;
        i->immediate = immediate_i(word);
    } else if (funct3 == 1 && above == 0) {
        i->op = OP_SLLIW;
    } else if (funct3 == 5 && (above == 0 || above == 0x20)) {
        i->op = above == 0 ? OP_SRLIW : OP_SRAIW;
    }
}

static void decode_system(struct instruction *i, uint32_t word) {
    i->rd = i->rs1 = i->rs2 = 0;
    i->op = word == WORD_ECALL ? OP_ECALL : word == WORD_EBREAK ? OP_EBREAK : OP_ILLEGAL;
}

struct instruction instruction_decode(uint32_t word) {
    struct instruction i = {
        .op = OP_ILLEGAL,
        .rd = (uint8_t)field(word, 7, 5),
        .rs1 = (uint8_t)field(word, 15, 5),
        .rs2 = (uint8_t)field(word, 20, 5),
    };
    unsigned funct3 = field(word, 12, 3);
    switch (word & 0x7f) {
    case MAJOR_LOAD:
        i.op = LOADS[funct3];
        i.immediate = immediate_i(word);
        i.rs2 = 0;
        break;
    case MAJOR_MISC_MEM:
        i.op = funct3 == 0 ? OP_FENCE : OP_ILLEGAL;
        i.rd = i.rs1 = i.rs2 = 0;
        break;
    case MAJOR_OP_IMM:
        decode_immediate(&i, word);
        i.rs2 = 0;
        break;
    case MAJOR_OP_IMM_32:
        decode_immediate_32(&i, word);
        i.rs2 = 0;
        break;
    case MAJOR_AUIPC:
    case MAJOR_LUI:
        i.op = (word & 0x7f) == MAJOR_LUI ? OP_LUI : OP_AUIPC;
        i.immediate = (int32_t)(word & 0xfffff000u);
        i.rs1 = i.rs2 = 0;
        break;
    case MAJOR_STORE:
        i.op = STORES[funct3];
        i.immediate = immediate_s(word);
        i.rd = 0;
        break;
    case MAJOR_OP:
        i.op = registers_op(REGISTERS, word);
        break;
    case MAJOR_OP_32:
        i.op = registers_op(REGISTERS_32, word);
        break;
    case MAJOR_BRANCH:
        i.op = BRANCHES[funct3];
        i.immediate = immediate_b(word);
        i.rd = 0;
        break;
    case MAJOR_JALR:
        i.op = funct3 == 0 ? OP_JALR : OP_ILLEGAL;
        i.immediate = immediate_i(word);
        i.rs2 = 0;
        break;
    case MAJOR_JAL:
        i.op = OP_JAL;
        i.immediate = immediate_j(word);
        i.rs1 = i.rs2 = 0;
        break;
    case MAJOR_SYSTEM:
        decode_system(&i, word);
        break;
    default:
        break;
    }
    return i;
}

static const uint8_t KINDS[OP_COUNT] = {
#define REGISTER(name, kind, value)  [OP_##name] = KIND_##kind,
#define IMMEDIATE(name, kind, value) [OP_##name] = KIND_##kind,
#define BRANCH(name, condition)      [OP_##name] = KIND_BRANCH,
#define LOAD(name, type)             [OP_##name] = KIND_LOAD,
#define STORE(name, type)            [OP_##name] = KIND_STORE,
#define OTHER(name, kind)            [OP_##name] = KIND_##kind,
#include "riscv/instructions.def"
};

static const char *const NAMES[OP_COUNT] = {
#define REGISTER(name, kind, value)  [OP_##name] = #name,
#define IMMEDIATE(name, kind, value) [OP_##name] = #name,
#define BRANCH(name, condition)      [OP_##name] = #name,
#define LOAD(name, type)             [OP_##name] = #name,
#define STORE(name, type)            [OP_##name] = #name,
#define OTHER(name, kind)            [OP_##name] = #name,
#include "riscv/instructions.def"
};

enum instruction_kind instruction_kind(enum instruction_op op) {
    return KINDS[op];
}

const char *instruction_name(enum instruction_op op) {
    return NAMES[op];
}

const char *instruction_kind_name(enum instruction_kind kind) {
    switch (kind) {
#define KIND_NAME(name, text) \
    case KIND_##name:         \
        return text;
        INSTRUCTION_KINDS(KIND_NAME)
#undef KIND_NAME
    }
    return "unknown";
}
