/* rpc/abi_text.h: ABI-encoded values as text for a person, by a signature in the human form:
 *
 *   name(type [parameter], …)            of an error
 *   name(type [parameter], …)(type, …)   of a function with its results
 *
 * Types: uintN, intN, address, bool, bytesN, and lists of these (uint256[]); bytes, string.
 * Anything else (tuples, lists of lists) is not decoded, and the caller shows hexadecimal. Data
 * comes from contracts and may be hostile: nothing is read outside it, and no control character
 * gets to the terminal. */
#ifndef RPC_ABI_TEXT_H
#define RPC_ABI_TEXT_H

#include "core/u256.h"
#include "rpc/names.h"

#include <stdio.h>

#define ABI_SIGNATURE_SIZE_MAX 512

/* abi_selector finds the first 4 bytes of the keccak256 of the signature's canonical form, that is
 * without parameter names, blanks and results. Returns false if the text is no signature; it may
 * have types that are not decoded. */
bool abi_selector(uint8_t selector[4], const char *signature);

enum abi_part { ABI_INPUTS, ABI_RESULTS };

struct abi_style {
    bool is_full;              /* nothing is shortened */
    const struct names *names; /* addresses that have one are shown by it; may be NULL */
    uint64_t chain_id;         /* of the chain that the addresses are on */
};

/* abi_print_values writes the values of one part, "3, owner: 0xf39f…2266", the parameter names
 * being those of the signature.
 * Returns false, having written nothing, if the signature lacks that part or has other types, or
 * the data is not an encoding of them. */
bool abi_print_values(
    FILE *out, const char *signature, enum abi_part part, bytes data, const struct abi_style *style
);

/* abi_print_address writes the name or the digits, or both if full. */
void abi_print_address(FILE *out, const address *who, const struct abi_style *style);

/* abi_print_text writes text from a stranger: control characters and what is no UTF-8 become
 * "?". */
void abi_print_text(FILE *out, bytes text);

/* abi_print_hex writes 0x and the digits, shortened in the middle unless is_full or short. */
void abi_print_hex(FILE *out, bytes data, bool is_full);

/* abi_print_ether writes an amount in ether, below 10^-6 in wei: "0.5 ETH", "1 wei", "0 ETH". */
void abi_print_ether(FILE *out, const u256 *wei);

#endif
