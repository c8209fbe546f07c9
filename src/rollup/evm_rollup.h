/* rollup/evm_rollup.h: the EVM rollup: Ethereum state and rules, plus calls to and from other
 * chains (protocol.md section 6).
 *
 * At an idle head everything is in the state; what the slot block has gathered is committed there
 * and kept beside it (open_block.h). A suspended machine is a block being executed: its journal,
 * the transaction in the middle of a foreign call, and the calls that came in while it waited.
 *
 * A frozen machine is copied before it goes on, which costs what its journal and frames hold. */
#ifndef ROLLUP_EVM_ROLLUP_H
#define ROLLUP_EVM_ROLLUP_H

#include "rollup/rollup.h"

/* Gas of an XCALL besides what the call itself uses: 20,000 and 16 per byte in and out. */
#define XCALL_GAS          20000u
#define XCALL_GAS_PER_BYTE 16u
/* What it fails with in a forced transaction, which leaves by messages (L2Hub.sol). */
#define XCALL_FORCED_ERROR "CallInForcedTransaction()"

extern const struct rollup_type EVM_ROLLUP_TYPE;

#endif
