/* batch/abi.h: the part of the Solidity ABI that the protocol's types need: static words, dynamic
 * bytes, arrays and nested tuples (Solidity documentation, "Contract ABI Specification").
 *
 * Writing is head by head: a tuple's dynamic members are announced with abi_write_offset and filled
 * in by abi_begin_tail. Reading is bounds-checked and strict about padding of words, but does not
 * ask for the canonical order of tails: who needs that encodes again and compares. */
#ifndef BATCH_ABI_H
#define BATCH_ABI_H

#include "core/arena.h"
#include "core/u256.h"

#define ABI_WORD 32

struct abi_writer {
    struct arena *arena;
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed; /* an allocation failed; sticks until abi_finish */
};

void abi_writer_open(struct abi_writer *w, struct arena *arena);
void abi_write_raw(struct abi_writer *w, bytes raw);
/* The selector of a function, from its signature: what calldata begins with. Its arguments are a
 * tuple that starts behind it, at ABI_SELECTOR. */
#define ABI_SELECTOR 4
/* keccak256 of a signature: an event's topic; its first bytes are a function's or error's selector.
 * */
hash32 abi_signature_hash(const char *signature);
/* Whether data is the calldata of this function, or the revert data of this error. */
bool abi_has_selector(bytes data, const char *signature);
void abi_write_selector(struct abi_writer *w, const char *signature);
void abi_write_u64(struct abi_writer *w, uint64_t value);
void abi_write_bool(struct abi_writer *w, bool value);
void abi_write_u256(struct abi_writer *w, const u256 *value);
void abi_write_hash(struct abi_writer *w, const hash32 *value);
void abi_write_address(struct abi_writer *w, const address *value);

/* Reserves the word of an offset and returns where it lies, for abi_begin_tail. */
size_t abi_write_offset(struct abi_writer *w);

/* The tail of the member announced at offset_word begins here; tuple_start is where the tuple (or
 * the array's first element) that holds the member begins. */
void abi_begin_tail(struct abi_writer *w, size_t offset_word, size_t tuple_start);

/* Length word, data, zero padding to a whole word. */
void abi_write_bytes(struct abi_writer *w, bytes value);

/* The whole encoding, borrowed from the arena; ERR_MEMORY. */
MUST_USE enum err abi_finish(struct abi_writer *w, bytes *encoded);

/* Readers. `tuple` is the encoding from the start of the tuple that holds the member to the end of
 * the input; `index` counts head words. ERR_INPUT: outside the input, or not a value of that
 * type. */
MUST_USE enum err abi_read_u64(uint64_t *value, bytes tuple, size_t index);
MUST_USE enum err abi_read_bool(bool *value, bytes tuple, size_t index);
MUST_USE enum err abi_read_u256(u256 *value, bytes tuple, size_t index);
MUST_USE enum err abi_read_hash(hash32 *value, bytes tuple, size_t index);
MUST_USE enum err abi_read_address(address *value, bytes tuple, size_t index);
/* The tail of a dynamic member, up to the end of the input. */
MUST_USE enum err abi_read_tail(bytes *tail, bytes tuple, size_t index);
/* A dynamic member of type bytes; a view into the input. */
MUST_USE enum err abi_read_bytes(bytes *value, bytes tuple, size_t index);
/* A dynamic array: its length, and the encoding from its first element on. A length that could not
 * fit (each element takes at least one word) is refused, so that callers may allocate by it. */
MUST_USE enum err abi_read_array(size_t *count, bytes *elements, bytes tuple, size_t index);

#endif
