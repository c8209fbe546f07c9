#include "batch/abi.h"

#include "core/check.h"
#include "crypto/keccak.h"

void abi_writer_open(struct abi_writer *w, struct arena *arena) {
    *w = (struct abi_writer){.arena = arena};
}

static uint8_t *reserve(struct abi_writer *w, size_t size) {
    if (w->failed) return NULL;
    if (size > w->capacity - w->size) {
        size_t capacity = w->capacity == 0 ? 512 : w->capacity;
        while (capacity - w->size < size) {
            if (capacity > SIZE_MAX / 2) {
                w->failed = true;
                return NULL;
            }
            capacity *= 2;
        }
        uint8_t *data = arena_alloc(w->arena, capacity);
        if (data == NULL) {
            w->failed = true;
            return NULL;
        }
        if (w->size > 0) memcpy(data, w->data, w->size);
        w->data = data;
        w->capacity = capacity;
    }
    uint8_t *at = w->data + w->size;
    w->size += size;
    return at;
}

void abi_write_raw(struct abi_writer *w, bytes raw) {
    uint8_t *at = reserve(w, raw.size);
    if (at != NULL && raw.size > 0) memcpy(at, raw.data, raw.size);
}

static uint8_t *reserve_word(struct abi_writer *w) {
    uint8_t *at = reserve(w, ABI_WORD);
    if (at != NULL) memset(at, 0, ABI_WORD);
    return at;
}

void abi_write_u64(struct abi_writer *w, uint64_t value) {
    uint8_t *at = reserve_word(w);
    if (at != NULL) store_be64(at + 24, value);
}

void abi_write_bool(struct abi_writer *w, bool value) {
    abi_write_u64(w, value ? 1 : 0);
}

void abi_write_u256(struct abi_writer *w, const u256 *value) {
    uint8_t *at = reserve_word(w);
    if (at != NULL) u256_store_be(at, value);
}

void abi_write_hash(struct abi_writer *w, const hash32 *value) {
    abi_write_raw(w, hash32_bytes(value));
}

void abi_write_address(struct abi_writer *w, const address *value) {
    uint8_t *at = reserve_word(w);
    if (at != NULL) memcpy(at + 12, value->b, 20);
}

hash32 abi_signature_hash(const char *signature) {
    size_t size = 0;
    while (signature[size] != 0)
        size++;
    return keccak256(bytes_of(signature, size));
}

bool abi_has_selector(bytes data, const char *signature) {
    if (data.size < ABI_SELECTOR) return false;
    hash32 hash = abi_signature_hash(signature);
    return memcmp(hash.b, data.data, ABI_SELECTOR) == 0;
}

void abi_write_selector(struct abi_writer *w, const char *signature) {
    hash32 hash = abi_signature_hash(signature);
    abi_write_raw(w, bytes_of(hash.b, ABI_SELECTOR));
}

size_t abi_write_offset(struct abi_writer *w) {
    size_t at = w->size;
    (void)reserve_word(w);
    return at;
}

void abi_begin_tail(struct abi_writer *w, size_t offset_word, size_t tuple_start) {
    if (w->failed) return;
    CHECK(offset_word + ABI_WORD <= w->size && tuple_start <= w->size);
    store_be64(w->data + offset_word + 24, w->size - tuple_start);
}

void abi_write_bytes(struct abi_writer *w, bytes value) {
    abi_write_u64(w, value.size);
    abi_write_raw(w, value);
    size_t padding = (ABI_WORD - value.size % ABI_WORD) % ABI_WORD;
    uint8_t *at = reserve(w, padding);
    if (at != NULL) memset(at, 0, padding);
}

enum err abi_finish(struct abi_writer *w, bytes *encoded) {
    if (w->failed) return ERR_MEMORY;
    *encoded = (bytes){w->data, w->size};
    return ERR_OK;
}

static const uint8_t *word_at(bytes tuple, size_t index) {
    if (index >= tuple.size / ABI_WORD) return NULL;
    return tuple.data + index * ABI_WORD;
}

static bool is_zero(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (data[i] != 0) return false;
    return true;
}

enum err abi_read_u64(uint64_t *value, bytes tuple, size_t index) {
    const uint8_t *word = word_at(tuple, index);
    if (word == NULL || !is_zero(word, 24)) return ERR_INPUT;
    *value = load_be64(word + 24);
    return ERR_OK;
}

enum err abi_read_bool(bool *value, bytes tuple, size_t index) {
    uint64_t number;
    enum err err = abi_read_u64(&number, tuple, index);
    if (err != ERR_OK) return err;
    if (number > 1) return ERR_INPUT;
    *value = number == 1;
    return ERR_OK;
}

enum err abi_read_u256(u256 *value, bytes tuple, size_t index) {
    const uint8_t *word = word_at(tuple, index);
    if (word == NULL) return ERR_INPUT;
    *value = u256_load_be(word);
    return ERR_OK;
}

enum err abi_read_hash(hash32 *value, bytes tuple, size_t index) {
    const uint8_t *word = word_at(tuple, index);
    if (word == NULL) return ERR_INPUT;
    memcpy(value->b, word, 32);
    return ERR_OK;
}

enum err abi_read_address(address *value, bytes tuple, size_t index) {
    const uint8_t *word = word_at(tuple, index);
    if (word == NULL || !is_zero(word, 12)) return ERR_INPUT;
    memcpy(value->b, word + 12, 20);
    return ERR_OK;
}

enum err abi_read_tail(bytes *tail, bytes tuple, size_t index) {
    uint64_t offset;
    enum err err = abi_read_u64(&offset, tuple, index);
    if (err != ERR_OK) return err;
    if (offset > tuple.size) return ERR_INPUT;
    *tail = (bytes){tuple.data + offset, tuple.size - (size_t)offset};
    return ERR_OK;
}

enum err abi_read_bytes(bytes *value, bytes tuple, size_t index) {
    bytes tail;
    uint64_t size;
    enum err err = abi_read_tail(&tail, tuple, index);
    if (err == ERR_OK) err = abi_read_u64(&size, tail, 0);
    if (err != ERR_OK) return err;
    if (size > tail.size - ABI_WORD) return ERR_INPUT;
    *value = (bytes){tail.data + ABI_WORD, (size_t)size};
    return ERR_OK;
}

enum err abi_read_array(size_t *count, bytes *elements, bytes tuple, size_t index) {
    bytes tail;
    uint64_t length;
    enum err err = abi_read_tail(&tail, tuple, index);
    if (err == ERR_OK) err = abi_read_u64(&length, tail, 0);
    if (err != ERR_OK) return err;
    if (length > (tail.size - ABI_WORD) / ABI_WORD) return ERR_INPUT;
    *count = (size_t)length;
    *elements = (bytes){tail.data + ABI_WORD, tail.size - ABI_WORD};
    return ERR_OK;
}
