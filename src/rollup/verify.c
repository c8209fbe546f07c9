#include "rollup/verify.h"

#include "crypto/keccak.h"
#include "rollup/claim.h"
#include "rollup/evm_rollup.h"
#include "rollup/witness.h"
#include "state/state.h"

const char *verify_verdict_name(enum verify_verdict verdict) {
    switch (verdict) {
#define VERIFY_VERDICT_NAME(name, text) \
    case VERIFY_##name:                 \
        return #name;
        VERIFY_VERDICT_LIST(VERIFY_VERDICT_NAME)
#undef VERIFY_VERDICT_NAME
    }
    return "UNKNOWN";
}

const char *verify_verdict_text(enum verify_verdict verdict) {
    switch (verdict) {
#define VERIFY_VERDICT_TEXT(name, text) \
    case VERIFY_##name:                 \
        return text;
        VERIFY_VERDICT_LIST(VERIFY_VERDICT_TEXT)
#undef VERIFY_VERDICT_TEXT
    }
    return "unknown verdict";
}

struct verifier {
    struct arena *arena;
    const struct verify_parent *parent;
    struct verify_result *result;
    struct batch batch;
    struct witness witness;
    struct source_witness source;
    struct source_memory overlays[VERIFY_ROLLUPS_MAX];
    struct rollup *rollups[VERIFY_ROLLUPS_MAX];
    size_t rollup_count;
};

static struct rollup *rollup_of(struct verifier *v, uint64_t rollup_id) {
    for (size_t i = 0; i < v->rollup_count; i++)
        if (v->rollups[i]->rollup_id == rollup_id) return v->rollups[i];
    return NULL;
}

/* The source's ERR_MISSING and ERR_CORRUPT are verdicts on the witness. */
static enum err witness_verdict(struct verifier *v, enum err err) {
    if (err == ERR_MISSING) v->result->verdict = VERIFY_WITNESS_INCOMPLETE;
    if (err == ERR_CORRUPT || err == ERR_INPUT) v->result->verdict = VERIFY_WITNESS_MALFORMED;
    return err == ERR_MEMORY ? ERR_MEMORY : ERR_OK;
}

/* The parameters in the rollup's state are what the head commits to; the statement must be about
 * the same chains. */
static enum err
check_parameters(struct verifier *v, const struct witness_head *head, uint64_t *chain_id) {
    struct rollup_parameters p;
    enum err err = rollup_read_parameters(&p, v->arena, &v->source.source, &head->head);
    if (err != ERR_OK) return witness_verdict(v, err);
    u256 hub = u256_load_be_short(address_bytes(&v->parent->hub));
    u256 id = u256_from_u64(head->rollup_id);
    u256 parent = u256_from_u64(v->parent->chain_id);
    if (!u256_equal(&p.rollup_id, &id) || !u256_equal(&p.hub, &hub) ||
        !u256_equal(&p.parent_chain_id, &parent) || !u256_fits_u64(&p.chain_id)) {
        v->result->verdict = VERIFY_PARAMETERS;
        v->result->rollup_id = head->rollup_id;
    }
    *chain_id = p.chain_id.w[0];
    return ERR_OK;
}

static enum err add_head(struct verifier *v, const struct witness_head *head) {
    uint64_t chain_id = 0;
    enum err err = check_parameters(v, head, &chain_id);
    if (err != ERR_OK || v->result->verdict != VERIFY_OK) return err;
    struct rollup *rollup = rollup_of(v, head->rollup_id);
    if (rollup == NULL) {
        if (v->rollup_count == VERIFY_ROLLUPS_MAX) {
            v->result->verdict = VERIFY_WITNESS_MALFORMED;
            return ERR_OK;
        }
        const struct rollup_options options = {
            .arena = v->arena,
            .rollup_id = head->rollup_id,
            .chain_id = chain_id,
            .overlay = &v->overlays[v->rollup_count],
            .names_senders = v->parent->names_senders,
        };
        source_memory_open(options.overlay, v->arena, &v->source.source);
        rollup = rollup_open(&EVM_ROLLUP_TYPE, &options);
        if (rollup == NULL) return ERR_MEMORY;
        v->rollups[v->rollup_count++] = rollup;
    }
    struct open_block open;
    err = open_block_decode(&open, v->arena, head->open_block);
    if (err != ERR_OK) return witness_verdict(v, err);
    enum step_verdict step;
    err = rollup_add_head(rollup, &step, &head->head, &open);
    if (err != ERR_OK) return witness_verdict(v, err);
    if (step != STEP_OK) {
        v->result->verdict = VERIFY_OPEN_BLOCK;
        v->result->rollup_id = head->rollup_id;
    }
    return ERR_OK;
}

static enum err add_updates(struct verifier *v, struct update_context *contexts) {
    if (v->witness.anchor_count != v->batch.update_count) {
        v->result->verdict = VERIFY_ANCHOR_COUNT;
        return ERR_OK;
    }
    for (size_t i = 0; i < v->batch.update_count; i++) {
        const struct update *update = &v->batch.updates[i];
        bytes encoded = v->witness.anchors[i];
        struct header anchor;
        /* The Hub refuses them too; what it would hash of them is not decided. */
        if (update->forced != 0 || update->message_slot_count != 0) {
            v->result->verdict = VERIFY_UPDATE_UNSUPPORTED;
            v->result->rollup_id = update->rollup_id;
            return ERR_OK;
        }
        if (header_decode(&anchor, encoded) != BLOCK_OK) {
            v->result->verdict = VERIFY_ANCHOR_MALFORMED;
            return ERR_OK;
        }
        if (anchor.number != update->anchor_number) {
            v->result->verdict = VERIFY_ANCHOR_NUMBER;
            return ERR_OK;
        }
        contexts[i] = (struct update_context){.anchor_hash = keccak256(encoded)};
        struct rollup *rollup = rollup_of(v, update->rollup_id);
        if (rollup == NULL) continue; /* covered by somebody else's proof */
        enum err err = rollup_add_update(rollup, update, encoded);
        if (err == ERR_LIMIT) {
            v->result->verdict = VERIFY_TOO_MANY_UPDATES;
            v->result->rollup_id = update->rollup_id;
            return ERR_OK;
        }
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

static enum err check_entry(struct verifier *v, size_t index) {
    struct verify_result *result = v->result;
    struct claim_result claim;
    result->entry_index = index;
    enum err err =
        claim_check(&claim, v->arena, v->rollups, v->rollup_count, &v->batch.entries[index]);
    if (err != ERR_OK) return witness_verdict(v, err);
    result->verdict = claim.verdict;
    result->step = claim.step;
    result->rollup_id = claim.rollup_id;
    return ERR_OK;
}

/* Insertion into an ascending list without repetition. */
static void cover(struct verify_result *result, uint64_t rollup_id) {
    size_t at = 0;
    while (at < result->rollup_id_count && result->rollup_ids[at] < rollup_id)
        at++;
    if (at < result->rollup_id_count && result->rollup_ids[at] == rollup_id) return;
    for (size_t i = result->rollup_id_count; i > at; i--)
        result->rollup_ids[i] = result->rollup_ids[i - 1];
    result->rollup_ids[at] = rollup_id;
    result->rollup_id_count++;
}

enum err verify_batch(
    struct verify_result *result,
    struct arena *arena,
    const struct verify_parent *parent,
    bytes batch,
    bytes witness
) {
    *result = (struct verify_result){.verdict = VERIFY_OK};
    struct verifier *v = arena_alloc_zero(arena, sizeof(*v));
    if (v == NULL) return ERR_MEMORY;
    v->arena = arena;
    v->parent = parent;
    v->result = result;
    enum err err = batch_decode(&v->batch, arena, batch);
    if (err == ERR_INPUT) result->verdict = VERIFY_BATCH_MALFORMED;
    if (err != ERR_OK) return err == ERR_INPUT ? ERR_OK : err;
    err = witness_decode(&v->witness, arena, witness);
    if (err == ERR_INPUT) result->verdict = VERIFY_WITNESS_MALFORMED;
    if (err != ERR_OK) return err == ERR_INPUT ? ERR_OK : err;

    source_witness_open(&v->source, arena);
    err = source_witness_add_nodes(&v->source, v->witness.nodes, v->witness.node_count);
    if (err == ERR_OK)
        err = source_witness_add_codes(&v->source, v->witness.codes, v->witness.code_count);
    for (size_t i = 0; i < v->witness.head_count; i++) {
        if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
        err = add_head(v, &v->witness.heads[i]);
    }
    struct update_context *contexts =
        arena_alloc_array(arena, v->batch.update_count, sizeof(*contexts));
    if (contexts == NULL) return ERR_MEMORY;
    if (err == ERR_OK && result->verdict == VERIFY_OK) err = add_updates(v, contexts);
    for (size_t i = 0; i < v->batch.entry_count; i++) {
        if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
        err = check_entry(v, i);
    }
    if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
    for (size_t i = 0; i < v->rollup_count; i++)
        cover(result, v->rollups[i]->rollup_id);
    return batch_public_input(
        &result->public_input, arena, &v->batch, contexts, parent->chain_id, &parent->hub
    );
}
