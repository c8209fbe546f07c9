/* rpc/payload.h: what testing_buildBlockV1 asks of a chain and what it is given: a block with
 * chosen contents, in the form in which a consensus client gets it from the Engine API. */
#ifndef RPC_PAYLOAD_H
#define RPC_PAYLOAD_H

#include "chain/blobs.h"
#include "rpc/backend.h"

struct rpc_payload_wish {
    hash32 parent; /* must be the newest block */
    uint64_t timestamp;
    hash32 prev_randao;
    address fee_recipient;
    bool has_withdrawals;
    const struct withdrawal *withdrawals;
    size_t withdrawal_count;
    hash32 beacon_root;
    bool has_transactions; /* exactly these; else what the pool has */
    const bytes *transactions;
    size_t transaction_count;
    bytes extra_data;
};

struct rpc_payload {
    struct rpc_block block; /* with transactions */
    u256 value;             /* wei that go to the fee recipient */
    const bytes *requests;  /* EIP-7685: type byte and data; empty ones are left out */
    size_t request_count;
    const struct blob_sidecar *sidecars; /* of blob transactions that came with theirs */
    size_t sidecar_count;
};

#endif
