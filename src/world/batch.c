/* Filling the batch: payloads, updates, entries, witness, proof, and the transaction that posts
 * it. */
#include "crypto/keccak.h"
#include "verify/verify.h"
#include "world/world_private.h"

enum err world_make_payloads(struct world *world) {
    const struct world_options *options = world->options;
    for (size_t i = 0; i < options->rollup_count; i++) {
        const struct world_rollup *r = &options->rollups[i];
        size_t count = r->pending_count + 1;
        struct payload_block *blocks = arena_alloc_array(world->arena, count, sizeof(*blocks));
        if (blocks == NULL) return ERR_MEMORY;
        if (r->pending_count > 0) memcpy(blocks, r->pending, r->pending_count * sizeof(*blocks));
        const size_t most = r->forced_count + 1 + r->slot_tx_count;
        bytes *txs = arena_alloc_array(world->arena, most, sizeof(*txs));
        if (txs == NULL) return ERR_MEMORY;
        size_t tx_count = 0;
        while (tx_count < r->forced_count) {
            txs[tx_count] = r->forced_txs[tx_count];
            tx_count++;
        }
        const struct world *below = world->below[i];
        if (below != NULL && below->above->batch_tx.size > 0)
            txs[tx_count++] = below->above->batch_tx;
        world->own_firsts[i] = tx_count;
        for (size_t j = 0; j < r->slot_tx_count; j++)
            txs[tx_count++] = r->slot_txs[j];
        blocks[r->pending_count] = (struct payload_block){
            .timestamp = options->attributes->timestamp,
            .fee_recipient = options->builder,
            .txs = txs,
            .tx_count = tx_count,
        };
        struct payload payload = {blocks, count};
        enum err err = payload_encode(&world->payloads[i], world->arena, &payload);
        if (err != ERR_OK) return err;
        struct update update = {
            .payload = world->payloads[i],
            .message_slots = r->message_slots,
            .message_slot_count = r->message_slot_count,
            .forced = r->forced_count,
        };
        err = rollup_add_update(world->rollups[i], &update, options->parent_encoded);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

enum err world_make_updates(struct world *world) {
    struct batch *batch = &world->batch;
    batch->update_count = world->order_count;
    batch->updates = arena_alloc_array(world->arena, world->order_count, sizeof(*batch->updates));
    if (batch->updates == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < world->order_count; i++) {
        size_t rollup = world->order[i];
        const struct world_rollup *r = &world->options->rollups[rollup];
        batch->updates[i] = (struct update){
            .rollup_id = r->rollup_id,
            .payload = world->payloads[rollup],
            .anchor_number = world->options->parent->number,
            .message_slots = r->message_slots,
            .message_slot_count = r->message_slot_count,
            .forced = r->forced_count,
            .timestamp = world->options->attributes->timestamp,
        };
    }
    return ERR_OK;
}

/* The entries that the pass before has used, in the order it first needed them: the Hub finds one
 * at a cost that does not depend on those behind it (docs/decisions/019). */
static enum err make_entries(struct world *world) {
    struct batch *batch = &world->batch;
    const size_t kept = world->keeps_posted ? world->posted_count : 0;
    const size_t most = world->used_count + kept;
    struct known_fact **facts = arena_alloc_array(world->arena, most, sizeof(struct known_fact *));
    batch->entries = arena_alloc_array(world->arena, most, sizeof(struct entry));
    if (facts == NULL || batch->entries == NULL) return ERR_MEMORY;
    size_t count = 0;
    for (; count < world->used_count; count++)
        facts[count] = world->used[count];
    for (size_t i = 0; i < kept; i++)
        if (!world->posted[i]->is_used) facts[count++] = world->posted[i];
    for (size_t i = 0; i < count; i++)
        batch->entries[i] = facts[i]->entry;
    batch->entry_count = count;
    world->posted = facts;
    world->posted_count = count;
    return ERR_OK;
}

static bool is_named(const struct batch *batch, uint64_t rollup_id) {
    for (size_t i = 0; i < batch->update_count; i++)
        if (batch->updates[i].rollup_id == rollup_id) return true;
    for (size_t i = 0; i < batch->entry_count; i++)
        if (entry_transition_of(&batch->entries[i], rollup_id) != NULL) return true;
    return false;
}

static void add_record(struct witness *w, const struct source_recorder *recorder) {
    for (uint32_t i = 0; i < source_recorder_node_count(recorder); i++)
        w->nodes[w->node_count++] = source_recorder_node_at(recorder, i);
    for (uint32_t i = 0; i < source_recorder_code_count(recorder); i++)
        w->codes[w->code_count++] = source_recorder_code_at(recorder, i);
}

/* More than the batch needs: what any pass has read. */
static enum err make_witness(struct world *world, struct witness *witness) {
    const struct world_options *options = world->options;
    struct witness w = {0};
    for (size_t i = 0; i < options->rollup_count; i++) {
        w.node_count += source_recorder_node_count(&world->recorders[i]);
        w.code_count += source_recorder_code_count(&world->recorders[i]);
    }
    const struct source_recorder *const read[] = {&world->parent_recorder, &world->above_recorder};
    const size_t read_count = world->above == NULL ? 1 : 2;
    for (size_t i = 0; i < read_count; i++) {
        w.node_count += source_recorder_node_count(read[i]);
        w.code_count += source_recorder_code_count(read[i]);
    }
    w.heads = arena_alloc_array(world->arena, options->rollup_count, sizeof(*w.heads));
    w.headers = arena_alloc_array(world->arena, 1 + world->parent_headers.count, sizeof(bytes));
    w.nodes = arena_alloc_array(world->arena, w.node_count, sizeof(bytes));
    w.codes = arena_alloc_array(world->arena, w.code_count, sizeof(bytes));
    if (w.heads == NULL || w.headers == NULL || w.nodes == NULL || w.codes == NULL)
        return ERR_MEMORY;
    w.node_count = 0;
    w.code_count = 0;
    w.header_count = world->batch.update_count > 0;
    w.headers[0] = options->parent_encoded;
    for (uint32_t i = 0; i < world->parent_headers.count; i++)
        w.headers[w.header_count++] = *(const bytes *)map_value_at(&world->parent_headers, i);
    for (size_t i = 0; i < read_count; i++)
        add_record(&w, read[i]);
    for (size_t i = 0; i < options->rollup_count; i++) {
        const struct world_rollup *r = &options->rollups[i];
        if (!is_named(&world->batch, r->rollup_id)) continue;
        const struct source_recorder *recorder = &world->recorders[i];
        struct witness_head *head = &w.heads[w.head_count++];
        head->rollup_id = r->rollup_id;
        head->head = r->head;
        enum err err = open_block_encode(&head->open_block, world->arena, &r->open);
        if (err != ERR_OK) return err;
        add_record(&w, recorder);
    }
    *witness = w;
    return ERR_OK;
}

/* The proof of this system for rollups of this kind, among those there are or as a new one: a
 * proof is of one program. NULL: no memory. */
static struct batch_proof *
proof_of(struct world *world, const struct rollup_type **types, const struct world_rollup *rollup) {
    for (size_t i = 0; i < world->proof_count; i++)
        if (address_equal(&world->proofs[i].system, &rollup->proof_system) &&
            types[i] == rollup->type)
            return &world->proofs[i];
    uint64_t *ids = arena_alloc_array(world->arena, world->options->rollup_count, sizeof(*ids));
    if (ids == NULL) return NULL;
    types[world->proof_count] = rollup->type;
    struct batch_proof *proof = &world->proofs[world->proof_count++];
    *proof = (struct batch_proof){.system = rollup->proof_system, .rollup_ids = ids};
    return proof;
}

/* Proofs without a word in them, for the rollups that the batch names: in simulation the world
 * answers for the proof systems. */
static enum err leave_unproven(struct world *world) {
    const struct world_options *options = world->options;
    world->proof_count = 0;
    world->proofs =
        arena_alloc_array(world->arena, options->rollup_count, sizeof(struct batch_proof));
    const struct rollup_type **types =
        arena_alloc_array(world->arena, options->rollup_count, sizeof(const struct rollup_type *));
    if (world->proofs == NULL || types == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < options->rollup_count; i++) {
        const struct world_rollup *rollup = &options->rollups[i];
        if (!is_named(&world->batch, rollup->rollup_id)) continue;
        struct batch_proof *proof = proof_of(world, types, rollup);
        if (proof == NULL) return ERR_MEMORY;
        proof->rollup_ids[proof->rollup_id_count++] = rollup->rollup_id;
    }
    return ERR_OK;
}

/* Of the batch as it is, with a witness that is the claim's user's. */
static enum err make_claim(struct verify_claim *claim, struct world *world) {
    const struct world_options *options = world->options;
    const size_t count = world->batch.update_count;
    struct update_context *contexts = arena_alloc_zero(world->arena, count * sizeof(*contexts));
    if (contexts == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        contexts[i].anchor_hash = keccak256(options->parent_encoded);
        contexts[i].forced_hash = options->rollups[world->order[i]].forced_hash;
    }
    *claim = (struct verify_claim){
        .chain_id = options->schedule->chain_id,
        .hub = options->hub,
        .batch = &world->batch,
        .contexts = contexts,
    };
    return ERR_OK;
}

static enum err make_input(struct world *world) {
    struct world_result *result = world->result;
    struct verify_claim claim;
    struct witness witness;
    enum err err = make_claim(&claim, world);
    if (err == ERR_OK) err = make_witness(world, &witness);
    if (err != ERR_OK) return err;
    claim.witness = &witness;
    return verify_make_input(&result->input, &result->witness_offset, world->arena, &claim);
}

/* The passes may have made again what the state had already, in steps that are not in the batch,
 * and then not read it there: whoever has the batch alone lacks it. What the batch itself reads is
 * recorded from the states before it. *is_made is false where these do not give the batch. */
static enum err make_exact_input(struct world *world, bool *is_made) {
    const struct world_options *options = world->options;
    struct world_result *result = world->result;
    struct arena *arena = world->arena;
    struct source_several states;
    struct verify_result verified;
    struct verify_claim claim;
    struct witness witness;
    struct source **sources =
        arena_alloc_array(arena, options->rollup_count + 2, sizeof(struct source *));
    if (sources == NULL) return ERR_MEMORY;
    size_t count = options->rollup_count;
    for (size_t i = 0; i < count; i++)
        sources[i] = options->rollups[i].base;
    sources[count++] = world->parent_recorder.base;
    if (world->above != NULL) sources[count++] = world->above_recorder.base;
    source_several_open(&states, sources, count);
    enum err err = make_claim(&claim, world);
    if (err == ERR_OK) err = make_witness(world, &witness);
    if (err != ERR_OK) return err;
    const struct parent_headers headers = world_parent_headers(world);
    const struct verify_options with = {
        .names_senders = options->schedule->names_senders, .schedule = options->schedule};
    witness.header_count = world->batch.update_count > 0; /* the anchors' */
    claim.witness = &witness;
    claim.parent_headers = &headers;
    err = verify_record(&verified, arena, &with, &claim, &states.source);
    *is_made = err == ERR_OK && verified.verdict == VERIFY_OK;
    if (!*is_made) return err;
    return verify_make_input(&result->input, &result->witness_offset, arena, &claim);
}

static enum err prove(struct world *world) {
    struct world_result *result = world->result;
    const struct world_prover *prover = &world->options->prover;
    const char *reason = "the prover gives no reason";
    bool is_exact = false;
    enum err err = make_input(world);
    while (err == ERR_OK) {
        err = prover->prove(
            prover->context,
            world->arena,
            &world->proofs,
            &world->proof_count,
            &reason,
            result->input
        );
        if (err != ERR_INPUT) return err;
        err = ERR_OK;
        if (is_exact) break;
        err = make_exact_input(world, &is_exact);
        if (err == ERR_OK && !is_exact) break;
    }
    if (err != ERR_OK) return err;
    result->status = WORLD_PROOF_REFUSED;
    world_say(result, reason);
    return ERR_OK;
}

enum err world_fill(struct world *world, bool may_be_last) {
    bool is_final = may_be_last && !world->options->is_simulation;
    enum err err = world_make_updates(world);
    if (err == ERR_OK) err = make_entries(world);
    if (err == ERR_OK) err = is_final ? prove(world) : leave_unproven(world);
    world->is_filled = err == ERR_OK && world->result->status == WORLD_OK;
    world->is_proven = world->is_filled && may_be_last;
    return err;
}

enum err world_make_post(struct world *world, bytes *calldata, bool is_transient) {
    enum err err = ERR_OK;
    if (!world->is_filled) {
        world->batch.entry_count = 0;
        err = world_make_updates(world);
        if (err == ERR_OK) err = leave_unproven(world);
    }
    if (err != ERR_OK) return err;
    return batch_post_calldata(
        calldata, world->arena, &world->batch, world->proofs, world->proof_count, is_transient
    );
}

/* The nonce of who posts the batch. There may be transactions of his before it in the block. */
static enum err builder_nonce(uint64_t *nonce, struct world *world) {
    const address *builder = &world->options->builder;
    struct account account;
    bool exists;
    const struct journal_account *now = NULL;
    if (world->above == NULL) now = journal_find_account(&world->builder->journal, builder);
    if (now != NULL && now->is_loaded) {
        *nonce = now->nonce;
        return ERR_OK;
    }
    enum err err = state_get_account(world->state, builder, &account, &exists);
    if (err == ERR_OK) *nonce = exists ? account.nonce : 0;
    return err;
}

enum err world_make_batch_tx(struct world *world, struct tx *tx) {
    const struct world_options *options = world->options;
    struct arena *arena = world->arena;
    bytes calldata;
    uint64_t nonce = 0;
    enum err err = world_make_post(world, &calldata, false);
    if (err == ERR_OK) err = builder_nonce(&nonce, world);
    if (err != ERR_OK) return err;
    /* Below, the machine runs when the payload is made: the state is that before its block. */
    const u256 next_base_fee = header_next_base_fee(options->parent);
    const u256 *base_fee =
        world->above != NULL ? &next_base_fee : &world->builder->context.base_fee_per_gas;
    *tx = (struct tx){
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = options->schedule->chain_id,
        .nonce = nonce,
        .max_fee_per_gas = u256_add(base_fee, base_fee),
        .gas_limit = TX_GAS_LIMIT_MAX,
        .to = options->hub,
        .data = calldata,
    };
    return tx_sign(tx, arena, &options->builder_key);
}
