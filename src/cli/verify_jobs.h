/* cli/verify_jobs.h: checking a batch's files by several threads, each run of the batch by one. */
#ifndef CLI_VERIFY_JOBS_H
#define CLI_VERIFY_JOBS_H

#include "verify/verify.h"

#define VERIFY_JOBS_MAX 256

struct verify_outcome {
    struct verify_result result;
    size_t update_count;
    size_t entry_count;
    size_t head_count, header_count, node_count, code_count; /* of the witness */
    size_t run_count;
    size_t largest_run; /* in entries */
};

/* verify_with_jobs: with one job as verify_input, and runs is not looked at. The outcome is the
 * same with any number. Returns ERR_OK with any verdict; ERR_MEMORY; ERR_IO: a thread cannot
 * begin. */
MUST_USE enum err verify_with_jobs(
    struct verify_outcome *outcome,
    const struct verify_options *options,
    bytes input,
    bytes runs,
    size_t job_count
);

#endif
