#include "crypto/ripemd160.h"

#include "crypto/portable.h"

enum { BLOCK_SIZE = 64, STEPS = 80 };

/* Message words and rotations of the two parallel lines, from the paper's appendix A. */
static const uint8_t WORD_LEFT[STEPS] = {
    0,  1, 2,  3, 4,  5,  6, 7,  8, 9,  10, 11, 12, 13, 14, 15, 7,  4,  13, 1,
    10, 6, 15, 3, 12, 0,  9, 5,  2, 14, 11, 8,  3,  10, 14, 4,  9,  15, 8,  1,
    2,  7, 0,  6, 13, 11, 5, 12, 1, 9,  11, 10, 0,  8,  12, 4,  13, 3,  7,  15,
    14, 5, 6,  2, 4,  0,  5, 9,  7, 12, 2,  10, 14, 1,  3,  8,  11, 6,  15, 13,
};
static const uint8_t WORD_RIGHT[STEPS] = {
    5,  14, 7,  0,  9,  2,  11, 4,  13, 6, 15, 8, 1,  10, 3,  12, 6, 11, 3, 7,
    0,  13, 5,  10, 14, 15, 8,  12, 4,  9, 1,  2, 15, 5,  1,  3,  7, 14, 6, 9,
    11, 8,  12, 2,  10, 0,  4,  13, 8,  6, 4,  1, 3,  11, 15, 0,  5, 12, 2, 13,
    9,  7,  10, 14, 12, 15, 10, 4,  1,  5, 8,  7, 6,  2,  13, 14, 0, 3,  9, 11,
};
static const uint8_t ROTATE_LEFT[STEPS] = {
    11, 14, 15, 12, 5, 8,  7,  9,  11, 13, 14, 15, 6,  7,  9,  8,  7,  6,  8,  13,
    11, 9,  7,  15, 7, 12, 15, 9,  11, 7,  13, 12, 11, 13, 6,  7,  14, 9,  13, 15,
    14, 8,  13, 6,  5, 12, 7,  5,  11, 12, 14, 15, 14, 15, 9,  8,  9,  14, 5,  6,
    8,  6,  5,  12, 9, 15, 5,  11, 6,  8,  13, 12, 5,  12, 13, 14, 11, 8,  5,  6,
};
static const uint8_t ROTATE_RIGHT[STEPS] = {
    8,  9,  9,  11, 13, 15, 15, 5, 7,  7,  8,  11, 14, 14, 12, 6,  9,  13, 15, 7,
    12, 8,  9,  11, 7,  7,  12, 7, 6,  15, 13, 11, 9,  7,  15, 11, 8,  6,  6,  14,
    12, 13, 5,  14, 13, 13, 7,  5, 15, 5,  8,  11, 14, 14, 6,  14, 6,  9,  12, 9,
    12, 5,  15, 8,  8,  5,  12, 9, 12, 5,  14, 6,  8,  13, 6,  5,  15, 13, 11, 11,
};
static const uint32_t ADD_LEFT[5] = {0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e};
static const uint32_t ADD_RIGHT[5] = {0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0};

static uint32_t rotate(uint32_t v, unsigned n) {
    return v << n | v >> (32 - n);
}

/* The five boolean functions; the right line takes them in reverse. */
static inline uint32_t mix(unsigned round, uint32_t x, uint32_t y, uint32_t z) {
    if (round == 0) return x ^ y ^ z;
    if (round == 1) return (x & y) | (~x & z);
    if (round == 2) return (x | ~y) ^ z;
    if (round == 3) return (x & z) | (y & ~z);
    return x ^ (y | ~z);
}

struct line {
    uint32_t a, b, c, d, e;
};

static inline void
step(struct line *line, unsigned function, uint32_t word_and_constant, unsigned rotation) {
    uint32_t t = line->a + mix(function, line->b, line->c, line->d) + word_and_constant;
    t = rotate(t, rotation) + line->e;
    line->a = line->e;
    line->e = line->d;
    line->d = rotate(line->c, 10);
    line->c = line->b;
    line->b = t;
}

static void compress(uint32_t h[5], const uint8_t *block) {
    uint32_t x[16];
    memcpy(x, block, sizeof x); /* little-endian, as every machine this runs on */
    struct line left = {h[0], h[1], h[2], h[3], h[4]};
    struct line right = left;
#pragma GCC unroll 5
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 16 * round; i < 16 * round + 16; i++) {
            step(&left, round, x[WORD_LEFT[i]] + ADD_LEFT[round], ROTATE_LEFT[i]);
            step(&right, 4 - round, x[WORD_RIGHT[i]] + ADD_RIGHT[round], ROTATE_RIGHT[i]);
        }
    }
    uint32_t t = h[1] + left.c + right.d;
    h[1] = h[2] + left.d + right.e;
    h[2] = h[3] + left.e + right.a;
    h[3] = h[4] + left.a + right.b;
    h[4] = h[0] + left.b + right.c;
    h[0] = t;
}

void PORTABLE(ripemd160)(uint8_t digest[20], bytes data) {
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint64_t bit_count = (uint64_t)data.size * 8;
    for (; data.size >= BLOCK_SIZE; data.data += BLOCK_SIZE, data.size -= BLOCK_SIZE) {
        compress(h, data.data);
    }
    /* The rest, 0x80, zeros and the count of bits, little-endian: one block or two. */
    uint8_t last[2 * BLOCK_SIZE] = {0};
    if (data.size > 0) memcpy(last, data.data, data.size);
    last[data.size] = 0x80;
    size_t last_size = data.size < BLOCK_SIZE - 8 ? BLOCK_SIZE : 2 * BLOCK_SIZE;
    memcpy(last + last_size - 8, &bit_count, 8);
    for (size_t i = 0; i < last_size; i += BLOCK_SIZE)
        compress(h, last + i);
    memcpy(digest, h, 20);
}
