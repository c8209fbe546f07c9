#include "rollup/parent.h"

#include "chain/block.h"
#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"
#include "rollup/ether.h"
#include "rollup/predeploys.h"
#include "rollup/proxy.h"
#include "state/state.h"

/* Anchor.sol: latestNumber is slot 0; the blocks are a mapping in slot 1, each a struct whose words
 * are (number, timestamp), blockHash, stateRoot, … */
#define ANCHOR_BLOCKS     1u
#define ANCHOR_HISTORY    8191u
#define ANCHOR_BLOCK_HASH 1u
#define ANCHOR_STATE_ROOT 2u

#define KEY_SIZE    32u
#define TARGET_SIZE 20u

/* An anchor that has been read, and what is open of it. The execution's journal keeps what it has
 * loaded; what a call did is undone after it. */
struct parent_anchor {
    struct parent_anchor *next;
    struct parent *parent;
    hash32 state_root;
    struct state state;
    /* For calls. */
    bool is_open;
    bool is_rollup; /* the parent has what a rollup has */
    hash32 hash;
    struct header header;
    struct journal journal;
    struct block_context context;
    struct execution execution;
};

/* Where the newest anchor is. A block hash of zero: there is none yet. */
struct anchor_id {
    uint64_t number;
    hash32 hash;
    hash32 state_root;
};

bool parent_is_read(const struct evm_message *call) {
    return address_equal(&call->code_address, &L1SLOAD_ADDRESS) ||
           address_equal(&call->code_address, &L1CALL_ADDRESS);
}

/* --- the rollup's own state ------------------------------------------------------------------- */

/* A slot as the execution has it at this moment. */
static enum err
read_slot(u256 *value, const struct execution *x, const address *who, const u256 *key) {
    const struct journal_account *account = journal_find_account(x->journal, who);
    bool no_memory = false;
    if (account != NULL && account->is_loaded) {
        const struct journal_slot *slot = journal_find_slot(x->journal, account, key, &no_memory);
        if (no_memory) return ERR_MEMORY;
        if (slot != NULL && slot->is_loaded) {
            *value = slot->value;
            return ERR_OK;
        }
    }
    return state_get_slot(x->state, who, key, value);
}

static enum err read_system(u256 *value, const struct execution *x, enum system_slot slot) {
    const u256 key = u256_from_u64(slot);
    return read_slot(value, x, &SYSTEM_PREDEPLOY, &key);
}

static enum err
read_anchor_word(hash32 *word, const struct execution *x, const u256 *first, uint64_t index) {
    const u256 offset = u256_from_u64(index);
    const u256 key = u256_add(first, &offset);
    u256 value;
    enum err err = read_slot(&value, x, &ANCHOR_PREDEPLOY, &key);
    if (err == ERR_OK) u256_store_be(word->b, &value);
    return err;
}

static enum err read_anchor(struct anchor_id *anchor, const struct execution *x) {
    uint8_t place[2 * KEY_SIZE] = {0};
    u256 number;
    enum err err = read_slot(&number, x, &ANCHOR_PREDEPLOY, &U256_ZERO);
    if (err != ERR_OK) return err;
    anchor->number = u256_to_u64_saturating(&number);
    store_be64(place + KEY_SIZE - 8, anchor->number % ANCHOR_HISTORY);
    store_be64(place + 2 * KEY_SIZE - 8, ANCHOR_BLOCKS);
    const hash32 first_hash = keccak256(bytes_of(place, sizeof(place)));
    const u256 first = u256_load_be(first_hash.b);
    err = read_anchor_word(&anchor->hash, x, &first, ANCHOR_BLOCK_HASH);
    return err == ERR_OK ? read_anchor_word(&anchor->state_root, x, &first, ANCHOR_STATE_ROOT)
                         : err;
}

/* The code that an account has at this moment. */
static enum err read_code(bytes *code, const struct execution *x, const address *who) {
    const struct journal_account *known = journal_find_account(x->journal, who);
    if (known != NULL && known->is_loaded && known->has_code) {
        *code = known->code;
        return ERR_OK;
    }
    if (known != NULL && known->is_loaded) return state_get_code(x->state, &known->code_hash, code);
    struct account account;
    bool exists;
    enum err err = state_get_account(x->state, who, &account, &exists);
    return err == ERR_OK ? state_get_code(x->state, &account.code_hash, code) : err;
}

/* Who the caller is on the parent: there is no alias of an alias. */
static enum err read_sender(address *sender, const struct execution *x, const address *caller) {
    bytes code;
    uint64_t rollup_id;
    u256 word;
    enum err err = read_code(&code, x, caller);
    if (err != ERR_OK) return err;
    address target = *caller;
    if (!proxy_identity(&rollup_id, &target, code, &L2HUB_PREDEPLOY)) {
        err = read_system(&word, x, SYSTEM_ROLLUP_ID);
        if (err != ERR_OK) return err;
        rollup_id = u256_to_u64_saturating(&word);
    }
    if (rollup_id == 0) {
        *sender = target;
        return ERR_OK;
    }
    err = read_system(&word, x, SYSTEM_HUB);
    if (err != ERR_OK) return err;
    address hub;
    hash32 hub_word;
    u256_store_be(hub_word.b, &word);
    memcpy(hub.b, hub_word.b + 12, 20);
    proxy_address(sender, &hub, rollup_id, &target);
    return ERR_OK;
}

/* --- the parent's rules ----------------------------------------------------------------------- */

enum err
parent_rules_encode(bytes *code, struct arena *arena, const struct fork_schedule *schedule) {
    static const uint8_t STOP[1] = {0};
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    rlp_write_raw(&w, bytes_of(STOP, 1));
    rlp_list_begin(&w);
    rlp_list_begin(&w);
    for (int fork = FORK_SHANGHAI; fork < FORK_COUNT; fork++)
        rlp_write_u64(&w, schedule->activation[fork]);
    rlp_list_end(&w);
    rlp_list_begin(&w);
    for (unsigned i = 0; i < schedule->blob_count; i++) {
        const struct blob_activation *at = &schedule->blobs[i];
        rlp_list_begin(&w);
        rlp_write_u64(&w, at->timestamp);
        rlp_write_u64(&w, at->blob.target);
        rlp_write_u64(&w, at->blob.max);
        rlp_write_u64(&w, at->blob.base_fee_update_fraction);
        rlp_list_end(&w);
    }
    rlp_list_end(&w);
    if (schedule->is_rollup) rlp_write_u64(&w, 1);
    rlp_list_end(&w);
    return rlp_finish(&w, code);
}

static enum err read_blob(struct fork_schedule *schedule, struct rlp *from) {
    struct rlp fields;
    uint64_t words[4];
    enum err err = rlp_read_list(from, &fields);
    for (unsigned i = 0; i < 4 && err == ERR_OK; i++)
        err = rlp_read_u64(&fields, &words[i]);
    if (err != ERR_OK) return err;
    const bool is_good = rlp_done(&fields) && words[1] <= UINT32_MAX && words[2] <= UINT32_MAX &&
                         words[3] != 0 && schedule->blob_count < BLOB_SCHEDULE_MAX;
    if (!is_good) return ERR_INPUT;
    struct blob_activation *last = &schedule->blobs[schedule->blob_count];
    if (schedule->blob_count > 0 && last[-1].timestamp >= words[0]) return ERR_INPUT;
    *last = (struct blob_activation){words[0], {(uint32_t)words[1], (uint32_t)words[2], words[3]}};
    schedule->blob_count++;
    return ERR_OK;
}

enum err parent_rules_decode(struct fork_schedule *schedule, bytes code, uint64_t chain_id) {
    struct fork_schedule made;
    struct rlp fields;
    struct rlp list;
    if (code.size == 0 || code.data[0] != 0) return ERR_INPUT;
    struct rlp outer = rlp_open(bytes_slice(code, 1, SIZE_MAX));
    forks_development(&made, chain_id, FORK_PARIS);
    made.blob_count = 0;
    enum err err = rlp_read_list(&outer, &fields);
    if (err == ERR_OK && !rlp_done(&outer)) err = ERR_INPUT;
    if (err == ERR_OK) err = rlp_read_list(&fields, &list);
    for (int fork = FORK_SHANGHAI; fork < FORK_COUNT && err == ERR_OK; fork++) {
        made.activation[fork] = FORK_NEVER;
        if (!rlp_done(&list)) err = rlp_read_u64(&list, &made.activation[fork]);
    }
    if (err == ERR_OK && !rlp_done(&list)) err = ERR_INPUT;
    if (err == ERR_OK) err = rlp_read_list(&fields, &list);
    while (err == ERR_OK && !rlp_done(&list))
        err = read_blob(&made, &list);
    if (err == ERR_OK && !rlp_done(&fields)) {
        uint64_t flag;
        err = rlp_read_u64(&fields, &flag);
        if (err == ERR_OK && (flag != 1 || !rlp_done(&fields))) err = ERR_INPUT;
        made.is_rollup = true;
    }
    if (err == ERR_OK) *schedule = made;
    return err;
}

/* The schedule that the rollup's state has. *is_unlike: it is not what it is to be. */
static enum err read_rules(
    struct fork_schedule *schedule,
    bool *is_unlike,
    struct parent *parent,
    const struct execution *x
) {
    bytes code;
    u256 chain_id;
    enum err err = read_code(&code, x, &PARENT_RULES_PREDEPLOY);
    if (err == ERR_OK) err = read_system(&chain_id, x, SYSTEM_PARENT_CHAIN_ID);
    if (err != ERR_OK) return err;
    if (parent->schedule != NULL) {
        bytes expected;
        err = parent_rules_encode(&expected, parent->arena, parent->schedule);
        if (err != ERR_OK) return err;
        *is_unlike = !bytes_equal(expected, code);
    }
    if (!*is_unlike && !u256_fits_u64(&chain_id)) *is_unlike = true;
    if (*is_unlike) return ERR_OK;
    err = parent_rules_decode(schedule, code, chain_id.w[0]);
    *is_unlike = err == ERR_INPUT;
    return err == ERR_INPUT ? ERR_OK : err;
}

/* --- anchors ---------------------------------------------------------------------------------- */

static enum err
find_anchor(struct parent_anchor **anchor, struct parent *parent, const struct anchor_id *id) {
    if (parent->source == NULL) return ERR_MISSING;
    for (*anchor = parent->anchors; *anchor != NULL; *anchor = (*anchor)->next)
        if (hash32_equal(&(*anchor)->hash, &id->hash) &&
            hash32_equal(&(*anchor)->state_root, &id->state_root))
            return ERR_OK;
    struct parent_anchor *made = arena_alloc_zero(parent->arena, sizeof(*made));
    if (made == NULL) return ERR_MEMORY;
    made->parent = parent;
    made->hash = id->hash;
    made->state_root = id->state_root;
    enum err err = state_open(&made->state, parent->arena, parent->source, &id->state_root);
    if (err != ERR_OK) return err;
    made->next = parent->anchors;
    parent->anchors = made;
    *anchor = made;
    return ERR_OK;
}

static enum err
get_header(struct header *header, struct parent *parent, uint64_t number, const hash32 *hash) {
    bytes encoded;
    if (parent->headers.get == NULL) return ERR_MISSING;
    enum err err =
        parent->headers.get(parent->headers.context, parent->arena, &encoded, number, hash);
    if (err != ERR_OK) return err;
    const hash32 found = keccak256(encoded);
    if (!hash32_equal(&found, hash)) return ERR_MISSING;
    return header_decode(header, encoded) == BLOCK_OK && header->number == number ? ERR_OK
                                                                                  : ERR_CORRUPT;
}

/* From Prague on the parent's history contract (EIP-2935) has the hashes, but for the first blocks
 * of that fork; those, and a parent before it, go by their headers, from the anchor back. */
static enum err hash_of_block(void *context, uint64_t number, hash32 *hash) {
    struct parent_anchor *anchor = context;
    if (anchor->context.rules.fork >= FORK_PRAGUE) {
        const u256 key = u256_from_u64(number % ANCHOR_HISTORY);
        u256 value;
        enum err err = state_get_slot(&anchor->state, &HISTORY_STORAGE_ADDRESS, &key, &value);
        u256_store_be(hash->b, &value);
        if (err != ERR_OK || !u256_is_zero(&value)) return err;
    }
    *hash = anchor->header.parent_hash;
    for (uint64_t at = anchor->header.number - 1; at > number; at--) {
        struct header header;
        enum err err = get_header(&header, anchor->parent, at, hash);
        if (err != ERR_OK) return err;
        *hash = header.parent_hash;
    }
    return ERR_OK;
}

/* Makes an anchor ready for calls. */
static enum err open_anchor(
    struct parent_anchor *anchor,
    enum parent_refusal *refusal,
    const struct anchor_id *id,
    struct execution *x
) {
    struct parent *parent = anchor->parent;
    struct fork_schedule schedule;
    if (anchor->is_open) return ERR_OK;
    bool is_unlike = false;
    enum err err = read_rules(&schedule, &is_unlike, parent, x);
    if (is_unlike) *refusal = PARENT_UNLIKE;
    if (err == ERR_OK && !is_unlike)
        err = get_header(&anchor->header, parent, id->number, &id->hash);
    if (err != ERR_OK || is_unlike) return err;
    const struct fork_rules rules =
        forks_at(&schedule, anchor->header.number, anchor->header.timestamp);
    const struct block_hashes hashes = {.context = anchor, .get = hash_of_block};
    anchor->context = block_context_of(&anchor->header, &rules, hashes);
    err = journal_open(&anchor->journal, parent->arena);
    if (err == ERR_OK)
        err = execution_open(
            &anchor->execution,
            parent->arena,
            &anchor->context,
            &anchor->state,
            &anchor->journal,
            parent->codes
        );
    anchor->is_open = err == ERR_OK;
    anchor->is_rollup = schedule.is_rollup;
    return err;
}

/* --- the precompiles -------------------------------------------------------------------------- */

/* What is no read takes all its gas, as with any precompile. */
static enum err refuse(struct execution *x) {
    return evm_give_call(&x->evm, false, 0, BYTES_EMPTY);
}

/* There is no anchor yet, for which the caller may be prepared. */
static enum err give_nothing(struct execution *x, uint64_t cost) {
    return evm_give_call(&x->evm, false, x->evm.request.call.gas - cost, BYTES_EMPTY);
}

static enum err answer_sload(struct parent *parent, struct execution *x) {
    const struct evm_message *call = &x->evm.request.call;
    const bool moves_value = call->kind == EVM_CALL || call->kind == EVM_CALLCODE;
    const size_t keys_size = call->input.size < TARGET_SIZE ? 0 : call->input.size - TARGET_SIZE;
    const size_t count = keys_size / KEY_SIZE;
    const uint64_t cost = PARENT_SLOAD_GAS + PARENT_SLOAD_KEY_GAS * (uint64_t)count;
    if ((moves_value && !u256_is_zero(&call->value)) || keys_size % KEY_SIZE != 0 || count == 0 ||
        count > PARENT_SLOAD_KEYS_MAX || call->gas < cost)
        return refuse(x);
    struct anchor_id id;
    enum err err = read_anchor(&id, x);
    if (err != ERR_OK) return err;
    if (hash32_is_zero(&id.hash)) return give_nothing(x, cost);
    struct parent_anchor *anchor;
    address who;
    uint8_t values[PARENT_SLOAD_KEYS_MAX * KEY_SIZE];
    memcpy(who.b, call->input.data, TARGET_SIZE);
    err = find_anchor(&anchor, parent, &id);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        const u256 key = u256_load_be(call->input.data + TARGET_SIZE + i * KEY_SIZE);
        u256 value;
        err = state_get_slot(&anchor->state, &who, &key, &value);
        u256_store_be(values + i * KEY_SIZE, &value);
    }
    if (err != ERR_OK) return err;
    return evm_give_call(&x->evm, true, call->gas - cost, bytes_of(values, keys_size));
}

/* Begins the call that x waits for on the parent's state; or answers it at once, and *begun is
 * NULL. */
static enum err begin_call(
    struct parent_anchor **begun,
    struct parent *parent,
    enum parent_refusal *refusal,
    struct execution *x
) {
    const struct evm_message *call = &x->evm.request.call;
    const uint64_t cost = PARENT_CALL_GAS + PARENT_CALL_GAS_PER_BYTE * (uint64_t)call->input.size;
    *begun = NULL;
    /* Under DELEGATECALL the sender would be another than who asks. */
    if ((call->kind != EVM_CALL && call->kind != EVM_STATICCALL) || !u256_is_zero(&call->value) ||
        call->input.size < TARGET_SIZE || call->gas < cost)
        return refuse(x);
    struct anchor_id id;
    enum err err = read_anchor(&id, x);
    if (err != ERR_OK) return err;
    if (hash32_is_zero(&id.hash)) return give_nothing(x, cost);
    struct parent_anchor *anchor;
    struct execution_message message = {
        .gas = call->gas - cost,
        .input = bytes_slice(call->input, TARGET_SIZE, SIZE_MAX),
        .warms = true,
    };
    memcpy(message.target.b, call->input.data, TARGET_SIZE);
    err = find_anchor(&anchor, parent, &id);
    if (err == ERR_OK) err = open_anchor(anchor, refusal, &id, x);
    if (err == ERR_OK && *refusal == PARENT_ANSWERED)
        err = read_sender(&message.caller, x, &call->sender);
    if (err != ERR_OK || *refusal != PARENT_ANSWERED) return err;
    message.origin = message.caller;
    const struct execution_options options = {
        .skip_end = true,
        .tracer = parent->tracers[0],
        .watch = parent->watch,
        .foreign = ROLLUP_FOREIGN,
        .foreign_count = anchor->is_rollup ? ROLLUP_FOREIGN_COUNT : 0,
        .warm = ROLLUP_WARM,
        .warm_count = anchor->is_rollup ? ROLLUP_WARM_COUNT : 0,
    };
    execution_begin_message(&anchor->execution, &message, &options);
    *begun = anchor;
    return ERR_OK;
}

/* Gives x what the call that ran for it came to. */
static enum err give_result(struct parent_anchor *anchor, struct execution *x) {
    const struct evm_result *result = &anchor->execution.evm.result;
    const uint64_t out_cost = PARENT_CALL_GAS_PER_BYTE * (uint64_t)result->output.size;
    enum err err = ERR_OK;
    if (out_cost > result->gas_left) {
        err = refuse(x);
    } else {
        err = evm_give_call(
            &x->evm, result->outcome == EVM_SUCCESS, result->gas_left - out_cost, result->output
        );
    }
    execution_abandon(&anchor->execution);
    return err;
}

/* What else a parent that is a rollup has: ether of messages as ever; calls of other chains there
 * are none, whose answers are no part of its state. */
static enum err answer_own(struct execution *x) {
    static const uint8_t REASON[] = "NotInARead()";
    const struct evm_message *call = &x->evm.request.call;
    if (ether_is_moved(call)) return ether_answer(x);
    const hash32 selector = keccak256(bytes_of(REASON, sizeof(REASON) - 1));
    return evm_give_call(&x->evm, false, call->gas, bytes_of(selector.b, 4));
}

/* Runs the call to its end, or until it reads its own parent (*waits). */
static enum err run_call(struct parent_anchor *anchor, bool *waits) {
    struct execution *x = &anchor->execution;
    *waits = false;
    for (;;) {
        enum err err = ERR_OK;
        switch (execution_run(x)) {
        case EXECUTION_DONE:
            return ERR_OK;
        case EXECUTION_FAILED:
            /* More ether than there can be, or a precompile that is not built: nobody's answer. */
            return x->err;
        case EXECUTION_CALL:
            *waits = parent_is_read(&x->evm.request.call);
            if (*waits) return ERR_OK;
            err = answer_own(x);
            break;
        case EXECUTION_REVERTING:
            break;
        case EXECUTION_INSIDE_DONE:
        case EXECUTION_INVALID:
            CHECK(false);
        }
        if (err != ERR_OK) return err;
    }
}

/* --- over the levels -------------------------------------------------------------------------- */

/* The parent's own parent: what one has, the other has. NULL: no memory. */
static struct parent *above_of(struct parent *parent) {
    if (parent->above != NULL) return parent->above;
    struct parent *above = arena_alloc_zero(parent->arena, sizeof(*above));
    if (above == NULL) return NULL;
    above->arena = parent->arena;
    above->source = parent->above_source != NULL ? parent->above_source : parent->source;
    above->above_source = parent->above_source;
    above->headers = parent->headers;
    above->codes = parent->codes;
    above->watch = parent->watch;
    for (size_t i = 1; i < PARENT_LEVELS_MAX; i++)
        above->tracers[i - 1] = parent->tracers[i];
    parent->above = above;
    return above;
}

/* An execution that waits for a read, and the call on its parent that runs for it. */
struct reading {
    struct execution *x;
    struct parent *parent;
    struct parent_anchor *call; /* NULL: none, or it has been answered */
};

/* Answers the read at once, or begins its call. */
static enum err begin(struct reading *reading, enum parent_refusal *refusal) {
    const struct evm_message *call = &reading->x->evm.request.call;
    const struct source *source = reading->parent->source;
    reading->call = NULL;
    /* Its tries hold what has changed and nothing else: whoever has but them reads otherwise. */
    if (source != NULL && source->origin != NULL && source->origin->prove == NULL) {
        *refusal = PARENT_UNPROVEN;
        return ERR_OK;
    }
    if (address_equal(&call->code_address, &L1SLOAD_ADDRESS))
        return answer_sload(reading->parent, reading->x);
    return begin_call(&reading->call, reading->parent, refusal, reading->x);
}

/* Runs the call at *depth on: to its end, which is given to who reads, or until it reads itself,
 * one level further up. */
static enum err run_on(struct reading *readings, size_t *depth, enum parent_refusal *refusal) {
    struct reading *at = &readings[*depth];
    struct execution *x = &at->call->execution;
    bool waits;
    enum err err = run_call(at->call, &waits);
    if (err != ERR_OK) return err;
    if (!waits) {
        struct parent_anchor *done = at->call;
        at->call = NULL;
        return give_result(done, at->x);
    }
    if (*depth + 1 == PARENT_LEVELS_MAX) return refuse(x);
    struct reading *next = &readings[*depth + 1];
    *next = (struct reading){.x = x, .parent = above_of(at->parent)};
    if (next->parent == NULL) return ERR_MEMORY;
    (*depth)++;
    return begin(next, refusal);
}

enum err parent_answer(struct parent *parent, enum parent_refusal *refusal, struct execution *x) {
    struct reading readings[PARENT_LEVELS_MAX];
    size_t depth = 0;
    *refusal = PARENT_ANSWERED;
    readings[0] = (struct reading){.x = x, .parent = parent};
    enum err err = begin(&readings[0], refusal);
    while (err == ERR_OK && *refusal == PARENT_ANSWERED && (depth > 0 || readings[0].call != NULL)
    ) {
        if (readings[depth].call == NULL)
            depth--;
        else
            err = run_on(readings, &depth, refusal);
    }
    for (size_t i = depth + 1; i-- > 0;)
        if (readings[i].call != NULL) execution_abandon(&readings[i].call->execution);
    return err;
}
