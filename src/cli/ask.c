#include "cli/ask.h"

#include "rpc/abi_text.h"

#include <stdlib.h>

#define MESSAGE_SIZE_MAX 512 /* of a node's error, as it is printed */

void answer_open(struct answer *answer, const char *command) {
    *answer = (struct answer){.command = command};
    json_open(&answer->json);
}

void answer_close(struct answer *answer) {
    free(answer->http.text);
    json_close(&answer->json);
}

/* The error object of a node, in one line. */
static void complain_of_node(const struct answer *answer, const char *url, uint32_t error) {
    const struct json *json = &answer->json;
    uint32_t code = json_member(json, error, "code");
    uint32_t message = json_member(json, error, "message");
    fprintf(stderr, "%s: %s answers ", answer->command, url);
    if (message != 0 && json_kind(json, message) == JSON_STRING) {
        bytes text = json_text(json, message);
        fputc('"', stderr);
        abi_print_text(stderr, bytes_slice(text, 0, MESSAGE_SIZE_MAX));
        fputc('"', stderr);
    } else
        fputs("an error", stderr);
    if (code != 0 && json_kind(json, code) == JSON_NUMBER) {
        bytes text = json_text(json, code);
        if (text.size == 6 && memcmp(text.data, "-32601", 6) == 0)
            fputs(": is it a Lockstep node?", stderr);
    }
    fputc('\n', stderr);
}

bool ask(CURL *curl, struct answer *answer, const char *url, const char *request) {
    const char *command = answer->command;
    char why[HTTP_POST_WHY_SIZE];
    bool is_too_large;
    const struct http_post_question question = {
        .url = url,
        .body = request,
        .connect_max_ms = ASK_CONNECT_MAX_MS,
        .answer_max_ms = ASK_ANSWER_MAX_MS,
        .size_max = ASK_ANSWER_SIZE_MAX,
    };
    const char *problem = http_post(curl, &answer->http, &is_too_large, why, &question);
    if (problem != NULL) {
        fprintf(stderr, "%s: cannot ask %s: %s\n", command, url, problem);
        return false;
    }
    const struct json *json = &answer->json;
    if (answer->http.size == 0 ||
        json_parse(&answer->json, answer->http.text, answer->http.size) != ERR_OK) {
        problem = answer->http.size == 0 ? "it is empty" : json->problem;
        fprintf(stderr, "%s: the answer of %s is not JSON: %s\n", command, url, problem);
        return false;
    }
    uint32_t error = json_member(json, 0, "error");
    if (error != 0 && json_kind(json, error) != JSON_NULL) {
        if (!answer->is_quiet) complain_of_node(answer, url, error);
        return false;
    }
    answer->result = json_member(json, 0, "result");
    if (answer->result == 0) {
        fprintf(stderr, "%s: the answer of %s is no JSON-RPC answer\n", command, url);
        return false;
    }
    if (json_kind(json, answer->result) == JSON_NULL) answer->result = 0;
    return true;
}
