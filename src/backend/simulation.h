/* backend/simulation.h: eth_call and its kin: a transaction run on top of a block and forgotten.
 *
 * Simulation follows geth: without a price the base fee is 0, nonces are not checked, contracts may
 * be senders, the EIP-7825 cap does not hold; but funds for value and for a price given are asked
 * for. */
#ifndef BACKEND_SIMULATION_H
#define BACKEND_SIMULATION_H

#include "backend/time_limit.h"
#include "node/chain.h"
#include "rollup/parent.h"

struct crossing;
struct tracer;
struct world_bundle;
struct world_trace;

#define SIMULATION_SIZE_MAX ((size_t)1 << 30) /* memory of one run */

struct simulation {
    struct node_chain *chain;
    struct rpc_request *request;
    const struct rpc_simulation *description;
    struct header header;         /* of the block it runs on top of */
    struct state *state;          /* after that block */
    struct block_context context; /* overrides applied */
    struct tx tx;
    address sender;
    struct execution_options options;
    uint64_t gas; /* for a call: given or the most */
    struct time_limit limit;
    struct arena arena; /* of one run */

    /* debug_traceCall; both may be NULL. tracer is begun with each run on the chain's own state,
     * whose journal stays until the next; a run across chains is recorded in trace. */
    struct tracer *tracer;
    struct world_trace *trace;
    bool traces_reads; /* trace is open, and records what runs on the chain's own state read */
    bool has_crossed;  /* the last run */
    bool has_read;     /* it has read the parent */
    enum parent_refusal refusal;       /* and was not answered */
    const struct world_bundle *bundle; /* of crossing_run: makes tx's data; or NULL */
    struct crossing *crossing;         /* of the last run across chains; in arena */
};

/* simulation_open finds the block and makes the transaction.
 *
 * Out:     is_found  false if there is no such block; nothing needs closing then.
 * Returns: RPC_FAILED: what is asked for cannot be (an unknown kind of override, …). */
enum rpc_status simulation_open(
    struct simulation *simulation,
    struct node_chain *chain,
    struct rpc_request *request,
    bool *is_found,
    const struct rpc_simulation *description
);
void simulation_close(struct simulation *simulation);

struct simulation_run {
    enum tx_verdict verdict;        /* TX_OK, or why the transaction cannot even begin */
    struct execution_result result; /* TX_OK; output and logs die with the next run */
};

/* simulation_try runs it once with this much gas. tracer may be NULL. RPC_FAILED: the run could not
 * be made. */
enum rpc_status simulation_try(
    struct simulation *simulation,
    struct simulation_run *run,
    uint64_t gas,
    const struct evm_tracer *tracer
);

/* simulation_fail_read fails a request whose run has read the parent and got no answer. */
enum rpc_status simulation_fail_read(struct rpc_request *request, enum parent_refusal refusal);

/* simulation_fail turns a verdict into the request's error, as geth words it for either method. */
enum rpc_status simulation_fail(
    struct simulation *simulation, enum tx_verdict verdict, bool is_estimate, uint64_t gas
);

/* Why a run could not even begin, in geth's words; VERDICT_TEXT_SIZE_MAX bytes of the request's
 * arena. */
enum rpc_status
simulation_verdict(struct simulation *simulation, const char **text, enum tx_verdict verdict);

/* simulation_result fills what the client is told of a run; the output is copied. A run that halted
 * is made once more to find the exact reason. */
enum rpc_status simulation_result(
    struct simulation *simulation,
    struct rpc_call_result *out,
    const struct simulation_run *run,
    uint64_t gas
);

/* What a call without gas gets, and more is cut to (--rpc-gas-cap). */
uint64_t simulation_gas_max(const struct node_chain *chain);

/* simulation_pending_header is what the block after the newest one would have, without roots. */
struct header simulation_pending_header(const struct node_chain *chain);

#endif
