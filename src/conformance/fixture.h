/* conformance/fixture.h (hosted): reading the fixture files of execution-spec-tests, ethereum/tests
 * and legacytests: JSON with hexadecimal numbers that may have leading zeros. */
#ifndef CONFORMANCE_FIXTURE_H
#define CONFORMANCE_FIXTURE_H

#include "core/arena.h"
#include "core/u256.h"
#include "state/state.h"

#include <cjson/cJSON.h>

/* The parsed file, to be given to cJSON_Delete; NULL if it cannot be read or is not JSON. */
cJSON *fixture_load(const char *path);

/* The member as text, or NULL. */
const char *fixture_text(const cJSON *object, const char *name);

/* Each reads a member, false if it is absent or malformed; outputs are then untouched. */
bool fixture_number(u256 *out, const cJSON *object, const char *name);
bool fixture_u64(uint64_t *out, const cJSON *object, const char *name);
bool fixture_hash(hash32 *out, const cJSON *object, const char *name);
bool fixture_address(address *out, const cJSON *object, const char *name);
bool fixture_bytes(bytes *out, struct arena *arena, const cJSON *object, const char *name);

bool fixture_text_number(u256 *out, const char *text);
bool fixture_text_hash(hash32 *out, const char *text); /* shorter than 32 bytes: zeros in front */
bool fixture_text_address(address *out, const char *text);
bool fixture_text_bytes(bytes *out, struct arena *arena, const char *text);

/* fixture_commit_accounts builds the state of a "pre" object in an empty memory source.
 *
 * Returns: ERR_INPUT  the object is malformed; ERR_MEMORY. */
MUST_USE enum err fixture_commit_accounts(
    hash32 *root, struct source_memory *source, struct arena *arena, const cJSON *accounts
);

#endif
