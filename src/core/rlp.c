#include "core/rlp.h"

#include "core/check.h"

/* The first byte of an item says what follows:
 *   00..7f  the byte is itself a string of one byte
 *   80..b7  a string of 0 to 55 bytes
 *   b8..bf  1 to 8 bytes that hold the size of a string of 56 bytes or more
 *   c0..f7, f8..ff  the same for the payload of a list */
enum { STRING_SHORT = 0x80, LIST_SHORT = 0xc0, SHORT_SIZE_MAX = 55, PREFIX_SIZE_MAX = 9 };

struct item {
    size_t prefix_size;
    size_t payload_size;
    bool is_list;
};

/* Reads the size of a long item behind its first byte. */
static enum err read_long_size(bytes in, size_t size_size, size_t *size) {
    if (in.size - 1 < size_size || in.data[1] == 0) return ERR_INPUT;
    uint64_t value = 0;
    for (size_t i = 1; i <= size_size; i++)
        value = value << 8 | in.data[i];
    if (value <= SHORT_SIZE_MAX || value > SIZE_MAX) return ERR_INPUT;
    *size = (size_t)value;
    return ERR_OK;
}

static enum err read_item(bytes in, struct item *item) {
    if (in.size == 0) return ERR_INPUT;
    unsigned first = in.data[0];
    if (first < STRING_SHORT) {
        *item = (struct item){0, 1, false};
        return ERR_OK;
    }
    bool is_list = first >= LIST_SHORT;
    size_t size = first - (is_list ? LIST_SHORT : STRING_SHORT);
    size_t prefix_size = 1;
    if (size > SHORT_SIZE_MAX) {
        size_t size_size = size - SHORT_SIZE_MAX;
        enum err err = read_long_size(in, size_size, &size);
        if (err != ERR_OK) return err;
        prefix_size += size_size;
    }
    if (size > in.size - prefix_size) return ERR_INPUT;
    if (!is_list && size == 1 && in.data[1] < STRING_SHORT) return ERR_INPUT;
    *item = (struct item){prefix_size, size, is_list};
    return ERR_OK;
}

static void skip(struct rlp *rlp, const struct item *item) {
    size_t size = item->prefix_size + item->payload_size;
    rlp->rest.data += size;
    rlp->rest.size -= size;
}

static bytes payload(const struct rlp *rlp, const struct item *item) {
    return (bytes){rlp->rest.data + item->prefix_size, item->payload_size};
}

enum err rlp_read_string(struct rlp *rlp, bytes *string) {
    struct item item;
    enum err err = read_item(rlp->rest, &item);
    if (err != ERR_OK) return err;
    if (item.is_list) return ERR_INPUT;
    *string = payload(rlp, &item);
    skip(rlp, &item);
    return ERR_OK;
}

enum err rlp_read_list(struct rlp *rlp, struct rlp *items) {
    struct item item;
    enum err err = read_item(rlp->rest, &item);
    if (err != ERR_OK) return err;
    if (!item.is_list) return ERR_INPUT;
    bytes list = payload(rlp, &item);
    skip(rlp, &item); /* before items is set: it may be the same cursor */
    items->rest = list;
    return ERR_OK;
}

/* The payload of an integer of at most size_max bytes, without leading zeros. */
static enum err read_integer(struct rlp *rlp, size_t size_max, bytes *digits) {
    struct rlp next = *rlp;
    enum err err = rlp_read_string(&next, digits);
    if (err != ERR_OK) return err;
    if (digits->size > size_max) return ERR_INPUT;
    if (digits->size > 0 && digits->data[0] == 0) return ERR_INPUT;
    *rlp = next;
    return ERR_OK;
}

enum err rlp_read_u64(struct rlp *rlp, uint64_t *value) {
    bytes digits;
    enum err err = read_integer(rlp, 8, &digits);
    if (err != ERR_OK) return err;
    uint64_t v = 0;
    for (size_t i = 0; i < digits.size; i++)
        v = v << 8 | digits.data[i];
    *value = v;
    return ERR_OK;
}

enum err rlp_read_u256(struct rlp *rlp, u256 *value) {
    bytes digits;
    enum err err = read_integer(rlp, 32, &digits);
    if (err != ERR_OK) return err;
    *value = u256_load_be_short(digits);
    return ERR_OK;
}

enum err rlp_read_fixed(struct rlp *rlp, void *out, size_t size) {
    struct rlp next = *rlp;
    bytes string;
    enum err err = rlp_read_string(&next, &string);
    if (err != ERR_OK) return err;
    if (string.size != size) return ERR_INPUT;
    if (size > 0) memcpy(out, string.data, size);
    *rlp = next;
    return ERR_OK;
}

enum err rlp_read_item(struct rlp *rlp, bytes *item_bytes, bool *is_list) {
    struct item item;
    enum err err = read_item(rlp->rest, &item);
    if (err != ERR_OK) return err;
    *item_bytes = (bytes){rlp->rest.data, item.prefix_size + item.payload_size};
    *is_list = item.is_list;
    skip(rlp, &item);
    return ERR_OK;
}

void rlp_writer_open(struct rlp_writer *w, struct arena *arena) {
    *w = (struct rlp_writer){.arena = arena};
}

/* Makes room for size more bytes and returns where they go, or NULL once failed. */
static uint8_t *reserve(struct rlp_writer *w, size_t size) {
    if (w->failed) return NULL;
    if (size > w->capacity - w->size) {
        size_t need;
        if (__builtin_add_overflow(w->size, size, &need) || need > SIZE_MAX / 2) goto failed;
        size_t capacity = w->capacity < 64 ? 64 : w->capacity;
        while (capacity < need)
            capacity *= 2;
        if (w->data == NULL || !arena_extend(w->arena, w->data, w->capacity, capacity)) {
            uint8_t *data = arena_alloc(w->arena, capacity);
            if (data == NULL) goto failed;
            if (w->data != NULL) memcpy(data, w->data, w->size);
            w->data = data;
        }
        w->capacity = capacity;
    }
    return w->data + w->size;
failed:
    w->failed = true;
    return NULL;
}

/* Writes the prefix of a string or list of size bytes; returns its length. */
static size_t put_prefix(uint8_t prefix[PREFIX_SIZE_MAX], unsigned short_base, size_t size) {
    if (size <= SHORT_SIZE_MAX) {
        prefix[0] = (uint8_t)(short_base + size);
        return 1;
    }
    uint8_t digits[8];
    store_be64(digits, size);
    size_t zeros = (size_t)__builtin_clzll(size) / 8;
    prefix[0] = (uint8_t)(short_base + SHORT_SIZE_MAX + (8 - zeros));
    memcpy(prefix + 1, digits + zeros, 8 - zeros);
    return 9 - zeros;
}

void rlp_write_string(struct rlp_writer *w, bytes string) {
    if (string.size == 1 && string.data[0] < STRING_SHORT) {
        rlp_write_raw(w, string);
        return;
    }
    uint8_t prefix[PREFIX_SIZE_MAX];
    size_t prefix_size = put_prefix(prefix, STRING_SHORT, string.size);
    if (string.size > SIZE_MAX / 4) {
        w->failed = true;
        return;
    }
    uint8_t *to = reserve(w, prefix_size + string.size);
    if (to == NULL) return;
    memcpy(to, prefix, prefix_size);
    if (string.size > 0) memcpy(to + prefix_size, string.data, string.size);
    w->size += prefix_size + string.size;
}

void rlp_write_u64(struct rlp_writer *w, uint64_t value) {
    uint8_t digits[8];
    store_be64(digits, value);
    size_t zeros = value == 0 ? 8 : (size_t)__builtin_clzll(value) / 8;
    rlp_write_string(w, (bytes){digits + zeros, 8 - zeros});
}

void rlp_write_u256(struct rlp_writer *w, const u256 *value) {
    uint8_t digits[32];
    u256_store_be(digits, value);
    size_t size = u256_byte_size(value);
    rlp_write_string(w, (bytes){digits + 32 - size, size});
}

void rlp_write_raw(struct rlp_writer *w, bytes encoded) {
    if (encoded.size == 0) return;
    uint8_t *to = reserve(w, encoded.size);
    if (to == NULL) return;
    memcpy(to, encoded.data, encoded.size);
    w->size += encoded.size;
}

void rlp_list_begin(struct rlp_writer *w) {
    CHECK(w->depth < RLP_DEPTH_MAX);
    w->list_start[w->depth++] = w->size;
}

void rlp_list_end(struct rlp_writer *w) {
    CHECK(w->depth > 0);
    size_t start = w->list_start[--w->depth];
    if (w->failed) return;
    size_t size = w->size - start;
    uint8_t prefix[PREFIX_SIZE_MAX];
    size_t prefix_size = put_prefix(prefix, LIST_SHORT, size);
    if (reserve(w, prefix_size) == NULL) return;
    memmove(w->data + start + prefix_size, w->data + start, size);
    memcpy(w->data + start, prefix, prefix_size);
    w->size += prefix_size;
}

enum err rlp_finish(struct rlp_writer *w, bytes *encoded) {
    CHECK(w->depth == 0);
    if (w->failed) return ERR_MEMORY;
    *encoded = (bytes){w->data, w->size};
    return ERR_OK;
}
