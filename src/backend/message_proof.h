/* backend/message_proof.h: proof of a message for another chain (contracts/src/interfaces/
 * IMessageService.sol, ParentProof and RollupProof). */
#ifndef BACKEND_MESSAGE_PROOF_H
#define BACKEND_MESSAGE_PROOF_H

#include "rpc/backend.h"

struct hub_root;
struct node_chain;

/* message_proof_for_parent encodes a RollupProof: of one slot of the rollup's MessageService,
 * against a root that the Hub has. In arena; ERR_MEMORY. */
MUST_USE enum err message_proof_for_parent(
    bytes *encoded, struct arena *arena, const struct hub_root *root, const struct rpc_proof *proof
);

/* message_proof writes a proof that the message was said on this chain: for its parent, or for one
 * of its rollups (query->rollup_id not 0), against the newest block of this chain that the other
 * knows. Fails by name if the message was not said, or later than that. */
enum rpc_status message_proof(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_message_query *query
);

#endif
