/* prestateTracer: the accounts and slots that a transaction looks at, as they were before it; with
 * diffMode what it changes, before and after. prestateTracerLegacy, geth's first one, does not look
 * at the coinbase, delegates and heirs, and writes every field of an account. */
#include "core/map.h"
#include "crypto/keccak.h"
#include "evm/opcode.h"
#include "rpc/tracer_private.h"

#include <stdlib.h>

struct seen_slot {
    u256 before;
    u256 after;
    bool is_counted; /* a step that read it has not failed before it did */
};

struct seen_account {
    address who;
    struct tracer_account before;
    struct tracer_account after;
    struct map slots; /* u256 to struct seen_slot */
    bool is_counted;
    bool is_empty; /* before */
    bool is_created;
    bool is_deleted;
    bool is_modified;
};

/* What a step looks at. The values are read before the step is run, which may change them; that it
 * looked counts only if it did not fail before it did. */
struct lookup {
    bool has_slot;
    bool has_account;
    bool has_target;
    bool creates;
    bool deletes;
    address contract; /* in whose name the code runs */
    address account;
    address target; /* to which the account delegates (EIP-7702) */
    u256 key;
};

struct prestate {
    struct map accounts; /* address to struct seen_account * */
    struct lookup lookup;
};

/* --- looking ---------------------------------------------------------------------------------- */

static struct seen_account *see(struct tracer *tracer, struct prestate *self, const address *who) {
    bool is_new;
    struct seen_account **place = map_put(&self->accounts, who, &is_new);
    if (place == NULL) {
        tracer_fail(tracer, ERR_MEMORY);
        return NULL;
    }
    if (*place != NULL) return *place;
    struct seen_account *account = tracer_alloc(tracer, sizeof(*account));
    if (account == NULL) return NULL;
    *place = account;
    account->who = *who;
    map_open(&account->slots, &tracer->arena, sizeof(u256), sizeof(struct seen_slot));
    tracer_read_account(tracer, &account->before, who);
    const struct tracer_account *before = &account->before;
    account->is_empty =
        before->nonce == 0 && before->code.size == 0 && u256_is_zero(&before->balance);
    return account;
}

static struct seen_slot *
see_slot(struct tracer *tracer, struct prestate *self, const address *who, const u256 *key) {
    struct seen_account *account = see(tracer, self, who);
    bool is_new;
    if (account == NULL) return NULL;
    struct seen_slot *slot = map_put(&account->slots, key, &is_new);
    if (slot == NULL) {
        tracer_fail(tracer, ERR_MEMORY);
        return NULL;
    }
    if (is_new) slot->before = tracer_read_slot(tracer, who, key);
    return slot;
}

static void see_all(struct tracer *tracer, struct prestate *self, const struct lookup *lookup) {
    if (lookup->has_slot) (void)see_slot(tracer, self, &lookup->contract, &lookup->key);
    if (lookup->has_account) (void)see(tracer, self, &lookup->account);
    if (lookup->has_target) (void)see(tracer, self, &lookup->target);
}

static void count_account(struct tracer *tracer, struct prestate *self, const address *who) {
    struct seen_account *account = see(tracer, self, who);
    if (account != NULL) account->is_counted = true;
}

static void count_all(struct tracer *tracer, struct prestate *self, const struct lookup *lookup) {
    if (lookup->has_target) count_account(tracer, self, &lookup->target);
    if (lookup->has_slot) {
        struct seen_slot *slot = see_slot(tracer, self, &lookup->contract, &lookup->key);
        if (slot != NULL) slot->is_counted = true;
    }
    if (!lookup->has_account) return;
    struct seen_account *account = see(tracer, self, &lookup->account);
    if (account == NULL) return;
    account->is_counted = true;
    if (lookup->creates) account->is_created = true;
    if (!lookup->deletes) return;
    struct seen_account *contract = see(tracer, self, &lookup->contract);
    /* EIP-6780: it goes only if it was made in this transaction. */
    bool goes_always = tracer->subject.block->rules.fork < FORK_CANCUN;
    if (contract != NULL && (goes_always || contract->is_created)) contract->is_deleted = true;
}

static void find_delegate(struct tracer *tracer, struct lookup *lookup, const address *who) {
    if (tracer->subject.block->rules.fork < FORK_PRAGUE) return;
    struct tracer_account account;
    tracer_read_account(tracer, &account, who);
    lookup->has_target = evm_delegation_target(account.code, &lookup->target);
}

static void see_outermost(struct tracer *tracer, struct prestate *self, bool is_legacy) {
    const struct tracer_subject *subject = &tracer->subject;
    const struct tx *tx = subject->tx;
    struct lookup lookup = {.has_account = true, .creates = tx->is_create};
    if (tx->is_create) {
        struct tracer_account sender;
        tracer_read_account(tracer, &sender, &subject->sender);
        lookup.account = evm_create_address(&subject->sender, sender.nonce);
    } else {
        lookup.account = tx->to;
        find_delegate(tracer, &lookup, &tx->to);
    }
    if (is_legacy) {
        lookup.has_target = false;
        lookup.has_account = !tx->is_create;
    }
    count_all(tracer, self, &lookup);
    count_account(tracer, self, &subject->sender);
    if (is_legacy) return;
    count_account(tracer, self, &subject->block->coinbase);
    for (size_t i = 0; i < tx->authorization_count; i++) {
        /* Also those of another chain: they are looked at, whatever comes of them. */
        const struct tx_authorization *given = &tx->authorization_list[i];
        address authority;
        if (tx_authority(&authority, given, u256_to_u64_saturating(&given->chain_id)))
            count_account(tracer, self, &authority);
    }
}

static enum err open(struct tracer *tracer, struct tracer_part *part) {
    struct prestate *self = tracer_alloc(tracer, sizeof(*self));
    if (self == NULL) return ERR_MEMORY;
    map_open(&self->accounts, &tracer->arena, sizeof(address), sizeof(struct seen_account *));
    part->self = self;
    see_outermost(tracer, self, part->options->kind == TRACER_PRESTATE_LEGACY);
    return tracer->err;
}

static void
look_create2(struct tracer *tracer, struct lookup *lookup, const struct evm_step *step) {
    if (step->stack_count < 4) return;
    const u256 *offset = tracer_stack_item(step, 1);
    const u256 *size = tracer_stack_item(step, 2);
    bytes code;
    if (!tracer_memory_slice(tracer, &code, step, offset, size)) return;
    hash32 salt = {{0}};
    u256_store_be(salt.b, tracer_stack_item(step, 3));
    hash32 code_hash = keccak256(code);
    lookup->has_account = true;
    lookup->creates = true;
    lookup->account = evm_create2_address(&lookup->contract, &salt, &code_hash);
}

static void look_at(struct lookup *lookup, const struct evm_step *step, uint32_t index) {
    const u256 *word = tracer_stack_item(step, index);
    if (word == NULL) return;
    lookup->has_account = true;
    lookup->account = tracer_word_address(word);
}

static void step(struct tracer *tracer, struct tracer_part *part, const struct evm_step *step) {
    struct prestate *self = part->self;
    struct lookup lookup = {.contract = step->message->recipient};
    struct tracer_account account;
    bool is_legacy = part->options->kind == TRACER_PRESTATE_LEGACY;
    switch (step->opcode) {
    case OP_SLOAD:
    case OP_SSTORE:
        if (part->options->disable_storage || step->stack_count < 1) break;
        lookup.has_slot = true;
        lookup.key = *tracer_stack_item(step, 0);
        break;
    case OP_SELFDESTRUCT:
        if (is_legacy) break;
        lookup.deletes = true;
        look_at(&lookup, step, 0);
        break;
    case OP_BALANCE:
    case OP_EXTCODESIZE:
    case OP_EXTCODECOPY:
    case OP_EXTCODEHASH:
        look_at(&lookup, step, 0);
        break;
    case OP_CALL:
    case OP_CALLCODE:
    case OP_DELEGATECALL:
    case OP_STATICCALL:
        if (step->stack_count < 5) break;
        look_at(&lookup, step, 1);
        if (!is_legacy) find_delegate(tracer, &lookup, &lookup.account);
        break;
    case OP_CREATE:
        tracer_read_account(tracer, &account, &lookup.contract);
        lookup.has_account = true;
        lookup.creates = true;
        lookup.account = evm_create_address(&lookup.contract, account.nonce);
        break;
    case OP_CREATE2:
        look_create2(tracer, &lookup, step);
        break;
    default:
        break;
    }
    self->lookup = lookup;
    see_all(tracer, self, &lookup);
}

static void step_end(
    struct tracer *tracer, struct tracer_part *part, uint64_t gas_cost, enum evm_outcome outcome
) {
    struct prestate *self = part->self;
    (void)gas_cost;
    if (!tracer_is_early_failure(outcome)) count_all(tracer, self, &self->lookup);
}

/* --- what changed ----------------------------------------------------------------------------- */

static bool same_code(const struct tracer_account *a, const struct tracer_account *b) {
    return hash32_equal(&a->code_hash, &b->code_hash);
}

static void
compare(struct tracer *tracer, const struct tracer_options *options, struct seen_account *account) {
    const struct tracer_account *before = &account->before;
    struct tracer_account *after = &account->after;
    tracer_read_account(tracer, after, &account->who);
    bool is_modified = !u256_equal(&before->balance, &after->balance) ||
                       before->nonce != after->nonce || !same_code(before, after);
    for (uint32_t i = 0; i < account->slots.count && !options->disable_storage; i++) {
        struct seen_slot *slot = map_value_at(&account->slots, i);
        slot->after = tracer_read_slot(tracer, &account->who, map_key_at(&account->slots, i));
        if (slot->is_counted && !u256_equal(&slot->before, &slot->after)) is_modified = true;
    }
    account->is_modified = is_modified;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b) {
    const struct seen_account *const *left = a;
    const struct seen_account *const *right = b;
    return memcmp((*left)->who.b, (*right)->who.b, sizeof(address));
}

/* The accounts that count, sorted. NULL: no memory. */
static struct seen_account **
sort(struct tracer *tracer, const struct prestate *self, size_t *count) {
    struct seen_account **sorted =
        tracer_alloc(tracer, (self->accounts.count + 1) * sizeof(struct seen_account *));
    if (sorted == NULL) return NULL;
    *count = 0;
    for (uint32_t i = 0; i < self->accounts.count; i++) {
        struct seen_account **account = map_value_at(&self->accounts, i);
        if (*account != NULL && (*account)->is_counted) sorted[(*count)++] = *account;
    }
    qsort(sorted, *count, sizeof(struct seen_account *), by_address);
    return sorted;
}

static int by_key(const void *a, const void *b) {
    const u256 *left = a;
    const u256 *right = b;
    return u256_less(left, right) ? -1 : u256_less(right, left);
}

enum side { PRE_ALL, PRE_CHANGED, POST };

static bool is_slot_shown(const struct seen_slot *slot, enum side side) {
    if (!slot->is_counted) return false;
    switch (side) {
    case PRE_ALL:
        return true;
    case PRE_CHANGED:
        return !u256_is_zero(&slot->before) && !u256_equal(&slot->before, &slot->after);
    case POST:
        return !u256_is_zero(&slot->after) && !u256_equal(&slot->before, &slot->after);
    }
    return false;
}

/* false: there are none to show. */
static bool write_slots(struct tracer *tracer, const struct seen_account *account, enum side side) {
    const struct map *slots = &account->slots;
    u256 *keys = tracer_alloc(tracer, (slots->count + 1) * sizeof(*keys));
    size_t count = 0;
    if (keys == NULL) return false;
    for (uint32_t i = 0; i < slots->count; i++)
        if (is_slot_shown(map_value_at(slots, i), side))
            memcpy(&keys[count++], map_key_at(slots, i), sizeof(u256));
    if (count == 0) return false;
    qsort(keys, count, sizeof(*keys), by_key);
    json_key(tracer->out, "storage");
    json_object_begin(tracer->out);
    for (size_t i = 0; i < count; i++) {
        const struct seen_slot *slot = map_get(slots, &keys[i]);
        uint8_t name[32];
        u256_store_be(name, &keys[i]);
        json_key_data(tracer->out, bytes_of(name, sizeof(name)));
        json_word(tracer->out, side == POST ? &slot->after : &slot->before);
    }
    json_object_end(tracer->out);
    return true;
}

static void begin_account(struct json_writer *out, const address *who) {
    json_key_data(out, address_bytes(who));
    json_object_begin(out);
}

static void write_legacy(struct tracer *tracer, const struct seen_account *account) {
    struct json_writer *out = tracer->out;
    const struct tracer_account *before = &account->before;
    begin_account(out, &account->who);
    json_member_quantity(out, "balance", &before->balance);
    json_key(out, "nonce");
    json_decimal(out, before->nonce);
    json_member_data(out, "code", before->code);
    if (!write_slots(tracer, account, PRE_ALL)) {
        json_key(out, "storage");
        json_object_begin(out);
        json_object_end(out);
    }
    json_object_end(out);
}

static void write_before(
    struct tracer *tracer,
    const struct tracer_options *options,
    const struct seen_account *account,
    enum side side
) {
    struct json_writer *out = tracer->out;
    const struct tracer_account *before = &account->before;
    begin_account(out, &account->who);
    json_member_quantity(out, "balance", &before->balance);
    if (before->nonce != 0) {
        json_key(out, "nonce");
        json_decimal(out, before->nonce);
    }
    if (before->code.size > 0) {
        if (!options->disable_code) json_member_data(out, "code", before->code);
        json_member_hash(out, "codeHash", &before->code_hash);
    }
    (void)write_slots(tracer, account, side);
    json_object_end(out);
}

static void write_after(
    struct tracer *tracer, const struct tracer_options *options, const struct seen_account *account
) {
    struct json_writer *out = tracer->out;
    const struct tracer_account *before = &account->before;
    const struct tracer_account *after = &account->after;
    begin_account(out, &account->who);
    if (!u256_equal(&before->balance, &after->balance))
        json_member_quantity(out, "balance", &after->balance);
    if (before->nonce != after->nonce && after->nonce != 0) {
        json_key(out, "nonce");
        json_decimal(out, after->nonce);
    }
    if (!same_code(before, after)) {
        if (!options->disable_code) json_member_data(out, "code", after->code);
        json_member_hash(out, "codeHash", &after->code_hash);
    }
    (void)write_slots(tracer, account, POST);
    json_object_end(out);
}

static void write_diff(
    struct tracer *tracer,
    const struct tracer_options *options,
    struct seen_account **accounts,
    size_t count
) {
    struct json_writer *out = tracer->out;
    for (size_t i = 0; i < count; i++)
        compare(tracer, options, accounts[i]);
    json_object_begin(out);
    json_key(out, "post");
    json_object_begin(out);
    for (size_t i = 0; i < count; i++)
        if (!accounts[i]->is_deleted && accounts[i]->is_modified)
            write_after(tracer, options, accounts[i]);
    json_object_end(out);
    json_key(out, "pre");
    json_object_begin(out);
    for (size_t i = 0; i < count; i++)
        if ((accounts[i]->is_deleted || accounts[i]->is_modified) && !accounts[i]->is_empty)
            write_before(
                tracer, options, accounts[i], accounts[i]->is_deleted ? PRE_ALL : PRE_CHANGED
            );
    json_object_end(out);
    json_object_end(out);
}

static enum err
write(struct tracer *tracer, struct tracer_part *part, const struct execution_result *result) {
    (void)result;
    struct json_writer *out = tracer->out;
    size_t count;
    struct seen_account **accounts = sort(tracer, part->self, &count);
    if (accounts == NULL) return ERR_MEMORY;
    if (part->options->diff_mode) {
        write_diff(tracer, part->options, accounts, count);
        return tracer->err;
    }
    json_object_begin(out);
    for (size_t i = 0; i < count; i++) {
        if (part->options->kind == TRACER_PRESTATE_LEGACY)
            write_legacy(tracer, accounts[i]);
        else if (part->options->include_empty || !accounts[i]->is_empty)
            write_before(tracer, part->options, accounts[i], PRE_ALL);
    }
    json_object_end(out);
    return tracer->err;
}

const struct tracer_type TRACER_PRESTATE_TYPE = {
    .open = open,
    .step = step,
    .step_end = step_end,
    .write = write,
    .wants_steps = true,
};
