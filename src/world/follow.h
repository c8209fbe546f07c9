/* world/follow.h: where the rollups are after a parent block, from that block alone (protocol.md
 * section 9): the batches posted in it and the facts that the Hub says were used, in their order.
 *
 * Nothing is taken on trust but that the parent's block is as given: every entry is made anew by
 * running the rollups, and the heads have to be those that the Hub has. */
#ifndef WORLD_FOLLOW_H
#define WORLD_FOLLOW_H

#include "verify/verify.h"
#include "world/world.h"

/* X(name, text) */
#define FOLLOW_VERDICT_LIST(X)                                                        \
    X(OK, "the rollups are where their facts lead")                                   \
    X(BATCH_MALFORMED, "a batch that was posted cannot be read")                      \
    X(BATCH_TOO_LARGE, "a rollup has more updates than can be followed in one block") \
    X(ANCHOR_UNKNOWN, "an update is anchored at a block that is not at hand")         \
    X(ENTRY_UNTRUE, "an entry that was posted is not what the rollups do")            \
    X(FACT_UNKNOWN, "a fact was used that no batch of the block holds")               \
    X(FACT_ELSEWHERE, "a fact was used at a head that its rollup did not have")       \
    X(ROLLUP_UNKNOWN, "a fact moves a rollup that is not followed")                   \
    X(NOT_IDLE, "a rollup is in the middle of a call at the end of the block")

enum follow_verdict {
#define FOLLOW_VERDICT_ENUM(name, text) FOLLOW_##name,
    FOLLOW_VERDICT_LIST(FOLLOW_VERDICT_ENUM)
#undef FOLLOW_VERDICT_ENUM
};

/* Static storage. */
const char *follow_verdict_text(enum follow_verdict verdict);

/* Looks at a batch before its entries are made anew: at the heads where it may begin, the rollups
 * stand already. ERR_…: the end of it. */
struct follow_watch {
    void *context;
    enum err (*on_batch
    )(void *context,
      const struct batch *batch,
      size_t tx_index,
      struct rollup *const *rollups,
      size_t rollup_count);
};

struct follow_options {
    struct arena *arena;
    address hub;
    struct world_headers headers;         /* of the parent chain */
    const struct fork_schedule *schedule; /* of the parent chain */
    /* What rollups read, as struct parent has it. NULL: no state; of headers only the parent's. */
    struct source *parent_base;
    struct source *above_base; /* as struct parent's above_source */
    struct parent_headers read_headers;
    /* The parent block. */
    const struct tx *txs;
    const struct receipt *receipts;
    size_t tx_count;
    /* Before it: id, chain_id, base, head, open. */
    const struct world_rollup *rollups;
    size_t rollup_count;
    const struct follow_watch *watch;  /* may be NULL */
    const struct evm_watch *evm_watch; /* of all transactions; may be NULL */
};

struct follow_result {
    enum follow_verdict verdict;
    size_t tx_index;                     /* not FOLLOW_OK: of the parent block */
    uint64_t rollup_id;                  /* which rollup it is about; 0: none */
    size_t entry_index;                  /* ENTRY_UNTRUE: of its batch */
    enum verify_verdict entry_verdict;   /* ENTRY_UNTRUE: what is wrong with it */
    struct world_rollup_result *rollups; /* FOLLOW_OK: rollup_count of them */
};

/* Whether the Hub says with it that a batch was posted. */
bool follow_is_batch(const struct log *log, const address *hub);

/* follow_block. Everything in *result lies in the arena. ERR_OK with any verdict; else ERR_MEMORY,
 * or what the sources of the rollups' state and the headers have. */
MUST_USE enum err follow_block(struct follow_result *result, const struct follow_options *options);

#endif
