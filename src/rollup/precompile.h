/* rollup/precompile.h: the precompiles of an EVM rollup that are answered where they are called:
 * what reads the parent (rollup/parent.h) and what moves ether of messages (rollup/ether.h). XCALL,
 * which suspends the rollup, is the machine's own. */
#ifndef ROLLUP_PRECOMPILE_H
#define ROLLUP_PRECOMPILE_H

#include "rollup/ether.h"
#include "rollup/parent.h"

static inline bool precompile_is_called(const struct evm_message *call) {
    return parent_is_read(call) || ether_is_moved(call);
}

/* Answers the call that an execution on the rollup waits for (EXECUTION_CALL, and
 * precompile_is_called). Out and errors as parent_answer and ether_answer have them. */
static inline enum err
precompile_answer(struct parent *parent, bool *is_unlike, struct execution *x) {
    *is_unlike = false;
    if (ether_is_moved(&x->evm.request.call)) return ether_answer(x);
    return parent_answer(parent, is_unlike, x);
}

#endif
