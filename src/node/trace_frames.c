#include "node/trace_frames.h"

#include "core/check.h"
#include "node/halt.h"
#include "rollup/abi.h"

void trace_frames_open(
    struct trace_frames *frames,
    struct json_writer *out,
    const char *chain,
    uint64_t chain_id,
    uint64_t skip
) {
    *frames = (struct trace_frames){.out = out, .chain = chain, .chain_id = chain_id, .skip = skip};
}

static const char *kind_name(enum evm_kind kind) {
    switch (kind) {
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
    return "";
}

static bool is_create(enum evm_kind kind) {
    return kind == EVM_CREATE || kind == EVM_CREATE2;
}

/* The array of what the innermost open frame calls is begun with the first of them. */
static void begin_call(struct trace_frames *frames) {
    if (frames->depth == 0 || frames->has_calls[frames->depth - 1]) return;
    frames->has_calls[frames->depth - 1] = true;
    json_key(frames->out, "calls");
    json_array_begin(frames->out);
}

static void write_place(struct trace_frames *frames) {
    json_member_quantity_u64(frames->out, "chainId", frames->chain_id);
    json_member_cstring(frames->out, "chain", frames->chain);
}

static void on_enter(void *context, const struct evm_message *message) {
    struct trace_frames *frames = context;
    if (frames->is_done) return;
    if (!frames->is_wanted) {
        /* Frames of what runs before: only the outermost ones count. */
        if (frames->depth == 0 && frames->skip == 0)
            frames->is_wanted = true;
        else
            frames->skip -= frames->depth == 0;
    }
    CHECK(frames->depth < TRACE_FRAMES_DEPTH_MAX);
    if (frames->is_wanted) {
        struct json_writer *out = frames->out;
        begin_call(frames);
        json_object_begin(out);
        json_member_cstring(out, "type", kind_name(message->kind));
        write_place(frames);
        json_member_address(out, "from", &message->sender);
        if (!is_create(message->kind)) json_member_address(out, "to", &message->code_address);
        if (message->kind != EVM_STATICCALL) json_member_quantity(out, "value", &message->value);
        json_member_quantity_u64(out, "gas", message->gas);
        json_member_data(out, "input", message->input);
    }
    frames->kinds[frames->depth] = message->kind;
    frames->gas[frames->depth] = message->gas;
    frames->has_calls[frames->depth] = false;
    frames->depth++;
}

/* The text of an Error(string), if it is one. */
static void write_revert_reason(struct json_writer *out, bytes data) {
    static const uint8_t selector[4] = {0x08, 0xc3, 0x79, 0xa0};
    bytes text;
    if (data.size < 4 || memcmp(data.data, selector, 4) != 0) return;
    if (abi_read_bytes(&text, bytes_slice(data, 4, data.size), 0) != ERR_OK) return;
    json_key(out, "revertReason");
    json_string(out, text);
}

static void on_exit(void *context, const struct evm_result *result) {
    struct trace_frames *frames = context;
    if (frames->is_done) return;
    CHECK(frames->depth > 0);
    frames->depth--;
    if (!frames->is_wanted) return;
    struct json_writer *out = frames->out;
    uint32_t depth = frames->depth;
    if (frames->has_calls[depth]) json_array_end(out);
    if (is_create(frames->kinds[depth])) json_member_address(out, "to", &result->created);
    json_member_quantity_u64(out, "gasUsed", frames->gas[depth] - result->gas_left);
    if (result->output.size > 0) json_member_data(out, "output", result->output);
    if (result->outcome != EVM_SUCCESS) {
        char text[HALT_TEXT_SIZE_MAX];
        halt_text(text, result->outcome, NULL);
        json_member_cstring(out, "error", text);
        if (result->outcome == EVM_REVERT) write_revert_reason(out, result->output);
    }
    json_object_end(out);
    frames->is_done = depth == 0;
}

static void on_selfdestruct(
    void *context, const address *contract, const address *beneficiary, const u256 *balance
) {
    struct trace_frames *frames = context;
    if (frames->is_done || !frames->is_wanted) return;
    struct json_writer *out = frames->out;
    begin_call(frames);
    json_object_begin(out);
    json_member_cstring(out, "type", "SELFDESTRUCT");
    write_place(frames);
    json_member_address(out, "from", contract);
    json_member_address(out, "to", beneficiary);
    json_member_quantity(out, "value", balance);
    json_member_quantity_u64(out, "gas", 0);
    json_member_quantity_u64(out, "gasUsed", 0);
    json_member_data(out, "input", BYTES_EMPTY);
    json_object_end(out);
}

struct evm_tracer trace_frames_tracer(struct trace_frames *frames) {
    return (struct evm_tracer){
        .context = frames,
        .on_enter = on_enter,
        .on_exit = on_exit,
        .on_selfdestruct = on_selfdestruct,
    };
}
