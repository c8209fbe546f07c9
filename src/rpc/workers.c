#include "rpc/workers.h"

#include "core/check.h"
#include "rpc/server_private.h"

#include <stdlib.h>

struct worker {
    struct workers *workers;
    void *replica; /* NULL: not made yet */
    bool has_thread;
    uv_thread_t thread;
    uv_mutex_t mutex; /* over what follows */
    uv_cond_t changed;
    struct exchange *exchange; /* NULL: free */
    bool has_worked;           /* the exchange can be taken back */
    bool is_ending;
};

/* --- the worker's thread ---------------------------------------------------------------------- */

static void work(void *context) {
    struct worker *worker = context;
    const struct rpc_replica_operations *replicas = worker->workers->replicas;
    uv_mutex_lock(&worker->mutex);
    while (!worker->is_ending) {
        struct exchange *exchange = worker->exchange;
        if (exchange == NULL || worker->has_worked) {
            uv_cond_wait(&worker->changed, &worker->mutex);
            continue;
        }
        uv_mutex_unlock(&worker->mutex);
        struct jsonrpc_exchange *rpc = &exchange->rpc;
        jsonrpc_work(rpc, replicas->chain(worker->replica, rpc->call.endpoint->chain));
        uv_mutex_lock(&worker->mutex);
        worker->has_worked = true;
        CHECK(uv_async_send(&worker->workers->done) == 0);
    }
    uv_mutex_unlock(&worker->mutex);
}

/* --- the loop's thread ------------------------------------------------------------------------ */

static struct worker *free_worker(struct workers *workers) {
    for (unsigned i = 0; i < workers->count; i++)
        if (workers->list[i].exchange == NULL) return &workers->list[i];
    return NULL;
}

/* Makes the worker ready to run a call on the chains as they are. */
static enum err prepare(struct worker *worker, char error[RPC_ERROR_SIZE]) {
    struct workers *workers = worker->workers;
    (void)snprintf(error, RPC_ERROR_SIZE, "%s", err_text(ERR_MEMORY));
    if (worker->replica == NULL) worker->replica = workers->replicas->open(workers->context);
    if (worker->replica == NULL) return ERR_MEMORY;
    if (!worker->has_thread && uv_thread_create(&worker->thread, work, worker) != 0)
        return ERR_MEMORY;
    worker->has_thread = true;
    return workers->replicas->refresh(worker->replica, error);
}

static void hand_over(struct worker *worker, struct exchange *exchange) {
    worker->workers->running_count++;
    uv_mutex_lock(&worker->mutex);
    worker->exchange = exchange;
    worker->has_worked = false;
    uv_cond_signal(&worker->changed);
    uv_mutex_unlock(&worker->mutex);
}

/* What the turn has brought goes to the workers that are free. */
static void on_turn(uv_prepare_t *turn) {
    struct workers *workers = turn->data;
    while (workers->first != NULL) {
        struct exchange *exchange = workers->first;
        bool is_wanted = exchange->connection != NULL && !workers->server->is_stopping;
        struct worker *worker = free_worker(workers);
        if (is_wanted && worker == NULL) return;
        workers->first = exchange->next_moved;
        workers->waiting_count--;
        char error[RPC_ERROR_SIZE];
        if (!is_wanted)
            server_unmoved(exchange, RPC_SERVER_ERROR, "the node is stopping");
        else if (prepare(worker, error) != ERR_OK)
            server_unmoved(exchange, RPC_INTERNAL_ERROR, error);
        else
            hand_over(worker, exchange);
    }
}

static struct exchange *take_back(struct worker *worker) {
    struct exchange *exchange = NULL;
    uv_mutex_lock(&worker->mutex);
    if (worker->exchange != NULL && worker->has_worked) {
        exchange = worker->exchange;
        worker->exchange = NULL;
    }
    uv_mutex_unlock(&worker->mutex);
    return exchange;
}

static void on_done(uv_async_t *done) {
    struct workers *workers = done->data;
    for (unsigned i = 0; i < workers->count; i++) {
        struct exchange *exchange = take_back(&workers->list[i]);
        if (exchange == NULL) continue;
        workers->running_count--;
        workers->replicas->rest(workers->list[i].replica);
        server_worked(exchange);
    }
}

void workers_add(struct workers *workers, struct exchange *exchange) {
    exchange->next_moved = NULL;
    if (workers->first == NULL)
        workers->first = exchange;
    else
        workers->last->next_moved = exchange;
    workers->last = exchange;
    workers->waiting_count++;
}

bool workers_are_idle(const struct workers *workers) {
    return workers->first == NULL && workers->running_count == 0;
}

/* --- beginning and end ------------------------------------------------------------------------ */

enum err workers_open(struct workers *workers, struct rpc_server *server, unsigned count) {
    CHECK(count <= RPC_WORKERS_MAX);
    *workers = (struct workers){
        .server = server,
        .replicas = server->options.replicas,
        .context = server->options.replica_context,
    };
    workers->list = calloc(count, sizeof(*workers->list));
    if (workers->list == NULL) return ERR_MEMORY;
    if (uv_prepare_init(server->loop, &workers->turn) != 0 ||
        uv_async_init(server->loop, &workers->done, on_done) != 0) {
        free(workers->list);
        return ERR_IO;
    }
    workers->turn.data = workers;
    workers->done.data = workers;
    (void)uv_prepare_start(&workers->turn, on_turn);
    for (unsigned i = 0; i < count; i++) {
        struct worker *worker = &workers->list[i];
        worker->workers = workers;
        CHECK(uv_mutex_init(&worker->mutex) == 0 && uv_cond_init(&worker->changed) == 0);
    }
    workers->count = count;
    return ERR_OK;
}

void workers_end(struct workers *workers, uv_close_cb on_closed) {
    CHECK(workers_are_idle(workers));
    uv_close((uv_handle_t *)&workers->turn, on_closed);
    uv_close((uv_handle_t *)&workers->done, on_closed);
}

void workers_close(struct workers *workers) {
    for (unsigned i = 0; i < workers->count; i++) {
        struct worker *worker = &workers->list[i];
        uv_mutex_lock(&worker->mutex);
        worker->is_ending = true;
        uv_cond_signal(&worker->changed);
        uv_mutex_unlock(&worker->mutex);
        if (worker->has_thread) CHECK(uv_thread_join(&worker->thread) == 0);
        if (worker->replica != NULL) workers->replicas->close(worker->replica);
        uv_cond_destroy(&worker->changed);
        uv_mutex_destroy(&worker->mutex);
    }
    free(workers->list);
    workers->count = 0;
}
