#include "core/check.h"
#include "state/database_private.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SIZE_MAX_DEFAULT   ((size_t)1 << 40)
#define SIZE_MAX_TEMPORARY ((size_t)1 << 36)
#define SIZE_MAX_SMALLEST  ((size_t)1 << 28)

enum { READERS_MAX = 1024, FILE_MODE = 0644, DIRECTORY_MODE = 0755, PATH_SIZE_MAX = 4096 };

/* What LMDB's or the system's code means here. */
static enum err err_of(int code) {
    switch (code) {
    case MDB_SUCCESS:
        return ERR_OK;
    case MDB_NOTFOUND:
        return ERR_MISSING;
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
        return ERR_CORRUPT;
    case MDB_VERSION_MISMATCH:
        return ERR_UNSUPPORTED;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_READERS_FULL:
        return ERR_LIMIT;
    case ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_IO;
    }
}

__attribute__((format(printf, 2, 3))) static void
say(char error[DATABASE_ERROR_SIZE], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, DATABASE_ERROR_SIZE, format, arguments);
    va_end(arguments);
}

/* --- opening --- */

/* Makes the directory and those above it. */
static enum err make_directory(const char *path, char error[DATABASE_ERROR_SIZE]) {
    char part[PATH_SIZE_MAX];
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof part) {
        say(error,
            "database: the path has %zu characters, allowed are 1 to %d",
            size,
            PATH_SIZE_MAX - 1);
        return ERR_IO;
    }
    for (size_t i = 1; i <= size; i++) {
        if (path[i] != '/' && path[i] != 0) continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, DIRECTORY_MODE) == 0) continue;
        int code = errno;
        struct stat status;
        if (code == EEXIST && stat(part, &status) == 0) {
            if (S_ISDIR(status.st_mode)) continue;
            code = ENOTDIR;
        }
        /* A directory above may be one that cannot be made but is there. */
        if (path[i] == '/' && stat(part, &status) == 0 && S_ISDIR(status.st_mode)) continue;
        say(error, "database %s: cannot make the directory %s: %s", path, part, strerror(code));
        return ERR_IO;
    }
    return ERR_OK;
}

static enum err choose_path(
    struct database *database,
    const struct database_options *options,
    char error[DATABASE_ERROR_SIZE]
) {
    if (options->path != NULL) {
        enum err err = options->is_readonly ? ERR_OK : make_directory(options->path, error);
        if (err != ERR_OK) return err;
        database->path = strdup(options->path);
        if (database->path == NULL) say(error, "database %s: no memory", options->path);
        return database->path != NULL ? ERR_OK : ERR_MEMORY;
    }
    const char *directory = getenv("TMPDIR");
    if (directory == NULL || directory[0] == 0) directory = "/tmp";
    char *path = NULL;
    if (asprintf(&path, "%s/lockstep-XXXXXX", directory) < 0) {
        say(error, "temporary database: no memory");
        return ERR_MEMORY;
    }
    if (mkdtemp(path) == NULL) {
        say(error,
            "temporary database: cannot make a directory in %s: %s",
            directory,
            strerror(errno));
        free(path);
        return ERR_IO;
    }
    database->path = path;
    database->is_temporary = true;
    return ERR_OK;
}

/* One writing process at a time: two that both think they are the chain's node would mix blocks. */
static enum err lock(struct database *database, char error[DATABASE_ERROR_SIZE]) {
    char path[PATH_SIZE_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/in-use", database->path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        say(error, "database %s: cannot write there: %s", database->path, strerror(errno));
        return ERR_IO;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int code = errno;
        (void)close(fd);
        say(error,
            "database %s: %s",
            database->path,
            code == EWOULDBLOCK ? "another process has it open" : strerror(code));
        return ERR_IO;
    }
    database->lock_fd = fd;
    return ERR_OK;
}

/* Removes the names of a temporary database; the files live until they are closed. */
static void unlink_files(const char *path) {
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    char file[PATH_SIZE_MAX + 16];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(file, sizeof file, "%s/%s", path, names[i]);
        (void)unlink(file);
    }
    (void)rmdir(path);
}

static int try_env(struct database *database, const struct database_options *options, size_t size) {
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
    if (database->is_temporary || options->is_unsynced) flags |= MDB_NOSYNC | MDB_NOMETASYNC;
    /* LMDB clears fresh pages lest old memory reach the disk; it costs a pass over each, and the
     * disk of a temporary database is gone with it. */
    if (database->is_temporary) flags |= MDB_NOMEMINIT;
    if (database->is_readonly) flags |= MDB_RDONLY;
    int code = mdb_env_create(&database->env);
    if (code != 0) return code;
    code = mdb_env_set_maxdbs(database->env, DATABASE_TABLE_COUNT);
    if (code == 0) code = mdb_env_set_maxreaders(database->env, READERS_MAX);
    if (code == 0) code = mdb_env_set_mapsize(database->env, size);
    if (code == 0) code = mdb_env_open(database->env, database->path, flags, FILE_MODE);
    if (code != 0) {
        mdb_env_close(database->env);
        database->env = NULL;
    }
    return code;
}

static enum err open_env(
    struct database *database,
    const struct database_options *options,
    char error[DATABASE_ERROR_SIZE]
) {
    bool is_free = options->size_max == 0;
    size_t size = options->size_max;
    if (is_free) size = database->is_temporary ? SIZE_MAX_TEMPORARY : SIZE_MAX_DEFAULT;
    int code = try_env(database, options, size);
    /* A limit on address space (ulimit -v, a sanitizer): less will do for a start. */
    while (code == ENOMEM && is_free && size > SIZE_MAX_SMALLEST) {
        size /= 4;
        code = try_env(database, options, size);
    }
    if (code == 0) return ERR_OK;
    say(error, "database %s: cannot open: %s", database->path, mdb_strerror(code));
    if (code == ENOENT && database->is_readonly) return ERR_MISSING;
    return err_of(code);
}

static int open_tables(struct database *database, MDB_txn *txn, unsigned flags) {
    int code = 0;
    for (unsigned i = 0; code == 0 && i < DATABASE_TABLE_COUNT; i++)
        code = mdb_dbi_open(
            txn, database_table_name((enum database_table)i), flags, &database->tables[i]
        );
    return code;
}

static int read_format(struct database *database, MDB_txn *txn, uint64_t *version) {
    uint8_t name[sizeof FORMAT_KEY] = FORMAT_KEY;
    MDB_val key = {sizeof name - 1, name};
    MDB_val value;
    int code = mdb_get(txn, database->tables[DATABASE_META], &key, &value);
    if (code == 0 && value.mv_size != 8) code = MDB_CORRUPTED;
    if (code == 0) *version = load_be64(value.mv_data);
    return code;
}

/* --- transactions --- */

/* What a person can do; "" if nothing is known. A commit is all or nothing, so what was committed
 * before is there. */
static const char *advice(const struct database *database, int code) {
    if (code == MDB_MAP_FULL)
        return "; it may not grow any more: allow more address space (ulimit -v) and start again";
    if (code != ENOSPC && code != EDQUOT && code != EFBIG && code != EIO) return "";
    if (database->is_temporary) return "; make room there, or set TMPDIR to another directory";
    return "; make room and start again: everything that was acknowledged is there";
}

static enum err fail(struct database_transaction *transaction, const char *what, int code) {
    const struct database *database = transaction->database;
    say(transaction->error,
        "database %s/data.mdb: cannot %s: %s%s",
        database->path,
        what,
        mdb_strerror(code),
        advice(database, code));
    return err_of(code);
}

static enum err fail_at(
    struct database_transaction *transaction, enum database_table table, const char *what, int code
) {
    const struct database *database = transaction->database;
    say(transaction->error,
        "database %s/data.mdb: cannot %s table %s: %s%s",
        database->path,
        what,
        database_table_name(table),
        mdb_strerror(code),
        advice(database, code));
    return err_of(code);
}

static enum err
begin(struct database *database, struct database_transaction *transaction, bool is_write) {
    transaction->database = database;
    transaction->txn = NULL;
    transaction->is_write = is_write;
    transaction->is_changed = false;
    transaction->sums = database->sums;
    transaction->error[0] = 0;
    CHECK(!is_write || !database->is_readonly);
    int code = mdb_txn_begin(database->env, NULL, is_write ? 0 : MDB_RDONLY, &transaction->txn);
    if (code == 0) return ERR_OK;
    transaction->txn = NULL;
    return fail(transaction, is_write ? "begin to write" : "begin to read", code);
}

enum err database_begin_read(struct database *database, struct database_transaction *transaction) {
    return begin(database, transaction, false);
}

enum err database_begin_write(struct database *database, struct database_transaction *transaction) {
    return begin(database, transaction, true);
}

enum err database_renew(struct database_transaction *transaction) {
    CHECK(transaction->txn != NULL && !transaction->is_write);
    mdb_txn_reset(transaction->txn);
    int code = mdb_txn_renew(transaction->txn);
    if (code == 0) return ERR_OK;
    mdb_txn_abort(transaction->txn);
    transaction->txn = NULL;
    return fail(transaction, "go on to the newest snapshot", code);
}

void database_rest(struct database_transaction *transaction) {
    if (transaction->txn == NULL) return;
    CHECK(!transaction->is_write);
    mdb_txn_reset(transaction->txn);
}

uint64_t database_snapshot(const struct database_transaction *transaction) {
    CHECK(transaction->txn != NULL);
    return transaction->is_write ? 0 : mdb_txn_id(transaction->txn);
}

/* LMDB reports a write that the system cut short as EIO; where the disk is full, or the file as
 * large as the process may make it, that is why. */
static int cause_of(const struct database *database, int code) {
    enum { SPARE_SIZE = 1 << 16 };
    mdb_filehandle_t fd;
    struct statvfs disk;
    struct stat file;
    struct rlimit limit;
    if (code != EIO || mdb_env_get_fd(database->env, &fd) != 0) return code;
    if (fstatvfs(fd, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < SPARE_SIZE)
        return ENOSPC;
    if (fstat(fd, &file) == 0 && getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
        limit.rlim_cur != RLIM_INFINITY && (uint64_t)file.st_size + SPARE_SIZE > limit.rlim_cur)
        return EFBIG;
    return code;
}

/* Where the file is mapped, which LMDB does not say; NULL if that cannot be found out. */
static void *find_map(const struct database *database) {
    int fd;
    struct stat status;
    char line[PATH_SIZE_MAX];
    void *map = NULL;
    if (mdb_env_get_fd(database->env, &fd) != 0 || fstat(fd, &status) != 0) return NULL;
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL) return NULL;
    while (map == NULL && fgets(line, sizeof line, maps) != NULL) {
        /* start-end permissions offset major:minor inode path; proc(5) */
        char *at;
        unsigned long start = strtoul(line, &at, 16);
        for (unsigned i = 0; i < 3 && at != NULL; i++)
            at = strchr(at + 1, ' ');
        if (at == NULL) continue;
        unsigned major_number = (unsigned)strtoul(at, &at, 16);
        unsigned minor_number = (unsigned)strtoul(at + 1, &at, 16);
        unsigned long inode = strtoul(at, NULL, 10);
        if (inode == status.st_ino && makedev(major_number, minor_number) == status.st_dev)
            map = (void *)start; /* NOLINT(performance-no-int-to-ptr) */
    }
    (void)fclose(maps);
    return map;
}

/* The map is shared, and only read through: its pages stay in the system's cache. */
static void trim(struct database *database) {
    MDB_envinfo info;
    MDB_stat stat;
    if (mdb_env_info(database->env, &info) != 0 || mdb_env_stat(database->env, &stat) != 0) return;
    size_t size = (info.me_last_pgno + 1) * stat.ms_psize;
    if (size < database->trimmed_size + DATABASE_TRIM_SIZE) return;
    void *map = find_map(database);
    if (map != NULL) (void)madvise(map, size, MADV_DONTNEED);
    database->trimmed_size = size;
}

/* With what was changed go the sums over it. */
static int put_sums(struct database_transaction *transaction) {
    uint8_t record[SUMS_RECORD_SIZE];
    uint8_t name[sizeof SUMS_KEY] = SUMS_KEY;
    MDB_val key = {sizeof name - 1, name};
    MDB_val value = {sizeof record, record};
    if (transaction->database->is_temporary || !transaction->is_changed) return 0;
    database_sums_write(record, &transaction->sums, mdb_txn_id(transaction->txn));
    return mdb_put(transaction->txn, transaction->database->tables[DATABASE_META], &key, &value, 0);
}

enum err database_commit(struct database_transaction *transaction) {
    CHECK(transaction->txn != NULL && transaction->is_write);
    int code = put_sums(transaction);
    if (code == 0)
        code = mdb_txn_commit(transaction->txn);
    else
        mdb_txn_abort(transaction->txn);
    transaction->txn = NULL;
    if (code != 0)
        return fail(transaction, "write what was changed", cause_of(transaction->database, code));
    transaction->database->sums = transaction->sums;
    trim(transaction->database);
    return ERR_OK;
}

void database_end(struct database_transaction *transaction) {
    if (transaction->txn != NULL) mdb_txn_abort(transaction->txn);
    transaction->txn = NULL;
}

/* LMDB takes pointers to non-const and does not write through them. */
static MDB_val val_of(bytes b) {
    return (MDB_val){b.size, (void *)(uintptr_t)b.data};
}

static MDB_val key_of(bytes key) {
    CHECK(key.size >= 1 && key.size <= 511);
    return val_of(key);
}

enum err database_get(
    struct database_transaction *transaction, enum database_table table, bytes key, bytes *value
) {
    MDB_val k = key_of(key);
    MDB_val v;
    CHECK(transaction->txn != NULL);
    int code = mdb_get(transaction->txn, transaction->database->tables[table], &k, &v);
    if (code == MDB_NOTFOUND) return ERR_MISSING;
    if (code != 0) return fail_at(transaction, table, "read", code);
    *value = bytes_of(v.mv_data, v.mv_size);
    return ERR_OK;
}

/* The entry joins the table's sum, or leaves it. */
static void count_entry(
    struct database_transaction *transaction,
    enum database_table table,
    bytes key,
    const MDB_val *value,
    bool is_added
) {
    transaction->is_changed = true;
    if (transaction->database->is_temporary) return;
    uint64_t sum = database_entry_sum(table, key, bytes_of(value->mv_data, value->mv_size));
    transaction->sums.of[table] += is_added ? sum : -sum;
}

/* replaces: a value that is there gives way; else it stays. */
static enum err
put(struct database_transaction *transaction,
    enum database_table table,
    bytes key,
    bytes value,
    bool replaces) {
    MDB_val k = key_of(key);
    MDB_val own = val_of(value);
    MDB_val v = own;
    unsigned handle = transaction->database->tables[table];
    CHECK(transaction->txn != NULL && transaction->is_write);
    int code = mdb_put(transaction->txn, handle, &k, &v, MDB_NOOVERWRITE);
    if (code == MDB_KEYEXIST && !replaces) return ERR_OK;
    if (code == MDB_KEYEXIST) {
        count_entry(transaction, table, key, &v, false);
        v = own;
        code = mdb_put(transaction->txn, handle, &k, &v, 0);
    }
    if (code != 0)
        return fail_at(transaction, table, "write to", cause_of(transaction->database, code));
    count_entry(transaction, table, key, &own, true);
    return ERR_OK;
}

enum err database_put(
    struct database_transaction *transaction, enum database_table table, bytes key, bytes value
) {
    return put(transaction, table, key, value, true);
}

enum err database_add(
    struct database_transaction *transaction, enum database_table table, bytes key, bytes value
) {
    return put(transaction, table, key, value, false);
}

enum err
database_delete(struct database_transaction *transaction, enum database_table table, bytes key) {
    MDB_val k = key_of(key);
    MDB_val v;
    unsigned handle = transaction->database->tables[table];
    CHECK(transaction->txn != NULL && transaction->is_write);
    int code = mdb_get(transaction->txn, handle, &k, &v);
    if (code == MDB_NOTFOUND) return ERR_OK;
    if (code == 0) {
        count_entry(transaction, table, key, &v, false);
        code = mdb_del(transaction->txn, handle, &k, NULL);
    }
    return code == 0 ? ERR_OK : fail_at(transaction, table, "delete from", code);
}

void database_blame(
    struct database_transaction *transaction, enum database_table table, const char *cause
) {
    say(transaction->error,
        "database %s: table %s: %s",
        transaction->database->path,
        database_table_name(table),
        cause);
}

enum err database_visit(
    struct database_transaction *transaction,
    enum database_table table,
    database_visitor *visit,
    void *context
) {
    MDB_cursor *cursor;
    MDB_val k;
    MDB_val v;
    CHECK(transaction->txn != NULL);
    int code = mdb_cursor_open(transaction->txn, transaction->database->tables[table], &cursor);
    if (code != 0) return fail_at(transaction, table, "read", code);
    enum err err = ERR_OK;
    code = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    while (code == 0 && err == ERR_OK) {
        err = visit(context, bytes_of(k.mv_data, k.mv_size), bytes_of(v.mv_data, v.mv_size));
        if (err == ERR_OK) code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    if (err != ERR_OK || code == MDB_NOTFOUND) return err;
    return fail_at(transaction, table, "read", code);
}

enum err database_clear(struct database_transaction *transaction, enum database_table table) {
    CHECK(transaction->txn != NULL && transaction->is_write);
    int code = mdb_drop(transaction->txn, transaction->database->tables[table], 0);
    transaction->is_changed = true;
    transaction->sums.of[table] = 0;
    return code == 0 ? ERR_OK : fail_at(transaction, table, "write", code);
}

enum err database_last(
    struct database_transaction *transaction, enum database_table table, bytes *key, bytes *value
) {
    MDB_cursor *cursor;
    MDB_val k;
    MDB_val v;
    CHECK(transaction->txn != NULL);
    int code = mdb_cursor_open(transaction->txn, transaction->database->tables[table], &cursor);
    if (code == 0) {
        code = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
        mdb_cursor_close(cursor);
    }
    if (code == MDB_NOTFOUND) return ERR_MISSING;
    if (code != 0) return fail_at(transaction, table, "read", code);
    *key = bytes_of(k.mv_data, k.mv_size);
    *value = bytes_of(v.mv_data, v.mv_size);
    return ERR_OK;
}

enum err database_usage(struct database_transaction *transaction, struct database_usage *usage) {
    struct database_usage read = {0};
    MDB_envinfo info;
    MDB_stat stat;
    CHECK(transaction->txn != NULL);
    int code = mdb_env_info(transaction->database->env, &info);
    if (code == 0) code = mdb_env_stat(transaction->database->env, &stat);
    if (code != 0) return fail(transaction, "measure", code);
    read.file_size = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    read.size_max = info.me_mapsize;
    for (unsigned i = 0; i < DATABASE_TABLE_COUNT; i++) {
        code = mdb_stat(transaction->txn, transaction->database->tables[i], &stat);
        if (code != 0) return fail_at(transaction, (enum database_table)i, "measure", code);
        read.entries[i] = stat.ms_entries;
    }
    *usage = read;
    return ERR_OK;
}

/* --- all of it --- */

static enum err put_bytes(
    struct database_transaction *transaction,
    enum database_table table,
    const char *key,
    bytes value
) {
    return database_put(transaction, table, bytes_of(key, strlen(key)), value);
}

/* A new database gets its tables, and its format version with them. */
static enum err make_tables(struct database *database, char error[DATABASE_ERROR_SIZE]) {
    struct database_transaction write;
    uint8_t version[8];
    store_be64(version, DATABASE_FORMAT_VERSION);
    enum err err = database_begin_write(database, &write);
    if (err == ERR_OK) {
        int code = open_tables(database, write.txn, MDB_CREATE);
        if (code != 0) err = fail(&write, "make its tables", code);
    }
    if (err == ERR_OK)
        err = put_bytes(&write, DATABASE_META, FORMAT_KEY, bytes_of(version, sizeof version));
    if (err == ERR_OK) err = database_commit(&write);
    if (err != ERR_OK) say(error, "%s", write.error);
    database_end(&write);
    return err;
}

/* An existing one has them. */
static enum err
find_tables(struct database *database, uint64_t *version, char error[DATABASE_ERROR_SIZE]) {
    MDB_txn *txn;
    int code = mdb_txn_begin(database->env, NULL, MDB_RDONLY, &txn);
    if (code == 0) {
        code = open_tables(database, txn, 0);
        if (code == 0) code = read_format(database, txn, version);
        if (code == 0)
            code = mdb_txn_commit(txn); /* keeps the table handles */
        else
            mdb_txn_abort(txn);
    }
    if (code != 0 && code != MDB_NOTFOUND)
        say(error, "database %s: cannot open its tables: %s", database->path, mdb_strerror(code));
    return err_of(code);
}

static enum err open_or_make_tables(
    struct database *database,
    const struct database_options *options,
    char error[DATABASE_ERROR_SIZE]
) {
    uint64_t version = DATABASE_FORMAT_VERSION;
    enum err err = find_tables(database, &version, error);
    if (err == ERR_MISSING && !options->must_exist && !database->is_readonly)
        return make_tables(database, error);
    if (err == ERR_MISSING) {
        say(error, "database %s: data.mdb has none of its tables", database->path);
        return options->must_exist ? ERR_CORRUPT : ERR_MISSING;
    }
    if (err != ERR_OK || version == DATABASE_FORMAT_VERSION) return err;
    say(error,
        "database %s: it has format version %llu, this program writes %d: use the program that "
        "wrote it, or begin anew",
        database->path,
        (unsigned long long)version,
        DATABASE_FORMAT_VERSION);
    return ERR_UNSUPPORTED;
}

/* LMDB gets no file that it would stumble over. */
static enum err check_file(
    struct database *database,
    bool *is_new,
    const struct database_options *options,
    char error[DATABASE_ERROR_SIZE]
) {
    enum err err = database_check_file(&database->sums, is_new, error, database->path);
    if (err != ERR_OK || !*is_new || !options->must_exist) return err;
    say(error,
        "database: %s/data.mdb is missing or empty; put back a copy of it, or begin anew",
        database->path);
    return ERR_MISSING;
}

/* The names of new files are on disk when their directories are. */
static enum err sync_names(const struct database *database, char error[DATABASE_ERROR_SIZE]) {
    char above[PATH_SIZE_MAX + 16];
    (void)snprintf(above, sizeof above, "%s/..", database->path);
    const char *const paths[] = {database->path, above};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int fd = open(paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int code = fd < 0 || fsync(fd) != 0 ? errno : 0;
        if (fd >= 0) (void)close(fd);
        /* File systems without such a thing say EINVAL. */
        if (code == 0 || code == EINVAL) continue;
        say(error, "database %s: cannot sync the directory: %s", database->path, strerror(code));
        return ERR_IO;
    }
    return ERR_OK;
}

enum err database_open(
    struct database *database,
    const struct database_options *options,
    char error[DATABASE_ERROR_SIZE]
) {
    bool is_new = false;
    *database = (struct database){.lock_fd = -1, .is_readonly = options->is_readonly};
    error[0] = 0;
    CHECK(options->path != NULL || !options->is_readonly);
    enum err err = choose_path(database, options, error);
    bool is_kept = !database->is_temporary && !database->is_readonly;
    if (err == ERR_OK && is_kept) err = lock(database, error);
    if (err == ERR_OK && is_kept) err = check_file(database, &is_new, options, error);
    if (err == ERR_OK) err = open_env(database, options, error);
    if (err == ERR_OK) err = open_or_make_tables(database, options, error);
    if (err == ERR_OK && is_new && !options->is_unsynced) err = sync_names(database, error);
    if (database->is_temporary) unlink_files(database->path);
    if (err != ERR_OK) database_close(database);
    return err;
}

void database_close(struct database *database) {
    if (database->env != NULL) mdb_env_close(database->env);
    /* A zeroed struct has descriptor 0 and no path: nothing was opened. */
    if (database->path != NULL && database->lock_fd >= 0) (void)close(database->lock_fd);
    free(database->path);
    *database = (struct database){.lock_fd = -1};
}
