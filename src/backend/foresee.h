/* backend/foresee.h: lockstep_simulate: what a transaction would do on all chains if it were sent
 * now, the batch that its block would get, and why it would fail. */
#ifndef BACKEND_FORESEE_H
#define BACKEND_FORESEE_H

#include "rpc/backend.h"

struct node_chain;
struct simulation;
struct simulation_run;

enum rpc_status foresee(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_simulation *description
);

/* The members that tell what came of a run across chains: status, gasUsed, output, failure,
 * updates, entries, frame. The simulation's trace recorded it. */
enum rpc_status foresee_write(
    struct simulation *simulation, struct json_writer *out, const struct simulation_run *run
);

#endif
