/* conformance/runner.h (hosted): runs the cases of many files in several processes.
 *
 * Processes and not threads: a crash in one case is a failure of that case and nothing else, and
 * the code under test needs no thought about sharing.
 *
 * Large files come first. When all files are begun, a process that has nothing left to do joins
 * others at theirs: every case is claimed by the one process that runs it, so that the cores are
 * busy until the last cases. */
#ifndef CONFORMANCE_RUNNER_H
#define CONFORMANCE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>

struct runner_options {
    const char *fork;    /* NULL: all */
    const char *filter;  /* only tests whose name contains this; NULL: all */
    unsigned jobs;       /* 0: one for each core */
    unsigned slowest;    /* how many of the slowest files to print at the end */
    int progress;        /* the file descriptor progress is written to; -1: none */
    unsigned one_in;     /* statetest: only one case in so many; 0, 1: all */
    const char *machine; /* statetest: an ELF that runs each case, too (state_machine.h); or NULL */
    bool is_suspending;  /* every first touch suspends the execution */
    bool is_verbose;     /* print every case */
};

/* One process at one file. */
struct runner;

/* What is done with one file: for all of its cases in order, if runner_claim says so, the case is
 * run, failures are printed (runner_print), and it is counted. */
typedef void
runner_file(const char *path, const struct runner_options *options, struct runner *runner);

/* Whether this process is to run the next case of the file. */
bool runner_claim(struct runner *runner);

/* Counts a case under its group ("Cancun"), which has a line of its own in the report. */
void runner_count(struct runner *runner, const char *group, bool is_passed);

/* runner_main reads the arguments (options above, files and folders), runs, prints
 * "N passed, N failed" as the last line and returns the exit status: 1 if anything failed, nothing
 * ran or a process died, 2 if the arguments are wrong. argv[0] is the command's name. */
int runner_main(int argc, char **argv, runner_file *run);

/* One line, written whole even when several processes print. */
__attribute__((format(printf, 1, 2))) void runner_print(const char *format, ...);

#endif
