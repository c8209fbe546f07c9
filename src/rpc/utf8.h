/* rpc/utf8.h: UTF-8, one sequence at a time, for JSON in both directions. */
#ifndef RPC_UTF8_H
#define RPC_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* utf8_sequence_size is the length of the well-formed sequence at p, which has size > 0 bytes, or 0
 * if there is none (Unicode, table 3-7: no overlong forms, no surrogates, none over U+10FFFF). */
static inline size_t utf8_sequence_size(const uint8_t *p, size_t size) {
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    size_t count = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (size < count) return 0;
    uint8_t low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < count; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return count;
}

/* utf8_encode writes a code point that is no surrogate; returns the size, 1 to 4. */
static inline size_t utf8_encode(uint8_t out[4], uint32_t c) {
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 63));
        out[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 63));
    out[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

#endif
