/* eth_getLogs and the filters. */
#include "rpc/lookup.h"
#include "rpc/methods.h"
#include "rpc/view.h"

#include <stdlib.h>

/* --- the query from JSON ---------------------------------------------------------------------- */

/* One address, an array of them, or null. */
static enum rpc_status
read_addresses(struct rpc_call *call, uint32_t index, struct log_query *query, uint32_t token) {
    const struct json *json = call->json;
    if (token == 0 || json_kind(json, token) == JSON_NULL) return RPC_OK;
    bool is_array = json_kind(json, token) == JSON_ARRAY;
    size_t count = is_array ? json->tokens[token].count : 1;
    if (count > LOG_ADDRESSES_MAX)
        return argument_fail(call, index, "address", "too many addresses");
    address *list = arena_alloc_array(call->request.arena, count, sizeof(*list));
    if (list == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    uint32_t at = is_array ? token + 1 : token;
    for (size_t i = 0; i < count; i++, at = json->tokens[at].next) {
        const char *problem = value_address(&list[i], json, at);
        if (problem != NULL) return argument_fail(call, index, "address", problem);
    }
    query->addresses = list;
    query->address_count = count;
    return RPC_OK;
}

/* One position: null, a topic, or an array of alternatives, of which a null stands for anything. */
static enum rpc_status
read_position(struct rpc_call *call, uint32_t index, struct log_topics *out, uint32_t token) {
    const struct json *json = call->json;
    if (json_kind(json, token) == JSON_NULL) return RPC_OK;
    bool is_array = json_kind(json, token) == JSON_ARRAY;
    size_t count = is_array ? json->tokens[token].count : 1;
    if (count > LOG_TOPIC_VALUES_MAX)
        return argument_fail(call, index, "topics", "too many topics");
    hash32 *list = arena_alloc_array(call->request.arena, count, sizeof(*list));
    if (list == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    uint32_t at = is_array ? token + 1 : token;
    for (size_t i = 0; i < count; i++, at = json->tokens[at].next) {
        if (json_kind(json, at) == JSON_NULL) return RPC_OK;
        const char *problem = value_hash(&list[i], json, at);
        if (problem != NULL) return argument_fail(call, index, "topics", problem);
    }
    out->any = list;
    out->count = count;
    return RPC_OK;
}

static enum rpc_status
read_topics(struct rpc_call *call, uint32_t index, struct log_query *query, uint32_t token) {
    const struct json *json = call->json;
    if (token == 0 || json_kind(json, token) == JSON_NULL) return RPC_OK;
    if (json_kind(json, token) != JSON_ARRAY)
        return argument_fail(call, index, "topics", "not an array");
    size_t count = json->tokens[token].count;
    if (count > LOG_TOPIC_MAX)
        return argument_fail(call, index, "topics", "more than four positions");
    uint32_t at = token + 1;
    for (size_t i = 0; i < count; i++, at = json->tokens[at].next) {
        enum rpc_status status = read_position(call, index, &query->topics[i], at);
        if (status != RPC_OK) return status;
    }
    query->topic_count = count;
    return RPC_OK;
}

/* Latest if absent. There are no logs of the pending block to be had: it counts as the latest. */
static enum rpc_status read_bound(
    struct rpc_call *call,
    uint32_t index,
    struct rpc_block_id *out,
    const char *name,
    uint32_t token
) {
    *out = (struct rpc_block_id){.kind = RPC_BLOCK_LATEST};
    if (token == 0 || json_kind(call->json, token) == JSON_NULL) return RPC_OK;
    const char *problem = value_block_number(out, call->json, token);
    if (problem != NULL) return argument_fail(call, index, name, problem);
    if (out->kind == RPC_BLOCK_PENDING) out->kind = RPC_BLOCK_LATEST;
    return RPC_OK;
}

enum rpc_status argument_log_query(struct rpc_call *call, struct log_query *query, uint32_t index) {
    const struct json *json = call->json;
    *query = (struct log_query){0};
    uint32_t filter = argument_token(call, index);
    if (filter == 0) return argument_missing(call, index);
    if (json_kind(json, filter) != JSON_OBJECT)
        return argument_fail(call, index, NULL, "not an object");
    uint32_t hash = json_member(json, filter, "blockHash");
    uint32_t from = json_member(json, filter, "fromBlock");
    uint32_t to = json_member(json, filter, "toBlock");
    if (hash != 0 && json_kind(json, hash) != JSON_NULL) {
        if (from != 0 || to != 0)
            return argument_fail(
                call,
                index,
                NULL,
                "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"
            );
        const char *problem = value_hash(&query->block_hash, json, hash);
        if (problem != NULL) return argument_fail(call, index, "blockHash", problem);
        query->has_block_hash = true;
    }
    enum rpc_status status = read_bound(call, index, &query->from, "fromBlock", from);
    if (status == RPC_OK) status = read_bound(call, index, &query->to, "toBlock", to);
    if (status == RPC_OK)
        status = read_addresses(call, index, query, json_member(json, filter, "address"));
    if (status == RPC_OK)
        status = read_topics(call, index, query, json_member(json, filter, "topics"));
    return status;
}

/* --- finding logs ----------------------------------------------------------------------------- */

/* Writes the matching logs of one block; it is read in full only if its bloom allows of a match.
 * What was read is forgotten again: a range may be as long as the chain. */
static enum rpc_status
write_logs_in(struct rpc_call *call, const struct log_query *query, const struct rpc_block_id *id) {
    const struct rpc_block *block;
    struct arena_mark mark = arena_mark(call->request.arena);
    enum rpc_status status = lookup_block(call, &block, id, 0);
    if (status != RPC_OK) return status;
    if (block == NULL) return rpc_fail(&call->request, RPC_SERVER_ERROR, "unknown block");
    if (block->transaction_count > 0 && log_query_may_match(query, &block->header->logs_bloom)) {
        status = lookup_block(call, &block, id, RPC_WITH_TRANSACTIONS | RPC_WITH_RECEIPTS);
        if (status != RPC_OK) return status;
        if (block == NULL) return rpc_fail_err(&call->request, ERR_MISSING);
        filter_write_logs_of(call->out, query, block);
    }
    arena_release(call->request.arena, mark);
    return RPC_OK;
}

/* The logs of blocks that another chain has made; *from is then behind them. */
static enum rpc_status write_forked_logs(
    struct rpc_call *call, const struct log_query *query, uint64_t *from, uint64_t to
) {
    const struct rpc_log *logs;
    size_t count;
    if (call->chain->operations->forked_logs == NULL) return RPC_OK;
    enum rpc_status status = call->chain->operations->forked_logs(
        call->chain, &call->request, &logs, &count, from, query, *from, to
    );
    for (size_t i = 0; i < count && status == RPC_OK; i++)
        view_placed_log(call->out, &logs[i]);
    return status;
}

static enum rpc_status write_logs_between(
    struct rpc_call *call, const struct log_query *query, uint64_t from, uint64_t to
) {
    enum rpc_status first = write_forked_logs(call, query, &from, to);
    if (first != RPC_OK) return first;
    for (uint64_t number = from; number <= to && !json_failed(call->out); number++) {
        if (rpc_is_over(&call->request)) return RPC_FAILED;
        struct rpc_block_id id = {.kind = RPC_BLOCK_NUMBER, .number = number};
        enum rpc_status status = write_logs_in(call, query, &id);
        if (status != RPC_OK) return status;
    }
    return RPC_OK;
}

/* The number a bound of a range stands for; for numbers that may be beyond the head. */
static enum rpc_status
resolve(struct rpc_call *call, uint64_t *number, const struct rpc_block_id *id) {
    if (id->kind == RPC_BLOCK_NUMBER) {
        *number = id->number;
        return RPC_OK;
    }
    if (id->kind == RPC_BLOCK_LATEST) {
        *number = call->chain->operations->head_number(call->chain);
        return RPC_OK;
    }
    const struct rpc_block *block;
    enum rpc_status status = lookup_block(call, &block, id, 0);
    if (status != RPC_OK) return status;
    if (block == NULL) return rpc_fail(&call->request, RPC_SERVER_ERROR, "unknown block");
    *number = block->header->number;
    return RPC_OK;
}

static enum rpc_status write_logs(struct rpc_call *call, const struct log_query *query) {
    enum rpc_status status = RPC_OK;
    json_array_begin(call->out);
    if (query->has_block_hash) {
        struct rpc_block_id id = {.kind = RPC_BLOCK_HASH, .hash = query->block_hash};
        status = write_logs_in(call, query, &id);
    } else {
        uint64_t from = 0;
        uint64_t to = 0;
        uint64_t last = call->chain->operations->head_number(call->chain);
        status = resolve(call, &from, &query->from);
        if (status == RPC_OK) status = resolve(call, &to, &query->to);
        if (status != RPC_OK) return status;
        if (from > to)
            return rpc_fail(&call->request, RPC_INVALID_PARAMS, "invalid block range params");
        if (to > last)
            return rpc_fail(
                &call->request, RPC_INVALID_PARAMS, "block range extends beyond current head block"
            );
        status = write_logs_between(call, query, from, to);
    }
    json_array_end(call->out);
    return status;
}

enum rpc_status eth_getLogs(struct rpc_call *call) {
    struct log_query query;
    enum rpc_status status = argument_log_query(call, &query, 0);
    return status == RPC_OK ? write_logs(call, &query) : status;
}

/* --- filters ---------------------------------------------------------------------------------- */

static enum rpc_status
add_filter(struct rpc_call *call, enum filter_kind kind, const struct log_query *query) {
    struct filter *filter = filters_add(&call->endpoint->filters, kind, query, call->now_ms);
    if (filter == NULL) return rpc_fail(&call->request, RPC_LIMIT_EXCEEDED, "too many filters");
    filter->next_number = call->chain->operations->head_number(call->chain) + 1;
    json_quantity_u64(call->out, filter->id);
    return RPC_OK;
}

enum rpc_status eth_newFilter(struct rpc_call *call) {
    struct log_query query;
    enum rpc_status status = argument_log_query(call, &query, 0);
    if (status != RPC_OK) return status;
    if (query.has_block_hash)
        return argument_fail(call, 0, "blockHash", "a filter follows a range of blocks");
    return add_filter(call, FILTER_LOGS, &query);
}

enum rpc_status eth_newBlockFilter(struct rpc_call *call) {
    return add_filter(call, FILTER_BLOCKS, NULL);
}

enum rpc_status eth_newPendingTransactionFilter(struct rpc_call *call) {
    return add_filter(call, FILTER_PENDING_TRANSACTIONS, NULL);
}

static enum rpc_status find_filter(struct rpc_call *call, struct filter **filter) {
    uint64_t id;
    enum rpc_status status = argument_number(call, &id, 0);
    if (status != RPC_OK) return status;
    *filter = filters_find(&call->endpoint->filters, id, call->now_ms);
    if (*filter == NULL) return rpc_fail(&call->request, RPC_SERVER_ERROR, "filter not found");
    return RPC_OK;
}

enum rpc_status eth_uninstallFilter(struct rpc_call *call) {
    uint64_t id;
    enum rpc_status status = argument_number(call, &id, 0);
    if (status == RPC_OK) json_bool(call->out, filters_remove(&call->endpoint->filters, id));
    return status;
}

enum rpc_status eth_getFilterLogs(struct rpc_call *call) {
    struct filter *filter;
    enum rpc_status status = find_filter(call, &filter);
    if (status != RPC_OK) return status;
    if (filter->kind != FILTER_LOGS)
        return rpc_fail(&call->request, RPC_SERVER_ERROR, "filter not found");
    return write_logs(call, &filter->query);
}

/* --- changes ---------------------------------------------------------------------------------- */

/* The matching logs of the new blocks, as far as the filter's own range goes. */
static enum rpc_status
write_log_changes(struct rpc_call *call, const struct filter *filter, uint64_t last) {
    const struct log_query *query = &filter->query;
    uint64_t from = filter->next_number;
    uint64_t to = last;
    if (query->from.kind == RPC_BLOCK_NUMBER && query->from.number > from)
        from = query->from.number;
    if (query->to.kind == RPC_BLOCK_NUMBER && query->to.number < to) to = query->to.number;
    return from > to ? RPC_OK : write_logs_between(call, query, from, to);
}

static int compare_hashes(const void *a, const void *b) {
    return memcmp(a, b, sizeof(hash32));
}

static void write_if_new(struct rpc_call *call, const struct filter *filter, const hash32 *hash) {
    bool is_old =
        filter->reported_count > 0 &&
        bsearch(hash, filter->reported, filter->reported_count, sizeof(hash32), compare_hashes) !=
            NULL;
    if (!is_old) json_hash(call->out, hash);
}

/* Blocks' hashes, or their transactions' that were not reported while they were pending. */
static enum rpc_status
write_block_changes(struct rpc_call *call, const struct filter *filter, uint64_t last) {
    bool is_blocks = filter->kind == FILTER_BLOCKS;
    for (uint64_t number = filter->next_number; number <= last; number++) {
        struct rpc_block_id id = {.kind = RPC_BLOCK_NUMBER, .number = number};
        struct arena_mark mark = arena_mark(call->request.arena);
        const struct rpc_block *block;
        unsigned with = is_blocks ? 0 : RPC_WITH_TRANSACTIONS;
        enum rpc_status status = lookup_block(call, &block, &id, with);
        if (status != RPC_OK) return status;
        if (block == NULL) return rpc_fail_err(&call->request, ERR_MISSING);
        if (is_blocks) json_hash(call->out, &block->hash);
        for (size_t i = 0; i < block->transaction_count && !is_blocks; i++)
            write_if_new(call, filter, &block->transactions[i].hash);
        arena_release(call->request.arena, mark);
    }
    return RPC_OK;
}

/* The pool's transactions; all of them are then reported ones. */
static enum rpc_status write_pool_changes(struct rpc_call *call, struct filter *filter) {
    const struct rpc_pool *pool = NULL;
    enum rpc_status status =
        call->chain->operations->pool(call->chain, &call->request, &pool, NULL);
    if (status != RPC_OK) return status;
    size_t count = pool->pending_count;
    hash32 *hashes = malloc(count * sizeof(hash32) + 1);
    if (hashes == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    for (size_t i = 0; i < count; i++) {
        hashes[i] = pool->pending[i].hash;
        write_if_new(call, filter, &hashes[i]);
    }
    qsort(hashes, count, sizeof(hash32), compare_hashes);
    free(filter->reported);
    filter->reported = hashes;
    filter->reported_count = count;
    return RPC_OK;
}

enum rpc_status eth_getFilterChanges(struct rpc_call *call) {
    struct filter *filter;
    enum rpc_status status = find_filter(call, &filter);
    if (status != RPC_OK) return status;
    uint64_t last = call->chain->operations->head_number(call->chain);
    /* After a reorganisation to a lower head the new blocks are reported from there. */
    if (filter->next_number > last + 1) filter->next_number = last + 1;
    json_array_begin(call->out);
    switch (filter->kind) {
    case FILTER_LOGS:
        if (filter->removed.size > 1)
            json_raw(call->out, bytes_of(filter->removed.data + 1, filter->removed.size - 1));
        status = write_log_changes(call, filter, last);
        break;
    case FILTER_BLOCKS:
    case FILTER_PENDING_TRANSACTIONS:
        status = write_block_changes(call, filter, last);
        break;
    }
    if (status == RPC_OK && filter->kind == FILTER_PENDING_TRANSACTIONS)
        status = write_pool_changes(call, filter);
    json_array_end(call->out);
    if (status == RPC_OK && !json_failed(call->out)) {
        filter->next_number = last + 1;
        json_writer_close(&filter->removed);
    }
    return status;
}
