#include "rpc/watch.h"

#include "rpc/backend.h"

#include <time.h>

static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void rpc_watch_start(struct rpc_watch *watch, uint64_t limit_ns) {
    watch->until_ns = limit_ns == 0 ? 0 : now_ns() + limit_ns;
    watch->is_over = false;
}

bool rpc_is_over(struct rpc_request *request) {
    struct rpc_watch *watch = request->watch;
    if (watch == NULL) return false;
    if (atomic_load_explicit(&watch->is_cancelled, memory_order_relaxed) ||
        (watch->until_ns != 0 && now_ns() >= watch->until_ns))
        watch->is_over = true;
    return watch->is_over;
}

bool rpc_leave(struct rpc_request *request) {
    struct rpc_watch *watch = request->watch;
    if (watch != NULL && watch->until_ns != 0) watch->is_over = true;
    return rpc_is_over(request);
}
