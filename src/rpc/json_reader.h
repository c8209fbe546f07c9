/* rpc/json_reader.h: strict JSON (RFC 8259) into a flat array of tokens.
 *
 * Our own and not jsmn: jsmn takes {"a" 1}, [1,,2] and {"a":1,} for JSON, so that each of its
 * results needs a second pass with the whole grammar, and it walks back over all tokens at the end
 * of each container (docs/decisions/004). This is one pass, without recursion, and each token knows
 * where its value ends, so that skipping a value costs nothing.
 *
 * Limits: JSON_DEPTH_MAX, JSON_TOKENS_MAX, texts under 4 GiB. */
#ifndef RPC_JSON_READER_H
#define RPC_JSON_READER_H

#include "core/arena.h"

#define JSON_DEPTH_MAX  64
#define JSON_TOKENS_MAX (1u << 20)

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* Strings: offset and size are those between the quotes, escapes as they stand. All others: the
 * whole text of the value. A member of an object is a string token and then its value's. */
struct json_token {
    uint32_t offset;
    uint32_t size;
    uint32_t next;  /* index of the first token after this value */
    uint32_t count; /* elements of an array, members of an object */
    uint8_t kind;   /* enum json_kind */
    bool has_escape;
};

struct json {
    const char *text; /* borrowed */
    size_t size;
    struct json_token *tokens; /* owned, reused by the next json_parse; [0] is the root */
    uint32_t count;
    uint32_t capacity;
    uint32_t depth_max; /* JSON_DEPTH_MAX; may be raised between json_open and json_parse */
    /* After ERR_INPUT or ERR_LIMIT: what is wrong and where. Static text. */
    const char *problem;
    size_t problem_offset;
};

void json_open(struct json *json);
void json_close(struct json *json);

/* json_parse reads exactly one JSON value with white space around it. text must stay as long as the
 * tokens are used; it is not changed.
 *
 * Returns: ERR_OK      tokens are set.
 *          ERR_INPUT   not JSON: problem and problem_offset say why.
 *          ERR_LIMIT   too deep or too many values.
 *          ERR_MEMORY  no memory for tokens. */
MUST_USE enum err json_parse(struct json *json, const char *text, size_t size);

static inline enum json_kind json_kind(const struct json *json, uint32_t token) {
    return (enum json_kind)json->tokens[token].kind;
}

/* The text of a token as it stands (strings without quotes, not unescaped). */
static inline bytes json_text(const struct json *json, uint32_t token) {
    return bytes_of(json->text + json->tokens[token].offset, json->tokens[token].size);
}

/* The text of a value with its quotes, to be echoed. */
bytes json_source(const struct json *json, uint32_t token);

/* json_unescape gives the text of a string token with its escapes replaced, UTF-8; it is copied
 * into the arena only if there are escapes. Lone surrogates become U+FFFD. ERR_MEMORY. */
MUST_USE enum err
json_unescape(bytes *out, struct arena *arena, const struct json *json, uint32_t token);

/* json_string_is compares a string token, unescaped, with a text; false for other kinds. */
bool json_string_is(const struct json *json, uint32_t token, const char *text);

/* json_member finds the value of a key of an object, the last one if the key is there twice;
 * 0 (never the index of a member) if absent or if the token is no object. */
uint32_t json_member(const struct json *json, uint32_t object, const char *key);

#endif
