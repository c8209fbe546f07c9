#include "evm/evm.h"

#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"
#include "evm/evm_private.h"
#include "evm/journal_private.h"

const char *evm_outcome_name(enum evm_outcome outcome) {
    switch (outcome) {
#define EVM_OUTCOME_NAME(name, text) \
    case EVM_##name:                 \
        return #name;
        EVM_OUTCOME_LIST(EVM_OUTCOME_NAME)
#undef EVM_OUTCOME_NAME
    }
    return "UNKNOWN";
}

const char *evm_outcome_text(enum evm_outcome outcome) {
    switch (outcome) {
#define EVM_OUTCOME_TEXT(name, text) \
    case EVM_##name:                 \
        return text;
        EVM_OUTCOME_LIST(EVM_OUTCOME_TEXT)
#undef EVM_OUTCOME_TEXT
    }
    return "unknown outcome";
}

static bool is_create(enum evm_kind kind) {
    return kind == EVM_CREATE || kind == EVM_CREATE2;
}

/* --- answers ---------------------------------------------------------------------------------- */

enum err evm_give_account(struct evm *evm, const struct journal_account_data *data) {
    return journal_give_account(evm->journal, &evm->request.address, data);
}

enum err evm_give_slot(struct evm *evm, const u256 *value) {
    return journal_give_slot(evm->journal, &evm->request.address, &evm->request.key, value);
}

void evm_give_code(struct evm *evm, bytes code) {
    journal_give_code(evm->journal, &evm->request.address, code);
}

void evm_give_block_hash(struct evm *evm, const hash32 *hash) {
    evm->block_hash = u256_load_be(hash->b);
    evm->has_block_hash = true;
}

enum evm_status
evm_load_account(struct evm *evm, struct journal_account **account, const address *who) {
    *account = journal_find_account(evm->journal, who);
    if (*account != NULL && (*account)->is_loaded) return EVM_DONE;
    evm->request.address = *who;
    return EVM_NEED_ACCOUNT;
}

enum evm_status evm_load_code(struct evm *evm, struct journal_account *account) {
    if (account->has_code) return EVM_DONE;
    if (hash32_equal(&account->code_hash, &KECCAK_EMPTY) || !account->exists) {
        journal_give_code(evm->journal, &account->address, BYTES_EMPTY);
        return EVM_DONE;
    }
    bytes code;
    if (evm->config->code_cache != NULL &&
        evm_code_cache_find(evm->config->code_cache, &account->code_hash, &code)) {
        journal_give_code(evm->journal, &account->address, code);
        return EVM_DONE;
    }
    evm->request.address = account->address;
    evm->request.code_hash = account->code_hash;
    return EVM_NEED_CODE;
}

/* --- opening, beginning, copying -------------------------------------------------------------- */

enum err evm_open(
    struct evm *evm, struct arena *arena, struct journal *journal, const struct evm_config *config
) {
    *evm = (struct evm){
        .config = config,
        .journal = journal,
        .arena = arena,
        .rules = evm_rules(config->fork),
        .jumps_left = EVM_WATCH_JUMPS,
    };
    return ERR_OK;
}

void evm_begin(struct evm *evm, const struct evm_message *message) {
    while (evm->frame != NULL) {
        struct evm_frame *below = evm->frame->below;
        evm->frame->below = evm->frame_pool;
        evm->frame_pool = evm->frame;
        evm->frame = below;
    }
    evm->rules = evm_rules(evm->config->fork);
    evm->begin = *message;
    evm->frame_count = 0;
    evm->has_stop = false;
    evm->failures = NULL;
    evm->call_failure = EVM_SUCCESS;
    evm->call_declined = false;
    evm->pending = NEXT_ENTER;
    evm->has_block_hash = false;
}

void evm_call_inside(struct evm *evm, const struct evm_message *message) {
    CHECK(evm->pending == NEXT_WAIT_CALL);
    evm->begin = *message;
    evm->pending = NEXT_ENTER;
}

bool evm_pending_call(const struct evm *evm, struct evm_message *call) {
    if (evm->pending != NEXT_WAIT_CALL) return false;
    *call = evm->request.call;
    return true;
}

void evm_fail_frames(struct evm *evm, struct evm_frame_failure *failures) {
    evm->failures = failures;
}

/* What does not outlive the machine is copied. */
static enum err
copy_program(struct evm_frame *to, struct arena *arena, const struct evm_frame *from) {
    const struct program *program = from->program;
    if (program == NULL || program->is_kept) return ERR_OK;
    struct program *copy;
    enum err err = program_copy(&copy, arena, program);
    if (err != ERR_OK) return err;
    /* An init code's own copy is in the machine's memory. */
    if (is_create(from->message.kind)) copy->code = to->message.input;
    to->program = copy;
    to->ip = copy->instructions + (from->ip - program->instructions);
    return ERR_OK;
}

enum err
evm_copy(struct evm *to, struct arena *arena, const struct evm *from, struct journal *journal) {
    *to = *from;
    to->arena = arena;
    to->journal = journal;
    to->frame_pool = NULL;
    to->own_programs = NULL;
    to->stack_capacity = 0;
    to->memory_capacity = 0;
    if (from->frame != NULL) {
        size_t words = from->frame->stack_base + from->frame->stack_count;
        size_t size = from->frame->memory_base + from->frame->memory_size;
        to->stack_capacity = words + EVM_STACK_MAX;
        to->memory_capacity = size + 4096;
        to->stack = arena_alloc_array(arena, to->stack_capacity, sizeof(u256));
        to->memory = arena_alloc(arena, to->memory_capacity);
        if (to->stack == NULL || to->memory == NULL) return ERR_MEMORY;
        if (words > 0) memcpy(to->stack, from->stack, words * sizeof(u256));
        if (size > 0) memcpy(to->memory, from->memory, size);
    }
    struct evm_frame **link = &to->frame;
    for (const struct evm_frame *f = from->frame; f != NULL; f = f->below) {
        struct evm_frame *copy = arena_alloc(arena, sizeof(*copy));
        if (copy == NULL) return ERR_MEMORY;
        *copy = *f;
        /* The journal's copy has accounts of its own. */
        copy->self = NULL;
        memset(copy->inits, 0, sizeof(copy->inits));
        /* Inputs of frames lie in the memory of their callers. */
        enum err err = arena_copy(arena, &copy->message.input, f->message.input);
        if (err == ERR_OK) err = arena_copy(arena, &copy->call.input, f->call.input);
        if (err == ERR_OK) err = copy_program(copy, arena, f);
        if (err != ERR_OK) return err;
        if (f->calldata.size > 0) copy->calldata = copy->message.input;
        *link = copy;
        link = &copy->below;
    }
    *link = NULL;
    bytes data;
    enum err err = arena_copy(arena, &data, bytes_of(from->return_data, from->return_data_size));
    if (err != ERR_OK) return err;
    memcpy(&to->return_data, &data.data, sizeof(to->return_data));
    to->return_data_capacity = data.size;
    if (from->pending == NEXT_WAIT_CALL) {
        err = arena_copy(arena, &to->request.call.input, from->request.call.input);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

address evm_create_address(const address *sender, uint64_t nonce) {
    uint8_t rlp[32];
    uint8_t number[8];
    store_be64(number, nonce);
    size_t skip = 0;
    while (skip < 8 && number[skip] == 0)
        skip++;
    size_t size = 8 - skip;
    size_t at = 22;
    rlp[1] = 0x94;
    memcpy(rlp + 2, sender->b, 20);
    if (size == 1 && number[7] < 0x80) {
        rlp[at++] = number[7];
    } else {
        rlp[at++] = (uint8_t)(0x80 + size);
        memcpy(rlp + at, number + skip, size);
        at += size;
    }
    rlp[0] = (uint8_t)(0xc0 + at - 1);
    hash32 hash = keccak256(bytes_of(rlp, at));
    address created;
    memcpy(created.b, hash.b + 12, 20);
    return created;
}

address
evm_create2_address(const address *sender, const hash32 *salt, const hash32 *initcode_hash) {
    uint8_t preimage[85];
    preimage[0] = 0xff;
    memcpy(preimage + 1, sender->b, 20);
    memcpy(preimage + 21, salt->b, 32);
    memcpy(preimage + 53, initcode_hash->b, 32);
    hash32 hash = keccak256(bytes_of(preimage, sizeof(preimage)));
    address created;
    memcpy(created.b, hash.b + 12, 20);
    return created;
}

bool evm_delegation_target(bytes code, address *target) {
    static const uint8_t PREFIX[3] = {0xef, 0x01, 0x00};
    if (code.size != EVM_DELEGATION_SIZE || memcmp(code.data, PREFIX, 3) != 0) return false;
    memcpy(target->b, code.data + 3, 20);
    return true;
}

/* --- frames ----------------------------------------------------------------------------------- */

static bool is_foreign(const struct evm *evm, const address *who) {
    for (uint32_t i = 0; i < evm->config->foreign_count; i++)
        if (address_equal(&evm->config->foreign[i], who)) return true;
    return false;
}

static void trace_enter(const struct evm *evm, const struct evm_message *message) {
    const struct evm_tracer *t = evm->config->tracer;
    if (t != NULL && t->on_enter != NULL) t->on_enter(t->context, message);
}

/* The result of what has just ended, with or without a frame, for whoever is next: the tracer, the
 * caller's frame, or the driver. */
static void set_result(
    struct evm *evm,
    enum evm_outcome outcome,
    uint64_t gas_left,
    bytes output,
    bool creates,
    const address *created
) {
    evm->result = (struct evm_result){
        .outcome = outcome,
        .gas_left = gas_left,
        .gas_refund = evm->journal->refund,
        .output = output,
        .is_create = creates,
        .stop = evm->has_stop ? &evm->stop : NULL,
    };
    evm->has_stop = false;
    if (creates) evm->result.created = *created;
    const struct evm_tracer *t = evm->config->tracer;
    if (t != NULL && t->on_exit != NULL) t->on_exit(t->context, &evm->result);
}

/* Puts what a call returned where the caller's RETURNDATA instructions read it. output may lie
 * there already. */
static enum err keep_output(struct evm *evm, bytes *output) {
    if (output->size > evm->return_data_capacity) {
        size_t capacity = 2 * output->size + 256;
        uint8_t *data = arena_alloc(evm->arena, capacity);
        if (data == NULL) return ERR_MEMORY;
        if (output->data != NULL) memcpy(data, output->data, output->size);
        evm->return_data = data;
        evm->return_data_capacity = capacity;
    } else if (output->size > 0 && output->data != NULL) {
        memmove(evm->return_data, output->data, output->size);
    }
    *output = bytes_of(evm->return_data, output->size);
    return ERR_OK;
}

static bool keeps_gas(enum evm_outcome outcome) {
    return outcome == EVM_SUCCESS || outcome == EVM_REVERT || outcome == EVM_INSUFFICIENT_BALANCE ||
           outcome == EVM_DEPTH || outcome == EVM_NONCE_OVERFLOW || outcome == EVM_FOREIGN_FAILURE;
}

/* Hands evm->result to the innermost frame, which made the call, or ends the run if there is none
 * that waits for it. */
static enum evm_status hand_over(struct evm *evm, bool is_outermost) {
    struct evm_frame *frame = evm->frame;
    if (is_outermost) {
        bool is_inside = frame != NULL && frame->is_waiting;
        evm->pending = is_inside ? NEXT_WAIT_CALL : NEXT_IDLE;
        if (is_inside) {
            evm->request.call = frame->call;
            evm->given_outermost = false;
        }
        return EVM_DONE;
    }
    CHECK(frame != NULL);
    const struct evm_result *result = &evm->result;
    bool success = result->outcome == EVM_SUCCESS;
    u256 *top = &evm->stack[frame->stack_base + frame->stack_count++];
    *top = U256_ZERO;
    frame->gas += result->gas_left;
    bool hides_output = result->is_create && success;
    bytes output = hides_output ? BYTES_EMPTY : result->output;
    /* What it returned is already where RETURNDATA is read, or it returned nothing. */
    evm->return_data_size = output.size;
    if (result->is_create) {
        if (success) *top = u256_load_be_short(address_bytes(&result->created));
    } else {
        *top = u256_from_u64(success ? 1 : 0);
        size_t size = output.size < frame->return_size ? output.size : frame->return_size;
        if (size > 0)
            memcpy(evm->memory + frame->memory_base + frame->return_offset, output.data, size);
    }
    evm->pending = NEXT_LOOP;
    return EVM_DONE;
}

/* A message that ends without a frame of its own. */
static enum evm_status end_at_once(
    struct evm *evm, enum evm_outcome outcome, uint64_t gas_left, bytes output, bool is_outermost
) {
    const struct evm_message *m = &evm->begin;
    set_result(evm, outcome, gas_left, output, is_create(m->kind), &m->recipient);
    return hand_over(evm, is_outermost);
}

enum { MEMORY_CAPACITY_MIN = 4096 }; /* bytes, for all frames; it doubles */

static enum evm_status new_frame(struct evm *evm, struct evm_frame **out) {
    struct evm_frame *frame = evm->frame_pool;
    if (frame != NULL)
        evm->frame_pool = frame->below;
    else
        frame = arena_alloc_zero(evm->arena, sizeof(*frame));
    if (frame == NULL) return EVM_NO_MEMORY;
    if (evm->memory == NULL) {
        evm->memory = arena_alloc(evm->arena, MEMORY_CAPACITY_MIN);
        if (evm->memory == NULL) return EVM_NO_MEMORY;
        evm->memory_capacity = MEMORY_CAPACITY_MIN;
    }
    const struct evm_frame *below = evm->frame;
    size_t stack_base = below == NULL ? 0 : below->stack_base + below->stack_count;
    size_t memory_base = below == NULL ? 0 : below->memory_base + below->memory_size;
    if (stack_base + EVM_STACK_MAX + 8 > evm->stack_capacity) {
        size_t capacity = 2 * evm->stack_capacity + 2 * EVM_STACK_MAX;
        u256 *stack = arena_alloc_array(evm->arena, capacity, sizeof(u256));
        if (stack == NULL) return EVM_NO_MEMORY;
        if (stack_base > 0) memcpy(stack, evm->stack, stack_base * sizeof(u256));
        evm->stack = stack;
        evm->stack_capacity = capacity;
    }
    *frame = (struct evm_frame){
        .below = evm->frame,
        .inits = {frame->inits[0], frame->inits[1]},
        .stack_base = stack_base,
        .memory_base = memory_base,
    };
    *out = frame;
    return EVM_DONE;
}

/* Everything a message needs to be known before it is entered: nothing has changed when this says
 * that something is missing. */
static enum evm_status load_message(
    struct evm *evm, struct journal_account **recipient, struct journal_account **code_account
) {
    struct evm_message *m = &evm->begin;
    struct journal_account *account;
    enum evm_status status = evm_load_account(evm, &account, &m->sender);
    *code_account = NULL;
    if (status == EVM_DONE && m->kind == EVM_CREATE && evm->frame == NULL)
        m->recipient = evm_create_address(&m->sender, account->nonce - 1);
    if (status == EVM_DONE && m->kind == EVM_CREATE2 && evm->frame == NULL) {
        hash32 initcode_hash = keccak256(m->input);
        m->recipient = evm_create2_address(&m->sender, &m->salt, &initcode_hash);
    }
    if (status == EVM_DONE) status = evm_load_account(evm, recipient, &m->recipient);
    if (status != EVM_DONE || is_create(m->kind)) return status;
    status = evm_load_account(evm, code_account, &m->code_address);
    if (status == EVM_DONE) status = evm_load_code(evm, *code_account);
    address target;
    if (status != EVM_DONE || !evm->rules->has_delegations ||
        !evm_delegation_target((*code_account)->code, &target))
        return status;
    status = evm_load_account(evm, code_account, &target);
    if (status == EVM_DONE) status = evm_load_code(evm, *code_account);
    /* EIP-7702: the delegate of a transaction's recipient is warm from the start. */
    if (status == EVM_DONE && evm->frame == NULL &&
        journal_warm_account(evm->journal, &target, NULL) != ERR_OK)
        return EVM_NO_MEMORY;
    return status;
}

static enum evm_status
move_value(struct evm *evm, const address *from, struct journal_account *to, const u256 *value) {
    struct journal_account *sender = journal_find_account(evm->journal, from);
    enum err err = journal_sub_balance(evm->journal, sender, value);
    if (err == ERR_OK) err = journal_add_balance(evm->journal, to, value);
    if (err == ERR_LIMIT) return EVM_TOO_MUCH_ETHER;
    return err == ERR_OK ? EVM_DONE : EVM_NO_MEMORY;
}

static bool precompile_at(const struct evm *evm, const address *who, address *precompile) {
    const struct evm_config *config = evm->config;
    return evm_precompile_at(
        config->fork, config->precompiles, config->precompile_count, who, precompile
    );
}

static enum evm_status
run_precompile(struct evm *evm, const address *precompile, bool is_outermost) {
    const struct evm_message *m = &evm->begin;
    struct evm_precompile_result result;
    struct arena_mark mark = arena_mark(evm->arena);
    enum err err =
        evm_precompile_run(&result, evm->arena, evm->config->fork, precompile, m->input, m->gas);
    if (err != ERR_OK) return EVM_NO_MEMORY;
    if (result.is_unsupported) return EVM_UNSUPPORTED;
    /* Its working memory goes, unless the place for the output had to be made behind it. */
    bool has_place = result.output.size <= evm->return_data_capacity;
    if (keep_output(evm, &result.output) != ERR_OK) return EVM_NO_MEMORY;
    if (has_place) arena_release(evm->arena, mark);
    enum evm_outcome failure = result.is_out_of_gas ? EVM_OUT_OF_GAS : EVM_PRECOMPILE_FAILURE;
    return end_at_once(
        evm,
        result.is_success ? EVM_SUCCESS : failure,
        result.is_success ? result.gas_left : 0,
        result.output,
        is_outermost
    );
}

static enum evm_status
prepare_creation(struct evm *evm, struct journal_account *account, enum evm_outcome *outcome) {
    struct journal *j = evm->journal;
    if (journal_warm_account(j, &account->address, NULL) != ERR_OK) return EVM_NO_MEMORY;
    if (account->nonce != 0 || !hash32_equal(&account->code_hash, &KECCAK_EMPTY) ||
        journal_account_has_storage(j, account)) {
        *outcome = EVM_COLLISION;
        return EVM_DONE;
    }
    return EVM_DONE;
}

static struct evm_frame_failure *failure_of(const struct evm *evm, uint64_t sequence) {
    for (struct evm_frame_failure *f = evm->failures; f != NULL; f = f->next)
        if (f->sequence == sequence) return f;
    return NULL;
}

enum evm_status evm_look(const struct evm *evm) {
    const struct evm_watch *watch = evm->config->watch;
    return watch != NULL && watch->must_stop(watch->context) ? EVM_STOPPED : EVM_DONE;
}

/* Enters evm->begin. is_outermost: the driver began it; else the innermost frame called. */
static enum evm_status enter(struct evm *evm) {
    struct evm_message *m = &evm->begin;
    struct journal *j = evm->journal;
    bool is_outermost = evm->frame == NULL || evm->frame->is_waiting;
    address precompile;
    struct journal_account *recipient;
    struct journal_account *code_account;
    enum evm_status status = load_message(evm, &recipient, &code_account);
    if (status != EVM_DONE) return status;
    struct journal_account *sender = journal_find_account(j, &m->sender);
    if (!evm->call_declined) trace_enter(evm, m);
    if (evm->call_failure != EVM_SUCCESS) {
        enum evm_outcome failure = evm->call_failure;
        evm->call_failure = EVM_SUCCESS;
        return end_at_once(evm, failure, m->gas, BYTES_EMPTY, false);
    }
    bool moves_value = m->kind != EVM_DELEGATECALL && !u256_is_zero(&m->value);
    if (moves_value && u256_less(&sender->balance, &m->value))
        return end_at_once(evm, EVM_INSUFFICIENT_BALANCE, m->gas, BYTES_EMPTY, is_outermost);
    if (!is_create(m->kind) && !evm->call_declined && is_foreign(evm, &m->code_address)) {
        evm->given_outermost = is_outermost;
        if (!is_outermost) {
            evm->frame->is_waiting = true;
            evm->request.frame.sequence = evm->frame->sequence;
        }
        evm->request.call = *m;
        evm->pending = NEXT_WAIT_CALL;
        return EVM_NEED_CALL;
    }
    evm->call_declined = false;
    struct journal_snapshot snapshot = journal_snapshot(j);
    struct evm_frame_failure *failure = failure_of(evm, evm->frame_count);
    if (is_create(m->kind)) {
        enum evm_outcome outcome = EVM_SUCCESS;
        status = prepare_creation(evm, recipient, &outcome);
        if (status != EVM_DONE) return status;
        if (outcome != EVM_SUCCESS) {
            evm->frame_count++;
            return end_at_once(evm, outcome, 0, BYTES_EMPTY, is_outermost);
        }
        snapshot = journal_snapshot(j);
        if (journal_create(j, recipient, evm->rules->contract_nonce) != ERR_OK)
            return EVM_NO_MEMORY;
    } else if (m->kind == EVM_CALL || m->kind == EVM_STATICCALL) {
        bool is_new = !recipient->exists;
        if (!is_new || moves_value || !evm->rules->empty_is_absent ||
            precompile_at(evm, &m->recipient, &precompile))
            if (journal_touch(j, recipient) != ERR_OK) return EVM_NO_MEMORY;
    }
    if (moves_value && m->kind != EVM_CALLCODE) {
        status = move_value(evm, &m->sender, recipient, &m->value);
        if (status != EVM_DONE) return status;
    }
    if (!is_create(m->kind) && precompile_at(evm, &m->code_address, &precompile)) {
        evm->frame_count++;
        status = run_precompile(evm, &precompile, is_outermost);
        if (evm->result.outcome != EVM_SUCCESS && status != EVM_UNSUPPORTED)
            journal_revert(j, snapshot);
        return status;
    }
    if (!is_create(m->kind) && code_account->code.size == 0 && failure == NULL) {
        evm->frame_count++;
        return end_at_once(evm, EVM_SUCCESS, m->gas, BYTES_EMPTY, is_outermost);
    }
    struct evm_frame *frame;
    status = new_frame(evm, &frame);
    if (status != EVM_DONE) return status;
    if (failure == NULL) {
        enum err err = evm_find_program(
            evm,
            frame,
            &frame->program,
            is_create(m->kind) ? NULL : &code_account->code_hash,
            is_create(m->kind) ? m->input : code_account->code,
            evm_traces_steps(evm)
        );
        if (err != ERR_OK) return EVM_NO_MEMORY;
        frame->ip = program_enter(frame->program, 0);
    }
    if (!is_create(m->kind)) frame->calldata = m->input;
    evm->return_data_size = 0;
    frame->message = *m;
    frame->gas = m->gas;
    frame->snapshot = snapshot;
    frame->is_outermost = is_outermost;
    frame->sequence = evm->frame_count++;
    frame->failure = failure;
    evm->frame = frame;
    evm->pending = NEXT_LOOP;
    if (failure != NULL) {
        failure->has_failed = true;
        frame->called_foreign = true;
        frame->outcome = failure->outcome;
        frame->gas = failure->gas_left < frame->gas ? failure->gas_left : frame->gas;
        evm->pending = NEXT_EXIT;
    }
    return EVM_DONE;
}

/* What a creation returned becomes code, if it may. */
static enum evm_status deposit_code(struct evm *evm, struct evm_frame *frame, bytes code) {
    const struct evm_rules *rules = evm->rules;
    uint64_t cost = 200 * (uint64_t)code.size;
    if (code.size > rules->code_size_max && !evm->config->allow_unlimited_code_size) {
        frame->outcome = EVM_CODE_SIZE;
        evm->has_stop = true;
        evm->stop = (struct evm_stop
        ){.opcode = OP_RETURN, .stack_count = 2, .top = {[1] = u256_from_u64(code.size)}};
        return EVM_DONE;
    }
    if (rules->code_prefix_ef_refused && code.size > 0 && code.data != NULL &&
        code.data[0] == 0xef) {
        frame->outcome = EVM_CODE_PREFIX;
        return EVM_DONE;
    }
    if (cost > frame->gas) {
        if (rules->code_deposit_must_be_paid) frame->outcome = EVM_CODE_DEPOSIT;
        return EVM_DONE;
    }
    frame->gas -= cost;
    struct journal_account *account = journal_find_account(evm->journal, &frame->message.recipient);
    bytes kept;
    hash32 hash = keccak256(code);
    struct arena *arena = evm->journal->arena;
    if (arena_copy(arena, &kept, code) != ERR_OK ||
        journal_set_code(evm->journal, account, kept, &hash) != ERR_OK)
        return EVM_NO_MEMORY;
    return EVM_DONE;
}

static enum evm_status leave(struct evm *evm) {
    struct evm_frame *frame = evm->frame;
    bool creates = is_create(frame->message.kind);
    bytes output = bytes_of(
        evm->memory == NULL ? NULL : evm->memory + frame->memory_base + frame->output_offset,
        frame->output_size
    );
    if (frame->failure != NULL) output = frame->failure->output;
    if (creates && frame->outcome == EVM_SUCCESS && !frame->has_reported) {
        enum evm_status status = deposit_code(evm, frame, output);
        if (status != EVM_DONE) return status;
        if (frame->outcome != EVM_SUCCESS) output = BYTES_EMPTY;
    }
    bool keeps_output = frame->outcome == EVM_SUCCESS || frame->outcome == EVM_REVERT;
    if (!keeps_output && frame->failure == NULL) output = BYTES_EMPTY;
    uint64_t gas_left = keeps_gas(frame->outcome) || frame->failure != NULL ? frame->gas : 0;
    bool must_report = frame->outcome != EVM_SUCCESS && frame->called_foreign &&
                       !frame->message.is_static && frame->failure == NULL;
    if (must_report && !frame->has_reported) {
        frame->has_reported = true;
        evm->request.frame.sequence = frame->sequence;
        evm->request.frame.outcome = frame->outcome;
        evm->request.frame.gas_left = gas_left;
        evm->request.frame.output = output;
        evm->request.frame.depth = frame->message.depth;
        evm->request.frame.recipient = frame->message.recipient;
        evm->request.frame.is_outermost = frame->is_outermost;
        return EVM_REVERTING;
    }
    if (frame->outcome != EVM_SUCCESS) journal_revert(evm->journal, frame->snapshot);
    if (keep_output(evm, &output) != ERR_OK) return EVM_NO_MEMORY;
    bool is_outermost = frame->is_outermost;
    const struct evm_frame_failure *failure = frame->failure;
    address created = frame->message.recipient;
    evm->frame = frame->below;
    if (evm->frame != NULL && frame->called_foreign) evm->frame->called_foreign = true;
    frame->below = evm->frame_pool;
    evm->frame_pool = frame;
    set_result(evm, frame->outcome, gas_left, output, creates, &created);
    const struct evm_tracer *tracer = evm->config->tracer;
    if (failure != NULL && tracer != NULL && tracer->on_replayed != NULL)
        tracer->on_replayed(tracer->context, failure);
    return hand_over(evm, is_outermost);
}

enum err evm_give_call(struct evm *evm, bool success, uint64_t gas_left, bytes output) {
    CHECK(evm->pending == NEXT_WAIT_CALL && gas_left <= evm->request.call.gas);
    bool is_outermost = evm->given_outermost;
    if (!is_outermost) {
        evm->frame->is_waiting = false;
        evm->frame->called_foreign = true;
    }
    evm->begin = evm->request.call;
    enum err err = keep_output(evm, &output);
    if (err != ERR_OK) return err;
    set_result(
        evm,
        success ? EVM_SUCCESS : EVM_FOREIGN_FAILURE,
        gas_left,
        output,
        false,
        &evm->request.call.recipient
    );
    evm->pending = NEXT_AFTER_CALL;
    return ERR_OK;
}

void evm_decline_call(struct evm *evm) {
    CHECK(evm->pending == NEXT_WAIT_CALL);
    evm->begin = evm->request.call;
    if (evm->frame != NULL && !evm->given_outermost) evm->frame->is_waiting = false;
    evm->call_declined = true;
    evm->pending = NEXT_ENTER;
}

enum evm_status evm_run(struct evm *evm) {
    for (;;) {
        enum evm_status status = EVM_DONE;
        switch ((enum evm_next)evm->pending) {
        case NEXT_IDLE:
        case NEXT_WAIT_CALL:
            CHECK(false);
        case NEXT_ENTER:
            status = evm_look(evm);
            if (status == EVM_DONE) status = enter(evm);
            break;
        case NEXT_LOOP:
            status = evm_interpret(evm);
            break;
        case NEXT_EXIT:
            status = leave(evm);
            break;
        case NEXT_AFTER_CALL:
            status = hand_over(evm, evm->given_outermost);
            break;
        }
        if (status != EVM_DONE) return evm->status = status;
        if (evm->pending == NEXT_IDLE || evm->pending == NEXT_WAIT_CALL)
            return evm->status = EVM_DONE;
    }
}
