/* chain/block_import.c: checking a received block by making it again. */
#include "chain/block.h"

#include "core/check.h"
#include "crypto/keccak.h"
#include "state/state.h"

/* What import works with, so that its steps need few arguments. */
struct importing {
    struct block_import *import;
    struct arena *arena;
    const struct fork_schedule *schedule;
    const struct header *parent;
    struct fork_rules rules;
    struct block_ancestors ancestors;
    struct block_signers known;
    bool has_other_txs; /* than the header's root says */
};

/* --- ommers (Yellow Paper 11.1) --------------------------------------------------------------- */

static enum err check_seal(struct importing *im, const struct header *header) {
    bool is_sealed = true;
    if (im->ancestors.check_seal == NULL || u256_is_zero(&header->difficulty)) return ERR_OK;
    enum err err = im->ancestors.check_seal(im->ancestors.context, &is_sealed, header);
    if (err == ERR_OK && !is_sealed) im->import->verdict = BLOCK_PROOF_OF_WORK;
    return err;
}

/* The block's ancestors as far as ommers reach: [0] is the parent. */
struct lineage {
    struct header headers[OMMER_DEPTH_MAX + 1];
    hash32 hashes[OMMER_DEPTH_MAX + 1];
    size_t count;
};

static enum err load_lineage(struct importing *im, struct lineage *lineage) {
    lineage->headers[0] = *im->parent;
    lineage->hashes[0] = im->import->block.header.parent_hash;
    lineage->count = 1;
    while (lineage->count <= OMMER_DEPTH_MAX) {
        const struct header *youngest = &lineage->headers[lineage->count - 1];
        if (youngest->number == 0) break;
        hash32 hash = youngest->parent_hash;
        enum err err =
            im->ancestors.get(im->ancestors.context, &hash, &lineage->headers[lineage->count]);
        if (err != ERR_OK) return err;
        lineage->hashes[lineage->count++] = hash;
    }
    return ERR_OK;
}

/* Whether an ancestor has this ommer already. */
static enum err was_included(
    struct importing *im, bool *result, const struct lineage *lineage, const hash32 *hash
) {
    *result = false;
    for (size_t i = 0; i < lineage->count; i++) {
        if (hash32_equal(&lineage->headers[i].ommers_hash, &EMPTY_LIST_HASH)) continue;
        const struct header *ommers;
        size_t count;
        enum err err = im->ancestors.ommers(
            im->ancestors.context, im->arena, &lineage->hashes[i], &ommers, &count
        );
        if (err != ERR_OK) return err;
        for (size_t k = 0; k < count; k++) {
            hash32 included = header_hash(&ommers[k]);
            if (hash32_equal(&included, hash)) *result = true;
        }
    }
    return ERR_OK;
}

/* The ommer's place in the family. parent_index: which ancestor is its parent. */
static enum block_verdict place_ommer(
    const struct lineage *lineage,
    const struct header *ommer,
    const hash32 *hash,
    size_t *parent_index
) {
    for (size_t i = 0; i < lineage->count; i++) {
        if (hash32_equal(hash, &lineage->hashes[i])) return BLOCK_OMMER_IS_ANCESTOR;
    }
    for (size_t i = 0; i < lineage->count; i++) {
        if (!hash32_equal(&ommer->parent_hash, &lineage->hashes[i])) continue;
        *parent_index = i;
        /* A child of the block's own parent is the block's brother, not its uncle. */
        return i == 0 ? BLOCK_OMMER_IS_BROTHER : BLOCK_OK;
    }
    return BLOCK_OMMER_PARENT;
}

static enum err check_ommers(struct importing *im) {
    struct block_import *import = im->import;
    const struct block *block = &import->block;
    if (block->ommer_count == 0) return ERR_OK;
    if (block->ommer_count > OMMER_COUNT_MAX) {
        import->verdict = BLOCK_OMMERS_COUNT;
        return ERR_OK;
    }
    struct lineage lineage;
    enum err err = load_lineage(im, &lineage);
    if (err != ERR_OK) return err;
    hash32 hashes[OMMER_COUNT_MAX];
    for (size_t i = 0; i < block->ommer_count; i++) {
        const struct header *ommer = &block->ommers[i];
        hashes[i] = header_hash(ommer);
        bool is_included;
        err = was_included(im, &is_included, &lineage, &hashes[i]);
        if (err != ERR_OK) return err;
        if (is_included || (i > 0 && hash32_equal(&hashes[0], &hashes[i]))) {
            import->verdict = BLOCK_OMMER_DUPLICATE;
            return ERR_OK;
        }
        size_t parent_index = 0;
        import->verdict = place_ommer(&lineage, ommer, &hashes[i], &parent_index);
        if (import->verdict != BLOCK_OK) return ERR_OK;
        /* Ommers are of the time of work: Paris is not yet, whatever the difficulty. */
        struct fork_rules rules =
            forks_at_difficulty(im->schedule, ommer->number, ommer->timestamp, &U256_ZERO);
        import->verdict = header_check(ommer, &lineage.headers[parent_index], &rules);
        if (import->verdict != BLOCK_OK) return ERR_OK;
        err = check_seal(im, ommer);
        if (err != ERR_OK || import->verdict != BLOCK_OK) return err;
    }
    return ERR_OK;
}

/* --- the body --------------------------------------------------------------------------------- */

/* What the header says of the lists, before any of it is executed. A root of transactions that does
 * not fit is only noted: if one of them is invalid, that is the more telling reason. */
static enum err check_body(struct importing *im) {
    struct block_import *import = im->import;
    const struct block *block = &import->block;
    hash32 hash;
    enum err err = ommers_hash(&hash, im->arena, block->ommers, block->ommer_count);
    if (err != ERR_OK) return err;
    if (!hash32_equal(&hash, &block->header.ommers_hash)) {
        import->verdict = BLOCK_OMMERS_HASH;
        return ERR_OK;
    }
    err = ordered_root(&hash, im->arena, block->tx_encodings, block->tx_count);
    if (err != ERR_OK) return err;
    im->has_other_txs = !hash32_equal(&hash, &block->header.transactions_root);
    if (block->header.fields < HEADER_WITHDRAWALS) return ERR_OK;
    err = withdrawals_root(&hash, im->arena, block->withdrawals, block->withdrawal_count);
    if (err != ERR_OK) return err;
    if (!hash32_equal(&hash, &block->header.withdrawals_root))
        import->verdict = BLOCK_WITHDRAWALS_ROOT;
    return ERR_OK;
}

static enum err find_sender(struct importing *im, address *sender, size_t index) {
    struct block_import *import = im->import;
    const struct tx *tx = &import->block.txs[index];
    const struct block_signers *known = &im->known;
    if (known->count != import->block.tx_count || address_is_zero(&known->signers[index]))
        return tx_sender(sender, &import->tx_verdict, im->arena, tx, &im->rules);
    tx_sender_recovered(sender, &import->tx_verdict, tx, &im->rules, &known->signers[index]);
    return ERR_OK;
}

static enum err execute(struct importing *im) {
    struct block_import *import = im->import;
    const struct block *block = &import->block;
    for (size_t i = 0; i < block->tx_count; i++) {
        const struct tx *tx = &block->txs[i];
        address sender;
        import->tx_index = i;
        /* A type the fork lacks is named before its signature is looked at. */
        import->tx_verdict = tx_check_type(tx, &im->rules);
        if (import->tx_verdict == TX_OK) {
            enum err err = find_sender(im, &sender, i);
            if (err != ERR_OK) return err;
        }
        if (import->tx_verdict != TX_OK) {
            import->verdict = BLOCK_TRANSACTION;
            return ERR_OK;
        }
        block_add_begin(&import->builder, tx, block->tx_encodings[i], &sender);
        switch (block_add_run(&import->builder)) {
        case EXECUTION_DONE:
            break;
        case EXECUTION_INVALID:
            import->tx_verdict = import->builder.tx_verdict;
            import->verdict = BLOCK_TRANSACTION;
            return ERR_OK;
        case EXECUTION_FAILED:
            return import->builder.err;
        case EXECUTION_CALL:
        case EXECUTION_INSIDE_DONE:
        case EXECUTION_REVERTING:
            CHECK(false); /* nothing is foreign here */
        }
    }
    return ERR_OK;
}

/* The first field in which the made header differs from the received one. */
static enum block_verdict compare(const struct header *received, const struct header *made) {
    if (received->gas_used != made->gas_used) return BLOCK_GAS_USED;
    if (received->blob_gas_used != made->blob_gas_used) return BLOCK_BLOB_GAS_USED;
    if (memcmp(received->logs_bloom.b, made->logs_bloom.b, sizeof made->logs_bloom.b) != 0)
        return BLOCK_LOGS_BLOOM;
    if (!hash32_equal(&received->receipts_root, &made->receipts_root)) return BLOCK_RECEIPTS_ROOT;
    if (!hash32_equal(&received->requests_hash, &made->requests_hash)) return BLOCK_REQUESTS_HASH;
    if (!hash32_equal(&received->state_root, &made->state_root)) return BLOCK_STATE_ROOT;
    return BLOCK_OK;
}

static struct block_attributes
attributes_of(const struct block *block, const u256 *parent_total_difficulty) {
    const struct header *header = &block->header;
    struct block_attributes attributes = {
        .timestamp = header->timestamp,
        .gas_limit = header->gas_limit,
        .coinbase = header->coinbase,
        .prev_randao = header->mix_hash,
        .extra_data_size = header->extra_data_size,
        .parent_beacon_block_root = header->parent_beacon_block_root,
        .withdrawals = block->withdrawals,
        .withdrawal_count = block->withdrawal_count,
        .ommers = block->ommers,
        .ommer_count = block->ommer_count,
        .parent_total_difficulty = parent_total_difficulty,
    };
    memcpy(attributes.extra_data, header->extra_data, header->extra_data_size);
    memcpy(attributes.nonce, header->nonce, sizeof attributes.nonce);
    return attributes;
}

/* Everything that is known before execution. */
static enum err check_before(struct importing *im, bytes encoding) {
    struct block_import *import = im->import;
    if (im->rules.fork >= FORK_OSAKA && encoding.size > BLOCK_RLP_SIZE_MAX) {
        import->verdict = BLOCK_RLP_SIZE;
        return ERR_OK;
    }
    import->verdict = header_check(&import->block.header, im->parent, &im->rules);
    if (import->verdict != BLOCK_OK) return ERR_OK;
    enum err err = check_seal(im, &import->block.header);
    if (err != ERR_OK || import->verdict != BLOCK_OK) return err;
    err = check_body(im);
    if (err != ERR_OK || import->verdict != BLOCK_OK) return err;
    return check_ommers(im);
}

enum err block_import(
    struct block_import *import,
    struct arena *arena,
    struct state *state,
    struct source_memory *sink,
    const struct fork_schedule *schedule,
    const struct header *parent,
    const u256 *parent_total_difficulty,
    struct block_hashes hashes,
    struct block_ancestors ancestors,
    struct evm_code_cache *code_cache,
    bytes encoding,
    struct block_signers known
) {
    *import = (struct block_import){.verdict = BLOCK_OK};
    struct block *block = &import->block;
    enum err err = block_decode(
        block, &import->verdict, &import->tx_verdict, &import->tx_index, arena, encoding
    );
    if (err != ERR_OK || import->verdict != BLOCK_OK) return err;
    const struct header *header = &block->header;
    import->hash = header_hash(header);
    hash32 parent_hash = header_hash(parent);
    if (!hash32_equal(&header->parent_hash, &parent_hash)) {
        import->verdict = BLOCK_PARENT_UNKNOWN;
        return ERR_OK;
    }
    struct importing im = {
        .import = import,
        .arena = arena,
        .schedule = schedule,
        .parent = parent,
        .ancestors = ancestors,
        .known = known,
    };
    im.rules = parent_total_difficulty == NULL
                   ? forks_at(schedule, header->number, header->timestamp)
                   : forks_at_difficulty(
                         schedule, header->number, header->timestamp, parent_total_difficulty
                     );
    err = check_before(&im, encoding);
    if (err != ERR_OK || import->verdict != BLOCK_OK) return err;
    struct block_attributes attributes = attributes_of(block, parent_total_difficulty);
    struct block_builder *builder = &import->builder;
    err = block_begin(
        builder, arena, state, sink, schedule, parent, &attributes, hashes, NULL, code_cache
    );
    if (err == ERR_OK) err = execute(&im);
    if (err == ERR_OK && import->verdict == BLOCK_OK && im.has_other_txs)
        import->verdict = BLOCK_TRANSACTIONS_ROOT;
    if (err == ERR_OK && import->verdict == BLOCK_OK) err = block_finish(builder, &import->verdict);
    if (err == ERR_OK && import->verdict == BLOCK_OK)
        import->verdict = compare(header, &builder->header);
    if (err == ERR_OK && import->verdict == BLOCK_OK) {
        hash32 hash = header_hash(&builder->header);
        CHECK(hash32_equal(&hash, &import->hash)); /* all fields were compared or copied */
        return ERR_OK;
    }
    enum err discard_err = block_discard(builder);
    return err != ERR_OK ? err : discard_err;
}
