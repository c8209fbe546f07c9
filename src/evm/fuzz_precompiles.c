/* Fuzzes the precompiles as the machine calls them. The input is a fork, a precompile's number (two
 * bytes), what is done to the input, and the input itself. What a call costs must not depend on the
 * gas it has: with exactly that much it goes the same way, with one less it is out of gas. */
#include "core/check.h"
#include "evm/evm_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_SIZE = 3, INPUT_SIZE_MAX = 2048 };

/* Enough for all but the largest modular powers and BLAKE2 rounds, which take too long here. */
#define GAS ((uint64_t)400000)

static struct evm_precompile_result
run(struct arena *arena, enum fork fork, const address *who, bytes input, uint64_t gas) {
    struct evm_precompile_result result;
    CHECK(evm_precompile_run(&result, arena, fork, who, input, gas) == ERR_OK);
    CHECK(!result.is_unsupported && result.gas_left <= gas);
    CHECK(!result.is_out_of_gas || !result.is_success);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t input_bytes[INPUT_SIZE_MAX];
    if (size < HEADER_SIZE || size - HEADER_SIZE > INPUT_SIZE_MAX) return 0;
    enum fork fork = (enum fork)(data[0] % FORK_COUNT);
    address who = {.b = {[18] = data[1], [19] = data[2]}};
    bytes input = bytes_of(input_bytes, size - HEADER_SIZE);
    if (input.size > 0) memcpy(input_bytes, data + HEADER_SIZE, input.size);
    if (!evm_is_precompile(fork, &who)) return 0;
    struct arena arena;
    arena_open(&arena, 64 << 20);
    struct evm_precompile_result first = run(&arena, fork, &who, input, GAS);
    if (first.is_success) {
        uint64_t cost = GAS - first.gas_left;
        struct evm_precompile_result exact = run(&arena, fork, &who, input, cost);
        CHECK(exact.is_success && exact.gas_left == 0);
        CHECK(bytes_equal(exact.output, first.output));
        if (cost > 0) CHECK(run(&arena, fork, &who, input, cost - 1).is_out_of_gas);
        /* Precompiles stay what they are in later forks, but for prices and modexp's bounds. */
        struct evm_precompile_result last = run(&arena, FORK_COUNT - 1, &who, input, UINT64_MAX);
        CHECK(!last.is_success || bytes_equal(last.output, first.output));
        CHECK(last.is_success || data[2] == 5);
    }
    arena_close(&arena);
    return 0;
}
