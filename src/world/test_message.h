/* world/test_message.h: what tests of messages share: L1's MessageService lies where those of
 * rollups do. */
#ifndef WORLD_TEST_MESSAGE_H
#define WORLD_TEST_MESSAGE_H

#include "world/test_group.h"

static const hash32 MESSAGE = {{[0] = 0xaa, [31] = 1}};
static const hash32 OTHER_MESSAGE = {{[0] = 0xaa, [31] = 2}};

static inline bytes broadcast(const hash32 *message) {
    return join(&net, selector_of(&net, "broadcastMessage(bytes32)"), hash32_bytes(message));
}

/* What the service calls a message of the user's. */
static inline hash32 slot_of(const hash32 *message) {
    bytes user = address_word(&net, net.user);
    return keccak256_two(hash32_bytes(message), user);
}

static inline bool is_received(uint64_t rollup_id, const hash32 *message) {
    hash32 slot = slot_of(message);
    u256 mark = rollup_import_mark(&slot);
    u256 value = network_slot(&net, rollup_id, MESSAGES_PREDEPLOY, mark);
    return !u256_is_zero(&value);
}

static inline void build_after(const struct world_tx *txs, size_t tx_count, size_t before_count) {
    struct world_options options = network_options(&net, txs, tx_count);
    options.before_count = before_count;
    assert_int_equal(world_build(&result, &options), ERR_OK);
}

static inline void import(uint64_t rollup_id, hash32 *slots, size_t count) {
    net.rollups[rollup_id - 1].message_slots = slots;
    net.rollups[rollup_id - 1].message_slot_count = count;
    net.rollups[rollup_id - 1].must_move = true;
}

#endif
