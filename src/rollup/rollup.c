#include "rollup/rollup.h"

#include "chain/block.h"
#include "crypto/keccak.h"
#include "rollup/evm_rollup.h"
#include "rollup/ledger.h"
#include "rollup/predeploys.h"
#include "state/state.h"

const char *step_verdict_name(enum step_verdict verdict) {
    switch (verdict) {
#define STEP_VERDICT_NAME(name, text) \
    case STEP_##name:                 \
        return #name;
        STEP_VERDICT_LIST(STEP_VERDICT_NAME)
#undef STEP_VERDICT_NAME
    }
    return "UNKNOWN";
}

const char *step_verdict_text(enum step_verdict verdict) {
    switch (verdict) {
#define STEP_VERDICT_TEXT(name, text) \
    case STEP_##name:                 \
        return text;
        STEP_VERDICT_LIST(STEP_VERDICT_TEXT)
#undef STEP_VERDICT_TEXT
    }
    return "unknown verdict";
}

const struct rollup_type *rollup_type_of(const u256 *kind) {
    const uint64_t number = u256_to_u64_saturating(kind);
    if (number == (uint64_t)EVM_ROLLUP_TYPE.kind) return &EVM_ROLLUP_TYPE;
    if (number == (uint64_t)LEDGER_ROLLUP_TYPE.kind) return &LEDGER_ROLLUP_TYPE;
    return NULL;
}

struct rollup *rollup_open(const struct rollup_type *type, const struct rollup_options *options) {
    struct rollup *rollup = arena_alloc_zero(options->arena, type->size);
    if (rollup == NULL) return NULL;
    rollup->type = type;
    rollup->rollup_id = options->rollup_id;
    rollup->arena = options->arena;
    rollup->overlay = options->overlay;
    rollup->parent.arena = options->arena;
    map_open(&rollup->heads, options->arena, sizeof(hash32), sizeof(struct rollup_machine *));
    return type->open(rollup, options) == ERR_OK ? rollup : NULL;
}

enum err rollup_read_parameters(
    struct rollup_parameters *parameters,
    struct arena *arena,
    struct source *source,
    const hash32 *head
) {
    struct state state;
    struct rollup_parameters p = {0};
    const struct {
        enum system_slot slot;
        u256 *value;
    } values[] = {
        {SYSTEM_CHAIN_ID, &p.chain_id},
        {SYSTEM_ROLLUP_ID, &p.rollup_id},
        {SYSTEM_HUB, &p.hub},
        {SYSTEM_PARENT_CHAIN_ID, &p.parent_chain_id},
        {SYSTEM_HAS_OWN_TOKEN, &p.own_token},
        {SYSTEM_KIND, &p.kind},
    };
    enum err err = state_open(&state, arena, source, head);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]) && err == ERR_OK; i++) {
        u256 key = u256_from_u64(values[i].slot);
        err = state_get_slot(&state, &SYSTEM_PREDEPLOY, &key, values[i].value);
    }
    if (err == ERR_OK) *parameters = p;
    return err;
}

enum err rollup_add_head(
    struct rollup *rollup,
    enum step_verdict *verdict,
    const hash32 *head,
    const struct open_block *open
) {
    struct state state;
    u256 committed;
    u256 slot = u256_from_u64(SYSTEM_OPEN_BLOCK);
    enum err err = state_open(&state, rollup->arena, &rollup->overlay->source, head);
    if (err == ERR_OK) err = state_get_slot(&state, &SYSTEM_PREDEPLOY, &slot, &committed);
    struct rollup_parameters parameters;
    if (err == ERR_OK)
        err = rollup_read_parameters(&parameters, rollup->arena, &rollup->overlay->source, head);
    if (err != ERR_OK) return err;
    hash32 commitment = open_block_commitment(open);
    u256 expected = u256_load_be(commitment.b);
    if (!u256_equal(&committed, &expected)) {
        *verdict = STEP_OPEN_BLOCK;
        return ERR_OK;
    }
    struct rollup_machine *machine = rollup_new_machine(rollup, NULL);
    if (machine == NULL) return ERR_MEMORY;
    machine->root = *head;
    machine->open = *open;
    machine->is_idle = true;
    rollup->has_own_token = !u256_is_zero(&parameters.own_token);
    *verdict = STEP_OK;
    return rollup_register(rollup, machine, head);
}

enum err rollup_add_update(struct rollup *rollup, const struct update *update, bytes anchor) {
    if (rollup->update_count == ROLLUP_UPDATES_MAX) return ERR_LIMIT;
    struct rollup_update u = {
        .payload_hash = keccak256(update->payload),
        .anchor_hash = keccak256(anchor),
        .messages_hash = update_messages_hash(update),
        .payload = update->payload,
        .message_slots = update->message_slots,
        .message_slot_count = update->message_slot_count,
        .forced = update->forced,
    };
    if (header_decode(&u.anchor, anchor) != BLOCK_OK) return ERR_INPUT;
    rollup->updates[rollup->update_count++] = u;
    return ERR_OK;
}

static const struct rollup_machine *idle_at(const struct rollup *rollup, const hash32 *head) {
    const struct rollup_machine *machine = rollup_at(rollup, head);
    return machine == NULL || !machine->is_idle ? NULL : machine;
}

const struct open_block *rollup_open_block(const struct rollup *rollup, const hash32 *head) {
    const struct rollup_machine *machine = idle_at(rollup, head);
    return machine == NULL ? NULL : &machine->open;
}

const struct sealed_block *rollup_sealed_blocks(const struct rollup *rollup, const hash32 *head) {
    const struct rollup_machine *machine = idle_at(rollup, head);
    return machine == NULL ? NULL : machine->sealed;
}

enum err rollup_build_block(
    struct rollup *rollup,
    struct sealed_block *sealed,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash,
    const struct payload_block *block
) {
    *step = (struct rollup_step){.verdict = STEP_OK};
    return rollup->type->build_block(rollup, sealed, step, parent, parent_hash, block);
}

struct rollup_machine *rollup_at(const struct rollup *rollup, const hash32 *head) {
    struct rollup_machine **machine = map_get(&rollup->heads, head);
    return machine == NULL ? NULL : *machine;
}

enum err
rollup_register(struct rollup *rollup, struct rollup_machine *machine, const hash32 *head) {
    struct rollup_machine **slot = map_put(&rollup->heads, head, NULL);
    if (slot == NULL) return ERR_MEMORY;
    machine->head = *head;
    machine->has_head = true;
    machine->is_frozen = true;
    *slot = machine;
    return ERR_OK;
}

struct rollup_machine *
rollup_new_machine(const struct rollup *rollup, const struct rollup_machine *from) {
    struct rollup_machine *machine = arena_alloc_zero(rollup->arena, sizeof(*machine));
    if (machine == NULL) return NULL;
    if (from != NULL) {
        machine->root = from->root;
        machine->open = from->open;
        machine->sealed = from->sealed;
    }
    return machine;
}

struct header rollup_next_header(
    const struct header *parent,
    const hash32 *parent_hash,
    uint64_t timestamp,
    const address *fee_recipient,
    const hash32 *prev_randao,
    uint64_t gas_limit
) {
    return (struct header){
        .fields = HEADER_REQUESTS_HASH,
        .parent_hash = *parent_hash,
        .ommers_hash = EMPTY_LIST_HASH,
        .coinbase = *fee_recipient,
        .transactions_root = EMPTY_TRIE_ROOT,
        .receipts_root = EMPTY_TRIE_ROOT,
        .number = parent->number + 1,
        .gas_limit = gas_limit,
        .timestamp = timestamp,
        .mix_hash = *prev_randao,
        .base_fee_per_gas = header_next_base_fee(parent),
        .withdrawals_root = EMPTY_TRIE_ROOT,
        .requests_hash = requests_hash(NULL, 0),
    };
}

u256 rollup_import_mark(const hash32 *message_slot) {
    static const char NAME[] =
        "lockstep.messages.imported"; /* MessageService.IMPORTED's preimage */
    const hash32 imported = keccak256(bytes_of(NAME, sizeof(NAME) - 1));
    const hash32 key = keccak256_two(hash32_bytes(&imported), hash32_bytes(message_slot));
    return u256_load_be(key.b);
}
