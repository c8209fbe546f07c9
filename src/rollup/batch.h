/* rollup/batch.h: what is posted in one transaction: updates (each runs one L2TX), entries and
 * their proofs, and the public input that a proof vouches for (protocol.md sections 5 and 8). */
#ifndef ROLLUP_BATCH_H
#define ROLLUP_BATCH_H

#include "rollup/entry.h"

struct update {
    uint64_t rollup_id;
    bytes payload;          /* rollup/payload.h */
    uint64_t anchor_number; /* a past parent block */
    hash32 *message_slots;  /* same-slot messages to import */
    size_t message_slot_count;
    uint16_t forced;    /* how many forced transactions the payload starts with */
    uint64_t timestamp; /* seconds, of its last rollup block */
};

struct batch {
    struct update *updates;
    size_t update_count;
    struct entry *entries;
    size_t entry_count;
};

struct batch_proof {
    address system; /* the IProofSystem contract */
    uint64_t *rollup_ids;
    size_t rollup_id_count;
    bytes data;
};

/* What the Hub adds to an update before it is hashed. */
struct update_context {
    hash32 anchor_hash;
    hash32 forced_hash; /* 0 when forced is 0 */
};

/* abi.encode(batch), the form in which a batch is stored and verified. ERR_MEMORY. */
MUST_USE enum err batch_encode(bytes *encoded, struct arena *arena, const struct batch *batch);

/* batch_decode reads abi.encode(batch) and refuses any encoding but the canonical one.
 * ERR_INPUT, ERR_MEMORY. */
MUST_USE enum err batch_decode(struct batch *batch, struct arena *arena, bytes encoded);

/* batch_decode_calldata reads the batch out of the calldata of postBatch or postBatchTransient, in
 * any encoding that the ABI allows. ERR_INPUT: other calldata; ERR_MEMORY. */
MUST_USE enum err batch_decode_calldata(struct batch *batch, struct arena *arena, bytes calldata);

/* Whether calldata is that of postBatch or postBatchTransient; of the latter. */
bool batch_is_post(bytes calldata);
bool batch_is_transient(bytes calldata);

/* Calldata of Hub.postBatch(batch, proofs), or of postBatchTransient. */
MUST_USE enum err batch_post_calldata(
    bytes *calldata,
    struct arena *arena,
    const struct batch *batch,
    const struct batch_proof *proofs,
    size_t proof_count,
    bool is_transient
);

/* message_slot_count == 0 ? 0 : keccak256(abi.encodePacked(messageSlots)). */
hash32 update_messages_hash(const struct update *update);

/* The in-action L2TX that the Hub delivers for this update; its data lies in arena. */
MUST_USE enum err update_action(
    struct action *action,
    struct arena *arena,
    const struct update *update,
    const struct update_context *context
);

/* publicInput = keccak256(abi.encode(chainid, hub, keccak256(update hashes), keccak256(entry
 * hashes))). contexts has one item per update. */
MUST_USE enum err batch_public_input(
    hash32 *public_input,
    struct arena *arena,
    const struct batch *batch,
    const struct update_context *contexts,
    uint64_t chain_id,
    const address *hub
);

/* The digest that a proof system signs or proves:
 * keccak256(abi.encode(system, vkey, rollupIds, publicInput)). */
MUST_USE enum err batch_statement_digest(
    hash32 *digest,
    struct arena *arena,
    const address *system,
    const hash32 *vkey,
    const uint64_t *rollup_ids,
    size_t rollup_id_count,
    const hash32 *public_input
);

#endif
