/* evm/fork.h: the forks of Ethereum's execution rules, and what each changed for the machine, as
 * one table (fork.c). Opcodes and their base prices per fork are in opcodes.def, precompiles in
 * precompiles.c; whatever else depends on the fork is a field here.
 *
 * Forks that changed nothing for the machine (Muir Glacier, Arrow Glacier, Gray Glacier, DAO) have
 * no value of their own. */
#ifndef EVM_FORK_H
#define EVM_FORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fork {
    FORK_FRONTIER,
    FORK_HOMESTEAD,
    FORK_TANGERINE_WHISTLE, /* EIP-608 */
    FORK_SPURIOUS_DRAGON,   /* EIP-607 */
    FORK_BYZANTIUM,         /* EIP-609 */
    FORK_CONSTANTINOPLE,    /* EIP-1013 */
    FORK_PETERSBURG,        /* EIP-1716 */
    FORK_ISTANBUL,          /* EIP-1679 */
    FORK_BERLIN,
    FORK_LONDON,
    FORK_PARIS,
    FORK_SHANGHAI,
    FORK_CANCUN, /* EIP-7569 */
    FORK_PRAGUE, /* EIP-7600 */
    FORK_OSAKA,  /* EIP-7607 */
    FORK_COUNT
};

/* How SSTORE is priced and refunded. */
enum sstore_rule {
    SSTORE_BY_VALUE,    /* Yellow Paper: 20,000 from zero to not zero, else 5,000 */
    SSTORE_NET,         /* EIP-1283: net of the value at the transaction's start (Constantinople) */
    SSTORE_NET_STIPEND, /* EIP-2200: the same, and refused at 2,300 gas or less */
};

#define EVM_CODE_SIZE_UNLIMITED UINT32_MAX

struct evm_rules {
    /* Account and slot access. Before EIP-2929 the base price in opcodes.def is everything, and
     * these are 0. */
    uint32_t cold_account_gas; /* in all, of which warm_access_gas is in the base price */
    uint32_t cold_slot_gas;
    uint32_t warm_access_gas;

    enum sstore_rule sstore;
    uint32_t sstore_noop_gas;     /* net rules: nothing changes, or the slot is dirty already */
    uint32_t sstore_set_gas;      /* from zero */
    uint32_t sstore_reset_gas;    /* any other first change */
    uint32_t sstore_clear_refund; /* EIP-3529 lowered it to 4,800 */

    uint32_t exp_byte_gas; /* EIP-160 */

    uint32_t selfdestruct_new_account_gas; /* EIP-150 */
    uint32_t selfdestruct_refund;          /* removed by EIP-3529 */
    bool selfdestruct_only_if_created;     /* EIP-6780 */

    bool call_keeps_64th;    /* EIP-150: at most all but one 64th is forwarded */
    bool empty_is_absent;    /* EIP-161: touched empty accounts go; only value makes new ones */
    uint64_t contract_nonce; /* nonce of a new contract: 1 since EIP-161 */
    bool code_deposit_must_be_paid; /* EIP-2; before, an unpaid code was left out */
    uint32_t code_size_max;         /* EIP-170 */
    bool code_prefix_ef_refused;    /* EIP-3541 */
    uint32_t initcode_size_max;     /* EIP-3860 */
    uint32_t initcode_word_gas;     /* EIP-3860 */
    bool has_delegations;           /* EIP-7702 */
    bool modexp_eip2565;            /* EIP-2565 prices */
    bool modexp_eip7883;            /* EIP-7883 prices and EIP-7823 bounds */
    bool bn254_eip1108;             /* EIP-1108 prices */

    uint32_t refund_quotient; /* at most gas_used / this is refunded (EIP-3529); chain applies it */
};

/* The rules of a fork; static storage. fork < FORK_COUNT is CHECKed. */
const struct evm_rules *evm_rules(enum fork fork);

/* The field's name for the fork ("Tangerine Whistle"); static storage. */
const char *fork_name(enum fork fork);

#endif
