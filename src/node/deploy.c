#include "node/deploy.h"

#include "batch/abi.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "evm/evm.h"
#include "node/dev_genesis.h"
#include "proof/guest.h"
#include "rollup/artifacts.h"
#include "rollup/predeploys.h"

/* Enough for each; what is not used is given back. A byte of a contract costs 16 gas as calldata
 * and 200 when it is stored, and its constructor a little. */
#define DEPLOY_GAS          200000u
#define DEPLOY_GAS_PER_BYTE 300u
#define REGISTER_GAS        3000000u
#define CREDIT_GAS          200000u

#define VKEY_NAME_SIZE_MAX 32u

/* Attestation's constructor: (uint256 threshold, address[] attesters), 1 of 1. */
static enum err attestation_initcode(bytes *code, struct arena *arena, const address *attester) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_raw(
        &w, bytes_of(artifact_attestation_creation, sizeof(artifact_attestation_creation))
    );
    size_t start = sizeof(artifact_attestation_creation);
    abi_write_u64(&w, 1);
    size_t attesters = abi_write_offset(&w);
    abi_begin_tail(&w, attesters, start);
    abi_write_u64(&w, 1);
    abi_write_address(&w, attester);
    return abi_finish(&w, code);
}

/* Of contracts whose constructor takes another's address. */
static enum err
with_address_initcode(bytes *code, struct arena *arena, bytes creation, const address *argument) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_raw(&w, creation);
    abi_write_address(&w, argument);
    return abi_finish(&w, code);
}

/* Messenger's constructor: (IHub hub, IMessageService service). */
static enum err
messenger_initcode(bytes *code, struct arena *arena, const address *hub, const address *messages) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_raw(&w, bytes_of(artifact_messenger_creation, sizeof(artifact_messenger_creation)));
    abi_write_address(&w, hub);
    abi_write_address(&w, messages);
    return abi_finish(&w, code);
}

/* KOfN's constructor: (uint256 threshold, address[] systems). */
static enum err k_of_n_initcode(bytes *code, struct arena *arena, const address *systems) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_raw(&w, bytes_of(artifact_k_of_n_creation, sizeof(artifact_k_of_n_creation)));
    size_t start = sizeof(artifact_k_of_n_creation);
    abi_write_u64(&w, DEPLOY_THRESHOLD);
    size_t list = abi_write_offset(&w);
    abi_begin_tail(&w, list, start);
    abi_write_u64(&w, DEPLOY_ATTESTERS);
    for (unsigned i = 0; i < DEPLOY_ATTESTERS; i++)
        abi_write_address(&w, &systems[i]);
    return abi_finish(&w, code);
}

static address deployed_at(bytes initcode, uint8_t salt) {
    const hash32 word = {{[31] = salt}};
    hash32 hash = keccak256(initcode);
    return evm_create2_address(&DEPLOYMENT_PROXY_ADDRESS, &word, &hash);
}

/* All the code there may be. */
struct initcodes {
    bytes hub;
    bytes attestation;
    bytes owner;
    bytes attesters[DEPLOY_ATTESTERS];
    bytes k_of_n;
    bytes bundler;
    bytes messages;
    bytes messenger;
    bytes bridge;
};

static enum err make_initcodes(
    struct initcodes *codes,
    struct deploy_contracts *out,
    struct arena *arena,
    const struct node_keys *keys,
    uint8_t salt,
    bool is_on_rollup
) {
    bytes owner = bytes_of(artifact_owner_creation, sizeof(artifact_owner_creation));
    bytes bundler = bytes_of(artifact_bundler_creation, sizeof(artifact_bundler_creation));
    bytes bridge = bytes_of(artifact_bridge_creation, sizeof(artifact_bridge_creation));
    out->salt = salt;
    out->is_on_rollup = is_on_rollup;
    codes->messages =
        bytes_of(artifact_message_service_creation, sizeof(artifact_message_service_creation));
    out->messages = is_on_rollup ? MESSAGES_PREDEPLOY : deployed_at(codes->messages, salt);
    bytes hub = bytes_of(artifact_hub_creation, sizeof(artifact_hub_creation));
    enum err err = with_address_initcode(&codes->hub, arena, hub, &out->messages);
    if (err != ERR_OK) return err;
    out->hub = deployed_at(codes->hub, salt);
    err = attestation_initcode(&codes->attestation, arena, &keys->attester.address);
    for (unsigned i = 0; i < DEPLOY_ATTESTERS && err == ERR_OK; i++) {
        struct hd_key key;
        err = keys_attester(keys, &key, i);
        if (err == ERR_OK) err = attestation_initcode(&codes->attesters[i], arena, &key.address);
        if (err == ERR_OK) out->attesters[i] = deployed_at(codes->attesters[i], salt);
    }
    if (err == ERR_OK) err = with_address_initcode(&codes->owner, arena, owner, &out->hub);
    if (err == ERR_OK) err = with_address_initcode(&codes->bundler, arena, bundler, &out->hub);
    if (err == ERR_OK) err = k_of_n_initcode(&codes->k_of_n, arena, out->attesters);
    if (err == ERR_OK)
        err = messenger_initcode(&codes->messenger, arena, &out->hub, &out->messages);
    if (err != ERR_OK) return err;
    out->messenger = is_on_rollup ? MESSENGER_PREDEPLOY : deployed_at(codes->messenger, salt);
    err = with_address_initcode(&codes->bridge, arena, bridge, &out->messenger);
    if (err != ERR_OK) return err;
    out->bridge = is_on_rollup ? BRIDGE_PREDEPLOY : deployed_at(codes->bridge, salt);
    out->attestation = deployed_at(codes->attestation, salt);
    out->owner = deployed_at(codes->owner, salt);
    out->k_of_n = deployed_at(codes->k_of_n, salt);
    out->bundler = deployed_at(codes->bundler, salt);
    return ERR_OK;
}

enum err deploy_addresses(
    struct deploy_contracts *out,
    struct arena *arena,
    const struct node_keys *keys,
    uint8_t salt,
    bool is_on_rollup
) {
    struct initcodes codes;
    struct deploy_contracts made;
    enum err err = make_initcodes(&codes, &made, arena, keys, salt, is_on_rollup);
    if (err == ERR_OK) *out = made;
    return err;
}

hash32 deploy_vkey(const struct rollup_type *type) {
    uint8_t both[sizeof(hash32) + VKEY_NAME_SIZE_MAX];
    const hash32 program = guest_id();
    const size_t size = strlen(type->name);
    CHECK(size <= VKEY_NAME_SIZE_MAX);
    if (type->kind == ROLLUP_EVM) return program;
    memcpy(both, program.b, sizeof(program.b));
    memcpy(both + sizeof(program.b), type->name, size);
    return keccak256(bytes_of(both, sizeof(program.b) + size));
}

const address *deploy_proof_system(const struct deploy_contracts *contracts, unsigned proof) {
    switch ((enum node_proof)proof) {
    case NODE_PROOF_ATTESTATION:
        break;
    case NODE_PROOF_OWNER:
        return &contracts->owner;
    case NODE_PROOF_K_OF_N:
        return &contracts->k_of_n;
    }
    return &contracts->attestation;
}

/* --- transactions ----------------------------------------------------------------------------- */

struct deployment {
    const struct deploy_options *options;
    struct arena *arena;
    struct pool_tx *txs;
    size_t count;
};

static enum err
add(struct deployment *d, const address *to, bytes data, const u256 *value_wei, uint64_t gas) {
    const struct deploy_options *options = d->options;
    struct pool_tx *added = &d->txs[d->count];
    *added = (struct pool_tx){
        .tx =
            {
                .type = TX_DYNAMIC_FEE,
                .is_protected = true,
                .chain_id = options->chain_id,
                .nonce = d->count,
                .max_fee_per_gas = options->max_fee_per_gas,
                .gas_limit = gas,
                .to = *to,
                .value = *value_wei,
                .data = data,
            },
        .sender = options->keys->builder.address,
        .arrival = d->count,
    };
    enum err err = tx_sign(&added->tx, d->arena, &options->keys->builder.private_key);
    if (err == ERR_OK) err = tx_encode(&added->encoding, d->arena, &added->tx);
    if (err != ERR_OK) return err;
    added->hash = keccak256(added->encoding);
    d->count++;
    return ERR_OK;
}

/* Through the deployment proxy: the salt, then the code. */
static enum err add_contract(struct deployment *d, bytes initcode) {
    uint8_t *data = arena_alloc_zero(d->arena, ABI_WORD + initcode.size);
    if (data == NULL) return ERR_MEMORY;
    data[ABI_WORD - 1] = d->options->contracts.salt;
    memcpy(data + ABI_WORD, initcode.data, initcode.size);
    bytes calldata = bytes_of(data, ABI_WORD + initcode.size);
    uint64_t gas = DEPLOY_GAS + DEPLOY_GAS_PER_BYTE * initcode.size;
    return add(d, &DEPLOYMENT_PROXY_ADDRESS, calldata, &U256_ZERO, gas);
}

static enum err add_registration(struct deployment *d, const struct deploy_rollup *rollup) {
    const struct deploy_contracts *contracts = &d->options->contracts;
    const address nobody = {{0}};
    struct abi_writer w;
    bytes data;
    abi_writer_open(&w, d->arena);
    abi_write_selector(&w, "register(address,bytes32,bytes32,address,(bool,address,uint32))");
    abi_write_address(&w, deploy_proof_system(contracts, rollup->proof));
    abi_write_hash(&w, &rollup->vkey);
    abi_write_hash(&w, &rollup->head);
    abi_write_address(&w, &d->options->keys->builder.address);
    abi_write_bool(&w, rollup->has_own_token);
    abi_write_address(&w, rollup->has_messenger ? &contracts->messenger : &nobody);
    abi_write_u64(&w, rollup->force_delay);
    enum err err = abi_finish(&w, &data);
    return err != ERR_OK ? err : add(d, &contracts->hub, data, &U256_ZERO, REGISTER_GAS);
}

static enum err
add_credit(struct deployment *d, uint64_t rollup_id, const struct deploy_rollup *rollup) {
    struct abi_writer w;
    bytes data;
    abi_writer_open(&w, d->arena);
    abi_write_selector(&w, "credit(uint64)");
    abi_write_u64(&w, rollup_id);
    enum err err = abi_finish(&w, &data);
    if (err != ERR_OK) return err;
    return add(d, &d->options->contracts.hub, data, &rollup->credit_wei, CREDIT_GAS);
}

/* The proof systems: Attestation always, so that its address is known; others for who has them. */
static enum err add_proof_systems(struct deployment *d, const struct initcodes *codes) {
    const struct deploy_options *options = d->options;
    bool has_owner = false;
    bool has_k_of_n = false;
    for (size_t i = 0; i < options->rollup_count; i++) {
        has_owner |= options->rollups[i].proof == NODE_PROOF_OWNER;
        has_k_of_n |= options->rollups[i].proof == NODE_PROOF_K_OF_N;
    }
    enum err err = ERR_OK;
    if (has_owner) err = add_contract(d, codes->owner);
    for (unsigned i = 0; i < DEPLOY_ATTESTERS && has_k_of_n && err == ERR_OK; i++)
        err = add_contract(d, codes->attesters[i]);
    if (has_k_of_n && err == ERR_OK) err = add_contract(d, codes->k_of_n);
    return err;
}

enum err deploy_transactions(
    const struct pool_tx **txs,
    size_t *count,
    struct arena *arena,
    const struct deploy_options *options
) {
    struct deployment d = {.options = options, .arena = arena};
    struct initcodes codes;
    struct deploy_contracts contracts;
    d.txs =
        arena_alloc_array(arena, 8 + DEPLOY_ATTESTERS + 2 * options->rollup_count, sizeof(*d.txs));
    if (d.txs == NULL) return ERR_MEMORY;
    const bool is_on_rollup = options->contracts.is_on_rollup;
    enum err err = make_initcodes(
        &codes, &contracts, arena, options->keys, options->contracts.salt, is_on_rollup
    );
    if (err == ERR_OK) err = add_contract(&d, codes.attestation);
    if (err == ERR_OK) err = add_contract(&d, codes.hub);
    if (err == ERR_OK) err = add_proof_systems(&d, &codes);
    for (size_t i = 0; i < options->rollup_count && err == ERR_OK; i++) {
        err = add_registration(&d, &options->rollups[i]);
        if (err == ERR_OK && !u256_is_zero(&options->rollups[i].credit_wei))
            err = add_credit(&d, i + 1, &options->rollups[i]);
    }
    if (err == ERR_OK) err = add_contract(&d, codes.bundler);
    if (err == ERR_OK && !is_on_rollup) err = add_contract(&d, codes.messages);
    if (err == ERR_OK && !is_on_rollup) err = add_contract(&d, codes.messenger);
    if (err == ERR_OK && !is_on_rollup) err = add_contract(&d, codes.bridge);
    if (err != ERR_OK) return err;
    *txs = d.txs;
    *count = d.count;
    return ERR_OK;
}
