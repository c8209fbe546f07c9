/* rpc/filters.h: the filters that clients of one chain have set (eth_newFilter and its kin).
 *
 * A filter is a place in the chain (the next block it has not reported) and, for logs, a query; it
 * keeps no blocks or logs, so that one costs a few hundred bytes however long nobody asks. What
 * nobody has asked for FILTER_TIMEOUT_MS is gone; at most FILTER_MAX exist, a further one is
 * refused.
 *
 * When the chain goes back below what was reported, the filter goes back with it and reports the
 * new blocks; a filter for logs first reports those that vanished, as removed. For that their text
 * is kept until it is asked for, up to FILTER_REMOVED_SIZE_MAX; what is more is not reported. */
#ifndef RPC_FILTERS_H
#define RPC_FILTERS_H

#include "rpc/backend.h"

#define FILTER_MAX              4096
#define FILTER_TIMEOUT_MS       300000
#define FILTER_REMOVED_SIZE_MAX (4u << 20)
#define LOG_ADDRESSES_MAX       1000 /* as geth bounds them */
#define LOG_TOPIC_VALUES_MAX    1000 /* alternatives of one position */

/* What eth_getLogs asks for. */
struct log_topics {
    const hash32 *any; /* alternatives; none: whatever */
    size_t count;
};

struct log_query {
    bool has_block_hash; /* then from and to do not count */
    hash32 block_hash;
    struct rpc_block_id from;
    struct rpc_block_id to;
    const address *addresses; /* alternatives; none: whatever */
    size_t address_count;
    struct log_topics topics[LOG_TOPIC_MAX];
    size_t topic_count; /* positions asked for: a log with fewer topics does not match */
};

/* log_query_may_match says whether a block with this bloom can hold a match. */
bool log_query_may_match(const struct log_query *query, const struct bloom *bloom);
bool log_query_matches(const struct log_query *query, const struct log *log);

/* log_query_copy copies the query's lists into one block of memory (malloc), which is returned;
 * NULL without memory. */
void *log_query_copy(struct log_query *to, const struct log_query *from);

enum filter_kind { FILTER_LOGS, FILTER_BLOCKS, FILTER_PENDING_TRANSACTIONS };

struct filter {
    uint64_t id; /* 0: free */
    enum filter_kind kind;
    uint64_t next_number;       /* the first block not yet reported */
    uint64_t used_ms;           /* when it was last asked */
    struct log_query query;     /* FILTER_LOGS; addresses and topics lie in owned */
    void *owned;                /* malloc */
    struct json_writer removed; /* FILTER_LOGS: an array of logs, without its end; or empty */
    /* FILTER_PENDING_TRANSACTIONS: hashes already reported that are still pending; malloc. */
    hash32 *reported;
    size_t reported_count;
};

struct filters {
    struct filter *items; /* malloc */
    size_t count;         /* used and free ones */
    uint64_t last_id;
};

/* A zeroed struct filters is an empty one. */
void filters_close(struct filters *filters);

/* filters_add makes a filter; the query (may be NULL) is copied. Filters out of time are dropped on
 * this occasion. Returns NULL when FILTER_MAX are there, or without memory. */
struct filter *filters_add(
    struct filters *filters, enum filter_kind kind, const struct log_query *query, uint64_t now_ms
);

/* The filter with that id, NULL if there is none (any more); asking keeps it alive. */
struct filter *filters_find(struct filters *filters, uint64_t id, uint64_t now_ms);

/* filters_remove returns false if there is no such filter. */
bool filters_remove(struct filters *filters, uint64_t id);

/* filters_removing says that the chain's blocks from `first` on are about to go. */
void filters_removing(struct filters *filters, struct rpc_chain *chain, uint64_t first);

/* A block as it is remembered when it has gone, in *copy and arena; NULL if it cannot be read. */
const struct rpc_block *filters_read_removed(
    struct rpc_block *copy, struct rpc_chain *chain, struct arena *arena, uint64_t number
);

/* filter_write_logs_of writes a block's matching logs; it was read with transactions and
 * receipts. */
void filter_write_logs_of(
    struct json_writer *w, const struct log_query *query, const struct rpc_block *block
);

#endif
