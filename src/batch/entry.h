/* batch/entry.h: an entry of the execution table: a fact about one step, possibly of several
 * rollups at once (protocol.md section 2). */
#ifndef BATCH_ENTRY_H
#define BATCH_ENTRY_H

#include "batch/action.h"

struct transition {
    uint64_t rollup_id;
    hash32 pre;
    hash32 post;
    bool idle;            /* post is a state root */
    u256 ether_delta_wei; /* signed, two's complement */
};

struct entry {
    struct action input;
    struct transition *transitions; /* [0] is that of input.rollup_id; ids distinct */
    size_t transition_count;
    struct action *trace; /* what rollups said to one another inside this entry, in order */
    size_t trace_count;
    struct action out;
    bool scope; /* advice to the Hub, section 4 */
};

/* Whether the head that the first transition leads to follows from the rest: it is that of a rollup
 * suspended by a CALL without a trace (entry_suspended_head). ERR_MEMORY. */
MUST_USE enum err
entry_is_derived(bool *is_derived, struct arena *arena, const struct entry *entry);

/* Whether the contract that the input calls is the one that the out-action, a CALL, is from. */
bool entry_is_own(const struct entry *entry);

/* entry_record makes what the Hub keeps of an entry, in whole words, its key first; lookup answers
 * with it (contracts/src/types/Record.sol draws it). The trace is no part of it, but follows from
 * what is. The Hub has no record of an entry without transitions, or whose out-action is none; what
 * is made of such a one is only a name for it. ERR_MEMORY. */
MUST_USE enum err entry_record(bytes *record, struct arena *arena, const struct entry *entry);

/* keccak256 of the record: the entry's name in EntryConsumed. ERR_MEMORY. */
MUST_USE enum err entry_hash(hash32 *hash, struct arena *arena, const struct entry *entry);

MUST_USE enum err entry_copy(struct entry *copy, struct arena *arena, const struct entry *entry);

/* trace_count == 0 ? 0 : keccak256(abi.encode(trace)). */
MUST_USE enum err
entry_trace_hash(hash32 *hash, struct arena *arena, const struct action *trace, size_t count);

/* The head of a rollup suspended by this step:
 * keccak256(abi.encode(head, hash(in), traceHash, hash(out))). */
hash32 entry_suspended_head(
    const hash32 *head, const hash32 *input_hash, const hash32 *trace_hash, const hash32 *out_hash
);

/* The transition of a rollup, or NULL. */
const struct transition *entry_transition_of(const struct entry *entry, uint64_t rollup_id);

#endif
