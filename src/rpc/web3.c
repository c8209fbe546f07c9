/* web3_*, net_*, rpc_modules, and the eth_ methods that say who the node is. */
#include "crypto/keccak.h"
#include "rpc/lookup.h"
#include "rpc/methods.h"

#include <inttypes.h>
#include <stdio.h>

enum rpc_status web3_clientVersion(struct rpc_call *call) {
    json_cstring(call->out, call->chain->client_version);
    return RPC_OK;
}

enum rpc_status web3_sha3(struct rpc_call *call) {
    bytes data;
    enum rpc_status status = argument_data(call, &data, 0);
    if (status != RPC_OK) return status;
    hash32 hash = keccak256(data);
    json_hash(call->out, &hash);
    return RPC_OK;
}

enum rpc_status net_version(struct rpc_call *call) {
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%" PRIu64, call->chain->chain_id);
    json_cstring(call->out, digits);
    return RPC_OK;
}

enum rpc_status net_listening(struct rpc_call *call) {
    json_bool(call->out, true);
    return RPC_OK;
}

enum rpc_status net_peerCount(struct rpc_call *call) {
    json_quantity_u64(call->out, 0);
    return RPC_OK;
}

/* The name spaces are the beginnings of the methods' names; the table is sorted, so that equal ones
 * stand together. */
enum rpc_status rpc_modules(struct rpc_call *call) {
    size_t count;
    const struct rpc_method *table = method_table(&count);
    size_t last_size = 0;
    json_object_begin(call->out);
    for (size_t i = 0; i < count; i++) {
        size_t size = strcspn(table[i].name, "_");
        if (i > 0 && size == last_size && memcmp(table[i].name, table[i - 1].name, size) == 0)
            continue;
        last_size = size;
        json_key_text(call->out, table[i].name, size);
        json_cstring(call->out, "1.0");
    }
    json_object_end(call->out);
    return RPC_OK;
}

enum rpc_status eth_chainId(struct rpc_call *call) {
    json_quantity_u64(call->out, call->chain->chain_id);
    return RPC_OK;
}

enum rpc_status eth_blockNumber(struct rpc_call *call) {
    json_quantity_u64(call->out, call->chain->operations->head_number(call->chain));
    return RPC_OK;
}

enum rpc_status eth_syncing(struct rpc_call *call) {
    json_bool(call->out, false);
    return RPC_OK;
}

enum rpc_status eth_accounts(struct rpc_call *call) {
    json_array_begin(call->out);
    for (size_t i = 0; i < call->chain->account_count; i++)
        json_address(call->out, &call->chain->accounts[i]);
    json_array_end(call->out);
    return RPC_OK;
}

enum rpc_status eth_coinbase(struct rpc_call *call) {
    json_address(call->out, &call->chain->coinbase);
    return RPC_OK;
}

enum rpc_status eth_mining(struct rpc_call *call) {
    json_bool(call->out, call->chain->operations->mine != NULL);
    return RPC_OK;
}

enum rpc_status eth_hashrate(struct rpc_call *call) {
    json_quantity_u64(call->out, 0);
    return RPC_OK;
}

/* This node forgets nothing: everything from block 0 on can be asked for. */
static void write_capability(struct json_writer *w, const char *name) {
    json_key_text(w, name, strlen(name));
    json_object_begin(w);
    json_member_bool(w, "disabled", false);
    json_member_quantity_u64(w, "oldestBlock", 0);
    json_object_end(w);
}

enum rpc_status eth_capabilities(struct rpc_call *call) {
    static const char *const names[] = {"state", "tx", "logs", "receipts", "blocks", "stateproofs"};
    struct rpc_block_id id = {.kind = RPC_BLOCK_LATEST};
    const struct rpc_block *block;
    enum rpc_status status = lookup_block(call, &block, &id, 0);
    if (status != RPC_OK) return status;
    if (block == NULL) return rpc_fail_err(&call->request, ERR_MISSING);
    json_object_begin(call->out);
    json_key(call->out, "head");
    json_object_begin(call->out);
    json_member_quantity_u64(call->out, "number", block->header->number);
    json_member_hash(call->out, "hash", &block->hash);
    json_object_end(call->out);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        write_capability(call->out, names[i]);
    json_object_end(call->out);
    return RPC_OK;
}
