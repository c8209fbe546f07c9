/* Transactions: found, and sent. */
#include "crypto/keccak.h"
#include "rpc/call_arguments.h"
#include "rpc/lookup.h"
#include "rpc/methods.h"
#include "rpc/view.h"

/* How long eth_sendRawTransactionSync waits (EIP-7966). */
#define SYNC_TIMEOUT_DEFAULT_MS 20000
#define SYNC_TIMEOUT_MAX_MS     60000

/* Writes transaction number index of the block; the block is read again with receipts if it is a
 * deposit, whose nonce only its receipt knows. */
static enum rpc_status
write_in_block(struct rpc_call *call, const struct rpc_block *block, uint64_t index) {
    if (block == NULL || index >= block->transaction_count) {
        json_null(call->out);
        return RPC_OK;
    }
    if (block->transactions[index].tx->type == TX_DEPOSIT && !block->is_pending) {
        struct rpc_block_id id = {.kind = RPC_BLOCK_HASH, .hash = block->hash};
        unsigned with = RPC_WITH_TRANSACTIONS | RPC_WITH_RECEIPTS;
        enum rpc_status status = lookup_block(call, &block, &id, with);
        if (status != RPC_OK) return status;
        if (block == NULL) return rpc_fail_err(&call->request, ERR_MISSING);
    }
    view_transaction(call->out, &block->transactions[index], block, index);
    return RPC_OK;
}

enum rpc_status eth_getTransactionByHash(struct rpc_call *call) {
    hash32 hash;
    struct lookup_transaction found;
    enum rpc_status status = argument_hash(call, &hash, 0);
    if (status == RPC_OK) status = lookup_transaction(call, &found, &hash, RPC_WITH_TRANSACTIONS);
    if (status != RPC_OK) return status;
    if (!found.is_pending) return write_in_block(call, found.block, found.index);
    view_transaction(call->out, &found.pending, NULL, 0);
    return RPC_OK;
}

enum rpc_status eth_getTransactionByBlockHashAndIndex(struct rpc_call *call) {
    const struct rpc_block *block;
    uint64_t index;
    enum rpc_status status = argument_quantity_u64(call, &index, 1);
    if (status == RPC_OK) status = lookup_block_by_hash(call, &block, RPC_WITH_TRANSACTIONS);
    return status == RPC_OK ? write_in_block(call, block, index) : status;
}

enum rpc_status eth_getTransactionByBlockNumberAndIndex(struct rpc_call *call) {
    const struct rpc_block *block;
    uint64_t index;
    enum rpc_status status = argument_quantity_u64(call, &index, 1);
    if (status == RPC_OK) status = lookup_block_by_number(call, &block, RPC_WITH_TRANSACTIONS);
    return status == RPC_OK ? write_in_block(call, block, index) : status;
}

/* --- raw forms -------------------------------------------------------------------------------- */

static enum rpc_status write_raw(struct rpc_call *call, bool is_null_if_absent) {
    hash32 hash;
    struct lookup_transaction found;
    enum rpc_status status = argument_hash(call, &hash, 0);
    if (status == RPC_OK) status = lookup_transaction(call, &found, &hash, RPC_WITH_TRANSACTIONS);
    if (status != RPC_OK) return status;
    if (found.is_pending)
        json_data(call->out, found.pending.encoded);
    else if (found.block != NULL)
        json_data(call->out, found.block->transactions[found.index].encoded);
    else if (is_null_if_absent)
        json_null(call->out);
    else
        json_data(call->out, BYTES_EMPTY);
    return RPC_OK;
}

enum rpc_status eth_getRawTransactionByHash(struct rpc_call *call) {
    return write_raw(call, true);
}
enum rpc_status debug_getRawTransaction(struct rpc_call *call) {
    return write_raw(call, false);
}

static enum rpc_status
write_raw_at(struct rpc_call *call, enum rpc_status status, const struct rpc_block *block) {
    uint64_t index = 0;
    if (status == RPC_OK) status = argument_quantity_u64(call, &index, 1);
    if (status != RPC_OK) return status;
    if (block == NULL || index >= block->transaction_count)
        json_null(call->out);
    else
        json_data(call->out, block->transactions[index].encoded);
    return RPC_OK;
}

enum rpc_status eth_getRawTransactionByBlockHashAndIndex(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_hash(call, &block, RPC_WITH_TRANSACTIONS);
    return write_raw_at(call, status, block);
}

enum rpc_status eth_getRawTransactionByBlockNumberAndIndex(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_number(call, &block, RPC_WITH_TRANSACTIONS);
    return write_raw_at(call, status, block);
}

/* --- receipts --------------------------------------------------------------------------------- */

/* *is_written: the transaction is in a block. */
static enum rpc_status write_receipt(struct rpc_call *call, bool *is_written, const hash32 *hash) {
    struct lookup_transaction found;
    unsigned with = RPC_WITH_TRANSACTIONS | RPC_WITH_RECEIPTS;
    enum rpc_status status = lookup_transaction(call, &found, hash, with);
    *is_written = status == RPC_OK && found.block != NULL;
    if (*is_written) {
        size_t first_log = view_logs_before(found.block, found.index);
        view_receipt(call->out, found.block, found.index, first_log);
    }
    return status;
}

enum rpc_status eth_getTransactionReceipt(struct rpc_call *call) {
    hash32 hash;
    bool is_written = false;
    enum rpc_status status = argument_hash(call, &hash, 0);
    if (status == RPC_OK) status = write_receipt(call, &is_written, &hash);
    if (status == RPC_OK && !is_written) json_null(call->out);
    return status;
}

/* --- sending ---------------------------------------------------------------------------------- */

enum rpc_status eth_sendRawTransaction(struct rpc_call *call) {
    bytes encoded;
    hash32 hash;
    enum rpc_status status = argument_data(call, &encoded, 0);
    if (status == RPC_OK)
        status = call->chain->operations->send_raw_transaction(
            call->chain, &call->request, &hash, encoded
        );
    if (status == RPC_OK) json_hash(call->out, &hash);
    return status;
}

/* First the transaction goes into the pool; then each new block is asked for its receipt. That it
 * has been sent is remembered in wait_until_ms, which is 0 before. */
enum rpc_status eth_sendRawTransactionSync(struct rpc_call *call) {
    if (call->wait_until_ms == 0) {
        bytes encoded;
        uint64_t timeout_ms = SYNC_TIMEOUT_DEFAULT_MS;
        enum rpc_status status = argument_data(call, &encoded, 0);
        if (status == RPC_OK) status = argument_optional_number(call, &timeout_ms, 1);
        if (status == RPC_OK)
            status = call->chain->operations->send_raw_transaction(
                call->chain, &call->request, &call->wait_hash, encoded
            );
        if (status != RPC_OK) return status;
        if (timeout_ms > SYNC_TIMEOUT_MAX_MS) timeout_ms = SYNC_TIMEOUT_MAX_MS;
        call->wait_until_ms = call->now_ms + timeout_ms + 1;
    }
    bool is_written = false;
    enum rpc_status status = write_receipt(call, &is_written, &call->wait_hash);
    if (status != RPC_OK || is_written) return status;
    if (call->now_ms < call->wait_until_ms) return RPC_WAIT;
    bytes hash = hash32_bytes(&call->wait_hash);
    return rpc_fail_data(
        &call->request,
        RPC_SYNC_TIMEOUT,
        hash,
        "the transaction was added to the pool but is not in a block yet"
    );
}

enum rpc_status eth_sendTransaction(struct rpc_call *call) {
    struct rpc_call_arguments arguments;
    hash32 hash;
    enum rpc_status status = argument_call(call, &arguments, 0);
    if (status != RPC_OK) return status;
    if (!arguments.has_from)
        return rpc_fail(&call->request, RPC_INVALID_PARAMS, "invalid argument 0: from: missing");
    status =
        call->chain->operations->send_transaction(call->chain, &call->request, &hash, &arguments);
    if (status == RPC_OK) json_hash(call->out, &hash);
    return status;
}

/* The transaction, filled in, as fields and as bytes. */
static enum rpc_status fill(struct rpc_call *call, bool is_signed) {
    struct rpc_call_arguments arguments;
    struct rpc_transaction transaction = {0};
    enum rpc_status status = argument_call(call, &arguments, 0);
    if (status != RPC_OK) return status;
    if (is_signed && !arguments.has_gas)
        return rpc_fail(&call->request, RPC_SERVER_ERROR, "gas not specified");
    if (is_signed && !arguments.has_gas_price &&
        !(arguments.has_max_fee_per_gas && arguments.has_max_priority_fee_per_gas))
        return rpc_fail(
            &call->request,
            RPC_SERVER_ERROR,
            "missing gasPrice or maxFeePerGas/maxPriorityFeePerGas"
        );
    if (is_signed && !arguments.has_nonce)
        return rpc_fail(&call->request, RPC_SERVER_ERROR, "nonce not specified");
    status = call->chain->operations->fill_transaction(
        call->chain, &call->request, &transaction, &arguments, is_signed
    );
    if (status != RPC_OK) return status;
    json_object_begin(call->out);
    json_member_data(call->out, "raw", transaction.encoded);
    json_key(call->out, "tx");
    view_bare_transaction(call->out, &transaction);
    json_object_end(call->out);
    return RPC_OK;
}

enum rpc_status eth_fillTransaction(struct rpc_call *call) {
    return fill(call, false);
}

enum rpc_status eth_signTransaction(struct rpc_call *call) {
    return fill(call, true);
}
