/* eth_sendBundle and what became of what was sent: node/bundles.h as JSON-RPC has it. */
#include "backend/backend.h"
#include "chain/header.h"
#include "core/check.h"

struct bundle_wait {
    struct miner_wait *wait;
    hash32 hash;
};

enum rpc_status backend_check_bundles(const struct node_chain *chain, struct rpc_request *request) {
    struct node *node = chain->node;
    if (chain->rollup_id == 0) return RPC_OK;
    return rpc_fail(
        request,
        RPC_UNSUPPORTED,
        "bundles are sent on %s: ask its endpoint, %s",
        node_l1(node)->rpc.name,
        node_l1(node)->url
    );
}

/* Which block, and that there is something for it. */
static enum rpc_status check_wish(
    const struct node_chain *chain, struct rpc_request *request, const struct rpc_sent_bundle *sent
) {
    const unsigned long long next = chain->head.number + 1;
    if (sent->tx_count == 0)
        return rpc_fail(request, RPC_INVALID_PARAMS, "a bundle has one transaction at least");
    if (sent->tx_count > BUNDLE_TXS_MAX)
        return rpc_fail(
            request, RPC_INVALID_PARAMS, "a bundle may have %u transactions at most", BUNDLE_TXS_MAX
        );
    if (sent->min_timestamp > sent->max_timestamp)
        return rpc_fail(request, RPC_INVALID_PARAMS, "minTimestamp is above maxTimestamp");
    if (sent->has_number && sent->number < next)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "block %llu is there already: the next one is %llu",
            (unsigned long long)sent->number,
            next
        );
    if (sent->has_number && sent->number - next >= BUNDLE_AHEAD_MAX)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "block %llu is too far ahead: the next one is %llu, and a bundle may wait for %u",
            (unsigned long long)sent->number,
            next,
            BUNDLE_AHEAD_MAX
        );
    return RPC_OK;
}

static enum rpc_status mark_reverting(
    struct rpc_request *request,
    bool *may_revert,
    const struct pool_tx *txs,
    const struct rpc_sent_bundle *sent
) {
    for (size_t i = 0; i < sent->reverting_count; i++) {
        bool is_known = false;
        for (size_t j = 0; j < sent->tx_count; j++) {
            if (!hash32_equal(&sent->reverting[i], &txs[j].hash)) continue;
            may_revert[j] = true;
            is_known = true;
        }
        if (!is_known)
            return rpc_fail(
                request,
                RPC_INVALID_PARAMS,
                "revertingTxHashes: number %zu is none of the bundle's transactions",
                i
            );
    }
    return RPC_OK;
}

static enum rpc_status
add(struct node_chain *chain,
    struct rpc_request *request,
    hash32 *hash,
    const struct rpc_sent_bundle *sent) {
    struct pool_tx *txs = arena_alloc_array(request->arena, sent->tx_count, sizeof(*txs));
    bool *may_revert = arena_alloc_zero(request->arena, sent->tx_count);
    if (txs == NULL || may_revert == NULL) return rpc_fail_err(request, ERR_MEMORY);
    enum rpc_status status = backend_read_raws(chain, request, txs, sent->txs, sent->tx_count);
    if (status == RPC_OK) status = mark_reverting(request, may_revert, txs, sent);
    if (status != RPC_OK) return status;
    const struct bundle_offer offer = {
        .txs = txs,
        .may_revert = may_revert,
        .tx_count = sent->tx_count,
        .number = sent->has_number ? sent->number : chain->head.number + 1,
        .min_timestamp = sent->min_timestamp,
        .max_timestamp = sent->max_timestamp,
    };
    struct miner *miner = &chain->node->miner;
    struct miner_wait *wait = NULL;
    enum err err = bundles_add(&chain->node->bundles, hash, &offer);
    if (err == ERR_LIMIT)
        return rpc_fail(
            request,
            RPC_SERVER_ERROR,
            "there is no room for more bundles: %zu wait, and %u may, with %zu bytes together",
            chain->node->bundles.count,
            BUNDLES_MAX,
            BUNDLES_SIZE_MAX
        );
    if (err == ERR_OK) err = miner_wait_bundle(miner, &wait, request, hash, offer.number);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (wait == NULL) return RPC_OK;
    struct bundle_wait *state = arena_alloc(request->arena, sizeof(*state));
    if (state == NULL) return rpc_fail_err(request, ERR_MEMORY);
    *state = (struct bundle_wait){.wait = wait, .hash = *hash};
    request->wait_state = state;
    return RPC_WAIT;
}

enum rpc_status backend_send_bundle(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    hash32 *hash,
    const struct rpc_sent_bundle *sent
) {
    struct node_chain *chain = backend_chain(rpc);
    const struct bundle_wait *state = request->wait_state;
    if (state != NULL) {
        *hash = state->hash;
        return state->wait->is_over ? miner_result(state->wait) : RPC_WAIT;
    }
    enum rpc_status status = backend_check_bundles(chain, request);
    if (status == RPC_OK) status = check_wish(chain, request, sent);
    return status == RPC_OK ? add(chain, request, hash, sent) : status;
}

/* Its block may be gone since (anvil_reorg). */
static enum err
describe(struct node_chain *chain, struct rpc_bundle_state *state, const struct bundle_fate *fate) {
    struct header header;
    *state = (struct rpc_bundle_state){.number = fate->number, .reason = fate->reason};
    if (!fate->is_included) return ERR_OK;
    state->reason = "the chain has left the block that it was in";
    if (fate->number > chain->head.number) return ERR_OK;
    enum err err = node_chain_read_header(chain, &header, NULL, fate->number);
    if (err != ERR_OK) return err;
    const hash32 hash = header_hash(&header);
    state->is_included = hash32_equal(&hash, &fate->block_hash);
    return ERR_OK;
}

enum rpc_status backend_bundle_states(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    const struct rpc_bundle_state **states,
    size_t *count,
    const hash32 *hash
) {
    struct node_chain *chain = backend_chain(rpc);
    const struct bundles *bundles = &chain->node->bundles;
    enum rpc_status status = backend_check_bundles(chain, request);
    if (status != RPC_OK) return status;
    struct rpc_bundle_state *list =
        arena_alloc_array(request->arena, bundles->fate_count + bundles->count, sizeof(*list));
    if (list == NULL) return rpc_fail_err(request, ERR_MEMORY);
    size_t found = 0;
    for (size_t i = bundles->fate_count; i-- > 0;) {
        const struct bundle_fate *fate = bundles_fate_at(bundles, i);
        CHECK(fate != NULL);
        if (!hash32_equal(&fate->hash, hash)) continue;
        enum err err = describe(chain, &list[found++], fate);
        if (err != ERR_OK) return rpc_fail_err(request, err);
    }
    for (const struct bundle *b = bundles->first; b != NULL; b = b->next)
        if (hash32_equal(&b->hash, hash))
            list[found++] =
                (struct rpc_bundle_state){.number = b->offer.number, .is_waiting = true};
    *states = list;
    *count = found;
    return RPC_OK;
}
