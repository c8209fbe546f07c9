/* Making the files that verify/verify.h reads. */
#include "verify/verify_private.h"

enum err verify_make_input(
    bytes *input, size_t *witness_offset, struct arena *arena, const struct verify_claim *claim
) {
    struct witness *witness = claim->witness;
    struct batch_file file = {
        .chain_id = claim->chain_id,
        .hub = claim->hub,
        .contexts = claim->contexts,
        .update_count = claim->batch->update_count,
    };
    uint64_t *ids = arena_alloc_array(arena, witness->head_count, sizeof(*ids));
    if (ids == NULL) return ERR_MEMORY;
    enum err err = witness_sort(witness, arena);
    if (err == ERR_OK) err = batch_encode(&file.batch, arena, claim->batch);
    if (err == ERR_OK)
        err = batch_public_input(
            &file.public_input,
            arena,
            file.batch,
            file.contexts,
            file.update_count,
            file.chain_id,
            &file.hub
        );
    if (err != ERR_OK) return err;
    for (size_t i = 0; i < witness->head_count; i++) {
        const uint64_t id = witness->heads[i].rollup_id;
        if (i == 0 || witness->heads[i - 1].rollup_id != id) ids[file.rollup_id_count++] = id;
    }
    file.rollup_ids = ids;
    const size_t size = batch_file_size(&file);
    uint8_t *out = arena_alloc(arena, size + witness_size(witness));
    if (out == NULL) return ERR_MEMORY;
    batch_file_write(out, &file);
    witness_write(out + size, witness);
    *input = bytes_of(out, size + witness_size(witness));
    *witness_offset = size;
    return ERR_OK;
}

/* --- heads ------------------------------------------------------------------------------------ */

static size_t count_transitions(const struct batch *batch) {
    size_t count = 0;
    for (size_t i = 0; i < batch->entry_count; i++)
        count += batch->entries[i].transition_count;
    return count;
}

enum err verify_list_heads(
    struct witness_head **heads, size_t *count, struct arena *arena, const struct batch *batch
) {
    struct map known; /* struct head_key: led to, or listed */
    struct witness_head *list = arena_alloc_array(arena, count_transitions(batch), sizeof(*list));
    if (list == NULL) return ERR_MEMORY;
    map_open(&known, arena, sizeof(struct head_key), 1);
    size_t n = 0;
    for (size_t i = 0; i < batch->entry_count; i++) {
        const struct entry *entry = &batch->entries[i];
        for (size_t j = 0; j < entry->transition_count; j++) {
            const struct transition *t = &entry->transitions[j];
            const struct head_key key = {t->rollup_id, t->pre};
            bool is_new;
            if (map_put(&known, &key, &is_new) == NULL) return ERR_MEMORY;
            if (is_new)
                list[n++] = (struct witness_head){.rollup_id = t->rollup_id, .head = t->pre};
        }
        for (size_t j = 0; j < entry->transition_count; j++) {
            const struct transition *t = &entry->transitions[j];
            const struct head_key key = {t->rollup_id, t->post};
            if (map_put(&known, &key, NULL) == NULL) return ERR_MEMORY;
        }
    }
    *heads = list;
    *count = n;
    return ERR_OK;
}

/* --- recording -------------------------------------------------------------------------------- */

/* What a recorder has read, as a witness's lists. */
static enum err
take_record(struct witness *witness, struct arena *arena, const struct source_recorder *recorder) {
    witness->node_count = source_recorder_node_count(recorder);
    witness->code_count = source_recorder_code_count(recorder);
    witness->nodes = arena_alloc_array(arena, witness->node_count, sizeof(bytes));
    witness->codes = arena_alloc_array(arena, witness->code_count, sizeof(bytes));
    if (witness->nodes == NULL || witness->codes == NULL) return ERR_MEMORY;
    for (uint32_t i = 0; i < witness->node_count; i++)
        witness->nodes[i] = source_recorder_node_at(recorder, i);
    for (uint32_t i = 0; i < witness->code_count; i++)
        witness->codes[i] = source_recorder_code_at(recorder, i);
    return ERR_OK;
}

/* The parent's headers, and those of them that rollups have read. */
struct header_recorder {
    const struct parent_headers *base;
    struct map read; /* hash32 → bytes */
};

static enum err record_header(
    void *context, struct arena *arena, bytes *encoded, uint64_t number, const hash32 *hash
) {
    struct header_recorder *recorder = context;
    const struct parent_headers *base = recorder->base;
    if (base == NULL) return ERR_MISSING;
    enum err err = base->get(base->context, arena, encoded, number, hash);
    if (err != ERR_OK) return err;
    bytes *kept = map_put(&recorder->read, hash, NULL);
    if (kept == NULL) return ERR_MEMORY;
    *kept = *encoded;
    return ERR_OK;
}

static enum err
take_headers(struct witness *witness, struct arena *arena, const struct header_recorder *recorder) {
    const size_t count = witness->header_count + recorder->read.count;
    bytes *all = arena_alloc_array(arena, count, sizeof(*all));
    if (all == NULL) return ERR_MEMORY;
    if (witness->header_count > 0)
        memcpy(all, witness->headers, witness->header_count * sizeof(*all));
    for (uint32_t i = 0; i < recorder->read.count; i++)
        all[witness->header_count++] = *(const bytes *)map_value_at(&recorder->read, i);
    witness->headers = all;
    return ERR_OK;
}

enum err verify_record(
    struct verify_result *result,
    struct arena *arena,
    const struct verify_options *options,
    const struct verify_claim *claim,
    struct source *source
) {
    *result = (struct verify_result){.verdict = VERIFY_OK};
    struct verify_files *files = arena_alloc_zero(arena, sizeof(*files));
    struct source_recorder *recorder = arena_alloc(arena, sizeof(*recorder));
    struct header_recorder *headers = arena_alloc(arena, sizeof(*headers));
    if (files == NULL || recorder == NULL || headers == NULL) return ERR_MEMORY;
    headers->base = claim->parent_headers;
    map_open(&headers->read, arena, sizeof(hash32), sizeof(bytes));
    claim->witness->node_count = 0;
    claim->witness->code_count = 0;
    enum err err = witness_sort(claim->witness, arena);
    if (err != ERR_OK) return err;
    files->arena = arena;
    files->options = *options;
    files->file.chain_id = claim->chain_id;
    files->file.hub = claim->hub;
    files->file.contexts = claim->contexts;
    files->batch = *claim->batch;
    files->parts[0].witness = *claim->witness;
    files->part_count = 1;
    err = verify_index(files, result);
    if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
    source_recorder_open(recorder, arena, source);
    struct verifier *v = verifier_open(
        arena, files, &recorder->source, (struct parent_headers){headers, record_header}
    );
    if (v == NULL) return ERR_MEMORY;
    err = verifier_run_all(v);
    if (err == ERR_OK) err = take_record(claim->witness, arena, recorder);
    if (err == ERR_OK) err = take_headers(claim->witness, arena, headers);
    if (err == ERR_OK) *result = v->result;
    return err;
}

/* --- runs ------------------------------------------------------------------------------------- */

/* The idle heads in the middle of the batch that an entry begins at: the verifier has been
 * there. */
static enum err
list_middle_heads(struct witness *further, struct arena *arena, const struct verifier *v) {
    const struct verify_files *files = v->files;
    struct map known;
    further->heads =
        arena_alloc_array(arena, count_transitions(&files->batch), sizeof(*further->heads));
    if (further->heads == NULL) return ERR_MEMORY;
    map_open(&known, arena, sizeof(struct head_key), 1);
    for (size_t i = 0; i < files->batch.entry_count; i++) {
        for (size_t j = 0; j < files->batch.entries[i].transition_count; j++) {
            const struct transition *t = &files->batch.entries[i].transitions[j];
            const struct head_key key = {t->rollup_id, t->pre};
            const struct open_block *open = NULL;
            for (size_t k = 0; k < v->rollup_count; k++)
                if (v->rollups[k]->rollup_id == t->rollup_id)
                    open = rollup_open_block(v->rollups[k], &t->pre);
            if (open == NULL || map_get(&files->head_indices, &key) != NULL) continue;
            bool is_new;
            if (map_put(&known, &key, &is_new) == NULL) return ERR_MEMORY;
            if (!is_new) continue;
            struct witness_head *head = &further->heads[further->head_count++];
            *head = (struct witness_head){.rollup_id = t->rollup_id, .head = t->pre};
            enum err err = open_block_encode(&head->open_block, arena, open);
            if (err != ERR_OK) return err;
        }
    }
    return ERR_OK;
}

/* Leaves out the heads that no run has begun with: it was there before, on its way. */
static bool drop_unused(struct witness *further, const bool *is_used) {
    size_t count = 0;
    for (size_t i = 0; i < further->head_count; i++)
        if (is_used[i]) further->heads[count++] = further->heads[i];
    const bool is_any = count < further->head_count;
    further->head_count = count;
    return is_any;
}

/* Runs each part alone on the witness and notes what it needs besides: the verifier has made it.
 * Not settled: heads were left out, and runs may be joined. */
static enum err record_runs(
    struct witness *further,
    bool *is_settled,
    struct verify_result *result,
    struct arena *arena,
    struct arena *scratch,
    const struct verifier *v
) {
    struct verify_files files = *v->files;
    struct source_several several;
    struct source_recorder recorder;
    struct source *overlays[VERIFY_ROLLUPS_MAX];
    *is_settled = true;
    for (size_t i = 0; i < v->rollup_count; i++)
        overlays[i] = &v->rollups[i]->overlay->source;
    source_several_open(&several, overlays, v->rollup_count);
    source_recorder_open(&recorder, arena, &several.source);
    enum err err = witness_sort(further, arena);
    if (err != ERR_OK) return err;
    files.parts[files.part_count++].witness = *further;
    files.head_count = 0;
    err = verify_index(&files, result);
    if (err == ERR_OK) err = verify_split(&files);
    struct verify_job *job = err == ERR_OK ? verify_job_open(arena, &files) : NULL;
    if (job == NULL) return err == ERR_OK ? ERR_MEMORY : err;
    job->lists[0].base = &recorder.source;
    for (size_t i = 0; i < files.run_count && err == ERR_OK; i++) {
        arena_reset(scratch);
        err = verify_job_run(job, scratch, i);
    }
    if (err != ERR_OK) return err;
    *result = job->result;
    if (result->verdict != VERIFY_OK) return ERR_OK;
    *is_settled = !drop_unused(further, job->is_head_used + v->files->head_count);
    return take_record(further, arena, &recorder);
}

enum err verify_make_runs(
    bytes *runs,
    struct verify_result *result,
    struct arena *arena,
    struct arena *scratch,
    const struct verify_options *options,
    bytes input
) {
    struct verify_files *files;
    struct witness further = {0};
    *runs = BYTES_EMPTY;
    enum err err = verify_open(&files, result, arena, options, input, BYTES_EMPTY);
    if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
    struct verify_job *job = verify_job_open(arena, files);
    struct verifier *v =
        job == NULL ? NULL
                    : verifier_open(arena, files, &job->lists[0].source, verify_job_headers(job));
    if (v == NULL) return ERR_MEMORY;
    err = verifier_run_all(v);
    *result = v->result;
    if (err == ERR_OK && result->verdict == VERIFY_OK) err = list_middle_heads(&further, arena, v);
    if (err != ERR_OK || result->verdict != VERIFY_OK || further.head_count == 0) return err;
    if (further.head_count > WITNESS_HEADS_MAX) return ERR_LIMIT;
    bool is_settled = false;
    while (err == ERR_OK && result->verdict == VERIFY_OK && !is_settled) {
        further.node_count = 0;
        further.code_count = 0;
        err = record_runs(&further, &is_settled, result, arena, scratch, v);
    }
    if (err == ERR_OK) err = witness_sort(&further, arena);
    if (err != ERR_OK || result->verdict != VERIFY_OK || further.head_count == 0) return err;
    uint8_t *out = arena_alloc(arena, witness_size(&further));
    if (out == NULL) return ERR_MEMORY;
    witness_write(out, &further);
    *runs = bytes_of(out, witness_size(&further));
    return ERR_OK;
}
