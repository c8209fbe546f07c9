#include "rpc/http.h"

#include "core/check.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>

/* Bodies above this give their memory back after the request. */
#define COPY_KEPT_MAX (64u << 10)

enum stage {
    STAGE_IDLE,  /* between requests */
    STAGE_HEAD,  /* request line and headers */
    STAGE_READY, /* the head is complete and not yet checked */
    STAGE_BODY,
    STAGE_DONE, /* the request is complete */
    STAGE_REFUSED,
};

/* The headers whose values matter. */
enum header {
    HEADER_NONE,
    HEADER_HOST,
    HEADER_ORIGIN,
    HEADER_EXPECT,
    HEADER_CONTENT_TYPE,
    HEADER_TRANSFER_ENCODING,
    HEADER_UPGRADE,
    HEADER_WEBSOCKET_KEY,
    HEADER_WEBSOCKET_VERSION,
    HEADER_PRIVATE_NETWORK,
};

static const struct {
    const char *name;
    enum header header;
} headers[] = {
    {"host", HEADER_HOST},
    {"origin", HEADER_ORIGIN},
    {"expect", HEADER_EXPECT},
    {"content-type", HEADER_CONTENT_TYPE},
    {"transfer-encoding", HEADER_TRANSFER_ENCODING},
    {"upgrade", HEADER_UPGRADE},
    {"sec-websocket-key", HEADER_WEBSOCKET_KEY},
    {"sec-websocket-version", HEADER_WEBSOCKET_VERSION},
    {"access-control-request-private-network", HEADER_PRIVATE_NETWORK},
};

static int refuse(struct http_parser *p, int status, const char *problem) {
    if (p->stage != STAGE_REFUSED) {
        p->stage = STAGE_REFUSED;
        p->status = status;
        p->problem = problem;
    }
    return -1;
}

static bool is_in_head(const struct http_parser *p) {
    return p->stage == STAGE_IDLE || p->stage == STAGE_HEAD;
}

/* --- what llhttp reports ---------------------------------------------------------------------- */

static int on_message_begin(llhttp_t *llhttp) {
    struct http_parser *p = llhttp->data;
    p->stage = STAGE_HEAD;
    p->request = (struct http_request){0};
    p->has_host = false;
    p->expects_continue = false;
    p->raw_body_size = 0;
    p->path_size = 0;
    p->name_size = 0;
    p->view = BYTES_EMPTY;
    p->copy_size = 0;
    return 0;
}

static int on_url(llhttp_t *llhttp, const char *at, size_t size) {
    struct http_parser *p = llhttp->data;
    for (size_t i = 0; i < size && p->path_size < HTTP_PATH_SIZE - 1; i++) {
        if (at[i] == '?')
            p->path_size = HTTP_PATH_SIZE;
        else
            p->request.path[p->path_size++] = at[i];
    }
    return 0;
}

static int on_header_field(llhttp_t *llhttp, const char *at, size_t size) {
    struct http_parser *p = llhttp->data;
    /* What is longer than the longest name of interest is not one of them: it is only counted. */
    size_t room = sizeof(p->name) - p->name_size;
    if (room > 0) memcpy(p->name + p->name_size, at, size < room ? size : room);
    p->name_size = size < room ? p->name_size + size : sizeof(p->name);
    return 0;
}

static int on_header_field_complete(llhttp_t *llhttp) {
    struct http_parser *p = llhttp->data;
    p->header = HEADER_NONE;
    p->value_size = 0;
    if (p->name_size == 0) return refuse(p, 400, "header without a name");
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers) && is_in_head(p); i++)
        if (strlen(headers[i].name) == p->name_size &&
            strncasecmp(headers[i].name, p->name, p->name_size) == 0)
            p->header = (uint8_t)headers[i].header;
    p->name_size = 0;
    return 0;
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t size) {
    struct http_parser *p = llhttp->data;
    if (p->header == HEADER_NONE) return 0;
    if (size >= sizeof(p->value) - p->value_size) return refuse(p, 431, "header too long");
    memcpy(p->value + p->value_size, at, size);
    p->value_size += size;
    return 0;
}

static bool value_is(const struct http_parser *p, const char *text) {
    return strcasecmp(p->value, text) == 0;
}

/* Whether the value is this media type, with or without parameters. */
static bool is_media_type(const char *value, const char *type) {
    size_t size = strlen(type);
    if (strncasecmp(value, type, size) != 0) return false;
    return value[size] == '\0' || value[size] == ';' || value[size] == ' ' || value[size] == '\t';
}

static enum http_content_type content_type_of(const char *value) {
    static const char *const json[] = {
        "application/json", "application/json-rpc", "application/jsonrequest"};
    for (size_t i = 0; i < sizeof(json) / sizeof(*json); i++)
        if (is_media_type(value, json[i])) return HTTP_CONTENT_JSON;
    return HTTP_CONTENT_OTHER;
}

static int take_host(struct http_parser *p) {
    if (p->has_host) return refuse(p, 400, "more than one Host");
    p->has_host = true;
    memcpy(p->request.host, p->value, p->value_size + 1);
    return 0;
}

static int on_header_value_complete(llhttp_t *llhttp) {
    struct http_parser *p = llhttp->data;
    while (p->value_size > 0 &&
           (p->value[p->value_size - 1] == ' ' || p->value[p->value_size - 1] == '\t'))
        p->value_size--;
    p->value[p->value_size] = '\0';
    switch ((enum header)p->header) {
    case HEADER_NONE:
        break;
    case HEADER_HOST:
        return take_host(p);
    case HEADER_ORIGIN:
        memcpy(p->request.origin, p->value, p->value_size + 1);
        break;
    case HEADER_EXPECT:
        if (!value_is(p, "100-continue")) return refuse(p, 417, "unknown expectation");
        p->expects_continue = true;
        break;
    case HEADER_CONTENT_TYPE:
        p->request.content_type = content_type_of(p->value);
        break;
    case HEADER_TRANSFER_ENCODING:
        if (!value_is(p, "chunked")) return refuse(p, 501, "transfer coding other than chunked");
        break;
    case HEADER_UPGRADE:
        p->request.is_websocket = value_is(p, "websocket");
        break;
    case HEADER_WEBSOCKET_KEY:
        memcpy(p->request.websocket_key, p->value, p->value_size + 1);
        break;
    case HEADER_WEBSOCKET_VERSION:
        memcpy(p->request.websocket_version, p->value, p->value_size + 1);
        break;
    case HEADER_PRIVATE_NETWORK:
        p->request.wants_private_network = value_is(p, "true");
        break;
    }
    return 0;
}

static int on_headers_complete(llhttp_t *llhttp) {
    struct http_parser *p = llhttp->data;
    /* Upgrades are taken or ignored by us; llhttp would stop reading requests here. */
    p->request.is_websocket = p->request.is_websocket && llhttp->upgrade != 0;
    llhttp->upgrade = 0;
    p->request.method = (llhttp_method_t)llhttp->method;
    p->request.keeps_alive = llhttp_should_keep_alive(llhttp) != 0;
    p->request.is_old = llhttp->http_minor == 0;
    p->stage = STAGE_READY;
    return HPE_PAUSED;
}

static enum err append_copy(struct http_parser *p, bytes part) {
    if (part.size == 0) return ERR_OK;
    if (p->copy_capacity - p->copy_size < part.size) {
        size_t capacity = p->copy_capacity == 0 ? 4096 : p->copy_capacity;
        while (capacity - p->copy_size < part.size)
            capacity *= 2;
        uint8_t *copy = realloc(p->copy, capacity);
        if (copy == NULL) return ERR_MEMORY;
        p->copy = copy;
        p->copy_capacity = capacity;
    }
    memcpy(p->copy + p->copy_size, part.data, part.size);
    p->copy_size += part.size;
    return ERR_OK;
}

/* The view's bytes join the copy, because they are about to go or because more follow elsewhere. */
static enum err keep_view(struct http_parser *p) {
    enum err err = append_copy(p, p->view);
    if (err == ERR_OK) p->view = BYTES_EMPTY;
    return err;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t size) {
    struct http_parser *p = llhttp->data;
    bytes part = bytes_of(at, size);
    if (size > HTTP_BODY_SIZE_MAX - p->copy_size - p->view.size)
        return refuse(p, 413, "body too large");
    if (p->copy_size == 0 && p->view.size == 0) {
        p->view = part;
        return 0;
    }
    if (keep_view(p) != ERR_OK || append_copy(p, part) != ERR_OK)
        return refuse(p, 503, "out of memory");
    return 0;
}

static int on_message_complete(llhttp_t *llhttp) {
    struct http_parser *p = llhttp->data;
    p->stage = STAGE_DONE;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

void http_parser_open(struct http_parser *parser) {
    *parser = (struct http_parser){0};
    /* llhttp keeps a pointer that it does not write through, without saying so. */
    union {
        const llhttp_settings_t *is_const;
        llhttp_settings_t *is_not;
    } pointer = {&settings};
    llhttp_init(&parser->llhttp, HTTP_REQUEST, pointer.is_not);
    parser->llhttp.data = parser;
}

void http_parser_close(struct http_parser *parser) {
    free(parser->copy);
    parser->copy = NULL;
    parser->copy_size = 0;
    parser->copy_capacity = 0;
}

bool http_is_idle(const struct http_parser *parser) {
    return parser->stage == STAGE_IDLE || parser->stage == STAGE_DONE;
}

/* --- feeding ---------------------------------------------------------------------------------- */

/* llhttp lets some of these through in one place or another. Every CR of a head is followed by LF,
 * every LF preceded by CR and not followed by white space (a folded line), and NUL is nowhere. */
static bool head_is_clean(struct http_parser *p, const uint8_t *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        uint8_t c = data[i];
        if (p->ended_in_lf && (c == ' ' || c == '\t')) return false;
        if (p->ended_in_cr != (c == '\n') || c == '\0') return false;
        p->ended_in_cr = c == '\r';
        p->ended_in_lf = c == '\n';
    }
    return true;
}

/* What a complete head must be besides well-formed. */
static void check_head(struct http_parser *p) {
    const llhttp_t *llhttp = &p->llhttp;
    bool is_chunked = (llhttp->flags & F_CHUNKED) != 0;
    if (llhttp->http_major != 1)
        (void)refuse(p, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    else if (llhttp->http_minor == 1 && !p->has_host)
        (void)refuse(p, 400, "no Host");
    else if (llhttp->http_minor == 0 && is_chunked)
        (void)refuse(p, 400, "chunked coding in HTTP/1.0");
    else if (!is_chunked && llhttp->content_length > HTTP_BODY_SIZE_MAX)
        (void)refuse(p, 413, "body too large");
    else
        p->stage = STAGE_BODY;
}

/* Feeds one part, all of it head or all of it body; returns the bytes taken. */
static size_t feed_part(struct http_parser *p, const uint8_t *data, size_t size) {
    bool is_head = is_in_head(p);
    size_t room = HTTP_HEAD_SIZE_MAX - p->head_size;
    if (is_head && size > room) size = room;
    llhttp_errno_t error = llhttp_execute(&p->llhttp, (const char *)data, size);
    size_t taken = size;
    if (error == HPE_PAUSED) {
        taken = (size_t)(llhttp_get_error_pos(&p->llhttp) - (const char *)data);
        llhttp_resume(&p->llhttp);
    } else if (error != HPE_OK) {
        const char *reason = llhttp_get_error_reason(&p->llhttp);
        (void)refuse(p, 400, reason != NULL && *reason != '\0' ? reason : "malformed request");
        return taken;
    }
    if (is_head) {
        p->head_size += taken;
        if (!head_is_clean(p, data, taken))
            (void)refuse(p, 400, "bare CR or LF, folded line or NUL in the head");
        else if (is_in_head(p) && p->head_size == HTTP_HEAD_SIZE_MAX)
            (void)refuse(p, 431, "request line and headers too long");
    } else {
        p->raw_body_size += taken;
        if (p->raw_body_size > 2 * (size_t)HTTP_BODY_SIZE_MAX)
            (void)refuse(p, 413, "body too large");
    }
    return taken;
}

static void begin_next(struct http_parser *p) {
    p->stage = STAGE_IDLE;
    p->head_size = 0;
    p->ended_in_cr = false;
    p->ended_in_lf = false;
    p->view = BYTES_EMPTY;
    p->copy_size = 0;
    if (p->copy_capacity > COPY_KEPT_MAX) http_parser_close(p);
}

enum http_result http_feed(struct http_parser *parser, const uint8_t *data, size_t *size) {
    size_t taken = 0;
    if (parser->stage == STAGE_DONE) begin_next(parser);
    while (taken < *size || parser->stage == STAGE_READY) {
        if (parser->stage == STAGE_READY) {
            check_head(parser);
            bool has_body =
                (parser->llhttp.flags & F_CHUNKED) != 0 || parser->llhttp.content_length > 0;
            if (parser->stage == STAGE_BODY && parser->expects_continue && has_body &&
                taken == *size) {
                parser->expects_continue = false;
                *size = taken;
                return HTTP_EXPECTS_CONTINUE;
            }
            if (taken == *size && parser->stage == STAGE_BODY && has_body) break;
        }
        if (parser->stage != STAGE_REFUSED) taken += feed_part(parser, data + taken, *size - taken);
        if (parser->stage == STAGE_REFUSED) {
            *size = taken;
            return HTTP_REFUSED;
        }
        if (parser->stage == STAGE_DONE) {
            if (parser->copy_size > 0 && keep_view(parser) != ERR_OK) {
                (void)refuse(parser, 503, "out of memory");
                return HTTP_REFUSED;
            }
            parser->request.body =
                parser->copy_size > 0 ? bytes_of(parser->copy, parser->copy_size) : parser->view;
            *size = taken;
            return HTTP_REQUEST_COMPLETE;
        }
    }
    if (keep_view(parser) != ERR_OK) {
        (void)refuse(parser, 503, "out of memory");
        return HTTP_REFUSED;
    }
    return HTTP_NEED_MORE;
}

/* --- hosts and reasons ------------------------------------------------------------------------ */

/* The host without its port and without the brackets of an IPv6 address; false if malformed. */
static bool host_name(char *name, size_t size, const char *host) {
    const char *end;
    if (*host == '[') {
        end = strchr(++host, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':')) return false;
    } else {
        end = strchr(host, ':');
        if (end == NULL) end = host + strlen(host);
    }
    size_t count = (size_t)(end - host);
    if (count == 0 || count >= size) return false;
    memcpy(name, host, count);
    name[count] = '\0';
    return true;
}

static bool is_localhost(const char *name) {
    static const char suffix[] = ".localhost";
    size_t size = strlen(name);
    if (strcasecmp(name, "localhost") == 0) return true;
    return size >= sizeof(suffix) && strcasecmp(name + size - (sizeof(suffix) - 1), suffix) == 0;
}

bool http_host_is_allowed(const char *host, const char *const *names) {
    char name[HTTP_VALUE_SIZE_MAX];
    struct in6_addr ip;
    if (*host == '\0') return true;
    if (!host_name(name, sizeof(name), host)) return false;
    if (is_localhost(name)) return true;
    if (inet_pton(AF_INET, name, &ip) == 1 || inet_pton(AF_INET6, name, &ip) == 1) return true;
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(*names, "*") == 0 || strcasecmp(*names, name) == 0) return true;
    return false;
}

const char *http_reason(int status) {
    switch (status) {
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 417:
        return "Expectation Failed";
    case 426:
        return "Upgrade Required";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Error";
    }
}
