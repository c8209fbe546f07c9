/* world/test_group.h: the network that the tests of a file share: each begins where L1's first
 * block has left it. One file of tests may include it. */
#ifndef WORLD_TEST_GROUP_H
#define WORLD_TEST_GROUP_H

#include "world/test_network.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;
static struct arena_mark begun_mark;
static struct network begun; /* after L1's first block */
static struct network net;   /* the test's own */
static struct world_result result;

/* The group's setup and teardown, and each test's setup. */
static inline int open_group(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 32);
    network_open(&begun, &arena);
    begun_mark = arena_mark(&arena);
    return 0;
}

static inline int close_group(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static inline int begin(void **state) {
    (void)state;
    arena_release(&arena, begun_mark);
    net = begun;
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

/* Builds a block, which must be possible. */
static inline void build(const struct world_tx *txs, size_t tx_count) {
    struct world_options options = network_options(&net, txs, tx_count);
    assert_int_equal(world_build(&result, &options), ERR_OK);
    if (result.status != WORLD_OK) print_error("%s\n", result.reason);
    assert_int_equal(result.status, WORLD_OK);
}

#endif
