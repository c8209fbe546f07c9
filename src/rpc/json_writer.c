#include "rpc/json_writer.h"

#include "core/check.h"
#include "rpc/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CAPACITY_MIN 4096

void json_writer_open(struct json_writer *w, size_t size_max) {
    *w = (struct json_writer){.size_max = size_max};
}

void json_writer_close(struct json_writer *w) {
    free(w->data);
    *w = (struct json_writer){.size_max = w->size_max};
}

void json_writer_clear(struct json_writer *w) {
    w->size = 0;
    w->needs_comma = false;
    w->has_failed = false;
}

struct json_mark json_mark(const struct json_writer *w) {
    return (struct json_mark){w->size, w->needs_comma};
}

void json_rewind(struct json_writer *w, struct json_mark mark) {
    CHECK(mark.size <= w->size);
    w->size = mark.size;
    w->needs_comma = mark.needs_comma;
    w->has_failed = false;
}

/* Doubling keeps the copying linear. The limit counts what is asked for, which for strings is more
 * than what they turn out to take; it is a guard, not a promise to the byte. */
bool json_grow(struct json_writer *w, size_t size) {
    if (w->has_failed) return false;
    if (w->size > w->size_max || size > w->size_max - w->size) {
        w->has_failed = true;
        return false;
    }
    size_t capacity = w->capacity < CAPACITY_MIN ? CAPACITY_MIN : w->capacity;
    while (capacity - w->size < size)
        capacity *= 2;
    char *data = realloc(w->data, capacity);
    if (data == NULL) {
        w->has_failed = true;
        return false;
    }
    w->data = data;
    w->capacity = capacity;
    return true;
}

/* Room for a value of at most size bytes, after the comma it may need. */
static inline char *begin_value(struct json_writer *w, size_t size) {
    char *at = json_reserve(w, size + 1);
    if (at == NULL) return NULL;
    *at = ',';
    at += w->needs_comma;
    w->size += w->needs_comma;
    w->needs_comma = true;
    return at;
}

static inline void write_text(struct json_writer *w, const char *text, size_t size) {
    char *at = begin_value(w, size);
    if (at == NULL) return;
    memcpy(at, text, size);
    w->size += size;
}

static inline void open_container(struct json_writer *w, char bracket) {
    char *at = begin_value(w, 1);
    if (at == NULL) return;
    *at = bracket;
    w->size++;
    w->needs_comma = false;
}

static inline void close_container(struct json_writer *w, char bracket) {
    char *at = json_reserve(w, 1);
    if (at == NULL) return;
    *at = bracket;
    w->size++;
    w->needs_comma = true;
}

void json_object_begin(struct json_writer *w) {
    open_container(w, '{');
}
void json_object_end(struct json_writer *w) {
    close_container(w, '}');
}
void json_array_begin(struct json_writer *w) {
    open_container(w, '[');
}
void json_array_end(struct json_writer *w) {
    close_container(w, ']');
}

/* Whatever was written last was a string value; it becomes a key. */
static void value_becomes_key(struct json_writer *w) {
    char *at = json_reserve(w, 1);
    if (at == NULL) return;
    *at = ':';
    w->size++;
    w->needs_comma = false;
}

void json_key_data(struct json_writer *w, bytes data) {
    json_data(w, data);
    value_becomes_key(w);
}

void json_key_decimal(struct json_writer *w, uint64_t value) {
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    json_key_text(w, digits, (size_t)size);
}

void json_null(struct json_writer *w) {
    write_text(w, "null", 4);
}

void json_bool(struct json_writer *w, bool value) {
    if (value)
        write_text(w, "true", 4);
    else
        write_text(w, "false", 5);
}

void json_decimal(struct json_writer *w, uint64_t value) {
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    write_text(w, digits, (size_t)size);
}

void json_integer(struct json_writer *w, int64_t value) {
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRId64, value);
    write_text(w, digits, (size_t)size);
}

void json_ratio(struct json_writer *w, uint64_t part, uint64_t whole) {
    if (part == 0 || whole == 0) {
        write_text(w, "0", 1);
        return;
    }
    /* 17 digits bring every double back; the fewest that do are what clients are used to see. */
    double ratio = (double)part / (double)whole;
    char text[40];
    int size = 0;
    for (int digits = 15; digits <= 17; digits++) {
        size = snprintf(text, sizeof(text), "%.*g", digits, ratio);
        if (strtod(text, NULL) == ratio) break;
    }
    write_text(w, text, (size_t)size);
}

/* --- hexadecimal ------------------------------------------------------------------------------ */

/* Sixteen bytes at a time in vector registers of whatever kind the target has: answers are mostly
 * hexadecimal digits, and this is what makes writing them cost next to nothing. */
typedef uint8_t lanes __attribute__((vector_size(16)));

static inline lanes digits_of(lanes nibbles) {
    lanes is_letter = (lanes)(nibbles > 9);
    return nibbles + '0' + (is_letter & ('a' - '0' - 10));
}

static inline void encode_16(char *out, const uint8_t *in) {
    lanes b;
    memcpy(&b, in, 16);
    lanes high = digits_of(b >> 4);
    lanes low = digits_of(b & 15);
    lanes first =
        __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    lanes second = __builtin_shufflevector(
        high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
    );
    memcpy(out, &first, 16);
    memcpy(out + 16, &second, 16);
}

static const char DIGITS[] = "0123456789abcdef";

static inline void encode(char *out, const uint8_t *in, size_t size) {
    for (size_t count = size / 16; count > 0; count--, in += 16, out += 32)
        encode_16(out, in);
    for (size_t count = size % 16; count > 0; count--, in++, out += 2) {
        out[0] = DIGITS[*in >> 4];
        out[1] = DIGITS[*in & 15];
    }
}

static inline void write_data(struct json_writer *w, const uint8_t *data, size_t size) {
    /* A size that could overflow the sum is over every limit. */
    if (size > w->size_max) {
        w->has_failed = true;
        return;
    }
    char *at = begin_value(w, 2 * size + 4);
    if (at == NULL) return;
    memcpy(at, "\"0x", 3);
    encode(at + 3, data, size);
    at[3 + 2 * size] = '"';
    w->size += 2 * size + 4;
}

void json_data(struct json_writer *w, bytes data) {
    write_data(w, data.data, data.size);
}
void json_hash(struct json_writer *w, const hash32 *hash) {
    write_data(w, hash->b, 32);
}
void json_address(struct json_writer *w, const address *a) {
    write_data(w, a->b, 20);
}

void json_word(struct json_writer *w, const u256 *value) {
    uint8_t word[32];
    u256_store_be(word, value);
    write_data(w, word, 32);
}

void json_quantity(struct json_writer *w, const u256 *value) {
    if (u256_fits_u64(value)) {
        json_quantity_u64(w, value->w[0]);
        return;
    }
    uint8_t word[32];
    char digits[64];
    u256_store_be(word, value);
    encode(digits, word, 32);
    size_t skip = 0;
    while (digits[skip] == '0')
        skip++;
    char *at = begin_value(w, 68);
    if (at == NULL) return;
    memcpy(at, "\"0x", 3);
    memcpy(at + 3, digits + skip, 64 - skip);
    at[3 + 64 - skip] = '"';
    w->size += 4 + 64 - skip;
}

/* The eight digits of a number in the order of their places, the highest in the lowest byte: the
 * nibbles are spread to bytes, and those above 9 moved up to the letters. */
static inline uint64_t eight_digits(uint64_t n) {
    n = (n | n << 16) & 0x0000ffff0000ffffu;
    n = (n | n << 8) & 0x00ff00ff00ff00ffu;
    n = (n | n << 4) & 0x0f0f0f0f0f0f0f0fu;
    uint64_t is_letter = (n + 0x0606060606060606u) >> 4 & 0x0101010101010101u;
    return __builtin_bswap64(n + 0x3030303030303030u + is_letter * ('a' - '0' - 10));
}

void json_quantity_u64(struct json_writer *w, uint64_t value) {
    /* Sixteen digits are written at once, of which the leading zeros are then left out. */
    char *at = begin_value(w, 3 + 16 + 1);
    if (at == NULL) return;
    size_t count = value == 0 ? 1 : (67u - (unsigned)__builtin_clzll(value)) / 4;
    memcpy(at, "\"0x", 3);
    if (count <= 8) {
        uint64_t digits = eight_digits(value) >> 8 * (8 - count);
        memcpy(at + 3, &digits, 8);
    } else {
        uint64_t digits[2] = {eight_digits(value >> 32), eight_digits(value & UINT32_MAX)};
        memcpy(at + 3, (const char *)digits + (16 - count), count);
    }
    at[3 + count] = '"';
    w->size += 4 + count;
}

/* --- strings ---------------------------------------------------------------------------------- */

/* Writes the escape of one byte that cannot stand in a string; returns its size. */
static size_t escape(char *out, uint8_t c) {
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    out[0] = '\\';
    for (size_t i = 0; i + 1 < sizeof(short_forms); i += 2)
        if ((uint8_t)short_forms[i] == c) {
            out[1] = short_forms[i + 1];
            return 2;
        }
    memcpy(out + 1, "u00", 3);
    out[4] = DIGITS[c >> 4];
    out[5] = DIGITS[c & 15];
    return 6;
}

void json_string(struct json_writer *w, bytes text) {
    if (text.size > w->size_max) {
        w->has_failed = true;
        return;
    }
    char *start = begin_value(w, 6 * text.size + 2);
    if (start == NULL) return;
    char *at = start;
    *at++ = '"';
    for (size_t i = 0; i < text.size;) {
        const uint8_t *p = text.data + i;
        size_t count = utf8_sequence_size(p, text.size - i);
        if (count == 0) {
            memcpy(at, "\xef\xbf\xbd", 3);
            at += 3;
            i++;
        } else if (count == 1 && (*p < 0x20 || *p == '"' || *p == '\\' || *p == 0x7f)) {
            at += escape(at, *p);
            i++;
        } else {
            memcpy(at, p, count);
            at += count;
            i += count;
        }
    }
    *at++ = '"';
    w->size += (size_t)(at - start);
}

void json_cstring(struct json_writer *w, const char *text) {
    json_string(w, bytes_of(text, strlen(text)));
}

void json_raw(struct json_writer *w, bytes json) {
    write_text(w, (const char *)json.data, json.size);
}
