/* node/revert.h: revert data as text for a person. */
#ifndef NODE_REVERT_H
#define NODE_REVERT_H

#include "node/names.h"

#include <stdio.h>

/* revert_print writes what the data says: the text of an Error(string), the name of a Panic's code,
 * another known error with its values ("EntryNotFound(rollupId: 1, …)"), else the data in
 * hexadecimal, shortened. Nothing in it can move a terminal's cursor. */
void revert_print(FILE *out, const struct names *names, bytes data);

#endif
