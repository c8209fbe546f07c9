/* Nanoseconds for one permutation and for one hash, at each level of instructions this CPU has. */
#include "core/bench_host.h"
#include "crypto/keccak_private.h"

enum { COUNT = 64, NODE_SIZE = 532 };

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

static void measure(const char *operation, const char *level, void (*run)(void)) {
    char name[100];
    (void)snprintf(name, sizeof name, "crypto/%s/%s", operation, level);
    bench_row(name, COUNT, run);
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
    for (size_t i = 0; i < COUNT; i++)
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
