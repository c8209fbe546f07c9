/* Fuzzes the hashes that have twins: what special instructions, vector registers or libraries
 * compute must be what portable C computes, for any cut of the input. */
#include "core/check.h"
#include "crypto/blake2f_private.h"
#include "crypto/keccak.h"
#include "crypto/sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTS_MAX = 11 };

/* Many at once against one by one, and one in pieces. */
static void fuzz_keccak(bytes input, size_t step) {
    bytes parts[PARTS_MAX];
    hash32 hashes[PARTS_MAX];
    size_t count = 0;
    for (; count < PARTS_MAX; count++)
        parts[count] = bytes_slice(input, count * step / 2, step);
    keccak256_many(hashes, parts, count);
    for (size_t i = 0; i < count; i++) {
        hash32 alone = keccak256(parts[i]);
        CHECK(hash32_equal(&alone, &hashes[i]));
    }
    struct keccak keccak;
    keccak_init(&keccak);
    for (size_t at = 0; at < input.size; at += step)
        keccak_update(&keccak, bytes_slice(input, at, step));
    hash32 whole = keccak256(input);
    hash32 pieces = keccak_final(&keccak);
    CHECK(hash32_equal(&whole, &pieces));
}

static void fuzz_blake2f(bytes input) {
    uint64_t words[8 + 16 + 2] = {0};
    uint64_t h[8];
    size_t size = input.size < sizeof words ? input.size : sizeof words;
    if (size > 0) memcpy(words, input.data, size);
    uint32_t rounds = (uint32_t)(input.size % 61);
    memcpy(h, words, sizeof h);
    blake2f(h, words + 8, words + 24, words[0] & 1, rounds);
    blake2f_portable(words, words + 8, words + 24, words[0] & 1, rounds);
    CHECK(memcmp(h, words, sizeof h) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    bytes input = bytes_of(data + 1, size - 1);
    hash32 a = sha256(input);
    hash32 b = sha256_portable(input);
    CHECK(hash32_equal(&a, &b));
    fuzz_keccak(input, (size_t)data[0] + 1);
    fuzz_blake2f(input);
    return 0;
}
