/* chain/genesis.h (hosted): the first block and its state, from a description.
 *
 * Two sources: geth's genesis.json ("config", "alloc", header fields), and our own list of accounts
 * with a schedule, as the development network makes it. */
#ifndef CHAIN_GENESIS_H
#define CHAIN_GENESIS_H

#include "chain/forks.h"
#include "chain/header.h"
#include "core/arena.h"
#include "state/state.h"

struct genesis_slot {
    u256 key;
    u256 value;
};

struct genesis_account {
    address address;
    u256 balance;
    uint64_t nonce;
    bytes code;
    const struct genesis_slot *slots;
    size_t slot_count;
};

struct genesis {
    struct fork_schedule schedule;
    struct header header; /* all but state_root, until genesis_commit */
    const struct genesis_account *accounts;
    size_t account_count;
};

/* genesis_from_json reads geth's format.
 *
 * Out:     genesis  views lie in the arena.
 *          reason   on ERR_INPUT what is wrong, static storage.
 * Returns: ERR_INPUT, ERR_MEMORY. */
MUST_USE enum err genesis_from_json(
    struct genesis *genesis,
    const char **reason,
    struct arena *arena,
    const char *text,
    size_t text_size
);

/* genesis_from_accounts makes a header for the schedule (base fee 1 gwei from London on). The
 * accounts are borrowed. */
void genesis_from_accounts(
    struct genesis *genesis,
    const struct fork_schedule *schedule,
    const struct genesis_account *accounts,
    size_t account_count,
    uint64_t gas_limit,
    uint64_t timestamp
);

/* The system contracts that the forks of a schedule expect at their addresses (EIP-4788, 2935,
 * 7002, 7251), as accounts with code; a development genesis puts them in. *count is at most
 * GENESIS_SYSTEM_ACCOUNT_MAX; the codes lie in the arena. ERR_MEMORY. */
#define GENESIS_SYSTEM_ACCOUNT_MAX 4
MUST_USE enum err genesis_system_accounts(
    struct genesis_account accounts[GENESIS_SYSTEM_ACCOUNT_MAX],
    size_t *count,
    struct arena *arena,
    enum fork fork
);

/* genesis_fund gives an account of the list this balance, or appends one that has it; there must be
 * room. */
void genesis_fund(
    struct genesis_account *accounts, size_t *count, const address *who, const u256 *balance_wei
);

/* genesis_commit writes the accounts into the state, which must be empty, and completes the
 * header's state root. sink gets the nodes and codes, and the state's source must find them there.
 * Working memory comes from the arena and is not released. ERR_INPUT: an account or slot is there
 * twice;
 * ERR_MEMORY, ERR_IO. */
MUST_USE enum err genesis_commit(
    struct genesis *genesis, struct state *state, struct source_memory *sink, struct arena *arena
);

#endif
