/* rpc/tracer.h: geth's tracers: what debug_traceTransaction and its kin answer, made from the
 * machine's hooks (evm/evm.h).
 *
 *     tracer_open(&tracer, out, &options);
 *     tracer_begin(&tracer, &subject);       before the transaction runs, as often as it is begun
 *     ... run it with tracer.hooks ...
 *     tracer_end(&tracer, &result);          after its journal's transaction has ended
 *     tracer_close(&tracer);
 *
 * They stand in rpc, because their results are JSON and part of its interface, and not in node,
 * because the conformance runner uses them, too. They know nothing of how a chain keeps its blocks.
 *
 * What is recorded lies in the tracer's own arena, with a hard limit; the struct logger records
 * nothing, but writes each step as it is made. A trace that is too large ends as the tracer's err
 * or as a failed writer; the run itself is never disturbed. */
#ifndef RPC_TRACER_H
#define RPC_TRACER_H

#include "chain/execution.h"
#include "rpc/halt.h"
#include "rpc/json_reader.h"
#include "rpc/json_writer.h"

#define TRACER_SIZE_MAX  ((size_t)512 << 20)
#define TRACER_PARTS_MAX 8 /* of a muxTracer */

#define TRACER_LIST(X)                         \
    X(STRUCT, "")                              \
    X(CALL, "callTracer")                      \
    X(CALL_LEGACY, "callTracerLegacy")         \
    X(ERC7562, "erc7562Tracer")                \
    X(FLAT_CALL, "flatCallTracer")             \
    X(FOUR_BYTE, "4byteTracer")                \
    X(NOOP, "noopTracer")                      \
    X(PRESTATE, "prestateTracer")              \
    X(PRESTATE_LEGACY, "prestateTracerLegacy") \
    X(MUX, "muxTracer")

enum tracer_kind {
#define TRACER_ENUM(name, text) TRACER_##name,
    TRACER_LIST(TRACER_ENUM)
#undef TRACER_ENUM
        TRACER_KIND_COUNT
};

/* One tracer's options; those of other tracers are left zero. */
struct tracer_options {
    enum tracer_kind kind;

    /* The struct logger. */
    bool enable_memory;
    bool disable_stack;
    bool enable_return_data;
    uint64_t limit; /* steps are written until there are so many bytes of them; 0: all */

    bool disable_storage; /* struct logger, prestateTracer */

    bool only_top_call; /* callTracer */
    bool with_log;      /* callTracer, erc7562Tracer */

    bool convert_parity_errors; /* flatCallTracer */
    bool include_precompiles;

    bool diff_mode; /* prestateTracer */
    bool disable_code;
    bool include_empty;

    bool has_ignored_opcodes;    /* erc7562Tracer; else its own list */
    uint64_t ignored_opcodes[4]; /* a bit each */

    bool has_timeout;
    uint64_t timeout_us; /* how long a transaction may run; of a negative one 0 */

    /* muxTracer: parts that are no muxTracers themselves, and their names. */
    const struct tracer_options *parts;
    size_t part_count;
};

/* tracer_options_read reads the object that debug_traceTransaction takes: tracer, tracerConfig, and
 * the struct logger's options beside them. Unknown members are passed over.
 *
 * Out:     problem  ERR_INPUT: what is wrong; in the arena or static. is_tracer says whether it is
 *                   with the tracer or its config (a server error in geth) or with the argument.
 * Returns: ERR_INPUT, ERR_MEMORY. */
MUST_USE enum err tracer_options_read(
    struct tracer_options *out,
    const char **problem,
    bool *is_tracer,
    struct arena *arena,
    const struct json *json,
    uint32_t object
);

/* The transaction that is traced and where its values come from. All borrowed until tracer_end. */
struct tracer_subject {
    const struct tx *tx;
    address sender;
    const struct block_context *block;
    struct journal *journal; /* its values, else those of the state, are current */
    struct state *state;
    uint64_t log_index; /* of its first log in the block */
    bool has_place;     /* it is in a block: the rest is set */
    hash32 block_hash;
    hash32 tx_hash;
    uint64_t tx_index;
};

struct tracer_part;

struct tracer {
    struct evm_tracer hooks; /* for execution_options.tracer */
    const struct tracer_options *options;
    struct json_writer *out;

    /* Private: see tracer_private.h. */
    struct arena arena;
    struct json_mark start; /* of what is written */
    struct tracer_subject subject;
    struct tracer_part *parts;
    size_t part_count;
    struct halt_step last; /* the newest step */
    uint32_t depth;        /* open frames */
    enum err err;
};

/* tracer_open prepares a tracer that writes one JSON value to out. options and out are borrowed. */
void tracer_open(
    struct tracer *tracer, struct json_writer *out, const struct tracer_options *options
);
void tracer_close(struct tracer *tracer);

/* tracer_begin forgets what was recorded and reads what the tracers want to know from before the
 * transaction. Failures are kept for tracer_end. */
void tracer_begin(struct tracer *tracer, const struct tracer_subject *subject);

/* tracer_end writes the value.
 *
 * Returns: ERR_LIMIT, ERR_MEMORY: the trace is too large. Others: as the state's. What was written
 *          is taken back. */
MUST_USE enum err tracer_end(struct tracer *tracer, const struct execution_result *result);

#endif
