/* cli/batch_split.h: a batch's files made into inputs that are each about some of its runs
 * (docs/batch-files.md). */
#ifndef CLI_BATCH_SPLIT_H
#define CLI_BATCH_SPLIT_H

#include "verify/verify.h"

/* batch_make_runs makes what the runs of a batch with its witness need besides, or says on stderr,
 * in the name of `lockstep batch`, why it cannot. */
bool batch_make_runs(
    bytes *runs, struct arena *arena, const struct verify_options *options, bytes input
);

/* batch_split reads the folder of a batch and writes another: a file for each share of its runs,
 * named by its number. share_count: how many, or 0 for one of each run; there are no more than
 * runs. Prints what it has written.
 * Returns: false  after a message on stderr. */
bool batch_split(
    const char *from, const char *to, uint64_t share_count, const struct verify_options *options
);

#endif
