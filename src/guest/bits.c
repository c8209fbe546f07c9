/* What the compiler calls where the instruction set has nothing for it, in fewer instructions than
 * its own library: the places of the lowest and the highest bit. */
#include <stdint.h>

/* Shifted left by any number of places, its top six bits are another number each time: a de Bruijn
 * sequence. PLACES are those numbers' places. */
#define SEQUENCE UINT64_C(0x03f79d71b4cb0a89)

static const uint8_t PLACES[64] = {0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,
                                   62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
                                   63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
                                   46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6};

/* Of a number with one bit set. */
static inline int place_of(uint64_t bit) {
    return PLACES[bit * SEQUENCE >> 58];
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the compiler's names. Neither is asked about 0. */
int __ctzdi2(uint64_t number);
int __clzdi2(uint64_t number);

int __ctzdi2(uint64_t number) {
    return place_of(number & -number);
}

int __clzdi2(uint64_t number) {
#pragma GCC unroll 6
    for (unsigned i = 1; i < 64; i *= 2)
        number |= number >> i;
    return 63 - place_of(number ^ number >> 1);
}
/* NOLINTEND(bugprone-reserved-identifier) */
