#include "rpc/jsonrpc.h"

#include "core/check.h"
#include "rpc/methods.h"

#include <stdlib.h>

/* Beyond this a method's name is cut when an error repeats it. */
#define METHOD_NAME_SHOWN_MAX 100

/* What a call that was given up is answered, if anybody still wants to know. */
#define STOPPING_TEXT "the node is stopping"

/* Room that answers to calls leave for the errors of the calls that no longer fit. */
#define ERROR_ROOM (64u << 20)

void jsonrpc_exchange_open(struct jsonrpc_exchange *exchange) {
    *exchange = (struct jsonrpc_exchange){0};
    arena_open(&exchange->arena, JSONRPC_ARENA_SIZE_MAX);
    json_open(&exchange->json);
}

void jsonrpc_exchange_close(struct jsonrpc_exchange *exchange) {
    arena_close(&exchange->arena);
    json_close(&exchange->json);
    free(exchange->text_copy);
    *exchange = (struct jsonrpc_exchange){0};
}

/* --- writing answers -------------------------------------------------------------------------- */

#define RAW(w, literal) json_raw((w), bytes_of("" literal, sizeof(literal) - 1))

/* Everything up to the id. The envelope is written as text: it is the same every time. */
static void write_envelope(struct json_writer *w, bytes id) {
    json_object_begin(w);
    json_key(w, "jsonrpc");
    RAW(w, "\"2.0\"");
    json_key(w, "id");
    json_raw(w, id);
}

static void write_error(struct json_writer *w, bytes id, const struct rpc_error *error) {
    write_envelope(w, id);
    json_key(w, "error");
    json_object_begin(w);
    json_key(w, "code");
    if (error->code < 0) {
        /* The writer has no signed numbers: codes are the only ones. */
        char text[16] = "-";
        size_t size = 1;
        char digits[12];
        size_t count = 0;
        for (unsigned rest = 0u - (unsigned)error->code; rest > 0; rest /= 10)
            digits[count++] = (char)('0' + rest % 10);
        while (count > 0)
            text[size++] = digits[--count];
        json_raw(w, bytes_of(text, size));
    } else {
        json_decimal(w, (uint64_t)error->code);
    }
    json_member_cstring(w, "message", error->message);
    if (error->has_data) json_member_data(w, "data", error->data);
    json_object_end(w);
    json_object_end(w);
}

static const bytes null_id = {(const uint8_t *)"null", 4};

void jsonrpc_error(struct json_writer *out, int code, const char *message) {
    write_error(out, null_id, &(struct rpc_error){.code = code, .message = message});
}

/* --- one call --------------------------------------------------------------------------------- */

static bytes id_text(const struct jsonrpc_exchange *exchange) {
    return exchange->id == 0 ? null_id : json_source(&exchange->json, exchange->id);
}

static void answer_error(struct jsonrpc_exchange *exchange, int code, const char *message) {
    struct rpc_error error = {.code = code, .message = message};
    write_error(exchange->call.out, id_text(exchange), &error);
    exchange->has_answer = true;
}

static void count_call(struct jsonrpc_exchange *exchange, bool has_failed) {
    struct rpc_method_stats *stats = exchange->call.endpoint->stats;
    if (stats == NULL) return;
    size_t count;
    const struct rpc_method *methods = method_table(&count);
    stats += exchange->method == NULL ? count : (size_t)(exchange->method - methods);
    metrics_add(&stats->error_count, has_failed);
    metrics_observe(&stats->duration, metrics_clock_us() - exchange->began_us);
}

/* The current call has come to an end with this status; the envelope stands in out. */
static void finish_call(struct jsonrpc_exchange *exchange, enum rpc_status status) {
    struct rpc_call *call = &exchange->call;
    struct json_writer *w = call->out;
    bool is_cut = json_failed(w);
    count_call(exchange, status != RPC_OK || is_cut);
    exchange->method = NULL;
    if (exchange->id == 0) {
        json_rewind(w, exchange->item);
    } else if (status == RPC_OK && !is_cut) {
        json_object_end(w);
        exchange->has_answer = true;
    } else {
        struct rpc_error error = call->request.error;
        if (status == RPC_OK)
            error = (struct rpc_error){
                .code = RPC_RESPONSE_TOO_LARGE,
                .message = "response too large",
            };
        json_rewind(w, exchange->item);
        size_t size_max = w->size_max;
        w->size_max += ERROR_ROOM;
        write_error(w, id_text(exchange), &error);
        w->size_max = size_max;
        exchange->has_answer = true;
    }
    arena_release(&exchange->arena, exchange->item_memory);
}

/* Runs the current call's method from its start; also when it had waited, or been stopped. */
static enum rpc_status run_method_once(struct jsonrpc_exchange *exchange) {
    struct rpc_call *call = &exchange->call;
    json_rewind(call->out, exchange->item);
    write_envelope(call->out, id_text(exchange));
    json_key(call->out, "result");
    call->request.error = (struct rpc_error){
        .code = RPC_INTERNAL_ERROR,
        .message = "internal error",
    };
    enum rpc_status status = exchange->method->run(call);
    if (status == RPC_WAIT) json_rewind(call->out, exchange->item);
    return status;
}

static bool is_cancelled(const struct jsonrpc_exchange *exchange) {
    return atomic_load_explicit(&exchange->watch.is_cancelled, memory_order_relaxed);
}

static enum jsonrpc_state run_method(struct jsonrpc_exchange *exchange) {
    struct rpc_request *request = &exchange->call.request;
    bool can_move = exchange->can_move && method_may_take_long(exchange->method);
    if (can_move && is_cancelled(exchange)) {
        (void)rpc_fail(request, RPC_SERVER_ERROR, "%s", STOPPING_TEXT);
        finish_call(exchange, RPC_FAILED);
        return JSONRPC_DONE;
    }
    request->watch = can_move ? &exchange->watch : NULL;
    if (can_move) rpc_watch_start(&exchange->watch, JSONRPC_LOOP_NS);
    enum rpc_status status = run_method_once(exchange);
    if (can_move && exchange->watch.is_over) {
        /* Its outcome is that of being stopped. */
        json_rewind(exchange->call.out, exchange->item);
        arena_release(&exchange->arena, exchange->item_memory);
        if (!exchange->is_crowded) return JSONRPC_MOVING;
        status =
            rpc_fail(request, RPC_LIMIT_EXCEEDED, "too many calls that take long wait already");
    }
    if (status == RPC_WAIT) return JSONRPC_WAITING;
    finish_call(exchange, status);
    return JSONRPC_DONE;
}

/* Finds the arguments; returns NULL or why they are refused. */
static const char *find_arguments(struct rpc_call *call, uint32_t request) {
    const struct json *json = call->json;
    call->params = json_member(json, request, "params");
    call->argument_count = 0;
    if (call->params == 0) return NULL;
    switch (json_kind(json, call->params)) {
    case JSON_NULL:
        call->params = 0;
        return NULL;
    case JSON_ARRAY:
        call->argument_count = json->tokens[call->params].count;
        return NULL;
    case JSON_FALSE:
    case JSON_TRUE:
    case JSON_NUMBER:
    case JSON_STRING:
    case JSON_OBJECT:
        break;
    }
    return "non-array args";
}

/* Sets the error of a call that does not come to run; returns false if there is none. */
static bool refuse_call(struct jsonrpc_exchange *exchange, uint32_t request, bytes name) {
    struct rpc_call *call = &exchange->call;
    exchange->method = method_find(name);
    const struct rpc_method *method = exchange->method;
    if (method == NULL || !method_is_available(method, call->chain)) {
        bytes shown = bytes_slice(name, 0, METHOD_NAME_SHOWN_MAX);
        const char *limits = method == NULL ? NULL : call->chain->limits;
        (void)rpc_fail(
            &call->request,
            RPC_METHOD_NOT_FOUND,
            "the method %.*s does not exist/is not available%s%s%s%s",
            (int)shown.size,
            (const char *)shown.data,
            limits == NULL ? "" : ": ",
            limits == NULL ? "" : call->chain->name,
            limits == NULL ? "" : " ",
            limits == NULL ? "" : limits
        );
        return true;
    }
    const char *problem = find_arguments(call, request);
    if (problem != NULL) {
        (void)rpc_fail(&call->request, RPC_INVALID_PARAMS, "%s", problem);
        return true;
    }
    uint32_t count = call->argument_count;
    if (count > method->argument_max) {
        (void)rpc_fail(
            &call->request,
            RPC_INVALID_PARAMS,
            "too many arguments, want at most %u",
            method->argument_max
        );
        return true;
    }
    if (count < method->argument_min) {
        (void)rpc_fail(
            &call->request, RPC_INVALID_PARAMS, "missing value for required argument %u", count
        );
        return true;
    }
    return false;
}

static enum jsonrpc_state begin_call(struct jsonrpc_exchange *exchange, uint32_t request) {
    struct rpc_call *call = &exchange->call;
    const struct json *json = &exchange->json;
    exchange->item = json_mark(call->out);
    exchange->item_memory = arena_mark(&exchange->arena);
    exchange->id = json_member(json, request, "id");
    exchange->method = NULL;
    if (call->endpoint->stats != NULL) exchange->began_us = metrics_clock_us();
    call->request = (struct rpc_request){.arena = &exchange->arena};
    call->wait_until_ms = 0;
    bool has_id = exchange->id != 0;
    if (has_id && json_kind(json, exchange->id) >= JSON_ARRAY) {
        exchange->id = 0;
        answer_error(exchange, RPC_INVALID_REQUEST, "invalid request");
        return JSONRPC_DONE;
    }
    uint32_t version = json_member(json, request, "jsonrpc");
    uint32_t method = json_member(json, request, "method");
    bytes name = BYTES_EMPTY;
    enum err err = ERR_OK;
    if (method != 0 && json_kind(json, method) == JSON_STRING)
        err = json_unescape(&name, &exchange->arena, json, method);
    if (err != ERR_OK || version == 0 || !json_string_is(json, version, "2.0") || name.size == 0) {
        answer_error(exchange, RPC_INVALID_REQUEST, "invalid request");
        return JSONRPC_DONE;
    }
    if (refuse_call(exchange, request, name)) {
        finish_call(exchange, RPC_FAILED);
        return JSONRPC_DONE;
    }
    return run_method(exchange);
}

/* --- one text --------------------------------------------------------------------------------- */

static enum jsonrpc_state finish(struct jsonrpc_exchange *exchange) {
    struct json_writer *w = exchange->call.out;
    if (exchange->is_batch) {
        if (exchange->has_answer)
            json_array_end(w);
        else
            json_rewind(w, exchange->start);
    }
    w->size_max = exchange->size_max;
    arena_reset(&exchange->arena);
    free(exchange->text_copy);
    exchange->text_copy = NULL;
    return JSONRPC_DONE;
}

/* What waits goes on after its text's memory is used for something else. */
static bool keep_text(struct jsonrpc_exchange *exchange) {
    if (exchange->text_copy != NULL) return true;
    struct json *json = &exchange->json;
    exchange->text_copy = malloc(json->size);
    if (exchange->text_copy == NULL) return false;
    memcpy(exchange->text_copy, json->text, json->size);
    json->text = exchange->text_copy;
    return true;
}

static enum jsonrpc_state run(struct jsonrpc_exchange *exchange) {
    while (exchange->at < exchange->end) {
        uint32_t request = exchange->at;
        exchange->at = exchange->json.tokens[request].next;
        enum jsonrpc_state state = begin_call(exchange, request);
        if (state != JSONRPC_DONE) {
            if (keep_text(exchange)) return state;
            /* Cannot wait: whatever the backend has begun, the client learns that it is unknown. */
            (void)rpc_fail_err(&exchange->call.request, ERR_MEMORY);
            finish_call(exchange, RPC_FAILED);
        }
    }
    return finish(exchange);
}

/* A batch that is too long gets one answer, under the id of its first call that has one. */
static void refuse_long_batch(struct jsonrpc_exchange *exchange) {
    const struct json *json = &exchange->json;
    exchange->id = 0;
    for (uint32_t at = 1; at < json->count && exchange->id == 0; at = json->tokens[at].next) {
        uint32_t id = json_member(json, at, "id");
        if (id != 0 && json_kind(json, id) < JSON_ARRAY) exchange->id = id;
    }
    answer_error(exchange, RPC_INVALID_REQUEST, "batch too large");
}

static enum jsonrpc_state refuse_text(struct jsonrpc_exchange *exchange, enum err err) {
    struct json *json = &exchange->json;
    (void)rpc_fail(
        &exchange->call.request,
        err == ERR_INPUT ? RPC_PARSE_ERROR : RPC_INVALID_REQUEST,
        "%s: %s at byte %zu",
        err == ERR_INPUT ? "parse error" : "invalid request",
        json->problem,
        json->problem_offset
    );
    write_error(exchange->call.out, null_id, &exchange->call.request.error);
    return finish(exchange);
}

enum jsonrpc_state jsonrpc_begin(
    struct jsonrpc_exchange *exchange,
    struct rpc_endpoint *endpoint,
    struct json_writer *out,
    uint64_t now_ms,
    bytes text
) {
    exchange->call = (struct rpc_call){
        .request = {.arena = &exchange->arena},
        .endpoint = endpoint,
        .chain = endpoint->chain,
        .session = exchange->session,
        .json = &exchange->json,
        .now_ms = now_ms,
        .out = out,
    };
    exchange->start = json_mark(out);
    exchange->id = 0;
    exchange->has_answer = false;
    exchange->is_batch = false;
    atomic_store_explicit(&exchange->watch.is_cancelled, false, memory_order_relaxed);
    exchange->size_max = out->size_max;
    out->size_max = out->size + JSONRPC_ANSWER_SIZE_MAX;
    out->needs_comma = false;
    enum err err = json_parse(&exchange->json, (const char *)text.data, text.size);
    if (err != ERR_OK) return refuse_text(exchange, err);
    const struct json *json = &exchange->json;
    exchange->is_batch = json_kind(json, 0) == JSON_ARRAY;
    if (!exchange->is_batch) {
        exchange->at = 0;
        exchange->end = 1;
        return run(exchange);
    }
    if (json->tokens[0].count == 0) {
        jsonrpc_error(out, RPC_INVALID_REQUEST, "empty batch");
        exchange->is_batch = false;
        return finish(exchange);
    }
    json_array_begin(out);
    exchange->at = 1;
    exchange->end = json->count;
    if (json->tokens[0].count > JSONRPC_BATCH_MAX) {
        refuse_long_batch(exchange);
        return finish(exchange);
    }
    return run(exchange);
}

enum jsonrpc_state jsonrpc_resume(struct jsonrpc_exchange *exchange, uint64_t now_ms) {
    CHECK(exchange->method != NULL);
    exchange->call.now_ms = now_ms;
    exchange->call.out->size_max = exchange->start.size + JSONRPC_ANSWER_SIZE_MAX;
    enum jsonrpc_state state = run_method(exchange);
    return state == JSONRPC_DONE ? run(exchange) : state;
}

/* --- elsewhere -------------------------------------------------------------------------------- */

void jsonrpc_work(struct jsonrpc_exchange *exchange, struct rpc_chain *chain) {
    struct rpc_call *call = &exchange->call;
    rpc_watch_start(&exchange->watch, 0);
    call->chain = chain;
    exchange->worked = run_method_once(exchange);
    call->chain = call->endpoint->chain;
}

void jsonrpc_cancel(struct jsonrpc_exchange *exchange) {
    atomic_store_explicit(&exchange->watch.is_cancelled, true, memory_order_relaxed);
}

static enum jsonrpc_state
go_on(struct jsonrpc_exchange *exchange, uint64_t now_ms, enum rpc_status status) {
    exchange->call.now_ms = now_ms;
    finish_call(exchange, status);
    return run(exchange);
}

enum jsonrpc_state jsonrpc_worked(struct jsonrpc_exchange *exchange, uint64_t now_ms) {
    CHECK(exchange->method != NULL && exchange->worked != RPC_WAIT);
    if (exchange->watch.is_over)
        return jsonrpc_unmoved(exchange, now_ms, RPC_SERVER_ERROR, STOPPING_TEXT);
    return go_on(exchange, now_ms, exchange->worked);
}

enum jsonrpc_state
jsonrpc_unmoved(struct jsonrpc_exchange *exchange, uint64_t now_ms, int code, const char *message) {
    (void)rpc_fail(&exchange->call.request, code, "%s", message);
    return go_on(exchange, now_ms, RPC_FAILED);
}
