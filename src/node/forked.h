/* node/forked.h: the chain that L1 is a fork of: another node, asked over JSON-RPC for what this
 * one does not have (docs/decisions/010-forking.md).
 *
 * Up to the fork block everything is the remote's: blocks, receipts, logs, states. Above it are
 * blocks of this node, whose states are made of the fork block's. A value is fetched when it is
 * first wanted, checked, and kept for as long as the fork is open.
 *
 *   proven    the remote gives eth_getProof: accounts and slots are proven against the state root
 *             of their block, codes against their hash. The proofs' nodes are what is kept: this
 *             chain's tries are the remote's, and state roots are exact.
 *   unproven  it does not, or the user trusts it: values are taken as given.
 *
 * What is checked besides: that a block hashes to its hash, has the transactions, ommers,
 * withdrawals and receipts that its roots say, and that the 255 blocks before the fork block are
 * its ancestors. That the fork block is the remote chain's, and which blocks are further below, is
 * the remote's word.
 *
 * What the remote fails at is ERR_REMOTE, and err_text says what and why; nothing of it is kept.
 * Every function may be called on any thread; they may block as long as node/remote.h says. */
#ifndef NODE_FORKED_H
#define NODE_FORKED_H

#include "chain/block.h"
#include "chain/execution.h"
#include "node/remote.h"
#include "node/remote_json.h"
#include "rpc/filters.h"
#include "state/source.h"

#define FORKED_CACHE_SIZE_MAX     ((size_t)2 << 30) /* a further value is ERR_REMOTE */
#define FORKED_ANCESTORS_MAX      255 /* whose hashes are proven: what BLOCKHASH knows */
#define FORKED_SEARCH_NIBBLES_MAX 5   /* 2^20 hashes at most, some 0.3 s */
#define FORKED_KEYS_MAX           64  /* slots asked for at once, see forked.c */
#define FORKED_REASON_SIZE        256

struct forked;

struct forked_options {
    const char *url;
    bool has_number;
    uint64_t number; /* has_number: of the fork block; else the remote's newest */
    bool is_trusted; /* ask for no proofs, and take the block's hash as given */
};

/* forked_open finds the fork block and whether the remote proves. error: one sentence, when not
 * ERR_OK. */
MUST_USE enum err forked_open(
    struct forked **fork, char *error, size_t error_size, const struct forked_options *options
);
void forked_close(struct forked *fork); /* NULL: nothing */

/* Fixed when it is open. */
uint64_t forked_number(const struct forked *fork);
uint64_t forked_chain_id(const struct forked *fork);
const hash32 *forked_hash(const struct forked *fork);
const struct header *forked_header(const struct forked *fork);
const char *forked_name(const struct forked *fork); /* of the remote, without what may be secret */
const char *forked_url(const struct forked *fork);
bool forked_is_proven(const struct forked *fork);
/* Why not, one clause. */
const char *forked_unproven_reason(const struct forked *fork);

/* Whether, for the first time since this was asked, a deletion left a tombstone: from then on state
 * roots are not those Ethereum would have. */
bool forked_take_departed(struct forked *fork);

/* --- state ------------------------------------------------------------------------------------ */

/* The state after one block, and all that is made of it: base first, then the remote. */
struct forked_source {
    struct source source;
    struct source_origin origin;
    struct source *base; /* nodes and codes of this node's own blocks */
    struct forked *fork;
    uint64_t number; /* of the remote's block that origin is asked about; */
    hash32 root;     /* its state root */
};

void forked_source_open(
    struct forked_source *source,
    struct forked *fork,
    struct source *base,
    const struct header *header
);

/* The root that a state of this source is opened at: the block's own, or of an unproven fork the
 * empty one, as nothing has changed. */
const hash32 *forked_source_root(const struct forked_source *source);

/* --- blocks up to the fork block -------------------------------------------------------------- */

/* forked_read_header reads a header; *tx_count and *hash may be NULL. */
MUST_USE enum err forked_read_header(
    struct forked *fork, struct header *header, hash32 *hash, size_t *tx_count, uint64_t number
);

/* What forked_read_block gives, in the arena. */
struct forked_block {
    struct block block;
    hash32 hash;
    const hash32 *tx_hashes;
    const address *senders;
    const struct receipt *receipts;
};

MUST_USE enum err forked_read_block(
    struct forked *fork, struct forked_block *out, struct arena *arena, uint64_t number
);

/* The hash of a block, for BLOCKHASH: of one of the FORKED_ANCESTORS_MAX before the fork block or
 * of that itself; ERR_MISSING below. */
MUST_USE enum err forked_block_hash(struct forked *fork, hash32 *hash, uint64_t number);

/* Where the remote has a block or a transaction; *is_found is false above the fork block too. */
MUST_USE enum err
forked_find_block(struct forked *fork, bool *is_found, uint64_t *number, const hash32 *hash);

struct forked_place {
    uint64_t number;
    hash32 block_hash;
    uint64_t index;
};
MUST_USE enum err forked_find_transaction(
    struct forked *fork, bool *is_found, struct forked_place *place, const hash32 *hash
);

/* forked_find_logs gives the logs in the blocks from `from` to `to`, none above the fork block,
 * that match, in the arena. */
MUST_USE enum err forked_find_logs(
    struct forked *fork,
    const struct rpc_log **logs,
    size_t *count,
    struct arena *arena,
    const struct log_query *query,
    uint64_t from,
    uint64_t to
);

#endif
