/* eth_callBundle: what a bundle would do in L1's next block, with the batch that its calls need in
 * front of it. */
#include "backend/backend.h"
#include "backend/time_limit.h"
#include "node/crossing.h"
#include "rpc/revert.h"

struct called {
    struct node_chain *chain;
    struct rpc_request *request;
    const struct rpc_called_bundle *asked;
    struct pool_tx *txs;
    struct arena arena; /* of the run */
    struct crossing *crossing;
    struct time_limit limit;
};

/* It is tried in the next block alone: elsewhere the rollups stand otherwise. */
static enum rpc_status check_place(const struct called *c) {
    const struct rpc_called_bundle *asked = c->asked;
    const uint64_t head = c->chain->head.number;
    const uint64_t earliest = node_earliest_timestamp(c->chain);
    bool is_found = true;
    uint64_t state = head;
    enum err err =
        asked->has_state ? node_chain_resolve(c->chain, &is_found, &state, &asked->state) : ERR_OK;
    if (err != ERR_OK) return rpc_fail_err(c->request, err);
    if (!is_found || state != head || (asked->has_number && asked->number != head + 1))
        return rpc_fail(
            c->request,
            RPC_UNSUPPORTED,
            "bundles are tried in the next block, %llu, on top of the latest",
            (unsigned long long)head + 1
        );
    if (asked->has_timestamp && asked->timestamp < earliest)
        return rpc_fail(
            c->request,
            RPC_INVALID_PARAMS,
            "timestamp %llu is before the earliest possible one, %llu",
            (unsigned long long)asked->timestamp,
            (unsigned long long)earliest
        );
    return RPC_OK;
}

static enum rpc_status read_txs(struct called *c) {
    const size_t count = c->asked->tx_count;
    if (count == 0 || count > BUNDLE_TXS_MAX)
        return rpc_fail(
            c->request, RPC_INVALID_PARAMS, "a bundle has 1 to %u transactions", BUNDLE_TXS_MAX
        );
    c->txs = arena_alloc_array(c->request->arena, count, sizeof(*c->txs));
    if (c->txs == NULL) return rpc_fail_err(c->request, ERR_MEMORY);
    return backend_read_raws(c->chain, c->request, c->txs, c->asked->txs, count);
}

static enum rpc_status run(struct called *c) {
    struct node *node = c->chain->node;
    const size_t count = c->asked->tx_count;
    const struct block_attributes attributes = {
        .timestamp = c->asked->has_timestamp ? c->asked->timestamp : node_next_timestamp(c->chain),
        .gas_limit = c->chain->gas_limit,
        .coinbase = c->chain->rpc.coinbase,
        .has_base_fee = c->chain->wishes.has_base_fee,
        .base_fee_per_gas = c->chain->wishes.base_fee,
    };
    struct world_tx *txs = arena_alloc_array(&c->arena, count, sizeof(*txs));
    c->crossing = arena_alloc(&c->arena, sizeof(*c->crossing));
    if (txs == NULL || c->crossing == NULL) return rpc_fail_err(c->request, ERR_MEMORY);
    for (size_t i = 0; i < count; i++)
        txs[i] = (struct world_tx
        ){.tx = &c->txs[i].tx, .encoded = c->txs[i].encoding, .sender = c->txs[i].sender};
    enum err err = crossing_open(c->crossing, node, &c->arena, &c->chain->head, &attributes);
    struct world_options *options = &c->crossing->options;
    options->txs = txs;
    options->tx_count = count;
    options->is_simulation = true;
    options->no_batch = !node->auto_batch;
    options->tx_options.watch = time_limit_watch(&c->limit);
    const struct world_result *result = &c->crossing->result;
    if (err == ERR_OK) err = world_build(&c->crossing->result, options);
    if (err == ERR_OK && result->status != WORLD_OK) {
        const char *reason;
        err = crossing_reason(&reason, c->crossing);
        if (err == ERR_OK)
            return rpc_fail(c->request, RPC_SERVER_ERROR, "the bundle cannot be tried: %s", reason);
    }
    if (err != ERR_OK) return time_limit_fail(c->request, &c->limit, err);
    for (size_t i = 0; i < count; i++)
        if (!result->txs[i].is_included)
            return rpc_fail(
                c->request,
                RPC_SERVER_ERROR,
                "transaction %zu: %s",
                i,
                tx_verdict_text(result->txs[i].verdict)
            );
    return RPC_OK;
}

static enum err
write_outcome(struct called *c, struct json_writer *out, const struct execution_result *result) {
    const char *text = evm_outcome_text(result->outcome);
    enum err err = ERR_OK;
    if (result->is_success) {
        json_member_data(out, "value", result->output);
        return ERR_OK;
    }
    json_member_cstring(out, "error", text);
    if (result->outcome != EVM_REVERT) return ERR_OK;
    err = revert_text(&text, &c->arena, &c->chain->node->log.names, result->output);
    if (err != ERR_OK) return err;
    json_member_cstring(out, "revert", text);
    json_member_data(out, "revertData", result->output);
    return ERR_OK;
}

/* What the builder gets of a transaction's gas. */
static u256 fees_of(const struct execution_result *result, const u256 *base_fee) {
    const u256 gas = u256_from_u64(result->gas_used);
    const u256 tip = u256_sub(&result->effective_gas_price, base_fee);
    return u256_mul(&gas, &tip);
}

static enum rpc_status write_answer(struct called *c, struct json_writer *out) {
    const struct world_result *run = &c->crossing->result;
    const size_t count = c->asked->tx_count;
    const u256 *base_fee = &run->block->context.base_fee_per_gas;
    u256 fees = U256_ZERO;
    uint64_t gas = 0;
    enum err err = ERR_OK;
    const hash32 hash = bundle_hash(c->txs, count);
    json_object_begin(out);
    json_member_hash(out, "bundleHash", &hash);
    json_member_quantity_u64(out, "stateBlockNumber", c->chain->head.number);
    json_key(out, "results");
    json_array_begin(out);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        const struct execution_result *result = &run->block->results[run->txs[i].index];
        const u256 own = fees_of(result, base_fee);
        fees = u256_add(&fees, &own);
        gas += result->gas_used;
        json_object_begin(out);
        json_member_hash(out, "txHash", &c->txs[i].hash);
        json_member_address(out, "fromAddress", &c->txs[i].sender);
        json_key(out, "toAddress");
        if (c->txs[i].tx.is_create)
            json_null(out);
        else
            json_address(out, &c->txs[i].tx.to);
        json_member_quantity_u64(out, "gasUsed", result->gas_used);
        json_member_quantity(out, "gasPrice", &result->effective_gas_price);
        json_member_quantity(out, "gasFees", &own);
        err = write_outcome(c, out, result);
        json_object_end(out);
    }
    json_array_end(out);
    json_member_quantity_u64(out, "totalGasUsed", gas);
    json_member_quantity(out, "gasFees", &fees);
    json_object_end(out);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(c->request, err);
}

enum rpc_status backend_call_bundle(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_called_bundle *asked
) {
    struct called c = {.chain = backend_chain(rpc), .request = request, .asked = asked};
    const struct node_options *options = c.chain->node->options;
    enum rpc_status status = backend_check_bundles(c.chain, request);
    if (status == RPC_OK) status = check_place(&c);
    if (status == RPC_OK) status = read_txs(&c);
    if (status != RPC_OK) return status;
    if (rpc_leave(request)) return RPC_FAILED;
    time_limit_begin(&c.limit, request, time_limit_of(options->rpc_timeout_ms));
    arena_open(&c.arena, NODE_BUILD_SIZE_MAX);
    status = run(&c);
    if (status == RPC_OK) status = write_answer(&c, out);
    arena_close(&c.arena);
    return status;
}
