/* The conversation on one connection: requests in, answers out, in order, and never more of either
 * in memory than the limits allow. */
#include "core/check.h"
#include "rpc/server_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void take_input(struct connection *c, const uint8_t *data, size_t size);

size_t connection_pending(const struct connection *c) {
    return c->out.size - c->out_sent;
}

static void on_closed(uv_handle_t *handle) {
    struct connection *c = (struct connection *)handle;
    struct rpc_server *server = c->server;
    http_parser_close(&c->http);
    json_writer_close(&c->out);
    websocket_free(c);
    free(c->held);
    free(c);
    server_handle_closed(server);
}

void connection_close(struct connection *c) {
    if (c->is_closing) return;
    struct rpc_server *server = c->server;
    c->is_closing = true;
    if (c->waiting != NULL) server_abandon(c->waiting);
    if (c->websocket != NULL) websocket_detach(c);
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        server->connections = c->next;
    if (c->next != NULL) c->next->previous = c->previous;
    server->connection_count--;
    uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* --- response heads --------------------------------------------------------------------------- */

struct head {
    char text[HEAD_ROOM];
    size_t size;
};

static void add_size(struct head *head, const char *text, size_t size) {
    CHECK(size <= sizeof(head->text) - head->size);
    memcpy(head->text + head->size, text, size);
    head->size += size;
}

static void add(struct head *head, const char *text) {
    add_size(head, text, strlen(text));
}
#define ADD(head, literal) add_size((head), "" literal, sizeof(literal) - 1)

static bool list_has(const char *const *list, const char *text) {
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, "*") == 0 || strcmp(*list, text) == 0) return true;
    return false;
}

static bool list_has_any(const char *const *list) {
    return list_has(list, "");
}

bool connection_origin_is_allowed(const struct connection *c) {
    const char *origin = c->http.request.origin;
    return *origin == '\0' || list_has(c->server->options.allowed_origins, origin);
}

/* For pages of origins that are allowed to read answers. */
static void add_cors(struct head *head, const struct connection *c) {
    const char *origin = c->http.request.origin;
    const char *const *allowed = c->server->options.allowed_origins;
    if (*origin == '\0' || !list_has(allowed, origin)) return;
    if (list_has_any(allowed)) {
        ADD(head, "Access-Control-Allow-Origin: *\r\n");
        return;
    }
    ADD(head, "Access-Control-Allow-Origin: ");
    add(head, origin);
    ADD(head, "\r\nVary: Origin\r\n");
}

static void add_decimal(struct head *head, size_t value) {
    char digits[20];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    while (count > 0)
        add_size(head, &digits[--count], 1);
}

static void begin_head(struct head *head, const struct connection *c, int status) {
    head->size = 0;
    if (status == 200) {
        ADD(head, "HTTP/1.1 200 OK\r\nDate: ");
    } else {
        ADD(head, "HTTP/1.1 ");
        add_decimal(head, (size_t)status);
        ADD(head, " ");
        add(head, http_reason(status));
        ADD(head, "\r\nDate: ");
    }
    add_size(head, c->server->date, DATE_SIZE - 1);
    ADD(head, "\r\n");
    add_cors(head, c);
}

static void end_head(struct head *head, const struct connection *c, size_t body_size) {
    if (c->closes_after_write)
        ADD(head, "Connection: close\r\n");
    else if (c->http.request.is_old)
        ADD(head, "Connection: keep-alive\r\n");
    ADD(head, "Content-Length: ");
    add_decimal(head, body_size);
    ADD(head, "\r\n\r\n");
}

/* --- answers ---------------------------------------------------------------------------------- */

void connection_append(struct connection *c, const char *data, size_t size) {
    char *at = json_reserve(&c->out, size);
    if (at == NULL) {
        connection_close(c);
        return;
    }
    memcpy(at, data, size);
    c->out.size += size;
}

/* An answer that is not JSON-RPC: a few words for a person. */
static void answer_text(struct connection *c, int status, const char *more_head, const char *text) {
    struct head head;
    bool has_body = c->http.request.method != HTTP_HEAD && status != 204;
    begin_head(&head, c, status);
    if (*text != '\0') ADD(&head, "Content-Type: text/plain; charset=utf-8\r\n");
    add(&head, more_head);
    if (status == 204)
        ADD(&head, "\r\n");
    else
        end_head(&head, c, strlen(text));
    connection_append(c, head.text, head.size);
    if (has_body) connection_append(c, text, strlen(text));
}

void connection_refuse(struct connection *c, int status, const char *more_head, const char *text) {
    char line[256];
    (void)snprintf(line, sizeof(line), "%s\n", text);
    c->closes_after_write = true;
    answer_text(c, status, more_head, line);
}

static void refuse(struct connection *c, int status, const char *text) {
    connection_refuse(c, status, "", text);
}

static void greet(struct connection *c) {
    char text[512];
    const struct rpc_chain *chain = c->endpoint->rpc.chain;
    (void)snprintf(
        text,
        sizeof(text),
        "This is the Ethereum JSON-RPC endpoint of chain %s, chain id %" PRIu64 " (%s).\n"
        "Send POST requests with Content-Type: application/json, for example:\n"
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_blockNumber\",\"params\":[]}\n",
        chain->name,
        chain->chain_id,
        chain->client_version
    );
    answer_text(c, 200, "", text);
}

static void answer_metrics(struct connection *c) {
    struct rpc_server *server = c->server;
    struct json_writer *text = &server->scratch;
    struct head head;
    json_writer_clear(text);
    server_write_metrics(server, text);
    if (json_failed(text)) {
        refuse(c, 500, "out of memory");
        return;
    }
    begin_head(&head, c, 200);
    ADD(&head, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    end_head(&head, c, text->size);
    connection_append(c, head.text, head.size);
    if (c->http.request.method != HTTP_HEAD) connection_append(c, text->data, text->size);
}

/* What a browser asks before it lets a page send (CORS, and Chrome's private network access). */
static void answer_preflight(struct connection *c) {
    const struct http_request *request = &c->http.request;
    if (!connection_origin_is_allowed(c)) {
        answer_text(c, 403, "", "this origin is not allowed (--allow-origin)\n");
        return;
    }
    char more[256];
    (void)snprintf(
        more,
        sizeof(more),
        "Allow: POST, GET, HEAD, OPTIONS\r\n"
        "Access-Control-Allow-Methods: POST, GET, OPTIONS\r\n"
        "Access-Control-Allow-Headers: *\r\n"
        "Access-Control-Max-Age: 86400\r\n%s",
        request->wants_private_network ? "Access-Control-Allow-Private-Network: true\r\n" : ""
    );
    answer_text(c, 204, more, "");
}

/* Joins a finished exchange's answer to what the connection has to send: by taking over its buffer
 * if nothing is pending, which is the rule. */
static void send_answer(struct connection *c, struct exchange *exchange) {
    struct json_writer *out = &exchange->out;
    if (json_failed(out)) {
        refuse(c, 500, "out of memory");
        return;
    }
    struct head head;
    begin_head(&head, c, 200);
    ADD(&head, "Content-Type: application/json\r\n");
    end_head(&head, c, out->size - HEAD_ROOM);
    size_t start = HEAD_ROOM - head.size;
    memcpy(out->data + start, head.text, head.size);
    if (connection_pending(c) > 0) {
        connection_append(c, out->data + start, out->size - start);
        return;
    }
    struct json_writer swapped = c->out;
    c->out = *out;
    *out = swapped;
    c->out_sent = start;
}

static void answer_post(struct connection *c) {
    if (c->http.request.content_type != HTTP_CONTENT_JSON) {
        answer_text(c, 415, "", "invalid content type, only application/json is supported\n");
        return;
    }
    struct exchange *exchange = server_take_exchange(c->server);
    if (exchange == NULL) {
        refuse(c, 503, "out of memory");
        return;
    }
    uint64_t now = uv_now(c->server->loop);
    exchange->connection = c;
    enum jsonrpc_state state =
        jsonrpc_begin(&exchange->rpc, &c->endpoint->rpc, &exchange->out, now, c->http.request.body);
    if (state != JSONRPC_DONE) {
        c->waiting = exchange;
        server_keep(exchange, state);
        return;
    }
    send_answer(c, exchange);
    server_give_exchange(exchange);
}

static void answer_get(struct connection *c) {
    if (strcmp(c->http.request.path, "/metrics") != 0)
        greet(c);
    else if (c->server->options.write_metrics != NULL)
        answer_metrics(c);
    else
        answer_text(c, 404, "", "there are no metrics; start the node with --metrics\n");
}

static void answer(struct connection *c) {
    const struct http_request *request = &c->http.request;
    if (!request->keeps_alive || c->server->is_stopping) c->closes_after_write = true;
    if (!http_host_is_allowed(request->host, c->server->options.allowed_hosts)) {
        answer_text(c, 403, "", "invalid host specified (--allow-host)\n");
        return;
    }
    if (request->is_websocket && request->method == HTTP_GET)
        websocket_upgrade(c);
    else if (request->method == HTTP_POST)
        answer_post(c);
    else if (request->method == HTTP_GET || request->method == HTTP_HEAD)
        answer_get(c);
    else if (request->method == HTTP_OPTIONS)
        answer_preflight(c);
    else
        answer_text(
            c, 405, "Allow: POST, GET, HEAD, OPTIONS\r\n", "method not allowed; send POST\n"
        );
}

/* --- output ----------------------------------------------------------------------------------- */

static void on_shutdown(uv_shutdown_t *shutdown, int status) {
    (void)shutdown;
    (void)status;
}

/* Closing at once could destroy the answer on its way, if bytes of the client are still unread. So
 * our side ends first, and what comes is read and dropped until the client ends too. */
static void linger(struct connection *c) {
    if (c->has_ended || uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) != 0) {
        connection_close(c);
        return;
    }
    c->phase = PHASE_LINGERING;
    c->deadline_ms = uv_now(c->server->loop) + LINGER_TIMEOUT_MS;
}

static void output_taken(struct connection *c) {
    c->out_sent = 0;
    json_writer_clear(&c->out);
    if (c->out.capacity > BUFFER_KEPT_MAX) json_writer_close(&c->out);
    if (c->queued.size > 0) {
        struct json_writer swapped = c->out;
        c->out = c->queued;
        c->queued = swapped;
        return;
    }
    if (c->closes_after_write && c->waiting == NULL) linger(c);
}

static void on_written(uv_write_t *write, int status) {
    struct connection *c = write->data;
    if (c->is_closing) return;
    if (status < 0) {
        connection_close(c);
        return;
    }
    c->phase = PHASE_IDLE;
    c->deadline_ms = uv_now(c->server->loop) + c->server->options.idle_timeout_ms;
    output_taken(c);
    connection_flush(c);
    if (!c->is_closing) connection_settle(c);
}

/* Sends what is pending; one system call in the usual case. */
void connection_flush(struct connection *c) {
    if (c->is_closing || c->phase == PHASE_WRITING || connection_pending(c) == 0) return;
    uv_stream_t *stream = (uv_stream_t *)&c->tcp;
    uv_buf_t buffer = uv_buf_init(c->out.data + c->out_sent, (unsigned)connection_pending(c));
    int sent = uv_try_write(stream, &buffer, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        connection_close(c);
        return;
    }
    if (sent > 0) c->out_sent += (size_t)sent;
    if (connection_pending(c) == 0) {
        output_taken(c);
        return;
    }
    buffer = uv_buf_init(c->out.data + c->out_sent, (unsigned)connection_pending(c));
    c->write.data = c;
    if (uv_write(&c->write, stream, &buffer, 1, on_written) != 0) {
        connection_close(c);
        return;
    }
    c->phase = PHASE_WRITING;
    c->deadline_ms = uv_now(c->server->loop) + c->server->options.write_timeout_ms;
}

/* --- input ------------------------------------------------------------------------------------ */

/* Requests are run one at a time, and only while their answers are taken. */
static bool can_take(const struct connection *c) {
    return c->waiting == NULL && c->waiting_count < RPC_WEBSOCKET_WAITING_MAX &&
           c->phase != PHASE_WRITING && c->phase != PHASE_LINGERING && !c->closes_after_write &&
           !c->is_closing;
}

static void hold(struct connection *c, const uint8_t *data, size_t size) {
    if (size == 0 || c->is_closing || c->closes_after_write) return;
    uint8_t *held = malloc(size);
    if (held == NULL) {
        connection_close(c);
        return;
    }
    memcpy(held, data, size);
    c->held = held;
    c->held_size = size;
}

/* The phase follows from what is there; a phase that begins gets its time. */
static void enter_phase(struct connection *c, bool has_answered) {
    if (c->is_closing || c->phase == PHASE_WRITING || c->phase == PHASE_LINGERING) return;
    if (c->websocket != NULL) { /* It is silence that counts: websocket_check. */
        c->phase = PHASE_IDLE;
        c->awaits_pong = false;
        c->deadline_ms = uv_now(c->server->loop) + c->server->options.idle_timeout_ms / 2;
        return;
    }
    enum phase phase = PHASE_IDLE;
    if (c->waiting != NULL)
        phase = PHASE_WAITING;
    else if (!http_is_idle(&c->http))
        phase = PHASE_REQUEST;
    if (phase == c->phase && !has_answered) return;
    c->phase = phase;
    uint64_t now = uv_now(c->server->loop);
    switch (phase) {
    case PHASE_IDLE:
        c->deadline_ms = now + c->server->options.idle_timeout_ms;
        break;
    case PHASE_REQUEST:
        c->deadline_ms = now + c->server->options.request_timeout_ms;
        break;
    case PHASE_WAITING:
        c->deadline_ms = UINT64_MAX;
        break;
    case PHASE_WRITING:
    case PHASE_LINGERING:
        break;
    }
}

static void take_input(struct connection *c, const uint8_t *data, size_t size) {
    bool has_answered = false;
    while (size > 0 && can_take(c)) {
        size_t taken = size;
        if (c->websocket != NULL) {
            websocket_take(c, data, &taken);
            data += taken;
            size -= taken;
            continue;
        }
        switch (http_feed(&c->http, data, &taken)) {
        case HTTP_NEED_MORE:
            break;
        case HTTP_EXPECTS_CONTINUE:
            if (http_host_is_allowed(c->http.request.host, c->server->options.allowed_hosts))
                connection_append(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
            else
                refuse(c, 403, "invalid host specified (--allow-host)");
            break;
        case HTTP_REQUEST_COMPLETE:
            answer(c);
            has_answered = true;
            break;
        case HTTP_REFUSED:
            refuse(c, c->http.status, c->http.problem);
            break;
        }
        data += taken;
        size -= taken;
        if (connection_pending(c) > OUTPUT_PENDING_MAX) connection_flush(c);
    }
    hold(c, data, size);
    connection_flush(c);
    enter_phase(c, has_answered);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)suggested;
    struct rpc_server *server = ((struct connection *)handle)->server;
    *buffer = uv_buf_init((char *)server->read_buffer, READ_BUFFER_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    struct connection *c = (struct connection *)stream;
    if (size == 0 || c->is_closing) return;
    if (size < 0) {
        c->has_ended = true;
        /* An answer that is owed is still sent: the client may have closed its side only. But a
         * worker's time is not spent on what may be nobody. */
        bool is_owed = (c->waiting != NULL && !c->waiting->is_moved) || c->phase == PHASE_WRITING;
        if (size != UV_EOF || !is_owed) connection_close(c);
        if (!c->is_closing) connection_settle(c);
        return;
    }
    if (c->phase == PHASE_LINGERING) return;
    uint64_t begun_ns = vigil_begin();
    take_input(c, (const uint8_t *)buffer->base, (size_t)size);
    connection_settle(c);
    vigil_end(&c->server->vigil, begun_ns);
}

/* Goes on with what is held, then reads on or stops reading, as things stand. */
void connection_settle(struct connection *c) {
    while (c->held != NULL && can_take(c)) {
        uint8_t *data = c->held;
        size_t size = c->held_size;
        c->held = NULL;
        c->held_size = 0;
        take_input(c, data, size);
        free(data);
    }
    if (c->is_closing) return;
    bool is_owed = c->waiting != NULL || c->phase == PHASE_WRITING;
    if (c->has_ended && !is_owed) {
        connection_close(c);
        return;
    }
    /* While a worker has the call: to see whether the client goes. What it sends meanwhile is held,
     * one read of it. */
    bool must_watch = c->waiting != NULL && c->waiting->is_moved && c->held == NULL;
    bool must_read = !c->has_ended && (can_take(c) || must_watch || c->phase == PHASE_LINGERING);
    if (must_read == c->is_reading) return;
    c->is_reading = must_read;
    if (!must_read)
        (void)uv_read_stop((uv_stream_t *)&c->tcp);
    else if (uv_read_start((uv_stream_t *)&c->tcp, on_allocate, on_read) != 0)
        connection_close(c);
}

/* --- from the server -------------------------------------------------------------------------- */

void connection_accept(struct listener *listener) {
    struct rpc_server *server = listener->server;
    struct connection *c = calloc(1, sizeof(*c));
    if (c == NULL) return;
    c->server = server;
    c->endpoint = listener->endpoint;
    http_parser_open(&c->http);
    json_writer_open(&c->out, SIZE_MAX / 2);
    json_writer_open(&c->queued, SIZE_MAX / 2);
    if (uv_tcp_init(server->loop, &c->tcp) != 0) {
        free(c);
        return;
    }
    server->handle_count++;
    server->connection_count++;
    server->accepted_count++;
    c->next = server->connections;
    if (c->next != NULL) c->next->previous = c;
    server->connections = c;
    if (uv_accept((uv_stream_t *)&listener->tcp, (uv_stream_t *)&c->tcp) != 0) {
        connection_close(c);
        return;
    }
    (void)uv_tcp_nodelay(&c->tcp, 1);
    c->deadline_ms = uv_now(server->loop) + server->options.idle_timeout_ms;
    if (server->connection_count > server->options.connections_max) {
        server->refused_count++;
        refuse(c, 503, "too many connections");
        connection_flush(c);
    }
    if (!c->is_closing) connection_settle(c);
}

void connection_answer(struct connection *c, struct exchange *exchange) {
    if (c->websocket != NULL) {
        websocket_answer(c, exchange);
        connection_flush(c);
        if (!c->is_closing) connection_settle(c);
        return;
    }
    c->waiting = NULL;
    if (c->server->is_stopping) c->closes_after_write = true;
    send_answer(c, exchange);
    connection_flush(c);
    enter_phase(c, true);
    if (!c->is_closing) connection_settle(c);
}

void connection_finish(struct connection *c) {
    bool is_owed = c->waiting != NULL || c->phase == PHASE_WRITING;
    if (c->phase == PHASE_LINGERING) return;
    if (c->websocket != NULL) {
        websocket_end(c, WEBSOCKET_CODE_GOING_AWAY, "the node is stopping");
        connection_flush(c);
        return;
    }
    if (!is_owed)
        connection_close(c);
    else
        c->closes_after_write = true;
}

void connection_check_deadline(struct connection *c, uint64_t now_ms) {
    if (c->is_closing || now_ms < c->deadline_ms) return;
    if (c->websocket != NULL && c->phase == PHASE_IDLE) {
        websocket_check(c, now_ms);
        return;
    }
    if (c->phase != PHASE_REQUEST || connection_pending(c) > 0) {
        connection_close(c);
        return;
    }
    /* The rest of the request may still come: it is dropped while lingering. */
    refuse(c, 408, "the request did not arrive in time");
    connection_flush(c);
    if (!c->is_closing) connection_settle(c);
}
