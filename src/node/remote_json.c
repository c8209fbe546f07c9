#include "node/remote_json.h"

#include "core/hex.h"
#include "rpc/arguments.h"

/* Reads members of one object until the first that is wrong; the rest are then passed over. */
struct reader {
    const struct json *json;
    struct arena *arena;
    uint32_t object;
    const char *problem;
    bool has_no_memory;
};

static struct reader reader_of(const struct reader *parent, uint32_t object) {
    return (struct reader){.json = parent->json, .arena = parent->arena, .object = object};
}

static void fail(struct reader *r, const char *problem) {
    if (r->problem == NULL && problem != NULL) r->problem = problem;
}

static void adopt(struct reader *r, const struct reader *inner) {
    fail(r, inner->problem);
    r->has_no_memory = r->has_no_memory || inner->has_no_memory;
}

static enum err end(const struct reader *r, const char **problem) {
    if (r->has_no_memory) return ERR_MEMORY;
    if (r->problem == NULL) return ERR_OK;
    *problem = r->problem;
    return ERR_INPUT;
}

/* The token of a member, 0 if there is none, it is null, or something was wrong before. */
static uint32_t member(const struct reader *r, const char *name) {
    if (r->problem != NULL) return 0;
    uint32_t token = json_member(r->json, r->object, name);
    return token != 0 && json_kind(r->json, token) == JSON_NULL ? 0 : token;
}

static bool has(const struct reader *r, const char *name) {
    return member(r, name) != 0;
}

static const char *number(u256 *out, const struct json *json, uint32_t token) {
    if (json_kind(json, token) != JSON_STRING) return "a number is not a string";
    bytes text = json_text(json, token);
    bool is_zero = text.size == 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x';
    if (is_zero) { /* some write zero so */
        *out = U256_ZERO;
        return NULL;
    }
    if (hex_decode_quantity(out, (const char *)text.data, text.size, true) == ERR_OK) return NULL;
    return "a number is not hexadecimal";
}

/* Members that must be there, unless it is said otherwise. missing is what to say. */
static u256 read_number(struct reader *r, const char *name, const char *missing) {
    u256 value = U256_ZERO;
    uint32_t token = member(r, name);
    fail(r, token == 0 ? missing : number(&value, r->json, token));
    return value;
}

static uint64_t read_u64(struct reader *r, const char *name, const char *missing) {
    u256 value = read_number(r, name, missing);
    if (!u256_fits_u64(&value)) fail(r, "a number does not fit 64 bits");
    return value.w[0];
}

static hash32 read_hash(struct reader *r, const char *name, const char *missing) {
    hash32 value = {{0}};
    uint32_t token = member(r, name);
    if (token == 0)
        fail(r, missing);
    else if (value_hash(&value, r->json, token) != NULL)
        fail(r, "a hash is not 32 bytes of hexadecimal");
    return value;
}

static address read_address(struct reader *r, const char *name, const char *missing) {
    address value = {{0}};
    uint32_t token = member(r, name);
    if (token == 0)
        fail(r, missing);
    else if (value_address(&value, r->json, token) != NULL)
        fail(r, "an address is not 20 bytes of hexadecimal");
    return value;
}

static bytes data_of(struct reader *r, uint32_t token) {
    bytes value = BYTES_EMPTY;
    if (json_kind(r->json, token) != JSON_STRING) {
        fail(r, "data is not a string");
        return value;
    }
    bytes text = json_text(r->json, token);
    enum err err = hex_decode(&value, r->arena, (const char *)text.data, text.size);
    if (err == ERR_MEMORY) r->has_no_memory = true;
    if (err != ERR_OK) fail(r, "data is not hexadecimal");
    return value;
}

static bytes read_data(struct reader *r, const char *name, const char *missing) {
    uint32_t token = member(r, name);
    if (token != 0) return data_of(r, token);
    fail(r, missing);
    return BYTES_EMPTY;
}

static void
read_fixed(struct reader *r, uint8_t *out, size_t size, const char *name, const char *missing) {
    uint32_t token = member(r, name);
    bytes text = token == 0 ? BYTES_EMPTY : json_text(r->json, token);
    if (token == 0)
        fail(r, missing);
    else if (json_kind(r->json, token) != JSON_STRING ||
             hex_decode_exact(out, size, (const char *)text.data, text.size) != ERR_OK)
        fail(r, "data has the wrong length or is not hexadecimal");
}

/* An array that may be missing: room for its elements; the first is *first. */
static void *
read_array(struct reader *r, size_t *count, uint32_t *first, size_t item_size, const char *name) {
    uint32_t token = member(r, name);
    *count = 0;
    *first = 0;
    if (token == 0) return NULL;
    if (json_kind(r->json, token) != JSON_ARRAY) {
        fail(r, "a list is not an array");
        return NULL;
    }
    *first = token + 1;
    void *items = arena_alloc_zero(r->arena, (r->json->tokens[token].count + 1) * item_size);
    if (items == NULL) {
        r->has_no_memory = true;
        fail(r, "too long");
        return NULL;
    }
    *count = r->json->tokens[token].count;
    return items;
}

static const hash32 *read_hashes(struct reader *r, size_t *count, const char *name) {
    uint32_t at;
    hash32 *hashes = read_array(r, count, &at, sizeof *hashes, name);
    for (size_t i = 0; i < *count; i++, at = r->json->tokens[at].next)
        if (value_hash(&hashes[i], r->json, at) != NULL)
            fail(r, "a hash is not 32 bytes of hexadecimal");
    return hashes;
}

/* --- transactions ----------------------------------------------------------------------------- */

static void read_access_list(struct reader *r, struct tx *tx) {
    uint32_t at;
    struct tx_access *list = read_array(r, &tx->access_count, &at, sizeof *list, "accessList");
    for (size_t i = 0; i < tx->access_count; i++, at = r->json->tokens[at].next) {
        struct reader entry = reader_of(r, at);
        list[i].address = read_address(&entry, "address", "an access list lacks an address");
        list[i].keys = read_hashes(&entry, &list[i].key_count, "storageKeys");
        adopt(r, &entry);
    }
    tx->access_list = list;
}

static void read_authorizations(struct reader *r, struct tx *tx) {
    uint32_t at;
    struct tx_authorization *list =
        read_array(r, &tx->authorization_count, &at, sizeof *list, "authorizationList");
    for (size_t i = 0; i < tx->authorization_count; i++, at = r->json->tokens[at].next) {
        struct reader entry = reader_of(r, at);
        const char *parity = has(&entry, "yParity") ? "yParity" : "v";
        list[i].chain_id = read_number(&entry, "chainId", "an authorization lacks chainId");
        list[i].address = read_address(&entry, "address", "an authorization lacks its address");
        list[i].nonce = read_u64(&entry, "nonce", "an authorization lacks its nonce");
        uint64_t y_parity = read_u64(&entry, parity, "an authorization lacks yParity");
        list[i].r = read_number(&entry, "r", "an authorization lacks r");
        list[i].s = read_number(&entry, "s", "an authorization lacks s");
        if (y_parity > UINT8_MAX) fail(&entry, "an authorization's yParity is too large");
        list[i].y_parity = (uint8_t)y_parity;
        adopt(r, &entry);
    }
    tx->authorization_list = list;
}

/* EIP-155: 27 + parity, or 35 + 2 × chain id + parity. */
static void read_legacy_signature(struct reader *r, struct tx *tx) {
    uint64_t v = read_u64(r, "v", "a transaction lacks v");
    tx->is_protected = v >= 35;
    tx->chain_id = tx->is_protected ? (v - 35) / 2 : 0;
    tx->y_parity = (uint8_t)(tx->is_protected ? (v - 35) % 2 : v == 28);
    if (v < 35 && v != 27 && v != 28) fail(r, "a transaction's v is neither 27, 28 nor above 34");
}

static void read_typed(struct reader *r, struct tx *tx) {
    tx->is_protected = true;
    tx->chain_id = read_u64(r, "chainId", "a transaction lacks chainId");
    const char *parity = has(r, "yParity") ? "yParity" : "v";
    uint64_t y_parity = read_u64(r, parity, "a transaction lacks yParity");
    if (y_parity > 1) fail(r, "a transaction's yParity is neither 0 nor 1");
    tx->y_parity = (uint8_t)y_parity;
    read_access_list(r, tx);
    if (tx->type == TX_BLOB) {
        tx->max_fee_per_blob_gas =
            read_number(r, "maxFeePerBlobGas", "a transaction lacks maxFeePerBlobGas");
        tx->blob_versioned_hashes = read_hashes(r, &tx->blob_count, "blobVersionedHashes");
    }
    if (tx->type == TX_SET_CODE) read_authorizations(r, tx);
}

static void read_tx(struct reader *r, struct tx *tx, address *sender) {
    uint64_t type = has(r, "type") ? read_u64(r, "type", "") : 0;
    if (type > TX_SET_CODE) {
        fail(r, "a transaction has a type that this node does not know");
        return;
    }
    *tx = (struct tx){.type = (enum tx_type)type};
    *sender = read_address(r, "from", "a transaction lacks its sender");
    tx->nonce = read_u64(r, "nonce", "a transaction lacks its nonce");
    tx->gas_limit = read_u64(r, "gas", "a transaction lacks its gas");
    tx->value = read_number(r, "value", "a transaction lacks its value");
    tx->data = read_data(r, has(r, "input") ? "input" : "data", "a transaction lacks its input");
    tx->is_create = !has(r, "to");
    if (!tx->is_create) tx->to = read_address(r, "to", "");
    tx->r = read_number(r, "r", "a transaction lacks r");
    tx->s = read_number(r, "s", "a transaction lacks s");
    if (type == TX_LEGACY)
        read_legacy_signature(r, tx);
    else
        read_typed(r, tx);
    if (type <= TX_ACCESS_LIST) {
        tx->max_fee_per_gas = read_number(r, "gasPrice", "a transaction lacks gasPrice");
        tx->max_priority_fee_per_gas = tx->max_fee_per_gas;
        return;
    }
    tx->max_fee_per_gas = read_number(r, "maxFeePerGas", "a transaction lacks maxFeePerGas");
    tx->max_priority_fee_per_gas =
        read_number(r, "maxPriorityFeePerGas", "a transaction lacks maxPriorityFeePerGas");
}

/* --- blocks ----------------------------------------------------------------------------------- */

static enum header_fields fields_of(const struct reader *r) {
    if (has(r, "requestsHash")) return HEADER_REQUESTS_HASH;
    if (has(r, "parentBeaconBlockRoot")) return HEADER_BLOB_GAS;
    if (has(r, "withdrawalsRoot")) return HEADER_WITHDRAWALS;
    return has(r, "baseFeePerGas") ? HEADER_BASE_FEE : HEADER_FRONTIER;
}

static void read_header(struct reader *r, struct header *h) {
    *h = (struct header){.fields = fields_of(r)};
    h->parent_hash = read_hash(r, "parentHash", "a block lacks parentHash");
    h->ommers_hash = read_hash(r, "sha3Uncles", "a block lacks sha3Uncles");
    h->coinbase = read_address(r, "miner", "a block lacks miner");
    h->state_root = read_hash(r, "stateRoot", "a block lacks stateRoot");
    h->transactions_root = read_hash(r, "transactionsRoot", "a block lacks transactionsRoot");
    h->receipts_root = read_hash(r, "receiptsRoot", "a block lacks receiptsRoot");
    read_fixed(r, h->logs_bloom.b, sizeof h->logs_bloom.b, "logsBloom", "a block lacks logsBloom");
    h->difficulty = read_number(r, "difficulty", "a block lacks difficulty");
    h->number = read_u64(r, "number", "a block lacks its number");
    h->gas_limit = read_u64(r, "gasLimit", "a block lacks gasLimit");
    h->gas_used = read_u64(r, "gasUsed", "a block lacks gasUsed");
    h->timestamp = read_u64(r, "timestamp", "a block lacks its timestamp");
    bytes extra = read_data(r, "extraData", "a block lacks extraData");
    if (extra.size > HEADER_EXTRA_DATA_SIZE_MAX)
        fail(r, "a block's extraData is too long");
    else if (extra.size > 0)
        memcpy(h->extra_data, extra.data, extra.size);
    h->extra_data_size = (uint8_t)extra.size;
    h->mix_hash = read_hash(r, "mixHash", "a block lacks mixHash");
    read_fixed(r, h->nonce, sizeof h->nonce, "nonce", "a block lacks its nonce");
    if (h->fields >= HEADER_BASE_FEE)
        h->base_fee_per_gas = read_number(r, "baseFeePerGas", "a block lacks baseFeePerGas");
    if (h->fields >= HEADER_WITHDRAWALS)
        h->withdrawals_root = read_hash(r, "withdrawalsRoot", "a block lacks withdrawalsRoot");
    if (h->fields >= HEADER_BLOB_GAS) {
        h->blob_gas_used = read_u64(r, "blobGasUsed", "a block lacks blobGasUsed");
        h->excess_blob_gas = read_u64(r, "excessBlobGas", "a block lacks excessBlobGas");
        h->parent_beacon_block_root =
            read_hash(r, "parentBeaconBlockRoot", "a block lacks parentBeaconBlockRoot");
    }
    if (h->fields >= HEADER_REQUESTS_HASH)
        h->requests_hash = read_hash(r, "requestsHash", "a block lacks requestsHash");
}

static void read_withdrawals(struct reader *r, struct block *block) {
    uint32_t at;
    struct withdrawal *list =
        read_array(r, &block->withdrawal_count, &at, sizeof *list, "withdrawals");
    for (size_t i = 0; i < block->withdrawal_count; i++, at = r->json->tokens[at].next) {
        struct reader entry = reader_of(r, at);
        list[i].index = read_u64(&entry, "index", "a withdrawal lacks its index");
        list[i].validator_index =
            read_u64(&entry, "validatorIndex", "a withdrawal lacks its validator");
        list[i].address = read_address(&entry, "address", "a withdrawal lacks its address");
        list[i].amount_gwei = read_u64(&entry, "amount", "a withdrawal lacks its amount");
        adopt(r, &entry);
    }
    block->withdrawals = list;
}

static void read_transactions(struct reader *r, struct remote_block *out) {
    uint32_t at;
    size_t count;
    struct tx *txs = read_array(r, &count, &at, sizeof *txs, "transactions");
    out->block.tx_count = count;
    out->tx_hashes = arena_alloc_zero(r->arena, (count + 1) * sizeof *out->tx_hashes);
    if (out->tx_hashes == NULL) r->has_no_memory = true;
    if (count == 0 || r->has_no_memory) return;
    if (json_kind(r->json, at) == JSON_STRING) {
        for (size_t i = 0; i < count; i++, at = r->json->tokens[at].next)
            if (value_hash(&out->tx_hashes[i], r->json, at) != NULL)
                fail(r, "a transaction's hash is not 32 bytes of hexadecimal");
        return;
    }
    bytes *encodings = arena_alloc_zero(r->arena, count * sizeof *encodings);
    out->senders = arena_alloc_zero(r->arena, count * sizeof *out->senders);
    if (encodings == NULL || out->senders == NULL) r->has_no_memory = true;
    for (size_t i = 0; i < count && !r->has_no_memory && r->problem == NULL; i++) {
        struct reader entry = reader_of(r, at);
        out->tx_hashes[i] = read_hash(&entry, "hash", "a transaction lacks its hash");
        read_tx(&entry, &txs[i], &out->senders[i]);
        adopt(r, &entry);
        if (entry.problem == NULL && tx_encode(&encodings[i], r->arena, &txs[i]) != ERR_OK)
            r->has_no_memory = true;
        at = r->json->tokens[at].next;
    }
    out->block.txs = txs;
    out->block.tx_encodings = encodings;
}

enum err remote_read_block(
    struct remote_block *out,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t token
) {
    struct reader r = {.json = json, .arena = arena, .object = token};
    struct remote_block read = {0};
    uint32_t first;
    if (json_kind(json, token) != JSON_OBJECT) fail(&r, "a block is not an object");
    read.hash = read_hash(&r, "hash", "a block lacks its hash");
    read_header(&r, &read.block.header);
    read_transactions(&r, &read);
    read_withdrawals(&r, &read.block);
    (void)read_array(&r, &read.ommer_count, &first, 1, "uncles");
    enum err err = end(&r, problem);
    if (err == ERR_OK) *out = read;
    return err;
}

/* --- receipts and logs ------------------------------------------------------------------------ */

static void read_log(struct reader *r, struct log *log) {
    size_t count;
    const hash32 *topics = read_hashes(r, &count, "topics");
    log->address = read_address(r, "address", "a log lacks its address");
    log->data = read_data(r, "data", "a log lacks its data");
    if (count > LOG_TOPIC_MAX) {
        fail(r, "a log has more than four topics");
        return;
    }
    log->topic_count = (uint32_t)count;
    if (count > 0 && topics != NULL) memcpy(log->topics, topics, count * sizeof *topics);
}

enum err remote_read_receipt(
    struct receipt *out,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t token
) {
    struct reader r = {.json = json, .arena = arena, .object = token};
    struct receipt read = {0};
    if (json_kind(json, token) != JSON_OBJECT) fail(&r, "a receipt is not an object");
    uint64_t type = has(&r, "type") ? read_u64(&r, "type", "") : 0;
    if (type > TX_SET_CODE) fail(&r, "a receipt has a type that this node does not know");
    read.type = (enum tx_type)type;
    read.has_root = !has(&r, "status");
    if (read.has_root)
        read.root = read_hash(&r, "root", "a receipt lacks its status");
    else
        read.is_success = read_u64(&r, "status", "") == 1;
    read.cumulative_gas_used =
        read_u64(&r, "cumulativeGasUsed", "a receipt lacks cumulativeGasUsed");
    uint32_t at;
    struct log *logs = read_array(&r, &read.log_count, &at, sizeof *logs, "logs");
    for (size_t i = 0; i < read.log_count; i++, at = json->tokens[at].next) {
        struct reader entry = reader_of(&r, at);
        read_log(&entry, &logs[i]);
        adopt(&r, &entry);
    }
    read.logs = logs;
    bloom_add_logs(&read.bloom, logs, read.log_count);
    enum err err = end(&r, problem);
    if (err == ERR_OK) *out = read;
    return err;
}

enum err remote_read_logs(
    const struct rpc_log **out,
    size_t *count,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t token
) {
    struct reader r = {.json = json, .arena = arena, .object = token};
    if (json_kind(json, token) != JSON_ARRAY) fail(&r, "the logs are not an array");
    size_t all = r.problem == NULL ? json->tokens[token].count : 0;
    struct rpc_log *logs = arena_alloc_zero(arena, (all + 1) * sizeof *logs);
    if (logs == NULL) return ERR_MEMORY;
    uint32_t at = token + 1;
    for (size_t i = 0; i < all; i++, at = json->tokens[at].next) {
        struct reader entry = reader_of(&r, at);
        read_log(&entry, &logs[i].log);
        logs[i].block_number = read_u64(&entry, "blockNumber", "a log lacks its block");
        logs[i].block_hash = read_hash(&entry, "blockHash", "a log lacks its block's hash");
        logs[i].tx_hash = read_hash(&entry, "transactionHash", "a log lacks its transaction");
        logs[i].tx_index = read_u64(&entry, "transactionIndex", "a log lacks transactionIndex");
        logs[i].log_index = read_u64(&entry, "logIndex", "a log lacks logIndex");
        logs[i].has_timestamp = has(&entry, "blockTimestamp");
        if (logs[i].has_timestamp) logs[i].block_timestamp = read_u64(&entry, "blockTimestamp", "");
        adopt(&r, &entry);
    }
    enum err err = end(&r, problem);
    if (err != ERR_OK) return err;
    *out = logs;
    *count = all;
    return ERR_OK;
}

/* --- accounts --------------------------------------------------------------------------------- */

static const bytes *read_nodes(struct reader *r, size_t *count, const char *name) {
    uint32_t at;
    bytes *nodes = read_array(r, count, &at, sizeof *nodes, name);
    if (*count > PROOF_NODES_MAX) fail(r, "a proof has too many nodes");
    for (size_t i = 0; i < *count && r->problem == NULL; i++, at = r->json->tokens[at].next)
        nodes[i] = data_of(r, at);
    return nodes;
}

enum err remote_read_proof(
    struct remote_proof *out,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t token
) {
    struct reader r = {.json = json, .arena = arena, .object = token};
    struct remote_proof read = {0};
    if (json_kind(json, token) != JSON_OBJECT) fail(&r, "a proof is not an object");
    read.account.balance = read_number(&r, "balance", "a proof lacks the balance");
    read.account.nonce = read_u64(&r, "nonce", "a proof lacks the nonce");
    read.account.code_hash = read_hash(&r, "codeHash", "a proof lacks codeHash");
    read.account.storage_root = read_hash(&r, "storageHash", "a proof lacks storageHash");
    if (!has(&r, "accountProof")) fail(&r, "a proof lacks accountProof");
    read.nodes = read_nodes(&r, &read.node_count, "accountProof");
    uint32_t at;
    struct remote_slot_proof *slots =
        read_array(&r, &read.slot_count, &at, sizeof *slots, "storageProof");
    for (size_t i = 0; i < read.slot_count; i++, at = json->tokens[at].next) {
        struct reader entry = reader_of(&r, at);
        slots[i].value = read_number(&entry, "value", "a slot's proof lacks its value");
        if (!has(&entry, "proof")) fail(&entry, "a slot's proof lacks its nodes");
        slots[i].nodes = read_nodes(&entry, &slots[i].node_count, "proof");
        adopt(&r, &entry);
    }
    read.slots = slots;
    enum err err = end(&r, problem);
    if (err == ERR_OK) *out = read;
    return err;
}

enum err
remote_read_number(u256 *out, const char **problem, const struct json *json, uint32_t token) {
    u256 value;
    const char *wrong = token == 0 ? "a number is null" : number(&value, json, token);
    if (wrong != NULL) {
        *problem = wrong;
        return ERR_INPUT;
    }
    *out = value;
    return ERR_OK;
}

enum err remote_read_data(
    bytes *out, const char **problem, struct arena *arena, const struct json *json, uint32_t token
) {
    struct reader r = {.json = json, .arena = arena};
    if (token == 0) fail(&r, "data is null");
    bytes read = token != 0 ? data_of(&r, token) : BYTES_EMPTY;
    enum err err = end(&r, problem);
    if (err == ERR_OK) *out = read;
    return err;
}
