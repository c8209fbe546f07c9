/* chain/forks.h: which rules hold at a block, as data.
 *
 * A schedule says when each fork begins: by block number up to Gray Glacier, by terminal total
 * difficulty for Paris (EIP-3675), by timestamp from Shanghai on. Blob parameters change with forks
 * and between them (EIP-7840, EIP-7892) and have a list of their own; so have the delays of the
 * difficulty bomb. `forks_at` gives everything that holds at one block as one small value. */
#ifndef CHAIN_FORKS_H
#define CHAIN_FORKS_H

#include "core/err.h"
#include "core/u256.h"
#include "evm/fork.h"

#define FORK_NEVER           UINT64_MAX
#define BLOB_SCHEDULE_MAX    12
#define BOMB_SCHEDULE_MAX    8
#define DAO_EXTRA_DATA_RANGE 10 /* EIP-779: so many blocks must carry the DAO extra data */

/* EIP-4844 and EIP-7840: blobs per block and the update fraction of the blob base fee. */
struct blob_parameters {
    uint32_t target;
    uint32_t max;
    uint64_t base_fee_update_fraction;
};

struct blob_activation {
    uint64_t timestamp;
    struct blob_parameters blob;
};

/* From this block on the difficulty bomb counts from this many blocks less (EIP-649 and later). */
struct bomb_activation {
    uint64_t number;
    uint64_t delay;
};

struct fork_schedule {
    uint64_t chain_id;
    uint64_t activation[FORK_COUNT]; /* block number, from FORK_SHANGHAI on timestamp */
    uint64_t dao_block;              /* FORK_NEVER: no DAO fork */
    uint64_t merge_netsplit_block; /* says nothing but its part in the fork id; FORK_NEVER: none */
    bool has_terminal_total_difficulty;
    u256 terminal_total_difficulty; /* Paris then begins after it, whatever activation says */
    struct blob_activation blobs[BLOB_SCHEDULE_MAX]; /* ascending */
    unsigned blob_count;
    struct bomb_activation bombs[BOMB_SCHEDULE_MAX]; /* ascending */
    unsigned bomb_count;
    address deposit_contract; /* EIP-6110: whose logs are deposit requests */
    bool names_senders;       /* as in struct fork_rules */
    bool has_conditional;     /* same */
    bool is_rollup;           /* the chain has a rollup's precompiles (rollup/precompile.h) */
};

/* The rules of one block. */
struct fork_rules {
    enum fork fork;
    uint64_t chain_id;
    struct blob_parameters blob; /* all zero before Cancun */
    uint64_t bomb_delay;
    bool is_dao_block;      /* the block that moves the DAO's ether */
    bool is_dao_extra_data; /* extra data must be "dao-hard-fork" */
    address deposit_contract;
    /* Development: a transaction may name its sender where others have a signature (tx.h). No
     * preset sets it. */
    bool names_senders;
    bool has_conditional; /* an EVM rollup: transactions may be conditional (tx.h) */
};

/* forks_at gives the rules of the block with this number and timestamp. With a terminal total
 * difficulty that is not zero it CHECKs: forks_at_difficulty is then the one to call. */
struct fork_rules
forks_at(const struct fork_schedule *schedule, uint64_t number, uint64_t timestamp);

/* The same for chains that pass from work to stake: the parent's total difficulty decides on
 * Paris. */
struct fork_rules forks_at_difficulty(
    const struct fork_schedule *schedule,
    uint64_t number,
    uint64_t timestamp,
    const u256 *parent_total_difficulty
);

/* forks_preset gives the schedule under which a network of the test fixtures runs: "Frontier" …
 * "Osaka", "BPO1" … "BPO5" (mainnet's values where it has them), "AToBAtTime15k", "AToBAt5",
 * "AToBAtDiffC0000", and the fixtures' other names ("Merge", "ConstantinopleFix", "EIP150",
 * "EIP158"). The chain id is 1. ERR_INPUT: no such network. */
MUST_USE enum err forks_preset(struct fork_schedule *schedule, const char *name);

/* forks_development: every fork up to and including `newest` holds from genesis, Paris included. */
void forks_development(struct fork_schedule *schedule, uint64_t chain_id, enum fork newest);

/* Mainnet, with all its blocks and times (execution-specs). */
void forks_mainnet(struct fork_schedule *schedule);

/* forks_set_blob changes or adds the entry that begins at this timestamp, keeping the order.
 * ERR_LIMIT when the list is full. */
MUST_USE enum err forks_set_blob(
    struct fork_schedule *schedule, uint64_t timestamp, struct blob_parameters parameters
);

/* The fixtures' name of a fork ("Cancun"); static storage. */
const char *forks_name(enum fork fork);

#endif
