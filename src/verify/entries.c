/* The entries of a batch, made anew one after the other. */
#include "crypto/keccak.h"
#include "verify/claim.h"
#include "verify/verify_private.h"

struct verifier *verifier_open(
    struct arena *arena,
    const struct verify_files *files,
    struct source *source,
    struct parent_headers headers
) {
    struct verifier *v = arena_alloc_zero(arena, sizeof(*v));
    if (v == NULL) return NULL;
    v->files = files;
    v->arena = arena;
    v->source = source;
    v->headers = headers;
    return v;
}

static struct rollup *rollup_of(struct verifier *v, uint64_t rollup_id) {
    for (size_t i = 0; i < v->rollup_count; i++)
        if (v->rollups[i]->rollup_id == rollup_id) return v->rollups[i];
    return NULL;
}

static enum err refuse(struct verifier *v, enum verify_verdict verdict, uint64_t rollup_id) {
    v->result.verdict = verdict;
    v->result.rollup_id = rollup_id;
    return ERR_OK;
}

/* The source's ERR_MISSING and ERR_CORRUPT are verdicts on the witness. */
static enum err witness_verdict(struct verifier *v, enum err err) {
    if (err == ERR_MISSING) v->result.verdict = VERIFY_WITNESS_INCOMPLETE;
    if (err == ERR_CORRUPT || err == ERR_INPUT) v->result.verdict = VERIFY_WITNESS_MALFORMED;
    return v->result.verdict != VERIFY_OK ? ERR_OK : err;
}

/* --- heads ------------------------------------------------------------------------------------ */

/* The parameters in the rollup's state are what the head commits to; the statement must be about
 * the same chains. */
static enum err check_parameters(
    struct verifier *v,
    const struct witness_head *head,
    const struct rollup_type **type,
    uint64_t *chain_id
) {
    const struct batch_file *file = &v->files->file;
    struct rollup_parameters p;
    enum err err = rollup_read_parameters(&p, v->arena, v->source, &head->head);
    if (err != ERR_OK) return witness_verdict(v, err);
    u256 hub = u256_load_be_short(address_bytes(&file->hub));
    u256 id = u256_from_u64(head->rollup_id);
    u256 parent = u256_from_u64(file->chain_id);
    if (!u256_equal(&p.rollup_id, &id) || !u256_equal(&p.hub, &hub) ||
        !u256_equal(&p.parent_chain_id, &parent) || !u256_fits_u64(&p.chain_id))
        return refuse(v, VERIFY_PARAMETERS, head->rollup_id);
    if (rollup_type_of(&p.kind) == NULL) return refuse(v, VERIFY_KIND, head->rollup_id);
    *type = rollup_type_of(&p.kind);
    *chain_id = p.chain_id.w[0];
    return ERR_OK;
}

static enum err add_updates(struct verifier *v, struct rollup *rollup) {
    const struct batch *batch = &v->files->batch;
    size_t count = 0;
    for (size_t i = 0; i < batch->update_count; i++) {
        const struct update *update = &batch->updates[i];
        if (update->rollup_id != rollup->rollup_id) continue;
        if (count++ == ROLLUP_UPDATES_MAX)
            return refuse(v, VERIFY_TOO_MANY_UPDATES, update->rollup_id);
        if (v->files->is_opened != NULL && !v->files->is_opened[i]) continue;
        enum err err = rollup_add_update(rollup, update, v->files->anchors[i]);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

static enum err add_rollup(
    struct verifier *v, const struct rollup_type *type, uint64_t rollup_id, uint64_t chain_id
) {
    if (v->rollup_count == VERIFY_ROLLUPS_MAX) return refuse(v, VERIFY_WITNESS_MALFORMED, 0);
    const struct rollup_options options = {
        .arena = v->arena,
        .rollup_id = rollup_id,
        .chain_id = chain_id,
        .overlay = &v->overlays[v->rollup_count],
        .names_senders = v->files->options.names_senders,
    };
    source_memory_open(options.overlay, v->arena, v->source);
    struct rollup *rollup = rollup_open(type, &options);
    if (rollup == NULL) return ERR_MEMORY;
    rollup->parent.source = v->source;
    rollup->parent.headers = v->headers;
    rollup->parent.schedule = v->files->options.schedule;
    v->rollups[v->rollup_count++] = rollup;
    return add_updates(v, rollup);
}

static enum err add_head(struct verifier *v, size_t index) {
    const struct witness_head *head = v->files->heads[index];
    const struct rollup_type *type = NULL;
    uint64_t chain_id = 0;
    v->place = index;
    if (v->is_head_used != NULL) v->is_head_used[index] = true;
    enum err err = check_parameters(v, head, &type, &chain_id);
    if (err == ERR_OK && v->result.verdict == VERIFY_OK && rollup_of(v, head->rollup_id) == NULL)
        err = add_rollup(v, type, head->rollup_id, chain_id);
    if (err != ERR_OK || v->result.verdict != VERIFY_OK) return err;
    struct rollup *rollup = rollup_of(v, head->rollup_id);
    if (rollup->type != type) return refuse(v, VERIFY_KIND, head->rollup_id);
    struct open_block open;
    err = open_block_decode(&open, v->arena, head->open_block);
    if (err != ERR_OK) return witness_verdict(v, err);
    enum step_verdict step;
    err = rollup_add_head(rollup, &step, &head->head, &open);
    if (err != ERR_OK) return witness_verdict(v, err);
    return step == STEP_OK ? ERR_OK : refuse(v, VERIFY_OPEN_BLOCK, head->rollup_id);
}

/* The heads of the witness that a run begins at, in the witness's order. */
static enum err add_first_heads(struct verifier *v, const size_t *entries, size_t count) {
    const struct verify_files *files = v->files;
    const size_t head_count = files->first_head_count;
    bool *is_wanted = arena_alloc_zero(v->arena, head_count);
    if (is_wanted == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = &files->batch.entries[entries[i]];
        for (size_t j = 0; j < entry->transition_count; j++) {
            const struct transition *t = &entry->transitions[j];
            const struct head_key key = {t->rollup_id, t->pre};
            const uint64_t *index = map_get(&files->head_indices, &key);
            if (index != NULL && *index < head_count) is_wanted[*index] = true;
        }
    }
    enum err err = ERR_OK;
    for (size_t i = 0; i < head_count; i++)
        if (err == ERR_OK && v->result.verdict == VERIFY_OK && is_wanted[i]) err = add_head(v, i);
    return err;
}

/* The heads in the middle of the batch that an entry begins at, as far as they are given. What is
 * wrong with one is said of the entry: to who goes through the whole batch it is not given. */
static enum err add_middle_heads(struct verifier *v, size_t entry_index) {
    const struct entry *entry = &v->files->batch.entries[entry_index];
    for (size_t i = 0; i < entry->transition_count; i++) {
        const struct head_key key = {entry->transitions[i].rollup_id, entry->transitions[i].pre};
        const uint64_t *index = map_get(&v->files->head_indices, &key);
        const struct rollup *rollup = rollup_of(v, key.rollup_id);
        if (index == NULL || v->files->heads[*index] == NULL) continue;
        if (rollup != NULL && rollup_at(rollup, &key.head) != NULL) continue;
        enum err err = add_head(v, (size_t)*index);
        if (err == ERR_OK && v->result.verdict == VERIFY_OK) continue;
        v->place = v->files->head_count + entry_index;
        v->result.entry_index = entry_index;
        return err;
    }
    return ERR_OK;
}

/* --- entries ---------------------------------------------------------------------------------- */

static enum err check_entry(struct verifier *v, size_t index) {
    struct verify_result *result = &v->result;
    struct claim_result claim;
    v->place = v->files->head_count + index;
    result->entry_index = index;
    enum err err =
        claim_check(&claim, v->arena, v->rollups, v->rollup_count, &v->files->batch.entries[index]);
    if (err != ERR_OK) return witness_verdict(v, err);
    result->verdict = claim.verdict;
    result->step = claim.step;
    result->rollup_id = claim.rollup_id;
    /* A rollup that nobody begins with is not even opened. */
    if (claim.step == STEP_ROLLUP_UNKNOWN && verify_is_covered(v->files, claim.rollup_id) &&
        entry_transition_of(&v->files->batch.entries[index], claim.rollup_id) != NULL)
        result->step = STEP_HEAD_UNKNOWN;
    return ERR_OK;
}

enum err verifier_run_all(struct verifier *v) {
    enum err err = ERR_OK;
    for (size_t i = 0; i < v->files->head_count; i++)
        if (err == ERR_OK && v->result.verdict == VERIFY_OK && v->files->is_begun[i])
            err = add_head(v, i);
    for (size_t i = 0; i < v->files->batch.entry_count; i++)
        if (err == ERR_OK && v->result.verdict == VERIFY_OK) err = check_entry(v, i);
    return err;
}

enum err verifier_run(struct verifier *v, size_t run_index) {
    const struct verify_files *files = v->files;
    const size_t *entries = files->run_entries + files->run_starts[run_index];
    const size_t count = files->run_starts[run_index + 1] - files->run_starts[run_index];
    enum err err = add_first_heads(v, entries, count);
    for (size_t i = 0; i < count; i++) {
        if (err == ERR_OK && v->result.verdict == VERIFY_OK) err = add_middle_heads(v, entries[i]);
        if (err == ERR_OK && v->result.verdict == VERIFY_OK) err = check_entry(v, entries[i]);
    }
    return err;
}
