/* node/remote_json.h: what a remote node says about blocks, transactions, receipts, logs and
 * accounts, from JSON to C values.
 *
 * The forms are those of execution-apis, read with patience: numbers may have leading zeros,
 * members that are not needed may be anything. What can be checked is not checked here but by who
 * reads: blocks by their hash and roots, accounts by their proof (node/forked.h).
 *
 * Every function: everything lies in arena. ERR_INPUT: *problem, one clause in static storage, says
 * what is missing or malformed; ERR_MEMORY. */
#ifndef NODE_REMOTE_JSON_H
#define NODE_REMOTE_JSON_H

#include "chain/block.h"
#include "rpc/backend.h"
#include "rpc/json_reader.h"
#include "state/proof.h"

/* A block as it stands in an answer; with transactions if they were asked for as objects. */
struct remote_block {
    struct block block; /* tx_encodings are made here; all but ommers */
    hash32 hash;
    hash32 *tx_hashes;
    address *senders;
    size_t ommer_count; /* ommers are named by hash only */
};

/* token: the result of eth_getBlockBy…. Transactions that are hashes give tx_hashes alone. */
MUST_USE enum err remote_read_block(
    struct remote_block *out,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t token
);

/* token: one receipt. */
MUST_USE enum err remote_read_receipt(
    struct receipt *out,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t token
);

/* token: the result of eth_getLogs. */
MUST_USE enum err remote_read_logs(
    const struct rpc_log **out,
    size_t *count,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t token
);

/* One slot of eth_getProof. */
struct remote_slot_proof {
    u256 value;
    const bytes *nodes;
    size_t node_count;
};

struct remote_proof {
    struct account account; /* as stated */
    const bytes *nodes;
    size_t node_count;
    const struct remote_slot_proof *slots;
    size_t slot_count;
};

/* token: the result of eth_getProof. Proofs of more than PROOF_NODES_MAX nodes are refused. */
MUST_USE enum err remote_read_proof(
    struct remote_proof *out,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t token
);

/* Single values: of eth_getBalance and the like, of eth_getStorageAt (which may be 32 bytes), of
 * eth_getCode. */
MUST_USE enum err
remote_read_number(u256 *out, const char **problem, const struct json *json, uint32_t token);
MUST_USE enum err remote_read_data(
    bytes *out, const char **problem, struct arena *arena, const struct json *json, uint32_t token
);

#endif
