#include "backend/posted.h"

#include "backend/batch_json.h"
#include "backend/crossing_trace.h"
#include "backend/time_limit.h"
#include "batch/abi.h"
#include "crypto/keccak.h"
#include "node/network.h"

/* A batch that took effect: its transaction and frame. */
struct posted {
    struct batch batch;
    bool is_transient;
    size_t tx_index;
    address poster; /* who called the Hub */
};

/* An entry that a call found in the table. */
struct use {
    hash32 entry_hash;
    size_t tx_index;
};

struct survey {
    struct crossing_replay replay;
    struct posted *batches;
    size_t batch_count;
    struct use *uses;
    size_t use_count;
};

/* Whether a lookup is for another entry under the same key: lookup(…, alternative, …). */
static bool is_alternative(const struct world_frame *frame) {
    uint64_t alternative;
    if (frame == NULL || frame->role != FRAME_LOOKUP) return false;
    const bytes arguments = bytes_slice(frame->message.input, ABI_SELECTOR, SIZE_MAX);
    return abi_read_u64(&alternative, arguments, 3) == ERR_OK && alternative > 0;
}

/* A lookup's answer was used if it was found and the Hub did not go on to the next alternative. */
static bool is_use(const struct world_frame *frame, hash32 *entry_hash, size_t place) {
    if (frame->role != FRAME_LOOKUP || frame->chain != place || frame->result.output.size == 0)
        return false;
    if (is_alternative(frame->next)) return false;
    *entry_hash = keccak256(frame->result.output);
    return true;
}

static bool is_to_hub(const struct survey *survey, const struct world_frame *frame) {
    const struct node_chain *chain = survey->replay.chain;
    const address *hub = &node_contracts(chain)->hub;
    return frame->chain == node_place(chain) && address_equal(&frame->message.recipient, hub) &&
           !address_equal(&frame->message.sender, hub);
}

static bool has_failed(const struct world_frame *frame) {
    return frame->is_open || (!frame->is_selfdestruct && frame->result.outcome != EVM_SUCCESS);
}

/* One of the walks over all frames that took effect: counts, or notes what it finds. */
static enum err walk(struct survey *survey, bool only_counts) {
    struct arena *arena = survey->replay.arena;
    survey->batch_count = 0;
    survey->use_count = 0;
    size_t tx_count = survey->replay.block->block.tx_count;
    for (size_t i = 0; i < tx_count; i++) {
        const struct world_frame *root = crossing_replay_frame(&survey->replay, i);
        const struct world_frame *frame = root;
        bool is_undone;
        for (; frame != NULL; frame = world_frame_next(frame, root, is_undone)) {
            hash32 entry_hash;
            struct batch batch;
            is_undone = has_failed(frame);
            if (is_undone) continue;
            if (is_use(frame, &entry_hash, node_place(survey->replay.chain))) {
                if (!only_counts) survey->uses[survey->use_count] = (struct use){entry_hash, i};
                survey->use_count++;
            }
            if (!is_to_hub(survey, frame)) continue;
            enum err err = batch_decode_calldata(&batch, arena, frame->message.input);
            if (err == ERR_INPUT) continue;
            if (err != ERR_OK) return err;
            if (!only_counts)
                survey->batches[survey->batch_count] = (struct posted){
                    .batch = batch,
                    .is_transient = batch_is_transient(frame->message.input),
                    .tx_index = i,
                    .poster = frame->message.sender,
                };
            survey->batch_count++;
        }
    }
    return ERR_OK;
}

static enum err make_survey(struct survey *survey) {
    struct arena *arena = survey->replay.arena;
    enum err err = crossing_replay(&survey->replay);
    if (err == ERR_OK) err = walk(survey, true);
    if (err != ERR_OK) return err;
    survey->batches = arena_alloc_array(arena, survey->batch_count, sizeof(*survey->batches));
    survey->uses = arena_alloc_array(arena, survey->use_count, sizeof(*survey->uses));
    if (survey->batches == NULL || survey->uses == NULL) return ERR_MEMORY;
    return walk(survey, false);
}

/* A hash may be a block's, or that of a transaction in it. */
static enum err find(struct survey *survey, bool *is_found, const struct rpc_block_id *where) {
    struct node_chain *chain = survey->replay.chain;
    enum err err = node_chain_resolve(chain, is_found, &survey->replay.number, where);
    if (err != ERR_OK || *is_found || where->kind != RPC_BLOCK_HASH) return err;
    uint32_t index;
    err = store_find_transaction(
        node_chain_store(chain), &where->hash, &survey->replay.number, &index
    );
    *is_found = err == ERR_OK;
    return err == ERR_MISSING ? ERR_OK : err;
}

static void write_place(struct json_writer *out, const struct survey *survey, size_t tx_index) {
    json_hash(out, &survey->replay.block->transactions[tx_index].hash);
}

static enum err
write_batch(struct json_writer *out, const struct survey *survey, const struct posted *posted) {
    json_object_begin(out);
    json_member_quantity_u64(out, "blockNumber", survey->replay.number);
    json_member_hash(out, "blockHash", &survey->replay.block->hash);
    json_key(out, "transactionHash");
    write_place(out, survey, posted->tx_index);
    json_member_address(out, "poster", &posted->poster);
    json_member_bool(out, "isTransient", posted->is_transient);
    enum err err = batch_json_members(out, survey->replay.arena, &posted->batch);
    json_object_end(out);
    return err;
}

/* Once each, though a transaction may use an entry that changes nothing several times. */
static void write_users(struct json_writer *out, const struct survey *survey, const hash32 *hash) {
    size_t last = SIZE_MAX;
    json_key(out, "usedBy");
    json_array_begin(out);
    for (size_t i = 0; i < survey->use_count; i++) {
        const struct use *use = &survey->uses[i];
        if (!hash32_equal(&use->entry_hash, hash) || use->tx_index == last) continue;
        last = use->tx_index;
        write_place(out, survey, last);
    }
    json_array_end(out);
}

static enum err write_entry(
    struct json_writer *out,
    const struct survey *survey,
    const struct posted *posted,
    const struct entry *entry
) {
    struct arena *arena = survey->replay.arena;
    hash32 input_hash;
    hash32 hash;
    if (entry->transition_count == 0) return ERR_CORRUPT; /* the Hub takes none such */
    enum err err = action_hash(&input_hash, arena, &entry->input);
    if (err == ERR_OK) err = entry_hash(&hash, arena, entry);
    if (err != ERR_OK) return err;
    json_object_begin(out);
    json_key(out, "key");
    json_object_begin(out);
    json_member_quantity_u64(out, "rollupId", entry->input.rollup_id);
    json_member_hash(out, "head", &entry->transitions[0].pre);
    json_member_hash(out, "actionHash", &input_hash);
    json_object_end(out);
    json_key(out, "postedBy");
    write_place(out, survey, posted->tx_index);
    json_member_cstring(out, "livesUntilEndOf", posted->is_transient ? "transaction" : "block");
    write_users(out, survey, &hash);
    err = batch_json_entry_members(out, arena, entry);
    json_object_end(out);
    return err;
}

static enum err write_batches(struct json_writer *out, const struct survey *survey) {
    enum err err = ERR_OK;
    json_array_begin(out);
    for (size_t i = 0; i < survey->batch_count && err == ERR_OK; i++)
        err = write_batch(out, survey, &survey->batches[i]);
    json_array_end(out);
    return err;
}

static enum err write_entries(struct json_writer *out, const struct survey *survey) {
    enum err err = ERR_OK;
    json_array_begin(out);
    for (size_t i = 0; i < survey->batch_count; i++) {
        const struct posted *posted = &survey->batches[i];
        for (size_t j = 0; j < posted->batch.entry_count && err == ERR_OK; j++)
            err = write_entry(out, survey, posted, &posted->batch.entries[j]);
    }
    json_array_end(out);
    return err;
}

typedef enum err survey_writer(struct json_writer *out, const struct survey *survey);

static enum rpc_status answer(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_block_id *where,
    survey_writer *write
) {
    struct survey survey = {.replay.chain = chain};
    bool is_found;
    if (!node_is_parent(chain))
        return rpc_fail(
            request,
            RPC_UNSUPPORTED,
            "%s has no rollups: its own batches are posted on %s, at %s",
            chain->rpc.name,
            node_parent(chain)->rpc.name,
            node_parent(chain)->url
        );
    enum err err = find(&survey, &is_found, where);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (!is_found) {
        json_null(out);
        return RPC_OK;
    }
    if (survey.replay.number == 0) {
        json_array_begin(out);
        json_array_end(out);
        return RPC_OK;
    }
    if (rpc_leave(request)) return RPC_FAILED;
    struct arena arena;
    struct time_limit limit;
    arena_open(&arena, NODE_BUILD_SIZE_MAX);
    time_limit_begin(&limit, request, time_limit_of(chain->node->options->rpc_timeout_ms));
    survey.replay.arena = &arena;
    survey.replay.watch = time_limit_watch(&limit);
    err = make_survey(&survey);
    if (err == ERR_OK) err = write(out, &survey);
    arena_close(&arena);
    return err == ERR_OK ? RPC_OK : time_limit_fail(request, &limit, err);
}

enum rpc_status posted_batches(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_block_id *where
) {
    return answer(chain, request, out, where, write_batches);
}

enum rpc_status posted_entries(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_block_id *where
) {
    return answer(chain, request, out, where, write_entries);
}
