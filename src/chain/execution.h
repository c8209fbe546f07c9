/* chain/execution.h: one transaction, system call or bare message, run to its end.
 *
 * An execution drives the machine (evm/) and answers what it asks for from the state (state/), so
 * whoever drives an execution sees only what concerns him: a call to another chain, or the end.
 *
 *   open ── begin ── run ──┬─ DONE         result is filled; the journal holds the effects
 *                          ├─ CALL         the machine asks for a call; answer it (evm.h), run on
 *                          ├─ INSIDE_DONE  what evm_call_inside began is done: evm.result; the
 *                          │               call it was inside is the pending request again
 *                          ├─ REVERTING    a frame that made calls reverts (evm.h); run again
 *                          ├─ INVALID      verdict says why; the journal is as it was before
 *                          └─ FAILED       err says why; ERR_MISSING: supply `wanted`, run again
 *
 * The journal is block-scoped and shared by the executions of a block, one after the other; an
 * execution begins and ends the journal's transaction. Between CALL and the next run an execution
 * may be copied (execution_copy) with its journal, as often as one likes.
 *
 * After FAILED (or a CALL nobody will answer) the execution is either run again or abandoned:
 * execution_abandon puts the journal back to where the execution began. Nothing is ever
 * half-applied.
 *
 * An open execution can run any number of transactions one after the other, which saves making the
 * machine anew. Memory comes from the arena given at open and is freed with it. */
#ifndef CHAIN_EXECUTION_H
#define CHAIN_EXECUTION_H

#include "chain/forks.h"
#include "chain/receipt.h"
#include "chain/tx.h"
#include "evm/evm.h"
#include "evm/journal.h"

struct state;

/* Where BLOCKHASH finds the hashes of the last 256 blocks. */
struct block_hashes {
    void *context;
    /* The hash of block `number`. ERR_MISSING: a block that exists is not at hand. */
    enum err (*get)(void *context, uint64_t number, hash32 *hash);
};

/* What is the same for all executions of a block. */
struct block_context {
    struct fork_rules rules;
    uint64_t number;
    uint64_t timestamp;
    uint64_t gas_limit;
    address coinbase;
    u256 difficulty; /* before Paris */
    hash32 prev_randao;
    u256 base_fee_per_gas; /* 0 before London */
    u256 blob_base_fee;    /* 0 before Cancun */
    struct block_hashes hashes;
};

enum execution_status {
    EXECUTION_DONE,
    EXECUTION_CALL,
    EXECUTION_INSIDE_DONE,
    EXECUTION_REVERTING,
    EXECUTION_INVALID,
    EXECUTION_FAILED,
};

/* Deviations from a plain transaction, all off (zero) in a block of an ordinary chain. */
struct execution_options {
    bool base_fee_to_coinbase; /* a rollup: the base fee is paid to the coinbase, never burned */
    bool allow_deposit;        /* type 0x7e is allowed */
    bool skip_fees;            /* eth_call: a price below the base fee is fine, price 0 is free */
    bool skip_blob_fee;        /* eth_simulateV1: a blob fee cap of 0 is fine */
    bool skip_nonce;           /* eth_call: any nonce, and it is not checked */
    bool skip_balance;         /* eth_call with overrides: what the sender lacks is lent to it */
    bool skip_sender_code;     /* eth_call: a sender with code is fine (EIP-3607) */
    bool skip_gas_cap;         /* eth_call: no EIP-7825 cap */
    bool sender_first;         /* eth_call: of several reasons to refuse the one geth finds first */
    bool skip_end;          /* leave the journal's transaction open at DONE; the caller ends it */
    uint64_t gas_available; /* of the block; a transaction that wants more is invalid */
    uint64_t blob_gas_available; /* same */
    const struct evm_tracer *tracer;
    const struct evm_watch *watch;                     /* has it end as FAILED with ERR_TIMEOUT */
    const struct evm_precompile_override *precompiles; /* eth_call with overrides */
    size_t precompile_count;
    const address *foreign; /* addresses whose calls come out as EXECUTION_CALL */
    size_t foreign_count;
    const address *warm; /* always warm, as precompiles are */
    size_t warm_count;
    struct evm_frame_failure *failures; /* frames that fail at once (evm_fail_frames) */
};

struct execution_result {
    bool is_success;
    enum evm_outcome outcome; /* of the outermost frame, for the exact reason */
    uint64_t gas_used;        /* after the refund, and at least the floor (EIP-7623) */
    uint64_t gas_refund;      /* what was refunded */
    uint64_t gas_max;         /* before the refund: the gas needed to get this far */
    bytes output;             /* returned or revert data; borrowed from the execution's arena */
    bool is_create;
    address created;
    const struct log *logs; /* borrowed from the execution's arena */
    size_t log_count;
    u256 effective_gas_price;
    u256 coinbase_fee; /* wei that went to the coinbase */
    uint64_t blob_gas_used;
    uint64_t sender_nonce; /* before the transaction */
};

enum execution_wanted { WANTED_NOTHING, WANTED_ACCOUNT, WANTED_SLOT, WANTED_CODE, WANTED_HASH };

enum execution_kind { EXECUTION_TX, EXECUTION_SYSTEM_CALL, EXECUTION_MESSAGE };

/* A message call or creation without transaction around it. No gas but the frame's is charged. */
struct execution_message {
    address caller;
    address origin;
    u256 gas_price; /* what GASPRICE says */
    bool is_create; /* input is initcode; the address follows from the caller's nonce */
    bool is_static;
    address target;
    u256 value;
    u256 mint;  /* given to the caller first, from nowhere */
    bool warms; /* caller, target and coinbase are warm, as for a transaction */
    uint64_t gas;
    bytes input;
};

struct execution {
    /* Given at open; borrowed. */
    const struct block_context *block;
    struct state *state;
    struct journal *journal;
    struct arena *arena;
    struct evm_code_cache *code_cache;

    /* Given at begin; tx, and what options and message point to, are borrowed until the end. */
    struct execution_options options;
    enum execution_kind kind;
    const struct tx *tx;
    address sender;
    struct execution_message message;

    struct evm evm; /* inspect its request after CALL and REVERTING, answer through evm.h */

    /* Private. */
    struct evm_config config;
    unsigned phase;
    size_t cursor; /* within a phase that goes over a list */
    struct journal_snapshot snapshot;
    bool is_begun; /* the journal's transaction is open */

    /* After run. */
    struct execution_result result; /* DONE */
    enum tx_verdict verdict;        /* INVALID */
    enum err err;                   /* FAILED */
    enum execution_wanted wanted;   /* FAILED with ERR_MISSING: what was being read … */
    address wanted_address;         /* … of which account */
    u256 wanted_key;                /* … slot */
    hash32 wanted_hash;             /* … code; or the trie node that was not there */
    uint64_t wanted_number;         /* … block */
};

/* The machine points into this struct: an open execution must not be moved or copied by assignment.
 *
 * execution_open makes an execution for transactions of one block. All pointers are borrowed.
 * code_cache may be NULL; codes are then borrowed from the state's source, which must keep what it
 * gives as long as the journal and its copies live. ERR_MEMORY. */
MUST_USE enum err execution_open(
    struct execution *x,
    struct arena *arena,
    const struct block_context *block,
    struct state *state,
    struct journal *journal,
    struct evm_code_cache *code_cache
);

/* Each begins an execution; nothing is read and nothing changes before the first run. A sender is
 * what tx_sender recovered. options may be NULL: none, and gas_available the block's gas limit. */
void execution_begin_tx(
    struct execution *x,
    const struct tx *tx,
    const address *sender,
    const struct execution_options *options
);

/* A system call (EIP-4788, 2935, 7002, 7251): from 0xff…fe with 30,000,000 gas, no fee, no nonce.
 * A target without code is a success with no output. */
void execution_begin_system_call(struct execution *x, const address *target, bytes input);

void execution_begin_message(
    struct execution *x,
    const struct execution_message *message,
    const struct execution_options *options
);

/* Runs until one of the statuses above. Calling it again after DONE or INVALID is a bug
 * (CHECKed). */
enum execution_status execution_run(struct execution *x);

/* execution_end ends the journal's transaction after DONE with options.skip_end. */
void execution_end(struct execution *x);

/* Puts the journal back to where the execution began, and ends its transaction. For executions that
 * are neither DONE (with skip_end: it is allowed) nor INVALID. */
void execution_abandon(struct execution *x);

/* A deep copy of a suspended execution, on a copy of its journal (journal_copy). What was borrowed
 * at open and begin stays borrowed, but for the arena and the journal. ERR_MEMORY: *to is
 * unusable. */
MUST_USE enum err execution_copy(
    struct execution *to, struct arena *arena, const struct execution *from, struct journal *journal
);

/* Who makes system calls: 0xff…fe. */
extern const address SYSTEM_ADDRESS;

#endif
