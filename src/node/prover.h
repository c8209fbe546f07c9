/* node/prover.h: the proofs of a batch in this process: the check is run on batch and witness, and
 * only then does anybody sign (protocol.md section 8): for each proof system that the batch's
 * rollups stand on, who vouches there. Of KOfN's attesters those that are down say nothing. */
#ifndef NODE_PROVER_H
#define NODE_PROVER_H

#include "node/deploy.h"
#include "rpc/metrics.h"
#include "world/world.h"

struct prover {
    uint64_t parent_chain_id;
    const struct deploy_contracts *contracts;
    const struct node_keys *keys;
    const struct node_options *options; /* which rollup stands on what */
    size_t first_place;                 /* of the parent's rollup 1; its others follow */
    unsigned attesters_down;            /* a bit each */
    struct metrics_histogram *duration; /* takes the time of each proof; may be NULL */
    const struct fork_schedule *parent_schedule;
    bool names_senders; /* it vouches for impersonated transactions, too */
};

/* For world_options: context is the struct prover. */
enum err prover_prove(
    void *context,
    struct arena *arena,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes input
);

#endif
