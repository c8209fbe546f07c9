/* rollup/rollup.h: a rollup is a function, step(head, in-action) → (head', out-action)
 * (protocol.md section 2). This header is what every kind of rollup implements; rollup/fact.h
 * drives several of them through one entry.
 *
 * A machine is a rollup at one point of its life: idle (everything is in its state root) or
 * suspended (a call is in flight out of it). Machines are values: a step takes one and gives the
 * next, and the one it began from stays usable while it is frozen, because L1 frames that catch a
 * revert take a rollup back to an older head. Which machine stands at which head is kept per
 * rollup.
 *
 * What a kind is free in is its step function and what its state means. What all have in common, so
 * that whoever holds rollups need not know of which kind they are: the state is a trie of accounts
 * read from a source, with the parameters in the System predeploy (rollup/predeploys.h); payloads
 * are lists of blocks of transactions (payload.h); the newest block stays open (open_block.h).
 *
 * Everything a rollup needs lies in its arena and goes with it; nothing is freed singly. */
#ifndef ROLLUP_ROLLUP_H
#define ROLLUP_ROLLUP_H

#include "batch/batch.h"
#include "batch/payload.h"
#include "chain/execution.h"
#include "core/map.h"
#include "rollup/open_block.h"
#include "rollup/parent.h"
#include "state/source.h"

/* Why there is no fact. X(name, text) */
#define STEP_VERDICT_LIST(X)                                                              \
    X(OK, "ok")                                                                           \
    X(HEAD_UNKNOWN, "the rollup is not known to have this head")                          \
    X(NOT_DEFINED, "this action is not defined at this head")                             \
    X(NOT_IDLE, "an L2TX needs an idle head")                                             \
    X(PAYLOAD_UNKNOWN, "the payload of this L2TX is not at hand")                         \
    X(PAYLOAD_MALFORMED, "the payload is not a canonical list of blocks")                 \
    X(ANCHOR_UNKNOWN, "the anchor header of this L2TX is not at hand")                    \
    X(ANCHOR_MALFORMED, "the anchor is not a block header")                               \
    X(ANCHOR_REFUSED, "the Anchor refuses the anchor: it is older than the one before")   \
    X(TIMESTAMP, "a block's timestamp is outside what the update allows")                 \
    X(MESSAGES_UNKNOWN, "the list of messages that this L2TX imports is not at hand")     \
    X(MESSAGES_REFUSED, "the messages of this L2TX do not fit into the slot block")       \
    X(NO_MESSAGES, "a rollup of this kind imports no messages")                           \
    X(FORCED, "the slot block does not begin with the transactions that are forced")      \
    X(FORCED_GAS, "the slot block has no room for a forced transaction")                  \
    X(TX_INVALID, "the payload holds an invalid transaction")                             \
    X(XCALL_OUTSIDE_SLOT_BLOCK, "a call to another chain is made outside the slot block") \
    X(BLOCK_GAS, "the slot block has less gas left than the call asks for")               \
    X(OPEN_BLOCK, "the open block does not match the commitment in the state")            \
    X(TOO_MUCH_ETHER, "more ether than there can be: of a call, or of a balance")         \
    X(UNSUPPORTED, "the rollup asks for a fork that this version does not have")          \
    X(NATIVE_TOKEN, "a rollup with its own token does not take ether")                    \
    X(ROLLUP_UNKNOWN, "the call is for a rollup that is not known")                       \
    X(TRACE_TOO_LONG, "more calls between rollups than one entry may hold")               \
    X(PARENT_RULES, "the rollup's state has other rules of the parent than the parent")   \
    X(PARENT_UNPROVEN,                                                                    \
      "rollups read of L1 what can be proven, and L1 is a fork of a chain "               \
      "whose node gives no proofs (eth_getProof), or was not asked for them")             \
    X(GIVEN_UP, "whoever builds the rollup's block has given this step up")

enum step_verdict {
#define STEP_VERDICT_ENUM(name, text) STEP_##name,
    STEP_VERDICT_LIST(STEP_VERDICT_ENUM)
#undef STEP_VERDICT_ENUM
};

const char *step_verdict_name(enum step_verdict verdict);
const char *step_verdict_text(enum step_verdict verdict);

/* What a REVERT records beyond what it says: which frame failed that had called the parent, so that
 * REVERT_CONTINUE can have it fail at once (protocol.md section 4). */
struct rollup_revert {
    const struct derived_entry *undone; /* that ended with the frame's first call to the parent */
    uint64_t frame;                     /* its number in its transaction, by order of entering */
    uint32_t tx;         /* which one since the undone entry began: 0 it ran already, else from 1 */
    uint32_t first_line; /* the trace's, that came of the frame; ROLLUP_NO_LINE: none */
    struct evm_result result; /* how it failed; output lives as long as the rollup */
};
#define ROLLUP_NO_LINE UINT32_MAX

struct rollup;
struct block_run;

/* One of the failures that an entry for a REVERT_CONTINUE repeats. */
struct rollup_replay {
    struct rollup_replay *next;  /* of the same rollup */
    struct rollup_replay *older; /* of any */
    struct rollup *rollup;
    const struct rollup_revert *revert;
    bool is_newest;  /* nothing that comes after it has run before */
    bool has_failed; /* set by the type, once the frame was entered … */
    uint32_t line;   /* … when the trace had this many lines */
    bool is_told;    /* to those that wait for the frame */
};

/* An entry as it was derived. */
struct derived_entry {
    struct entry entry;
    struct action root; /* what ran: the input, or for a REVERT_CONTINUE what the first one undid */
    struct rollup_replay *replays; /* the newest first */
};

/* A machine. What its block run has besides is the kind's. */
struct rollup_machine {
    hash32 head;    /* if has_head */
    bool has_head;  /* stands at a head and is registered under it */
    bool is_idle;   /* head is a state root */
    bool is_frozen; /* must not change: stands at a head, or a failed call returns to it */
    bool has_ended; /* an entry ended here with a REVERT: nothing is defined at this head */
    const struct rollup_revert *reverted; /* the REVERT was this rollup's; or NULL */
    struct action
        open_call;         /* suspended: the CALL it waits for; data lives as long as the machine */
    hash32 root;           /* what the block being executed began from; idle: the head */
    struct block_run *run; /* block_run.h, and what the kind puts behind it; NULL while idle */
    struct open_block open;
    const struct sealed_block *sealed; /* since the head that was made known; newest first */
};

/* The preimages of one L2TX: what its hashes stand for. */
struct rollup_update {
    hash32 payload_hash;
    hash32 anchor_hash;
    hash32 messages_hash; /* 0: none */
    bytes payload;
    struct header anchor;
    const hash32 *message_slots; /* same-slot messages of the parent to import */
    size_t message_slot_count;
    uint16_t forced; /* so many transactions of the slot block are forced */
};

#define ROLLUP_UPDATES_MAX 8

/* A message that is tried at the end of the slot block and leaves nothing: eth_call on the rollup.
 * It runs as a transaction would, with the checks that the options skip. */
struct rollup_scratch {
    const struct tx *tx;
    address sender;
    struct execution_options options; /* skip_… only */
    struct execution_result *result;  /* filled in when it has run */
    enum tx_verdict *verdict;         /* TX_OK, or why it did not run */
};

/* When a transaction is told of. Its end comes when its journal's transaction is over. */
enum rollup_tx_moment { ROLLUP_TX_BEGINS, ROLLUP_TX_ENDED };

/* What is told of it. */
struct rollup_tx_news {
    enum rollup_tx_moment moment;
    bytes encoded;
    enum evm_outcome outcome;          /* ENDED */
    bytes output;                      /* ENDED */
    const struct execution *execution; /* NULL: no EVM runs it */
};

typedef void rollup_tx_watch(void *context, const struct rollup_tx_news *news);

/* Who builds a block of a rollup that is a parent itself: some of what its Hub asks for is not
 * there yet (world/below.c). Who checks the block has no host. */
struct rollup_host {
    void *context;
    const address *contracts; /* whose calls come out: ROLLUP_FOREIGN, and others */
    size_t contract_count;
    /* The transaction `encoded` waits at a call of one of the others: gives or declines it (evm.h),
     * or sets the verdict, and the step is over. */
    enum err (*answer
    )(void *context, enum step_verdict *verdict, struct execution *execution, bytes encoded);
};

/* What a rollup is opened with. */
struct rollup_options {
    struct arena *arena;
    uint64_t rollup_id;
    uint64_t chain_id;
    struct source_memory *overlay; /* the state's source; takes new nodes and codes */
    bool names_senders;            /* development: as in struct fork_rules */
    struct evm_code_cache *codes;  /* not shared where a witness is recorded; NULL: its own */
};

struct rollup_step {
    struct rollup_machine *next; /* owned by the rollup until rollup_forget */
    struct action out;           /* data lives as long as next */
    bool undoes_lines;           /* no out: what rollups said since first_line is undone … */
    uint32_t first_line;         /* … then the machine is to go on */
    uint64_t receiver;           /* out RESULT: chain that it goes to, 0 the parent */
    u256 call_value_wei;         /* out RESULT: what the call that it ends had carried */
    enum step_verdict verdict;   /* STEP_OK, or why there is no fact; the rest is then unset */
    uint32_t verdict_tx_index;   /* not STEP_OK in an L2TX: which transaction of its block */
    int verdict_tx;              /* STEP_TX_INVALID: enum tx_verdict */
};

/* The kinds there are; a rollup's state says which it is (System.kind). */
enum rollup_kind { ROLLUP_EVM = 0, ROLLUP_LEDGER = 1 };

/* A kind of rollup. */
struct rollup_type {
    enum rollup_kind kind;
    const char *name; /* "evm" */
    size_t size;      /* of what begins with struct rollup */
    /* Fills in what the kind has besides; the rest is done. ERR_MEMORY. */
    enum err (*open)(struct rollup *rollup, const struct rollup_options *options);
    /* Delivers in to the machine. Changes it in place unless it is frozen. from is the chain that
     * hands in over, 0 the parent: the answer to a CALL goes there, whatever chain the CALL's
     * source is on (a parent proxy may be called by the proxy of a rollup's contract).
     * ERR_MISSING: the state's source lacks something; ERR_MEMORY, ERR_CORRUPT, ERR_IO. */
    enum err (*step
    )(struct rollup *rollup,
      struct rollup_step *step,
      struct rollup_machine *at,
      const struct action *in,
      uint64_t from);
    /* Goes on after a step with undoes_lines. May be NULL for a type that never has one. */
    enum err (*go_on)(struct rollup *rollup, struct rollup_step *step, struct rollup_machine *at);
    /* A machine that may be changed: *machine itself, or a copy of it if it is frozen. */
    enum err (*thaw)(struct rollup *rollup, struct rollup_machine **machine);
    /* Tells a machine that waits for an answer that the parent was called meanwhile, by itself or
     * by whom it called: in the entry being derived. NULL: the type never reverts after calls. */
    enum err (*parent_called)(struct rollup *rollup, struct rollup_machine *machine);
    /* As rollup_build_block. */
    enum err (*build_block
    )(struct rollup *rollup,
      struct sealed_block *sealed,
      struct rollup_step *step,
      const struct header *parent,
      const hash32 *parent_hash,
      const struct payload_block *block);
    const struct block_run_kind *blocks; /* of the kinds that run blocks as block_run.h does */
};

struct rollup {
    const struct rollup_type *type;
    uint64_t rollup_id;
    struct arena *arena; /* for the registry and what outlives single machines */
    struct map heads;    /* hash32 → struct rollup_machine * */
    struct source_memory *overlay;
    bool has_own_token; /* as its heads say: it neither sends nor takes ether */
    struct rollup_update updates[ROLLUP_UPDATES_MAX];
    size_t update_count;
    /* Set by who has opened it, if at all. */
    const struct evm_tracer *tracer; /* of every transaction */
    const struct evm_watch *watch;   /* of every transaction */
    rollup_tx_watch *on_tx;          /* of every transaction */
    void *on_tx_context;
    const struct rollup_scratch *scratch;
    const struct rollup_host *host;
    struct parent parent; /* what its contracts read; else they read nothing */
    struct {
        const struct derived_entry *entry; /* NULL: none */
        hash32 pre;                        /* this rollup's head before it */
        uint32_t line;                     /* number that the trace's next line will have */
        uint32_t tx_count;                 /* transactions that this rollup has begun in it */
        struct rollup_replay *replays;
    } now; /* the entry being derived; rollup/fact.c fills it in */
};

/* What a rollup's state says about itself (System predeploy): the head commits to it. */
struct rollup_parameters {
    u256 chain_id;
    u256 rollup_id;
    u256 hub; /* the address as a number */
    u256 parent_chain_id;
    u256 own_token; /* not 0: it neither sends nor takes ether */
    u256 kind;      /* enum rollup_kind */
};

/* The type of this kind; NULL if there is none. */
const struct rollup_type *rollup_type_of(const u256 *kind);

/* Reads them at a head. ERR_MISSING, ERR_CORRUPT, ERR_IO, ERR_MEMORY as the source has it. */
MUST_USE enum err rollup_read_parameters(
    struct rollup_parameters *parameters,
    struct arena *arena,
    struct source *source,
    const hash32 *head
);

/* rollup_open makes a rollup of that kind which knows no head yet. Arena, overlay and codes are
 * borrowed until it is no longer used. NULL: no memory. */
struct rollup *rollup_open(const struct rollup_type *type, const struct rollup_options *options);

/* rollup_add_head makes an idle head known: a state root that the source has, and the open block
 * that its System predeploy commits to. *verdict is STEP_OPEN_BLOCK if it does not. The parameters
 * are read too, so that a witness recorded from here has what a verifier asks for first. */
MUST_USE enum err rollup_add_head(
    struct rollup *rollup,
    enum step_verdict *verdict,
    const hash32 *head,
    const struct open_block *open
);

/* rollup_add_update makes the preimages of an L2TX known; anchor is the RLP of the parent's header.
 * ERR_LIMIT: too many; ERR_INPUT: not a header. What the update points to must outlive the
 * rollup's use. */
MUST_USE enum err
rollup_add_update(struct rollup *rollup, const struct update *update, bytes anchor);

/* The open block at an idle head, and the blocks sealed on the way to it (newest first) since the
 * head that was made known by rollup_add_head. NULL if no idle machine stands at this head. */
const struct open_block *rollup_open_block(const struct rollup *rollup, const hash32 *head);
const struct sealed_block *rollup_sealed_blocks(const struct rollup *rollup, const hash32 *head);

/* rollup_build_block executes one block that calls no other chain, on top of a sealed one: the
 * unsafe blocks that a payload carries later. step->verdict says why the block is none:
 * STEP_XCALL_OUTSIDE_SLOT_BLOCK asks for the transaction to go into the slot block instead.
 *
 * Out:  sealed  the block, in the rollup's arena; its state root is the new state. */
MUST_USE enum err rollup_build_block(
    struct rollup *rollup,
    struct sealed_block *sealed,
    struct rollup_step *step,
    const struct header *parent,
    const hash32 *parent_hash,
    const struct payload_block *block
);

/* rollup_at gives the machine at a head, or NULL. */
struct rollup_machine *rollup_at(const struct rollup *rollup, const hash32 *head);

/* rollup_register freezes the machine and files it under its head. ERR_MEMORY. */
MUST_USE enum err
rollup_register(struct rollup *rollup, struct rollup_machine *machine, const hash32 *head);

/* A machine with nothing in its run, at the root of another and with its blocks, or (from is NULL)
 * with none. NULL: no memory. */
struct rollup_machine *
rollup_new_machine(const struct rollup *rollup, const struct rollup_machine *from);

/* The header of a rollup block before its transactions, all roots those of an empty block. */
struct header rollup_next_header(
    const struct header *parent,
    const hash32 *parent_hash,
    uint64_t timestamp,
    const address *fee_recipient,
    const hash32 *prev_randao,
    uint64_t gas_limit
);

/* Where the rollup's MessageService marks that a message was imported, by the message's slot: not
 * zero there means that it was. */
u256 rollup_import_mark(const hash32 *message_slot);

#endif
