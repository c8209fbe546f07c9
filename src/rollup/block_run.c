#include "rollup/block_run.h"

#include "chain/commit.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "rollup/predeploys.h"
#include "rollup/proxy.h"

/* --- the state -------------------------------------------------------------------------------- */

address block_run_proxy_of(uint64_t rollup_id, const address *target) {
    address proxy;
    proxy_address(&proxy, &L2HUB_PREDEPLOY, rollup_id, target);
    return proxy;
}

enum err block_run_load_account(
    struct block_run *run, struct journal_account **account, const address *who
) {
    *account = journal_find_account(&run->journal, who);
    if (*account != NULL && (*account)->is_loaded) return ERR_OK;
    struct account data;
    bool exists;
    enum err err = state_get_account(&run->state, who, &data, &exists);
    if (err != ERR_OK) return err;
    struct journal_account_data given = journal_absent_account();
    if (exists) {
        given = (struct journal_account_data){
            .exists = true,
            .nonce = data.nonce,
            .balance = data.balance,
            .code_hash = data.code_hash,
            .storage_root = data.storage_root,
        };
    }
    err = journal_give_account(&run->journal, who, &given);
    if (err == ERR_OK) *account = journal_find_account(&run->journal, who);
    return err;
}

enum err block_run_load_slot(
    struct block_run *run, struct journal_slot **slot, const address *who, const u256 *key
) {
    struct journal_account *account;
    enum err err = block_run_load_account(run, &account, who);
    if (err != ERR_OK) return err;
    bool no_memory = false;
    *slot = journal_find_slot(&run->journal, account, key, &no_memory);
    if (*slot != NULL) return ERR_OK;
    if (no_memory) return ERR_MEMORY;
    u256 value;
    err = state_get_slot(&run->state, who, key, &value);
    if (err == ERR_OK) err = journal_give_slot(&run->journal, who, key, &value);
    if (err != ERR_OK) return err;
    *slot = journal_find_slot(&run->journal, account, key, &no_memory);
    return *slot == NULL ? ERR_MEMORY : ERR_OK;
}

static enum err load_system_slot(struct block_run *run, struct journal_slot **slot, uint64_t key) {
    u256 k = u256_from_u64(key);
    return block_run_load_slot(run, slot, &SYSTEM_PREDEPLOY, &k);
}

enum err block_run_read_system(struct block_run *run, u256 *value, uint64_t slot) {
    struct journal_slot *found;
    enum err err = load_system_slot(run, &found, slot);
    if (err == ERR_OK) *value = found->value;
    return err;
}

enum err block_run_write_system(struct block_run *run, uint64_t slot, const u256 *value) {
    struct journal_slot *found;
    enum err err = load_system_slot(run, &found, slot);
    return err == ERR_OK ? journal_set_slot(&run->journal, found, value) : err;
}

static enum err read_limits(struct block_run *run) {
    u256 value;
    enum err err = block_run_read_system(run, &value, SYSTEM_BLOCK_GAS_LIMIT);
    if (err != ERR_OK) return err;
    run->gas_limit = u256_to_u64_saturating(&value);
    err = block_run_read_system(run, &value, SYSTEM_MAX_CALL_GAS);
    if (err == ERR_OK) run->max_call_gas = u256_to_u64_saturating(&value);
    return err;
}

/* --- blocks ----------------------------------------------------------------------------------- */

/* Whether the payload's slot block begins with the forced transactions that the Hub's hash is of:
 * they follow those that the state says were taken. */
static enum err check_forced(struct block_run *run, bool *fits, const hash32 *expected) {
    const struct payload *payload = &run->payload;
    const struct payload_block *slot = &payload->blocks[payload->block_count - 1];
    const size_t count = run->update->forced;
    *fits = count <= slot->tx_count && (count == 0) == hash32_is_zero(expected);
    if (count == 0 || !*fits) return ERR_OK;
    u256 taken;
    enum err err = block_run_read_system(run, &taken, SYSTEM_FORCED);
    if (err != ERR_OK) return err;
    u256_store_be(run->forced_hash.b, &taken);
    for (size_t i = 0; i < count; i++)
        run->forced_hash = update_forced_hash(&run->forced_hash, slot->txs[i]);
    *fits = hash32_equal(&run->forced_hash, expected);
    return ERR_OK;
}

/* The five words of an L2TX; a verdict unless their preimages are at hand and they fit together. */
static enum err
read_l2tx(struct rollup *rollup, struct block_run *run, enum step_verdict *verdict, bytes data) {
    hash32 payload_hash;
    hash32 anchor_hash;
    hash32 messages_hash;
    hash32 forced_hash;
    uint64_t timestamp = 0;
    enum err err = data.size == 5 * ABI_WORD ? ERR_OK : ERR_INPUT;
    if (err == ERR_OK) err = abi_read_hash(&payload_hash, data, 0);
    if (err == ERR_OK) err = abi_read_hash(&anchor_hash, data, 1);
    if (err == ERR_OK) err = abi_read_hash(&messages_hash, data, 2);
    if (err == ERR_OK) err = abi_read_hash(&forced_hash, data, 3);
    if (err == ERR_OK) err = abi_read_u64(&timestamp, data, 4);
    if (err == ERR_INPUT) {
        *verdict = STEP_NOT_DEFINED;
        return ERR_OK;
    }
    *verdict = STEP_PAYLOAD_UNKNOWN;
    for (size_t i = 0; i < rollup->update_count && run->update == NULL; i++) {
        const struct rollup_update *update = &rollup->updates[i];
        if (!hash32_equal(&update->payload_hash, &payload_hash)) continue;
        if (*verdict == STEP_PAYLOAD_UNKNOWN) *verdict = STEP_ANCHOR_UNKNOWN;
        if (!hash32_equal(&update->anchor_hash, &anchor_hash)) continue;
        *verdict = STEP_MESSAGES_UNKNOWN;
        if (!hash32_equal(&update->messages_hash, &messages_hash)) continue;
        /* Of updates that are the same but for this one is meant; if none fits, any says so. */
        *verdict = STEP_FORCED;
        if ((update->forced == 0) == hash32_is_zero(&forced_hash)) run->update = update;
    }
    if (run->update == NULL) return ERR_OK;
    err = payload_decode(&run->payload, rollup->arena, run->update->payload);
    if (err == ERR_INPUT) {
        *verdict = STEP_PAYLOAD_MALFORMED;
        return ERR_OK;
    }
    if (err != ERR_OK) return err;
    run->has_slot_block = true;
    *verdict = STEP_OK;
    bool fits;
    err = check_forced(run, &fits, &forced_hash);
    if (err != ERR_OK) return err;
    if (!fits) *verdict = STEP_FORCED;
    uint64_t last = run->payload.blocks[run->payload.block_count - 1].timestamp;
    if (last != timestamp || last < run->update->anchor.timestamp) *verdict = STEP_TIMESTAMP;
    return ERR_OK;
}

/* Opens the payload's block at run->block_index on top of a sealed one; STEP_TIMESTAMP if that
 * cannot be. */
static enum err begin_block(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash
) {
    struct block_run *run = machine->run;
    const struct payload_block *block = &run->payload.blocks[run->block_index];
    if (block->timestamp < parent->timestamp) {
        step->verdict = STEP_TIMESTAMP;
        return ERR_OK;
    }
    bool is_slot_block = block_run_is_slot_block(run);
    const hash32 *prev_randao = is_slot_block ? &run->update->anchor.mix_hash : &parent->mix_hash;
    struct header header = rollup_next_header(
        parent, parent_hash, block->timestamp, &block->fee_recipient, prev_randao, run->gas_limit
    );
    run->tx_index = 0;
    enum err err = open_block_begin(&machine->open, rollup->arena, &header);
    if (err == ERR_OK) err = rollup->type->blocks->open(rollup, machine);
    if (err != ERR_OK) return err;
    return rollup->type->blocks->begin_block(rollup, machine, step, parent_hash);
}

enum err block_run_begin_slot(struct block_run *run) {
    u256 value = u256_load_be(run->update->anchor.mix_hash.b);
    enum err err = block_run_write_system(run, SYSTEM_PREV_RANDAO, &value);
    if (err != ERR_OK || run->update->forced == 0) return err;
    value = u256_load_be(run->forced_hash.b);
    return block_run_write_system(run, SYSTEM_FORCED, &value);
}

enum err block_run_read_tx(
    struct rollup *rollup,
    const struct rollup_machine *machine,
    struct rollup_step *step,
    const struct fork_rules *rules
) {
    struct block_run *run = machine->run;
    struct fork_rules own = *rules;
    enum tx_verdict verdict;
    const bool is_forced = block_run_is_forced(run);
    if (is_forced) own.names_senders = false; /* anybody forces anything */
    run->tx_encoded = run->payload.blocks[run->block_index].txs[run->tx_index];
    enum err err = tx_decode(&run->tx, &verdict, rollup->arena, run->tx_encoded);
    if (err == ERR_OK && verdict == TX_OK && run->tx.type == TX_DEPOSIT)
        verdict = TX_DEPOSIT_NOT_ALLOWED;
    if (err == ERR_OK && verdict == TX_OK)
        err = tx_sender(&run->sender, &verdict, rollup->arena, &run->tx, &own);
    if (err != ERR_OK) return err;
    if (is_forced && verdict == TX_OK && run->tx.gas_limit > FORCED_TX_GAS)
        verdict = TX_GAS_LIMIT_CAP;
    step->verdict = verdict == TX_OK ? STEP_OK : STEP_TX_INVALID;
    step->verdict_tx = (int)verdict;
    /* Who posts the batch would else keep it out by filling the block before. */
    if (is_forced && verdict == TX_OK && run->tx.gas_limit > open_block_gas_left(&machine->open))
        step->verdict = STEP_FORCED_GAS;
    return ERR_OK;
}

enum err block_run_check_messages(struct block_run *run, struct rollup_step *step) {
    for (size_t i = 0; i < run->tx.message_slot_count; i++) {
        const u256 mark = rollup_import_mark(&run->tx.message_slots[i]);
        struct journal_slot *slot;
        enum err err = block_run_load_slot(run, &slot, &MESSAGES_PREDEPLOY, &mark);
        if (err != ERR_OK) return err;
        if (!u256_is_zero(&slot->value)) continue;
        step->verdict = STEP_TX_INVALID;
        step->verdict_tx = (int)TX_MESSAGE_MISSING;
        return ERR_OK;
    }
    return ERR_OK;
}

bool block_run_skip_forced(struct block_run *run, struct rollup_step *step) {
    if (step->verdict != STEP_TX_INVALID || !block_run_is_forced(run)) return false;
    step->verdict = STEP_OK;
    run->tx_index++;
    return true;
}

static enum err make_system_tx(
    struct rollup *rollup,
    struct block_run *run,
    const address *to,
    const hash32 *source_hash,
    uint64_t gas_limit,
    bytes data
) {
    run->tx = (struct tx){
        .type = TX_DEPOSIT,
        .source_hash = *source_hash,
        .from = SYSTEM_ADDRESS,
        .to = *to,
        .gas_limit = gas_limit,
        .data = data,
        .is_system = true,
    };
    return tx_encode(&run->tx_encoded, rollup->arena, &run->tx);
}

/* setAnchor's argument is a struct without dynamic parts, so its fields stand in a row. */
enum err block_run_make_anchor_tx(struct rollup *rollup, struct block_run *run) {
    const struct header *anchor = &run->update->anchor;
    struct abi_writer w;
    bytes input;
    abi_writer_open(&w, rollup->arena);
    abi_write_selector(&w, "setAnchor((uint64,uint64,bytes32,bytes32,bytes32,bytes32,bytes32))");
    abi_write_u64(&w, anchor->number);
    abi_write_u64(&w, anchor->timestamp);
    abi_write_hash(&w, &run->update->anchor_hash);
    abi_write_hash(&w, &anchor->state_root);
    abi_write_hash(&w, &anchor->transactions_root);
    abi_write_hash(&w, &anchor->receipts_root);
    abi_write_hash(&w, &anchor->parent_beacon_block_root);
    enum err err = abi_finish(&w, &input);
    if (err != ERR_OK) return err;
    return make_system_tx(
        rollup, run, &ANCHOR_PREDEPLOY, &run->update->anchor_hash, ANCHOR_TX_GAS, input
    );
}

enum err block_run_make_import_tx(
    struct rollup *rollup, const struct rollup_machine *machine, struct block_run *run
) {
    const struct rollup_update *update = run->update;
    const size_t count = update->message_slot_count;
    struct abi_writer w;
    bytes input;
    abi_writer_open(&w, rollup->arena);
    abi_write_selector(&w, "importMessages(bytes32[])");
    size_t slots = abi_write_offset(&w);
    abi_begin_tail(&w, slots, ABI_SELECTOR);
    abi_write_u64(&w, count);
    for (size_t i = 0; i < count; i++)
        abi_write_hash(&w, &update->message_slots[i]);
    enum err err = abi_finish(&w, &input);
    if (err != ERR_OK) return err;
    /* The block before it and what it imports make the transaction's hash unique. */
    const hash32 source_hash = keccak256_two(
        hash32_bytes(&machine->open.header.parent_hash), hash32_bytes(&update->messages_hash)
    );
    uint64_t gas = IMPORT_TX_GAS + (uint64_t)count * IMPORT_TX_GAS_PER_MESSAGE;
    return make_system_tx(rollup, run, &MESSAGES_PREDEPLOY, &source_hash, gas, input);
}

enum err block_run_make_call_tx(
    struct rollup *rollup,
    struct rollup_machine *machine,
    const struct action *in,
    const address *source,
    bytes data
) {
    struct block_run *run = machine->run;
    /* The step counter makes the source hash, and so the transaction's hash, unique. */
    u256 counter;
    enum err err = block_run_read_system(run, &counter, SYSTEM_STEP_COUNTER);
    if (err != ERR_OK) return err;
    uint8_t unique[64];
    memcpy(unique, machine->root.b, 32);
    u256_store_be(unique + 32, &counter);
    run->tx = (struct tx){
        .type = TX_DEPOSIT,
        .source_hash = keccak256(bytes_of(unique, sizeof(unique))),
        .from = *source,
        .to = in->target,
        .mint = in->value_wei,
        .value = in->value_wei,
        .gas_limit = in->gas,
        .data = data,
    };
    return tx_encode(&run->tx_encoded, rollup->arena, &run->tx);
}

enum err block_run_gather(
    struct rollup *rollup,
    struct rollup_machine *machine,
    bool is_success,
    uint64_t gas_used,
    const struct log *logs,
    size_t log_count
) {
    struct block_run *run = machine->run;
    struct receipt receipt = {
        .type = run->tx.type,
        .is_success = is_success,
        .cumulative_gas_used = open_block_gas_used(&machine->open) + gas_used,
        .logs = logs,
        .log_count = log_count,
    };
    bloom_add_logs(&receipt.bloom, logs, log_count);
    bytes encoded;
    enum err err = receipt_encode(&encoded, rollup->arena, &receipt);
    if (err != ERR_OK) return err;
    return open_block_gather(
        &machine->open, rollup->arena, run->tx_encoded, encoded, receipt.cumulative_gas_used
    );
}

enum err block_run_open_state(struct rollup *rollup, struct rollup_machine *machine) {
    struct block_run *run = machine->run;
    struct source *source = &rollup->overlay->source;
    const bool goes_on =
        run->state.source == source && hash32_equal(&run->state.root, &machine->root);
    enum err err =
        goes_on ? ERR_OK : state_open(&run->state, rollup->arena, source, &machine->root);
    return err == ERR_OK ? journal_open(&run->journal, rollup->arena) : err;
}

/* Commits the journal: the new state root. */
static enum err commit(struct rollup *rollup, struct rollup_machine *machine) {
    struct block_run *run = machine->run;
    return journal_commit(
        &machine->root, &run->journal, &run->state, rollup->overlay, rollup->arena
    );
}

enum err block_run_close(struct rollup *rollup, struct rollup_machine *machine) {
    struct block_run *run = machine->run;
    u256 counter;
    enum err err = block_run_read_system(run, &counter, SYSTEM_STEP_COUNTER);
    if (err != ERR_OK) return err;
    counter = u256_add(&counter, &U256_ONE);
    err = block_run_write_system(run, SYSTEM_STEP_COUNTER, &counter);
    if (err != ERR_OK) return err;
    hash32 commitment = open_block_commitment(&machine->open);
    u256 word = u256_load_be(commitment.b);
    err = block_run_write_system(run, SYSTEM_OPEN_BLOCK, &word);
    if (err == ERR_OK) err = commit(rollup, machine);
    if (err != ERR_OK) return err;
    machine->run = NULL;
    machine->is_idle = true;
    machine->head = machine->root;
    return ERR_OK;
}

/* Seals the machine's block and opens the next one of the payload. */
static enum err
next_block(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step) {
    struct sealed_block *sealed = arena_alloc(rollup->arena, sizeof(*sealed));
    if (sealed == NULL) return ERR_MEMORY;
    enum err err = open_block_seal(sealed, rollup->arena, &machine->open, &machine->root);
    if (err != ERR_OK) return err;
    sealed->before = machine->sealed;
    machine->sealed = sealed;
    return begin_block(rollup, machine, step, &sealed->header, &sealed->hash);
}

enum err block_run_finish_block(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
) {
    struct block_run *run = machine->run;
    if (block_run_is_slot_block(run)) {
        *is_over = true;
        step->next = machine;
        step->out = (struct action){.kind = ACTION_RESULT, .rollup_id = rollup->rollup_id};
        return block_run_close(rollup, machine);
    }
    enum err err = commit(rollup, machine);
    if (err != ERR_OK) return err;
    run->block_index++;
    *is_over = run->block_index == run->payload.block_count;
    return *is_over ? ERR_OK : next_block(rollup, machine, step);
}

/* --- kinds ------------------------------------------------------------------------------------ */

enum err block_run_leave_idle(
    struct rollup *rollup, struct rollup_machine **machine, const struct rollup_machine *idle
) {
    const struct block_run_kind *kind = rollup->type->blocks;
    *machine = rollup_new_machine(rollup, idle);
    if (*machine == NULL) return ERR_MEMORY;
    (*machine)->run = arena_alloc_zero(rollup->arena, kind->run_size);
    if ((*machine)->run == NULL) return ERR_MEMORY;
    enum err err = kind->open(rollup, *machine);
    return err == ERR_OK ? read_limits((*machine)->run) : err;
}

enum err block_run_thaw(struct rollup *rollup, struct rollup_machine **machine) {
    const struct block_run_kind *kind = rollup->type->blocks;
    struct rollup_machine *from = *machine;
    if (!from->is_frozen) return ERR_OK;
    struct rollup_machine *copy = rollup_new_machine(rollup, from);
    if (copy == NULL) return ERR_MEMORY;
    if (from->is_idle) {
        copy->head = from->head;
        copy->is_idle = true;
        *machine = copy;
        return ERR_OK;
    }
    struct block_run *run = arena_alloc(rollup->arena, kind->run_size);
    if (run == NULL) return ERR_MEMORY;
    memcpy(run, from->run, kind->run_size);
    copy->run = run;
    copy->open_call = from->open_call;
    /* What a state has decoded belongs to it alone; the copy reads anew. */
    enum err err = state_open(&run->state, rollup->arena, &rollup->overlay->source, &from->root);
    if (err == ERR_OK) err = journal_copy(&run->journal, rollup->arena, &from->run->journal);
    if (err == ERR_OK) err = kind->copy(rollup, copy, from->run);
    if (err == ERR_OK) *machine = copy;
    return err;
}

/* A rollup's genesis may say anything: balances that would pass 256 bits, a fork that is not
 * built. That leads nowhere. */
static enum err verdict_of(struct rollup_step *step, enum err err) {
    if (err != ERR_LIMIT && err != ERR_UNSUPPORTED) return err;
    step->verdict = err == ERR_LIMIT ? STEP_TOO_MUCH_ETHER : STEP_UNSUPPORTED;
    return ERR_OK;
}

static enum err deliver_l2tx(
    struct rollup *rollup,
    struct rollup_step *step,
    const struct rollup_machine *at,
    const struct action *in
) {
    struct rollup_machine *machine;
    if (!at->is_idle) {
        step->verdict = STEP_NOT_IDLE;
        return ERR_OK;
    }
    enum err err = block_run_leave_idle(rollup, &machine, at);
    if (err == ERR_OK) err = read_l2tx(rollup, machine->run, &step->verdict, in->data);
    if (err == ERR_OK && step->verdict == STEP_OK) err = next_block(rollup, machine, step);
    if (err != ERR_OK || step->verdict != STEP_OK) return err;
    return rollup->type->blocks->run(rollup, machine, step);
}

/* A RESULT answers the innermost open call, and comes from where that went. */
static bool is_awaited(const struct rollup_machine *at, const struct action *in) {
    const struct out_call *call = at->is_idle ? NULL : at->run->out_call;
    return call != NULL && call->action.rollup_id == in->source_rollup_id;
}

/* Delivers an action, or says that it is not defined here. */
static enum err deliver(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *at,
    const struct action *in,
    uint64_t from
) {
    const struct block_run_kind *kind = rollup->type->blocks;
    switch (in->kind) {
    case ACTION_L2TX:
        return deliver_l2tx(rollup, step, at, in);
    case ACTION_CALL:
        return kind->call(rollup, step, at, in, from);
    case ACTION_RESULT:
        if (is_awaited(at, in)) return kind->result(rollup, step, at, in);
        break;
    case ACTION_REVERT:
    case ACTION_REVERT_CONTINUE:
        break;
    }
    step->verdict = STEP_NOT_DEFINED;
    return ERR_OK;
}

enum err block_run_step(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *at,
    const struct action *in,
    uint64_t from
) {
    step->verdict = STEP_OK;
    return verdict_of(step, deliver(rollup, step, at, in, from));
}

enum err
block_run_go_on(struct rollup *rollup, struct rollup_step *step, struct rollup_machine *at) {
    return verdict_of(step, rollup->type->blocks->run(rollup, at, step));
}

/* Runs the one block on top of its parent. */
static enum err run_block(
    struct rollup *rollup,
    struct rollup_machine **machine,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash,
    const struct payload_block *block
) {
    const struct rollup_machine before = {.root = parent->state_root, .open.header = *parent};
    enum err err = block_run_leave_idle(rollup, machine, &before);
    if (err != ERR_OK) return err;
    struct payload_block *blocks = arena_alloc(rollup->arena, sizeof(*blocks));
    if (blocks == NULL) return ERR_MEMORY;
    *blocks = *block;
    (*machine)->run->payload = (struct payload){blocks, 1};
    err = begin_block(rollup, *machine, step, parent, parent_hash);
    if (err != ERR_OK || step->verdict != STEP_OK) return err;
    return rollup->type->blocks->run(rollup, *machine, step);
}

enum err block_run_build_block(
    struct rollup *rollup,
    struct sealed_block *sealed,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash,
    const struct payload_block *block
) {
    struct rollup_machine *machine = NULL;
    enum err err = verdict_of(step, run_block(rollup, &machine, step, parent, parent_hash, block));
    if (err != ERR_OK || step->verdict != STEP_OK) return err;
    return open_block_seal(sealed, rollup->arena, &machine->open, &machine->root);
}

/* --- calls that come in ----------------------------------------------------------------------- */

enum err block_run_push_in_call(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_machine *before,
    const struct action *in,
    uint64_t from
) {
    struct in_call *call = arena_alloc(rollup->arena, sizeof(*call));
    if (call == NULL) return ERR_MEMORY;
    *call = (struct in_call){
        .outer = machine->run->in_call,
        .before = before,
        .from = from,
        .value_wei = in->value_wei,
        .gas = in->gas,
        .is_static = in->is_static,
    };
    before->is_frozen = true;
    machine->run->in_call = call;
    return ERR_OK;
}

enum err block_run_answer_call(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    bool failed,
    uint64_t gas_left,
    bytes output
) {
    struct block_run *run = machine->run;
    const struct in_call *call = run->in_call;
    step->receiver = call->from;
    step->call_value_wei = call->value_wei;
    step->out = (struct action){
        .kind = ACTION_RESULT,
        .rollup_id = rollup->rollup_id,
        .gas = call->gas - gas_left,
        .failed = failed,
    };
    enum err err = arena_copy(rollup->arena, &step->out.data, output);
    if (err != ERR_OK) return err;
    if (failed || call->is_static) {
        step->next = call->before;
        return ERR_OK;
    }
    run->in_call = call->outer;
    step->next = machine;
    if (run->out_call != NULL) machine->open_call = run->out_call->action;
    return ERR_OK;
}

enum err block_run_refuse_call(
    struct rollup *rollup,
    struct rollup_step *step,
    struct rollup_machine *before,
    const struct action *in,
    uint64_t from,
    bytes reason
) {
    step->next = before;
    step->receiver = from;
    step->call_value_wei = in->value_wei;
    step->out =
        (struct action){.kind = ACTION_RESULT, .rollup_id = rollup->rollup_id, .failed = true};
    return arena_copy(rollup->arena, &step->out.data, reason);
}

/* --- calls that frames have made, and frames that fail ---------------------------------------- */

bool block_run_enter_entry(const struct rollup *rollup, struct block_run *run) {
    if (run->entry == rollup->now.entry) return false;
    run->entry = rollup->now.entry;
    run->tx_number = 0;
    return true;
}

void block_run_enter_transaction(struct rollup *rollup, struct block_run *run) {
    run->marks = NULL;
    run->entry = rollup->now.entry;
    run->tx_number = ++rollup->now.tx_count;
}

static enum err
add_mark(struct rollup *rollup, struct block_run *run, uint64_t frame, bool is_to_parent) {
    struct call_mark *mark = arena_alloc(rollup->arena, sizeof(*mark));
    if (mark == NULL) return ERR_MEMORY;
    *mark = (struct call_mark){
        .older = run->marks,
        .frame = frame,
        .entry = rollup->now.entry,
        .is_to_parent = is_to_parent,
        .line = rollup->now.line,
        .tx = run->entry == rollup->now.entry ? run->tx_number : 0,
        .pre = rollup->now.pre,
    };
    run->marks = mark;
    return ERR_OK;
}

enum err block_run_mark_parent_call(struct rollup *rollup, struct block_run *run, uint64_t frame) {
    enum err err = add_mark(rollup, run, frame, true);
    /* A call that came in and fails, or was static, leaves the machine as it was before; the frame
     * that waits there has called the parent all the same. One that stands at a head has heard. */
    for (const struct in_call *call = run->in_call; call != NULL && err == ERR_OK;
         call = call->outer) {
        if (call->before->is_idle || call->before->has_head) continue;
        struct block_run *before = call->before->run;
        err = add_mark(rollup, before, before->out_call->frame, true);
    }
    return err;
}

enum err block_run_mark_rollup_call(struct rollup *rollup, struct block_run *run, uint64_t frame) {
    return add_mark(rollup, run, frame, false);
}

enum err block_run_parent_called(struct rollup *rollup, struct rollup_machine *machine) {
    struct block_run *run = machine->run;
    CHECK(run->out_call != NULL);
    return block_run_mark_parent_call(rollup, run, run->out_call->frame);
}

enum err block_run_revert_frame(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    bool *is_over,
    uint64_t frame,
    const struct evm_result *how
) {
    const struct call_mark *to_parent = NULL; /* the first of the frame's calls to the parent */
    const struct call_mark *to_rollup = NULL; /* and to a rollup */
    const struct call_mark *m = machine->run->marks;
    for (; m != NULL && m->frame >= frame; m = m->older) {
        if (m->is_to_parent)
            to_parent = m;
        else
            to_rollup = m;
    }
    if (to_parent == NULL && to_rollup == NULL) return ERR_OK;
    *is_over = true;
    step->next = machine;
    if (to_parent == NULL) {
        step->undoes_lines = true;
        step->first_line = to_rollup->line;
        return ERR_OK;
    }
    /* A frame is entered in the entry that ends with its first call to the parent. */
    bool has_line = to_rollup != NULL && to_rollup->entry == to_parent->entry;
    struct arena *arena = rollup->arena;
    struct rollup_revert *revert = arena_alloc(arena, sizeof(*revert));
    if (revert == NULL) return ERR_MEMORY;
    *revert = (struct rollup_revert){
        .undone = to_parent->entry,
        .frame = frame,
        .tx = to_parent->tx,
        .first_line = has_line ? to_rollup->line : ROLLUP_NO_LINE,
        .result = {.outcome = how->outcome, .gas_left = how->gas_left},
    };
    enum err err = arena_copy(arena, &revert->result.output, how->output);
    step->out = (struct action){.kind = ACTION_REVERT, .rollup_id = rollup->rollup_id};
    if (err == ERR_OK) err = arena_copy(arena, &step->out.data, hash32_bytes(&to_parent->pre));
    machine->reverted = revert;
    /* The machine goes no further; who watches it is told how the frame ends. */
    const struct evm_tracer *tracer = rollup->tracer;
    if (tracer != NULL && tracer->on_exit != NULL)
        tracer->on_exit(tracer->context, &revert->result);
    return err;
}
