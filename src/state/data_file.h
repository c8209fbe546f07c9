/* state/data_file.h: whether a file is an LMDB data file that can be trusted.
 *
 * LMDB maps its file and follows what it reads there: its pages have no checksums, and a bit that
 * the disk has turned can end the process or show other data. So a file is walked once before LMDB
 * gets it (state/database.h): every page that can be reached is in the file, is of its kind and its
 * place, is reached once and is not free; keys are in order and nodes within their page; the counts
 * agree. What the walk lets through, LMDB can read and write.
 *
 * What keys and values should be, the walk cannot know: it shows them to the caller, who compares
 * sums (DATABASE_SUMS in state/database_host.c).
 *
 * The format is that of LMDB 0.9 (mdb.c: struct MDB_page, MDB_node, MDB_meta, MDB_db), in the
 * machine's byte order:
 *
 *   page     number u64 | u16 | kind u16 | lower u16, upper u16 (overflow: page count u32) | …
 *   0, 1     meta: page header | magic, version u32 | address, map size u64 | free DB, main DB |
 *            last page u64 | transaction u64. The one with the later transaction counts.
 *   DB       u32 | flags, depth u16 | branch, leaf, overflow pages, entries, root page u64
 *   branch,  offsets of the nodes u16, up to lower; nodes from upper to the page's end
 *   leaf
 *   node     low, high, flags, key size u16 | key | value. Branch: low, high and flags are the
 *            child's page. Leaf: low and high are the value's size.
 *
 * The main DB has a DB by name for each table; the free DB, by transaction, lists of free pages. */
#ifndef STATE_DATA_FILE_H
#define STATE_DATA_FILE_H

#include "core/bytes.h"
#include "core/err.h"

struct data_file_tree {
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
    uint16_t flags, depth;
};

struct data_file_meta {
    struct data_file_tree free, main;
    uint64_t last_page;
    uint64_t transaction; /* 0: nothing was ever written */
};

/* Called for every entry of a table; key and value lie in the file. */
typedef void data_file_visit(void *context, bytes table, bytes key, bytes value);

struct data_file {
    bytes content;
    size_t page_size;
    struct data_file_meta metas[2]; /* [0] is the newest */
    uint64_t fault_page;            /* after an error: where */
    const char *fault;              /* and what: a clause, static */
};

/* data_file_open reads the meta pages. content must stay as it is while the file is used, and be
 * aligned as memory from the system is. ERR_CORRUPT, ERR_UNSUPPORTED (a version of LMDB's). */
MUST_USE enum err data_file_open(struct data_file *file, bytes content);

/* Bytes of the map of pages for data_file_walk. */
size_t data_file_seen_size(const struct data_file *file);

/* data_file_walk checks all of the newest tree and shows what is in it. seen is zeroed, of
 * data_file_seen_size bytes. ERR_CORRUPT: entries may have been shown. */
MUST_USE enum err
data_file_walk(struct data_file *file, uint8_t *seen, data_file_visit *visit, void *context);

/* data_file_walk_before checks and shows one table of the tree before the newest. */
MUST_USE enum err
data_file_walk_before(struct data_file *file, bytes table, data_file_visit *visit, void *context);

#endif
