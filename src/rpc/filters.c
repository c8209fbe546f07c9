#include "rpc/filters.h"

#include <stdlib.h>

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

/* The query's lists copied into one block of memory, hashes first; NULL without memory. */
static void *copy_query(struct log_query *to, const struct log_query *from) {
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
    if (query != NULL) {
        filter->owned = copy_query(&filter->query, query);
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
