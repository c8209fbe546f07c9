/* rpc/watch.h: how long a request may run where it runs.
 *
 * On the loop's thread a request that a worker could run (rpc/workers.h) has so many nanoseconds,
 * and as many of the processor's time from then on, which it may not have had on a busy machine.
 * When they are over, or at once if it knows that it will take long (rpc_leave), whatever it has
 * found is forgotten, and a worker runs it from the start. There it runs until it is done or its
 * client is gone.
 *
 * Operations that take long ask rpc_is_over now and then; what they return once it has said so does
 * not matter. */
#ifndef RPC_WATCH_H
#define RPC_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rpc_request;

struct rpc_watch {
    uint64_t limit_ns;         /* 0: as long as it takes */
    uint64_t until_ns;         /* of the monotonic clock */
    uint64_t cpu_until_ns;     /* of the thread's, from until_ns on; 0: not yet */
    _Atomic bool is_cancelled; /* by the loop's thread, while a worker runs it */
    bool is_over;              /* it has been stopped, or is about to be */
};

/* limit_ns: 0 is none. */
void rpc_watch_start(struct rpc_watch *watch, uint64_t limit_ns);

/* Whether the request is to stop. Requests without a watch never are. */
bool rpc_is_over(struct rpc_request *request);

/* rpc_leave says that what follows takes long: true on the loop's thread if a worker can do it, and
 * where rpc_is_over is. */
bool rpc_leave(struct rpc_request *request);

#endif
