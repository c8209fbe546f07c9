#include "node/http_post.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(HTTP_POST_WHY_SIZE >= CURL_ERROR_SIZE, "libcurl's texts must fit");

struct taking {
    struct http_post_answer *answer;
    size_t size_max;
};

static size_t take_body(char *data, size_t one, size_t size, void *context) {
    const struct taking *taking = context;
    struct http_post_answer *answer = taking->answer;
    (void)one; /* always 1, says libcurl */
    if (size > taking->size_max - answer->size) return 0;
    char *text = realloc(answer->text, answer->size + size + 1);
    if (text == NULL) return 0;
    answer->text = text;
    memcpy(text + answer->size, data, size);
    answer->size += size;
    return size;
}

const char *http_post(
    void *curl,
    struct http_post_answer *answer,
    bool *is_too_large,
    char why[HTTP_POST_WHY_SIZE],
    const struct http_post_question *question
) {
    struct taking taking = {answer, question->size_max};
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_CONNECTTIMEOUT_MS, question->connect_max_ms},
        {CURLOPT_TIMEOUT_MS, question->answer_max_ms},
        {CURLOPT_FOLLOWLOCATION, 0},
    };
    curl_off_t retry_after = 0;
    why[0] = 0;
    answer->size = 0;
    curl_easy_reset(curl); /* connections stay */
    CURLcode code = headers == NULL ? CURLE_OUT_OF_MEMORY : CURLE_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && code == CURLE_OK; i++)
        code = curl_easy_setopt(curl, numbers[i].option, numbers[i].value);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_URL, question->url);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, question->body);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, &taking);
    if (code == CURLE_OK) code = curl_easy_perform(curl);
    if (code == CURLE_OK) code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    if (code == CURLE_OK) code = curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    curl_slist_free_all(headers);
    *is_too_large = code == CURLE_WRITE_ERROR;
    if (code == CURLE_OK) {
        answer->retry_after = retry_after > 0 ? (uint64_t)retry_after : 0;
        return NULL;
    }
    if (*is_too_large) return "the answer is too large";
    return why[0] != 0 ? why : curl_easy_strerror(code);
}
