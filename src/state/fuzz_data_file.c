/* Walking data files: no file crashes it or keeps it from ending, and all that it shows lies in the
 * file. The input is a list of changes to a database that LMDB has written, (offset u32, byte), as
 * a file made up is refused at its first page; or, beginning with a zero, the file itself. */
#include "core/check.h"
#include "state/database_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_SIZE_MAX ((size_t)1 << 20)

static uint8_t original[FILE_SIZE_MAX];
static size_t original_size;

static void fill(struct database_transaction *t, unsigned round) {
    static uint8_t value[9000];
    for (unsigned i = 0; i < 120; i++) {
        uint8_t key[32] = {(uint8_t)(i * 7), (uint8_t)i, 3};
        size_t size = i % 30 == 0 ? sizeof value : 20 + i % 90;
        memset(value, (int)(i + round), size);
        CHECK(
            database_put(
                t,
                (enum database_table)(i % DATABASE_TABLE_COUNT),
                bytes_of(key, 2 + i % 31),
                bytes_of(value, size)
            ) == ERR_OK
        );
    }
}

static void make_original(void) {
    char directory[] = "/tmp/lockstep-fuzz-XXXXXX";
    char path[64];
    char error[DATABASE_ERROR_SIZE];
    struct database database;
    struct database_transaction t;
    CHECK(mkdtemp(directory) != NULL);
    struct database_options options = {.path = directory, .is_unsynced = true};
    CHECK(database_open(&database, &options, error) == ERR_OK);
    for (unsigned round = 0; round < 3; round++) {
        CHECK(database_begin_write(&database, &t) == ERR_OK);
        fill(&t, round);
        CHECK(database_commit(&t) == ERR_OK);
    }
    database_close(&database);
    (void)snprintf(path, sizeof path, "%s/data.mdb", directory);
    int fd = open(path, O_RDONLY);
    ssize_t got = read(fd, original, sizeof original);
    CHECK(fd >= 0 && got > 0);
    original_size = (size_t)got;
    (void)close(fd);
    static const char *const names[] = {"data.mdb", "lock.mdb", "in-use"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(directory);
}

static bytes content;
static uint64_t total;

static void see(void *context, bytes table, bytes key, bytes value) {
    const bytes all[] = {table, key, value};
    (void)context;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CHECK(all[i].data >= content.data);
        CHECK(all[i].data + all[i].size <= content.data + content.size);
        for (size_t at = 0; at < all[i].size; at++)
            total += all[i].data[at];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t changed[FILE_SIZE_MAX];
    struct data_file file;
    struct database_sums sums;
    if (original_size == 0) make_original();
    if (size > 0 && data[0] == 0) {
        content = bytes_of(data + 1, size - 1);
    } else {
        memcpy(changed, original, original_size);
        for (size_t at = 1; at + 5 <= size; at += 5) {
            uint32_t offset;
            memcpy(&offset, data + at, sizeof offset);
            changed[offset % original_size] = data[at + 4];
        }
        content = bytes_of(changed, original_size);
    }
    if (data_file_open(&file, content) != ERR_OK) return 0;
    uint8_t *seen = calloc(data_file_seen_size(&file), 1);
    CHECK(seen != NULL);
    enum err err = data_file_walk(&file, seen, see, NULL);
    CHECK(err == ERR_OK || (err == ERR_CORRUPT && file.fault != NULL));
    free(seen);
    err = data_file_walk_before(&file, bytes_of("meta", 4), see, NULL);
    CHECK(err == ERR_OK || (err == ERR_CORRUPT && file.fault != NULL));
    if (content.size > 0) (void)database_check_content(&file, &sums, content);
    return 0;
}
