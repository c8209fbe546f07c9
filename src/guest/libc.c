/* What gcc and the libraries compiled in ask of every environment. Copies go by words where both
 * sides can be aligned, else by words put together from two. */
#include "core/check.h"
#include "core/mem.h"
#include "guest/zkvm_io.h"

#include <stdint.h>

enum { WORD = 8, EXIT_BUG = 134 };

typedef uint64_t __attribute__((may_alias)) word;

void check_fail(const char *file, int line, const char *expression) {
    (void)file;
    (void)line;
    (void)expression;
    guest_exit(EXIT_BUG);
}

/* Copies from the lower end up: words put together from two where the sides are not aligned to one
 * another, which reads whole words that from only begins or ends in. */
static void copy_up(uint8_t *to, const uint8_t *from, size_t size) {
    if (size >= 2 * WORD) {
        for (; ((uintptr_t)to & (WORD - 1)) != 0; size--)
            *to++ = *from++;
        unsigned shift = (unsigned)((uintptr_t)from & (WORD - 1)) * 8;
        word *t = (word *)to;
        if (shift == 0) {
            const word *f = (const word *)from;
            for (; size >= WORD; size -= WORD)
                *t++ = *f++;
            from = (const uint8_t *)f;
        } else {
            const word *f = (const word *)(from - shift / 8);
            uint64_t low = *f++ >> shift;
            for (; size >= WORD; size -= WORD, from += WORD) {
                uint64_t high = *f++;
                *t++ = low | high << (64 - shift);
                low = high >> shift;
            }
        }
        to = (uint8_t *)t;
    }
    while (size-- > 0)
        *to++ = *from++;
}

/* The same from the upper end down; to and from are the ends. */
static void copy_down(uint8_t *to, const uint8_t *from, size_t size) {
    if (size >= 2 * WORD) {
        for (; ((uintptr_t)to & (WORD - 1)) != 0; size--)
            *--to = *--from;
        unsigned shift = (unsigned)((uintptr_t)from & (WORD - 1)) * 8;
        word *t = (word *)to;
        if (shift == 0) {
            const word *f = (const word *)from;
            for (; size >= WORD; size -= WORD)
                *--t = *--f;
            from = (const uint8_t *)f;
        } else {
            const word *f = (const word *)(from - shift / 8);
            uint64_t high = *f << (64 - shift);
            for (; size >= WORD; size -= WORD, from -= WORD) {
                uint64_t low = *--f;
                *--t = low >> shift | high;
                high = low << (64 - shift);
            }
        }
        to = (uint8_t *)t;
    }
    while (size-- > 0)
        *--to = *--from;
}

/* Most copies are of a hash or a word of the machine, and aligned. */
void *(memcpy)(void *restrict to, const void *restrict from, size_t size) {
    if ((((uintptr_t)to | (uintptr_t)from | size) & (WORD - 1)) != 0) {
        copy_up(to, from, size);
        return to;
    }
    word *t = to;
    const word *f = from;
    for (; size >= 4 * WORD; size -= 4 * WORD, t += 4, f += 4) {
        uint64_t a = f[0], b = f[1], c = f[2], d = f[3];
        t[0] = a;
        t[1] = b;
        t[2] = c;
        t[3] = d;
    }
    for (; size > 0; size -= WORD)
        *t++ = *f++;
    return to;
}

void *(memmove)(void *to, const void *from, size_t size) {
    if ((uintptr_t)to - (uintptr_t)from >= size)
        copy_up(to, from, size);
    else
        copy_down((uint8_t *)to + size, (const uint8_t *)from + size, size);
    return to;
}

void *(memset)(void *to, int byte, size_t size) {
    uint8_t *t = to;
    if (size >= 2 * WORD) {
        for (; ((uintptr_t)t & (WORD - 1)) != 0; size--)
            *t++ = (uint8_t)byte;
        uint64_t filler = (uint8_t)byte * UINT64_C(0x0101010101010101);
        word *w = (word *)t;
        for (; size >= 4 * WORD; size -= 4 * WORD, w += 4) {
            w[0] = filler;
            w[1] = filler;
            w[2] = filler;
            w[3] = filler;
        }
        for (; size >= WORD; size -= WORD)
            *w++ = filler;
        t = (uint8_t *)w;
    }
    while (size-- > 0)
        *t++ = (uint8_t)byte;
    return to;
}

int(memcmp)(const void *a, const void *b, size_t size) {
    const uint8_t *x = a;
    const uint8_t *y = b;
    if ((((uintptr_t)x | (uintptr_t)y) & (WORD - 1)) == 0) {
        for (; size >= WORD && *(const word *)x == *(const word *)y; size -= WORD) {
            x += WORD;
            y += WORD;
        }
    }
    for (; size > 0; size--, x++, y++)
        if (*x != *y) return *x - *y;
    return 0;
}
