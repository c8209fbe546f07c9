/* core/hex.h: hexadecimal text. "DATA" and "QUANTITY" are the two forms of the execution-apis
 * specification: DATA has two digits a byte, QUANTITY no leading zeros; both begin with 0x. */
#ifndef CORE_HEX_H
#define CORE_HEX_H

#include "core/arena.h"
#include "core/u256.h"

/* hex_encode writes 2 * b.size lower-case digits, no prefix, no terminator. */
void hex_encode(char *out, bytes b);

/* hex_decode_exact reads exactly size bytes from text ("0x" prefix optional, upper and lower case).
 * ERR_INPUT if the length or a digit is wrong. */
MUST_USE enum err hex_decode_exact(uint8_t *out, size_t size, const char *text, size_t text_size);

/* hex_decode reads DATA of any even length into the arena ("0x" optional). ERR_INPUT,
 * ERR_MEMORY. */
MUST_USE enum err hex_decode(bytes *out, struct arena *arena, const char *text, size_t text_size);

/* hex_decode_quantity reads a number, "0x" required, 1 to 64 digits; leading zeros are accepted
 * only if lenient (fixtures have them, RPC forbids them). */
MUST_USE enum err
hex_decode_quantity(u256 *out, const char *text, size_t text_size, bool is_lenient);

#define HEX_QUANTITY_SIZE_MAX 66

/* hex_encode_quantity writes 0x and the shortest digits, no terminator; returns the size
 * written. */
size_t hex_encode_quantity(char out[HEX_QUANTITY_SIZE_MAX], const u256 *value);

#endif
