#include "node/imports.h"
#include "node/hub_view.h"
#include "node/message.h"
#include "node/network.h"
#include "node/waiting.h"

#include "batch/abi.h"

/* Of one rollup in one block: the parent pays 2,600 gas for each, and what is left out can be
 * proven. */
#define IMPORTS_MAX 512u

/* So many blocks of a rollup that is a parent are looked at for what its own rollups have not
 * heard; what was said before can be proven. */
#define IMPORT_BLOCKS_MAX 256u

/* A message that was said. */
struct said {
    struct message_broadcast of;
    bool is_messengers; /* then: */
    bool is_to_parent;
    uint64_t rollup_id;
    u256 fee_wei;
};

/* The messages of one parent. */
struct choice {
    struct imports *imports;
    struct arena *arena;
    struct node *node;
    size_t parent;   /* its place */
    uint64_t number; /* a rollup that is a parent: of the block in which they were said */
    const struct deploy_contracts *contracts;
    const struct node_import_policy *policy;
};

/* What the Messenger says of it, in the same receipt. */
static void
find_left(struct said *said, const struct choice *choice, const struct receipt *receipt) {
    const hash32 topic = abi_signature_hash(MESSAGE_LEFT_EVENT);
    for (size_t i = 0; i < receipt->log_count; i++) {
        const struct log *log = &receipt->logs[i];
        struct message_left left;
        if (!address_equal(&log->address, &choice->contracts->messenger) || log->topic_count != 2)
            continue;
        if (!hash32_equal(&log->topics[0], &topic)) continue;
        if (!hash32_equal(&log->topics[1], &said->of.message)) continue;
        if (message_read_left(&left, log->data) != ERR_OK) continue;
        said->is_messengers = true;
        said->is_to_parent = left.to_parent;
        said->rollup_id = left.rollup_id;
        said->fee_wei = left.fee_wei;
    }
}

/* What it pays a proposer who also delivers it: the Messenger's fee, and on the rollup the priority
 * fees of what waits for it, if these are ether. */
static bool pays_enough(struct node_chain *chain, const u256 *least, const struct said *said) {
    const struct node_options *options = chain->node->options;
    const u256 fee = said->is_messengers ? said->fee_wei : U256_ZERO;
    if (!u256_less(&fee, least)) return true;
    if (options->chains[node_place(chain)].token == NODE_TOKEN_OWN) return false;
    const hash32 slot = message_slot(&said->of.message, &said->of.publisher);
    const u256 earned = waiting_earnings(chain, &slot);
    const u256 missing = u256_sub(least, &fee);
    return !u256_less(&earned, &missing);
}

static bool is_wanted(
    struct node_chain *chain, const struct node_import_policy *policy, const struct said *said
) {
    switch ((enum node_import_kind)policy->kind) {
    case NODE_IMPORT_ALL:
        return true;
    case NODE_IMPORT_NONE:
        return false;
    case NODE_IMPORT_FEE:
        return pays_enough(chain, &policy->fee_wei, said);
    case NODE_IMPORT_FROM:
        for (size_t i = 0; i < policy->publisher_count; i++)
            if (address_equal(&policy->publishers[i], &said->of.publisher)) return true;
        return false;
    }
    return false;
}

static enum err add(struct import_list *list, struct arena *arena, const struct said *said) {
    if (list->count == IMPORTS_MAX) return ERR_OK;
    if (list->slots == NULL) list->slots = arena_alloc_array(arena, IMPORTS_MAX, sizeof(hash32));
    if (list->slots == NULL) return ERR_MEMORY;
    list->slots[list->count++] = message_slot(&said->of.message, &said->of.publisher);
    return ERR_OK;
}

/* Whether a rollup's batches may have brought it what was said in this block of its parent. */
static enum err has_heard(bool *has, const struct node_chain *rollup, const struct choice *choice) {
    struct hub_view view;
    *has = false;
    if (choice->parent == 0) return ERR_OK;
    enum err err = node_hub_view(&view, rollup);
    if (err == ERR_OK) *has = view.anchor_number >= choice->number;
    return err;
}

/* A message of the Messenger's is for one rollup, or for the parent's own parent; of others nobody
 * knows. *is_any: a rollup is to import it. */
static enum err add_to_rollups(const struct choice *choice, bool *is_any, const struct said *said) {
    struct imports *imports = choice->imports;
    struct node *node = choice->node;
    struct arena *arena = choice->arena;
    if (said->is_messengers && said->is_to_parent) return ERR_OK;
    if (imports->lists == NULL)
        imports->lists = arena_alloc_zero(arena, node->chain_count * sizeof(*imports->lists));
    if (imports->lists == NULL) return ERR_MEMORY;
    enum err err = ERR_OK;
    for (size_t place = 1; place < node->chain_count && err == ERR_OK; place++) {
        struct node_chain *chain = &node->chains[place];
        const bool is_evm = node->options->chains[place].type == NODE_ROLLUP_EVM;
        if (!is_evm || node_place(node_parent(chain)) != choice->parent) continue;
        if (said->is_messengers && said->rollup_id != chain->rollup_id) continue;
        if (!is_wanted(chain, choice->policy, said)) continue;
        bool has;
        err = has_heard(&has, chain, choice);
        if (err != ERR_OK || has) continue;
        err = add(&imports->lists[place - 1], arena, said);
        *is_any = true;
    }
    return err;
}

/* *is_any: the receipt has a message that a rollup is to import. */
static enum err
choose_of(const struct choice *choice, bool *is_any, const struct receipt *receipt) {
    for (size_t i = 0; i < receipt->log_count; i++) {
        struct said said = {0};
        if (!message_read_broadcast(&said.of, &receipt->logs[i], &choice->contracts->messages))
            continue;
        find_left(&said, choice, receipt);
        enum err err = add_to_rollups(choice, is_any, &said);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

enum err imports_choose(
    struct imports *imports,
    struct arena *arena,
    struct node *node,
    const struct node_import_policy *policy,
    const struct block_builder *block,
    const size_t *order_index
) {
    const struct choice choice = {
        .imports = imports,
        .arena = arena,
        .node = node,
        .contracts = &node->contracts,
        .policy = policy,
    };
    *imports = (struct imports){0};
    for (size_t i = 0; i < block->tx_count; i++) {
        bool is_any = false;
        enum err err = choose_of(&choice, &is_any, &block->receipts[i]);
        if (err != ERR_OK) return err;
        if (is_any) imports->before_count = (order_index == NULL ? i : order_index[i]) + 1;
    }
    return ERR_OK;
}

/* --- of rollups that are parents -------------------------------------------------------------- */

/* The first of the parent's blocks that one of its rollups has not heard of: that behind the oldest
 * of their anchors. */
static enum err find_first(uint64_t *first, const struct node_chain *parent) {
    size_t place;
    const size_t count = node_rollups_of(parent->node, &place, node_place(parent));
    *first = parent->head.number + 1;
    for (size_t i = 0; i < count; i++) {
        struct hub_view view;
        enum err err = node_hub_view(&view, &parent->node->chains[place + i]);
        if (err != ERR_OK) return err;
        if (view.anchor_number + 1 < *first) *first = view.anchor_number + 1;
    }
    const uint64_t oldest =
        parent->head.number < IMPORT_BLOCKS_MAX ? 1 : parent->head.number - IMPORT_BLOCKS_MAX + 1;
    if (*first < oldest) *first = oldest;
    return ERR_OK;
}

static enum err
choose_of_block(const struct choice *choice, bool *is_any, struct node_chain *parent) {
    struct header header;
    const struct chain_block *block;
    enum err err = node_chain_read_header(parent, &header, NULL, choice->number);
    if (err != ERR_OK) return err;
    if (!bloom_may_contain(&header.logs_bloom, address_bytes(&choice->contracts->messages)))
        return ERR_OK;
    err = node_chain_read_block(parent, &block, choice->arena, choice->number);
    for (size_t i = 0; err == ERR_OK && i < block->block.tx_count; i++)
        err = choose_of(choice, is_any, &block->receipts[i]);
    return err;
}

enum err imports_choose_below(
    struct imports *imports,
    bool *is_any,
    struct arena *arena,
    struct node *node,
    const struct node_import_policy *policy
) {
    *is_any = false;
    for (size_t i = 1; i < node->chain_count && policy->kind != NODE_IMPORT_NONE; i++) {
        struct node_chain *parent = &node->chains[i];
        struct choice choice = {
            .imports = imports,
            .arena = arena,
            .node = node,
            .parent = i,
            .contracts = &node->contracts_below,
            .policy = policy,
        };
        uint64_t first;
        if (!node_is_parent(parent)) continue;
        enum err err = find_first(&first, parent);
        for (uint64_t at = first; err == ERR_OK && at <= parent->head.number; at++) {
            choice.number = at;
            err = choose_of_block(&choice, is_any, parent);
        }
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}
