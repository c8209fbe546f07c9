/* world/test_below.h: the network of test_network.h with an L3, whose parent is rollup 1.
 *
 * Rollup 1 gets a Hub and an Attestation by transactions of the builder, as L1 does, so that they
 * lie at the same addresses. The L3 is rollup 1 there. It and rollup 1 have the test contracts, and
 * proxies of one another's. */
#ifndef WORLD_TEST_BELOW_H
#define WORLD_TEST_BELOW_H

#include "world/test_network.h"

/* The L3's id on the Hub of rollup 1. */
#define L3_ID 1u

static inline enum err below_prove(
    void *context,
    struct arena *arena,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes input
) {
    struct network *n = context;
    return network_prove_for(
        n, &n->verified_below, NETWORK_CHAIN_ID + 1, arena, proofs, proof_count, reason, input
    );
}

/* The rules that hold on rollup 1. */
static inline const struct fork_schedule *below_schedule(const struct network *n) {
    struct fork_schedule *schedule = arena_alloc(n->arena, sizeof(*schedule));
    CHECK(schedule != NULL);
    forks_development(schedule, NETWORK_CHAIN_ID + 1, FORK_OSAKA);
    schedule->is_rollup = true;
    return schedule;
}

/* Of rollup 1, from when it has a Hub. */
static inline enum err
below_get_header(void *context, struct arena *arena, bytes *encoded, uint64_t number) {
    const struct network *n = context;
    *encoded = BYTES_EMPTY;
    if (number > n->l2_head.number || n->l2_headers[number].number != number) return ERR_OK;
    return header_encode(encoded, arena, &n->l2_headers[number]);
}

/* What the L3 reads: of rollup 1, or of L1. */
static inline enum err below_read_header(
    void *context, struct arena *arena, bytes *encoded, uint64_t number, const hash32 *hash
) {
    enum err err = below_get_header(context, arena, encoded, number);
    const hash32 own = keccak256(*encoded);
    if (err != ERR_OK || hash32_equal(&own, hash)) return err;
    return network_get_header(context, arena, encoded, number);
}

static inline void below_set_head(struct network *n, const struct header *head) {
    CHECK(head->number < NETWORK_BLOCKS_MAX);
    n->l2_head = *head;
    n->l2_headers[head->number] = *head;
}

/* network_options, with what is built on rollup 1. */
static inline struct world_options
below_options(struct network *n, const struct world_tx *txs, size_t tx_count) {
    bytes encoded;
    must(header_encode(&encoded, n->arena, &n->l2_head));
    n->below = (struct world_options){
        .schedule = below_schedule(n),
        .parent = &n->l2_head,
        .parent_encoded = encoded,
        .headers = {.context = n, .get = below_get_header},
        .hub = n->hub,
        .prover = {.context = n, .prove = below_prove},
        .builder_key = BUILDER_KEY,
        .builder = n->builder,
        .rollups = &n->l3,
        .rollup_count = 1,
    };
    n->rollups[0].below = &n->below;
    return network_options(n, txs, tx_count);
}

/* The proxy of (chain, target) of the Hub of rollup 1: chain 1 is the L3. */
static inline address l2_proxy(const struct network *n, address target) {
    return network_proxy(n, L3_ID, target);
}

static inline bytes builder_tx(
    const struct network *n, uint64_t nonce, bool is_create, address to, u256 wei, bytes data
) {
    bytes encoded;
    struct tx tx = {
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .is_create = is_create,
        .chain_id = NETWORK_CHAIN_ID + 1,
        .nonce = nonce,
        .max_fee_per_gas = u256_from_u64(10000000000),
        .gas_limit = is_create ? TX_GAS_LIMIT_MAX : 3000000,
        .to = to,
        .value = wei,
        .data = data,
    };
    must(tx_sign(&tx, n->arena, &BUILDER_KEY));
    must(tx_encode(&encoded, n->arena, &tx));
    return encoded;
}

/* The L3's genesis: the user's ether, and what else is to be there. */
static inline u256
begin_l3(struct network *n, const struct genesis_account *accounts, size_t account_count) {
    const struct genesis_account funded = {.address = n->user, .balance = ETHER};
    struct rollup_genesis_options options = {
        .rollup_id = L3_ID,
        .chain_id = NETWORK_CHAIN_ID + NETWORK_L3,
        .parent_chain_id = NETWORK_CHAIN_ID + 1,
        .parent_schedule = below_schedule(n),
        .hub = n->hub,
        .block_gas_limit = NETWORK_GAS_LIMIT,
        .timestamp = NETWORK_TIMESTAMP,
        .accounts = &funded,
        .account_count = 1,
    };
    struct genesis genesis;
    u256 ether_wei;
    n->l3 = (struct world_rollup
    ){.type = &EVM_ROLLUP_TYPE,
      .rollup_id = L3_ID,
      .chain_id = options.chain_id,
      .proof_system = n->attestation};
    must(rollup_genesis(&genesis, &n->l3.open, &ether_wei, n->arena, &options));
    size_t count = genesis.account_count;
    struct genesis_account *all = arena_alloc_array(n->arena, count + account_count, sizeof(*all));
    CHECK(all != NULL);
    memcpy(all, genesis.accounts, count * sizeof(*all));
    for (size_t i = 0; i < account_count; i++) {
        all[count++] = accounts[i];
        ether_wei = u256_add(&ether_wei, &accounts[i].balance);
    }
    genesis.accounts = all;
    genesis.account_count = count;
    n->l3.base = commit_genesis(n, &genesis);
    n->l3.head = genesis.header.state_root;
    return ether_wei;
}

/* The L3's proxy of an account of its parent. */
static inline struct genesis_account l3_proxy(const struct network *n, address target) {
    bytes code;
    must(proxy_runtime(&code, n->arena, &L2HUB_PREDEPLOY, 0, &target));
    return test_contract(rollup_proxy(0, target), code.data, code.size);
}

/* The builder of rollup 1, with the ether for its work there. */
static inline struct network_resident below_builder(const struct network *n) {
    u256 much = u256_from_u64(1000);
    much = u256_mul(&much, &ETHER);
    return (struct network_resident){1, {.address = n->builder, .balance = much}};
}

/* Gives rollup 1 its Hub, in L1's second block, with the L3 of so much ether and proxies of some of
 * its accounts. The network is open, and below_builder among its residents. */
static inline void
below_deploy(struct network *n, const u256 *ether_wei, const address *proxied, size_t count) {
    bytes *txs = arena_alloc_array(n->arena, 4 + count, sizeof(*txs));
    struct source *bases[NETWORK_ROLLUPS];
    CHECK(txs != NULL);
    for (size_t i = 0; i < NETWORK_ROLLUPS; i++)
        bases[i] = n->rollups[i].base;
    const address none = {{0}};
    bytes arguments = join(n, join(n, word_of(n, 1), word_of(n, 64)), word_of(n, 1));
    arguments = join(n, arguments, address_word(n, n->attester));
    bytes code = bytes_of(artifact_attestation_creation, sizeof(artifact_attestation_creation));
    txs[0] = builder_tx(n, 0, true, none, U256_ZERO, join(n, code, arguments));
    txs[1] = builder_tx(n, 1, true, none, U256_ZERO, network_hub_initcode(n));
    arguments = join(n, address_word(n, n->attestation), hash32_bytes(&NETWORK_VKEY));
    arguments = join(n, arguments, hash32_bytes(&n->l3.head));
    arguments = join(n, arguments, join(n, address_word(n, n->builder), word_of(n, 0)));
    arguments = join(n, arguments, word_of(n, 0)); /* no Messenger */
    arguments = join(n, arguments, word_of(n, NETWORK_FORCE_DELAY));
    bytes selector =
        selector_of(n, "register(address,bytes32,bytes32,address,(bool,address,uint32))");
    txs[2] = builder_tx(n, 2, false, n->hub, U256_ZERO, join(n, selector, arguments));
    arguments = join(n, selector_of(n, "credit(uint64)"), word_of(n, L3_ID));
    txs[3] = builder_tx(n, 3, false, n->hub, *ether_wei, arguments);
    for (size_t i = 0; i < count; i++)
        txs[4 + i] =
            builder_tx(n, 4 + i, false, n->hub, U256_ZERO, create_proxy_call(n, L3_ID, proxied[i]));
    n->rollups[0].slot_txs = txs;
    n->rollups[0].slot_tx_count = 4 + count;
    struct world_options options = network_options(n, NULL, 0);
    struct world_result result;
    must(world_build(&result, &options));
    CHECK(result.status == WORLD_OK);
    network_advance(n, &result);
    /* What was recorded for a witness is over: who releases memory later must not find it here. */
    for (size_t i = 0; i < NETWORK_ROLLUPS; i++)
        ((struct source_memory *)n->rollups[i].base)->base = bases[i];
    struct sealed_block sealed;
    must(open_block_seal(&sealed, n->arena, &n->rollups[0].open, &n->rollups[0].head));
    below_set_head(n, &sealed.header);
    for (size_t i = 0; i < sealed.tx_count; i++) {
        struct receipt receipt;
        must(receipt_decode(&receipt, n->arena, sealed.receipts[i]));
        CHECK(receipt.is_success);
    }
}

/* The network with the test contracts on every chain, and their proxies on those next to it. */
static inline void below_open(struct network *n, struct arena *arena) {
    struct genesis_account contracts[TEST_CONTRACT_COUNT];
    struct network_resident residents[(NETWORK_ROLLUPS + 2) * TEST_CONTRACT_COUNT + 1];
    struct genesis_account of_l3[3 * TEST_CONTRACT_COUNT];
    address proxied[TEST_CONTRACT_COUNT];
    size_t count = 0;
    size_t l3_count = test_contracts(of_l3);
    (void)test_contracts(contracts);
    network_name(n, arena);
    for (uint64_t chain = 0; chain <= NETWORK_ROLLUPS + 1; chain++)
        for (size_t i = 0; i < TEST_CONTRACT_COUNT; i++)
            residents[count++] = (struct network_resident){chain, contracts[i]};
    residents[count++] = below_builder(n);
    network_open_with(n, residents, count);
    for (size_t i = 0; i < TEST_CONTRACT_COUNT; i++) {
        /* Of the parent's own, and of what stands there for L1's. */
        proxied[i] = contracts[i].address;
        of_l3[l3_count++] = l3_proxy(n, proxied[i]);
        of_l3[l3_count++] = l3_proxy(n, rollup_proxy(0, proxied[i]));
    }
    const u256 ether_wei = begin_l3(n, of_l3, l3_count);
    below_deploy(n, &ether_wei, proxied, TEST_CONTRACT_COUNT);
}

/* The head that the Hub of rollup 1 has for the L3. */
static inline hash32 below_hub_head(const struct network *n) {
    hash32 head = {0};
    u256 word = network_slot(n, 1, n->hub, world_head_slot(L3_ID));
    u256_store_be(head.b, &word);
    return head;
}

/* Who has only the slot block of rollup 1 comes to the same L3; else, why not. */
static inline const char *below_follow(struct network *n, const struct world_result *result) {
    const struct open_block *block = result->rollups[0].open;
    const struct world_rollup_result *own = &result->rollups[0].below->rollups[0];
    const size_t count = open_block_tx_count(block);
    struct tx *txs = arena_alloc_array(n->arena, count, sizeof(*txs));
    struct receipt *receipts = arena_alloc_array(n->arena, count, sizeof(*receipts));
    struct follow_result followed;
    CHECK(txs != NULL && receipts != NULL);
    size_t i = count;
    for (const struct gathered_tx *tx = block->newest; tx != NULL; tx = tx->before) {
        enum tx_verdict verdict;
        i--;
        must(tx_decode(&txs[i], &verdict, n->arena, tx->tx));
        must(receipt_decode(&receipts[i], n->arena, tx->receipt));
    }
    const struct follow_options options = {
        .arena = n->arena,
        .hub = n->hub,
        .headers = {.context = n, .get = below_get_header},
        .schedule = below_schedule(n),
        .parent_base = n->rollups[0].base,
        .above_base = n->l1,
        .read_headers = {.context = n, .get = below_read_header},
        .txs = txs,
        .receipts = receipts,
        .tx_count = result->rollups[0].is_updated ? count : 0,
        .rollups = &n->l3,
        .rollup_count = 1,
    };
    must(follow_block(&followed, &options));
    if (followed.verdict != FOLLOW_OK) return follow_verdict_text(followed.verdict);
    bool is_same = hash32_equal(&followed.rollups[0].head, &own->head);
    return is_same ? NULL : "who follows the L2 comes to another head of the L3";
}

/* Goes on to the block that was built, without following it. */
static inline void below_go_on(struct network *n, const struct world_result *result) {
    network_go_on(n, result);
    const struct world_rollup_result *l2 = &result->rollups[0];
    struct sealed_block sealed;
    CHECK(l2->below != NULL && l2->below->rollups[0].open != NULL);
    must(open_block_seal(&sealed, n->arena, l2->open, &l2->head));
    below_set_head(n, &sealed.header);
    const struct world_rollup_result *r = &l2->below->rollups[0];
    n->l3.base = &((struct source_memory *)(uintptr_t)r->overlay)->source;
    n->l3.head = r->head;
    n->l3.open = *r->open;
    n->l3.slot_txs = NULL;
    n->l3.slot_tx_count = 0;
}

/* Goes on to the block that was built. */
static inline void below_advance(struct network *n, const struct world_result *result) {
    CHECK(below_follow(n, result) == NULL);
    CHECK(network_follow(n, result) == NULL);
    below_go_on(n, result);
}

/* Builds a block with these transactions of L1 and goes on to it; every chain is where the Hub
 * above it says. */
static inline void below_build(
    struct network *n, struct world_result *result, const struct world_tx *txs, size_t count
) {
    struct world_options options = below_options(n, txs, count);
    must(world_build(result, &options));
    if (result->status != WORLD_OK) return;
    below_advance(n, result);
    const hash32 head = below_hub_head(n);
    CHECK(hash32_equal(&head, &n->l3.head));
}

#endif
