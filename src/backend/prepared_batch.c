/* lockstep_prepareBatch: a batch for a proposer who is not this node: the transactions of rollups
 * that he wants in it, behind transactions of L1 whose messages it imports, proven by this node's
 * attester; and the proofs of what these transactions say to L1, against the root that the batch
 * will leave there. So a bundle can hold a deposit, the batch, and a withdrawal that rests on it
 * (docs/decisions/026).
 *
 * As with lockstep_prepareBundle, what is signed are facts, bound to the heads. If anything that
 * they rest on changes before they are posted the Hub refuses them. */
#include "backend/backend.h"
#include "backend/batch_json.h"
#include "backend/message_proof.h"
#include "backend/time_limit.h"
#include "crypto/keccak.h"
#include "node/crossing.h"
#include "node/hub_view.h"
#include "node/message.h"
#include "rollup/predeploys.h"
#include "rpc/revert.h"
#include "rpc/view.h"

#define TRANSACTIONS_MAX 1024u /* of one rollup */

struct prepared {
    struct node_chain *chain;
    struct rpc_request *request;
    const struct rpc_batch_wish *wish;
    struct arena arena; /* of the runs */
    struct world_tx *before;
    struct crossing *crossing;
    struct time_limit limit;
};

/* --- what is wished --------------------------------------------------------------------------- */

static enum rpc_status read_before(struct prepared *p) {
    const struct rpc_batch_wish *wish = p->wish;
    struct arena *arena = p->request->arena;
    if (wish->before_count > BUNDLE_TXS_MAX)
        return rpc_fail(
            p->request,
            RPC_INVALID_PARAMS,
            "before: %u transactions may go before a batch at most",
            BUNDLE_TXS_MAX
        );
    struct pool_tx *txs = arena_alloc_array(arena, wish->before_count, sizeof(*txs));
    p->before = arena_alloc_array(arena, wish->before_count, sizeof(*p->before));
    if (txs == NULL || p->before == NULL) return rpc_fail_err(p->request, ERR_MEMORY);
    enum rpc_status status =
        backend_read_raws(p->chain, p->request, txs, wish->before, wish->before_count);
    for (size_t i = 0; i < wish->before_count && status == RPC_OK; i++)
        p->before[i] = (struct world_tx
        ){.tx = &txs[i].tx, .encoded = txs[i].encoding, .sender = txs[i].sender};
    return status;
}

static enum rpc_status read_part(struct prepared *p, size_t index) {
    const struct rpc_batch_part *part = &p->wish->parts[index];
    struct node *node = p->chain->node;
    const size_t count = node_rollup_count(node);
    if (part->rollup_id == 0 || part->rollup_id > count)
        return rpc_fail(
            p->request,
            RPC_INVALID_PARAMS,
            "there is no rollup %llu; the last one is %zu",
            (unsigned long long)part->rollup_id,
            count
        );
    struct node_chain *rollup = &node->chains[part->rollup_id];
    for (size_t i = 0; i < index; i++)
        if (p->wish->parts[i].rollup_id == part->rollup_id)
            return rpc_fail(p->request, RPC_INVALID_PARAMS, "%s is there twice", rollup->rpc.name);
    if (part->tx_count > TRANSACTIONS_MAX)
        return rpc_fail(
            p->request,
            RPC_INVALID_PARAMS,
            "%s: %u transactions at most",
            rollup->rpc.name,
            TRANSACTIONS_MAX
        );
    struct pool_tx *txs = arena_alloc_array(p->request->arena, part->tx_count, sizeof(*txs));
    if (txs == NULL) return rpc_fail_err(p->request, ERR_MEMORY);
    if (backend_read_raws(rollup, p->request, txs, part->txs, part->tx_count) == RPC_OK)
        return RPC_OK;
    const struct rpc_error error = p->request->error;
    return rpc_fail(p->request, error.code, "%s: %s", rollup->rpc.name, error.message);
}

static enum rpc_status read_wish(struct prepared *p) {
    struct node *node = p->chain->node;
    if (p->chain->rollup_id != 0)
        return rpc_fail(
            p->request,
            RPC_UNSUPPORTED,
            "batches are posted on %s: ask its endpoint, %s",
            node_l1(node)->rpc.name,
            node_l1(node)->url
        );
    if (p->wish->part_count == 0)
        return rpc_fail(p->request, RPC_INVALID_PARAMS, "rollups: a batch is of one at least");
    enum rpc_status status = read_before(p);
    for (size_t i = 0; i < p->wish->part_count && status == RPC_OK; i++)
        status = read_part(p, i);
    return status;
}

/* --- the runs --------------------------------------------------------------------------------- */

static enum err open_crossing(struct prepared *p) {
    struct node_chain *l1 = p->chain;
    const struct block_attributes attributes = {
        .timestamp = node_next_timestamp(l1),
        .gas_limit = l1->gas_limit,
        .coinbase = l1->rpc.coinbase,
    };
    p->crossing = arena_alloc(&p->arena, sizeof(*p->crossing));
    if (p->crossing == NULL) return ERR_MEMORY;
    enum err err = crossing_open(p->crossing, l1->node, &p->arena, &l1->head, &attributes);
    struct world_options *options = &p->crossing->options;
    options->txs = p->before;
    options->tx_count = p->wish->before_count;
    options->before_count = p->wish->before_count;
    options->tx_options.watch = time_limit_watch(&p->limit);
    return err;
}

static enum rpc_status fail_run(struct prepared *p, enum err err) {
    const char *reason;
    if (err == ERR_OK) err = crossing_reason(&reason, p->crossing);
    if (err != ERR_OK) return time_limit_fail(p->request, &p->limit, err);
    return rpc_fail(p->request, RPC_SERVER_ERROR, "the batch cannot be made: %s", reason);
}

/* What goes before the batch must succeed. */
static enum rpc_status check_before(struct prepared *p) {
    const struct world_result *result = &p->crossing->result;
    const struct names *names = &p->chain->node->log.names;
    for (size_t i = 0; i < p->wish->before_count; i++) {
        const struct world_tx_result *tx = &result->txs[i];
        const char *why = tx_verdict_text(tx->verdict);
        if (tx->is_included) {
            const struct execution_result *run = &result->block->results[tx->index];
            if (run->is_success) continue;
            why = evm_outcome_text(run->outcome);
            enum err err = ERR_OK;
            if (run->outcome == EVM_REVERT)
                err = revert_text(&why, p->request->arena, names, run->output);
            if (err != ERR_OK) return rpc_fail_err(p->request, err);
        }
        return rpc_fail(
            p->request, RPC_SERVER_ERROR, "before the batch, transaction %zu fails: %s", i, why
        );
    }
    return RPC_OK;
}

/* Which messages the batch can import. */
static enum rpc_status find_imports(struct prepared *p, struct imports *imports) {
    static const struct node_import_policy ALL = {.kind = NODE_IMPORT_ALL};
    enum err err = open_crossing(p);
    if (err != ERR_OK) return rpc_fail_err(p->request, err);
    p->crossing->options.is_simulation = true;
    p->crossing->options.no_batch = true;
    err = world_build(&p->crossing->result, &p->crossing->options);
    if (err != ERR_OK || p->crossing->result.status != WORLD_OK) return fail_run(p, err);
    enum rpc_status status = check_before(p);
    if (status != RPC_OK) return status;
    const struct block_builder *block = p->crossing->result.block;
    err = imports_choose(imports, &p->arena, p->chain->node, &ALL, block, NULL);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(p->request, err);
}

static enum rpc_status make_batch(struct prepared *p) {
    struct imports imports = {0};
    enum rpc_status status = find_imports(p, &imports);
    if (status != RPC_OK) return status;
    enum err err = open_crossing(p);
    if (err != ERR_OK) return rpc_fail_err(p->request, err);
    struct world_options *options = &p->crossing->options;
    options->builder = p->wish->from;
    options->no_batch = false;
    for (size_t i = 0; i < p->wish->part_count; i++) {
        const struct rpc_batch_part *part = &p->wish->parts[i];
        struct world_rollup *rollup = &p->crossing->rollups[part->rollup_id - 1];
        rollup->slot_txs = part->txs;
        rollup->slot_tx_count = part->tx_count;
        rollup->must_move = true;
        if (imports.lists == NULL) continue;
        rollup->message_slots = imports.lists[part->rollup_id - 1].slots;
        rollup->message_slot_count = imports.lists[part->rollup_id - 1].count;
    }
    err = world_build(&p->crossing->result, options);
    if (err != ERR_OK || p->crossing->result.status != WORLD_OK) return fail_run(p, err);
    return check_before(p);
}

/* --- what came of it -------------------------------------------------------------------------- */

/* What one rollup will be, and what it is proven with. */
struct outlook {
    const struct rpc_batch_part *part;
    struct sealed_block sealed;
    struct receipt *receipts;
    hash32 *hashes;
    struct state state; /* after it */
    struct hub_root root;
};

static enum err
look_ahead(struct prepared *p, struct outlook *outlook, const struct rpc_batch_part *part) {
    struct arena *arena = &p->arena;
    const struct world_rollup_result *result = &p->crossing->result.rollups[part->rollup_id - 1];
    const address *hub = &p->crossing->options.hub;
    outlook->part = part;
    enum err err = open_block_seal(&outlook->sealed, arena, result->open, &result->head);
    if (err != ERR_OK) return err;
    const size_t count = outlook->sealed.tx_count;
    outlook->receipts = arena_alloc_array(arena, count, sizeof(*outlook->receipts));
    outlook->hashes = arena_alloc_array(arena, count, sizeof(*outlook->hashes));
    if (outlook->receipts == NULL || outlook->hashes == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        outlook->hashes[i] = keccak256(outlook->sealed.txs[i]);
        err = receipt_decode(&outlook->receipts[i], arena, outlook->sealed.receipts[i]);
    }
    if (err == ERR_OK)
        err = state_open(&outlook->state, arena, &result->overlay->source, &result->head);
    struct state *l1_state = p->crossing->result.block->state;
    if (err == ERR_OK) err = hub_view_newest_root(&outlook->root, l1_state, hub, part->rollup_id);
    return err;
}

static enum err write_message(
    struct prepared *p,
    struct json_writer *out,
    struct outlook *outlook,
    const struct message_broadcast *said,
    const hash32 *tx_hash
) {
    const address service = MESSAGES_PREDEPLOY;
    const hash32 slot = message_slot(&said->message, &said->publisher);
    struct rpc_proof proof;
    bytes encoded;
    enum err err = backend_prove(&proof, &p->arena, &outlook->state, &service, &slot, 1);
    if (err == ERR_OK) err = message_proof_for_parent(&encoded, &p->arena, &outlook->root, &proof);
    if (err != ERR_OK) return err;
    json_object_begin(out);
    json_member_hash(out, "message", &said->message);
    json_member_address(out, "publisher", &said->publisher);
    json_member_hash(out, "transactionHash", tx_hash);
    json_member_hash(out, "slot", &slot);
    json_member_data(out, "proof", encoded);
    json_object_end(out);
    return ERR_OK;
}

static enum err
write_messages(struct prepared *p, struct json_writer *out, struct outlook *outlook) {
    const address service = MESSAGES_PREDEPLOY;
    enum err err = ERR_OK;
    json_key(out, "messages");
    json_array_begin(out);
    for (size_t i = 0; i < outlook->sealed.tx_count; i++) {
        const struct receipt *receipt = &outlook->receipts[i];
        for (size_t j = 0; j < receipt->log_count && err == ERR_OK; j++) {
            struct message_broadcast said;
            if (!message_read_broadcast(&said, &receipt->logs[j], &service)) continue;
            err = write_message(p, out, outlook, &said, &outlook->hashes[i]);
        }
    }
    json_array_end(out);
    return err;
}

/* Those that people have signed. */
static void write_transactions(struct json_writer *out, const struct outlook *outlook) {
    uint64_t gas_before = 0;
    json_key(out, "transactions");
    json_array_begin(out);
    for (size_t i = 0; i < outlook->sealed.tx_count; i++) {
        const struct receipt *receipt = &outlook->receipts[i];
        const uint64_t gas_used = receipt->cumulative_gas_used - gas_before;
        gas_before = receipt->cumulative_gas_used;
        if (receipt->type == TX_DEPOSIT) continue;
        json_object_begin(out);
        json_member_hash(out, "hash", &outlook->hashes[i]);
        json_member_quantity_u64(out, "status", receipt->is_success);
        json_member_quantity_u64(out, "gasUsed", gas_used);
        json_key(out, "logs");
        json_array_begin(out);
        for (size_t j = 0; j < receipt->log_count; j++)
            view_bare_log(out, &receipt->logs[j]);
        json_array_end(out);
        json_object_end(out);
    }
    json_array_end(out);
}

static enum err
write_part(struct prepared *p, struct json_writer *out, const struct rpc_batch_part *part) {
    struct outlook outlook;
    enum err err = look_ahead(p, &outlook, part);
    if (err != ERR_OK) return err;
    json_object_begin(out);
    json_member_quantity_u64(out, "rollupId", part->rollup_id);
    json_member_quantity_u64(out, "blockNumber", outlook.sealed.header.number);
    json_member_hash(out, "head", &outlook.sealed.header.state_root);
    write_transactions(out, &outlook);
    err = write_messages(p, out, &outlook);
    json_object_end(out);
    return err;
}

/* What was run in the place of the transaction that is to be sent. */
static void write_transaction(struct prepared *p, struct json_writer *out) {
    const size_t index = p->wish->before_count;
    const struct block_builder *block = p->crossing->result.block;
    const struct tx *tx = &block->txs[index];
    json_key(out, "transaction");
    json_object_begin(out);
    json_member_address(out, "from", &p->wish->from);
    json_member_address(out, "to", &tx->to);
    json_member_quantity(out, "value", &tx->value);
    json_member_quantity_u64(out, "gas", tx->gas_limit);
    json_member_quantity_u64(out, "chainId", tx->chain_id);
    json_member_data(out, "data", tx->data);
    json_object_end(out);
    json_member_quantity_u64(out, "gasUsed", block->results[index].gas_used);
}

static enum rpc_status write_answer(struct prepared *p, struct json_writer *out) {
    enum err err = ERR_OK;
    json_object_begin(out);
    write_transaction(p, out);
    json_key(out, "rollups");
    json_array_begin(out);
    for (size_t i = 0; i < p->wish->part_count && err == ERR_OK; i++)
        err = write_part(p, out, &p->wish->parts[i]);
    json_array_end(out);
    if (err == ERR_OK) err = batch_json_members(out, &p->arena, &p->crossing->result.batch);
    json_object_end(out);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(p->request, err);
}

enum rpc_status backend_prepare_batch(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_batch_wish *wish
) {
    struct prepared p = {.chain = backend_chain(rpc), .request = request, .wish = wish};
    enum rpc_status status = read_wish(&p);
    if (status != RPC_OK) return status;
    if (rpc_leave(request)) return RPC_FAILED;
    const uint64_t timeout_ms = p.chain->node->options->rpc_timeout_ms;
    time_limit_begin(&p.limit, request, time_limit_of(timeout_ms));
    arena_open(&p.arena, NODE_BUILD_SIZE_MAX);
    status = make_batch(&p);
    if (status == RPC_OK) status = write_answer(&p, out);
    arena_close(&p.arena);
    return status;
}
