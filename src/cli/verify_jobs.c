#include "cli/verify_jobs.h"

#include <pthread.h>
#include <stdatomic.h>

#define ARENA_SIZE_MAX ((size_t)16 << 30) /* of each thread; it takes what it needs */

struct work {
    const struct verify_files *files;
    atomic_size_t next; /* run that nobody has taken yet */
};

struct worker {
    pthread_t thread;
    struct work *work;
    struct arena notes;   /* what the job keeps */
    struct arena working; /* of one run */
    struct verify_job *job;
    enum err err;
};

static void *work_off(void *context) {
    struct worker *worker = context;
    const size_t count = verify_run_count(worker->work->files);
    while (worker->err == ERR_OK) {
        const size_t run = atomic_fetch_add(&worker->work->next, 1);
        if (run >= count) break;
        arena_reset(&worker->working);
        worker->err = verify_job_run(worker->job, &worker->working, run);
    }
    return NULL;
}

static enum err run_threads(struct worker *workers, size_t count) {
    size_t started = 0;
    enum err err = ERR_OK;
    while (started < count &&
           pthread_create(&workers[started].thread, NULL, work_off, &workers[started]) == 0)
        started++;
    if (started < count) err = ERR_IO;
    for (size_t i = 0; i < started; i++) {
        if (pthread_join(workers[i].thread, NULL) != 0) err = ERR_IO;
        if (err == ERR_OK) err = workers[i].err;
    }
    return err;
}

static enum err run_jobs(
    struct verify_result *result,
    struct arena *arena,
    const struct verify_files *files,
    size_t job_count
) {
    struct work work = {.files = files};
    struct worker *workers = arena_alloc_zero(arena, job_count * sizeof(*workers));
    struct verify_job **jobs = arena_alloc_array(arena, job_count, sizeof(struct verify_job *));
    if (workers == NULL || jobs == NULL) return ERR_MEMORY;
    enum err err = ERR_OK;
    for (size_t i = 0; i < job_count; i++) {
        workers[i].work = &work;
        arena_open(&workers[i].notes, ARENA_SIZE_MAX);
        arena_open(&workers[i].working, ARENA_SIZE_MAX);
        jobs[i] = workers[i].job = verify_job_open(&workers[i].notes, files);
        if (jobs[i] == NULL) err = ERR_MEMORY;
    }
    if (err == ERR_OK) err = run_threads(workers, job_count);
    if (err == ERR_OK) err = verify_conclude(result, files, arena, jobs, job_count);
    for (size_t i = 0; i < job_count; i++) {
        arena_close(&workers[i].working);
        arena_close(&workers[i].notes);
    }
    return err;
}

static enum err
run_one(struct verify_result *result, struct arena *arena, const struct verify_files *files) {
    struct verify_job *job = verify_job_open(arena, files);
    if (job == NULL) return ERR_MEMORY;
    enum err err = verify_job_run_all(job, arena);
    return err == ERR_OK ? verify_conclude(result, files, arena, &job, 1) : err;
}

static void describe(struct verify_outcome *outcome, const struct verify_files *files) {
    const struct witness *witness = verify_witness(files);
    outcome->update_count = verify_batch(files)->update_count;
    outcome->entry_count = verify_batch(files)->entry_count;
    outcome->head_count = witness->head_count;
    outcome->header_count = witness->header_count;
    outcome->node_count = witness->node_count;
    outcome->code_count = witness->code_count;
    outcome->run_count = verify_run_count(files);
    for (size_t i = 0; i < outcome->run_count; i++)
        if (verify_run_size(files, i) > outcome->largest_run)
            outcome->largest_run = verify_run_size(files, i);
}

static enum err verify(
    struct verify_outcome *outcome,
    const struct verify_options *options,
    bytes input,
    bytes runs,
    size_t job_count
) {
    struct arena arena;
    struct verify_files *files;
    struct verify_result *result = &outcome->result;
    *outcome = (struct verify_outcome){0};
    arena_open(&arena, ARENA_SIZE_MAX);
    enum err err = verify_open(&files, result, &arena, options, input, runs);
    if (err == ERR_OK && result->verdict == VERIFY_OK) {
        err = verify_split(files);
        if (err == ERR_OK) describe(outcome, files);
        if (err == ERR_OK && job_count == 1) err = run_one(result, &arena, files);
        if (err == ERR_OK && job_count > 1) err = run_jobs(result, &arena, files, job_count);
    }
    arena_close(&arena);
    return err;
}

enum err verify_with_jobs(
    struct verify_outcome *outcome,
    const struct verify_options *options,
    bytes input,
    bytes runs,
    size_t job_count
) {
    enum err err = ERR_OK;
    if (job_count > 1) err = verify(outcome, options, input, runs, job_count);
    /* A batch that is not true may have other runs than those that the witness was made for. */
    if (err == ERR_OK && (job_count == 1 || outcome->result.verdict == VERIFY_WITNESS_INCOMPLETE))
        err = verify(outcome, options, input, BYTES_EMPTY, 1);
    return err;
}
