#include "backend/trace_json.h"

#include "node/network.h"
#include "rollup/predeploys.h"

static const char *type_of(const struct world_frame *frame) {
    if (frame->is_selfdestruct) return "SELFDESTRUCT";
    switch (frame->message.kind) {
    case EVM_CALL:
        return "CALL";
    case EVM_DELEGATECALL:
        return "DELEGATECALL";
    case EVM_CALLCODE:
        return "CALLCODE";
    case EVM_STATICCALL:
        return "STATICCALL";
    case EVM_CREATE:
        return "CREATE";
    case EVM_CREATE2:
        return "CREATE2";
    }
    return "?";
}

static const char *label_of(const struct node *node, size_t chain, const address *who) {
    if (chain == 0) {
        if (address_equal(who, &node->contracts.hub)) return "Hub";
        if (address_equal(who, &node->contracts.attestation)) return "Attestation";
        if (address_equal(who, &node->contracts.bundler)) return "Bundler";
        if (address_equal(who, &node->contracts.messages)) return "MessageService";
        if (address_equal(who, &node->contracts.messenger)) return "Messenger";
        if (address_equal(who, &node->contracts.bridge)) return "Bridge";
        if (address_equal(who, &node->contracts.owner)) return "Owner";
        if (address_equal(who, &node->contracts.k_of_n)) return "KOfN";
        if (address_equal(who, &node->keys.builder.address)) return "builder";
        return NULL;
    }
    if (address_equal(who, &SYSTEM_PREDEPLOY)) return "System";
    if (address_equal(who, &ANCHOR_PREDEPLOY)) return "Anchor";
    if (address_equal(who, &L2HUB_PREDEPLOY)) return "L2Hub";
    if (address_equal(who, &MESSAGES_PREDEPLOY)) return "MessageService";
    if (address_equal(who, &MESSENGER_PREDEPLOY)) return "Messenger";
    if (address_equal(who, &BRIDGE_PREDEPLOY)) return "Bridge";
    if (address_equal(who, &SYSTEM_ADDRESS)) return "system";
    return NULL;
}

static void write_label(struct json_writer *out, const char *key, const char *label) {
    if (label == NULL) return;
    json_key_text(out, key, strlen(key));
    json_cstring(out, label);
}

static uint64_t gas_used(const struct world_frame *frame) {
    return frame->message.gas - frame->result.gas_left;
}

static void write_outcome(struct json_writer *out, const struct world_frame *frame) {
    const struct evm_result *result = &frame->result;
    if (result->output.size > 0) json_member_data(out, "output", result->output);
    if (result->outcome == EVM_SUCCESS) return;
    json_member_cstring(
        out, "error", frame->is_open ? "never ended" : evm_outcome_text(result->outcome)
    );
}

/* Error(string): its text. */
static void write_reason(struct json_writer *out, bytes output) {
    static const uint8_t SELECTOR[4] = {0x08, 0xc3, 0x79, 0xa0};
    bytes text;
    if (output.size < 4 || memcmp(output.data, SELECTOR, 4) != 0) return;
    if (abi_read_bytes(&text, bytes_slice(output, 4, SIZE_MAX), 0) != ERR_OK) return;
    json_key(out, "revertReason");
    json_string(out, text);
}

/* The entry stands at the machinery's frame that used it, between the two. */
static const struct world_frame *
entry_of(const struct world_frame *frame, const struct world_frame *caller) {
    for (const struct world_frame *f = frame; f != caller && f != NULL; f = f->parent)
        if (f->entry != NULL) return f;
    return NULL;
}

static void write_crossing(
    struct json_writer *out,
    const struct world_frame *frame,
    const struct world_frame *caller,
    const struct world_frame *proxy
) {
    json_member_bool(out, "crossing", true);
    if (proxy != NULL) {
        json_member_address(out, "viaProxy", &proxy->message.recipient);
        json_member_quantity_u64(out, "callerGasUsed", gas_used(proxy));
    }
    const struct world_frame *at = entry_of(frame, caller);
    if (at == NULL) return;
    json_member_hash(out, "entryHash", at->entry_hash);
    size_t chain = frame->chain != 0 ? frame->chain : caller->chain;
    const struct transition *t = entry_transition_of(at->entry, (uint64_t)chain);
    if (t == NULL) return;
    json_member_hash(out, "headPre", &t->pre);
    json_member_hash(out, "headPost", &t->post);
}

/* Where a transaction is sent to a proxy, the root is the proxy's frame: it is shown, and what is
 * called by way of it was called by the sender. */
static bool is_by_sender(const struct world_frame *frame, const struct world_frame *root) {
    while (frame != root && frame->parent != NULL && world_frame_is_hidden(frame->parent)) {
        if (frame->parent == root) return true;
        frame = frame->parent;
    }
    return false;
}

static void begin_frame(
    struct json_writer *out,
    const struct node *node,
    const struct world_frame *frame,
    const struct world_frame *root
) {
    const struct node_chain *chain = &node->chains[frame->chain];
    const struct evm_message *message = &frame->message;
    const struct world_frame *proxy;
    /* What a transaction was sent by is no frame: the root has no caller. */
    const struct world_frame *caller = frame == root ? NULL : world_frame_caller(frame, &proxy);
    bool by_sender = is_by_sender(frame, root);
    if (by_sender) caller = proxy = root;
    bool is_crossing = caller != NULL && caller->chain != frame->chain;
    const address *from = &message->sender;
    if (is_crossing) from = by_sender ? &root->message.sender : &caller->message.recipient;
    const address *to = message->kind == EVM_DELEGATECALL || message->kind == EVM_CALLCODE
                            ? &message->code_address
                            : &message->recipient;
    if (frame->is_selfdestruct) to = &message->recipient;
    json_object_begin(out);
    json_member_cstring(out, "type", type_of(frame));
    json_member_quantity_u64(out, "chainId", chain->rpc.chain_id);
    json_member_cstring(out, "chain", chain->rpc.name);
    json_member_address(out, "from", from);
    write_label(out, "fromLabel", label_of(node, is_crossing ? caller->chain : frame->chain, from));
    json_member_address(out, "to", to);
    write_label(out, "toLabel", label_of(node, frame->chain, to));
    if (message->kind != EVM_STATICCALL && message->kind != EVM_DELEGATECALL) {
        json_member_quantity(out, "value", &message->value);
    }
    if (frame->is_selfdestruct) return;
    json_member_quantity_u64(out, "gas", message->gas);
    json_member_quantity_u64(out, "gasUsed", gas_used(frame));
    json_member_data(out, "input", message->input);
    write_outcome(out, frame);
    if (frame->result.outcome == EVM_REVERT) write_reason(out, frame->result.output);
    if (is_crossing) write_crossing(out, frame, caller, proxy);
}

static void end_frame(struct json_writer *out, struct world_frame *frame) {
    if (frame->is_listing) json_array_end(out);
    json_object_end(out);
}

void trace_json_frame(struct json_writer *out, const struct node *node, struct world_frame *root) {
    struct world_frame *frame = root;
    for (;;) {
        bool is_shown = frame == root || !world_frame_is_hidden(frame);
        if (is_shown) {
            /* The frame it is listed under, which this walk may change. */
            struct world_frame *caller = frame->parent;
            while (caller != NULL && caller != root && world_frame_is_hidden(caller))
                caller = caller->parent;
            if (frame != root && caller != NULL && !caller->is_listing) {
                json_key(out, "calls");
                json_array_begin(out);
                caller->is_listing = true;
            }
            begin_frame(out, node, frame, root);
            frame->is_shown = true;
        }
        if (frame->first != NULL) {
            frame = frame->first;
            continue;
        }
        while (frame != root && frame->next == NULL) {
            if (frame->is_shown) end_frame(out, frame);
            frame = frame->parent;
        }
        if (frame->is_shown) end_frame(out, frame);
        if (frame == root) return;
        frame = frame->next;
    }
}
