/* eth_simulateV1: blocks on top of a block, made with the builder of real ones, in a state of the
 * request's own.
 *
 * As in geth: gaps between the block numbers asked for are filled with empty blocks, what is left
 * out follows from the block before, without validation base fees are 0 and nonces are not looked
 * at, and the calls of all blocks together have as much gas as one eth_call. Calls to other chains
 * are not followed. */
#include "backend/backend.h"
#include "backend/crossing_call.h"
#include "backend/overrides.h"
#include "backend/simulation.h"
#include "backend/transfer_log.h"
#include "node/crossing.h"
#include "node/verdict.h"
#include "rpc/revert.h"

#include "core/rlp.h"
#include "crypto/keccak.h"
#include "rpc/simulate.h"

#include <inttypes.h>

#define TIMESTAMP_STEP 12u /* seconds, as geth */

/* One block to be made: what was asked for, or an empty one in a gap. */
struct plan {
    const struct rpc_simulate_block *block;
    uint64_t number;
    uint64_t timestamp;
};

struct run {
    struct node_chain *chain;
    struct rpc_request *request;
    const struct rpc_simulate *wish;
    struct arena *arena; /* the request's */
    struct source_memory memory;
    struct state state;
    struct header base;
    hash32 base_hash;
    struct plan plans[SIMULATE_BLOCKS_MAX];
    size_t plan_count;
    struct rpc_simulated_block *made; /* plan_count of them, as far as they are made */
    size_t made_count;
    uint64_t gas_left; /* of all calls together */
    struct time_limit limit;
    enum parent_refusal refusal; /* why a call's read of the parent is not answered */
};

/* --- the plan --------------------------------------------------------------------------------- */

static enum rpc_status plan_block(struct run *run, const struct rpc_simulate_block *block) {
    static const struct rpc_simulate_block empty;
    bool is_first = run->plan_count == 0;
    const struct plan *last = is_first ? NULL : &run->plans[run->plan_count - 1];
    uint64_t number = is_first ? run->base.number : last->number;
    uint64_t timestamp = is_first ? run->base.timestamp : last->timestamp;
    uint64_t wanted = block->overrides.has_number ? block->overrides.number : number + 1;
    if (wanted <= number)
        return rpc_fail(
            run->request,
            RPC_SIMULATE_NUMBERS,
            "block numbers must be in order: %" PRIu64 " <= %" PRIu64,
            wanted,
            number
        );
    if (wanted - run->base.number > SIMULATE_BLOCKS_MAX)
        return rpc_fail(run->request, RPC_SIMULATE_TOO_MUCH, "too many blocks");
    while (++number < wanted) {
        timestamp += TIMESTAMP_STEP;
        run->plans[run->plan_count++] = (struct plan){&empty, number, timestamp};
    }
    uint64_t at = block->overrides.has_time ? block->overrides.time : timestamp + TIMESTAMP_STEP;
    if (at <= timestamp)
        return rpc_fail(
            run->request,
            RPC_SIMULATE_TIMESTAMPS,
            "block timestamps must be in order: %" PRIu64 " <= %" PRIu64,
            at,
            timestamp
        );
    run->plans[run->plan_count++] = (struct plan){block, wanted, at};
    return RPC_OK;
}

/* --- the header ------------------------------------------------------------------------------- */

static const struct header *parent_of(const struct run *run) {
    return run->made_count == 0 ? &run->base : run->made[run->made_count - 1].block.header;
}

static hash32 parent_hash(const struct run *run) {
    return run->made_count == 0 ? run->base_hash : run->made[run->made_count - 1].block.hash;
}

static enum err get_hash(void *context, uint64_t number, hash32 *hash) {
    struct run *run = context;
    if (number < run->base.number) {
        struct block_hashes hashes = node_chain_hashes(run->chain);
        return hashes.get(hashes.context, number, hash);
    }
    *hash = run->base_hash;
    if (number == run->base.number) return ERR_OK;
    if (number - run->base.number > run->made_count) return ERR_MISSING;
    *hash = run->made[number - run->base.number - 1].block.hash;
    return ERR_OK;
}

/* All that is known before the block is executed. */
static struct header
header_of(const struct run *run, const struct plan *plan, const struct fork_rules *rules) {
    const struct rpc_block_overrides *with = &plan->block->overrides;
    const struct header *parent = parent_of(run);
    bool is_merged = rules->fork >= FORK_PARIS;
    struct header header = {
        .fields = header_fields_of(rules->fork),
        .parent_hash = parent_hash(run),
        .ommers_hash = EMPTY_LIST_HASH,
        .coinbase = with->has_fee_recipient ? with->fee_recipient : parent->coinbase,
        .number = plan->number,
        .gas_limit = with->has_gas_limit ? with->gas_limit : parent->gas_limit,
        .timestamp = plan->timestamp,
        .difficulty = is_merged ? U256_ZERO : parent->difficulty,
    };
    if (with->has_difficulty && !is_merged) header.difficulty = with->difficulty;
    if (with->has_prev_randao) header.mix_hash = with->prev_randao;
    if (header.fields >= HEADER_BASE_FEE && with->has_base_fee)
        header.base_fee_per_gas = with->base_fee;
    else if (header.fields >= HEADER_BASE_FEE && run->wish->is_validated)
        header.base_fee_per_gas = header_next_base_fee(parent);
    if (header.fields < HEADER_BLOB_GAS) return header;
    if (parent->fields >= HEADER_BLOB_GAS)
        header.excess_blob_gas = header_next_excess_blob_gas(parent, rules);
    if (with->has_beacon_root) header.parent_beacon_block_root = with->beacon_root;
    return header;
}

/* --- one call --------------------------------------------------------------------------------- */

/* The account as the block has it so far. */
static enum err account_now(
    const struct block_builder *builder, uint64_t *nonce, u256 *balance, const address *who
) {
    const struct journal_account *seen = journal_find_account(&builder->journal, who);
    struct account account;
    bool exists;
    if (seen != NULL && seen->is_loaded) {
        *nonce = seen->nonce;
        *balance = seen->balance;
        return ERR_OK;
    }
    enum err err = state_get_account(builder->state, who, &account, &exists);
    if (err != ERR_OK) return err;
    *nonce = account.nonce;
    *balance = account.balance;
    return ERR_OK;
}

/* The type that geth would give it: the newest that the arguments and the fork allow. */
static enum tx_type type_of(const struct rpc_call_arguments *from, bool has_base_fee) {
    if (from->has_gas_price || !has_base_fee) return TX_LEGACY;
    if (from->has_authorizations) return TX_SET_CODE;
    if (from->has_blob_hashes) return TX_BLOB;
    return TX_DYNAMIC_FEE;
}

static struct tx
tx_of(const struct run *run, const struct rpc_call_arguments *from, bool has_base_fee) {
    enum tx_type type = type_of(from, has_base_fee);
    bool has_caps = type != TX_LEGACY;
    return (struct tx){
        .type = type,
        .is_protected = has_caps,
        .chain_id = run->chain->rpc.chain_id,
        .nonce = from->nonce,
        .max_fee_per_gas = has_caps ? from->max_fee_per_gas : from->gas_price,
        .max_priority_fee_per_gas = has_caps ? from->max_priority_fee_per_gas : from->gas_price,
        .gas_limit = from->gas,
        .is_create = !from->has_to,
        .to = from->to,
        .value = from->value,
        .data = from->data,
        .access_list = has_caps ? from->access_list : NULL,
        .access_count = has_caps ? from->access_list_count : 0,
        .max_fee_per_blob_gas = from->max_fee_per_blob_gas,
        .blob_versioned_hashes = type == TX_BLOB ? from->blob_hashes : NULL,
        .blob_count = type == TX_BLOB ? from->blob_hash_count : 0,
        .authorization_list = type == TX_SET_CODE ? from->authorizations : NULL,
        .authorization_count = type == TX_SET_CODE ? from->authorization_count : 0,
    };
}

/* An unsigned transaction of type 0 has no v, while tx_encode would give it that of a parity. */
enum err backend_encode_unsigned(bytes *encoding, struct arena *arena, const struct tx *tx) {
    struct rlp_writer w;
    if (tx->type != TX_LEGACY) return tx_encode(encoding, arena, tx);
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    rlp_write_u64(&w, tx->nonce);
    rlp_write_u256(&w, &tx->max_fee_per_gas);
    rlp_write_u64(&w, tx->gas_limit);
    rlp_write_string(&w, tx->is_create ? BYTES_EMPTY : address_bytes(&tx->to));
    rlp_write_u256(&w, &tx->value);
    rlp_write_string(&w, tx->data);
    for (int i = 0; i < 3; i++)
        rlp_write_u64(&w, 0);
    rlp_list_end(&w);
    return rlp_finish(&w, encoding);
}

/* Fills in what is left out, and checks what no execution does. */
static enum rpc_status complete_call(
    struct run *run,
    struct rpc_call_arguments *call,
    const struct block_builder *builder,
    struct verdict_facts *facts
) {
    uint64_t left = builder->header.gas_limit - builder->gas_used;
    if (call->has_chain_id && call->chain_id != run->chain->rpc.chain_id)
        return rpc_fail(
            run->request,
            RPC_SERVER_ERROR,
            "chainId does not match node's (have=%" PRIu64 ", want=%" PRIu64 ")",
            call->chain_id,
            run->chain->rpc.chain_id
        );
    enum err err = account_now(builder, &facts->state_nonce, &facts->balance, &call->from);
    if (err != ERR_OK) return rpc_fail_err(run->request, err);
    if (!call->has_nonce) call->nonce = facts->state_nonce;
    if (!call->has_gas) call->gas = left;
    if (left < call->gas)
        return rpc_fail(
            run->request,
            RPC_SIMULATE_BLOCK_GAS,
            "block gas limit reached: remaining: %" PRIu64 ", required: %" PRIu64,
            left,
            call->gas
        );
    if (call->gas > run->gas_left) call->gas = run->gas_left;
    return RPC_OK;
}

static int code_of(enum tx_verdict verdict) {
    static const struct {
        enum tx_verdict verdict;
        int code;
    } codes[] = {
        {TX_NONCE_LOW, RPC_SIMULATE_NONCE_LOW},
        {TX_NONCE_HIGH, RPC_SIMULATE_NONCE_HIGH},
        {TX_FEE_CAP, RPC_SIMULATE_FEE_CAP},
        {TX_INTRINSIC_GAS, RPC_SIMULATE_INTRINSIC_GAS},
        {TX_FUNDS, RPC_SIMULATE_FUNDS},
        {TX_FEE_OVERFLOW, RPC_SIMULATE_FUNDS},
        {TX_SENDER_NOT_EOA, RPC_SIMULATE_SENDER},
        {TX_INITCODE_SIZE, RPC_SIMULATE_INITCODE},
        {TX_TIP_ABOVE_FEE_CAP, RPC_INVALID_PARAMS},
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
        if (codes[i].verdict == verdict) return codes[i].code;
    return RPC_INTERNAL_ERROR;
}

static enum rpc_status refuse_call(
    struct run *run, const struct block_builder *builder, const struct verdict_facts *facts
) {
    char text[VERDICT_TEXT_SIZE_MAX];
    (void)verdict_text(text, builder->tx_verdict, facts);
    return rpc_fail(
        run->request,
        code_of(builder->tx_verdict),
        "err: %s (supplied gas %" PRIu64 ")",
        text,
        facts->tx->gas_limit
    );
}

/* What the client is told of a call that was executed. */
static enum rpc_status keep_call(
    struct run *run,
    struct rpc_simulated_call *out,
    const struct execution_result *result,
    const struct transfer_log *log
) {
    if (log->has_failed) return rpc_fail_err(run->request, ERR_MEMORY);
    *out = (struct rpc_simulated_call){
        .result.has_succeeded = result->is_success,
        .result.has_reverted = result->outcome == EVM_REVERT,
        .result.output =
            result->is_success || result->outcome == EVM_REVERT ? result->output : BYTES_EMPTY,
        .result.gas_used = result->gas_used,
        .gas_max = result->gas_max,
        .logs = log->logs,
        .log_count = log->count,
    };
    if (result->is_success) return RPC_OK;
    if (out->result.has_reverted) {
        enum err err = revert_known_text(
            &out->result.revert_text, run->arena, &run->chain->node->log.names, result->output
        );
        return err == ERR_OK ? RPC_OK : rpc_fail_err(run->request, err);
    }
    char *text = arena_alloc(run->arena, HALT_TEXT_SIZE_MAX);
    if (text == NULL) return rpc_fail_err(run->request, ERR_MEMORY);
    halt_text(text, result->outcome, &log->step);
    out->result.halt_text = text;
    return RPC_OK;
}

/* --- one block -------------------------------------------------------------------------------- */

/* A block while it is made. */
struct attempt {
    struct run *run;
    const struct plan *plan;
    struct block_builder *builder;
    struct transfer_log *log;
    struct evm_tracer tracer;
    struct rpc_simulated_call *calls;
    bool with_steps;
    bool wants_steps; /* a call ended in a way that only its steps can tell */
};

/* Runs the call to its end; a rollup's reads of its parent are answered. */
static enum err
run_call(struct run *run, enum execution_status *ended, struct block_builder *builder) {
    struct parent parent = {.arena = run->arena, .watch = time_limit_watch(&run->limit)};
    if (run->chain->rollup_id != 0) crossing_view_parent(&parent, node_parent(run->chain));
    for (;;) {
        *ended = block_add_run(builder);
        if (*ended == EXECUTION_REVERTING) continue;
        if (*ended != EXECUTION_CALL) return ERR_OK;
        enum err err = parent_answer(&parent, &run->refusal, &builder->execution);
        if (err == ERR_OK && run->refusal != PARENT_ANSWERED) err = ERR_UNSUPPORTED;
        if (err != ERR_OK) return err;
    }
}

static enum rpc_status
add_call(struct attempt *attempt, const struct rpc_call_arguments *arguments, size_t index) {
    struct run *run = attempt->run;
    struct block_builder *builder = attempt->builder;
    struct rpc_call_arguments call = *arguments;
    struct verdict_facts facts = {
        .sender = call.from,
        .fork = builder->context.rules.fork,
        .chain_id = run->chain->rpc.chain_id,
        .block_gas_limit = builder->header.gas_limit,
        .base_fee = builder->context.base_fee_per_gas,
        .blob_base_fee = builder->context.blob_base_fee,
    };
    enum rpc_status status = complete_call(run, &call, builder, &facts);
    if (status != RPC_OK) return status;
    struct tx *tx = arena_alloc(run->arena, sizeof(*tx));
    bytes encoding;
    enum err err = tx == NULL ? ERR_MEMORY : ERR_OK;
    if (err == ERR_OK) {
        *tx = tx_of(run, &call, builder->header.fields >= HEADER_BASE_FEE);
        err = backend_encode_unsigned(&encoding, run->arena, tx);
    }
    if (err != ERR_OK) return rpc_fail_err(run->request, err);
    facts.tx = tx;
    builder->options.skip_fees = !run->wish->is_validated && u256_is_zero(&tx->max_fee_per_gas) &&
                                 u256_is_zero(&tx->max_priority_fee_per_gas);
    transfer_log_begin(attempt->log);
    block_add_begin(builder, tx, encoding, &call.from);
    /* Only what a transaction may have of blobs is bounded, not the block. */
    builder->execution.options.blob_gas_available = UINT64_MAX;
    enum execution_status ended;
    err = run_call(run, &ended, builder);
    if (err == ERR_UNSUPPORTED && run->refusal != PARENT_ANSWERED)
        return simulation_fail_read(run->request, run->refusal);
    if (err != ERR_OK) return time_limit_fail(run->request, &run->limit, err);
    switch (ended) {
    case EXECUTION_DONE:
        break;
    case EXECUTION_INVALID:
        return refuse_call(run, builder, &facts);
    case EXECUTION_FAILED:
    case EXECUTION_CALL:
    case EXECUTION_INSIDE_DONE:
    case EXECUTION_REVERTING:
        return time_limit_fail(run->request, &run->limit, builder->err);
    }
    const struct execution_result *result = &builder->results[index];
    attempt->wants_steps |= !result->is_success && halt_needs_step(result->outcome);
    run->gas_left -= result->gas_used < run->gas_left ? result->gas_used : run->gas_left;
    return keep_call(run, &attempt->calls[index], result, attempt->log);
}

static enum rpc_status open_block(struct attempt *attempt) {
    struct run *run = attempt->run;
    const struct rpc_simulate_block *wish = attempt->plan->block;
    struct fork_rules rules =
        forks_at(&run->chain->schedule, attempt->plan->number, attempt->plan->timestamp);
    const struct evm_precompile_override *precompiles;
    size_t precompile_count;
    enum rpc_status status = overrides_precompiles(
        run->request,
        &precompiles,
        &precompile_count,
        rules.fork,
        wish->accounts,
        wish->account_count
    );
    if (status != RPC_OK) return status;
    struct header header = header_of(run, attempt->plan, &rules);
    const struct block_attributes attributes = {
        .withdrawals = wish->overrides.withdrawals,
        .withdrawal_count = wish->overrides.withdrawal_count,
        .has_no_requests = run->chain->rollup_id != 0,
        .has_blob_base_fee = wish->overrides.has_blob_base_fee,
        .blob_base_fee = wish->overrides.blob_base_fee,
    };
    const bool is_rollup = run->chain->rollup_id != 0;
    /* Calls that leave the chain are no part of it; reads of the parent are. */
    const struct execution_options options = {
        .foreign = ROLLUP_WARM,
        .foreign_count = is_rollup ? ROLLUP_WARM_COUNT : 0,
        .warm = ROLLUP_WARM,
        .warm_count = is_rollup ? ROLLUP_WARM_COUNT : 0,
        .base_fee_to_coinbase = is_rollup,
        .skip_blob_fee = !run->wish->is_validated,
        .skip_nonce = !run->wish->is_validated,
        .skip_sender_code = true,
        .skip_gas_cap = true,
        .sender_first = true,
        .tracer = &attempt->tracer,
        .watch = time_limit_watch(&run->limit),
        .precompiles = precompiles,
        .precompile_count = precompile_count,
    };
    enum err err =
        overrides_apply(&run->state, &run->memory, run->arena, wish->accounts, wish->account_count);
    if (err == ERR_OK)
        err = block_begin_with(
            attempt->builder,
            run->arena,
            &run->state,
            &run->memory,
            &rules,
            &header,
            &attributes,
            (struct block_hashes){run, get_hash},
            &options,
            run->chain->codes
        );
    return err == ERR_OK ? RPC_OK : rpc_fail_err(run->request, err);
}

/* What clients are told of the block that was built. */
static enum err describe_block(struct attempt *attempt, struct rpc_simulated_block *out) {
    const struct block_builder *builder = attempt->builder;
    struct rpc_transaction *transactions =
        arena_alloc_array(attempt->run->arena, builder->tx_count, sizeof(*transactions));
    if (transactions == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < builder->tx_count; i++)
        transactions[i] = (struct rpc_transaction){
            .tx = &builder->txs[i],
            .hash = builder->tx_hashes[i],
            .sender = builder->senders[i],
            .encoded = builder->tx_encodings[i],
        };
    bytes encoding;
    struct block block = block_of(builder);
    enum err err = block_encode(&encoding, attempt->run->arena, &block);
    if (err != ERR_OK) return err;
    *out = (struct rpc_simulated_block){
        .block.header = &builder->header,
        .block.hash = header_hash(&builder->header),
        .block.transaction_count = builder->tx_count,
        .block.transactions = transactions,
        .block.size = encoding.size,
        .block.withdrawals = builder->attributes.withdrawals,
        .block.withdrawal_count = builder->attributes.withdrawal_count,
        .calls = attempt->calls,
    };
    return ERR_OK;
}

static enum rpc_status try_block(struct attempt *attempt, struct rpc_simulated_block *out) {
    struct run *run = attempt->run;
    const struct rpc_simulate_block *wish = attempt->plan->block;
    attempt->builder = arena_alloc(run->arena, sizeof(*attempt->builder));
    attempt->log = arena_alloc(run->arena, sizeof(*attempt->log));
    attempt->calls = arena_alloc_array(run->arena, wish->call_count, sizeof(*attempt->calls));
    if (attempt->builder == NULL || attempt->log == NULL || attempt->calls == NULL)
        return rpc_fail_err(run->request, ERR_MEMORY);
    transfer_log_open(attempt->log, run->arena, run->wish->has_transfers, attempt->with_steps);
    attempt->tracer = transfer_log_tracer(attempt->log);
    enum rpc_status status = open_block(attempt);
    for (size_t i = 0; i < wish->call_count && status == RPC_OK; i++)
        status = add_call(attempt, &wish->calls[i], i);
    if (status != RPC_OK) return status;
    enum block_verdict verdict;
    enum err err = block_finish(attempt->builder, &verdict);
    if (err == ERR_OK && verdict != BLOCK_OK)
        return rpc_fail(run->request, RPC_SERVER_ERROR, "%s", block_verdict_text(verdict));
    if (err == ERR_OK) err = describe_block(attempt, out);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(run->request, err);
}

/* A block in which a call halts for a reason that only the steps tell is made once more with them;
 * most need no steps, which cost. */
static enum rpc_status make_block(struct run *run, const struct plan *plan) {
    struct attempt attempt = {.run = run, .plan = plan};
    hash32 root = run->state.root;
    uint64_t gas_left = run->gas_left;
    enum rpc_status status = try_block(&attempt, &run->made[run->made_count]);
    if (status == RPC_OK && attempt.wants_steps) {
        enum err err = state_move(&run->state, &root);
        if (err != ERR_OK) return rpc_fail_err(run->request, err);
        run->gas_left = gas_left;
        attempt = (struct attempt){.run = run, .plan = plan, .with_steps = true};
        status = try_block(&attempt, &run->made[run->made_count]);
    }
    if (status == RPC_OK) run->made_count++;
    return status;
}

/* --- all -------------------------------------------------------------------------------------- */

static enum err open_base(struct run *run, bool *is_found) {
    struct node_chain *chain = run->chain;
    uint64_t number;
    enum err err = node_chain_resolve(chain, is_found, &number, &run->wish->block);
    if (err != ERR_OK || !*is_found) return err;
    if (run->wish->block.kind == RPC_BLOCK_PENDING)
        run->base = simulation_pending_header(chain);
    else
        err = node_chain_read_header(chain, &run->base, NULL, number);
    if (err != ERR_OK) return err;
    struct source *source;
    hash32 root;
    run->base_hash = header_hash(&run->base);
    err = node_chain_source_at(chain, &source, &root, run->arena, &run->base);
    if (err != ERR_OK) return err;
    source_memory_open(&run->memory, run->arena, source);
    return state_open(&run->state, run->arena, &run->memory.source, &root);
}

enum rpc_status backend_simulate(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    const struct rpc_simulated_block **blocks,
    size_t *count,
    const struct rpc_simulate *wish
) {
    struct run *run = arena_alloc_zero(request->arena, sizeof(*run));
    if (run == NULL) return rpc_fail_err(request, ERR_MEMORY);
    run->chain = backend_chain(rpc);
    run->request = request;
    run->wish = wish;
    run->arena = request->arena;
    run->gas_left = simulation_gas_max(run->chain);
    time_limit_begin(
        &run->limit, request, time_limit_of(run->chain->node->options->rpc_timeout_ms)
    );
    enum err err = open_base(run, is_found);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (!*is_found) return RPC_OK;
    enum rpc_status status = RPC_OK;
    for (size_t i = 0; i < wish->block_count && status == RPC_OK; i++)
        status = plan_block(run, &wish->blocks[i]);
    if (status != RPC_OK) return status;
    run->made = arena_alloc_array(run->arena, run->plan_count, sizeof(*run->made));
    if (run->made == NULL) return rpc_fail_err(request, ERR_MEMORY);
    for (size_t i = 0; i < run->plan_count && status == RPC_OK && !rpc_is_over(request); i++)
        status = make_block(run, &run->plans[i]);
    *blocks = run->made;
    *count = run->made_count;
    return status;
}
