#include "rpc/vigil.h"

#include "core/check.h"

#include <sched.h>

void vigil_open(struct vigil *vigil, uv_loop_t *loop) {
    CHECK(uv_idle_init(loop, &vigil->idle) == 0);
    vigil->answered_ns = 0;
    vigil->until_ns = 0;
}

void vigil_close(struct vigil *vigil, uv_close_cb on_closed) {
    uv_close((uv_handle_t *)&vigil->idle, on_closed);
}

/* An active idle handle keeps the loop from sleeping. */
static void on_idle(uv_idle_t *idle) {
    const struct vigil *vigil = (const struct vigil *)idle;
    if (uv_hrtime() >= vigil->until_ns)
        (void)uv_idle_stop(idle);
    else
        (void)sched_yield();
}

uint64_t vigil_begin(void) {
    return uv_hrtime();
}

void vigil_end(struct vigil *vigil, uint64_t begun_ns) {
    bool is_worthwhile = begun_ns - vigil->answered_ns < VIGIL_NS;
    vigil->answered_ns = uv_hrtime();
    if (!is_worthwhile || uv_is_closing((uv_handle_t *)&vigil->idle)) return;
    vigil->until_ns = vigil->answered_ns + VIGIL_NS;
    (void)uv_idle_start(&vigil->idle, on_idle);
}
