#include "rpc/server.h"

#include "core/check.h"
#include "rpc/methods.h"
#include "rpc/server_private.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LISTEN_BACKLOG    511
#define POOL_WARM_MAX     32
#define ARENA_KEPT_MAX    (1u << 20)
#define TOKENS_KEPT_MAX   4096
#define TICK_INTERVAL_MAX 500
#define TICK_INTERVAL_MIN 10
#define OWN_HANDLES       2 /* timer and vigil */
#define WORKERS_HANDLES   2

static void close_own_when_last(struct rpc_server *server);

/* --- exchanges -------------------------------------------------------------------------------- */

static void free_exchange(struct exchange *exchange) {
    jsonrpc_exchange_close(&exchange->rpc);
    json_writer_close(&exchange->out);
    free(exchange);
}

struct exchange *server_take_exchange(struct rpc_server *server) {
    struct exchange *exchange = server->pool;
    if (exchange != NULL) {
        server->pool = exchange->next;
        server->pool_count--;
    } else {
        exchange = calloc(1, sizeof(*exchange));
        if (exchange == NULL) return NULL;
        exchange->server = server;
        jsonrpc_exchange_open(&exchange->rpc);
        json_writer_open(&exchange->out, SIZE_MAX / 2);
    }
    exchange->next = NULL;
    exchange->previous = NULL;
    exchange->connection = NULL;
    exchange->is_due = false;
    exchange->is_moved = false;
    exchange->rpc.session = NULL;
    exchange->rpc.can_move = server->workers.count > 0;
    exchange->rpc.is_crowded = server->workers.waiting_count >= RPC_MOVED_MAX;
    json_writer_clear(&exchange->out);
    if (json_reserve(&exchange->out, HEAD_ROOM) == NULL) {
        server_give_exchange(exchange);
        return NULL;
    }
    exchange->out.size = HEAD_ROOM;
    return exchange;
}

/* Exchanges are kept, as many as ever were needed at once; the memory of large ones, and of more
 * than a few, is not. */
void server_give_exchange(struct exchange *exchange) {
    struct rpc_server *server = exchange->server;
    if (server->pool_count >= POOL_WARM_MAX || exchange->out.capacity > BUFFER_KEPT_MAX ||
        exchange->rpc.arena.used_size > ARENA_KEPT_MAX ||
        exchange->rpc.json.capacity > TOKENS_KEPT_MAX) {
        jsonrpc_exchange_close(&exchange->rpc);
        jsonrpc_exchange_open(&exchange->rpc);
        json_writer_close(&exchange->out);
    }
    exchange->next = server->pool;
    server->pool = exchange;
    server->pool_count++;
}

static void add_waiting(struct exchange *exchange) {
    struct rpc_server *server = exchange->server;
    exchange->previous = NULL;
    exchange->next = server->waiting;
    if (exchange->next != NULL) exchange->next->previous = exchange;
    server->waiting = exchange;
}

static void remove_waiting(struct exchange *exchange) {
    struct rpc_server *server = exchange->server;
    if (exchange->previous != NULL)
        exchange->previous->next = exchange->next;
    else
        server->waiting = exchange->next;
    if (exchange->next != NULL) exchange->next->previous = exchange->previous;
}

void server_keep(struct exchange *exchange, enum jsonrpc_state state) {
    CHECK(state != JSONRPC_DONE);
    add_waiting(exchange);
    exchange->is_moved = state == JSONRPC_MOVING;
    if (exchange->is_moved) workers_add(&exchange->server->workers, exchange);
}

void server_abandon(struct exchange *exchange) {
    exchange->connection = NULL;
    if (exchange->is_moved) jsonrpc_cancel(&exchange->rpc);
}

/* An exchange that has waited has come so far. */
static void proceed(struct exchange *exchange, enum jsonrpc_state state) {
    remove_waiting(exchange);
    if (state != JSONRPC_DONE) {
        server_keep(exchange, state);
        if (exchange->connection != NULL) connection_settle(exchange->connection);
        return;
    }
    exchange->is_moved = false;
    if (exchange->connection != NULL) connection_answer(exchange->connection, exchange);
    server_give_exchange(exchange);
}

static void resume(struct exchange *exchange) {
    exchange->is_due = false;
    proceed(exchange, jsonrpc_resume(&exchange->rpc, uv_now(exchange->server->loop)));
}

void server_worked(struct exchange *exchange) {
    struct rpc_server *server = exchange->server;
    proceed(exchange, jsonrpc_worked(&exchange->rpc, uv_now(server->loop)));
    close_own_when_last(server);
}

void server_unmoved(struct exchange *exchange, int code, const char *message) {
    struct rpc_server *server = exchange->server;
    proceed(exchange, jsonrpc_unmoved(&exchange->rpc, uv_now(server->loop), code, message));
    close_own_when_last(server);
}

static struct exchange *first_due(struct rpc_server *server) {
    struct exchange *exchange = server->waiting;
    while (exchange != NULL && !exchange->is_due)
        exchange = exchange->next;
    return exchange;
}

/* What is resumed may mine a block, which makes others due: those are for the outermost call. */
static void resume_due(struct rpc_server *server) {
    if (server->is_resuming) return;
    server->is_resuming = true;
    for (struct exchange *due = first_due(server); due != NULL; due = first_due(server))
        resume(due);
    server->is_resuming = false;
}

/* Whether its method waits for a block or a time; a call that has moved is not looked at. */
static bool waits_by_itself(const struct exchange *exchange) {
    return !exchange->is_moved && exchange->rpc.call.wait_until_ms != 0;
}

/* --- notifications ---------------------------------------------------------------------------- */

static struct endpoint *find_endpoint(struct rpc_server *server, const struct rpc_chain *chain) {
    struct endpoint *e = server->endpoints;
    while (e != NULL && e->rpc.chain != chain)
        e = e->next;
    return e;
}

/* The next session of the endpoint with subscriptions, from c on. */
static struct connection *next_session(struct connection *c, const struct endpoint *endpoint) {
    while (c != NULL && (c->websocket == NULL || c->endpoint != endpoint || c->session.count == 0 ||
                         c->closes_after_write))
        c = c->next;
    return c;
}

/* What the sessions have been told goes out. */
static void flush_sessions(struct rpc_server *server) {
    struct connection *next;
    for (struct connection *c = server->connections; c != NULL; c = next) {
        next = c->next;
        if (c->websocket == NULL) continue;
        if (c->is_too_slow)
            connection_close(c);
        else
            connection_flush(c);
    }
}

static void tell_of_block(
    struct rpc_server *server, struct endpoint *endpoint, struct arena *arena, uint64_t number
) {
    struct rpc_request request = {.arena = arena};
    struct rpc_chain *chain = endpoint->rpc.chain;
    const struct rpc_block_id id = {.kind = RPC_BLOCK_NUMBER, .number = number};
    const unsigned with = RPC_WITH_TRANSACTIONS | RPC_WITH_RECEIPTS;
    const struct rpc_block *block = NULL;
    if (chain->operations->block(chain, &request, &block, &id, with) != RPC_OK || block == NULL)
        return;
    for (struct connection *c = next_session(server->connections, endpoint); c != NULL;
         c = next_session(c->next, endpoint))
        subscription_block(&c->session, &server->scratch, block);
}

static void tell_of_blocks(struct rpc_server *server, struct endpoint *endpoint) {
    uint64_t end = endpoint->rpc.chain->operations->head_number(endpoint->rpc.chain) + 1;
    struct arena arena;
    if (next_session(server->connections, endpoint) != NULL) {
        arena_open(&arena, JSONRPC_ARENA_SIZE_MAX);
        for (uint64_t number = endpoint->next_number; number < end; number++) {
            tell_of_block(server, endpoint, &arena, number);
            arena_reset(&arena);
        }
        arena_close(&arena);
        flush_sessions(server);
    }
    endpoint->next_number = end;
}

void rpc_server_new_pending(
    struct rpc_server *server, struct rpc_chain *chain, const struct rpc_transaction *transaction
) {
    const struct endpoint *endpoint = find_endpoint(server, chain);
    if (endpoint == NULL || endpoint->session_count == 0) return;
    for (struct connection *c = next_session(server->connections, endpoint); c != NULL;
         c = next_session(c->next, endpoint))
        subscription_pending(&c->session, &server->scratch, transaction);
    flush_sessions(server);
}

/* Newest first, as they go. */
static void tell_of_removed(struct rpc_server *server, struct endpoint *endpoint, uint64_t first) {
    struct rpc_chain *chain = endpoint->rpc.chain;
    struct arena arena;
    arena_open(&arena, JSONRPC_ARENA_SIZE_MAX);
    for (uint64_t number = endpoint->next_number; number-- > first;) {
        struct rpc_block copy;
        const struct rpc_block *block = filters_read_removed(&copy, chain, &arena, number);
        for (struct connection *c = next_session(server->connections, endpoint);
             c != NULL && block != NULL;
             c = next_session(c->next, endpoint))
            subscription_removed(&c->session, &server->scratch, block);
        arena_reset(&arena);
    }
    arena_close(&arena);
    flush_sessions(server);
}

void rpc_server_removing(struct rpc_server *server, struct rpc_chain *chain, uint64_t first) {
    struct endpoint *endpoint = find_endpoint(server, chain);
    if (endpoint == NULL) return;
    filters_removing(&endpoint->rpc.filters, chain, first);
    if (endpoint->session_count == 0 || endpoint->next_number <= first) return;
    if (next_session(server->connections, endpoint) != NULL)
        tell_of_removed(server, endpoint, first);
    endpoint->next_number = first;
}

void rpc_server_new_block(struct rpc_server *server, struct rpc_chain *chain) {
    struct endpoint *endpoint = find_endpoint(server, chain);
    if (endpoint != NULL && endpoint->session_count > 0) tell_of_blocks(server, endpoint);
    for (struct exchange *e = server->waiting; e != NULL; e = e->next)
        if (waits_by_itself(e) && e->rpc.call.chain == chain) e->is_due = true;
    resume_due(server);
}

void rpc_server_resume(struct rpc_server *server, struct rpc_request *request) {
    struct exchange *exchange = (struct exchange *)request;
    CHECK(exchange->server == server);
    exchange->is_due = true;
    resume_due(server);
}

/* --- time ------------------------------------------------------------------------------------- */

/* RFC 9110, section 5.6.7; the words are English whatever the locale. */
static void set_date(struct rpc_server *server) {
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm tm;
    char text[64];
    if (gmtime_r(&now, &tm) == NULL) return;
    int size = snprintf(
        text,
        sizeof(text),
        "%s, %02d %s %04d %02d:%02d:%02d GMT",
        days[tm.tm_wday],
        tm.tm_mday,
        months[tm.tm_mon],
        tm.tm_year + 1900,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec
    );
    if (size == (int)DATE_SIZE - 1) memcpy(server->date, text, DATE_SIZE);
}

static void on_tick(uv_timer_t *timer) {
    struct rpc_server *server = timer->data;
    uint64_t now = uv_now(server->loop);
    set_date(server);
    for (struct exchange *e = server->waiting; e != NULL; e = e->next)
        if (waits_by_itself(e) && e->rpc.call.wait_until_ms <= now) e->is_due = true;
    resume_due(server);
    struct connection *next;
    for (struct connection *c = server->connections; c != NULL; c = next) {
        next = c->next;
        if (server->is_stopping && now >= server->stop_deadline_ms)
            connection_close(c);
        else
            connection_check_deadline(c, now);
    }
}

/* Often enough for the shortest of the times that it watches over. */
static uint64_t tick_interval(const struct rpc_server_options *options) {
    uint64_t shortest = options->request_timeout_ms;
    if (options->write_timeout_ms < shortest) shortest = options->write_timeout_ms;
    if (options->idle_timeout_ms < shortest) shortest = options->idle_timeout_ms;
    uint64_t interval = shortest / 4;
    if (interval > TICK_INTERVAL_MAX) return TICK_INTERVAL_MAX;
    return interval < TICK_INTERVAL_MIN ? TICK_INTERVAL_MIN : interval;
}

/* --- opening and listening -------------------------------------------------------------------- */

enum err rpc_server_open(
    struct rpc_server **server, struct uv_loop_s *loop, const struct rpc_server_options *options
) {
    struct rpc_server *s = calloc(1, sizeof(*s));
    if (s == NULL) return ERR_MEMORY;
    s->loop = loop;
    s->options = *options;
    if (s->options.connections_max == 0) s->options.connections_max = RPC_CONNECTIONS_MAX;
    if (s->options.request_timeout_ms == 0) s->options.request_timeout_ms = RPC_REQUEST_TIMEOUT_MS;
    if (s->options.write_timeout_ms == 0) s->options.write_timeout_ms = RPC_WRITE_TIMEOUT_MS;
    if (s->options.idle_timeout_ms == 0) s->options.idle_timeout_ms = RPC_IDLE_TIMEOUT_MS;
    enum err err = ERR_OK;
    if (options->workers_count > 0) err = workers_open(&s->workers, s, options->workers_count);
    if (err != ERR_OK) {
        free(s);
        return err;
    }
    CHECK(uv_timer_init(loop, &s->timer) == 0);
    s->timer.data = s;
    vigil_open(&s->vigil, loop);
    s->vigil.idle.data = s;
    s->handle_count = OWN_HANDLES;
    if (s->workers.count > 0) s->handle_count += WORKERS_HANDLES;
    json_writer_open(&s->scratch, JSONRPC_ANSWER_SIZE_MAX);
    memcpy(s->date, "Thu, 01 Jan 1970 00:00:00 GMT", DATE_SIZE);
    set_date(s);
    uint64_t interval = tick_interval(&s->options);
    (void)uv_timer_start(&s->timer, on_tick, interval, interval);
    (void)signal(SIGPIPE, SIG_IGN);
    *server = s;
    return ERR_OK;
}

static void on_connection(uv_stream_t *stream, int status) {
    struct listener *listener = (struct listener *)stream;
    if (status == 0 && !listener->server->is_stopping) connection_accept(listener);
}

static struct endpoint *endpoint_of(struct rpc_server *server, struct rpc_chain *chain) {
    struct endpoint *endpoint = find_endpoint(server, chain);
    if (endpoint != NULL) return endpoint;
    endpoint = calloc(1, sizeof(*endpoint));
    if (endpoint == NULL) return NULL;
    if (server->options.write_metrics != NULL) {
        size_t count;
        (void)method_table(&count);
        endpoint->rpc.stats = calloc(count + 1, sizeof(*endpoint->rpc.stats));
        if (endpoint->rpc.stats == NULL) {
            free(endpoint);
            return NULL;
        }
    }
    endpoint->rpc.chain = chain;
    endpoint->next = server->endpoints;
    server->endpoints = endpoint;
    return endpoint;
}

static void on_listener_closed(uv_handle_t *handle) {
    struct listener *listener = (struct listener *)handle;
    struct rpc_server *server = listener->server;
    free(listener);
    server_handle_closed(server);
}

static int listen_at(struct listener *listener, uint16_t *port, const struct sockaddr *where) {
    struct sockaddr_storage bound;
    int bound_size = sizeof(bound);
    int status = uv_tcp_bind(&listener->tcp, where, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&listener->tcp, LISTEN_BACKLOG, on_connection);
    if (status == 0)
        status = uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&bound, &bound_size);
    if (status != 0) return status;
    const void *view = &bound;
    *port = bound.ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)view)->sin6_port)
                                        : ntohs(((const struct sockaddr_in *)view)->sin_port);
    return 0;
}

enum err rpc_server_listen(
    struct rpc_server *server,
    uint16_t *bound_port,
    char error[RPC_ERROR_SIZE],
    struct rpc_chain *chain,
    const char *host,
    uint16_t port
) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } where;
    bool is_v6 = uv_ip4_addr(host, port, &where.v4) != 0;
    if (is_v6 && uv_ip6_addr(host, port, &where.v6) != 0) {
        (void)snprintf(error, RPC_ERROR_SIZE, "cannot listen on %s: not an IP address", host);
        return ERR_INPUT;
    }
    struct endpoint *endpoint = endpoint_of(server, chain);
    struct listener *listener = calloc(1, sizeof(*listener));
    if (endpoint == NULL || listener == NULL || uv_tcp_init(server->loop, &listener->tcp) != 0) {
        free(listener);
        (void)snprintf(error, RPC_ERROR_SIZE, "cannot listen on %s: out of memory", host);
        return ERR_MEMORY;
    }
    listener->server = server;
    listener->endpoint = endpoint;
    server->handle_count++;
    int status = listen_at(listener, bound_port, &where.any);
    if (status != 0) {
        (void)snprintf(
            error,
            RPC_ERROR_SIZE,
            is_v6 ? "cannot listen on [%s]:%u: %s" : "cannot listen on %s:%u: %s",
            host,
            port,
            uv_strerror(status)
        );
        uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
        return ERR_IO;
    }
    listener->next = server->listeners;
    server->listeners = listener;
    return ERR_OK;
}

/* --- stopping --------------------------------------------------------------------------------- */

static void on_own_closed(uv_handle_t *handle) {
    server_handle_closed(handle->data);
}

static void on_workers_closed(uv_handle_t *handle) {
    struct workers *workers = handle->data;
    server_handle_closed(workers->server);
}

/* The server's own go last: until then the timer watches over the time that stopping may take. */
static void close_own_when_last(struct rpc_server *server) {
    bool has_workers = server->workers.count > 0;
    if (!server->is_stopping ||
        server->handle_count != (has_workers ? OWN_HANDLES + WORKERS_HANDLES : OWN_HANDLES) ||
        !workers_are_idle(&server->workers) || uv_is_closing((uv_handle_t *)&server->timer))
        return;
    uv_close((uv_handle_t *)&server->timer, on_own_closed);
    vigil_close(&server->vigil, on_own_closed);
    if (has_workers) workers_end(&server->workers, on_workers_closed);
}

void server_handle_closed(struct rpc_server *server) {
    server->handle_count--;
    close_own_when_last(server);
    if (server->handle_count > 0) return;
    server->has_stopped = true;
    if (server->on_stopped != NULL) server->on_stopped(server->stopped_context);
}

void rpc_server_stop(struct rpc_server *server, void (*on_stopped)(void *context), void *context) {
    if (server->is_stopping) return;
    server->is_stopping = true;
    server->on_stopped = on_stopped;
    server->stopped_context = context;
    server->stop_deadline_ms = uv_now(server->loop) + RPC_STOP_TIMEOUT_MS;
    while (server->listeners != NULL) {
        struct listener *listener = server->listeners;
        server->listeners = listener->next;
        uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
    }
    /* No further block will come: what waits for one is told that its time is up. */
    for (struct exchange *e = server->waiting; e != NULL; e = e->next)
        if (e->is_moved) {
            jsonrpc_cancel(&e->rpc);
        } else if (waits_by_itself(e)) {
            e->rpc.call.wait_until_ms = 1;
            e->is_due = true;
        }
    struct connection *next;
    for (struct connection *c = server->connections; c != NULL; c = next) {
        next = c->next;
        connection_finish(c);
    }
    resume_due(server);
    close_own_when_last(server);
}

void rpc_server_close(struct rpc_server *server) {
    if (server == NULL) return;
    CHECK(server->has_stopped && server->waiting == NULL);
    workers_close(&server->workers);
    while (server->pool != NULL) {
        struct exchange *exchange = server->pool;
        server->pool = exchange->next;
        free_exchange(exchange);
    }
    while (server->endpoints != NULL) {
        struct endpoint *endpoint = server->endpoints;
        server->endpoints = endpoint->next;
        filters_close(&endpoint->rpc.filters);
        free(endpoint->rpc.stats);
        free(endpoint);
    }
    json_writer_close(&server->scratch);
    free(server);
}
