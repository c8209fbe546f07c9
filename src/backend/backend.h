/* backend/backend.h: the operations of rpc/backend.h on the chains of this network. The files
 * behind it go by theme: backend.c blocks, state.c state, call.c simulation, send.c transactions
 * and mining, network.c what is Lockstep's own. */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "node/network.h"

extern const struct rpc_chain_operations BACKEND_OPERATIONS;
/* Of a rollup that runs no code: less of them. */
extern const struct rpc_chain_operations BACKEND_LEDGER_OPERATIONS;

static inline struct node_chain *backend_chain(struct rpc_chain *rpc) {
    return (struct node_chain *)rpc;
}

/* The operations that lie in other files than the table. */
enum rpc_status backend_account(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_account *out,
    const struct rpc_block_id *id,
    const address *who
);
enum rpc_status backend_code(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    bytes *code,
    const struct rpc_block_id *id,
    const address *who
);
enum rpc_status backend_slot(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    u256 *value,
    const struct rpc_block_id *id,
    const address *who,
    const hash32 *key
);
enum rpc_status backend_proof(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_proof *out,
    const struct rpc_block_id *id,
    const address *who,
    const hash32 *keys,
    size_t key_count
);
/* The same of a state, in arena; account and slots that are absent are proven, too. Errors as the
 * state's. */
MUST_USE enum err backend_prove(
    struct rpc_proof *out,
    struct arena *arena,
    struct state *state,
    const address *who,
    const hash32 *keys,
    size_t key_count
);
enum rpc_status backend_call(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_call_result *result,
    const struct rpc_simulation *description
);
enum rpc_status backend_estimate_gas(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_call_result *result,
    uint64_t *gas,
    const struct rpc_simulation *description
);
enum rpc_status backend_create_access_list(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_call_result *result,
    const struct rpc_simulation *description
);
enum rpc_status backend_build_block(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    const struct rpc_payload **payload,
    const struct rpc_payload_wish *wish
);
enum rpc_status backend_simulate(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    const struct rpc_simulated_block **blocks,
    size_t *count,
    const struct rpc_simulate *wish
);
enum rpc_status backend_priority_fee(struct rpc_chain *rpc, struct rpc_request *request, u256 *fee);
enum rpc_status backend_send_raw_transaction(
    struct rpc_chain *rpc, struct rpc_request *request, hash32 *hash, bytes encoded
);
enum rpc_status backend_send_transaction(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    hash32 *hash,
    const struct rpc_call_arguments *arguments
);
enum rpc_status backend_fill_transaction(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct rpc_transaction *transaction,
    const struct rpc_call_arguments *arguments,
    bool is_signed
);
enum rpc_status backend_sign(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    uint8_t signature[RPC_SIGNATURE_SIZE],
    const address *who,
    const hash32 *digest
);
enum rpc_status backend_pool(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    const struct rpc_pool **out,
    const address *sender
);
void backend_pool_count(struct rpc_chain *rpc, size_t *pending, size_t *queued);
enum rpc_status backend_mine(
    struct rpc_chain *rpc, struct rpc_request *request, const struct rpc_mine_options *options
);
enum rpc_status backend_set_attester(
    struct rpc_chain *rpc, struct rpc_request *request, uint64_t index, bool is_up
);
enum rpc_status
backend_set_auto_batch(struct rpc_chain *rpc, struct rpc_request *request, bool is_on);
enum rpc_status
backend_anchor(struct rpc_chain *rpc, struct rpc_request *request, uint64_t *number);
enum rpc_status backend_amend(
    struct rpc_chain *rpc, struct rpc_request *request, const struct rpc_amendment *amendment
);
enum rpc_status backend_configure(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    uint64_t *answer,
    const struct rpc_setting *setting
);
enum rpc_status backend_snapshot(struct rpc_chain *rpc, struct rpc_request *request, uint64_t *id);
enum rpc_status
backend_revert(struct rpc_chain *rpc, struct rpc_request *request, bool *is_found, uint64_t id);
enum rpc_status backend_reset(struct rpc_chain *rpc, struct rpc_request *request);
enum rpc_status backend_dump(struct rpc_chain *rpc, struct rpc_request *request, bytes *dump);
enum rpc_status backend_load(struct rpc_chain *rpc, struct rpc_request *request, bytes dump);
enum rpc_status
backend_rollback(struct rpc_chain *rpc, struct rpc_request *request, uint64_t depth);
enum rpc_status
backend_reorg(struct rpc_chain *rpc, struct rpc_request *request, const struct rpc_reorg *reorg);

/* backend_offer puts a transaction into the pool without asking for a block. */
enum rpc_status backend_offer(
    struct node_chain *chain,
    struct rpc_request *request,
    hash32 *hash,
    const struct rpc_reorg_tx *tx
);

enum rpc_status backend_drop(
    struct rpc_chain *rpc, struct rpc_request *request, size_t *count, const struct rpc_drop *drop
);
enum rpc_status backend_development_info(
    struct rpc_chain *rpc, struct rpc_request *request, struct rpc_development_info *info
);
/* Whether the account may send on the chain without a key. */
bool backend_impersonates(const struct node_chain *chain, const address *who);
enum rpc_status backend_network_info(
    struct rpc_chain *rpc, struct rpc_request *request, const struct rpc_network_info **info
);
enum rpc_status backend_proxy_of(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    address *proxy,
    const struct rpc_proxy_query *query
);
enum rpc_status backend_posted_batches(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_block_id *where
);
enum rpc_status backend_posted_entries(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_block_id *where
);
enum rpc_status backend_batch_files(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const hash32 *tx_hash
);
enum rpc_status backend_message_proof(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_message_query *query
);
enum rpc_status backend_foresee(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_simulation *description
);
/* Fails on a rollup: bundles are for who makes L1's blocks. */
enum rpc_status backend_check_bundles(const struct node_chain *chain, struct rpc_request *request);
enum rpc_status backend_prepare_batch(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_batch_wish *wish
);
enum rpc_status backend_call_bundle(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_called_bundle *asked
);
enum rpc_status backend_send_bundle(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    hash32 *hash,
    const struct rpc_sent_bundle *sent
);
enum rpc_status backend_bundle_states(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    const struct rpc_bundle_state **states,
    size_t *count,
    const hash32 *hash
);
enum rpc_status backend_prepare_bundle(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_bundle *bundle
);
enum rpc_status backend_debug_trace(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_trace *trace
);
enum rpc_status backend_trace_transaction(
    struct rpc_chain *rpc, struct rpc_request *request, struct json_writer *out, const hash32 *hash
);

/* The transactions of the pool that the pending block would hold, in order; in arena. */
MUST_USE enum err backend_pending_transactions(
    struct node_chain *chain,
    const struct rpc_transaction **transactions,
    size_t *count,
    struct arena *arena
);

/* Signed transactions that are not for the pool: decoded, and checked by themselves and against
 * their senders' nonces; none twice. Errors say which. Borrowed from what is encoded and from the
 * request's arena. */
enum rpc_status backend_read_raws(
    struct node_chain *chain,
    struct rpc_request *request,
    struct pool_tx *out,
    const bytes *encoded,
    size_t count
);

/* The bytes of a transaction that nobody has signed: r, s and v are 0, as in
 * geth. In arena; ERR_MEMORY. */
MUST_USE enum err
backend_encode_unsigned(bytes *encoding, struct arena *arena, const struct tx *tx);

#endif
