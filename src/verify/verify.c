#include "verify/verify.h"

#include "crypto/keccak.h"
#include "verify/verify_private.h"

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

static enum err
refuse(struct verify_result *result, enum verify_verdict verdict, uint64_t rollup_id) {
    result->verdict = verdict;
    result->rollup_id = rollup_id;
    return ERR_OK;
}

/* --- files ------------------------------------------------------------------------------------ */

static enum err file_verdict(
    struct verify_result *result, enum err err, enum verify_verdict verdict, enum words_fault fault
) {
    if (err != ERR_INPUT) return err;
    result->fault = fault;
    return refuse(result, verdict, 0);
}

enum err verify_open_part(struct witness_part *part, struct arena *arena) {
    const struct witness *w = &part->witness;
    enum err err = hashed_list_open(&part->nodes, arena, w->nodes, w->node_count);
    return err == ERR_OK ? hashed_list_open(&part->codes, arena, w->codes, w->code_count) : err;
}

static enum err
open_witness(struct verify_files *files, struct verify_result *result, bytes encoded) {
    enum words_fault fault = WORDS_ORDER;
    struct witness_part *part = &files->parts[files->part_count++];
    enum err err = witness_decode(&part->witness, &fault, files->arena, encoded);
    if (err == ERR_OK) err = verify_open_part(part, files->arena);
    return file_verdict(result, err, VERIFY_WITNESS_FILE, fault);
}

static enum err open_share(struct verify_files *files, struct verify_result *result, bytes *input) {
    enum words_fault fault;
    struct share *share = arena_alloc(files->arena, sizeof(*share));
    if (share == NULL) return ERR_MEMORY;
    enum err err = share_decode(share, &fault, input, files->arena, *input);
    if (err != ERR_OK) return file_verdict(result, err, VERIFY_SHARE_FILE, fault);
    files->share = share;
    return ERR_OK;
}

static enum err
open_files(struct verify_files *files, struct verify_result *result, bytes input, bytes runs) {
    enum words_fault fault;
    bytes rest;
    enum err err = ERR_OK;
    if (files->options.takes_shares && share_is_next(input))
        err = open_share(files, result, &input);
    if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
    err = batch_file_decode(&files->file, &fault, &rest, files->arena, input);
    if (err != ERR_OK) return file_verdict(result, err, VERIFY_BATCH_FILE, fault);
    err = batch_decode(&files->batch, files->arena, files->file.batch);
    if (err == ERR_INPUT) return refuse(result, VERIFY_BATCH_MALFORMED, 0);
    if (err != ERR_OK) return err;
    if (files->file.update_count != files->batch.update_count)
        return refuse(result, VERIFY_CONTEXT_COUNT, 0);
    err = open_witness(files, result, rest);
    if (err == ERR_OK && result->verdict == VERIFY_OK && runs.size > 0 && files->share == NULL)
        err = open_witness(files, result, runs);
    return err;
}

/* --- what is found in them -------------------------------------------------------------------- */

/* The head's place, NULL if it is none of the heads. */
static const uint64_t *
find_head(const struct verify_files *files, uint64_t rollup_id, const hash32 *head) {
    const struct head_key key = {rollup_id, *head};
    return map_get(&files->head_indices, &key);
}

/* At which of the heads entries begin, and to which they lead. Who goes through the whole batch has
 * come to a head that an entry before has led to, and does not begin there. */
static enum err note_ends(struct verify_files *files) {
    const struct batch *batch = &files->batch;
    files->is_begun = arena_alloc_zero(files->arena, files->head_count);
    files->is_reached = arena_alloc_zero(files->arena, files->head_count);
    if (files->is_begun == NULL || files->is_reached == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < batch->entry_count; i++) {
        const struct entry *entry = &batch->entries[i];
        for (size_t j = 0; j < entry->transition_count; j++) {
            const struct transition *t = &entry->transitions[j];
            const uint64_t *pre = find_head(files, t->rollup_id, &t->pre);
            if (pre != NULL && (files->share != NULL || !files->is_reached[*pre]))
                files->is_begun[*pre] = true;
        }
        for (size_t j = 0; j < entry->transition_count; j++) {
            const struct transition *t = &entry->transitions[j];
            const uint64_t *post = find_head(files, t->rollup_id, &t->post);
            if (post != NULL) files->is_reached[*post] = true;
        }
    }
    return ERR_OK;
}

static enum err index_heads(struct verify_files *files, struct verify_result *result) {
    if (files->share != NULL) {
        enum err err = verify_index_share_heads(files, result);
        return err == ERR_OK ? note_ends(files) : err;
    }
    size_t count = 0;
    files->first_head_count = files->parts[0].witness.head_count;
    for (size_t i = 0; i < files->part_count; i++)
        count += files->parts[i].witness.head_count;
    files->heads = arena_alloc_array(files->arena, count, sizeof(const struct witness_head *));
    if (files->heads == NULL) return ERR_MEMORY;
    map_open(&files->head_indices, files->arena, sizeof(struct head_key), sizeof(uint64_t));
    for (size_t i = 0; i < files->part_count; i++) {
        const struct witness *witness = &files->parts[i].witness;
        for (size_t j = 0; j < witness->head_count; j++) {
            const struct witness_head *head = &witness->heads[j];
            const struct head_key key = {head->rollup_id, head->head};
            uint64_t *index = map_put(&files->head_indices, &key, NULL);
            if (index == NULL) return ERR_MEMORY;
            *index = files->head_count;
            files->heads[files->head_count++] = head;
        }
    }
    return note_ends(files);
}

static enum err
find_anchor(struct verify_files *files, struct verify_result *result, size_t index) {
    const struct update *update = &files->batch.updates[index];
    const struct update_context *context = &files->file.contexts[index];
    struct header anchor;
    if ((update->forced != 0) == hash32_is_zero(&context->forced_hash))
        return refuse(result, VERIFY_FORCED_HASH, update->rollup_id);
    bytes *encoded = &files->anchors[index];
    if (hashed_list_find(&files->headers, &context->anchor_hash, encoded) != ERR_OK)
        return refuse(result, VERIFY_ANCHOR_MISSING, update->rollup_id);
    if (header_decode(&anchor, *encoded) != BLOCK_OK)
        return refuse(result, VERIFY_ANCHOR_MALFORMED, update->rollup_id);
    if (anchor.number != update->anchor_number)
        return refuse(result, VERIFY_ANCHOR_NUMBER, update->rollup_id);
    return ERR_OK;
}

/* The Hub keeps a fact under the key of what it knows of the update that the entry names. */
static enum err
check_context(const struct verify_files *files, struct verify_result *result, size_t index) {
    const struct update *update = &files->batch.updates[index];
    const struct update_context *context = &files->file.contexts[index];
    if (!update->has_context || memcmp(&update->context, context, sizeof(*context)) == 0)
        return ERR_OK;
    return refuse(result, VERIFY_UPDATE_CONTEXT, update->rollup_id);
}

enum err verify_index(struct verify_files *files, struct verify_result *result) {
    const struct witness *witness = &files->parts[0].witness;
    const size_t count = files->batch.update_count;
    enum err err =
        hashed_list_open(&files->headers, files->arena, witness->headers, witness->header_count);
    if (err == ERR_INPUT) return file_verdict(result, err, VERIFY_WITNESS_FILE, WORDS_ORDER);
    files->anchors = arena_alloc_zero(files->arena, count * sizeof(*files->anchors));
    if (files->anchors == NULL) return ERR_MEMORY;
    if (err == ERR_OK) err = index_heads(files, result);
    if (err == ERR_OK && result->verdict == VERIFY_OK && files->share != NULL)
        err = verify_settle_share(files, result);
    for (size_t i = 0; i < count; i++) {
        if (err != ERR_OK || result->verdict != VERIFY_OK) break;
        if (files->is_opened == NULL || files->is_opened[i]) err = find_anchor(files, result, i);
        if (err == ERR_OK && result->verdict == VERIFY_OK) err = check_context(files, result, i);
    }
    return err;
}

enum err verify_open(
    struct verify_files **files,
    struct verify_result *result,
    struct arena *arena,
    const struct verify_options *options,
    bytes input,
    bytes runs
) {
    *result = (struct verify_result){.verdict = VERIFY_OK};
    struct verify_files *f = arena_alloc_zero(arena, sizeof(*f));
    if (f == NULL) return ERR_MEMORY;
    f->arena = arena;
    f->options = *options;
    enum err err = open_files(f, result, input, runs);
    if (err == ERR_OK && result->verdict == VERIFY_OK) err = verify_index(f, result);
    if (err == ERR_OK) *files = f;
    return err;
}

/* --- jobs ------------------------------------------------------------------------------------- */

struct verify_job *verify_job_open(struct arena *arena, const struct verify_files *files) {
    struct verify_job *job = arena_alloc_zero(arena, sizeof(*job));
    if (job == NULL) return NULL;
    job->files = files;
    job->is_head_used = arena_alloc_zero(arena, files->head_count);
    if (job->is_head_used == NULL) return NULL;
    if (hashed_list_share(&job->headers, arena, &files->headers) != ERR_OK) return NULL;
    for (size_t i = files->part_count; i-- > 0;) {
        struct hashed_list nodes;
        struct hashed_list codes;
        struct source *base = i + 1 < files->part_count ? &job->lists[i + 1].source : NULL;
        if (hashed_list_share(&nodes, arena, &files->parts[i].nodes) != ERR_OK ||
            hashed_list_share(&codes, arena, &files->parts[i].codes) != ERR_OK)
            return NULL;
        source_list_open(&job->lists[i], base, &nodes, &codes);
    }
    return job;
}

/* A header of the parent that a rollup's state names. */
static enum err get_parent_header(
    void *context, struct arena *arena, bytes *encoded, uint64_t number, const hash32 *hash
) {
    (void)arena;
    (void)number;
    return hashed_list_find(context, hash, encoded);
}

struct parent_headers verify_job_headers(struct verify_job *job) {
    return (struct parent_headers){.context = &job->headers, .get = get_parent_header};
}

/* The first refusal is kept. */
static void note(struct verify_job *job, const struct verifier *v) {
    const struct batch_file *file = &job->files->file;
    for (size_t i = 0; i < v->rollup_count; i++)
        for (size_t j = 0; j < file->rollup_id_count; j++)
            if (file->rollup_ids[j] == v->rollups[i]->rollup_id)
                job->types[j] = v->rollups[i]->type;
    if (v->result.verdict == VERIFY_OK) return;
    if (job->result.verdict != VERIFY_OK && job->place <= v->place) return;
    job->result = v->result;
    job->place = v->place;
}

enum err verify_job_run(struct verify_job *job, struct arena *arena, size_t run_index) {
    struct verifier *v =
        verifier_open(arena, job->files, &job->lists[0].source, verify_job_headers(job));
    if (v == NULL) return ERR_MEMORY;
    v->is_head_used = job->is_head_used;
    enum err err = verifier_run(v, run_index);
    if (err == ERR_OK) note(job, v);
    return err;
}

static enum err run_share(struct verify_job *job, struct arena *arena, const struct share *share) {
    enum err err = ERR_OK;
    for (uint64_t i = 0; i < share->count && err == ERR_OK; i++) {
        const struct arena_mark mark = arena_mark(arena);
        err = verify_job_run(job, arena, (size_t)(share->first + i));
        arena_release(arena, mark);
    }
    return err;
}

enum err verify_job_run_all(struct verify_job *job, struct arena *arena) {
    if (job->files->share != NULL) return run_share(job, arena, job->files->share);
    struct verifier *v =
        verifier_open(arena, job->files, &job->lists[0].source, verify_job_headers(job));
    if (v == NULL) return ERR_MEMORY;
    v->is_head_used = job->is_head_used;
    enum err err = verifier_run_all(v);
    if (err == ERR_OK) note(job, v);
    return err;
}

/* --- the statement ---------------------------------------------------------------------------- */

/* Whether everybody together has read all of a list. */
static bool are_all_read(
    const struct verify_files *files, struct verify_job *const *jobs, size_t job_count, size_t part
) {
    const size_t node_count = files->parts[part].nodes.count;
    const size_t code_count = files->parts[part].codes.count;
    for (size_t i = 0; i < node_count; i++) {
        bool is_read = false;
        for (size_t j = 0; j < job_count && !is_read; j++)
            is_read = jobs[j]->lists[part].nodes.is_read[i];
        if (!is_read) return false;
    }
    for (size_t i = 0; i < code_count; i++) {
        bool is_read = false;
        for (size_t j = 0; j < job_count && !is_read; j++)
            is_read = jobs[j]->lists[part].codes.is_read[i];
        if (!is_read) return false;
    }
    return true;
}

/* Of headers, updates and rollups have read. */
static bool are_headers_read(
    const struct verify_files *files, struct verify_job *const *jobs, size_t job_count
) {
    for (size_t i = 0; i < files->headers.count; i++) {
        bool is_read = files->headers.is_read[i];
        for (size_t j = 0; j < job_count && !is_read; j++)
            is_read = jobs[j]->headers.is_read[i];
        if (!is_read) return false;
    }
    return true;
}

/* Whether a run has begun with each head that is given: the witness's are those that no entry
 * before leads to, a further witness's others. With a share they are its split's. */
static bool are_heads_needed(
    const struct verify_files *files, struct verify_job *const *jobs, size_t job_count
) {
    for (size_t i = 0; i < files->head_count; i++) {
        const bool is_first = i < files->first_head_count;
        bool is_used = files->heads[i] == NULL;
        for (size_t j = 0; j < job_count && !is_used; j++)
            is_used = jobs[j]->is_head_used[i];
        if (!is_used) return false;
        if (files->share != NULL) continue;
        if (is_first ? !files->is_begun[i] : !files->is_reached[i]) return false;
    }
    return true;
}

static bool
is_surplus(const struct verify_files *files, struct verify_job *const *jobs, size_t job_count) {
    if (!are_heads_needed(files, jobs, job_count)) return true;
    if (!are_headers_read(files, jobs, job_count)) return true;
    for (size_t i = 0; i < files->part_count; i++)
        if (!are_all_read(files, jobs, job_count, i)) return true;
    return false;
}

bool verify_is_covered(const struct verify_files *files, uint64_t rollup_id) {
    const struct share *share = files->share;
    for (size_t i = 0; share != NULL && i < share->head_count; i++)
        if (share->heads[i].rollup_id == rollup_id) return true;
    for (size_t i = 0; i < files->first_head_count; i++)
        if (files->heads[i]->rollup_id == rollup_id) return true;
    return false;
}

static enum err state(
    struct verify_result *result,
    const struct verify_files *files,
    struct arena *arena,
    struct verify_job *const *jobs,
    size_t job_count
) {
    const struct batch_file *file = &files->file;
    for (size_t i = 0; i < file->rollup_id_count; i++) {
        if (!verify_is_covered(files, file->rollup_ids[i]))
            return refuse(result, VERIFY_NOT_COVERED, file->rollup_ids[i]);
        result->rollup_ids[i] = file->rollup_ids[i];
        for (size_t j = 0; j < job_count; j++)
            if (jobs[j]->types[i] != NULL) result->types[i] = jobs[j]->types[i];
    }
    result->rollup_id_count = file->rollup_id_count;
    result->chain_id = file->chain_id;
    result->hub = file->hub;
    enum err err = batch_public_input(
        &result->public_input,
        arena,
        file->batch,
        file->contexts,
        file->update_count,
        file->chain_id,
        &file->hub
    );
    if (err != ERR_OK) return err;
    if (!hash32_equal(&result->public_input, &file->public_input))
        return refuse(result, VERIFY_PUBLIC_INPUT, 0);
    const struct verify_share *part = files->share == NULL ? NULL : &result->share;
    if (part != NULL) err = verify_name_share(&result->share, arena, files->share);
    if (err != ERR_OK) return err;
    return verify_output(
        &result->output, arena, file->rollup_ids, file->rollup_id_count, &file->public_input, part
    );
}

enum err verify_conclude(
    struct verify_result *result,
    const struct verify_files *files,
    struct arena *arena,
    struct verify_job *const *jobs,
    size_t job_count
) {
    const struct verify_job *first = NULL;
    *result = (struct verify_result){.verdict = VERIFY_OK};
    for (size_t i = 0; i < job_count; i++) {
        if (jobs[i]->result.verdict == VERIFY_OK) continue;
        if (first == NULL || jobs[i]->place < first->place) first = jobs[i];
    }
    if (first != NULL) {
        *result = first->result;
        return ERR_OK;
    }
    if (!files->options.allows_surplus && is_surplus(files, jobs, job_count))
        return refuse(result, VERIFY_WITNESS_SURPLUS, 0);
    return state(result, files, arena, jobs, job_count);
}

enum err verify_output(
    hash32 *output,
    struct arena *arena,
    const uint64_t *rollup_ids,
    size_t rollup_id_count,
    const hash32 *public_input,
    const struct verify_share *share
) {
    struct arena_mark mark = arena_mark(arena);
    struct abi_writer w;
    bytes encoded;
    abi_writer_open(&w, arena);
    size_t ids = abi_write_offset(&w);
    abi_write_hash(&w, public_input);
    if (share != NULL) {
        abi_write_hash(&w, &share->split);
        abi_write_u64(&w, share->first);
        abi_write_u64(&w, share->count);
        abi_write_u64(&w, share->total);
    }
    abi_begin_tail(&w, ids, 0);
    abi_write_u64(&w, rollup_id_count);
    for (size_t i = 0; i < rollup_id_count; i++)
        abi_write_u64(&w, rollup_ids[i]);
    enum err err = abi_finish(&w, &encoded);
    if (err == ERR_OK) *output = keccak256(encoded);
    arena_release(arena, mark);
    return err;
}

enum err verify_input(
    struct verify_result *result,
    struct arena *arena,
    const struct verify_options *options,
    bytes input
) {
    struct verify_files *files;
    enum err err = verify_open(&files, result, arena, options, input, BYTES_EMPTY);
    if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
    struct verify_job *job = verify_job_open(arena, files);
    if (job == NULL) return ERR_MEMORY;
    err = verify_job_run_all(job, arena);
    return err == ERR_OK ? verify_conclude(result, files, arena, &job, 1) : err;
}

const struct batch *verify_batch(const struct verify_files *files) {
    return &files->batch;
}

const struct witness *verify_witness(const struct verify_files *files) {
    return &files->parts[0].witness;
}
