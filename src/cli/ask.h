/* cli/ask.h: asking a node for something over JSON-RPC, for commands that then print it. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "node/http_post.h"
#include "rpc/json_reader.h"

#include <curl/curl.h>

#define ASK_ANSWER_SIZE_MAX (256u << 20)
#define ASK_CONNECT_MAX_MS  5000
#define ASK_ANSWER_MAX_MS   120000

/* A JSON-RPC answer. result is a token of json; 0 if it is null. json.depth_max may be changed
 * before it is asked for. */
struct answer {
    const char *command; /* who asks: complaints begin with it */
    struct http_post_answer http;
    struct json json;
    uint32_t result;
    bool is_quiet; /* an error of the node's is not printed: it is expected */
};

void answer_open(struct answer *answer, const char *command);
void answer_close(struct answer *answer);

/* Posts the request; a node's error is printed as it is. Returns false after a complaint on
 * stderr. */
bool ask(CURL *curl, struct answer *answer, const char *url, const char *request);

#endif
