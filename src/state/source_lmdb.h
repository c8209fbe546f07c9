/* state/source_lmdb.h: nodes and codes of a database, as a source (hosted).
 *
 * A source_lmdb reads through a transaction of its user, so that state and blocks are seen in one
 * snapshot. What it hands out is borrowed until that transaction ends or is renewed; nodes already
 * decoded by a trie are copies and not concerned. */
#ifndef STATE_SOURCE_LMDB_H
#define STATE_SOURCE_LMDB_H

#include "state/database.h"
#include "state/node_store.h"
#include "state/source.h"

struct source_lmdb {
    struct source source;
    struct database_transaction *transaction; /* its error says what went wrong */
    bool is_checked;
    struct node_runs runs; /* of the transaction's snapshot */
};

/* transaction may be a read or the write transaction, and must be open whenever the source is read.
 * is_checked: hash what is read and say ERR_CORRUPT if a disk changed it, for about a microsecond a
 * node; sensible wherever there is a disk, pointless for a temporary database. */
void source_lmdb_open(
    struct source_lmdb *source, struct database_transaction *transaction, bool is_checked
);

/* source_lmdb_write writes every node and code that was put in memory. Errors as database_put's. */
MUST_USE enum err
source_lmdb_write(struct database_transaction *transaction, const struct source_memory *memory);

#endif
