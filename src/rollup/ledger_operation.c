/* The ledger's operations: what they ask for, what they do, what they return. */
#include "rollup/ledger_private.h"

#include "core/check.h"
#include "crypto/keccak.h"

#define ALLOWANCE_ENDLESS U256_MAX

/* An operation's name, arguments, and whether it changes anything. X(NAME, selector, signature,
 * words of arguments at least, writes) */
#define OPERATION_LIST(X)                                                          \
    X(NAME, 0x06fdde03, "name()", 0, false)                                        \
    X(SYMBOL, 0x95d89b41, "symbol()", 0, false)                                    \
    X(DECIMALS, 0x313ce567, "decimals()", 0, false)                                \
    X(TOTAL_SUPPLY, 0x18160ddd, "totalSupply()", 0, false)                         \
    X(BALANCE_OF, 0x70a08231, "balanceOf(address)", 1, false)                      \
    X(ALLOWANCE, 0xdd62ed3e, "allowance(address,address)", 2, false)               \
    X(TRANSFER, 0xa9059cbb, "transfer(address,uint256)", 2, true)                  \
    X(APPROVE, 0x095ea7b3, "approve(address,uint256)", 2, true)                    \
    X(TRANSFER_FROM, 0x23b872dd, "transferFrom(address,address,uint256)", 3, true) \
    X(OWNER, 0x8da5cb5b, "owner()", 0, false)                                      \
    X(TRANSFER_OWNERSHIP, 0xf2fde38b, "transferOwnership(address)", 1, true)       \
    X(MINT, 0x40c10f19, "mint(address,uint256)", 2, true)                          \
    X(BURN, 0x42966c68, "burn(uint256)", 1, true)                                  \
    X(ACCOUNT_OF, 0x556cdc66, "accountOf(uint64,address)", 2, false)               \
    X(CALL, 0xa13b9784, "call(uint64,address,bytes)", 3, false)                    \
    X(TRY_CALL, 0x5eac8749, "tryCall(uint64,address,bytes)", 3, false)             \
    X(EXECUTE, 0x44471415, "execute(bytes[])", 1, false)

enum operation {
#define OPERATION_ENUM(name, selector, signature, words, writes) OPERATION_##name,
    OPERATION_LIST(OPERATION_ENUM)
#undef OPERATION_ENUM
        OPERATION_NONE,
};

static const struct {
    uint32_t selector;
    uint32_t words;
    bool writes;
} OPERATIONS[] = {
#define OPERATION_ROW(name, selector, signature, words, writes) {selector, words, writes},
    OPERATION_LIST(OPERATION_ROW)
#undef OPERATION_ROW
};

static enum operation operation_of(bytes data) {
    if (data.size < ABI_SELECTOR) return OPERATION_NONE;
    const uint32_t selector = (uint32_t)data.data[0] << 24 | (uint32_t)data.data[1] << 16 |
                              (uint32_t)data.data[2] << 8 | data.data[3];
    for (unsigned i = 0; i < OPERATION_NONE; i++)
        if (OPERATIONS[i].selector == selector) return (enum operation)i;
    return OPERATION_NONE;
}

u256 ledger_allowance_slot(const address *owner, const address *spender) {
    uint8_t words[2 * ABI_WORD] = {0};
    memcpy(words + 12, owner->b, 20);
    memcpy(words + ABI_WORD + 12, spender->b, 20);
    hash32 hash = keccak256(bytes_of(words, sizeof(words)));
    return u256_load_be(hash.b);
}

/* --- answers ---------------------------------------------------------------------------------- */

enum err ledger_error(bytes *data, struct arena *arena, const char *signature) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_selector(&w, signature);
    return abi_finish(&w, data);
}

enum err
ledger_error_of(bytes *data, struct arena *arena, const char *signature, const address *about) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_selector(&w, signature);
    abi_write_address(&w, about);
    return abi_finish(&w, data);
}

static enum err fail(struct ledger_result *result, struct arena *arena, const char *signature) {
    result->status = LEDGER_FAILS;
    return ledger_error(&result->output, arena, signature);
}

static enum err fail_of(
    struct ledger_result *result, struct arena *arena, const char *signature, const address *about
) {
    result->status = LEDGER_FAILS;
    return ledger_error_of(&result->output, arena, signature, about);
}

/* ERC-6093's errors that say how much there is and how much is needed. */
static enum err fail_short(
    struct ledger_result *result,
    struct arena *arena,
    const char *signature,
    const address *about,
    const u256 *available,
    const u256 *needed
) {
    struct abi_writer w;
    result->status = LEDGER_FAILS;
    abi_writer_open(&w, arena);
    abi_write_selector(&w, signature);
    abi_write_address(&w, about);
    abi_write_u256(&w, available);
    abi_write_u256(&w, needed);
    return abi_finish(&w, &result->output);
}

static enum err give_u256(struct ledger_result *result, struct arena *arena, const u256 *value) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_u256(&w, value);
    return abi_finish(&w, &result->output);
}

static enum err
give_address(struct ledger_result *result, struct arena *arena, const address *value) {
    u256 word = u256_load_be_short(address_bytes(value));
    return give_u256(result, arena, &word);
}

static enum err give_bytes(bytes *output, struct arena *arena, bytes value) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    size_t offset = abi_write_offset(&w);
    abi_begin_tail(&w, offset, 0);
    abi_write_bytes(&w, value);
    return abi_finish(&w, output);
}

enum err
ledger_encode_answer(bytes *output, struct arena *arena, bool is_try, const struct action *answer) {
    if (!is_try) return give_bytes(output, arena, answer->data);
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_bool(&w, !answer->failed);
    size_t offset = abi_write_offset(&w);
    abi_begin_tail(&w, offset, 0);
    abi_write_bytes(&w, answer->data);
    return abi_finish(&w, output);
}

enum err
ledger_encode_outputs(bytes *output, struct arena *arena, const struct ledger_output *outputs) {
    size_t count = 0;
    for (const struct ledger_output *o = outputs; o != NULL; o = o->before)
        count++;
    const struct ledger_output **list =
        arena_alloc_array(arena, count, sizeof(const struct ledger_output *));
    size_t *offsets = arena_alloc_array(arena, count, sizeof(*offsets));
    if (list == NULL || offsets == NULL) return ERR_MEMORY;
    for (size_t i = count; i > 0; i--, outputs = outputs->before)
        list[i - 1] = outputs;
    struct abi_writer w;
    abi_writer_open(&w, arena);
    size_t array = abi_write_offset(&w);
    abi_begin_tail(&w, array, 0);
    abi_write_u64(&w, count);
    size_t elements = w.size;
    for (size_t i = 0; i < count; i++)
        offsets[i] = abi_write_offset(&w);
    for (size_t i = 0; i < count; i++) {
        abi_begin_tail(&w, offsets[i], elements);
        abi_write_bytes(&w, list[i]->data);
    }
    return abi_finish(&w, output);
}

/* --- reading ---------------------------------------------------------------------------------- */

enum err ledger_read_operations(
    struct ledger_frame *frame, bool *is_malformed, struct arena *arena, bytes data
) {
    *is_malformed = false;
    size_t count = 1;
    bytes elements = BYTES_EMPTY;
    frame->is_list = operation_of(data) == OPERATION_EXECUTE;
    if (frame->is_list &&
        abi_read_array(&count, &elements, bytes_slice(data, ABI_SELECTOR, SIZE_MAX), 0) != ERR_OK)
        *is_malformed = true;
    if (*is_malformed || count > LEDGER_OPERATIONS_MAX) {
        *is_malformed = true;
        return ERR_OK;
    }
    bytes *operations = arena_alloc_array(arena, count, sizeof(*operations));
    if (operations == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count && !*is_malformed; i++) {
        operations[i] = data;
        if (!frame->is_list) continue;
        *is_malformed = abi_read_bytes(&operations[i], elements, i) != ERR_OK ||
                        operation_of(operations[i]) == OPERATION_EXECUTE;
    }
    frame->operations = operations;
    frame->operation_count = count;
    return ERR_OK;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static enum err load_slot(struct ledger_run *run, struct journal_slot **slot, const u256 *key) {
    return block_run_load_slot(&run->block, slot, &LEDGER_ADDRESS, key);
}

static enum err
load_field(struct ledger_run *run, struct journal_slot **slot, enum ledger_slot key) {
    u256 k = u256_from_u64(key);
    return load_slot(run, slot, &k);
}

/* Transfer or Approval; without an amount OwnershipTransferred. */
static enum err log_event(
    struct rollup *rollup,
    struct ledger_run *run,
    const char *signature,
    const address *from,
    const address *to,
    const u256 *amount
) {
    uint8_t data[ABI_WORD];
    if (amount != NULL) u256_store_be(data, amount);
    struct journal_log log = {
        .address = LEDGER_ADDRESS,
        .topic_count = 3,
        .topics = {abi_signature_hash(signature)},
        .data = bytes_of(data, amount != NULL ? sizeof(data) : 0),
    };
    memcpy(log.topics[1].b + 12, from->b, 20);
    memcpy(log.topics[2].b + 12, to->b, 20);
    const struct evm_tracer *tracer = rollup->tracer;
    if (tracer != NULL && tracer->on_log != NULL) tracer->on_log(tracer->context, &log);
    return journal_log(&run->block.journal, &log);
}

static enum err add_to(struct ledger_run *run, const address *to, const u256 *amount) {
    struct journal_account *account;
    enum err err = block_run_load_account(&run->block, &account, to);
    if (err == ERR_OK) err = journal_touch(&run->block.journal, account);
    return err == ERR_OK ? journal_add_balance(&run->block.journal, account, amount) : err;
}

/* Nobody has these accounts: what comes there would be lost. */
static bool is_nobody(const address *who) {
    return address_is_zero(who) || address_equal(who, &LEDGER_ADDRESS);
}

static enum err take_from(
    struct rollup *rollup,
    struct ledger_run *run,
    struct ledger_result *result,
    const address *from,
    const u256 *amount
) {
    struct journal_account *account;
    enum err err = block_run_load_account(&run->block, &account, from);
    if (err != ERR_OK) return err;
    if (u256_less(&account->balance, amount))
        return fail_short(
            result,
            rollup->arena,
            "ERC20InsufficientBalance(address,uint256,uint256)",
            from,
            &account->balance,
            amount
        );
    err = journal_touch(&run->block.journal, account);
    return err == ERR_OK ? journal_sub_balance(&run->block.journal, account, amount) : err;
}

enum err ledger_move(
    struct rollup *rollup,
    struct ledger_run *run,
    struct ledger_result *result,
    const address *from,
    const address *to,
    const u256 *amount
) {
    if (is_nobody(to)) return fail_of(result, rollup->arena, "ERC20InvalidReceiver(address)", to);
    enum err err = take_from(rollup, run, result, from, amount);
    if (err != ERR_OK || result->status != LEDGER_DONE) return err;
    err = add_to(run, to, amount);
    return err == ERR_OK
               ? log_event(rollup, run, "Transfer(address,address,uint256)", from, to, amount)
               : err;
}

/* Takes amount off what owner lets spender take; ERC-20 implementations agree that the greatest
 * number is endless. */
static enum err spend_allowance(
    struct rollup *rollup,
    struct ledger_run *run,
    struct ledger_result *result,
    const address *owner,
    const address *spender,
    const u256 *amount
) {
    const u256 endless = ALLOWANCE_ENDLESS;
    struct journal_slot *slot;
    u256 key = ledger_allowance_slot(owner, spender);
    enum err err = load_slot(run, &slot, &key);
    if (err != ERR_OK || u256_equal(&slot->value, &endless)) return err;
    if (u256_less(&slot->value, amount))
        return fail_short(
            result,
            rollup->arena,
            "ERC20InsufficientAllowance(address,uint256,uint256)",
            spender,
            &slot->value,
            amount
        );
    u256 left = u256_sub(&slot->value, amount);
    return journal_set_slot(&run->block.journal, slot, &left);
}

static enum err mint(
    struct rollup *rollup,
    struct ledger_run *run,
    struct ledger_result *result,
    const address *to,
    const u256 *amount
) {
    static const address NOBODY = {{0}};
    struct journal_slot *supply;
    u256 sum;
    if (is_nobody(to)) return fail_of(result, rollup->arena, "ERC20InvalidReceiver(address)", to);
    enum err err = load_field(run, &supply, LEDGER_TOTAL_SUPPLY);
    if (err != ERR_OK) return err;
    if (u256_add_carry(&sum, &supply->value, amount))
        return fail(result, rollup->arena, "SupplyOverflow()");
    err = journal_set_slot(&run->block.journal, supply, &sum);
    if (err == ERR_OK) err = add_to(run, to, amount);
    if (err != ERR_OK) return err;
    return log_event(rollup, run, "Transfer(address,address,uint256)", &NOBODY, to, amount);
}

static enum err burn(
    struct rollup *rollup,
    struct ledger_run *run,
    struct ledger_result *result,
    const address *from,
    const u256 *amount
) {
    static const address NOBODY = {{0}};
    struct journal_slot *supply;
    enum err err = take_from(rollup, run, result, from, amount);
    if (err != ERR_OK || result->status != LEDGER_DONE) return err;
    err = load_field(run, &supply, LEDGER_TOTAL_SUPPLY);
    if (err != ERR_OK) return err;
    u256 rest = u256_sub(&supply->value, amount);
    err = journal_set_slot(&run->block.journal, supply, &rest);
    if (err != ERR_OK) return err;
    return log_event(rollup, run, "Transfer(address,address,uint256)", from, &NOBODY, amount);
}

/* --- all of them ------------------------------------------------------------------------------ */

/* What an operation is about: its words, as far as they are of that type. */
struct arguments {
    address first;
    address second;
    u256 amount; /* the last word */
    uint64_t rollup_id;
    bytes data;
};

static enum err read_arguments(struct arguments *a, enum operation operation, bytes words) {
    const uint32_t count = OPERATIONS[operation].words;
    enum err err = ERR_OK;
    switch (operation) {
    case OPERATION_NAME:
    case OPERATION_SYMBOL:
    case OPERATION_DECIMALS:
    case OPERATION_TOTAL_SUPPLY:
    case OPERATION_OWNER:
    case OPERATION_EXECUTE:
    case OPERATION_NONE:
        break;
    case OPERATION_BALANCE_OF:
    case OPERATION_TRANSFER_OWNERSHIP:
        return abi_read_address(&a->first, words, 0);
    case OPERATION_ALLOWANCE:
        err = abi_read_address(&a->first, words, 0);
        return err == ERR_OK ? abi_read_address(&a->second, words, 1) : err;
    case OPERATION_TRANSFER:
    case OPERATION_APPROVE:
    case OPERATION_MINT:
    case OPERATION_TRANSFER_FROM:
    case OPERATION_BURN:
        if (count > 1) err = abi_read_address(&a->first, words, 0);
        if (err == ERR_OK && count > 2) err = abi_read_address(&a->second, words, 1);
        return err == ERR_OK ? abi_read_u256(&a->amount, words, count - 1) : err;
    case OPERATION_ACCOUNT_OF:
    case OPERATION_CALL:
    case OPERATION_TRY_CALL:
        err = abi_read_u64(&a->rollup_id, words, 0);
        if (err == ERR_OK) err = abi_read_address(&a->first, words, 1);
        return err == ERR_OK && count > 2 ? abi_read_bytes(&a->data, words, 2) : err;
    }
    return err;
}

static enum err look(
    struct rollup *rollup,
    struct ledger_run *run,
    struct ledger_result *result,
    enum operation operation,
    const struct arguments *a
) {
    struct arena *arena = rollup->arena;
    struct journal_slot *slot;
    struct journal_account *account;
    enum err err;
    if (operation == OPERATION_BALANCE_OF) {
        err = block_run_load_account(&run->block, &account, &a->first);
        return err == ERR_OK ? give_u256(result, arena, &account->balance) : err;
    }
    if (operation == OPERATION_ALLOWANCE) {
        u256 key = ledger_allowance_slot(&a->first, &a->second);
        err = load_slot(run, &slot, &key);
    } else {
        bool is_supply = operation == OPERATION_TOTAL_SUPPLY;
        err = load_field(run, &slot, is_supply ? LEDGER_TOTAL_SUPPLY : LEDGER_OWNER);
    }
    return err == ERR_OK ? give_u256(result, arena, &slot->value) : err;
}

static enum err check_owner(
    struct rollup *rollup, struct ledger_run *run, struct ledger_result *result, const address *who
) {
    struct journal_slot *slot;
    u256 word = u256_load_be_short(address_bytes(who));
    enum err err = load_field(run, &slot, LEDGER_OWNER);
    if (err != ERR_OK || u256_equal(&slot->value, &word)) return err;
    return fail_of(result, rollup->arena, "OwnableUnauthorizedAccount(address)", who);
}

static enum err change(
    struct rollup *rollup,
    struct ledger_run *run,
    struct ledger_result *result,
    const address *who,
    enum operation operation,
    const struct arguments *a
) {
    static const char OWNERSHIP[] = "OwnershipTransferred(address,address)";
    static const char APPROVAL[] = "Approval(address,address,uint256)";
    struct journal *journal = &run->block.journal;
    struct journal_slot *slot;
    bool is_owners = operation == OPERATION_MINT || operation == OPERATION_TRANSFER_OWNERSHIP;
    enum err err = is_owners ? check_owner(rollup, run, result, who) : ERR_OK;
    if (err == ERR_OK && operation == OPERATION_TRANSFER_FROM)
        err = spend_allowance(rollup, run, result, &a->first, who, &a->amount);
    if (err != ERR_OK || result->status != LEDGER_DONE) return err;
    if (operation == OPERATION_MINT) return mint(rollup, run, result, &a->first, &a->amount);
    if (operation == OPERATION_BURN) return burn(rollup, run, result, who, &a->amount);
    if (operation == OPERATION_TRANSFER_OWNERSHIP) {
        u256 word = u256_load_be_short(address_bytes(&a->first));
        err = load_field(run, &slot, LEDGER_OWNER);
        if (err == ERR_OK) err = journal_set_slot(journal, slot, &word);
        return err == ERR_OK ? log_event(rollup, run, OWNERSHIP, who, &a->first, NULL) : err;
    }
    if (operation == OPERATION_APPROVE) {
        u256 key = ledger_allowance_slot(who, &a->first);
        err = load_slot(run, &slot, &key);
        if (err == ERR_OK) err = journal_set_slot(journal, slot, &a->amount);
        if (err == ERR_OK) err = log_event(rollup, run, APPROVAL, who, &a->first, &a->amount);
    } else {
        const bool is_from = operation == OPERATION_TRANSFER_FROM;
        const address *from = is_from ? &a->first : who;
        err = ledger_move(rollup, run, result, from, is_from ? &a->second : &a->first, &a->amount);
    }
    if (err != ERR_OK || result->status != LEDGER_DONE) return err;
    return give_u256(result, rollup->arena, &U256_ONE); /* true */
}

static enum err go_out(
    struct rollup *rollup,
    const struct ledger_frame *frame,
    struct ledger_result *result,
    bool is_try,
    const struct arguments *a
) {
    if (a->rollup_id == rollup->rollup_id) return fail(result, rollup->arena, "NotRemote()");
    result->status = LEDGER_CALLS;
    result->is_try = is_try;
    result->call = (struct action){
        .kind = ACTION_CALL,
        .rollup_id = a->rollup_id,
        .target = a->first,
        .source_rollup_id = rollup->rollup_id,
        .source = frame->speaks_as,
        .is_static = frame->is_static,
    };
    return arena_copy(rollup->arena, &result->call.data, a->data);
}

enum err ledger_perform(
    struct rollup *rollup,
    struct ledger_run *run,
    const struct ledger_frame *frame,
    struct ledger_result *result,
    bytes data
) {
    struct arena *arena = rollup->arena;
    struct arguments a = {0};
    const enum operation operation = operation_of(data);
    *result = (struct ledger_result){.status = LEDGER_DONE};
    if (operation == OPERATION_NONE) return fail(result, arena, "UnknownOperation()");
    if (read_arguments(&a, operation, bytes_slice(data, ABI_SELECTOR, SIZE_MAX)) != ERR_OK)
        return fail(result, arena, "MalformedArguments()");
    if (frame->is_static && OPERATIONS[operation].writes)
        return fail(result, arena, "WriteInStaticCall()");
    if (OPERATIONS[operation].writes)
        return change(rollup, run, result, &frame->account, operation, &a);
    switch (operation) {
    case OPERATION_NAME:
        return give_bytes(&result->output, arena, bytes_of("Ledger token", 12));
    case OPERATION_SYMBOL:
        return give_bytes(&result->output, arena, bytes_of("LGR", 3));
    case OPERATION_DECIMALS: {
        u256 decimals = u256_from_u64(18);
        return give_u256(result, arena, &decimals);
    }
    case OPERATION_ACCOUNT_OF: {
        bool is_own = a.rollup_id == rollup->rollup_id;
        address account = is_own ? a.first : block_run_proxy_of(a.rollup_id, &a.first);
        return give_address(result, arena, &account);
    }
    case OPERATION_CALL:
    case OPERATION_TRY_CALL:
        return go_out(rollup, frame, result, operation == OPERATION_TRY_CALL, &a);
    case OPERATION_EXECUTE: /* read_operations has refused one within a list */
    case OPERATION_NONE:
        break;
    case OPERATION_TOTAL_SUPPLY:
    case OPERATION_BALANCE_OF:
    case OPERATION_ALLOWANCE:
    case OPERATION_OWNER:
    case OPERATION_TRANSFER:
    case OPERATION_APPROVE:
    case OPERATION_TRANSFER_FROM:
    case OPERATION_TRANSFER_OWNERSHIP:
    case OPERATION_MINT:
    case OPERATION_BURN:
        return look(rollup, run, result, operation, &a);
    }
    CHECK(false);
    return ERR_UNSUPPORTED;
}
