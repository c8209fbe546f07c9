/* Rows name,unit,min,median,max. A parent block of calls across chains, from its transactions to
 * the block executed with its batch: simulated, checked by verify_input, attested, executed.
 *   block_n      n transactions that call a counter on a rollup, one entry each; per transaction
 *   ping_pong_n  one transaction that goes back and forth between L1 and a rollup n times; per
 * hop */
#include "core/bench_host.h"
#include "world/test_network.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 9, COUNTS_MAX = 512 };

static struct arena arena;
static struct network begun;

static double now_ms(void) {
    return bench_now_ns() / 1e6;
}

static double build_ms(const struct world_tx *txs, size_t tx_count, struct network *net) {
    struct world_result result;
    struct world_options options = network_options(net, txs, tx_count);
    options.codes = evm_code_cache_open(&arena); /* as a node has one */
    double begin = now_ms();
    must(world_build(&result, &options));
    double ms = now_ms() - begin;
    if (result.status != WORLD_OK) {
        fprintf(stderr, "bench_world: %s\n", result.reason);
        exit(1);
    }
    for (size_t i = 0; i < tx_count; i++) {
        CHECK(result.txs[i].is_included);
        if (result.block->receipts[result.txs[i].index].is_success) continue;
        fprintf(stderr, "bench_world: transaction %zu fails\n", i);
        exit(1);
    }
    return ms;
}

static void calls_of(struct network *net, struct world_tx *txs, size_t count) {
    for (size_t i = 0; i < count; i++)
        txs[i] = network_tx(net, i, network_proxy(net, 1, COUNTER), 0, word_of(net, 1));
}

/* L1 ▸ rollup 1 ▸ L1 ▸ … through RELAYs, hops deep. */
static void ping_pong_of(struct network *net, struct world_tx *txs, size_t hops) {
    bytes data = word_of(net, 1);
    address to = COUNTER;
    for (size_t i = hops; i > 0; i--) {
        /* The i-th hop is made from L1 if i is odd. */
        const address proxy = i % 2 == 1 ? network_proxy(net, 1, to) : rollup_proxy(0, to);
        data = relayed(net, proxy, 0, data);
        to = RELAY;
    }
    txs[0] = network_tx(net, 0, to, 0, data);
}

typedef void make_txs(struct network *net, struct world_tx *txs, size_t count);

static void measure(const char *name, make_txs *make, size_t count, size_t tx_count) {
    char row[100];
    (void)snprintf(row, sizeof(row), "world/%s_%zu/lockstep", name, count);
    if (!bench_is_wanted(row)) return;
    static struct world_tx txs[COUNTS_MAX];
    double samples[SAMPLES];
    const struct arena_mark mark = arena_mark(&arena);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct network net = begun;
        make(&net, txs, count);
        samples[i] = build_ms(txs, tx_count, &net) / (double)count;
        arena_release(&arena, mark);
    }
    qsort(samples, SAMPLES, sizeof(*samples), bench_compare);
    printf("%s,ms,%.4g,%.4g,%.4g\n", row, samples[0], samples[SAMPLES / 2], samples[SAMPLES - 1]);
    (void)fflush(stdout);
}

int main(void) {
    arena_open(&arena, (size_t)8 << 30);
    network_open(&begun, &arena);
    static const size_t BLOCKS[] = {1, 10, 50};
    for (size_t i = 0; i < sizeof(BLOCKS) / sizeof(BLOCKS[0]); i++)
        measure("block", calls_of, BLOCKS[i], BLOCKS[i]);
    static const size_t HOPS[] = {2, 6, 12};
    for (size_t i = 0; i < sizeof(HOPS) / sizeof(HOPS[0]); i++)
        measure("ping_pong", ping_pong_of, HOPS[i], 1);
    arena_close(&arena);
    return 0;
}
