#include "rpc/json_reader.h"

#include "rpc/utf8.h"

#include <stdlib.h>

void json_open(struct json *json) {
    *json = (struct json){.depth_max = JSON_DEPTH_MAX};
}

void json_close(struct json *json) {
    free(json->tokens);
    *json = (struct json){0};
}

/* --- the parser ------------------------------------------------------------------------------- */

/* Works through the text from `at` to `end`; every step returns ERR_OK and has moved on, or has set
 * the problem. */
struct parser {
    struct json *json;
    const char *at;
    const char *end;
    uint32_t open;  /* token of the container around `at`; its `next` is the one around it */
    uint32_t depth; /* number of containers around `at` */
};

static enum err refuse(struct parser *p, enum err err, const char *problem) {
    p->json->problem = problem;
    p->json->problem_offset = (size_t)(p->at - p->json->text);
    return err;
}

static enum err unexpected(struct parser *p) {
    return refuse(p, ERR_INPUT, p->at == p->end ? "unexpected end" : "unexpected character");
}

static inline void skip_space(struct parser *p) {
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
        p->at++;
}

static inline bool at_digit(const struct parser *p) {
    return p->at < p->end && *p->at >= '0' && *p->at <= '9';
}

static inline bool take(struct parser *p, char c) {
    if (p->at == p->end || *p->at != c) return false;
    p->at++;
    return true;
}

static enum err grow(struct parser *p) {
    struct json *json = p->json;
    if (json->capacity >= JSON_TOKENS_MAX) return refuse(p, ERR_LIMIT, "too many values");
    uint32_t capacity = json->capacity == 0 ? 256 : 2 * json->capacity;
    struct json_token *tokens = realloc(json->tokens, capacity * sizeof(*tokens));
    if (tokens == NULL) return refuse(p, ERR_MEMORY, "out of memory");
    json->tokens = tokens;
    json->capacity = capacity;
    return ERR_OK;
}

/* The next token, beginning here; its size and next are set when its value has ended. */
static inline enum err add(struct parser *p, enum json_kind kind) {
    struct json *json = p->json;
    if (json->count == json->capacity) {
        enum err err = grow(p);
        if (err != ERR_OK) return err;
    }
    uint32_t index = json->count++;
    json->tokens[index] = (struct json_token){
        .offset = (uint32_t)(p->at - json->text),
        .next = index + 1,
        .kind = (uint8_t)kind,
    };
    return ERR_OK;
}

static enum err read_word(struct parser *p, enum json_kind kind, const char *word, size_t size) {
    if ((size_t)(p->end - p->at) < size || memcmp(p->at, word, size) != 0) return unexpected(p);
    enum err err = add(p, kind);
    if (err != ERR_OK) return err;
    p->json->tokens[p->json->count - 1].size = (uint32_t)size;
    p->at += size;
    return ERR_OK;
}

static enum err read_digits(struct parser *p) {
    if (!at_digit(p)) return unexpected(p);
    while (at_digit(p))
        p->at++;
    return ERR_OK;
}

static enum err read_number(struct parser *p) {
    enum err err = add(p, JSON_NUMBER);
    if (err != ERR_OK) return err;
    const char *start = p->at;
    (void)take(p, '-');
    if (!take(p, '0')) err = read_digits(p);
    if (err == ERR_OK && take(p, '.')) err = read_digits(p);
    if (err == ERR_OK && (take(p, 'e') || take(p, 'E'))) {
        if (!take(p, '-')) (void)take(p, '+');
        err = read_digits(p);
    }
    if (err != ERR_OK) return err;
    p->json->tokens[p->json->count - 1].size = (uint32_t)(p->at - start);
    return ERR_OK;
}

/* Moves on to the first byte that is not plain text: a quote, a backslash, a control character or
 * one above 0x7f. Eight at a time: most of a large request is hexadecimal digits. */
static inline void skip_plain(struct parser *p) {
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t tops = 0x8080808080808080u;
    while (p->end - p->at >= 8) {
        uint64_t x;
        memcpy(&x, p->at, 8);
        uint64_t quote = x ^ ones * '"';
        uint64_t backslash = x ^ ones * '\\';
        uint64_t found = ((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) |
                         ((backslash - ones) & ~backslash) | x;
        found &= tops;
        if (found != 0) {
            /* Borrows make false hits only above the first true one. */
            p->at += __builtin_ctzll(found) / 8;
            return;
        }
        p->at += 8;
    }
    while (p->at < p->end && (uint8_t)*p->at >= 0x20 && (uint8_t)*p->at < 0x80 && *p->at != '"' &&
           *p->at != '\\')
        p->at++;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static enum err read_escape(struct parser *p) {
    p->at++;
    if (p->at == p->end) return unexpected(p);
    char c = *p->at;
    if (c == 'u') {
        p->at++;
        for (int i = 0; i < 4; i++, p->at++)
            if (p->at == p->end || hex_value(*p->at) < 0) return unexpected(p);
        return ERR_OK;
    }
    if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL) return unexpected(p);
    p->at++;
    return ERR_OK;
}

static enum err read_string(struct parser *p) {
    enum err err = add(p, JSON_STRING);
    if (err != ERR_OK) return err;
    struct json_token *token = &p->json->tokens[p->json->count - 1];
    const char *start = ++p->at;
    for (;;) {
        skip_plain(p);
        if (p->at == p->end) return unexpected(p);
        uint8_t c = (uint8_t)*p->at;
        if (c == '"') break;
        if (c == '\\') {
            token->has_escape = true;
            err = read_escape(p);
            if (err != ERR_OK) return err;
            continue;
        }
        if (c < 0x20) return refuse(p, ERR_INPUT, "control character in a string");
        size_t size = utf8_sequence_size((const uint8_t *)p->at, (size_t)(p->end - p->at));
        if (size == 0) return refuse(p, ERR_INPUT, "not UTF-8");
        p->at += size;
    }
    token->offset = (uint32_t)(start - p->json->text);
    token->size = (uint32_t)(p->at - start);
    p->at++;
    return ERR_OK;
}

static enum err open_container(struct parser *p, enum json_kind kind) {
    if (p->depth == p->json->depth_max) return refuse(p, ERR_LIMIT, "nested too deeply");
    enum err err = add(p, kind);
    if (err != ERR_OK) return err;
    uint32_t token = p->json->count - 1;
    p->json->tokens[token].next = p->open;
    p->open = token;
    p->depth++;
    p->at++;
    return ERR_OK;
}

static void close_container(struct parser *p) {
    struct json_token *token = &p->json->tokens[p->open];
    p->open = token->next;
    p->depth--;
    p->at++;
    token->size = (uint32_t)((size_t)(p->at - p->json->text) - token->offset);
    token->next = p->json->count;
}

static enum err read_scalar(struct parser *p) {
    if (p->at == p->end) return unexpected(p);
    switch (*p->at) {
    case '"':
        return read_string(p);
    case 'n':
        return read_word(p, JSON_NULL, "null", 4);
    case 't':
        return read_word(p, JSON_TRUE, "true", 4);
    case 'f':
        return read_word(p, JSON_FALSE, "false", 5);
    default:
        return *p->at == '-' || at_digit(p) ? read_number(p) : unexpected(p);
    }
}

/* A member's name and its colon. */
static enum err read_name(struct parser *p) {
    if (p->at == p->end || *p->at != '"') return unexpected(p);
    enum err err = read_string(p);
    if (err != ERR_OK) return err;
    skip_space(p);
    return take(p, ':') ? ERR_OK : unexpected(p);
}

/* One value up to where the next one may begin: containers are opened, not read through.
 * *is_open: a value must follow, inside the container just opened. */
static enum err read_value(struct parser *p, bool *is_open) {
    *is_open = false;
    skip_space(p);
    char c = p->at < p->end ? *p->at : '\0';
    if (c != '{' && c != '[') return read_scalar(p);
    enum err err = open_container(p, c == '{' ? JSON_OBJECT : JSON_ARRAY);
    if (err != ERR_OK) return err;
    skip_space(p);
    if (p->at < p->end && *p->at == (c == '{' ? '}' : ']')) {
        close_container(p);
        return ERR_OK;
    }
    *is_open = true;
    return c == '{' ? read_name(p) : ERR_OK;
}

/* After a value: closes what ends here. *is_done: the root has ended. */
static enum err finish_value(struct parser *p, bool *is_done) {
    while (p->depth > 0) {
        struct json_token *parent = &p->json->tokens[p->open];
        bool is_object = parent->kind == JSON_OBJECT;
        parent->count++;
        skip_space(p);
        if (take(p, ',')) {
            if (!is_object) return ERR_OK;
            skip_space(p);
            return read_name(p);
        }
        if (p->at == p->end || *p->at != (is_object ? '}' : ']')) return unexpected(p);
        close_container(p);
    }
    *is_done = true;
    skip_space(p);
    return p->at == p->end ? ERR_OK : unexpected(p);
}

enum err json_parse(struct json *json, const char *text, size_t size) {
    json->text = text;
    json->size = size;
    json->count = 0;
    json->problem = NULL;
    json->problem_offset = 0;
    struct parser p = {.json = json, .at = text, .end = text + size};
    if (size >= UINT32_MAX) return refuse(&p, ERR_LIMIT, "too long");
    bool is_done = false;
    while (!is_done) {
        bool is_open;
        enum err err = read_value(&p, &is_open);
        if (err == ERR_OK && !is_open) err = finish_value(&p, &is_done);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

/* --- reading what was parsed ------------------------------------------------------------------ */

bytes json_source(const struct json *json, uint32_t token) {
    bytes text = json_text(json, token);
    if (json_kind(json, token) != JSON_STRING) return text;
    return bytes_of(text.data - 1, text.size + 2);
}

static uint32_t read_hex4(const uint8_t *p) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 4 | (uint32_t)hex_value((char)p[i]);
    return value;
}

/* The code point of the escape at p (past its backslash); *used is what it takes with the second
 * half of a surrogate pair, which begins with a backslash of its own. */
static uint32_t escaped_code_point(const uint8_t *p, const uint8_t *end, size_t *used) {
    *used = 1;
    switch (*p) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        break;
    default:
        return *p;
    }
    *used = 5;
    uint32_t first = read_hex4(p + 1);
    if (first < 0xd800 || first > 0xdfff) return first;
    if (first <= 0xdbff && end - p >= 11 && p[5] == '\\' && p[6] == 'u') {
        uint32_t second = read_hex4(p + 7);
        if (second >= 0xdc00 && second <= 0xdfff) {
            *used = 11;
            return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        }
    }
    return 0xfffd;
}

enum err json_unescape(bytes *out, struct arena *arena, const struct json *json, uint32_t token) {
    bytes text = json_text(json, token);
    if (!json->tokens[token].has_escape) {
        *out = text;
        return ERR_OK;
    }
    /* An escape is never shorter than what it stands for. */
    uint8_t *buffer = arena_alloc(arena, text.size);
    if (buffer == NULL) return ERR_MEMORY;
    const uint8_t *p = text.data;
    const uint8_t *end = p + text.size;
    size_t size = 0;
    while (p < end) {
        if (*p != '\\') {
            buffer[size++] = *p++;
            continue;
        }
        size_t used;
        uint8_t encoded[4];
        size_t count = utf8_encode(encoded, escaped_code_point(p + 1, end, &used));
        memcpy(buffer + size, encoded, count);
        size += count;
        p += 1 + used;
    }
    *out = bytes_of(buffer, size);
    return ERR_OK;
}

/* Compares without memory: the escaped text is decoded one code point at a time. */
static bool escaped_is(bytes text, const char *wanted, size_t wanted_size) {
    const uint8_t *p = text.data;
    const uint8_t *end = p + text.size;
    size_t at = 0;
    while (p < end) {
        uint8_t encoded[4] = {*p};
        size_t count = 1;
        size_t used = 0;
        if (*p == '\\') count = utf8_encode(encoded, escaped_code_point(p + 1, end, &used));
        if (wanted_size - at < count || memcmp(wanted + at, encoded, count) != 0) return false;
        at += count;
        p += 1 + used;
    }
    return at == wanted_size;
}

static bool string_is(const struct json *json, uint32_t token, const char *text, size_t size) {
    bytes own = json_text(json, token);
    if (json->tokens[token].has_escape) return escaped_is(own, text, size);
    return own.size == size && memcmp(own.data, text, size) == 0;
}

bool json_string_is(const struct json *json, uint32_t token, const char *text) {
    return json_kind(json, token) == JSON_STRING && string_is(json, token, text, strlen(text));
}

uint32_t json_member(const struct json *json, uint32_t object, const char *key) {
    if (json_kind(json, object) != JSON_OBJECT) return 0;
    uint32_t found = 0;
    size_t size = strlen(key);
    for (uint32_t at = object + 1; at < json->tokens[object].next; at = json->tokens[at + 1].next)
        if (string_is(json, at, key, size)) found = at + 1;
    return found;
}
