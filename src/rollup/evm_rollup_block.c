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
rules_of(struct fork_rules *rules, const struct rollup *rollup, struct evm_run *run) {
    u256 slot = u256_from_u64(SYSTEM_FORK);
    u256 fork;
    enum err err = state_get_slot(&run->block.state, &SYSTEM_PREDEPLOY, &slot, &fork);
    if (err != ERR_OK) return err;
    uint64_t number = u256_to_u64_saturating(&fork);
    if (number < FORK_PRAGUE || number > FORK_OSAKA) return ERR_UNSUPPORTED;
    *rules = forks_at(&evm_rollup_of(rollup)->schedule, 0, 0);
    rules->fork = (enum fork)number;
    return ERR_OK;
}

enum err evm_run_open(struct rollup *rollup, struct rollup_machine *machine) {
    struct arena *arena = rollup->arena;
    struct evm_run *run = evm_run_of(machine);
    const struct header *header = &machine->open.header;
    struct fork_rules rules;
    enum err err = block_run_open_state(rollup, machine);
    if (err == ERR_OK) err = rules_of(&rules, rollup, run);
    if (err != ERR_OK) return err;
    struct block_hashes hashes = {.context = &run->block.state, .get = hash_of_block};
    run->context = block_context_of(header, &rules, hashes);
    return execution_open(
        &run->execution,
        arena,
        &run->context,
        &run->block.state,
        &run->block.journal,
        evm_rollup_of(rollup)->codes
    );
}

enum err evm_run_prepare_source(
    struct rollup *rollup,
    struct evm_run *run,
    address *caller,
    uint64_t rollup_id,
    const address *source,
    const u256 *mint_wei
) {
    /* One of this rollup's own, whose call came back by way of another chain, is itself. */
    bool is_own = rollup_id == rollup->rollup_id;
    *caller = is_own ? *source : block_run_proxy_of(rollup_id, source);
    struct journal_account *account;
    enum err err = block_run_load_account(&run->block, &account, caller);
    if (err != ERR_OK) return err;
    if (!is_own && hash32_equal(&account->code_hash, &KECCAK_EMPTY)) {
        bytes code;
        err = proxy_runtime(&code, rollup->arena, &L2HUB_PREDEPLOY, rollup_id, source);
        if (err != ERR_OK) return err;
        hash32 code_hash = keccak256(code);
        err = journal_touch(&run->block.journal, account);
        if (err == ERR_OK) err = journal_set_code(&run->block.journal, account, code, &code_hash);
        if (err == ERR_OK && account->nonce == 0)
            err = journal_set_nonce(&run->block.journal, account, 1);
    }
    if (err == ERR_OK && !u256_is_zero(mint_wei))
        err = journal_add_balance(&run->block.journal, account, mint_wei);
    return err;
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
static enum err write_parent_hash(struct evm_run *run, const hash32 *parent_hash) {
    execution_begin_system_call(
        &run->execution, &HISTORY_STORAGE_ADDRESS, hash32_bytes(parent_hash)
    );
    return run_to_end(&run->execution);
}

/* Runs and files run->tx, which is the system's. */
static enum err
run_system_tx(struct rollup *rollup, struct rollup_machine *machine, bool *is_success) {
    struct evm_run *run = evm_run_of(machine);
    struct execution_message message = {
        .caller = SYSTEM_ADDRESS,
        .origin = SYSTEM_ADDRESS,
        .target = run->block.tx.to,
        .gas = run->block.tx.gas_limit,
        .input = run->block.tx.data,
    };
    struct execution_options options = {.tracer = rollup->tracer};
    evm_run_tell(rollup, run, ROLLUP_TX_BEGINS);
    execution_begin_message(&run->execution, &message, &options);
    enum err err = run_to_end(&run->execution);
    if (err != ERR_OK) return err;
    const struct execution_result *result = &run->execution.result;
    *is_success = result->is_success;
    if (!result->is_success) return ERR_OK;
    evm_run_tell(rollup, run, ROLLUP_TX_ENDED);
    return block_run_gather(
        rollup, machine, true, result->gas_max, result->logs, result->log_count
    );
}

/* The slot block's first transaction. */
static enum err
write_anchor(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step) {
    struct evm_run *run = evm_run_of(machine);
    bool is_success = false;
    enum err err = block_run_begin_slot(&run->block);
    if (err == ERR_OK) err = block_run_make_anchor_tx(rollup, &run->block);
    if (err == ERR_OK) err = run_system_tx(rollup, machine, &is_success);
    if (err == ERR_OK && !is_success) step->verdict = STEP_ANCHOR_REFUSED;
    return err;
}

/* Its second, if the update imports messages. */
static enum err
import_messages(struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step) {
    struct evm_run *run = evm_run_of(machine);
    bool is_success = false;
    if (run->block.update->message_slot_count == 0) return ERR_OK;
    enum err err = block_run_make_import_tx(rollup, machine, &run->block);
    if (err != ERR_OK) return err;
    if (run->block.tx.gas_limit <= open_block_gas_left(&machine->open))
        err = run_system_tx(rollup, machine, &is_success);
    if (err == ERR_OK && !is_success) step->verdict = STEP_MESSAGES_REFUSED;
    return err;
}

enum err evm_run_begin_block(
    struct rollup *rollup,
    struct rollup_machine *machine,
    struct rollup_step *step,
    const hash32 *parent_hash
) {
    struct evm_run *run = evm_run_of(machine);
    enum err err = write_parent_hash(run, parent_hash);
    if (err == ERR_OK && block_run_is_slot_block(&run->block))
        err = write_anchor(rollup, machine, step);
    if (err == ERR_OK && block_run_is_slot_block(&run->block) && step->verdict == STEP_OK)
        err = import_messages(rollup, machine, step);
    return err;
}
