/* world/world_private.h: the state of a world between the passes over a block. */
#ifndef WORLD_WORLD_PRIVATE_H
#define WORLD_WORLD_PRIVATE_H

#include "rollup/predeploys.h"
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

/* The machine that the Hub asks in, and what it runs on. */
struct world_machine {
    struct evm *evm;
    struct journal *journal; /* NULL: nothing has changed */
    struct state *state;
};

/* The world of a rollup that is a parent itself, below that of its own parent (below.c). Its Hub's
 * block is the rollup's slot block, which the world above has run as often as it needs: a pass is
 * over when the rollup's payload changes. */
struct world_above {
    struct world *world;
    size_t index; /* of the rollup there */
    struct rollup_host host;
    /* Every rollup's, and the world's own. */
    address foreign[ROLLUP_FOREIGN_COUNT + 1 + WORLD_ROLLUPS_MAX];
    bytes batch_tx; /* as the payload has it; empty: there is none */
    bytes noted_tx; /* that was looked at last, for a batch of its own */
};

struct world {
    const struct world_options *options;
    struct world_result *result;
    struct arena *arena;
    struct world_above *above; /* NULL: the parent is nobody's rollup */
    struct world **below;      /* of each rollup; NULL: it is no parent */
    size_t chain;              /* of the parent, for the trace … */
    size_t first_chain;        /* … and of the first rollup */
    struct rollup **rollups;   /* rollup_count of each */
    struct source_memory *overlays;
    struct source_recorder *recorders;
    struct source_recorder parent_recorder; /* what rollups read of the parent's anchored states */
    struct source_recorder above_recorder;  /* and where it is a rollup of its parent's */
    struct map parent_headers;              /* hash32 → bytes: and of their headers */
    bytes *payloads;
    size_t *own_firsts; /* in each slot block, of the transactions: the first of slot_txs */

    /* Over all passes. */
    struct map facts;         /* struct fact_key → struct known_fact * (a list) */
    struct map producers;     /* head → struct known_fact * that last led there */
    struct known_fact **used; /* in the order of first use in the current pass */
    size_t used_count;
    size_t used_capacity;
    struct known_fact **posted; /* in the batch's order */
    size_t posted_count;
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
    unsigned free_pass_count; /* passes that were repeated for new scopes, or before the last change
                                 below */
    bytes bundle_post;        /* bundle: the calldata of the current pass's postBatchTransient */

    /* Of the current pass. */
    struct world_machine machine;
    struct block_builder *builder;
    struct state *state;
    struct source_memory *overlay;
    struct fact missing;
    bool has_missing;
    bool is_filled;     /* the batch carries the entries: only watch */
    bool is_proven;     /* and its proofs (in a simulation, as much as there will be) */
    bool keeps_posted;  /* the next batch holds what this one holds */
    bool must_restart;  /* the updates or their order have changed: the passes begin anew */
    bool has_new_scope; /* an entry needs a scope that it did not have: the pass is repeated */
    size_t miss_count;
    enum action_kind input_kind; /* of the lookup being answered */
    size_t begun_count;          /* of order: L2TX delivered */
    bool is_own_batch;           /* what runs posts world->batch */
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

/* What a lookup that finds a record of this size costs the Hub, within a few hundred gas. is_fresh:
 * it was put there by the same transaction. Exactness does not matter: a pass that was off is
 * followed by one more. */
uint64_t hub_lookup_gas(size_t record_size, bool is_fresh);

/* --- world.c --- */
/* Opens the rollups at their heads, with their payloads. */
MUST_USE enum err world_open_rollups(struct world *world);
/* The headers that its rollups may ask for. */
struct parent_headers world_parent_headers(struct world *world);
/* What a pass finds out is forgotten, what it needs is kept. */
void world_open_tables(struct world *world);

/* Whether the pass is of no use any more but for what it has found out. */
bool world_is_over(const struct world *world);

/* After a pass that is over before its time. If only a scope was missing, what it has found so far
 * stays posted: a batch that holds it is what made it come this far (docs/decisions/019). */
MUST_USE enum err world_prepare_again(struct world *world);

/* The machine is at a call of a contract that the world listens to: gives it or declines it; or the
 * pass must restart. */
MUST_USE enum err world_answer_call(struct world *world);
/* Allocates a world with what it keeps over all passes, and the worlds below it. */
MUST_USE enum err world_make(
    struct world **made,
    struct world_result *result,
    const struct world_options *options,
    struct world_above *above
);
/* Where the rollups are in the end, by machine.state. */
MUST_USE enum err world_conclude_rollups(struct world *world);

/* --- below.c: rollups that are parents --- */
MUST_USE enum err world_open_below(struct world *world);
/* Gives a rollup its host. */
void world_listen_below(struct world *world, size_t index);
/* Looks at the worlds below after a pass: *is_changed, their tables were not what was needed; the
 * payloads are made anew and the passes begin again. Or sets the result's status. */
MUST_USE enum err world_renew_below(struct world *world, bool *is_changed);
MUST_USE enum err world_conclude_below(struct world *world);
/* Whether anything is to be posted on this rollup. */
bool world_has_batch_below(const struct world *world, size_t index);

/* --- lookup.c: answering the Hub --- */
MUST_USE enum err world_answer_lookup(struct world *world, const struct hub_lookup *lookup);

/* Whether a rollup's update has begun to run. */
bool world_has_begun(const struct world *world, size_t index);
/* Sees to it that it has when the lookup that is being answered comes again. */
void world_require_begun(struct world *world, size_t index);

/* What the result says why it is not WORLD_OK. */
void world_say(struct world_result *result, const char *text);

/* That it is for the fact which is missing. */
void world_say_missing(struct world *world);

/* The head that the Hub has for a rollup in the middle of the current pass. */
MUST_USE enum err world_stored_head(struct world *world, hash32 *head, uint64_t rollup_id);

/* The rollup of this id, or -1. */
int world_find_rollup(const struct world *world, uint64_t rollup_id);

/* --- batch.c: filling and proving the batch --- */
MUST_USE enum err world_make_payloads(struct world *world);
MUST_USE enum err world_make_updates(struct world *world);
/* Puts the entries of the pass before into the batch, and if it may be the last one has it proven
 * (not in a simulation). */
MUST_USE enum err world_fill(struct world *world, bool may_be_last);
/* Calldata of the Hub that posts it. */
MUST_USE enum err world_make_post(struct world *world, bytes *calldata, bool is_transient);
MUST_USE enum err world_make_batch_tx(struct world *world, struct tx *tx);

/* --- brought.c: batches that transactions bring along --- */
/* The header of the parent's block with this number, as far as options->parent; empty if it is not
 * at hand. */
MUST_USE enum err world_find_header(
    bytes *encoded, const struct world_options *options, struct arena *arena, uint64_t number
);
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
