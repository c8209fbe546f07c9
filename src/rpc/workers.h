/* rpc/workers.h: threads that run calls which take long, so that the loop's thread goes on.
 *
 *   loop's thread                                   worker
 *   a call takes too long: workers_add
 *   at the end of the turn: a free worker's replica
 *   is brought up to date, the call handed over  ─▶ runs it against its replica
 *   takes the answer, goes on with the request   ◀─ done
 *
 * A replica is a copy of all chains as they stood at one moment. It is used by one thread at a
 * time: by the worker while it has a call, by the loop's thread otherwise; so nothing in it needs a
 * lock, and a call sees no change however long it runs. What an exchange points to belongs to
 * whoever has the exchange.
 *
 * Threads and replicas are made when they are first needed. RPC_MOVED_MAX calls wait for a worker
 * at most; further ones are answered with an error. */
#ifndef RPC_WORKERS_H
#define RPC_WORKERS_H

#include "rpc/server.h"

#include <uv.h>

#define RPC_MOVED_MAX 4096

struct exchange;

struct worker;

struct workers {
    struct rpc_server *server;
    const struct rpc_replica_operations *replicas;
    void *context; /* for open */
    struct worker *list;
    unsigned count; /* 0: there are none */
    unsigned running_count;
    struct exchange *first; /* those that wait for a worker */
    struct exchange *last;
    size_t waiting_count;
    uv_prepare_t turn;
    uv_async_t done;
};

/* workers_open makes room for count workers (at most RPC_WORKERS_MAX). ERR_MEMORY, ERR_IO. */
MUST_USE enum err workers_open(struct workers *workers, struct rpc_server *server, unsigned count);

/* workers_add takes an exchange whose call is to move. It comes back by server_worked, never before
 * workers_add returns. */
void workers_add(struct workers *workers, struct exchange *exchange);

/* Whether no call is with a worker or waits for one. */
bool workers_are_idle(const struct workers *workers);

/* workers_end closes the handles; only when idle. workers_close ends the threads, after that. */
void workers_end(struct workers *workers, uv_close_cb on_closed);
void workers_close(struct workers *workers);

#endif
