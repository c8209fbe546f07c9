/* What only this network has: rollups, proxies, batches. */
#include "backend/backend.h"
#include "backend/batch_files.h"
#include "backend/bundle.h"
#include "backend/foresee.h"
#include "backend/info.h"
#include "backend/message_proof.h"
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
    enum err err = info_of(info, request->arena, chain->node, node_place(chain));
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

static bool is_called(const struct node_chain *chain, bytes name) {
    return strlen(chain->rpc.name) == name.size &&
           memcmp(chain->rpc.name, name.data, name.size) == 0;
}

/* A chain's Hub makes the proxies of its rollups' contracts, its L2Hub those of its parent's and of
 * that one's other rollups'. What is farther away has no proxies here: NULL. */
static const address *
hub_for(const struct node_chain *chain, const struct node_chain *other, uint64_t *rollup_id) {
    const struct node_chain *parent = chain->rollup_id == 0 ? NULL : node_parent(chain);
    const struct node_chain *its_parent = other->rollup_id == 0 ? NULL : node_parent(other);
    *rollup_id = other == parent ? 0 : other->rollup_id;
    if (its_parent == chain) return &node_contracts(chain)->hub;
    return other == parent || its_parent == parent ? &L2HUB_PREDEPLOY : NULL;
}

static enum rpc_status proxy_of_place(
    struct node_chain *chain,
    struct rpc_request *request,
    address *proxy,
    size_t place,
    const address *target
) {
    const struct node *node = chain->node;
    const struct node_chain *other = &node->chains[place];
    uint64_t rollup_id;
    if (other == chain)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "%s is this chain itself: its contracts need no proxies here",
            chain->rpc.name
        );
    const address *hub = hub_for(chain, other, &rollup_id);
    if (hub == NULL) {
        const struct node_chain *via = node_parent(place > node_rollup_count(node) ? other : chain);
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "contracts of %s are reached from %s by way of %s: ask there for the proxy, and here "
            "for the proxy of that",
            other->rpc.name,
            chain->rpc.name,
            via->rpc.name
        );
    }
    proxy_address(proxy, hub, rollup_id, target);
    return RPC_OK;
}

static enum rpc_status proxy_of_named(
    struct node_chain *chain,
    struct rpc_request *request,
    address *proxy,
    bytes name,
    const address *target
) {
    const struct node *node = chain->node;
    for (size_t i = 0; i < node->chain_count; i++)
        if (is_called(&node->chains[i], name))
            return proxy_of_place(chain, request, proxy, i, target);
    return rpc_fail(
        request,
        RPC_INVALID_PARAMS,
        "no chain of this network is called %.*s",
        name.size > 80 ? 80 : (int)name.size,
        (const char *)name.data
    );
}

/* By an id a rollup speaks of its parent's rollups; L1, of its own. */
enum rpc_status backend_proxy_of(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    address *proxy,
    const struct rpc_proxy_query *query
) {
    struct node_chain *chain = backend_chain(rpc);
    struct node *node = chain->node;
    if (query->chain_name.size > 0)
        return proxy_of_named(chain, request, proxy, query->chain_name, &query->target);
    const size_t parent = chain->rollup_id == 0 ? 0 : node_place(node_parent(chain));
    size_t first;
    const size_t count = node_rollups_of(node, &first, parent);
    if (query->rollup_id > count)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "there is no rollup %llu; the last one is %zu",
            (unsigned long long)query->rollup_id,
            count
        );
    const size_t place = query->rollup_id == 0 ? parent : first + (size_t)query->rollup_id - 1;
    return proxy_of_place(chain, request, proxy, place, &query->target);
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

enum rpc_status backend_batch_files(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const hash32 *tx_hash
) {
    return batch_files(backend_chain(rpc), request, out, tx_hash);
}

enum rpc_status backend_message_proof(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_message_query *query
) {
    return message_proof(backend_chain(rpc), request, out, query);
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
