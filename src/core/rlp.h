/* core/rlp.h: recursive length prefix encoding (Yellow Paper appendix B), canonical form only:
 * decoding refuses what an encoder would not have written (long forms of short strings, leading
 * zeros of lengths and integers). Nothing here recurses; nesting is the caller's loop. */
#ifndef CORE_RLP_H
#define CORE_RLP_H

#include "core/arena.h"
#include "core/u256.h"

/* A cursor over the items of a list's payload, or over a whole input. */
struct rlp {
    bytes rest; /* what is not read yet; borrowed from the input */
};

static inline struct rlp rlp_open(bytes input) {
    return (struct rlp){input};
}
static inline bool rlp_done(const struct rlp *rlp) {
    return rlp->rest.size == 0;
}

/* Each reads the next item and moves on. ERR_INPUT, cursor untouched, if it is not of that kind.
 * Views are borrowed from the input. */
MUST_USE enum err rlp_read_string(struct rlp *rlp, bytes *string);
MUST_USE enum err rlp_read_list(struct rlp *rlp, struct rlp *items);
MUST_USE enum err rlp_read_u64(struct rlp *rlp, uint64_t *value);
MUST_USE enum err rlp_read_u256(struct rlp *rlp, u256 *value);
MUST_USE enum err rlp_read_fixed(struct rlp *rlp, void *out, size_t size); /* exact size */
/* The next item whole, prefix included; string or list. */
MUST_USE enum err rlp_read_item(struct rlp *rlp, bytes *item, bool *is_list);

/* A growing encoder in an arena. A failed allocation sticks: rlp_finish then says ERR_MEMORY, so
 * that callers need not test each write. */
#define RLP_DEPTH_MAX 16
struct rlp_writer {
    struct arena *arena;
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t list_start[RLP_DEPTH_MAX]; /* offsets of the payloads of open lists */
    unsigned depth;
    bool failed;
};

void rlp_writer_open(struct rlp_writer *w, struct arena *arena);
void rlp_write_string(struct rlp_writer *w, bytes string);
void rlp_write_u64(struct rlp_writer *w, uint64_t value);
void rlp_write_u256(struct rlp_writer *w, const u256 *value);
void rlp_write_raw(struct rlp_writer *w, bytes encoded); /* already RLP, or a type prefix byte */
void rlp_list_begin(struct rlp_writer *w);
void rlp_list_end(struct rlp_writer *w);
/* The whole encoding; borrowed from the arena. All lists must be closed (CHECKed). */
MUST_USE enum err rlp_finish(struct rlp_writer *w, bytes *encoded);

#endif
