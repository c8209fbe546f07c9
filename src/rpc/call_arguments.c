#include "rpc/call_arguments.h"

#include <stdlib.h>

/* Reads members of one object until the first that is wrong; the rest are then passed over. */
struct reader {
    const struct json *json;
    struct arena *arena;
    uint32_t object;
    const char *where;
    const char *problem;
};

static void note(struct reader *r, const char *name, const char *problem) {
    if (r->problem != NULL || problem == NULL) return;
    r->where = name;
    r->problem = problem;
}

/* The token of a member, 0 if there is none, it is null, or something was wrong before. */
static uint32_t member(const struct reader *r, const char *name) {
    if (r->problem != NULL) return 0;
    uint32_t token = json_member(r->json, r->object, name);
    return token != 0 && json_kind(r->json, token) == JSON_NULL ? 0 : token;
}

/* read_… return whether the member is there. */
static bool read_address(struct reader *r, address *out, const char *key) {
    uint32_t token = member(r, key);
    if (token == 0) return false;
    note(r, key, value_address(out, r->json, token));
    return true;
}

static bool read_hash(struct reader *r, hash32 *out, const char *key) {
    uint32_t token = member(r, key);
    if (token == 0) return false;
    note(r, key, value_hash(out, r->json, token));
    return true;
}

static bool read_quantity(struct reader *r, u256 *out, const char *key) {
    uint32_t token = member(r, key);
    if (token == 0) return false;
    note(r, key, value_quantity(out, r->json, token));
    return true;
}

static bool read_u64(struct reader *r, uint64_t *out, const char *key) {
    uint32_t token = member(r, key);
    if (token == 0) return false;
    note(r, key, value_quantity_u64(out, r->json, token));
    return true;
}

static bool read_data(struct reader *r, bytes *out, const char *key) {
    uint32_t token = member(r, key);
    if (token == 0) return false;
    note(r, key, value_data(out, r->arena, r->json, token));
    return true;
}

/* A member that is an array; room for its elements in *items. The first element is token + 1. */
static uint32_t
read_array(struct reader *r, void **items, size_t *count, size_t item_size, const char *key) {
    uint32_t token = member(r, key);
    if (token == 0) return 0;
    if (json_kind(r->json, token) != JSON_ARRAY) {
        note(r, key, "not an array");
        return 0;
    }
    *count = r->json->tokens[token].count;
    *items = arena_alloc_zero(r->arena, *count * item_size);
    if (*items != NULL) return token;
    note(r, key, "too long");
    return 0;
}

static const hash32 *read_hashes(struct reader *r, size_t *count, const char *key) {
    void *items = NULL;
    uint32_t token = read_array(r, &items, count, sizeof(hash32), key);
    if (token == 0) return NULL;
    hash32 *hashes = items;
    uint32_t at = token + 1;
    for (size_t i = 0; i < *count; i++, at = r->json->tokens[at].next)
        note(r, key, value_hash(&hashes[i], r->json, at));
    return hashes;
}

static const struct tx_access *read_access_list(struct reader *r, size_t *count, bool *is_there) {
    void *items = NULL;
    uint32_t token = read_array(r, &items, count, sizeof(struct tx_access), "accessList");
    if (token == 0) return NULL;
    *is_there = true;
    struct tx_access *list = items;
    uint32_t at = token + 1;
    for (size_t i = 0; i < *count; i++, at = r->json->tokens[at].next) {
        struct reader entry = {.json = r->json, .arena = r->arena, .object = at};
        if (!read_address(&entry, &list[i].address, "address")) note(&entry, "address", "missing");
        list[i].keys = read_hashes(&entry, &list[i].key_count, "storageKeys");
        note(r, "accessList", entry.problem);
    }
    return list;
}

/* A part of a signature: a number that clients write with all its 32 bytes, leading zeros too. */
static void read_signature_part(struct reader *r, u256 *out, const char *key) {
    uint32_t token = member(r, key);
    hash32 word;
    if (token == 0) return;
    const char *problem = value_hash(&word, r->json, token);
    if (problem == NULL)
        *out = u256_load_be(word.b);
    else
        note(r, key, value_quantity(out, r->json, token));
}

static void read_authorization(struct reader *r, struct tx_authorization *out) {
    u256 parity = U256_ZERO;
    bool is_whole = read_quantity(r, &out->chain_id, "chainId") &&
                    read_address(r, &out->address, "address") && read_u64(r, &out->nonce, "nonce");
    (void)(read_quantity(r, &parity, "yParity") || read_quantity(r, &parity, "v"));
    read_signature_part(r, &out->r, "r");
    read_signature_part(r, &out->s, "s");
    if (!is_whole) note(r, "authorizationList", "chainId, address or nonce is missing");
    if (!u256_fits_u64(&parity) || parity.w[0] > UINT8_MAX) note(r, "yParity", "too large");
    out->y_parity = (uint8_t)parity.w[0];
}

static const struct tx_authorization *read_authorizations(struct reader *r, size_t *count) {
    static const char key[] = "authorizationList";
    void *items = NULL;
    uint32_t token = read_array(r, &items, count, sizeof(struct tx_authorization), key);
    if (token == 0) return NULL;
    struct tx_authorization *list = items;
    uint32_t at = token + 1;
    for (size_t i = 0; i < *count; i++, at = r->json->tokens[at].next) {
        struct reader entry = {.json = r->json, .arena = r->arena, .object = at};
        read_authorization(&entry, &list[i]);
        note(r, key, entry.problem);
    }
    return list;
}

/* "input" is the name of today, "data" the older one; both may be there if they agree. */
static void read_input(struct reader *r, bytes *out) {
    bytes old = BYTES_EMPTY;
    bool has_old = read_data(r, &old, "data");
    bool has_new = read_data(r, out, "input");
    if (!has_new) *out = old;
    if (has_new && has_old && !bytes_equal(old, *out))
        note(r, "input", "both \"data\" and \"input\" are set and not equal");
}

static void read_call(struct reader *r, struct rpc_call_arguments *out) {
    out->has_from = read_address(r, &out->from, "from");
    out->has_to = read_address(r, &out->to, "to");
    out->has_gas = read_u64(r, &out->gas, "gas");
    out->has_gas_price = read_quantity(r, &out->gas_price, "gasPrice");
    out->has_max_fee_per_gas = read_quantity(r, &out->max_fee_per_gas, "maxFeePerGas");
    out->has_max_priority_fee_per_gas =
        read_quantity(r, &out->max_priority_fee_per_gas, "maxPriorityFeePerGas");
    out->has_max_fee_per_blob_gas =
        read_quantity(r, &out->max_fee_per_blob_gas, "maxFeePerBlobGas");
    (void)read_quantity(r, &out->value, "value");
    out->has_nonce = read_u64(r, &out->nonce, "nonce");
    out->has_chain_id = read_u64(r, &out->chain_id, "chainId");
    uint64_t type = 0;
    out->has_type = read_u64(r, &type, "type");
    if (type > UINT8_MAX) note(r, "type", "unknown transaction type");
    out->type = (uint8_t)type;
    read_input(r, &out->data);
    out->access_list = read_access_list(r, &out->access_list_count, &out->has_access_list);
    out->authorizations = read_authorizations(r, &out->authorization_count);
    out->has_authorizations = out->authorizations != NULL;
    out->blob_hashes = read_hashes(r, &out->blob_hash_count, "blobVersionedHashes");
    out->has_blob_hashes = out->blob_hashes != NULL;
}

enum rpc_status
argument_call(struct rpc_call *call, struct rpc_call_arguments *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) return argument_missing(call, index);
    return call_arguments_read(call, out, token, index);
}

enum rpc_status call_arguments_read(
    struct rpc_call *call, struct rpc_call_arguments *out, uint32_t token, uint32_t index
) {
    if (json_kind(call->json, token) != JSON_OBJECT)
        return argument_fail(call, index, NULL, "not an object");
    *out = (struct rpc_call_arguments){0};
    struct reader r = {.json = call->json, .arena = call->request.arena, .object = token};
    read_call(&r, out);
    if (r.problem != NULL) return argument_fail(call, index, r.where, r.problem);
    if (out->has_gas_price && (out->has_max_fee_per_gas || out->has_max_priority_fee_per_gas))
        return rpc_fail(
            &call->request,
            RPC_SERVER_ERROR,
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"
        );
    return RPC_OK;
}

/* --- overrides -------------------------------------------------------------------------------- */

static int compare_slots(const void *a, const void *b) {
    const struct rpc_slot_override *x = a;
    const struct rpc_slot_override *y = b;
    int order = memcmp(x->key.b, y->key.b, sizeof(x->key.b));
    if (order != 0) return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* As settle_accounts. */
static size_t settle_slots(struct rpc_slot_override *slots, size_t count) {
    size_t kept = 0;
    if (count > 1) qsort(slots, count, sizeof(*slots), compare_slots);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && hash32_equal(&slots[i].key, &slots[i + 1].key)) continue;
        slots[kept++] = slots[i];
    }
    return kept;
}

static void read_slots(struct reader *r, struct rpc_account_override *out, const char *key) {
    uint32_t token = member(r, key);
    if (token == 0) return;
    if (json_kind(r->json, token) != JSON_OBJECT) {
        note(r, key, "not an object");
        return;
    }
    out->slot_count = r->json->tokens[token].count;
    struct rpc_slot_override *slots =
        arena_alloc_array(r->arena, out->slot_count, sizeof(struct rpc_slot_override));
    if (slots == NULL) {
        note(r, key, "too long");
        return;
    }
    uint32_t at = token + 1;
    for (size_t i = 0; i < out->slot_count; i++, at = r->json->tokens[at + 1].next) {
        bool is_short;
        note(r, key, value_storage_key(&slots[i].key, &is_short, r->json, at));
        note(r, key, value_storage_key(&slots[i].value, &is_short, r->json, at + 1));
        slots[i].order = i;
    }
    out->slots = slots;
    if (r->problem == NULL) out->slot_count = settle_slots(slots, out->slot_count);
}

static void read_override(struct reader *r, struct rpc_account_override *out) {
    out->has_nonce = read_u64(r, &out->nonce, "nonce");
    out->has_balance = read_quantity(r, &out->balance, "balance");
    out->has_code = read_data(r, &out->code, "code");
    out->has_precompile_target =
        read_address(r, &out->precompile_target, "movePrecompileToAddress");
    out->has_state = member(r, "state") != 0;
    if (out->has_state && member(r, "stateDiff") != 0)
        note(r, "state", "both 'state' and 'stateDiff' are set");
    read_slots(r, out, out->has_state ? "state" : "stateDiff");
}

/* Entries by address, and by order where the address is the same. */
static int compare_accounts(const void *a, const void *b) {
    const struct rpc_account_override *x = a;
    const struct rpc_account_override *y = b;
    int order = memcmp(x->account.b, y->account.b, sizeof(x->account.b));
    if (order != 0) return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Sorts, and keeps the last of those with the same address. Returns how many are left. */
static size_t settle_accounts(struct rpc_account_override *accounts, size_t count) {
    size_t kept = 0;
    if (count > 1) qsort(accounts, count, sizeof(*accounts), compare_accounts);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && address_equal(&accounts[i].account, &accounts[i + 1].account))
            continue;
        accounts[kept++] = accounts[i];
    }
    return kept;
}

enum rpc_status state_overrides_read(
    struct rpc_call *call,
    const struct rpc_account_override **accounts,
    size_t *count,
    uint32_t token,
    uint32_t index
) {
    const struct json *json = call->json;
    size_t read_count = json->tokens[token].count;
    struct rpc_account_override *made =
        arena_alloc_zero(call->request.arena, read_count * sizeof(*made));
    if (made == NULL) return argument_fail(call, index, NULL, "too long");
    uint32_t at = token + 1;
    for (size_t i = 0; i < read_count; i++, at = json->tokens[at + 1].next) {
        const char *problem = value_address(&made[i].account, json, at);
        if (problem != NULL) return argument_fail(call, index, "account", problem);
        if (json_kind(json, at + 1) != JSON_OBJECT)
            return argument_fail(call, index, "account", "not an object");
        struct reader r = {.json = json, .arena = call->request.arena, .object = at + 1};
        read_override(&r, &made[i]);
        if (r.problem != NULL) return argument_fail(call, index, r.where, r.problem);
        made[i].order = i;
    }
    *accounts = made;
    *count = settle_accounts(made, read_count);
    return RPC_OK;
}

enum rpc_status call_state_overrides(
    struct rpc_call *call, struct rpc_simulation *out, uint32_t index, uint32_t token
) {
    if (token == 0) return RPC_OK;
    if (json_kind(call->json, token) != JSON_OBJECT)
        return argument_fail(call, index, NULL, "not an object");
    return state_overrides_read(call, &out->accounts, &out->account_count, token, index);
}

enum rpc_status
argument_state_overrides(struct rpc_call *call, struct rpc_simulation *out, uint32_t index) {
    return call_state_overrides(call, out, index, argument_token(call, index));
}

static const struct withdrawal *read_withdrawals(struct reader *r, size_t *count, bool *is_there) {
    void *items = NULL;
    uint32_t token = read_array(r, &items, count, sizeof(struct withdrawal), "withdrawals");
    if (token == 0) return NULL;
    *is_there = true;
    struct withdrawal *list = items;
    uint32_t at = token + 1;
    for (size_t i = 0; i < *count; i++, at = r->json->tokens[at].next) {
        struct reader entry = {.json = r->json, .arena = r->arena, .object = at};
        if (json_kind(r->json, at) != JSON_OBJECT) note(&entry, "withdrawals", "not an object");
        (void)read_u64(&entry, &list[i].index, "index");
        (void)read_u64(&entry, &list[i].validator_index, "validatorIndex");
        (void)read_address(&entry, &list[i].address, "address");
        (void)read_u64(&entry, &list[i].amount_gwei, "amount");
        note(r, "withdrawals", entry.problem);
    }
    return list;
}

enum rpc_status withdrawals_read(
    struct rpc_call *call, struct rpc_block_overrides *out, uint32_t token, uint32_t index
) {
    struct reader r = {.json = call->json, .arena = call->request.arena, .object = token};
    *out = (struct rpc_block_overrides){0};
    out->withdrawals = read_withdrawals(&r, &out->withdrawal_count, &out->has_withdrawals);
    return r.problem == NULL ? RPC_OK : argument_fail(call, index, r.where, r.problem);
}

enum rpc_status block_overrides_read(
    struct rpc_call *call, struct rpc_block_overrides *out, uint32_t token, uint32_t index
) {
    struct reader r = {.json = call->json, .arena = call->request.arena, .object = token};
    struct rpc_block_overrides *o = out;
    o->has_number = read_u64(&r, &o->number, "number");
    o->has_time = read_u64(&r, &o->time, "time");
    o->has_gas_limit = read_u64(&r, &o->gas_limit, "gasLimit");
    o->has_fee_recipient = read_address(&r, &o->fee_recipient, "feeRecipient") ||
                           read_address(&r, &o->fee_recipient, "coinbase");
    o->has_prev_randao =
        read_hash(&r, &o->prev_randao, "prevRandao") || read_hash(&r, &o->prev_randao, "random");
    o->has_base_fee = read_quantity(&r, &o->base_fee, "baseFeePerGas") ||
                      read_quantity(&r, &o->base_fee, "baseFee");
    o->has_blob_base_fee = read_quantity(&r, &o->blob_base_fee, "blobBaseFee");
    o->has_difficulty = read_quantity(&r, &o->difficulty, "difficulty");
    o->has_beacon_root = read_hash(&r, &o->beacon_root, "beaconRoot");
    o->withdrawals = read_withdrawals(&r, &o->withdrawal_count, &o->has_withdrawals);
    if (r.problem != NULL) return argument_fail(call, index, r.where, r.problem);
    return RPC_OK;
}

enum rpc_status call_block_overrides(
    struct rpc_call *call, struct rpc_simulation *out, uint32_t index, uint32_t token
) {
    if (token == 0) return RPC_OK;
    if (json_kind(call->json, token) != JSON_OBJECT)
        return argument_fail(call, index, NULL, "not an object");
    enum rpc_status status = block_overrides_read(call, &out->overrides, token, index);
    if (status != RPC_OK) return status;
    const char *unfit = out->overrides.has_beacon_root   ? "beaconRoot"
                        : out->overrides.has_withdrawals ? "withdrawals"
                                                         : NULL;
    if (unfit == NULL) return RPC_OK;
    return rpc_fail(
        &call->request,
        RPC_SERVER_ERROR,
        "block override \"%s\" is not supported for this RPC method",
        unfit
    );
}

enum rpc_status
argument_block_overrides(struct rpc_call *call, struct rpc_simulation *out, uint32_t index) {
    return call_block_overrides(call, out, index, argument_token(call, index));
}
