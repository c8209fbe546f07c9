/* The hosted build's BLAKE2b compression: the four columns, then the four diagonals, side by side
 * in vector registers.
 *
 * A round is one long chain of dependencies, so what counts is latency. Each row of the 4 × 4 words
 * is one register. For the diagonals rows are turned against each other; the second row, which is
 * computed last, stays, and the other three turn while it is still in work. The message words of
 * the ten schedules are laid out once, so that rounds only load them. */
#if defined(__x86_64__)

#include "crypto/blake2f_private.h"

#include <immintrin.h>

/* Per schedule: the words added first and second, for the columns and for the diagonals. */
struct schedule {
    _Alignas(32) uint64_t words[4][4];
};

/* The diagonal that begins at column k runs through column k + 1 of the row that stays. */
static void lay_out(struct schedule *schedules, const uint64_t m[16], uint32_t rounds) {
    for (uint32_t i = 0; i < BLAKE2F_SCHEDULES && i < rounds; i++) {
        const uint8_t *sigma = BLAKE2F_SIGMA[i];
        for (unsigned k = 0; k < 4; k++) {
            schedules[i].words[0][k] = m[sigma[2 * k]];
            schedules[i].words[1][k] = m[sigma[2 * k + 1]];
            schedules[i].words[2][(k + 1) % 4] = m[sigma[8 + 2 * k]];
            schedules[i].words[3][(k + 1) % 4] = m[sigma[9 + 2 * k]];
        }
    }
}

#define LOAD(p)      _mm256_load_si256((const __m256i *)(const void *)(p))
#define LOADU(p)     _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STOREU(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)

/* RFC 7693, section 3.1: four mixings at once. The word is added before the row that is late. */
#define MIX(ROTATE, x, y)                                  \
    a = _mm256_add_epi64(_mm256_add_epi64(a, LOAD(x)), b); \
    d = ROTATE(_mm256_xor_si256(d, a), 32);                \
    c = _mm256_add_epi64(c, d);                            \
    b = ROTATE(_mm256_xor_si256(b, c), 24);                \
    a = _mm256_add_epi64(_mm256_add_epi64(a, LOAD(y)), b); \
    d = ROTATE(_mm256_xor_si256(d, a), 16);                \
    c = _mm256_add_epi64(c, d);                            \
    b = ROTATE(_mm256_xor_si256(b, c), 63)

/* Lane k takes lane k + n of the row, modulo 4. */
#define TURN(row, n)                                                                  \
    _mm256_permute4x64_epi64(                                                         \
        row, ((n) % 4) | ((n) + 1) % 4 << 2 | ((n) + 2) % 4 << 4 | ((n) + 3) % 4 << 6 \
    )

#define COMPRESS(ROTATE)                                                 \
    struct schedule schedules[BLAKE2F_SCHEDULES];                        \
    lay_out(schedules, m, rounds);                                       \
    const uint64_t last[4] = {t[0], t[1], is_final ? UINT64_MAX : 0, 0}; \
    __m256i a = LOADU(h);                                                \
    __m256i b = LOADU(h + 4);                                            \
    __m256i c = LOADU(BLAKE2F_IV);                                       \
    __m256i d = _mm256_xor_si256(LOADU(BLAKE2F_IV + 4), LOADU(last));    \
    const struct schedule *s = schedules;                                \
    for (uint32_t i = 0; i < rounds; i++) {                              \
        MIX(ROTATE, s->words[0], s->words[1]);                           \
        a = TURN(a, 3);                                                  \
        d = TURN(d, 2);                                                  \
        c = TURN(c, 1);                                                  \
        MIX(ROTATE, s->words[2], s->words[3]);                           \
        a = TURN(a, 1);                                                  \
        d = TURN(d, 2);                                                  \
        c = TURN(c, 3);                                                  \
        s = s + 1 == schedules + BLAKE2F_SCHEDULES ? schedules : s + 1;  \
    }                                                                    \
    STOREU(h, _mm256_xor_si256(LOADU(h), _mm256_xor_si256(a, c)));       \
    STOREU(h + 4, _mm256_xor_si256(LOADU(h + 4), _mm256_xor_si256(b, d)))

#define ROTATE_AVX512(v, n) _mm256_ror_epi64(v, n)

__attribute__((target("avx2,avx512f,avx512vl"))) static void compress_avx512(
    uint64_t h[8], const uint64_t m[16], const uint64_t t[2], bool is_final, uint32_t rounds
) {
    COMPRESS(ROTATE_AVX512);
}

/* Rotations by whole bytes are shuffles of bytes; 63 to the right is 1 to the left. */
#define ROTATE_AVX2(v, n)                         \
    ((n) == 32   ? _mm256_shuffle_epi32(v, 0xb1)  \
     : (n) == 24 ? _mm256_shuffle_epi8(v, turn24) \
     : (n) == 16 ? _mm256_shuffle_epi8(v, turn16) \
                 : _mm256_xor_si256(_mm256_srli_epi64(v, 63), _mm256_add_epi64(v, v)))

__attribute__((target("avx2"))) static void compress_avx2(
    uint64_t h[8], const uint64_t m[16], const uint64_t t[2], bool is_final, uint32_t rounds
) {
    const __m256i turn24 = _mm256_setr_epi8(
        3,
        4,
        5,
        6,
        7,
        0,
        1,
        2,
        11,
        12,
        13,
        14,
        15,
        8,
        9,
        10,
        3,
        4,
        5,
        6,
        7,
        0,
        1,
        2,
        11,
        12,
        13,
        14,
        15,
        8,
        9,
        10
    );
    const __m256i turn16 = _mm256_setr_epi8(
        2,
        3,
        4,
        5,
        6,
        7,
        0,
        1,
        10,
        11,
        12,
        13,
        14,
        15,
        8,
        9,
        2,
        3,
        4,
        5,
        6,
        7,
        0,
        1,
        10,
        11,
        12,
        13,
        14,
        15,
        8,
        9
    );
    COMPRESS(ROTATE_AVX2);
}

static void (*chosen
)(uint64_t[8], const uint64_t[16], const uint64_t[2], bool, uint32_t) = blake2f_portable;

bool blake2f_choose(enum blake2f_level level) {
    __builtin_cpu_init();
    bool has_avx2 = __builtin_cpu_supports("avx2");
    bool has_avx512 =
        has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
    switch (level) {
    case BLAKE2F_LEVEL_PORTABLE:
        chosen = blake2f_portable;
        return true;
    case BLAKE2F_LEVEL_AVX2:
        if (has_avx2) chosen = compress_avx2;
        return has_avx2;
    case BLAKE2F_LEVEL_AVX512:
        if (has_avx512) chosen = compress_avx512;
        return has_avx512;
    }
    return false;
}

/* Runs before main and so before any thread. */
__attribute__((constructor)) static void choose_best(void) {
    for (int level = BLAKE2F_LEVEL_AVX512; level > BLAKE2F_LEVEL_PORTABLE; level--) {
        if (blake2f_choose((enum blake2f_level)level)) return;
    }
}

void blake2f(
    uint64_t h[8], const uint64_t m[16], const uint64_t t[2], bool is_final, uint32_t rounds
) {
    chosen(h, m, t, is_final, rounds);
}

#else
typedef int blake2f_host_is_empty;
#endif
