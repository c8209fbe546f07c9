/* Tests of state/node_store.c. */
#include "state/node_store.h"

#include "crypto/keccak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct database database;
static struct node_runs runs;

static int setup(void **state) {
    (void)state;
    char error[DATABASE_ERROR_SIZE];
    const struct database_options options = {0};
    runs = (struct node_runs){0};
    return database_open(&database, &options, error) == ERR_OK ? 0 : 1;
}

static int teardown(void **state) {
    (void)state;
    database_close(&database);
    return 0;
}

/* Node number n: of some length, all different. */
static bytes node_of(uint8_t out[600], uint32_t n) {
    size_t size = 40 + n % 500;
    memset(out, (int)(n & 0xff), size);
    store_be32(out, n);
    return bytes_of(out, size);
}

/* Adds nodes first … first + count - 1 in a transaction of their own. */
static void add(uint32_t first, uint32_t count) {
    struct database_transaction t;
    static struct node_store_item items[6000];
    static uint8_t data[6000][600];
    assert_true(count <= sizeof items / sizeof items[0]);
    for (uint32_t i = 0; i < count; i++) {
        items[i].encoding = node_of(data[i], first + i);
        items[i].hash = keccak256(items[i].encoding);
    }
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(node_store_add(&t, items, count), ERR_OK);
    assert_int_equal(database_commit(&t), ERR_OK);
}

static enum err get(struct database_transaction *t, uint32_t n, bool is_checked) {
    uint8_t data[600];
    bytes wanted = node_of(data, n);
    bytes found;
    hash32 hash = keccak256(wanted);
    enum err err = node_store_get(t, &runs, &found, &hash, is_checked);
    if (err == ERR_OK) assert_true(bytes_equal(found, wanted));
    return err;
}

static void assert_there(uint32_t count) {
    struct database_transaction t;
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    for (uint32_t n = 0; n < count; n++)
        assert_int_equal(get(&t, n, n % 2 == 0), ERR_OK);
    for (uint32_t n = count; n < count + 100; n++)
        assert_int_equal(get(&t, n, n % 2 == 0), ERR_MISSING);
    database_end(&t);
}

static void what_was_added_is_found(void **state) {
    (void)state;
    uint32_t count = 0;
    assert_there(0);
    /* Runs of all sizes, merged over four levels; one that fills several segments. */
    for (uint32_t i = 0; i < 700; i++) {
        uint32_t more = i == 300 ? 6000 : 1 + i % 7;
        add(count, more);
        count += more;
        if (i % 50 == 0 || i == 300) assert_there(count);
    }
    assert_there(count);
    assert_true(runs.count < 4 * NODE_RUN_FANOUT);
    struct database_transaction t;
    struct database_usage usage;
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    assert_int_equal(database_usage(&t, &usage), ERR_OK);
    assert_int_equal(usage.entries[DATABASE_NODE_RUNS], runs.count);
    assert_true(usage.entries[DATABASE_NODES] > 700 && usage.entries[DATABASE_NODES] < 710);
    database_end(&t);
}

static void a_writer_sees_what_it_has_written(void **state) {
    (void)state;
    struct database_transaction t;
    uint8_t data[600];
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    for (uint32_t n = 0; n < 30; n++) {
        assert_int_equal(get(&t, n, true), ERR_MISSING);
        bytes node = node_of(data, n);
        const struct node_store_item item = {keccak256(node), node};
        assert_int_equal(node_store_add(&t, &item, 1), ERR_OK);
        assert_int_equal(node_store_add(&t, &item, n % 3 == 0), ERR_OK); /* twice does no harm */
        assert_int_equal(get(&t, n, true), ERR_OK);
    }
    database_end(&t); /* never mind */
    assert_there(0);
}

static enum err count_node(void *context, bytes key, bytes value) {
    uint32_t *count = context;
    hash32 hash = keccak256(value);
    assert_true(bytes_equal(key, hash32_bytes(&hash)));
    assert_int_equal(load_be32(value.data), *count);
    return ++*count == 37 ? ERR_LIMIT : ERR_OK;
}

static void nodes_are_visited_as_they_came(void **state) {
    (void)state;
    struct database_transaction t;
    uint32_t count = 0;
    for (uint32_t n = 0; n < 36; n += 4)
        add(n, 4);
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    assert_int_equal(node_store_visit(&t, count_node, &count), ERR_OK);
    assert_int_equal(count, 36);
    database_end(&t);
    add(36, 5);
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    count = 0;
    assert_int_equal(node_store_visit(&t, count_node, &count), ERR_LIMIT);
    database_end(&t);
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(node_store_clear(&t), ERR_OK);
    assert_int_equal(database_commit(&t), ERR_OK);
    assert_there(0);
    add(0, 3);
    assert_there(3);
}

/* Puts another value in the place of the last one of a table: changed bytes, or another size. */
static void damage(enum database_table table, size_t offset, int change_size) {
    struct database_transaction t;
    bytes key;
    bytes value;
    uint8_t key_copy[8];
    static uint8_t copy[1 << 16];
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(database_last(&t, table, &key, &value), ERR_OK);
    assert_true(value.size + 16 < sizeof copy && key.size <= sizeof key_copy);
    memset(copy, 0, sizeof copy);
    memcpy(copy, value.data, value.size);
    memcpy(key_copy, key.data, key.size);
    if (change_size == 0) copy[offset] ^= 0x10;
    size_t size = (size_t)((ptrdiff_t)value.size + change_size);
    assert_int_equal(
        database_put(&t, table, bytes_of(key_copy, key.size), bytes_of(copy, size)), ERR_OK
    );
    assert_int_equal(database_commit(&t), ERR_OK);
}

/* Whether the nodes are all right, or reading some says ERR_CORRUPT and names the table; none is
 * ever said to be missing. */
static bool some_are_corrupt(uint32_t count, const char *table) {
    struct database_transaction t;
    uint32_t corrupt = 0;
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    for (uint32_t n = 0; n < count; n++) {
        enum err err = get(&t, n, true);
        assert_true(err == ERR_OK || err == ERR_CORRUPT);
        if (err == ERR_CORRUPT) assert_non_null(strstr(t.error, table));
        corrupt += err == ERR_CORRUPT;
    }
    database_end(&t);
    return corrupt > 0;
}

static void damage_is_noticed(void **state) {
    (void)state;
    static const struct {
        enum database_table table;
        size_t offset;
        int change_size;
        const char *named;
    } cases[] = {
        {DATABASE_NODES, 3, 0, "nodes"},         /* a stored hash */
        {DATABASE_NODES, 32, 0, "nodes"},        /* a size: beyond the segment */
        {DATABASE_NODES, 50, 0, "nodes"},        /* an encoding */
        {DATABASE_NODES, 0, -1, "nodes"},        /* the last node is cut short */
        {DATABASE_NODE_RUNS, 0, 0, "node_runs"}, /* a prefix */
        {DATABASE_NODE_RUNS, 8, 0, "nodes"},     /* a segment that is not there */
        {DATABASE_NODE_RUNS, 12, 0, "nodes"},    /* an offset beyond it */
        {DATABASE_NODE_RUNS, 0, -1, "node_runs"},
        {DATABASE_NODE_RUNS, 0, -16, "node_runs"}, /* an entry less */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(setup(state), 0);
        add(0, 5);
        assert_false(some_are_corrupt(5, ""));
        damage(cases[i].table, cases[i].offset, cases[i].change_size);
        assert_true(some_are_corrupt(5, cases[i].named));
        database_close(&database);
    }
    assert_int_equal(setup(state), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_added_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_writer_sees_what_it_has_written, setup, teardown),
        cmocka_unit_test_setup_teardown(nodes_are_visited_as_they_came, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_noticed, NULL, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
