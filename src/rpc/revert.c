#include "rpc/revert.h"

#include "batch/abi.h"
#include "core/u256.h"
#include "rpc/abi_text.h"

#include <inttypes.h>
#include <stdlib.h>

static const uint8_t error_selector[4] = {0x08, 0xc3, 0x79, 0xa0}; /* Error(string) */
static const uint8_t panic_selector[4] = {0x4e, 0x48, 0x7b, 0x71}; /* Panic(uint256) */

/* Solidity documentation, "Panic via assert and Error via require". */
static const char *panic_text(uint64_t code) {
    switch (code) {
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
        return "pop on an empty array";
    case 0x32:
        return "out-of-bounds access of an array";
    case 0x41:
        return "out of memory";
    case 0x51:
        return "uninitialized function";
    default:
        return NULL;
    }
}

/* Error(string) and Panic(uint256); false if it is neither. */
static bool print_builtin(FILE *out, bytes data) {
    bytes arguments = bytes_slice(data, 4, data.size);
    bytes text;
    uint64_t code;
    if (memcmp(data.data, error_selector, 4) == 0 &&
        abi_read_bytes(&text, arguments, 0) == ERR_OK) {
        abi_print_text(out, bytes_slice(text, 0, 200));
        return true;
    }
    if (memcmp(data.data, panic_selector, 4) != 0 || abi_read_u64(&code, arguments, 0) != ERR_OK)
        return false;
    const char *name = panic_text(code);
    if (name != NULL)
        (void)fprintf(out, "panic: %s", name);
    else
        (void)fprintf(out, "panic 0x%" PRIx64, code);
    return true;
}

void revert_print(FILE *out, const struct names *names, bytes data) {
    if (data.size < 4) {
        (void)fputs("no reason given", out);
        return;
    }
    if (print_builtin(out, data)) return;
    const char *signature = names_error(names, data.data);
    const char *parameters = signature != NULL ? strchr(signature, '(') : NULL;
    if (parameters == NULL) {
        abi_print_hex(out, data, false);
        return;
    }
    (void)fprintf(out, "%.*s(", (int)(parameters - signature), signature);
    bytes arguments = bytes_slice(data, 4, data.size);
    const struct abi_style style = {.is_full = false};
    if (!abi_print_values(out, signature, ABI_INPUTS, arguments, &style))
        abi_print_hex(out, arguments, false);
    (void)fputc(')', out);
}

/* What revert_print writes, behind a prefix. */
static enum err print_to_arena(
    const char **text,
    struct arena *arena,
    const char *prefix,
    const struct names *names,
    bytes data
) {
    char *buffer = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&buffer, &size);
    if (out == NULL) return ERR_MEMORY;
    (void)fputs(prefix, out);
    if (data.data != NULL) revert_print(out, names, data);
    enum err err = fclose(out) == 0 ? ERR_OK : ERR_MEMORY;
    bytes copy;
    /* The stream ends with a zero that it does not count. */
    if (err == ERR_OK) err = arena_copy(arena, &copy, bytes_of(buffer, size + 1));
    free(buffer);
    if (err == ERR_OK) *text = (const char *)copy.data;
    return err;
}

static bool is_builtin(bytes data) {
    return memcmp(data.data, error_selector, 4) == 0 || memcmp(data.data, panic_selector, 4) == 0;
}

enum err
revert_known_text(const char **text, struct arena *arena, const struct names *names, bytes data) {
    *text = NULL;
    if (data.size < 4 || is_builtin(data) || names_error(names, data.data) == NULL) return ERR_OK;
    return print_to_arena(text, arena, "", names, data);
}

enum err
revert_text(const char **text, struct arena *arena, const struct names *names, bytes data) {
    if (data.size < 4 || (!is_builtin(data) && names_error(names, data.data) == NULL))
        return print_to_arena(text, arena, "execution reverted", names, BYTES_EMPTY);
    return print_to_arena(text, arena, "execution reverted: ", names, data);
}
