#include "world/world.h"

#include "core/check.h"
#include "crypto/keccak.h"
#include "world/trace.h"
#include "world/world_private.h"

/* A batch holds what the pass before has asked for, and that settles (docs/decisions/019) but where
 * a transaction runs out of gas for what it posts itself: then what was asked for once stays. */
#define EXACT_PASSES 8

void world_say(struct world_result *result, const char *text) {
    size_t size = 0;
    while (text[size] != 0 && size + 1 < sizeof(result->reason))
        size++;
    memcpy(result->reason, text, size);
    result->reason[size] = 0;
}

void world_say_missing(struct world *world) {
    struct world_result *result = world->result;
    const struct fact *missing = &world->missing;
    const int place = world_find_rollup(world, missing->verdict_rollup);
    const size_t first = place < 0 ? 0 : world->own_firsts[place];
    const size_t index = missing->verdict_tx_index;
    result->missing = *missing;
    result->missing_slot_tx = index < first ? 0 : index - first;
    result->reason_rollup = missing->verdict_rollup;
    world_say(result, step_verdict_text(missing->verdict));
}

/* A header of the parent, or of its parent, that a rollup asks for; the witness must have it. */
static enum err get_parent_header(
    void *context, struct arena *arena, bytes *encoded, uint64_t number, const hash32 *hash
) {
    struct world *world = context;
    const struct world *of = world;
    while (of != NULL) {
        enum err err = world_find_header(encoded, of->options, arena, number);
        if (err != ERR_OK) return err;
        const hash32 found = keccak256(*encoded);
        if (hash32_equal(&found, hash)) break;
        of = of->above == NULL ? NULL : of->above->world;
    }
    if (of == NULL) return ERR_MISSING;
    bytes *kept = map_put(&world->parent_headers, hash, NULL);
    if (kept == NULL) return ERR_MEMORY;
    *kept = *encoded;
    return ERR_OK;
}

struct parent_headers world_parent_headers(struct world *world) {
    return (struct parent_headers){.context = world, .get = get_parent_header};
}

static void open_parent(struct world *world, struct rollup *rollup) {
    const struct world_options *options = world->options;
    struct parent *parent = &rollup->parent;
    parent->source = &world->parent_recorder.source;
    if (world->above != NULL) parent->above_source = &world->above_recorder.source;
    parent->headers = world_parent_headers(world);
    parent->schedule = options->schedule;
    parent->watch = options->tx_options.watch;
    if (options->trace == NULL) return;
    size_t level = 0;
    const struct world *of = world;
    for (; of != NULL && level < PARENT_LEVELS_MAX; of = of->above ? of->above->world : NULL)
        parent->tracers[level++] = &options->trace->chains[of->chain].reader;
}

/* The states that rollups read: the parent's, and where it is a rollup its parent's. */
static void open_parents(struct world *world) {
    const struct world_above *above = world->above;
    source_recorder_open(&world->parent_recorder, world->arena, world->options->parent_base);
    if (above != NULL)
        source_recorder_open(
            &world->above_recorder, world->arena, above->world->options->parent_base
        );
}

enum err world_open_rollups(struct world *world) {
    const struct world_options *options = world->options;
    open_parents(world);
    for (size_t i = 0; i < options->rollup_count; i++) {
        const struct world_rollup *r = &options->rollups[i];
        source_recorder_open(&world->recorders[i], world->arena, r->base);
        source_memory_open(&world->overlays[i], world->arena, &world->recorders[i].source);
        const struct rollup_options with = {
            .arena = world->arena,
            .rollup_id = r->rollup_id,
            .chain_id = r->chain_id,
            .overlay = &world->overlays[i],
            .names_senders = options->schedule->names_senders,
        };
        struct rollup *rollup = rollup_open(r->type, &with);
        if (rollup == NULL) return ERR_MEMORY;
        world->rollups[i] = rollup;
        rollup->scratch = r->scratch;
        rollup->watch = options->tx_options.watch;
        open_parent(world, rollup);
        if (options->trace != NULL) {
            struct world_trace_chain *chain = &options->trace->chains[world->first_chain + i];
            rollup->tracer = &chain->tracer;
            rollup->on_tx = world_trace_tx;
            rollup->on_tx_context = chain;
        }
        enum step_verdict verdict;
        enum err err = rollup_add_head(rollup, &verdict, &r->head, &r->open);
        if (err != ERR_OK) return err;
        CHECK(verdict == STEP_OK);
        if (world->below[i] != NULL) world_listen_below(world, i);
    }
    return options->is_replay ? ERR_OK : world_make_payloads(world);
}

/* The rollups that are updated whatever happens. */
static void order_updates(struct world *world) {
    for (size_t i = 0; i < world->options->rollup_count; i++) {
        const struct world_rollup *r = &world->options->rollups[i];
        if (r->slot_tx_count > 0 || r->scratch != NULL || r->must_move ||
            world_has_batch_below(world, i))
            world->order[world->order_count++] = i;
    }
}

void world_open_tables(struct world *world) {
    const unsigned passes = world->result->pass_count - world->free_pass_count;
    world->keeps_posted = world->is_filled && passes > EXACT_PASSES;
    for (size_t i = 0; i < world->posted_count; i++)
        world->posted[i]->posted_in_pass = world->is_filled ? world->result->pass_count : 0;
    for (size_t i = 0; i < world->used_count; i++)
        world->used[i]->is_used = false;
    world->used_count = 0;
    world->has_missing = false;
    world->must_restart = false;
    world->has_new_scope = false;
    world->miss_count = 0;
    world->begun_count = 0;
    world->brought_moves = 0;
    map_open(&world->brought, world->arena, sizeof(struct fact_key), 1);
}

static enum err open_pass(struct world *world) {
    const struct world_options *options = world->options;
    struct arena *arena = world->arena;
    world->builder = arena_alloc_zero(arena, sizeof(*world->builder));
    world->state = arena_alloc_zero(arena, sizeof(*world->state));
    world->overlay = arena_alloc_zero(arena, sizeof(*world->overlay));
    if (world->builder == NULL || world->state == NULL || world->overlay == NULL) return ERR_MEMORY;
    source_memory_open(world->overlay, arena, options->parent_base);
    world->machine = (struct world_machine
    ){&world->builder->execution.evm, &world->builder->journal, world->state};
    world_open_tables(world);
    if (options->trace != NULL) world_trace_clear(options->trace);
    memset(world->result->txs, 0, options->tx_count * sizeof(*world->result->txs));
    enum err err =
        state_open(world->state, arena, &world->overlay->source, &options->parent->state_root);
    if (err != ERR_OK) return err;
    return block_begin(
        world->builder,
        arena,
        world->state,
        world->overlay,
        options->schedule,
        options->parent,
        options->attributes,
        options->hashes,
        NULL,
        options->codes
    );
}

static void list_foreign(struct world *world) {
    const struct world_options *options = world->options;
    world->foreign[0] = options->hub;
    world->foreign_count = 1;
    for (size_t i = 0; i < options->rollup_count; i++) {
        size_t known = 1;
        while (known < world->foreign_count &&
               !address_equal(&world->foreign[known], &options->rollups[i].proof_system))
            known++;
        if (known < world->foreign_count) continue;
        world->foreign[world->foreign_count++] = options->rollups[i].proof_system;
    }
}

static bool is_proof_system(const struct world *world, const address *who) {
    for (size_t i = 1; i < world->foreign_count; i++)
        if (address_equal(&world->foreign[i], who)) return true;
    return false;
}

/* Of its own batch the world vouches for the proof systems, whose word is not there yet, or in a
 * simulation never will be. What a transaction brings along has its proof with it. */
static enum err answer_proof_system(struct world *world, bool *is_answered) {
    static const uint8_t TRUE_WORD[32] = {[31] = 1};
    struct evm *evm = world->machine.evm;
    const struct evm_message *call = &evm->request.call;
    bool is_open = world->options->is_simulation || !world->is_proven;
    *is_answered = is_open && world->is_own_batch && is_proof_system(world, &call->code_address) &&
                   address_equal(&call->sender, &world->options->hub);
    if (!*is_answered) return ERR_OK;
    return evm_give_call(evm, true, call->gas, bytes_of(TRUE_WORD, 32));
}

enum err world_answer_call(struct world *world) {
    struct evm *evm = world->machine.evm;
    struct hub_lookup lookup;
    bool is_lookup;
    bool is_answered;
    hub_read_lookup(&lookup, &is_lookup, &evm->request.call, &world->options->hub);
    if (is_lookup) return world_answer_lookup(world, &lookup);
    enum err err = answer_proof_system(world, &is_answered);
    bool is_to_hub = address_equal(&evm->request.call.recipient, &world->options->hub);
    if (err == ERR_OK && is_to_hub) err = world_note_batch(world, evm->request.call.input);
    if (err == ERR_OK && !is_answered) evm_decline_call(evm);
    return err;
}

/* Runs one transaction of the parent block. *status is DONE or INVALID; a pass that must restart
 * ends at once and leaves it as DONE. */
static enum err run_tx(
    struct world *world,
    enum execution_status *status,
    const struct world_tx *tx,
    const struct execution_options *options
) {
    struct block_builder *builder = world->builder;
    struct execution_options used = *options;
    used.foreign = world->foreign;
    used.foreign_count = world->foreign_count;
    used.tracer = world->options->trace == NULL ? NULL : &world->options->trace->chains[0].tracer;
    builder->options = used;
    world->has_missing = false;
    world->has_brought = false;
    if (!tx->tx->is_create && address_equal(&tx->tx->to, &world->options->hub)) {
        enum err err = world_note_batch(world, tx->tx->data);
        if (err != ERR_OK) return err;
    }
    block_add_begin(builder, tx->tx, tx->encoded, &tx->sender);
    for (;;) {
        *status = block_add_run(builder);
        switch (*status) {
        case EXECUTION_DONE:
        case EXECUTION_INVALID:
            return ERR_OK;
        case EXECUTION_FAILED:
            return builder->err;
        case EXECUTION_CALL: {
            enum err err = world_answer_call(world);
            if (err != ERR_OK) return err;
            if (world->must_restart) {
                *status = EXECUTION_DONE;
                return ERR_OK;
            }
            break;
        }
        case EXECUTION_REVERTING:
        case EXECUTION_INSIDE_DONE:
            break;
        }
    }
}

/* A transaction of more gas than there may be is how a batch that has grown too large fails. */
static const char BATCH_TOO_LARGE[] =
    "the calls across chains make a batch that takes more gas than a transaction may have";

/* Posts the batch. */
static enum err run_batch(struct world *world) {
    struct world_result *result = world->result;
    static const struct execution_options PLAIN = {0};
    struct tx *tx = arena_alloc(world->arena, sizeof(*tx));
    if (tx == NULL) return ERR_MEMORY;
    enum execution_status status;
    enum err err = world_make_batch_tx(world, tx);
    struct world_tx post = {.tx = tx, .sender = world->options->builder};
    world->is_own_batch = true;
    if (err == ERR_OK) err = run_tx(world, &status, &post, &PLAIN);
    world->is_own_batch = false;
    /* Without its scope the batch has failed, and with it all that is to come. */
    if (err != ERR_OK || world_is_over(world)) return err;
    result->has_batch = true;
    if (status == EXECUTION_INVALID) {
        result->status = WORLD_BATCH_REVERTED;
        enum tx_verdict verdict = world->builder->tx_verdict;
        bool is_too_large = verdict == TX_INTRINSIC_GAS || verdict == TX_FLOOR_GAS;
        result->is_too_large = is_too_large;
        world_say(result, is_too_large ? BATCH_TOO_LARGE : tx_verdict_text(verdict));
        return ERR_OK;
    }
    const struct execution_result *run = &world->builder->results[world->builder->tx_count - 1];
    if (run->is_success) return ERR_OK;
    result->status = WORLD_BATCH_REVERTED;
    result->batch_output = run->output;
    bool is_too_large = run->outcome == EVM_OUT_OF_GAS;
    result->is_too_large = is_too_large || abi_has_selector(run->output, "NotEnoughGas()");
    world_say(result, is_too_large ? BATCH_TOO_LARGE : evm_outcome_text(run->outcome));
    if (world->has_missing) {
        result->is_too_large = false;
        world_say_missing(world);
    }
    return ERR_OK;
}

static void
note_tx(struct world *world, struct world_tx_result *out, enum execution_status status) {
    out->is_included = status == EXECUTION_DONE;
    out->verdict = status == EXECUTION_DONE ? TX_OK : world->builder->tx_verdict;
    out->index = world->builder->tx_count - 1;
    out->had_missing_entry = world->has_missing;
    out->missing = world->missing;
    out->has_brought = world->has_brought;
}

/* The block's own transactions, from first up to end. */
static enum err run_txs(struct world *world, size_t first, size_t end) {
    const struct world_options *options = world->options;
    enum err err = ERR_OK;
    for (size_t i = first; i < end && err == ERR_OK && !world->must_restart; i++) {
        struct world_tx_result *out = &world->result->txs[i];
        enum execution_status status;
        uint64_t moved = world->brought_moves;
        err = run_tx(world, &status, &options->txs[i], &options->tx_options);
        if (err != ERR_OK || world->must_restart) return err;
        note_tx(world, out, status);
        out->brought_moves = world->brought_moves & ~moved;
    }
    return err;
}

/* The transaction that posts the batch and makes the calls that it is for. */
static enum err run_bundle(struct world *world) {
    const struct world_options *options = world->options;
    const struct world_bundle *bundle = options->bundle;
    struct tx *tx = arena_alloc(world->arena, sizeof(*tx));
    enum execution_status status;
    if (tx == NULL) return ERR_MEMORY;
    enum err err = world_make_post(world, &world->bundle_post, true);
    if (err == ERR_OK) err = bundle->make(bundle->context, world->arena, tx, world->bundle_post);
    struct world_tx made = {.tx = tx, .sender = bundle->sender};
    world->is_own_batch = true;
    if (err == ERR_OK) err = run_tx(world, &status, &made, &options->tx_options);
    world->is_own_batch = false;
    if (err != ERR_OK || world_is_over(world)) return err;
    world->result->has_batch = world->order_count > 0 || world->is_filled;
    note_tx(world, &world->result->txs[0], status);
    return ERR_OK;
}

static enum err run_pass(struct world *world) {
    const struct world_options *options = world->options;
    struct world_result *result = world->result;
    enum err err = open_pass(world);
    if (err != ERR_OK) return err;
    result->has_batch = false;
    if (options->bundle != NULL) {
        err = run_bundle(world);
        if (err != ERR_OK || world_is_over(world)) return err;
        return block_finish(world->builder, &result->verdict);
    }
    bool has_batch = world->order_count > 0 || world->is_filled;
    err = run_txs(world, 0, options->before_count);
    if (err != ERR_OK || world->must_restart) return err;
    if (has_batch && !options->no_batch && !options->is_replay) {
        err = run_batch(world);
        if (err != ERR_OK || world_is_over(world) || result->status != WORLD_OK) return err;
    }
    err = run_txs(world, options->before_count, options->tx_count);
    if (err != ERR_OK || world->must_restart) return err;
    if (options->is_simulation || options->is_replay || world_is_over(world)) return ERR_OK;
    return block_finish(world->builder, &result->verdict);
}

/* What is kept over all passes, and the rollups. */
static enum err begin_anew(struct world *world) {
    map_open(&world->facts, world->arena, sizeof(struct fact_key), sizeof(struct known_fact *));
    map_open(&world->parent_headers, world->arena, sizeof(hash32), sizeof(bytes));
    map_open(&world->producers, world->arena, sizeof(hash32), sizeof(struct known_fact *));
    world->used_count = 0;
    world->posted_count = 0;
    world->is_filled = false;
    world->is_proven = false;
    return world_open_rollups(world);
}

bool world_is_over(const struct world *world) {
    return world->must_restart || world->has_new_scope;
}

enum err world_prepare_again(struct world *world) {
    world->free_pass_count += world->has_new_scope;
    bool keeps = world->is_filled && !world->must_restart;
    world->is_filled = false;
    world->is_proven = false;
    return keeps ? world_fill(world, false) : ERR_OK;
}

/* Passes until one needs nothing that was not there. */
static enum err run_passes(struct world *world) {
    struct world_result *result = world->result;
    for (result->pass_count = 1; result->pass_count - world->free_pass_count <= WORLD_PASSES_MAX;
         result->pass_count++) {
        bool is_changed = false;
        enum err err = run_pass(world);
        if (err == ERR_OK) err = world_renew_below(world, &is_changed);
        if (err != ERR_OK || (!is_changed && result->status != WORLD_OK)) return err;
        if (is_changed) {
            /* Nothing of what was found out about the rollups holds any more. */
            result->status = WORLD_OK;
            world->free_pass_count = result->pass_count;
            err = begin_anew(world);
            if (err != ERR_OK) return err;
            continue;
        }
        if (world->options->is_replay) return ERR_OK;
        if (world_is_over(world)) {
            err = world_prepare_again(world);
            if (err != ERR_OK) return err;
            continue;
        }
        if (result->verdict != BLOCK_OK) {
            result->status = WORLD_BLOCK_REFUSED;
            world_say(result, block_verdict_text(result->verdict));
            return ERR_OK;
        }
        if (world->miss_count == 0 && (world->is_proven || !result->has_batch)) return ERR_OK;
        err = world_fill(world, true);
        if (err != ERR_OK || result->status != WORLD_OK) return err;
    }
    result->status = WORLD_NOT_SETTLED;
    world_say(
        result, "the calls across chains do not settle: each pass over the block makes other ones"
    );
    return ERR_OK;
}

enum err world_conclude_rollups(struct world *world) {
    struct world_result *result = world->result;
    result->batch = world->batch;
    for (size_t i = 0; i < world->options->rollup_count; i++) {
        const struct world_rollup *r = &world->options->rollups[i];
        struct world_rollup_result *out = &result->rollups[i];
        out->head = r->head;
        out->overlay = &world->overlays[i];
        enum err err = world_stored_head(world, &out->head, r->rollup_id);
        if (err != ERR_OK) return err;
        for (size_t j = 0; j < world->order_count; j++)
            out->is_updated |= result->has_batch && world->order[j] == i;
        out->is_updated |= !hash32_equal(&out->head, &r->head);
        out->open = rollup_open_block(world->rollups[i], &out->head);
        out->sealed = rollup_sealed_blocks(world->rollups[i], &out->head);
    }
    return ERR_OK;
}

static enum err conclude(struct world *world) {
    struct world_result *result = world->result;
    result->block = world->builder;
    result->overlay = world->overlay;
    result->bundle_post = world->bundle_post;
    enum err err = world_conclude_rollups(world);
    return err == ERR_OK ? world_conclude_below(world) : err;
}

/* Chains are numbered so: the parent, its rollups, theirs. */
static void number_chains(struct world *world) {
    const struct world_above *above = world->above;
    world->first_chain = 1;
    if (above == NULL) return;
    const struct world_options *options = above->world->options;
    world->chain = above->world->first_chain + above->index;
    world->first_chain = above->world->first_chain + options->rollup_count;
    for (size_t i = 0; i < above->index; i++)
        if (options->rollups[i].below != NULL)
            world->first_chain += options->rollups[i].below->rollup_count;
}

enum err world_make(
    struct world **made,
    struct world_result *result,
    const struct world_options *options,
    struct world_above *above
) {
    struct arena *arena = options->arena;
    *result = (struct world_result){.status = WORLD_OK};
    CHECK(options->rollup_count <= WORLD_ROLLUPS_MAX);
    struct world *world = arena_alloc_zero(arena, sizeof(*world));
    size_t count = options->rollup_count;
    size_t tx_count = options->bundle == NULL ? options->tx_count : 1;
    result->txs = arena_alloc_zero(arena, tx_count * sizeof(*result->txs));
    result->rollups = arena_alloc_zero(arena, count * sizeof(*result->rollups));
    if (world == NULL || result->txs == NULL || result->rollups == NULL) return ERR_MEMORY;
    world->options = options;
    world->result = result;
    world->arena = arena;
    world->above = above;
    number_chains(world);
    world->below = arena_alloc_zero(arena, count * sizeof(struct world *));
    world->rollups = arena_alloc_array(arena, count, sizeof(struct rollup *));
    world->overlays = arena_alloc_array(arena, count, sizeof(*world->overlays));
    world->recorders = arena_alloc_array(arena, count, sizeof(*world->recorders));
    world->payloads = arena_alloc_array(arena, count, sizeof(*world->payloads));
    world->own_firsts = arena_alloc_zero(arena, count * sizeof(*world->own_firsts));
    if (world->rollups == NULL || world->overlays == NULL || world->recorders == NULL ||
        world->payloads == NULL || world->own_firsts == NULL || world->below == NULL)
        return ERR_MEMORY;
    list_foreign(world);
    *made = world;
    enum err err = world_open_below(world);
    if (err != ERR_OK) return err;
    order_updates(world);
    return begin_anew(world);
}

enum err world_build(struct world_result *result, const struct world_options *options) {
    struct world *world;
    enum err err = world_make(&world, result, options, NULL);
    if (err == ERR_OK) err = run_passes(world);
    if (err == ERR_OK && result->status == WORLD_OK) err = conclude(world);
    return err;
}
