/* 4byteTracer: which functions are called, with how much calldata, how often; and noopTracer. */
#include "core/map.h"
#include "rpc/tracer_private.h"

#include <stdio.h>

struct four_bytes {
    uint8_t selector[4];
    uint32_t size; /* of the calldata behind it */
};

static enum err open_four_byte(struct tracer *tracer, struct tracer_part *part) {
    struct map *counts = tracer_alloc(tracer, sizeof(*counts));
    if (counts == NULL) return ERR_MEMORY;
    map_open(counts, &tracer->arena, sizeof(struct four_bytes), sizeof(uint64_t));
    part->self = counts;
    return ERR_OK;
}

static void enter_four_byte(
    struct tracer *tracer, struct tracer_part *part, const struct evm_message *message
) {
    bool is_create = message->kind == EVM_CREATE || message->kind == EVM_CREATE2;
    if (is_create || message->input.size < 4 ||
        evm_is_precompile(tracer->subject.block->rules.fork, &message->code_address))
        return;
    struct four_bytes key = {.size = (uint32_t)(message->input.size - 4)};
    memcpy(key.selector, message->input.data, sizeof(key.selector));
    uint64_t *count = map_put(part->self, &key, NULL);
    if (count == NULL) {
        tracer_fail(tracer, ERR_MEMORY);
        return;
    }
    ++*count;
}

static enum err write_four_byte(
    struct tracer *tracer, struct tracer_part *part, const struct execution_result *result
) {
    (void)result;
    const struct map *counts = part->self;
    json_object_begin(tracer->out);
    for (uint32_t i = 0; i < counts->count; i++) {
        const struct four_bytes *key = map_key_at(counts, i);
        const uint64_t *count = map_value_at(counts, i);
        char text[32];
        int size = snprintf(
            text,
            sizeof(text),
            "0x%02x%02x%02x%02x-%u",
            key->selector[0],
            key->selector[1],
            key->selector[2],
            key->selector[3],
            key->size
        );
        json_key_text(tracer->out, text, (size_t)size);
        json_decimal(tracer->out, *count);
    }
    json_object_end(tracer->out);
    return ERR_OK;
}

const struct tracer_type TRACER_FOUR_BYTE_TYPE = {
    .open = open_four_byte,
    .enter = enter_four_byte,
    .write = write_four_byte,
};

static enum err open_noop(struct tracer *tracer, struct tracer_part *part) {
    (void)tracer;
    part->self = NULL;
    return ERR_OK;
}

static enum err
write_noop(struct tracer *tracer, struct tracer_part *part, const struct execution_result *result) {
    (void)part;
    (void)result;
    json_object_begin(tracer->out);
    json_object_end(tracer->out);
    return ERR_OK;
}

const struct tracer_type TRACER_NOOP_TYPE = {.open = open_noop, .write = write_noop};
