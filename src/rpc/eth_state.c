/* What an account is and holds: balance, nonce, code, storage, proofs. */
#include "crypto/keccak.h"
#include "rpc/arguments.h"
#include "rpc/methods.h"
#include "state/account.h"

#define PROOF_KEYS_MAX 1024 /* as geth bounds them */

static enum rpc_status no_such_block(struct rpc_call *call) {
    return rpc_fail(&call->request, RPC_SERVER_ERROR, "header not found");
}

/* address, block → the account. */
static enum rpc_status read_account(struct rpc_call *call, struct rpc_account *account) {
    address who;
    struct rpc_block_id id;
    enum rpc_status status = argument_address(call, &who, 0);
    if (status == RPC_OK) status = argument_block_id(call, &id, 1);
    if (status != RPC_OK) return status;
    bool is_found = false;
    status = call->chain->operations->account(
        call->chain, &call->request, &is_found, account, &id, &who
    );
    return status == RPC_OK && !is_found ? no_such_block(call) : status;
}

enum rpc_status eth_getBalance(struct rpc_call *call) {
    struct rpc_account account;
    enum rpc_status status = read_account(call, &account);
    if (status == RPC_OK) json_quantity(call->out, &account.balance);
    return status;
}

enum rpc_status eth_getTransactionCount(struct rpc_call *call) {
    struct rpc_account account;
    enum rpc_status status = read_account(call, &account);
    if (status == RPC_OK) json_quantity_u64(call->out, account.nonce);
    return status;
}

static enum rpc_status read_code(struct rpc_call *call, bytes *code) {
    address who;
    struct rpc_block_id id;
    bool is_found = false;
    enum rpc_status status = argument_address(call, &who, 0);
    if (status == RPC_OK) status = argument_block_id(call, &id, 1);
    if (status == RPC_OK)
        status =
            call->chain->operations->code(call->chain, &call->request, &is_found, code, &id, &who);
    return status != RPC_OK || is_found ? status : no_such_block(call);
}

enum rpc_status eth_getCode(struct rpc_call *call) {
    bytes code = BYTES_EMPTY;
    enum rpc_status status = read_code(call, &code);
    if (status == RPC_OK) json_data(call->out, code);
    return status;
}

/* The account as the state has it; one that is not there is empty. */
enum rpc_status eth_getAccount(struct rpc_call *call) {
    struct rpc_account account;
    enum rpc_status status = read_account(call, &account);
    if (status != RPC_OK) return status;
    if (hash32_is_zero(&account.storage_root)) account.storage_root = EMPTY_TRIE_ROOT;
    if (hash32_is_zero(&account.code_hash)) account.code_hash = KECCAK_EMPTY;
    json_object_begin(call->out);
    json_member_quantity_u64(call->out, "nonce", account.nonce);
    json_member_quantity(call->out, "balance", &account.balance);
    json_member_hash(call->out, "storageRoot", &account.storage_root);
    json_member_hash(call->out, "codeHash", &account.code_hash);
    json_object_end(call->out);
    return RPC_OK;
}

enum rpc_status eth_getAccountInfo(struct rpc_call *call) {
    struct rpc_account account;
    bytes code = BYTES_EMPTY;
    enum rpc_status status = read_account(call, &account);
    if (status == RPC_OK) status = read_code(call, &code);
    if (status != RPC_OK) return status;
    json_object_begin(call->out);
    json_member_quantity(call->out, "balance", &account.balance);
    json_member_quantity_u64(call->out, "nonce", account.nonce);
    json_key(call->out, "code");
    json_data(call->out, code);
    json_object_end(call->out);
    return RPC_OK;
}

static enum rpc_status bad_key(struct rpc_call *call, const char *problem, uint32_t token) {
    bytes shown = bytes_slice(json_source(call->json, token), 0, 80);
    return rpc_fail(
        &call->request,
        RPC_INVALID_PARAMS,
        "%s: %.*s",
        problem,
        (int)shown.size,
        (const char *)shown.data
    );
}

enum rpc_status eth_getStorageAt(struct rpc_call *call) {
    address who;
    hash32 key;
    struct rpc_block_id id;
    u256 value = U256_ZERO;
    bool is_short;
    bool is_found = false;
    enum rpc_status status = argument_address(call, &who, 0);
    if (status != RPC_OK) return status;
    uint32_t token = argument_token(call, 1);
    if (token == 0) return argument_missing(call, 1);
    const char *problem = value_storage_key(&key, &is_short, call->json, token);
    if (problem != NULL) return bad_key(call, problem, token);
    status = argument_block_id(call, &id, 2);
    if (status == RPC_OK)
        status = call->chain->operations->slot(
            call->chain, &call->request, &is_found, &value, &id, &who, &key
        );
    if (status != RPC_OK) return status;
    if (!is_found) return no_such_block(call);
    json_word(call->out, &value);
    return RPC_OK;
}

/* One account of eth_getStorageValues: its key in the argument's object and the array of slots. */
static enum rpc_status
write_storage_values(struct rpc_call *call, const struct rpc_block_id *id, uint32_t token) {
    const struct json *json = call->json;
    address who;
    const char *problem = value_address(&who, json, token);
    if (problem != NULL) return argument_fail(call, 0, "address", problem);
    if (json_kind(json, token + 1) != JSON_ARRAY)
        return argument_fail(call, 0, "slots", "not an array");
    json_key_data(call->out, address_bytes(&who));
    json_array_begin(call->out);
    for (uint32_t at = token + 2; at < json->tokens[token + 1].next; at = json->tokens[at].next) {
        hash32 key;
        bool is_short;
        u256 value = U256_ZERO;
        bool is_found = false;
        problem = value_storage_key(&key, &is_short, json, at);
        if (problem != NULL) return bad_key(call, problem, at);
        enum rpc_status status = call->chain->operations->slot(
            call->chain, &call->request, &is_found, &value, id, &who, &key
        );
        if (status != RPC_OK) return status;
        if (!is_found) return no_such_block(call);
        json_word(call->out, &value);
    }
    json_array_end(call->out);
    return RPC_OK;
}

enum rpc_status eth_getStorageValues(struct rpc_call *call) {
    const struct json *json = call->json;
    struct rpc_block_id id;
    enum rpc_status status = argument_block_id(call, &id, 1);
    if (status != RPC_OK) return status;
    uint32_t token = argument_token(call, 0);
    if (token == 0) return argument_missing(call, 0);
    if (json_kind(json, token) != JSON_OBJECT) return argument_fail(call, 0, NULL, "not an object");
    size_t count = 0;
    for (uint32_t at = token + 1; at < json->tokens[token].next; at = json->tokens[at + 1].next)
        count += json->tokens[at + 1].count;
    if (count == 0) return rpc_fail(&call->request, RPC_INVALID_PARAMS, "empty request");
    if (count > PROOF_KEYS_MAX)
        return rpc_fail(
            &call->request, -38026, "too many slots (max %u)", (unsigned)PROOF_KEYS_MAX
        );
    json_object_begin(call->out);
    for (uint32_t at = token + 1; at < json->tokens[token].next; at = json->tokens[at + 1].next) {
        status = write_storage_values(call, &id, at);
        if (status != RPC_OK) return status;
    }
    json_object_end(call->out);
    return RPC_OK;
}

/* --- eth_getProof ----------------------------------------------------------------------------- */

struct proof_keys {
    hash32 *keys;
    bool *is_short; /* given in fewer than 64 digits: shown as a quantity, as geth does */
    size_t count;
};

static enum rpc_status read_proof_keys(struct rpc_call *call, struct proof_keys *out) {
    const struct json *json = call->json;
    uint32_t token = argument_token(call, 1);
    if (token == 0) return RPC_OK;
    if (json_kind(json, token) != JSON_ARRAY) return argument_fail(call, 1, NULL, "not an array");
    size_t count = json->tokens[token].count;
    if (count > PROOF_KEYS_MAX)
        return rpc_fail(
            &call->request,
            RPC_INVALID_PARAMS,
            "too many storage keys requested (max %u, got %zu)",
            (unsigned)PROOF_KEYS_MAX,
            count
        );
    out->keys = arena_alloc_array(call->request.arena, count, sizeof(hash32));
    out->is_short = arena_alloc_array(call->request.arena, count, sizeof(bool));
    if (out->keys == NULL || out->is_short == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    uint32_t at = token + 1;
    for (size_t i = 0; i < count; i++, at = json->tokens[at].next) {
        const char *problem = value_storage_key(&out->keys[i], &out->is_short[i], json, at);
        if (problem != NULL) return bad_key(call, problem, at);
    }
    out->count = count;
    return RPC_OK;
}

static void write_nodes(struct json_writer *w, const bytes *nodes, size_t count) {
    json_array_begin(w);
    for (size_t i = 0; i < count; i++)
        json_data(w, nodes[i]);
    json_array_end(w);
}

static void write_proof(
    struct json_writer *w,
    const struct rpc_proof *proof,
    const address *who,
    const struct proof_keys *keys
) {
    json_object_begin(w);
    json_member_address(w, "address", who);
    json_key(w, "accountProof");
    write_nodes(w, proof->account_nodes, proof->account_node_count);
    json_member_quantity(w, "balance", &proof->account.balance);
    json_member_hash(w, "codeHash", &proof->account.code_hash);
    json_member_quantity_u64(w, "nonce", proof->account.nonce);
    json_member_hash(w, "storageHash", &proof->account.storage_root);
    json_key(w, "storageProof");
    json_array_begin(w);
    for (size_t i = 0; i < keys->count; i++) {
        const struct rpc_storage_proof *slot = &proof->slots[i];
        json_object_begin(w);
        if (keys->is_short[i]) {
            u256 key = u256_load_be(keys->keys[i].b);
            json_member_quantity(w, "key", &key);
        } else {
            json_member_hash(w, "key", &keys->keys[i]);
        }
        json_member_quantity(w, "value", &slot->value);
        json_key(w, "proof");
        write_nodes(w, slot->nodes, slot->node_count);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

enum rpc_status eth_getProof(struct rpc_call *call) {
    address who;
    struct proof_keys keys = {0};
    struct rpc_block_id id;
    struct rpc_proof proof = {0};
    bool is_found = false;
    enum rpc_status status = argument_address(call, &who, 0);
    if (status == RPC_OK) status = read_proof_keys(call, &keys);
    if (status == RPC_OK) status = argument_block_id(call, &id, 2);
    if (status == RPC_OK)
        status = call->chain->operations->proof(
            call->chain, &call->request, &is_found, &proof, &id, &who, keys.keys, keys.count
        );
    if (status != RPC_OK) return status;
    if (!is_found) return no_such_block(call);
    write_proof(call->out, &proof, &who, &keys);
    return RPC_OK;
}
