/* The life of a network: opening, running until a signal, closing. */
#include "cli/run.h"
#include "backend/backend.h"
#include "backend/info.h"
#include "backend/metrics.h"
#include "cli/banner.h"
#include "node/clock.h"
#include "node/forked_start.h"
#include "node/reorg.h"
#include "node/replica.h"
#include "node/startup.h"
#include "node/version.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define INFO_SIZE_MAX  ((size_t)16 << 20)
#define CONNECTIONS    1024
#define CLIENT_VERSION "Lockstep/v" LOCKSTEP_VERSION

struct life {
    struct node *node;
    uv_async_t signalled;
    uv_prepare_t turn;
    bool has_loop;
    bool has_server;
    bool has_miner;
    uint64_t start_us;
};

/* --- signals ---------------------------------------------------------------------------------- */

/* For the signal handler: libuv's own is served by the loop, and would not end a process that is in
 * the middle of a long block. */
static uv_async_t *signal_async;
static volatile sig_atomic_t signal_count;

static void on_signal(int number) {
    if (signal_count++ == 0) {
        (void)uv_async_send(signal_async);
        return;
    }
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void on_signalled(uv_async_t *async) {
    struct life *life = async->data;
    node_stop(life->node, 0, NULL);
}

static void handle_signals(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Before the loop looks at its sockets: what the last turn said is written, what it used is given
 * back. */
static void on_turn(uv_prepare_t *prepare) {
    struct life *life = prepare->data;
    for (size_t i = 0; i < life->node->chain_count; i++)
        node_chain_settle(&life->node->chains[i]);
    forked_start_watch(life->node);
    log_flush(&life->node->log);
}

static void on_server_stopped(void *context) {
    struct life *life = context;
    uv_close((uv_handle_t *)&life->signalled, NULL);
    uv_close((uv_handle_t *)&life->turn, NULL);
}

void node_stop(struct node *node, int exit_status, const char *reason) {
    if (node->is_stopping) return;
    struct life *life = node->loop.data;
    node->is_stopping = true;
    node->exit_status = exit_status;
    if (reason != NULL) (void)fprintf(stderr, "lockstep: %s\n", reason);
    miner_stop(&node->miner);
    life->has_miner = false;
    rpc_server_stop(node->server, on_server_stopped, life);
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool is_loopback(const char *host) {
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static void name_chains(struct node *node) {
    node->chain_count = 1 + (size_t)node->options->rollups_count;
    for (size_t i = 0; i < node->chain_count; i++) {
        struct node_chain *chain = &node->chains[i];
        const bool is_ledger = i > 0 && node->options->chains[i].type == NODE_ROLLUP_LEDGER;
        chain->node = node;
        chain->rpc = (struct rpc_chain){
            .operations = is_ledger ? &BACKEND_LEDGER_OPERATIONS : &BACKEND_OPERATIONS,
            .limits =
                is_ledger ? "is a ledger, which runs no code and whose tokens are counted" : NULL,
            .name = node->options->chains[i].name,
            .client_version = CLIENT_VERSION,
            .schedule = &chain->schedule,
            .accounts = node->keys.addresses,
            .account_count = node->keys.account_count,
        };
    }
}

/* The loop's thread has a core to itself, where there is more than one. */
static unsigned workers_count(const struct node_options *options) {
    unsigned cores = uv_available_parallelism();
    unsigned most = cores > 2 ? cores - 1 : 1;
    return options->workers_count < most ? (unsigned)options->workers_count : most;
}

/* All endpoints, before anything is written: a port in use leaves nothing behind. */
static enum err listen_all(struct node *node, char error[NODE_ERROR_SIZE]) {
    const struct node_options *options = node->options;
    node->origins[0] = options->allow_origin;
    node->hosts[0] = options->allow_host;
    /* Whoever opens the node to other machines has names for this one that we do not know. */
    if (options->allow_host == NULL && !is_loopback(options->host)) node->hosts[0] = "*";
    struct rpc_server_options server = {
        .allowed_origins = node->origins,
        .allowed_hosts = node->hosts,
        .connections_max = CONNECTIONS,
        .write_metrics = options->has_metrics ? metrics_write : NULL,
        .metrics_context = node,
        .workers_count = workers_count(options),
        .replicas = &NODE_REPLICAS,
        .replica_context = node,
    };
    enum err err = rpc_server_open(&node->server, &node->loop, &server);
    if (err != ERR_OK) {
        (void)snprintf(error, NODE_ERROR_SIZE, "%s", err_text(err));
        return err;
    }
    for (size_t i = 0; i < node->chain_count; i++) {
        struct node_chain *chain = &node->chains[i];
        uint16_t port = (uint16_t)options->chains[i].port;
        char listen_error[RPC_ERROR_SIZE];
        err =
            rpc_server_listen(node->server, &port, listen_error, &chain->rpc, options->host, port);
        if (err != ERR_OK) {
            (void)snprintf(error, NODE_ERROR_SIZE, "%s: %s", chain->rpc.name, listen_error);
            return err;
        }
        const char *format =
            strchr(options->host, ':') != NULL ? "http://[%.64s]:%u" : "http://%.64s:%u";
        (void)snprintf(chain->url, sizeof(chain->url), format, options->host, port);
    }
    return ERR_OK;
}

static enum err open_loop(struct life *life, char error[NODE_ERROR_SIZE]) {
    struct node *node = life->node;
    int status = uv_loop_init(&node->loop);
    if (status == 0) {
        life->has_loop = true;
        node->loop.data = life;
        status = uv_async_init(&node->loop, &life->signalled, on_signalled);
    }
    if (status == 0) status = uv_prepare_init(&node->loop, &life->turn);
    if (status == 0) status = uv_prepare_start(&life->turn, on_turn);
    if (status != 0) {
        (void)snprintf(error, NODE_ERROR_SIZE, "event loop: %s", uv_strerror(status));
        return ERR_IO;
    }
    life->signalled.data = life;
    life->turn.data = life;
    /* From here on a signal is served as soon as the loop runs. */
    signal_async = &life->signalled;
    signal_count = 0;
    handle_signals(on_signal);
    /* A file that may not grow (ulimit -f) is an error of a write, and not the end. */
    (void)signal(SIGXFSZ, SIG_IGN);
    return ERR_OK;
}

static enum err open_keys(struct node *node, char error[NODE_ERROR_SIZE]) {
    enum err err = keys_open(&node->keys, node->options);
    if (err == ERR_OK &&
        getrandom(node->instance, sizeof(node->instance), 0) != (ssize_t)sizeof(node->instance))
        err = ERR_IO;
    if (err != ERR_OK) (void)snprintf(error, NODE_ERROR_SIZE, "keys: %s", err_text(err));
    return err;
}

static enum err start_miner(struct life *life, char error[NODE_ERROR_SIZE]) {
    struct node *node = life->node;
    enum err err = miner_open(&node->miner, node, node->options->slot_time_ms);
    life->has_miner = true;
    if (err != ERR_OK) (void)snprintf(error, NODE_ERROR_SIZE, "miner: %s", err_text(err));
    return err == ERR_OK ? reorg_recover(node, error) : err;
}

/* What a person and other programs are told. */
static enum err announce(struct life *life, char error[NODE_ERROR_SIZE]) {
    struct node *node = life->node;
    const struct node_options *options = node->options;
    struct arena arena;
    struct banner banner = {
        .options = options,
        .accounts = node->keys.accounts,
        .account_count = node->keys.account_count,
        .is_given = node->is_given,
    };
    arena_open(&arena, INFO_SIZE_MAX);
    enum err err = info_of(&banner.network, &arena, node, 0);
    if (err != ERR_OK) {
        (void)snprintf(error, NODE_ERROR_SIZE, "%s", err_text(err));
        goto out;
    }
    banner.start_ms = (clock_monotonic_us() - life->start_us) / 1000;
    if (node->log.out != NULL && node->log.is_json) {
        banner_write_ready(log_json_begin(&node->log, "ready"), &banner);
        log_json_end(&node->log);
    } else if (node->log.out != NULL) {
        banner_print(node->log.out, &banner);
    }
    forked_start_announce(node);
    log_flush(&node->log);
    if (options->info_file != NULL) err = banner_write_info(options->info_file, &banner);
    if (err != ERR_OK)
        (void)snprintf(
            error,
            NODE_ERROR_SIZE,
            "cannot write the info file %.300s: %s",
            options->info_file,
            strerror(errno)
        );
out:
    arena_close(&arena);
    return err;
}

/* --- closing ---------------------------------------------------------------------------------- */

/* Runs the loop until every handle is closed. */
static void close_loop(struct life *life) {
    struct node *node = life->node;
    if (!life->has_loop) return;
    handle_signals(SIG_DFL);
    if (!node->is_stopping) {
        if (life->has_miner) miner_stop(&node->miner);
        if (node->server != NULL)
            rpc_server_stop(node->server, on_server_stopped, life);
        else
            on_server_stopped(life);
        (void)uv_run(&node->loop, UV_RUN_DEFAULT);
    }
    if (node->server != NULL) rpc_server_close(node->server);
    (void)uv_loop_close(&node->loop);
}

static void close_all(struct life *life) {
    struct node *node = life->node;
    close_loop(life);
    miner_close(&node->miner);
    startup_close(node);
    keys_close(&node->keys);
    arena_close(&node->build_arena);
    log_close(&node->log);
    free(node);
}

int run_network(const struct node_options *options) {
    char error[NODE_ERROR_SIZE] = "out of memory";
    struct life life = {.node = calloc(1, sizeof(*life.node)), .start_us = clock_monotonic_us()};
    struct node *node = life.node;
    if (node == NULL) {
        (void)fprintf(stderr, "lockstep: %s\n", error);
        return 1;
    }
    struct node_options own = *options; /* a fork sets what was not given */
    node->options = &own;
    node->lock = -1;
    node->auto_batch = true;
    arena_open(&node->build_arena, NODE_BUILD_SIZE_MAX);
    enum err err = log_open(&node->log, options);
    if (err == ERR_OK) err = open_keys(node, error);
    if (err == ERR_OK) err = forked_start(node, &own, error);
    if (err == ERR_OK) err = open_loop(&life, error);
    if (err == ERR_OK) name_chains(node);
    if (err == ERR_OK) err = listen_all(node, error);
    if (err == ERR_OK) err = startup_open(node, error);
    if (err == ERR_OK) err = start_miner(&life, error);
    if (err == ERR_OK) err = announce(&life, error);
    if (err == ERR_OK) {
        (void)uv_run(&node->loop, UV_RUN_DEFAULT);
        if (options->info_file != NULL) (void)unlink(options->info_file);
    } else {
        (void)fprintf(stderr, "lockstep: %s\n", error);
        node->exit_status = 1;
    }
    int exit_status = node->exit_status;
    close_all(&life);
    return exit_status;
}
