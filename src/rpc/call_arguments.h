/* rpc/call_arguments.h: the objects that eth_call and its kin take: a transaction as wallets
 * describe it, state overrides, block overrides. Members that are null count as absent; unknown
 * ones are passed over, because wallets add their own. */
#ifndef RPC_CALL_ARGUMENTS_H
#define RPC_CALL_ARGUMENTS_H

#include "rpc/arguments.h"

/* The transaction object at this position; required. */
enum rpc_status
argument_call(struct rpc_call *call, struct rpc_call_arguments *out, uint32_t index);

/* The same from any object; errors name the argument it is in. */
enum rpc_status call_arguments_read(
    struct rpc_call *call, struct rpc_call_arguments *out, uint32_t token, uint32_t index
);

/* {address: {balance, nonce, code, state, stateDiff, movePrecompileToAddress}}; optional. */
enum rpc_status
argument_state_overrides(struct rpc_call *call, struct rpc_simulation *out, uint32_t index);

/* By address, in order; of an address that is there twice the last holds. */
enum rpc_status state_overrides_read(
    struct rpc_call *call,
    const struct rpc_account_override **accounts,
    size_t *count,
    uint32_t token,
    uint32_t index
);

/* {number, time, gasLimit, feeRecipient, prevRandao, baseFeePerGas, blobBaseFee, difficulty,
 * beaconRoot, withdrawals}; optional. The last two are refused here, as geth does outside of
 * eth_simulateV1. */
enum rpc_status
argument_block_overrides(struct rpc_call *call, struct rpc_simulation *out, uint32_t index);

/* The same objects wherever they stand; token 0: left out. index: the argument for errors. */
enum rpc_status call_state_overrides(
    struct rpc_call *call, struct rpc_simulation *out, uint32_t index, uint32_t token
);
enum rpc_status call_block_overrides(
    struct rpc_call *call, struct rpc_simulation *out, uint32_t index, uint32_t token
);

/* The member "withdrawals" of an object, if it is there. */
enum rpc_status withdrawals_read(
    struct rpc_call *call, struct rpc_block_overrides *out, uint32_t token, uint32_t index
);

/* The object itself; nothing in it is refused. */
enum rpc_status block_overrides_read(
    struct rpc_call *call, struct rpc_block_overrides *out, uint32_t token, uint32_t index
);

#endif
