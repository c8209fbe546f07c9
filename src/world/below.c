/* Rollups that are parents themselves (protocol.md section 6): their Hubs ask for entries of the
 * rollups below in the middle of the steps that the world runs to answer its own parent's Hub.
 *
 * The world below answers as any does, by running its rollups, and notes what was needed. The batch
 * with it goes into the rollup's payload, so that everything said of that rollup before is void:
 * tables are filled bottom-up, and the world above begins anew each time. At last no world below
 * answers anything, and what the rollup's steps come to is what anybody's come to. */
#include "core/check.h"
#include "rollup/predeploys.h"
#include "world/trace.h"
#include "world/world_private.h"

/* Reads a transaction of the rollup's block for a batch that it posts: not the world's own. */
static enum err note_tx(struct world *below, bytes encoded) {
    struct world_above *above = below->above;
    struct tx tx;
    enum tx_verdict verdict;
    if (below->is_own_batch || bytes_equal(encoded, above->noted_tx)) return ERR_OK;
    above->noted_tx = encoded;
    enum err err = tx_decode(&tx, &verdict, below->arena, encoded);
    if (err != ERR_OK || verdict != TX_OK || tx.is_create ||
        !address_equal(&tx.to, &below->options->hub))
        return err;
    return world_note_batch(below, tx.data);
}

static void say_refused(struct world *below) {
    struct world_result *result = below->result;
    result->status = WORLD_BATCH_REVERTED;
    world_say(result, "the Hub of a rollup refuses the batch of its own rollups");
    if (below->has_missing) world_say_missing(below);
}

/* After the batch, while the rollup's block goes on: whether the batch has failed. Then none of its
 * updates has begun. */
static enum err look_after_batch(struct world *below, bool *has_failed) {
    const struct world_above *above = below->above;
    *has_failed = false;
    /* Blocks before the slot block call the Hub, too, but ask it nothing. */
    if (!world_is_lookup(&below->machine.evm->request.call, &below->options->hub)) return ERR_OK;
    if (below->is_own_batch || below->order_count == 0 || above->batch_tx.size == 0 ||
        !world_has_begun(above->world, above->index))
        return ERR_OK;
    const struct world_rollup *first = &below->options->rollups[below->order[0]];
    hash32 head;
    enum err err = world_stored_head(below, &head, first->rollup_id);
    *has_failed = err == ERR_OK && hash32_equal(&head, &first->head);
    return err;
}

static enum err
answer(void *context, enum step_verdict *verdict, struct execution *execution, bytes encoded) {
    struct world *below = context;
    struct world *world = below->above->world;
    const bytes own = below->above->batch_tx;
    const size_t misses = below->miss_count;
    bool has_failed;
    below->machine = (struct world_machine){&execution->evm, execution->journal, execution->state};
    below->is_own_batch = below->options->bundle != NULL
                              ? encoded.size == 0 /* the scratch transaction */
                              : own.size > 0 && bytes_equal(own, encoded);
    enum err err = note_tx(below, encoded);
    if (err == ERR_OK) err = look_after_batch(below, &has_failed);
    if (err != ERR_OK) return err;
    if (has_failed && !below->has_new_scope) say_refused(below);
    if (has_failed) {
        *verdict = STEP_GIVEN_UP;
        world->must_restart = true;
        return ERR_OK;
    }
    err = world_answer_call(below);
    /* What the Hub needs comes with an update of its chain. */
    if (err == ERR_OK && (below->must_restart || below->miss_count > misses))
        world_require_begun(world, below->above->index);
    if (below->must_restart) world->must_restart = true;
    if (world->must_restart) *verdict = STEP_GIVEN_UP;
    return err;
}

void world_listen_below(struct world *world, size_t index) {
    world->rollups[index]->host = &world->below[index]->above->host;
}

bool world_has_batch_below(const struct world *world, size_t index) {
    const struct world *below = world->below[index];
    return below != NULL && !world->options->is_replay &&
           (below->order_count > 0 || below->is_filled);
}

/* The transaction that brings the batch along is not in the payload: it is the scratch one. */
static enum err make_bundle(struct world *below) {
    const struct world_bundle *bundle = below->options->bundle;
    struct tx made;
    enum err err = world_make_post(below, &below->bundle_post, true);
    if (err != ERR_OK) return err;
    return bundle->make(bundle->context, below->arena, &made, below->bundle_post);
}

/* The batch as it goes into the next payload, by the builder's account in the block before. */
static enum err make_batch_tx(struct world *world, size_t index) {
    struct world *below = world->below[index];
    struct tx tx;
    below->above->batch_tx = BYTES_EMPTY;
    if (below->options->bundle != NULL) return make_bundle(below);
    if (!world_has_batch_below(world, index)) return ERR_OK;
    struct state *state = arena_alloc(below->arena, sizeof(*state));
    if (state == NULL) return ERR_MEMORY;
    enum err err = state_open(
        state,
        below->arena,
        world->options->rollups[index].base,
        &below->options->parent->state_root
    );
    below->state = state;
    if (err == ERR_OK) err = world_make_batch_tx(below, &tx);
    return err == ERR_OK ? tx_encode(&below->above->batch_tx, below->arena, &tx) : err;
}

static enum err open_one(struct world *world, size_t index) {
    const struct world_options *options = world->options;
    const struct world_options *given = options->rollups[index].below;
    struct world_options *own = arena_alloc(world->arena, sizeof(*own));
    struct world_result *result = arena_alloc(world->arena, sizeof(*result));
    struct world_above *above = arena_alloc_zero(world->arena, sizeof(*above));
    if (own == NULL || result == NULL || above == NULL) return ERR_MEMORY;
    *own = *given;
    own->arena = options->arena;
    own->parent_base = options->rollups[index].base;
    own->attributes = options->attributes;
    own->tx_options = options->tx_options;
    own->no_batch = options->no_batch;
    own->is_simulation = options->is_simulation && given->bundle == NULL;
    own->is_replay = options->is_replay;
    own->trace = options->trace;
    own->tx_count = 0;
    *above = (struct world_above){.world = world, .index = index};
    struct world *below;
    enum err err = world_make(&below, result, own, above);
    if (err != ERR_OK) return err;
    memcpy(above->foreign, ROLLUP_FOREIGN, sizeof(ROLLUP_FOREIGN));
    memcpy(
        above->foreign + ROLLUP_FOREIGN_COUNT,
        below->foreign,
        below->foreign_count * sizeof(address)
    );
    above->host = (struct rollup_host){
        .context = below,
        .contracts = above->foreign,
        .contract_count = ROLLUP_FOREIGN_COUNT + below->foreign_count,
        .answer = answer,
    };
    world->below[index] = below;
    result->pass_count = 1;
    world_open_tables(below);
    return make_batch_tx(world, index);
}

enum err world_open_below(struct world *world) {
    for (size_t i = 0; i < world->options->rollup_count; i++) {
        enum err err = world->options->rollups[i].below == NULL ? ERR_OK : open_one(world, i);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

/* --- after a pass ----------------------------------------------------------------------------- */

static void blame(struct world *world, size_t index) {
    const struct world_result *of = world->below[index]->result;
    struct world_result *result = world->result;
    result->status = of->status;
    world_say(result, of->reason);
    result->batch_output = of->batch_output;
    result->missing = of->missing;
    result->missing_slot_tx = of->missing_slot_tx;
    result->reason_rollup = of->reason_rollup;
    result->reason_parent = world->options->rollups[index].rollup_id;
}

/* A batch that was tried in the pass, before it has its entries, and failed before its first update
 * was done: there is nothing to fill it with. */
static bool has_failed_untold(const struct world *world, size_t index) {
    const struct world *below = world->below[index];
    return !world_is_over(below) && !below->is_filled && below->used_count == 0 &&
           below->order_count > 0 && below->above->batch_tx.size > 0 &&
           world_has_begun(world, index);
}

static enum err renew(struct world *world, size_t index, bool *is_changed) {
    struct world *below = world->below[index];
    struct world_result *result = below->result;
    const bool is_void = world_is_over(below);
    const bool has_batch = world_has_batch_below(world, index);
    if (result->status == WORLD_OK && !world->must_restart && has_failed_untold(world, index))
        say_refused(below);
    if (result->status != WORLD_OK) {
        blame(world, index);
        return ERR_OK;
    }
    const bool is_settled = below->miss_count == 0 && (below->is_proven || !has_batch);
    /* A pass that was broken off has not asked for all there is to ask for. */
    if (!is_void && (is_settled || world->must_restart)) return ERR_OK;
    if (result->pass_count - below->free_pass_count == WORLD_PASSES_MAX) {
        result->status = WORLD_NOT_SETTLED;
        world_say(result, "the calls to and from a rollup's own rollups do not settle");
        blame(world, index);
        return ERR_OK;
    }
    enum err err = is_void ? world_prepare_again(below) : world_fill(below, true);
    if (err != ERR_OK) return err;
    if (result->status != WORLD_OK) {
        blame(world, index);
        return ERR_OK;
    }
    *is_changed = true;
    result->pass_count++;
    world_open_tables(below);
    bool is_ordered = false;
    for (size_t i = 0; i < world->order_count; i++)
        is_ordered |= world->order[i] == index;
    if (!is_ordered && world_has_batch_below(world, index))
        world->order[world->order_count++] = index;
    return make_batch_tx(world, index);
}

enum err world_renew_below(struct world *world, bool *is_changed) {
    *is_changed = false;
    if (world->options->is_replay) return ERR_OK;
    for (size_t i = 0; i < world->options->rollup_count; i++) {
        enum err err = world->below[i] == NULL ? ERR_OK : renew(world, i, is_changed);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

/* --- in the end ------------------------------------------------------------------------------- */

/* The receipt of the batch, in the block that is now open on the rollup. NULL: it is not there. */
static const struct gathered_tx *find_batch(const struct world *world, size_t index) {
    const struct open_block *open = world->result->rollups[index].open;
    const bytes batch = world->below[index]->above->batch_tx;
    const struct gathered_tx *tx = open == NULL ? NULL : open->newest;
    while (tx != NULL && !bytes_equal(tx->tx, batch))
        tx = tx->before;
    return tx;
}

static enum err conclude_one(struct world *world, size_t index) {
    struct world *below = world->below[index];
    struct world_result *result = below->result;
    const struct world_rollup_result *own = &world->result->rollups[index];
    struct state *state = arena_alloc(world->arena, sizeof(*state));
    if (state == NULL) return ERR_MEMORY;
    enum err err = state_open(state, world->arena, &world->overlays[index].source, &own->head);
    if (err != ERR_OK) return err;
    below->machine = (struct world_machine){.state = state};
    const struct gathered_tx *posted = find_batch(world, index);
    result->has_batch = own->is_updated && posted != NULL;
    if (below->has_missing) result->missing = below->missing;
    if (posted != NULL) {
        struct receipt receipt;
        err = receipt_decode(&receipt, world->arena, posted->receipt);
        if (err == ERR_OK && !receipt.is_success) {
            say_refused(below);
            blame(world, index);
        }
    }
    if (err == ERR_OK) err = world_conclude_rollups(below);
    result->bundle_post = below->bundle_post;
    result->has_brought = below->has_brought;
    world->result->rollups[index].below = result;
    return err;
}

enum err world_conclude_below(struct world *world) {
    for (size_t i = 0; i < world->options->rollup_count; i++) {
        enum err err = world->below[i] == NULL ? ERR_OK : conclude_one(world, i);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}
