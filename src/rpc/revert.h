/* rpc/revert.h: revert data as text for a person. */
#ifndef RPC_REVERT_H
#define RPC_REVERT_H

#include "core/arena.h"
#include "rpc/names.h"

#include <stdio.h>

/* revert_print writes what the data says: the text of an Error(string), the name of a Panic's code,
 * another known error with its values ("EntryNotFound(rollupId: 1, …)"), else the data in
 * hexadecimal, shortened. Nothing in it can move a terminal's cursor. */
void revert_print(FILE *out, const struct names *names, bytes data);

/* revert_known_text gives the same of an error that is neither Error(string) nor Panic(uint256) but
 * known; NULL in *text for all else. In arena; ERR_MEMORY. */
MUST_USE enum err
revert_known_text(const char **text, struct arena *arena, const struct names *names, bytes data);

/* revert_text gives "execution reverted", and what the data says if that is a text or a known
 * error, as an RPC error has it. In arena; ERR_MEMORY. */
MUST_USE enum err
revert_text(const char **text, struct arena *arena, const struct names *names, bytes data);

#endif
