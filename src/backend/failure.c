#include "backend/failure.h"

#include "node/crossing.h"
#include "rollup/predeploys.h"
#include "rpc/revert.h"

#define NO_BATCH                                                                                \
    "no entry for this call is posted: the block has no batch, or one that was made for other " \
    "calls"

static bool has_failed(const struct world_frame *frame) {
    return !frame->is_selfdestruct && (frame->is_open || frame->result.outcome != EVM_SUCCESS);
}

static bool has_same_output(const struct world_frame *a, const struct world_frame *b) {
    bytes x = a->result.output;
    bytes y = b->result.output;
    return x.size == y.size && (x.size == 0 || memcmp(x.data, y.data, x.size) == 0);
}

/* The last frame below that failed with the same data, looking through what the machinery puts in
 * between: its own frames hand a failure over as data. */
static const struct world_frame *origin_below(const struct world_frame *frame) {
    const struct world_frame *found = NULL;
    const struct world_frame *below = frame;
    bool skip_below = false;
    if (frame->result.outcome != EVM_REVERT) return NULL;
    while ((below = world_frame_next(below, frame, skip_below)) != NULL) {
        bool is_passage = below->role == FRAME_XCALL || below->role == FRAME_LOOKUP;
        bool is_same = !is_passage && has_failed(below) && has_same_output(below, frame);
        bool is_machinery = below->role != FRAME_PLAIN;
        if (is_same) found = below;
        skip_below = is_same || !is_machinery;
    }
    return found;
}

/* The proxy that the Hub's part of a call was asked by stands for the contract called; who it is
 * the proxy has told the Hub: behind the selector of enter(), rollupId 8 and target 20 bytes. */
static bool
find_callee(struct failure *failure, const struct node *node, const struct world_frame *frame) {
    const struct world_frame *asked = NULL;
    for (; frame != NULL && frame->role != FRAME_PROXY; frame = frame->parent)
        asked = frame;
    if (frame == NULL || asked == NULL || asked->message.input.size < 32) return false;
    const uint8_t *input = asked->message.input.data;
    const struct node_chain *by = &node->chains[asked->chain];
    const bool is_l2hub = address_equal(&asked->message.recipient, &L2HUB_PREDEPLOY);
    const size_t parent = node_place(is_l2hub ? node_parent(by) : by);
    failure->chain = crossing_place(node, parent, load_be64(input + 4));
    memcpy(failure->contract.b, input + 12, sizeof(failure->contract.b));
    return true;
}

static enum err
say_revert(struct failure *failure, struct arena *arena, const struct node *node, bytes data) {
    failure->data = data;
    return revert_text(&failure->reason, arena, &node->log.names, data);
}

enum err failure_of_frame(
    struct failure *failure,
    struct arena *arena,
    const struct node *node,
    const struct world_frame *root,
    const struct fact *missing
) {
    const struct world_frame *frame = root;
    const struct world_frame *below;
    while ((below = origin_below(frame)) != NULL)
        frame = below;
    *failure = (struct failure){
        .kind = FAILURE_REVERTED,
        .chain = frame->chain,
        .has_contract = true,
        .contract = frame->message.recipient,
    };
    if (frame->result.outcome != EVM_REVERT) {
        failure->kind = FAILURE_HALTED;
        failure->reason =
            frame->is_open ? "it never ended" : evm_outcome_text(frame->result.outcome);
        return ERR_OK;
    }
    const struct node_chain *chain = &node->chains[frame->chain];
    const address *who = &frame->message.recipient;
    bool is_hub = (node_is_parent(chain) && address_equal(who, &node_contracts(chain)->hub)) ||
                  (frame->chain != 0 && address_equal(who, &L2HUB_PREDEPLOY));
    if (!is_hub) return say_revert(failure, arena, node, frame->result.output);
    failure->kind = FAILURE_HUB;
    if (abi_has_selector(frame->result.output, "EntryNotFound(uint64,bytes32,bytes32)") &&
        find_callee(failure, node, frame)) {
        failure->kind = FAILURE_NO_ENTRY;
        failure->data = frame->result.output;
        failure->reason = missing == NULL ? NO_BATCH : step_verdict_text(missing->verdict);
        return ERR_OK;
    }
    return say_revert(failure, arena, node, frame->result.output);
}

void failure_of_missing(
    struct failure *failure, const struct node *node, uint64_t parent, const struct fact *missing
) {
    const struct action *input = &missing->entry.input;
    *failure = (struct failure){
        .kind = FAILURE_NO_ENTRY,
        .chain = crossing_place(node, parent, missing->verdict_rollup),
        .has_contract = input->kind == ACTION_CALL,
        .contract = input->target,
        .reason = step_verdict_text(missing->verdict),
    };
}

static const char *kind_name(enum failure_kind kind) {
    switch (kind) {
    case FAILURE_NO_ENTRY:
        return "noEntry";
    case FAILURE_HUB:
        return "hubRefused";
    case FAILURE_REVERTED:
        return "targetReverted";
    case FAILURE_HALTED:
        return "targetHalted";
    case FAILURE_REFUSED:
        return "transactionRefused";
    case FAILURE_NOT_BUILT:
        return "notBuilt";
    }
    return "?";
}

void failure_write(
    struct json_writer *out, const struct node *node, const struct failure *failure
) {
    json_object_begin(out);
    json_member_cstring(out, "kind", kind_name(failure->kind));
    if (failure->chain < node->chain_count) {
        const struct node_chain *chain = &node->chains[failure->chain];
        json_member_cstring(out, "chain", chain->rpc.name);
        json_member_quantity_u64(out, "chainId", chain->rpc.chain_id);
    }
    if (failure->has_contract) json_member_address(out, "contract", &failure->contract);
    json_member_cstring(out, "reason", failure->reason);
    if (failure->data.size > 0) json_member_data(out, "data", failure->data);
    json_object_end(out);
}
