#include "backend/crossing_call.h"

#include "backend/overrides.h"
#include "node/crossing.h"
#include "node/network.h"
#include "rollup/precompile.h"
#include "rollup/predeploys.h"

void crossing_set_exits(
    struct execution_options *options,
    address exits[CROSSING_EXITS_MAX],
    const struct node_chain *chain
) {
    options->foreign = exits;
    options->foreign_count = 0;
    if (node_is_parent(chain)) exits[options->foreign_count++] = node_contracts(chain)->hub;
    if (chain->rollup_id == 0) return;
    memcpy(&exits[options->foreign_count], ROLLUP_FOREIGN, sizeof(ROLLUP_FOREIGN));
    options->foreign_count += ROLLUP_FOREIGN_COUNT;
    options->warm = ROLLUP_WARM;
    options->warm_count = ROLLUP_WARM_COUNT;
}

bool crossing_is_precompile(const struct node_chain *chain, const struct evm_message *call) {
    return chain->rollup_id != 0 && precompile_is_called(call);
}

bool crossing_is_exit(const struct node_chain *chain, const struct evm_message *call) {
    bool is_lookup = node_is_parent(chain) && world_is_lookup(call, &node_contracts(chain)->hub);
    if (is_lookup) return chain->node->auto_batch;
    return chain->rollup_id != 0 && address_equal(&call->code_address, &XCALL_ADDRESS) &&
           address_equal(&call->sender, &L2HUB_PREDEPLOY);
}

static enum rpc_status fail_world(struct simulation *simulation) {
    const char *reason;
    enum err err = crossing_reason(&reason, simulation->crossing);
    if (err != ERR_OK) return rpc_fail_err(simulation->request, err);
    return rpc_fail(
        simulation->request, RPC_SERVER_ERROR, "the call across chains cannot be made: %s", reason
    );
}

/* On L1 the transaction follows the batch in the block. */
static enum err
call_on_l1(struct simulation *simulation, struct simulation_run *run, struct crossing *crossing) {
    struct world_tx tx = {.tx = &simulation->tx, .sender = simulation->sender};
    crossing->options.txs = &tx;
    crossing->options.tx_count = simulation->bundle == NULL ? 1 : 0;
    crossing->options.bundle = simulation->bundle;
    crossing->options.tx_options = simulation->options;
    enum err err = world_build(&crossing->result, &crossing->options);
    if (err != ERR_OK || crossing->result.status != WORLD_OK) return err;
    const struct world_tx_result *result = &crossing->result.txs[0];
    run->verdict = result->is_included ? TX_OK : result->verdict;
    if (result->is_included) run->result = crossing->result.block->results[result->index];
    return ERR_OK;
}

/* On a rollup it is the last of the slot block, run inside the batch. */
static enum err call_on_rollup(
    struct simulation *simulation, struct simulation_run *run, struct crossing *crossing
) {
    const struct rollup_scratch scratch = {
        .tx = &simulation->tx,
        .sender = simulation->sender,
        .options = simulation->options,
        .result = &run->result,
        .verdict = &run->verdict,
    };
    crossing->rollups[node_place(simulation->chain) - 1].scratch = &scratch;
    return world_build(&crossing->result, &crossing->options);
}

/* --- overrides ------------------------------------------------------------------------------ */

/* Applies overrides to what a chain has at *root in *base; both are replaced. */
static enum err override_accounts(
    struct arena *arena,
    struct source **base,
    hash32 *root,
    const struct rpc_account_override *accounts,
    size_t count
) {
    struct source_memory *memory = arena_alloc(arena, sizeof(*memory));
    struct state *state = arena_alloc(arena, sizeof(*state));
    if (memory == NULL || state == NULL) return ERR_MEMORY;
    source_memory_open(memory, arena, *base);
    enum err err = state_open(state, arena, &memory->source, root);
    if (err == ERR_OK) err = overrides_apply(state, memory, arena, accounts, count);
    if (err != ERR_OK) return err;
    *base = &memory->source;
    *root = state->root;
    return ERR_OK;
}

/* An override of one slot of a contract of the system's; with is the caller's memory. */
static struct rpc_account_override slot_override(
    struct rpc_slot_override *with, const address *contract, const u256 *slot, const hash32 *value
) {
    with->value = *value;
    u256_store_be(with->key.b, slot);
    return (struct rpc_account_override){.account = *contract, .slots = with, .slot_count = 1};
}

/* The rollup begins at its newest block with what is wanted. A block that is not on its parent yet
 * is not committed to as the one that is open. */
static enum err override_rollup(
    struct crossing *crossing,
    size_t place,
    const struct rpc_account_override *accounts,
    size_t count
) {
    struct world_rollup *rollup = &crossing->rollups[place - 1];
    struct arena *arena = crossing->arena;
    struct rpc_slot_override with;
    enum err err = crossing_settle(crossing, place);
    if (err != ERR_OK) return err;
    const hash32 open = open_block_commitment(&rollup->open);
    const u256 open_slot = u256_from_u64(SYSTEM_OPEN_BLOCK);
    err = override_accounts(arena, &rollup->base, &rollup->head, accounts, count);
    /* The caller's overrides may be of this one, too. */
    const struct rpc_account_override system =
        slot_override(&with, &SYSTEM_PREDEPLOY, &open_slot, &open);
    if (err == ERR_OK) err = override_accounts(arena, &rollup->base, &rollup->head, &system, 1);
    if (err != ERR_OK || rollup->below == NULL) return err;
    /* That block is the anchor of its own rollups. */
    struct crossing_below *below = &crossing->below[place - 1];
    below->parent = crossing->node->chains[place].head;
    below->parent.state_root = rollup->head;
    return header_encode(&below->options.parent_encoded, arena, &below->parent);
}

/* Has a rollup begin with what the caller wants, and each Hub on the way up to L1 have the head
 * that follows. */
static enum err
override_rollups(struct crossing *crossing, size_t place, const struct rpc_simulation *wish) {
    const struct node *node = crossing->node;
    struct rpc_slot_override with;
    struct rpc_account_override hub;
    enum err err = override_rollup(crossing, place, wish->accounts, wish->account_count);
    while (err == ERR_OK) {
        const struct world_rollup *rollup = &crossing->rollups[place - 1];
        const struct node_chain *parent = node_parent(&node->chains[place]);
        const u256 slot = world_head_slot(rollup->rollup_id);
        hub = slot_override(&with, &node_contracts(parent)->hub, &slot, &rollup->head);
        place = node_place(parent);
        if (place == 0) break;
        err = override_rollup(crossing, place, &hub, 1);
    }
    if (err != ERR_OK) return err;
    struct source **base = &crossing->options.parent_base;
    return override_accounts(crossing->arena, base, &crossing->parent.state_root, &hub, 1);
}

/* What the caller wants otherwise holds on the chain that is called. */
static enum err override_chain(struct crossing *crossing, const struct simulation *simulation) {
    const struct rpc_simulation *wish = simulation->description;
    const size_t place = node_place(simulation->chain);
    if (wish->account_count == 0) return ERR_OK;
    if (place != 0) return override_rollups(crossing, place, wish);
    return override_accounts(
        crossing->arena,
        &crossing->options.parent_base,
        &crossing->parent.state_root,
        wish->accounts,
        wish->account_count
    );
}

static bool has_block_overrides(const struct rpc_block_overrides *o) {
    return o->has_number || o->has_time || o->has_gas_limit || o->has_fee_recipient ||
           o->has_prev_randao || o->has_base_fee || o->has_blob_base_fee || o->has_difficulty;
}

enum rpc_status crossing_run(struct simulation *simulation, struct simulation_run *run) {
    struct node_chain *chain = simulation->chain;
    struct node *node = chain->node;
    const struct header *parent = &node_l1(node)->head;
    struct crossing *crossing = arena_alloc(&simulation->arena, sizeof(*crossing));
    if (crossing == NULL) return rpc_fail_err(simulation->request, ERR_MEMORY);
    simulation->crossing = crossing;
    if (simulation->header.number < chain->head.number)
        return rpc_fail(
            simulation->request,
            RPC_UNSUPPORTED,
            "calls across chains can be simulated on the latest block only"
        );
    if (has_block_overrides(&simulation->description->overrides))
        return rpc_fail(
            simulation->request,
            RPC_UNSUPPORTED,
            "calls across chains are simulated in the next block: block overrides are not for them"
        );
    if (rpc_leave(simulation->request)) return RPC_FAILED;
    struct block_attributes attributes = {
        .timestamp = node_next_timestamp(node_l1(node)),
        .gas_limit = node_l1(node)->gas_limit,
        .coinbase = node_l1(node)->rpc.coinbase,
    };
    enum err err = crossing_open(crossing, node, &simulation->arena, parent, &attributes);
    /* A bundle brings its batch along, proof and all. */
    crossing->options.is_simulation = simulation->bundle == NULL || chain->rollup_id != 0;
    crossing->options.no_batch =
        chain->rollup_id == 0 && !node->auto_batch && simulation->bundle == NULL;
    crossing->options.trace = simulation->trace;
    if (err == ERR_OK && simulation->trace != NULL) {
        err = crossing_open_trace(simulation->trace, &simulation->arena, node);
        simulation->trace->wants_logs = true;
    }
    if (simulation->bundle != NULL && chain->rollup_id != 0)
        crossing->below[node_place(chain) - 1].options.bundle = simulation->bundle;
    if (err == ERR_OK) err = override_chain(crossing, simulation);
    if (err == ERR_OK)
        err = chain->rollup_id == 0 ? call_on_l1(simulation, run, crossing)
                                    : call_on_rollup(simulation, run, crossing);
    if (err != ERR_OK) return time_limit_fail(simulation->request, &simulation->limit, err);
    return RPC_OK;
}

const struct world_result *crossing_bundle_result(const struct simulation *simulation) {
    const struct world_result *result = &simulation->crossing->result;
    const struct node_chain *chain = simulation->chain;
    if (simulation->bundle == NULL || chain->rollup_id == 0 || result->status != WORLD_OK)
        return result;
    return result->rollups[node_place(chain) - 1].below;
}

enum rpc_status crossing_call(struct simulation *simulation, struct simulation_run *run) {
    enum rpc_status status = crossing_run(simulation, run);
    if (status != RPC_OK) return status;
    return simulation->crossing->result.status == WORLD_OK ? RPC_OK : fail_world(simulation);
}
