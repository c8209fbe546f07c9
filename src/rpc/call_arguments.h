/* rpc/call_arguments.h: the objects that eth_call and its kin take: a transaction as wallets
 * describe it, state overrides, block overrides. Members that are null count as absent; unknown
 * ones are passed over, because wallets add their own. */
#ifndef RPC_CALL_ARGUMENTS_H
#define RPC_CALL_ARGUMENTS_H

#include "rpc/arguments.h"

/* The transaction object at this position; required. */
enum rpc_status
argument_call(struct rpc_call *call, struct rpc_call_arguments *out, uint32_t index);

/* {address: {balance, nonce, code, state, stateDiff, movePrecompileToAddress}}; optional. */
enum rpc_status
argument_state_overrides(struct rpc_call *call, struct rpc_simulation *out, uint32_t index);

/* {number, time, gasLimit, feeRecipient, prevRandao, baseFeePerGas, blobBaseFee}; optional. */
enum rpc_status
argument_block_overrides(struct rpc_call *call, struct rpc_simulation *out, uint32_t index);

/* The same objects wherever they stand; token 0: left out. index: the argument for errors. */
enum rpc_status call_state_overrides(
    struct rpc_call *call, struct rpc_simulation *out, uint32_t index, uint32_t token
);
enum rpc_status call_block_overrides(
    struct rpc_call *call, struct rpc_simulation *out, uint32_t index, uint32_t token
);

#endif
