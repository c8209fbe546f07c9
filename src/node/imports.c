#include "node/imports.h"
#include "node/message.h"
#include "node/network.h"
#include "node/waiting.h"

#include "batch/abi.h"

/* Of one rollup in one block: L1 pays 2,600 gas for each, and what is left out can be proven. */
#define IMPORTS_MAX 512u

/* A message that was said. */
struct said {
    hash32 message;
    address publisher;
    bool is_messengers; /* then: */
    uint64_t rollup_id;
    u256 fee_wei;
};

static bool is_event(const struct log *log, const address *of, const hash32 *topic) {
    return address_equal(&log->address, of) && log->topic_count > 0 &&
           hash32_equal(&log->topics[0], topic);
}

/* What the Messenger says of it, in the same receipt. */
static void find_left(struct said *said, const struct node *node, const struct receipt *receipt) {
    const hash32 topic = abi_signature_hash(MESSAGE_LEFT_EVENT);
    for (size_t i = 0; i < receipt->log_count; i++) {
        const struct log *log = &receipt->logs[i];
        struct message_left left;
        if (!is_event(log, &node->contracts.messenger, &topic) || log->topic_count != 2) continue;
        if (!hash32_equal(&log->topics[1], &said->message)) continue;
        if (message_read_left(&left, log->data) != ERR_OK) continue;
        said->is_messengers = true;
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
    const hash32 slot = message_slot(&said->message, &said->publisher);
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
            if (address_equal(&policy->publishers[i], &said->publisher)) return true;
        return false;
    }
    return false;
}

static enum err add(struct import_list *list, struct arena *arena, const struct said *said) {
    if (list->count == IMPORTS_MAX) return ERR_OK;
    if (list->slots == NULL) list->slots = arena_alloc_array(arena, IMPORTS_MAX, sizeof(hash32));
    if (list->slots == NULL) return ERR_MEMORY;
    list->slots[list->count++] = message_slot(&said->message, &said->publisher);
    return ERR_OK;
}

/* A message of the Messenger's is for one rollup; of others nobody knows. *is_wanted_by: whether
 * any imports it. */
static enum err add_to_rollups(
    struct imports *imports,
    bool *is_wanted_by,
    struct arena *arena,
    struct node *node,
    const struct node_import_policy *policy,
    const struct said *said
) {
    *is_wanted_by = false;
    if (imports->lists == NULL)
        imports->lists = arena_alloc_zero(arena, node->chain_count * sizeof(*imports->lists));
    if (imports->lists == NULL) return ERR_MEMORY;
    enum err err = ERR_OK;
    for (size_t place = 1; place < node->chain_count && err == ERR_OK; place++) {
        struct node_chain *chain = &node->chains[place];
        const bool is_evm = node->options->chains[place].type == NODE_ROLLUP_EVM;
        if (!is_evm || node_place(node_parent(chain)) != 0) continue;
        if (said->is_messengers && said->rollup_id != chain->rollup_id) continue;
        if (!is_wanted(chain, policy, said)) continue;
        *is_wanted_by = true;
        err = add(&imports->lists[place - 1], arena, said);
    }
    return err;
}

enum err imports_choose(
    struct imports *imports,
    struct arena *arena,
    struct node *node,
    const struct node_import_policy *policy,
    const struct block_builder *block,
    const size_t *order_index
) {
    const hash32 topic = abi_signature_hash(MESSAGE_BROADCAST_EVENT);
    *imports = (struct imports){0};
    for (size_t i = 0; i < block->tx_count; i++) {
        const struct receipt *receipt = &block->receipts[i];
        for (size_t j = 0; j < receipt->log_count; j++) {
            const struct log *log = &receipt->logs[j];
            if (!is_event(log, &node->contracts.messages, &topic) || log->topic_count != 3)
                continue;
            struct said said = {.message = log->topics[1]};
            memcpy(said.publisher.b, log->topics[2].b + 12, sizeof(said.publisher.b));
            find_left(&said, node, receipt);
            bool is_wanted_by;
            enum err err = add_to_rollups(imports, &is_wanted_by, arena, node, policy, &said);
            if (err != ERR_OK) return err;
            if (is_wanted_by)
                imports->before_count = (order_index == NULL ? i : order_index[i]) + 1;
        }
    }
    return ERR_OK;
}
