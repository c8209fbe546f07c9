/* What a request costs without the network: reading JSON, one call from text to text, a block of
 * 200 transactions. With an argument it serves the fake chain at that port instead, for wrk. */
#include "core/bench_host.h"
#include "core/check.h"
#include "rpc/jsonrpc.h"
#include "rpc/server.h"
#include "rpc/test_fake_chain.h"
#include "rpc/view.h"

#include <uv.h>

struct bench {
    struct fake_chain fake;
    struct rpc_endpoint endpoint;
    struct jsonrpc_exchange exchange;
    struct json_writer out;
    struct json json;
    const char *request;
    struct rpc_block block;
};

static struct bench *b;

static void run_parse(void) {
    CHECK(json_parse(&b->json, b->request, strlen(b->request)) == ERR_OK);
}

static void run_call(void) {
    json_writer_clear(&b->out);
    bytes text = bytes_of(b->request, strlen(b->request));
    CHECK(jsonrpc_begin(&b->exchange, &b->endpoint, &b->out, 0, text) == JSONRPC_DONE);
}

static void run_block(void) {
    json_writer_clear(&b->out);
    view_block(&b->out, &b->block, true);
}

static int serve(const char *port) {
    uv_loop_t loop;
    struct rpc_server *server;
    struct rpc_server_options options = {0};
    char error[RPC_ERROR_SIZE];
    uint16_t bound;
    CHECK(uv_loop_init(&loop) == 0);
    CHECK(rpc_server_open(&server, &loop, &options) == ERR_OK);
    if (rpc_server_listen(
            server, &bound, error, &b->fake.chain, "127.0.0.1", (uint16_t)strtoul(port, NULL, 10)
        ) != ERR_OK) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    return uv_run(&loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv) {
    b = calloc(1, sizeof(*b));
    CHECK(b != NULL);
    fake_open(&b->fake, 3);
    b->endpoint.chain = &b->fake.chain;
    jsonrpc_exchange_open(&b->exchange);
    json_writer_open(&b->out, SIZE_MAX / 2);
    json_open(&b->json);
    if (argc > 1) return serve(argv[1]);
    static const char call[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":[{\"from\":"
        "\"0x0000000000000000000000000000000000000011\",\"to\":"
        "\"0x0000000000000000000000000000000000000033\",\"data\":\"0x70a08231"
        "0000000000000000000000000000000000000000000000000000000000000011\"},\"latest\"]}";
    b->request = call;
    bench_row("rpc/parse_eth_call/lockstep", 1, run_parse);
    bench_row("rpc/answer_eth_call/lockstep", 1, run_call);
    b->request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_blockNumber\",\"params\":[]}";
    bench_row("rpc/answer_eth_blockNumber/lockstep", 1, run_call);
    /* Transfers with 68 bytes of input, as token transfers have. */
    static struct rpc_transaction transactions[200];
    static const uint8_t input[68] = {0xa9, 0x05, 0x9c, 0xbb};
    b->fake.txs[1].data = bytes_of(input, sizeof(input));
    for (size_t i = 0; i < 200; i++)
        transactions[i] = b->fake.transactions[1];
    b->block = (struct rpc_block){
        .header = &b->fake.headers[1],
        .transaction_count = 200,
        .transactions = transactions,
    };
    bench_row("rpc/write_block_of_200/lockstep", 1, run_block);
    return 0;
}
