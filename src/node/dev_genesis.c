#include "node/dev_genesis.h"

const address DEPLOYMENT_PROXY_ADDRESS = {{0x4e, 0x59, 0xb4, 0x48, 0x47, 0xb3, 0x79,
                                           0x57, 0x85, 0x88, 0x92, 0x0c, 0xa7, 0x8f,
                                           0xbf, 0x26, 0xc0, 0xb4, 0x95, 0x6c}};

/* PUSH32 -0x20, DUP1 CALLDATASIZE ADD: the initcode's size; CALLDATACOPY it from offset 32; CREATE2
 * with the salt in the first word; revert if there is no address, else return its 20 bytes. */
const uint8_t DEPLOYMENT_PROXY_CODE[69] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xe0, 0x36, 0x01, 0x60, 0x00, 0x81, 0x60, 0x20, 0x82, 0x37,
    0x80, 0x35, 0x82, 0x82, 0x34, 0xf5, 0x80, 0x15, 0x15, 0x60, 0x39, 0x57, 0x81, 0x82,
    0xfd, 0x5b, 0x80, 0x82, 0x52, 0x50, 0x50, 0x50, 0x60, 0x14, 0x60, 0x0c, 0xf3,
};

struct genesis_account dev_genesis_proxy(void) {
    return (struct genesis_account){
        .address = DEPLOYMENT_PROXY_ADDRESS,
        .nonce = 1,
        .code = bytes_of(DEPLOYMENT_PROXY_CODE, sizeof(DEPLOYMENT_PROXY_CODE)),
    };
}

static void
fund_all(struct genesis_account *accounts, size_t *count, const struct node_fundings *fundings) {
    for (size_t i = 0; i < fundings->count; i++)
        genesis_fund(accounts, count, &fundings->items[i].account, &fundings->items[i].balance_wei);
}

enum err dev_genesis_accounts(
    const struct genesis_account **accounts,
    size_t *count,
    struct arena *arena,
    const struct node_options *options,
    const struct node_keys *keys,
    size_t chain
) {
    struct genesis_account *made =
        arena_alloc_array(arena, keys->account_count + 2 * NODE_FUNDINGS_MAX, sizeof(*made));
    if (made == NULL) return ERR_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < keys->account_count; i++)
        made[n++] = (struct genesis_account
        ){.address = keys->addresses[i], .balance = options->balance_wei};
    fund_all(made, &n, &options->fundings);
    fund_all(made, &n, &options->chains[chain].fundings);
    *accounts = made;
    *count = n;
    return ERR_OK;
}

u256 dev_genesis_builder_wei(const u256 *credit_wei) {
    const u256 ether = u256_from_u64(1000000000000000000);
    u256 own = u256_from_u64(DEV_GENESIS_BUILDER_ETHER);
    own = u256_mul(&own, &ether);
    return u256_add(&own, credit_wei);
}

enum err dev_genesis_l1(
    struct genesis *genesis,
    struct arena *arena,
    const struct node_options *options,
    const struct node_keys *keys,
    const u256 *credit_wei,
    uint64_t timestamp
) {
    struct fork_schedule schedule;
    const struct node_chain_plan *plan = &options->chains[0];
    forks_development(&schedule, plan->chain_id, FORK_OSAKA);
    const struct genesis_account *funded;
    size_t funded_count;
    enum err err = dev_genesis_accounts(&funded, &funded_count, arena, options, keys, 0);
    if (err != ERR_OK) return err;
    struct genesis_account *accounts =
        arena_alloc_array(arena, funded_count + GENESIS_SYSTEM_ACCOUNT_MAX + 2, sizeof(*accounts));
    if (accounts == NULL) return ERR_MEMORY;
    size_t count;
    err = genesis_system_accounts(accounts, &count, arena, FORK_OSAKA);
    if (err != ERR_OK) return err;
    accounts[count++] = dev_genesis_proxy();
    for (size_t i = 0; i < funded_count; i++)
        genesis_fund(accounts, &count, &funded[i].address, &funded[i].balance);
    const u256 own = dev_genesis_builder_wei(credit_wei);
    genesis_fund(accounts, &count, &keys->builder.address, &own);
    genesis_from_accounts(genesis, &schedule, accounts, count, plan->gas_limit, timestamp);
    genesis->header.base_fee_per_gas = u256_from_u64(plan->base_fee_wei);
    return ERR_OK;
}

enum err dev_genesis_add_proxy(struct genesis *genesis, struct arena *arena) {
    size_t count = genesis->account_count;
    struct genesis_account *accounts = arena_alloc_array(arena, count + 1, sizeof(*accounts));
    if (accounts == NULL) return ERR_MEMORY;
    const struct genesis_account proxy = dev_genesis_proxy();
    accounts[0] = proxy;
    size_t made = 1;
    for (size_t i = 0; i < count; i++) {
        const struct genesis_account *account = &genesis->accounts[i];
        if (address_equal(&account->address, &proxy.address))
            accounts[0].balance = account->balance;
        else
            accounts[made++] = *account;
    }
    genesis->accounts = accounts;
    genesis->account_count = made;
    return ERR_OK;
}
