/* rollup/ether.h: the precompile by which ether of messages comes to a rollup and leaves it
 * (contracts/src/messages/Messenger.sol), for the Messenger predeploy alone.
 *
 *   with value, without input   the value is burned
 *   without value, amount 32    so much is made, for the Messenger
 *
 * On the parent the Hub's balance of the rollup follows: Hub.debit when the burned ether is
 * claimed, Hub.credit before the message that makes it was sent. So what a rollup has and what the
 * Hub holds for it differ by what is under way. A rollup with a token of its own has none of it. */
#ifndef ROLLUP_ETHER_H
#define ROLLUP_ETHER_H

#include "chain/execution.h"

/* Gas of either. */
#define ETHER_GAS 3000u

/* No ether of any chain comes near 2^128 wei; more is never made at once. */
#define ETHER_BITS_MAX 128

bool ether_is_moved(const struct evm_message *call);

/* ether_answer answers the call that an execution on the rollup waits for (EXECUTION_CALL, and
 * ether_is_moved), so that it can be run on. A call that is not the Messenger's, is static, or is
 * neither of the two forms fails. ERR_LIMIT: a balance would pass 256 bits; ERR_MEMORY; what the
 * rollup's state has. */
MUST_USE enum err ether_answer(struct execution *x);

#endif
