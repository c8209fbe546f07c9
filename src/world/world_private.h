/* world/world_private.h: the state of a world between the passes over a block. */
#ifndef WORLD_WORLD_PRIVATE_H
#define WORLD_WORLD_PRIVATE_H

#include "state/state.h"
#include "world/world.h"

/* A fact that some pass has needed. */
struct known_fact {
    struct entry entry;
    hash32 entry_hash;
    uint64_t fresh;                 /* as fact.fresh */
    struct known_fact *next_of_key; /* another under the same (rollup, head, action) */
    bool is_used;                   /* in world->used */
    unsigned posted_in_pass;        /* the last pass whose batch held it; 0: none */
};

/* Facts are looked up by this. */
struct fact_key {
    uint64_t rollup_id;
    hash32 head;
    hash32 action_hash;
};

struct world {
    const struct world_options *options;
    struct world_result *result;
    struct arena *arena;
    struct rollup **rollups; /* rollup_count of each */
    struct source_memory *overlays;
    struct source_recorder *recorders;
    bytes *payloads;

    /* Over all passes. */
    struct map facts;         /* struct fact_key → struct known_fact * (a list) */
    struct map producers;     /* head → struct known_fact * that last led there */
    struct known_fact **used; /* in the order of first use in the current pass */
    size_t used_count;
    size_t used_capacity;
    struct batch batch; /* what the current pass posts */
    struct batch_proof *proofs;
    size_t proof_count;
    size_t order[WORLD_ROLLUPS_MAX]; /* indices of the rollups to update, in the batch's order */
    size_t order_count;
    /* Contracts whose calls come out of the parent's machine: the Hub, and each proof system
     * once. */
    address foreign[1 + WORLD_ROLLUPS_MAX];
    size_t foreign_count;
    uint64_t precedes[WORLD_ROLLUPS_MAX]; /* bit j of i: i has to come before j */
    unsigned scope_pass_count;            /* passes that were repeated for new scopes */
    bytes bundle_post; /* bundle: the calldata of the current pass's postBatchTransient */

    /* Of the current pass. */
    struct block_builder *builder;
    struct state *state;
    struct source_memory *overlay;
    struct fact missing;
    bool has_missing;
    bool is_filled; /* the batch carries the entries: only watch */
    bool must_restart;
    bool
        has_new_scope; /* an entry needs a scope that it did not have: the pass is to be repeated */
    size_t miss_count;
    size_t begun_count; /* of order: L2TX delivered */
    bool is_own_batch;  /* what runs posts world->batch */
    /* Of batches that transactions bring along (brought.c). */
    bool has_brought;
    struct map brought; /* struct fact_key → nothing: entries that they have put into the table */
    uint64_t brought_moves; /* bit i: such a batch has moved rollup i */
};

/* --- hub.c: the Hub as the world sees it --- */

/* A call of the Hub to itself: lookup(rollupId, head, action, alternative). */
struct hub_lookup {
    uint64_t rollup_id;
    hash32 head;
    struct action action;
    uint64_t alternative;
};

/* *is_lookup is false if the call is another one. action's data is a view into the call's input. */
void hub_read_lookup(
    struct hub_lookup *lookup, bool *is_lookup, const struct evm_message *call, const address *hub
);

/* abi.encode(Outcome) of an entry, or of "not found" if it is NULL. */
MUST_USE enum err hub_encode_outcome(
    bytes *encoded, struct arena *arena, const struct entry *entry, const hash32 *entry_hash
);

/* What a lookup of this entry costs the Hub, within a few hundred gas. Exactness does not matter: a
 * pass that was off is followed by one more. */
uint64_t hub_lookup_gas(const struct entry *entry);

/* --- lookup.c: answering the Hub --- */
MUST_USE enum err world_answer_lookup(struct world *world, const struct hub_lookup *lookup);

/* What the result says why it is not WORLD_OK. */
void world_say(struct world_result *result, const char *text);

/* The head that the Hub has for a rollup in the middle of the current pass. */
MUST_USE enum err world_stored_head(struct world *world, hash32 *head, uint64_t rollup_id);

/* The rollup of this id, or -1. */
int world_find_rollup(const struct world *world, uint64_t rollup_id);

/* --- batch.c: filling and proving the batch --- */
MUST_USE enum err world_make_payloads(struct world *world);
MUST_USE enum err world_make_updates(struct world *world);
/* Puts the entries of the pass before into the batch, and has it proven (not in a simulation). */
MUST_USE enum err world_fill(struct world *world);
/* Calldata of the Hub that posts it. */
MUST_USE enum err world_make_post(struct world *world, bytes *calldata, bool is_transient);
MUST_USE enum err world_make_batch_tx(struct world *world, struct tx *tx);

/* --- brought.c: batches that transactions bring along --- */
MUST_USE enum err world_key_of(
    struct fact_key *key,
    struct arena *arena,
    uint64_t rollup_id,
    const hash32 *head,
    const struct action *action
);
/* Under which key an entry is found; it has a transition. */
MUST_USE enum err
world_entry_key(struct fact_key *key, struct world *world, const struct entry *entry);
/* Reads the calldata of a call of the Hub, if it posts a batch. */
MUST_USE enum err world_note_batch(struct world *world, bytes calldata);
/* Whether a transaction has put an entry under this key into the table (or has tried to). */
bool world_is_brought(const struct world *world, const struct fact_key *key);
/* An L2TX that a transaction brought along runs. */
void world_note_moved(struct world *world, uint64_t rollup_id);

#endif
