#include "rpc/view.h"

#include "core/hex.h"
#include "crypto/keccak.h"

/* --- blocks ----------------------------------------------------------------------------------- */

static void write_header(struct json_writer *w, const struct rpc_block *block) {
    const struct header *h = block->header;
    if (h->fields >= HEADER_BASE_FEE)
        json_member_quantity(w, "baseFeePerGas", &h->base_fee_per_gas);
    if (h->fields >= HEADER_BLOB_GAS) json_member_quantity_u64(w, "blobGasUsed", h->blob_gas_used);
    json_member_quantity(w, "difficulty", &h->difficulty);
    if (h->fields >= HEADER_BLOB_GAS)
        json_member_quantity_u64(w, "excessBlobGas", h->excess_blob_gas);
    json_member_data(w, "extraData", bytes_of(h->extra_data, h->extra_data_size));
    json_member_quantity_u64(w, "gasLimit", h->gas_limit);
    json_member_quantity_u64(w, "gasUsed", h->gas_used);
    if (block->is_pending)
        json_member_null(w, "hash");
    else
        json_member_hash(w, "hash", &block->hash);
    json_member_data(w, "logsBloom", bytes_of(h->logs_bloom.b, sizeof(h->logs_bloom.b)));
    if (block->is_pending)
        json_member_null(w, "miner");
    else
        json_member_address(w, "miner", &h->coinbase);
    json_member_hash(w, "mixHash", &h->mix_hash);
    if (block->is_pending)
        json_member_null(w, "nonce");
    else
        json_member_data(w, "nonce", bytes_of(h->nonce, sizeof(h->nonce)));
    json_member_quantity_u64(w, "number", h->number);
    if (h->fields >= HEADER_BLOB_GAS)
        json_member_hash(w, "parentBeaconBlockRoot", &h->parent_beacon_block_root);
    json_member_hash(w, "parentHash", &h->parent_hash);
    json_member_hash(w, "receiptsRoot", &h->receipts_root);
    if (h->fields >= HEADER_REQUESTS_HASH) json_member_hash(w, "requestsHash", &h->requests_hash);
    json_member_hash(w, "sha3Uncles", &h->ommers_hash);
    json_member_hash(w, "stateRoot", &h->state_root);
    json_member_quantity_u64(w, "timestamp", h->timestamp);
    json_member_hash(w, "transactionsRoot", &h->transactions_root);
    if (h->fields >= HEADER_WITHDRAWALS)
        json_member_hash(w, "withdrawalsRoot", &h->withdrawals_root);
}

void view_header(struct json_writer *w, const struct rpc_block *block) {
    json_object_begin(w);
    write_header(w, block);
    json_object_end(w);
}

void view_withdrawals(struct json_writer *w, const struct rpc_block *block) {
    json_key(w, "withdrawals");
    json_array_begin(w);
    for (size_t i = 0; i < block->withdrawal_count; i++) {
        const struct withdrawal *withdrawal = &block->withdrawals[i];
        json_object_begin(w);
        json_member_quantity_u64(w, "index", withdrawal->index);
        json_member_quantity_u64(w, "validatorIndex", withdrawal->validator_index);
        json_member_address(w, "address", &withdrawal->address);
        json_member_quantity_u64(w, "amount", withdrawal->amount_gwei);
        json_object_end(w);
    }
    json_array_end(w);
}

void view_block_members(
    struct json_writer *w, const struct rpc_block *block, bool with_transactions
) {
    write_header(w, block);
    json_member_quantity_u64(w, "size", block->size);
    json_key(w, "transactions");
    json_array_begin(w);
    for (size_t i = 0; i < block->transaction_count; i++) {
        if (with_transactions)
            view_transaction(w, &block->transactions[i], block, i);
        else
            json_hash(w, &block->transactions[i].hash);
    }
    json_array_end(w);
    json_key(w, "uncles");
    json_array_begin(w);
    for (size_t i = 0; i < block->uncle_count; i++) {
        hash32 hash = header_hash(&block->uncles[i]);
        json_hash(w, &hash);
    }
    json_array_end(w);
    if (block->header->fields >= HEADER_WITHDRAWALS) view_withdrawals(w, block);
}

void view_block(struct json_writer *w, const struct rpc_block *block, bool with_transactions) {
    json_object_begin(w);
    view_block_members(w, block, with_transactions);
    json_object_end(w);
}

bool view_has_deposits(const struct rpc_block *block) {
    for (size_t i = 0; i < block->transaction_count; i++)
        if (block->transactions[i].tx->type == TX_DEPOSIT) return true;
    return false;
}

/* --- transactions ----------------------------------------------------------------------------- */

void view_access_list(struct json_writer *w, const struct tx_access *list, size_t count) {
    json_array_begin(w);
    for (size_t i = 0; i < count; i++) {
        json_object_begin(w);
        json_member_address(w, "address", &list[i].address);
        json_key(w, "storageKeys");
        json_array_begin(w);
        for (size_t k = 0; k < list[i].key_count; k++)
            json_hash(w, &list[i].keys[k]);
        json_array_end(w);
        json_object_end(w);
    }
    json_array_end(w);
}

static void write_authorizations(struct json_writer *w, const struct tx *tx) {
    json_key(w, "authorizationList");
    json_array_begin(w);
    for (size_t i = 0; i < tx->authorization_count; i++) {
        const struct tx_authorization *a = &tx->authorization_list[i];
        json_object_begin(w);
        json_member_quantity(w, "chainId", &a->chain_id);
        json_member_address(w, "address", &a->address);
        json_member_quantity_u64(w, "nonce", a->nonce);
        json_member_quantity_u64(w, "yParity", a->y_parity);
        json_member_quantity(w, "r", &a->r);
        json_member_quantity(w, "s", &a->s);
        json_object_end(w);
    }
    json_array_end(w);
}

static void write_hashes(struct json_writer *w, const hash32 *hashes, size_t count) {
    json_array_begin(w);
    for (size_t i = 0; i < count; i++)
        json_hash(w, &hashes[i]);
    json_array_end(w);
}

static void write_blob_hashes(struct json_writer *w, const struct tx *tx) {
    json_key(w, "blobVersionedHashes");
    write_hashes(w, tx->blob_versioned_hashes, tx->blob_count);
}

/* Its own fields, by the names that they have in docs/messaging.md. */
static void write_conditions(struct json_writer *w, const struct tx *tx) {
    json_member_quantity_u64(w, "firstBlock", tx->first_block);
    json_member_quantity_u64(w, "lastBlock", tx->last_block);
    json_member_quantity(w, "priorityFeeDecay", &tx->priority_fee_decay);
    json_key(w, "messageSlots");
    write_hashes(w, tx->message_slots, tx->message_slot_count);
}

/* What a unit of gas costs the sender: EIP-1559 for all types, since in types 0 and 1 both fees are
 * the gas price. */
static u256 effective_gas_price(const struct tx *tx, const struct header *header) {
    if (tx->type == TX_DEPOSIT) return U256_ZERO;
    const u256 *base_fee = &header->base_fee_per_gas;
    u256 tip;
    if (!tx_tip_at(&tip, tx, base_fee, header->number)) return tx->max_fee_per_gas;
    return u256_add(base_fee, &tip);
}

static bool has_fee_caps(const struct tx *tx) {
    switch (tx->type) {
    case TX_LEGACY:
    case TX_ACCESS_LIST:
    case TX_DEPOSIT:
        return false;
    case TX_DYNAMIC_FEE:
    case TX_BLOB:
    case TX_SET_CODE:
    case TX_CONDITIONAL:
        return true;
    }
    return false;
}

/* EIP-155 and before it: v carries the chain id and the parity. A simulated transaction has no
 * signature. */
static u256 legacy_v(const struct tx *tx) {
    if (u256_is_zero(&tx->r) && u256_is_zero(&tx->s)) return U256_ZERO;
    u256 v = u256_from_u64(27u + tx->y_parity);
    if (!tx->is_protected) return v;
    u256 chain = u256_from_u64(tx->chain_id);
    v = u256_from_u64(35u + tx->y_parity);
    v = u256_add(&v, &chain);
    return u256_add(&v, &chain);
}

static void write_signature(struct json_writer *w, const struct tx *tx) {
    bool is_typed = tx->type != TX_LEGACY && tx->type != TX_DEPOSIT;
    if (tx->type == TX_LEGACY) {
        u256 v = legacy_v(tx);
        json_member_quantity(w, "v", &v);
    } else {
        json_member_quantity_u64(w, "v", tx->y_parity);
    }
    json_member_quantity(w, "r", &tx->r);
    json_member_quantity(w, "s", &tx->s);
    if (is_typed) json_member_quantity_u64(w, "yParity", tx->y_parity);
}

static void write_place(struct json_writer *w, const struct rpc_block *block) {
    if (block == NULL || block->is_pending) {
        json_member_null(w, "blockHash");
        json_member_null(w, "blockNumber");
        json_member_null(w, "blockTimestamp");
        return;
    }
    json_member_hash(w, "blockHash", &block->hash);
    json_member_quantity_u64(w, "blockNumber", block->header->number);
    json_member_quantity_u64(w, "blockTimestamp", block->header->timestamp);
}

static void write_index(struct json_writer *w, const struct rpc_block *block, size_t index) {
    if (block == NULL || block->is_pending)
        json_member_null(w, "transactionIndex");
    else
        json_member_quantity_u64(w, "transactionIndex", index);
}

static void write_recipient(struct json_writer *w, const struct tx *tx) {
    if (tx->is_create)
        json_member_null(w, "to");
    else
        json_member_address(w, "to", &tx->to);
}

static void write_deposit(struct json_writer *w, const struct tx *tx) {
    json_member_hash(w, "sourceHash", &tx->source_hash);
    if (!u256_is_zero(&tx->mint)) json_member_quantity(w, "mint", &tx->mint);
    if (tx->is_system) json_member_bool(w, "isSystemTx", true);
}

/* A deposit has no nonce of its own: its receipt says which one its sender had. */
static uint64_t shown_nonce(const struct tx *tx, const struct rpc_block *block, size_t index) {
    if (tx->type != TX_DEPOSIT || block == NULL || block->receipts == NULL) return tx->nonce;
    const struct receipt *receipt = &block->receipts[index];
    return receipt->has_deposit_nonce ? receipt->deposit_nonce : tx->nonce;
}

/* is_bare: only what the transaction says itself, and its hash. */
static void write_transaction(
    struct json_writer *w,
    const struct rpc_transaction *transaction,
    const struct rpc_block *block,
    size_t index,
    bool is_bare
) {
    const struct tx *tx = transaction->tx;
    u256 price = tx->max_fee_per_gas;
    if (block != NULL && !block->is_pending) price = effective_gas_price(tx, block->header);
    json_object_begin(w);
    if (!is_bare) {
        write_place(w, block);
        json_member_address(w, "from", &transaction->sender);
    }
    json_member_quantity_u64(w, "gas", tx->gas_limit);
    if (!is_bare || !has_fee_caps(tx)) json_member_quantity(w, "gasPrice", &price);
    if (has_fee_caps(tx)) {
        json_member_quantity(w, "maxFeePerGas", &tx->max_fee_per_gas);
        json_member_quantity(w, "maxPriorityFeePerGas", &tx->max_priority_fee_per_gas);
    }
    if (tx->type == TX_BLOB) json_member_quantity(w, "maxFeePerBlobGas", &tx->max_fee_per_blob_gas);
    json_member_hash(w, "hash", &transaction->hash);
    json_member_data(w, "input", tx->data);
    json_member_quantity_u64(w, "nonce", shown_nonce(tx, block, index));
    write_recipient(w, tx);
    if (!is_bare) write_index(w, block, index);
    json_member_quantity(w, "value", &tx->value);
    json_member_quantity_u64(w, "type", (uint64_t)tx->type);
    if (tx->type == TX_DEPOSIT) {
        write_deposit(w, tx);
    } else if (tx->type != TX_LEGACY) {
        json_key(w, "accessList");
        view_access_list(w, tx->access_list, tx->access_count);
    }
    if (tx->is_protected && tx->type != TX_DEPOSIT)
        json_member_quantity_u64(w, "chainId", tx->chain_id);
    if (tx->type == TX_BLOB) write_blob_hashes(w, tx);
    if (tx->type == TX_SET_CODE) write_authorizations(w, tx);
    if (tx->type == TX_CONDITIONAL) write_conditions(w, tx);
    write_signature(w, tx);
    json_object_end(w);
}

void view_transaction(
    struct json_writer *w,
    const struct rpc_transaction *transaction,
    const struct rpc_block *block,
    size_t index
) {
    write_transaction(w, transaction, block, index, false);
}

void view_bare_transaction(struct json_writer *w, const struct rpc_transaction *transaction) {
    write_transaction(w, transaction, NULL, 0, true);
}

/* --- receipts and logs ------------------------------------------------------------------------ */

size_t view_logs_before(const struct rpc_block *block, size_t index) {
    size_t count = 0;
    for (size_t i = 0; i < index; i++)
        count += block->receipts[i].log_count;
    return count;
}

static void write_log_members(struct json_writer *w, const struct log *log) {
    json_member_address(w, "address", &log->address);
    json_key(w, "topics");
    json_array_begin(w);
    for (uint32_t i = 0; i < log->topic_count; i++)
        json_hash(w, &log->topics[i]);
    json_array_end(w);
    json_member_data(w, "data", log->data);
}

void view_bare_log(struct json_writer *w, const struct log *log) {
    json_object_begin(w);
    write_log_members(w, log);
    json_object_end(w);
}

void view_placed_log(struct json_writer *w, const struct rpc_log *placed) {
    json_object_begin(w);
    write_log_members(w, &placed->log);
    json_member_quantity_u64(w, "blockNumber", placed->block_number);
    json_member_hash(w, "transactionHash", &placed->tx_hash);
    json_member_quantity_u64(w, "transactionIndex", placed->tx_index);
    json_member_hash(w, "blockHash", &placed->block_hash);
    if (placed->has_timestamp)
        json_member_quantity_u64(w, "blockTimestamp", placed->block_timestamp);
    json_member_quantity_u64(w, "logIndex", placed->log_index);
    json_member_bool(w, "removed", placed->is_removed);
    json_object_end(w);
}

void view_log(
    struct json_writer *w,
    const struct log *log,
    const struct rpc_block *block,
    size_t index,
    size_t log_index
) {
    const struct rpc_log placed = {
        .log = *log,
        .block_number = block->header->number,
        .block_hash = block->hash,
        .has_timestamp = true,
        .block_timestamp = block->header->timestamp,
        .tx_hash = block->transactions[index].hash,
        .tx_index = index,
        .log_index = log_index,
        .is_removed = block->is_removed,
    };
    view_placed_log(w, &placed);
}

/* The address of what a creating transaction made: the last 20 bytes of keccak256(rlp([sender,
 * nonce])) (Yellow Paper, section 7). The list is short, so that all its prefixes are one byte. */
static address created_address(const address *sender, uint64_t nonce) {
    uint8_t list[2 + 20 + 9];
    size_t size = 2 + 20;
    list[1] = 0x80 + 20;
    memcpy(list + 2, sender->b, 20);
    size_t nonce_size = nonce == 0 ? 0 : (71 - (size_t)__builtin_clzll(nonce)) / 8;
    if (nonce == 0 || nonce > 0x7f) list[size++] = (uint8_t)(0x80 + nonce_size);
    for (size_t i = nonce_size; i > 0; i--)
        list[size++] = (uint8_t)(nonce >> 8 * (i - 1));
    list[0] = (uint8_t)(0xc0 + size - 1);
    hash32 hash = keccak256(bytes_of(list, size));
    address created;
    memcpy(created.b, hash.b + 12, 20);
    return created;
}

static void write_receipt_logs(
    struct json_writer *w, const struct rpc_block *block, size_t index, size_t first_log
) {
    const struct receipt *receipt = &block->receipts[index];
    json_key(w, "logs");
    json_array_begin(w);
    for (size_t i = 0; i < receipt->log_count; i++)
        view_log(w, &receipt->logs[i], block, index, first_log + i);
    json_array_end(w);
}

void view_receipt(
    struct json_writer *w, const struct rpc_block *block, size_t index, size_t first_log
) {
    const struct receipt *receipt = &block->receipts[index];
    const struct rpc_transaction *transaction = &block->transactions[index];
    const struct tx *tx = transaction->tx;
    u256 price = effective_gas_price(tx, block->header);
    uint64_t gas_before = index == 0 ? 0 : block->receipts[index - 1].cumulative_gas_used;
    uint64_t nonce = shown_nonce(tx, block, index);
    json_object_begin(w);
    if (tx->type == TX_BLOB) {
        json_member_quantity(w, "blobGasPrice", &block->blob_base_fee);
        json_member_quantity_u64(w, "blobGasUsed", tx->blob_count * (uint64_t)BLOB_GAS_PER_BLOB);
    }
    json_member_hash(w, "blockHash", &block->hash);
    json_member_quantity_u64(w, "blockNumber", block->header->number);
    if (tx->is_create) {
        address created = created_address(&transaction->sender, nonce);
        json_member_address(w, "contractAddress", &created);
    } else {
        json_member_null(w, "contractAddress");
    }
    json_member_quantity_u64(w, "cumulativeGasUsed", receipt->cumulative_gas_used);
    json_member_quantity(w, "effectiveGasPrice", &price);
    json_member_address(w, "from", &transaction->sender);
    json_member_quantity_u64(w, "gasUsed", receipt->cumulative_gas_used - gas_before);
    write_receipt_logs(w, block, index, first_log);
    json_member_data(w, "logsBloom", bytes_of(receipt->bloom.b, sizeof(receipt->bloom.b)));
    if (receipt->has_root)
        json_member_hash(w, "root", &receipt->root);
    else
        json_member_quantity_u64(w, "status", receipt->is_success);
    write_recipient(w, tx);
    json_member_hash(w, "transactionHash", &transaction->hash);
    json_member_quantity_u64(w, "transactionIndex", index);
    json_member_quantity_u64(w, "type", (uint64_t)tx->type);
    if (receipt->has_deposit_nonce)
        json_member_quantity_u64(w, "depositNonce", receipt->deposit_nonce);
    json_object_end(w);
}

/* --- addresses -------------------------------------------------------------------------------- */

void view_checksum_address(char out[42], const address *a) {
    out[0] = '0';
    out[1] = 'x';
    hex_encode(out + 2, address_bytes(a));
    hash32 hash = keccak256(bytes_of(out + 2, 40));
    for (size_t i = 0; i < 40; i++) {
        unsigned nibble = hash.b[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;
        if (nibble >= 8 && out[2 + i] >= 'a') out[2 + i] = (char)(out[2 + i] - 'a' + 'A');
    }
}
