/* verify/verify_private.h: what the files of verify/verify.h share. */
#ifndef VERIFY_VERIFY_PRIVATE_H
#define VERIFY_VERIFY_PRIVATE_H

#include "verify/verify.h"

/* One witness file. */
struct witness_part {
    struct witness witness;
    struct hashed_list nodes;
    struct hashed_list codes;
};

/* The witness, and what runs need besides. */
#define WITNESS_PARTS_MAX 2

struct verify_files {
    struct arena *arena;
    struct verify_options options;
    const struct share *share; /* which runs it is about; NULL: all of the batch */
    struct batch_file file;    /* where files are made: without the encoded batch */
    struct batch batch;
    struct witness_part parts[WITNESS_PARTS_MAX];
    size_t part_count;
    struct hashed_list headers;        /* of the first part; anchors have been read of it */
    bytes *anchors;                    /* one per update, out of them; empty if it is not opened */
    const bool *is_opened;             /* of each update; NULL: all are */
    const struct witness_head **heads; /* of all parts, in their order; with a share, of its */
    size_t head_count;                 /* heads, NULL where only others' runs begin */
    size_t first_head_count;           /* of these, who may be given before the first entry */
    struct map head_indices;           /* struct head_key → uint64_t, into heads */
    /* Of each head: an entry begins there (without a share: before any leads there; others nobody
     * looks at); an entry leads there. */
    bool *is_begun;
    bool *is_reached;
    /* verify_split */
    size_t *run_entries; /* indices of entries: run by run, ascending in each */
    size_t *run_starts;  /* run_count + 1 of them, into run_entries */
    size_t run_count;
};

struct verify_job {
    const struct verify_files *files;
    struct source_list lists[WITNESS_PARTS_MAX]; /* each the next one's base */
    struct hashed_list headers;                  /* the files', for what rollups read of it */
    bool *is_head_used;                          /* of each head: a run has begun with it */
    struct verify_result result;                 /* the first refusal, by its place */
    size_t place; /* of the refusal: index of the head, or head_count + index of the entry */
    const struct rollup_type *types[VERIFY_ROLLUPS_MAX]; /* as verify_result's; NULL: not seen */
};

/* One execution of entries, all in one arena. */
struct verifier {
    const struct verify_files *files;
    struct arena *arena;
    struct source *source;
    struct parent_headers headers;
    bool *is_head_used; /* the job's; NULL: nobody wants to know */
    struct verify_result result;
    size_t place;
    struct source_memory overlays[VERIFY_ROLLUPS_MAX];
    struct rollup *rollups[VERIFY_ROLLUPS_MAX];
    size_t rollup_count;
};

/* --- share.c --- */

/* Finds the heads of the share among those of the parts. *result may get a verdict. */
MUST_USE enum err
verify_index_share_heads(struct verify_files *files, struct verify_result *result);

/* Cuts the batch at the share's heads and sees what it has to open. *result may get a verdict. */
MUST_USE enum err verify_settle_share(struct verify_files *files, struct verify_result *result);

/* What a result says of a share. ERR_MEMORY. */
MUST_USE enum err
verify_name_share(struct verify_share *named, struct arena *arena, const struct share *share);

/* --- verify.c --- */

/* Makes the lists of a part out of its witness. ERR_INPUT: not in order; ERR_MEMORY. */
MUST_USE enum err verify_open_part(struct witness_part *part, struct arena *arena);

/* Fills in what follows from batch, contexts and parts. *result may get a verdict. */
MUST_USE enum err verify_index(struct verify_files *files, struct verify_result *result);

/* The parent's headers that are given to a job. */
struct parent_headers verify_job_headers(struct verify_job *job);

/* Whether the witness has a head of the rollup; of one without entries the statement says
 * nothing. */
bool verify_is_covered(const struct verify_files *files, uint64_t rollup_id);

/* --- verify_entries.c --- */

/* NULL: no memory. */
struct verifier *verifier_open(
    struct arena *arena,
    const struct verify_files *files,
    struct source *source,
    struct parent_headers headers
);

/* Each leaves a verdict in result. All heads that are given, and all entries; or a run's. */
MUST_USE enum err verifier_run_all(struct verifier *v);
MUST_USE enum err verifier_run(struct verifier *v, size_t run_index);

#endif
