/* state/database.h: one LMDB environment per chain, and its transactions (hosted).
 *
 * Nodes and codes (state/source_lmdb.h) and blocks, receipts and indexes (chain/store.h) lie in one
 * environment, so that one write transaction makes a block durable as a whole: after a crash at any
 * instruction the chain stands at a block boundary. The tables are listed here, in one place.
 *
 * Threads: any number of read transactions at once, each used by one thread at a time, and one
 * write transaction; opening another waits for the first to end. Readers see the snapshot of when
 * they began and never wait. A reader that stays open keeps the pages of its snapshot from being
 * reused: long-lived readers call database_renew at every block.
 *
 * Without a path the environment is temporary: its files are removed as soon as they are open and
 * nothing is synced to disk.
 *
 * What the disk gives back is not trusted: opening one for writing reads the whole file and
 * compares it with sums that every transaction keeps (state/data_file.h,
 * docs/decisions/012-checked-files.md). */
#ifndef STATE_DATABASE_H
#define STATE_DATABASE_H

#include "core/bytes.h"
#include "core/err.h"

#define DATABASE_TABLE_LIST(X)                                                                    \
    X(NODES, "nodes")                           /* trie nodes in segments (state/node_store.h) */ \
    X(CODES, "codes")                           /* contract code by hash */                       \
    X(BLOCKS, "blocks")                         /* block by number */                             \
    X(BLOCK_HASHES, "block_hashes")             /* block hash by number */                        \
    X(BLOCK_NUMBERS, "block_numbers")           /* block number by hash */                        \
    X(RECEIPTS, "receipts")                     /* receipts by block number */                    \
    X(TRANSACTION_HASHES, "transaction_hashes") /* concatenated, by block number */               \
    X(TRANSACTIONS, "transactions")             /* block number and index by transaction hash */  \
    X(META, "meta")                             /* small values by name */                        \
    X(NODE_RUNS, "node_runs")                   /* where a node is, by hash */

enum database_table {
#define DATABASE_TABLE_ENUM(name, text) DATABASE_##name,
    DATABASE_TABLE_LIST(DATABASE_TABLE_ENUM)
#undef DATABASE_TABLE_ENUM
        DATABASE_TABLE_COUNT
};

#define DATABASE_ERROR_SIZE     512
#define DATABASE_TRIM_SIZE      ((size_t)64 << 20) /* see database_commit */
#define DATABASE_FORMAT_VERSION 2

struct MDB_env;
struct MDB_txn;

struct database_options {
    const char *path; /* a directory, made if it is not there; NULL: temporary */
    /* Bytes the environment may grow to; 0: 1 TiB (64 GiB temporary), or less where the system does
     * not give that. It is address space only: disk and memory are taken as data comes. */
    size_t size_max;
    /* Leave syncing to the kernel: a crash of the process loses nothing, a crash of the machine may
     * lose or damage the newest blocks. Temporary ones always are. */
    bool is_unsynced;
    /* No write transactions; the directory must hold a database. Another process may be writing to
     * it, so the file is not checked. */
    bool is_readonly;
    bool must_exist; /* ERR_MISSING instead of making one */
};

/* Of each table, over its entries: state/database_private.h. */
struct database_sums {
    uint64_t of[DATABASE_TABLE_COUNT];
};

struct database {
    struct MDB_env *env;
    unsigned tables[DATABASE_TABLE_COUNT];
    struct database_sums sums; /* as committed; of a temporary one there are none */
    int lock_fd; /* held while open for writing, so that a second process is told; -1: none */
    bool is_temporary;
    bool is_readonly;
    size_t trimmed_size; /* of the file when its pages were last given back */
    char *path;          /* owned; of a temporary one where it was */
};

/* database_open opens or makes the environment.
 *
 * Returns: ERR_IO           the operating system refused, or another user has it open for writing;
 *          ERR_MISSING      (read-only, must_exist) there is no database;
 *          ERR_CORRUPT      not a database, cut short or damaged;
 *          ERR_UNSUPPORTED  another format version; ERR_MEMORY.
 *          error then has one sentence with path and cause; database is as if closed. */
MUST_USE enum err database_open(
    struct database *database,
    const struct database_options *options,
    char error[DATABASE_ERROR_SIZE]
);

/* Every transaction must have ended. Closing a closed (zeroed) one is allowed. */
void database_close(struct database *database);

struct database_transaction {
    struct database *database;
    struct MDB_txn *txn;       /* NULL: ended */
    struct database_sums sums; /* of a write */
    bool is_write;
    bool is_changed;
    char error[DATABASE_ERROR_SIZE]; /* after an error: one sentence with path, table and cause */
};

MUST_USE enum err
database_begin_read(struct database *database, struct database_transaction *transaction);
MUST_USE enum err
database_begin_write(struct database *database, struct database_transaction *transaction);

/* A read transaction goes on at the newest snapshot; what it handed out dies. On error it has
 * ended. */
MUST_USE enum err database_renew(struct database_transaction *transaction);

/* A number that two transactions have in common only if they see the same; 0: a write transaction,
 * which sees what it has written. */
uint64_t database_snapshot(const struct database_transaction *transaction);
/* A read transaction gives up its snapshot, and what it handed out dies; database_renew takes a new
 * one. One that has ended stays so. */
void database_rest(struct database_transaction *transaction);

/* All or nothing; the transaction has ended in either case. A full disk is ERR_IO, a full map
 * (options.size_max) ERR_LIMIT.
 *
 * What was read of the file counts as the process's memory until the system needs it for something
 * else. Whenever the file has grown by DATABASE_TRIM_SIZE, all of it is given back to the system's
 * cache, from where it comes again when it is read: so a long chain does not look like a leak. */
MUST_USE enum err database_commit(struct database_transaction *transaction);

/* Ends a read, or forgets a write. Ending an ended one is allowed. */
void database_end(struct database_transaction *transaction);

/* database_get finds the value under key (1 to 511 bytes).
 *
 * Out: borrowed until a read transaction ends or is renewed, or until a write transaction writes
 *      again. ERR_MISSING is not described in error, it is an ordinary answer. */
MUST_USE enum err database_get(
    struct database_transaction *transaction, enum database_table table, bytes key, bytes *value
);

/* After ERR_LIMIT or ERR_IO the write transaction can only be ended. database_put replaces;
 * database_add leaves a value that is there. database_delete of an absent key does nothing. */
MUST_USE enum err database_put(
    struct database_transaction *transaction, enum database_table table, bytes key, bytes value
);
MUST_USE enum err database_add(
    struct database_transaction *transaction, enum database_table table, bytes key, bytes value
);
MUST_USE enum err
database_delete(struct database_transaction *transaction, enum database_table table, bytes key);

/* database_blame makes transaction->error say that table holds something wrong: for users who find
 * out what the database cannot know. */
void database_blame(
    struct database_transaction *transaction, enum database_table table, const char *cause
);

/* The entry with the greatest key of a table; ERR_MISSING if it is empty. */
MUST_USE enum err database_last(
    struct database_transaction *transaction, enum database_table table, bytes *key, bytes *value
);

/* database_visit calls visit for every entry of a table in order of the keys, until it returns
 * something else than ERR_OK, which is then returned. visit must not write. */
typedef enum err database_visitor(void *context, bytes key, bytes value);
MUST_USE enum err database_visit(
    struct database_transaction *transaction,
    enum database_table table,
    database_visitor *visit,
    void *context
);

/* database_clear removes every entry of a table. */
MUST_USE enum err
database_clear(struct database_transaction *transaction, enum database_table table);

struct database_usage {
    uint64_t file_size; /* bytes in use */
    uint64_t size_max;
    uint64_t entries[DATABASE_TABLE_COUNT];
};
MUST_USE enum err
database_usage(struct database_transaction *transaction, struct database_usage *usage);

#endif
