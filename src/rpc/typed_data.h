/* rpc/typed_data.h: the digest of typed structured data (EIP-712), from the JSON that wallets are
 * given: {types, primaryType, domain, message}. */
#ifndef RPC_TYPED_DATA_H
#define RPC_TYPED_DATA_H

#include "core/arena.h"
#include "rpc/json_reader.h"

#define TYPED_DATA_DEPTH_MAX 32 /* structs and arrays inside one another */
#define TYPED_DATA_TYPES_MAX 128

/* typed_data_digest computes keccak256("\x19\x01" ‖ domain separator ‖ hash of the message).
 *
 * In:      root  the token of the object.
 * Out:     problem  why there is no digest (static text); NULL: there is one.
 * Returns: ERR_OK also with a problem; ERR_MEMORY. */
MUST_USE enum err typed_data_digest(
    hash32 *digest,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t root
);

#endif
