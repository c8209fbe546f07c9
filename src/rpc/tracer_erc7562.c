/* erc7562Tracer: callTracer's frames with what a bundler of account abstraction must know of each
 * (ERC-7562): opcodes, slots, contracts looked at, hashed data. */
#include "core/map.h"
#include "evm/opcode.h"
#include "rpc/tracer_private.h"

#include <stdlib.h>

struct contract_size {
    uint64_t size;
    uint8_t opcode;
};

struct code_access {
    struct code_access *next;
    address who;
};

/* A frame's part. */
struct observed {
    struct map reads;  /* u256 to its value when first read */
    struct map writes; /* u256 to a count; so the next two */
    struct map transient_reads;
    struct map transient_writes;
    struct map contracts; /* address to struct contract_size */
    struct code_access *first_code;
    struct code_access *last_code;
    uint64_t opcodes[256];
};

struct preimage {
    struct preimage *next;
    bytes data;
};

struct erc7562 {
    struct tracer_calls calls; /* first: the recorder's own */
    struct preimage *preimages;
    size_t preimage_count;
    bool has_last;
    bool has_last_item;
    uint8_t last_opcode;
    address last_address; /* topmost item of the last step */
};

static enum err open(struct tracer *tracer, struct tracer_part *part) {
    part->self = tracer_alloc(tracer, sizeof(struct erc7562));
    return part->self == NULL ? ERR_MEMORY : ERR_OK;
}

static void
enter(struct tracer *tracer, struct tracer_part *part, const struct evm_message *message) {
    struct erc7562 *self = part->self;
    tracer_calls_enter(tracer, part, message);
    if (tracer->err != ERR_OK) return;
    struct observed *observed = tracer_alloc(tracer, sizeof(*observed));
    if (observed == NULL) return;
    struct arena *arena = &tracer->arena;
    map_open(&observed->reads, arena, sizeof(u256), sizeof(u256));
    map_open(&observed->writes, arena, sizeof(u256), sizeof(uint64_t));
    map_open(&observed->transient_reads, arena, sizeof(u256), sizeof(uint64_t));
    map_open(&observed->transient_writes, arena, sizeof(u256), sizeof(uint64_t));
    map_open(&observed->contracts, arena, sizeof(address), sizeof(struct contract_size));
    self->calls.open->extra = observed;
}

/* --- observing -------------------------------------------------------------------------------- */

static bool reads_code(uint8_t opcode) {
    return opcode == OP_EXTCODESIZE || opcode == OP_EXTCODECOPY || opcode == OP_EXTCODEHASH;
}

static bool is_call(uint8_t opcode) {
    return opcode == OP_CALL || opcode == OP_CALLCODE || opcode == OP_DELEGATECALL ||
           opcode == OP_STATICCALL;
}

/* Stack handling, comparison and simple arithmetic, unless the options name others. */
static bool is_ignored(const struct tracer_options *options, uint8_t opcode) {
    static const uint8_t simple[] = {
        0x50,
        0x01,
        0x03,
        0x02,
        0x04,
        0x14,
        0x10,
        0x11,
        0x12,
        0x13,
        0x1b,
        0x1c,
        0x16,
        0x17,
        0x19,
        0x15,
    };
    if (options->has_ignored_opcodes)
        return (options->ignored_opcodes[opcode / 64] >> opcode % 64 & 1) != 0;
    if (opcode >= 0x5f && opcode <= 0x9f) return true;
    for (size_t i = 0; i < sizeof(simple); i++)
        if (simple[i] == opcode) return true;
    return false;
}

static void count(struct tracer *tracer, struct map *map, const u256 *key) {
    uint64_t *number = map_put(map, key, NULL);
    if (number == NULL)
        tracer_fail(tracer, ERR_MEMORY);
    else
        ++*number;
}

static void
observe_slot(struct tracer *tracer, struct observed *observed, const struct evm_step *step) {
    const u256 *key = tracer_stack_item(step, 0);
    bool is_new;
    if (key == NULL) return;
    switch (step->opcode) {
    case OP_SLOAD:
        /* The value before the operation's own writes. */
        if (map_get(&observed->writes, key) != NULL) return;
        u256 *value = map_put(&observed->reads, key, &is_new);
        if (value == NULL)
            tracer_fail(tracer, ERR_MEMORY);
        else if (is_new)
            *value = tracer_read_slot(tracer, &step->message->recipient, key);
        return;
    case OP_SSTORE:
        count(tracer, &observed->writes, key);
        return;
    case OP_TLOAD:
        count(tracer, &observed->transient_reads, key);
        return;
    case OP_TSTORE:
        count(tracer, &observed->transient_writes, key);
        return;
    default:
        return;
    }
}

static void
observe_contract(struct tracer *tracer, struct observed *observed, const struct evm_step *step) {
    if (!reads_code(step->opcode) && !is_call(step->opcode)) return;
    const u256 *word = tracer_stack_item(step, is_call(step->opcode) ? 1 : 0);
    bool is_new;
    if (word == NULL) return;
    address who = tracer_word_address(word);
    struct contract_size *size = map_put(&observed->contracts, &who, &is_new);
    if (size == NULL) {
        tracer_fail(tracer, ERR_MEMORY);
        return;
    }
    if (!is_new) return;
    struct tracer_account account;
    tracer_read_account(tracer, &account, &who);
    size->size = account.code.size;
    size->opcode = step->opcode;
}

/* An EXTCODESIZE whose result only goes into ISZERO is a question for existence. */
static void observe_code_access(
    struct tracer *tracer, struct erc7562 *self, struct observed *observed, uint8_t opcode
) {
    if (!reads_code(self->last_opcode) || !self->has_last_item) return;
    if (self->last_opcode == OP_EXTCODESIZE && opcode == OP_ISZERO) return;
    struct code_access *access = tracer_alloc(tracer, sizeof(*access));
    if (access == NULL) return;
    access->who = self->last_address;
    if (observed->last_code == NULL)
        observed->first_code = access;
    else
        observed->last_code->next = access;
    observed->last_code = access;
}

static void
observe_preimage(struct tracer *tracer, struct erc7562 *self, const struct evm_step *step) {
    const u256 *offset = tracer_stack_item(step, 0);
    const u256 *size = tracer_stack_item(step, 1);
    bytes data;
    if (size == NULL || !tracer_memory_slice(tracer, &data, step, offset, size)) return;
    struct preimage *preimage = tracer_alloc(tracer, sizeof(*preimage));
    if (preimage == NULL) return;
    preimage->data = data;
    preimage->next = self->preimages;
    self->preimages = preimage;
    self->preimage_count++;
}

static void step(struct tracer *tracer, struct tracer_part *part, const struct evm_step *step) {
    struct erc7562 *self = part->self;
    uint8_t opcode = step->opcode;
    if (self->calls.open == NULL) return;
    struct observed *observed = self->calls.open->extra;
    if (opcode == OP_RETURN || opcode == OP_REVERT) self->has_last = false;
    if (self->has_last) observe_code_access(tracer, self, observed, opcode);
    observe_contract(tracer, observed, step);
    bool shows_gas = self->has_last && self->last_opcode == OP_GAS && !is_call(opcode);
    if (shows_gas) observed->opcodes[OP_GAS]++;
    if (opcode != OP_GAS && !is_ignored(part->options, opcode)) observed->opcodes[opcode]++;
    observe_slot(tracer, observed, step);
    if (opcode == OP_KECCAK256) observe_preimage(tracer, self, step);
    const u256 *top = tracer_stack_item(step, 0);
    self->has_last = true;
    self->has_last_item = top != NULL;
    self->last_opcode = opcode;
    if (top != NULL) self->last_address = tracer_word_address(top);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_counts(struct json_writer *out, const struct map *map) {
    json_object_begin(out);
    for (uint32_t i = 0; i < map->count; i++) {
        uint8_t key[32];
        const uint64_t *number = map_value_at(map, i);
        u256_store_be(key, map_key_at(map, i));
        json_key_data(out, bytes_of(key, sizeof(key)));
        json_decimal(out, *number);
    }
    json_object_end(out);
}

static void write_slots(struct json_writer *out, const struct observed *observed) {
    json_key(out, "accessedSlots");
    json_object_begin(out);
    json_key(out, "reads");
    json_object_begin(out);
    for (uint32_t i = 0; i < observed->reads.count; i++) {
        uint8_t key[32];
        u256_store_be(key, map_key_at(&observed->reads, i));
        json_key_data(out, bytes_of(key, sizeof(key)));
        json_array_begin(out);
        json_word(out, map_value_at(&observed->reads, i));
        json_array_end(out);
    }
    json_object_end(out);
    json_key(out, "writes");
    write_counts(out, &observed->writes);
    json_key(out, "transientReads");
    write_counts(out, &observed->transient_reads);
    json_key(out, "transientWrites");
    write_counts(out, &observed->transient_writes);
    json_object_end(out);
}

static void write_opcodes(struct json_writer *out, const struct observed *observed) {
    static const char digits[] = "0123456789abcdef";
    json_key(out, "usedOpcodes");
    json_object_begin(out);
    for (size_t i = 0; i < 256; i++) {
        char name[4] = {'0', 'x', digits[i >> 4], digits[i & 15]};
        if (observed->opcodes[i] == 0) continue;
        if (i < 16) name[2] = digits[i];
        json_key_text(out, name, i < 16 ? 3 : 4);
        json_decimal(out, observed->opcodes[i]);
    }
    json_object_end(out);
}

static void write_contracts(struct json_writer *out, const struct observed *observed) {
    json_key(out, "contractSize");
    json_object_begin(out);
    for (uint32_t i = 0; i < observed->contracts.count; i++) {
        const struct contract_size *size = map_value_at(&observed->contracts, i);
        const address *who = map_key_at(&observed->contracts, i);
        json_key_data(out, address_bytes(who));
        json_object_begin(out);
        json_key(out, "contractSize");
        json_decimal(out, size->size);
        json_key(out, "opcode");
        json_decimal(out, size->opcode);
        json_object_end(out);
    }
    json_object_end(out);
    json_key(out, "extCodeAccessInfo");
    json_array_begin(out);
    for (const struct code_access *a = observed->first_code; a != NULL; a = a->next)
        json_address(out, &a->who);
    json_array_end(out);
}

static void write_more(struct json_writer *out, const struct tracer_frame *frame) {
    static const struct observed nothing;
    const struct observed *observed = frame->extra != NULL ? frame->extra : &nothing;
    bool is_out_of_gas = frame->parent != NULL &&
                         (frame->outcome == EVM_OUT_OF_GAS || frame->outcome == EVM_CODE_DEPOSIT);
    write_slots(out, observed);
    write_contracts(out, observed);
    write_opcodes(out, observed);
    json_member_bool(out, "outOfGas", is_out_of_gas);
}

static int by_bytes(const void *a, const void *b) {
    const bytes *left = a;
    const bytes *right = b;
    size_t size = left->size < right->size ? left->size : right->size;
    int order = size == 0 ? 0 : memcmp(left->data, right->data, size);
    if (order != 0) return order;
    return left->size < right->size ? -1 : left->size > right->size;
}

static enum err
write(struct tracer *tracer, struct tracer_part *part, const struct execution_result *result) {
    struct erc7562 *self = part->self;
    struct json_writer *out = tracer->out;
    if (self->calls.root == NULL) return ERR_CORRUPT;
    bytes *sorted = tracer_alloc(tracer, (self->preimage_count + 1) * sizeof(*sorted));
    if (sorted == NULL) return ERR_MEMORY;
    size_t size = 0;
    for (const struct preimage *p = self->preimages; p != NULL; p = p->next)
        sorted[size++] = p->data;
    qsort(sorted, size, sizeof(*sorted), by_bytes);
    tracer_calls_finish(tracer, &self->calls, result);
    tracer_frame_write(out, self->calls.root, write_more);
    if (size == 0) return ERR_OK;
    /* The outermost frame's object is opened again for what only it has. */
    if (json_failed(out)) return ERR_LIMIT;
    out->size--;
    out->needs_comma = true;
    json_key(out, "keccak");
    json_array_begin(out);
    for (size_t i = 0; i < size; i++)
        if (i == 0 || !bytes_equal(sorted[i], sorted[i - 1])) json_data(out, sorted[i]);
    json_array_end(out);
    json_object_end(out);
    return ERR_OK;
}

const struct tracer_type TRACER_ERC7562_TYPE = {
    .open = open,
    .enter = enter,
    .exit = tracer_calls_exit,
    .selfdestruct = tracer_calls_selfdestruct,
    .log = tracer_calls_log,
    .step = step,
    .write = write,
    .wants_steps = true,
};
