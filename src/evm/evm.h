/* evm/evm.h: the Ethereum Virtual Machine, all forks, as a machine that can be stopped, copied and
 * resumed.
 *
 * The machine runs one message (a transaction's, a system call's, an eth_call's) with all calls and
 * creations below it. It does no I/O, never blocks and never recurses on the C stack: frames are
 * linked in its arena. When it needs something that its journal does not hold, evm_run returns and
 * evm->request says what; the driver answers and calls evm_run again:
 *
 *     evm_begin(evm, &message);
 *     for (;;) {
 *         switch (evm_run(evm)) {
 *         case EVM_NEED_ACCOUNT: ... evm_give_account(evm, &data); continue;
 *         ...
 *         case EVM_DONE: return evm->result;
 *
 * The interrupted instruction goes on exactly where it was: its gas is charged once, and what the
 * machine does is the same whether things were in the journal before or were given when asked for.
 * Something is asked for only if the instruction that wants it can pay for it.
 *
 * What is the driver's (chain's) business: everything of a transaction outside its outermost frame:
 * journal_begin_transaction and journal_end_transaction, the sender's nonce and fee, intrinsic gas,
 * warming of sender, recipient, coinbase and access list, authorization lists (EIP-7702), the
 * refund's cap, the calldata floor (EIP-7623). Precompiles are always warm here. The machine warms
 * the address that a top-level creation makes.
 *
 * Foreign calls. A call whose code address is in the foreign set gives EVM_NEED_CALL instead of a
 * frame. By then its gas is charged and the forwarded gas computed, depth and balance are checked,
 * and no value has moved. The driver answers with evm_give_call, or has the call run as an ordinary
 * one with evm_decline_call, or, before either, runs messages inside it with evm_call_inside. The
 * same holds for a top-level message to a foreign address. Delegation designators (EIP-7702) are
 * not followed into the foreign set.
 *
 * A frame remembers whether it, or anything below it, made a foreign call (failed, static and
 * undone ones included; declined ones not). When such a frame is about to end in any other way than
 * success, and it is not static, evm_run returns EVM_REVERTING with evm->request.frame filled;
 * nothing is undone yet, and evm_run again goes on.
 *
 * Lifetimes. The machine's memory comes from its arena and is pooled: frames, stacks and memories
 * are reused by later calls and later messages, and given back only with the arena.
 * `evm->result.output` and all of `evm->request` are borrowed until the next call of any evm_
 * function but the getters. Code bytes given to the machine must outlive it and its copies.
 *
 * Limits. Depth is message.depth, not the number of frames here, since depth counts over chains; a
 * frame at depth 1024 exists, a call from it fails. Memory is bounded by gas and by the arena's
 * limit; past that evm_run returns EVM_NO_MEMORY, and the machine is dead. */
#ifndef EVM_EVM_H
#define EVM_EVM_H

#include "core/arena.h"
#include "core/u256.h"
#include "evm/fork.h"
#include "evm/journal.h"

#define EVM_DEPTH_MAX 1024
#define EVM_STACK_MAX 1024

/* What evm_run returns. */
enum evm_status {
    EVM_DONE,            /* the message is finished: evm->result */
    EVM_NEED_ACCOUNT,    /* request.address: evm_give_account */
    EVM_NEED_SLOT,       /* request.address, request.key: evm_give_slot */
    EVM_NEED_CODE,       /* request.address, request.code_hash: evm_give_code */
    EVM_NEED_BLOCK_HASH, /* request.number: evm_give_block_hash */
    EVM_NEED_CALL,       /* request.call: evm_give_call, evm_decline_call or evm_call_inside */
    EVM_REVERTING,       /* request.frame: a frame with foreign calls is about to fail; run again */
    EVM_NO_MEMORY,       /* the arena is full: the message cannot be finished. No verdict */
    EVM_UNSUPPORTED,     /* this build lacks what the message needs (a precompile). No verdict */
    EVM_TOO_MUCH_ETHER,  /* a balance would pass 256 bits: the state is no chain's. No verdict */
    EVM_STOPPED, /* config->watch has it stop; run again to go on all the same. No verdict */
};

/* How a frame ended. The text is for people. */
#define EVM_OUTCOME_LIST(X)                                                      \
    X(SUCCESS, "success")                                                        \
    X(REVERT, "execution reverted")                                              \
    X(OUT_OF_GAS, "out of gas")                                                  \
    X(STACK_UNDERFLOW, "stack underflow")                                        \
    X(STACK_OVERFLOW, "stack overflow")                                          \
    X(BAD_JUMP, "invalid jump destination")                                      \
    X(INVALID_OPCODE, "invalid opcode") /* 0xfe, the designated one (EIP-141) */ \
    X(UNDEFINED_OPCODE, "undefined opcode")                                      \
    X(WRITE_PROTECTION, "write protection: state change in a static call")       \
    X(RETURN_DATA_BOUNDS, "return data out of bounds")                           \
    X(INSUFFICIENT_BALANCE, "insufficient balance for transfer")                 \
    X(DEPTH, "call depth limit reached")                                         \
    X(NONCE_OVERFLOW, "nonce overflow")                                          \
    X(COLLISION, "contract address collision")                                   \
    X(CODE_SIZE, "contract code too large")                                      \
    X(INITCODE_SIZE, "init code too large")                                      \
    X(CODE_PREFIX, "contract code begins with 0xef")                             \
    X(CODE_DEPOSIT, "out of gas for storing the contract code")                  \
    X(PRECOMPILE_FAILURE, "precompile failed")                                   \
    X(FOREIGN_FAILURE, "foreign call failed")

enum evm_outcome {
#define EVM_OUTCOME_ENUM(name, text) EVM_##name,
    EVM_OUTCOME_LIST(EVM_OUTCOME_ENUM)
#undef EVM_OUTCOME_ENUM
};

/* "OUT_OF_GAS", and "out of gas"; static storage. */
const char *evm_outcome_name(enum evm_outcome outcome);
const char *evm_outcome_text(enum evm_outcome outcome);

enum evm_kind { EVM_CALL, EVM_DELEGATECALL, EVM_CALLCODE, EVM_STATICCALL, EVM_CREATE, EVM_CREATE2 };

struct evm_message {
    enum evm_kind kind;
    bool is_static; /* no state changes: this is a STATICCALL or below one */
    uint32_t depth; /* 0 for a transaction's outermost frame */
    uint64_t gas;
    address recipient;    /* whose storage and balance; for creations the new address, set here */
    address sender;       /* CALLER */
    address code_address; /* whose code; equals recipient for EVM_CALL and EVM_STATICCALL */
    bytes input;          /* calldata, or init code */
    u256 value;           /* moved; under EVM_DELEGATECALL only what CALLVALUE says */
    hash32 salt;          /* EVM_CREATE2 */
};

/* The instruction that made a frame fail, and what it found: for the failure's exact words. */
struct evm_stop {
    uint8_t opcode;
    uint32_t stack_count;
    uint64_t gas; /* at most what was left before it */
    u256 top[3];  /* the topmost items first; zero where there are none */
};

struct evm_result {
    enum evm_outcome outcome;
    uint64_t gas_left;
    int64_t gas_refund; /* of the transaction so far (the journal's), after this frame's undoing */
    bytes output;       /* return or revert data; of a creation that succeeded the new code */
    bool is_create;
    address created;             /* is_create: the address, whatever the outcome */
    const struct evm_stop *stop; /* NULL: no instruction failed. Until the machine runs on */
};

/* --- tracing ---------------------------------------------------------------------------------- */

/* The state before one instruction. Views are borrowed until the callback returns. */
struct evm_step {
    uint32_t depth;
    uint32_t pc;
    uint8_t opcode;
    uint64_t gas; /* before the instruction */
    int64_t refund;
    const u256 *stack; /* stack[0] is the bottom */
    uint32_t stack_count;
    bytes memory;
    bytes return_data;
    const struct evm_message *message; /* of the frame */
    struct journal *journal;           /* the machine's: a resumed copy has its own */
};

struct evm_frame_failure;

/* Any callback may be NULL. With on_step the machine runs a slower loop.
 *
 * Every on_enter has its on_exit, in order, for all frames: codeless accounts, precompiles and
 * foreign calls included, and creations; also for calls that fail before they are entered (depth,
 * balance, collision). A SELFDESTRUCT is on_selfdestruct inside its frame. */
struct evm_tracer {
    void *context;
    void (*on_enter)(void *context, const struct evm_message *message);
    void (*on_exit)(void *context, const struct evm_result *result);
    void (*on_selfdestruct
    )(void *context, const address *contract, const address *beneficiary, const u256 *balance);
    void (*on_log)(void *context, const struct journal_log *log);
    void (*on_step)(void *context, const struct evm_step *step);
    /* After each on_step, once the instruction's price is known (for calls, but not for creations,
     * what is forwarded included; and before the frame is entered) and before the next on_step. A
     * frame without code has no steps. outcome is not EVM_SUCCESS or EVM_REVERT if it failed;
     * gas_cost is then what it would have cost as far as it was computed. */
    void (*on_step_end)(void *context, uint64_t gas_cost, enum evm_outcome outcome);
    /* After the on_exit of a frame that failed because evm_fail_frames says so. */
    void (*on_replayed)(void *context, const struct evm_frame_failure *failure);
};

/* --- configuration ---------------------------------------------------------------------------- */

struct evm_code_cache;

/* A precompile at another address than its own, or one that is gone. */
struct evm_precompile_override {
    address address;
    address precompile; /* whose work is done there; zero: none, an account like others */
};

/* Somebody who may have a machine stop before it is done: it asks before each frame and every
 * EVM_WATCH_JUMPS jumps, without which no code runs for long. Nothing but running time depends on
 * the answers. */
struct evm_watch {
    bool (*must_stop)(void *context);
    void *context;
};

#define EVM_WATCH_JUMPS 4096u

struct evm_config {
    enum fork fork;
    uint64_t chain_id;

    /* The block. */
    address coinbase;
    uint64_t number;
    uint64_t timestamp;
    uint64_t gas_limit;
    u256 difficulty; /* before Paris: difficulty; since: prevRandao (EIP-4399), as a number */
    u256 base_fee;
    u256 blob_base_fee;

    /* The transaction. */
    address origin;
    u256 gas_price; /* effective */
    const hash32 *blob_hashes;
    uint32_t blob_hash_count;

    const address *foreign; /* the foreign set; may be NULL if foreign_count is 0 */
    uint32_t foreign_count;
    const address *warm; /* always warm, as precompiles are; may be NULL if warm_count is 0 */
    uint32_t warm_count;

    struct evm_code_cache *code_cache; /* may be NULL */
    const struct evm_tracer *tracer;   /* may be NULL */
    const struct evm_watch *watch;     /* may be NULL */

    /* eth_call and the like: of several entries for an address the last one holds. The warm
     * addresses (EIP-2929) stay those of the fork. May be NULL if the count is 0. */
    const struct evm_precompile_override *precompiles;
    uint32_t precompile_count;

    /* eth_call and the like: for gas estimation nothing changes; code size limits can be lifted. */
    bool allow_unlimited_code_size;
};

/* A cache of codes and of what the machine derives from them, by code hash: shared by any machines
 * of one thread, whatever their forks. It lives in the arena, copies the code bytes it is given,
 * and forgets nothing; when the arena is full it just takes no more.
 *
 * With a cache, a code it holds is not asked for by EVM_NEED_CODE. A driver that records what
 * execution reads (a witness) uses no shared cache. */
struct evm_code_cache *evm_code_cache_open(struct arena *arena); /* NULL: no memory */

/* The cached bytes under this hash, valid as long as the cache's arena; false if there are none. */
bool evm_code_cache_find(const struct evm_code_cache *cache, const hash32 *code_hash, bytes *code);

/* evm_code_cache_add copies code into the cache and sets *kept (may be NULL) to the copy, or to the
 * one already there. The hash is not checked. ERR_MEMORY. */
MUST_USE enum err
evm_code_cache_add(struct evm_code_cache *cache, const hash32 *code_hash, bytes code, bytes *kept);

/* --- the machine ------------------------------------------------------------------------------ */

struct evm_request {
    address address;
    u256 key;
    hash32 code_hash;
    uint64_t number;

    /* EVM_NEED_CALL. */
    struct evm_message call;

    /* EVM_NEED_CALL: the frame that called. EVM_REVERTING: the frame that is about to fail. */
    struct {
        uint64_t sequence; /* number of frames entered before this one, by this machine */
        enum evm_outcome outcome;
        uint64_t gas_left; /* as the caller will see it */
        bytes output;
        uint32_t depth;
        address recipient;
        bool is_outermost; /* begun by evm_begin or evm_call_inside */
    } frame;
};

/* A frame that fails at once when it is entered, as it has failed before. */
struct evm_frame_failure {
    struct evm_frame_failure *next;
    uint64_t sequence;        /* of the frame */
    enum evm_outcome outcome; /* not EVM_SUCCESS */
    uint64_t gas_left;        /* cut to the frame's gas */
    bytes output;
    bool ends_replay; /* nothing that comes after it has run before; for who traces */
    bool has_failed;  /* set by the machine */
};

struct evm_frame;
struct map;

struct evm {
    const struct evm_config *config; /* borrowed; fixed while a message runs */
    struct journal *journal;         /* borrowed */
    struct arena *arena;             /* borrowed; must outlive the machine */
    struct evm_request request;
    struct evm_result result; /* after EVM_DONE */

    /* Private: see evm_private.h. */
    const struct evm_rules *rules;
    struct evm_frame *frame;      /* innermost, or NULL */
    struct evm_frame *frame_pool; /* free frames */
    uint64_t frame_count;         /* entered so far: the next sequence number */
    u256 *stack;                  /* shared by all frames, growing upwards */
    size_t stack_capacity;        /* words */
    uint8_t *memory;              /* shared by all frames, growing upwards */
    size_t memory_capacity;       /* bytes */
    uint8_t *return_data;         /* of the innermost frame's last call */
    size_t return_data_size;
    size_t return_data_capacity;
    struct map *own_programs;           /* without a code cache; NULL until there is one */
    struct u256_modulus modulus;        /* MULMOD's last */
    struct evm_frame_failure *failures; /* borrowed */
    uint32_t pending;                   /* what evm_run does next */
    uint32_t jumps_left;                /* until config->watch is asked */
    enum evm_status status;
    u256 block_hash;
    bool has_block_hash;
    bool call_declined;
    bool given_outermost;
    enum evm_outcome call_failure;
    bool step_reported;
    bool has_stop; /* the frame about to end failed in an instruction */
    struct evm_stop stop;
    uint64_t step_gas;
    uint64_t unpaid;          /* the price that the last instruction out of gas could not pay */
    struct evm_message begin; /* the message to enter next */
};

/* evm_open makes a machine over a journal. Allocates little. It can run any number of messages, one
 * after the other (not during one: evm_call_inside), also of several transactions. ERR_MEMORY. */
MUST_USE enum err evm_open(
    struct evm *evm, struct arena *arena, struct journal *journal, const struct evm_config *config
);

/* evm_begin starts a top-level message, forgetting any unfinished one. The message is copied; its
 * input must live until EVM_DONE (and as long as any copy of the machine runs).
 *
 * For EVM_CREATE the sender's nonce must already be incremented: the address is that of nonce - 1.
 * The sender's balance must already lack the gas fee; that it covers the value is checked here.
 * Frame numbers start at 0 again; evm_fail_frames is forgotten. */
void evm_begin(struct evm *evm, const struct evm_message *message);

/* evm_run goes on until the message is done or something is needed. */
MUST_USE enum evm_status evm_run(struct evm *evm);

/* The answers. Each must match the request (CHECKed where it can be); one can also give to the
 * journal directly and run again. ERR_MEMORY. */
MUST_USE enum err evm_give_account(struct evm *evm, const struct journal_account_data *data);
MUST_USE enum err evm_give_slot(struct evm *evm, const u256 *value);
void evm_give_code(struct evm *evm, bytes code);
void evm_give_block_hash(struct evm *evm, const hash32 *hash); /* zero: unknown */

/* evm_give_call ends the pending foreign call. output is copied. gas_left at most the call's gas
 * (CHECKed). The driver has moved the value itself, if it is to move. ERR_MEMORY. */
MUST_USE enum err evm_give_call(struct evm *evm, bool success, uint64_t gas_left, bytes output);

/* evm_decline_call makes the pending foreign call an ordinary one. */
void evm_decline_call(struct evm *evm);

/* evm_call_inside begins a message inside the pending foreign call: an inner frame of the same
 * transaction. evm_run then runs it; inner frames may raise anything, EVM_NEED_CALL too, and may be
 * nested so to any depth. When it is done evm_run returns EVM_DONE once with its result, its
 * changes undone unless it succeeded, and the outer call is the pending request again. */
void evm_call_inside(struct evm *evm, const struct evm_message *message);

/* evm_pending_call: the request of the innermost unanswered foreign call, or false. */
bool evm_pending_call(const struct evm *evm, struct evm_message *call);

/* evm_fail_frames: each frame that is in the list fails at once when it is entered, having done
 * nothing but what precedes entering, and counts as one that made a foreign call. For replaying
 * what follows reverted frames. To be called while a message runs, or between evm_begin and
 * evm_run; it takes the place of an earlier list. The list is borrowed until the message ends, by
 * copies of the machine as well. */
void evm_fail_frames(struct evm *evm, struct evm_frame_failure *failures);

/* evm_copy makes *to an equal machine in another arena, over a journal that is a copy of from's
 * (journal_copy). from may be suspended anywhere. The config is shared; to->config may be replaced
 * by an equal one. Cost: what is live. Codes and the top-level input are shared. On ERR_MEMORY *to
 * is unusable. */
MUST_USE enum err
evm_copy(struct evm *to, struct arena *arena, const struct evm *from, struct journal *journal);

/* The address of a contract: of CREATE by sender and nonce; of CREATE2 (EIP-1014). */
address evm_create_address(const address *sender, uint64_t nonce);
address evm_create2_address(const address *sender, const hash32 *salt, const hash32 *initcode_hash);

/* EIP-7702: whether code is a delegation designator, 0xef0100 and an address. */
#define EVM_DELEGATION_SIZE 23
bool evm_delegation_target(bytes code, address *target);

/* Whether the address is a precompile under this fork; for warming lists and the like. */
bool evm_is_precompile(enum fork fork, const address *address);

/* evm_precompile_at says whether a call to `who` runs a precompile, overrides considered, and
 * which: *precompile is its own address. */
bool evm_precompile_at(
    enum fork fork,
    const struct evm_precompile_override *overrides,
    size_t override_count,
    const address *who,
    address *precompile
);

#endif
