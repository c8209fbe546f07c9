#include "rpc/metrics.h"

#include "core/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define LINE_SIZE_MAX 512

const uint64_t METRICS_BOUNDS_US[METRICS_BUCKETS] = {
    100, 500, 1000, 5000, 10000, 50000, 100000, 500000, 1000000, 5000000};

/* Nothing else follows from a counter's value, so no order is asked for. */
void metrics_add(uint64_t *counter, uint64_t count) { // NOLINT(readability-non-const-parameter)
    (void)__atomic_fetch_add(counter, count, __ATOMIC_RELAXED);
}

uint64_t metrics_read(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void metrics_observe(struct metrics_histogram *histogram, uint64_t us) {
    size_t i = 0;
    while (i < METRICS_BUCKETS && us > METRICS_BOUNDS_US[i])
        i++;
    metrics_add(&histogram->buckets[i], 1);
    metrics_add(&histogram->sum_us, us);
}

uint64_t metrics_count(const struct metrics_histogram *histogram) {
    uint64_t count = 0;
    for (size_t i = 0; i <= METRICS_BUCKETS; i++)
        count += metrics_read(&histogram->buckets[i]);
    return count;
}

uint64_t metrics_clock_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- writing ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void
print(struct json_writer *out, const char *format, ...) {
    char *at = json_reserve(out, LINE_SIZE_MAX);
    if (at == NULL) return;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(at, LINE_SIZE_MAX, format, arguments);
    va_end(arguments);
    CHECK(size >= 0 && size < LINE_SIZE_MAX);
    out->size += (size_t)size;
}

void metrics_family(
    struct json_writer *out, const char *name, enum metrics_type type, const char *help
) {
    static const char *const types[] = {
        [METRICS_COUNTER] = "counter",
        [METRICS_GAUGE] = "gauge",
        [METRICS_HISTOGRAM] = "histogram",
    };
    print(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

static void begin_sample(struct json_writer *out, const char *name, const char *labels) {
    if (labels == NULL)
        print(out, "%s ", name);
    else
        print(out, "%s{%s} ", name, labels);
}

void metrics_sample(struct json_writer *out, const char *name, const char *labels, uint64_t value) {
    begin_sample(out, name, labels);
    print(out, "%" PRIu64 "\n", value);
}

void metrics_seconds(struct json_writer *out, const char *name, const char *labels, uint64_t us) {
    begin_sample(out, name, labels);
    print(out, "%" PRIu64 ".%06u\n", us / 1000000, (unsigned)(us % 1000000));
}

void metrics_histogram(
    struct json_writer *out,
    const char *name,
    const char *labels,
    const struct metrics_histogram *histogram
) {
    const char *given = labels == NULL ? "" : labels;
    const char *comma = labels == NULL ? "" : ",";
    uint64_t count = 0;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        count += metrics_read(&histogram->buckets[i]);
        double bound = (double)METRICS_BOUNDS_US[i] / 1e6;
        print(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, given, comma, bound, count);
    }
    count += metrics_read(&histogram->buckets[METRICS_BUCKETS]);
    print(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, given, comma, count);
    char part[128];
    (void)snprintf(part, sizeof(part), "%s_sum", name);
    metrics_seconds(out, part, labels, metrics_read(&histogram->sum_us));
    (void)snprintf(part, sizeof(part), "%s_count", name);
    metrics_sample(out, part, labels, count);
}
