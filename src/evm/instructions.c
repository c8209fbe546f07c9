/* The instructions that reach beyond the stack: memory's growth, state, calls, creations, logs.
 * Each is called with its base price paid and its operands on the stack; one that needs something
 * the journal lacks, or fails, has changed nothing that the interpreter does not take back, and is
 * run again from its start. */
#include "core/check.h"
#include "crypto/keccak.h"
#include "evm/evm_private.h"
#include "evm/journal_private.h"

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
    if (cost > f->gas) {
        evm->unpaid = cost;
        return false;
    }
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

#define FAIL(o)               \
    do {                      \
        f->outcome = EVM_##o; \
        return OP_FAIL;       \
    } while (0)
#define CHARGE(amount)               \
    do {                             \
        uint64_t charge_ = (amount); \
        if (charge_ > f->gas) {      \
            evm->unpaid = charge_;   \
            FAIL(OUT_OF_GAS);        \
        }                            \
        f->gas -= charge_;           \
    } while (0)
#define EXPAND(offset, size)                              \
    do {                                                  \
        bool no_memory_ = false;                          \
        if (!expand(evm, f, offset, size, &no_memory_)) { \
            if (no_memory_) NEED(EVM_NO_MEMORY);          \
            FAIL(OUT_OF_GAS);                             \
        }                                                 \
    } while (0)
#define NEED(s)            \
    do {                   \
        evm->status = (s); \
        return OP_NEED;    \
    } while (0)
#define LOAD(account, who)                                        \
    do {                                                          \
        enum evm_status s_ = evm_load_account(evm, account, who); \
        if (s_ != EVM_DONE) NEED(s_);                             \
    } while (0)
/* The account whose storage and balance the frame uses; found once. */
#define LOAD_SELF(account)                                          \
    do {                                                            \
        if (f->self == NULL) LOAD(&f->self, &f->message.recipient); \
        *(account) = f->self;                                       \
    } while (0)
#define FIND_SLOT(slot, account, word)                                         \
    do {                                                                       \
        bool no_memory_ = false;                                               \
        *(slot) = journal_find_slot(evm->journal, account, word, &no_memory_); \
        if (no_memory_) NEED(EVM_NO_MEMORY);                                   \
        if (*(slot) == NULL) {                                                 \
            evm->request.address = f->message.recipient;                       \
            evm->request.key = *(word);                                        \
            NEED(EVM_NEED_SLOT);                                               \
        }                                                                      \
    } while (0)
#define OK(call)                                   \
    do {                                           \
        if ((call) != ERR_OK) NEED(EVM_NO_MEMORY); \
    } while (0)

static bool is_always_warm(const struct evm_config *config, const address *who) {
    for (uint32_t i = 0; i < config->warm_count; i++)
        if (address_equal(&config->warm[i], who)) return true;
    return evm_is_precompile(config->fork, who);
}

static bool is_cold(struct evm *evm, const address *who) {
    return evm->rules->cold_account_gas > 0 && !is_always_warm(evm->config, who) &&
           !journal_account_is_warm(evm->journal, who);
}

static enum err warm(struct evm *evm, const address *who) {
    return evm->rules->cold_account_gas > 0 ? journal_warm_account(evm->journal, who, NULL)
                                            : ERR_OK;
}

enum op_result evm_op_sload(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    (void)op;
    struct journal *j = evm->journal;
    u256 key = top[-1];
    bool has_cold = evm->rules->cold_slot_gas > 0;
    struct journal_account *account = f->self;
    struct journal_slot *slot =
        account == NULL ? NULL : journal_lookup_slot(j, account->index, &key);
    bool is_warm = slot != NULL && slot->warm_in == j->transaction;
    if (slot != NULL && slot->is_loaded && (is_warm || !has_cold)) {
        top[-1] = slot->value;
        return OP_NEXT;
    }
    if (has_cold && !is_warm && !journal_slot_is_warm(j, &f->message.recipient, &key))
        CHARGE(evm->rules->cold_slot_gas - evm->rules->warm_access_gas);
    LOAD_SELF(&account);
    FIND_SLOT(&slot, account, &key);
    if (has_cold && slot->warm_in != j->transaction) OK(journal_warm_known_slot(j, slot));
    top[-1] = slot->value;
    return OP_NEXT;
}

enum op_result evm_op_sstore(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    (void)op;
    const struct evm_rules *r = evm->rules;
    if (f->message.is_static) FAIL(WRITE_PROTECTION);
    if (r->sstore == SSTORE_NET_STIPEND && f->gas <= 2300) FAIL(OUT_OF_GAS);
    u256 key = top[-1];
    u256 value = top[-2];
    struct journal_account *account;
    LOAD_SELF(&account);
    struct journal_slot *slot;
    FIND_SLOT(&slot, account, &key);
    bool is_cold_slot = r->cold_slot_gas > 0 && slot->warm_in != evm->journal->transaction;
    if (is_cold_slot) CHARGE(r->cold_slot_gas);
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
    if (is_cold_slot) OK(journal_warm_known_slot(evm->journal, slot));
    evm->journal->refund += refund;
    OK(journal_set_slot(evm->journal, slot, &value));
    return OP_NEXT;
}

enum op_result evm_op_call(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
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
    LOAD_SELF(&self);
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
    evm->return_data_size = 0;
    f->stack_count -= (uint32_t)n;
    f->return_offset = (size_t)u256_to_u64_saturating(out_offset);
    f->return_size = (size_t)u256_to_u64_saturating(out_size);
    if (f->return_size == 0) f->return_offset = 0;
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
    /* Borrowed: when memory has to move its old place stays as it is. */
    if (size > 0) m->input = bytes_of(evm->memory + f->memory_base + (size_t)in_offset->w[0], size);
    f->call = *m;
    bool too_deep = m->depth > EVM_DEPTH_MAX;
    bool too_poor = has_value && u256_less(&self->balance, &value);
    evm->call_failure = too_deep ? EVM_DEPTH : too_poor ? EVM_INSUFFICIENT_BALANCE : EVM_SUCCESS;
    return OP_CALLED;
}

enum op_result evm_op_create(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
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
    LOAD_SELF(&self);
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
    uint64_t gas = r->call_keeps_64th ? f->gas - f->gas / 64 : f->gas;
    f->gas -= gas;
    if (failure == EVM_SUCCESS) OK(journal_set_nonce(evm->journal, self, self->nonce + 1));
    evm->return_data_size = 0;
    f->return_size = 0;
    f->return_offset = 0;
    evm->begin = (struct evm_message){
        .kind = op == OP_CREATE ? EVM_CREATE : EVM_CREATE2,
        .depth = f->message.depth + 1,
        .gas = gas,
        .recipient = created,
        .sender = f->message.recipient,
        .code_address = created,
        .input = bytes_of(data, (size_t)length),
        .value = *value,
        .salt = salt,
    };
    f->stack_count -= op == OP_CREATE ? 3 : 4;
    f->call = evm->begin;
    evm->call_failure = failure;
    return OP_CALLED;
}

enum op_result evm_op_selfdestruct(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    (void)op;
    const struct evm_rules *r = evm->rules;
    if (f->message.is_static) FAIL(WRITE_PROTECTION);
    address to = to_address(&top[-1]);
    if (is_cold(evm, &to)) CHARGE(r->cold_account_gas);
    struct journal_account *self;
    struct journal_account *heir;
    LOAD_SELF(&self);
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

enum op_result evm_op_log(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    uint32_t topics = (uint32_t)op - OP_LOG0;
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

enum op_result evm_op_account(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
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

enum op_result evm_op_blockhash(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    (void)op;
    (void)f;
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

enum op_result evm_op_end(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    EXPAND(&top[-1], &top[-2]);
    f->output_size = (size_t)top[-2].w[0];
    f->output_offset = f->output_size == 0 ? 0 : (size_t)top[-1].w[0];
    f->outcome = op == OP_RETURN ? EVM_SUCCESS : EVM_REVERT;
    return OP_ENDED;
}

enum op_result evm_op_copy(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    const u256 *to = &top[-1];
    const u256 *from = &top[-2];
    const u256 *size = &top[-3];
    if (op == OP_RETURNDATACOPY) {
        u256 end;
        u256 have = u256_from_u64(evm->return_data_size);
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
        copy_padded(at, length, f->calldata, from);
    else if (op == OP_CODECOPY)
        copy_padded(at, length, f->program->code, from);
    else if (op == OP_RETURNDATACOPY)
        memcpy(at, evm->return_data + (size_t)from->w[0], length);
    else
        memmove(at, memory + (size_t)from->w[0], length);
    return OP_NEXT;
}

enum op_result evm_op_environment(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    const struct evm_config *c = evm->config;
    (void)f;
    switch (op) {
    case OP_ORIGIN:
        *top = u256_load_be_short(address_bytes(&c->origin));
        break;
    case OP_GASPRICE:
        *top = c->gas_price;
        break;
    case OP_COINBASE:
        *top = u256_load_be_short(address_bytes(&c->coinbase));
        break;
    case OP_TIMESTAMP:
        *top = u256_from_u64(c->timestamp);
        break;
    case OP_NUMBER:
        *top = u256_from_u64(c->number);
        break;
    case OP_PREVRANDAO:
        *top = c->difficulty;
        break;
    case OP_GASLIMIT:
        *top = u256_from_u64(c->gas_limit);
        break;
    case OP_CHAINID:
        *top = u256_from_u64(c->chain_id);
        break;
    case OP_BASEFEE:
        *top = c->base_fee;
        break;
    case OP_BLOBBASEFEE:
        *top = c->blob_base_fee;
        break;
    default:
        CHECK(false);
    }
    return OP_NEXT;
}

enum op_result evm_op_blobhash(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    (void)f;
    (void)op;
    const struct evm_config *c = evm->config;
    u256 *a = &top[-1];
    *a = u256_fits_u64(a) && a->w[0] < c->blob_hash_count ? u256_load_be(c->blob_hashes[a->w[0]].b)
                                                          : U256_ZERO;
    return OP_NEXT;
}

enum op_result evm_op_exp(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    (void)op;
    CHARGE(evm->rules->exp_byte_gas * (uint64_t)u256_byte_size(&top[-2]));
    top[-2] = u256_exp(&top[-1], &top[-2]);
    return OP_NEXT;
}

enum op_result evm_op_keccak256(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    (void)op;
    const u256 *offset = &top[-1];
    u256 *size = &top[-2];
    EXPAND(offset, size);
    CHARGE(6 * words_of(size->w[0]));
    bytes data = BYTES_EMPTY;
    if (!u256_is_zero(size))
        data = bytes_of(evm->memory + f->memory_base + (size_t)offset->w[0], (size_t)size->w[0]);
    hash32 hash = keccak256(data);
    *size = u256_load_be(hash.b);
    return OP_NEXT;
}

enum op_result evm_op_selfbalance(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    (void)op;
    struct journal_account *self;
    LOAD_SELF(&self);
    *top = self->balance;
    return OP_NEXT;
}

enum op_result evm_op_transient(struct evm *evm, struct evm_frame *f, uint8_t op, u256 *top) {
    if (op == OP_TLOAD) {
        top[-1] = journal_transient(evm->journal, &f->message.recipient, &top[-1]);
        return OP_NEXT;
    }
    if (f->message.is_static) FAIL(WRITE_PROTECTION);
    OK(journal_set_transient(evm->journal, &f->message.recipient, &top[-1], &top[-2]));
    return OP_NEXT;
}

enum op_result evm_op_expand(struct evm *evm, struct evm_frame *f, uint64_t size, const u256 *at) {
    u256 length = u256_from_u64(size);
    EXPAND(at, &length);
    return OP_NEXT;
}
