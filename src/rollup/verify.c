#include "rollup/verify.h"

#include "crypto/keccak.h"
#include "rollup/claim.h"
#include "rollup/evm_rollup.h"
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
    const struct verify_options *options;
    struct verify_result *result;
    struct batch_file file;
    struct batch batch;
    struct witness witness;
    struct hashed_list headers;
    struct source_list source;
    struct source_memory overlays[VERIFY_ROLLUPS_MAX];
    struct rollup *rollups[VERIFY_ROLLUPS_MAX];
    size_t rollup_count;
};

static struct rollup *rollup_of(struct verifier *v, uint64_t rollup_id) {
    for (size_t i = 0; i < v->rollup_count; i++)
        if (v->rollups[i]->rollup_id == rollup_id) return v->rollups[i];
    return NULL;
}

static enum err refuse(struct verifier *v, enum verify_verdict verdict, uint64_t rollup_id) {
    v->result->verdict = verdict;
    v->result->rollup_id = rollup_id;
    return ERR_OK;
}

/* The source's ERR_MISSING and ERR_CORRUPT are verdicts on the witness. */
static enum err witness_verdict(struct verifier *v, enum err err) {
    if (err == ERR_MISSING) v->result->verdict = VERIFY_WITNESS_INCOMPLETE;
    if (err == ERR_CORRUPT || err == ERR_INPUT) v->result->verdict = VERIFY_WITNESS_MALFORMED;
    return err == ERR_MEMORY ? ERR_MEMORY : ERR_OK;
}

/* --- files ------------------------------------------------------------------------------------ */

static enum err file_verdict(
    struct verifier *v, enum err err, enum verify_verdict verdict, enum words_fault fault
) {
    if (err != ERR_INPUT) return err;
    v->result->fault = fault;
    return refuse(v, verdict, 0);
}

static enum err open_witness(struct verifier *v, bytes encoded) {
    enum words_fault fault;
    struct witness *w = &v->witness;
    struct hashed_list nodes;
    struct hashed_list codes;
    enum err err = witness_decode(w, &fault, v->arena, encoded);
    if (err != ERR_OK) return file_verdict(v, err, VERIFY_WITNESS_FILE, fault);
    err = hashed_list_open(&v->headers, v->arena, w->headers, w->header_count);
    if (err == ERR_OK) err = hashed_list_open(&nodes, v->arena, w->nodes, w->node_count);
    if (err == ERR_OK) err = hashed_list_open(&codes, v->arena, w->codes, w->code_count);
    if (err != ERR_OK) return file_verdict(v, err, VERIFY_WITNESS_FILE, WORDS_ORDER);
    source_list_open(&v->source, &nodes, &codes);
    return ERR_OK;
}

static enum err open_files(struct verifier *v, bytes input) {
    enum words_fault fault;
    bytes rest;
    enum err err = batch_file_decode(&v->file, &fault, &rest, v->arena, input);
    if (err != ERR_OK) return file_verdict(v, err, VERIFY_BATCH_FILE, fault);
    err = batch_decode(&v->batch, v->arena, v->file.batch);
    if (err == ERR_INPUT) return refuse(v, VERIFY_BATCH_MALFORMED, 0);
    if (err != ERR_OK) return err;
    if (v->file.update_count != v->batch.update_count) return refuse(v, VERIFY_CONTEXT_COUNT, 0);
    return open_witness(v, rest);
}

/* --- heads and updates ------------------------------------------------------------------------ */

/* The parameters in the rollup's state are what the head commits to; the statement must be about
 * the same chains. */
static enum err
check_parameters(struct verifier *v, const struct witness_head *head, uint64_t *chain_id) {
    struct rollup_parameters p;
    enum err err = rollup_read_parameters(&p, v->arena, &v->source.source, &head->head);
    if (err != ERR_OK) return witness_verdict(v, err);
    u256 hub = u256_load_be_short(address_bytes(&v->file.hub));
    u256 id = u256_from_u64(head->rollup_id);
    u256 parent = u256_from_u64(v->file.chain_id);
    if (!u256_equal(&p.rollup_id, &id) || !u256_equal(&p.hub, &hub) ||
        !u256_equal(&p.parent_chain_id, &parent) || !u256_fits_u64(&p.chain_id))
        return refuse(v, VERIFY_PARAMETERS, head->rollup_id);
    *chain_id = p.chain_id.w[0];
    return ERR_OK;
}

static enum err add_head(struct verifier *v, const struct witness_head *head) {
    uint64_t chain_id = 0;
    enum err err = check_parameters(v, head, &chain_id);
    if (err != ERR_OK || v->result->verdict != VERIFY_OK) return err;
    struct rollup *rollup = rollup_of(v, head->rollup_id);
    if (rollup == NULL) {
        if (v->rollup_count == VERIFY_ROLLUPS_MAX) return refuse(v, VERIFY_WITNESS_MALFORMED, 0);
        const struct rollup_options options = {
            .arena = v->arena,
            .rollup_id = head->rollup_id,
            .chain_id = chain_id,
            .overlay = &v->overlays[v->rollup_count],
            .names_senders = v->options->names_senders,
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
    return step == STEP_OK ? ERR_OK : refuse(v, VERIFY_OPEN_BLOCK, head->rollup_id);
}

static enum err add_update(struct verifier *v, size_t index) {
    const struct update *update = &v->batch.updates[index];
    const struct update_context *context = &v->file.contexts[index];
    bytes encoded;
    struct header anchor;
    /* The Hub refuses them too; what it would hash of them is not decided. */
    if (update->forced != 0 || update->message_slot_count != 0 ||
        !hash32_is_zero(&context->forced_hash))
        return refuse(v, VERIFY_UPDATE_UNSUPPORTED, update->rollup_id);
    if (hashed_list_find(&v->headers, &context->anchor_hash, &encoded) != ERR_OK)
        return refuse(v, VERIFY_ANCHOR_MISSING, update->rollup_id);
    if (header_decode(&anchor, encoded) != BLOCK_OK)
        return refuse(v, VERIFY_ANCHOR_MALFORMED, update->rollup_id);
    if (anchor.number != update->anchor_number)
        return refuse(v, VERIFY_ANCHOR_NUMBER, update->rollup_id);
    struct rollup *rollup = rollup_of(v, update->rollup_id);
    if (rollup == NULL) return ERR_OK; /* covered by somebody else's proof */
    enum err err = rollup_add_update(rollup, update, encoded);
    return err == ERR_LIMIT ? refuse(v, VERIFY_TOO_MANY_UPDATES, update->rollup_id) : err;
}

/* --- entries and the statement ---------------------------------------------------------------- */

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

static bool is_head_needed(const struct verifier *v, const struct witness_head *head) {
    for (size_t i = 0; i < v->batch.entry_count; i++) {
        const struct transition *t = entry_transition_of(&v->batch.entries[i], head->rollup_id);
        if (t != NULL && hash32_equal(&t->pre, &head->head)) return true;
    }
    return false;
}

static bool is_surplus(const struct verifier *v) {
    if (v->headers.read_count < v->headers.count) return true;
    if (v->source.nodes.read_count < v->source.nodes.count) return true;
    if (v->source.codes.read_count < v->source.codes.count) return true;
    for (size_t i = 0; i < v->witness.head_count; i++)
        if (!is_head_needed(v, &v->witness.heads[i])) return true;
    return false;
}

static enum err conclude(struct verifier *v) {
    struct verify_result *result = v->result;
    const struct batch_file *file = &v->file;
    if (!v->options->allows_surplus && is_surplus(v)) return refuse(v, VERIFY_WITNESS_SURPLUS, 0);
    for (size_t i = 0; i < file->rollup_id_count; i++) {
        if (rollup_of(v, file->rollup_ids[i]) == NULL)
            return refuse(v, VERIFY_NOT_COVERED, file->rollup_ids[i]);
        result->rollup_ids[i] = file->rollup_ids[i];
    }
    result->rollup_id_count = file->rollup_id_count;
    result->chain_id = file->chain_id;
    result->hub = file->hub;
    enum err err = batch_public_input(
        &result->public_input, v->arena, &v->batch, file->contexts, file->chain_id, &file->hub
    );
    if (err != ERR_OK) return err;
    if (!hash32_equal(&result->public_input, &file->public_input))
        return refuse(v, VERIFY_PUBLIC_INPUT, 0);
    return verify_output(
        &result->output, v->arena, file->rollup_ids, file->rollup_id_count, &file->public_input
    );
}

enum err verify_output(
    hash32 *output,
    struct arena *arena,
    const uint64_t *rollup_ids,
    size_t rollup_id_count,
    const hash32 *public_input
) {
    struct arena_mark mark = arena_mark(arena);
    struct abi_writer w;
    bytes encoded;
    abi_writer_open(&w, arena);
    size_t ids = abi_write_offset(&w);
    abi_write_hash(&w, public_input);
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
    *result = (struct verify_result){.verdict = VERIFY_OK};
    struct verifier *v = arena_alloc_zero(arena, sizeof(*v));
    if (v == NULL) return ERR_MEMORY;
    v->arena = arena;
    v->options = options;
    v->result = result;
    enum err err = open_files(v, input);
    for (size_t i = 0; i < v->witness.head_count; i++)
        if (err == ERR_OK && result->verdict == VERIFY_OK) err = add_head(v, &v->witness.heads[i]);
    for (size_t i = 0; i < v->batch.update_count; i++)
        if (err == ERR_OK && result->verdict == VERIFY_OK) err = add_update(v, i);
    for (size_t i = 0; i < v->batch.entry_count; i++)
        if (err == ERR_OK && result->verdict == VERIFY_OK) err = check_entry(v, i);
    return err == ERR_OK && result->verdict == VERIFY_OK ? conclude(v) : err;
}

/* --- making the files ------------------------------------------------------------------------- */

enum err verify_make_input(
    bytes *input,
    size_t *witness_offset,
    struct arena *arena,
    uint64_t chain_id,
    const address *hub,
    const struct batch *batch,
    const struct update_context *contexts,
    struct witness *witness
) {
    struct batch_file file = {
        .chain_id = chain_id,
        .hub = *hub,
        .contexts = contexts,
        .update_count = batch->update_count,
    };
    uint64_t *ids = arena_alloc_array(arena, witness->head_count, sizeof(*ids));
    if (ids == NULL) return ERR_MEMORY;
    enum err err = witness_sort(witness, arena);
    if (err == ERR_OK)
        err = batch_public_input(&file.public_input, arena, batch, contexts, chain_id, hub);
    if (err == ERR_OK) err = batch_encode(&file.batch, arena, batch);
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
