#include "node/snapshot.h"

#include "chain/blobs.h"
#include "core/check.h"
#include "node/clock.h"
#include "node/network.h"
#include "node/rewind.h"

#include <stdlib.h>

/* A transaction of a pool: sender, size of the encoding, encoding; one after the other. */
struct kept_pool {
    uint8_t *data; /* owned */
    size_t size;
    size_t capacity;
    bool has_failed;
};

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
        free(snapshot->chains[i].pool.data);
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

static void keep_tx(void *context, const struct pool_tx *tx, bool is_pending) {
    struct kept_pool *kept = context;
    bytes encoding = tx->network.size > 0 ? tx->network : tx->encoding;
    size_t size = sizeof(address) + sizeof(uint64_t) + encoding.size;
    (void)is_pending;
    if (kept->has_failed) return;
    if (kept->capacity - kept->size < size) {
        size_t capacity = (kept->size + size) * 2;
        uint8_t *data = realloc(kept->data, capacity);
        kept->has_failed = data == NULL;
        if (data == NULL) return;
        kept->data = data;
        kept->capacity = capacity;
    }
    uint8_t *at = kept->data + kept->size;
    uint64_t encoded_size = encoding.size;
    memcpy(at, &tx->sender, sizeof(address));
    memcpy(at + sizeof(address), &encoded_size, sizeof(encoded_size));
    memcpy(at + sizeof(address) + sizeof(encoded_size), encoding.data, encoding.size);
    kept->size += size;
}

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
        pool_visit_all(chain->pool, keep_tx, &kept->pool);
        if (kept->pool.has_failed) err = ERR_MEMORY;
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

/* The transaction at `at` back into the pool; returns where the next one is. */
static enum err
restore_tx(struct node_chain *chain, struct arena *arena, const uint8_t *data, size_t *at) {
    address sender;
    uint64_t size;
    memcpy(&sender, data + *at, sizeof(sender));
    memcpy(&size, data + *at + sizeof(sender), sizeof(size));
    bytes encoding = bytes_of(data + *at + sizeof(sender) + sizeof(size), (size_t)size);
    *at += sizeof(sender) + sizeof(size) + encoding.size;
    bytes network = BYTES_EMPTY;
    struct tx tx;
    struct blob_sidecar sidecar = {0};
    struct account account;
    struct fork_rules rules =
        forks_at(&chain->schedule, chain->head.number + 1, node_next_timestamp(chain));
    enum tx_verdict tx_verdict;
    enum pool_verdict verdict;
    hash32 hash;
    bool exists;
    enum err err = ERR_OK;
    tx_verdict = TX_SIDECAR_MISSING;
    if (encoding.size > 0 && encoding.data[0] == TX_BLOB)
        err = blob_tx_decode(&tx, &sidecar, &tx_verdict, arena, encoding);
    if (err == ERR_OK && tx_verdict == TX_OK) {
        network = encoding;
        encoding = sidecar.tx_encoding;
    } else if (err == ERR_OK) {
        err = tx_decode(&tx, &tx_verdict, arena, encoding);
    }
    if (err == ERR_OK) err = state_get_account(&chain->state, &sender, &account, &exists);
    if (err != ERR_OK) return err;
    const struct pool_offer offer = {
        .tx = &tx,
        .encoding = encoding,
        .network = network,
        .sender = sender,
        .account = {.nonce = account.nonce, .balance = account.balance},
        .rules = &rules,
        .block_gas_limit = chain->gas_limit,
        .base_fee_per_gas = node_next_base_fee(chain),
    };
    /* It was in the pool with this state: what the pool says to it now is not asked. */
    return pool_add(chain->pool, &verdict, &tx_verdict, &hash, &offer);
}

static enum err restore_pool(struct node_chain *chain, const struct kept_pool *kept) {
    struct pool *pool = pool_open();
    if (pool == NULL) return ERR_MEMORY;
    pool_close(chain->pool);
    chain->pool = pool;
    struct arena *arena = &chain->node->build_arena;
    enum err err = ERR_OK;
    for (size_t at = 0; at < kept->size && err == ERR_OK;) {
        arena_reset(arena);
        err = restore_tx(chain, arena, kept->data, &at);
    }
    return err;
}

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
        err = restore_pool(chain, &kept->pool);
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
