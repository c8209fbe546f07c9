/* batch/words.h: files made of words, as docs/batch-files.md describes them: everything begins at
 * a multiple of 8 bytes, integers are little-endian, a string has its size before it and zeros
 * behind it up to the next word. So a program without an operating system reads such a file where
 * it lies. One content has one file: whatever is read encodes to the same bytes. */
#ifndef BATCH_WORDS_H
#define BATCH_WORDS_H

#include "core/arena.h"

/* Why a file is none. X(name, text) */
#define WORDS_FAULT_LIST(X)                                                  \
    X(NONE, "there is nothing wrong with it")                                \
    X(MAGIC, "it does not begin as such a file does")                        \
    X(VERSION, "it is of a version that is not known here")                  \
    X(SIZE, "it is shorter or longer than it says")                          \
    X(COUNT, "it has more items than there may be, or than it has room for") \
    X(PADDING, "what fills it up to whole words is not zero")                \
    X(ORDER, "its items are not in ascending order, each once")

enum words_fault {
#define WORDS_FAULT_ENUM(name, text) WORDS_##name,
    WORDS_FAULT_LIST(WORDS_FAULT_ENUM)
#undef WORDS_FAULT_ENUM
};

const char *words_fault_name(enum words_fault fault);
const char *words_fault_text(enum words_fault fault);

#define WORD 8u

/* A file's first word is its name and version, the second its size in bytes, both included. */
#define WORDS_HEADER_SIZE (2 * WORD)

/* Reading: a fault stays, and from then on all that is read is zero and empty. */
struct words {
    const uint8_t *at;
    size_t left;
    enum words_fault fault;
};

/* words_open reads the header of the file that input begins with; *rest is what comes behind the
 * file. name has 7 characters. */
struct words words_open(bytes input, const char *name, uint8_t version, bytes *rest);

uint64_t words_read(struct words *words);

/* How many items follow, of at least item_size bytes each and no more than max. */
size_t words_read_count(struct words *words, size_t item_size, size_t max);

/* So many bytes, and the zeros behind them; a view. */
bytes words_read_bytes(struct words *words, size_t size);

/* A string: its size, then as words_read_bytes. */
bytes words_read_string(struct words *words);

/* After the last item: nothing may be left. */
enum words_fault words_close(struct words *words);

/* What a string of that size takes, its own size included. */
size_t words_string_size(size_t size);

/* Writing into memory that is large enough: at moves on. */
struct words_writer {
    uint8_t *at;
};

void words_write_header(
    struct words_writer *w, const char *name, uint8_t version, uint64_t file_size
);
void words_write(struct words_writer *w, uint64_t value);
void words_write_bytes(struct words_writer *w, bytes data);
void words_write_string(struct words_writer *w, bytes data);

#endif
