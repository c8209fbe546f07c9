/* batch/action.h: what enters or leaves a rollup (protocol.md section 1). The hash of an action is
 * keccak256(abi.encode(action)); fields that a kind does not use are zero. */
#ifndef BATCH_ACTION_H
#define BATCH_ACTION_H

#include "batch/abi.h"

enum action_kind {
    ACTION_CALL,
    ACTION_RESULT,
    ACTION_L2TX,
    ACTION_REVERT,
    ACTION_REVERT_CONTINUE,
};

struct action {
    enum action_kind kind;
    uint64_t rollup_id; /* CALL: chain of the callee, 0 the parent; else the rollup concerned */
    address target;     /* CALL: callee */
    uint64_t source_rollup_id; /* CALL: chain of the caller; RESULT in a trace: who answers */
    address source;            /* CALL: caller */
    u256 value_wei;            /* CALL */
    uint64_t gas;              /* CALL: gas given, exactly; RESULT: gas used */
    bool is_static;            /* CALL: made under STATICCALL */
    bool failed;               /* RESULT: the call reverted */
    bytes data;                /* borrowed; CALL: calldata, RESULT: return or revert data, L2TX: its
                                * five hashes, REVERT and REVERT_CONTINUE: see section 4 */
};

/* An action in the signature of a function. */
#define ACTION_SIGNATURE "(uint8,uint64,address,uint64,address,uint256,uint64,bool,bool,bytes)"

/* action_write_tuple writes the action as a member of a larger encoding (no leading offset). */
void action_write_tuple(struct abi_writer *w, const struct action *action);

/* abi.encode(action). ERR_MEMORY. */
MUST_USE enum err action_encode(bytes *encoded, struct arena *arena, const struct action *action);

/* keccak256(abi.encode(action)); arena is used for the encoding and released. ERR_MEMORY. */
MUST_USE enum err action_hash(hash32 *hash, struct arena *arena, const struct action *action);

/* action_read_tuple reads an action that begins at tuple; data is a view into the input.
 * ERR_INPUT: not an action. */
MUST_USE enum err action_read_tuple(struct action *action, bytes tuple);

/* Copies the data too, so that the copy lives as long as arena. */
MUST_USE enum err
action_copy(struct action *copy, struct arena *arena, const struct action *action);

bool action_equal(const struct action *a, const struct action *b);

/* Static storage: "CALL", "RESULT", … */
const char *action_kind_name(enum action_kind kind);

#endif
