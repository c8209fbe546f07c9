/* rpc/websocket.h: the frames of RFC 6455 out of a stream of bytes, and into one; the handshake's
 * key. No sockets here: the server feeds what it has read and gets one message at a time.
 *
 * Servers' side only: frames of clients are masked, those written are not. Extensions are not
 * negotiated, so reserved bits are refused. Messages may be fragmented, with control frames in
 * between; text and binary are the same here (JSON), text must be UTF-8.
 *
 * Limit: WEBSOCKET_MESSAGE_SIZE_MAX for a message, all its fragments (close code 1009). Memory
 * grows as bytes arrive, never by what a header announces. */
#ifndef RPC_WEBSOCKET_H
#define RPC_WEBSOCKET_H

#include "core/bytes.h"
#include "core/err.h"

#define WEBSOCKET_MESSAGE_SIZE_MAX (16u << 20)
#define WEBSOCKET_CONTROL_SIZE_MAX 125
#define WEBSOCKET_HEAD_SIZE_MAX    10 /* of a frame that is not masked */
#define WEBSOCKET_KEY_SIZE         24 /* Sec-WebSocket-Key: 16 bytes in base64 */
#define WEBSOCKET_ACCEPT_SIZE      28 /* Sec-WebSocket-Accept */

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

/* Close codes (RFC 6455, section 7.4.1). */
enum {
    WEBSOCKET_CODE_NORMAL = 1000,
    WEBSOCKET_CODE_GOING_AWAY = 1001,
    WEBSOCKET_CODE_PROTOCOL = 1002,
    WEBSOCKET_CODE_NONE = 1005, /* in websocket.code: the frame had no code */
    WEBSOCKET_CODE_NOT_UTF8 = 1007,
    WEBSOCKET_CODE_POLICY = 1008,
    WEBSOCKET_CODE_TOO_BIG = 1009,
    WEBSOCKET_CODE_INTERNAL = 1011,
};

enum websocket_event {
    WEBSOCKET_NEED_MORE, /* everything was taken; feed the next bytes */
    WEBSOCKET_MESSAGE,   /* payload: a whole message */
    WEBSOCKET_PINGED,    /* payload: to be sent back in a pong */
    WEBSOCKET_PONGED,
    WEBSOCKET_CLOSED,  /* code: what the client says; answer with it, then close */
    WEBSOCKET_REFUSED, /* code, problem: answer with it, then close. Nothing more will come */
};

struct websocket {
    bytes payload; /* valid until the next websocket_feed */
    uint16_t code;
    const char *problem; /* static text */

    /* Private. */
    uint8_t head[14]; /* of the frame that has begun */
    uint8_t head_size;
    uint8_t stage;   /* enum stage in websocket.c */
    uint8_t opcode;  /* of the frame */
    uint8_t message; /* opcode of the message that has begun; 0: none has */
    bool is_last;
    uint8_t mask[4];
    uint64_t left;  /* bytes of the frame still to come */
    size_t mask_at; /* bytes of the frame so far */
    size_t control_size;
    uint8_t control[WEBSOCKET_CONTROL_SIZE_MAX];
    uint8_t *data; /* malloc; the message so far */
    size_t size;
    size_t capacity;
};

/* A zeroed struct websocket is an open one. */
void websocket_close(struct websocket *ws);

/* websocket_feed takes up to *size bytes and stops at the next event; *size becomes the number of
 * bytes taken. Feed the rest afterwards. */
enum websocket_event websocket_feed(struct websocket *ws, const uint8_t *data, size_t *size);

/* No frame or message has begun. */
bool websocket_is_idle(const struct websocket *ws);

/* websocket_write_head writes the head of a whole frame with so many bytes of payload; returns its
 * size. */
size_t websocket_write_head(
    uint8_t out[WEBSOCKET_HEAD_SIZE_MAX], enum websocket_opcode opcode, size_t payload_size
);

/* websocket_accept answers the handshake's key; out is not terminated. ERR_INPUT: it is none. */
MUST_USE enum err websocket_accept(char out[WEBSOCKET_ACCEPT_SIZE], const char *key);

#endif
