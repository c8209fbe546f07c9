#include "node/deploy.h"

#include "rollup/predeploys.h"

#include "batch/abi.h"
#include "crypto/keccak.h"
#include "evm/evm.h"
#include "node/dev_genesis.h"
#include "rollup/artifacts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct node_options options = {
    .chains = {{.chain_id = 31337, .gas_limit = 60000000, .base_fee_wei = 1000000000}},
    .accounts_count = 2,
    .mnemonic = "test test test test test test test test test test test junk",
    .balance_wei = {{5, 0, 0, 0}},
};

static struct node_keys keys;
static struct arena arena;

static int open_all(void **state) {
    (void)state;
    arena_open(&arena, (size_t)64 << 20);
    return keys_open(&keys, &options) == ERR_OK ? 0 : -1;
}

static int close_all(void **state) {
    (void)state;
    keys_close(&keys);
    arena_close(&arena);
    return 0;
}

/* EIP-1014 over what the transactions carry: the address is where the contract will be. */
static address created_by(const struct tx *tx) {
    hash32 salt;
    memcpy(salt.b, tx->data.data, 32);
    hash32 code = keccak256(bytes_slice(tx->data, 32, tx->data.size));
    return evm_create2_address(&tx->to, &salt, &code);
}

static void starts_with(bytes data, uint32_t selector) {
    assert_true(data.size >= 4);
    uint32_t found = (uint32_t)data.data[0] << 24 | (uint32_t)data.data[1] << 16 |
                     (uint32_t)data.data[2] << 8 | data.data[3];
    assert_int_equal(found, selector);
}

static void makes_every_transaction(void **state) {
    (void)state;
    struct deploy_rollup rollups[2] = {
        {.head = {{1}}, .credit_wei = u256_from_u64(7)}, {.head = {{2}}}};
    struct deploy_options deploy = {
        .chain_id = options.chains[0].chain_id,
        .max_fee_per_gas = u256_from_u64(2000000000),
        .keys = &keys,
        .rollups = rollups,
        .rollup_count = 2,
    };
    const struct pool_tx *txs;
    size_t count;
    assert_int_equal(deploy_addresses(&deploy.contracts, &arena, &keys, 0, false), ERR_OK);
    assert_int_equal(deploy_transactions(&txs, &count, &arena, &deploy), ERR_OK);
    /* Attestation, Hub, rollup 1 with its credit, rollup 2 without one, Bundler, and the contracts
     * of messages. */
    assert_int_equal(count, 9);
    struct fork_schedule schedule;
    forks_development(&schedule, options.chains[0].chain_id, FORK_OSAKA);
    struct fork_rules rules = forks_at(&schedule, 1, 1);
    for (size_t i = 0; i < count; i++) {
        address sender;
        enum tx_verdict verdict;
        assert_int_equal(txs[i].tx.nonce, i);
        assert_int_equal(tx_check(&txs[i].tx, &rules), TX_OK);
        assert_int_equal(tx_sender(&sender, &verdict, &arena, &txs[i].tx, &rules), ERR_OK);
        assert_int_equal(verdict, TX_OK);
        assert_true(address_equal(&sender, &keys.builder.address));
    }
    address attestation = created_by(&txs[0].tx);
    address hub = created_by(&txs[1].tx);
    assert_true(address_equal(&attestation, &deploy.contracts.attestation));
    assert_true(address_equal(&hub, &deploy.contracts.hub));
    address bundler = created_by(&txs[5].tx);
    assert_true(address_equal(&bundler, &deploy.contracts.bundler));
    const address *messages[] = {
        &deploy.contracts.messages, &deploy.contracts.messenger, &deploy.contracts.bridge};
    for (size_t i = 0; i < 3; i++) {
        address made = created_by(&txs[6 + i].tx);
        assert_true(address_equal(&made, messages[i]));
    }
    /* Selectors: viem 2.54, toFunctionSelector. */
    starts_with(txs[2].tx.data, 0x6d682fb3);
    starts_with(txs[3].tx.data, 0x8abc4d93);
    assert_int_equal(txs[3].tx.value.w[0], 7);
    assert_int_equal(txs[2].tx.data.size, 4 + 7 * 32);
    assert_memory_equal(txs[2].tx.data.data + 4 + 2 * 32, rollups[0].head.b, 32);
}

/* On a rollup the contracts of messages are there, and the Hub is made with them. */
static void a_rollup_has_its_predeploys(void **state) {
    (void)state;
    struct deploy_rollup rollup = {.head = {{1}}, .has_messenger = true};
    struct deploy_options deploy = {
        .chain_id = 1, .keys = &keys, .rollups = &rollup, .rollup_count = 1};
    struct deploy_contracts on_l1;
    const struct pool_tx *txs;
    size_t count;
    assert_int_equal(deploy_addresses(&on_l1, &arena, &keys, 0, false), ERR_OK);
    assert_int_equal(deploy_addresses(&deploy.contracts, &arena, &keys, 0, true), ERR_OK);
    assert_int_equal(deploy_transactions(&txs, &count, &arena, &deploy), ERR_OK);
    const struct deploy_contracts *c = &deploy.contracts;
    assert_int_equal(count, 4); /* Attestation, Hub, the rollup, Bundler */
    assert_true(address_equal(&c->messages, &MESSAGES_PREDEPLOY));
    assert_true(address_equal(&c->messenger, &MESSENGER_PREDEPLOY));
    assert_true(address_equal(&c->bridge, &BRIDGE_PREDEPLOY));
    const address hub = created_by(&txs[1].tx);
    assert_true(address_equal(&hub, &c->hub));
    assert_false(address_equal(&hub, &on_l1.hub));
    const bytes initcode = txs[1].tx.data;
    assert_memory_equal(initcode.data + initcode.size - 20, MESSAGES_PREDEPLOY.b, 20);
    const size_t messenger = ABI_SELECTOR + 5 * ABI_WORD + 12;
    assert_memory_equal(txs[2].tx.data.data + messenger, MESSENGER_PREDEPLOY.b, 20);
    /* One that takes no messages is registered without. */
    rollup.has_messenger = false;
    const address nobody = {{0}};
    assert_int_equal(deploy_transactions(&txs, &count, &arena, &deploy), ERR_OK);
    assert_memory_equal(txs[2].tx.data.data + messenger, nobody.b, 20);
}

/* Each proof system once, whoever has it; each rollup registered with its own. */
static void deploys_the_proof_systems_there_are(void **state) {
    (void)state;
    struct deploy_rollup rollups[4] = {
        {.proof = NODE_PROOF_K_OF_N},
        {.proof = NODE_PROOF_ATTESTATION},
        {.proof = NODE_PROOF_OWNER},
        {.proof = NODE_PROOF_K_OF_N},
    };
    struct deploy_options deploy = {
        .chain_id = 1, .keys = &keys, .rollups = rollups, .rollup_count = 4};
    const struct pool_tx *txs;
    size_t count;
    assert_int_equal(deploy_addresses(&deploy.contracts, &arena, &keys, 0, false), ERR_OK);
    assert_int_equal(deploy_transactions(&txs, &count, &arena, &deploy), ERR_OK);
    const struct deploy_contracts *c = &deploy.contracts;
    const address made[] = {
        c->attestation,
        c->hub,
        c->owner,
        c->attesters[0],
        c->attesters[1],
        c->attesters[2],
        c->k_of_n,
    };
    const size_t made_count = sizeof(made) / sizeof(made[0]);
    assert_int_equal(count, made_count + 4 + 4); /* then the Bundler and its like */
    for (size_t i = 0; i < made_count; i++) {
        address at = created_by(&txs[i].tx);
        assert_true(address_equal(&at, &made[i]));
        for (size_t j = 0; j < i; j++)
            assert_false(address_equal(&made[i], &made[j]));
    }
    for (size_t i = 0; i < 4; i++) {
        const address *system = deploy_proof_system(c, rollups[i].proof);
        assert_memory_equal(txs[made_count + i].tx.data.data + 4 + 12, system->b, sizeof(address));
    }
}

static void genesis_has_what_the_transactions_need(void **state) {
    (void)state;
    struct genesis genesis;
    u256 credit = u256_from_u64(100);
    assert_int_equal(
        dev_genesis_l1(&genesis, &arena, &options, &keys, &credit, 1700000000), ERR_OK
    );
    bool has_proxy = false;
    size_t funded = 0;
    for (size_t i = 0; i < genesis.account_count; i++) {
        const struct genesis_account *account = &genesis.accounts[i];
        if (address_equal(&account->address, &DEPLOYMENT_PROXY_ADDRESS)) {
            /* The hash of the proxy's code on mainnet: keccak256(eth_getCode(0x4e59…956c)). */
            static const hash32 known = {{0x2f, 0xa8, 0x6a, 0xdd, 0x0a, 0xed, 0x31, 0xf3,
                                          0x3a, 0x76, 0x2c, 0x9d, 0x88, 0xe8, 0x07, 0xc4,
                                          0x75, 0xbd, 0x51, 0xd0, 0xf5, 0x2b, 0xd0, 0x95,
                                          0x57, 0x54, 0xb2, 0x60, 0x8f, 0x7e, 0x49, 0x89}};
            hash32 hash = keccak256(account->code);
            assert_true(hash32_equal(&hash, &known));
            has_proxy = true;
        }
        for (size_t k = 0; k < keys.account_count; k++)
            if (address_equal(&account->address, &keys.addresses[k])) {
                assert_true(u256_equal(&account->balance, &options.balance_wei));
                funded++;
            }
        for (size_t k = 0; k < i; k++)
            assert_false(address_equal(&account->address, &genesis.accounts[k].address));
    }
    assert_true(has_proxy);
    assert_int_equal(funded, 2);
    assert_int_equal(genesis.header.base_fee_per_gas.w[0], 1000000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_every_transaction),
        cmocka_unit_test(a_rollup_has_its_predeploys),
        cmocka_unit_test(deploys_the_proof_systems_there_are),
        cmocka_unit_test(genesis_has_what_the_transactions_need),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
