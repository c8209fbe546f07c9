/* Rows name,unit,min,median,max: nanoseconds for one permutation and for one hash, at each level of
 * instructions that this CPU has. */
#include "crypto/keccak_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLES = 41, REPEATS = 2000, COUNT = 64, NODE_SIZE = 532 };

static double now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static uint64_t lanes[25];
static uint8_t data[COUNT * NODE_SIZE];
static bytes nodes[COUNT];
static hash32 hashes[COUNT];

static void run_permute(void) {
    for (int i = 0; i < COUNT; i++)
        keccak_permute(lanes);
}

static void run_short(void) {
    for (int i = 0; i < COUNT; i++)
        hashes[0] = keccak256(hash32_bytes(&hashes[0]));
}

static void run_nodes(void) {
    for (int i = 0; i < COUNT; i++)
        hashes[i] = keccak256(nodes[i]);
}

static void run_many(void) {
    keccak256_many(hashes, nodes, COUNT);
}

static void run_x4(void) {
    for (int i = 0; i < COUNT; i += 4)
        keccak256_x4(hashes + i, nodes + i);
}

static void measure(const char *name, const char *level, void (*run)(void)) {
    double samples[SAMPLES];
    for (int s = 0; s < SAMPLES; s++) {
        double start = now_ns();
        for (int i = 0; i < REPEATS / COUNT; i++)
            run();
        samples[s] = (now_ns() - start) / (REPEATS / COUNT * COUNT);
    }
    qsort(samples, SAMPLES, sizeof *samples, compare);
    printf(
        "crypto/%s/%s,ns,%.1f,%.1f,%.1f\n",
        name,
        level,
        samples[0],
        samples[SAMPLES / 2],
        samples[SAMPLES - 1]
    );
}

static void measure_all(const char *level) {
    measure("keccak_f", level, run_permute);
    measure("keccak256_32_bytes", level, run_short);
    measure("keccak256_532_bytes", level, run_nodes);
    measure("keccak256_532_bytes_x4", level, run_x4);
    measure("keccak256_532_bytes_many", level, run_many);
}

int main(void) {
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    for (int i = 0; i < COUNT; i++)
        nodes[i] = bytes_of(data + i * NODE_SIZE, NODE_SIZE);
    measure_all("lockstep");
#if KECCAK_HAS_DISPATCH
    const char *names[] = {"portable", "bmi", "avx2", "avx512"};
    for (int level = KECCAK_LEVEL_PORTABLE; level <= KECCAK_LEVEL_AVX512; level++) {
        if (keccak_choose((enum keccak_level)level)) measure_all(names[level]);
    }
#endif
    return 0;
}
