#include "backend/foresee.h"

#include "backend/batch_json.h"
#include "backend/crossing_call.h"
#include "backend/failure.h"
#include "backend/trace_json.h"
#include "node/crossing.h"

/* The last call of the run that had no fact, or NULL. */
static const struct fact *missing_of(const struct simulation *simulation) {
    const struct world_result *result = &simulation->crossing->result;
    if (result->status == WORLD_BATCH_REVERTED)
        return result->missing.verdict == STEP_OK ? NULL : &result->missing;
    if (result->status != WORLD_OK) return NULL;
    if (simulation->chain->rollup_id == 0 && result->txs[0].had_missing_entry)
        return &result->txs[0].missing;
    for (size_t i = 0; i < simulation->crossing->options.rollup_count; i++) {
        const struct world_result *below = result->rollups[i].below;
        if (below != NULL && below->missing.verdict != STEP_OK) return &below->missing;
    }
    return NULL;
}

/* *has_failed is false if nothing went wrong. */
static enum rpc_status find_failure(
    struct simulation *simulation,
    struct failure *failure,
    bool *has_failed,
    const struct simulation_run *run
) {
    const struct world_result *result = &simulation->crossing->result;
    const struct fact *missing = missing_of(simulation);
    const struct world_frame *root =
        world_trace_newest_tx(simulation->trace, node_place(simulation->chain));
    enum err err = ERR_OK;
    *has_failed = true;
    *failure = (struct failure){.chain = node_place(simulation->chain)};
    if (result->status != WORLD_OK) {
        failure->kind = FAILURE_NOT_BUILT;
        if (missing != NULL)
            failure_of_missing(failure, simulation->chain->node, result->reason_parent, missing);
        else
            err = crossing_reason(&failure->reason, simulation->crossing);
        return err == ERR_OK ? RPC_OK : rpc_fail_err(simulation->request, err);
    }
    if (run->verdict != TX_OK) {
        failure->kind = FAILURE_REFUSED;
        return simulation_verdict(simulation, &failure->reason, run->verdict);
    }
    *has_failed = !run->result.is_success;
    if (!*has_failed) return RPC_OK;
    const struct node *node = simulation->chain->node;
    err = root == NULL ? ERR_CORRUPT
                       : failure_of_frame(failure, simulation->request->arena, node, root, missing);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(simulation->request, err);
}

enum rpc_status foresee_write(
    struct simulation *simulation, struct json_writer *out, const struct simulation_run *run
) {
    const struct world_result *result = &simulation->crossing->result;
    const struct node *node = simulation->chain->node;
    bool has_run = result->status == WORLD_OK && run->verdict == TX_OK;
    struct failure failure;
    bool has_failed;
    if (simulation->trace->failed) return rpc_fail_err(simulation->request, ERR_MEMORY);
    enum rpc_status status = find_failure(simulation, &failure, &has_failed, run);
    if (status != RPC_OK) return status;
    json_member_quantity_u64(out, "status", has_failed ? 0 : 1);
    if (has_run) {
        json_member_quantity_u64(out, "gasUsed", run->result.gas_used);
        json_member_data(out, "output", run->result.output);
    }
    json_key(out, "failure");
    if (has_failed)
        failure_write(out, node, &failure);
    else
        json_null(out);
    enum err err = batch_json_members(
        out, simulation->request->arena, &crossing_bundle_result(simulation)->batch
    );
    json_key(out, "frame");
    struct world_frame *root =
        world_trace_newest_tx(simulation->trace, node_place(simulation->chain));
    if (root == NULL)
        json_null(out);
    else
        trace_json_frame(out, node, root);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(simulation->request, err);
}

enum rpc_status foresee(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_simulation *description
) {
    struct simulation simulation;
    struct simulation_run run = {.verdict = TX_OK};
    struct world_trace trace;
    bool is_found;
    enum rpc_status status = simulation_open(&simulation, chain, request, &is_found, description);
    if (status != RPC_OK) return status;
    if (!is_found) return rpc_fail(request, RPC_SERVER_ERROR, "header not found");
    simulation.trace = &trace;
    simulation.tx.gas_limit = simulation.gas;
    status = crossing_run(&simulation, &run);
    if (status == RPC_OK) {
        json_object_begin(out);
        status = foresee_write(&simulation, out, &run);
        json_object_end(out);
    }
    simulation_close(&simulation);
    return status;
}
