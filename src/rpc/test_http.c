/* The HTTP parser: what is a request, what is refused, whatever way the bytes are cut. */
#include "rpc/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define POST "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

/* Feeds the text in pieces of this size; the result of each report as text: "C" continue, the body
 * in brackets, "R400" and so on. */
static void run(char *log, size_t log_size, const char *text, size_t size, size_t piece) {
    struct http_parser parser;
    http_parser_open(&parser);
    *log = '\0';
    size_t used = 0;
    for (size_t at = 0; at < size;) {
        size_t part = size - at < piece ? size - at : piece;
        /* Each piece in memory of its own, gone after it: views must not outlive it. */
        uint8_t *copy = malloc(part);
        assert_non_null(copy);
        memcpy(copy, text + at, part);
        size_t done = 0;
        while (done < part) {
            size_t taken = part - done;
            enum http_result result = http_feed(&parser, copy + done, &taken);
            assert_true(taken <= part - done);
            done += taken;
            if (result == HTTP_EXPECTS_CONTINUE)
                used += (size_t)snprintf(log + used, log_size - used, "C");
            if (result == HTTP_REQUEST_COMPLETE) {
                bytes body = parser.request.body;
                used += (size_t)snprintf(
                    log + used, log_size - used, "[%.*s]", (int)body.size, (const char *)body.data
                );
                assert_true(http_is_idle(&parser));
            }
            if (result == HTTP_REFUSED) {
                (void)snprintf(log + used, log_size - used, "R%d", parser.status);
                assert_non_null(parser.problem);
                free(copy);
                http_parser_close(&parser);
                return;
            }
            if (result == HTTP_NEED_MORE) assert_int_equal(done, part);
        }
        free(copy);
        at += part;
    }
    http_parser_close(&parser);
}

static void expect_size(const char *text, size_t size, const char *wanted) {
    static const size_t pieces[] = {1, 2, 3, 7, 16, 50, 1000000};
    char log[256];
    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        run(log, sizeof(log), text, size, pieces[i]);
        if (strcmp(log, wanted) != 0)
            fail_msg("%s\n in pieces of %zu gives %s, want %s", text, pieces[i], log, wanted);
    }
}

static void expect(const char *text, const char *wanted) {
    expect_size(text, strlen(text), wanted);
}

static void test_accepts(void **state) {
    (void)state;
    expect(POST "Content-Length: 5\r\n\r\nhello", "[hello]");
    expect(POST "\r\n", "[]");
    expect(POST "Content-Length: 0\r\n\r\n", "[]");
    expect("GET /path?query HTTP/1.1\r\nHost: x\r\n\r\n", "[]");
    expect("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nok", "[ok]");
    expect("\r\n\r\n" POST "Content-Length: 2\r\n\r\nok", "[ok]");
    expect(POST "content-LENGTH:2\r\n\r\nok", "[ok]");
    expect(POST "Content-Length: 2  \r\n\r\nok", "[ok]");
    /* h2c offers (Java's client makes them with every request) are passed over. */
    expect(
        POST
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok" POST
        "Content-Length: 1\r\n\r\na",
        "[ok][a]"
    );
}

static void test_pipelining(void **state) {
    (void)state;
    expect(
        POST "Content-Length: 1\r\n\r\na" POST "Content-Length: 3\r\n\r\nbcd" POST "\r\n"
             "GET / HTTP/1.1\r\nHost: x\r\n\r\n" POST "Content-Length: 2\r\n\r\nef",
        "[a][bcd][][][ef]"
    );
}

static void test_chunks(void **state) {
    (void)state;
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
    expect(CHUNKED "0\r\n\r\n", "[]");
    expect(CHUNKED "5\r\nhello\r\n0\r\n\r\n", "[hello]");
    expect(
        CHUNKED "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n" CHUNKED "A\r\n0123456789\r\n0\r\n\r\n",
        "[hello][0123456789]"
    );
    expect(CHUNKED "5;name=value\r\nhello\r\n0\r\nTrailer: x\r\nHost: y\r\n\r\n", "[hello]");
    expect(POST "Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "[a]");
    expect(CHUNKED "5\nhello\r\n0\r\n\r\n", "R400");
    expect(CHUNKED "5\r\nhelloXX0\r\n\r\n", "R400");
    expect(CHUNKED "5\r\nhello\n0\r\n\r\n", "R400");
    expect(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", "R400");
    expect(CHUNKED "-5\r\nhello\r\n0\r\n\r\n", "R400");
    expect(CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n", "R400");
    expect(CHUNKED "\r\nhello\r\n0\r\n\r\n", "R400");
}

static void test_refuses_ambiguity(void **state) {
    (void)state;
    expect(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", "R400");
    expect(POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\na", "R400");
    expect(POST "Content-Length: 1, 1\r\n\r\na", "R400");
    expect(POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "R400");
    expect(POST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", "R400");
    expect(POST "Content-Length: +1\r\n\r\na", "R400");
    expect(POST "Content-Length: -1\r\n\r\na", "R400");
    expect(POST "Content-Length: 0x1\r\n\r\na", "R400");
    expect(POST "Content-Length: 1 1\r\n\r\na", "R400");
    expect(POST "Content-Length:\r\n\r\na", "R400");
    expect(POST "Content-Length: 18446744073709551617\r\n\r\na", "R400");
    expect(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "R501");
    expect(POST "Transfer-Encoding: identity\r\n\r\n", "R501");
    expect(
        POST "Transfer-Encoding: \x0b"
             "chunked\r\n\r\n0\r\n\r\n",
        "R400"
    );
    expect(
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "R400"
    );
    expect("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "R400");
    expect("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\na", "R400"); /* no Host */
    expect("POST / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "R400");
}

static void test_refuses_malformed(void **state) {
    (void)state;
    expect("POST / HTTP/1.1\nHost: a\n\n", "R400");
    expect("POST / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "R400");
    expect("POST / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "R400");
    expect("POST / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", "R400");
    expect("POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n", "R400");
    expect("POST / HTTP/1.1\r\n Host: a\r\n\r\n", "R400");
    expect("POST / HTTP/1.1\r\nHost : a\r\n\r\n", "R400");
    expect("POST / HTTP/1.1\r\nHo st: a\r\n\r\n", "R400");
    expect("POST / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n", "R400");
    expect("POST / HTTP/1.1\r\nHost: a\x01\r\n\r\n", "R400");
    expect_size("POST / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 30, "R400");
    expect("post / HTTP/1.1\r\nHost: a\r\n\r\n", "R400");
    expect("POST /\r\n\r\n", "R505");
    expect("POST / HTTP/2.0\r\nHost: a\r\n\r\n", "R505");
    expect("POST / HTTP/1.2\r\nHost: a\r\n\r\n", "R400");
    expect("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "R400");
    expect("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "R400"); /* TLS */
    expect(POST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", "R417");
    /* Bytes after what was to be the last request. */
    expect(POST "Connection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n", "[]R400");
}

static void test_expect_continue(void **state) {
    (void)state;
    static const char head[] = POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    char log[64];
    struct http_parser parser;
    http_parser_open(&parser);
    size_t size = sizeof(head) - 1;
    assert_int_equal(http_feed(&parser, (const uint8_t *)head, &size), HTTP_EXPECTS_CONTINUE);
    assert_int_equal(size, sizeof(head) - 1);
    assert_false(http_is_idle(&parser));
    size = 2;
    assert_int_equal(http_feed(&parser, (const uint8_t *)"ok", &size), HTTP_REQUEST_COMPLETE);
    assert_memory_equal(parser.request.body.data, "ok", 2);
    http_parser_close(&parser);
    /* Who sends the body along does not need to be told. */
    static const char whole[] = POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok";
    run(log, sizeof(log), whole, sizeof(whole) - 1, 1000);
    assert_string_equal(log, "[ok]");
    run(log, sizeof(log), whole, sizeof(whole) - 1, 1);
    assert_string_equal(log, "C[ok]");
    /* Nothing to continue with; too much of it. */
    expect(POST "Expect: 100-continue\r\n\r\n", "[]");
    expect(POST "Expect: 100-continue\r\nContent-Length: 16777217\r\n\r\n", "R413");
}

static void test_limits(void **state) {
    (void)state;
    char log[64];
    size_t size = HTTP_BODY_SIZE_MAX + HTTP_HEAD_SIZE_MAX + 1000;
    char *text = malloc(size);
    assert_non_null(text);
    /* Heads: the last byte of the largest one may be the last of its empty line. */
    for (int excess = 0; excess <= 1; excess++) {
        memset(text, 'x', size);
        static const char start[] = "POST / HTTP/1.1\r\nHost: a\r\nX: ";
        memcpy(text, start, sizeof(start) - 1);
        memcpy(text + HTTP_HEAD_SIZE_MAX + excess - 4, "\r\n\r\n", 4);
        run(log, sizeof(log), text, HTTP_HEAD_SIZE_MAX + (size_t)excess, 1000);
        assert_string_equal(log, excess == 0 ? "[]" : "R431");
    }
    /* Endless heads of other kinds. */
    memset(text, '\n', size);
    for (size_t i = 0; i < size; i += 2)
        text[i] = '\r';
    run(log, sizeof(log), text, size, 5000);
    assert_string_equal(log, "R431");
    memset(text, 'A', size);
    memcpy(text, "GET /", 5);
    run(log, sizeof(log), text, size, 5000);
    assert_string_equal(log, "R431");
    /* A header whose value matters. */
    (void)snprintf(text, size, "POST / HTTP/1.1\r\nHost: %0256d\r\n\r\n", 1);
    expect(text, "R431");
    (void)snprintf(text, size, "POST / HTTP/1.1\r\nHost: %0255d\r\n\r\n", 1);
    expect(text, "[]");
    /* Bodies. */
    expect(POST "Content-Length: 16777217\r\n\r\n", "R413");
    for (size_t excess = 0; excess <= 1; excess++) {
        int head = snprintf(text, size, POST "Transfer-Encoding: chunked\r\n\r\n");
        size_t at = (size_t)head;
        for (int i = 0; i < 16; i++) {
            at += (size_t)snprintf(text + at, size - at, "100000\r\n");
            memset(text + at, 'b', 1 << 20);
            at += 1 << 20;
            at += (size_t)snprintf(text + at, size - at, "\r\n");
        }
        if (excess == 1) at += (size_t)snprintf(text + at, size - at, "1\r\nb\r\n");
        at += (size_t)snprintf(text + at, size - at, "0\r\n\r\n");
        struct http_parser parser;
        http_parser_open(&parser);
        size_t taken = 0;
        enum http_result result = HTTP_NEED_MORE;
        while (taken < at && result == HTTP_NEED_MORE) {
            size_t part = at - taken < 60000 ? at - taken : 60000;
            result = http_feed(&parser, (const uint8_t *)text + taken, &part);
            taken += part;
        }
        if (excess == 0) {
            assert_int_equal(result, HTTP_REQUEST_COMPLETE);
            assert_int_equal(parser.request.body.size, HTTP_BODY_SIZE_MAX);
        } else {
            assert_int_equal(result, HTTP_REFUSED);
            assert_int_equal(parser.status, 413);
        }
        http_parser_close(&parser);
    }
    free(text);
}

/* Trailers without end, and chunk extensions: framing is bounded too. */
static void test_framing_limit(void **state) {
    (void)state;
    struct http_parser parser;
    http_parser_open(&parser);
    static const char head[] = CHUNKED "0\r\n";
    size_t size = sizeof(head) - 1;
    assert_int_equal(http_feed(&parser, (const uint8_t *)head, &size), HTTP_NEED_MORE);
    static const char trailer[] =
        "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
    enum http_result result = HTTP_NEED_MORE;
    size_t total = 0;
    while (result == HTTP_NEED_MORE && total < (64u << 20)) {
        size = sizeof(trailer) - 1;
        result = http_feed(&parser, (const uint8_t *)trailer, &size);
        total += size;
    }
    assert_int_equal(result, HTTP_REFUSED);
    assert_int_equal(parser.status, 413);
    http_parser_close(&parser);
}

static void test_fields(void **state) {
    (void)state;
    struct http_parser parser;
    http_parser_open(&parser);
    static const char text[] =
        "OPTIONS / HTTP/1.1\r\nhost: [::1]:8545\r\nORIGIN: https://a.example\r\n"
        "Content-Type: Application/JSON; charset=utf-8\r\n"
        "Access-Control-Request-Private-Network: true\r\nConnection: close\r\n\r\n";
    size_t size = sizeof(text) - 1;
    assert_int_equal(http_feed(&parser, (const uint8_t *)text, &size), HTTP_REQUEST_COMPLETE);
    const struct http_request *request = &parser.request;
    assert_int_equal(request->method, HTTP_OPTIONS);
    assert_string_equal(request->host, "[::1]:8545");
    assert_string_equal(request->origin, "https://a.example");
    assert_int_equal(request->content_type, HTTP_CONTENT_JSON);
    assert_true(request->wants_private_network);
    assert_false(request->keeps_alive);
    assert_false(request->is_websocket);
    http_parser_close(&parser);
    http_parser_open(&parser);
    static const char upgrade[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
                                  "websocket\r\nContent-Type: application/jsonx\r\n\r\n";
    size = sizeof(upgrade) - 1;
    assert_int_equal(http_feed(&parser, (const uint8_t *)upgrade, &size), HTTP_REQUEST_COMPLETE);
    assert_true(request->is_websocket);
    assert_true(request->keeps_alive);
    assert_int_equal(request->content_type, HTTP_CONTENT_OTHER);
    http_parser_close(&parser);
}

static void test_hosts(void **state) {
    (void)state;
    static const char *const names[] = {"node.example", NULL};
    static const char *const any[] = {"*", NULL};
    static const char *const allowed[] = {
        "",
        "localhost",
        "LOCALHOST:8545",
        "l1.localhost:8545",
        "127.0.0.1",
        "127.0.0.1:8545",
        "10.1.2.3",
        "[::1]:8545",
        "[fe80::1]",
        "node.example",
        "Node.Example:1"};
    static const char *const refused[] = {
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil",
        "xlocalhost",
        ".localhost",
        "[evil]",
        "[::1",
        "[::1]x",
        ":8545",
        "node.example.evil"};
    for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
        if (!http_host_is_allowed(allowed[i], names)) fail_msg("refused: %s", allowed[i]);
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
        if (http_host_is_allowed(refused[i], names)) fail_msg("allowed: %s", refused[i]);
    assert_false(http_host_is_allowed("node.example", NULL));
    assert_true(http_host_is_allowed("evil.example", any));
}

/* The path of a request, however it arrives; of several on one connection each has its own. */
static void expect_path(const char *target, const char *wanted) {
    char text[256];
    int size = snprintf(
        text,
        sizeof(text),
        "GET %s HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        target
    );
    assert_in_range(size, 1, sizeof(text) - 1);
    for (size_t piece = 1; piece <= (size_t)size; piece++) {
        struct http_parser parser;
        unsigned count = 0;
        http_parser_open(&parser);
        for (size_t at = 0; at < (size_t)size;) {
            size_t taken = (size_t)size - at < piece ? (size_t)size - at : piece;
            enum http_result result = http_feed(&parser, (const uint8_t *)text + at, &taken);
            at += taken;
            if (result == HTTP_REQUEST_COMPLETE)
                assert_string_equal(parser.request.path, count++ == 0 ? wanted : "/b");
        }
        assert_int_equal(count, 2);
        http_parser_close(&parser);
    }
}

static void paths(void **state) {
    (void)state;
    expect_path("/", "/");
    expect_path("/metrics", "/metrics");
    expect_path("/metrics?name=a?b", "/metrics");
    expect_path("/?/metrics", "/");
    expect_path("/metrics-that-are-much-too-long-to-be-any", "/metrics-that-are-much-too-long");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_pipelining),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_refuses_ambiguity),
        cmocka_unit_test(test_refuses_malformed),
        cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_framing_limit),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
