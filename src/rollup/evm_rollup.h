/* rollup/evm_rollup.h: the EVM rollup: Ethereum state and rules, plus calls to and from other
 * chains (protocol.md section 6).
 *
 * At an idle head everything is in the state; what the slot block has gathered is committed there
 * and kept beside it (open_block.h). A suspended machine is a block being executed: its journal,
 * the transaction in the middle of a foreign call, and the calls that came in while it waited.
 *
 * Everything a machine needs lies in the rollup's arena and goes with it; nothing is freed singly.
 * A frozen machine is copied before it goes on, which costs what its journal and frames hold. */
#ifndef ROLLUP_EVM_ROLLUP_H
#define ROLLUP_EVM_ROLLUP_H

#include "chain/execution.h"
#include "rollup/batch.h"
#include "rollup/open_block.h"
#include "rollup/payload.h"
#include "rollup/rollup.h"
#include "state/source.h"

/* Gas of an XCALL besides what the call itself uses: 20,000 and 16 per byte in and out. */
#define XCALL_GAS          20000u
#define XCALL_GAS_PER_BYTE 16u

/* Gas given to the system transaction that writes the anchor. */
#define ANCHOR_TX_GAS 1000000u

/* The preimages of one L2TX: what its hashes stand for. */
struct evm_rollup_update {
    hash32 payload_hash;
    hash32 anchor_hash;
    bytes payload;
    struct header anchor;
};

#define EVM_ROLLUP_UPDATES_MAX 8

/* A message that is tried at the end of the slot block and leaves nothing: eth_call on the rollup.
 * It runs as a transaction would, with the checks that the options skip. */
struct evm_rollup_scratch {
    const struct tx *tx;
    address sender;
    struct execution_options options; /* skip_… only */
    struct execution_result *result;  /* filled in when it has run */
    enum tx_verdict *verdict;         /* TX_OK, or why it did not run */
};

/* When a transaction is told of. Its end comes when its journal's transaction is over. */
enum rollup_tx_moment { ROLLUP_TX_BEGINS, ROLLUP_TX_ENDED };

typedef void rollup_tx_watch(
    void *context, enum rollup_tx_moment moment, bytes encoded, const struct execution *execution
);

struct evm_rollup {
    struct rollup base;
    struct fork_schedule schedule;   /* chain id and the like; the fork is the state's */
    struct source_memory *overlay;   /* the state's source; takes new nodes and codes */
    struct evm_code_cache *codes;    /* not shared where a witness is recorded; may be NULL */
    const struct evm_tracer *tracer; /* of every transaction; may be NULL */
    const struct evm_watch *watch;   /* of every transaction; may be NULL */
    rollup_tx_watch *on_tx;          /* of every transaction; may be NULL */
    void *on_tx_context;
    const struct evm_rollup_scratch *scratch; /* may be NULL */
    bool has_own_token;                       /* as its heads say */
    struct evm_rollup_update updates[EVM_ROLLUP_UPDATES_MAX];
    size_t update_count;
};

/* What a rollup's state says about itself (System predeploy): the head commits to it. */
struct evm_rollup_parameters {
    u256 chain_id;
    u256 rollup_id;
    u256 hub; /* the address as a number */
    u256 parent_chain_id;
    u256 own_token; /* not 0: it neither sends nor takes ether */
};

/* Reads them at a head. ERR_MISSING, ERR_CORRUPT, ERR_IO, ERR_MEMORY as the source has it. */
MUST_USE enum err evm_rollup_read_parameters(
    struct evm_rollup_parameters *parameters,
    struct arena *arena,
    struct source *source,
    const hash32 *head
);

/* evm_rollup_open makes an empty registry; arena and overlay are borrowed until it is no
 * longer used. The rollup's id and chain id are read from the state and need no argument. */
void evm_rollup_open(
    struct evm_rollup *rollup,
    struct arena *arena,
    uint64_t rollup_id,
    uint64_t chain_id,
    struct source_memory *overlay
);

/* evm_rollup_add_head makes an idle head known: a state root that the source has, and the open
 * block that its System predeploy commits to. *verdict is STEP_OPEN_BLOCK if it does not. The
 * parameters are read too, so that a witness recorded from here has what a verifier asks for
 * first. */
MUST_USE enum err evm_rollup_add_head(
    struct evm_rollup *rollup,
    enum step_verdict *verdict,
    const hash32 *head,
    const struct open_block *open
);

/* evm_rollup_add_update makes the preimages of an L2TX known; anchor is the RLP of the parent's
 * header. ERR_LIMIT: too many; ERR_INPUT: not a header. payload must outlive the rollup's use. */
MUST_USE enum err
evm_rollup_add_update(struct evm_rollup *rollup, const struct update *update, bytes anchor);

/* The open block at an idle head, and the blocks sealed on the way to it (newest first) since the
 * head that was made known by evm_rollup_add_head. NULL if no idle machine stands at this head. */
const struct open_block *evm_rollup_open_block(const struct evm_rollup *rollup, const hash32 *head);
const struct sealed_block *
evm_rollup_sealed_blocks(const struct evm_rollup *rollup, const hash32 *head);

/* evm_rollup_build_block executes one block that calls no other chain, on top of a sealed one: the
 * unsafe blocks that a payload carries later. step->verdict says why the block is none:
 * STEP_XCALL_OUTSIDE_SLOT_BLOCK asks for the transaction to go into the slot block instead.
 *
 * Out:  sealed  the block, in the rollup's arena; its state root is the new state. */
MUST_USE enum err evm_rollup_build_block(
    struct evm_rollup *rollup,
    struct sealed_block *sealed,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash,
    const struct payload_block *block
);

/* The header of a rollup block before its transactions, all roots those of an empty block. */
struct header evm_rollup_next_header(
    const struct header *parent,
    const hash32 *parent_hash,
    uint64_t timestamp,
    const address *fee_recipient,
    const hash32 *prev_randao,
    uint64_t gas_limit
);

extern const struct rollup_type EVM_ROLLUP_TYPE;

#endif
