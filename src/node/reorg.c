#include "node/reorg.h"

#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"
#include "node/kept_pool.h"
#include "node/rewind.h"

#include <stdlib.h>

/* In L1's store: transactions of removed blocks, as rlp([[place, timestamp, sender, encoding], …]).
 */
#define META_RETURNED "returned"

#define RETURNED_SIZE_MAX ((size_t)1 << 30)

/* A user's transaction of a block that is removed. */
struct returned {
    size_t place; /* of its rollup */
    uint64_t timestamp;
    address sender;
    bytes encoding;
};

struct reorg {
    struct node *node;
    struct arena arena;
    struct returned *returned; /* of each rollup in order, one rollup after the other; owned */
    size_t returned_count;
    size_t returned_capacity;
    struct kept_pool pools[NODE_CHAINS_MAX]; /* what was pending */
};

static struct reorg *open_reorg(struct node *node) {
    struct reorg *reorg = calloc(1, sizeof(*reorg));
    if (reorg == NULL) return NULL;
    reorg->node = node;
    arena_open(&reorg->arena, RETURNED_SIZE_MAX);
    return reorg;
}

static void close_reorg(struct reorg *reorg) {
    if (reorg == NULL) return;
    for (size_t i = 0; i < NODE_CHAINS_MAX; i++)
        kept_pool_close(&reorg->pools[i]);
    arena_close(&reorg->arena);
    free(reorg->returned);
    free(reorg);
}

/* --- what returns ----------------------------------------------------------------------------- */

/* Not what the node has put there itself: the system's own, and batches of the chain's rollups. Nor
 * what the operator keeps out: that is in a block by force, and comes again if L1 still forces
 * it. */
static bool is_users(const struct node_chain *chain, const struct rpc_transaction *tx) {
    const struct node *node = chain->node;
    if (tx->tx->type == TX_DEPOSIT || node_refuses(node, &tx->sender)) return false;
    const bool is_builders = address_equal(&tx->sender, &node->keys.builder.address);
    return !is_builders || !address_equal(&tx->tx->to, &node->contracts_below.hub);
}

static struct returned *new_returned(struct reorg *reorg) {
    if (reorg->returned_count == reorg->returned_capacity) {
        const size_t capacity = reorg->returned_capacity == 0 ? 64 : reorg->returned_capacity * 2;
        struct returned *more = realloc(reorg->returned, capacity * sizeof(*more));
        if (more == NULL) return NULL;
        reorg->returned = more;
        reorg->returned_capacity = capacity;
    }
    return &reorg->returned[reorg->returned_count++];
}

static enum err collect_block(struct reorg *reorg, struct node_chain *chain, uint64_t number) {
    const struct chain_block *block;
    struct arena *arena = &reorg->node->build_arena;
    arena_reset(arena);
    enum err err = node_chain_read_block(chain, &block, arena, number);
    for (size_t i = 0; err == ERR_OK && i < block->block.tx_count; i++) {
        const struct rpc_transaction *tx = &block->transactions[i];
        if (!is_users(chain, tx)) continue;
        struct returned *returned = new_returned(reorg);
        if (returned == NULL) return ERR_MEMORY;
        *returned = (struct returned){
            .place = node_place(chain),
            .timestamp = block->block.header.timestamp,
            .sender = tx->sender,
        };
        err = arena_copy(&reorg->arena, &returned->encoding, tx->encoded);
    }
    return err;
}

static enum err collect(struct reorg *reorg, const struct rewind_point *points) {
    struct node *node = reorg->node;
    enum err err = ERR_OK;
    for (size_t i = 1; i < node->chain_count; i++) {
        struct node_chain *chain = &node->chains[i];
        for (uint64_t n = points[i].header.number; n < chain->head.number && err == ERR_OK; n++)
            err = collect_block(reorg, chain, n + 1);
    }
    return err;
}

/* --- kept until they are in blocks again ------------------------------------------------------ */

static enum err encode(bytes *encoded, struct arena *arena, const struct reorg *reorg) {
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    for (size_t i = 0; i < reorg->returned_count; i++) {
        const struct returned *returned = &reorg->returned[i];
        rlp_list_begin(&w);
        rlp_write_u64(&w, returned->place);
        rlp_write_u64(&w, returned->timestamp);
        rlp_write_string(&w, address_bytes(&returned->sender));
        rlp_write_string(&w, returned->encoding);
        rlp_list_end(&w);
    }
    rlp_list_end(&w);
    return rlp_finish(&w, encoded);
}

static enum err decode_one(struct reorg *reorg, struct rlp *list) {
    struct rlp fields;
    struct returned read = {0};
    uint64_t place;
    bytes sender;
    bytes encoding;
    if (rlp_read_list(list, &fields) != ERR_OK || rlp_read_u64(&fields, &place) != ERR_OK ||
        rlp_read_u64(&fields, &read.timestamp) != ERR_OK ||
        rlp_read_string(&fields, &sender) != ERR_OK || sender.size != sizeof(read.sender) ||
        rlp_read_string(&fields, &encoding) != ERR_OK || !rlp_done(&fields) || place == 0 ||
        place >= reorg->node->chain_count)
        return ERR_CORRUPT;
    read.place = (size_t)place;
    memcpy(read.sender.b, sender.data, sender.size);
    enum err err = arena_copy(&reorg->arena, &read.encoding, encoding);
    if (err != ERR_OK) return err;
    struct returned *returned = new_returned(reorg);
    if (returned == NULL) return ERR_MEMORY;
    *returned = read;
    return ERR_OK;
}

static enum err put(struct reorg *reorg, char *error) {
    struct node_chain *l1 = node_l1(reorg->node);
    bytes encoded;
    if (!node_chain_is_durable(l1)) return ERR_OK;
    const enum err err = encode(&encoded, &reorg->arena, reorg);
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    return node_chain_put_meta(l1, error, META_RETURNED, encoded);
}

/* What is in a block again is left out: it was taken up before the crash, or the crash came before
 * its block was removed. */
static enum err leave_out_known(struct reorg *reorg) {
    size_t left = 0;
    for (size_t i = 0; i < reorg->returned_count; i++) {
        const struct returned returned = reorg->returned[i];
        const hash32 hash = keccak256(returned.encoding);
        struct forked_place place;
        bool is_found;
        enum err err = node_chain_find_transaction(
            &reorg->node->chains[returned.place], &is_found, &place, &hash
        );
        if (err != ERR_OK) return err;
        if (!is_found) reorg->returned[left++] = returned;
    }
    reorg->returned_count = left;
    return ERR_OK;
}

/* --- to and fro ------------------------------------------------------------------------------- */

static enum err take_pools(struct reorg *reorg) {
    struct node *node = reorg->node;
    enum err err = ERR_OK;
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = kept_pool_copy(&reorg->pools[i], node->chains[i].pool);
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = kept_pool_empty(&node->chains[i]);
    return err;
}

enum err reorg_begin(
    struct reorg **reorg, struct node_chain *chain, char error[NODE_ERROR_SIZE], uint64_t depth
) {
    struct node *node = chain->node;
    struct rewind_point points[NODE_CHAINS_MAX];
    enum err err = rewind_by(points, chain, error, depth, true);
    if (err != ERR_OK) return err;
    struct reorg *own = open_reorg(node);
    err = own == NULL ? ERR_MEMORY : ERR_OK;
    /* A rollup's own reorganisation is like that of any chain: its transactions are gone. */
    if (err == ERR_OK && chain->rollup_id == 0) err = collect(own, points);
    if (err == ERR_OK) err = take_pools(own);
    if (err != ERR_OK) (void)node_fail(error, err, "%s", err_text(err));
    if (err == ERR_OK) err = put(own, error);
    if (err == ERR_OK) err = rewind_to(node, error, points);
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++) {
        node->chains[i].wishes = (struct chain_wishes){0};
        node->chains[i].waiting_count = 0;
    }
    if (err == ERR_OK) snapshots_forget(node);
    if (err == ERR_OK)
        *reorg = own;
    else
        close_reorg(own);
    return err;
}

/* The place in returned of the oldest that is not given back yet: of each rollup the next one. */
static size_t oldest(const struct reorg *reorg, const size_t *next, const size_t *end) {
    size_t found = reorg->returned_count;
    for (size_t place = 1; place < reorg->node->chain_count; place++) {
        if (next[place] == end[place]) continue;
        const bool is_older =
            found == reorg->returned_count ||
            reorg->returned[next[place]].timestamp < reorg->returned[found].timestamp;
        if (is_older) found = next[place];
    }
    return found;
}

static enum err give_back(struct reorg *reorg, size_t index) {
    struct node *node = reorg->node;
    const struct returned *returned = &reorg->returned[index];
    struct node_chain *chain = &node->chains[returned->place];
    enum pool_verdict verdict;
    const char *reason;
    hash32 hash;
    arena_reset(&node->build_arena);
    enum err err = kept_pool_offer(
        chain, &verdict, &reason, &hash, &node->build_arena, &returned->sender, returned->encoding
    );
    if (err != ERR_OK || verdict == POOL_KNOWN) return err;
    if (verdict == POOL_OK) {
        err = miner_queue_transaction(&node->miner, chain, &hash);
        /* It is in the pool, where the miner finds it later. */
        return err == ERR_LIMIT ? ERR_OK : err;
    }
    chain->stats.dropped_count++;
    log_dropped(&node->log, chain->rpc.name, &hash, reason);
    return ERR_OK;
}

static enum err give_all_back(struct reorg *reorg) {
    size_t next[NODE_CHAINS_MAX] = {0};
    size_t end[NODE_CHAINS_MAX] = {0};
    enum err err = ERR_OK;
    for (size_t i = 0; i < reorg->returned_count; i++) {
        const size_t place = reorg->returned[i].place;
        if (end[place] == 0) next[place] = i;
        end[place] = i + 1;
    }
    for (size_t i = 0; i < reorg->returned_count && err == ERR_OK; i++) {
        const size_t index = oldest(reorg, next, end);
        CHECK(index < reorg->returned_count);
        next[reorg->returned[index].place]++;
        err = give_back(reorg, index);
    }
    return err;
}

enum err reorg_end(struct reorg *reorg, char error[NODE_ERROR_SIZE]) {
    struct node *node = reorg->node;
    enum err err = leave_out_known(reorg); /* what was forced may be in one of the new blocks */
    if (err == ERR_OK) err = give_all_back(reorg);
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = kept_pool_restore(&reorg->pools[i], &node->chains[i], NULL);
    if (err != ERR_OK) (void)node_fail(error, err, "%s", err_text(err));
    node->is_returning = err == ERR_OK;
    close_reorg(reorg);
    return err;
}

enum err reorg_settle(struct node *node, char error[NODE_ERROR_SIZE]) {
    struct node_chain *l1 = node_l1(node);
    enum err err = ERR_OK;
    node->is_returning = false;
    if (!node_chain_is_durable(l1)) return ERR_OK;
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = node_chain_sync(&node->chains[i], error);
    return err == ERR_OK ? node_chain_put_meta(l1, error, META_RETURNED, BYTES_EMPTY) : err;
}

enum err reorg_recover(struct node *node, char error[NODE_ERROR_SIZE]) {
    bytes kept;
    struct rlp list;
    enum err err = store_get_meta(node_chain_store(node_l1(node)), META_RETURNED, &kept);
    if (err == ERR_MISSING) return ERR_OK;
    struct reorg *reorg = open_reorg(node);
    if (reorg == NULL) err = ERR_MEMORY;
    if (err == ERR_OK) {
        struct rlp rlp = rlp_open(kept);
        err = rlp_read_list(&rlp, &list) == ERR_OK ? ERR_OK : ERR_CORRUPT;
    }
    while (err == ERR_OK && !rlp_done(&list))
        err = decode_one(reorg, &list);
    if (err == ERR_OK) err = leave_out_known(reorg);
    if (err == ERR_OK) err = give_all_back(reorg);
    close_reorg(reorg);
    if (err != ERR_OK)
        return node_fail(error, err, "l1: settings: returned transactions: %s", err_text(err));
    miner_drain(&node->miner);
    return reorg_settle(node, error);
}
