/* Transactions into the pool, the pool's contents, and blocks on demand. */
#include "backend/backend.h"
#include "backend/simulation.h"
#include "chain/blobs.h"
#include "core/check.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "crypto/secp256k1.h"
#include "node/verdict.h"
#include "node/waiting.h"
#include "rpc/revert.h"

#define PRIORITY_FEE_WEI UINT64_C(1000000000) /* proposed to wallets that ask */

/* What an operation that waits keeps. */
struct send_state {
    struct miner_wait *wait;
    hash32 hash;
};

enum rpc_status
backend_priority_fee(struct rpc_chain *rpc, struct rpc_request *request, u256 *fee) {
    (void)rpc;
    (void)request;
    *fee = u256_from_u64(PRIORITY_FEE_WEI);
    return RPC_OK;
}

/* --- into the pool ---------------------------------------------------------------------------- */

struct candidate {
    struct tx tx;
    bytes encoded; /* as blocks have it */
    bytes network; /* with its blobs, if it has any */
    address sender;
    struct fork_rules rules; /* of the next block */
    struct verdict_facts facts;
};

static enum rpc_status
refuse(struct rpc_request *request, const struct candidate *candidate, enum tx_verdict verdict) {
    char text[VERDICT_TEXT_SIZE_MAX];
    (void)verdict_text(text, verdict, &candidate->facts);
    return rpc_fail(request, RPC_SERVER_ERROR, "%s", text);
}

/* What the next block and the sender's account say. */
static enum err gather_facts(struct node_chain *chain, struct candidate *candidate) {
    struct account account;
    bool exists;
    enum err err = state_get_account(&chain->state, &candidate->sender, &account, &exists);
    if (err != ERR_OK) return err;
    uint64_t excess = header_next_excess_blob_gas(&chain->head, &candidate->rules);
    candidate->facts = (struct verdict_facts){
        .tx = &candidate->tx,
        .sender = candidate->sender,
        .fork = candidate->rules.fork,
        .chain_id = chain->rpc.chain_id,
        .block_gas_limit = chain->gas_limit,
        .state_nonce = account.nonce,
        .block_number = chain->head.number + 1,
        .balance = account.balance,
        .base_fee = node_next_base_fee(chain),
        .blob_base_fee = blob_base_fee(excess, &candidate->rules.blob),
    };
    return ERR_OK;
}

static enum rpc_status refuse_sender(
    const struct node_chain *chain, struct rpc_request *request, const struct candidate *candidate
) {
    char sender[2 * sizeof(address) + 1] = {0};
    const struct node_chain *parent = node_parent(chain);
    hex_encode(sender, bytes_of(candidate->sender.b, sizeof(candidate->sender.b)));
    return rpc_fail(
        request,
        RPC_SERVER_ERROR,
        "the operator of %s takes no transactions of 0x%s (--rollup-refuse): it gets in by "
        "forceTransaction(%llu, …) of the Hub on %s",
        chain->rpc.name,
        sender,
        (unsigned long long)chain->rollup_id,
        parent->rpc.name
    );
}

/* Puts the candidate into the pool and tells of it. */
static enum rpc_status offer(
    struct node_chain *chain,
    struct rpc_request *request,
    hash32 *hash,
    const struct candidate *candidate
) {
    enum pool_verdict verdict;
    enum tx_verdict tx_verdict;
    const struct verdict_facts *facts = &candidate->facts;
    if (chain->rollup_id != 0 && node_refuses(chain->node, &candidate->sender))
        return refuse_sender(chain, request, candidate);
    const struct pool_offer offer = {
        .tx = &candidate->tx,
        .encoding = candidate->encoded,
        .network = candidate->network,
        .sender = candidate->sender,
        .account = {.nonce = facts->state_nonce, .balance = facts->balance},
        .rules = &candidate->rules,
        .block_gas_limit = chain->gas_limit,
        .base_fee_per_gas = facts->base_fee,
        .block_number = facts->block_number,
    };
    /* Without a clock nothing would ever lower the base fee for it. */
    if (chain->automine && u256_less(&candidate->tx.max_fee_per_gas, &facts->base_fee))
        return refuse(request, candidate, TX_FEE_CAP);
    if (chain->automine && candidate->tx.type == TX_BLOB &&
        u256_less(&candidate->tx.max_fee_per_blob_gas, &facts->blob_base_fee))
        return refuse(request, candidate, TX_BLOB_FEE_CAP);
    enum err err = pool_add(chain->pool, &verdict, &tx_verdict, hash, &offer);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (verdict == POOL_INVALID) return refuse(request, candidate, tx_verdict);
    if (verdict != POOL_OK) {
        char text[VERDICT_TEXT_SIZE_MAX];
        (void)verdict_pool_text(text, verdict, chain->pool, &offer);
        return rpc_fail(request, RPC_SERVER_ERROR, "%s", text);
    }
    const struct pool_tx *pooled = pool_get(chain->pool, hash);
    CHECK(pooled != NULL);
    const struct rpc_transaction pending = {
        .tx = &pooled->tx, .hash = *hash, .sender = pooled->sender, .encoded = pooled->encoding};
    rpc_server_new_pending(chain->node->server, &chain->rpc, &pending);
    return RPC_OK;
}

/* The same, and has the miner take it up. */
static enum rpc_status submit(
    struct node_chain *chain,
    struct rpc_request *request,
    hash32 *hash,
    const struct candidate *candidate
) {
    struct miner *miner = &chain->node->miner;
    struct miner_wait *wait;
    enum rpc_status status = offer(chain, request, hash, candidate);
    if (status != RPC_OK) return status;
    enum err err = miner_wait_transaction(miner, &wait, request, chain, hash);
    if (err == ERR_OK && wait == NULL) return RPC_OK;
    struct send_state *state = arena_alloc(request->arena, sizeof(*state));
    if (err == ERR_OK && state == NULL) err = ERR_MEMORY;
    if (err != ERR_OK) {
        /* It would be mined without anybody knowing. */
        pool_remove(chain->pool, hash);
        return rpc_fail_err(request, err);
    }
    *state = (struct send_state){.wait = wait, .hash = *hash};
    request->wait_state = state;
    return RPC_WAIT;
}

/* The second call of an operation that waited. */
static enum rpc_status resume(struct rpc_request *request, hash32 *hash) {
    const struct send_state *state = request->wait_state;
    if (!state->wait->is_over) return RPC_WAIT;
    enum rpc_status status = miner_result(state->wait);
    if (status == RPC_OK) *hash = state->hash;
    return status;
}

/* --- eth_sendRawTransaction ------------------------------------------------------------------- */

/* Decodes what a client sends. Blobs come beside their transaction and are checked; the pool keeps
 * them until it is in a block, for whoever builds one elsewhere (testing_buildBlockV1). */
static enum err decode(
    struct node_chain *chain,
    struct candidate *candidate,
    enum tx_verdict *verdict,
    struct arena *arena,
    bytes encoded
) {
    bool is_blob = encoded.size > 0 && encoded.data[0] == TX_BLOB;
    candidate->encoded = encoded;
    candidate->rules =
        forks_at(&chain->schedule, chain->head.number + 1, node_next_timestamp(chain));
    if (!is_blob) return tx_decode(&candidate->tx, verdict, arena, encoded);
    if (chain->rollup_id != 0) { /* A rollup has no blobs. */
        *verdict = TX_TYPE_3_PRE_FORK;
        return ERR_OK;
    }
    struct blob_sidecar sidecar;
    enum err err = blob_tx_decode(&candidate->tx, &sidecar, verdict, arena, encoded);
    if (err != ERR_OK || *verdict != TX_OK) return err;
    candidate->encoded = sidecar.tx_encoding;
    candidate->network = encoded;
    /* Most clients still send one proof a blob, as before Osaka; geth turns them into the new form
     * itself. */
    enum fork fork = candidate->rules.fork;
    if (sidecar.version == 0 && fork > FORK_PRAGUE) fork = FORK_PRAGUE;
    return blob_sidecar_check(verdict, &candidate->tx, &sidecar, fork);
}

/* Checks what was sent, and who sent it. */
static enum rpc_status prepare_raw(
    struct node_chain *chain,
    struct rpc_request *request,
    struct candidate *candidate,
    bytes encoded
) {
    enum tx_verdict verdict;
    enum err err = decode(chain, candidate, &verdict, request->arena, encoded);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (verdict == TX_OK && candidate->tx.type == TX_DEPOSIT) verdict = TX_DEPOSIT_NOT_ALLOWED;
    if (verdict != TX_OK)
        return rpc_fail(request, RPC_SERVER_ERROR, "%s", tx_verdict_text(verdict));
    candidate->facts.tx = &candidate->tx;
    candidate->facts.chain_id = chain->rpc.chain_id;
    candidate->rules.names_senders = false; /* nobody speaks for others from outside */
    err =
        tx_sender(&candidate->sender, &verdict, request->arena, &candidate->tx, &candidate->rules);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (verdict != TX_OK) return refuse(request, candidate, verdict);
    err = gather_facts(chain, candidate);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}

static enum rpc_status read_raw(
    struct node_chain *chain, struct rpc_request *request, struct pool_tx *out, bytes encoded
) {
    struct candidate candidate = {0};
    enum rpc_status status = prepare_raw(chain, request, &candidate, encoded);
    if (status != RPC_OK) return status;
    enum tx_verdict verdict = tx_check(&candidate.tx, &candidate.rules);
    if (verdict == TX_OK && candidate.tx.nonce < candidate.facts.state_nonce)
        verdict = TX_NONCE_LOW;
    if (verdict != TX_OK) return refuse(request, &candidate, verdict);
    if (candidate.encoded.size > POOL_TX_SIZE_MAX)
        return rpc_fail(request, RPC_SERVER_ERROR, "%s", pool_verdict_text(POOL_SIZE));
    *out = (struct pool_tx){
        .tx = candidate.tx,
        .hash = keccak256(candidate.encoded),
        .sender = candidate.sender,
        .encoding = candidate.encoded,
        .network = candidate.network,
    };
    return RPC_OK;
}

enum rpc_status backend_read_raws(
    struct node_chain *chain,
    struct rpc_request *request,
    struct pool_tx *out,
    const bytes *encoded,
    size_t count
) {
    for (size_t i = 0; i < count; i++) {
        if (read_raw(chain, request, &out[i], encoded[i]) != RPC_OK) {
            const struct rpc_error error = request->error;
            return rpc_fail(request, error.code, "transaction %zu: %s", i, error.message);
        }
        for (size_t j = 0; j < i; j++)
            if (hash32_equal(&out[i].hash, &out[j].hash))
                return rpc_fail(
                    request, RPC_INVALID_PARAMS, "transaction %zu is transaction %zu again", i, j
                );
    }
    return RPC_OK;
}

enum rpc_status backend_send_raw_transaction(
    struct rpc_chain *rpc, struct rpc_request *request, hash32 *hash, bytes encoded
) {
    struct node_chain *chain = backend_chain(rpc);
    struct candidate candidate = {0};
    if (request->wait_state != NULL) return resume(request, hash);
    enum rpc_status status = prepare_raw(chain, request, &candidate, encoded);
    return status == RPC_OK ? submit(chain, request, hash, &candidate) : status;
}

/* --- eth_sendTransaction ---------------------------------------------------------------------- */

/* Price, as geth fills it in: twice the base fee, so that it stays valid for some full blocks. */
static enum rpc_status set_price(
    struct rpc_request *request,
    struct tx *tx,
    const struct rpc_call_arguments *arguments,
    const u256 *base_fee
) {
    if (arguments->has_gas_price) {
        tx->type = arguments->has_access_list ? TX_ACCESS_LIST : TX_LEGACY;
        tx->max_fee_per_gas = arguments->gas_price;
        tx->max_priority_fee_per_gas = arguments->gas_price;
        return RPC_OK;
    }
    tx->max_priority_fee_per_gas = arguments->has_max_priority_fee_per_gas
                                       ? arguments->max_priority_fee_per_gas
                                       : u256_from_u64(PRIORITY_FEE_WEI);
    u256 twice = u256_add(base_fee, base_fee);
    tx->max_fee_per_gas = arguments->has_max_fee_per_gas
                              ? arguments->max_fee_per_gas
                              : u256_add(&twice, &tx->max_priority_fee_per_gas);
    if (!u256_less(&tx->max_fee_per_gas, &tx->max_priority_fee_per_gas)) return RPC_OK;
    if (!arguments->has_max_priority_fee_per_gas) {
        tx->max_priority_fee_per_gas = tx->max_fee_per_gas;
        return RPC_OK;
    }
    char tip[U256_DECIMAL_SIZE_MAX];
    char cap[U256_DECIMAL_SIZE_MAX];
    (void)u256_to_decimal(tip, &tx->max_priority_fee_per_gas);
    (void)u256_to_decimal(cap, &tx->max_fee_per_gas);
    return rpc_fail(
        request, RPC_SERVER_ERROR, "maxFeePerGas (%s) < maxPriorityFeePerGas (%s)", cap, tip
    );
}

static enum rpc_status set_gas(
    struct node_chain *chain,
    struct rpc_request *request,
    struct tx *tx,
    const struct rpc_call_arguments *arguments
) {
    if (arguments->has_gas) {
        tx->gas_limit = arguments->gas;
        return RPC_OK;
    }
    struct rpc_simulation description = {
        .arguments = *arguments, .block = {.kind = RPC_BLOCK_PENDING}};
    struct rpc_call_result result = {0};
    bool is_found;
    enum rpc_status status = backend_estimate_gas(
        &chain->rpc, request, &is_found, &result, &tx->gas_limit, &description
    );
    if (status != RPC_OK || result.has_succeeded) return status;
    if (result.has_reverted) {
        const char *text;
        const struct names *names = &chain->node->log.names;
        enum err err = revert_text(&text, request->arena, names, result.output);
        if (err != ERR_OK) return rpc_fail_err(request, err);
        return rpc_fail_data(request, RPC_EXECUTION_REVERTED, result.output, "%s", text);
    }
    return rpc_fail(request, RPC_SERVER_ERROR, "%s", result.halt_text);
}

/* The transaction that the arguments describe, complete but for the signature. */
static enum rpc_status complete(
    struct node_chain *chain,
    struct rpc_request *request,
    struct candidate *candidate,
    const struct rpc_call_arguments *arguments
) {
    struct tx *tx = &candidate->tx;
    if (arguments->blob_hash_count > 0)
        return rpc_fail(
            request,
            RPC_SERVER_ERROR,
            "missing blobs: sign blob transactions yourself and use eth_sendRawTransaction"
        );
    if (arguments->has_type && arguments->type == TX_CONDITIONAL)
        return rpc_fail(
            request,
            RPC_SERVER_ERROR,
            "conditional transactions: sign them yourself and use eth_sendRawTransaction"
        );
    if (arguments->has_chain_id && arguments->chain_id != chain->rpc.chain_id)
        return rpc_fail(
            request,
            RPC_SERVER_ERROR,
            "chainId does not match node's (have=%llu, want=%llu)",
            (unsigned long long)arguments->chain_id,
            (unsigned long long)chain->rpc.chain_id
        );
    uint64_t next = pool_next_nonce(chain->pool, &candidate->sender, candidate->facts.state_nonce);
    *tx = (struct tx){
        .type = arguments->authorization_count > 0 ? TX_SET_CODE : TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = chain->rpc.chain_id,
        .nonce = arguments->has_nonce ? arguments->nonce : next,
        .is_create = !arguments->has_to,
        .to = arguments->to,
        .value = arguments->value,
        .data = arguments->data,
        .access_list = arguments->access_list,
        .access_count = arguments->access_list_count,
        .authorization_list = arguments->authorizations,
        .authorization_count = arguments->authorization_count,
    };
    enum rpc_status status = set_price(request, tx, arguments, &candidate->facts.base_fee);
    return status != RPC_OK ? status : set_gas(chain, request, tx, arguments);
}

/* Completes and signs what was described. */
static enum rpc_status prepare(
    struct node_chain *chain,
    struct rpc_request *request,
    struct candidate *candidate,
    const struct rpc_call_arguments *arguments
) {
    const struct hd_key *key = keys_find(&chain->node->keys, &arguments->from);
    if (key == NULL && !backend_impersonates(chain, &arguments->from))
        return rpc_fail(request, RPC_SERVER_ERROR, "unknown account");
    candidate->sender = arguments->from;
    candidate->rules =
        forks_at(&chain->schedule, chain->head.number + 1, node_next_timestamp(chain));
    enum err err = gather_facts(chain, candidate);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    enum rpc_status status = complete(chain, request, candidate, arguments);
    if (status != RPC_OK) return status;
    if (key != NULL)
        err = tx_sign(&candidate->tx, request->arena, &key->private_key);
    else
        tx_name_sender(&candidate->tx, &arguments->from);
    if (err == ERR_OK) err = tx_encode(&candidate->encoded, request->arena, &candidate->tx);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}

enum rpc_status backend_send_transaction(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    hash32 *hash,
    const struct rpc_call_arguments *arguments
) {
    struct node_chain *chain = backend_chain(rpc);
    struct candidate candidate = {0};
    if (request->wait_state != NULL) return resume(request, hash);
    enum rpc_status status = prepare(chain, request, &candidate, arguments);
    return status == RPC_OK ? submit(chain, request, hash, &candidate) : status;
}

enum rpc_status backend_offer(
    struct node_chain *chain,
    struct rpc_request *request,
    hash32 *hash,
    const struct rpc_reorg_tx *tx
) {
    struct candidate candidate = {0};
    enum rpc_status status = tx->raw.size > 0 ? prepare_raw(chain, request, &candidate, tx->raw)
                                              : prepare(chain, request, &candidate, &tx->arguments);
    return status == RPC_OK ? offer(chain, request, hash, &candidate) : status;
}

enum rpc_status backend_fill_transaction(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct rpc_transaction *transaction,
    const struct rpc_call_arguments *arguments,
    bool is_signed
) {
    struct node_chain *chain = backend_chain(rpc);
    struct candidate *candidate = arena_alloc_zero(request->arena, sizeof(*candidate));
    const struct hd_key *key = keys_find(&chain->node->keys, &arguments->from);
    if (candidate == NULL) return rpc_fail_err(request, ERR_MEMORY);
    if (is_signed && key == NULL) return rpc_fail(request, RPC_SERVER_ERROR, "unknown account");
    candidate->sender = arguments->from;
    candidate->rules =
        forks_at(&chain->schedule, chain->head.number + 1, node_next_timestamp(chain));
    enum err err = gather_facts(chain, candidate);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    enum rpc_status status = complete(chain, request, candidate, arguments);
    if (status != RPC_OK) return status;
    if (is_signed) {
        err = tx_sign(&candidate->tx, request->arena, &key->private_key);
        if (err == ERR_OK) err = tx_encode(&candidate->encoded, request->arena, &candidate->tx);
    } else {
        err = backend_encode_unsigned(&candidate->encoded, request->arena, &candidate->tx);
    }
    if (err != ERR_OK) return rpc_fail_err(request, err);
    *transaction = (struct rpc_transaction){
        .tx = &candidate->tx,
        .hash = keccak256(candidate->encoded),
        .sender = arguments->from,
        .encoded = candidate->encoded,
    };
    return RPC_OK;
}

enum rpc_status backend_sign(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    uint8_t signature[RPC_SIGNATURE_SIZE],
    const address *who,
    const hash32 *digest
) {
    const struct hd_key *key = keys_find(&backend_chain(rpc)->node->keys, who);
    u256 r;
    u256 s;
    unsigned y_parity;
    if (key == NULL) return rpc_fail(request, RPC_SERVER_ERROR, "unknown account");
    enum err err = secp256k1_sign(&r, &s, &y_parity, digest, &key->private_key);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    u256_store_be(signature, &r);
    u256_store_be(signature + 32, &s);
    signature[64] = (uint8_t)(27 + y_parity);
    return RPC_OK;
}

/* --- the pool --------------------------------------------------------------------------------- */

struct listing {
    struct rpc_transaction *pending;
    struct rpc_transaction *queued;
    size_t pending_count;
    size_t queued_count;
};

static void list_transaction(void *context, const struct pool_tx *tx, bool is_pending) {
    struct listing *listing = context;
    struct rpc_transaction entry = {
        .tx = &tx->tx, .hash = tx->hash, .sender = tx->sender, .encoded = tx->encoding};
    if (is_pending)
        listing->pending[listing->pending_count++] = entry;
    else
        listing->queued[listing->queued_count++] = entry;
}

static void count_transaction(void *context, const struct pool_tx *tx, bool is_pending) {
    struct listing *listing = context;
    (void)tx;
    listing->pending_count += is_pending;
    listing->queued_count += !is_pending;
}

static enum err list_of_sender(
    struct node_chain *chain, struct listing *listing, struct arena *arena, const address *sender
) {
    const size_t size = sizeof(struct rpc_transaction);
    struct listing counts = {0};
    pool_visit_sender(chain->pool, sender, count_transaction, &counts);
    *listing = (struct listing){
        .pending = arena_alloc_array(arena, counts.pending_count, size),
        .queued = arena_alloc_array(arena, counts.queued_count, size),
    };
    if (listing->pending == NULL || listing->queued == NULL) return ERR_MEMORY;
    pool_visit_sender(chain->pool, sender, list_transaction, listing);
    return ERR_OK;
}

static enum err list_pool(struct node_chain *chain, struct listing *listing, struct arena *arena) {
    size_t size = sizeof(struct rpc_transaction);
    *listing = (struct listing){
        .pending = arena_alloc_array(arena, pool_pending_count(chain->pool), size),
        .queued = arena_alloc_array(arena, pool_queued_count(chain->pool), size),
    };
    if (listing->pending == NULL || listing->queued == NULL) return ERR_MEMORY;
    pool_visit_all(chain->pool, list_transaction, listing);
    return ERR_OK;
}

void backend_pool_count(struct rpc_chain *rpc, size_t *pending, size_t *queued) {
    const struct pool *pool = backend_chain(rpc)->pool;
    *pending = pool_pending_count(pool);
    *queued = pool_queued_count(pool);
}

enum rpc_status backend_pool(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    const struct rpc_pool **out,
    const address *sender
) {
    struct node_chain *chain = backend_chain(rpc);
    struct listing listing;
    struct rpc_pool *pool = arena_alloc(request->arena, sizeof(*pool));
    if (pool == NULL) return rpc_fail_err(request, ERR_MEMORY);
    enum err err = sender == NULL ? list_pool(chain, &listing, request->arena)
                                  : list_of_sender(chain, &listing, request->arena, sender);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    *pool = (struct rpc_pool){
        .pending = listing.pending,
        .pending_count = listing.pending_count,
        .queued = listing.queued,
        .queued_count = listing.queued_count,
    };
    *out = pool;
    return RPC_OK;
}

enum err backend_pending_transactions(
    struct node_chain *chain,
    const struct rpc_transaction **transactions,
    size_t *count,
    struct arena *arena
) {
    const struct pool_block next = waiting_next_block(chain);
    struct listing listing = {
        .pending = arena_alloc_array(
            arena, pool_pending_count(chain->pool), sizeof(struct rpc_transaction)
        ),
    };
    if (listing.pending == NULL) return ERR_MEMORY;
    struct pool_iterator *it = pool_iterate(chain->pool, &next);
    if (it == NULL) return ERR_MEMORY;
    uint64_t gas = chain->gas_limit;
    const struct pool_tx *tx;
    /* As many as fit by their gas limits. */
    while ((tx = pool_iterator_next(it)) != NULL && tx->tx.gas_limit <= gas) {
        gas -= tx->tx.gas_limit;
        list_transaction(&listing, tx, true);
    }
    pool_iterator_close(it);
    *transactions = listing.pending;
    *count = listing.pending_count;
    return ERR_OK;
}

/* --- blocks on demand ------------------------------------------------------------------------- */

enum rpc_status backend_mine(
    struct rpc_chain *rpc, struct rpc_request *request, const struct rpc_mine_options *options
) {
    struct node_chain *chain = backend_chain(rpc);
    if (request->wait_state != NULL) {
        const struct miner_wait *over = request->wait_state;
        return over->is_over ? miner_result(over) : RPC_WAIT;
    }
    uint64_t earliest = node_earliest_timestamp(chain);
    if (options->has_timestamp && options->timestamp < earliest)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "timestamp %llu is before the earliest possible one, %llu",
            (unsigned long long)options->timestamp,
            (unsigned long long)earliest
        );
    if (options->block_count == 0) return RPC_OK;
    struct miner_wait *wait;
    enum err err = miner_wait_blocks(&chain->node->miner, &wait, request, chain, options);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    request->wait_state = wait;
    return RPC_WAIT;
}
