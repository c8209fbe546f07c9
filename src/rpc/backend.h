/* rpc/backend.h: what the RPC server needs of a chain. The node implements it, one struct rpc_chain
 * per endpoint; rpc/ never knows how a chain keeps its blocks or executes.
 *
 * Contract of every operation:
 * - It is called on the loop's thread, one at a time, and must not block for long. Those of methods
 *   that may take long (rpc/methods.h) are also called by workers, on a replica of the chain that
 *   is the worker's own (rpc/workers.h), look at the request's watch (rpc/watch.h), and do not
 *   wait.
 * - Everything it hands out lives in request->arena, or stays valid until the loop runs again; on a
 *   worker, until the request is answered.
 * - It returns RPC_OK with its outputs set, or RPC_FAILED after rpc_fail(request, …).
 * - Those marked "may wait" may also return RPC_WAIT: the request is put aside, and after
 *   rpc_server_resume(request), called on the loop's thread, the same operation is called again
 *   with the same arguments. request->wait_state is the operation's own: NULL on the first call,
 *   kept until the request is answered. A client that goes away does not take a waiting request
 *   with it; it must be resumed in any case.
 * - Absence (no such block, transaction, …) is an answer, not a failure: outputs say so.
 * - An operation that is NULL makes its methods answer -32601, as if they did not exist.
 *
 * Errors carry what geth's do: code, message, data. Codes in use here are below. */
#ifndef RPC_BACKEND_H
#define RPC_BACKEND_H

#include "chain/header.h"
#include "chain/receipt.h"
#include "chain/tx.h"
#include "core/arena.h"
#include "core/u256.h"
#include "rpc/backend_development.h"
#include "rpc/json_writer.h"
#include "rpc/watch.h"

#define RPC_PARSE_ERROR        (-32700)
#define RPC_INVALID_REQUEST    (-32600)
#define RPC_METHOD_NOT_FOUND   (-32601)
#define RPC_INVALID_PARAMS     (-32602)
#define RPC_INTERNAL_ERROR     (-32603)
#define RPC_SERVER_ERROR       (-32000) /* verdicts on transactions and everything without a code */
#define RPC_NOT_FOUND          (-32001) /* "block not found", "transaction not found" */
#define RPC_TIMEOUT            (-32002)
#define RPC_RESPONSE_TOO_LARGE (-32003)
#define RPC_UNSUPPORTED        (-32004)
#define RPC_LIMIT_EXCEEDED     (-32005)
#define RPC_EXECUTION_REVERTED 3 /* data is the revert data */
#define RPC_SYNC_TIMEOUT       4 /* EIP-7966: data is the transaction's hash */

#define RPC_SIGNATURE_SIZE 65

enum rpc_status { RPC_OK, RPC_FAILED, RPC_WAIT };

struct rpc_error {
    int code;
    const char *message; /* static or in the request's arena */
    bytes data;
    bool has_data;
};

/* One call of one method while it is being answered. */
struct rpc_request {
    struct arena *arena; /* for everything the answer is made of; reset after it */
    struct rpc_error error;
    void *wait_state;
    struct rpc_watch *watch; /* NULL: it may take its time */
};

/* rpc_fail sets the error and returns RPC_FAILED. The message is formatted into the arena. */
__attribute__((format(printf, 3, 4))) enum rpc_status
rpc_fail(struct rpc_request *request, int code, const char *format, ...);

/* The same with data; data must live as long as the arena. */
__attribute__((format(printf, 4, 5))) enum rpc_status
rpc_fail_data(struct rpc_request *request, int code, bytes data, const char *format, ...);

/* An operation's error that is no verdict (ERR_MEMORY, ERR_IO, …): -32603 with its text. */
enum rpc_status rpc_fail_err(struct rpc_request *request, enum err err);

/* --- blocks ----------------------------------------------------------------------------------- */

enum rpc_block_kind {
    RPC_BLOCK_NUMBER,
    RPC_BLOCK_HASH,
    RPC_BLOCK_LATEST,
    RPC_BLOCK_PENDING,
    RPC_BLOCK_SAFE,
    RPC_BLOCK_FINALIZED,
    RPC_BLOCK_EARLIEST,
};

struct rpc_block_id {
    enum rpc_block_kind kind;
    bool must_be_canonical; /* RPC_BLOCK_HASH: EIP-1898 requireCanonical */
    uint64_t number;        /* RPC_BLOCK_NUMBER */
    hash32 hash;            /* RPC_BLOCK_HASH */
};

/* A transaction with what the store knows about it. */
struct rpc_transaction {
    const struct tx *tx;
    hash32 hash;
    address sender;
    bytes encoded; /* EIP-2718 form: type ‖ payload, or the legacy list */
};

enum {
    RPC_WITH_TRANSACTIONS = 1, /* transactions (with senders), uncles, withdrawals, size */
    RPC_WITH_RECEIPTS = 2,
};

struct rpc_block {
    const struct header *header;
    hash32 hash;
    bool is_pending;    /* being built: hash, nonce, logsBloom are shown as null */
    bool is_removed;    /* no block of the chain any more: its logs say so */
    u256 blob_base_fee; /* of this block; 0 before Cancun */
    u256 next_base_fee; /* of a child of this block */
    u256 next_blob_base_fee;
    uint64_t blob_gas_max;    /* what this block could have used; 0 before Cancun */
    size_t transaction_count; /* always set */
    /* With RPC_WITH_TRANSACTIONS, else NULL and 0. */
    const struct rpc_transaction *transactions;
    size_t size; /* of the block's RLP encoding */
    const struct header *uncles;
    size_t uncle_count;
    const struct withdrawal *withdrawals;
    size_t withdrawal_count;
    /* With RPC_WITH_RECEIPTS, else NULL: transaction_count of them. */
    const struct receipt *receipts;
};

/* Where a transaction is. */
struct rpc_transaction_place {
    bool is_found;
    bool is_pending;                    /* in the pool: transaction is set, the rest is not */
    struct rpc_transaction transaction; /* pending only */
    hash32 block_hash;
    uint64_t index;
};

/* A log and where it stands. */
struct rpc_log {
    struct log log;
    uint64_t block_number;
    hash32 block_hash;
    bool has_timestamp;
    uint64_t block_timestamp;
    hash32 tx_hash;
    uint64_t tx_index;
    uint64_t log_index; /* in the block */
    bool is_removed;
};

/* --- state ------------------------------------------------------------------------------------ */

struct rpc_account {
    uint64_t nonce;
    u256 balance;
    hash32 code_hash;    /* KECCAK_EMPTY for an account without code, zero if absent */
    hash32 storage_root; /* EMPTY_TRIE_ROOT, or zero if absent */
};

struct rpc_storage_proof {
    u256 value;
    const bytes *nodes; /* from the root; RLP of each */
    size_t node_count;
};

struct rpc_proof {
    struct rpc_account account;
    const bytes *account_nodes;
    size_t account_node_count;
    const struct rpc_storage_proof *slots; /* one per key asked for, in that order */
};

/* --- calls ------------------------------------------------------------------------------------ */

/* The arguments of eth_call and its kin. A field without its has_ flag is absent and zero. */
struct rpc_call_arguments {
    bool has_from, has_to, has_gas, has_gas_price, has_max_fee_per_gas;
    bool has_max_priority_fee_per_gas, has_nonce, has_chain_id, has_type, has_access_list;
    bool has_max_fee_per_blob_gas, has_authorizations, has_blob_hashes;
    uint8_t type;
    address from;
    address to;
    uint64_t gas;
    uint64_t nonce;
    uint64_t chain_id;
    u256 gas_price;
    u256 max_fee_per_gas;
    u256 max_priority_fee_per_gas;
    u256 max_fee_per_blob_gas;
    u256 value;
    bytes data;
    const struct tx_access *access_list;
    size_t access_list_count;
    const struct tx_authorization *authorizations;
    size_t authorization_count;
    const hash32 *blob_hashes;
    size_t blob_hash_count;
};

struct rpc_slot_override {
    hash32 key;
    hash32 value;
    size_t order; /* of reading */
};

struct rpc_account_override {
    address account;
    bool has_nonce, has_balance, has_code;
    bool has_state; /* slots replace the whole storage; else they are set one by one */
    bool has_precompile_target;
    uint64_t nonce;
    u256 balance;
    bytes code;
    const struct rpc_slot_override *slots;
    size_t slot_count;
    address precompile_target; /* movePrecompileToAddress */
    size_t order;              /* of reading; they stand sorted by address, each once */
};

struct rpc_block_overrides {
    bool has_number, has_time, has_gas_limit, has_fee_recipient, has_prev_randao, has_base_fee;
    bool has_blob_base_fee, has_difficulty;
    bool has_beacon_root, has_withdrawals; /* eth_simulateV1 only */
    uint64_t number;
    uint64_t time;
    uint64_t gas_limit;
    address fee_recipient;
    hash32 prev_randao;
    u256 base_fee;
    u256 blob_base_fee;
    u256 difficulty;
    hash32 beacon_root;
    const struct withdrawal *withdrawals;
    size_t withdrawal_count;
};

struct rpc_simulation {
    struct rpc_call_arguments arguments;
    struct rpc_block_id block;
    const struct rpc_account_override *accounts;
    size_t account_count;
    struct rpc_block_overrides overrides;
};

/* lockstep_prepareBundle: one of the calls of a bundle, to an address or to a contract of another
 * chain. */
struct rpc_bundle_call {
    bool has_rollup;
    uint64_t rollup_id;
    address target;
    u256 value;
    bytes data;
};

struct rpc_bundle {
    struct rpc_simulation simulation; /* who sends it, to which Bundler, with which gas */
    const struct rpc_bundle_call *calls;
    size_t call_count;
};

struct rpc_call_result {
    bool has_succeeded;
    bool has_reverted; /* by REVERT: output is the revert data. Else it halted */
    const char
        *halt_text; /* "out of gas", "invalid opcode: INVALID", "stack underflow (0 <=> 2)" */
    bytes output;
    /* has_reverted: what the data says if it is an error the chain knows ("EntryNotFound(…)"); else
     * NULL. Error(string) and Panic(uint256) need no help. */
    const char *revert_text;
    uint64_t gas_used; /* after refunds */
    /* eth_createAccessList only. */
    const struct tx_access *access_list;
    size_t access_list_count;
};

/* --- pool, mining, network -------------------------------------------------------------------- */

struct rpc_pool {
    const struct rpc_transaction *pending; /* executable now; by sender in order of nonces */
    size_t pending_count;
    const struct rpc_transaction *queued; /* with a nonce gap */
    size_t queued_count;
};

/* eth_sendBundle. */
struct rpc_sent_bundle {
    const bytes *txs;
    size_t tx_count;
    bool has_number;
    uint64_t number;        /* of its block; without one, the next */
    uint64_t min_timestamp; /* 0: none */
    uint64_t max_timestamp; /* UINT64_MAX: none */
    const hash32 *reverting;
    size_t reverting_count;
};

/* eth_callBundle. */
struct rpc_called_bundle {
    const bytes *txs;
    size_t tx_count;
    bool has_number; /* of the block that they are tried in; else the next */
    bool has_state;  /* on top of which block; else the latest */
    bool has_timestamp;
    uint64_t number;
    struct rpc_block_id state;
    uint64_t timestamp;
};

/* lockstep_prepareBatch: what goes before the batch, and what is to be in it. */
struct rpc_batch_part {
    uint64_t rollup_id;
    const bytes *txs; /* of its slot block, signed */
    size_t tx_count;
};

struct rpc_batch_wish {
    address from;        /* who will post it */
    const bytes *before; /* signed transactions of L1 */
    size_t before_count;
    const struct rpc_batch_part *parts; /* of different rollups */
    size_t part_count;
};

/* lockstep_getBundle: what became of a bundle, for one of the blocks that it was sent for. */
struct rpc_bundle_state {
    uint64_t number;
    bool is_waiting;
    bool is_included;
    const char *reason; /* neither: why not */
};

struct rpc_named_address {
    const char *name;
    address value;
};

struct rpc_rollup_info {
    uint64_t rollup_id; /* on its parent's Hub */
    const char *name;
    const char *parent; /* the parent's name: "l1", or that of a rollup */
    uint64_t parent_chain_id;
    const char *kind; /* "evm", "ledger" */
    uint64_t chain_id;
    const char *url; /* of its endpoint; NULL if it has none */
    hash32 head;     /* as the Hub has it */
    bool has_own_token;
    u256 hub_balance;
    const char *proof_system; /* "Attestation", … */
    const char *trust;        /* what it asks one to believe, one sentence */
    uint64_t latest_number;
    uint64_t safe_number;
    const struct rpc_named_address *contracts;
    size_t contract_count;
};

struct rpc_network_info {
    const char *version;
    uint64_t rollup_id; /* of the chain asked, on its parent's Hub; 0: it is L1 */
    uint64_t parent_chain_id;
    const char *parent_url;
    const struct rpc_named_address *contracts; /* on L1: hub, bundler, … */
    size_t contract_count;
    const struct rpc_rollup_info *rollups;
    size_t rollup_count;
    bool auto_batch;
};

/* lockstep_getMessageProof: what somebody has said, for whom. */
struct rpc_message_query {
    hash32 message;
    address publisher;
    uint64_t rollup_id; /* of this chain; 0: the proof is for the parent */
};

/* lockstep_proxyOf: of which contract, and on which chain it is. */
struct rpc_proxy_query {
    bytes chain_name; /* or empty */
    uint64_t rollup_id;
    address target;
};

struct rpc_mine_options {
    uint64_t block_count;
    uint64_t interval_seconds; /* between their timestamps; 0: the chain's own rule */
    bool has_timestamp;
    uint64_t timestamp; /* of the first */
};

/* --- the operations --------------------------------------------------------------------------- */

struct rpc_chain;
struct rpc_trace;   /* rpc/debug.h */
struct rpc_payload; /* rpc/payload.h */
struct rpc_payload_wish;
struct rpc_simulate; /* rpc/simulate.h */
struct rpc_simulated_block;
struct log_query; /* rpc/filters.h */

/* A transaction for a reorganisation's new blocks: signed, or described. */
struct rpc_reorg_tx {
    bytes raw; /* empty: described */
    struct rpc_call_arguments arguments;
    uint64_t block; /* of the new ones, from 0 */
};

struct rpc_reorg {
    uint64_t depth;
    const struct rpc_reorg_tx *txs;
    size_t tx_count;
};

struct rpc_chain_operations {
    uint64_t (*head_number)(struct rpc_chain *chain);

    /* *block is NULL if there is no such block. with: RPC_WITH_… flags. */
    enum rpc_status (*block
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      const struct rpc_block **block,
      const struct rpc_block_id *id,
      unsigned with);
    enum rpc_status (*find_transaction
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct rpc_transaction_place *place,
      const hash32 *hash);

    /* Of a chain that is a fork of another: the matching logs of those blocks from `from` to `to`
     * that the other has made, found without reading each; *next is the first block not looked at.
     * May be NULL. */
    enum rpc_status (*forked_logs
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      const struct rpc_log **logs,
      size_t *count,
      uint64_t *next,
      const struct log_query *query,
      uint64_t from,
      uint64_t to);

    /* State after a block (RPC_BLOCK_PENDING: after the pool's executable transactions; for nonces
     * that is enough). *is_found is false if the block is unknown; rpc_fail with RPC_UNSUPPORTED if
     * its state is gone. An absent account is zero. */
    enum rpc_status (*account
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      bool *is_found,
      struct rpc_account *account,
      const struct rpc_block_id *id,
      const address *who);
    enum rpc_status (*code
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      bool *is_found,
      bytes *code,
      const struct rpc_block_id *id,
      const address *who);
    enum rpc_status (*slot
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      bool *is_found,
      u256 *value,
      const struct rpc_block_id *id,
      const address *who,
      const hash32 *key);
    enum rpc_status (*proof
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      bool *is_found,
      struct rpc_proof *proof,
      const struct rpc_block_id *id,
      const address *who,
      const hash32 *keys,
      size_t key_count);

    /* May wait. A verdict on the message itself (funds, fees, nonce) is rpc_fail(RPC_SERVER_ERROR);
     * a revert or halt is a result. *is_found as above. */
    enum rpc_status (*call
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      bool *is_found,
      struct rpc_call_result *result,
      const struct rpc_simulation *simulation);
    /* May wait. result->has_succeeded and *gas, or the result of the run that failed with all the
     * gas. */
    enum rpc_status (*estimate_gas
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      bool *is_found,
      struct rpc_call_result *result,
      uint64_t *gas,
      const struct rpc_simulation *simulation);
    enum rpc_status (*create_access_list
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      bool *is_found,
      struct rpc_call_result *result,
      const struct rpc_simulation *simulation);

    /* eth_simulateV1. A refusal is rpc_fail with that method's codes. */
    enum rpc_status (*simulate
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      bool *is_found,
      const struct rpc_simulated_block **blocks,
      size_t *count,
      const struct rpc_simulate *simulate);

    /* testing_buildBlockV1: a block on top of the newest one, which stays the newest. */
    enum rpc_status (*build_block
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      const struct rpc_payload **payload,
      const struct rpc_payload_wish *wish);

    /* What eth_maxPriorityFeePerGas proposes. */
    enum rpc_status (*priority_fee
    )(struct rpc_chain *chain, struct rpc_request *request, u256 *fee);

    /* May wait. Into the pool. Verdicts are rpc_fail(RPC_SERVER_ERROR, "nonce too low: …"). encoded
     * may carry a blob sidecar (EIP-4844 network form). Mining, automatic or not, is the node's: it
     * tells rpc_server_new_block. */
    enum rpc_status (*send_raw_transaction
    )(struct rpc_chain *chain, struct rpc_request *request, hash32 *hash, bytes encoded);
    /* May wait. From a development account: fills in what is missing, signs, and puts it into the
     * pool. */
    enum rpc_status (*send_transaction
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      hash32 *hash,
      const struct rpc_call_arguments *arguments);
    /* r ‖ s ‖ v (27 or 28) of a development account. */
    /* The same but for the pool; without signature if is_signed is false, and then for anybody. */
    enum rpc_status (*fill_transaction
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct rpc_transaction *transaction,
      const struct rpc_call_arguments *arguments,
      bool is_signed);
    enum rpc_status (*sign
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      uint8_t signature[RPC_SIGNATURE_SIZE],
      const address *who,
      const hash32 *digest);
    /* May wait. Transactions for one block, all or none: *hash names them. */
    enum rpc_status (*send_bundle
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      hash32 *hash,
      const struct rpc_sent_bundle *bundle);
    /* What they would do in the next block. Writes one JSON value. */
    enum rpc_status (*call_bundle
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const struct rpc_called_bundle *bundle);
    enum rpc_status (*bundle_states
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      const struct rpc_bundle_state **states,
      size_t *count,
      const hash32 *hash);
    /* The pool's transactions, or those of one sender (NULL: all); and how many there are. */
    enum rpc_status (*pool
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      const struct rpc_pool **pool,
      const address *sender);
    void (*pool_count)(struct rpc_chain *chain, size_t *pending, size_t *queued);

    /* Development. Both may wait. */
    enum rpc_status (*mine
    )(struct rpc_chain *chain, struct rpc_request *request, const struct rpc_mine_options *options);
    enum rpc_status (*set_auto_batch
    )(struct rpc_chain *chain, struct rpc_request *request, bool is_on);

    /* Updates a rollup with the next block of its parent, which is made now; *number is the block
     * of the parent that it is anchored at then. May wait. */
    enum rpc_status (*anchor
    )(struct rpc_chain *chain, struct rpc_request *request, uint64_t *number);

    /* Has one of the attesters (from 0) answer or not. */
    enum rpc_status (*set_attester
    )(struct rpc_chain *chain, struct rpc_request *request, uint64_t index, bool is_up);

    /* The rest of development. All but development_info may wait: they happen in their turn, after
     * the transactions that came before. */
    enum rpc_status (*amend
    )(struct rpc_chain *chain, struct rpc_request *request, const struct rpc_amendment *amendment);
    enum rpc_status (*configure
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      uint64_t *answer,
      const struct rpc_setting *setting);
    enum rpc_status (*snapshot)(struct rpc_chain *chain, struct rpc_request *request, uint64_t *id);
    enum rpc_status (*revert
    )(struct rpc_chain *chain, struct rpc_request *request, bool *is_found, uint64_t id);
    enum rpc_status (*reset)(struct rpc_chain *chain, struct rpc_request *request);
    /* The whole network as bytes, and back. */
    enum rpc_status (*dump)(struct rpc_chain *chain, struct rpc_request *request, bytes *dump);
    enum rpc_status (*load)(struct rpc_chain *chain, struct rpc_request *request, bytes dump);
    /* Removes the newest blocks; on L1, rollups go back with it. */
    enum rpc_status (*rollback
    )(struct rpc_chain *chain, struct rpc_request *request, uint64_t depth);
    /* The same, and as many new blocks in their place, with the transactions given. What these
     * refer to lives as long as the request. */
    enum rpc_status (*reorg
    )(struct rpc_chain *chain, struct rpc_request *request, const struct rpc_reorg *reorg);
    enum rpc_status (*drop
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      size_t *count,
      const struct rpc_drop *drop);
    enum rpc_status (*development_info
    )(struct rpc_chain *chain, struct rpc_request *request, struct rpc_development_info *info);

    /* Lockstep. */
    enum rpc_status (*network_info
    )(struct rpc_chain *chain, struct rpc_request *request, const struct rpc_network_info **info);
    enum rpc_status (*proxy_of
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      address *proxy,
      const struct rpc_proxy_query *query);
    /* Each of the next four writes one JSON value (docs/rpc.md). where: the hash of a transaction
     * stands for its block. */
    enum rpc_status (*posted_batches
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const struct rpc_block_id *where);
    enum rpc_status (*posted_entries
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const struct rpc_block_id *where);
    /* Of the batches that this transaction has posted. */
    enum rpc_status (*batch_files
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const hash32 *tx_hash);
    /* Proof of a message said on this chain, for another. */
    enum rpc_status (*message_proof
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const struct rpc_message_query *query);
    enum rpc_status (*foresee
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const struct rpc_simulation *simulation);
    /* Likewise: a transaction that posts the batch that its own calls need. */
    enum rpc_status (*prepare_bundle
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const struct rpc_bundle *bundle);
    /* Likewise: a transaction that posts a batch, proven, with these transactions of rollups. */
    enum rpc_status (*prepare_batch
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const struct rpc_batch_wish *wish);
    /* debug_trace…: writes one JSON value. */
    enum rpc_status (*debug_trace
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const struct rpc_trace *trace);
    /* May wait. Writes one JSON value, null if there is no such transaction. */
    enum rpc_status (*trace_transaction
    )(struct rpc_chain *chain,
      struct rpc_request *request,
      struct json_writer *out,
      const hash32 *hash);
};

/* The node embeds it in its own struct. */
struct rpc_chain {
    const struct rpc_chain_operations *operations;
    const char *limits;         /* why it lacks operations that others have; NULL: it does not */
    const char *name;           /* "l1", "rollup1": for messages */
    const char *client_version; /* web3_clientVersion */
    uint64_t chain_id;
    const struct fork_schedule *schedule; /* eth_config */
    const address *accounts;              /* development accounts: eth_accounts */
    size_t account_count;
    address coinbase;
};

#endif
