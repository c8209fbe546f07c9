#include "backend/batch_files.h"

#include "backend/time_limit.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "node/crossing.h"
#include "node/network.h"
#include "world/follow.h"

#define FILES_MAX 64 /* batches of one transaction */

struct made {
    bytes input;
    size_t witness_offset;
    bool is_impersonated;
};

struct maker {
    struct node_chain *chain; /* that the batch is posted on */
    struct arena *arena;
    struct world_headers headers;    /* of that chain */
    struct parent view;              /* what rollups read of it: source and headers */
    char error[DATABASE_ERROR_SIZE]; /* more than an err says, or empty */
    const struct chain_block *block;
    size_t tx_index; /* of the transaction asked for */
    struct made made[FILES_MAX];
    size_t made_count;
    struct verify_result refused; /* ERR_INPUT: why the node's own verifier does not take it */
};

/* --- what a batch begins with ----------------------------------------------------------------- */

static enum err find_heads(
    struct witness *witness,
    struct arena *arena,
    const struct batch *batch,
    struct rollup *const *rollups,
    size_t rollup_count
) {
    enum err err = verify_list_heads(&witness->heads, &witness->head_count, arena, batch);
    for (size_t i = 0; i < witness->head_count && err == ERR_OK; i++) {
        struct witness_head *head = &witness->heads[i];
        const struct open_block *open = NULL;
        for (size_t j = 0; j < rollup_count; j++)
            if (rollups[j]->rollup_id == head->rollup_id)
                open = rollup_open_block(rollups[j], &head->head);
        if (open == NULL) return ERR_CORRUPT;
        err = open_block_encode(&head->open_block, arena, open);
    }
    return err;
}

/* The headers of the anchors; what is there twice is left out when they are sorted. And what the
 * Hub has added to each update. */
static enum err find_contexts(
    struct witness *witness,
    struct update_context **contexts,
    struct maker *maker,
    const struct batch *batch
) {
    const struct world_headers *headers = &maker->headers;
    const size_t count = batch->update_count;
    witness->headers = arena_alloc_array(maker->arena, count, sizeof(bytes));
    *contexts = arena_alloc_zero(maker->arena, count * sizeof(**contexts));
    if (witness->headers == NULL || *contexts == NULL) return ERR_MEMORY;
    witness->header_count = count;
    for (size_t i = 0; i < count; i++) {
        bytes *header = &witness->headers[i];
        const uint64_t number = batch->updates[i].anchor_number;
        enum err err = headers->get(headers->context, maker->arena, header, number);
        if (err != ERR_OK) return err;
        if (header->size == 0) return ERR_MISSING;
        (*contexts)[i].anchor_hash = keccak256(*header);
        /* What the Hub has found in its queue: it takes no entry that says otherwise. */
        if (batch->updates[i].has_context)
            (*contexts)[i].forced_hash = batch->updates[i].context.forced_hash;
    }
    return ERR_OK;
}

/* --- the files -------------------------------------------------------------------------------- */

/* What development allows is asked for only where the batch is not true without it. */
static enum err record(
    struct maker *maker, struct made *made, const struct verify_claim *claim, struct source *source
) {
    struct verify_options options = {0};
    struct verify_result *result = &maker->refused;
    enum err err = verify_record(result, maker->arena, &options, claim, source);
    if (err == ERR_OK && result->verdict == VERIFY_ENTRY_NO_FACT &&
        maker->chain->schedule.names_senders) {
        options.names_senders = true;
        made->is_impersonated = true;
        err = verify_record(result, maker->arena, &options, claim, source);
    }
    if (err != ERR_OK) return err;
    if (result->verdict == VERIFY_WITNESS_INCOMPLETE) return ERR_MISSING;
    return result->verdict == VERIFY_OK ? ERR_OK : ERR_INPUT;
}

static enum err on_batch(
    void *context,
    const struct batch *batch,
    size_t tx_index,
    struct rollup *const *rollups,
    size_t rollup_count
) {
    struct maker *maker = context;
    struct witness witness = {0};
    struct update_context *contexts;
    if (tx_index != maker->tx_index) return ERR_OK;
    if (maker->made_count == FILES_MAX) return ERR_LIMIT;
    struct made *made = &maker->made[maker->made_count++];
    struct source **sources =
        arena_alloc_array(maker->arena, rollup_count + 2, sizeof(struct source *));
    if (sources == NULL) return ERR_MEMORY;
    size_t count = rollup_count;
    for (size_t i = 0; i < rollup_count; i++)
        sources[i] = &rollups[i]->overlay->source;
    sources[count++] = maker->view.source;
    if (maker->view.above_source != NULL) sources[count++] = maker->view.above_source;
    struct source_several several;
    source_several_open(&several, sources, count);
    enum err err = find_heads(&witness, maker->arena, batch, rollups, rollup_count);
    if (err == ERR_OK) err = find_contexts(&witness, &contexts, maker, batch);
    if (err != ERR_OK) return err;
    const struct verify_claim claim = {
        .chain_id = maker->chain->rpc.chain_id,
        .hub = node_contracts(maker->chain)->hub,
        .batch = batch,
        .contexts = contexts,
        .witness = &witness,
        .parent_headers = &maker->view.headers,
    };
    err = record(maker, made, &claim, &several.source);
    if (err != ERR_OK) return err;
    return verify_make_input(&made->input, &made->witness_offset, maker->arena, &claim);
}

static bool has_batch(const struct maker *maker) {
    const struct receipt *receipt = &maker->block->receipts[maker->tx_index];
    for (size_t i = 0; i < receipt->log_count; i++)
        if (follow_is_batch(&receipt->logs[i], &node_contracts(maker->chain)->hub)) return true;
    return false;
}

/* The rollups from before the block up to the transaction. */
static enum err
follow(struct follow_result *result, struct maker *maker, const struct evm_watch *evm_watch) {
    struct node_chain *chain = maker->chain;
    struct header parent;
    const uint64_t number = maker->block->block.header.number;
    const size_t tx_count = maker->tx_index + 1;
    struct world_rollup *rollups;
    size_t rollup_count;
    struct tx *txs = arena_alloc_array(maker->arena, tx_count, sizeof(*txs));
    if (txs == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < tx_count; i++)
        txs[i] = *maker->block->transactions[i].tx;
    maker->headers = crossing_headers(chain);
    crossing_view_parent(&maker->view, chain);
    enum err err = node_chain_read_header(chain, &parent, NULL, number - 1);
    if (err == ERR_OK)
        err = crossing_place_rollups(
            &rollups, &rollup_count, maker->error, maker->arena, chain, &parent
        );
    if (err != ERR_OK) return err;
    const struct follow_watch watch = {maker, on_batch};
    const struct follow_options options = {
        .arena = maker->arena,
        .hub = node_contracts(chain)->hub,
        .headers = maker->headers,
        .schedule = &chain->schedule,
        .parent_base = maker->view.source,
        .above_base = maker->view.above_source,
        .read_headers = maker->view.headers,
        .txs = txs,
        .receipts = maker->block->receipts,
        .tx_count = tx_count,
        .rollups = rollups,
        .rollup_count = rollup_count,
        .watch = &watch,
        .evm_watch = evm_watch,
    };
    return follow_block(result, &options);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void write_files(struct json_writer *out, const struct maker *maker) {
    json_array_begin(out);
    for (size_t i = 0; i < maker->made_count; i++) {
        const struct made *made = &maker->made[i];
        json_object_begin(out);
        json_member_data(out, "batch", bytes_slice(made->input, 0, made->witness_offset));
        json_member_data(out, "witness", bytes_slice(made->input, made->witness_offset, SIZE_MAX));
        json_member_bool(out, "isImpersonated", made->is_impersonated);
        json_object_end(out);
    }
    json_array_end(out);
}

/* What there is instead of files. */
static enum rpc_status explain(
    struct rpc_request *request,
    const struct maker *maker,
    const char *hash,
    const struct follow_result *followed,
    enum err err
) {
    /* A development method may have changed a block that the Hub knows. */
    const bool is_changed = err == ERR_CORRUPT && maker->error[0] != 0;
    if (err == ERR_MISSING || is_changed)
        return rpc_fail(
            request,
            RPC_NOT_FOUND,
            "the rollups' states before transaction %s are not all at hand%s%s",
            hash,
            is_changed ? ": " : "",
            is_changed ? maker->error : ""
        );
    if (err == ERR_INPUT)
        return rpc_fail(
            request,
            RPC_SERVER_ERROR,
            "the batch of transaction %s does not verify: %s",
            hash,
            verify_verdict_text(maker->refused.verdict)
        );
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (followed->verdict != FOLLOW_OK && followed->verdict != FOLLOW_NOT_IDLE)
        return rpc_fail(
            request,
            RPC_SERVER_ERROR,
            "the rollups cannot be followed up to transaction %s: %s",
            hash,
            follow_verdict_text(followed->verdict)
        );
    const bool is_success = maker->block->receipts[maker->tx_index].is_success;
    return rpc_fail(
        request,
        RPC_NOT_FOUND,
        is_success ? "transaction %s has posted no batch"
                   : "transaction %s has posted no batch: it was reverted",
        hash
    );
}

static enum rpc_status make(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const char *hash,
    uint64_t number,
    size_t tx_index
) {
    struct arena arena;
    struct time_limit limit;
    struct follow_result followed = {0};
    struct maker *maker;
    arena_open(&arena, NODE_BUILD_SIZE_MAX);
    time_limit_begin(&limit, request, time_limit_of(chain->node->options->rpc_timeout_ms));
    maker = arena_alloc_zero(&arena, sizeof(*maker));
    enum err err = maker == NULL ? ERR_MEMORY : ERR_OK;
    enum rpc_status status = RPC_OK;
    if (err == ERR_OK) {
        *maker = (struct maker){.chain = chain, .arena = &arena, .tx_index = tx_index};
        err = node_chain_read_block(chain, &maker->block, &arena, number);
    }
    if (err == ERR_OK && has_batch(maker)) err = follow(&followed, maker, time_limit_watch(&limit));
    if (err == ERR_TIMEOUT || maker == NULL)
        status = time_limit_fail(request, &limit, err);
    else if (err == ERR_OK && maker->made_count > 0)
        write_files(out, maker);
    else
        status = explain(request, maker, hash, &followed, err);
    arena_close(&arena);
    return status;
}

enum rpc_status batch_files(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const hash32 *tx_hash
) {
    uint64_t number;
    uint32_t index;
    char hash[2 + 64 + 1] = "0x";
    hex_encode(hash + 2, hash32_bytes(tx_hash));
    if (!node_is_parent(chain))
        return rpc_fail(
            request,
            RPC_UNSUPPORTED,
            "%s has no rollups: its own batches are posted on %s, at %s",
            chain->rpc.name,
            node_parent(chain)->rpc.name,
            node_parent(chain)->url
        );
    enum err err = store_find_transaction(node_chain_store(chain), tx_hash, &number, &index);
    if (err == ERR_MISSING)
        return rpc_fail(
            request, RPC_NOT_FOUND, "no block of %s has a transaction %s", chain->rpc.name, hash
        );
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (rpc_leave(request)) return RPC_FAILED;
    return make(chain, request, out, hash, number, index);
}
