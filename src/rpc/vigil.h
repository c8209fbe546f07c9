/* rpc/vigil.h: stays awake for a client's next request.
 *
 * A process that sleeps has to be woken for each request, which costs far more than most answers
 * do: on a virtual machine tens of microseconds, until a halted core runs again. So after an answer
 * the loop looks at its sockets for another VIGIL_NS before it sleeps, provided that the request
 * just answered came that soon after the last answer. Between looks it offers the core to others. A
 * client that takes longer costs nothing, an idle server sleeps. */
#ifndef RPC_VIGIL_H
#define RPC_VIGIL_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define VIGIL_NS 100000

struct vigil {
    uv_idle_t idle; /* active while awake */
    uint64_t answered_ns;
    uint64_t until_ns;
};

/* The loop must not be closed before on_closed was called, which vigil_close brings about;
 * idle.data is the caller's. */
void vigil_open(struct vigil *vigil, uv_loop_t *loop);
void vigil_close(struct vigil *vigil, uv_close_cb on_closed);

/* To be called around the handling of what a client has sent: vigil_begin returns what vigil_end
 * wants. */
uint64_t vigil_begin(void);
void vigil_end(struct vigil *vigil, uint64_t begun_ns);

#endif
