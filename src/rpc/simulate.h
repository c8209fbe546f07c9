/* rpc/simulate.h: what eth_simulateV1 asks of a chain and what it is given: blocks that could
 * follow a block, with calls in them, executed one after the other and forgotten. */
#ifndef RPC_SIMULATE_H
#define RPC_SIMULATE_H

#include "rpc/backend.h"

/* As geth bounds them. */
#define SIMULATE_BLOCKS_MAX      256u
#define SIMULATE_BLOCK_CALLS_MAX 5000u
#define SIMULATE_CALLS_MAX       10000u

/* Codes of execution-apis for eth_simulateV1. */
#define RPC_SIMULATE_NONCE_LOW       (-38010)
#define RPC_SIMULATE_NONCE_HIGH      (-38011)
#define RPC_SIMULATE_FEE_CAP         (-38012)
#define RPC_SIMULATE_INTRINSIC_GAS   (-38013)
#define RPC_SIMULATE_FUNDS           (-38014)
#define RPC_SIMULATE_BLOCK_GAS       (-38015)
#define RPC_SIMULATE_NUMBERS         (-38020)
#define RPC_SIMULATE_TIMESTAMPS      (-38021)
#define RPC_SIMULATE_SENDER          (-38024)
#define RPC_SIMULATE_INITCODE        (-38025)
#define RPC_SIMULATE_TOO_MUCH        (-38026)
#define RPC_SIMULATE_EXECUTION_ERROR (-32015) /* of a call that halted */

struct rpc_simulate_block {
    struct rpc_block_overrides overrides;
    const struct rpc_account_override *accounts; /* by address, each once */
    size_t account_count;
    const struct rpc_call_arguments *calls;
    size_t call_count;
};

struct rpc_simulate {
    struct rpc_block_id block; /* that they follow */
    const struct rpc_simulate_block *blocks;
    size_t block_count;
    bool has_transfers; /* ether that moves is logged like a token's transfer */
    bool is_validated;  /* nonces, base fees and balances are checked as in a block */
};

struct rpc_simulated_log {
    struct log log;
    uint64_t index; /* in the block, undone ones counted */
};

struct rpc_simulated_call {
    struct rpc_call_result result;
    uint64_t gas_max; /* before refunds */
    const struct rpc_simulated_log *logs;
    size_t log_count;
};

struct rpc_simulated_block {
    struct rpc_block block;                 /* with transactions */
    const struct rpc_simulated_call *calls; /* one for each transaction */
};

#endif
