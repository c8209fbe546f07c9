/* testing_buildBlockV1: a block on top of the newest one, with chosen contents, that nobody else
 * gets to see. Calls to other chains are not followed. */
#include "backend/backend.h"
#include "node/network.h"
#include "node/verdict.h"

#include "rpc/payload.h"

#include <inttypes.h>

#define GAS_LIMIT_BOUND_DIVISOR 1024u /* Yellow Paper, equation 56: by less than so much */
#define GAS_LIMIT_MIN           5000u

struct building {
    struct node_chain *chain;
    struct rpc_request *request;
    const struct rpc_payload_wish *wish;
    struct arena *arena; /* the request's */
    struct source_memory memory;
    struct state state;
    struct block_builder builder;
    struct rpc_payload payload;
    struct blob_sidecar *sidecars;
};

/* As near to the limit that this network is to have as a child of the block may come. */
static uint64_t next_gas_limit(const struct node_chain *chain) {
    uint64_t parent = chain->head.gas_limit;
    uint64_t wanted = chain->node->options->chains[node_place(chain)].gas_limit;
    uint64_t step = parent / GAS_LIMIT_BOUND_DIVISOR - 1;
    if (wanted < GAS_LIMIT_MIN) wanted = GAS_LIMIT_MIN;
    if (parent < wanted) return parent + step < wanted ? parent + step : wanted;
    return parent - step > wanted ? parent - step : wanted;
}

static enum rpc_status check_wish(struct building *b) {
    const struct rpc_payload_wish *wish = b->wish;
    const struct node_chain *chain = b->chain;
    if (!hash32_equal(&wish->parent, &chain->head_hash))
        return rpc_fail(b->request, RPC_SERVER_ERROR, "parentHash is not current head");
    if (wish->timestamp <= chain->head.timestamp)
        return rpc_fail(
            b->request,
            RPC_SERVER_ERROR,
            "invalid timestamp, parent %" PRIu64 " given %" PRIu64,
            chain->head.timestamp,
            wish->timestamp
        );
    struct fork_rules rules = forks_at(&chain->schedule, chain->head.number + 1, wish->timestamp);
    if (rules.fork < FORK_SHANGHAI && wish->has_withdrawals)
        return rpc_fail(b->request, RPC_SERVER_ERROR, "unexpected withdrawals before shanghai");
    return RPC_OK;
}

static enum err open_builder(struct building *b) {
    struct node_chain *chain = b->chain;
    const struct rpc_payload_wish *wish = b->wish;
    struct block_attributes attributes = {
        .timestamp = wish->timestamp,
        .gas_limit = next_gas_limit(chain),
        .coinbase = wish->fee_recipient,
        .prev_randao = wish->prev_randao,
        .extra_data_size = (uint8_t)wish->extra_data.size,
        .parent_beacon_block_root = wish->beacon_root,
        .withdrawals = wish->withdrawals,
        .withdrawal_count = wish->withdrawal_count,
        .has_no_requests = chain->rollup_id != 0,
    };
    if (wish->extra_data.size > 0)
        memcpy(attributes.extra_data, wish->extra_data.data, wish->extra_data.size);
    const struct execution_options options = {.base_fee_to_coinbase = chain->rollup_id != 0};
    source_memory_open(&b->memory, b->arena, &chain->fresh.source);
    enum err err = state_open(&b->state, b->arena, &b->memory.source, &chain->head.state_root);
    if (err != ERR_OK) return err;
    return block_begin(
        &b->builder,
        b->arena,
        &b->state,
        &b->memory,
        &chain->schedule,
        &chain->head,
        &attributes,
        node_chain_hashes(chain),
        &options,
        chain->codes
    );
}

/* --- transactions ----------------------------------------------------------------------------- */

static enum rpc_status refuse(struct building *b, const struct tx *tx, const address *sender) {
    struct verdict_facts facts = {
        .tx = tx,
        .sender = *sender,
        .fork = b->builder.context.rules.fork,
        .chain_id = b->chain->rpc.chain_id,
        .block_gas_limit = b->builder.header.gas_limit,
        .gas_available = b->builder.header.gas_limit - b->builder.gas_used,
        .base_fee = b->builder.context.base_fee_per_gas,
        .blob_base_fee = b->builder.context.blob_base_fee,
    };
    char text[VERDICT_TEXT_SIZE_MAX];
    const struct journal_account *account = journal_find_account(&b->builder.journal, sender);
    if (account != NULL && account->is_loaded) {
        facts.state_nonce = account->nonce;
        facts.balance = account->balance;
        facts.code_size = account->code.size;
    }
    (void)verdict_text(text, b->builder.tx_verdict, &facts);
    return rpc_fail(b->request, RPC_SERVER_ERROR, "%s", text);
}

/* EXECUTION_INVALID is no failure yet: it depends on who chose the transaction. */
static enum execution_status
add(struct building *b, const struct tx *tx, bytes encoding, const address *sender) {
    block_add_begin(&b->builder, tx, encoding, sender);
    enum execution_status status = block_add_run(&b->builder);
    if (status == EXECUTION_FAILED) block_add_abandon(&b->builder);
    if (status == EXECUTION_DONE)
        b->payload.value =
            u256_add(&b->payload.value, &b->builder.results[b->builder.tx_count - 1].coinbase_fee);
    return status;
}

/* In a block's form, or with its blobs. */
static enum err
decode(struct building *b, struct tx *tx, enum tx_verdict *verdict, bytes *encoding) {
    if (encoding->size == 0 || encoding->data[0] != TX_BLOB)
        return tx_decode(tx, verdict, b->arena, *encoding);
    struct blob_sidecar sidecar;
    enum err err = blob_tx_decode(tx, &sidecar, verdict, b->arena, *encoding);
    if (err != ERR_OK) return err;
    if (*verdict == TX_SIDECAR_MISSING) return tx_decode(tx, verdict, b->arena, *encoding);
    if (*verdict != TX_OK) return ERR_OK;
    err = blob_sidecar_check(verdict, tx, &sidecar, b->builder.context.rules.fork);
    if (err != ERR_OK || *verdict != TX_OK) return err;
    *encoding = sidecar.tx_encoding;
    b->sidecars[b->payload.sidecar_count++] = sidecar;
    return ERR_OK;
}

static enum rpc_status add_given(struct building *b, bytes encoding, size_t index) {
    struct tx *tx = arena_alloc_zero(b->arena, sizeof(*tx));
    struct fork_rules rules = b->builder.context.rules;
    enum tx_verdict verdict;
    address sender = {{0}};
    if (tx == NULL) return rpc_fail_err(b->request, ERR_MEMORY);
    enum err err = decode(b, tx, &verdict, &encoding);
    if (err == ERR_OK && verdict == TX_OK && tx->type == TX_DEPOSIT)
        verdict = TX_DEPOSIT_NOT_ALLOWED;
    rules.names_senders = false;
    if (err == ERR_OK && verdict == TX_OK) err = tx_sender(&sender, &verdict, b->arena, tx, &rules);
    if (err != ERR_OK) return rpc_fail_err(b->request, err);
    if (verdict != TX_OK)
        return rpc_fail(
            b->request,
            RPC_SERVER_ERROR,
            "invalid transaction %zu: %s",
            index,
            tx_verdict_text(verdict)
        );
    switch (add(b, tx, encoding, &sender)) {
    case EXECUTION_DONE:
        return RPC_OK;
    case EXECUTION_INVALID:
        return refuse(b, tx, &sender);
    case EXECUTION_FAILED:
    case EXECUTION_CALL:
    case EXECUTION_INSIDE_DONE:
    case EXECUTION_REVERTING:
        break;
    }
    return rpc_fail_err(b->request, b->builder.err);
}

/* A transaction of the pool. One with blobs in another form than the fork's cannot be handed on. */
static enum err
add_pooled_tx(struct building *b, enum execution_status *status, const struct pool_tx *tx) {
    struct tx with_blobs = {0};
    bytes encoding = tx->network;
    enum tx_verdict verdict = TX_SIDECAR_MISSING;
    size_t sidecar_count = b->payload.sidecar_count;
    uint64_t blobs_max = b->builder.context.rules.blob.max;
    *status = EXECUTION_INVALID;
    if (b->builder.blob_gas_used / BLOB_GAS_PER_BLOB + tx->tx.blob_count > blobs_max) return ERR_OK;
    if (tx->tx.type == TX_BLOB && tx->network.size > 0) {
        enum err err = decode(b, &with_blobs, &verdict, &encoding);
        if (err != ERR_OK) return err;
    }
    if (tx->tx.type == TX_BLOB && verdict != TX_OK) return ERR_OK;
    *status = add(b, &tx->tx, tx->encoding, &tx->sender);
    if (*status == EXECUTION_INVALID) b->payload.sidecar_count = sidecar_count;
    return *status == EXECUTION_FAILED ? b->builder.err : ERR_OK;
}

/* The pool's, best first. */
static enum rpc_status add_pooled(struct building *b) {
    size_t most = b->builder.context.rules.blob.max; /* a blob transaction has one at least */
    b->sidecars = arena_alloc_array(b->arena, most + 1, sizeof(*b->sidecars));
    b->payload.sidecars = b->sidecars;
    if (b->sidecars == NULL) return rpc_fail_err(b->request, ERR_MEMORY);
    const struct block_context *context = &b->builder.context;
    const struct pool_block block = {
        .base_fee_per_gas = context->base_fee_per_gas, .number = context->number};
    struct pool_iterator *it = pool_iterate(b->chain->pool, &block);
    if (it == NULL) return rpc_fail_err(b->request, ERR_MEMORY);
    enum err err = ERR_OK;
    for (const struct pool_tx *tx; err == ERR_OK && (tx = pool_iterator_next(it)) != NULL;) {
        enum execution_status status;
        err = add_pooled_tx(b, &status, tx);
        if (err == ERR_OK && status == EXECUTION_INVALID) pool_iterator_skip_sender(it);
    }
    pool_iterator_close(it);
    return err != ERR_OK ? rpc_fail_err(b->request, err) : RPC_OK;
}

static enum rpc_status fill(struct building *b) {
    if (!b->wish->has_transactions) return add_pooled(b);
    b->sidecars = arena_alloc_array(b->arena, b->wish->transaction_count, sizeof(*b->sidecars));
    if (b->sidecars == NULL) return rpc_fail_err(b->request, ERR_MEMORY);
    b->payload.sidecars = b->sidecars;
    enum rpc_status status = RPC_OK;
    for (size_t i = 0; i < b->wish->transaction_count && status == RPC_OK; i++)
        status = add_given(b, b->wish->transactions[i], i);
    return status;
}

/* --- all -------------------------------------------------------------------------------------- */

static enum err describe(struct building *b) {
    const struct block_builder *builder = &b->builder;
    struct rpc_transaction *transactions =
        arena_alloc_array(b->arena, builder->tx_count, sizeof(*transactions));
    bytes *requests = arena_alloc_array(b->arena, builder->request_count, sizeof(*requests));
    if (transactions == NULL || requests == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < builder->tx_count; i++)
        transactions[i] = (struct rpc_transaction){
            .tx = &builder->txs[i],
            .hash = builder->tx_hashes[i],
            .sender = builder->senders[i],
            .encoded = builder->tx_encodings[i],
        };
    for (size_t i = 0; i < builder->request_count; i++)
        if (builder->requests[i].size > 1)
            requests[b->payload.request_count++] = builder->requests[i];
    b->payload.requests = requests;
    b->payload.block = (struct rpc_block){
        .header = &builder->header,
        .hash = header_hash(&builder->header),
        .transaction_count = builder->tx_count,
        .transactions = transactions,
        .withdrawals = b->wish->withdrawals,
        .withdrawal_count = b->wish->withdrawal_count,
    };
    return ERR_OK;
}

enum rpc_status backend_build_block(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    const struct rpc_payload **payload,
    const struct rpc_payload_wish *wish
) {
    struct building *b = arena_alloc_zero(request->arena, sizeof(*b));
    if (b == NULL) return rpc_fail_err(request, ERR_MEMORY);
    b->chain = backend_chain(rpc);
    b->request = request;
    b->wish = wish;
    b->arena = request->arena;
    enum rpc_status status = check_wish(b);
    if (status != RPC_OK) return status;
    enum err err = open_builder(b);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    status = fill(b);
    if (status != RPC_OK) return status;
    enum block_verdict verdict;
    err = block_finish(&b->builder, &verdict);
    if (err == ERR_OK && verdict != BLOCK_OK)
        return rpc_fail(request, RPC_SERVER_ERROR, "%s", block_verdict_text(verdict));
    if (err == ERR_OK) err = describe(b);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    *payload = &b->payload;
    return RPC_OK;
}
