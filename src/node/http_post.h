/* node/http_post.h: one JSON text posted by HTTP, and its answer; blocks, within given times. */
#ifndef NODE_HTTP_POST_H
#define NODE_HTTP_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_post_question {
    const char *url; /* http or https */
    const char *body;
    long connect_max_ms;
    long answer_max_ms; /* connecting and all */
    size_t size_max;    /* of the answer */
};

struct http_post_answer {
    char *text; /* owned (free), used again by the next question; no terminator */
    size_t size;
    long status;          /* of HTTP */
    uint64_t retry_after; /* seconds that the server asks for; 0: none */
};

#define HTTP_POST_WHY_SIZE 256

/* http_post asks, over a connection kept in the handle if there is one (curl: a CURL). Redirections
 * are not followed, compressed answers are unpacked.
 *
 * Returns: NULL, and answer is set; or why there is none, in why or static storage. *is_too_large
 *          says that it is for its size. */
const char *http_post(
    void *curl,
    struct http_post_answer *answer,
    bool *is_too_large,
    char why[HTTP_POST_WHY_SIZE],
    const struct http_post_question *question
);

#endif
