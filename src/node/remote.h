/* node/remote.h: asking another Ethereum node, over JSON-RPC by HTTP.
 *
 * Asking blocks the thread, for REMOTE_TOTAL_MAX_MS at most: an attempt that fails for want of an
 * answer (no connection, time over, HTTP 429 or 5xx, a rate limit as JSON-RPC error) is made again
 * after a pause, as long as there is time. After a remote has not answered in all that time, it has
 * REMOTE_DEAD_MAX_MS a question until it answers again, so that a dead remote makes a node slow for
 * a moment, and not for each value that is missing.
 *
 * Any thread may ask; they ask one after another. Nothing of an answer is believed here: that is
 * for who decodes it (node/remote_json.h). Texts name the remote without path, query and password,
 * which often hold keys. */
#ifndef NODE_REMOTE_H
#define NODE_REMOTE_H

#include "node/http_post.h"
#include "rpc/json_reader.h"

#define REMOTE_CONNECT_MAX_MS  5000
#define REMOTE_ATTEMPT_MAX_MS  10000
#define REMOTE_TOTAL_MAX_MS    20000
#define REMOTE_DEAD_MAX_MS     2000
#define REMOTE_ATTEMPTS_MAX    6
#define REMOTE_PAUSE_FIRST_MS  100 /* before the second attempt; then twice the former */
#define REMOTE_ANSWER_SIZE_MAX ((size_t)128 << 20)
#define REMOTE_BATCH_MAX       64
#define REMOTE_NAME_SIZE       128

struct remote;

/* One call. */
struct remote_request {
    const char *method;
    const char *params; /* a JSON array */
};

/* What came back. results and refusals are tokens of json, one a request: a result that is 0 is
 * null; a refusal that is not 0 is the error object given instead. */
struct remote_answer {
    struct json json;
    struct http_post_answer http; /* the text of all of json */
    uint32_t results[REMOTE_BATCH_MAX];
    uint32_t refusals[REMOTE_BATCH_MAX];
};

void remote_answer_open(struct remote_answer *answer);
void remote_answer_close(struct remote_answer *answer);

/* remote_open asks nobody yet. ERR_INPUT: no http or https URL; ERR_MEMORY, ERR_IO (libcurl). */
MUST_USE enum err remote_open(struct remote **remote, const char *url);
void remote_close(struct remote *remote); /* NULL: nothing */

/* Scheme, host and port; lives as long as the remote. */
const char *remote_name(const struct remote *remote);

/* remote_ask sends count (1 to REMOTE_BATCH_MAX) calls, as one batch if the remote takes batches.
 *
 * Out:     answer  opened; what it had is given up.
 * Returns: ERR_REMOTE  (err_text says why) no answer, or none that is JSON-RPC. A refused call is
 *                      an answer. ERR_MEMORY. */
MUST_USE enum err remote_ask(
    struct remote *remote,
    struct remote_answer *answer,
    const struct remote_request *requests,
    size_t count
);

/* How long this thread has waited in remote_ask, in all, in microseconds. */
uint64_t remote_waited_us(void);

/* remote_take gives the result of a call; ERR_REMOTE, with the remote's words, if it was refused.
 * *token is 0 for null. */
MUST_USE enum err remote_take(
    const struct remote *remote,
    const struct remote_answer *answer,
    uint32_t *token,
    const struct remote_request *requests,
    size_t index
);

/* remote_blame notes what is wrong with an answer and returns ERR_REMOTE. */
__attribute__((format(printf, 2, 3))) enum err
remote_blame(const struct remote *remote, const char *format, ...);

#endif
