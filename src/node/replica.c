#include "node/replica.h"

#include "core/check.h"
#include "node/network.h"

#include <stdlib.h>

struct replica {
    struct node node;
    struct node *origin;
};

/* --- one chain -------------------------------------------------------------------------------- */

static enum err open_chain(struct replica *replica, size_t index) {
    const struct node_chain *from = &replica->origin->chains[index];
    struct node_chain *chain = &replica->node.chains[index];
    chain->rpc = from->rpc;
    chain->rpc.schedule = &chain->schedule;
    chain->node = &replica->node;
    chain->rollup_id = from->rollup_id;
    chain->type = from->type;
    chain->schedule = from->schedule;
    chain->database = from->database;
    memcpy(chain->url, from->url, sizeof(chain->url));
    chain->forked = from->forked;
    return node_chain_open_sources(chain, from->source.is_checked);
}

/* Blocks read at an earlier moment may be no blocks of the chain any more. */
static enum err forget_removed(struct node_chain *chain) {
    for (size_t i = 0; i < CHAIN_CACHED_BLOCKS; i++) {
        struct chain_cached_block *cached = &chain->cached[i];
        uint64_t number = cached->block.block.header.number;
        hash32 hash;
        if (!cached->is_used || node_chain_is_forked(chain, number)) continue;
        enum err err = store_get_hash(&chain->snapshot, number, &hash);
        if (err != ERR_OK && err != ERR_MISSING) return err;
        if (err == ERR_OK && hash32_equal(&hash, &cached->block.hash)) continue;
        arena_close(&cached->arena);
        cached->is_used = false;
    }
    return ERR_OK;
}

static enum err refresh_chain(struct node_chain *chain, const struct node_chain *from) {
    bool is_begun = chain->snapshot.txn != NULL;
    enum err err = is_begun ? database_renew(&chain->snapshot)
                            : database_begin_read(&chain->database, &chain->snapshot);
    if (err != ERR_OK) return err;
    chain->rpc.coinbase = from->rpc.coinbase;
    chain->gas_limit = from->gas_limit;
    chain->wishes = from->wishes;
    chain->tick++;
    bool is_same = hash32_equal(&chain->head_hash, &from->head_hash);
    chain->head = from->head;
    chain->head_hash = from->head_hash;
    const hash32 *root = &chain->head.state_root;
    if (chain->state.arena == NULL || chain->state_arena.used_size > CHAIN_STATE_SIZE) {
        arena_reset(&chain->state_arena);
        err = state_open(&chain->state, &chain->state_arena, &chain->fresh.source, root);
    } else if (!hash32_equal(&chain->state.root, root)) {
        err = state_move(&chain->state, root);
    }
    return err == ERR_OK && !is_same ? forget_removed(chain) : err;
}

/* --- all of them ------------------------------------------------------------------------------ */

static void close_replica(void *context) {
    struct replica *replica = context;
    for (size_t i = 0; i < replica->node.chain_count; i++)
        node_chain_close_sources(&replica->node.chains[i]);
    free(replica);
}

static void *open_replica(void *context) {
    struct node *origin = context;
    struct replica *replica = calloc(1, sizeof(*replica));
    if (replica == NULL) return NULL;
    struct node *node = &replica->node;
    replica->origin = origin;
    node->options = origin->options;
    node->log.names = origin->log.names;
    node->is_given = origin->is_given;
    node->forked = origin->forked;
    node->lock = -1;
    node->chain_count = origin->chain_count;
    enum err err = ERR_OK;
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = open_chain(replica, i);
    if (err == ERR_OK) return replica;
    close_replica(replica);
    return NULL;
}

static enum err refresh_replica(void *context, char error[RPC_ERROR_SIZE]) {
    struct replica *replica = context;
    struct node *origin = replica->origin;
    struct node *node = &replica->node;
    char cause[DATABASE_ERROR_SIZE] = "";
    enum err err = ERR_OK;
    for (size_t i = 0; i < origin->chain_count && err == ERR_OK; i++)
        err = node_chain_sync(&origin->chains[i], cause);
    node->keys = origin->keys;
    node->contracts = origin->contracts;
    node->contracts_below = origin->contracts_below;
    node->auto_batch = origin->auto_batch;
    node->attesters_down = origin->attesters_down;
    node->time_offset = origin->time_offset;
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++) {
        struct node_chain *chain = &node->chains[i];
        err = refresh_chain(chain, &origin->chains[i]);
        if (err != ERR_OK && chain->snapshot.error[0] != 0)
            (void)snprintf(cause, sizeof(cause), "%s", chain->snapshot.error);
    }
    if (err != ERR_OK)
        (void)snprintf(
            error, RPC_ERROR_SIZE, "%.*s", RPC_ERROR_SIZE - 1, cause[0] ? cause : err_text(err)
        );
    return err;
}

/* A snapshot that is held keeps the database from using pages again. */
static void rest_replica(void *context) {
    struct replica *replica = context;
    for (size_t i = 0; i < replica->node.chain_count; i++)
        database_rest(&replica->node.chains[i].snapshot);
}

static struct rpc_chain *chain_of(void *context, const struct rpc_chain *chain) {
    struct replica *replica = context;
    const struct node_chain *from = (const struct node_chain *)chain;
    return &replica->node.chains[from - replica->origin->chains].rpc;
}

const struct rpc_replica_operations NODE_REPLICAS = {
    .open = open_replica,
    .close = close_replica,
    .refresh = refresh_replica,
    .rest = rest_replica,
    .chain = chain_of,
};
