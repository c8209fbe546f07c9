#include "node/remote.h"

#include "core/check.h"
#include "node/clock.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define WORDS_SIZE    256
#define PARAMS_EXTRA  96 /* of a call beside method and parameters */
#define TOO_MANY      429
#define LIMIT_MESSAGE "-32005" /* EIP-1474: limit exceeded */

struct remote {
    pthread_mutex_t mutex;
    CURL *curl;
    char *url;
    char name[REMOTE_NAME_SIZE];
    bool has_no_batches; /* it has refused one */
    bool is_dead;        /* it did not answer the last time */
};

/* --- opening ---------------------------------------------------------------------------------- */

/* "https://user:secret@host:port/path?key" without what may be secret. */
static bool set_name(struct remote *remote, const char *url) {
    const char *host = strstr(url, "://");
    if (host == NULL) return false;
    size_t scheme = (size_t)(host - url);
    bool is_http = (scheme == 4 && strncasecmp(url, "http", 4) == 0) ||
                   (scheme == 5 && strncasecmp(url, "https", 5) == 0);
    host += 3;
    size_t size = strcspn(host, "/?#");
    const char *at = memchr(host, '@', size);
    if (at != NULL) {
        size -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    for (size_t i = 0; i < size; i++)
        if (host[i] <= ' ' || host[i] > '~') return false;
    if (!is_http || size == 0 || size > REMOTE_NAME_SIZE - 16) return false;
    (void
    )snprintf(remote->name, sizeof remote->name, "%.*s://%.*s", (int)scheme, url, (int)size, host);
    return true;
}

enum err remote_open(struct remote **remote, const char *url) {
    struct remote *made = calloc(1, sizeof *made);
    if (made == NULL) return ERR_MEMORY;
    enum err err = ERR_INPUT;
    if (!set_name(made, url)) goto out;
    err = ERR_MEMORY;
    made->url = strdup(url);
    if (made->url == NULL) goto out;
    err = ERR_IO;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) goto out;
    made->curl = curl_easy_init();
    if (made->curl == NULL || pthread_mutex_init(&made->mutex, NULL) != 0) goto out;
    *remote = made;
    return ERR_OK;
out:
    if (made->curl != NULL) curl_easy_cleanup(made->curl);
    free(made->url);
    free(made);
    return err;
}

void remote_close(struct remote *remote) {
    if (remote == NULL) return;
    curl_easy_cleanup(remote->curl);
    (void)pthread_mutex_destroy(&remote->mutex);
    free(remote->url);
    free(remote);
}

const char *remote_name(const struct remote *remote) {
    return remote->name;
}

enum err remote_blame(const struct remote *remote, const char *format, ...) {
    char text[ERR_REMOTE_TEXT_SIZE];
    int size = snprintf(text, sizeof text, "the forked chain at %s ", remote->name);
    CHECK(size > 0 && (size_t)size < sizeof text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + size, sizeof text - (size_t)size, format, arguments);
    va_end(arguments);
    err_note_remote(text);
    return ERR_REMOTE;
}

void remote_answer_open(struct remote_answer *answer) {
    memset(answer, 0, sizeof *answer);
    json_open(&answer->json);
}

void remote_answer_close(struct remote_answer *answer) {
    free(answer->http.text);
    json_close(&answer->json);
}

/* --- one attempt ------------------------------------------------------------------------------ */

/* What became of an attempt. Where it may be made again is decided by who makes them. */
enum outcome {
    ANSWERED,
    UNANSWERED, /* err_text says why; another attempt may help */
    REFUSED,    /* it cannot help */
};

/* Only what a terminal and a log can bear. */
static void copy_words(char out[WORDS_SIZE], bytes text) {
    size_t size = text.size < WORDS_SIZE - 1 ? text.size : WORDS_SIZE - 1;
    for (size_t i = 0; i < size; i++)
        out[i] = text.data[i] >= ' ' && text.data[i] <= '~' ? (char)text.data[i] : '?';
    out[size] = 0;
}

/* The words of an error object, and whether it asks for patience. */
static bool read_refusal(char words[WORDS_SIZE], const struct json *json, uint32_t error) {
    uint32_t code = json_member(json, error, "code");
    uint32_t message = json_member(json, error, "message");
    bytes code_text = BYTES_EMPTY;
    if (code != 0) code_text = json_text(json, code);
    if (message != 0 && json_kind(json, message) == JSON_STRING)
        copy_words(words, json_text(json, message));
    else
        copy_words(words, json_source(json, error));
    bool is_limit = bytes_equal(code_text, bytes_of(LIMIT_MESSAGE, strlen(LIMIT_MESSAGE)));
    return is_limit || bytes_equal(code_text, bytes_of("429", 3));
}

static enum outcome post(
    struct remote *remote,
    struct remote_answer *answer,
    uint64_t *pause_ms,
    const char *body,
    uint64_t time_ms
) {
    char why[HTTP_POST_WHY_SIZE];
    bool is_too_large;
    const struct http_post_question question = {
        .url = remote->url,
        .body = body,
        .connect_max_ms = REMOTE_CONNECT_MAX_MS,
        .answer_max_ms = (long)time_ms,
        .size_max = REMOTE_ANSWER_SIZE_MAX,
    };
    const char *problem = http_post(remote->curl, &answer->http, &is_too_large, why, &question);
    if (problem != NULL) {
        (void)remote_blame(remote, "does not answer: %s", problem);
        return is_too_large ? REFUSED : UNANSWERED;
    }
    long status = answer->http.status;
    if (answer->http.retry_after > 0) *pause_ms = answer->http.retry_after * 1000;
    if (status == TOO_MANY || status >= 500) {
        (void)remote_blame(remote, "answers with HTTP status %ld", status);
        return UNANSWERED;
    }
    /* Some send JSON-RPC errors with status 4xx. */
    if (answer->http.size == 0 ||
        json_parse(&answer->json, answer->http.text, answer->http.size) != ERR_OK) {
        problem = answer->http.size == 0 ? "it is empty" : answer->json.problem;
        if (status != 200)
            (void)remote_blame(remote, "answers with HTTP status %ld", status);
        else
            (void)remote_blame(remote, "gives an answer that is not JSON: %s", problem);
        return REFUSED;
    }
    return ANSWERED;
}

/* --- JSON-RPC --------------------------------------------------------------------------------- */

static char *write_body(const struct remote_request *requests, size_t count, bool is_batch) {
    size_t size = 8;
    for (size_t i = 0; i < count; i++)
        size += strlen(requests[i].method) + strlen(requests[i].params) + PARAMS_EXTRA;
    char *body = malloc(size);
    if (body == NULL) return NULL;
    char *at = body;
    if (is_batch) *at++ = '[';
    for (size_t i = 0; i < count; i++) {
        int written = snprintf(
            at,
            size - (size_t)(at - body),
            "%s{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"%s\",\"params\":%s}",
            i > 0 ? "," : "",
            i,
            requests[i].method,
            requests[i].params
        );
        CHECK(written > 0);
        at += written;
    }
    if (is_batch) *at++ = ']';
    *at = 0;
    return body;
}

/* Which request an object of the answer is for; count if none. */
static size_t find_request(const struct json *json, uint32_t object, size_t count) {
    uint32_t id = json_member(json, object, "id");
    if (id == 0 || json_kind(json, id) != JSON_NUMBER) return count;
    bytes text = json_text(json, id);
    size_t index = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || index >= count) return count;
        index = index * 10 + (text.data[i] - '0');
    }
    return index;
}

/* Files one answer object. */
static enum outcome
file_answer(struct remote *remote, struct remote_answer *answer, size_t index, uint32_t object) {
    const struct json *json = &answer->json;
    char words[WORDS_SIZE];
    uint32_t error = json_member(json, object, "error");
    uint32_t result = json_member(json, object, "result");
    answer->results[index] = 0;
    answer->refusals[index] = 0;
    if (error != 0 && json_kind(json, error) != JSON_NULL) {
        answer->refusals[index] = error;
        if (!read_refusal(words, json, error)) return ANSWERED;
        (void)remote_blame(remote, "says: %s", words);
        return UNANSWERED;
    }
    if (result == 0) {
        (void)remote_blame(remote, "gives an answer that is not JSON-RPC");
        return REFUSED;
    }
    if (json_kind(json, result) != JSON_NULL) answer->results[index] = result;
    return ANSWERED;
}

static enum outcome file_batch(struct remote *remote, struct remote_answer *answer, size_t count) {
    const struct json *json = &answer->json;
    bool is_filed[REMOTE_BATCH_MAX] = {false};
    size_t filed = 0;
    uint32_t token = 1;
    for (uint32_t i = 0; i < json->tokens[0].count; i++) {
        size_t index = find_request(json, token, count);
        if (index < count && !is_filed[index]) {
            enum outcome outcome = file_answer(remote, answer, index, token);
            if (outcome != ANSWERED) return outcome;
            is_filed[index] = true;
            filed++;
        }
        token = json->tokens[token].next;
    }
    if (filed == count) return ANSWERED;
    (void)remote_blame(remote, "leaves calls of a batch unanswered");
    return REFUSED;
}

static bool is_array(const struct remote_answer *answer) {
    return json_kind(&answer->json, 0) == JSON_ARRAY;
}

static void pause_for(uint64_t time_ms) {
    struct timespec time = {
        .tv_sec = (time_t)(time_ms / 1000), .tv_nsec = (long)(time_ms % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
}

/* Posts until there is an answer or the time is over. */
static enum err
ask(struct remote *remote,
    struct remote_answer *answer,
    const struct remote_request *requests,
    size_t count,
    bool is_batch) {
    char *body = write_body(requests, count, is_batch);
    if (body == NULL) return ERR_MEMORY;
    uint64_t start_us = clock_monotonic_us();
    uint64_t total_ms = remote->is_dead ? REMOTE_DEAD_MAX_MS : REMOTE_TOTAL_MAX_MS;
    uint64_t next_pause_ms = REMOTE_PAUSE_FIRST_MS;
    enum outcome outcome = UNANSWERED;
    for (unsigned i = 0; i < REMOTE_ATTEMPTS_MAX && outcome == UNANSWERED; i++) {
        uint64_t so_far_ms = (clock_monotonic_us() - start_us) / 1000;
        if (so_far_ms >= total_ms) break;
        uint64_t left_ms = total_ms - so_far_ms;
        uint64_t time_ms = left_ms < REMOTE_ATTEMPT_MAX_MS ? left_ms : REMOTE_ATTEMPT_MAX_MS;
        uint64_t pause_ms = next_pause_ms;
        outcome = post(remote, answer, &pause_ms, body, time_ms);
        if (outcome == ANSWERED)
            outcome = is_batch && is_array(answer) ? file_batch(remote, answer, count)
                                                   : file_answer(remote, answer, 0, 0);
        uint64_t spent_ms = (clock_monotonic_us() - start_us) / 1000;
        if (outcome != UNANSWERED || spent_ms + pause_ms >= total_ms) break;
        pause_for(pause_ms);
        next_pause_ms *= 2;
    }
    free(body);
    remote->is_dead = outcome == UNANSWERED;
    if (outcome != ANSWERED) return ERR_REMOTE;
    if (!is_batch || is_array(answer)) return ERR_OK;
    if (answer->refusals[0] == 0)
        return remote_blame(remote, "gives an answer that is not JSON-RPC");
    remote->has_no_batches = true;
    return ERR_UNSUPPORTED;
}

/* One by one. The texts of the answers are put one after the other into one array, so that the
 * tokens are those of one text. */
static enum err ask_singly(
    struct remote *remote,
    struct remote_answer *answer,
    const struct remote_request *requests,
    size_t count
) {
    struct remote_answer one;
    char *text = NULL;
    size_t size = 0;
    enum err err = ERR_OK;
    remote_answer_open(&one);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = ask(remote, &one, &requests[i], 1, false);
        if (err != ERR_OK) break;
        char *longer = realloc(text, size + one.http.size + 3);
        if (longer == NULL) {
            err = ERR_MEMORY;
            break;
        }
        text = longer;
        text[size++] = i == 0 ? '[' : ',';
        memcpy(text + size, one.http.text, one.http.size);
        size += one.http.size;
    }
    remote_answer_close(&one);
    if (err == ERR_OK) {
        text[size++] = ']';
        free(answer->http.text);
        answer->http.text = text;
        answer->http.size = size;
        text = NULL;
        err = json_parse(&answer->json, answer->http.text, size);
        if (err == ERR_INPUT || err == ERR_LIMIT)
            err = remote_blame(remote, "gives too large an answer");
    }
    free(text);
    uint32_t token = 1;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        if (file_answer(remote, answer, i, token) != ANSWERED) err = ERR_REMOTE;
        token = answer->json.tokens[token].next;
    }
    return err;
}

static _Thread_local uint64_t waited_us;

uint64_t remote_waited_us(void) {
    return waited_us;
}

enum err remote_ask(
    struct remote *remote,
    struct remote_answer *answer,
    const struct remote_request *requests,
    size_t count
) {
    CHECK(count > 0 && count <= REMOTE_BATCH_MAX);
    uint64_t start_us = clock_monotonic_us();
    (void)pthread_mutex_lock(&remote->mutex);
    enum err err = ERR_UNSUPPORTED;
    if (count == 1)
        err = ask(remote, answer, requests, 1, false);
    else if (!remote->has_no_batches)
        err = ask(remote, answer, requests, count, true);
    if (err == ERR_UNSUPPORTED) err = ask_singly(remote, answer, requests, count);
    (void)pthread_mutex_unlock(&remote->mutex);
    waited_us += clock_monotonic_us() - start_us;
    return err;
}

enum err remote_take(
    const struct remote *remote,
    const struct remote_answer *answer,
    uint32_t *token,
    const struct remote_request *requests,
    size_t index
) {
    char words[WORDS_SIZE];
    if (answer->refusals[index] == 0) {
        *token = answer->results[index];
        return ERR_OK;
    }
    (void)read_refusal(words, &answer->json, answer->refusals[index]);
    return remote_blame(remote, "refuses %s: %s", requests[index].method, words);
}
