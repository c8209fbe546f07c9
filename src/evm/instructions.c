/* The interpreter's loop. An instruction that needs something the journal lacks changes nothing and
 * is run again from its start.
 *
 * Longer than 800 lines: one switch with what its cases do, which is read as a whole. */
#include "core/check.h"
#include "crypto/keccak.h"
#include "evm/evm_private.h"
#include "evm/journal_private.h"

struct op_info {
    uint16_t gas;
    uint8_t pops;
    uint8_t pushes;
    bool is_defined;
};

#define From(fork, a, b) (F >= FORK_##fork ? (b) : (a))

static struct op_info op_tables[FORK_COUNT][256];
static bool op_tables_made;

static void make_tables(void) {
    for (int F = 0; F < FORK_COUNT; F++) {
#define OPCODE(value, NAME, pops_, pushes_, gas_, since, source) \
    op_tables[F][value] = (struct op_info){                      \
        .gas = (uint16_t)(gas_),                                 \
        .pops = (pops_),                                         \
        .pushes = (pushes_),                                     \
        .is_defined = F >= FORK_##since,                         \
    };
#include "evm/opcodes.def"
#undef OPCODE
    }
    op_tables_made = true;
}

enum {
#define OPCODE(value, NAME, pops_, pushes_, gas_, since, source) OP_##NAME = (value),
#include "evm/opcodes.def"
#undef OPCODE
};

#define MEMORY_MAX ((uint64_t)1 << 32)

static uint64_t memory_cost(uint64_t words) {
    return 3 * words + words * words / 512;
}

/* Charges for and makes memory [offset, offset + size). false: out of gas. *no_memory: the
 * arena. */
static bool expand(
    struct evm *evm, struct evm_frame *f, const u256 *offset, const u256 *size, bool *no_memory
) {
    if (u256_is_zero(size)) return true;
    if (!u256_fits_u64(offset) || !u256_fits_u64(size) || offset->w[0] > MEMORY_MAX ||
        size->w[0] > MEMORY_MAX)
        return false;
    uint64_t end = offset->w[0] + size->w[0];
    if (end <= f->memory_size) return true;
    uint64_t words = (end + 31) / 32;
    uint64_t cost = memory_cost(words) - memory_cost(f->memory_size / 32);
    if (cost > f->gas) return false;
    f->gas -= cost;
    size_t needed = f->memory_base + (size_t)(words * 32);
    if (needed > evm->memory_capacity) {
        size_t capacity = 2 * needed + 4096;
        uint8_t *memory = arena_alloc(evm->arena, capacity);
        if (memory == NULL) {
            *no_memory = true;
            return false;
        }
        size_t live = f->memory_base + f->memory_size;
        if (live > 0) memcpy(memory, evm->memory, live);
        evm->memory = memory;
        evm->memory_capacity = capacity;
    }
    memset(evm->memory + f->memory_base + f->memory_size, 0, (size_t)(words * 32) - f->memory_size);
    f->memory_size = (size_t)(words * 32);
    return true;
}

static void copy_padded(uint8_t *to, size_t size, bytes from, const u256 *offset) {
    if (size == 0) return;
    bytes part =
        u256_fits_u64(offset) ? bytes_slice(from, (size_t)offset->w[0], size) : BYTES_EMPTY;
    if (part.size > 0) memcpy(to, part.data, part.size);
    memset(to + part.size, 0, size - part.size);
}

static uint64_t words_of(uint64_t size) {
    return (size + 31) / 32;
}

static address to_address(const u256 *word) {
    uint8_t b[32];
    address a;
    u256_store_be(b, word);
    memcpy(a.b, b + 12, 20);
    return a;
}

/* What an instruction came to. */
enum op_result { OP_NEXT, OP_JUMPED, OP_FAIL, OP_ENDED, OP_NEED, OP_CALLED };

#define FAIL(o)               \
    do {                      \
        f->outcome = EVM_##o; \
        return OP_FAIL;       \
    } while (0)
#define CHARGE(amount)                          \
    do {                                        \
        uint64_t charge_ = (amount);            \
        if (charge_ > f->gas) FAIL(OUT_OF_GAS); \
        f->gas -= charge_;                      \
    } while (0)
#define EXPAND(offset, size)                              \
    do {                                                  \
        bool no_memory_ = false;                          \
        if (!expand(evm, f, offset, size, &no_memory_)) { \
            if (no_memory_) NEED(EVM_NO_MEMORY);          \
            FAIL(OUT_OF_GAS);                             \
        }                                                 \
    } while (0)
#define NEED(s)         \
    do {                \
        *need = (s);    \
        return OP_NEED; \
    } while (0)
#define LOAD(account, who)                                        \
    do {                                                          \
        enum evm_status s_ = evm_load_account(evm, account, who); \
        if (s_ != EVM_DONE) NEED(s_);                             \
    } while (0)
#define OK(call)                                   \
    do {                                           \
        if ((call) != ERR_OK) NEED(EVM_NO_MEMORY); \
    } while (0)

static bool is_cold(struct evm *evm, const address *who) {
    return evm->rules->cold_account_gas > 0 && !evm_is_precompile(evm->config->fork, who) &&
           !journal_account_is_warm(evm->journal, who);
}

static enum err warm(struct evm *evm, const address *who) {
    return evm->rules->cold_account_gas > 0 ? journal_warm_account(evm->journal, who, NULL)
                                            : ERR_OK;
}

static enum op_result
op_sload(struct evm *evm, struct evm_frame *f, u256 *top, enum evm_status *need) {
    const address *self = &f->message.recipient;
    u256 key = top[-1];
    if (evm->rules->cold_slot_gas > 0 && !journal_slot_is_warm(evm->journal, self, &key))
        CHARGE(evm->rules->cold_slot_gas - evm->rules->warm_access_gas);
    struct journal_account *account;
    LOAD(&account, self);
    bool no_memory = false;
    struct journal_slot *slot = journal_find_slot(evm->journal, account, &key, &no_memory);
    if (no_memory) NEED(EVM_NO_MEMORY);
    if (slot == NULL) {
        evm->request.address = *self;
        evm->request.key = key;
        NEED(EVM_NEED_SLOT);
    }
    if (evm->rules->cold_slot_gas > 0) OK(journal_warm_slot(evm->journal, self, &key, NULL));
    top[-1] = slot->value;
    return OP_NEXT;
}

static enum op_result
op_sstore(struct evm *evm, struct evm_frame *f, u256 *top, enum evm_status *need) {
    const struct evm_rules *r = evm->rules;
    const address *self = &f->message.recipient;
    if (f->message.is_static) FAIL(WRITE_PROTECTION);
    if (r->sstore == SSTORE_NET_STIPEND && f->gas <= 2300) FAIL(OUT_OF_GAS);
    u256 key = top[-1];
    u256 value = top[-2];
    struct journal_account *account;
    LOAD(&account, self);
    bool no_memory = false;
    struct journal_slot *slot = journal_find_slot(evm->journal, account, &key, &no_memory);
    if (no_memory) NEED(EVM_NO_MEMORY);
    if (slot == NULL) {
        evm->request.address = *self;
        evm->request.key = key;
        NEED(EVM_NEED_SLOT);
    }
    if (r->cold_slot_gas > 0 && !journal_slot_is_warm(evm->journal, self, &key))
        CHARGE(r->cold_slot_gas);
    u256 current = slot->value;
    u256 original = journal_slot_original(evm->journal, slot);
    int64_t refund = 0;
    int64_t clear = r->sstore_clear_refund;
    if (r->sstore == SSTORE_BY_VALUE) {
        bool sets = u256_is_zero(&current) && !u256_is_zero(&value);
        CHARGE(sets ? r->sstore_set_gas : r->sstore_reset_gas);
        if (!u256_is_zero(&current) && u256_is_zero(&value)) refund += clear;
    } else if (u256_equal(&current, &value)) {
        CHARGE(r->sstore_noop_gas);
    } else if (u256_equal(&original, &current)) {
        if (u256_is_zero(&original)) {
            CHARGE(r->sstore_set_gas);
        } else {
            CHARGE(r->sstore_reset_gas);
            if (u256_is_zero(&value)) refund += clear;
        }
    } else {
        CHARGE(r->sstore_noop_gas);
        if (!u256_is_zero(&original)) {
            if (u256_is_zero(&current)) refund -= clear;
            if (u256_is_zero(&value)) refund += clear;
        }
        if (u256_equal(&original, &value))
            refund += u256_is_zero(&original)
                          ? (int64_t)r->sstore_set_gas - (int64_t)r->sstore_noop_gas
                          : (int64_t)(r->sstore == SSTORE_NET ? 5000 : r->sstore_reset_gas) -
                                (int64_t)r->sstore_noop_gas;
    }
    if (r->cold_slot_gas > 0) OK(journal_warm_slot(evm->journal, self, &key, NULL));
    evm->journal->refund += refund;
    OK(journal_set_slot(evm->journal, slot, &value));
    return OP_NEXT;
}

static enum op_result
op_call(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top, enum evm_status *need) {
    bool has_value = op == OP_CALL || op == OP_CALLCODE;
    const u256 *args = top - (has_value ? 7 : 6); /* args[n - 1] is the first popped */
    int n = has_value ? 7 : 6;
    const u256 *requested = &args[n - 1];
    address to = to_address(&args[n - 2]);
    u256 value = has_value ? args[n - 3] : U256_ZERO;
    const u256 *in_offset = &args[3];
    const u256 *in_size = &args[2];
    const u256 *out_offset = &args[1];
    const u256 *out_size = &args[0];
    bool sends = !u256_is_zero(&value);
    if (op == OP_CALL && sends && f->message.is_static) FAIL(WRITE_PROTECTION);
    EXPAND(in_offset, in_size);
    EXPAND(out_offset, out_size);
    bool cold = is_cold(evm, &to);
    if (cold) CHARGE(evm->rules->cold_account_gas - evm->rules->warm_access_gas);
    if (sends) CHARGE(9000);
    struct journal_account *self;
    LOAD(&self, &f->message.recipient);
    struct journal_account *callee;
    LOAD(&callee, &to);
    if (op == OP_CALL) {
        bool is_new = evm->rules->empty_is_absent ? sends && journal_account_is_empty(callee)
                                                  : !callee->exists;
        if (is_new) CHARGE(25000);
    }
    enum evm_status status = evm_load_code(evm, callee);
    if (status != EVM_DONE) NEED(status);
    address target;
    bool follows = evm->rules->has_delegations && evm_delegation_target(callee->code, &target);
    if (follows) {
        /* EIP-7702: the delegate is accessed too. */
        bool far = is_cold(evm, &target) && !address_equal(&target, &to);
        CHARGE(far ? evm->rules->cold_account_gas : evm->rules->warm_access_gas);
        struct journal_account *delegate;
        LOAD(&delegate, &target);
        OK(warm(evm, &target));
    }
    if (cold) OK(warm(evm, &to));
    uint64_t gas = u256_to_u64_saturating(requested);
    if (evm->rules->call_keeps_64th) {
        uint64_t most = f->gas - f->gas / 64;
        if (gas > most) gas = most;
    } else if (gas > f->gas) {
        FAIL(OUT_OF_GAS);
    }
    f->gas -= gas;
    if (sends) gas += 2300;
    f->return_data.size = 0;
    f->stack_count -= (uint32_t)n;
    f->return_offset = (size_t)u256_to_u64_saturating(out_offset);
    f->return_size = (size_t)u256_to_u64_saturating(out_size);
    if (f->return_size == 0) f->return_offset = 0;
    f->pc++;
    struct evm_message *m = &evm->begin;
    *m = (struct evm_message){
        .kind = op == OP_CALL           ? EVM_CALL
                : op == OP_CALLCODE     ? EVM_CALLCODE
                : op == OP_DELEGATECALL ? EVM_DELEGATECALL
                                        : EVM_STATICCALL,
        .is_static = f->message.is_static || op == OP_STATICCALL,
        .depth = f->message.depth + 1,
        .gas = gas,
        .recipient = op == OP_CALL || op == OP_STATICCALL ? to : f->message.recipient,
        .sender = op == OP_DELEGATECALL ? f->message.sender : f->message.recipient,
        .code_address = to,
        .value = op == OP_DELEGATECALL ? f->message.value : value,
    };
    size_t size = (size_t)in_size->w[0];
    if (size > 0) {
        /* The caller's memory may move while the callee runs. */
        OK(evm_buffer_set(
            evm, &f->input, bytes_of(evm->memory + f->memory_base + (size_t)in_offset->w[0], size)
        ));
        m->input = bytes_of(f->input.data, size);
    }
    f->call = *m;
    bool too_deep = m->depth > EVM_DEPTH_MAX;
    bool too_poor = has_value && u256_less(&self->balance, &value);
    evm->call_failure = too_deep ? EVM_DEPTH : too_poor ? EVM_INSUFFICIENT_BALANCE : EVM_SUCCESS;
    return OP_CALLED;
}

static enum op_result
op_create(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top, enum evm_status *need) {
    const struct evm_rules *r = evm->rules;
    if (f->message.is_static) FAIL(WRITE_PROTECTION);
    const u256 *value = &top[-1];
    const u256 *offset = &top[-2];
    const u256 *size = &top[-3];
    EXPAND(offset, size);
    uint64_t length = size->w[0];
    if (length > r->initcode_size_max && !evm->config->allow_unlimited_code_size)
        FAIL(INITCODE_SIZE);
    CHARGE(words_of(length) * (r->initcode_word_gas + (op == OP_CREATE2 ? 6u : 0u)));
    struct journal_account *self;
    LOAD(&self, &f->message.recipient);
    const uint8_t *data = length == 0 ? NULL : evm->memory + f->memory_base + (size_t)offset->w[0];
    hash32 salt = {{0}};
    address created;
    if (op == OP_CREATE2) {
        u256_store_be(salt.b, &top[-4]);
        hash32 initcode_hash = keccak256(bytes_of(data, (size_t)length));
        created = evm_create2_address(&f->message.recipient, &salt, &initcode_hash);
    } else {
        created = evm_create_address(&f->message.recipient, self->nonce);
    }
    enum evm_outcome failure = EVM_SUCCESS;
    if (f->message.depth + 1 > EVM_DEPTH_MAX)
        failure = EVM_DEPTH;
    else if (u256_less(&self->balance, value))
        failure = EVM_INSUFFICIENT_BALANCE;
    else if (self->nonce == UINT64_MAX)
        failure = EVM_NONCE_OVERFLOW;
    if (failure == EVM_SUCCESS) {
        struct journal_account *account;
        LOAD(&account, &created);
    }
    OK(evm_buffer_set(evm, &f->input, bytes_of(data, (size_t)length)));
    uint64_t gas = r->call_keeps_64th ? f->gas - f->gas / 64 : f->gas;
    f->gas -= gas;
    if (failure == EVM_SUCCESS) OK(journal_set_nonce(evm->journal, self, self->nonce + 1));
    f->return_data.size = 0;
    f->return_size = 0;
    f->return_offset = 0;
    f->pc++;
    evm->begin = (struct evm_message){
        .kind = op == OP_CREATE ? EVM_CREATE : EVM_CREATE2,
        .depth = f->message.depth + 1,
        .gas = gas,
        .recipient = created,
        .sender = f->message.recipient,
        .code_address = created,
        .input = bytes_of(f->input.data, (size_t)length),
        .value = *value,
        .salt = salt,
    };
    f->stack_count -= op == OP_CREATE ? 3 : 4;
    f->call = evm->begin;
    evm->call_failure = failure;
    return OP_CALLED;
}

static enum op_result
op_selfdestruct(struct evm *evm, struct evm_frame *f, u256 *top, enum evm_status *need) {
    const struct evm_rules *r = evm->rules;
    if (f->message.is_static) FAIL(WRITE_PROTECTION);
    address to = to_address(&top[-1]);
    if (is_cold(evm, &to)) CHARGE(r->cold_account_gas);
    struct journal_account *self;
    struct journal_account *heir;
    LOAD(&self, &f->message.recipient);
    LOAD(&heir, &to);
    if (r->selfdestruct_new_account_gas > 0) {
        bool is_new = r->empty_is_absent
                          ? !u256_is_zero(&self->balance) && journal_account_is_empty(heir)
                          : !heir->exists;
        if (is_new) CHARGE(r->selfdestruct_new_account_gas);
    }
    OK(warm(evm, &to));
    bool goes = !r->selfdestruct_only_if_created || journal_is_created(evm->journal, self);
    u256 balance = self->balance;
    const struct evm_tracer *t = evm->config->tracer;
    if (t != NULL && t->on_selfdestruct != NULL)
        t->on_selfdestruct(t->context, &self->address, &to, &balance);
    OK(journal_touch(evm->journal, heir));
    if (self != heir) {
        OK(journal_sub_balance(evm->journal, self, &balance));
        enum err err = journal_add_balance(evm->journal, heir, &balance);
        if (err == ERR_LIMIT) NEED(EVM_TOO_MUCH_ETHER);
        OK(err);
    } else if (goes) {
        u256 zero = U256_ZERO;
        OK(journal_set_balance(evm->journal, self, &zero));
    }
    if (goes) {
        bool is_first;
        OK(journal_destroy(evm->journal, self, &is_first));
        if (is_first) evm->journal->refund += r->selfdestruct_refund;
    }
    f->output_size = 0;
    f->outcome = EVM_SUCCESS;
    return OP_ENDED;
}

static enum op_result
op_log(struct evm *evm, struct evm_frame *f, uint32_t topics, u256 *top, enum evm_status *need) {
    if (f->message.is_static) FAIL(WRITE_PROTECTION);
    const u256 *offset = &top[-1];
    const u256 *size = &top[-2];
    EXPAND(offset, size);
    if (size->w[0] > UINT64_MAX / 8) FAIL(OUT_OF_GAS);
    CHARGE(8 * size->w[0]);
    struct journal_log log = {.address = f->message.recipient, .topic_count = topics};
    for (uint32_t i = 0; i < topics; i++)
        u256_store_be(log.topics[i].b, &top[-3 - (int)i]);
    if (size->w[0] > 0)
        log.data =
            bytes_of(evm->memory + f->memory_base + (size_t)offset->w[0], (size_t)size->w[0]);
    OK(journal_log(evm->journal, &log));
    const struct evm_tracer *t = evm->config->tracer;
    if (t != NULL && t->on_log != NULL) t->on_log(t->context, &log);
    return OP_NEXT;
}

static enum op_result
op_account(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top, enum evm_status *need) {
    address who = to_address(&top[-1]);
    bool copies = op == OP_EXTCODECOPY;
    if (copies) {
        EXPAND(&top[-2], &top[-4]);
        CHARGE(3 * words_of(top[-4].w[0]));
    }
    if (is_cold(evm, &who)) CHARGE(evm->rules->cold_account_gas - evm->rules->warm_access_gas);
    struct journal_account *account;
    LOAD(&account, &who);
    if (op == OP_EXTCODESIZE || copies) {
        enum evm_status status = evm_load_code(evm, account);
        if (status != EVM_DONE) NEED(status);
    }
    OK(warm(evm, &who));
    if (op == OP_BALANCE) {
        top[-1] = account->balance;
    } else if (op == OP_EXTCODESIZE) {
        top[-1] = u256_from_u64(account->code.size);
    } else if (op == OP_EXTCODEHASH) {
        bool is_empty =
            evm->rules->empty_is_absent ? journal_account_is_empty(account) : !account->exists;
        top[-1] = is_empty ? U256_ZERO : u256_load_be(account->code_hash.b);
    } else if (!u256_is_zero(&top[-4])) {
        copy_padded(
            evm->memory + f->memory_base + (size_t)top[-2].w[0],
            (size_t)top[-4].w[0],
            account->code,
            &top[-3]
        );
    }
    return OP_NEXT;
}

static enum op_result op_blockhash(struct evm *evm, u256 *top, enum evm_status *need) {
    uint64_t number = u256_to_u64_saturating(&top[-1]);
    uint64_t now = evm->config->number;
    if (number >= now || now - number > 256) {
        top[-1] = U256_ZERO;
        return OP_NEXT;
    }
    if (!evm->has_block_hash) {
        evm->request.number = number;
        NEED(EVM_NEED_BLOCK_HASH);
    }
    evm->has_block_hash = false;
    top[-1] = evm->block_hash;
    return OP_NEXT;
}

static bool is_jumpdest(const struct evm_frame *f, const u256 *to) {
    if (!u256_fits_u64(to) || to->w[0] >= f->code.code.size) return false;
    size_t at = (size_t)to->w[0];
    return (f->code.jumpdests[at / 8] >> at % 8 & 1) != 0;
}

static u256 byte_of(const u256 *index, const u256 *word) {
    if (!u256_fits_u64(index) || index->w[0] >= 32) return U256_ZERO;
    uint8_t b[32];
    u256_store_be(b, word);
    return u256_from_u64(b[index->w[0]]);
}

static unsigned shift_of(const u256 *bits) {
    return u256_fits_u64(bits) && bits->w[0] < 256 ? (unsigned)bits->w[0] : 256;
}

static enum op_result
op_end(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top, enum evm_status *need) {
    EXPAND(&top[-1], &top[-2]);
    f->output_size = (size_t)top[-2].w[0];
    f->output_offset = f->output_size == 0 ? 0 : (size_t)top[-1].w[0];
    f->outcome = op == OP_RETURN ? EVM_SUCCESS : EVM_REVERT;
    return OP_ENDED;
}

static enum op_result
op_copy(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top, enum evm_status *need) {
    const u256 *to = &top[-1];
    const u256 *from = &top[-2];
    const u256 *size = &top[-3];
    if (op == OP_RETURNDATACOPY) {
        u256 end;
        u256 have = u256_from_u64(f->return_data.size);
        if (u256_add_carry(&end, from, size) || u256_less(&have, &end)) FAIL(RETURN_DATA_BOUNDS);
    }
    EXPAND(to, size);
    if (op == OP_MCOPY) EXPAND(from, size);
    CHARGE(3 * words_of(size->w[0]));
    if (u256_is_zero(size)) return OP_NEXT;
    uint8_t *memory = evm->memory + f->memory_base;
    uint8_t *at = memory + (size_t)to->w[0];
    size_t length = (size_t)size->w[0];
    if (op == OP_CALLDATACOPY)
        copy_padded(
            at,
            length,
            f->message.kind == EVM_CREATE || f->message.kind == EVM_CREATE2 ? BYTES_EMPTY
                                                                            : f->message.input,
            from
        );
    else if (op == OP_CODECOPY)
        copy_padded(at, length, f->code.code, from);
    else if (op == OP_RETURNDATACOPY)
        memcpy(at, f->return_data.data + (size_t)from->w[0], length);
    else
        memmove(at, memory + (size_t)from->w[0], length);
    return OP_NEXT;
}

static u256 environment(struct evm *evm, struct evm_frame *f, uint8_t op) {
    const struct evm_config *c = evm->config;
    bool creates = f->message.kind == EVM_CREATE || f->message.kind == EVM_CREATE2;
    switch (op) {
    case OP_ADDRESS:
        return u256_load_be_short(address_bytes(&f->message.recipient));
    case OP_ORIGIN:
        return u256_load_be_short(address_bytes(&c->origin));
    case OP_CALLER:
        return u256_load_be_short(address_bytes(&f->message.sender));
    case OP_CALLVALUE:
        return f->message.value;
    case OP_CALLDATASIZE:
        return u256_from_u64(creates ? 0 : f->message.input.size);
    case OP_CODESIZE:
        return u256_from_u64(f->code.code.size);
    case OP_GASPRICE:
        return c->gas_price;
    case OP_RETURNDATASIZE:
        return u256_from_u64(f->return_data.size);
    case OP_COINBASE:
        return u256_load_be_short(address_bytes(&c->coinbase));
    case OP_TIMESTAMP:
        return u256_from_u64(c->timestamp);
    case OP_NUMBER:
        return u256_from_u64(c->number);
    case OP_PREVRANDAO:
        return c->difficulty;
    case OP_GASLIMIT:
        return u256_from_u64(c->gas_limit);
    case OP_CHAINID:
        return u256_from_u64(c->chain_id);
    case OP_BASEFEE:
        return c->base_fee;
    case OP_BLOBBASEFEE:
        return c->blob_base_fee;
    case OP_PC:
        return u256_from_u64(f->pc);
    case OP_MSIZE:
        return u256_from_u64(f->memory_size);
    case OP_GAS:
        return u256_from_u64(f->gas);
    default:
        return U256_ZERO;
    }
}

static enum op_result
run_op(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top, enum evm_status *need) {
    u256 *a = top - 1;
    u256 *b = top - 2;
    if (op >= OP_PUSH0 && op <= OP_PUSH32) {
        size_t size = (size_t)op - OP_PUSH0;
        uint8_t word[32] = {0};
        bytes part = bytes_slice(f->code.code, f->pc + 1, size);
        if (part.size > 0) memcpy(word + 32 - size, part.data, part.size);
        *top = u256_load_be(word);
        f->pc += size;
        return OP_NEXT;
    }
    if (op >= OP_DUP1 && op <= OP_DUP16) {
        *top = top[-(op - OP_DUP1) - 1];
        return OP_NEXT;
    }
    if (op >= OP_SWAP1 && op <= OP_SWAP16) {
        u256 *other = top - (op - OP_SWAP1) - 2;
        u256 t = *a;
        *a = *other;
        *other = t;
        return OP_NEXT;
    }
    switch (op) {
    case OP_STOP:
        f->output_size = 0;
        f->outcome = EVM_SUCCESS;
        return OP_ENDED;
    case OP_ADD:
        *b = u256_add(a, b);
        break;
    case OP_MUL:
        *b = u256_mul(a, b);
        break;
    case OP_SUB:
        *b = u256_sub(a, b);
        break;
    case OP_DIV:
        *b = u256_div(a, b);
        break;
    case OP_SDIV:
        *b = u256_sdiv(a, b);
        break;
    case OP_MOD:
        *b = u256_mod(a, b);
        break;
    case OP_SMOD:
        *b = u256_smod(a, b);
        break;
    case OP_ADDMOD:
        top[-3] = u256_addmod(a, b, &top[-3]);
        break;
    case OP_MULMOD:
        top[-3] = u256_mulmod(a, b, &top[-3]);
        break;
    case OP_EXP:
        CHARGE(evm->rules->exp_byte_gas * (uint64_t)u256_byte_size(b));
        *b = u256_exp(a, b);
        break;
    case OP_SIGNEXTEND:
        *b = u256_signextend(a, b);
        break;
    case OP_LT:
        *b = u256_from_u64(u256_less(a, b));
        break;
    case OP_GT:
        *b = u256_from_u64(u256_less(b, a));
        break;
    case OP_SLT:
        *b = u256_from_u64(u256_signed_less(a, b));
        break;
    case OP_SGT:
        *b = u256_from_u64(u256_signed_less(b, a));
        break;
    case OP_EQ:
        *b = u256_from_u64(u256_equal(a, b));
        break;
    case OP_ISZERO:
        *a = u256_from_u64(u256_is_zero(a));
        break;
    case OP_AND:
        for (int i = 0; i < 4; i++)
            b->w[i] &= a->w[i];
        break;
    case OP_OR:
        for (int i = 0; i < 4; i++)
            b->w[i] |= a->w[i];
        break;
    case OP_XOR:
        for (int i = 0; i < 4; i++)
            b->w[i] ^= a->w[i];
        break;
    case OP_NOT:
        for (int i = 0; i < 4; i++)
            a->w[i] = ~a->w[i];
        break;
    case OP_BYTE:
        *b = byte_of(a, b);
        break;
    case OP_SHL:
        *b = shift_of(a) == 256 ? U256_ZERO : u256_shl(b, shift_of(a));
        break;
    case OP_SHR:
        *b = shift_of(a) == 256 ? U256_ZERO : u256_shr(b, shift_of(a));
        break;
    case OP_SAR:
        *b = u256_sar(b, shift_of(a) == 256 ? 255 : shift_of(a));
        break;
    case OP_CLZ:
        *a = u256_from_u64(256 - u256_bit_size(a));
        break;
    case OP_KECCAK256: {
        EXPAND(a, b);
        CHARGE(6 * words_of(b->w[0]));
        bytes data = BYTES_EMPTY;
        if (!u256_is_zero(b))
            data = bytes_of(evm->memory + f->memory_base + (size_t)a->w[0], (size_t)b->w[0]);
        hash32 hash = keccak256(data);
        *b = u256_load_be(hash.b);
        break;
    }
    case OP_BALANCE:
    case OP_EXTCODESIZE:
    case OP_EXTCODECOPY:
    case OP_EXTCODEHASH:
        return op_account(evm, f, op, top, need);
    case OP_SELFBALANCE: {
        struct journal_account *self;
        LOAD(&self, &f->message.recipient);
        *top = self->balance;
        break;
    }
    case OP_CALLDATALOAD: {
        uint8_t word[32];
        bool creates = f->message.kind == EVM_CREATE || f->message.kind == EVM_CREATE2;
        copy_padded(word, 32, creates ? BYTES_EMPTY : f->message.input, a);
        *a = u256_load_be(word);
        break;
    }
    case OP_CALLDATACOPY:
    case OP_CODECOPY:
    case OP_RETURNDATACOPY:
    case OP_MCOPY:
        return op_copy(evm, f, op, top, need);
    case OP_BLOCKHASH:
        return op_blockhash(evm, top, need);
    case OP_BLOBHASH:
        *a = u256_fits_u64(a) && a->w[0] < evm->config->blob_hash_count
                 ? u256_load_be(evm->config->blob_hashes[a->w[0]].b)
                 : U256_ZERO;
        break;
    case OP_POP:
        break;
    case OP_MLOAD: {
        u256 size = u256_from_u64(32);
        EXPAND(a, &size);
        *a = u256_load_be(evm->memory + f->memory_base + (size_t)a->w[0]);
        break;
    }
    case OP_MSTORE: {
        u256 size = u256_from_u64(32);
        EXPAND(a, &size);
        u256_store_be(evm->memory + f->memory_base + (size_t)a->w[0], b);
        break;
    }
    case OP_MSTORE8: {
        u256 size = U256_ONE;
        EXPAND(a, &size);
        evm->memory[f->memory_base + (size_t)a->w[0]] = (uint8_t)b->w[0];
        break;
    }
    case OP_SLOAD:
        return op_sload(evm, f, top, need);
    case OP_SSTORE:
        return op_sstore(evm, f, top, need);
    case OP_TLOAD:
        *a = journal_transient(evm->journal, &f->message.recipient, a);
        break;
    case OP_TSTORE:
        if (f->message.is_static) FAIL(WRITE_PROTECTION);
        OK(journal_set_transient(evm->journal, &f->message.recipient, a, b));
        break;
    case OP_JUMP:
        if (!is_jumpdest(f, a)) FAIL(BAD_JUMP);
        f->pc = (size_t)a->w[0];
        return OP_JUMPED;
    case OP_JUMPI:
        if (u256_is_zero(b)) break;
        if (!is_jumpdest(f, a)) FAIL(BAD_JUMP);
        f->pc = (size_t)a->w[0];
        return OP_JUMPED;
    case OP_JUMPDEST:
        break;
    case OP_LOG0:
    case OP_LOG1:
    case OP_LOG2:
    case OP_LOG3:
    case OP_LOG4:
        return op_log(evm, f, (uint32_t)(op - OP_LOG0), top, need);
    case OP_CREATE:
    case OP_CREATE2:
        return op_create(evm, f, op, top, need);
    case OP_CALL:
    case OP_CALLCODE:
    case OP_DELEGATECALL:
    case OP_STATICCALL:
        return op_call(evm, f, op, top, need);
    case OP_RETURN:
    case OP_REVERT:
        return op_end(evm, f, op, top, need);
    case OP_INVALID:
        FAIL(INVALID_OPCODE);
    case OP_SELFDESTRUCT:
        return op_selfdestruct(evm, f, top, need);
    default:
        *top = environment(evm, f, op);
        break;
    }
    return OP_NEXT;
}

static void report_step(struct evm *evm, const struct evm_frame *f, uint8_t op) {
    const struct evm_tracer *t = evm->config->tracer;
    /* Once for an instruction, however often it has to be run again. Where there is no code there
     * is no step, though the machine stops there by an instruction. */
    if (t == NULL || t->on_step == NULL || evm->step_reported || f->code.code.size == 0) return;
    struct evm_step step = {
        .depth = f->message.depth,
        .pc = (uint32_t)f->pc,
        .opcode = op,
        .gas = f->gas,
        .refund = evm->journal->refund,
        .stack = evm->stack + f->stack_base,
        .stack_count = f->stack_count,
        .memory = bytes_of(evm->memory + f->memory_base, f->memory_size),
        .return_data = bytes_of(f->return_data.data, f->return_data.size),
        .message = &f->message,
        .journal = evm->journal,
    };
    evm->step_reported = true;
    t->on_step(t->context, &step);
}

static void report_step_end(struct evm *evm, uint64_t gas_cost, enum evm_outcome outcome) {
    const struct evm_tracer *t = evm->config->tracer;
    evm->step_reported = false;
    if (t->on_step_end != NULL) t->on_step_end(t->context, gas_cost, outcome);
}

enum evm_status evm_interpret(struct evm *evm) {
    if (!op_tables_made) make_tables();
    const struct op_info *table = op_tables[evm->config->fork];
    struct evm_frame *f = evm->frame;
    for (;;) {
        uint8_t op = f->pc < f->code.code.size ? f->code.code.data[f->pc] : 0;
        const struct op_info *info = &table[op];
        enum op_result result = OP_FAIL;
        enum evm_status need = EVM_DONE;
        uint64_t gas_before = f->gas;
        size_t pc_before = f->pc;
        uint32_t stack_before = f->stack_count;
        size_t memory_before = f->memory_size;
        report_step(evm, f, op);
        if (!info->is_defined)
            f->outcome = op == OP_INVALID ? EVM_INVALID_OPCODE : EVM_UNDEFINED_OPCODE;
        else if (f->stack_count < info->pops)
            f->outcome = EVM_STACK_UNDERFLOW;
        else if (f->stack_count - info->pops + info->pushes > EVM_STACK_MAX)
            f->outcome = EVM_STACK_OVERFLOW;
        else if (f->gas < info->gas)
            f->outcome = EVM_OUT_OF_GAS;
        else {
            f->gas -= info->gas;
            u256 *top = evm->stack + f->stack_base + f->stack_count;
            result = run_op(evm, f, op, top, &need);
        }
        if (result != OP_NEED && evm->step_reported) {
            uint64_t cost = gas_before - f->gas;
            /* What did not even get to its own price has that. */
            if (result == OP_FAIL && cost < info->gas) cost = info->gas;
            if (result == OP_CALLED && (op == OP_CREATE || op == OP_CREATE2))
                cost -= evm->begin.gas;
            report_step_end(evm, cost, result == OP_FAIL ? f->outcome : EVM_SUCCESS);
        }
        switch (result) {
        case OP_NEXT:
            f->pc++;
            f->stack_count = f->stack_count - info->pops + info->pushes;
            break;
        case OP_JUMPED:
            f->stack_count = f->stack_count - info->pops + info->pushes;
            break;
        case OP_FAIL:
            f->output_size = 0;
            evm->pending = NEXT_EXIT;
            return EVM_DONE;
        case OP_ENDED:
            evm->pending = NEXT_EXIT;
            return EVM_DONE;
        case OP_CALLED:
            evm->pending = NEXT_ENTER;
            return EVM_DONE;
        case OP_NEED:
            f->gas = gas_before;
            f->pc = pc_before;
            f->stack_count = stack_before;
            f->memory_size = memory_before;
            return need;
        }
    }
}
