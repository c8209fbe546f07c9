#include "rpc/watch.h"

#include "rpc/backend.h"

#include <time.h>

static uint64_t now_ns(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void rpc_watch_start(struct rpc_watch *watch, uint64_t limit_ns) {
    watch->limit_ns = limit_ns;
    watch->until_ns = limit_ns == 0 ? 0 : now_ns(CLOCK_MONOTONIC) + limit_ns;
    watch->cpu_until_ns = 0;
    watch->is_over = false;
}

/* The thread's own clock costs a system call: it is read only when the other has run out. */
static bool has_run_out(struct rpc_watch *watch) {
    if (watch->limit_ns == 0 || now_ns(CLOCK_MONOTONIC) < watch->until_ns) return false;
    uint64_t cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
    if (watch->cpu_until_ns == 0) watch->cpu_until_ns = cpu_ns + watch->limit_ns - 1;
    return cpu_ns >= watch->cpu_until_ns;
}

bool rpc_is_over(struct rpc_request *request) {
    struct rpc_watch *watch = request->watch;
    if (watch == NULL) return false;
    if (atomic_load_explicit(&watch->is_cancelled, memory_order_relaxed) || has_run_out(watch))
        watch->is_over = true;
    return watch->is_over;
}

bool rpc_leave(struct rpc_request *request) {
    struct rpc_watch *watch = request->watch;
    if (watch != NULL && watch->limit_ns != 0) watch->is_over = true;
    return rpc_is_over(request);
}
