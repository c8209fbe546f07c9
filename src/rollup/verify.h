/* rollup/verify.h: the statement that every proof system vouches for: every entry of this batch is
 * a true step of the rollups it names, for these updates (protocol.md section 8).
 *
 * The verifier makes each entry anew from its input and compares. It has a batch file and a witness
 * file (docs/batch-files.md) and no other access; the same code runs in the node before it signs,
 * in `lockstep verify`, and in the guest. */
#ifndef ROLLUP_VERIFY_H
#define ROLLUP_VERIFY_H

#include "rollup/batch_file.h"
#include "rollup/rollup.h"
#include "rollup/witness.h"

/* X(name, text) */
#define VERIFY_VERDICT_LIST(X)                                                              \
    X(OK, "the batch is true")                                                              \
    X(BATCH_FILE, "what should be a batch file is none")                                    \
    X(WITNESS_FILE, "what should be a witness file is none")                                \
    X(BATCH_MALFORMED, "the batch is not in its canonical encoding")                        \
    X(WITNESS_MALFORMED, "the witness is malformed")                                        \
    X(WITNESS_INCOMPLETE, "the witness lacks a trie node or code that the batch needs")     \
    X(WITNESS_SURPLUS, "the witness has something that the batch does not need")            \
    X(CONTEXT_COUNT, "the batch file has not one context per update")                       \
    X(ANCHOR_MISSING, "the witness lacks the header of an update's anchor")                 \
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
    X(ENTRY_OUT, "an entry's out-action is not what the rollup gives")                      \
    X(PUBLIC_INPUT, "the public input that the file claims is not that of its batch")       \
    X(NOT_COVERED, "the statement is to cover a rollup that the witness says nothing of")

enum verify_verdict {
#define VERIFY_VERDICT_ENUM(name, text) VERIFY_##name,
    VERIFY_VERDICT_LIST(VERIFY_VERDICT_ENUM)
#undef VERIFY_VERDICT_ENUM
};

const char *verify_verdict_name(enum verify_verdict verdict);
const char *verify_verdict_text(enum verify_verdict verdict);

/* What a verifier may let pass; the guest lets nothing pass. */
struct verify_options {
    bool names_senders;  /* development: as in struct fork_rules */
    bool allows_surplus; /* a witness with more in it than the batch needs */
};

#define VERIFY_ROLLUPS_MAX BATCH_FILE_ROLLUPS_MAX

struct verify_result {
    enum verify_verdict verdict;
    enum words_fault fault; /* BATCH_FILE, WITNESS_FILE: why */
    size_t entry_index;     /* ENTRY_…: which */
    enum step_verdict step; /* ENTRY_NO_FACT: why */
    uint64_t rollup_id;     /* ENTRY_NO_FACT, PARAMETERS, OPEN_BLOCK, NOT_COVERED: which rollup */
    /* OK: the statement, whose parts are as in the batch file, and the 32 bytes that stand for it:
     * keccak256(abi.encode(rollupIds, publicInput)). */
    hash32 output;
    hash32 public_input;
    uint64_t chain_id; /* of the parent */
    address hub;
    uint64_t rollup_ids[VERIFY_ROLLUPS_MAX]; /* ascending */
    size_t rollup_id_count;
};

/* verify_output is what stands for a statement. ERR_MEMORY. */
MUST_USE enum err verify_output(
    hash32 *output,
    struct arena *arena,
    const uint64_t *rollup_ids,
    size_t rollup_id_count,
    const hash32 *public_input
);

/* verify_input checks a batch file with a witness file behind it.
 * Returns ERR_OK with any verdict; ERR_MEMORY when the arena is too small for it. */
MUST_USE enum err verify_input(
    struct verify_result *result,
    struct arena *arena,
    const struct verify_options *options,
    bytes input
);

/* verify_make_input writes the files for a batch, one behind the other. The statement is to cover
 * all rollups of which the witness has heads; contexts has one item per update. The witness's lists
 * are put into their order. witness_offset is where its file begins. ERR_MEMORY. */
MUST_USE enum err verify_make_input(
    bytes *input,
    size_t *witness_offset,
    struct arena *arena,
    uint64_t chain_id,
    const address *hub,
    const struct batch *batch,
    const struct update_context *contexts,
    struct witness *witness
);

#endif
