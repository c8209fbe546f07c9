/* Rows name,unit,min,median,max. A parent block of calls across chains, from its transactions to
 * the block executed with its batch: simulated, checked by verify_batch, attested, executed.
 *   block_n            n transactions that call a counter on a rollup, one entry each; per
 *                      transaction. The Hub's table has been written before, as in any block but
 *                      the first ones.
 *   crossings_n        n calls from rollup 1 to a counter on rollup 2, ten in each transaction;
 *                      per call
 *   ping_pong_n        one transaction that goes back and forth between L1 and a rollup, n calls
 *                      deep; per call. ping_pong_deepest: as deep as gas lets it, in calls
 *   rollup_ping_pong   the same between rollup 1 and rollup 2 */
#include "core/bench_host.h"
#include "world/test_network.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 9, COUNTS_MAX = 512, CALLS_PER_TX = 10, CROSSINGS_MAX = 1000, DEPTH_MAX = 600 };

/* target 32 ‖ times 32 ‖ data: makes this call so often; each must succeed. */
static const address REPEAT = TEST_CONTRACT(90);
static const uint8_t REPEAT_CODE[] = {
    0x36, 0x60, 0x40, 0x90, 0x03, 0x80, 0x60, 0x40, 0x5f, 0x37, /* calldatacopy(0, 64, size - 64) */
    0x60, 0x20, 0x35, 0x5b,                                     /* times; again: */
    0x5f, 0x5f, 0x83, 0x5f, 0x5f, 0x5f, 0x35, 0x5a, 0xf1,       /* call */
    0x15, 0x60, 0x24, 0x57,                                     /* failed: revert */
    0x60, 0x01, 0x90, 0x03, 0x80, 0x60, 0x0d, 0x57, 0x00,       /* times - 1; not 0: again */
    0x5b, 0x5f, 0x5f, 0xfd,
};

/* n: unless n is 0, calls the account whose address lies at BOUNCE_TO with n - 1; it must succeed.
 * */
enum { BOUNCE_TO = 20 };
static const uint8_t BOUNCE_CODE[] = {
    0x5f, 0x35, 0x80, 0x15, 0x60, 0x2e, 0x57,          /* n is 0: stop */
    0x60, 0x01, 0x90, 0x03, 0x5f, 0x52,                /* n - 1 */
    0x5f, 0x5f, 0x60, 0x20, 0x5f, 0x5f,                /* call */
    0x73, 0,    0,    0,    0,    0,    0,    0, 0, 0, /* whom */
    0,    0,    0,    0,    0,    0,    0,    0, 0, 0,
    0,    0x5a, 0xf1, 0x15, 0x60, 0x30, 0x57, /* failed: revert */
    0x5b, 0x00, 0x5b, 0x5f, 0x5f, 0xfd,
};
static const address L1_BOUNCE = TEST_CONTRACT(91);     /* on L1 and rollup 1 */
static const address ROLLUP_BOUNCE = TEST_CONTRACT(92); /* on rollups 1 and 2 */

static struct arena arena;
static struct network begun;
static char reason[256]; /* why the last block was not built */

static double now_ms(void) {
    return bench_now_ns() / 1e6;
}

/* Whether all of it succeeds. */
static bool build(
    struct world_result *result, const struct world_tx *txs, size_t tx_count, struct network *net
) {
    struct world_options options = network_options(net, txs, tx_count);
    options.codes = evm_code_cache_open(&arena); /* as a node has one */
    must(world_build(result, &options));
    bool is_good = result->status == WORLD_OK;
    for (size_t i = 0; is_good && i < tx_count; i++) {
        const struct world_tx_result *tx = &result->txs[i];
        is_good = tx->is_included && result->block->receipts[tx->index].is_success;
    }
    if (!is_good || net->rollups[0].slot_tx_count == 0) return is_good;
    struct receipt receipt;
    for (const struct gathered_tx *tx = result->rollups[0].open->newest; tx != NULL;
         tx = tx->before) {
        must(receipt_decode(&receipt, &arena, tx->receipt));
        is_good &= receipt.is_success;
    }
    return is_good;
}

static size_t calls_of(struct network *net, struct world_tx *txs, size_t count) {
    for (size_t i = 0; i < count; i++)
        txs[i] = network_tx(net, i, network_proxy(net, 1, COUNTER), 0, word_of(net, 1));
    return count;
}

/* The transactions of rollup 1's slot block. */
static size_t crossings_of(struct network *net, struct world_tx *txs, size_t count) {
    static bytes slot_txs[CROSSINGS_MAX / CALLS_PER_TX];
    const address counter = rollup_proxy(2, COUNTER);
    bytes data = join(net, word_of(net, CALLS_PER_TX), word_of(net, 1));
    data = join(net, address_word(net, counter), data);
    CHECK(count % CALLS_PER_TX == 0 && count <= CROSSINGS_MAX);
    for (size_t i = 0; i < count / CALLS_PER_TX; i++)
        slot_txs[i] = rollup_tx(net, 1, i, REPEAT, 0, data);
    net->rollups[0].slot_txs = slot_txs;
    net->rollups[0].slot_tx_count = count / CALLS_PER_TX;
    (void)txs;
    return 0;
}

static struct tx *
bounce_tx(struct network *net, uint64_t chain, uint64_t gas_limit, address bounce, size_t depth) {
    struct tx *tx = arena_alloc(&arena, sizeof(*tx));
    CHECK(tx != NULL);
    uint64_t nonce = network_account(net, chain, net->user).nonce;
    *tx = *network_sign(
        net, NETWORK_CHAIN_ID + chain, &USER_KEY, nonce, bounce, 0, word_of(net, depth)
    );
    tx->gas_limit = gas_limit;
    must(tx_sign(tx, &arena, &USER_KEY));
    return tx;
}

static size_t ping_pong_of(struct network *net, struct world_tx *txs, size_t depth) {
    const struct tx *tx = bounce_tx(net, 0, TX_GAS_LIMIT_MAX, L1_BOUNCE, depth);
    txs[0] = (struct world_tx){.tx = tx, .sender = net->user};
    return 1;
}

static size_t rollup_ping_pong_of(struct network *net, struct world_tx *txs, size_t depth) {
    static bytes slot_tx;
    const struct tx *tx = bounce_tx(net, 1, TX_GAS_LIMIT_MAX, ROLLUP_BOUNCE, depth);
    must(tx_encode(&slot_tx, &arena, tx));
    net->rollups[0].slot_txs = &slot_tx;
    net->rollups[0].slot_tx_count = 1;
    (void)txs;
    return 0;
}

/* Gives how many of the transactions are L1's. */
typedef size_t make_txs(struct network *net, struct world_tx *txs, size_t count);

static bool is_possible(make_txs *make, size_t count, double *ms) {
    static struct world_tx txs[COUNTS_MAX];
    const struct arena_mark mark = arena_mark(&arena);
    struct network net = begun;
    struct world_result result;
    size_t tx_count = make(&net, txs, count);
    double begin = now_ms();
    bool is_good = build(&result, txs, tx_count, &net);
    *ms = now_ms() - begin;
    if (!is_good && result.status != WORLD_OK)
        (void)snprintf(reason, sizeof(reason), "%s", result.reason);
    arena_release(&arena, mark);
    return is_good;
}

static void measure(const char *name, make_txs *make, size_t count) {
    char row[100];
    (void)snprintf(row, sizeof(row), "world/%s_%zu/lockstep", name, count);
    if (!bench_is_wanted(row)) return;
    double samples[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++) {
        if (!is_possible(make, count, &samples[i])) {
            fprintf(stderr, "bench_world: %s fails: %s\n", row, reason);
            exit(1);
        }
        samples[i] /= (double)count;
    }
    qsort(samples, SAMPLES, sizeof(*samples), bench_compare);
    printf("%s,ms,%.4g,%.4g,%.4g\n", row, samples[0], samples[SAMPLES / 2], samples[SAMPLES - 1]);
    (void)fflush(stdout);
}

static void measure_deepest(const char *name, make_txs *make) {
    char row[100];
    (void)snprintf(row, sizeof(row), "world/%s_deepest/lockstep", name);
    if (!bench_is_wanted(row)) return;
    size_t low = 1;
    size_t high = DEPTH_MAX;
    while (low + 1 < high) {
        double ms;
        size_t middle = (low + high) / 2;
        if (is_possible(make, middle, &ms))
            low = middle;
        else
            high = middle;
    }
    printf("%s,calls,%zu,%zu,%zu\n", row, low, low, low);
    (void)fflush(stdout);
}

static struct network_resident bounce(uint64_t chain, address at, address to) {
    uint8_t *code = arena_alloc(&arena, sizeof(BOUNCE_CODE));
    CHECK(code != NULL);
    memcpy(code, BOUNCE_CODE, sizeof(BOUNCE_CODE));
    memcpy(code + BOUNCE_TO, to.b, sizeof(to.b));
    return (struct network_resident){chain, test_contract(at, code, sizeof(BOUNCE_CODE))};
}

/* Without the recorders of the block before, which write down what is read through them. */
static void go_on(const struct world_result *result) {
    struct source *bases[NETWORK_ROLLUPS];
    for (size_t i = 0; i < NETWORK_ROLLUPS; i++)
        bases[i] = begun.rollups[i].base;
    network_go_on(&begun, result);
    for (size_t i = 0; i < NETWORK_ROLLUPS; i++)
        ((struct source_memory *)(void *)begun.rollups[i].base)->base = bases[i];
}

static void open_network(void) {
    network_name(&begun, &arena);
    const struct network_resident residents[] = {
        {1, test_contract(COUNTER, COUNTER_CODE, sizeof(COUNTER_CODE))},
        {2, test_contract(COUNTER, COUNTER_CODE, sizeof(COUNTER_CODE))},
        {1, test_contract(REPEAT, REPEAT_CODE, sizeof(REPEAT_CODE))},
        bounce(0, L1_BOUNCE, network_proxy(&begun, 1, L1_BOUNCE)),
        bounce(1, L1_BOUNCE, rollup_proxy(0, L1_BOUNCE)),
        bounce(1, ROLLUP_BOUNCE, rollup_proxy(2, ROLLUP_BOUNCE)),
        bounce(2, ROLLUP_BOUNCE, rollup_proxy(1, ROLLUP_BOUNCE)),
    };
    network_open_with(&begun, residents, sizeof(residents) / sizeof(residents[0]));
    /* Blocks that leave room in the Hub's table for larger ones. */
    static struct world_tx txs[COUNTS_MAX];
    for (size_t count = 50; count <= 300; count += 50) {
        struct world_result *result = arena_alloc(&arena, sizeof(*result));
        CHECK(result != NULL);
        size_t tx_count = calls_of(&begun, txs, count);
        if (!build(result, txs, tx_count, &begun)) {
            fprintf(stderr, "bench_world: a block of %zu calls fails: %s\n", count, result->reason);
            exit(1);
        }
        go_on(result);
    }
}

int main(void) {
    arena_open(&arena, (size_t)8 << 30);
    open_network();
    static const size_t BLOCKS[] = {1, 10, 100, 300};
    for (size_t i = 0; i < sizeof(BLOCKS) / sizeof(BLOCKS[0]); i++)
        measure("block", calls_of, BLOCKS[i]);
    static const size_t CROSSINGS[] = {10, 50, 100, 300, 1000};
    for (size_t i = 0; i < sizeof(CROSSINGS) / sizeof(CROSSINGS[0]); i++)
        measure("crossings", crossings_of, CROSSINGS[i]);
    static const size_t HOPS[] = {2, 6, 12};
    for (size_t i = 0; i < sizeof(HOPS) / sizeof(HOPS[0]); i++)
        measure("ping_pong", ping_pong_of, HOPS[i]);
    measure_deepest("ping_pong", ping_pong_of);
    static const size_t ROLLUP_HOPS[] = {10, 20, 50};
    for (size_t i = 0; i < sizeof(ROLLUP_HOPS) / sizeof(ROLLUP_HOPS[0]); i++)
        measure("rollup_ping_pong", rollup_ping_pong_of, ROLLUP_HOPS[i]);
    measure_deepest("rollup_ping_pong", rollup_ping_pong_of);
    arena_close(&arena);
    return 0;
}
