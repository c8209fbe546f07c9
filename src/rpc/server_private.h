/* rpc/server_private.h: what server.c (listening, time, stopping) and connection.c (the
 * conversation on one connection; connection_websocket.c once it is a WebSocket) share. */
#ifndef RPC_SERVER_PRIVATE_H
#define RPC_SERVER_PRIVATE_H

#include "rpc/http.h"
#include "rpc/jsonrpc.h"
#include "rpc/server.h"
#include "rpc/subscriptions.h"
#include "rpc/vigil.h"
#include "rpc/websocket.h"
#include "rpc/workers.h"

#include <uv.h>

/* Room before an answer's JSON for the response head, which is written last because it has the
 * length. A head is shorter: an origin of HTTP_VALUE_SIZE_MAX and about 250 bytes of fixed text. */
#define HEAD_ROOM 640

/* Answers not yet taken by the client, up to here, do not keep further requests from being run. */
#define OUTPUT_PENDING_MAX (1u << 20)

/* Buffers up to this size are kept for the next use. */
#define BUFFER_KEPT_MAX (64u << 10)

#define READ_BUFFER_SIZE  (64u << 10)
#define LINGER_TIMEOUT_MS 1000
#define DATE_SIZE         sizeof("Thu, 01 Jan 1970 00:00:00 GMT")

struct endpoint {
    struct rpc_endpoint rpc;
    struct endpoint *next;
    unsigned session_count; /* connections that are WebSockets */
    uint64_t next_number;   /* the first block that they have not been told of */
};

struct listener {
    uv_tcp_t tcp; /* first */
    struct rpc_server *server;
    struct endpoint *endpoint;
    struct listener *next;
};

/* One POST being answered. Taken from a pool, so that its arena, tokens and buffer stay warm. */
struct exchange {
    struct jsonrpc_exchange rpc; /* first: a struct rpc_request leads to its exchange */
    struct json_writer out;      /* HEAD_ROOM, then the answer */
    struct rpc_server *server;
    struct connection *connection; /* NULL: the client is gone */
    struct exchange *next;         /* in the pool, or among those that wait */
    struct exchange *previous;
    bool is_due;                 /* waits, and is to be looked at again */
    bool is_moved;               /* its call is a worker's */
    struct exchange *next_moved; /* among those that wait for a worker */
};

enum phase {
    PHASE_IDLE,      /* between requests */
    PHASE_REQUEST,   /* a request has begun to arrive */
    PHASE_WAITING,   /* for an exchange */
    PHASE_WRITING,   /* for the client to take its answer */
    PHASE_LINGERING, /* all is said; for the client to close */
};

struct connection {
    uv_tcp_t tcp; /* first */
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct rpc_server *server;
    struct endpoint *endpoint;
    struct connection *next;
    struct connection *previous;
    struct http_parser http;
    struct json_writer out; /* answers not yet taken: from out_sent on */
    size_t out_sent;
    uint8_t *held; /* malloc; read but not yet parsed: an exchange waits, or output is pending */
    size_t held_size;
    struct exchange *waiting; /* HTTP: the one that is waited for */
    /* A WebSocket: */
    struct websocket *websocket; /* malloc; NULL: HTTP */
    struct rpc_session session;
    struct json_writer queued; /* frames, while out is being written */
    unsigned waiting_count;
    bool awaits_pong;
    bool is_too_slow;

    uint64_t deadline_ms;
    enum phase phase;
    bool is_reading;
    bool closes_after_write;
    bool has_ended; /* the client sends no more */
    bool is_closing;
};

struct rpc_server {
    uv_loop_t *loop;
    uv_timer_t timer;
    struct vigil vigil;
    struct rpc_server_options options;
    struct endpoint *endpoints;
    struct listener *listeners;
    struct connection *connections;
    unsigned connection_count;
    uint64_t accepted_count; /* since the start */
    uint64_t refused_count;  /* of those: because there were too many */
    unsigned handle_count;   /* open or closing */
    struct exchange *waiting;
    struct exchange *pool;
    unsigned pool_count;
    struct workers workers;
    uint64_t last_subscription_id;
    struct json_writer scratch; /* for notifications */
    bool is_resuming;
    bool is_stopping;
    bool has_stopped;
    uint64_t stop_deadline_ms;
    void (*on_stopped)(void *context);
    void *stopped_context;
    char date[DATE_SIZE];
    uint8_t read_buffer[READ_BUFFER_SIZE];
};

/* server.c */
struct exchange *server_take_exchange(struct rpc_server *server); /* NULL: no memory */
void server_give_exchange(struct exchange *exchange);
/* Keeps an exchange that is not done until it is. */
void server_keep(struct exchange *exchange, enum jsonrpc_state state);
/* Nobody waits for the exchange any more. */
void server_abandon(struct exchange *exchange);
/* From workers.c: its call has been run, or could not be. */
void server_worked(struct exchange *exchange);
void server_unmoved(struct exchange *exchange, int code, const char *message);
void server_handle_closed(struct rpc_server *server);

/* server_metrics.c */
void server_write_metrics(struct rpc_server *server, struct json_writer *out);

/* connection.c */
void connection_accept(struct listener *listener);
void connection_close(struct connection *c);
/* The server is stopping: close as soon as nothing is owed. */
void connection_finish(struct connection *c);
/* The exchange the connection waits for has its answer. */
void connection_answer(struct connection *c, struct exchange *exchange);
void connection_check_deadline(struct connection *c, uint64_t now_ms);

/* What connection.c has for connection_websocket.c. */
size_t connection_pending(const struct connection *c);
void connection_append(struct connection *c, const char *data, size_t size);
void connection_flush(struct connection *c);
void connection_refuse(struct connection *c, int status, const char *more_head, const char *text);
void connection_settle(struct connection *c);
bool connection_origin_is_allowed(const struct connection *c);

/* connection_websocket.c */
void websocket_upgrade(struct connection *c);
/* Takes up to *size bytes and answers what is whole in them. */
void websocket_take(struct connection *c, const uint8_t *data, size_t *size);
void websocket_answer(struct connection *c, struct exchange *exchange);
/* Says goodbye; the connection closes when that is sent. */
void websocket_end(struct connection *c, uint16_t code, const char *reason);
/* The client has been silent for some time. */
void websocket_check(struct connection *c, uint64_t now_ms);
/* The connection is closing: requests that wait have nobody to answer. */
void websocket_detach(struct connection *c);
void websocket_free(struct connection *c);

#endif
