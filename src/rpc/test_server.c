/* The server on real sockets: the loop runs in a thread of its own, the tests are its clients. */
#include "core/check.h"
#include "rpc/http.h"
#include "rpc/server.h"
#include "rpc/test_fake_chain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#define CONNECTIONS_MAX    30
#define REQUEST_TIMEOUT_MS 400
#define IDLE_TIMEOUT_MS    900
#define WRITE_TIMEOUT_MS   600

enum order { ORDER_NONE, ORDER_STOP, ORDER_BLOCK, ORDER_RESUME };

struct fixture {
    uv_loop_t loop;
    uv_async_t async;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t done;
    enum order order;
    struct rpc_server *server;
    struct fake_chain first;
    struct fake_chain second;
    uint16_t port;
    uint16_t second_port;
    bool has_stopped;
    bool has_ended; /* the loop: nobody takes an order any more */
};

static void on_stopped(void *context) {
    struct fixture *f = context;
    f->has_stopped = true;
    uv_close((uv_handle_t *)&f->async, NULL);
}

static void on_order(uv_async_t *async) {
    struct fixture *f = async->data;
    (void)pthread_mutex_lock(&f->mutex);
    enum order order = f->order;
    if (order == ORDER_BLOCK) {
        struct rpc_mine_options one = {.block_count = 1};
        CHECK(fake_mine(&f->first.chain, NULL, &one) == RPC_OK);
        rpc_server_new_block(f->server, &f->first.chain);
    }
    if (order == ORDER_RESUME) {
        f->first.must_wait = false;
        if (f->first.waiting != NULL) rpc_server_resume(f->server, f->first.waiting);
        f->first.waiting = NULL;
    }
    if (order == ORDER_STOP) rpc_server_stop(f->server, on_stopped, f);
    f->order = ORDER_NONE;
    (void)pthread_cond_signal(&f->done);
    (void)pthread_mutex_unlock(&f->mutex);
}

/* Has the loop's thread do something, and waits until it has. */
static void give_order(struct fixture *f, enum order order) {
    (void)pthread_mutex_lock(&f->mutex);
    f->order = order;
    if (!f->has_ended) (void)uv_async_send(&f->async);
    while (f->order != ORDER_NONE && !f->has_ended)
        (void)pthread_cond_wait(&f->done, &f->mutex);
    (void)pthread_mutex_unlock(&f->mutex);
}

static void *run_loop(void *context) {
    struct fixture *f = context;
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    (void)pthread_mutex_lock(&f->mutex);
    f->has_ended = true;
    (void)pthread_cond_signal(&f->done);
    (void)pthread_mutex_unlock(&f->mutex);
    return NULL;
}

static int setup(void **state) {
    static const char *const origins[] = {"https://app.example", NULL};
    static const char *const hosts[] = {"node.example", NULL};
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    fake_open(&f->first, 3);
    fake_open(&f->second, 0);
    f->second.chain.chain_id = 1338;
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(uv_async_init(&f->loop, &f->async, on_order), 0);
    f->async.data = f;
    (void)pthread_mutex_init(&f->mutex, NULL);
    (void)pthread_cond_init(&f->done, NULL);
    struct rpc_server_options options = {
        .allowed_origins = origins,
        .allowed_hosts = hosts,
        .connections_max = CONNECTIONS_MAX,
        .request_timeout_ms = REQUEST_TIMEOUT_MS,
        .idle_timeout_ms = IDLE_TIMEOUT_MS,
        .write_timeout_ms = WRITE_TIMEOUT_MS,
    };
    char error[RPC_ERROR_SIZE];
    assert_int_equal(rpc_server_open(&f->server, &f->loop, &options), ERR_OK);
    assert_int_equal(
        rpc_server_listen(f->server, &f->port, error, &f->first.chain, "127.0.0.1", 0), ERR_OK
    );
    assert_int_equal(
        rpc_server_listen(f->server, &f->second_port, error, &f->second.chain, "127.0.0.1", 0),
        ERR_OK
    );
    assert_int_equal(pthread_create(&f->thread, NULL, run_loop, f), 0);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    give_order(f, ORDER_RESUME);
    if (!f->has_stopped) give_order(f, ORDER_STOP);
    (void)pthread_join(f->thread, NULL);
    assert_true(f->has_stopped);
    rpc_server_close(f->server);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

/* --- a client --------------------------------------------------------------------------------- */

static int dial_port(uint16_t port) {
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port)};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
    return fd;
}

static int dial(const struct fixture *f) {
    return dial_port(f->port);
}

static void say_size(int fd, const char *text, size_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);
        assert_true(sent > 0);
        text += sent;
        size -= (size_t)sent;
    }
}

static void say(int fd, const char *text) {
    say_size(fd, text, strlen(text));
}

static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads until the text holds as many "HTTP/1.1 " answers with whole bodies as wanted, or the server
 * closes, or time is up; terminated. Bodies here do not contain "HTTP/1.1 ". */
static size_t hear(int fd, char *text, size_t size, unsigned answers, int timeout_ms) {
    size_t used = 0;
    int64_t end = now_ms() + timeout_ms;
    for (;;) {
        text[used] = '\0';
        unsigned whole = 0;
        for (const char *at = text; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++) {
            const char *body = strstr(at, "\r\n\r\n");
            const char *length = strstr(at, "Content-Length: ");
            if (body == NULL) break;
            size_t body_size = length != NULL && length < body ? strtoul(length + 16, NULL, 10) : 0;
            if (strlen(body + 4) >= body_size) whole++;
        }
        if (answers > 0 && whole >= answers) return used;
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        int64_t left = end - now_ms();
        if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0) return used;
        ssize_t got = recv(fd, text + used, size - 1 - used, 0);
        if (got <= 0) return used;
        used += (size_t)got;
    }
}

/* Whether the server has closed the connection within the time; what it still says is dropped. */
static bool is_closed(int fd, int timeout_ms) {
    char text[4096];
    int64_t end = now_ms() + timeout_ms;
    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        int64_t left = end - now_ms();
        if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0) return false;
        if (recv(fd, text, sizeof(text), 0) <= 0) return true;
    }
}

static const char *body_of(const char *answer) {
    const char *body = strstr(answer, "\r\n\r\n");
    assert_non_null(body);
    return body + 4;
}

#define HEAD        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
#define CALL_1      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"}"
#define CALL_1_POST HEAD "Content-Length: 47\r\n\r\n" CALL_1
#define ANSWER_1    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x539\"}"

static void post(int fd, const char *body) {
    char head[256];
    (void)snprintf(head, sizeof(head), HEAD "Content-Length: %zu\r\n\r\n", strlen(body));
    say(fd, head);
    say(fd, body);
}

static void expect_status(const struct fixture *f, const char *request, int status) {
    char answer[4096];
    char wanted[32];
    int fd = dial(f);
    say(fd, request);
    (void)hear(fd, answer, sizeof(answer), 1, 2000);
    (void)snprintf(wanted, sizeof(wanted), "HTTP/1.1 %d ", status);
    if (strncmp(answer, wanted, strlen(wanted)) != 0) fail_msg("%s\ngives %s", request, answer);
    (void)close(fd);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void test_answers(void **state) {
    struct fixture *f = *state;
    char answer[4096];
    int fd = dial(f);
    for (int i = 0; i < 3; i++) {
        say(fd, CALL_1_POST);
        (void)hear(fd, answer, sizeof(answer), 1, 2000);
        assert_int_equal(strncmp(answer, "HTTP/1.1 200 OK\r\nDate: ", 23), 0);
        assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(answer, "\r\nContent-Length: 41\r\n"));
        assert_null(strstr(answer, "Access-Control"));
        assert_string_equal(body_of(answer), ANSWER_1);
    }
    (void)close(fd);
    fd = dial_port(f->second_port);
    say(fd, CALL_1_POST);
    (void)hear(fd, answer, sizeof(answer), 1, 2000);
    assert_string_equal(body_of(answer), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x53a\"}");
    (void)close(fd);
}

static void test_notification(void **state) {
    struct fixture *f = *state;
    char answer[4096];
    int fd = dial(f);
    post(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}");
    (void)hear(fd, answer, sizeof(answer), 1, 2000);
    assert_int_equal(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17), 0);
    assert_non_null(strstr(answer, "Content-Length: 0\r\n"));
    (void)close(fd);
}

/* A thousand requests in one go: their answers come in order. */
static void test_pipelining(void **state) {
    struct fixture *f = *state;
    enum { COUNT = 1000 };
    char *requests = malloc(COUNT * 256);
    char *answers = malloc(COUNT * 512);
    assert_true(requests != NULL && answers != NULL);
    size_t size = 0;
    for (int i = 0; i < COUNT; i++)
        size += (size_t)sprintf(
            requests + size,
            HEAD "Content-Length: 50\r\n\r\n"
                 "{\"jsonrpc\":\"2.0\",\"id\":%04d,\"method\":\"eth_chainId\"}",
            1000 + i
        );
    int fd = dial(f);
    say_size(fd, requests, size);
    (void)hear(fd, answers, COUNT * 512, COUNT, 5000);
    const char *at = answers;
    for (int i = 0; i < COUNT; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "\"id\":%d,", 1000 + i);
        at = strstr(at, "\"id\":");
        assert_non_null(at);
        assert_int_equal(strncmp(at, id, strlen(id)), 0);
        at++;
    }
    assert_null(strstr(at, "\"id\":"));
    (void)close(fd);
    free(requests);
    free(answers);
}

static void test_close_and_old(void **state) {
    struct fixture *f = *state;
    char answer[4096];
    int fd = dial(f);
    say(fd, HEAD "Connection: close\r\nContent-Length: 47\r\n\r\n" CALL_1 CALL_1_POST);
    (void)hear(fd, answer, sizeof(answer), 0, 1500);
    assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
    assert_string_equal(body_of(answer), ANSWER_1); /* and no second answer */
    (void)close(fd);
    fd = dial(f);
    say(fd,
        "POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 47\r\n\r\n" CALL_1);
    (void)hear(fd, answer, sizeof(answer), 0, 1500);
    assert_string_equal(body_of(answer), ANSWER_1);
    (void)close(fd);
    fd = dial(f);
    say(fd,
        "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n"
        "Content-Length: 47\r\n\r\n" CALL_1);
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_non_null(strstr(answer, "\r\nConnection: keep-alive\r\n"));
    say(fd, CALL_1_POST);
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_string_equal(body_of(answer), ANSWER_1);
    (void)close(fd);
    /* A client that closes its side after asking still gets its answer. */
    fd = dial(f);
    say(fd, CALL_1_POST);
    (void)shutdown(fd, SHUT_WR);
    (void)hear(fd, answer, sizeof(answer), 0, 1500);
    assert_string_equal(body_of(answer), ANSWER_1);
    (void)close(fd);
}

static void test_statuses(void **state) {
    struct fixture *f = *state;
    expect_status(f, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200);
    expect_status(f, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200);
    expect_status(f, "PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405);
    expect_status(f, "OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n", 204);
    expect_status(f, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na", 415);
    expect_status(
        f,
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: "
        "1\r\n\r\na",
        415
    );
    expect_status(f, HEAD "\r\n", 200);
    expect_status(f, HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400);
    expect_status(f, HEAD "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    expect_status(f, HEAD "Content-Length: 16777217\r\n\r\n", 413);
    expect_status(f, "\x16\x03\x01\x02", 400);
    char answer[4096];
    int fd = dial(f);
    say(fd,
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD / HTTP/1.1\r\nHost: "
        "a.localhost\r\n\r\n" CALL_1_POST);
    (void)hear(fd, answer, sizeof(answer), 3, 1000);
    assert_non_null(strstr(answer, "endpoint of chain fake, chain id 1337"));
    assert_non_null(strstr(answer, ANSWER_1));
    (void)close(fd);
}

static void test_chunked_and_continue(void **state) {
    struct fixture *f = *state;
    char answer[4096];
    int fd = dial(f);
    say(fd, HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"jso\r\n");
    say(fd, "2a;x=y\r\nnrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"}\r\n0\r\n\r\n");
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_string_equal(body_of(answer), ANSWER_1);
    say(fd, HEAD "Expect: 100-continue\r\nContent-Length: 47\r\n\r\n");
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_string_equal(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, CALL_1);
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_string_equal(body_of(answer), ANSWER_1);
    (void)close(fd);
    fd = dial(f);
    say(fd,
        "POST / HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: "
        "49\r\n\r\n");
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_int_equal(strncmp(answer, "HTTP/1.1 403 ", 13), 0);
    (void)close(fd);
}

/* In single bytes, and with a body that comes in the largest size there is. */
static void test_pieces(void **state) {
    struct fixture *f = *state;
    char answer[4096];
    int fd = dial(f);
    static const char request[] = CALL_1_POST CALL_1_POST;
    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        say_size(fd, request + i, 1);
        if (i % 16 == 0) (void)usleep(500);
    }
    (void)hear(fd, answer, sizeof(answer), 2, 1500);
    assert_int_equal(strcmp(body_of(body_of(answer)), ANSWER_1), 0);
    size_t padding = HTTP_BODY_SIZE_MAX - strlen(CALL_1);
    char *spaces = malloc(padding);
    assert_non_null(spaces);
    memset(spaces, ' ', padding);
    say(fd, HEAD "Content-Length: 16777216\r\n\r\n");
    say_size(fd, spaces, padding);
    say(fd, CALL_1);
    (void)hear(fd, answer, sizeof(answer), 1, 5000);
    assert_string_equal(body_of(answer), ANSWER_1);
    free(spaces);
    (void)close(fd);
}

static void test_cors(void **state) {
    struct fixture *f = *state;
    char answer[4096];
    int fd = dial(f);
    say(fd, HEAD "Origin: https://app.example\r\nContent-Length: 47\r\n\r\n" CALL_1);
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_non_null(
        strstr(answer, "\r\nAccess-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n")
    );
    say(fd, HEAD "Origin: https://evil.example\r\nContent-Length: 47\r\n\r\n" CALL_1);
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_null(strstr(answer, "Access-Control"));
    say(fd,
        "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\n"
        "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n"
        "Access-Control-Request-Private-Network: true\r\n\r\n");
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_int_equal(strncmp(answer, "HTTP/1.1 204 ", 13), 0);
    assert_non_null(strstr(answer, "Access-Control-Allow-Origin: https://app.example\r\n"));
    assert_non_null(strstr(answer, "Access-Control-Allow-Methods: POST, GET, OPTIONS\r\n"));
    assert_non_null(strstr(answer, "Access-Control-Allow-Headers: *\r\n"));
    assert_non_null(strstr(answer, "Access-Control-Allow-Private-Network: true\r\n"));
    assert_null(strstr(answer, "Content-Length"));
    say(fd, "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n");
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_int_equal(strncmp(answer, "HTTP/1.1 403 ", 13), 0);
    (void)close(fd);
}

static void test_hosts(void **state) {
    struct fixture *f = *state;
    expect_status(f, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403);
    expect_status(f, "GET / HTTP/1.1\r\nHost: node.example:8545\r\n\r\n", 200);
    expect_status(f, "GET / HTTP/1.1\r\nHost: 192.168.1.5:8545\r\n\r\n", 200);
    expect_status(f, "GET / HTTP/1.1\r\nHost:\r\n\r\n", 200);
    expect_status(f, "GET / HTTP/1.1\r\n\r\n", 400);
}

/* --- time ------------------------------------------------------------------------------------- */

/* One byte now and then does not keep a request alive, in its head or in its body. */
static void test_slow_sender(void **state) {
    struct fixture *f = *state;
    static const char *const starts[] = {"POST /", HEAD "Content-Length: 1000\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        char answer[4096];
        int fd = dial(f);
        say(fd, starts[i]);
        int64_t begin = now_ms();
        size_t got = 0;
        while (got == 0 && now_ms() - begin < 5000) {
            ssize_t sent = send(fd, "A", 1, MSG_NOSIGNAL);
            if (sent <= 0) break;
            got = hear(fd, answer, sizeof(answer), 1, 50);
        }
        int64_t took = now_ms() - begin;
        if (took < REQUEST_TIMEOUT_MS - 60 || took > REQUEST_TIMEOUT_MS + 700)
            fail_msg("took %ld ms", (long)took);
        assert_int_equal(strncmp(answer, "HTTP/1.1 408 ", 13), 0);
        (void)close(fd);
    }
}

static void test_idle(void **state) {
    struct fixture *f = *state;
    char answer[4096];
    int fd = dial(f);
    int64_t begin = now_ms();
    (void)usleep(IDLE_TIMEOUT_MS * 1000 / 2);
    say(fd, CALL_1_POST);
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_string_equal(body_of(answer), ANSWER_1);
    assert_true(is_closed(fd, 5000));
    int64_t took = now_ms() - begin;
    assert_true(took >= IDLE_TIMEOUT_MS * 3 / 2 - 100 && took < IDLE_TIMEOUT_MS * 3 / 2 + 700);
    (void)close(fd);
    /* Empty lines are not requests. */
    fd = dial(f);
    begin = now_ms();
    while (send(fd, "\r\n", 2, MSG_NOSIGNAL) > 0 && now_ms() - begin < 5000)
        if (is_closed(fd, 20)) break;
    assert_true(now_ms() - begin < IDLE_TIMEOUT_MS + 700);
    (void)close(fd);
}

/* A client that asks for much and takes nothing is closed; meanwhile others are served. */
static void test_slow_reader(void **state) {
    struct fixture *f = *state;
    char answer[4096];
    int slow = socket(AF_INET, SOCK_STREAM, 0);
    int small = 4096;
    assert_int_equal(setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(f->port)};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(slow, (struct sockaddr *)&where, sizeof(where)), 0);
    size_t digits = 12u << 20;
    static const char start[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":[{\"input\":\"0x";
    char *body = malloc(digits + 200);
    assert_non_null(body);
    memcpy(body, start, sizeof(start) - 1);
    memset(body + sizeof(start) - 1, '1', digits);
    memcpy(body + sizeof(start) - 1 + digits, "\"}]}", 5);
    post(slow, body);
    free(body);
    int64_t begin = now_ms();
    int fd = dial(f);
    say(fd, CALL_1_POST);
    (void)hear(fd, answer, sizeof(answer), 1, 1500);
    assert_string_equal(body_of(answer), ANSWER_1);
    (void)close(fd);
    /* Wait without taking; then what had been sent can be read, but not all. */
    (void)usleep((WRITE_TIMEOUT_MS + 700) * 1000);
    size_t total = 0;
    for (;;) {
        struct pollfd poll_fd = {.fd = slow, .events = POLLIN};
        if (poll(&poll_fd, 1, 2000) <= 0)
            fail_msg("still open after %ld ms", (long)(now_ms() - begin));
        ssize_t got = recv(slow, answer, sizeof(answer), 0);
        if (got <= 0) break;
        total += (size_t)got;
    }
    assert_true(total < digits);
    (void)close(slow);
}

/* --- waiting and stopping --------------------------------------------------------------------- */

#define SEND_SYNC                                                                          \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sendRawTransactionSync\",\"params\":[" \
    "\"0x01\"]}"

static void test_send_sync(void **state) {
    struct fixture *f = *state;
    char answer[8192];
    int fd = dial(f);
    post(fd, SEND_SYNC);
    say(fd, CALL_1_POST); /* waits its turn */
    assert_int_equal(hear(fd, answer, sizeof(answer), 1, 300), 0);
    give_order(f, ORDER_BLOCK);
    (void)hear(fd, answer, sizeof(answer), 2, 2000);
    const char *first = strstr(answer, "\"result\":{\"blockHash\"");
    assert_non_null(first);
    assert_non_null(strstr(first, ANSWER_1));
    (void)close(fd);
    /* The client goes while its call waits. */
    fd = dial(f);
    post(fd, SEND_SYNC);
    (void)usleep(50000);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    (void)close(fd);
    give_order(f, ORDER_BLOCK);
    expect_status(f, CALL_1_POST, 200);
}

static void test_send_sync_timeout(void **state) {
    struct fixture *f = *state;
    char answer[8192];
    int fd = dial(f);
    post(
        fd,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sendRawTransactionSync\",\"params\":["
        "\"0x01\","
        "300]}"
    );
    int64_t begin = now_ms();
    (void)hear(fd, answer, sizeof(answer), 1, 3000);
    assert_non_null(strstr(answer, "\"code\":4,"));
    assert_true(now_ms() - begin >= 300 && now_ms() - begin < 1000);
    (void)close(fd);
}

static void test_backend_waits(void **state) {
    struct fixture *f = *state;
    char answer[8192];
    f->first.must_wait = true;
    int fd = dial(f);
    post(
        fd,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":[{\"input\":\"0x0102\"}]}"
    );
    assert_int_equal(hear(fd, answer, sizeof(answer), 1, 300), 0);
    give_order(f, ORDER_BLOCK); /* is no reason to go on */
    assert_int_equal(hear(fd, answer, sizeof(answer), 1, 100), 0);
    give_order(f, ORDER_RESUME);
    (void)hear(fd, answer, sizeof(answer), 1, 2000);
    assert_string_equal(body_of(answer), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x0102\"}");
    (void)close(fd);
}

/* Idle connections are closed, and answers in flight come first. */
static void test_stop(void **state) {
    struct fixture *f = *state;
    char answer[8192];
    f->first.must_wait = true;
    int idle = dial(f);
    int waiting = dial(f);
    int half = dial(f);
    int sync = dial_port(f->second_port);
    say(idle, CALL_1_POST);
    (void)hear(idle, answer, sizeof(answer), 1, 1000);
    post(waiting, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":[{}]}");
    say(half, HEAD);
    post(sync, SEND_SYNC);
    (void)usleep(100000);
    give_order(f, ORDER_STOP);
    assert_true(is_closed(idle, 1000));
    assert_true(is_closed(half, 1000));
    (void)hear(sync, answer, sizeof(answer), 0, 1500);
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    assert_non_null(strstr(answer, "\"code\":4,"));
    give_order(f, ORDER_RESUME);
    (void)hear(waiting, answer, sizeof(answer), 0, 1500);
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    assert_string_equal(body_of(answer), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x\"}");
    (void)close(idle);
    (void)close(half);
    (void)close(waiting);
    (void)close(sync);
}

static void test_bind_failures(void **state) {
    struct fixture *f = *state;
    uv_loop_t loop;
    struct rpc_server *server;
    struct rpc_server_options options = {0};
    char error[RPC_ERROR_SIZE];
    char wanted[RPC_ERROR_SIZE];
    uint16_t port;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(rpc_server_open(&server, &loop, &options), ERR_OK);
    assert_int_equal(
        rpc_server_listen(server, &port, error, &f->second.chain, "127.0.0.1", f->port), ERR_IO
    );
    (void)snprintf(
        wanted, sizeof(wanted), "cannot listen on 127.0.0.1:%u: address already in use", f->port
    );
    assert_string_equal(error, wanted);
    assert_int_equal(
        rpc_server_listen(server, &port, error, &f->second.chain, "localhost", 1), ERR_INPUT
    );
    assert_string_equal(error, "cannot listen on localhost: not an IP address");
    assert_int_equal(
        rpc_server_listen(server, &port, error, &f->second.chain, "192.0.2.1", 8545), ERR_IO
    );
    assert_string_equal(error, "cannot listen on 192.0.2.1:8545: address not available");
    rpc_server_stop(server, NULL, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    rpc_server_close(server);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_too_many_connections(void **state) {
    struct fixture *f = *state;
    char answer[4096];
    static int fds[CONNECTIONS_MAX];
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        fds[i] = dial(f);
    int fd = dial(f);
    (void)hear(fd, answer, sizeof(answer), 1, 2000);
    assert_int_equal(strncmp(answer, "HTTP/1.1 503 ", 13), 0);
    (void)close(fd);
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        (void)close(fds[i]);
    for (int i = 0; i < 50 && strncmp(answer, "HTTP/1.1 200 ", 13) != 0; i++) {
        (void)usleep(20000);
        fd = dial(f);
        say(fd, CALL_1_POST);
        (void)hear(fd, answer, sizeof(answer), 1, 2000);
        (void)close(fd);
    }
    assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_answers),
        TEST(test_notification),
        TEST(test_pipelining),
        TEST(test_close_and_old),
        TEST(test_statuses),
        TEST(test_chunked_and_continue),
        TEST(test_pieces),
        TEST(test_cors),
        TEST(test_hosts),
        TEST(test_slow_sender),
        TEST(test_idle),
        TEST(test_slow_reader),
        TEST(test_send_sync),
        TEST(test_send_sync_timeout),
        TEST(test_backend_waits),
        TEST(test_stop),
        TEST(test_bind_failures),
        TEST(test_too_many_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
