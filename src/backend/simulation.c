#include "backend/simulation.h"

#include "backend/crossing_call.h"
#include "backend/overrides.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "node/crossing.h"
#include "node/network.h"
#include "node/verdict.h"
#include "rollup/precompile.h"
#include "rpc/halt.h"
#include "rpc/revert.h"
#include "rpc/tracer.h"

/* Gas without a cap: geth's number, with which sums cannot overflow. */
#define GAS_UNLIMITED (UINT64_MAX / 2)

/* --- the block it runs on top of -------------------------------------------------------------- */

struct header simulation_pending_header(const struct node_chain *chain) {
    const struct header *parent = &chain->head;
    struct header header = {
        .fields = parent->fields,
        .parent_hash = chain->head_hash,
        .ommers_hash = EMPTY_LIST_HASH,
        .coinbase = chain->rpc.coinbase,
        .state_root = parent->state_root,
        .transactions_root = EMPTY_TRIE_ROOT,
        .receipts_root = EMPTY_TRIE_ROOT,
        .withdrawals_root = EMPTY_TRIE_ROOT,
        .number = parent->number + 1,
        .gas_limit = chain->gas_limit,
        .timestamp = node_next_timestamp(chain),
        .mix_hash = parent->mix_hash,
        .base_fee_per_gas = node_next_base_fee(chain),
        .requests_hash = requests_hash(NULL, 0),
    };
    struct fork_rules rules = forks_at(&chain->schedule, header.number, header.timestamp);
    header.excess_blob_gas = header_next_excess_blob_gas(parent, &rules);
    return header;
}

static void
override_block(struct simulation *simulation, const struct rpc_block_overrides *overrides) {
    struct header *header = &simulation->header;
    if (overrides->has_number) header->number = overrides->number;
    if (overrides->has_time) header->timestamp = overrides->time;
    if (overrides->has_gas_limit) header->gas_limit = overrides->gas_limit;
    if (overrides->has_fee_recipient) header->coinbase = overrides->fee_recipient;
    if (overrides->has_prev_randao) header->mix_hash = overrides->prev_randao;
    if (overrides->has_base_fee) header->base_fee_per_gas = overrides->base_fee;
    struct fork_rules rules =
        forks_at(&simulation->chain->schedule, header->number, header->timestamp);
    simulation->context = block_context_of(header, &rules, node_chain_hashes(simulation->chain));
    if (overrides->has_blob_base_fee) simulation->context.blob_base_fee = overrides->blob_base_fee;
}

static enum err
find_block(struct simulation *simulation, bool *is_found, const struct rpc_block_id *id) {
    struct node_chain *chain = simulation->chain;
    uint64_t number;
    enum err err = node_chain_resolve(chain, is_found, &number, id);
    if (err != ERR_OK || !*is_found) return err;
    if (id->kind == RPC_BLOCK_PENDING)
        simulation->header = simulation_pending_header(chain);
    else if (number == chain->head.number)
        simulation->header = chain->head;
    else
        err = node_chain_read_header(chain, &simulation->header, NULL, number);
    if (err != ERR_OK) return err;
    return node_chain_state_at(
        chain, &simulation->state, simulation->request->arena, &simulation->header
    );
}

/* --- the transaction -------------------------------------------------------------------------- */

static enum rpc_status make_tx(struct simulation *simulation) {
    const struct rpc_call_arguments *from = &simulation->description->arguments;
    struct tx *tx = &simulation->tx;
    if (from->has_gas_price && (from->has_max_fee_per_gas || from->has_max_priority_fee_per_gas))
        return rpc_fail(
            simulation->request,
            RPC_SERVER_ERROR,
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"
        );
    if (from->has_chain_id && from->chain_id != simulation->chain->rpc.chain_id)
        return rpc_fail(
            simulation->request,
            RPC_SERVER_ERROR,
            "chainId does not match node's (have=%llu, want=%llu)",
            (unsigned long long)from->chain_id,
            (unsigned long long)simulation->chain->rpc.chain_id
        );
    *tx = (struct tx){
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = simulation->chain->rpc.chain_id,
        .max_fee_per_gas = from->has_gas_price ? from->gas_price : from->max_fee_per_gas,
        .max_priority_fee_per_gas =
            from->has_gas_price ? from->gas_price : from->max_priority_fee_per_gas,
        .is_create = !from->has_to,
        .to = from->to,
        .value = from->value,
        .data = from->data,
        .access_list = from->access_list,
        .access_count = from->access_list_count,
        .max_fee_per_blob_gas = from->max_fee_per_blob_gas,
        .blob_versioned_hashes = from->blob_hashes,
        .blob_count = from->blob_hash_count,
        .authorization_list = from->authorizations,
        .authorization_count = from->authorization_count,
    };
    if (from->authorization_count > 0)
        tx->type = TX_SET_CODE;
    else if (from->blob_hash_count > 0)
        tx->type = TX_BLOB;
    else if (from->has_gas_price)
        tx->type = from->has_access_list ? TX_ACCESS_LIST : TX_LEGACY;
    simulation->sender = from->from;
    simulation->gas = simulation_gas_max(simulation->chain);
    if (from->has_gas && from->gas < simulation->gas) simulation->gas = from->gas;

    bool is_free =
        u256_is_zero(&tx->max_fee_per_gas) && u256_is_zero(&tx->max_priority_fee_per_gas);
    simulation->options = (struct execution_options){
        .skip_fees = is_free,
        .skip_nonce = true,
        .skip_sender_code = true,
        .skip_gas_cap = true,
        .sender_first = true,
        .gas_available = UINT64_MAX,
        .blob_gas_available = UINT64_MAX,
        .watch = time_limit_watch(&simulation->limit),
    };
    if (is_free) simulation->context.base_fee_per_gas = U256_ZERO;
    if (u256_is_zero(&tx->max_fee_per_blob_gas)) simulation->context.blob_base_fee = U256_ZERO;
    return RPC_OK;
}

/* --- overrides of accounts -------------------------------------------------------------------- */

/* Where the account's whole storage was replaced, a slot is known to be zero before it is set. */
static enum err
override_slot(struct journal *journal, const address *who, const struct rpc_slot_override *with) {
    u256 key = u256_load_be(with->key.b);
    u256 value = u256_load_be(with->value.b);
    bool no_memory;
    enum err err = journal_give_slot(journal, who, &key, &value);
    if (err != ERR_OK) return err;
    struct journal_slot *slot =
        journal_find_slot(journal, journal_find_account(journal, who), &key, &no_memory);
    return slot == NULL ? ERR_MEMORY : journal_set_slot(journal, slot, &value);
}

static enum err override_account(
    struct journal *journal, struct state *state, const struct rpc_account_override *with
) {
    struct account account;
    bool exists;
    enum err err = state_get_account(state, &with->account, &account, &exists);
    if (err != ERR_OK) return err;
    struct journal_account_data data = {
        .exists = exists,
        .nonce = with->has_nonce ? with->nonce : account.nonce,
        .balance = with->has_balance ? with->balance : account.balance,
        .code_hash = with->has_code ? keccak256(with->code) : account.code_hash,
        .storage_root = with->has_state ? EMPTY_TRIE_ROOT : account.storage_root,
    };
    data.exists = exists || with->has_nonce || with->has_balance || with->has_code;
    err = journal_give_account(journal, &with->account, &data);
    if (err != ERR_OK) return err;
    if (with->has_code) journal_give_code(journal, &with->account, with->code);
    for (size_t i = 0; i < with->slot_count && err == ERR_OK; i++)
        err = override_slot(journal, &with->account, &with->slots[i]);
    return err;
}

/* --- running ---------------------------------------------------------------------------------- */

enum rpc_status simulation_open(
    struct simulation *simulation,
    struct node_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    const struct rpc_simulation *description
) {
    *simulation = (struct simulation){
        .chain = chain,
        .request = request,
        .description = description,
    };
    time_limit_begin(
        &simulation->limit, request, time_limit_of(chain->node->options->rpc_timeout_ms)
    );
    enum err err = find_block(simulation, is_found, &description->block);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (!*is_found) return RPC_OK;
    override_block(simulation, &description->overrides);
    enum rpc_status status = make_tx(simulation);
    if (status == RPC_OK)
        status = overrides_precompiles(
            request,
            &simulation->options.precompiles,
            &simulation->options.precompile_count,
            simulation->context.rules.fork,
            description->accounts,
            description->account_count
        );
    if (status == RPC_OK) arena_open(&simulation->arena, SIMULATION_SIZE_MAX);
    return status;
}

void simulation_close(struct simulation *simulation) {
    arena_close(&simulation->arena);
}

/* The run on the chain's own state. ERR_… is a failure that is no verdict. */
static enum err run_alone(
    struct simulation *simulation,
    struct simulation_run *run,
    bool *crosses,
    const struct evm_tracer *tracer
) {
    const struct rpc_simulation *description = simulation->description;
    struct arena *arena = &simulation->arena;
    struct journal *journal = arena_alloc_zero(arena, sizeof(*journal));
    struct execution *x = arena_alloc_zero(arena, sizeof(*x));
    if (journal == NULL || x == NULL) return ERR_MEMORY;
    enum err err = journal_open(journal, arena);
    for (size_t i = 0; i < description->account_count && err == ERR_OK; i++)
        err = override_account(journal, simulation->state, &description->accounts[i]);
    if (err == ERR_OK)
        err = execution_open(
            x, arena, &simulation->context, simulation->state, journal, simulation->chain->codes
        );
    if (err != ERR_OK) return err;
    struct execution_options options = simulation->options;
    options.tracer = tracer;
    address exits[CROSSING_EXITS_MAX];
    crossing_set_exits(&options, exits, simulation->chain);
    struct parent parent = {.arena = arena, .watch = options.watch};
    if (simulation->chain->rollup_id != 0)
        crossing_view_parent(&parent, node_parent(simulation->chain));
    if (simulation->traces_reads)
        crossing_trace_reads(&parent, simulation->trace, simulation->chain);
    simulation->has_read = false;
    if (simulation->tracer != NULL) {
        const struct tracer_subject subject = {
            .tx = &simulation->tx,
            .sender = simulation->sender,
            .block = &simulation->context,
            .journal = journal,
            .state = simulation->state,
        };
        tracer_begin(simulation->tracer, &subject);
    }
    execution_begin_tx(x, &simulation->tx, &simulation->sender, &options);
    enum execution_status status;
    while ((status = execution_run(x)) == EXECUTION_CALL || status == EXECUTION_REVERTING) {
        if (status == EXECUTION_REVERTING) continue;
        if (crossing_is_precompile(simulation->chain, &x->evm.request.call)) {
            simulation->has_read |= parent_is_read(&x->evm.request.call);
            err = precompile_answer(&parent, &simulation->refusal, x);
            if (err == ERR_OK && simulation->refusal != PARENT_ANSWERED) err = ERR_UNSUPPORTED;
            if (err != ERR_OK) return err;
            continue;
        }
        *crosses = crossing_is_exit(simulation->chain, &x->evm.request.call);
        if (*crosses) return ERR_OK;
        evm_decline_call(&x->evm);
    }
    run->verdict = TX_OK;
    if (status == EXECUTION_FAILED) return x->err;
    if (status == EXECUTION_INVALID)
        run->verdict = x->verdict;
    else
        run->result = x->result;
    CHECK(status == EXECUTION_DONE || status == EXECUTION_INVALID);
    return ERR_OK;
}

enum rpc_status simulation_fail_read(struct rpc_request *request, enum parent_refusal refusal) {
    return rpc_fail(
        request, RPC_SERVER_ERROR, "%s", step_verdict_text(precompile_verdict(refusal))
    );
}

enum rpc_status simulation_try(
    struct simulation *simulation,
    struct simulation_run *run,
    uint64_t gas,
    const struct evm_tracer *tracer
) {
    arena_reset(&simulation->arena);
    simulation->tx.gas_limit = gas;
    /* What a rollup without code does, only its own step knows. */
    bool crosses = !node_chain_is_evm(simulation->chain);
    enum err err = crosses ? ERR_OK : run_alone(simulation, run, &crosses, tracer);
    if (err == ERR_LIMIT) /* the caller's overrides make it so */
        return rpc_fail(
            simulation->request, RPC_SERVER_ERROR, "a balance would exceed 2^256 - 1 wei"
        );
    if (err == ERR_UNSUPPORTED && simulation->refusal != PARENT_ANSWERED)
        return simulation_fail_read(simulation->request, simulation->refusal);
    if (err != ERR_OK) return time_limit_fail(simulation->request, &simulation->limit, err);
    simulation->has_crossed = crosses;
    if (!crosses) return RPC_OK;
    arena_reset(&simulation->arena);
    return crossing_call(simulation, run);
}

/* What the sender's account says, for the verdict's text. */
static enum err sender_facts(struct simulation *simulation, struct verdict_facts *facts) {
    struct account account;
    bool exists;
    bytes code;
    enum err err = state_get_account(simulation->state, &simulation->sender, &account, &exists);
    if (err == ERR_OK) err = state_get_code(simulation->state, &account.code_hash, &code);
    if (err != ERR_OK) return err;
    facts->state_nonce = account.nonce;
    facts->balance = account.balance;
    facts->code_size = code.size;
    const struct rpc_simulation *description = simulation->description;
    for (size_t i = 0; i < description->account_count; i++) {
        const struct rpc_account_override *with = &description->accounts[i];
        if (!address_equal(&with->account, &simulation->sender)) continue;
        if (with->has_nonce) facts->state_nonce = with->nonce;
        if (with->has_balance) facts->balance = with->balance;
        if (with->has_code) facts->code_size = with->code.size;
    }
    return ERR_OK;
}

enum rpc_status
simulation_verdict(struct simulation *simulation, const char **text, enum tx_verdict verdict) {
    struct verdict_facts facts = {
        .tx = &simulation->tx,
        .sender = simulation->sender,
        .fork = simulation->context.rules.fork,
        .chain_id = simulation->chain->rpc.chain_id,
        .block_gas_limit = UINT64_MAX,
        .base_fee = simulation->context.base_fee_per_gas,
        .blob_base_fee = simulation->context.blob_base_fee,
    };
    char *out = arena_alloc(simulation->request->arena, VERDICT_TEXT_SIZE_MAX);
    enum err err = out == NULL ? ERR_MEMORY : sender_facts(simulation, &facts);
    if (err != ERR_OK) return rpc_fail_err(simulation->request, err);
    (void)verdict_text(out, verdict, &facts);
    *text = out;
    return RPC_OK;
}

enum rpc_status simulation_fail(
    struct simulation *simulation, enum tx_verdict verdict, bool is_estimate, uint64_t gas
) {
    const char *text = "";
    enum rpc_status status = simulation_verdict(simulation, &text, verdict);
    if (status != RPC_OK) return status;
    unsigned long long shown = gas;
    if (is_estimate)
        return rpc_fail(
            simulation->request, RPC_SERVER_ERROR, "failed with %llu gas: %s", shown, text
        );
    return rpc_fail(
        simulation->request, RPC_SERVER_ERROR, "err: %s (supplied gas %llu)", text, shown
    );
}

enum rpc_status simulation_result(
    struct simulation *simulation,
    struct rpc_call_result *out,
    const struct simulation_run *run,
    uint64_t gas
) {
    const struct execution_result *result = &run->result;
    out->has_succeeded = result->is_success;
    out->has_reverted = result->outcome == EVM_REVERT;
    out->gas_used = result->gas_used;
    enum err err = arena_copy(simulation->request->arena, &out->output, result->output);
    if (err != ERR_OK) return rpc_fail_err(simulation->request, err);
    if (out->has_succeeded) return RPC_OK;
    if (out->has_reverted) {
        err = revert_known_text(
            &out->revert_text,
            simulation->request->arena,
            &simulation->chain->node->log.names,
            out->output
        );
        return err == ERR_OK ? RPC_OK : rpc_fail_err(simulation->request, err);
    }

    enum evm_outcome outcome = result->outcome;
    struct halt_step step = {0};
    if (halt_needs_step(outcome)) {
        struct evm_tracer tracer = halt_tracer(&step);
        struct simulation_run again;
        enum rpc_status status = simulation_try(simulation, &again, gas, &tracer);
        if (status != RPC_OK) return status;
    }
    char *text = arena_alloc(simulation->request->arena, HALT_TEXT_SIZE_MAX);
    if (text == NULL) return rpc_fail_err(simulation->request, ERR_MEMORY);
    halt_text(text, outcome, &step);
    out->halt_text = text;
    return RPC_OK;
}

uint64_t simulation_gas_max(const struct node_chain *chain) {
    uint64_t cap = chain->node->options->rpc_gas_cap;
    return cap == 0 ? GAS_UNLIMITED : cap;
}
