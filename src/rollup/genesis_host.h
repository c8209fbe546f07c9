/* rollup/genesis_host.h (hosted): the first block of a rollup. Of an EVM: predeploys, the history
 * contract of EIP-2935, and funded accounts; its ether must be credited to the rollup on the Hub.
 * Of a ledger: what the System predeploy says, the ledger's own, and accounts that have tokens. */
#ifndef ROLLUP_GENESIS_HOST_H
#define ROLLUP_GENESIS_HOST_H

#include "chain/genesis.h"
#include "rollup/rollup.h"

/* Gas of a CALL to the parent is at most this: below the transaction cap of EIP-7825, so that a
 * batch can carry it. */
#define ROLLUP_MAX_CALL_GAS 10000000u

struct rollup_genesis_options {
    uint64_t rollup_id;
    uint64_t chain_id;
    uint64_t parent_chain_id;
    const struct fork_schedule *parent_schedule;
    address hub;
    address parent_messages; /* the parent's MessageService, Messenger and Bridge */
    address parent_messenger;
    address parent_bridge;
    address own_hub; /* of its own rollups, where it is a parent; else zero */
    uint64_t block_gas_limit;
    bool has_base_fee;
    uint64_t base_fee_wei;                  /* of the first block; else 1 gwei */
    uint64_t timestamp;                     /* seconds */
    const struct genesis_account *accounts; /* who has ether; none twice */
    size_t account_count;
    bool has_own_token; /* what they have is the rollup's own token, not ether */
    enum rollup_kind kind;
    address ledger_owner; /* ROLLUP_LEDGER: who issues the token, an account on the parent */
};

/* rollup_genesis fills the description in; genesis_commit makes the state of it. open is what its
 * System predeploy commits to: the genesis block, still open, as the first L2TX finds it. ether_wei
 * is the sum of all balances, 0 if they are no ether. Everything lies in arena. ERR_MEMORY. */
MUST_USE enum err rollup_genesis(
    struct genesis *genesis,
    struct open_block *open,
    u256 *ether_wei,
    struct arena *arena,
    const struct rollup_genesis_options *options
);

#endif
