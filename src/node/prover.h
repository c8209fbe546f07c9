/* node/prover.h: the proof of a batch in this process: the check is run on batch and witness, and
 * only then does the attester sign (protocol.md section 8, Attestation). */
#ifndef NODE_PROVER_H
#define NODE_PROVER_H

#include "rpc/metrics.h"
#include "world/world.h"

struct prover {
    uint64_t parent_chain_id;
    address hub;
    address system; /* the Attestation contract */
    hash32 vkey;
    hash32 attester_key;
    struct metrics_histogram *duration; /* takes the time of each proof; may be NULL */
    bool names_senders;                 /* it vouches for impersonated transactions, too */
};

/* The program that a signature vouches for: keccak256 of the name of these rules. The guest
 * program's hash takes its place when there is one. */
hash32 prover_vkey(void);

/* For world_options: context is the struct prover. */
enum err prover_prove(
    void *context,
    struct arena *arena,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes batch,
    bytes witness
);

#endif
