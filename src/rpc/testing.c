/* testing_buildBlockV1: blocks for those who test other clients with them. */
#include "crypto/kzg.h"
#include "rpc/call_arguments.h"
#include "rpc/methods.h"
#include "rpc/payload.h"
#include "rpc/view.h"

/* --- reading ---------------------------------------------------------------------------------- */

struct attributes {
    struct rpc_call *call;
    uint32_t object;
};

/* The token of a member, 0 if it is not there or null. */
static uint32_t member(const struct attributes *a, const char *key) {
    uint32_t token = json_member(a->call->json, a->object, key);
    return token != 0 && json_kind(a->call->json, token) == JSON_NULL ? 0 : token;
}

static enum rpc_status missing(const struct attributes *a, const char *key) {
    return argument_fail(a->call, 1, key, "missing");
}

static enum rpc_status read_attributes(struct rpc_call *call, struct rpc_payload_wish *out) {
    const struct json *json = call->json;
    struct attributes a = {.call = call, .object = argument_token(call, 1)};
    if (a.object == 0) return argument_missing(call, 1);
    if (json_kind(json, a.object) != JSON_OBJECT)
        return argument_fail(call, 1, NULL, "not an object");
    uint32_t timestamp = member(&a, "timestamp");
    uint32_t randao = member(&a, "prevRandao");
    uint32_t recipient = member(&a, "suggestedFeeRecipient");
    uint32_t root = member(&a, "parentBeaconBlockRoot");
    if (timestamp == 0) return missing(&a, "timestamp");
    if (randao == 0) return missing(&a, "prevRandao");
    if (recipient == 0) return missing(&a, "suggestedFeeRecipient");
    const char *where = "timestamp";
    const char *problem = value_quantity_u64(&out->timestamp, json, timestamp);
    if (problem == NULL) {
        where = "prevRandao";
        problem = value_hash(&out->prev_randao, json, randao);
    }
    if (problem == NULL) {
        where = "suggestedFeeRecipient";
        problem = value_address(&out->fee_recipient, json, recipient);
    }
    if (problem == NULL && root != 0) {
        where = "parentBeaconBlockRoot";
        problem = value_hash(&out->beacon_root, json, root);
    }
    if (problem != NULL) return argument_fail(call, 1, where, problem);
    struct rpc_block_overrides list;
    enum rpc_status status = withdrawals_read(call, &list, a.object, 1);
    out->has_withdrawals = list.has_withdrawals;
    out->withdrawals = list.withdrawals;
    out->withdrawal_count = list.withdrawal_count;
    return status;
}

static enum rpc_status read_transactions(struct rpc_call *call, struct rpc_payload_wish *out) {
    const struct json *json = call->json;
    uint32_t list = argument_token(call, 2);
    if (list == 0) return RPC_OK;
    if (json_kind(json, list) != JSON_ARRAY) return argument_fail(call, 2, NULL, "not an array");
    size_t count = json->tokens[list].count;
    bytes *transactions = arena_alloc_array(call->request.arena, count, sizeof(*transactions));
    if (transactions == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    uint32_t at = list + 1;
    for (size_t i = 0; i < count; i++, at = json->tokens[at].next) {
        const char *problem = value_data(&transactions[i], call->request.arena, json, at);
        if (problem != NULL) return argument_fail(call, 2, NULL, problem);
    }
    out->has_transactions = true;
    out->transactions = transactions;
    out->transaction_count = count;
    return RPC_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_payload(struct json_writer *w, const struct rpc_block *block) {
    const struct header *h = block->header;
    json_object_begin(w);
    json_member_hash(w, "parentHash", &h->parent_hash);
    json_member_address(w, "feeRecipient", &h->coinbase);
    json_member_hash(w, "stateRoot", &h->state_root);
    json_member_hash(w, "receiptsRoot", &h->receipts_root);
    json_member_data(w, "logsBloom", bytes_of(h->logs_bloom.b, sizeof(h->logs_bloom.b)));
    json_member_hash(w, "prevRandao", &h->mix_hash);
    json_member_quantity_u64(w, "blockNumber", h->number);
    json_member_quantity_u64(w, "gasLimit", h->gas_limit);
    json_member_quantity_u64(w, "gasUsed", h->gas_used);
    json_member_quantity_u64(w, "timestamp", h->timestamp);
    json_member_data(w, "extraData", bytes_of(h->extra_data, h->extra_data_size));
    json_member_quantity(w, "baseFeePerGas", &h->base_fee_per_gas);
    json_member_hash(w, "blockHash", &block->hash);
    json_key(w, "transactions");
    json_array_begin(w);
    for (size_t i = 0; i < block->transaction_count; i++)
        json_data(w, block->transactions[i].encoded);
    json_array_end(w);
    if (h->fields >= HEADER_WITHDRAWALS) view_withdrawals(w, block);
    if (h->fields >= HEADER_BLOB_GAS) {
        json_member_quantity_u64(w, "blobGasUsed", h->blob_gas_used);
        json_member_quantity_u64(w, "excessBlobGas", h->excess_blob_gas);
    }
    json_object_end(w);
}

/* One kind of things of all sidecars, each so many bytes; proofs are more than the blobs. */
static void write_parts(
    struct json_writer *w,
    const struct rpc_payload *payload,
    size_t size,
    const uint8_t *(*part)(const struct blob_sidecar *sidecar, size_t *count)
) {
    json_array_begin(w);
    for (size_t i = 0; i < payload->sidecar_count; i++) {
        size_t count;
        const uint8_t *data = part(&payload->sidecars[i], &count);
        for (size_t k = 0; k < count; k++)
            json_data(w, bytes_of(data + k * size, size));
    }
    json_array_end(w);
}

static const uint8_t *commitments_of(const struct blob_sidecar *sidecar, size_t *count) {
    *count = sidecar->count;
    return sidecar->commitments;
}

static const uint8_t *proofs_of(const struct blob_sidecar *sidecar, size_t *count) {
    *count = sidecar->proof_count;
    return sidecar->proofs;
}

static const uint8_t *blobs_of(const struct blob_sidecar *sidecar, size_t *count) {
    *count = sidecar->count;
    return sidecar->blobs;
}

static void write_bundle(struct json_writer *w, const struct rpc_payload *payload) {
    json_object_begin(w);
    json_key(w, "commitments");
    write_parts(w, payload, KZG_COMMITMENT_SIZE, commitments_of);
    json_key(w, "proofs");
    write_parts(w, payload, KZG_PROOF_SIZE, proofs_of);
    json_key(w, "blobs");
    write_parts(w, payload, KZG_BLOB_SIZE, blobs_of);
    json_object_end(w);
}

enum rpc_status testing_buildBlockV1(struct rpc_call *call) {
    struct rpc_payload_wish wish = {0};
    struct json_writer *w = call->out;
    enum rpc_status status = argument_hash(call, &wish.parent, 0);
    if (status == RPC_OK) status = read_attributes(call, &wish);
    if (status == RPC_OK) status = read_transactions(call, &wish);
    if (status == RPC_OK && argument_token(call, 3) != 0)
        status = argument_data(call, &wish.extra_data, 3);
    if (status != RPC_OK) return status;
    if (wish.extra_data.size > HEADER_EXTRA_DATA_SIZE_MAX)
        return argument_fail(call, 3, NULL, "extra data is longer than 32 bytes");
    const struct rpc_payload *payload = NULL;
    status = call->chain->operations->build_block(call->chain, &call->request, &payload, &wish);
    if (status != RPC_OK) return status;
    json_object_begin(w);
    json_key(w, "executionPayload");
    write_payload(w, &payload->block);
    json_member_quantity(w, "blockValue", &payload->value);
    json_key(w, "blobsBundle");
    write_bundle(w, payload);
    if (payload->block.header->fields >= HEADER_REQUESTS_HASH) {
        json_key(w, "executionRequests");
        json_array_begin(w);
        for (size_t i = 0; i < payload->request_count; i++)
            json_data(w, payload->requests[i]);
        json_array_end(w);
    }
    json_member_bool(w, "shouldOverrideBuilder", false);
    json_object_end(w);
    return RPC_OK;
}
