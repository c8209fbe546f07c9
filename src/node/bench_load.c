/* A load generator for JSON-RPC nodes: transfers signed beforehand, sent by as little code as
 * possible, so that the node is what is measured. bench/load.mjs starts it.
 *
 *   bench_load PORT [name=value …]     prints one JSON object
 *   bench_load                         prints its own ceiling: what it sends per second to a
 *                                      server that answers without looking
 *
 *   mode=send|sync|receipt  eth_sendRawTransaction; eth_sendRawTransactionSync;
 *                           eth_sendRawTransaction and eth_getTransactionReceipt until it is there
 *   count=N accounts=N connections=N batch=N   batch: transactions of one JSON array, with send
 *   depth=N                 requests under way on each connection (HTTP pipelining)
 *   first=N                 the accounts' nonces
 *   chain=ID window=N       a rate is printed for each N transactions
 *   wait_ms=N               for the last block after the last answer */
#include "chain/tx.h"
#include "core/bench_host.h"
#include "core/check.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "node/hd_keys.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCOUNTS_MAX    100
#define CONNECTIONS_MAX 256
#define WINDOWS_MAX     4096
#define RAW_SIZE_MAX    160 /* of a signed transfer */
#define REQUEST_MAX     512 /* of one call's JSON and the head before it */
#define ANSWER_MAX      (1u << 20)

static const char mnemonic[] = "test test test test test test test test test test test junk";

enum mode { MODE_SEND, MODE_SYNC, MODE_RECEIPT };

struct signed_tx {
    uint8_t raw[RAW_SIZE_MAX];
    uint8_t size;
    hash32 hash;
};

/* One connection sends the transactions of the accounts that are its own, in order of nonces. */
struct client {
    int fd;
    size_t next;      /* of its transactions */
    size_t end;       /* how many it has */
    size_t under_way; /* requests sent and not answered */
    size_t answered;
    bool asks_receipt; /* mode receipt: the answer to come is a receipt */
    char *out;         /* malloc */
    size_t out_size;
    size_t out_sent;
    char *in; /* malloc, ANSWER_MAX */
    size_t in_size;
};

struct load {
    enum mode mode;
    uint16_t port;
    size_t count;
    size_t accounts;
    size_t connections;
    size_t batch;
    size_t depth;
    uint64_t first;
    uint64_t chain_id;
    size_t window;
    uint64_t wait_ms;
    struct signed_tx *txs; /* [account][nonce]: count / accounts of each */
    struct hd_key keys[ACCOUNTS_MAX];
    struct client clients[CONNECTIONS_MAX];
    size_t done;
    size_t errors;
    char error[256]; /* the first one */
    double start_ns;
    double window_start_ns;
    double rates[WINDOWS_MAX];
    size_t rate_count;
};

/* --- signing ---------------------------------------------------------------------------------- */

static void sign_all(struct load *load) {
    struct arena arena;
    size_t each = load->count / load->accounts;
    CHECK(hd_keys_derive(load->keys, load->accounts, mnemonic) == ERR_OK);
    load->txs = calloc(load->count, sizeof(*load->txs));
    CHECK(load->txs != NULL);
    arena_open(&arena, 1 << 20);
    for (size_t i = 0; i < load->count; i++) {
        struct tx tx = {
            .type = TX_DYNAMIC_FEE,
            .is_protected = true,
            .chain_id = load->chain_id,
            .nonce = load->first + i % each,
            .gas_limit = 21000,
            .max_fee_per_gas = u256_from_u64(UINT64_C(100000000000)),
            .max_priority_fee_per_gas = u256_from_u64(1),
            .value = u256_from_u64(1),
        };
        memset(tx.to.b, 0x11, sizeof(tx.to.b));
        bytes raw;
        CHECK(tx_sign(&tx, &arena, &load->keys[i / each].private_key) == ERR_OK);
        CHECK(tx_encode(&raw, &arena, &tx) == ERR_OK && raw.size <= RAW_SIZE_MAX);
        memcpy(load->txs[i].raw, raw.data, raw.size);
        load->txs[i].size = (uint8_t)raw.size;
        load->txs[i].hash = keccak256(raw);
        arena_reset(&arena);
    }
    arena_close(&arena);
}

/* The i-th transaction of a connection: its accounts in turn. */
static const struct signed_tx *tx_of(const struct load *load, size_t connection, size_t i) {
    size_t each = load->count / load->accounts;
    size_t own = load->accounts / load->connections; /* accounts */
    size_t account = connection * own + i % own;
    return &load->txs[account * each + i / own];
}

/* --- requests --------------------------------------------------------------------------------- */

static size_t put(char *out, const char *text) {
    size_t size = strlen(text);
    memcpy(out, text, size);
    return size;
}

static size_t put_call(char *out, const char *method, bytes data) {
    size_t size = put(out, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"");
    size += put(out + size, method);
    size += put(out + size, "\",\"params\":[\"0x");
    hex_encode(out + size, data);
    size += 2 * data.size;
    return size + put(out + size, "\"]}");
}

/* The head is written when the body's size is known. */
static void put_request(struct client *c, const char *body, size_t size) {
    char head[128];
    int head_size = snprintf(
        head,
        sizeof(head),
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n",
        size
    );
    CHECK(head_size > 0 && (size_t)head_size < sizeof(head));
    memcpy(c->out + c->out_size, head, (size_t)head_size);
    memcpy(c->out + c->out_size + head_size, body, size);
    c->out_size += (size_t)head_size + size;
    c->under_way++;
}

static void ask_receipt(const struct load *load, struct client *c) {
    char body[REQUEST_MAX];
    const struct signed_tx *tx = tx_of(load, (size_t)(c - load->clients), c->next - 1);
    size_t size = put_call(body, "eth_getTransactionReceipt", hash32_bytes(&tx->hash));
    put_request(c, body, size);
}

/* The next request: one transaction, or a batch of them. */
static void send_next(const struct load *load, struct client *c) {
    static char body[1 << 20];
    const char *method =
        load->mode == MODE_SYNC ? "eth_sendRawTransactionSync" : "eth_sendRawTransaction";
    size_t size = 0;
    if (load->batch > 1) body[size++] = '[';
    for (size_t i = 0; i < load->batch && c->next < c->end; i++) {
        const struct signed_tx *tx = tx_of(load, (size_t)(c - load->clients), c->next++);
        if (i > 0) body[size++] = ',';
        size += put_call(body + size, method, bytes_of(tx->raw, tx->size));
    }
    if (load->batch > 1) body[size++] = ']';
    put_request(c, body, size);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void note_done(struct load *load, size_t count) {
    size_t before = load->done / load->window;
    load->done += count;
    if (load->done / load->window == before) return;
    double now = bench_now_ns();
    if (load->rate_count < WINDOWS_MAX)
        load->rates[load->rate_count++] =
            (double)load->window * 1e9 / (now - load->window_start_ns);
    load->window_start_ns = now;
}

static void note_errors(struct load *load, char *body) {
    for (char *at = strstr(body, "\"error\""); at != NULL; at = strstr(at + 1, "\"error\"")) {
        if (load->errors++ == 0) (void)snprintf(load->error, sizeof(load->error), "%.200s", at + 8);
    }
}

static void take_answer(struct load *load, struct client *c, char *body) {
    c->under_way--;
    note_errors(load, body);
    if (load->mode == MODE_RECEIPT && !c->asks_receipt) {
        c->asks_receipt = true;
        ask_receipt(load, c);
        return;
    }
    if (load->mode == MODE_RECEIPT && strstr(body, "\"result\":null") != NULL) {
        ask_receipt(load, c);
        return;
    }
    c->asks_receipt = false;
    size_t count = c->end - c->answered < load->batch ? c->end - c->answered : load->batch;
    c->answered += count;
    note_done(load, count);
}

static char *find_length(char *in) {
    char *at = strcasestr(in, "content-length:");
    CHECK(at != NULL);
    return at + 15;
}

/* Takes whole answers out of what has arrived. */
static void take_input(struct load *load, struct client *c) {
    char *at = c->in;
    char *end = c->in + c->in_size;
    for (;;) {
        *end = 0;
        char *body = strstr(at, "\r\n\r\n");
        if (body == NULL) break;
        body += 4;
        *(body - 1) = 0;
        size_t size = strtoul(find_length(at), NULL, 10);
        *(body - 1) = '\n';
        if ((size_t)(end - body) < size) break;
        char after = body[size];
        body[size] = 0;
        take_answer(load, c, body);
        body[size] = after;
        at = body + size;
    }
    c->in_size = (size_t)(end - at);
    memmove(c->in, at, c->in_size);
}

/* --- the loop --------------------------------------------------------------------------------- */

static int connect_to(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    struct sockaddr_in where = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const void *view = &where;
    if (fd < 0 || connect(fd, view, sizeof(where)) != 0) {
        (void)fprintf(stderr, "bench_load: port %u: %s\n", port, strerror(errno));
        exit(1);
    }
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    return fd;
}

/* As many requests as may be under way. */
static void fill(const struct load *load, struct client *c) {
    if (c->out_sent < c->out_size) return;
    c->out_size = 0;
    c->out_sent = 0;
    while (c->under_way < load->depth && c->next < c->end && !c->asks_receipt &&
           c->out_size < ANSWER_MAX / 2)
        send_next(load, c);
}

static void flush(struct client *c) {
    if (c->out_sent == c->out_size) return;
    ssize_t sent =
        send(c->fd, c->out + c->out_sent, c->out_size - c->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) c->out_sent += (size_t)sent;
    CHECK(sent > 0 || errno == EAGAIN);
}

static void receive(struct load *load, struct client *c) {
    ssize_t size = recv(c->fd, c->in + c->in_size, ANSWER_MAX - 1 - c->in_size, MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno != EAGAIN)) {
        (void)fprintf(stderr, "bench_load: the node closed the connection\n");
        exit(1);
    }
    if (size < 0) return;
    c->in_size += (size_t)size;
    bool is_receipt = load->mode == MODE_RECEIPT;
    if (is_receipt && c->out_sent == c->out_size) c->out_size = c->out_sent = 0;
    take_input(load, c);
}

static void run(struct load *load) {
    struct pollfd polls[CONNECTIONS_MAX];
    size_t open = load->connections;
    for (size_t i = 0; i < open; i++) {
        struct client *c = &load->clients[i];
        c->fd = connect_to(load->port);
        c->end = load->count / load->connections;
        c->out = malloc(2 * ANSWER_MAX);
        c->in = malloc(ANSWER_MAX);
        CHECK(c->out != NULL && c->in != NULL);
    }
    load->start_ns = load->window_start_ns = bench_now_ns();
    while (load->done < load->count) {
        for (size_t i = 0; i < open; i++) {
            struct client *c = &load->clients[i];
            fill(load, c);
            flush(c);
            polls[i] = (struct pollfd){.fd = c->fd, .events = POLLIN};
            if (c->out_sent < c->out_size) polls[i].events = POLLIN | POLLOUT;
        }
        CHECK(poll(polls, open, -1) > 0);
        for (size_t i = 0; i < open; i++)
            if (polls[i].revents != 0 && (polls[i].revents & POLLOUT) == 0)
                receive(load, &load->clients[i]);
            else if ((polls[i].revents & POLLIN) != 0)
                receive(load, &load->clients[i]);
    }
}

/* --- after the last answer -------------------------------------------------------------------- */

/* The account's nonce in the newest block. */
static uint64_t get_nonce(const struct load *load, struct client *c, const address *who) {
    char body[REQUEST_MAX];
    char text[40];
    hex_encode(text, bytes_of(who->b, sizeof(who->b)));
    int size = snprintf(
        body,
        sizeof(body),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getTransactionCount\","
        "\"params\":[\"0x%.40s\",\"latest\"]}",
        text
    );
    c->out_size = c->out_sent = 0;
    c->in_size = 0;
    put_request(c, body, (size_t)size);
    CHECK(send(c->fd, c->out, c->out_size, MSG_NOSIGNAL) == (ssize_t)c->out_size);
    char *result = NULL;
    while (result == NULL) {
        ssize_t got = recv(c->fd, c->in + c->in_size, ANSWER_MAX - 1 - c->in_size, 0);
        CHECK(got > 0 && load->count > 0);
        c->in_size += (size_t)got;
        c->in[c->in_size] = 0;
        result = strstr(c->in, "\"result\":\"");
        if (result != NULL && strchr(result + 10, '}') == NULL) result = NULL;
    }
    return strtoull(result + 10, NULL, 16);
}

/* How many are in blocks; waits until all are, or wait_ms. */
static size_t wait_mined(const struct load *load, double *seconds) {
    struct client client = load->clients[0];
    size_t each = load->count / load->accounts;
    double deadline = bench_now_ns() + (double)load->wait_ms * 1e6;
    size_t mined;
    for (;;) {
        mined = 0;
        for (size_t i = 0; i < load->accounts; i++) {
            uint64_t nonce = get_nonce(load, &client, &load->keys[i].address);
            mined += nonce < load->first ? 0 : (size_t)(nonce - load->first);
            if (nonce < load->first + each) break;
        }
        double now = bench_now_ns();
        *seconds = (now - load->start_ns) / 1e9;
        if (mined >= load->count || now > deadline) return mined;
        (void)usleep(2000);
    }
}

static void print(const struct load *load, double accepted_s, double mined_s, size_t mined) {
    printf(
        "{\"count\":%zu,\"errors\":%zu,\"acceptedSeconds\":%.6f,\"minedSeconds\":%.6f,"
        "\"mined\":%zu,\"rates\":[",
        load->count,
        load->errors,
        accepted_s,
        mined_s,
        mined
    );
    for (size_t i = 0; i < load->rate_count; i++)
        printf("%s%.1f", i == 0 ? "" : ",", load->rates[i]);
    printf("]}\n");
    if (load->errors > 0) (void)fprintf(stderr, "bench_load: first error: %s\n", load->error);
}

/* --- its own ceiling -------------------------------------------------------------------------- */

/* Answers every request on one connection; a request ends with the only brace that closes one. */
static void *answer_all(void *context) {
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 102\r\n\r\n"
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":"
        "\"0x0000000000000000000000000000000000000000000000"
        "000000000000000000\"}";
    static char in[65536];
    int fd = accept(*(const int *)context, NULL, NULL);
    ssize_t size;
    while (fd >= 0 && (size = recv(fd, in, sizeof(in), 0)) > 0)
        for (ssize_t i = 0; i < size; i++)
            if (in[i] == '}' && send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0) break;
    return NULL;
}

static int print_ceiling(void) {
    static struct load load = {
        .count = 20000,
        .accounts = 10,
        .connections = 1,
        .batch = 1,
        .depth = 1,
        .chain_id = 1,
        .window = 1000};
    if (!bench_is_wanted("load/ceiling/lockstep")) return 0;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(where);
    void *view = &where;
    pthread_t thread;
    CHECK(bind(listener, view, size) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, view, &size) == 0);
    CHECK(pthread_create(&thread, NULL, answer_all, &listener) == 0);
    load.port = ntohs(where.sin_port);
    sign_all(&load);
    run(&load);
    CHECK(close(load.clients[0].fd) == 0 && pthread_join(thread, NULL) == 0);
    qsort(load.rates, load.rate_count, sizeof(double), bench_compare);
    printf(
        "load/ceiling/lockstep,tx/s,%.0f,%.0f,%.0f\n",
        load.rates[0],
        load.rates[load.rate_count / 2],
        load.rates[load.rate_count - 1]
    );
    return load.errors > 0;
}

/* --- arguments -------------------------------------------------------------------------------- */

static uint64_t argument(int argc, char **argv, const char *name, uint64_t otherwise) {
    size_t size = strlen(name);
    for (int i = 2; i < argc; i++)
        if (strncmp(argv[i], name, size) == 0 && argv[i][size] == '=')
            return strtoull(argv[i] + size + 1, NULL, 10);
    return otherwise;
}

static enum mode mode_of(int argc, char **argv) {
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "mode=sync") == 0) return MODE_SYNC;
        if (strcmp(argv[i], "mode=receipt") == 0) return MODE_RECEIPT;
    }
    return MODE_SEND;
}

int main(int argc, char **argv) {
    static struct load load;
    if (argc == 1) return print_ceiling();
    load.port = (uint16_t)strtoul(argv[1], NULL, 10);
    load.mode = mode_of(argc, argv);
    load.count = argument(argc, argv, "count", 20000);
    load.accounts = argument(argc, argv, "accounts", 10);
    load.connections = argument(argc, argv, "connections", 1);
    load.batch = argument(argc, argv, "batch", 1);
    load.depth = argument(argc, argv, "depth", 1);
    load.first = argument(argc, argv, "first", 0);
    load.chain_id = argument(argc, argv, "chain", 31337);
    load.window = argument(argc, argv, "window", 500);
    load.wait_ms = argument(argc, argv, "wait_ms", 30000);
    bool is_good = load.accounts > 0 && load.accounts <= ACCOUNTS_MAX && load.connections > 0 &&
                   load.connections <= CONNECTIONS_MAX && load.batch > 0 && load.batch <= 1000 &&
                   load.depth > 0 && load.window > 0 && load.count % load.accounts == 0 &&
                   load.accounts % load.connections == 0;
    if (!is_good) {
        (void)fprintf(stderr, "bench_load: accounts must divide count, connections the accounts\n");
        return 2;
    }
    sign_all(&load);
    run(&load);
    double mined_s;
    double accepted_s = (bench_now_ns() - load.start_ns) / 1e9;
    size_t mined = wait_mined(&load, &mined_s);
    print(&load, accepted_s, mined_s, mined);
    return 0;
}
