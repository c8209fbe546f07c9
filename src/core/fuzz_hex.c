/* Fuzzes the readers of hexadecimal text: what is accepted must be written again as the same text,
 * but for the case of letters, the prefix and leading zeros. */
#include "core/check.h"
#include "core/hex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char lower(char c) {
    return c >= 'A' && c <= 'F' ? (char)(c + 32) : c;
}

static void check_data(struct arena *arena, const char *text, size_t size) {
    bytes b;
    if (hex_decode(&b, arena, text, size) != ERR_OK) return;
    uint8_t *again = arena_alloc(arena, b.size);
    char *out = arena_alloc(arena, 2 * b.size);
    CHECK(again != NULL && out != NULL);
    CHECK(hex_decode_exact(again, b.size, text, size) == ERR_OK);
    CHECK(bytes_equal(b, bytes_of(again, b.size)));
    CHECK(hex_decode_exact(again, b.size + 1, text, size) == ERR_INPUT);
    hex_encode(out, b);
    const char *digits = text + size - 2 * b.size;
    for (size_t i = 0; i < 2 * b.size; i++)
        CHECK(out[i] == lower(digits[i]));
}

static void check_quantity(const char *text, size_t size) {
    u256 strict;
    u256 lenient;
    bool is_strict = hex_decode_quantity(&strict, text, size, false) == ERR_OK;
    bool is_lenient = hex_decode_quantity(&lenient, text, size, true) == ERR_OK;
    CHECK(is_lenient || !is_strict);
    if (!is_strict) return;
    CHECK(u256_equal(&strict, &lenient));
    char out[HEX_QUANTITY_SIZE_MAX];
    CHECK(hex_encode_quantity(out, &strict) == size);
    for (size_t i = 2; i < size; i++)
        CHECK(out[i] == lower(text[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, 16 << 20);
    check_data(&arena, (const char *)data, size);
    check_quantity((const char *)data, size);
    arena_close(&arena);
    return 0;
}
