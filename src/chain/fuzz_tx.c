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
            CHECK(tx.type != TX_CONDITIONAL || tx_check(&tx, &rules) == TX_CONDITIONAL_NOT_ALLOWED);
            rules.has_conditional = true;
            (void)tx_check(&tx, &rules);
        }
        const uint64_t numbers[] = {0, tx.first_block, tx.last_block, UINT64_MAX};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            u256 tip;
            const u256 fee = tx_priority_fee_at(&tx, numbers[i]);
            CHECK(!u256_less(&tx.max_priority_fee_per_gas, &fee));
            bool pays = tx_tip_at(&tip, &tx, &U256_ONE, numbers[i]);
            CHECK(!pays || !u256_less(&fee, &tip));
            (void)tx_check_window(&tx, numbers[i]);
        }
        address authority;
        for (size_t i = 0; i < tx.authorization_count && i < 2; i++)
            (void)tx_authority(&authority, &tx.authorization_list[i], 1);
    }
    arena_close(&arena);
    return 0;
}
