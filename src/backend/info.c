#include "backend/info.h"

#include "node/dev_genesis.h"
#include "node/hub_view.h"
#include "node/version.h"
#include "rollup/ledger.h"
#include "rollup/predeploys.h"

/* What each proof system asks one to believe, by enum node_proof. */
static const struct trust {
    const char *system;
    const char *text;
} trusts[] = {
    [NODE_PROOF_ATTESTATION] =
        {"Attestation",
         "1-of-1 by this process: development only, trust this node; whoever holds its attester "
         "key can prove anything"},
    [NODE_PROOF_OWNER] =
        {"Owner",
         "the word of its owner, this node's builder: whoever holds that key can prove anything "
         "about this rollup, and of no other"},
    [NODE_PROOF_K_OF_N] =
        {"KOfN",
         "2 of 3 attesters, all of this process: development only, trust this node; one of them "
         "may be down or refuse"},
};

static enum err
describe_rollup(struct rpc_rollup_info *out, struct arena *arena, struct node *node, size_t place) {
    struct node_chain *chain = &node->chains[place];
    const struct node_chain *parent = node_parent(chain);
    const struct trust *trust = &trusts[node->options->chains[place].proof];
    struct rpc_named_address *contracts = arena_alloc_array(arena, 10, sizeof(*contracts));
    if (contracts == NULL) return ERR_MEMORY;
    const bool is_evm = node_chain_is_evm(chain);
    const size_t contract_count = !is_evm ? 1 : node_is_parent(chain) ? 10 : 7;
    contracts[0] = (struct rpc_named_address){"l2Hub", L2HUB_PREDEPLOY};
    contracts[1] = (struct rpc_named_address){"system", SYSTEM_PREDEPLOY};
    contracts[2] = (struct rpc_named_address){"anchor", ANCHOR_PREDEPLOY};
    contracts[3] = (struct rpc_named_address){"deploymentProxy", DEPLOYMENT_PROXY_ADDRESS};
    contracts[4] = (struct rpc_named_address){"messageService", MESSAGES_PREDEPLOY};
    contracts[5] = (struct rpc_named_address){"messenger", MESSENGER_PREDEPLOY};
    contracts[6] = (struct rpc_named_address){"bridge", BRIDGE_PREDEPLOY};
    contracts[7] = (struct rpc_named_address){"hub", node->contracts_below.hub};
    contracts[8] = (struct rpc_named_address){"attestation", node->contracts_below.attestation};
    contracts[9] = (struct rpc_named_address){"bundler", node->contracts_below.bundler};
    if (!is_evm) contracts[0] = (struct rpc_named_address){"ledger", LEDGER_ADDRESS};
    struct hub_view view;
    struct rpc_block_id safe = {.kind = RPC_BLOCK_SAFE};
    bool is_found;
    uint64_t safe_number;
    enum err err = node_hub_view(&view, chain);
    if (err == ERR_OK) err = node_chain_resolve(chain, &is_found, &safe_number, &safe);
    if (err != ERR_OK) return err;
    *out = (struct rpc_rollup_info){
        .rollup_id = chain->rollup_id,
        .name = chain->rpc.name,
        .parent = parent->rpc.name,
        .parent_chain_id = parent->rpc.chain_id,
        .kind = chain->type->name,
        .chain_id = chain->rpc.chain_id,
        .url = chain->url,
        .head = view.head,
        .has_own_token = view.has_own_token,
        .hub_balance = view.balance_wei,
        .proof_system = trust->system,
        .trust = trust->text,
        .latest_number = chain->head.number,
        .safe_number = safe_number,
        .contracts = contracts,
        .contract_count = contract_count,
    };
    return ERR_OK;
}

static bool has_proof(const struct node *node, enum node_proof proof) {
    for (size_t i = 1; i < node->chain_count; i++)
        if (node->options->chains[i].proof == (unsigned)proof) return true;
    return false;
}

enum err info_of(
    const struct rpc_network_info **info, struct arena *arena, struct node *node, size_t place
) {
    const size_t count = node->chain_count - 1;
    struct rpc_network_info *made = arena_alloc(arena, sizeof(*made));
    struct rpc_rollup_info *rollups = arena_alloc_array(arena, count, sizeof(*rollups));
    struct rpc_named_address *contracts = arena_alloc_array(arena, 9, sizeof(*contracts));
    if (made == NULL || rollups == NULL || contracts == NULL) return ERR_MEMORY;
    contracts[0] = (struct rpc_named_address){"hub", node->contracts.hub};
    contracts[1] = (struct rpc_named_address){"attestation", node->contracts.attestation};
    contracts[2] = (struct rpc_named_address){"bundler", node->contracts.bundler};
    contracts[3] = (struct rpc_named_address){"deploymentProxy", DEPLOYMENT_PROXY_ADDRESS};
    contracts[4] = (struct rpc_named_address){"messageService", node->contracts.messages};
    contracts[5] = (struct rpc_named_address){"messenger", node->contracts.messenger};
    contracts[6] = (struct rpc_named_address){"bridge", node->contracts.bridge};
    size_t contract_count = 7;
    if (has_proof(node, NODE_PROOF_OWNER))
        contracts[contract_count++] = (struct rpc_named_address){"owner", node->contracts.owner};
    if (has_proof(node, NODE_PROOF_K_OF_N))
        contracts[contract_count++] = (struct rpc_named_address){"kOfN", node->contracts.k_of_n};
    for (size_t i = 0; i < count; i++) {
        enum err err = describe_rollup(&rollups[i], arena, node, i + 1);
        if (err != ERR_OK) return err;
    }
    *made = (struct rpc_network_info){
        .version = LOCKSTEP_VERSION,
        .rollup_id = node->chains[place].rollup_id,
        .parent_chain_id = node_l1(node)->rpc.chain_id,
        .parent_url = node_l1(node)->url,
        .contracts = contracts,
        .contract_count = node->is_given ? 0 : contract_count,
        .rollups = rollups,
        .rollup_count = count,
        .auto_batch = node->auto_batch,
    };
    *info = made;
    return ERR_OK;
}
