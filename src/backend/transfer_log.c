#include "backend/transfer_log.h"

#include "core/check.h"

#define CAPACITY_MIN 8

/* ERC-7528's address of ether. */
static const address ETHER = {{0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee,
                               0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee}};

/* keccak256("Transfer(address,address,uint256)") (ERC-20). */
static const hash32 TRANSFER = {{0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b, 0x69, 0xc2, 0xb0,
                                 0x68, 0xfc, 0x37, 0x8d, 0xaa, 0x95, 0x2b, 0xa7, 0xf1, 0x63, 0xc4,
                                 0xa1, 0x16, 0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef}};

static void append(struct transfer_log *t, const struct log *log) {
    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? CAPACITY_MIN : 2 * t->capacity;
        struct rpc_simulated_log *larger = arena_alloc_array(t->arena, capacity, sizeof(*larger));
        if (larger == NULL) {
            t->has_failed = true;
            return;
        }
        if (t->count > 0) memcpy(larger, t->logs, t->count * sizeof(*larger));
        t->logs = larger;
        t->capacity = capacity;
    }
    struct rpc_simulated_log *to = &t->logs[t->count];
    *to = (struct rpc_simulated_log){.log = *log, .index = t->index};
    if (arena_copy(t->arena, &to->log.data, log->data) != ERR_OK) {
        t->has_failed = true;
        return;
    }
    t->index++;
    t->count++;
}

static hash32 word_of(const address *who) {
    hash32 word = {{0}};
    memcpy(word.b + 12, who->b, sizeof(who->b));
    return word;
}

static void
append_transfer(struct transfer_log *t, const address *from, const address *to, const u256 *value) {
    uint8_t amount[32];
    if (!t->has_transfers || u256_is_zero(value)) return;
    u256_store_be(amount, value);
    struct log log = {
        .address = ETHER,
        .topics = {TRANSFER, word_of(from), word_of(to)},
        .topic_count = 3,
        .data = bytes_of(amount, sizeof(amount)),
    };
    append(t, &log);
}

/* --- the callbacks ---------------------------------------------------------------------------- */

static void on_enter(void *context, const struct evm_message *message) {
    struct transfer_log *t = context;
    CHECK(t->depth < sizeof(t->starts) / sizeof(*t->starts));
    t->starts[t->depth++] = t->count;
    if (message->kind != EVM_DELEGATECALL && message->kind != EVM_CALLCODE)
        append_transfer(t, &message->sender, &message->recipient, &message->value);
}

static void on_exit_frame(void *context, const struct evm_result *result) {
    struct transfer_log *t = context;
    CHECK(t->depth > 0);
    t->depth--;
    if (result->outcome != EVM_SUCCESS) t->count = t->starts[t->depth];
}

static void on_selfdestruct(
    void *context, const address *contract, const address *beneficiary, const u256 *balance
) {
    append_transfer(context, contract, beneficiary, balance);
}

static void on_log(void *context, const struct journal_log *from) {
    struct log log = {
        .address = from->address,
        .topic_count = from->topic_count,
        .data = from->data,
    };
    memcpy(log.topics, from->topics, sizeof(log.topics));
    append(context, &log);
}

static void on_step(void *context, const struct evm_step *step) {
    struct transfer_log *t = context;
    t->halt.on_step(t->halt.context, step);
}

void transfer_log_open(
    struct transfer_log *log, struct arena *arena, bool has_transfers, bool with_steps
) {
    *log = (struct transfer_log){.arena = arena, .has_transfers = has_transfers};
    if (with_steps) log->halt = halt_tracer(&log->step);
}

struct evm_tracer transfer_log_tracer(struct transfer_log *log) {
    return (struct evm_tracer){
        .context = log,
        .on_enter = on_enter,
        .on_exit = on_exit_frame,
        .on_selfdestruct = on_selfdestruct,
        .on_log = on_log,
        .on_step = log->halt.on_step != NULL ? on_step : NULL,
    };
}

void transfer_log_begin(struct transfer_log *log) {
    log->logs = NULL;
    log->count = 0;
    log->capacity = 0;
    log->depth = 0;
    log->step = (struct halt_step){0};
}
