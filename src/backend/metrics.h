/* backend/metrics.h: the network in numbers, for Prometheus: docs/metrics.md lists them. */
#ifndef BACKEND_METRICS_H
#define BACKEND_METRICS_H

#include "rpc/metrics.h"

/* For rpc_server_options: context is the struct node. */
void metrics_write(void *context, struct json_writer *out);

#endif
