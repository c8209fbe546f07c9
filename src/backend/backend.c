#include "backend/backend.h"

#include "backend/simulation.h"

static uint64_t head_number(struct rpc_chain *rpc) {
    return backend_chain(rpc)->head.number;
}

/* What follows from the header alone. */
static void describe_fees(struct node_chain *chain, struct rpc_block *block) {
    const struct header *header = block->header;
    if (header->fields < HEADER_BLOB_GAS) {
        block->next_base_fee = header_next_base_fee(header);
        return;
    }
    struct fork_rules rules = forks_at(&chain->schedule, header->number, header->timestamp);
    uint64_t next_excess = header_next_excess_blob_gas(header, &rules);
    block->blob_base_fee = blob_base_fee(header->excess_blob_gas, &rules.blob);
    bool is_newest = hash32_equal(&block->hash, &chain->head_hash);
    block->next_base_fee = is_newest ? node_next_base_fee(chain) : header_next_base_fee(header);
    block->next_blob_base_fee = blob_base_fee(next_excess, &rules.blob);
    block->blob_gas_max = (uint64_t)rules.blob.max * BLOB_GAS_PER_BLOB;
}

static enum err pending_block(
    struct node_chain *chain, struct rpc_block *block, struct arena *arena, unsigned with
) {
    struct header *header = arena_alloc(arena, sizeof(*header));
    if (header == NULL) return ERR_MEMORY;
    *header = simulation_pending_header(chain);
    block->header = header;
    block->is_pending = true;
    const struct rpc_transaction *transactions;
    enum err err =
        backend_pending_transactions(chain, &transactions, &block->transaction_count, arena);
    if (err == ERR_OK && (with & RPC_WITH_TRANSACTIONS) != 0) block->transactions = transactions;
    if (err == ERR_OK && (with & RPC_WITH_RECEIPTS) != 0) {
        /* Nothing has been executed: receipts without anything in them. */
        block->receipts =
            arena_alloc_zero(arena, (block->transaction_count + 1) * sizeof(struct receipt));
        if (block->receipts == NULL) return ERR_MEMORY;
    }
    return err;
}

static enum err stored_block(
    struct node_chain *chain,
    struct rpc_block *block,
    struct arena *arena,
    uint64_t number,
    unsigned with
) {
    if (with == 0) {
        struct header *header = arena_alloc(arena, sizeof(*header));
        if (header == NULL) return ERR_MEMORY;
        block->header = header;
        enum err err = node_chain_read_header(chain, header, &block->transaction_count, number);
        if (err != ERR_OK) return err;
        block->hash = header_hash(header);
        return ERR_OK;
    }
    const struct chain_block *stored;
    enum err err = node_chain_read_block(chain, &stored, arena, number);
    if (err != ERR_OK) return err;
    block->header = &stored->block.header;
    block->hash = stored->hash;
    block->transaction_count = stored->block.tx_count;
    if ((with & RPC_WITH_TRANSACTIONS) != 0) {
        block->transactions = stored->transactions;
        block->size = stored->size;
        block->uncles = stored->block.ommers;
        block->uncle_count = stored->block.ommer_count;
        block->withdrawals = stored->block.withdrawals;
        block->withdrawal_count = stored->block.withdrawal_count;
    }
    if ((with & RPC_WITH_RECEIPTS) != 0) block->receipts = stored->receipts;
    return ERR_OK;
}

static enum rpc_status block(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    const struct rpc_block **out,
    const struct rpc_block_id *id,
    unsigned with
) {
    struct node_chain *chain = backend_chain(rpc);
    bool is_found;
    uint64_t number;
    enum err err = node_chain_resolve(chain, &is_found, &number, id);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    *out = NULL;
    if (!is_found) return RPC_OK;
    struct rpc_block *made = arena_alloc_zero(request->arena, sizeof(*made));
    if (made == NULL) return rpc_fail_err(request, ERR_MEMORY);
    err = id->kind == RPC_BLOCK_PENDING ? pending_block(chain, made, request->arena, with)
                                        : stored_block(chain, made, request->arena, number, with);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    describe_fees(chain, made);
    *out = made;
    return RPC_OK;
}

static enum rpc_status find_transaction(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct rpc_transaction_place *place,
    const hash32 *hash
) {
    struct node_chain *chain = backend_chain(rpc);
    *place = (struct rpc_transaction_place){0};
    const struct pool_tx *pooled = pool_get(chain->pool, hash);
    if (pooled != NULL) {
        place->is_found = true;
        place->is_pending = true;
        place->transaction = (struct rpc_transaction){
            .tx = &pooled->tx,
            .hash = pooled->hash,
            .sender = pooled->sender,
            .encoded = pooled->encoding,
        };
        return RPC_OK;
    }
    struct forked_place found;
    enum err err = node_chain_find_transaction(chain, &place->is_found, &found, hash);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (!place->is_found) return RPC_OK;
    place->block_hash = found.block_hash;
    place->index = found.index;
    return RPC_OK;
}

static enum rpc_status forked_logs(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    const struct rpc_log **logs,
    size_t *count,
    uint64_t *next,
    const struct log_query *query,
    uint64_t from,
    uint64_t to
) {
    struct node_chain *chain = backend_chain(rpc);
    *next = from;
    *count = 0;
    if (!node_chain_is_forked(chain, from)) return RPC_OK;
    if (!node_chain_is_forked(chain, to)) to = forked_number(chain->forked);
    enum err err = forked_find_logs(chain->forked, logs, count, request->arena, query, from, to);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    *next = to + 1;
    return RPC_OK;
}

/* What is the same on a chain of any kind. */
#define COMMON_OPERATIONS                                                                       \
    .head_number = head_number, .block = block, .find_transaction = find_transaction,           \
    .forked_logs = forked_logs, .account = backend_account, .code = backend_code,               \
    .slot = backend_slot, .proof = backend_proof, .call = backend_call,                         \
    .estimate_gas = backend_estimate_gas, .priority_fee = backend_priority_fee,                 \
    .send_raw_transaction = backend_send_raw_transaction,                                       \
    .send_transaction = backend_send_transaction, .fill_transaction = backend_fill_transaction, \
    .sign = backend_sign, .pool = backend_pool, .pool_count = backend_pool_count,               \
    .mine = backend_mine, .set_auto_batch = backend_set_auto_batch,                             \
    .set_attester = backend_set_attester, .configure = backend_configure,                       \
    .snapshot = backend_snapshot, .revert = backend_revert, .reset = backend_reset,             \
    .dump = backend_dump, .load = backend_load, .rollback = backend_rollback,                   \
    .reorg = backend_reorg, .drop = backend_drop, .development_info = backend_development_info, \
    .network_info = backend_network_info, .proxy_of = backend_proxy_of,                         \
    .posted_batches = backend_posted_batches, .batch_files = backend_batch_files,               \
    .posted_entries = backend_posted_entries, .foresee = backend_foresee,                       \
    .trace_transaction = backend_trace_transaction

const struct rpc_chain_operations BACKEND_OPERATIONS = {
    COMMON_OPERATIONS,
    .create_access_list = backend_create_access_list,
    .build_block = backend_build_block,
    .simulate = backend_simulate,
    .amend = backend_amend,
    .anchor = backend_anchor,
    .message_proof = backend_message_proof,
    .prepare_batch = backend_prepare_batch,
    .prepare_bundle = backend_prepare_bundle,
    .call_bundle = backend_call_bundle,
    .send_bundle = backend_send_bundle,
    .bundle_states = backend_bundle_states,
    .debug_trace = backend_debug_trace,
};

const struct rpc_chain_operations BACKEND_LEDGER_OPERATIONS = {COMMON_OPERATIONS};
