/* conformance/state_case.h: one case of a state test as bytes: what a test build of the guest takes
 * (src/guest/statetest.c), so that Ethereum's state tests run in the machine that batches are
 * checked in. Freestanding; the file is one of words (batch/words.h). */
#ifndef CONFORMANCE_STATE_CASE_H
#define CONFORMANCE_STATE_CASE_H

#include "chain/execution.h"
#include "state/state.h"

struct state_case {
    struct block_context block; /* hashes: not written, state_case_block_hash's */
    hash32 pre_root;
    bool leaves_nothing; /* a refused transaction does not even touch the coinbase */
    bytes tx;            /* EIP-2718 */
    const bytes *nodes;  /* of the state before */
    size_t node_count;
    const bytes *codes;
    size_t code_count;
};

struct state_case_result {
    enum tx_verdict verdict;
    hash32 root;
    hash32 logs; /* keccak256 of their RLP */
};

/* The file; it lies in arena. ERR_MEMORY. */
MUST_USE enum err
state_case_encode(bytes *encoded, struct arena *arena, const struct state_case *c);

/* Views into encoded, lists in arena. ERR_INPUT, ERR_MEMORY. */
MUST_USE enum err state_case_decode(struct state_case *c, struct arena *arena, bytes encoded);

/* Of a decoded case. ERR_MEMORY; what else the state's source says. */
MUST_USE enum err
state_case_run(struct state_case_result *result, struct arena *arena, struct state_case *c);

/* Hashes of blocks in state tests: keccak256 of the number's decimal digits. */
hash32 state_case_block_hash(uint64_t number);

/* The transaction and its sender, or why there is none. ERR_MEMORY. */
MUST_USE enum err state_case_read_tx(
    struct tx *tx,
    address *sender,
    enum tx_verdict *verdict,
    struct arena *arena,
    bytes encoding,
    const struct fork_rules *rules
);

/* As runners do after a state test: the coinbase is touched, whatever happened. Errors as
 * state_get_account's. */
MUST_USE enum err state_case_touch_coinbase(struct execution *x, struct state *state);

#endif
