/* backend/overrides.h: state overrides of eth_call and eth_simulateV1: what they do to precompiles,
 * and to a state that lives only for the request. */
#ifndef BACKEND_OVERRIDES_H
#define BACKEND_OVERRIDES_H

#include "evm/evm.h"
#include "rpc/backend.h"
#include "state/state.h"

/* overrides_precompiles says which precompiles are elsewhere or gone: as in geth, one whose address
 * is overridden in any way is gone from there, and movePrecompileToAddress puts it at another,
 * which must not be overridden itself. accounts stand by address, each once.
 *
 * Out:     list  in the request's arena, for evm_config.precompiles.
 * Returns: RPC_FAILED with the reason if a move is refused. */
enum rpc_status overrides_precompiles(
    struct rpc_request *request,
    const struct evm_precompile_override **list,
    size_t *list_count,
    enum fork fork,
    const struct rpc_account_override *accounts,
    size_t count
);

/* overrides_apply writes the overrides into the state, as if a transaction had made them: they
 * count in its root. sink is where its source finds new nodes and codes. ERR_MEMORY, and what the
 * state's reads give. */
MUST_USE enum err overrides_apply(
    struct state *state,
    struct source_memory *sink,
    struct arena *arena,
    const struct rpc_account_override *accounts,
    size_t count
);

#endif
