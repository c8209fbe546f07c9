/* Any code over a small world, run in every way that must not matter: with all there is in the
 * journal before or asked for one by one, in programs of blocks or of single steps, in one machine
 * or in a chain of copies, with and without a cache of codes. */
#include "evm/test_toy_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GAS_MAX = 200000, ARENA_MAX = 1 << 26 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arenas[3];
    static bool is_open;
    if (!is_open) {
        for (int i = 0; i < 3; i++)
            arena_open(&arenas[i], ARENA_MAX);
        is_open = true;
    }
    if (size < 4) return 0;
    enum fork fork = (enum fork)(data[0] % FORK_COUNT);
    uint64_t gas = (uint64_t)data[1] * data[1] * 3 % GAS_MAX + data[2];
    size_t cut = (size_t)data[3] * (size - 4) / 256;
    bytes first = bytes_of(data + 4, cut);
    bytes second = bytes_of(data + 4 + cut, size - 4 - cut);
    struct toy_world world = {
        .accounts =
            {
                {.who = toy_address(1), .code = first, .balance = {{1000000, 0, 0, 0}}, .nonce = 1},
                {.who = toy_address(2), .code = second, .nonce = 1, .slots = {{{1, 2, 3, 4}}}},
                {.who = toy_address(3), .balance = {{UINT64_MAX, 1, 0, 0}}},
            },
        .count = 3,
    };
    const struct evm_message message = {
        .kind = data[2] % 16 == 15 ? EVM_CREATE : EVM_CALL,
        .gas = gas,
        .recipient = toy_address(1),
        .sender = toy_address(3),
        .code_address = toy_address(1),
        .input = second,
    };
    world.accounts[2].nonce = 1;
    struct toy_outcome plain = toy_run(&world, fork, &message, toy_mode_of(0), arenas);
    for (unsigned number = 1; number < TOY_MODES; number++) {
        struct toy_outcome other = toy_run(&world, fork, &message, toy_mode_of(number), arenas);
        CHECK(toy_equal(&plain, &other));
    }
    return 0;
}
