#include "backend/bundle.h"

#include "backend/crossing_call.h"
#include "backend/foresee.h"
#include "crypto/keccak.h"
#include "node/crossing.h"
#include "node/network.h"
#include "rollup/proxy.h"

/* A call as the Bundler makes it. */
struct bundle_call {
    address target;
    u256 value;
    bytes data;
};

struct bundling {
    struct node_chain *chain;
    struct rpc_request *request;
    struct rpc_simulation description; /* with what was left out filled in */
    struct bundle_call *calls;
    size_t call_count;
    const struct tx *tx; /* without its data */
    struct tx *scratch;  /* on a rollup: what runs there, whose data this makes; else NULL */
    struct world_bundle world;
    struct world_trace trace;
};

/* --- the calls -------------------------------------------------------------------------------- */

static enum err
add_create_proxy(struct bundling *bundle, uint64_t rollup_id, const address *target) {
    struct abi_writer w;
    struct bundle_call *call = &bundle->calls[bundle->call_count++];
    *call = (struct bundle_call){.target = node_contracts(bundle->chain)->hub};
    abi_writer_open(&w, bundle->request->arena);
    abi_write_selector(&w, "createProxy(uint64,address)");
    abi_write_u64(&w, rollup_id);
    abi_write_address(&w, target);
    return abi_finish(&w, &call->data);
}

/* Whether an earlier call of the bundle is to the same proxy, which then is there. */
static bool is_known(const struct bundling *bundle, const address *proxy) {
    for (size_t i = 0; i < bundle->call_count; i++)
        if (address_equal(&bundle->calls[i].target, proxy)) return true;
    return false;
}

static enum rpc_status
add_call(struct bundling *bundle, struct state *state, const struct rpc_bundle_call *wish) {
    const struct node *node = bundle->chain->node;
    struct bundle_call call = {.target = wish->target, .value = wish->value, .data = wish->data};
    if (wish->has_rollup) {
        struct account account;
        bool exists;
        size_t first;
        const size_t count = node_rollups_of(node, &first, node_place(bundle->chain));
        const address *hub = &node_contracts(bundle->chain)->hub;
        if (wish->rollup_id == 0 || wish->rollup_id > count)
            return rpc_fail(
                bundle->request,
                RPC_INVALID_PARAMS,
                "there is no rollup %llu; the last one is %zu",
                (unsigned long long)wish->rollup_id,
                count
            );
        proxy_address(&call.target, hub, wish->rollup_id, &wish->target);
        enum err err = state_get_account(state, &call.target, &account, &exists);
        bool has_code = exists && !hash32_equal(&account.code_hash, &KECCAK_EMPTY);
        if (err == ERR_OK && !has_code && !is_known(bundle, &call.target))
            err = add_create_proxy(bundle, wish->rollup_id, &wish->target);
        if (err != ERR_OK) return rpc_fail_err(bundle->request, err);
    }
    bundle->calls[bundle->call_count++] = call;
    return RPC_OK;
}

/* bundle(bytes post, (address target, uint256 value, bytes data)[] calls) */
static enum err
encode_bundle(bytes *data, struct arena *arena, const struct bundling *bundle, bytes post) {
    struct abi_writer w;
    size_t *offsets = arena_alloc_array(arena, bundle->call_count, sizeof(*offsets));
    if (offsets == NULL) return ERR_MEMORY;
    abi_writer_open(&w, arena);
    abi_write_selector(&w, "bundle(bytes,(address,uint256,bytes)[])");
    size_t post_offset = abi_write_offset(&w);
    size_t calls_offset = abi_write_offset(&w);
    abi_begin_tail(&w, post_offset, ABI_SELECTOR);
    abi_write_bytes(&w, post);
    abi_begin_tail(&w, calls_offset, ABI_SELECTOR);
    abi_write_u64(&w, bundle->call_count);
    size_t first = w.size;
    for (size_t i = 0; i < bundle->call_count; i++)
        offsets[i] = abi_write_offset(&w);
    for (size_t i = 0; i < bundle->call_count; i++) {
        const struct bundle_call *call = &bundle->calls[i];
        abi_begin_tail(&w, offsets[i], first);
        size_t start = w.size;
        abi_write_address(&w, &call->target);
        abi_write_u256(&w, &call->value);
        size_t data_offset = abi_write_offset(&w);
        abi_begin_tail(&w, data_offset, start);
        abi_write_bytes(&w, call->data);
    }
    return abi_finish(&w, data);
}

/* struct world_bundle */
static enum err make_tx(void *context, struct arena *arena, struct tx *tx, bytes post) {
    const struct bundling *bundle = context;
    *tx = *bundle->tx;
    enum err err = encode_bundle(&tx->data, arena, bundle, post);
    if (err == ERR_OK && bundle->scratch != NULL) bundle->scratch->data = tx->data;
    return err;
}

/* --- the request ------------------------------------------------------------------------------ */

/* Who calls whom with how much: the Bundler, unless the sender has its code himself, is given the
 * ether of all calls. */
static enum rpc_status complete(struct bundling *bundle) {
    struct rpc_call_arguments *arguments = &bundle->description.arguments;
    if (!arguments->has_to) arguments->to = node_contracts(bundle->chain)->bundler;
    arguments->has_to = true;
    if (arguments->data.size > 0)
        return rpc_fail(
            bundle->request,
            RPC_INVALID_PARAMS,
            "the transaction's data is what this method makes: leave it out"
        );
    if (arguments->has_gas && arguments->gas > TX_GAS_LIMIT_MAX)
        return rpc_fail(
            bundle->request,
            RPC_INVALID_PARAMS,
            "a transaction may have %llu gas at most",
            (unsigned long long)TX_GAS_LIMIT_MAX
        );
    if (!arguments->has_gas) arguments->gas = TX_GAS_LIMIT_MAX;
    arguments->has_gas = true;
    bool is_own_code = address_equal(&arguments->to, &arguments->from);
    if (is_own_code || !u256_is_zero(&arguments->value)) return RPC_OK;
    for (size_t i = 0; i < bundle->call_count; i++)
        arguments->value = u256_add(&arguments->value, &bundle->calls[i].value);
    return RPC_OK;
}

static void write_transaction(
    struct json_writer *out, const struct bundling *bundle, bytes data, const struct tx *tx
) {
    const struct rpc_call_arguments *arguments = &bundle->description.arguments;
    json_object_begin(out);
    json_member_address(out, "from", &arguments->from);
    json_member_address(out, "to", &tx->to);
    json_member_quantity(out, "value", &tx->value);
    json_member_quantity_u64(out, "gas", tx->gas_limit);
    json_member_quantity_u64(out, "chainId", tx->chain_id);
    json_member_data(out, "data", data);
    json_object_end(out);
}

static enum rpc_status write_answer(
    struct json_writer *out,
    const struct bundling *bundle,
    struct simulation *simulation,
    const struct simulation_run *run
) {
    const struct world_result *result = &simulation->crossing->result;
    bool is_good = result->status == WORLD_OK && run->verdict == TX_OK && run->result.is_success;
    bytes data = BYTES_EMPTY;
    bytes post = BYTES_EMPTY;
    enum err err = ERR_OK;
    if (is_good) post = crossing_bundle_result(simulation)->bundle_post;
    if (is_good) err = encode_bundle(&data, bundle->request->arena, bundle, post);
    if (err != ERR_OK) return rpc_fail_err(bundle->request, err);
    json_object_begin(out);
    json_key(out, "transaction");
    if (is_good)
        write_transaction(out, bundle, data, &simulation->tx);
    else
        json_null(out);
    json_key(out, "post");
    if (is_good)
        json_data(out, post);
    else
        json_null(out);
    enum rpc_status status = foresee_write(simulation, out, run);
    json_object_end(out);
    return status;
}

static enum rpc_status
prepare(struct bundling *bundle, struct json_writer *out, struct simulation *simulation) {
    struct simulation_run run = {.verdict = TX_OK};
    bundle->world =
        (struct world_bundle){.context = bundle, .sender = simulation->sender, .make = make_tx};
    simulation->trace = &bundle->trace;
    simulation->bundle = &bundle->world;
    simulation->tx.gas_limit = simulation->gas;
    bundle->tx = &simulation->tx;
    if (bundle->chain->rollup_id != 0) bundle->scratch = &simulation->tx;
    enum rpc_status status = crossing_run(simulation, &run);
    return status == RPC_OK ? write_answer(out, bundle, simulation, &run) : status;
}

enum rpc_status bundle_prepare(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_bundle *wish
) {
    struct bundling bundle = {.chain = chain, .request = request, .description = wish->simulation};
    struct simulation simulation;
    bool is_found;
    if (!node_is_parent(chain))
        return rpc_fail(
            request,
            RPC_UNSUPPORTED,
            "%s has no rollups: bundles are sent on %s, at %s",
            chain->rpc.name,
            node_parent(chain)->rpc.name,
            node_parent(chain)->url
        );
    if (wish->call_count > BUNDLE_CALLS_MAX)
        return rpc_fail(
            request, RPC_INVALID_PARAMS, "a bundle may have %d calls at most", BUNDLE_CALLS_MAX
        );
    /* Each may need its proxy made. */
    bundle.calls = arena_alloc_array(request->arena, 2 * wish->call_count, sizeof(*bundle.calls));
    if (bundle.calls == NULL) return rpc_fail_err(request, ERR_MEMORY);
    for (size_t i = 0; i < wish->call_count; i++) {
        enum rpc_status status = add_call(&bundle, &chain->state, &wish->calls[i]);
        if (status != RPC_OK) return status;
    }
    enum rpc_status status = complete(&bundle);
    if (status == RPC_OK)
        status = simulation_open(&simulation, chain, request, &is_found, &bundle.description);
    if (status != RPC_OK) return status;
    if (!is_found) return rpc_fail(request, RPC_SERVER_ERROR, "header not found");
    status = prepare(&bundle, out, &simulation);
    simulation_close(&simulation);
    return status;
}
