#include "node/message.h"

#include "batch/abi.h"
#include "crypto/keccak.h"

/* Publisher and message are topics. */
#define BROADCAST_EVENT "MessageBroadcast(bytes32,address)"

/* Words of the tuple. */
enum { WORD_ROLLUP_ID = 2, WORD_TO_PARENT = 3, WORD_FEE = 9 };

hash32 message_slot(const hash32 *message, const address *publisher) {
    uint8_t word[ABI_WORD] = {0};
    memcpy(word + ABI_WORD - sizeof(publisher->b), publisher->b, sizeof(publisher->b));
    return keccak256_two(hash32_bytes(message), bytes_of(word, sizeof(word)));
}

bool message_read_broadcast(
    struct message_broadcast *broadcast, const struct log *log, const address *service
) {
    if (!address_equal(&log->address, service) || log->topic_count != 3) return false;
    const hash32 topic = abi_signature_hash(BROADCAST_EVENT);
    if (!hash32_equal(&log->topics[0], &topic)) return false;
    broadcast->message = log->topics[1];
    memcpy(broadcast->publisher.b, log->topics[2].b + 12, sizeof(broadcast->publisher.b));
    return true;
}

enum err message_read_left(struct message_left *left, bytes data) {
    enum err err = abi_read_tail(&left->tuple, data, 0);
    if (err == ERR_OK) err = abi_read_u64(&left->rollup_id, left->tuple, WORD_ROLLUP_ID);
    if (err == ERR_OK) err = abi_read_bool(&left->to_parent, left->tuple, WORD_TO_PARENT);
    if (err == ERR_OK) err = abi_read_u256(&left->fee_wei, left->tuple, WORD_FEE);
    return err;
}
