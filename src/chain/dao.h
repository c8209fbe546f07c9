/* chain/dao.h: the irregular state change of the DAO fork (EIP-779). */
#ifndef CHAIN_DAO_H
#define CHAIN_DAO_H

#include "core/bytes.h"

#define DAO_ACCOUNT_COUNT 116

/* The accounts that lose all ether in the fork's first block, ascending, and the one that gets
 * it. */
address dao_account_at(unsigned index);
extern const address DAO_REFUND_CONTRACT;

#endif
