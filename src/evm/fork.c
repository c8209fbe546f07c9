#include "evm/fork.h"

#include "core/check.h"

/* Chooses by fork: a up to the one before `fork`, then b. */
#define FROM(f, fork, a, b) ((f) >= FORK_##fork ? (b) : (a))

/* clang-format off: a table; every line is a rule, its changes, and where they stand. */
#define RULES(f)                                                                                 \
    {                                                                                            \
        .cold_account_gas = FROM(f, BERLIN, 0, 2600),   /* EIP-2929 */                           \
            .cold_slot_gas = FROM(f, BERLIN, 0, 2100),  /* EIP-2929 */                           \
            .warm_access_gas = FROM(f, BERLIN, 0, 100), /* EIP-2929 */                           \
            .sstore = SSTORE_RULE(f),                                                            \
        .sstore_noop_gas = FROM(                                                                 \
            f,                                                                                   \
            ISTANBUL,                                                                            \
            200, /* EIP-1283 */                                                                  \
            FROM(f, BERLIN, 800, 100)                                                            \
        ), /* EIP-2200, EIP-2929 */                                                              \
            .sstore_set_gas = 20000,                                                             \
        .sstore_reset_gas = FROM(f, BERLIN, 5000, 2900),                          /* EIP-2929 */ \
            .sstore_clear_refund = FROM(f, LONDON, 15000, 4800),                  /* EIP-3529 */ \
            .exp_byte_gas = FROM(f, SPURIOUS_DRAGON, 10, 50),                     /* EIP-160 */  \
            .selfdestruct_new_account_gas = FROM(f, TANGERINE_WHISTLE, 0, 25000), /* EIP-150 */  \
            .selfdestruct_refund = FROM(f, LONDON, 24000, 0),                     /* EIP-3529 */ \
            .selfdestruct_only_if_created = FROM(f, CANCUN, false, true),         /* EIP-6780 */ \
            .call_keeps_64th = FROM(f, TANGERINE_WHISTLE, false, true),           /* EIP-150 */  \
            .empty_is_absent = FROM(f, SPURIOUS_DRAGON, false, true),             /* EIP-161 */  \
            .contract_nonce = FROM(f, SPURIOUS_DRAGON, 0, 1),                     /* EIP-161 */  \
            .code_deposit_must_be_paid = FROM(f, HOMESTEAD, false, true),         /* EIP-2 */    \
            .code_size_max = FROM(                                                               \
                f,                                                                               \
                SPURIOUS_DRAGON, /* EIP-170 */                                                   \
                EVM_CODE_SIZE_UNLIMITED,                                                         \
                24576                                                                            \
            ),                                                                                   \
        .code_prefix_ef_refused = FROM(f, LONDON, false, true), /* EIP-3541 */                   \
            .initcode_size_max = FROM(                                                           \
                f,                                                                               \
                SHANGHAI, /* EIP-3860 */                                                         \
                EVM_CODE_SIZE_UNLIMITED,                                                         \
                49152                                                                            \
            ),                                                                                   \
        .initcode_word_gas = FROM(f, SHANGHAI, 0, 2),        /* EIP-3860 */                      \
            .has_delegations = FROM(f, PRAGUE, false, true), /* EIP-7702 */                      \
            .modexp_eip2565 = FROM(f, BERLIN, false, true),  /* EIP-2565 */                      \
            .modexp_eip7883 = FROM(f, OSAKA, false, true),   /* EIP-7883, EIP-7823 */            \
            .bn254_eip1108 = FROM(f, ISTANBUL, false, true), /* EIP-1108 */                      \
            .refund_quotient = FROM(f, LONDON, 2, 5),        /* EIP-3529 */                      \
    }

/* EIP-1283 came with Constantinople, was taken back with Petersburg (EIP-1716), and came again as
 * EIP-2200 with Istanbul. */
#define SSTORE_RULE(f)                       \
    ((f) == FORK_CONSTANTINOPLE ? SSTORE_NET \
                                : FROM(f, ISTANBUL, SSTORE_BY_VALUE, SSTORE_NET_STIPEND))
/* clang-format on */

static const struct evm_rules rules_of_fork[FORK_COUNT] = {
    [FORK_FRONTIER] = RULES(FORK_FRONTIER),
    [FORK_HOMESTEAD] = RULES(FORK_HOMESTEAD),
    [FORK_TANGERINE_WHISTLE] = RULES(FORK_TANGERINE_WHISTLE),
    [FORK_SPURIOUS_DRAGON] = RULES(FORK_SPURIOUS_DRAGON),
    [FORK_BYZANTIUM] = RULES(FORK_BYZANTIUM),
    [FORK_CONSTANTINOPLE] = RULES(FORK_CONSTANTINOPLE),
    [FORK_PETERSBURG] = RULES(FORK_PETERSBURG),
    [FORK_ISTANBUL] = RULES(FORK_ISTANBUL),
    [FORK_BERLIN] = RULES(FORK_BERLIN),
    [FORK_LONDON] = RULES(FORK_LONDON),
    [FORK_PARIS] = RULES(FORK_PARIS),
    [FORK_SHANGHAI] = RULES(FORK_SHANGHAI),
    [FORK_CANCUN] = RULES(FORK_CANCUN),
    [FORK_PRAGUE] = RULES(FORK_PRAGUE),
    [FORK_OSAKA] = RULES(FORK_OSAKA),
};

const struct evm_rules *evm_rules(enum fork fork) {
    CHECK(fork < FORK_COUNT);
    return &rules_of_fork[fork];
}

const char *fork_name(enum fork fork) {
    static const char *const names[FORK_COUNT] = {
        [FORK_FRONTIER] = "Frontier",
        [FORK_HOMESTEAD] = "Homestead",
        [FORK_TANGERINE_WHISTLE] = "Tangerine Whistle",
        [FORK_SPURIOUS_DRAGON] = "Spurious Dragon",
        [FORK_BYZANTIUM] = "Byzantium",
        [FORK_CONSTANTINOPLE] = "Constantinople",
        [FORK_PETERSBURG] = "Petersburg",
        [FORK_ISTANBUL] = "Istanbul",
        [FORK_BERLIN] = "Berlin",
        [FORK_LONDON] = "London",
        [FORK_PARIS] = "Paris",
        [FORK_SHANGHAI] = "Shanghai",
        [FORK_CANCUN] = "Cancun",
        [FORK_PRAGUE] = "Prague",
        [FORK_OSAKA] = "Osaka",
    };
    CHECK(fork < FORK_COUNT);
    return names[fork];
}
