/* rollup/ledger.h: a rollup that is not an EVM: a ledger of one token, its native one, with an
 * owner who issues it, and with calls to and from other chains (protocol.md section 6, at its end).
 *
 * No code runs here. Everything that can be asked of the ledger is a fixed set of operations,
 * called with the Solidity ABI at LEDGER_ADDRESS, so that contracts anywhere reach it through a
 * proxy like any contract (ILedger.sol):
 *
 *   name, symbol, decimals, totalSupply, balanceOf, allowance, transfer, approve, transferFrom
 *                                       ERC-20 over the native token
 *   owner, transferOwnership            who issues; an account of this ledger
 *   mint(address,uint256)               by the owner; burn(uint256) by anyone, of one's own
 *   accountOf(uint64,address)           the account here of somebody elsewhere
 *   call(uint64,address,bytes)          calls a contract on another chain, returns what it returns
 *   tryCall(uint64,address,bytes)       the same, but (false, data) if it fails
 *   execute(bytes[])                    several of these, all or none; returns what each returns
 *
 * Accounts are addresses. Somebody on another chain has the account that a proxy for it would lie
 * at on any rollup (accountOf), so an address never means two people.
 *
 * A transaction is signed and encoded as Ethereum's are, so that any wallet makes one: value to an
 * account, or data to LEDGER_ADDRESS. Gas is a flat price per operation, paid in the token. A call
 * from another chain to LEDGER_ADDRESS is one operation; to any other address it fails, as does
 * what carries data there: nothing is there. Value does not come in with a call: it would be ether.
 *
 * The state is a trie of accounts as Ethereum has it, without codes: nonce and balance of each, the
 * rest in the storage of LEDGER_ADDRESS and of the System predeploy. Proofs of a balance against a
 * head are Ethereum's. */
#ifndef ROLLUP_LEDGER_H
#define ROLLUP_LEDGER_H

#include "rollup/rollup.h"

/* 0x4c53…10, among the predeploys' addresses. */
static const address LEDGER_ADDRESS = {{[0] = 0x4c, [1] = 0x53, [19] = 0x10}};

/* Storage of LEDGER_ADDRESS. What owner lets spender take is at keccak256(owner ‖ spender), each
 * address as a word. */
enum ledger_slot {
    LEDGER_TOTAL_SUPPLY = 0,
    LEDGER_OWNER = 1,  /* an account of the ledger */
    LEDGER_ANCHOR = 2, /* number of the newest anchored block of the parent */
    LEDGER_SLOT_COUNT,
};

/* Gas of each operation, an execute's own included; of call and tryCall besides: as of an XCALL,
 * 20,000, 16 per byte in and out, and what the other chain uses. */
#define LEDGER_OPERATION_GAS 10000u

/* Operations of one execute; frames of calls that come back while the ledger waits. */
#define LEDGER_OPERATIONS_MAX 1024u
#define LEDGER_DEPTH_MAX      1024u

/* The storage slot of an allowance. */
u256 ledger_allowance_slot(const address *owner, const address *spender);

extern const struct rollup_type LEDGER_ROLLUP_TYPE;

#endif
