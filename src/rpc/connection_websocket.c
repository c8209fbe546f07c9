/* A connection that has become a WebSocket: each message is a request; answers go out as they are
 * ready, notifications in between. */
#include "core/check.h"
#include "rpc/server_private.h"

#include <stdio.h>
#include <stdlib.h>

/* --- frames out ------------------------------------------------------------------------------- */

/* What libuv is writing must not move: then further frames queue up behind. */
static void append(struct connection *c, const char *data, size_t size) {
    if (c->phase != PHASE_WRITING) {
        connection_append(c, data, size);
        return;
    }
    char *at = json_reserve(&c->queued, size);
    if (at == NULL) {
        c->is_too_slow = true;
        return;
    }
    memcpy(at, data, size);
    c->queued.size += size;
}

static void send_frame(struct connection *c, enum websocket_opcode opcode, bytes payload) {
    uint8_t head[WEBSOCKET_HEAD_SIZE_MAX];
    size_t size = websocket_write_head(head, opcode, payload.size);
    if (c->closes_after_write || c->is_closing) return;
    append(c, (const char *)head, size);
    if (!c->is_closing && payload.size > 0) append(c, (const char *)payload.data, payload.size);
}

void websocket_end(struct connection *c, uint16_t code, const char *reason) {
    uint8_t payload[WEBSOCKET_CONTROL_SIZE_MAX];
    size_t size = 0;
    if (code != WEBSOCKET_CODE_NONE) {
        payload[0] = (uint8_t)(code >> 8);
        payload[1] = (uint8_t)code;
        size = 2 + strlen(reason);
        CHECK(size <= sizeof(payload));
        memcpy(payload + 2, reason, size - 2);
    }
    send_frame(c, WEBSOCKET_CLOSE, bytes_of(payload, size));
    c->closes_after_write = true;
}

/* A notification. It is flushed, and a client that is too slow dropped, when all have been told. */
static void send_notification(struct rpc_session *session, bytes text) {
    struct connection *c =
        (struct connection *)(void *)((char *)session - offsetof(struct connection, session));
    if (c->is_too_slow) return;
    send_frame(c, WEBSOCKET_TEXT, text);
    if (connection_pending(c) + c->queued.size > RPC_WEBSOCKET_PENDING_MAX) c->is_too_slow = true;
}

/* An answer; nothing if all of it were notifications of the client. */
static void send_answer(struct connection *c, struct exchange *exchange) {
    struct json_writer *out = &exchange->out;
    uint8_t head[WEBSOCKET_HEAD_SIZE_MAX];
    if (json_failed(out)) {
        websocket_end(c, WEBSOCKET_CODE_INTERNAL, "out of memory");
        return;
    }
    if (out->size == HEAD_ROOM || c->closes_after_write) return;
    size_t size = websocket_write_head(head, WEBSOCKET_TEXT, out->size - HEAD_ROOM);
    size_t start = HEAD_ROOM - size;
    memcpy(out->data + start, head, size);
    append(c, out->data + start, out->size - start);
}

/* --- beginning and end ------------------------------------------------------------------------ */

void websocket_upgrade(struct connection *c) {
    const struct http_request *request = &c->http.request;
    struct endpoint *endpoint = c->endpoint;
    char accept[WEBSOCKET_ACCEPT_SIZE];
    char head[256];
    if (!connection_origin_is_allowed(c)) {
        connection_refuse(c, 403, "", "this origin is not allowed (--allow-origin)");
        return;
    }
    if (strcmp(request->websocket_version, "13") != 0) {
        connection_refuse(
            c, 426, "Sec-WebSocket-Version: 13\r\n", "only version 13 of WebSocket is spoken here"
        );
        return;
    }
    if (request->is_old || websocket_accept(accept, request->websocket_key) != ERR_OK) {
        connection_refuse(c, 400, "", "no Sec-WebSocket-Key of 16 bytes in base64");
        return;
    }
    if (c->server->is_stopping) {
        connection_refuse(c, 503, "", "the node is stopping");
        return;
    }
    c->websocket = calloc(1, sizeof(*c->websocket));
    if (c->websocket == NULL) {
        connection_refuse(c, 503, "", "out of memory");
        return;
    }
    if (endpoint->session_count++ == 0)
        endpoint->next_number =
            endpoint->rpc.chain->operations->head_number(endpoint->rpc.chain) + 1;
    c->session.last_id = &c->server->last_subscription_id;
    c->session.send = send_notification;
    c->closes_after_write = false;
    int size = snprintf(
        head,
        sizeof(head),
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %.*s\r\n\r\n",
        WEBSOCKET_ACCEPT_SIZE,
        accept
    );
    CHECK(size > 0 && (size_t)size < sizeof(head));
    connection_append(c, head, (size_t)size);
}

/* The exchange goes on without anybody to answer. */
static void leave(struct exchange *exchange) {
    server_abandon(exchange);
    exchange->rpc.session = NULL;
    exchange->rpc.call.session = NULL;
}

void websocket_detach(struct connection *c) {
    c->endpoint->session_count--;
    for (struct exchange *e = c->server->waiting; e != NULL; e = e->next)
        if (e->connection == c) leave(e);
}

void websocket_free(struct connection *c) {
    json_writer_close(&c->queued);
    if (c->websocket == NULL) return;
    session_close(&c->session);
    websocket_close(c->websocket);
    free(c->websocket);
}

void websocket_check(struct connection *c, uint64_t now_ms) {
    if (c->awaits_pong) {
        connection_close(c);
        return;
    }
    c->awaits_pong = true;
    c->deadline_ms = now_ms + c->server->options.idle_timeout_ms / 2;
    send_frame(c, WEBSOCKET_PING, BYTES_EMPTY);
    connection_flush(c);
}

/* --- messages --------------------------------------------------------------------------------- */

static void answer_message(struct connection *c, bytes text) {
    struct exchange *exchange = server_take_exchange(c->server);
    if (exchange == NULL) {
        websocket_end(c, WEBSOCKET_CODE_INTERNAL, "out of memory");
        return;
    }
    exchange->connection = c;
    exchange->rpc.session = &c->session;
    uint64_t now = uv_now(c->server->loop);
    enum jsonrpc_state state =
        jsonrpc_begin(&exchange->rpc, &c->endpoint->rpc, &exchange->out, now, text);
    if (state != JSONRPC_DONE) {
        c->waiting_count++;
        server_keep(exchange, state);
        /* What the request has brought about may have been told to this client in vain. */
        if (c->is_closing) leave(exchange);
        return;
    }
    send_answer(c, exchange);
    server_give_exchange(exchange);
}

void websocket_answer(struct connection *c, struct exchange *exchange) {
    c->waiting_count--;
    send_answer(c, exchange);
}

void websocket_take(struct connection *c, const uint8_t *data, size_t *size) {
    struct websocket *ws = c->websocket;
    switch (websocket_feed(ws, data, size)) {
    case WEBSOCKET_NEED_MORE:
    case WEBSOCKET_PONGED:
        break;
    case WEBSOCKET_MESSAGE:
        answer_message(c, ws->payload);
        break;
    case WEBSOCKET_PINGED:
        send_frame(c, WEBSOCKET_PONG, ws->payload);
        break;
    case WEBSOCKET_CLOSED:
        websocket_end(c, ws->code, "");
        break;
    case WEBSOCKET_REFUSED:
        websocket_end(c, ws->code, ws->problem);
        break;
    }
    if (connection_pending(c) > OUTPUT_PENDING_MAX) connection_flush(c);
}
