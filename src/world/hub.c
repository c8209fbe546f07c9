/* The Hub's side of the ABI: contracts/src/parent/Hub.sol is the other one. */
#include "world/world_private.h"

#include "crypto/keccak.h"

/* Where Hub.sol keeps its mapping of rollups, and which word of the struct is the head. */
#define HUB_ROLLUPS_SLOT 0
#define HUB_HEAD_WORD    0

void hub_read_lookup(
    struct hub_lookup *lookup, bool *is_lookup, const struct evm_message *call, const address *hub
) {
    static const char SIGNATURE[] = "lookup(uint64,bytes32," ACTION_SIGNATURE ",uint256)";
    *is_lookup = false;
    if (!address_equal(&call->code_address, hub) || !address_equal(&call->sender, hub) ||
        !abi_has_selector(call->input, SIGNATURE))
        return;
    bytes arguments = bytes_slice(call->input, ABI_SELECTOR, SIZE_MAX);
    bytes tail;
    enum err err = abi_read_u64(&lookup->rollup_id, arguments, 0);
    if (err == ERR_OK) err = abi_read_hash(&lookup->head, arguments, 1);
    if (err == ERR_OK) err = abi_read_tail(&tail, arguments, 2);
    if (err == ERR_OK) err = action_read_tuple(&lookup->action, tail);
    if (err == ERR_OK) err = abi_read_u64(&lookup->alternative, arguments, 3);
    *is_lookup = err == ERR_OK;
}

enum err hub_encode_outcome(
    bytes *encoded, struct arena *arena, const struct entry *entry, const hash32 *entry_hash
) {
    static const struct entry nothing = {0};
    static const hash32 no_hash = {{0}};
    const struct entry *e = entry == NULL ? &nothing : entry;
    struct abi_writer w;
    abi_writer_open(&w, arena);
    size_t outcome = abi_write_offset(&w);
    abi_begin_tail(&w, outcome, 0);
    size_t start = w.size;
    abi_write_bool(&w, entry != NULL);
    abi_write_bool(&w, e->scope);
    abi_write_hash(&w, entry == NULL ? &no_hash : entry_hash);
    size_t transitions = abi_write_offset(&w);
    size_t out = abi_write_offset(&w);
    abi_begin_tail(&w, transitions, start);
    abi_write_u64(&w, e->transition_count);
    for (size_t i = 0; i < e->transition_count; i++) {
        const struct transition *t = &e->transitions[i];
        abi_write_u64(&w, t->rollup_id);
        abi_write_hash(&w, &t->pre);
        abi_write_hash(&w, &t->post);
        abi_write_bool(&w, t->idle);
        abi_write_u256(&w, &t->ether_delta_wei);
    }
    abi_begin_tail(&w, out, start);
    action_write_tuple(&w, &e->out);
    return abi_finish(&w, encoded);
}

uint64_t hub_lookup_gas(const struct entry *entry) {
    uint64_t words = 4 + 3 * entry->transition_count + (entry->out.data.size + 31) / 32;
    return 3000 + 2100 * words;
}

u256 world_head_slot(uint64_t rollup_id) {
    uint8_t preimage[64] = {0};
    store_be64(preimage + 24, rollup_id);
    store_be64(preimage + 56, HUB_ROLLUPS_SLOT);
    hash32 slot = keccak256(bytes_of(preimage, sizeof(preimage)));
    u256 at = u256_load_be(slot.b);
    u256 word = u256_from_u64(HUB_HEAD_WORD);
    return u256_add(&at, &word);
}

bool world_is_lookup(const struct evm_message *message, const address *hub) {
    struct hub_lookup lookup;
    bool is_lookup;
    hub_read_lookup(&lookup, &is_lookup, message, hub);
    return is_lookup;
}
