#include "node/snapshot.h"

#include "node/clock.h"
#include "node/kept_pool.h"
#include "node/network.h"
#include "node/rewind.h"

#include <stdlib.h>

struct kept_chain {
    struct rewind_point point;
    struct kept_pool pool;
    struct chain_wishes wishes;
    address coinbase;
    uint64_t gas_limit;
    size_t waiting_count;
};

struct snapshot {
    uint64_t id;
    uint64_t taken_at; /* seconds of the clock */
    int64_t time_offset;
    size_t chain_count;
    struct kept_chain chains[];
};

static void forget(struct snapshot *snapshot) {
    for (size_t i = 0; i < snapshot->chain_count; i++)
        kept_pool_close(&snapshot->chains[i].pool);
    free(snapshot);
}

void snapshots_close(struct snapshots *snapshots) {
    for (size_t i = 0; i < snapshots->count; i++)
        forget(snapshots->items[i]);
    free((void *)snapshots->items);
    *snapshots = (struct snapshots){0};
}

static void keep_from(struct snapshots *snapshots, size_t count) {
    while (snapshots->count > count)
        forget(snapshots->items[--snapshots->count]);
}

/* --- taking ----------------------------------------------------------------------------------- */

static enum err add(struct snapshots *snapshots, struct snapshot *snapshot) {
    if (snapshots->count == SNAPSHOT_MAX) {
        forget(snapshots->items[0]);
        memmove(
            (void *)&snapshots->items[0],
            (void *)&snapshots->items[1],
            --snapshots->count * sizeof(struct snapshot *)
        );
    }
    if (snapshots->count == snapshots->capacity) {
        size_t capacity = snapshots->capacity == 0 ? 16 : snapshots->capacity * 2;
        void *items = realloc((void *)snapshots->items, capacity * sizeof(struct snapshot *));
        if (items == NULL) return ERR_MEMORY;
        snapshots->items = items;
        snapshots->capacity = capacity;
    }
    snapshots->items[snapshots->count++] = snapshot;
    return ERR_OK;
}

enum err snapshot_take(uint64_t *id, struct node *node) {
    struct rewind_point points[NODE_CHAINS_MAX];
    size_t size = sizeof(struct snapshot) + node->chain_count * sizeof(struct kept_chain);
    struct snapshot *snapshot = calloc(1, size);
    if (snapshot == NULL) return ERR_MEMORY;
    snapshot->chain_count = node->chain_count;
    snapshot->taken_at = clock_seconds();
    snapshot->time_offset = node->time_offset;
    enum err err = rewind_capture(points, node);
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++) {
        struct node_chain *chain = &node->chains[i];
        struct kept_chain *kept = &snapshot->chains[i];
        kept->point = points[i];
        kept->wishes = chain->wishes;
        kept->coinbase = chain->rpc.coinbase;
        kept->gas_limit = chain->gas_limit;
        kept->waiting_count = chain->waiting_count;
        err = kept_pool_copy(&kept->pool, chain->pool);
    }
    if (err == ERR_OK) err = add(&node->snapshots, snapshot);
    if (err != ERR_OK) {
        forget(snapshot);
        return err;
    }
    snapshot->id = node->snapshots.last_id++;
    *id = snapshot->id;
    return ERR_OK;
}

/* --- going back ------------------------------------------------------------------------------- */

enum err snapshot_revert(struct node *node, bool *is_found, char *error, uint64_t id) {
    struct snapshots *snapshots = &node->snapshots;
    struct rewind_point points[NODE_CHAINS_MAX];
    size_t index = snapshots->count;
    for (size_t i = 0; i < snapshots->count; i++)
        if (snapshots->items[i]->id == id) index = i;
    *is_found = index < snapshots->count;
    if (!*is_found) return ERR_OK;
    const struct snapshot *snapshot = snapshots->items[index];
    for (size_t i = 0; i < node->chain_count; i++)
        points[i] = snapshot->chains[i].point;
    enum err err = rewind_to(node, error, points);
    node->time_offset =
        (int64_t)(snapshot->taken_at + (uint64_t)snapshot->time_offset - clock_seconds());
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++) {
        struct node_chain *chain = &node->chains[i];
        const struct kept_chain *kept = &snapshot->chains[i];
        chain->wishes = kept->wishes;
        chain->rpc.coinbase = kept->coinbase;
        chain->gas_limit = kept->gas_limit;
        chain->waiting_count = kept->waiting_count;
        err = kept_pool_empty(chain);
        if (err == ERR_OK) err = kept_pool_restore(&kept->pool, chain, NULL);
        if (err != ERR_OK) (void)snprintf(error, NODE_ERROR_SIZE, "%s", err_text(err));
    }
    keep_from(snapshots, index);
    return err;
}

/* Whether the block is one of the chain's, now or in a former state. */
static bool is_there(struct node_chain *chain, const struct header *header) {
    hash32 hash = header_hash(header);
    uint64_t number;
    return store_get_number(node_chain_store(chain), &hash, &number) == ERR_OK &&
           number == header->number && number <= chain->head.number;
}

static bool is_whole(struct node *node, const struct snapshot *snapshot) {
    for (size_t i = 0; i < node->chain_count; i++)
        if (!is_there(&node->chains[i], &snapshot->chains[i].point.header)) return false;
    return true;
}

void snapshots_forget(struct node *node) {
    size_t kept = 0;
    while (kept < node->snapshots.count && is_whole(node, node->snapshots.items[kept]))
        kept++;
    keep_from(&node->snapshots, kept);
}
