/* rpc/http.h: HTTP/1.1 requests out of a stream of bytes, and response heads. No sockets here: the
 * server feeds what it has read and gets one request at a time, in order, so that the fuzzer and
 * the tests need no network.
 *
 * llhttp (strict mode) parses. On top of it this file refuses whatever could make two parsers see
 * different requests (RFC 9112): codings other than chunked, a missing or second Host, folded
 * lines, bare CR or LF, NUL; llhttp itself refuses a second Content-Length and one beside chunking.
 *
 * Limits: HTTP_HEAD_SIZE_MAX for the request line and headers (431), HTTP_BODY_SIZE_MAX for the
 * body, chunked or not (413); chunk framing and trailers may take as much again. After a refusal
 * the stream is of no more use: answer, then close. */
#ifndef RPC_HTTP_H
#define RPC_HTTP_H

#include "core/bytes.h"
#include "core/err.h"

#include <llhttp.h>

#define HTTP_HEAD_SIZE_MAX  16384
#define HTTP_BODY_SIZE_MAX  (16u << 20)
#define HTTP_VALUE_SIZE_MAX 256 /* of headers whose value matters; longer ones are refused (431) */

#define HTTP_PATH_SIZE 32

enum http_result {
    HTTP_NEED_MORE,        /* everything was taken; feed the next bytes */
    HTTP_EXPECTS_CONTINUE, /* the head is there and its client waits for "100 Continue" */
    HTTP_REQUEST_COMPLETE, /* a whole request is there */
    HTTP_REFUSED,          /* status and problem say why; nothing more will come */
};

enum http_content_type { HTTP_CONTENT_NONE, HTTP_CONTENT_JSON, HTTP_CONTENT_OTHER };

/* Text fields are terminated, and empty if their header is absent. */
struct http_request {
    llhttp_method_t method;
    bool keeps_alive;
    bool is_old;                /* HTTP/1.0: staying open must be said */
    bool is_websocket;          /* Upgrade: websocket */
    bool wants_private_network; /* Access-Control-Request-Private-Network: true */
    enum http_content_type content_type;
    char path[HTTP_PATH_SIZE];        /* of the target, up to "?"; what is longer is cut */
    char host[HTTP_VALUE_SIZE_MAX];   /* with port */
    char origin[HTTP_VALUE_SIZE_MAX]; /* of the web page that sends it */
    char websocket_key[HTTP_VALUE_SIZE_MAX];
    char websocket_version[HTTP_VALUE_SIZE_MAX];
    bytes body; /* valid until the next http_feed */
};

struct http_parser {
    struct http_request request; /* of the head read last */
    int status;                  /* after HTTP_REFUSED: 400, 413, 417, 431, 501, 505 */
    const char *problem;         /* static text */

    /* Private. */
    llhttp_t llhttp;
    uint8_t stage;  /* enum stage in http.c */
    uint8_t header; /* enum header in http.c: the one being read */
    bool has_host;
    bool expects_continue;
    bool ended_in_cr; /* the head bytes checked so far end in a CR */
    bool ended_in_lf;
    size_t head_size;     /* bytes of this head so far */
    size_t raw_body_size; /* bytes after the head so far, framing included */
    size_t path_size;     /* of the target, so far */
    size_t name_size;
    size_t value_size;
    char name[40];
    char value[HTTP_VALUE_SIZE_MAX];
    /* The body: a view into the bytes being fed while it is in one piece, else a copy. */
    bytes view;
    uint8_t *copy; /* malloc */
    size_t copy_size;
    size_t copy_capacity;
};

/* The parser must not move: llhttp points into it. */
void http_parser_open(struct http_parser *parser);
void http_parser_close(struct http_parser *parser);

/* http_feed takes up to *size bytes and stops at the next thing to report; *size becomes the number
 * of bytes taken. Feed the rest afterwards. */
enum http_result http_feed(struct http_parser *parser, const uint8_t *data, size_t *size);

/* No byte of a further request has come. */
bool http_is_idle(const struct http_parser *parser);

/* http_host_is_allowed: localhost (and names under it), an IP address, or one of names (ended by
 * NULL; NULL: none; "*": any); with any port. A request without Host (HTTP/1.0) comes from no
 * browser and is allowed. */
bool http_host_is_allowed(const char *host, const char *const *names);

const char *http_reason(int status);

#endif
