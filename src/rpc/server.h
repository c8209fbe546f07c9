/* rpc/server.h: JSON-RPC over HTTP/1.1 and WebSocket for any number of chains, on one libuv loop.
 *
 * Limits: RPC_CONNECTIONS_MAX connections (further ones get 503), those of rpc/http.h for requests
 * and of rpc/jsonrpc.h for answers. A request must be complete RPC_REQUEST_TIMEOUT_MS after its
 * first byte, an answer must be taken RPC_WRITE_TIMEOUT_MS after it is ready, a connection may idle
 * for RPC_IDLE_TIMEOUT_MS: absolute times, so that one byte per second gains nobody anything.
 *
 * A connection that asks for it becomes a WebSocket (RFC 6455), on the same port: messages are
 * requests, answers come as they are ready, and eth_subscribe's notifications in between. At most
 * RPC_WEBSOCKET_WAITING_MAX requests of one wait at a time, further ones are read later. A client
 * that is silent for half of RPC_IDLE_TIMEOUT_MS is pinged, and gone if it stays so; one that takes
 * its notifications too slowly (RPC_WEBSOCKET_PENDING_MAX bytes) is gone, too. Web pages are let in
 * by their origin, as CORS would let them read.
 *
 * Everything runs on the loop's thread, but for calls that take long where there are workers
 * (rpc/workers.h): those are run beside it, and given up when their client is gone. Over HTTP a
 * client that ends its side of the connection meanwhile is gone. SIGPIPE is set to be ignored by
 * rpc_server_open. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "core/err.h"
#include "rpc/backend.h"

#define RPC_CONNECTIONS_MAX    1024
#define RPC_REQUEST_TIMEOUT_MS 20000
#define RPC_WRITE_TIMEOUT_MS   60000
#define RPC_IDLE_TIMEOUT_MS    120000
#define RPC_STOP_TIMEOUT_MS    5000
#define RPC_ERROR_SIZE         256
#define RPC_WORKERS_MAX        64

#define RPC_WEBSOCKET_WAITING_MAX 256
#define RPC_WEBSOCKET_PENDING_MAX (32u << 20)

struct json_writer;
struct uv_loop_s;
struct rpc_server;

/* What a backend does for workers; all on the loop's thread, but for chain. */
struct rpc_replica_operations {
    void *(*open)(void *context); /* NULL: no memory */
    void (*close)(void *replica);
    /* Brings it to where the chains stand now. On error error is one sentence. */
    enum err (*refresh)(void *replica, char error[RPC_ERROR_SIZE]);
    /* No call runs on it for now: it keeps nothing from others. */
    void (*rest)(void *replica);
    /* Its copy of a chain. */
    struct rpc_chain *(*chain)(void *replica, const struct rpc_chain *chain);
};

struct rpc_server_options {
    /* Origins whose web pages may read answers ("*" is any), ended by NULL; NULL: none. */
    const char *const *allowed_origins;
    /* Names a Host header may have besides localhost and IP addresses, ended by NULL ("*" is any);
     * NULL: none. A page that re-binds its own name to 127.0.0.1 does not get in. */
    const char *const *allowed_hosts;
    /* Answers GET /metrics, on every endpoint: writes families in Prometheus' text format
     * (rpc/metrics.h), to which the server adds its own. NULL: there are no metrics. */
    void (*write_metrics)(void *context, struct json_writer *out);
    void *metrics_context;
    /* Threads for what takes long, at most RPC_WORKERS_MAX; 0: the loop's does everything. With
     * them replicas is set; replica_context is for its open. */
    unsigned workers_count;
    const struct rpc_replica_operations *replicas;
    void *replica_context;
    /* 0: the defaults above. Tests shrink them. */
    unsigned connections_max;
    unsigned request_timeout_ms;
    unsigned write_timeout_ms;
    unsigned idle_timeout_ms;
};

/* rpc_server_open makes a server without listeners. The options are copied, the strings are not.
 * ERR_MEMORY. */
MUST_USE enum err rpc_server_open(
    struct rpc_server **server, struct uv_loop_s *loop, const struct rpc_server_options *options
);

/* rpc_server_listen opens an endpoint for a chain at an IPv4 or IPv6 address; port 0 takes a free
 * one. A chain may listen at several addresses; its filters are the same everywhere. chain must
 * live until the server is closed.
 *
 * Out:     bound_port  the port in fact.
 *          error       when not ERR_OK, for a person: "cannot listen on 127.0.0.1:8545: address
 *                      already in use".
 * Returns: ERR_INPUT (not an IP address), ERR_IO, ERR_MEMORY. */
MUST_USE enum err rpc_server_listen(
    struct rpc_server *server,
    uint16_t *bound_port,
    char error[RPC_ERROR_SIZE],
    struct rpc_chain *chain,
    const char *host,
    uint16_t port
);

/* rpc_server_new_block says that the chain has a new head: requests that wait for a block are
 * looked at again. Call it after the block is readable through the backend. */
void rpc_server_new_block(struct rpc_server *server, struct rpc_chain *chain);

/* rpc_server_new_pending says that a transaction has come into the pool. */
void rpc_server_new_pending(
    struct rpc_server *server, struct rpc_chain *chain, const struct rpc_transaction *transaction
);

/* rpc_server_removing says that the chain's blocks from this number on are about to be removed;
 * they are still readable. Filters and subscriptions that have reported their logs report them as
 * removed. */
void rpc_server_removing(struct rpc_server *server, struct rpc_chain *chain, uint64_t first);

/* rpc_server_resume goes on with a request whose backend operation had returned RPC_WAIT. */
void rpc_server_resume(struct rpc_server *server, struct rpc_request *request);

/* rpc_server_stop takes no more connections or requests, finishes the answers in flight (for at
 * most RPC_STOP_TIMEOUT_MS), closes all handles, and then calls on_stopped (may be NULL) once.
 * Backend operations that wait must be resumed before that. */
void rpc_server_stop(struct rpc_server *server, void (*on_stopped)(void *context), void *context);

/* rpc_server_close frees the server; only after on_stopped. */
void rpc_server_close(struct rpc_server *server);

#endif
