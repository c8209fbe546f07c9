/* core/bench_host.h: measuring, for the benchmarks beside the code. Benchmarks only.
 *
 * A row is name,unit,min,median,max (scripts/bench.sh); a name is area/case/subject. */
#ifndef CORE_BENCH_HOST_H
#define CORE_BENCH_HOST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_SAMPLES 31

static inline double bench_now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Whether a row of this name is asked for: the variable BENCH is empty or its beginning. */
static inline int bench_is_wanted(const char *name) {
    const char *wanted = getenv("BENCH");
    return wanted == NULL || strncmp(name, wanted, strlen(wanted)) == 0;
}

/* Prints a row of the nanoseconds that one of the operations takes of which run does per_run. A
 * sample lasts at least two milliseconds. */
static inline void bench_row(const char *name, double per_run, void (*run)(void)) {
    double samples[BENCH_SAMPLES];
    if (!bench_is_wanted(name)) return;
    long repeats = 1;
    for (;;) {
        double start = bench_now_ns();
        for (long i = 0; i < repeats; i++)
            run();
        if (bench_now_ns() - start > 2e6) break;
        repeats *= 2;
    }
    for (int s = 0; s < BENCH_SAMPLES; s++) {
        double start = bench_now_ns();
        for (long i = 0; i < repeats; i++)
            run();
        samples[s] = (bench_now_ns() - start) / ((double)repeats * per_run);
    }
    qsort(samples, BENCH_SAMPLES, sizeof *samples, bench_compare);
    printf(
        "%s,ns,%.1f,%.1f,%.1f\n",
        name,
        samples[0],
        samples[BENCH_SAMPLES / 2],
        samples[BENCH_SAMPLES - 1]
    );
}

#endif
