/* rpc/tracer_private.h: the inside of a tracer: parts that are told what happens, each of one kind.
 * All but a muxTracer have one part. */
#ifndef RPC_TRACER_PRIVATE_H
#define RPC_TRACER_PRIVATE_H

#include "rpc/tracer.h"
#include "rpc/tracer_frame.h"
#include "state/state.h"

/* The functions of a kind; each may be NULL but open and write. */
struct tracer_type {
    /* Makes part->self in the tracer's arena, and reads what it wants from before the run. */
    enum err (*open)(struct tracer *tracer, struct tracer_part *part);
    void (*enter)(struct tracer *tracer, struct tracer_part *part, const struct evm_message *m);
    /* step: at which the frame failed; NULL: it did not, or at none. */
    void (*exit
    )(struct tracer *tracer,
      struct tracer_part *part,
      const struct evm_result *result,
      const struct halt_step *step);
    void (*selfdestruct
    )(struct tracer *tracer,
      struct tracer_part *part,
      const address *contract,
      const address *beneficiary,
      const u256 *balance);
    void (*log)(struct tracer *tracer, struct tracer_part *part, const struct journal_log *log);
    void (*step)(struct tracer *tracer, struct tracer_part *part, const struct evm_step *step);
    void (*step_end
    )(struct tracer *tracer, struct tracer_part *part, uint64_t gas_cost, enum evm_outcome outcome);
    /* Writes the value. */
    enum err (*write
    )(struct tracer *tracer, struct tracer_part *part, const struct execution_result *result);
    bool wants_steps; /* the machine is slower with them */
};

struct tracer_part {
    const struct tracer_type *type;
    const struct tracer_options *options;
    void *self;
};

extern const struct tracer_type TRACER_CALL_TYPE;
extern const struct tracer_type TRACER_CALL_LEGACY_TYPE;
extern const struct tracer_type TRACER_ERC7562_TYPE;
extern const struct tracer_type TRACER_FLAT_CALL_TYPE;
extern const struct tracer_type TRACER_FOUR_BYTE_TYPE;
extern const struct tracer_type TRACER_NOOP_TYPE;
extern const struct tracer_type TRACER_PRESTATE_TYPE;
extern const struct tracer_type TRACER_STRUCT_TYPE;

/* The first failure stays; nothing is recorded after it. */
static inline void tracer_fail(struct tracer *tracer, enum err err) {
    if (tracer->err == ERR_OK) tracer->err = err;
}

/* Memory of the trace, zeroed; NULL after a failure was noted. */
void *tracer_alloc(struct tracer *tracer, size_t size);

struct tracer_account {
    bool exists;
    uint64_t nonce;
    u256 balance;
    hash32 code_hash;
    bytes code;
};

/* The current values. On failure, which is noted, all zero. */
void tracer_read_account(struct tracer *tracer, struct tracer_account *account, const address *who);
u256 tracer_read_slot(struct tracer *tracer, const address *who, const u256 *key);

/* Stack item number index from the top; NULL: there is none. */
static inline const u256 *tracer_stack_item(const struct evm_step *step, uint32_t index) {
    if (step->stack_count <= index) return NULL;
    return &step->stack[step->stack_count - 1 - index];
}

address tracer_word_address(const u256 *word);

/* Memory from offset on as if it were longer, zeros behind its end; in the tracer's arena. false:
 * too large, or no memory. */
bool tracer_memory_slice(
    struct tracer *tracer,
    bytes *out,
    const struct evm_step *step,
    const u256 *offset,
    const u256 *size
);

/* Whether geth would not have reported the step but for this failure: it fails before the
 * instruction's own work begins. */
bool tracer_is_early_failure(enum evm_outcome outcome);

/* --- tracer_call.c: the recorder that the call tracers share ---------------------------------- */

struct tracer_calls {
    struct tracer_frame *root;
    struct tracer_frame *open;
    uint32_t skipped; /* frames that are open and not recorded */
};

enum err tracer_calls_open(struct tracer *tracer, struct tracer_part *part);
void tracer_calls_enter(
    struct tracer *tracer, struct tracer_part *part, const struct evm_message *message
);
void tracer_calls_exit(
    struct tracer *tracer,
    struct tracer_part *part,
    const struct evm_result *result,
    const struct halt_step *step
);
void tracer_calls_selfdestruct(
    struct tracer *tracer,
    struct tracer_part *part,
    const address *contract,
    const address *beneficiary,
    const u256 *balance
);
void tracer_calls_log(
    struct tracer *tracer, struct tracer_part *part, const struct journal_log *from
);

/* Gives the outermost frame the transaction's gas, and takes the logs out of what failed. */
void tracer_calls_finish(
    struct tracer *tracer, struct tracer_calls *calls, const struct execution_result *result
);

#endif
