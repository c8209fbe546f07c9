/* rpc/names.h: names that a person gives to addresses, functions and errors, for traces.
 *
 * Errors of Lockstep's own contracts, functions of its Hubs, and Solidity's Error(string) and
 * Panic(uint256) are always there. Others come from a JSON file, whose form docs/trace.md shows. */
#ifndef RPC_NAMES_H
#define RPC_NAMES_H

#include "core/bytes.h"
#include "core/err.h"

#define NAMES_FILE_SIZE_MAX (4u << 20)

struct name_row;

struct names {
    struct name_row *rows; /* owned */
    size_t count;
    size_t capacity;
};

/* names_open makes a table of the built-in errors. ERR_MEMORY. */
MUST_USE enum err names_open(struct names *names);
void names_close(struct names *names);

/* names_add reads the JSON text of a names file. On ERR_INPUT *problem is a static sentence, and
 * what stands before the fault may have been added. ERR_MEMORY. */
MUST_USE enum err names_add(struct names *names, const char **problem, bytes json);

/* Each returns a text that stays valid until the next names_add or names_close, or NULL. */
const char *names_address(const struct names *names, uint64_t chain_id, const address *who);
const char *names_function(const struct names *names, const uint8_t selector[4]);
const char *names_error(const struct names *names, const uint8_t selector[4]);

#endif
