#include "rpc/tracer_frame.h"

#include "evm/opcode.h"
#include "rpc/revert_reason.h"

#include <stdio.h>

const char *tracer_frame_type(const struct tracer_frame *frame) {
    const char *name = halt_opcode_name(frame->opcode);
    return name == NULL ? "?" : name;
}

static uint8_t opcode_of(enum evm_kind kind) {
    switch (kind) {
    case EVM_CALL:
        return 0xf1;
    case EVM_CALLCODE:
        return 0xf2;
    case EVM_DELEGATECALL:
        return 0xf4;
    case EVM_STATICCALL:
        return 0xfa;
    case EVM_CREATE:
        return OP_CREATE;
    case EVM_CREATE2:
        return OP_CREATE2;
    }
    return 0;
}

static void append(struct tracer_frame *parent, struct tracer_frame *frame) {
    frame->parent = parent;
    if (parent == NULL) return;
    if (parent->last == NULL)
        parent->first = frame;
    else
        parent->last->next = frame;
    parent->last = frame;
    parent->call_count++;
}

struct tracer_frame *tracer_frame_new(
    struct arena *arena, struct tracer_frame *parent, const struct evm_message *message
) {
    struct tracer_frame *frame = arena_alloc_zero(arena, sizeof(*frame));
    if (frame == NULL || arena_copy(arena, &frame->input, message->input) != ERR_OK) return NULL;
    bool is_create = message->kind == EVM_CREATE || message->kind == EVM_CREATE2;
    frame->opcode = opcode_of(message->kind);
    /* Who makes a DELEGATECALL is the contract in whose name it runs. */
    frame->from = message->kind == EVM_DELEGATECALL ? message->recipient : message->sender;
    frame->to = is_create ? message->recipient : message->code_address;
    frame->has_to = true;
    frame->has_value = message->kind != EVM_STATICCALL;
    frame->value = message->value;
    frame->gas = message->gas;
    frame->depth = message->depth;
    append(parent, frame);
    return frame;
}

struct tracer_frame *tracer_frame_new_selfdestruct(
    struct arena *arena,
    struct tracer_frame *parent,
    const address *contract,
    const address *beneficiary,
    const u256 *balance
) {
    struct tracer_frame *frame = arena_alloc_zero(arena, sizeof(*frame));
    if (frame == NULL) return NULL;
    frame->opcode = OP_SELFDESTRUCT;
    frame->from = *contract;
    frame->to = *beneficiary;
    frame->has_to = true;
    frame->has_value = true;
    frame->value = *balance;
    append(parent, frame);
    return frame;
}

/* Why a precompile failed, in the words of geth's core/vm/contracts.go. */
static const char *precompile_text(const address *who, bytes input) {
    switch (who->b[19]) {
    case 0x05:
        return "one or more of base/exponent/modulus length exceeded 1024 bytes";
    case 0x06:
    case 0x07:
        return "bn256: malformed point";
    case 0x08:
        return input.size % 192 != 0 ? "bad elliptic curve pairing size" : "bn256: malformed point";
    case 0x09:
        return input.size != 213 ? "invalid input length" : "invalid final flag";
    case 0x0a:
        return input.size != 192 ? "invalid input length" : "error verifying kzg proof";
    case 0x0b:
        return input.size != 256 ? "invalid input length" : "invalid point: not on curve";
    case 0x0c:
        return input.size == 0 || input.size % 160 != 0 ? "invalid input length"
                                                        : "invalid point: not on curve";
    case 0x0d:
        return input.size != 512 ? "invalid input length" : "invalid point: not on curve";
    case 0x0e:
        return input.size == 0 || input.size % 288 != 0 ? "invalid input length"
                                                        : "invalid point: not on curve";
    case 0x0f:
        return input.size == 0 || input.size % 384 != 0 ? "invalid input length"
                                                        : "invalid point: not on curve";
    case 0x10:
        return input.size != 64 ? "invalid input length" : "invalid field element top bytes";
    case 0x11:
        return input.size != 128 ? "invalid input length" : "invalid field element top bytes";
    default:
        return "precompiled failed";
    }
}

enum err tracer_frame_end(
    struct tracer_frame *frame,
    struct arena *arena,
    const struct evm_result *result,
    const struct halt_step *step
) {
    enum evm_outcome outcome = result->outcome;
    frame->outcome = outcome;
    frame->gas_used = frame->gas - result->gas_left;
    bool keeps_output = outcome == EVM_SUCCESS || outcome == EVM_REVERT;
    if (keeps_output && arena_copy(arena, &frame->output, result->output) != ERR_OK)
        return ERR_MEMORY;
    if (outcome == EVM_SUCCESS) return ERR_OK;
    if (frame->opcode == OP_CREATE || frame->opcode == OP_CREATE2) frame->has_to = false;
    if (outcome == EVM_PRECOMPILE_FAILURE) {
        frame->error = precompile_text(&frame->to, frame->input);
        return ERR_OK;
    }
    char *text = arena_alloc(arena, HALT_TEXT_SIZE_MAX);
    if (text == NULL) return ERR_MEMORY;
    halt_text(text, outcome, step);
    frame->error = text;
    return ERR_OK;
}

struct tracer_frame *
tracer_frame_next(const struct tracer_frame *frame, const struct tracer_frame *root) {
    if (frame->first != NULL) return frame->first;
    while (frame != root) {
        if (frame->next != NULL) return frame->next;
        frame = frame->parent;
        if (frame == NULL) return NULL;
    }
    return NULL;
}

/* --- writing ---------------------------------------------------------------------------------- */

bool tracer_frame_revert_reason(bytes *text, char panic[128], bytes output) {
    u256 code;
    if (revert_reason_error(text, output)) return true;
    if (!revert_reason_panic(&code, output)) return false;
    const char *known = revert_reason_panic_text(&code);
    if (known != NULL)
        (void)snprintf(panic, 128, "%s", known);
    else if (u256_fits_u64(&code))
        (void)snprintf(panic, 128, "unknown panic code: 0x%llx", (unsigned long long)code.w[0]);
    else
        return false;
    *text = bytes_of(panic, strlen(panic));
    return true;
}

static void write_logs(struct json_writer *out, const struct tracer_frame *frame) {
    if (frame->first_log == NULL) return;
    json_key(out, "logs");
    json_array_begin(out);
    for (const struct tracer_log *log = frame->first_log; log != NULL; log = log->next) {
        json_object_begin(out);
        json_member_address(out, "address", &log->address);
        json_key(out, "topics");
        json_array_begin(out);
        for (uint32_t i = 0; i < log->topic_count; i++)
            json_hash(out, &log->topics[i]);
        json_array_end(out);
        json_member_data(out, "data", log->data);
        if (log->index != TRACER_LOG_NO_INDEX) json_member_quantity_u64(out, "index", log->index);
        json_member_quantity_u64(out, "position", log->position);
        json_object_end(out);
    }
    json_array_end(out);
}

static void write_head(struct json_writer *out, const struct tracer_frame *frame) {
    json_member_cstring(out, "type", tracer_frame_type(frame));
    if (frame->has_chain_id) json_member_quantity_u64(out, "chainId", frame->chain_id);
    if (frame->chain_name != NULL) json_member_cstring(out, "chain", frame->chain_name);
    json_member_address(out, "from", &frame->from);
    if (frame->has_to) json_member_address(out, "to", &frame->to);
    if (frame->has_value) json_member_quantity(out, "value", &frame->value);
    json_member_quantity_u64(out, "gas", frame->gas);
    json_member_quantity_u64(out, "gasUsed", frame->gas_used);
    json_member_data(out, "input", frame->input);
    if (frame->output.size > 0) json_member_data(out, "output", frame->output);
    if (frame->error != NULL) json_member_cstring(out, "error", frame->error);
    char panic[128];
    bytes reason;
    if (frame->outcome == EVM_REVERT && tracer_frame_revert_reason(&reason, panic, frame->output)) {
        json_key(out, "revertReason");
        json_string(out, reason);
    }
    write_logs(out, frame);
}

void tracer_frame_walk(
    struct json_writer *out,
    const struct tracer_frame *root,
    tracer_frame_members *members,
    void *context
) {
    const struct tracer_frame *frame = root;
    for (;;) {
        json_object_begin(out);
        members(context, out, frame);
        if (frame->first != NULL) {
            json_key(out, "calls");
            json_array_begin(out);
            frame = frame->first;
            continue;
        }
        json_object_end(out);
        while (frame != root && frame->next == NULL) {
            frame = frame->parent;
            json_array_end(out);
            json_object_end(out);
        }
        if (frame == root) return;
        frame = frame->next;
    }
}

struct call_members {
    tracer_frame_writer *more;
};

static void
write_members(void *context, struct json_writer *out, const struct tracer_frame *frame) {
    const struct call_members *members = context;
    write_head(out, frame);
    if (members->more != NULL) members->more(out, frame);
}

void tracer_frame_write(
    struct json_writer *out, const struct tracer_frame *root, tracer_frame_writer *more
) {
    struct call_members members = {more};
    tracer_frame_walk(out, root, write_members, &members);
}
