/* node/deploy.h: the contracts on a parent, deployed by ordinary transactions of the builder in its
 * first blocks: proof systems and the Hub through the deterministic deployment proxy (so that their
 * addresses follow from code and constructor arguments), then each rollup registered and credited
 * with the ether of its genesis, and the contracts that go with the Hub: Bundler, and on L1
 * MessageService, Messenger, Bridge. */
#ifndef NODE_DEPLOY_H
#define NODE_DEPLOY_H

#include "chain/pool.h"
#include "core/arena.h"
#include "node/keys.h"
#include "rollup/rollup.h"

/* The attesters of KOfN: each with an Attestation of its own, of which so many must vouch. */
#define DEPLOY_ATTESTERS 3u
#define DEPLOY_THRESHOLD 2u

/* All that can be deployed; which are there follows from the rollups' proof systems. */
struct deploy_contracts {
    address hub;
    address attestation;
    address bundler;
    address messages; /* MessageService */
    address messenger;
    address bridge;
    address owner;
    address attesters[DEPLOY_ATTESTERS];
    address k_of_n;
    uint8_t salt; /* of both deployments, its last byte */
    /* The chain is a rollup: its contracts of messages are predeploys, one set for its parent and
     * for its own rollups. */
    bool is_on_rollup;
};

/* What a rollup of this type is registered with. The guest program runs all types; who vouches
 * under a type's vkey has seen in the rollup's state that it is one (verify_result.types). That of
 * an EVM is guest_id, of others keccak256(guest_id ‖ name of the type). */
hash32 deploy_vkey(const struct rollup_type *type);

/* The proof system of this kind (enum node_proof). */
const address *deploy_proof_system(const struct deploy_contracts *contracts, unsigned proof);

/* deploy_addresses computes where the contracts will be, on L1 or on a rollup that is a parent.
 * ERR_MEMORY (arena is for the work). */
MUST_USE enum err deploy_addresses(
    struct deploy_contracts *out,
    struct arena *arena,
    const struct node_keys *keys,
    uint8_t salt,
    bool is_on_rollup
);

struct deploy_rollup {
    hash32 head;    /* state root of its genesis */
    unsigned proof; /* enum node_proof */
    hash32 vkey;    /* deploy_vkey */
    bool has_own_token;
    bool has_messenger;   /* else nobody moves its ether but calls, and no message goes there */
    uint32_t force_delay; /* blocks of the parent; 0: no forced transactions */
    u256 credit_wei;
};

struct deploy_options {
    uint64_t chain_id;
    u256 max_fee_per_gas;
    const struct node_keys *keys;
    struct deploy_contracts contracts;
    const struct deploy_rollup *rollups; /* rollup i + 1 */
    size_t rollup_count;
};

/* deploy_transactions makes and signs the transactions, in order, from the builder's nonce 0 on.
 * Everything lies in arena. ERR_MEMORY, ERR_INPUT (the builder's key). */
MUST_USE enum err deploy_transactions(
    const struct pool_tx **txs,
    size_t *count,
    struct arena *arena,
    const struct deploy_options *options
);

#endif
