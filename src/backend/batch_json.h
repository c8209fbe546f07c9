/* backend/batch_json.h: actions, entries and updates as docs/rpc.md has them: every field of the
 * Solidity struct by its name, so that who encodes them again gets the same hashes. */
#ifndef BACKEND_BATCH_JSON_H
#define BACKEND_BATCH_JSON_H

#include "batch/batch.h"
#include "rpc/json_writer.h"

void batch_json_action(struct json_writer *out, const struct action *action);

/* The entry with its hash. ERR_MEMORY; arena is for the work. */
MUST_USE enum err
batch_json_entry(struct json_writer *out, struct arena *arena, const struct entry *entry);

/* The same without the braces, for whoever has more to say of the entry. */
MUST_USE enum err
batch_json_entry_members(struct json_writer *out, struct arena *arena, const struct entry *entry);

/* The keys "updates" and "entries" with their lists. ERR_MEMORY. */
MUST_USE enum err
batch_json_members(struct json_writer *out, struct arena *arena, const struct batch *batch);

#endif
