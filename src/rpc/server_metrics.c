/* GET /metrics: what the server knows of itself. */
#include "rpc/methods.h"
#include "rpc/server_private.h"

#include <stdio.h>

#define LABELS_SIZE 160

static void write_requests(
    struct json_writer *out, const struct rpc_server *server, const char *name, int what
) {
    size_t count;
    const struct rpc_method *methods = method_table(&count);
    char labels[LABELS_SIZE];
    for (const struct endpoint *e = server->endpoints; e != NULL; e = e->next) {
        for (size_t i = 0; i <= count && e->rpc.stats != NULL; i++) {
            const struct rpc_method_stats *stats = &e->rpc.stats[i];
            uint64_t requests = metrics_count(&stats->duration);
            if (requests == 0) continue;
            (void)snprintf(
                labels,
                sizeof(labels),
                "chain=\"%s\",method=\"%s\"",
                e->rpc.chain->name,
                i == count ? "unknown" : methods[i].name
            );
            if (what == 0)
                metrics_sample(out, name, labels, requests);
            else if (what == 1)
                metrics_sample(out, name, labels, metrics_read(&stats->error_count));
            else
                metrics_histogram(out, name, labels, &stats->duration);
        }
    }
}

static void write_methods(struct json_writer *out, const struct rpc_server *server) {
    static const char requests[] = "lockstep_rpc_requests_total";
    static const char errors[] = "lockstep_rpc_errors_total";
    static const char duration[] = "lockstep_rpc_duration_seconds";
    metrics_family(out, requests, METRICS_COUNTER, "Calls of a JSON-RPC method.");
    write_requests(out, server, requests, 0);
    metrics_family(out, errors, METRICS_COUNTER, "Calls that were answered with an error.");
    write_requests(out, server, errors, 1);
    metrics_family(
        out, duration, METRICS_HISTOGRAM, "Time from a call to its answer, waiting included."
    );
    write_requests(out, server, duration, 2);
}

static void write_connections(struct json_writer *out, const struct rpc_server *server) {
    uint64_t websockets = 0;
    uint64_t subscriptions = 0;
    uint64_t waiting = 0;
    for (const struct connection *c = server->connections; c != NULL; c = c->next) {
        websockets += c->websocket != NULL;
        subscriptions += c->session.count;
    }
    for (const struct exchange *e = server->waiting; e != NULL; e = e->next)
        waiting++;
    static const char connections[] = "lockstep_rpc_connections";
    metrics_family(out, connections, METRICS_GAUGE, "Open connections.");
    metrics_sample(out, connections, "transport=\"http\"", server->connection_count - websockets);
    metrics_sample(out, connections, "transport=\"websocket\"", websockets);
    metrics_family(
        out, "lockstep_rpc_connections_total", METRICS_COUNTER, "Connections that were made."
    );
    metrics_sample(out, "lockstep_rpc_connections_total", NULL, server->accepted_count);
    metrics_family(
        out,
        "lockstep_rpc_connections_refused_total",
        METRICS_COUNTER,
        "Connections refused because there were too many."
    );
    metrics_sample(out, "lockstep_rpc_connections_refused_total", NULL, server->refused_count);
    metrics_family(
        out, "lockstep_rpc_subscriptions", METRICS_GAUGE, "Subscriptions (eth_subscribe)."
    );
    metrics_sample(out, "lockstep_rpc_subscriptions", NULL, subscriptions);
    metrics_family(
        out, "lockstep_rpc_waiting", METRICS_GAUGE, "Requests that wait for a block or a backend."
    );
    metrics_sample(out, "lockstep_rpc_waiting", NULL, waiting);
}

void server_write_metrics(struct rpc_server *server, struct json_writer *out) {
    server->options.write_metrics(server->options.metrics_context, out);
    write_connections(out, server);
    write_methods(out, server);
}
