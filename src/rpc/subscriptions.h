/* rpc/subscriptions.h: what a client of one connection is told without asking (eth_subscribe):
 * newHeads, logs, newPendingTransactions, syncing.
 *
 * A session is the connection as seen from here: who takes the notifications, and the
 * subscriptions. The server calls subscription_… when something has happened, for each session of
 * the endpoint. Sending only appends to what is to be sent; nothing is called back. */
#ifndef RPC_SUBSCRIPTIONS_H
#define RPC_SUBSCRIPTIONS_H

#include "rpc/jsonrpc.h"

#define SUBSCRIPTIONS_MAX 1024 /* of one connection */

enum subscription_kind {
    SUBSCRIPTION_HEADS,
    SUBSCRIPTION_LOGS,
    SUBSCRIPTION_PENDING,      /* hashes */
    SUBSCRIPTION_PENDING_FULL, /* transactions */
    SUBSCRIPTION_SYNCING,      /* a development chain never syncs: nothing is ever said */
};

struct subscription {
    uint64_t id;
    enum subscription_kind kind;
    struct log_query query; /* SUBSCRIPTION_LOGS; its lists lie in owned */
    void *owned;            /* malloc */
};

struct rpc_session {
    uint64_t *last_id; /* of the server: ids are not used twice */
    void (*send)(struct rpc_session *session, bytes text);
    struct subscription *items; /* malloc */
    size_t count;
};

/* A zeroed session with last_id and send is an open one. */
void session_close(struct rpc_session *session);

/* A new head; the block was read with transactions and receipts. scratch is for the text. */
void subscription_block(
    struct rpc_session *session, struct json_writer *scratch, const struct rpc_block *block
);

/* A block that goes; block->is_removed is set. */
void subscription_removed(
    struct rpc_session *session, struct json_writer *scratch, const struct rpc_block *block
);

/* A transaction has come into the pool. */
void subscription_pending(
    struct rpc_session *session,
    struct json_writer *scratch,
    const struct rpc_transaction *transaction
);

#endif
