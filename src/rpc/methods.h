/* rpc/methods.h: all methods, in one table sorted by name, which is how they are found.
 *
 * X(name, fewest arguments, most arguments, operation of the backend without which the method does
 * not exist). A method's function has its name. Too few arguments
 * are answered "missing value for required argument N", too many "too many arguments, want at most
 * N", before the function is called. */
#ifndef RPC_METHODS_H
#define RPC_METHODS_H

#include "rpc/jsonrpc.h"

#define METHOD_LIST(X)                                         \
    X(anvil_addBalance, 2, 2, amend)                           \
    X(anvil_autoImpersonateAccount, 1, 1, configure)           \
    X(anvil_dropAllTransactions, 0, 0, drop)                   \
    X(anvil_dropTransaction, 1, 1, drop)                       \
    X(anvil_dumpState, 0, 1, dump)                             \
    X(anvil_getAutomine, 0, 0, development_info)               \
    X(anvil_getIntervalMining, 0, 0, development_info)         \
    X(anvil_impersonateAccount, 1, 1, configure)               \
    X(anvil_increaseTime, 1, 1, configure)                     \
    X(anvil_loadState, 1, 1, load)                             \
    X(anvil_metadata, 0, 0, development_info)                  \
    X(anvil_mine, 0, 2, mine)                                  \
    X(anvil_mine_detailed, 0, 1, mine)                         \
    X(anvil_nodeInfo, 0, 0, development_info)                  \
    X(anvil_removeBlockTimestampInterval, 0, 0, configure)     \
    X(anvil_removePoolTransactions, 1, 1, drop)                \
    X(anvil_reorg, 1, 2, reorg)                                \
    X(anvil_reset, 0, 1, reset)                                \
    X(anvil_revert, 1, 1, revert)                              \
    X(anvil_rollback, 0, 1, rollback)                          \
    X(anvil_setAutomine, 1, 1, configure)                      \
    X(anvil_setBalance, 2, 2, amend)                           \
    X(anvil_setBlockGasLimit, 1, 1, configure)                 \
    X(anvil_setBlockTimestampInterval, 1, 1, configure)        \
    X(anvil_setCode, 2, 2, amend)                              \
    X(anvil_setCoinbase, 1, 1, configure)                      \
    X(anvil_setIntervalMining, 1, 1, configure)                \
    X(anvil_setLoggingEnabled, 1, 1, configure)                \
    X(anvil_setMinGasPrice, 1, 1, configure)                   \
    X(anvil_setNextBlockBaseFeePerGas, 1, 1, configure)        \
    X(anvil_setNextBlockTimestamp, 1, 1, configure)            \
    X(anvil_setNonce, 2, 2, amend)                             \
    X(anvil_setPrevRandao, 1, 1, configure)                    \
    X(anvil_setStorageAt, 3, 3, amend)                         \
    X(anvil_setTime, 1, 1, configure)                          \
    X(anvil_snapshot, 0, 0, snapshot)                          \
    X(anvil_stopImpersonatingAccount, 1, 1, configure)         \
    X(debug_getBadBlocks, 0, 0, block)                         \
    X(debug_getRawBlock, 1, 1, block)                          \
    X(debug_getRawHeader, 1, 1, block)                         \
    X(debug_getRawReceipts, 1, 1, block)                       \
    X(debug_getRawTransaction, 1, 1, find_transaction)         \
    X(debug_traceBlock, 1, 2, debug_trace)                     \
    X(debug_traceBlockByHash, 1, 2, debug_trace)               \
    X(debug_traceBlockByNumber, 1, 2, debug_trace)             \
    X(debug_traceCall, 1, 3, debug_trace)                      \
    X(debug_traceTransaction, 1, 2, debug_trace)               \
    X(eth_accounts, 0, 0, head_number)                         \
    X(eth_baseFee, 0, 0, block)                                \
    X(eth_blobBaseFee, 0, 0, block)                            \
    X(eth_blockNumber, 0, 0, head_number)                      \
    X(eth_call, 1, 4, call)                                    \
    X(eth_callBundle, 1, 1, call_bundle)                       \
    X(eth_capabilities, 0, 0, block)                           \
    X(eth_chainId, 0, 0, head_number)                          \
    X(eth_coinbase, 0, 0, head_number)                         \
    X(eth_config, 0, 0, block)                                 \
    X(eth_createAccessList, 1, 3, create_access_list)          \
    X(eth_estimateGas, 1, 4, estimate_gas)                     \
    X(eth_feeHistory, 2, 3, block)                             \
    X(eth_fillTransaction, 1, 1, fill_transaction)             \
    X(eth_gasPrice, 0, 0, priority_fee)                        \
    X(eth_getAccount, 1, 2, account)                           \
    X(eth_getAccountInfo, 1, 2, account)                       \
    X(eth_getBalance, 1, 2, account)                           \
    X(eth_getBlockByHash, 1, 2, block)                         \
    X(eth_getBlockByNumber, 1, 2, block)                       \
    X(eth_getBlockReceipts, 1, 1, block)                       \
    X(eth_getBlockTransactionCountByHash, 1, 1, block)         \
    X(eth_getBlockTransactionCountByNumber, 1, 1, block)       \
    X(eth_getCode, 1, 2, code)                                 \
    X(eth_getFilterChanges, 1, 1, block)                       \
    X(eth_getFilterLogs, 1, 1, block)                          \
    X(eth_getHeaderByHash, 1, 1, block)                        \
    X(eth_getHeaderByNumber, 1, 1, block)                      \
    X(eth_getLogs, 1, 1, block)                                \
    X(eth_getProof, 2, 3, proof)                               \
    X(eth_getRawTransactionByBlockHashAndIndex, 2, 2, block)   \
    X(eth_getRawTransactionByBlockNumberAndIndex, 2, 2, block) \
    X(eth_getRawTransactionByHash, 1, 1, find_transaction)     \
    X(eth_getStorageAt, 2, 3, slot)                            \
    X(eth_getStorageValues, 1, 2, slot)                        \
    X(eth_getTransactionByBlockHashAndIndex, 2, 2, block)      \
    X(eth_getTransactionByBlockNumberAndIndex, 2, 2, block)    \
    X(eth_getTransactionByHash, 1, 1, find_transaction)        \
    X(eth_getTransactionCount, 1, 2, account)                  \
    X(eth_getTransactionReceipt, 1, 1, find_transaction)       \
    X(eth_getUncleByBlockHashAndIndex, 2, 2, block)            \
    X(eth_getUncleByBlockNumberAndIndex, 2, 2, block)          \
    X(eth_getUncleCountByBlockHash, 1, 1, block)               \
    X(eth_getUncleCountByBlockNumber, 1, 1, block)             \
    X(eth_hashrate, 0, 0, head_number)                         \
    X(eth_maxPriorityFeePerGas, 0, 0, priority_fee)            \
    X(eth_mining, 0, 0, head_number)                           \
    X(eth_newBlockFilter, 0, 0, block)                         \
    X(eth_newFilter, 1, 1, block)                              \
    X(eth_newPendingTransactionFilter, 0, 1, pool)             \
    X(eth_sendBundle, 1, 1, send_bundle)                       \
    X(eth_sendRawTransaction, 1, 1, send_raw_transaction)      \
    X(eth_sendRawTransactionSync, 1, 2, send_raw_transaction)  \
    X(eth_sendTransaction, 1, 1, send_transaction)             \
    X(eth_sign, 2, 2, sign)                                    \
    X(eth_signTransaction, 1, 1, fill_transaction)             \
    X(eth_signTypedData_v4, 2, 2, sign)                        \
    X(eth_simulateV1, 1, 2, simulate)                          \
    X(eth_subscribe, 1, 2, block)                              \
    X(eth_syncing, 0, 0, head_number)                          \
    X(eth_uninstallFilter, 1, 1, head_number)                  \
    X(eth_unsubscribe, 1, 1, block)                            \
    X(evm_increaseTime, 1, 1, configure)                       \
    X(evm_mine, 0, 1, mine)                                    \
    X(evm_mine_detailed, 0, 1, mine)                           \
    X(evm_removeBlockTimestampInterval, 0, 0, configure)       \
    X(evm_revert, 1, 1, revert)                                \
    X(evm_setAccountNonce, 2, 2, amend)                        \
    X(evm_setAutomine, 1, 1, configure)                        \
    X(evm_setBlockGasLimit, 1, 1, configure)                   \
    X(evm_setBlockTimestampInterval, 1, 1, configure)          \
    X(evm_setIntervalMining, 1, 1, configure)                  \
    X(evm_setNextBlockTimestamp, 1, 1, configure)              \
    X(evm_setTime, 1, 1, configure)                            \
    X(evm_snapshot, 0, 0, snapshot)                            \
    X(hardhat_autoImpersonateAccount, 1, 1, configure)         \
    X(hardhat_dropTransaction, 1, 1, drop)                     \
    X(hardhat_getAutomine, 0, 0, development_info)             \
    X(hardhat_impersonateAccount, 1, 1, configure)             \
    X(hardhat_metadata, 0, 0, development_info)                \
    X(hardhat_mine, 0, 2, mine)                                \
    X(hardhat_reset, 0, 1, reset)                              \
    X(hardhat_setBalance, 2, 2, amend)                         \
    X(hardhat_setCode, 2, 2, amend)                            \
    X(hardhat_setCoinbase, 1, 1, configure)                    \
    X(hardhat_setLoggingEnabled, 1, 1, configure)              \
    X(hardhat_setMinGasPrice, 1, 1, configure)                 \
    X(hardhat_setNextBlockBaseFeePerGas, 1, 1, configure)      \
    X(hardhat_setNonce, 2, 2, amend)                           \
    X(hardhat_setPrevRandao, 1, 1, configure)                  \
    X(hardhat_setStorageAt, 3, 3, amend)                       \
    X(hardhat_stopImpersonatingAccount, 1, 1, configure)       \
    X(lockstep_anchor, 0, 0, anchor)                           \
    X(lockstep_getBatch, 1, 1, posted_batches)                 \
    X(lockstep_getBatchFiles, 1, 1, batch_files)               \
    X(lockstep_getBundle, 1, 1, bundle_states)                 \
    X(lockstep_getExecutionTable, 1, 1, posted_entries)        \
    X(lockstep_getMessageProof, 2, 3, message_proof)           \
    X(lockstep_getRollups, 0, 0, network_info)                 \
    X(lockstep_networkInfo, 0, 0, network_info)                \
    X(lockstep_prepareBatch, 1, 1, prepare_batch)              \
    X(lockstep_prepareBundle, 2, 2, prepare_bundle)            \
    X(lockstep_proxyOf, 2, 2, proxy_of)                        \
    X(lockstep_setAttester, 2, 2, set_attester)                \
    X(lockstep_setAutoBatch, 1, 1, set_auto_batch)             \
    X(lockstep_simulate, 1, 1, foresee)                        \
    X(lockstep_traceTransaction, 1, 1, trace_transaction)      \
    X(net_listening, 0, 0, head_number)                        \
    X(net_peerCount, 0, 0, head_number)                        \
    X(net_version, 0, 0, head_number)                          \
    X(personal_sign, 2, 3, sign)                               \
    X(rpc_modules, 0, 0, head_number)                          \
    X(testing_buildBlockV1, 3, 4, build_block)                 \
    X(txpool_content, 0, 0, pool)                              \
    X(txpool_contentFrom, 1, 1, pool)                          \
    X(txpool_inspect, 0, 0, pool)                              \
    X(txpool_status, 0, 0, pool)                               \
    X(web3_clientVersion, 0, 0, head_number)                   \
    X(web3_sha3, 1, 1, head_number)

/* A method writes exactly one value to call->out and returns RPC_OK; or fails with rpc_fail, and
 * what it wrote is forgotten; or returns RPC_WAIT, and is called again from the start later. */
typedef enum rpc_status rpc_method_run(struct rpc_call *call);

#define METHOD_DECLARE(name, fewest, most, operation) rpc_method_run name;
METHOD_LIST(METHOD_DECLARE)
#undef METHOD_DECLARE

struct rpc_method {
    const char *name;
    rpc_method_run *run;
    uint8_t argument_min;
    uint8_t argument_max;
    uint16_t operation; /* offset in struct rpc_chain_operations */
};

/* Whether the chain's backend has the operation that the method rests on. */
bool method_is_available(const struct rpc_method *method, const struct rpc_chain *chain);

/* Whether answering may take so long that it is a worker's work. */
bool method_may_take_long(const struct rpc_method *method);

/* method_find returns the method of that name, or NULL. */
const struct rpc_method *method_find(bytes name);

/* The table, for tests and rpc_modules; *count is its length. */
const struct rpc_method *method_table(size_t *count);

#endif
