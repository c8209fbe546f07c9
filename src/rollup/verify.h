/* rollup/verify.h: the statement that every proof system vouches for: every entry of this batch is
 * a true step of the rollups it names, for these updates (protocol.md section 8).
 *
 * The verifier makes each entry anew from its input and compares. It has the batch and a witness
 * and no other access; the same code runs in the node before it signs, and in the guest. */
#ifndef ROLLUP_VERIFY_H
#define ROLLUP_VERIFY_H

#include "rollup/batch.h"
#include "rollup/rollup.h"

/* X(name, text) */
#define VERIFY_VERDICT_LIST(X)                                                              \
    X(OK, "the batch is true")                                                              \
    X(BATCH_MALFORMED, "the batch is not in its canonical encoding")                        \
    X(WITNESS_MALFORMED, "the witness is malformed")                                        \
    X(WITNESS_INCOMPLETE, "the witness lacks a trie node or code that the batch needs")     \
    X(ANCHOR_COUNT, "the witness has not one anchor per update")                            \
    X(ANCHOR_MALFORMED, "an anchor is not a block header")                                  \
    X(ANCHOR_NUMBER, "an anchor's number is not the one its update names")                  \
    X(TOO_MANY_UPDATES, "a rollup has more updates than one batch may hold")                \
    X(UPDATE_UNSUPPORTED, "an update has messages or forced transactions, not built yet")   \
    X(PARAMETERS, "a rollup's own parameters are not those of the statement")               \
    X(OPEN_BLOCK, "an open block does not match the commitment in its state")               \
    X(ENTRY_NO_TRANSITION, "an entry's first transition is not that of its input's rollup") \
    X(ENTRY_NO_FACT, "an entry's input leads nowhere from there")                           \
    X(ENTRY_TRANSITIONS, "an entry's transitions are not what the rollups give")            \
    X(ENTRY_ETHER, "an entry's etherDelta is not what its actions carry")                   \
    X(ENTRY_TRACE, "an entry's trace is not what the rollups say to one another")           \
    X(ENTRY_OUT, "an entry's out-action is not what the rollup gives")

enum verify_verdict {
#define VERIFY_VERDICT_ENUM(name, text) VERIFY_##name,
    VERIFY_VERDICT_LIST(VERIFY_VERDICT_ENUM)
#undef VERIFY_VERDICT_ENUM
};

const char *verify_verdict_name(enum verify_verdict verdict);
const char *verify_verdict_text(enum verify_verdict verdict);

/* Whom the statement is made to. */
struct verify_parent {
    uint64_t chain_id;
    address hub;
    bool names_senders; /* development: as in struct fork_rules; a guest never sets it */
};

#define VERIFY_ROLLUPS_MAX 64

struct verify_result {
    enum verify_verdict verdict;
    size_t entry_index;     /* ENTRY_…: which */
    enum step_verdict step; /* ENTRY_NO_FACT: why */
    uint64_t rollup_id;     /* ENTRY_NO_FACT, PARAMETERS, OPEN_BLOCK: which rollup */
    hash32 public_input;    /* OK */
    uint64_t rollup_ids[VERIFY_ROLLUPS_MAX]; /* OK: every rollup that is covered, ascending */
    size_t rollup_id_count;
};

/* verify_batch checks an encoded batch (batch_encode) against an encoded witness (witness_encode).
 * Returns ERR_OK with any verdict; ERR_MEMORY when the arena is too small for it. */
MUST_USE enum err verify_batch(
    struct verify_result *result,
    struct arena *arena,
    const struct verify_parent *parent,
    bytes batch,
    bytes witness
);

#endif
