/* Fuzzes tx_decode: whatever decodes must encode to the same bytes, and no rule may fail on it. */
#include "chain/tx.h"

#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, 16 << 20);
    struct tx tx;
    enum tx_verdict verdict;
    if (tx_decode(&tx, &verdict, &arena, bytes_of(data, size)) == ERR_OK && verdict == TX_OK) {
        bytes encoding;
        CHECK(tx_encode(&encoding, &arena, &tx) == ERR_OK);
        CHECK(bytes_equal(encoding, bytes_of(data, size)));
        struct fork_schedule schedule;
        for (int fork = 0; fork < FORK_COUNT; fork++) {
            forks_development(&schedule, 1, (enum fork)fork);
            struct fork_rules rules = forks_at(&schedule, 1, 1);
            (void)tx_check(&tx, &rules);
        }
        address authority;
        for (size_t i = 0; i < tx.authorization_count && i < 2; i++)
            (void)tx_authority(&authority, &tx.authorization_list[i], 1);
    }
    arena_close(&arena);
    return 0;
}
