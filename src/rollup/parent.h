/* rollup/parent.h: what a rollup's contracts read of the parent chain: the precompiles L1SLOAD
 * (RIP-7728) and L1CALL (protocol.md section 6, docs/parent-reads.md).
 *
 *   L1SLOAD  address 20 ‖ k × key 32, 1 ≤ k ≤ 5  →  k × value 32
 *   L1CALL   target 20 ‖ calldata                 →  what the target returned, or reverted with
 *
 * What is neither fails and takes all its gas; before the first anchor both fail for their price.
 * Both read the state after the newest parent block that the Anchor predeploy has at that moment,
 * never anything younger. L1CALL runs the parent's code as an eth_call at that block would, its
 * effects discarded: with the block's context, under the parent's rules at that block, its sender
 * (and origin) the address that the caller has on the parent.
 *
 * All of it follows from the rollup's head: the anchor's hash and state root are in the Anchor's
 * storage, the parent's fork schedule is the code of PARENT_RULES_PREDEPLOY. What else is needed
 * (nodes, codes, headers of the parent) goes by hash, from whoever has it: the node's chain, or a
 * witness. Where something is not at hand, that is an error of who runs this, never an answer that
 * a contract sees.
 *
 * The parent is whatever chain the anchors are of. Where that is a rollup itself (its rules say
 * so), L1CALL runs its code with the precompiles that it has there: what it reads of its own parent
 * is as of the anchor that it had after that block, and so on upwards. Only XCALL fails, with
 * NotInARead(): other chains are no part of the parent's state. */
#ifndef ROLLUP_PARENT_H
#define ROLLUP_PARENT_H

#include "chain/execution.h"
#include "state/source.h"

/* Gas of L1SLOAD: 2,000 and 2,000 a key. Of L1CALL: 12,000, 16 per byte in and out, and what the
 * call uses. */
#define PARENT_SLOAD_GAS         2000u
#define PARENT_SLOAD_KEY_GAS     2000u
#define PARENT_SLOAD_KEYS_MAX    5u
#define PARENT_CALL_GAS          12000u
#define PARENT_CALL_GAS_PER_BYTE 16u

/* A read within a read within … goes up so many chains; one that would go further fails and takes
 * all its gas. */
#define PARENT_LEVELS_MAX 4u

/* Headers of the parent, and of its parents where it is a rollup, by hash or by number. */
struct parent_headers {
    void *context;
    /* *encoded is the RLP of the block with this number, in arena or longer-lived; another's than
     * that whose keccak256 is *hash, or none, is as good as ERR_MISSING: it is not at hand. */
    enum err (*get
    )(void *context, struct arena *arena, bytes *encoded, uint64_t number, const hash32 *hash);
};

struct parent_anchor;

/* A view of the parent, for the machines of one rollup. Zero but for the arena is one that has
 * nothing: every read then is ERR_MISSING. */
struct parent {
    struct arena *arena;
    struct source *source;       /* the parent's state at all roots that are anchored; or NULL */
    struct source *above_source; /* its parents' states; NULL: source has them, too */
    struct parent_headers headers;
    const struct fork_schedule *schedule; /* that the rollup's is to be; NULL: whatever it says */
    struct evm_code_cache *codes;         /* not shared where a witness is recorded; may be NULL */
    /* Of the parent's frames below an L1CALL, its parent's below those, …; each may be NULL. */
    const struct evm_tracer *tracers[PARENT_LEVELS_MAX];
    const struct evm_watch *watch; /* may be NULL */
    /* Private. */
    struct parent_anchor *anchors; /* that have been read */
    struct parent *above;          /* the parent's own parent, once it has been read */
};

/* Why a read has no answer, whoever asks. */
enum parent_refusal {
    PARENT_ANSWERED,
    PARENT_UNLIKE,   /* the rollup's fork schedule of it is not parent->schedule, or unreadable */
    PARENT_UNPROVEN, /* it is a fork whose values are taken as given: a witness would lack them */
};

/* Whether a call is one of the two precompiles'. */
bool parent_is_read(const struct evm_message *call);

/* parent_answer answers the read that an execution on the rollup waits for (EXECUTION_CALL, and
 * parent_is_read), so that it can be run on. The execution is one on the rollup's state; its
 * journal may hold a newer anchor.
 *
 * Out:     refusal  why nothing was answered, if nothing was.
 * Returns: ERR_MISSING  a node, code or header of either chain is not at hand
 *          ERR_CORRUPT, ERR_IO, ERR_REMOTE, ERR_TIMEOUT (the watch's), ERR_MEMORY */
MUST_USE enum err
parent_answer(struct parent *parent, enum parent_refusal *refusal, struct execution *x);

/* parent_rules_encode makes the code of PARENT_RULES_PREDEPLOY: a STOP, then
 * rlp([[time, …], [[time, target, max, update fraction], …]]): when the forks from Shanghai on
 * begin (2^64 - 1: never), and the blob parameters; a third item, 1, says that the parent is a
 * rollup. A chain that has a Hub is past the forks before. ERR_MEMORY. */
MUST_USE enum err
parent_rules_encode(bytes *code, struct arena *arena, const struct fork_schedule *schedule);

/* The reverse, for a parent with this chain id. ERR_INPUT: it is none, or has forks that this
 * version does not know. */
MUST_USE enum err
parent_rules_decode(struct fork_schedule *schedule, bytes code, uint64_t chain_id);

#endif
