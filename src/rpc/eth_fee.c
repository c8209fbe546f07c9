/* What gas costs: gas price, tip, base fees, fee history. */
#include "rpc/lookup.h"
#include "rpc/methods.h"

#include <stdlib.h>

#define FEE_HISTORY_BLOCKS_MAX  1024 /* as geth bounds them */
#define FEE_HISTORY_REWARDS_MAX 100

static enum rpc_status head(struct rpc_call *call, const struct rpc_block **block, unsigned with) {
    struct rpc_block_id id = {.kind = RPC_BLOCK_LATEST};
    enum rpc_status status = lookup_block(call, block, &id, with);
    if (status == RPC_OK && *block == NULL) return rpc_fail_err(&call->request, ERR_MISSING);
    return status;
}

enum rpc_status eth_gasPrice(struct rpc_call *call) {
    const struct rpc_block *block;
    u256 tip;
    enum rpc_status status = head(call, &block, 0);
    if (status == RPC_OK)
        status = call->chain->operations->priority_fee(call->chain, &call->request, &tip);
    if (status != RPC_OK) return status;
    u256 price = u256_add(&tip, &block->next_base_fee);
    json_quantity(call->out, &price);
    return RPC_OK;
}

enum rpc_status eth_maxPriorityFeePerGas(struct rpc_call *call) {
    u256 tip;
    enum rpc_status status =
        call->chain->operations->priority_fee(call->chain, &call->request, &tip);
    if (status == RPC_OK) json_quantity(call->out, &tip);
    return status;
}

enum rpc_status eth_baseFee(struct rpc_call *call) {
    const struct rpc_block *block;
    enum rpc_status status = head(call, &block, 0);
    if (status == RPC_OK) json_quantity(call->out, &block->next_base_fee);
    return status;
}

enum rpc_status eth_blobBaseFee(struct rpc_call *call) {
    const struct rpc_block *block;
    enum rpc_status status = head(call, &block, 0);
    if (status == RPC_OK) json_quantity(call->out, &block->next_blob_base_fee);
    return status;
}

/* --- eth_feeHistory --------------------------------------------------------------------------- */

struct history {
    uint64_t count;
    uint64_t newest;
    double *percentiles;
    size_t percentile_count;
    bool has_percentiles;
    const struct rpc_block **blocks;
};

static enum rpc_status read_percentiles(struct rpc_call *call, struct history *h) {
    const struct json *json = call->json;
    uint32_t token = argument_token(call, 2);
    if (token == 0) return RPC_OK;
    if (json_kind(json, token) != JSON_ARRAY) return argument_fail(call, 2, NULL, "not an array");
    h->has_percentiles = true;
    h->percentile_count = json->tokens[token].count;
    if (h->percentile_count > FEE_HISTORY_REWARDS_MAX)
        return rpc_fail(
            &call->request,
            RPC_SERVER_ERROR,
            "invalid reward percentile: over the query limit %u",
            (unsigned)FEE_HISTORY_REWARDS_MAX
        );
    h->percentiles = arena_alloc_array(call->request.arena, h->percentile_count, sizeof(double));
    if (h->percentiles == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    uint32_t at = token + 1;
    for (size_t i = 0; i < h->percentile_count; i++, at = json->tokens[at].next) {
        char text[40];
        bytes source = json_text(json, at);
        if (json_kind(json, at) != JSON_NUMBER || source.size >= sizeof(text))
            return argument_fail(call, 2, NULL, "not a number");
        memcpy(text, source.data, source.size);
        text[source.size] = '\0';
        double p = strtod(text, NULL);
        if (!(p >= 0 && p <= 100))
            return rpc_fail(
                &call->request, RPC_SERVER_ERROR, "invalid reward percentile: %s", text
            );
        if (i > 0 && p < h->percentiles[i - 1])
            return rpc_fail(
                &call->request,
                RPC_SERVER_ERROR,
                "invalid reward percentile: #%zu is below the one before it",
                i
            );
        h->percentiles[i] = p;
    }
    return RPC_OK;
}

/* The blocks asked for, oldest first. Fewer than asked if the chain is shorter. */
static enum rpc_status read_blocks(struct rpc_call *call, struct history *h) {
    struct rpc_block_id id;
    const struct rpc_block *newest;
    enum rpc_status status = argument_block_number(call, &id, 1);
    if (status != RPC_OK) return status;
    /* The pending block has no receipts to take rewards from; it is answered as the latest. */
    if (id.kind == RPC_BLOCK_PENDING) id.kind = RPC_BLOCK_LATEST;
    status = lookup_block(call, &newest, &id, 0);
    if (status != RPC_OK) return status;
    if (newest == NULL)
        return rpc_fail(
            &call->request, RPC_SERVER_ERROR, "request beyond head block: the block is not there"
        );
    h->newest = newest->header->number;
    if (h->count > FEE_HISTORY_BLOCKS_MAX) h->count = FEE_HISTORY_BLOCKS_MAX;
    if (h->count > h->newest + 1) h->count = h->newest + 1;
    h->blocks = arena_alloc_array(call->request.arena, h->count, sizeof(const struct rpc_block *));
    if (h->blocks == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    unsigned with = h->percentile_count > 0 ? RPC_WITH_TRANSACTIONS | RPC_WITH_RECEIPTS : 0;
    for (uint64_t i = 0; i < h->count; i++) {
        struct rpc_block_id one = {
            .kind = RPC_BLOCK_NUMBER,
            .number = h->newest + 1 - h->count + i,
        };
        status = lookup_block(call, &h->blocks[i], &one, with);
        if (status != RPC_OK) return status;
        if (h->blocks[i] == NULL) return rpc_fail_err(&call->request, ERR_MISSING);
    }
    return RPC_OK;
}

/* A transaction's tip and the gas it used: rewards are percentiles of tips by gas. */
struct tip {
    u256 tip;
    uint64_t gas_used;
};

static int compare_tips(const void *a, const void *b) {
    const struct tip *first = a;
    const struct tip *second = b;
    return u256_compare(&first->tip, &second->tip);
}

static struct tip tip_of(const struct tx *tx, const struct header *header, uint64_t gas_used) {
    struct tip tip = {.gas_used = gas_used};
    if (tx->type != TX_DEPOSIT)
        (void)tx_tip_at(&tip.tip, tx, &header->base_fee_per_gas, header->number);
    return tip;
}

static enum rpc_status
write_rewards(struct rpc_call *call, const struct history *h, const struct rpc_block *block) {
    size_t count = block->transaction_count;
    json_array_begin(call->out);
    struct tip *tips = arena_alloc_array(call->request.arena, count, sizeof(*tips));
    if (tips == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    uint64_t before = 0;
    for (size_t i = 0; i < count && h->percentile_count > 0; i++) {
        uint64_t after = block->receipts[i].cumulative_gas_used;
        const struct tx *tx = block->transactions[i].tx;
        tips[i] = tip_of(tx, block->header, after - before);
        before = after;
    }
    if (h->percentile_count > 0 && count > 0) qsort(tips, count, sizeof(*tips), compare_tips);
    size_t at = 0;
    uint64_t sum = count > 0 && h->percentile_count > 0 ? tips[0].gas_used : 0;
    for (size_t i = 0; i < h->percentile_count; i++) {
        uint64_t threshold = (uint64_t)((double)block->header->gas_used * h->percentiles[i] / 100);
        while (sum < threshold && at + 1 < count)
            sum += tips[++at].gas_used;
        json_quantity(call->out, count > 0 ? &tips[at].tip : &(u256){{0}});
    }
    json_array_end(call->out);
    return RPC_OK;
}

static enum rpc_status write_history(struct rpc_call *call, const struct history *h) {
    struct json_writer *w = call->out;
    const struct rpc_block *last = h->blocks[h->count - 1];
    json_object_begin(w);
    json_member_quantity_u64(w, "oldestBlock", h->newest + 1 - h->count);
    if (h->has_percentiles && h->percentile_count > 0) {
        json_key(w, "reward");
        json_array_begin(w);
        for (uint64_t i = 0; i < h->count; i++) {
            enum rpc_status status = write_rewards(call, h, h->blocks[i]);
            if (status != RPC_OK) return status;
        }
        json_array_end(w);
    }
    json_key(w, "baseFeePerGas");
    json_array_begin(w);
    for (uint64_t i = 0; i < h->count; i++)
        json_quantity(w, &h->blocks[i]->header->base_fee_per_gas);
    json_quantity(w, &last->next_base_fee);
    json_array_end(w);
    json_key(w, "gasUsedRatio");
    json_array_begin(w);
    for (uint64_t i = 0; i < h->count; i++)
        json_ratio(w, h->blocks[i]->header->gas_used, h->blocks[i]->header->gas_limit);
    json_array_end(w);
    json_key(w, "baseFeePerBlobGas");
    json_array_begin(w);
    for (uint64_t i = 0; i < h->count; i++)
        json_quantity(w, &h->blocks[i]->blob_base_fee);
    json_quantity(w, &last->next_blob_base_fee);
    json_array_end(w);
    json_key(w, "blobGasUsedRatio");
    json_array_begin(w);
    for (uint64_t i = 0; i < h->count; i++)
        json_ratio(w, h->blocks[i]->header->blob_gas_used, h->blocks[i]->blob_gas_max);
    json_array_end(w);
    json_object_end(w);
    return RPC_OK;
}

enum rpc_status eth_feeHistory(struct rpc_call *call) {
    struct history history = {0};
    enum rpc_status status = argument_number(call, &history.count, 0);
    if (status == RPC_OK) status = read_percentiles(call, &history);
    if (status != RPC_OK) return status;
    if (history.count == 0) {
        json_object_begin(call->out);
        json_member_quantity_u64(call->out, "oldestBlock", 0);
        json_member_null(call->out, "gasUsedRatio");
        json_object_end(call->out);
        return RPC_OK;
    }
    status = read_blocks(call, &history);
    return status == RPC_OK ? write_history(call, &history) : status;
}
