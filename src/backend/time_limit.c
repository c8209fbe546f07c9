#include "backend/time_limit.h"

#include "node/clock.h"
#include "node/remote.h"

#include <stdio.h>

#define DURATION_SIZE 48

static bool must_stop(void *context) {
    const struct time_limit *limit = context;
    if (rpc_is_over(limit->request)) return true;
    uint64_t now_us = clock_monotonic_us();
    if (now_us < limit->deadline_us) return false;
    uint64_t waited_us = remote_waited_us() - limit->waited_us;
    if (waited_us > TIME_LIMIT_WAIT_MAX_US) waited_us = TIME_LIMIT_WAIT_MAX_US;
    return now_us - limit->deadline_us >= waited_us;
}

uint64_t time_limit_of(uint64_t rpc_timeout_ms) {
    return rpc_timeout_ms == 0 ? TIME_LIMIT_NONE : rpc_timeout_ms * 1000;
}

void time_limit_begin(struct time_limit *limit, struct rpc_request *request, uint64_t timeout_us) {
    limit->request = request;
    limit->watch = (struct evm_watch){.must_stop = must_stop, .context = limit};
    limit->timeout_us = timeout_us;
    limit->waited_us = remote_waited_us();
    if (__builtin_add_overflow(clock_monotonic_us(), timeout_us, &limit->deadline_us))
        limit->deadline_us = UINT64_MAX;
}

const struct evm_watch *time_limit_watch(const struct time_limit *limit) {
    bool is_free = limit->timeout_us == TIME_LIMIT_NONE && limit->request->watch == NULL;
    return is_free ? NULL : &limit->watch;
}

/* As Go writes a duration: 250ms, 1.5s, 2m0s. */
static void write_duration(char text[DURATION_SIZE], uint64_t ms) {
    unsigned long long minutes = ms / 60000;
    unsigned seconds = (unsigned)(ms % 60000 / 1000);
    unsigned rest = (unsigned)(ms % 1000);
    if (ms < 1000) {
        (void)snprintf(text, DURATION_SIZE, "%ums", rest);
        return;
    }
    int size = minutes > 0 ? snprintf(text, DURATION_SIZE, "%llum", minutes) : 0;
    size += snprintf(text + size, DURATION_SIZE - (size_t)size, "%u", seconds);
    if (rest > 0) {
        size += snprintf(text + size, DURATION_SIZE - (size_t)size, ".%03u", rest);
        while (text[size - 1] == '0')
            size--;
    }
    (void)snprintf(text + size, DURATION_SIZE - (size_t)size, "s");
}

enum rpc_status
time_limit_fail(struct rpc_request *request, const struct time_limit *limit, enum err err) {
    char duration[DURATION_SIZE];
    if (err != ERR_TIMEOUT) return rpc_fail_err(request, err);
    if (limit->is_trace) return rpc_fail(request, RPC_SERVER_ERROR, "execution timeout");
    write_duration(duration, limit->timeout_us / 1000);
    return rpc_fail(request, RPC_SERVER_ERROR, "execution aborted (timeout = %s)", duration);
}
