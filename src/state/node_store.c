#include "state/node_store.h"

#include "core/check.h"
#include "crypto/keccak.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRY_SIZE = 16, SEGMENT_KEY_SIZE = 4, RUN_KEY_SIZE = 5, HEAD_SIZE = 36, SUM_SIZE = 32 };

static enum err
wrong(struct database_transaction *transaction, enum database_table table, const char *cause) {
    database_blame(transaction, table, cause);
    return ERR_CORRUPT;
}

/* --- runs ------------------------------------------------------------------------------------- */

struct reading {
    struct database_transaction *transaction;
    const struct node_runs *before;
    struct node_runs *runs;
};

static enum err read_run(void *context, bytes key, bytes value) {
    struct reading *reading = context;
    struct node_runs *runs = reading->runs;
    if (key.size != RUN_KEY_SIZE || value.size < SUM_SIZE + ENTRY_SIZE ||
        (value.size - SUM_SIZE) % ENTRY_SIZE != 0)
        return wrong(reading->transaction, DATABASE_NODE_RUNS, "a run has a wrong size");
    if (runs->count == NODE_RUNS_MAX)
        return wrong(reading->transaction, DATABASE_NODE_RUNS, "there are too many runs");
    struct node_run *run = &runs->runs[runs->count++];
    run->name = (uint64_t)key.data[0] << 32 | load_be32(key.data + 1);
    run->entries = bytes_of(value.data, value.size - SUM_SIZE);
    run->is_verified = false;
    for (size_t i = 0; i < reading->before->count; i++)
        if (reading->before->runs[i].name == run->name)
            run->is_verified = reading->before->runs[i].is_verified;
    return ERR_OK;
}

/* Reads the list of runs, unless it is that of the transaction's snapshot. */
static enum err refresh(struct database_transaction *transaction, struct node_runs *runs) {
    uint64_t snapshot = database_snapshot(transaction);
    if (snapshot != 0 && snapshot == runs->snapshot) return ERR_OK;
    struct node_runs *before = malloc(sizeof(*before));
    if (before == NULL) return ERR_MEMORY;
    *before = *runs;
    *runs = (struct node_runs){0};
    struct reading reading = {transaction, before, runs};
    enum err err = database_visit(transaction, DATABASE_NODE_RUNS, read_run, &reading);
    if (err == ERR_OK) runs->snapshot = snapshot;
    free(before);
    return err;
}

static size_t entry_count(const struct node_run *run) {
    return run->entries.size / ENTRY_SIZE;
}

static const uint8_t *entry_at(const struct node_run *run, size_t i) {
    return run->entries.data + i * ENTRY_SIZE;
}

/* The first entry whose prefix is not less. Prefixes are evenly spread, so the search begins where
 * it would be and widens from there. */
static size_t find_entry(const struct node_run *run, uint64_t prefix) {
    size_t count = entry_count(run);
    size_t guess = (size_t)((prefix >> 32) * count >> 32); /* count < 2^32 */
    size_t low = guess;
    size_t high = guess;
    for (size_t step = 8; low > 0 && load_be64(entry_at(run, low - 1)) >= prefix; step *= 2)
        low = low > step ? low - step : 0;
    for (size_t step = 8; high < count && load_be64(entry_at(run, high)) < prefix; step *= 2)
        high = count - high > step ? high + step : count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (load_be64(entry_at(run, middle)) < prefix)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A damaged index would hide a node: before one is said to be missing, all are looked at, once. */
static enum err verify_runs(struct database_transaction *transaction, struct node_runs *runs) {
    for (size_t i = 0; i < runs->count; i++) {
        struct node_run *run = &runs->runs[i];
        if (run->is_verified) continue;
        hash32 sum = keccak256(run->entries);
        if (memcmp(sum.b, run->entries.data + run->entries.size, SUM_SIZE) != 0)
            return wrong(transaction, DATABASE_NODE_RUNS, "an index does not hash to its sum");
        run->is_verified = true;
    }
    return ERR_OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The node at the beginning of data, which is cut off. */
static enum err
read_item(struct database_transaction *transaction, struct node_store_item *item, bytes *data) {
    if (data->size < HEAD_SIZE)
        return wrong(transaction, DATABASE_NODES, "a segment ends within a node");
    size_t size = load_be32(data->data + sizeof(hash32));
    if (size > data->size - HEAD_SIZE)
        return wrong(transaction, DATABASE_NODES, "a segment ends within a node");
    memcpy(&item->hash, data->data, sizeof(hash32));
    item->encoding = bytes_of(data->data + HEAD_SIZE, size);
    *data = bytes_of(data->data + HEAD_SIZE + size, data->size - HEAD_SIZE - size);
    return ERR_OK;
}

/* The node that an entry leads to. */
static enum err read_entry(
    struct database_transaction *transaction, struct node_store_item *item, const uint8_t *entry
) {
    bytes segment;
    size_t offset = load_be32(entry + 12);
    enum err err =
        database_get(transaction, DATABASE_NODES, bytes_of(entry + 8, SEGMENT_KEY_SIZE), &segment);
    if (err == ERR_MISSING || (err == ERR_OK && offset >= segment.size))
        return wrong(transaction, DATABASE_NODES, "a segment is missing or cut short");
    if (err != ERR_OK) return err;
    bytes rest = bytes_of(segment.data + offset, segment.size - offset);
    return read_item(transaction, item, &rest);
}

static bool is_whole(const struct node_store_item *item) {
    hash32 actual = keccak256(item->encoding);
    return hash32_equal(&actual, &item->hash);
}

enum err node_store_get(
    struct database_transaction *transaction,
    struct node_runs *runs,
    bytes *encoding,
    const hash32 *hash,
    bool is_checked
) {
    uint64_t prefix = load_be64(hash->b);
    enum err err = refresh(transaction, runs);
    if (err != ERR_OK) return err;
    for (size_t r = 0; r < runs->count; r++) {
        const struct node_run *run = &runs->runs[r];
        size_t count = entry_count(run);
        for (size_t i = find_entry(run, prefix); i < count; i++) {
            struct node_store_item item;
            if (load_be64(entry_at(run, i)) != prefix) break;
            err = read_entry(transaction, &item, entry_at(run, i));
            if (err != ERR_OK) return err;
            if (is_checked && !is_whole(&item))
                return wrong(transaction, DATABASE_NODES, "an entry does not hash to its name");
            if (!hash32_equal(&item.hash, hash)) continue;
            *encoding = item.encoding;
            return ERR_OK;
        }
    }
    err = is_checked ? verify_runs(transaction, runs) : ERR_OK;
    return err == ERR_OK ? ERR_MISSING : err;
}

struct visiting {
    struct database_transaction *transaction;
    database_visitor *visit;
    void *context;
};

static enum err visit_segment(void *context, bytes key, bytes value) {
    const struct visiting *visiting = context;
    (void)key;
    while (value.size > 0) {
        struct node_store_item item;
        enum err err = read_item(visiting->transaction, &item, &value);
        if (err == ERR_OK)
            err = visiting->visit(visiting->context, hash32_bytes(&item.hash), item.encoding);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

enum err
node_store_visit(struct database_transaction *transaction, database_visitor *visit, void *context) {
    struct visiting visiting = {transaction, visit, context};
    return database_visit(transaction, DATABASE_NODES, visit_segment, &visiting);
}

/* --- writing ---------------------------------------------------------------------------------- */

static bytes run_key(uint8_t key[RUN_KEY_SIZE], unsigned level, uint32_t number) {
    key[0] = (uint8_t)level;
    store_be32(key + 1, number);
    return bytes_of(key, RUN_KEY_SIZE);
}

/* data has count entries and room for their sum. */
static enum err put_run(
    struct database_transaction *transaction,
    unsigned level,
    uint32_t number,
    uint8_t *data,
    size_t count
) {
    uint8_t key[RUN_KEY_SIZE];
    hash32 sum = keccak256(bytes_of(data, count * ENTRY_SIZE));
    memcpy(data + count * ENTRY_SIZE, &sum, SUM_SIZE);
    return database_put(
        transaction,
        DATABASE_NODE_RUNS,
        run_key(key, level, number),
        bytes_of(data, count * ENTRY_SIZE + SUM_SIZE)
    );
}

/* The runs' entries together in order. */
static void merge(uint8_t *out, const struct node_run *const runs[NODE_RUN_FANOUT]) {
    size_t at[NODE_RUN_FANOUT] = {0};
    for (;;) {
        const uint8_t *least = NULL;
        size_t from = 0;
        for (size_t i = 0; i < NODE_RUN_FANOUT; i++) {
            if (at[i] == entry_count(runs[i])) continue;
            const uint8_t *entry = entry_at(runs[i], at[i]);
            if (least != NULL && load_be64(least) <= load_be64(entry)) continue;
            least = entry;
            from = i;
        }
        if (least == NULL) return;
        memcpy(out, least, ENTRY_SIZE);
        out += ENTRY_SIZE;
        at[from]++;
    }
}

/* Merges the oldest runs of a level if it is time. */
static enum err merge_level(
    struct database_transaction *transaction,
    bool *is_merged,
    struct node_runs *runs,
    unsigned level
) {
    const struct node_run *oldest[NODE_RUN_FANOUT];
    size_t count = 0;
    size_t entries = 0;
    *is_merged = false;
    enum err err = refresh(transaction, runs);
    if (err != ERR_OK) return err;
    for (size_t i = 0; i < runs->count; i++) {
        if (runs->runs[i].name >> 32 != level) continue;
        if (count < NODE_RUN_FANOUT) {
            oldest[count] = &runs->runs[i];
            entries += entry_count(oldest[count]);
        }
        count++;
    }
    if (count < NODE_RUN_FANOUT) return ERR_OK;
    if (entries > NODE_MERGE_MAX && count < NODE_LARGE_RUNS_MAX) return ERR_OK;
    uint8_t *merged = malloc(entries * ENTRY_SIZE + SUM_SIZE);
    if (merged == NULL) return ERR_MEMORY;
    merge(merged, oldest);
    for (size_t i = 0; i < NODE_RUN_FANOUT && err == ERR_OK; i++) {
        uint8_t key[RUN_KEY_SIZE];
        err = database_delete(
            transaction, DATABASE_NODE_RUNS, run_key(key, level, (uint32_t)oldest[i]->name)
        );
    }
    uint32_t number = (uint32_t)oldest[NODE_RUN_FANOUT - 1]->name;
    if (err == ERR_OK) err = put_run(transaction, level + 1, number, merged, entries);
    free(merged);
    *is_merged = true;
    return err;
}

static enum err merge_levels(struct database_transaction *transaction) {
    struct node_runs *runs = malloc(sizeof(*runs));
    if (runs == NULL) return ERR_MEMORY;
    *runs = (struct node_runs){0};
    bool is_merged = true;
    enum err err = ERR_OK;
    for (unsigned level = 0; is_merged && level < UINT8_MAX && err == ERR_OK; level++)
        err = merge_level(transaction, &is_merged, runs, level);
    free(runs);
    return err;
}

static enum err next_segment(struct database_transaction *transaction, uint32_t *number) {
    bytes key;
    bytes value;
    enum err err = database_last(transaction, DATABASE_NODES, &key, &value);
    *number = 0;
    if (err == ERR_MISSING) return ERR_OK;
    if (err != ERR_OK) return err;
    if (key.size != SEGMENT_KEY_SIZE)
        return wrong(transaction, DATABASE_NODES, "a segment's number is not 4 bytes");
    *number = load_be32(key.data) + 1;
    return *number != 0 ? ERR_OK : ERR_LIMIT;
}

static int compare_entries(const void *a, const void *b) {
    return memcmp(a, b, ENTRY_SIZE);
}

/* Appends one segment with as many of the items as it takes; their entries are set. */
static enum err add_segment(
    struct database_transaction *transaction,
    uint8_t *entries,
    size_t *taken,
    uint32_t number,
    const struct node_store_item *items,
    size_t count
) {
    uint8_t key[SEGMENT_KEY_SIZE];
    size_t size = 0;
    size_t end = 0;
    while (end < count && size < NODE_SEGMENT_SIZE)
        size += HEAD_SIZE + items[end++].encoding.size;
    CHECK(size <= UINT32_MAX);
    uint8_t *segment = malloc(size);
    if (segment == NULL) return ERR_MEMORY;
    uint8_t *at = segment;
    for (size_t i = 0; i < end; i++) {
        uint8_t *entry = entries + i * ENTRY_SIZE;
        memcpy(entry, &items[i].hash, 8);
        store_be32(entry + 8, number);
        store_be32(entry + 12, (uint32_t)(at - segment));
        memcpy(at, &items[i].hash, sizeof(hash32));
        store_be32(at + sizeof(hash32), (uint32_t)items[i].encoding.size);
        memcpy(at + HEAD_SIZE, items[i].encoding.data, items[i].encoding.size);
        at += HEAD_SIZE + items[i].encoding.size;
    }
    store_be32(key, number);
    enum err err = database_put(
        transaction, DATABASE_NODES, bytes_of(key, sizeof(key)), bytes_of(segment, size)
    );
    free(segment);
    *taken = end;
    return err;
}

enum err node_store_add(
    struct database_transaction *transaction, const struct node_store_item *items, size_t count
) {
    if (count == 0) return ERR_OK;
    uint32_t number;
    uint8_t *entries = malloc(count * ENTRY_SIZE + SUM_SIZE);
    if (entries == NULL) return ERR_MEMORY;
    enum err err = next_segment(transaction, &number);
    for (size_t done = 0; done < count && err == ERR_OK; number++) {
        size_t taken = 0;
        err = add_segment(
            transaction, entries + done * ENTRY_SIZE, &taken, number, items + done, count - done
        );
        done += taken;
    }
    if (err == ERR_OK) {
        qsort(entries, count, ENTRY_SIZE, compare_entries);
        err = put_run(transaction, 0, number - 1, entries, count);
    }
    free(entries);
    return err == ERR_OK ? merge_levels(transaction) : err;
}

enum err node_store_clear(struct database_transaction *transaction) {
    enum err err = database_clear(transaction, DATABASE_NODES);
    return err == ERR_OK ? database_clear(transaction, DATABASE_NODE_RUNS) : err;
}
