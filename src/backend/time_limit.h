/* backend/time_limit.h: how long a request may have the machine run. Contracts are run by whoever
 * may ask, and gas is no measure of time; so calls and traces are stopped when their time is over
 * (--rpc-timeout, and the timeout option of debug_trace…). What a fork waits for its remote does
 * not count, up to TIME_LIMIT_WAIT_MAX_US: with cold caches that may be most of it. */
#ifndef BACKEND_TIME_LIMIT_H
#define BACKEND_TIME_LIMIT_H

#include "evm/evm.h"
#include "rpc/backend.h"

struct time_limit {
    struct evm_watch watch;      /* for execution_options.watch */
    struct rpc_request *request; /* which may be over before */
    uint64_t deadline_us;        /* of clock_monotonic_us */
    uint64_t timeout_us;
    uint64_t waited_us; /* remote_waited_us at the beginning */
    bool is_trace;      /* geth has other words for these */
};

#define TIME_LIMIT_NONE        UINT64_MAX
#define TIME_LIMIT_WAIT_MAX_US 60000000

/* What --rpc-timeout says, in microseconds. */
uint64_t time_limit_of(uint64_t rpc_timeout_ms);

/* time_limit_begin: the time begins now, for this request. The limit must stay where it is. */
void time_limit_begin(struct time_limit *limit, struct rpc_request *request, uint64_t timeout_us);

/* For execution_options.watch: NULL if there is no limit, and nobody else who could end it. */
const struct evm_watch *time_limit_watch(const struct time_limit *limit);

/* time_limit_fail is rpc_fail_err, but for ERR_TIMEOUT, which has geth's words. */
enum rpc_status
time_limit_fail(struct rpc_request *request, const struct time_limit *limit, enum err err);

#endif
