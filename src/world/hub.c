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
    static const char SIGNATURE[] = "lookup(uint64,bytes32," ACTION_SIGNATURE ",uint256,uint256)";
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

uint64_t hub_lookup_gas(size_t record_size, bool is_fresh) {
    /* The call itself, and its way to the table. */
    const uint64_t base = is_fresh ? 750 : 1150;
    const uint64_t words = record_size / ABI_WORD - 1; /* its key is in no table */
    return base + words * (is_fresh ? GAS_WARM : GAS_COLD);
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
