#include "crypto/keccak.h"
#include "state/source_lmdb.h"
#include "state/state.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/lockstep-test-XXXXXX";
static char error[DATABASE_ERROR_SIZE];

static int make_directory(void **unused) {
    (void)unused;
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
    enum err err = database_open(
        &database, &(struct database_options){.path = path, .is_unsynced = true}, error
    );
    if (err != ERR_OK) fail_msg("%s", error);
    return database;
}

static bytes text(const char *t) {
    return bytes_of(t, strlen(t));
}

static void test_temporary(void **unused) {
    (void)unused;
    struct database database = opened(NULL);
    struct database_transaction write;
    struct database_transaction read;
    struct database_transaction old;
    struct stat status;
    bytes value;
    assert_int_not_equal(stat(database.path, &status), 0); /* no trace in the file system */
    assert_int_equal(database_begin_read(&database, &old), ERR_OK);
    assert_int_equal(database_begin_write(&database, &write), ERR_OK);
    assert_int_equal(database_put(&write, DATABASE_META, text("a"), text("1")), ERR_OK);
    assert_int_equal(database_put(&write, DATABASE_META, text("b"), text("2")), ERR_OK);
    assert_int_equal(database_add(&write, DATABASE_META, text("a"), text("3")), ERR_OK);
    assert_int_equal(database_get(&write, DATABASE_META, text("a"), &value), ERR_OK);
    assert_true(bytes_equal(value, text("1")));
    assert_int_equal(database_commit(&write), ERR_OK);

    assert_int_equal(database_begin_read(&database, &read), ERR_OK);
    assert_int_equal(database_get(&read, DATABASE_META, text("b"), &value), ERR_OK);
    assert_true(bytes_equal(value, text("2")));
    assert_int_equal(database_get(&read, DATABASE_BLOCKS, text("b"), &value), ERR_MISSING);
    bytes key;
    assert_int_equal(database_last(&read, DATABASE_META, &key, &value), ERR_OK);
    assert_true(bytes_equal(key, text("b")));
    assert_int_equal(database_last(&read, DATABASE_BLOCKS, &key, &value), ERR_MISSING);
    /* The older snapshot goes on seeing what it saw, until it is renewed. */
    assert_int_equal(database_get(&old, DATABASE_META, text("a"), &value), ERR_MISSING);
    assert_int_equal(database_renew(&old), ERR_OK);
    assert_int_equal(database_get(&old, DATABASE_META, text("a"), &value), ERR_OK);

    /* What is not committed was never there. */
    assert_int_equal(database_begin_write(&database, &write), ERR_OK);
    assert_int_equal(database_delete(&write, DATABASE_META, text("a")), ERR_OK);
    assert_int_equal(database_delete(&write, DATABASE_META, text("z")), ERR_OK);
    assert_int_equal(database_get(&write, DATABASE_META, text("a"), &value), ERR_MISSING);
    database_end(&write);
    database_end(&write);
    assert_int_equal(database_renew(&old), ERR_OK);
    assert_int_equal(database_get(&old, DATABASE_META, text("a"), &value), ERR_OK);
    struct database_usage usage;
    assert_int_equal(database_usage(&old, &usage), ERR_OK);
    assert_int_equal(usage.entries[DATABASE_META], 3); /* with the format */
    assert_true(usage.file_size > 0 && usage.file_size < 1 << 20);
    database_end(&old);
    database_end(&read);
    database_close(&database);
    database_close(&database);
}

static void test_reopen(void **unused) {
    (void)unused;
    const char *path = path_of("a/b/c"); /* folders above are made too */
    struct database database = opened(path);
    struct database_transaction t;
    bytes value;
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(database_put(&t, DATABASE_CODES, text("k"), text("kept")), ERR_OK);
    assert_int_equal(database_commit(&t), ERR_OK);
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(database_put(&t, DATABASE_CODES, text("k"), text("lost")), ERR_OK);
    database_end(&t);
    database_close(&database);

    struct database_options options = {.path = path, .is_readonly = true};
    assert_int_equal(database_open(&database, &options, error), ERR_OK);
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    assert_int_equal(database_get(&t, DATABASE_CODES, text("k"), &value), ERR_OK);
    assert_true(bytes_equal(value, text("kept")));
    database_end(&t);
    database_close(&database);
    database = opened(path);
    database_close(&database);
}

/* A process that is killed in the middle of writing leaves what was committed before. */
static void test_killed_while_writing(void **unused) {
    (void)unused;
    const char *path = path_of("killed");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct database database = opened(path);
        struct database_transaction t;
        if (database_begin_write(&database, &t) != ERR_OK) _exit(1);
        if (database_put(&t, DATABASE_META, text("k"), text("1")) != ERR_OK) _exit(2);
        if (database_commit(&t) != ERR_OK) _exit(3);
        if (database_begin_write(&database, &t) != ERR_OK) _exit(4);
        if (database_put(&t, DATABASE_META, text("k"), text("2")) != ERR_OK) _exit(5);
        _exit(42);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    struct database database = opened(path);
    struct database_transaction t;
    bytes value;
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(database_get(&t, DATABASE_META, text("k"), &value), ERR_OK);
    assert_true(bytes_equal(value, text("1")));
    database_end(&t);
    database_close(&database);
}

static void
assert_refused(const struct database_options *options, enum err expected, const char *why) {
    struct database database;
    error[0] = 0;
    assert_int_equal(database_open(&database, options, error), expected);
    if (strstr(error, why) == NULL) fail_msg("\"%s\" does not say \"%s\"", error, why);
    assert_null(database.env);
    database_close(&database);
}

static void write_file(const char *path, const char *content, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_refused_paths(void **unused) {
    (void)unused;
    const char *path = path_of("file");
    write_file(path, "x", 1);
    assert_refused(&(struct database_options){.path = path}, ERR_IO, path);
    assert_refused(&(struct database_options){.path = path}, ERR_IO, "Not a directory");
    char below[300];
    (void)snprintf(below, sizeof below, "%s/deeper", path);
    assert_refused(&(struct database_options){.path = below}, ERR_IO, "Not a directory");
    /* Nobody, root included, can make directories in /proc. */
    assert_refused(&(struct database_options){.path = "/proc/lockstep"}, ERR_IO, "/proc/lockstep");
    assert_refused(&(struct database_options){.path = "/proc/self"}, ERR_IO, "cannot write there");
    assert_refused(&(struct database_options){.path = ""}, ERR_IO, "0 characters");
    static char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    assert_refused(&(struct database_options){.path = longest}, ERR_IO, "4999 characters");
    struct database_options readonly = {.path = path_of("nothing"), .is_readonly = true};
    assert_refused(&readonly, ERR_MISSING, "No such file");
    char *temporary = getenv("TMPDIR");
    if (temporary != NULL) temporary = strdup(temporary);
    assert_int_equal(setenv("TMPDIR", "/proc", 1), 0);
    assert_refused(&(struct database_options){.path = NULL}, ERR_IO, "/proc");
    if (temporary != NULL)
        assert_int_equal(setenv("TMPDIR", temporary, 1), 0);
    else
        assert_int_equal(unsetenv("TMPDIR"), 0);
    free(temporary);
}

/* As somebody who may not write there: root gives up its rights first, in a child. */
static int open_forbidden(const char *path) {
    struct database database;
    struct database_options options = {.path = path};
    if (geteuid() == 0 && setuid(65534) != 0) return 1;
    if (database_open(&database, &options, error) != ERR_IO) return 2;
    if (strstr(error, path) == NULL) return 3;
    return strstr(error, "Permission denied") != NULL ? 42 : 4;
}

static void test_refused_permission(void **unused) {
    (void)unused;
    const char *path = path_of("readonly");
    assert_int_equal(mkdir(path, 0500), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(open_forbidden(path));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

static void test_refused_files(void **unused) {
    (void)unused;
    char file[300];
    static char garbage[20000];
    const char *path = path_of("garbage");
    assert_int_equal(mkdir(path, 0755), 0);
    (void)snprintf(file, sizeof file, "%s/data.mdb", path);
    memset(garbage, 0x5a, sizeof garbage);
    write_file(file, garbage, sizeof garbage);
    assert_refused(&(struct database_options){.path = path}, ERR_CORRUPT, path);

    path = path_of("short");
    struct database database = opened(path);
    struct database_transaction t;
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    for (unsigned i = 0; i < 100; i++) {
        uint8_t key = (uint8_t)i;
        bytes value = bytes_of(garbage, sizeof garbage);
        assert_int_equal(database_put(&t, DATABASE_BLOCKS, bytes_of(&key, 1), value), ERR_OK);
    }
    assert_int_equal(database_commit(&t), ERR_OK);
    database_close(&database);
    (void)snprintf(file, sizeof file, "%s/data.mdb", path);
    assert_int_equal(truncate(file, 100000), 0);
    assert_refused(&(struct database_options){.path = path}, ERR_CORRUPT, "cut short");

    path = path_of("future");
    database = opened(path);
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    static const uint8_t version[8] = {0, 0, 0, 0, 0, 0, 0, 99};
    assert_int_equal(
        database_put(&t, DATABASE_META, text(".format"), bytes_of(version, 8)), ERR_OK
    );
    assert_int_equal(database_commit(&t), ERR_OK);
    database_close(&database);
    assert_refused(&(struct database_options){.path = path}, ERR_UNSUPPORTED, "another version");
}

static void test_in_use(void **unused) {
    (void)unused;
    const char *path = path_of("in-use");
    struct database database = opened(path);
    assert_refused(&(struct database_options){.path = path}, ERR_IO, "another process");
    database_close(&database);
    database = opened(path);
    database_close(&database);
}

/* A full map is an error with a name, and what was there before is still there. */
static void test_full(void **unused) {
    (void)unused;
    struct database database;
    struct database_transaction t;
    struct database_options options = {.size_max = 1 << 20};
    static char large[50000];
    enum err err = ERR_OK;
    bytes value;
    assert_int_equal(database_open(&database, &options, error), ERR_OK);
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(database_put(&t, DATABASE_META, text("k"), text("1")), ERR_OK);
    assert_int_equal(database_commit(&t), ERR_OK);
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    for (unsigned i = 0; err == ERR_OK && i < 100; i++) {
        uint8_t key = (uint8_t)i;
        err = database_put(&t, DATABASE_RECEIPTS, bytes_of(&key, 1), bytes_of(large, sizeof large));
    }
    assert_int_equal(err, ERR_LIMIT);
    assert_non_null(strstr(t.error, "receipts"));
    assert_non_null(strstr(t.error, database.path));
    database_end(&t);
    assert_int_equal(database_begin_write(&database, &t), ERR_OK);
    assert_int_equal(database_get(&t, DATABASE_META, text("k"), &value), ERR_OK);
    assert_int_equal(database_put(&t, DATABASE_META, text("k"), text("2")), ERR_OK);
    assert_int_equal(database_commit(&t), ERR_OK);
    database_close(&database);
}

/* A file that may not grow stands for a full disk: the system refuses the write, and so it is
 * said. */
static int write_past_limit(const char *path) {
    static char large[1 << 20];
    struct database database = opened(path);
    struct database_transaction t;
    struct rlimit limit = {200000, 200000};
    bytes value;
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    if (database_begin_write(&database, &t) != ERR_OK) return 2;
    enum err err = database_put(&t, DATABASE_META, text("k"), bytes_of(large, sizeof large));
    if (err == ERR_OK) err = database_commit(&t);
    database_end(&t);
    if (err != ERR_IO || strstr(t.error, path) == NULL) return 3;
    /* LMDB says EIO for a write that was cut short, and the system's own word when nothing
     * fitted. */
    if (strstr(t.error, "File too large") == NULL && strstr(t.error, "Input/output") == NULL)
        return 4;
    if (database_begin_read(&database, &t) != ERR_OK) return 5;
    if (database_get(&t, DATABASE_META, text("k"), &value) != ERR_MISSING) return 6;
    database_end(&t);
    database_close(&database);
    return 42;
}

static void test_no_room_on_disk(void **unused) {
    (void)unused;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(write_past_limit(path_of("limited")));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

/* Pages of files that are mapped in this process and in memory. */
static size_t shared_size(void) {
    char line[256];
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_int_equal(fclose(file), 0);
    char *at;
    (void)strtoul(line, &at, 10); /* proc(5): size, resident, shared */
    (void)strtoul(at, &at, 10);
    return strtoul(at, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static void put_megabytes(struct database *database, uint32_t first, uint32_t count) {
    static uint8_t value[1 << 20];
    struct database_transaction t;
    assert_int_equal(database_begin_write(database, &t), ERR_OK);
    for (uint32_t n = first; n < first + count; n++) {
        uint8_t key[4];
        store_be32(key, n);
        memset(value, (int)n, sizeof value);
        assert_int_equal(
            database_put(&t, DATABASE_CODES, bytes_of(key, 4), bytes_of(value, sizeof value)),
            ERR_OK
        );
    }
    assert_int_equal(database_commit(&t), ERR_OK);
}

static void test_pages_are_given_back(void **unused) {
    (void)unused;
    enum { FIRST = 70, THEN = 70 };
    struct database database;
    struct database_transaction t;
    const struct database_options options = {0};
    assert_int_equal(database_open(&database, &options, error), ERR_OK);
    put_megabytes(&database, 0, FIRST);
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    size_t before = shared_size();
    const uint8_t *held = NULL;
    for (uint32_t n = 0; n < FIRST; n++) {
        uint8_t key[4];
        bytes value;
        store_be32(key, n);
        assert_int_equal(database_get(&t, DATABASE_CODES, bytes_of(key, 4), &value), ERR_OK);
        for (size_t i = 0; i < value.size; i += 4096)
            assert_int_equal(value.data[i], n);
        if (n == 7) held = value.data;
    }
    assert_true(shared_size() > before + ((size_t)FIRST << 19));
    put_megabytes(&database, FIRST, THEN);
    assert_true(shared_size() < before + ((size_t)FIRST << 18));
    assert_int_equal(held[12345], 7); /* what was handed out is still there */
    database_end(&t);
    database_close(&database);
}

/* --- as a source --- */

struct search {
    const hash32 *hash;
    bytes key;
    bytes segment;
    size_t offset;
};

static enum err find_segment(void *context, bytes key, bytes value) {
    struct search *search = context;
    const uint8_t *at = memmem(value.data, value.size, search->hash->b, sizeof(hash32));
    if (at == NULL) return ERR_OK;
    *search = (struct search){search->hash, key, value, (size_t)(at - value.data)};
    return ERR_OK;
}

/* Turns a bit of the node's encoding where it is stored. */
static void damage_node(struct database_transaction *write, const hash32 *hash) {
    struct search search = {.hash = hash};
    assert_int_equal(database_visit(write, DATABASE_NODES, find_segment, &search), ERR_OK);
    assert_non_null(search.segment.data);
    uint8_t *copy = malloc(search.segment.size);
    uint8_t key[4];
    assert_non_null(copy);
    memcpy(copy, search.segment.data, search.segment.size);
    memcpy(key, search.key.data, sizeof(key));
    copy[search.offset + 36] ^= 1;
    assert_int_equal(
        database_put(write, DATABASE_NODES, bytes_of(key, 4), bytes_of(copy, search.segment.size)),
        ERR_OK
    );
    free(copy);
}

static void test_source(void **unused) {
    (void)unused;
    struct arena arena;
    struct source_memory memory;
    struct source_lmdb lmdb;
    struct state state;
    struct database database = opened(path_of("source"));
    struct database_transaction t;
    hash32 root = EMPTY_TRIE_ROOT;
    arena_open(&arena, SIZE_MAX);
    assert_int_equal(database_begin_read(&database, &t), ERR_OK);
    source_lmdb_open(&lmdb, &t, true);
    source_memory_open(&memory, &arena, &lmdb.source);
    assert_int_equal(state_open(&state, &arena, &memory.source, &root), ERR_OK);
    struct state_slot slots[50];
    struct state_change change = {
        .address = {{7}},
        .exists = true,
        .nonce = 1,
        .code_hash = keccak256(text("code")),
        .code = text("code"),
        .slots = slots,
        .slot_count = 50,
    };
    for (unsigned block = 0; block < 20; block++) {
        for (unsigned i = 0; i < 50; i++)
            slots[i] = (struct state_slot){u256_from_u64(block * 10 + i), u256_from_u64(block + 1)};
        assert_int_equal(state_apply(&state, &root, &memory, &change, 1), ERR_OK);
        struct database_transaction write;
        assert_int_equal(database_begin_write(&database, &write), ERR_OK);
        assert_int_equal(source_lmdb_write(&write, &memory), ERR_OK);
        assert_int_equal(database_commit(&write), ERR_OK);
        /* A new snapshot, an empty memory: everything comes from the database. */
        assert_int_equal(database_renew(&t), ERR_OK);
        arena_reset(&arena);
        source_memory_open(&memory, &arena, &lmdb.source);
        assert_int_equal(state_open(&state, &arena, &memory.source, &root), ERR_OK);
        u256 value;
        bytes code;
        assert_int_equal(state_get_slot(&state, &change.address, &slots[9].key, &value), ERR_OK);
        assert_int_equal(value.w[0], block + 1);
        assert_int_equal(state_get_code(&state, &change.code_hash, &code), ERR_OK);
        assert_true(bytes_equal(code, text("code")));
    }
    /* A byte that a disk turned: told apart from a node that is not there. */
    struct database_transaction write;
    bytes node;
    assert_int_equal(database_begin_write(&database, &write), ERR_OK);
    damage_node(&write, &root);
    assert_int_equal(database_commit(&write), ERR_OK);
    assert_int_equal(database_renew(&t), ERR_OK);
    assert_int_equal(source_node(&lmdb.source, &root, &node), ERR_CORRUPT);
    assert_non_null(strstr(t.error, "nodes"));
    assert_int_equal(source_node(&lmdb.source, &KECCAK_EMPTY, &node), ERR_MISSING);
    assert_int_equal(state_open(&state, &arena, &lmdb.source, &root), ERR_OK);
    struct account account;
    bool exists;
    assert_int_equal(state_get_account(&state, &change.address, &account, &exists), ERR_CORRUPT);
    lmdb.is_checked = false; /* the trie refuses what is no node even so */
    assert_int_equal(state_get_account(&state, &change.address, &account, &exists), ERR_CORRUPT);
    database_end(&t);
    database_close(&database);
    arena_close(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_temporary),
        cmocka_unit_test(test_reopen),
        cmocka_unit_test(test_killed_while_writing),
        cmocka_unit_test(test_refused_paths),
        cmocka_unit_test(test_refused_permission),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_no_room_on_disk),
        cmocka_unit_test(test_pages_are_given_back),
        cmocka_unit_test(test_source),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
