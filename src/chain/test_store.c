#include "chain/store.h"
#include "crypto/keccak.h"
#include "state/node_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char error[DATABASE_ERROR_SIZE];

enum { TRANSACTIONS_MAX = 5 };

/* Block number of one of several branches, with number % 4 transactions. */
struct sample {
    struct store_block block;
    uint8_t rlp[40];
    uint8_t receipts[20];
    hash32 hashes[TRANSACTIONS_MAX];
};

static hash32 hash_of(uint64_t number, unsigned branch, unsigned what) {
    uint64_t words[3] = {number, branch, what};
    return keccak256(bytes_of(words, sizeof words));
}

static void sample_of(struct sample *sample, uint64_t number, unsigned branch) {
    memset(sample->rlp, (int)(number * 3 + branch), sizeof sample->rlp);
    memset(sample->receipts, (int)(number * 5 + branch), sizeof sample->receipts);
    for (unsigned i = 0; i < TRANSACTIONS_MAX; i++)
        sample->hashes[i] = hash_of(number, branch, 1 + i);
    sample->block = (struct store_block){
        .number = number,
        .hash = hash_of(number, branch, 0),
        .block = bytes_of(sample->rlp, sizeof sample->rlp),
        .receipts = bytes_of(sample->receipts, sizeof sample->receipts),
        .transaction_hashes = sample->hashes,
        .transaction_count = number % 4,
    };
}

static void append(struct database *database, uint64_t number, unsigned branch) {
    struct sample sample;
    sample_of(&sample, number, branch);
    assert_int_equal(store_commit_block(database, NULL, &sample.block, error), ERR_OK);
}

static void assert_there(struct database_transaction *t, uint64_t number, unsigned branch) {
    struct sample sample;
    bytes read;
    hash32 hash;
    uint64_t at;
    const hash32 *hashes;
    size_t count;
    sample_of(&sample, number, branch);
    assert_int_equal(store_get_block(t, number, &read), ERR_OK);
    assert_true(bytes_equal(read, sample.block.block));
    assert_int_equal(store_get_receipts(t, number, &read), ERR_OK);
    assert_true(bytes_equal(read, sample.block.receipts));
    assert_int_equal(store_get_hash(t, number, &hash), ERR_OK);
    assert_memory_equal(hash.b, sample.block.hash.b, 32);
    assert_int_equal(store_get_number(t, &hash, &at), ERR_OK);
    assert_int_equal(at, number);
    assert_int_equal(store_get_transaction_hashes(t, number, &hashes, &count), ERR_OK);
    assert_int_equal(count, number % 4);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = 99;
        assert_memory_equal(hashes[i].b, sample.hashes[i].b, 32);
        assert_int_equal(store_find_transaction(t, &sample.hashes[i], &at, &index), ERR_OK);
        assert_int_equal(at, number);
        assert_int_equal(index, i);
    }
}

static void assert_gone(struct database_transaction *t, uint64_t number, unsigned branch) {
    struct sample sample;
    bytes read;
    hash32 hash;
    uint64_t at;
    uint32_t index;
    const hash32 *hashes;
    size_t count;
    sample_of(&sample, number, branch);
    assert_int_equal(store_get_number(t, &sample.block.hash, &at), ERR_MISSING);
    for (unsigned i = 0; i < number % 4; i++)
        assert_int_equal(store_find_transaction(t, &sample.hashes[i], &at, &index), ERR_MISSING);
    if (store_get_hash(t, number, &hash) == ERR_OK) return; /* another branch's block is there */
    assert_int_equal(store_get_block(t, number, &read), ERR_MISSING);
    assert_int_equal(store_get_receipts(t, number, &read), ERR_MISSING);
    assert_int_equal(store_get_transaction_hashes(t, number, &hashes, &count), ERR_MISSING);
}

static void assert_head(struct database_transaction *t, enum store_head which, uint64_t expected) {
    uint64_t number = UINT64_MAX;
    hash32 hash;
    hash32 at;
    assert_int_equal(store_get_head(t, which, &number, &hash), ERR_OK);
    assert_int_equal(number, expected);
    assert_int_equal(store_get_hash(t, number, &at), ERR_OK);
    assert_memory_equal(hash.b, at.b, 32);
}

static struct database opened(void) {
    struct database database;
    struct database_options options = {.path = NULL};
    if (database_open(&database, &options, error) != ERR_OK) fail_msg("%s", error);
    return database;
}

static void test_append(void **unused) {
    (void)unused;
    struct database database = opened();
    struct database_transaction t;
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    assert_int_equal(store_get_head(&t, STORE_HEAD, NULL, NULL), ERR_MISSING);
    database_end(&t);
    for (uint64_t number = 1000; number < 1040; number++)
        append(&database, number, 0); /* a chain may begin anywhere */
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    for (uint64_t number = 1000; number < 1040; number++)
        assert_there(&t, number, 0);
    assert_gone(&t, 999, 0);
    assert_gone(&t, 1040, 0);
    assert_head(&t, STORE_HEAD, 1039);
    assert_int_equal(store_get_head(&t, STORE_SAFE, NULL, NULL), ERR_MISSING);
    database_end(&t);
    database_close(&database);
}

static void test_heads(void **unused) {
    (void)unused;
    struct database database = opened();
    struct database_transaction t;
    for (uint64_t number = 0; number < 20; number++)
        append(&database, number, 0);
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(store_set_head(&t, STORE_SAFE, 15), ERR_OK);
    assert_int_equal(store_set_head(&t, STORE_FINALIZED, 10), ERR_OK);
    assert_int_equal(store_set_head(&t, STORE_FINALIZED, 20), ERR_MISSING);
    assert_head(&t, STORE_SAFE, 15);
    assert_head(&t, STORE_FINALIZED, 10);
    assert_int_equal(store_truncate(&t, 12), ERR_OK);
    assert_head(&t, STORE_HEAD, 12);
    assert_head(&t, STORE_SAFE, 12);
    assert_head(&t, STORE_FINALIZED, 10);
    assert_int_equal(store_truncate(&t, 12), ERR_OK);
    assert_int_equal(store_truncate(&t, 13), ERR_MISSING);
    assert_int_equal(store_truncate(&t, 0), ERR_OK);
    assert_head(&t, STORE_FINALIZED, 0);
    assert_int_equal(database_commit(&t), ERR_OK);
    database_close(&database);
}

/* Another branch from each height: nothing of the old one is found, and an old reader sees it
 * still. */
static void test_reorg(void **unused) {
    (void)unused;
    enum { COUNT = 16 };
    for (uint64_t fork = 0; fork < COUNT; fork++) {
        struct database database = opened();
        struct database_transaction t;
        struct database_transaction reader;
        struct sample sample;
        for (uint64_t number = 0; number < COUNT; number++)
            append(&database, number, 0);
        assert_int_equal(database_begin_read(&database, &reader), ERR_OK);
        assert_int_equal(database_begin_write(&database, &t), ERR_OK);
        assert_int_equal(store_truncate(&t, fork), ERR_OK);
        for (uint64_t number = fork + 1; number < COUNT + 3; number++) {
            sample_of(&sample, number, 1);
            assert_int_equal(store_append(&t, &sample.block), ERR_OK);
        }
        assert_int_equal(database_commit(&t), ERR_OK);
        for (uint64_t number = 0; number < COUNT; number++)
            assert_there(&reader, number, 0);
        assert_head(&reader, STORE_HEAD, COUNT - 1);
        assert_int_equal(database_renew(&reader), ERR_OK);
        for (uint64_t number = 0; number < COUNT + 3; number++) {
            assert_there(&reader, number, number <= fork ? 0 : 1);
            assert_gone(&reader, number, number <= fork ? 1 : 0);
        }
        assert_head(&reader, STORE_HEAD, COUNT + 2);
        struct database_usage usage;
        assert_int_equal(database_usage(&reader, &usage), ERR_OK);
        assert_int_equal(usage.entries[DATABASE_BLOCKS], COUNT + 3);
        assert_int_equal(usage.entries[DATABASE_BLOCK_NUMBERS], COUNT + 3);
        database_end(&reader);
        database_close(&database);
    }
}

/* The same transaction in another block after a reorg is found where it is now. */
static enum err replace(struct database *database, const hash32 *hash, uint8_t fill) {
    struct database_transaction write;
    uint8_t rlp[40];
    memset(rlp, fill, sizeof rlp);
    assert_int_equal(database_begin_write(database, &write), ERR_OK);
    enum err err = store_replace_head(&write, hash, bytes_of(rlp, sizeof rlp));
    assert_int_equal(database_commit(&write), ERR_OK);
    return err;
}

/* The head under other hashes: found by all of them, until it is removed. */
static void test_replaced_head(void **unused) {
    (void)unused;
    struct database database;
    struct database_transaction t;
    struct database_options options = {.size_max = (size_t)64 << 20};
    uint64_t number;
    hash32 hash;
    bytes block;
    assert_int_equal(database_open(&database, &options, error), ERR_OK);
    append(&database, 0, 0);
    append(&database, 1, 0);
    hash32 first = hash_of(1, 0, 0);
    const unsigned count = STORE_FORMER_HASHES_MAX + 10;
    for (unsigned i = 0; i < count; i++) {
        hash = hash_of(1, 100 + i, 0);
        assert_int_equal(replace(&database, &hash, (uint8_t)i), ERR_OK);
    }
    /* Back to one that it had, and the same once more. */
    hash = hash_of(1, 100 + count - 2, 0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(replace(&database, &hash, 77), ERR_OK);
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    assert_int_equal(store_get_head(&t, STORE_HEAD, &number, &first), ERR_OK);
    assert_int_equal(number, 1);
    assert_memory_equal(first.b, hash.b, 32);
    assert_int_equal(store_get_block(&t, 1, &block), ERR_OK);
    assert_int_equal(block.data[0], 77);
    for (unsigned i = 0; i < count; i++) {
        hash = hash_of(1, 100 + i, 0);
        bool is_kept = i + STORE_FORMER_HASHES_MAX + 1 >= count;
        enum err err = store_get_number(&t, &hash, &number);
        if (is_kept) {
            assert_int_equal(err, ERR_OK);
            assert_int_equal(number, 1);
        } else {
            assert_int_equal(err, ERR_MISSING);
        }
    }
    database_end(&t);
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(store_truncate(&t, 0), ERR_OK);
    assert_int_equal(database_commit(&t), ERR_OK);
    append(&database, 1, 1);
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    assert_there(&t, 1, 1);
    for (unsigned i = 0; i < count; i++) {
        hash = hash_of(1, 100 + i, 0);
        assert_int_equal(store_get_number(&t, &hash, &number), ERR_MISSING);
    }
    database_end(&t);
    database_close(&database);
}

static void test_transaction_moves(void **unused) {
    (void)unused;
    struct database database = opened();
    struct database_transaction t;
    struct sample sample;
    uint64_t number;
    uint32_t index;
    append(&database, 0, 0);
    append(&database, 1, 0);
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(store_truncate(&t, 0), ERR_OK);
    sample_of(&sample, 1, 1);
    hash32 moved = hash_of(1, 0, 1);
    sample.hashes[0] = hash_of(77, 0, 0);
    sample.hashes[1] = moved;
    sample.block.transaction_count = 2;
    assert_int_equal(store_append(&t, &sample.block), ERR_OK);
    assert_int_equal(store_find_transaction(&t, &moved, &number, &index), ERR_OK);
    assert_int_equal(number, 1);
    assert_int_equal(index, 1);
    database_end(&t);
    database_close(&database);
}

/* A block that does not fit is not there at all, nor are its nodes. */
static void test_all_or_nothing(void **unused) {
    (void)unused;
    struct database database;
    struct database_options options = {.size_max = 1 << 20};
    struct arena arena;
    struct source_memory memory;
    struct sample sample;
    struct database_transaction t;
    static uint8_t large[2 << 20];
    static struct node_runs runs;
    bytes value;
    hash32 hash = keccak256(bytes_of("node", 4));
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&memory, &arena, NULL);
    assert_int_equal(source_memory_put_node(&memory, &hash, bytes_of("node", 4)), ERR_OK);
    assert_int_equal(database_open(&database, &options, error), ERR_OK);
    append(&database, 0, 0);
    sample_of(&sample, 1, 0);
    sample.block.receipts = bytes_of(large, sizeof large);
    assert_int_equal(store_commit_block(&database, &memory, &sample.block, error), ERR_LIMIT);
    assert_non_null(strstr(error, "receipts"));
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    assert_head(&t, STORE_HEAD, 0);
    assert_gone(&t, 1, 0);
    assert_int_equal(node_store_get(&t, &runs, &value, &hash, true), ERR_MISSING);
    database_end(&t);
    sample_of(&sample, 1, 0);
    assert_int_equal(store_commit_block(&database, &memory, &sample.block, error), ERR_OK);
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    assert_there(&t, 1, 0);
    assert_int_equal(node_store_get(&t, &runs, &value, &hash, true), ERR_OK);
    database_end(&t);
    database_close(&database);
    arena_close(&arena);
}

static void test_meta(void **unused) {
    (void)unused;
    struct database database = opened();
    struct database_transaction t;
    bytes value;
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(store_get_meta(&t, "genesis", &value), ERR_MISSING);
    assert_int_equal(store_put_meta(&t, "genesis", bytes_of("{}", 2)), ERR_OK);
    assert_int_equal(store_get_meta(&t, "genesis", &value), ERR_OK);
    assert_true(bytes_equal(value, bytes_of("{}", 2)));
    assert_int_equal(store_put_meta(&t, "genesis", BYTES_EMPTY), ERR_OK);
    assert_int_equal(store_get_meta(&t, "genesis", &value), ERR_MISSING);
    database_end(&t);
    database_close(&database);
}

/* Entries of a wrong size, as a damaged disk might give, are errors that name their table. */
static void test_damaged(void **unused) {
    (void)unused;
    static const struct {
        enum database_table table;
        const char *name;
    } cases[] = {
        {DATABASE_BLOCK_HASHES, "block_hashes"},
        {DATABASE_BLOCK_NUMBERS, "block_numbers"},
        {DATABASE_TRANSACTION_HASHES, "transaction_hashes"},
        {DATABASE_TRANSACTIONS, "table transactions"},
        {DATABASE_META, "meta"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct database database = opened();
        struct database_transaction t;
        struct sample sample;
        static const uint8_t number[8] = {0, 0, 0, 0, 0, 0, 0, 1};
        append(&database, 0, 0);
        append(&database, 1, 0);
        sample_of(&sample, 1, 0);
        bytes key = bytes_of(number, 8);
        if (cases[i].table == DATABASE_BLOCK_NUMBERS) key = hash32_bytes(&sample.block.hash);
        if (cases[i].table == DATABASE_TRANSACTIONS) key = hash32_bytes(&sample.hashes[0]);
        if (cases[i].table == DATABASE_META) key = bytes_of(".head", 5);
        assert_int_equal(database_begin_write(&database, &t), ERR_OK);
        assert_int_equal(database_put(&t, cases[i].table, key, bytes_of("odd", 3)), ERR_OK);
        uint64_t at;
        uint32_t index;
        hash32 hash;
        const hash32 *hashes;
        size_t count;
        enum err errors[] = {
            store_get_hash(&t, 1, &hash),
            store_get_number(&t, &sample.block.hash, &at),
            store_get_transaction_hashes(&t, 1, &hashes, &count),
            store_find_transaction(&t, &sample.hashes[0], &at, &index),
            store_get_head(&t, STORE_HEAD, &at, NULL),
        };
        for (size_t k = 0; k < sizeof errors / sizeof *errors; k++)
            assert_int_equal(errors[k], k == i ? ERR_CORRUPT : ERR_OK);
        assert_non_null(strstr(t.error, cases[i].name));
        database_end(&t);
        database_close(&database);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_reorg),
        cmocka_unit_test(test_replaced_head),
        cmocka_unit_test(test_transaction_moves),
        cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_meta),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
