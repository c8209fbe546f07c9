/* Blocks of L1. */
#include "node/anchors.h"
#include "node/blocks.h"
#include "node/bundles.h"
#include "node/crossing.h"
#include "node/forced.h"
#include "node/imports.h"
#include "node/network.h"
#include "node/verdict.h"

#include "crypto/keccak.h"

#define TRANSFER_GAS 21000u /* the least any transaction uses */

/* What a development chain chooses for what comes from the beacon chain elsewhere: values that
 * change with every block and that nobody can be surprised by. */
static hash32 derive(const struct node_chain *chain, const char *what) {
    return keccak256_two(hash32_bytes(&chain->head_hash), bytes_of(what, strlen(what)));
}

/* A rollup whose transactions wait for this block has its next block with it: a timestamp set for
 * that one holds for both. */
static uint64_t next_timestamp(const struct node_chain *l1) {
    const struct node *node = l1->node;
    for (size_t i = 1; i < node->chain_count && !l1->wishes.has_timestamp; i++) {
        const struct chain_wishes *wishes = &node->chains[i].wishes;
        bool is_with = node->chains[i].waiting_count > 0 && node->auto_batch;
        if (is_with && wishes->has_timestamp && wishes->timestamp > l1->head.timestamp)
            return wishes->timestamp;
    }
    return node_next_timestamp(l1);
}

static struct block_attributes
attributes_of(const struct node_chain *chain, const struct block_order *order) {
    return (struct block_attributes){
        .timestamp = order->has_timestamp ? order->timestamp : next_timestamp(chain),
        .gas_limit = chain->gas_limit,
        .coinbase = chain->rpc.coinbase,
        .has_base_fee = chain->wishes.has_base_fee,
        .base_fee_per_gas = chain->wishes.base_fee,
        .prev_randao =
            chain->wishes.has_prev_randao ? chain->wishes.prev_randao : derive(chain, "prevRandao"),
        .parent_beacon_block_root = derive(chain, "parentBeaconBlockRoot"),
    };
}

/* --- one transaction -------------------------------------------------------------------------- */

/* Verdicts that another block may change. */
static bool is_for_later(enum tx_verdict verdict) {
    return verdict == TX_GAS_ALLOWANCE || verdict == TX_BLOB_GAS_ALLOWANCE ||
           verdict == TX_FEE_CAP || verdict == TX_BLOB_FEE_CAP || verdict == TX_NONCE_HIGH;
}

enum err l1_fill_fate(
    struct node_chain *chain,
    struct block_tx_fate *fate,
    struct arena *arena,
    const struct block_builder *builder,
    enum tx_verdict refusal,
    const struct pool_tx *tx
) {
    struct account account;
    bool exists;
    char *text = arena_alloc(arena, VERDICT_TEXT_SIZE_MAX);
    if (text == NULL) return ERR_MEMORY;
    *fate = (struct block_tx_fate){.fate = FATE_KEPT, .reason = tx_verdict_text(refusal)};
    if (is_for_later(refusal)) return ERR_OK;
    enum err err = state_get_account(builder->state, &tx->sender, &account, &exists);
    if (err != ERR_OK) return err;
    struct verdict_facts facts = {
        .tx = &tx->tx,
        .sender = tx->sender,
        .fork = builder->context.rules.fork,
        .chain_id = chain->rpc.chain_id,
        .block_gas_limit = builder->context.gas_limit,
        .gas_available = builder->context.gas_limit - builder->gas_used,
        .state_nonce = account.nonce,
        .block_number = builder->context.number,
        .balance = account.balance,
        .base_fee = builder->context.base_fee_per_gas,
        .blob_base_fee = builder->context.blob_base_fee,
    };
    (void)verdict_text(text, refusal, &facts);
    *fate = (struct block_tx_fate){.fate = FATE_DROPPED, .code = RPC_SERVER_ERROR, .reason = text};
    return ERR_OK;
}

void l1_note_included(
    struct block_tx_fate *fate, const struct block_builder *builder, size_t index
) {
    const struct execution_result *result = &builder->results[index];
    *fate = (struct block_tx_fate
    ){.fate = FATE_INCLUDED, .outcome = result->outcome, .data = result->output};
}

/* *crosses: the transaction calls a rollup: the block needs a batch, or the rollups must be
 * followed through one that the transaction brings along. It is void as it is. */
static enum err add_tx(
    struct node_chain *chain,
    struct block_tx_fate *fate,
    bool *crosses,
    struct arena *arena,
    struct block_builder *builder,
    const struct pool_tx *tx
) {
    struct evm *evm = &builder->execution.evm;
    block_add_begin(builder, &tx->tx, tx->encoding, &tx->sender);
    for (;;) {
        switch (block_add_run(builder)) {
        case EXECUTION_DONE:
            l1_note_included(fate, builder, builder->tx_count - 1);
            return ERR_OK;
        case EXECUTION_INVALID:
            return l1_fill_fate(chain, fate, arena, builder, builder->tx_verdict, tx);
        case EXECUTION_FAILED:
            return builder->err;
        case EXECUTION_CALL:
            *crosses = world_is_lookup(&evm->request.call, &chain->node->contracts.hub);
            if (*crosses) return ERR_OK;
            evm_decline_call(evm);
            break;
        case EXECUTION_INSIDE_DONE:
        case EXECUTION_REVERTING:
            break;
        }
    }
}

/* --- the block -------------------------------------------------------------------------------- */

/* *imports: the messages that rollups are to import of what has run. */
static enum err fill_block(
    struct node_chain *chain,
    struct block_tx_fate *fates,
    bool *crosses,
    struct imports *imports,
    struct arena *arena,
    struct block_builder *builder,
    const struct block_order *order
) {
    enum err err = ERR_OK;
    size_t *order_index = arena_alloc_array(arena, order->tx_count, sizeof(*order_index));
    if (order_index == NULL) return ERR_MEMORY;
    size_t plain_count = 0;
    *crosses = false;
    for (size_t i = 0; i < order->tx_count && err == ERR_OK && !*crosses; i++) {
        fates[i] =
            (struct block_tx_fate){.fate = FATE_KEPT, .reason = tx_verdict_text(TX_GAS_ALLOWANCE)};
        if (builder->context.gas_limit - builder->gas_used < TRANSFER_GAS) continue;
        order_index[builder->tx_count] = i;
        err = add_tx(chain, &fates[i], crosses, arena, builder, order->txs[i]);
        plain_count = *crosses ? i : i + 1;
    }
    if (err != ERR_OK || !chain->node->auto_batch) return err;
    const struct node_import_policy *policy = &chain->node->options->import_policy;
    err = imports_choose(imports, arena, chain->node, policy, builder, order_index);
    /* The batch must not come between the transactions of a bundle; and those that call rollups
     * come after it. */
    const size_t end = bundles_end(order);
    if (imports->before_count == 0 || imports->before_count >= end) return err;
    imports->before_count = end;
    if (plain_count < end) *imports = (struct imports){0};
    return err;
}

void l1_log_results(struct node *node, const struct block_builder *builder) {
    struct node_chain *chain = node_l1(node);
    if (node->log.out == NULL) return;
    log_block(&node->log, chain->rpc.name, &chain->head, &chain->head_hash, builder->tx_count);
    for (size_t i = 0; i < builder->tx_count; i++) {
        const struct execution_result *result = &builder->results[i];
        struct log_transaction line = {
            .hash = builder->tx_hashes[i],
            .from = builder->senders[i],
            .to = result->is_create ? result->created : builder->txs[i].to,
            .is_create = result->is_create,
            .value = builder->txs[i].value,
            .is_success = result->is_success,
            .gas_used = result->gas_used,
            .has_outcome = true,
            .outcome = result->outcome,
            .output = result->output,
        };
        log_tx(&node->log, chain->rpc.name, &line);
    }
}

static enum err append(
    struct node_chain *chain,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_builder *builder
) {
    struct node_new_block block = {
        .header = &builder->header,
        .tx_encodings = builder->tx_encodings,
        .tx_hashes = builder->tx_hashes,
        .senders = builder->senders,
        .receipts = builder->receipts,
        .tx_count = builder->tx_count,
        .memory = &chain->fresh,
    };
    return node_chain_append(chain, error, arena, &block);
}

/* Whether a rollup has transactions that wait for this block. */
static bool is_waited_for(const struct node *node) {
    for (size_t i = 1; i < node->chain_count; i++)
        if (node->auto_batch && node->chains[i].waiting_count > 0) return true;
    return false;
}

/* A block that no call across chains is made in, and of which no rollup imports a message; else
 * *crosses, and nothing is built. Nor if a bundle is not whole (bundles_are_whole). */
static enum err build_plain(
    struct node *node,
    struct block_tx_fate *fates,
    bool *crosses,
    struct imports *imports,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_attributes *attributes,
    const struct block_order *order
) {
    struct node_chain *chain = node_l1(node);
    struct block_builder *builder = arena_alloc_zero(arena, sizeof(*builder));
    enum block_verdict verdict = BLOCK_OK;
    const struct execution_options options = {.foreign = &node->contracts.hub, .foreign_count = 1};
    enum err err = builder == NULL ? ERR_MEMORY : ERR_OK;
    if (err == ERR_OK)
        err = block_begin(
            builder,
            arena,
            &chain->state,
            &chain->fresh,
            &chain->schedule,
            &chain->head,
            attributes,
            node_chain_hashes(chain),
            &options,
            chain->codes
        );
    const bool must_cross = *crosses;
    if (err == ERR_OK) err = fill_block(chain, fates, crosses, imports, arena, builder, order);
    *crosses = *crosses || must_cross || imports->before_count > 0;
    if (err == ERR_OK && (*crosses || !bundles_are_whole(node, arena, order, fates)))
        return node_chain_discard(chain);
    if (err == ERR_OK) err = block_finish(builder, &verdict);
    if (err == ERR_OK && verdict != BLOCK_OK) {
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", block_verdict_text(verdict));
        err = ERR_INPUT;
    }
    if (err == ERR_OK) err = append(chain, error, arena, builder);
    if (err == ERR_OK) {
        l1_log_results(node, builder);
        return ERR_OK;
    }
    enum err discarded = node_chain_discard(chain);
    return discarded != ERR_OK ? discarded : err;
}

/* Whether rollups of rollups have anything to import. */
static enum err find_imports_below(bool *is_any, struct arena *arena, struct node *node) {
    struct imports imports = {0};
    *is_any = false;
    if (!node->auto_batch) return ERR_OK;
    return imports_choose_below(&imports, is_any, arena, node, &node->options->import_policy);
}

/* Whether any of the order's transactions runs code: where none does, none sends a message, and
 * there is nothing to look for before the block is built with its batch. */
static enum err
find_code(bool *is_there, struct node_chain *chain, const struct block_order *order) {
    *is_there = false;
    for (size_t i = 0; i < order->tx_count && !*is_there; i++) {
        const struct tx *tx = &order->txs[i]->tx;
        struct account account;
        bool exists = false;
        *is_there = tx->is_create || tx->authorization_count > 0;
        if (*is_there) break;
        enum err err = state_get_account(&chain->state, &tx->to, &account, &exists);
        if (err != ERR_OK) return err;
        const hash32 no_code = KECCAK_EMPTY;
        *is_there = exists && !hash32_equal(&account.code_hash, &no_code);
    }
    return ERR_OK;
}

/* With one of the bundles not whole nothing is built. */
static enum err build_order(
    struct node *node,
    struct block_tx_fate *fates,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_attributes *attributes,
    const struct block_order *asked
) {
    struct block_order order = *asked;
    struct imports imports = {0};
    error[0] = 0;
    enum err err = anchors_find_due(&order.anchors_due, node);
    bool imports_below = false;
    uint64_t forced = 0;
    uint64_t taken = 0;
    if (err == ERR_OK && node->auto_batch) err = forced_count(&forced, &taken, node);
    if (err == ERR_OK) err = find_imports_below(&imports_below, arena, node);
    bool crosses =
        is_waited_for(node) || order.must_move != 0 || order.anchors_due != 0 || imports_below;
    crosses = crosses || forced != taken;
    bool may_import = false;
    if (err == ERR_OK && crosses && node->options->import_policy.kind != NODE_IMPORT_NONE)
        err = find_code(&may_import, node_l1(node), &order);
    if (err == ERR_OK && (!crosses || may_import))
        err = build_plain(node, fates, &crosses, &imports, error, arena, attributes, &order);
    if (err == ERR_OK && imports_below)
        err = imports_choose_below(
            &imports, &imports_below, arena, node, &node->options->import_policy
        );
    if (err == ERR_OK && crosses)
        err = crossing_build_block(node, fates, error, arena, attributes, &order, &imports);
    if (err != ERR_OK && error[0] == 0)
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", err_text(err));
    return err;
}

/* Builds with those bundles in front that can be in; *is_built is false if none can and there is no
 * block without one. */
static enum err build_with_bundles(
    struct node *node,
    struct block_tx_fate *fates,
    bool *is_built,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_attributes *attributes,
    const struct block_order *order
) {
    for (;;) {
        struct block_bundles bundles;
        struct block_order whole;
        struct block_tx_fate *all;
        size_t *places;
        bundles_choose(&bundles, node, attributes->timestamp);
        *is_built = bundles.count > 0 || !order->is_for_bundle;
        if (!*is_built) return ERR_OK;
        enum err err = bundles_place(&whole, &all, &places, arena, &bundles, order);
        if (err != ERR_OK) return err;
        err = build_order(node, all, error, arena, attributes, &whole);
        if (err == ERR_INPUT && bundles.count > 0) {
            bundles.failed = bundles.count - 1;
            bundles.reason = error;
        } else if (err != ERR_OK) {
            return err;
        }
        if (bundles.failed < bundles.count) {
            bundles_drop_failed(node, &bundles);
            continue;
        }
        bundles_include(node, &bundles);
        for (size_t i = 0; i < order->tx_count; i++)
            fates[i] = all[places[i]];
        return ERR_OK;
    }
}

enum err node_l1_build_block(
    struct node *node,
    struct block_tx_fate *fates,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_order *order
) {
    const struct block_attributes attributes = attributes_of(node_l1(node), order);
    bool is_built = true;
    enum err err =
        node->bundles.count == 0
            ? build_order(node, fates, error, arena, &attributes, order)
            : build_with_bundles(node, fates, &is_built, error, arena, &attributes, order);
    if (err == ERR_OK && is_built) node_wishes_done(node_l1(node));
    return err;
}
