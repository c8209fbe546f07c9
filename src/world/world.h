/* world/world.h: a parent chain and its rollups as one execution: building a parent block whose
 * transactions call across chains (protocol.md section 10).
 *
 *   pass 1   the block runs with an empty table. Where the Hub asks itself for an entry (its
 *   internal
 *            static call `lookup`), the world runs the rollup and answers with the entry found.
 *   prove    the batch is filled with these entries; a prover vouches for it.
 *   pass 2   the same block with the real batch. Nothing is intercepted, only watched: if the Hub
 *   asks
 *            for an entry that was not posted (gas differed, so the call differs), that is one more
 *            entry and one more pass.
 *
 * So the last pass is the block, executed for real; nothing is ever patched to fit. Rollups that an
 * L1 transaction turns out to move get an update in the batch, which begins the passes anew.
 *
 * One world serves one block (or one eth_call) and lives in the arena given. */
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include "batch/payload.h"
#include "chain/block.h"
#include "rollup/fact.h"

#define WORLD_ROLLUPS_MAX 64
#define WORLD_PASSES_MAX  64 /* a block whose entries do not settle by then is given up */

/* A rollup as it stands before the block. */
struct world_rollup {
    const struct rollup_type *type;
    uint64_t rollup_id;
    uint64_t chain_id;
    struct source *base;    /* its state before the block */
    address proof_system;   /* that it is registered with */
    hash32 head;            /* as the Hub has it */
    struct open_block open; /* at that head */
    /* Goes into the payload if the rollup is updated: blocks built since the head, not on the
     * parent yet, then the slot block with these transactions. */
    const struct payload_block *pending;
    size_t pending_count;
    const bytes *slot_txs;
    size_t slot_tx_count;
    /* Messages of the parent that its update imports; the Hub asks for them when it takes the
     * batch, so they must have been sent before. */
    hash32 *message_slots;
    size_t message_slot_count;
    /* Forced transactions that its slot block begins with: the next ones of the Hub's queue. */
    const bytes *forced_txs;
    uint16_t forced_count;
    hash32 forced_hash; /* the Hub's after the last of them; 0 if there are none */
    bool must_move;     /* it is updated even if nothing in the block asks for it */
    const struct rollup_scratch *scratch; /* eth_call on the rollup; else NULL */
    /* A rollup that is a parent itself: what is built on it. Its slot block begins with the batch
     * of its own rollups. Of these options are looked at: schedule, parent (the newest of its
     * blocks: pending, or else the one that is open at the head) and parent_encoded, headers, hub,
     * prover, builder_key and builder, rollups, bundle. Those are no parents. NULL: it has no
     * Hub. */
    const struct world_options *below;
};

struct world_options;
struct world_trace; /* world/trace.h */

/* Vouches for a batch: fills proofs in. input is what verify_input reads. ERR_INPUT: refuses;
 * *reason says why (static or in arena). */
struct world_prover {
    void *context;
    enum err (*prove
    )(void *context,
      struct arena *arena,
      struct batch_proof **proofs,
      size_t *proof_count,
      const char **reason,
      bytes input);
};

/* A transaction for the parent block. */
struct world_tx {
    const struct tx *tx;
    bytes encoded; /* or empty */
    address sender;
};

/* Headers of the parent chain below options->parent, for batches that are anchored there. */
struct world_headers {
    void *context;
    /* *encoded is its RLP, in arena; empty if there is no such block. */
    enum err (*get)(void *context, struct arena *arena, bytes *encoded, uint64_t number);
};

/* A transaction that brings its batch along: instead of the builder, it posts the entries that its
 * own calls need (protocol.md section 5, Bundler). */
struct world_bundle {
    void *context;
    address sender;
    /* Makes the transaction around the calldata of Hub.postBatchTransient. */
    enum err (*make)(void *context, struct arena *arena, struct tx *tx, bytes post);
};

struct world_options {
    struct arena *arena;
    /* The parent chain. */
    struct source *parent_base;
    const struct fork_schedule *schedule;
    const struct header *parent;
    bytes parent_encoded; /* RLP of that header: the anchor of the updates */
    const struct block_attributes *attributes;
    struct block_hashes hashes;
    struct world_headers headers;
    struct evm_code_cache *codes; /* of the parent chain; may be NULL */
    address hub;
    struct world_prover prover;
    hash32 builder_key; /* private key of who posts batches */
    address builder;
    const struct world_rollup *rollups;
    size_t rollup_count;
    const struct world_tx *txs;
    size_t tx_count;
    size_t before_count; /* of txs: so many go before the batch, which imports their messages */
    /* Or NULL; then the block's only transaction, and no txs. Of a rollup that is a parent: its
     * scratch transaction is the one, which make() sees to. */
    const struct world_bundle *bundle;
    bool no_batch;      /* development: the block is built without a batch */
    bool is_simulation; /* eth_call: nothing is proven, the block is not finished */
    /* Of the parent's transactions, batch excluded; skip_… for eth_call. Foreign addresses and gas
     * fields are the world's. The watch is the rollups', too. */
    struct execution_options tx_options;
    /* To see what happened in a block that is there: its transactions, batch included, run as they
     * are, and where the Hub finds an entry the rollup runs too, for the trace. */
    bool is_replay;
    struct world_trace *trace; /* opened for this parent and these rollups; may be NULL */
};

enum world_status {
    WORLD_OK,
    WORLD_BATCH_REVERTED, /* the batch's own transaction failed; reason says why */
    WORLD_PROOF_REFUSED,  /* the prover did not vouch for the batch */
    WORLD_NOT_SETTLED,    /* WORLD_PASSES_MAX passes and still new entries */
    WORLD_BOTH_WAYS,      /* slot blocks call one another both ways; reason_rollup's can wait */
    WORLD_BLOCK_REFUSED,  /* the parent block itself is invalid; verdict says why */
};

/* What became of a transaction of the parent block. */
struct world_tx_result {
    bool is_included;
    enum tx_verdict verdict; /* not included: why */
    size_t index;            /* included: its place in the block */
    /* The reason of the last call in it that had no entry, for the error message. */
    bool had_missing_entry;
    struct fact missing;
    bool has_brought;       /* it has posted a batch of its own, or has tried to */
    uint64_t brought_moves; /* bit i: with it, it has moved rollups[i], unless it was undone */
};

/* What became of a rollup. */
struct world_rollup_result {
    bool is_updated;                   /* an L2TX ran, of whatever batch */
    hash32 head;                       /* the new one, or the old */
    const struct open_block *open;     /* at the new head */
    const struct sealed_block *sealed; /* blocks sealed on the way, newest first; NULL if none */
    struct source_memory *overlay;     /* new nodes and codes */
    const struct world_result *below;  /* of a parent: has_batch, batch, rollups; or NULL */
};

struct world_result {
    enum world_status status;
    char reason[256];            /* not WORLD_OK: for people */
    bytes batch_output;          /* WORLD_BATCH_REVERTED: its revert data */
    uint64_t reason_parent;      /* on which of the rollups that is; 0: on the parent */
    bool is_too_large;           /* WORLD_BATCH_REVERTED: with less in it there may be gas enough */
    uint64_t reason_rollup;      /* which rollup the reason is about; 0 none */
    struct fact missing;         /* WORLD_BATCH_REVERTED: the call that has no fact; of
                                    a result below: the last such call, if any */
    size_t missing_slot_tx;      /* while which of its slot_txs that was; 0 if of none */
    enum block_verdict verdict;  /* WORLD_BLOCK_REFUSED */
    struct block_builder *block; /* WORLD_OK: the finished parent block */
    struct source_memory *overlay; /* its new nodes and codes */
    bool has_batch;                /* behind options->before_count transactions, if they stayed */
    struct batch batch;
    bytes input; /* the batch file with its witness file behind it, as the prover saw them … */
    size_t witness_offset; /* … where that begins */
    bytes bundle_post;     /* bundle: what it posts, proof and all */
    bool has_brought; /* of a rollup that is a parent: a transaction has posted a batch there */
    struct world_tx_result *txs;         /* tx_count of them; with a bundle, one */
    struct world_rollup_result *rollups; /* rollup_count of them */
    unsigned pass_count;
};

/* The storage slot of the Hub that holds a rollup's head. */
u256 world_head_slot(uint64_t rollup_id);

/* Whether a message is the Hub's question to itself that the world answers: a block in which it
 * comes up needs a world. */
bool world_is_lookup(const struct evm_message *message, const address *hub);

/* world_build builds the block. Everything in *result lies in options->arena. Returns ERR_OK with
 * any status; else the failure of an operation (ERR_MEMORY, ERR_IO, ERR_CORRUPT, ERR_MISSING). */
MUST_USE enum err world_build(struct world_result *result, const struct world_options *options);

#endif
