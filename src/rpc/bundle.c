/* Bundles: transactions of L1 that go into one block together or not at all. eth_sendBundle and its
 * members are those of Flashbots' relay. And batches made for who posts them in such a bundle. */
#include "rpc/arguments.h"
#include "rpc/methods.h"

/* Of a bundle, whose argument this is. */
struct bundle_reader {
    struct rpc_call *call;
    uint32_t object;
};

static enum rpc_status refuse(struct bundle_reader *r, const char *key, const char *problem) {
    return argument_fail(r->call, 0, key, problem);
}

/* The token of a member, 0 if it is left out or null. */
static uint32_t member(const struct bundle_reader *r, const char *key) {
    const struct json *json = r->call->json;
    const uint32_t token = json_member(json, r->object, key);
    return token == 0 || json_kind(json, token) == JSON_NULL ? 0 : token;
}

/* What a relay elsewhere may know and this one does not must not be passed over. */
static enum rpc_status
check_members(struct bundle_reader *r, const char *const *known, size_t count) {
    const struct json *json = r->call->json;
    if (json_kind(json, r->object) != JSON_OBJECT) return refuse(r, NULL, "not an object");
    uint32_t at = r->object + 1;
    for (; at < json->tokens[r->object].next; at = json->tokens[at + 1].next) {
        const bytes key = json_text(json, at);
        size_t i = 0;
        while (i < count && !bytes_equal(key, bytes_of(known[i], strlen(known[i]))))
            i++;
        if (i == count)
            return rpc_fail(
                &r->call->request,
                RPC_INVALID_PARAMS,
                "invalid argument 0: there is no member \"%.*s\"",
                (int)(key.size < 40 ? key.size : 40),
                (const char *)key.data
            );
    }
    return RPC_OK;
}

static enum rpc_status
begin_list(struct bundle_reader *r, uint32_t *at, size_t *count, const char *key) {
    const struct json *json = r->call->json;
    const uint32_t list = member(r, key);
    *count = 0;
    if (list == 0) return RPC_OK;
    if (json_kind(json, list) != JSON_ARRAY) return refuse(r, key, "not an array");
    *at = list + 1;
    *count = json->tokens[list].count;
    return RPC_OK;
}

static enum rpc_status
read_txs(struct bundle_reader *r, const bytes **txs, size_t *count, const char *key) {
    uint32_t at = 0;
    enum rpc_status status = begin_list(r, &at, count, key);
    bytes *list = arena_alloc_array(r->call->request.arena, *count, sizeof(*list));
    if (list == NULL) return rpc_fail_err(&r->call->request, ERR_MEMORY);
    for (size_t i = 0; i < *count && status == RPC_OK; i++, at = r->call->json->tokens[at].next) {
        const char *problem = value_data(&list[i], r->call->request.arena, r->call->json, at);
        if (problem != NULL) status = refuse(r, key, problem);
    }
    *txs = list;
    return status;
}

static enum rpc_status read_reverting(struct bundle_reader *r, struct rpc_sent_bundle *out) {
    static const char KEY[] = "revertingTxHashes";
    uint32_t at = 0;
    enum rpc_status status = begin_list(r, &at, &out->reverting_count, KEY);
    const size_t count = out->reverting_count;
    hash32 *list = arena_alloc_array(r->call->request.arena, count, sizeof(*list));
    if (list == NULL) return rpc_fail_err(&r->call->request, ERR_MEMORY);
    for (size_t i = 0; i < count && status == RPC_OK; i++, at = r->call->json->tokens[at].next) {
        const char *problem = value_hash(&list[i], r->call->json, at);
        if (problem != NULL) status = refuse(r, KEY, problem);
    }
    out->reverting = list;
    return status;
}

/* Untouched if it is left out. */
static enum rpc_status
read_number(struct bundle_reader *r, uint64_t *number, bool *is_there, const char *key) {
    const uint32_t token = member(r, key);
    *is_there = token != 0;
    const char *problem = token == 0 ? NULL : value_number(number, r->call->json, token);
    return problem == NULL ? RPC_OK : refuse(r, key, problem);
}

/* The transactions of the rollup that r->object describes. */
static enum rpc_status read_part(struct bundle_reader *r, struct rpc_batch_part *out) {
    static const char *const KNOWN[] = {"rollupId", "transactions"};
    bool is_there;
    enum rpc_status status = check_members(r, KNOWN, sizeof(KNOWN) / sizeof(*KNOWN));
    if (status == RPC_OK) status = read_number(r, &out->rollup_id, &is_there, "rollupId");
    if (status == RPC_OK && !is_there) status = refuse(r, "rollupId", "missing");
    return status == RPC_OK ? read_txs(r, &out->txs, &out->tx_count, "transactions") : status;
}

static enum rpc_status read_parts(struct bundle_reader *r, struct rpc_batch_wish *out) {
    uint32_t at = 0;
    enum rpc_status status = begin_list(r, &at, &out->part_count, "rollups");
    struct rpc_batch_part *parts =
        arena_alloc_zero(r->call->request.arena, out->part_count * sizeof(*parts));
    if (parts == NULL) return rpc_fail_err(&r->call->request, ERR_MEMORY);
    for (size_t i = 0; i < out->part_count && status == RPC_OK; i++) {
        struct bundle_reader part = {.call = r->call, .object = at};
        status = read_part(&part, &parts[i]);
        at = r->call->json->tokens[at].next;
    }
    out->parts = parts;
    return status;
}

/* [{from, before, rollups: [{rollupId, transactions}]}] → the transaction that posts such a
 * batch. */
enum rpc_status lockstep_prepareBatch(struct rpc_call *call) {
    static const char *const KNOWN[] = {"from", "before", "rollups"};
    struct bundle_reader r = {.call = call, .object = argument_token(call, 0)};
    struct rpc_batch_wish wish = {0};
    if (r.object == 0) return argument_missing(call, 0);
    enum rpc_status status = check_members(&r, KNOWN, sizeof(KNOWN) / sizeof(*KNOWN));
    if (status != RPC_OK) return status;
    const uint32_t from = member(&r, "from");
    const char *problem = from == 0 ? "missing" : value_address(&wish.from, call->json, from);
    if (problem != NULL) return refuse(&r, "from", problem);
    status = read_txs(&r, &wish.before, &wish.before_count, "before");
    if (status == RPC_OK) status = read_parts(&r, &wish);
    if (status != RPC_OK) return status;
    return call->chain->operations->prepare_batch(call->chain, &call->request, call->out, &wish);
}

static enum rpc_status read_bundle(struct rpc_call *call, struct rpc_sent_bundle *out) {
    static const char *const KNOWN[] = {
        "txs", "blockNumber", "minTimestamp", "maxTimestamp", "revertingTxHashes"};
    struct bundle_reader r = {.call = call, .object = argument_token(call, 0)};
    bool is_there;
    *out = (struct rpc_sent_bundle){.max_timestamp = UINT64_MAX};
    if (r.object == 0) return argument_missing(call, 0);
    enum rpc_status status = check_members(&r, KNOWN, sizeof(KNOWN) / sizeof(*KNOWN));
    if (status == RPC_OK) status = read_txs(&r, &out->txs, &out->tx_count, "txs");
    if (status == RPC_OK) status = read_number(&r, &out->number, &out->has_number, "blockNumber");
    if (status == RPC_OK) status = read_number(&r, &out->min_timestamp, &is_there, "minTimestamp");
    if (status == RPC_OK) status = read_number(&r, &out->max_timestamp, &is_there, "maxTimestamp");
    /* As elsewhere, 0 sets no limit. */
    if (out->max_timestamp == 0) out->max_timestamp = UINT64_MAX;
    return status == RPC_OK ? read_reverting(&r, out) : status;
}

/* [{txs, blockNumber, …}] → {bundleHash}. */
enum rpc_status eth_sendBundle(struct rpc_call *call) {
    struct rpc_sent_bundle bundle;
    hash32 hash;
    enum rpc_status status = read_bundle(call, &bundle);
    if (status == RPC_OK)
        status = call->chain->operations->send_bundle(call->chain, &call->request, &hash, &bundle);
    if (status != RPC_OK) return status;
    json_object_begin(call->out);
    json_member_hash(call->out, "bundleHash", &hash);
    json_object_end(call->out);
    return RPC_OK;
}

/* [{txs, blockNumber, stateBlockNumber, timestamp}] → what each of them does in the next block. */
enum rpc_status eth_callBundle(struct rpc_call *call) {
    static const char *const KNOWN[] = {"txs", "blockNumber", "stateBlockNumber", "timestamp"};
    struct bundle_reader r = {.call = call, .object = argument_token(call, 0)};
    struct rpc_called_bundle b = {0};
    if (r.object == 0) return argument_missing(call, 0);
    enum rpc_status status = check_members(&r, KNOWN, sizeof(KNOWN) / sizeof(*KNOWN));
    if (status == RPC_OK) status = read_txs(&r, &b.txs, &b.tx_count, "txs");
    if (status == RPC_OK) status = read_number(&r, &b.number, &b.has_number, "blockNumber");
    if (status == RPC_OK) status = read_number(&r, &b.timestamp, &b.has_timestamp, "timestamp");
    if (status != RPC_OK) return status;
    const uint32_t state = member(&r, "stateBlockNumber");
    b.has_state = state != 0;
    const char *problem = state == 0 ? NULL : value_block_id(&b.state, call->json, state);
    if (problem != NULL) return refuse(&r, "stateBlockNumber", problem);
    return call->chain->operations->call_bundle(call->chain, &call->request, call->out, &b);
}

/* [bundleHash] → for each block that it was sent for, oldest first, where it is or why not. */
enum rpc_status lockstep_getBundle(struct rpc_call *call) {
    const struct rpc_bundle_state *states;
    size_t count;
    hash32 hash;
    enum rpc_status status = argument_hash(call, &hash, 0);
    if (status == RPC_OK)
        status = call->chain->operations->bundle_states(
            call->chain, &call->request, &states, &count, &hash
        );
    if (status != RPC_OK) return status;
    struct json_writer *w = call->out;
    json_array_begin(w);
    for (size_t i = 0; i < count; i++) {
        const struct rpc_bundle_state *s = &states[i];
        const char *text = s->is_waiting ? "waiting" : s->is_included ? "included" : "dropped";
        json_object_begin(w);
        json_member_quantity_u64(w, "blockNumber", s->number);
        json_member_cstring(w, "status", text);
        json_key(w, "reason");
        if (s->is_waiting || s->is_included)
            json_null(w);
        else
            json_cstring(w, s->reason);
        json_object_end(w);
    }
    json_array_end(w);
    return RPC_OK;
}
