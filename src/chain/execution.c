/* chain/execution.c: see execution.h.
 *
 * An execution goes through phases; within a phase everything that may be missing is read before
 * anything changes, so that a phase cut short by ERR_MISSING can simply be done again. */
#include "chain/execution.h"

#include "core/check.h"
#include "crypto/keccak.h"
#include "state/state.h"

const address SYSTEM_ADDRESS = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}};

#define SYSTEM_CALL_GAS      30000000u
#define AUTHORIZATION_REFUND 12500u /* EIP-7702: PER_EMPTY_ACCOUNT_COST - PER_AUTH_BASE_COST */
#define BLOCK_HASH_DEPTH     256u

enum phase {
    PHASE_BEGIN,
    PHASE_AUTHORIZE, /* cursor: authorizations done */
    PHASE_ENTER,
    PHASE_RUN,
    PHASE_SETTLE,
    PHASE_OVER, /* done, invalid or abandoned */
    PHASE_OPEN, /* done with skip_end: the journal's transaction is still open */
};

/* --- reading from the state ------------------------------------------------------------------- */

static enum execution_status fail(struct execution *x, enum err err) {
    x->err = err;
    return EXECUTION_FAILED;
}

static enum err want(struct execution *x, enum err err, enum execution_wanted wanted) {
    if (err == ERR_MISSING) {
        x->wanted = wanted;
        x->wanted_hash = x->state->wanted;
    }
    return err;
}

static enum err
read_account(struct execution *x, struct journal_account_data *data, const address *of) {
    struct account account;
    bool exists;
    x->wanted_address = *of;
    enum err err = state_get_account(x->state, of, &account, &exists);
    if (err != ERR_OK) return want(x, err, WANTED_ACCOUNT);
    *data = (struct journal_account_data){
        .exists = exists,
        .nonce = account.nonce,
        .balance = account.balance,
        .code_hash = account.code_hash,
        .storage_root = account.storage_root,
    };
    return ERR_OK;
}

/* The account in the journal, read into it if need be. */
static enum err
load_account(struct execution *x, struct journal_account **account, const address *of) {
    *account = journal_find_account(x->journal, of);
    if (*account != NULL) return ERR_OK;
    struct journal_account_data data;
    enum err err = read_account(x, &data, of);
    if (err != ERR_OK) return err;
    err = journal_give_account(x->journal, of, &data);
    if (err != ERR_OK) return err;
    *account = journal_find_account(x->journal, of);
    return ERR_OK;
}

static enum err
read_code(struct execution *x, bytes *code, const address *of, const hash32 *code_hash) {
    if (x->code_cache != NULL && evm_code_cache_find(x->code_cache, code_hash, code)) return ERR_OK;
    x->wanted_address = *of;
    enum err err = state_get_code(x->state, code_hash, code);
    if (err == ERR_MISSING) x->wanted_hash = *code_hash;
    if (err != ERR_OK) return want(x, err, WANTED_CODE);
    bytes kept;
    if (x->code_cache != NULL &&
        evm_code_cache_add(x->code_cache, code_hash, *code, &kept) == ERR_OK)
        *code = kept; /* a full cache takes no more: then it is the source's copy */
    return ERR_OK;
}

static enum err load_code(struct execution *x, struct journal_account *account) {
    if (account->has_code) return ERR_OK;
    bytes code;
    enum err err = read_code(x, &code, &account->address, &account->code_hash);
    if (err == ERR_OK) journal_give_code(x->journal, &account->address, code);
    return err;
}

/* Answers the machine's request for a slot. */
static enum err give_slot(struct execution *x) {
    u256 value;
    x->wanted_address = x->evm.request.address;
    x->wanted_key = x->evm.request.key;
    enum err err = state_get_slot(x->state, &x->evm.request.address, &x->evm.request.key, &value);
    if (err != ERR_OK) return want(x, err, WANTED_SLOT);
    return evm_give_slot(&x->evm, &value);
}

static enum err give_account(struct execution *x) {
    struct journal_account_data data;
    address of = x->evm.request.address;
    enum err err = read_account(x, &data, &of);
    if (err != ERR_OK) return err;
    return evm_give_account(&x->evm, &data);
}

static enum err give_code(struct execution *x) {
    bytes code;
    enum err err = read_code(x, &code, &x->evm.request.address, &x->evm.request.code_hash);
    if (err == ERR_OK) evm_give_code(&x->evm, code);
    return err;
}

static enum err give_block_hash(struct execution *x) {
    uint64_t number = x->evm.request.number;
    uint64_t current = x->block->number;
    hash32 hash = {{0}};
    if (number < current && current - number <= BLOCK_HASH_DEPTH) {
        x->wanted_number = number;
        enum err err = x->block->hashes.get(x->block->hashes.context, number, &hash);
        if (err == ERR_MISSING) x->wanted = WANTED_HASH;
        if (err != ERR_OK) return err;
    }
    evm_give_block_hash(&x->evm, &hash);
    return ERR_OK;
}

/* --- opening and beginning -------------------------------------------------------------------- */

enum err execution_open(
    struct execution *x,
    struct arena *arena,
    const struct block_context *block,
    struct state *state,
    struct journal *journal,
    struct evm_code_cache *code_cache
) {
    *x = (struct execution){
        .block = block,
        .state = state,
        .journal = journal,
        .arena = arena,
        .code_cache = code_cache,
        .phase = PHASE_OVER,
    };
    x->config = (struct evm_config){
        .fork = block->rules.fork,
        .chain_id = block->rules.chain_id,
        .coinbase = block->coinbase,
        .number = block->number,
        .timestamp = block->timestamp,
        .gas_limit = block->gas_limit,
        .difficulty = block->difficulty,
        .base_fee = block->base_fee_per_gas,
        .blob_base_fee = block->blob_base_fee,
        .code_cache = code_cache,
    };
    if (block->rules.fork >= FORK_PARIS) /* EIP-4399 */
        x->config.difficulty = u256_load_be(block->prev_randao.b);
    return evm_open(&x->evm, arena, journal, &x->config);
}

static void
begin(struct execution *x, enum execution_kind kind, const struct execution_options *options) {
    CHECK(x->phase == PHASE_OVER);
    static const struct execution_options none = {0};
    x->options = options != NULL ? *options : none;
    if (options == NULL) {
        x->options.gas_available = x->block->gas_limit;
        x->options.blob_gas_available = (uint64_t)x->block->rules.blob.max * BLOB_GAS_PER_BLOB;
    }
    x->kind = kind;
    x->tx = NULL;
    x->phase = PHASE_BEGIN;
    x->cursor = 0;
    x->is_begun = false;
    x->result = (struct execution_result){0};
    x->verdict = TX_OK;
    x->err = ERR_OK;
    x->wanted = WANTED_NOTHING;
    x->config.tracer = x->options.tracer;
    x->config.watch = x->options.watch;
    x->config.precompiles = x->options.precompiles;
    x->config.precompile_count = (uint32_t)x->options.precompile_count;
    x->config.foreign = x->options.foreign;
    x->config.foreign_count = (uint32_t)x->options.foreign_count;
    x->config.warm = x->options.warm;
    x->config.warm_count = (uint32_t)x->options.warm_count;
    x->config.blob_hashes = NULL;
    x->config.blob_hash_count = 0;
}

void execution_begin_tx(
    struct execution *x,
    const struct tx *tx,
    const address *sender,
    const struct execution_options *options
) {
    begin(x, EXECUTION_TX, options);
    x->tx = tx;
    x->sender = *sender;
}

void execution_begin_system_call(struct execution *x, const address *target, bytes input) {
    begin(x, EXECUTION_SYSTEM_CALL, NULL);
    x->sender = SYSTEM_ADDRESS;
    x->message = (struct execution_message){
        .caller = SYSTEM_ADDRESS,
        .origin = SYSTEM_ADDRESS,
        .target = *target,
        .gas = SYSTEM_CALL_GAS,
        .input = input,
    };
}

void execution_begin_message(
    struct execution *x,
    const struct execution_message *message,
    const struct execution_options *options
) {
    begin(x, EXECUTION_MESSAGE, options);
    x->sender = message->caller;
    x->message = *message;
}

/* --- a transaction's checks ------------------------------------------------------------------- */

/* EIP-1559: what a unit of gas costs; before London the gas price. */
static u256 effective_gas_price(const struct execution *x) {
    const struct tx *tx = x->tx;
    const u256 *base_fee = &x->block->base_fee_per_gas;
    u256 tip;
    if (!tx_tip_at(&tip, tx, base_fee, x->block->number))
        return tx->max_fee_per_gas; /* skip_fees */
    return u256_add(base_fee, &tip);
}

static uint64_t blob_gas_of(const struct tx *tx) {
    return (uint64_t)tx->blob_count * BLOB_GAS_PER_BLOB;
}

static bool has_free_blobs(const struct execution *x) {
    return x->options.skip_blob_fee && u256_is_zero(&x->tx->max_fee_per_blob_gas);
}

static enum tx_verdict check_fee_caps(const struct execution *x) {
    const struct tx *tx = x->tx;
    const struct block_context *block = x->block;
    if (tx->type == TX_DEPOSIT) return TX_OK;
    if (!x->options.skip_fees && u256_less(&tx->max_fee_per_gas, &block->base_fee_per_gas))
        return TX_FEE_CAP;
    if (tx->type == TX_BLOB && !has_free_blobs(x) &&
        u256_less(&tx->max_fee_per_blob_gas, &block->blob_base_fee))
        return TX_BLOB_FEE_CAP;
    return TX_OK;
}

static enum tx_verdict check_allowances(const struct execution *x) {
    const struct tx *tx = x->tx;
    if (tx->gas_limit > x->options.gas_available) return TX_GAS_ALLOWANCE;
    if (blob_gas_of(tx) > x->options.blob_gas_available) return TX_BLOB_GAS_ALLOWANCE;
    return TX_OK;
}

/* The most that the transaction can take from its sender; false if that exceeds 256 bits. */
static bool cost_max(u256 *cost, const struct tx *tx) {
    u256 gas = u256_from_u64(tx->gas_limit);
    u256 blob_gas = u256_from_u64(blob_gas_of(tx));
    u256 blob_cost;
    return u256_mul_checked(cost, &gas, &tx->max_fee_per_gas) &&
           u256_mul_checked(&blob_cost, &blob_gas, &tx->max_fee_per_blob_gas) &&
           !u256_add_carry(cost, cost, &blob_cost) && !u256_add_carry(cost, cost, &tx->value);
}

/* EIP-3607, and EIP-7702's exemption: an account that delegates may still send. */
static bool may_send(const struct journal_account *sender) {
    address target;
    return sender->code.size == 0 || evm_delegation_target(sender->code, &target);
}

static enum tx_verdict
check_sender(const struct execution *x, const struct journal_account *sender) {
    const struct tx *tx = x->tx;
    if (tx->type == TX_DEPOSIT) return TX_OK;
    if (!x->options.skip_nonce) {
        if (tx->nonce < sender->nonce) return TX_NONCE_LOW;
        if (tx->nonce > sender->nonce) return TX_NONCE_HIGH;
    }
    if (!x->options.skip_balance) {
        u256 cost;
        if (!cost_max(&cost, tx)) return TX_FEE_OVERFLOW;
        if (u256_less(&sender->balance, &cost)) return TX_FUNDS;
    }
    bool may_have_code =
        x->options.skip_sender_code || (x->block->rules.names_senders && tx_names_sender(tx));
    if (!may_have_code && !may_send(sender)) return TX_SENDER_NOT_EOA;
    return TX_OK;
}

static enum tx_verdict check_tx(const struct execution *x) {
    if (x->tx->type == TX_DEPOSIT && !x->options.allow_deposit) return TX_DEPOSIT_NOT_ALLOWED;
    /* What need not hold is made to hold in a copy. */
    struct tx tx = *x->tx;
    if (x->options.skip_nonce) tx.nonce = 0;
    if (x->options.skip_gas_cap && tx.gas_limit > TX_GAS_LIMIT_MAX) tx.gas_limit = TX_GAS_LIMIT_MAX;
    enum tx_verdict verdict = tx_check(&tx, &x->block->rules);
    /* Too little gas comes last: no gas limit would help what comes before. */
    bool is_gas = verdict == TX_INTRINSIC_GAS || verdict == TX_FLOOR_GAS;
    if (verdict != TX_OK && !is_gas) return verdict;
    enum tx_verdict in_block = tx_check_window(x->tx, x->block->number);
    if (in_block == TX_OK) in_block = check_allowances(x);
    if (in_block == TX_OK) in_block = check_fee_caps(x);
    return in_block != TX_OK ? in_block : verdict;
}

/* --- a transaction before its message --------------------------------------------------------- */

/* *pay: what the sender pays ahead, and what can come back of it. */
static u256 payment_ahead(const struct execution *x) {
    const struct tx *tx = x->tx;
    u256 gas = u256_from_u64(tx->gas_limit);
    u256 blob_gas = u256_from_u64(blob_gas_of(tx));
    u256 payment = u256_mul(&gas, &x->result.effective_gas_price);
    u256 blob_payment = u256_mul(&blob_gas, &x->block->blob_base_fee);
    return u256_add(&payment, &blob_payment);
}

/* With skip_balance: lends what is missing for payment and value. */
static enum err lend(struct execution *x, struct journal_account *sender, const u256 *payment) {
    u256 needed;
    if (u256_add_carry(&needed, payment, &x->tx->value)) needed = U256_MAX;
    if (!u256_less(&sender->balance, &needed)) return ERR_OK;
    return journal_set_balance(x->journal, sender, &needed);
}

static enum err pay_ahead(struct execution *x, struct journal_account *sender) {
    const struct tx *tx = x->tx;
    enum err err = journal_touch(x->journal, sender);
    if (err != ERR_OK) return err;
    if (tx->type == TX_DEPOSIT) return journal_add_balance(x->journal, sender, &tx->mint);
    u256 payment = payment_ahead(x);
    if (x->options.skip_balance) {
        err = lend(x, sender, &payment);
        if (err != ERR_OK) return err;
    }
    /* The sender was not asked whether it can pay for such blobs. */
    if (has_free_blobs(x) && u256_less(&sender->balance, &payment)) payment = sender->balance;
    err = journal_sub_balance(x->journal, sender, &payment);
    if (err != ERR_OK) return err;
    return journal_set_nonce(x->journal, sender, sender->nonce + 1);
}

/* EIP-2929, EIP-3651: who is warm from the start. to may be NULL. Precompiles and a new contract
 * are the machine's to warm. */
static enum err warm_parties(struct execution *x, const address *to) {
    if (x->block->rules.fork < FORK_BERLIN) return ERR_OK;
    enum err err = journal_warm_account(x->journal, &x->sender, NULL);
    if (err == ERR_OK && to != NULL) err = journal_warm_account(x->journal, to, NULL);
    if (err == ERR_OK && x->block->rules.fork >= FORK_SHANGHAI)
        err = journal_warm_account(x->journal, &x->block->coinbase, NULL);
    return err;
}

/* The same, and EIP-2930. */
static enum err warm_up(struct execution *x) {
    const struct tx *tx = x->tx;
    if (x->block->rules.fork < FORK_BERLIN) return ERR_OK;
    enum err err = warm_parties(x, tx->is_create ? NULL : &tx->to);
    for (size_t i = 0; i < tx->access_count && err == ERR_OK; i++) {
        const struct tx_access *access = &tx->access_list[i];
        err = journal_warm_account(x->journal, &access->address, NULL);
        for (size_t k = 0; k < access->key_count && err == ERR_OK; k++) {
            u256 key = u256_load_be(access->keys[k].b);
            err = journal_warm_slot(x->journal, &access->address, &key, NULL);
        }
    }
    return err;
}

static enum execution_status refuse(struct execution *x, enum tx_verdict verdict) {
    journal_revert(x->journal, x->snapshot);
    journal_end_transaction(x->journal, x->block->rules.fork);
    x->verdict = verdict;
    x->phase = PHASE_OVER;
    return EXECUTION_INVALID;
}

/* The order in which geth's state transition finds reasons to refuse; those not named come first,
 * the higher number later. */
static unsigned geth_rank(enum tx_verdict verdict) {
    static const enum tx_verdict order[] = {
        TX_NONCE_HIGH,        TX_NONCE_LOW,         TX_NONCE_MAX,      TX_SENDER_NOT_EOA,
        TX_TIP_ABOVE_FEE_CAP, TX_FEE_CAP,           TX_BLOB_TX_CREATE, TX_NO_BLOBS,
        TX_BLOB_COUNT,        TX_BLOB_HASH_VERSION, TX_BLOB_FEE_CAP,   TX_SET_CODE_TX_CREATE,
        TX_NO_AUTHORIZATIONS, TX_FEE_OVERFLOW,      TX_FUNDS,          TX_GAS_ALLOWANCE,
        TX_INTRINSIC_GAS,     TX_FLOOR_GAS,         TX_INITCODE_SIZE,  TX_OK,
    };
    for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
        if (order[i] == verdict) return i + 1;
    return 0;
}

/* What to say of the transaction by itself and of its sender. */
static enum tx_verdict
choose_verdict(const struct execution *x, enum tx_verdict by_itself, enum tx_verdict of_sender) {
    if (!x->options.sender_first) return by_itself != TX_OK ? by_itself : of_sender;
    return geth_rank(of_sender) < geth_rank(by_itself) ? of_sender : by_itself;
}

/* Checks the transaction, and takes what it costs. EXECUTION_DONE: go on. */
static enum execution_status begin_tx(struct execution *x) {
    enum tx_verdict verdict = check_tx(x);
    if (verdict != TX_OK && !x->options.sender_first) return refuse(x, verdict);
    struct journal_account *sender;
    enum err err = load_account(x, &sender, &x->sender);
    if (err == ERR_OK) err = load_code(x, sender);
    if (err != ERR_OK) return fail(x, err);
    verdict = choose_verdict(x, verdict, check_sender(x, sender));
    if (verdict != TX_OK) return refuse(x, verdict);
    x->result.sender_nonce = sender->nonce;
    if (x->tx->type != TX_DEPOSIT) x->result.effective_gas_price = effective_gas_price(x);
    x->result.blob_gas_used = blob_gas_of(x->tx);
    x->config.origin = x->sender;
    x->config.gas_price = x->result.effective_gas_price;
    x->config.blob_hashes = x->tx->blob_versioned_hashes;
    x->config.blob_hash_count = (uint32_t)x->tx->blob_count;
    err = pay_ahead(x, sender);
    if (err == ERR_OK) err = warm_up(x);
    if (err != ERR_OK) return fail(x, err);
    return EXECUTION_DONE;
}

static enum execution_status begin_message(struct execution *x) {
    const struct execution_message *message = &x->message;
    x->config.origin = message->origin;
    x->config.gas_price = message->gas_price;
    if (message->warms) {
        enum err err = warm_parties(x, message->is_create ? NULL : &message->target);
        if (err != ERR_OK) return fail(x, err);
    }
    if (!message->is_create && u256_is_zero(&message->mint)) return EXECUTION_DONE;
    struct journal_account *caller;
    enum err err = load_account(x, &caller, &message->caller);
    if (err == ERR_OK) err = journal_touch(x->journal, caller);
    if (err == ERR_OK) err = journal_add_balance(x->journal, caller, &message->mint);
    if (err == ERR_OK && message->is_create)
        err = journal_set_nonce(x->journal, caller, caller->nonce + 1);
    return err == ERR_OK ? EXECUTION_DONE : fail(x, err);
}

/* --- EIP-7702 --------------------------------------------------------------------------------- */

/* The designator of the target, or no code for the zero address, in the journal's arena. */
static enum err
delegate(struct execution *x, struct journal_account *authority, const address *target) {
    if (address_is_zero(target))
        return journal_set_code(x->journal, authority, BYTES_EMPTY, &KECCAK_EMPTY);
    uint8_t *designator = arena_alloc(x->journal->arena, EVM_DELEGATION_SIZE);
    if (designator == NULL) return ERR_MEMORY;
    designator[0] = 0xef;
    designator[1] = 0x01;
    designator[2] = 0x00;
    memcpy(designator + 3, target->b, 20);
    bytes code = bytes_of(designator, EVM_DELEGATION_SIZE);
    hash32 code_hash = keccak256(code);
    return journal_set_code(x->journal, authority, code, &code_hash);
}

/* One tuple of the list, the EIP's steps 1 to 9; an invalid one is passed over. */
static enum err authorize(struct execution *x, const struct tx_authorization *authorization) {
    address signer;
    if (!tx_authority(&signer, authorization, x->block->rules.chain_id)) return ERR_OK;
    struct journal_account *authority;
    enum err err = load_account(x, &authority, &signer);
    if (err == ERR_OK) err = load_code(x, authority);
    if (err != ERR_OK) return err;
    err = journal_warm_account(x->journal, &signer, NULL);
    if (err != ERR_OK) return err;
    if (!may_send(authority) || authority->nonce != authorization->nonce) return ERR_OK;
    if (authority->exists) x->journal->refund += AUTHORIZATION_REFUND;
    err = journal_touch(x->journal, authority);
    if (err == ERR_OK) err = delegate(x, authority, &authorization->address);
    if (err == ERR_OK) err = journal_set_nonce(x->journal, authority, authority->nonce + 1);
    return err;
}

static enum err authorize_all(struct execution *x) {
    for (; x->cursor < x->tx->authorization_count; x->cursor++) {
        enum err err = authorize(x, &x->tx->authorization_list[x->cursor]);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

/* --- the message ------------------------------------------------------------------------------ */

static void enter(struct execution *x) {
    struct evm_message message = {.sender = x->sender};
    if (x->kind == EXECUTION_TX) {
        const struct tx *tx = x->tx;
        message.kind = tx->is_create ? EVM_CREATE : EVM_CALL;
        message.gas = tx->gas_limit;
        if (tx->type != TX_DEPOSIT) message.gas -= tx_intrinsic_gas(tx, x->block->rules.fork);
        message.recipient = tx->to;
        message.code_address = tx->to;
        message.input = tx->data;
        message.value = tx->value;
    } else {
        message.kind = x->message.is_create ? EVM_CREATE : EVM_CALL;
        message.is_static = x->message.is_static;
        message.gas = x->message.gas;
        message.recipient = x->message.target;
        message.code_address = x->message.target;
        message.input = x->message.input;
        message.value = x->message.value;
    }
    if (message.is_static) message.kind = EVM_STATICCALL;
    evm_begin(&x->evm, &message);
    evm_fail_frames(&x->evm, x->options.failures);
}

/* Logs and output outlive the machine's next message only as copies. */
static enum err keep_result(struct execution *x) {
    const struct evm_result *from = &x->evm.result;
    struct execution_result *to = &x->result;
    to->outcome = from->outcome;
    to->is_success = from->outcome == EVM_SUCCESS;
    to->is_create = from->is_create;
    to->created = from->created;
    enum err err = arena_copy(x->arena, &to->output, from->output);
    if (err != ERR_OK) return err;
    uint32_t count = x->journal->log_count;
    struct log *logs = arena_alloc_array(x->arena, count, sizeof *logs);
    if (logs == NULL) return ERR_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        const struct journal_log *log = &x->journal->logs[i];
        logs[i].address = log->address;
        logs[i].topic_count = log->topic_count;
        memcpy(logs[i].topics, log->topics, sizeof logs[i].topics);
        logs[i].data = log->data;
    }
    to->logs = logs;
    to->log_count = count;
    return ERR_OK;
}

static uint64_t gas_given(const struct execution *x) {
    return x->kind == EXECUTION_TX ? x->tx->gas_limit : x->message.gas;
}

/* EXECUTION_DONE: the message is done. */
static enum execution_status run(struct execution *x) {
    for (;;) {
        enum err err = ERR_OK;
        struct evm_message call;
        switch (evm_run(&x->evm)) {
        case EVM_DONE:
            return evm_pending_call(&x->evm, &call) ? EXECUTION_INSIDE_DONE : EXECUTION_DONE;
        case EVM_NEED_ACCOUNT:
            err = give_account(x);
            break;
        case EVM_NEED_SLOT:
            err = give_slot(x);
            break;
        case EVM_NEED_CODE:
            err = give_code(x);
            break;
        case EVM_NEED_BLOCK_HASH:
            err = give_block_hash(x);
            break;
        case EVM_NEED_CALL:
            return EXECUTION_CALL;
        case EVM_REVERTING:
            return EXECUTION_REVERTING;
        case EVM_NO_MEMORY:
            err = ERR_MEMORY;
            break;
        case EVM_UNSUPPORTED:
            err = ERR_UNSUPPORTED;
            break;
        case EVM_TOO_MUCH_ETHER:
            err = ERR_LIMIT;
            break;
        case EVM_STOPPED:
            err = ERR_TIMEOUT;
            break;
        }
        if (err != ERR_OK) return fail(x, err);
    }
}

/* --- a transaction after its message ---------------------------------------------------------- */

/* The capped refund (EIP-3529) and the floor (EIP-7623). */
static void count_gas(struct execution *x) {
    struct execution_result *result = &x->result;
    uint64_t used = gas_given(x) - x->evm.result.gas_left;
    result->gas_max = used;
    result->gas_used = used;
    if (x->kind != EXECUTION_TX || x->tx->type == TX_DEPOSIT) return;
    enum fork fork = x->block->rules.fork;
    uint64_t cap = used / evm_rules(fork)->refund_quotient;
    int64_t refund = x->evm.result.gas_refund;
    CHECK(refund >= 0);
    result->gas_refund = (uint64_t)refund < cap ? (uint64_t)refund : cap;
    result->gas_used -= result->gas_refund;
    uint64_t floor = tx_floor_gas(x->tx, fork);
    if (result->gas_used < floor) result->gas_used = floor;
    if (result->gas_max < floor) result->gas_max = floor;
}

/* What the coinbase gets for a unit of gas: the tip, or all where base fees are not burned. */
static u256 coinbase_price(const struct execution *x) {
    const u256 *price = &x->result.effective_gas_price;
    const u256 *base_fee = &x->block->base_fee_per_gas;
    if (x->options.base_fee_to_coinbase) return *price;
    return u256_less(price, base_fee) ? U256_ZERO : u256_sub(price, base_fee);
}

static enum err settle_fees(struct execution *x) {
    struct journal_account *coinbase;
    enum err err = load_account(x, &coinbase, &x->block->coinbase);
    if (err != ERR_OK) return err;
    struct journal_account *sender = journal_find_account(x->journal, &x->sender);
    u256 unused = u256_from_u64(x->tx->gas_limit - x->result.gas_used);
    u256 back = u256_mul(&unused, &x->result.effective_gas_price);
    err = journal_add_balance(x->journal, sender, &back);
    if (err != ERR_OK) return err;
    u256 price = coinbase_price(x);
    u256 used = u256_from_u64(x->result.gas_used);
    x->result.coinbase_fee = u256_mul(&used, &price);
    err = journal_touch(x->journal, coinbase);
    if (err != ERR_OK) return err;
    return journal_add_balance(x->journal, coinbase, &x->result.coinbase_fee);
}

static enum execution_status settle(struct execution *x) {
    if (x->kind == EXECUTION_TX && x->tx->type != TX_DEPOSIT) {
        enum err err = settle_fees(x);
        if (err != ERR_OK) return fail(x, err);
    }
    if (x->options.skip_end) {
        x->phase = PHASE_OPEN;
        return EXECUTION_DONE;
    }
    journal_end_transaction(x->journal, x->block->rules.fork);
    x->phase = PHASE_OVER;
    return EXECUTION_DONE;
}

/* --- all together ----------------------------------------------------------------------------- */

static enum execution_status do_begin(struct execution *x) {
    if (!x->is_begun) {
        journal_begin_transaction(x->journal);
        x->snapshot = journal_snapshot(x->journal);
        x->is_begun = true;
    }
    enum execution_status status = x->kind == EXECUTION_TX ? begin_tx(x) : begin_message(x);
    if (status == EXECUTION_DONE) x->phase = PHASE_AUTHORIZE;
    return status;
}

static enum execution_status do_run(struct execution *x) {
    enum execution_status status = run(x);
    if (status != EXECUTION_DONE) return status;
    enum err err = keep_result(x);
    if (err != ERR_OK) return fail(x, err);
    count_gas(x);
    x->phase = PHASE_SETTLE;
    return EXECUTION_DONE;
}

enum execution_status execution_run(struct execution *x) {
    x->err = ERR_OK;
    x->wanted = WANTED_NOTHING;
    for (;;) {
        enum execution_status status = EXECUTION_DONE;
        switch ((enum phase)x->phase) {
        case PHASE_BEGIN:
            status = do_begin(x);
            break;
        case PHASE_AUTHORIZE:
            if (x->kind == EXECUTION_TX) {
                enum err err = authorize_all(x);
                if (err != ERR_OK) return fail(x, err);
            }
            x->phase = PHASE_ENTER;
            break;
        case PHASE_ENTER:
            enter(x);
            x->phase = PHASE_RUN;
            break;
        case PHASE_RUN:
            status = do_run(x);
            break;
        case PHASE_SETTLE:
            return settle(x);
        case PHASE_OVER:
        case PHASE_OPEN:
            CHECK(false);
        }
        if (status != EXECUTION_DONE) return status;
    }
}

void execution_end(struct execution *x) {
    CHECK(x->phase == PHASE_OPEN);
    journal_end_transaction(x->journal, x->block->rules.fork);
    x->phase = PHASE_OVER;
}

void execution_abandon(struct execution *x) {
    CHECK(x->phase != PHASE_OVER);
    if (x->is_begun) {
        journal_revert(x->journal, x->snapshot);
        journal_end_transaction(x->journal, x->block->rules.fork);
    }
    x->phase = PHASE_OVER;
}

enum err execution_copy(
    struct execution *to, struct arena *arena, const struct execution *from, struct journal *journal
) {
    *to = *from;
    to->arena = arena;
    to->journal = journal;
    enum err err = evm_copy(&to->evm, arena, &from->evm, journal);
    to->evm.config = &to->config;
    return err;
}
