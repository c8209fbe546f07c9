/* rollup/fact.h: derives the entry for an in-action by running the rollups themselves.
 *
 * Builder and verifier use the same function: the builder to make an entry, the verifier to make it
 * once more and compare. So an entry is never constructed from a pattern; it falls out of
 * execution.
 *
 * Inside one entry rollups call one another directly; what they say is the trace. The entry ends
 * when something leaves for the parent. */
#ifndef ROLLUP_FACT_H
#define ROLLUP_FACT_H

#include "batch/entry.h"
#include "rollup/rollup.h"

#define FACT_TRACE_MAX   4096 /* lines of one entry's trace */
#define FACT_ROLLUPS_MAX 64   /* rollups that one entry may name */

/* Where each rollup stands when the entry begins. */
struct fact_rollups {
    void *context;
    /* *rollup is NULL if there is no such rollup. ERR_… as its source has them. */
    enum err (*find)(void *context, struct rollup **rollup, hash32 *head, uint64_t rollup_id);
    /* The rollup that is known to have had this head; NULL if there is none. */
    struct rollup *(*find_head)(void *context, const hash32 *head);
};

struct fact {
    struct entry entry; /* arrays and data in the arena given, valid if verdict is STEP_OK */
    uint64_t fresh;     /* bit i: the entry made transitions[i].post; else it goes back there */
    enum step_verdict verdict; /* or why there is no such fact */
    uint64_t verdict_rollup;   /* which rollup said so */
    uint32_t verdict_tx_index; /* STEP_TX_INVALID: which transaction, enum tx_verdict */
    int verdict_tx;
};

/* fact_derive runs input on its rollup, and on whatever rollups it calls, until something leaves
 * for the parent; the machines at the new heads are then registered with their rollups. The entry's
 * scope is false: that is for the builder to decide. Returns ERR_OK also when there is no fact. */
MUST_USE enum err fact_derive(
    struct fact *fact,
    struct arena *arena,
    const struct fact_rollups *rollups,
    const struct action *input
);

#endif
