/* core/bytes.h: byte strings, 32-byte hashes and 20-byte addresses as copyable values. */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include "core/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed view; whoever hands one out says how long it stays valid. data may be NULL if size
 * is 0. */
typedef struct {
    const uint8_t *data;
    size_t size;
} bytes;

/* In the guest at a multiple of 8, so that copying one is four loads and four stores. */
typedef struct {
#if !__STDC_HOSTED__
    _Alignas(8)
#endif
        uint8_t b[32];
} hash32;

typedef struct {
    uint8_t b[20];
} address;

#define BYTES_EMPTY ((bytes){NULL, 0})

static inline bytes bytes_of(const void *data, size_t size) {
    return (bytes){(const uint8_t *)data, size};
}

/* bytes_slice returns the part [offset, offset + size), cut at the end of b; empty if outside. */
static inline bytes bytes_slice(bytes b, size_t offset, size_t size) {
    if (offset >= b.size) return BYTES_EMPTY;
    if (size > b.size - offset) size = b.size - offset;
    return (bytes){b.data + offset, size};
}

static inline bool bytes_equal(bytes a, bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bytes hash32_bytes(const hash32 *h) {
    return (bytes){h->b, 32};
}
static inline bytes address_bytes(const address *a) {
    return (bytes){a->b, 20};
}

static inline bool hash32_equal(const hash32 *a, const hash32 *b) {
    return memcmp(a->b, b->b, 32) == 0;
}

static inline bool address_equal(const address *a, const address *b) {
    return memcmp(a->b, b->b, 20) == 0;
}

static inline bool hash32_is_zero(const hash32 *h) {
    static const hash32 zero = {{0}};
    return hash32_equal(h, &zero);
}

static inline bool address_is_zero(const address *a) {
    static const address zero = {{0}};
    return address_equal(a, &zero);
}

/* Big-endian integers, as all of Ethereum's encodings have them. The guest's instruction set turns
 * no bytes around, and p need not be aligned: there, byte by byte is the shortest way. */
#ifdef __riscv
static inline uint64_t load_be64(const uint8_t *p) {
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | p[7];
}

static inline void store_be64(uint8_t *p, uint64_t v) {
    p[0] = (uint8_t)(v >> 56);
    p[1] = (uint8_t)(v >> 48);
    p[2] = (uint8_t)(v >> 40);
    p[3] = (uint8_t)(v >> 32);
    p[4] = (uint8_t)(v >> 24);
    p[5] = (uint8_t)(v >> 16);
    p[6] = (uint8_t)(v >> 8);
    p[7] = (uint8_t)v;
}

static inline uint32_t load_be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void store_be32(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}
#else
static inline uint64_t load_be64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return __builtin_bswap64(v);
}

static inline void store_be64(uint8_t *p, uint64_t v) {
    v = __builtin_bswap64(v);
    memcpy(p, &v, 8);
}

static inline uint32_t load_be32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
}

static inline void store_be32(uint8_t *p, uint32_t v) {
    v = __builtin_bswap32(v);
    memcpy(p, &v, 4);
}
#endif

/* Little-endian integers, as the files of batches have them (docs/batch-files.md). */
static inline uint64_t load_le64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline void store_le64(uint8_t *p, uint64_t v) {
    memcpy(p, &v, 8);
}

#endif
