/* What only this network has: rollups, proxies, batches. */
#include "backend/backend.h"
#include "backend/bundle.h"
#include "backend/foresee.h"
#include "backend/info.h"
#include "backend/posted.h"
#include "node/hub_view.h"

#include "rollup/predeploys.h"
#include "rollup/proxy.h"

enum rpc_status
backend_set_auto_batch(struct rpc_chain *rpc, struct rpc_request *request, bool is_on) {
    (void)request;
    backend_chain(rpc)->node->auto_batch = is_on;
    return RPC_OK;
}

enum rpc_status backend_network_info(
    struct rpc_chain *rpc, struct rpc_request *request, const struct rpc_network_info **info
) {
    struct node_chain *chain = backend_chain(rpc);
    enum err err = info_of(info, request->arena, chain->node, chain->rollup_id);
    return err == ERR_OK ? RPC_OK : rpc_fail_err(request, err);
}

enum rpc_status backend_set_attester(
    struct rpc_chain *rpc, struct rpc_request *request, uint64_t index, bool is_up
) {
    struct node *node = backend_chain(rpc)->node;
    bool has_any = false;
    for (size_t i = 1; i < node->chain_count; i++)
        has_any |= node->options->chains[i].proof == NODE_PROOF_K_OF_N;
    if (!has_any)
        return rpc_fail(
            request, RPC_INVALID_PARAMS, "no rollup of this network has attesters (--proof k-of-n)"
        );
    if (index >= DEPLOY_ATTESTERS)
        return rpc_fail(
            request, RPC_INVALID_PARAMS, "there are %u attesters, from 0 on", DEPLOY_ATTESTERS
        );
    unsigned bit = 1u << index;
    node->attesters_down = is_up ? node->attesters_down & ~bit : node->attesters_down | bit;
    return RPC_OK;
}

/* On L1 the Hub makes the proxies, on a rollup its L2Hub. */
enum rpc_status backend_proxy_of(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    address *proxy,
    uint64_t rollup_id,
    const address *target
) {
    struct node_chain *chain = backend_chain(rpc);
    struct node *node = chain->node;
    if (rollup_id >= node->chain_count)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "there is no rollup %llu; the last one is %zu",
            (unsigned long long)rollup_id,
            node->chain_count - 1
        );
    if (rollup_id == chain->rollup_id)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "%s is this chain itself: its contracts need no proxies here",
            chain->rpc.name
        );
    const address *hub = chain->rollup_id == 0 ? &node->contracts.hub : &L2HUB_PREDEPLOY;
    proxy_address(proxy, hub, rollup_id, target);
    return RPC_OK;
}

enum rpc_status backend_posted_batches(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_block_id *where
) {
    return posted_batches(backend_chain(rpc), request, out, where);
}

enum rpc_status backend_posted_entries(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_block_id *where
) {
    return posted_entries(backend_chain(rpc), request, out, where);
}

enum rpc_status backend_foresee(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_simulation *description
) {
    return foresee(backend_chain(rpc), request, out, description);
}

enum rpc_status backend_prepare_bundle(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_bundle *bundle
) {
    return bundle_prepare(backend_chain(rpc), request, out, bundle);
}
