/* Some of a batch's runs, checked by themselves (docs/batch-files.md, decisions/027).
 *
 * The batch is there as a whole, which its hash takes; opened are only the entries and updates of
 * these runs. Which runs there are follows from the batch and from the heads that cut it: those of
 * all shares, so that each finds the same ones. Whether such a head is true is for the share to say
 * whose runs begin there. */
#include "core/check.h"
#include "crypto/keccak.h"
#include "verify/verify_private.h"

enum err verify_index_share_heads(struct verify_files *files, struct verify_result *result) {
    const struct share *share = files->share;
    files->heads =
        arena_alloc_zero(files->arena, share->head_count * sizeof(const struct witness_head *));
    if (files->heads == NULL) return ERR_MEMORY;
    files->head_count = share->head_count;
    map_open(&files->head_indices, files->arena, sizeof(struct head_key), sizeof(uint64_t));
    for (size_t i = 0; i < share->head_count; i++) {
        uint64_t *index = map_put(&files->head_indices, &share->heads[i], NULL);
        if (index == NULL) return ERR_MEMORY;
        *index = i;
    }
    for (size_t i = 0; i < files->part_count; i++) {
        const struct witness *witness = &files->parts[i].witness;
        for (size_t j = 0; j < witness->head_count; j++) {
            const struct head_key key = {witness->heads[j].rollup_id, witness->heads[j].head};
            const uint64_t *index = map_get(&files->head_indices, &key);
            if (index != NULL)
                files->heads[*index] = &witness->heads[j];
            else if (!files->options.allows_surplus)
                result->verdict = VERIFY_WITNESS_SURPLUS;
        }
    }
    return ERR_OK;
}

/* --- updates ---------------------------------------------------------------------------------- */

struct opening {
    uint64_t rollup_id;
    hash32 data_hash; /* of the L2TX */
};

/* Notes of each L2TX whether it is in the share. */
static enum err list_openings(struct map *openings, const struct verify_files *files) {
    map_open(openings, files->arena, sizeof(struct opening), sizeof(bool));
    for (size_t run = 0; run < files->run_count; run++) {
        const bool is_mine =
            run >= files->share->first && run - files->share->first < files->share->count;
        for (size_t i = files->run_starts[run]; i < files->run_starts[run + 1]; i++) {
            const struct action *input = &files->batch.entries[files->run_entries[i]].input;
            if (input->kind != ACTION_L2TX) continue;
            const struct opening key = {input->rollup_id, keccak256(input->data)};
            bool *is_in_share = map_put(openings, &key, NULL);
            if (is_in_share == NULL) return ERR_MEMORY;
            *is_in_share = *is_in_share || is_mine;
        }
    }
    return ERR_OK;
}

/* Opened are the updates whose L2TX is in the share; those that no entry runs, in the first. */
static enum err open_updates(struct verify_files *files) {
    struct map openings;
    const struct batch *batch = &files->batch;
    bool *is_opened = arena_alloc_zero(files->arena, batch->update_count);
    if (is_opened == NULL) return ERR_MEMORY;
    enum err err = list_openings(&openings, files);
    for (size_t i = 0; i < batch->update_count && err == ERR_OK; i++) {
        struct action action;
        const struct arena_mark mark = arena_mark(files->arena);
        err = update_action(&action, files->arena, &batch->updates[i], &files->file.contexts[i]);
        if (err != ERR_OK) break;
        const struct opening key = {batch->updates[i].rollup_id, keccak256(action.data)};
        const bool *is_in_share = map_get(&openings, &key);
        is_opened[i] = is_in_share == NULL ? files->share->first == 0 : *is_in_share;
        arena_release(files->arena, mark);
    }
    files->is_opened = is_opened;
    return err;
}

enum err verify_settle_share(struct verify_files *files, struct verify_result *result) {
    for (size_t i = 0; i < files->head_count; i++) {
        if (files->is_begun[i]) continue;
        result->verdict = VERIFY_SHARE_HEAD;
        result->rollup_id = files->share->heads[i].rollup_id;
        return ERR_OK;
    }
    enum err err = verify_split(files);
    if (err != ERR_OK) return err;
    if (files->share->total != files->run_count) {
        result->verdict = VERIFY_SHARE_RUNS;
        return ERR_OK;
    }
    return open_updates(files);
}

enum err
verify_name_share(struct verify_share *named, struct arena *arena, const struct share *share) {
    struct verify_share s = {.first = share->first, .count = share->count, .total = share->total};
    enum err err = share_split(&s.split, arena, share);
    if (err == ERR_OK) *named = s;
    return err;
}

/* --- making one ------------------------------------------------------------------------------- */

/* The heads of both parts, each in order already, in one order. */
static enum err list_heads(struct share *share, struct arena *arena, const struct verify_files *f) {
    size_t at[WITNESS_PARTS_MAX] = {0};
    share->heads = arena_alloc_array(arena, f->head_count, sizeof(*share->heads));
    if (share->heads == NULL) return ERR_MEMORY;
    for (share->head_count = 0; share->head_count < f->head_count; share->head_count++) {
        const struct witness_head *next = NULL;
        size_t next_part = 0;
        for (size_t i = 0; i < f->part_count; i++) {
            const struct witness *witness = &f->parts[i].witness;
            if (at[i] == witness->head_count) continue;
            const struct witness_head *head = &witness->heads[at[i]];
            if (next != NULL &&
                head_compare(head->rollup_id, &head->head, next->rollup_id, &next->head) > 0)
                continue;
            next = head;
            next_part = i;
        }
        CHECK(next != NULL); /* head_count is the sum of theirs */
        share->heads[share->head_count] = (struct head_key){next->rollup_id, next->head};
        at[next_part]++;
    }
    return ERR_OK;
}

static void take_read(bytes *out, size_t *count, const struct hashed_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (list->is_read[i]) out[(*count)++] = list->items[i];
}

/* What a job has read. */
static enum err
take_witness(struct witness *witness, struct arena *arena, const struct verify_job *job) {
    const struct verify_files *f = job->files;
    size_t node_count = 0;
    size_t code_count = 0;
    for (size_t i = 0; i < f->part_count; i++) {
        node_count += f->parts[i].nodes.count;
        code_count += f->parts[i].codes.count;
    }
    *witness = (struct witness){
        .heads = arena_alloc_array(arena, f->head_count, sizeof(*witness->heads)),
        .headers = arena_alloc_array(arena, 2 * f->headers.count, sizeof(bytes)),
        .nodes = arena_alloc_array(arena, node_count, sizeof(bytes)),
        .codes = arena_alloc_array(arena, code_count, sizeof(bytes)),
    };
    if (witness->heads == NULL || witness->headers == NULL || witness->nodes == NULL ||
        witness->codes == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < f->head_count; i++)
        if (job->is_head_used[i]) witness->heads[witness->head_count++] = *f->heads[i];
    take_read(witness->headers, &witness->header_count, &f->headers);
    take_read(witness->headers, &witness->header_count, &job->headers);
    for (size_t i = 0; i < f->part_count; i++) {
        take_read(witness->nodes, &witness->node_count, &job->lists[i].nodes);
        take_read(witness->codes, &witness->code_count, &job->lists[i].codes);
    }
    return witness_sort(witness, arena);
}

static enum err write_share(
    bytes *out,
    struct arena *arena,
    const struct share *share,
    bytes batch_file,
    const struct witness *witness
) {
    const size_t size = share_size(share);
    const size_t whole = size + batch_file.size + witness_size(witness);
    uint8_t *data = arena_alloc(arena, whole);
    if (data == NULL) return ERR_MEMORY;
    CHECK(batch_file.data != NULL);
    share_write(data, share);
    memcpy(data + size, batch_file.data, batch_file.size);
    witness_write(data + size + batch_file.size, witness);
    *out = bytes_of(data, whole);
    return ERR_OK;
}

enum err verify_make_share(
    bytes *out,
    struct verify_result *result,
    struct arena *arena,
    const struct verify_options *options,
    bytes input,
    bytes runs,
    uint64_t first,
    uint64_t count
) {
    struct verify_files *files;
    struct share share = {.first = first, .count = count};
    struct witness witness;
    struct verify_options whole = *options;
    whole.takes_shares = false;
    enum err err = verify_open(&files, result, arena, &whole, input, runs);
    if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
    err = verify_split(files);
    if (err == ERR_OK) err = list_heads(&share, arena, files);
    if (err != ERR_OK) return err;
    share.total = files->run_count;
    if (count == 0 || count > share.total || first > share.total - count) return ERR_LIMIT;
    /* From here on as whoever checks it, but with all there is. */
    files->share = &share;
    files->first_head_count = 0;
    err = verify_index(files, result);
    if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
    struct verify_job *job = verify_job_open(arena, files);
    if (job == NULL) return ERR_MEMORY;
    err = verify_job_run_all(job, arena);
    if (err == ERR_OK) *result = job->result;
    if (err != ERR_OK || result->verdict != VERIFY_OK) return err;
    const size_t batch_size = (size_t)load_le64(input.data + WORD); /* decoded above */
    err = take_witness(&witness, arena, job);
    if (err == ERR_OK)
        err = write_share(out, arena, &share, bytes_slice(input, 0, batch_size), &witness);
    return err;
}
