#include "rollup/genesis_host.h"
#include "rollup/artifacts.h"
#include "rollup/block_run.h"
#include "rollup/ledger.h"
#include "rollup/parent.h"
#include "rollup/predeploys.h"

#include "chain/block.h"

static struct genesis_account predeploy(const address *at, const uint8_t *code, size_t size) {
    return (struct genesis_account){.address = *at, .nonce = 1, .code = bytes_of(code, size)};
}

/* The contracts of messages, whose constructors have not run: what these would have written. */
static enum err add_message_contracts(
    struct genesis_account *list,
    size_t *count,
    struct arena *arena,
    const struct rollup_genesis_options *options
) {
    struct genesis_slot *slots = arena_alloc_array(arena, 6, sizeof(*slots));
    if (slots == NULL) return ERR_MEMORY;
    /* Slots as the contracts declare them: contracts/src/messages. */
    const struct {
        uint64_t slot;
        address value;
    } words[] = {
        {0, options->parent_messages},
        {0, options->parent_messenger},
        {2, MESSAGES_PREDEPLOY},
        {1, options->own_hub},
        {0, options->parent_bridge},
        {1, MESSENGER_PREDEPLOY},
    };
    const bool is_parent = !address_equal(&options->own_hub, &(address){{0}});
    for (size_t i = 0; i < 6; i++)
        slots[i] = (struct genesis_slot){
            .key = u256_from_u64(words[i].slot),
            .value = u256_load_be_short(address_bytes(&words[i].value)),
        };
    struct genesis_account *added = list + *count;
    added[0] = predeploy(
        &MESSAGES_PREDEPLOY,
        artifact_message_service_runtime,
        sizeof(artifact_message_service_runtime)
    );
    added[0].slots = slots;
    added[0].slot_count = 1;
    added[1] = predeploy(
        &MESSENGER_PREDEPLOY, artifact_messenger_runtime, sizeof(artifact_messenger_runtime)
    );
    added[1].slots = slots + 1;
    added[1].slot_count = is_parent ? 3 : 2;
    added[2] =
        predeploy(&BRIDGE_PREDEPLOY, artifact_bridge_runtime, sizeof(artifact_bridge_runtime));
    added[2].slots = slots + 4;
    added[2].slot_count = 2;
    *count += 3;
    return ERR_OK;
}

/* No codes: what the ledger can do its step function knows. */
static enum err add_ledger(
    struct genesis_account *list,
    size_t *count,
    struct arena *arena,
    const struct rollup_genesis_options *options
) {
    const address owner = block_run_proxy_of(0, &options->ledger_owner);
    struct genesis_slot *slots = arena_alloc_zero(arena, LEDGER_SLOT_COUNT * sizeof(*slots));
    if (slots == NULL) return ERR_MEMORY;
    for (uint64_t i = 0; i < LEDGER_SLOT_COUNT; i++)
        slots[i].key = u256_from_u64(i);
    u256 *supply = &slots[LEDGER_TOTAL_SUPPLY].value;
    for (size_t i = 0; i < options->account_count; i++)
        *supply = u256_add(supply, &options->accounts[i].balance);
    slots[LEDGER_OWNER].value = u256_load_be_short(address_bytes(&owner));
    list[(*count)++] = (struct genesis_account
    ){.address = LEDGER_ADDRESS, .nonce = 1, .slots = slots, .slot_count = LEDGER_SLOT_COUNT};
    return ERR_OK;
}

static enum err add_evm(
    struct genesis_account *list,
    size_t *count,
    struct arena *arena,
    const struct rollup_genesis_options *options
) {
    struct genesis_account contracts[GENESIS_SYSTEM_ACCOUNT_MAX];
    size_t contract_count;
    enum err err = genesis_system_accounts(contracts, &contract_count, arena, FORK_OSAKA);
    if (err != ERR_OK) return err;
    /* A rollup has no beacon chain and no requests: of Prague's contracts only the history. */
    for (size_t i = 0; i < contract_count; i++)
        if (address_equal(&contracts[i].address, &HISTORY_STORAGE_ADDRESS))
            list[(*count)++] = contracts[i];
    list[(*count)++] =
        predeploy(&ANCHOR_PREDEPLOY, artifact_anchor_runtime, sizeof(artifact_anchor_runtime));
    list[(*count)++] =
        predeploy(&L2HUB_PREDEPLOY, artifact_l2hub_runtime, sizeof(artifact_l2hub_runtime));
    bytes rules;
    err = parent_rules_encode(&rules, arena, options->parent_schedule);
    if (err != ERR_OK) return err;
    list[(*count)++] = predeploy(&PARENT_RULES_PREDEPLOY, rules.data, rules.size);
    return add_message_contracts(list, count, arena, options);
}

static enum err make_accounts(
    struct genesis_account **accounts,
    size_t *count,
    struct genesis_slot **system_slots,
    struct arena *arena,
    const struct rollup_genesis_options *options
) {
    const bool is_ledger = options->kind == ROLLUP_LEDGER;
    struct genesis_account *list =
        arena_alloc_array(arena, 8 + options->account_count, sizeof(*list));
    struct genesis_slot *slots = arena_alloc_zero(arena, SYSTEM_SLOT_COUNT * sizeof(*slots));
    if (list == NULL || slots == NULL) return ERR_MEMORY;
    size_t n = 0;
    list[n] = predeploy(
        &SYSTEM_PREDEPLOY, artifact_system_runtime, is_ledger ? 0 : sizeof(artifact_system_runtime)
    );
    list[n].slots = slots;
    list[n++].slot_count = SYSTEM_SLOT_COUNT;
    enum err err =
        is_ledger ? add_ledger(list, &n, arena, options) : add_evm(list, &n, arena, options);
    if (err != ERR_OK) return err;
    for (size_t i = 0; i < options->account_count; i++)
        genesis_fund(list, &n, &options->accounts[i].address, &options->accounts[i].balance);
    for (uint64_t i = 0; i < SYSTEM_SLOT_COUNT; i++)
        slots[i].key = u256_from_u64(i);
    slots[SYSTEM_CHAIN_ID].value = u256_from_u64(options->chain_id);
    slots[SYSTEM_ROLLUP_ID].value = u256_from_u64(options->rollup_id);
    slots[SYSTEM_HUB].value = u256_load_be_short(address_bytes(&options->hub));
    slots[SYSTEM_PARENT_CHAIN_ID].value = u256_from_u64(options->parent_chain_id);
    slots[SYSTEM_FORK].value = u256_from_u64(FORK_OSAKA);
    slots[SYSTEM_MAX_CALL_GAS].value = u256_from_u64(ROLLUP_MAX_CALL_GAS);
    slots[SYSTEM_HAS_OWN_TOKEN].value = u256_from_u64(options->has_own_token);
    slots[SYSTEM_KIND].value = u256_from_u64(options->kind);
    slots[SYSTEM_BLOCK_GAS_LIMIT].value = u256_from_u64(options->block_gas_limit);
    *accounts = list;
    *count = n;
    *system_slots = slots;
    return ERR_OK;
}

enum err rollup_genesis(
    struct genesis *genesis,
    struct open_block *open,
    u256 *ether_wei,
    struct arena *arena,
    const struct rollup_genesis_options *options
) {
    struct genesis_account *accounts;
    struct genesis_slot *slots;
    size_t count;
    enum err err = make_accounts(&accounts, &count, &slots, arena, options);
    if (err != ERR_OK) return err;
    struct fork_schedule schedule;
    forks_development(&schedule, options->chain_id, FORK_OSAKA);
    genesis_from_accounts(
        genesis, &schedule, accounts, count, options->block_gas_limit, options->timestamp
    );
    if (options->has_base_fee)
        genesis->header.base_fee_per_gas = u256_from_u64(options->base_fee_wei);
    err = open_block_begin(open, arena, &genesis->header);
    if (err != ERR_OK) return err;
    hash32 commitment = open_block_commitment(open);
    slots[SYSTEM_OPEN_BLOCK].value = u256_load_be(commitment.b);
    *ether_wei = U256_ZERO;
    for (size_t i = 0; i < count && !options->has_own_token; i++)
        *ether_wei = u256_add(ether_wei, &accounts[i].balance);
    return ERR_OK;
}
