/* conformance/runner.h (hosted): runs a function over many files in several processes.
 *
 * Processes and not threads: a crash in one file is a failure of that file and nothing else, and
 * the code under test needs no thought about sharing. */
#ifndef CONFORMANCE_RUNNER_H
#define CONFORMANCE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>

struct runner_tally {
    size_t passed;
    size_t failed;
};

struct runner_options {
    const char *fork;   /* NULL: all */
    const char *filter; /* only tests whose name contains this; NULL: all */
    unsigned jobs;      /* 0: one for each core */
    bool is_suspending; /* every first touch suspends the execution */
    bool is_verbose;    /* print every case */
};

/* What is done with one file: runs its cases, prints failures (runner_print), counts. */
typedef void
runner_file(const char *path, const struct runner_options *options, struct runner_tally *tally);

/* runner_main reads the arguments (options above, files and folders), runs, prints
 * "N passed, N failed" as the last line and returns the exit status: 1 if anything failed, nothing
 * ran or a process died, 2 if the arguments are wrong. argv[0] is the command's name. */
int runner_main(int argc, char **argv, runner_file *run);

/* One line, written whole even when several processes print. */
__attribute__((format(printf, 1, 2))) void runner_print(const char *format, ...);

#endif
