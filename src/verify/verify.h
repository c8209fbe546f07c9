/* verify/verify.h: the statement that every proof system vouches for: every entry of this batch is
 * a true step of the rollups it names, for these updates (protocol.md section 8).
 *
 * The verifier makes each entry anew from its input and compares. It has a batch file and a witness
 * file (docs/batch-files.md) and no other access; the same code runs in the node before it signs,
 * in `lockstep verify`, and in the guest. */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "batch/batch_file.h"
#include "batch/share.h"
#include "batch/witness.h"
#include "rollup/rollup.h"

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
    X(FORCED_HASH, "an update has forced transactions or the hash of some, but not both")   \
    X(UPDATE_CONTEXT,                                                                       \
      "an entry of an update is a fact of another anchor, or of other forced ones")         \
    X(PARAMETERS, "a rollup's own parameters are not those of the statement")               \
    X(KIND, "a rollup is of a kind that is not known here, or of two kinds")                \
    X(OPEN_BLOCK, "an open block does not match the commitment in its state")               \
    X(ENTRY_NO_TRANSITION, "an entry's first transition is not that of its input's rollup") \
    X(ENTRY_NO_FACT, "an entry's input leads nowhere from there")                           \
    X(ENTRY_TRANSITIONS, "an entry's transitions are not what the rollups give")            \
    X(ENTRY_ETHER, "an entry's etherDelta is not what its actions carry")                   \
    X(ENTRY_TRACE, "an entry's trace is not what the rollups say to one another")           \
    X(ENTRY_OUT, "an entry's out-action is not what the rollup gives")                      \
    X(PUBLIC_INPUT, "the public input that the file claims is not that of its batch")       \
    X(NOT_COVERED, "the statement is to cover a rollup that the witness says nothing of")   \
    X(SHARE_FILE, "what should be a share file is none")                                    \
    X(SHARE_HEAD, "the share cuts the batch at a head that no entry begins at")             \
    X(SHARE_RUNS, "the share is of another number of runs than the batch has")

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
    bool takes_shares;   /* an input that is about some of a batch's runs only */
    /* The parent's forks, which those in the rollups' state are then compared with; NULL: those
     * are what the heads commit to, and so registered. */
    const struct fork_schedule *schedule;
};

#define VERIFY_ROLLUPS_MAX BATCH_FILE_ROLLUPS_MAX

/* Of the total runs into which the heads that split is the name of (batch/share.h) cut the batch,
 * count from the first. Shares of the same statement and split, of which each run is in one, state
 * together what the batch's own output stands for. */
struct verify_share {
    hash32 split;
    uint64_t first, count, total;
};

struct verify_result {
    enum verify_verdict verdict;
    enum words_fault fault; /* BATCH_FILE, WITNESS_FILE, SHARE_FILE: why */
    size_t entry_index;     /* ENTRY_…: which */
    enum step_verdict step; /* ENTRY_NO_FACT: why */
    uint64_t rollup_id;     /* ENTRY_NO_FACT, PARAMETERS, KIND, OPEN_BLOCK, NOT_COVERED: whose */
    /* OK: the statement, whose parts are as in the batch file, and the 32 bytes that stand for it:
     * keccak256(abi.encode(rollupIds, publicInput)); of a share as verify_output says. */
    hash32 output;
    hash32 public_input;
    uint64_t chain_id; /* of the parent */
    address hub;
    uint64_t rollup_ids[VERIFY_ROLLUPS_MAX]; /* ascending */
    /* Of which kind each is, as its state says: a proof under a program's vkey covers none of
     * another. NULL: nothing that was run is this rollup's. */
    const struct rollup_type *types[VERIFY_ROLLUPS_MAX];
    size_t rollup_id_count;
    struct verify_share share; /* total is 0: the statement is about the whole batch */
};

/* verify_output is what stands for a statement, or, unless share is NULL, for the part of it that
 * is about a share: keccak256(abi.encode(rollupIds, publicInput, split, first, count, total)).
 * ERR_MEMORY. */
MUST_USE enum err verify_output(
    hash32 *output,
    struct arena *arena,
    const uint64_t *rollup_ids,
    size_t rollup_id_count,
    const hash32 *public_input,
    const struct verify_share *share
);

/* verify_input checks a batch file with a witness file behind it; with takes_shares, and a share
 * file before it, that part of it alone.
 * Returns ERR_OK with any verdict; ERR_MEMORY when the arena is too small for it. */
MUST_USE enum err verify_input(
    struct verify_result *result,
    struct arena *arena,
    const struct verify_options *options,
    bytes input
);

/* --- runs ------------------------------------------------------------------------------------- */

/* The same in parts, which several threads may do: entries that lead from idle heads to idle heads
 * are made anew without the others. How small the parts are hangs on which heads are given: those
 * of the witness, and those in the middle of the batch that a further witness has ("runs",
 * docs/batch-files.md). */
struct verify_files;
struct verify_job;

/* verify_open reads the files: input as verify_input's, and runs, which may be empty. All must
 * outlive what it makes, in arena. *result gets a verdict if they are refused: there is nothing to
 * run then. ERR_MEMORY. */
MUST_USE enum err verify_open(
    struct verify_files **files,
    struct verify_result *result,
    struct arena *arena,
    const struct verify_options *options,
    bytes input,
    bytes runs
);

/* verify_split finds the runs. ERR_MEMORY. */
MUST_USE enum err verify_split(struct verify_files *files);
size_t verify_run_count(const struct verify_files *files);
size_t verify_run_size(const struct verify_files *files, size_t run_index); /* in entries */

/* What was read. */
const struct batch *verify_batch(const struct verify_files *files);
const struct witness *verify_witness(const struct verify_files *files);

/* A job is what one thread has found; files are not changed by it. NULL: no memory. */
struct verify_job *verify_job_open(struct arena *arena, const struct verify_files *files);

/* verify_job_run checks one run; arena may be reset afterwards. ERR_MEMORY. */
MUST_USE enum err verify_job_run(struct verify_job *job, struct arena *arena, size_t run_index);

/* verify_job_run_all checks all entries with one machine, as verify_input does: nothing is made
 * twice; of a share, its runs. Not where a further witness was given, which nobody reads then. */
MUST_USE enum err verify_job_run_all(struct verify_job *job, struct arena *arena);

/* verify_conclude puts together what the jobs have found once each run was somebody's. The first
 * entry that they refuse is the one that verify_input refuses, but where it is refused as
 * WITNESS_INCOMPLETE: a false entry may read what its run lacks, and false heads make other runs.
 * ERR_MEMORY. */
MUST_USE enum err verify_conclude(
    struct verify_result *result,
    const struct verify_files *files,
    struct arena *arena,
    struct verify_job *const *jobs,
    size_t job_count
);

/* --- making files ----------------------------------------------------------------------------- */

/* What is to be said of a batch. */
struct verify_claim {
    uint64_t chain_id; /* of the parent */
    address hub;
    const struct batch *batch;
    const struct update_context *contexts; /* one per update */
    struct witness *witness;               /* its lists are put into their order */
    /* verify_record: where others than the anchors' are; NULL: nowhere. */
    const struct parent_headers *parent_headers;
};

/* verify_make_input writes the two files, one behind the other. The statement covers all rollups of
 * which the witness has heads. witness_offset is where its file begins. ERR_MEMORY. */
MUST_USE enum err verify_make_input(
    bytes *input, size_t *witness_offset, struct arena *arena, const struct verify_claim *claim
);

/* verify_list_heads says which heads have to be given for a batch: those that no entry before the
 * one that begins there leads to. Their open blocks are left to the caller. ERR_MEMORY. */
MUST_USE enum err verify_list_heads(
    struct witness_head **heads, size_t *count, struct arena *arena, const struct batch *batch
);

/* verify_record checks a batch against a state that is at hand, all rollups' and the parent's in
 * one source, and puts the nodes and codes that this reads into the claim's witness, and headers
 * that rollups read; it has heads and the anchors' headers.
 * *result gets a verdict; WITNESS_INCOMPLETE: the source lacks something. ERR_MEMORY, ERR_IO. */
MUST_USE enum err verify_record(
    struct verify_result *result,
    struct arena *arena,
    const struct verify_options *options,
    const struct verify_claim *claim,
    struct source *source
);

/* verify_make_runs makes the further witness with which the batch splits as far as it can, out of
 * an input that is true: *runs is a witness file, or empty where the input alone is enough. scratch
 * is reset. *result gets a verdict. ERR_MEMORY. */
MUST_USE enum err verify_make_runs(
    bytes *runs,
    struct verify_result *result,
    struct arena *arena,
    struct arena *scratch,
    const struct verify_options *options,
    bytes input
);

/* verify_make_share makes the input that is about count of the runs, from the first on, of a batch
 * with its witness (input) and what its runs need besides (runs, which may be empty: fewer heads to
 * cut it at). How many there are verify_split says of the same two. *result gets the verdict on
 * these runs. ERR_LIMIT: there are not so many; ERR_MEMORY. */
MUST_USE enum err verify_make_share(
    bytes *share,
    struct verify_result *result,
    struct arena *arena,
    const struct verify_options *options,
    bytes input,
    bytes runs,
    uint64_t first,
    uint64_t count
);

#endif
