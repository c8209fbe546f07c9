#include "core/hex.h"

static const char DIGITS[16] = {
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

/* The value of a digit, or 0x100 for what is none: or-ing values finds any bad digit at the end. */
static unsigned digit_value(char c) {
    unsigned decimal = (unsigned)(unsigned char)c - '0';
    if (decimal < 10) return decimal;
    unsigned letter = ((unsigned)(unsigned char)c | 0x20) - 'a';
    return letter < 6 ? letter + 10 : 0x100;
}

static bool has_prefix(const char *text, size_t size) {
    return size >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

void hex_encode(char *out, bytes b) {
    for (size_t i = 0; i < b.size; i++) {
        out[2 * i] = DIGITS[b.data[i] >> 4];
        out[2 * i + 1] = DIGITS[b.data[i] & 15];
    }
}

/* Whether all of 2 * size digits are good; out is written only then, so that errors leave it. */
static bool decode_digits(uint8_t *out, size_t size, const char *digits) {
    unsigned bad = 0;
    for (size_t i = 0; i < 2 * size; i++)
        bad |= digit_value(digits[i]);
    if (bad > 15) return false;
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(digit_value(digits[2 * i]) << 4 | digit_value(digits[2 * i + 1]));
    }
    return true;
}

enum err hex_decode_exact(uint8_t *out, size_t size, const char *text, size_t text_size) {
    if (has_prefix(text, text_size)) {
        text += 2;
        text_size -= 2;
    }
    if (text_size % 2 != 0 || text_size / 2 != size) return ERR_INPUT;
    return decode_digits(out, size, text) ? ERR_OK : ERR_INPUT;
}

enum err hex_decode(bytes *out, struct arena *arena, const char *text, size_t text_size) {
    if (has_prefix(text, text_size)) {
        text += 2;
        text_size -= 2;
    }
    if (text_size % 2 != 0) return ERR_INPUT;
    if (text_size == 0) {
        *out = BYTES_EMPTY;
        return ERR_OK;
    }
    struct arena_mark mark = arena_mark(arena);
    uint8_t *data = arena_alloc(arena, text_size / 2);
    if (data == NULL) return ERR_MEMORY;
    if (!decode_digits(data, text_size / 2, text)) {
        arena_release(arena, mark);
        return ERR_INPUT;
    }
    *out = (bytes){data, text_size / 2};
    return ERR_OK;
}

enum err hex_decode_quantity(u256 *out, const char *text, size_t text_size, bool is_lenient) {
    if (!has_prefix(text, text_size)) return ERR_INPUT;
    const char *digits = text + 2;
    size_t count = text_size - 2;
    if (count == 0 || count > 64) return ERR_INPUT;
    if (!is_lenient && count > 1 && digits[0] == '0') return ERR_INPUT;
    u256 value = U256_ZERO;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = digit_value(digits[i]);
        if (digit > 15) return ERR_INPUT;
        size_t place = count - 1 - i;
        value.w[place / 16] |= (uint64_t)digit << (place % 16 * 4);
    }
    *out = value;
    return ERR_OK;
}

size_t hex_encode_quantity(char out[HEX_QUANTITY_SIZE_MAX], const u256 *value) {
    size_t count = (u256_bit_size(value) + 3) / 4;
    if (count == 0) count = 1;
    out[0] = '0';
    out[1] = 'x';
    for (size_t place = 0; place < count; place++) {
        out[1 + count - place] = DIGITS[value->w[place / 16] >> (place % 16 * 4) & 15];
    }
    return 2 + count;
}
