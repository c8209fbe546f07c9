#include "rpc/arguments.h"

#include "core/hex.h"

/* --- values ----------------------------------------------------------------------------------- */

/* The text of a string of hexadecimal digits; no such text has an escape in it. */
static const char *hex_text(bytes *text, const struct json *json, uint32_t token) {
    if (json_kind(json, token) != JSON_STRING) return "not a string";
    *text = json_text(json, token);
    if (text->size == 0) return "empty hex string";
    if (text->size < 2 || text->data[0] != '0' || (text->data[1] != 'x' && text->data[1] != 'X'))
        return "hex string without 0x prefix";
    return NULL;
}

static const char *
fixed(uint8_t *out, size_t size, const char *wrong_size, const struct json *json, uint32_t token) {
    bytes text;
    const char *problem = hex_text(&text, json, token);
    if (problem != NULL) return problem;
    if (text.size % 2 != 0) return "hex string of odd length";
    if (text.size != 2 + 2 * size) return wrong_size;
    if (hex_decode_exact(out, size, (const char *)text.data, text.size) != ERR_OK)
        return "invalid hex string";
    return NULL;
}

const char *value_address(address *out, const struct json *json, uint32_t token) {
    return fixed(out->b, 20, "hex string has the wrong length, want 40 digits", json, token);
}

const char *value_hash(hash32 *out, const struct json *json, uint32_t token) {
    return fixed(out->b, 32, "hex string has the wrong length, want 64 digits", json, token);
}

const char *value_quantity(u256 *out, const struct json *json, uint32_t token) {
    bytes text;
    const char *problem = hex_text(&text, json, token);
    if (problem != NULL) return problem;
    if (text.size == 2) return "hex string \"0x\"";
    if (text.size > 3 && text.data[2] == '0') return "hex number with leading zero digits";
    if (text.size > 66) return "hex number > 256 bits";
    if (hex_decode_quantity(out, (const char *)text.data, text.size, false) != ERR_OK)
        return "invalid hex string";
    return NULL;
}

const char *value_quantity_u64(uint64_t *out, const struct json *json, uint32_t token) {
    u256 value;
    const char *problem = value_quantity(&value, json, token);
    if (problem != NULL) return problem;
    if (!u256_fits_u64(&value)) return "hex number > 64 bits";
    *out = value.w[0];
    return NULL;
}

const char *value_number(uint64_t *out, const struct json *json, uint32_t token) {
    enum json_kind kind = json_kind(json, token);
    if (kind != JSON_STRING && kind != JSON_NUMBER) return "not a number";
    bytes text = json_text(json, token);
    u256 value;
    bool is_hex = text.size > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x';
    if (is_hex ? hex_decode_quantity(&value, (const char *)text.data, text.size, true) != ERR_OK
               : u256_from_decimal(&value, (const char *)text.data, text.size) != 0)
        return "not a number";
    if (!u256_fits_u64(&value)) return "number > 64 bits";
    *out = value.w[0];
    return NULL;
}

const char *value_bool(bool *out, const struct json *json, uint32_t token) {
    enum json_kind kind = json_kind(json, token);
    if (kind != JSON_TRUE && kind != JSON_FALSE) return "not a boolean";
    *out = kind == JSON_TRUE;
    return NULL;
}

const char *value_data(bytes *out, struct arena *arena, const struct json *json, uint32_t token) {
    bytes text;
    const char *problem = hex_text(&text, json, token);
    if (problem != NULL) return problem;
    if (text.size % 2 != 0) return "hex string of odd length";
    enum err err = hex_decode(out, arena, (const char *)text.data, text.size);
    if (err == ERR_OK) return NULL;
    return err == ERR_MEMORY ? "hex string too long" : "invalid hex string";
}

const char *
value_storage_key(hash32 *out, bool *is_short, const struct json *json, uint32_t token) {
    if (json_kind(json, token) != JSON_STRING) return "storage key is not a string";
    bytes text = json_text(json, token);
    if (text.size >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x')
        text = bytes_slice(text, 2, text.size);
    if (text.size > 64) return "storage key too long (want at most 32 bytes)";
    char digits[64];
    memset(digits, '0', sizeof(digits));
    if (text.size > 0) memcpy(digits + 64 - text.size, text.data, text.size);
    if (hex_decode_exact(out->b, 32, digits, 64) != ERR_OK) return "invalid hex in storage key";
    *is_short = text.size < 64;
    return NULL;
}

const char *value_block_number(struct rpc_block_id *out, const struct json *json, uint32_t token) {
    static const struct {
        const char *tag;
        enum rpc_block_kind kind;
    } tags[] = {
        {"latest", RPC_BLOCK_LATEST},
        {"pending", RPC_BLOCK_PENDING},
        {"safe", RPC_BLOCK_SAFE},
        {"finalized", RPC_BLOCK_FINALIZED},
        {"earliest", RPC_BLOCK_EARLIEST},
    };
    for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
        if (json_string_is(json, token, tags[i].tag)) {
            *out = (struct rpc_block_id){.kind = tags[i].kind};
            return NULL;
        }
    uint64_t number;
    const char *problem = value_quantity_u64(&number, json, token);
    if (problem != NULL) return problem;
    if (number > INT64_MAX) return "block number larger than int64";
    *out = (struct rpc_block_id){.kind = RPC_BLOCK_NUMBER, .number = number};
    return NULL;
}

/* EIP-1898. */
static const char *
block_id_object(struct rpc_block_id *out, const struct json *json, uint32_t token) {
    uint32_t number = json_member(json, token, "blockNumber");
    uint32_t hash = json_member(json, token, "blockHash");
    if (number != 0 && hash != 0)
        return "cannot specify both blockHash and blockNumber, choose one or the other";
    if (number != 0) return value_block_number(out, json, number);
    if (hash == 0) return "neither blockHash nor blockNumber";
    struct rpc_block_id id = {.kind = RPC_BLOCK_HASH};
    const char *problem = value_hash(&id.hash, json, hash);
    uint32_t canonical = json_member(json, token, "requireCanonical");
    if (problem == NULL && canonical != 0)
        problem = value_bool(&id.must_be_canonical, json, canonical);
    if (problem == NULL) *out = id;
    return problem;
}

const char *value_block_id(struct rpc_block_id *out, const struct json *json, uint32_t token) {
    if (json_kind(json, token) == JSON_OBJECT) return block_id_object(out, json, token);
    if (json_kind(json, token) == JSON_STRING && json_text(json, token).size == 66) {
        struct rpc_block_id id = {.kind = RPC_BLOCK_HASH};
        const char *problem = value_hash(&id.hash, json, token);
        if (problem == NULL) *out = id;
        return problem;
    }
    return value_block_number(out, json, token);
}

/* --- arguments -------------------------------------------------------------------------------- */

uint32_t argument_token(const struct rpc_call *call, uint32_t index) {
    if (index >= call->argument_count) return 0;
    uint32_t token = call->params + 1;
    for (; index > 0; index--)
        token = call->json->tokens[token].next;
    return json_kind(call->json, token) == JSON_NULL ? 0 : token;
}

enum rpc_status
argument_fail(struct rpc_call *call, uint32_t index, const char *where, const char *problem) {
    return rpc_fail(
        &call->request,
        RPC_INVALID_PARAMS,
        "invalid argument %u: %s%s%s",
        index,
        where == NULL ? "" : where,
        where == NULL ? "" : ": ",
        problem
    );
}

enum rpc_status argument_missing(struct rpc_call *call, uint32_t index) {
    return rpc_fail(
        &call->request, RPC_INVALID_PARAMS, "missing value for required argument %u", index
    );
}

static enum rpc_status check(struct rpc_call *call, uint32_t index, const char *problem) {
    return problem == NULL ? RPC_OK : argument_fail(call, index, NULL, problem);
}

enum rpc_status argument_address(struct rpc_call *call, address *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) return argument_missing(call, index);
    return check(call, index, value_address(out, call->json, token));
}

enum rpc_status argument_hash(struct rpc_call *call, hash32 *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) return argument_missing(call, index);
    return check(call, index, value_hash(out, call->json, token));
}

enum rpc_status argument_data(struct rpc_call *call, bytes *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) return argument_missing(call, index);
    return check(call, index, value_data(out, call->request.arena, call->json, token));
}

enum rpc_status argument_quantity_u64(struct rpc_call *call, uint64_t *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) return argument_missing(call, index);
    return check(call, index, value_quantity_u64(out, call->json, token));
}

enum rpc_status argument_number(struct rpc_call *call, uint64_t *out, uint32_t index) {
    if (argument_token(call, index) == 0) return argument_missing(call, index);
    return argument_optional_number(call, out, index);
}

enum rpc_status
argument_block_number(struct rpc_call *call, struct rpc_block_id *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) return argument_missing(call, index);
    return check(call, index, value_block_number(out, call->json, token));
}

enum rpc_status argument_optional_bool(struct rpc_call *call, bool *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) return RPC_OK;
    return check(call, index, value_bool(out, call->json, token));
}

enum rpc_status argument_optional_number(struct rpc_call *call, uint64_t *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) return RPC_OK;
    return check(call, index, value_number(out, call->json, token));
}

enum rpc_status argument_block_id(struct rpc_call *call, struct rpc_block_id *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) {
        *out = (struct rpc_block_id){.kind = RPC_BLOCK_LATEST};
        return RPC_OK;
    }
    return check(call, index, value_block_id(out, call->json, token));
}
