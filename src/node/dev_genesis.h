/* node/dev_genesis.h: the first blocks of the development network's chains.
 *
 * L1 has the development accounts, the builder, the system contracts of the newest fork, and the
 * deterministic deployment proxy that Foundry, Hardhat and viem users expect at its well-known
 * address. A rollup's genesis is rollup/genesis_host.h's, with that proxy added. */
#ifndef NODE_DEV_GENESIS_H
#define NODE_DEV_GENESIS_H

#include "chain/genesis.h"
#include "node/keys.h"
#include "node/options.h"

/* github.com/Arachnid/deterministic-deployment-proxy: data is a salt and initcode; CREATE2. */
extern const address DEPLOYMENT_PROXY_ADDRESS;
extern const uint8_t DEPLOYMENT_PROXY_CODE[69];

/* What the builder has besides what it credits to the rollups: enough for any --base-fee. */
#define DEV_GENESIS_BUILDER_ETHER UINT64_C(1000000000000)

/* dev_genesis_accounts lists who has ether on a chain (0: L1), and how much: the development
 * accounts, and those that the options fund, on all chains and then on this one; of what is said
 * twice of an account the last holds. ERR_MEMORY. */
MUST_USE enum err dev_genesis_accounts(
    const struct genesis_account **accounts,
    size_t *count,
    struct arena *arena,
    const struct node_options *options,
    const struct node_keys *keys,
    size_t chain
);

/* dev_genesis_l1 fills the description in; credit_wei is what the builder will credit to rollups.
 * Everything lies in arena. ERR_MEMORY. */
MUST_USE enum err dev_genesis_l1(
    struct genesis *genesis,
    struct arena *arena,
    const struct node_options *options,
    const struct node_keys *keys,
    const u256 *credit_wei,
    uint64_t timestamp
);

/* What the builder has on L1: its own, and the credit. */
u256 dev_genesis_builder_wei(const u256 *credit_wei);

struct genesis_account dev_genesis_proxy(void);

/* dev_genesis_add_proxy adds the deployment proxy to a genesis. ERR_MEMORY. */
MUST_USE enum err dev_genesis_add_proxy(struct genesis *genesis, struct arena *arena);

#endif
