/* rpc/jsonrpc.h: JSON-RPC 2.0 over any transport: a text in, a text out.
 *
 * Ids are echoed as they stand in the request. Errors are geth's, in code and wording, because that
 * is what clients match. Batches: at most JSONRPC_BATCH_MAX calls and JSONRPC_ANSWER_SIZE_MAX
 * bytes; what exceeds either is answered with an error, never cut.
 *
 * An exchange is one request text (a call or a batch) while it is being answered. It may wait (a
 * method waits for a block, a backend works elsewhere); then jsonrpc_resume goes on where it
 * stopped. It may have a call that takes too long for the loop's thread: then the transport has
 * jsonrpc_work run it on another, and jsonrpc_worked goes on. The transport keeps it alive until it
 * is done. */
#ifndef RPC_JSONRPC_H
#define RPC_JSONRPC_H

#include "rpc/backend.h"
#include "rpc/filters.h"
#include "rpc/json_reader.h"
#include "rpc/json_writer.h"
#include "rpc/metrics.h"

#define JSONRPC_BATCH_MAX       1000
#define JSONRPC_ANSWER_SIZE_MAX (64u << 20)
#define JSONRPC_ARENA_SIZE_MAX  (1u << 30)

/* What one chain's methods share: the chain and the filters its clients have set. */
struct rpc_endpoint {
    struct rpc_chain *chain;
    struct filters filters;
    /* One for each method of method_table, and one for names that are none; NULL: nobody counts. */
    struct rpc_method_stats *stats;
};

struct rpc_session; /* rpc/subscriptions.h */

/* One call of one method. */
struct rpc_call {
    struct rpc_request request; /* first: rpc_server_resume goes from it to the exchange */
    struct rpc_endpoint *endpoint;
    struct rpc_chain *chain;     /* = endpoint->chain */
    struct rpc_session *session; /* of a connection that takes notifications; NULL: it does not */
    const struct json *json;     /* the request text */
    uint32_t params;             /* its params array; 0 if it has none */
    uint32_t argument_count;
    uint64_t now_ms; /* of the loop, monotonic */
    /* A method that returns RPC_WAIT by itself (not its backend) waits for the next block or for
     * this time, whichever comes first, and finds wait_hash as it left it. */
    uint64_t wait_until_ms;
    hash32 wait_hash;
    struct json_writer *out; /* the method writes exactly one value, or nothing when it fails */
};

struct rpc_method;

enum jsonrpc_state { JSONRPC_DONE, JSONRPC_WAITING, JSONRPC_MOVING };

/* What a call may take of the loop's time where there are workers. With 1 all that can moves. */
#ifndef JSONRPC_LOOP_NS
#define JSONRPC_LOOP_NS 500000
#endif

struct jsonrpc_exchange {
    struct rpc_call call;        /* first: from a request one gets to its exchange */
    struct rpc_session *session; /* set by the transport before jsonrpc_begin; may be NULL */
    struct arena arena;
    struct json json;
    char *text_copy;        /* malloc; the text of an exchange that waits */
    struct json_mark start; /* where this exchange's answer begins in call.out */
    struct json_mark item;  /* where the current call's answer begins */
    struct arena_mark item_memory;
    size_t size_max;                 /* of call.out, when this exchange is not writing */
    uint32_t at;                     /* token of the current call, or of the batch's next one */
    uint32_t end;                    /* the token after the last */
    uint32_t id;                     /* token of the current call's id; 0 if it is a notification */
    const struct rpc_method *method; /* of the call that waits; NULL if none does */
    uint64_t began_us;               /* the current call, if they are counted */
    bool is_crowded;                 /* set by the transport: what would move is refused */
    bool can_move;                   /* set by the transport before jsonrpc_begin */
    struct rpc_watch watch;          /* of the current call, if it may take long */
    enum rpc_status worked;          /* what jsonrpc_work came to */
    bool is_batch;
    bool has_answer; /* the batch's answer has an element */
};

void jsonrpc_exchange_open(struct jsonrpc_exchange *exchange);
void jsonrpc_exchange_close(struct jsonrpc_exchange *exchange);

/* jsonrpc_begin answers text, appending to out. Nothing is appended when there is nothing to answer
 * (notifications). text is borrowed until it returns; a waiting exchange has made its own copy. */
enum jsonrpc_state jsonrpc_begin(
    struct jsonrpc_exchange *exchange,
    struct rpc_endpoint *endpoint,
    struct json_writer *out,
    uint64_t now_ms,
    bytes text
);
enum jsonrpc_state jsonrpc_resume(struct jsonrpc_exchange *exchange, uint64_t now_ms);

/* After JSONRPC_MOVING. jsonrpc_work runs the call on this thread, against a chain that nothing
 * else uses meanwhile; jsonrpc_cancel, on the loop's thread and at any time before jsonrpc_worked,
 * has it end soon. jsonrpc_worked, on the loop's thread, takes the answer and goes on. Where no
 * worker can be had, jsonrpc_unmoved answers with an error instead and goes on. */
void jsonrpc_work(struct jsonrpc_exchange *exchange, struct rpc_chain *chain);
void jsonrpc_cancel(struct jsonrpc_exchange *exchange);
enum jsonrpc_state jsonrpc_worked(struct jsonrpc_exchange *exchange, uint64_t now_ms);
enum jsonrpc_state
jsonrpc_unmoved(struct jsonrpc_exchange *exchange, uint64_t now_ms, int code, const char *message);

/* jsonrpc_error appends an answer that is only an error with a null id. */
void jsonrpc_error(struct json_writer *out, int code, const char *message);

#endif
