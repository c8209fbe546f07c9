/* rollup/entry.h: an entry of the execution table: a fact about one step, possibly of several
 * rollups at once (protocol.md section 2). */
#ifndef ROLLUP_ENTRY_H
#define ROLLUP_ENTRY_H

#include "rollup/action.h"

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

void entry_write_tuple(struct abi_writer *w, const struct entry *entry);

/* abi.encode(entry) and keccak256 of it. ERR_MEMORY. */
MUST_USE enum err entry_encode(bytes *encoded, struct arena *arena, const struct entry *entry);
MUST_USE enum err entry_hash(hash32 *hash, struct arena *arena, const struct entry *entry);

/* Arrays are allocated in arena, data are views into the input. ERR_INPUT, ERR_MEMORY. */
MUST_USE enum err entry_read_tuple(struct entry *entry, struct arena *arena, bytes tuple);

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
