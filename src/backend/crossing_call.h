/* backend/crossing_call.h: eth_call and its kin when the call leaves its chain: simulated as part
 * of the next L1 block, batch and all, and forgotten. */
#ifndef BACKEND_CROSSING_CALL_H
#define BACKEND_CROSSING_CALL_H

#include "backend/simulation.h"
#include "rollup/predeploys.h"

/* The addresses of a chain at which a call may leave it, or read the parent: the Hub of a parent,
 * the precompiles of a rollup. The options borrow exits. */
#define CROSSING_EXITS_MAX (1 + ROLLUP_FOREIGN_COUNT)
void crossing_set_exits(
    struct execution_options *options,
    address exits[CROSSING_EXITS_MAX],
    const struct node_chain *chain
);

/* Whether the machine's request is one that precompile_answer is for. */
bool crossing_is_precompile(const struct node_chain *chain, const struct evm_message *call);

/* Whether the machine's request is such an exit, and a batch may be assumed. If not, the call is an
 * ordinary one. */
bool crossing_is_exit(const struct node_chain *chain, const struct evm_message *call);

/* crossing_run runs the simulation's transaction in a world of its own, in the simulation's arena,
 * whether it leaves its chain or not. What came of it is in simulation->crossing->result; run is
 * set if that is WORLD_OK. Without automatic batches (lockstep_setAutoBatch) a block of L1 has none
 * here either. RPC_FAILED: an operation failed, or this cannot be simulated. */
enum rpc_status crossing_run(struct simulation *simulation, struct simulation_run *run);

/* What came of the batch that the simulation's transaction brings along, on its chain; without one,
 * of L1's. */
const struct world_result *crossing_bundle_result(const struct simulation *simulation);

/* crossing_call runs the simulation's transaction in a world of its own, in the simulation's arena.
 * RPC_FAILED: it could not be run, with the reason. */
enum rpc_status crossing_call(struct simulation *simulation, struct simulation_run *run);

#endif
