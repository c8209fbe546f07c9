/* chain/block.h: making blocks and checking them, with the same code.
 *
 * A builder is given the parent and the attributes of the block, runs the system calls that open
 * it, takes transactions one by one, and closes the block: withdrawals, requests, rewards, roots,
 * header. Import decodes a block, lets a builder make the same block, and compares.
 *
 * A transaction may suspend in a call to another chain: block_add_begin, then block_add_run as
 * often as needed, answering on `builder->execution` in between. */
#ifndef CHAIN_BLOCK_H
#define CHAIN_BLOCK_H

#include "chain/execution.h"
#include "chain/header.h"
#include "core/map.h"

/* A decoded block. */
struct block {
    struct header header;
    const struct tx *txs;
    const bytes *tx_encodings;
    size_t tx_count;
    const struct header *ommers;
    size_t ommer_count;
    const struct withdrawal *withdrawals;
    size_t withdrawal_count;
};

/* EIP-7934: bytes of an encoded block, from Osaka on. */
#define BLOCK_RLP_SIZE_MAX (10485760u - 2097152u)
#define OMMER_COUNT_MAX    2
#define OMMER_DEPTH_MAX    6
#define SYSTEM_CALL_GAS    30000000u

/* block_decode reads the RLP list (header, transactions, ommers[, withdrawals]).
 *
 * Out:     block       views borrow from encoding; arrays lie in the arena.
 *          verdict     BLOCK_OK or why the bytes are no block.
 *          tx_verdict  with BLOCK_TRANSACTION: why the transaction at *tx_index does not decode.
 * Returns: ERR_OK also with a refusal; ERR_MEMORY. */
MUST_USE enum err block_decode(
    struct block *block,
    enum block_verdict *verdict,
    enum tx_verdict *tx_verdict,
    size_t *tx_index,
    struct arena *arena,
    bytes encoding
);

/* block_encode writes what block_decode reads, the transactions from tx_encodings. ERR_MEMORY. */
MUST_USE enum err block_encode(bytes *encoding, struct arena *arena, const struct block *block);

/* keccak256 of the list of headers. */
MUST_USE enum err
ommers_hash(hash32 *hash, struct arena *arena, const struct header *ommers, size_t count);

/* What a block's maker chooses. */
struct block_attributes {
    uint64_t timestamp;
    uint64_t gas_limit;
    address coinbase;
    hash32 prev_randao; /* mix_hash before Paris */
    uint8_t extra_data[HEADER_EXTRA_DATA_SIZE_MAX];
    uint8_t extra_data_size;
    hash32 parent_beacon_block_root;
    const struct withdrawal *withdrawals;
    size_t withdrawal_count;
    const struct header *ommers; /* before Paris, already checked */
    size_t ommer_count;
    uint8_t nonce[8];  /* before Paris */
    bool has_base_fee; /* a development chain sets its own; else it follows from the parent */
    u256 base_fee_per_gas;
    bool has_no_requests;   /* a rollup: EIP-7685's come from nowhere and go nowhere */
    bool has_blob_base_fee; /* a simulation sets what BLOBBASEFEE says */
    u256 blob_base_fee;
    const u256 *parent_total_difficulty; /* NULL: not needed to know the fork */
};

struct block_builder {
    struct arena *arena;
    struct state *state; /* at the parent's root; the builder applies the block to it */
    struct source_memory *sink;
    struct journal journal;
    const struct fork_schedule *schedule;
    struct block_context context;
    struct execution_options options; /* of every transaction */
    struct header header;             /* complete after block_finish */
    struct block_attributes attributes;
    struct execution execution;
    const struct tx *tx; /* being executed, or NULL */
    bytes tx_encoding;
    address tx_sender;

    struct tx *txs;
    bytes *tx_encodings;
    hash32 *tx_hashes;
    address *senders;
    struct receipt *receipts;
    struct execution_result *results;
    size_t tx_count;
    size_t tx_capacity;
    bytes requests[3]; /* EIP-6110, 7002, 7251: type byte and data, after block_finish */
    size_t request_count;
    uint64_t gas_used;
    uint64_t blob_gas_used;
    hash32 parent_state_root;

    /* After a refusal or failure, as in struct execution. */
    enum tx_verdict tx_verdict;
    enum err err;
};

/* block_begin opens the block after parent and makes its system calls (EIP-4788, EIP-2935).
 *
 * In:      state     at parent's state root. It moves in block_finish (before Byzantium, whose
 *          receipts
 *                    hold a root each, with every transaction); block_discard puts it back.
 *          sink      gets the new nodes and codes; the state's source must find them there.
 *          hashes    for BLOCKHASH: parent and the 255 before it.
 *          options   of every transaction; the gas fields are the builder's. May be NULL.
 *          code_cache  may be NULL.
 * Returns: ERR_MISSING, ERR_CORRUPT, ERR_MEMORY, ERR_IO as the state's; the builder is then
 *          void. */
MUST_USE enum err block_begin(
    struct block_builder *builder,
    struct arena *arena,
    struct state *state,
    struct source_memory *sink,
    const struct fork_schedule *schedule,
    const struct header *parent,
    const struct block_attributes *attributes,
    struct block_hashes hashes,
    const struct execution_options *options,
    struct evm_code_cache *code_cache
);

/* block_begin_with opens a block whose header is given as far as it is known before execution, and
 * follows from nothing: for simulations. Of the attributes only withdrawals, ommers, requests and
 * the blob base fee are read. The state may differ from the parent's. Otherwise as block_begin. */
MUST_USE enum err block_begin_with(
    struct block_builder *builder,
    struct arena *arena,
    struct state *state,
    struct source_memory *sink,
    const struct fork_rules *rules,
    const struct header *header,
    const struct block_attributes *attributes,
    struct block_hashes hashes,
    const struct execution_options *options,
    struct evm_code_cache *code_cache
);

/* What executions on top of a header's state see, as if in a block with that header (eth_call). */
struct block_context block_context_of(
    const struct header *header, const struct fork_rules *rules, struct block_hashes hashes
);

/* block_add runs one transaction to its end. EXECUTION_DONE: it is in the block, its receipt is
 * receipts[tx_count - 1]. EXECUTION_INVALID: builder->tx_verdict; the block is as before.
 * EXECUTION_FAILED: builder->err; the block is as before. With foreign addresses in the options use
 * the three calls below. tx's views must live as long as the arena. */
enum execution_status
block_add(struct block_builder *builder, const struct tx *tx, const address *sender);

/* The same stepwise: begin, then run until it is done, answering on builder->execution in between.
 * encoding is the transaction's, or empty. */
void block_add_begin(
    struct block_builder *builder, const struct tx *tx, bytes encoding, const address *sender
);
enum execution_status block_add_run(struct block_builder *builder);
/* Gives up a transaction that was begun and has not ended; the block is as before it. */
void block_add_abandon(struct block_builder *builder);

/* block_finish closes the block and commits its state: builder->header and builder->state are those
 * of the new block. The verdict is BLOCK_OK unless a system contract fails (EIP-7002, 7251) or a
 * deposit log is malformed (EIP-6110). */
MUST_USE enum err block_finish(struct block_builder *builder, enum block_verdict *verdict);

/* The state goes back to the parent's root, at any time after block_begin. ERR_MEMORY. */
MUST_USE enum err block_discard(struct block_builder *builder);

/* The finished block as one struct; borrows from the builder. */
struct block block_of(const struct block_builder *builder);

/* What import needs to know about the chain behind the parent: the ancestors, for ommers (before
 * Paris), and total difficulty where the schedule asks for it. */
struct block_ancestors {
    void *context;
    /* The header of the block with this hash; ERR_MISSING: not a block we know. */
    enum err (*get)(void *context, const hash32 *hash, struct header *header);
    /* The ommers of that block: count, and the headers in the arena. */
    enum err (*ommers
    )(void *context,
      struct arena *arena,
      const hash32 *hash,
      const struct header **ommers,
      size_t *count);
    /* Whether the header is sealed: proof of work, before Paris. NULL: it is not asked. */
    enum err (*check_seal)(void *context, bool *is_sealed, const struct header *header);
};

/* Who signed a block's transactions (tx_recover), in order, if somebody has found out before; the
 * zero address: not known. With another count than the block has transactions it is not used. */
struct block_signers {
    const address *signers;
    size_t count;
};

struct block_import {
    enum block_verdict verdict;
    enum tx_verdict tx_verdict; /* with BLOCK_TRANSACTION */
    size_t tx_index;            /* with BLOCK_TRANSACTION */
    struct block block;
    hash32 hash;
    struct block_builder builder; /* receipts, senders, …; complete if verdict is BLOCK_OK */
};

/* block_import decodes, verifies and executes a received block on top of parent.
 *
 * Out:     import  verdict and, if BLOCK_OK, everything about the block; borrows from encoding and
 *                  the arena. The state is then the block's; otherwise it is untouched.
 * Returns: ERR_OK with any verdict; else the failure of an operation, which says nothing about the
 *          block. */
MUST_USE enum err block_import(
    struct block_import *import,
    struct arena *arena,
    struct state *state,
    struct source_memory *sink,
    const struct fork_schedule *schedule,
    const struct header *parent,
    const u256 *parent_total_difficulty,
    struct block_hashes hashes,
    struct block_ancestors ancestors,
    struct evm_code_cache *code_cache,
    bytes encoding,
    struct block_signers known
);

/* EIP-7002, 7251, 4788, 2935. */
extern const address BEACON_ROOTS_ADDRESS;
extern const address HISTORY_STORAGE_ADDRESS;
extern const address WITHDRAWAL_REQUEST_ADDRESS;
extern const address CONSOLIDATION_REQUEST_ADDRESS;

#endif
