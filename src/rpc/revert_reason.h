/* rpc/revert_reason.h: what the data of a revert says, where it has one of Solidity's two own
 * forms, Error(string) and Panic(uint256). */
#ifndef RPC_REVERT_REASON_H
#define RPC_REVERT_REASON_H

#include "core/arena.h"
#include "core/u256.h"

/* The text in abi.encodeWithSignature("Error(string)", text); false if it is something else. */
bool revert_reason_error(bytes *text, bytes output);

/* The code in abi.encodeWithSignature("Panic(uint256)", code). */
bool revert_reason_panic(u256 *code, bytes output);

/* Solidity's panic codes, in geth's words; NULL: none of them. */
const char *revert_reason_panic_text(const u256 *code);

/* revert_reason_message is what clients are told of a revert: "execution reverted" and, if the data
 * says it, why. known is what the chain makes of errors that are not Solidity's own, or NULL.
 * Returns a text in the arena or static; NULL: no memory. */
const char *revert_reason_message(struct arena *arena, bytes output, const char *known);

#endif
