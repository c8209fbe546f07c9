/* riscv/arithmetic.h: what riscv/instructions.def is written in. Division and shifts are defined
 * for all operands, as the specification has them and C has not. */
#ifndef RISCV_ARITHMETIC_H
#define RISCV_ARITHMETIC_H

#include "core/u256.h"

/* A 32-bit result in a 64-bit register: extended by its sign. */
static inline uint64_t extend_word(uint32_t v) {
    return (uint64_t)(int64_t)(int32_t)v;
}

static inline uint64_t shift_right_signed(uint64_t a, uint64_t bits) {
    return (uint64_t)((int64_t)a >> bits);
}

static inline uint64_t multiply_high(uint64_t a, uint64_t b) {
    return (uint64_t)((uint128)a * b >> 64);
}

/* A negative operand is its unsigned value minus 2^64, so the high half is less by the other. */
static inline uint64_t multiply_high_mixed(uint64_t a, uint64_t b) {
    return multiply_high(a, b) - ((int64_t)a < 0 ? b : 0);
}

static inline uint64_t multiply_high_signed(uint64_t a, uint64_t b) {
    return multiply_high_mixed(a, b) - ((int64_t)b < 0 ? a : 0);
}

static inline uint64_t divide_signed(uint64_t a, uint64_t b) {
    if (b == 0) return UINT64_MAX;
    if (b == UINT64_MAX) return 0 - a; /* also what overflows */
    return (uint64_t)((int64_t)a / (int64_t)b);
}

static inline uint64_t remainder_signed(uint64_t a, uint64_t b) {
    if (b == 0) return a;
    if (b == UINT64_MAX) return 0;
    return (uint64_t)((int64_t)a % (int64_t)b);
}

static inline uint32_t divide_word_signed(uint32_t a, uint32_t b) {
    if (b == 0) return UINT32_MAX;
    if (b == UINT32_MAX) return 0 - a;
    return (uint32_t)((int32_t)a / (int32_t)b);
}

static inline uint32_t remainder_word_signed(uint32_t a, uint32_t b) {
    if (b == 0) return a;
    if (b == UINT32_MAX) return 0;
    return (uint32_t)((int32_t)a % (int32_t)b);
}

#endif
