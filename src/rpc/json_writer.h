/* rpc/json_writer.h: writes JSON text into one growing buffer, without building a tree first.
 *
 * Commas are put by the writer: begin an object or array, write keys and values, end it. Failure
 * (no memory, or more than size_max bytes) sticks: later writes do nothing and json_failed says so,
 * so that nobody tests each write. Nesting is not checked; whoever writes an answer has tests.
 *
 * The forms of execution-apis: DATA is "0x" and two digits a byte, QUANTITY is "0x" and the fewest
 * digits, zero is "0x0". */
#ifndef RPC_JSON_WRITER_H
#define RPC_JSON_WRITER_H

#include "core/bytes.h"
#include "core/u256.h"

struct json_writer {
    char *data;      /* owned; malloc */
    size_t size;     /* bytes written */
    size_t capacity; /* of data */
    size_t size_max; /* more than this fails */
    bool needs_comma;
    bool has_failed;
};

/* Opening allocates nothing. Closing frees; a closed writer may be opened again. */
void json_writer_open(struct json_writer *w, size_t size_max);
void json_writer_close(struct json_writer *w);

/* json_writer_clear forgets what was written, and a failure, and keeps the buffer. */
void json_writer_clear(struct json_writer *w);

/* json_mark and json_rewind: everything written after the mark is forgotten, a failure too. */
struct json_mark {
    size_t size;
    bool needs_comma;
};
struct json_mark json_mark(const struct json_writer *w);
void json_rewind(struct json_writer *w, struct json_mark mark);

static inline bool json_failed(const struct json_writer *w) {
    return w->has_failed;
}

/* json_grow makes room for size bytes or fails; json_reserve returns where they go, or NULL.
 * Whoever has written there adds what it wrote to w->size. After a failure there may still be room
 * for small things: they are written, and thrown away with the rest. */
bool json_grow(struct json_writer *w, size_t size);

static inline char *json_reserve(struct json_writer *w, size_t size) {
    if (__builtin_expect(w->capacity - w->size < size, 0) && !json_grow(w, size)) return NULL;
    return w->data + w->size;
}

void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);

/* A key that needs no escaping. It is inline because keys are most of what is written, and their
 * sizes are known where they stand. json_key takes a string literal. */
static inline void json_key_text(struct json_writer *w, const char *key, size_t size) {
    char *at = json_reserve(w, size + 4);
    if (at == NULL) return;
    at[0] = ',';
    at += w->needs_comma;
    at[0] = '"';
    memcpy(at + 1, key, size);
    at[size + 1] = '"';
    at[size + 2] = ':';
    w->size += size + 3 + w->needs_comma;
    w->needs_comma = false;
}
#define json_key(w, literal) json_key_text((w), "" literal, sizeof(literal) - 1)

/* A key that is an address ("0x…") or a 32-byte hash, as maps keyed by them have it. */
void json_key_data(struct json_writer *w, bytes data);

/* A key that is a decimal number (nonces in txpool_content). */
void json_key_decimal(struct json_writer *w, uint64_t value);

/* Values. */
void json_null(struct json_writer *w);
void json_bool(struct json_writer *w, bool value);
void json_decimal(struct json_writer *w, uint64_t value);
void json_integer(struct json_writer *w, int64_t value);
void json_ratio(
    struct json_writer *w, uint64_t part, uint64_t whole
); /* part / whole; 0 / 0 is 0 */
void json_data(struct json_writer *w, bytes data);
void json_hash(struct json_writer *w, const hash32 *hash);
void json_address(struct json_writer *w, const address *a);
void json_quantity(struct json_writer *w, const u256 *value);
void json_quantity_u64(struct json_writer *w, uint64_t value);
/* 32 bytes big-endian, all digits, as DATA of a word. */
void json_word(struct json_writer *w, const u256 *value);
/* A string of any bytes: quotes, backslashes and control characters are escaped, bytes that are
 * not UTF-8 become U+FFFD. */
void json_string(struct json_writer *w, bytes text);
void json_cstring(struct json_writer *w, const char *text);
/* Text that already is one JSON value. */
void json_raw(struct json_writer *w, bytes json);

/* A key and its value in one: the common case of answers. */
#define json_member_hash(w, key, v)         (json_key(w, key), json_hash(w, v))
#define json_member_address(w, key, v)      (json_key(w, key), json_address(w, v))
#define json_member_quantity(w, key, v)     (json_key(w, key), json_quantity(w, v))
#define json_member_quantity_u64(w, key, v) (json_key(w, key), json_quantity_u64(w, v))
#define json_member_data(w, key, v)         (json_key(w, key), json_data(w, v))
#define json_member_bool(w, key, v)         (json_key(w, key), json_bool(w, v))
#define json_member_cstring(w, key, v)      (json_key(w, key), json_cstring(w, v))
#define json_member_null(w, key)            (json_key(w, key), json_null(w))

#endif
