/* Fuzzes the portable modular power with GMP as the twin. The first three bytes say how the rest is
 * divided among base, exponent and modulus. */
#include "core/check.h"
#include "crypto/modexp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 3) return 0;
    bytes rest = bytes_of(data + 3, size - 3);
    bytes base = bytes_slice(rest, 0, data[0]);
    bytes exponent = bytes_slice(rest, base.size, data[1] % 64);
    bytes modulus = bytes_slice(rest, base.size + exponent.size, data[2]);
    struct arena arena;
    arena_open(&arena, 1 << 20);
    uint8_t got[256] = {0x5a};
    uint8_t want[256] = {0x5a};
    CHECK(modexp(want, &arena, base, exponent, modulus) == ERR_OK);
    CHECK(modexp_portable(got, &arena, base, exponent, modulus) == ERR_OK);
    CHECK(memcmp(got, want, sizeof got) == 0);
    arena_close(&arena);
    return 0;
}
