/* The Hub's side of the ABI: contracts/src/parent/Hub.sol is the other one. */
#include "world/world_private.h"

#include "crypto/keccak.h"

/* Where Hub.sol keeps its mapping of rollups, and which word of the struct is the head. */
#define HUB_ROLLUPS_SLOT 0
#define HUB_HEAD_WORD    0

/* EIP-2929: reading a slot for the first time in a transaction, and again. */
#define GAS_COLD 2100
#define GAS_WARM 100

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

/* How many words the Hub's table has for an entry: Table.sol says which. */
static uint64_t table_words(const struct entry *entry) {
    const struct transition *first = &entry->transitions[0];
    const struct action *out = &entry->out;
    bool is_call = out->kind == ACTION_CALL;
    bool is_derived = is_call && entry->trace_count == 0;
    uint64_t words = 2; /* header, entry's hash */
    words += !is_derived && !hash32_equal(&first->pre, &first->post);
    words += !u256_is_zero(&first->ether_delta_wei);
    words += 3 * (entry->transition_count - 1);
    if (is_call) {
        bool is_own = entry->input.kind == ACTION_CALL &&
                      address_equal(&out->source, &entry->input.target) &&
                      out->source_rollup_id == entry->input.rollup_id;
        words += 1 + (uint64_t)!is_own + (uint64_t)!u256_is_zero(&out->value_wei);
    }
    words += out->kind == ACTION_REVERT;
    size_t in_header = is_call && out->data.size >= 4 ? 4 : 0;
    return words + (out->data.size - in_header + 31) / 32;
}

uint64_t hub_lookup_gas(const struct entry *entry, bool is_fresh, bool is_first) {
    const uint64_t base = 4550; /* the call itself, hashing the action, writing the answer */
    const uint64_t word = is_fresh ? GAS_WARM : GAS_COLD;
    return base + (is_fresh || !is_first ? GAS_WARM : GAS_COLD) + word * table_words(entry);
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
