/* rollup/precompile.h: the precompiles of an EVM rollup that are answered where they are called:
 * what reads the parent (rollup/parent.h) and what moves ether of messages (rollup/ether.h). XCALL,
 * which suspends the rollup, is the machine's own. */
#ifndef ROLLUP_PRECOMPILE_H
#define ROLLUP_PRECOMPILE_H

#include "core/check.h"
#include "rollup/ether.h"
#include "rollup/parent.h"
#include "rollup/rollup.h"

static inline bool precompile_is_called(const struct evm_message *call) {
    return parent_is_read(call) || ether_is_moved(call);
}

/* Answers the call that an execution on the rollup waits for (EXECUTION_CALL, and
 * precompile_is_called). Out and errors as parent_answer and ether_answer have them. */
static inline enum err
precompile_answer(struct parent *parent, enum parent_refusal *refusal, struct execution *x) {
    *refusal = PARENT_ANSWERED;
    if (ether_is_moved(&x->evm.request.call)) return ether_answer(x);
    return parent_answer(parent, refusal, x);
}

/* What a step comes to that makes a call without an answer. */
static inline enum step_verdict precompile_verdict(enum parent_refusal refusal) {
    switch (refusal) {
    case PARENT_ANSWERED:
        return STEP_OK;
    case PARENT_UNLIKE:
        return STEP_PARENT_RULES;
    case PARENT_UNPROVEN:
        return STEP_PARENT_UNPROVEN;
    }
    CHECK(false);
    return STEP_PARENT_UNPROVEN;
}

#endif
