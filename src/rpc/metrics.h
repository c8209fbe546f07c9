/* rpc/metrics.h: numbers for Prometheus, in its text exposition format 0.0.4, and what the RPC
 * server counts of its methods.
 *
 * A family is a HELP and a TYPE line and then its samples. Names end as Prometheus wants it: _total
 * for counters, base units (_seconds, _bytes). Label values are written as they stand: names of
 * chains and methods need no escaping. */
#ifndef RPC_METRICS_H
#define RPC_METRICS_H

#include "rpc/json_writer.h"

/* Upper bounds of a histogram's buckets, in microseconds; one more takes the rest. */
#define METRICS_BUCKETS 10
extern const uint64_t METRICS_BOUNDS_US[METRICS_BUCKETS];

struct metrics_histogram {
    uint64_t buckets[METRICS_BUCKETS + 1]; /* each alone; written as sums */
    uint64_t sum_us;
};

/* metrics_add counts; any thread may, also metrics_observe. */
void metrics_add(uint64_t *counter, uint64_t count);
uint64_t metrics_read(const uint64_t *counter);

void metrics_observe(struct metrics_histogram *histogram, uint64_t us);
uint64_t metrics_count(const struct metrics_histogram *histogram);

/* Microseconds of a clock that only goes forward. */
uint64_t metrics_clock_us(void);

/* --- writing ---------------------------------------------------------------------------------- */

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

void metrics_family(
    struct json_writer *out, const char *name, enum metrics_type type, const char *help
);

/* A sample of the family; labels as they stand between the braces, NULL: none. */
void metrics_sample(struct json_writer *out, const char *name, const char *labels, uint64_t value);
/* The same of a number of microseconds, in seconds. */
void metrics_seconds(struct json_writer *out, const char *name, const char *labels, uint64_t us);
void metrics_histogram(
    struct json_writer *out,
    const char *name,
    const char *labels,
    const struct metrics_histogram *histogram
);

/* --- methods ---------------------------------------------------------------------------------- */

/* What has been asked of one method on one chain. */
struct rpc_method_stats {
    uint64_t error_count;
    struct metrics_histogram duration; /* of all; its count is that of the requests */
};

#endif
