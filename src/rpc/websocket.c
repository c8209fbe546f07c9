#include "rpc/websocket.h"

#include "rpc/utf8.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define DATA_KEPT_MAX (64u << 10) /* a larger buffer is not kept for the next message */

enum stage { STAGE_HEAD, STAGE_PAYLOAD, STAGE_ENDED };

static enum websocket_event refuse(struct websocket *ws, uint16_t code, const char *problem) {
    ws->stage = STAGE_ENDED;
    ws->code = code;
    ws->problem = problem;
    ws->payload = BYTES_EMPTY;
    return WEBSOCKET_REFUSED;
}

void websocket_close(struct websocket *ws) {
    free(ws->data);
    *ws = (struct websocket){.stage = STAGE_ENDED};
}

bool websocket_is_idle(const struct websocket *ws) {
    return ws->stage == STAGE_HEAD && ws->head_size == 0 && ws->message == 0;
}

/* --- heads ------------------------------------------------------------------------------------ */

static bool is_control(unsigned opcode) {
    return (opcode & 8) != 0;
}

/* The size of the head that begins with these two bytes. */
static size_t head_size_of(const uint8_t head[2]) {
    unsigned length = head[1] & 0x7f;
    size_t size = (head[1] & 0x80) != 0 ? 6 : 2;
    if (length == 126) size += 2;
    if (length == 127) size += 8;
    return size;
}

/* What can be said against the first two bytes; NULL: nothing. */
static const char *check_start(const struct websocket *ws) {
    unsigned opcode = ws->head[0] & 0x0f;
    bool is_last = (ws->head[0] & 0x80) != 0;
    if ((ws->head[0] & 0x70) != 0) return "a reserved bit is set";
    if ((ws->head[1] & 0x80) == 0) return "a frame is not masked";
    if (is_control(opcode)) {
        if (opcode > WEBSOCKET_PONG) return "unknown opcode";
        if (!is_last) return "a control frame is fragmented";
        if ((ws->head[1] & 0x7f) > WEBSOCKET_CONTROL_SIZE_MAX) return "a control frame is too long";
        return NULL;
    }
    if (opcode > WEBSOCKET_BINARY) return "unknown opcode";
    if (opcode == WEBSOCKET_CONTINUATION && ws->message == 0) return "a continuation of no message";
    if (opcode != WEBSOCKET_CONTINUATION && ws->message != 0)
        return "a message begins in the middle of another";
    return NULL;
}

/* The head is whole: reads length and mask. */
static enum websocket_event begin_payload(struct websocket *ws) {
    unsigned length = ws->head[1] & 0x7f;
    size_t at = 2;
    uint64_t least = 0;
    ws->left = length;
    if (length == 126) {
        ws->left = (uint64_t)ws->head[2] << 8 | ws->head[3];
        least = 126;
        at = 4;
    }
    if (length == 127) {
        ws->left = load_be64(ws->head + 2);
        least = 65536;
        at = 10;
    }
    if (ws->left < least || ws->left > INT64_MAX)
        return refuse(ws, WEBSOCKET_CODE_PROTOCOL, "a length is not in its shortest form");
    memcpy(ws->mask, ws->head + at, sizeof(ws->mask));
    ws->opcode = ws->head[0] & 0x0f;
    ws->is_last = (ws->head[0] & 0x80) != 0;
    ws->mask_at = 0;
    ws->head_size = 0;
    ws->control_size = 0;
    ws->stage = STAGE_PAYLOAD;
    if (is_control(ws->opcode)) return WEBSOCKET_NEED_MORE;
    if (ws->opcode != WEBSOCKET_CONTINUATION) {
        ws->message = ws->opcode;
        ws->size = 0;
    }
    if (ws->left > WEBSOCKET_MESSAGE_SIZE_MAX - ws->size)
        return refuse(ws, WEBSOCKET_CODE_TOO_BIG, "message too large");
    return WEBSOCKET_NEED_MORE;
}

/* --- payloads --------------------------------------------------------------------------------- */

static bool reserve(struct websocket *ws, size_t more) {
    if (ws->capacity - ws->size >= more) return true;
    size_t capacity = ws->capacity == 0 ? 1024 : ws->capacity;
    while (capacity - ws->size < more)
        capacity *= 2;
    uint8_t *data = realloc(ws->data, capacity);
    if (data == NULL) return false;
    ws->data = data;
    ws->capacity = capacity;
    return true;
}

/* Unmasks: eight bytes at a time where there are so many. */
static void unmask(struct websocket *ws, uint8_t *out, const uint8_t *data, size_t size) {
    uint8_t turned[8];
    uint64_t mask;
    for (size_t i = 0; i < sizeof(turned); i++)
        turned[i] = ws->mask[(ws->mask_at + i) & 3];
    memcpy(&mask, turned, sizeof(mask));
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, data + i, sizeof(word));
        word ^= mask;
        memcpy(out + i, &word, sizeof(word));
    }
    for (; i < size; i++)
        out[i] = data[i] ^ turned[i & 7];
    ws->mask_at += size;
}

static bool is_utf8(const uint8_t *data, size_t size) {
    for (size_t at = 0; at < size;) {
        size_t sequence = utf8_sequence_size(data + at, size - at);
        if (sequence == 0) return false;
        at += sequence;
    }
    return true;
}

static bool is_close_code(unsigned code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static enum websocket_event end_close(struct websocket *ws) {
    size_t size = ws->control_size;
    ws->stage = STAGE_ENDED;
    ws->code = WEBSOCKET_CODE_NONE;
    if (size == 0) return WEBSOCKET_CLOSED;
    unsigned code = size >= 2 ? (unsigned)ws->control[0] << 8 | ws->control[1] : 0;
    if (!is_close_code(code))
        return refuse(ws, WEBSOCKET_CODE_PROTOCOL, "a close code that may not be sent");
    if (!is_utf8(ws->control + 2, size - 2))
        return refuse(ws, WEBSOCKET_CODE_NOT_UTF8, "a close reason is not UTF-8");
    ws->code = (uint16_t)code;
    return WEBSOCKET_CLOSED;
}

/* The frame is whole. */
static enum websocket_event end_frame(struct websocket *ws) {
    ws->stage = STAGE_HEAD;
    if (is_control(ws->opcode)) {
        if (ws->opcode == WEBSOCKET_CLOSE) return end_close(ws);
        ws->payload = bytes_of(ws->control, ws->control_size);
        return ws->opcode == WEBSOCKET_PING ? WEBSOCKET_PINGED : WEBSOCKET_PONGED;
    }
    if (!ws->is_last) return WEBSOCKET_NEED_MORE;
    bool is_text = ws->message == WEBSOCKET_TEXT;
    ws->message = 0;
    if (is_text && !is_utf8(ws->data, ws->size))
        return refuse(ws, WEBSOCKET_CODE_NOT_UTF8, "a text message is not UTF-8");
    ws->payload = bytes_of(ws->data, ws->size);
    return WEBSOCKET_MESSAGE;
}

/* Takes what there is of the frame's payload. */
static enum websocket_event
take_payload(struct websocket *ws, const uint8_t *data, size_t size, size_t *taken) {
    size_t part = size - *taken;
    if (part > ws->left) part = (size_t)ws->left;
    if (is_control(ws->opcode)) {
        unmask(ws, ws->control + ws->control_size, data + *taken, part);
        ws->control_size += part;
    } else {
        if (!reserve(ws, part)) return refuse(ws, WEBSOCKET_CODE_INTERNAL, "out of memory");
        if (part > 0) unmask(ws, ws->data + ws->size, data + *taken, part);
        ws->size += part;
    }
    *taken += part;
    ws->left -= part;
    return ws->left == 0 ? end_frame(ws) : WEBSOCKET_NEED_MORE;
}

/* Takes one byte of the head, or what is left of it. */
static enum websocket_event
take_head(struct websocket *ws, const uint8_t *data, size_t size, size_t *taken) {
    size_t wanted = ws->head_size < 2 ? 2 : head_size_of(ws->head);
    while (ws->head_size < wanted && *taken < size)
        ws->head[ws->head_size++] = data[(*taken)++];
    if (ws->head_size < wanted) return WEBSOCKET_NEED_MORE;
    if (wanted == 2) {
        const char *problem = check_start(ws);
        return problem == NULL ? WEBSOCKET_NEED_MORE : refuse(ws, WEBSOCKET_CODE_PROTOCOL, problem);
    }
    return begin_payload(ws);
}

enum websocket_event websocket_feed(struct websocket *ws, const uint8_t *data, size_t *size) {
    enum websocket_event event = WEBSOCKET_NEED_MORE;
    size_t taken = 0;
    ws->payload = BYTES_EMPTY;
    if (ws->message == 0 && ws->capacity > DATA_KEPT_MAX) {
        free(ws->data);
        ws->data = NULL;
        ws->size = 0;
        ws->capacity = 0;
    }
    while (event == WEBSOCKET_NEED_MORE && ws->stage != STAGE_ENDED) {
        bool is_empty = ws->stage == STAGE_PAYLOAD && ws->left == 0;
        if (taken == *size && !is_empty) break;
        event = ws->stage == STAGE_HEAD ? take_head(ws, data, *size, &taken)
                                        : take_payload(ws, data, *size, &taken);
    }
    if (event == WEBSOCKET_NEED_MORE && ws->stage == STAGE_ENDED) taken = *size;
    *size = taken;
    return event;
}

/* --- writing ---------------------------------------------------------------------------------- */

size_t websocket_write_head(
    uint8_t out[WEBSOCKET_HEAD_SIZE_MAX], enum websocket_opcode opcode, size_t payload_size
) {
    out[0] = (uint8_t)(0x80 | opcode);
    if (payload_size <= WEBSOCKET_CONTROL_SIZE_MAX) {
        out[1] = (uint8_t)payload_size;
        return 2;
    }
    if (payload_size <= UINT16_MAX) {
        out[1] = 126;
        out[2] = (uint8_t)(payload_size >> 8);
        out[3] = (uint8_t)payload_size;
        return 4;
    }
    out[1] = 127;
    store_be64(out + 2, payload_size);
    return 10;
}

enum err websocket_accept(char out[WEBSOCKET_ACCEPT_SIZE], const char *key) {
    /* RFC 6455, section 1.3. */
    static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t text[WEBSOCKET_KEY_SIZE + sizeof(GUID) - 1];
    uint8_t decoded[WEBSOCKET_KEY_SIZE];
    uint8_t digest[SHA_DIGEST_LENGTH];
    uint8_t encoded[WEBSOCKET_ACCEPT_SIZE + 1];
    if (strlen(key) != WEBSOCKET_KEY_SIZE) return ERR_INPUT;
    memcpy(text, key, WEBSOCKET_KEY_SIZE);
    memcpy(text + WEBSOCKET_KEY_SIZE, GUID, sizeof(GUID) - 1);
    /* 16 bytes end in "==" and no sooner; those two count as zeros. */
    if (strcmp(key + WEBSOCKET_KEY_SIZE - 2, "==") != 0 || key[WEBSOCKET_KEY_SIZE - 3] == '=' ||
        EVP_DecodeBlock(decoded, text, WEBSOCKET_KEY_SIZE) != 18)
        return ERR_INPUT;
    (void)SHA1(text, sizeof(text), digest);
    (void)EVP_EncodeBlock(encoded, digest, sizeof(digest));
    memcpy(out, encoded, WEBSOCKET_ACCEPT_SIZE);
    return ERR_OK;
}
