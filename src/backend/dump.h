/* backend/dump.h: the whole network as bytes, for anvil_dumpState and anvil_loadState: what each
 * chain's database holds, and the keys that the contracts on L1 are bound to.
 *
 *   rlp(["lockstep-dump-1", [chain id, …], builder's key, attester's key,
 *        [[[key, value, …] of each table, …] of each chain, …]])
 *
 * A dump is checked before anything is changed: everything that has a hash by its hash, the blocks
 * as a chain, the rollups' heads against the Hub. States of old blocks may be missing. */
#ifndef BACKEND_DUMP_H
#define BACKEND_DUMP_H

#include "core/arena.h"
#include "core/bytes.h"
#include "core/err.h"
#include "state/database.h"

struct node;

/* dump_write syncs the chains and puts everything into *out, in arena. ERR_MEMORY; as the
 * stores. */
MUST_USE enum err
dump_write(bytes *out, struct arena *arena, struct node *node, char error[DATABASE_ERROR_SIZE]);

/* dump_read makes the network the one of the dump. Its chains must have the same ids. Must not run
 * in the middle of a request.
 *
 * Returns: ERR_INPUT  it is no dump, or of another network: nothing has changed, error says why.
 *          else the stores' failures: then the network must stop. */
MUST_USE enum err dump_read(struct node *node, char error[DATABASE_ERROR_SIZE], bytes dump);

#endif
