/* The hosted build's choice among permutations, made once at start from what the CPU has.
 *
 * One state: with BMI's and-not and BMI2's rotation a fifth faster than portable C. Several states
 * at once, one in each 64-bit part of vector registers: AVX2 has four, AVX-512 four or eight, with
 * three-way logic and rotation instructions. bench_keccak.c measures them. */
#include "crypto/keccak_private.h"

#if KECCAK_HAS_DISPATCH

#include <immintrin.h>

typedef uint64_t lanes4 __attribute__((vector_size(32)));
typedef uint64_t lanes8 __attribute__((vector_size(64)));

__attribute__((target("bmi,bmi2"))) static void permute_bmi(uint64_t state[25]) {
    keccak_rounds(state, true);
}

/* States interleaved: word i * width + k is lane i of state k. */
typedef void permute_wide(uint64_t *states);

__attribute__((target("avx2"))) static void permute4_avx2(uint64_t *states) {
    lanes4 *state = (lanes4 *)(void *)states;
    lanes4 other[KECCAK_LANES];
    for (unsigned i = 0; i < KECCAK_ROUNDS; i += 2) {
        KECCAK_ROUND(
            KECCAK_ROTATE64,
            KECCAK_XOR5,
            KECCAK_CHI,
            lanes4,
            other,
            state,
            KECCAK_ROUND_CONSTANTS[i]
        );
        KECCAK_BARRIER();
        KECCAK_ROUND(
            KECCAK_ROTATE64,
            KECCAK_XOR5,
            KECCAK_CHI,
            lanes4,
            state,
            other,
            KECCAK_ROUND_CONSTANTS[i + 1]
        );
        KECCAK_BARRIER();
    }
}

#define ROTATE4(v, n) ((lanes4)_mm256_rol_epi64((__m256i)(v), n))
#define LOGIC4(x, y, z, t) \
    ((lanes4)_mm256_ternarylogic_epi64((__m256i)(x), (__m256i)(y), (__m256i)(z), t))
#define XOR5_4(v0, v1, v2, v3, v4) LOGIC4(LOGIC4(v0, v1, v2, 0x96), v3, v4, 0x96)
#define CHI4(x, y, z)              LOGIC4(x, y, z, 0xd2)

__attribute__((target("avx512f,avx512vl"))) static void permute4_avx512(uint64_t *states) {
    lanes4 state[KECCAK_LANES];
    lanes4 other[KECCAK_LANES];
    memcpy(state, states, sizeof state);
    for (unsigned i = 0; i < KECCAK_ROUNDS; i += 2) {
        KECCAK_ROUND(ROTATE4, XOR5_4, CHI4, lanes4, other, state, KECCAK_ROUND_CONSTANTS[i]);
        KECCAK_ROUND(ROTATE4, XOR5_4, CHI4, lanes4, state, other, KECCAK_ROUND_CONSTANTS[i + 1]);
    }
    memcpy(states, state, sizeof state);
}

#define ROTATE8(v, n) ((lanes8)_mm512_rol_epi64((__m512i)(v), n))
#define LOGIC8(x, y, z, t) \
    ((lanes8)_mm512_ternarylogic_epi64((__m512i)(x), (__m512i)(y), (__m512i)(z), t))
#define XOR5_8(v0, v1, v2, v3, v4) LOGIC8(LOGIC8(v0, v1, v2, 0x96), v3, v4, 0x96)
#define CHI8(x, y, z)              LOGIC8(x, y, z, 0xd2)

__attribute__((target("avx512f,avx512vl"))) static void permute8_avx512(uint64_t *states) {
    lanes8 state[KECCAK_LANES];
    lanes8 other[KECCAK_LANES];
    memcpy(state, states, sizeof state);
    for (unsigned i = 0; i < KECCAK_ROUNDS; i += 2) {
        KECCAK_ROUND(ROTATE8, XOR5_8, CHI8, lanes8, other, state, KECCAK_ROUND_CONSTANTS[i]);
        KECCAK_ROUND(ROTATE8, XOR5_8, CHI8, lanes8, state, other, KECCAK_ROUND_CONSTANTS[i + 1]);
    }
    memcpy(states, state, sizeof state);
}

enum { WIDTH_MAX = 8 };

struct choice {
    void (*permute)(uint64_t state[25]);
    permute_wide *permute4; /* NULL: hash one by one */
    permute_wide *permute8; /* NULL: use permute4 */
    unsigned alone_max;     /* with so few states left, one by one is faster */
};

static struct choice chosen = {.permute = keccak_permute_portable};

bool keccak_choose(enum keccak_level level) {
    __builtin_cpu_init();
    bool has_bmi = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    bool has_avx2 = has_bmi && __builtin_cpu_supports("avx2");
    bool has_avx512 =
        has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
    switch (level) {
    case KECCAK_LEVEL_PORTABLE:
        chosen = (struct choice){.permute = keccak_permute_portable};
        return true;
    case KECCAK_LEVEL_BMI:
        if (has_bmi) chosen = (struct choice){.permute = permute_bmi};
        return has_bmi;
    case KECCAK_LEVEL_AVX2:
        if (has_avx2) chosen = (struct choice){permute_bmi, permute4_avx2, NULL, 2};
        return has_avx2;
    case KECCAK_LEVEL_AVX512:
        if (has_avx512) chosen = (struct choice){permute_bmi, permute4_avx512, permute8_avx512, 1};
        return has_avx512;
    }
    return false;
}

/* Runs before main and so before any thread; a constructor that hashes earlier gets the portable
 * version. */
__attribute__((constructor)) static void choose_best(void) {
    for (int level = KECCAK_LEVEL_AVX512; level > KECCAK_LEVEL_PORTABLE; level--) {
        if (keccak_choose((enum keccak_level)level)) return;
    }
}

void keccak_permute(uint64_t state[25]) {
    chosen.permute(state);
}

/* One place of the interleaved states and the input that is being hashed there. */
struct slot {
    bytes rest;
    hash32 *out;
    bool is_active;
    bool is_last; /* the padded block is in */
};

static void absorb_next(struct slot *slot, uint64_t *state, size_t stride) {
    if (slot->rest.size >= KECCAK_RATE) {
        keccak_absorb(state, stride, slot->rest.data);
        slot->rest.data += KECCAK_RATE;
        slot->rest.size -= KECCAK_RATE;
    } else {
        keccak_absorb_last(state, stride, slot->rest.data, slot->rest.size);
        slot->is_last = true;
    }
}

static void squeeze(struct slot *slot, const uint64_t *state, size_t stride) {
    for (unsigned i = 0; i < 4; i++)
        memcpy(slot->out->b + 8 * i, &state[i * stride], 8);
    slot->is_active = false;
}

/* Takes a slot's hash out of the interleaved states and finishes it alone. */
static void finish_alone(struct slot *slot, const uint64_t *interleaved, size_t stride) {
    uint64_t state[KECCAK_LANES];
    for (unsigned i = 0; i < KECCAK_LANES; i++)
        state[i] = interleaved[i * stride];
    do {
        absorb_next(slot, state, 1);
        chosen.permute(state);
    } while (!slot->is_last);
    squeeze(slot, state, 1);
}

void keccak256_many(hash32 *out, const bytes *in, size_t count) {
    if (chosen.permute4 == NULL || count <= chosen.alone_max) {
        for (size_t i = 0; i < count; i++)
            out[i] = keccak256(in[i]);
        return;
    }
    unsigned width = count > 4 && chosen.permute8 != NULL ? 8 : 4;
    permute_wide *permute = width == 8 ? chosen.permute8 : chosen.permute4;
    _Alignas(64) uint64_t states[KECCAK_LANES * WIDTH_MAX];
    struct slot slots[WIDTH_MAX] = {0};
    size_t next = 0;
    memset(states, 0, sizeof states);
    for (;;) {
        /* A slot whose input is done takes the next one at once, so that no place runs empty while
         * inputs of other sizes are still going. */
        unsigned active = 0;
        for (unsigned k = 0; k < width; k++) {
            if (!slots[k].is_active && next < count) {
                slots[k] = (struct slot){.rest = in[next], .out = &out[next], .is_active = true};
                for (unsigned i = 0; i < KECCAK_LANES; i++)
                    states[i * width + k] = 0;
                next++;
            }
            active += slots[k].is_active;
        }
        if (active <= chosen.alone_max) break;
        for (unsigned k = 0; k < width; k++) {
            if (slots[k].is_active) absorb_next(&slots[k], states + k, width);
        }
        permute(states);
        for (unsigned k = 0; k < width; k++) {
            if (slots[k].is_active && slots[k].is_last) squeeze(&slots[k], states + k, width);
        }
    }
    for (unsigned k = 0; k < width; k++) {
        if (slots[k].is_active) finish_alone(&slots[k], states + k, width);
    }
}

#endif
