/* rpc/arguments.h: the arguments of a call, from JSON to C values.
 *
 * Two layers. value_… read one JSON value and say what is wrong with it (NULL: nothing); argument_…
 * read a positional argument and turn that into the call's error ("invalid argument 1: …", -32602).
 * An argument that is null counts as left out, which for a required one is an error too.
 *
 * The forms are those of execution-apis, as strict as geth: QUANTITY has 0x and no leading zeros,
 * DATA has 0x and an even number of digits. */
#ifndef RPC_ARGUMENTS_H
#define RPC_ARGUMENTS_H

#include "rpc/jsonrpc.h"

/* --- values ----------------------------------------------------------------------------------- */

const char *value_address(address *out, const struct json *json, uint32_t token);
const char *value_hash(hash32 *out, const struct json *json, uint32_t token);
const char *value_quantity(u256 *out, const struct json *json, uint32_t token);
const char *value_quantity_u64(uint64_t *out, const struct json *json, uint32_t token);
/* A quantity in any of the forms people write: "0x10", "16", 16, also with leading zeros. */
const char *value_number(uint64_t *out, const struct json *json, uint32_t token);
const char *value_bool(bool *out, const struct json *json, uint32_t token);
const char *value_data(bytes *out, struct arena *arena, const struct json *json, uint32_t token);
/* A storage key: up to 32 bytes in hexadecimal, 0x and evenness not required, aligned to the right.
 * *is_short: not all 64 digits were there. */
const char *value_storage_key(hash32 *out, bool *is_short, const struct json *json, uint32_t token);
/* A number, a tag, a 32-byte hash, or an object with blockNumber or blockHash (EIP-1898). */
const char *value_block_id(struct rpc_block_id *out, const struct json *json, uint32_t token);
/* The same without hashes, for methods named ByNumber. */
const char *value_block_number(struct rpc_block_id *out, const struct json *json, uint32_t token);

/* --- arguments -------------------------------------------------------------------------------- */

/* The token of an argument, 0 if it is left out or null. */
uint32_t argument_token(const struct rpc_call *call, uint32_t index);

/* argument_fail sets "invalid argument N: problem"; where (may be NULL) is the member concerned. */
enum rpc_status
argument_fail(struct rpc_call *call, uint32_t index, const char *where, const char *problem);
enum rpc_status argument_missing(struct rpc_call *call, uint32_t index);

/* Required ones. */
enum rpc_status argument_address(struct rpc_call *call, address *out, uint32_t index);
enum rpc_status argument_hash(struct rpc_call *call, hash32 *out, uint32_t index);
enum rpc_status argument_data(struct rpc_call *call, bytes *out, uint32_t index);
enum rpc_status argument_quantity_u64(struct rpc_call *call, uint64_t *out, uint32_t index);
enum rpc_status argument_number(struct rpc_call *call, uint64_t *out, uint32_t index);
enum rpc_status
argument_block_number(struct rpc_call *call, struct rpc_block_id *out, uint32_t index);

/* What eth_getLogs takes (rpc/eth_log.c); the lists lie in the request's arena. */
enum rpc_status argument_log_query(struct rpc_call *call, struct log_query *query, uint32_t index);

/* Optional ones: untouched when left out. */
enum rpc_status argument_optional_bool(struct rpc_call *call, bool *out, uint32_t index);
enum rpc_status argument_optional_number(struct rpc_call *call, uint64_t *out, uint32_t index);
/* Latest when left out. */
enum rpc_status argument_block_id(struct rpc_call *call, struct rpc_block_id *out, uint32_t index);

#endif
