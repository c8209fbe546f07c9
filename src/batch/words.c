#include "batch/words.h"

#define NAME_SIZE 7

const char *words_fault_name(enum words_fault fault) {
    switch (fault) {
#define WORDS_FAULT_NAME(name, text) \
    case WORDS_##name:               \
        return #name;
        WORDS_FAULT_LIST(WORDS_FAULT_NAME)
#undef WORDS_FAULT_NAME
    }
    return "UNKNOWN";
}

const char *words_fault_text(enum words_fault fault) {
    switch (fault) {
#define WORDS_FAULT_TEXT(name, text) \
    case WORDS_##name:               \
        return text;
        WORDS_FAULT_LIST(WORDS_FAULT_TEXT)
#undef WORDS_FAULT_TEXT
    }
    return "unknown fault";
}

static size_t padding_of(size_t size) {
    return (WORD - size % WORD) % WORD;
}

static void fail(struct words *words, enum words_fault fault) {
    if (words->fault == WORDS_NONE) words->fault = fault;
    words->left = 0;
}

struct words words_open(bytes input, const char *name, uint8_t version, bytes *rest) {
    struct words words = {.at = input.data, .left = input.size};
    *rest = BYTES_EMPTY;
    if (input.size < WORDS_HEADER_SIZE)
        fail(&words, WORDS_SIZE);
    else if (memcmp(input.data, name, NAME_SIZE) != 0)
        fail(&words, WORDS_MAGIC);
    else if (input.data[NAME_SIZE] != version)
        fail(&words, WORDS_VERSION);
    if (words.fault != WORDS_NONE) return words;
    const uint64_t size = load_le64(input.data + WORD);
    if (size < WORDS_HEADER_SIZE || size > input.size || size % WORD != 0) {
        fail(&words, WORDS_SIZE);
        return words;
    }
    *rest = bytes_slice(input, (size_t)size, SIZE_MAX);
    words.at += WORDS_HEADER_SIZE;
    words.left = (size_t)size - WORDS_HEADER_SIZE;
    return words;
}

uint64_t words_read(struct words *words) {
    if (words->left < WORD) {
        fail(words, WORDS_SIZE);
        return 0;
    }
    const uint64_t value = load_le64(words->at);
    words->at += WORD;
    words->left -= WORD;
    return value;
}

size_t words_read_count(struct words *words, size_t item_size, size_t max) {
    const uint64_t count = words_read(words);
    if (words->fault == WORDS_NONE && count <= max && count <= words->left / item_size)
        return (size_t)count;
    fail(words, WORDS_COUNT);
    return 0;
}

bytes words_read_bytes(struct words *words, size_t size) {
    const size_t padding = padding_of(size);
    if (words->fault != WORDS_NONE) return BYTES_EMPTY;
    if (size > words->left || padding > words->left - size) {
        fail(words, WORDS_SIZE);
        return BYTES_EMPTY;
    }
    const bytes data = bytes_of(words->at, size);
    for (size_t i = 0; i < padding; i++) {
        if (words->at[size + i] == 0) continue;
        fail(words, WORDS_PADDING);
        return BYTES_EMPTY;
    }
    words->at += size + padding;
    words->left -= size + padding;
    return data;
}

bytes words_read_string(struct words *words) {
    const uint64_t size = words_read(words);
    if (size > words->left) fail(words, WORDS_SIZE);
    return words->fault == WORDS_NONE ? words_read_bytes(words, (size_t)size) : BYTES_EMPTY;
}

enum words_fault words_close(struct words *words) {
    if (words->left > 0) fail(words, WORDS_SIZE);
    return words->fault;
}

size_t words_string_size(size_t size) {
    return WORD + size + padding_of(size);
}

void words_write_header(
    struct words_writer *w, const char *name, uint8_t version, uint64_t file_size
) {
    memcpy(w->at, name, NAME_SIZE);
    w->at[NAME_SIZE] = version;
    w->at += WORD;
    words_write(w, file_size);
}

void words_write(struct words_writer *w, uint64_t value) {
    store_le64(w->at, value);
    w->at += WORD;
}

void words_write_bytes(struct words_writer *w, bytes data) {
    const size_t padding = padding_of(data.size);
    if (data.size > 0) memcpy(w->at, data.data, data.size);
    memset(w->at + data.size, 0, padding);
    w->at += data.size + padding;
}

void words_write_string(struct words_writer *w, bytes data) {
    words_write(w, data.size);
    words_write_bytes(w, data);
}
