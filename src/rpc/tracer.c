#include "rpc/tracer.h"

#include "core/check.h"
#include "crypto/keccak.h"
#include "rpc/tracer_private.h"

void *tracer_alloc(struct tracer *tracer, size_t size) {
    void *memory = arena_alloc_zero(&tracer->arena, size);
    if (memory == NULL) tracer_fail(tracer, ERR_MEMORY);
    return memory;
}

address tracer_word_address(const u256 *word) {
    uint8_t b[32];
    address a;
    u256_store_be(b, word);
    memcpy(a.b, b + 12, sizeof(a.b));
    return a;
}

bool tracer_memory_slice(
    struct tracer *tracer,
    bytes *out,
    const struct evm_step *step,
    const u256 *offset,
    const u256 *size
) {
    *out = BYTES_EMPTY;
    if (u256_is_zero(size)) return true;
    if (!u256_fits_u64(offset) || !u256_fits_u64(size) || size->w[0] > TRACER_SIZE_MAX)
        return false;
    uint8_t *copy = tracer_alloc(tracer, (size_t)size->w[0]);
    if (copy == NULL) return false;
    bytes part = bytes_slice(step->memory, (size_t)offset->w[0], (size_t)size->w[0]);
    if (part.size > 0) memcpy(copy, part.data, part.size);
    *out = bytes_of(copy, (size_t)size->w[0]);
    return true;
}

bool tracer_is_early_failure(enum evm_outcome outcome) {
    return outcome == EVM_OUT_OF_GAS || outcome == EVM_STACK_UNDERFLOW ||
           outcome == EVM_STACK_OVERFLOW || outcome == EVM_INITCODE_SIZE;
}

/* --- reading values --------------------------------------------------------------------------- */

void tracer_read_account(
    struct tracer *tracer, struct tracer_account *account, const address *who
) {
    const struct tracer_subject *subject = &tracer->subject;
    *account = (struct tracer_account){.code_hash = KECCAK_EMPTY};
    const struct journal_account *known = journal_find_account(subject->journal, who);
    enum err err = ERR_OK;
    bool has_code = false;
    if (known != NULL && known->is_loaded) {
        account->exists = known->exists;
        account->nonce = known->nonce;
        account->balance = known->balance;
        account->code_hash = known->code_hash;
        account->code = known->code;
        has_code = known->has_code;
    } else {
        struct account stored;
        err = state_get_account(subject->state, who, &stored, &account->exists);
        if (err == ERR_OK && account->exists) {
            account->nonce = stored.nonce;
            account->balance = stored.balance;
            account->code_hash = stored.code_hash;
        }
    }
    if (err == ERR_OK && !has_code && account->exists)
        err = state_get_code(subject->state, &account->code_hash, &account->code);
    if (err == ERR_OK) return;
    tracer_fail(tracer, err);
    *account = (struct tracer_account){.code_hash = KECCAK_EMPTY};
}

u256 tracer_read_slot(struct tracer *tracer, const address *who, const u256 *key) {
    const struct tracer_subject *subject = &tracer->subject;
    const struct journal_account *account = journal_find_account(subject->journal, who);
    if (account != NULL && account->is_loaded) {
        bool no_memory = false;
        const struct journal_slot *slot =
            journal_find_slot(subject->journal, account, key, &no_memory);
        if (slot != NULL) return slot->value;
        if (no_memory) {
            tracer_fail(tracer, ERR_MEMORY);
            return U256_ZERO;
        }
    }
    u256 value;
    enum err err = state_get_slot(subject->state, who, key, &value);
    if (err == ERR_OK) return value;
    tracer_fail(tracer, err);
    return U256_ZERO;
}

/* --- hooks ------------------------------------------------------------------------------------ */

/* Calls a function of each part that has it. */
#define TELL(tracer, function, ...)                                                             \
    for (size_t i_ = 0; i_ < (tracer)->part_count && (tracer)->err == ERR_OK; i_++) {           \
        struct tracer_part *part_ = &(tracer)->parts[i_];                                       \
        if (part_->type->function != NULL) part_->type->function((tracer), part_, __VA_ARGS__); \
    }

static void on_enter(void *context, const struct evm_message *message) {
    struct tracer *tracer = context;
    TELL(tracer, enter, message);
    tracer->depth++;
}

static void on_exit(void *context, const struct evm_result *result) {
    struct tracer *tracer = context;
    struct halt_step step;
    if (result->stop != NULL)
        step = halt_step_of_stop(result->stop, tracer->subject.block->rules.fork);
    TELL(tracer, exit, result, result->stop != NULL ? &step : NULL);
    if (tracer->depth > 0) tracer->depth--;
}

static void on_selfdestruct(
    void *context, const address *contract, const address *beneficiary, const u256 *balance
) {
    struct tracer *tracer = context;
    TELL(tracer, selfdestruct, contract, beneficiary, balance);
}

static void on_log(void *context, const struct journal_log *log) {
    struct tracer *tracer = context;
    TELL(tracer, log, log);
}

static void on_step(void *context, const struct evm_step *step) {
    struct tracer *tracer = context;
    tracer->last = halt_step_of(step, tracer->subject.block->rules.fork);
    tracer->subject.journal = step->journal;
    TELL(tracer, step, step);
}

static void on_step_end(void *context, uint64_t gas_cost, enum evm_outcome outcome) {
    struct tracer *tracer = context;
    TELL(tracer, step_end, gas_cost, outcome);
}

/* --- the whole -------------------------------------------------------------------------------- */

static const struct tracer_type *type_of(enum tracer_kind kind) {
    switch (kind) {
    case TRACER_STRUCT:
        return &TRACER_STRUCT_TYPE;
    case TRACER_CALL:
        return &TRACER_CALL_TYPE;
    case TRACER_CALL_LEGACY:
        return &TRACER_CALL_LEGACY_TYPE;
    case TRACER_ERC7562:
        return &TRACER_ERC7562_TYPE;
    case TRACER_FLAT_CALL:
        return &TRACER_FLAT_CALL_TYPE;
    case TRACER_FOUR_BYTE:
        return &TRACER_FOUR_BYTE_TYPE;
    case TRACER_NOOP:
        return &TRACER_NOOP_TYPE;
    case TRACER_PRESTATE:
    case TRACER_PRESTATE_LEGACY:
        return &TRACER_PRESTATE_TYPE;
    case TRACER_MUX:
    case TRACER_KIND_COUNT:
        break;
    }
    CHECK(false);
    return NULL;
}

void tracer_open(
    struct tracer *tracer, struct json_writer *out, const struct tracer_options *options
) {
    *tracer = (struct tracer){.options = options, .out = out, .start = json_mark(out)};
    arena_open(&tracer->arena, TRACER_SIZE_MAX);
    tracer->hooks = (struct evm_tracer){
        .context = tracer,
        .on_enter = on_enter,
        .on_exit = on_exit,
        .on_selfdestruct = on_selfdestruct,
        .on_log = on_log,
    };
    const struct tracer_options *parts = options;
    size_t count = 1;
    if (options->kind == TRACER_MUX) {
        parts = options->parts;
        count = options->part_count;
    }
    for (size_t i = 0; i < count; i++) {
        if (!type_of(parts[i].kind)->wants_steps) continue;
        tracer->hooks.on_step = on_step;
        tracer->hooks.on_step_end = on_step_end;
    }
}

void tracer_close(struct tracer *tracer) {
    arena_close(&tracer->arena);
}

void tracer_begin(struct tracer *tracer, const struct tracer_subject *subject) {
    arena_reset(&tracer->arena);
    json_rewind(tracer->out, tracer->start);
    tracer->subject = *subject;
    tracer->depth = 0;
    tracer->last.is_set = false;
    tracer->err = ERR_OK;
    const struct tracer_options *options = tracer->options;
    bool is_mux = options->kind == TRACER_MUX;
    const struct tracer_options *parts = is_mux ? options->parts : options;
    tracer->part_count = 0;
    size_t count = is_mux ? options->part_count : 1;
    tracer->parts = tracer_alloc(tracer, count * sizeof(*tracer->parts));
    if (tracer->parts == NULL) return;
    for (size_t i = 0; i < count; i++) {
        struct tracer_part *part = &tracer->parts[i];
        part->type = type_of(parts[i].kind);
        part->options = &parts[i];
        enum err err = part->type->open(tracer, part);
        if (err != ERR_OK) tracer_fail(tracer, err);
        tracer->part_count++;
    }
}

static const char *name_of(enum tracer_kind kind) {
    static const char *const names[] = {
#define TRACER_NAME(name, text) text,
        TRACER_LIST(TRACER_NAME)
#undef TRACER_NAME
    };
    return names[kind];
}

enum err tracer_end(struct tracer *tracer, const struct execution_result *result) {
    struct json_writer *out = tracer->out;
    bool is_mux = tracer->options->kind == TRACER_MUX;
    if (is_mux) json_object_begin(out);
    for (size_t i = 0; i < tracer->part_count && tracer->err == ERR_OK; i++) {
        struct tracer_part *part = &tracer->parts[i];
        const char *name = name_of(part->options->kind);
        if (is_mux) json_key_text(out, name, strlen(name));
        enum err err = part->type->write(tracer, part, result);
        if (err != ERR_OK) tracer_fail(tracer, err);
    }
    if (is_mux) json_object_end(out);
    if (tracer->err == ERR_OK && json_failed(out)) tracer->err = ERR_LIMIT;
    if (tracer->err != ERR_OK) json_rewind(out, tracer->start);
    return tracer->err;
}
