#include "rpc/revert_reason.h"

#include <stdio.h>

#define REVERT_TEXT_SIZE_MAX 512

const char *revert_reason_panic_text(const u256 *code) {
    if (!u256_fits_u64(code)) return NULL;
    switch (code->w[0]) {
    case 0x00:
        return "generic panic";
    case 0x01:
        return "assert(false)";
    case 0x11:
        return "arithmetic underflow or overflow";
    case 0x12:
        return "division or modulo by zero";
    case 0x21:
        return "enum overflow";
    case 0x22:
        return "invalid encoded storage byte array accessed";
    case 0x31:
        return "out-of-bounds array access; popping on an empty array";
    case 0x32:
        return "out-of-bounds access of an array or bytesN";
    case 0x41:
        return "out of memory";
    case 0x51:
        return "uninitialized function";
    default:
        return NULL;
    }
}

bool revert_reason_error(bytes *text, bytes output) {
    static const uint8_t selector[4] = {0x08, 0xc3, 0x79, 0xa0};
    if (output.size < 4 + 64 || memcmp(output.data, selector, 4) != 0) return false;
    u256 offset = u256_load_be(output.data + 4);
    if (!u256_fits_u64(&offset) || offset.w[0] > output.size - 4 - 32) return false;
    size_t start = 4 + (size_t)offset.w[0];
    u256 size = u256_load_be(output.data + start);
    if (!u256_fits_u64(&size) || size.w[0] > output.size - start - 32) return false;
    *text = bytes_of(output.data + start + 32, (size_t)size.w[0]);
    return true;
}

bool revert_reason_panic(u256 *code, bytes output) {
    static const uint8_t selector[4] = {0x4e, 0x48, 0x7b, 0x71};
    if (output.size != 4 + 32 || memcmp(output.data, selector, 4) != 0) return false;
    *code = u256_load_be(output.data + 4);
    return true;
}

const char *revert_reason_message(struct arena *arena, bytes output, const char *known) {
    bytes text = known == NULL ? BYTES_EMPTY : bytes_of(known, strlen(known));
    u256 code;
    char unknown[U256_DECIMAL_SIZE_MAX + 24];
    if (revert_reason_error(&text, output)) {
        if (text.size > REVERT_TEXT_SIZE_MAX) text.size = REVERT_TEXT_SIZE_MAX;
    } else if (known == NULL && revert_reason_panic(&code, output)) {
        const char *name = revert_reason_panic_text(&code);
        if (name == NULL) {
            char digits[U256_DECIMAL_SIZE_MAX];
            (void)u256_to_decimal(digits, &code);
            (void)snprintf(unknown, sizeof(unknown), "unknown panic code %s", digits);
            name = unknown;
        }
        text = bytes_of(name, strlen(name));
    } else if (known == NULL) {
        return "execution reverted";
    }
    static const char prefix[] = "execution reverted: ";
    char *made = arena_alloc(arena, sizeof(prefix) + text.size);
    if (made == NULL) return NULL;
    memcpy(made, prefix, sizeof(prefix) - 1);
    if (text.size > 0) memcpy(made + sizeof(prefix) - 1, text.data, text.size);
    made[sizeof(prefix) - 1 + text.size] = 0;
    return made;
}
