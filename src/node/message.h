/* node/message.h: what the contracts of messages say and keep (contracts/src/messages). */
#ifndef NODE_MESSAGE_H
#define NODE_MESSAGE_H

#include "chain/receipt.h"
#include "core/err.h"
#include "core/u256.h"

/* A message, as MessageService's event has it. */
struct message_broadcast {
    hash32 message;
    address publisher;
};

/* Whether the log is that event of the service at this address. */
bool message_read_broadcast(
    struct message_broadcast *broadcast, const struct log *log, const address *service
);

/* struct Message of IMessenger.sol in a signature, and the Messenger's event for each that leaves:
 * its id is a topic, the message the data. */
#define MESSAGE_TUPLE                                                                            \
    "(uint256,address,uint64,bool,uint64,address,address,address,uint256,uint256,uint64,uint64," \
    "bytes)"
#define MESSAGE_LEFT_EVENT "MessageLeft(bytes32," MESSAGE_TUPLE ")"

/* The slot of MessageService's storage that stands for a message, and its name in a batch:
 * keccak256(abi.encode(message, publisher)). */
hash32 message_slot(const hash32 *message, const address *publisher);

/* Of a message of the Messenger's, as its event has it. */
struct message_left {
    uint64_t rollup_id; /* of the two chains, the one that is not the parent */
    bool to_parent;
    u256 fee_wei;
    bytes tuple; /* its encoding; a view into the data */
};

/* ERR_INPUT: not the data of such an event. */
MUST_USE enum err message_read_left(struct message_left *left, bytes data);

#endif
