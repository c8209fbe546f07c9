/* Blocks of the EVM rollup: opening them, what the system writes, filing transactions, closing. */
#include "rollup/evm_rollup_private.h"

#include "chain/block.h"
#include "chain/commit.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "rollup/predeploys.h"
#include "rollup/proxy.h"

/* BLOCKHASH and EIP-2935 agree on the last 256 blocks, and the history contract is in the state: so
 * the hash of a block follows from the head alone. */
static enum err hash_of_block(void *context, uint64_t number, hash32 *hash) {
    struct state *state = context;
    u256 key = u256_from_u64(number % 8191);
    u256 value;
    enum err err = state_get_slot(state, &HISTORY_STORAGE_ADDRESS, &key, &value);
    if (err == ERR_OK) u256_store_be(hash->b, &value);
    return err;
}

/* The rules of the rollup's blocks: those of the fork that its state says (System.fork). What a
 * header says has been the same since Prague. */
static enum err
rules_of(struct fork_rules *rules, struct evm_rollup *rollup, struct block_run *run) {
    u256 slot = u256_from_u64(SYSTEM_FORK);
    u256 fork;
    enum err err = state_get_slot(&run->state, &SYSTEM_PREDEPLOY, &slot, &fork);
    if (err != ERR_OK) return err;
    uint64_t number = u256_to_u64_saturating(&fork);
    if (number < FORK_PRAGUE || number > FORK_OSAKA) return ERR_UNSUPPORTED;
    *rules = forks_at(&rollup->schedule, 0, 0);
    rules->fork = (enum fork)number;
    return ERR_OK;
}

enum err block_run_open(struct evm_rollup *rollup, struct evm_machine *machine) {
    struct arena *arena = rollup->base.arena;
    struct block_run *run = machine->run;
    const struct header *header = &machine->base.open.header;
    enum err err = state_open(&run->state, arena, &rollup->base.overlay->source, &machine->root);
    struct fork_rules rules;
    if (err == ERR_OK) err = journal_open(&run->journal, arena);
    if (err == ERR_OK) err = rules_of(&rules, rollup, run);
    if (err != ERR_OK) return err;
    struct block_hashes hashes = {.context = &run->state, .get = hash_of_block};
    run->context = block_context_of(header, &rules, hashes);
    return execution_open(
        &run->execution, arena, &run->context, &run->state, &run->journal, rollup->codes
    );
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

static enum err load_system_slot(struct block_run *run, struct journal_slot **slot, uint64_t key) {
    struct journal_account *system;
    enum err err = block_run_load_account(run, &system, &SYSTEM_PREDEPLOY);
    if (err != ERR_OK) return err;
    u256 k = u256_from_u64(key);
    bool no_memory = false;
    *slot = journal_find_slot(&run->journal, system, &k, &no_memory);
    if (*slot != NULL) return ERR_OK;
    if (no_memory) return ERR_MEMORY;
    u256 value;
    err = state_get_slot(&run->state, &SYSTEM_PREDEPLOY, &k, &value);
    if (err == ERR_OK) err = journal_give_slot(&run->journal, &SYSTEM_PREDEPLOY, &k, &value);
    if (err != ERR_OK) return err;
    *slot = journal_find_slot(&run->journal, system, &k, &no_memory);
    return *slot == NULL ? ERR_MEMORY : ERR_OK;
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

enum err block_run_prepare_source(
    struct evm_rollup *rollup,
    struct block_run *run,
    address *caller,
    uint64_t rollup_id,
    const address *source,
    const u256 *mint_wei
) {
    /* One of this rollup's own, whose call came back by way of another chain, is itself. */
    bool is_own = rollup_id == rollup->base.rollup_id;
    *caller = is_own ? *source : evm_rollup_proxy_of(rollup_id, source);
    struct journal_account *account;
    enum err err = block_run_load_account(run, &account, caller);
    if (err != ERR_OK) return err;
    if (!is_own && hash32_equal(&account->code_hash, &KECCAK_EMPTY)) {
        bytes code;
        err = proxy_runtime(&code, rollup->base.arena, &L2HUB_PREDEPLOY, rollup_id, source);
        if (err != ERR_OK) return err;
        hash32 code_hash = keccak256(code);
        err = journal_touch(&run->journal, account);
        if (err == ERR_OK) err = journal_set_code(&run->journal, account, code, &code_hash);
        if (err == ERR_OK && account->nonce == 0)
            err = journal_set_nonce(&run->journal, account, 1);
    }
    if (err == ERR_OK && !u256_is_zero(mint_wei))
        err = journal_add_balance(&run->journal, account, mint_wei);
    return err;
}

enum err block_run_gather(
    struct evm_rollup *rollup,
    struct evm_machine *machine,
    bool is_success,
    uint64_t gas_used,
    const struct log *logs,
    size_t log_count
) {
    struct block_run *run = machine->run;
    struct receipt receipt = {
        .type = run->tx.type,
        .is_success = is_success,
        .cumulative_gas_used = open_block_gas_used(&machine->base.open) + gas_used,
        .logs = logs,
        .log_count = log_count,
    };
    block_run_tell(rollup, run, ROLLUP_TX_ENDED);
    bloom_add_logs(&receipt.bloom, logs, log_count);
    bytes encoded;
    enum err err = receipt_encode(&encoded, rollup->base.arena, &receipt);
    if (err != ERR_OK) return err;
    return open_block_gather(
        &machine->base.open,
        rollup->base.arena,
        run->tx_encoded,
        encoded,
        receipt.cumulative_gas_used
    );
}

enum err block_run_commit(struct evm_rollup *rollup, struct evm_machine *machine) {
    struct block_run *run = machine->run;
    return journal_commit(
        &machine->root, &run->journal, &run->state, rollup->base.overlay, rollup->base.arena
    );
}

enum err block_run_close(struct evm_rollup *rollup, struct evm_machine *machine) {
    struct block_run *run = machine->run;
    u256 counter;
    enum err err = block_run_read_system(run, &counter, SYSTEM_STEP_COUNTER);
    if (err != ERR_OK) return err;
    counter = u256_add(&counter, &U256_ONE);
    err = block_run_write_system(run, SYSTEM_STEP_COUNTER, &counter);
    if (err != ERR_OK) return err;
    hash32 commitment = open_block_commitment(&machine->base.open);
    u256 word = u256_load_be(commitment.b);
    err = block_run_write_system(run, SYSTEM_OPEN_BLOCK, &word);
    if (err == ERR_OK) err = block_run_commit(rollup, machine);
    if (err != ERR_OK) return err;
    machine->run = NULL;
    machine->base.is_idle = true;
    machine->base.head = machine->root;
    return ERR_OK;
}

/* Runs an execution that cannot suspend: a system call or the anchor's transaction. */
static enum err run_to_end(struct execution *x) {
    switch (execution_run(x)) {
    case EXECUTION_DONE:
        return ERR_OK;
    case EXECUTION_FAILED:
        return x->err;
    case EXECUTION_CALL:
    case EXECUTION_INSIDE_DONE:
    case EXECUTION_REVERTING:
    case EXECUTION_INVALID:
        break;
    }
    CHECK(false);
    return ERR_UNSUPPORTED;
}

/* EIP-2935: the parent's hash into the history contract. */
static enum err write_parent_hash(struct block_run *run, const hash32 *parent_hash) {
    execution_begin_system_call(
        &run->execution, &HISTORY_STORAGE_ADDRESS, hash32_bytes(parent_hash)
    );
    return run_to_end(&run->execution);
}

/* The slot block's first transaction: Anchor.setAnchor, whose argument is a struct without dynamic
 * parts, so its fields stand in a row. */
static enum err
write_anchor(struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step) {
    static const char SIGNATURE[] =
        "setAnchor((uint64,uint64,bytes32,bytes32,bytes32,bytes32,bytes32))";
    struct arena *arena = rollup->base.arena;
    struct block_run *run = machine->run;
    const struct header *anchor = &run->update->anchor;
    u256 prev_randao = u256_load_be(anchor->mix_hash.b);
    enum err err = block_run_write_system(run, SYSTEM_PREV_RANDAO, &prev_randao);
    if (err != ERR_OK) return err;

    hash32 selector = keccak256(bytes_of(SIGNATURE, sizeof(SIGNATURE) - 1));
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_raw(&w, bytes_of(selector.b, 4));
    abi_write_u64(&w, anchor->number);
    abi_write_u64(&w, anchor->timestamp);
    abi_write_hash(&w, &run->update->anchor_hash);
    abi_write_hash(&w, &anchor->state_root);
    abi_write_hash(&w, &anchor->transactions_root);
    abi_write_hash(&w, &anchor->receipts_root);
    abi_write_hash(&w, &anchor->parent_beacon_block_root);
    bytes input;
    err = abi_finish(&w, &input);
    if (err != ERR_OK) return err;

    run->tx = (struct tx){
        .type = TX_DEPOSIT,
        .source_hash = run->update->anchor_hash,
        .from = SYSTEM_ADDRESS,
        .to = ANCHOR_PREDEPLOY,
        .gas_limit = ANCHOR_TX_GAS,
        .data = input,
        .is_system = true,
    };
    err = tx_encode(&run->tx_encoded, arena, &run->tx);
    if (err != ERR_OK) return err;
    struct execution_message message = {
        .caller = SYSTEM_ADDRESS,
        .origin = SYSTEM_ADDRESS,
        .target = ANCHOR_PREDEPLOY,
        .gas = ANCHOR_TX_GAS,
        .input = input,
    };
    struct execution_options options = {.tracer = rollup->base.tracer};
    block_run_tell(rollup, run, ROLLUP_TX_BEGINS);
    execution_begin_message(&run->execution, &message, &options);
    err = run_to_end(&run->execution);
    if (err != ERR_OK) return err;
    const struct execution_result *result = &run->execution.result;
    if (!result->is_success) {
        step->verdict = STEP_ANCHOR_REFUSED;
        return ERR_OK;
    }
    return block_run_gather(
        rollup, machine, true, result->gas_max, result->logs, result->log_count
    );
}

struct header evm_rollup_next_header(
    const struct header *parent,
    const hash32 *parent_hash,
    uint64_t timestamp,
    const address *fee_recipient,
    const hash32 *prev_randao,
    uint64_t gas_limit
) {
    return (struct header){
        .fields = HEADER_REQUESTS_HASH,
        .parent_hash = *parent_hash,
        .ommers_hash = EMPTY_LIST_HASH,
        .coinbase = *fee_recipient,
        .transactions_root = EMPTY_TRIE_ROOT,
        .receipts_root = EMPTY_TRIE_ROOT,
        .number = parent->number + 1,
        .gas_limit = gas_limit,
        .timestamp = timestamp,
        .mix_hash = *prev_randao,
        .base_fee_per_gas = header_next_base_fee(parent),
        .withdrawals_root = EMPTY_TRIE_ROOT,
        .requests_hash = requests_hash(NULL, 0),
    };
}

enum err block_run_begin_block(
    struct evm_rollup *rollup,
    struct evm_machine *machine,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash
) {
    struct block_run *run = machine->run;
    const struct payload_block *block = &run->payload.blocks[run->block_index];
    bool is_slot_block = block_run_is_slot_block(run);
    if (block->timestamp < parent->timestamp) {
        step->verdict = STEP_TIMESTAMP;
        return ERR_OK;
    }
    hash32 prev_randao = is_slot_block ? run->update->anchor.mix_hash : parent->mix_hash;
    struct header header = evm_rollup_next_header(
        parent, parent_hash, block->timestamp, &block->fee_recipient, &prev_randao, run->gas_limit
    );
    enum err err = open_block_begin(&machine->base.open, rollup->base.arena, &header);
    if (err == ERR_OK) err = block_run_open(rollup, machine);
    if (err == ERR_OK) err = write_parent_hash(run, parent_hash);
    if (err == ERR_OK && is_slot_block) err = write_anchor(rollup, machine, step);
    run->tx_index = 0;
    return err;
}

enum err block_run_next_block(
    struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step
) {
    struct sealed_block *sealed = arena_alloc(rollup->base.arena, sizeof(*sealed));
    if (sealed == NULL) return ERR_MEMORY;
    enum err err = open_block_seal(sealed, rollup->base.arena, &machine->base.open, &machine->root);
    if (err != ERR_OK) return err;
    sealed->before = machine->base.sealed;
    machine->base.sealed = sealed;
    return block_run_begin_block(rollup, machine, step, &sealed->header, &sealed->hash);
}
