/* The struct logger: every step with its stack, and what is asked for besides. Steps are written as
 * they are made: nothing of them is kept. */
#include "core/map.h"
#include "evm/opcode.h"
#include "rpc/tracer_private.h"

/* What a contract has read and written so far, by key. */
struct touched_slots {
    u256 *keys;
    u256 *values;
    size_t count;
    size_t capacity;
};

struct struct_logger {
    struct map contracts; /* address to struct touched_slots */
    size_t begin;         /* of out, when the first step was to be written */
    bool is_writing;      /* a step's object is open */
    bool is_full;         /* the limit is reached */
};

static enum err open(struct tracer *tracer, struct tracer_part *part) {
    struct struct_logger *self = tracer_alloc(tracer, sizeof(*self));
    if (self == NULL) return ERR_MEMORY;
    map_open(&self->contracts, &tracer->arena, sizeof(address), sizeof(struct touched_slots));
    part->self = self;
    json_object_begin(tracer->out);
    json_key(tracer->out, "structLogs");
    json_array_begin(tracer->out);
    self->begin = tracer->out->size;
    return ERR_OK;
}

/* The place of key, or where it belongs. */
static size_t find_slot(const struct touched_slots *slots, const u256 *key) {
    size_t low = 0;
    size_t high = slots->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (u256_less(&slots->keys[middle], key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool grow(struct tracer *tracer, struct touched_slots *slots) {
    size_t capacity = slots->capacity == 0 ? 8 : 2 * slots->capacity;
    u256 *keys = tracer_alloc(tracer, capacity * sizeof(u256));
    u256 *values = tracer_alloc(tracer, capacity * sizeof(u256));
    if (keys == NULL || values == NULL) return false;
    if (slots->count > 0) {
        memcpy(keys, slots->keys, slots->count * sizeof(u256));
        memcpy(values, slots->values, slots->count * sizeof(u256));
    }
    slots->keys = keys;
    slots->values = values;
    slots->capacity = capacity;
    return true;
}

static void
set_slot(struct tracer *tracer, struct touched_slots *slots, const u256 *key, const u256 *value) {
    size_t at = find_slot(slots, key);
    if (at == slots->count || !u256_equal(&slots->keys[at], key)) {
        if (slots->count == slots->capacity && !grow(tracer, slots)) return;
        memmove(&slots->keys[at + 1], &slots->keys[at], (slots->count - at) * sizeof(u256));
        memmove(&slots->values[at + 1], &slots->values[at], (slots->count - at) * sizeof(u256));
        slots->keys[at] = *key;
        slots->count++;
    }
    slots->values[at] = *value;
}

static void
write_storage(struct tracer *tracer, struct struct_logger *self, const struct evm_step *step) {
    const u256 *key = tracer_stack_item(step, 0);
    const u256 *written = tracer_stack_item(step, 1);
    bool is_load = step->opcode == OP_SLOAD;
    if (key == NULL || (!is_load && written == NULL)) return;
    const address *who = &step->message->recipient;
    struct touched_slots *slots = map_put(&self->contracts, who, NULL);
    if (slots == NULL) {
        tracer_fail(tracer, ERR_MEMORY);
        return;
    }
    u256 value = is_load ? tracer_read_slot(tracer, who, key) : *written;
    set_slot(tracer, slots, key, &value);
    struct json_writer *out = tracer->out;
    json_key(out, "storage");
    json_object_begin(out);
    for (size_t i = 0; i < slots->count; i++) {
        uint8_t name[32];
        u256_store_be(name, &slots->keys[i]);
        json_key_data(out, bytes_of(name, sizeof(name)));
        json_word(out, &slots->values[i]);
    }
    json_object_end(out);
}

static void write_memory(struct json_writer *out, bytes memory) {
    if (memory.size == 0) return;
    json_key(out, "memory");
    json_array_begin(out);
    for (size_t i = 0; i < memory.size; i += 32)
        json_data(out, bytes_slice(memory, i, 32));
    json_array_end(out);
}

static void write_opcode(struct json_writer *out, uint8_t opcode) {
    static const char digits[] = "0123456789abcdef";
    const char *name = halt_opcode_name(opcode);
    char text[] = "opcode 0x00 not defined";
    text[9] = digits[opcode >> 4];
    text[10] = digits[opcode & 15];
    json_member_cstring(out, "op", name != NULL ? name : text);
}

static void step(struct tracer *tracer, struct tracer_part *part, const struct evm_step *step) {
    struct struct_logger *self = part->self;
    const struct tracer_options *options = part->options;
    struct json_writer *out = tracer->out;
    if (options->limit != 0 && out->size - self->begin > options->limit) self->is_full = true;
    if (self->is_full || json_failed(out)) return;
    self->is_writing = true;
    json_object_begin(out);
    json_key(out, "pc");
    json_decimal(out, step->pc);
    write_opcode(out, step->opcode);
    json_key(out, "gas");
    json_decimal(out, step->gas);
    json_key(out, "depth");
    json_decimal(out, step->depth + 1);
    if (!options->disable_stack) {
        json_key(out, "stack");
        json_array_begin(out);
        for (uint32_t i = 0; i < step->stack_count; i++)
            json_quantity(out, &step->stack[i]);
        json_array_end(out);
    }
    if (options->enable_memory) write_memory(out, step->memory);
    if (options->enable_return_data && step->return_data.size > 0)
        json_member_data(out, "returnData", step->return_data);
    if (!options->disable_storage && (step->opcode == OP_SLOAD || step->opcode == OP_SSTORE))
        write_storage(tracer, self, step);
}

static void step_end(
    struct tracer *tracer, struct tracer_part *part, uint64_t gas_cost, enum evm_outcome outcome
) {
    struct struct_logger *self = part->self;
    struct json_writer *out = tracer->out;
    if (!self->is_writing) return;
    self->is_writing = false;
    json_key(out, "gasCost");
    json_decimal(out, gas_cost);
    /* By now it has this step's own part, as geth's has. */
    int64_t refund = tracer->subject.journal->refund;
    if (refund > 0) {
        json_key(out, "refund");
        json_decimal(out, (uint64_t)refund);
    }
    if (tracer_is_early_failure(outcome)) {
        char text[HALT_TEXT_SIZE_MAX];
        halt_text(text, outcome, &tracer->last);
        json_member_cstring(out, "error", text);
    }
    json_object_end(out);
}

static enum err
write(struct tracer *tracer, struct tracer_part *part, const struct execution_result *result) {
    (void)part;
    struct json_writer *out = tracer->out;
    json_array_end(out);
    json_key(out, "gas");
    json_decimal(out, result->gas_used);
    json_member_bool(out, "failed", !result->is_success);
    bool has_output = result->is_success || result->outcome == EVM_REVERT;
    json_member_data(out, "returnValue", has_output ? result->output : BYTES_EMPTY);
    json_object_end(out);
    return ERR_OK;
}

const struct tracer_type TRACER_STRUCT_TYPE = {
    .open = open,
    .step = step,
    .step_end = step_end,
    .write = write,
    .wants_steps = true,
};
