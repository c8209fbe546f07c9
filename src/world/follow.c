#include "world/follow.h"

#include "verify/claim.h"

const char *follow_verdict_text(enum follow_verdict verdict) {
    switch (verdict) {
#define FOLLOW_VERDICT_TEXT(name, text) \
    case FOLLOW_##name:                 \
        return text;
        FOLLOW_VERDICT_LIST(FOLLOW_VERDICT_TEXT)
#undef FOLLOW_VERDICT_TEXT
    }
    return "unknown verdict";
}

#define BATCH_POSTED "BatchPosted(address,bytes32,bytes)"

struct follower {
    const struct follow_options *options;
    struct follow_result *result;
    struct arena *arena;
    struct rollup **rollups; /* rollup_count of each */
    struct source_memory *overlays;
    hash32 *heads;
    bool *is_updated;
    struct map entries; /* entry hash → const struct entry * */
};

static void refuse(struct follower *f, enum follow_verdict verdict, uint64_t rollup_id) {
    f->result->verdict = verdict;
    f->result->rollup_id = rollup_id;
}

static bool is_refused(const struct follower *f) {
    return f->result->verdict != FOLLOW_OK;
}

static int find_rollup(const struct follower *f, uint64_t rollup_id) {
    for (size_t i = 0; i < f->options->rollup_count; i++)
        if (f->options->rollups[i].rollup_id == rollup_id) return (int)i;
    return -1;
}

static enum err get_parent_header(
    void *context, struct arena *arena, bytes *encoded, uint64_t number, const hash32 *hash
) {
    const struct world_headers *headers = &((const struct follower *)context)->options->headers;
    (void)hash;
    return headers->get(headers->context, arena, encoded, number);
}

static enum err open_rollups(struct follower *f) {
    for (size_t i = 0; i < f->options->rollup_count; i++) {
        const struct world_rollup *r = &f->options->rollups[i];
        enum step_verdict verdict;
        source_memory_open(&f->overlays[i], f->arena, r->base);
        const struct rollup_options with = {
            .arena = f->arena,
            .rollup_id = r->rollup_id,
            .chain_id = r->chain_id,
            .overlay = &f->overlays[i],
            .names_senders = f->options->schedule->names_senders,
        };
        f->rollups[i] = rollup_open(r->type, &with);
        if (f->rollups[i] == NULL) return ERR_MEMORY;
        f->rollups[i]->watch = f->options->evm_watch;
        struct parent *parent = &f->rollups[i]->parent;
        parent->source = f->options->parent_base;
        parent->above_source = f->options->above_base;
        parent->headers = f->options->read_headers;
        if (parent->headers.get == NULL)
            parent->headers = (struct parent_headers){.context = f, .get = get_parent_header};
        parent->schedule = f->options->schedule;
        parent->watch = f->options->evm_watch;
        enum err err = rollup_add_head(f->rollups[i], &verdict, &r->head, &r->open);
        if (err != ERR_OK) return err;
        if (verdict != STEP_OK) refuse(f, FOLLOW_FACT_ELSEWHERE, r->rollup_id);
        f->heads[i] = r->head;
    }
    return ERR_OK;
}

/* --- batches ---------------------------------------------------------------------------------- */

static enum err add_update(struct follower *f, const struct update *update) {
    const struct world_headers *headers = &f->options->headers;
    const int index = find_rollup(f, update->rollup_id);
    if (index < 0) return ERR_OK;
    bytes anchor;
    enum err err = headers->get(headers->context, f->arena, &anchor, update->anchor_number);
    if (err != ERR_OK) return err;
    if (anchor.size == 0) {
        refuse(f, FOLLOW_ANCHOR_UNKNOWN, update->rollup_id);
        return ERR_OK;
    }
    err = rollup_add_update(f->rollups[index], update, anchor);
    if (err != ERR_LIMIT) return err == ERR_INPUT ? ERR_CORRUPT : err;
    refuse(f, FOLLOW_BATCH_TOO_LARGE, update->rollup_id);
    return ERR_OK;
}

/* Makes the batch's entries anew, in their order: none needs a later one. */
static enum err add_batch(struct follower *f, bytes encoded, bytes calldata) {
    struct batch *batch = arena_alloc(f->arena, sizeof(*batch));
    if (batch == NULL) return ERR_MEMORY;
    enum err err = encoded.size > 0 ? batch_decode(batch, f->arena, encoded)
                                    : batch_decode_calldata(batch, f->arena, calldata);
    if (err == ERR_INPUT) {
        refuse(f, FOLLOW_BATCH_MALFORMED, 0);
        return ERR_OK;
    }
    const struct follow_watch *watch = f->options->watch;
    if (err == ERR_OK && watch != NULL)
        err = watch->on_batch(
            watch->context, batch, f->result->tx_index, f->rollups, f->options->rollup_count
        );
    for (size_t i = 0; i < batch->update_count && err == ERR_OK && !is_refused(f); i++)
        err = add_update(f, &batch->updates[i]);
    for (size_t i = 0; i < batch->entry_count && err == ERR_OK && !is_refused(f); i++) {
        const struct entry *entry = &batch->entries[i];
        struct claim_result claim;
        hash32 hash;
        err = claim_check(&claim, f->arena, f->rollups, f->options->rollup_count, entry);
        if (err == ERR_OK && claim.verdict != VERIFY_OK) {
            refuse(f, FOLLOW_ENTRY_UNTRUE, claim.rollup_id);
            f->result->entry_index = i;
            f->result->entry_verdict = claim.verdict;
        }
        if (err == ERR_OK) err = entry_hash(&hash, f->arena, entry);
        if (err != ERR_OK) return err;
        const struct entry **slot = map_put(&f->entries, &hash, NULL);
        if (slot == NULL) return ERR_MEMORY;
        *slot = entry;
    }
    return err;
}

/* --- what the Hub says ------------------------------------------------------------------------ */

/* A fact was used: its rollups move. */
static void use_entry(struct follower *f, const hash32 *hash) {
    const struct entry **found = map_get(&f->entries, hash);
    if (found == NULL) {
        refuse(f, FOLLOW_FACT_UNKNOWN, 0);
        return;
    }
    const struct entry *entry = *found;
    for (size_t i = 0; i < entry->transition_count; i++) {
        const struct transition *t = &entry->transitions[i];
        const int index = find_rollup(f, t->rollup_id);
        if (index < 0) {
            refuse(f, FOLLOW_ROLLUP_UNKNOWN, t->rollup_id);
            return;
        }
        if (!hash32_equal(&f->heads[index], &t->pre)) {
            refuse(f, FOLLOW_FACT_ELSEWHERE, t->rollup_id);
            return;
        }
        f->heads[index] = t->post;
        f->is_updated[index] |= entry->input.kind == ACTION_L2TX;
    }
}

static bool is_event(const struct log *log, const char *signature) {
    const hash32 topic = abi_signature_hash(signature);
    return log->topic_count > 0 && hash32_equal(&log->topics[0], &topic);
}

bool follow_is_batch(const struct log *log, const address *hub) {
    return address_equal(&log->address, hub) && is_event(log, BATCH_POSTED);
}

static enum err follow_log(struct follower *f, const struct tx *tx, const struct log *log) {
    if (!address_equal(&log->address, &f->options->hub)) return ERR_OK;
    enum err err = ERR_OK;
    if (is_event(log, BATCH_POSTED)) {
        bytes encoded;
        err = abi_read_bytes(&encoded, log->data, 1);
        if (err == ERR_OK) err = add_batch(f, encoded, tx->data);
    } else if (is_event(log, "EntryConsumed(uint64,bytes32)")) {
        hash32 hash;
        err = abi_read_hash(&hash, log->data, 0);
        if (err == ERR_OK) use_entry(f, &hash);
    }
    /* The Hub's own events are well-formed. */
    return err == ERR_INPUT ? ERR_CORRUPT : err;
}

static void conclude(struct follower *f) {
    for (size_t i = 0; i < f->options->rollup_count; i++) {
        struct world_rollup_result *out = &f->result->rollups[i];
        *out = (struct world_rollup_result){
            .is_updated = f->is_updated[i],
            .head = f->heads[i],
            .open = rollup_open_block(f->rollups[i], &f->heads[i]),
            .sealed = rollup_sealed_blocks(f->rollups[i], &f->heads[i]),
            .overlay = &f->overlays[i],
        };
        if (out->open == NULL) refuse(f, FOLLOW_NOT_IDLE, f->options->rollups[i].rollup_id);
    }
}

enum err follow_block(struct follow_result *result, const struct follow_options *options) {
    struct arena *arena = options->arena;
    const size_t count = options->rollup_count;
    *result = (struct follow_result){.verdict = FOLLOW_OK};
    struct follower f = {.options = options, .result = result, .arena = arena};
    result->rollups = arena_alloc_array(arena, count, sizeof(*result->rollups));
    f.rollups = arena_alloc_array(arena, count, sizeof(struct rollup *));
    f.overlays = arena_alloc_array(arena, count, sizeof(*f.overlays));
    f.heads = arena_alloc_array(arena, count, sizeof(*f.heads));
    f.is_updated = arena_alloc_zero(arena, count * sizeof(*f.is_updated));
    if (result->rollups == NULL || f.rollups == NULL || f.overlays == NULL || f.heads == NULL ||
        f.is_updated == NULL)
        return ERR_MEMORY;
    map_open(&f.entries, arena, sizeof(hash32), sizeof(const struct entry *));
    enum err err = open_rollups(&f);
    for (size_t i = 0; i < options->tx_count; i++) {
        const struct receipt *receipt = &options->receipts[i];
        for (size_t j = 0; j < receipt->log_count; j++) {
            if (err != ERR_OK || is_refused(&f)) return err;
            result->tx_index = i;
            err = follow_log(&f, &options->txs[i], &receipt->logs[j]);
        }
    }
    if (err == ERR_OK && !is_refused(&f)) conclude(&f);
    return err;
}
