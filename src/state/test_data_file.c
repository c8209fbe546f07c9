#include "state/database_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/lockstep-test-XXXXXX";
static char error[DATABASE_ERROR_SIZE];
static uint64_t seed = 1;

/* SplitMix64: the same numbers for the same seed. */
static uint64_t draw(void) {
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int make_directory(void **unused) {
    (void)unused;
    const char *given = getenv("SEED");
    if (given != NULL) seed = strtoull(given, NULL, 0);
    print_message("SEED=%llu\n", (unsigned long long)seed);
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **unused) {
    (void)unused;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command); // NOLINT(cert-env33-c): a fixed command on a directory of our own
}

static const char *path_of(const char *name) {
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static struct database opened(const char *path) {
    struct database database;
    struct database_options options = {.path = path, .is_unsynced = true};
    if (database_open(&database, &options, error) != ERR_OK) fail_msg("%s", error);
    return database;
}

/* A transaction of random writes over so many keys, in every table. */
static void write_some(struct database *database, unsigned count, unsigned keys, size_t size_max) {
    static uint8_t value[40000];
    struct database_transaction t;
    assert_int_equal(database_begin_write(database, &t), ERR_OK);
    for (unsigned i = 0; i < count; i++) {
        enum database_table table = (enum database_table)(draw() % DATABASE_TABLE_COUNT);
        uint8_t key[64];
        size_t key_size = 2 + draw() % 3 * 31;
        uint64_t which = draw() % keys;
        for (size_t at = 0; at < key_size; at++)
            key[at] = (uint8_t)(which >> (at % 2 * 8) ^ at * 37);
        bytes k = bytes_of(key, key_size);
        size_t size = draw() % (draw() % 8 == 0 ? size_max : 200);
        memset(value, (int)draw(), size);
        enum err err = draw() % 3 == 0   ? database_delete(&t, table, k)
                       : draw() % 2 == 0 ? database_put(&t, table, k, bytes_of(value, size))
                                         : database_add(&t, table, k, bytes_of(value, size));
        assert_int_equal(err, ERR_OK);
    }
    assert_int_equal(database_commit(&t), ERR_OK);
}

static uint8_t *read_file(size_t *size, const char *path) {
    char name[300];
    struct stat status;
    (void)snprintf(name, sizeof name, "%s/data.mdb", path);
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    *size = (size_t)status.st_size;
    uint8_t *content = malloc(*size);
    assert_non_null(content);
    assert_int_equal(fread(content, 1, *size, file), *size);
    assert_int_equal(fclose(file), 0);
    return content;
}

static void write_file(const char *path, const uint8_t *content, size_t size) {
    char name[300];
    (void)snprintf(name, sizeof name, "%s/data.mdb", path);
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    if (size > 0) assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Whatever was written, put in and taken out, is accepted after each transaction. */
static void test_accepts_what_is_written(void **unused) {
    (void)unused;
    const char *path = path_of("written");
    struct database database = opened(path);
    struct data_file file;
    struct database_sums sums;
    size_t size;
    for (unsigned round = 0; round < 120; round++) {
        write_some(&database, 1 + (unsigned)(draw() % 400), 1 + (unsigned)(draw() % 3000), 40000);
        if (round % 20 == 19) {
            struct database_transaction t;
            assert_int_equal(database_begin_write(&database, &t), ERR_OK);
            assert_int_equal(database_clear(&t, DATABASE_NODES), ERR_OK);
            assert_int_equal(database_commit(&t), ERR_OK);
        }
        uint8_t *content = read_file(&size, path);
        enum err err = database_check_content(&file, &sums, bytes_of(content, size));
        if (err != ERR_OK)
            fail_msg(
                "round %u: page %llu: %s", round, (unsigned long long)file.fault_page, file.fault
            );
        assert_memory_equal(&sums, &database.sums, sizeof sums);
        free(content);
    }
    database_close(&database);
    database = opened(path);
    database_close(&database);
}

/* Does what a node does with an accepted file; in a child, as LMDB may end it. */
static int use(const char *path) {
    struct database database;
    struct database_options options = {.path = path, .is_unsynced = true};
    if (database_open(&database, &options, error) != ERR_OK) return 1;
    for (unsigned i = 0; i < 4; i++)
        write_some(&database, 30, 40, 9000);
    database_close(&database);
    return database_open(&database, &options, error) == ERR_OK ? 42 : 2;
}

static void assert_usable(const char *path, const uint8_t *content, size_t size) {
    write_file(path, content, size);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(use(path));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

/* In every byte of a small database a bit is turned: it shows, or nothing has changed that LMDB
 * looks at. */
static void test_every_byte(void **unused) {
    (void)unused;
    enum { USED_MAX = 60 };
    const char *path = path_of("bytes");
    struct database database = opened(path);
    struct data_file file;
    struct database_sums before;
    struct database_sums sums;
    size_t size;
    size_t refused = 0;
    size_t accepted = 0;
    for (unsigned i = 0; i < 6; i++)
        write_some(&database, 20, 40, 9000);
    database_close(&database);
    uint8_t *content = read_file(&size, path);
    path = path_of("used");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(database_check_content(&file, &before, bytes_of(content, size)), ERR_OK);
    uint64_t transaction = file.metas[0].transaction;
    for (size_t at = 0; at < size; at++) {
        uint8_t bit = (uint8_t)(1u << draw() % 8);
        content[at] ^= bit;
        if (database_check_content(&file, &sums, bytes_of(content, size)) == ERR_OK) {
            accepted++;
            assert_memory_equal(&sums, &before, sizeof sums);
            assert_int_equal(file.metas[0].transaction, transaction);
            if (draw() % size < USED_MAX) assert_usable(path, content, size);
        } else {
            refused++;
            assert_non_null(file.fault);
        }
        content[at] ^= bit;
    }
    print_message("of %zu bytes %zu show, %zu do not matter\n", size, refused, accepted);
    assert_true(refused > size / 10 && accepted > 0);
    free(content);
}

/* Cut short anywhere it is refused, unless only free pages are gone. */
static void test_every_length(void **unused) {
    (void)unused;
    struct database database = opened(path_of("lengths"));
    struct data_file file;
    struct database_sums before;
    struct database_sums sums;
    size_t size;
    write_some(&database, 60, 40, 9000);
    database_close(&database);
    uint8_t *content = read_file(&size, path_of("lengths"));
    assert_int_equal(database_check_content(&file, &before, bytes_of(content, size)), ERR_OK);
    bool is_refused = true;
    for (size_t cut = 1; cut < size; cut++) {
        /* At the end of memory that is there, so that a sanitizer sees who reads on. */
        uint8_t *less = malloc(cut);
        assert_non_null(less);
        memcpy(less, content, cut);
        enum err err = database_check_content(&file, &sums, bytes_of(less, cut));
        free(less);
        if (err == ERR_OK) assert_memory_equal(&sums, &before, sizeof sums);
        assert_true(err == ERR_OK || is_refused);
        is_refused = err != ERR_OK;
    }
    free(content);
}

/* Both newest states are whole: what a lost meta page would bring back unnoticed is refused. */
static void test_step_back(void **unused) {
    (void)unused;
    struct database database = opened(path_of("back"));
    struct data_file file;
    struct database_sums sums;
    size_t size;
    for (unsigned i = 0; i < 5; i++)
        write_some(&database, 20, 40, 500);
    database_close(&database);
    uint8_t *content = read_file(&size, path_of("back"));
    assert_int_equal(database_check_content(&file, &sums, bytes_of(content, size)), ERR_OK);
    uint64_t last = file.metas[0].transaction;
    uint64_t older = last - 2;
    /* The transaction's number is at the end of the meta page's content. */
    memcpy(content + (last & 1) * 4096 + 16 + 24 + 96 + 8, &older, 8);
    assert_int_equal(database_check_content(&file, &sums, bytes_of(content, size)), ERR_CORRUPT);
    assert_non_null(strstr(file.fault, "last transaction"));
    free(content);
}

/* What was lost altogether is not begun anew where it has to be. */
static void test_missing(void **unused) {
    (void)unused;
    const char *path = path_of("missing");
    struct database database;
    struct database_options options = {.path = path, .must_exist = true};
    assert_int_equal(database_open(&database, &options, error), ERR_MISSING);
    assert_non_null(strstr(error, "data.mdb"));
    database = opened(path);
    database_close(&database);
    assert_int_equal(database_open(&database, &options, error), ERR_OK);
    database_close(&database);
    write_file(path, NULL, 0);
    assert_int_equal(database_open(&database, &options, error), ERR_MISSING);
    assert_non_null(strstr(error, "data.mdb is missing or empty"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts_what_is_written),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_step_back),
        cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests_name("data_file", tests, make_directory, remove_directory);
}
