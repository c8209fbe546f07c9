#include "rpc/filters.h"

#include "rpc/view.h"

#include <stdlib.h>

#define REMOVED_ARENA_SIZE_MAX ((size_t)1 << 30) /* one block */

/* --- queries ---------------------------------------------------------------------------------- */

bool log_query_may_match(const struct log_query *query, const struct bloom *bloom) {
    bool any = query->address_count == 0;
    for (size_t i = 0; i < query->address_count && !any; i++)
        any = bloom_may_contain(bloom, address_bytes(&query->addresses[i]));
    for (size_t t = 0; t < query->topic_count && any; t++) {
        const struct log_topics *topics = &query->topics[t];
        any = topics->count == 0;
        for (size_t i = 0; i < topics->count && !any; i++)
            any = bloom_may_contain(bloom, hash32_bytes(&topics->any[i]));
    }
    return any;
}

bool log_query_matches(const struct log_query *query, const struct log *log) {
    if (log->topic_count < query->topic_count) return false;
    bool any = query->address_count == 0;
    for (size_t i = 0; i < query->address_count && !any; i++)
        any = address_equal(&query->addresses[i], &log->address);
    for (size_t t = 0; t < query->topic_count && any; t++) {
        const struct log_topics *topics = &query->topics[t];
        any = topics->count == 0;
        for (size_t i = 0; i < topics->count && !any; i++)
            any = hash32_equal(&topics->any[i], &log->topics[t]);
    }
    return any;
}

/* Hashes first. */
void *log_query_copy(struct log_query *to, const struct log_query *from) {
    size_t hash_count = 0;
    for (size_t t = 0; t < from->topic_count; t++)
        hash_count += from->topics[t].count;
    size_t size = hash_count * sizeof(hash32) + from->address_count * sizeof(address);
    uint8_t *block = malloc(size + 1);
    if (block == NULL) return NULL;
    *to = *from;
    uint8_t *at = block;
    for (size_t t = 0; t < from->topic_count; t++) {
        size_t part = from->topics[t].count * sizeof(hash32);
        if (part > 0) memcpy(at, from->topics[t].any, part);
        to->topics[t].any = (const hash32 *)(const void *)at;
        at += part;
    }
    if (from->address_count > 0) memcpy(at, from->addresses, from->address_count * sizeof(address));
    to->addresses = (const address *)(const void *)at;
    return block;
}

/* --- filters ---------------------------------------------------------------------------------- */

static void drop(struct filter *filter) {
    free(filter->owned);
    free(filter->reported);
    json_writer_close(&filter->removed);
    *filter = (struct filter){0};
}

void filters_close(struct filters *filters) {
    for (size_t i = 0; i < filters->count; i++)
        drop(&filters->items[i]);
    free(filters->items);
    *filters = (struct filters){0};
}

static struct filter *find(struct filters *filters, uint64_t id) {
    for (size_t i = 0; i < filters->count && id != 0; i++)
        if (filters->items[i].id == id) return &filters->items[i];
    return NULL;
}

static bool is_timed_out(const struct filter *filter, uint64_t now_ms) {
    return now_ms - filter->used_ms > FILTER_TIMEOUT_MS;
}

/* A free place, if need be one more. */
static struct filter *take_place(struct filters *filters, uint64_t now_ms) {
    struct filter *place = NULL;
    for (size_t i = 0; i < filters->count; i++) {
        struct filter *filter = &filters->items[i];
        if (filter->id != 0 && is_timed_out(filter, now_ms)) drop(filter);
        if (filter->id == 0) place = filter;
    }
    if (place != NULL || filters->count == FILTER_MAX) return place;
    struct filter *items = realloc(filters->items, (filters->count + 1) * sizeof(*items));
    if (items == NULL) return NULL;
    filters->items = items;
    items[filters->count] = (struct filter){0};
    return &items[filters->count++];
}

struct filter *filters_add(
    struct filters *filters, enum filter_kind kind, const struct log_query *query, uint64_t now_ms
) {
    struct filter *filter = take_place(filters, now_ms);
    if (filter == NULL) return NULL;
    *filter = (struct filter){.kind = kind, .used_ms = now_ms};
    json_writer_open(&filter->removed, FILTER_REMOVED_SIZE_MAX);
    if (query != NULL) {
        filter->owned = log_query_copy(&filter->query, query);
        if (filter->owned == NULL) return NULL;
    }
    filter->id = ++filters->last_id;
    return filter;
}

struct filter *filters_find(struct filters *filters, uint64_t id, uint64_t now_ms) {
    struct filter *filter = find(filters, id);
    if (filter == NULL) return NULL;
    if (is_timed_out(filter, now_ms)) {
        drop(filter);
        return NULL;
    }
    filter->used_ms = now_ms;
    return filter;
}

bool filters_remove(struct filters *filters, uint64_t id) {
    struct filter *filter = find(filters, id);
    if (filter == NULL) return false;
    drop(filter);
    return true;
}

/* --- blocks that go --------------------------------------------------------------------------- */

void filter_write_logs_of(
    struct json_writer *w, const struct log_query *query, const struct rpc_block *block
) {
    size_t log_index = 0;
    for (size_t i = 0; i < block->transaction_count; i++) {
        const struct receipt *receipt = &block->receipts[i];
        for (size_t k = 0; k < receipt->log_count; k++, log_index++)
            if (log_query_matches(query, &receipt->logs[k]))
                view_log(w, &receipt->logs[k], block, i, log_index);
    }
}

const struct rpc_block *filters_read_removed(
    struct rpc_block *copy, struct rpc_chain *chain, struct arena *arena, uint64_t number
) {
    struct rpc_request request = {.arena = arena};
    const struct rpc_block_id id = {.kind = RPC_BLOCK_NUMBER, .number = number};
    const unsigned with = RPC_WITH_TRANSACTIONS | RPC_WITH_RECEIPTS;
    const struct rpc_block *block = NULL;
    if (chain->operations->block(chain, &request, &block, &id, with) != RPC_OK || block == NULL)
        return NULL;
    *copy = *block;
    copy->is_removed = true;
    return copy;
}

/* What the filter has not reported of its range is not reported as removed, either. */
static void note_removed(struct filter *filter, const struct rpc_block *block) {
    const struct log_query *query = &filter->query;
    uint64_t number = block->header->number;
    bool is_outside = (query->from.kind == RPC_BLOCK_NUMBER && number < query->from.number) ||
                      (query->to.kind == RPC_BLOCK_NUMBER && number > query->to.number);
    if (number >= filter->next_number || is_outside) return;
    if (!log_query_may_match(query, &block->header->logs_bloom)) return;
    struct json_mark mark = json_mark(&filter->removed);
    if (mark.size == 0) json_array_begin(&filter->removed);
    filter_write_logs_of(&filter->removed, query, block);
    if (json_failed(&filter->removed)) json_rewind(&filter->removed, mark);
}

void filters_removing(struct filters *filters, struct rpc_chain *chain, uint64_t first) {
    uint64_t last = chain->operations->head_number(chain);
    bool has_logs = false;
    for (size_t i = 0; i < filters->count; i++)
        has_logs |= filters->items[i].id != 0 && filters->items[i].kind == FILTER_LOGS &&
                    filters->items[i].next_number > first;
    struct arena arena;
    arena_open(&arena, REMOVED_ARENA_SIZE_MAX);
    for (uint64_t number = last; number >= first && number > 0 && has_logs; number--) {
        struct rpc_block copy;
        const struct rpc_block *block = filters_read_removed(&copy, chain, &arena, number);
        for (size_t i = 0; i < filters->count && block != NULL; i++)
            if (filters->items[i].id != 0 && filters->items[i].kind == FILTER_LOGS)
                note_removed(&filters->items[i], block);
        arena_reset(&arena);
    }
    arena_close(&arena);
    for (size_t i = 0; i < filters->count; i++)
        if (filters->items[i].next_number > first) filters->items[i].next_number = first;
}
