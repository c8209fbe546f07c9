/* world/trace.h: one tree of frames out of the executions of several chains.
 *
 * Frames are recorded as they are entered, on whatever chain, each below the frame that caused it:
 *
 *   A ▸ proxy ▸ Hub.call ▸ run ▸ lookup ▸ [rollup: B ▸ proxy ▸ L2Hub ▸ XCALL] ▸ proxy ▸ D
 *
 * A frame's parent is the innermost open frame of its chain, except where the chain waits for
 * another: below an open XCALL runs what the call does elsewhere, below an open lookup what the
 * rollup does. The machinery between (proxies, Hub, lookup, L2Hub, XCALL) is recognised by
 * addresses and selectors and marked, so that a reader can leave it out. */
#ifndef WORLD_TRACE_H
#define WORLD_TRACE_H

#include "batch/entry.h"
#include "world/world.h"

enum world_frame_role {
    FRAME_PLAIN,
    FRAME_PROXY,    /* a proxy that passes a call on */
    FRAME_OWN_NAME, /* a proxy that makes a call in its own name */
    FRAME_HUB,      /* the Hub's or L2Hub's part of a call */
    FRAME_PROBE,    /* the Hub finds out whether it is called statically */
    FRAME_LOOKUP,
    FRAME_XCALL,
    FRAME_L1CALL, /* below it, what ran on the parent's anchored state and left nothing */
};

struct world_log {
    struct world_log *next;
    uint64_t sequence;      /* among the frames and logs of all chains */
    struct journal_log log; /* data lies in the trace's arena */
};

struct world_frame {
    struct world_frame *parent;
    struct world_frame *first; /* of the frames below it, in order */
    struct world_frame *last;
    struct world_frame *next;
    struct world_frame *before; /* made before it, of any chain */
    struct world_frame *below;  /* what its chain had open when it was entered */
    uint64_t sequence;          /* of entering, over all chains */
    size_t chain;               /* 0 the parent chain, then its rollups, then theirs */
    enum world_frame_role role;
    bool is_open;
    bool is_selfdestruct; /* not a call: message.sender destroys itself for message.recipient */
    struct evm_message message; /* input lies in the trace's arena */
    struct evm_result result;   /* output likewise; stop points to the next */
    struct evm_stop stop;
    struct world_log *first_log; /* with wants_logs: in order */
    struct world_log *last_log;
    bool has_tx; /* outermost frame of a rollup's transaction */
    hash32 tx_hash;
    /* For who writes the tree out. */
    bool is_shown;
    bool is_listing;           /* the list of its calls has begun */
    const struct entry *entry; /* whose input or out-action this call is; NULL: none */
    const hash32 *entry_hash;
};

struct world_trace;

/* The tracer of one chain. */
struct world_trace_chain {
    struct world_trace *trace;
    size_t chain;
    size_t parent;            /* of a rollup: which chain's Hub it is on */
    bool has_hub;             /* it is a parent itself */
    address hub;              /* has_hub: where */
    struct world_frame *open; /* innermost */
    struct evm_tracer tracer;
    struct evm_tracer reader; /* of the frames that an L1CALL of another chain runs here */
    hash32 tx_hash;           /* of the transaction about to begin, if has_tx */
    bool has_tx;
    rollup_tx_watch *on_tx; /* is told of a rollup's transactions, too; may be NULL */
    void *on_tx_context;
    /* has_hub: */
    struct world_frame *entered_in_lookup; /* first frame of a rollup since the open lookup */
    const struct entry *entry;             /* of the newest lookup */
    const hash32 *entry_hash;
};

struct world_trace {
    struct arena *arena;
    struct world_trace_chain *chains;
    size_t chain_count;
    struct world_frame *newest; /* of all, linked by before */
    struct world_frame *roots;  /* frames without parent, newest first, linked by next */
    uint64_t sequence;
    bool wants_logs; /* may be set after world_trace_open */
    bool is_muted;   /* what runs has run before: for a REVERT_CONTINUE, up to the reverted frame */
    size_t muted_by; /* is_muted: the chain whose Hub has asked for that */
    bool failed;     /* out of memory: the trace is not to be shown */
};

/* world_trace_open prepares a trace for a parent and so many other chains, its rollups.
 * ERR_MEMORY. */
MUST_USE enum err world_trace_open(
    struct world_trace *trace, struct arena *arena, const address *hub, size_t rollup_count
);

/* Says that a chain is a rollup on another one's Hub. */
void world_trace_set_parent(
    struct world_trace *trace, size_t chain, size_t parent, const address *hub
);

/* world_trace_clear forgets all frames; a pass begins anew. */
void world_trace_clear(struct world_trace *trace);

/* What the world and the rollups tell besides frames. */
void world_trace_tx(void *context, const struct rollup_tx_news *news);
void world_trace_lookup_begin(struct world_trace *trace, size_t chain, const struct action *action);
void world_trace_lookup_end(
    struct world_trace *trace, size_t chain, const struct entry *entry, const hash32 *entry_hash
);

/* The outermost frame of the rollup transaction with this hash; NULL if none ran. */
struct world_frame *
world_trace_find_tx(const struct world_trace *trace, size_t chain, const hash32 *tx_hash);

/* The outermost frame of the newest transaction on a chain; NULL if none ran. */
struct world_frame *world_trace_newest_tx(const struct world_trace *trace, size_t chain);

/* Whether a frame is machinery that a reader can leave out: its call got through, and what it
 * reached is below it. */
bool world_frame_is_hidden(const struct world_frame *frame);

/* The nearest frame above that is not hidden, or NULL; *proxy is the hidden proxy just below it,
 * through which the call went, or NULL. */
const struct world_frame *
world_frame_caller(const struct world_frame *frame, const struct world_frame **proxy);

/* The next frame in preorder below root, or NULL; skip_below: not into this one's own. */
const struct world_frame *
world_frame_next(const struct world_frame *frame, const struct world_frame *root, bool skip_below);

#endif
