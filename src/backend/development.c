/* Development methods: what changes the network from outside. All of it happens in the miner's
 * turn, between requests. */
#include "backend/backend.h"
#include "backend/dump.h"
#include "crypto/keccak.h"
#include "node/amend.h"
#include "node/blocks.h"
#include "node/hub_view.h"
#include "node/kept_pool.h"
#include "node/reorg.h"
#include "node/rewind.h"
#include "rollup/predeploys.h"

#include <stdlib.h>

/* --- in turn ---------------------------------------------------------------------------------- */

/* An operation that waits for its turn: what it was asked, and what came of it. */
struct turn {
    struct miner_wait *wait;
    struct rpc_amendment amendment;
    struct rpc_setting setting;
    struct rpc_drop drop;
    uint64_t number; /* asked or answered */
    const struct rpc_reorg *reorg;
    bytes dump;
    bool is_found;
    bool is_begun;          /* of a reorganisation: the new blocks are there … */
    enum rpc_status status; /* … and this is what came of them */
};

/* *turn is what came of it when RPC_OK is returned, and else nothing. */
static enum rpc_status take_turn(
    struct turn **turn,
    struct rpc_chain *rpc,
    struct rpc_request *request,
    miner_work *work,
    const struct turn *asked
) {
    struct node_chain *chain = backend_chain(rpc);
    *turn = request->wait_state;
    if (*turn != NULL) return (*turn)->wait->is_over ? miner_result((*turn)->wait) : RPC_WAIT;
    struct turn *own = arena_alloc(request->arena, sizeof(*own));
    if (own == NULL) return rpc_fail_err(request, ERR_MEMORY);
    *own = *asked;
    enum err err = miner_wait_work(&chain->node->miner, &own->wait, request, chain, work, own);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    request->wait_state = own;
    return RPC_WAIT;
}

/* What went wrong in a store stops the network; what was asked for and cannot be does not. */
static enum rpc_status
fail_with(struct node_chain *chain, struct rpc_request *request, enum err err, const char *text) {
    if (err == ERR_INPUT) return rpc_fail(request, RPC_SERVER_ERROR, "%s", text);
    log_error(&chain->node->log, chain->rpc.name, "%s", text);
    return rpc_fail(request, RPC_INTERNAL_ERROR, "%s", text);
}

/* --- state ------------------------------------------------------------------------------------ */

static enum err tell_pool(struct node_chain *chain, const address *who) {
    struct account account;
    bool exists;
    enum err err = state_get_account(&chain->state, who, &account, &exists);
    if (err != ERR_OK) return err;
    struct pool_account left = {.nonce = account.nonce, .balance = account.balance};
    pool_advance(chain->pool, who, &left);
    return ERR_OK;
}

static enum rpc_status
do_amend(struct node_chain *chain, struct rpc_request *request, void *context) {
    const struct rpc_amendment *asked = &((struct turn *)context)->amendment;
    struct amendment amendment = {
        .who = asked->who,
        .has_balance = asked->has_balance,
        .has_nonce = asked->has_nonce,
        .has_code = asked->has_code,
        .has_slot = asked->has_slot,
        .balance = asked->balance,
        .nonce = asked->nonce,
        .code = asked->code,
        .key = asked->key,
        .value = asked->value,
    };
    struct account account;
    bool exists;
    char error[NODE_ERROR_SIZE];
    enum err err = state_get_account(&chain->state, &asked->who, &account, &exists);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (asked->refuses_lower_nonce && asked->nonce < account.nonce)
        return rpc_fail(
            request,
            RPC_SERVER_ERROR,
            "New nonce (%llu) must not be smaller than the existing nonce (%llu)",
            (unsigned long long)asked->nonce,
            (unsigned long long)account.nonce
        );
    if (asked->adds_balance &&
        u256_add_carry(&amendment.balance, &account.balance, &asked->balance))
        amendment.balance = U256_MAX;
    err = amend(chain, error, &amendment, 1);
    if (err != ERR_OK) return fail_with(chain, request, err, error);
    err = tell_pool(chain, &asked->who);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}

enum rpc_status backend_amend(
    struct rpc_chain *rpc, struct rpc_request *request, const struct rpc_amendment *amendment
) {
    struct turn asked = {.amendment = *amendment};
    struct turn *turn;
    /* The code lies in the request, which may be gone when it is its turn. */
    if (request->wait_state == NULL &&
        arena_copy(request->arena, &asked.amendment.code, amendment->code) != ERR_OK)
        return rpc_fail_err(request, ERR_MEMORY);
    return take_turn(&turn, rpc, request, do_amend, &asked);
}

/* --- anchors ---------------------------------------------------------------------------------- */

static enum rpc_status
do_anchor(struct node_chain *chain, struct rpc_request *request, void *context) {
    struct turn *turn = context;
    struct node *node = chain->node;
    struct hub_view view;
    struct block_tx_fate none;
    char error[NODE_ERROR_SIZE];
    const struct block_order order = {.must_move = node_place(chain)};
    if (!node->auto_batch)
        return rpc_fail(
            request,
            RPC_SERVER_ERROR,
            "no batches are posted, and so no anchors: turn lockstep_setAutoBatch on"
        );
    arena_reset(&node->build_arena);
    enum err err = node_l1_build_block(node, &none, error, &node->build_arena, &order);
    if (err != ERR_OK) return fail_with(chain, request, err, error);
    err = node_hub_view(&view, chain);
    turn->number = view.anchor_number;
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}

enum rpc_status
backend_anchor(struct rpc_chain *rpc, struct rpc_request *request, uint64_t *number) {
    const struct turn asked = {0};
    struct turn *turn;
    if (backend_chain(rpc)->rollup_id == 0)
        return rpc_fail(
            request, RPC_INVALID_PARAMS, "%s has no parent that it could be anchored at", rpc->name
        );
    enum rpc_status status = take_turn(&turn, rpc, request, do_anchor, &asked);
    if (status == RPC_OK) *number = turn->number;
    return status;
}

/* --- settings --------------------------------------------------------------------------------- */

static enum err impersonate(struct node_chain *chain, const address *who, bool is_on) {
    size_t at = 0;
    while (at < chain->impersonated_count && !address_equal(&chain->impersonated[at], who))
        at++;
    if (at < chain->impersonated_count) {
        if (!is_on) chain->impersonated[at] = chain->impersonated[--chain->impersonated_count];
        return ERR_OK;
    }
    if (!is_on) return ERR_OK;
    if (at == CHAIN_IMPERSONATED_MAX) return ERR_LIMIT;
    address *list = realloc(chain->impersonated, (at + 1) * sizeof(*list));
    if (list == NULL) return ERR_MEMORY;
    list[at] = *who;
    chain->impersonated = list;
    chain->impersonated_count++;
    return ERR_OK;
}

bool backend_impersonates(const struct node_chain *chain, const address *who) {
    for (size_t i = 0; i < chain->impersonated_count; i++)
        if (address_equal(&chain->impersonated[i], who)) return true;
    return chain->impersonates_all;
}

static enum rpc_status
set_next_timestamp(struct node_chain *chain, struct rpc_request *request, uint64_t timestamp) {
    if (timestamp < node_earliest_timestamp(chain))
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "Timestamp error: %llu is lower than or equal to previous block's timestamp",
            (unsigned long long)timestamp
        );
    chain->wishes.has_timestamp = true;
    chain->wishes.timestamp = timestamp;
    return RPC_OK;
}

/* On a rollup it is a slot of the System predeploy. */
static enum rpc_status
set_gas_limit(struct node_chain *chain, struct rpc_request *request, uint64_t gas_limit) {
    char error[NODE_ERROR_SIZE];
    if (gas_limit < 21000 || gas_limit > INT64_MAX)
        return rpc_fail(request, RPC_INVALID_PARAMS, "no block can have such a gas limit");
    if (chain->rollup_id != 0) {
        struct amendment amendment = {
            .who = SYSTEM_PREDEPLOY,
            .has_slot = true,
            .key = u256_from_u64(SYSTEM_BLOCK_GAS_LIMIT),
            .value = u256_from_u64(gas_limit),
        };
        enum err err = amend(chain, error, &amendment, 1);
        if (err != ERR_OK) return fail_with(chain, request, err, error);
    }
    chain->gas_limit = gas_limit;
    return RPC_OK;
}

/* What follows on a rollup from its blocks or from L1 cannot be set there. */
static enum rpc_status
refuse_on_rollup(const struct node_chain *chain, struct rpc_request *request, const char *what) {
    return rpc_fail(
        request,
        RPC_UNSUPPORTED,
        "%s: %s of a rollup's block follows from %s and cannot be set; set it on L1",
        chain->rpc.name,
        what,
        strcmp(what, "prevRandao") == 0 ? "the L1 block it is anchored in" : "the block before it"
    );
}

static enum rpc_status
do_configure(struct node_chain *chain, struct rpc_request *request, void *context) {
    struct turn *turn = context;
    const struct rpc_setting *setting = &turn->setting;
    struct node *node = chain->node;
    struct chain_wishes *wishes = &chain->wishes;
    uint64_t before;
    enum err err;
    switch (setting->kind) {
    case RPC_SET_COINBASE:
        chain->rpc.coinbase = setting->who;
        return RPC_OK;
    case RPC_SET_PREV_RANDAO:
        if (chain->rollup_id != 0) return refuse_on_rollup(chain, request, "prevRandao");
        wishes->has_prev_randao = true;
        wishes->prev_randao = setting->hash;
        return RPC_OK;
    case RPC_SET_BASE_FEE:
        if (chain->rollup_id != 0) return refuse_on_rollup(chain, request, "the base fee");
        wishes->has_base_fee = true;
        wishes->base_fee = setting->amount;
        return RPC_OK;
    case RPC_SET_GAS_LIMIT:
        return set_gas_limit(chain, request, setting->number);
    case RPC_SET_NEXT_TIMESTAMP:
        return set_next_timestamp(chain, request, setting->number);
    case RPC_SET_TIMESTAMP_INTERVAL:
        turn->number = wishes->timestamp_interval;
        wishes->timestamp_interval = setting->number;
        return RPC_OK;
    case RPC_SET_TIME:
        before = node_time(node);
        node->time_offset += (int64_t)(setting->number - before);
        turn->number = setting->number > before ? setting->number - before : 0;
        return RPC_OK;
    case RPC_INCREASE_TIME:
        if (setting->number > UINT32_MAX)
            return rpc_fail(request, RPC_INVALID_PARAMS, "too far in the future");
        /* From where the chain is: many blocks in one second bring it ahead of the clock. */
        before = node_time(node);
        if (chain->head.timestamp > before)
            node->time_offset += (int64_t)(chain->head.timestamp - before);
        node->time_offset += (int64_t)setting->number;
        turn->number = node->time_offset > 0 ? (uint64_t)node->time_offset : 0;
        return RPC_OK;
    case RPC_SET_AUTOMINE:
        if (setting->is_on) miner_set_interval(&node->miner, chain, 0);
        chain->automine = setting->is_on;
        if (setting->is_on) miner_refill(&node->miner);
        return RPC_OK;
    case RPC_SET_INTERVAL:
        miner_set_interval(&node->miner, chain, setting->number);
        chain->automine = false;
        return RPC_OK;
    case RPC_SET_LOGGING:
        node->log.out = setting->is_on && !node->options->is_silent ? stdout : NULL;
        return RPC_OK;
    case RPC_IMPERSONATE:
        err = impersonate(chain, &setting->who, setting->is_on);
        return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
    case RPC_IMPERSONATE_ALL:
        chain->impersonates_all = setting->is_on;
        return RPC_OK;
    }
    return rpc_fail_err(request, ERR_INPUT);
}

enum rpc_status backend_configure(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    uint64_t *answer,
    const struct rpc_setting *setting
) {
    const struct turn asked = {.setting = *setting};
    struct turn *turn;
    enum rpc_status status = take_turn(&turn, rpc, request, do_configure, &asked);
    if (status == RPC_OK) *answer = turn->number;
    return status;
}

enum rpc_status backend_development_info(
    struct rpc_chain *rpc, struct rpc_request *request, struct rpc_development_info *info
) {
    const struct node_chain *chain = backend_chain(rpc);
    (void)request;
    *info = (struct rpc_development_info){
        .fork = "osaka",
        .automine = chain->automine,
        .interval_ms = chain->interval_ms,
        .instance = bytes_of(chain->node->instance, sizeof(chain->node->instance)),
        .gas_limit = chain->gas_limit,
        .next_base_fee = node_next_base_fee(chain),
    };
    if (chain->forked == NULL) return RPC_OK;
    info->fork_url = forked_url(chain->forked);
    info->fork_name = forked_name(chain->forked);
    info->fork_chain_id = forked_chain_id(chain->forked);
    info->fork_number = forked_number(chain->forked);
    info->fork_hash = *forked_hash(chain->forked);
    return RPC_OK;
}

/* --- going back ------------------------------------------------------------------------------- */

static enum rpc_status
do_snapshot(struct node_chain *chain, struct rpc_request *request, void *context) {
    struct turn *turn = context;
    enum err err = snapshot_take(&turn->number, chain->node);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}

enum rpc_status backend_snapshot(struct rpc_chain *rpc, struct rpc_request *request, uint64_t *id) {
    const struct turn asked = {0};
    struct turn *turn;
    enum rpc_status status = take_turn(&turn, rpc, request, do_snapshot, &asked);
    if (status == RPC_OK) *id = turn->number;
    return status;
}

/* The network cannot go on with chains at different moments. */
static enum rpc_status
stop_network(struct node_chain *chain, struct rpc_request *request, const char *error) {
    node_l1(chain->node)->is_lost = true;
    return rpc_fail(request, RPC_INTERNAL_ERROR, "%s", error);
}

static enum rpc_status
do_revert(struct node_chain *chain, struct rpc_request *request, void *context) {
    struct turn *turn = context;
    char error[NODE_ERROR_SIZE];
    enum err err = snapshot_revert(chain->node, &turn->is_found, error, turn->number);
    return err == ERR_OK ? RPC_OK : stop_network(chain, request, error);
}

enum rpc_status
backend_revert(struct rpc_chain *rpc, struct rpc_request *request, bool *is_found, uint64_t id) {
    const struct turn asked = {.number = id};
    struct turn *turn;
    enum rpc_status status = take_turn(&turn, rpc, request, do_revert, &asked);
    if (status == RPC_OK) *is_found = turn->is_found;
    return status;
}

/* Takes the network to other points; what is above is forgotten. */
static enum rpc_status
go_to(struct node_chain *chain, struct rpc_request *request, const struct rewind_point *points) {
    struct node *node = chain->node;
    char error[NODE_ERROR_SIZE];
    enum err err = rewind_to(node, error, points);
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++) {
        node->chains[i].wishes = (struct chain_wishes){0};
        node->chains[i].waiting_count = 0;
    }
    if (err != ERR_OK) return stop_network(chain, request, error);
    snapshots_forget(node);
    return RPC_OK;
}

static enum rpc_status
do_reset(struct node_chain *chain, struct rpc_request *request, void *context) {
    struct node *node = chain->node;
    struct rewind_point points[NODE_CHAINS_MAX];
    (void)context;
    enum err err = rewind_start(points, node);
    if (err == ERR_MISSING)
        return rpc_fail(request, RPC_UNSUPPORTED, "it is not known how this network began");
    if (err != ERR_OK) return rpc_fail_err(request, err);
    enum rpc_status status = go_to(chain, request, points);
    if (status != RPC_OK) return status;
    node->time_offset = 0;
    for (size_t i = 0; i < node->chain_count; i++) {
        node->chains[i].impersonated_count = 0;
        node->chains[i].impersonates_all = false;
    }
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = kept_pool_empty(&node->chains[i]);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}

enum rpc_status backend_reset(struct rpc_chain *rpc, struct rpc_request *request) {
    const struct turn asked = {0};
    struct turn *turn;
    return take_turn(&turn, rpc, request, do_reset, &asked);
}

static enum rpc_status
do_dump(struct node_chain *chain, struct rpc_request *request, void *context) {
    struct turn *turn = context;
    char error[NODE_ERROR_SIZE];
    enum err err = dump_write(&turn->dump, request->arena, chain->node, error);
    return err == ERR_OK ? RPC_OK : fail_with(chain, request, err, error);
}

enum rpc_status backend_dump(struct rpc_chain *rpc, struct rpc_request *request, bytes *dump) {
    const struct turn asked = {0};
    struct turn *turn;
    enum rpc_status status = take_turn(&turn, rpc, request, do_dump, &asked);
    if (status == RPC_OK) *dump = turn->dump;
    return status;
}

static enum rpc_status
do_load(struct node_chain *chain, struct rpc_request *request, void *context) {
    const struct turn *turn = context;
    struct node *node = chain->node;
    char error[NODE_ERROR_SIZE];
    if (node->options->datadir != NULL)
        return rpc_fail(
            request,
            RPC_UNSUPPORTED,
            "a network with --datadir is not loaded into; copy the directory instead"
        );
    enum err err = dump_read(node, error, turn->dump);
    if (err == ERR_INPUT) return rpc_fail(request, RPC_INVALID_PARAMS, "%s", error);
    return err == ERR_OK ? RPC_OK : stop_network(chain, request, error);
}

enum rpc_status backend_load(struct rpc_chain *rpc, struct rpc_request *request, bytes dump) {
    struct turn asked = {0};
    struct turn *turn;
    if (request->wait_state == NULL && arena_copy(request->arena, &asked.dump, dump) != ERR_OK)
        return rpc_fail_err(request, ERR_MEMORY);
    return take_turn(&turn, rpc, request, do_load, &asked);
}

static enum rpc_status
do_rollback(struct node_chain *chain, struct rpc_request *request, void *context) {
    struct rewind_point points[NODE_CHAINS_MAX];
    char error[NODE_ERROR_SIZE];
    struct turn *turn = context;
    if (turn->number > chain->head.number)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "Rollback depth must not exceed current chain height: current height %llu, depth %llu",
            (unsigned long long)chain->head.number,
            (unsigned long long)turn->number
        );
    enum err err = rewind_by(points, chain, error, turn->number, false);
    if (err != ERR_OK) return fail_with(chain, request, err, error);
    enum rpc_status status = go_to(chain, request, points);
    for (size_t i = 0; i < chain->node->chain_count && err == ERR_OK && status == RPC_OK; i++)
        err = kept_pool_renew(&chain->node->chains[i]);
    return err == ERR_OK ? status : rpc_fail_err(request, err);
}

/* One of the new blocks, of the transactions given for it in their order; there is one also when
 * one of them is refused. */
static enum rpc_status do_reorg_block(
    struct node_chain *chain,
    struct rpc_request *request,
    const struct rpc_reorg *reorg,
    uint64_t block
) {
    char error[NODE_ERROR_SIZE];
    const char *refusal;
    enum rpc_status status = RPC_OK;
    size_t count = 0;
    hash32 *hashes = arena_alloc_array(request->arena, reorg->tx_count, sizeof(*hashes));
    if (hashes == NULL) return rpc_fail_err(request, ERR_MEMORY);
    for (size_t i = 0; i < reorg->tx_count && status == RPC_OK; i++) {
        if (reorg->txs[i].block != block) continue;
        status = backend_offer(chain, request, &hashes[count], &reorg->txs[i]);
        count += status == RPC_OK;
    }
    /* One may have taken another's place, by its nonce. */
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (pool_get(chain->pool, &hashes[i]) != NULL) hashes[left++] = hashes[i];
    const bool is_replaced = left < count;
    if (miner_build(&chain->node->miner, chain, &refusal, error, hashes, left) != ERR_OK)
        return rpc_fail(request, RPC_INTERNAL_ERROR, "%s", error);
    if (refusal == NULL && is_replaced) refusal = "another one with its nonce pays more";
    if (refusal == NULL || status != RPC_OK) return status;
    return rpc_fail(
        request,
        RPC_SERVER_ERROR,
        "block %llu: a transaction is not in it: %s",
        (unsigned long long)block,
        refusal
    );
}

/* The new blocks are others, even if there is nothing in them; a rollup's randomness comes from
 * L1. */
static void wish_for_another(struct node_chain *chain, const hash32 *old) {
    static const char word[] = "reorg";
    chain->wishes.has_prev_randao = chain->rollup_id == 0;
    chain->wishes.prev_randao = keccak256_two(hash32_bytes(old), bytes_of(word, sizeof(word) - 1));
}

static enum rpc_status
do_reorg(struct node_chain *chain, struct rpc_request *request, void *context) {
    struct turn *turn = context;
    const hash32 old = chain->head_hash;
    char error[NODE_ERROR_SIZE];
    struct reorg *reorg;
    if (turn->is_begun) {
        const enum err err = reorg_settle(chain->node, error);
        return err == ERR_OK ? turn->status : stop_network(chain, request, error);
    }
    if (chain->node->is_returning) return RPC_WAIT;
    if (turn->number > chain->head.number)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "Reorg depth must not exceed current chain height: current height %llu, depth %llu",
            (unsigned long long)chain->head.number,
            (unsigned long long)turn->number
        );
    if (turn->number == 0) return RPC_OK;
    enum err err = reorg_begin(&reorg, chain, error, turn->number);
    if (err == ERR_INPUT) return rpc_fail(request, RPC_SERVER_ERROR, "%s", error);
    if (err != ERR_OK) return stop_network(chain, request, error);
    wish_for_another(chain, &old);
    for (uint64_t i = 0; i < turn->number; i++) {
        const struct rpc_error first = request->error;
        const enum rpc_status made = do_reorg_block(chain, request, turn->reorg, i);
        if (turn->status == RPC_OK)
            turn->status = made;
        else
            request->error = first;
    }
    err = reorg_end(reorg, error);
    if (err != ERR_OK) return stop_network(chain, request, error);
    /* Over once the transactions that were given back have had their turn. */
    turn->is_begun = true;
    return RPC_WAIT;
}

enum rpc_status
backend_reorg(struct rpc_chain *rpc, struct rpc_request *request, const struct rpc_reorg *reorg) {
    struct turn asked = {.number = reorg->depth};
    struct turn *turn;
    if (request->wait_state == NULL) {
        struct rpc_reorg *own = arena_alloc(request->arena, sizeof(*own));
        if (own == NULL) return rpc_fail_err(request, ERR_MEMORY);
        *own = *reorg;
        asked.reorg = own;
    }
    return take_turn(&turn, rpc, request, do_reorg, &asked);
}

enum rpc_status
backend_rollback(struct rpc_chain *rpc, struct rpc_request *request, uint64_t depth) {
    const struct turn asked = {.number = depth};
    struct turn *turn;
    return take_turn(&turn, rpc, request, do_rollback, &asked);
}

/* --- the pool --------------------------------------------------------------------------------- */

struct dropping {
    const struct rpc_drop *what;
    hash32 *hashes;
    size_t count;
};

static void note_dropped(void *context, const struct pool_tx *tx, bool is_pending) {
    struct dropping *dropping = context;
    const struct rpc_drop *what = dropping->what;
    bool is_meant = what->is_all || (what->has_sender ? address_equal(&what->sender, &tx->sender)
                                                      : hash32_equal(&what->hash, &tx->hash));
    (void)is_pending;
    if (is_meant) dropping->hashes[dropping->count++] = tx->hash;
}

static enum rpc_status
do_drop(struct node_chain *chain, struct rpc_request *request, void *context) {
    struct turn *turn = context;
    struct dropping dropping = {.what = &turn->drop};
    size_t most = pool_pending_count(chain->pool) + pool_queued_count(chain->pool);
    dropping.hashes = arena_alloc_array(request->arena, most, sizeof(*dropping.hashes));
    if (dropping.hashes == NULL) return rpc_fail_err(request, ERR_MEMORY);
    pool_visit_all(chain->pool, note_dropped, &dropping);
    for (size_t i = 0; i < dropping.count; i++)
        pool_remove(chain->pool, &dropping.hashes[i]);
    if (turn->drop.is_all && chain->rollup_id == 0)
        bundles_drop_all(chain->node, "it was dropped with all transactions that wait");
    turn->number = dropping.count;
    return RPC_OK;
}

enum rpc_status backend_drop(
    struct rpc_chain *rpc, struct rpc_request *request, size_t *count, const struct rpc_drop *drop
) {
    const struct turn asked = {.drop = *drop};
    struct turn *turn;
    enum rpc_status status = take_turn(&turn, rpc, request, do_drop, &asked);
    if (status == RPC_OK) *count = (size_t)turn->number;
    return status;
}
