#include "state/database_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE_MAX = 4096 };

const char *database_table_name(enum database_table table) {
    switch (table) {
#define DATABASE_TABLE_NAME(name, text) \
    case DATABASE_##name:               \
        return text;
        DATABASE_TABLE_LIST(DATABASE_TABLE_NAME)
#undef DATABASE_TABLE_NAME
    case DATABASE_TABLE_COUNT:
        break;
    }
    return "of no name";
}

/* --- sums --- */

__extension__ typedef unsigned __int128 product;

/* Odd numbers without a pattern: the fractions of the square roots of 2, 3 and 5. */
#define MIX_A UINT64_C(0x6a09e667f3bcc909)
#define MIX_B UINT64_C(0xbb67ae8584caa73b)
#define MIX_C UINT64_C(0x3c6ef372fe94f82b)

static uint64_t mix(uint64_t a, uint64_t b) {
    product both = (product)a * b;
    return (uint64_t)both ^ (uint64_t)(both >> 64);
}

static uint64_t hash_bytes(uint64_t seed, bytes data) {
    uint64_t hash = mix(seed ^ MIX_A, data.size ^ MIX_B);
    uint64_t word;
    size_t at = 0;
    for (; at + 8 <= data.size; at += 8) {
        memcpy(&word, data.data + at, 8);
        hash = mix(hash ^ word, MIX_B) + MIX_C;
    }
    word = 0;
    if (at < data.size) memcpy(&word, data.data + at, data.size - at);
    return mix(hash ^ word, MIX_C);
}

uint64_t database_entry_sum(enum database_table table, bytes key, bytes value) {
    return hash_bytes(hash_bytes((uint64_t)table + 1, key), value);
}

void database_sums_write(
    uint8_t record[SUMS_RECORD_SIZE], const struct database_sums *sums, uint64_t transaction
) {
    store_be64(record, transaction);
    for (size_t i = 0; i < DATABASE_TABLE_COUNT; i++)
        store_be64(record + 8 + 8 * i, sums->of[i]);
    store_be64(
        record + SUMS_RECORD_SIZE - 8, hash_bytes(0, bytes_of(record, SUMS_RECORD_SIZE - 8))
    );
}

bool database_sums_read(struct database_sums *sums, uint64_t *transaction, bytes record) {
    if (record.size != SUMS_RECORD_SIZE ||
        load_be64(record.data + SUMS_RECORD_SIZE - 8) !=
            hash_bytes(0, bytes_slice(record, 0, SUMS_RECORD_SIZE - 8)))
        return false;
    *transaction = load_be64(record.data);
    for (size_t i = 0; i < DATABASE_TABLE_COUNT; i++)
        sums->of[i] = load_be64(record.data + 8 + 8 * i);
    return true;
}

/* --- the file --- */

/* What a walk finds. */
struct found {
    struct database_sums sums;
    bytes record;     /* under SUMS_KEY */
    bytes format;     /* under FORMAT_KEY */
    const void *name; /* of the table that entries came from last */
    enum database_table table;
    bool is_foreign; /* a table is none of ours */
};

static bool is_meta(const struct found *found, bytes key, const char *name) {
    return found->table == DATABASE_META && bytes_equal(key, bytes_of(name, strlen(name)));
}

static void see(void *context, bytes name, bytes key, bytes value) {
    struct found *found = context;
    if (name.data != found->name) {
        unsigned i = 0;
        while (i < DATABASE_TABLE_COUNT) {
            const char *own = database_table_name((enum database_table)i);
            if (bytes_equal(name, bytes_of(own, strlen(own)))) break;
            i++;
        }
        found->is_foreign |= i == DATABASE_TABLE_COUNT;
        found->name = name.data;
        found->table = (enum database_table)i;
    }
    if (is_meta(found, key, SUMS_KEY)) {
        found->record = value;
        return;
    }
    if (is_meta(found, key, FORMAT_KEY)) found->format = value;
    if (found->table != DATABASE_TABLE_COUNT)
        found->sums.of[found->table] += database_entry_sum(found->table, key, value);
}

static enum err wrong(struct data_file *file, const char *fault) {
    file->fault_page = 0;
    file->fault = fault;
    return ERR_CORRUPT;
}

/* Entries and the transaction are those that the record speaks of. */
static enum err
check_record(struct data_file *file, const struct found *found, uint64_t transaction) {
    struct database_sums sums;
    uint64_t written;
    if (!database_sums_read(&sums, &written, found->record))
        return wrong(file, "the sums over its tables are damaged");
    if (written != transaction) return wrong(file, "it is not as its last transaction left it");
    return ERR_OK;
}

/* The transaction before the newest must be the one that it says it is: else there was another
 * after it, and the newest is lost. */
static enum err check_before(struct data_file *file) {
    static const char meta[] = "meta";
    struct found found = {0};
    if (file->metas[1].transaction == 0) return ERR_OK;
    enum err err = data_file_walk_before(file, bytes_of(meta, sizeof meta - 1), see, &found);
    return err == ERR_OK ? check_record(file, &found, file->metas[1].transaction) : err;
}

static enum err check_newest(struct data_file *file, struct database_sums *sums, uint8_t *seen) {
    struct found found = {0};
    struct database_sums written;
    uint64_t transaction;
    enum err err = data_file_walk(file, seen, see, &found);
    if (err != ERR_OK) return err;
    if (found.format.size == 8 && load_be64(found.format.data) != DATABASE_FORMAT_VERSION) {
        (void)wrong(file, "another version of this program wrote it");
        return ERR_UNSUPPORTED;
    }
    if (found.is_foreign) return wrong(file, "it has a table that is none of this program's");
    err = check_record(file, &found, file->metas[0].transaction);
    if (err != ERR_OK) return err;
    (void)database_sums_read(&written, &transaction, found.record);
    for (size_t i = 0; i < DATABASE_TABLE_COUNT; i++)
        if (written.of[i] != found.sums.of[i])
            return wrong(file, "a table's entries are not those that were written");
    *sums = written;
    return check_before(file);
}

enum err database_check_content(struct data_file *file, struct database_sums *sums, bytes content) {
    *sums = (struct database_sums){0};
    enum err err = data_file_open(file, content);
    if (err != ERR_OK || file->metas[0].transaction == 0) return err;
    uint8_t *seen = calloc(data_file_seen_size(file), 1);
    if (seen == NULL) return ERR_MEMORY;
    err = check_newest(file, sums, seen);
    free(seen);
    return err;
}

static enum err fail_io(char error[DATABASE_ERROR_SIZE], const char *path, int code) {
    (void
    )snprintf(error, DATABASE_ERROR_SIZE, "database: cannot read %.400s: %s", path, strerror(code));
    return ERR_IO;
}

enum err database_check_file(
    struct database_sums *sums, bool *is_new, char error[DATABASE_ERROR_SIZE], const char *directory
) {
    char path[PATH_SIZE_MAX + 16];
    struct stat status;
    *sums = (struct database_sums){0};
    (void)snprintf(path, sizeof path, "%s/data.mdb", directory);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *is_new = fd < 0 && errno == ENOENT;
    if (*is_new) return ERR_OK;
    if (fd < 0) return fail_io(error, path, errno);
    enum err err = ERR_OK;
    void *map = NULL;
    if (fstat(fd, &status) != 0) {
        err = fail_io(error, path, errno);
        goto out;
    }
    *is_new = status.st_size == 0;
    if (*is_new) goto out;
    size_t size = (size_t)status.st_size;
    map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        err = fail_io(error, path, errno);
        goto out;
    }
    struct data_file file;
    err = database_check_content(&file, sums, bytes_of(map, size));
    if (err == ERR_MEMORY)
        (void)snprintf(error, DATABASE_ERROR_SIZE, "database %.400s: no memory", path);
    else if (err == ERR_UNSUPPORTED)
        (void)snprintf(
            error,
            DATABASE_ERROR_SIZE,
            "database: %.300s: %s; use the program that did, or begin anew without it",
            path,
            file.fault
        );
    else if (err != ERR_OK)
        (void)snprintf(
            error,
            DATABASE_ERROR_SIZE,
            "database: %.300s is damaged: %s (page %llu); put back a copy of it, or begin anew "
            "without it",
            path,
            file.fault,
            (unsigned long long)file.fault_page
        );
    (void)munmap(map, size);
out:
    (void)close(fd);
    return err;
}
