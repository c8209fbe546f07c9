/* tests/equivalence/worlds.h: the two worlds a graph runs in, and what is compared.
 *
 * spread: an L1 with the Hub and rollups, the accounts distributed over them, blocks built by
 *         world/world.h, every batch checked by verify/verify.h before it is signed.
 * single: one ordinary chain with all accounts, called directly.
 *
 * Both are opened once; every graph starts from there and leaves nothing. */
#ifndef EQUIVALENCE_WORLDS_H
#define EQUIVALENCE_WORLDS_H

#include "graph.h"
#include "world/world.h"

enum run_status {
    RUN_EQUAL,
    RUN_DIFFERENT,
    RUN_SHORT_OF_GAS, /* the spread one ran out of gas and said so: gas may differ (section 11) */
    RUN_UNSUPPORTED,  /* needs what is not built yet; the reason says what */
};

struct run_report {
    enum run_status status;
    char reason[512];
    size_t crossings; /* calls between chains: entries and trace lines of the batch */
    unsigned pass_count;
};

/* worlds_open makes both; node_code is the runtime code of Node.sol, borrowed. */
void worlds_open(struct arena *arena, bytes node_code);

void worlds_run(struct run_report *report, const struct graph *graph);

/* The code that worlds_open takes, from a file of hexadecimal digits; exits if there is none. */
bytes worlds_read_code(struct arena *arena, const char *path);

/* worlds_build builds the block of the spread world alone, and shows what came of it; the status is
 * RUN_EQUAL then. */
typedef void worlds_watch(
    void *context,
    const struct graph *graph,
    const struct world_options *options,
    const struct world_result *result
);
void worlds_build(
    struct run_report *report, const struct graph *graph, void *context, worlds_watch *shows
);

#endif
