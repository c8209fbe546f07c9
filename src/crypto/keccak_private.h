/* crypto/keccak_private.h: the rounds of Keccak-f[1600] as code to be instantiated for 64-bit words
 * and for vectors of them.
 *
 * A state is 25 lanes, lane x + 5y. A round reads one array and writes another; two rounds bring
 * the state home, which saves moving lanes for pi. */
#ifndef CRYPTO_KECCAK_PRIVATE_H
#define CRYPTO_KECCAK_PRIVATE_H

#include "crypto/keccak.h"

#define KECCAK_ROUNDS 24
#define KECCAK_LANES  25

/* Whether keccak_host.c chooses implementations at run time; otherwise keccak.c is all there is. */
#if __STDC_HOSTED__ && defined(__x86_64__)
#define KECCAK_HAS_DISPATCH 1
#else
#define KECCAK_HAS_DISPATCH 0
#endif

#if KECCAK_HAS_DISPATCH
/* The highest level that the CPU has is chosen at start. For tests and measurements, keccak_choose
 * takes another; false, and nothing changed, if the CPU does not have it. Not for several
 * threads. */
enum keccak_level {
    KECCAK_LEVEL_PORTABLE,
    KECCAK_LEVEL_BMI,
    KECCAK_LEVEL_AVX2,
    KECCAK_LEVEL_AVX512,
};
bool keccak_choose(enum keccak_level level);
#endif

extern const uint64_t KECCAK_ROUND_CONSTANTS[KECCAK_ROUNDS];

/* Absorbs count whole lanes. */
static inline void
keccak_absorb_lanes(uint64_t *state, size_t stride, const uint8_t *data, size_t count) {
#ifdef __riscv
    /* In the guest every instruction counts, and misaligned loads are dear to prove: lanes are put
     * together from the aligned words around them, of which each has some byte of data. */
    typedef uint64_t __attribute__((may_alias)) word;
    unsigned shift = 8 * (unsigned)((uintptr_t)data % 8);
    const word *words = (const word *)(const void *)(data - shift / 8);
    uint64_t low = shift != 0 && count > 0 ? *words++ >> shift : 0;
#pragma GCC unroll 17
    for (size_t i = 0; i < count; i++) {
        uint64_t next = words[i];
        if (shift == 0) {
            state[i * stride] ^= next;
        } else {
            state[i * stride] ^= low | next << (64 - shift);
            low = next >> shift;
        }
    }
#else
    for (size_t i = 0; i < count; i++) {
        uint64_t lane; /* little-endian, as every machine this runs on */
        memcpy(&lane, data + 8 * i, 8);
        state[i * stride] ^= lane;
    }
#endif
}

/* Absorbs one block of KECCAK_RATE bytes into a state whose lanes lie stride words apart. */
static inline void keccak_absorb(uint64_t *state, size_t stride, const uint8_t *block) {
    keccak_absorb_lanes(state, stride, block, KECCAK_RATE / 8);
}

/* Absorbs the last size < KECCAK_RATE bytes and the padding 0x01 0x00 … 0x80 behind them. */
static inline void
keccak_absorb_last(uint64_t *state, size_t stride, const uint8_t *data, size_t size) {
    size_t whole = size / 8;
    keccak_absorb_lanes(state, stride, data, whole);
    uint64_t lane = 1;
    for (size_t i = size; i > 8 * whole; i--)
        lane = lane << 8 | data[i - 1];
    state[whole * stride] ^= lane;
    state[(KECCAK_RATE / 8 - 1) * stride] ^= UINT64_C(0x80) << 56;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): arguments are arrays, functions and types. */

/* The steps theta, rho and pi put five lanes of a row in place: b0 to b4 come from lanes s0 to s4,
 * rotated by r0 to r4. Then chi combines them: C0 to C4 are its five expressions. */
#define KECCAK_ROW(                                                                 \
    ROTATE, to, y, from, s0, r0, s1, r1, s2, r2, s3, r3, s4, r4, C0, C1, C2, C3, C4 \
)                                                                                   \
    do {                                                                            \
        b0 = ROTATE(from[s0] ^ d[(s0) % 5], r0);                                    \
        b1 = ROTATE(from[s1] ^ d[(s1) % 5], r1);                                    \
        b2 = ROTATE(from[s2] ^ d[(s2) % 5], r2);                                    \
        b3 = ROTATE(from[s3] ^ d[(s3) % 5], r3);                                    \
        b4 = ROTATE(from[s4] ^ d[(s4) % 5], r4);                                    \
        to[5 * (y)] = C0;                                                           \
        to[5 * (y) + 1] = C1;                                                       \
        to[5 * (y) + 2] = C2;                                                       \
        to[5 * (y) + 3] = C3;                                                       \
        to[5 * (y) + 4] = C4;                                                       \
    } while (0)

#define KECCAK_THETA(ROTATE, XOR5, LANE, from)                            \
    const LANE c0 = XOR5(from[0], from[5], from[10], from[15], from[20]); \
    const LANE c1 = XOR5(from[1], from[6], from[11], from[16], from[21]); \
    const LANE c2 = XOR5(from[2], from[7], from[12], from[17], from[22]); \
    const LANE c3 = XOR5(from[3], from[8], from[13], from[18], from[23]); \
    const LANE c4 = XOR5(from[4], from[9], from[14], from[19], from[24]); \
    const LANE d[5] = {                                                   \
        c4 ^ ROTATE(c1, 1),                                               \
        c0 ^ ROTATE(c2, 1),                                               \
        c1 ^ ROTATE(c3, 1),                                               \
        c2 ^ ROTATE(c4, 1),                                               \
        c3 ^ ROTATE(c0, 1)};                                              \
    LANE b0, b1, b2, b3, b4

/* One round; CHI(x, y, z) is x ^ (~y & z). */
#define KECCAK_ROUND(ROTATE, XOR5, CHI, LANE, to, from, constant) \
    do {                                                          \
        KECCAK_THETA(ROTATE, XOR5, LANE, from);                   \
        KECCAK_ROW(                                               \
            ROTATE,                                               \
            to,                                                   \
            0,                                                    \
            from,                                                 \
            0,                                                    \
            0,                                                    \
            6,                                                    \
            44,                                                   \
            12,                                                   \
            43,                                                   \
            18,                                                   \
            21,                                                   \
            24,                                                   \
            14,                                                   \
            CHI(b0, b1, b2),                                      \
            CHI(b1, b2, b3),                                      \
            CHI(b2, b3, b4),                                      \
            CHI(b3, b4, b0),                                      \
            CHI(b4, b0, b1)                                       \
        );                                                        \
        to[0] ^= constant;                                        \
        KECCAK_ROW(                                               \
            ROTATE,                                               \
            to,                                                   \
            1,                                                    \
            from,                                                 \
            3,                                                    \
            28,                                                   \
            9,                                                    \
            20,                                                   \
            10,                                                   \
            3,                                                    \
            16,                                                   \
            45,                                                   \
            22,                                                   \
            61,                                                   \
            CHI(b0, b1, b2),                                      \
            CHI(b1, b2, b3),                                      \
            CHI(b2, b3, b4),                                      \
            CHI(b3, b4, b0),                                      \
            CHI(b4, b0, b1)                                       \
        );                                                        \
        KECCAK_ROW(                                               \
            ROTATE,                                               \
            to,                                                   \
            2,                                                    \
            from,                                                 \
            1,                                                    \
            1,                                                    \
            7,                                                    \
            6,                                                    \
            13,                                                   \
            25,                                                   \
            19,                                                   \
            8,                                                    \
            20,                                                   \
            18,                                                   \
            CHI(b0, b1, b2),                                      \
            CHI(b1, b2, b3),                                      \
            CHI(b2, b3, b4),                                      \
            CHI(b3, b4, b0),                                      \
            CHI(b4, b0, b1)                                       \
        );                                                        \
        KECCAK_ROW(                                               \
            ROTATE,                                               \
            to,                                                   \
            3,                                                    \
            from,                                                 \
            4,                                                    \
            27,                                                   \
            5,                                                    \
            36,                                                   \
            11,                                                   \
            10,                                                   \
            17,                                                   \
            15,                                                   \
            23,                                                   \
            56,                                                   \
            CHI(b0, b1, b2),                                      \
            CHI(b1, b2, b3),                                      \
            CHI(b2, b3, b4),                                      \
            CHI(b3, b4, b0),                                      \
            CHI(b4, b0, b1)                                       \
        );                                                        \
        KECCAK_ROW(                                               \
            ROTATE,                                               \
            to,                                                   \
            4,                                                    \
            from,                                                 \
            2,                                                    \
            62,                                                   \
            8,                                                    \
            55,                                                   \
            14,                                                   \
            39,                                                   \
            15,                                                   \
            41,                                                   \
            21,                                                   \
            2,                                                    \
            CHI(b0, b1, b2),                                      \
            CHI(b1, b2, b3),                                      \
            CHI(b2, b3, b4),                                      \
            CHI(b3, b4, b0),                                      \
            CHI(b4, b0, b1)                                       \
        );                                                        \
    } while (0)

/* The same on a state of which lanes 1, 2, 8, 12, 17 and 20 are held complemented ("lane
 * complementing" of the Keccak implementation overview, section 2.2): machines without an and-not
 * instruction are spared most complements. Each row's five expressions are chi with De Morgan's
 * laws applied to what is complemented on the way in and must be on the way out. */
#define KECCAK_ROUND_COMPLEMENTED(ROTATE, XOR5, LANE, to, from, constant) \
    do {                                                                  \
        KECCAK_THETA(ROTATE, XOR5, LANE, from);                           \
        KECCAK_ROW(                                                       \
            ROTATE,                                                       \
            to,                                                           \
            0,                                                            \
            from,                                                         \
            0,                                                            \
            0,                                                            \
            6,                                                            \
            44,                                                           \
            12,                                                           \
            43,                                                           \
            18,                                                           \
            21,                                                           \
            24,                                                           \
            14,                                                           \
            b0 ^ (b1 | b2),                                               \
            b1 ^ (~b2 | b3),                                              \
            b2 ^ (b3 & b4),                                               \
            b3 ^ (b4 | b0),                                               \
            b4 ^ (b0 & b1)                                                \
        );                                                                \
        to[0] ^= constant;                                                \
        KECCAK_ROW(                                                       \
            ROTATE,                                                       \
            to,                                                           \
            1,                                                            \
            from,                                                         \
            3,                                                            \
            28,                                                           \
            9,                                                            \
            20,                                                           \
            10,                                                           \
            3,                                                            \
            16,                                                           \
            45,                                                           \
            22,                                                           \
            61,                                                           \
            b0 ^ (b1 | b2),                                               \
            b1 ^ (b2 & b3),                                               \
            b2 ^ (b3 | ~b4),                                              \
            b3 ^ (b4 | b0),                                               \
            b4 ^ (b0 & b1)                                                \
        );                                                                \
        KECCAK_ROW(                                                       \
            ROTATE,                                                       \
            to,                                                           \
            2,                                                            \
            from,                                                         \
            1,                                                            \
            1,                                                            \
            7,                                                            \
            6,                                                            \
            13,                                                           \
            25,                                                           \
            19,                                                           \
            8,                                                            \
            20,                                                           \
            18,                                                           \
            b0 ^ (b1 | b2),                                               \
            b1 ^ (b2 & b3),                                               \
            b2 ^ (~b3 & b4),                                              \
            ~b3 ^ (b4 | b0),                                              \
            b4 ^ (b0 & b1)                                                \
        );                                                                \
        KECCAK_ROW(                                                       \
            ROTATE,                                                       \
            to,                                                           \
            3,                                                            \
            from,                                                         \
            4,                                                            \
            27,                                                           \
            5,                                                            \
            36,                                                           \
            11,                                                           \
            10,                                                           \
            17,                                                           \
            15,                                                           \
            23,                                                           \
            56,                                                           \
            b0 ^ (b1 & b2),                                               \
            b1 ^ (b2 | b3),                                               \
            b2 ^ (~b3 | b4),                                              \
            ~b3 ^ (b4 & b0),                                              \
            b4 ^ (b0 | b1)                                                \
        );                                                                \
        KECCAK_ROW(                                                       \
            ROTATE,                                                       \
            to,                                                           \
            4,                                                            \
            from,                                                         \
            2,                                                            \
            62,                                                           \
            8,                                                            \
            55,                                                           \
            14,                                                           \
            39,                                                           \
            15,                                                           \
            41,                                                           \
            21,                                                           \
            2,                                                            \
            b0 ^ (~b1 & b2),                                              \
            ~b1 ^ (b2 | b3),                                              \
            b2 ^ (b3 & b4),                                               \
            b3 ^ (b4 | b0),                                               \
            b4 ^ (b0 & b1)                                                \
        );                                                                \
    } while (0)

/* NOLINTEND(bugprone-macro-parentheses) */

#define KECCAK_ROTATE64(v, n)           ((n) == 0 ? (v) : (v) << (n) | (v) >> ((64 - (n)) & 63))
#define KECCAK_XOR5(v0, v1, v2, v3, v4) ((v0) ^ (v1) ^ (v2) ^ (v3) ^ (v4))
#define KECCAK_CHI(x, y, z)             ((x) ^ (~(y) & (z)))

/* Keeps the compiler from holding the state in registers over a round: there are too few, and it
 * spills better when it knows that everything lives in memory. Worth 8 % on x86-64. */
#define KECCAK_BARRIER() __asm__ volatile("" ::: "memory")

static inline __attribute__((always_inline)) void
keccak_rounds(uint64_t *restrict state, const bool has_and_not) {
    uint64_t other[KECCAK_LANES];
    if (has_and_not) {
        for (unsigned i = 0; i < KECCAK_ROUNDS; i += 2) {
            KECCAK_ROUND(
                KECCAK_ROTATE64,
                KECCAK_XOR5,
                KECCAK_CHI,
                uint64_t,
                other,
                state,
                KECCAK_ROUND_CONSTANTS[i]
            );
            KECCAK_BARRIER();
            KECCAK_ROUND(
                KECCAK_ROTATE64,
                KECCAK_XOR5,
                KECCAK_CHI,
                uint64_t,
                state,
                other,
                KECCAK_ROUND_CONSTANTS[i + 1]
            );
            KECCAK_BARRIER();
        }
        return;
    }
    static const uint8_t complemented[6] = {1, 2, 8, 12, 17, 20};
    for (unsigned i = 0; i < 6; i++)
        state[complemented[i]] = ~state[complemented[i]];
    for (unsigned i = 0; i < KECCAK_ROUNDS; i += 2) {
        KECCAK_ROUND_COMPLEMENTED(
            KECCAK_ROTATE64, KECCAK_XOR5, uint64_t, other, state, KECCAK_ROUND_CONSTANTS[i]
        );
        KECCAK_BARRIER();
        KECCAK_ROUND_COMPLEMENTED(
            KECCAK_ROTATE64, KECCAK_XOR5, uint64_t, state, other, KECCAK_ROUND_CONSTANTS[i + 1]
        );
        KECCAK_BARRIER();
    }
    for (unsigned i = 0; i < 6; i++)
        state[complemented[i]] = ~state[complemented[i]];
}

#endif
