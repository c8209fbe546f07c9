/* A chain made of constants, for tests of the protocol parts: what it answers is simple enough to
 * be seen in the tests. Blocks 0 to head; each but the first has one transaction with one log. */
#ifndef RPC_TEST_FAKE_CHAIN_H
#define RPC_TEST_FAKE_CHAIN_H

#include "chain/header.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "rpc/backend.h"
#include "rpc/payload.h"
#include "rpc/simulate.h"

#include <stdlib.h>

#define FAKE_BLOCKS_MAX    64
#define FAKE_POOL_MAX      16
#define FAKE_OVERRIDES_MAX 16

struct fake_chain {
    struct rpc_chain chain; /* first */
    uint64_t head;
    struct header headers[FAKE_BLOCKS_MAX];
    hash32 hashes[FAKE_BLOCKS_MAX];
    struct tx txs[FAKE_BLOCKS_MAX];
    struct rpc_transaction transactions[FAKE_BLOCKS_MAX];
    struct log logs[FAKE_BLOCKS_MAX];
    struct receipt receipts[FAKE_BLOCKS_MAX];
    struct tx pool_txs[FAKE_POOL_MAX];
    struct rpc_transaction pool_transactions[FAKE_POOL_MAX];
    struct rpc_pool pool;
    bool auto_batch;
    uint64_t last_attester;
    bool attester_is_up;
    /* The next operation that may wait does: waiting is then the request. */
    bool must_wait;
    struct rpc_request *waiting;
    struct rpc_simulation last_simulation;
    struct rpc_account_override last_accounts[FAKE_OVERRIDES_MAX]; /* outlive the request */
    struct rpc_slot_override last_slots[FAKE_OVERRIDES_MAX];
    struct fork_schedule schedule;
    unsigned call_count;
};

static inline void fake_add_block(struct fake_chain *fake) {
    uint64_t n = ++fake->head;
    struct header *header = &fake->headers[n];
    *header = fake->headers[0];
    header->number = n;
    header->parent_hash = fake->hashes[n - 1];
    header->timestamp = 10 * n;
    header->gas_used = 21000;
    struct tx *tx = &fake->txs[n];
    *tx =
        (struct tx){.type = TX_DYNAMIC_FEE, .is_protected = true, .chain_id = 1337, .nonce = n - 1};
    tx->gas_limit = 21000;
    tx->max_fee_per_gas = u256_from_u64(100);
    tx->max_priority_fee_per_gas = u256_from_u64(n);
    tx->to.b[19] = 0x22;
    struct rpc_transaction *transaction = &fake->transactions[n];
    *transaction = (struct rpc_transaction){.tx = tx};
    transaction->hash.b[0] = 0xcc;
    transaction->hash.b[31] = (uint8_t)n;
    transaction->sender.b[19] = 0x11;
    transaction->encoded = bytes_of("\x02\xc0", 2);
    struct log *log = &fake->logs[n];
    *log = (struct log){.topic_count = 2};
    log->address.b[19] = 0x33;
    log->topics[0].b[31] = 0xaa;
    log->topics[1].b[31] = (uint8_t)n;
    struct receipt *receipt = &fake->receipts[n];
    *receipt = (struct receipt){.type = TX_DYNAMIC_FEE, .is_success = true};
    receipt->cumulative_gas_used = 21000;
    receipt->logs = log;
    receipt->log_count = 1;
    bloom_add_logs(&receipt->bloom, log, 1);
    header->logs_bloom = receipt->bloom;
    fake->hashes[n] = header_hash(header);
}

static inline uint64_t fake_head_number(struct rpc_chain *chain) {
    return ((struct fake_chain *)chain)->head;
}

/* Whether there is such a block, and its number; the pending block is the next number. */
static inline bool
fake_find(const struct fake_chain *fake, uint64_t *number, const struct rpc_block_id *id) {
    switch (id->kind) {
    case RPC_BLOCK_NUMBER:
        *number = id->number;
        return id->number <= fake->head;
    case RPC_BLOCK_HASH:
        for (*number = 0; *number <= fake->head; ++*number)
            if (hash32_equal(&fake->hashes[*number], &id->hash)) return true;
        return false;
    case RPC_BLOCK_LATEST:
    case RPC_BLOCK_SAFE:
    case RPC_BLOCK_FINALIZED:
    case RPC_BLOCK_PENDING:
        *number = fake->head;
        return true;
    case RPC_BLOCK_EARLIEST:
        *number = 0;
        return true;
    }
    return false;
}

static inline enum rpc_status fake_block(
    struct rpc_chain *chain,
    struct rpc_request *request,
    const struct rpc_block **block,
    const struct rpc_block_id *id,
    unsigned with
) {
    struct fake_chain *fake = (struct fake_chain *)chain;
    uint64_t n = 0;
    *block = NULL;
    if (!fake_find(fake, &n, id)) return RPC_OK;
    struct rpc_block *found = arena_alloc(request->arena, sizeof(*found));
    if (found == NULL) return rpc_fail_err(request, ERR_MEMORY);
    *found = (struct rpc_block){
        .header = &fake->headers[n],
        .hash = fake->hashes[n],
        .is_pending = id->kind == RPC_BLOCK_PENDING,
        .next_base_fee = u256_from_u64(7),
        .blob_base_fee = U256_ONE,
        .next_blob_base_fee = U256_ONE,
        .blob_gas_max = 786432,
        .transaction_count = n > 0,
        .size = 600,
    };
    if (with & RPC_WITH_TRANSACTIONS) found->transactions = &fake->transactions[n];
    if (with & RPC_WITH_RECEIPTS) found->receipts = &fake->receipts[n];
    *block = found;
    return RPC_OK;
}

static inline enum rpc_status fake_find_transaction(
    struct rpc_chain *chain,
    struct rpc_request *request,
    struct rpc_transaction_place *place,
    const hash32 *hash
) {
    struct fake_chain *fake = (struct fake_chain *)chain;
    (void)request;
    for (uint64_t n = 1; n <= fake->head; n++)
        if (hash32_equal(&fake->transactions[n].hash, hash))
            *place =
                (struct rpc_transaction_place){.is_found = true, .block_hash = fake->hashes[n]};
    for (size_t i = 0; i < fake->pool.pending_count; i++)
        if (hash32_equal(&fake->pool_transactions[i].hash, hash))
            *place = (struct rpc_transaction_place){
                .is_found = true,
                .is_pending = true,
                .transaction = fake->pool_transactions[i],
            };
    return RPC_OK;
}

static inline enum rpc_status fake_account(
    struct rpc_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_account *account,
    const struct rpc_block_id *id,
    const address *who
) {
    struct fake_chain *fake = (struct fake_chain *)chain;
    (void)request;
    uint64_t n = 0;
    *is_found = fake_find(fake, &n, id);
    *account = (struct rpc_account){.nonce = n, .balance = u256_from_u64(who->b[19])};
    if (id->kind == RPC_BLOCK_PENDING) account->nonce += fake->pool.pending_count;
    return RPC_OK;
}

static inline enum rpc_status fake_code(
    struct rpc_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    bytes *code,
    const struct rpc_block_id *id,
    const address *who
) {
    uint64_t n = 0;
    (void)request;
    *is_found = fake_find((struct fake_chain *)chain, &n, id);
    *code = who->b[19] == 0x33 ? bytes_of("\x60\x00", 2) : BYTES_EMPTY;
    return RPC_OK;
}

static inline enum rpc_status fake_slot(
    struct rpc_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    u256 *value,
    const struct rpc_block_id *id,
    const address *who,
    const hash32 *key
) {
    uint64_t n = 0;
    (void)request;
    (void)who;
    *is_found = fake_find((struct fake_chain *)chain, &n, id);
    *value = u256_load_be(key->b);
    return RPC_OK;
}

static inline enum rpc_status fake_proof(
    struct rpc_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_proof *proof,
    const struct rpc_block_id *id,
    const address *who,
    const hash32 *keys,
    size_t key_count
) {
    static const bytes nodes[] = {{(const uint8_t *)"\xc0", 1}, {(const uint8_t *)"\xc1\x80", 2}};
    uint64_t n = 0;
    *is_found = fake_find((struct fake_chain *)chain, &n, id);
    struct rpc_storage_proof *slots = arena_alloc_zero(request->arena, key_count * sizeof(*slots));
    if (slots == NULL) return rpc_fail_err(request, ERR_MEMORY);
    for (size_t i = 0; i < key_count; i++) {
        slots[i].value = u256_load_be(keys[i].b);
        slots[i].nodes = nodes;
        slots[i].node_count = 2;
    }
    *proof = (struct rpc_proof){
        .account = {.nonce = 1, .balance = u256_from_u64(who->b[19])},
        .account_nodes = nodes,
        .account_node_count = 1,
        .slots = slots,
    };
    return RPC_OK;
}

static inline bool fake_waits(struct fake_chain *fake, struct rpc_request *request) {
    if (!fake->must_wait) return false;
    request->wait_state = fake;
    fake->waiting = request;
    return true;
}

/* Data beginning with 0xfe halts, with 0xfd reverts with the rest; else the output is the data. */
static inline void fake_keep_overrides(struct fake_chain *fake) {
    struct rpc_simulation *last = &fake->last_simulation;
    size_t used = 0;
    if (last->account_count > FAKE_OVERRIDES_MAX) abort();
    for (size_t i = 0; i < last->account_count; i++) {
        struct rpc_account_override *account = &fake->last_accounts[i];
        *account = last->accounts[i];
        if (account->slot_count > FAKE_OVERRIDES_MAX - used) abort();
        for (size_t s = 0; s < account->slot_count; s++)
            fake->last_slots[used + s] = account->slots[s];
        account->slots = &fake->last_slots[used];
        used += account->slot_count;
    }
    last->accounts = fake->last_accounts;
}

static inline enum rpc_status fake_call(
    struct rpc_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_call_result *result,
    const struct rpc_simulation *simulation
) {
    struct fake_chain *fake = (struct fake_chain *)chain;
    if (fake_waits(fake, request)) return RPC_WAIT;
    uint64_t n = 0;
    bytes data = simulation->arguments.data;
    /* "0xfc…" takes long. */
    if (data.size > 0 && data.data[0] == 0xfc && rpc_leave(request)) return RPC_FAILED;
    fake->last_simulation = *simulation;
    fake_keep_overrides(fake);
    fake->call_count++;
    *is_found = fake_find(fake, &n, &simulation->block);
    *result = (struct rpc_call_result){.has_succeeded = true, .output = data, .gas_used = 21000};
    if (data.size > 0 && data.data[0] >= 0xfd) {
        result->has_succeeded = false;
        result->has_reverted = data.data[0] == 0xfd;
        result->halt_text = "invalid opcode: INVALID";
        result->output = bytes_slice(data, 1, data.size);
    }
    return RPC_OK;
}

static inline enum rpc_status fake_estimate_gas(
    struct rpc_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_call_result *result,
    uint64_t *gas,
    const struct rpc_simulation *simulation
) {
    *gas = 21000;
    return fake_call(chain, request, is_found, result, simulation);
}

static inline enum rpc_status
fake_priority_fee(struct rpc_chain *chain, struct rpc_request *request, u256 *fee) {
    (void)chain;
    (void)request;
    *fee = u256_from_u64(2);
    return RPC_OK;
}

/* "0x00" is refused; anything else enters the pool. */
static inline enum rpc_status fake_send_raw_transaction(
    struct rpc_chain *chain, struct rpc_request *request, hash32 *hash, bytes encoded
) {
    struct fake_chain *fake = (struct fake_chain *)chain;
    if (fake_waits(fake, request)) return RPC_WAIT;
    if (encoded.size == 1 && encoded.data[0] == 0)
        return rpc_fail(
            request, RPC_SERVER_ERROR, "nonce too low: next nonce %u, tx nonce %u", 5, 4
        );
    if (fake->pool.pending_count == FAKE_POOL_MAX)
        return rpc_fail(request, RPC_SERVER_ERROR, "txpool is full");
    size_t i = fake->pool.pending_count++;
    fake->pool_txs[i] = (struct tx){.type = TX_LEGACY, .nonce = i};
    fake->pool_transactions[i] = (struct rpc_transaction){.tx = &fake->pool_txs[i]};
    *hash = keccak256(encoded);
    fake->pool_transactions[i].hash = *hash;
    fake->pool_transactions[i].sender.b[19] = 0x11;
    return RPC_OK;
}

static inline enum rpc_status fake_send_transaction(
    struct rpc_chain *chain,
    struct rpc_request *request,
    hash32 *hash,
    const struct rpc_call_arguments *arguments
) {
    if (arguments->from.b[19] != 0x11)
        return rpc_fail(request, RPC_SERVER_ERROR, "unknown account");
    return fake_send_raw_transaction(chain, request, hash, arguments->data);
}

static inline const struct rpc_transaction *fake_those_of(
    struct arena *arena, const struct rpc_transaction *list, size_t *count, const address *sender
) {
    struct rpc_transaction *found = arena_alloc_array(arena, *count, sizeof(*found));
    size_t found_count = 0;
    CHECK(found != NULL);
    for (size_t i = 0; i < *count; i++)
        if (address_equal(&list[i].sender, sender)) found[found_count++] = list[i];
    *count = found_count;
    return found;
}

static inline enum rpc_status fake_pool(
    struct rpc_chain *chain,
    struct rpc_request *request,
    const struct rpc_pool **pool,
    const address *sender
) {
    struct fake_chain *fake = (struct fake_chain *)chain;
    fake->pool.pending = fake->pool_transactions;
    *pool = &fake->pool;
    if (sender == NULL) return RPC_OK;
    struct rpc_pool *own = arena_alloc(request->arena, sizeof(*own));
    CHECK(own != NULL);
    *own = fake->pool;
    own->pending = fake_those_of(request->arena, own->pending, &own->pending_count, sender);
    own->queued = fake_those_of(request->arena, own->queued, &own->queued_count, sender);
    *pool = own;
    return RPC_OK;
}

static inline void fake_pool_count(struct rpc_chain *chain, size_t *pending, size_t *queued) {
    const struct fake_chain *fake = (struct fake_chain *)chain;
    *pending = fake->pool.pending_count;
    *queued = fake->pool.queued_count;
}

/* The pool's transactions go into the next block as if they were the one it has. */
static inline enum rpc_status fake_mine(
    struct rpc_chain *chain, struct rpc_request *request, const struct rpc_mine_options *options
) {
    struct fake_chain *fake = (struct fake_chain *)chain;
    for (uint64_t i = 0; i < options->block_count; i++) {
        if (fake->head + 1 == FAKE_BLOCKS_MAX)
            return rpc_fail(request, RPC_SERVER_ERROR, "no more blocks");
        fake_add_block(fake);
        if (fake->pool.pending_count > 0)
            fake->transactions[fake->head].hash =
                fake->pool_transactions[--fake->pool.pending_count].hash;
    }
    return RPC_OK;
}

static inline enum rpc_status
fake_anchor(struct rpc_chain *chain, struct rpc_request *request, uint64_t *number) {
    const struct fake_chain *fake = (struct fake_chain *)chain;
    if (!fake->auto_batch) return rpc_fail(request, RPC_SERVER_ERROR, "no batches");
    *number = fake->head;
    return RPC_OK;
}

static inline enum rpc_status fake_set_attester(
    struct rpc_chain *chain, struct rpc_request *request, uint64_t index, bool is_up
) {
    (void)request;
    ((struct fake_chain *)chain)->last_attester = index;
    ((struct fake_chain *)chain)->attester_is_up = is_up;
    return RPC_OK;
}

static inline enum rpc_status
fake_set_auto_batch(struct rpc_chain *chain, struct rpc_request *request, bool is_on) {
    (void)request;
    ((struct fake_chain *)chain)->auto_batch = is_on;
    return RPC_OK;
}

static inline enum rpc_status fake_network_info(
    struct rpc_chain *chain, struct rpc_request *request, const struct rpc_network_info **info
) {
    static const struct rpc_named_address contracts[] = {{"hub", {{1}}}};
    static const struct rpc_rollup_info rollup = {
        .rollup_id = 1,
        .name = "rollup1",
        .parent = "l1",
        .parent_chain_id = 1337,
        .kind = "evm",
        .chain_id = 1001,
        .url = "http://127.0.0.1:8546",
        .proof_system = "Attestation",
        .trust = "one key",
        .contracts = contracts,
        .contract_count = 1,
    };
    static struct rpc_network_info network = {
        .version = "test",
        .parent_chain_id = 1337,
        .contracts = contracts,
        .contract_count = 1,
        .rollups = &rollup,
        .rollup_count = 1,
    };
    (void)request;
    network.auto_batch = ((struct fake_chain *)chain)->auto_batch;
    *info = &network;
    return RPC_OK;
}

static inline enum rpc_status fake_proxy_of(
    struct rpc_chain *chain,
    struct rpc_request *request,
    address *proxy,
    const struct rpc_proxy_query *query
) {
    (void)chain;
    if (query->rollup_id > 1)
        return rpc_fail(request, RPC_SERVER_ERROR, "no rollup %u", (unsigned)query->rollup_id);
    *proxy = query->target;
    proxy->b[0] = query->chain_name.size > 0 ? 0xdd : 0xee;
    return RPC_OK;
}

static inline enum rpc_status fake_trace_transaction(
    struct rpc_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const hash32 *hash
) {
    (void)chain;
    (void)request;
    json_object_begin(out);
    json_member_hash(out, "hash", hash);
    json_object_end(out);
    return RPC_OK;
}

/* Each block is the first one with as many transactions as there are calls, of which those with
 * data revert with it. */
static inline enum rpc_status fake_simulate(
    struct rpc_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    const struct rpc_simulated_block **blocks,
    size_t *count,
    const struct rpc_simulate *wish
) {
    struct fake_chain *fake = (struct fake_chain *)chain;
    struct rpc_simulated_block *made =
        arena_alloc_zero(request->arena, wish->block_count * sizeof(*made));
    if (made == NULL) return rpc_fail_err(request, ERR_MEMORY);
    for (size_t i = 0; i < wish->block_count; i++) {
        const struct rpc_simulate_block *block = &wish->blocks[i];
        size_t size = block->call_count;
        struct rpc_transaction *txs = arena_alloc_zero(request->arena, size * sizeof(*txs));
        struct rpc_simulated_call *calls = arena_alloc_zero(request->arena, size * sizeof(*calls));
        if (txs == NULL || calls == NULL) return rpc_fail_err(request, ERR_MEMORY);
        for (size_t k = 0; k < size; k++) {
            txs[k] = fake->transactions[1];
            calls[k].result.output = block->calls[k].data;
            calls[k].result.has_reverted = block->calls[k].data.size > 0;
            calls[k].result.has_succeeded = !calls[k].result.has_reverted;
        }
        made[i].calls = calls;
        made[i].block = (struct rpc_block){
            .header = &fake->headers[0],
            .hash = fake->hashes[0],
            .transaction_count = size,
            .transactions = txs,
            .withdrawals = block->overrides.withdrawals,
            .withdrawal_count = block->overrides.withdrawal_count,
        };
    }
    *is_found = true;
    *blocks = made;
    *count = wish->block_count;
    return RPC_OK;
}

/* The first block with the withdrawals and one request. */
static inline enum rpc_status fake_build_block(
    struct rpc_chain *chain,
    struct rpc_request *request,
    const struct rpc_payload **payload,
    const struct rpc_payload_wish *wish
) {
    struct fake_chain *fake = (struct fake_chain *)chain;
    static const bytes requests[] = {{(const uint8_t *)"\x01\x02", 2}};
    struct rpc_payload *made = arena_alloc_zero(request->arena, sizeof(*made));
    if (made == NULL) return rpc_fail_err(request, ERR_MEMORY);
    made->block = (struct rpc_block){
        .header = &fake->headers[0],
        .hash = fake->hashes[0],
        .withdrawals = wish->withdrawals,
        .withdrawal_count = wish->withdrawal_count,
    };
    made->requests = requests;
    made->request_count = 1;
    *payload = made;
    return RPC_OK;
}

/* Named by its first transaction and the numbers that came with it. */
static inline enum rpc_status fake_send_bundle(
    struct rpc_chain *chain,
    struct rpc_request *request,
    hash32 *hash,
    const struct rpc_sent_bundle *sent
) {
    if (fake_waits((struct fake_chain *)chain, request)) return RPC_WAIT;
    if (sent->tx_count == 0) return rpc_fail(request, RPC_INVALID_PARAMS, "no transactions");
    *hash = keccak256(sent->txs[sent->tx_count - 1]);
    hash->b[0] = (uint8_t)sent->tx_count;
    hash->b[1] = sent->has_number ? (uint8_t)sent->number : 0xff;
    hash->b[2] = (uint8_t)sent->min_timestamp;
    hash->b[3] = (uint8_t)sent->max_timestamp;
    for (size_t i = 0; i < sent->reverting_count; i++)
        hash->b[4] ^= sent->reverting[i].b[31];
    return RPC_OK;
}

/* [transactions, number or 0, timestamp or 0, which kind of block]. */
static inline enum rpc_status fake_call_bundle(
    struct rpc_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_called_bundle *called
) {
    (void)chain;
    (void)request;
    json_array_begin(out);
    json_quantity_u64(out, called->tx_count);
    json_quantity_u64(out, called->has_number ? called->number : 0);
    json_quantity_u64(out, called->has_timestamp ? called->timestamp : 0);
    json_quantity_u64(out, called->has_state ? (uint64_t)called->state.kind : 99);
    json_array_end(out);
    return RPC_OK;
}

/* As many as the hash begins with, up to three. */
static inline enum rpc_status fake_bundle_states(
    struct rpc_chain *chain,
    struct rpc_request *request,
    const struct rpc_bundle_state **states,
    size_t *count,
    const hash32 *hash
) {
    static const struct rpc_bundle_state all[] = {
        {.number = 2, .reason = "too late"},
        {.number = 3, .is_included = true, .reason = ""},
        {.number = 4, .is_waiting = true},
    };
    (void)chain;
    (void)request;
    *states = all;
    *count = hash->b[0] < 3 ? hash->b[0] : 3;
    return RPC_OK;
}

/* [from, bytes before it, [[rollup, bytes of its transactions], …]]. */
static inline enum rpc_status fake_prepare_batch(
    struct rpc_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_batch_wish *wish
) {
    size_t size = 0;
    (void)chain;
    (void)request;
    for (size_t i = 0; i < wish->before_count; i++)
        size += wish->before[i].size;
    json_array_begin(out);
    json_address(out, &wish->from);
    json_quantity_u64(out, size);
    json_array_begin(out);
    for (size_t i = 0; i < wish->part_count; i++) {
        size = 0;
        for (size_t j = 0; j < wish->parts[i].tx_count; j++)
            size += wish->parts[i].txs[j].size;
        json_array_begin(out);
        json_quantity_u64(out, wish->parts[i].rollup_id);
        json_quantity_u64(out, size);
        json_array_end(out);
    }
    json_array_end(out);
    json_array_end(out);
    return RPC_OK;
}

static const struct rpc_chain_operations fake_operations = {
    .head_number = fake_head_number,
    .block = fake_block,
    .find_transaction = fake_find_transaction,
    .account = fake_account,
    .code = fake_code,
    .slot = fake_slot,
    .proof = fake_proof,
    .call = fake_call,
    .estimate_gas = fake_estimate_gas,
    .create_access_list = NULL, /* so that one method is not available */
    .simulate = fake_simulate,
    .build_block = fake_build_block,
    .priority_fee = fake_priority_fee,
    .send_raw_transaction = fake_send_raw_transaction,
    .send_transaction = fake_send_transaction,
    .call_bundle = fake_call_bundle,
    .send_bundle = fake_send_bundle,
    .bundle_states = fake_bundle_states,
    .prepare_batch = fake_prepare_batch,
    .pool = fake_pool,
    .pool_count = fake_pool_count,
    .mine = fake_mine,
    .set_auto_batch = fake_set_auto_batch,
    .anchor = fake_anchor,
    .set_attester = fake_set_attester,
    .network_info = fake_network_info,
    .proxy_of = fake_proxy_of,
    .trace_transaction = fake_trace_transaction,
};

static inline void fake_open(struct fake_chain *fake, uint64_t blocks) {
    static const address accounts[] = {{{[19] = 0x11}}};
    *fake = (struct fake_chain){
        .chain =
            {
                .operations = &fake_operations,
                .name = "fake",
                .client_version = "Lockstep/test",
                .chain_id = 1337,
                .accounts = accounts,
                .account_count = 1,
            },
    };
    forks_development(&fake->schedule, 1337, FORK_OSAKA);
    fake->chain.schedule = &fake->schedule;
    struct header *genesis = &fake->headers[0];
    genesis->fields = HEADER_REQUESTS_HASH;
    genesis->gas_limit = 30000000;
    genesis->base_fee_per_gas = u256_from_u64(8);
    fake->hashes[0] = header_hash(genesis);
    while (fake->head < blocks)
        fake_add_block(fake);
}

#endif
