/* world/test_network.h: an L1 with the Hub and EVM rollups, in memory, for this module's tests and
 * tests/equivalence.
 *
 * The contracts are the committed artifacts, deployed by ordinary transactions of the builder in
 * L1's first block. What the tests call is a few bytes of hand-written code, the same on all chains
 * and from genesis; others bring their own (network_open_with). A network is a value: a copy of it
 * goes on by itself, as long as its arena. */
#ifndef WORLD_TEST_NETWORK_H
#define WORLD_TEST_NETWORK_H

#include "batch/witness.h"
#include "chain/genesis.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "crypto/secp256k1.h"
#include "rollup/artifacts.h"
#include "rollup/evm_rollup.h"
#include "rollup/genesis_host.h"
#include "rollup/ledger.h"
#include "rollup/predeploys.h"
#include "rollup/proxy.h"
#include "verify/verify.h"
#include "world/follow.h"
#include "world/test_contracts.h"
#include "world/world.h"

#include <string.h>

#define NETWORK_CHAIN_ID 31337u /* of L1; rollup i has this and i */
#ifndef NETWORK_ROLLUPS
#define NETWORK_ROLLUPS 2u
#endif
#ifndef NETWORK_LEDGER
#define NETWORK_LEDGER 0u /* the number of a rollup that is a ledger; 0: none is */
#endif
#define NETWORK_L3          9u /* its number here; its chain id has this too */
#define NETWORK_BLOCKS_MAX  16u
#define NETWORK_GAS_LIMIT   60000000u
#define NETWORK_TX_GAS      5000000u
#define NETWORK_FORCE_DELAY 4u /* blocks of the parent after which forced transactions are due */
#define NETWORK_TIMESTAMP   1700000000u

static const hash32 BUILDER_KEY = {{[31] = 1}};
static const hash32 USER_KEY = {{[31] = 2}};
static const hash32 ATTESTER_KEY = {{[31] = 3}};
static const hash32 STRANGER_KEY = {{[31] = 4}};
static const hash32 NETWORK_VKEY = {{'t', 'e', 's', 't'}};
static const u256 ETHER = {{1000000000000000000u, 0, 0, 0}};

/* --- the network ------------------------------------------------------------------------------ */

struct network {
    struct arena *arena;
    struct fork_schedule schedule;
    struct source *l1;
    struct header head; /* of L1 */
    hash32 hashes[NETWORK_BLOCKS_MAX];
    struct header headers[NETWORK_BLOCKS_MAX];
    struct world_rollup rollups[NETWORK_ROLLUPS];
    address builder, user, attester, hub, attestation;
    /* With an L3 (test_below.h): it is on a Hub of rollup 1, which lies where L1's does. */
    struct world_rollup l3;
    struct header l2_head; /* of rollup 1 */
    struct header l2_headers[NETWORK_BLOCKS_MAX];
    struct world_options below;
    struct verify_result verified_below;
    struct verify_result verified; /* by the prover, of the newest batch */
    unsigned proof_count;          /* how often the prover was asked */
};

static inline void must(enum err err) {
    CHECK(err == ERR_OK);
}

static inline address network_proxy(const struct network *n, uint64_t rollup_id, address target) {
    address proxy;
    proxy_address(&proxy, &n->hub, rollup_id, &target);
    return proxy;
}

/* The proxy of (chain, target) on a rollup. */
static inline address rollup_proxy(uint64_t chain, address target) {
    address proxy;
    proxy_address(&proxy, &L2HUB_PREDEPLOY, chain, &target);
    return proxy;
}

static inline enum err network_hash_of(void *context, uint64_t number, hash32 *hash) {
    const struct network *n = context;
    if (number >= NETWORK_BLOCKS_MAX) return ERR_MISSING;
    *hash = n->hashes[number];
    return ERR_OK;
}

/* --- reading: chain 0 is L1, i is rollup i ---------------------------------------------------- */

static inline struct state *network_state(const struct network *n, size_t chain) {
    struct state *state = arena_alloc(n->arena, sizeof(*state));
    CHECK(state != NULL);
    if (chain == 0)
        must(state_open(state, n->arena, n->l1, &n->head.state_root));
    else if (chain == NETWORK_L3)
        must(state_open(state, n->arena, n->l3.base, &n->l3.head));
    else
        must(state_open(state, n->arena, n->rollups[chain - 1].base, &n->rollups[chain - 1].head));
    return state;
}

static inline struct account network_account(const struct network *n, size_t chain, address who) {
    struct account account;
    bool exists;
    must(state_get_account(network_state(n, chain), &who, &account, &exists));
    return account;
}

static inline u256 network_slot(const struct network *n, size_t chain, address who, u256 key) {
    u256 value;
    must(state_get_slot(network_state(n, chain), &who, &key, &value));
    return value;
}

/* Slot 0, which the test contracts use. */
static inline uint64_t network_word(const struct network *n, size_t chain, address who) {
    u256 value = network_slot(n, chain, who, U256_ZERO);
    return u256_to_u64_saturating(&value);
}

static inline bytes network_code(const struct network *n, size_t chain, address who) {
    struct account account = network_account(n, chain, who);
    bytes code;
    must(state_get_code(network_state(n, chain), &account.code_hash, &code));
    return code;
}

/* The head and the ether that the Hub has for a rollup: words 0 and 2 of its struct Rollup. */
static inline hash32 network_hub_head(const struct network *n, uint64_t rollup_id) {
    hash32 head = {0};
    u256 word = network_slot(n, 0, n->hub, world_head_slot(rollup_id));
    u256_store_be(head.b, &word);
    return head;
}

static inline u256 network_hub_balance(const struct network *n, uint64_t rollup_id) {
    u256 slot = world_head_slot(rollup_id);
    u256 two = u256_from_u64(2);
    return network_slot(n, 0, n->hub, u256_add(&slot, &two));
}

/* --- making calls ----------------------------------------------------------------------------- */

static inline bytes join(const struct network *n, bytes a, bytes b) {
    uint8_t *data = arena_alloc(n->arena, a.size + b.size);
    CHECK(data != NULL);
    if (a.size > 0) memcpy(data, a.data, a.size);
    if (b.size > 0) memcpy(data + a.size, b.data, b.size);
    return bytes_of(data, a.size + b.size);
}

/* A copy with a bit of byte `at` flipped. */
static inline bytes flipped(const struct network *n, bytes b, size_t at) {
    bytes copy = join(n, b, BYTES_EMPTY);
    ((uint8_t *)(uintptr_t)copy.data)[at] ^= 1;
    return copy;
}

static inline bytes word_of(const struct network *n, uint64_t value) {
    uint8_t *word = arena_alloc_zero(n->arena, 32);
    CHECK(word != NULL);
    store_be64(word + 24, value);
    return bytes_of(word, 32);
}

static inline bytes address_word(const struct network *n, address a) {
    uint8_t *word = arena_alloc_zero(n->arena, 32);
    CHECK(word != NULL);
    memcpy(word + 12, a.b, 20);
    return bytes_of(word, 32);
}

/* Calldata for RELAY, TRY and THROW, and for VIEW. */
static inline bytes relayed(const struct network *n, address target, uint64_t wei, bytes data) {
    return join(n, address_word(n, target), join(n, word_of(n, wei), data));
}

/* Calldata for PAIR. */
static inline bytes
pair(const struct network *n, address first, bytes first_data, address then, bytes then_data) {
    bytes head = join(n, address_word(n, first), word_of(n, first_data.size));
    bytes tail = join(n, address_word(n, then), then_data);
    return join(n, join(n, head, first_data), tail);
}

static inline bytes viewed(const struct network *n, address target, bytes data) {
    return join(n, address_word(n, target), data);
}

static inline bytes selector_of(const struct network *n, const char *signature) {
    hash32 hash = keccak256(bytes_of(signature, strlen(signature)));
    bytes selector;
    must(arena_copy(n->arena, &selector, bytes_of(hash.b, 4)));
    return selector;
}

static inline bytes create_proxy_call(const struct network *n, uint64_t rollup_id, address target) {
    bytes arguments = join(n, word_of(n, rollup_id), address_word(n, target));
    return join(n, selector_of(n, "createProxy(uint64,address)"), arguments);
}

/* A transaction to a contract as those here are, to be signed. */
static inline struct tx
network_plain(uint64_t chain_id, uint64_t nonce, address to, uint64_t wei, bytes data) {
    return (struct tx){
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = chain_id,
        .nonce = nonce,
        .max_fee_per_gas = u256_from_u64(10000000000),
        .gas_limit = NETWORK_TX_GAS,
        .to = to,
        .value = u256_from_u64(wei),
        .data = data,
    };
}

/* The same, signed. */
static inline const struct tx *network_sign(
    const struct network *n,
    uint64_t chain_id,
    const hash32 *key,
    uint64_t nonce,
    address to,
    uint64_t wei,
    bytes data
) {
    struct tx *tx = arena_alloc(n->arena, sizeof(*tx));
    CHECK(tx != NULL);
    *tx = network_plain(chain_id, nonce, to, wei, data);
    must(tx_sign(tx, n->arena, key));
    return tx;
}

/* The user's index-th transaction in the next block of L1. */
static inline struct world_tx
network_tx(const struct network *n, uint64_t index, address to, uint64_t wei, bytes data) {
    uint64_t nonce = network_account(n, 0, n->user).nonce + index;
    return (struct world_tx){
        .tx = network_sign(n, NETWORK_CHAIN_ID, &USER_KEY, nonce, to, wei, data),
        .sender = n->user,
    };
}

/* The user's index-th transaction in the slot block of a rollup. */
static inline bytes rollup_tx(
    const struct network *n,
    uint64_t rollup_id,
    uint64_t index,
    address to,
    uint64_t wei,
    bytes data
) {
    uint64_t nonce = network_account(n, rollup_id, n->user).nonce + index;
    bytes encoded;
    const struct tx *tx =
        network_sign(n, NETWORK_CHAIN_ID + rollup_id, &USER_KEY, nonce, to, wei, data);
    must(tx_encode(&encoded, n->arena, tx));
    return encoded;
}

/* --- proofs ----------------------------------------------------------------------------------- */

/* One signature as Attestation.sol reads it: r ‖ s ‖ v. */
static inline bytes network_signature(const struct network *n, const hash32 *digest, hash32 key) {
    uint8_t *out = arena_alloc(n->arena, 65);
    u256 r, s;
    unsigned y_parity;
    CHECK(out != NULL);
    must(secp256k1_sign(&r, &s, &y_parity, digest, &key));
    u256_store_be(out, &r);
    u256_store_be(out + 32, &s);
    out[64] = (uint8_t)(27 + y_parity);
    return bytes_of(out, 65);
}

/* A proof that says: this key has seen this public input hold for these rollups. */
static inline struct batch_proof network_attest(
    const struct network *n,
    const hash32 *public_input,
    const uint64_t *rollup_ids,
    size_t count,
    hash32 key
) {
    struct batch_proof proof = {.system = n->attestation, .rollup_id_count = count};
    proof.rollup_ids = arena_alloc_array(n->arena, count, sizeof(uint64_t));
    CHECK(proof.rollup_ids != NULL);
    memcpy(proof.rollup_ids, rollup_ids, count * sizeof(uint64_t));
    hash32 digest;
    must(batch_statement_digest(
        &digest, n->arena, &n->attestation, &NETWORK_VKEY, rollup_ids, count, public_input
    ));
    proof.data = network_signature(n, &digest, key);
    return proof;
}

/* Signs what verify_input accepts, if it is said to the Hub of that chain. */
static inline enum err network_prove_for(
    struct network *n,
    struct verify_result *r,
    uint64_t parent_chain_id,
    struct arena *arena,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes input
) {
    const struct verify_options options = {.allows_surplus = true};
    enum err err = verify_input(r, arena, &options, input);
    if (err != ERR_OK) return err;
    n->proof_count++;
    if (r->verdict != VERIFY_OK) {
        *reason = verify_verdict_text(r->verdict);
        return ERR_INPUT;
    }
    CHECK(r->chain_id == parent_chain_id && address_equal(&r->hub, &n->hub));
    *proofs = arena_alloc(arena, sizeof(**proofs));
    if (*proofs == NULL) return ERR_MEMORY;
    **proofs = network_attest(n, &r->public_input, r->rollup_ids, r->rollup_id_count, ATTESTER_KEY);
    *proof_count = 1;
    return ERR_OK;
}

/* The prover of the network. */
static inline enum err network_prove(
    void *context,
    struct arena *arena,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes input
) {
    struct network *n = context;
    return network_prove_for(
        n, &n->verified, NETWORK_CHAIN_ID, arena, proofs, proof_count, reason, input
    );
}

/* --- building blocks -------------------------------------------------------------------------- */

static inline const struct block_attributes *network_attributes(const struct network *n) {
    struct block_attributes *a = arena_alloc_zero(n->arena, sizeof(*a));
    CHECK(a != NULL);
    a->timestamp = n->head.timestamp + 12;
    a->gas_limit = NETWORK_GAS_LIMIT;
    a->coinbase = n->builder;
    memset(a->prev_randao.b, 0x5a, 32);
    return a;
}

static inline enum err
network_get_header(void *context, struct arena *arena, bytes *encoded, uint64_t number) {
    const struct network *n = context;
    *encoded = BYTES_EMPTY;
    return number <= n->head.number ? header_encode(encoded, arena, &n->headers[number]) : ERR_OK;
}

/* What world_build is asked for the next block. The network is borrowed. */
static inline struct world_options
network_options(struct network *n, const struct world_tx *txs, size_t tx_count) {
    bytes encoded;
    must(header_encode(&encoded, n->arena, &n->head));
    return (struct world_options){
        .arena = n->arena,
        .parent_base = n->l1,
        .schedule = &n->schedule,
        .parent = &n->head,
        .parent_encoded = encoded,
        .attributes = network_attributes(n),
        .hashes = {.context = n, .get = network_hash_of},
        .headers = {.context = n, .get = network_get_header},
        .hub = n->hub,
        .prover = {.context = n, .prove = network_prove},
        .builder_key = BUILDER_KEY,
        .builder = n->builder,
        .rollups = n->rollups,
        .rollup_count = NETWORK_ROLLUPS,
        .txs = txs,
        .tx_count = tx_count,
    };
}

/* What is asked to follow the block that was built on the network's newest. */
static inline struct follow_options
network_follow_options(struct network *n, const struct world_result *result) {
    return (struct follow_options){
        .arena = n->arena,
        .hub = n->hub,
        .headers = {.context = n, .get = network_get_header},
        .schedule = &n->schedule,
        .parent_base = n->l1,
        .txs = result->block->txs,
        .receipts = result->block->receipts,
        .tx_count = result->block->tx_count,
        .rollups = n->rollups,
        .rollup_count = NETWORK_ROLLUPS,
    };
}

/* Who has only the block of L1 comes to the same heads and blocks of the rollups; else, why not. */
static inline const char *network_follow(struct network *n, const struct world_result *result) {
    const struct follow_options options = network_follow_options(n, result);
    struct follow_result followed;
    must(follow_block(&followed, &options));
    if (followed.verdict != FOLLOW_OK) return follow_verdict_text(followed.verdict);
    for (size_t i = 0; i < NETWORK_ROLLUPS; i++) {
        const struct world_rollup_result *a = &result->rollups[i];
        const struct world_rollup_result *b = &followed.rollups[i];
        if (!hash32_equal(&a->head, &b->head)) return "who follows L1 comes to another head";
        const hash32 committed = open_block_commitment(a->open);
        const hash32 again = open_block_commitment(b->open);
        bool is_same =
            hash32_equal(&committed, &again) && (a->sealed == NULL) == (b->sealed == NULL);
        if (is_same && a->sealed != NULL)
            is_same = hash32_equal(&a->sealed->hash, &b->sealed->hash);
        if (!is_same) return "who follows L1 comes to other blocks";
    }
    return NULL;
}

/* Goes on to the block that was built, without following it. */
static inline void network_go_on(struct network *n, const struct world_result *result) {
    n->l1 = &result->overlay->source;
    n->head = result->block->header;
    CHECK(n->head.number < NETWORK_BLOCKS_MAX);
    n->hashes[n->head.number] = header_hash(&n->head);
    n->headers[n->head.number] = n->head;
    for (size_t i = 0; i < NETWORK_ROLLUPS; i++) {
        const struct world_rollup_result *r = &result->rollups[i];
        CHECK(r->open != NULL);
        n->rollups[i].base = &((struct source_memory *)(uintptr_t)r->overlay)->source;
        n->rollups[i].head = r->head;
        n->rollups[i].open = *r->open;
        n->rollups[i].slot_txs = NULL;
        n->rollups[i].slot_tx_count = 0;
    }
}

/* Goes on to the block that was built. */
static inline void network_advance(struct network *n, const struct world_result *result) {
    CHECK(network_follow(n, result) == NULL);
    network_go_on(n, result);
}

/* --- the beginning ---------------------------------------------------------------------------- */

/* An account that is there from genesis on one chain, and has a proxy on all others. Without code,
 * nonce and balance there is only the proxy. */
struct network_resident {
    uint64_t chain;
    struct genesis_account account;
};

static inline bool is_in_genesis(const struct genesis_account *a) {
    return a->code.size > 0 || a->nonce > 0 || !u256_is_zero(&a->balance);
}

static inline struct genesis_account test_contract(address at, const uint8_t *code, size_t size) {
    return (struct genesis_account){
        .address = at,
        .nonce = 1,
        .code = bytes_of(code, size),
    };
}

static inline size_t test_contracts(struct genesis_account *out) {
    out[0] = test_contract(RELAY, RELAY_CODE, sizeof(RELAY_CODE));
    out[1] = test_contract(TRY, TRY_CODE, sizeof(TRY_CODE));
    out[2] = test_contract(VIEW, VIEW_CODE, sizeof(VIEW_CODE));
    out[3] = test_contract(COUNTER, COUNTER_CODE, sizeof(COUNTER_CODE));
    out[4] = test_contract(REVERTER, REVERTER_CODE, sizeof(REVERTER_CODE));
    out[5] = test_contract(READER, READER_CODE, sizeof(READER_CODE));
    out[6] = test_contract(ASKER, ASKER_CODE, sizeof(ASKER_CODE));
    out[7] = test_contract(CELL, CELL_CODE, sizeof(CELL_CODE));
    out[8] = test_contract(LOOKER, LOOKER_CODE, sizeof(LOOKER_CODE));
    out[11] = test_contract(PASSER, PASSER_CODE, sizeof(PASSER_CODE));
    out[9] = test_contract(THROW, THROW_CODE, sizeof(THROW_CODE));
    out[10] = test_contract(PAIR, PAIR_CODE, sizeof(PAIR_CODE));
    return TEST_CONTRACT_COUNT;
}

static inline struct source *commit_genesis(struct network *n, struct genesis *genesis) {
    struct source_memory *memory = arena_alloc(n->arena, sizeof(*memory));
    struct state *state = arena_alloc(n->arena, sizeof(*state));
    CHECK(memory != NULL && state != NULL);
    source_memory_open(memory, n->arena, NULL);
    must(state_open(state, n->arena, &memory->source, &EMPTY_TRIE_ROOT));
    must(genesis_commit(genesis, state, memory, n->arena));
    return &memory->source;
}

/* A rollup's genesis with the accounts, and a proxy of each that is on another chain. */
static inline void begin_rollup(
    struct network *n,
    u256 *ether_wei,
    uint64_t rollup_id,
    const struct network_resident *accounts,
    size_t account_count
) {
    const struct genesis_account funded = {.address = n->user, .balance = ETHER};
    struct rollup_genesis_options options = {
        .rollup_id = rollup_id,
        .chain_id = NETWORK_CHAIN_ID + rollup_id,
        .parent_chain_id = NETWORK_CHAIN_ID,
        .parent_schedule = &n->schedule,
        .hub = n->hub,
        .block_gas_limit = NETWORK_GAS_LIMIT,
        .timestamp = NETWORK_TIMESTAMP,
        .accounts = &funded,
        .account_count = 1,
    };
    const bool is_ledger = rollup_id == NETWORK_LEDGER;
    if (is_ledger) {
        options.kind = ROLLUP_LEDGER;
        options.has_own_token = true;
        options.ledger_owner = n->user;
        account_count = 0; /* it has no place for contracts and proxies */
    }
    struct genesis genesis;
    struct world_rollup *rollup = &n->rollups[rollup_id - 1];
    *rollup = (struct world_rollup){
        .type = is_ledger ? &LEDGER_ROLLUP_TYPE : &EVM_ROLLUP_TYPE,
        .rollup_id = rollup_id,
        .chain_id = options.chain_id,
        .proof_system = n->attestation,
    };
    must(rollup_genesis(&genesis, &rollup->open, ether_wei, n->arena, &options));
    size_t count = genesis.account_count;
    struct genesis_account *all = arena_alloc_array(n->arena, count + account_count, sizeof(*all));
    CHECK(all != NULL);
    memcpy(all, genesis.accounts, count * sizeof(*all));
    for (size_t i = 0; i < account_count; i++) {
        const struct genesis_account *account = &accounts[i].account;
        bytes code;
        if (accounts[i].chain == rollup_id) {
            if (is_in_genesis(account)) all[count++] = *account;
            *ether_wei = u256_add(ether_wei, &account->balance);
            continue;
        }
        must(proxy_runtime(&code, n->arena, &L2HUB_PREDEPLOY, accounts[i].chain, &account->address)
        );
        address proxy = rollup_proxy(accounts[i].chain, account->address);
        all[count++] = test_contract(proxy, code.data, code.size);
    }
    genesis.accounts = all;
    genesis.account_count = count;
    rollup->base = commit_genesis(n, &genesis);
    rollup->head = genesis.header.state_root;
}

static inline void
begin_l1(struct network *n, const struct network_resident *accounts, size_t account_count) {
    struct genesis genesis;
    size_t count;
    struct genesis_account *all =
        arena_alloc_array(n->arena, GENESIS_SYSTEM_ACCOUNT_MAX + account_count + 3, sizeof(*all));
    CHECK(all != NULL);
    must(genesis_system_accounts(all, &count, n->arena, FORK_OSAKA));
    for (size_t i = 0; i < account_count; i++)
        if (accounts[i].chain == 0 && is_in_genesis(&accounts[i].account))
            all[count++] = accounts[i].account;
    u256 much = u256_from_u64(1000000);
    much = u256_mul(&much, &ETHER);
    all[count++] = (struct genesis_account){.address = n->builder, .balance = much};
    all[count++] = (struct genesis_account){.address = n->user, .balance = much};
    /* L1's is where the rollups have theirs. */
    all[count++] = test_contract(
        MESSAGES_PREDEPLOY,
        artifact_message_service_runtime,
        sizeof(artifact_message_service_runtime)
    );
    genesis_from_accounts(&genesis, &n->schedule, all, count, NETWORK_GAS_LIMIT, NETWORK_TIMESTAMP);
    n->l1 = commit_genesis(n, &genesis);
    n->head = genesis.header;
    n->hashes[0] = header_hash(&n->head);
    n->headers[0] = n->head;
}

/* A transaction of the builder that must succeed. */
static inline void
deploy_step(struct network *n, struct block_builder *builder, struct tx *tx, uint64_t gas_limit) {
    tx->type = TX_DYNAMIC_FEE;
    tx->is_protected = true;
    tx->chain_id = NETWORK_CHAIN_ID;
    tx->nonce = builder->tx_count;
    tx->max_fee_per_gas = u256_from_u64(10000000000);
    tx->gas_limit = gas_limit;
    must(tx_sign(tx, n->arena, &BUILDER_KEY));
    CHECK(block_add(builder, tx, &n->builder) == EXECUTION_DONE);
    CHECK(builder->results[builder->tx_count - 1].is_success);
}

static inline bytes network_hub_initcode(struct network *n) {
    bytes code = bytes_of(artifact_hub_creation, sizeof(artifact_hub_creation));
    return join(n, code, address_word(n, MESSAGES_PREDEPLOY));
}

static inline void deploy_contracts(struct network *n, struct block_builder *builder) {
    struct tx tx = {.is_create = true};
    /* Attestation's constructor: (uint256 threshold, address[] attesters). */
    bytes arguments = join(n, join(n, word_of(n, 1), word_of(n, 64)), word_of(n, 1));
    arguments = join(n, arguments, address_word(n, n->attester));
    tx.data = join(
        n, bytes_of(artifact_attestation_creation, sizeof(artifact_attestation_creation)), arguments
    );
    deploy_step(n, builder, &tx, 4000000);
    CHECK(address_equal(&builder->results[0].created, &n->attestation));
    tx = (struct tx){
        .is_create = true,
        .data = network_hub_initcode(n),
    };
    deploy_step(n, builder, &tx, TX_GAS_LIMIT_MAX);
    CHECK(address_equal(&builder->results[1].created, &n->hub));
}

static inline void register_rollup(
    struct network *n, struct block_builder *builder, const hash32 *head, const u256 *credit_wei
) {
    bytes arguments = join(n, address_word(n, n->attestation), hash32_bytes(&NETWORK_VKEY));
    arguments = join(n, arguments, hash32_bytes(head));
    arguments = join(n, arguments, join(n, address_word(n, n->builder), word_of(n, 0)));
    arguments = join(n, arguments, word_of(n, 0)); /* no Messenger */
    arguments = join(n, arguments, word_of(n, NETWORK_FORCE_DELAY));
    static const char REGISTER[] =
        "register(address,bytes32,bytes32,address,(bool,address,uint32))";
    struct tx tx = {.to = n->hub, .data = join(n, selector_of(n, REGISTER), arguments)};
    deploy_step(n, builder, &tx, 3000000);
    if (u256_is_zero(credit_wei)) return;
    /* Rollups are numbered in the order they are registered: this is number (txs - 1) / 2. */
    uint64_t rollup_id = (builder->tx_count - 1) / 2;
    tx = (struct tx){
        .to = n->hub,
        .value = *credit_wei,
        .data = join(n, selector_of(n, "credit(uint64)"), word_of(n, rollup_id)),
    };
    deploy_step(n, builder, &tx, 1000000);
}

/* The keys' owners, and where the builder's first two creations will be. */
static inline void network_name(struct network *n, struct arena *arena) {
    *n = (struct network){.arena = arena};
    must(secp256k1_address_of(&n->builder, &BUILDER_KEY));
    must(secp256k1_address_of(&n->user, &USER_KEY));
    must(secp256k1_address_of(&n->attester, &ATTESTER_KEY));
    n->attestation = evm_create_address(&n->builder, 0);
    n->hub = evm_create_address(&n->builder, 1);
    forks_development(&n->schedule, NETWORK_CHAIN_ID, FORK_OSAKA);
}

/* The first block of L1: the contracts, the rollups and one more which is nowhere, and proxies of
 * every account that is not on L1. The network has been named. */
static inline void network_open_with(
    struct network *n, const struct network_resident *accounts, size_t account_count
) {
    struct arena *arena = n->arena;
    u256 ether_wei[NETWORK_ROLLUPS];
    for (uint64_t id = 1; id <= NETWORK_ROLLUPS; id++)
        begin_rollup(n, &ether_wei[id - 1], id, accounts, account_count);
    begin_l1(n, accounts, account_count);

    struct block_builder *builder = arena_alloc(arena, sizeof(*builder));
    struct source_memory *sink = arena_alloc(arena, sizeof(*sink));
    CHECK(builder != NULL && sink != NULL);
    source_memory_open(sink, arena, n->l1);
    struct state *state = arena_alloc(arena, sizeof(*state));
    CHECK(state != NULL);
    must(state_open(state, arena, &sink->source, &n->head.state_root));
    struct block_hashes hashes = {.context = n, .get = network_hash_of};
    must(block_begin(
        builder,
        arena,
        state,
        sink,
        &n->schedule,
        &n->head,
        network_attributes(n),
        hashes,
        NULL,
        NULL
    ));
    deploy_contracts(n, builder);
    for (size_t i = 0; i < NETWORK_ROLLUPS; i++)
        register_rollup(n, builder, &n->rollups[i].head, &ether_wei[i]);
    register_rollup(n, builder, &NETWORK_VKEY, &U256_ZERO);
    for (size_t i = 0; i < account_count; i++) {
        if (accounts[i].chain == 0) continue;
        struct tx tx = {.to = n->hub};
        tx.data = create_proxy_call(n, accounts[i].chain, accounts[i].account.address);
        deploy_step(n, builder, &tx, 1000000);
    }
    enum block_verdict verdict;
    must(block_finish(builder, &verdict));
    CHECK(verdict == BLOCK_OK);
    n->l1 = &sink->source;
    n->head = builder->header;
    n->hashes[1] = header_hash(&n->head);
    n->headers[1] = n->head;
}

/* A network with the test contracts on every chain, that which is nowhere included. */
static inline void network_open(struct network *n, struct arena *arena) {
    struct genesis_account contracts[TEST_CONTRACT_COUNT];
    struct network_resident residents[(NETWORK_ROLLUPS + 2) * TEST_CONTRACT_COUNT];
    size_t count = 0;
    (void)test_contracts(contracts);
    for (uint64_t chain = 0; chain <= NETWORK_ROLLUPS + 1; chain++)
        for (size_t i = 0; i < TEST_CONTRACT_COUNT; i++)
            residents[count++] = (struct network_resident){chain, contracts[i]};
    network_name(n, arena);
    network_open_with(n, residents, count);
}

#endif
