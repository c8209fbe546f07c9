/* A fake chain and its endpoint, and questions to it: what the tests of JSON-RPC share. */
#ifndef RPC_TEST_ASK_H
#define RPC_TEST_ASK_H

#include "rpc/jsonrpc.h"
#include "rpc/methods.h"
#include "rpc/test_fake_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct fake_chain fake;
    struct rpc_endpoint endpoint;
    struct jsonrpc_exchange exchange;
    struct json_writer out;
    uint64_t now_ms;
};

static inline int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    fake_open(&f->fake, 3);
    f->endpoint.chain = &f->fake.chain;
    jsonrpc_exchange_open(&f->exchange);
    json_writer_open(&f->out, SIZE_MAX / 2);
    *state = f;
    return 0;
}

static inline int teardown(void **state) {
    struct fixture *f = *state;
    filters_close(&f->endpoint.filters);
    jsonrpc_exchange_close(&f->exchange);
    json_writer_close(&f->out);
    free(f);
    return 0;
}

/* The answer, terminated; valid until the next one. */
static inline const char *ask_text(struct fixture *f, const char *text, size_t size) {
    json_writer_clear(&f->out);
    /* A copy at the end of its own memory: reading beyond it is seen by the sanitizer. */
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    enum jsonrpc_state state =
        jsonrpc_begin(&f->exchange, &f->endpoint, &f->out, f->now_ms, bytes_of(copy, size));
    free(copy);
    assert_int_equal(state, JSONRPC_DONE);
    assert_false(json_failed(&f->out));
    *json_reserve(&f->out, 1) = '\0';
    return f->out.data;
}

static inline const char *ask(struct fixture *f, const char *text) {
    return ask_text(f, text, strlen(text));
}

static inline void expect(struct fixture *f, const char *request, const char *answer) {
    const char *got = ask(f, request);
    if (strcmp(got, answer) != 0) fail_msg("%s\n got  %s\n want %s", request, got, answer);
}

/* A call of a method with id 1, and the text of its result or error. */
static inline void
expect_call(struct fixture *f, const char *method, const char *params, const char *part) {
    char request[4096];
    char answer[8192];
    (void)snprintf(
        request,
        sizeof(request),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
        method,
        params
    );
    (void)snprintf(answer, sizeof(answer), "{\"jsonrpc\":\"2.0\",\"id\":1,%s}", part);
    expect(f, request, answer);
}

static inline void
expect_result(struct fixture *f, const char *method, const char *params, const char *v) {
    char part[8100];
    (void)snprintf(part, sizeof(part), "\"result\":%s", v);
    expect_call(f, method, params, part);
}

static inline void expect_error(
    struct fixture *f, const char *method, const char *params, int code, const char *text
) {
    char part[2048];
    (void)snprintf(part, sizeof(part), "\"error\":{\"code\":%d,\"message\":\"%s\"}", code, text);
    expect_call(f, method, params, part);
}

#define INVALID(id)                   \
    "{\"jsonrpc\":\"2.0\",\"id\":" id \
    ",\"error\":{\"code\":-32600,\"message\":\"invalid request\"}}"
#define CHAIN_ID(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":\"0x539\"}"
#define CALL(id)     "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"eth_chainId\"}"
#define WHO          "\"0x0000000000000000000000000000000000000033\""
#define HASH1        "\"0xcc00000000000000000000000000000000000000000000000000000000000001\""

#endif
