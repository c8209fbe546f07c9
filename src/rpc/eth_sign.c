/* Signatures of the development accounts: eth_sign, personal_sign, eth_signTypedData_v4. */
#include "crypto/keccak.h"
#include "rpc/arguments.h"
#include "rpc/methods.h"
#include "rpc/typed_data.h"

#include <stdio.h>

static enum rpc_status sign(struct rpc_call *call, const address *who, const hash32 *digest) {
    uint8_t signature[RPC_SIGNATURE_SIZE];
    enum rpc_status status =
        call->chain->operations->sign(call->chain, &call->request, signature, who, digest);
    if (status == RPC_OK) json_data(call->out, bytes_of(signature, sizeof(signature)));
    return status;
}

/* A message that can be mistaken for nothing else (EIP-191, version 0x45). */
static enum rpc_status sign_message(struct rpc_call *call, uint32_t who_at, uint32_t message_at) {
    address who;
    bytes message;
    char prefix[64];
    enum rpc_status status = argument_address(call, &who, who_at);
    if (status == RPC_OK) status = argument_data(call, &message, message_at);
    if (status != RPC_OK) return status;
    int size = snprintf(
        prefix,
        sizeof(prefix),
        "\x19"
        "Ethereum Signed Message:\n%zu",
        message.size
    );
    hash32 digest = keccak256_two(bytes_of(prefix, (size_t)size), message);
    return sign(call, &who, &digest);
}

enum rpc_status eth_sign(struct rpc_call *call) {
    return sign_message(call, 0, 1);
}

enum rpc_status personal_sign(struct rpc_call *call) {
    return sign_message(call, 1, 0);
}

/* [address, typed data], the data as an object or as its text. */
enum rpc_status eth_signTypedData_v4(struct rpc_call *call) {
    address who;
    hash32 digest;
    bytes text;
    const char *problem = NULL;
    struct json inner;
    enum rpc_status status = argument_address(call, &who, 0);
    uint32_t token = argument_token(call, 1);
    if (status == RPC_OK && token == 0) status = argument_missing(call, 1);
    if (status != RPC_OK) return status;
    struct arena *arena = call->request.arena;
    json_open(&inner);
    enum err err;
    if (json_kind(call->json, token) == JSON_STRING) {
        err = json_unescape(&text, arena, call->json, token);
        if (err == ERR_OK) err = json_parse(&inner, (const char *)text.data, text.size);
        if (err == ERR_INPUT || err == ERR_LIMIT) {
            problem = "not the text of a JSON object";
            err = ERR_OK;
        } else if (err == ERR_OK) {
            err = typed_data_digest(&digest, &problem, arena, &inner, 0);
        }
    } else {
        err = typed_data_digest(&digest, &problem, arena, call->json, token);
    }
    json_close(&inner);
    if (err != ERR_OK) return rpc_fail_err(&call->request, err);
    if (problem != NULL) return argument_fail(call, 1, NULL, problem);
    return sign(call, &who, &digest);
}
