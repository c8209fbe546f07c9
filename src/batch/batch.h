/* batch/batch.h: what is posted in one transaction: updates (each runs one L2TX), entries and
 * their proofs, and the public input that a proof vouches for (protocol.md sections 5 and 8). */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include "batch/entry.h"

/* What the Hub adds to an update before it is hashed. */
struct update_context {
    hash32 anchor_hash;
    hash32 forced_hash; /* 0 when forced is 0 */
};

struct update {
    uint64_t rollup_id;
    bytes payload;          /* batch/payload.h */
    uint64_t anchor_number; /* a past parent block */
    hash32 *message_slots;  /* same-slot messages to import */
    size_t message_slot_count;
    uint16_t forced;    /* how many forced transactions the payload's slot block starts with */
    uint64_t timestamp; /* seconds, of its last rollup block */
    /* Decoded: what the entries that name this update say that the Hub adds to it. The Hub does
     * not read that, but takes them for facts of what it adds itself: who vouches compares. */
    bool has_context;
    struct update_context context;
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

/* At most so many of each can be named in one batch. */
#define BATCH_ROLLUPS_MAX   255
#define BATCH_ADDRESSES_MAX UINT16_MAX
#define BATCH_HEADS_MAX     0x8000 /* given ones, and as many derived ones */
#define BATCH_DATA_MAX      0xffffff

/* batch_encode packs a batch: the form in which it is posted, stored and verified. Numbers are
 * big-endian; contracts/src/types/Packed.sol draws it, but for the trace, which the Hub does not
 * read:
 *
 *   trace  size of what follows 4 ‖ how many lines 2, each
 *          kind 3 bits ‖ isStatic or failed 8 ‖ hasValue 16 ‖ rollup 1 ‖ unless a REVERT: source
 *          rollup 1 ‖ CALL: source 2 ‖ target 2 ‖ unless a REVERT: gas 8 ‖ [value 32] ‖ size 3 ‖
 * data
 *
 * A batch has one encoding. Rollups ascend. Addresses and heads stand in their lists in the order
 * in which the entries first name them, pre before post; none twice, none that is not named, and no
 * derived head if the same was given before. An L2TX is of the first update that it is of, if there
 * is one, and those of one update say the same of it; a head is derived where it can be.
 *
 * ERR_INPUT: an action has something in a field that its kind has no use for, or a kind that cannot
 * stand there; ERR_LIMIT: more of something than there is room for; ERR_MEMORY. */
MUST_USE enum err batch_encode(bytes *encoded, struct arena *arena, const struct batch *batch);

/* batch_decode reads a packed batch and refuses any encoding but the canonical one. Data are views
 * into the input. ERR_INPUT, ERR_MEMORY. */
MUST_USE enum err batch_decode(struct batch *batch, struct arena *arena, bytes encoded);

/* batch_decode_calldata reads the batch out of the calldata of postBatch or postBatchTransient.
 * ERR_INPUT: other calldata; ERR_MEMORY. */
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

/* What a forced transaction may take, or it is skipped, and how many can be due in one update:
 * contracts/src/parent/Registry.sol. */
#define FORCED_TX_GAS 1000000u
#define FORCED_MAX    8u

/* The hash of a rollup's forced transactions once the next one is taken, from that of those
 * before it (none: 0), as the Hub has it (IHub.sol, Forced). */
hash32 update_forced_hash(const hash32 *before, bytes tx);

/* The in-action L2TX that the Hub delivers for this update; its data lies in arena. */
MUST_USE enum err update_action(
    struct action *action,
    struct arena *arena,
    const struct update *update,
    const struct update_context *context
);

/* publicInput = keccak256(abi.encode(chainid, hub, keccak256(encoded batch), keccak256(anchorHash ‖
 * forcedHash of each update))). contexts has one item per update. ERR_MEMORY. */
MUST_USE enum err batch_public_input(
    hash32 *public_input,
    struct arena *arena,
    bytes encoded,
    const struct update_context *contexts,
    size_t context_count,
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
