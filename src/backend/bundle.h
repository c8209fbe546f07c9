/* backend/bundle.h: lockstep_prepareBundle: a transaction for somebody who posts the batch of his
 * own calls in that same transaction, through a Bundler (contracts/src/parent/Bundler.sol).
 *
 * What the attester signs for it is what it signs for every batch: entries that it has made anew
 * from a witness. They are facts about the rollups as they stand, bound to their heads, so whoever
 * posts them, and whenever, they can be used for nothing but what is true; who makes the calls is
 * for the Hub to see. Once a rollup has moved they are worth nothing. */
#ifndef BACKEND_BUNDLE_H
#define BACKEND_BUNDLE_H

#include "rpc/backend.h"

#define BUNDLE_CALLS_MAX 256

struct node_chain;

enum rpc_status bundle_prepare(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_bundle *wish
);

#endif
