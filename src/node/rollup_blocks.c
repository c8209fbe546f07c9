/* Unsafe blocks of rollups: executed at once, on L1 later. */
#include "node/blocks.h"
#include "node/crossing.h"
#include "node/network.h"
#include "node/verdict.h"
#include "rollup/predeploys.h"
#include "world/world.h"

/* A block being tried with those transactions that are still in. */
struct attempt {
    struct node_chain *chain;
    struct arena *arena;
    struct block_tx_fate *fates;
    const struct block_order *order;
    bytes *txs;
    size_t *places; /* in the order, of each of txs */
    size_t tx_count;
    struct node_tx_outcome *outcomes; /* of the last run; NULL: nobody wants to know */
    size_t outcome_count;             /* transactions that have ended in it */
    uint64_t timestamp;
    struct sealed_block sealed;
    struct rollup_step step;
};

/* Transactions end in the order of the block. */
static void on_tx(void *context, const struct rollup_tx_news *news) {
    struct attempt *attempt = context;
    size_t i = attempt->outcome_count;
    if (news->moment != ROLLUP_TX_ENDED || i == attempt->tx_count) return;
    if (!bytes_equal(attempt->txs[i], news->encoded)) return;
    attempt->outcomes[i] = (struct node_tx_outcome
    ){.is_known = true, .outcome = news->outcome, .output = news->output};
    attempt->outcome_count++;
}

/* A question of the chain's own Hub is for the slot block, where there is a batch; so is a batch
 * that a transaction brings along, made for the time and the place of that block. */
static enum err
answer(void *context, enum step_verdict *verdict, struct execution *execution, bytes encoded) {
    const struct evm_message *call = &execution->evm.request.call;
    (void)encoded;
    const bool is_to_hub = address_equal(&call->recipient, context);
    if (world_is_lookup(call, context) || (is_to_hub && batch_is_post(call->input)))
        *verdict = STEP_XCALL_OUTSIDE_SLOT_BLOCK;
    else
        evm_decline_call(&execution->evm);
    return ERR_OK;
}

static enum err run(struct attempt *attempt) {
    struct node_chain *chain = attempt->chain;
    struct arena *arena = attempt->arena;
    const struct rollup_options options = {
        .arena = arena,
        .rollup_id = chain->rollup_id,
        .chain_id = chain->rpc.chain_id,
        .overlay = &chain->fresh,
        .names_senders = chain->schedule.names_senders,
        .codes = chain->codes,
    };
    struct rollup *rollup = rollup_open(chain->type, &options);
    if (rollup == NULL) return ERR_MEMORY;
    crossing_view_parent(&rollup->parent, node_parent(chain));
    if (attempt->outcomes != NULL) {
        attempt->outcome_count = 0;
        rollup->on_tx = on_tx;
        rollup->on_tx_context = attempt;
    }
    address contracts[ROLLUP_FOREIGN_COUNT + 1];
    memcpy(contracts, ROLLUP_FOREIGN, sizeof(ROLLUP_FOREIGN));
    contracts[ROLLUP_FOREIGN_COUNT] = chain->node->contracts_below.hub;
    const struct rollup_host host = {
        .context = &chain->node->contracts_below.hub,
        .contracts = contracts,
        .contract_count = ROLLUP_FOREIGN_COUNT + 1,
        .answer = answer,
    };
    if (node_is_parent(chain)) rollup->host = &host;
    struct payload_block block = {
        .timestamp = attempt->timestamp,
        .fee_recipient = chain->rpc.coinbase,
        .txs = attempt->txs,
        .tx_count = attempt->tx_count,
    };
    return rollup_build_block(
        rollup, &attempt->sealed, &attempt->step, &chain->head, &chain->head_hash, &block
    );
}

static enum err drop_text(struct attempt *attempt, char *text, const struct pool_tx *tx) {
    struct node_chain *chain = attempt->chain;
    struct account account;
    bool exists;
    enum err err = state_get_account(&chain->state, &tx->sender, &account, &exists);
    if (err != ERR_OK) return err;
    struct fork_rules rules =
        forks_at(&chain->schedule, chain->head.number + 1, attempt->timestamp);
    struct verdict_facts facts = {
        .tx = &tx->tx,
        .sender = tx->sender,
        .fork = rules.fork,
        .chain_id = chain->rpc.chain_id,
        .block_gas_limit = chain->gas_limit,
        .gas_available = chain->gas_limit,
        .state_nonce = account.nonce,
        .block_number = chain->head.number + 1,
        .balance = account.balance,
        .base_fee = header_next_base_fee(&chain->head),
    };
    (void)verdict_text(text, (enum tx_verdict)attempt->step.verdict_tx, &facts);
    return ERR_OK;
}

/* Why a transaction is not in, from the step's verdict; and takes it out. */
static enum err take_out(struct attempt *attempt) {
    size_t index = attempt->step.verdict_tx_index;
    if (index >= attempt->tx_count) return ERR_CORRUPT;
    size_t place = attempt->places[index];
    const struct pool_tx *tx = attempt->order->txs[place];
    struct block_tx_fate *fate = &attempt->fates[place];
    enum tx_verdict verdict = (enum tx_verdict)attempt->step.verdict_tx;
    bool is_invalid = attempt->step.verdict == STEP_TX_INVALID;
    *fate = (struct block_tx_fate){.fate = FATE_DROPPED, .code = RPC_SERVER_ERROR};
    if (attempt->step.verdict == STEP_XCALL_OUTSIDE_SLOT_BLOCK ||
        (is_invalid && verdict == TX_NONCE_HIGH)) {
        fate->fate = FATE_WAITS; /* it, or one before it, needs the parent */
    } else if (is_invalid && (verdict == TX_GAS_ALLOWANCE || verdict == TX_FEE_CAP)) {
        fate->fate = FATE_KEPT;
    } else if (is_invalid) {
        char *text = arena_alloc(attempt->arena, VERDICT_TEXT_SIZE_MAX);
        if (text == NULL) return ERR_MEMORY;
        enum err err = drop_text(attempt, text, tx);
        if (err != ERR_OK) return err;
        fate->reason = text;
    } else {
        fate->reason = step_verdict_text(attempt->step.verdict);
    }
    for (size_t i = index + 1; i < attempt->tx_count; i++) {
        attempt->txs[i - 1] = attempt->txs[i];
        attempt->places[i - 1] = attempt->places[i];
    }
    attempt->tx_count--;
    return ERR_OK;
}

static enum err open_attempt(struct attempt *attempt) {
    const struct block_order *order = attempt->order;
    attempt->txs = arena_alloc_array(attempt->arena, order->tx_count, sizeof(*attempt->txs));
    attempt->places = arena_alloc_array(attempt->arena, order->tx_count, sizeof(*attempt->places));
    if (attempt->txs == NULL || attempt->places == NULL) return ERR_MEMORY;
    if (attempt->chain->node->log.out != NULL) {
        attempt->outcomes =
            arena_alloc_zero(attempt->arena, order->tx_count * sizeof(*attempt->outcomes));
        if (attempt->outcomes == NULL) return ERR_MEMORY;
    }
    for (size_t i = 0; i < order->tx_count; i++) {
        /* Once the block is appended the pool has given its own up. */
        enum err err = arena_copy(attempt->arena, &attempt->txs[i], order->txs[i]->encoding);
        if (err != ERR_OK) return err;
        attempt->places[i] = i;
        attempt->fates[i] = (struct block_tx_fate){.fate = FATE_INCLUDED};
    }
    attempt->tx_count = order->tx_count;
    attempt->timestamp =
        order->has_timestamp ? order->timestamp : node_next_timestamp(attempt->chain);
    return ERR_OK;
}

void node_rollup_log(
    struct node_chain *chain,
    struct arena *arena,
    const struct node_new_block *block,
    const struct node_tx_outcome *outcomes
) {
    struct node_log *log = &chain->node->log;
    if (log->out == NULL) return;
    log_block(log, chain->rpc.name, &chain->head, &chain->head_hash, block->tx_count);
    uint64_t gas_before = 0;
    for (size_t i = 0; i < block->tx_count; i++) {
        struct tx tx;
        enum tx_verdict verdict;
        uint64_t gas_after = block->receipts[i].cumulative_gas_used;
        if (tx_decode(&tx, &verdict, arena, block->tx_encodings[i]) != ERR_OK) return;
        if (verdict != TX_OK) return;
        struct log_transaction line = {
            .hash = block->tx_hashes[i],
            .from = block->senders[i],
            .to = tx.is_create ? evm_create_address(&block->senders[i], tx.nonce) : tx.to,
            .is_create = tx.is_create,
            .value = tx.value,
            .is_success = block->receipts[i].is_success,
            .gas_used = gas_after - gas_before,
        };
        if (outcomes != NULL && outcomes[i].is_known) {
            line.has_outcome = true;
            line.outcome = outcomes[i].outcome;
            line.output = outcomes[i].output;
        }
        /* The system's own are not worth a line. */
        if (!tx.is_system) log_tx(log, chain->rpc.name, &line);
        gas_before = gas_after;
    }
}

static enum err append(struct attempt *attempt, char error[DATABASE_ERROR_SIZE]) {
    struct arena *arena = attempt->arena;
    const struct sealed_block *sealed = &attempt->sealed;
    size_t count = sealed->tx_count;
    hash32 *hashes = arena_alloc_array(arena, count, sizeof(*hashes));
    address *senders = arena_alloc_array(arena, count, sizeof(*senders));
    struct receipt *receipts = arena_alloc_array(arena, count, sizeof(*receipts));
    if (hashes == NULL || senders == NULL || receipts == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct pool_tx *tx = attempt->order->txs[attempt->places[i]];
        hashes[i] = tx->hash;
        senders[i] = tx->sender;
        enum err err = receipt_decode(&receipts[i], arena, sealed->receipts[i]);
        if (err != ERR_OK) return err;
    }
    struct node_new_block block = {
        .header = &sealed->header,
        .tx_encodings = sealed->txs,
        .tx_hashes = hashes,
        .senders = senders,
        .receipts = receipts,
        .tx_count = count,
        .memory = &attempt->chain->fresh,
    };
    enum err err = node_chain_append(attempt->chain, error, arena, &block);
    if (err == ERR_OK) node_rollup_log(attempt->chain, arena, &block, attempt->outcomes);
    return err;
}

enum err node_rollup_build_block(
    struct node_chain *chain,
    struct block_tx_fate *fates,
    char error[DATABASE_ERROR_SIZE],
    struct arena *arena,
    const struct block_order *order
) {
    struct attempt attempt = {.chain = chain, .arena = arena, .fates = fates, .order = order};
    error[0] = 0;
    enum err err = open_attempt(&attempt);
    while (err == ERR_OK) {
        err = run(&attempt);
        if (err != ERR_OK || attempt.step.verdict == STEP_OK) break;
        err = take_out(&attempt);
        if (err == ERR_OK && attempt.tx_count == 0) return ERR_OK;
    }
    if (err == ERR_OK) err = append(&attempt, error);
    if (err == ERR_OK) node_wishes_done(chain);
    if (err != ERR_OK && error[0] == 0)
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", err_text(err));
    return err;
}
