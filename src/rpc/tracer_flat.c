/* flatCallTracer: the calls in a list, in the form of OpenEthereum's trace_ methods. */
#include "rpc/tracer_private.h"

/* Deeper than any frame: SELFDESTRUCTs are a level of their own. */
#define PATH_MAX (EVM_DEPTH_MAX + 3)

struct parity_word {
    const char *geth;
    const char *parity;
};

static const char *parity_error(const char *error) {
    static const struct parity_word whole[] = {
        {"contract creation code storage out of gas", "Out of gas"},
        {"out of gas", "Out of gas"},
        {"gas uint64 overflow", "Out of gas"},
        {"max code size exceeded", "Out of gas"},
        {"invalid jump destination", "Bad jump destination"},
        {"execution reverted", "Reverted"},
        {"return data out of bounds", "Out of bounds"},
        {"stack limit reached 1024 (1023)", "Out of stack"},
        {"precompiled failed", "Built-in failed"},
        {"invalid input length", "Built-in failed"},
    };
    for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
        if (strcmp(whole[i].geth, error) == 0) return whole[i].parity;
    if (strncmp(error, "out of gas:", 11) == 0) return "Out of gas";
    if (strncmp(error, "invalid opcode:", 15) == 0) return "Bad instruction";
    if (strncmp(error, "stack underflow", 15) == 0) return "Stack underflow";
    return error;
}

static bool is_create(const struct tracer_frame *frame) {
    return frame->opcode == 0xf0 || frame->opcode == 0xf5;
}

/* "call", "delegatecall", …; the names are short. */
static void write_lower(struct json_writer *out, const char *name) {
    char lower[16];
    size_t size = 0;
    for (; size < sizeof(lower) - 1 && name[size] != 0; size++)
        lower[size] = (char)(name[size] >= 'A' && name[size] <= 'Z' ? name[size] + 32 : name[size]);
    json_string(out, bytes_of(lower, size));
}

static void write_action(struct json_writer *out, const struct tracer_frame *frame) {
    json_key(out, "action");
    json_object_begin(out);
    if (frame->opcode == 0xff) {
        json_member_address(out, "address", &frame->from);
        json_member_quantity(out, "balance", &frame->value);
        json_member_address(out, "refundAddress", &frame->to);
    } else if (is_create(frame)) {
        json_key(out, "creationMethod");
        write_lower(out, tracer_frame_type(frame));
        json_member_address(out, "from", &frame->from);
        json_member_quantity_u64(out, "gas", frame->gas);
        json_member_data(out, "init", frame->input);
        json_member_quantity(out, "value", &frame->value);
    } else {
        json_key(out, "callType");
        write_lower(out, tracer_frame_type(frame));
        json_member_address(out, "from", &frame->from);
        json_member_quantity_u64(out, "gas", frame->gas);
        json_member_data(out, "input", frame->input);
        json_member_address(out, "to", &frame->to);
        json_key(out, "value");
        json_quantity(out, frame->has_value ? &frame->value : &U256_ZERO);
    }
    json_object_end(out);
}

static void write_result(struct json_writer *out, const struct tracer_frame *frame) {
    bool has_result = frame->error == NULL || frame->outcome == EVM_REVERT;
    if (frame->opcode == 0xff || !has_result) return;
    json_key(out, "result");
    json_object_begin(out);
    if (is_create(frame) && frame->has_to) json_member_address(out, "address", &frame->to);
    if (is_create(frame)) json_member_data(out, "code", frame->output);
    json_member_quantity_u64(out, "gasUsed", frame->gas_used);
    if (!is_create(frame)) json_member_data(out, "output", frame->output);
    json_object_end(out);
}

static void write_place(struct json_writer *out, const struct tracer_subject *subject) {
    if (subject->has_place)
        json_member_hash(out, "blockHash", &subject->block_hash);
    else
        json_member_null(out, "blockHash");
    json_key(out, "blockNumber");
    json_decimal(out, subject->block->number);
    if (subject->has_place)
        json_member_hash(out, "transactionHash", &subject->tx_hash);
    else
        json_member_null(out, "transactionHash");
    json_key(out, "transactionPosition");
    json_decimal(out, subject->tx_index);
}

/* A frame that is not listed: a precompile's, unless asked for. */
static bool is_hidden(
    const struct tracer *tracer, const struct tracer_part *part, const struct tracer_frame *frame
) {
    if (part->options->include_precompiles || frame->parent == NULL) return false;
    return (frame->opcode == 0xf1 || frame->opcode == 0xfa) &&
           evm_is_precompile(tracer->subject.block->rules.fork, &frame->to);
}

static uint32_t count_calls(
    const struct tracer *tracer, const struct tracer_part *part, const struct tracer_frame *frame
) {
    uint32_t count = 0;
    for (const struct tracer_frame *f = frame->first; f != NULL; f = f->next)
        count += !is_hidden(tracer, part, f);
    return count;
}

static void write_frame(
    struct tracer *tracer,
    struct tracer_part *part,
    const struct tracer_frame *frame,
    const uint32_t *path,
    size_t path_size
) {
    struct json_writer *out = tracer->out;
    json_object_begin(out);
    write_action(out, frame);
    if (frame->error != NULL) {
        bool converts = part->options->convert_parity_errors;
        json_member_cstring(out, "error", converts ? parity_error(frame->error) : frame->error);
    }
    write_result(out, frame);
    json_key(out, "subtraces");
    json_decimal(out, count_calls(tracer, part, frame));
    json_key(out, "traceAddress");
    json_array_begin(out);
    for (size_t i = 0; i < path_size; i++)
        json_decimal(out, path[i]);
    json_array_end(out);
    json_member_cstring(
        out,
        "type",
        frame->opcode == 0xff ? "suicide"
        : is_create(frame)    ? "create"
                              : "call"
    );
    write_place(out, &tracer->subject);
    json_object_end(out);
}

static enum err
write(struct tracer *tracer, struct tracer_part *part, const struct execution_result *result) {
    struct tracer_calls *calls = part->self;
    uint32_t path[PATH_MAX] = {0};
    size_t depth = 0;
    if (calls->root == NULL) return ERR_CORRUPT;
    tracer_calls_finish(tracer, calls, result);
    json_array_begin(tracer->out);
    const struct tracer_frame *frame = calls->root;
    for (;;) {
        bool is_shown = !is_hidden(tracer, part, frame);
        if (is_shown) write_frame(tracer, part, frame, path, depth);
        if (frame->first != NULL) {
            if (depth == PATH_MAX) return ERR_LIMIT;
            frame = frame->first;
            path[depth++] = 0;
            continue;
        }
        while (frame != calls->root && frame->next == NULL) {
            frame = frame->parent;
            is_shown = true;
            depth--;
        }
        if (frame == calls->root) break;
        path[depth - 1] += is_shown;
        frame = frame->next;
    }
    json_array_end(tracer->out);
    return ERR_OK;
}

const struct tracer_type TRACER_FLAT_CALL_TYPE = {
    .open = tracer_calls_open,
    .enter = tracer_calls_enter,
    .exit = tracer_calls_exit,
    .selfdestruct = tracer_calls_selfdestruct,
    .write = write,
};
