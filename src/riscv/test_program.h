/* riscv/test_program.h: programs made word by word, in ELF files made byte by byte. Tests and
 * fuzzers only. */
#ifndef RISCV_TEST_PROGRAM_H
#define RISCV_TEST_PROGRAM_H

#include "riscv/machine.h"

#include "core/check.h"

enum { ZERO, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5, A6, A7 };

#define CODE_START UINT64_C(0x80000000)
#define DATA_START UINT64_C(0x80100000)
#define DATA_SIZE  UINT64_C(0x8000)

/* --- encodings (chapter 2.2 of the manual) ---------------------------------------------------- */

static inline uint32_t encode_r(
    uint32_t major, uint32_t funct3, uint32_t funct7, uint32_t rd, uint32_t rs1, uint32_t rs2
) {
    return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | major;
}
static inline uint32_t
encode_i(uint32_t major, uint32_t funct3, uint32_t rd, uint32_t rs1, int32_t immediate) {
    return (uint32_t)immediate << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | major;
}
static inline uint32_t encode_s(uint32_t funct3, uint32_t rs1, uint32_t rs2, int32_t immediate) {
    uint32_t v = (uint32_t)immediate;
    return (v >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (v & 31) << 7 | 0x23;
}
static inline uint32_t encode_b(uint32_t funct3, uint32_t rs1, uint32_t rs2, int32_t distance) {
    uint32_t v = (uint32_t)distance;
    return (v >> 12 & 1) << 31 | (v >> 5 & 0x3f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 |
           (v >> 1 & 15) << 8 | (v >> 11 & 1) << 7 | 0x63;
}
static inline uint32_t encode_jal(uint32_t rd, int32_t distance) {
    uint32_t v = (uint32_t)distance;
    return (v >> 20 & 1) << 31 | (v >> 1 & 0x3ff) << 21 | (v >> 11 & 1) << 20 |
           (v >> 12 & 0xff) << 12 | rd << 7 | 0x6f;
}

#define ADDI(rd, rs1, immediate) encode_i(0x13, 0, rd, rs1, immediate)
#define SLLI(rd, rs1, amount)    encode_i(0x13, 1, rd, rs1, amount)
#define ADD(rd, rs1, rs2)        encode_r(0x33, 0, 0, rd, rs1, rs2)
#define LUI(rd, value)           (((uint32_t)(value)&0xfffff000u) | (uint32_t)(rd) << 7 | 0x37)
#define LD(rd, rs1, immediate)   encode_i(0x03, 3, rd, rs1, immediate)
#define LB(rd, rs1, immediate)   encode_i(0x03, 0, rd, rs1, immediate)
#define SD(rs2, rs1, immediate)  encode_s(3, rs1, rs2, immediate)
#define SB(rs2, rs1, immediate)  encode_s(0, rs1, rs2, immediate)
#define BEQ(rs1, rs2, distance)  encode_b(0, rs1, rs2, distance)
#define BNE(rs1, rs2, distance)  encode_b(1, rs1, rs2, distance)
#define JAL(rd, distance)        encode_jal(rd, distance)
#define JALR(rd, rs1, immediate) encode_i(0x67, 0, rd, rs1, immediate)
#define ECALL                    0x00000073u
#define EBREAK                   0x00100073u

/* --- files ------------------------------------------------------------------------------------ */

#define TEST_ELF_SIZE_MAX ((size_t)1 << 20)

static inline void store_le(uint8_t *p, uint64_t v, unsigned size) {
    for (unsigned i = 0; i < size; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static inline void store_segment(
    uint8_t *p, uint32_t flags, uint64_t offset, uint64_t at, uint64_t size, uint64_t room
) {
    store_le(p, 1, 4);
    store_le(p + 4, flags, 4);
    store_le(p + 8, offset, 8);
    store_le(p + 16, at, 8);
    store_le(p + 24, at, 8);
    store_le(p + 32, size, 8);
    store_le(p + 40, room, 8);
    store_le(p + 48, 0x1000, 8);
}

/* Writes an ELF file with this code at CODE_START, where it begins, and DATA_SIZE zero bytes that
 * can be written at DATA_START; returns its size. out has TEST_ELF_SIZE_MAX bytes. */
static inline size_t test_elf(uint8_t *out, const void *code, size_t code_size) {
    static const uint8_t identity[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    CHECK(code_size <= TEST_ELF_SIZE_MAX - 176);
    memset(out, 0, 176);
    memcpy(out, identity, sizeof identity);
    store_le(out + 16, 2, 2);
    store_le(out + 18, 243, 2);
    store_le(out + 20, 1, 4);
    store_le(out + 24, CODE_START, 8);
    store_le(out + 32, 64, 8);
    store_le(out + 52, 64, 2);
    store_le(out + 54, 56, 2);
    store_le(out + 56, 2, 2);
    store_segment(out + 64, 5, 176, CODE_START, code_size, code_size);
    store_segment(out + 120, 6, 0, DATA_START, 0, DATA_SIZE);
    memcpy(out + 176, code, code_size);
    return 176 + code_size;
}

#endif
