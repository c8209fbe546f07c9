/* Blocks, headers, uncles, receipts of blocks, and their raw forms. */
#include "chain/header.h"
#include "core/rlp.h"
#include "rpc/lookup.h"
#include "rpc/methods.h"
#include "rpc/view.h"

static enum rpc_status write_block(struct rpc_call *call, bool is_by_hash) {
    bool with_transactions = false;
    enum rpc_status status = argument_optional_bool(call, &with_transactions, 1);
    if (status != RPC_OK) return status;
    const struct rpc_block *block;
    unsigned with = RPC_WITH_TRANSACTIONS;
    status = is_by_hash ? lookup_block_by_hash(call, &block, with)
                        : lookup_block_by_number(call, &block, with);
    if (status != RPC_OK) return status;
    if (block == NULL) {
        json_null(call->out);
        return RPC_OK;
    }
    if (with_transactions && !block->is_pending && view_has_deposits(block)) {
        struct rpc_block_id id = {.kind = RPC_BLOCK_HASH, .hash = block->hash};
        status = lookup_block(call, &block, &id, with | RPC_WITH_RECEIPTS);
        if (status != RPC_OK) return status;
        if (block == NULL) return rpc_fail_err(&call->request, ERR_MISSING);
    }
    view_block(call->out, block, with_transactions);
    return RPC_OK;
}

enum rpc_status eth_getBlockByHash(struct rpc_call *call) {
    return write_block(call, true);
}
enum rpc_status eth_getBlockByNumber(struct rpc_call *call) {
    return write_block(call, false);
}

static enum rpc_status
write_header(struct rpc_call *call, enum rpc_status status, const struct rpc_block *block) {
    if (status != RPC_OK) return status;
    if (block == NULL)
        json_null(call->out);
    else
        view_header(call->out, block);
    return RPC_OK;
}

enum rpc_status eth_getHeaderByHash(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_hash(call, &block, 0);
    return write_header(call, status, block);
}

enum rpc_status eth_getHeaderByNumber(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_number(call, &block, 0);
    return write_header(call, status, block);
}

/* --- counts and uncles ------------------------------------------------------------------------ */

static enum rpc_status write_count(
    struct rpc_call *call, enum rpc_status status, const struct rpc_block *block, bool uncles
) {
    if (status != RPC_OK) return status;
    if (block == NULL)
        json_null(call->out);
    else
        json_quantity_u64(call->out, uncles ? block->uncle_count : block->transaction_count);
    return RPC_OK;
}

enum rpc_status eth_getBlockTransactionCountByHash(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_hash(call, &block, 0);
    return write_count(call, status, block, false);
}

enum rpc_status eth_getBlockTransactionCountByNumber(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_number(call, &block, 0);
    return write_count(call, status, block, false);
}

enum rpc_status eth_getUncleCountByBlockHash(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_hash(call, &block, RPC_WITH_TRANSACTIONS);
    return write_count(call, status, block, true);
}

enum rpc_status eth_getUncleCountByBlockNumber(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_number(call, &block, RPC_WITH_TRANSACTIONS);
    return write_count(call, status, block, true);
}

/* An uncle is a block of which only the header is known. */
static enum rpc_status
write_uncle(struct rpc_call *call, enum rpc_status status, const struct rpc_block *block) {
    uint64_t index = 0;
    if (status == RPC_OK) status = argument_quantity_u64(call, &index, 1);
    if (status != RPC_OK) return status;
    if (block == NULL || index >= block->uncle_count) {
        json_null(call->out);
        return RPC_OK;
    }
    const struct header *header = &block->uncles[index];
    struct rpc_block uncle = {.header = header, .hash = header_hash(header)};
    bytes encoding;
    enum err err = header_encode(&encoding, call->request.arena, header);
    if (err != ERR_OK) return rpc_fail_err(&call->request, err);
    /* The list of this header and two empty ones, whose prefix has a length of two bytes: headers
     * are longer than 255 bytes (the bloom) and shorter than 65,536. */
    uncle.size = 3 + encoding.size + 2;
    view_block(call->out, &uncle, false);
    return RPC_OK;
}

enum rpc_status eth_getUncleByBlockHashAndIndex(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_hash(call, &block, RPC_WITH_TRANSACTIONS);
    return write_uncle(call, status, block);
}

enum rpc_status eth_getUncleByBlockNumberAndIndex(struct rpc_call *call) {
    const struct rpc_block *block = NULL;
    enum rpc_status status = lookup_block_by_number(call, &block, RPC_WITH_TRANSACTIONS);
    return write_uncle(call, status, block);
}

/* --- receipts --------------------------------------------------------------------------------- */

enum rpc_status eth_getBlockReceipts(struct rpc_call *call) {
    const struct rpc_block *block;
    unsigned with = RPC_WITH_TRANSACTIONS | RPC_WITH_RECEIPTS;
    enum rpc_status status = lookup_block_by_id(call, &block, with);
    if (status != RPC_OK) return status;
    if (block == NULL || block->is_pending) {
        json_null(call->out);
        return RPC_OK;
    }
    size_t log_count = 0;
    json_array_begin(call->out);
    for (size_t i = 0; i < block->transaction_count; i++) {
        view_receipt(call->out, block, i, log_count);
        log_count += block->receipts[i].log_count;
    }
    json_array_end(call->out);
    return RPC_OK;
}

/* --- raw forms -------------------------------------------------------------------------------- */

static enum rpc_status
lookup_raw(struct rpc_call *call, const struct rpc_block **block, unsigned with) {
    enum rpc_status status = lookup_block_by_id(call, block, with);
    if (status == RPC_OK && *block == NULL)
        return rpc_fail(&call->request, RPC_SERVER_ERROR, "block not found");
    return status;
}

enum rpc_status debug_getRawHeader(struct rpc_call *call) {
    const struct rpc_block *block;
    enum rpc_status status = lookup_raw(call, &block, 0);
    if (status != RPC_OK) return status;
    bytes encoding;
    enum err err = header_encode(&encoding, call->request.arena, block->header);
    if (err != ERR_OK) return rpc_fail_err(&call->request, err);
    json_data(call->out, encoding);
    return RPC_OK;
}

static void encode_withdrawals(struct rlp_writer *rlp, const struct rpc_block *block) {
    rlp_list_begin(rlp);
    for (size_t i = 0; i < block->withdrawal_count; i++) {
        const struct withdrawal *withdrawal = &block->withdrawals[i];
        rlp_list_begin(rlp);
        rlp_write_u64(rlp, withdrawal->index);
        rlp_write_u64(rlp, withdrawal->validator_index);
        rlp_write_string(rlp, address_bytes(&withdrawal->address));
        rlp_write_u64(rlp, withdrawal->amount_gwei);
        rlp_list_end(rlp);
    }
    rlp_list_end(rlp);
}

/* header, transactions (typed ones as strings, EIP-2718), uncles, withdrawals (EIP-4895). */
static enum err encode_block(bytes *out, struct arena *arena, const struct rpc_block *block) {
    bytes header;
    enum err err = header_encode(&header, arena, block->header);
    if (err != ERR_OK) return err;
    struct rlp_writer rlp;
    rlp_writer_open(&rlp, arena);
    rlp_list_begin(&rlp);
    rlp_write_raw(&rlp, header);
    rlp_list_begin(&rlp);
    for (size_t i = 0; i < block->transaction_count; i++) {
        const struct rpc_transaction *transaction = &block->transactions[i];
        if (transaction->tx->type == TX_LEGACY)
            rlp_write_raw(&rlp, transaction->encoded);
        else
            rlp_write_string(&rlp, transaction->encoded);
    }
    rlp_list_end(&rlp);
    rlp_list_begin(&rlp);
    for (size_t i = 0; i < block->uncle_count; i++) {
        err = header_encode(&header, arena, &block->uncles[i]);
        if (err != ERR_OK) return err;
        rlp_write_raw(&rlp, header);
    }
    rlp_list_end(&rlp);
    if (block->header->fields >= HEADER_WITHDRAWALS) encode_withdrawals(&rlp, block);
    rlp_list_end(&rlp);
    return rlp_finish(&rlp, out);
}

enum rpc_status debug_getRawBlock(struct rpc_call *call) {
    const struct rpc_block *block;
    enum rpc_status status = lookup_raw(call, &block, RPC_WITH_TRANSACTIONS);
    if (status != RPC_OK) return status;
    bytes encoding;
    enum err err = encode_block(&encoding, call->request.arena, block);
    if (err != ERR_OK) return rpc_fail_err(&call->request, err);
    json_data(call->out, encoding);
    return RPC_OK;
}

enum rpc_status debug_getRawReceipts(struct rpc_call *call) {
    const struct rpc_block *block;
    enum rpc_status status = lookup_raw(call, &block, RPC_WITH_TRANSACTIONS | RPC_WITH_RECEIPTS);
    if (status != RPC_OK) return status;
    json_array_begin(call->out);
    for (size_t i = 0; i < block->transaction_count; i++) {
        bytes encoding;
        enum err err = receipt_encode(&encoding, call->request.arena, &block->receipts[i]);
        if (err != ERR_OK) return rpc_fail_err(&call->request, err);
        json_data(call->out, encoding);
    }
    json_array_end(call->out);
    return RPC_OK;
}

/* A node that imports nothing from others has seen none. */
enum rpc_status debug_getBadBlocks(struct rpc_call *call) {
    json_array_begin(call->out);
    json_array_end(call->out);
    return RPC_OK;
}
