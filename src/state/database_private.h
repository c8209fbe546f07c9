/* state/database_private.h: the sums by which a database knows its entries again.
 *
 * Each table has the sum, modulo 2^64, of a hash of each of its entries. It follows every write at
 * the cost of hashing what is written, and whoever reads a table through can compare. The sums and
 * the number of the transaction that wrote them stand in META under SUMS_KEY, which alone is in no
 * sum. A transaction that is not the newest, or whose entries are not those it wrote, shows. The
 * hash guards against accidents, not against people. */
#ifndef STATE_DATABASE_PRIVATE_H
#define STATE_DATABASE_PRIVATE_H

#include "state/data_file.h"
#include "state/database.h"

#define FORMAT_KEY       ".format"
#define SUMS_KEY         ".sums"
#define SUMS_RECORD_SIZE (8 * (size_t)(DATABASE_TABLE_COUNT + 2))

uint64_t database_entry_sum(enum database_table table, bytes key, bytes value);

void database_sums_write(
    uint8_t record[SUMS_RECORD_SIZE], const struct database_sums *sums, uint64_t transaction
);

/* False if the record is none. */
bool database_sums_read(struct database_sums *sums, uint64_t *transaction, bytes record);

const char *database_table_name(enum database_table table);

/* database_check_content looks at what is in a data file (state/data_file.h); content is not empty.
 *
 * Out:     file  after ERR_CORRUPT and ERR_UNSUPPORTED, where and what.
 *          sums  of what is in it. */
MUST_USE enum err
database_check_content(struct data_file *file, struct database_sums *sums, bytes content);

/* database_check_file looks at DIRECTORY/data.mdb before LMDB does (state/data_file.h).
 *
 * Out:     is_new  there is none, or an empty one.
 *          sums    of what is in it.
 * Returns: ERR_CORRUPT, ERR_UNSUPPORTED, ERR_IO, ERR_MEMORY; error then names the file. */
MUST_USE enum err database_check_file(
    struct database_sums *sums, bool *is_new, char error[DATABASE_ERROR_SIZE], const char *directory
);

#endif
