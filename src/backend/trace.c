#include "backend/backend.h"
#include "backend/crossing_trace.h"
#include "backend/debug_trace.h"

enum rpc_status backend_trace_transaction(
    struct rpc_chain *rpc, struct rpc_request *request, struct json_writer *out, const hash32 *hash
) {
    return crossing_trace(backend_chain(rpc), request, out, hash);
}

enum rpc_status backend_debug_trace(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_trace *trace
) {
    return debug_trace(backend_chain(rpc), request, out, trace);
}
