/* Frames as RFC 6455 has them, and those that it forbids. */
#include "rpc/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

/* Feeds all of it; returns the first event that is not NEED_MORE. */
static enum websocket_event feed(struct websocket *ws, const uint8_t *data, size_t size) {
    for (size_t at = 0; at < size;) {
        size_t taken = size - at;
        enum websocket_event event = websocket_feed(ws, data + at, &taken);
        at += taken;
        if (event != WEBSOCKET_NEED_MORE) {
            assert_int_equal(at, size);
            return event;
        }
    }
    return WEBSOCKET_NEED_MORE;
}

static void assert_payload(const struct websocket *ws, const char *text) {
    assert_int_equal(ws->payload.size, strlen(text));
    assert_memory_equal(ws->payload.data, text, ws->payload.size);
}

/* RFC 6455, section 5.7: examples of frames. */
static void test_examples(void **state) {
    (void)state;
    struct websocket ws = {0};
    const uint8_t hello[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    assert_int_equal(feed(&ws, hello, sizeof(hello)), WEBSOCKET_MESSAGE);
    assert_payload(&ws, "Hello");
    assert_true(websocket_is_idle(&ws));
    for (size_t i = 0; i + 1 < sizeof(hello); i++)
        assert_int_equal(feed(&ws, hello + i, 1), WEBSOCKET_NEED_MORE);
    assert_false(websocket_is_idle(&ws));
    assert_int_equal(feed(&ws, hello + sizeof(hello) - 1, 1), WEBSOCKET_MESSAGE);
    assert_payload(&ws, "Hello");
    websocket_close(&ws);
}

static void test_fragments(void **state) {
    (void)state;
    struct websocket ws = {0};
    /* "He", a ping in between, "", "llo"; all masked with zeros. */
    assert_int_equal(feed(&ws, DATA(0x01, 0x82, 0, 0, 0, 0, 'H', 'e')), WEBSOCKET_NEED_MORE);
    assert_int_equal(feed(&ws, DATA(0x89, 0x81, 1, 2, 3, 4, 'x' ^ 1)), WEBSOCKET_PINGED);
    assert_payload(&ws, "x");
    assert_int_equal(feed(&ws, DATA(0x00, 0x80, 0, 0, 0, 0)), WEBSOCKET_NEED_MORE);
    assert_int_equal(feed(&ws, DATA(0x8a, 0x80, 0, 0, 0, 0)), WEBSOCKET_PONGED);
    assert_int_equal(feed(&ws, DATA(0x80, 0x83, 0, 0, 0, 0, 'l', 'l', 'o')), WEBSOCKET_MESSAGE);
    assert_payload(&ws, "Hello");
    /* A message with nothing in it. */
    assert_int_equal(feed(&ws, DATA(0x82, 0x80, 0, 0, 0, 0)), WEBSOCKET_MESSAGE);
    assert_payload(&ws, "");
    websocket_close(&ws);
}

static void test_lengths(void **state) {
    (void)state;
    static const size_t sizes[] = {125, 126, 65535, 65536, WEBSOCKET_MESSAGE_SIZE_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct websocket ws = {0};
        uint8_t *frame = malloc(sizes[i] + 14);
        uint8_t head[WEBSOCKET_HEAD_SIZE_MAX];
        assert_non_null(frame);
        size_t size = websocket_write_head(head, WEBSOCKET_BINARY, sizes[i]);
        memcpy(frame, head, size);
        frame[1] |= 0x80;
        memcpy(frame + size, (const uint8_t[]){9, 8, 7, 6}, 4);
        for (size_t k = 0; k < sizes[i]; k++)
            frame[size + 4 + k] = (uint8_t)((k * 31) ^ (9 - k % 4));
        assert_int_equal(feed(&ws, frame, size + 4 + sizes[i]), WEBSOCKET_MESSAGE);
        assert_int_equal(ws.payload.size, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            if (ws.payload.data[k] != (uint8_t)(k * 31)) fail();
        websocket_close(&ws);
        free(frame);
    }
}

struct refusal {
    uint8_t data[16];
    size_t size;
    uint16_t code;
};

static void test_refusals(void **state) {
    (void)state;
    static const struct refusal cases[] = {
        {{0x81, 0x01, 'x'}, 2, 1002},                                     /* not masked */
        {{0xc1, 0x80}, 2, 1002},                                          /* reserved bit */
        {{0x83, 0x80}, 2, 1002},                                          /* opcode 3 */
        {{0x8b, 0x80}, 2, 1002},                                          /* opcode 11 */
        {{0x80, 0x80}, 2, 1002},                                          /* continues nothing */
        {{0x09, 0x80}, 2, 1002},                                          /* fragmented ping */
        {{0x89, 0xfe}, 2, 1002},                                          /* ping of 126 bytes */
        {{0x81, 0xfe, 0, 125, 0, 0, 0, 0}, 8, 1002},                      /* 125 in two bytes */
        {{0x81, 0xff, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0}, 14, 1002}, /* 65535 in eight */
        {{0x81, 0xff, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 14, 1002},   /* 2^63 */
        {{0x81, 0xff, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0}, 14, 1009},     /* 16 MiB + 1 */
        {{0x81, 0x81, 0, 0, 0, 0, 0xff}, 7, 1007},                        /* not UTF-8 */
        {{0x88, 0x81, 0, 0, 0, 0, 3}, 7, 1002},                           /* half a close code */
        {{0x88, 0x82, 0, 0, 0, 0, 3, 0xed}, 8, 1002},                     /* 1005 */
        {{0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff}, 9, 1007},               /* reason: not UTF-8 */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct websocket ws = {0};
        assert_int_equal(feed(&ws, cases[i].data, cases[i].size), WEBSOCKET_REFUSED);
        assert_int_equal(ws.code, cases[i].code);
        assert_non_null(ws.problem);
        /* Nothing more comes of it. */
        assert_int_equal(feed(&ws, DATA(0x82, 0x80, 0, 0, 0, 0)), WEBSOCKET_NEED_MORE);
        websocket_close(&ws);
    }
    /* A second message in the middle of the first. */
    struct websocket ws = {0};
    assert_int_equal(feed(&ws, DATA(0x01, 0x80, 0, 0, 0, 0)), WEBSOCKET_NEED_MORE);
    assert_int_equal(feed(&ws, DATA(0x81, 0x80)), WEBSOCKET_REFUSED);
    websocket_close(&ws);
    /* The limit is of the message, not of its fragments. */
    ws = (struct websocket){0};
    assert_int_equal(feed(&ws, DATA(0x02, 0x81, 0, 0, 0, 0, 'x')), WEBSOCKET_NEED_MORE);
    const uint8_t rest[] = {0x80, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    assert_int_equal(feed(&ws, rest, sizeof(rest)), WEBSOCKET_REFUSED);
    assert_int_equal(ws.code, WEBSOCKET_CODE_TOO_BIG);
    websocket_close(&ws);
}

static void test_close(void **state) {
    (void)state;
    struct websocket ws = {0};
    assert_int_equal(feed(&ws, DATA(0x88, 0x80, 0, 0, 0, 0)), WEBSOCKET_CLOSED);
    assert_int_equal(ws.code, WEBSOCKET_CODE_NONE);
    websocket_close(&ws);
    ws = (struct websocket){0};
    const uint8_t bye[] = {0x88, 0x85, 0, 0, 0, 0, 0x0f, 0xa1, 'b', 'y', 'e'};
    assert_int_equal(feed(&ws, bye, sizeof(bye)), WEBSOCKET_CLOSED);
    assert_int_equal(ws.code, 4001);
    websocket_close(&ws);
}

/* RFC 6455, section 1.3. */
static void test_accept(void **state) {
    (void)state;
    char out[WEBSOCKET_ACCEPT_SIZE];
    assert_int_equal(websocket_accept(out, "dGhlIHNhbXBsZSBub25jZQ=="), ERR_OK);
    assert_memory_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WEBSOCKET_ACCEPT_SIZE);
    static const char *const wrong[] = {
        "",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZ===",
        "dGhlIHNhbXBsZSBub25jZQaa",
        "dGhl-HNhbXBsZSBub25jZQ==",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(websocket_accept(out, wrong[i]), ERR_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_accept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
