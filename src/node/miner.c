#include "node/miner.h"

#include "core/check.h"
#include "node/blocks.h"
#include "node/bundles.h"
#include "node/clock.h"
#include "node/forced.h"
#include "node/network.h"
#include "node/waiting.h"

#include <stdlib.h>

#define JOBS_CAPACITY_MIN 64

/* --- jobs ------------------------------------------------------------------------------------- */

static struct miner_job *job_at(struct miner *miner, size_t index) {
    return &miner->jobs[(miner->first + index) & (miner->capacity - 1)];
}

static enum err grow(struct miner *miner) {
    size_t capacity = miner->capacity == 0 ? JOBS_CAPACITY_MIN : miner->capacity * 2;
    struct miner_job *jobs = calloc(capacity, sizeof(*jobs));
    if (jobs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < miner->count; i++)
        jobs[i] = *job_at(miner, i);
    free(miner->jobs);
    miner->jobs = jobs;
    miner->capacity = capacity;
    miner->first = 0;
    return ERR_OK;
}

static void on_idle(uv_idle_t *idle);

static enum err add_job(struct miner *miner, const struct miner_job *job) {
    if (miner->count == MINER_JOBS_MAX) return ERR_LIMIT;
    if (miner->count == miner->capacity) {
        enum err err = grow(miner);
        if (err != ERR_OK) return err;
    }
    *job_at(miner, miner->count) = *job;
    miner->count++;
    job->chain->job_count++;
    /* Does nothing if it is active. */
    CHECK(uv_idle_start(&miner->idle, on_idle) == 0);
    return ERR_OK;
}

static struct miner_job take_job(struct miner *miner) {
    struct miner_job job = *job_at(miner, 0);
    miner->first = (miner->first + 1) & (miner->capacity - 1);
    miner->count--;
    job.chain->job_count--;
    return job;
}

static enum err
open_wait(struct miner_wait **wait, struct miner *miner, struct rpc_request *request) {
    if (miner->node->is_stopping) return ERR_LIMIT;
    *wait = arena_alloc_zero(request->arena, sizeof(**wait));
    if (*wait == NULL) return ERR_MEMORY;
    (*wait)->request = request;
    return ERR_OK;
}

static bool is_held(struct node_chain *chain, const hash32 *hash) {
    const struct pool_block next = waiting_next_block(chain);
    return pool_is_held(chain->pool, hash, &next);
}

/* Whether nothing stands between the transaction and its block. */
static enum err is_pending(bool *pending, struct node_chain *chain, const hash32 *hash) {
    const struct pool_tx *tx = pool_get(chain->pool, hash);
    struct account account;
    bool exists;
    *pending = false;
    if (tx == NULL) return ERR_OK;
    enum err err = state_get_account(&chain->state, &tx->sender, &account, &exists);
    if (err != ERR_OK) return err;
    *pending = tx->tx.nonce < pool_next_nonce(chain->pool, &tx->sender, account.nonce) &&
               !is_held(chain, hash);
    return ERR_OK;
}

enum err miner_wait_transaction(
    struct miner *miner,
    struct miner_wait **wait,
    struct rpc_request *request,
    struct node_chain *chain,
    const hash32 *hash
) {
    *wait = NULL;
    /* It waits for its chain's slot, a transaction with a gap for what closes the gap, a
     * conditional one for what it asks for. */
    if (!chain->automine) return ERR_OK;
    struct miner_wait *own;
    bool pending;
    enum err err = is_pending(&pending, chain, hash);
    if (err != ERR_OK || !pending) return err;
    err = open_wait(&own, miner, request);
    if (err != ERR_OK) return err;
    struct miner_job job = {.chain = chain, .wait = own, .hash = *hash};
    err = add_job(miner, &job);
    if (err == ERR_OK) *wait = own;
    return err;
}

enum err
miner_queue_transaction(struct miner *miner, struct node_chain *chain, const hash32 *hash) {
    const struct miner_job job = {.chain = chain, .hash = *hash};
    return chain->automine ? add_job(miner, &job) : ERR_OK;
}

enum err miner_wait_blocks(
    struct miner *miner,
    struct miner_wait **wait,
    struct rpc_request *request,
    struct node_chain *chain,
    const struct rpc_mine_options *options
) {
    enum err err = open_wait(wait, miner, request);
    if (err != ERR_OK) return err;
    struct miner_job job = {.chain = chain, .wait = *wait, .is_mine = true, .mine = *options};
    return add_job(miner, &job);
}

enum err miner_wait_bundle(
    struct miner *miner,
    struct miner_wait **wait,
    struct rpc_request *request,
    const hash32 *hash,
    uint64_t number
) {
    struct node_chain *l1 = node_l1(miner->node);
    struct miner_wait *own;
    *wait = NULL;
    if (!l1->automine || number != l1->head.number + 1) return ERR_OK;
    enum err err = open_wait(&own, miner, request);
    if (err != ERR_OK) return err;
    const struct miner_job job = {
        .chain = l1, .wait = own, .is_bundle = true, .hash = *hash, .bundle_number = number};
    err = add_job(miner, &job);
    if (err == ERR_OK) *wait = own;
    return err;
}

enum err miner_wait_work(
    struct miner *miner,
    struct miner_wait **wait,
    struct rpc_request *request,
    struct node_chain *chain,
    miner_work *work,
    void *context
) {
    enum err err = open_wait(wait, miner, request);
    if (err != ERR_OK) return err;
    struct miner_job job = {.chain = chain, .wait = *wait, .work = work, .context = context};
    return add_job(miner, &job);
}

enum rpc_status miner_result(const struct miner_wait *wait) {
    CHECK(wait->is_over);
    if (wait->code == 0) return RPC_OK;
    if (wait->has_data)
        return rpc_fail_data(wait->request, wait->code, wait->data, "%s", wait->message);
    return rpc_fail(wait->request, wait->code, "%s", wait->message);
}

/* --- telling those who wait ------------------------------------------------------------------- */

static void end_wait(struct miner *miner, struct miner_wait *wait) {
    if (wait == NULL) return;
    wait->is_over = true;
    if (miner->over_first == NULL)
        miner->over_first = wait;
    else
        miner->over_last->next = wait;
    miner->over_last = wait;
}

/* message and data are copied: they lie in the memory of the block just built. */
static void fail_wait(
    struct miner *miner, struct miner_wait *wait, int code, const char *message, const bytes *data
) {
    if (wait == NULL) return;
    struct arena *arena = wait->request->arena;
    bytes text = bytes_of(message, strlen(message) + 1);
    wait->code = code;
    wait->has_data = data != NULL;
    if (arena_copy(arena, &text, text) != ERR_OK ||
        (data != NULL && arena_copy(arena, &wait->data, *data) != ERR_OK)) {
        wait->has_data = false;
        text = bytes_of("out of memory", sizeof("out of memory"));
    }
    wait->message = (const char *)text.data;
    end_wait(miner, wait);
}

/* Everything that may be told is on disk, where there is one. */
static enum err sync_chains(struct node *node, char error[NODE_ERROR_SIZE]) {
    for (size_t i = 0; i < node->chain_count; i++) {
        struct node_chain *chain = &node->chains[i];
        enum err err = node_chain_is_durable(chain) ? node_chain_sync(chain, error) : ERR_OK;
        if (err != ERR_OK) return err;
        if (!chain->is_lost) continue;
        (void)snprintf(error, NODE_ERROR_SIZE, "%s: blocks could not be written", chain->rpc.name);
        return ERR_IO;
    }
    return ERR_OK;
}

/* Tells clients of new blocks, and goes on with the requests whose wait is over. When blocks could
 * not be written the network stops: what it has in memory is not what it would find again. */
static void tell(struct miner *miner) {
    struct node *node = miner->node;
    char error[NODE_ERROR_SIZE];
    enum err err = sync_chains(node, error);
    struct miner_wait *wait = miner->over_first;
    miner->over_first = NULL;
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++) {
        struct node_chain *chain = &node->chains[i];
        if (hash32_equal(&chain->announced_hash, &chain->head_hash)) continue;
        chain->announced_hash = chain->head_hash;
        rpc_server_new_block(node->server, &chain->rpc);
    }
    while (wait != NULL) {
        struct miner_wait *next = wait->next; /* wait dies when its request is answered */
        if (err != ERR_OK) {
            wait->code = RPC_INTERNAL_ERROR;
            wait->message = "the node could not write its blocks and stops";
        }
        rpc_server_resume(node->server, wait->request);
        wait = next;
    }
    if (err != ERR_OK) node_stop(node, 1, error);
}

/* --- blocks ----------------------------------------------------------------------------------- */

struct built {
    struct block_tx_fate *fates;
    char error[NODE_ERROR_SIZE];
};

static enum err build(
    struct node *node,
    struct node_chain *chain,
    struct built *built,
    const struct block_order *order
) {
    struct arena *arena = &node->build_arena;
    built->fates = arena_alloc_array(arena, order->tx_count, sizeof(*built->fates));
    if (built->fates == NULL) {
        (void)snprintf(built->error, sizeof(built->error), "%s", err_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    uint64_t start_us = metrics_clock_us();
    enum err err = chain->rollup_id == 0
                       ? node_l1_build_block(node, built->fates, built->error, arena, order)
                       : node_rollup_build_block(chain, built->fates, built->error, arena, order);
    metrics_observe(&chain->stats.build, metrics_clock_us() - start_us);
    if (arena->used_size > node->stats.build_peak) node->stats.build_peak = arena->used_size;
    if (err != ERR_OK) log_error(&node->log, chain->rpc.name, "no block: %s", built->error);
    return err;
}

/* A transaction that is dropped leaves the pool; whoever waits for it is told why. */
static void drop(
    struct miner *miner,
    struct node_chain *chain,
    const hash32 *hash,
    const struct block_tx_fate *fate,
    struct miner_wait *wait
) {
    chain->stats.dropped_count++;
    log_dropped(&miner->node->log, chain->rpc.name, hash, fate->reason);
    pool_remove(chain->pool, hash);
    fail_wait(miner, wait, fate->code, fate->reason, fate->has_data ? &fate->data : NULL);
}

/* What a block of L1 had to leave for the next one. */
static enum err carry_rest(struct miner *miner) {
    struct node *node = miner->node;
    size_t waiting = 0;
    for (size_t i = 1; i < node->chain_count; i++)
        waiting += node->chains[i].waiting_count;
    uint64_t length;
    uint64_t taken;
    enum err err = forced_count(&length, &taken, node);
    if (err != ERR_OK) return err;
    /* As long as that gets on: what cannot be taken must not make block after block. */
    const bool is_forced =
        length != taken && (length != miner->forced_length || taken != miner->forced_taken);
    miner->forced_length = length;
    miner->forced_taken = taken;
    if (waiting == 0 && !is_forced) return ERR_OK;
    if (!node_l1(node)->automine || !node->auto_batch) return ERR_OK;
    struct miner_job carrier = {
        .chain = node_l1(node), .is_mine = true, .mine = {.block_count = 1}};
    return add_job(miner, &carrier);
}

/* A transaction of a rollup that needs the parent: a block of L1 is made for it. */
static void carry(struct miner *miner, const struct miner_job *job) {
    struct node *node = miner->node;
    struct built built;
    struct block_tx_fate fate = {.fate = FATE_INCLUDED};
    struct block_order order = {.waiting = &job->hash, .waiting_fate = &fate};
    arena_reset(&node->build_arena);
    if (build(node, node_l1(node), &built, &order) != ERR_OK) {
        pool_remove(job->chain->pool, &job->hash);
        fail_wait(miner, job->wait, RPC_INTERNAL_ERROR, built.error, NULL);
    } else if (fate.fate == FATE_DROPPED) {
        fail_wait(miner, job->wait, fate.code, fate.reason, NULL);
    } else {
        enum err err = carry_rest(miner);
        if (err == ERR_OK)
            end_wait(miner, job->wait);
        else
            fail_wait(miner, job->wait, RPC_INTERNAL_ERROR, err_text(err), NULL);
    }
}

static void do_work(struct miner *miner, const struct miner_job *job) {
    struct rpc_request *request = job->wait->request;
    enum rpc_status status = job->work(job->chain, request, job->context);
    if (status == RPC_OK) {
        end_wait(miner, job->wait);
        return;
    }
    if (status == RPC_WAIT) {
        const enum err err = add_job(miner, job);
        if (err == ERR_OK) return;
        (void)rpc_fail_err(request, err);
    }
    const struct rpc_error *error = &request->error;
    fail_wait(miner, job->wait, error->code, error->message, error->has_data ? &error->data : NULL);
}

/* A block for a bundle, unless it has been in one already, or has been dropped. */
static void do_bundle(struct miner *miner, const struct miner_job *job) {
    struct node *node = miner->node;
    struct bundles *bundles = &node->bundles;
    if (bundles_find(bundles, &job->hash, job->bundle_number) != NULL) {
        struct built built;
        const struct block_order order = {.is_for_bundle = true};
        arena_reset(&node->build_arena);
        if (build(node, job->chain, &built, &order) != ERR_OK) {
            fail_wait(miner, job->wait, RPC_INTERNAL_ERROR, built.error, NULL);
            return;
        }
        const enum err err = carry_rest(miner);
        if (err != ERR_OK) {
            fail_wait(miner, job->wait, RPC_INTERNAL_ERROR, err_text(err), NULL);
            return;
        }
    }
    const struct bundle_fate *fate = bundles_fate(bundles, &job->hash, job->bundle_number);
    if (fate != NULL && !fate->is_included)
        fail_wait(miner, job->wait, RPC_SERVER_ERROR, fate->reason, NULL);
    else
        end_wait(miner, job->wait);
}

static void do_transaction(struct miner *miner, struct miner_job *job) {
    struct node *node = miner->node;
    const struct pool_tx *tx = pool_get(job->chain->pool, &job->hash);
    if (tx == NULL) { /* In a block already, or replaced. */
        end_wait(miner, job->wait);
        return;
    }
    struct built built;
    struct block_order order = {.txs = &tx, .tx_count = 1, .is_for_tx = true};
    bool pending;
    const uint64_t before = job->chain->head.number;
    arena_reset(&node->build_arena);
    enum err err = is_pending(&pending, job->chain, &job->hash);
    if (err == ERR_OK && !pending) { /* What its nonce follows on is gone: it is queued. */
        end_wait(miner, job->wait);
        return;
    }
    if (err != ERR_OK) (void)snprintf(built.error, sizeof(built.error), "%s", err_text(err));
    if (err == ERR_OK) err = build(node, job->chain, &built, &order);
    if (err != ERR_OK) {
        pool_remove(job->chain->pool, &job->hash);
        int code = err == ERR_INPUT ? RPC_SERVER_ERROR : RPC_INTERNAL_ERROR;
        fail_wait(miner, job->wait, code, built.error, NULL);
        return;
    }
    switch (built.fates[0].fate) {
    case FATE_KEPT:
        /* A bundle has taken the block. */
        if (job->chain->head.number > before && add_job(miner, job) == ERR_OK) return;
        /* Not even in an empty block. */
        built.fates[0].code = RPC_SERVER_ERROR;
        built.fates[0].reason = "gas limit reached";
        drop(miner, job->chain, &job->hash, &built.fates[0], job->wait);
        return;
    case FATE_DROPPED:
        drop(miner, job->chain, &job->hash, &built.fates[0], job->wait);
        return;
    case FATE_WAITS:
        job->chain->waiting_count++;
        if (node_l1(node)->automine && node->auto_batch)
            carry(miner, job);
        else
            end_wait(miner, job->wait);
        return;
    case FATE_INCLUDED:
        if (job->chain == node_l1(node)) err = carry_rest(miner);
        if (err == ERR_OK)
            end_wait(miner, job->wait);
        else
            fail_wait(miner, job->wait, RPC_INTERNAL_ERROR, err_text(err), NULL);
        return;
    }
}

/* The pending transactions of L1 that fit by their gas limits, best tip first. */
static enum err
choose(struct node_chain *chain, struct arena *arena, struct block_order *order, hash32 **hashes) {
    size_t most = pool_pending_count(chain->pool);
    const struct pool_tx **txs = arena_alloc_array(arena, most, sizeof(const struct pool_tx *));
    *hashes = arena_alloc_array(arena, most, sizeof(**hashes));
    if (txs == NULL || *hashes == NULL) return ERR_MEMORY;
    const struct pool_block block = waiting_next_block(chain);
    struct pool_iterator *it = pool_iterate(chain->pool, &block);
    if (it == NULL) return ERR_MEMORY;
    const struct pool_tx *tx;
    while (order->tx_count < most && (tx = pool_iterator_next(it)) != NULL) {
        (*hashes)[order->tx_count] = tx->hash;
        txs[order->tx_count++] = tx;
    }
    pool_iterator_close(it);
    order->txs = txs;
    return ERR_OK;
}

/* A block of what the order names, hashes among it. *refusal: why one of them is not in it; NULL:
 * all are, or wait for a block of the parent. */
static enum err build_ordered(
    struct miner *miner,
    struct node_chain *chain,
    const char **refusal,
    char *error,
    const struct block_order *order,
    const hash32 *hashes
) {
    struct built built = {0};
    enum err err = build(miner->node, chain, &built, order);
    *refusal = NULL;
    if (err != ERR_OK) {
        (void
        )snprintf(error, NODE_ERROR_SIZE, "%s", built.error[0] != 0 ? built.error : err_text(err));
        return err;
    }
    size_t waiting = 0;
    for (size_t i = order->tx_count; i-- > 0;) {
        const struct block_tx_fate *fate = &built.fates[i];
        waiting += fate->fate == FATE_WAITS;
        if (fate->fate == FATE_KEPT) *refusal = "no room for it, or a gap before its nonce";
        if (fate->fate != FATE_DROPPED) continue;
        *refusal = fate->reason;
        drop(miner, chain, &hashes[i], fate, NULL);
    }
    if (chain->rollup_id != 0) chain->waiting_count = waiting;
    return carry_rest(miner);
}

/* A block of L1 with what is pending. */
static enum err build_pending(
    struct miner *miner, struct node_chain *chain, char *error, const struct rpc_mine_options *mine
) {
    struct block_order order = {.has_timestamp = mine->has_timestamp, .timestamp = mine->timestamp};
    hash32 *hashes = NULL;
    const char *refusal;
    arena_reset(&miner->node->build_arena);
    const enum err err = choose(chain, &miner->node->build_arena, &order, &hashes);
    if (err == ERR_OK) return build_ordered(miner, chain, &refusal, error, &order, hashes);
    (void)snprintf(error, NODE_ERROR_SIZE, "%s", err_text(err));
    return err;
}

enum err miner_build(
    struct miner *miner,
    struct node_chain *chain,
    const char **refusal,
    char *error,
    const hash32 *hashes,
    size_t count
) {
    struct arena *arena = &miner->node->build_arena;
    arena_reset(arena);
    const struct pool_tx **txs = arena_alloc_array(arena, count, sizeof(const struct pool_tx *));
    if (txs == NULL) {
        (void)snprintf(error, NODE_ERROR_SIZE, "%s", err_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    struct block_order order = {.txs = txs, .tx_count = count};
    for (size_t i = 0; i < count; i++) {
        txs[i] = pool_get(chain->pool, &hashes[i]);
        CHECK(txs[i] != NULL);
    }
    return build_ordered(miner, chain, refusal, error, &order, hashes);
}

/* One of the blocks asked for; the rest is a job again. */
static void do_mine(struct miner *miner, struct miner_job *job) {
    struct rpc_mine_options *mine = &job->mine;
    char error[NODE_ERROR_SIZE];
    if (mine->block_count > 0) {
        if (build_pending(miner, job->chain, error, mine) != ERR_OK) {
            fail_wait(miner, job->wait, RPC_INTERNAL_ERROR, error, NULL);
            return;
        }
        mine->block_count--;
        mine->has_timestamp = mine->interval_seconds != 0;
        mine->timestamp = job->chain->head.timestamp + mine->interval_seconds;
    }
    if (mine->block_count == 0) {
        end_wait(miner, job->wait);
        return;
    }
    enum err err = add_job(miner, job);
    if (err != ERR_OK) fail_wait(miner, job->wait, RPC_INTERNAL_ERROR, err_text(err), NULL);
}

/* --- turns ------------------------------------------------------------------------------------ */

/* Jobs for transactions that became pending without one: the gap before them has closed. Looks at
 * the whole pool, so not after every block. */
static void refill(struct miner *miner, struct node_chain *chain) {
    if (!chain->automine) return;
    if (pool_pending_count(chain->pool) <= chain->job_count + chain->waiting_count) return;
    struct block_order order = {0};
    hash32 *hashes;
    arena_reset(&miner->node->build_arena);
    if (choose(chain, &miner->node->build_arena, &order, &hashes) != ERR_OK) return;
    /* What is held is pending and has no job. */
    bool may_hold = pool_conditional_count(chain->pool) > 0;
    if (may_hold && order.tx_count <= chain->job_count + chain->waiting_count) return;
    for (size_t i = 0; i < order.tx_count; i++) {
        struct miner_job job = {.chain = chain, .hash = hashes[i]};
        if (add_job(miner, &job) != ERR_OK) return;
    }
}

void miner_refill(struct miner *miner) {
    struct node *node = miner->node;
    miner->turns = 0;
    for (size_t i = 0; i < node->chain_count; i++)
        refill(miner, &node->chains[i]);
}

static void do_next(struct miner *miner) {
    struct miner_job job = take_job(miner);
    if (job.work != NULL)
        do_work(miner, &job);
    else if (job.is_mine)
        do_mine(miner, &job);
    else if (job.is_bundle)
        do_bundle(miner, &job);
    else
        do_transaction(miner, &job);
    miner->turns++;
}

void miner_drain(struct miner *miner) {
    while (miner->count > 0)
        do_next(miner);
}

static void on_idle(uv_idle_t *idle) {
    struct miner *miner = idle->data;
    uint64_t start = clock_monotonic_us();
    do { /* Who is told may send the next transaction of its batch at once. */
        while (miner->count > 0 && clock_monotonic_us() - start < MINER_SLICE_US)
            do_next(miner);
        tell(miner);
        if (miner->node->is_stopping) return;
    } while (miner->count > 0 && clock_monotonic_us() - start < MINER_SLICE_US);
    if (miner->count == 0 || miner->turns >= MINER_REFILL_TURNS) miner_refill(miner);
    if (miner->count == 0) CHECK(uv_idle_stop(&miner->idle) == 0);
}

struct miner_clock {
    uv_timer_t timer; /* first */
    struct miner *miner;
    struct node_chain *chain;
};

static void on_slot(uv_timer_t *timer) {
    struct miner_clock *clock = (struct miner_clock *)timer;
    struct miner *miner = clock->miner;
    const struct rpc_mine_options mine = {.block_count = 1};
    char error[NODE_ERROR_SIZE];
    /* What could not be done has been logged; the next slot tries again. */
    enum err err = build_pending(miner, clock->chain, error, &mine);
    tell(miner);
    if (err == ERR_OK && !miner->node->is_stopping) miner_refill(miner);
}

void miner_set_interval(struct miner *miner, struct node_chain *chain, uint64_t interval_ms) {
    struct miner_clock *clock = &miner->clocks[chain - miner->node->chains];
    chain->interval_ms = interval_ms;
    if (interval_ms == 0)
        CHECK(uv_timer_stop(&clock->timer) == 0);
    else
        CHECK(uv_timer_start(&clock->timer, on_slot, interval_ms, interval_ms) == 0);
}

static void on_expiry(uv_timer_t *timer) {
    struct node *node = ((struct miner *)timer->data)->node;
    for (size_t i = 0; i < node->chain_count; i++)
        pool_expire(node->chains[i].pool, clock_monotonic_us() / 1000000);
}

enum err miner_open(struct miner *miner, struct node *node, uint64_t slot_time_ms) {
    *miner = (struct miner){.node = node};
    miner->clocks = calloc(node->chain_count, sizeof(*miner->clocks));
    if (miner->clocks == NULL) return ERR_MEMORY;
    CHECK(uv_idle_init(&node->loop, &miner->idle) == 0);
    miner->idle.data = miner;
    CHECK(uv_timer_init(&node->loop, &miner->expiry) == 0);
    miner->expiry.data = miner;
    CHECK(uv_timer_start(&miner->expiry, on_expiry, 0, MINER_EXPIRY_MS) == 0);
    for (size_t i = 0; i < node->chain_count; i++) {
        struct node_chain *chain = &node->chains[i];
        CHECK(uv_timer_init(&node->loop, &miner->clocks[i].timer) == 0);
        miner->clocks[i].miner = miner;
        miner->clocks[i].chain = chain;
        chain->announced_hash = chain->head_hash;
        chain->automine = i > 0 || slot_time_ms == 0;
    }
    miner_set_interval(miner, node_l1(node), slot_time_ms);
    return grow(miner);
}

void miner_stop(struct miner *miner) {
    while (miner->count > 0) {
        struct miner_job job = take_job(miner);
        fail_wait(miner, job.wait, RPC_INTERNAL_ERROR, "the node is stopping", NULL);
    }
    if (miner->over_first != NULL) tell(miner);
    if (miner->clocks == NULL) return;
    uv_close((uv_handle_t *)&miner->idle, NULL);
    uv_close((uv_handle_t *)&miner->expiry, NULL);
    for (size_t i = 0; i < miner->node->chain_count; i++)
        uv_close((uv_handle_t *)&miner->clocks[i].timer, NULL);
}

void miner_close(struct miner *miner) {
    free(miner->jobs);
    free(miner->clocks);
    miner->jobs = NULL;
    miner->clocks = NULL;
}
